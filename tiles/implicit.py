"""Implicit tiling (3D Tiles 1.1): a quadtree in one east-north-up frame, described by subtrees.

Every object belongs to the cell that holds the centre of its box and may stick out of it; the subtrees
therefore carry tight boxes of tiles and contents, and the errors of tiles. One folder holds one
generation, named by the digest of all its contents; tileset.json, put in place at once, points to it, so
that no reader sees a mixture.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from math import ceil, log2
from pathlib import Path

import numpy as np

from citygml.crs import Georeference
from citygml.model import Float64
from tiles.frames import Bounds
from tiles.partition import BOTTOM_LEVEL, Cell, Int64, Tree
from tiles.plan import Known, Plan
from tiles.subtree import SCHEMA, Subtree, encode, morton, tiles_in
from tiles.tileset import GENERATOR, Json, Tile, box
from tiles.work import Made

MOST_LEVELS = 8
"""Levels of one subtree. A tile in the topmost level of a lower subtree is culled by its cell alone before
that subtree is there, so that few subtrees are better than small ones."""
_MARGIN = 1.0
_CONTENTS = "contents.json"


@dataclass(frozen=True, slots=True)
class Square:
    """The quadtree's ground: edge 2**exponent metres, in the middle of `frame` ((4, 4), to ECEF)."""

    frame: Float64
    exponent: int

    @property
    def half(self) -> float:
        return float(2 ** (self.exponent - 1))

    def key(self, cell: Cell) -> str:
        return f"{self.exponent - cell.exponent}/{cell.x}/{cell.y}"

    def matrix(self, bounds: Bounds) -> Float64:
        return self.frame

    def uri(self, key: str, digest: str) -> str:
        return f"content/{key}.glb"


def quadtree(
    bounds: Float64,
    weights: Float64,
    coarse_weights: Float64,
    budget: float,
    place: Georeference,
    scale: tuple[float, float],
) -> tuple[Square, Cell]:
    """The square and the tree of cells over n objects; arguments as of `tiles.partition.partition`."""
    extent = float(((bounds[:, 3:5].max(axis=0) - bounds[:, :2].min(axis=0)) * scale).max())
    # The middle lies on a grid that is coarse against the whole, so that growing seldom moves it.
    grid = 2.0 ** ceil(log2(max(extent, 16.0))) / 4
    middle = (bounds[:, :3].min(axis=0) + bounds[:, 3:].max(axis=0)) / 2
    steps = np.array([grid / scale[0], grid / scale[1], 64.0])
    frame = place.local_frame(np.round(middle / steps) * steps)
    corners = np.concatenate([bounds[:, [i, j, k]] for i in (0, 3) for j in (1, 4) for k in (2, 5)])
    local = frame.to_local(corners).reshape(8, len(bounds), 3)
    low, high = local.min(axis=0), local.max(axis=0)
    reach = max(float(np.abs(local[:, :, :2]).max()) + _MARGIN, 2.0**BOTTOM_LEVEL)
    square = Square(frame.matrix, ceil(log2(reach)) + 1)
    centres = (low[:, :2] + high[:, :2]) / 2
    tree = _Quadtree(
        np.floor((centres + square.half) / 2**BOTTOM_LEVEL).astype(np.int64),
        np.max(high[:, :2] - low[:, :2], axis=1),
        np.linalg.norm(high - low, axis=1),
        weights,
        coarse_weights,
        budget,
    )
    return square, tree.cell(np.arange(len(bounds), dtype=np.int64), square.exponent)


class _Quadtree(Tree):
    """Four quarters at every level, each with its own."""

    def split(self, members: Int64, exponent: int) -> list[Cell]:
        if self.weights[members].sum() <= self.budget or exponent <= BOTTOM_LEVEL:
            return []
        quarter = (self.fine[members] >> (exponent - 1 - BOTTOM_LEVEL)) & 1
        groups = (members[(quarter[:, 0] == i) & (quarter[:, 1] == j)] for j in (0, 1) for i in (0, 1))
        return [self.cell(group, exponent - 1) for group in groups if len(group)]


# Generations


def generation(plan: Plan, square: Square) -> str:
    """The name of the folder of these contents in this tree."""
    digest = hashlib.blake2b(square.frame.tobytes(), digest_size=8)
    digest.update(f"{square.exponent} {MOST_LEVELS} {sorted(plan.names.values())}".encode())
    return digest.hexdigest()


def known_contents(folder: Path) -> dict[str, Known]:
    """The contents of a generation by `KEY.DIGEST`; none when it is not there or not whole."""
    try:
        listed: dict[str, Json | None] = json.loads((folder / _CONTENTS).read_bytes())
    except (OSError, ValueError):
        return {}
    return {name: _known(folder, name, entry) for name, entry in listed.items()}


def _known(folder: Path, name: str, entry: Json | None) -> Known:
    path = folder / "content" / f"{name.rpartition('.')[0]}.glb"
    if entry is None:
        return Known(path, None)
    bounds = {"low": np.array(entry["low"]), "high": np.array(entry["high"])}
    return Known(path, Made(**{**entry, **bounds}))


def prepare(folder: Path, plan: Plan) -> None:
    """Folders for all contents of a new generation, and those that are known, as links."""
    uris = [*(job.uri for job in plan.jobs), *plan.reused]
    for parent in {(folder / uri).parent for uri in uris}:
        parent.mkdir(parents=True, exist_ok=True)
    for uri, path in plan.reused.items():
        try:
            os.link(path, folder / uri)
        except OSError:
            shutil.copyfile(path, folder / uri)


def write(folder: Path, root: Tile, plan: Plan, made: dict[str, Made | None]) -> Json:
    """Write the subtrees and the list of contents into `folder`; what tileset.json needs to know of them."""
    nodes = dict(_nodes(root))
    levels = max(level for level, _, _ in nodes) + 1
    depth = min(levels, MOST_LEVELS)
    for place in sorted(p for p in nodes if p[0] % depth == 0):
        path = folder / "subtrees" / f"{place[0]}/{place[1]}/{place[2]}.subtree"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encode(_subtree(nodes, place, depth)))
    listed = {name: _entry(made[key]) for key, name in sorted(plan.names.items())}
    (folder / _CONTENTS).write_text(json.dumps(listed, separators=(",", ":")))
    # A subtree that is not there yet has the root's error halved at each level: not less than its parent's.
    errors = [n.error * 2.0 ** (p[0] + 1) for p, n in nodes.items() if (p[0] + 1) % depth == 0]
    top = nodes[0, 0, 0]
    return {
        "low": float(top.low[2]),
        "high": float(top.high[2]),
        "error": max(top.error, *(errors if levels > depth else [0.0])),
        "diagonal": float(np.linalg.norm(top.high - top.low)),
        "subtreeLevels": depth,
        "availableLevels": levels,
    }


def _entry(made: Made | None) -> Json | None:
    if made is None:
        return None
    return asdict(made) | {"low": made.low.tolist(), "high": made.high.tolist()}


def tileset(square: Square, name: str, written: Json, extras: Json) -> Json:
    """The tileset.json of a generation."""
    low = np.array([-square.half, -square.half, written["low"]])
    root = {
        "boundingVolume": {"box": box(low, np.array([square.half, square.half, written["high"]]))},
        "geometricError": round(written["error"], 3),
        "refine": "REPLACE",
        "transform": [float(v) for v in square.frame.T.ravel()],
        "content": {"uri": f"{name}/content/{{level}}/{{x}}/{{y}}.glb"},
        "implicitTiling": {
            "subdivisionScheme": "QUADTREE",
            "subtreeLevels": written["subtreeLevels"],
            "availableLevels": written["availableLevels"],
            "subtrees": {"uri": f"{name}/subtrees/{{level}}/{{x}}/{{y}}.subtree"},
        },
    }
    return {
        "asset": {"version": "1.1", "generator": GENERATOR},
        "schema": SCHEMA,
        "geometricError": round(max(written["diagonal"], written["error"]), 3),
        "root": root,
        "extras": {**extras, "generation": name, "tiling": written},
    }


# Subtrees

Place = tuple[int, int, int]


@dataclass(slots=True)
class _Node:
    """A tile with the bounds of all below it; content: the box of its own."""

    low: Float64
    high: Float64
    error: float
    content: list[float] | None


def _nodes(tile: Tile) -> Iterator[tuple[Place, _Node]]:
    """All tiles by level, x and y, children first: a tile's own is the last of its part of the tree."""
    lows, highs = ([tile.low], [tile.high]) if tile.low is not None and tile.high is not None else ([], [])
    content = box(lows[0], highs[0]) if lows and highs else None
    error = tile.error if tile.children else 0.0
    for child in tile.children:
        for place, node in _nodes(child):
            yield place, node
        lows.append(node.low)
        highs.append(node.high)
        error = max(error, node.error)
    level, x, y = (int(v) for v in tile.key.split("/"))
    yield (level, x, y), _Node(np.min(lows, axis=0), np.max(highs, axis=0), error, content)


def _subtree(nodes: dict[Place, _Node], root: Place, depth: int) -> Subtree:
    """The subtree below one of the tiles."""
    bottom = root[0] + depth
    inside: dict[int, _Node] = {}
    children = np.zeros(4**depth, np.bool_)
    for (level, x, y), node in nodes.items():
        below = level - root[0]
        if not 0 <= below <= depth or (x >> below, y >> below) != root[1:]:
            continue
        code = morton(x - (root[1] << below), y - (root[2] << below))
        if level == bottom:
            children[code] = True
        else:
            inside[tiles_in(below) + code] = node
    order = sorted(inside)
    tiles = np.zeros(tiles_in(depth), np.bool_)
    contents = np.zeros(tiles_in(depth), np.bool_)
    tiles[order] = True
    contents[[n for n in order if inside[n].content is not None]] = True
    return Subtree(
        depth,
        tiles,
        contents,
        children,
        np.array([box(inside[n].low, inside[n].high) for n in order]).reshape(-1, 12),
        np.array([round(inside[n].error, 3) for n in order]),
        np.array([inside[n].content for n in order if inside[n].content is not None]).reshape(-1, 12),
    )
