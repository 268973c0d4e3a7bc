"""The latest (or earliest) observations of all datastreams, without an index on time alone.

A window grows from the latest observation back until it holds enough. It grows by steps, but not past the
ends of many datastreams at a time: one clock that is ahead by years, or datastreams that ended long ago,
must not make it take in everything.
"""

from __future__ import annotations

import sqlite3

from twin.observations import marks
from twin.observations.collection import Collection, Row
from twin.observations.fragments import Fragment

_LEAST_STEP = 1_000_000
_GROWTH = 4
_SAMPLE = 1000


def rows(connection: sqlite3.Connection, collection: Collection, parent: int | None, limit: int) -> list[Row]:
    """The first rows of a collection, in its order."""
    if not collection.by_time or collection.streams is None:
        return collection.rows(connection, parent, limit)
    extent = _extent(connection, collection)
    if extent is None:
        return []
    first, last = extent
    descending = collection.terms[0].descending
    edge = last if descending else first
    usual = step = _step(connection, limit + collection.query.skip)
    jump = 1
    while True:
        reached = edge - step if descending else edge + step
        end = _end(connection, edge, jump, descending)
        if end is not None and (end > reached if descending else end < reached):
            edge, step, jump = end, usual, jump * _GROWTH
        else:
            edge, step = reached, step * _GROWTH
        whole = edge <= first if descending else edge >= last
        found = collection.rows(connection, parent, limit, None if whole else _within(edge, descending))
        if whole or len(found) >= limit:
            return found


def _extent(connection: sqlite3.Connection, collection: Collection) -> tuple[int, int] | None:
    """Between which times [µs] the rows lie, None if there can be none."""
    first, last = connection.execute(
        "SELECT min(phenomenon_time), max(latest_time) FROM datastreams"
    ).fetchone()
    if first is None:
        return None
    low, high = collection.bounds.low, collection.bounds.high
    first, last = max(first, first if low is None else low), min(last, last if high is None else high)
    if collection.query.after is not None:
        mark = marks.decode(collection.query.after, len(collection.terms))[0]
        if isinstance(mark, int):
            if collection.terms[0].descending:
                last = min(last, mark)
            else:
                first = max(first, mark)
    return (first, last) if first <= last else None


def _within(edge: int, descending: bool) -> Fragment:
    if descending:
        return Fragment("t.time >= ? AND d.latest_time >= ?", (edge, edge))
    return Fragment("t.time <= ? AND d.phenomenon_time <= ?", (edge, edge))


def _end(connection: sqlite3.Connection, edge: int, jump: int, descending: bool) -> int | None:
    """Where the next datastream ends (or begins) beyond an edge, or so many further on."""
    column, order, compared = ("latest_time", "DESC", "<") if descending else ("phenomenon_time", "", ">")
    row = connection.execute(
        f"SELECT {column} FROM datastreams WHERE {column} {compared} ?"
        f" ORDER BY {column} {order} LIMIT 1 OFFSET ?",
        (edge, jump - 1),
    ).fetchone()
    return None if row is None else int(row[0])


def _step(connection: sqlite3.Connection, wanted: int) -> int:
    """A span of time [µs] in which so many observations usually come, by a sample of datastreams."""
    intervals = sorted(
        row[0]
        for row in connection.execute(
            "SELECT (latest_time - phenomenon_time) / count FROM datastreams WHERE count > 1 LIMIT ?",
            (_SAMPLE,),
        )
    )
    if not intervals:
        return _LEAST_STEP
    (streams,) = connection.execute("SELECT count(*) FROM datastreams WHERE latest_time NOT NULL").fetchone()
    return max(int(intervals[len(intervals) // 2]) * wanted // int(streams), _LEAST_STEP)
