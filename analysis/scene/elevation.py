"""Elevation on the grid: from the city's terrain models, its relief (TIN), or where its objects stand.

A terrain model finer than the grid is averaged over whole cells first, then sampled between the middles of
cells (bilinear). Holes are refused or filled, as the caller chooses, never left.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt
from numba import njit

from analysis.errors import AnalysisError
from analysis.scene.grid import Float64, Grid, Plane
from citygml.model import SURFACE_TYPES, Geometry
from twin.elevation import GroundGrid, city_dems, ground_from_objects
from twin.raster import Dem, bilinear, filled_holes
from twin.store import City

Float32: TypeAlias = npt.NDArray[np.float32]
Holes = Literal["refuse", "fill"]

_FILL = 4_000_000
"""Cells of the coarse grid that holes are filled from."""


@dataclass(frozen=True)
class Elevation:
    """heights: (rows, columns) float32 [m] in the city's vertical datum, without a hole. source: what they
    come from: `terrain models`, `relief` or `objects`. filled: cells that were holes."""

    heights: Float32
    source: str
    filled: int


def elevation(city: City, grid: Grid, plane: Plane, holes: Holes = "refuse") -> Elevation:
    """The ground of the city on the grid.

    holes: "refuse" raises AnalysisError where the terrain has no height within the grid; "fill" takes them
    from their surroundings (means of ever larger squares), as long as half of the grid is known. The ground
    put together from objects is known only where they stand and is always filled between them. Raises
    AnalysisError for a city with no terrain at all.
    """
    dems = city_dems(city)
    if dems:
        source, heights = "terrain models", from_dems(dems, grid, plane)
    elif "relief" in {layer.name for layer in city.layers()}:
        source, heights = "relief", from_relief(city, grid, plane)
    else:
        ground = ground_from_objects(city)
        if ground is None:
            raise AnalysisError(
                f"{city.folder}: the city has no terrain: no terrain model, no relief and no objects;"
                " add a GeoTIFF or ASC with `twin add`"
            )
        return Elevation(_from_ground(ground, grid, plane), "objects", 0)
    unknown = int(np.isnan(heights).sum())
    if unknown:
        _check_holes(heights, unknown, grid, source, holes, city)
        fill_holes(heights)
    return Elevation(heights, source, unknown)


def _check_holes(heights: Float32, unknown: int, grid: Grid, source: str, holes: Holes, city: City) -> None:
    if unknown == heights.size:
        raise AnalysisError(
            f"{city.folder}: the {source} of the city has no height anywhere in the area"
            f" {','.join(f'{v:g}' for v in grid.bounds)} ({grid.crs})"
        )
    row, column = (int(v) for v in np.argwhere(np.isnan(heights))[0])
    x = grid.west + (column + 0.5) * grid.cell_size
    y = grid.north - (row + 0.5) * grid.cell_size
    share = unknown / heights.size
    what = f"{city.folder}: {unknown:,} cells ({share:.1%}) of the area have no height in the {source}"
    if holes == "refuse":
        raise AnalysisError(f"{what}, the first at {x:.1f}, {y:.1f}; choose a smaller area or holes=fill")
    if share > 0.5:
        raise AnalysisError(f"{what}; more than half cannot be filled, choose a smaller area")


def from_dems(dems: list[Dem], grid: Grid, plane: Plane) -> Float32:
    """(rows, columns) float32 [m], NaN where no model has a height; earlier models lie over later ones."""
    heights = np.full(grid.shape, np.nan, np.float32)
    flat = heights.reshape(-1)
    for start, stop in grid.bands():
        part = flat[start * grid.columns : stop * grid.columns]
        points = plane.from_grid(grid.centres(start, stop))
        for dem in dems:
            whole = max(1, int(grid.cell_size / dem.resolution + 1e-6))
            for factor in dict.fromkeys((whole, 1)):  # 1: the rest at the model's end that fills no cell
                wanted = np.flatnonzero(np.isnan(part))
                if len(wanted):
                    part[wanted] = sampled(dem, points[wanted], factor)
    return heights


def sampled(dem: Dem, points: Float64, factor: int) -> Float32:
    """(n,) heights at points (n, 2) of the model's coordinates, decimated by factor; NaN outside it."""
    rows, columns = dem.height // factor, dem.width // factor
    values = np.full(len(points), np.nan, np.float32)
    if not rows or not columns:
        return values
    row, column = dem.cells(points, factor)
    with np.errstate(invalid="ignore"):
        inside = (row >= -0.5) & (row <= rows - 0.5) & (column >= -0.5) & (column <= columns - 0.5)
    if not inside.any():
        return values
    row, column = np.clip(row[inside], 0, rows - 1), np.clip(column[inside], 0, columns - 1)
    top, left = int(row.min()), int(column.min())
    window = dem.read(top, left, int(row.max()) - top + 2, int(column.max()) - left + 2, factor)
    values[inside] = bilinear(window, row - top, column - left)
    return values


def from_relief(city: City, grid: Grid, plane: Plane) -> Float32:
    """(rows, columns) float32 [m] of the triangles of the city's relief at the middles of cells, the finest
    level of detail of each object; NaN beside them. Where triangles overlap, the higher one counts."""
    heights = np.full(grid.shape, np.nan, np.float32)
    for triangles in _triangles(city, plane):
        draw_triangles(heights, triangles, grid.west, grid.north, grid.cell_size)
    return heights


def _triangles(city: City, plane: Plane) -> Iterator[Float64]:
    for stored in city.fetch(city.index("relief").rows):
        geometries = [g for g in stored.decode().geometries if g.type in SURFACE_TYPES]
        finest = max((g.lod for g in geometries), default="")
        for g in geometries:
            if g.lod == finest:
                vertices = g.vertices.copy()
                vertices[:, :2] = plane.to_grid(vertices)
                yield vertices[_fans(g)]


def _fans(g: Geometry) -> npt.NDArray[np.int64]:
    """(t, 3) vertices of the triangles of every exterior ring, from its first vertex."""
    first, last = g.rings[g.polygons[:-1]].astype(np.int64), g.rings[g.polygons[:-1] + 1].astype(np.int64)
    counts = np.maximum(last - first - 2, 0)
    start = np.repeat(first, counts)
    step = np.arange(len(start)) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.column_stack([start, start + step + 1, start + step + 2])


@njit(cache=True)  # type: ignore[untyped-decorator]
def draw_triangles(heights: Any, triangles: Any, west: float, north: float, cell: float) -> None:
    """Write the planes of triangles (t, 3, 3) into the cells whose middles they cover."""
    rows, columns = heights.shape
    for t in range(len(triangles)):
        x0, y0, z0 = triangles[t, 0]
        x1, y1, z1 = triangles[t, 1]
        x2, y2, z2 = triangles[t, 2]
        area = (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)
        if area == 0.0 or not np.isfinite(area):
            continue
        left = max(0, int(np.floor((min(x0, x1, x2) - west) / cell - 0.5)))
        right = min(columns - 1, int(np.ceil((max(x0, x1, x2) - west) / cell - 0.5)))
        top = max(0, int(np.floor((north - max(y0, y1, y2)) / cell - 0.5)))
        bottom = min(rows - 1, int(np.ceil((north - min(y0, y1, y2)) / cell - 0.5)))
        for i in range(top, bottom + 1):
            y = north - (i + 0.5) * cell
            for j in range(left, right + 1):
                x = west + (j + 0.5) * cell
                b = ((x - x0) * (y2 - y0) - (x2 - x0) * (y - y0)) / area
                c = ((x1 - x0) * (y - y0) - (x - x0) * (y1 - y0)) / area
                if b >= -1e-9 and c >= -1e-9 and b + c <= 1 + 1e-9:
                    z = z0 + b * (z1 - z0) + c * (z2 - z0)
                    if not heights[i, j] >= z:
                        heights[i, j] = z


def _from_ground(ground: GroundGrid, grid: Grid, plane: Plane) -> Float32:
    """The ground that was put together from objects, its gaps filled, at the middles of cells."""
    known = filled_holes(ground.heights)
    rows, columns = known.shape
    heights = np.empty(grid.shape, np.float32)
    for start, stop in grid.bands():
        at = (plane.from_grid(grid.centres(start, stop)) - ground.low) / ground.step - 0.5
        row = np.clip(rows - 1 - at[:, 1], 0, rows - 1)
        column = np.clip(at[:, 0], 0, columns - 1)
        heights[start:stop] = bilinear(known, row, column).reshape(-1, grid.columns)
    return heights


def fill_holes(heights: Float32) -> None:
    """Give NaN cells of (rows, columns) heights, in place, a height from their surroundings."""
    factor = 2
    while heights.size > _FILL * factor**2:
        factor *= 2
    coarse = filled_holes(_means(heights, factor))
    row, column = np.nonzero(np.isnan(heights))
    heights[row, column] = bilinear(
        coarse,
        np.clip((row + 0.5) / factor - 0.5, 0, coarse.shape[0] - 1),
        np.clip((column + 0.5) / factor - 0.5, 0, coarse.shape[1] - 1),
    )


def _means(heights: Float32, factor: int) -> Float32:
    """Means of the known ones of squares of cells, a row of squares at a time."""
    rows, columns = (-(-n // factor) for n in heights.shape)
    means = np.full((rows, columns), np.nan, np.float32)
    starts = np.arange(columns) * factor
    for i in range(rows):
        part = heights[i * factor : (i + 1) * factor]
        known = np.isfinite(part)
        count = np.add.reduceat(known.sum(axis=0), starts)
        total = np.add.reduceat(np.where(known, part, 0).sum(axis=0, dtype=np.float64), starts)
        np.divide(total, count, out=means[i], where=count > 0, casting="unsafe")
    return means
