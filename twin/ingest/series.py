"""Time series in files beside the models that are added, read while those files are at hand.

A dynamizer names its file by a path. It is read where it lies within the folder or archive that was added,
or, for a file added by itself, in that file's folder; nothing is fetched. What cannot be read is a note.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from citygml.codelists import SCHEME, resolve_beside
from twin.errors import QueryError, TwinError
from twin.ingest.inputs import Input
from twin.link import CLASS, LAYER, has_dynamizers
from twin.link.timeseries import FileSeries, atom_key, atoms, inner, is_in_file
from twin.store import City

if TYPE_CHECKING:
    from twin.link.series_files import SeriesReader

_MOST_READINGS = 10_000_000
"""In all files of one delivery; they are in memory until the models are stored."""
_NOTES = 20


@dataclass(slots=True)
class FoundSeries:
    """series: by the dynamizer's id. files: those that were read as such. notes: what could not be read."""

    series: dict[str, dict[str, FileSeries]] = field(default_factory=dict)
    files: set[Path] = field(default_factory=set)
    readings: int = 0
    notes: list[str] = field(default_factory=list)
    left_out: int = 0

    def note(self, text: str) -> None:
        if len(self.notes) < _NOTES:
            self.notes.append(text)
        else:
            self.left_out += 1


def read_series(city: City, models: Iterable[Input], timezone: str) -> FoundSeries:
    """The series that the current dynamizers of these models name. timezone: of times that state none."""
    found = FoundSeries()
    if not has_dynamizers(city):
        return found
    from twin.link.dynamizers import plain_attributes
    from twin.link.series_files import SeriesReader

    reader = SeriesReader(timezone)
    inputs = {str(model.path): model for model in models}
    rows = city.connection.execute(
        "SELECT o.row, s.path FROM object o JOIN source s ON s.row = o.source"
        " WHERE o.layer = ? AND o.class = ? AND o.valid_to IS NULL ORDER BY o.id",
        (LAYER, CLASS),
    ).fetchall()
    ours = {row: inputs[path] for row, path in rows if path in inputs}
    for stored in city.fetch(list(ours)):
        data = inner(plain_attributes(stored).get("dynamicData"))
        for atom in atoms(data):
            if is_in_file(atom):
                try:
                    _read(found, reader, stored.id, atom, ours[stored.row])
                except (QueryError, TwinError) as error:
                    found.note(f"{stored.id}: the time series in {_location(atom)!r} is not read: {error}")
    if found.left_out:
        found.notes.append(f"{found.left_out} more time series in files were not read")
    return found


def _read(
    found: FoundSeries, reader: SeriesReader, dynamizer: str, atom: dict[str, Any], model: Input
) -> None:
    place, _, fragment = _location(atom).partition("#")
    if SCHEME.match(place):
        raise QueryError("only files are, and nothing is fetched; put it beside the model and name its path")
    path = resolve_beside(model.path, place, model.root)
    if path is None:
        raise QueryError(f"there is no such file in what was added with {model.path.name}")
    series = reader.read(atom, path, fragment)
    if found.readings + len(series.readings) > _MOST_READINGS:
        raise QueryError(f"more than {_MOST_READINGS:,} readings at once; add fewer models at a time")
    found.files.add(path)
    found.readings += len(series.readings)
    found.series.setdefault(dynamizer, {})[atom_key(atom)] = series
    if series.bad:
        found.note(
            f"{dynamizer}: {series.bad:,} rows of {place!r} could not be read, such as {series.example}"
        )


def _location(atom: dict[str, Any]) -> str:
    return str(atom.get("fileLocation") or "").strip()
