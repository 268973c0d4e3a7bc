"""A flood run: check the input, step through time, watch, and give the result."""

from __future__ import annotations

import time as clock
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from analysis.flood.inputs import Boundary, Drainage, Inflow, Options, Structures
from analysis.flood.problem import prepare
from analysis.flood.result import FloodResult
from analysis.progress import Progress


def simulate(
    elevation: Any,
    cell_size: float,
    duration: float,
    *,
    scheme: Literal["hllc", "muscl", "inertial"] = "hllc",
    manning: Any = 0.035,
    rainfall: Any = None,
    inflows: Sequence[Inflow] = (),
    boundaries: Sequence[Boundary] | Mapping[str, Any] | None = None,
    initial_depth: Any = None,
    buildings: Any = None,
    infiltration: Any = None,
    drainage: Drainage | None = None,
    gauges: Sequence[tuple[int, int]] = (),
    output_interval: float | None = None,
    dtype: Literal["float64", "float32"] = "float64",
    progress: Progress | None = None,
    structures: Structures | None = None,
    initial_velocity: tuple[Any, Any] | None = None,
    options: Options | None = None,
) -> FloodResult:
    """Simulate shallow water over a grid of square cells.

    elevation: ground `(rows, cols)` [m]. cell_size: [m]. duration: [s].
    scheme: "hllc", first-order finite volumes; "muscl", second order; "inertial", local inertia (no
    convection: for slow floods). manning: n [s/m^(1/3)], a number or `(rows, cols)`.
    rainfall: [m/s], a number or `(rows, cols)` for the whole run, or a `Rainfall` in time. inflows:
    `Inflow`s. boundaries: a `Boundary` or kind for each edge by name ("north", "east", "south", "west"), or
    a list of `Boundary`; edges that are not named are closed. initial_depth [m], initial_velocity (u, v)
    [m/s]. buildings: `Buildings`, or a mask of blocked cells. infiltration: `GreenAmpt` or `CurveNumber`.
    drainage: a `Drainage`. structures: walls and culverts. gauges: (row, col) to watch.
    output_interval: of snapshots [s]. dtype: "float64", or "float32" for speed.
    progress: called about four times a second with the share done (0 to 1) and a message; an exception that
    it raises ends the run and passes on.

    Raises AnalysisError when the input cannot be run (before the first step) and SimulationFailed, which
    carries the last good state, when the run does not stay finite.
    """
    problem = prepare(
        elevation, cell_size, duration, scheme=scheme, manning=manning, rainfall=rainfall, inflows=inflows,
        boundaries=boundaries, initial_depth=initial_depth, initial_velocity=initial_velocity,
        buildings=buildings, infiltration=infiltration, drainage=drainage, gauges=gauges,
        output_interval=output_interval, structures=structures, dtype=dtype, options=options,
    )  # fmt: skip
    if progress is not None:
        progress(0.0, f"{scheme}: compiling")
    from analysis.flood.run import Run

    return Run(problem, progress, clock.perf_counter).go()
