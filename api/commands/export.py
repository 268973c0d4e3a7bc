"""`twin export`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Format(StrEnum):
    cityjson = "cityjson"
    cityjsonseq = "cityjsonseq"
    citygml = "citygml"
    citygml3 = "citygml3"
    gpkg = "gpkg"


def register(app: typer.Typer) -> None:
    app.command()(export)


def export(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The city's folder.")],
    format: Annotated[Format, typer.Option(help="What to write.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="File to write.")],
    layer: Annotated[list[str] | None, typer.Option(help="Only this layer (may be repeated).")] = None,
) -> None:
    """Write the city, or some layers of it.

    CityJSON 2.0, CityJSONSeq, CityGML 2.0 or 3.0 with textures beside the file, or a GeoPackage of outlines.
    What the format cannot hold is told.
    """
    from twin.export import export_city

    done = export_city(folder, output, format.value, layer or ())
    print(f"{output}: {done.objects:,} objects")
    for finding in done.findings:
        print(f"  {finding.code}  {finding.object_id}: {finding.message}")
