"""What a district makes of its own, and how it is used: modules on roofs, collectors, fuel cells, batteries,
heat stores, vehicles, exchange between neighbours, demand that waits, and a microgrid on its own.

Series are arrays of buildings × intervals [W], as `EnergyResult` keeps them; nothing else of the energy part
is needed.

    made = pv_of_zones(zones, weather)
    found = balance(electricity, made.power, battery=Battery(capacity=2.0 * made.capacity), groups=blocks)
    found.buildings[["self_consumption", "autarky"]], found.district["peak_import"]
"""

from analysis.energy.supply.balance import Balance, balance, duration, peak
from analysis.energy.supply.battery import Battery, Dispatch, by_tariff, dispatch, lowest_peak
from analysis.energy.supply.cells import FuelCell, polymer_cell, run_cells, solid_oxide_cell
from analysis.energy.supply.exchange import Exchange, exchange, partners
from analysis.energy.supply.heat import (
    Collector,
    HeatStore,
    StoredHeat,
    roof_collectors,
    solar_heat,
    stored_heat,
)
from analysis.energy.supply.island import Island, island
from analysis.energy.supply.public import lamps
from analysis.energy.supply.pv import Arrays, Pv, plan_modules, pv_of, pv_of_arrays, pv_of_zones, roof_arrays
from analysis.energy.supply.response import Response, respond
from analysis.energy.supply.vehicles import Charging, Fleet, Sessions, charge, sessions_of

__all__ = [
    "Arrays",
    "Balance",
    "Battery",
    "Charging",
    "Collector",
    "Dispatch",
    "Exchange",
    "Fleet",
    "FuelCell",
    "HeatStore",
    "Island",
    "Pv",
    "Response",
    "Sessions",
    "StoredHeat",
    "balance",
    "by_tariff",
    "charge",
    "dispatch",
    "duration",
    "exchange",
    "island",
    "lamps",
    "lowest_peak",
    "partners",
    "peak",
    "plan_modules",
    "polymer_cell",
    "pv_of",
    "pv_of_arrays",
    "pv_of_zones",
    "respond",
    "roof_arrays",
    "roof_collectors",
    "run_cells",
    "sessions_of",
    "solar_heat",
    "solid_oxide_cell",
    "stored_heat",
]
