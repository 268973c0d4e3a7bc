"""Stations: Things as maps, lists and layers show them.

A station is one Thing with its datastreams, their latest readings, the city object that it belongs to and
how it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

STATES = ("ok", "late", "silent", "flagged", "alert")
"""How a station is; of several, the last counts. late, silent: it has not been heard of for twice, or ten
times, the time between its readings; flagged: a latest reading is doubtful; alert: an alert is open."""
KINDS = ("other", "stream-level", "rain", "air", "hydrant", "meter", "weather")


@dataclass(slots=True)
class Reading:
    """One datastream and its latest result. time: [µs since 1970], None without a reading. flags: bits of
    `twin.observations.quality`."""

    id: int
    name: str
    observed_property: str
    unit: str
    value: Any = None
    time: int | None = None
    flags: int = 0

    @property
    def number(self) -> float | None:
        """The result if it is a number."""
        number = isinstance(self.value, int | float) and not isinstance(self.value, bool)
        return float(self.value) if number else None


@dataclass(slots=True)
class Station:
    """One Thing. longitude, latitude [degrees] and height [m above the ellipsoid] of WGS 84, None without
    a place; last_seen: [µs since 1970]."""

    id: int
    name: str
    kind: str = "other"
    longitude: float | None = None
    latitude: float | None = None
    height: float | None = None
    state: str = "ok"
    last_seen: int | None = None
    object_id: str | None = None
    properties: dict[str, Any] = field(default_factory=dict)
    datastreams: list[Reading] = field(default_factory=list)

    @property
    def main(self) -> Reading | None:
        """The datastream that stands for the station: the first with a number, else the first."""
        numbers = (r for r in self.datastreams if r.number is not None)
        return next(numbers, self.datastreams[0] if self.datastreams else None)


_WORDS = {
    "hydrant": "hydrant|water.?pressure|소화전",
    "stream-level": "water.?level|stage|discharge|수위|유량",
    "rain": r"\brain|precipitation|강우|강수",
    "air": "pm10|pm2\\.?5|particulate|\\bdust|ozone|nitrogen|sul(ph|f)ur|carbon.monoxide|no2|so2"
    "|미세먼지|오존|질소|아황산|일산화탄소",
    "meter": "energy|electric|consumption|water use|gas volume|heat|전력|가스|사용량|열량",
    "weather": r"temperature|humidity|\bwind(?!ow)|pressure|irradian|기온|습도|풍속|기압|일사",
}
"""What tells the kind of a station, in the names of what it observes; the first that fits."""


def kind_of(properties: dict[str, Any], observed: Iterable[str]) -> str:
    """The kind of a station: what its properties say, else what its observed properties are called."""
    named = properties.get("kind")
    if named in KINDS:
        return str(named)
    text = " ".join(observed).casefold()
    return next((kind for kind, words in _WORDS.items() if re.search(words, text)), "other")
