"""Geometry arrays as GML: polygons, shells, solids, curves, points, triangles."""

from __future__ import annotations

from dataclasses import dataclass, field

from citygml.gml_writer.text import attribute, element, xlink
from citygml.model import SOLID_TYPES, SURFACE_TYPES, Geometry


@dataclass(slots=True)
class Writing:
    """One geometry being written. ids: gml:id per polygon ("" for none); ring_ids: per ring, likewise.
    linked: polygons that stand elsewhere (in a semantic surface) and are only pointed to."""

    geometry: Geometry
    points: list[str]
    ids: list[str]
    ring_ids: list[str]
    linked: list[bool] = field(default_factory=list)

    @classmethod
    def of(cls, geometry: Geometry, swap_axes: bool) -> Writing:
        vertices = geometry.vertices[:, [1, 0, 2]] if swap_axes else geometry.vertices
        points = [f"{x!r} {y!r} {z!r}" for x, y, z in vertices.tolist()]
        count = geometry.polygon_count
        return cls(geometry, points, [""] * count, [""] * (len(geometry.rings) - 1), [False] * count)


def _id(value: str) -> str:
    return attribute("gml:id", value) if value else ""


def _ring(w: Writing, ring: int, identified: bool = True) -> str:
    start, end = int(w.geometry.rings[ring]), int(w.geometry.rings[ring + 1])
    positions = " ".join([*w.points[start:end], *w.points[start : start + 1]])
    name = _id(w.ring_ids[ring]) if identified else ""
    return f'<gml:LinearRing{name}><gml:posList srsDimension="3">{positions}</gml:posList></gml:LinearRing>'


def _rings(w: Writing, polygon: int) -> str:
    first, last = int(w.geometry.polygons[polygon]), int(w.geometry.polygons[polygon + 1])
    parts = [
        element("gml:exterior" if ring == first else "gml:interior", _ring(w, ring))
        for ring in range(first, last)
    ]
    return "".join(parts)


def polygon(w: Writing, index: int) -> str:
    """A gml:Polygon with its holes."""
    return f"<gml:Polygon{_id(w.ids[index])}>{_rings(w, index)}</gml:Polygon>"


def _member(w: Writing, index: int) -> str:
    if w.linked[index]:
        return xlink("gml:surfaceMember", w.ids[index])
    return f"<gml:surfaceMember>{polygon(w, index)}</gml:surfaceMember>"


def multi_surface(members: list[tuple[Writing, int]], name: str = "gml:MultiSurface") -> str:
    """Polygons of one or several geometries, written in full."""
    inner = "".join(f"<gml:surfaceMember>{polygon(w, p)}</gml:surfaceMember>" for w, p in members)
    return element(name, inner)


def _shell(w: Writing, shell: int, version: str) -> str:
    assert w.geometry.shells is not None
    first, last = int(w.geometry.shells[shell]), int(w.geometry.shells[shell + 1])
    inner = "".join(_member(w, p) for p in range(first, last))
    return element("gml:Shell" if version == "3.0" else "gml:CompositeSurface", inner)


def _solid(w: Writing, solid: int, version: str) -> str:
    assert w.geometry.solids is not None
    first, last = int(w.geometry.solids[solid]), int(w.geometry.solids[solid + 1])
    shells = "".join(
        element("gml:exterior" if s == first else "gml:interior", _shell(w, s, version))
        for s in range(first, last)
    )
    return element("gml:Solid", shells)


def _line(w: Writing, ring: int) -> str:
    start, end = int(w.geometry.rings[ring]), int(w.geometry.rings[ring + 1])
    positions = " ".join(w.points[start:end])
    return element("gml:LineString", f'<gml:posList srsDimension="3">{positions}</gml:posList>')


def _triangles(w: Writing) -> str:
    patches = "".join(
        element("gml:Triangle", element("gml:exterior", _ring(w, int(w.geometry.polygons[p]), False)))
        for p in range(w.geometry.polygon_count)
    )
    return element("gml:TriangulatedSurface", element("gml:trianglePatches", patches))


def is_triangulated(geometry: Geometry) -> bool:
    """True when each polygon is one ring of three vertices."""
    one_ring = len(geometry.rings) == len(geometry.polygons)
    return bool(one_ring and all(geometry.rings[1:] - geometry.rings[:-1] == 3))


def whole(w: Writing, version: str, form: str) -> str:
    """The geometry as GML of this form: `Solid`, `MultiSolid`, `MultiSurface`, `Surface`, `MultiCurve`,
    `MultiPoint`, `Point`, `TIN`, `GeometricComplex` or `Geometry` (the form that is its own)."""
    geometry = w.geometry
    if form == "Geometry":
        form = geometry.type
    if form in SOLID_TYPES:
        assert geometry.solids is not None
        solids = [_solid(w, s, version) for s in range(len(geometry.solids) - 1)]
        if form == "Solid":
            return solids[0] if len(solids) == 1 else _composite(solids)
        return element(f"gml:{form}", "".join(element("gml:solidMember", s) for s in solids))
    if form in SURFACE_TYPES or form == "Surface":
        own = [p for p in range(geometry.polygon_count) if not w.linked[p]]
        if form == "Surface" and len(own) == 1:
            return polygon(w, own[0])
        name = "gml:MultiSurface" if form == "MultiSurface" else "gml:CompositeSurface"
        return multi_surface([(w, p) for p in own], name)
    if form == "TIN":
        return _triangles(w)
    count = len(geometry.rings) - 1
    if form == "GeometricComplex":
        return element(
            "gml:GeometricComplex", "".join(element("gml:element", _line(w, r)) for r in range(count))
        )
    if form == "MultiCurve":
        return element(
            "gml:MultiCurve", "".join(element("gml:curveMember", _line(w, r)) for r in range(count))
        )
    points = [element("gml:Point", element("gml:pos", p, ' srsDimension="3"')) for p in w.points]
    if form == "Point":
        return points[0]
    return element("gml:MultiPoint", "".join(element("gml:pointMember", p) for p in points))


def _composite(solids: list[str]) -> str:
    return element("gml:CompositeSolid", "".join(element("gml:solidMember", s) for s in solids))
