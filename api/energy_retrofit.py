"""What measures change of buildings of a run, for a client: before and after, money, which first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.energy.systems import Carrier
from analysis.errors import AnalysisError
from api.energy_answer import NEEDS, net_of
from api.energy_desk import OpenRun, number

if TYPE_CHECKING:
    import numpy.typing as npt

    from analysis.energy.retrofit.economics import Cost
    from analysis.energy.retrofit.figures import Evaluate, Figures
    from analysis.energy.retrofit.measures import Measure
    from analysis.energy.zones import Zones

_OF_A_BLOCK = (
    "floor_area",
    "saved_final",
    "saved_primary",
    "saved_co2",
    "saved_per_area",
    "investment",
    "payback",
)


def measures_answer(run: OpenRun | None) -> dict[str, Any]:
    """What can be done to buildings, with what it costs where a run says in which country."""
    from analysis.energy.retrofit import read_costs, read_measures, read_packages

    costs = {} if run is None else read_costs(run.options.factors.country)
    known = read_measures()
    return {
        "measures": [_measure(measure, costs.get(measure.id)) for measure in known.values()],
        "packages": [
            {"id": p.id, "title": dict(p.title), "measures": [measure.id for measure in p.measures]}
            for p in read_packages(known).values()
        ],
    }


def retrofit_answer(run: OpenRun, buildings: Sequence[str], measures: Sequence[str]) -> dict[str, Any]:
    """The buildings as they are and with all of the measures. Raises AnalysisError for measures that are not
    known or exclude one another, and EntityNotFound for buildings that are not in the run."""
    from analysis.energy.retrofit.assess import retrofit
    from analysis.energy.retrofit.economics import read_costs

    wanted = _wanted(measures)
    zones = run.zones_of(buildings)
    costs = read_costs(run.options.factors.country)
    found = retrofit(zones, wanted, _evaluate(run), costs, has_pv=run.options.pv)
    area = _floor_area(zones, found.building)
    before, after = (_figures(run, part.together(), area.sum()) for part in (found.before, found.after))
    spent, saving = float(found.investment.total.sum()), float(found.saving.sum())
    steps = _scheme(run)
    return {
        "run": run.id,
        "buildings": len(buildings),
        "measures": list(measures),
        "before": before | {"u_values": _u_values(zones)},
        "after": after | {"u_values": _u_values(found.zones)},
        "change": {
            **{
                name: _change(before["net"][name], after["net"][name]) for name in ("final", "primary", "co2")
            },
            "cost": _change(before["cost"], after["cost"]),
        },
        "investment": number(spent),
        "currency": found.investment.currency,
        "price_years": found.investment.years,
        "unknown_costs": found.investment.unknown,
        "saving": number(saving),
        "payback": _payback(found.investment.total, found.saving, discounted=False),
        "payback_discounted": _payback(found.investment.total, found.saving, discounted=True),
        "items": [
            {
                "measure": item.measure.id,
                "title": dict(item.measure.title),
                "amount": number(item.amount.sum()),
                "unit": item.unit,
                "investment": number(item.investment.sum()),
            }
            for item in found.items
        ],
        "monthly": {"before": _months(found.before), "after": _months(found.after)},
        "each": [
            {
                "id": id,
                "grade_before": int(steps.grade(found.before.self_sufficiency[k])[0]) or None,
                "grade_after": int(steps.grade(found.after.self_sufficiency[k])[0]) or None,
                "primary_before": number(found.before.primary[k]),
                "primary_after": number(found.after.primary[k]),
                "co2_net_before": number(found.before.co2[k]),
                "co2_net_after": number(found.after.co2[k]),
            }
            for k, id in enumerate(found.building)
        ],
    }


def curve_answer(
    run: OpenRun, buildings: Sequence[str], measures: Sequence[str] | None, grade: int | None
) -> dict[str, Any]:
    """Measures in the order of what a saved kilowatt hour costs, each upon those before it, and the cheapest
    package that reaches a grade."""
    from analysis.energy.retrofit.curve import curve, reach, to_grade
    from analysis.energy.retrofit.economics import read_costs
    from analysis.energy.retrofit.measures import chosen, read_measures

    known = read_measures()
    wanted = list(known.values()) if measures is None else chosen(known, measures)
    zones = run.zones_of(buildings)
    costs = read_costs(run.options.factors.country)
    evaluate, steps = _evaluate(run), _scheme(run)
    found = curve(zones, wanted, evaluate, costs, has_pv=run.options.pv)

    def grade_of(figures: Figures) -> int:
        return int(steps.grade(figures.together().self_sufficiency)[0])

    reached = None
    if grade is not None:
        package = reach(
            zones,
            wanted,
            to_grade(steps, grade),
            evaluate,
            costs,
            has_pv=run.options.pv,
        )
        if package is not None:
            reached = {
                "grade": grade_of(package.after),
                "measures": [measure.id for measure in package.measures],
                "investment": number(package.investment),
                "all_tried": package.all_tried,
            }
    return {
        "run": run.id,
        "buildings": len(buildings),
        "grade_before": grade_of(found.before) or None,
        "steps": [
            {
                "measure": step.measure.id,
                "title": dict(step.measure.title),
                "saved_final": number(step.saved_final),
                "saved_primary": number(step.saved_primary),
                "saved_co2": number(step.saved_co2),
                "investment": number(step.investment),
                "cost_per_kwh": number(step.cost),
                "primary_after": number(step.after.primary.sum()),
                "grade_after": grade_of(step.after) or None,
            }
            for step in found.steps
        ],
        "left_out": [measure.id for measure in found.left_out],
        "reaches": reached,
    }


def ranking_answer(run: OpenRun, measures: Sequence[str]) -> dict[str, Any]:
    """The blocks of a run by what a kilowatt hour saved costs in them if all of their buildings get the
    measures. Raises AnalysisError for measures that are not known or exclude one another."""
    from analysis.energy.retrofit.assess import ranking, retrofit
    from analysis.energy.retrofit.economics import read_costs

    wanted = _wanted(measures)
    buildings = list(run.table.index)
    zones = run.zones_of(buildings)
    costs = read_costs(run.options.factors.country)
    found = retrofit(zones, wanted, _evaluate(run), costs, has_pv=run.options.pv)
    blocks = run.table.loc[found.building, "block"].tolist()
    ranked = ranking(found, blocks, _floor_area(zones, found.building))
    return {
        "run": run.id,
        "measures": list(measures),
        "currency": found.investment.currency,
        "price_years": found.investment.years,
        "unknown_costs": found.investment.unknown,
        "blocks": [
            {
                "id": row["group"],
                "buildings": int(row["buildings"]),
                **{name: number(row[name]) for name in _OF_A_BLOCK},
                "cost_per_kwh": number(row["cost_of_saving"]),
            }
            for row in ranked.to_dict("records")
        ],
    }


def _wanted(measures: Sequence[str]) -> list[Measure]:
    from analysis.energy.retrofit.measures import chosen, read_measures

    found = chosen(read_measures(), measures)
    if not found:
        raise AnalysisError("measures: name at least one; /energy/measures lists them")
    return found


def _evaluate(run: OpenRun) -> Evaluate:
    from analysis.energy.retrofit.evaluate import evaluator
    from analysis.sun.power.pv import Modules

    how = run.options
    return evaluator(
        run.kept.weather,
        how.factors,
        method=how.method,
        modules=Modules(efficiency=how.pv_efficiency),
        roof_use=how.pv_share,
    )


def _scheme(run: OpenRun) -> Any:
    from analysis.energy.grades import scheme

    return scheme(run.options.scheme)


def _figures(run: OpenRun, one: Figures, area: float) -> dict[str, Any]:
    """Of all buildings together."""
    need = {name: float(one.need[name][0]) for name in NEEDS}
    made = float(one.produced[0])
    spared = run.options.factors.of(Carrier.ELECTRICITY).co2
    totals = {
        "final_total": float(one.final_total[0]),
        "primary": float(one.primary[0]),
        "co2": float(one.co2[0]) + (made * spared if made and spared else 0.0),
        "cost": float(one.bill[0]),
    }
    per_area = {
        **need, "final": totals["final_total"], "primary": totals["primary"], "co2": totals["co2"],
        "cost": totals["cost"],
    }  # fmt: skip
    grade = int(_scheme(run).grade(one.self_sufficiency)[0])
    return {
        "need": {name: number(v) for name, v in need.items()},
        "final": {str(carrier): number(v[0]) for carrier, v in one.final.items() if v[0]},
        **{name: number(v) for name, v in totals.items()},
        "net": net_of(run, totals["final_total"], totals["primary"], totals["co2"], made),
        "per_area": {name: number(v / area) if area else None for name, v in per_area.items()},
        "heating_peak": number(one.heating_peak[0]),
        "cooling_peak": number(one.cooling_peak[0]),
        "overheating": number(one.overheating[0]),
        "pv": {"power": number(one.capacity[0]), "yield": number(one.produced[0])}
        if one.capacity[0]
        else None,
        "self_sufficiency": number(one.self_sufficiency[0]),
        "grade": grade or None,
    }


def _months(figures: Figures) -> dict[str, Any]:
    """Useful heat, cold and electricity by month [kWh], of all buildings together."""
    return {need: [number(v) for v in figures.monthly[need].sum(axis=0)] for need in NEEDS}


def _u_values(zones: Zones) -> dict[str, Any]:
    """Means over all zones together [W/(m²K)]."""
    from analysis.energy.run.envelope import means

    found = means(zones, np.zeros(len(zones), np.int32), 1)
    return {part: number(found[f"u_{part}"][0]) for part in ("wall", "roof", "floor", "window")}


def _floor_area(zones: Zones, buildings: Sequence[str]) -> npt.NDArray[np.float64]:
    place = {id: k for k, id in enumerate(buildings)}
    owner = np.array([place[id] for id in zones.building])
    return np.bincount(owner, zones.floor_area, len(buildings)).astype(np.float64)


def _change(before: float | None, after: float | None) -> float | None:
    if before is None or after is None or not before:
        return None
    return number(after / before - 1.0)


def _payback(spent: Any, saving: Any, *, discounted: bool) -> float | None:
    from analysis.energy.retrofit.economics import discounted_payback, simple_payback

    of = discounted_payback if discounted else simple_payback
    return number(of(spent.sum(keepdims=True), saving.sum(keepdims=True))[0])


def _measure(measure: Measure, cost: Cost | None) -> dict[str, Any]:
    told: dict[str, Any] = {
        "id": measure.id,
        "kind": measure.kind,
        "part": measure.part or None,
        "title": dict(measure.title),
        "values": dict(measure.values),
        "lifetime": number(measure.lifetime),
        "source": measure.source,
    }
    known: Mapping[str, Any] = {} if cost is None else vars(cost)
    return told | {
        "cost": None if cost is None else number(cost.of(measure)),
        **{name: known.get(name) for name in ("unit", "currency", "price_year")},
        "cost_source": known.get("source"),
    }
