"""Photovoltaics of zones' roofs against PVWatts and against the real roofs of a scene, and a city's lamps."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from analysis.energy.supply import Arrays, lamps, plan_modules, pv_of, pv_of_arrays, pv_of_zones, roof_arrays
from analysis.energy.zones import Zones
from analysis.errors import AnalysisError
from analysis.sun import roof_targets
from analysis.sun.power.pv import Modules, roof_capacity, roof_potential
from analysis.weather import Weather, read_epw
from tests.energy_zones import box_zones
from tests.sun_scenes import box_scene


@pytest.fixture(scope="module")
def seoul(data: Path) -> Weather:
    return read_epw(data / "weather/KOR_SO_Seoul.WS.471080_TMYx.2011-2025.epw.gz")


@pytest.fixture(scope="module")
def march(seoul: Weather) -> Weather:
    return seoul.between(seoul.times[59 * 24], seoul.times[90 * 24])


def plane(azimuth: float = 180.0, tilt: float = 30.0, **others: object) -> Arrays:
    """1 kW of Modules()."""
    known = {
        "building": np.zeros(1, np.int32),
        "area": np.array([1.0 / Modules().efficiency]),
        "azimuth": np.array([azimuth]),
        "tilt": np.array([tilt]),
        "open_rack": np.array([True]),
    }
    return Arrays(**{**known, **others})  # type: ignore[arg-type]


def with_roof(zones: Zones, **fields: object) -> Zones:
    """Fields of the roofs' elements, one value for each."""
    e = zones.elements
    changed = {}
    for name, value in fields.items():
        values = getattr(e, name).copy()
        values[e.part == 1] = value
        changed[name] = values
    return replace(zones, elements=replace(e, **changed))


def test_a_year_in_seoul_as_pvwatts_has_it(seoul: Weather) -> None:
    """PVWatts 8 (NREL-PySAM 7.1.1) on the same file: 1 kW, 30° south, 14.08 % losses, 1,406.7 kWh/a."""
    found = pv_of_arrays(plane(), seoul, 1)
    assert found.capacity == pytest.approx([1.0])
    assert found.energy == pytest.approx([1406.7], rel=0.01)


def test_a_flat_roof_takes_rows_to_the_equator(march: Weather) -> None:
    zones = box_zones(2)
    found = roof_arrays(zones, roof_use=0.6)
    assert found.building.tolist() == [0, 1]
    assert found.area.tolist() == pytest.approx([48 * 0.6 * 0.5] * 2)
    assert (found.azimuth.tolist(), found.tilt.tolist()) == ([180.0] * 2, [30.0] * 2)
    south = replace(zones, place=replace(zones.place, latitude=-37.0))
    assert roof_arrays(south).azimuth.tolist() == [0.0, 0.0]
    made = pv_of_zones(zones, march)
    one = pv_of_arrays(plane(), march, 1)
    assert made.power[1] == pytest.approx(one.power[0] * made.capacity[1], rel=1e-4, abs=0.1)


def test_which_roofs_take_modules() -> None:
    zones = box_zones(1)
    sloped = with_roof(zones, tilt=40.0, azimuth=135.0, sky_view=0.5 * (1 + np.cos(np.radians(40))))
    found = roof_arrays(sloped)
    assert (found.tilt[0], found.azimuth[0], found.area[0]) == pytest.approx((40.0, 135.0, 48 * 0.6 * 0.9))
    assert found.sky_share is not None and found.sky_share[0] == pytest.approx(1.0)
    assert len(roof_arrays(with_roof(zones, tilt=40.0, azimuth=20.0))) == 0
    assert len(roof_arrays(with_roof(zones, tilt=70.0, azimuth=180.0))) == 0
    assert len(roof_arrays(zones, least_area=50.0)) == 0
    assert len(roof_arrays(with_roof(zones, boundary=2))) == 0
    with pytest.raises(AnalysisError, match="share of roofs in use"):
        roof_arrays(zones, roof_use=60)


def test_the_plan_s_modules(march: Weather) -> None:
    """Roof use 60 %, efficiency 15 %: the capacity that a plan finds from roof areas."""
    modules, share = plan_modules()
    made = pv_of_zones(box_zones(1), march, modules=modules, roof_use=share)
    assert made.capacity == pytest.approx(roof_capacity([48.0]))


def test_zones_of_one_building_add_up(march: Weather) -> None:
    zones = box_zones(3)
    shared = replace(zones, building=["a", "b", "a"])
    apart, together = pv_of_zones(zones, march), pv_of_zones(shared, march)
    assert together.capacity == pytest.approx([2 * apart.capacity[0], apart.capacity[0]])
    assert together.energy == pytest.approx([2 * apart.energy[0], apart.energy[0]], rel=1e-5)


def test_what_stands_around_takes_light(march: Weather) -> None:
    """A wall of 40° all around leaves the noon sun of March (52° at most) and the sky above it: cos² 40°."""
    free = pv_of_arrays(plane(tilt=0.0), march, 1)
    wall = np.full((1, 72), 40.0, np.float32)
    shaded = pv_of_arrays(plane(tilt=0.0, horizon=wall), march, 1)
    assert 0.3 < shaded.energy[0] / free.energy[0] < 0.8
    assert pv_of_arrays(plane(tilt=0.0, horizon=wall * 0), march, 1).energy == pytest.approx(
        free.energy, rel=1e-3
    )
    cloudy = replace(march, dni=np.zeros(len(march)), ghi=march.dhi)
    open_sky = pv_of_arrays(plane(tilt=0.0), cloudy, 1)
    behind = pv_of_arrays(plane(tilt=0.0, horizon=wall), cloudy, 1)
    # the wall itself is as bright as a fifth of the ground's light
    expected = np.cos(np.radians(40)) ** 2
    expected += 0.2 * (1 - expected)
    assert behind.energy[0] / open_sky.energy[0] == pytest.approx(expected, abs=0.03)
    less = pv_of_arrays(plane(tilt=0.0, sky_share=np.array([0.5])), march, 1)
    assert shaded.energy[0] < less.energy[0] < free.energy[0]


def test_roofs_of_a_scene_and_of_zones_agree(march: Weather) -> None:
    scene = box_scene([(40, 40, 20, 20, 10), (70, 40, 4, 4, 10)], (120, 120), place=march.place)
    kept = roof_potential(scene, march, roof_targets(scene, 2.0), keep_hours=True)
    made = pv_of(kept, ["nobody", "b0"], march.hours)
    assert made.power.shape == (2, len(march))
    assert (made.capacity[0], made.energy[0]) == (0.0, 0.0)
    assert made.energy[1] == pytest.approx(kept.table["yield"].iloc[0], rel=1e-4)
    alone = pv_of_zones(box_zones(1, width=20.0, depth=20.0, place=march.place), march)
    assert alone.energy[0] / alone.capacity[0] == pytest.approx(made.energy[1] / made.capacity[1], rel=0.01)
    with pytest.raises(AnalysisError, match="keep_hours"):
        pv_of(replace(kept, hours=None), ["b0"])


def test_lamps_burn_while_the_sun_is_down(seoul: Weather) -> None:
    """A year has 8,760 h less some 4,450 h of sun above the horizon, refraction included (NREL SPA)."""
    burning = lamps(seoul, 10.0, 100.0)
    assert burning.max() == pytest.approx(1000.0)
    assert burning.reshape(-1, 24)[:, 12].max() == 0.0
    assert burning.sum() / 1000.0 == pytest.approx(8760 - 4450, abs=30)
    with pytest.raises(AnalysisError, match="must not be negative"):
        lamps(seoul, -1.0, 100.0)
