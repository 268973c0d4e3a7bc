"""Expected depths as readings: each sub-basin is a Thing that observes "expected water depth".

The alert rules of the city judge them like those of any sensor, with their hysteresis, history and webhooks.
Each reading is of the time from the issue of the forecast to its end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from analysis.errors import AnalysisError
from analysis.warning.levels import Levels
from twin.alerts import records
from twin.alerts.rules import Rule, parse_rule
from twin.observations.changes import Call
from twin.observations.store import Observations
from twin.sources.readings import Quantity, Series, Station
from twin.sources.sink import Sink, Written

if TYPE_CHECKING:
    from sqlite3 import Connection

    from analysis.warning.area import Basin

SOURCE = "flood-warning"
KIND = "flood-basin"
EXPECTED_DEPTH = Quantity(
    "expected depth",
    "expected water depth",
    "urn:citytwin:quantity:expected-water-depth",
    "metre",
    "m",
    "https://qudt.org/vocab/unit/M",
)
_SEVERITIES = ("info", "warning", "critical")


def stations(basins: Sequence[Basin]) -> list[Station]:
    """A station in each sub-basin, known again by where it lies. Raises AnalysisError for basins without a
    place on the globe."""
    found = []
    for basin in basins:
        if basin.point is None:
            raise AnalysisError("the sub-basins have no place on the globe; give the city an anchor")
        longitude, latitude = basin.point
        found.append(
            Station(
                f"basin-{longitude:.5f},{latitude:.5f}",
                f"Sub-basin {basin.number}",
                "Expected flooding of a drainage sub-basin",
                longitude,
                latitude,
                properties={"kind": KIND, "basin": basin.number, "area_m2": basin.area},
            )
        )
    return found


def install(observations: Observations, levels: Levels) -> None:
    """Store the rules of the levels, unless rules of their names are there, which an operator may have
    changed."""

    def store(connection: Connection) -> None:
        known = records.rules(connection)
        for rule in rules(levels):
            if rule.name not in known:
                records.set_rule(connection, rule)

    observations.writer.submit(Call(store)).result()


def publish(
    observations: Observations,
    places: Sequence[Station],
    depths: npt.ArrayLike,
    issued: int,
    until: int,
) -> Written:
    """Store one reading for each sub-basin: depth [m] expected between `issued` and `until` [µs].

    A depth that is not known (NaN) is not stored. The Things and Datastreams are made when they are not
    there.
    """
    values = np.asarray(depths, np.float64)
    if len(values) != len(places):
        raise AnalysisError(f"{len(places)} sub-basins have {len(values)} depths")
    if until < issued:
        raise AnalysisError("a forecast ends after it is issued")
    sink = Sink(observations, SOURCE, "Flood forecast from rain, the scenario library and the terrain")
    series = [
        Series(place, EXPECTED_DEPTH, np.array([issued], np.int64), [round(float(v), 3)], [until])
        for place, v in zip(places, values, strict=True)
        if np.isfinite(v)
    ]
    return sink.write(series)


def rules(levels: Levels, source: str = "depth bands of Korean flood maps") -> list[Rule]:
    """One alert rule for each warning level, on every sub-basin's expected depth.

    The first level informs, the last two are critical, those between are warnings.
    """
    return [_rule(levels, number, depth, source) for number, depth in enumerate(levels.depths, 1)]


def _rule(levels: Levels, number: int, depth: float, source: str) -> Rule:
    ko, en = levels.names[number - 1]
    last = len(levels.depths)
    severity = _SEVERITIES[0] if number == 1 < last else _SEVERITIES[2 if number > last - 2 else 1]
    condition: Mapping[str, Any] = {
        "kind": "threshold",
        "operator": ">=",
        "value": depth,
        "clear": round(depth - levels.clear, 6),
    }
    return parse_rule(
        f"flood-expected-{number}",
        {
            "title": {
                "ko": f"침수 예상 {ko}: {depth:g} m 이상",
                "en": f"Flood expected, {en}: {depth:g} m or more",
            },
            "severity": severity,
            "source": source,
            "select": {"property": EXPECTED_DEPTH.name},
            "condition": condition,
        },
    )
