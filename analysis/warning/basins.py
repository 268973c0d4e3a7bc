"""Drainage sub-basins of a terrain: which cells drain over which outlet.

Depressions are filled by the priority flood of L. Wang and H. Liu (2006, doi:10.1080/13658810500433453);
water then runs to the neighbour of the steepest descent (J. F. O'Callaghan, D. M. Mark 1984,
doi:10.1016/S0734-189X(84)80011-0), and over what was filled the way the flood came. By pyflwdir, but for the
steepest descent: its own directions lead to the lowest neighbour, which on an even slope is a diagonal one.
It is the drainage of the surface: where sewers lead water elsewhere, labels of the sewers' own areas do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import shapely

from analysis.errors import AnalysisError

if TYPE_CHECKING:
    import geopandas

    from analysis.scene.grid import Grid

Int32 = npt.NDArray[np.int32]
Float64 = npt.NDArray[np.float64]
_NODATA = -9999.0
_HIGH = 1e9
_QUANTUM = 2.0**-10
"""Heights are rounded to this [m], so that pyflwdir's sums in float32 are exact and no cell drains in a
circle."""
_CODES = {1: (0, 1), 2: (1, 1), 4: (1, 0), 8: (1, -1), 16: (0, -1), 32: (-1, -1), 64: (-1, 0), 128: (-1, 1)}
"""The eight directions as D8 codes: rows down and columns right."""
_MERGED = 0.25
"""A basin smaller than this share of the area asked for joins the neighbour with the longest common
border."""


@dataclass(frozen=True)
class Basins:
    """labels: (rows, columns) int32, the number of the basin, 1 to n; 0 where there is no ground. outlets:
    (n, 2) row and column of the cell over which each drains; downstream: (n,) number of the basin it drains
    into, 0 for off the grid. areas: (n,) [m²]."""

    labels: Int32
    outlets: Int32
    downstream: Int32
    areas: Float64

    def __len__(self) -> int:
        return len(self.areas)


def delineate(
    elevation: npt.ArrayLike,
    cell_size: float,
    *,
    area: float | None = None,
    outlets: Sequence[tuple[int, int]] = (),
) -> Basins:
    """Sub-basins of a terrain (rows, columns) [m], NaN where there is none, of cells of `cell_size` [m].

    area: from how large a tributary [m²] on a basin of its own begins, for a division of the whole grid;
    basins much smaller join a neighbour. outlets: (row, column) of cells to which basins are wanted instead,
    such as the inlets of pumping stations; each gets what drains to it and to no other upstream of it. Raises
    AnalysisError.
    """
    ground = np.asarray(elevation, np.float64)
    if (area is None) == (not outlets):
        raise AnalysisError("sub-basins are drawn either from a least area or from outlets")
    if area is not None and not area >= cell_size**2:
        raise AnalysisError(f"the least area of a sub-basin, {area:g} m², is less than a cell's")
    if not np.isfinite(ground).any():
        raise AnalysisError("the terrain has no elevations to draw sub-basins from")
    directions = _directions(ground)
    if area is None:
        return _to_outlets(directions, ground, cell_size, outlets)
    cells = directions.upstream_area("cell").astype(np.float64)
    numbers, _ = directions.subbasins_area(area / cell_size**2, uparea=cells)
    numbers = _with_rest(directions, numbers.astype(np.int64))
    numbers = _merged(numbers, _MERGED * area / cell_size**2)
    return _described(directions, numbers, cells, cell_size)


def _directions(ground: Float64) -> Any:
    """pyflwdir's raster of flow directions; cells at the edge that nothing lower is beside drain off the
    grid."""
    import pyflwdir
    from pyflwdir.dem import fill_depressions

    known = np.isfinite(ground)
    heights = np.round((ground - np.nanmin(ground)) / _QUANTUM) * _QUANTUM
    filled, codes = fill_depressions(np.where(known, heights, _NODATA), nodata=_NODATA)
    level = np.pad(np.where(known, filled, _HIGH), 1, constant_values=_HIGH)
    steepest = np.zeros(ground.shape)
    rows, columns = ground.shape
    for code, (down, right) in _CODES.items():
        beside = level[1 + down : 1 + down + rows, 1 + right : 1 + right + columns]
        slope = (level[1:-1, 1:-1] - beside) / np.hypot(down, right)
        steeper = known & (slope > steepest)
        steepest[steeper] = slope[steeper]
        codes[steeper] = code
    return pyflwdir.from_array(codes, ftype="d8", check_ftype=False)


def _to_outlets(
    directions: Any, ground: Float64, cell_size: float, outlets: Sequence[tuple[int, int]]
) -> Basins:
    at = np.asarray(outlets, np.int64).reshape(-1, 2)
    rows, columns = ground.shape
    for row, column in at.tolist():
        if not (0 <= row < rows and 0 <= column < columns and np.isfinite(ground[row, column])):
            raise AnalysisError(f"the outlet at row {row}, column {column} lies outside the terrain")
    if len(np.unique(at, axis=0)) != len(at):
        raise AnalysisError("two outlets are in one cell")
    index = at[:, 0] * columns + at[:, 1]
    numbers = directions.basins(idxs=index, ids=np.arange(1, len(at) + 1, dtype=np.uint32)).astype(np.int32)
    downstream = _downstream(directions, numbers, index)
    areas = np.bincount(numbers.ravel(), minlength=len(at) + 1)[1:] * cell_size**2
    return Basins(numbers, at.astype(np.int32), downstream, areas.astype(np.float64))


def _with_rest(directions: Any, numbers: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Cells of no basin that is large enough get that of the outlet at the edge that they drain to."""
    rest = directions.basins().astype(np.int64)
    return np.where((numbers == 0) & (rest > 0), rest + numbers.max(), numbers)


def _merged(numbers: npt.NDArray[np.int64], least: float) -> npt.NDArray[np.int64]:
    """Basins smaller than so many cells join, smallest first, the neighbour with the longest common
    border."""
    _, dense = np.unique(numbers, return_inverse=True)
    labels = dense.reshape(numbers.shape) + (0 if (numbers == 0).any() else 1)
    borders = _borders(labels)
    sizes = np.bincount(labels.ravel()).astype(np.float64)
    into = np.arange(len(sizes))
    waiting = [int(i) for i in np.argsort(sizes, kind="stable") if i and sizes[i] < least]
    while waiting:
        one = waiting.pop(0)
        if into[one] != one or sizes[one] >= least or not borders[one]:
            continue
        other = max(borders[one], key=lambda k: (borders[one][k], k))
        into[one] = other
        sizes[other] += sizes[one]
        for third, length in borders.pop(one).items():
            del borders[third][one]
            if third != other:
                borders[other][third] = borders[other].get(third, 0) + length
                borders[third][other] = borders[other][third]
    for _ in range(len(into)):
        if (into[into] == into).all():
            break
        into = into[into]
    return into[labels]


def _borders(labels: npt.NDArray[np.int64]) -> dict[int, dict[int, int]]:
    """For each basin its neighbours and how many cell sides they share."""
    pairs = np.concatenate(
        [
            np.column_stack([a.ravel(), b.ravel()])
            for a, b in ((labels[:, 1:], labels[:, :-1]), (labels[1:], labels[:-1]))
        ]
    )
    pairs = np.sort(pairs[(pairs[:, 0] != pairs[:, 1]) & (pairs > 0).all(axis=1)], axis=1)
    unique, lengths = np.unique(pairs, axis=0, return_counts=True)
    borders: dict[int, dict[int, int]] = {int(i): {} for i in np.unique(labels) if i}
    for (a, b), length in zip(unique.tolist(), lengths.tolist(), strict=True):
        borders[a][b] = borders[b][a] = length
    return borders


def _described(
    directions: Any, numbers: npt.NDArray[np.int64], upstream: Float64, cell_size: float
) -> Basins:
    kept = np.unique(numbers[numbers > 0])
    labels = np.where(numbers > 0, np.searchsorted(kept, numbers) + 1, 0).astype(np.int32)
    flat = labels.ravel()
    order = np.lexsort((upstream.ravel(), flat))  # the cell with the most upstream comes last in its basin
    last = np.searchsorted(flat[order], np.arange(1, len(kept) + 1), side="right") - 1
    index = order[last]
    outlets = np.column_stack(np.unravel_index(index, labels.shape)).astype(np.int32)
    areas = np.bincount(flat, minlength=len(kept) + 1)[1:] * cell_size**2
    return Basins(labels, outlets, _downstream(directions, labels, index), areas.astype(np.float64))


def _downstream(directions: Any, labels: Int32, index: npt.NDArray[Any]) -> Int32:
    """The basin of the first cell below each outlet that is another basin's."""
    below = np.asarray(directions.idxs_ds).astype(np.int64)
    flat = labels.ravel()
    found = np.zeros(len(index), np.int32)
    for i, start in enumerate(np.asarray(index, np.int64).tolist()):
        cell, own = start, flat[start]
        while below[cell] != cell and flat[cell] in (own, 0):
            cell = int(below[cell])
        found[i] = 0 if flat[cell] == own else flat[cell]
    return found


def outlines(basins: Basins, grid: Grid) -> list[shapely.Geometry]:
    """The outline of each basin along cell edges, in the grid's plane. Raises AnalysisError."""
    from rasterio.features import shapes

    if basins.labels.shape != grid.shape:
        raise AnalysisError(f"basins of shape {basins.labels.shape} are not of a grid of {grid.shape}")
    parts: list[list[Any]] = [[] for _ in range(len(basins))]
    for geometry, value in shapes(basins.labels, mask=basins.labels > 0, transform=grid.transform):
        parts[int(value) - 1].append(shapely.geometry.shape(geometry))
    return [shapely.union_all(part) for part in parts]


def polygons(basins: Basins, grid: Grid, names: Sequence[str] = ()) -> geopandas.GeoDataFrame:
    """The basins on a grid as a table: number, name, area [m²], downstream, and outline."""
    import geopandas

    from citygml.crs import parse

    numbers = np.arange(1, len(basins) + 1)
    return geopandas.GeoDataFrame(
        {
            "basin": numbers,
            "name": list(names) or [f"{n}" for n in numbers.tolist()],
            "area": basins.areas,
            "downstream": basins.downstream,
        },
        geometry=outlines(basins, grid),
        crs=parse(grid.crs).horizontal,
    )
