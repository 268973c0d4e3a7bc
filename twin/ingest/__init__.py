"""Bringing files into the city: `add_files`.

One call is one transaction: when any file is refused, or the process is killed, the city stays as it
was. Files that were read before and have not changed are not read again.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from citygml.crs import LOCAL, Crs, parse
from citygml.errors import UnknownCrs
from citygml.model import ModelInfo
from citygml.reading import ReadOptions
from twin.errors import CrsMismatch, TwinError
from twin.ingest.inputs import Input, find_inputs, find_missing
from twin.ingest.rasters import add_raster, clear_rasters, raster_names
from twin.ingest.readings import Delivery, read_deliveries, write_deliveries
from twin.ingest.rows import Image, Library, Opened, Rest
from twin.ingest.series import FoundSeries, read_series
from twin.ingest.work import Digest, Done, Unchanged, read_files
from twin.link import has_dynamizers
from twin.place import city_heights, settle_heights
from twin.store import City, create_city, open_city, remove_empty_city
from twin.store.records import Ingested
from twin.store.sqlite import DATABASE
from twin.store.writing import Writer
from twin.timezone import city_timezone

Progress = Callable[[int, int], None]


@dataclass(slots=True)
class AddOptions:
    """crs: of the files, when they name none or a wrong one. lods: only these. geoid: a grid file for
    heights. at: when the data is valid from (None: now). anchor: (longitude, latitude, height) of the
    origin of a local coordinate system. stations: a table of where the stations of readings are. timezone:
    of readings whose times state none (None: that of the city). licence: of models and rasters, with whom to
    name; None leaves what was said of a file before, an empty one takes it away."""

    crs: str | None = None
    lods: frozenset[str] | None = None
    geoid: Path | None = None
    at: datetime | None = None
    anchor: tuple[float, float, float] | None = None
    stations: Path | None = None
    timezone: str | None = None
    licence: str | None = None
    workers: int | None = None


@dataclass(slots=True)
class Added:
    """What `add_files` did."""

    counts: Ingested = field(default_factory=Ingested)
    read: int = 0
    unchanged_files: int = 0
    rasters: int = 0
    readings: Delivery = field(default_factory=Delivery)
    series: FoundSeries = field(default_factory=FoundSeries)
    notes: list[str] = field(default_factory=list)


def add_files(
    folder: Path, paths: Sequence[Path], options: AddOptions | None = None, progress: Progress | None = None
) -> Added:
    """Read city models, rasters and readings into the city in `folder`, which is made if there is none.

    progress is called with (objects so far, bytes of files done so far).
    Raises CityModelError or TwinError; then the city is as it was before. Readings lie in a database of
    their own and are stored last: if that fails, the rest is in, and adding them again goes on with it.
    """
    options = options or AddOptions()
    find_missing(paths)
    existed = (folder / DATABASE).exists()
    try:
        with (
            create_city(folder) as city,
            Writer(city, "add", options.at) as writer,
            _workplace(city) as unpacked,
        ):
            added = _add(writer, find_inputs(paths, unpacked), options, progress)
    except BaseException:
        if not existed:
            remove_empty_city(folder)
        raise
    _add_dynamizers(folder, added)
    if added.readings.files:
        write_deliveries(folder, added.readings)
    return added


def _add_dynamizers(folder: Path, added: Added) -> None:
    """Datastreams of the dynamizers that came with the models, if any. They lie in a database of their own,
    so that what goes wrong there is a note."""
    with open_city(folder) as city:
        if not has_dynamizers(city):
            return
    from twin.link.dynamizers import datastreams_from_dynamizers

    try:
        added.notes += datastreams_from_dynamizers(folder, files=added.series.series).notes
    except (TwinError, sqlite3.Error) as error:
        added.notes.append(f"the model's time series are not among the readings yet: {error}")


@contextmanager
def _workplace(city: City) -> Iterator[Path]:
    """A folder for what archives hold, under the writer's lock; what an interrupted run left goes first.

    After an error, rasters that the city does not name go as well.
    """
    unpacked = city.folder / ".unpacked"
    shutil.rmtree(unpacked, ignore_errors=True)
    kept = clear_rasters(city)
    try:
        yield unpacked
    except BaseException:
        clear_rasters(city, kept)
        raise
    finally:
        shutil.rmtree(unpacked, ignore_errors=True)


def _timezone(city: City, inputs: list[Input]) -> str:
    """The zone of times that state none: the city's, which is only looked for when there are any times."""
    timed = any(i.kind == "readings" for i in inputs) or has_dynamizers(city)
    return city_timezone(city) if timed else "UTC"


def _add(writer: Writer, inputs: list[Input], options: AddOptions, progress: Progress | None) -> Added:
    city = writer.city
    rasters = [i for i in inputs if i.kind == "raster"]
    added = Added(writer.counts)
    models = [i for i in inputs if i.kind == "model"]
    crs = city.get("crs")
    _add_models(writer, models, options, added, progress)
    for raster, name in zip(rasters, raster_names(rasters), strict=True):
        writer.put_raster(add_raster(city, raster, name, options.crs, options.licence))
        added.rasters += 1
    settle_heights(city, options.geoid, new_crs=city.get("crs") != crs)
    if options.anchor is not None:
        city.set("anchor", ",".join(map(str, options.anchor)))
    timezone = options.timezone or _timezone(city, inputs)
    added.series = read_series(city, models, timezone)
    added.notes += added.series.notes
    readings = [i for i in inputs if i.kind == "readings" and i.path not in added.series.files]
    added.readings = read_deliveries(readings, options.stations, timezone)
    heights = city_heights(city)
    if heights is not None and heights.method == "egm96":
        added.notes.append(heights.note)
    return added


def _add_models(
    writer: Writer, models: list[Input], options: AddOptions, added: Added, progress: Progress | None
) -> None:
    label = f"crs={options.crs} lods={sorted(options.lods or ())}"
    read_options = ReadOptions(crs=options.crs, lods=options.lods)
    known = [writer.known(i.path) for i in models]
    rows = {source[0] for source in known if source}
    files = [(i.path, source[1] if source else None) for i, source in zip(models, known, strict=True)]
    state = [_FileState(i) for i in models]
    objects = done = 0
    for number, event in read_files(files, read_options, label, options.workers):
        file = state[number]
        match event:
            case list():
                writer.put(file.source, event)
                objects += len(event)
            case Digest():
                file.digest = event
            case Opened(info=info):
                crs = _crs_of(file.input, info, options)
                _agree(writer.city, crs, file.input)
                file.source = writer.begin_source(file.input.path, file.digest, _describe(info, crs))
            case Image(digest=digest, mime=mime, data=data):
                writer.put_image(digest, mime, data)
            case Library(key=key, digest=digest, uri=uri, mime=mime, data=data):
                writer.put_template(file.source, key, digest, uri, mime, data)
            case Rest(findings=findings):
                writer.put_findings(file.source, findings)
            case Unchanged():
                added.unchanged_files += 1
                done += file.input.path.stat().st_size
            case Done():
                added.read += 1
                done += file.input.path.stat().st_size
        if progress is not None:
            progress(objects, done)
    for file, former in zip(state, known, strict=True):
        if file.source:
            writer.end_source(file.source, file.input.path, rows)
        source = file.source or (former[0] if former else 0)
        if source and options.licence is not None:
            writer.set_licence(source, options.licence.strip())


@dataclass(slots=True)
class _FileState:
    input: Input
    source: int = 0
    digest: str = ""


def _crs_of(file: Input, info: ModelInfo, options: AddOptions) -> Crs:
    name = options.crs or info.srs_name or (LOCAL if options.anchor is not None else None)
    if name is None:
        raise UnknownCrs(
            f"{file.shown}: it names no coordinate system; say which with --crs (as in --crs EPSG:5187),"
            " or where the origin of a local one lies with --anchor LON,LAT,H"
        )
    try:
        return parse(name)
    except UnknownCrs as error:
        raise UnknownCrs(f"{file.shown}: {error}") from error


def _agree(city: City, crs: Crs, file: Input) -> None:
    """The first file gives the city its coordinate system; every other must have the same."""
    settled = city.get("crs")
    if settled is None:
        city.set("crs", crs.name)
        return
    ours = parse(settled)
    if not ours.same_horizontal(crs):
        raise CrsMismatch(f"{file.shown}: its coordinate system is {crs.name}, the city's is {ours.name}")
    if crs.has_vertical and not ours.has_vertical:
        city.set("crs", crs.name)
    elif crs.has_vertical and crs.name != ours.name and crs.vertical_epsg != ours.vertical_epsg:
        raise CrsMismatch(f"{file.shown}: its heights are in {crs.name}, the city's in {ours.name}")


def _describe(info: ModelInfo, crs: Crs) -> dict[str, object]:
    return {
        "format": info.format,
        "version": info.version,
        "title": info.name,
        "srs_name": info.srs_name,
        "crs": crs.name,
    }
