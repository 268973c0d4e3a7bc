"""Reads a GLB of ours back: triangles, feature ids and property tables. For checks and exports.

Handles what `tiles.content` writes: plain, Draco and meshopt primitives, placed instances, and the
property tables of EXT_structural_metadata.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson

Json = dict[str, Any]
Array = npt.NDArray[Any]

_COMPONENT = {
    5120: np.int8,
    5121: np.uint8,
    5122: np.int16,
    5123: np.uint16,
    5125: np.uint32,
    5126: np.float32,
}
_WIDTH = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}
_LARGEST = {np.int8: 127, np.uint8: 255, np.int16: 32767, np.uint16: 65535}
_TABLE_TYPE = {
    "INT8": np.int8, "UINT8": np.uint8, "INT16": np.int16, "UINT16": np.uint16, "INT32": np.int32,
    "UINT32": np.uint32, "INT64": np.int64, "UINT64": np.uint64, "FLOAT32": np.float32, "FLOAT64": np.float64,
}  # fmt: skip


class BrokenGlb(Exception):
    """The bytes are not a GLB that can be read; the message says where."""


@dataclass(slots=True)
class Part:
    """One primitive, with the transform of its node applied: positions (n, 3) float64 in glTF's y-up axes,
    indices (k,), features (n,), mode as in glTF. Instances are repeated."""

    positions: npt.NDArray[np.float64]
    indices: npt.NDArray[np.int64]
    features: npt.NDArray[np.int64]
    mode: int
    has_normals: bool


@dataclass(slots=True)
class Gltf:
    """A parsed GLB."""

    json: Json
    binary: bytes
    _views: dict[int, bytes] = field(default_factory=dict)

    def view(self, number: int) -> bytes:
        """The bytes of a buffer view, decompressed."""
        if number not in self._views:
            view = self.json["bufferViews"][number]
            packed = view.get("extensions", {}).get("EXT_meshopt_compression")
            self._views[number] = self._unpack(packed) if packed else self._slice(view)
        return self._views[number]

    def _slice(self, view: Json) -> bytes:
        start = view.get("byteOffset", 0)
        data = self.binary[start : start + view["byteLength"]]
        if len(data) != view["byteLength"]:
            raise BrokenGlb("a buffer view reaches past the end of the buffer")
        return data

    def _unpack(self, packed: Json) -> bytes:
        import meshopt

        rows = meshopt.decode_gltf_buffer(
            self._slice(packed),
            packed["count"],
            packed["byteStride"],
            packed["mode"],
            packed.get("filter", "NONE"),
        )
        return bytes(np.ascontiguousarray(rows).tobytes())

    def accessor(self, number: int) -> Array:
        """(count, width) values, normalised integers as floats."""
        accessor = self.json["accessors"][number]
        kind, width = np.dtype(_COMPONENT[accessor["componentType"]]), _WIDTH[accessor["type"]]
        view = self.json["bufferViews"][accessor["bufferView"]]
        data = self.view(accessor["bufferView"])
        stride = view.get("byteStride") or kind.itemsize * width
        offset = accessor.get("byteOffset", 0)
        needed = offset + stride * (accessor["count"] - 1) + kind.itemsize * width
        if needed > len(data):
            raise BrokenGlb(f"accessor {number} needs {needed} bytes of a view of {len(data)}")
        values: Array = np.ndarray((accessor["count"], width), kind, data, offset, (stride, kind.itemsize))
        if accessor.get("normalized"):
            return np.maximum(values.astype(np.float64) / _LARGEST[kind.type], -1)
        return values

    def parts(self) -> list[Part]:
        """Everything that is drawn."""
        scene = self.json.get("scenes", [{}])[self.json.get("scene", 0)]
        waiting = [(node, np.eye(4)) for node in scene.get("nodes", ())]
        found = []
        while waiting:
            number, above = waiting.pop()
            node = self.json["nodes"][number]
            matrix = above @ _matrix(node)
            waiting += [(child, matrix) for child in node.get("children", ())]
            if "mesh" in node:
                primitives = self.json["meshes"][node["mesh"]]["primitives"]
                found += [self._placed(self._part(p), node, matrix) for p in primitives]
        return found

    def _part(self, primitive: Json) -> Part:
        attributes = primitive["attributes"]
        packed = primitive.get("extensions", {}).get("KHR_draco_mesh_compression")
        if packed is not None:
            return self._draco(packed, attributes)
        positions = self.accessor(attributes["POSITION"]).astype(np.float64)
        indices = (
            self.accessor(primitive["indices"])[:, 0].astype(np.int64)
            if "indices" in primitive
            else np.arange(len(positions))
        )
        ids = attributes.get("_FEATURE_ID_0")
        features = (
            np.zeros(len(positions), np.int64) if ids is None else self.accessor(ids)[:, 0].astype(np.int64)
        )
        return Part(positions, indices, features, primitive.get("mode", 4), "NORMAL" in attributes)

    def _draco(self, packed: Json, attributes: Json) -> Part:
        import DracoPy

        mesh = DracoPy.decode(self.view(packed["bufferView"]))
        positions = np.asarray(mesh.points, np.float64).reshape(-1, 3)
        ids = packed["attributes"].get("_FEATURE_ID_0")
        features = np.zeros(len(positions), np.int64)
        if ids is not None:
            features = np.asarray(mesh.get_attribute_by_unique_id(ids)["data"]).reshape(-1).astype(np.int64)
        return Part(positions, np.asarray(mesh.faces, np.int64).ravel(), features, 4, "NORMAL" in attributes)

    def _placed(self, part: Part, node: Json, matrix: Array) -> Part:
        instances = node.get("extensions", {}).get("EXT_mesh_gpu_instancing")
        if instances is None:
            part.positions = part.positions @ matrix[:3, :3].T + matrix[:3, 3]
            return part
        columns = {name: self.accessor(number) for name, number in instances["attributes"].items()}
        count = len(next(iter(columns.values())))
        places = [
            matrix
            @ _matrix(
                {
                    key: columns[name][k].tolist()
                    for name, key in (
                        ("TRANSLATION", "translation"),
                        ("ROTATION", "rotation"),
                        ("SCALE", "scale"),
                    )
                    if name in columns
                }
            )
            for k in range(count)
        ]
        n = len(part.positions)
        rows = columns.get("_FEATURE_ID_0")
        ids = np.arange(count) if rows is None else rows[:, 0].astype(np.int64)
        return Part(
            np.concatenate([part.positions @ m[:3, :3].T + m[:3, 3] for m in places]),
            np.concatenate([part.indices + k * n for k in range(count)]),
            np.repeat(ids, n),
            part.mode,
            part.has_normals,
        )

    def table(self) -> dict[str, list[Any]]:
        """The columns of the first property table by property id; enums as the names of their values."""
        metadata = self.json.get("extensions", {}).get("EXT_structural_metadata")
        if not metadata or not metadata.get("propertyTables"):
            return {}
        table, schema = metadata["propertyTables"][0], metadata["schema"]
        definitions = schema["classes"][table["class"]]["properties"]
        columns = {
            name: self._column(definitions[name], column, table["count"], schema)
            for name, column in table["properties"].items()
        }
        for name, definition in definitions.items():
            if name not in columns and "default" in definition:
                columns[name] = [definition["default"]] * table["count"]
        return columns

    def _column(self, definition: Json, column: Json, count: int, schema: Json) -> list[Any]:
        data = self.view(column["values"])
        kind = definition["type"]
        if kind == "STRING":
            offset_type = _TABLE_TYPE[column.get("stringOffsetType", "UINT32")]
            offsets = np.frombuffer(self.view(column["stringOffsets"]), offset_type, count + 1).tolist()
            return [data[a:b].decode() for a, b in pairwise(offsets)]
        if kind == "BOOLEAN":
            bits = np.unpackbits(np.frombuffer(data, np.uint8), count=count, bitorder="little")
            return [bool(bit) for bit in bits]
        if kind == "ENUM":
            enum = schema["enums"][definition["enumType"]]
            names = {v["value"]: v["name"] for v in enum["values"]}
            values = np.frombuffer(data, _TABLE_TYPE[enum.get("valueType", "UINT16")], count)
            return [names[v] for v in values.tolist()]
        values = np.frombuffer(data, _TABLE_TYPE[definition["componentType"]], count)
        absent = definition.get("noData")
        return [None if v == absent else v for v in values.tolist()]


def read_glb(data: bytes) -> Gltf:
    """Parse a GLB. Raises BrokenGlb."""
    if len(data) < 20 or data[:4] != b"glTF":
        raise BrokenGlb("not a GLB (no glTF header)")
    _, version, length = struct.unpack_from("<III", data)
    if version != 2 or length != len(data):
        raise BrokenGlb(f"its header says version {version} and {length} bytes; the file has {len(data)}")
    json_length, json_kind = struct.unpack_from("<II", data, 12)
    if json_kind != 0x4E4F534A or 20 + json_length > len(data):
        raise BrokenGlb("its first chunk is not JSON")
    try:
        document = orjson.loads(data[20 : 20 + json_length])
    except orjson.JSONDecodeError as error:
        raise BrokenGlb(f"its JSON is broken: {error}") from error
    start = 20 + json_length
    binary = b""
    if start < len(data):
        size, kind = struct.unpack_from("<II", data, start)
        if kind != 0x004E4942 or start + 8 + size > len(data):
            raise BrokenGlb("its second chunk is not the binary one, or is cut off")
        binary = data[start + 8 : start + 8 + size]
    return Gltf(document, binary)


def _matrix(node: Json) -> Array:
    if "matrix" in node:
        return np.array(node["matrix"], np.float64).reshape(4, 4).T
    matrix = np.eye(4)
    if "rotation" in node:
        x, y, z, w = node["rotation"]
        matrix[:3, :3] = [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    if "scale" in node:
        matrix[:3, :3] *= node["scale"]
    if "translation" in node:
        matrix[:3, 3] = node["translation"]
    return matrix
