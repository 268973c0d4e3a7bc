"""Building the tiles of a city, layer by layer, and only what has changed.

The name of a content holds the digest of everything that it is made of, so that one that is there
already is left alone, and the new tileset.json, put in place at once, is what makes a build visible.
A build that is interrupted leaves the old tileset whole; the next one finishes the job.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from citygml.crs import Georeference
from tiles import partition as parts
from tiles.coarse import PRISM_TRIANGLES
from tiles.content import ContentOptions
from tiles.folder import recover, removed
from tiles.layer import attribute_list, signature, summarize
from tiles.metadata import Schema
from tiles.tileset import Json, Tile, box, contents, tileset, unbox
from tiles.work import Job, Made, run_jobs
from twin.errors import CityBusy, TwinError
from twin.place import georeference, metres_per_unit
from twin.store import City, open_city
from twin.store.records import ObjectIndex

FORMAT = 1
"""Goes into every digest: raise it when the same objects give other contents."""
BUDGET = 32_000
"""Weight of a tile: triangles, with a share for placed geometries and for each object."""
_BACKDROP = ("terrain", "imagery")
_COARSE_SHARE = 0.5
_PER_INSTANCE = 8
_PER_OBJECT = 4

Progress = Callable[[str, int, int], None]


@dataclass(slots=True)
class TileOptions:
    """content: how contents are written. all: build everything anew. budget: triangles in a tile, about."""

    content: ContentOptions = field(default_factory=ContentOptions)
    all: bool = False
    implicit: bool = False
    budget: int = BUDGET
    workers: int | None = None


@dataclass(slots=True)
class LayerReport:
    """What a build did to one layer."""

    layer: str
    tiles: int = 0
    written: int = 0
    removed: int = 0
    triangles: int = 0
    features: int = 0
    bytes: int = 0
    findings: int = 0

    def as_dict(self) -> dict[str, str | int]:
        return asdict(self)


def build(
    folder: Path,
    layers: Sequence[str] = (),
    options: TileOptions | None = None,
    progress: Progress | None = None,
) -> list[LayerReport]:
    """Build the named layers, or all. Raises TwinError for a layer that the city does not have."""
    options = options or TileOptions()
    with open_city(folder) as city, _lock(folder):
        existing = {layer.name for layer in city.layers()}
        choice = {*existing, *_BACKDROP}
        unknown = [name for name in layers if name not in choice]
        if unknown:
            raise TwinError(f"{folder}: no layer {unknown[0]!r}; it has {', '.join(sorted(choice))}")
        recover(folder / "tiles")
        place = georeference(city)
        reports = [
            _build_backdrop(city, name, place, options, progress)
            if name in _BACKDROP
            else build_layer(city, name, place, options, progress)
            for name in (layers or [*sorted(existing), *_BACKDROP])
        ]
        if not layers:
            _drop_old_layers(folder / "tiles", existing)
    return reports


def _build_backdrop(
    city: City, name: str, place: Georeference, options: TileOptions, progress: Progress | None
) -> LayerReport:
    from tiles.backdrop import build_imagery_of, build_terrain_of

    make = build_terrain_of if name == "terrain" else build_imagery_of
    made = make(city, place, options.all, progress)
    return LayerReport(name, made.tiles, made.written, bytes=made.bytes)


def build_layer(
    city: City,
    layer: str,
    place: Georeference,
    options: TileOptions,
    progress: Progress | None = None,
) -> LayerReport:
    """Build one layer into `tiles/LAYER/` of the city's folder."""
    target = city.folder / "tiles" / layer
    index = city.index(layer)
    if not len(index):
        removed(target)
        return LayerReport(layer)
    previous = None if options.all else _previous(target)
    summary, known = summarize(city, layer, previous["extras"]["known"] if previous else None)
    schema = Schema.from_summary(layer, summary)
    weights = index.triangles + _PER_INSTANCE * index.implicit + _PER_OBJECT
    coarse_weights = np.minimum(weights, PRISM_TRIANGLES + _PER_OBJECT)
    if layer != "buildings":
        coarse_weights = weights
    root = parts.partition(
        index.bounds,
        weights.astype(np.float64),
        coarse_weights * (1 / _COARSE_SHARE),
        options.budget,
        metres_per_unit(city),
    )
    base = _base_digest(schema, options.content, place)
    target.mkdir(parents=True, exist_ok=True)
    plan = _Plan(index, place, base, contents(previous) if previous else {}, target)
    tree = plan.tile(root)
    report = LayerReport(layer, written=len(plan.jobs))
    scale = metres_per_unit(city)
    made: dict[str, Made | None] = {}
    done = run_jobs(city.folder, plan.jobs, schema, options.content, place, target, scale, options.workers)
    for number, (key, result) in enumerate(done, 1):
        made[key] = result
        if progress is not None:
            progress(layer, number, len(plan.jobs))
    finished = _finish(tree, made, report)
    if finished is None:
        removed(target)
        return report
    document = tileset(
        finished,
        {"format": FORMAT, "layer": layer, "attributes": attribute_list(schema, summary), "known": known},
    )
    if written := _write_if_new(target / "tileset.json", document):
        report.written += written
    report.removed = _clean(target, set(contents(document)))
    return report


@dataclass(slots=True)
class _Plan:
    """Tiles with the contents that can be reused, and the jobs for the others."""

    index: ObjectIndex
    place: Georeference
    base: bytes
    previous: dict[str, Json]
    target: Path
    jobs: list[Job] = field(default_factory=list)

    def tile(self, cell: parts.Cell) -> Tile:
        bounds = self.index.bounds[cell.members] if len(cell.members) else None
        children = [self.tile(child) for child in cell.children]
        if bounds is None:
            return Tile(cell.key, children[0].matrix, error=cell.omitted, children=children)
        low, high = bounds[:, :3].min(axis=0), bounds[:, 3:].max(axis=0)
        tile = Tile(
            cell.key, self.place.local_frame((low + high) / 2).matrix, error=cell.omitted, children=children
        )
        tile.uri = f"{cell.key}.{self._digest(cell)}.glb"
        known = self.previous.get(tile.uri)
        if known is not None and _intact(self.target / tile.uri, known["extras"]["bytes"]):
            tile.low, tile.high = unbox(known["content"]["boundingVolume"]["box"])
            extras = known["extras"]
            tile.triangles, tile.features, tile.bytes = (
                extras["triangles"],
                extras["features"],
                extras["bytes"],
            )
            tile.error = max(tile.error, extras["error"])
        else:
            tolerance = None if cell.is_leaf else max(cell.omitted / 4, 0.25)
            rows = self.index.rows[cell.members]
            self.jobs.append(Job(cell.key, tile.uri, rows, (low, high), tolerance))
        return tile

    def _digest(self, cell: parts.Cell) -> str:
        digest = hashlib.blake2b(self.base, digest_size=8)
        digest.update(b"leaf" if cell.is_leaf else f"coarse {cell.omitted:.3f}".encode())
        for member in cell.members.tolist():
            digest.update(self.index.ids[member].encode())
            digest.update(self.index.digests[member])
        return digest.hexdigest()


def _finish(tile: Tile, made: dict[str, Made | None], report: LayerReport) -> Tile | None:
    """The tree with what the jobs made; tiles with nothing to draw are left out."""
    tile.children = [c for c in (_finish(child, made, report) for child in tile.children) if c is not None]
    if tile.key in made:
        result = made[tile.key]
        if result is None:
            tile.uri = None
        else:
            tile.low, tile.high = unbox(box(result.low, result.high))
            tile.triangles, tile.features, tile.bytes = result.triangles, result.features, result.bytes
            tile.error = max(tile.error, result.error)
            report.findings += result.findings
    if tile.uri is None and not tile.children:
        return None
    if tile.uri is not None:
        report.tiles += 1
        report.bytes += tile.bytes
        if not tile.children:
            report.triangles += tile.triangles
            report.features += tile.features
    return tile


def _base_digest(schema: Schema, options: ContentOptions, place: Georeference) -> bytes:
    text = f"{FORMAT} {options} {place.crs.name} {place.heights} {place.anchor} {signature(schema)}"
    return hashlib.blake2b(text.encode(), digest_size=16).digest()


def _previous(target: Path) -> Json | None:
    """The tileset of the last build, if there is one that this version can go on from."""
    try:
        document: Json = json.loads((target / "tileset.json").read_bytes())
    except (OSError, ValueError):
        return None
    return document if document.get("extras", {}).get("format") == FORMAT else None


def _intact(path: Path, size: int) -> bool:
    try:
        return path.stat().st_size == size
    except OSError:
        return False


def _write_if_new(path: Path, document: Json) -> bool:
    data = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    if path.exists() and path.read_bytes() == data:
        return False
    temporary = path.with_suffix(".new")
    temporary.write_bytes(data)
    temporary.replace(path)
    return True


def _clean(target: Path, used: set[str]) -> int:
    """Remove contents that the tileset no longer names; how many."""
    removed = 0
    for path in target.iterdir():
        if path.name not in used and path.suffix in {".glb", ".new"}:
            path.unlink()
            removed += 1
    return removed


def _drop_old_layers(folder: Path, existing: set[str]) -> None:
    for path in folder.iterdir():
        if path.is_dir() and path.name not in existing and (path / "tileset.json").exists():
            removed(path)


@contextmanager
def _lock(folder: Path) -> Iterator[None]:
    """One build at a time. The lock is SQLite's; the system frees it when a process dies."""
    (folder / "tiles").mkdir(exist_ok=True)
    connection = sqlite3.connect(folder / "tiles" / ".lock", isolation_level=None, timeout=0)
    try:
        connection.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        connection.close()
        raise CityBusy(f"{folder}: tiles are being built by another process") from error
    try:
        yield
    finally:
        connection.close()
