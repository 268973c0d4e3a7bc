"""What users of augmented reality looked at, kept only where they consented. In `looks.db` beside the city.

A user is a random id of 128 bits, told once; only its SHA-256 is kept, so that the database leads from
nobody to anything. Under it stand the ids of city objects, when they were looked at (to the minute) and,
if given, from where (to about 11 m). Nothing else is kept. After `KEEP_DAYS` without a look, or fewer days if
the user wishes so, everything under the id is gone.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from twin.errors import EntityNotFound, StorageFull, TwinError

DATABASE = "looks.db"
KEEP_DAYS = 30
"""The longest that anything is kept after the last look [day]."""
MOST_LOOKS = 1000
"""Of one user; the oldest make room."""
MOST_USERS = 100_000
DECIMALS = 4
"""Of degrees in a position: 11 m of latitude."""
_DAY = 86_400
_MINUTE = 60
_TABLES = """
CREATE TABLE IF NOT EXISTS users (
    row INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, keep_s INTEGER NOT NULL, expires INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS users_expires ON users (expires);
CREATE TABLE IF NOT EXISTS looks (
    row INTEGER PRIMARY KEY, user INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
    object TEXT NOT NULL, time INTEGER NOT NULL, latitude REAL, longitude REAL
);
CREATE INDEX IF NOT EXISTS looks_user ON looks (user);
"""


@dataclass(frozen=True)
class Look:
    """object: id of a city object. time: [s since 1970], whole minutes. latitude, longitude: [degrees],
    rounded; None where they were not given."""

    object: str
    time: int
    latitude: float | None = None
    longitude: float | None = None


@dataclass(frozen=True)
class Kept:
    """What is kept of a user, the latest look first. expires: [s since 1970]."""

    looks: list[Look]
    expires: int


class Looks:
    """The looks of one city. Each call is a transaction of its own, so threads and processes may share it."""

    def __init__(self, folder: Path | str) -> None:
        self.path = Path(folder).absolute() / DATABASE

    def keep(
        self,
        object: str,
        position: tuple[float, float] | None = None,
        id: str | None = None,
        days: float = KEEP_DAYS,
    ) -> tuple[str, Kept]:
        """Keep that a user looked at an object. -> the user's id, and what is kept under it.

        position: latitude, longitude [degrees]. id: of a user who has one; without it a user is made. days:
        how long a new user's looks are kept after the last. Raises EntityNotFound for an unknown id,
        TwinError for more than `KEEP_DAYS`, StorageFull beyond `MOST_USERS`.
        """
        now = int(time.time())
        latitude, longitude = (None, None) if position is None else (round(v, DECIMALS) for v in position)
        with self._open() as connection:
            own = _new_user(connection, days) if id is None else id
            user, keep, _ = _user(connection, own)
            connection.execute(
                "INSERT INTO looks (user, object, time, latitude, longitude) VALUES (?, ?, ?, ?, ?)",
                (user, object, now - now % _MINUTE, latitude, longitude),
            )
            connection.execute(
                "DELETE FROM looks WHERE user = ? AND row NOT IN"
                " (SELECT row FROM looks WHERE user = ? ORDER BY row DESC LIMIT ?)",
                (user, user, MOST_LOOKS),
            )
            connection.execute("UPDATE users SET expires = ? WHERE row = ?", (now + keep, user))
            return own, _kept(connection, user, now + keep)

    def read(self, id: str) -> Kept:
        """All that is kept of a user. Raises EntityNotFound for an id that is unknown or has expired."""
        with self._open() as connection:
            user, _, expires = _user(connection, id)
            return _kept(connection, user, expires)

    def forget(self, id: str) -> None:
        """Delete a user with everything. Raises EntityNotFound for an id that is unknown or has expired."""
        with self._open() as connection:
            user, _, _ = _user(connection, id)
            connection.execute("DELETE FROM users WHERE row = ?", (user,))

    def counts(self) -> dict[str, int]:
        """How many users and looks are kept."""
        with self._open() as connection:
            (users,) = connection.execute("SELECT count(*) FROM users").fetchone()
            (looks,) = connection.execute("SELECT count(*) FROM looks").fetchone()
        return {"users": users, "looks": looks}

    def sweep(self) -> None:
        """Delete what has expired, where anything was ever kept."""
        if self.path.exists():
            with self._open():
                pass

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """A connection in a transaction to a file that its owner alone may read; what has expired goes first.

        What is deleted is overwritten: neither the file nor a log beside it holds it any longer.
        """
        if not self.path.parent.is_dir():
            raise TwinError(f"{self.path.parent} is not a folder: make the city first")
        os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
        connection = sqlite3.connect(self.path, isolation_level=None, timeout=10)
        try:
            connection.execute("PRAGMA secure_delete=ON")
            connection.execute("PRAGMA foreign_keys=ON")
            connection.executescript(_TABLES)
            connection.execute("DELETE FROM users WHERE expires <= ?", (int(time.time()),))
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")
        except sqlite3.DatabaseError as error:
            raise TwinError(f"{self.path} cannot be used as a database of looks: {error}") from error
        finally:
            connection.close()


def _new_user(connection: sqlite3.Connection, days: float) -> str:
    if not 0 < days <= KEEP_DAYS:
        raise TwinError(f"looks cannot be kept for {days:g} days: choose from above 0 to {KEEP_DAYS}")
    (users,) = connection.execute("SELECT count(*) FROM users").fetchone()
    if users >= MOST_USERS:
        raise StorageFull(f"looks of {MOST_USERS:,} users are kept already; try again another day")
    id, keep = secrets.token_hex(16), int(days * _DAY)
    connection.execute(
        "INSERT INTO users (digest, keep_s, expires) VALUES (?, ?, ?)",
        (_digest(id), keep, int(time.time()) + keep),
    )
    return id


def _user(connection: sqlite3.Connection, id: str) -> tuple[int, int, int]:
    """Row, how long looks are kept [s] and when they expire [s since 1970]."""
    row: tuple[int, int, int] | None = connection.execute(
        "SELECT row, keep_s, expires FROM users WHERE digest = ?", (_digest(id),)
    ).fetchone()
    if row is None:
        raise EntityNotFound("nothing is kept under this id: it is unknown, has expired or was deleted")
    return row


def _kept(connection: sqlite3.Connection, user: int, expires: int) -> Kept:
    rows = connection.execute(
        "SELECT object, time, latitude, longitude FROM looks WHERE user = ? ORDER BY row DESC", (user,)
    )
    return Kept([Look(*row) for row in rows], expires)


def _digest(id: str) -> bytes:
    return hashlib.sha256(id.encode("utf-8", "surrogatepass")).digest()
