"""SensorThings beyond the standard: who may write, limits, formats, methods, and bodies from elsewhere."""

from __future__ import annotations

import csv
import io
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.integration.sensorthings_samples import (
    World,
    link,
    location,
    make_world,
    observation,
    thing,
    whole_datastream,
)
from tests.integration.sensorthings_server import Server, served

ETS = "iot/sensorthings-ets10/JSON entities"
FROST = "iot/sensorthings-frost/entitiesDefault.json"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with served(tmp_path_factory.mktemp("sta") / "x.twin") as running:
        yield running


@pytest.fixture(scope="module")
def world(server: Server) -> World:
    return make_world(server)


def test_writing_needs_a_token(server: Server, world: World) -> None:
    for method, path in (
        ("POST", "/Things"),
        ("POST", "/Observations"),
        ("POST", "/CreateObservations"),
        ("POST", "/$batch"),
        ("PATCH", "/Things(1)"),
        ("PUT", "/Things(1)"),
        ("DELETE", "/Things(1)"),
    ):
        for headers in ({}, {"Authorization": "Bearer nonsense"}):
            answer = httpx.request(method, server.url + path, json=thing(), headers=headers)
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"].startswith("Bearer")
            assert answer.json()["status"] == 401
    assert httpx.get(server.url + "/Things").status_code == 200


def test_a_change_set_needs_a_token_that_may_write(server: Server, world: World) -> None:
    request = {"id": "1", "atomicityGroup": "g", "method": "post", "url": "Things", "body": thing()}
    assert httpx.post(f"{server.url}/$batch", json={"requests": [request]}).status_code == 401


def test_reading_may_be_closed(tmp_path: Path) -> None:
    with served(tmp_path / "x.twin", public_read=False) as closed:
        assert httpx.get(closed.url + "/Things").status_code == 401
        assert closed.get("/Things")["value"] == []


def test_rates(tmp_path: Path) -> None:
    with served(tmp_path / "x.twin", rate_limit=2.0) as slow:
        statuses = [httpx.get(slow.url + "/Things").status_code for _ in range(8)]
        assert statuses[0] == 200
        assert 429 in statuses


def test_the_root_url_is_set_and_not_believed(tmp_path: Path, server: Server) -> None:
    forged = {
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "https",
        "Forwarded": "host=evil.example",
    }
    assert "evil" not in server.client.get("/", headers=forged).text
    with served(tmp_path / "x.twin", root_url="https://twin.example/city/") as behind:
        root = behind.get("/")["value"][0]["url"]
        assert root == "https://twin.example/city/sta/v1.1/Things"
        made = behind.post("/Things", thing()).headers["location"]
        assert made == "https://twin.example/city/sta/v1.1/Things(1)"


def test_a_large_body_is_refused_before_it_is_read(server: Server, world: World) -> None:
    url = urlsplit(server.url)
    head = (
        f"POST {url.path}/Observations HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {server.token}\r\n"
        "Content-Type: application/json\r\n"
    )
    for more in (f"Content-Length: {50 << 20}\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n"):
        with socket.create_connection((url.hostname, url.port), timeout=20) as connection:
            connection.sendall((head + more).encode())
            sent = 0
            chunk = b"100000\r\n" + b" " * (1 << 20) + b"\r\n"
            connection.settimeout(0.05)
            answer = b""
            while sent < 50 and not answer:
                try:
                    if "chunked" in more:
                        connection.sendall(chunk)
                    sent += 1
                    answer = connection.recv(100)
                except TimeoutError:
                    continue
                except ConnectionError:
                    break
        assert sent < 40
        if answer:
            assert b" 413 " in answer
    server.get("/Things")


def test_methods(server: Server, world: World) -> None:
    head = server.client.head("/Things")
    assert (head.status_code, head.content) == (200, b"")
    assert int(head.headers["content-length"]) == len(server.client.get("/Things").content)
    options = server.client.options(f"/Things({world.thing})")
    assert (options.status_code, options.headers["allow"]) == (204, "GET, HEAD, PATCH, PUT, DELETE, OPTIONS")
    assert server.client.post("/", json={}).status_code == 405
    assert server.client.get("/CreateObservations").status_code == 405
    assert server.client.post(f"/Things({world.thing})/name", json={}).status_code == 405
    assert server.client.request("TRACE", "/Things").status_code == 405
    assert server.client.post("/Things?$select=name", json=thing()).status_code == 400


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"", "application/json", 400),
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b"null", "application/json", 400),
        (b'{"name": "\xff"}', "application/json", 400),
        (b"name=x", "application/x-www-form-urlencoded", 415),
        (b"[]", "application/json-patch+json", 415),
        (b'{"name": "a", "description": "b", "nothing": 1}', "application/json", 400),
        (b'{"name": 5, "description": "b"}', "application/json", 400),
        (b'{"name": "a", "description": "b", "properties": ' + b'{"a":' * 300 + b"1" + b"}" * 301, None, 400),
        (b'{"name": "a", "description": "b", "Locations": [{"@iot.id": 987654}]}', None, None),
        (b'{"name": "a", "description": "b", "Locations": {"@iot.id": 1}}', None, 400),
        (b'{"name": "a", "description": "b", "Locations": [5]}', None, 400),
        (b'{"name": "a", "description": "b", "@iot.id": 99999999999999999999}', None, None),
    ],
)
def test_bodies_that_are_refused(
    server: Server, content: bytes, kind: str | None, status: int | None
) -> None:
    answer = server.client.post(
        "/Things", content=content, headers={"Content-Type": kind or "application/json"}
    )
    assert answer.status_code == status if status else 400 <= answer.status_code < 500
    assert answer.json()["detail"]


@pytest.mark.parametrize(
    "result",
    [0, -1.5, 1e300, True, None, "text", "", "3", [1, [2]], {"a": {"b": 1}}, 2**63 - 1, 2**63, 2**64, 10**30],
)
def test_results_come_back(server: Server, world: World, result: Any) -> None:
    id = server.create("/Observations", observation(result, Datastream=link(world.datastream)))
    found = server.get(f"/Observations({id})")["result"]
    assert found == (float(result) if type(result) is int and result >= 2**63 else result)
    assert type(found) is type(result) or type(result) is int
    part = {"Datastream": link(world.datastream), "components": ["phenomenonTime", "result"]}
    rows = [["2030-01-01T00:00:00Z", result], ["2030-01-01T00:00:01Z", 1]]
    made = server.post("/CreateObservations", [{**part, "dataArray": rows}]).json()
    assert server.client.get(made[0]).json()["result"] == found


def test_odd_observations_are_refused(server: Server, world: World) -> None:
    good = observation(1, Datastream=link(world.datastream))
    for change in (
        {"phenomenonTime": "yesterday"},
        {"phenomenonTime": 5},
        {"phenomenonTime": "2024-02-30T00:00:00Z"},
        {"phenomenonTime": "2024-01-02T00:00:00Z/2024-01-01T00:00:00Z"},
        {"resultTime": "2024-01-01"},
        {"validTime": "2024-01-01T00:00:00Z"},
        {"parameters": 5},
        {"Datastream": link(987654)},
        {"Datastream": {}},
        {"Datastream": 1},
        {"FeatureOfInterest": link(987654)},
        {"FeatureOfInterest": {"name": "x"}},
        {"@iot.id": -1},
        {"@iot.id": 2**63},
        {"@iot.id": True},
        {"nothing": 1},
        {"result": {"deep": json.loads("[" * 200 + "]" * 200)}},
    ):
        answer = server.client.post("/Observations", json={**good, **change})
        assert 400 <= answer.status_code < 500, (change, answer.text)
    del good["result"]
    assert server.client.post("/Observations", json=good).status_code == 400
    assert server.client.post("/Observations", json=observation(1)).status_code == 400


def test_csv_and_geojson(server: Server, world: World) -> None:
    answer = server.client.get(
        "/Observations",
        params={
            "$resultFormat": "CSV",
            "$top": "2",
            "$orderby": "id",
            "$select": "id,phenomenonTime,result",
            "$expand": "Datastream($select=name,unitOfMeasurement)",
        },
    )
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["result"] for row in rows] == ["0", "1"]
    assert rows[0]["Datastream/unitOfMeasurement/symbol"] == "°C"
    assert answer.links["next"]["url"].startswith(server.url)
    answer = server.client.get("/Things", params={"$resultFormat": "GeoJSON", "$expand": "Locations"})
    assert answer.headers["content-type"] == "application/geo+json"
    (first, *_) = answer.json()["features"]
    assert first["geometry"] == {"type": "Point", "coordinates": [128.93, 35.13]}
    assert first["properties"]["properties/owner"] == "city"
    one = server.client.get(f"/Locations({world.location})?$resultFormat=GeoJSON").json()
    assert (one["type"], one["geometry"]["type"]) == ("Feature", "Point")


def filled(path: Path, world: World) -> Any:
    """A body of the OGC's tests, with ids where it has places for them, as 18-088 names them."""
    text = path.read_text(encoding="utf-8")
    for name, id in (
        ("THING", world.thing),
        ("SENSOR", world.sensor),
        ("OBSERVEDPROPERTY", world.observed_property),
        ("OBSPROP", world.observed_property),
        ("DATASTREAM", world.datastream),
        ("FOI", world.feature),
    ):
        text = text.replace(f"${name}-ID", str(id)).replace(f"${name}_ID", str(id))
    return json.loads(text.replace('"id"', '"@iot.id"'))


def named(body: Any) -> Any:
    """With the names that version 1.1 demands and the draft did not have."""
    if isinstance(body, dict):
        body = {key: named(value) for key, value in body.items() if key != "unitOfMeasurement"} | {
            key: value for key, value in body.items() if key == "unitOfMeasurement"
        }
        if "description" in body:
            body.setdefault("name", body["description"][:20])
    elif isinstance(body, list):
        body = [named(value) for value in body]
    return body


def test_bodies_of_the_ogc_tests(server: Server, world: World, data: Path) -> None:
    """Without `name` they are of a draft and refused; with it those that are whole go in."""
    sets = {"thing": "Things", "sensors": "Sensors", "observedproperties": "ObservedProperties"}
    accepted = 0
    for folder, set_name in sets.items():
        for path in sorted((data / ETS / folder).glob("*.json")):
            body = filled(path, world)
            bare = server.client.post(f"/{set_name}", json=body)
            assert bare.status_code == (201 if "name" in body else 400), path
            answer = server.client.post(f"/{set_name}", json=named(body))
            whole = set_name != "Things" or complete(named(body))
            assert answer.status_code == (201 if whole else 400), (path, answer.text)
            accepted += answer.status_code == 201
    assert accepted > 10


def complete(body: dict[str, Any]) -> bool:
    return all({"Sensor", "ObservedProperty"} <= set(stream) for stream in body.get("Datastreams", []))


def test_observations_of_the_ogc_tests(server: Server, world: World, data: Path) -> None:
    folder = data / ETS / "observations"
    for path in sorted(folder.glob("*.json")):
        body = named(filled(path, world))
        if isinstance(body, list):
            continue
        body.setdefault("Datastream", link(world.datastream))
        answer = server.client.post("/Observations", json=body)
        assert answer.status_code == 201, (path, answer.text)
        found = server.client.get(answer.headers["location"]).json()
        assert found["result"] == body["result"]
        if "resultQuality" in body:
            given = found["resultQuality"]  # with flags of our own, if there are any
            assert body["resultQuality"] == (given["value"] if isinstance(given, dict) else given)
    malformed = filled(folder / "dataArray.json", world)
    assert server.client.post("/CreateObservations", json=malformed).json() == ["error", "error"]


def test_features_and_locations_of_the_ogc_tests(server: Server, world: World, data: Path) -> None:
    for path in sorted((data / ETS / "foi").glob("*.json")):
        answer = server.client.post("/FeaturesOfInterest", json=named(filled(path, world)))
        assert answer.status_code == (400 if path.name == "missingEncodingType.json" else 201), path
    for path in sorted((data / ETS / "locations").glob("*.json")):
        answer = server.client.post("/Locations", json=named(filled(path, world)))
        assert answer.status_code == (400 if path.name == "2.json" else 201), path  # "Thing" is no link


def test_the_sample_of_frost(server: Server, data: Path) -> None:
    body = json.loads((data / FROST).read_text(encoding="utf-8"))
    id = server.create("/Things", body)
    found = server.get(f"/Things({id})", expand="Datastreams($expand=Observations),Locations")
    assert [s["name"] for s in found["Datastreams"]] == [s["name"] for s in body["Datastreams"]]
    for mine, theirs in zip(found["Datastreams"], body["Datastreams"], strict=True):
        assert [o["result"] for o in mine["Observations"]] == [o["result"] for o in theirs["Observations"]]


def test_deep_inserts_of_observations_go_the_same_way(server: Server) -> None:
    stream = whole_datastream(Observations=[observation(n, f"2024-05-01T{n:02}:00:00Z") for n in range(3)])
    id = server.create("/Things", thing(Locations=[location()], Datastreams=[stream]))
    found = server.get(f"/Things({id})/Datastreams", expand="Observations($count=true)")["value"][0]
    assert found["Observations@iot.count"] == 3
    assert found["phenomenonTime"] == "2024-05-01T00:00:00Z/2024-05-01T02:00:00Z"
