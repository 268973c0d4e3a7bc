"""Irradiance without obstruction against published tables, pvlib, and the weather's own sums."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.errors import AnalysisError
from analysis.sun.power.irradiation import hourly, irradiance
from analysis.sun.scene import Place
from analysis.sun.targets import Targets
from analysis.weather import Weather, clear_sky, read_epw, read_metpv
from tests.sun_scenes import open_field

NORTH, EAST, SOUTH, WEST = 0.0, 90.0, 180.0, 270.0


def planes(*tilts: tuple[float, float]) -> Targets:
    """Planes of some tilt and azimuth [degrees], high over the middle of a small open field."""
    tilt, azimuth = np.radians(np.array(tilts)).T
    normals = np.column_stack([np.sin(azimuth) * np.sin(tilt), np.cos(azimuth) * np.sin(tilt), np.cos(tilt)])
    n = len(tilts)
    points = np.tile([10.0, 10.0, 50.0], (n, 1))
    return Targets(points, normals, np.ones(n), np.full(n, -1, np.int32))


def known_albedo(weather: Weather, albedo: float) -> Weather:
    return replace(weather, albedo=np.full(len(weather), albedo))


@pytest.fixture(scope="module")
def denver(data: Path) -> Weather:
    """The weather of ASHRAE Standard 140, case 600."""
    return read_epw(data / "energy/bestest/weather/WD600.epw.gz")


def test_winter_day_in_seoul() -> None:
    """On 37.5° south 350.76, 873.09, 605.73 W/m² (pvlib 0.16.1: Ineichen, Linke 3, Perez, albedo 0.25)."""
    place = Place(37.5665, 126.978, altitude=38.0, timezone="Asia/Seoul")
    times = pd.DatetimeIndex([f"2024-12-21 {hour}" for hour in ("09:00", "12:30", "15:00")])
    weather = known_albedo(clear_sky(place, times.tz_localize("Asia/Seoul"), 1.0, 3.0), 0.25)
    found = hourly(open_field(20.0, place=place), weather, planes((37.5, SOUTH)))[:, 0]
    assert found == pytest.approx([350.76, 873.09, 605.73], abs=0.1)


# Range of the reference programs, case 600, incident on each orientation [kWh/m² a]: ASHRAE 140-2020
CASE_600 = {
    "north": ((90, NORTH), 399, 477),
    "east": ((90, EAST), 1017, 1068),
    "south": ((90, SOUTH), 1291, 1387),
    "west": ((90, WEST), 903, 997),
    "horizontal": ((0, SOUTH), 1663, 1670),
}


def test_incident_radiation_of_ashrae_140(denver: Weather) -> None:
    found = irradiance(
        open_field(20.0, place=denver.place), denver, planes(*(plane for plane, _, _ in CASE_600.values()))
    )
    for total, (_, low, high) in zip(found.total, CASE_600.values(), strict=True):
        assert low <= total <= high
    assert found.loss == pytest.approx(np.zeros(5), abs=1e-4)
    assert found.sky_view == pytest.approx([0.5, 0.5, 0.5, 0.5, 1.0], abs=1e-3)


@pytest.mark.parametrize("tilt, azimuth", [(0, SOUTH), (30, SOUTH), (90, EAST), (60, 300.0), (20, 10.0)])
def test_open_planes_as_pvlib_has_them(denver: Weather, tilt: float, azimuth: float) -> None:
    """Each hour within a few watts, the year within 0.3 %: pvlib takes the sun of one instant, and the file's
    global irradiance for the ground."""
    from pvlib.atmosphere import get_relative_airmass
    from pvlib.irradiance import get_extra_radiation, get_total_irradiance

    sun = denver.sun
    theirs = get_total_irradiance(
        tilt,
        azimuth,
        sun.apparent_zenith,
        sun.azimuth,
        np.where(sun.up, denver.dni, 0.0),
        denver.ghi,
        denver.dhi,
        dni_extra=np.asarray(get_extra_radiation(denver.times)),
        airmass=get_relative_airmass(sun.apparent_zenith),
        albedo=denver.ground_albedo,
        model="perez",
    )["poa_global"]
    ours = hourly(open_field(20.0, place=denver.place), denver, planes((tilt, azimuth)))[:, 0]
    assert np.sqrt(np.mean((ours - np.nan_to_num(theirs)) ** 2)) < 3.0
    assert ours.sum() == pytest.approx(np.nansum(theirs), rel=3e-3)


@pytest.mark.parametrize("name, off", [("WD600", 0.001), ("Seoul", 0.01), ("KOMATSU", 0.001)])
def test_a_flat_roof_gets_the_global_irradiation(data: Path, name: str, off: float) -> None:
    """As far as direct and diffuse irradiation of the file make up its global one."""
    weather = {
        "WD600": lambda: read_epw(data / "energy/bestest/weather/WD600.epw.gz"),
        "Seoul": lambda: read_epw(data / "weather/KOR_SO_Seoul.WS.471080_TMYx.2011-2025.epw.gz"),
        "KOMATSU": lambda: read_metpv(data / "citygml/plateau-komatsu/4_NEDO/hm56276year_KOMATSU.csv"),
    }[name]()
    found = irradiance(open_field(20.0, place=weather.place), weather, planes((0, SOUTH)))
    assert found.total[0] == pytest.approx(weather.ghi.sum() / 1000 * weather.closure, rel=5e-4)
    assert weather.closure == pytest.approx(1.0, abs=off)
    by_month = np.bincount(weather.times.month - 1, weather.ghi / 1000)
    assert found.onto[0] == pytest.approx(by_month, rel=3 * off + 0.01)
    assert [period[-2:] for period in found.periods] == [f"{month:02}" for month in range(1, 13)]


def test_years_months_and_hours_add_up(denver: Weather) -> None:
    scene, targets = open_field(20.0, place=denver.place), planes((30, SOUTH), (90, EAST))
    months = irradiance(scene, denver, targets)
    year = irradiance(scene, denver, targets, by="year")
    hours = hourly(scene, denver, targets)
    assert year.periods == ["2023"]
    assert year.total == pytest.approx(months.total, rel=1e-5)
    assert hours.sum(axis=0) / 1000 == pytest.approx(months.total, rel=1e-5)
    assert (hours[~denver.sun.up & (denver.dhi == 0)] == 0).all()


def test_points_are_added_up_by_group(denver: Weather) -> None:
    scene = open_field(20.0, place=denver.place)
    january = denver.between(denver.times[0], denver.times[31 * 24])
    targets = planes((0, SOUTH), (90, SOUTH), (90, NORTH))
    each = hourly(scene, january, targets)
    groups = hourly(scene, january, targets, groups=[2, 0, 2], weight=[10.0, 5.0, 1.0])
    assert groups.shape == (31 * 24, 3)
    assert groups[:, 0] == pytest.approx(5 * each[:, 1], abs=1e-2)
    assert (groups[:, 1] == 0).all()
    assert groups[:, 2] == pytest.approx(10 * each[:, 0] + each[:, 2], abs=1e-2)
    with pytest.raises(AnalysisError, match="3 targets need 3 groups"):
        hourly(scene, january, targets, groups=[0, 1])


def test_the_grid_may_be_turned_from_north(denver: Weather) -> None:
    """A plane that faces true south gets the same on a grid that is turned."""
    turned = replace(denver.place, convergence=20.0)
    straight = irradiance(open_field(20.0, place=denver.place), denver, planes((90, SOUTH)))
    # true south lies 20° less on a grid whose north bears 20°
    on_grid = irradiance(open_field(20.0, place=turned), denver, planes((90, SOUTH - 20.0)))
    assert on_grid.total == pytest.approx(straight.total, rel=1e-4)


def test_south_of_the_equator_walls_to_the_north_get_more() -> None:
    place = Place(-33.86, 151.2, timezone="Australia/Sydney")
    hours = pd.date_range("2025-06-21 00:30", periods=24, freq="h", tz="Australia/Sydney")
    found = irradiance(
        open_field(20.0, place=place), clear_sky(place, hours), planes((90, NORTH), (90, SOUTH))
    )
    assert found.total[0] > 4 * found.total[1]


def test_weather_from_afar_is_said(denver: Weather) -> None:
    found = irradiance(open_field(20.0), denver, planes((0, SOUTH)), by="year")
    assert any("km away" in note for note in found.notes)
    assert any("Denver" in note for note in found.notes)
