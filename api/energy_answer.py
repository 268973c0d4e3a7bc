"""Answers about the energy of buildings as they go to a client: figures, months, typical days, envelopes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.energy.systems import Carrier
from api.energy_desk import OpenRun, number

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

    from analysis.energy.run.compute import Computed
    from analysis.energy.zones import Zones

_ELECTRICITY = Carrier.ELECTRICITY
NEEDS = ("heating", "cooling", "hot_water", "lighting", "appliances", "fans")
TYPICAL = {1: "january", 4: "april", 7: "july", 10: "october"}
_PER_AREA = (*NEEDS, "final", "primary", "co2", "cost", "pv")
LIST = (
    *("use", "year", "floor_area", "block", "grade", "self_sufficiency", "guesses", "doubts"),
    *("heating_per_area", "cooling_per_area", "final_per_area", "primary_per_area", "co2_per_area"),
)
"""Columns of a building in a list."""


def listed(run: OpenRun, table: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows of the run's table for a list."""
    titles = use_titles(run)
    rows = []
    for id, row in zip(table.index.tolist(), table[list(LIST)].to_dict("records"), strict=True):
        told = {str(name): plain(value) for name, value in row.items()}
        rows.append({"id": id, **told, "use_title": titles.get(row["use"])})
    return rows


def use_titles(run: OpenRun) -> dict[str, dict[str, str]]:
    """By the ids of uses."""
    return {use.id: dict(use.title) for use in run.kept.zones.uses}


def building_answer(run: OpenRun, id: str, hourly: bool) -> dict[str, Any]:
    """All that is known of a building; its year is computed anew, which takes milliseconds."""
    from analysis.energy.run.envelope import envelope_rows

    zones, made = computed(run, [id])
    row: Any = run.table.loc[id]
    titles = use_titles(run)
    doubts = [d for d in run.kept.extra["doubts"] if d["building"] == id]
    prefix = "origin_"
    origins = {str(c)[len(prefix) :]: row[c] for c in run.table if str(c).startswith(prefix)}
    systems = {system.id: dict(system.title) for system in run.kept.zones.systems}
    answer: dict[str, Any] = {
        "id": id,
        "block": row["block"],
        "use": {"id": row["use"], "title": titles[row["use"]]},
        "system": {"id": row["system"], "title": systems[row["system"]]},
        "zones": int(row["zones"]),
        **{name: plain(row[name]) for name in ("year", "storeys", "floor_area", "volume", "grade")},
        "origins": origins,
        "guesses": [name for name, origin in origins.items() if origin == "guess"],
        "doubts": [{k: d[k] for k in ("figure", "value", "severity", "text")} for d in doubts],
        **figures_answer(row, run),
        "monthly": monthly(run, made),
        "typical": _typical(run, made),
        "envelope": [{name: plain(value) for name, value in entry.items()} for entry in envelope_rows(zones)],
        "measured": run.kept.extra["measured"].get(id),
        "calibrated": run.kept.extra["calibrated"].get(id),
        "peers": _peers(run, id),
        "notes": made.notes,
    }
    if hourly:
        answer["year_hourly"] = _year(run, made)
    return answer


def computed(
    run: OpenRun, buildings: Sequence[str], zones: Zones | None = None, **options: Any
) -> tuple[Zones, Computed]:
    """Some buildings' zones, those of the run or changed ones, and their year. options: that differ from the
    run's."""
    from dataclasses import replace

    from analysis.energy.run.compute import compute

    chosen = run.zones_of(buildings) if zones is None else zones
    driven = run.kept.extra["vehicles"]
    vehicles = np.array([driven.get(id, 0) for id in buildings], np.int32)
    how = replace(run.options, **options) if options else run.options
    return chosen, compute(chosen, run.kept.weather, how, vehicles=vehicles)


def figures_answer(row: Mapping[str, Any], run: OpenRun) -> dict[str, Any]:
    """Figures of a building or of several together, from a row with the columns of the run's table."""
    has_pv = run.options.pv or bool(number(row["pv_power"]))
    return {
        "need": {name: number(row[name]) for name in NEEDS},
        "final": {
            name[6:]: number(row[name])
            for name in map(str, row.keys())
            if name.startswith("final_") and name != "final_per_area" and number(row[name])
        },
        "final_total": number(row["final"]),
        "primary": number(row["primary"]),
        "co2": number(row["co2"]),
        "cost": number(row["cost"]),
        "net": net_of(
            run, row["final"], row["primary"], row["co2"], row["pv"] + row.get("cell_electricity", 0.0)
        ),
        "currency": run.options.factors.currency,
        "per_area": {name: number(row[f"{name}_per_area"]) for name in _PER_AREA},
        "heating_peak": number(row["heating_peak"]),
        "cooling_peak": number(row["cooling_peak"]),
        "overheating": number(row["overheating"]),
        "unmet": number(row["unmet"]),
        "pv": {
            "power": number(row["pv_power"]),
            "yield": number(row["pv"]),
            "area": number(row["pv_area"]),
            "self_consumed": number(row["self_consumed"]),
            "autarky": number(row["autarky"]),
        }
        if has_pv
        else None,
        "self_sufficiency": number(row["self_sufficiency"]),
        "self_sufficiency_final": number(row["self_sufficiency_final"]),
        "grade": int(row["grade"]) or None,
        "window_share": number(row["window_share"]),
        "u_values": {part: number(row[f"u_{part}"]) for part in ("wall", "roof", "floor", "window")},
    }


def net_of(run: OpenRun, final: float, primary: float, co2: float, made: float) -> dict[str, Any]:
    """Energy and CO₂ with the electricity that is made taken off, all of it: surplus goes to the grid and
    spares its."""
    factor = run.options.factors.of(_ELECTRICITY)
    taken = {"final": 1.0, "primary": factor.primary, "co2": factor.co2}
    values = {"final": final, "primary": primary, "co2": co2}
    return {
        name: None if taken[name] is None else number(value - made * (taken[name] or 0.0))
        for name, value in values.items()
    }


def monthly(run: OpenRun, made: Computed) -> dict[str, Any]:
    """By month [kWh], of all buildings together; mean outside temperatures [°C]."""
    month = run.kept.weather.times.month.to_numpy() - 1
    hours = made.result.step / 3600.0
    found: dict[str, Any] = {need: _numbers(made.result.monthly[need].sum(axis=0)) for need in NEEDS}
    found["electricity"] = _numbers(made.delivered.of(_ELECTRICITY).sum(axis=0))
    found["final"] = _numbers(made.delivered.of().sum(axis=0))
    found["pv"] = None
    if made.pv is not None:
        power = made.pv.power.sum(axis=0, dtype=np.float64)
        found["pv"] = _numbers(np.bincount(month, power, 12) * hours / 1000.0)
    days = np.maximum(np.bincount(month, minlength=12), 1)
    found["temperature"] = _numbers(np.bincount(month, run.kept.weather.temp_air, 12) / days)
    return found


def _series(run: OpenRun, made: Computed) -> dict[str, npt.NDArray[Any]]:
    """(n,) kW and °C of all buildings together."""
    from analysis.energy.run.hours import building_hours

    hours = building_hours(made)
    power = ("heating", "cooling", "electricity", "pv", "net")
    found = {name: hours[name].sum(axis=0, dtype=np.float64) / 1000.0 for name in power}
    return found | {"temperature": hours["temperature"].mean(axis=0), "outside": run.kept.weather.temp_air}


def _typical(run: OpenRun, made: Computed) -> dict[str, Any]:
    """The mean day of a month of each season."""
    times = run.kept.weather.times
    series = _series(run, made)
    days: dict[str, Any] = {"hours": list(range(24))}
    for month, name in TYPICAL.items():
        of = np.asarray(times.month == month)
        hour = times.hour.to_numpy()[of]
        count = np.maximum(np.bincount(hour, minlength=24), 1)
        days[name] = {k: _numbers(np.bincount(hour, v[of], 24) / count) for k, v in series.items()}
    return days


def _year(run: OpenRun, made: Computed) -> dict[str, Any]:
    weather = run.kept.weather
    return {
        "start": weather.times[0].isoformat(),
        "step": weather.step,
        **{name: np.round(values, 3).tolist() for name, values in _series(run, made).items()},
    }


def _peers(run: OpenRun, id: str) -> dict[str, Any] | None:
    """The building's final energy by floor area among those of its use; None with too few of them."""
    from analysis.energy.measured.peers import peers

    table = run.table[run.table["use"] == run.table.at[id, "use"]]
    found = peers(table["final"].to_numpy(float), table["floor_area"].to_numpy(float), table["use"].tolist())
    at = table.index.get_loc(id)
    (group,) = found.groups.values()
    if group.quantiles is None:
        return None
    return {
        "use": group.use,
        "n": group.n,
        "property": "final_per_area",
        "value": number(found.per_area[at]),
        "percentile": number(found.percentile[at]),
        **dict(zip(("p10", "p25", "p50", "p75", "p90"), map(number, group.quantiles), strict=True)),
    }


def plain(value: Any) -> Any:
    """For JSON: texts and whole numbers as they are, other numbers with six figures, None for none."""
    if isinstance(value, (float, np.floating)):
        return number(value)
    return value.item() if isinstance(value, np.generic) else value


def _numbers(values: npt.NDArray[Any]) -> list[float | None]:
    return [number(v) for v in values.tolist()]
