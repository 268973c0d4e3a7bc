"""Anomalies by the hour of the week: a planted hour is found, what is usual is not, and little history is."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from tests.unit.alert_models import add_thing, append
from twin.anomalies import THRESHOLD, find_anomalies, score
from twin.observations.rollups import DAY, HOUR
from twin.observations.store import open_observations

FIVE = 5 / 4.2 * math.sqrt(1 + math.pi / 10)
"""How much wider five values make the scale."""
MONDAY = 19_723 * DAY  # 2024-01-01, a Monday


def weeks(count: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Hourly values with a daily and a weekly course and some noise."""
    hours = np.arange(count * 168)
    rng = np.random.default_rng(seed)
    course = 20 + 5 * np.sin(2 * np.pi * hours / 24) + 10 * (hours // 24 % 7 >= 5)
    return MONDAY + hours * HOUR, course + rng.normal(0, 0.5, len(hours))


def test_a_planted_hour_is_found_and_the_rest_is_not() -> None:
    times, values = weeks(9)
    values[8 * 168 + 30] += 30
    scores = score(times, values, times[8 * 168])
    assert len(scores.times) == 168
    assert scores.weekly.all()
    assert np.flatnonzero(np.abs(scores.z) > 15).tolist() == [30]


def test_few_hours_of_mere_noise_are_taken_for_anomalies() -> None:
    times, values = weeks(14)
    z = score(times, values, times[5 * 168]).z
    assert len(z) == 9 * 168
    assert (np.abs(z) > THRESHOLD).mean() < 0.02


def test_by_hand() -> None:
    """Five earlier weeks of 1, 2, 3, 4, 100: median 3, MAD 1."""
    times = MONDAY + np.arange(6) * 168 * HOUR
    scores = score(times, np.array([1.0, 2, 3, 4, 100, 10]), times[-1])
    scale = 1.4826 * FIVE
    assert scores.medians[0] == 3
    assert scores.scales[0] == pytest.approx(scale)
    assert scores.z[0] == pytest.approx(7 / scale)


def test_without_a_median_deviation_the_mean_deviation_serves() -> None:
    times = MONDAY + np.arange(6) * 168 * HOUR
    scores = score(times, np.array([3.0, 3, 3, 3, 8, 4]), times[-1])
    assert scores.scales[0] == pytest.approx(1.2533 * 1 * FIVE)
    constant = score(times, np.array([3.0, 3, 3, 3, 3, 4]), times[-1])
    assert np.isnan(constant.z[0]), "no spread at all says nothing"


def test_the_weekend_is_no_anomaly_by_the_week_but_is_by_the_day() -> None:
    times, values = weeks(6)
    saturday = 5 * 168 + 5 * 24 + 12
    assert abs(score(times, values, times[saturday]).z[0]) < 6
    first = score(times[:168], values[:168], times[5 * 24 + 12])
    assert np.isnan(first.z[0]), "five days are too few for the hour of the day"
    second = score(times[: 2 * 168], values[: 2 * 168], times[168 + 30])
    assert not second.weekly.any()
    assert np.isfinite(second.z).all()


def test_the_future_is_not_part_of_the_history() -> None:
    times, values = weeks(9)
    middle = 5 * 168
    alone = score(times[: middle + 1], values[: middle + 1], times[middle])
    whole = score(times, values, times[middle])
    assert whole.z[0] == alone.z[0]


def test_gaps_in_the_history_are_passed_over() -> None:
    times, values = weeks(9)
    keep = np.ones(len(times), bool)
    keep[2 * 168 : 3 * 168] = False
    scores = score(times[keep], values[keep], times[8 * 168])
    assert scores.weekly.all()
    assert np.isfinite(scores.z).all()


def test_hours_of_the_week_are_local() -> None:
    """Weekdays of New York: an hour that is Friday there and Saturday in UTC."""
    times, values = weeks(6)
    local = score(times, values, times[5 * 168], "America/New_York")
    assert np.isfinite(local.z).all()
    clocks = MONDAY + 68 * DAY + np.arange(4 * 168) * HOUR  # over the change of 2024-03-10
    assert np.isfinite(score(clocks, np.arange(4 * 168) % 7.0, clocks[-24], "America/New_York").z).all()


def test_from_the_store(tmp_path: Path) -> None:
    times, values = weeks(7)
    values[-3] += 40
    with open_observations(tmp_path) as obs:
        usual, odd = (add_thing(obs, name)[0] for name in "ab")
        append(obs, usual, list(zip(times / 1e6, weeks(7, 2)[1].tolist(), strict=True)))
        append(obs, odd, list(zip(times / 1e6, values.tolist(), strict=True)))
        found = find_anomalies(obs, [usual, odd, 99], threshold=15)
        assert [(a.datastream, a.time, a.basis) for a in found] == [(odd, times[-3], "week")]
        assert found[0].low < found[0].median < found[0].high < found[0].value
        assert find_anomalies(obs, [odd], end=int(times[-3]), threshold=15) == []
