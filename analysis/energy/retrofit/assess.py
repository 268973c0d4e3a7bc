"""A package of measures on some buildings: before and after, what it costs, and when it has paid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from analysis.energy.retrofit.apply import applied
from analysis.energy.retrofit.economics import (
    DISCOUNT_RATE,
    UNITS,
    Cost,
    Investment,
    cost_of_saving,
    discounted_payback,
    investment,
    simple_payback,
)
from analysis.energy.retrofit.figures import Evaluate, Figures, building_numbers, copies
from analysis.energy.retrofit.measures import Measure
from analysis.energy.zones import Float64, Zones

if TYPE_CHECKING:
    import pandas as pd

_UNIT = {
    **dict.fromkeys(("insulation", "windows", "blind", "overhang"), "m2"),
    "system": "kW_heating",
    "pv": "kWp",
}
"""In what a kind of measure is counted where no cost says so; the others by floor area."""


@dataclass(frozen=True)
class Item:
    """One measure of a package. amount: (b,) in `unit`; investment: (b,) [currency], NaN where no cost is
    known."""

    measure: Measure
    amount: Float64
    unit: str
    investment: Float64


@dataclass(frozen=True, kw_only=True)
class Retrofit:
    """Of b buildings. building: ids. saving: (b,) [currency/a] of the bill. payback, discounted: (b,) [a],
    inf where it never comes, NaN where costs or prices are not known. zones: as they are afterwards."""

    building: list[str]
    measures: list[Measure]
    before: Figures
    after: Figures
    items: list[Item]
    investment: Investment
    saving: Float64
    payback: Float64
    discounted: Float64
    zones: Zones


def retrofit(
    zones: Zones,
    measures: Sequence[Measure],
    evaluate: Evaluate,
    costs: Mapping[str, Cost] | None = None,
    *,
    has_pv: bool = False,
    discount_rate: float = DISCOUNT_RATE,
) -> Retrofit:
    """All measures on all zones, before and after simulated together. has_pv: the buildings have the modules
    of the `pv` measure already. Raises AnalysisError for costs in several currencies."""
    names, owner = building_numbers(zones)
    both = copies(zones, 2)
    z, b = len(zones), len(names)
    changed, areas = applied(both, measures, np.arange(z, 2 * z))
    modules = any(measure.kind == "pv" for measure in measures)
    figures = evaluate(changed, np.repeat([has_pv, has_pv or modules], z))
    before, after = figures.some(slice(0, b)), figures.some(slice(b, 2 * b))
    areas = {id: area[z:] for id, area in areas.items()}
    amounts = amounts_of(zones, measures, areas, owner, after, has_pv)
    known = costs or {}
    spent = investment(measures, amounts, known, b, discount_rate=discount_rate)
    saving = before.bill - after.bill
    return Retrofit(
        building=names,
        measures=list(measures),
        before=before,
        after=after,
        items=[_item(measure, amounts[measure.id], known) for measure in measures],
        investment=spent,
        saving=saving,
        payback=simple_payback(spent.total, saving),
        discounted=discounted_payback(spent.total, saving, discount_rate),
        zones=changed.some(np.arange(z, 2 * z)),
    )


def amounts_of(
    zones: Zones,
    measures: Sequence[Measure],
    areas: Mapping[str, Float64],
    owner: npt.NDArray[np.int64],
    after: Figures,
    has_pv: bool,
) -> dict[str, dict[str, Float64]]:
    """How much of each measure the buildings take, by measure and unit of cost, (b,) each. areas: by measure
    (z,), as `applied` gives them. owner: (z,) number of each zone's building. has_pv: they have the modules
    of the `pv` measure already, and take none."""
    b = len(after)
    found: dict[str, dict[str, Float64]] = {}
    for measure in measures:
        if has_pv and measure.kind == "pv":
            found[measure.id] = dict.fromkeys(UNITS, np.zeros(b))
            continue
        area = areas[measure.id]
        floor = np.bincount(owner, np.where(area > 0, zones.floor_area, 0.0), b).astype(np.float64)
        heating = np.where(floor > 0, after.heating_peak, 0.0)
        per = (np.bincount(owner, area, b).astype(np.float64), floor, heating, after.capacity)
        found[measure.id] = dict(zip(UNITS, per, strict=True))
    return found


def _item(measure: Measure, amounts: Mapping[str, Float64], costs: Mapping[str, Cost]) -> Item:
    cost = costs.get(measure.id)
    unit = cost.unit if cost is not None else _UNIT.get(measure.kind, "m2_floor")
    amount = amounts[unit]
    spent = np.full(len(amount), np.nan) if cost is None else cost.of(measure) * amount
    return Item(measure, amount, unit, spent)


def ranking(found: Retrofit, groups: Sequence[str], floor_area: Float64) -> pd.DataFrame:
    """Blocks, or whatever groups buildings, from the cheapest kilowatt hour saved on; those without known
    costs after them by what they save for each floor area.

    groups: (b,) name of each building's. floor_area: (b,) [m²]. Columns: group, buildings, floor_area [m²],
    saved_final, saved_primary [kWh/a], saved_co2 [kg/a], saved_per_area [kWh/(m² a)], investment [currency],
    cost_of_saving [currency/kWh], payback [a]. Savings are net of what own modules make.
    """
    import pandas as pd

    before, after = found.before, found.after
    table = pd.DataFrame(
        {
            "group": list(groups),
            "buildings": 1,
            "floor_area": floor_area,
            "saved_final": (before.final_total - before.produced) - (after.final_total - after.produced),
            "saved_primary": (before.primary - before.produced_primary)
            - (after.primary - after.produced_primary),
            "saved_co2": before.co2 - after.co2,
            "investment": found.investment.total,
            "yearly": found.investment.yearly,
            "saving": found.saving,
        }
    )
    summed = table.groupby("group", sort=False).sum(min_count=1).reset_index()
    unknown = table.groupby("group", sort=False)[["investment", "yearly", "saving"]].agg(_any_unknown)
    for name in unknown:
        summed.loc[unknown[name].to_numpy(bool), name] = np.nan
    figures = {name: summed[name].to_numpy(np.float64) for name in summed.columns if name != "group"}
    summed["saved_per_area"] = figures["saved_final"] / figures["floor_area"]
    summed["cost_of_saving"] = cost_of_saving(figures["yearly"], figures["saved_final"])
    summed["payback"] = simple_payback(figures["investment"], figures["saving"])
    order = ["cost_of_saving", "saved_per_area"]
    ranked = summed.sort_values(order, ascending=[True, False], na_position="last", kind="stable")
    return ranked.drop(columns=["yearly", "saving"]).reset_index(drop=True)


def _any_unknown(values: pd.Series[float]) -> bool:
    return bool(values.isna().any())
