"""`twin tile`."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.commands.options import Folder, Json
from api.commands.output import emit, progress, table

if TYPE_CHECKING:
    from tiles.build import LayerReport, TileOptions

_SHOWN = 10


class Compression(StrEnum):
    draco = "draco"
    meshopt = "meshopt"
    none = "none"


class Textures(StrEnum):
    webp = "webp"
    jpeg = "jpeg"
    none = "none"


def register(app: typer.Typer) -> None:
    app.command()(tile)


def _level(lod: str | None) -> str | None:
    if lod is not None and not re.fullmatch(r"\d(\.\d)?", lod):
        raise typer.BadParameter("a level of detail is a digit, or two as in 2.2")
    return lod


def tile(
    folder: Folder,
    layers: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[LAYER...]", help="Layers to build, `terrain` and `imagery` among them; all."
        ),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Build everything anew.")] = False,
    lod: Annotated[
        str | None, typer.Option(help="Level of detail to draw; the best there is.", callback=_level)
    ] = None,
    compression: Annotated[Compression, typer.Option(help="Of geometry.")] = Compression.draco,
    textures: Annotated[Textures, typer.Option(help="Format of textures.")] = Textures.webp,
    texture_size: Annotated[
        int, typer.Option(help="Largest edge of a tile's texture [pixel].", min=64)
    ] = 2048,
    implicit: Annotated[bool, typer.Option("--implicit", help="Implicit tiling (subtrees).")] = False,
    watch: Annotated[
        bool, typer.Option("--watch", help="Build again whenever the city has changed; Ctrl-C ends it.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Build 3D Tiles, terrain and ground imagery; only what has changed."""
    # a tile's products are small, and several processes make tiles: threads would wait for one another
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from tiles.build import TileOptions, build
    from tiles.content import ContentOptions

    content = ContentOptions(compression.value, textures.value, texture_size, lod)
    options = TileOptions(content, all=everything, implicit=implicit)

    def once() -> list[LayerReport]:
        with progress("Tiling") as step:
            return build(
                folder,
                layers or (),
                options,
                lambda name, done, total: step(f"{name} {done}/{total}", done / total),
            )

    if watch:
        _watch(folder, once, options, as_json)
        return
    reports = once()
    emit([r.as_dict() for r in reports], as_json, _lines(reports))


def _lines(reports: list[LayerReport]) -> Iterator[str]:
    yield from table(
        [("layer", "tiles", "written", "removed", "objects", "triangles", "bytes")]
        + [(r.layer, r.tiles, r.written, r.removed, r.features, r.triangles, r.bytes) for r in reports]
    )
    findings = [finding for r in reports for finding in r.findings]
    for finding in findings[:_SHOWN]:
        yield f"{finding.code}  {finding.object_id}: {finding.message}"
    if len(findings) > _SHOWN:
        yield f"and {len(findings) - _SHOWN:,} more (--json lists all)"


def _watch(folder: Path, once: Callable[[], list[LayerReport]], options: TileOptions, as_json: bool) -> None:
    from tiles.watch import watch

    def timed() -> tuple[float, list[LayerReport]]:
        start = time.perf_counter()
        reports = once()
        return time.perf_counter() - start, reports

    with suppress(KeyboardInterrupt):
        for seconds, reports in watch(folder, timed):
            options.all = False
            if as_json:
                layers = [r.as_dict() for r in reports]
                line = json.dumps({"seconds": round(seconds, 3), "layers": layers}, ensure_ascii=False)
            else:
                line = _line(seconds, reports)
            print(line, flush=True)


def _line(seconds: float, reports: list[LayerReport]) -> str:
    """A build in one line."""
    written, removed = sum(r.written for r in reports), sum(r.removed for r in reports)
    layers = ", ".join(r.layer for r in reports if r.written or r.removed)
    findings = sum(len(r.findings) for r in reports)
    return (
        f"{datetime.now():%H:%M:%S}  {written:,} files written, {removed:,} removed in {seconds:.1f} s"
        + (f" ({layers})" if layers else "")
        + (f"; {findings:,} findings (--json lists them)" if findings else "")
    )
