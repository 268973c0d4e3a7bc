"""Is a reading plausible: range, rate of change, stuck value, gap, clock and duplicate, as bits of a flag.

Pure functions without a store. `flag` judges a batch of one datastream's readings, `flag_one` a single
one with the same outcome; the writer calls them before it stores, and keeps the state that they return.
No reading is dropped for a flag.

The checks are the gross range, rate of change, flat line and gap tests of the QARTOD manuals (U.S.
Integrated Ocean Observing System, "Manual for Real-Time Quality Control of Water Level Data", version 2.1,
2021, tests 1, 4, 7 and 8), with clock and duplicate besides.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import IntFlag
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_SECOND = 1_000_000
CLOCK_AHEAD_S = 300.0
"""How far ahead of the server a sensor's clock may be, unless a rule says otherwise [s]; our own choice."""
NOT_BEFORE = 365 * 86_400 * _SECOND
"""1971-01-01: a clock that was reset counts from 1970 on [µs]."""


class Flag(IntFlag):
    """What is doubtful about a reading. The names in lower case are those on the wire."""

    RANGE = 1
    RATE = 2
    STUCK = 4
    GAP = 8
    CLOCK = 16
    DUPLICATE = 32


# plain integers, since arithmetic on an IntFlag costs more than the checks
_RANGE, _RATE, _STUCK, _GAP, _CLOCK, _DUPLICATE = (int(flag) for flag in Flag)
NAMES = {flag: flag.name.lower() for flag in Flag if flag.name}


def names(flags: int) -> list[str]:
    """The names of the bits that are set: 5 -> ["range", "stuck"]."""
    return [name for flag, name in NAMES.items() if flags & flag]


def bits(given: list[str]) -> int:
    """The flag of some names; KeyError for an unknown one."""
    return sum({Flag[name.upper()] for name in given})


@dataclass(frozen=True)
class Rules:
    """What is plausible for one datastream. None: not judged.

    minimum, maximum: of the value, in its unit. rate: largest change [unit/s] between neighbours in time.
    stuck_s: longest time [s] at one value, but for the values in `stuck_ignores` (a dry day has no rain).
    gap: longest pause, as a multiple of `expected_interval_s` [s]. clock_ahead_s: how far a reading may lie
    ahead of its arrival [s]. not_before: earliest plausible time [µs]. delay_s: how long after its time a
    reading may arrive [s]. duplicate: whether two readings of one time are worth a flag.
    """

    minimum: float | None = None
    maximum: float | None = None
    rate: float | None = None
    stuck_s: float | None = None
    stuck_ignores: tuple[float, ...] = ()
    gap: float | None = None
    expected_interval_s: float | None = None
    clock_ahead_s: float | None = CLOCK_AHEAD_S
    not_before: int | None = NOT_BEFORE
    delay_s: float | None = None
    duplicate: bool = True


DEFAULT = Rules()


class State(NamedTuple):
    """What a datastream's next reading is judged against.

    time: of the latest reading whose clock was right [µs]. value, value_time: the latest number within
    range, and when [µs]; NaN if none. since: from when on it has been that value [µs].
    """

    time: int | None = None
    value: float = math.nan
    value_time: int = 0
    since: int = 0


EMPTY = State()


def flag(
    times: NDArray[np.int64],
    values: NDArray[np.float64],
    arrival: int,
    state: State = EMPTY,
    rules: Rules = DEFAULT,
    present: NDArray[np.bool_] | None = None,
) -> tuple[NDArray[np.uint16], State]:
    """Judge a batch of one datastream's readings.

    times: (n,) phenomenon times [µs], in any order. values: (n,), NaN where the result is no number.
    arrival: when the batch reached the server [µs]. present: (n,) whether a reading of that time is stored
    already; without it only the batch and the latest reading are compared. Rate, stuck and gap are judged
    for readings later than the latest one; those that fill in the past get range, clock and duplicate.

    Returns the flags, (n,) in the order given, and the state for the next batch.
    """
    n = len(times)
    order = np.argsort(times, kind="stable")
    t, v = times[order], values[order]
    flags = np.zeros(n, np.uint16)

    wrong_clock = _wrong_clock(t, arrival, rules)
    flags[wrong_clock] |= np.uint16(_CLOCK)
    known = np.zeros(n, bool) if state.time is None else t == state.time
    known[1:] |= t[1:] == t[:-1]
    newer = ~wrong_clock & ~known
    if state.time is not None:
        newer &= t > state.time
    if rules.duplicate:
        if present is not None:
            known |= present[order]
        flags[known] |= np.uint16(_DUPLICATE)
    flags[_out_of_range(v, rules)] |= np.uint16(_RANGE)

    if newer.any():
        latest = int(t[newer][-1])
        if rules.gap is not None and rules.expected_interval_s is not None:
            before = np.concatenate(([state.time if state.time is not None else t[newer][0]], t[newer][:-1]))
            late = t[newer] - before > rules.gap * rules.expected_interval_s * _SECOND
            flags[np.flatnonzero(newer)[late]] |= np.uint16(_GAP)
        good = np.flatnonzero(newer & np.isfinite(v) & (flags & _RANGE == 0))
        state = State(latest, *state[1:])
        if len(good):
            state = _changes(t, v, good, flags, state, rules)
    result = np.empty_like(flags)
    result[order] = flags
    return result, state


def _wrong_clock(t: NDArray[np.int64], arrival: int, rules: Rules) -> NDArray[np.bool_]:
    wrong = np.zeros(len(t), bool)
    if rules.clock_ahead_s is not None:
        wrong |= t > arrival + rules.clock_ahead_s * _SECOND
    if rules.not_before is not None:
        wrong |= t < rules.not_before
    if rules.delay_s is not None:
        wrong |= t < arrival - rules.delay_s * _SECOND
    return wrong


def _out_of_range(v: NDArray[np.float64], rules: Rules) -> NDArray[np.bool_]:
    out = np.zeros(len(v), bool)
    if rules.minimum is not None:
        out |= v < rules.minimum
    if rules.maximum is not None:
        out |= v > rules.maximum
    return out


def _changes(
    t: NDArray[np.int64],
    v: NDArray[np.float64],
    good: NDArray[np.intp],
    flags: NDArray[np.uint16],
    state: State,
    rules: Rules,
) -> State:
    """Set RATE and STUCK in `flags` for the readings `good`, each against the one before it in time."""
    first = math.isnan(state.value)
    tg = np.concatenate(([t[good[0]] if first else state.value_time], t[good]))
    vg = np.concatenate(([v[good[0]] if first else state.value], v[good]))
    if rules.rate is not None:
        steep = np.abs(np.diff(vg)) > rules.rate * (np.diff(tg) / _SECOND)
        flags[good[steep]] |= np.uint16(_RATE)
    changed = vg[1:] != vg[:-1]
    since = tg[0] if first else state.since
    run = np.maximum.accumulate(np.where(changed, tg[1:], since))
    if rules.stuck_s is not None:
        stuck = (t[good] - run > rules.stuck_s * _SECOND) & ~np.isin(v[good], rules.stuck_ignores)
        flags[good[stuck]] |= np.uint16(_STUCK)
    return State(state.time, float(vg[-1]), int(tg[-1]), int(run[-1]))


def flag_one(
    time: int,
    value: float,
    arrival: int,
    state: State = EMPTY,
    rules: Rules = DEFAULT,
    present: bool = False,
) -> tuple[int, State]:
    """`flag` for a single reading, without arrays: for readings that come one by one."""
    flags = 0
    if (
        (rules.clock_ahead_s is not None and time > arrival + rules.clock_ahead_s * _SECOND)
        or (rules.not_before is not None and time < rules.not_before)
        or (rules.delay_s is not None and time < arrival - rules.delay_s * _SECOND)
    ):
        flags |= _CLOCK
    if rules.duplicate and (present or time == state.time):
        flags |= _DUPLICATE
    if (rules.minimum is not None and value < rules.minimum) or (
        rules.maximum is not None and value > rules.maximum
    ):
        flags |= _RANGE
    if flags & _CLOCK or (state.time is not None and time <= state.time):
        return flags, state
    if (
        rules.gap is not None
        and rules.expected_interval_s is not None
        and state.time is not None
        and time - state.time > rules.gap * rules.expected_interval_s * _SECOND
    ):
        flags |= _GAP
    if flags & _RANGE or not math.isfinite(value):
        return flags, State(time, *state[1:])
    if math.isnan(state.value):
        return flags, State(time, value, time, time)
    if rules.rate is not None and abs(value - state.value) > rules.rate * (
        (time - state.value_time) / _SECOND
    ):
        flags |= _RATE
    since = state.since if value == state.value else time
    if (
        rules.stuck_s is not None
        and time - since > rules.stuck_s * _SECOND
        and value not in rules.stuck_ignores
    ):
        flags |= _STUCK
    return flags, State(time, value, time, since)
