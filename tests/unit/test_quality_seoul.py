"""Two years of fine dust in Seoul: flags and alerts of real readings against a plain count of them."""

from __future__ import annotations

import csv
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from tests.unit.alert_models import S, add_thing
from twin.alerts import records
from twin.alerts.engine import AlertEngine
from twin.alerts.rules import parse_rule
from twin.observations import quality_rules
from twin.observations.changes import Append, AppendMany, Call
from twin.observations.flagged import flagged
from twin.observations.quality import Flag
from twin.observations.store import Observations, open_observations

DAY = 86_400 * S
Dust = dict[str, tuple[np.ndarray, np.ndarray]]


@pytest.fixture(scope="module")
def dust(data: Path) -> Dust:
    """PM2.5 by station: days [µs] and daily means [µg/m³], without the days that are missing."""
    found: dict[str, list[tuple[int, float]]] = defaultdict(list)
    for year in ("2020", "2021"):
        text = (data / "iot" / "seoul-air" / f"{year}.csv").read_text("cp949")
        for day, station, *_, pm25 in csv.reader(text.splitlines()[1:]):
            if pm25:
                moment = datetime.strptime(day, "%Y%m%d").replace(tzinfo=UTC)
                found[station].append((round(moment.timestamp() * S), float(pm25)))
    return {
        station: (np.array([t for t, _ in rows], np.int64), np.array([v for _, v in rows]))
        for station, rows in found.items()
    }


def stations(obs: Observations, dust: Dust) -> dict[str, int]:
    return {name: add_thing(obs, name, "초미세먼지", "㎍/㎥")[0] for name in dust}


def test_the_data_is_what_it_was(dust: Dust) -> None:
    assert len(dust) > 30
    assert sum(len(values) for _, values in dust.values()) > 25_000
    assert max(values.max() for _, values in dust.values()) > 75


def test_flags_match_a_plain_count(tmp_path: Path, dust: Dust) -> None:
    limits = {"maximum": 80, "rate": 40 / 86_400, "gap": 2, "expected_interval_s": 86_400, "stuck_s": 86_400}
    with open_observations(tmp_path) as obs:
        ids = stations(obs, dust)

        def save(connection):
            for id_ in ids.values():
                quality_rules.save(connection, id_, quality_rules.parse(limits))

        obs.writer.submit(Call(save, rules=True)).result()
        obs.writer.submit(AppendMany([Append(ids[n], t, v) for n, (t, v) in dust.items()])).result()
        with obs.connection() as connection:
            given = flagged(connection, limit=10**6)
    counts = {flag: sum(bool(f.flags & flag) for f in given) for flag in Flag}
    high = sum(int((v > 80).sum()) for _, v in dust.values())
    gaps = sum(int((np.diff(np.unique(t)) > 2 * DAY).sum()) for t, _ in dust.values())
    assert counts[Flag.RANGE] == high > 50
    assert counts[Flag.GAP] == gaps > 5
    assert counts[Flag.CLOCK] == 0
    assert counts[Flag.DUPLICATE] == sum(len(t) - len(np.unique(t)) for t, _ in dust.values())
    steep = stuck = 0
    for t, v in dust.values():
        days, first = np.unique(t, return_index=True)
        good = v[first] <= 80
        days, values = days[good], v[first][good]
        steep += int((np.abs(np.diff(values)) / (np.diff(days) / DAY) > 40 + 1e-9).sum())
        same = np.diff(values) == 0
        start = days.copy()
        for i in range(1, len(days)):
            start[i] = start[i - 1] if same[i - 1] else days[i]
        stuck += int((days - start > DAY).sum())
    assert counts[Flag.RATE] == steep > 0
    assert counts[Flag.STUCK] == stuck > 50


def test_alerts_match_a_plain_count(tmp_path: Path, dust: Dust) -> None:
    """At or above 75 raises, below 35 clears: the levels of the law, here on daily means."""
    rule = parse_rule(
        "pm25",
        {
            "title": {"ko": "초미세먼지", "en": "Fine dust"},
            "select": {"property": "초미세먼지"},
            "condition": {"kind": "threshold", "operator": ">=", "value": 75, "clear": 35},
            "max_age_s": None,
        },
    )
    with open_observations(tmp_path) as obs:
        ids = stations(obs, dust)
        engine = AlertEngine(obs, tmp_path)
        engine.set_rule(rule)
        engine.step()
        obs.writer.submit(AppendMany([Append(ids[n], t, v) for n, (t, v) in dust.items()])).result()
        engine.step()
        with obs.connection() as connection:
            alerts = records.list_alerts(connection, limit=10**6)
    expected = []
    for name, (times, values) in dust.items():
        open_ = False
        for moment, value in zip(times.tolist(), values.tolist(), strict=True):
            if not open_ and value >= 75:
                expected.append((ids[name], moment // 1000, value))
            open_ = value >= (35 if open_ else 75)
    assert sorted((a["datastream"], a["time"], a["value"]) for a in alerts) == sorted(expected)
    assert len(expected) > 40
