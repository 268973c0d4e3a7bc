"""One city object as CityJSON.

What the schema of CityJSON 2.0 does not let an object hold is written into extension members, whose names
start with a plus, so that every file is valid and nothing is lost:

- `+geometry`: geometries of a type that the class may not have (a terrain intersection curve of a
  building, say), in the form of `geometry`.
- `+geometry-info`: per item of `geometry` and `+geometry`, what is not the default: the `role`, the `lod`
  that CityJSON does not know (LoD 4 is written as 3) and the `type` where it had to change; and, where
  geometries share semantic surfaces, the `surfaces` of each, numbered over the object.
- `+relations`: pairs of relation type and object id; `+members`: of an object that is no group (a
  version, say), pairs of object id and role.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from citygml.cityjson.attributes import write_address, write_attributes
from citygml.cityjson.boundaries import CITYJSON_TYPES, NEAREST, boundaries_of, nest, split
from citygml.cityjson.names import cityjson_surface, cityjson_type
from citygml.cityjson.quantise import AppearanceTable, Grid, Numbered
from citygml.findings import Finding
from citygml.model import CityObject, Float64, Geometry, ImplicitGeometry, Surface, Texturing

_LODS = frozenset("0123") | {f"{a}.{b}" for a in range(4) for b in range(4)}

# The geometry types that each class may have, where it may not have all (cityobjects.schema.json, 2.0.2).
_AREAS = frozenset({"MultiSurface", "CompositeSurface"})
_SPACE = _AREAS | {"Solid", "CompositeSolid"}
_WAY = _AREAS | {"MultiLineString"}
_ALL = _SPACE | _WAY | {"MultiPoint", "MultiSolid", "GeometryInstance"}
_ALLOWED: dict[str, frozenset[str]] = {
    **dict.fromkeys(("Building", "BuildingPart", "BuildingRoom", "BuildingUnit", "BuildingStorey"), _SPACE),
    **dict.fromkeys(("Bridge", "BridgePart", "BridgeRoom"), _SPACE),
    **dict.fromkeys(("Tunnel", "TunnelPart", "TunnelHollowSpace"), _SPACE),
    **dict.fromkeys(("Road", "Railway", "TransportSquare", "Waterway"), _WAY),
    "TINRelief": frozenset({"CompositeSurface"}),
    "WaterBody": _SPACE | _WAY,
    "PlantCover": _SPACE | {"MultiSolid"},
    "LandUse": _AREAS,
    "CityObjectGroup": _ALL - {"GeometryInstance"},
}

TemplatePlaces = Mapping[str, list[tuple[int, str]]]


class Encoder:
    """Encodes objects that share one list of vertices and one appearance.

    templates: per template id, the places of its geometries in the document's list of templates and
        their LoDs.
    """

    def __init__(
        self,
        grid: Grid,
        appearance: AppearanceTable,
        templates: TemplatePlaces,
        version: str,
        findings: list[Finding],
    ) -> None:
        self._grid = grid
        self._templates = templates
        self._version = version
        self._findings = findings
        self.appearance = appearance
        self.vertices: Numbered[tuple[int, int, int]] = Numbered()

    def encode(self, item: CityObject) -> dict[str, Any]:
        """The city object without its `parents`, and without its `children` unless it is a group."""
        out: dict[str, Any] = {"type": cityjson_type(item.type, self._version)}
        if item.attributes:
            out["attributes"] = write_attributes(item.attributes)
        if item.addresses:
            out["address"] = [self._address(address) for address in item.addresses]
        if item.type == "CityObjectGroup":
            out["children"] = [member for member, _ in item.members]
            if any(role is not None for _, role in item.members):
                out["children_roles"] = [role for _, role in item.members]
        elif item.members:
            out["+members"] = [list(member) for member in item.members]
        if item.relations:
            out["+relations"] = [list(relation) for relation in item.relations]
        self._geometries(item, out)
        return out

    def _geometries(self, item: CityObject, out: dict[str, Any]) -> None:
        allowed = _ALLOWED.get(out["type"], _ALL)
        standard: list[tuple[dict[str, Any], dict[str, Any]]] = []
        extra: list[tuple[dict[str, Any], dict[str, Any]]] = []
        surfaces = SharedSurfaces(item)
        for geometry in item.geometries:
            if not np.isfinite(geometry.vertices).all() or not geometry.polygon_count:
                self._find("bad-geometry", "a geometry is empty or has NaN; it is not written", item.id)
                continue
            encoded = encode_geometry(
                geometry, self._numbers(geometry.vertices), surfaces, item, self.appearance
            )
            info = _info(encoded, geometry.role, geometry.type, geometry.lod)
            if surfaces.shared and "semantics" in encoded:
                info["surfaces"] = surfaces.chosen
            if encoded["type"] not in allowed and NEAREST.get(geometry.type) in allowed:
                encoded["type"] = NEAREST[geometry.type]
                info |= {"type": geometry.type}
            (standard if encoded["type"] in allowed else extra).append((encoded, info))
        for instance in item.implicit:
            placed = self._instances(instance, item.id)
            (standard if "GeometryInstance" in allowed else extra).extend(placed)
        if surfaces.left and not standard and not extra:
            self._find("bad-semantics", "surfaces without a geometry are not written", item.id)
        for member, pairs in (("geometry", standard), ("+geometry", extra)):
            if pairs:
                out[member] = [encoded for encoded, _ in pairs]
        infos = [info for _, info in standard + extra]
        if any(infos):
            out["+geometry-info"] = infos

    def _numbers(self, points: Float64) -> list[int]:
        return self.vertices.rows(self._grid.round(points))

    def _instances(
        self, instance: ImplicitGeometry, object_id: str
    ) -> list[tuple[dict[str, Any], dict[str, Any]]]:
        places = self._templates.get(instance.template, [])
        if not places:
            text = f"template {instance.template!r} has no geometry that CityJSON can hold; not written"
            self._find("missing-template", text, object_id)
        place = self._numbers(instance.anchor.reshape(1, 3))
        matrix = [float(v) for v in instance.matrix.ravel()]
        info = {"lod": instance.lod} if places and instance.lod != places[0][1] else {}
        if instance.role != "ImplicitRepresentation":
            info["role"] = instance.role
        return [
            (
                {
                    "type": "GeometryInstance",
                    "template": n,
                    "boundaries": place,
                    "transformationMatrix": matrix,
                },
                info,
            )
            for n, _ in places
        ]

    def _address(self, address: Mapping[str, Any]) -> dict[str, Any]:
        out = write_address(dict(address))
        location = address.get("location")
        if location:
            points = np.array(location, dtype=np.float64).reshape(-1, 3)
            out["location"] = {"type": "MultiPoint", "lod": "0", "boundaries": self._numbers(points)}
        return out

    def _find(self, code: str, message: str, object_id: str) -> None:
        self._findings.append(Finding(code, message, object_id, severity="warning"))


class SharedSurfaces:
    """Shares the semantic surfaces of an object out among its geometries. `left` are those of none,
    `shared` tells whether any belongs to several, `chosen` are those that were taken last."""

    def __init__(self, item: CityObject) -> None:
        sets = [closure(item.surfaces, geometry) for geometry in item.geometries]
        used = set().union(*sets)
        self.shared = len(used) < sum(map(len, sets))
        self.left = set(range(len(item.surfaces))) - used
        self.chosen: list[int] = []

    def take(self, surfaces: list[Surface], geometry: Geometry) -> list[int]:
        taken, self.left = self.left, set()
        self.chosen = sorted(closure(surfaces, geometry) | taken)
        return self.chosen


def closure(surfaces: list[Surface], geometry: Geometry) -> set[int]:
    """The surfaces that the polygons of a geometry point to, with those that hold them."""
    found: set[int] = set()
    for number in [] if geometry.semantics is None else np.unique(geometry.semantics).tolist():
        while number >= 0 and number not in found:
            found.add(number)
            number = surfaces[number].parent
    return found


def encode_geometry(
    geometry: Geometry,
    numbers: list[int],
    shared: SharedSurfaces,
    owner: Any,
    appearance: AppearanceTable,
) -> dict[str, Any]:
    """A geometry whose vertices have these numbers. owner: the object or template that holds it."""
    out: dict[str, Any] = {
        "type": CITYJSON_TYPES[geometry.type],
        "lod": lod_for(geometry.lod),
        "boundaries": boundaries_of(geometry, numbers),
    }
    chosen = shared.take(owner.surfaces, geometry)
    if chosen:
        out["semantics"] = _semantics(geometry, owner.surfaces, chosen)
    if geometry.type not in ("MultiPoint", "MultiCurve"):
        materials = {
            theme: _material_values(geometry, indices.tolist(), owner, appearance)
            for theme, indices in geometry.materials.items()
        }
        textures = {
            theme: {"values": nest(geometry, _texture_values(geometry, texturing, owner, appearance))}
            for theme, texturing in geometry.textures.items()
        }
        out |= {k: v for k, v in (("material", materials), ("texture", textures)) if v}
    return out


def lod_for(lod: str) -> str:
    """The nearest LoD that CityJSON has."""
    if lod in _LODS:
        return lod
    return lod[0] if lod[:1] in {"0", "1", "2", "3"} else "3" if lod[:1] == "4" else "0"


def _info(encoded: dict[str, Any], role: str, default_role: str, lod: str) -> dict[str, Any]:
    info = {} if role == default_role else {"role": role}
    return info if encoded["lod"] == lod else info | {"lod": lod}


def _semantics(geometry: Geometry, surfaces: list[Surface], chosen: list[int]) -> dict[str, Any]:
    place = {number: i for i, number in enumerate(chosen)}
    out: list[dict[str, Any]] = []
    for number in chosen:
        surface = surfaces[number]
        item = write_attributes(surface.attributes) | {"type": cityjson_surface(surface.type)}
        if surface.id is not None:
            item["id"] = surface.id
        if surface.parent in place:
            item["parent"] = place[surface.parent]
        children = [place[n] for n in chosen if surfaces[n].parent == number]
        if children:
            item["children"] = children
        out.append(item)
    if geometry.semantics is None:
        values: list[int | None] = [None] * geometry.polygon_count
    else:
        values = [place.get(n) for n in geometry.semantics.tolist()]
    return {"surfaces": out, "values": nest(geometry, values)}


def _material_values(geometry: Geometry, indices: list[int], owner: Any, appearance: AppearanceTable) -> Any:
    numbers = [None if i < 0 else appearance.materials.number(owner.materials[i]) for i in indices]
    if len(set(numbers)) == 1 and numbers[0] is not None:
        return {"value": numbers[0]}
    return {"values": nest(geometry, numbers)}


def _texture_values(
    geometry: Geometry, texturing: Texturing, owner: Any, appearance: AppearanceTable
) -> list[list[list[int | None]]]:
    known: npt.NDArray[np.bool_] = np.isfinite(texturing.uv.sum(axis=1))
    numbers: list[int] = np.full(len(known), -1).tolist()
    for place, number in zip(
        np.flatnonzero(known).tolist(), appearance.coordinates.rows(texturing.uv[known]), strict=True
    ):
        numbers[place] = number
    polygons = split(split(numbers, geometry.rings), geometry.polygons)
    out: list[list[list[int | None]]] = []
    for image, rings in zip(texturing.images.tolist(), polygons, strict=True):
        if image < 0:
            out.append([[None] for _ in rings])
            continue
        texture = appearance.textures.number(owner.textures[image])
        out.append([[None] if -1 in ring else [texture, *ring] for ring in rings])
    return out
