"""Nodes of a sewer network on the cells of a grid."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from analysis.errors import AnalysisError

Float64 = npt.NDArray[np.float64]
Int64 = npt.NDArray[np.int64]


def to_grid_crs(xy: Float64, crs: str | None, grid_crs: str | None, name: str) -> Float64:
    """Coordinates `(n, 2)` of `crs` in `grid_crs`; the same where both are, or neither is, given."""
    if crs is None and grid_crs is None:
        return xy
    if crs is None or grid_crs is None:
        raise AnalysisError(
            f"{name}: give the coordinate systems of both its nodes and the grid; got {crs} and {grid_crs}"
        )
    from citygml.crs.names import horizontal_transformer, parse

    own, other = parse(crs), parse(grid_crs)
    if own.same_horizontal(other) or not len(xy):
        return xy
    degrees = horizontal_transformer(own.name).transform(xy[:, 0], xy[:, 1])
    x, y = horizontal_transformer(other.name).transform(*degrees, direction="INVERSE")
    return np.stack([x, y], axis=1)


def cells_of(xy: Float64, transform: Any, shape: tuple[int, int]) -> tuple[Int64, npt.NDArray[np.bool_]]:
    """Row and column of each point `(n, 2) int`, and which lie on the grid `(n,) bool`.

    transform: affine, from (column, row) of a cell's corner to coordinates, as a raster has it.
    """
    a, b, c, d, e, f, *_ = (float(v) for v in tuple(transform))
    matrix = np.linalg.inv(np.array([[a, b], [d, e]]))
    place = (xy - np.array([c, f])) @ matrix.T
    known = np.isfinite(place).all(axis=1)
    index = np.floor(np.where(known[:, None], place, -1.0)).astype(np.int64)[:, ::-1]
    inside = known & (index >= 0).all(axis=1) & (index < np.array(shape)).all(axis=1)
    return index, inside


def nearest_open(cells: Int64, closed: Any, reach: int) -> tuple[Int64, npt.NDArray[np.bool_]]:
    """Each cell, or if it is closed the nearest open one at most `reach` cells away; and which have none."""
    moved = cells.copy()
    lost = np.zeros(len(cells), dtype=bool)
    rows, cols = closed.shape
    for k in np.flatnonzero(closed[cells[:, 0], cells[:, 1]]):
        r, c = cells[k]
        top, left = max(r - reach, 0), max(c - reach, 0)
        free = np.argwhere(~closed[top : min(r + reach + 1, rows), left : min(c + reach + 1, cols)])
        away = np.hypot(free[:, 0] + top - r, free[:, 1] + left - c)
        if not len(free) or away.min() > reach:
            lost[k] = True
        else:
            moved[k] = free[int(np.argmin(away))] + (top, left)
    return moved, lost
