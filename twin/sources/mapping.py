"""From a message on a topic to readings: which part is the station, where the values stand, in which unit."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Literal, Self

import jsonpath
import numpy as np
import orjson
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from twin.errors import QueryError
from twin.observations.query import Interval
from twin.observations.times import parse_time
from twin.sources.quantities import quantity
from twin.sources.readings import Series, Station

_FIELD = re.compile(r"\{(\w+)\}")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


@lru_cache(512)
def _compiled(path: str) -> jsonpath.JSONPath | jsonpath.CompoundJSONPath:
    try:
        return jsonpath.compile(path)
    except jsonpath.JSONPathError as error:
        raise ValueError(f"{path!r} is no JSONPath: {error}") from error


class Value(_Strict):
    """One quantity. path: JSONPath (RFC 9535) to a number; `$` for a payload that is the number itself.

    quantity: its name, which may use fields of the topic (`{sensor}`). unit: as the device states it.
    result × factor + offset is stored in the unit `to`, where one is given.
    """

    path: str = "$"
    quantity: str
    unit: str | None = None
    factor: float = 1.0
    offset: float = 0.0
    to: str | None = None

    @field_validator("path")
    @classmethod
    def _readable(cls, path: str) -> str:
        _compiled(path)
        return path


class Mapping(_Strict):
    """What messages of one kind mean.

    topic: such as `site/{station}/air/+`; a field in braces is one level, and `station` names the station.
    station: the station's name, may use fields; by default `{station}`. time: JSONPath to the time, ISO 8601
    or a number in `time_unit`; none: when it arrives (then a message that is sent twice counts twice).
    longitude, latitude, height: JSONPaths. dynamizer: one of the city's model, whose Datastream takes the one
    value of these messages.
    """

    topic: str
    values: list[Value] = Field(min_length=1)
    station: str = "{station}"
    time: str | None = None
    time_unit: Literal["s", "ms"] = "s"
    longitude: str | None = None
    latitude: str | None = None
    height: str | None = None
    dynamizer: str | None = None

    @field_validator("time", "longitude", "latitude", "height")
    @classmethod
    def _readable(cls, path: str | None) -> str | None:
        if path is not None:
            _compiled(path)
        return path

    @model_validator(mode="after")
    def _sound(self) -> Self:
        """Wildcards and fields are whole levels, and the fields that names use are there."""
        levels = self.topic.split("/")
        for i, level in enumerate(levels):
            last = level == "#" and i == len(levels) - 1
            if not (last or level == "+" or _FIELD.fullmatch(level) or not set(level) & set("+#{}")):
                raise ValueError(f"topic {self.topic!r}: {level!r} must be one field, + or text; # the last")
        fields = _FIELD.findall(self.topic)
        if len(set(fields)) < len(fields):
            raise ValueError(f"topic {self.topic!r}: a field is there twice")
        if self.dynamizer is not None and len(self.values) != 1:
            raise ValueError("a dynamizer takes one value, no more")
        for name in [*([] if self.dynamizer else [self.station]), *(value.quantity for value in self.values)]:
            unknown = set(_FIELD.findall(name)) - set(fields)
            if unknown:
                raise ValueError(f"{name!r} uses {{{unknown.pop()}}}, which the topic {self.topic!r} lacks")
        return self

    def subscription(self) -> str:
        """The MQTT filter that brings these messages."""
        return _FIELD.sub("+", self.topic)

    def read(self, topic: str, payload: bytes) -> list[Series] | None:
        """The readings of a message; None for a topic that isn't of this kind.

        Raises QueryError, which says nothing of what the message holds: it may go to a log.
        """
        match = re.fullmatch(self._pattern(), topic)
        return None if match is None else list(self._series(match.groupdict(), payload))

    def _pattern(self) -> str:
        levels = []
        for level in self.topic.split("/"):
            if level == "#":
                levels.append(".*")
            elif level == "+":
                levels.append("[^/]+")
            else:
                parts = _FIELD.split(level)
                levels.append(
                    "".join(f"(?P<{p}>[^/]+)" if i % 2 else re.escape(p) for i, p in enumerate(parts))
                )
        return "/".join(levels)

    def _series(self, fields: dict[str, str], payload: bytes) -> Iterator[Series]:
        try:
            document = orjson.loads(payload)
        except orjson.JSONDecodeError:
            raise QueryError("the payload is not JSON") from None
        start, end = self._time(document)
        when = np.array([start], np.int64)
        name = self.dynamizer or _filled(self.station, fields)
        lon, lat, height = (
            self._number(document, path) for path in (self.longitude, self.latitude, self.height)
        )
        station = Station(name, name, "", lon, lat, height)
        for value in self.values:
            found = self._number(document, value.path)
            if found is not None:
                kind = quantity(_filled(value.quantity, fields), value.to or value.unit)
                number = found * value.factor + value.offset
                yield Series(station, kind, when, [number], [end], into=self.dynamizer)

    def _time(self, document: Any) -> tuple[int, int | None]:
        """When it was [µs], with the end of a span of time."""
        if self.time is None:
            return time.time_ns() // 1000, None
        found: list[Any] = _compiled(self.time).findall(document)
        if not found:
            raise QueryError(f"the message has no time at {self.time}")
        if isinstance(found[0], (int, float)) and not isinstance(found[0], bool):
            seconds = found[0] / (1000 if self.time_unit == "ms" else 1)
            try:
                datetime.fromtimestamp(seconds, UTC)
            except (OverflowError, ValueError, OSError):
                raise QueryError(f"the number at {self.time} is no time in {self.time_unit}") from None
            return round(seconds * 1e6), None
        try:
            when = parse_time(found[0])
        except QueryError:
            raise QueryError(f"what is at {self.time} is no time such as 2024-05-01T09:00:00Z") from None
        return (when.start, when.end) if isinstance(when, Interval) else (when.micros, None)

    @staticmethod
    def _number(document: Any, path: str | None) -> float | None:
        """The number at a path, also where it is text; None where there is none."""
        found: list[Any] = _compiled(path).findall(document) if path else []
        if not found or isinstance(found[0], bool):
            return None
        try:
            number = float(found[0])
        except (TypeError, ValueError):
            return None
        return number if np.isfinite(number) else None


def _filled(text: str, fields: dict[str, str]) -> str:
    return _FIELD.sub(lambda match: fields.get(match[1], match[0]), text)
