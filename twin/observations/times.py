"""ISO 8601 times to microseconds since 1970 in UTC and back, one by one and by the thousand.

A time without offset is taken as UTC. What is written ends with Z and has the digits it needs: none,
three or six after the second.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache

import numpy as np
import numpy.typing as npt

from twin.errors import QueryError
from twin.observations.query import Instant, Interval

Micros = npt.NDArray[np.int64]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = 86_400_000_000
_LONG_FRACTION = re.compile(r"([.,]\d{6})\d+")
_DURATION = re.compile(
    r"(-)?P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?"
    r"(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?"
)
_SECOND = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d")


def parse_instant(text: object) -> int:
    """Microseconds of `2024-05-01T09:00:00+09:00` and its like. Raises QueryError."""
    if not isinstance(text, str) or not _SECOND.match(text):
        raise QueryError(f"{_shown(text)} is not a time such as 2024-05-01T09:00:00Z")
    try:
        moment = datetime.fromisoformat(_LONG_FRACTION.sub(r"\1", text))
    except ValueError:
        raise QueryError(f"{_shown(text)} is not a time such as 2024-05-01T09:00:00Z") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - _EPOCH) // timedelta(microseconds=1)


def parse_time(text: object) -> Instant | Interval:
    """An instant, or an interval `start/end`, `start/duration`, `duration/end`. Raises QueryError."""
    if isinstance(text, str) and "/" in text:
        return parse_interval(text)
    return Instant(parse_instant(text))


def parse_interval(text: object) -> Interval:
    """Raises QueryError also when the end lies before the start."""
    first, slash, second = text.partition("/") if isinstance(text, str) else ("", "", "")
    if not slash:
        raise QueryError(f"{_shown(text)} is not an interval such as 2024-05-01T00:00:00Z/P1D")
    if first.startswith("P"):
        end = parse_instant(second)
        start = end - parse_duration(first)
    else:
        start = parse_instant(first)
        end = start + parse_duration(second) if second.startswith("P") else parse_instant(second)
    if end < start:
        raise QueryError(f"{_shown(text)}: the interval ends before it starts")
    return Interval(start, end)


def parse_duration(text: str) -> int:
    """Microseconds of `P1DT2H`; a month counts 30 days and a year 365. Raises QueryError."""
    match = _DURATION.fullmatch(text)
    if not match or not any(match.groups()[1:]):
        raise QueryError(f"{_shown(text)} is not a duration such as P1D or PT15M")
    years, months, weeks, days, hours, minutes = (int(part or 0) for part in match.groups()[1:7])
    whole_days = 365 * years + 30 * months + 7 * weeks + days
    seconds = float(match[8] or 0)
    micros = whole_days * _DAY + (hours * 3600 + minutes * 60) * 1_000_000 + round(seconds * 1e6)
    if micros >= 1 << 62:
        raise QueryError(f"{_shown(text)} is too long a duration")
    return -micros if match[1] else micros


def parse_instants(texts: Sequence[object]) -> Micros:
    """Many times at once [µs, (n,) int64]. Texts of one form ending with Z go through NumPy."""
    try:
        joined = "".join(texts).encode("ascii")  # type: ignore[arg-type]
        length = len(texts[0])  # type: ignore[arg-type]
    except (TypeError, UnicodeEncodeError, IndexError):
        return np.array([parse_instant(text) for text in texts], np.int64)
    if length not in (20, 24, 27) or set(map(len, texts)) != {length}:  # type: ignore[arg-type]
        return np.array([parse_instant(text) for text in texts], np.int64)
    return _parse_uniform(np.frombuffer(joined, np.uint8).reshape(-1, length), texts)


def _parse_uniform(symbols: npt.NDArray[np.uint8], texts: Sequence[object]) -> Micros:
    """Texts like 2024-05-01T09:00:00.000Z, a row of symbols each."""
    least, span, weights = _form(symbols.shape[1])
    digits = symbols - least
    if (digits > span).any():
        return np.array([parse_instant(text) for text in texts], np.int64)
    parts = (digits.astype(np.float64) @ weights).astype(np.int64)
    hour, minute, second, fraction = parts[:, 3:].T
    one_day = (parts[:, :3] == parts[0, :3]).all()
    date = parts[:1, :3].T if one_day else parts[:, :3].T
    if not _is_date(*date) or parts[:, 3].max() > 23 or parts[:, 4].max() > 59 or parts[:, 5].max() > 59:
        return np.array([parse_instant(text) for text in texts], np.int64)
    seconds = (hour * 60 + minute) * 60 + second
    micros: Micros = _days(*date) * _DAY + seconds * 1_000_000 + fraction
    return micros


@cache
def _form(length: int) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8], npt.NDArray[np.float64]]:
    """Of a text of 20, 24 or 27 symbols: the least that each may be, how far above it, and what it adds to
    year, month, day, hour, minute, second and microseconds."""
    pattern = "0000-00-00T00:00:00" + (f".{0:0{length - 21}}" if length > 20 else "") + "Z"
    weights = np.zeros((length, 7))
    parts = [(0, 4), (5, 7), (8, 10), (11, 13), (14, 16), (17, 19)] + [(20, length - 1)] * (length > 20)
    for part, (start, end) in enumerate(parts):
        last = 5 if part == 6 else end - start - 1
        weights[start:end, part] = 10.0 ** np.arange(last, last - (end - start), -1)
    span = np.array([9 if symbol == "0" else 0 for symbol in pattern], np.uint8)
    return np.frombuffer(pattern.encode(), np.uint8), span, weights


_MONTH_DAYS = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])


def _is_date(year: Micros, month: Micros, day: Micros) -> bool:
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    days = _MONTH_DAYS[np.clip(month, 1, 12)] + ((month == 2) & leap)
    sound = (year > 0) & (month >= 1) & (month <= 12) & (day >= 1) & (day <= days)
    return bool(sound.all())


def _days(year: Micros, month: Micros, day: Micros) -> Micros:
    """Days since 1970 of dates in the Gregorian calendar, by years that begin in March."""
    shifted = year - (month <= 2)
    day_of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    return 365 * shifted + shifted // 4 - shifted // 100 + shifted // 400 + day_of_year - 719_468


def format_instant(micros: int) -> str:
    """`2024-05-01T00:00:00Z`, with .123 or .123456 where there is a fraction."""
    day, rest = divmod(micros, _DAY)
    seconds, fraction = divmod(rest, 1_000_000)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    text = f"{_date(day)}T{hour:02}:{minute:02}:{second:02}"
    if not fraction:
        return text + "Z"
    if fraction % 1000:
        return f"{text}.{fraction:06}Z"
    return f"{text}.{fraction // 1000:03}Z"


@lru_cache(4096)
def _date(day: int) -> str:
    return str(np.datetime64(day, "D"))


def format_time(value: Instant | Interval) -> str:
    if isinstance(value, Instant):
        return format_instant(value.micros)
    return f"{format_instant(value.start)}/{format_instant(value.end)}"


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
