"""A microgrid without the grid: how long it lasts from each hour on, and what it cannot serve.

The battery gives what generation lacks and takes what it has over, as far as its power and its level let it;
firm generation (a fuel cell, an engine with its fuel) runs for what is still lacking. The series goes around:
after its last interval comes its first.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, sqrt
from typing import Any

import numpy as np
import numpy.typing as npt

from analysis.energy.supply.arrays import WATTS_PER_KILOWATT, hours_of, series
from analysis.energy.supply.battery import Battery
from analysis.energy.supply.kernels import kernel
from analysis.energy.zones import Float64
from analysis.errors import AnalysisError


@dataclass(frozen=True)
class Island:
    """n intervals at which the grid may fail. horizon: what was looked at, whole intervals [h]. bridged: (n,)
    hours served in full from each on, at most so many; in the interval in which it ends, the share that is
    served counts. unserved: (n,) energy that is not served during the whole horizon from each on [kWh].

    Of a whole year without the grid: served: (n,) share of each interval's demand [1]; missing: energy that
    is not served, unused: generation that nobody takes [kWh]."""

    horizon: float
    bridged: Float64
    unserved: Float64
    served: Float64
    missing: float
    unused: float

    @property
    def longest(self) -> float:
        """[h]"""
        return float(self.bridged.max())

    @property
    def shortest(self) -> float:
        """[h]"""
        return float(self.bridged.min())

    @property
    def covered(self) -> float:
        """Share of the intervals of a year without the grid that are served in full [1]."""
        return float((self.served >= 1.0).mean())

    def survives(self, hours: float) -> float:
        """Share of the moments at which an outage of so many hours is bridged [1]."""
        if hours > self.horizon:
            raise AnalysisError(f"outages were looked at for {self.horizon:g} h, not {hours:g}")
        return float((self.bridged >= hours - 1e-9).mean())


def island(
    demand: npt.ArrayLike,
    generation: npt.ArrayLike,
    battery: Battery,
    *,
    level: npt.ArrayLike | None = None,
    critical: float = 1.0,
    firm: float = 0.0,
    horizon: float = 168.0,
    step: float = 3600.0,
) -> Island:
    """Cut a microgrid from the grid at each interval. demand, generation: (n,) of all of it [W]. battery: of
    all of it, one number each. level: (n,) of the battery at the start of each interval in normal operation
    [kWh]; its `start` without it. critical: share of the demand that must be served [1]. firm: generation at
    will [W]. Takes n × horizon steps. Raises AnalysisError for what does not fit."""
    need = series("demand", demand)[0] * critical
    own = series("generation", generation, need[None])[0]
    if not (0 < critical <= 1 and firm >= 0 and horizon > 0):
        raise AnalysisError(
            "the critical share must be above 0 and at most 1, firm generation at least 0 W, the horizon"
            " above 0 h"
        )
    capacity, power = (float(v[0]) for v in battery.sizes(1))
    hours, n = hours_of(step), len(need)
    start = np.full(n, battery.start * capacity) if level is None else np.asarray(level, np.float64)
    if start.shape != (n,) or not ((start >= 0) & (start <= capacity * (1 + 1e-9))).all():
        raise AnalysisError(f"the battery's level needs {n} values from 0 to {capacity:g} kWh")
    way, held = sqrt(battery.round_trip), battery.held(hours)
    bridged, unserved, served, unused = (np.zeros(n) for _ in range(4))
    steps = max(1, ceil(horizon / hours - 1e-9))
    each = (hours, capacity, power, way, held, firm)
    _outages(need, own, start, steps, each, bridged, unserved)
    missing = _year(need, own, float(start[0]), each, served, unused)
    kilo = hours / WATTS_PER_KILOWATT
    return Island(steps * hours, bridged, unserved * kilo, served, missing * kilo, float(unused.sum()) * kilo)


@kernel
def _one(need: float, own: float, level: float, each: Any) -> Any:
    """(lacking [W], unused [W], level [kWh]) of an interval."""
    hours, capacity, power, way, held, firm = each
    per_watt = hours / WATTS_PER_KILOWATT
    level *= held
    net = need - own
    if net <= 0.0:
        taken = min(-net, power, max(0.0, capacity - level) / (way * per_watt))
        return 0.0, -net - taken, min(capacity, level + taken * way * per_watt)
    given = min(net, power, level * way / per_watt)
    lacking = max(0.0, net - given - firm)
    return lacking, 0.0, max(0.0, level - given * per_watt / way)


@kernel
def _outages(need: Any, own: Any, start: Any, steps: int, each: Any, bridged: Any, unserved: Any) -> None:
    n = len(need)
    hours = each[0]
    for s in range(n):
        level = start[s]
        whole = True
        for k in range(steps):
            t = (s + k) % n
            lacking, _, level = _one(need[t], own[t], level, each)
            unserved[s] += lacking
            if whole:
                if lacking > 1e-9 * need[t]:
                    whole = False
                    bridged[s] += hours * (1.0 - lacking / need[t])
                else:
                    bridged[s] += hours


@kernel
def _year(need: Any, own: Any, start: float, each: Any, served: Any, unused: Any) -> float:
    level, missing = start, 0.0
    for t in range(len(need)):
        lacking, unused[t], level = _one(need[t], own[t], level, each)
        served[t] = 1.0 if lacking <= 1e-9 * need[t] else 1.0 - lacking / need[t]
        missing += lacking
    return missing
