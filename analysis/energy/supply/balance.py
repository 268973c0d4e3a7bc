"""The balance of electricity: of each building, of blocks behind their transformers, and of a district.

Own use and autarky are those of a meter: of the building's own, of a block's transformer (where neighbours'
surplus is used up first), of the district's grid connection.

    self-consumption = (generation − exported) / generation,  autarky = 1 − imported / demand
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from analysis.energy.supply.arrays import WATTS_PER_KILOWATT, energy, hours_of, series
from analysis.energy.supply.battery import Battery, dispatch
from analysis.energy.supply.exchange import add_by_group, group_numbers
from analysis.energy.zones import Float64, Int32
from analysis.errors import AnalysisError
from analysis.progress import Part, Progress, part

if TYPE_CHECKING:
    import pandas as pd

_WHAT = "balance of electricity"
_BATCH = 256
"""Buildings at a time: 70 kB for each series of a year."""

UNITS = {
    "demand": "kW.h",
    "generation": "kW.h",
    "self_consumed": "kW.h",
    "imported": "kW.h",
    "exported": "kW.h",
    "bought": "kW.h",
    "sold": "kW.h",
    "battery_losses": "kW.h",
    "self_consumption": "1",
    "autarky": "1",
    "peak_import": "kW",
    "peak_export": "kW",
}
"""Columns of numbers in a balance's tables. imported, exported: at the meter; of what a building imports and
exports, bought and sold are with neighbours of its block. self_consumed: generation that is not exported,
what batteries lose among it. peaks: greatest means of an interval."""


@dataclass(frozen=True)
class Balance:
    """buildings, groups: tables with the columns of `UNITS`, a row for each; district: the same figures of
    all together. group_grid: (g, n) at the transformers, district_grid: (n,), import above 0 [W]. net: (b, n)
    at the buildings' meters after batteries [W], where it was asked for. start_stored, end_stored: in all
    batteries [kWh]."""

    buildings: pd.DataFrame
    groups: pd.DataFrame
    district: dict[str, float]
    group_grid: Float64
    district_grid: Float64
    net: Float64 | None
    start_stored: float
    end_stored: float


def balance(
    demand: npt.ArrayLike,
    generation: npt.ArrayLike,
    *,
    step: float = 3600.0,
    battery: Battery | None = None,
    groups: npt.ArrayLike | None = None,
    names: list[str] | None = None,
    keep_hours: bool = False,
    progress: Progress | None = None,
) -> Balance:
    """The balance of b buildings over n intervals. demand, generation: (b, n) electricity [W]. battery: at
    each building, for its own use. groups: (b,) integers from 0 on, of the block that each is in. names: of
    the buildings. keep_hours: keep `net`.

    Memory: besides the inputs, what the groups and the two stages of 256 buildings take. Raises AnalysisError
    for series that are negative or do not fit.
    """
    import pandas as pd

    used, made = (np.atleast_2d(np.asarray(values)) for values in (demand, generation))
    if used.shape != made.shape:
        raise AnalysisError(f"demand has the shape {used.shape} and generation {made.shape}, not the same")
    count, n = used.shape
    group = group_numbers(groups, count)
    hours, blocks = hours_of(step), int(group.max()) + 1
    surplus, deficit, of_demand, of_generation = (np.zeros((blocks, n)) for _ in range(4))
    net = np.zeros((count, n)) if keep_hours else None
    start_stored = end_stored = 0.0
    for own in _worked(used, made, battery, step, part(progress, 0.0, 0.5, _WHAT)):
        for total, values in (
            (of_demand, own.demand),
            (of_generation, own.generation),
            (surplus, np.maximum(-own.grid, 0.0)),
            (deficit, np.maximum(own.grid, 0.0)),
        ):
            add_by_group(values, group[own.rows], total)
        start_stored, end_stored = start_stored + own.start, end_stored + own.end
        if net is not None:
            net[own.rows] = own.grid
    stages = []
    for own in _worked(used, made, battery, step, part(progress, 0.5, 1.0, _WHAT)):
        figures = _metered(own.demand, own.generation, own.grid, own.losses, hours)
        stages.append({**figures, **_with_neighbours(own.grid, surplus, deficit, group[own.rows], hours)})
    buildings = pd.DataFrame({name: np.concatenate([s[name] for s in stages]) for name in UNITS})
    buildings.insert(0, "building", names if names is not None else [str(i) for i in range(count)])
    buildings.insert(1, "group", group)
    group_grid = deficit - surplus
    losses = np.bincount(group, buildings["battery_losses"], minlength=blocks).astype(np.float64)
    table = pd.DataFrame(_metered(of_demand, of_generation, group_grid, losses, hours))
    table.insert(0, "group", np.arange(blocks))
    table["bought"] = table["sold"] = energy(np.minimum(surplus, deficit), hours)
    sums = [v.sum(axis=0, keepdims=True) for v in (of_demand, of_generation, group_grid)]
    district = {
        name: float(v[0])
        for name, v in _metered(sums[0], sums[1], sums[2], losses.sum(keepdims=True), hours).items()
    }
    exchanged = np.minimum(surplus.sum(axis=0), deficit.sum(axis=0))
    district["bought"] = district["sold"] = float(energy(exchanged, hours))
    return Balance(buildings, table, district, group_grid, sums[2][0], net, start_stored, end_stored)


def duration(power: npt.ArrayLike, points: int = 101) -> tuple[Float64, Float64]:
    """((points,) share of the time [1], (points,) power that is exceeded for it [W]): the load duration
    curve, from the greatest to the least."""
    values = np.sort(np.asarray(power, float).ravel())[::-1]
    if not len(values) or np.isnan(values).any():
        raise AnalysisError("a load duration curve needs powers that are all known")
    share = np.linspace(0.0, 1.0, points)
    return share, np.interp(share * (len(values) - 1), np.arange(len(values)), values)


@dataclass(frozen=True)
class Peak:
    """power: the greatest either way [W], import above 0, in interval `at`. over: hours above the rating,
    NaN without one; unserved: energy above it [kWh]."""

    power: float
    at: int
    over: float
    unserved: float


def peak(grid: npt.ArrayLike, rating: float | None = None, *, step: float = 3600.0) -> Peak:
    """The load (n,) [W] of a transformer against its rating [W]."""
    values = series("the power at the transformer", grid, signed=True)[0]
    hours, size = hours_of(step), np.abs(values)
    at = int(size.argmax())
    if rating is None:
        return Peak(float(values[at]), at, float("nan"), float("nan"))
    above = np.maximum(size - rating, 0.0)
    return Peak(
        float(values[at]),
        at,
        float((above > 0).sum() * hours),
        float(above.sum() * hours / WATTS_PER_KILOWATT),
    )


@dataclass(frozen=True)
class _Stage:
    """Some buildings, `rows` of all: (m, n) demand, generation and what the meters show [W]; (m,) losses in
    batteries, and stored at the start and the end in all of them [kWh]."""

    rows: slice
    demand: Float64
    generation: Float64
    grid: Float64
    losses: Float64
    start: float
    end: float


def _worked(
    demand: Any, generation: Any, battery: Battery | None, step: float, told: Part
) -> Iterator[_Stage]:
    """Stages of buildings with what their batteries make of them."""
    count = len(demand)
    sizes = None if battery is None else battery.sizes(count)
    for a in range(0, count, _BATCH):
        told(a / count)
        rows = slice(a, min(a + _BATCH, count))
        used, made = series("demand", demand[rows]), series("generation", generation[rows])
        if battery is None or sizes is None:
            yield _Stage(rows, used, made, used - made, np.zeros(len(used)), 0.0, 0.0)
            continue
        capacity, power = sizes[0][rows], sizes[1][rows]
        done = dispatch(used - made, replace(battery, capacity=capacity, power=power), step=step)
        start = float(battery.start * capacity.sum())
        yield _Stage(rows, used, made, done.grid, done.losses, start, float(done.level[:, -1].sum()))


def _with_neighbours(
    grid: Float64, surplus: Float64, deficit: Float64, group: Int32, hours: float
) -> dict[str, Float64]:
    """What some buildings buy and sell [kWh], by the surplus and deficit (g, n) of their whole groups."""
    traded = np.minimum(surplus, deficit)
    found = {}
    for name, own, whole in (
        ("bought", np.maximum(grid, 0.0), deficit),
        ("sold", np.maximum(-grid, 0.0), surplus),
    ):
        share = np.divide(traded, whole, out=np.zeros_like(whole), where=whole > 0)
        found[name] = energy(own * share[group], hours)
    return found


def _metered(
    demand: Float64, generation: Float64, grid: Float64, losses: Float64, hours: float
) -> dict[str, Float64]:
    """The figures of `UNITS` at (m, n) meters, without neighbours."""
    used, made = energy(demand, hours), energy(generation, hours)
    imported, exported = energy(np.maximum(grid, 0.0), hours), energy(np.maximum(-grid, 0.0), hours)
    nothing = np.full(len(used), np.nan)
    return {
        "demand": used,
        "generation": made,
        "self_consumed": made - exported,
        "imported": imported,
        "exported": exported,
        "bought": np.zeros(len(used)),
        "sold": np.zeros(len(used)),
        "battery_losses": losses,
        "self_consumption": np.divide(made - exported, made, out=nothing.copy(), where=made > 0),
        "autarky": np.divide(used - imported, used, out=nothing.copy(), where=used > 0),
        "peak_import": np.maximum(grid, 0.0).max(axis=1) / WATTS_PER_KILOWATT,
        "peak_export": np.maximum(-grid, 0.0).max(axis=1) / WATTS_PER_KILOWATT,
    }
