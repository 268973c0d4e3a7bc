"""Outlines of the city's objects on the grid's plane: buildings as wholes, areas of roads, water and land."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import shapely
import shapely.geometry

from analysis.scene.grid import Bounds, Float64, Plane
from citygml.geometry import ring_vectors
from citygml.model import SOLID_TYPES, SURFACE_TYPES, Attributes, CityObject, Code, Geometry, Measure, Value
from twin.footprints import footprint
from twin.place import metres_per_unit
from twin.store import City

Shape: TypeAlias = shapely.Geometry

_WHOLE = ("Building", "BuildingPart")
_AREAS = SURFACE_TYPES | SOLID_TYPES
_LEVEL = 0.3
"""A polygon whose normal is steeper than this (its vertical part) is a side, not the top, of an area."""


@dataclass(slots=True)
class Outline:
    """An object with its area. shape: on the grid's plane [m]. low, high: of what it is made of [m].

    attributes: of the whole object; parts: those of its building parts, with each part's area [m²].
    """

    id: str
    class_name: str
    shape: Shape
    low: float
    high: float
    attributes: Attributes
    parts: list[tuple[Attributes, float]] = field(default_factory=list)
    addresses: list[Attributes] = field(default_factory=list)

    @property
    def area(self) -> float:
        """[m²]"""
        return float(shapely.area(self.shape))


def buildings(city: City, plane: Plane, bounds: Bounds | None = None) -> list[Outline]:
    """Every building with an outline that touches bounds, in the order of the store: its parts' outlines and
    its own are one. What stands on or in it (installations, rooms) does not count."""
    return [b for b in _buildings(city, plane) if _within(b.shape, bounds)]


def _buildings(city: City, plane: Plane) -> Iterator[Outline]:
    family: list[CityObject] = []
    ids: set[str] = set()
    for stored in city.all_objects(["buildings"]):
        if stored.parent not in ids:
            yield from _whole(family, plane)
            family, ids = [], set()
        ids.add(stored.id)
        if not family or stored.class_name in _WHOLE:
            family.append(stored.decode(surface_attributes=False))
    yield from _whole(family, plane)


def _whole(family: list[CityObject], plane: Plane) -> Iterator[Outline]:
    if not family or family[0].type not in _WHOLE:
        return
    shapes = [(obj, _area(footprint(obj, lambda p: plane.to_grid(p)))) for obj in family]
    known = [(obj, shape) for obj, shape in shapes if shape is not None]
    if not known:
        return
    z = np.concatenate([g.vertices[:, 2] for obj, _ in known for g in obj.geometries])
    root = family[0]
    yield Outline(
        root.id,
        root.type,
        known[0][1] if len(known) == 1 else shapely.union_all([shape for _, shape in known]),
        float(z.min()),
        float(z.max()),
        root.attributes,
        [(obj.attributes, float(shapely.area(shape))) for obj, shape in known if obj is not root],
        root.addresses,
    )


def _area(geometry: dict[str, object] | None) -> Shape | None:
    """The valid polygons of a GeoJSON geometry; None where it has no area."""
    if geometry is None or geometry["type"] not in ("Polygon", "MultiPolygon"):
        return None
    shape = shapely.geometry.shape(geometry)
    if not shapely.is_valid(shape):
        shape = shapely.make_valid(shape)
    parts = shapely.get_parts(shape, return_index=False)
    flat = [part for part in parts.tolist() if isinstance(part, (shapely.Polygon, shapely.MultiPolygon))]
    merged = shapely.union_all(flat)
    return merged if shapely.area(merged) > 0 else None


def areas(city: City, plane: Plane, layer: str, bounds: Bounds | None = None) -> Iterator[Outline]:
    """What lies on the ground in a layer: each object's areas by the kind of their surface.

    One `Outline` for each object and, where its surfaces differ, each of their types and functions, whose
    attributes then stand for the object's. Sides of solids are left out.
    """
    scale = metres_per_unit(city)
    for stored in city.fetch(city.index(layer).rows):
        for outline in _surfaces(stored.decode(), plane, scale):
            if _within(outline.shape, bounds):
                yield outline


def _surfaces(obj: CityObject, plane: Plane, scale: tuple[float, float]) -> Iterator[Outline]:
    best = max((g.lod for g in obj.geometries if g.type in _AREAS), default=None)
    groups: dict[int, list[Shape]] = {}
    heights: dict[int, list[Float64]] = {}
    for g in obj.geometries:
        if g.type not in _AREAS or g.lod != best or not len(g.vertices):
            continue
        xy = plane.to_grid(g.vertices)
        for polygon in _level(g, scale):
            rings = range(g.polygons[polygon], g.polygons[polygon + 1])
            exterior, *holes = (xy[g.rings[r] : g.rings[r + 1]] for r in rings)
            if len(exterior) >= 3:
                kind = -1 if g.semantics is None else int(g.semantics[polygon])
                shape = shapely.Polygon(exterior, [h for h in holes if len(h) >= 3])
                groups.setdefault(kind, []).append(shapely.make_valid(shape))
                heights.setdefault(kind, []).append(g.vertices[g.rings[rings[0]] : g.rings[rings[0] + 1], 2])
    for kind, shapes in groups.items():
        surface = obj.surfaces[kind] if kind >= 0 else None
        z = np.concatenate(heights[kind])
        yield Outline(
            obj.id,
            obj.type if surface is None else surface.type,
            shapely.union_all(shapes),
            float(z.min()),
            float(z.max()),
            obj.attributes if surface is None else {**obj.attributes, **surface.attributes},
        )


def _level(g: Geometry, scale: tuple[float, float]) -> list[int]:
    """The polygons that look up or down."""
    vertices = (g.vertices - g.vertices[0]) * [*scale, 1.0]
    vectors = ring_vectors(vertices, g.rings)[g.polygons[:-1]]
    upward = vectors[:, 2] / np.maximum(np.linalg.norm(vectors, axis=1), 1e-300)
    return [int(p) for p in np.nonzero(np.abs(upward) > _LEVEL)[0]]


def _within(shape: Shape, bounds: Bounds | None) -> bool:
    return bounds is None or bool(shapely.intersects(shape, shapely.box(*bounds)))


def number(attributes: Attributes, names: Iterable[str]) -> float | None:
    """The first of some attributes that is a number: itself, a `Measure`'s, or text that is one."""
    for name in names:
        value = attributes.get(name)
        if isinstance(value, list) and value:
            value = value[0]
        if isinstance(value, Measure):
            value = value.value
        if isinstance(value, str):
            try:
                value = float(value)
            except ValueError:
                continue
        if isinstance(value, (int, float)) and not isinstance(value, bool) and np.isfinite(value):
            return float(value)
    return None


def codes(value: Value) -> Iterator[Code]:
    """The codes of an attribute, which may be one, a list of them, or text."""
    if isinstance(value, list):
        for one in value:
            yield from codes(one)
    elif isinstance(value, Code):
        yield value
    elif isinstance(value, str):
        yield Code(value, None, value)
