"""The figures of buildings: columns of the run's table, and the same before and after measures."""

from __future__ import annotations

from typing import Any

import numpy as np

from analysis.energy.grades import Grades, five_uses, grades
from analysis.energy.result import NEEDS
from analysis.energy.run.compute import Computed, Options
from analysis.energy.run.envelope import means
from analysis.energy.supply.arrays import energy
from analysis.energy.systems import Carrier
from analysis.energy.zones import Float64, Origin, Zones

PER_AREA = (*NEEDS, "final", "primary", "co2", "cost", "pv")
HOMES = ("house", "apartment")
_KILOWATT = 1000.0


def units(currency: str | None) -> dict[str, str]:
    """Of the columns of `figures`."""
    money = currency or "1"
    whole = {"final": "kW.h", "primary": "kW.h", "co2": "kg", "cost": money, "pv": "kW.h"}
    whole |= dict.fromkeys(NEEDS, "kW.h") | {f"final_{c}": "kW.h" for c in Carrier}
    found = {f"{name}_per_area": f"{whole[name]}/m2" for name in PER_AREA}
    return {
        **whole, **found, "year": "a", "storeys": "1", "floor_area": "m2", "volume": "m3",
        "primary_five_uses": "kW.h", "heating_peak": "kW", "cooling_peak": "kW", "overheating": "h",
        "unmet": "h", "pv_power": "kW", "pv_area": "m2", "vehicles": "kW.h", "self_consumed": "kW.h",
        "self_consumption": "1", "autarky": "1", "self_sufficiency": "1", "self_sufficiency_final": "1",
        "collector_area": "m2", "solar_heat": "kW.h", "cell_power": "kW", "cell_electricity": "kW.h",
        "cell_heat": "kW.h", "cell_fuel": "kW.h", "moved": "kW.h",
        "net_primary_per_area": "kW.h/m2", "window_share": "1", "u_wall": "W/(m2.K)", "u_roof": "W/(m2.K)",
        "u_floor": "W/(m2.K)", "u_window": "W/(m2.K)", "envelope_area": "m2",
    }  # fmt: skip


def figures(zones: Zones, made: Computed, options: Options) -> dict[str, Any]:
    """(b,) columns by name: energies of the year [kWh], peaks [kW], CO₂ [kg], shares [1]; see `units`.

    final, primary, co2, cost: of what is bought before own power is taken off. self_sufficiency: primary
    energy that roofs make and spare over that of the five uses of the grade, self_sufficiency_final: the same
    in final energy; fuel cells, which burn what is bought, count for neither. grade: 0 for none. Origins are
    those of a building's least known zone. self_consumed: power of modules that the building uses; its own
    use is the modules' and the cells' by what they make. What collectors, cells and moved demand come to has
    columns where there are any.
    """
    count = len(made.buildings)
    area = made.summed(zones.floor_area)
    found: dict[str, Any] = {"floor_area": area, "volume": made.summed(zones.volume)}
    found |= {need: made.summed(made.result.yearly(need)) for need in NEEDS}
    bought = made.delivered
    for carrier in bought.final:
        found[f"final_{carrier}"] = made.summed(bought.of(carrier).sum(axis=1))
    found["final"] = made.summed(bought.of().sum(axis=1))
    found |= {"primary": made.summed(bought.primary), "co2": made.summed(bought.co2)}
    found["cost"] = made.summed(bought.cost)
    final_five, primary_five = (made.summed(part) for part in five_uses(made.gross))
    found["primary_five_uses"] = primary_five
    assert made.result.heating is not None and made.result.cooling is not None
    found["heating_peak"] = made.hours(made.result.heating).max(axis=1) / _KILOWATT
    found["cooling_peak"] = made.hours(made.result.cooling).max(axis=1) / _KILOWATT
    found["overheating"] = _worst(made, made.result.overheating)
    found["unmet"] = _worst(made, made.result.unmet)
    nothing = np.zeros(count)
    found["pv"] = nothing if made.pv is None else made.pv.energy
    found["pv_power"] = nothing if made.pv is None else made.pv.capacity
    found["pv_area"] = nothing if made.pv is None else made.pv.area
    found["vehicles"] = made.charged
    found |= _own(made, options)
    generation = made.supply["generation"].to_numpy(float)
    of_modules = np.divide(found["pv"], generation, out=nothing.copy(), where=generation > 0)
    found["self_consumed"] = made.supply["self_consumed"].to_numpy(float) * of_modules
    for name in ("self_consumption", "autarky"):
        found[name] = made.supply[name].to_numpy(float)
    reached = graded(zones, made, options)
    found["self_sufficiency"], found["grade"] = reached.share, reached.grade
    found["net_primary_per_area"] = reached.net
    spared = 0.0 if made.own is None else made.own.spared_final
    found["self_sufficiency_final"] = np.divide(
        found["pv"] + spared, final_five, out=np.full(count, np.nan), where=final_five > 0
    )
    found |= means(zones, made.building, count)
    for name in PER_AREA:
        found[f"{name}_per_area"] = np.divide(found[name], area, out=np.full(count, np.nan), where=area > 0)
    return found


def _own(made: Computed, options: Options) -> dict[str, Any]:
    """(b,) columns of collectors, fuel cells and moved demand, as far as the options have them."""
    found: dict[str, Any] = {"moved": made.moved} if options.flexible > 0 else {}
    own = made.own
    if own is not None and options.solar_thermal > 0:
        found |= {"collector_area": own.collector_area, "solar_heat": own.solar}
    if own is not None and options.fuel_cell > 0:
        hours, nothing = made.result.step / 3600.0, np.zeros(len(made.buildings))
        cells = own.cells
        found["cell_power"] = own.cell_power / _KILOWATT
        found["cell_electricity"] = nothing if cells is None else energy(cells.electricity, hours)
        found["cell_heat"] = nothing if cells is None else energy(cells.heat, hours)
        found["cell_fuel"] = made.summed(own.fuel.sum(axis=1))
    return found


def described(zones: Zones, made: Computed) -> dict[str, Any]:
    """(b,) what a building is: use, system, year, storeys of its largest zone, and the origins of figures."""
    largest = np.zeros(len(made.buildings), np.int64)
    order = np.argsort(zones.floor_area, kind="stable")
    largest[made.building[order]] = order
    found: dict[str, Any] = {
        "use": [zones.uses[k].id for k in zones.use[largest]],
        "system": [zones.systems[k].id for k in zones.system[largest]],
        "year": zones.year[largest],
        "storeys": zones.storeys[largest],
        "zones": np.bincount(made.building, minlength=len(made.buildings)),
    }
    guesses = np.zeros(len(made.buildings), np.int64)
    for name, origin in zones.origins.items():
        worst = np.zeros(len(made.buildings), np.int8)
        np.maximum.at(worst, made.building, origin)
        found[f"origin_{name}"] = [Origin(v).name.lower() for v in worst.tolist()]
        guesses += worst == Origin.GUESS
    return found | {"guesses": guesses}


def graded(zones: Zones, made: Computed, options: Options) -> Grades:
    """Of buildings, by primary energy made or spared and that of the five uses. What is neither heated nor
    cooled, such as a shed, has no grade: its share is unknown."""
    factor = options.factors.of(Carrier.ELECTRICITY).primary
    produced = np.zeros(len(made.buildings)) if made.pv is None else made.pv.energy * (factor or np.nan)
    if made.own is not None:
        produced = produced + made.own.spared_primary
    homes = np.array([zones.uses[k].id in HOMES for k in zones.use], bool)
    area = made.summed(zones.floor_area)
    need = made.summed(made.result.yearly("heating") + made.result.yearly("cooling"))
    return grades(
        produced,
        np.where(need > 0, made.summed(five_uses(made.gross)[1]), np.nan),
        floor_area=area,
        residential=made.summed(zones.floor_area * homes) > area / 2,
        by=options.scheme,
    )


def _worst(made: Computed, values: Float64) -> Float64:
    """(b,) the greatest of the zones'."""
    found = np.zeros(len(made.buildings))
    np.maximum.at(found, made.building, values)
    return found
