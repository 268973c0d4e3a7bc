"""GML geometry to polygons of a `RingTable`: surfaces, solids, curves and points of GML 2, 3.1 and 3.2.

Nothing is parsed here; coordinates are kept as texts. A polygon is named by a reference, 2 * its number in
the table, plus 1 when an OrientableSurface turns it round; a link to a polygon that is read elsewhere is
kept as a `Link` until the whole feature has been read.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from lxml.etree import _Element as Element

from citygml.gml.names import (
    CURVE_GEOMETRIES,
    LOCAL,
    POINT_GEOMETRIES,
    SOLID_GEOMETRIES,
    SURFACE_GEOMETRIES,
    XLINK_HREF,
)
from citygml.gml.positions import read_positions
from citygml.gml.rings import RingTable
from citygml.gml.triangles import Triangle, Triangles
from citygml.model import GeometryType


class Link(NamedTuple):
    """An xlink to geometry: `href` as written, `reverse` 1 when the surface is to be turned round."""

    href: str
    reverse: int = 0


Reference: TypeAlias = "int | Link"
Part: TypeAlias = list[Reference]


@dataclass(slots=True)
class Shape:
    """One geometry read from GML. parts: per shell of a solid, else one, its references.
    solids: the number of shells of each solid."""

    type: GeometryType
    parts: list[Part]
    solids: list[int] = field(default_factory=list)


class GeometryReader:
    """Reads geometry elements of one GML namespace into `table`.

    polygons, aggregates: what the gml:ids of polygons and of composites mean in the current feature.
    srs_names: the srsNames of geometries, each with the first owner in the feature.
    duplicates: (owner, gml:id) of polygons whose id another one has.
    owner, surface, local: what the next polygons belong to; set before reading.
    """

    def __init__(self, namespace: str) -> None:
        self.table = RingTable()
        self.polygons: dict[str, int] = {}
        self.aggregates: dict[str, Part] = {}
        self.duplicates: list[tuple[int, str]] = []
        self.srs_names: dict[str, int] = {}
        self.owner = 0
        self.surface = -1
        self.local = False
        self.triangles = Triangles(namespace)
        self.dimension: int | None = None
        ns = f"{{{namespace}}}"
        self._id = f"{ns}id"
        self._polygon_tag = f"{ns}Polygon"
        self._pos_list = f"{ns}posList"
        self._line_string = f"{ns}LineString"
        self._exteriors = frozenset((f"{ns}exterior", f"{ns}outerBoundaryIs"))
        self._interiors = frozenset((f"{ns}interior", f"{ns}innerBoundaryIs"))
        surface: dict[str, Callable[[Element, Part], None]] = {
            "Polygon": self._polygon,
            "PolygonPatch": self._polygon,
            "Triangle": self._polygon,
            "Rectangle": self._polygon,
            "OrientableSurface": self._orientable,
        }
        self._surface = {ns + n: surface.get(n, self._aggregate) for n in SURFACE_GEOMETRIES}
        self._solids = frozenset(ns + n for n in SOLID_GEOMETRIES)
        self._curves = frozenset(ns + n for n in CURVE_GEOMETRIES)
        self._points = frozenset(ns + n for n in POINT_GEOMETRIES)

    def start(self, table: RingTable) -> None:
        """Begin a batch with a fresh table."""
        self.table = table

    def shapes(self, element: Element) -> list[Shape]:
        """The geometry of one element, as one shape for each kind of geometry in it."""
        tag = element.tag
        self._note_crs(element)
        if tag in self._surface:
            part: Part = []
            self._surface[tag](element, part)
            composite = tag.endswith("CompositeSurface")
            return [Shape("CompositeSurface" if composite else "MultiSurface", [part])]
        if tag in self._solids:
            return [self._solid_shape(element)]
        if tag in self._curves:
            part = []
            self._curve(element, part)
            return [Shape("MultiCurve", [part])]
        if tag in self._points:
            part = []
            self._point(element, part)
            return [Shape("MultiPoint", [part])]
        return self._mixed(element)

    def _note_crs(self, element: Element) -> None:
        self.dimension = 2 if element.get("srsDimension") == "2" else None
        name = element.get("srsName")
        if name is not None and not self.local:
            self.srs_names.setdefault(name, self.owner)

    def surfaces(self, element: Element, part: Part) -> bool:
        """Read a surface into `part`; False when the element is none."""
        read = self._surface.get(element.tag)
        if read is None:
            return False
        self._note_crs(element)
        read(element, part)
        return True

    def _mixed(self, element: Element) -> list[Shape]:
        """MultiGeometry and GeometricComplex: one shape for each kind of geometry."""
        found: dict[str, Shape] = {}
        for member in element:
            href = member.get(XLINK_HREF)
            if href is not None:
                shape = found.setdefault("MultiSurface", Shape("MultiSurface", [[]]))
                shape.parts[0].append(Link(href))
            for child in member:
                for read in self.shapes(child):
                    kind = "MultiSurface" if read.type == "CompositeSurface" else read.type
                    if read.solids or kind not in found:
                        found[kind if not read.solids else f"Solid{len(found)}"] = Shape(
                            "MultiSurface" if kind == "MultiSurface" else read.type, read.parts, read.solids
                        )
                    else:
                        found[kind].parts[0].extend(read.parts[0])
        return list(found.values())

    def _aggregate(self, element: Element, part: Part) -> None:
        """MultiSurface, CompositeSurface, Surface, TriangulatedSurface, Shell ...: all their members."""
        first = len(part)
        plain, polygon, triangles = self._polygon_tag, self._polygon, self.triangles
        for member in element:
            href = member.get(XLINK_HREF)
            if href is not None:
                part.append(Link(href))
                continue
            taken = triangles.pop(member)
            if taken:
                self._add_triangles(taken, part)
            for child in member:
                tag = child.tag
                if tag == plain:
                    polygon(child, part)
                elif tag in self._surface:
                    self._surface[tag](child, part)
                elif tag in self._solids:
                    for shell in self._solid_shape(child).parts:
                        part.extend(shell)
        gml_id = element.get(self._id)
        if gml_id is not None:
            self.aggregates[gml_id] = part[first:]

    def _add_triangles(self, triangles: list[Triangle], part: Part) -> None:
        table = self.table
        first, ring, count = len(table.first_ring), len(table.texts), len(triangles)
        table.first_ring.extend(range(ring, ring + count))
        for number, triangle in enumerate(triangles, ring):
            table.texts.append(triangle.positions)
            table.ring_ids.append(triangle.ring_id)
            if triangle.flat or self.dimension:
                table.dimensions[number] = 2
        table.polygon_ids.extend([None] * count)
        table.owners.extend([self.owner] * count)
        table.semantics.extend([self.surface] * count)
        if self.local:
            table.local.extend(range(first, first + count))
        part.extend(range(2 * first, 2 * (first + count), 2))

    def _orientable(self, element: Element, part: Part) -> None:
        turned = 1 if element.get("orientation") == "-" else 0
        base: Part = []
        for child in element:
            if LOCAL[child.tag] != "baseSurface":
                continue
            href = child.get(XLINK_HREF)
            if href is not None:
                base.append(Link(href, turned))
            for surface in child:
                read = self._surface.get(surface.tag)
                if read is not None:
                    inner: Part = []
                    read(surface, inner)
                    base.extend(turn(r) for r in inner) if turned else base.extend(inner)
        gml_id = element.get(self._id)
        if gml_id is not None:
            self.aggregates[gml_id] = base
        part.extend(base)

    def _polygon(self, element: Element, part: Part) -> None:
        table = self.table
        texts = table.texts
        first = len(texts)
        number = len(table.first_ring)
        table.first_ring.append(first)
        for bound in element:
            tag = bound.tag
            if tag in self._exteriors or tag in self._interiors:
                if first == len(texts) and tag not in self._exteriors:
                    self._no_ring()
                for ring in bound:
                    self._ring(ring)
                    break
                else:
                    self._no_ring()
        if first == len(texts):
            self._no_ring()
        table.owners.append(self.owner)
        table.semantics.append(self.surface)
        if self.local:
            table.local.append(number)
        gml_id = element.get(self._id)
        table.polygon_ids.append(gml_id)
        if gml_id is not None:
            if gml_id in self.polygons:
                self.duplicates.append((self.owner, gml_id))
            self.polygons[gml_id] = 2 * number
        part.append(2 * number)

    def _ring(self, ring: Element) -> None:
        table = self.table
        table.ring_ids.append(ring.get(self._id))
        if len(ring) == 1:
            positions = ring[0]
            if positions.tag == self._pos_list:
                if self.dimension or positions.get("srsDimension") == "2":
                    table.dimensions[len(table.texts)] = 2
                table.texts.append(positions.text or "")
                return
        table.texts.append(self._positions(ring))

    def _no_ring(self) -> None:
        """A ring that the schema asks for and the file lacks."""
        self.table.ring_ids.append(None)
        self.table.texts.append("")

    def _positions(self, element: Element) -> str:
        """The coordinates under a ring, line or point; two dimensions are noted in the table."""
        text, flat = read_positions(element)
        if flat or self.dimension:
            self.table.dimensions[len(self.table.texts)] = 2
        return text

    def _solid_shape(self, element: Element) -> Shape:
        local = LOCAL[element.tag]
        if local == "Solid":
            parts: list[Part] = []
            for side in element:
                part: Part = []
                if side.tag not in self._exteriors and side.tag not in self._interiors:
                    continue
                href = side.get(XLINK_HREF)
                if href is not None:
                    part.append(Link(href))
                for shell in side:
                    read = self._surface.get(shell.tag)
                    if read is not None:
                        read(shell, part)
                parts.append(part)
            shape = Shape("Solid", parts, [len(parts)])
        else:
            shape = Shape("MultiSolid" if local == "MultiSolid" else "CompositeSolid", [])
            for member in element:
                href = member.get(XLINK_HREF)
                if href is not None:
                    shape.parts.append([Link(href)])
                    shape.solids.append(1)
                for solid in member:
                    inner = self._solid_shape(solid)
                    shape.parts.extend(inner.parts)
                    shape.solids.extend(inner.solids)
        gml_id = element.get(self._id)
        if gml_id is not None:
            self.aggregates[gml_id] = [r for p in shape.parts for r in p]
        return shape

    def _curve(self, element: Element, part: Part) -> None:
        """One entry for each line string; the segments of a Curve make one line."""
        local = LOCAL[element.tag]
        if local in ("LineString", "Curve", "LinearRing"):
            part.append(self._open(element, self.table.curves))
            return
        for member in element:
            href = member.get(XLINK_HREF)
            if href is not None:
                part.append(Link(href))
            for child in member:
                tag = child.tag
                if tag == self._line_string:
                    part.append(self._open(child, self.table.curves))
                elif tag in self._curves:
                    self._curve(child, part)

    def _point(self, element: Element, part: Part) -> None:
        if LOCAL[element.tag] == "Point":
            part.append(self._open(element, self.table.points))
            return
        for member in element:
            for child in member:
                if child.tag in self._points:
                    self._point(child, part)

    def _open(self, element: Element, kind: list[int]) -> int:
        """Enter a curve or point, as a polygon of one ring that need not close."""
        table = self.table
        number = len(table.first_ring)
        kind.append(number)
        table.first_ring.append(len(table.texts))
        if len(element) == 1 and element[0].tag == self._pos_list and not self.dimension:
            positions = element[0]
            if positions.get("srsDimension") == "2":
                table.dimensions[len(table.texts)] = 2
            table.texts.append(positions.text or "")
        else:
            table.texts.append(self._positions(element))
        gml_id = element.get(self._id)
        table.polygon_ids.append(gml_id)
        table.ring_ids.append(gml_id)
        table.owners.append(self.owner)
        table.semantics.append(-1)
        if self.local:
            table.local.append(number)
        if gml_id is not None:
            self.polygons[gml_id] = 2 * number
        return 2 * number


def turn(reference: Reference) -> Reference:
    """The same surface, facing the other way."""
    if isinstance(reference, Link):
        return Link(reference.href, reference.reverse ^ 1)
    return reference ^ 1
