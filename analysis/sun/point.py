"""A day's sun at one point: its way over the sky, when it shines, and the skyline that it runs behind."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit, prange

from analysis.errors import AnalysisError
from analysis.sun.engine.choice import chosen
from analysis.sun.engine.local import lit_at
from analysis.sun.plan.what_if import day_times
from analysis.sun.position import SunPath, skyline, weights
from analysis.sun.scene import Float32, Float64, SunScene
from analysis.sun.targets import Targets

LIFT = 0.1
"""How far the point is moved out of its surface [m]: a place picked on a screen lies a little in it."""
_CLEAR = 1.5
"""Cells around a point that are no skyline: a wall's own cells."""


@dataclass(frozen=True)
class Day:
    """sun: t instants while it is up. lit: (t,) bool. skyline: (d,) elevation [degrees] of what stands around
    the point, at d equal steps of azimuth clockwise from true north, the first at 0; of the height field with
    the crowns of trees, and the land beyond. hours: of sun; spell: the longest without break [h]."""

    sun: SunPath
    lit: npt.NDArray[np.bool_]
    skyline: Float64
    hours: float
    spell: float


def day_at(
    scene: SunScene,
    point: npt.ArrayLike,
    day: date,
    *,
    normal: npt.ArrayLike = (0.0, 0.0, 1.0),
    step: int = 5,
    directions: int = 180,
) -> Day:
    """The sun at a point (3,) [m] of the scene's coordinates on a surface with a normal (3,), every `step`
    minutes of a day. Raises AnalysisError for a point outside of the scene, a day without sun."""
    facing = np.asarray(normal, np.float64)
    length = float(np.linalg.norm(facing))
    place = np.asarray(point, np.float64)
    rows, columns = scene.shape
    if not (np.isfinite(place).all() and np.isfinite(length) and length > 0):
        raise AnalysisError("the point or its normal is no number")
    column = (place[0] - scene.west) / scene.cell_size - 0.5
    row = (scene.north - place[1]) / scene.cell_size - 0.5
    if not (-0.5 <= column <= columns - 0.5 and -0.5 <= row <= rows - 0.5):
        raise AnalysisError("the point lies outside of the city's area that is looked at")
    place = place + LIFT * facing / length
    sun = SunPath.at(scene.place, day_times(scene, day, step))
    target = Targets(place[None], facing[None] / length, np.ones(1), np.full(1, -1, np.int32))
    asked = np.ones((len(sun), 1), np.bool_)
    lit = lit_at(scene, sun, target, asked, chosen(scene, "auto"))[:, 0]
    share = weights(sun.times)
    top = scene.heights if scene.canopy is None else np.fmax(scene.heights, scene.canopy)
    bearings = np.arange(directions) * (360.0 / directions)
    around = np.empty(directions)
    _skyline(
        top, column, row, float(place[2]), np.radians(bearings - scene.place.convergence), scene.cell_size,
        _CLEAR, around,
    )  # fmt: skip
    if scene.horizon is not None:
        around = np.maximum(around, skyline(scene.horizon, bearings))
    return Day(sun, lit, around, float(share[lit].sum()), _longest(lit, share))


def top_at(scene: SunScene, x: float, y: float) -> float:
    """Height of what stands at a place [m], the ground included; the nearest cell's outside of the scene."""
    rows, columns = scene.shape
    row = int(np.clip((scene.north - y) // scene.cell_size, 0, rows - 1))
    column = int(np.clip((x - scene.west) // scene.cell_size, 0, columns - 1))
    return float(scene.heights[row, column])


def _longest(lit: npt.NDArray[np.bool_], share: Float32) -> float:
    """The greatest sum of shares over neighbours that are lit."""
    longest = current = 0.0
    for shines, hours in zip(lit.tolist(), share.tolist(), strict=True):
        current = current + hours if shines else 0.0
        longest = max(longest, current)
    return longest


@njit(parallel=True, cache=True, nogil=True, error_model="numpy")  # type: ignore[untyped-decorator]
def _skyline(
    z: Any, column: float, row: float, height: float, bearings: Any, cell: float, clear: float, around: Any
) -> None:
    """around (d,) [degrees], at least 0: the greatest elevation along each bearing, every half a cell."""
    rows, columns = z.shape
    for d in prange(len(bearings)):
        east = np.sin(bearings[d])
        north = np.cos(bearings[d])
        most = 0.0
        away = clear
        while True:
            j = int(np.floor(column + east * away + 0.5))
            i = int(np.floor(row - north * away + 0.5))
            if i < 0 or j < 0 or i >= rows or j >= columns:
                break
            most = max(most, (z[i, j] - height) / (away * cell))
            away += 0.5
        around[d] = np.degrees(np.arctan(most))
