"""The need for heat and cold of zones, hour by hour."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.energy.result import EnergyResult
from analysis.energy.uses import HOURS_OF_WEEK, MONTHS, by_month
from analysis.energy.zones import Float64, Zones
from analysis.errors import AnalysisError
from analysis.progress import Progress

if TYPE_CHECKING:
    from analysis.energy.problem import Climate
    from analysis.weather import Weather

METHODS = ("iso52016", "5r1c")
OVERHEATING_LIMIT = 26.0
"""[°C] Operative: the upper limit of category II of dwellings and offices in summer (EN 16798-1:2019, table
B.5)."""

_BYTES = 16.0
"""Of the series that are kept, for each zone and interval."""


def simulate(
    zones: Zones,
    weather: Weather,
    *,
    method: str = "iso52016",
    progress: Progress | None = None,
    hourly: bool = True,
    step: float | None = None,
) -> EnergyResult:
    """Heat and cold that keep the zones at their set points, and how warm they get.

    method: "iso52016", element by element, or "5r1c", five resistances and a capacity (ISO 13790). hourly:
    keep the series, 16 bytes for each zone and interval. step: [s] shorter than the weather's, which it
    divides. progress: told about every second, and may raise to stop. Raises AnalysisError for zones or
    weather that cannot be simulated, and for more than the machine's memory holds.
    """
    from analysis.energy.check import check
    from analysis.energy.detailed.run import detailed
    from analysis.energy.problem import Climate, refined
    from analysis.energy.quick import quick
    from analysis.sun.memory import check_memory

    if method not in METHODS:
        raise AnalysisError(f"there is no method {method!r}; take one of {', '.join(METHODS)}")
    check(zones)
    climate = Climate.of(weather if step is None else refined(weather, step), zones.place)
    if hourly:
        check_memory(
            _BYTES * len(zones) * len(climate),
            f"{len(zones)} zones of {len(climate)} intervals",
            "take fewer zones, or hourly=False",
        )
    solve = quick if method == "5r1c" else detailed
    found = solve(zones, climate, OVERHEATING_LIMIT, hourly, progress)
    if progress is not None:
        progress(1.0, "")
    heating, cooling, temperature, air = found.series if hourly else (None, None, None, None)
    return EnergyResult(
        method=method,
        zones=zones,
        times=climate.times,
        step=climate.step,
        monthly={"heating": found.heating, "cooling": found.cooling, **_by_calendar(zones, climate)},
        heating_peak=found.heating_peak,
        cooling_peak=found.cooling_peak,
        unmet=found.unmet,
        overheating=found.overheating,
        balance_error=found.error,
        overheating_limit=OVERHEATING_LIMIT,
        heating=heating,
        cooling=cooling,
        temperature=temperature,
        air=air,
        notes=[*weather.notes, *climate.notes],
    )


def _by_calendar(zones: Zones, climate: Climate) -> dict[str, Float64]:
    """(z, 12) [kWh] of the needs that follow the clock alone."""
    hours = np.zeros((MONTHS, HOURS_OF_WEEK))
    np.add.at(hours, (climate.month, climate.week_hour), climate.step / 3600.0 / 1000.0)
    area, gains = zones.floor_area, zones.floor_area * zones.gain_factor
    air = zones.floor_area * zones.ventilation_factor

    def of(weeks: list[Any], scale: Float64) -> Float64:
        monthly = np.array([(by_month(week) * hours).sum(axis=1) for week in weeks])
        return np.asarray(monthly[zones.use] * scale[:, None])

    return {
        "hot_water": of([use.hot_water for use in zones.uses], area),
        "lighting": of([use.lighting for use in zones.uses], gains),
        "appliances": of([use.appliances for use in zones.uses], gains),
        "fans": of([use.fan_power * use.ventilation for use in zones.uses], air),
    }
