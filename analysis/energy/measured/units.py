"""The units that meters read in: energy, power, and volumes of gas and water.

Symbols are those of UCUM (version 2.1, 2017) and their common spellings. A unit that is not in the table is
refused: a meter is never scaled by a guess.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from analysis.energy.systems import Carrier

Kind = Literal["energy", "power", "volume"]


class Commodity(StrEnum):
    """What a building's meter counts."""

    ELECTRICITY = "electricity"
    HEAT = "heat"
    COOLING = "cooling"
    GAS = "gas"
    WATER = "water"


CARRIERS = {
    Commodity.ELECTRICITY: Carrier.ELECTRICITY,
    Commodity.HEAT: Carrier.DISTRICT_HEAT,
    Commodity.COOLING: Carrier.DISTRICT_COOLING,
    Commodity.GAS: Carrier.GAS,
}
"""What is bought, as the simulation calls it; water is no energy."""

GAS_HEATING_VALUE = 0.9 * 42.7 / 3.6
"""[kWh/m³] net, of town gas at 0 °C and 1013.25 hPa. Gross it is the middle of 41.0-44.4 MJ/m³, which the
supply regulations of the Korea Gas Corporation allow since 2015; net of it are 90 % (IPCC 2006, volume 2,
chapter 1). Net, since boilers' efficiencies and the CO₂ of gas are; a bill states the month's own."""

_KWH_PER_CALORIE = 4.184 / 3.6e6
"""Of the thermochemical calorie (ISO 80000-5:2019), as Korean heat meters count."""


@dataclass(frozen=True)
class Unit:
    """kind: what it measures. factor: to kWh, kW or m³."""

    symbol: str
    kind: Kind
    factor: float


def _all(kind: Kind, factors: dict[str, float]) -> dict[str, Unit]:
    return {
        symbol: Unit(spellings.split()[0], kind, factor)
        for spellings, factor in factors.items()
        for symbol in spellings.split()
    }


UNITS = (
    _all(
        "energy",
        {
            "kWh kW.h kW·h kwh ㎾h KWH KWh": 1.0,
            "Wh W.h W·h wh": 1e-3,
            "MWh MW.h MW·h ㎿h": 1e3,
            "GWh GW.h": 1e6,
            "J": 1 / 3.6e6,
            "kJ": 1 / 3.6e3,
            "MJ": 1 / 3.6,
            "GJ": 1 / 3.6e-3,
            "cal cal_th": _KWH_PER_CALORIE,
            "kcal kcal_th": _KWH_PER_CALORIE * 1e3,
            "Mcal Mcal_th": _KWH_PER_CALORIE * 1e6,
            "Gcal Gcal_th GCal": _KWH_PER_CALORIE * 1e9,
        },
    )
    | _all("power", {"W": 1e-3, "kW ㎾": 1.0, "MW ㎿": 1e3})
    | _all("volume", {"m³ m3 m^3 ㎥ Nm³ Nm3 Sm3": 1.0, "L l dm3": 1e-3})
)
_FIT: dict[Commodity, tuple[Kind, ...]] = {
    Commodity.ELECTRICITY: ("energy", "power"),
    Commodity.HEAT: ("energy", "power"),
    Commodity.COOLING: ("energy", "power"),
    Commodity.GAS: ("energy", "power", "volume"),
    Commodity.WATER: ("volume",),
}


def unit(symbol: str, commodity: Commodity) -> Unit | str:
    """The unit of a meter, or in one line why it is none for what it counts."""
    found = UNITS.get(symbol.strip())
    fit = _FIT[commodity]
    if found is not None and found.kind in fit:
        return found
    known = ", ".join(dict.fromkeys(u.symbol for u in UNITS.values() if u.kind in fit))
    stated = f"the unit {symbol!r}" if symbol.strip() else "no unit"
    return f"{stated} does not fit {commodity}; use {known}"
