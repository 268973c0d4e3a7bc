"""The operators and functions of 18-088, tables 15 and 16, as SQL. Distances and lengths are in degrees."""

from __future__ import annotations

from twin.errors import QueryError
from twin.observations import functions
from twin.observations.comparison import number, span, text
from twin.observations.fragments import Fragment, bound, sql
from twin.observations.query import Call

ARITHMETIC = {"add": "+", "sub": "-", "mul": "*", "div": "/", "mod": "%"}
_TIME_PARTS = ("year", "month", "day", "hour", "minute", "second")


def check_arity(e: Call, *counts: int) -> None:
    if len(e.arguments) not in counts:
        wanted = " or ".join(map(str, counts))
        raise QueryError(f"{e.function} takes {wanted} arguments, not {len(e.arguments)}")


def arithmetic(name: str, a: Fragment, b: Fragment) -> Fragment:
    if "time" in (a.type, b.type):
        a, b = span(a, b)
        if name == "sub" and a.type == b.type == "time":
            return sql("({} - {})", a, b, type="duration")
        if (name == "add" and "duration" in (a.type, b.type)) or (name == "sub" and b.type == "duration"):
            return sql("({} " + ARITHMETIC[name] + " {})", a, b, type="time")
        raise QueryError(f"{name}: a time takes a duration such as duration'PT1H'")
    kind = "duration" if "duration" in (a.type, b.type) else "number"
    a, b = number(a), number(b)
    if name == "mod":
        return sql("twin_mod({}, {})", a, b, type=kind)
    if name == "div":
        return sql("(1.0 * {} / {})", a, b, type=kind)
    return sql("({} " + ARITHMETIC[name] + " {})", a, b, type=kind)


def call(e: Call, a: list[Fragment], now: int) -> Fragment:
    """A function's value. `now` [µs] is the same throughout a question."""
    name = e.function
    match name:
        case "substringof" | "startswith" | "endswith" | "indexof" | "concat":
            check_arity(e, 2)
            return _of_texts(name, text(a[0]), text(a[1]))
        case "length":
            check_arity(e, 1)
            return sql("length({})", text(a[0]), type="number")
        case "substring":
            check_arity(e, 2, 3)
            marks = "".join(", {}" for _ in a[2:])
            return sql(
                "substr({}, 1 + {}" + marks + ")", text(a[0]), *(number(x) for x in a[1:]), type="text"
            )
        case "tolower" | "toupper" | "trim":
            check_arity(e, 1)
            return sql(f"twin_{name.removeprefix('to')}({{}})", text(a[0]), type="text")
        case "round" | "floor" | "ceiling":
            check_arity(e, 1)
            return sql(f"twin_{name}({{}})", number(a[0]), type="number")
        case "neg":
            check_arity(e, 1)
            return sql("(-{})", number(a[0]), type=a[0].type if a[0].type == "duration" else "number")
        case "now" | "mindatetime" | "maxdatetime":
            check_arity(e, 0)
            moment = {"now": now, "mindatetime": functions.FIRST, "maxdatetime": functions.LAST}[name]
            return bound(moment, "time")
    if name in (*_TIME_PARTS, "fractionalseconds", "date", "time", "totaloffsetminutes"):
        check_arity(e, 1)
        return _of_time(name, span(a[0], bound(0, "time"))[0])
    if name.startswith(("st_", "geo.")):
        return _of_geometries(e, a)
    raise QueryError(f"there is no function {name!r}")


def _of_texts(name: str, a: Fragment, b: Fragment) -> Fragment:
    match name:
        case "substringof":
            return sql("instr({}, {}) > 0", b, a)
        case "startswith":
            return sql("substr({}, 1, length({})) = {}", a, b, b)
        case "endswith":
            return sql(
                "(length({}) <= length({}) AND substr({}, length({}) - length({}) + 1) = {})",
                b,
                a,
                a,
                a,
                b,
                b,
            )
        case "indexof":
            return sql("(instr({}, {}) - 1)", a, b, type="number")
    return sql("({} || {})", a, b, type="text")


def _of_time(name: str, a: Fragment) -> Fragment:
    if name in _TIME_PARTS:
        return sql(f"twin_part({{}}, '{name}')", a, type="number")
    match name:
        case "fractionalseconds":
            return sql("twin_fraction({})", a, type="number")
        case "date":
            return sql("twin_day({})", a, type="time")
        case "time":
            return sql("twin_time_of_day({})", a, type="duration")
    return sql("({} * 0)", a, type="number")


def _of_geometries(e: Call, a: list[Fragment]) -> Fragment:
    name = e.function.partition("_")[2] or e.function.partition(".")[2]
    counts = {"length": 1, "relate": 3}
    if name not in (*functions.RELATIONS, "distance", "length", "relate"):
        raise QueryError(f"there is no function {e.function!r}")
    check_arity(e, counts.get(name, 2))
    shapes = [_shape(e, x) for x in a[: min(len(a), 2)]]
    if name in ("distance", "length"):
        marks = ", ".join("{}" for _ in shapes)
        return sql(f"twin_{name}({marks})", *shapes, type="number")
    if name == "relate":
        return sql("twin_relate({}, {}, {})", *shapes, text(a[2]))
    return sql(f"twin_{name}({{}}, {{}})", *shapes)


def _shape(e: Call, a: Fragment) -> Fragment:
    if a.type == "text" and a.sql == "?":
        return geometry(a.values[0])
    if a.type not in ("geometry", "json", "text"):
        raise QueryError(f"{e.function} takes geometries")
    return a


def geometry(value: str) -> Fragment:
    if functions.from_wkt(value) is None:
        shown = value if len(value) <= 60 else value[:57] + "..."
        raise QueryError(f"{shown!r} is not a geometry in well-known text")
    return bound(value, "geometry")
