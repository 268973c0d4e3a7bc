"""City objects as bytes, for the store: a JSON head, then the arrays as they lie in memory.

Layout of a body: `<head length: uint32 LE><head: JSON><arrays>`. The head lists, for every geometry,
the lengths of its arrays; the arrays follow in the order of `_ARRAYS`, little-endian, unpadded.
Attributes are not part of the body: they are JSON text of their own, so that SQL can look into them.
"""

from __future__ import annotations

import struct
from datetime import date, datetime
from typing import Any

import numpy as np
import orjson

from citygml.model import (
    Attributes,
    CityObject,
    Code,
    Geometry,
    ImplicitGeometry,
    Material,
    Measure,
    Surface,
    Template,
    Texture,
    Texturing,
    Uri,
    Value,
)

_LENGTH = struct.Struct("<I")
_OPTIONS = orjson.OPT_PASSTHROUGH_SUBCLASS | orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_SERIALIZE_NUMPY
_DATE, _URI = "$date", "$uri"
_CONTAINERS = {dict, list}


def _plain(value: Any) -> Any:
    if isinstance(value, (date, datetime)):
        return {_DATE: value.isoformat()}
    if isinstance(value, Uri):
        return {_URI: str.__str__(value)}
    if isinstance(value, str):
        return str.__str__(value)
    raise TypeError(f"an attribute of type {type(value).__name__} cannot be stored")


def encode_attributes(attributes: Attributes) -> bytes:
    """Attributes as JSON. Measures and codes become objects with their fields, dates and URIs are tagged."""
    return orjson.dumps(attributes, default=_plain, option=_OPTIONS)


def decode_attributes(text: bytes | str) -> Attributes:
    """The typed attributes of `encode_attributes`."""
    plain = orjson.loads(text)
    return {name: _typed(value) if value.__class__ in _CONTAINERS else value for name, value in plain.items()}


def _typed(value: Any) -> Value:
    if isinstance(value, dict):
        keys = value.keys()
        if keys == {"value", "unit"}:
            # JSON has no NaN and no infinity: a measure without a number is no value
            return None if value["value"] is None else Measure(value["value"], value["unit"])
        if keys == {"code", "codeSpace", "name"}:
            return Code(value["code"], value["codeSpace"], value["name"])
        if keys == {_DATE}:
            text = value[_DATE]
            return datetime.fromisoformat(text) if "T" in text else date.fromisoformat(text)
        if keys == {_URI}:
            return Uri(value[_URI])
        return {k: _typed(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_typed(v) for v in value]
    return value  # type: ignore[no-any-return]


def encode_body(obj: CityObject) -> bytes:
    """Everything of an object but id, class, parent and attributes."""
    arrays: list[bytes] = []
    head: dict[str, Any] = {"g": [_geometry_head(g, arrays) for g in obj.geometries]}
    if obj.surfaces:
        head["s"] = [_surface_head(s) for s in obj.surfaces]
    if obj.implicit:
        head["i"] = [
            [i.template, i.lod, i.role, i.matrix.ravel().tolist(), i.anchor.tolist()] for i in obj.implicit
        ]
    lists = {
        "t": obj.textures,
        "m": obj.materials,
        "a": obj.addresses,
        "mem": obj.members,
        "rel": obj.relations,
    }
    head.update((key, items) for key, items in lists.items() if items)
    text = orjson.dumps(head, default=_plain, option=_OPTIONS)
    return b"".join((_LENGTH.pack(len(text)), text, *arrays))


def decode_body(
    body: bytes,
    id: str,
    type: str,
    parent: str | None = None,
    attributes: Attributes | None = None,
    surface_attributes: bool = True,
) -> CityObject:
    """The object of `encode_body`; its arrays are read-only views of `body`.

    surface_attributes: false leaves out those of the semantic surfaces, which few callers need.
    """
    head, offset = _head(body)
    geometries = []
    for item in head["g"]:
        geometry, offset = _geometry(item, body, offset)
        geometries.append(geometry)
    return CityObject(
        id,
        type,
        parent,
        attributes if attributes is not None else {},
        geometries,
        [
            ImplicitGeometry(template, lod, np.array(matrix).reshape(4, 4), np.array(anchor), role)
            for template, lod, role, matrix, anchor in head.get("i", ())
        ],
        [_surface(s, surface_attributes) for s in head.get("s", ())],
        [_texture(t) for t in head.get("t", ())],
        [_material(m) for m in head.get("m", ())],
        [{k: _typed(v) for k, v in a.items()} for a in head.get("a", ())],
        [(m[0], m[1]) for m in head.get("mem", ())],
        [(r[0], r[1]) for r in head.get("rel", ())],
    )


def encode_template(template: Template) -> bytes:
    """A library geometry as bytes."""
    return encode_body(_as_object(template))


def decode_template(body: bytes, key: str, uri: str | None, mime: str | None) -> Template:
    """The library geometry of `encode_template`; `path` is left out: model files are kept as images are."""
    obj = decode_body(body, key, "Template")
    return Template(key, obj.geometries, uri, None, mime, obj.surfaces, obj.textures, obj.materials)


def _as_object(template: Template) -> CityObject:
    return CityObject(
        template.id,
        "Template",
        geometries=template.geometries,
        surfaces=template.surfaces,
        textures=template.textures,
        materials=template.materials,
    )


def _head(body: bytes) -> tuple[dict[str, Any], int]:
    (length,) = _LENGTH.unpack_from(body)
    end = _LENGTH.size + length
    return orjson.loads(body[_LENGTH.size : end]), end


def _surface_head(surface: Surface) -> list[Any]:
    if surface.parent == -1:
        return (
            [surface.type, surface.id, surface.attributes]
            if surface.attributes
            else [surface.type, surface.id]
        )
    return [surface.type, surface.id, surface.attributes, surface.parent]


def _surface(head: list[Any], with_attributes: bool) -> Surface:
    attributes = {k: _typed(v) for k, v in head[2].items()} if with_attributes and len(head) > 2 else {}
    return Surface(head[0], head[1], attributes, head[3] if len(head) > 3 else -1)


def _texture(head: dict[str, Any]) -> Texture:
    border = head.get("border_color")
    return Texture(
        head["uri"], head["path"], head.get("wrap"), tuple(border) if border else None, head.get("type")
    )


def _material(head: dict[str, Any]) -> Material:
    fields: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in head.items()}
    return Material(**fields)


def _geometry_head(g: Geometry, arrays: list[bytes]) -> list[Any]:
    sizes = [len(g.vertices), len(g.rings), len(g.polygons)]
    arrays += (_bytes(g.vertices, "<f8"), _bytes(g.rings, "<i4"), _bytes(g.polygons, "<i4"))
    for optional in (g.shells, g.solids, g.semantics):
        if optional is None:
            sizes.append(-1)
        else:
            sizes.append(len(optional))
            arrays.append(_bytes(optional, "<i4"))
    head: list[Any] = [g.type, g.lod, g.role, sizes]
    if g.textures or g.materials:
        head += (list(g.textures), list(g.materials))
        for texturing in g.textures.values():
            arrays += (_bytes(texturing.images, "<i4"), _bytes(texturing.uv, "<f4"))
        arrays += (_bytes(m, "<i4") for m in g.materials.values())
    return head


def _bytes(array: np.ndarray[Any, Any], dtype: str) -> bytes:
    return array.astype(dtype, copy=False).tobytes()


def _geometry(head: list[Any], body: bytes, offset: int) -> tuple[Geometry, int]:
    def take(count: int, dtype: str, width: int = 1) -> np.ndarray[Any, Any]:
        nonlocal offset
        array = np.frombuffer(body, dtype, count * width, offset)
        offset += array.nbytes
        return array if width == 1 else array.reshape(count, width)

    type_, lod, role, (vertices, rings, polygons, shells, solids, semantics) = head[:4]
    g = Geometry(
        type_,
        lod,
        take(vertices, "<f8", 3),
        take(rings, "<i4"),
        take(polygons, "<i4"),
        take(shells, "<i4") if shells >= 0 else None,
        take(solids, "<i4") if solids >= 0 else None,
        take(semantics, "<i4") if semantics >= 0 else None,
        role,
    )
    if len(head) > 4:
        for theme in head[4]:
            g.textures[theme] = Texturing(take(polygons - 1, "<i4"), take(vertices, "<f4", 2))
        for theme in head[5]:
            g.materials[theme] = take(polygons - 1, "<i4")
    return g, offset
