"""A year of some zones: what they need, what that takes of each carrier, what their roofs make of it.

A run computes the city's zones so, portion by portion; the server some buildings, before and after measures.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any
from zlib import crc32

import numpy as np

from analysis.energy import simulate
from analysis.energy.delivered import Delivered, Loads, delivered
from analysis.energy.factors import Factor, Factors
from analysis.energy.result import EnergyResult
from analysis.energy.run.blocks import numbered
from analysis.energy.run.own_heat import OwnHeat, own_heat
from analysis.energy.supply import Battery, Fleet, Pv, balance, charge, pv_of_zones, respond, sessions_of
from analysis.energy.supply.arrays import energy
from analysis.energy.systems import Carrier
from analysis.energy.zones import Float32, Float64, Int32, Zones
from analysis.progress import Progress, part
from analysis.sun.power.pv import Modules

if TYPE_CHECKING:
    import pandas as pd

    from analysis.weather import Weather


_DAY = 86_400.0


@dataclass(frozen=True, kw_only=True)
class Options:
    """How a run computes. method: of `simulate`. factors: of carriers. pv: whether roofs carry modules,
    pv_efficiency [1], pv_share: of the roofs, for them [1]; battery: [kWh] for each kW of modules.
    solar_thermal: share of the roofs that carries collectors [1]. fuel_cell: electricity of cells for each
    floor area [W/m²], fuel_cell_kind: "polymer", led by heat, or
    "solid_oxide", always on. flexible: share of the demand for electricity
    that can wait within a day [1]. outage: that blocks are tested for [h], critical: share of the demand that
    has to be served in it [1]. scheme: of grades."""

    method: str
    factors: Factors
    pv: bool = True
    pv_efficiency: float = 0.19
    pv_share: float = 0.6
    battery: float = 0.0
    solar_thermal: float = 0.0
    fuel_cell: float = 0.0
    fuel_cell_kind: str = "polymer"
    flexible: float = 0.0
    outage: float = 0.0
    critical: float = 1.0
    scheme: str = "kr-zeb-2017"

    def told(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)

    @classmethod
    def read(cls, told: Mapping[str, Any]) -> Options:
        """From what `told` gave."""
        of = dict(told["factors"])
        known = {
            Carrier(name): Factor(**{**factor, "verify": tuple(factor["verify"])})
            for name, factor in of.pop("by_carrier").items()
        }
        return cls(**{**told, "factors": Factors(by_carrier=known, **of)})


@dataclass(frozen=True, kw_only=True)
class Computed:
    """Of z zones in b buildings over n intervals.

    buildings: ids; building: (z,) the number of each zone's. result: of the zones; gross: what is bought if
    plants serve all of it; delivered: what is bought in fact; own: what collectors and fuel cells give, None
    without them. electricity: (b, n) what the buildings and their vehicles use [W], after what can wait was
    moved; moved: (b,) how much that is [kWh]; generation: (b, n) of modules and cells [W]; pv: what roofs
    make, None without modules; battery: None without; net: (b, n) what meters show after it [W], below 0 to
    the grid. supply: a row for each building with the columns of `supply.balance.UNITS`. charged: (b,) by
    vehicles [kWh].
    """

    buildings: list[str]
    building: Int32
    result: EnergyResult
    gross: Delivered
    delivered: Delivered
    own: OwnHeat | None
    electricity: Float32
    moved: Float64
    generation: Float32
    pv: Pv | None
    battery: Battery | None
    net: Float64
    supply: pd.DataFrame
    charged: Float64
    notes: list[str] = field(default_factory=list)

    def summed(self, values: Float64) -> Float64:
        """(b,) or (b, m): the sums of the zones' (z,) or (z, m)."""
        total = np.zeros((len(self.buildings), *values.shape[1:]))
        np.add.at(total, self.building, values)
        return total

    def hours(self, values: Float32) -> Float32:
        """(b, n) of the zones' (z, n)."""
        total = np.zeros((len(self.buildings), values.shape[1]), np.float32)
        np.add.at(total, self.building, values)
        return total


def compute(
    zones: Zones,
    weather: Weather,
    options: Options,
    *,
    vehicles: Int32 | None = None,
    block: Int32 | None = None,
    progress: Progress | None = None,
) -> Computed:
    """vehicles: (b,) electric ones at each building. block: (b,) number of the block whose buildings exchange
    surplus. Raises AnalysisError for zones that cannot be simulated."""
    result = simulate(zones, weather, method=options.method, progress=part(progress, 0.0, 0.7))
    told = part(progress, 0.7, 1.0, "carriers and supply")
    told(0.0)
    buildings, building = numbered(zones.building)
    gross = made = delivered(result, weather, options.factors)
    own, left = None, result
    if options.solar_thermal > 0 or options.fuel_cell > 0:
        own = own_heat(result, gross, weather, options, building)
        left = own.left
        made = own.bought(delivered(left, weather, options.factors))
    power = Loads(left, weather).power().get(Carrier.ELECTRICITY)
    count, n = len(buildings), len(result.times)
    electricity = np.zeros((count, n), np.float32)
    if power is not None:
        np.add.at(electricity, building, power)
    told(0.3)
    pv = None
    if options.pv:
        modules = Modules(efficiency=options.pv_efficiency)
        pv = pv_of_zones(zones, weather, modules=modules, roof_use=options.pv_share)
    charged = _charged(buildings, vehicles, result, electricity)
    told(0.6)
    generation = np.zeros((count, n), np.float32) if pv is None else pv.power
    if own is not None and own.cells is not None:
        generation = (generation + own.cells.electricity).astype(np.float32)
    moved = np.zeros(count)
    if options.flexible > 0:
        waiting = respond(electricity, generation, options.flexible, window=max(1, round(_DAY / result.step)))
        electricity = waiting.demand.astype(np.float32)
        moved = energy(np.maximum(waiting.moved, 0.0), result.step / 3600.0)
    battery = None
    if pv is not None and options.battery > 0:
        battery = Battery(capacity=options.battery * pv.capacity)
    found = balance(
        electricity, generation, step=result.step, battery=battery, groups=block, names=buildings,
        keep_hours=True,
    )  # fmt: skip
    assert found.net is not None
    return Computed(
        buildings=buildings,
        building=building,
        result=result,
        gross=gross,
        delivered=made,
        own=own,
        electricity=electricity,
        moved=moved,
        generation=generation,
        pv=pv,
        battery=battery,
        net=found.net,
        supply=found.buildings,
        charged=charged,
        notes=list(dict.fromkeys([*result.notes, *made.notes])),
    )


def _charged(
    buildings: list[str], vehicles: Int32 | None, result: EnergyResult, electricity: Float32
) -> Float64:
    """(b,) [kWh] that vehicles charge; it is added to the (b, n) electricity. Each building has draws of its
    own, so that it charges the same by itself as among others."""
    total = np.zeros(len(buildings))
    if vehicles is None:
        return total
    for b in np.flatnonzero(vehicles).tolist():
        fleet = Fleet(vehicles=vehicles[b : b + 1], seed=crc32(buildings[b].encode()))
        sessions = sessions_of(fleet, result.times, result.step)
        found = charge(sessions, (1, len(result.times)), fleet.power, step=result.step)
        electricity[b] += found.load[0].astype(np.float32)
        total[b] = found.delivered.sum()
    return total
