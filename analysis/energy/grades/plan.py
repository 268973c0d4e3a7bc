"""A city plan's table of self-sufficiency, reproduced from its demands and its photovoltaic power or roofs.

The trap in such tables: their energies may be primary. A kilowatt of modules gives some 1,360 kWh of
electricity a year in Korea; a table in which it gives 3,734 has multiplied by the primary energy factor of
electricity, 2.75. Primary demand against primary production is sound. Primary demand against the kilowatt
hours that a meter shows is not, and neither is the other way around: `plan_report` refuses a table that mixes
them, found by its yield for each kilowatt, and shows beside each share what the mistake would make of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from analysis.energy.grades.scheme import Scheme, scheme
from analysis.errors import AnalysisError
from analysis.tables import rows

if TYPE_CHECKING:
    import pandas as pd

Basis = Literal["primary", "site"]

PRIMARY_ELECTRICITY, PRIMARY_FUEL = 2.75, 1.1
"""Primary over final energy in the Korean certification of 2019, to be verified in the current notice."""
PLAN_YIELD = 1358.0
"""[kWh/kW] a year on site: 3,734 in each row of the plan of 2019-09, divided by 2.75."""
ROOF_USE, MODULE_EFFICIENCY = 0.6, 0.15
"""Of the same plan."""
_FIT = (600.0, 2000.0)
"""Yields on site that are thought possible [kWh/kW], an assumption: Korea has 1,300 to 1,450, shaded or badly
facing modules half of that, deserts at most about 2,300."""
_TABLE = "energy/plan_2019.csv"
_COLUMNS = ("row", "parent", "title_ko", "title_en", "demand", "demand_basis", "pv_power")


@dataclass(frozen=True, kw_only=True)
class PlanRow:
    """A row of a plan; a row that others name as their parent is their subtotal.

    demand: of a year [MWh], in its basis. pv_power: of modules [kW], or roof_area [m²] to find it from.
    specific_yield: of its modules on site [kWh/kW], where it is known of them in particular. pv_yield: as the
    plan states it [MWh] and its basis. self_sufficiency: as the plan states it [%]."""

    id: str
    demand: float
    demand_basis: Basis = "primary"
    parent: str = ""
    title: Mapping[str, str] = field(default_factory=dict)
    pv_power: float | None = None
    roof_area: float | None = None
    specific_yield: float | None = None
    pv_yield: float | None = None
    pv_basis: Basis | None = None
    self_sufficiency: float | None = None


@dataclass(frozen=True)
class Mixture:
    """A row that sets energies of two kinds against each other. specific: its yield as printed [kWh/kW]."""

    row: str
    specific: float
    stated: str
    found: str
    text: dict[str, str]


@dataclass(frozen=True)
class PlanReport:
    """table: a row for each of the plan's, in its order, see `COLUMNS`. mixtures: rows whose figures had to
    be put on one basis. trap: what the plan's total becomes on each basis, and when they are mixed; text: the
    same in words, by language."""

    table: pd.DataFrame
    mixtures: list[Mixture]
    trap: dict[str, float]
    text: dict[str, str]

    def as_dict(self) -> dict[str, Any]:
        """For JSON: NaN as null."""
        return {
            "rows": [_plain(record) for record in self.table.to_dict("records")],
            "units": COLUMNS,
            "mixtures": [_plain(asdict(m)) for m in self.mixtures],
            "trap": _plain(self.trap),
            "text": self.text,
        }


COLUMNS = {
    "demand": "MW.h",
    "pv_power": "kW",
    "pv": "MW.h",
    "self_sufficiency": "1",
    "percent": "%",
    "grade": "1",
    "pv_site": "MW.h",
    "demand_if_electric": "MW.h",
    "if_electric": "1",
    "if_fuel": "1",
    "if_mixed": "1",
    "stated_demand": "MW.h",
    "stated_pv": "MW.h",
    "stated_percent": "%",
}
"""Columns of numbers of a report. demand and pv: in the basis of the row; self_sufficiency: one over the
other; percent: as a report prints it; grade: of the unrounded share, 0 for none or where the basis is not
primary. pv_site: electricity at the modules. demand_if_electric, if_electric: final demand and self-
sufficiency on site if all of the demand is electricity; if_fuel: the share if all of it is fuel. if_mixed:
the share that comes out if the electricity on site is set against primary demand. stated_...: in the plan."""


def plan_rows(path: Path | None = None) -> list[PlanRow]:
    """The plan of 2019-09, or a city's own in the same form (`analysis/data/energy/plan_2019.csv`). Raises
    AnalysisError for a defect, naming its place."""
    found: list[PlanRow] = []
    for row in rows(path, _TABLE, _COLUMNS):
        optional = {
            name: row.number(name, 0.0) if row.text(name) else None
            for name in ("pv_power", "roof_area", "specific_yield", "pv_yield", "self_sufficiency")
        }
        bases = {name: row.text(name) for name in ("demand_basis", "pv_basis")}
        for name, basis in bases.items():
            if basis not in ("primary", "site") and (basis or name == "demand_basis"):
                raise AnalysisError(f"{row.where}: {name} must be primary or site, not {basis!r}")
        found.append(
            PlanRow(
                id=row.text("row"),
                parent=row.text("parent"),
                title={"ko": row.text("title_ko"), "en": row.text("title_en")},
                demand=row.number("demand", 0.0),
                demand_basis="site" if bases["demand_basis"] == "site" else "primary",
                pv_basis={"primary": "primary", "site": "site"}.get(bases["pv_basis"]),  # type: ignore[arg-type]
                **optional,
            )
        )
    return found


def basis_of(pv_yield: float, pv_power: float, factor: float = PRIMARY_ELECTRICITY) -> Basis | None:
    """What a plan's yield [MWh] of modules [kW] can only be, by what a kilowatt can give; None where both or
    neither are possible."""
    if pv_power <= 0:
        return None
    specific = 1000.0 * pv_yield / pv_power
    site, primary = (_FIT[0] <= value <= _FIT[1] for value in (specific, specific / factor))
    if site == primary:
        return None
    return "site" if site else "primary"


def plan_report(
    plan: Sequence[PlanRow],
    *,
    specific_yield: float = PLAN_YIELD,
    factor: float = PRIMARY_ELECTRICITY,
    fuel_factor: float = PRIMARY_FUEL,
    roof_use: float = ROOF_USE,
    efficiency: float = MODULE_EFFICIENCY,
    mixed: Literal["refuse", "convert"] = "refuse",
    by: Scheme | None = None,
) -> PlanReport:
    """Self-sufficiency of each row and subtotal, from demands and modules alone.

    specific_yield: of modules on site [kWh/kW] whose rows do not say. factor, fuel_factor: primary over final
    energy of electricity and of fuels. roof_use, efficiency: for rows that give roof areas. mixed: "convert"
    puts yields that are stated on another basis than the demand on that of the demand, and says so.

    Raises AnalysisError for a plan without rows, for rows that repeat, hang from nothing, sum energies of two
    kinds or give neither power nor roof, and, unless mixed is "convert", for a mixture of primary energy and
    energy on site.
    """
    import pandas as pd

    _check(plan)
    children = {row.id: [r.id for r in plan if r.parent == row.id] for row in plan}
    mixtures = [m for row in plan if (m := _mixture(row, roof_use, efficiency, factor))]
    if mixtures and mixed == "refuse":
        raise AnalysisError(mixtures[0].text["en"])
    demand: dict[str, float] = {}
    power: dict[str, float] = {}
    on_site: dict[str, float] = {}
    for row in reversed(_from_the_top(plan)):
        below = children[row.id]
        demand[row.id] = sum(demand[c] for c in below) if below else row.demand
        power[row.id] = sum(power[c] for c in below) if below else _power(row, roof_use, efficiency)
        each = specific_yield if row.specific_yield is None else row.specific_yield
        on_site[row.id] = sum(on_site[c] for c in below) if below else power[row.id] * each / 1000.0
    grading = by or scheme()
    records = []
    for row in plan:
        need, site = demand[row.id], on_site[row.id]
        primary = row.demand_basis == "primary"
        made = site * factor if primary else site
        share = _share(made, need)
        records.append(
            {
                "id": row.id,
                "parent": row.parent,
                "title_ko": row.title.get("ko", row.id),
                "title_en": row.title.get("en", row.id),
                "basis": row.demand_basis,
                "demand": need,
                "pv_power": power[row.id],
                "pv": made,
                "self_sufficiency": share,
                "percent": float(np.floor(100.0 * share + 0.5)),
                "grade": int(grading.grade(share)[0]) if primary else 0,
                "pv_site": site,
                "demand_if_electric": need / factor if primary else need,
                "if_electric": _share(site, need / factor) if primary else share,
                "if_fuel": _share(site, need / fuel_factor) if primary else share,
                "if_mixed": _share(site, need) if primary else _share(site * factor, need),
                "stated_demand": row.demand,
                "stated_pv": np.nan if row.pv_yield is None else row.pv_yield,
                "stated_percent": np.nan if row.self_sufficiency is None else row.self_sufficiency,
            }
        )
    table = pd.DataFrame(records)
    trap = _trap(table, factor)
    return PlanReport(table, mixtures, trap, _words(trap))


def _check(plan: Sequence[PlanRow]) -> None:
    ids = {row.id: row for row in plan}
    if not plan or len(ids) != len(plan):
        raise AnalysisError("a plan needs rows, each with a name of its own")
    for row in plan:
        if row.parent and row.parent not in ids:
            raise AnalysisError(f"plan, row {row.id}: there is no row {row.parent!r} for it to belong to")
        if row.parent and ids[row.parent].demand_basis != row.demand_basis:
            raise AnalysisError(
                f"plan, row {row.id}: its demand is {row.demand_basis} energy, that of {row.parent!r} is not;"
                " they cannot be added up"
            )


def _from_the_top(plan: Sequence[PlanRow]) -> list[PlanRow]:
    """Parents before their children. Raises AnalysisError for a circle."""
    order = [row for row in plan if not row.parent]
    for row in order:
        order.extend(r for r in plan if r.parent == row.id)
    if len(order) != len(plan):
        raise AnalysisError("the rows of the plan belong to one another in a circle")
    return order


def _power(row: PlanRow, roof_use: float, efficiency: float) -> float:
    from analysis.sun.power.pv import roof_capacity

    if row.pv_power is not None:
        return row.pv_power
    if row.roof_area is None:
        raise AnalysisError(f"plan, row {row.id}: it needs the power of its modules or a roof area")
    return float(roof_capacity(row.roof_area, roof_use, efficiency))


def _mixture(row: PlanRow, roof_use: float, efficiency: float, factor: float) -> Mixture | None:
    """What is wrong with the basis of a row's stated yield, if anything is."""
    if row.pv_yield is None or (row.pv_power is None and row.roof_area is None):
        return None
    power = _power(row, roof_use, efficiency)
    found = basis_of(row.pv_yield, power, factor)
    stated = row.pv_basis or row.demand_basis
    actual = found or stated
    if actual == stated == row.demand_basis:
        return None
    specific = 1000.0 * row.pv_yield / power if power else float("nan")
    text = {
        "en": f"plan, row {row.id}: demand is {row.demand_basis} energy, but {specific:,.0f} kWh per kW of"
        f" modules is {actual} energy ({stated} is stated); give both on one basis: primary is {factor:g}"
        " times the electricity on site",
        "ko": f"계획표 {row.id} 행: 수요는 {_KO[row.demand_basis]}인데 발전량은 kW당 {specific:,.0f} kWh로"
        f" {_KO[actual]}입니다(표기: {_KO[stated]}). 같은 기준으로 맞추십시오. 1차에너지는 현장 전력의"
        f" {factor:g}배입니다",
    }
    return Mixture(row.id, specific, stated, actual, text)


def _plain(values: Mapping[Any, Any]) -> dict[str, Any]:
    """For JSON: NaN as None."""
    return {str(k): None if isinstance(v, float) and np.isnan(v) else v for k, v in values.items()}


_KO = {"primary": "1차에너지", "site": "현장 에너지"}


def _share(made: float, used: float) -> float:
    return made / used if used > 0 else float("nan")


def _trap(table: pd.DataFrame, factor: float) -> dict[str, float]:
    """Of all rows that belong to no other, together."""
    top = table[table["parent"] == ""]
    primary = bool((top["basis"] == "primary").all())
    need = float(top["demand"].sum())
    site = float(top["pv_site"].sum())
    electric = float(top["demand_if_electric"].sum())
    specific = 1000.0 * _share(site, float(top["pv_power"].sum()))
    return {
        "specific_yield_site": specific,
        "specific_yield_primary": specific * factor,
        "factor": factor,
        "self_sufficiency": _share(float(top["pv"].sum()), need),
        "if_electric": _share(site, electric),
        "site_against_primary": _share(site, electric * factor),
        "primary_against_site": _share(site * factor, electric),
        "primary": float(primary),
    }


def _words(trap: Mapping[str, float]) -> dict[str, str]:
    right, low, high = (
        f"{100 * trap[name]:.0f} %"
        for name in ("self_sufficiency", "site_against_primary", "primary_against_site")
    )
    site, primary, factor = trap["specific_yield_site"], trap["specific_yield_primary"], trap["factor"]
    if np.isnan([*trap.values()]).any():
        return {
            "en": "The plan has no demand or no modules, so that there is no share to tell.",
            "ko": "계획에 수요나 태양광 모듈이 없어 자립률을 말할 수 없습니다.",
        }
    return {
        "en": f"A kilowatt of modules gives {site:,.0f} kWh of electricity a year; {primary:,.0f} kWh is"
        f" primary energy, {factor:g} times as much. On one basis the city makes {right} of what it uses."
        f" Electricity on site against primary demand would read {low}, primary production against final"
        f" demand {high}: both are wrong.",
        "ko": f"모듈 1 kW의 연간 발전량은 {site:,.0f} kWh이며, {primary:,.0f} kWh는 그 {factor:g}배인"
        f" 1차에너지입니다. 같은 기준에서 자립률은 {right}입니다."
        f" 현장 발전량을 1차에너지 수요와 견주면 {low},"
        f" 1차에너지 생산량을 최종에너지 수요와 견주면 {high}가 되며 둘 다 잘못입니다.",
    }
