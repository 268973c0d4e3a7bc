"""One observation from its JSON body, as an `Append` of one."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from twin.errors import QueryError, TwinError
from twin.observations import append, parts
from twin.observations.changes import Append, Appended, Create, Created
from twin.observations.model import DATASTREAM, MULTI_DATASTREAM, OBSERVATION
from twin.observations.query import Instant, Interval, Route, Step
from twin.observations.transaction import Transaction
from twin.observations.values import columns

_OBSERVATIONS = (Step("Observations"),)
_STREAMS = {"Datastream": False, "MultiDatastream": True}


def as_append(change: Create) -> Append | None:
    """A `Create` of an observation with no inline entities, as an `Append`; None if it is anything else."""
    route, body = change.route, change.body
    if not isinstance(route, Route) or not isinstance(body, dict):
        return None
    if route.entity_type is OBSERVATION and route.id is None and not route.steps:
        named = [name for name in _STREAMS if body.get(name) is not None]
        if len(named) != 1:
            return None
        stream, multi = _id(body[named[0]]), _STREAMS[named[0]]
    elif route.steps == _OBSERVATIONS and route.entity_type in (DATASTREAM, MULTI_DATASTREAM):
        stream, multi = route.id, route.entity_type is MULTI_DATASTREAM
    else:
        return None
    feature = body.get("FeatureOfInterest")
    feature_id = _id(feature)
    if stream is None or (feature is not None and feature_id is None):
        return None
    return from_body(body, stream, feature_id, multi)


def _id(item: Any) -> int | None:
    """The id of a plain reference."""
    if isinstance(item, dict) and len(item) == 1:
        id = item.get("@iot.id")
        if isinstance(id, int) and not isinstance(id, bool):
            return id
    return None


def from_body(
    body: Mapping[str, Any], stream: int, feature: int | None, multi: bool | None, placed: bool = True
) -> Append:
    """An observation's body as an `Append`. Without phenomenonTime: now. placed: as of `Append`. Raises
    QueryError."""
    if "result" not in body:
        raise QueryError("Observation lacks result")
    row = columns(OBSERVATION, {k: v for k, v in body.items() if k not in ("result", "parameters")}, False)
    parameters = body.get("parameters")
    if parameters is not None and not isinstance(parameters, (dict, list)):
        raise QueryError("Observation: parameters must be a JSON object")
    moment, end = row.get("time"), row.get("time_end")
    result_time, valid = row.get("result_time"), row.get("valid_time")
    quality = body.get("resultQuality")
    id = body.get("@iot.id")
    if isinstance(id, bool):
        raise QueryError(f"{id!r} cannot be an id: ids are positive integers")
    return Append(
        stream,
        [time.time_ns() // 1000 if moment is None else moment],
        [body["result"]],
        times_end=None if end is None else [end],
        result_times=None if result_time is None else [result_time],
        feature=feature,
        ids=None if id is None else [id],
        parameters=None if parameters is None else [parameters],
        result_qualities=None if quality is None else [quality],
        valid_times=None if valid is None else [_span(valid, row["valid_time_end"])],
        multi=multi,
        placed=placed,
    )


def _span(start: int, end: int) -> Interval | Instant:
    return Interval(start, end)


def make(
    work: Transaction, body: Mapping[str, Any], stream: int, feature: int | None, multi: bool | None
) -> Created:
    outcome = append.append(work, [parts.prepare(from_body(body, stream, feature, multi))])[0]
    if isinstance(outcome, TwinError):
        raise outcome
    return created(outcome)


def created(outcome: Appended) -> Created:
    return Created(OBSERVATION, outcome.ids[0], bool(outcome.existing))
