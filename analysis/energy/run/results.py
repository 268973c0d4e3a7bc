"""What a study of energy finds, as tables, series and JSON in the run's folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.contract import Result
from analysis.energy.run.blocks import numbered, portions
from analysis.energy.run.compute import Options, compute
from analysis.energy.run.cost import PORTION
from analysis.energy.run.envelope import UNITS as ELEMENT_UNITS
from analysis.energy.run.envelope import element_table
from analysis.energy.run.figures import described, figures, units
from analysis.energy.run.groups import CELLS, SERIES, GroupLoads
from analysis.energy.run.hours import HourFile, building_hours
from analysis.energy.run.kept import Kept, write_kept
from analysis.energy.run.outage import UNITS as OUTAGE_UNITS
from analysis.energy.run.outage import outage_summary, outage_table, outages
from analysis.energy.run.study import EnergyStudy
from analysis.energy.run.summary import UNITS as SUMMARY_UNITS
from analysis.energy.run.summary import Totals, summary
from analysis.energy.systems import Carrier
from analysis.energy.zones import Int32
from analysis.progress import Progress, part

if TYPE_CHECKING:
    import pandas as pd

    from analysis.context import Context


def results_of(
    context: Context, study: EnergyStudy, options: Options, *, hourly: bool, progress: Progress
) -> dict[str, Result]:
    """Compute the study portion by portion, and write what comes of it."""
    hours = HourFile(context, study, options.fuel_cell > 0) if hourly else None
    try:
        table, totals, loads, tested = _computed(study, options, hours, part(progress, 0.0, 0.9))
    finally:
        if hours is not None:
            hours.close()
    progress(0.9, "writing the results")
    results = {} if hours is None else {"hours": hours.result()}
    currency = options.factors.currency
    known = {name: unit for name, unit in units(currency).items() if name in table}
    results["buildings"] = context.table("buildings", table, known)
    results["envelope"] = context.table("envelope", element_table(study.zones), ELEMENT_UNITS)
    results["load"] = context.table("load", loads.table(study.weather.times), dict.fromkeys(loads.sums, "kW"))
    progress(0.95, "writing the zones")
    write_kept(context.path("zones.nc"), _kept(study, options), context.about)
    results["zones"] = context.file("zones", "zones.nc")
    told = summary(study, table, totals, loads, options)
    if options.outage > 0:
        blocks = outage_table(tested)
        results["outages"] = context.table("outages", blocks, OUTAGE_UNITS)
        told["outages"] = outage_summary(blocks, options)
    results["summary"] = context.json("summary", told, SUMMARY_UNITS)
    return results


def _computed(
    study: EnergyStudy, options: Options, hours: HourFile | None, progress: Progress
) -> tuple[pd.DataFrame, Totals, GroupLoads, list[dict[str, Any]]]:
    """(table of buildings, totals, loads, rows of blocks without the grid)."""
    import pandas as pd

    zones = study.zones
    use, titles = _uses(study)
    names = (*SERIES, CELLS) if options.fuel_cell > 0 else SERIES
    loads = GroupLoads(titles, study.blocks, use, study.block, len(study.weather), names)
    totals, tables, done = Totals(), [], 0
    tested: list[dict[str, Any]] = []
    for numbers in portions(study.building, study.block, PORTION):
        chosen, end = zones.some(numbers), done + len(numbers)
        # buildings of a portion are numbered as they first come in it
        buildings = np.array(list(dict.fromkeys(study.building[numbers].tolist())), np.int32)
        told = part(progress, done / len(zones), end / len(zones), f"{end:,} of {len(zones):,} zones")
        made = compute(
            chosen,
            study.weather,
            options,
            vehicles=study.vehicles[buildings],
            block=numbered([str(b) for b in study.block[buildings]])[1],
            progress=told,
        )
        totals.add(made)
        study.doubts += study.told(made.result, numbers)
        series = building_hours(made)
        loads.add(buildings, {name: series[name] for name in names if name in series})
        if options.outage > 0:
            tested += outages(made, options, study.block[buildings], study.blocks)
        if hours is not None:
            hours.write(buildings, series)
        columns = {**described(chosen, made), **figures(chosen, made, options)}
        tables.append(pd.DataFrame({"id": made.buildings, "number": buildings, **columns}))
        done = end
    table = pd.concat(tables, ignore_index=True).sort_values("number", ignore_index=True)
    for carrier in Carrier:
        if f"final_{carrier}" in table:
            table[f"final_{carrier}"] = table[f"final_{carrier}"].fillna(0.0)
    table["number"] = [study.blocks[k] for k in study.block]
    doubted: dict[str, list[str]] = {}
    for doubt in study.doubts:
        doubted.setdefault(doubt["building"], []).append(doubt["figure"])
    table["doubts"] = [", ".join(dict.fromkeys(doubted.get(id, ()))) for id in table["id"]]
    return table.rename(columns={"number": "block"}), totals, loads, tested


def _uses(study: EnergyStudy) -> tuple[Int32, list[str]]:
    """(b,) the use of each building, that of its largest zone, and their ids."""
    zones = study.zones
    largest = np.zeros(len(study.buildings), np.int64)
    order = np.argsort(zones.floor_area, kind="stable")
    largest[study.building[order]] = order
    titles, use = numbered([zones.uses[k].id for k in zones.use[largest]])
    return use, titles


def _kept(study: EnergyStudy, options: Options) -> Kept:
    blocks = {id: study.blocks[k] for id, k in zip(study.buildings, study.block, strict=True)}
    driven = {id: int(n) for id, n in zip(study.buildings, study.vehicles.tolist(), strict=True) if n}
    extra = {
        "options": options.told(),
        "vehicles": driven,
        "doubts": study.doubts,
        "region": study.region.id,
        "measured": {} if study.metered is None else study.metered.of,
        "calibrated": {} if study.metered is None else study.metered.calibrated,
    }
    return Kept(zones=study.zones, weather=study.weather, blocks=blocks, extra=extra)
