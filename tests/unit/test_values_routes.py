"""Values for the features of a layer, now and in the past, cheaply asked again."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.unit.models import city, write
from tests.unit.sensor_models import add, box_city, client_of, datastreams_of, degrees, read, thing
from twin.ingest import add_files
from twin.link.things import link_things
from twin.observations.store import Observations, open_observations

NOW = int(time.time())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return box_city(tmp_path)


@pytest.fixture
def obs(folder: Path) -> Iterator[Observations]:
    with open_observations(folder) as opened:
        yield opened


@pytest.fixture
def client(folder: Path, obs: Observations) -> TestClient:
    return client_of(folder, obs)


def meter(obs: Observations, object_id: str, values: dict[int, Any], **more: Any) -> tuple[int, int]:
    """A Thing in an object with values by age [s]; the Thing and its datastream."""
    id = add(obs, thing(f"in {object_id}", properties={"objectId": object_id}, **more))
    (stream,) = datastreams_of(obs, id)
    ages = sorted(values, reverse=True)
    read(obs, stream, [NOW - age for age in ages], [values[age] for age in ages])
    return id, stream


def values(client: TestClient, layer: str, **query: Any) -> dict[Any, Any]:
    body = client.get(f"/layers/{layer}/values", params={"property": "PM10", **query}).json()
    return dict(zip(body["ids"], body["values"], strict=True))


def test_each_object_has_its_latest_value(folder: Path, obs: Observations, client: TestClient) -> None:
    meter(obs, "a", {100: 5.0, 50: 7.0})
    meter(obs, "b", {100: 1.0})
    meter(obs, "b", {30: 2.0})
    meter(obs, "c", {10: "broken"})
    meter(obs, "c", {10: 40.0}, observed="noise", unit="dB")
    link_things(folder, obs)
    body = client.get("/layers/buildings/values?property=PM10").json()
    assert dict(zip(body["ids"], body["values"], strict=True)) == {"a": 7.0, "b": 1.5, "c": None}
    ages = dict(zip(body["ids"], body["ages"], strict=True))
    assert ages["a"] == pytest.approx(50 + time.time() - NOW, abs=3)
    assert ages["b"] == pytest.approx(30 + time.time() - NOW, abs=3)
    assert (body["property"], body["unit"]) == ("PM10", "µg/m³")
    assert (body["minimum"], body["maximum"]) == (1.5, 7.0)
    assert abs(body["time"] / 1000 - time.time()) < 60


def test_at_a_time_before(folder: Path, obs: Observations, client: TestClient) -> None:
    meter(obs, "a", {100: 5.0, 50: 7.0})
    meter(obs, "b", {60: 1.0})
    link_things(folder, obs)

    def at(age: int) -> str:
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(NOW - age))

    assert values(client, "buildings", time=at(55)) == {"a": 5.0, "b": 1.0}
    assert values(client, "buildings", time=at(60)) == {"a": 5.0, "b": 1.0}
    assert values(client, "buildings", time=at(61)) == {"a": 5.0}
    assert values(client, "buildings", time=at(0)) == {"a": 7.0, "b": 1.0}
    body = client.get("/layers/buildings/values", params={"property": "PM10", "time": at(55)}).json()
    assert (body["time"], body["ages"]) == ((NOW - 55) * 1000, [45, 5])
    assert client.get("/layers/buildings/values", params={"property": "PM10", "time": at(9999)}).json() == {
        "property": "PM10", "unit": "µg/m³", "time": (NOW - 9999) * 1000, "ids": [], "values": [], "ages": [],
        "minimum": None, "maximum": None,
    }  # fmt: skip


def test_the_layer_of_sensors_is_by_thing(folder: Path, obs: Observations, client: TestClient) -> None:
    a, _ = meter(obs, "a", {5: 1.0})
    b = add(obs, thing("free", degrees(folder, 400, 400)[:2]))
    read(obs, datastreams_of(obs, b)[0], [NOW], [2.0])
    link_things(folder, obs)
    assert values(client, "sensors") == {a: 1.0, b: 2.0}


def test_parts_take_the_value_of_their_building(tmp_path: Path) -> None:
    document = city({"whole": (0.0, 0.0, 5.0), "p1": (0.0, 20.0, 5.0), "p2": (0.0, 40.0, 5.0)})
    for part in ("p1", "p2"):
        document["CityObjects"][part] |= {"type": "BuildingPart", "parents": ["whole"]}
    document["CityObjects"]["whole"]["children"] = ["p1", "p2"]
    add_files(tmp_path / "y.twin", [write(tmp_path / "s.json", document)])
    with open_observations(tmp_path / "y.twin") as obs:
        meter(obs, "whole", {5: 3.0})
        link_things(tmp_path / "y.twin", obs)
        client = client_of(tmp_path / "y.twin", obs)
        assert values(client, "buildings") == {"whole": 3.0, "p1": 3.0, "p2": 3.0}
        meter(obs, "p2", {5: 8.0})
        link_things(tmp_path / "y.twin", obs)
        assert values(client, "buildings") == {"whole": 3.0, "p1": 3.0, "p2": 8.0}


def test_what_has_not_changed_is_not_sent_again(folder: Path, obs: Observations, client: TestClient) -> None:
    _, stream = meter(obs, "a", {5: 1.0})
    link_things(folder, obs)
    path = "/layers/buildings/values?property=PM10"
    first = client.get(path)
    assert "max-age=1" in first.headers["cache-control"]
    again = client.get(path, headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    read(obs, stream, [NOW + 1], [1.0])
    changed = client.get(path, headers={"if-none-match": first.headers["etag"]})
    assert changed.status_code == 200
    assert changed.headers["etag"] != first.headers["etag"]


def test_unknown_layers_and_properties_are_told(folder: Path, obs: Observations, client: TestClient) -> None:
    meter(obs, "a", {5: 1.0})
    missing = client.get("/layers/buildings/values?property=radon")
    assert missing.status_code == 404
    assert "no datastream observes 'radon'; observed are PM10" in missing.json()["detail"]
    assert client.get("/layers/castles/values?property=PM10").status_code == 404
    assert client.get("/layers/buildings/values").status_code == 400
    assert client.get("/layers/buildings/values?property=PM10&time=later").status_code == 400
