"""Values on roofs and facades as a layer of 3D Tiles 1.1, which any viewer of 3D Tiles can colour.

Contents are the real surfaces with texture coordinates into a sheet of texels. Each quantity is a property of
a property texture (EXT_structural_metadata), a byte to a texel, so that a viewer colours by any of them and
reads values at a point; the base colour shows the first. Features (EXT_mesh_features) are the surfaces, with
`id`, `building`, `kind` and `area`. Inner tiles show the large buildings with one colour for each surface.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from citygml.crs import Georeference, frame_matrix
from tiles.encode import write_plain, write_table
from tiles.gltf import Glb, Json
from tiles.mesh import TRIANGLES, Primitive, y_up, z_up
from tiles.metadata import Column, Property, Table, strings
from tiles.partition import Cell, partition
from tiles.surface_atlas import CHANNELS, NO_DATA, STEPS, coordinates, png, sheet
from tiles.tileset import Tile, tileset
from twin.surface_values import Float64, Int64, SurfaceValues

LEGEND = "legend.json"
TILESET = "tileset.json"
_VERTICES = 40_000.0
"""Vertices of a tile, at most, but for a single building with more."""
_TEXELS = 1_000_000.0
"""Texels of a tile, at most, as well."""
_HELD = 60_000
"""Vertices of one primitive."""
_CLASS, _VALUES = "surface", "values"


@dataclass(frozen=True)
class SurfaceContent:
    """A GLB. low, high: (3,) float64 bounds in its east, north, up frame [m]."""

    glb: bytes
    low: Float64
    high: Float64
    triangles: int
    features: int


def write_surface_layer(
    folder: Path,
    values: SurfaceValues,
    georeference: Georeference,
    progress: Callable[[float], None] | None = None,
) -> Path:
    """Write `tileset.json`, its contents and `legend.json` into a folder (made if it is not there); gives the
    path of the tileset. The values need at least one surface that is drawn and one quantity."""
    folder.mkdir(parents=True, exist_ok=True)
    legend = [quantity.describe() for quantity in values.quantities]
    text = json.dumps(legend, ensure_ascii=False, allow_nan=False)
    (folder / LEGEND).write_text(text, encoding="utf-8")
    units = _Units(values)
    root = partition(units.bounds, units.weights, units.coarse_weights, 1.0, _scale(units, georeference))
    count = _count(root)
    done = 0

    def made(cell: Cell) -> Tile:
        nonlocal done
        surfaces = units.surfaces(cell.members)
        tile = _empty(cell, units, georeference)
        if len(surfaces):
            content, matrix = content_of(values, surfaces, georeference, mean=not cell.is_leaf)
            name = f"{cell.key}.glb"
            (folder / name).write_bytes(content.glb)
            tile = Tile(
                cell.key,
                matrix,
                name,
                content.low,
                content.high,
                cell.omitted,
                content.triangles,
                content.features,
                len(content.glb),
            )
        done += 1
        if progress is not None:
            progress(done / count)
        tile.children = [made(child) for child in cell.children]
        return tile

    document = tileset(made(root), {"legend": LEGEND})
    path = folder / TILESET
    path.write_text(json.dumps(document, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")
    return path


def surface_tileset(values: SurfaceValues, georeference: Georeference, uri: str) -> tuple[Json, bytes]:
    """All surfaces as one content, for an answer that is drawn at once: the tileset.json and the GLB that it
    names `uri`."""
    drawn = np.unique(values.surface[values.triangles[:, 0]]).astype(np.int64)
    content, matrix = content_of(values, drawn, georeference)
    tile = Tile("root", matrix, uri, content.low, content.high, 0.0, content.triangles, content.features)
    tile.bytes = len(content.glb)
    return tileset(tile, {"legend": [quantity.describe() for quantity in values.quantities]}), content.glb


def content_of(
    values: SurfaceValues, surfaces: Int64, georeference: Georeference, mean: bool = False
) -> tuple[SurfaceContent, Float64]:
    """The GLB of these surfaces (k,), and its frame (4, 4) in ECEF. mean: one texel for each surface."""
    chosen = np.full(len(values), -1, np.int64)
    chosen[surfaces] = np.arange(len(surfaces))
    used = chosen[values.surface] >= 0
    number = np.cumsum(used) - 1
    positions = values.positions[used]
    owner = chosen[values.surface[used]]
    triangles = number[values.triangles[chosen[values.surface[values.triangles[:, 0]]] >= 0]]
    frame = georeference.fitted_frame(positions.min(axis=0), positions.max(axis=0))
    local = frame.to_local(positions)

    packed = sheet(values, surfaces, mean)
    uv = coordinates(
        packed.places, values.texel[used], owner, values.shape[surfaces].astype(np.int64), packed.size
    )
    normals = _normals(local, triangles, owner, len(surfaces))[owner]
    glb = Glb()
    written, bounds = [], []
    material = _material(glb, packed.colours)
    textures = [
        _texture(glb, png(_three(packed.values[..., k : k + CHANNELS])))
        for k in range(0, len(values.quantities), CHANNELS)
    ]
    for part in _parts(triangles, owner):
        held, places = np.unique(part, return_inverse=True)
        primitive = Primitive(
            TRIANGLES,
            y_up(local[held]),
            places.ravel().astype(np.uint32),
            owner[held].astype(np.uint32),
            y_up(normals[held]),
            uv[held],
        )
        entry, exact = write_plain(glb, primitive)
        entry["material"] = material
        ids = [{"featureCount": len(surfaces), "attribute": 0, "propertyTable": 0}]
        entry["extensions"] = {
            "EXT_mesh_features": {"featureIds": ids},
            "EXT_structural_metadata": {"propertyTextures": [0]},
        }
        written.append(entry)
        bounds.append(z_up(exact))
    glb.use("EXT_mesh_features")
    glb.add("nodes", {"mesh": glb.add("meshes", {"primitives": written})})
    write_table(glb, _table(values, surfaces))
    _property_texture(glb.extensions["EXT_structural_metadata"], values, textures)
    points = np.concatenate(bounds)
    content = SurfaceContent(
        glb.to_bytes(), points.min(axis=0), points.max(axis=0), len(triangles), len(surfaces)
    )
    return content, frame.matrix


class _Units:
    """What stays together in a tile: the surfaces of a building, and each surface of none by itself."""

    def __init__(self, values: SurfaceValues) -> None:
        names = [b or f"\n{id}" for b, id in zip(values.buildings, values.ids, strict=True)]
        drawn = np.zeros(len(values), bool)
        drawn[values.surface[values.triangles[:, 0]]] = True
        self.kept = np.flatnonzero(drawn)
        _, unit = np.unique(np.array(names, object)[self.kept].astype(str), return_inverse=True)
        self.order = np.argsort(unit, kind="stable")
        count = int(unit.max()) + 1
        self.ends = np.concatenate([[0], np.cumsum(np.bincount(unit, minlength=count))])
        unit_of = np.full(len(values), -1, np.int64)
        unit_of[self.kept] = unit
        owner = unit_of[values.surface]
        held = owner >= 0
        low, high = np.full((count, 3), np.inf), np.full((count, 3), -np.inf)
        np.minimum.at(low, owner[held], values.positions[held])
        np.maximum.at(high, owner[held], values.positions[held])
        self.bounds = np.concatenate([low, high], axis=1)
        vertices = np.bincount(owner[held], minlength=count) / _VERTICES
        texels = np.bincount(unit, values.shape[self.kept].astype(np.int64).prod(axis=1), count) / _TEXELS
        self.weights = np.maximum(vertices, texels)
        self.coarse_weights = vertices

    def surfaces(self, units: Int64) -> Int64:
        """The surfaces of some of them, in order."""
        parts = [self.order[self.ends[u] : self.ends[u + 1]] for u in units.tolist()]
        return np.sort(self.kept[np.concatenate(parts)]) if parts else np.zeros(0, np.int64)


def _scale(units: _Units, georeference: Georeference) -> tuple[float, float]:
    """Metres per unit of x and of y."""
    low, high = units.bounds[:, :3].min(axis=0), units.bounds[:, 3:].max(axis=0)
    middle = (low + high) / 2
    step = 1e-4 if georeference.crs.is_geographic else 1.0
    frame = georeference.local_frame(middle)
    moved = frame.to_local(middle + np.array([[step, 0, 0], [0, step, 0]]))
    return float(np.linalg.norm(moved[0])) / step, float(np.linalg.norm(moved[1])) / step


def _empty(cell: Cell, units: _Units, georeference: Georeference) -> Tile:
    """An inner tile that shows nothing, in the frame of its buildings' middle."""
    middle = (units.bounds[:, :3].min(axis=0) + units.bounds[:, 3:].max(axis=0)) / 2
    return Tile(cell.key, frame_matrix(georeference.to_geographic(middle[None])[0]), error=cell.omitted)


def _count(cell: Cell) -> int:
    return 1 + sum(_count(child) for child in cell.children)


def _normals(local: Float64, triangles: Int64, owner: Int64, count: int) -> Float64:
    """(count, 3) unit normals of surfaces, of the sum over their triangles; upward for one without area."""
    a, b, c = (local[triangles[:, k]] for k in range(3))
    cross = np.cross(b - a, c - a)
    of = owner[triangles[:, 0]]
    sums = np.stack([np.bincount(of, cross[:, k], count) for k in range(3)], axis=1)
    length = np.linalg.norm(sums, axis=1, keepdims=True)
    return np.where(length > 0, sums / np.maximum(length, 1e-300), [0.0, 0.0, 1.0])


def _parts(triangles: Int64, owner: Int64) -> list[Int64]:
    """The triangles in parts of at most `_HELD` vertices, those of one surface together."""
    order = np.argsort(owner[triangles[:, 0]], kind="stable")
    triangles = triangles[order]
    if triangles.max() < _HELD:
        return [triangles]
    ends = list(range(_HELD // 3, len(triangles), _HELD // 3))
    return list(np.split(triangles, ends))


def _three(values: Any) -> Any:
    """(height, width, 3): channels that no quantity uses hold no data."""
    missing = CHANNELS - values.shape[2]
    return np.pad(values, ((0, 0), (0, 0), (0, missing)), constant_values=NO_DATA) if missing else values


def _texture(glb: Glb, data: bytes) -> int:
    """A texture that is neither filtered nor repeated."""
    sampler = {"magFilter": 9728, "minFilter": 9728, "wrapS": 33071, "wrapT": 33071}
    known = glb.json["samplers"]
    number = known.index(sampler) if sampler in known else glb.add("samplers", sampler)
    image = glb.add("images", {"bufferView": glb.view(data), "mimeType": "image/png"})
    return glb.add("textures", {"sampler": number, "source": image})


def _material(glb: Glb, colours: Any) -> int:
    """Unlit, since the colours are values."""
    glb.use("KHR_materials_unlit")
    texture = {"index": _texture(glb, png(colours))}
    paint = {"baseColorTexture": texture, "metallicFactor": 0, "roughnessFactor": 1}
    return glb.add("materials", {"pbrMetallicRoughness": paint, "extensions": {"KHR_materials_unlit": {}}})


def _table(values: SurfaceValues, surfaces: Int64) -> Table:
    """The property table: a row for each surface."""
    ids = strings(Property("id", "id", {"type": "STRING", "required": True}), _pick(values.ids, surfaces))
    buildings = strings(
        Property("building", "building", {"type": "STRING"}), _pick(values.buildings, surfaces)
    )
    found = _pick(values.kinds, surfaces)
    names = sorted(set(values.kinds))
    kinds = Property("kind", "kind", {"type": "ENUM", "enumType": "kind"})
    kind = Column(kinds, np.array([names.index(name) for name in found], np.uint8))
    metres = {"type": "SCALAR", "componentType": "FLOAT32", "description": "[m2]", "extras": {"unit": "m2"}}
    area = Column(Property("area", "area", metres), values.areas[surfaces].astype(np.float32))
    columns = [column for column in (ids, buildings, kind, area) if column is not None]
    members = [{"name": name, "value": number} for number, name in enumerate(names)]
    schema = {
        "id": "surface_values",
        "classes": {
            _CLASS: {"properties": {column.property.id: column.property.definition for column in columns}},
            _VALUES: {"properties": {q.property: _scalar(q) for q in values.quantities}},
        },
        "enums": {"kind": {"valueType": "UINT8", "values": members}},
    }
    return Table(schema, _CLASS, len(surfaces), columns)


def _pick(texts: list[str], which: Int64) -> list[str]:
    return [texts[k] for k in which.tolist()]


def _scalar(quantity: Any) -> Json:
    """A byte 0 to 254 from the minimum to the maximum: value = offset + scale * byte / 255."""
    return {
        "name": quantity.title["en"],
        "description": f"[{quantity.unit}]",
        "type": "SCALAR",
        "componentType": "UINT8",
        "normalized": True,
        "offset": quantity.minimum,
        "scale": (quantity.maximum - quantity.minimum) * 255 / STEPS,
        "noData": NO_DATA,
        "extras": {"unit": quantity.unit},
    }


def _property_texture(extension: Json, values: SurfaceValues, textures: list[int]) -> None:
    extension["propertyTextures"] = [
        {
            "class": _VALUES,
            "properties": {
                quantity.property: {
                    "index": textures[k // CHANNELS],
                    "texCoord": 0,
                    "channels": [k % CHANNELS],
                }
                for k, quantity in enumerate(values.quantities)
            },
        }
    ]
