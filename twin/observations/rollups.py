"""Numbers by hour and day, kept up as observations come: count, sum, least and greatest.

A row holds one datastream's UTC day: a record for each hour that has numbers, in order.
"""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

HOUR = 3_600_000_000
DAY = 24 * HOUR
RECORD = np.dtype([("hour", "<i4"), ("count", "<i4"), ("sum", "<f8"), ("minimum", "<f8"), ("maximum", "<f8")])
_RECORD = struct.Struct("<iiddd")
_MANY = 100
Hours = dict[int, tuple[int, float, float, float]]
"""Hour of the day -> count, sum, least, greatest."""
Micros = npt.NDArray[np.int64]
Values = npt.NDArray[np.float64]


def unpack(blob: bytes) -> Hours:
    return {hour: (n, total, low, high) for hour, n, total, low, high in _RECORD.iter_unpack(blob)}


def pack(hours: Hours) -> bytes:
    return b"".join(_RECORD.pack(hour, *hours[hour]) for hour in sorted(hours))


def by_hour(streams: Micros, times: Micros, values: Values) -> dict[tuple[int, int], Hours]:
    """(datastream, day) -> Hours, of observations in the order of datastream and time.

    streams, times [µs], values: (n,); what is not finite does not count.
    """
    numbers = np.isfinite(values)
    if not numbers.all():
        streams, times, values = streams[numbers], times[numbers], values[numbers]
    if not len(values):
        return {}
    hours = times // HOUR
    starts = np.flatnonzero(
        np.concatenate(([True], (hours[1:] != hours[:-1]) | (streams[1:] != streams[:-1])))
    )
    counts = np.diff(np.append(starts, len(values)))
    found: dict[tuple[int, int], Hours] = {}
    for stream, hour, *entry in zip(
        streams[starts].tolist(),
        hours[starts].tolist(),
        counts.tolist(),
        np.add.reduceat(values, starts).tolist(),
        np.minimum.reduceat(values, starts).tolist(),
        np.maximum.reduceat(values, starts).tolist(),
        strict=True,
    ):
        found.setdefault((stream, hour // 24), {})[hour % 24] = tuple(entry)
    return found


def add(
    connection: sqlite3.Connection,
    news: dict[tuple[int, int], Hours],
    known: dict[tuple[int, int], Hours] | None = None,
) -> None:
    """Merge hours into the rows. known: what rows of them are known to hold, which this keeps up."""
    known = {} if known is None else known
    blobs = _present(connection, [key for key in news if key not in known])
    known.update((key, unpack(blob)) for key, blob in blobs.items())
    for key, hours in news.items():
        known[key] = _merged(known.get(key, {}), hours)
    connection.executemany(
        "INSERT INTO rollups VALUES (?, ?, ?)"
        " ON CONFLICT (day, datastream) DO UPDATE SET hours = excluded.hours",
        [(*key, pack(known[key])) for key in news],
    )


def _present(connection: sqlite3.Connection, keys: list[tuple[int, int]]) -> dict[tuple[int, int], bytes]:
    """The rows of some (datastream, day) that are there."""
    found: dict[tuple[int, int], bytes] = {}
    for size in (_MANY, 1):
        whole = len(keys) // size * size
        statement = (
            f"WITH k (s, d) AS (VALUES {', '.join(['(?, ?)'] * size)})"
            " SELECT s, d, hours FROM k CROSS JOIN rollups ON datastream = s AND day = d"
        )
        for at in range(0, whole, size):
            values = [value for key in keys[at : at + size] for value in key]
            found.update(((s, d), blob) for s, d, blob in connection.execute(statement, values))
        keys = keys[whole:]
    return found


def _merged(old: Hours, new: Hours) -> Hours:
    for hour, (n, total, low, high) in new.items():
        before = old.get(hour)
        old[hour] = (
            (before[0] + n, before[1] + total, min(before[2], low), max(before[3], high))
            if before
            else (n, total, low, high)
        )
    return old


def recompute(connection: sqlite3.Connection, stream: int, days: Iterable[int] | None = None) -> None:
    """Make the rows of some days (None: all) again from the observations."""
    if days is None:
        connection.execute("DELETE FROM rollups WHERE datastream = ?", (stream,))
        spans = [(-(1 << 63), (1 << 63) - 1)]
    else:
        chosen = sorted(set(days))
        connection.executemany(
            "DELETE FROM rollups WHERE datastream = ? AND day = ?", [(stream, day) for day in chosen]
        )
        spans = [(day * DAY, (day + 1) * DAY) for day in chosen]
    for start, end in spans:
        rows = connection.execute(
            "SELECT time, result FROM observations WHERE datastream = ? AND time >= ? AND time < ?"
            " AND typeof(result) IN ('integer', 'real') ORDER BY time",
            (stream, start, end),
        ).fetchall()
        if rows:
            times = np.array([r[0] for r in rows], np.int64)
            values = np.array([r[1] for r in rows], np.float64)
            add(connection, by_hour(np.full(len(rows), stream, np.int64), times, values))


def read(connection: sqlite3.Connection, stream: int, start: int, end: int) -> npt.NDArray[np.void]:
    """The hours that begin from start to end [µs]: records with the hour's start [µs] as `time`."""
    blobs = connection.execute(
        "SELECT day, hours FROM rollups WHERE datastream = ? AND day BETWEEN ? AND ? ORDER BY day",
        (stream, start // DAY, end // DAY),
    ).fetchall()
    records = np.frombuffer(b"".join(b[1] for b in blobs), RECORD)
    days = np.repeat(np.array([b[0] for b in blobs], np.int64), [len(b[1]) // RECORD.itemsize for b in blobs])
    table = np.empty(len(records), [("time", "<i8"), *RECORD.descr[1:]])
    table["time"] = days * DAY + records["hour"] * np.int64(HOUR)
    for name in ("count", "sum", "minimum", "maximum"):
        table[name] = records[name]
    chosen: npt.NDArray[np.void] = table[(table["time"] >= start) & (table["time"] < end)]
    return chosen
