"""`twin tile`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from api.commands.output import emit, progress, table

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


def tile(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The city's folder.")],
    layers: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[LAYER...]", help="Layers to build, `terrain` and `imagery` among them; all."
        ),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Build everything anew.")] = False,
    lod: Annotated[str | None, typer.Option(help="Level of detail to draw; the best there is.")] = None,
    compression: Annotated[Compression, typer.Option(help="Of geometry.")] = Compression.draco,
    textures: Annotated[Textures, typer.Option(help="Format of textures.")] = Textures.webp,
    texture_size: Annotated[int, typer.Option(help="Largest edge of a tile's texture [pixel].")] = 2048,
    implicit: Annotated[bool, typer.Option("--implicit", help="Implicit tiling (subtrees).")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Machine-readable output.")] = False,
) -> None:
    """Build 3D Tiles, terrain and ground imagery; only what has changed."""
    from tiles.build import TileOptions, build
    from tiles.content import ContentOptions

    content = ContentOptions(compression.value, textures.value, texture_size, lod)
    options = TileOptions(content, all=everything, implicit=implicit)
    with progress("Tiling") as step:
        reports = build(
            folder,
            layers or (),
            options,
            lambda name, done, total: step(f"{name} {done}/{total}", done / total),
        )

    def lines() -> Any:
        yield from table(
            [("layer", "tiles", "written", "removed", "objects", "triangles", "bytes")]
            + [(r.layer, r.tiles, r.written, r.removed, r.features, r.triangles, r.bytes) for r in reports]
        )
        findings = [finding for r in reports for finding in r.findings]
        for finding in findings[:_SHOWN]:
            yield f"{finding.code}  {finding.object_id}: {finding.message}"
        if len(findings) > _SHOWN:
            yield f"and {len(findings) - _SHOWN:,} more (--json lists all)"

    emit([r.as_dict() for r in reports], as_json, lines())
