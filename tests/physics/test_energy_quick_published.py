"""The quick method against the published results of another 5R1C network on the cases of ASHRAE 140.

Sun, its heat and the air outside are worked out here as that model does, from the same weather, so that the
network alone is looked at. Network, areas, coefficients and results: Modelica Buildings library of the
Lawrence Berkeley National Laboratory, `Buildings.ThermalZones.ISO13790` and its `Validation.BESTEST` (user's
guide, 2024; the mass of 2024: 42,167 and 307,750 J/(m²K), 2.95 and 2.43 m² per floor area; surfaces of
171.6 m²), sun: `Buildings.BoundaryConditions`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pvlib import irradiance
from pvlib.atmosphere import get_relative_airmass

from analysis.energy.detailed.run import Found
from analysis.energy.problem import Climate
from analysis.energy.quick import Network, Sunny, quick
from analysis.energy.uses import Use, always
from analysis.sun.position import unit_vectors
from analysis.weather import read_epw
from tests.energy_zones import box_zones, plain_use

WEATHER = "energy/bestest/weather/WD600.epw.gz"
WALLS = {0.0: 21.6, 90.0: 16.2, 180.0: 9.6, 270.0: 16.2}
"""[m²] Opaque, by azimuth, the same whichever walls have the windows, as published."""
FLOOR, VOLUME, SURFACES = 48.0, 129.6, 171.6
LIGHT, HEAVY = (42167.0, 2.95), (307750.0, 2.43)
INFILTRATION = 0.414
AIR = 1.2 * 1005.0
"""[J/(m³K)]"""
OWN_NODE = 1.2 * 1014.0 * VOLUME / FLOOR
"""[J/(m²K)] The air, which the published zone takes off its mass and gives a capacity of its own; the network
of the standard has none there."""
PARTS = 6
"""Of an hour, in each of which the sun stands still."""
ZONE = -7.0
"""[h] Of the weather file's clock."""
SOLAR_CONSTANT = 1367.0
"""[W/m²] The same all year in the published model."""
NIGHT = 1409.0 / VOLUME * 1014.0 / 1005.0
"""[1/h] of cases 650 and 950, whose fan's air has a little more heat than that of the leaks."""
CLEAR = (1.0, -0.189, 0.644, -0.596)
LOW_E = (1.0, -0.152, 0.51, -0.526)
DAY = np.tile((np.arange(24) >= 7) & (np.arange(24) < 18), 7)


@dataclass(frozen=True)
class Case:
    heating: float
    cooling: float
    mass: tuple[float, float] = LIGHT
    wall: float = 0.53
    roof: float = 0.33
    glass: float = 3.1
    g_value: float = 0.769
    angles: tuple[float, ...] = CLEAR
    windows: tuple[float, ...] = (180.0,)
    shading: float = 1.0
    use: Use | None = None


def setback() -> Use:
    hour = np.arange(24)
    # 10 °C at night, a ramp to 20 °C between 7 and 8 o'clock
    low = np.where(hour == 7, 15.0, np.where((hour > 7) & (hour < 23), 20.0, 10.0))
    return plain_use(20.0, 27.0, people=200 / FLOOR, heating_set=np.tile(low, 7))


def vented() -> Use:
    return plain_use(
        people=200 / FLOOR,
        heating_set=always(np.nan),
        cooling_set=np.where(DAY, 27.0, np.nan),
        night_ventilation=np.where(DAY, 0.0, NIGHT),
    )


EAST_WEST = (90.0, 270.0)
TIGHT: dict[str, Any] = {"wall": 0.15, "roof": 0.1}
NARROW = plain_use(19.9, 20.1, people=200 / FLOOR)
CASES = {
    "600": Case(4.658, 5.803),
    "610": Case(4.784, 4.602, shading=0.84),
    "620": Case(4.824, 4.009, windows=EAST_WEST),
    "630": Case(5.097, 2.954, windows=EAST_WEST, shading=0.846 * 0.915),
    "640": Case(2.898, 5.617, use=setback()),
    "650": Case(0.0, 4.821, use=vented()),
    "660": Case(3.898, 3.185, glass=1.45, g_value=0.44, angles=LOW_E),
    "680": Case(2.646, 6.764, **TIGHT),
    "685": Case(5.063, 8.651, use=NARROW),
    "695": Case(3.147, 9.323, use=NARROW, **TIGHT),
    "900": Case(1.833, 2.284, mass=HEAVY),
    "910": Case(2.284, 1.674, mass=HEAVY, shading=0.84),
    "920": Case(3.65, 2.684, mass=HEAVY, windows=EAST_WEST),
    "930": Case(4.183, 1.92, mass=HEAVY, windows=EAST_WEST, shading=0.846 * 0.915),
    "940": Case(1.242, 2.251, mass=HEAVY, use=setback()),
    "950": Case(0.0, 0.638, mass=HEAVY, use=vented()),
    "980": Case(0.494, 3.658, mass=HEAVY, **TIGHT),
    "985": Case(2.333, 5.905, mass=HEAVY, use=NARROW),
    "995": Case(0.927, 7.077, mass=HEAVY, use=NARROW, **TIGHT),
}


@cache
def sun_of(path: Path) -> Any:
    """(n PARTS, 3) unit vectors (east, north, up) to the sun, by the published model's declination of a
    circular orbit and its equation of time. The declination is up to a degree too low in March and half a
    degree in October, from which a wall to the south has 1 % more light in a year."""
    place = read_epw(path).place
    days = (np.arange(8760 * PARTS) + 0.5) / (24 * PARTS)
    declination = np.arcsin(-np.sin(np.radians(23.45)) * np.cos(2.0 * np.pi * (days + 10.0) / 365.25))
    season = np.pi * (days - 80.0) / 182.0
    minutes = 9.87 * np.sin(2.0 * season) - 7.53 * np.cos(season) - 1.5 * np.sin(season)
    hour_angle = 2.0 * np.pi * (days - 0.5 + minutes / 1440.0 + place.longitude / 360.0 - ZONE / 24.0)
    latitude = np.radians(place.latitude)
    out, along = np.cos(declination) * np.cos(hour_angle), np.sin(declination)
    return np.column_stack(
        [
            -np.cos(declination) * np.sin(hour_angle),
            along * np.cos(latitude) - out * np.sin(latitude),
            along * np.sin(latitude) + out * np.cos(latitude),
        ]
    )


@cache
def light_on(path: Path, azimuth: float, tilt: float) -> tuple[Any, Any, Any]:
    """(n PARTS,) beam, the rest [W/m²] (Perez), and angle of incidence [radians], of a plane."""
    weather, sun = read_epw(path), sun_of(path)
    dni, dhi, ghi = (np.repeat(values, PARTS) for values in (weather.dni, weather.dhi, weather.ghi))
    zenith = np.degrees(np.arccos(sun[:, 2]))
    diffuse = irradiance.perez(
        tilt, azimuth, dhi, dni, SOLAR_CONSTANT, zenith, np.degrees(np.arctan2(sun[:, 0], sun[:, 1])),
        get_relative_airmass(np.minimum(zenith, 90.0), "kasten1966"),
    )  # fmt: skip
    ground = ghi * 0.2 * (1.0 - np.cos(np.radians(tilt))) / 2.0
    cosine = np.clip(sun @ unit_vectors(azimuth, 90.0 - tilt), 0.0, 1.0)
    return dni * cosine, np.nan_to_num(diffuse) + ground, np.arccos(cosine)


def heat_by_sun(case: Case, path: Path) -> Any:
    """(n,) [W] as the published model has it: only the beam through glass is less at an angle."""
    total = np.zeros(8760 * PARTS)
    for azimuth in case.windows:
        beam, rest, angle = light_on(path, azimuth, 90.0)
        through = sum(a * angle**k for k, a in enumerate(case.angles))
        area = 12.0 / len(case.windows) * 0.999
        total += area * case.g_value * case.shading * (beam * through + rest)
    for azimuth, area in WALLS.items():
        beam, rest, _ = light_on(path, azimuth, 90.0)
        total += 0.6 * 0.04 * case.wall * area * (beam + rest)
    beam, rest, _ = light_on(path, 0.0, 0.0)
    total += 0.6 * 0.04 * case.roof * FLOOR * (beam + rest)
    return total.reshape(8760, PARTS).mean(axis=1)


@cache
def climate(path: Path) -> Climate:
    weather = read_epw(path)
    found = Climate.of(weather, weather.place)
    # the published model's air is that of the file at its stamps, the ends of hours, and runs on between
    # them, with the first stamp's at the start; its sky is 11 K colder, its air as heavy as at the sea
    air = (np.concatenate([found.air[:1], found.air[:-1]]) + found.air) / 2.0
    return replace(found, air=air, sky=air - 11.0, density_heat=AIR)


def solved(case: Case, path: Path) -> Found:
    """The year of a case."""
    zones = box_zones(use=case.use or plain_use(20.0, 27.0, people=200 / FLOOR), infiltration=INFILTRATION)
    known, sun = climate(path), heat_by_sun(case, path)
    dark = np.zeros(8760)
    light = replace(known.light, direct=dark, isotropic=sun, band=dark, ground=dark)
    known = replace(known, light=light)
    walls = case.wall * sum(WALLS.values())
    network = Network.with_areas(
        np.array([case.glass * 12.0]),
        np.array([walls + (case.roof + 0.038) * FLOOR]),
        np.array([SURFACES]),
        np.array([case.mass[1] * FLOOR]),
        np.array([(case.mass[0] - OWN_NODE) * FLOOR]),
        ground=np.zeros(1),
        to_sky=np.array([0.04 * 4.5 * (0.5 * (walls + case.glass * 12.0) + case.roof * FLOOR)]),
        below=np.zeros((1, 12)),
        inside=2.1,
    )
    # the sun's heat stands in for even light on one square metre that takes up all of it
    whole = Sunny.of(zones)
    one = np.ones(1)
    sunny = replace(
        whole,
        first=np.array([0, 1], np.int32),
        numbers=np.zeros(1, np.int64),
        gain=one,
        what=np.array([-1]),
        normal=np.zeros((1, 3)),
        views=np.array([[1.0, 0.0, 0.0]]),
        shaded=np.zeros(1, np.int64),
        blind=np.array([[1.0, np.inf]]),
    )
    # the published mass starts the year at 20 °C
    return quick(zones, known, 26.0, True, network=network, sunny=sunny, warm=0.0)


def needs(case: Case, path: Path) -> tuple[float, float]:
    """Heating and cooling [MWh]."""
    found = solved(case, path)
    return float(found.heating.sum()) / 1e3, float(found.cooling.sum()) / 1e3


@pytest.mark.parametrize("name", CASES)
def test_a_published_case(data: Path, name: str) -> None:
    case = CASES[name]
    heating, cooling = needs(case, data / WEATHER)
    print(f"{name}: heating {heating:.3f} of {case.heating}, cooling {cooling:.3f} of {case.cooling} MWh")
    # 1 % in most; 640 and 940 heat 2 % less, as the air's own capacity is not warmed up there each morning
    assert heating == pytest.approx(case.heating, rel=0.025, abs=1e-9)
    assert cooling == pytest.approx(case.cooling, rel=0.025)


def test_the_course_of_the_year_is_the_published_one(data: Path) -> None:
    # EHea.y and ECoo.y of case 600 in the library's ReferenceResults, after each tenth of the year [GJ]
    heating = [3.26902, 6.11671, 8.46828, 9.64686, 9.75953, 9.82234, 9.90375, 11.01841, 13.51429, 16.76902]
    cooling = [2.04652, 3.77436, 5.41228, 6.59835, 8.85132, 11.24565, 14.20231, 17.0872, 18.88306, 20.89047]
    series = solved(CASES["600"], data / WEATHER).series[:2, 0].astype(float)
    ours = series.reshape(2, 10, -1).sum(axis=2).cumsum(axis=1) * 3600 / 1e9
    assert ours[0] == pytest.approx(heating, abs=0.08)
    assert ours[1] == pytest.approx(cooling, rel=0.012)


FREE = {
    "900": ((43.4, (9, 11, 16)), (0.3, (2, 9, 7))),
    "980": ((49.9, (9, 12, 16)), (8.6, (11, 4, 7))),
}
"""Highest and lowest temperature [°C] of the heavy free-floating cases, with month, day and hour."""


@pytest.mark.parametrize("name", FREE)
def test_a_published_room_without_plant(data: Path, name: str) -> None:
    never = always(np.nan)
    use = plain_use(people=200 / FLOOR, heating_set=never, cooling_set=never)
    # the free-floating cases of the library have this transmittance instead of 0.769
    case = replace(CASES[name], g_value=0.789, use=use)
    air = solved(case, data / WEATHER).series[3, 0]
    for (published, moment), found in zip(FREE[name], (air.argmax(), air.argmin()), strict=True):
        ends = datetime(1995, 1, 1) + timedelta(hours=int(found) + 1)
        assert (ends.month, ends.day, ends.hour) == moment
        assert air[found] == pytest.approx(published, abs=0.35)


def test_light_on_planes_is_that_of_other_programs(data: Path) -> None:
    # ASHRAE 140-2020, RESULTS5-2A.xlsx, annual incident light of EnergyPlus [kWh/m²]
    published = {0.0: 438.24, 90.0: 1062.16, 180.0: 1370.48, 270.0: 967.28}
    for azimuth, kwh in published.items():
        beam, rest, _ = light_on(data / WEATHER, azimuth, 90.0)
        assert (beam + rest).sum() / PARTS / 1000 == pytest.approx(kwh, rel=0.01)
