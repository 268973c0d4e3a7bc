"""The built tiles around a position as a tileset of their own, for clients that stream.

Nothing is copied: contents are those of the city's tilesets, by their addresses. What lies beyond the radius
is left out, and so are stand-ins of inner tiles that are larger than the radius, which would bring the whole
city. A layer with implicit tiles is named as it is, since its tree is in files of its own.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np

from citygml.crs import frame_matrix
from citygml.model import Float64
from tiles.ar.origin import Origin
from tiles.tileset import GENERATOR, box, unbox

Json = dict[str, Any]


def bounded_tileset(tiles: Path, layers: Collection[str], origin: Origin, radius: float, prefix: str) -> Json:
    """The tileset.json. tiles: the folder of the city's tilesets, one folder a layer; layers without tiles
    are passed over. prefix: of the addresses of contents, before `LAYER/...`."""
    frame = frame_matrix(np.array([origin.longitude, origin.latitude, origin.height]))
    children, whole = [], []
    for layer in layers:
        path = tiles / layer / "tileset.json"
        if not path.is_file():
            continue
        root = json.loads(path.read_bytes())["root"]
        if "implicitTiling" not in root:
            kept = _kept(root, np.eye(4), frame[:3, 3], radius, f"{prefix}{layer}/")
            children += [] if kept is None else [kept]
        elif _reaches(root, _matrix(root), frame[:3, 3], radius):
            children.append(_reference(root, f"{prefix}{layer}/tileset.json"))
            whole.append(layer)
    low, high = np.full(3, -radius), np.full(3, radius)
    for child in children:
        matrix = np.linalg.inv(frame) @ _matrix(child)
        corners = _corners(child) @ matrix[:3, :3].T + matrix[:3, 3]
        low, high = np.minimum(low, corners.min(axis=0)), np.maximum(high, corners.max(axis=0))
        child["transform"] = matrix.T.ravel().tolist()
    error = max([2 * radius, *(child["geometricError"] for child in children)])
    return {
        "asset": {"version": "1.1", "generator": GENERATOR},
        "geometricError": 2 * error,
        "root": {
            "transform": frame.T.ravel().tolist(),
            "boundingVolume": {"box": box(low, high)},
            "geometricError": error,
            "refine": "ADD",
            **({"children": children} if children else {}),
        },
        "extras": {
            "origin": origin.describe(),
            "radius": radius,
            "empty": not children,
            "not_bounded": whole,
        },
    }


def _corners(tile: Json) -> Float64:
    """(8, 3) of its box, in the tile's frame."""
    values = np.array(tile["boundingVolume"]["box"], float).reshape(4, 3)
    return np.asarray(values[0] + (2.0 * np.indices((2, 2, 2)).reshape(3, 8).T - 1.0) @ values[1:])


def _reference(root: Json, uri: str) -> Json:
    """A tile that leads to another tileset, whose root brings its transform itself."""
    matrix = _matrix(root)
    values = np.array(root["boundingVolume"]["box"], float).reshape(4, 3)
    centre = matrix[:3, :3] @ values[0] + matrix[:3, 3]
    axes = values[1:] @ matrix[:3, :3].T
    return {
        "boundingVolume": {"box": np.round(np.concatenate([centre, axes.ravel()]), 4).tolist()},
        "geometricError": root["geometricError"],
        "refine": "REPLACE",
        "content": {"uri": uri},
    }


def _matrix(tile: Json) -> Float64:
    return np.array(tile.get("transform", np.eye(4).T.ravel()), float).reshape(4, 4).T


def _kept(tile: Json, above: Float64, centre: Float64, radius: float, prefix: str) -> Json | None:
    """A tile with what of it is near; None where nothing is. above: the parent's frame in ECEF."""
    matrix = above @ _matrix(tile)
    if not _reaches(tile, matrix, centre, radius):
        return None
    low, high = unbox(tile["boundingVolume"]["box"])
    kept = {key: value for key, value in tile.items() if key not in ("children", "content", "extras")}
    nearer = [_kept(child, matrix, centre, radius, prefix) for child in tile.get("children", ())]
    children = [child for child in nearer if child is not None]
    stand_in = bool(tile.get("children")) and np.linalg.norm(high - low) / 2 > radius
    if "content" in tile and not stand_in:
        kept["content"] = {**tile["content"], "uri": prefix + tile["content"]["uri"]}
    if children:
        kept["children"] = children
    elif "content" not in kept:
        return None
    return kept


def _reaches(tile: Json, matrix: Float64, centre: Float64, radius: float) -> bool:
    """Whether its box, in the frame `matrix`, is at most radius [m] from a point in ECEF."""
    low, high = unbox(tile["boundingVolume"]["box"])
    at = (np.linalg.inv(matrix) @ np.append(centre, 1.0))[:3]
    return bool(np.linalg.norm(np.maximum(np.maximum(low - at, at - high), 0.0)) <= radius)
