"""What makes the heat, the cold and the hot water of a building, and of which carrier."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Carrier(StrEnum):
    """What is bought, or made on the spot."""

    ELECTRICITY = "electricity"
    GAS = "gas"
    OIL = "oil"
    BIOMASS = "biomass"
    DISTRICT_HEAT = "district_heat"
    DISTRICT_COOLING = "district_cooling"


class HeatSource(StrEnum):
    """Where a heat pump takes heat from, or brings it to."""

    AIR = "air"
    GROUND = "ground"
    RIVER = "river"


class Sink(StrEnum):
    """Where a heat pump brings heat to, or a chiller takes it from: how warm or cold it has to be."""

    FLOOR = "floor"
    RADIATOR = "radiator"
    WATER = "water"
    """Hot water at the tap."""
    AIR = "air"
    """The air of the room itself: split units and variable refrigerant flow."""
    FAN_COIL = "fan_coil"
    """Fan coils and air handling units on water."""


@dataclass(frozen=True)
class Plant:
    """Useful heat or cold per energy of a carrier, distribution included. efficiency: a constant, over a year
    for boilers and district heat; of a heat pump or chiller, at its rating point (EN 14511). source: None for
    what is not a heat pump; else its coefficient of performance follows that source's temperature and that
    of the sink (`analysis.energy.heat_pumps`)."""

    carrier: Carrier
    efficiency: float
    source: HeatSource | None = None
    sink: Sink = Sink.FLOOR


@dataclass(frozen=True, kw_only=True)
class System:
    """The plants of a building; None where there is none. emission_radiant: share of the heating that is
    radiation [1]. auxiliary: pumps and controls per floor area while heating or cooling runs [W/m²]."""

    id: str
    title: Mapping[str, str]
    heating: Plant | None
    cooling: Plant | None
    hot_water: Plant | None
    emission_radiant: float = 0.0
    auxiliary: float = 0.0
    source: str = ""
