"""Conditions of alerts, reading by reading: borders, hysteresis, duration, means, rates, combinations."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.alerts.judge import Group, Standing, history_s, judge, recall
from twin.alerts.rules import Combination, Missing, Part, Rate, Select, Threshold

S = 1_000_000
ALL = Select(property="level")


def run(condition, readings, standing=None) -> list[bool]:
    """Whether it is met after each of (seconds, value)."""
    standing = standing or Standing()
    met = []
    for seconds, value in readings:
        before = standing.met
        assert judge(condition, standing, round(seconds * S), value) == (standing.met != before)
        met.append(standing.met)
    return met


@pytest.mark.parametrize(
    ("operator", "met"),
    [(">", [0, 0, 1]), (">=", [0, 1, 1]), ("<", [1, 0, 0]), ("<=", [1, 1, 0])],
)
def test_each_operator_at_its_border(operator, met) -> None:
    condition = Threshold(operator=operator, value=2)
    assert [run(condition, [(1, v)])[0] for v in (1, 2, 3)] == [bool(m) for m in met]


def test_hysteresis_ends_behind_clear_and_not_between() -> None:
    condition = Threshold(operator=">=", value=75, clear=35)
    values = [74, 75, 36, 35, 34.9, 50, 75]
    assert run(condition, enumerate(values, 1)) == [False, True, True, True, False, False, True]
    falling = Threshold(operator="<", value=2, clear=3)
    assert run(falling, enumerate([1, 2.5, 3, 2.5], 1)) == [True, True, False, False]


def test_without_clear_it_ends_where_it_began() -> None:
    assert run(Threshold(operator=">", value=1), enumerate([2, 1, 2], 1)) == [True, False, True]


def test_duration_is_measured_in_the_readings_own_time_and_without_a_break() -> None:
    condition = Threshold(operator=">", value=1, duration_s=60)
    assert run(condition, [(0, 2), (59.9, 2), (60, 2)]) == [False, False, True]
    assert run(condition, [(0, 2), (30, 1), (60, 2), (119, 2), (120, 2)]) == [False] * 4 + [True]


def test_late_readings_describe_the_past() -> None:
    condition = Threshold(operator=">", value=1)
    assert run(condition, [(10, 2), (5, 0), (10, 0), (11, 0), (10.5, 2)]) == [True, True, True, False, False]


def test_a_mean_is_over_its_window_and_speaks_for_it() -> None:
    hourly = Threshold(operator=">=", value=75, duration_s=7200, mean_s=3600)
    assert run(hourly, [(0, 80), (3600, 80)]) == [False, True], "two hourly means are two hours"
    minutes = Threshold(operator=">", value=10, mean_s=180)
    standing = Standing()
    run(minutes, [(60, 0), (120, 30), (180, 3), (240, 0)], standing)
    assert standing.value == 11, "of 30, 3 and 0: the window is open at its start"


def test_rate_against_the_last_reading_old_enough() -> None:
    rising = Rate(operator=">=", value=0.5, per_s=600)
    assert run(rising, [(0, 1.0), (300, 5.0), (599, 9.0)]) == [False] * 3, "nothing is old enough yet"
    standing = Standing()
    assert run(rising, [(0, 1.0), (300, 1.1), (600, 1.4), (900, 1.6)], standing) == [False] * 3 + [True]
    assert standing.value == pytest.approx(0.5)
    run(rising, [(0, 1.0), (1200, 2.0)], far := Standing())
    assert far.value == pytest.approx(0.5), "1.0 in 20 minutes is 0.5 in 10"
    assert run(Rate(operator="<", value=-1, per_s=1), [(0, 5), (1, 3.5)]) == [False, True]


def test_history_replaces_what_a_restart_forgot() -> None:
    rising = Rate(operator=">=", value=0.5, per_s=600)
    assert history_s(rising) == 1200
    assert history_s(Threshold(operator=">", value=1)) == history_s(Missing(after_s=5)) == 0
    readings = [(0, 1.0), (300, 1.1), (600, 1.4)]
    standing = Standing(time=600 * S)
    recall(standing, [(t * S, v) for t, v in readings])
    assert run(rising, [(900, 1.6)], standing) == [True]


conditions = st.builds(
    lambda op, value, width, duration, mean: Threshold(
        operator=op,
        value=value,
        clear=value - width if op[0] == ">" else value + width,
        duration_s=duration,
        mean_s=mean,
    ),
    st.sampled_from([">", ">=", "<", "<="]),
    st.integers(-3, 3),
    st.integers(0, 2),
    st.integers(0, 9),
    st.sampled_from([0, 4]),
)


@given(conditions, st.lists(st.tuples(st.integers(1, 5), st.integers(-5, 5)), max_size=30), st.data())
def test_judging_a_part_again_changes_nothing(condition, steps, data) -> None:
    """After a restart some readings come a second time; the outcome is that of one pass."""
    time, readings = 0, []
    for step, value in steps:
        time += step
        readings.append((time, value))
    stop = data.draw(st.integers(0, len(readings)))
    back = data.draw(st.integers(0, stop))
    whole = Standing()
    expected = run(condition, readings, whole)
    again = Standing()
    run(condition, readings[:stop], again)
    assert run(condition, readings[back:stop], again) == [again.met] * (stop - back)
    assert run(condition, readings[stop:], again) == expected[stop:]
    assert again == whole


def group(need="all", within_s=100, counts=(1, 1)) -> Group:
    condition = Threshold(operator=">", value=1)
    parts = [Part(select=ALL, condition=condition, at_least=n) for n in counts]
    return Group(Combination(need=need, parts=parts, within_s=within_s), [{} for _ in counts], 1000 * S)


def met(seconds: float) -> Standing:
    return Standing(met=True, time=round(seconds * S))


def test_all_any_and_at_least() -> None:
    both = group()
    either = group("any")
    three = group(counts=(3,))
    assert not (both.fulfilled() or either.fulfilled() or three.fulfilled())
    both.met[0][1] = either.met[0][1] = met(1000)
    three.met[0].update({1: met(1000), 2: met(1000)})
    assert (both.fulfilled(), either.fulfilled(), three.fulfilled()) == (False, True, False)
    both.met[1][1] = met(950)
    three.met[0][3] = met(900)
    assert both.fulfilled()
    assert three.fulfilled()


def test_what_grew_old_beside_the_newest_no_longer_counts() -> None:
    old = group(counts=(1,))
    old.met[0][1] = met(899.9)
    assert not old.fulfilled()
    silent = Part(select=ALL, condition=Missing(after_s=60))
    missing = Group(Combination(parts=[silent]), [{1: Standing(met=True)}], 10**9 * S)
    assert missing.fulfilled(), "silence has no reading that could grow old"
