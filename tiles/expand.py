"""An implicit tileset as the explicit one that it stands for, so that one check fits both."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tiles.subtree import BrokenSubtree, Subtree, decode, place_of, split, tiles_in

Json = dict[str, Any]
Place = tuple[int, int, int]
_MOST_LEVELS = 10  # with 1.4 million places
Report = Callable[[str, str, str], None]
"""Takes the code, the file and the message of a fault."""
Validate = Callable[[Json, str], None]
"""Looks at the JSON of a subtree file by its schema."""


def expand(root: Json, folder: Path, report: Report, validate: Validate) -> Json | None:
    """The tile at the root of the tree that `implicitTiling` describes, with everything below it.

    Contents in the folder that no subtree names are faults. None when the root's subtree cannot be read.
    """
    tiling = root["implicitTiling"]
    if tiling.get("subdivisionScheme") != "QUADTREE" or "box" not in root.get("boundingVolume", {}):
        report("bad-implicit", "root", "only quadtrees in a box can be checked")
        return None
    if tiling["subtreeLevels"] not in range(1, _MOST_LEVELS + 1):
        report("bad-implicit", "root", f"only subtrees of up to {_MOST_LEVELS} levels can be checked")
        return None
    expansion = _Expansion(root, folder, report, validate, tiling)
    top = expansion.subtree((0, 0, 0))
    expansion.look_for_strays()
    return top


@dataclass
class _Expansion:
    root: Json
    folder: Path
    report: Report
    validate: Validate
    tiling: Json

    def __post_init__(self) -> None:
        self.named: set[Path] = set()

    def uri(self, template: str, place: Place) -> str:
        for name, value in zip(("level", "x", "y"), place, strict=True):
            template = template.replace(f"{{{name}}}", str(value))
        return template

    def subtree(self, root: Place) -> Json | None:
        """The tile at the root of a subtree, with all below it."""
        uri = self.uri(self.tiling["subtrees"]["uri"], root)
        path = self.folder / uri
        levels = self.tiling["subtreeLevels"]
        if not path.resolve().is_relative_to(self.folder.resolve()) or not path.is_file():
            self.report("missing-subtree", uri, "there is no such file below the tileset")
            return None
        self.named.add(path)
        try:
            data = path.read_bytes()
            self.validate(split(data)[0], uri)
            subtree = decode(data, levels)
        except BrokenSubtree as error:
            self.report("broken-subtree", uri, str(error))
            return None
        if not subtree.tiles[0]:
            self.report("broken-subtree", uri, "its root is not available")
            return None
        return self._tiles(subtree, root, uri)

    def _tiles(self, subtree: Subtree, root: Place, uri: str) -> Json:
        tiles: dict[int, Json] = {}
        row = content_row = 0
        for number, below, code in _numbers(subtree.levels):
            if not subtree.tiles[number]:
                if subtree.contents[number]:
                    self.report("broken-subtree", uri, f"tile {number} has a content and is not available")
                continue
            place = _absolute(root, below, code)
            if place[0] >= self.tiling["availableLevels"]:
                self.report("broken-subtree", uri, f"level {place[0]} is below the last of the tileset")
            tile = tiles[number] = {
                "boundingVolume": {"box": subtree.boxes[row].tolist()},
                "geometricError": float(subtree.errors[row]),
                "children": [],
            }
            row += 1
            if subtree.contents[number]:
                tile["content"] = self._content(place, subtree.content_boxes[content_row].tolist())
                content_row += 1
            if below:
                parent = tiles.get(tiles_in(below - 1) + (code >> 2))
                if parent is None:
                    self.report("broken-subtree", uri, f"tile {number} is available and its parent is not")
                else:
                    parent["children"].append(tile)
        for code in np.flatnonzero(subtree.children).tolist():
            parent = tiles.get(tiles_in(subtree.levels - 1) + (code >> 2))
            child = self.subtree(_absolute(root, subtree.levels, code))
            if parent is None:
                self.report("broken-subtree", uri, f"subtree {code} is available and its parent is not")
            elif child is not None:
                parent["children"].append(child)
        return tiles[0]

    def _content(self, place: Place, box: list[float]) -> Json:
        uri = self.uri(self.root["content"]["uri"], place)
        self.named.add(self.folder / uri)
        return {"uri": uri, "boundingVolume": {"box": box}}

    def look_for_strays(self) -> None:
        """Files where contents and subtrees are that no subtree names."""
        for template in (self.root["content"]["uri"], self.tiling["subtrees"]["uri"]):
            folder = self.folder / template.partition("{")[0]
            for path in folder.rglob("*"):
                if path.is_file() and path not in self.named:
                    uri = path.relative_to(self.folder).as_posix()
                    self.report("stray-file", uri, "no subtree says that it is there")


def _numbers(levels: int) -> Iterator[tuple[int, int, int]]:
    """(bit, level below the root of the subtree, Morton code) of every place in a subtree."""
    for below in range(levels):
        for code in range(4**below):
            yield tiles_in(below) + code, below, code


def _absolute(root: Place, below: int, code: int) -> Place:
    x, y = place_of(code)
    return root[0] + below, (root[1] << below) + x, (root[2] << below) + y
