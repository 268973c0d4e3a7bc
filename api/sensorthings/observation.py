"""Observations as they come in, one by one: straight to an `Append`, without the way of all entities.

This is the way of nearly all requests to the service; what it does not know goes the long way, which has
the messages.
"""

from __future__ import annotations

import time
from typing import Any

from api.sensorthings.exchange import dumps
from twin.errors import QueryError
from twin.observations.changes import Append
from twin.observations.model import DATASTREAM, MULTI_DATASTREAM
from twin.observations.query import Instant, Interval, Route
from twin.observations.times import format_instant, parse_instant, parse_interval, parse_time

_KNOWN = frozenset(
    (
        "result",
        "phenomenonTime",
        "resultTime",
        "Datastream",
        "MultiDatastream",
        "FeatureOfInterest",
        "@iot.id",
        "resultQuality",
        "validTime",
        "parameters",
    )
)
_DATASTREAMS = {"Datastream": DATASTREAM.name, "MultiDatastream": MULTI_DATASTREAM.name}
MAX_ID = (1 << 63) - 1


def append_of(route: Route, body: dict[str, Any]) -> tuple[str, Append] | None:
    """The kind of datastream and the change; None for a body that needs the long way.

    Raises QueryError for a time that is none.
    """
    if not _KNOWN.issuperset(body) or "result" not in body:
        return None
    found = _datastream(route, body)
    feature = None
    if "FeatureOfInterest" in body:
        feature = only_id(body["FeatureOfInterest"])
        if feature is None:
            return None
    if found is None:
        return None
    id = body.get("@iot.id")
    if id is not None and not is_id(id):
        return None
    at = body.get("phenomenonTime")
    when = parse_time(at) if at is not None else Instant(time.time_ns() // 1000)
    end = None
    if isinstance(when, Interval):
        start, end = when.start, when.end
    else:
        start = when.micros
    change = Append(found[1], (start,), (body["result"],), feature=feature, placed=True)
    if end is not None:
        change.times_end = (end,)
    if id is not None:
        change.ids = (id,)
    if body.get("resultTime") is not None:
        change.result_times = (parse_instant(body["resultTime"]),)
    if body.get("validTime") is not None:
        change.valid_times = (parse_interval(body["validTime"]),)
    parameters = body.get("parameters")
    if parameters is not None:
        if not isinstance(parameters, dict):
            return None
        change.parameters = (parameters,)
    if body.get("resultQuality") is not None:
        change.result_qualities = (body["resultQuality"],)
    return found[0], change


def _datastream(route: Route, body: dict[str, Any]) -> tuple[str, int] | None:
    """Either the route names the datastream or the body does."""
    linked = [name for name in _DATASTREAMS if name in body]
    if route.steps:
        if linked or len(route.steps) > 1 or route.entity_type.name not in _DATASTREAMS or route.id is None:
            return None
        return route.entity_type.name, route.id
    if len(linked) == 2:
        raise QueryError("an observation is of a Datastream or of a MultiDatastream, not of both")
    if not linked:
        return None
    id = only_id(body[linked[0]])
    return None if id is None else (linked[0], id)


def only_id(link: Any) -> int | None:
    """The id in `{"@iot.id": 1}`; None for anything more or else."""
    if type(link) is dict and len(link) == 1:
        id = link.get("@iot.id")
        return id if is_id(id) else None
    return None


def is_id(value: Any) -> bool:
    return type(value) is int and 0 < value <= MAX_ID


def shown(change: Append, kind: str, id: int, root: str) -> bytes:
    """The observation that was made of a change with one, as JSON."""
    own = f"{root}Observations({id})"
    start = format_instant(int(change.times[0]))
    ends = change.times_end
    content: dict[str, Any] = {
        "@iot.id": id,
        "@iot.selfLink": own,
        "phenomenonTime": start if ends is None else f"{start}/{format_instant(ends[0] or 0)}",
        "resultTime": None if change.result_times is None else format_instant(change.result_times[0] or 0),
        "result": change.results[0],
    }
    if change.result_qualities is not None:
        content["resultQuality"] = change.result_qualities[0]
    if change.valid_times is not None:
        valid = change.valid_times[0]
        assert isinstance(valid, Interval)
        content["validTime"] = f"{format_instant(valid.start)}/{format_instant(valid.end)}"
    if change.parameters is not None:
        content["parameters"] = change.parameters[0]
    content[f"{kind}@iot.navigationLink"] = f"{own}/{kind}"
    content["FeatureOfInterest@iot.navigationLink"] = f"{own}/FeatureOfInterest"
    return dumps(content)
