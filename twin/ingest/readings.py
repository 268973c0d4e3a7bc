"""Files of readings among what is added: read whole first, stored when the city's models are in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from twin.ingest.inputs import TABLE, Input
from twin.observations.store import open_observations
from twin.sources.readings import Table
from twin.sources.sink import Sink, Written
from twin.sources.stations import looks_like_stations, read_stations_json
from twin.sources.tables import read_csv, read_stations
from twin.sources.things import Things, read_things, write_things

SOURCE = "files"
"""The source that all files are of: a station of the same name in the next file is the same."""
_BESIDE = "stations.csv"
_SHOWN = 3


@dataclass(slots=True)
class Delivery:
    """What the files hold. bad: rows or cells that could not be read, by example. empty: cells left empty.
    written: what was stored of it. unlocated: stations of which no file says where they are."""

    files: int = 0
    tables: list[Table] = field(default_factory=list)
    things: list[Things] = field(default_factory=list)
    empty: int = 0
    bad: int = 0
    examples: list[str] = field(default_factory=list)
    unlocated: int = 0
    written: Written = field(default_factory=Written)

    def counts(self) -> dict[str, int]:
        return {
            "files": self.files,
            "added": self.written.stored,
            "known": self.written.known,
            "datastreams": self.written.streams,
            "empty": self.empty,
            "bad": self.bad,
        }


def read_deliveries(inputs: Sequence[Input], stations: Path | None, timezone: str) -> Delivery:
    """Read all files. stations: where the stations are that CSV files only name; a `stations.csv` beside one
    serves as well. timezone: of times that state none. Raises UnsupportedFormat, TwinError."""
    delivery = Delivery(len(inputs))
    for file in inputs:
        with file.path.open("rb") as opened:
            head = opened.read(1 << 16)
        if file.path.suffix.lower() == TABLE:
            beside = stations or file.path.with_name(_BESIDE)
            places = read_stations(beside) if stations or beside.exists() else None
            _put(delivery, read_csv(file.path, timezone, places))
        elif looks_like_stations(head):
            _put(delivery, read_stations_json(file.path))
        else:
            things = read_things(file.path)
            delivery.things.append(things)
            if things.partial:
                delivery.examples.append(f"{file.shown}: {things.partial} collections go on on another page")
    found = {series.station for table in delivery.tables for series in table.series}
    delivery.unlocated = len({s.key for s in found} - {s.key for s in found if s.located})
    return delivery


def _put(delivery: Delivery, table: Table) -> None:
    delivery.tables.append(table)
    delivery.empty += table.empty
    delivery.bad += table.bad
    delivery.examples += table.examples[: _SHOWN - len(delivery.examples)]


def write_deliveries(folder: Path, delivery: Delivery) -> None:
    """Store what is new in them. What another run has stored stays: this can be done again after an error."""
    with open_observations(folder) as observations:
        sink = Sink(observations, SOURCE, "read from files")
        for table in delivery.tables:
            delivery.written.add(sink.write(table.series))
        for things in delivery.things:
            delivery.written.add(write_things(observations, things))
