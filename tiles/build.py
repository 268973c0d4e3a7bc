"""Building the tiles of a city, layer by layer, and only what has changed.

The name of a content holds the digest of everything that it is made of, so that one that is there
already is left alone, and the new tileset.json, put in place at once, is what makes a build visible.
A build that is interrupted leaves the old tileset whole; the next one finishes the job.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from citygml.crs import Georeference
from citygml.findings import Finding
from citygml.model import Float64
from tiles import partition as parts
from tiles.coarse import PRISM_TRIANGLES
from tiles.content import ContentOptions
from tiles.folder import locked, recover, removed, replaced, write_if_new
from tiles.frames import Frames
from tiles.kept_index import KeptIndex
from tiles.layer import attribute_list, signature, summarize
from tiles.metadata import Schema
from tiles.plan import Explicit, Plan, finish, known_contents
from tiles.tileset import Json, Tile, contents, tileset
from tiles.work import Made, Making, run_jobs
from twin.errors import TwinError
from twin.licences import copyright_of
from twin.place import georeference, metres_per_unit
from twin.store import City, open_city
from twin.store.records import ObjectIndex

FORMAT = 1
"""Goes into every digest: raise it when the same objects give other contents."""
BUDGET = 32_000
"""Weight of a tile: triangles, with a share for placed geometries and for each object."""
_BACKDROP = ("terrain", "imagery")
SENSORS = "sensors"
OBSERVATIONS = "observations.db"
_COARSE_SHARE = 0.5
_PER_INSTANCE = 3
_PER_OBJECT = 4

Progress = Callable[[str, int, int], None]


@dataclass(slots=True)
class TileOptions:
    """content: how contents are written. all: build everything anew. implicit: subtrees instead of a tree in
    tileset.json. budget: triangles in a tile, about."""

    content: ContentOptions = field(default_factory=ContentOptions)
    all: bool = False
    implicit: bool = False
    budget: int = BUDGET
    workers: int | None = None


@dataclass(slots=True)
class LayerReport:
    """What a build did to one layer. findings: what is wrong with objects in the contents that it made."""

    layer: str
    tiles: int = 0
    written: int = 0
    removed: int = 0
    triangles: int = 0
    features: int = 0
    bytes: int = 0
    findings: list[Finding] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
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
        existing = set(city.layer_names())
        sensed = {SENSORS} if (folder / OBSERVATIONS).exists() else set()
        choice = {*existing, *_BACKDROP, *sensed}
        unknown = [name for name in layers if name not in choice]
        if unknown:
            raise TwinError(f"{folder}: no layer {unknown[0]!r}; it has {', '.join(sorted(choice))}")
        recover(folder / "tiles")
        place = georeference(city)
        reports = [
            _build_one(city, name, place, options, progress)
            for name in (layers or [*sorted(existing), *_BACKDROP, *sensed])
        ]
        if not layers:
            _drop_old_layers(folder / "tiles", existing)
    return reports


def _build_one(
    city: City, name: str, place: Georeference, options: TileOptions, progress: Progress | None
) -> LayerReport:
    if name in _BACKDROP:
        return _build_backdrop(city, name, place, options, progress)
    if name == SENSORS:
        return _build_sensors(city.folder)
    return build_layer(city, name, place, options, progress)


def _build_sensors(folder: Path) -> LayerReport:
    """The layer of sensors, after Things have found their objects and the ground that they stand on."""
    from tiles.sensor_layer import refresh_sensor_layer
    from twin.link.things import link_things
    from twin.observations.store import open_observations

    with open_observations(folder) as observations:
        link_things(folder, observations)
        made = refresh_sensor_layer(folder, observations)
    return LayerReport(
        SENSORS, made.tiles, made.written, made.removed, made.triangles, made.features, made.bytes
    )


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
    recover(target)
    previous = None if options.all else _previous(target)
    with city.snapshot():
        options = replace(options, content=replace(options.content, copyright=copyright_of(city, [layer])))
        kept = KeptIndex.of(city, layer, target)
        index = kept.index
        summary, known = summarize(city, layer, previous["extras"]["known"] if previous else None)
    if not len(index):
        removed(target)
        return LayerReport(layer)
    schema = Schema.from_summary(layer, summary)
    target.mkdir(parents=True, exist_ok=True)
    run = _Run(city, layer, place, options, progress, target, index, schema, previous)
    extras = {"format": FORMAT, "layer": layer, "attributes": attribute_list(schema, summary), "known": known}
    document = run.implicit(extras) if options.implicit else run.explicit(extras)
    if document is None:
        removed(target)
        return LayerReport(layer)
    run.report.written += write_if_new(target / "tileset.json", document)
    run.frames.write(target)
    kept.write(target)
    run.report.removed = _clean(target, document)
    return run.report


@dataclass(slots=True)
class _Run:
    """One build of one layer."""

    city: City
    layer: str
    place: Georeference
    options: TileOptions
    progress: Progress | None
    target: Path
    index: ObjectIndex
    schema: Schema
    previous: Json | None
    report: LayerReport = field(init=False)
    frames: Frames = field(init=False)

    def __post_init__(self) -> None:
        self.report = LayerReport(self.layer)
        self.frames = Frames.read(self.target, self.place) if self.previous else Frames(self.place)

    def explicit(self, extras: Json) -> Json | None:
        """The document of an explicit tileset, its contents in place; None with nothing to draw."""
        root = parts.partition(*self._objects(), metres_per_unit(self.city))
        known = known_contents(self.previous, self.target) if self.previous else {}
        plan = Plan(self.index, self._base(), known, Explicit(self.frames), self.frames)
        tree = finish(plan.tile(root), self._make(plan, self.target))
        if tree is None:
            return None
        self._count(tree)
        return tileset(tree, extras)

    def implicit(self, extras: Json) -> Json | None:
        """The document of an implicit tileset, its generation in place; None with nothing to draw."""
        from tiles import implicit

        square, root = implicit.quadtree(*self._objects(), self.place, metres_per_unit(self.city))
        before = (self.previous or {}).get("extras", {})
        known = implicit.known_contents(self.target / before.get("generation", "none"))
        plan = Plan(self.index, self._base() + square.frame.tobytes(), known, square, self.frames)
        tree = plan.tile(root)
        name = implicit.generation(plan, square)
        if name == before.get("generation") and not plan.jobs:
            written = before["tiling"]
            finished = finish(tree, plan.made)
        else:
            with replaced(self.target / name) as folder:
                implicit.prepare(folder, plan)
                made = self._make(plan, folder)
                finished = finish(tree, made)
                if finished is None:
                    return None
                written = implicit.write(folder, finished, plan, made)
        if finished is None:
            return None
        self._count(finished)
        return implicit.tileset(square, name, written, extras)

    def _objects(self) -> tuple[Float64, Float64, Float64, float]:
        """Bounds, weights in a leaf and in coarse content, and the budget."""
        weights = self.index.triangles + _PER_INSTANCE * self.index.implicit + _PER_OBJECT
        coarse = np.minimum(weights, PRISM_TRIANGLES + _PER_OBJECT) if self.layer == "buildings" else weights
        return self.index.bounds, weights.astype(np.float64), coarse / _COARSE_SHARE, self.options.budget

    def _base(self) -> bytes:
        return _base_digest(self.schema, self.options.content, self.place)

    def _make(self, plan: Plan, folder: Path) -> dict[str, Made | None]:
        """Make what the plan asks for; all contents by key."""
        self.report.written = len(plan.jobs)
        bounds_of = {job.key: job.bounds for job in plan.jobs}
        made = dict(plan.made)
        making = Making(
            self.city.folder,
            self.schema,
            self.options.content,
            self.place,
            folder,
            metres_per_unit(self.city),
        )
        done = run_jobs(making, plan.jobs, self.options.workers)
        for number, (key, (result, findings, frame)) in enumerate(done, 1):
            made[key] = result
            self.frames.keep(bounds_of[key], frame)
            self.report.findings += findings
            if self.progress is not None:
                self.progress(self.layer, number, len(plan.jobs))
        return made

    def _count(self, tile: Tile) -> None:
        for child in tile.children:
            self._count(child)
        if tile.uri is not None:
            self.report.tiles += 1
            self.report.bytes += tile.bytes
            if not tile.children:
                self.report.triangles += tile.triangles
                self.report.features += tile.features


def _base_digest(schema: Schema, options: ContentOptions, place: Georeference) -> bytes:
    text = f"{FORMAT} {options} {place.crs.name} {place.heights} {place.anchor} {signature(schema)}"
    return hashlib.blake2b(text.encode(), digest_size=16).digest()


def _previous(target: Path) -> Json | None:
    """The tileset of the last build, if there is one that this version can go on from."""
    document = _made_here(target)
    return document if document is not None and document["extras"].get("format") == FORMAT else None


def _made_here(target: Path) -> Json | None:
    """The tileset in a folder, if a build of this or another version has made it."""
    try:
        document: Json = json.loads((target / "tileset.json").read_bytes())
    except (OSError, ValueError):
        return None
    return document if "known" in document.get("extras", {}) else None


def _clean(target: Path, document: Json) -> int:
    """Remove what the tileset no longer names; how many contents have gone."""
    used = {*contents(document), document["extras"].get("generation")}
    gone = 0
    for path in target.iterdir():
        if path.name in used:
            continue
        if path.is_dir():
            # contents that the new generation has taken over have a second name there
            gone += sum(glb.stat().st_nlink == 1 for glb in path.rglob("*.glb"))
            shutil.rmtree(path)
        elif path.suffix in {".glb", ".new"}:
            path.unlink()
            gone += 1
    return gone


def _drop_old_layers(folder: Path, existing: set[str]) -> None:
    """Remove the layers that the city no longer has; folders that others fill stay."""
    for path in folder.iterdir():
        if path.name not in existing and _made_here(path) is not None:
            removed(path)


def _lock(folder: Path) -> AbstractContextManager[None]:
    """One build at a time."""
    (folder / "tiles").mkdir(exist_ok=True)
    return locked(folder / "tiles", f"{folder}: tiles are being built by another process")
