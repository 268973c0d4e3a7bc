"""One transaction of the writer: its connection, its moment, and what it has to tell when it is durable."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from twin.observations import schema
from twin.observations.changes import Changed, Committed, Created
from twin.observations.quality import Rules
from twin.observations.rollups import Hours

if TYPE_CHECKING:
    from twin.observations.streams import Stream

NEAR = 1_000_000
"""How far ahead of the last id a client's id may be and still move the numbering along."""

_KNOWN = 50_000


@dataclass
class Known:
    """What rows are known to hold, while nothing but appends has changed them since they were read.

    streams: datastreams by id. hours: rollups by datastream and day.
    """

    streams: dict[int, Stream] = field(default_factory=dict)
    hours: dict[tuple[int, int], Hours] = field(default_factory=dict)

    def forget(self) -> None:
        self.streams.clear()
        self.hours.clear()

    def trim(self) -> None:
        """Stay within a bound."""
        if len(self.streams) > _KNOWN or len(self.hours) > _KNOWN:
            self.forget()


@dataclass
class Transaction:
    """now: when it began [µs]. known: kept from transaction to transaction by whoever appends, empty for
    other changes. names: what members of a `Together` call the entities they made. left_rows: a deleted
    datastream has left rows to `deleting.sweep`."""

    connection: sqlite3.Connection
    now: int
    rules: Mapping[int, Rules]
    known: Known = field(default_factory=Known)
    committed: list[Committed] = field(default_factory=list)
    changed: list[Changed] = field(default_factory=list)
    names: dict[str, Created] = field(default_factory=dict)
    rules_changed: bool = False
    left_rows: bool = False

    @contextmanager
    def part(self) -> Iterator[None]:
        """Something that is done whole or not at all, within the transaction."""
        committed, changed, names = len(self.committed), len(self.changed), dict(self.names)
        self.connection.execute("SAVEPOINT part")
        try:
            yield
        except BaseException:
            if self.connection.in_transaction:
                self.connection.execute("ROLLBACK TO part")
                self.connection.execute("RELEASE part")
            del self.committed[committed:], self.changed[changed:]
            self.names = names
            raise
        self.connection.execute("RELEASE part")

    def count(self, name: str, difference: int) -> None:
        """Keep up the number of entities of a set."""
        self.connection.execute(
            "INSERT INTO counts VALUES (?, ?)"
            " ON CONFLICT (name) DO UPDATE SET value = value + excluded.value",
            (name, difference),
        )

    def new_id(self, table: str, given: int | None = None) -> int:
        """An id that no entity of a table has or has had: the next, or the given one, which must be free.

        A given id far ahead does not move the numbering along.
        """
        name = f"last id of {table}"
        row = self.connection.execute("SELECT value FROM counts WHERE name = ?", (name,)).fetchone()
        last = int(row[0]) if row else 0
        if given is not None and not last < given <= last + NEAR:
            return given
        id = given or last + 1
        while given is None and self._taken(table, id):
            id += 1
        self.connection.execute("INSERT OR REPLACE INTO counts VALUES (?, ?)", (name, id))
        return id

    def _taken(self, table: str, id: int) -> bool:
        return self.connection.execute(f"SELECT 1 FROM {table} WHERE id = ?", (id,)).fetchone() is not None

    def last_id(self) -> int:
        """The last place in the order of arrival that was given out."""
        row = self.connection.execute("SELECT value FROM counts WHERE name = ?", (schema.LAST,)).fetchone()
        return int(row[0]) if row else 0

    def set_last_id(self, id: int) -> None:
        self.connection.execute("INSERT OR REPLACE INTO counts VALUES (?, ?)", (schema.LAST, id))
