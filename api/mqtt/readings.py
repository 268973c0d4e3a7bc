"""A message with an observation as a row: many such rows of one datastream go into the store together."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import orjson

from api.mqtt.resources import Destination, destination
from api.mqtt.session import Incoming
from twin.errors import QueryError
from twin.observations.changes import Append, Create
from twin.observations.model import ENTITY_TYPES, EntityType
from twin.observations.times import parse_instant, parse_instants

_PLAIN = frozenset(
    ("phenomenonTime", "resultTime", "result", "parameters", "@iot.id", "FeatureOfInterest", "Datastream",
     "MultiDatastream")
)  # fmt: skip
_DATASTREAMS = ("Datastream", "MultiDatastream")

Known = frozenset[tuple[str, int]] | set[tuple[str, int]]
"""Datastreams that are there: name of the entity type, and id."""


@dataclass(slots=True)
class Reading:
    """Times in µs; time is a text until `timed`."""

    item: Incoming
    datastream: int
    time: str | int
    result: Any
    result_time: int | None
    id: int | None
    feature: int | None
    parameters: dict[str, Any] | None


def read(item: Incoming, known: Known) -> Reading | Create:
    """A row, or for an observation that is not so plain the change that makes it.

    Raises QueryError or EntityNotFound for a message that is none.
    """
    place = destination(item.message.topic)
    body = parse(item.message.payload)
    assert place.resource.route is not None
    create = Create(place.resource.route, body)
    named = datastream_of(place, body)
    if named is None or (named[0].name, named[1]) not in known or not body.keys() <= _PLAIN:
        return create
    feature, id, parameters = place.feature, body.get("@iot.id"), body.get("parameters")
    if "FeatureOfInterest" in body:
        feature = _id_of(body["FeatureOfInterest"])
        if feature is None or place.feature not in (None, feature):
            return create
    when, result_time = body.get("phenomenonTime"), body.get("resultTime")
    if when is None:
        when = time.time_ns() // 1000
    plain = (
        "result" in body
        and (isinstance(when, int) or (isinstance(when, str) and "/" not in when))
        and (id is None or _is_id(id))
        and (parameters is None or isinstance(parameters, dict))
    )
    if not plain or ("phenomenonTime" in body and not isinstance(body["phenomenonTime"], str)):
        return create
    return Reading(
        item, named[1], when, body["result"],
        None if result_time is None else parse_instant(result_time), id, feature, parameters,
    )  # fmt: skip


def parse(payload: bytes) -> dict[str, Any]:
    """Raises QueryError."""
    try:
        body = orjson.loads(payload)
    except orjson.JSONDecodeError:
        raise QueryError("the message is not JSON") from None
    if not isinstance(body, dict):
        raise QueryError("the message is not a JSON object")
    return body


def datastream_of(place: Destination, body: dict[str, Any]) -> tuple[EntityType, int] | None:
    """The datastream of an observation where the topic or a plain link names it, and they agree."""
    found = place.datastream
    for name in _DATASTREAMS:
        if name in body:
            id = _id_of(body[name])
            if id is None or found not in (None, (ENTITY_TYPES[name], id)):
                return None
            found = (ENTITY_TYPES[name], id)
    return found


def _id_of(value: Any) -> int | None:
    """The id in `{"@iot.id": 1}`, None for whatever else a link may be."""
    if isinstance(value, dict) and len(value) == 1 and _is_id(value.get("@iot.id")):
        return int(value["@iot.id"])
    return None


def _is_id(value: Any) -> bool:
    return type(value) is int and 0 < value < 1 << 63


def timed(readings: list[Reading]) -> list[Reading]:
    """Those whose times are times; the others get their error."""
    texts = [reading.time for reading in readings if isinstance(reading.time, str)]
    try:
        times = iter(parse_instants(texts).tolist() if texts else ())
    except QueryError:
        return [reading for reading in readings if _timed(reading)]
    for reading in readings:
        if isinstance(reading.time, str):
            reading.time = next(times)
    return readings


def _timed(reading: Reading) -> bool:
    try:
        reading.time = parse_instant(reading.time) if isinstance(reading.time, str) else reading.time
    except QueryError as error:
        reading.item.error = error
        return False
    return True


def parts(readings: Iterable[Reading]) -> list[tuple[Append, list[Reading]]]:
    """An `Append` for each datastream, with the readings that it holds."""
    groups: defaultdict[int, list[Reading]] = defaultdict(list)
    for reading in readings:
        groups[reading.datastream].append(reading)
    return [(_append(datastream, group), group) for datastream, group in groups.items()]


def alone(readings: Iterable[Reading]) -> list[tuple[Append, list[Reading]]]:
    """An `Append` for each reading, so that a bad one shows."""
    return [(_append(reading.datastream, [reading]), [reading]) for reading in readings]


def _append(datastream: int, group: list[Reading]) -> Append:
    return Append(
        datastream,
        [int(r.time) for r in group],
        [r.result for r in group],
        result_times=_column([r.result_time for r in group]),
        feature=_column([r.feature for r in group]),
        ids=_column([r.id for r in group]),
        parameters=_column([r.parameters for r in group]),
        placed=True,
    )


def _column(values: list[Any]) -> list[Any] | None:
    return values if any(value is not None for value in values) else None
