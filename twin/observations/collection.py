"""One question to one collection as SQL, made ready once and put to any number of parents.

Observations have one index, (datastream, time). Those of one datastream come by it; those of all are
reached through the datastreams where a time or a datastream is asked for, and by id otherwise.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from twin.observations import marks
from twin.observations.comparison import COMPARISONS
from twin.observations.expression import Compiler, Scope, check_size, conjuncts, stripped
from twin.observations.fragments import Fragment, every
from twin.observations.marks import Term
from twin.observations.model import DATASTREAM, MULTI_DATASTREAM, OBSERVATION, EntityType, Link
from twin.observations.query import Call, Expression, Instant, Interval, Literal, Path, Query
from twin.observations.values import Reader

_TIME = Path(("phenomenonTime",))
_STREAMS = {"Datastream": DATASTREAM, "MultiDatastream": MULTI_DATASTREAM}
_PARENT = object()
Row = tuple[Any, ...]


@dataclass(frozen=True)
class Bounds:
    """Between which starts of phenomenonTime all that is asked for lies [µs], None: open."""

    low: int | None = None
    high: int | None = None


class Collection:
    """Entities of `type`, all or those that a link leads to, filtered and ordered.

    The rows have the id, the values of `reader`, `extra` columns, and last those of the order. Raises
    QueryError for a filter or order that means nothing.
    """

    def __init__(
        self,
        type: EntityType,
        query: Query,
        link: Link | None = None,
        extra: Sequence[str] = (),
    ) -> None:
        self.type, self.query, self.link, self.extra = type, query, link, tuple(extra)
        for e in [query.filter, *(order.expression for order in query.order)]:
            if e is not None:
                check_size(e)
        self.compiler, self.scope = Compiler(), Scope(type, "t")
        self.reader = Reader(type, query.select)
        self.bounds = _bounds(conjuncts(query.filter)) if type is OBSERVATION else Bounds()
        self.by_time = bool(query.order) and query.order[0].expression == _TIME
        self.of_stream = link is not None and link.reverse == "datastream"
        conditions = conjuncts(query.filter)
        self.streams: Fragment | None = None
        """For observations reached through their datastreams: the condition on these."""
        if (
            type is OBSERVATION
            and not self.of_stream
            and (self._timed() or _about_streams(conditions) or link)
        ):
            chosen = [c for c in conditions if _stream_link(c)]
            conditions = [c for c in conditions if not _stream_link(c)]
            self.streams = self._of_streams(chosen)
        self.filter = self.compiler.all(conditions, self.scope)
        self.filtered = query.filter is not None
        self.source, self.base = self._source()
        self.terms = self._terms()

    def _timed(self) -> bool:
        return self.by_time or self.bounds != Bounds()

    def _of_streams(self, conditions: Sequence[Expression]) -> Fragment:
        """Conditions on the datastreams `d` of observations."""
        parts = []
        for name, type in _STREAMS.items():
            mine = [stripped(c) for c in conditions if _stream_link(c) == name]
            if mine:
                parts += [Fragment(f"d.{type.where}"), self.compiler.all(mine, Scope(type, "d"))]
        if self.bounds.low is not None:
            parts.append(Fragment("+d.latest_time >= ?", (self.bounds.low,)))
        if self.bounds.high is not None:
            parts.append(Fragment("+d.phenomenon_time <= ?", (self.bounds.high,)))
        if self.link is not None:
            parts.append(
                Fragment("d.id IN (SELECT datastream FROM datastream_features WHERE feature = ?)", (_PARENT,))
            )
        return every(parts)

    def _source(self) -> tuple[str, Fragment]:
        """What to select from, and the condition for being in the collection at all."""
        link, table = self.link, self.type.table
        source = f"{table} t"
        parts = []
        if self.type.where and not (self.of_stream or self.streams is not None):
            parts.append(Fragment(f"t.{self.type.where}"))
        if self.streams is not None:
            source = f"datastreams d CROSS JOIN {source} ON t.datastream = d.id"
            parts.append(self.streams)
        if link is not None and link.reverse:
            parts.append(Fragment(f"t.{link.reverse} = ?", (_PARENT,)))
        elif link is not None and link.ordered:
            source = f"{link.through} j CROSS JOIN {source} ON t.id = j.{link.there}"
            parts.append(Fragment(f"j.{link.here} = ?", (_PARENT,)))
        elif link is not None:
            parts.append(
                Fragment(
                    f"t.id IN (SELECT {link.there} FROM {link.through} WHERE {link.here} = ?)", (_PARENT,)
                )
            )
        return source, every(parts)

    def _terms(self) -> list[Term]:
        """The order: as asked for, or as it comes; always down to one entity."""
        asked = self.query.order
        terms = [Term(self.compiler.scalar(o.expression, self.scope), o.descending) for o in asked]
        id = Fragment("t.id", (), "number")
        if not terms and self.link is not None and self.link.ordered:
            return [Term(Fragment("j.position", (), "number"))]
        if not terms and self.type is OBSERVATION and (self.of_stream or self.streams is not None):
            time = Fragment("t.time", (), "time")
            terms = [Term(time)] if self.of_stream else [Term(Fragment("d.id", (), "number")), Term(time)]
        return [*terms, Term(id, bool(terms) and terms[-1].descending)]

    # Questions

    def rows(
        self, connection: sqlite3.Connection, parent: int | None, limit: int, more: Fragment | None = None
    ) -> list[Row]:
        """The first rows after the query's mark, or after as many as it skips."""
        where = [self.base, self.filter] + ([more] if more else [])
        skip = self.query.skip
        if self.query.after is not None:
            where.append(marks.after(self.terms, marks.decode(self.query.after, len(self.terms))))
            skip = 0
        condition = every(where)
        columns = [f"t.{name}" for name in ("id", *self.reader.columns, *self.extra)]
        ordered = ", ".join(f"o{i}{' DESC' if term.descending else ''}" for i, term in enumerate(self.terms))
        selected = ", ".join(columns + [f"{term.value.sql} AS o{i}" for i, term in enumerate(self.terms)])
        values = [v for term in self.terms for v in term.value.values] + list(condition.values)
        return connection.execute(
            f"SELECT {selected} FROM {self.source} WHERE {condition.sql} ORDER BY {ordered} LIMIT ? OFFSET ?",
            [*(parent if v is _PARENT else v for v in values), limit, skip],
        ).fetchall()

    @staticmethod
    def with_ids(ids: str) -> Fragment:
        """The condition for ids in a JSON array."""
        return Fragment("t.id IN (SELECT value FROM json_each(?))", (ids,))

    def count(self, connection: sqlite3.Connection, parent: int | None) -> int:
        """How many there are, whatever the page."""
        if not self.filtered:
            known = self._known_count(connection, parent)
            if known is not None:
                return known
        condition = every([self.base, self.filter])
        row = connection.execute(
            f"SELECT count(*) FROM {self.source} WHERE {condition.sql}",
            [parent if v is _PARENT else v for v in condition.values],
        ).fetchone()
        return int(row[0])

    def _known_count(self, connection: sqlite3.Connection, parent: int | None) -> int | None:
        value: str | int | None = parent
        if self.link is None:
            statement, value = "SELECT value FROM counts WHERE name = ?", self.type.set_name
        elif self.of_stream:
            statement = "SELECT count FROM datastreams WHERE id = ?"
        elif self.type is OBSERVATION:
            statement = "SELECT sum(count) FROM datastream_features WHERE feature = ?"
        else:
            return None
        row = connection.execute(statement, (value,)).fetchone()
        return int(row[0] or 0) if row else 0


def _stream_link(e: Expression) -> str | None:
    """`Datastream` or `MultiDatastream`, when a condition is about nothing else."""
    compiler = Compiler()
    link = compiler.link(e, Scope(OBSERVATION, "t"))
    return link.name if link is not None and link.name in _STREAMS else None


def _about_streams(conditions: Sequence[Expression]) -> bool:
    return any(_stream_link(c) for c in conditions)


def _bounds(conditions: Sequence[Expression]) -> Bounds:
    low: int | None = None
    high: int | None = None
    swapped = {"gt": "lt", "ge": "le", "lt": "gt", "le": "ge", "eq": "eq"}
    for c in conditions:
        if not isinstance(c, Call) or c.function not in COMPARISONS or len(c.arguments) != 2:
            continue
        a, b = c.arguments
        name = c.function
        if b == _TIME:
            a, b, name = b, a, swapped.get(name, "")
        if a != _TIME or not isinstance(b, Literal) or not isinstance(b.value, (Instant, Interval)):
            continue
        start, end = (
            (b.value.start, b.value.end)
            if isinstance(b.value, Interval)
            else (b.value.micros, b.value.micros)
        )
        if name in ("gt", "ge", "eq"):
            low = start if low is None else max(low, start)
        if name in ("lt", "le", "eq"):
            high = end if high is None else min(high, end)
    return Bounds(low, high)
