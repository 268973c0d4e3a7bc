"""Fields over HTTP: what they rest on, their pictures and their GeoTIFF."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import rasterio
from fastapi.testclient import TestClient
from PIL import Image

from analysis.colours import STOPS, picture, ramp
from analysis.station_field import station_field
from tests.unit.sensor_models import add, box_city, client_of, datastreams_of, degrees, read, thing
from twin.link.things import link_things
from twin.observations.changes import Call
from twin.observations.quality_rules import QualityRules, save
from twin.observations.store import Observations, open_observations
from twin.place import georeference
from twin.store import open_city

START = 1_700_006_400  # 2023-11-15T00:00:00Z
AT = "2023-11-15T00:30:00Z"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return box_city(tmp_path_factory.mktemp("fields"))


@pytest.fixture(scope="module")
def obs(folder: Path) -> Iterator[Observations]:
    """Twelve stations that read 10 + x / 100 and, an hour later, 5 more; one that is out of its range."""
    with open_observations(folder) as opened:
        for x, y in PLACES:
            id = add(opened, thing(f"s{x:.0f}", degrees(folder, x, y)[:2]))
            (stream,) = datastreams_of(opened, id)
            read(opened, stream, [START, START + 3600], [10 + x / 100, 15 + x / 100])
        (broken,) = datastreams_of(opened, add(opened, thing("broken", degrees(folder, 50, 50)[:2])))
        opened.writer.submit(Call(lambda c: save(c, broken, QualityRules(maximum=100)), rules=True)).result()
        read(opened, broken, [START], [9999.0])
        for x, unit in ((0, "m"), (1, "cm")):
            id = add(opened, thing(f"level {x}", degrees(folder, x, 0)[:2], observed="level", unit=unit))
            read(opened, datastreams_of(opened, id)[0], [START], [1.0])
        link_things(folder, opened)
        yield opened


PLACES = np.random.default_rng(2).uniform(0, 1000, (12, 2)).tolist()


@pytest.fixture
def client(folder: Path, obs: Observations) -> TestClient:
    return client_of(folder, obs)


@pytest.mark.parametrize("method", ["kriging", "idw"])
def test_a_field_says_what_it_rests_on(folder: Path, client: TestClient, method: str) -> None:
    body = client.get(f"/fields?property=PM10&time={AT}&method={method}").json()
    assert (body["property"], body["unit"], body["method"]) == ("PM10", "µg/m³", method)
    assert body["time"] == (START + 1800) * 1000
    assert (body["stations"], body["left_out"]) == (12, 1)
    west, south, east, north = body["bounds"]
    for x, y in PLACES:
        longitude, latitude, _ = degrees(folder, x, y)
        assert west < longitude < east and south < latitude < north
    assert max(body["width"], body["height"]) == 256
    assert 5 < body["minimum"] < body["maximum"] < 25
    assert body["uncertainty_maximum"] > 0
    assert 0 < body["errors"]["rmse"] < body["errors"]["baseline"]
    assert body["colors"] == [f"#{c}" for c in STOPS["batlow"]]


def test_the_grid_lies_where_it_says(folder: Path, obs: Observations) -> None:
    """The field of a plane slope grows eastwards, and at a station's pixel it is what the station reads."""
    with open_city(folder) as city, obs.connection() as connection:
        field = station_field(city, connection, "PM10", (START + 1800) * 1_000_000)
    west, south, east, north = field.bounds
    rows, columns = field.values.shape
    for x, y in PLACES:
        longitude, latitude, _ = degrees(folder, x, y)
        row = int((north - latitude) / (north - south) * rows)
        column = int((longitude - west) / (east - west) * columns)
        assert field.values[row, column] == pytest.approx(10 + x / 100, abs=0.15)
    assert (
        field.values[:, -columns // 4 :].mean(axis=1) > field.values[:, : columns // 4].mean(axis=1)
    ).all()


def test_the_time_chooses_the_readings(client: TestClient) -> None:
    before = client.get(f"/fields?property=PM10&time={AT}").json()
    after = client.get("/fields?property=PM10&time=2023-11-15T01:30:00Z").json()
    assert after["minimum"] == pytest.approx(before["minimum"] + 5, abs=0.2)
    late = client.get("/fields?property=PM10&time=2023-11-16T00:00:00Z")
    assert late.status_code == 400
    assert "needs readings at 5 places at least; there are 0" in late.json()["detail"]
    assert "2023-11-16T00:00:00Z, recent enough" in late.json()["detail"]
    late = client.get("/fields?property=PM10&time=2023-11-15T03:00:00Z&max_age=1")
    assert "not older than 1 h" in late.json()["detail"]
    assert client.get("/fields?property=PM10&time=2023-11-16T00:00:00Z&max_age=48").status_code == 200


def test_pictures(client: TestClient) -> None:
    body = client.get(f"/fields?property=PM10&time={AT}").json()
    for key in ("image", "uncertainty_image"):
        answer = client.get(body[key])
        assert answer.headers["content-type"] == "image/png"
        picture = Image.open(io.BytesIO(answer.content))
        assert picture.mode == "RGBA" and picture.size == (body["width"], body["height"])
        assert np.ptp(np.asarray(picture)[..., :3]) > 50
    opacity = np.asarray(Image.open(io.BytesIO(client.get(body["image"]).content)))[..., 3]
    assert opacity.max() > 200 and opacity.min() < 60, "what is unsure is faint"


def test_a_geotiff_for_a_gis(folder: Path, client: TestClient) -> None:
    body = client.get(f"/fields?property=PM10&time={AT}").json()
    data = client.get(body["geotiff"]).content
    with rasterio.MemoryFile(data) as memory, memory.open() as dataset, open_city(folder) as city:
        assert dataset.crs.to_epsg() == 5187
        assert dataset.units == ("µg/m³", "µg/m³")
        assert dataset.descriptions == ("PM10", "standard deviation of PM10")
        assert dataset.tags()["time"] == AT and dataset.tags()["stations"] == "12"
        assert dataset.res[0] == pytest.approx(dataset.res[1])
        place = georeference(city)
        for x, y in PLACES:
            point = place.from_geographic(np.array([degrees(folder, x, y)]))[0, :2]
            ((value, deviation),) = dataset.sample([point.tolist()])
            assert value == pytest.approx(10 + x / 100, abs=0.15)
            assert deviation < 0.4


def test_a_city_in_degrees_has_a_field_in_degrees(tmp_path: Path) -> None:
    with open_observations(tmp_path / "x.twin") as obs:
        for k, (x, y) in enumerate(PLACES):
            id = add(obs, thing(f"s{k}", [126.9 + x / 1e4, 37.5 + y / 1e4]))
            read(obs, datastreams_of(obs, id)[0], [START], [10 + x / 100])
        from twin.store import create_city

        create_city(tmp_path / "x.twin").close()
        link_things(tmp_path / "x.twin", obs)
        client = client_of(tmp_path / "x.twin", obs)
        body = client.get(f"/fields?property=PM10&time={AT}").json()
        data = client.get(body["geotiff"]).content
    with rasterio.MemoryFile(data) as memory, memory.open() as dataset:
        assert dataset.crs.to_epsg() == 4326
        assert dataset.bounds == pytest.approx(tuple(body["bounds"]))
        for x, y in PLACES:
            ((value, _),) = dataset.sample([(126.9 + x / 1e4, 37.5 + y / 1e4)])
            assert value == pytest.approx(10 + x / 100, abs=0.15)


def test_daily_readings_make_a_field_all_day(folder: Path, obs: Observations, client: TestClient) -> None:
    for x in range(5):
        id = add(obs, thing(f"daily {x}", degrees(folder, 100 * x, x * x)[:2], observed="daily"))
        (stream,) = datastreams_of(obs, id)
        read(obs, stream, [START + 86400 * day for day in range(5)], [float(day) for day in range(5)])
    link_things(folder, obs)
    body = client.get("/fields?property=daily&time=2023-11-18T23:00:00Z").json()
    assert (body["minimum"], body["maximum"], body["stations"]) == (3, 3, 5)
    assert client.get("/fields?property=daily&time=2023-11-22T00:00:00Z").status_code == 400


@pytest.mark.parametrize(
    ("query", "status", "message"),
    [
        ("property=radon", 404, "no datastream observes 'radon'"),
        ("property=level&time=" + AT, 400, "readings in cm and m do not make one field"),
        ("property=PM10&method=nearest", 400, ""),
        ("property=PM10&size=100000", 400, ""),
        ("", 400, ""),
    ],
)
def test_what_cannot_be_is_told(client: TestClient, query: str, status: int, message: str) -> None:
    for path in ("/fields", "/fields/image.png", "/fields/field.tif"):
        answer = client.get(f"{path}?{query}")
        assert answer.status_code == status
        assert message in answer.json()["detail"]


def test_now_is_the_default(folder: Path, obs: Observations, client: TestClient) -> None:
    for x in range(5):
        id = add(obs, thing(f"now {x}", degrees(folder, 100 * x, x * x)[:2], observed="now"))
        read(obs, datastreams_of(obs, id)[0], [int(time.time())], [float(x)])
    link_things(folder, obs)
    body = client.get("/fields?property=now").json()
    assert abs(body["time"] / 1000 - time.time()) < 60 and body["stations"] == 5


def test_colours_run_from_the_first_to_the_last_and_hold_holes() -> None:
    colours = ramp("viridis")
    assert colours.shape == (256, 3)
    assert bytes(colours[0]).hex() == STOPS["viridis"][0] and bytes(colours[-1]).hex() == STOPS["viridis"][-1]
    values = np.array([[0.0, 5.0, 10.0, np.nan]])
    drawn = picture(values, 0, 10, np.array([[0.0, 1.0, 2.0, 0.0]]), 2.0, "viridis")
    assert (
        drawn[0, 0, :3].tolist() == colours[0].tolist() and drawn[0, 2, :3].tolist() == colours[-1].tolist()
    )
    assert drawn[0, 0, 3] > drawn[0, 1, 3] > drawn[0, 2, 3] > 0 == drawn[0, 3, 3]
    flat = picture(np.full((2, 2), 4.0), 4, 4)
    assert (flat[..., 3] > 0).all()
