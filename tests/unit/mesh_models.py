"""City objects built by hand, and GLBs taken apart, for the tests of tile content."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import DracoPy
import meshopt
import numpy as np

from citygml.model import CityObject, Geometry, Texturing
from tiles.gltf import COMPONENT
from tiles.read import read_glb

Ring = Sequence[Sequence[float]]
_WIDTH = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4}
_DRACO = {2: np.uint8, 4: np.uint16, 9: np.float32}  # draco::DataType
_DTYPE = {code: dtype for dtype, code in COMPONENT.items()}


def geometry(
    polygons: Sequence[Sequence[Ring]], lod: str = "2", kind: str = "MultiSurface", **more: Any
) -> Geometry:
    """A geometry of polygons, each a list of rings, the exterior first."""
    rings = [np.array(ring, float).reshape(-1, 3) for polygon in polygons for ring in polygon]
    return Geometry(
        kind,  # type: ignore[arg-type]
        lod,
        np.concatenate(rings),
        np.cumsum([0, *(len(r) for r in rings)]).astype(np.int32),
        np.cumsum([0, *(len(p) for p in polygons)]).astype(np.int32),
        **more,
    )


def box_polygons(low: Sequence[float], high: Sequence[float]) -> list[list[Ring]]:
    """The six faces of a box, facing outwards."""
    (a, b, c), (x, y, z) = low, high
    faces = [
        [(a, b, c), (a, y, c), (x, y, c), (x, b, c)],
        [(a, b, z), (x, b, z), (x, y, z), (a, y, z)],
        [(a, b, c), (x, b, c), (x, b, z), (a, b, z)],
        [(x, b, c), (x, y, c), (x, y, z), (x, b, z)],
        [(x, y, c), (a, y, c), (a, y, z), (x, y, z)],
        [(a, y, c), (a, b, c), (a, b, z), (a, y, z)],
    ]
    return [[face] for face in faces]


def box(
    key: str, low: Sequence[float], high: Sequence[float], kind: str = "Building", **attributes: Any
) -> CityObject:
    shape = geometry(box_polygons(low, high), kind="Solid", role="Solid")
    return CityObject(key, kind, attributes=attributes, geometries=[shape])


def textured_box(key: str, low: Sequence[float], high: Sequence[float], images: Sequence[int]) -> CityObject:
    """A box whose faces show the whole of an image each (-1: none)."""
    item = box(key, low, high)
    corners = np.tile(np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32), (6, 1))
    corners[np.repeat(np.array(images) < 0, 4)] = np.nan
    item.geometries[0].textures = {"rgbTexture": Texturing(np.array(images, np.int32), corners)}
    return item


class Unpacked:
    """A GLB taken apart: `primitives` with positions (east, north, up), faces, ids and more, whatever
    their compression, and `rows`, the property table as dicts by property id."""

    def __init__(self, glb: bytes) -> None:
        read = read_glb(glb)
        self.json, self.binary = read.json, read.binary
        self.primitives: list[dict[str, Any]] = []
        for node in self.json["nodes"]:
            for primitive in self.json["meshes"][node["mesh"]]["primitives"]:
                made = self._draco(primitive) or self._plain(primitive)
                points = made["POSITION"].astype(float)
                points = points * node.get("scale", [1, 1, 1]) + node.get("translation", [0, 0, 0])
                made["points"] = np.stack([points[:, 0], -points[:, 2], points[:, 1]], axis=1)
                made["node"], made["primitive"] = node, primitive
                self.primitives.append(made)

    def view(self, number: int) -> bytes:
        entry = self.json["bufferViews"][number]
        packed = entry.get("extensions", {}).get("EXT_meshopt_compression")
        if packed is not None:
            start = packed["byteOffset"]
            data = self.binary[start : start + packed["byteLength"]]
            unpacked = meshopt.decode_gltf_buffer(data, packed["count"], packed["byteStride"], packed["mode"])
            return np.ascontiguousarray(unpacked).tobytes()
        start = entry.get("byteOffset", 0)
        return self.binary[start : start + entry["byteLength"]]

    def accessor(self, number: int) -> np.ndarray[Any, Any]:
        entry = self.json["accessors"][number]
        dtype, width = _DTYPE[entry["componentType"]], _WIDTH[entry["type"]]
        stride = self.json["bufferViews"][entry["bufferView"]].get("byteStride", dtype.itemsize * width)
        data = np.frombuffer(self.view(entry["bufferView"]), np.uint8)
        rows = np.lib.stride_tricks.as_strided(data, (entry["count"], dtype.itemsize * width), (stride, 1))
        values = np.ascontiguousarray(rows).view(dtype)
        return values if width > 1 else values.ravel()

    def _plain(self, primitive: dict[str, Any]) -> dict[str, Any]:
        made: dict[str, Any] = {n: self.accessor(a) for n, a in primitive["attributes"].items()}
        if "indices" in primitive:
            made["indices"] = self.accessor(primitive["indices"]).astype(int)
        return made

    def _draco(self, primitive: dict[str, Any]) -> dict[str, Any] | None:
        extension = primitive.get("extensions", {}).get("KHR_draco_mesh_compression")
        if extension is None:
            return None
        mesh = DracoPy.decode(self.view(extension["bufferView"]))
        made: dict[str, Any] = {}
        for name, key in extension["attributes"].items():
            (held,) = (a for a in mesh.attributes if a["unique_id"] == key)
            entry, data = self.json["accessors"][primitive["attributes"][name]], held["data"]
            assert len(data) == entry["count"]
            assert _DRACO[held["data_type"]] == _DTYPE[entry["componentType"]]
            made[name] = data.ravel() if entry["type"] == "SCALAR" else data
        made["indices"] = mesh.faces.ravel()
        assert len(made["indices"]) == self.json["accessors"][primitive["indices"]]["count"]
        return made

    def rows(self) -> list[dict[str, Any]]:
        """The property table, absent values left out, enums by name."""
        extension = self.json["extensions"]["EXT_structural_metadata"]
        (table,) = extension["propertyTables"]
        count = table["count"]
        rows: list[dict[str, Any]] = [{} for _ in range(count)]
        for key, definition in extension["schema"]["classes"][table["class"]]["properties"].items():
            entry = table["properties"].get(key)
            if entry is None:
                for row in rows:
                    row[key] = definition["default"]
                continue
            for row, value in zip(
                rows, self._column(extension["schema"], definition, entry, count), strict=True
            ):
                if value != definition.get("noData"):
                    row[key] = value
        return rows

    def _column(self, schema: Any, definition: Any, entry: Any, count: int) -> list[Any]:
        data = self.view(entry["values"])
        if definition["type"] == "STRING":
            kind = np.dtype(entry.get("stringOffsetType", "UINT32").lower())
            ends = np.frombuffer(self.view(entry["stringOffsets"]), kind).tolist()
            assert len(ends) == count + 1
            return [data[a:b].decode() for a, b in itertools.pairwise(ends)]
        if definition["type"] == "BOOLEAN":
            return (
                np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little")[:count].astype(bool).tolist()
            )
        if definition["type"] == "ENUM":
            enum = schema["enums"][definition["enumType"]]
            names = {v["value"]: v["name"] for v in enum["values"]}
            numbers = np.frombuffer(data, enum["valueType"].lower()).tolist()
            assert len(numbers) == count
            return [names[n] for n in numbers]
        numbers = np.frombuffer(data, definition["componentType"].lower()).tolist()
        assert len(numbers) == count
        return numbers


def triangle_areas(points: np.ndarray[Any, Any], indices: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    a, b, c = (points[indices.reshape(-1, 3)[:, k]] for k in range(3))
    return 0.5 * np.linalg.norm(np.cross(b - a, c - a), axis=1)
