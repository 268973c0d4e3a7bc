"""Outlines into the cells of a grid: which outline a cell belongs to, and how much of it is covered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import shapely

from analysis.scene.grid import Grid
from analysis.scene.outlines import Shape

Float32: TypeAlias = npt.NDArray[np.float32]
Int32: TypeAlias = npt.NDArray[np.int32]

_FINE = 4
"""Points a side that a cell's cover is counted from: 16 of them, in steps of 6 %."""


def numbered(shapes: Sequence[Shape], grid: Grid) -> Int32:
    """(rows, columns) int32: 1 + the index of the outline that holds a cell's middle, 0 for none.

    A later outline lies over an earlier one. One so small that it holds no middle gets the cell of a point
    in it, if no other has it.
    """
    numbers = _rasterized(shapes, np.arange(1, len(shapes) + 1), grid.shape, grid.transform)
    missing = np.setdiff1d(np.arange(1, len(shapes) + 1), numbers)
    if len(missing):
        points = shapely.point_on_surface(np.asarray(shapes, object)[missing - 1])
        cells = grid.cells(shapely.get_coordinates(points))
        for number, (row, column), on in zip(missing, cells, grid.inside(cells), strict=True):
            if on and numbers[row, column] == 0:
                numbers[row, column] = number
    return numbers


def cover(shapes: Sequence[Shape], grid: Grid) -> Float32:
    """(rows, columns) float32 share (0 to 1) of each cell that outlines cover, in bands of rows."""
    from rasterio.transform import from_origin

    share = np.zeros(grid.shape, np.float32)
    tree = shapely.STRtree(list(shapes))
    fine = grid.cell_size / _FINE
    for start, stop in grid.bands(500_000):
        north = grid.north - start * grid.cell_size
        band = shapely.box(grid.west, north - (stop - start) * grid.cell_size, grid.bounds[2], north)
        here = [shapes[i] for i in tree.query(band).tolist()]
        if not here:
            continue
        shape = ((stop - start) * _FINE, grid.columns * _FINE)
        points = _rasterized(here, np.ones(len(here)), shape, from_origin(grid.west, north, fine, fine))
        blocks = points.reshape(stop - start, _FINE, grid.columns, _FINE)
        share[start:stop] = blocks.mean(axis=(1, 3), dtype=np.float32)
    return share


def values(shapes: Sequence[Shape], given: Sequence[int], grid: Grid, into: Int32 | None = None) -> Int32:
    """(rows, columns) int32 of the value of the last outline that holds a cell's middle; else what `into`
    has there, or 0."""
    return _rasterized(shapes, np.asarray(given), grid.shape, grid.transform, into)


def _rasterized(
    shapes: Sequence[Shape],
    given: npt.NDArray[Any],
    shape: tuple[int, int],
    transform: Any,
    into: Int32 | None = None,
) -> Int32:
    from rasterio.features import rasterize

    out = np.zeros(shape, np.int32) if into is None else into
    if len(shapes):
        pairs = [(s, int(v)) for s, v in zip(shapes, given, strict=True) if not shapely.is_empty(s)]
        rasterize(pairs, out=out, transform=transform)
    return out
