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


@dataclass(frozen=True)
class Plant:
    """Useful heat or cold per energy of a carrier, distribution included. efficiency: a constant, over a year
    for boilers and district heat; of a heat pump or chiller, at its rating point. source: None for what is
    not a heat pump; else its coefficient of performance follows that source's temperature."""

    carrier: Carrier
    efficiency: float
    source: HeatSource | None = None


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
