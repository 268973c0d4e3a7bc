"""Validation of a tileset: its JSON, its tree of volumes and errors, and every content in it.

Looks for what makes tiles pop, vanish or fail to open: content outside its volume, a child outside its
parent, a geometric error that grows downwards, buffers that end too early, features without a row.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tiles.expand import expand
from tiles.mesh import MOST_VERTICES
from tiles.read import BrokenGlb, Part, read_glb
from twin.errors import TwinError
from twin.wording import counted

Float64 = npt.NDArray[np.float64]
Json = dict[str, Any]

_SLACK = 0.02
"""[m] positions are rounded to this much."""
_MAX_BYTES = 4 << 20
_MALFORMED = (KeyError, IndexError, TypeError, ValueError, AttributeError, OverflowError, RecursionError)
"""What reading JSON raises where it is not of the shape that the specification asks for."""


@dataclass(slots=True)
class Fault:
    """code: stable name. tile: the uri of its content, or its place in the tree."""

    code: str
    tile: str
    message: str


@dataclass(slots=True)
class TilesetReport:
    """What a tileset holds and what is wrong with it. triangles: of the leaves; all_triangles: with those
    of coarse contents."""

    path: Path
    limit: int = 20
    tiles: int = 0
    contents: int = 0
    triangles: int = 0
    all_triangles: int = 0
    bytes: int = 0
    leaf_ids: set[str] = field(default_factory=set)
    faults: list[Fault] = field(default_factory=list)

    @property
    def errors(self) -> int:
        return len(self.faults)

    def add(self, code: str, tile: str, message: str) -> None:
        self.faults.append(Fault(code, tile, message))

    def as_dict(self) -> dict[str, Any]:
        return {
            "path": str(self.path),
            "tiles": self.tiles,
            "contents": self.contents,
            "triangles": self.triangles,
            "all_triangles": self.all_triangles,
            "bytes": self.bytes,
            "objects": len(self.leaf_ids),
            "errors": self.errors,
            "findings": [{"code": f.code, "tile": f.tile, "message": f.message} for f in self.faults],
        }

    def lines(self) -> Iterator[str]:
        yield (
            f"{self.path}: {self.tiles:,} tiles, {self.contents:,} contents, {len(self.leaf_ids):,} objects,"
            f" {self.triangles:,} triangles, {self.bytes:,} bytes"
        )
        shown: Counter[str] = Counter()
        for fault in self.faults:
            shown[fault.code] += 1
            if shown[fault.code] <= self.limit:
                yield f"  {fault.code}  {fault.tile}: {fault.message}"
        yield from (f"  {code}: {n - self.limit} more" for code, n in shown.items() if n > self.limit)
        yield counted(len(self.faults), "fault")


def check_tileset(path: Path, limit: int = 20, schemas: Path | None = None) -> TilesetReport:
    """Check a tileset.json and everything that it refers to below its folder.

    schemas: a folder with the JSON schemas of 3D Tiles 1.1, to validate against as well.
    Raises TwinError when the file cannot be read at all.
    """
    try:
        document = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise TwinError(f"{path}: not a tileset ({error})") from error
    report = TilesetReport(path, limit)
    schema = None if schemas is None else _Schemas(schemas, report)
    if schema is not None:
        schema.check(document, "tileset.json", "tileset.schema.json")
    if not isinstance(document, dict) or "root" not in document or "asset" not in document:
        raise TwinError(f"{path}: not a tileset: it has no asset or no root")
    walk = _Walk(path.parent, report)
    try:
        walk.document(document, schema)
    except _MALFORMED as error:
        report.add("malformed", "tileset.json", _reason(error))
    return report


def _reason(error: Exception) -> str:
    return f"its JSON is not what 3D Tiles asks for ({type(error).__name__}: {error})"


class _Schemas:
    """The JSON schemas of 3D Tiles in a folder."""

    def __init__(self, folder: Path, report: TilesetReport) -> None:
        from referencing import Registry, Resource

        self.folder, self.report = folder, report
        self.registry: Registry[Any] = Registry().with_resources(
            (name, Resource.from_contents(json.loads(file.read_bytes())))
            for file in folder.rglob("*.schema.json")
            for name in {file.name, file.relative_to(folder).as_posix()}
        )

    def check(self, document: Json, file: str, schema: str) -> None:
        """Validate the document of a file; what is wrong goes into the report."""
        import jsonschema

        text = json.loads((self.folder / schema).read_bytes())
        validator = jsonschema.Draft202012Validator(text, registry=self.registry)
        for error in validator.iter_errors(document):
            place = "/".join(map(str, error.absolute_path))
            self.report.add("schema", f"{file} {place}".strip(), error.message[:200])


@dataclass(slots=True)
class _Walk:
    folder: Path
    report: TilesetReport

    def document(self, document: Json, schemas: _Schemas | None) -> None:
        """Check a tileset.json with all that it refers to."""
        version, root = document["asset"].get("version"), document["root"]
        if version not in ("1.0", "1.1"):
            self.report.add("bad-version", "asset", f"version {version!r} is not 1.0 or 1.1")
        if document.get("geometricError", -1) < root.get("geometricError", 0):
            self.report.add("error-grows", "root", "the root's geometric error is greater than the tileset's")
        if "implicitTiling" in root:
            self.implicit(root, schemas)
        else:
            self.tile(root, "root", None)

    def implicit(self, root: Json, schemas: _Schemas | None) -> None:
        """Check what a root with implicit tiling stands for."""

        def validate(document: Json, uri: str) -> None:
            if schemas is not None:
                schemas.check(document, uri, "Subtree/subtree.schema.json")

        top = expand(root, self.folder, self.report.add, validate)
        if top is not None:
            self.tile(top, "root", root)

    def tile(self, tile: Json, place: str, parent: Json | None) -> None:
        """Check a tile and everything below it."""
        try:
            self._tile(tile, place, parent)
        except _MALFORMED as error:
            self.report.add("malformed", place, _reason(error))

    def _tile(self, tile: Json, place: str, parent: Json | None) -> None:
        report = self.report
        report.tiles += 1
        error = tile.get("geometricError")
        box = tile.get("boundingVolume", {}).get("box")
        if not isinstance(error, (int, float)) or not 0 <= error < math.inf:
            report.add("bad-error", place, f"geometricError is {error!r}")
            return
        if box is None or len(box) != 12 or not np.isfinite(box).all():
            report.add("bad-volume", place, "the bounding volume is not a box of 12 numbers")
            return
        if parent is not None:
            transform = np.array(tile.get("transform", np.eye(4).ravel()), np.float64).reshape(4, 4).T
            if error > parent["geometricError"]:
                message = f"geometric error {error} is greater than its parent's {parent['geometricError']}"
                report.add("error-grows", place, message)
            outside = _outside(
                _corners(box) @ transform[:3, :3].T + transform[:3, 3], parent["boundingVolume"]["box"]
            )
            if not outside <= _SLACK:  # NaN, too, for a transform that is none
                report.add("outside-parent", place, f"its volume reaches {outside:.3f} m out of its parent's")
        if "content" in tile:
            self._content(tile, tile["content"])
        elif not tile.get("children"):
            report.add("empty-leaf", place, "a tile with neither content nor children")
        for number, child in enumerate(tile.get("children", ())):
            self.tile(child, f"{place}/{number}", tile)

    def _content(self, tile: Json, content: Json) -> None:
        report, uri = self.report, content.get("uri", "")
        path = (self.folder / uri).resolve()
        if not path.is_relative_to(self.folder.resolve()) or not path.is_file():
            report.add("missing-content", uri, "there is no such file below the tileset")
            return
        data = path.read_bytes()
        report.contents += 1
        report.bytes += len(data)
        if len(data) > _MAX_BYTES:
            report.add("too-large", uri, f"{len(data):,} bytes are more than the budget of {_MAX_BYTES:,}")
        try:
            gltf = read_glb(data)
            parts = gltf.parts()
            table = gltf.table()
        except (BrokenGlb, KeyError, IndexError, ValueError, TypeError) as error:
            report.add("broken-content", uri, str(error) or type(error).__name__)
            return
        volume = (content.get("boundingVolume") or tile["boundingVolume"])["box"]
        self._parts(uri, parts, volume, tile)
        self._table(uri, parts, table, leaf=not tile.get("children"))

    def _parts(self, uri: str, parts: list[Part], volume: list[float], tile: Json) -> None:
        report = self.report
        for part in parts:
            if part.mode == 4:
                report.all_triangles += len(part.indices) // 3
                report.triangles += len(part.indices) // 3 if not tile.get("children") else 0
                if not part.has_normals:
                    report.add("no-normals", uri, "triangles without normals are drawn unlit")
            if len(part.positions) > MOST_VERTICES:
                report.add("too-many-vertices", uri, f"{len(part.positions):,} vertices in one primitive")
            if len(part.indices) and part.indices.max() >= len(part.positions):
                report.add("bad-index", uri, "an index points past the last vertex")
            if not np.isfinite(part.positions).all():
                report.add("bad-position", uri, "positions that are not finite")
                continue
            east_north_up = np.stack(
                [part.positions[:, 0], -part.positions[:, 2], part.positions[:, 1]], axis=1
            )
            outside = _outside(east_north_up, volume)
            if outside > _SLACK:
                report.add(
                    "outside-volume", uri, f"content reaches {outside:.3f} m out of its bounding volume"
                )

    def _table(self, uri: str, parts: list[Part], table: dict[str, list[Any]], leaf: bool) -> None:
        report = self.report
        ids = table.get("id")
        if ids is None:
            report.add("no-metadata", uri, "no property table with an id")
            return
        used = np.unique(np.concatenate([p.features for p in parts])) if parts else np.empty(0, np.int64)
        if len(used) and used.max() >= len(ids):
            report.add("bad-feature", uri, f"feature {used.max()} has no row in a table of {len(ids)}")
        if len(set(ids)) != len(ids):
            report.add("duplicate-object", uri, "an object has two rows")
        if leaf:
            twice = report.leaf_ids.intersection(ids)
            if twice:
                report.add(
                    "duplicate-object", uri, f"{len(twice)} objects are in another leaf too: {min(twice)}"
                )
            report.leaf_ids.update(ids)


def _corners(box: list[float]) -> Float64:
    centre, axes = np.array(box[:3]), np.array(box[3:]).reshape(3, 3)
    signs = np.array([[i, j, k] for i in (-1, 1) for j in (-1, 1) for k in (-1, 1)])
    return np.asarray(centre + signs @ axes)


def _outside(points: Float64, box: list[float]) -> float:
    """How far [m] the farthest of these points lies out of a box."""
    if not len(points):
        return 0.0
    centre, axes = np.array(box[:3]), np.array(box[3:]).reshape(3, 3)
    half = np.maximum(np.linalg.norm(axes, axis=1), 1e-9)
    along = np.abs((points - centre) @ (axes / half[:, None]).T) - half
    return float(max(along.max(), 0.0))
