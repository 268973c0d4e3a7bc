"""What lies behind the objects: terrain and the picture of the ground, made from the city's own data.

Without a terrain model, the ground is put together from where things stand (bases of buildings, roads,
water, relief), so that nothing floats or sinks. Both are only made again when what they show has changed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from citygml.crs import Georeference, parse
from citygml.geometry import ring_vectors
from citygml.model import SOLID_TYPES, SURFACE_TYPES, CityObject, Float64, Geometry
from tiles.folder import removed
from tiles.landuse import landuse_of
from twin.describe import geographic_bounds
from twin.place import city_crs, metres_per_unit
from twin.raster import Dem, open_dem
from twin.store import City
from twin.store.records import Layer

if TYPE_CHECKING:
    import shapely

    from tiles.painter import GroundShapes

FORMAT = 1
_DRAWN = ("landuse", "vegetation", "water", "roads")
_STANDING = ("buildings", "roads", "water", "landuse", "relief", "vegetation", "furniture")
_NO_HEIGHT = -9999.0
_SMALL = 150.0
"""[m] the lowest point of anything larger says little about the ground at its other end."""
_BELOW = ("utilities", "tunnels")
_SURFACES = SURFACE_TYPES | SOLID_TYPES
_PATHS = ("foot", "보도", "cycl", "자전거", "crossing", "횡단", "歩道", "sidewalk")
_GREEN = ("verge", "녹지", "植樹", "green", "median", "중앙분리대")
_SKIPPED = ("marking", "노면표시")

Progress = Callable[[str, int, int], None]


@dataclass(slots=True)
class BackdropReport:
    """What was made: `terrain` or `imagery`, files and bytes; written is 0 when nothing had changed."""

    layer: str
    tiles: int
    bytes: int
    written: int


def build_terrain_of(
    city: City, place: Georeference, again: bool, progress: Progress | None
) -> BackdropReport:
    """The quantized-mesh terrain below the city, into `tiles/terrain/`."""
    target = city.folder / "tiles" / "terrain"
    grid = None if city.rasters("dem") else _ground_from_objects(city)
    digest = _digest(city, place, [grid.heights.tobytes()] if grid is not None else [])
    known = _made(target, digest)
    if known and not again:
        return BackdropReport("terrain", known["tiles"], known["bytes"], 0)
    dem = city_dem(city) if grid is None else _write_dem(city, grid)
    if dem is None:
        removed(target)
        return BackdropReport("terrain", 0, 0, 0)
    from tiles.terrain import build_terrain

    report = build_terrain(
        dem, target, place, progress=None if progress is None else lambda n, all: progress("terrain", n, all)
    )
    _mark(target, digest, report.tiles, report.bytes)
    return BackdropReport("terrain", report.tiles, report.bytes, report.tiles)


def build_imagery_of(
    city: City, place: Georeference, again: bool, progress: Progress | None
) -> BackdropReport:
    """The light and dark pictures of the ground, into `tiles/imagery/`; none when there is only built matter,
    which would rather be seen in 3D."""
    target = city.folder / "tiles" / "imagery"
    digests = [city.index(layer).digests.tobytes() for layer in _DRAWN]
    bounds = geographic_bounds(city) if any(digests) else None
    if bounds is None:
        removed(target)
        return BackdropReport("imagery", 0, 0, 0)
    digest = _digest(city, place, [*digests, json.dumps([round(v, 6) for v in bounds]).encode()])
    known = _made(target, digest)
    if known and not again:
        return BackdropReport("imagery", known["tiles"], known["bytes"], 0)
    from tiles.ground import Ground
    from tiles.imagery import build_imagery

    dem = city_dem(city)
    report = build_imagery(
        ground_shapes(city, place),
        target,
        bounds=(bounds[0], bounds[1], bounds[2], bounds[3]),
        ground=Ground(dem, place) if dem is not None else None,
        progress=None if progress is None else lambda n, all: progress("imagery", n, all),
    )
    _mark(target, digest, report.tiles, report.bytes)
    return BackdropReport("imagery", report.tiles, report.bytes, report.tiles)


def _digest(city: City, place: Georeference, parts: Iterable[bytes]) -> str:
    digest = hashlib.blake2b(digest_size=16)
    digest.update(f"{FORMAT} {place.crs.name} {place.heights} {place.anchor}".encode())
    for raster in city.rasters("dem"):
        digest.update(raster.digest.encode())
    for part in parts:
        digest.update(part)
    return digest.hexdigest()


def _made(target: Path, digest: str) -> dict[str, int] | None:
    try:
        known: dict[str, int | str] = json.loads((target / ".made").read_text())
    except (OSError, ValueError):
        return None
    return {k: int(v) for k, v in known.items() if k != "digest"} if known.get("digest") == digest else None


def _mark(target: Path, digest: str, tiles: int, size: int) -> None:
    (target / ".made").write_text(json.dumps({"digest": digest, "tiles": tiles, "bytes": size}))


# The ground


def city_dem(city: City) -> Dem | None:
    """The city's terrain models as one, else one put together from its objects; None for an empty city."""
    rasters = city.rasters("dem")
    if rasters:
        crs = parse(rasters[-1].description["crs"])
        files = [city.folder / raster.file for raster in reversed(rasters)]
        return open_dem(files[0] if len(files) == 1 else _merged(city, files), crs=crs)
    grid = _ground_from_objects(city)
    return None if grid is None else _write_dem(city, grid)


def _merged(city: City, files: list[Path]) -> Path:
    """Several terrain models in one file at the finest resolution, earlier ones over later ones."""
    from rasterio.merge import merge

    path = city.folder / "tiles" / "ground-merged.tif"
    path.parent.mkdir(exist_ok=True)
    layout: dict[str, str | int] = {
        "driver": "GTiff",
        "compress": "deflate",
        "bigtiff": "if_safer",
        "tiled": True,
    }
    layout |= {"blockxsize": 256, "blockysize": 256}
    merge(files, nodata=_NO_HEIGHT, use_highest_res=True, dst_path=path, dst_kwds=layout)
    return path


@dataclass(slots=True)
class _Grid:
    """The ground where things stand. low: the lower left corner, step: of a cell, in the city's units;
    heights: (rows, columns) float32 from the north, NaN where nothing stands."""

    low: Float64
    step: Float64
    heights: npt.NDArray[np.float32]


def _ground_from_objects(city: City) -> _Grid | None:
    """The lowest point in each cell of a grid that is as fine as the objects are dense."""
    bounds = city.bounds()
    layers = _standing(city)
    count = sum(layer.objects for layer in layers)
    if bounds is None or not count:
        return None
    scale = np.array(metres_per_unit(city))
    low, high = np.array(bounds[:2]), np.array(bounds[3:5])
    extent = (high - low) * scale
    spacing = float(np.clip(np.sqrt(extent.prod() / (5 * count)), 2, 25))
    step = max(spacing, float(extent.max()) / 4000) / scale
    low = low - 4 * step
    columns, rows = (int(v) for v in np.ceil((high + 4 * step - low) / step))
    heights = np.full(rows * columns, np.inf, np.float32)
    for points in _ground_points(city, layers):
        column, row = ((points[:, :2] - low) / step).astype(np.int64).T
        np.minimum.at(heights, (rows - 1 - row) * columns + column, points[:, 2].astype(np.float32))
    heights[np.isinf(heights)] = np.nan
    return _Grid(low, step, heights.reshape(rows, columns))


def _standing(city: City) -> list[Layer]:
    """The layers of what stands on the ground; where there are none, all that are not below it."""
    layers = city.layers()
    return [x for x in layers if x.name in _STANDING] or [x for x in layers if x.name not in _BELOW]


def _ground_points(city: City, layers: list[Layer]) -> Iterator[Float64]:
    """(n, 3) points on the ground: the lowest level of each object at the corners and the middle of its
    box, and every vertex of relief."""
    for layer in layers:
        if layer.name == "relief":
            for obj in _objects(city, layer.name):
                yield from (g.vertices for g in obj.geometries)
            continue
        x0, y0, z0, x1, y1, _ = city.boxes(layer.name).T
        small = np.maximum(x1 - x0, y1 - y0) * metres_per_unit(city)[1] < _SMALL
        for x, y in ((x0, y0), (x1, y0), (x0, y1), (x1, y1), ((x0 + x1) / 2, (y0 + y1) / 2)):
            yield np.column_stack([x, y, z0])[small]


def _write_dem(city: City, grid: _Grid) -> Dem:
    import rasterio
    from rasterio.transform import from_origin

    path = city.folder / "tiles" / "ground-from-objects.tif"
    path.parent.mkdir(exist_ok=True)
    rows, columns = grid.heights.shape
    west, north = float(grid.low[0]), float(grid.low[1] + rows * grid.step[1])
    dx, dy = (float(v) for v in grid.step)
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        width=columns,
        height=rows,
        count=1,
        dtype="float32",
        nodata=np.nan,
        transform=from_origin(west, north, dx, dy),
        compress="deflate",
    ) as dataset:
        dataset.write(grid.heights, 1)
    return Dem(path, city_crs(city), columns, rows, west, north, dx, dy)


# The picture


def ground_shapes(city: City, place: Georeference) -> GroundShapes:
    """The city's layers as shapes to draw, in longitude and latitude."""
    from tiles.painter import GroundShapes

    landuse: dict[str, list[shapely.Geometry]] = {}
    drawn: dict[str, list[shapely.Geometry]] = {}
    for layer in _DRAWN:
        for obj in _objects(city, layer):
            for kind, polygon in _shapes(obj, layer, place):
                if layer == "landuse":
                    landuse.setdefault(kind, []).append(polygon)
                else:
                    drawn.setdefault(kind, []).append(polygon)
    return GroundShapes(
        landuse=landuse,
        green=drawn.get("green", ()),
        water=drawn.get("water", ()),
        roads=drawn.get("road", ()),
        paths=drawn.get("path", ()),
        rails=drawn.get("rail", ()),
    )


def _objects(city: City, layer: str) -> Iterator[CityObject]:
    for stored in city.fetch(city.index(layer).rows):
        yield stored.decode()


def _shapes(obj: CityObject, layer: str, place: Georeference) -> Iterator[tuple[str, shapely.Geometry]]:
    import shapely

    best = max((g.lod for g in obj.geometries if g.type in _SURFACES), default=None)
    for g in obj.geometries:
        if g.type not in _SURFACES or g.lod != best or not len(g.vertices):
            continue
        points = place.to_geographic(g.vertices)[:, :2]
        for polygon in _ground_polygons(g):
            kind = _kind(obj, g, polygon, layer)
            rings = range(g.polygons[polygon], g.polygons[polygon + 1])
            exterior, *holes = (points[g.rings[r] : g.rings[r + 1]] for r in rings)
            if kind is not None and len(exterior) >= 3:
                yield kind, shapely.Polygon(exterior, [h for h in holes if len(h) >= 3])


def _ground_polygons(g: Geometry) -> list[int]:
    """What faces up (or down, in data that does not care)."""
    vectors = ring_vectors(g.vertices, g.rings)[g.polygons[:-1]]
    upward = vectors[:, 2] / np.maximum(np.linalg.norm(vectors, axis=1), 1e-300)
    return [int(p) for p in np.nonzero(np.abs(upward) > 0.3)[0]]


def _kind(obj: CityObject, g: Geometry, polygon: int, layer: str) -> str | None:
    if layer == "landuse":
        return landuse_of(obj)
    if layer == "water":
        return "water"
    if layer == "vegetation":
        return "green" if obj.type == "PlantCover" else None
    if obj.type == "Railway":
        return "rail"
    if g.semantics is not None and g.semantics[polygon] >= 0:
        surface = obj.surfaces[g.semantics[polygon]]
        words = " ".join(map(str, surface.attributes.values())).casefold()
        for kind, names in (("path", _PATHS), ("green", _GREEN), (None, _SKIPPED)):
            if any(name in words for name in names):
                return kind
        if surface.type == "AuxiliaryTrafficArea":
            return "path"
    return "path" if obj.type == "Track" else "road"
