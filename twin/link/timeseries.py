"""The time series of a CityGML 3.0 dynamizer as times and values: those inside the model, those of files that
were read beside it, and what a CompositeTimeseries puts together from both (OGC 20-010, Dynamizer module)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from twin.errors import QueryError
from twin.observations.times import parse_duration, parse_instant

Reading = tuple[int, int | None, Any]
"""Start [µs], end [µs] where the value is of a span of time, value."""

MISSING = ("", "-", "null", "NULL", "NA", "N/A", "NaN", "nan")
"""What stands in files where a value is missing."""
_VALUES = ("doubleValue", "intValue", "boolValue", "stringValue", "uri")
_MOST_REPETITIONS = 100_000
_PART_OF_A_DATE = re.compile(r"(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?")


@dataclass(frozen=True, slots=True)
class FileSeries:
    """A series read from a file. digest: of the file, as hexadecimal text. bad: rows that could not be read,
    and one of them as an example."""

    readings: list[Reading]
    digest: str
    bad: int = 0
    example: str = ""


FileSeriesByAtom = Mapping[str, FileSeries]
"""The series from files of one dynamizer, by `atom_key`."""


def inner(value: Any) -> dict[str, Any]:
    """The object of a property that holds one; empty without."""
    if isinstance(value, list):
        value = next((v for v in value if isinstance(v, dict)), None)
    return value if isinstance(value, dict) else {}


def atoms(data: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The atomic series that a series consists of."""
    components = _listed(data.get("component"))
    for component in components:
        yield from atoms(inner(component.get("timeseries")))
    if not components and data:
        yield data


def is_in_file(atom: dict[str, Any]) -> bool:
    return "fileLocation" in atom


def atom_key(atom: dict[str, Any]) -> str:
    """By what a series in a file is known: everything that the model says of it."""
    return orjson.dumps(atom, option=orjson.OPT_SORT_KEYS).decode()


def readings(data: dict[str, Any], files: FileSeriesByAtom) -> list[Reading]:
    """The readings of a series. Files that were not read give none.

    A component of a CompositeTimeseries is repeated, each time after the last of the one before and the
    additional gap (OGC 20-010, TimeseriesComponent). Raises QueryError.
    """
    components = _listed(data.get("component"))
    if not components:
        if is_in_file(data):
            series = files.get(atom_key(data))
            return [] if series is None else series.readings
        return [found for pair in _listed(data.get("timeValuePair")) if (found := _pair(pair)) is not None]
    whole: list[Reading] = []
    for component in components:
        part = readings(inner(component.get("timeseries")), files)
        if not part:
            continue
        repetitions = int(component.get("repetitions", 1) or 1)
        if repetitions > 1 and repetitions * len(part) > _MOST_REPETITIONS:
            raise QueryError(f"a component repeated {repetitions} times is too long")
        gap = component.get("additionalGap")
        step = part[-1][0] - part[0][0] + (parse_duration(str(gap)) if gap else 0)
        for number in range(repetitions):
            whole += [
                (start + number * step, None if end is None else end + number * step, value)
                for start, end, value in part
            ]
    return whole


def parse_period(value: Any) -> tuple[int, int | None]:
    """A moment [µs], or the begin and end of a year, month or day. Raises QueryError."""
    text = str(value.get("$date") if isinstance(value, dict) else value).strip()
    match = _PART_OF_A_DATE.fullmatch(text)
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


def _listed(value: Any) -> list[dict[str, Any]]:
    return [v for v in (value if isinstance(value, list) else [value]) if isinstance(v, dict)]


def _pair(pair: dict[str, Any]) -> Reading | None:
    name = next((n for n in _VALUES if pair.get(n) is not None), None)
    if name is None or "timestamp" not in pair:
        return None
    value = pair[name]
    if isinstance(value, dict):
        value = value.get("value", value)
    return *parse_period(pair["timestamp"]), value


def _micros(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
