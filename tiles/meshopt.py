"""Triangle primitives with EXT_meshopt_compression and KHR_mesh_quantization.

Positions are 16-bit integers under the scale and translation of their node where that is fine enough,
else floats on a grid. Vertices are put in the order in which triangles use them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import meshopt
import numpy as np
import numpy.typing as npt

from citygml.model import Float64
from tiles.encode import feature_ids
from tiles.gltf import ARRAY_BUFFER, ELEMENT_ARRAY_BUFFER, Glb, Json, padded
from tiles.mesh import POSITION_ERROR, Primitive

_LEVELS = 65535
_GRID = 2.0**-7  # [m] of positions that stay floats


@dataclass(slots=True, frozen=True)
class Quantization:
    """Positions are origin (3,) + step * integer; step None: they stay floats on a grid."""

    origin: Float64
    step: float | None

    @classmethod
    def of(cls, primitives: list[Primitive], error: float = POSITION_ERROR) -> Quantization:
        """With at most this error [m] of a coordinate; one for all primitives of a node."""
        low = np.min([p.positions.min(axis=0) for p in primitives], axis=0)
        high = np.max([p.positions.max(axis=0) for p in primitives], axis=0)
        step = max(float((high - low).max()), 1e-3) / _LEVELS
        return cls(low, step) if step <= 2 * error else cls(np.zeros(3), None)

    def node(self) -> Json:
        """The transform of the node that undoes it."""
        if self.step is None:
            return {}
        return {"translation": self.origin.tolist(), "scale": [self.step] * 3}


UNQUANTIZED = Quantization(np.zeros(3), None)


def write_meshopt(
    glb: Glb, primitive: Primitive, quantization: Quantization, features: bool = True
) -> tuple[Json, Float64]:
    """Add a triangle primitive; gives its JSON and the positions (n, 3) as a viewer decodes them."""
    indices, remap, _ = meshopt.reorder_mesh(primitive.indices, True, True)
    count = int(indices.max()) + 1
    order = np.empty(count, np.intp)
    used = remap < count
    order[remap[used]] = np.flatnonzero(used)
    glb.use("KHR_mesh_quantization", required=True)
    positions = primitive.positions[order]
    if quantization.step is None:
        stored: npt.NDArray[Any] = (np.round(positions / _GRID) * _GRID).astype(np.float32)
        decoded = stored.astype(np.float64)
    else:
        stored = np.round((positions - quantization.origin) / quantization.step).astype(np.uint16)
        decoded = stored * quantization.step + quantization.origin
    attributes = {"POSITION": _attribute(glb, stored, bounds=True)}
    if primitive.normals is not None:
        normals = np.round(primitive.normals[order] * 127).astype(np.int8)
        attributes["NORMAL"] = _attribute(glb, normals, normalized=True)
    if primitive.uv is not None:
        uv = primitive.uv[order]
        if uv.min() >= 0 and uv.max() <= 1:
            whole = np.round(uv * 65535).astype(np.uint16)
            attributes["TEXCOORD_0"] = _attribute(glb, whole, normalized=True)
        else:
            attributes["TEXCOORD_0"] = _attribute(glb, uv.astype(np.float32))
    if primitive.colours is not None:
        attributes["COLOR_0"] = _attribute(glb, primitive.colours[order], normalized=True)
    if features:
        attributes["_FEATURE_ID_0"] = _attribute(glb, feature_ids(primitive)[order])
    small = indices.astype(np.uint16 if count < 65535 else np.uint32)
    packed = meshopt.encode_gltf_buffer(indices, "TRIANGLES")
    view = glb.compressed_view(packed, "TRIANGLES", len(small), small.dtype.itemsize, ELEMENT_ARRAY_BUFFER)
    return {"attributes": attributes, "indices": glb.accessor(small, view)}, decoded


def _attribute(glb: Glb, values: npt.NDArray[Any], bounds: bool = False, normalized: bool = False) -> int:
    rows = padded(values)
    packed = meshopt.encode_gltf_buffer(rows, "ATTRIBUTES")
    view = glb.compressed_view(packed, "ATTRIBUTES", len(rows), rows.strides[0], ARRAY_BUFFER)
    return glb.accessor(values, view, bounds, normalized)
