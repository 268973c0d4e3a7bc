"""Electricity that neighbours exchange: what is left over here is used there, interval by interval.

Within a group (a block, the buildings behind a transformer) the lesser of all surplus and all deficit is
exchanged; each seller gives and each buyer takes in proportion to what it has or lacks. The rest goes to and
comes from the grid. Losses on the way between neighbours are left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from analysis.energy.supply.arrays import WATTS_PER_KILOWATT, hours_of, series
from analysis.energy.supply.kernels import kernel
from analysis.energy.zones import Float64, Int32
from analysis.errors import AnalysisError


@dataclass(frozen=True)
class Exchange:
    """b buildings, n intervals, g groups. sold, bought: (b, n) to and from neighbours [W]. exported,
    imported: (b, n) to and from the grid [W]. traded: (g, n) [W] within each group."""

    sold: Float64
    bought: Float64
    exported: Float64
    imported: Float64
    traded: Float64


def exchange(grid: npt.ArrayLike, groups: npt.ArrayLike | None = None) -> Exchange:
    """What neighbours exchange. grid: (b, n) what each meter shows, surplus below 0 [W]. groups: (b,)
    integers from 0 on; one group without them. Raises AnalysisError for groups that do not fit."""
    meters = series("the power at the meters", grid, signed=True)
    group = group_numbers(groups, len(meters))
    surplus, deficit = np.maximum(-meters, 0.0), np.maximum(meters, 0.0)
    given, lacking = (np.zeros((int(group.max()) + 1, meters.shape[1])) for _ in range(2))
    add_by_group(surplus, group, given)
    add_by_group(deficit, group, lacking)
    traded = np.minimum(given, lacking)
    sold, bought = (np.empty_like(meters) for _ in range(2))
    _share_out(surplus, group, given, traded, sold)
    _share_out(deficit, group, lacking, traded, bought)
    return Exchange(sold, bought, surplus - sold, deficit - bought, traded)


def partners(grid: npt.ArrayLike, *, step: float = 3600.0) -> Float64:
    """(b, b) energy [kWh] that each building of one group (row) sells to each other one (column)."""
    meters = series("the power at the meters", grid, signed=True)
    surplus, deficit = np.maximum(-meters, 0.0), np.maximum(meters, 0.0)
    given, lacking = surplus.sum(axis=0), deficit.sum(axis=0)
    product = given * lacking
    share = np.divide(np.minimum(given, lacking), product, out=np.zeros_like(product), where=product > 0)
    sold: Float64 = (surplus * share) @ deficit.T * (hours_of(step) / WATTS_PER_KILOWATT)
    return sold


def group_numbers(groups: npt.ArrayLike | None, count: int) -> Int32:
    """(b,) int32. Raises AnalysisError for what are no numbers from 0 on."""
    found = np.zeros(count, np.int32) if groups is None else np.asarray(groups)
    if found.shape != (count,) or found.dtype.kind not in "iu" or (count and found.min() < 0):
        raise AnalysisError(f"{count} buildings need {count} numbers of groups, integers from 0 on")
    return np.ascontiguousarray(found, np.int32)


@kernel
def add_by_group(values: Any, group: Any, total: Any) -> None:
    """Add (b, n) to the sums (g, n) of the group (b,) that each building is in."""
    for b in range(values.shape[0]):
        for t in range(values.shape[1]):
            total[group[b], t] += values[b, t]


@kernel
def _share_out(values: Any, group: Any, total: Any, traded: Any, out: Any) -> None:
    """Each building's share of what is traded, by its part of the group's total."""
    for b in range(values.shape[0]):
        g = group[b]
        for t in range(values.shape[1]):
            whole = total[g, t]
            out[b, t] = values[b, t] * (traded[g, t] / whole) if whole > 0.0 else 0.0
