"""The overlays in the city's store: what each scenario adds, changes and removes.

One transaction for each change, so that an interruption leaves nothing half done; readers see the scenario as
it was before a running one.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from citygml.model import CityObject
from twin.errors import CityBusy, Conflict, EntityNotFound, ObjectNotFound, StorageFull, TooLarge, TwinError
from twin.ingest.rows import object_row
from twin.store import City
from twin.store.records import ObjectRow, StoredObject, iso

MOST_SCENARIOS = 1_000
MOST_OBJECTS = 10_000
"""In one scenario."""
MOST_TRIANGLES = 1_000_000
"""In one scenario, about."""
NAME_LENGTH = 200
_TABLES = (
    "CREATE TABLE IF NOT EXISTS scenario (row INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE,"
    " description TEXT NOT NULL, created_at TEXT NOT NULL, changed_at TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS scenario_object (row INTEGER PRIMARY KEY, scenario INTEGER NOT NULL,"
    " id TEXT NOT NULL, action TEXT NOT NULL, class TEXT, layer TEXT, parent TEXT, digest BLOB,"
    " triangles INTEGER, implicit INTEGER, lods TEXT, x0 REAL, y0 REAL, z0 REAL, x1 REAL, y1 REAL, z1 REAL,"
    " attributes TEXT, body BLOB, at TEXT NOT NULL, UNIQUE (scenario, id))",
)
_LIST = """
SELECT scenario.row, name, description, created_at, changed_at, coalesce(sum(action = 'added'), 0),
    coalesce(sum(action = 'changed'), 0), coalesce(sum(action = 'removed'), 0)
FROM scenario LEFT JOIN scenario_object ON scenario = scenario.row
WHERE ?1 IS NULL OR scenario.row = ?1 GROUP BY scenario.row ORDER BY scenario.row DESC
"""
_OBJECTS = """
SELECT scenario_object.row, scenario_object.id, class, layer, parent, scenario.name, at, lods,
    x0, y0, z0, x1, y1, z1, attributes, body
FROM scenario_object JOIN scenario ON scenario.row = scenario
WHERE scenario = ? AND action != 'removed' ORDER BY scenario_object.row
"""
_FAMILY = """
WITH RECURSIVE family(id) AS (
    SELECT ?
    UNION SELECT object.id FROM object, family WHERE object.parent = family.id AND object.valid_to IS NULL
    UNION SELECT o.id FROM scenario_object AS o, family WHERE o.parent = family.id AND o.scenario = ?
) SELECT id FROM family
"""


@dataclass(frozen=True)
class Scenario:
    """Times are ISO 8601 in UTC; the counts are of its objects."""

    id: int
    name: str
    description: str
    created_at: str
    changed_at: str
    added: int
    changed: int
    removed: int

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


class Scenarios:
    """The scenarios of one city. Used by one thread at a time, as the city's connection is."""

    def __init__(self, city: City) -> None:
        self.city = city
        self._db = city.connection

    # Scenarios

    def all(self) -> list[Scenario]:
        """The newest first."""
        return self._read(None)

    def get(self, id: int) -> Scenario:
        """Raises EntityNotFound."""
        found = self._read(id)
        if not found:
            raise EntityNotFound(f"there is no scenario {id}")
        return found[0]

    def create(self, name: str, description: str = "") -> Scenario:
        """An empty one. Raises Conflict if another has the name, TwinError if it is none."""
        name = _name(name)
        with self._writing() as at:
            (count,) = self._db.execute("SELECT count(*) FROM scenario").fetchone()
            if count >= MOST_SCENARIOS:
                raise TooLarge(f"a city may have {MOST_SCENARIOS:,} scenarios; delete one first")
            try:
                row = self._db.execute(
                    "INSERT INTO scenario (name, description, created_at, changed_at) VALUES (?, ?, ?, ?)",
                    (name, description, at, at),
                ).lastrowid
            except sqlite3.IntegrityError:
                raise Conflict(f"there is a scenario {name!r} already") from None
        assert row is not None
        return self.get(row)

    def update(self, id: int, name: str | None = None, description: str | None = None) -> Scenario:
        """Rename or describe it anew. Raises EntityNotFound, Conflict."""
        name = None if name is None else _name(name)
        with self._writing(id):
            try:
                self._db.execute(
                    "UPDATE scenario SET name = coalesce(?, name), description = coalesce(?, description)"
                    " WHERE row = ?",
                    (name, description, id),
                )
            except sqlite3.IntegrityError:
                raise Conflict(f"there is a scenario {name!r} already") from None
        return self.get(id)

    def delete(self, id: int) -> None:
        """Raises EntityNotFound."""
        with self._writing(id):
            self._db.execute("DELETE FROM scenario_object WHERE scenario = ?", (id,))
            self._db.execute("DELETE FROM scenario WHERE row = ?", (id,))

    # Their objects

    def put(self, id: int, objects: Sequence[CityObject]) -> None:
        """Add objects, or change those whose id the city or the scenario has.

        Raises EntityNotFound, TooLarge, and TwinError for an object that lies outside the city or whose
        parent is neither in the city nor in the scenario.
        """
        rows = [object_row(obj, obj.bounds()) for obj in objects]
        for row in rows:
            _check(self.city, row)
        with self._writing(id) as at:
            for row in rows:
                self._put(id, row, at)
            self._check_parents(id)
            self._check_size(id)

    def remove(self, id: int, objects: Collection[str]) -> None:
        """Take objects out of the scenario, with their parts: those of the city are removed in it, what was
        added is taken back. Raises EntityNotFound, ObjectNotFound."""
        with self._writing(id) as at:
            for name in objects:
                if not self._remove(id, name, at):
                    raise ObjectNotFound(f"there is no object {name!r} in the city or in the scenario")

    def restore(self, id: int, objects: Collection[str]) -> None:
        """Undo what the scenario does to objects and their parts: they are as in the city again.

        Raises EntityNotFound, ObjectNotFound for one that the scenario leaves alone.
        """
        with self._writing(id):
            for name in objects:
                done = [
                    self._db.execute(
                        "DELETE FROM scenario_object WHERE scenario = ? AND id = ?", (id, each)
                    ).rowcount
                    for each in self._family(id, name)
                ]
                if not any(done):
                    raise ObjectNotFound(f"the scenario does nothing to the object {name!r}")

    def actions(self, id: int) -> dict[str, str]:
        """Object id -> `added`, `changed` or `removed`. Raises EntityNotFound."""
        self.get(id)
        return dict(
            self._db.execute("SELECT id, action FROM scenario_object WHERE scenario = ? ORDER BY row", (id,))
        )

    def hidden(self, id: int) -> set[str]:
        """Ids of the city's objects that are not in the scenario as the city has them: removed or changed."""
        return {name for name, action in self.actions(id).items() if action != "added"}

    def objects(self, id: int, layers: Collection[str] = ()) -> Iterator[StoredObject]:
        """What the scenario adds and changes, in the order of its coming; of some layers, if any are named.
        `source` is the scenario's name. Raises EntityNotFound."""
        self.get(id)
        for r in self._db.execute(_OBJECTS, (id,)).fetchall():
            if not layers or r[3] in layers:
                bounds = None if r[8] is None else r[8:14]
                yield StoredObject(
                    -r[0], r[1], r[2], r[3], r[4], r[5], r[6], None, r[7], bounds, r[14], r[15]
                )

    def all_objects(self, id: int, layers: Sequence[str] = ()) -> Iterator[StoredObject]:
        """The whole city as the scenario has it: the city's objects without those removed or changed, in the
        order of `City.all_objects`, then those of the scenario."""
        gone = self.hidden(id)
        for stored in self.city.all_objects(layers):
            if stored.id not in gone:
                yield stored
        yield from self.objects(id, layers)

    # Inside

    @contextmanager
    def _writing(self, id: int | None = None) -> Iterator[str]:
        """A transaction at a moment; of a scenario, which it marks as changed.

        Raises CityBusy, StorageFull.
        """
        try:
            self._db.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
                raise CityBusy(
                    f"{self.city.folder}: another process is writing to this city; try again"
                ) from error
            raise TwinError(f"{self.city.folder}: the city cannot be written ({error})") from error
        at = iso(datetime.now(UTC))
        try:
            for statement in _TABLES:
                self._db.execute(statement)
            if id is not None:
                self.get(id)
                self._db.execute("UPDATE scenario SET changed_at = ? WHERE row = ?", (at, id))
            yield at
            self._db.execute("COMMIT")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_FULL:
                raise StorageFull(f"{self.city.folder}: the disk is full") from error
            raise
        finally:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")

    def _read(self, id: int | None) -> list[Scenario]:
        if not self._db.execute("SELECT 1 FROM sqlite_master WHERE name = 'scenario'").fetchone():
            return []
        return [Scenario(*row) for row in self._db.execute(_LIST, (id,))]

    def _put(self, id: int, row: ObjectRow, at: str) -> None:
        action = "changed" if self.city.object(row.id) is not None else "added"
        nowhere = (None,) * 6
        self._db.execute(
            "INSERT OR REPLACE INTO scenario_object (scenario, action, at, id, class, layer, parent, digest,"
            " triangles, implicit, lods, attributes, body, x0, y0, z0, x1, y1, z1)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                id, action, at, row.id, row.class_name, row.layer, row.parent, row.digest, row.triangles,
                row.implicit, row.lods, row.attributes.decode(), row.body, *(row.bounds or nowhere),
            ),
        )  # fmt: skip

    def _remove(self, id: int, name: str, at: str) -> bool:
        known = False
        for each in self._family(id, name):
            if self.city.object(each) is not None:
                self._db.execute(
                    "INSERT OR REPLACE INTO scenario_object (scenario, id, action, at)"
                    " VALUES (?, ?, 'removed', ?)",
                    (id, each, at),
                )
                known = True
            else:
                done = self._db.execute(
                    "DELETE FROM scenario_object WHERE scenario = ? AND id = ?", (id, each)
                )
                known = known or bool(done.rowcount)
        return known

    def _family(self, id: int, name: str) -> list[str]:
        """The object and everything below it, in the city and in the scenario."""
        return [row[0] for row in self._db.execute(_FAMILY, (name, id))]

    def _check_parents(self, id: int) -> None:
        row = self._db.execute(
            "SELECT o.id, o.parent FROM scenario_object AS o WHERE o.scenario = ? AND o.parent IS NOT NULL"
            " AND NOT EXISTS (SELECT 1 FROM object WHERE object.id = o.parent AND valid_to IS NULL)"
            " AND NOT EXISTS (SELECT 1 FROM scenario_object AS p WHERE p.scenario = o.scenario"
            " AND p.id = o.parent AND p.action != 'removed')",
            (id,),
        ).fetchone()
        if row is not None:
            raise TwinError(f"{row[0]}: its parent {row[1]!r} is neither in the city nor in the scenario")

    def _check_size(self, id: int) -> None:
        count, triangles = self._db.execute(
            "SELECT count(*), coalesce(sum(triangles), 0) FROM scenario_object WHERE scenario = ?", (id,)
        ).fetchone()
        if count > MOST_OBJECTS:
            raise TooLarge(f"a scenario may have {MOST_OBJECTS:,} objects, not {count:,}")
        if triangles > MOST_TRIANGLES:
            raise TooLarge(f"a scenario may have {MOST_TRIANGLES:,} triangles, not {triangles:,}")


def _name(text: str) -> str:
    name = " ".join(text.split())
    if not name or len(name) > NAME_LENGTH:
        raise TwinError(f"a scenario needs a name of 1 to {NAME_LENGTH} characters")
    return name


def _check(city: City, row: ObjectRow) -> None:
    if row.implicit:
        raise TwinError(f"{row.id}: library geometry cannot be in a scenario; give it its own geometry")
    if row.bounds is None:
        return
    low, high = np.array(row.bounds[:3]), np.array(row.bounds[3:])
    if not (np.isfinite(low).all() and np.isfinite(high).all()):
        raise TwinError(f"{row.id}: it has coordinates that are no numbers")
    bounds = city.bounds()
    if bounds is None:
        return
    ours = np.array(bounds)
    if (low[:2] > ours[3:5]).any() or (high[:2] < ours[:2]).any():
        raise TwinError(f"{row.id}: it lies outside the city; check its coordinate system")
