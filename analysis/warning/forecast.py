"""A rain forecast in, expected depths and warning levels out: what a scenario library knows of the next
hours.

The library has an axis of rain intensity [mm/h] and one of its duration [h]; what else it depends on, such as
the level of the stream, is given as it stands or is forecast. For every duration of the library the strongest
window of the forecast is asked for, and each cell takes the deepest answer: as with design storms, another
duration is critical for a gutter than for a hollow that a whole district drains to. The rain is the mean over
the library's area, which is a fair picture while the area is not much larger than the showers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from analysis.damage.depth import depth_at_buildings
from analysis.errors import AnalysisError
from analysis.warning.levels import KOREAN, Levels, zone_depth
from analysis.warning.library import Axis, Library
from analysis.warning.surrogate import Answer, envelope, strongest_rain

Float64 = npt.NDArray[np.float64]
Int8 = npt.NDArray[np.int8]
SHARE = 0.05
"""Of a sub-basin's open cells that may be deeper than what is said of it, so that no gutter speaks for it."""


@dataclass(frozen=True)
class Expected:
    """answer: depths of the cells, with the error that such answers have and where they leave the library.
    basins, buildings: (n,) depth [m] of each, NaN for a basin without open ground; the levels beside them."""

    answer: Answer
    basins: Float64
    basin_levels: Int8
    buildings: Float64
    building_levels: Int8


def expect(
    library: Library,
    rates: npt.ArrayLike,
    step_s: float,
    state: Mapping[str, float],
    *,
    basins: npt.NDArray[np.int32],
    buildings: npt.NDArray[np.int32],
    open_ground: npt.NDArray[np.bool_] | None = None,
    closed: npt.NDArray[np.bool_] | None = None,
    levels: Levels = KOREAN,
    share: float = SHARE,
    rain_axis: str = "rain",
    duration_axis: str = "duration",
) -> Expected:
    """What a forecast floods.

    rates: (n,) rain [mm/h] in steps of `step_s` [s]. state: the library's other axes. basins, buildings:
    (rows, columns) numbers from 1 on, 0 for none. open_ground: which cells speak for a basin, such as those
    that are neither stream nor building; None for all. closed: cells that hold no water in the runs, such as
    blocked buildings. share: of a basin's cells that may be deeper than what is said of it. Raises
    AnalysisError.
    """
    shape = library.cell_shape
    given = {"sub-basins": basins, "buildings": buildings, "open ground": open_ground, "closed cells": closed}
    for name, labels in given.items():
        if labels is not None and labels.shape != shape:
            raise AnalysisError(f"the {name} are of a grid of {labels.shape}, the library of {shape}")
    durations = _axis(library, duration_axis, "h").values
    _axis(library, rain_axis, "mm/h")
    questions = [
        {**state, duration_axis: duration, rain_axis: intensity}
        for duration, intensity in strongest_rain(rates, step_s / 3600.0, durations)
    ]
    told = envelope(library, _strong_enough(library, questions, rain_axis))
    by_basin, by_building = at_zones(told.depth, basins, buildings, open_ground, closed, share)
    return Expected(told, by_basin, levels.of(by_basin), by_building, levels.of(by_building))


def at_zones(
    depth: npt.NDArray[Any],
    basins: npt.NDArray[np.int32],
    buildings: npt.NDArray[np.int32],
    open_ground: npt.NDArray[np.bool_] | None = None,
    closed: npt.NDArray[np.bool_] | None = None,
    share: float = SHARE,
) -> tuple[Float64, Float64]:
    """(depths of sub-basins, of buildings) [m] for depths (rows, columns); arguments as of `expect`."""
    shown = depth if open_ground is None else np.where(open_ground, depth, np.nan)
    by_basin = zone_depth(shown, basins, int(basins.max(initial=0)), share)
    known = np.nan_to_num(depth, nan=0.0)
    by_building, _ = depth_at_buildings(known, buildings, int(buildings.max(initial=0)), closed)
    return by_basin, by_building


def _strong_enough(
    library: Library, questions: list[dict[str, float]], rain_axis: str
) -> list[dict[str, float]]:
    """Without the windows whose rain is weaker than the library's weakest, as long as another is not: taken
    at the weakest they would overstate."""
    weakest = _axis(library, rain_axis, "mm/h").values[0]
    strong = [q for q in questions if q[rain_axis] >= weakest]
    return strong or [max(questions, key=lambda q: q[rain_axis])]


def _axis(library: Library, name: str, unit: str) -> Axis:
    for axis in library.axes:
        if axis.name == name:
            if axis.unit != unit:
                raise AnalysisError(f"the library's axis {name} is in {axis.unit}, not in {unit}")
            return axis
    raise AnalysisError(f"the library has no axis {name!r}; it has {', '.join(a.name for a in library.axes)}")
