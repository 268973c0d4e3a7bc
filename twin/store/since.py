"""What came to a city and went from it since a state that is known by its last object and its last ingestion.

Rows of objects and runs only grow, and a version is never changed but for its end. `+` before a
layer or an id keeps SQLite from going through an index of it, by which it would look at all that there is.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any


class Since:
    """The part of `City` that tells what changed."""

    connection: sqlite3.Connection

    def attributes_since(self, layer: str, row: int) -> Iterator[tuple[str, str]]:
        """The same as `City.attributes`, of what has come since `row` was the last object."""
        yield from self.connection.execute(
            "SELECT class, attributes FROM object"
            " WHERE row > ? AND +layer = ? AND valid_to IS NULL AND x0 IS NOT NULL",
            (row, layer),
        )

    def ended_attributes(self, layer: str, row: int, run: int) -> Iterator[tuple[str, str]]:
        """(class, attributes as JSON) of what was current when `run` was the last ingestion and `row` the
        last object, and is no longer."""
        yield from self.connection.execute(
            "SELECT class, attributes FROM object"
            " WHERE ended > ? AND +layer = ? AND x0 IS NOT NULL AND row <= ?",
            (run, layer, row),
        )

    def footings(self, row: int, run: int) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
        """(layer, x0, y0, z0, x1, y1) of the objects that have come, and of those that have gone, since `run`
        was the last ingestion and `row` the last object; boxes are None without geometry."""
        columns = "SELECT layer, x0, y0, z0, x1, y1 FROM object"
        came = self.connection.execute(f"{columns} WHERE row > ? AND valid_to IS NULL", (row,))
        gone = self.connection.execute(f"{columns} WHERE ended > ? AND row <= ?", (run, row))
        return came.fetchall(), gone.fetchall()

    def last_row(self) -> int:
        """The greatest row number of an object; rows only grow."""
        (row,) = self.connection.execute("SELECT coalesce(max(row), 0) FROM object").fetchone()
        return int(row)

    def began(self) -> str:
        """When the first ingestion was: numbers of rows and runs mean something since then."""
        (at,) = self.connection.execute("SELECT coalesce(min(at), '') FROM run").fetchone()
        return str(at)

    def last_run(self) -> int:
        """The number of the last ingestion."""
        (run,) = self.connection.execute("SELECT coalesce(max(row), 0) FROM run").fetchone()
        return int(run)
