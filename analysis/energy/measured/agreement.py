"""How far a simulation is from the meters: CV(RMSE) and NMBE, with the limits of ASHRAE guideline 14.

ASHRAE Guideline 14-2014, "Measurement of Energy, Demand, and Water Savings", with m measured, s simulated, n
intervals and p parameters (1 for a calibrated simulation, the number of coefficients for a regression):

    CV(RMSE) = √(Σ (m − s)² / (n − p)) / mean(m)        NMBE = Σ (m − s) / ((n − p) · mean(m))

A model counts as calibrated by the hour within 30 % and ±10 %, by the month within 15 % and ±5 %. The sign of
NMBE is that of the guideline: positive where the simulation needs too little (Ruiz, Bandera 2017,
doi:10.3390/en10101587, on the mistakes that are usual with both).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from analysis.errors import AnalysisError

Float64: TypeAlias = npt.NDArray[np.float64]
Step = Literal["hour", "day", "month"]

LIMITS: dict[Step, tuple[float, float]] = {"hour": (0.30, 0.10), "month": (0.15, 0.05)}
"""CV(RMSE) and |NMBE| [1] (ASHRAE Guideline 14-2014, section 4.2); it has none by the day."""


@dataclass(frozen=True)
class Agreement:
    """n: intervals compared. cv_rmse, nmbe: [1]. calibrated: within the limits; None where there are none."""

    n: int
    step: Step
    cv_rmse: float
    nmbe: float
    calibrated: bool | None


def agreement(measured: Float64, simulated: Float64, step: Step, parameters: int = 1) -> Agreement | None:
    """Of two series (n,) in the same unit; intervals where one is NaN do not count. None where fewer than two
    more than the parameters are left, or nothing was used. Raises AnalysisError for unequal lengths."""
    if measured.shape != simulated.shape:
        raise AnalysisError(f"{len(measured)} measured intervals cannot be compared with {len(simulated)}")
    both = np.isfinite(measured) & np.isfinite(simulated)
    n, mean = int(both.sum()), float(measured[both].mean()) if both.any() else 0.0
    if n < parameters + 2 or mean <= 0:
        return None
    off = measured[both] - simulated[both]
    cv_rmse = float(np.sqrt((off**2).sum() / (n - parameters)) / mean)
    nmbe = float(off.sum() / ((n - parameters) * mean))
    limits = LIMITS.get(step)
    within = None if limits is None else cv_rmse <= limits[0] and abs(nmbe) <= limits[1]
    return Agreement(n, step, cv_rmse, nmbe, within)
