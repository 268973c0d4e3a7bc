"""Batteries beside a meter: by their rules, without a look ahead.

In each interval the battery first loses by itself, then works towards a band of what the meter shows: above
`keep` it discharges, below `fill` it charges, as far as its power and its level let it.

    level ← level · (1 − s)^Δt;  charge ≤ min(P, (C − level) / (η Δt));  discharge ≤ min(P, level η / Δt)
    level ← level + η · charge · Δt − discharge / η · Δt

- own use: keep = fill = 0, so that nothing is charged but surplus and nothing is given but what is lacking;
- peak: keep = fill = a limit, which it holds as long as it can, and it recharges below it;
- tariff: in cheap intervals fill is a limit and nothing is discharged, in all others as for own use.

Without self-discharge the first two are as good as any plan that knows the future: energy kept for later
never serves less than energy given now, and tests hold them against a linear programme.

Limits. Efficiency and power do not depend on the level, the temperature or age.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np
import numpy.typing as npt

from analysis.energy.supply.arrays import WATTS_PER_KILOWATT, energy, hours_of, per_building, series
from analysis.energy.supply.kernels import kernel
from analysis.energy.zones import Float64
from analysis.errors import AnalysisError

ROUND_TRIP = 0.85
"""Of a battery with its inverter: NREL Annual Technology Baseline 2023, residential battery storage."""
SELF_DISCHARGE = 0.03
"""Share lost in 30 days: 2 to 3 % of lithium cells (Darling, Encyclopedia of Alternative Energy)."""
_MONTH = 30 * 24.0
_BISECTIONS = 40


@dataclass(frozen=True, kw_only=True)
class Battery:
    """Of all buildings alike, or (b,) arrays for each. capacity: usable [kWh]. power: of charging and of
    discharging, at the meter's side [W]; None: the capacity in two and a half hours, as in NREL's baseline.
    round_trip: energy given over energy taken [1], half of its loss each way. self_discharge: share of the
    level lost in 30 days [1]. start: level at the beginning as a share of the capacity [1]."""

    capacity: npt.ArrayLike
    power: npt.ArrayLike | None = None
    round_trip: float = ROUND_TRIP
    self_discharge: float = SELF_DISCHARGE
    start: float = 0.0

    def __post_init__(self) -> None:
        if not (0 < self.round_trip <= 1 and 0 <= self.self_discharge < 1 and 0 <= self.start <= 1):
            raise AnalysisError(
                "a battery's round trip must be above 0 and at most 1, its start from 0 to 1, its"
                " self-discharge from 0 to below 1"
            )

    def held(self, hours: float) -> float:
        """Share of the level that is left after a time [h]."""
        share: float = (1.0 - self.self_discharge) ** (hours / _MONTH)
        return share

    def sizes(self, count: int) -> tuple[Float64, Float64]:
        """((b,) capacity [kWh], (b,) power [W])."""
        capacity = per_building("the capacity of batteries", self.capacity, count)
        if self.power is None:
            return capacity, capacity * WATTS_PER_KILOWATT / 2.5
        return capacity, per_building("the power of batteries", self.power, count)


@dataclass(frozen=True)
class Dispatch:
    """What b batteries do in n intervals. charge, discharge: (b, n) at the meter's side [W]. level: (b, n) at
    the end of each interval [kWh]. grid: (b, n) what the meter shows with the battery, what is bought above
    0 [W]. losses: (b,) in the battery [kWh]."""

    charge: Float64
    discharge: Float64
    level: Float64
    grid: Float64
    losses: Float64


def dispatch(
    net: npt.ArrayLike,
    battery: Battery,
    *,
    step: float = 3600.0,
    keep: npt.ArrayLike = 0.0,
    fill: npt.ArrayLike = 0.0,
) -> Dispatch:
    """What a battery does at each meter. net: (b, n) demand less own generation [W], or (n,). keep, fill:
    what the meter is brought down or up to [W]; a number, (b, 1), (n,) or (b, n). Raises AnalysisError where
    fill is above keep."""
    need = series("net demand", net, signed=True)
    count, n = need.shape
    high, low = (_band(name, values, need.shape) for name, values in (("keep", keep), ("fill", fill)))
    if (low > high).any():
        raise AnalysisError("a battery must not be filled above what it keeps the meter at")
    hours = hours_of(step)
    capacity, power = battery.sizes(count)
    charge, discharge, level = (np.zeros((count, n)) for _ in range(3))
    way = sqrt(battery.round_trip)
    start = battery.start * capacity
    _dispatch(
        need, high, low, hours, capacity, power, way, battery.held(hours), start, charge, discharge, level
    )
    grid = need + charge - discharge
    losses = energy(charge - discharge, hours) - (level[:, -1] - start)
    return Dispatch(charge, discharge, level, grid, losses)


def by_tariff(
    net: npt.ArrayLike,
    battery: Battery,
    price: npt.ArrayLike,
    *,
    cheap: float,
    limit: float = np.inf,
    step: float = 3600.0,
) -> Dispatch:
    """Filled from the grid up to `limit` [W] at the meter while the price (n,) is at most `cheap`, discharged
    at all other times. It pays only where dear over cheap is more than one over the round trip."""
    need = series("net demand", net, signed=True)
    costs = np.asarray(price, float)
    if costs.shape != (need.shape[1],):
        raise AnalysisError(f"the price must have {need.shape[1]} values, not {costs.shape}")
    low = costs <= cheap
    return dispatch(need, battery, step=step, keep=np.where(low, np.inf, 0.0), fill=np.where(low, limit, 0.0))


def lowest_peak(net: npt.ArrayLike, battery: Battery, *, step: float = 3600.0) -> Float64:
    """(b,) the lowest limit [W], at least 0, at the meter that the battery can hold throughout, by bisection
    to a billionth of the peak without it."""
    need = series("net demand", net, signed=True)
    high = np.maximum(need.max(axis=1), 0.0)
    low = np.zeros(len(need))
    for _ in range(_BISECTIONS):
        limit = 0.5 * (low + high)
        held = dispatch(need, battery, step=step, keep=limit[:, None], fill=limit[:, None]).grid
        holds = held.max(axis=1) <= limit + 1e-9 * np.maximum(1.0, np.abs(limit))
        high = np.where(holds, limit, high)
        low = np.where(holds, low, limit)
    return np.asarray(high)


def _band(name: str, values: npt.ArrayLike, shape: tuple[int, ...]) -> Float64:
    """(1 or b, n), NaN nowhere."""
    found = np.asarray(values, np.float64)
    if np.isnan(found).any():
        raise AnalysisError(f"{name} of a battery must be numbers")
    rows = shape[0] if found.ndim == 2 and found.shape[0] > 1 else 1
    try:
        return np.ascontiguousarray(np.broadcast_to(found, (rows, shape[1])))
    except ValueError:
        raise AnalysisError(f"{name} of a battery does not fit {shape[0]} × {shape[1]} values") from None


@kernel
def _dispatch(
    net: Any,
    keep: Any,
    fill: Any,
    hours: float,
    capacity: Any,
    power: Any,
    way: float,
    held: float,
    start: Any,
    charge: Any,
    discharge: Any,
    level: Any,
) -> None:
    """See the module. hours: of an interval; way: efficiency of one way; held: share left after one."""
    per_watt = hours / WATTS_PER_KILOWATT
    for b in range(net.shape[0]):
        now = start[b]
        k = b if keep.shape[0] > 1 else 0
        f = b if fill.shape[0] > 1 else 0
        for t in range(net.shape[1]):
            now *= held
            if net[b, t] > keep[k, t]:
                given = min(net[b, t] - keep[k, t], power[b], now * way / per_watt)
                discharge[b, t] = given
                now = max(0.0, now - given * per_watt / way)
            elif net[b, t] < fill[f, t]:
                taken = min(fill[f, t] - net[b, t], power[b], max(0.0, capacity[b] - now) / (way * per_watt))
                charge[b, t] = taken
                now = min(capacity[b], now + taken * way * per_watt)
            level[b, t] = now
