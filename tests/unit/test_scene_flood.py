"""The sample district as the input of a flood run."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from analysis.errors import AnalysisError
from analysis.run import prepare
from analysis.scene import FloodScene, flood_scene, gauges, rain_from_sensors, streams
from citygml.model import Measure
from tests.unit.observation_models import make
from tests.unit.scene_models import district
from twin.observations.store import open_observations
from twin.raster import open_dem
from twin.store import open_city


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return district(tmp_path_factory)


@pytest.fixture(scope="module")
def scene(folder: Path) -> FloodScene:
    with open_city(folder) as city:
        return flood_scene(city, 2.0)


def test_the_ground_is_the_terrain_model_cell_by_cell(folder: Path, scene: FloodScene) -> None:
    (path,) = (folder / "rasters").glob("*.tif")
    dem = open_dem(path)
    row = round((dem.north - scene.grid.north) / 2)
    column = round((scene.grid.west - dem.west) / 2)
    assert (scene.elevation == dem.read(row, column, *scene.grid.shape)).all()
    assert scene.crs == "EPSG:5187+5193"
    assert (scene.transform.c, scene.transform.f) == (scene.grid.west, scene.grid.north)


def test_buildings_cover_what_their_footprints_do(scene: FloodScene) -> None:
    assert len(scene.buildings) == 24
    for building in scene.buildings:
        stated = building.attributes["footprint_area"]
        assert isinstance(stated, Measure)
        assert building.area == pytest.approx(stated.value, abs=0.1)
    total = sum(b.area for b in scene.buildings)
    assert scene.cover.sum() * 4 == pytest.approx(total, rel=0.01)
    assert set(np.unique(scene.building)) == set(range(25))
    assert scene.built("porous").method == "porous"
    roof = scene.table.index("roof")
    assert (scene.classes[scene.building > 0] == roof).all()


def test_streams_are_filled_to_their_level_and_leave_at_the_edges(scene: FloodScene) -> None:
    assert {b.name for b in scene.bodies} == {"평강천", "맥도강"}
    assert {(b.level, b.source) for b in scene.bodies} == {(0.6, "attribute")}
    depth = scene.initial_depth()
    wet = depth > 0
    assert wet.sum() * 4 > 50_000
    assert (scene.elevation + depth)[wet] == pytest.approx(0.6, abs=1e-5)
    made = scene.boundaries({"맥도강": 1.25})
    assert sorted((b.edge, b.value) for b in made) == [
        ("north", 0.6), ("north", 1.25), ("south", 0.6), ("south", 1.25),
    ]  # fmt: skip
    sides = {"north": scene.water[0], "south": scene.water[-1]}
    for boundary in made:
        assert (sides[boundary.edge][boundary.start : boundary.stop] > 0).all()


def test_levels_are_given_by_name_and_by_gauges(folder: Path) -> None:
    at = int(datetime.fromisoformat("2026-05-19T18:00:00+09:00").timestamp() * 1e6)
    with open_city(folder) as city, open_observations(folder) as observations:
        given = flood_scene(city, 10.0, levels={"평강천": 1.5}, observations=observations, at=at)
        found = gauges(observations, given.bodies, given.plane)
        with pytest.raises(
            AnalysisError, match=r"no water body is called 'Nile' in the area; .*맥도강, 평강천"
        ):
            flood_scene(city, 10.0, levels={"Nile": 1.0})
    assert {given.bodies[g.body].name for g in found} == {"평강천", "맥도강"}
    levels = {b.name: b.level for b in given.bodies}
    assert levels["평강천"] == 1.5
    assert 1.0 < levels["맥도강"] < 3.0  # in the rain of that evening
    assert any("states no gauge_zero" in note and "맥도강" in note for note in given.notes)


def test_rain_of_the_recorded_storm(folder: Path) -> None:
    start, end = (
        int(datetime.fromisoformat(f"2026-05-19T{hour}:00:00+09:00").timestamp() * 1e6) for hour in (12, 18)
    )
    with open_observations(folder) as observations:
        found = rain_from_sensors(observations, start, end)
    assert 0.09 < found.amount < 0.14
    assert 50 < found.intensity.max() * 3.6e6 < 80
    assert len(found.time) == 37


def test_land_use_makes_roughness_and_infiltration(scene: FloodScene) -> None:
    share = {key: float((scene.classes == i).mean()) for i, key in enumerate(scene.table.keys)}
    for key in ("farmland", "levee", "park", "water", "paved", "housing", "roof"):
        assert share[key] > 0.003, key
    water = scene.classes == scene.table.index("water")
    assert (scene.manning[water] == np.float32(0.03)).all()
    assert (scene.green_ampt().conductivity[water] == 0).all()
    assert scene.curve_number("D").number.max() == 100


def test_a_window_of_the_scene_is_the_same_as_the_whole(folder: Path, scene: FloodScene) -> None:
    west, south = scene.grid.bounds[:2]
    bounds = (west + 100, south + 100, west + 300, south + 250)
    with open_city(folder) as city:
        part = flood_scene(city, 2.0, bounds)
    rows = slice(scene.grid.rows - 125, scene.grid.rows - 50)
    columns = slice(50, 150)
    assert part.grid.shape == (75, 100)
    for name in ("elevation", "cover", "classes"):
        assert (getattr(part, name) == getattr(scene, name)[rows, columns]).all(), name


def test_a_flood_is_that_of_before_until_what_it_reads_has_changed(folder: Path) -> None:
    def digests() -> tuple[str, str]:
        design, measured = ({"rain_source": source, "duration": 30} for source in ("design", "sensors"))
        return prepare(folder, "flood", design).digest, prepare(folder, "flood", measured).digest

    def read(observed: str, value: float) -> None:
        with open_observations(folder) as observations:
            stream = streams(observations, observed)[0].id
            body = {"phenomenonTime": datetime.now(UTC).isoformat(), "result": value}
            make(observations, f"Datastreams({stream})/Observations", body)

    before = digests()
    assert digests() == before
    read("air temperature", 21.5)
    assert digests() == before
    read("rain intensity", 12.0)
    after_rain = digests()
    assert after_rain[0] == before[0]
    assert after_rain[1] != before[1]
    read("water level", 1.5)
    after_level = digests()
    assert after_level[0] != after_rain[0]
    assert after_level[1] != after_rain[1]
