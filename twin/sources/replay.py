"""A recorded period, played again as if it happened now: for demonstrations, training and tests."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from threading import Event

import numpy as np
import numpy.typing as npt

from twin.sources.readings import Series
from twin.sources.sink import Sink

_TICK = 0.5
_HOUR = 3_600_000_000


@dataclass(frozen=True)
class Replay:
    """Plays `series` over and over.

    speed: how many recorded seconds go by in one. backfill_hours: how much of the past is filled first, at
    the recorded pace, so that charts have something to show; after a pause, from where it stopped. clock:
    [s since 1970]; when it is put back, nothing is played until it has caught up.
    """

    series: list[Series]
    speed: float = 1.0
    backfill_hours: float = 0.0
    clock: Callable[[], float] = time.time

    def run(self, sink: Sink, stop: Event) -> None:
        """Bring in readings until `stop` is set."""
        begin = int(self.clock() * 1e6)
        if self.backfill_hours:
            sink.write(self._missing(sink, begin))
        done = begin
        while not stop.wait(_TICK):
            now = int(self.clock() * 1e6)
            if now > done:
                sink.write(self.between(done, now, begin))
                done = now

    def between(self, start: int, end: int, anchor: int) -> Iterator[Series]:
        """What is due after start and until end [µs of now], stamped with when it is due.

        At `anchor` the recording stands at a whole number of periods from its own time, so that the time of
        day is kept when the period is whole days.
        """
        first, period = self._period()
        for one in self.series:
            yield from _due(one, first, period, start, end, anchor, self.speed)

    def _missing(self, sink: Sink, begin: int) -> Iterator[Series]:
        """The past at the recorded pace, of each series what is not there yet."""
        first, period = self._period()
        earliest = begin - int(self.backfill_hours * _HOUR)
        for one in self.series:
            reached = sink.reached(one.station, one.quantity)
            start = earliest if reached is None else max(earliest, reached)
            if start < begin:
                yield from _due(one, first, period, start, begin, begin, 1.0)

    def _period(self) -> tuple[int, int]:
        """Start of the recording, and how long until it begins anew [µs]: as long as its longest series with
        one more step, so that its end meets its start."""
        start = min(int(s.times[0]) for s in self.series)
        lengths = [
            int(s.times[-1] - s.times[0] + np.median(np.diff(s.times))) for s in self.series if len(s) > 1
        ]
        return start, max(lengths, default=0) or _HOUR


def _due(
    series: Series, first: int, period: int, start: int, end: int, anchor: int, speed: float
) -> Iterator[Series]:
    """The series' readings that fall after start and until end, at every turn of the recording."""
    offsets = series.times - first
    standing = (anchor - first) % period
    low = standing + (start - anchor) * speed
    high = standing + (end - anchor) * speed
    turns = np.arange(int((low - offsets[-1]) // period), int(high // period) + 1)
    places = (offsets[None, :] + turns[:, None] * period).ravel()
    chosen: npt.NDArray[np.intp] = np.flatnonzero((places > low) & (places <= high))
    if len(chosen):
        due = anchor + np.round((places[chosen] - standing) / speed).astype(np.int64)
        results = [series.results[i] for i in chosen % len(offsets)]
        yield Series(series.station, series.quantity, due, results)
