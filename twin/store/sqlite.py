"""The SQLite store: opening, settings and reading. Making a city is in `twin.store.making`, writing to it in
`twin.store.writing`.

One writer at a time, any number of readers; readers see the city as it was before a running write.
Every read of objects takes `time` (None: now).
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from twin.errors import CityNotFound, TwinError
from twin.store import schema
from twin.store.queries import FROM, NUMBERS, OBJECT, literal, stored_object, valid, valid_during
from twin.store.records import Layer, ObjectIndex, Raster, Source, StoredObject
from twin.store.since import Since

if TYPE_CHECKING:
    from citygml.findings import Finding
    from citygml.model import Template

DATABASE = "twin.db"
_CHUNK = 500
_AT_ONCE = 2000


def open_city(folder: Path | str) -> City:
    """Open a city that exists. Raises CityNotFound."""
    folder = Path(folder)
    if not (folder / DATABASE).is_file():
        raise CityNotFound(f"{folder}: no city here; make one with `twin init` or `twin add`")
    return City(folder)


def schema_version(connection: sqlite3.Connection, folder: Path) -> int:
    """The version of the tables; 0 when there are none yet."""
    try:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
    except sqlite3.DatabaseError as error:
        raise TwinError(f"{folder / DATABASE} is not a city: {error}") from error
    return int(version)


class City(Since):
    """One city's store. One user at a time: open another for another thread (opening is cheap).

    It may pass from thread to thread, as a request does in a web server.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.connection = sqlite3.connect(
            folder / DATABASE, isolation_level=None, timeout=10, check_same_thread=False
        )
        try:
            self._check_version()
        except TwinError:
            self.close()
            raise
        self.connection.execute("PRAGMA cache_size=-16384")

    def _check_version(self) -> None:
        version = schema_version(self.connection, self.folder)
        if version == 0:  # its making was interrupted
            raise CityNotFound(f"{self.folder}: no city here; make one with `twin init` or `twin add`")
        if version != schema.VERSION:
            raise TwinError(
                f"{self.folder}: made by another version of twin (schema {version}, not {schema.VERSION})"
            )

    def close(self) -> None:
        self.connection.close()

    def __enter__(self) -> City:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Reads in this context see one state of the city, whatever is written meanwhile. Keep it short: the
        writer's log cannot be emptied before it ends."""
        self.connection.execute("BEGIN")
        try:
            yield
        finally:
            self.connection.execute("ROLLBACK")

    # Settings

    def get(self, key: str) -> str | None:
        """A setting of the city (`crs`, `heights`, `anchor`, `name` ...)."""
        row = self.connection.execute("SELECT value FROM city WHERE key = ?", (key,)).fetchone()
        return row[0] if row else None

    def set(self, key: str, value: str) -> None:
        self.connection.execute(
            "INSERT INTO city VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            (key, value),
        )

    # What there is

    def layers(self, time: datetime | None = None) -> list[Layer]:
        """The layers that have objects, by name."""
        layers: dict[str, Layer] = {}
        when, values = valid(time)
        for name, class_name, lods, count in self.connection.execute(
            f"SELECT layer, class, lods, count(*) FROM object WHERE {when} GROUP BY layer, class, lods",
            values,
        ):
            layer = layers.setdefault(name, Layer(name, {}))
            layer.classes[class_name] = layer.classes.get(class_name, 0) + count
            layer.lods = sorted({*layer.lods, *(lod for lod in lods.split(",") if lod)})
        return [layers[name] for name in sorted(layers)]

    def layer_names(self) -> list[str]:
        """The layers that have objects now, from one name to the next: quicker than counting the objects."""
        rows = self.connection.execute(
            "WITH RECURSIVE name(layer) AS (SELECT min(layer) FROM object UNION ALL"
            " SELECT (SELECT min(layer) FROM object WHERE layer > name.layer) FROM name"
            " WHERE layer IS NOT NULL)"
            " SELECT layer FROM name WHERE EXISTS"
            " (SELECT 1 FROM object WHERE layer = name.layer AND valid_to IS NULL)"
        )
        return [row[0] for row in rows]

    def bounds(self, layer: str | None = None) -> tuple[float, ...] | None:
        """x0 y0 z0 x1 y1 z1 of the current objects in the city's CRS."""
        where, values = ("AND layer = ?", [layer]) if layer else ("", [])
        row = self.connection.execute(
            "SELECT min(x0), min(y0), min(z0), max(x1), max(y1), max(z1) FROM object"
            f" WHERE valid_to IS NULL {where}",
            values,
        ).fetchone()
        return None if row[0] is None else tuple(row)

    def sources(self) -> list[Source]:
        rows = self.connection.execute("SELECT * FROM source ORDER BY row")
        return [Source(r[0], r[1], r[2], r[3], json.loads(r[4]), r[5]) for r in rows]

    def sources_of(self, layer: str) -> list[Source]:
        """The files that the current objects of a layer came from."""
        rows = {
            r[0]
            for r in self.connection.execute(
                "SELECT DISTINCT source FROM object WHERE layer = ? AND valid_to IS NULL", (layer,)
            )
        }
        return [source for source in self.sources() if source.row in rows]

    def rasters(self, kind: str | None = None) -> list[Raster]:
        rows = self.connection.execute(
            "SELECT * FROM raster WHERE ? IS NULL OR kind = ? ORDER BY added_at, name", (kind, kind)
        )
        return [Raster(r[0], r[1], r[2], r[3], json.loads(r[4]), r[5]) for r in rows]

    # Objects

    def index(self, layer: str, time: datetime | None = None) -> ObjectIndex:
        """The objects of a layer that have geometry, without their bodies."""
        when, values = valid(time)
        return self._index(f"layer = ? AND {when}", [layer, *values])

    def index_since(self, layer: str, known: ObjectIndex, row: int, run: int) -> ObjectIndex:
        """The same as `index`. known: what it was when `row` was the last object and `run` the last
        ingestion; only what has come and gone since is read."""
        gone = self.connection.execute(
            "SELECT row FROM object WHERE ended > ? AND row <= ? AND +layer = ?", (run, row, layer)
        ).fetchall()
        came = self._index("row > ? AND +layer = ? AND valid_to IS NULL", [row, layer])
        return known.changed([row for (row,) in gone], came) if gone or len(came) else known

    def _index(self, where: str, values: Sequence[Any]) -> ObjectIndex:
        found = self.connection.execute(
            "SELECT id, digest, row, triangles, implicit, x0, y0, z0, x1, y1, z1 FROM object"
            f" WHERE {where} AND x0 IS NOT NULL ORDER BY +id",
            values,
        )
        ids, digests, tables = [], b"", [np.empty(0, NUMBERS)]
        numbers = itemgetter(*range(2, 11))
        while rows := found.fetchmany(_AT_ONCE):
            ids += [row[0] for row in rows]
            digests += b"".join([row[1] for row in rows])
            tables.append(np.fromiter(map(numbers, rows), NUMBERS, len(rows)))
        table = np.concatenate(tables)
        boxes = np.column_stack([table[name] for name in ("x0", "y0", "z0", "x1", "y1", "z1")])
        return ObjectIndex(
            ids,
            table["row"].copy(),
            boxes,
            table["triangles"].copy(),
            table["implicit"].copy(),
            np.frombuffer(digests, "V16"),
        )

    def boxes(self, layer: str) -> np.ndarray[Any, np.dtype[np.float64]]:
        """(n, 6) float64 x0 y0 z0 x1 y1 z1 of a layer's objects that have geometry, in no order."""
        rows = self.connection.execute(
            "SELECT x0, y0, z0, x1, y1, z1 FROM object"
            " WHERE layer = ? AND valid_to IS NULL AND x0 IS NOT NULL",
            (layer,),
        )
        return np.fromiter(rows, np.dtype((np.float64, 6)))

    def fetch(self, rows: Sequence[int] | np.ndarray[Any, Any]) -> Iterator[StoredObject]:
        """Objects by row, in the order asked for."""
        wanted = [int(r) for r in rows]
        for start in range(0, len(wanted), _CHUNK):
            chunk = wanted[start : start + _CHUNK]
            marks = ",".join("?" * len(chunk))
            found = {
                r[0]: r
                for r in self.connection.execute(
                    f"SELECT {OBJECT} FROM {FROM} WHERE object.row IN ({marks})", chunk
                )
            }
            yield from (stored_object(found[row]) for row in chunk)

    def object(self, id: str, time: datetime | None = None) -> StoredObject | None:
        """One object by id, or None."""
        when, values = valid(time)
        row = self.connection.execute(
            f"SELECT {OBJECT} FROM {FROM} WHERE object.id = ? AND {when}", [id, *values]
        ).fetchone()
        return stored_object(row) if row else None

    def extent(self, id: str) -> tuple[float, ...] | None:
        """x0 y0 z0 x1 y1 z1 around a current object and everything below it; None without geometry."""
        row = self.connection.execute(
            "WITH RECURSIVE family(id) AS (SELECT ? UNION SELECT object.id FROM object, family"
            " WHERE object.parent = family.id AND object.valid_to IS NULL)"
            " SELECT min(x0), min(y0), min(z0), max(x1), max(y1), max(z1) FROM object JOIN family USING (id)"
            " WHERE valid_to IS NULL",
            (id,),
        ).fetchone()
        return None if row[0] is None else tuple(row)

    def history(self, id: str) -> list[StoredObject]:
        """All versions of an object, oldest first."""
        rows = self.connection.execute(
            f"SELECT {OBJECT} FROM {FROM} WHERE object.id = ? ORDER BY valid_from, object.row", [id]
        )
        return [stored_object(r) for r in rows]

    def children(self, id: str, time: datetime | None = None) -> list[tuple[str, str]]:
        """(id, class) of the objects whose parent this is."""
        when, values = valid(time)
        rows = self.connection.execute(
            f"SELECT id, class FROM object WHERE parent = ? AND {when} ORDER BY id", [id, *values]
        )
        return [(r[0], r[1]) for r in rows]

    def all_objects(
        self, layers: Iterable[str] | None = None, time: datetime | None = None
    ) -> Iterator[StoredObject]:
        """Every object (of these layers, if any are named), each followed by its descendants among them.

        An object whose parent is not among them stands by itself.
        """
        when, values = valid(time)
        parent_when = when.replace("object.", "p.")
        names = list(layers or ())
        among = f" AND {{}}layer IN ({','.join('?' * len(names))})" if names else ""
        roots = [
            r[0]
            for r in self.connection.execute(
                f"SELECT row FROM object WHERE {when}{among.format('')} AND (parent IS NULL OR NOT EXISTS"
                f" (SELECT 1 FROM object AS p WHERE p.id = object.parent AND {parent_when}"
                f"{among.format('p.')})) ORDER BY row",
                [*values, *names, *values, *names],
            )
        ]
        for root in self.fetch(roots):
            yield from self._with_descendants(root, names, time)

    def _with_descendants(
        self, obj: StoredObject, layers: Sequence[str], time: datetime | None
    ) -> Iterator[StoredObject]:
        yield obj
        for child_id, _ in self.children(obj.id, time):
            child = self.object(child_id, time)
            if child is not None and (not layers or child.layer in layers):
                yield from self._with_descendants(child, layers, time)

    def search(
        self, text: str, limit: int, time: datetime | None = None
    ) -> list[tuple[str, str, str, str, tuple[float, ...] | None]]:
        """(id, class, layer, attributes as JSON, bounds) of objects whose id or attributes hold the text;
        an exact id comes first, then ids, then attributes."""
        when, values = valid(time)
        escaped = literal(text)
        quoted = literal(json.dumps(text, ensure_ascii=False)[1:-1])
        like = " LIKE ? ESCAPE '\\'"
        rows = self.connection.execute(
            "SELECT id, class, layer, attributes, x0, y0, z0, x1, y1, z1 FROM object"
            f" WHERE {when} AND (id{like} OR attributes{like}) ORDER BY id != ?, NOT id{like}, id LIMIT ?",
            [*values, f"%{escaped}%", f"%{quoted}%", text, f"%{escaped}%", limit],
        )
        return [(r[0], r[1], r[2], r[3], None if r[4] is None else r[4:]) for r in rows]

    def page(
        self,
        layer: str,
        limit: int,
        offset: int,
        box: tuple[float, float, float, float] | None = None,
        during: tuple[datetime | None, datetime | None] | None = None,
    ) -> tuple[int, list[StoredObject]]:
        """(number matched, one page) of a layer's objects in the order of their ids.

        box: x0 y0 x1 y1. during: versions valid at some time from the first to the second, None being open;
        without it, now.
        """
        when, values = valid(None) if during is None else valid_during(*during)
        where = f"object.layer = ? AND {when}"
        bound: list[Any] = [layer, *values]
        if box is not None:
            where += " AND object.x0 <= ? AND object.x1 >= ? AND object.y0 <= ? AND object.y1 >= ?"
            bound += [box[2], box[0], box[3], box[1]]
        (count,) = self.connection.execute(f"SELECT count(*) FROM object WHERE {where}", bound).fetchone()
        rows = self.connection.execute(
            f"SELECT object.row FROM object WHERE {where} ORDER BY object.id, object.row LIMIT ? OFFSET ?",
            [*bound, limit, offset],
        )
        return count, list(self.fetch([r[0] for r in rows]))

    def attributes(self, layer: str) -> Iterator[tuple[str, str]]:
        """(class, attributes as JSON) of every current object of a layer that has geometry."""
        yield from self.connection.execute(
            "SELECT class, attributes FROM object WHERE layer = ? AND valid_to IS NULL AND x0 IS NOT NULL",
            (layer,),
        )

    def findings(self, object_id: str | None = None, limit: int = 1000) -> list[Finding]:
        """Findings of one object, or the first of all."""
        from citygml.findings import Finding

        rows = self.connection.execute(
            "SELECT code, message, object, part, x, y, z, severity FROM finding"
            " WHERE ? IS NULL OR object = ? LIMIT ?",
            (object_id, object_id, limit),
        )
        return [
            Finding(r[0], r[1], r[2], r[3], None if r[4] is None else (r[4], r[5], r[6]), r[7]) for r in rows
        ]

    def finding_counts(self) -> dict[str, int]:
        return dict(self.connection.execute("SELECT code, count(*) FROM finding GROUP BY code ORDER BY code"))

    # Shared parts of objects

    def template(self, key: str) -> Template | None:
        """A library geometry by its key."""
        from twin.store.codec import decode_template

        row = self.connection.execute("SELECT data, uri, mime FROM template WHERE key = ?", (key,)).fetchone()
        return decode_template(row[0], key, row[1], row[2]) if row else None

    def image(self, key: str) -> tuple[str, bytes] | None:
        """(mime, bytes) of a texture by the key that stands in `Texture.path`."""
        row = self.connection.execute("SELECT mime, data FROM image WHERE digest = ?", (key,)).fetchone()
        return (row[0], row[1]) if row else None
