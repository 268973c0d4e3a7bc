"""Primitives without compression, and property tables, written into a GLB."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from citygml.model import Float32
from tiles.gltf import Glb, Json
from tiles.mesh import TRIANGLES, Primitive
from tiles.metadata import Table

if TYPE_CHECKING:
    from tiles.texture import Page


def feature_ids(primitive: Primitive) -> np.ndarray[tuple[int], np.dtype[np.uint16 | np.float32]]:
    """Feature ids in the smallest type a vertex attribute may have: glTF has no 32-bit integers there."""
    ids = primitive.features
    return ids.astype(np.uint16 if not len(ids) or ids.max() < 65536 else np.float32)


def write_plain(glb: Glb, primitive: Primitive, features: bool = True) -> tuple[Json, Float32]:
    """Add a primitive as it is; gives its JSON and its positions (n, 3) float32."""
    positions = primitive.positions.astype(np.float32)
    attributes = {"POSITION": glb.attribute(positions, bounds=True)}
    if primitive.normals is not None:
        attributes["NORMAL"] = glb.attribute(primitive.normals.astype(np.float32))
    if primitive.uv is not None:
        attributes["TEXCOORD_0"] = glb.attribute(primitive.uv.astype(np.float32))
    if primitive.colours is not None:
        attributes["COLOR_0"] = glb.attribute(primitive.colours, normalized=True)
    if features:
        attributes["_FEATURE_ID_0"] = glb.attribute(feature_ids(primitive))
    written: Json = {"attributes": attributes}
    if primitive.mode == TRIANGLES or len(primitive.indices) != len(positions):
        written["indices"] = glb.indices(primitive.indices)
    return written, positions


def write_page(glb: Glb, page: Page) -> int:
    """Add an image, its sampler and texture; gives the texture's index."""
    image = glb.add("images", {"bufferView": glb.view(page.data), "mimeType": page.mime})
    mode = {"repeat": 10497, "mirror": 33648, None: 33071}[page.wrap]
    sampler = {"magFilter": 9729, "minFilter": 9987, "wrapS": mode, "wrapT": mode}
    known = glb.json["samplers"]
    number = known.index(sampler) if sampler in known else glb.add("samplers", sampler)
    texture: Json = {"sampler": number}
    if page.mime == "image/webp":
        glb.use("EXT_texture_webp", required=True)
        texture["extensions"] = {"EXT_texture_webp": {"source": image}}
    else:
        texture["source"] = image
    return glb.add("textures", texture)


def write_table(glb: Glb, table: Table) -> None:
    """Add the property table and its schema (EXT_structural_metadata).

    Views start at multiples of 8; columns with the same bytes share one.
    """
    views: dict[bytes, int] = {}

    def view(values: npt.NDArray[np.generic]) -> int:
        data = values.tobytes()
        if data not in views:
            views[data] = glb.view(data, 8)
        return views[data]

    properties: dict[str, Json] = {}
    for column in table.columns:
        if column.same is not None:
            continue
        entry: Json = {"values": view(column.values)}
        if column.offsets is not None:
            entry["stringOffsets"] = view(column.offsets)
            if column.offsets.dtype != np.uint32:
                entry["stringOffsetType"] = column.offsets.dtype.name.upper()
        properties[column.property.id] = entry
    glb.use("EXT_structural_metadata")
    glb.extensions["EXT_structural_metadata"] = {
        "schema": table.schema,
        "propertyTables": [{"class": table.layer, "count": table.count, "properties": properties}],
    }
