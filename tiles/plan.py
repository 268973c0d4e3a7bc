"""From cells to tiles: which contents are there already, and which have to be made.

A content is known by its key and the digest of everything that it is made of.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from citygml.model import Float64
from tiles.frames import Bounds, Frames
from tiles.partition import Cell
from tiles.tileset import Json, Tile, box, contents, unbox
from tiles.work import Job, Made
from twin.store.records import ObjectIndex


class Layout(Protocol):
    """How a kind of tileset names its tiles and where its frames are."""

    @property
    def frame(self) -> Float64 | None:
        """The one frame of all contents, (4, 4) to ECEF; None when each has its own."""
        ...

    def key(self, cell: Cell) -> str: ...

    def matrix(self, bounds: Bounds) -> Float64:
        """The frame of a tile with these bounds in the city's CRS."""
        ...

    def uri(self, key: str, digest: str) -> str: ...


@dataclass(frozen=True, slots=True)
class Explicit:
    """Every tile has its own frame, and its content's name holds its digest."""

    frames: Frames
    frame: Float64 | None = None

    def key(self, cell: Cell) -> str:
        return cell.key

    def matrix(self, bounds: Bounds) -> Float64:
        return self.frames.matrix(bounds)

    def uri(self, key: str, digest: str) -> str:
        return f"{key}.{digest}.glb"


@dataclass(slots=True)
class Known:
    """A content of an earlier build. made: None when there was nothing to draw."""

    path: Path
    made: Made | None


def known_contents(tileset: Json, folder: Path) -> dict[str, Known]:
    """The contents of an explicit tileset by `KEY.DIGEST`."""
    found = {}
    for uri, tile in contents(tileset).items():
        extras = tile.get("extras", {})
        if "bytes" in extras:
            low, high = unbox(tile["content"]["boundingVolume"]["box"])
            made = Made(low, high, extras["triangles"], extras["features"], extras["bytes"], extras["error"])
            found[uri.removesuffix(".glb")] = Known(folder / uri, made)
    return found


@dataclass(slots=True)
class Plan:
    """jobs: contents to make. made: those that are known, by key. reused: their files, by uri.
    names: `KEY.DIGEST` of every content."""

    index: ObjectIndex
    base: bytes
    known: dict[str, Known]
    layout: Layout
    frames: Frames
    jobs: list[Job] = field(default_factory=list)
    made: dict[str, Made | None] = field(default_factory=dict)
    reused: dict[str, Path] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)

    def tile(self, cell: Cell) -> Tile:
        """The tile of a cell, with all below it."""
        children = [self.tile(child) for child in cell.children]
        key = self.layout.key(cell)
        if not len(cell.members):
            return Tile(key, children[0].matrix, error=cell.omitted, children=children)
        boxes = self.index.bounds[cell.members]
        bounds = boxes[:, :3].min(axis=0), boxes[:, 3:].max(axis=0)
        own = self.frames.find(bounds)
        digest = self._digest(cell)
        uri = self.layout.uri(key, digest)
        self.names[key] = f"{key}.{digest}"
        known = self.known.get(self.names[key])
        if known is not None and known.made is None:
            self.made[key] = None
        elif known is not None and known.made is not None and _intact(known.path, known.made.bytes):
            self.made[key] = known.made
            self.reused[uri] = known.path
        else:
            tolerance = None if cell.is_leaf else max(cell.omitted / 4, 0.25)
            rows = self.index.rows[cell.members]
            self.jobs.append(Job(key, uri, rows, bounds, tolerance, own, self.layout.frame))
        return Tile(key, self.layout.matrix(bounds), uri, error=cell.omitted, children=children)

    def _digest(self, cell: Cell) -> str:
        digest = hashlib.blake2b(self.base, digest_size=8)
        digest.update(b"leaf" if cell.is_leaf else f"coarse {cell.omitted:.3f}".encode())
        digest.update("\0".join([self.index.ids[member] for member in cell.members.tolist()]).encode())
        digest.update(self.index.digests[cell.members].tobytes())
        return digest.hexdigest()


def finish(tile: Tile, made: dict[str, Made | None]) -> Tile | None:
    """The tree with what was made; tiles with nothing to draw are left out."""
    tile.children = [c for c in (finish(child, made) for child in tile.children) if c is not None]
    result = made.get(tile.key) if tile.uri is not None else None
    if result is None:
        tile.uri = None
        return tile if tile.children else None
    tile.low, tile.high = unbox(box(result.low, result.high))
    tile.triangles, tile.features, tile.bytes = result.triangles, result.features, result.bytes
    tile.error = max(tile.error, result.error)
    return tile


def _intact(path: Path, size: int) -> bool:
    try:
        return path.stat().st_size == size
    except OSError:
        return False
