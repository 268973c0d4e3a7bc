"""The ground as a quantized-mesh pyramid (geographic TMS, two tiles at the root) with its layer.json.

Levels run from the whole globe to the resolution of the DEM. A tile keeps as few samples as its level's
error allows; edges agree between neighbours. The same DEM gives the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from citygml.crs import Georeference
from tiles import rtin
from tiles.folder import replaced
from tiles.ground import Ground
from tiles.quantized_mesh import encode
from twin.raster import METRES_PER_DEGREE, Dem

Float64: TypeAlias = npt.NDArray[np.float64]
Bounds: TypeAlias = tuple[float, float, float, float]
Range: TypeAlias = tuple[int, int, int, int]

# Cesium takes a terrain tile of level 0 to be this wrong [m] and halves it at every level.
_LEVEL_ZERO_ERROR = 6378137.0 * 2 * math.pi * 0.25 / (65 * 2)
# The share of that which a tile may really be wrong.
_SHARE = 0.15
_BLOCK = 4
_EARTH_RADIUS = 6_371_000.0
_DEEPEST = 22


@dataclass(frozen=True)
class TerrainReport:
    """bounds: of the DEM [degrees]. errors: per level, how far the mesh may be from its samples [m].
    version: digest of all tiles."""

    levels: int
    tiles: int
    triangles: int
    bytes: int
    bounds: Bounds
    errors: tuple[float, ...]
    version: str


def build_terrain(
    dem: Dem,
    out_dir: Path,
    georeference: Georeference,
    *,
    bounds: Bounds | None = None,
    max_error: float | None = None,
    max_level: int | None = None,
    attribution: str = "",
    progress: Callable[[int, int], None] | None = None,
) -> TerrainReport:
    """Write the pyramid of a DEM into a folder, which it replaces as a whole when done.

    georeference: of the DEM's CRS and heights. bounds: (west, south, east, north) [degrees], the part of
    the DEM to tile, default all. max_error: of the finest level [m], default 5 % of a DEM cell and at
    least 5 cm. max_level: stop there; default is the first level as fine as the DEM. attribution: of the
    heights, as TileJSON has it. progress: called with (tiles done, tiles in all).
    Raises RasterError when the DEM holds no heights.
    """
    ground = Ground(dem, georeference)
    area = _intersection(ground.bounds, bounds)
    finest = _finest_level(dem.resolution) if max_level is None else max_level
    least = max(0.05, 0.05 * dem.resolution) if max_error is None else max_error
    errors = tuple(max(least, _SHARE * _LEVEL_ZERO_ERROR / 2**level) for level in range(finest))
    errors += (least,)
    ranges = [_tile_range(area, level) for level in range(finest + 1)]
    total = sum((x1 - x0 + 1) * (y1 - y0 + 1) for x0, y0, x1, y1 in ranges)
    digest = hashlib.sha256()
    done = triangles = size = 0
    with replaced(out_dir) as folder:
        for level, tile_range in enumerate(ranges):
            for x, y, content, count in _tiles(ground, level, tile_range, errors[level]):
                path = folder / str(level) / str(x) / f"{y}.terrain"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
                digest.update(content)
                done, triangles, size = done + 1, triangles + count, size + len(content)
                if progress is not None:
                    progress(done, total)
        version = digest.hexdigest()[:16]
        layer = json.dumps(_layer(ranges, version, attribution), indent=1) + "\n"
        (folder / "layer.json").write_text(layer, encoding="utf-8")
    return TerrainReport(finest + 1, total, triangles, size, area, errors, version)


def tile_bounds(level: int, x: int, y: int) -> Bounds:
    """(west, south, east, north) [degrees] of a tile of the geographic TMS."""
    side = 180.0 / 2**level
    return x * side - 180, y * side - 90, (x + 1) * side - 180, (y + 1) * side - 90


def _finest_level(resolution: float) -> int:
    """The first level whose samples are no more than a quarter farther apart than the cells of the DEM."""
    level = math.ceil(math.log2(180 * METRES_PER_DEGREE / rtin.CELLS / (1.25 * resolution)))
    return min(max(level, 0), _DEEPEST)


def _intersection(box: Bounds, other: Bounds | None) -> Bounds:
    if other is None:
        return box
    west, south = max(box[0], other[0]), max(box[1], other[1])
    east, north = min(box[2], other[2]), min(box[3], other[3])
    return (west, south, east, north) if west < east and south < north else box


def _tile_range(area: Bounds, level: int) -> Range:
    """(x0, y0, x1, y1), inclusive, of the tiles that touch the area; the whole globe at the root."""
    if level == 0:
        return 0, 0, 1, 0
    side = 180.0 / 2**level
    last_x, last_y = 2 ** (level + 1) - 1, 2**level - 1
    x0, x1 = (min(max(math.floor((v + 180) / side), 0), last_x) for v in (area[0], area[2]))
    y0, y1 = (min(max(math.floor((v + 90) / side), 0), last_y) for v in (area[1], area[3]))
    # A whole family of four, so that a tile that refines does so everywhere.
    return x0 & ~1, y0 & ~1, x1 | 1, y1 | 1


def _tiles(
    ground: Ground, level: int, tile_range: Range, error: float
) -> Iterator[tuple[int, int, bytes, int]]:
    """(x, y, bytes, triangles) of the tiles of a level, computed in blocks of 4 x 4."""
    x0, y0, x1, y1 = tile_range
    for left in range(x0, x1 + 1, _BLOCK):
        for bottom in range(y0, y1 + 1, _BLOCK):
            right, top = min(left + _BLOCK - 1, x1), min(bottom + _BLOCK - 1, y1)
            yield from _block(ground, level, (left, bottom, right, top), error)


def _block(ground: Ground, level: int, block: Range, error: float) -> Iterator[tuple[int, int, bytes, int]]:
    left, bottom, right, top = block
    step = 180.0 / 2**level / rtin.CELLS
    # Sixteen samples more on each side, of which one is used, for normals that agree between blocks.
    halo = 16
    columns = np.arange(left * rtin.CELLS - halo, (right + 1) * rtin.CELLS + halo + 1)
    rows = np.arange(bottom * rtin.CELLS - halo, (top + 1) * rtin.CELLS + halo + 1)
    longitude, latitude = columns * step - 180.0, rows * step - 90.0
    spacing = step * METRES_PER_DEGREE
    heights = ground.heights(longitude, np.clip(latitude, -90.0, 90.0), spacing)
    inside = slice(halo, -halo)
    normals = _normals(heights, longitude, latitude, spacing)[inside, inside]
    heights = heights[inside, inside]
    for y in range(bottom, top + 1):
        row = (y - bottom) * rtin.CELLS
        strip = heights[row : row + rtin.SIDE]
        tiles = np.stack([strip[:, k : k + rtin.SIDE] for k in range(0, strip.shape[1] - 1, rtin.CELLS)])
        middle = np.radians((y + 0.5) * step * rtin.CELLS - 90.0)
        sagitta = np.array([spacing * np.cos(middle), spacing]) ** 2 / (8 * _EARTH_RADIUS)
        surfaces, kept = rtin.simplify(tiles, error, sagitta)
        for k, x in enumerate(range(left, right + 1)):
            column = k * rtin.CELLS
            window = normals[row : row + rtin.SIDE, column : column + rtin.SIDE].reshape(-1, 3)
            triangles = rtin.triangles_of(kept[k])
            grid = np.unique(triangles)
            content = encode(
                tile_bounds(level, x, y),
                np.column_stack([grid % rtin.SIDE, grid // rtin.SIDE]) / rtin.CELLS,
                surfaces[k].ravel()[grid].astype(np.float64),
                np.searchsorted(grid, triangles),
                window[grid],
            )
            yield x, y, content, len(triangles)


def _normals(heights: Float64, longitude: Float64, latitude: Float64, spacing: float) -> Float64:
    """(r, c, 3) unit normals of the ground in ECEF, from central differences."""
    cosine = np.maximum(np.cos(np.radians(latitude)), 1e-3)
    north_slope, east_slope = np.gradient(heights, spacing)
    east_slope = east_slope / cosine[:, None]
    length = np.sqrt(1 + east_slope**2 + north_slope**2)
    e, n, u = -east_slope / length, -north_slope / length, 1 / length
    lon, lat = np.radians(longitude)[None, :], np.radians(latitude)[:, None]
    return np.stack(
        [
            -np.sin(lon) * e - np.sin(lat) * np.cos(lon) * n + np.cos(lat) * np.cos(lon) * u,
            np.cos(lon) * e - np.sin(lat) * np.sin(lon) * n + np.cos(lat) * np.sin(lon) * u,
            np.cos(lat) * n + np.sin(lat) * u,
        ],
        axis=-1,
    )


def _layer(ranges: list[Range], version: str, attribution: str) -> dict[str, object]:
    return {
        "tilejson": "2.1.0",
        "name": "terrain",
        "version": "1.0.0",
        **({"attribution": attribution} if attribution else {}),
        "format": "quantized-mesh-1.0",
        "scheme": "tms",
        "projection": "EPSG:4326",
        "bounds": [-180, -90, 180, 90],
        "extensions": ["octvertexnormals"],
        "tiles": [f"{{z}}/{{x}}/{{y}}.terrain?v={version}"],
        "minzoom": 0,
        "maxzoom": len(ranges) - 1,
        "available": [[{"startX": x0, "startY": y0, "endX": x1, "endY": y1}] for x0, y0, x1, y1 in ranges],
    }
