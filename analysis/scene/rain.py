"""Rain on the grid: from the city's rain sensors, or from a gridded file (NetCDF, GeoTIFF).

Intensities are metres a second, each of a step of time. From sensors: an intensity holds from its time to the
next reading, an amount fell in the time since the reading before. Steps are means over the stations that
were reading for at least half of them, the same on the whole grid or weighted by the inverse square of the
distance (Shepard 1968, doi:10.1145/800186.810616).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from analysis.errors import AnalysisError
from analysis.flood.inputs import MM_PER_HOUR, Rainfall
from analysis.scene.grid import Grid, Plane
from analysis.scene.series import (
    Float64,
    Gaps,
    Spans,
    Stream,
    factor,
    readings,
    refuse_gaps,
    step_means,
    streams,
    usual_interval,
)
from twin.observations.store import Observations
from twin.observations.times import format_instant

Float32: TypeAlias = npt.NDArray[np.float32]

MEASURES = _INTENSITY, _AMOUNT = "rain intensity", "rainfall"
"""Observed properties that are rain."""
STEP_S = 600.0
"""Length of the steps that readings are averaged over [s]."""
AROUND = 2
"""So many steps before the first and after the last are read as well, so that the edges are known."""
_RATES = {"mm/h": 1 / MM_PER_HOUR, "mm/min": 1e-3 / 60, "mm/s": 1e-3, "m/s": 1.0, "in/h": 0.0254 / 3600}
_AMOUNTS = {"mm": 1e-3, "cm": 1e-2, "m": 1.0, "in": 0.0254}
MOST_VALUES = 500_000_000
"""A field of rain in time with more values than this is refused: 2 GB as float32."""
_BAND = 1_000_000


@dataclass(frozen=True)
class Rain:
    """Rain in steps. time: (n + 1,) [s since the start], intensity: (n,) or (n, rows, columns) float32 [m/s].

    source: the stations or the file. gaps: [s] without a reading that were taken to be dry. notes: what else
    to say of it.
    """

    time: Float64
    intensity: Any
    source: str
    gaps: Spans = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def rainfall(self) -> Rainfall:
        """As a flood run takes it."""
        return Rainfall(self.time.tolist(), self.intensity)

    @property
    def amount(self) -> float:
        """What falls in all, the mean of the grid [m]."""
        steps = self.intensity.reshape(len(self.time) - 1, -1).mean(axis=1, dtype=np.float64)
        return float(steps @ np.diff(self.time))


def rain_from_sensors(
    observations: Observations,
    start: int,
    end: int,
    *,
    step: float = STEP_S,
    spatial: Literal["mean", "idw"] = "mean",
    grid: Grid | None = None,
    plane: Plane | None = None,
    gaps: Gaps = "refuse",
) -> Rain:
    """The rain that the city's sensors measured from start to end [µs], in steps [s].

    spatial: "idw" makes a field over `grid` and needs `plane`; stations without a place are left out of it.
    gaps: a step that no station knows is refused, or taken to be dry. Raises AnalysisError when nothing
    measures rain, for a unit that is not known, for a gap that is to be refused, and for too large a field.
    """
    if end <= start or not step > 0:
        raise AnalysisError("rain needs an end after its start and steps of more than 0 s")
    length = (end - start) / 1e6
    edges = np.append(np.arange(0.0, length - 1e-6, step), length)
    measured = [(s, _RATES) for s in streams(observations, _INTENSITY)]
    measured += [(s, _AMOUNTS) for s in streams(observations, _AMOUNT)]
    if not measured:
        raise AnalysisError(
            f"nothing in the city observes {_INTENSITY} or {_AMOUNT};"
            " add readings, or give a hyetograph or a file"
        )
    table = [_steps(observations, stream, known, start, end, edges) for stream, known in measured]
    known = [i for i, rates in enumerate(table) if np.isfinite(rates).any()]
    if not known:
        raise AnalysisError(
            f"no rain sensor has a sound reading from {format_instant(start)} to {format_instant(end)}"
        )
    rates = np.stack([table[i] for i in known])
    used = [measured[i][0] for i in known]
    dry = _spans(np.asarray(np.isnan(rates).all(axis=0)), edges)
    refuse_gaps(dry, gaps, f"the rain of {len(used)} stations", start)
    notes = [f"{len(measured) - len(used)} rain sensors have no sound reading then"] * (
        len(used) < len(measured)
    )
    source = ", ".join(stream.name for stream in used)
    if spatial == "mean":
        with np.errstate(invalid="ignore"):
            total = np.where(np.isnan(rates), 0.0, rates).sum(axis=0)
        intensity: Any = total / np.maximum(np.isfinite(rates).sum(axis=0), 1)
        return Rain(edges, intensity, source, dry, notes)
    if grid is None or plane is None:
        raise AnalysisError("a field of rain from sensors needs the grid and its plane")
    return Rain(edges, _field(rates, used, grid, plane), source, dry, notes)


def latest_rain(observations: Observations) -> int:
    """Time of the latest reading of a rain sensor [µs]. Raises AnalysisError without one."""
    found = [s.id for name in MEASURES for s in streams(observations, name)]
    latest = observations.latest(found) if found else []
    if not latest:
        raise AnalysisError("no rain sensor of the city has a reading; give a design rain or a file")
    return max(reading.time for reading in latest)


def _steps(
    observations: Observations, stream: Stream, known: dict[str, float], start: int, end: int, edges: Float64
) -> Float64:
    """(n,) mean rates [m/s] of one datastream; NaN where it was reading for less than half of a step."""
    scale = factor(stream, known)
    ahead = int(AROUND * (edges[1] - edges[0]) * 1e6)
    times, values = readings(observations, stream, start - ahead, end + ahead)
    times = times - ahead / 1e6
    if not len(times):
        return np.full(len(edges) - 1, np.nan)
    if (values < 0).any():
        raise AnalysisError(f"{stream.name} (datastream {stream.id}) reads negative rain, {values.min():g}")
    usual = usual_interval(times, edges[1] - edges[0])
    if known is _RATES:
        ends = np.append(times[1:], times[-1] + usual)
        means, share = step_means(times, np.minimum(ends, times + 2 * usual), values * scale, edges)
    else:
        since = np.diff(times, prepend=times[0] - usual)
        since = np.where(since <= 2 * usual, since, usual)
        means, share = step_means(times - since, times, values * scale / since, edges)
    return np.where(share >= 0.5, means, np.nan)


def _spans(unknown: npt.NDArray[np.bool_], edges: Float64) -> Spans:
    """Runs of steps as (from, to) [s]."""
    turns = np.flatnonzero(np.diff(np.concatenate([[0], unknown.astype(np.int8), [0]])))
    return [(float(edges[a]), float(edges[b])) for a, b in turns.reshape(-1, 2).tolist()]


def _field(rates: Float64, used: Sequence[Stream], grid: Grid, plane: Plane) -> Float32:
    placed = [i for i, stream in enumerate(used) if stream.place is not None]
    if not placed:
        raise AnalysisError("none of the rain sensors has a place; take the mean of them")
    steps = rates.shape[1]
    check_size(steps, grid)
    at = plane.degrees_to_grid(np.array([used[i].place for i in placed], np.float64))
    rates = rates[placed]
    there = np.isfinite(rates).astype(np.float64)
    filled = np.where(there > 0, rates, 0.0)
    out = np.empty((steps, *grid.shape), np.float32)
    for start, stop in grid.bands(max(1, _BAND // max(steps, len(placed)))):
        cells = grid.centres(start, stop)
        apart = np.hypot(cells[:, None, 0] - at[None, :, 0], cells[:, None, 1] - at[None, :, 1])
        weights = 1.0 / np.maximum(apart, 1e-3) ** 2
        total = weights @ there
        values = np.divide(weights @ filled, total, out=np.zeros_like(total), where=total > 0)
        out[:, start:stop] = values.T.reshape(steps, stop - start, grid.columns)
    return out


def check_size(steps: int, grid: Grid) -> None:
    """Raise AnalysisError for a field of rain that would not fit."""
    if steps * grid.rows * grid.columns > MOST_VALUES:
        raise AnalysisError(
            f"rain in {steps} steps on {grid.rows} x {grid.columns} cells is more than {MOST_VALUES:,}"
            " values; take longer steps, larger cells, or the mean of the grid"
        )
