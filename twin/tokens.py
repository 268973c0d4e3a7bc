"""Access tokens: who may write, with what scope, until when. Kept hashed beside the city in `access.db`.

A token is `twin_` and 256 random bits. Only its SHA-256 is kept, by which it is looked up: without the
token there is nothing to compare against, and the lookup tells nothing of it.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from twin.errors import TwinError

DATABASE = "access.db"
SCOPES = ("sta:read", "sta:write", "alerts:write", "run", "admin")
"""`admin` includes the others."""
PREFIX = "twin_"
CACHE_S = 2.0
"""How long a verified token is believed without looking again [s]."""
_CACHE_SIZE = 10_000
_TABLE = """
CREATE TABLE IF NOT EXISTS tokens (
    id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, name TEXT NOT NULL, scopes TEXT NOT NULL,
    created_at REAL NOT NULL, expires_at REAL, revoked_at REAL
)
"""
_COLUMNS = "id, name, scopes, created_at, expires_at, revoked_at"


@dataclass(frozen=True)
class Token:
    """What is known of a token; its text is not."""

    id: int
    name: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None = None

    @property
    def valid(self) -> bool:
        return self.revoked_at is None and (self.expires_at is None or datetime.now(UTC) < self.expires_at)

    def allows(self, scope: str) -> bool:
        return scope in self.scopes or "admin" in self.scopes


_cache: dict[tuple[Path, bytes], tuple[float, Token | None]] = {}
_lock = threading.Lock()


def create(folder: Path | str, scopes: Sequence[str], name: str, expires_days: float | None = 365.0) -> str:
    """Make a token and return its text, which cannot be had again. Raises TwinError for unknown scopes.

    expires_days: None for no end [day].
    """
    unknown = [scope for scope in scopes if scope not in SCOPES]
    if unknown or not scopes:
        raise TwinError(f"{', '.join(unknown) or 'no scope'}: the scopes are {', '.join(SCOPES)}")
    if expires_days is not None and not 0 < expires_days <= 36_500:
        raise TwinError(f"a token cannot expire in {expires_days:g} days: choose from above 0 to 36,500")
    text = PREFIX + secrets.token_urlsafe(32)
    now = datetime.now(UTC)
    expires = None if expires_days is None else now + timedelta(days=expires_days)
    with _open(folder) as connection:
        connection.execute(
            "INSERT INTO tokens (digest, name, scopes, created_at, expires_at) VALUES (?, ?, ?, ?, ?)",
            (
                _digest(text),
                name,
                " ".join(dict.fromkeys(scopes)),
                now.timestamp(),
                expires.timestamp() if expires else None,
            ),
        )
    return text


def verify(folder: Path | str, text: str) -> Token | None:
    """The token of a text, or None if it is unknown, expired or revoked. Believed for up to `CACHE_S`."""
    key = (_path(folder), _digest(text))
    now = time.monotonic()
    with _lock:
        known = _cache.get(key)
    if known is None or not now - CACHE_S < known[0] <= now:
        known = (now, _find(*key))
        with _lock:
            if len(_cache) >= _CACHE_SIZE:
                _cache.clear()
            _cache[key] = known
    token = known[1]
    return token if token is not None and token.valid else None


def revoke(folder: Path | str, id: int) -> None:
    """End a token. Other processes heed it within `CACHE_S`. Raises TwinError if there is none of that id."""
    with _open(folder) as connection:
        done = connection.execute(
            "UPDATE tokens SET revoked_at = coalesce(revoked_at, ?) WHERE id = ?", (time.time(), id)
        ).rowcount
    if not done:
        raise TwinError(f"there is no token {id}")
    with _lock:
        _cache.clear()


def list_(folder: Path | str) -> list[Token]:
    """All tokens ever made, oldest first."""
    if not _path(folder).exists():
        return []
    with _open(folder) as connection:
        return [_token(row) for row in connection.execute(f"SELECT {_COLUMNS} FROM tokens ORDER BY id")]


def _find(path: Path, digest: bytes) -> Token | None:
    if not path.exists():
        return None
    with _open(path.parent) as connection:
        row = connection.execute(f"SELECT {_COLUMNS} FROM tokens WHERE digest = ?", (digest,)).fetchone()
    return _token(row) if row else None


def _token(row: tuple[int, str, str, float, float | None, float | None]) -> Token:
    created, expires, revoked = (None if t is None else datetime.fromtimestamp(t, UTC) for t in row[3:])
    assert created is not None
    return Token(row[0], row[1], tuple(row[2].split()), created, expires, revoked)


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def _path(folder: Path | str) -> Path:
    return Path(folder).absolute() / DATABASE


@contextmanager
def _open(folder: Path | str) -> Iterator[sqlite3.Connection]:
    """A connection in a transaction, to a file that its owner alone may read."""
    path = _path(folder)
    if not path.parent.is_dir():
        raise TwinError(f"{folder} is not a folder: make the city first")
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    path.chmod(0o600)
    connection = sqlite3.connect(path, isolation_level=None, timeout=10)
    try:
        connection.execute("PRAGMA secure_delete=ON")
        connection.execute(_TABLE)
        connection.execute("BEGIN IMMEDIATE")
        yield connection
        connection.execute("COMMIT")
    except sqlite3.DatabaseError as error:
        raise TwinError(f"{path} cannot be used as a database of tokens: {error}") from error
    finally:
        connection.close()
