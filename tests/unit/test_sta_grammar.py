"""Expressions of `$filter` and `$orderby`."""

from __future__ import annotations

import math
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.sensorthings.grammar import MAX_DEPTH, MAX_LENGTH, parse_filter, parse_orders
from twin.errors import QueryError, TooLarge
from twin.observations.query import Call, Duration, Expression, Geometry, Instant, Interval, Literal, Path

NEW_YEAR = 1_577_836_800_000_000
HOUR = 3_600_000_000


def shown(expression: Expression) -> str:
    """An expression with all its brackets."""
    match expression:
        case Call(function, arguments):
            return f"{function}({', '.join(map(shown, arguments))})"
        case Path(segments):
            return "/".join(segments)
        case Literal(value):
            return repr(value)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a eq 1 or b eq 2 and c eq 3", "or(eq(a, 1), and(eq(b, 2), eq(c, 3)))"),
        ("(a eq 1 or b eq 2) and c eq 3", "and(or(eq(a, 1), eq(b, 2)), eq(c, 3))"),
        ("not a and b", "and(not(a), b)"),
        ("not (a and b)", "not(and(a, b))"),
        ("a gt 1 eq true", "eq(gt(a, 1), True)"),
        ("a add b mul c sub d", "sub(add(a, mul(b, c)), d)"),
        ("a sub b sub c", "sub(sub(a, b), c)"),
        ("a div b mod c", "mod(div(a, b), c)"),
        ("a lt b add 1", "lt(a, add(b, 1))"),
        ("-a lt -3", "lt(neg(a), -3)"),
        ("- 2.5 eq x", "eq(-2.5, x)"),
        ("a and b and c and d", "and(and(a, b), and(c, d))"),
        ("startswith(tolower(name),'o''b')", 'startswith(tolower(name), "o\'b")'),
        ("@iot.id eq 3", "eq(id, 3)"),
        ("Datastream/unitOfMeasurement/name ne null", "ne(Datastream/unitOfMeasurement/name, None)"),
        ("properties/my-key/0 eq 'and'", "eq(properties/my-key/0, 'and')"),
        ("true eq properties/true/x", "eq(True, properties/true/x)"),
    ],
)
def test_precedence_and_names(text: str, tree: str) -> None:
    assert shown(parse_filter(text)) == tree


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2020-01-01T00:00:00Z", Instant(NEW_YEAR)),
        ("2020-01-01T09:00:00+09:00", Instant(NEW_YEAR)),
        ("2020-01-01T09:00:00 09:00", Instant(NEW_YEAR)),
        ("2020-01-01T00:00:00.000001Z", Instant(NEW_YEAR + 1)),
        ("2020-01-01", Instant(NEW_YEAR)),
        ("2020-01-01T00:00:00Z/2020-01-01T01:00:00Z", Interval(NEW_YEAR, NEW_YEAR + HOUR)),
        ("2020-01-01T00:00:00Z/PT1H", Interval(NEW_YEAR, NEW_YEAR + HOUR)),
        ("PT1H/2020-01-01T00:00:00Z", Interval(NEW_YEAR - HOUR, NEW_YEAR)),
        ("duration'P1DT1H'", Duration(25 * HOUR)),
        ("01:00:00", Duration(HOUR)),
        ("geography'POINT(1 2)'", Geometry("POINT(1 2)")),
        ("geometry'POINT(1 2)'", Geometry("POINT(1 2)")),
        ("''''", "'"),
        ("1e3", 1000.0),
        ("9223372036854775807", 9223372036854775807),
        ("9223372036854775808", 9.223372036854776e18),
        (".5", 0.5),
        ("INF", math.inf),
        ("-INF", -math.inf),
    ],
)
def test_values(text: str, value: object) -> None:
    found = parse_filter(text)
    assert isinstance(found, Literal)
    assert found.value == value
    assert type(found.value) is type(value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected a value, a property or a function, found the end"),
        ("result gt", "found the end"),
        ("result gt 3 4", "expected an operator or the end, found '4' at place 13"),
        ("result == 3", "cannot read '== 3'"),
        ("(result gt 3", "expected ')'"),
        ("nonsense(result)", "there is no function nonsense"),
        ("substringof('a')", "takes 2 arguments, found 1"),
        ("substring(name)", "takes 2 or 3 arguments"),
        ("result gt 'open", "cannot read"),
        ("phenomenonTime gt 2020-13-01T00:00:00Z", "is not a time"),
        ("phenomenonTime gt 2020-01-02T00:00:00Z/2020-01-01T00:00:00Z", "ends before it starts"),
        ("a/'x' eq 1", "expected a property after '/'"),
    ],
)
def test_what_cannot_be_read_is_told(text: str, message: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse_filter(text)
    assert message in str(caught.value)


def test_limits() -> None:
    deep = MAX_DEPTH - 1
    parse_filter("(" * deep + "a" + ")" * deep)
    for text in (
        "(" * (MAX_DEPTH + 1) + "a" + ")" * (MAX_DEPTH + 1),
        "not " * (MAX_DEPTH + 1) + "a",
        "-" * (MAX_DEPTH + 1) + "a",
        " add ".join(["a"] * 200),
        "result gt 3 or " * (MAX_LENGTH // 15) + "result gt 4",
        "tolower(" * 60 + "name" + ")" * 60,
    ):
        with pytest.raises(TooLarge):
            parse_filter(text)


def test_a_long_chain_is_no_deep_tree() -> None:
    found = parse_filter(" or ".join(f"id eq {i}" for i in range(1500)))
    level: list[Expression] = [found]
    depth = 0
    while level:
        depth += 1
        level = [a for e in level if isinstance(e, Call) for a in e.arguments]
    assert depth == 13  # 11 levels of `or`, the comparison, its operands


def test_orders() -> None:
    orders = parse_orders("Datastream/id desc, result asc,length(name)")
    assert [(shown(order.expression), order.descending) for order in orders] == [
        ("Datastream/id", True),
        ("result", False),
        ("length(name)", False),
    ]
    with pytest.raises(QueryError):
        parse_orders("result down")


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    for parse in (parse_filter, parse_orders):
        with suppress(QueryError, TooLarge):
            parse(text)
