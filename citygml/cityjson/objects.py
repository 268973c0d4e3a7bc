"""The objects of one document, or of one feature of a sequence, as `CityObject`s, parents first.

A defect in one object becomes a finding: what is broken (a geometry, its semantics, a texture) is left
out and the rest of the object is kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from citygml.cityjson.appearance import Appearance, Palette, material_indices
from citygml.cityjson.attributes import read_addresses, read_attributes
from citygml.cityjson.boundaries import (
    MODEL_TYPES,
    NEAREST,
    BadNesting,
    flatten,
    levels,
    spread,
    unrepeated,
)
from citygml.cityjson.hierarchy import Hierarchy
from citygml.cityjson.names import class_name
from citygml.cityjson.surfaces import read_surfaces, share
from citygml.findings import Finding
from citygml.model import CityObject, Float64, Geometry, ImplicitGeometry, Int32, Surface, Template
from citygml.reading import Gathered, ReadOptions

OWN_MEMBERS = frozenset({"+geometry", "+geometry-info", "+members", "+relations"})
_KNOWN_MEMBERS = OWN_MEMBERS | {
    "type",
    "attributes",
    "geometry",
    "parent",
    "parents",
    "children",
    "children_roles",
    "members",
    "address",
    "geographicalExtent",
    "bbox",
    "Parts",
    "Installations",
}


class ObjectReader:
    """Turns the `CityObjects` of one document or feature into objects of the model.

    vertices: (n, 3) float64 in the CRS of the file, NaN where a vertex is not three finite numbers.
    template_ids: per template of the file, the key of its `Template`.
    swapped: whether x and y of the vertices were swapped, as matrices of instances must be then.
    """

    def __init__(
        self,
        vertices: Float64,
        appearance: Appearance,
        template_ids: list[str],
        options: ReadOptions,
        gathered: Gathered,
        swapped: bool = False,
    ) -> None:
        self._vertices = vertices
        self._swapped = swapped
        self._finite = bool(np.isfinite(vertices).all())
        self._appearance = appearance
        self._template_ids = template_ids
        self._options = options
        self._gathered = gathered

    def read(self, raw_objects: dict[str, Any]) -> Iterator[CityObject]:
        """Yield the objects, each parent before its children, and drop each from `raw_objects`."""
        hierarchy = Hierarchy(raw_objects)
        self._gathered.findings += hierarchy.findings
        for object_id in hierarchy.order:
            yield self._object(object_id, raw_objects.pop(object_id), hierarchy.parent_of.get(object_id))

    def _find(self, code: str, message: str, object_id: str, **more: Any) -> None:
        self._gathered.findings.append(Finding(code, message, object_id, **more))

    def _object(self, object_id: str, raw: dict[str, Any], parent: str | None) -> CityObject:
        name, known = class_name(str(raw.get("type")))
        if not known:
            text = f"CityJSON has no type {raw.get('type')!r}; read as {name}"
            self._find("unknown-class", text, object_id, severity="warning")
        attributes = raw.get("attributes")
        out = CityObject(
            id=object_id,
            type=name,
            parent=parent,
            attributes=read_attributes(attributes) if isinstance(attributes, dict) else {},
        )
        for key in raw.keys() - _KNOWN_MEMBERS:
            out.attributes.setdefault(key, read_attributes({key: raw[key]})[key])
        if raw.get("address"):
            out.addresses = self._addresses(object_id, raw["address"])
        if name == "CityObjectGroup":
            out.members = _members(raw)
        out.members += [(str(i), None if r is None else str(r)) for i, r in _pairs(raw.get("+members"))]
        out.relations = [(str(kind), str(target)) for kind, target in _pairs(raw.get("+relations"))]
        self._geometries(out, raw)
        return out

    def _geometries(self, out: CityObject, raw: dict[str, Any]) -> None:
        geometries = [*_list(raw.get("geometry")), *_list(raw.get("+geometry"))]
        if not geometries:
            return
        palette = Palette(self._appearance)
        infos = _list(raw.get("+geometry-info"))
        shared: dict[int, int] = {}
        for number, item in enumerate(geometries):
            info = infos[number] if number < len(infos) and isinstance(infos[number], dict) else {}
            try:
                self._geometry(out, item, info, palette, shared)
            except BadCoordinate as error:
                self._find(
                    "bad-coordinates", f"{error}; the geometry is left out", out.id, part=f"geometry {number}"
                )
            except (BadNesting, TypeError, ValueError, KeyError, AttributeError) as error:
                reason = str(error) if isinstance(error, BadNesting) else "it is not a CityJSON geometry"
                self._find(
                    "bad-geometry", f"{reason}; the geometry is left out", out.id, part=f"geometry {number}"
                )
        out.textures, out.materials = palette.textures, palette.materials
        self._gathered.findings += self._appearance.missing(palette.textures, out.id)

    def _geometry(
        self,
        out: CityObject,
        raw: dict[str, Any],
        info: dict[str, Any],
        palette: Palette,
        shared: dict[int, int],
    ) -> None:
        if raw["type"] == "GeometryInstance":
            instance = self._instance(raw, info)
            if self._wanted(instance.lod) and instance not in _Placed(out.implicit):
                out.implicit.append(instance)
            return
        lod = str(info.get("lod", raw.get("lod", "0")))
        if self._wanted(lod):
            start = len(out.surfaces)
            geometry = self.geometry(raw, lod, out.id, out.surfaces, palette)
            share(out.surfaces, geometry, start, info.get("surfaces"), shared)
            for original, nearest in NEAREST.items():
                if (info.get("type"), geometry.type) == (original, nearest):
                    geometry.type = original
            geometry.role = str(info.get("role", geometry.type))
            out.geometries.append(geometry)

    def _wanted(self, lod: str) -> bool:
        return self._options.lods is None or lod[:1] in self._options.lods

    def geometry(
        self, raw: dict[str, Any], lod: str, object_id: str, surfaces: list[Surface], palette: Palette
    ) -> Geometry:
        """One geometry; its semantic surfaces are appended to `surfaces`.

        Raises BadNesting or BadCoordinate when the geometry cannot be used.
        """
        kind = MODEL_TYPES.get(raw["type"])
        if kind is None:
            raise BadNesting(f"CityJSON has no geometry type {raw['type']!r}")
        boundaries = raw["boundaries"]
        flat = flatten(kind, boundaries)
        vertices = self._gather(flat.indices)
        keep = unrepeated(vertices, flat.rings) if flat.surfaces else None
        geometry = Geometry(
            type=kind,
            lod=lod,
            vertices=vertices if keep is None else vertices[keep],
            rings=flat.rings if keep is None else _shortened(flat.rings, keep),
            polygons=flat.polygons,
            shells=flat.shells,
            solids=flat.solids,
            role=kind,
        )
        if raw.get("semantics"):
            try:
                self._semantics(geometry, raw["semantics"], boundaries, surfaces)
            except (BadNesting, TypeError, ValueError, KeyError, AttributeError):
                self._find("bad-semantics", "the semantics do not fit the geometry; left out", object_id)
        for theme, item in (raw.get("material") or {}).items():
            try:
                indices = material_indices(kind, boundaries, item, geometry.polygon_count, palette)
                geometry.materials[theme] = indices
            except (BadNesting, TypeError, AttributeError) as error:
                self._find(
                    "bad-material", f"theme {theme!r}: {error}; left out", object_id, severity="warning"
                )
        for theme, item in (raw.get("texture") or {}).items():
            try:
                values = item.get("values")
                texturing = self._appearance.texturing(kind, boundaries, flat, values, palette)
                if keep is not None:
                    texturing.uv = texturing.uv[keep]
                geometry.textures[theme] = texturing
            except (BadNesting, TypeError, ValueError, AttributeError, IndexError) as error:
                self._find(
                    "bad-texture", f"theme {theme!r}: {error}; left out", object_id, severity="warning"
                )
        return geometry

    def _gather(self, indices: np.ndarray[Any, np.dtype[np.int64]]) -> Float64:
        if len(indices) and (int(indices.min()) < 0 or int(indices.max()) >= len(self._vertices)):
            wrong = indices[(indices < 0) | (indices >= len(self._vertices))][0]
            raise BadNesting(f"vertex {wrong} does not exist: the file has {len(self._vertices)}")
        gathered: Float64 = self._vertices[indices]
        if not self._finite and not np.isfinite(gathered).all():
            wrong = indices[~np.isfinite(gathered).all(axis=1)][0]
            raise BadCoordinate(f"vertex {wrong} is not three usable numbers")
        return gathered

    def _semantics(
        self, geometry: Geometry, raw: dict[str, Any], boundaries: Any, surfaces: list[Surface]
    ) -> None:
        values = spread(raw.get("values"), boundaries, levels(geometry.type))
        if set(map(type, values)) - {int, type(None)}:
            raise BadNesting("a semantic value is not an index")
        numbers = np.array([-1 if v is None else v for v in values], dtype=np.int64)
        new = read_surfaces(raw["surfaces"], len(surfaces))
        if len(numbers) and (numbers.min() < -1 or numbers.max() >= len(new)):
            raise BadNesting("a semantic value is not one of the surfaces")
        start = len(surfaces)
        surfaces += new
        if (numbers >= 0).any():
            geometry.semantics = np.where(numbers >= 0, numbers + start, -1).astype(np.int32)

    def _instance(self, raw: dict[str, Any], info: dict[str, Any]) -> ImplicitGeometry:
        number = raw["template"]
        if not isinstance(number, int) or not 0 <= number < len(self._template_ids):
            raise BadNesting(f"template {number!r} does not exist: the file has {len(self._template_ids)}")
        place = flatten("MultiPoint", raw["boundaries"]).indices
        if len(place) != 1:
            raise BadNesting("an instance needs one reference point")
        matrix = np.array(raw.get("transformationMatrix", np.eye(4)), dtype=np.float64)
        if matrix.size != 16 or not np.isfinite(matrix).all():
            raise BadNesting("transformationMatrix is not sixteen numbers")
        matrix = matrix.reshape(4, 4)
        if self._swapped:
            matrix = matrix[np.ix_((1, 0, 2, 3), (1, 0, 2, 3))]
        key = self._template_ids[number]
        geometries = self._gathered.templates[key].geometries
        return ImplicitGeometry(
            template=key,
            lod=str(info.get("lod", geometries[0].lod if geometries else raw.get("lod", "0"))),
            matrix=matrix,
            anchor=self._gather(place)[0],
            role=str(info.get("role", "ImplicitRepresentation")),
        )

    def _addresses(self, object_id: str, raw: Any) -> list[Any]:
        addresses = read_addresses(raw)
        items = [item for item in (raw if isinstance(raw, list) else [raw]) if isinstance(item, dict)]
        for address, item in zip(addresses, items, strict=True):
            if item.get("location"):
                try:
                    flat = flatten("MultiPoint", item["location"]["boundaries"])
                    address["location"] = self._gather(flat.indices).tolist()
                except (BadNesting, BadCoordinate, TypeError, KeyError) as error:
                    self._find(
                        "bad-geometry", f"the location of the address: {error}", object_id, severity="warning"
                    )
        return addresses


class BadCoordinate(ValueError):
    """A geometry uses a vertex that is not three finite numbers."""


class _Placed:
    """The instances that an object has already: one of a template of several geometries counts once."""

    def __init__(self, placed: list[ImplicitGeometry]) -> None:
        self._placed = placed

    def __contains__(self, new: ImplicitGeometry) -> bool:
        return any(
            old.template == new.template
            and old.lod == new.lod
            and np.array_equal(old.matrix, new.matrix)
            and np.array_equal(old.anchor, new.anchor)
            for old in self._placed
        )


def _shortened(rings: Int32, keep: npt.NDArray[np.bool_]) -> Int32:
    """The offsets after the vertices that are not kept are gone."""
    kept = np.concatenate([[0], np.cumsum(keep)])
    return kept[rings].astype(np.int32)


def _members(raw: dict[str, Any]) -> list[tuple[str, str | None]]:
    ids = _list(raw.get("children") or raw.get("members"))
    roles = _list(raw.get("children_roles"))
    roles += [None] * (len(ids) - len(roles))
    return [(str(i), None if r is None else str(r)) for i, r in zip(ids, roles, strict=False)]


def _list(raw: Any) -> list[Any]:
    return raw if isinstance(raw, list) else []


def _pairs(raw: Any) -> list[list[Any]]:
    return [item for item in _list(raw) if isinstance(item, list) and len(item) == 2]


def read_templates(
    raw: list[Any], ids: list[str], reader: ObjectReader, appearance: Appearance, gathered: Gathered
) -> None:
    """Put the templates of a document into `gathered.templates`; those that share an id are one template.

    `reader` holds the vertices-templates. One that cannot be read stays without geometry and is a finding.
    """
    palettes: dict[str, Palette] = {}
    for key, item in zip(ids, raw, strict=True):
        template = gathered.templates.setdefault(key, Template(id=key))
        palette = palettes.setdefault(key, Palette(appearance))
        try:
            geometry = reader.geometry(item, str(item.get("lod", "0")), key, template.surfaces, palette)
        except (TypeError, ValueError, KeyError, AttributeError, RecursionError) as error:
            text = f"the template cannot be read ({error}); its instances stay empty"
            gathered.findings.append(Finding("bad-template", text, key))
            continue
        template.geometries.append(geometry)
        template.textures, template.materials = palette.textures, palette.materials
        gathered.findings += appearance.missing(palette.textures, key)
