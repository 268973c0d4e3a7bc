"""Making a city's SQLite store, and taking it back."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import suppress
from pathlib import Path

from twin.errors import TwinError
from twin.store import schema
from twin.store.sqlite import DATABASE, City, open_city, schema_version


def create_city(folder: Path | str, **settings: str) -> City:
    """Make an empty city; `settings` as `City.set`. An existing city is opened as it is."""
    folder = Path(folder)
    if folder.is_file():
        raise TwinError(f"{folder} is a file; a city is a folder")
    folder.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(folder / DATABASE, isolation_level=None, timeout=10)
    try:
        if schema_version(connection, folder) == 0:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("BEGIN IMMEDIATE")
            if schema_version(connection, folder) == 0:  # no other process was faster
                for statement in schema.TABLES.split(";"):
                    connection.execute(statement)
                connection.executemany("INSERT INTO city VALUES (?, ?)", settings.items())
                connection.execute(f"PRAGMA user_version={schema.VERSION}")
            connection.execute("COMMIT")
    finally:
        connection.close()
    return open_city(folder)


def remove_empty_city(folder: Path) -> None:
    """Take back `create_city` after a refusal, unless another process has begun to write to the city."""
    if not (folder / DATABASE).exists():
        return
    connection = sqlite3.connect(folder / DATABASE, isolation_level=None, timeout=0)
    try:
        connection.execute("BEGIN IMMEDIATE")
        if schema_version(connection, folder) and connection.execute("SELECT 1 FROM run").fetchone():
            return
        shutil.rmtree(folder / "rasters", ignore_errors=True)
        for name in (DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm"):
            (folder / name).unlink(missing_ok=True)
    except sqlite3.OperationalError:
        return  # busy
    finally:
        connection.close()
    with suppress(OSError):  # the folder holds other things
        folder.rmdir()
