"""Figures of zones by simulation: need, what is bought for it, own power on the roofs, and the bill."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from analysis.energy.delivered import Loads, delivered
from analysis.energy.factors import Factors
from analysis.energy.grades.city import five_uses
from analysis.energy.result import NEEDS
from analysis.energy.retrofit.figures import Bool, Evaluate, Figures, building_numbers, joined
from analysis.energy.simulate import simulate
from analysis.energy.supply import Pv, pv_of_zones
from analysis.energy.systems import Carrier
from analysis.energy.zones import Float64, Zones
from analysis.sun.power.pv import Modules

if TYPE_CHECKING:
    from analysis.weather import Weather

KILOWATT = 1000.0
_PORTION = 256
"""Zones whose hours are kept at once: 100 kB each, and as much again for what they draw."""


def evaluator(
    weather: Weather,
    factors: Factors,
    *,
    method: str = "iso52016",
    modules: Modules | None = None,
    roof_use: float = 0.6,
) -> Evaluate:
    """How zones come by their figures under a weather. modules, roof_use: of what a `pv` measure puts on the
    roofs. Surplus power is sold for nothing, for no price of it is known; it spares the CO₂ of the grid's."""

    def evaluate(zones: Zones, with_modules: Bool) -> Figures:
        _, owner = building_numbers(zones)
        return joined([some(zones.some(rows), with_modules[rows]) for rows in _portions(owner)])

    def some(zones: Zones, with_modules: Bool) -> Figures:
        result = simulate(zones, weather, method=method, hourly=True)
        bought = delivered(result, weather, factors)
        names, owner = building_numbers(zones)
        b = len(names)

        def summed(values: Float64) -> Float64:
            return np.bincount(owner, values, b).astype(np.float64)

        made, spared, capacity = np.zeros(b), np.zeros(b), np.zeros(b)
        chosen = np.flatnonzero(with_modules)
        if len(chosen):
            numbers = owner[chosen]
            pv = pv_of_zones(zones.some(chosen), weather, modules=modules, roof_use=roof_use)
            at = np.unique(numbers)
            made[at], capacity[at] = pv.energy, pv.capacity
            spared[at] = _own_use(Loads(result, weather), chosen, numbers, at, pv)
        electricity = factors.of(Carrier.ELECTRICITY)
        return Figures(
            need={need: summed(result.yearly(need)) for need in NEEDS},
            final={c: summed(bought.of(c).sum(axis=1)) for c in Carrier if c in bought.final},
            primary=summed(bought.primary),
            co2=summed(bought.co2) - made * _known(electricity.co2),
            bill=summed(bought.cost) - spared * _known(electricity.price),
            graded=summed(five_uses(bought)[1]),
            produced=made,
            produced_primary=made * _known(electricity.primary),
            capacity=capacity,
            heating_peak=summed(result.heating_peak) / KILOWATT,
            cooling_peak=summed(result.cooling_peak) / KILOWATT,
            overheating=_greatest(owner, result.overheating, b),
            monthly={need: _months(owner, result.monthly[need], b) for need in NEEDS},
        )

    return evaluate


def _portions(owner: npt.NDArray[np.int64]) -> Iterator[npt.NDArray[np.int64]]:
    """Numbers of zones, those of a building together, about `_PORTION` at a time."""
    order = np.argsort(owner, kind="stable")
    ends = np.flatnonzero(np.diff(owner[order], append=-1)) + 1
    start = 0
    for k, end in enumerate(ends.tolist()):
        if end - start >= _PORTION or k == len(ends) - 1:
            yield order[start:end]
            start = end


def _known(factor: float | None) -> float:
    return np.nan if factor is None else factor


def _greatest(owner: npt.NDArray[np.int64], values: Float64, count: int) -> Float64:
    """(b,) the greatest value of each building's zones."""
    found = np.zeros(count)
    np.maximum.at(found, owner, values)
    return found


def _months(owner: npt.NDArray[np.int64], values: Float64, count: int) -> Float64:
    """(b, 12) sums of zones' (z, 12)."""
    total = np.zeros((count, values.shape[1]))
    np.add.at(total, owner, values)
    return total


def _own_use(
    loads: Loads,
    zones: npt.NDArray[np.int64],
    owner: npt.NDArray[np.int64],
    buildings: npt.NDArray[np.int64],
    pv: Pv,
) -> Float64:
    """(buildings,) [kWh] of the modules' power that the building itself uses in the same hour."""
    power = loads.power(zones).get(Carrier.ELECTRICITY)
    if power is None:
        return np.zeros(len(buildings))
    used = np.zeros(pv.power.shape, np.float32)
    np.add.at(used, np.searchsorted(buildings, owner), power)
    own = np.minimum(used, pv.power).sum(axis=1, dtype=np.float64)
    return np.asarray(own * pv.hours / KILOWATT)
