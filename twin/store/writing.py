"""Writing to the SQLite store: one transaction for one command, so that an interruption leaves nothing.

`Writer` takes the objects of each source in batches and keeps versions: an object whose digest is new
ends its old version and begins another; one that a replaced source no longer has is ended.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from citygml.findings import Finding
from twin.errors import CityBusy, TwinError
from twin.store.records import Ingested, ObjectRow, Raster, iso

if TYPE_CHECKING:
    from twin.store.sqlite import City


class Writer:
    """The one writer of a city, as a context: commits at the end, rolls back on any exception."""

    def __init__(self, city: City, what: str, at: datetime | None = None) -> None:
        self.city = city
        self.at = iso(at or datetime.now(UTC))
        self.counts = Ingested()
        self._db = city.connection
        self._what = what
        self._fresh = False
        self._next = 0
        self._run = 0

    def __enter__(self) -> Writer:
        try:
            self._db.execute("BEGIN IMMEDIATE")
            self._run = self._insert("INSERT INTO run (at, what) VALUES (?, ?)", (self.at, self._what))
        except sqlite3.OperationalError as error:
            self._roll_back()
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise TwinError(f"{self.city.folder}: the city cannot be written ({error})") from error
            raise CityBusy(
                f"{self.city.folder}: another process is writing to this city; try again"
            ) from error
        self._db.execute("CREATE TEMP TABLE touched (row INTEGER PRIMARY KEY, source INTEGER)")
        (last,) = self._db.execute("SELECT coalesce(max(row), 0) FROM object").fetchone()
        self._next = last + 1
        self._fresh = last == 0
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: object) -> None:
        if kind is not None:
            self._roll_back()
            return
        self._db.execute("DROP TABLE temp.touched")
        self._db.execute("COMMIT")
        self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _roll_back(self) -> None:
        if self._db.in_transaction:  # a full disk has rolled it back already
            self._db.execute("ROLLBACK")

    def _insert(self, sql: str, values: tuple[Any, ...]) -> int:
        row = self._db.execute(sql, values).lastrowid
        assert row is not None
        return row

    # Sources

    def known(self, path: Path) -> tuple[int, str] | None:
        """(row, digest) of the source that was read from this path."""
        row = self._db.execute("SELECT row, digest FROM source WHERE path = ?", (str(path),)).fetchone()
        return (row[0], row[1]) if row else None

    def begin_source(self, path: Path, digest: str, description: dict[str, Any]) -> int:
        """The source of this path, made if it is new; its findings are forgotten, its licence stays."""
        known = self.known(path)
        if known is None:
            text = json.dumps(description, ensure_ascii=False)
            return self._insert(
                "INSERT INTO source (name, path, digest, description, read_at) VALUES (?, ?, ?, ?, ?)",
                (self._free_name(path), str(path), digest, text, self.at),
            )
        (former,) = self._db.execute(
            "SELECT json_extract(description, '$.licence') FROM source WHERE row = ?", known[:1]
        ).fetchone()
        kept = {"licence": former} if former else {}
        text = json.dumps(description | kept, ensure_ascii=False)
        self._db.execute("DELETE FROM finding WHERE source = ?", known[:1])
        self._db.execute(
            "UPDATE source SET digest = ?, description = ?, read_at = ? WHERE row = ?",
            (digest, text, self.at, known[0]),
        )
        return known[0]

    def set_licence(self, source: int, licence: str) -> None:
        """Put a licence to a source that is there; an empty one takes it away."""
        (text,) = self._db.execute("SELECT description FROM source WHERE row = ?", (source,)).fetchone()
        description = json.loads(text)
        description.pop("licence", None)
        description |= {"licence": licence} if licence else {}
        self._db.execute(
            "UPDATE source SET description = ? WHERE row = ?",
            (json.dumps(description, ensure_ascii=False), source),
        )

    def _free_name(self, path: Path) -> str:
        taken = {r[0] for r in self._db.execute("SELECT name FROM source")}
        parts = path.parts
        for depth in range(1, len(parts) + 1):
            name = "/".join(parts[-depth:])
            if name not in taken:
                return name
        return f"{path}#{len(taken)}"

    def end_source(self, source: int, path: Path, known: Collection[int]) -> None:
        """Close a source, after every file of the run was read: what it no longer has is ended.

        known: the sources of this run's files that were read before. A source that is not among them, with
        the file name of an older one that is not either, and at least one object in common, is that file's
        new delivery and replaces it.
        """
        if source not in known:
            self._replace_older(source, path, known)
        self._end_unseen(source)

    def _replace_older(self, source: int, path: Path, known: Collection[int]) -> None:
        older = self._db.execute(
            "SELECT DISTINCT source.row, source.path FROM temp.touched JOIN object USING (row)"
            " JOIN source ON source.row = object.source WHERE touched.source = ? AND object.source != ?",
            (source, source),
        ).fetchall()
        for row, older_path in older:
            if row not in known and Path(older_path).name == path.name:
                self._end_unseen(row)
                self._db.execute("UPDATE object SET source = ? WHERE source = ?", (source, row))
                self._db.execute("UPDATE template SET source = ? WHERE source = ?", (source, row))
                self._db.execute("DELETE FROM finding WHERE source = ?", (row,))
                self._db.execute("DELETE FROM source WHERE row = ?", (row,))

    def _end_unseen(self, source: int) -> None:
        ended = self._db.execute(
            "UPDATE object SET valid_to = ?, ended = ? WHERE source = ? AND valid_to IS NULL AND run != ?"
            " AND row NOT IN (SELECT row FROM temp.touched)",
            (self.at, self._run, source, self._run),
        )
        self.counts.ended += ended.rowcount

    # Objects

    def put(self, source: int, objects: Sequence[ObjectRow]) -> None:
        """Write a batch of a source's objects.

        An id that this run has written already is kept beside the first as `ID~2`, and is a finding;
        exact copies in another file (objects on the border of two tiles) are taken once.
        """
        if self._fresh:
            self._db.execute("SAVEPOINT batch")
            try:
                self._write(source, objects)
            except sqlite3.IntegrityError:
                self._db.execute("ROLLBACK TO batch")
                self._fresh = False
            else:
                self.counts.added += len(objects)
                return
            finally:
                self._db.execute("RELEASE batch")
        for o in objects:
            self._put_one(source, o)

    def _put_one(self, source: int, o: ObjectRow) -> None:
        original, copies = o.id, 1
        while True:
            known = self._db.execute(
                "SELECT row, digest, source, run, row IN (SELECT row FROM temp.touched) FROM object"
                " WHERE id = ? AND valid_to IS NULL",
                (o.id,),
            ).fetchone()
            if known is None:
                self.counts.added += 1
                break
            row, digest, known_source, run, touched = known
            if run == self._run or touched:
                if digest == o.digest and known_source != source:
                    self.counts.unchanged += 1
                    return
                copies += 1
                o = o._replace(id=f"{original}~{copies}")
                continue
            self._db.execute("INSERT INTO temp.touched VALUES (?, ?)", (row, source))
            if digest == o.digest:
                self.counts.unchanged += 1
                return
            self._db.execute(
                "UPDATE object SET valid_to = ?, ended = ? WHERE row = ?", (self.at, self._run, row)
            )
            self.counts.changed += 1
            break
        self._write(source, [o])
        if copies > 1:
            message = f"the id {original} stands more than once; this copy is kept as {o.id}"
            self.put_findings(source, [Finding("duplicate-id", message, o.id)])

    def _write(self, source: int, objects: Sequence[ObjectRow]) -> None:
        nowhere = (None,) * 6
        numbered = list(enumerate(objects, self._next))
        self._db.executemany(
            "INSERT INTO object (row, source, run, valid_from, id, class, layer, parent, digest, triangles,"
            " implicit, lods, attributes, x0, y0, z0, x1, y1, z1)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (row, source, self._run, self.at, *o[:8], o.attributes.decode(), *(o.bounds or nowhere))
                for row, o in numbered
            ],
        )
        self._db.executemany("INSERT INTO body VALUES (?, ?)", [(row, o.body) for row, o in numbered])
        self._next += len(objects)

    # Shared parts

    def put_template(
        self, source: int, key: str, digest: bytes, uri: str | None, mime: str | None, data: bytes
    ) -> None:
        self._db.execute(
            "INSERT OR REPLACE INTO template VALUES (?, ?, ?, ?, ?, ?)",
            (key, source, digest, uri, mime, data),
        )

    def put_image(self, digest: str, mime: str, data: bytes) -> None:
        self._db.execute("INSERT OR IGNORE INTO image VALUES (?, ?, ?)", (digest, mime, data))

    def put_findings(self, source: int, findings: Iterable[Finding]) -> None:
        rows = [
            (source, f.object_id, f.code, f.severity, f.message, f.part, *(f.place or (None, None, None)))
            for f in findings
        ]
        self._db.executemany("INSERT INTO finding VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
        self.counts.findings += len(rows)

    def put_raster(self, raster: Raster) -> None:
        self._db.execute(
            "INSERT OR REPLACE INTO raster VALUES (?, ?, ?, ?, ?, ?)",
            (raster.name, raster.kind, raster.digest, raster.file, json.dumps(raster.description), self.at),
        )
