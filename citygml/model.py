"""The city model in memory: city objects, typed attributes, and geometry as arrays.

A model is a stream of flat `CityObject`s: hierarchy is by `parent` id, and a parent comes before its
children. An object carries its geometries (arrays, never a tree of Python objects per vertex), the
semantic surfaces that the polygons of those geometries point to, and the textures and materials that
they use, so that one object can be stored, tiled or written without its file.

Class names are those of CityJSON 2.0 where it has one, else those of CityGML 3.0 (`citygml.classes`),
so that the same model gives the same objects whatever its encoding.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

Float64: TypeAlias = npt.NDArray[np.float64]
Float32: TypeAlias = npt.NDArray[np.float32]
Int32: TypeAlias = npt.NDArray[np.int32]

GeometryType = Literal[
    "MultiPoint",
    "MultiCurve",
    "MultiSurface",
    "CompositeSurface",
    "Solid",
    "MultiSolid",
    "CompositeSolid",
]
SURFACE_TYPES = frozenset({"MultiSurface", "CompositeSurface"})
SOLID_TYPES = frozenset({"Solid", "MultiSolid", "CompositeSolid"})


@dataclass(slots=True, frozen=True)
class Measure:
    """A number with its unit as the source writes it (`m`, `urn:adv:uom:m`, `kWh/a`)."""

    value: float
    unit: str


@dataclass(slots=True, frozen=True)
class Code:
    """A value of a code list: the code, the list it belongs to, and its name if the list was found."""

    code: str
    codeSpace: str | None = None
    name: str | None = None


class Uri(str):
    """A string that the source declares to be a URI."""

    __slots__ = ()


Scalar: TypeAlias = str | int | float | bool | date | Measure | Code | None
Value: TypeAlias = "Scalar | list[Value] | dict[str, Value]"
Attributes: TypeAlias = dict[str, Value]


@dataclass(slots=True)
class Surface:
    """A semantic surface (WallSurface, Window, TrafficArea, ...) of one city object.

    `parent` is the index, in the same object's list, of the surface that holds it (a window's wall), or -1.
    """

    type: str
    id: str | None = None
    attributes: Attributes = field(default_factory=dict)
    parent: int = -1


@dataclass(slots=True, frozen=True)
class Texture:
    """An image. `uri` is as the source writes it, `path` the file it was resolved to (None: not found)."""

    uri: str
    path: str | None = None
    wrap: str | None = None
    border_color: tuple[float, ...] | None = None
    type: str | None = None


@dataclass(slots=True, frozen=True)
class Material:
    """An X3D material; colours are RGB in 0..1, `transparency` 0 is opaque."""

    name: str | None = None
    diffuse: tuple[float, float, float] | None = None
    emissive: tuple[float, float, float] | None = None
    specular: tuple[float, float, float] | None = None
    ambient: float | None = None
    shininess: float | None = None
    transparency: float | None = None
    smooth: bool | None = None


@dataclass(slots=True)
class Texturing:
    """One theme's textures on one geometry.

    images: (p,) int32, per polygon the index into `CityObject.textures`, -1 for none.
    uv: (n, 2) float32, one texture coordinate per vertex (origin lower left), NaN where there is none.
    """

    images: Int32
    uv: Float32


@dataclass(slots=True)
class Geometry:
    """One geometry at one level of detail.

    vertices: (n, 3) float64, the positions of all rings one after the other; east, north, up in the
        file's CRS (longitude, latitude, height in degrees and metres for geographic ones). A ring does
        not repeat its first vertex. Rings do not share vertices.
    rings: (r + 1,) int32, offsets into vertices. For MultiCurve a ring is a line string (not closed
        unless its last vertex repeats its first), for MultiPoint a point.
    polygons: (p + 1,) int32, offsets into rings; the first ring of a polygon is its exterior. Curves
        and points have one "polygon" per ring.
    shells: (s + 1,) int32, offsets into polygons, and solids: (k + 1,) int32, offsets into shells (the
        first shell of a solid is its exterior); both only for the solid types, else None.
    semantics: (p,) int32, index into `CityObject.surfaces`, or -1; None when no polygon has one.
    role: the property that held it, without its LoD (`Solid`, `MultiSurface`, `FootPrint`, `RoofEdge`,
        `TerrainIntersection`, `Geometry`, `Network`, `TIN`, ...).
    lod: "0" to "4", or a refined one of CityJSON ("2.2").
    textures, materials: per theme; materials are (p,) int32 indices into `CityObject.materials`.
    polygon_ids: gml:ids of the polygons, only kept when a reader is asked to (for checks).
    """

    type: GeometryType
    lod: str
    vertices: Float64
    rings: Int32
    polygons: Int32
    shells: Int32 | None = None
    solids: Int32 | None = None
    semantics: Int32 | None = None
    role: str = ""
    textures: dict[str, Texturing] = field(default_factory=dict)
    materials: dict[str, Int32] = field(default_factory=dict)
    polygon_ids: list[str | None] | None = None

    @property
    def polygon_count(self) -> int:
        return len(self.polygons) - 1


@dataclass(slots=True)
class ImplicitGeometry:
    """A library geometry placed by `matrix` (4, 4) about `anchor` (3,), east, north, up in the file's CRS.

    `template` is the key of a `Template` of the reader.
    """

    template: str
    lod: str
    matrix: Float64
    anchor: Float64
    role: str = "ImplicitRepresentation"


@dataclass(slots=True)
class Template:
    """A library geometry in local coordinates: arrays, or a model file (`path`, `mime`) beside the source."""

    id: str
    geometries: list[Geometry] = field(default_factory=list)
    uri: str | None = None
    path: str | None = None
    mime: str | None = None
    surfaces: list[Surface] = field(default_factory=list)
    textures: list[Texture] = field(default_factory=list)
    materials: list[Material] = field(default_factory=list)


@dataclass(slots=True)
class CityObject:
    """One feature of the city.

    addresses: each a flat mapping (`country`, `locality`, `thoroughfare`, `number`, `postal_code`,
        `text` ...).
    members: for groups, (object id, role) of each member.
    relations: (relation type, id of the other object), from CityGML 3.0 and external references.
    """

    id: str
    type: str
    parent: str | None = None
    attributes: Attributes = field(default_factory=dict)
    geometries: list[Geometry] = field(default_factory=list)
    implicit: list[ImplicitGeometry] = field(default_factory=list)
    surfaces: list[Surface] = field(default_factory=list)
    textures: list[Texture] = field(default_factory=list)
    materials: list[Material] = field(default_factory=list)
    addresses: list[Attributes] = field(default_factory=list)
    members: list[tuple[str, str | None]] = field(default_factory=list)
    relations: list[tuple[str, str]] = field(default_factory=list)

    def bounds(self) -> Float64 | None:
        """(2, 3) float64, the least and greatest coordinates, or None without geometry."""
        parts = [g.vertices for g in self.geometries if len(g.vertices)]
        if self.implicit:
            parts.append(np.array([i.anchor for i in self.implicit]))
        if not parts:
            return None
        low = np.min([p.min(axis=0) for p in parts], axis=0)
        high = np.max([p.max(axis=0) for p in parts], axis=0)
        return np.array([low, high])


@dataclass(slots=True)
class ModelInfo:
    """What a file says of itself before its objects are read.

    format: `CityGML`, `CityJSON`, `CityJSONSeq`, `IFC`, `IndoorGML`; version: "2.0" ...
    srs_name: as written; None when the file names none.
    envelope: (2, 3) float64 in the order of the vertices (east, north, up), or None; NaN where it declares
        no heights.
    """

    format: str
    version: str
    srs_name: str | None = None
    name: str | None = None
    envelope: Float64 | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)


Batch: TypeAlias = list[CityObject]
Batches: TypeAlias = Iterator[Batch]
