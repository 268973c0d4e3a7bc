"""From which cell of the height field each target looks, and what of the light there reaches it.

A point on a wall looks from the first cell in front of it whose top is not above it. A point on a roof looks
from the middle of a cell, its own or one around it, at the height where the roof's plane passes over it: the
cell whose top is nearest to that. So neither is shaded by the cells of its own building. A point without such
a cell is buried: in another building, under the ground.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit, prange

from analysis.errors import AnalysisError
from analysis.sun.engine.sweep import BIAS, HOW
from analysis.sun.scene import Float32, Float64, SunScene
from analysis.sun.targets import Targets

OUTSIDE, BURIED = -1, -2
"""In place of a cell: outside of the field, where nothing stands; inside of something, where no light is."""
STEEP = 0.9
"""A surface whose normal has a larger horizontal part than this (a tilt of 64 degrees) is a wall here."""
ABOVE = 0.5
"""How far the top of a cell may stand over a point that looks from it [cells]: ground that rises from a wall,
a roof between middles."""
REACH = 2.0
"""How far a wall looks for an open cell in front of it [cells]."""
OBLIQUE = 1.7
"""How much farther a wall at an angle to the grid begins to look for it: half a cell for one along the grid,
1.2 for one at 45 degrees, whose own cells stand out by steps and would shade it in grazing light. It gave the
least difference from rays over a winter day, for boxes turned by 15, 30 and 45 degrees."""
_TOGETHER = 4096


@dataclass(frozen=True)
class Fronts:
    """n targets as the field sees them. cell: (n,) int32, number of the cell, row by row, or OUTSIDE, BURIED.
    height: (n,) float32 [m]. east, north: (n,) float32, how far from the cell's middle it looks from [m].
    runs: (r + 1,) int64, where targets of the same normal begin; normals: (r, 3) float64."""

    cell: npt.NDArray[np.int32]
    height: Float32
    east: Float32
    north: Float32
    runs: npt.NDArray[np.int64]
    normals: Float64

    def __len__(self) -> int:
        return len(self.cell)

    @property
    def normal(self) -> Float64:
        """(n, 3) of each target."""
        each: Float64 = np.repeat(self.normals, np.diff(self.runs), axis=0)
        return each


def fronts(scene: SunScene, targets: Targets) -> Fronts:
    """The cells that targets look from. AnalysisError for points that are not numbers."""
    points, n = targets.points, len(targets)
    if points.shape != (n, 3) or not np.isfinite(points).all():
        raise AnalysisError(f"the points of {n} targets are not {n} rows of three numbers")
    cell = np.empty(n, np.int32)
    height, east, north = (np.empty(n, np.float32) for _ in range(3))
    _fronts(
        points, targets.normals, scene.heights, scene.west, scene.north, scene.cell_size, cell, height, east,
        north,
    )  # fmt: skip
    starts = np.arange(0, n, _TOGETHER)
    if n:
        turns = np.flatnonzero((targets.normals[1:] != targets.normals[:-1]).any(axis=1)) + 1
        starts = np.union1d(starts, turns)
    return Fronts(
        cell, height, east, north, np.append(starts, n), np.ascontiguousarray(targets.normals[starts])
    )


@njit(parallel=True, **HOW)  # type: ignore[untyped-decorator]
def _fronts(
    points: Any, normals: Any, heights: Any, west: Any, north: Any, size: Any, cell: Any, height: Any,
    east_of: Any, north_of: Any,
) -> None:  # fmt: skip
    rows, columns = heights.shape
    for n in prange(len(points)):
        x = points[n, 0]
        y = points[n, 1]
        z = points[n, 2]
        a = normals[n, 0]
        b = normals[n, 1]
        flat = np.hypot(a, b)
        column = int(np.floor((x - west) / size))
        row = int(np.floor((north - y) / size))
        found = BURIED
        if column < 0 or row < 0 or column >= columns or row >= rows:
            found = OUTSIDE
        elif flat > STEEP:
            a /= flat
            b /= flat
            far = 0.5 + OBLIQUE * (abs(a) + abs(b) - 1.0)
            while found == BURIED and far <= REACH:
                j = int(np.floor((x - west) / size + a * far))
                i = int(np.floor((north - y) / size - b * far))
                if i < 0 or j < 0 or i >= rows or j >= columns:
                    found = OUTSIDE
                elif heights[i, j] <= z + ABOVE * size:
                    found = i * columns + j
                    row = i
                    column = j
                far += 0.25
        elif normals[n, 2] > 0:
            mine = row
            yours = column
            nearest = np.inf
            for i in range(max(mine - 1, 0), min(mine + 2, rows)):
                for j in range(max(yours - 1, 0), min(yours + 2, columns)):
                    east = west + (j + 0.5) * size - x
                    away = north - (i + 0.5) * size - y
                    plane = points[n, 2] - (a * east + b * away) / normals[n, 2]
                    cost = abs(heights[i, j] - plane) + 0.1 * (abs(i - mine) + abs(j - yours)) * size
                    if heights[i, j] <= plane + ABOVE * size and cost < nearest:
                        nearest = cost
                        found = i * columns + j
                        z = plane
            x = west + (column + 0.5) * size
            y = north - (row + 0.5) * size
        elif heights[row, column] <= z:
            found = row * columns + column
        cell[n] = found
        height[n] = z
        # a roof has been moved to a middle
        east_of[n] = x - (west + (column + 0.5) * size)
        north_of[n] = y - (north - (row + 0.5) * size)


@njit(parallel=True, **HOW)  # type: ignore[untyped-decorator]
def add_light(
    cell: Any, height: Any, east: Any, north: Any, runs: Any, normals: Any, direction: Any, shade: Any,
    low: Any, high: Any, weight: Any, behind: Any, out: Any,
) -> None:  # fmt: skip
    """Add to out (n,) float32 the weight where the sun in a direction (3,) reaches a target from the front,
    `behind` where it does so through a crown of a tree, and nothing where it does not.

    shade: (cells,) float32, as `sweep` has written it. low, high: as `sweep_crowns` has, or None.
    """
    flat = np.hypot(direction[0], direction[1])
    fall_east = np.float32(direction[2] / flat * (direction[0] / flat)) if flat > 1e-9 else np.float32(0.0)
    fall_north = np.float32(direction[2] / flat * (direction[1] / flat)) if flat > 1e-9 else np.float32(0.0)
    for run in prange(len(runs) - 1):
        facing = 0.0
        for axis in range(3):
            facing += normals[run, axis] * direction[axis]
        if facing <= 1e-6:
            continue
        for n in range(runs[run], runs[run + 1]):
            c = cell[n]
            if c < 0:
                out[n] += weight if c == OUTSIDE else np.float32(0.0)
                continue
            # the shade over the point, which lies nearer to the sun than the cell's middle, or farther
            lean = east[n] * fall_east + north[n] * fall_north
            z = height[n] - lean
            if z + np.float32(BIAS) < shade[c]:
                continue
            if low is not None:
                out[n] += behind if low[c] < z and z < high[c] else weight
            else:
                out[n] += weight
