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
from typing import TYPE_CHECKING, Any

import numpy as np

from citygml.crs import Georeference
from citygml.geometry import ring_vectors
from citygml.model import SOLID_TYPES, SURFACE_TYPES, CityObject, Geometry
from tiles.folder import removed
from tiles.landuse import landuse_of
from twin.elevation import city_dem, ground_from_objects, stands_as_before, write_ground
from twin.licences import licences_of
from twin.store import City

if TYPE_CHECKING:
    import shapely

    from tiles.painter import GroundShapes

FORMAT = 2
_DRAWN = ("landuse", "vegetation", "water", "roads")
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
    rasters = city.rasters("dem")
    state = {
        "place": _digest(city, place, [city.began().encode()]),
        "row": city.last_row(),
        "run": city.last_run(),
    }
    known = None if again else _made(target)
    comparable = known is not None and not rasters and known.get("place") == state["place"]
    if known and comparable and stands_as_before(city, known["row"], known["run"]):
        return _as_it_is("terrain", target, known, state)
    grid = None if rasters else ground_from_objects(city)
    attribution = licences_of(rasters)
    parts = [attribution.encode()] if grid is None else [grid.heights.tobytes()]
    digest = _digest(city, place, parts)
    if known and known["digest"] == digest:
        return _as_it_is("terrain", target, known, state)
    dem = city_dem(city) if grid is None else write_ground(city, grid)
    if dem is None:
        removed(target)
        return BackdropReport("terrain", 0, 0, 0)
    from tiles.terrain import build_terrain

    report = build_terrain(
        dem,
        target,
        place,
        attribution=attribution,
        progress=None if progress is None else lambda n, all: progress("terrain", n, all),
    )
    _mark(target, {"digest": digest, "tiles": report.tiles, "bytes": report.bytes, **state})
    return BackdropReport("terrain", report.tiles, report.bytes, report.tiles)


def build_imagery_of(
    city: City, place: Georeference, again: bool, progress: Progress | None
) -> BackdropReport:
    """The light and dark pictures of the ground, into `tiles/imagery/`; none when there is only built matter,
    which would rather be seen in 3D."""
    target = city.folder / "tiles" / "imagery"
    digests = [city.index(layer).digests.tobytes() for layer in _DRAWN]
    bounds = city.bounds() if any(digests) else None
    if bounds is None:
        removed(target)
        return BackdropReport("imagery", 0, 0, 0)
    decimals = 6 if place.crs.is_geographic else 1
    ground = [round(v, decimals) for v in (*bounds[:2], *bounds[3:5])]
    digest = _digest(city, place, [*digests, json.dumps(ground).encode()])
    known = None if again else _made(target)
    if known and known["digest"] == digest:
        return _as_it_is("imagery", target, known, {})
    from tiles.ground import Ground
    from tiles.imagery import build_imagery
    from twin.describe import geographic_bounds

    around = geographic_bounds(city)
    assert around is not None
    dem = city_dem(city)
    report = build_imagery(
        ground_shapes(city, place),
        target,
        bounds=(around[0], around[1], around[2], around[3]),
        ground=Ground(dem, place) if dem is not None else None,
        progress=None if progress is None else lambda n, all: progress("imagery", n, all),
    )
    _mark(target, {"digest": digest, "tiles": report.tiles, "bytes": report.bytes})
    return BackdropReport("imagery", report.tiles, report.bytes, report.tiles)


def _digest(city: City, place: Georeference, parts: Iterable[bytes]) -> str:
    digest = hashlib.blake2b(digest_size=16)
    digest.update(f"{FORMAT} {place.crs.name} {place.heights} {place.anchor}".encode())
    for raster in city.rasters("dem"):
        digest.update(raster.digest.encode())
    for part in parts:
        digest.update(part)
    return digest.hexdigest()


def _made(target: Path) -> dict[str, Any] | None:
    """What `_mark` has kept of the last build: digest, tiles, bytes and the state of the city."""
    try:
        known: dict[str, Any] = json.loads((target / ".made").read_text())
    except (OSError, ValueError):
        return None
    return known


def _mark(target: Path, made: dict[str, Any]) -> None:
    (target / ".made").write_text(json.dumps(made))


def _as_it_is(layer: str, target: Path, known: dict[str, Any], state: dict[str, Any]) -> BackdropReport:
    """The report of a layer that stays; it is up to date with this state of the city."""
    if known != known | state:
        _mark(target, known | state)
    return BackdropReport(layer, known["tiles"], known["bytes"], 0)


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
