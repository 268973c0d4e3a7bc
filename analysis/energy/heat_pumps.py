"""How well heat pumps and chillers do, hour by hour, by the temperature of what they take heat from.

Heating: curves of manufacturers' figures over the rise in temperature, with a correction for the field:
O. Ruhnau, L. Hirth, A. Praktiknjo (2019), Time series of heat demand and heat pump efficiency for energy
system modeling, Scientific Data 6:189, doi:10.1038/s41597-019-0199-y. A plant's own rating shifts its curve.
Cooling: a constant share of Carnot's efficiency between the rating and the hour. Part load is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from analysis.energy.problem import standard_time
from analysis.energy.systems import HeatSource, Plant, Sink
from analysis.energy.zones import Float64
from analysis.errors import AnalysisError

if TYPE_CHECKING:
    from analysis.weather import Weather

_CURVES = {
    HeatSource.AIR: (6.0801, -0.0941, 0.0005),
    HeatSource.GROUND: (10.288, -0.2084, 0.0012),
    HeatSource.RIVER: (9.9696, -0.2049, 0.0012),
}
"""Coefficient of performance over the rise in temperature [K]: constant, linear, quadratic (Ruhnau et al.
2019, parameters of the published data package)."""
FIELD = 0.85
"""[1] Of the curves in the field (Ruhnau et al. 2019); taken for cooling, too: an assumption."""
LEAST_LIFT, MOST_LIFT = 15.0, 80.0
"""[K] The curves hold from 15 K (Ruhnau et al. 2019); beyond 80 K they would rise again."""
EXCHANGER = 5.0
"""[K] Between ground or river and what the heat pump gets (Ruhnau et al. 2019)."""
_TAP, _FAN_COIL, _AIR = 50.0, 40.0, 35.0
"""[°C] At the condenser: hot water (Ruhnau et al. 2019); fan coils and room air are assumptions."""
_RATED_RISE = {HeatSource.AIR: 28.0, HeatSource.GROUND: 35.0, HeatSource.RIVER: 25.0}
"""[K] EN 14511: A7/W35 (and A7/A20, condensing at 35), B0/W35, W10/W35."""
_HOTTER_RATING = 20.0
"""[K] Hot water is rated at W55 instead of W35 (EN 14511)."""
_RATED_COOLING = {HeatSource.AIR: 35.0, HeatSource.GROUND: 30.0, HeatSource.RIVER: 30.0}
"""[°C] EN 14511: A35, B30, W30."""
_APPROACH = 10.0
"""[K] The condenser above what it gives heat to: an assumption."""
_EVAPORATOR = {Sink.AIR: 8.0}
"""[°C] In split units; chillers for water of 7 °C evaporate at 5 °C. Assumptions."""
_CHILLED = 5.0
_RIVER_BASE, _RIVER_SLOPE = 4.4, 0.81
"""Daily mean river temperature of the air's, with a standard deviation of 3.5 K: J. M. Pilgrim, X. Fang,
H. G. Stefan (1995), Correlations of Minnesota stream water temperatures with air temperatures, University of
Minnesota, hdl.handle.net/11299/109299 (38,082 pairs, 43 streams, without ice)."""


@dataclass(frozen=True)
class Sources:
    """Temperatures at n intervals, each (n,) [°C]. air: outdoors; ground: around boreholes; river. notes:
    which of them are modelled."""

    air: Float64
    ground: Float64
    river: Float64
    notes: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, weather: Weather, given: Mapping[HeatSource, Float64] | None = None) -> Sources:
        """Of a weather; given: measured temperatures at its intervals, instead of the modelled ones.

        The ground has the mean of the year's air, the river follows the day's mean. Raises AnalysisError for
        a series of another length or with gaps.
        """
        given = given or {}
        for source, values in given.items():
            if np.shape(values) != weather.temp_air.shape or not np.isfinite(values).all():
                raise AnalysisError(
                    f"temperatures of the {source}: {np.size(values)} values, some perhaps missing, where the"
                    f" weather has {len(weather)} intervals; give one for each"
                )
        air = given.get(HeatSource.AIR, weather.temp_air)
        notes = []
        if HeatSource.RIVER not in given:
            notes.append("river temperatures are modelled from the air's (Pilgrim et al. 1995), ± 3.5 K")
        return cls(
            air=air,
            ground=given.get(HeatSource.GROUND, np.full(len(air), float(air.mean()))),
            river=given.get(HeatSource.RIVER, river_temperature(weather)),
            notes=notes,
        )

    def at(self, source: HeatSource) -> Float64:
        """(n,) [°C] of one of them."""
        return {HeatSource.AIR: self.air, HeatSource.GROUND: self.ground, HeatSource.RIVER: self.river}[
            source
        ]


def river_temperature(weather: Weather) -> Float64:
    """(n,) [°C] of rivers nearby, by the day's mean of the air; never below freezing."""
    day = np.asarray(standard_time(weather.times).normalize().asi8)
    _, number = np.unique(day, return_inverse=True)
    mean = np.bincount(number, weather.temp_air) / np.bincount(number)
    river: Float64 = np.maximum(0.0, _RIVER_BASE + _RIVER_SLOPE * mean)[number]
    return river


def heating_cop(plant: Plant, sources: Sources) -> Float64:
    """(n,) useful heat per electricity [1] of a plant that takes heat from air, ground or river; at least 1.

    Raises AnalysisError for a plant without a source.
    """
    source = _source(plant)
    drop = 0.0 if source is HeatSource.AIR else EXCHANGER
    rise = _sink(plant.sink, sources.air) - (sources.at(source) - drop)
    rated = _RATED_RISE[source] + (_HOTTER_RATING if plant.sink is Sink.WATER else 0.0)
    cop = plant.efficiency * FIELD * _curve(source, rise) / _curve(source, np.array([rated]))
    return np.maximum(1.0, cop)


def cooling_cop(plant: Plant, sources: Sources) -> Float64:
    """(n,) useful cold per electricity [1] of a plant that gives heat to air, ground or river.

    Raises AnalysisError for a plant without a source.
    """
    source = _source(plant)
    warmer = 0.0 if source is HeatSource.AIR else EXCHANGER
    cold = _EVAPORATOR.get(plant.sink, _CHILLED)
    lift = np.clip(sources.at(source) + warmer + _APPROACH - cold, LEAST_LIFT, MOST_LIFT)
    rated = _RATED_COOLING[source] + _APPROACH - cold
    return plant.efficiency * FIELD * rated / lift


def _source(plant: Plant) -> HeatSource:
    if plant.source is None:
        raise AnalysisError(f"a plant on {plant.carrier} is no heat pump: it has no source of heat")
    return plant.source


def _sink(sink: Sink, air: Float64) -> Float64:
    """Temperature at the condenser [°C]: heating curves of floors and radiators (Ruhnau et al. 2019)."""
    if sink is Sink.FLOOR:
        return 30.0 - 0.5 * air
    if sink is Sink.RADIATOR:
        return 40.0 - 1.0 * air
    return np.full(len(air), {Sink.WATER: _TAP, Sink.FAN_COIL: _FAN_COIL, Sink.AIR: _AIR}[sink])


def _curve(source: HeatSource, rise: Float64) -> Float64:
    constant, linear, quadratic = _CURVES[source]
    rise = np.clip(rise, LEAST_LIFT, MOST_LIFT)
    return constant + linear * rise + quadratic * rise**2
