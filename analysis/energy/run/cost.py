"""What an energy run takes, before it is run: by the number of its buildings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.contract import Cost
from analysis.errors import AnalysisError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from twin.store import City

STARTING_S = 8.0
"""For the process, compiled kernels and tables [s]."""
BUILDING_S = {"iso52016": 0.006, "5r1c": 0.005}
"""For reading a building, its year and its figures [s]."""
SHADING_S = 0.02
"""For the skylines of a building, besides [s]. Times and memory are those of real and sample districts of 200
to 850 buildings in 2026-11, 2 cores shared with other work."""
SUPPLY_S = 0.005
"""For each of collectors, fuel cells and demand that waits, of a building, besides [s]."""
PORTION = 400
"""Zones that are computed at a time: 35 kB of each series of a year."""
ZONES = {"building": 1.0, "part": 1.5, "storey": 4.0}
"""Of a building, on average."""
BASE_BYTES, PORTION_BYTES, BUILDING_BYTES = 550e6, 0.5e6, 30e3
"""In any case, for each zone that is computed at the time (twice that with collectors, fuel cells or demand
that waits), and for each zone of the run."""


def energy_cost(city: City, inputs: Mapping[str, Any]) -> Cost:
    """Of one run of the model `energy`. Raises AnalysisError for a city without buildings, EntityNotFound for
    a scenario that is not there."""
    from analysis.scene.grid import degree_bounds, plane_of
    from twin.scenario import Scenarios

    if "buildings" not in {layer.name for layer in city.layers()}:
        raise AnalysisError(f"{city.folder}: there are no buildings in the city; add some with `twin add`")
    boxes = city.boxes("buildings")
    whole = len(boxes)
    if inputs["area"] is not None:
        plane = plane_of(city)
        west, south, east, north = degree_bounds(plane, inputs["area"])
        middles = plane.to_grid((boxes[:, :2] + boxes[:, 3:5]) / 2)
        whole = int(np.sum(((middles >= [west, south]) & (middles <= [east, north])).all(axis=1)))
    if inputs["scenario"] is not None:
        whole += Scenarios(city).get(inputs["scenario"]).added
    zones = whole * ZONES[inputs["by"]]
    seconds = STARTING_S + zones * (BUILDING_S[inputs["method"]] + SHADING_S * inputs["shading"])
    supply = sum(inputs[name] > 0 for name in ("solar_thermal", "fuel_cell", "flexible"))
    seconds += whole * SUPPLY_S * supply
    portion = PORTION_BYTES * (2 if supply else 1)
    memory = BASE_BYTES + portion * min(zones, PORTION) + BUILDING_BYTES * zones
    return Cost(seconds, memory)
