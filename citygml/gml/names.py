"""Namespaces and element names of CityGML 1.0 to 3.0 and GML, and what each element is.

`Names` belongs to one file: it sorts tags into city objects, semantic surfaces, geometries and the rest,
and keeps the answer, so that a tag is looked at once however often it occurs.
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from lxml.etree import _Element as Element

from citygml.classes import CITY_OBJECTS, SURFACES, CityClass

GML_NAMESPACES = ("http://www.opengis.net/gml", "http://www.opengis.net/gml/3.2")
_IDS = tuple(f"{{{ns}}}id" for ns in GML_NAMESPACES)
XLINK_HREF = "{http://www.w3.org/1999/xlink}href"
CITYGML = re.compile(r"http://www\.opengis\.net/citygml(?:/[a-z/]+)?/([123])\.0$")
XAL = re.compile(r"urn:oasis:names:tc:ciq:(xsdschema:xAL:2\.0|xal:3)$")

SURFACE_GEOMETRIES = frozenset(
    {
        "Polygon",
        "MultiSurface",
        "CompositeSurface",
        "OrientableSurface",
        "Surface",
        "PolyhedralSurface",
        "TriangulatedSurface",
        "Tin",
        "Shell",
        "MultiPolygon",
        "PolygonPatch",
        "Triangle",
        "Rectangle",
    }
)
SOLID_GEOMETRIES = frozenset({"Solid", "MultiSolid", "CompositeSolid"})
CURVE_GEOMETRIES = frozenset(
    {
        "LineString",
        "Curve",
        "MultiCurve",
        "CompositeCurve",
        "OrientableCurve",
        "MultiLineString",
        "LinearRing",
        "Ring",
    }
)
POINT_GEOMETRIES = frozenset({"Point", "MultiPoint"})
GEOMETRIES = (
    SURFACE_GEOMETRIES
    | SOLID_GEOMETRIES
    | CURVE_GEOMETRIES
    | POINT_GEOMETRIES
    | {"MultiGeometry", "GeometricComplex"}
)

MEMBERS = frozenset(
    {"cityObjectMember", "featureMember", "member", "versionMember", "versionTransitionMember"}
)
APPEARANCE_MEMBER = "appearanceMember"

_FILLING_ELEMENTS = {"Window": "Window", "Door": "Door", "Hole": "Hole"}

Kind = Literal["object", "surface", "geometry", "implicit", "address", "appearance", "data", "text"]


class Name(NamedTuple):
    """kind: what the element is. name: the class or geometry name; local, namespace: its XML name."""

    kind: Kind
    name: str
    local: str
    namespace: str


def _table(classes: tuple[CityClass, ...], version: int) -> dict[str, str]:
    if version == 3:
        return {c.gml3: c.name for c in classes if c.gml3}
    return {local: c.name for c in classes for local in c.gml2}


_OBJECTS = {v: _table(CITY_OBJECTS, v) for v in (2, 3)}
_OBJECTS[3].update(_FILLING_ELEMENTS)
_OBJECTS[3].pop("CityObjectRelation", None)
_SURFACES = {v: _table(SURFACES, v) for v in (2, 3)}
_ANY_SURFACE = {**_SURFACES[3], **_SURFACES[2]}


_LOCAL_NAMES = 10_000


class _LocalNames(dict[str, str]):
    def __missing__(self, tag: str) -> str:
        if len(self) > _LOCAL_NAMES:
            self.clear()
        local = self[tag] = tag.rpartition("}")[2]
        return local


LOCAL = _LocalNames()
"""tag → its name without the namespace."""


def gml_id(element: Element) -> str | None:
    """The gml:id of an element in either GML namespace."""
    return element.get(_IDS[0]) or element.get(_IDS[1])


def split(tag: str) -> tuple[str, str]:
    """(namespace, local name) of an lxml tag."""
    namespace, _, local = tag.rpartition("}")
    return namespace[1:], local


class Names(dict[str, Name]):
    """tag → `Name` for one file. `prefixes` maps namespaces to the prefixes that the file gives them."""

    def __init__(self, prefixes: dict[str, str]) -> None:
        super().__init__()
        self.prefixes = prefixes

    def __missing__(self, tag: str) -> Name:
        name = self[tag] = self._classify(tag)
        return name

    def prefix(self, namespace: str) -> str:
        """The file's prefix for an ADE namespace; for a default namespace the last word of its URI."""
        prefix = self.prefixes.get(namespace)
        if prefix:
            return prefix
        words = [w for w in re.split(r"[/:#]", namespace) if re.search("[A-Za-z]", w)]
        return words[-1] if words else "ade"

    def is_ade(self, namespace: str) -> bool:
        return bool(namespace) and not (
            namespace in GML_NAMESPACES or CITYGML.match(namespace) or XAL.match(namespace)
        )

    def _classify(self, tag: str) -> Name:
        namespace, local = split(tag)
        if namespace in GML_NAMESPACES:
            return Name("geometry" if local in GEOMETRIES else "data", local, local, namespace)
        match = CITYGML.match(namespace)
        if match:
            return self._classify_citygml(3 if match[1] == "3" else 2, local, namespace)
        if not local[:1].isupper() or XAL.match(namespace):
            return Name("text", local, local, namespace)
        if local in _ANY_SURFACE:
            return Name("surface", _ANY_SURFACE[local], local, namespace)
        name = f"{self.prefix(namespace)}:{local}"
        return Name("surface" if local.endswith("Surface") else "data", name, local, namespace)

    def _classify_citygml(self, version: int, local: str, namespace: str) -> Name:
        kind: Kind = "data"
        name = local
        if local in _OBJECTS[version]:
            kind, name = "object", _OBJECTS[version][local]
        elif local in _SURFACES[version]:
            kind, name = "surface", _SURFACES[version][local]
        elif local == "ImplicitGeometry":
            kind = "implicit"
        elif local == "Address":
            kind = "address"
        elif local == "Appearance":
            kind = "appearance"
        elif not local[:1].isupper():
            kind = "text"
        return Name(kind, name, local, namespace)
