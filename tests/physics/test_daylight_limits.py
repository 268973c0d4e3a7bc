"""Daylight rules at, just above and just below their limits: spells of sun written down by hand."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from analysis.errors import AnalysisError
from analysis.sun.daylight import Rule, find_rule, rules
from analysis.sun.daylight.clock import date_of, window, winter_solstice
from analysis.sun.daylight.judge import Daylight, judged
from analysis.sun.daylight.rules import Criterion
from analysis.sun.daylight.spells import LitAt, sample
from analysis.sun.scene import Place

SEOUL = Place(37.5665, 126.978, timezone="Asia/Seoul")
BERLIN = Place(52.52, 13.405, timezone="Europe/Berlin")
SYDNEY = Place(-33.8688, 151.2093, timezone="Australia/Sydney")
KOREA = find_rule("korea")
WINDOWS = [(0.0, 8 * 3600.0), (3600.0, 7 * 3600.0)]
"""Of the Korean rule, from 08:00."""


def clock(text: str) -> float:
    """Seconds after 08:00."""
    hours, minutes, seconds = (*map(int, text.split(":")), 0)[:3]
    return (hours - 8) * 3600.0 + minutes * 60 + seconds


def lit_between(*points: Sequence[tuple[str, str]]) -> LitAt:
    """Light of points that are in the sun between the times of each."""

    def lit_at(seconds: np.ndarray, chosen: np.ndarray) -> np.ndarray:
        return np.array(
            [
                [any(clock(a) <= t < clock(b) for a, b in points[p]) for p in chosen.tolist()]
                for t in seconds.tolist()
            ],
            bool,
        ).reshape(len(seconds), len(chosen))

    return lit_at


def korean(*points: Sequence[tuple[str, str]]) -> Daylight:
    return judged(KOREA, WINDOWS, lit_between(*points), len(points))


@pytest.mark.parametrize(
    ("spells", "total", "longest", "meets"),
    [
        # Four hours in pieces, none of which is two hours long.
        ([("08:00", "09:50"), ("10:10", "11:10"), ("14:50", "16:00")], 4.0, 1.0, True),
        ([("08:00", "09:50"), ("10:10", "11:10"), ("14:50", "15:59:59")], 4 - 1 / 3600, 1.0, False),
        ([("08:00", "09:50"), ("10:10", "11:10"), ("14:49:59", "16:00")], 4 + 1 / 3600, 1.0, True),
        # One spell of two hours and nothing else.
        ([("10:20:30", "12:20:30")], 2.0, 2.0, True),
        ([("10:20:30", "12:20:29")], 2 - 1 / 3600, 2 - 1 / 3600, False),
        ([("10:20:30", "12:20:31")], 2 + 1 / 3600, 2 + 1 / 3600, True),
        # What lies outside of the windows does not count: before 09:00 for the spell, after 16:00 for both.
        ([("08:00", "11:00")], 3.0, 2.0, True),
        ([("08:00", "10:59:59")], 3 - 1 / 3600, 2 - 1 / 3600, False),
        ([("13:00", "16:30")], 3.0, 2.0, True),
        ([("13:00:01", "16:30")], 3 - 1 / 3600, 2 - 1 / 3600, False),
        # Two spells of an hour and a half each are no spell of two hours.
        ([("09:00", "10:30"), ("11:00", "12:30")], 3.0, 1.5, False),
        ([], 0.0, 0.0, False),
        ([("07:00", "17:00")], 8.0, 6.0, True),
    ],
)
def test_the_korean_limits_to_the_second(
    spells: list[tuple[str, str]], total: float, longest: float, meets: bool
) -> None:
    found = korean(spells)
    assert found.passes[0] == meets
    assert found.values[:, 0] == pytest.approx([total, longest], abs=1.5 / 3600 if spells else 1e-12)


def test_points_far_from_the_limit_are_known_to_a_minute_and_keep_their_times() -> None:
    found = korean([("09:10:20", "10:00:40"), ("11:00:10", "14:30:50")], [("12:00", "12:30")])
    total = (50 * 60 + 20 + 3 * 3600 + 30 * 60 + 40) / 3600
    assert found.values[0] == pytest.approx([total, 0.5], abs=1 / 60)
    assert found.begins[1, 0] == pytest.approx(clock("11:00:10"), abs=30)
    assert found.spells is not None
    assert found.spells.of(0).ravel() == pytest.approx(
        [clock(t) for t in ("09:10:20", "10:00:40", "11:00:10", "14:30:50")], abs=30
    )
    assert found.spells.of(1) == pytest.approx(np.array([[clock("12:00"), clock("12:30")]]), abs=30)


def test_of_two_spells_of_the_same_length_the_first_is_told() -> None:
    found = korean([("09:30", "10:30"), ("12:30", "13:30")])
    assert found.begins[1, 0] == pytest.approx(clock("09:30"), abs=30)


def test_a_day_of_many_points_needs_no_table_of_them_all() -> None:
    asked: list[int] = []

    def lit_at(seconds: np.ndarray, points: np.ndarray) -> np.ndarray:
        asked.append(len(seconds) * len(points))
        return np.broadcast_to((seconds[:, None] % 7200) < 3600, (len(seconds), len(points)))

    found = sample(lit_at, 40_000, 8 * 3600.0)
    assert found.total(0, 8 * 3600.0) == pytest.approx(np.full(40_000, 4 * 3600.0), abs=240)
    assert max(asked) <= 4_000_000
    assert sum(asked) == 481 * 40_000


def test_clock_time_is_that_of_the_place_with_its_summer_time() -> None:
    summer = window(KOREA.criteria[0], KOREA, dt.date(2026, 6, 21), BERLIN)
    assert [each.tz_convert("UTC").hour for each in summer] == [6, 14]
    winter = window(KOREA.criteria[0], KOREA, dt.date(2026, 12, 21), BERLIN)
    assert [each.tz_convert("UTC").hour for each in winter] == [7, 15]
    korea = window(KOREA.criteria[0], KOREA, dt.date(2026, 12, 21), SEOUL)
    assert [each.tz_convert("UTC").isoformat() for each in korea] == [
        "2026-12-20T23:00:00+00:00",
        "2026-12-21T07:00:00+00:00",
    ]


@pytest.mark.parametrize(("day", "hours"), [((2026, 3, 29), 23), ((2026, 10, 25), 25), ((2026, 6, 1), 24)])
def test_a_whole_day_has_its_true_length_where_clocks_change(day: tuple[int, int, int], hours: int) -> None:
    rule = find_rule("en17037")
    start, end = window(rule.criteria[0], rule, dt.date(*day), BERLIN)
    assert (end - start) / pd.Timedelta(hours=1) == hours


def test_a_window_that_begins_in_the_skipped_hour_begins_after_it() -> None:
    start, end = window(Criterion("total", 1, "02:30", "04:00"), KOREA, dt.date(2026, 3, 29), BERLIN)
    assert (start.hour, end - start) == (3, pd.Timedelta(hours=1))
    start, end = window(Criterion("total", 1, "02:30", "02:45"), KOREA, dt.date(2026, 10, 25), BERLIN)
    assert end - start == pd.Timedelta(minutes=75)


def test_the_solstice_is_that_of_the_hemisphere_and_of_the_local_day() -> None:
    # Instants by the U.S. Naval Observatory, to a few minutes: 2024-12-21 09:20, 2027-12-22 02:42,
    # 2023-12-22 03:27, 2024-06-20 20:51, 2026-06-21 08:24 UTC.
    assert winter_solstice(2024, SEOUL) == dt.date(2024, 12, 21)
    assert winter_solstice(2027, SEOUL) == dt.date(2027, 12, 22)
    california = Place(37.77, -122.42, timezone="America/Los_Angeles")
    assert winter_solstice(2027, california) == dt.date(2027, 12, 21)
    assert winter_solstice(2023, SEOUL) == dt.date(2023, 12, 22)
    assert winter_solstice(2024, SYDNEY) == dt.date(2024, 6, 21)
    assert winter_solstice(2026, SYDNEY) == dt.date(2026, 6, 21)
    assert winter_solstice(2026, Place(0.0, 0.0)) == dt.date(2026, 12, 21)


def test_solar_time_puts_noon_where_the_sun_is_due_south() -> None:
    from analysis.sun.position import SunPath

    rule = Rule(
        id="solar",
        title={"ko": "태양시", "en": "Solar time"},
        source={"ko": "-", "en": "-"},
        dated="2026",
        clock="solar",
        criteria=(Criterion("total", 1, "08:00", "12:00"),),
    )
    _, noon = window(rule.criteria[0], rule, dt.date(2024, 12, 21), SEOUL)
    assert SunPath.at(SEOUL, [noon]).azimuth[0] == pytest.approx(180, abs=0.02)
    # pvlib's table of the winter day in Seoul has 179.947 degrees at 12:30 KST.
    assert abs(noon - pd.Timestamp("2024-12-21T12:30+09:00")) < pd.Timedelta(seconds=30)


def test_a_date_that_the_rule_does_not_allow_is_refused() -> None:
    rule = find_rule("en17037")
    assert date_of(rule, BERLIN, year=2028) == dt.date(2028, 3, 21)
    assert date_of(rule, BERLIN, date=dt.date(2028, 2, 29)) == dt.date(2028, 2, 29)
    with pytest.raises(AnalysisError, match="between 02-01 and 03-21, not on 2026-06-21"):
        date_of(rule, BERLIN, date=dt.date(2026, 6, 21))
    leap = Rule(
        id="leap", title=rule.title, source=rule.source, dated="2026", date="02-29", criteria=rule.criteria
    )
    assert date_of(leap, BERLIN, year=2028) == dt.date(2028, 2, 29)
    with pytest.raises(AnalysisError, match="there is no 02-29 in 2027"):
        date_of(leap, BERLIN, year=2027)


def test_a_zone_that_is_none_is_refused() -> None:
    with pytest.raises(AnalysisError, match="no time zone is called 'Korea Time'"):
        date_of(KOREA, Place(37.0, 127.0, timezone="Korea Time"), year=2026)


def test_every_rule_that_ships_says_its_source_and_date() -> None:
    assert set(rules()) == {"korea", "en17037", "bre209"}
    for rule in rules().values():
        assert rule.dated[:4].isdigit()
        assert all(rule.title[each] and rule.source[each] for each in ("ko", "en"))
    assert ZoneInfo(SEOUL.timezone)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"criteria": []}, "a rule of sunlight needs criteria"),
        ({"criteria": [{"measure": "mean", "hours": 2}]}, "'total' or 'spell', not 'mean'"),
        ({"criteria": [{"measure": "total", "hours": 2, "start": "9:00"}]}, "write HH:MM"),
        ({"criteria": [{"measure": "total", "hours": 2, "start": "16:00", "end": "08:00"}]}, "start first"),
        ({"criteria": [{"measure": "total", "hours": 0}]}, "more than 0"),
        ({"date": "21.12."}, "a date is MM-DD"),
        ({"passes": "some"}, "passes is any or all"),
        ({"colour": "red"}, "has no colour"),
        ({"title": {"en": "Only English"}}, "needed in ko and en"),
        ({"dates": ["02-01"]}, "daylight rule"),
    ],
)
def test_a_rule_of_ones_own_is_checked(change: dict[str, object], message: str) -> None:
    good: dict[str, object] = {
        "id": "mine",
        "title": {"ko": "나의 규정", "en": "My rule"},
        "source": {"ko": "조례", "en": "By-law"},
        "dated": "2026-01-01",
        "criteria": [{"measure": "total", "hours": 2}],
    }
    assert find_rule(good).criteria[0].hours == 2
    with pytest.raises(AnalysisError, match=message):
        find_rule({**good, **change})


def test_a_rule_is_found_by_its_id_or_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "city.json"
    texts = {"ko": "조례", "en": "By-law"}
    rule = {"id": "city", "title": texts, "source": texts, "dated": "2026", "criteria": []}
    path.write_text(json.dumps({**rule, "criteria": [{"measure": "spell", "hours": 1.5}]}), "utf-8")
    assert find_rule(path).criteria[0].measure == "spell"
    assert find_rule(str(path)).id == "city"
    with pytest.raises(AnalysisError, match="no daylight rule is called 'japan'; there are korea, en17037"):
        find_rule("japan")
    with pytest.raises(AnalysisError, match="cannot be read as a rule"):
        find_rule(tmp_path / "missing.json")
    path.write_text("[1]", "utf-8")
    with pytest.raises(AnalysisError, match="one JSON object"):
        find_rule(path)
