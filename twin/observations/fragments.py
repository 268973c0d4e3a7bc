"""Pieces of SQL with the values bound in them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Fragment:
    """sql: with a `?` for each of `values`. type: what it yields: number, text, boolean, time, duration,
    geometry, json (a value within JSON), result, or null. end: for a time, its end, null for an instant.
    json_kind: for a result, the column that tells JSON from text."""

    sql: str
    values: tuple[Any, ...] = ()
    type: str = "boolean"
    end: Fragment | None = None
    json_kind: str | None = None


TRUE, FALSE = Fragment("1"), Fragment("0")


def sql(template: str, *parts: Fragment, type: str = "boolean") -> Fragment:
    """Put fragments into the places `{}` of a template, in order."""
    return Fragment(
        template.format(*(part.sql for part in parts)),
        tuple(value for part in parts for value in part.values),
        type,
    )


def bound(value: Any, type: str) -> Fragment:
    return Fragment("?", (value,), type)


def joined(operator: str, parts: Sequence[Fragment]) -> Fragment:
    """Conditions under one operator, as a balanced tree: SQLite limits how deep an expression may be."""
    if not parts:
        return TRUE if operator == "AND" else FALSE
    if len(parts) == 1:
        return parts[0]
    middle = len(parts) // 2
    return sql("({} " + operator + " {})", joined(operator, parts[:middle]), joined(operator, parts[middle:]))


def every(parts: Iterable[Fragment]) -> Fragment:
    return joined("AND", list(parts))
