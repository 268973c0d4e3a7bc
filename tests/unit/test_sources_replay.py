"""A recording played again: nothing lost, nothing twice, whatever the ticks."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from twin.observations.model import OBSERVATION
from twin.observations.query import Query, Route
from twin.observations.store import open_observations
from twin.sources.quantities import quantity
from twin.sources.readings import Series, Station
from twin.sources.replay import Replay
from twin.sources.sink import Sink

SECOND = 1_000_000
HOUR = 3600 * SECOND
DAY = 24 * HOUR
BEGIN = 1_700_000_000 * SECOND + 12_345


def recorded(step: int = HOUR, n: int = 24, key: str = "a", start: int = 100 * DAY) -> Series:
    """Results 0…n-1, a step apart."""
    times = start + np.arange(n, dtype=np.int64) * step
    return Series(Station(key, key), quantity("PM10"), times, list(range(n)))


def played(replay: Replay, ticks: list[int]) -> list[tuple[str, int, float]]:
    """Station, time and result of all that is due between the first tick and the last, tick by tick."""
    found = []
    for start, end in itertools.pairwise(ticks):
        for series in replay.between(start, end, ticks[0]):
            assert all(start < t <= end for t in series.times.tolist())
            found += [
                (series.station.key, t, r) for t, r in zip(series.times.tolist(), series.results, strict=True)
            ]
    return found


@settings(max_examples=200, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 90 * SECOND), min_size=1, max_size=200),
    speed=st.sampled_from([0.1, 1.0, 7.3, 60.0, 1000.0]),
    lag=st.integers(0, 3599),
)
@example(sizes=[90 * SECOND] * 30, speed=1000.0, lag=3599)
def test_any_ticks_play_the_same(sizes: list[int], speed: float, lag: int) -> None:
    """Two series, one reporting somewhat later than the other, over the end of the recording."""
    replay = Replay([recorded(), recorded(HOUR // 2, 48, "b", 100 * DAY + lag * SECOND)], speed)
    ticks = [BEGIN, *(BEGIN + int(t) for t in np.cumsum(sizes))]
    found = played(replay, ticks)
    assert sorted(found) == sorted(played(replay, [ticks[0], ticks[-1]]))
    for key, step in (("a", HOUR), ("b", HOUR // 2)):
        mine = [(t, r) for k, t, r in found if k == key]
        assert len({t for t, _ in mine}) == len(mine)
        gaps = np.diff([t for t, _ in mine])
        assert np.all(np.abs(gaps - step / speed) <= 1), "a reading is lost, or there twice"
        assert abs(len(mine) - (ticks[-1] - ticks[0]) * speed / step) <= 1
        n = DAY // step
        assert all((after[1] - before[1]) % n == 1 for before, after in itertools.pairwise(mine))


def test_the_recording_goes_on_from_its_end_to_its_start() -> None:
    replay = Replay([recorded()], speed=60.0)
    found = played(replay, [BEGIN + i * 7 * SECOND for i in range(800)])
    results = [r for _, _, r in found]
    start = results.index(0)
    assert results[start : start + 48] == [*range(24)] * 2
    assert {b[1] - a[1] for a, b in itertools.pairwise(found)} == {60 * SECOND}


def test_the_time_of_day_is_kept() -> None:
    noon = 200 * DAY + 12 * HOUR
    (series,) = Replay([recorded()]).between(noon - HOUR, noon, noon)
    assert (series.times.tolist(), series.results) == ([noon], [12])


def test_one_reading_alone_comes_every_hour() -> None:
    replay = Replay([recorded(n=1)])
    assert len(played(replay, [BEGIN, BEGIN + 10 * HOUR])) == 10


class Clock:
    """Goes on by a step whenever it is asked; ends the run when it has no more. The first is the start."""

    def __init__(self, stop: Event, steps: Iterator[float], now: float = BEGIN / 1e6) -> None:
        self.stop, self.steps, self.now = stop, steps, now

    def __call__(self) -> float:
        step = next(self.steps, None)
        if step is None:
            self.stop.set()
        else:
            self.now += step
        return self.now


class NoWait(Event):
    def wait(self, timeout: float | None = None) -> bool:
        return self.is_set()


def run(sink: Sink, steps: list[float], now: float = BEGIN / 1e6, **more: float) -> float:
    """Play with a clock that makes these steps after its start; its time at the end."""
    stop = NoWait()
    clock = Clock(stop, iter([0.0, *steps]), now)
    Replay([recorded(), recorded(HOUR // 2, 48, "b")], clock=clock, **more).run(sink, stop)
    return clock.now


def test_the_past_is_filled_once_and_goes_on_after_a_pause(tmp_path: Path) -> None:
    with open_observations(tmp_path) as observations:

        def stored() -> list[tuple[int, int]]:
            found = observations.page(Route(OBSERVATION), Query(top=10_000)).entities
            return [(e.values["phenomenonTime"].micros, e.values["result"]) for e in found]

        run(Sink(observations, "demo"), [], backfill_hours=48.0)
        assert len(stored()) == 48 + 96
        assert all(BEGIN - 2 * DAY < time <= BEGIN for time, _ in stored())
        run(Sink(observations, "demo"), [], backfill_hours=48.0)
        assert len(stored()) == 48 + 96
        end = run(Sink(observations, "demo"), [30.0] * 20, speed=60.0, backfill_hours=48.0)
        assert len(stored()) == 48 + 96 + 10 + 20
        run(Sink(observations, "demo"), [], end + 6 * 3600, backfill_hours=48.0)
        assert len(stored()) == 48 + 96 + 10 + 20 + 6 + 12
        assert max(Counter(stored()).values()) <= 2  # of two stations


@pytest.mark.parametrize("back", [0.0, -3600.0, -86_400.0])
def test_a_clock_that_is_put_back_brings_nothing_twice(tmp_path: Path, back: float) -> None:
    with open_observations(tmp_path) as observations:
        run(Sink(observations, "demo"), [60.0] * 10 + [back] + [60.0] * math.ceil(-back / 60 + 5), speed=60.0)
        found = observations.page(Route(OBSERVATION), Query(top=10_000)).entities
        assert len(found) == 15 + 30
