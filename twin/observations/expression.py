"""Filters as SQL: expressions over an entity type's columns, with bound parameters only.

A path through a link to many holds if any of its targets does; conditions on one link that are joined by
`and` must hold for the same target.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from twin.errors import NotSupported, QueryError, TooLarge
from twin.observations.calls import ARITHMETIC, arithmetic, call, check_arity, geometry
from twin.observations.comparison import COMPARISONS, compare
from twin.observations.fragments import Fragment, bound, joined, sql
from twin.observations.model import ENTITY_TYPES, OBSERVATION, EntityType, Kind, Link, Property
from twin.observations.query import Call, Duration, Expression, Geometry, Instant, Interval, Literal, Path

MAX_DEPTH = 100
MAX_NODES = 5000


def check_size(expression: Expression) -> None:
    """Raises TooLarge for what is too deep or too long; a chain of `and` or of `or` is one level."""
    waiting: list[tuple[Expression, int]] = [(expression, 1)]
    nodes = 0
    while waiting:
        e, depth = waiting.pop()
        nodes += 1
        if depth > MAX_DEPTH or nodes > MAX_NODES:
            raise TooLarge(
                f"the filter or order is too large: {MAX_DEPTH} levels and {MAX_NODES} operators are the most"
            )
        if isinstance(e, Call):
            for argument in e.arguments:
                chained = (
                    isinstance(argument, Call)
                    and argument.function == e.function
                    and e.function in ("and", "or")
                )
                waiting.append((argument, depth if chained else depth + 1))


def conjuncts(expression: Expression | None, operator: str = "and") -> list[Expression]:
    """The members of a chain of `and` (or of `or`), left to right."""
    found: list[Expression] = []
    waiting = [] if expression is None else [expression]
    while waiting:
        e = waiting.pop()
        if isinstance(e, Call) and e.function == operator:
            waiting += reversed(e.arguments)
        else:
            found.append(e)
    return found


def paths(expression: Expression) -> Iterator[Path]:
    waiting = [expression]
    while waiting:
        e = waiting.pop()
        if isinstance(e, Path):
            yield e
        elif isinstance(e, Call):
            waiting += e.arguments


@dataclass(frozen=True)
class Scope:
    """The rows that an expression is about: an entity type's table under an alias."""

    type: EntityType
    alias: str


class Compiler:
    """Turns expressions into SQL; one for each statement, since it hands out the aliases."""

    def __init__(self) -> None:
        self._aliases = 0
        self.now = time.time_ns() // 1000

    def scope(self, type: EntityType) -> Scope:
        self._aliases += 1
        return Scope(type, f"x{self._aliases}")

    # Conditions

    def condition(self, e: Expression, scope: Scope) -> Fragment:
        """A filter, or a part of one that is true or false."""
        if isinstance(e, Call) and e.function == "and":
            return self.all(conjuncts(e), scope)
        if isinstance(e, Call) and e.function == "or":
            return joined("OR", [self.condition(part, scope) for part in conjuncts(e, "or")])
        if isinstance(e, Call) and e.function == "not":
            check_arity(e, 1)
            return sql("NOT coalesce({}, 0)", self.condition(e.arguments[0], scope))
        link = self.link(e, scope)
        if link is not None:
            return self._through(link, [e], scope)
        if isinstance(e, Call) and e.function in COMPARISONS:
            check_arity(e, 2)
            return compare(e.function, *(self.scalar(a, scope) for a in e.arguments))
        value = self.scalar(e, scope)
        if value.type == "boolean":
            return value
        if value.type in ("json", "result"):
            return compare("eq", value, bound(True, "boolean"))
        raise QueryError(f"{_shown(e)} is neither true nor false: compare it with something")

    def all(self, parts: Sequence[Expression], scope: Scope) -> Fragment:
        """Conditions that must all hold; those on one link for the same target."""
        by_link: dict[str, tuple[Link, list[Expression]]] = {}
        own = []
        for part in parts:
            link = self.link(part, scope)
            if link is None:
                own.append(self.condition(part, scope))
            else:
                by_link.setdefault(link.name, (link, []))[1].append(part)
        return joined("AND", own + [self._through(link, es, scope) for link, es in by_link.values()])

    def link(self, e: Expression, scope: Scope) -> Link | None:
        """The link that all paths of a single condition begin with, if it is one."""
        if isinstance(e, Call) and e.function in ("and", "or", "not"):
            return None
        firsts = {path.segments[0] for path in paths(e)}
        link = scope.type.link(next(iter(firsts))) if len(firsts) == 1 else None
        if link is None or (_holds_id(link) and all(p.segments[1:] == ("id",) for p in paths(e))):
            return None
        return link

    def _through(self, link: Link, parts: Sequence[Expression], scope: Scope) -> Fragment:
        inner = self.scope(ENTITY_TYPES[link.target])
        condition = self.all([stripped(part) for part in parts], inner)
        x, t, table = inner.alias, scope.alias, inner.type.table
        if inner.type.where:
            condition = sql(f"({x}.{inner.type.where} AND {{}})", condition)
        if link.column:
            return sql(f"{t}.{link.column} IN (SELECT {x}.id FROM {table} {x} WHERE {{}})", condition)
        if link.through:
            return sql(
                f"{t}.id IN (SELECT {x}j.{link.here} FROM {link.through} {x}j"
                f" JOIN {table} {x} ON {x}.id = {x}j.{link.there} WHERE {{}})",
                condition,
            )
        if inner.type is OBSERVATION and link.reverse == "feature":
            return sql(
                f"EXISTS (SELECT 1 FROM datastream_features {x}f JOIN {table} {x}"
                f" ON {x}.datastream = {x}f.datastream AND {x}.feature = {x}f.feature"
                f" WHERE {x}f.feature = {t}.id AND {{}})",
                condition,
            )
        if inner.type is OBSERVATION:
            return sql(
                f"EXISTS (SELECT 1 FROM {table} {x} WHERE {x}.{link.reverse} = {t}.id AND {{}})", condition
            )
        return sql(
            f"{t}.id IN (SELECT {x}.{link.reverse} FROM {table} {x}"
            f" WHERE {x}.{link.reverse} IS NOT NULL AND {{}})",
            condition,
        )

    # Values

    def scalar(self, e: Expression, scope: Scope) -> Fragment:
        """A value; NULL where there is none."""
        if isinstance(e, Literal):
            return literal(e)
        if isinstance(e, Path):
            return self.path(e.segments, scope)
        if e.function in ("and", "or", "not", *COMPARISONS):
            return self.condition(e, scope)
        arguments = [self.scalar(a, scope) for a in e.arguments]
        if e.function in ARITHMETIC:
            check_arity(e, 2)
            return arithmetic(e.function, *arguments)
        return call(e, arguments, self.now)

    def path(self, segments: tuple[str, ...], scope: Scope) -> Fragment:
        first, rest = segments[0], segments[1:]
        if first == "id" and not rest:
            return Fragment(f"{scope.alias}.id", (), "number")
        p = scope.type.property(first)
        if p is not None:
            return _property(p, rest, scope)
        link = scope.type.link(first)
        if link is None:
            raise QueryError(f"{scope.type.name} has no property or link {first!r}")
        if not rest:
            raise QueryError(f"{first} is an entity: name one of its properties")
        if link.many:
            raise NotSupported(
                f"{'/'.join(segments)} leads to many: it can be compared with a value, not set against others"
            )
        if _holds_id(link) and rest == ("id",):
            return Fragment(f"{scope.alias}.{link.column}", (), "number")
        return self._of_one(link, rest, scope)

    def _of_one(self, link: Link, rest: tuple[str, ...], scope: Scope) -> Fragment:
        """A value of the entity that a link to one leads to."""
        inner = self.scope(ENTITY_TYPES[link.target])
        value = self.path(rest, inner)
        where = f" AND {inner.alias}.{inner.type.where}" if inner.type.where else ""

        def of(part: Fragment) -> Fragment:
            return sql(
                f"(SELECT {{}} FROM {inner.type.table} {inner.alias}"
                f" WHERE {inner.alias}.id = {scope.alias}.{link.column}{where})",
                part,
                type=value.type,
            )

        selected = of(value)
        if value.end is None:
            return selected
        return Fragment(selected.sql, selected.values, value.type, of(value.end))


def _holds_id(link: Link) -> bool:
    """Whether a link to one is its column's id, whatever the target is."""
    return link.column is not None and ENTITY_TYPES[link.target].where is None


def stripped(e: Expression) -> Expression:
    """An expression as its link's target sees it."""
    if isinstance(e, Path):
        if len(e.segments) == 1:
            raise QueryError(f"{e.segments[0]} is an entity: name one of its properties")
        return Path(e.segments[1:])
    if isinstance(e, Call):
        return Call(e.function, tuple(stripped(a) for a in e.arguments))
    return e


def literal(e: Literal) -> Fragment:
    value = e.value
    match value:
        case None:
            return Fragment("NULL", (), "null")
        case bool():
            return bound(value, "boolean")
        case int() | float():
            return bound(
                float(value) if isinstance(value, int) and abs(value) >= 1 << 63 else value, "number"
            )
        case str():
            return bound(value, "text")
        case Instant():
            return Fragment("?", (_micros(value.micros),), "time")
        case Interval():
            return Fragment("?", (_micros(value.start),), "time", bound(_micros(value.end), "time"))
        case Duration():
            return bound(_micros(value.micros), "duration")
        case Geometry():
            return geometry(value.wkt)


def _micros(value: int) -> int:
    if abs(value) >= 1 << 63:
        raise QueryError("a time or duration is beyond what can be reckoned with")
    return value


def _property(p: Property, rest: tuple[str, ...], scope: Scope) -> Fragment:
    column = f"{scope.alias}.{p.column}"
    if rest:
        if p.kind is Kind.result:
            return sql(f"CASE WHEN {scope.alias}.kind = 1 THEN {{}} END", _json(column, rest), type="json")
        if p.kind not in (Kind.json, Kind.any, Kind.geometry):
            raise QueryError(f"{p.name} of {scope.type.name} has no parts: {'/'.join(rest)}")
        return _json(column, rest)
    match p.kind:
        case Kind.text:
            return Fragment(column, (), "text")
        case Kind.geometry:
            return Fragment(column, (), "geometry")
        case Kind.json | Kind.any:
            return sql("json_extract({}, '$')", Fragment(column), type="json")
        case Kind.result:
            return Fragment(column, (), "result", json_kind=f"{scope.alias}.kind")
        case Kind.instant:
            return Fragment(column, (), "time")
    return Fragment(column, (), "time", Fragment(f"{column}_end", (), "time"))


def _json(column: str, rest: tuple[str, ...]) -> Fragment:
    if any('"' in segment for segment in rest):
        raise NotSupported("a quotation mark in the name of a JSON member")
    path = "$" + "".join(f"[{s}]" if s.isdecimal() else f'."{s}"' for s in rest)
    return Fragment(f"json_extract({column}, ?)", (path,), "json")


def _shown(e: Expression) -> Any:
    if isinstance(e, Path):
        return "/".join(e.segments)
    return e.function if isinstance(e, Call) else repr(e.value)
