"""What a meter would have read in a usual year: energy against outdoor temperature, with change points.

A heating slope below one temperature, a cooling slope above another, and a base that does not depend on the
weather; the 3- and 5-parameter models of ASHRAE Guideline 14-2014 (annex on regression) and of its Inverse
Modeling Toolkit (Kissock, Haberl, Claridge 2003, RP-1050). Change points are taken on the daily means of an
interval, so that months are fitted by variable-base degree days (Fels 1986, doi:10.1016/0378-7788(86)90003-4)
and not by their mean temperature, which hides cold days in mild months.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from analysis.errors import AnalysisError

Float64: TypeAlias = npt.NDArray[np.float64]
Form = Literal["base", "heating", "cooling", "both"]

PARAMETERS: dict[Form, int] = {"base": 1, "heating": 3, "cooling": 3, "both": 5}
HEATING_POINTS = np.arange(5.0, 22.01, 0.5)
COOLING_POINTS = np.arange(14.0, 28.01, 0.5)
"""Change points that are tried [°C]; buildings balance inside of these."""
_EXACT = 1e-6
"""CV(RMSE) that counts as no error at all [1]."""


@dataclass(frozen=True)
class Fit:
    """base: [kWh/day]. heating, cooling: [kWh/day per K below or above heating_point, cooling_point] [°C], 0
    and NaN where the form has none. cv_rmse: of the fit with its degrees of freedom [1]. n: intervals."""

    form: Form
    base: float
    heating: float
    cooling: float
    heating_point: float
    cooling_point: float
    cv_rmse: float
    n: int

    def daily(self, temperatures: Float64) -> Float64:
        """(d,) [kWh] of days with mean outdoor temperatures (d,) [°C]."""
        low = 0.0 if np.isnan(self.heating_point) else self.heating * _below(temperatures, self.heating_point)
        high = (
            0.0 if np.isnan(self.cooling_point) else self.cooling * _above(temperatures, self.cooling_point)
        )
        return np.asarray(self.base + low + high, np.float64)


def degree_days(temperatures: Float64, base: float) -> float:
    """Heating degree days [K d] of daily mean temperatures (d,) [°C] below a base."""
    return float(_below(temperatures, base).sum())


def fit(energy: Float64, interval: npt.NDArray[np.int64], temperatures: Float64) -> Fit:
    """The best of the four forms, by Akaike's criterion.

    energy: (n,) [kWh] of intervals, NaN where they are not known. interval: (d,) of each day, the number of
    the interval it lies in, -1 for none. temperatures: (d,) daily mean outdoor temperature [°C]. Raises
    AnalysisError with fewer than 6 known intervals.
    """
    days = np.bincount(interval[interval >= 0], minlength=len(energy)).astype(np.float64)
    use = np.isfinite(energy) & (days > 0) & ~_touched(interval, np.isnan(temperatures), len(energy))
    n = int(use.sum())
    if n < PARAMETERS["both"] + 1:
        raise AnalysisError(f"{n} intervals are too few to see how a meter follows the weather; it takes 6")
    rate = energy[use] / days[use]

    def mean(daily: Float64) -> Float64:
        total = np.bincount(
            interval[interval >= 0], np.nan_to_num(daily[interval >= 0]), minlength=len(energy)
        )
        return np.asarray(total[use] / days[use])

    cold = {p: mean(_below(temperatures, p)) for p in HEATING_POINTS.tolist()}
    warm = {p: mean(_above(temperatures, p)) for p in COOLING_POINTS.tolist()}
    found = [_solved("base", rate, days[use], (), (np.nan, np.nan))]
    found.append(_best("heating", rate, days[use], [((x,), (p, np.nan)) for p, x in cold.items()]))
    found.append(_best("cooling", rate, days[use], [((x,), (np.nan, p)) for p, x in warm.items()]))
    pairs = [((x, y), (p, q)) for p, x in cold.items() for q, y in warm.items() if q >= p]
    found.append(_best("both", rate, days[use], pairs))
    return min((f for f in found if f is not None), key=_criterion)


def _criterion(found: Fit) -> float:
    """Akaike's criterion for few data (Hurvich, Tsai 1989, doi:10.1093/biomet/76.2.297); the variance is one
    parameter more."""
    n, k = found.n, PARAMETERS[found.form] + 1
    squares = max(found.cv_rmse, _EXACT) ** 2 * (n - PARAMETERS[found.form]) / n
    few = 2.0 * k * (k + 1) / (n - k - 1) if n > k + 1 else np.inf
    return float(n * np.log(squares) + 2 * k + few)


def _best(
    form: Form,
    rate: Float64,
    weights: Float64,
    tries: Sequence[tuple[tuple[Float64, ...], tuple[float, float]]],
) -> Fit | None:
    fits = [_solved(form, rate, weights, columns, points) for columns, points in tries]
    return min((f for f in fits if f is not None), key=lambda f: f.cv_rmse, default=None)


def _solved(
    form: Form,
    rate: Float64,
    weights: Float64,
    columns: tuple[Float64, ...],
    points: tuple[float, float],
) -> Fit | None:
    """Least squares at given change points; None where a slope is not positive or cannot be told."""
    matrix = np.column_stack([np.ones(len(rate)), *columns])
    if len(columns) and (matrix[:, 1:].max(axis=0) <= 0).any():
        return None
    root = np.sqrt(weights)
    solution, _, rank, _ = np.linalg.lstsq(matrix * root[:, None], rate * root, rcond=None)
    if rank < matrix.shape[1] or (solution[1:] <= 0).any():
        return None
    off = (rate - matrix @ solution) * weights
    level = float((rate * weights).mean())
    cv = float(np.sqrt((off**2).sum() / (len(rate) - PARAMETERS[form])) / level) if level > 0 else np.inf
    slopes = iter(solution[1:].tolist())
    heating = next(slopes) if np.isfinite(points[0]) else 0.0
    cooling = next(slopes) if np.isfinite(points[1]) else 0.0
    return Fit(form, float(solution[0]), heating, cooling, *points, cv, len(rate))


def _touched(interval: npt.NDArray[np.int64], wrong: npt.NDArray[np.bool_], n: int) -> npt.NDArray[np.bool_]:
    """(n,) intervals that hold a day that is wrong."""
    return np.asarray(np.bincount(interval[wrong & (interval >= 0)], minlength=n) > 0)


def _below(temperatures: Float64, point: float) -> Float64:
    return np.maximum(point - temperatures, 0.0)


def _above(temperatures: Float64, point: float) -> Float64:
    return np.maximum(temperatures - point, 0.0)
