"""Irradiance among buildings and trees: closed forms, one engine against the other, energy that is shared."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from math import atan, cos, radians, sin

import numpy as np
import pandas as pd
import pytest

from analysis.sun import (
    Horizon,
    SunScene,
    Targets,
    facade_targets,
    ground_targets,
    joined,
    roof_targets,
    sunlit,
)
from analysis.sun.power.irradiation import hourly, irradiance
from analysis.weather import Weather, clear_sky
from tests.sun_scenes import SEOUL, boxes, canyon, open_field, overhang

HOURS = pd.date_range("2025-01-01 00:30", periods=8760, freq="h", tz="Asia/Seoul")


@pytest.fixture(scope="module")
def year() -> Weather:
    """Every tenth day of a clear year."""
    times = HOURS[(HOURS.day_of_year % 10) == 0]
    return clear_sky(SEOUL, times)


def overcast(diffuse: float = 100.0) -> Weather:
    """An hour in which light comes from all of the sky alike, and the sun is not up."""
    dark = clear_sky(SEOUL, pd.DatetimeIndex(["2025-01-01 00:30"]).tz_localize("Asia/Seoul"))
    level = np.array([diffuse])
    return replace(dark, ghi=level, dhi=level, albedo=np.zeros(1))


def points(*places: tuple[float, float, float], normal: tuple[float, float, float]) -> Targets:
    n = len(places)
    return Targets(np.array(places), np.tile(np.array(normal), (n, 1)), np.ones(n), np.full(n, -1, np.int32))


STREET, HEIGHT = 20.0, 20.0


@pytest.fixture(scope="module")
def street() -> SunScene:
    return canyon(STREET, HEIGHT, length=600.0)


def test_even_light_in_a_canyon_is_that_of_the_closed_form(street: SunScene) -> None:
    """Long canyon of width w and height h: in the middle of the street cos(atan(2 h / w)), on a wall z above
    it (1 - sin(atan((h - z) / w))) / 2 (Johnson, Watson 1984, J. Climate Appl. Meteor. 23, 329)."""
    west = 20.0
    middle = irradiance(
        street, overcast(), points((west + STREET / 2, 300.5, 0.02), normal=(0, 0, 1)), reflectance=0.0
    )
    assert middle.total[0] == pytest.approx(0.1 * cos(atan(2 * HEIGHT / STREET)), rel=0.015)
    heights = (2.0, 10.0, 17.0)
    walls = irradiance(
        street,
        overcast(),
        points(*((west + 0.02, 300.5, z) for z in heights), normal=(1, 0, 0)),
        reflectance=0.0,
    )
    expected = [0.05 * (1 - sin(atan((HEIGHT - z) / STREET))) for z in heights]
    assert walls.total == pytest.approx(expected, rel=0.015)
    assert walls.without.ravel() == pytest.approx([0.05] * 3)
    assert walls.loss == pytest.approx(1 - np.array(expected) / 0.05, abs=0.03)


def test_what_hides_the_sky_and_the_ground_throw_light_back(street: SunScene) -> None:
    """In an open field a wall sees ground of albedo a: a / 2 more. In a street the ground is darker, and the
    hidden half of the sky gives as much by the walls' reflectance."""
    wall = points((20.02, 300.5, 2.0), normal=(1, 0, 0))
    half = replace(overcast(), albedo=np.array([0.5]))
    open_wall = irradiance(open_field(60.0), half, points((30.0, 30.0, 2.0), normal=(1, 0, 0)))
    assert open_wall.total[0] == pytest.approx(0.05 + 0.5 * 0.05, rel=0.01)
    dark = irradiance(street, overcast(), wall, reflectance=0.0).total[0]
    ground = irradiance(street, half, wall, reflectance=0.0).total[0] - dark
    assert ground == pytest.approx(0.5 * 0.05 * cos(atan(2 * HEIGHT / STREET)), rel=0.35)
    walls = irradiance(street, overcast(), wall, reflectance=0.4).total[0] - dark
    assert walls == pytest.approx(0.4 * (0.05 - dark) * ground / 0.025, rel=0.02)


def test_a_far_skyline_takes_the_low_sky(year: Weather) -> None:
    """All around at 20°: a level plane keeps cos² 20° of an even sky; with 90° there is no sun at all."""
    level = points((30.0, 30.0, 0.05), normal=(0, 0, 1))
    hills = open_field(60.0, horizon=Horizon(np.full(36, 20.0)))
    assert irradiance(hills, overcast(), level).sky_view[0] == pytest.approx(cos(radians(20)) ** 2, rel=1e-3)
    pit = open_field(60.0, horizon=Horizon(np.full(36, 89.99)))
    assert irradiance(pit, year, level).total[0] < 1e-3 * irradiance(open_field(60.0), year, level).total[0]


@pytest.fixture(scope="module")
def quarter() -> SunScene:
    return boxes(3, 3, seed=4)


@pytest.fixture(scope="module")
def surfaces(quarter: SunScene) -> Targets:
    return joined(roof_targets(quarter, 4.0), facade_targets(quarter, 4.0))


def test_skylines_and_rays_agree_over_the_year(quarter: SunScene, surfaces: Targets, year: Weather) -> None:
    """Of what reaches a point without obstruction, its beam past the skyline against rays at each hour: the
    mean of all points to 0.5 %, nine points of ten within 3 %."""
    swept = irradiance(quarter, year, surfaces, engine="sweep")
    rays = irradiance(quarter, year, surfaces, engine="rays")
    free = rays.without.sum(axis=1)
    apart = (swept.total - rays.total) / free
    assert abs(apart @ surfaces.area / surfaces.area.sum()) < 0.005
    assert np.quantile(np.abs(apart), 0.9) < 0.03
    assert swept.loss.max() > 0.3


def test_hours_lose_their_beam_where_the_sun_does_not_shine(
    quarter: SunScene, surfaces: Targets, year: Weather
) -> None:
    """Where rays say that a facade point is lit, it has its beam by the skyline, too, in 98 of 100 hours."""
    some = slice(0, len(surfaces), 7)
    chosen = replace(
        surfaces,
        points=surfaces.points[some],
        normals=surfaces.normals[some],
        area=surfaces.area[some],
        surface=surfaces.surface[some],
        patches=None,
    )
    bright = (year.dni > 300) & (year.sun.share == 1)
    hours = hourly(quarter, year, chosen)[bright]
    free = hourly(quarter, year, chosen, obstructed=False)[bright]
    lit = sunlit(quarter, year.times[bright], chosen, "rays")
    facing = year.sun.vector[bright] @ chosen.normals.T > 0.3
    with_beam = free - hours < 0.5 * year.dni[bright, None] * 0.3
    assert (with_beam == lit)[facing].mean() > 0.98


def test_months_of_hours_add_up_among_buildings(quarter: SunScene, surfaces: Targets, year: Weather) -> None:
    building = quarter.surfaces.building[surfaces.surface]  # type: ignore[union-attr]
    power = hourly(quarter, year, surfaces, groups=building, weight=surfaces.area)
    total = np.bincount(building, irradiance(quarter, year, surfaces).total * surfaces.area)
    assert power.sum(axis=0) / 1000 == pytest.approx(total, rel=1e-4)


def test_crowns_let_their_share_through(year: Weather) -> None:
    """A forest over everything: light on the ground is that share of the light without it."""
    field = open_field(60.0)
    forest = replace(
        field, canopy=np.full(field.shape, 12.0, np.float32), trunk=np.full(field.shape, 4.0, np.float32)
    )
    level = points((30.0, 30.0, 0.05), normal=(0, 0, 1))
    free = irradiance(field, year, level).total[0]
    for share in (0.0, 0.3, 1.0):
        under = irradiance(replace(forest, transmissivity=share), year, level)
        assert under.total[0] == pytest.approx(share * free, rel=1e-3, abs=1e-3)
        assert under.sky_view[0] == pytest.approx(share, abs=1e-3)


def test_under_an_overhang_rays_see_less(year: Weather) -> None:
    """A wall beneath a slab: the height field knows nothing of the hollow."""
    scene = overhang()
    wall = points((50.0, 43.95, 2.0), normal=(0, -1, 0))
    chosen = replace(wall, surface=np.zeros(1, np.int32))
    rays = irradiance(scene, year, chosen, engine="rays")
    swept = irradiance(scene, year, chosen, engine="sweep")
    assert 0 < rays.total[0] < 0.7 * swept.total[0]
    assert rays.sky_view[0] < swept.sky_view[0]


def test_all_cells_of_the_ground_in_parts(
    quarter: SunScene, year: Weather, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = irradiance(quarter, year, ground_targets(quarter), by="year")
    assert whole.onto.shape == (quarter.heights.size, 1)
    monkeypatch.setattr(import_module("analysis.sun.power.irradiation"), "_BATCH", 3001)
    parts = irradiance(quarter, year, ground_targets(quarter), by="year")
    assert parts.total == pytest.approx(whole.total, rel=1e-5)
    # tops of the highest buildings get all, the ground at their feet does not
    highest = (quarter.heights == quarter.heights.max()).reshape(-1)
    assert whole.loss[highest].max() < 0.01
    assert whole.loss[~highest].max() > 0.5
