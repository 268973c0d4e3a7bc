"""What a flood run takes, before it is run: time and memory by its cells, its steps and its scheme."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from analysis.contract import Cost

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analysis.scene.grid import Grid
    from twin.store import City

CELL_RATES = {"hllc": 60e6, "muscl": 19e6, "inertial": 90e6}
"""Updates of wet cells a second and core, float64, in runs of the sample district on 2 cores in 2026-11."""
SINGLE = 1.5
"""So much faster is float32."""
STEP_S_PER_M = {"hllc": 1 / 17.5, "muscl": 1 / 19.7, "inertial": 1 / 11.2}
"""Length of a step for each metre of the cells' size [s/m], in the same runs: streams 5 m deep rule it."""
LONGEST_STEP_S = 60.0
STARTING_S = 5.0
"""For the process, the city's objects and the tables [s]."""
WRITING_S = 1e-6
"""For each cell [s]."""
BASE_BYTES = 430e6
CELL_BYTES = {"hllc": 230, "muscl": 400, "inertial": 230}
"""Peak memory beside the pictures, for each cell, in the same runs."""
FRAME_BYTES = {"float64": 24, "float32": 12}
"""Depth and two velocities of a cell in one picture."""


def kernel_seconds(cells: int, cell_size: float, duration: float, scheme: str, precision: str) -> float:
    """For a flood of `duration` [s] over cells of `cell_size` [m] that are all wet, on all cores [s]."""
    steps = duration / min(LONGEST_STEP_S, STEP_S_PER_M[scheme] * cell_size)
    rate = CELL_RATES[scheme] * (os.cpu_count() or 1) * (SINGLE if precision == "float32" else 1.0)
    return cells * steps / rate


def memory(cells: int, frames: float, scheme: str, precision: str) -> float:
    """[bytes]"""
    return BASE_BYTES + cells * (CELL_BYTES[scheme] + frames * FRAME_BYTES[precision])


def grid_of(city: City, inputs: Mapping[str, Any]) -> Grid:
    """The grid of a run with the inputs `area` and `cell_size`. Raises AnalysisError, as the run would."""
    from analysis.scene.grid import degree_bounds, make_grid, plane_of

    plane = plane_of(city)
    area = inputs["area"]
    return make_grid(city, plane, inputs["cell_size"], None if area is None else degree_bounds(plane, area))


def flood_cost(city: City, inputs: Mapping[str, Any]) -> Cost:
    """Of one run of the model `flood`."""
    grid = grid_of(city, inputs)
    cells = grid.rows * grid.columns
    scheme, precision = inputs["scheme"], inputs["precision"]
    seconds = kernel_seconds(cells, grid.cell_size, inputs["duration"] * 60.0, scheme, precision)
    frames = 1 + inputs["duration"] / inputs["interval"]
    return Cost(STARTING_S + WRITING_S * cells + seconds, memory(cells, frames, scheme, precision))
