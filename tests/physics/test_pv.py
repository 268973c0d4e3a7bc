"""Photovoltaics against PVWatts: its pieces, and years of five places."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from analysis.errors import AnalysisError
from analysis.sun import Targets, facade_targets, joined, roof_targets
from analysis.sun.power.cover import CLEAR, glass
from analysis.sun.power.irradiation import hourly
from analysis.sun.power.pv import LOSSES, UNITS, Modules, facade_potential, roof_capacity, roof_potential
from analysis.weather import Weather, read_epw
from tests.sun_scenes import box, box_scene, boxes


@pytest.fixture(scope="module")
def seoul(data: Path) -> Weather:
    return read_epw(data / "weather/KOR_SO_Seoul.WS.471080_TMYx.2011-2025.epw.gz")


@pytest.fixture(scope="module")
def january(seoul: Weather) -> Weather:
    return seoul.between(seoul.times[0], seoul.times[31 * 24])


def test_pieces_of_pvwatts() -> None:
    """Values worked out by hand from Dobos 2014, doi:10.2172/1158421, equations 8, 10 and 11 and table 6."""
    from pvlib.inverter import pvwatts
    from pvlib.pvsystem import pvwatts_dc, pvwatts_losses

    assert pvwatts_dc(900, 30, 100, -0.003) == pytest.approx(88.65)
    assert pvwatts(90, 100, 0.95) == pytest.approx(85.585566, abs=1e-6)
    assert pvwatts_losses() == pytest.approx(14.0756607, abs=1e-7)
    assert pytest.approx(pvwatts_losses(), abs=5e-5) == LOSSES


def test_glass_passes_less_at_a_slant() -> None:
    """Fresnel, Snell and 2 mm of glass, relative to perpendicular: De Soto 2006; at 60° near 0.95."""
    cover = glass()
    cosine = np.linspace(0, 1, len(cover.beam))
    assert cover.beam[-1] == pytest.approx(1.0)
    assert cover.beam[0] == pytest.approx(0.0, abs=1e-6)
    assert np.interp(0.5, cosine, cover.beam) == pytest.approx(0.95, abs=0.01)
    sky, _, ground = cover.diffuse(np.array([[0, 0, 1.0], [0, -1.0, 0]], np.float32))
    assert ((sky > 0.9) & (sky < 1.0)).all()
    assert sky[1] == pytest.approx(ground[1], abs=1e-3)
    assert CLEAR.diffuse(np.array([[0, -1.0, 0]], np.float32))[1] == pytest.approx([1.0])


# PVWatts 8 itself (NREL-PySAM 7.1.1, Pvwattsv8): 1 kW, premium module, fixed open rack, losses 14.0757 %,
# DC/AC 1.2, inverter 96 %, 30° south, on the same weather files [kWh/a]
PVWATTS = {
    "weather/KOR_IN_Incheon.WS.471120_TMYx.2011-2025.epw.gz": 1422.7,
    "weather/KOR_PU_Busan-Daecheongdong.WS.471590_TMYx.2011-2025.epw.gz": 1426.9,
    "weather/KOR_SO_Seoul.WS.471080_TMYx.2011-2025.epw.gz": 1406.7,
    "weather/KOR_TJ_Daejeon.WS.471330_TMYx.2011-2025.epw.gz": 1373.9,
    "energy/bestest/weather/WD600.epw.gz": 1509.9,
}


@pytest.mark.parametrize("name", PVWATTS)
def test_annual_yields_are_within_three_per_cent_of_pvwatts(data: Path, name: str) -> None:
    """A flat roof with rows tilted by 30° in an open field."""
    weather = read_epw(data / name)
    scene = box(place=weather.place)
    found = roof_potential(scene, weather, roof_targets(scene, 5.0), modules=Modules(tilt=30.0))
    row = found.table.iloc[0]
    assert row["specific_yield"] == pytest.approx(PVWATTS[name], rel=0.03)
    assert row["shading_loss"] == pytest.approx(0.0, abs=1e-3)


# The same on walls to the south and east in Seoul, albedo 0.2
WALLS = {180.0: 959.4, 90.0: 708.7}


def test_yields_of_walls_are_within_five_per_cent_of_pvwatts(seoul: Weather) -> None:
    weather = replace(seoul, albedo=np.full(len(seoul), 0.2))
    scene = box(place=seoul.place)
    facades = facade_targets(scene, 5.0)
    for azimuth, expected in WALLS.items():
        towards = np.array([np.sin(np.radians(azimuth)), np.cos(np.radians(azimuth)), 0.0])
        chosen = part(facades, facades.normals @ towards > 0.9)
        found = facade_potential(scene, weather, chosen)
        # insulated backs make modules on walls warmer than PVWatts' open rack
        assert found.table["specific_yield"].iloc[0] == pytest.approx(expected, rel=0.05)


def part(targets: Targets, chosen: np.ndarray) -> Targets:
    return Targets(
        targets.points[chosen], targets.normals[chosen], targets.area[chosen], targets.surface[chosen]
    )


def test_neighbours_take_what_they_shade(january: Weather) -> None:
    """A low house behind a tower to its south loses, the tower does not."""
    scene = box_scene([(40, 40, 20, 20, 40), (40, 70, 20, 20, 6)], (100, 130), place=january.place)
    targets = joined(roof_targets(scene, 2.0), facade_targets(scene, 4.0))
    roofs = roof_potential(scene, january, targets, keep_hours=True)
    table = roofs.table.set_index("building")
    assert set(UNITS) | {"building"} == set(roofs.table.columns)
    assert table.loc["b0", "shading_loss"] == pytest.approx(0.0, abs=0.005)
    assert 0.1 < table.loc["b1", "shading_loss"] < 0.6
    assert table["surface_area"].tolist() == pytest.approx([400.0, 400.0])
    assert table["usable_area"].tolist() == pytest.approx([361.0, 361.0])  # 19 by 19 m within half a metre
    assert table["capacity"].tolist() == pytest.approx([361.0 * 0.5 * 0.19] * 2)
    assert roofs.periods == ["2023-01"]
    assert roofs.monthly.sum(axis=1) == pytest.approx(table["yield"])
    assert roofs.hours is not None
    assert roofs.hours.sum(axis=0) / 1000 == pytest.approx(table["yield"], rel=1e-4)
    # the inverter's rating is the modules' by 1.2
    assert roofs.hours.max() <= 361.0 * 0.5 * 190.0 / 1.2 + 1
    facades = facade_potential(scene, january, targets, share=0.25)
    walls = facades.table.set_index("building")
    assert walls["module_area"].tolist() == pytest.approx([0.25 * 80 * 40, 0.25 * 80 * 6])
    assert walls.loc["b1", "shading_loss"] > walls.loc["b0", "shading_loss"]


def test_the_shade_moves_over_modules_on_a_wall(january: Weather) -> None:
    """A south wall with a tower south-east of it: what it loses, it loses in the morning."""
    scene = box_scene([(70, 20, 20, 20, 60), (40, 70, 20, 20, 20)], (120, 120), place=january.place)
    facades = facade_targets(scene, 4.0)
    south = part(facades, (facades.normals[:, 1] < -0.9) & (facades.points[:, 1] > 60))
    weight = south.area / south.area.sum()
    groups = np.zeros(len(south), int)
    shaded = hourly(scene, january, south, groups=groups, weight=weight)[:, 0].reshape(-1, 24)
    free = hourly(scene, january, south, groups=groups, weight=weight, obstructed=False)[:, 0].reshape(-1, 24)
    lost = (free - shaded).sum(axis=0) / free.sum(axis=0).clip(1)
    assert lost[9:12].mean() > 1.3 * lost[14:17].mean()


def test_buildings_in_parts_as_all_at_once(january: Weather, monkeypatch: pytest.MonkeyPatch) -> None:
    scene = boxes(3, 2, place=january.place)
    targets = facade_targets(scene, 5.0)
    whole = facade_potential(scene, january, targets)
    monkeypatch.setattr("analysis.sun.power.pv._BATCH", 5)
    parts = facade_potential(scene, january, targets)
    assert parts.table["yield"].tolist() == pytest.approx(whole.table["yield"].tolist(), rel=1e-5)
    assert parts.table["building"].tolist() == [f"b{n}" for n in range(6)]


def test_modules_and_shares_that_cannot_be_are_refused(january: Weather) -> None:
    scene = box(place=january.place)
    with pytest.raises(AnalysisError, match="efficiency of the modules must be from 0 to 1, not 19"):
        Modules(efficiency=19)
    with pytest.raises(AnalysisError, match="dc_ac"):
        Modules(dc_ac=0)
    with pytest.raises(AnalysisError, match="share of facades"):
        facade_potential(scene, january, facade_targets(scene, 5.0), share=60)
    bare = replace(scene, surfaces=None)
    with pytest.raises(AnalysisError, match="no surfaces"):
        roof_potential(bare, january, roof_targets(scene, 5.0))


def test_a_scene_without_room_for_modules_has_an_empty_table(january: Weather) -> None:
    scene = box(3.0, 3.0, place=january.place)
    found = roof_potential(scene, january, roof_targets(scene, 1.0), keep_hours=True)
    assert len(found.table) == 0
    assert found.hours is not None
    assert found.hours.shape == (len(january), 0)


def test_capacity_of_a_plan_by_its_roofs() -> None:
    """National pilot city service roadmap (draft of 2019-09), roof use 60 %, efficiency 15 %: 16,546 kW in
    all; its primary energy of 61,790 MWh is 1,358 kWh/kW on site at the factor of 2.75."""
    area = 16546 / 0.6 / 0.15
    assert roof_capacity([area, 0.0]) == pytest.approx([16546.0, 0.0])
    assert roof_capacity(area, use=1.0, efficiency=0.2) == pytest.approx(0.2 * area)
    assert roof_capacity(area) * 1358 * 2.75 / 1000 == pytest.approx(61790, rel=1e-3)


def test_unknown_air_is_said(january: Weather) -> None:
    scene = box(place=january.place)
    blind = replace(january, temp_air=np.full(len(january), np.nan))
    found = roof_potential(scene, blind, roof_targets(scene, 5.0))
    assert any("air temperature is not known in 744 intervals; 20 °C" in note for note in found.notes)
    assert found.table["yield"].iloc[0] > 0
