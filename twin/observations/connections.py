"""Connections to `observations.db`: their settings, and a pool of those that read."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from twin.errors import QueryError, TooLarge, TwinError
from twin.observations import functions, schema

DATABASE = "observations.db"
BUSY_TIMEOUT_S = 30.0
"""How long to wait for another process that is writing [s]."""
READ_LIMIT_S = 30.0
"""How long one question may take [s]."""
_MAPPED = 1 << 31
_CHECK_EVERY = 1_000_000


def connect(path: Path) -> sqlite3.Connection:
    """A connection in autocommit, for any one thread at a time."""
    connection = sqlite3.connect(
        path, isolation_level=None, timeout=BUSY_TIMEOUT_S, check_same_thread=False, cached_statements=512
    )
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute(f"PRAGMA mmap_size={_MAPPED}")
    return connection


def prepare(path: Path) -> None:
    """Make the database, or what it lacks. Raises TwinError if the file is something else."""
    connection = connect(path)
    try:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version not in (0, schema.VERSION):
            raise TwinError(
                f"{path}: made by another version of twin (schema {version}, not {schema.VERSION})"
            )
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("BEGIN IMMEDIATE")
        schema.create(connection)
        connection.execute("COMMIT")
    except sqlite3.DatabaseError as error:
        raise TwinError(f"{path} cannot be used as a database of observations: {error}") from error
    finally:
        connection.close()


class Readers:
    """Connections that read, handed from thread to thread. Each use sees one state of the data."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._idle: list[sqlite3.Connection] = []
        self._lock = threading.Lock()
        self._closed = False

    @contextmanager
    def use(self) -> Iterator[sqlite3.Connection]:
        """A connection within a read transaction. Raises TooLarge when it takes too long."""
        with self._lock:
            if self._closed:
                raise TwinError("the observations are closed")
            connection = self._idle.pop() if self._idle else None
        if connection is None:
            connection = connect(self.path)
            connection.execute("PRAGMA query_only=ON")
            connection.execute("PRAGMA cache_size=-4096")
            functions.register(connection)
        timer = functions.Deadline(READ_LIMIT_S)
        connection.set_progress_handler(timer.passed, _CHECK_EVERY)
        try:
            connection.execute("BEGIN")
            yield connection
        except sqlite3.OperationalError as error:
            if "interrupted" in str(error):
                raise TooLarge(
                    f"this takes longer than {READ_LIMIT_S:.0f} s: narrow it by a datastream or a time"
                ) from error
            raise
        except (sqlite3.DataError, OverflowError, UnicodeError) as error:
            raise QueryError(f"a value cannot be asked for: {error}") from error
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            self._give_back(connection)

    def _give_back(self, connection: sqlite3.Connection) -> None:
        with self._lock:
            if not self._closed:
                self._idle.append(connection)
                return
        connection.close()

    def close(self) -> None:
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()
