"""Functions of our own that the SQL of filters calls: times, texts, numbers and geometries."""

from __future__ import annotations

import math
import sqlite3
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import orjson

from twin.errors import TwinError
from twin.observations.times import parse_instant

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = 86_400_000_000
FIRST = (datetime(1, 1, 1, tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)
LAST = (datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)
"""The first and the last time that can be said [µs]."""


class Deadline:
    """Whether a question has run out of time: SQLite asks, and stops at a true answer."""

    def __init__(self, seconds: float) -> None:
        self.end = time.monotonic() + seconds

    def passed(self) -> bool:
        return time.monotonic() > self.end


def register(connection: sqlite3.Connection) -> None:
    for name, count, function in _FUNCTIONS:
        connection.create_function(name, count, _or_null(function), deterministic=True)


def _or_null(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that is null where it has no value, since an exception would end the whole question."""

    def call(*arguments: Any) -> Any:
        try:
            return function(*arguments)
        except Exception:
            return None

    return call


def _part(micros: int | None, part: str) -> int | None:
    if micros is None or not FIRST <= micros <= LAST:
        return None
    return int(getattr(_EPOCH + timedelta(microseconds=micros), part))


def _floor_day(micros: int | None) -> int | None:
    return None if micros is None else micros - micros % _DAY


def _time_of_day(micros: int | None) -> int | None:
    return None if micros is None else micros % _DAY


def _fraction(micros: int | None) -> float | None:
    return None if micros is None else micros % 1_000_000 / 1e6


def _instant(value: object) -> int | None:
    """Text that is a time, else null: for times within JSON."""
    try:
        return parse_instant(value)
    except TwinError:
        return None


def _number(function: Callable[[float], float]) -> Callable[[Any], float | None]:
    return lambda x: function(x) if isinstance(x, (int, float)) and math.isfinite(x) else None


def _round(x: float) -> float:
    """Halves away from zero, as OData has it."""
    return math.copysign(math.floor(abs(x) + 0.5), x)


def _mod(a: Any, b: Any) -> float | None:
    return math.fmod(a, b) if isinstance(a, (int, float)) and isinstance(b, (int, float)) and b else None


def _case(function: Callable[[str], str]) -> Callable[[Any], str | None]:
    return lambda x: None if x is None else function(str(x))


# Geometries: the stored side as GeoJSON text (a geometry or a Feature), the other as WKT


@lru_cache(512)
def from_wkt(text: str) -> BaseGeometry | None:
    """A geometry in well-known text; None if it is something else."""
    import shapely

    try:
        return shapely.from_wkt(text)
    except shapely.errors.ShapelyError:
        return None


@lru_cache(16_384)
def from_geojson(text: str) -> BaseGeometry | None:
    """A stored geometry, that of a Feature, or one in well-known text; None if there is none in it."""
    import shapely

    try:
        value = orjson.loads(text)
        if isinstance(value, dict) and value.get("type") == "Feature":
            value = value.get("geometry")
        if isinstance(value, str):
            return from_wkt(value)
        geometry: BaseGeometry = shapely.from_geojson(orjson.dumps(value).decode())
    except (shapely.errors.ShapelyError, orjson.JSONDecodeError):
        return None
    return None if geometry is None or geometry.is_empty else geometry


def _geometry(value: object) -> BaseGeometry | None:
    if not isinstance(value, str):
        return None
    return from_geojson(value) if value.startswith(("{", "[", '"', "n")) else from_wkt(value)


def _relation(name: str) -> Callable[[Any, Any], bool | None]:
    def test(a: Any, b: Any) -> bool | None:
        first, second = _geometry(a), _geometry(b)
        return None if first is None or second is None else bool(getattr(first, name)(second))

    return test


def _distance(a: Any, b: Any) -> float | None:
    first, second = _geometry(a), _geometry(b)
    return None if first is None or second is None else float(first.distance(second))


def _length(a: Any) -> float | None:
    geometry = _geometry(a)
    if geometry is None:
        return None
    return 0.0 if geometry.geom_type.endswith("Polygon") else float(geometry.length)


def _relate(a: Any, b: Any, pattern: Any) -> bool | None:
    first, second = _geometry(a), _geometry(b)
    if first is None or second is None:
        return None
    return bool(first.relate_pattern(second, str(pattern)))


RELATIONS = ("equals", "disjoint", "touches", "within", "overlaps", "crosses", "intersects", "contains")
_FUNCTIONS: list[tuple[str, int, Callable[..., Any]]] = [
    ("twin_part", 2, _part),
    ("twin_day", 1, _floor_day),
    ("twin_time_of_day", 1, _time_of_day),
    ("twin_fraction", 1, _fraction),
    ("twin_instant", 1, _instant),
    ("twin_round", 1, _number(_round)),
    ("twin_floor", 1, _number(lambda x: float(math.floor(x)))),
    ("twin_ceiling", 1, _number(lambda x: float(math.ceil(x)))),
    ("twin_mod", 2, _mod),
    ("twin_lower", 1, _case(str.lower)),
    ("twin_upper", 1, _case(str.upper)),
    ("twin_trim", 1, _case(str.strip)),
    ("twin_distance", 2, _distance),
    ("twin_length", 1, _length),
    ("twin_relate", 3, _relate),
    *((f"twin_{name}", 2, _relation(name)) for name in RELATIONS),
]
