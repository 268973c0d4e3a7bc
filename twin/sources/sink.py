"""Where every source ends: series of readings become observations, and what they need is made once.

A reading that is there already, with the same time and result, is not stored again.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from sqlite3 import Connection
from typing import Any

import numpy as np
import numpy.typing as npt

from twin.errors import EntityNotFound, TwinError
from twin.observations.changes import Append, AppendMany, Call, Change, Create, Together
from twin.observations.model import (
    DATASTREAM,
    MULTI_DATASTREAM,
    OBSERVED_PROPERTY,
    SENSOR,
    THING,
    EntityType,
)
from twin.observations.parts import encode
from twin.observations.query import Route, Step
from twin.observations.store import Observations
from twin.sources.readings import Quantity, Series, Station

_BATCH = 20_000
_MADE_AT_ONCE = 200
_GEOJSON = "application/geo+json"
_COMPLEX = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_ComplexObservation"
_BESIDE = {
    "ends": "times_end",
    "result_times": "result_times",
    "valid_times": "valid_times",
    "qualities": "result_qualities",
    "parameters": "parameters",
}
"""What a Series says beside times and results, and what an Append calls it."""
_making = threading.Lock()
"""Held while something is made, so that two sources do not make one ObservedProperty twice."""


@dataclass
class Written:
    """stored: observations new. known: those that were there. streams: datastreams made for them."""

    stored: int = 0
    known: int = 0
    streams: int = 0

    def add(self, other: Written) -> None:
        self.stored += other.stored
        self.known += other.known
        self.streams += other.streams


class Sink:
    """Writes what one source brings. Not for several threads at once.

    source: its name, under which stations are known again. about: what is said of the sensors it makes.
    """

    def __init__(self, observations: Observations, source: str, about: str = "") -> None:
        self._observations = observations
        self._source = source
        self._about = about or f"brought in by {source}"
        self._streams: dict[tuple[str, str], int] = {}
        self._things: dict[str, int] = {}
        self._load()

    def write(self, series: Iterable[Series]) -> Written:
        """Store what is new; returns when it is durable. Series may overlap with each other and with what
        is there. Raises TwinError for a dynamizer that the city does not have."""
        given = list(series)
        try:
            return self._write(given)
        except EntityNotFound:  # someone has deleted a Thing or Datastream: it is made again
            self._load()
            return self._write(given)

    def prepare(self, series: Iterable[Series]) -> int:
        """Make the datastreams that are not there yet, without readings; how many."""
        wanted = {(one.station.key, one.quantity.key): one for one in series if one.into is None}
        missing = [one for key, one in wanted.items() if key not in self._streams]
        waiting = iter(missing)
        while some := list(islice(waiting, _MADE_AT_ONCE)):
            self._make(some)
        return len(missing)

    def _write(self, given: list[Series]) -> Written:
        written = Written(streams=self.prepare(given))
        together: dict[int, list[Series]] = {}
        for one in given:
            stream = self._stream(one)
            together.setdefault(stream, []).append(one)
        batch: list[Append] = []
        size = 0
        for stream, parts in together.items():
            for piece in self._new(stream, parts, written):
                batch.append(piece)
                size += len(piece.times)
                if size >= _BATCH:
                    self._append(batch)
                    batch, size = [], 0
        if batch:
            self._append(batch)
        return written

    def _stream(self, one: Series) -> int:
        if one.into is None:
            return self._streams[one.station.key, one.quantity.key]
        if one.into not in self._dynamized:
            self._dynamized[one.into] = self._of_dynamizer(one.into)
        return self._dynamized[one.into]

    def _of_dynamizer(self, dynamizer: str) -> int:
        """The Datastream that a dynamizer of the city's model has made."""
        with self._observations.connection() as connection:
            row = connection.execute(
                "SELECT d.id FROM datastreams d JOIN things t ON t.id = d.thing"
                " WHERE t.properties ->> 'dynamizer' = ?",
                (dynamizer,),
            ).fetchone()
        if row is None:
            raise TwinError(
                f"the city has no dynamizer {dynamizer} any more: take its source out of sources.json"
            )
        return int(row[0])

    def reached(self, station: Station, quantity: Quantity, into: str | None = None) -> int | None:
        """Phenomenon time of the latest reading of this quantity at this station, or in the Datastream of a
        dynamizer [µs]."""
        stream = self._streams.get((station.key, quantity.key)) if into is None else self._of_dynamizer(into)
        latest = self._observations.latest([stream]) if stream is not None else []
        return latest[0].time if latest else None

    def _load(self) -> None:
        self._dynamized: dict[str, int] = {}
        with self._observations.connection() as connection:
            rows = connection.execute(
                "SELECT s.station, s.quantity, s.thing, s.datastream FROM source_streams s"
                " JOIN datastreams d ON d.id = s.datastream WHERE s.source = ?",
                (self._source,),
            ).fetchall()
        self._streams = {(station, quantity): datastream for station, quantity, _, datastream in rows}
        self._things = {station: thing for station, _, thing, _ in rows}

    def _append(self, batch: list[Append]) -> None:
        for result in self._observations.writer.submit(AppendMany(batch)).result():
            if isinstance(result, Exception):
                raise result

    def _new(self, stream: int, parts: list[Series], written: Written) -> Iterator[Append]:
        """Those readings that are not there yet, in pieces, each reading once."""
        times = np.concatenate([part.times for part in parts])
        results = [_plain(result) for part in parts for result in part.results]
        more = {name: _column(parts, name) for name in _BESIDE}
        keep = np.flatnonzero(~known_readings(self._observations, stream, times, results))
        written.known += len(times) - len(keep)
        written.stored += len(keep)
        for start in range(0, len(keep), _BATCH):
            piece = keep[start : start + _BATCH]
            said: dict[str, Any] = {
                _BESIDE[name]: [column[i] for i in piece]
                for name, column in more.items()
                if any(column[i] is not None for i in piece)
            }
            yield Append(stream, times[piece], [results[i] for i in piece], **said)

    def _make(self, series: Sequence[Series]) -> None:
        """Datastreams for these and what they need, all or none."""
        with _making:
            group = _Group(self._observations)
            for one in series:
                station, quantity = one.station, one.quantity
                thing = self._things.get(station.key)
                if thing is not None and station.located:
                    group.locate(thing, station)
                properties = {"source": self._source, "station": station.key}
                group.make(
                    f"datastream {station.key} {quantity.key}",
                    MULTI_DATASTREAM if quantity.parts else DATASTREAM,
                    {
                        "name": f"{station.name} {quantity.name}",
                        "description": f"{quantity.name} at {station.name}",
                        "properties": {**properties, "quantity": quantity.key},
                        "Thing": {"@iot.id": thing} if thing else group.thing(station, properties),
                        "Sensor": group.sensor(f"source {self._source}", self._about),
                        **group.observed(quantity),
                    },
                )
            group.changes.append(Call(self._remember))
            self._observations.writer.submit(Together(group.changes, group.names)).result()
        self._load()

    def _remember(self, connection: Connection) -> None:
        """Keep which Datastreams are this source's, in the transaction that makes them."""
        connection.execute(
            "DELETE FROM source_streams WHERE source = ? AND datastream NOT IN (SELECT id FROM datastreams)",
            (self._source,),
        )
        connection.execute(
            "INSERT OR IGNORE INTO source_streams"
            " SELECT ?1, properties ->> 'station', properties ->> 'quantity', thing, id FROM datastreams"
            " WHERE properties ->> 'source' = ?1 AND properties ->> 'station' IS NOT NULL"
            " AND properties ->> 'quantity' IS NOT NULL ORDER BY id DESC",
            (self._source,),
        )


class _Group:
    """Entities to be made together. names: what each is called within the group."""

    def __init__(self, observations: Observations) -> None:
        self._observations = observations
        self.changes: list[Change] = []
        self.names: list[str] = []

    def make(self, name: str, kind: EntityType, body: dict[str, Any]) -> dict[str, Any]:
        """A reference to what is made; once for each name."""
        if name not in self.names:
            self.changes.append(Create(Route(kind), body))
            self.names.append(name)
        return {"@iot.id": f"${name}"}

    def locate(self, thing: int, station: Station) -> None:
        """Give a Thing that an earlier delivery made without a place its Location."""
        name = f"location {station.key}"
        if name not in self.names and not self._found(
            "SELECT thing FROM thing_locations WHERE thing = ?", thing
        ):
            self.changes.append(Create(Route(THING, thing, (Step("Locations"),)), _location(station)))
            self.names.append(name)

    def thing(self, station: Station, properties: dict[str, str]) -> dict[str, Any]:
        body: dict[str, Any] = {
            "name": station.name,
            "description": station.description or station.name,
            "properties": {**station.properties, **properties},
        }
        if station.located:
            body["Locations"] = [_location(station)]
        return self.make(f"thing {station.key}", THING, body)

    def sensor(self, name: str, about: str) -> dict[str, Any]:
        known = self._found("SELECT id FROM sensors WHERE name = ?", name)
        body = {"name": name, "description": about, "encodingType": "text/plain", "metadata": about}
        return known or self.make("sensor", SENSOR, body)

    def observed(self, quantity: Quantity) -> dict[str, Any]:
        """What is observed, and in which unit: as a Datastream has it, or a MultiDatastream."""
        if not quantity.parts:
            return {
                "observationType": quantity.observation_type,
                "unitOfMeasurement": quantity.unit(),
                "ObservedProperty": self.observed_property(quantity),
            }
        return {
            "observationType": _COMPLEX,
            "multiObservationDataTypes": [part.observation_type for part in quantity.parts],
            "unitOfMeasurements": [part.unit() for part in quantity.parts],
            "ObservedProperties": [self.observed_property(part) for part in quantity.parts],
        }

    def observed_property(self, quantity: Quantity) -> dict[str, Any]:
        """One for a definition and name, whichever source made it."""
        name, definition = quantity.name, quantity.definition
        known = self._found(
            "SELECT id FROM observed_properties WHERE definition = ? AND name = ?", definition, name
        )
        body = {"name": name, "definition": definition, "description": name}
        return known or self.make(f"property {definition} {name}", OBSERVED_PROPERTY, body)

    def _found(self, statement: str, *values: Any) -> dict[str, Any] | None:
        with self._observations.connection() as connection:
            row = connection.execute(statement, values).fetchone()
        return {"@iot.id": row[0]} if row else None


def known_readings(
    observations: Observations, stream: int, times: npt.NDArray[np.int64], results: Sequence[Any]
) -> npt.NDArray[np.bool_]:
    """Which readings (n,) are there already, or earlier among these, by time [µs] and result."""
    known = np.zeros(len(times), bool)
    if not len(times):
        return known
    with observations.connection() as connection:
        seen = set(
            connection.execute(
                "SELECT time, result, kind FROM observations WHERE datastream = ? AND time BETWEEN ? AND ?",
                (stream, int(times.min()), int(times.max())),
            )
        )
    for i, (time, result) in enumerate(zip(times.tolist(), results, strict=True)):
        reading = (time, *encode(result)[:2])
        known[i] = reading in seen
        seen.add(reading)
    return known


def _column(parts: Sequence[Series], name: str) -> list[Any]:
    """One of the columns of several series, None where there is none."""
    return [value for part in parts for value in getattr(part, name) or (None,) * len(part)]


def _location(station: Station) -> dict[str, Any]:
    height = [] if station.height is None else [station.height]
    return {
        "name": station.name,
        "description": f"where {station.name} stands",
        "encodingType": _GEOJSON,
        "location": {"type": "Point", "coordinates": [station.longitude, station.latitude, *height]},
    }


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value
