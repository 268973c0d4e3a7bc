"""Hours that are unlike the same hour of earlier weeks: the modified z-score on the hourly means.

z = (x - median) / (1.4826 MAD): Iglewicz and Hoaglin, "How to Detect and Handle Outliers", 1993, chapter 3,
who take |z| > 3.5 for an outlier, and 1.2533 times the mean absolute deviation where the MAD is zero. The
median is that of the same hour of the week (local time) in up to twelve weeks before, or of the same hour of
the day in up to four weeks while there are fewer than four such values. The deviations are those of that hour
and its two neighbours, each from its own median, since the MAD of a handful of values is often too small.
What n values still leave uncertain widens the scale: by n / (n - 0.8) for the MAD (Croux and Rousseeuw,
"Time-efficient algorithms for two highly robust estimators of scale", 1992, section 4) and by the square root
of 1 + pi / 2n for the median, whose variance is pi / 2n that of one value (normal, large n). Of mere normal
noise about one hour in a hundred still lies beyond 3.5 with five to twelve weeks.

Limits: an hour whose history has no spread at all is not judged, so that rain after dry weeks is no anomaly;
holidays are compared with working days.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from twin.observations import rollups
from twin.observations.rollups import DAY, HOUR
from twin.observations.store import Observations

THRESHOLD = 3.5
WEEKS, LEAST_WEEKS = 12, 4
DAYS, LEAST_DAYS = 28, 7
_MAD_TO_SIGMA = 1.4826
_MEAN_TO_SIGMA = 1.2533
Float64 = npt.NDArray[np.float64]
Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Scores:
    """Judged hours (n). times: their starts [µs]. values, medians: in the datastream's unit. scales: what a
    z of one is worth. z: (n,), NaN where there is too little history. weekly: whether the history is that
    of the hour of the week."""

    times: Int64
    values: Float64
    medians: Float64
    scales: Float64
    z: Float64
    weekly: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Anomaly:
    """One hour of one datastream. time: its start [µs]. low, high: where a mean would be expected."""

    datastream: int
    time: int
    value: float
    z: float
    median: float
    low: float
    high: float
    basis: str
    """`week` or `day`: which hour it was compared with."""


def find_anomalies(
    observations: Observations,
    datastreams: Sequence[int],
    start: int | None = None,
    end: int | None = None,
    threshold: float = THRESHOLD,
    timezone: str = "UTC",
) -> list[Anomaly]:
    """Hours from start to end [µs] with |z| above the threshold, by datastream and time.

    Without `end` up to each datastream's latest hour that is not yet to come; without `start` the day before
    the end.
    """
    found = []
    now = time.time_ns() // 1000
    with observations.connection() as connection:
        for datastream in datastreams:
            row = connection.execute(
                "SELECT max(day) FROM rollups WHERE datastream = ? AND day <= ?", (datastream, now // DAY)
            ).fetchone()
            if row[0] is None:
                continue
            last = (row[0] + 1) * DAY if end is None else end
            table = rollups.read(connection, datastream, last - (7 * WEEKS + 32) * DAY, last)
            if not len(table):
                continue
            last = int(table["time"][-1]) + HOUR if end is None else end
            first = last - DAY if start is None else start
            if first < last - 31 * DAY:
                table = rollups.read(connection, datastream, first - 7 * WEEKS * DAY, last)
            means = table["sum"] / table["count"]
            scores = score(table["time"].astype(np.int64), means, first, timezone)
            found += _beyond(datastream, scores, threshold)
    return found


def _beyond(datastream: int, s: Scores, threshold: float) -> list[Anomaly]:
    return [
        Anomaly(
            datastream,
            int(s.times[i]),
            float(s.values[i]),
            float(s.z[i]),
            float(s.medians[i]),
            float(s.medians[i] - threshold * s.scales[i]),
            float(s.medians[i] + threshold * s.scales[i]),
            "week" if s.weekly[i] else "day",
        )
        for i in np.flatnonzero(np.abs(s.z) > threshold)
    ]


def score(times: Int64, values: Float64, first: int, timezone: str = "UTC") -> Scores:
    """Judge hourly means against those before them.

    times: (n,) starts of hours in order [µs]. values: (n,). first: judge the hours from then on [µs].
    """
    hours = times // HOUR + _offsets(times, timezone)
    begin = int(hours.min()) if len(hours) else 0
    grid = np.full(int(hours.max()) - begin + 1 if len(hours) else 0, np.nan)
    grid[hours - begin] = values
    judged = times >= first
    at = (hours - begin)[judged]
    *weekly, weeks = _usual(grid, at, 168, WEEKS)
    *daily, days = _usual(grid, at, 24, DAYS)
    by_week = weeks >= LEAST_WEEKS
    medians, scales = np.where(by_week, weekly, daily)
    enough = by_week | (days >= LEAST_DAYS)
    x = values[judged]
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(enough & (scales > 0), (x - medians) / scales, np.nan)
    return Scores(times[judged], x, medians, scales, z, by_week)


def _usual(grid: Float64, at: Int64, step: int, most: int) -> tuple[Float64, Float64, Int64]:
    """What is usual at places of the grid, by those `step`, `2 step`, … before: median, scale (NaN where
    there is nothing) and how many there are, (len(at),) each."""
    back = step * np.arange(1, most + 1)
    near = at[:, None, None] + np.array([0, -1, 1])[:, None] - back
    history = np.where((near >= 0) & (near < len(grid)), grid[np.clip(near, 0, len(grid) - 1)], np.nan)
    counts = np.isfinite(history[:, 0]).sum(axis=1)
    medians, scales = np.full((2, len(at)), np.nan)
    some = counts > 0
    if some.any():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # of a neighbour without history
            own = np.nanmedian(history[some], axis=2)
        deviations = np.abs(history[some] - own[:, :, None]).reshape(len(own), -1)
        mad = _MAD_TO_SIGMA * np.nanmedian(deviations, axis=1)
        mean = _MEAN_TO_SIGMA * np.nanmean(deviations, axis=1)
        n = counts[some]
        wider = n / (n - 0.8) * np.sqrt(1 + np.pi / (2 * n))
        medians[some], scales[some] = own[:, 0], np.where(mad > 0, mad, mean) * wider
    return medians, scales, counts


def _offsets(times: Int64, timezone: str) -> Int64:
    """Whole hours that local time is ahead of UTC."""
    days, place = np.unique(times // DAY, return_inverse=True)
    return np.array([_offset(int(day), timezone) for day in days], np.int64)[place]


@lru_cache(4096)
def _offset(day: int, timezone: str) -> int:
    noon = datetime.fromtimestamp(day * 86_400 + 43_200, UTC).astimezone(ZoneInfo(timezone))
    offset = noon.utcoffset()
    return 0 if offset is None else round(offset.total_seconds() / 3600)
