"""Observations as columns for the database: times in bounds, results with their kinds, JSON as text."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson

from twin.errors import QueryError
from twin.observations.changes import Append
from twin.observations.functions import FIRST, LAST
from twin.observations.query import Interval

MAX_ID = (1 << 63) - 1


@dataclass(slots=True)
class Part:
    """One `Append` as columns for the database (n each; None: null throughout)."""

    append: Append
    stream: int
    times: list[int]
    numbers: npt.NDArray[np.float64]
    results: list[Any]
    columns: dict[str, Sequence[Any]]

    def take(self, chosen: Sequence[int]) -> Part:
        return Part(
            self.append,
            self.stream,
            [self.times[i] for i in chosen],
            self.numbers[list(chosen)],
            [self.results[i] for i in chosen],
            {name: [column[i] for i in chosen] for name, column in self.columns.items()},
        )


def prepare(append: Append) -> Part:
    """Check and convert what needs no database. Raises QueryError."""
    times = _times(append.times)
    n = len(times)
    results, kinds, numbers = _results(append.results)
    columns: dict[str, Sequence[Any]] = {}
    if kinds is not None:
        columns["kind"] = kinds
    if append.times_end is not None:
        columns["time_end"] = _times(append.times_end)
    if append.result_times is not None:
        columns["result_time"] = _times(append.result_times)
    if append.parameters is not None:
        columns["parameters"] = [_json(value) for value in append.parameters]
    if append.result_qualities is not None:
        columns["result_quality"] = [_json(value) for value in append.result_qualities]
    if append.valid_times is not None:
        spans = [(v.start, v.end) if isinstance(v, Interval) else (v.micros, v.micros) if v else (None, None)
                 for v in append.valid_times]  # fmt: skip
        columns["valid_time"] = _times([span[0] for span in spans])
        columns["valid_time_end"] = _times([span[1] for span in spans])
    if append.feature is not None:
        columns["feature"] = [append.feature] * n if isinstance(append.feature, int) else append.feature
    if append.ids is not None:
        columns["id"] = append.ids
        for id in append.ids:
            if id is not None and not (isinstance(id, int) and 0 < id <= MAX_ID):
                raise QueryError(f"{id!r} cannot be an id: ids are positive integers")
    for name, column in {"result": results, **columns}.items():
        if len(column) != n:
            raise QueryError(f"{n} times and {len(column)} of {name}: there must be as many")
    return Part(append, append.datastream, times, numbers, results, columns)


def _times(given: Sequence[int | None] | npt.NDArray[Any]) -> list[Any]:
    """Times [µs] that can be said as years 1 to 9999. Raises QueryError."""
    times: list[Any]
    some: list[Any]
    if isinstance(given, np.ndarray):
        times = given.tolist()
        some = [int(given.min()), int(given.max())] if given.dtype == np.int64 and len(times) else times
    else:
        times = list(given)
        some = [t for t in times if t is not None]
    if some and not (set(map(type, some)) == {int} and min(some) >= FIRST and max(some) <= LAST):
        raise QueryError("a time is whole microseconds since 1970, in the years 1 to 9999")
    return times


def _json(value: Any) -> str | None:
    if value is None:
        return None
    try:
        return orjson.dumps(value).decode()
    except (orjson.JSONEncodeError, RecursionError) as error:
        raise QueryError(f"Observation: {error}") from None


def _results(given: Any) -> tuple[list[Any], list[int | None] | None, npt.NDArray[np.float64]]:
    """Values for the database, their kinds (None: all as they are), and the numbers among them."""
    values = given.tolist() if isinstance(given, np.ndarray) else list(given)
    if set(map(type, values)) <= {int, float}:
        try:
            numbers = np.array(values, np.float64)
        except OverflowError:
            numbers = np.full(len(values), np.inf)
        if (np.abs(numbers) < 2.0**63).all():
            return values, None, numbers
    encoded = [encode(value) for value in values]
    kinds = [e[1] for e in encoded]
    return (
        [e[0] for e in encoded],
        kinds if any(kinds) else None,
        np.array([e[2] for e in encoded], np.float64),
    )


def encode(value: Any) -> tuple[Any, int | None, float]:
    """A result for the database, its kind (1: JSON text) and its number (NaN if it is none)."""
    if value is None or isinstance(value, str):
        return value, None, math.nan
    if isinstance(value, (dict, list, bool)):
        return _json(value), 1, math.nan
    if isinstance(value, int):
        if abs(value) < 1 << 63:
            return value, None, float(value)
        value = float(value) if abs(value) < 10**308 else math.inf
    if not isinstance(value, float):
        raise QueryError(f"{type(value).__name__} cannot be a result")
    return (value, None, value) if math.isfinite(value) else (None, None, math.nan)


def decode(result: Any, kind: int | None) -> Any:
    return orjson.loads(result) if kind else result
