"""Daylight rules as data: what is measured, when, and how much of it is enough.

The rules that ship are in `rules.json`; a JSON file with one object of the same form is a rule of one's own.
A rule of `sunlight` counts hours of sun within windows of the day. A rule of `sky` asks for a share of the
sky's light on the facade.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal

from analysis.errors import AnalysisError

WINTER_SOLSTICE = "winter-solstice"
_DAY = re.compile(r"(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d|24:00")


@dataclass(frozen=True)
class Criterion:
    """So many hours of sun within start and end of the day, "HH:MM": in total, or as one unbroken spell."""

    measure: Literal["total", "spell"]
    hours: float
    start: str = "00:00"
    end: str = "24:00"

    def __post_init__(self) -> None:
        if self.measure not in ("total", "spell"):
            raise AnalysisError(f"a criterion measures 'total' or 'spell', not {self.measure!r}")
        if not (_CLOCK.fullmatch(self.start) and _CLOCK.fullmatch(self.end) and self.start < self.end):
            raise AnalysisError(
                f"a criterion's window {self.start} to {self.end} is none; write HH:MM, the start first"
            )
        if not 0 < self.hours <= 24:
            raise AnalysisError(f"a criterion asks for more than 0 and at most 24 hours, not {self.hours}")


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A rule and where it comes from. title, source: by language. dated: when it came into force.

    Rules of sunlight: date is "winter-solstice" (of the place's hemisphere) or "MM-DD"; dates, first and last
    "MM-DD" that may be chosen instead. clock: "civil", as the clock on the wall shows, summer time included,
    or "solar", the sun due south (or north) at 12. minimum_elevation [degrees]: a lower sun does not count;
    None where the rule has one for each place, and it was not given. passes: whether any or all criteria must
    be met. levels: names for hours [h] of the first criterion.
    Rules of the sky: minimum, the vertical sky component that is enough [%]; ratio: the share of its former
    value that is enough where a plan takes it below that.
    """

    id: str
    title: Mapping[str, str]
    source: Mapping[str, str]
    dated: str
    measure: Literal["sunlight", "sky"] = "sunlight"
    date: str = WINTER_SOLSTICE
    dates: tuple[str, str] | None = None
    clock: Literal["civil", "solar"] = "civil"
    minimum_elevation: float | None = 0.0
    passes: Literal["any", "all"] = "all"
    criteria: tuple[Criterion, ...] = ()
    levels: Mapping[str, float] = field(default_factory=dict)
    minimum: float = 0.0
    ratio: float = 1.0

    def __post_init__(self) -> None:
        for name, choices in {
            "measure": ("sunlight", "sky"),
            "clock": ("civil", "solar"),
            "passes": ("any", "all"),
        }.items():
            if getattr(self, name) not in choices:
                raise AnalysisError(
                    f"rule {self.id}: {name} is {' or '.join(choices)}, not {getattr(self, name)!r}"
                )
        if self.measure == "sunlight" and not self.criteria:
            raise AnalysisError(f"rule {self.id}: a rule of sunlight needs criteria")
        if self.measure == "sky" and not (0 < self.minimum <= 100 and 0 < self.ratio <= 1):
            raise AnalysisError(f"rule {self.id}: minimum lies in 0 to 100 %, ratio in 0 to 1")
        for day in (self.date, *(self.dates or ())):
            if day != WINTER_SOLSTICE and not _DAY.fullmatch(day):
                raise AnalysisError(f"rule {self.id}: a date is MM-DD or {WINTER_SOLSTICE}, not {day!r}")
        for language in ("ko", "en"):
            if language not in self.title or language not in self.source:
                raise AnalysisError(f"rule {self.id}: title and source are needed in ko and en")

    def with_elevation(self, degrees: float) -> Rule:
        """The rule with the least height of the sun [degrees] that counts at a place."""
        return replace(self, minimum_elevation=degrees)


def rules() -> dict[str, Rule]:
    """The rules that ship, by id."""
    items = json.loads(Path(__file__).with_name("rules.json").read_text("utf-8"))
    return {item["id"]: rule_of(item) for item in items}


def find_rule(what: str | Path | Mapping[str, Any]) -> Rule:
    """A rule by the id of one that ships, by a JSON file, or by its object. Raises AnalysisError."""
    if isinstance(what, Mapping):
        return rule_of(what)
    known = rules()
    if str(what) in known:
        return known[str(what)]
    path = Path(what)
    if path.suffix.lower() != ".json":
        raise AnalysisError(
            f"no daylight rule is called {what!r}; there are {', '.join(known)}, or give a JSON file"
        )
    try:
        item = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise AnalysisError(f"{path}: cannot be read as a rule: {error}") from error
    if not isinstance(item, Mapping):
        raise AnalysisError(f"{path}: a rule is one JSON object")
    return rule_of(item)


def rule_of(item: Mapping[str, Any]) -> Rule:
    """A rule from its JSON object. Raises AnalysisError that names what is wrong."""
    known = {f.name for f in fields(Rule)}
    unknown = sorted(set(item) - known)
    if unknown:
        raise AnalysisError(f"a daylight rule has no {', '.join(unknown)}; it has {', '.join(sorted(known))}")
    values = dict(item)
    try:
        values["criteria"] = tuple(Criterion(**each) for each in item.get("criteria", ()))
        if item.get("dates") is not None:
            first, last = item["dates"]
            values["dates"] = (first, last)
        return Rule(**values)
    except (TypeError, ValueError) as error:
        raise AnalysisError(f"daylight rule {item.get('id', '')}: {error}") from error
