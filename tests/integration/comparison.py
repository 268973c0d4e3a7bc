"""Two city models side by side: what every object is, in a form that does not depend on the encoding."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from citygml.geometry import polygon_areas
from citygml.model import CityObject, Geometry, Measure, Value
from twin.place import metres_per_unit
from twin.store import open_city

_FLAT_TYPES = ("MultiCurve", "MultiPoint")


@dataclass(slots=True)
class Likeness:
    """What two encodings of one object have in common.

    areas: (lod, type of semantic surface or "") to area [m²]. edges: the same to the length of all edges
    [m], since rounding moves an area by that times the step at most. surfaces: type of semantic surface,
    with the type of the one that holds it, to their number. curves: LoD to number of vertices. textured:
    how many polygons bear an image or material. images: keys of the images. uv: least and greatest
    texture coordinates. placed: of library geometry. bounds [m].
    """

    type: str
    parent: str | None
    attributes: dict[str, Value]
    areas: dict[tuple[str, str], float]
    edges: dict[tuple[str, str], float]
    surfaces: Counter[tuple[str, str]]
    surface_attributes: dict[str, Any]
    curves: dict[str, int]
    textured: int
    images: set[str]
    uv: list[float]
    placed: list[Any]
    addresses: list[dict[str, Value]]
    links: list[Any]
    bounds: Any


def likeness(obj: CityObject, scale: tuple[float, float, float] = (1.0, 1.0, 1.0)) -> Likeness:
    """The object in this form. scale: metres per unit of each axis."""
    areas: defaultdict[tuple[str, str], float] = defaultdict(float)
    edges: defaultdict[tuple[str, str], float] = defaultdict(float)
    curves: defaultdict[str, int] = defaultdict(int)
    textured = 0
    uv: list[Any] = []
    for g in obj.geometries:
        if g.type in _FLAT_TYPES:
            curves[g.lod] += len(g.vertices)
            continue
        lengths = _edges(g, scale).tolist()
        for kind, area, length in zip(_kinds(obj, g), polygon_areas(g, scale).tolist(), lengths, strict=True):
            areas[g.lod, kind] += area
            edges[g.lod, kind] += length
        painted = np.zeros(g.polygon_count, bool)
        for texturing in g.textures.values():
            painted |= texturing.images >= 0
            uv.append(texturing.uv[np.isfinite(texturing.uv).all(axis=1)])
        for materials in g.materials.values():
            painted |= materials >= 0
        textured += int(painted.sum())
    bounds = obj.bounds()
    return Likeness(
        obj.type,
        obj.parent,
        obj.attributes,
        dict(areas),
        dict(edges),
        Counter((s.type, obj.surfaces[s.parent].type if s.parent >= 0 else "") for s in obj.surfaces),
        _surface_attributes(obj),
        dict(curves),
        textured,
        {t.path or t.uri for t in obj.textures},
        _range(uv),
        [(i.lod, i.matrix.tolist(), (i.anchor * scale).tolist()) for i in obj.implicit],
        obj.addresses,
        [sorted(obj.members, key=str), sorted(obj.relations)],
        None if bounds is None else (bounds * scale).tolist(),
    )


def _range(uv: list[Any]) -> list[float]:
    points = np.concatenate([*uv, np.empty((0, 2))]).astype(float)
    return [*points.min(axis=0).tolist(), *points.max(axis=0).tolist()] if len(points) else []


def _edges(g: Geometry, scale: tuple[float, float, float]) -> Any:
    """(p,) length of all edges of each polygon."""
    points = g.vertices * scale
    following = np.arange(1, len(points) + 1)
    following[g.rings[1:] - 1] = g.rings[:-1]
    lengths = np.concatenate([[0.0], np.cumsum(np.linalg.norm(points[following] - points, axis=1))])
    ends = lengths[g.rings[g.polygons]]
    return np.diff(ends)


def _kinds(obj: CityObject, g: Geometry) -> list[str]:
    if g.semantics is None:
        return [""] * g.polygon_count
    return [obj.surfaces[s].type if s >= 0 else "" for s in g.semantics.tolist()]


def _surface_attributes(obj: CityObject) -> dict[str, Any]:
    """The attributes of surfaces by their id; of those without id, how often each stands."""
    known = {s.id: s.attributes for s in obj.surfaces if s.id is not None and s.attributes}
    nameless = Counter(repr(s.attributes) for s in obj.surfaces if s.id is None and s.attributes)
    return {**known, **nameless}


def likenesses(
    objects: Iterable[CityObject], scale: tuple[float, float, float] = (1.0, 1.0, 1.0)
) -> dict[str, Likeness]:
    return {obj.id: likeness(obj, scale) for obj in objects}


def stored(folder: Path) -> dict[str, Likeness]:
    """The objects of a city."""
    with open_city(folder) as city:
        return likenesses((s.decode() for s in city.all_objects()), (*metres_per_unit(city), 1.0))


def differences(
    first: Mapping[str, Likeness],
    second: Mapping[str, Likeness],
    expected: Callable[[str, str], bool] = lambda id, what: False,
    step: float = 2e-3,
) -> list[str]:
    """One line for each thing in which two models differ, less those that are expected.

    expected: whether a difference, by object id and the name of what differs, is one. step: by how much
    coordinates may differ [m].
    """
    found = [f"{id}: only in the first" for id in sorted(first.keys() - second.keys())]
    found += [f"{id}: only in the second" for id in sorted(second.keys() - first.keys())]
    for id in sorted(first.keys() & second.keys()):
        found += [
            f"{id}: {line}" for what, line in _compare(first[id], second[id], step) if not expected(id, what)
        ]
    return found


def _compare(a: Likeness, b: Likeness, step: float) -> Iterator[tuple[str, str]]:
    for name in (
        "type",
        "parent",
        "surfaces",
        "surface_attributes",
        "curves",
        "textured",
        "addresses",
        "links",
    ):
        one, other = getattr(a, name), getattr(b, name)
        if not same(one, other, step):
            yield name, f"{name}: {one} != {other}"
    for key in sorted(a.attributes.keys() | b.attributes.keys()):
        if not same(a.attributes.get(key), b.attributes.get(key), 0.0):
            yield f"attributes.{key}", f"{key}: {a.attributes.get(key)!r} != {b.attributes.get(key)!r}"
    for place in sorted(a.areas.keys() | b.areas.keys()):
        one, other = a.areas.get(place, 0.0), b.areas.get(place, 0.0)
        if abs(one - other) > max(step * a.edges.get(place, b.edges.get(place, 0.0)), 1e-4 * one):
            yield f"areas.{place[0]}", f"area of {place}: {one} != {other}"
    if a.images != b.images or not same(a.uv, b.uv, 1e-3):
        yield "images", f"images: {a.images}, {a.uv} != {b.images}, {b.uv}"
    if not same(a.placed, b.placed, step):
        yield "placed", f"placed: {a.placed} != {b.placed}"
    if not same(a.bounds, b.bounds, step):
        yield "bounds", f"bounds: {a.bounds} != {b.bounds}"


def same(a: Any, b: Any, step: float) -> bool:
    """Equal in value and type, but for numbers, which may be `step` apart."""
    if isinstance(a, Measure) and isinstance(b, Measure):
        return a.unit == b.unit and same(a.value, b.value, step)
    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
        return len(a) == len(b) and all(same(x, y, step) for x, y in zip(a, b, strict=True))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k], step) for k in a)
    if isinstance(a, float) and isinstance(b, float):
        return abs(a - b) <= step + 1e-12 * abs(a)
    return type(a) is type(b) and bool(a == b)
