"""Entities deleted, with what cannot be without them (18-088, table 25).

A datastream with many observations is gone at once for all who read; its rows are removed behind it, some at
a time (`sweep`), so that others can write in between. What a crash interrupts goes on at the next start.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from twin.observations import features, routes, streams
from twin.observations.changes import Changed
from twin.observations.model import (
    DATASTREAM,
    FEATURE_OF_INTEREST,
    HISTORICAL_LOCATION,
    LOCATION,
    MULTI_DATASTREAM,
    OBSERVATION,
    OBSERVED_PROPERTY,
    SENSOR,
    THING,
    EntityType,
)
from twin.observations.query import Route
from twin.observations.transaction import Transaction

TABLES = """
CREATE TABLE IF NOT EXISTS deleted_streams (datastream INTEGER PRIMARY KEY);
"""
"""Datastreams that are gone, and still have rows in `observations`."""
AT_ONCE = 5000
"""Observations that one transaction removes: some tens of milliseconds."""


def delete(work: Transaction, route: Route) -> None:
    """Delete the entity that a route leads to. Raises EntityNotFound."""
    type, id = routes.entity(work.connection, route)
    if type is THING:
        _delete_streams(work, "thing = ?", id)
        _delete_history(work, "thing = ?", id)
        work.connection.execute("DELETE FROM thing_locations WHERE thing = ?", (id,))
    elif type is LOCATION:
        features.forget_location(work, id)
        _delete_history(
            work,
            "id IN (SELECT historical_location FROM historical_location_locations WHERE location = ?)",
            id,
        )
        work.connection.execute("DELETE FROM thing_locations WHERE location = ?", (id,))
    elif type is HISTORICAL_LOCATION:
        _delete_history(work, "id = ?", id)
        return
    elif type in (DATASTREAM, MULTI_DATASTREAM):
        _delete_streams(work, "id = ?", id)
        return
    elif type is SENSOR:
        _delete_streams(work, "sensor = ?", id)
    elif type is OBSERVED_PROPERTY:
        _delete_streams(
            work,
            "observed_property = ?1 OR id IN"
            " (SELECT datastream FROM datastream_observed_properties WHERE observed_property = ?1)",
            id,
        )
    elif type is FEATURE_OF_INTEREST:
        _delete_observed(work, id)
        features.forget_feature(work, id)
    before = streams.place(work, id) if type is OBSERVATION else None
    _delete_rows(work, type, [id])
    if before is not None:
        streams.moved(work, before, None)


def _delete_rows(work: Transaction, type: EntityType, ids: Sequence[int]) -> None:
    work.connection.executemany(f"DELETE FROM {type.table} WHERE id = ?", [(id,) for id in ids])
    if ids:
        work.count(type.set_name, -len(ids))
    work.changed += [Changed(type, id, "deleted") for id in ids]


def _delete_history(work: Transaction, condition: str, id: int) -> None:
    rows = work.connection.execute(f"SELECT id FROM historical_locations WHERE {condition}", (id,))
    ids = [row[0] for row in rows]
    work.connection.executemany(
        "DELETE FROM historical_location_locations WHERE historical_location = ?", [(i,) for i in ids]
    )
    _delete_rows(work, HISTORICAL_LOCATION, ids)


def _delete_streams(work: Transaction, condition: str, id: int) -> None:
    """Datastreams and MultiDatastreams with all their observations."""
    rows = work.connection.execute(
        f"SELECT id, multi, count FROM datastreams WHERE {condition}", (id,)
    ).fetchall()
    removed = 0
    for stream, _, count in rows:
        if removed + count <= AT_ONCE:
            work.connection.execute("DELETE FROM observations WHERE datastream = ?", (stream,))
            removed += count
        else:
            work.connection.execute("INSERT INTO deleted_streams VALUES (?)", (stream,))
            work.left_rows = True
        work.count(OBSERVATION.set_name, -count)
        for table in ("rollups", "datastream_features", "datastream_observed_properties"):
            work.connection.execute(f"DELETE FROM {table} WHERE datastream = ?", (stream,))
    for type in (DATASTREAM, MULTI_DATASTREAM):
        _delete_rows(work, type, [row[0] for row in rows if row[1] == (type is MULTI_DATASTREAM)])


def is_left(connection: sqlite3.Connection, stream: int) -> bool:
    """Whether a deleted datastream still has rows."""
    row = connection.execute("SELECT 1 FROM deleted_streams WHERE datastream = ?", (stream,)).fetchone()
    return row is not None


def any_left(connection: sqlite3.Connection) -> bool:
    """Whether any deleted datastream still has rows."""
    return connection.execute("SELECT 1 FROM deleted_streams LIMIT 1").fetchone() is not None


def sweep(connection: sqlite3.Connection) -> None:
    """Remove some of the rows that a deleted datastream has left, within the caller's transaction."""
    row = connection.execute("SELECT datastream FROM deleted_streams LIMIT 1").fetchone()
    if row is None:
        return
    gone = connection.execute(
        "DELETE FROM observations WHERE id IN (SELECT id FROM observations WHERE datastream = ? LIMIT ?)",
        (row[0], AT_ONCE),
    ).rowcount
    if gone < AT_ONCE:
        connection.execute("DELETE FROM deleted_streams WHERE datastream = ?", row)


def _delete_observed(work: Transaction, feature: int) -> None:
    """The observations of a feature."""
    rows = work.connection.execute("SELECT datastream FROM datastream_features WHERE feature = ?", (feature,))
    for (stream,) in rows.fetchall():
        gone = work.connection.execute(
            "DELETE FROM observations WHERE datastream = ? AND feature = ?", (stream, feature)
        ).rowcount
        work.count(OBSERVATION.set_name, -gone)
        streams.recompute(work, stream)
