"""The totals of a run, and what they rest on: for a reader who sees nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.energy.grades import by_need, scope_balances
from analysis.energy.grades import scheme as scheme_of
from analysis.energy.result import NEEDS
from analysis.energy.run.compute import Computed, Options
from analysis.energy.run.groups import GroupLoads
from analysis.energy.systems import Carrier
from analysis.energy.zones import Origin

if TYPE_CHECKING:
    import pandas as pd

    from analysis.energy.run.study import EnergyStudy

UNITS = {
    "floor_area": "m2", "need": "kW.h", "final": "kW.h", "final_total": "kW.h", "primary": "kW.h",
    "co2": "kg", "pv.power": "kW", "pv.yield": "kW.h", "pv.area": "m2", "pv.self_consumed": "kW.h",
    "per_area": "kW.h/m2", "peak": "kW", "solar_heat.area": "m2", "solar_heat.heat": "kW.h",
    "solar_heat.spared_final": "kW.h", "solar_heat.spared_primary": "kW.h", "fuel_cells.power": "kW",
    "fuel_cells.electricity": "kW.h", "fuel_cells.heat": "kW.h", "fuel_cells.fuel": "kW.h",
    "flexible.share": "1", "flexible.moved": "kW.h", "outages.hours": "h", "outages.missing": "kW.h",
    "outages.unused": "kW.h",
}  # fmt: skip
MOST_DOUBTS = 200
_WEIGHED = ("primary", "co2", "cost")
"""What is unknown of buildings that use a carrier of unknown factor or price."""
_PER_AREA = (*NEEDS, "final", "primary", "co2")


@dataclass
class Totals:
    """Sums over the portions of a run. final, primary: by need [kWh], what plants would take for all of it;
    the latter is NaN where a carrier that zones use has no known factor. spared_final, spared_primary: what
    collectors spare of it [kWh]. unserved: by need [kWh], of buildings without a plant for it."""

    final: dict[str, float] = field(default_factory=lambda: dict.fromkeys(NEEDS, 0.0))
    primary: dict[str, float] = field(default_factory=lambda: dict.fromkeys(NEEDS, 0.0))
    spared_final: float = 0.0
    spared_primary: float = 0.0
    unserved: dict[str, float] = field(default_factory=dict)
    notes: dict[str, None] = field(default_factory=dict)

    def add(self, made: Computed) -> None:
        for total, needs in zip((self.final, self.primary), by_need(made.gross), strict=True):
            for need, zones in needs.items():
                total[need] += float(zones.sum())
        if made.own is not None:
            self.spared_final += float(made.own.spared_final.sum())
            self.spared_primary += float(made.own.spared_primary.sum())
        for need, without in made.gross.unserved.items():
            self.unserved[need] = self.unserved.get(need, 0.0) + float(without.sum())
        self.notes.update(dict.fromkeys(made.notes))


def summary(
    study: EnergyStudy, table: pd.DataFrame, totals: Totals, loads: GroupLoads, options: Options
) -> dict[str, Any]:
    """table: of all buildings, with the columns of `figures` and `described`."""
    weather, factors = study.weather, options.factors
    final = {str(c): _sum(table[f"final_{c}"]) for c in Carrier if f"final_{c}" in table}
    made = {name: _sum(table[name]) for name in ("pv", "pv_power", "pv_area", "self_consumed")}
    known = factors.of(Carrier.ELECTRICITY).primary
    factor = np.nan if known is None else known
    balances = scope_balances(
        totals.final | study.public,
        totals.primary | {name: energy * factor for name, energy in study.public.items()},
        made["pv"] + totals.spared_final,
        made["pv"] * factor + totals.spared_primary,
        by=scheme_of(options.scheme),
    )
    return {
        "buildings": len(table),
        "zones": len(study.zones),
        "left_out": study.left_out,
        "scenario": None
        if study.scenario is None
        else {
            "id": study.scenario.id,
            "name": study.scenario.name,
            "added": study.scenario.added,
            "changed": study.scenario.changed,
            "removed": study.scenario.removed,
        },
        "floor_area": _sum(table["floor_area"]),
        "method": options.method,
        "year": int(weather.times[len(weather) // 2].year),
        "weather": {"source": weather.source, "made_up": study.made_up, "notes": weather.notes},
        "region": study.region.id,
        "country": factors.country,
        "currency": factors.currency if table["cost"].notna().any() else None,
        "price_year": factors.price_year,
        "scheme": options.scheme,
        "need": {need: _sum(table[need]) for need in NEEDS},
        "unserved": totals.unserved,
        "final": final,
        "final_total": _sum(table["final"]),
        **{name: _known(table[name]) for name in _WEIGHED},
        "unknown": {name: int(table[name].isna().sum()) for name in _WEIGHED},
        "pv": {
            "power": made["pv_power"], "yield": made["pv"], "area": made["pv_area"],
            "self_consumed": made["self_consumed"],
        } if options.pv else None,
        **_own(table, totals, options),
        "self_sufficiency": {
            "final": plain(balances[0].share_final),
            "primary": plain(balances[0].share_primary),
            "grade": balances[0].grade or None,
        },
        "scopes": [
            {
                "id": b.scope.id,
                "title": b.scope.title,
                "final": b.final,
                "primary": plain(b.primary),
                "produced_final": b.produced_final,
                "produced_primary": plain(b.produced_primary),
                "self_sufficiency_final": plain(b.share_final),
                "self_sufficiency_primary": plain(b.share_primary),
                "grade": b.grade or None,
                "missing": list(b.missing),
            }
            for b in balances
        ],
        "grades": {
            **{str(g): int((table["grade"] == g).sum()) for g in range(1, 6)},
            "none": int((table["grade"] == 0).sum()),
        },
        "uses": _uses(study, table),
        "peak": _peaks(study, loads),
        "guesses": {
            "buildings": int((table["guesses"] > 0).sum()),
            "figures": {
                name: int((table[f"origin_{name}"] == "guess").sum()) for name in study.zones.origins
            },
        },
        "origins": {
            name: {
                origin.name.lower(): int((table[f"origin_{name}"] == origin.name.lower()).sum())
                for origin in Origin
            }
            for name in study.zones.origins
        },
        "doubts": study.doubts[:MOST_DOUBTS],
        "doubts_total": len(study.doubts),
        "measured": None if study.metered is None else study.metered.summary,
        "notes": list(dict.fromkeys([*study.notes, *totals.notes])),
    }  # fmt: skip


def _own(table: pd.DataFrame, totals: Totals, options: Options) -> dict[str, Any]:
    """What collectors, fuel cells and demand that waits come to, None for what the options leave out."""
    found: dict[str, Any] = {"solar_heat": None, "fuel_cells": None, "flexible": None, "outages": None}
    if options.solar_thermal > 0:
        found["solar_heat"] = {
            "area": _sum(table["collector_area"]),
            "heat": _sum(table["solar_heat"]),
            "spared_final": totals.spared_final,
            "spared_primary": plain(totals.spared_primary),
        }
    if options.fuel_cell > 0:
        names = ("power", "electricity", "heat", "fuel")
        found["fuel_cells"] = {"kind": options.fuel_cell_kind} | {
            name: _sum(table[f"cell_{name}"]) for name in names
        }
    if options.flexible > 0:
        found["flexible"] = {"share": options.flexible, "moved": _sum(table["moved"])}
    return found


def _uses(study: EnergyStudy, table: pd.DataFrame) -> list[dict[str, Any]]:
    titles: Mapping[str, Any] = {use.id: dict(use.title) for use in study.zones.uses}
    found = []
    for use, rows in table.groupby("use", sort=False):
        area = _sum(rows["floor_area"])
        sums = {name: _known(rows[name]) for name in _PER_AREA}
        per_area = {name: None if v is None or not area else v / area for name, v in sums.items()}
        found.append(
            {
                "id": use,
                "title": titles[str(use)],
                "buildings": len(rows),
                "floor_area": area,
                "per_area": per_area,
            }
        )
    return sorted(found, key=lambda entry: -entry["floor_area"])


def _peaks(study: EnergyStudy, loads: GroupLoads) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in ("heating", "cooling", "electricity"):
        load = loads.of(name)
        at = int(load.argmax())
        found[name] = float(load[at])
        found[f"{name}_at"] = study.weather.times[at].isoformat()
    return found


def _sum(column: pd.Series[Any]) -> float:
    return float(np.nansum(column.to_numpy(float)))


def _known(column: pd.Series[Any]) -> float | None:
    """The sum of what is known, None where nothing is."""
    return _sum(column) if column.notna().any() else None


def plain(value: float) -> float | None:
    """None for what is no number."""
    return float(value) if np.isfinite(value) else None
