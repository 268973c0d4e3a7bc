"""Reflections of the sun in facades, against the geometry of a mirror."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from analysis.errors import AnalysisError
from analysis.sun import SunPath, SunScene, Targets, facade_targets, roof_targets
from analysis.sun.power.glare import APART, SUNSHINE, Glare, glare, glass_reflectance
from analysis.weather import Weather, clear_sky
from tests.sun_scenes import SEOUL, box, box_scene

TIMES = pd.date_range("2026-03-20 00:05", periods=144, freq="10min", tz="Asia/Seoul")
WEST_END, EAST_END, WALL, TOP = 80.0, 100.0, 80.0, 20.0
"""The south wall of the house [m]."""


@pytest.fixture(scope="module")
def house() -> SunScene:
    return box(20.0, 10.0, TOP, margin=80.0)


@pytest.fixture(scope="module")
def equinox() -> Weather:
    return clear_sky(SEOUL, TIMES, 600.0)


def road(*places: tuple[float, float], height: float = 1.5) -> Targets:
    n = len(places)
    points = np.array([(x, y, height) for x, y in places])
    return Targets(points, np.tile([0.0, 0.0, 1.0], (n, 1)), np.ones(n), np.full(n, -1, np.int32))


def seen(found: Glare, receiver: int, times: int) -> np.ndarray:
    """(times,) whether a receiver is dazzled in each interval."""
    result = np.zeros(times, bool)
    result[found.time[found.receiver == receiver]] = True
    return result


def mirrored(weather: Weather, x: float, y: float, z: float) -> np.ndarray:
    """(times,) whether the sun's image in the south wall is seen from a point south of it: the ray to the
    wall in the direction of the sun with its north turned over ends between the wall's ends and below its
    top, and the sun is at least 10° away."""
    sun = SunPath.at(SEOUL, weather.times).directions
    with np.errstate(divide="ignore", invalid="ignore"):
        distance = (WALL - y) / -sun[:, 1]
    across, up = x + distance * sun[:, 0], z + distance * sun[:, 2]
    apart = np.degrees(np.arccos(np.clip(1 - 2 * sun[:, 1] ** 2, -1, 1))) >= APART
    hit = (across > WEST_END) & (across < EAST_END) & (up > 0) & (up < TOP)
    return (sun[:, 1] < 0) & (sun[:, 2] > 0) & hit & apart & (weather.dni >= SUNSHINE)


PLACES = [(90.0, 75.0), (90.0, 70.0), (84.0, 66.0), (110.0, 72.0), (60.0, 74.0), (90.0, 50.0)]


def test_the_image_of_the_sun_is_seen_where_a_mirror_shows_it(house: SunScene, equinox: Weather) -> None:
    facades = facade_targets(house, 0.5)
    found = glare(house, equinox, facades, road(*PLACES))
    expected = np.array([mirrored(equinox, x, y, 1.5) for x, y in PLACES])
    for n in range(len(PLACES)):
        assert (seen(found, n, len(TIMES)) != expected[n]).sum() <= 1
    assert expected.any(axis=1).tolist() == [True, True, True, True, True, False]
    assert found.hours == pytest.approx(expected.sum(axis=1) / 6, abs=0.17)
    assert found.longest == pytest.approx(found.hours)
    assert found.days.tolist() == [1, 1, 1, 1, 1, 0]
    # only the south wall reflects to the south; in the scene it is one surface
    assert len(np.unique(found.surface)) == 1
    assert house.surfaces is not None
    assert house.surfaces.normals[found.surface[0]] == pytest.approx([0.0, -1.0, 0.0])


def test_the_strength_is_that_of_the_beam_by_fresnel(house: SunScene, equinox: Weather) -> None:
    found = glare(house, equinox, facade_targets(house, 1.0), road((90.0, 70.0)), panes=1)
    sun = SunPath.at(SEOUL, equinox.times[found.time]).directions
    incidence = np.degrees(np.arccos(-sun[:, 1]))
    expected = equinox.dni[found.time] * glass_reflectance(incidence)
    assert found.strength == pytest.approx(expected, rel=1e-2)
    assert found.strongest[0] == found.strength.max()


def test_reflectance_of_glass() -> None:
    """Perpendicular: r = ((n - 1) / (n + 1))², of a pane 2 r / (1 + r); grazing: everything. At Brewster's
    angle light polarised in the plane of incidence passes."""
    r = (0.526 / 2.526) ** 2
    assert glass_reflectance(np.array([0.0]))[0] == pytest.approx(2 * r / (1 + r))
    assert glass_reflectance(np.array([0.0]), panes=2)[0] == pytest.approx(4 * r / (1 + 3 * r))
    assert glass_reflectance(np.array([90.0]))[0] == pytest.approx(1.0)
    brewster = np.degrees(np.arctan(1.526))
    crosswise = np.cos(2 * np.radians(brewster)) ** 2
    assert glass_reflectance(np.array([brewster]))[0] == pytest.approx(crosswise / (1 + crosswise))
    assert (np.diff(glass_reflectance(np.linspace(0.0, 90.0, 91), 2)) > -1e-12).all()


def test_what_stands_between_takes_the_glare_away(equinox: Weather) -> None:
    """A long low wall between road and house hides the house's lower half; the sun still reaches that."""
    free = box_scene([(80, 80, 20, 10, 20)], (180, 170))
    hidden = box_scene([(80, 80, 20, 10, 20), (40, 71, 100, 2, 9)], (180, 170))
    receiver = road((90.0, 68.0))
    south = [facade_targets(scene, 1.0, only=np.array([1], np.int32)) for scene in (free, hidden)]
    assert south[0].normals[0] == pytest.approx([0.0, -1.0, 0.0])
    before, after = (glare(s, equinox, f, receiver) for s, f in zip((free, hidden), south, strict=True))
    assert before.hours[0] > 2
    assert after.hours[0] < before.hours[0] / 2


def test_a_shaded_facade_does_not_dazzle(equinox: Weather) -> None:
    """A tower to the south keeps the sun off the house all the middle of the day."""
    scene = box_scene([(80, 80, 20, 10, 20), (60, 20, 60, 20, 90)], (180, 170))
    south = facade_targets(scene, 1.0, only=np.array([1], np.int32))
    found = glare(scene, equinox, south, road((90.0, 70.0)))
    noon = np.abs(equinox.times[found.time].hour - 12.5) < 1.5
    assert not noon.any()


def test_windows_see_only_what_is_in_front_of_them(house: SunScene, equinox: Weather) -> None:
    facades = facade_targets(house, 1.0)
    at = road((90.0, 70.0), (90.0, 70.0))
    facing = replace(at, normals=np.array([[0.0, 1.0, 0.0], [0.0, -1.0, 0.0]]))
    found = glare(house, equinox, facades, facing)
    assert found.hours[0] > 2
    assert found.hours[1] == 0


def test_a_year_is_judged_by_its_worst_day_and_its_sum(house: SunScene) -> None:
    days = pd.date_range("2026-01-01 00:15", periods=365 * 48, freq="30min", tz="Asia/Seoul")
    weather = clear_sky(SEOUL, days[(days.day_of_year % 20) == 0], 1800.0)
    found = glare(house, weather, facade_targets(house, 2.0), road((90.0, 74.0), (90.0, 165.0)))
    assert found.exceeds.tolist() == [True, False]
    assert found.longest[0] > 0.5
    spells = found.spells(weather, 0)
    hours = (spells["end"] - spells["start"]).dt.total_seconds().sum() / 3600
    assert hours == pytest.approx(found.hours[0])
    assert (spells["strength"] > 0).all()
    assert spells["start"].dt.date.nunique() == found.days[0]
    assert len(found.spells(weather, 1)) == 0


def test_facades_need_their_patches(house: SunScene, equinox: Weather) -> None:
    facades = replace(facade_targets(house, 2.0), patches=None)
    with pytest.raises(AnalysisError, match="patches"):
        glare(house, equinox, facades, roof_targets(house, 5.0))
