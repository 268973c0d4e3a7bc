"""Dynamizers of CityGML 3.0 as Things with a Datastream: time series inside the model become observations,
connections to a sensor service are kept with the Datastream for a source to read.

Not read: time series in files beside the model (StandardFileTimeseries, TabulatedFileTimeseries). They are
counted, and their Datastream stays empty.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from citygml.errors import CityModelError
from twin.errors import QueryError, TwinError
from twin.link import CLASS, LAYER, has_dynamizers
from twin.link.things import link_things
from twin.observations import model
from twin.observations.changes import Append, Create, Delete, Together
from twin.observations.query import Route
from twin.observations.store import Observations, open_observations
from twin.observations.times import parse_duration, parse_instant
from twin.place import georeference
from twin.store import City, open_city
from twin.store.codec import encode_attributes
from twin.store.records import StoredObject

_MEASUREMENT = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement"
_OBSERVATION = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Observation"
_OBJECT = re.compile(r"@gml:id\s*=\s*['\"]([^'\"]+)['\"]")
_ATTRIBUTE = re.compile(r"\[\s*(?:gen:)?name\s*(?:\(\))?\s*=\s*['\"]([^'\"]+)['\"]\s*\]")
_VALUES = ("doubleValue", "intValue", "boolValue", "stringValue", "uri")
# What of a connection is kept; users and passwords in a file are not.
_CONNECTION = (
    "connectionType",
    "baseURL",
    "datastreamID",
    "sensorID",
    "observationID",
    "mqttServer",
    "mqttTopic",
    "linkToObservation",
    "linkToSensorDescription",
)
_DEEPEST = 16
_MOST_REPETITIONS = 100_000


@dataclass(slots=True)
class Dynamized:
    """What was made. things: ids. unchanged: dynamizers that were there already. notes: what was not read."""

    things: list[int] = field(default_factory=list)
    observations: int = 0
    unchanged: int = 0
    notes: list[str] = field(default_factory=list)


def datastreams_from_dynamizers(folder: Path, obs: Observations | None = None) -> Dynamized:
    """Make a Thing with a Datastream of every dynamizer in the city, linked to the object that it is about.

    Run it again whenever the city has changed: a dynamizer that is as it was is left alone, one that has
    changed is made anew. Things of dynamizers that are gone stay.
    """
    done = Dynamized()
    with open_city(folder) as city:
        if not has_dynamizers(city):
            return done
        rows = city.connection.execute(
            "SELECT row FROM object WHERE layer = ? AND class = ? AND valid_to IS NULL ORDER BY id",
            (LAYER, CLASS),
        )
        opened = open_observations(folder) if obs is None else nullcontext(obs)
        with opened as observations:
            maker = _Maker(city, observations, done)
            for stored in city.fetch([r[0] for r in rows]):
                maker.make(stored)
            if done.things:
                link_things(folder, observations, done.things)
    return done


@dataclass(slots=True)
class _Maker:
    city: City
    obs: Observations
    done: Dynamized

    def make(self, stored: StoredObject) -> None:
        attributes = stored.decode(surface_attributes=False).attributes
        digest = hashlib.blake2b(encode_attributes(attributes), digest_size=16).hexdigest()
        known = self._known(stored.id)
        if known is not None and known[1] == digest:
            self.done.unchanged += 1
            return
        plain: dict[str, Any] = orjson.loads(encode_attributes(attributes))
        try:
            body = self._thing(stored, plain, digest)
            times, ends, values = self._observations(plain)
        except QueryError as error:
            self.done.notes.append(f"{stored.id}: its time series cannot be read: {error}")
            return
        change = Create(Route(model.THING), body)
        if known is None:
            made = self.obs.writer.submit(change).result()
        else:
            old = Delete(Route(model.THING, known[0]))
            made = self.obs.writer.submit(Together([old, change])).result()[1]
        self.done.things.append(made.id)
        if times:
            self.obs.writer.submit(Append(self._datastream(made.id), times, values, times_end=ends)).result()
            self.done.observations += len(times)

    def _known(self, dynamizer: str) -> tuple[int, str] | None:
        """The Thing of a dynamizer, and the digest that it was made with."""
        with self.obs.connection() as connection:
            row: tuple[int, str] | None = connection.execute(
                "SELECT id, json_extract(properties, '$.digest') FROM things"
                " WHERE json_extract(properties, '$.dynamizer') = ?",
                (dynamizer,),
            ).fetchone()
        return row

    def _datastream(self, thing: int) -> int:
        with self.obs.connection() as connection:
            (id,) = connection.execute("SELECT id FROM datastreams WHERE thing = ?", (thing,)).fetchone()
        return int(id)

    def _observed_property(self, name: str) -> dict[str, Any]:
        with self.obs.connection() as connection:
            row = connection.execute(
                "SELECT id FROM observed_properties WHERE definition = ? ORDER BY id", (name,)
            ).fetchone()
        if row is not None:
            return {"@iot.id": row[0]}
        return {"name": name, "definition": name, "description": "observed property of a CityGML Dynamizer"}

    def _thing(self, stored: StoredObject, plain: dict[str, Any], digest: str) -> dict[str, Any]:
        reference = str(plain.get("attributeRef", ""))
        connection = _inner(plain.get("sensorConnection"))
        data = _inner(plain.get("dynamicData"))
        target = self._target(stored, reference)
        attribute = _ATTRIBUTE.search(reference)
        series = next(iter(_atoms(data)), data)
        observed = (
            connection.get("observationProperty")
            or series.get("observationProperty")
            or (attribute.group(1) if attribute else None)
            or "value"
        )
        unit = str(connection.get("uom") or series.get("uom") or "")
        values = self._observations(plain)[2]
        numeric = all(isinstance(v, int | float) and not isinstance(v, bool) for v in values)
        described = {"attributeRef": reference} | {
            name: plain[name] for name in ("startTime", "endTime") if name in plain
        }
        if connection:
            described["connection"] = _resolved(connection, plain)
        sensor = {
            "name": f"Dynamizer {stored.id}",
            "description": "a sensor that a CityGML Dynamizer names"
            if connection
            else "a CityGML time series",
            "encodingType": "text/html",
            "metadata": described.get("connection", {}).get("linkToSensorDescription") or reference,
        }
        thing: dict[str, Any] = {
            "name": f"{observed} ({target})",
            "description": f"CityGML Dynamizer {stored.id} of {target}",
            "properties": {"objectId": target, "dynamizer": stored.id, "digest": digest},
            "Datastreams": [
                {
                    "name": str(observed),
                    "description": f"{observed} of {target}",
                    "observationType": _MEASUREMENT if numeric else _OBSERVATION,
                    "unitOfMeasurement": {"name": unit, "symbol": unit, "definition": unit},
                    "properties": described,
                    "ObservedProperty": self._observed_property(str(observed)),
                    "Sensor": sensor,
                }
            ],
        }
        place = self._location(target)
        if place is not None:
            thing["Locations"] = [
                {
                    "name": target,
                    "description": f"middle of {target}",
                    "encodingType": "application/geo+json",
                    "location": {"type": "Point", "coordinates": place},
                }
            ]
        return thing

    def _target(self, stored: StoredObject, reference: str) -> str:
        """The object that a dynamizer is about: the last that its reference names and the city has, else
        the one that it stands in."""
        for id in reversed(_OBJECT.findall(reference)):
            if self.city.object(id) is not None:
                return str(id)
        return stored.parent or stored.id

    def _location(self, target: str) -> list[float] | None:
        """Longitude, latitude, height of the middle of an object, or of what it is a part of."""
        current: str | None = target
        for _ in range(_DEEPEST):
            if current is None:
                return None
            bounds = self.city.extent(current)
            if bounds is not None:
                break
            found = self.city.object(current)
            current = None if found is None else found.parent
        else:
            return None
        try:
            place = georeference(self.city)
        except (TwinError, CityModelError):
            return None
        middle = (np.array(bounds[:3]) + np.array(bounds[3:])) / 2
        found_at = place.to_geographic(middle[None])[0]
        if not np.isfinite(found_at).all():
            return None
        return [round(float(v), digits) for v, digits in zip(found_at, (8, 8, 3), strict=True)]

    def _observations(self, plain: dict[str, Any]) -> tuple[list[int], list[int | None], list[Any]]:
        """Times, ends [µs] and values of the series inside a dynamizer, in the order of time."""
        data = _inner(plain.get("dynamicData"))
        found: dict[int, tuple[int | None, Any]] = {}
        for start, end, value in _series(data):
            found[start] = (end, value)
        if data and not found and not _is_generic(data):
            note = f"{data.get('@type', 'its time series')} is not inside the model and is not read"
            if note not in self.done.notes:
                self.done.notes.append(note)
        times = sorted(found)
        return times, [found[t][0] for t in times], [found[t][1] for t in times]


def _inner(value: Any) -> dict[str, Any]:
    if isinstance(value, list):
        value = next((v for v in value if isinstance(v, dict)), None)
    return value if isinstance(value, dict) else {}


def _listed(value: Any) -> list[dict[str, Any]]:
    return [v for v in (value if isinstance(value, list) else [value]) if isinstance(v, dict)]


def _is_generic(data: dict[str, Any]) -> bool:
    return "timeValuePair" in data or "component" in data


def _atoms(data: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The series that a series is put together from."""
    components = _listed(data.get("component"))
    for component in components:
        yield from _atoms(_inner(component.get("timeseries")))
    if not components and data:
        yield data


def _series(data: dict[str, Any]) -> list[tuple[int, int | None, Any]]:
    """(start, end, value) of a GenericTimeseries, or of a CompositeTimeseries of such.

    A component of a CompositeTimeseries is repeated, each time after the last of the one before and the
    additional gap (OGC 20-010, TimeseriesComponent).
    """
    components = _listed(data.get("component"))
    if not components:
        return [found for pair in _listed(data.get("timeValuePair")) if (found := _pair(pair)) is not None]
    whole: list[tuple[int, int | None, Any]] = []
    for component in components:
        part = _series(_inner(component.get("timeseries")))
        if not part:
            continue
        repetitions = int(component.get("repetitions", 1) or 1)
        if repetitions * len(part) > _MOST_REPETITIONS:
            raise QueryError(f"a component repeated {repetitions} times is too long")
        gap = component.get("additionalGap")
        step = part[-1][0] - part[0][0] + (parse_duration(str(gap)) if gap else 0)
        for number in range(repetitions):
            whole += [
                (start + number * step, None if end is None else end + number * step, value)
                for start, end, value in part
            ]
    return whole


def _pair(pair: dict[str, Any]) -> tuple[int, int | None, Any] | None:
    name = next((n for n in _VALUES if pair.get(n) is not None), None)
    if name is None or "timestamp" not in pair:
        return None
    value = pair[name]
    if isinstance(value, dict):
        value = value.get("value", value)
    return *_period(pair["timestamp"]), value


_MONTH = re.compile(r"(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?")


def _period(value: Any) -> tuple[int, int | None]:
    """A moment [µs], or the begin and end of a year, month or day."""
    text = str(value.get("$date") if isinstance(value, dict) else value).strip()
    match = _MONTH.fullmatch(text)
    if match is None:
        return parse_instant(text), None
    year, month, day = (int(part) if part else None for part in match.groups())
    assert year is not None
    try:
        start = datetime(year, month or 1, day or 1, tzinfo=UTC)
        if month is None:
            end = start.replace(year=year + 1)
        elif day is None:
            end = start.replace(year=year + month // 12, month=month % 12 + 1)
        else:
            end = start + timedelta(days=1)
    except (ValueError, OverflowError):
        raise QueryError(f"{text!r} is not a date") from None
    return _micros(start), _micros(end)


def _micros(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def _resolved(connection: dict[str, Any], plain: dict[str, Any]) -> dict[str, Any]:
    """The connection with `%name%` in its links replaced."""
    kept = {name: connection[name] for name in _CONNECTION if connection.get(name) not in (None, "")}
    known = {
        **{k: str(v) for k, v in kept.items()},
        **{k: str(plain.get(k, "")) for k in ("startTime", "endTime")},
    }
    for name in ("linkToObservation", "linkToSensorDescription"):
        if name in kept:
            kept[name] = re.sub(r"%(\w+)%", lambda m: known.get(m.group(1), m.group(0)), str(kept[name]))
    return kept
