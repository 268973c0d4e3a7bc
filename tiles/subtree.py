"""Subtree files of implicit tiling: which tiles and contents there are, with their volumes and errors.

Layout and order as in 3D Tiles 1.1, "Implicit Tiling": a header, a JSON chunk and a binary chunk; bits of
a level in Morton order, levels from the top; metadata rows for available elements only.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Bool = npt.NDArray[np.bool_]
Float64 = npt.NDArray[np.float64]
Json = dict[str, Any]

TILE, CONTENT = "tile", "content"
_BOX = {"type": "SCALAR", "componentType": "FLOAT64", "array": True, "count": 12, "required": True}
SCHEMA: Json = {
    "id": "implicit_tiles",
    "classes": {
        TILE: {
            "properties": {
                "boundingBox": {**_BOX, "semantic": "TILE_BOUNDING_BOX"},
                "geometricError": {
                    "type": "SCALAR",
                    "componentType": "FLOAT64",
                    "required": True,
                    "semantic": "TILE_GEOMETRIC_ERROR",
                },
            }
        },
        CONTENT: {"properties": {"boundingBox": {**_BOX, "semantic": "CONTENT_BOUNDING_BOX"}}},
    },
}
"""The `schema` of a tileset whose subtrees `encode` makes."""
_MAGIC, _VERSION, _HEADER = b"subt", 1, struct.Struct("<4sIQQ")


class BrokenSubtree(Exception):
    """The bytes are not a subtree that can be read; the message says where."""


@dataclass(slots=True)
class Subtree:
    """tiles, contents: ((4**levels - 1) / 3,) bool. children: (4**levels,) bool.

    boxes: (t, 12) float64, errors: (t,) [m], of the tiles there are; content_boxes: (c, 12) float64.
    """

    levels: int
    tiles: Bool
    contents: Bool
    children: Bool
    boxes: Float64
    errors: Float64
    content_boxes: Float64


def tiles_in(levels: int) -> int:
    """Places for tiles in a subtree of a quadtree."""
    return int((4**levels - 1) // 3)


def morton(x: int, y: int) -> int:
    """Bits of x and y interleaved, x in the even places."""
    code = 0
    for bit in range(max(x.bit_length(), y.bit_length())):
        code |= (x >> bit & 1) << 2 * bit | (y >> bit & 1) << 2 * bit + 1
    return code


def place_of(code: int) -> tuple[int, int]:
    """x and y of a Morton code."""
    x = y = 0
    for bit in range((code.bit_length() + 1) // 2):
        x |= (code >> 2 * bit & 1) << bit
        y |= (code >> 2 * bit + 1 & 1) << bit
    return x, y


def encode(subtree: Subtree) -> bytes:
    """The bytes of a subtree file."""
    binary = _Binary()
    document: Json = {
        "tileAvailability": binary.availability(subtree.tiles),
        "contentAvailability": [binary.availability(subtree.contents)],
        "childSubtreeAvailability": binary.availability(subtree.children),
        "propertyTables": [
            {
                "class": TILE,
                "count": len(subtree.boxes),
                "properties": {
                    "boundingBox": {"values": binary.view(subtree.boxes.astype("<f8").tobytes())},
                    "geometricError": {"values": binary.view(subtree.errors.astype("<f8").tobytes())},
                },
            }
        ],
        "tileMetadata": 0,
    }
    if len(subtree.content_boxes):
        values = binary.view(subtree.content_boxes.astype("<f8").tobytes())
        document["propertyTables"].append(
            {
                "class": CONTENT,
                "count": len(subtree.content_boxes),
                "properties": {"boundingBox": {"values": values}},
            }
        )
        document["contentMetadata"] = [1]
    data = b"".join(binary.chunks)
    document["buffers"] = [{"byteLength": len(data)}]
    document["bufferViews"] = binary.views
    text = json.dumps(document, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return _HEADER.pack(_MAGIC, _VERSION, len(text), len(data)) + text + data


class _Binary:
    """The binary chunk under construction; every view starts at a multiple of eight bytes."""

    def __init__(self) -> None:
        self.views: list[Json] = []
        self.chunks: list[bytes] = []
        self._length = 0

    def view(self, data: bytes) -> int:
        self.views.append({"buffer": 0, "byteOffset": self._length, "byteLength": len(data)})
        self.chunks.append(data + bytes(-len(data) % 8))
        self._length += len(self.chunks[-1])
        return len(self.views) - 1

    def availability(self, bits: Bool) -> Json:
        count = int(bits.sum())
        if count in (0, len(bits)):
            return {"constant": int(count > 0)}
        return {"bitstream": self.view(pack(bits)), "availableCount": count}


def pack(bits: Bool) -> bytes:
    """One bit for each, the first in the lowest place of the first byte."""
    return np.packbits(bits, bitorder="little").tobytes()


def unpack(data: bytes, count: int) -> Bool:
    """`count` bits. Raises BrokenSubtree when there are more or fewer bytes than they need."""
    if len(data) != (count + 7) // 8:
        raise BrokenSubtree(f"{count} bits need {(count + 7) // 8} bytes and have {len(data)}")
    bits = np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little").astype(np.bool_)
    if bits[count:].any():
        raise BrokenSubtree("bits are set after the end of an availability")
    return bits[:count]


def split(data: bytes) -> tuple[Json, bytes]:
    """The JSON and the binary chunk of a subtree file. Raises BrokenSubtree."""
    if len(data) < _HEADER.size:
        raise BrokenSubtree("shorter than its header")
    magic, version, json_length, binary_length = _HEADER.unpack_from(data)
    if magic != _MAGIC or version != _VERSION:
        raise BrokenSubtree(f"its header says {magic!r}, version {version}")
    if json_length % 8 or binary_length % 8:
        raise BrokenSubtree("chunks are not padded to eight bytes")
    if _HEADER.size + json_length + binary_length != len(data):
        raise BrokenSubtree("its chunks are not as long as the header says")
    try:
        document = json.loads(data[_HEADER.size : _HEADER.size + json_length])
    except ValueError as error:
        raise BrokenSubtree(f"its JSON is broken: {error}") from error
    return document, data[_HEADER.size + json_length :]


def decode(data: bytes, levels: int) -> Subtree:
    """Read a subtree file of ours back. Raises BrokenSubtree."""
    document, binary = split(data)
    try:
        return _Reader(document, binary).subtree(levels)
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise BrokenSubtree(f"{type(error).__name__}: {error}") from error


@dataclass(slots=True)
class _Reader:
    document: Json
    binary: bytes

    def subtree(self, levels: int) -> Subtree:
        document = self.document
        tiles = self._availability(document["tileAvailability"], tiles_in(levels))
        (content,) = document["contentAvailability"]
        contents = self._availability(content, tiles_in(levels))
        children = self._availability(document["childSubtreeAvailability"], 4**levels)
        table = self._table(document["tileMetadata"], TILE, int(tiles.sum()))
        content_boxes = np.empty((0, 12))
        if contents.any():
            table_of_contents = self._table(document["contentMetadata"][0], CONTENT, int(contents.sum()))
            content_boxes = self._values(table_of_contents, "boundingBox", 12)
        return Subtree(
            levels,
            tiles,
            contents,
            children,
            self._values(table, "boundingBox", 12),
            self._values(table, "geometricError", 1)[:, 0],
            content_boxes,
        )

    def _view(self, number: int) -> bytes:
        view = self.document["bufferViews"][number]
        start, length = view.get("byteOffset", 0), view["byteLength"]
        if start % 8:
            raise BrokenSubtree(f"buffer view {number} does not start at a multiple of eight bytes")
        if start + length > len(self.binary):
            raise BrokenSubtree(f"buffer view {number} reaches past the end of the binary chunk")
        return self.binary[start : start + length]

    def _availability(self, entry: Json, count: int) -> Bool:
        if "constant" in entry:
            return np.full(count, bool(entry["constant"]))
        bits = unpack(self._view(entry["bitstream"]), count)
        stated = entry.get("availableCount", bits.sum())
        if stated != bits.sum():
            raise BrokenSubtree(f"availableCount is {stated}, and {bits.sum()} bits are set")
        return bits

    def _table(self, number: int, kind: str, count: int) -> Json:
        table: Json = self.document["propertyTables"][number]
        if table["class"] != kind or table["count"] != count:
            raise BrokenSubtree(f"the table of {kind}s has {table['count']} rows for {count}")
        return table

    def _values(self, table: Json, name: str, width: int) -> Float64:
        data = self._view(table["properties"][name]["values"])
        if len(data) != table["count"] * width * 8:
            raise BrokenSubtree(f"{name} has {len(data)} bytes for {table['count']} rows")
        return np.frombuffer(data, "<f8").astype(np.float64).reshape(-1, width)
