"""Heat that buildings make themselves, by collectors on their roofs and by fuel cells, and what that leaves
to their plants.

Collectors fill a store that hot water is drawn from. Fuel cells give hot water what it still lacks, and then
heating. What plants no longer give is not bought; what cells burn is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from analysis.energy.delivered import Delivered, Loads
from analysis.energy.result import EnergyResult
from analysis.energy.supply import (
    HeatStore,
    polymer_cell,
    roof_collectors,
    run_cells,
    solar_heat,
    solid_oxide_cell,
)
from analysis.energy.supply.arrays import energy
from analysis.energy.systems import Carrier
from analysis.energy.zones import Float64, Int32

if TYPE_CHECKING:
    from analysis.energy.run.compute import Options
    from analysis.energy.supply.cells import CellOutput
    from analysis.weather import Weather

FUEL = "fuel_cell"
"""What their fuel is bought for, besides the needs of zones."""
_STORE = 350.0 / 4180.0
"""Volume of a store for an area of collectors [m³/m²]: 350 kJ/(m² K) of water, the standard of the design
method of Klein and Beckman (Solar Energy 22, 1979)."""
_KEPT = 1e-6
"""Share of the heating that stays with plants in any case, so that pumps run while there is heat to bring."""


@dataclass(frozen=True, kw_only=True)
class OwnHeat:
    """Of z zones in b buildings over n intervals. left: what is left of the zones' need for their plants.

    collector_area: (b,) [m²], gross; solar: (b,) heat of the year that taps get from collectors [kWh].
    spared_final, spared_primary: (b,) what is not bought for it [kWh]; the latter is NaN where a carrier's
    factor is unknown. cell_power: (b,) greatest electricity of fuel cells [W]; cells: what they make, None
    without any; fuel: (z, 12) what they burn [kWh].
    """

    left: EnergyResult
    collector_area: Float64
    solar: Float64
    spared_final: Float64
    spared_primary: Float64
    cell_power: Float64
    cells: CellOutput | None
    fuel: Float64

    def bought(self, for_plants: Delivered) -> Delivered:
        """What is bought for plants and cells together. for_plants: of `left`."""
        if self.cells is None:
            return for_plants
        gas = {**for_plants.final.get(Carrier.GAS, {}), FUEL: self.fuel}
        return replace(for_plants, final={**for_plants.final, Carrier.GAS: gas})


def own_heat(
    result: EnergyResult, gross: Delivered, weather: Weather, options: Options, building: Int32
) -> OwnHeat:
    """gross: what is bought if plants serve all of the result's need. building: (z,) the number of each
    zone's."""
    zones, hours, count = result.zones, result.step / 3600.0, int(building.max()) + 1
    loads = Loads(result, weather)
    of_zones = loads.needs()
    water, heating = (_summed(of_zones[need], building, count) for need in ("hot_water", "heating"))
    area, sun = _collected(result, weather, options.solar_thermal, water)
    floor_area = np.bincount(building, zones.floor_area, count).astype(np.float64)
    lacking = water - sun
    power, cells = _cells(options, floor_area, lacking + heating)
    warm = np.zeros_like(water) if cells is None else cells.heat
    to_water = np.minimum(warm, lacking)
    monthly_water = _by_month(water, loads.month)
    solar_share = _ratio(_by_month(sun, loads.month), monthly_water)
    water_share = _ratio(_by_month(sun + to_water, loads.month), monthly_water)
    heating_share = np.minimum(_ratio(warm - to_water, heating), 1.0 - _KEPT)
    fuel = np.zeros((count, 12)) if cells is None else _by_month(cells.fuel, loads.month) * hours / 1000.0
    part = zones.floor_area / np.maximum(floor_area, 1e-9)[building]
    final, primary = _spared(gross, solar_share[building])
    return OwnHeat(
        left=_left(result, loads.month, heating_share[building], water_share[building]),
        collector_area=area,
        solar=energy(sun, hours),
        spared_final=np.bincount(building, final, count).astype(np.float64),
        spared_primary=np.bincount(building, primary, count).astype(np.float64),
        cell_power=power,
        cells=cells,
        fuel=fuel[building] * part[:, None],
    )


def _collected(
    result: EnergyResult, weather: Weather, share: float, water: Float64
) -> tuple[Float64, Float64]:
    """((b,) area of collectors [m²], (b, n) heat that taps get from them [W]). share: of roofs that carry
    them [1]. water: (b, n) heat wanted at taps [W]."""
    sun = np.zeros_like(water)
    if share <= 0:
        return np.zeros(len(water)), sun
    area, light = roof_collectors(result.zones, weather, share)
    area = np.where(water.any(axis=1), area, 0.0)
    rows = np.flatnonzero(area)
    if len(rows):
        store = HeatStore(volume=_STORE * area[rows])
        found = solar_heat(
            light[rows], weather.temp_air, water[rows], area=area[rows], store=store, step=result.step
        )
        sun[rows] = found.delivered
    return area, sun


def _cells(options: Options, floor_area: Float64, wanted: Float64) -> tuple[Float64, CellOutput | None]:
    """((b,) greatest electricity [W], what cells make where heat (b, n) [W] is wanted). Buildings that want
    none get no cell."""
    power = np.where(wanted.any(axis=1), options.fuel_cell * floor_area, 0.0)
    if not power.any():
        return power, None
    nothing = np.zeros_like(wanted)
    if options.fuel_cell_kind == "polymer":
        return power, run_cells(polymer_cell(power), nothing, wanted, led="heat")
    return power, run_cells(solid_oxide_cell(power), nothing, wanted, led="always")


def _left(
    result: EnergyResult, month: npt.NDArray[np.int64], heating_share: Float64, water_share: Float64
) -> EnergyResult:
    """The need that is left without shares of heating (z, n) and of hot water (z, 12)."""
    assert result.heating is not None
    left = (result.heating * (1.0 - heating_share)).astype(np.float32)
    of_month = _ratio(_by_month(left, month), _by_month(result.heating, month))
    monthly = result.monthly | {
        "heating": result.monthly["heating"] * of_month,
        "hot_water": result.monthly["hot_water"] * (1.0 - water_share),
    }
    return replace(result, heating=left, monthly=monthly)


def _spared(gross: Delivered, share: Float64) -> tuple[Float64, Float64]:
    """((z,) final, (z,) primary) energy [kWh] that is not bought where a share (z, 12) of hot water is
    given."""
    final, primary = np.zeros(gross.zones), np.zeros(gross.zones)
    for carrier, needs in gross.final.items():
        less = (needs.get("hot_water", np.zeros_like(share)) * share).sum(axis=1)
        factor = gross.factors.of(carrier).primary
        final += less
        primary += np.where(less > 0, less * (np.nan if factor is None else factor), 0.0)
    return final, primary


def _summed(values: Any, building: Int32, count: int) -> Float64:
    """(b, n) of zones' (z, n)."""
    total = np.zeros((count, values.shape[1]))
    np.add.at(total, building, values)
    return total


def _by_month(values: Any, month: npt.NDArray[np.int64]) -> Float64:
    """(k, 12) sums of (k, n)."""
    return np.column_stack([values[:, month == m].sum(axis=1, dtype=np.float64) for m in range(12)])


def _ratio(part: Float64, whole: Float64) -> Float64:
    """0 where the whole is."""
    return np.asarray(np.divide(part, whole, out=np.zeros_like(part), where=whole > 0))
