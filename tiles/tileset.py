"""The tileset.json of a layer: a tree of tiles with tight boxes, bottom up, in 3D Tiles 1.1.

Every tile has its own east-north-up frame as `transform`, so that contents keep small coordinates.
`extras` of a tile keep what the next build needs to reuse its content.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

Float64 = npt.NDArray[np.float64]
Json = dict[str, Any]

GENERATOR = "CityTwin"


@dataclass(slots=True)
class Tile:
    """One tile before it is written.

    matrix: (4, 4) float64, its frame in ECEF. low, high: (3,) float64 bounds of the content in that frame,
    None without content. error: what the content leaves out, in metres.
    """

    key: str
    matrix: Float64
    uri: str | None = None
    low: Float64 | None = None
    high: Float64 | None = None
    error: float = 0.0
    triangles: int = 0
    features: int = 0
    bytes: int = 0
    children: list[Tile] = field(default_factory=list)


def tileset(root: Tile, schema_extras: Json) -> Json:
    """The whole document. Boxes contain children's boxes; geometric errors fall from parent to child."""
    document, low, high = _tile(root, None)
    return {
        "asset": {"version": "1.1", "generator": GENERATOR},
        "geometricError": _round(max(float(np.linalg.norm(high - low)), root.error)),
        "root": document,
        "extras": schema_extras,
    }


def _tile(tile: Tile, parent: Tile | None) -> tuple[Json, Float64, Float64]:
    """A tile and its bounds in its own frame."""
    corners = [] if tile.low is None or tile.high is None else [tile.low, tile.high]
    children = []
    for child in tile.children:
        document, low, high = _tile(child, tile)
        children.append(document)
        to_parent = np.linalg.inv(tile.matrix) @ child.matrix
        corners += list(_corners(low, high) @ to_parent[:3, :3].T + to_parent[:3, 3])
        tile.error = max(tile.error, child.error)
    points = np.array(corners)
    low, high = points.min(axis=0), points.max(axis=0)
    local = tile.matrix if parent is None else np.linalg.inv(parent.matrix) @ tile.matrix
    document = {
        "boundingVolume": {"box": box(low, high)},
        "geometricError": _round(tile.error) if children else 0,
        "refine": "REPLACE",
        "transform": [float(v) for v in local.T.ravel()],
    }
    if tile.uri is not None and tile.low is not None and tile.high is not None:
        document["content"] = {"uri": tile.uri, "boundingVolume": {"box": box(tile.low, tile.high)}}
        document["extras"] = {
            "triangles": tile.triangles,
            "features": tile.features,
            "bytes": tile.bytes,
            "error": tile.error if tile.children else 0,
        }
    if children:
        document["children"] = children
    return document, low, high


def box(low: Float64, high: Float64) -> list[float]:
    """A box volume: centre and three half axes, rounded outwards to the millimetre."""
    low, high = np.floor(np.round(low * 1000, 3)) / 1000, np.ceil(np.round(high * 1000, 3)) / 1000
    centre, half = (low + high) / 2, np.maximum((high - low) / 2, 5e-4)
    values = [*centre, half[0], 0, 0, 0, half[1], 0, 0, 0, half[2]]
    return [round(float(v), 4) for v in values]


def unbox(values: list[float]) -> tuple[Float64, Float64]:
    """The bounds of a box that `box` made."""
    centre, half = np.array(values[:3]), np.array([values[3], values[7], values[11]])
    return centre - half, centre + half


def _corners(low: Float64, high: Float64) -> Float64:
    corners = np.array([low, high])
    return np.array(
        [[corners[i, 0], corners[j, 1], corners[k, 2]] for i in (0, 1) for j in (0, 1) for k in (0, 1)]
    )


def _round(value: float) -> float:
    return round(float(value), 3)


def contents(document: Json) -> dict[str, Json]:
    """Tile documents by the uri of their content."""
    found: dict[str, Json] = {}
    waiting = [document["root"]]
    while waiting:
        tile = waiting.pop()
        if "content" in tile:
            found[tile["content"]["uri"]] = tile
        waiting += tile.get("children", ())
    return found
