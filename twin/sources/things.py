"""Things of SensorThings from a JSON file, with all that is nested in them: an array, one, or a response.

A Thing with the same name and properties is the same Thing, its Datastreams go by their names, Observations by
time and result; so a file read again adds only what is new in it. Ids and links of the server that the file
comes from mean nothing here and are left out. ObservedProperties and Sensors that are alike become one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
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
    MULTI_DATASTREAM,
    OBSERVATION,
    OBSERVED_PROPERTY,
    SENSOR,
    THING,
    EntityType,
)
from twin.observations.query import Route, Step
from twin.observations.store import Observations
from twin.observations.times import parse_time
from twin.sources.sink import Written, known_readings

_AT_ONCE = 5000
_SHARED = (SENSOR, OBSERVED_PROPERTY)
_STREAMS = (DATASTREAM, MULTI_DATASTREAM)


def looks_like_things(head: bytes) -> bool:
    """Whether a JSON file that begins so is one of these."""
    return any(mark in head for mark in (b'"Datastreams"', b'"MultiDatastreams"', b'"@iot.selfLink"'))


@dataclass
class Things:
    """Bodies of Things as they can be created. partial: collections of which the file holds one page."""

    bodies: list[dict[str, Any]]
    observations: int = 0
    partial: int = 0


def read_things(path: Path) -> Things:
    """Raises UnsupportedFormat for what is not Things, or lacks what the standard wants of them."""
    try:
        document = orjson.loads(path.read_bytes())
    except orjson.JSONDecodeError as error:
        raise UnsupportedFormat(f"{path}: not JSON: {error}") from error
    things = Things([])
    if isinstance(document, dict) and isinstance(document.get("value"), list):
        things.partial += "@iot.nextLink" in document
        document = document["value"]
    items = document if isinstance(document, list) else [document]
    for number, item in enumerate(items):
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
        raise QueryError(f"a {kind.name} is a reference to one that the file does not hold")
    body = {
        p.name: item[p.name] for p in kind.properties if not p.derived and item.get(p.name) is not None
    }
    missing = next((p.name for p in kind.properties if p.required and p.name not in item), None)
    if missing:
        raise QueryError(f"{kind.name} {item.get('name', '')} lacks {missing}".replace("  ", " "))
    for link in kind.links:
        inner = item.get(link.name)
        things.partial += f"{link.name}@iot.nextLink" in item
        if inner is None or link.name == "HistoricalLocations":
            continue
        if link.many != isinstance(inner, list):
            raise QueryError(f"{kind.name}: {link.name} must be {'an array' if link.many else 'an object'}")
        target = ENTITY_TYPES[link.target]
        body[link.name] = (
            [_body(target, one, things) for one in inner] if link.many else _body(target, inner, things)
        )
    if kind is OBSERVATION:
        things.observations += 1
        parse_time(body.get("phenomenonTime"))
    return body


def write_things(observations: Observations, things: Things) -> Written:
    """Create what is not there yet: first all Things and Datastreams, whole or nothing, then Observations."""
    written = Written()
    changes: list[Change] = []
    waiting: list[tuple[dict[str, Any], str, str, list[dict[str, Any]]]] = []
    shared = _Shared(observations)
    for body in things.bodies:
        thing = _find_thing(observations, body)
        streams = {kind: body.pop(f"{kind.name}s", []) for kind in _STREAMS}
        fresh = []
        for kind, items in streams.items():
            for stream in items:
                readings = stream.pop("Observations", [])
                waiting.append((body, kind.name, stream["name"], readings))
                if thing is None or _find_stream(observations, thing, kind, stream["name"]) is None:
                    fresh.append((kind, shared.once(kind, stream)))
        written.streams += len(fresh)
        if thing is None:
            for kind, stream in fresh:
                body.setdefault(f"{kind.name}s", []).append(stream)
            changes.append(Create(Route(THING), body))
        else:
            steps = [(Route(THING, thing, (Step(f"{kind.name}s"),)), stream) for kind, stream in fresh]
            changes += [Create(route, stream) for route, stream in steps]
    group = [*shared.changes, *changes]
    if group:
        observations.writer.submit(Together(group, shared.names)).result()
    for body, kind_name, name, readings in waiting:
        thing = _find_thing(observations, body)
        assert thing is not None
        stream_id = _find_stream(observations, thing, ENTITY_TYPES[kind_name], name)
        assert stream_id is not None
        _write_readings(observations, Route(ENTITY_TYPES[kind_name], stream_id), readings, written)
    return written


class _Shared:
    """Sensors and ObservedProperties, each made once."""

    def __init__(self, observations: Observations) -> None:
        self._observations = observations
        self.changes: list[Change] = []
        self.names: list[str] = []

    def once(self, kind: EntityType, stream: dict[str, Any]) -> dict[str, Any]:
        """A Datastream whose Sensor and ObservedProperties are references."""
        for link in kind.links:
            target = ENTITY_TYPES[link.target]
            if target in _SHARED and link.name in stream:
                inner = stream[link.name]
                stream[link.name] = (
                    [self._one(target, item) for item in inner] if link.many else self._one(target, inner)
                )
        return stream

    def _one(self, kind: EntityType, body: dict[str, Any]) -> dict[str, Any]:
        key = "definition" if kind is OBSERVED_PROPERTY else "metadata"
        text = body[key] if isinstance(body[key], str) else None
        with self._observations.connection() as connection:
            rows = connection.execute(
                f"SELECT id, {key} FROM {kind.table} WHERE name = ? AND description = ?",  # noqa: S608
                (body["name"], body["description"]),
            ).fetchall()
        known = next((id for id, found in rows if text in (found, _unquoted(found))), None)
        if known is not None and text is not None:
            return {"@iot.id": known}
        name = orjson.dumps([kind.name, body], option=orjson.OPT_SORT_KEYS).decode()
        if name not in self.names:
            self.changes.append(Create(Route(kind), body))
            self.names.append(name)
        return {"@iot.id": f"${name}"}
