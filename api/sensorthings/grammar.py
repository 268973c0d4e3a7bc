"""Expressions of `$filter` and `$orderby` (18-088, 9.3.3.5): text to the tree the store understands.

Precedence climbing over the operators of OData 4.0: not and minus, then mul div mod, add sub, gt ge lt le,
eq ne, and, or. Chains of `and` and `or` become balanced trees, so that a long one is not a deep one.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from api.sensorthings.lexer import Word, words
from twin.errors import QueryError, TooLarge
from twin.observations.query import (
    Call,
    Duration,
    Expression,
    Geometry,
    Instant,
    Interval,
    Literal,
    Order,
    Path,
)
from twin.observations.times import parse_duration, parse_instant, parse_interval

MAX_LENGTH = 32_768
"""Characters of one expression."""
MAX_DEPTH = 50
"""Brackets, functions and chained calculations within one another."""
MAX_WORDS = 8_000

_LEVELS = (
    {"or"},
    {"and"},
    {"eq", "ne"},
    {"gt", "ge", "lt", "le"},
    {"add", "sub"},
    {"mul", "div", "mod"},
)
_CONSTANTS: dict[str, bool | float | None] = {
    "null": None,
    "true": True,
    "false": False,
    "NaN": math.nan,
    "INF": math.inf,
}
FUNCTIONS: dict[str, tuple[int, int]] = {
    **dict.fromkeys(("substringof", "endswith", "startswith", "indexof", "concat"), (2, 2)),
    **dict.fromkeys(("length", "tolower", "toupper", "trim"), (1, 1)),
    "substring": (2, 3),
    **dict.fromkeys(("year", "month", "day", "hour", "minute", "second", "fractionalseconds"), (1, 1)),
    **dict.fromkeys(("date", "time", "totaloffsetminutes"), (1, 1)),
    **dict.fromkeys(("now", "mindatetime", "maxdatetime"), (0, 0)),
    **dict.fromkeys(("round", "floor", "ceiling"), (1, 1)),
    **dict.fromkeys(("geo.distance", "geo.intersects"), (2, 2)),
    "geo.length": (1, 1),
    **dict.fromkeys(("st_equals", "st_disjoint", "st_touches", "st_within", "st_overlaps"), (2, 2)),
    **dict.fromkeys(("st_crosses", "st_intersects", "st_contains"), (2, 2)),
    "st_relate": (3, 3),
}
"""Functions of 18-088, tables 23 to 27, with the least and the greatest number of their arguments."""


def parse_filter(text: str) -> Expression:
    """Raises QueryError when it cannot be read, TooLarge beyond the limits above."""
    parser = _Parser(text)
    found = parser.expression()
    parser.end()
    return found


def parse_orders(text: str) -> tuple[Order, ...]:
    """`resultTime desc,id`. Raises like `parse_filter`."""
    parser = _Parser(text)
    orders = [parser.order()]
    while parser.takes(","):
        orders.append(parser.order())
    parser.end()
    return tuple(orders)


class _Parser:
    def __init__(self, text: str) -> None:
        if len(text) > MAX_LENGTH:
            raise TooLarge(f"an expression may have {MAX_LENGTH:,} characters, this one has {len(text):,}")
        self.words = words(text)
        if len(self.words) > MAX_WORDS:
            raise TooLarge(f"an expression may have {MAX_WORDS:,} words, this one has {len(self.words):,}")
        self.at = 0
        self.depth = 0

    @property
    def word(self) -> Word:
        return self.words[self.at]

    def takes(self, mark: str) -> bool:
        """Whether the next word is this mark, which is then consumed."""
        if self.word.kind == "mark" and self.word.text == mark:
            self.at += 1
            return True
        return False

    def wants(self, mark: str) -> None:
        if not self.takes(mark):
            raise self.error(f"expected {mark!r}")

    def end(self) -> None:
        if self.word.kind != "end":
            raise self.error("expected an operator or the end")

    def error(self, what: str) -> QueryError:
        word = self.word
        found = f"{word.text[:40]!r} at place {word.start + 1}" if word.kind != "end" else "the end"
        return QueryError(f"{what}, found {found} of the expression")

    def order(self) -> Order:
        expression = self.expression()
        descending = False
        if self.word.kind == "name":
            if self.word.text not in ("asc", "desc"):
                raise self.error("expected asc or desc")
            descending = self.word.text == "desc"
            self.at += 1
        return Order(expression, descending)

    def deeper(self, inner: Callable[[], Expression]) -> Expression:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise TooLarge(f"an expression may be nested {MAX_DEPTH} deep")
        found = inner()
        self.depth -= 1
        return found

    def expression(self) -> Expression:
        return self.deeper(lambda: self.binary(0))

    def binary(self, level: int) -> Expression:
        if level == len(_LEVELS):
            return self.unary()
        operands = [self.binary(level + 1)]
        operators = []
        while self.word.kind == "name" and self.word.text in _LEVELS[level]:
            operators.append(self.word.text)
            self.at += 1
            operands.append(self.binary(level + 1))
        if level < 2:
            return _balanced(operators[0], operands) if operators else operands[0]
        if len(operators) > MAX_DEPTH:
            raise TooLarge(f"a calculation may have {MAX_DEPTH} steps")
        found = operands[0]
        for operator, operand in zip(operators, operands[1:], strict=True):
            found = Call(operator, (found, operand))
        return found

    def unary(self) -> Expression:
        if self.word.kind == "name" and self.word.text == "not":
            self.at += 1
            return Call("not", (self.deeper(self.unary),))
        if self.takes("-"):
            inner = self.deeper(self.unary)
            if isinstance(inner, Literal) and type(inner.value) in (int, float):
                return Literal(-inner.value)  # type: ignore[operator]
            return Call("neg", (inner,))
        return self.primary()

    def primary(self) -> Expression:
        if self.takes("("):
            inner = self.expression()
            self.wants(")")
            return inner
        word = self.word
        if word.kind == "name":
            return self.named()
        if word.kind not in _LITERALS:
            raise self.error("expected a value, a property or a function")
        self.at += 1
        return Literal(_LITERALS[word.kind](word.text))

    def named(self) -> Expression:
        name = self.word.text
        following = self.words[self.at + 1]
        if following.kind == "mark" and following.text == "(":
            return self.call(name)
        self.at += 1
        if name in _CONSTANTS and not (following.kind == "mark" and following.text == "/"):
            return Literal(_CONSTANTS[name])
        segments = _own(name)
        while self.takes("/"):
            if self.word.kind not in ("name", "number"):
                raise self.error("expected a property after '/'")
            segments += _own(self.word.text)
            self.at += 1
        return Path(tuple(segments))

    def call(self, name: str) -> Expression:
        if name not in FUNCTIONS:
            raise self.error(f"there is no function {name[:40]}")
        least, most = FUNCTIONS[name]
        self.at += 2
        arguments: list[Expression] = []
        if not self.takes(")"):
            arguments.append(self.expression())
            while self.takes(","):
                arguments.append(self.expression())
            self.wants(")")
        if not least <= len(arguments) <= most:
            wanted = f"{least}" if least == most else f"{least} or {most}"
            raise QueryError(f"{name} takes {wanted} arguments, found {len(arguments)}")
        return Call(name, tuple(arguments))


def _balanced(operator: str, operands: list[Expression]) -> Expression:
    while len(operands) > 1:
        pairs = [Call(operator, (a, b)) for a, b in zip(operands[::2], operands[1::2], strict=False)]
        operands = [*pairs, *operands[len(pairs) * 2 :]]
    return operands[0]


def _own(name: str) -> list[str]:
    """The steps that a name stands for: `@iot.id` is `id` within, `result[0]` the same as `result/0`."""
    return ["id"] if name == "@iot.id" else name.replace("]", "").split("[")


def _moment(text: str) -> Instant:
    """A `+` in a URL that was not escaped arrives as a space."""
    return Instant(parse_instant(text.upper().replace(" ", "+")))


def _number(text: str) -> int | float:
    if text.isdigit():
        whole = int(text) if len(text) < 20 else 1 << 64
        return whole if whole < 1 << 63 else float(text)
    return float(text)


def _clock(text: str) -> Duration:
    return Duration(parse_instant(f"1970-01-01T{text}"))


_LITERALS: dict[str, Callable[[str], int | float | str | Instant | Interval | Duration | Geometry]] = {
    "number": _number,
    "text": lambda text: text[1:-1].replace("''", "'"),
    "moment": _moment,
    "date": lambda text: Instant(parse_instant(f"{text}T00:00:00Z")),
    "interval": lambda text: parse_interval(text.upper().replace(" ", "+")),
    "clock": _clock,
    "duration": lambda text: Duration(parse_duration(text[9:-1])),
    "geometry": lambda text: Geometry(text[text.index("'") + 1 : -1]),
}
