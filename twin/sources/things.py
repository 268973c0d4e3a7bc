"""Things of SensorThings from a JSON file with what is nested in them: an array, one alone, or a response.

A Thing with the same name and properties is the same Thing, its Datastreams go by their names, Observations
by time and result, so that a file read again adds only what is new; what is there is not changed. Ids and
links of the server that the file comes from mean nothing here and are left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from citygml.errors import UnsupportedFormat
from twin.errors import QueryError
from twin.observations.changes import Change, Create, Together
from twin.observations.model import (
    DATASTREAM,
    ENTITY_TYPES,
    FEATURE_OF_INTEREST,
    MULTI_DATASTREAM,
    OBSERVATION,
    OBSERVED_PROPERTY,
    SENSOR,
    THING,
    EntityType,
)
from twin.observations.observation import from_body
from twin.observations.query import Route, Step
from twin.observations.store import Observations
from twin.observations.values import columns
from twin.sources.sink import Written, known_readings

_AT_ONCE = 5000
_NESTED = {
    THING.name: ("Locations", "Datastreams", "MultiDatastreams"),
    DATASTREAM.name: ("Sensor", "ObservedProperty", "Observations"),
    MULTI_DATASTREAM.name: ("Sensor", "ObservedProperties", "Observations"),
    OBSERVATION.name: ("FeatureOfInterest",),
}
_SHARED = (SENSOR.name, OBSERVED_PROPERTY.name)


@dataclass
class Things:
    """Bodies of Things as they can be created. partial: collections of which the file holds a part only."""

    bodies: list[dict[str, Any]]
    observations: int = 0
    partial: int = 0


def looks_like_things(head: bytes) -> bool:
    """Whether a JSON file that begins so is one of these."""
    return any(mark in head for mark in (b'"Datastreams"', b'"MultiDatastreams"', b'"@iot.selfLink"'))


def read_things(path: Path) -> Things:
    """Raises UnsupportedFormat for what is not Things, or what a Thing could not be created from."""
    try:
        document = orjson.loads(path.read_bytes())
    except orjson.JSONDecodeError as error:
        raise UnsupportedFormat(f"{path}: not JSON: {error}") from error
    things = Things([])
    if isinstance(document, dict) and isinstance(document.get("value"), list):
        things.partial += "@iot.nextLink" in document
        document = document["value"]
    for number, item in enumerate(document if isinstance(document, list) else [document]):
        try:
            things.bodies.append(_body(THING, item, things))
        except QueryError as error:
            raise UnsupportedFormat(f"{path}: Thing {number + 1}: {error}") from error
    if not things.bodies:
        raise UnsupportedFormat(f"{path}: no Thing in it")
    return things


def _body(kind: EntityType, item: Any, things: Things) -> dict[str, Any]:
    """What of an entity can be created here. Raises QueryError."""
    if not isinstance(item, Mapping):
        raise QueryError(f"a {kind.name} is not a JSON object")
    if item and all(name.startswith("@") for name in item):
        raise QueryError(f"a {kind.name} is only named, not in the file; ask for it with $expand")
    given = (p.name for p in kind.properties if not p.derived)
    body: dict[str, Any] = {name: item[name] for name in given if name in item}
    for name in [name for name, value in body.items() if value is None and name != "result"]:
        del body[name]
    if "description" in body:
        body.setdefault("name", body["description"])  # what was written before version 1.0 has no names
    columns(kind, body, whole=True)
    for link in kind.links:
        if link.name not in _NESTED.get(kind.name, ()):
            continue
        things.partial += f"{link.name}@iot.nextLink" in item
        inner, target = item.get(link.name), ENTITY_TYPES[link.target]
        if inner is None:
            if link.required:
                raise QueryError(f"{kind.name} {body.get('name')!r} lacks {link.name}")
        elif not link.many:
            body[link.name] = _body(target, inner, things)
        elif isinstance(inner, list):
            body[link.name] = [_body(target, one, things) for one in inner]
        else:
            raise QueryError(f"{kind.name}: {link.name} must be an array")
    if kind is OBSERVATION:
        if "phenomenonTime" not in body:
            raise QueryError("Observation lacks phenomenonTime")
        things.observations += 1
    return body


@dataclass
class _Plan:
    """One Thing of a file. id: if it is there. streams: kind, body, Observations."""

    body: dict[str, Any]
    id: int | None
    streams: list[tuple[EntityType, dict[str, Any], list[dict[str, Any]]]]


def write_things(observations: Observations, things: Things) -> Written:
    """Create what is not there yet: all Things and Datastreams together or none, then their Observations."""
    written = Written()
    group = _Group(observations)
    plans = _plans(observations, things)
    for plan in plans:
        found = _streams(observations, plan)
        fresh = [
            (kind, group.with_shared(kind, body))
            for (kind, body, _), id in zip(plan.streams, found, strict=True)
            if id is None
        ]
        written.streams += len(fresh)
        if plan.id is None:
            for kind, body in fresh:
                plan.body.setdefault(kind.set_name, []).append(body)
            group.things[len(group.changes)] = plan
            group.add(Create(Route(THING), plan.body))
        else:
            for kind, body in fresh:
                group.add(Create(Route(THING, plan.id, (Step(kind.set_name),)), body))
    group.submit()
    features: dict[bytes, int] = {}
    for plan in plans:
        for (kind, _, readings), id in zip(plan.streams, _streams(observations, plan), strict=True):
            assert id is not None
            _write_readings(observations, kind, id, readings, features, written)
    return written


def _plans(observations: Observations, things: Things) -> list[_Plan]:
    plans = []
    met: Counter[tuple[str, bytes]] = Counter()
    for given in things.bodies:
        body = dict(given)
        streams = [
            (kind, dict(stream), stream.get("Observations", []))
            for kind in (DATASTREAM, MULTI_DATASTREAM)
            for stream in body.pop(kind.set_name, [])
        ]
        for _, stream, _ in streams:
            stream.pop("Observations", None)
        properties = body.get("properties")
        with observations.connection() as connection:
            rows = connection.execute(
                "SELECT id, properties FROM things WHERE name = ? ORDER BY id", (body["name"],)
            ).fetchall()
        alike = [id for id, text in rows if (orjson.loads(text) if text else None) == properties]
        key = body["name"], orjson.dumps(properties, option=orjson.OPT_SORT_KEYS)
        plans.append(_Plan(body, alike[met[key]] if met[key] < len(alike) else None, streams))
        met[key] += 1
    return plans


def _streams(observations: Observations, plan: _Plan) -> list[int | None]:
    """The id of each of the Thing's Datastreams, if it is there; those of one name in their order."""
    if plan.id is None:
        return [None] * len(plan.streams)
    with observations.connection() as connection:
        rows = connection.execute(
            "SELECT name, multi, id FROM datastreams WHERE thing = ? ORDER BY id DESC", (plan.id,)
        ).fetchall()
    left: dict[tuple[str, int], list[int]] = {}
    for name, multi, id in rows:
        left.setdefault((name, multi), []).append(id)
    keys = [(body["name"], int(kind is MULTI_DATASTREAM)) for kind, body, _ in plan.streams]
    return [left[key].pop() if left.get(key) else None for key in keys]


@dataclass
class _Group:
    """What is made together. things: plans of new Things by the position of their change."""

    observations: Observations
    changes: list[Change] = field(default_factory=list)
    names: list[str | None] = field(default_factory=list)
    things: dict[int, _Plan] = field(default_factory=dict)

    def add(self, change: Change, name: str | None = None) -> None:
        self.changes.append(change)
        self.names.append(name)

    def submit(self) -> None:
        if self.changes:
            made = self.observations.writer.submit(Together(self.changes, self.names)).result()
            for position, plan in self.things.items():
                plan.id = made[position].id

    def with_shared(self, kind: EntityType, body: dict[str, Any]) -> dict[str, Any]:
        """A Datastream that refers to its Sensor and ObservedProperties: those that are alike are one."""
        shared = dict(body)
        for link in kind.links:
            if link.target in _SHARED:
                inner, target = body[link.name], ENTITY_TYPES[link.target]
                shared[link.name] = (
                    [self._one(target, one) for one in inner] if link.many else self._one(target, inner)
                )
        return shared

    def _one(self, kind: EntityType, body: dict[str, Any]) -> dict[str, Any]:
        known = _alike(self.observations, kind, body)
        if known is not None:
            return {"@iot.id": known}
        name = orjson.dumps([kind.name, body], option=orjson.OPT_SORT_KEYS).decode()
        if name not in self.names:
            self.add(Create(Route(kind), body), name)
        return {"@iot.id": f"${name}"}


def _alike(observations: Observations, kind: EntityType, body: dict[str, Any]) -> int | None:
    """An entity that says the same."""
    row = columns(kind, body, whole=True)
    same = " AND ".join(f"{name} IS ?" for name in row)
    with observations.connection() as connection:
        found = connection.execute(
            f"SELECT id FROM {kind.table} WHERE {same} ORDER BY id LIMIT 1",  # noqa: S608
            list(row.values()),
        ).fetchone()
    return int(found[0]) if found else None


def _write_readings(
    observations: Observations,
    kind: EntityType,
    stream: int,
    readings: list[dict[str, Any]],
    features: dict[bytes, int],
    written: Written,
) -> None:
    """The Observations that are not there yet. features: ids of those of interest that were met."""
    multi = kind is MULTI_DATASTREAM
    times = [columns(OBSERVATION, {"phenomenonTime": r["phenomenonTime"]}, False)["time"] for r in readings]
    known = known_readings(observations, stream, np.array(times, np.int64), [r["result"] for r in readings])
    fresh = [reading for reading, there in zip(readings, known, strict=True) if not there]
    written.known += len(readings) - len(fresh)
    for start in range(0, len(fresh), _AT_ONCE):
        futures = []
        for reading in fresh[start : start + _AT_ONCE]:
            body = dict(reading)
            of = body.pop("FeatureOfInterest", None)
            feature = None if of is None else _feature(observations, of, features)
            futures.append(observations.writer.submit(from_body(body, stream, feature, multi, placed=False)))
        for future in futures:
            future.result()
            written.stored += 1


def _feature(observations: Observations, body: dict[str, Any], features: dict[bytes, int]) -> int:
    key = orjson.dumps(body, option=orjson.OPT_SORT_KEYS)
    if key not in features:
        known = _alike(observations, FEATURE_OF_INTEREST, body)
        create = Create(Route(FEATURE_OF_INTEREST), body)
        features[key] = known or observations.writer.submit(create).result().id
    return features[key]
