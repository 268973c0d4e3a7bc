"""Dynamizers of CityGML 3.0 as Things with a Datastream: time series inside the model, and those of files
that were read beside it (`series_files`), become observations; connections to a sensor service are kept with
the Datastream for a source to read (`twin.sources.connections`).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from citygml.errors import CityModelError
from twin.errors import QueryError, TwinError
from twin.link import CLASS, LAYER, has_dynamizers
from twin.link.things import link_things
from twin.link.timeseries import FileSeriesByAtom, atoms, inner, readings
from twin.observations import model
from twin.observations.changes import Append, Change, Create, Delete, Together, Update
from twin.observations.query import Route, Step
from twin.observations.store import Observations, open_observations
from twin.place import georeference
from twin.store import City, open_city
from twin.store.codec import encode_attributes
from twin.store.records import StoredObject

_MEASUREMENT = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement"
_OBSERVATION = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Observation"
_OBJECT = re.compile(r"@gml:id\s*=\s*['\"]([^'\"]+)['\"]")
_ATTRIBUTE = re.compile(r"\[\s*(?:gen:)?name\s*(?:\(\))?\s*=\s*['\"]([^'\"]+)['\"]\s*\]")
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


@dataclass(slots=True)
class Dynamized:
    """What was made. things: ids. unchanged: dynamizers that were there already. notes: what was not read."""

    things: list[int] = field(default_factory=list)
    observations: int = 0
    unchanged: int = 0
    notes: list[str] = field(default_factory=list)


def datastreams_from_dynamizers(
    folder: Path, obs: Observations | None = None, files: Mapping[str, FileSeriesByAtom] | None = None
) -> Dynamized:
    """Make a Thing with a Datastream of every dynamizer in the city, linked to the object that it is about.

    files: the series read from files, by the dynamizer's id. Run it again whenever the city has changed: a
    dynamizer that is as it was is left alone, one that has changed, or a file of which has, is made anew. One
    whose files are not at hand keeps what it has, and one with a connection alone keeps its readings. Things
    of dynamizers that are gone stay.
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
            maker = _Maker(city, observations, done, files or {})
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
    files: Mapping[str, FileSeriesByAtom]

    def make(self, stored: StoredObject) -> None:
        plain = plain_attributes(stored)
        files = self.files.get(stored.id, {})
        digest = _digest(plain, files)
        known = self._known(stored.id)
        if known is not None and (known[1] == digest or (not files and known[1].partition(":")[0] == digest)):
            self.done.unchanged += 1
            return
        try:
            times, ends, values = self._observations(plain, files)
            body = self._thing(stored, plain, digest, values)
        except QueryError as error:
            self.done.notes.append(f"{stored.id}: its time series cannot be read: {error}")
            return
        change = Create(Route(model.THING), body)
        if known is None:
            made = self.obs.writer.submit(change).result()
        elif "dynamicData" in plain:
            old = Delete(Route(model.THING, known[0]))
            made = self.obs.writer.submit(Together([old, change])).result()[1]
        else:
            made = self.obs.writer.submit(self._change(known[0], body)).result()[0]
        self.done.things.append(made.id)
        if times:
            self.obs.writer.submit(Append(self._datastream(made.id), times, values, times_end=ends)).result()
            self.done.observations += len(times)

    def _change(self, thing: int, body: dict[str, Any]) -> Together:
        """A Thing and its Datastream as they are said to be now; what a source has brought stays."""
        (stream,), places = body.pop("Datastreams"), body.pop("Locations", [])
        del stream["Sensor"], stream["observationType"]
        changes: list[Change] = [Update(Route(model.THING, thing), body)]
        names: list[str | None] = [None]
        with self.obs.connection() as connection:
            (before,) = connection.execute(
                "SELECT properties ->> 'objectId' FROM things WHERE id = ?", (thing,)
            ).fetchone()
        if before != body["properties"]["objectId"]:
            changes += [Create(Route(model.THING, thing, (Step("Locations"),)), place) for place in places]
            names += [None] * len(places)
        if "@iot.id" not in stream["ObservedProperty"]:
            changes.append(Create(Route(model.OBSERVED_PROPERTY), stream["ObservedProperty"]))
            names.append("observed")
            stream["ObservedProperty"] = {"@iot.id": "$observed"}
        changes.append(Update(Route(model.DATASTREAM, self._datastream(thing)), stream))
        return Together(changes, names)

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

    def _thing(
        self, stored: StoredObject, plain: dict[str, Any], digest: str, values: list[Any]
    ) -> dict[str, Any]:
        reference = str(plain.get("attributeRef", ""))
        connection = inner(plain.get("sensorConnection"))
        data = inner(plain.get("dynamicData"))
        target = self._target(stored, reference)
        attribute = _ATTRIBUTE.search(reference)
        series = next(iter(atoms(data)), data)
        observed = (
            connection.get("observationProperty")
            or series.get("observationProperty")
            or (attribute.group(1) if attribute else None)
            or "value"
        )
        unit = str(connection.get("uom") or series.get("uom") or "")
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

    def _observations(
        self, plain: dict[str, Any], files: FileSeriesByAtom
    ) -> tuple[list[int], list[int | None], list[Any]]:
        """Times, ends [µs] and values of a dynamizer's series, in the order of time."""
        found = {
            start: (end, value) for start, end, value in readings(inner(plain.get("dynamicData")), files)
        }
        times = sorted(found)
        return times, [found[t][0] for t in times], [found[t][1] for t in times]


def plain_attributes(stored: StoredObject) -> dict[str, Any]:
    """The attributes of a dynamizer as JSON values."""
    attributes = stored.decode(surface_attributes=False).attributes
    plain: dict[str, Any] = orjson.loads(encode_attributes(attributes))
    return plain


def _digest(plain: dict[str, Any], files: FileSeriesByAtom) -> str:
    """Of the attributes, and of the files, if any were read, behind a colon."""
    digest = hashlib.blake2b(orjson.dumps(plain), digest_size=16).hexdigest()
    if not files:
        return digest
    parts = "".join(f"{key}{files[key].digest}" for key in sorted(files))
    return f"{digest}:{hashlib.blake2b(parts.encode(), digest_size=16).hexdigest()}"


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
