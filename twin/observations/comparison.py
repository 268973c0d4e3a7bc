"""Comparisons as SQL, by what the two sides are.

Numbers and texts are never equal, but text that is a number is compared as one with a result that is a
number. Of times one is `lt` another if it has ended when that begins, and `le` if it neither begins nor ends
later; `gt` and `ge` are these turned round. Nothing is greater or less than null.
"""

from __future__ import annotations

import math
from typing import Any

from twin.errors import QueryError
from twin.observations.fragments import FALSE, Fragment, bound, every, sql
from twin.observations.query import Instant
from twin.observations.times import parse_duration, parse_time

COMPARISONS = {"eq": "=", "ne": "<>", "gt": ">", "ge": ">=", "lt": "<", "le": "<="}
_SWAPPED = {"eq": "eq", "ne": "ne", "gt": "lt", "ge": "le", "lt": "gt", "le": "ge"}
_DYNAMIC = ("json", "result")
_IS_NUMBER = "typeof({}) IN ('integer', 'real')"


def compare(name: str, a: Fragment, b: Fragment) -> Fragment:
    """`a` against `b`, by the name of the operator."""
    if "null" in (a.type, b.type):
        other = b if a.type == "null" else a
        if name not in ("eq", "ne"):
            return FALSE
        return sql("{} IS NULL" if name == "eq" else "{} IS NOT NULL", other)
    if "time" in (a.type, b.type):
        return _times(name, *span(a, b))
    if "duration" in (a.type, b.type):
        return _plain(name, _duration(a), _duration(b))
    if a.type in _DYNAMIC and b.type in _DYNAMIC:
        same = sql("(typeof({}) = 'text') = (typeof({}) = 'text')", a, b)
        return _plain(name, a, b) if name in ("eq", "ne") else every([same, _plain(name, a, b)])
    if b.type in _DYNAMIC:
        a, b, name = b, a, _SWAPPED[name]
    if a.type in _DYNAMIC:
        return _dynamic(name, a, b)
    if {a.type, b.type} == {"number", "text"}:
        as_numbers = [_as_number(x) for x in (a, b)]
        if all(x is not None for x in as_numbers):
            return _plain(name, *(x for x in as_numbers if x is not None))
    return _plain(name, a, b)


def _plain(name: str, a: Fragment, b: Fragment) -> Fragment:
    """`ne` holds for null too, which is not equal to anything."""
    if name == "ne":
        return sql("{} IS NOT {}", a, b)
    return sql("{} " + COMPARISONS[name] + " {}", a, b)


def _dynamic(name: str, a: Fragment, b: Fragment) -> Fragment:
    """A value that may be of any type, with one whose type is known."""
    is_text = every(
        [sql("typeof({}) = 'text'", a)] + ([Fragment(f"{a.json_kind} IS NULL")] if a.json_kind else [])
    )
    if b.type == "boolean":
        if a.json_kind and b.sql == "?":
            test = every([Fragment(f"{a.json_kind} = 1"), sql("{} = ?", a)])
            yes = Fragment(test.sql, (*test.values, "true" if b.values[0] else "false"))
            return _negated(name, yes)
        return _plain(name, a, b)
    if b.type == "text":
        as_number = _as_number(b)
        compared = every([is_text, _plain(name if name != "ne" else "eq", a, b)])
        if as_number is not None:
            operator = name if name != "ne" else "eq"
            compared = sql(
                "CASE WHEN " + _IS_NUMBER + " THEN {} ELSE {} END",
                a, _plain(operator, a, as_number), compared,
            )  # fmt: skip
        return _negated(name, compared)
    guard = sql(_IS_NUMBER, a)
    return _negated(name, every([guard, _plain(name if name != "ne" else "eq", a, b)]))


def _negated(name: str, equal: Fragment) -> Fragment:
    return sql("NOT coalesce({}, 0)", equal) if name == "ne" else equal


def _as_number(a: Fragment) -> Fragment | None:
    """A number, or a literal text that is one."""
    if a.type == "number":
        return a
    if a.type == "text" and a.sql == "?":
        try:
            value = float(a.values[0])
        except ValueError:
            return None
        return bound(value, "number") if math.isfinite(value) else None
    return None


def number(a: Fragment) -> Fragment:
    """As a number: NULL for a result that is none. Raises QueryError for what can never be one."""
    if a.type in _DYNAMIC:
        return sql("CASE WHEN " + _IS_NUMBER + " THEN {} END", a, a, type="number")
    found = a if a.type in ("number", "duration", "null") else _as_number(a)
    if found is None:
        raise QueryError(f"a number is wanted, not {_what(a)}")
    return found


def text(a: Fragment) -> Fragment:
    """As text. Raises QueryError for what can never be."""
    if a.type in ("number", *_DYNAMIC):
        return sql("CAST({} AS TEXT)", a, type="text")
    if a.type not in ("text", "null", "geometry"):
        raise QueryError(f"text is wanted, not {_what(a)}")
    return a


def span(a: Fragment, b: Fragment) -> tuple[Fragment, Fragment]:
    """Two sides of which one is a time, both as times, but for durations."""
    return _time(a), _time(b)


def _time(a: Fragment) -> Fragment:
    if a.type in ("time", "duration", "null"):
        return a
    if a.type == "text" and a.sql == "?":
        return _parsed(a.values[0])
    if a.type in _DYNAMIC:
        return sql("twin_instant({})", a, type="time")
    raise QueryError(f"a time is wanted, not {_what(a)}")


def _parsed(value: Any) -> Fragment:
    time = parse_time(value)
    if isinstance(time, Instant):
        return bound(time.micros, "time")
    return Fragment("?", (time.start,), "time", bound(time.end, "time"))


def _duration(a: Fragment) -> Fragment:
    """A duration; of a literal text, the time of day that it says."""
    if a.type == "text" and a.sql == "?":
        value = str(a.values[0])
        if value.lstrip("-").startswith("P"):
            return bound(parse_duration(value), "duration")
        return bound(_parsed(f"1970-01-01T{value}").values[0], "duration")
    return number(a)


def _what(a: Fragment) -> str:
    return repr(a.values[0]) if a.sql == "?" else f"a value of type {a.type}"


def _times(name: str, a: Fragment, b: Fragment) -> Fragment:
    if "duration" in (a.type, b.type):
        raise QueryError("a time and a duration cannot be compared")
    if a.sql == "?" and b.sql != "?":
        a, b, name = b, a, _SWAPPED[name]
    if name in ("eq", "ne"):
        return _equal(name, a, b)
    operator = COMPARISONS[name]
    if name == "gt":
        if b.end is None:
            return sql("{} > {}", a, b)
        if b.sql == "?":
            return sql("{} >= {}", a, b.end)
        return sql("{} > coalesce({}, {})", a, b.end, b)
    starts = sql("{} " + operator + " {}", a, b)
    if name == "lt":
        return starts if a.end is None else every([starts, sql("({} IS NULL OR {} <= {})", a.end, a.end, b)])
    if b.end is None and (a.end is None or name == "ge"):
        return starts
    return every([starts, sql("{} " + operator + " {}", _last(a), _last(b))])


def _last(a: Fragment) -> Fragment:
    """When a time ends, which for a moment is the moment itself."""
    return a if a.end is None else sql("coalesce({}, {})", a.end, a)


def _equal(name: str, a: Fragment, b: Fragment) -> Fragment:
    parts = [sql("{} = {}", a, b)]
    ends = [x.end for x in (a, b)]
    if ends[0] is not None and ends[1] is not None:
        parts.append(sql("coalesce({}, {}) = coalesce({}, {})", ends[0], a, ends[1], b))
    else:
        for x, end in zip((a, b), ends, strict=True):
            if end is not None:
                parts.append(sql("({} IS NULL OR {} = {})", end, end, x))
    return _negated(name, every(parts))
