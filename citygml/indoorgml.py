"""Reads IndoorGML 1.x: cells, their boundaries, and the dual graph of states and transitions.

Each feature becomes a city object named by its element (`indoor:CellSpace`, `indoor:GeneralSpace`,
`indoor:CellSpaceBoundary`, `indoor:State`, `indoor:Transition`); `duality`, `connects` and
`partialboundedBy` become its relations. IndoorGML has no levels of detail: everything is LoD 2.
Files without srsName, which most are, are in a local system unless the options name a CRS.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
from lxml import etree

from citygml.crs import Crs, parse, resolve
from citygml.errors import NotACityModel
from citygml.findings import Finding
from citygml.gml.stream import refuse_doctype, syntax_error
from citygml.model import (
    Attributes,
    Batches,
    CityObject,
    Code,
    Float64,
    Geometry,
    GeometryType,
    ModelInfo,
    Value,
)
from citygml.reading import Gathered, ReadOptions

LOD: Final = "2"
_HREF: Final = "{http://www.w3.org/1999/xlink}href"
_GML: Final = "{http://www.opengis.net/gml/3.2}"
_ID: Final = f"{_GML}id"
_NAMESPACE = re.compile(r"http://www\.opengis\.net/indoorgml/(\d\.\d)/core$")
_MEMBERS: Final = (
    "cellSpaceMember",
    "cellSpaceBoundaryMember",
    "stateMember",
    "transitionMember",
    "interLayerConnectionMember",
)
_GEOMETRY_PROPERTIES: Final = {"cellSpaceGeometry", "cellSpaceBoundaryGeometry", "geometry"}
_CODES: Final = {"class", "function", "usage"}
_NUMBERS: Final = {"weight"}


class IndoorGmlReader:
    """One IndoorGML file. Raises NotACityModel or UnsafeInput."""

    def __init__(self, path: Path, options: ReadOptions) -> None:
        self.path = path
        self.options = options
        self.gathered = Gathered()
        refuse_doctype(path)
        version, declared = self._head()
        srs_name = options.crs or declared
        self.info = ModelInfo("IndoorGML", version, srs_name)
        self._crs: Crs | None = parse(srs_name) if srs_name else None
        self._swap: bool | None = None if self._crs else False

    def batches(self) -> Batches:
        batch: list[CityObject] = []
        for feature in self._features():
            batch.append(self._object(feature))
            if len(batch) >= self.options.batch:
                yield batch
                batch = []
        if batch:
            yield batch

    def _parse(self, events: tuple[str, ...], tags: tuple[str, ...] | None) -> Iterator[etree._Element]:
        """Elements of the file; nothing is fetched."""
        try:
            with self.path.open("rb") as file:
                context = etree.iterparse(
                    file,
                    events=events,
                    tag=tags,
                    resolve_entities=False,
                    load_dtd=False,
                    no_network=True,
                    remove_comments=True,
                )
                for _, element in context:
                    yield element
        except etree.XMLSyntaxError as error:
            raise syntax_error(self.path, error) from None

    def _head(self) -> tuple[str, str | None]:
        """(version, srsName) from the root and the first geometry."""
        version = ""
        for element in self._parse(("start",), None):
            tag = etree.QName(element)
            if not version:
                match = _NAMESPACE.match(tag.namespace or "")
                if tag.localname != "IndoorFeatures" or not match:
                    raise NotACityModel(f"{self.path}: its root is {tag.localname}, not IndoorFeatures")
                version = match[1]
            srs_name = element.get("srsName")
            if srs_name:
                return version, srs_name
            if tag.localname in {"pos", "posList"}:
                break
        return version, None

    def _features(self) -> Iterator[etree._Element]:
        for member in self._parse(("end",), tuple(f"{{*}}{name}" for name in _MEMBERS)):
            for feature in member.iterchildren(etree.Element):
                yield feature
                yield from feature.findall("{*}partialboundedBy/*")
            member.clear()
            parent = member.getparent()
            while parent is not None and member.getprevious() is not None:
                del parent[0]

    def _object(self, feature: etree._Element) -> CityObject:
        id = feature.get(_ID) or f"line-{feature.sourceline}"
        obj = CityObject(id, f"indoor:{etree.QName(feature).localname}")
        for child in feature.iterchildren(etree.Element):
            name = etree.QName(child).localname
            href = child.get(_HREF)
            if href is not None:
                obj.relations.append((name, href.removeprefix("#")))
            elif name in _GEOMETRY_PROPERTIES:
                self._geometry(obj, child)
            elif name == "partialboundedBy":
                obj.relations += [(name, i) for b in child if (i := b.get(_ID))]
            elif name != "boundedBy":
                _add(obj.attributes, name, _value(name, child))
        return obj

    def _geometry(self, obj: CityObject, holder: etree._Element) -> None:
        if self.options.lods is not None and LOD not in self.options.lods:
            return
        shells: list[list[etree._Element]] = []
        kind: GeometryType
        solid = next(holder.iter(f"{_GML}Solid"), None)
        if solid is not None:
            kind = "Solid"
            boundaries = [*solid.findall(f"{_GML}exterior"), *solid.findall(f"{_GML}interior")]
            shells = [list(b.iter(f"{_GML}Polygon", f"{_GML}PolygonPatch")) for b in boundaries]
        elif (polygons := list(holder.iter(f"{_GML}Polygon", f"{_GML}PolygonPatch"))) != []:
            kind, shells = "MultiSurface", [polygons]
        elif (lines := list(holder.iter(f"{_GML}LineString", f"{_GML}LineStringSegment"))) != []:
            kind, shells = "MultiCurve", [lines]
        else:
            kind, shells = "MultiPoint", [list(holder.iter(f"{_GML}Point"))]
        for link in holder.iter():
            if link.get(_HREF) is not None:
                self._find(obj, "broken-xlink", f"geometry by reference ({link.get(_HREF)}) is not followed")
        self._add_geometry(obj, kind, shells)

    def _add_geometry(self, obj: CityObject, kind: GeometryType, shells: list[list[etree._Element]]) -> None:
        vertices: list[Float64] = []
        rings, polygons, ends, ids = [0], [0], [0], list[str | None]()
        closed = kind in {"Solid", "MultiSurface"}
        for shell in shells:
            for polygon in shell:
                parts = polygon.iter(f"{_GML}LinearRing") if closed else iter([polygon])
                read = [self._ring(obj, part, closed) for part in parts]
                if not read or any(r is None for r in read):
                    continue
                for ring in read:
                    assert ring is not None
                    vertices.append(ring)
                    rings.append(rings[-1] + len(ring))
                polygons.append(len(rings) - 1)
                ids.append(polygon.get(_ID))
            ends.append(len(polygons) - 1)
        if not vertices:
            return
        geometry = Geometry(
            kind,
            LOD,
            self._oriented(np.concatenate(vertices)),
            np.array(rings, np.int32),
            np.array(polygons, np.int32),
            role="Solid" if kind == "Solid" else "Geometry",
            polygon_ids=ids if self.options.keep_ids else None,
        )
        if kind == "Solid":
            geometry.shells = np.array(ends, np.int32)
            geometry.solids = np.array([0, len(shells)], np.int32)
        obj.geometries.append(geometry)

    def _ring(self, obj: CityObject, element: etree._Element, closed: bool) -> Float64 | None:
        """(n, 3) float64 of a ring, line or point; None, with a finding, when it is defective."""
        texts = list(element.iter(f"{_GML}pos", f"{_GML}posList"))
        dimension = 2 if any(e.get("srsDimension") == "2" for e in texts) else 3
        try:
            values = np.array(" ".join(e.text or "" for e in texts).split(), np.float64)
        except ValueError:
            values = np.array([np.nan])
        part = element.get(_ID) or next((a.get(_ID) for a in element.iterancestors(f"{_GML}Polygon")), None)
        if not len(values) or len(values) % dimension or not np.isfinite(values).all():
            message = "its coordinates are missing, miscounted or not numbers; left out"
            self._find(obj, "bad-coordinates", message, part)
            return None
        points = values.reshape(-1, dimension)
        if dimension == 2:
            points = np.column_stack([points, np.zeros(len(points))])
        if not closed:
            return points
        if len(points) < 4:
            self._find(obj, "too-few-points", "a ring has fewer than four positions; left out", part)
            return None
        if not np.array_equal(points[0], points[-1]):
            message = "the last position of a ring is not its first; its polygon is left out"
            self._find(obj, "ring-not-closed", message, part)
            return None
        return points[:-1]

    def _oriented(self, vertices: Float64) -> Float64:
        """East, north, up; the first geometry settles which axis order the file means."""
        if self._swap is None:
            assert self._crs is not None
            self._swap = resolve(self._crs, vertices).swap_axes
        return vertices[:, [1, 0, 2]] if self._swap else vertices

    def _find(self, obj: CityObject, code: str, message: str, part: str | None = None) -> None:
        self.gathered.findings.append(Finding(code, message, obj.id, part))


def _value(name: str, element: etree._Element) -> Value:
    if len(element):
        nested: Attributes = {}
        for child in element.iterchildren(etree.Element):
            local = etree.QName(child).localname
            _add(nested, local, _value(local, child))
        return nested
    text = (element.text or "").strip()
    if name in _CODES:
        return Code(text, element.get("codeSpace"))
    if name in _NUMBERS:
        try:
            return float(text)
        except ValueError:
            return text
    return text


def _add(attributes: Attributes, name: str, value: Value) -> None:
    """A repeated element becomes a list; an empty one is no attribute."""
    if value in ("", {}):
        return
    known = attributes.get(name)
    if known is None:
        attributes[name] = value
    elif isinstance(known, list):
        known.append(value)
    else:
        attributes[name] = [known, value]
