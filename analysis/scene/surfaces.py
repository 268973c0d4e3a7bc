"""The real surfaces of what is built in the city, as one `Surfaces` of arrays, read in bounded batches.

Each object counts at one level of detail. Surfaces inside of buildings are left out, polygons that come
twice (as a solid and as semantic surfaces) are taken once, and objects that are modelled inside out are
turned round.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from analysis.scene.grid import Bounds, Float64, Plane
from analysis.scene.polygons import Polygons, gathered, outward
from analysis.sun.scene import Int32, Kind, Surfaces
from citygml.classes import layer_of
from citygml.model import SOLID_TYPES, SURFACE_TYPES, CityObject, Geometry
from citygml.triangulate import triangulate
from twin.store import City

Bool: TypeAlias = npt.NDArray[np.bool_]

LAYERS = ("buildings", "bridges", "constructions")
_BATCH = 500
_INDOORS = frozenset(
    {"BuildingRoom", "BuildingFurniture", "BuildingStorey", "BuildingUnit", "BridgeRoom", "BridgeFurniture"}
)
_INSIDE = frozenset({"InteriorWallSurface", "CeilingSurface", "FloorSurface", "ClosureSurface"})
_OUTLINES = frozenset({"FootPrint", "RoofEdge", "TerrainIntersection"})
_KINDS = {
    "RoofSurface": Kind.ROOF,
    "OuterFloorSurface": Kind.ROOF,
    "WallSurface": Kind.FACADE,
    "Door": Kind.FACADE,
    "Window": Kind.WINDOW,
    "GroundSurface": Kind.GROUND,
    "OuterCeilingSurface": Kind.OTHER,
}
_UPRIGHT = 0.17
"""A polygon without semantics is a facade where the vertical part of its normal is less (10°)."""
_NEAR_GROUND = 0.5
"""What looks down within this height above its object's lowest point is its ground surface [m]."""


@dataclass
class Built:
    """surfaces: None for a city without any. standing: (t,) which triangles belong to the height field: those
    of buildings and other constructions, since what is below a bridge is open. notes: for readers."""

    surfaces: Surfaces | None
    standing: Bool
    notes: list[str] = field(default_factory=list)


def built_surfaces(
    city: City,
    plane: Plane,
    bounds: Bounds,
    lod: str | None = None,
    progress: Callable[[float], None] | None = None,
) -> Built:
    """The surfaces of buildings, bridges and other constructions that touch bounds [m, of the grid].

    lod: the level of detail, or the nearest below it; None for the finest of each object. progress: told the
    share of the objects that are read.
    """
    collector = _Collector(plane, lod)
    roots = _Roots(city)
    chosen = [(layer, row) for layer in LAYERS for row in _rows(city, layer, plane, bounds)]
    for start in range(0, len(chosen), _BATCH):
        part = chosen[start : start + _BATCH]
        stored = city.fetch([row for _, row in part])
        batch = [
            (x.decode(surface_attributes=False), layer) for x, (layer, _) in zip(stored, part, strict=True)
        ]
        roots.learn([obj for obj, _ in batch])
        collector.add(batch)
        if progress is not None:
            progress((start + len(part)) / len(chosen))
    return collector.finish(roots)


def surfaces_of_objects(city: City, plane: Plane, objects: list[CityObject], lod: str | None = None) -> Built:
    """The surfaces of objects that need not be in the city's store, such as those of a scenario; their
    parents are among them or in the city. lod: as in `built_surfaces`."""
    collector = _Collector(plane, lod)
    roots = _Roots(city)
    roots.learn(objects)
    collector.add([(obj, layer_of(obj.type)) for obj in objects])
    return collector.finish(roots)


def _rows(city: City, layer: str, plane: Plane, bounds: Bounds) -> list[int]:
    """Rows of the objects of a layer whose boxes touch the bounds."""
    if layer not in {known.name for known in city.layers()}:
        return []
    index = city.index(layer)
    low, high = city_box(plane, bounds)
    boxes = index.bounds
    touching = (boxes[:, :2] <= high).all(axis=1) & (boxes[:, 3:5] >= low).all(axis=1)
    return [int(row) for row in index.rows[touching]]


def city_box(plane: Plane, bounds: Bounds) -> tuple[Float64, Float64]:
    """The least and greatest x and y, in the city's coordinates, of the grid's bounds [m]."""
    points = plane.from_grid(_around(bounds))
    return points.min(axis=0), points.max(axis=0)


def built_bounds(city: City, plane: Plane) -> Bounds | None:
    """The box around everything that is built, on the grid's plane [m]; None where nothing is."""
    known = {layer.name for layer in city.layers()}
    boxes = [box for name in LAYERS if name in known and (box := city.bounds(name)) is not None]
    if not boxes:
        return None
    low, high = np.min(boxes, axis=0)[:2], np.max(boxes, axis=0)[3:5]
    points = plane.to_grid(_around((low[0], low[1], high[0], high[1])))
    (west, south), (east, north) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
    return west, south, east, north


def _around(bounds: Bounds) -> Float64:
    """(36, 2) points along the sides of a box, which may be curved in another coordinate system."""
    west, south, east, north = bounds
    t = np.linspace(0, 1, 9)
    x, y = west + t * (east - west), south + t * (north - south)
    level = [np.column_stack([x, np.full(9, v)]) for v in (south, north)]
    return np.concatenate([*level, *(np.column_stack([np.full(9, v), y]) for v in (west, east))])


class _Roots:
    """The whole building that an object is part of."""

    def __init__(self, city: City) -> None:
        self.city = city
        self.parents: dict[str, str | None] = {}

    def learn(self, objects: list[CityObject]) -> None:
        self.parents.update((obj.id, obj.parent) for obj in objects)

    def of(self, id: str) -> str:
        seen = {id}
        while True:
            if id not in self.parents:
                found = self.city.object(id)
                self.parents[id] = found.parent if found is not None else None
            parent = self.parents[id]
            if parent is None or parent in seen:
                return id
            seen.add(parent)
            id = parent


def level(lod: str) -> float:
    """A level of detail as a number, 2.2 for CityJSON's refined ones."""
    try:
        return float(lod)
    except ValueError:
        return 0.0


def chosen_geometries(obj: CityObject, lod: str | None = None) -> list[Geometry]:
    """The surfaces and solids of an object at its finest level of detail, or at the nearest up to `lod` (2
    takes 2.2, too), else the lowest above it. Outlines are none."""
    pool = [
        g
        for g in obj.geometries
        if g.type in SURFACE_TYPES | SOLID_TYPES
        and g.polygon_count
        and g.role not in _OUTLINES
        and level(g.lod) > 0
    ]
    levels = {level(g.lod) for g in pool}
    if not levels:
        return []
    wanted = max(levels)
    if lod is not None:
        limit = float(lod) if "." in lod else float(lod) + 0.9999
        below = [x for x in levels if x <= limit]
        wanted = max(below) if below else min(levels)
    return [g for g in pool if level(g.lod) == wanted]


class _Collector:
    """Puts batches together, in the grid's coordinates."""

    def __init__(self, plane: Plane, lod: str | None) -> None:
        self.plane, self.lod = plane, lod
        self.parts: list[Polygons] = []
        self.kinds: list[npt.NDArray[np.int8]] = []
        self.owners: list[list[str]] = []
        self.ids: list[str] = []
        self.in_field: list[Bool] = []
        self.of_building: list[Bool] = []
        self.counts: Counter[str] = Counter()

    def add(self, batch: list[tuple[CityObject, str]]) -> None:
        """A batch of objects with their layers."""
        drawn = []
        for obj, layer in batch:
            if obj.type in _INDOORS:
                continue
            geometries = chosen_geometries(obj, self.lod)
            if geometries:
                drawn.append((obj, layer, geometries))
            elif obj.type in ("Building", "Bridge") and obj.geometries:
                self.counts["only an outline"] += 1
        if not drawn:
            return
        polygons = gathered([(obj, g) for obj, _, g in drawn], self.plane, _INSIDE)
        if not len(polygons):
            return
        self.counts["not finite"] += polygons.dropped
        turned, open_ = outward(polygons)
        self.counts["inside out"] += turned
        self.counts["open"] += open_
        layer_of = np.array([layer for _, layer, _ in drawn])[polygons.owner]
        building = layer_of == "buildings"
        self.parts.append(polygons)
        self.kinds.append(np.where(building, _kinds(polygons), Kind.OTHER).astype(np.int8))
        self.owners.append([drawn[k][0].id for k in polygons.owner.tolist()])
        self.ids += polygons.ids
        self.of_building.append(building)
        self.in_field.append(layer_of != "bridges")

    def finish(self, roots: _Roots) -> Built:
        notes = list(_notes(self.counts))
        if not self.parts:
            return Built(None, np.zeros(0, bool), [*notes, "there are no buildings in the area"])
        vertices = np.concatenate([p.vertices for p in self.parts])
        rings = _chain([p.rings for p in self.parts])
        polygons = _chain([p.polygons for p in self.parts])
        cut = triangulate(vertices, rings, polygons)
        if len(cut.failed):
            notes.append(f"{len(cut.failed):,} surfaces cannot be cut into triangles and cast no shadow")
        of_building = np.concatenate(self.of_building)
        buildings: dict[str, int] = {}
        number = np.full(len(of_building), -1, np.int32)
        owners = [owner for part in self.owners for owner in part]
        for k in np.flatnonzero(of_building).tolist():
            number[k] = buildings.setdefault(roots.of(owners[k]), len(buildings))
        surfaces = Surfaces(
            vertices,
            rings,
            polygons,
            np.concatenate(self.kinds),
            number,
            _unique(self.ids),
            list(buildings),
            cut.normals,
            cut.areas,
            cut.corners,
            cut.polygon,
        )
        return Built(surfaces, np.concatenate(self.in_field)[cut.polygon], notes)


def _kinds(polygons: Polygons) -> npt.NDArray[np.int8]:
    """(p,) by the semantic surface, else by the direction. A roof's underside is neither roof nor ground."""
    up = polygons.normals[:, 2]
    lowest = np.full(polygons.objects, np.inf)
    np.minimum.at(lowest, polygons.owner, polygons.low)
    near = polygons.low <= lowest[polygons.owner] + _NEAR_GROUND
    kinds = np.where(up > _UPRIGHT, Kind.ROOF, np.where(up >= -_UPRIGHT, Kind.FACADE, Kind.OTHER))
    kinds[(up < -_UPRIGHT) & near] = Kind.GROUND
    for number, name in enumerate(polygons.types):
        if name in _KINDS:
            kinds[polygons.semantics == number] = _KINDS[name]
    kinds[(kinds == Kind.ROOF) & (up < -_UPRIGHT)] = Kind.OTHER
    return kinds.astype(np.int8)


def _notes(counts: Counter[str]) -> Iterator[str]:
    said = {
        "only an outline": "objects have only an outline, and cast no shadow",
        "not finite": "surfaces have coordinates that are not numbers, and are left out",
        "inside out": "objects were modelled inside out and are turned round",
        "open": "objects are not closed; their surfaces face the way the model says",
    }
    for key, text in said.items():
        if counts[key]:
            yield f"{counts[key]:,} {text}"


def _chain(offsets: list[Int32]) -> Int32:
    """Offset arrays of consecutive parts, joined into one."""
    lengths = np.concatenate([np.diff(o) for o in offsets])
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)


def _unique(ids: list[str]) -> list[str]:
    """The same, each that has come before with a number."""
    seen: Counter[str] = Counter()
    made = []
    for id in ids:
        seen[id] += 1
        made.append(id if seen[id] == 1 else f"{id}~{seen[id]}")
    return made
