"""The cases of ASHRAE Standard 140-2020, section 5.2: a box of 8 m by 6 m by 2.7 m near Denver, as `Zones`.

Constructions and schedules after the standard, as they stand in NREL's BESTEST-GSR and in LBL's Modelica
Buildings library.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np

from analysis.energy import simulate
from analysis.energy.constructions import Glazing, Layer, Opaque
from analysis.energy.problem import Climate
from analysis.energy.result import EnergyResult
from analysis.energy.uses import Use, Week, always
from analysis.energy.zones import Boundary, Shade, Zones
from analysis.weather import Weather, read_epw
from tests.energy_zones import box_zones, plain_use

Ranges = dict[tuple[str, str], tuple[float, float]]

WOOD = Layer(0.009, 0.14, 530.0, 900.0)
LIGHT_WALL = (WOOD, Layer(0.066, 0.04, 12.0, 840.0), Layer(0.012, 0.16, 950.0, 840.0))
HEAVY_WALL = (WOOD, Layer(0.0615, 0.04, 10.0, 1400.0), Layer(0.1, 0.51, 1400.0, 1000.0))
ROOF = (
    Layer(0.019, 0.14, 530.0, 900.0),
    Layer(0.1118, 0.04, 12.0, 840.0),
    Layer(0.01, 0.16, 950.0, 840.0),
)
LIGHT_FLOOR = (Layer(1.003, 0.04), Layer(0.025, 0.14, 650.0, 1200.0))
HEAVY_FLOOR = (Layer(1.007, 0.04), Layer(0.08, 1.13, 1400.0, 1000.0))
THICK_FOAM, THICK_FIBRE = Layer(0.25, 0.04, 10.0, 1400.0), Layer(0.4, 0.04, 12.0, 840.0)
"""Insulation of walls and roof in 680, 695, 980 and 995."""
_GLASS = 0.003048 / 1.0
"""[m²K/W] Of a pane."""
_GAP = 5.1 * 0.725 + 0.0242 / 0.012
"""[W/(m²K)] Across 12 mm of air at 10 °C, between panes of emissivity 0.84: radiation and conduction."""
_ARGON_GAP = 5.1 * 0.0466 + 0.0163 / 0.012
"""The same of argon, and a pane of emissivity 0.047."""
PANE = Glazing(
    name="two clear panes, 12 mm of air", u_value=1 / (0.17 + 2 * _GLASS + 1 / _GAP), g_value=0.759, panes=2
)
"""g-values by EN 410 of the panes' own figures: clear, 0.834 goes through and 0.075 is thrown back; in 660
the outer pane has 0.452, 0.359 outside and 0.397 inside."""
SINGLE = Glazing(name="a clear pane", u_value=1 / (0.17 + _GLASS), g_value=0.856, panes=1)
LOW_E = Glazing(
    name="low-e, 12 mm of argon", u_value=1 / (0.17 + 2 * _GLASS + 1 / _ARGON_GAP), g_value=0.433, panes=2
)
GAINS = 200.0
"""[W] Inside, 60 % of it radiation."""
FAN = 1703.16
"""[m³/h] From 18 to 7 o'clock in 650 and 950."""
OVERHANG = Shade(width=7.0, height=2.0, depth=1.0, gap=0.5, beyond=0.5)
"""Of 610 and 910, over two windows of 3 m with 1 m between them."""
OVERHANG_AND_FINS = Shade(width=3.0, height=2.0, depth=1.0, gap=0.5, fin_depth=1.0)
CASES = (
    *("600", "610", "620", "630", "640", "650", "900", "910", "920", "930", "940", "950"),
    *("600FF", "650FF", "900FF", "950FF"),
    *("660", "670", "680", "685", "695", "980", "985", "995", "680FF", "980FF"),
)
QUANTITIES = {
    "annual_heating": "MWh",
    "annual_cooling": "MWh",
    "peak_heating": "kW",
    "peak_cooling": "kW",
    "min_zone_temperature": "°C",
    "max_zone_temperature": "°C",
    "mean_zone_temperature": "°C",
}


@cache
def denver(folder: Path) -> Weather:
    """folder: `energy/bestest` of the data."""
    return read_epw(folder / "725650TYCST.epw.gz")


def use_of(case: str) -> Use:
    hour = np.arange(168) % 24
    night = (hour < 7) | (hour >= 18)
    nothing = always(np.nan)
    heating: Week = always(20.0)
    cooling: Week = always(27.0)
    if case[1:3] == "40":
        heating = np.where((hour < 7) | (hour >= 23), 10.0, 20.0)
    if case[1:3] == "50":
        heating, cooling = nothing, np.where(night, np.nan, 27.0)
    if case[1:3] in ("85", "95"):
        cooling = always(20.0)
    if case.endswith("FF"):
        heating = cooling = nothing
    fan = np.where(night, FAN / (8.0 * 6.0 * 2.7), 0.0) if case[1:3] == "50" else always(0.0)
    return replace(
        plain_use(appliances=GAINS / 48.0, gains_radiant=0.6),
        heating_set=heating,
        cooling_set=cooling,
        night_ventilation=fan,
    )


def zones_of(case: str, weather: Weather) -> Zones:
    """The zone of a case."""
    heavy = case.startswith("9")
    sides = case[1:3] in ("20", "30")
    shade = {"10": OVERHANG, "30": OVERHANG_AND_FINS}.get(case[1:3])
    air = Climate.of(weather, weather.place).density_heat
    wall, roof = HEAVY_WALL if heavy else LIGHT_WALL, ROOF
    if case[1:3] in ("80", "95"):
        wall, roof = (wall[0], THICK_FOAM, wall[2]), (roof[0], THICK_FIBRE, roof[2])
    return box_zones(
        windows={90.0: 6.0, 270.0: 6.0} if sides else {180.0: 12.0},
        wall=Opaque(name="wall", layers=wall),
        roof=Opaque(name="roof", layers=roof),
        floor=Opaque(name="floor", layers=HEAVY_FLOOR if heavy else LIGHT_FLOOR),
        floor_boundary=Boundary.OUTSIDE,
        glass={"660": LOW_E, "670": SINGLE}.get(case, PANE),
        use=use_of(case),
        place=weather.place,
        infiltration=0.5,
        shade=shade,
        heat_capacity=np.array([air * 8.0 * 6.0 * 2.7]),
    )


@dataclass(frozen=True)
class Row:
    """A figure of a case: ours and the range of the reference programs."""

    case: str
    quantity: str
    ours: float
    low: float
    high: float

    @property
    def outside(self) -> float:
        """How far out of the range, as a share of its nearer end; 0 inside."""
        end = self.low if self.ours < self.low else self.high
        return 0.0 if self.low <= self.ours <= self.high else (self.ours - end) / max(abs(end), 1e-9)


def ranges(folder: Path) -> Ranges:
    with (folder / "ashrae140-2020-ranges.csv").open() as file:
        return {
            (row["case"], row["quantity"]): (float(row["min"]), float(row["max"]))
            for row in csv.DictReader(file)
            if row["quantity"] in QUANTITIES
        }


def rows(folder: Path, cases: tuple[str, ...] = CASES) -> list[Row]:
    """All figures of the cases."""
    weather, known = denver(folder), ranges(folder)
    found = []
    for case in cases:
        result = simulate(zones_of(case, weather), weather)
        for quantity, value in figures(result).items():
            if (case, quantity) in known:
                found.append(Row(case, quantity, value, *known[case, quantity]))
    return found


def figures(result: EnergyResult) -> dict[str, float]:
    air = result.air
    assert air is not None
    return {
        "annual_heating": float(result.yearly("heating")[0]) / 1000.0,
        "annual_cooling": float(result.yearly("cooling")[0]) / 1000.0,
        "peak_heating": float(result.heating_peak[0]) / 1000.0,
        "peak_cooling": float(result.cooling_peak[0]) / 1000.0,
        "min_zone_temperature": float(air[0].min()),
        "max_zone_temperature": float(air[0].max()),
        "mean_zone_temperature": float(air[0].mean()),
    }
