"""How deep the water stands at buildings, and over roads, from a raster of depths."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from analysis.errors import AnalysisError

Float64: TypeAlias = npt.NDArray[np.float64]
Int64: TypeAlias = npt.NDArray[np.int64]
Statistic = Literal["max", "mean"]

_AROUND = [(di, dj) for di in (-1, 0, 1) for dj in (-1, 0, 1)]


def depth_at_buildings(
    depth: npt.NDArray[Any],
    building: npt.NDArray[Any],
    count: int,
    closed: npt.NDArray[Any] | None = None,
    statistic: Statistic = "max",
) -> tuple[Float64, Int64]:
    """((n,) depth [m], (n,) cells it is taken from) of buildings 1 to n = count.

    depth: (rows, columns) [m]. building: (rows, columns), the number of the building of each cell, 0 for
    none. A building's cells and the eight around each count, without those that are `closed` (rows, columns)
    (blocked in the run: they hold no water) or another building's. statistic: of those cells; the mean is
    over wet and dry ones. A building with no such cell has depth 0.
    """
    if depth.shape != building.shape or (closed is not None and closed.shape != depth.shape):
        raise AnalysisError(f"depth {depth.shape} and buildings {building.shape} are not on one grid")
    if not np.isfinite(depth).all():
        raise AnalysisError("the raster of depths has cells without a value")
    row, column = np.nonzero(building)
    number = building[row, column].astype(np.int64)
    rows, columns = depth.shape
    pairs = []
    for di, dj in _AROUND:
        i, j = row + di, column + dj
        on = (i >= 0) & (i < rows) & (j >= 0) & (j < columns)
        i, j, owner = i[on], j[on], number[on]
        free = (building[i, j] == 0) | (building[i, j] == owner)
        if closed is not None:
            free &= ~closed[i, j].astype(bool)
        pairs.append(owner[free] * (rows * columns) + i[free] * columns + j[free])
    found = np.unique(np.concatenate(pairs))
    owner, values = found // (rows * columns) - 1, depth.reshape(-1)[found % (rows * columns)]
    cells = np.bincount(owner, minlength=count)
    result = np.zeros(count)
    if statistic == "mean":
        result = np.bincount(owner, values, minlength=count) / np.maximum(cells, 1)
    else:
        np.maximum.at(result, owner, values)
    return result, cells


def over_areas(
    water: npt.NDArray[Any], numbers: npt.NDArray[Any], count: int, limit: float
) -> tuple[Float64, Int64, Int64]:
    """((n,) greatest depth [m], (n,) cells, (n,) cells deeper than `limit` [m]) of areas 1 to n = count.

    water: (rows, columns) depth over the area's surface [m]; numbers: (rows, columns) of areas, 0 for none.
    """
    held = numbers > 0
    owner, depth = numbers[held].astype(np.int64) - 1, water[held]
    greatest = np.zeros(count)
    np.maximum.at(greatest, owner, depth)
    deep = np.bincount(owner[depth > limit], minlength=count)
    return greatest, np.bincount(owner, minlength=count), deep
