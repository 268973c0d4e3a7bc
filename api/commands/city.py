"""`twin init`, `twin add`, `twin info`, `twin check`."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.commands.options import Folder, Json
from api.commands.output import emit, progress, table
from twin.wording import counted

if TYPE_CHECKING:
    from twin.ingest.readings import Delivery

Anchor = Annotated[
    str | None,
    typer.Option(
        metavar="LON,LAT[,H]", help="Where the origin of a local coordinate system lies on the globe."
    ),
]


def register(app: typer.Typer) -> None:
    app.command()(init)
    app.command()(add)
    app.command()(info)
    app.command()(check)


def init(
    folder: Folder,
    crs: Annotated[str, typer.Option(help="Coordinate system of the city, such as EPSG:5187+5193.")],
    name: Annotated[str | None, typer.Option(help="Name of the city, for people.")] = None,
    anchor: Anchor = None,
    as_json: Json = False,
) -> None:
    """Make an empty city with a coordinate system."""
    from citygml.crs import parse
    from twin.errors import TwinError
    from twin.store import create_city

    parsed = parse(crs)
    if (folder / "twin.db").exists():
        raise TwinError(f"{folder}: there is a city already")
    settings = {"crs": parsed.name, "name": name or folder.stem}
    if anchor:
        settings["anchor"] = ",".join(map(str, parse_anchor(anchor)))
    create_city(folder, **settings).close()
    emit(settings, as_json, iter([f"{folder}: an empty city in {parsed.title}"]))


def add(
    folder: Folder,
    paths: Annotated[
        list[Path], typer.Argument(metavar="FILE|FOLDER...", help="What to read.", exists=False)
    ],
    crs: Annotated[
        str | None, typer.Option(help="Coordinate system of the files, when they name none or a wrong one.")
    ] = None,
    lod: Annotated[
        list[int] | None, typer.Option(help="Only this level of detail (may be repeated).")
    ] = None,
    geoid: Annotated[
        Path | None, typer.Option(help="Grid for heights, such as a GeoTIFF of PROJ-data.", exists=True)
    ] = None,
    anchor: Anchor = None,
    stations: Annotated[
        Path | None, typer.Option(help="CSV with the places of the stations that readings name.", exists=True)
    ] = None,
    timezone: Annotated[
        str | None,
        typer.Option(help="Zone of readings whose times state none; else TWIN_TIMEZONE, else the city's."),
    ] = None,
    licence: Annotated[
        str | None,
        typer.Option(
            help="Licence of these files and whom to name, shown wherever their data is.", metavar="TEXT"
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Read city models, terrain and readings of sensors into a city (made if there is none).

    CityGML 1.0-3.0, CityJSON and CityJSONSeq, IFC, IndoorGML, GeoTIFF and ASC; readings as CSV, JSON of
    SensorThings or of the Environment Agency; folders and zip archives of them. Either all goes in or
    nothing. A defect of one object is a finding (`twin check`), not an error.
    """
    from api.settings import read_settings
    from twin.ingest import AddOptions, add_files

    options = AddOptions(
        crs=crs,
        lods=frozenset(map(str, lod)) if lod else None,
        geoid=geoid,
        anchor=parse_anchor(anchor) if anchor else None,
        stations=stations,
        timezone=timezone or read_settings(folder).timezone,
        licence=licence,
    )
    with progress("Reading") as step:
        done = add_files(folder, paths, options, lambda n, _: step(f"{n:,} objects"))
    counts = done.counts
    data = {
        "files": {"read": done.read, "unchanged": done.unchanged_files, "rasters": done.rasters},
        "objects": {
            "added": counts.added,
            "changed": counts.changed,
            "unchanged": counts.unchanged,
            "ended": counts.ended,
        },
        "findings": counts.findings,
        "notes": done.notes,
    }
    if done.readings.files:
        data["readings"] = {**done.readings.counts(), "examples": done.readings.examples}

    def lines() -> Iterator[str]:
        if done.read or done.rasters or done.unchanged_files or not done.readings.files:
            yield (
                f"{counted(done.read + done.rasters, 'file')} read, {done.unchanged_files} unchanged: "
                f"{counts.added:,} objects added, {counts.changed:,} changed, {counts.unchanged:,} unchanged,"
                f" {counts.ended:,} ended"
            )
        if counts.findings:
            yield f"{counted(counts.findings, 'finding')}; see `twin info {folder}`"
        yield from _readings_lines(done.readings)
        yield from done.notes

    emit(data, as_json, lines())


def _readings_lines(readings: Delivery) -> Iterator[str]:
    if not readings.files:
        return
    counts = readings.counts()
    yield (
        f"{counted(counts['files'], 'file')} of readings: {counts['added']:,} added,"
        f" {counts['known']:,} there already, {counts['datastreams']:,} new datastreams,"
        f" {counts['empty']:,} cells empty"
    )
    if counts["bad"]:
        yield f"{counts['bad']:,} readings could not be read, such as"
    yield from (f"  {example}" for example in readings.examples)
    if readings.unlocated:
        yield f"{readings.unlocated} stations have no place; say where they are with --stations"


def info(folder: Folder, as_json: Json = False) -> None:
    """Say what a city holds: coordinate system, extent, objects, layers, sources, findings."""
    from twin.describe import describe
    from twin.store import open_city

    with open_city(folder) as city:
        data = describe(city)

    def lines() -> Iterator[str]:
        yield f"{data['name']}  ({folder})"
        if data["crs"]:
            yield f"  crs      {data['crs']}  {data['crs_title']}"
        if data["heights"]:
            yield f"  heights  {data['heights']}"
        if data["bbox"]:
            west, south, east, north = data["bbox"]
            yield f"  bbox     {west:.6f}, {south:.6f} to {east:.6f}, {north:.6f}  (longitude, latitude)"
        yield "objects"
        yield from table(list(data["objects"].items()))
        yield "layers"
        yield from table(
            [(x["name"], x["objects"], ", ".join(f"LoD {lod}" for lod in x["lods"])) for x in data["layers"]]
        )
        yield "sources"
        yield from table(
            [(s["name"], s["format"], s["crs"], s.get("licence") or "") for s in data["sources"][:20]]
        )
        if len(data["sources"]) > 20:
            yield f"  and {len(data['sources']) - 20} more"
        if data["rasters"]:
            yield "rasters"
            yield from table([(r["name"], r["kind"], r.get("licence") or "") for r in data["rasters"]])
        if data["findings"]:
            yield "findings"
            yield from table(list(data["findings"].items()))

    emit(data, as_json, lines())


def check(
    path: Annotated[Path, typer.Argument(help="A city model, a folder of them, or a tileset.")],
    limit: Annotated[int, typer.Option(help="Findings to list of each kind.")] = 20,
    crs: Annotated[str | None, typer.Option(help="Coordinate system, when the file names none.")] = None,
    schemas: Annotated[
        Path | None,
        typer.Option(help="Folder with the JSON schemas of 3D Tiles 1.1, to validate a tileset by."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Validate input files, or a tileset, and list what is wrong with which object, and where."""
    from api.commands.checking import check_path

    report = check_path(path, limit, crs, schemas)
    emit(report.as_dict() if as_json else None, as_json, report.lines())
    if report.errors:
        raise typer.Exit(1)


def parse_anchor(text: str) -> tuple[float, float, float]:
    """LON,LAT[,H] as numbers."""
    try:
        numbers = [float(part) for part in text.split(",")]
        lon, lat, height = numbers if len(numbers) == 3 else (*numbers, 0.0)
        if not (-180 <= lon <= 180 and -90 <= lat <= 90 and math.isfinite(height)):
            raise ValueError
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not LON,LAT or LON,LAT,H in degrees and metres") from None
    return lon, lat, height
