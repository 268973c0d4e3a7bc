"""Conformance with OGC 18-088 (SensorThings 1.1), by requirement: batches, MultiDatastreams, data arrays."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.requirements import requirement
from tests.integration.sensorthings_samples import (
    World,
    link,
    location,
    make_world,
    multi_datastream,
    observation,
    observed_property,
    sensor,
    thing,
)
from tests.integration.sensorthings_server import Server, served


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with served(tmp_path_factory.mktemp("sta") / "x.twin") as running:
        yield running


@pytest.fixture(scope="module")
def world(server: Server) -> World:
    return make_world(server)


def multipart(server: Server, text: str) -> str:
    """Send a batch, its lines ended as HTTP wants them."""
    answer = server.client.post(
        "/$batch",
        content=text.strip().replace("\n", "\r\n").encode(),
        headers={"Content-Type": "multipart/mixed;boundary=b1"},
    )
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("multipart/mixed;boundary=")
    return answer.text


def statuses(text: str) -> list[int]:
    return [int(code) for code in re.findall(r"HTTP/1\.1 (\d+)", text)]


class TestBatch:
    """A.5."""

    @requirement("batch-request/batch-request")
    def test_multipart(self, server: Server, world: World) -> None:
        text = multipart(
            server,
            f"""
--b1
Content-Type: application/http

GET Things({world.thing})?$select=name HTTP/1.1

--b1
Content-Type: multipart/mixed;boundary=c1

--c1
Content-Type: application/http
Content-ID: 1

POST Things HTTP/1.1
Content-Type: application/json

{{"name": "batched", "description": "x"}}
--c1
Content-Type: application/http
Content-ID: 2

POST $1/Locations HTTP/1.1
Content-Type: application/json

{{"name": "of 1", "description": "x", "encodingType": "application/geo+json",
  "location": {{"type": "Point", "coordinates": [1, 2]}}}}
--c1--
--b1
Content-Type: application/http

GET Nothing HTTP/1.1

--b1--
""",
        )
        assert statuses(text) == [200, 201, 201, 404]
        assert re.findall(r"Content-ID: (\d)", text) == ["1", "2"]
        assert '{"name":"Station"}' in text
        (made,) = server.get("/Things", filter="name eq 'batched'", expand="Locations")["value"]
        assert [place["name"] for place in made["Locations"]] == ["of 1"]

    @requirement("batch-request/batch-request")
    def test_a_change_set_is_whole_or_nothing(self, server: Server, world: World) -> None:
        text = multipart(
            server,
            """
--b1
Content-Type: multipart/mixed;boundary=c1

--c1
Content-Type: application/http

POST Things HTTP/1.1
Content-Type: application/json

{"name": "half done", "description": "x"}
--c1
Content-Type: application/http

POST Things HTTP/1.1
Content-Type: application/json

{"name": "no description"}
--c1--
--b1--
""",
        )
        assert statuses(text) == [400]
        assert server.get("/Things", filter="name eq 'half done'")["value"] == []

    @requirement("batch-request/batch-request")
    def test_json(self, server: Server, world: World) -> None:
        requests: list[dict[str, Any]] = [
            {"id": "t", "atomicityGroup": "g", "method": "post", "url": "Things", "body": thing("json")},
            {
                "id": "l",
                "atomicityGroup": "g",
                "method": "post",
                "url": "Locations",
                "body": location("json", Things=[{"@iot.id": "$t"}]),
            },
            {"id": "read", "method": "get", "url": "$t/Locations?$select=name"},
            {"id": "bad", "method": "post", "url": "Things", "body": {}},
            {"id": "after", "method": "get", "url": "Things", "dependsOn": ["bad"]},
            {"id": "gone", "method": "delete", "url": "/sta/v1.1/Things(987654)"},
            {"id": "far", "method": "get", "url": "https://twin.example/sta/v1.1/Things?$top=1"},
        ]
        answer = server.client.post("/$batch", json={"requests": requests})
        found = {entry["id"]: entry for entry in answer.json()["responses"]}
        assert [entry["status"] for entry in found.values()] == [201, 201, 200, 400, 424, 404, 200]
        assert found["read"]["body"]["value"] == [{"name": "json"}]
        assert found["t"]["headers"]["location"].startswith(f"{server.url}/Things(")

    def test_what_is_no_batch(self, server: Server) -> None:
        for kind, body, status in (
            ("multipart/mixed", b"", 400),
            ("multipart/mixed;boundary=b1", b"nothing", 400),
            ("application/json", b"[]", 400),
            ("application/json", b'{"requests": [1]}', 400),
            ("text/plain", b"", 415),
        ):
            answer = server.client.post("/$batch", content=body, headers={"Content-Type": kind})
            assert answer.status_code == status


@pytest.fixture(scope="module")
def multi(server: Server, world: World) -> int:
    second = server.create("/ObservedProperties", observed_property("Humidity"))
    body = multi_datastream(
        Thing=link(world.thing),
        Sensor=link(world.sensor),
        ObservedProperties=[link(second), link(world.observed_property)],
    )
    return server.create("/MultiDatastreams", body)


class TestMultiDatastream:
    """A.6."""

    @requirement("multi-datastream/properties")
    def test_properties(self, server: Server, multi: int) -> None:
        found = server.get(f"/MultiDatastreams({multi})")
        sent = multi_datastream()
        assert {name: found[name] for name in sent} == sent
        assert server.get(f"/Datastreams({multi})", status=404)

    @requirement("multi-datastream/relations")
    def test_relations(self, server: Server, world: World, multi: int) -> None:
        own = f"/MultiDatastreams({multi})"
        assert server.get(f"{own}/Thing")["@iot.id"] == world.thing
        assert server.get(f"{own}/Sensor")["@iot.id"] == world.sensor
        names = [p["name"] for p in server.get(f"{own}/ObservedProperties")["value"]]
        assert names == ["Humidity", "Temperature"]  # in the order of the results
        for path in (f"/Things({world.thing})", f"/Sensors({world.sensor})"):
            assert [m["@iot.id"] for m in server.get(f"{path}/MultiDatastreams")["value"]] == [multi]

    @requirement("multi-datastream/constraints")
    def test_constraints(self, server: Server, world: World, multi: int) -> None:
        id = server.create(f"/MultiDatastreams({multi})/Observations", observation([55, 21.5]))
        found = server.get(f"/Observations({id})", expand="MultiDatastream")
        assert found["result"] == [55, 21.5]
        assert found["MultiDatastream"]["@iot.id"] == multi
        server.get(f"/Observations({id})/Datastream", status=404)
        for entity in [server.get(f"/Observations({id})"), *server.get("/Observations")["value"]]:
            links = [url for name, url in entity.items() if name.endswith("navigationLink")]
            assert len(links) == 2  # its datastream of either kind, its feature
            assert [server.client.get(url).status_code for url in links] == [200, 200]
        for result in ([1], [1, 2, 3], 5, "a"):
            body = observation(result, MultiDatastream=link(multi))
            assert server.client.post("/Observations", json=body).status_code == 400, result
        both = observation([1, 2], MultiDatastream=link(multi), Datastream=link(world.datastream))
        assert server.client.post("/Observations", json=both).status_code == 400
        wrong = observation([1, 2], Datastream=link(multi))
        assert server.client.post("/Observations", json=wrong).status_code in (400, 404)
        uneven = multi_datastream(
            Thing=link(world.thing), Sensor=sensor(), ObservedProperties=[link(world.observed_property)]
        )
        assert server.client.post("/MultiDatastreams", json=uneven).status_code == 400


class TestDataArray:
    """A.7."""

    @requirement("data-array/data-array")
    def test_read(self, server: Server, world: World) -> None:
        page = server.get("/Observations", resultFormat="dataArray", count="true", top="3", orderby="id")
        assert page["@iot.count"] >= 10
        assert "@iot.nextLink" in page
        (table,) = page["value"]
        names = table["components"]
        assert set(names) == {
            "id",
            "phenomenonTime",
            "result",
            "resultTime",
            "resultQuality",
            "validTime",
            "parameters",
        }
        assert table["Datastream@iot.navigationLink"] == f"{server.url}/Datastreams({world.datastream})"
        assert table["dataArray@iot.count"] == 3
        assert [row[names.index("result")] for row in table["dataArray"]] == [0, 1, 2]
        more = server.client.get(page["@iot.nextLink"]).json()["value"][0]["dataArray"]
        assert [row[names.index("result")] for row in more] == [3, 4, 5]

    @requirement("data-array/data-array")
    def test_read_some_components(self, server: Server, world: World) -> None:
        stream = f"/Datastreams({world.datastream})/Observations"
        page = server.get(stream, resultFormat="dataArray", select="result,phenomenonTime", top="1")
        assert page["value"][0]["components"] == ["phenomenonTime", "result"]
        whole = server.get("/Observations", resultFormat="dataArray", top="1", orderby="id")["value"]
        for path in (stream, f"/Things({world.thing}){stream}", f"/Sensors({world.sensor}){stream}"):
            assert server.get(path, resultFormat="dataArray", top="1", orderby="id")["value"] == whole
        server.get("/Things", resultFormat="dataArray", status=400)

    @requirement("data-array/data-array")
    def test_create(self, server: Server, world: World) -> None:
        parts = [
            {
                "Datastream": link(world.datastream),
                "components": ["phenomenonTime", "result", "FeatureOfInterest/id"],
                "dataArray@iot.count": 3,
                "dataArray": [
                    ["2010-12-23T10:20:00-0700", 20, world.feature],
                    ["2010-12-23T10:21:00-0700", 30, "no id at all"],
                    ["2010-12-23T10:22:00-0700", 40, 987654321],
                ],
            },
            {
                "Datastream": link(world.datastream),
                "components": ["phenomenonTime", "result", "resultTime", "parameters"],
                "dataArray": [
                    ["2010-12-24T10:20:00.000Z", 65, "2010-12-24T10:20:01Z", None],
                    ["2010-12-24T10:21:00.000Z/2010-12-24T10:22:00.000Z", 60, None, {"n": 1}],
                ],
            },
            {
                "Datastream": link(987654321),
                "components": ["phenomenonTime", "result"],
                "dataArray": [["2010-12-24T10:20:00Z", 65]],
            },
        ]
        made = server.post("/CreateObservations", parts).json()
        assert [text == "error" for text in made] == [False, True, True, False, False, True]
        first, last = (server.client.get(made[n]).json() for n in (0, 4))
        assert (first["phenomenonTime"], first["result"]) == ("2010-12-23T17:20:00Z", 20)
        assert last["phenomenonTime"] == "2010-12-24T10:21:00Z/2010-12-24T10:22:00Z"
        assert (last["resultTime"], last["parameters"]) == (None, {"n": 1})
        for url in made:
            if url != "error":
                assert server.client.delete(url).status_code == 200

    @requirement("data-array/data-array")
    def test_create_with_ids_again(self, server: Server, world: World) -> None:
        part = {
            "Datastream": link(world.datastream),
            "components": ["id", "phenomenonTime", "result"],
            "dataArray": [[5_000_000, "2011-01-01T00:00:00Z", 1], [5_000_001, "2011-01-01T01:00:00Z", 2]],
        }
        expected = [f"{server.url}/Observations({n})" for n in (5_000_000, 5_000_001)]
        for _ in range(2):
            assert server.post("/CreateObservations", [part]).json() == expected
        assert len(server.get("/Observations", filter="id ge 5000000 and id lt 5000002")["value"]) == 2

    def test_nothing_to_create(self, server: Server, world: World) -> None:
        assert server.post("/CreateObservations", []).json() == []
        part = {"Datastream": link(world.datastream), "components": ["result"], "dataArray": []}
        assert server.post("/CreateObservations", [part]).json() == []

    def test_what_is_no_data_array(self, server: Server, world: World) -> None:
        good = {
            "Datastream": link(world.datastream),
            "components": ["phenomenonTime", "result"],
            "dataArray": [["2010-12-24T10:20:00Z", 65]],
        }
        for change in (
            {"Datastream": None},
            {"components": ["result", "result"]},
            {"components": ["phenomenonTime"]},
            {"components": ["result", "nothing"]},
            {"components": "result"},
            {"dataArray": 5},
            {"dataArray@iot.count": 2},
        ):
            answer = server.client.post("/CreateObservations", json=[{**good, **change}])
            assert answer.status_code == 400, change
        ragged = {**good, "dataArray": [["2010-12-24T10:20:00Z"], 5, [None, 1]]}
        made = server.post("/CreateObservations", [ragged]).json()
        assert made[:2] == ["error", "error"]
