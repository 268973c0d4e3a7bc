"""Writes GLB bytes: buffer views, accessors, extensions, alignment (glTF 2.0).

Knows glTF, and nothing of cities. The one buffer is the binary chunk; views that meshopt compresses
name a second, empty buffer as their fallback, as EXT_meshopt_compression asks.
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson

ARRAY_BUFFER, ELEMENT_ARRAY_BUFFER = 34962, 34963
COMPONENT = {
    np.dtype(np.int8): 5120,
    np.dtype(np.uint8): 5121,
    np.dtype(np.int16): 5122,
    np.dtype(np.uint16): 5123,
    np.dtype(np.uint32): 5125,
    np.dtype(np.float32): 5126,
}
_SHAPE = {1: "SCALAR", 2: "VEC2", 3: "VEC3", 4: "VEC4"}
_GLB, _JSON_CHUNK, _BINARY_CHUNK = 0x46546C67, 0x4E4F534A, 0x004E4942

Json = dict[str, Any]


class Glb:
    """A glTF asset under construction; `json` holds its top-level arrays, `extras` what is said of it,
    `copyright` whose data it is made of."""

    def __init__(self) -> None:
        self.json: dict[str, list[Json]] = {
            name: []
            for name in (
                "accessors",
                "bufferViews",
                "images",
                "materials",
                "meshes",
                "nodes",
                "samplers",
                "textures",
            )
        }
        self.extensions: Json = {}
        self.extras: Json = {}
        self.copyright = ""
        self._used: dict[str, bool] = {}
        self._chunks: list[bytes] = []
        self._length = 0
        self._fallback = 0

    def add(self, kind: str, entry: Json) -> int:
        """Append to a top-level array; gives its index."""
        self.json[kind].append(entry)
        return len(self.json[kind]) - 1

    def use(self, extension: str, required: bool = False) -> None:
        self._used[extension] = self._used.get(extension, False) or required

    def _append(self, data: bytes, align: int) -> int:
        gap = -self._length % align
        if gap:
            self._chunks.append(bytes(gap))
        start = self._length + gap
        self._chunks.append(data)
        self._length = start + len(data)
        return start

    def view(self, data: bytes, align: int = 4, target: int | None = None, stride: int | None = None) -> int:
        """A buffer view on `data`, which must not be empty."""
        entry: Json = {"buffer": 0}
        start = self._append(data, align)
        if start:
            entry["byteOffset"] = start
        entry["byteLength"] = len(data)
        if stride is not None:
            entry["byteStride"] = stride
        if target is not None:
            entry["target"] = target
        return self.add("bufferViews", entry)

    def compressed_view(
        self, packed: bytes, mode: str, count: int, stride: int, target: int, filter: str | None = None
    ) -> int:
        """A view whose bytes meshopt has packed: `count` elements of `stride` bytes when unpacked."""
        self.use("EXT_meshopt_compression", required=True)
        extension: Json = {
            "buffer": 0,
            "byteOffset": self._append(packed, 4),
            "byteLength": len(packed),
            "byteStride": stride,
            "count": count,
            "mode": mode,
        }
        if filter is not None:
            extension["filter"] = filter
        entry: Json = {"buffer": 1, "byteOffset": self._fallback, "byteLength": count * stride}
        if target == ARRAY_BUFFER:
            entry["byteStride"] = stride
        entry |= {"target": target, "extensions": {"EXT_meshopt_compression": extension}}
        self._fallback += count * stride + -(count * stride) % 4
        return self.add("bufferViews", entry)

    def accessor(
        self,
        values: npt.NDArray[np.generic],
        view: int | None,
        bounds: bool = False,
        normalized: bool = False,
    ) -> int:
        """Describe `values` (n,) or (n, k); without a view their bytes are elsewhere (Draco)."""
        width = 1 if values.ndim == 1 else values.shape[1]
        entry: Json = {} if view is None else {"bufferView": view}
        entry |= {"componentType": COMPONENT[values.dtype], "count": len(values), "type": _SHAPE[width]}
        if normalized:
            entry["normalized"] = True
        if bounds:
            table = values.reshape(len(values), width)
            entry |= {"min": table.min(axis=0).tolist(), "max": table.max(axis=0).tolist()}
        return self.add("accessors", entry)

    def attribute(
        self, values: npt.NDArray[np.generic], bounds: bool = False, normalized: bool = False
    ) -> int:
        """A vertex attribute in a view of its own, each element padded to four bytes."""
        rows = padded(values)
        stride = rows.strides[0]
        own = stride if stride != values.dtype.itemsize * (values.size // max(len(values), 1)) else None
        view = self.view(rows.tobytes(), 4, ARRAY_BUFFER, own)
        return self.accessor(values, view, bounds, normalized)

    def indices(self, values: npt.NDArray[np.uint32]) -> int:
        small = values.astype(np.uint16) if not len(values) or values.max() < 65535 else values
        return self.accessor(small, self.view(small.tobytes(), 4, ELEMENT_ARRAY_BUFFER))

    def to_bytes(self) -> bytes:
        """The GLB."""
        binary = b"".join(self._chunks)
        document: Json = {"asset": {"version": "2.0", "generator": "CityTwin"}}
        if self.extras:
            document["asset"]["extras"] = self.extras
        if self.copyright:
            document["asset"]["copyright"] = self.copyright
        if self._used:
            document["extensionsUsed"] = sorted(self._used)
        required = sorted(name for name, needed in self._used.items() if needed)
        if required:
            document["extensionsRequired"] = required
        if self.json["nodes"]:
            children = {c for node in self.json["nodes"] for c in node.get("children", ())}
            roots = [n for n in range(len(self.json["nodes"])) if n not in children]
            document |= {"scene": 0, "scenes": [{"nodes": roots}]}
        document |= {name: entries for name, entries in self.json.items() if entries}
        if binary:
            document["buffers"] = [{"byteLength": len(binary)}]
            if self._fallback:
                fallback = {"EXT_meshopt_compression": {"fallback": True}}
                document["buffers"].append({"byteLength": self._fallback, "extensions": fallback})
        if self.extensions:
            document["extensions"] = self.extensions
        return assemble(document, binary)


def padded(values: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
    """(n, k) with rows filled up with zeros to a multiple of four bytes, contiguous."""
    rows = values.reshape(len(values), -1)
    missing = -(rows.shape[1] * rows.dtype.itemsize) % 4 // rows.dtype.itemsize
    if missing:
        rows = np.concatenate([rows, np.zeros((len(rows), missing), rows.dtype)], axis=1)
    return np.ascontiguousarray(rows)


def assemble(document: Json, binary: bytes) -> bytes:
    """A GLB of a JSON document and its binary chunk (glTF 2.0, section 4.4)."""
    text = orjson.dumps(document)
    text += b" " * (-len(text) % 4)
    chunks = [struct.pack("<II", len(text), _JSON_CHUNK), text]
    if binary:
        binary += bytes(-len(binary) % 4)
        chunks += [struct.pack("<II", len(binary), _BINARY_CHUNK), binary]
    length = 12 + sum(map(len, chunks))
    return b"".join([struct.pack("<III", _GLB, 2, length), *chunks])
