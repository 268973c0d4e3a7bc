"""The words of a `$filter` or `$orderby` expression: numbers, texts, times, geometries, names, marks."""

from __future__ import annotations

import re
from dataclasses import dataclass

from twin.errors import QueryError

_DATE = r"\d{4}-\d\d-\d\d"
_OFFSET = r"(?:Z|z|[+\- ]\d\d:?\d\d)"
_MOMENT = rf"{_DATE}[Tt]\d\d:\d\d(?::\d\d(?:\.\d+)?)?{_OFFSET}?"
_PERIOD = r"-?P(?=[\dT])(?:\d+[YMWD])*(?:T(?:\d+(?:\.\d+)?[HMS])+)?"
_WORDS = re.compile(
    rf"""
    (?P<space>\s+)
  | (?P<interval>{_MOMENT}/(?:{_MOMENT}|{_PERIOD})|{_PERIOD}/{_MOMENT})
  | (?P<moment>{_MOMENT})
  | (?P<date>{_DATE})
  | (?P<clock>\d\d:\d\d(?::\d\d(?:\.\d+)?)?)
  | (?P<duration>duration'[^']*')
  | (?P<geometry>(?:geography|geometry)'[^']*')
  | (?P<text>'(?:[^']|'')*')
  | (?P<number>(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+\-]?\d+)?)
  | (?P<name>[^\W\d][\w.:@\-]*(?:\[\d+\])*|@[\w.:\-]+)
  | (?P<mark>[(),/\-])
    """,
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Word:
    """kind: one of the groups above, or `end`. start: where it begins in the text."""

    kind: str
    text: str
    start: int


def words(text: str) -> list[Word]:
    """All words of an expression and a last one of kind `end`. Raises QueryError."""
    found = []
    at = 0
    while at < len(text):
        match = _WORDS.match(text, at)
        if not match or not match.end() > at:
            raise QueryError(f"cannot read {text[at : at + 20]!r} at place {at + 1} of the expression")
        kind = str(match.lastgroup)
        if kind != "space":
            found.append(Word(kind, match[0], at))
        at = match.end()
    found.append(Word("end", "", len(text)))
    return found
