"""The opaque mark of a page's end: the last entity's place in the order, for the page after it."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from twin.errors import QueryError
from twin.observations.fragments import Fragment, bound, every, joined, sql


@dataclass(frozen=True)
class Term:
    """One expression of an order."""

    value: Fragment
    descending: bool = False


def encode(values: Sequence[Any]) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(list(values))).decode().rstrip("=")


def decode(mark: str, count: int) -> list[Any]:
    """The values of a mark. Raises QueryError unless they are of an order of `count` terms."""
    try:
        values = orjson.loads(base64.urlsafe_b64decode(mark + "=" * (-len(mark) % 4)))
    except (binascii.Error, ValueError):
        values = None
    if (
        not isinstance(values, list)
        or len(values) != count
        or any(isinstance(value, (list, dict)) for value in values)
        or any(isinstance(value, int) and abs(value) >= 1 << 63 for value in values)
    ):
        raise QueryError("this is not the mark of a page of this collection in this order")
    return values


def after(terms: Sequence[Term], values: Sequence[Any]) -> Fragment:
    """The condition for what comes after a place in an order; null is the least value."""
    later = [_beyond(term, value) for term, value in zip(terms, values, strict=True)]
    same = [
        sql("{} IS {}", term.value, bound(value, term.value.type))
        for term, value in zip(terms, values, strict=True)
    ]
    cases = [every([*same[:i], beyond]) for i, beyond in enumerate(later)]
    first = joined("OR", [later[0], same[0]])
    return every([_reached(terms[0], values[0]) or first, joined("OR", cases)])


def _reached(term: Term, value: Any) -> Fragment | None:
    """That the first value is not before the mark's, in a form that an index serves."""
    if value is None or term.descending:
        return None if value is None or term.value.type == "result" else _at_most(term, value)
    return sql("{} >= {}", term.value, bound(value, term.value.type))


def _at_most(term: Term, value: Any) -> Fragment | None:
    if term.value.sql != "t.time":
        return None
    return sql("{} <= {}", term.value, bound(value, term.value.type))


def _beyond(term: Term, value: Any) -> Fragment:
    place = bound(value, term.value.type)
    if value is None:
        return Fragment("0") if term.descending else sql("{} IS NOT NULL", term.value)
    if term.descending:
        return sql("({} < {} OR {} IS NULL)", term.value, place, term.value)
    return sql("{} > {}", term.value, place)
