"""Times in our own endpoints: ISO 8601 in, milliseconds since 1970 out."""

from __future__ import annotations

import time as clock

from twin.errors import QueryError
from twin.observations.times import parse_instant


def now() -> int:
    """[µs]"""
    return clock.time_ns() // 1000


def instant(text: str | None, name: str = "time") -> int | None:
    """[µs] of a time in a query; None for none or `now`. Raises QueryError with the parameter's name."""
    if text is None or text in ("", "now"):
        return None
    try:
        # a `+` of an offset arrives as a space
        return parse_instant(text.replace(" ", "+") if "T" in text else text)
    except QueryError as error:
        raise QueryError(f"{name}: {error}") from None


def milliseconds(micros: int | None) -> int | None:
    return None if micros is None else micros // 1000
