"""`twin export`."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from api.commands.options import Folder, Json
from api.commands.output import emit


class Format(StrEnum):
    cityjson = "cityjson"
    cityjsonseq = "cityjsonseq"
    citygml = "citygml"
    citygml3 = "citygml3"
    gpkg = "gpkg"


_SUFFIX = {
    Format.cityjson: ".city.json",
    Format.cityjsonseq: ".city.jsonl",
    Format.citygml: ".gml",
    Format.citygml3: ".gml",
    Format.gpkg: ".gpkg",
}


def register(app: typer.Typer) -> None:
    app.command()(export)


def export(
    folder: Folder,
    format: Annotated[Format, typer.Option(help="What to write.")],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="File to write, or a folder; by default named after the city."),
    ] = None,
    layer: Annotated[list[str] | None, typer.Option(help="Only this layer (may be repeated).")] = None,
    as_json: Json = False,
) -> None:
    """Write the city, or some layers of it.

    CityJSON 2.0, CityJSONSeq, CityGML 2.0 or 3.0 with textures beside the file, or a GeoPackage of outlines.
    What the format cannot hold is told.
    """
    from twin.export import export_city

    name = folder.resolve().stem + _SUFFIX[format]
    output = Path(name) if output is None else output / name if output.is_dir() else output
    done = export_city(folder, output, format.value, layer or ())
    data = {
        "path": str(output),
        "objects": done.objects,
        "findings": [{"code": f.code, "object": f.object_id, "message": f.message} for f in done.findings],
    }

    def lines() -> Iterator[str]:
        yield f"{output}: {done.objects:,} objects"
        yield from (f"  {f.code}  {f.object_id}: {f.message}" for f in done.findings)

    emit(data, as_json, lines())
