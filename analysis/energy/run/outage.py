"""Blocks without the grid: how long the modules, batteries and fuel cells of each last when it fails."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.energy.run.compute import Computed, Options
from analysis.energy.supply import Battery, dispatch, island
from analysis.energy.supply.arrays import energy
from analysis.energy.zones import Int32

if TYPE_CHECKING:
    import pandas as pd

UNITS = {
    "demand": "kW.h", "pv_power": "kW", "battery": "kW.h", "cell_power": "kW", "bridged": "1",
    "shortest": "h", "mean": "h", "longest": "h", "unserved": "kW.h", "covered": "1", "missing": "kW.h",
    "unused": "kW.h",
}  # fmt: skip
"""Columns of numbers, see `outages`."""


def outages(made: Computed, options: Options, block: Int32, names: Sequence[str]) -> list[dict[str, Any]]:
    """A row for each block. block: (b,) its number among the names.

    demand: of the year, as far as it is critical. bridged: share of the moments at which an outage of
    `options.outage` hours is served in full from then on; shortest, mean, longest: hours that are served in
    full, at most so many; unserved: mean energy that an outage leaves unserved. covered: share of the
    intervals of a year without any grid that are served in full; missing, unused: what is lacking in it, and
    what modules make and nobody takes.

    Batteries begin with what they hold in normal operation. Fuel cells run at will, for as long as gas comes.
    """
    hours = made.result.step / 3600.0
    found = []
    for k in np.unique(block).tolist():
        rows = np.flatnonzero(block == k)
        demand = made.electricity[rows].sum(axis=0, dtype=np.float64)
        modules = np.zeros_like(demand)
        if made.pv is not None:
            modules = made.pv.power[rows].sum(axis=0, dtype=np.float64)
        firm = 0.0 if made.own is None else float(made.own.cell_power[rows].sum())
        store, level = _stored(made, rows)
        tested = island(
            demand, modules, store, level=level, critical=options.critical, firm=firm, horizon=options.outage,
            step=made.result.step,
        )  # fmt: skip
        found.append(
            {
                "block": names[k],
                "buildings": len(rows),
                "demand": float(energy(demand * options.critical, hours)),
                "pv_power": 0.0 if made.pv is None else float(made.pv.capacity[rows].sum()),
                "battery": float(np.asarray(store.capacity)),
                "cell_power": firm / 1000.0,
                "bridged": tested.survives(options.outage),
                "shortest": tested.shortest,
                "mean": float(tested.bridged.mean()),
                "longest": tested.longest,
                "unserved": float(tested.unserved.mean()),
                "covered": tested.covered,
                "missing": tested.missing,
                "unused": tested.unused,
            }
        )
    return found


def outage_table(rows: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """By block, with the units of `UNITS`."""
    import pandas as pd

    return pd.DataFrame(rows).sort_values("block", ignore_index=True)


def outage_summary(table: pd.DataFrame, options: Options) -> dict[str, Any]:
    """For JSON: of the blocks together, each as much as its critical demand."""
    weights = table["demand"].to_numpy(float)
    even = np.ones(len(table)) if not weights.any() else weights
    return {
        "hours": options.outage,
        "critical": options.critical,
        "blocks": len(table),
        "bridged": float(np.average(table["bridged"], weights=even)),
        "covered": float(np.average(table["covered"], weights=even)),
        "worst": str(table["block"].iloc[int(table["bridged"].argmin())]),
        "missing": float(table["missing"].sum()),
        "unused": float(table["unused"].sum()),
    }


def _stored(made: Computed, rows: Any) -> tuple[Battery, Any]:
    """(the batteries of some buildings as one, (n,) their level at the start of each interval in normal
    operation [kWh])."""
    if made.battery is None:
        return Battery(capacity=0.0, power=0.0), np.zeros(made.electricity.shape[1])
    capacity, power = (size[rows] for size in made.battery.sizes(len(made.buildings)))
    own = replace(made.battery, capacity=capacity, power=power)
    net = made.electricity[rows] - made.generation[rows]
    ends = dispatch(net, own, step=made.result.step).level.sum(axis=0)
    level = np.concatenate([[own.start * capacity.sum()], ends[:-1]])
    whole = replace(own, capacity=float(capacity.sum()), power=float(power.sum()))
    return whole, np.minimum(level, capacity.sum())
