"""Triangle primitives as KHR_draco_mesh_compression.

Draco joins equal positions, so that flat-shaded polygons still share their corners, and keeps feature
ids as unquantized integers. It may split vertices again, so the encoded mesh is decoded once, to write
the true counts and bounds.
"""

from __future__ import annotations

import math
from typing import Any

import DracoPy
import numpy as np

from citygml.model import Float32
from tiles.encode import feature_ids
from tiles.gltf import Glb, Json
from tiles.mesh import POSITION_ERROR, TRIANGLES, Primitive

NORMAL_BITS = 5  # flat faces: 2 degrees, and walls and flat roofs exact
SMOOTH_NORMAL_BITS = 8
_LEVEL = 10  # the smallest; packing is a small part of the time of a tile
_POSITION, _NORMAL, _COLOUR, _TEXCOORD, _GENERIC = range(5)  # draco::GeometryAttribute::Type
_SINGLE = 24  # bits of a single-precision mantissa
_FEATURE_KEY = 0


def position_bits(extent: float, error: float) -> int:
    """Bits that keep the error [m] of a coordinate over an extent [m], as far as single precision goes."""
    return min(max(math.ceil(math.log2(extent / (2 * error) + 1)), 1), _SINGLE)


def write_draco(
    glb: Glb,
    primitive: Primitive,
    error: float = POSITION_ERROR,
    texels: int = 2048,
    features: bool = True,
) -> tuple[Json, Float32]:
    """Add a triangle primitive; gives its JSON and the positions (n, 3) float32 as a viewer decodes them.

    error: largest error of a coordinate [m]. texels: edge of the texture in pixels, for the bits of
    texture coordinates (a quarter of a pixel). features: with feature ids.
    """
    assert primitive.mode == TRIANGLES
    ids = feature_ids(primitive)
    extent = float(np.ptp(primitive.positions, axis=0).max())
    bits = position_bits(extent, error)
    options: dict[str, Any] = {
        "quantization_bits": bits,
        "quantization_range": max((2**bits - 1) * 2 * error, extent),
        "quantization_origin": primitive.positions.min(axis=0),
    }
    if primitive.normals is not None:
        normal_bits = SMOOTH_NORMAL_BITS if primitive.smooth else NORMAL_BITS
        options |= {"normals": primitive.normals, "normal_quantization_bits": normal_bits}
    if primitive.uv is not None:
        span = max(float(np.ptp(primitive.uv, axis=0).max()), 1.0)
        texel_bits = math.ceil(math.log2(4 * texels * span))
        options |= {"tex_coord": primitive.uv, "tex_coord_quantization_bits": min(texel_bits, 24)}
    if primitive.colours is not None:
        options["colors"] = primitive.colours
    if features:
        options["generic_attributes"] = {_FEATURE_KEY: ids[:, None]}
    packed = DracoPy.encode(
        primitive.positions,
        primitive.indices.reshape(-1, 3),
        compression_level=_LEVEL,
        **options,
    )
    decoded = DracoPy.decode(packed)
    by_type = {a["attribute_type"]: a["unique_id"] for a in decoded.attributes}
    points = np.asarray(decoded.points, np.float32).reshape(-1, 3)
    count = len(points)
    names: dict[str, tuple[int, int]] = {"POSITION": (by_type[_POSITION], glb.accessor(points, None, True))}
    if primitive.normals is not None:
        empty = np.empty((count, 3), np.float32)
        names["NORMAL"] = (by_type[_NORMAL], glb.accessor(empty, None))
    if primitive.uv is not None:
        names["TEXCOORD_0"] = (by_type[_TEXCOORD], glb.accessor(np.empty((count, 2), np.float32), None))
    if primitive.colours is not None:
        colours = glb.accessor(np.empty((count, 4), np.uint8), None, normalized=True)
        names["COLOR_0"] = (by_type[_COLOUR], colours)
    if features:
        names["_FEATURE_ID_0"] = (by_type[_GENERIC], glb.accessor(np.empty(count, ids.dtype), None))
    faces = np.empty(3 * len(decoded.faces), np.uint16 if count < 65535 else np.uint32)
    glb.use("KHR_draco_mesh_compression", required=True)
    extension = {
        "bufferView": glb.view(packed),
        "attributes": {name: key for name, (key, _) in names.items()},
    }
    written: Json = {
        "attributes": {name: accessor for name, (_, accessor) in names.items()},
        "indices": glb.accessor(faces, None),
        "extensions": {"KHR_draco_mesh_compression": extension},
    }
    return written, points
