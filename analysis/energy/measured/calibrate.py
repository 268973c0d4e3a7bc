"""Set points, air change and internal gains of buildings, so that the simulation agrees with their meters.

Three factors of each building are sought within bounds: a shift of the set points, a factor of infiltration
and ventilation, a factor of internal gains. Least squares on the months of all commodities (Gauss-Newton,
damped after Levenberg and Marquardt), all buildings at once, with a weak pull to where they began: what the
meters do not tell stays there, and is said not to be identified.

Limits. Whatever else is wrong (U-values, areas, efficiencies, the weather) goes into these three, too. Months
tell an air change from a U-value only by wind, and hardly at all.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from analysis.energy.measured.agreement import Agreement, agreement
from analysis.energy.measured.units import Commodity
from analysis.energy.zones import Float64, Zones
from analysis.errors import AnalysisError

Bool: TypeAlias = npt.NDArray[np.bool_]
Predict: TypeAlias = Callable[[Zones], Mapping[Commodity, Float64]]
"""What the meters of zones ought to read: by commodity (z, 12) [kWh]."""
Progress: TypeAlias = Callable[[float, str], None]

FACTORS = ("set_point_shift", "air_factor", "gain_factor")
BOUNDS: dict[str, tuple[float, float]] = {
    "set_point_shift": (-3.0, 3.0),
    "air_factor": (0.3, 3.0),
    "gain_factor": (0.3, 2.5),
}
"""[K], [1], [1]: our own choice. Beyond of these a meter speaks of another building, or in another unit."""
_START = {"set_point_shift": 0.0, "air_factor": 1.0, "gain_factor": 1.0}
_NOISE = 0.05
"""What a month is taken to be known to, of the mean month of its meter; the limit of NMBE in guideline 14."""
_PULL = 0.25
"""How far a factor is thought to be from its start at the outset, of the width between its bounds."""
_TELLING = 0.5
"""A factor is identified where the meters leave less than this of that uncertainty."""
_STEP = 0.04
_ROUNDS = 10
_SETTLED = 1e-3


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """Of b buildings with meters. factors: by `FACTORS` (b,); errors: their standard errors (b,), in the same
    units. identified: (b,) whether the meters tell them; at_bound: (b,) whether they came to lie at a bound.
    before, after: by commodity, for each building. zones: all zones, with the factors put in."""

    building: list[str]
    factors: dict[str, Float64]
    errors: dict[str, Float64]
    identified: dict[str, Bool]
    at_bound: dict[str, Bool]
    before: dict[Commodity, list[Agreement | None]]
    after: dict[Commodity, list[Agreement | None]]
    zones: Zones
    notes: list[str]


def calibrate(
    zones: Zones,
    building: Sequence[str],
    measured: Mapping[Commodity, Float64],
    predict: Predict,
    *,
    bounds: Mapping[str, tuple[float, float]] = BOUNDS,
    progress: Progress | None = None,
) -> Calibration:
    """The factors of buildings.

    measured: by commodity (b, 12) [kWh] of each calendar month, NaN where it is not known, in the weather
    that `predict` simulates. Buildings without zones, and commodities that `predict` does not give, do not
    count. progress: hears of the share done. Raises AnalysisError where no building has zones, or nothing
    that is metered is simulated.
    """
    sums = _Sums(zones, building)
    if not len(sums.used):
        raise AnalysisError("none of the buildings with meters is among those that are simulated")
    goal = _Goal(measured, sums, predict(zones.some(sums.used)).keys())
    frame = _Frame(bounds)
    best = np.tile(frame.start, (len(building), 1))
    fitted: _Fitted | None = None
    damping = np.full(len(building), 1e-2)
    trial = best
    for turn in range(_ROUNDS):
        if progress is not None:
            progress(turn / _ROUNDS, f"calibrating, round {turn + 1}")
        off, slopes = _residuals(zones, sums, goal, frame, trial, predict)
        new = _Fitted(off, slopes, trial, frame)
        if fitted is None:
            first, fitted = off, new
        better = new.loss < fitted.loss
        damping = np.where(better, damping / 4.0, damping * 6.0)
        moved = np.where(better[:, None], np.abs(trial - best), 0.0)
        best = np.where(better[:, None], trial, best)
        fitted = fitted.where(better, new)
        trial = fitted.step(best, damping)
        if turn and (moved[better] < _SETTLED).all() and np.abs(trial - best).max(initial=0.0) < _SETTLED:
            break
    assert fitted is not None
    return _finished(zones, sums, goal, frame, best, first, fitted)


class _Frame:
    """Factors as numbers from 0 to 1 between their bounds, ratios by their logarithm."""

    def __init__(self, bounds: Mapping[str, tuple[float, float]]) -> None:
        self.low = np.array([self._scaled(name, bounds[name][0]) for name in FACTORS])
        self.width = np.array([self._scaled(name, bounds[name][1]) for name in FACTORS]) - self.low
        start = np.array([self._scaled(name, _START[name]) for name in FACTORS])
        self.start = np.clip((start - self.low) / self.width, 0.0, 1.0)

    @staticmethod
    def _scaled(name: str, value: float) -> float:
        return value if name == "set_point_shift" else float(np.log(value))

    def factors(self, x: Float64) -> dict[str, Float64]:
        values = self.low + x * self.width
        return {
            name: values[:, k] if name == "set_point_shift" else np.exp(values[:, k])
            for k, name in enumerate(FACTORS)
        }

    def errors(self, x: Float64, deviation: Float64) -> dict[str, Float64]:
        """Standard errors of the factors, of (b, 3) those of x."""
        factors = self.factors(x)
        wide = deviation * self.width
        return {
            name: wide[:, k] * (1.0 if name == "set_point_shift" else factors[name])
            for k, name in enumerate(FACTORS)
        }


class _Sums:
    """Which zones belong to which building with meters."""

    def __init__(self, zones: Zones, building: Sequence[str]) -> None:
        place = {id: k for k, id in enumerate(building)}
        owner = np.array([place.get(id, -1) for id in zones.building], np.int64)
        self.building = list(building)
        self.used = np.flatnonzero(owner >= 0)
        self.owner = owner[self.used]

    def over(self, values: Float64) -> Float64:
        """(b, …) sums of (z, …) values."""
        total = np.zeros((len(self.building), *values.shape[1:]))
        np.add.at(total, self.owner, values)
        return total

    def put(self, zones: Zones, factors: Mapping[str, Float64]) -> Zones:
        """All zones, with factors (b,) in those of the buildings."""
        held = {name: np.full(len(zones), _START[name]) for name in FACTORS}
        for name in FACTORS:
            held[name][self.used] = factors[name][self.owner]
        return with_factors(zones, held)


def with_factors(zones: Zones, factors: Mapping[str, Float64]) -> Zones:
    """Zones with factors by `FACTORS`, (z,) each, upon those that they have."""
    return replace(
        zones,
        set_point_shift=zones.set_point_shift + factors["set_point_shift"],
        infiltration=zones.infiltration * factors["air_factor"],
        ventilation_factor=zones.ventilation_factor * factors["air_factor"],
        gain_factor=zones.gain_factor * factors["gain_factor"],
    )


class _Goal:
    """The months to be met, each by its meter's mean month. values, weight: (b, m) for m months of all
    commodities; a weight of 0 where a month does not count."""

    def __init__(
        self, measured: Mapping[Commodity, Float64], sums: _Sums, told: Collection[Commodity]
    ) -> None:
        self.commodities = [c for c in measured if c in told]
        if not self.commodities:
            raise AnalysisError("the simulation gives nothing that the meters count")
        simulated = np.isin(np.arange(len(sums.building)), sums.owner)
        rows = [measured[c] for c in self.commodities]
        self.values = np.concatenate(rows, axis=1)
        mean = np.concatenate([np.repeat(_mean(r)[:, None], 12, axis=1) for r in rows], axis=1)
        counts = np.isfinite(self.values) & (mean > 0) & simulated[:, None]
        self.weight = np.where(counts, 1.0 / (_NOISE * np.where(counts, mean, 1.0)), 0.0)

    def off(self, predicted: Mapping[Commodity, Float64]) -> Float64:
        """(b, m) how far months (b, 12) by commodity are from the measured ones, in units of their noise."""
        given = np.concatenate([predicted[c] for c in self.commodities], axis=1)
        return np.asarray((given - np.nan_to_num(self.values)) * self.weight)


def _mean(values: Float64) -> Float64:
    """(b,) means of what is known of (b, 12), 0 where nothing is."""
    known = np.isfinite(values).sum(axis=1)
    return np.asarray(np.nan_to_num(values).sum(axis=1) / np.maximum(known, 1))


def _residuals(
    zones: Zones, sums: _Sums, goal: _Goal, frame: _Frame, x: Float64, predict: Predict
) -> tuple[Float64, Float64]:
    """(b, m) residuals at x (b, 3), and (b, m, 3) their slopes, from one simulation of four copies."""
    inwards = np.where(x + _STEP <= 1.0, _STEP, -_STEP)
    tries = [x, *(x + inwards * (np.arange(3) == k) for k in range(3))]
    used, z = zones.some(sums.used), len(sums.used)
    copies = used.some(np.tile(np.arange(z), 4))
    copies = replace(copies, ids=[f"{id} {n // z}" for n, id in enumerate(copies.ids)])
    factors = [frame.factors(one) for one in tries]
    put = {name: np.concatenate([f[name][sums.owner] for f in factors]) for name in FACTORS}
    found = predict(with_factors(copies, put))
    offs = [
        goal.off({c: sums.over(found[c][k * z : (k + 1) * z]) for c in goal.commodities}) for k in range(4)
    ]
    slopes = np.stack([(offs[k + 1] - offs[0]) / inwards[:, k, None] for k in range(3)], axis=2)
    return offs[0], slopes


class _Fitted:
    """Residuals and slopes at the best factors found so far."""

    def __init__(self, off: Float64, slopes: Float64, x: Float64, frame: _Frame) -> None:
        self.off, self.slopes, self.frame = off, slopes, frame
        self.pull = (x - frame.start) / _PULL
        self.loss = (off**2).sum(axis=1) + (self.pull**2).sum(axis=1)

    def where(self, better: Bool, new: _Fitted) -> _Fitted:
        self.off = np.where(better[:, None], new.off, self.off)
        self.slopes = np.where(better[:, None, None], new.slopes, self.slopes)
        self.pull = np.where(better[:, None], new.pull, self.pull)
        self.loss = np.where(better, new.loss, self.loss)
        return self

    def normal(self) -> Float64:
        """(b, 3, 3) what the meters tell of the factors."""
        return np.asarray(np.einsum("bmi,bmj->bij", self.slopes, self.slopes))

    def step(self, x: Float64, damping: Float64) -> Float64:
        """The next factors; one that would leave its bounds is held there, and the others go without it."""
        eye = np.eye(3)
        matrix = self.normal() + eye / _PULL**2
        matrix = matrix + damping[:, None, None] * matrix * eye
        gradient = np.einsum("bmi,bm->bi", self.slopes, self.off) + self.pull / _PULL
        held = ((x <= 0.0) & (gradient > 0)) | ((x >= 1.0) & (gradient < 0))
        free = (~held).astype(np.float64)
        matrix = matrix * free[:, :, None] * free[:, None, :] + eye * held[:, None, :]
        move = -np.linalg.solve(matrix, (gradient * free)[:, :, None])[:, :, 0]
        return np.clip(x + move, 0.0, 1.0)


def _finished(
    zones: Zones, sums: _Sums, goal: _Goal, frame: _Frame, x: Float64, first: Float64, fitted: _Fitted
) -> Calibration:
    factors = frame.factors(x)
    left = (fitted.off**2).sum(axis=1) / np.maximum((goal.weight > 0).sum(axis=1) - len(FACTORS), 1)
    noise = np.maximum(left, 1.0)[:, None, None]
    spread = np.linalg.inv(fitted.normal() / noise + np.eye(3) / _PULL**2)
    deviation = np.sqrt(np.diagonal(spread, axis1=1, axis2=2))
    telling = deviation < _TELLING * _PULL
    bound = (x <= 1e-6) | (x >= 1.0 - 1e-6)
    before, after = (_agreements(goal, off) for off in (first, fitted.off))
    identified = {name: telling[:, k] for k, name in enumerate(FACTORS)}
    at_bound = {name: bound[:, k] for k, name in enumerate(FACTORS)}
    return Calibration(
        building=sums.building,
        factors=factors,
        errors=frame.errors(x, deviation),
        identified=identified,
        at_bound=at_bound,
        before=before,
        after=after,
        zones=sums.put(zones, factors),
        notes=_notes(identified, at_bound),
    )


def _agreements(goal: _Goal, off: Float64) -> dict[Commodity, list[Agreement | None]]:
    with np.errstate(divide="ignore", invalid="ignore"):
        simulated = np.where(goal.weight > 0, goal.values + off / goal.weight, np.nan)
    found: dict[Commodity, list[Agreement | None]] = {}
    for k, commodity in enumerate(goal.commodities):
        months = slice(12 * k, 12 * (k + 1))
        found[commodity] = [
            agreement(m, s, "month")
            for m, s in zip(goal.values[:, months], simulated[:, months], strict=True)
        ]
    return found


def _notes(identified: Mapping[str, Bool], at_bound: Mapping[str, Bool]) -> list[str]:
    notes = []
    for name in FACTORS:
        if unknown := int((~identified[name]).sum()):
            notes.append(f"{name}: the meters of {unknown} buildings do not tell it; it stays near its start")
        if stuck := int(at_bound[name].sum()):
            notes.append(
                f"{name}: in {stuck} buildings it lies at its bound, so that something else is wrong"
            )
    return notes
