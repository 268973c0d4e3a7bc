"""What a sun run takes, before it is run: by the cells of its grid, and the size of its roofs and facades."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.contract import Cost

if TYPE_CHECKING:
    from collections.abc import Mapping

    from twin.store import City

STARTING_S = 10.0
"""For the process, compiled kernels, the city's objects and the printed reports [s]."""
CELL_S = 3e-6
POINT_S = 5e-5
POINT_YEAR_S = 1e-4
"""For the irradiation and power of a year, besides [s]."""
POINT_GLARE_S = 1.5e-4
"""For glare, besides [s]."""
DWELLING_S = 5e-4
DWELLING_M2 = 30.0
"""Facade of one dwelling in one storey [m²]. Times and memory are those of sample districts of 300 and 1,000
buildings in 2026-11, 2 cores shared with other work."""
BASE_BYTES, CELL_BYTES, POINT_BYTES = 450e6, 48.0, 400.0
YEAR_BYTES = 500e6
"""For a batch of modules over the hours of a year."""


def sun_cost(city: City, inputs: Mapping[str, Any]) -> Cost:
    """Of one run of the model `sun`. Roofs and facades are taken to be those of the buildings' boxes. Raises
    AnalysisError as the run would."""
    from analysis.scene.grid import degree_bounds, make_grid, plane_of
    from analysis.scene.sun import scene_bounds
    from twin.place import metres_per_unit

    plane = plane_of(city)
    area = None if inputs["area"] is None else degree_bounds(plane, inputs["area"])
    bounds = scene_bounds(city, plane, area)
    grid = make_grid(city, plane, inputs["cell_size"], bounds)
    cells = grid.rows * grid.columns
    boxes = city.boxes("buildings")
    middles = plane.to_grid((boxes[:, :2] + boxes[:, 3:5]) / 2)
    west, south, east, north = area or bounds
    within = ((middles >= [west, south]) & (middles <= [east, north])).all(axis=1)
    scale = np.array([*metres_per_unit(city), 1.0])
    wide, deep, high = ((boxes[within, 3:] - boxes[within, :3]) * scale).T
    facades = float((2 * (wide + deep) * high).sum())
    points = (facades + float((wide * deep).sum())) / inputs["spacing"] ** 2
    each = POINT_S + POINT_YEAR_S * inputs["energy"] + POINT_GLARE_S * inputs["glare"]
    seconds = STARTING_S + CELL_S * cells + each * points
    if inputs["rule"] != "none":
        seconds += DWELLING_S * facades / DWELLING_M2
    memory = BASE_BYTES + CELL_BYTES * cells + POINT_BYTES * points + YEAR_BYTES * inputs["energy"]
    return Cost(seconds, memory)
