"""The observations of a city: what can be read of them, and their writer."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from sqlite3 import Connection
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson

from twin.errors import EntityNotFound
from twin.observations import parts, rollups, schema, select
from twin.observations.changes import Call, Committed
from twin.observations.connections import DATABASE, Readers, prepare
from twin.observations.model import OBSERVATION
from twin.observations.query import Entity, Page, Query, Route
from twin.observations.writer import Writer

_OBSERVATION = "o.id, o.datastream, o.time, o.result, o.kind, o.flags"


@dataclass(frozen=True)
class Latest:
    """A datastream's latest observation: time [µs], a JSON value, bits of `quality.Flag`, its id."""

    datastream: int
    time: int
    result: Any
    flags: int
    id: int


@dataclass(frozen=True)
class Series:
    """Numbers of a datastream (n). times: (n,) int64 [µs], the start of each step. values: (n,) float64,
    a step's mean; NaN where a raw result is no number. minimum, maximum: (n,); of raw ones the value.
    counts: (n,) int64. flags: (n,) uint16, only of raw ones. step: raw, hour or day."""

    step: str
    times: npt.NDArray[np.int64]
    values: npt.NDArray[np.float64]
    minimum: npt.NDArray[np.float64]
    maximum: npt.NDArray[np.float64]
    counts: npt.NDArray[np.int64]
    flags: npt.NDArray[np.uint16]


def open_observations(folder: Path | str, max_pages: int | None = None) -> Observations:
    """The observations of a city's folder, made if there are none yet.

    max_pages: the most that the database may take [pages of 4096 byte]; None for no limit but the disk.
    """
    path = Path(folder) / DATABASE
    path.parent.mkdir(parents=True, exist_ok=True)
    prepare(path)
    return Observations(path, max_pages)


class Observations:
    """Read from any thread; write by `writer`."""

    def __init__(self, path: Path, max_pages: int | None = None) -> None:
        self.path = path
        self._max_pages = max_pages
        self._readers = Readers(path)
        self._writer: Writer | None = None
        self._lock = threading.Lock()

    @property
    def writer(self) -> Writer:
        """The writer of this process, begun when first asked for."""
        with self._lock:
            if self._writer is None:
                self._writer = Writer(self.path, self._max_pages)
            return self._writer

    def close(self) -> None:
        """Write what waits, then close."""
        if self._writer is not None:
            self._writer.close()
        self._readers.close()

    def __enter__(self) -> Observations:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def connection(self) -> AbstractContextManager[Connection]:
        """A connection that reads one state of the data, for tables that other modules keep here."""
        return self._readers.use()

    # Entities

    def page(self, route: Route, query: Query | None = None) -> Page:
        """Entities of a collection. Raises EntityNotFound, QueryError, TooLarge."""
        with self._readers.use() as connection:
            return select.page(connection, route, query or Query())

    def entity(self, route: Route, query: Query | None = None) -> Entity:
        """One entity. Raises EntityNotFound, also for a link to one that leads nowhere."""
        with self._readers.use() as connection:
            return select.entity(connection, route, query or Query())

    # Readings

    def last_id(self) -> int:
        """The cursor at the end: what `follow` has nothing after."""
        with self._readers.use() as connection:
            return _last_id(connection)

    def follow(self, after: int, limit: int = 10_000) -> Committed:
        """Observations after a cursor, in the order in which they arrived, whichever process wrote them."""
        with self._readers.use() as connection:
            last = _last_id(connection)
            if after >= last:
                return Committed(last=after)
            rows = connection.execute(
                f"SELECT o.id, {_OBSERVATION} FROM observations o WHERE o.id > ? AND o.id <= ?"
                f" AND o.{OBSERVATION.where}"
                " AND NOT EXISTS (SELECT 1 FROM given_ids g WHERE g.id = o.id)"
                " ORDER BY o.id LIMIT ?",
                (after, last, limit),
            ).fetchall()
            rows += connection.execute(
                f"SELECT g.position, {_OBSERVATION} FROM given_ids g JOIN observations o ON o.id = g.id"
                f" WHERE g.position > ? AND o.{OBSERVATION.where} ORDER BY g.position LIMIT ?",
                (after, limit),
            ).fetchall()
        rows.sort()
        reached = last if len(rows) < limit else rows[limit - 1][0]
        del rows[limit:]
        return Committed(
            [r[1] for r in rows],
            [r[2] for r in rows],
            [r[3] for r in rows],
            [parts.decode(r[4], r[5]) for r in rows],
            [r[6] or 0 for r in rows],
            reached,
        )

    def latest(self, datastreams: Sequence[int] | None = None, at: int | None = None) -> list[Latest]:
        """The latest observation of each datastream (None: of all), or the latest up to `at` [µs]."""
        which = "latest_id" if at is None else (
            "(SELECT x.id FROM observations x WHERE x.datastream = d.id AND x.time <= :at"
            " ORDER BY x.time DESC, x.id DESC LIMIT 1)"
        )  # fmt: skip
        chosen = "" if datastreams is None else " WHERE d.id IN (SELECT value FROM json_each(:ids))"
        values = {
            "at": at,
            "ids": orjson.dumps([int(d) for d in datastreams or () if 0 < d < 1 << 63]).decode(),
        }
        with self._readers.use() as connection:
            rows = connection.execute(
                f"SELECT {_OBSERVATION} FROM datastreams d CROSS JOIN observations o"
                f" ON o.id = {which}{chosen} ORDER BY o.datastream",
                values,
            ).fetchall()
        return [Latest(r[1], r[2], parts.decode(r[3], r[4]), r[5] or 0, r[0]) for r in rows]

    def series(
        self, datastream: int, start: int, end: int, step: str = "raw", limit: int = 100_000
    ) -> Series:
        """A datastream's numbers from start to end [µs, half open], the first `limit` of them.

        step: raw, or hour or day for means from the rollups. Raises EntityNotFound.
        """
        with self._readers.use() as connection:
            if not connection.execute("SELECT 1 FROM datastreams WHERE id = ?", (datastream,)).fetchone():
                raise EntityNotFound(f"there is no Datastream or MultiDatastream {datastream}")
            if step == "raw":
                rows = connection.execute(
                    "SELECT time, result, flags, kind FROM observations"
                    " WHERE datastream = ? AND time >= ? AND time < ? ORDER BY time, id LIMIT ?",
                    (datastream, start, end, limit),
                ).fetchall()
                return _raw(rows)
            table = rollups.read(connection, datastream, start, end)
        return _steps(table, step, limit)

    # Cursors of consumers

    def cursor(self, name: str) -> int:
        """Where a consumer stopped; 0 at first."""
        with self._readers.use() as connection:
            row = connection.execute("SELECT value FROM cursors WHERE name = ?", (name,)).fetchone()
        return row[0] if row else 0

    def set_cursor(self, name: str, id: int) -> None:
        """Keep where a consumer stopped; returns when it is durable."""

        def write(connection: Connection) -> None:
            connection.execute("INSERT OR REPLACE INTO cursors VALUES (?, ?)", (name, id))

        self.writer.submit(Call(write)).result()


def _last_id(connection: Connection) -> int:
    row = connection.execute("SELECT value FROM counts WHERE name = ?", (schema.LAST,)).fetchone()
    return int(row[0]) if row else 0


def _raw(rows: list[tuple[Any, ...]]) -> Series:
    values = np.array([parts.encode(r[1])[2] if not r[3] else np.nan for r in rows], np.float64)
    return Series(
        "raw",
        np.array([r[0] for r in rows], np.int64),
        values,
        values,
        values,
        np.ones(len(rows), np.int64),
        np.array([r[2] or 0 for r in rows], np.uint16),
    )


def _steps(table: npt.NDArray[np.void], step: str, limit: int) -> Series:
    width = rollups.HOUR if step == "hour" else rollups.DAY
    times, starts = np.unique(table["time"] // width * width, return_index=True)
    empty = not len(times)
    counts = table["count"] if empty else np.add.reduceat(table["count"], starts)
    sums = table["sum"] if empty else np.add.reduceat(table["sum"], starts)
    return Series(
        step,
        times[:limit],
        (sums / counts)[:limit],
        (table["minimum"] if empty else np.minimum.reduceat(table["minimum"], starts))[:limit],
        (table["maximum"] if empty else np.maximum.reduceat(table["maximum"], starts))[:limit],
        counts[:limit].astype(np.int64),
        np.zeros(len(times[:limit]), np.uint16),
    )
