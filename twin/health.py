"""Are the devices alive: when each was last heard, against how often it ought to be.

By the server's clock, when a reading arrived: a device whose own clock stands still, jumps back or runs
ahead looks neither more nor less alive for it.
"""

from __future__ import annotations

import math
import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import orjson

from twin.observations.quality import Flag
from twin.observations.store import Observations

LATE, SILENT = 2.0, 10.0
"""Multiples of the expected interval after which a device is late, or silent."""
SILENT_S = 86_400.0
"""A device that is not expected more seldom is silent after a day in any case [s]."""
_RECENT = 20
"""How many readings the interval is taken from when none is given."""
_BATTERY = ("battery", "배터리")


@dataclass
class Stream:
    """One datastream. last_seen: [µs]. expected_interval_s: [s], None if nothing is known of it."""

    id: int
    name: str
    last_seen: int | None
    expected_interval_s: float | None
    state: str


@dataclass
class Device:
    """One Thing. last_seen: of any of its datastreams [µs]. expected_interval_s: the shortest of theirs [s].
    battery: the latest value given, as the device gives it (usually %)."""

    thing: int
    name: str
    state: str
    last_seen: int | None
    expected_interval_s: float | None
    battery: float | None = None
    streams: list[Stream] = field(default_factory=list)


def state_of(last_seen: int | None, expected_interval_s: float | None, now: int) -> str:
    """`ok`, `late` or `silent`. last_seen, now: [µs]. Something never heard of is silent."""
    if last_seen is None:
        return "silent"
    age = (now - last_seen) / 1e6
    if expected_interval_s is None:
        return "silent" if age > SILENT_S else "ok"
    if age > SILENT * expected_interval_s or age > max(SILENT_S, LATE * expected_interval_s):
        return "silent"
    return "late" if age > LATE * expected_interval_s else "ok"


def devices(
    observations: Observations,
    things: Sequence[int] | None = None,
    limit: int = 1000,
    offset: int = 0,
    now: int | None = None,
) -> tuple[int, list[Device]]:
    """How many Things with datastreams there are, and some of them in order of id. things: only these.
    now: [µs], the present if not given."""
    now = time.time_ns() // 1000 if now is None else now
    chosen = None if things is None else orjson.dumps([int(t) for t in things]).decode()
    with observations.connection() as connection:
        (total,) = connection.execute(_COUNT, (chosen, chosen)).fetchone()
        found = [
            _device(connection, thing, name, properties, now)
            for thing, name, properties in connection.execute(
                _THINGS, (chosen, chosen, limit, offset)
            ).fetchall()
        ]
    return total, found


_COUNT = """
SELECT count(*) FROM things WHERE (? IS NULL OR id IN (SELECT value FROM json_each(?)))
AND EXISTS (SELECT 1 FROM datastreams WHERE datastreams.thing = things.id)
"""
_THINGS = """
SELECT id, name, properties FROM things WHERE (? IS NULL OR id IN (SELECT value FROM json_each(?)))
AND EXISTS (SELECT 1 FROM datastreams WHERE datastreams.thing = things.id)
ORDER BY id LIMIT ? OFFSET ?
"""
_STREAMS = """
SELECT d.id, d.name, d.properties, d.last_seen, d.latest_id, p.name
FROM datastreams d LEFT JOIN observed_properties p ON p.id = d.observed_property
WHERE d.thing = ? ORDER BY d.id
"""


def _device(connection: sqlite3.Connection, thing: int, name: str, text: str | None, now: int) -> Device:
    properties = _loads(text)
    battery = _number(properties.get("battery"))
    streams = []
    for id_, stream, own, last_seen, latest, observed in connection.execute(_STREAMS, (thing,)).fetchall():
        interval = expected_interval(connection, id_, {**properties, **_loads(own)})
        streams.append(Stream(id_, stream, last_seen, interval, state_of(last_seen, interval, now)))
        if observed is not None and any(word in observed.casefold() for word in _BATTERY):
            row = connection.execute("SELECT result FROM observations WHERE id = ?", (latest,)).fetchone()
            battery = battery if row is None else _number(row[0])
    last = max((s.last_seen for s in streams if s.last_seen is not None), default=None)
    shortest = min(
        (s.expected_interval_s for s in streams if s.expected_interval_s is not None), default=None
    )
    return Device(thing, name, state_of(last, shortest, now), last, shortest, battery, streams)


def expected_interval(
    connection: sqlite3.Connection, datastream: int, properties: dict[str, Any]
) -> float | None:
    """Time between readings [s]: `expectedInterval` in the properties, else the median of recent ones.

    None without that property and with fewer than three readings that have times of their own.
    """
    given = _number(properties.get("expectedInterval"))
    if given is not None and given > 0:
        return given
    rows = connection.execute(
        "SELECT time FROM observations WHERE datastream = ? AND coalesce(flags, 0) & ? = 0"
        " ORDER BY time DESC LIMIT ?",
        (datastream, int(Flag.CLOCK | Flag.DUPLICATE), _RECENT),
    ).fetchall()
    steps = -np.diff(np.array(rows, np.int64).ravel())
    steps = steps[steps > 0]
    return float(np.median(steps)) / 1e6 if len(steps) >= 2 else None


def _loads(text: str | None) -> dict[str, Any]:
    value = orjson.loads(text or "{}")
    return value if isinstance(value, dict) else {}


def _number(value: Any) -> float | None:
    """A finite number, or text that is one, as tables of stations have it."""
    if not isinstance(value, int | float | str) or isinstance(value, bool):
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
