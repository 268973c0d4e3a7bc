"""The observations that were flagged, newest first."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Any

from twin.observations import parts

_LAST = (1 << 63) - 1


@dataclass(frozen=True)
class Flagged:
    """A flagged observation. time: [µs]. unit: the `unitOfMeasurement` as stored (JSON text)."""

    id: int
    datastream: int
    name: str
    thing: int
    thing_name: str
    unit: str | None
    time: int
    value: Any
    flags: int


def flagged(
    connection: sqlite3.Connection,
    datastream: int | None = None,
    flags: int = 0,
    start: int | None = None,
    end: int | None = None,
    before: int | None = None,
    limit: int = 100,
) -> list[Flagged]:
    """Flagged observations by descending id. flags: with any of these bits; 0 for any. start, end: of the
    phenomenon time, half open [µs]. before: only ids below it, to go on from a page."""
    values = (
        datastream,
        _LAST if before is None else before,
        flags,
        flags,
        -_LAST if start is None else start,
        _LAST if end is None else end,
        limit,
    )
    rows = connection.execute(_ALL if datastream is None else _OF_ONE, values).fetchall()
    return [
        Flagged(id_, stream, name, thing, thing_name, unit, time, parts.decode(result, kind), bits)
        for id_, stream, name, thing, thing_name, unit, time, result, kind, bits in rows
    ]


_ALL = """
SELECT o.id, d.id, d.name, t.id, t.name, d.unit_of_measurement, o.time, o.result, o.kind, o.flags
FROM observations o INDEXED BY observations_flagged
JOIN datastreams d ON d.id = o.datastream JOIN things t ON t.id = d.thing
WHERE ?1 IS NULL AND o.flags IS NOT NULL AND o.id < ?2 AND (?3 = 0 OR o.flags & ?4)
AND o.time >= ?5 AND o.time < ?6 ORDER BY o.id DESC LIMIT ?7
"""
_OF_ONE = """
SELECT o.id, d.id, d.name, t.id, t.name, d.unit_of_measurement, o.time, o.result, o.kind, o.flags
FROM observations o JOIN datastreams d ON d.id = o.datastream JOIN things t ON t.id = d.thing
WHERE o.datastream = ?1 AND o.flags IS NOT NULL AND o.id < ?2 AND (?3 = 0 OR o.flags & ?4)
AND o.time >= ?5 AND o.time < ?6 ORDER BY o.id DESC LIMIT ?7
"""
