"""What a tileset draws and what it ought to draw, both on the globe, for comparing them object by object."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import shapely

from citygml.crs import Georeference
from citygml.geometry import polygon_areas
from citygml.model import CityObject, Float64, Geometry, ImplicitGeometry
from tiles.read import read_glb
from twin.place import georeference
from twin.store import City, open_city

_LINES = ("MultiCurve", "MultiPoint")


@dataclass(slots=True)
class Shape:
    """One object: area of its triangles or polygons [m²], and its points (n, 3), geocentric [m]."""

    area: float = 0.0
    points: list[Float64] = field(default_factory=list)

    def positions(self) -> Float64:
        return np.concatenate(self.points) if self.points else np.empty((0, 3))


def leaves(tileset: Path) -> dict[str, Shape]:
    """What the leaves of a tileset draw, by object id."""
    found: defaultdict[str, Shape] = defaultdict(Shape)
    waiting = [(json.loads(tileset.read_bytes())["root"], np.eye(4))]
    while waiting:
        tile, above = waiting.pop()
        matrix = above @ np.array(tile.get("transform", np.eye(4).ravel())).reshape(4, 4).T
        waiting += [(child, matrix) for child in tile.get("children", ())]
        if "children" in tile:
            continue
        gltf = read_glb((tileset.parent / tile["content"]["uri"]).read_bytes())
        ids = gltf.table()["id"]
        for part in gltf.parts():
            p = part.positions
            points = np.stack([p[:, 0], -p[:, 2], p[:, 1]], axis=1) @ matrix[:3, :3].T + matrix[:3, 3]
            for row in np.unique(part.features).tolist():
                found[ids[row]].points.append(points[part.features == row])
            if part.mode == 4:
                a, b, c = (points[part.indices[k::3]] for k in range(3))
                areas = np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2
                rows = part.features[part.indices[::3]]
                for row in np.unique(rows).tolist():
                    found[ids[row]].area += float(areas[rows == row].sum())
    return dict(found)


def expected(folder: Path, layer: str) -> dict[str, Shape]:
    """What ought to be drawn of a layer: each object at its highest LoD, every polygon once."""
    with open_city(folder) as city:
        place = georeference(city)
        shapes = {}
        for stored in city.fetch(city.index(layer).rows):
            shape = _shape(city, stored.decode(), place)
            if shape is not None:
                shapes[stored.id] = shape
    return shapes


def _shape(city: City, obj: CityObject, place: Georeference) -> Shape | None:
    geometries = [g for g in obj.geometries if g.role != "TerrainIntersection" and len(g.vertices)]
    solid = [g for g in geometries if g.type not in _LINES]
    candidates = solid or ([] if obj.implicit else geometries)
    lods = {float(g.lod) for g in candidates} | {float(i.lod) for i in obj.implicit}
    if not lods:
        return None
    shape = Shape()
    seen: set[bytes] = set()
    for g in candidates:
        if float(g.lod) == max(lods):
            _add(shape, g, place.to_ecef(g.vertices), seen)
    for placed in obj.implicit:
        if float(placed.lod) == max(lods):
            for g, points in _placed(city, placed, place):
                _add(shape, g, points, set())
    return shape


def _add(shape: Shape, g: Geometry, points: Float64, seen: set[bytes]) -> None:
    """Add the polygons that no earlier geometry has; the same polygon may start and turn otherwise."""
    if g.type in _LINES:
        shape.points.append(points)
        return
    known = set(seen)
    on_globe = Geometry(g.type, g.lod, points, g.rings, g.polygons)
    for p, area in enumerate(polygon_areas(on_globe).tolist()):
        corners = points[g.rings[g.polygons[p]] : g.rings[g.polygons[p + 1]]]
        rounded = np.unique(corners.round(3), axis=0).tobytes()
        seen.add(rounded)
        if rounded in known or area <= 1e-6:
            continue
        shape.points.append(corners)
        shape.area += area


def _placed(city: City, placed: ImplicitGeometry, place: Georeference) -> list[tuple[Geometry, Float64]]:
    """The geometries of a library geometry where it stands: metres east, north and up of its anchor."""
    template = city.template(placed.template)
    frame = place.local_frame(placed.anchor)
    origin = place.to_ecef(placed.anchor[None])[0]
    turned = []
    for g in template.geometries if template is not None else ():
        local = g.vertices @ placed.matrix[:3, :3].T + placed.matrix[:3, 3]
        turned.append((g, local @ frame.matrix[:3, :3].T + origin))
    return turned


def distances(points: Float64, others: Float64) -> Float64:
    """(n,) distance [m] from each of the points to the nearest of the others, infinite beyond 5 cm."""
    middle = points.mean(axis=0)
    here, there = points - middle, others - middle
    tree = shapely.STRtree(shapely.points(there[:, :2]))
    near = tree.query(shapely.points(here[:, :2]), predicate="dwithin", distance=0.05)
    distance = np.full(len(here), np.inf)
    np.minimum.at(distance, near[0], np.linalg.norm(here[near[0]] - there[near[1]], axis=1))
    return distance
