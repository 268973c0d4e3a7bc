"""Series of readings for charts and tables: as they came, or by hour or day when they are many."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from twin.errors import EntityNotFound, QueryError, TooLarge
from twin.link.reading import unit_symbol
from twin.observations.quality import names
from twin.observations.rollups import DAY, HOUR
from twin.observations.store import Observations, Series
from twin.observations.times import format_instant

Step = Literal["auto", "raw", "hour", "day"]

MOST_SERIES = 20
_MOST_POINTS = 100_000


@dataclass(frozen=True)
class Named:
    """One datastream's series."""

    datastream: int
    name: str
    unit: str
    series: Series


@dataclass(frozen=True)
class SeriesTable:
    """Series in one step. days: how many days one point stands for, when the step is `day`."""

    step: str
    days: int
    series: list[Named]

    def json(self) -> dict[str, Any]:
        """Times in milliseconds; `flags` are pairs of a point's number and the name of a flag."""
        return {
            "step": self.step,
            "days": self.days,
            "series": [
                {
                    "datastream": s.datastream,
                    "name": s.name,
                    "unit": s.unit,
                    "times": s.series.times // 1000,
                    "values": s.series.values,
                    "minimum": np.ascontiguousarray(s.series.minimum),
                    "maximum": np.ascontiguousarray(s.series.maximum),
                    "flags": [
                        [i, name]
                        for i in np.flatnonzero(s.series.flags).tolist()
                        for name in names(int(s.series.flags[i]))
                    ],
                }
                for s in self.series
            ],
        }

    def csv(self) -> str:
        """One row for each point, datastream after datastream; times in UTC."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        raw = self.step == "raw"
        heads = ["time", "datastream", "name", "unit", "value"]
        writer.writerow(heads + (["flags"] if raw else ["minimum", "maximum", "count"]))
        for s in self.series:
            for i, time in enumerate(s.series.times.tolist()):
                more: list[Any] = [" ".join(names(int(s.series.flags[i])))]
                if not raw:
                    more = [
                        float(s.series.minimum[i]),
                        float(s.series.maximum[i]),
                        int(s.series.counts[i]),
                    ]
                value = float(s.series.values[i])
                shown = "" if math.isnan(value) else value
                writer.writerow([format_instant(time), s.datastream, _safe(s.name), s.unit, shown, *more])
        return text.getvalue()


def _safe(text: str) -> str:
    """A text that a spreadsheet does not take for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def read_series(
    obs: Observations,
    datastreams: list[int],
    start: int | None,
    end: int | None,
    step: Step = "auto",
    max_points: int = 1000,
) -> SeriesTable:
    """Series from start up to and without end [µs] (None: all there are).

    step: auto takes the finest in which no series has more than max_points points, several days in one
    if need be. Raises EntityNotFound, QueryError, and TooLarge for a step that was asked for and is too fine.
    """
    if len(datastreams) > MOST_SERIES:
        raise QueryError(f"datastream: {len(datastreams)} are more than the {MOST_SERIES} of one request")
    with obs.connection() as connection:
        about = []
        for id in datastreams:
            row = connection.execute(
                "SELECT name, unit_of_measurement, phenomenon_time, latest_time FROM datastreams"
                " WHERE id = ?",
                (id if abs(id) < 1 << 63 else -1,),
            ).fetchone()
            if row is None:
                raise EntityNotFound(f"there is no Datastream or MultiDatastream {id}")
            about.append(row)
        if start is None:
            start = min((r[2] for r in about if r[2] is not None), default=0)
        if end is None:
            end = max((r[3] for r in about if r[3] is not None), default=start) + 1
        most = max_points if step == "auto" else _MOST_POINTS
        fits = step in ("auto", "raw") and all(
            connection.execute(
                "SELECT count(*) FROM (SELECT 1 FROM observations WHERE datastream = ? AND time >= ?"
                " AND time < ? LIMIT ?)",
                (id, start, end, most + 1),
            ).fetchone()[0]
            <= most
            for id in datastreams
        )
    if step == "raw" and not fits:
        raise TooLarge(f"more than {_MOST_POINTS:,} readings; ask for step=hour or a shorter time")
    chosen, days = ("raw", 1) if fits else _coarser(step, start, end, max_points)
    found = []
    for id, (name, unit, *_) in zip(datastreams, about, strict=True):
        # a step that has begun before the start is shown whole
        first = (
            start
            if chosen == "raw"
            else start // (HOUR if chosen == "hour" else DAY) * (HOUR if chosen == "hour" else DAY)
        )
        series = obs.series(id, first, end, chosen, _MOST_POINTS)
        found.append(Named(id, name, unit_symbol(unit), series if days == 1 else _merged(series, days)))
    return SeriesTable(chosen, days, found)


def _coarser(step: Step, start: int, end: int, max_points: int) -> tuple[str, int]:
    """The step, and how many days go into a point."""
    hours, days = -(-(end - start) // HOUR) + 1, -(-(end - start) // DAY) + 1
    if step == "hour" or (step == "auto" and hours <= max_points):
        return "hour", 1
    return "day", 1 if step == "day" else max(1, -(-days // max_points))


def _merged(series: Series, days: int) -> Series:
    """Daily points put together, `days` in one."""
    if not len(series.times):
        return series
    _, starts = np.unique(series.times // (days * DAY), return_index=True)
    counts: npt.NDArray[np.int64] = np.add.reduceat(series.counts, starts)
    return Series(
        series.step,
        series.times[starts],
        np.add.reduceat(series.values * series.counts, starts) / counts,
        np.minimum.reduceat(series.minimum, starts),
        np.maximum.reduceat(series.maximum, starts),
        counts,
        np.zeros(len(starts), np.uint16),
    )
