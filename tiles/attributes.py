"""The attributes of objects as flat, typed values, and a summary of those of a whole layer."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal, TypeAlias

from citygml.model import Attributes, CityObject, Code, Measure, Value

DISTINCT = 255  # texts with more distinct values are not enums
DEPTH = 3  # nested attributes deeper than this stay out of tiles

Kind = Literal["text", "code", "date", "bool", "int", "float"]
Flat: TypeAlias = "str | int | float | bool | date | Measure | Code"


def flatten(attributes: Attributes, prefix: str = "", depth: int = DEPTH) -> Iterator[tuple[str, Flat]]:
    """(dotted name, scalar) of nested attributes. A list of scalars is joined to one text; of a list of
    nested attributes the first is taken."""
    for name, value in attributes.items():
        if value is None:
            continue
        if isinstance(value, list):
            value = _single(value)
            if value is None:
                continue
        if isinstance(value, dict):
            if depth > 1:
                yield from flatten(value, f"{prefix}{name}.", depth - 1)
        else:
            yield prefix + name, value  # type: ignore[misc]


def _single(values: list[Value]) -> Value:
    held = [v for v in values if v is not None]
    if not held:
        return None
    if len(held) == 1 or isinstance(held[0], dict | list):
        return held[0] if not isinstance(held[0], list) else _single(held[0])
    return "; ".join(text_of(v) for v in held if not isinstance(v, dict | list))


def text_of(value: Value) -> str:
    """A scalar as the text that stands for it in an enum."""
    if isinstance(value, Code):
        return value.code
    if isinstance(value, Measure):
        return f"{value.value:g} {value.unit}".strip()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


@dataclass(slots=True)
class AttributeSummary:
    """What a layer's objects hold under one name. `values`: texts and, where a code list gave one, their
    names; None once there were more than DISTINCT. low, high: the range of the numbers."""

    kinds: set[Kind] = field(default_factory=set)
    units: set[str] = field(default_factory=set)
    values: dict[str, str | None] | None = field(default_factory=dict)
    count: int = 0
    low: float = math.inf
    high: float = -math.inf

    def add(self, value: Flat) -> None:
        self.count += 1
        number: float | None = None
        if isinstance(value, bool):
            self.kinds.add("bool")
        elif isinstance(value, Measure):
            self.kinds.add("float")
            self.units.add(value.unit)
            number = value.value
        elif isinstance(value, int | float):
            self.kinds.add("int" if isinstance(value, int) else "float")
            number = float(value)
        else:
            kind: Kind = "code" if isinstance(value, Code) else "date" if isinstance(value, date) else "text"
            self.kinds.add(kind)
        if number is not None and math.isfinite(number):
            self.low, self.high = min(self.low, number), max(self.high, number)
        if self.values is not None:
            text = text_of(value)
            name = value.name if isinstance(value, Code) else None
            if name is not None or text not in self.values:
                self.values[text] = name
            if len(self.values) > DISTINCT:
                self.values = None


@dataclass(slots=True)
class Summary:
    """The attributes of all objects of a layer: dotted name → summary, and how many of each class."""

    attributes: dict[str, AttributeSummary] = field(default_factory=dict)
    classes: dict[str, int] = field(default_factory=dict)

    def add(self, objects: Iterable[CityObject]) -> None:
        for item in objects:
            self.classes[item.type] = self.classes.get(item.type, 0) + 1
            for name, value in flatten(item.attributes):
                known = self.attributes.get(name)
                if known is None:
                    known = self.attributes[name] = AttributeSummary()
                known.add(value)

    def merge(self, other: Summary) -> None:
        """Add what another summary counted."""
        for name, count in other.classes.items():
            self.classes[name] = self.classes.get(name, 0) + count
        for name, theirs in other.attributes.items():
            mine = self.attributes.setdefault(name, AttributeSummary())
            mine.kinds |= theirs.kinds
            mine.units |= theirs.units
            mine.count += theirs.count
            mine.low, mine.high = min(mine.low, theirs.low), max(mine.high, theirs.high)
            if mine.values is None or theirs.values is None:
                mine.values = None
            else:
                for text, label in theirs.values.items():
                    if label is not None or text not in mine.values:
                        mine.values[text] = label
                if len(mine.values) > DISTINCT:
                    mine.values = None

    def forget(self, other: Summary) -> None:
        """Take back the numbers of objects that another summary counted; values and ranges stay."""
        for name, count in other.classes.items():
            self.classes[name] = self.classes.get(name, 0) - count
        for name, theirs in other.attributes.items():
            self.attributes[name].count -= theirs.count

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON."""
        return {
            "classes": self.classes,
            "attributes": {
                name: {
                    "kinds": sorted(a.kinds),
                    "units": sorted(a.units),
                    "values": a.values,
                    "count": a.count,
                    "range": [a.low, a.high] if a.low <= a.high else None,
                }
                for name, a in self.attributes.items()
            },
        }

    @classmethod
    def from_dict(cls, held: Mapping[str, Any]) -> Summary:
        """The reverse of `to_dict`."""
        attributes = {}
        for name, a in held["attributes"].items():
            low, high = a["range"] or (math.inf, -math.inf)
            attributes[name] = AttributeSummary(
                set(a["kinds"]), set(a["units"]), a["values"], a["count"], low, high
            )
        return cls(attributes, dict(held["classes"]))
