"""Readings of sensors as the time series that simulations take: water levels, and rain.

Times are seconds since the start of the run. Readings that are doubtful (out of range, too fast, stuck, of a
wrong clock) are left out. A gap is a stretch without a sound reading that is longer than twice the usual time
between them; it is refused, or filled as the caller says, and stated in the result.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt
import orjson

from analysis.errors import AnalysisError
from citygml.model import Attributes
from twin.link.places import position
from twin.link.reading import unit_symbol
from twin.observations.quality import Flag
from twin.observations.store import Observations, Series
from twin.observations.times import format_instant

Float64: TypeAlias = npt.NDArray[np.float64]
Gaps = Literal["refuse", "fill"]
Spans: TypeAlias = list[tuple[float, float]]

_DOUBTFUL = int(Flag.RANGE | Flag.RATE | Flag.STUCK | Flag.CLOCK)
METRES = {"m": 1.0, "cm": 0.01, "mm": 0.001}
_PART = 250_000
"""Readings that are fetched at a time, so that those of years need little besides their own memory."""
_SECOND = 1_000_000


@dataclass(frozen=True)
class Stream:
    """A datastream. place: (longitude, latitude) [degrees] of its Thing, if it has one. properties: of the
    Thing and its own, the latter over the former."""

    id: int
    name: str
    unit: str
    place: tuple[float, float] | None
    properties: Attributes


@dataclass(frozen=True)
class Stage:
    """A water level in time: time (n,) [s], level (n,) [m]. gaps: [s] that were filled in a straight line."""

    time: Float64
    level: Float64
    gaps: Spans


def streams(observations: Observations, observed_property: str) -> list[Stream]:
    """The datastreams of an observed property, by its name or definition, in the order of their ids."""
    with observations.connection() as connection:
        rows = connection.execute(
            "SELECT d.id, d.name, d.unit_of_measurement, p.longitude, p.latitude,"
            " (SELECT l.location FROM thing_locations tl JOIN locations l ON l.id = tl.location"
            " WHERE tl.thing = t.id LIMIT 1), t.properties, d.properties"
            " FROM datastreams d JOIN things t ON t.id = d.thing"
            " JOIN observed_properties op ON op.id = d.observed_property"
            " LEFT JOIN thing_places p ON p.thing = d.thing"
            " WHERE op.name = :property COLLATE NOCASE OR op.definition = :property ORDER BY d.id",
            {"property": observed_property},
        ).fetchall()
    return [
        Stream(
            id,
            name,
            unit_symbol(unit),
            _place(location) if longitude is None else (longitude, latitude),
            {k: v for text in held if text for k, v in orjson.loads(text).items()},
        )
        for id, name, unit, longitude, latitude, location, *held in rows
    ]


def _place(location: str | None) -> tuple[float, float] | None:
    found = position(location) if location else None
    return None if found is None else found[:2]


def readings(observations: Observations, stream: Stream, start: int, end: int) -> tuple[Float64, Float64]:
    """(times [s since start], numbers) of the sound readings from start to end [µs]; of several at one time
    the last."""
    times, values, flags = all_readings(observations, stream.id, start, end)
    sound = np.isfinite(values) & ((flags & _DOUBTFUL) == 0)
    times, values = times[sound], values[sound]
    last = np.append(times[1:] != times[:-1], True)[: len(times)]
    return (times[last] - start) / _SECOND, values[last]


def all_readings(
    observations: Observations, datastream: int, start: int, end: int
) -> tuple[npt.NDArray[np.int64], Float64, npt.NDArray[np.uint16]]:
    """(times [µs], numbers, flags) from start to end [µs]; none is left out, however many there are."""
    parts = list(_parts(observations, datastream, start, end))
    return (
        np.concatenate([part.times[kept] for part, kept in parts]),
        np.concatenate([part.values[kept] for part, kept in parts]),
        np.concatenate([part.flags[kept] for part, kept in parts]),
    )


def _parts(
    observations: Observations, datastream: int, start: int, end: int
) -> Iterator[tuple[Series, npt.NDArray[np.bool_]]]:
    """Some readings at a time, and which of them count: those of a part's last time wait for the next one, so
    that readings of one time stay together."""
    most = _PART
    while True:
        series = observations.series(datastream, start, end, limit=most)
        full = len(series.times) == most
        within = series.times < series.times[-1] if full else np.ones(len(series.times), bool)
        if full and not within.any():
            most *= 2
            continue
        yield series, within
        if not full:
            return
        start, most = int(series.times[-1]), _PART


def factor(stream: Stream, known: dict[str, float]) -> float:
    """What a reading is multiplied with. Raises AnalysisError for a unit that is not known."""
    if stream.unit not in known:
        unit = f"the unit {stream.unit!r}" if stream.unit else "no unit"
        raise AnalysisError(f"{stream.name} (datastream {stream.id}) has {unit}; use {', '.join(known)}")
    return known[stream.unit]


def usual_interval(times: Float64, default: float) -> float:
    """The median time between readings [s]; the default with fewer than two."""
    return float(np.median(np.diff(times))) if len(times) > 1 else default


def latest_level(
    observations: Observations, stream: Stream, at: int | None = None
) -> tuple[float, int] | None:
    """The latest water level above the gauge's zero [m] up to `at` [µs], and its time [µs]; None without a
    sound number."""
    for latest in observations.latest([stream.id], at):
        value = latest.result
        if isinstance(value, (int, float)) and not isinstance(value, bool) and not latest.flags & _DOUBTFUL:
            return float(value) * factor(stream, METRES), latest.time
    return None


def stage(
    observations: Observations, stream: Stream, start: int, end: int, zero: float = 0.0, gaps: Gaps = "refuse"
) -> Stage:
    """The level of a datastream from start to end [µs], with the gauge's zero [m] added.

    gaps: "fill" takes a straight line across them (and the first and last level beyond the readings).
    Raises AnalysisError without a sound reading, for an unknown unit, or for a gap that is to be refused.
    """
    if end <= start:
        raise AnalysisError("the end of a series must be after its start")
    times, values = readings(observations, stream, start, end)
    if not len(times):
        raise AnalysisError(
            f"{stream.name} (datastream {stream.id}) has no sound reading from"
            f" {format_instant(start)} to {format_instant(end)}"
        )
    length = (end - start) / _SECOND
    most = 2 * usual_interval(times, length)
    edges = np.concatenate([[0.0], times, [length]])
    wide = np.flatnonzero(np.diff(edges) > most)
    found = [(float(edges[i]), float(edges[i + 1])) for i in wide]
    refuse_gaps(found, gaps, f"{stream.name} (datastream {stream.id})", start)
    return Stage(times, values * factor(stream, METRES) + zero, found)


def refuse_gaps(found: Spans, gaps: Gaps, what: str, start: int) -> None:
    """Raise AnalysisError for the first of some gaps [s since start, µs] unless they may be filled."""
    if found and gaps == "refuse":
        a, b = found[0]
        more = f", and {len(found) - 1} more" if len(found) > 1 else ""
        raise AnalysisError(
            f"{what} has a gap from {format_instant(start + int(a * _SECOND))} to"
            f" {format_instant(start + int(b * _SECOND))}{more}; choose another time or gaps=fill"
        )


def step_means(starts: Float64, ends: Float64, rates: Float64, edges: Float64) -> tuple[Float64, Float64]:
    """((n,) mean rate, (n,) share known) between n + 1 edges, of rates that hold from starts to ends.

    starts, ends, rates: (m,), in order and without overlap. The mean is over what is known of a step, NaN
    where nothing is.
    """
    if not len(starts):
        return np.full(len(edges) - 1, np.nan), np.zeros(len(edges) - 1)
    width = ends - starts
    at = np.column_stack([starts, ends]).ravel()
    known = np.diff(np.interp(edges, at, _running(width)))
    total = np.diff(np.interp(edges, at, _running(width * rates)))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(known > 0, total / known, np.nan), known / np.diff(edges)


def _running(parts: Float64) -> Float64:
    """(2 m,) sums before and after each of m parts."""
    after = np.cumsum(parts)
    return np.column_stack([after - parts, after]).ravel()
