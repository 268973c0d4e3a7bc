"""The layer of sensors: valid tiles at the right places, and refreshes that touch only what changed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from citygml.crs import ecef_to_geographic
from tests.gltf_validator import validate
from tests.unit.sensor_models import add, box_city, datastreams_of, degrees, read, thing
from tiles.build import build
from tiles.check import check_tileset
from tiles.folder import locked
from tiles.read import read_glb
from tiles.sensor_layer import refresh_sensor_layer, write_sensor_layer
from tiles.tileset import contents
from twin.errors import CityBusy
from twin.link.stations import Reading, Station
from twin.link.things import link_things
from twin.observations.store import open_observations

NOW = 1_770_000_000.0


def stations(n: int, seed: int = 1) -> list[Station]:
    rng = np.random.default_rng(seed)
    places = rng.uniform([128.85, 35.10, 20], [128.90, 35.14, 60], (n, 3)).tolist()
    return [
        Station(
            i + 1,
            f"미세먼지 {i + 1}",
            "air",
            *place,
            "ok",
            int(NOW * 1e6),
            f"building-{i:06d}" if i % 2 else None,
            {},
            [Reading(i + 1, "PM10", "PM10", "µg/m³", 30.0 + i, int((NOW - 60) * 1e6))],
        )
        for i, place in enumerate(places)
    ]


def tileset_of(folder: Path) -> Path:
    return folder / "tiles" / "sensors" / "tileset.json"


def glbs(folder: Path) -> set[str]:
    return set(contents(json.loads(tileset_of(folder).read_bytes())))


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sensors")
    report = write_sensor_layer(folder, stations(2000), NOW)
    assert report.features == 2000 and report.written == report.tiles > 8
    return folder


def test_the_tileset_is_valid_and_its_leaves_hold_every_station_once(many: Path, data: Path) -> None:
    report = check_tileset(tileset_of(many), schemas=data / "schemas" / "3d-tiles-1.1")
    assert report.faults == []
    assert report.leaf_ids == {str(i + 1) for i in range(2000)}


def test_contents_pass_the_validator(many: Path) -> None:
    folder = tileset_of(many).parent
    assert validate(sorted(folder.glob("*.glb"))[:12]) == [[] for _ in range(12)]


def test_a_station_stands_where_it_is_and_carries_its_reading(tmp_path: Path) -> None:
    given = stations(3)
    given[1].state = "alert"
    given[2].datastreams[0].value = None
    given[2].datastreams[0].time = None
    write_sensor_layer(tmp_path, given, NOW)
    root = json.loads(tileset_of(tmp_path).read_bytes())["root"]
    gltf = read_glb((tileset_of(tmp_path).parent / root["content"]["uri"]).read_bytes())
    table = gltf.table()
    assert table["id"] == ["1", "2", "3"]
    assert table["name"] == [s.name for s in given]
    assert table["object_id"] == ["", "building-000001", ""]
    assert table["state"] == ["ok", "alert", "ok"]
    assert table["kind"] == ["air"] * 3
    assert table["value"][:2] == [30.0, 31.0] and table["value"][2] is None
    assert table["age_s"][:2] == [60.0, 60.0] and table["age_s"][2] is None
    assert table["time"][0] == (NOW - 60) * 1000
    (part,) = gltf.parts()
    matrix = np.array(root["transform"]).reshape(4, 4).T
    for row, station in enumerate(given):
        middle = part.positions[part.features == row].mean(axis=0)
        east_north_up = np.array([middle[0], -middle[2], middle[1], 1.0])
        place = ecef_to_geographic((matrix @ east_north_up)[None, :3])[0]
        assert station.longitude is not None and station.latitude is not None
        np.testing.assert_allclose(place[:2], [station.longitude, station.latitude], atol=1e-8)
        assert place[2] == pytest.approx(station.height, abs=1e-3)


def test_normals_point_outwards(tmp_path: Path) -> None:
    write_sensor_layer(tmp_path, stations(1), NOW)
    (uri,) = glbs(tmp_path)
    (part,) = read_glb((tileset_of(tmp_path).parent / uri).read_bytes()).parts()
    corners = part.positions[part.indices].reshape(-1, 3, 3)
    faces = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    outwards = corners.mean(axis=1) - part.positions.mean(axis=0)
    assert (np.sum(faces * outwards, axis=1) > 0).all()


def test_a_refresh_writes_only_the_cells_that_changed(tmp_path: Path) -> None:
    given = stations(2000)
    write_sensor_layer(tmp_path, given, NOW)
    before = glbs(tmp_path)
    assert write_sensor_layer(tmp_path, given, NOW + 3600).written == 0
    assert glbs(tmp_path) == before
    given[77].datastreams[0].value = 99.0
    report = write_sensor_layer(tmp_path, given, NOW + 60)
    changed = glbs(tmp_path) - before
    assert len(changed) == report.written <= 4
    assert report.removed == 0, "those who read the last tileset.json still need its contents"
    assert check_tileset(tileset_of(tmp_path)).faults == []
    assert write_sensor_layer(tmp_path, given, NOW + 120).removed == len(before - glbs(tmp_path)) > 0
    kept = {p.name for p in tileset_of(tmp_path).parent.glob("*.glb")}
    assert kept == glbs(tmp_path)


def test_an_alert_is_seen_from_afar(tmp_path: Path) -> None:
    given = stations(2000)
    given[1234].state = "alert"
    write_sensor_layer(tmp_path, given, NOW)
    root = json.loads(tileset_of(tmp_path).read_bytes())["root"]
    table = read_glb((tileset_of(tmp_path).parent / root["content"]["uri"]).read_bytes()).table()
    assert "1235" in table["id"]
    assert len(table["id"]) < 300
    assert root["geometricError"] > 10


def test_stations_on_one_spot_make_one_tile(tmp_path: Path) -> None:
    given = stations(300)
    for station in given:
        station.longitude, station.latitude = 128.86, 35.11
    assert write_sensor_layer(tmp_path, given, NOW).tiles == 1
    assert check_tileset(tileset_of(tmp_path)).faults == []


def test_without_places_there_is_no_layer(tmp_path: Path) -> None:
    given = stations(3)
    write_sensor_layer(tmp_path, given, NOW)
    for station in given:
        station.height = None
    given[0].height, given[0].latitude = 1.0, float("nan")
    assert write_sensor_layer(tmp_path, given, NOW).features == 0
    assert not tileset_of(tmp_path).exists()


def test_one_refresh_at_a_time(tmp_path: Path) -> None:
    write_sensor_layer(tmp_path, stations(3), NOW)
    with locked(tileset_of(tmp_path).parent, "busy"), pytest.raises(CityBusy):
        write_sensor_layer(tmp_path, stations(4), NOW)


def test_stations_on_both_sides_of_the_antimeridian(tmp_path: Path) -> None:
    given = stations(2)
    given[0].longitude, given[1].longitude = 179.999, -179.999
    write_sensor_layer(tmp_path, given, NOW)
    assert check_tileset(tileset_of(tmp_path)).faults == []


def test_tiling_a_city_brings_its_sensors_along(tmp_path: Path) -> None:
    folder = box_city(tmp_path)
    assert "sensors" not in {r.layer for r in build(folder)}
    with open_observations(folder) as obs:
        id = add(obs, thing("roof", degrees(folder, 5, 4)[:2], {"height": 6.0}))
        read(obs, datastreams_of(obs, id)[0], [int(NOW)], [42.0])
    reports = {r.layer: r for r in build(folder)}
    assert (reports["sensors"].features, reports["sensors"].written) == (1, 1)
    assert [r.written for r in build(folder, ["sensors"])] == [0]
    assert {r.layer for r in build(folder, ["buildings"])} == {"buildings"}
    root = json.loads(tileset_of(folder).read_bytes())["root"]
    table = read_glb((tileset_of(folder).parent / root["content"]["uri"]).read_bytes()).table()
    assert (table["object_id"], table["value"], table["name"]) == (["a"], [42.0], ["roof"])
    middle = np.array(root["transform"]).reshape(4, 4).T @ [*root["boundingVolume"]["box"][:3], 1.0]
    height = ecef_to_geographic(middle[None, :3])[0, 2]
    assert height == pytest.approx(degrees(folder, 5, 4, 3.0)[2] + 6, abs=0.5)
    assert check_tileset(tileset_of(folder)).faults == []


def test_a_refresh_follows_the_readings(tmp_path: Path) -> None:
    folder = box_city(tmp_path)
    with open_observations(folder) as obs:
        id = add(obs, thing("roof", degrees(folder, 5, 4)[:2]))
        assert refresh_sensor_layer(folder, obs).features == 0, "no place as long as it is not linked"
        link_things(folder, obs)
        assert refresh_sensor_layer(folder, obs).written == 1
        assert refresh_sensor_layer(folder, obs).written == 0
        read(obs, datastreams_of(obs, id)[0], [int(NOW)], [1.0])
        assert refresh_sensor_layer(folder, obs).written == 1


def test_where_large_cells_meet_the_overview_stays_fine(tmp_path: Path) -> None:
    given = stations(2000)
    for station in given:
        assert station.longitude is not None
        station.longitude -= 128.875
    write_sensor_layer(tmp_path, given, NOW)
    assert check_tileset(tileset_of(tmp_path)).faults == []
    root = json.loads(tileset_of(tmp_path).read_bytes())["root"]
    assert 10 < root["geometricError"] < 1000
    gltf = read_glb((tileset_of(tmp_path).parent / root["content"]["uri"]).read_bytes())
    assert 50 < len(gltf.table()["id"]) <= 256
    (part,) = gltf.parts()
    assert np.abs(part.positions).max() < 10_000, "near the origin of its frame, so that float32 is exact"
