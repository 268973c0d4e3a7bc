"""Properties of entities as JSON has them and as columns have them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import orjson

from twin.errors import QueryError
from twin.observations import functions, quality
from twin.observations.model import EntityType, Kind, Property
from twin.observations.parts import decode as decode_result
from twin.observations.parts import encode as encode_result
from twin.observations.query import Instant, Interval
from twin.observations.times import parse_time

Columns = dict[str, Any]
Row = tuple[Any, ...]


def columns(type: EntityType, body: Mapping[str, Any], whole: bool) -> Columns:
    """The columns that a body sets.

    whole: every property counts, an absent one is null, and required ones must be there. Raises QueryError
    for what is missing, of the wrong kind or unknown.
    """
    _check_names(type, body)
    found: Columns = {}
    for p in type.properties:
        if p.derived:
            continue
        if p.name not in body:
            if whole:
                if p.required:
                    raise QueryError(f"{type.name} lacks {p.name}")
                found.update(_nulls(p))
        else:
            found.update(encode(type, p, body[p.name]))
    if "encodingType" in body and isinstance(body["encodingType"], str):
        for p in type.properties:
            if p.kind is Kind.geometry and not p.derived and p.name in body:
                _check_geometry(type, p, body[p.name], body["encodingType"])
    return found


def _check_names(type: EntityType, body: Mapping[str, Any]) -> None:
    if not isinstance(body, Mapping):
        raise QueryError(f"{type.name}: expected a JSON object, found {_shown(body)}")
    for name in body:
        if "@" not in name and type.property(name) is None and type.link(name) is None:
            raise QueryError(f"{type.name} has no property {name!r}")


def _nulls(p: Property) -> Columns:
    if p.kind in (Kind.time, Kind.interval):
        return {p.column: None, f"{p.column}_end": None}
    return {p.column: None, "kind": None} if p.kind is Kind.result else {p.column: None}


def encode(type: EntityType, p: Property, value: Any) -> Columns:
    """A property's columns. Raises QueryError."""
    if p.kind is Kind.result:
        result, kind, _ = encode_result(value)
        return {p.column: result, "kind": kind}
    if value is None:
        if p.required:
            raise QueryError(f"{type.name}: {p.name} must not be null")
        return _nulls(p)
    match p.kind:
        case Kind.text:
            if not isinstance(value, str):
                raise QueryError(f"{type.name}: {p.name} must be text, found {_shown(value)}")
            return {p.column: value}
        case Kind.json:
            if not isinstance(value, (dict, list)) and p.name != "resultQuality":
                raise QueryError(f"{type.name}: {p.name} must be a JSON object, found {_shown(value)}")
            return {p.column: _dump(type, p, value)}
        case Kind.any | Kind.geometry:
            return {p.column: _dump(type, p, value)}
    time = _time(type, p, value)
    if p.kind is Kind.instant:
        if not isinstance(time, Instant):
            raise QueryError(f"{type.name}: {p.name} must be one time, found an interval")
        return {p.column: time.micros}
    if isinstance(time, Interval):
        return {p.column: time.start, f"{p.column}_end": time.end}
    return {p.column: time.micros, f"{p.column}_end": time.micros if p.kind is Kind.interval else None}


def _time(type: EntityType, p: Property, value: Any) -> Instant | Interval:
    if isinstance(value, (Instant, Interval)):
        return value
    try:
        return parse_time(value)
    except QueryError as error:
        raise QueryError(f"{type.name}: {p.name}: {error}") from None


def _dump(type: EntityType, p: Property, value: Any) -> str:
    try:
        return orjson.dumps(value).decode()
    except (orjson.JSONEncodeError, RecursionError) as error:
        raise QueryError(f"{type.name}: {p.name} cannot be kept as JSON: {error}") from None


def _check_geometry(type: EntityType, p: Property, value: Any, encoding: str) -> None:
    if not encoding.lower().startswith(("application/geo+json", "application/vnd.geo+json")):
        return
    if not isinstance(value, dict) or functions.from_geojson(orjson.dumps(value).decode()) is None:
        raise QueryError(f"{type.name}: {p.name} is not GeoJSON, which its encodingType says it is")


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


class Reader:
    """How rows of some properties of one entity type become values.

    columns: what to select; of the entity's table, in order. Times become `Instant` or `Interval`.
    """

    def __init__(self, type: EntityType, names: tuple[str, ...] | None = None) -> None:
        self.columns: list[str] = []
        self._readers: list[tuple[str, int, Callable[..., Any], int]] = []
        for p in type.properties:
            if names is not None and p.name not in names:
                continue
            columns, function = _reader(p)
            self._readers.append((p.name, len(self.columns), function, len(columns)))
            self.columns += columns

    def values(self, row: Row, start: int = 0) -> dict[str, Any]:
        return {
            name: function(row[start + at]) if n == 1 else function(row[start + at], row[start + at + 1])
            for name, at, function, n in self._readers
        }


def _reader(p: Property) -> tuple[list[str], Callable[..., Any]]:
    if p.name == "resultQuality":
        return [p.column, "flags"], _result_quality
    match p.kind:
        case Kind.text:
            return [p.column], _same
        case Kind.json | Kind.any | Kind.geometry:
            return [p.column], _load
        case Kind.instant:
            return [p.column], _instant
        case Kind.interval:
            return [p.column, f"{p.column}_end"], _interval
        case Kind.time:
            return [p.column, f"{p.column}_end"], _instant_or_interval
        case Kind.result:
            return [p.column, "kind"], decode_result


def _same(value: Any) -> Any:
    return value


def _load(text: str | None) -> Any:
    return None if text is None else orjson.loads(text)


def _instant(micros: int | None) -> Instant | None:
    return None if micros is None else Instant(micros)


def _interval(start: int | None, end: int | None) -> Interval | None:
    return None if start is None else Interval(start, start if end is None else end)


def _instant_or_interval(start: int | None, end: int | None) -> Instant | Interval | None:
    return _instant(start) if end is None else _interval(start, end)


def _result_quality(text: str | None, flags: int | None) -> Any:
    """What the client sent, and the names of the flags that were set."""
    given = _load(text)
    if not flags:
        return given
    named = {"flags": quality.names(flags)}
    if isinstance(given, dict):
        return {**given, **named}
    return named if given is None else {"value": given, **named}
