"""Flags of readings: each check alone with its borders, batches against single readings, and late ones."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.observations.quality import DEFAULT, EMPTY, Flag, Rules, State, bits, flag, flag_one, names

S = 1_000_000
T0 = 1_700_000_000 * S
NOW = T0 + 10**6 * S


def judge(seconds, values, rules=DEFAULT, state=EMPTY, arrival=NOW, **more):
    times = T0 + (np.asarray(seconds, float) * S).astype(np.int64)
    flags, after = flag(times, np.asarray(values, float), arrival, state, rules, **more)
    assert flags.dtype == np.uint16
    return flags.tolist(), after


def test_names_and_bits() -> None:
    assert names(5) == ["range", "stuck"]
    assert names(0) == []
    assert bits(["clock", "duplicate", "clock"]) == Flag.CLOCK | Flag.DUPLICATE
    assert [int(f) for f in Flag] == [1, 2, 4, 8, 16, 32]
    with pytest.raises(KeyError):
        bits(["odd"])


def test_range_includes_its_borders_and_spares_what_is_no_number() -> None:
    rules = Rules(minimum=0, maximum=100)
    flags, state = judge([0, 1, 2, 3, 4], [0, 100, 100.1, -0.1, math.nan], rules)
    assert flags == [0, 0, Flag.RANGE, Flag.RANGE, 0]
    assert state == State(T0 + 4 * S, 100.0, T0 + S, T0 + S)


def test_rate_is_measured_from_the_last_value_within_range() -> None:
    rules = Rules(maximum=50, rate=1.0)
    flags, _ = judge([0, 1, 2, 4], [0, 99, 2, 4.5], rules)
    assert flags == [0, Flag.RANGE, 0, Flag.RATE]


def test_rate_goes_on_from_one_batch_to_the_next() -> None:
    rules = Rules(rate=1.0)
    _, state = judge([0], [10], rules)
    assert judge([2], [12], rules, state)[0] == [0]
    assert judge([2], [12.5], rules, state)[0] == [Flag.RATE]


def test_two_values_at_one_time_are_a_duplicate_and_no_infinite_rate() -> None:
    assert judge([0, 0, 5], [1, 9, 2], Rules(rate=1.0))[0] == [0, Flag.DUPLICATE, 0]


def test_stuck_after_longer_than_the_duration_and_not_before() -> None:
    rules = Rules(stuck_s=60)
    assert judge([0, 60, 61, 62, 63], [5, 5, 5, 6, 6], rules)[0] == [0, 0, Flag.STUCK, 0, 0]
    assert judge([0, 60, 61], [0, 0, 0], Rules(stuck_s=60, stuck_ignores=(0.0,)))[0] == [0, 0, 0]


def test_stuck_is_remembered_between_batches() -> None:
    rules = Rules(stuck_s=60)
    _, state = judge([0, 10], [5, 5], rules)
    assert judge([61], [5], rules, state)[0] == [Flag.STUCK]
    assert judge([61, 62], [4, 5], rules, state)[0] == [0, 0]


def test_gap_longer_than_the_multiple() -> None:
    rules = Rules(gap=3, expected_interval_s=10)
    assert judge([0, 30, 61, 70], [1, 2, 3, 4], rules)[0] == [0, 0, Flag.GAP, 0]
    assert judge([0, 9999], [1, 2], Rules(gap=3))[0] == [0, 0], "without an interval there is no gap"
    _, state = judge([0], [1], rules)
    assert judge([31], [1], rules, state)[0] == [Flag.GAP]


def test_clock_ahead_of_arrival_is_flagged_and_does_not_move_the_state() -> None:
    flags, state = judge([300, 301], [1, 2], arrival=T0)
    assert flags == [0, Flag.CLOCK]
    assert state.time == T0 + 300 * S
    assert judge([301], [1], Rules(clock_ahead_s=None), arrival=T0)[0] == [0], "as forecasts need"


def test_a_clock_that_was_reset_and_readings_that_come_too_late() -> None:
    flags, state = flag(np.array([0, 5 * S]), np.array([1.0, 1.0]), NOW)
    assert flags.tolist() == [Flag.CLOCK] * 2
    assert state == EMPTY
    assert judge([0, 5], [1, 2], Rules(delay_s=10), arrival=T0 + 11 * S)[0] == [Flag.CLOCK, 0]


def test_duplicates_in_the_batch_of_the_latest_and_of_stored_ones() -> None:
    flags, state = judge([0, 1, 1], [1, 2, 3])
    assert flags == [0, 0, Flag.DUPLICATE]
    assert judge([1, 2], [2, 2], state=state)[0] == [Flag.DUPLICATE, 0]
    assert judge([-5, 2], [2, 2], state=state, present=np.array([True, False]))[0] == [Flag.DUPLICATE, 0]
    assert judge([1, 1], [2, 2], Rules(duplicate=False), state)[0] == [0, 0]


def test_readings_that_fill_in_the_past_are_not_held_against_the_present() -> None:
    rules = Rules(minimum=0, rate=0.001, stuck_s=1, gap=1, expected_interval_s=1)
    state = State(T0, 5.0, T0, T0 - 100 * S)
    flags, after = judge([-50, -40], [5, -1], rules, state)
    assert flags == [0, Flag.RANGE]
    assert after == state


def test_flags_come_back_in_the_order_given() -> None:
    assert judge([2, 1, 0], [5, 500, 5], Rules(maximum=100))[0] == [0, Flag.RANGE, 0]


def test_no_rules_judge_clock_and_duplicate_alone() -> None:
    flags, _ = judge([0, 10**5, 10**5], [-1e300, 1e300, math.inf])
    assert flags == [0, 0, Flag.DUPLICATE]


maybe = st.none() | st.integers(0, 20).map(float)


@given(
    batches=st.lists(
        st.lists(st.tuples(st.integers(-5, 60), st.integers(-3, 12) | st.just(math.nan)), max_size=12),
        max_size=3,
    ),
    rules=st.builds(
        Rules,
        minimum=maybe,
        maximum=maybe,
        rate=maybe,
        stuck_s=maybe,
        stuck_ignores=st.sampled_from([(), (0.0,), (1.0, 2.0)]),
        gap=maybe,
        expected_interval_s=maybe,
        clock_ahead_s=maybe,
        not_before=st.none() | st.integers(-5, 10).map(lambda s: T0 + s * S),
        delay_s=maybe,
        duplicate=st.booleans(),
    ),
)
def test_a_batch_is_judged_as_its_readings_one_by_one(batches, rules: Rules) -> None:
    arrival = T0 + 30 * S
    state = one_state = EMPTY
    for batch in batches:
        batch = sorted(batch, key=lambda r: r[0])
        times = np.array([T0 + s * S for s, _ in batch], np.int64)
        values = np.array([v for _, v in batch], float)
        flags, state = flag(times, values, arrival, state, rules)
        single = []
        seen: set[int] = set()
        for time, value in zip(times.tolist(), values.tolist(), strict=True):
            bits_, one_state = flag_one(time, value, arrival, one_state, rules, time in seen)
            seen.add(time)
            single.append(bits_)
        assert flags.tolist() == single
        assert repr(state) == repr(one_state)
