"""Parameters of a model fitted to what was measured, such as roughness and drainage to levels in sewers.

Any model is a function of its parameters that gives the series at the times of the measurements. The search
is SciPy's: differential evolution (R. Storn, K. Price 1997, doi:10.1023/A:1008202821328) over the whole of
the bounds, then least squares by a dogleg within them from the best of it, or the latter alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from analysis.errors import AnalysisError, SimulationFailed

if TYPE_CHECKING:
    from analysis.progress import Progress

Float64: TypeAlias = npt.NDArray[np.float64]
Run: TypeAlias = Callable[[Mapping[str, float]], npt.ArrayLike]
_BOUND = 0.01
"""A result within this share of the range of a bound is said to lie at it."""
_STEPS = 20
"""Of the least-squares search at most; each takes a run for itself and one for each parameter."""
_BAD = 10.0
"""A run that fails counts as an error of so many times the spread of the measurements."""


@dataclass(frozen=True)
class Bounds:
    """initial: where the search begins and "before" is measured. log: searched by its logarithm, for what
    ranges over powers of ten."""

    name: str
    unit: str
    low: float
    high: float
    initial: float
    log: bool = False

    def __post_init__(self) -> None:
        if not (self.low < self.high and self.low <= self.initial <= self.high):
            raise AnalysisError(
                f"{self.name}: {self.low:g} < {self.high:g} with {self.initial:g} between is needed"
            )
        if self.log and self.low <= 0:
            raise AnalysisError(f"{self.name}: a logarithmic search needs a lower bound above 0")


@dataclass(frozen=True)
class Fit:
    """nse: J. E. Nash, J. V. Sutcliffe (1970), doi:10.1016/0022-1694(70)90255-6; 1 is perfect, 0 as good as
    the mean of the measurements; NaN when they do not vary. rmse, bias, peak_error: in the unit of the
    series, model less measurement. count: of values compared."""

    nse: float
    rmse: float
    bias: float
    peak_error: float
    count: int


@dataclass(frozen=True)
class Calibration:
    """parameters: name -> value. before, after: at the initial values and at these, over what was fitted; the
    `_held_out` ones over the last part, which was not shown to the search (None without one). simulated_*:
    (n,). at_bound: names that ended at a bound, whose true value may lie beyond. deviation: name -> standard
    error from the least-squares fit, in its unit, NaN where the series does not depend on it. runs: of the
    model; failed: of them."""

    parameters: dict[str, float]
    before: Fit
    after: Fit
    before_held_out: Fit | None
    after_held_out: Fit | None
    simulated_before: Float64
    simulated_after: Float64
    at_bound: tuple[str, ...]
    deviation: dict[str, float]
    runs: int
    failed: int


def fit(simulated: npt.ArrayLike, measured: npt.ArrayLike) -> Fit:
    """How well a series (n,) fits measurements (n,), where both are numbers. Raises AnalysisError for
    none."""
    a, b = np.asarray(simulated, np.float64), np.asarray(measured, np.float64)
    known = np.isfinite(a) & np.isfinite(b)
    a, b = a[known], b[known]
    if not len(b):
        raise AnalysisError("no measured value can be compared with the model")
    wrong = a - b
    spread = float(((b - b.mean()) ** 2).sum())
    return Fit(
        1 - float((wrong**2).sum()) / spread if spread > 0 else float("nan"),
        float(np.sqrt(np.mean(wrong**2))),
        float(wrong.mean()),
        float(a.max() - b.max()),
        len(b),
    )


def calibrate(
    run: Run,
    measured: npt.ArrayLike,
    bounds: Sequence[Bounds],
    *,
    search: Literal["global", "local"] = "global",
    held_out: float = 0.0,
    most_runs: int = 500,
    seed: int = 0,
    progress: Progress | None = None,
) -> Calibration:
    """Find the parameters with the least squared error.

    run: parameters by name -> (n,) series at the times of `measured` (n,), NaN where nothing was measured; it
    may raise SimulationFailed. search: "global" for several minima, "local" when the initial values are good
    and runs dear. held_out: share of the measurements at the end to test with. most_runs: about how many runs
    may be made. Raises AnalysisError for too few measurements, or an initial run that fails.
    """
    truth = np.asarray(measured, np.float64)
    used = np.isfinite(truth)
    if not 0 <= held_out < 1:
        raise AnalysisError(f"a held-out share of {held_out:g} is not between 0 and 1")
    split = round(len(truth) * (1 - held_out))
    shown = used & (np.arange(len(truth)) < split)
    if not bounds or len({b.name for b in bounds}) != len(bounds):
        raise AnalysisError("a calibration needs parameters of different names")
    if shown.sum() <= len(bounds):
        raise AnalysisError(f"{int(shown.sum())} measured values are too few for {len(bounds)} parameters")
    work = _Search(run, truth, shown, list(bounds), most_runs, progress)
    start = np.array([b.initial for b in bounds])
    before = work.series(start)
    best, jacobian = work.solve(_unit(bounds, start), search, seed)
    values = _values(bounds, best)
    after = work.series(values)
    if _squares(after, truth, shown) > _squares(before, truth, shown):
        values, after = start, before
    rest = used & ~shown
    return Calibration(
        dict(zip((b.name for b in bounds), values.tolist(), strict=True)),
        fit(before[shown], truth[shown]),
        fit(after[shown], truth[shown]),
        fit(before[rest], truth[rest]) if rest.any() else None,
        fit(after[rest], truth[rest]) if rest.any() else None,
        before,
        after,
        tuple(b.name for b, u in zip(bounds, _unit(bounds, values), strict=True) if min(u, 1 - u) < _BOUND),
        _deviations(bounds, values, jacobian, after[shown] - truth[shown]),
        work.runs,
        work.failed,
    )


class _Search:
    """Runs of the model, counted, in a unit cube of parameters."""

    def __init__(
        self,
        run: Run,
        truth: Float64,
        shown: npt.NDArray[np.bool_],
        bounds: list[Bounds],
        most: int,
        progress: Progress | None,
    ) -> None:
        self.run, self.truth, self.shown, self.bounds, self.most = run, truth, shown, bounds, most
        self.progress = progress
        self.runs = self.failed = 0
        self.scale = float(np.std(truth[shown])) or 1.0

    def series(self, values: Float64) -> Float64:
        self.runs += 1
        given = dict(zip((b.name for b in self.bounds), values.tolist(), strict=True))
        found = np.asarray(self.run(given), np.float64)
        if found.shape != self.truth.shape:
            raise AnalysisError(f"the model gave {found.shape} values for {self.truth.shape} measurements")
        if self.progress is not None:
            self.progress(min(self.runs / self.most, 0.99), f"run {self.runs} of about {self.most}")
        return found

    def residuals(self, unit: Float64) -> Float64:
        """(m,) in units of the measurements' spread."""
        try:
            wrong = (self.series(_values(self.bounds, np.clip(unit, 0, 1))) - self.truth)[self.shown]
        except SimulationFailed:
            self.failed += 1
            return np.full(int(self.shown.sum()), _BAD)
        return np.asarray(np.where(np.isfinite(wrong), wrong / self.scale, _BAD))

    def solve(self, start: Float64, search: str, seed: int) -> tuple[Float64, Float64]:
        from scipy.optimize import differential_evolution, least_squares

        cube = [(0.0, 1.0)] * len(start)
        local = _STEPS * (len(start) + 1)
        if search == "global":
            population = max(5, min(15, self.most // (20 * len(start))))
            rounds = max(1, (self.most - local) // (population * len(start)) - 1)
            found = differential_evolution(
                lambda u: float((self.residuals(u) ** 2).mean()), cube, maxiter=rounds, popsize=population,
                x0=start, rng=np.random.default_rng(seed), polish=False, init="sobol", tol=1e-6,
            )  # fmt: skip
            start = found.x
        inside = np.clip(start, 1e-6, 1 - 1e-6)
        solved = least_squares(
            self.residuals,
            inside,
            bounds=(0.0, 1.0),
            diff_step=1e-3,
            method="dogbox",
            x_scale="jac",
            max_nfev=_STEPS,
            xtol=1e-6,
            ftol=1e-8,
        )
        return solved.x, np.asarray(solved.jac) * self.scale


def _squares(series: Float64, truth: Float64, shown: npt.NDArray[np.bool_]) -> float:
    return float(np.nansum((series - truth)[shown] ** 2))


def _unit(bounds: Sequence[Bounds], values: Float64) -> Float64:
    return np.array(
        [
            np.log(v / b.low) / np.log(b.high / b.low) if b.log else (v - b.low) / (b.high - b.low)
            for b, v in zip(bounds, values.tolist(), strict=True)
        ]
    )


def _values(bounds: Sequence[Bounds], unit: Float64) -> Float64:
    return np.array(
        [
            b.low * (b.high / b.low) ** u if b.log else b.low + u * (b.high - b.low)
            for b, u in zip(bounds, unit.tolist(), strict=True)
        ]
    )


def _deviations(
    bounds: Sequence[Bounds], values: Float64, jacobian: Float64, wrong: Float64
) -> dict[str, float]:
    """Standard errors by linear theory, residuals taken as independent; measured levels are not, so they are
    a least."""
    wrong = wrong[np.isfinite(wrong)]
    norms = np.linalg.norm(jacobian, axis=0)
    told = norms > 1e-6 * norms.max()
    unit = np.full(len(bounds), np.nan)
    information = jacobian[:, told].T @ jacobian[:, told]
    if told.any() and np.linalg.matrix_rank(information) == told.sum():
        variance = float((wrong**2).sum()) / max(1, len(wrong) - len(bounds))
        unit[told] = np.sqrt(variance * np.diag(np.linalg.inv(information)))
    slopes = [
        v * np.log(b.high / b.low) if b.log else b.high - b.low for b, v in zip(bounds, values, strict=True)
    ]
    return {b.name: float(u * s) for b, u, s in zip(bounds, unit, slopes, strict=True)}
