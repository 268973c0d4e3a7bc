"""Radar rain held against rain gauges: one factor for all (mean-field bias), or a factor that varies in
space.

E. Goudenhoofdt, L. Delobbe (2009), Evaluation of radar-gauge merging methods for quantitative precipitation
estimates, doi:10.5194/hess-13-195-2009: mean field bias (there equation 1), and a factor at each gauge that
is interpolated, here by inverse squared distance over the logarithms, so that doubling and halving weigh the
same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from analysis.errors import AnalysisError
from analysis.warning.planes import between, from_degrees
from analysis.warning.radar import RadarSequence
from analysis.warning.rain_grid import at_points
from citygml.crs import Crs, parse

if TYPE_CHECKING:
    from affine import Affine

Float64 = npt.NDArray[np.float64]
Method = Literal["none", "mean-field", "distance"]
METHODS: tuple[Method, ...] = ("none", "mean-field", "distance")
LEAST_MM = 0.5
"""A gauge counts when it and the radar over it both saw this much [mm]: below, a ratio says nothing."""
FACTORS = (0.1, 10.0)
"""Ratios beyond these are of a blocked gauge or a blind radar, not of the rain, and are cut."""
FEWEST = 3
_POWER = 2.0
_HELD = 1.5
"""For so many usual steps at most a reading speaks, when the next one does not come."""


@dataclass(frozen=True)
class Gauges:
    """Rain gauges over the time of a radar sequence. points: (n, 2) in the plane of `crs`; amounts: (n,)
    [mm]; names: n."""

    points: Float64
    amounts: Float64
    crs: Crs
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class LeaveOneOut:
    """Each gauge estimated from the radar and the other gauges. rmse, bias: [mm], estimate less gauge."""

    method: Method
    rmse: float
    bias: float


@dataclass(frozen=True)
class Adjustment:
    """factor: (rows, columns) by which the radar's rain is multiplied. errors: of every method, leaving out
    one gauge at a time; empty with fewer than `FEWEST` gauges. used: gauges that counted."""

    method: Method
    factor: npt.NDArray[np.float32]
    errors: tuple[LeaveOneOut, ...]
    used: int
    mean_field: float


def adjust(
    rain: RadarSequence, gauges: Gauges, method: Method | None = None
) -> tuple[RadarSequence, Adjustment]:
    """The sequence multiplied so that its amounts fit the gauges.

    method: None for the one with the least error when each gauge is left out; with fewer than `FEWEST` gauges
    the mean field. Without a gauge that counts the rain stays as it is.
    """
    amount = rain.amount()
    radar = at_points(amount, rain.transform, rain.crs, gauges.points, gauges.crs).astype(np.float64)
    points = between(gauges.crs, rain.crs, gauges.points)
    measured = np.asarray(gauges.amounts, np.float64)
    used = (radar >= LEAST_MM) & (measured >= LEAST_MM)
    radar, measured, points = radar[used], measured[used], points[used]
    errors: tuple[LeaveOneOut, ...] = ()
    if len(points) >= FEWEST:
        errors = tuple(_left_out(m, points, radar, measured) for m in METHODS)
    if method is None:
        best = min(errors, key=lambda e: e.rmse).method if errors else "mean-field"
        method = best if len(points) else "none"
    elif not len(points) and method != "none":
        raise AnalysisError(
            f"no gauge has {LEAST_MM} mm of rain under a radar that sees as much; nothing can be adjusted"
        )
    mean = _mean_field(radar, measured)
    factor = _factors(method, points, radar, measured, _cells(amount.shape, rain.transform))
    adjustment = Adjustment(
        method, factor.reshape(amount.shape).astype(np.float32), errors, len(points), mean
    )
    return rain.times_scaled(adjustment.factor), adjustment


def _factors(method: Method, points: Float64, radar: Float64, measured: Float64, wanted: Float64) -> Float64:
    """(m,) factors at points (m, 2)."""
    if method == "none":
        return np.ones(len(wanted))
    if method == "mean-field":
        return np.full(len(wanted), _mean_field(radar, measured))
    ratios = np.log(np.clip(measured / radar, *FACTORS))
    factors = np.empty(len(wanted))
    for part in range(0, len(wanted), 65_536):
        at = wanted[part : part + 65_536]
        distances = np.hypot(at[:, None, 0] - points[:, 0], at[:, None, 1] - points[:, 1])
        weights = np.maximum(distances, 1e-3) ** -_POWER
        factors[part : part + 65_536] = np.exp(weights @ ratios / weights.sum(axis=1))
    return factors


def _mean_field(radar: Float64, measured: Float64) -> float:
    return float(np.clip(measured.sum() / radar.sum(), *FACTORS)) if len(radar) else 1.0


def _left_out(method: Method, points: Float64, radar: Float64, measured: Float64) -> LeaveOneOut:
    estimates = np.empty(len(points))
    for i in range(len(points)):
        others = np.arange(len(points)) != i
        known = points[others], radar[others], measured[others]
        estimates[i] = radar[i] * _factors(method, *known, points[i : i + 1])[0]
    wrong = estimates - measured
    return LeaveOneOut(method, float(np.sqrt(np.mean(wrong**2))), float(wrong.mean()))


def _cells(shape: tuple[int, ...], transform: Affine) -> Float64:
    """(rows * columns, 2) middles."""
    rows, columns = (i.ravel() + 0.5 for i in np.indices(shape, np.float64))
    x = transform.a * columns + transform.b * rows + transform.c
    return np.column_stack([x, transform.d * columns + transform.e * rows + transform.f])


def city_gauges(folder: Path | str, start: int, end: int, crs: Crs | None = None) -> Gauges:
    """The city's rain sensors from start to end [µs], as amounts: those that observe "rain intensity" [mm/h]
    or "rainfall" [mm] and have a place.

    Readings flagged out of range or by a wrong clock are left out. An intensity holds until the next reading;
    a sensor that read less than half of the time is left out. crs: of the points; None for degrees.
    """
    from analysis.scene.series import all_readings
    from twin.alerts.streams import load_streams
    from twin.observations.quality import bits
    from twin.observations.store import open_observations

    doubtful = bits(["range", "clock"])
    plane = crs or parse("EPSG:4326")
    found: list[tuple[float, float, float]] = []
    names: list[str] = []
    with open_observations(folder) as observations:
        with observations.connection() as connection:
            streams = load_streams(connection)
        for stream in streams.values():
            observed = {"rain intensity": "mm/h", "rainfall": "mm"}
            kind = next((k for k, u in observed.items() if k in stream.properties and stream.unit == u), None)
            if kind is None or stream.longitude is None or stream.latitude is None:
                continue
            times, values, flags = all_readings(observations, stream.id, start, end)
            good = np.isfinite(values) & (flags & doubtful == 0)
            amount = _amount(times[good], values[good], start, end, kind == "rainfall")
            if amount is not None:
                found.append((stream.longitude, stream.latitude, amount))
                names.append(str(stream.id))
    table = np.array(found, np.float64).reshape(-1, 3)
    places = from_degrees(plane, table[:, :2]) if len(table) else table[:, :2]
    return Gauges(places, table[:, 2], plane, tuple(names))


def _amount(times: npt.NDArray[np.int64], values: Float64, start: int, end: int, sums: bool) -> float | None:
    """Rain [mm] of readings; None where they cover less than half of the time."""
    if len(times) < 2:
        return None
    step = float(np.median(np.diff(times)))
    lasting = np.minimum(np.diff(np.append(times, end)), _HELD * step)
    if lasting.sum() < 0.5 * (end - start):
        return None
    if sums:
        return float(values.sum())
    return float((values * lasting).sum() / 3.6e9)


def summary(adjustment: Adjustment) -> Sequence[str]:
    """Lines for a report."""
    lines = [
        f"{e.method}: RMSE {e.rmse:.2f} mm, bias {e.bias:+.2f} mm (each gauge left out)"
        for e in adjustment.errors
    ]
    return [f"{adjustment.method} with {adjustment.used} gauges", *lines]
