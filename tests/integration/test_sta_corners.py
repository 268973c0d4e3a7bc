"""Corners of SensorThings that test suites of others look into, and that the requirements hardly name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.requirements import requirement
from tests.integration.sensorthings_samples import (
    World,
    datastream,
    feature,
    link,
    location,
    make_world,
    multi_datastream,
    observation,
    observed_property,
    sensor,
    thing,
    whole_datastream,
)
from tests.integration.sensorthings_server import Server, served


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with served(tmp_path_factory.mktemp("corners") / "x.twin") as running:
        yield running


@pytest.fixture(scope="module")
def world(server: Server) -> World:
    return make_world(server)


def test_the_root_names_classes_and_requirements(server: Server) -> None:
    found = set(server.get("/")["serverSettings"]["conformance"])
    base = "http://www.opengis.net/spec/iot_sensing/1.1/req/"
    assert {base + "datamodel", base + "request-data", base + "multi-datastream"} <= found
    assert base + "multi-datastream/constraints" in found
    assert base + "create-update-delete" not in found  # JSON Patch is not offered


@requirement("create-update-delete/update-entity", "create-update-delete/update-entity-put")
@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_an_update_with_an_entity_inline_is_a_bad_request(server: Server, world: World, method: str) -> None:
    bodies: dict[str, dict[str, Any]] = {
        f"/Things({world.thing})": thing(Locations=[location()]),
        f"/Datastreams({world.datastream})": whole_datastream(Thing=link(world.thing)),
        f"/Sensors({world.sensor})": {**sensor(), "Datastreams": [{"name": "x"}]},
    }
    before = server.get("/Things", count="true", top="0"), server.get("/Sensors", count="true", top="0")
    for path, body in bodies.items():
        assert server.client.request(method, path, json=body).status_code == 400, path
    assert before == (
        server.get("/Things", count="true", top="0"),
        server.get("/Sensors", count="true", top="0"),
    )


@pytest.fixture(scope="module")
def multi(server: Server, world: World) -> int:
    links: dict[str, Any] = {"Thing": link(world.thing), "Sensor": link(world.sensor)}
    kinds = [observed_property("Humidity"), link(world.observed_property)]
    return server.create("/MultiDatastreams", multi_datastream(**links, ObservedProperties=kinds))


@requirement("multi-datastream/constraints")
def test_an_update_keeps_the_results_of_a_multidatastream_whole(
    server: Server, world: World, multi: int
) -> None:
    single = world.observations[0]
    answer = server.client.patch(f"/Observations({single})", json={"MultiDatastream": link(multi)})
    assert answer.status_code == 400 and "array of 2 values" in answer.json()["detail"]
    assert server.get(f"/Observations({single})/Datastream")["@iot.id"] == world.datastream
    pair = server.create(f"/MultiDatastreams({multi})/Observations", observation([1, 2]))
    for result in (5, [5], [5, 6, 7]):
        assert server.client.patch(f"/Observations({pair})", json={"result": result}).status_code == 400
    assert server.client.patch(f"/Observations({pair})", json={"result": [5, 6]}).status_code == 200
    assert server.get(f"/Observations({pair})")["result"] == [5, 6]


def test_places_in_arrays_by_brackets(server: Server, world: World) -> None:
    properties = {"list": [8, 9, [10, 11]], "objects": [{"name": "a"}, {"name": "b"}]}
    id = server.create("/Things", thing("Arrays", properties=properties))
    own = f"/Things({id})/properties"
    assert server.get(f"{own}/list[1]") == {"list[1]": 9}
    assert server.get(f"{own}/list[2][0]") == {"list[2][0]": 10}
    assert server.get(f"{own}/objects[1]/name") == {"name": "b"}
    assert server.get(f"{own}/list/1") == {"1": 9}
    assert server.client.get(f"{own}/list[2][1]/$value").text == "11"
    for wrong in ("list[9]", "list[x]", "list[", "objects[0][0]", "nothing[0]"):
        server.get(f"{own}/{wrong}", status=404)
    for text in (
        "properties/list[1] eq 9",
        "properties/list[2][1] gt 10",
        "properties/objects[0]/name eq 'a'",
    ):
        assert [t["@iot.id"] for t in server.get("/Things", filter=text)["value"]] == [id], text
    server.get("/Things", filter="properties/list[x] eq 9", status=400)


def test_the_id_as_a_property_has_the_name_it_was_asked_by(server: Server, world: World) -> None:
    assert server.get(f"/Things({world.thing})/@iot.id") == {"@iot.id": world.thing}
    assert server.get(f"/Things({world.thing})/id") == {"id": world.thing}


def test_a_quality_of_any_kind_can_be_asked_for(server: Server, world: World) -> None:
    stream = server.create("/Datastreams", whole_datastream("Quality", Thing=link(world.thing)))
    qualities = ["good", 5, {"code": 2}, [{"code": 3}]]
    for k, quality in enumerate(qualities):
        body = observation(k, f"2024-06-01T0{k}:00:00Z", resultQuality=quality)
        server.create(f"/Datastreams({stream})/Observations", body)
    for k, text in enumerate(["eq 'good'", "gt 4", "/code eq 2", "[0]/code eq 3"]):
        text = f"resultQuality{text}" if text[0] in "/[" else f"resultQuality {text}"
        found = server.get(f"/Datastreams({stream})/Observations", filter=text)["value"]
        assert [entity["result"] for entity in found] == [k], text
    every = server.get(f"/Datastreams({stream})/Observations", filter="resultQuality ne null")["value"]
    assert len(every) == 4


@requirement("datamodel/observation/relations", "create-update-delete/deep-insert")
def test_an_observation_has_a_feature_of_interest_or_is_refused(server: Server, world: World) -> None:
    """One made from the Thing's Location if none is named; a Thing without one cannot be observed so."""
    links = {"Sensor": link(world.sensor), "ObservedProperty": link(world.observed_property)}
    nowhere = server.create("/Things", thing("Nowhere", Datastreams=[datastream(**links)]))
    (stream,) = server.get(f"/Things({nowhere})/Datastreams")["value"]
    own = f"/Datastreams({stream['@iot.id']})/Observations"
    body = observation(1, Datastream=link(stream["@iot.id"]))
    for path, sent in (("/Observations", body), (own, observation(1)), (own, observation([{"a": 1}]))):
        assert "Location" in server.post(path, sent, status=400).json()["detail"]
    deep = thing("Deep", Datastreams=[datastream(**links, Observations=[observation(1)])])
    server.post("/Things", deep, status=400)
    table = {
        "Datastream": link(stream["@iot.id"]),
        "components": ["result", "FeatureOfInterest/id"],
        "dataArray": [[1, None], [2, world.feature]],
    }
    assert server.post("/CreateObservations", [table]).json()[0] == "error"
    assert [o["result"] for o in server.get(own)["value"]] == [2]
    server.post(own, observation(3, FeatureOfInterest=link(world.feature)))
    server.post(own, observation(4, FeatureOfInterest=feature("Its own")))
    server.create(f"/Things({nowhere})/Locations", location("Somewhere"))
    made = server.create(own, observation(5))
    assert server.get(f"/Observations({made})/FeatureOfInterest")["name"] == "Somewhere"
    server.post("/Things", {**deep, "Locations": [location()]})


HOUR = "2016-01-01T07:00:00Z/2016-01-01T08:00:00Z"
SPANS = {
    "before": "2016-01-01T06:00:00Z/2016-01-01T06:59:00Z",
    "up to": "2016-01-01T06:00:00Z/2016-01-01T07:00:00Z",
    "into": "2016-01-01T06:59:00Z/2016-01-01T07:30:00Z",
    "same": HOUR,
    "first half": "2016-01-01T07:00:00Z/2016-01-01T07:30:00Z",
    "within": "2016-01-01T07:01:00Z/2016-01-01T07:59:00Z",
    "second half": "2016-01-01T07:30:00Z/2016-01-01T08:00:00Z",
    "around": "2016-01-01T06:59:00Z/2016-01-01T08:01:00Z",
    "out of": "2016-01-01T07:59:00Z/2016-01-01T09:00:00Z",
    "from": "2016-01-01T08:00:00Z/2016-01-01T09:00:00Z",
    "start": "2016-01-01T07:00:00Z",
    "middle": "2016-01-01T07:30:00Z",
    "end": "2016-01-01T08:00:00Z",
}


@pytest.fixture(scope="module")
def spans(server: Server, world: World) -> int:
    stream = server.create("/Datastreams", whole_datastream("Spans", Thing=link(world.thing)))
    for name, time in SPANS.items():
        server.create(f"/Datastreams({stream})/Observations", observation(name, time))
    return stream


@pytest.mark.parametrize(
    ("operator", "turned", "time", "expected"),
    [
        ("lt", "gt", HOUR, {"before", "up to"}),
        ("gt", "lt", HOUR, {"from", "end"}),
        ("le", "ge", HOUR, {"before", "up to", "into", "same", "first half", "start"}),
        ("ge", "le", HOUR, {"same", "second half", "out of", "from", "end"}),
        ("eq", "eq", HOUR, {"same"}),
        ("le", "ge", SPANS["start"], {"before", "up to", "start"}),
        ("lt", "gt", SPANS["start"], {"before", "up to"}),
        ("ge", "le", SPANS["end"], {"from", "end"}),
        ("gt", "lt", SPANS["end"], set()),
    ],
)
def test_intervals_are_compared_by_both_ends(
    server: Server, spans: int, operator: str, turned: str, time: str, expected: set[str]
) -> None:
    """The order of the reference implementation's tests: no interval is both `le` and `ge` another one."""
    for text in (f"phenomenonTime {operator} {time}", f"{time} {turned} phenomenonTime"):
        found = server.get(f"/Datastreams({spans})/Observations", filter=text)["value"]
        assert {entity["result"] for entity in found} == expected, text
