"""The latest (or earliest) observations of all datastreams, without an index on time alone.

No observation is later than its datastream's latest: the N-th greatest of these bounds the N latest
observations. Where that does not answer, a window of time grows until it holds enough.
"""

from __future__ import annotations

import sqlite3

from twin.observations import marks
from twin.observations.collection import Collection, Row
from twin.observations.fragments import Fragment

_FIRST_WINDOW = 1_000_000
_GROWTH = 4


def rows(connection: sqlite3.Connection, collection: Collection, parent: int | None, limit: int) -> list[Row]:
    """The first rows of a collection, in its order."""
    if not collection.by_time or collection.streams is None:
        return collection.rows(connection, parent, limit)
    descending = collection.terms[0].descending
    extent = connection.execute("SELECT min(phenomenon_time), max(latest_time) FROM datastreams").fetchone()
    if extent[0] is None:
        return []
    first, last = extent
    low, high = collection.bounds.low, collection.bounds.high
    first, last = max(first, first if low is None else low), min(last, last if high is None else high)
    after = collection.query.after
    if after is not None:
        mark = marks.decode(after, len(collection.terms))[0]
        if isinstance(mark, int):
            first, last = (first, min(last, mark)) if descending else (max(first, mark), last)
    if first > last:
        return []
    wanted = limit + collection.query.skip
    window = _guess(connection, collection, first, last, wanted, descending)
    while True:
        whole = window >= last - first
        found = collection.rows(
            connection, parent, limit, None if whole else _within(first, last, window, descending)
        )
        if whole or len(found) >= limit:
            return found
        window *= _GROWTH


def _within(first: int, last: int, window: int, descending: bool) -> Fragment:
    if descending:
        edge = last - window
        return Fragment("t.time >= ? AND d.latest_time >= ?", (edge, edge))
    edge = first + window
    return Fragment("t.time <= ? AND d.phenomenon_time <= ?", (edge, edge))


def _guess(
    connection: sqlite3.Connection,
    collection: Collection,
    first: int,
    last: int,
    wanted: int,
    descending: bool,
) -> int:
    """A window [µs] that may hold enough: by the datastreams' ends, or by how dense observations are."""
    column, order, edge = ("latest_time", "DESC", last) if descending else ("phenomenon_time", "ASC", first)
    row = connection.execute(
        f"SELECT {column} FROM datastreams WHERE {column} {'<=' if descending else '>='} ?"
        f" ORDER BY {column} {order} LIMIT 1 OFFSET ?",
        (edge, wanted),
    ).fetchone()
    if row is not None and not collection.filtered and collection.query.after is None:
        return max(abs(edge - int(row[0])), 1)
    (total,) = connection.execute("SELECT coalesce(sum(count), 0) FROM datastreams").fetchone()
    return max((last - first) * wanted // max(int(total), 1), _FIRST_WINDOW)
