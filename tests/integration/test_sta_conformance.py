"""Conformance with OGC 18-088 (SensorThings 1.1), by requirement: entities, paths, and changing them."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from api.sensorthings.root import HTTP_REQUIREMENTS
from tests.integration.requirements import requirement
from tests.integration.sensorthings_samples import (
    World,
    datastream,
    feature,
    link,
    location,
    make_world,
    observation,
    observed_property,
    sensor,
    thing,
    whole_datastream,
)
from tests.integration.sensorthings_server import Server, served

SETS = {
    "Things": ({"name", "description", "properties"}, {"Locations", "HistoricalLocations", "Datastreams"}),
    "Locations": ({"name", "description", "encodingType", "location"}, {"Things", "HistoricalLocations"}),
    "HistoricalLocations": ({"time"}, {"Thing", "Locations"}),
    "Datastreams": (
        {
            "name",
            "description",
            "unitOfMeasurement",
            "observationType",
            "observedArea",
            "phenomenonTime",
        },
        {"Thing", "Sensor", "ObservedProperty", "Observations"},
    ),
    "Sensors": ({"name", "description", "encodingType", "metadata", "properties"}, {"Datastreams"}),
    "ObservedProperties": ({"name", "definition", "description"}, {"Datastreams"}),
    "Observations": ({"phenomenonTime", "result", "resultTime"}, {"Datastream", "FeatureOfInterest"}),
    "FeaturesOfInterest": ({"name", "description", "encodingType", "feature"}, {"Observations"}),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with served(tmp_path_factory.mktemp("sta") / "x.twin") as running:
        yield running


@pytest.fixture(scope="module")
def world(server: Server) -> World:
    return make_world(server)


class TestEntities:
    """A.1: the data model."""

    @requirement("datamodel/entity-control-information/common-control-information")
    @pytest.mark.parametrize("name", SETS)
    def test_control_information(self, server: Server, world: World, name: str) -> None:
        for entity in server.get(f"/{name}")["value"]:
            assert isinstance(entity["@iot.id"], int)
            assert entity["@iot.selfLink"] == f"{server.url}/{name}({entity['@iot.id']})"
            for relation in SETS[name][1]:
                assert entity[f"{relation}@iot.navigationLink"] == f"{entity['@iot.selfLink']}/{relation}"
            assert server.client.get(entity["@iot.selfLink"]).json() == entity

    @requirement(
        "datamodel/thing/properties",
        "datamodel/location/properties",
        "datamodel/historical-location/properties",
        "datamodel/datastream/properties",
        "datamodel/sensor/properties",
        "datamodel/observed-property/properties",
        "datamodel/observation/properties",
        "datamodel/feature-of-interest/properties",
    )
    @pytest.mark.parametrize("name", SETS)
    def test_properties(self, server: Server, world: World, name: str) -> None:
        entity = server.get(f"/{name}")["value"][0]
        own = {key for key in entity if "@" not in key}
        assert own >= SETS[name][0]
        assert own <= SETS[name][0] | {"properties", "resultTime"}

    @requirement(
        "datamodel/thing/relations",
        "datamodel/location/relations",
        "datamodel/historical-location/relations",
        "datamodel/datastream/relations",
        "datamodel/sensor/relations",
        "datamodel/observed-property/relations",
        "datamodel/observation/relations",
        "datamodel/feature-of-interest/relations",
    )
    @pytest.mark.parametrize("name", SETS)
    def test_relations(self, server: Server, world: World, name: str) -> None:
        entity = server.get(f"/{name}")["value"][0]
        for relation in SETS[name][1]:
            found = server.client.get(entity[f"{relation}@iot.navigationLink"])
            assert found.status_code == 200
            ends = found.json()["value"] if relation.endswith("s") else [found.json()]
            assert ends and all("@iot.id" in end for end in ends)

    def test_what_must_be_there(self, server: Server) -> None:
        for path, body, needed in (
            ("/Things", thing(), ("name", "description")),
            ("/Locations", location(), ("name", "description", "encodingType", "location")),
            ("/Sensors", sensor(), ("name", "description", "encodingType", "metadata")),
            ("/ObservedProperties", observed_property(), ("name", "description", "definition")),
            ("/FeaturesOfInterest", feature(), ("name", "description", "encodingType", "feature")),
            ("/Datastreams", whole_datastream(Thing=thing()), ("name", "Thing", "Sensor", "observationType")),
        ):
            for name in needed:
                answer = server.client.post(path, json={k: v for k, v in body.items() if k != name})
                assert answer.status_code == 400, (path, name)
                assert name in answer.json()["detail"]

    def test_a_null_result_time_is_shown(self, server: Server, world: World) -> None:
        entity = server.get(f"/Observations({world.observations[0]})")
        assert entity["resultTime"] is None
        assert entity["phenomenonTime"] == "2024-05-01T00:00:00Z"


class TestPaths:
    """A.2: resource paths."""

    @requirement("resource-path/resource-path-to-entities")
    def test_root(self, server: Server) -> None:
        root = server.get("/")
        assert httpx.get(server.url).json() == root
        named = {entry["name"]: entry["url"] for entry in root["value"]}
        assert named == {name: f"{server.url}/{name}" for name in [*SETS, "MultiDatastreams"]}
        assert set(root["serverSettings"]["conformance"]) >= set(HTTP_REQUIREMENTS)

    @requirement("resource-path/resource-path-to-entities")
    def test_every_form(self, server: Server, world: World) -> None:
        station = f"/Things({world.thing})"
        assert server.get(f"{station}/name") == {"name": "Station"}
        assert server.client.get(f"{station}/name/$value").text == "Station"
        assert server.get(f"{station}/properties") == {"properties": {"owner": "city"}}
        assert server.get(f"{station}/properties/owner") == {"owner": "city"}
        assert server.client.get(f"{station}/properties/owner/$value").text == "city"
        streams = server.get(f"{station}/Datastreams")["value"]
        assert [s["@iot.id"] for s in streams] == [world.datastream]
        assert server.get(f"{station}/Datastreams/$ref")["value"] == [
            {"@iot.selfLink": f"{server.url}/Datastreams({world.datastream})"}
        ]
        stream = f"{station}/Datastreams({world.datastream})"
        assert server.get(f"{stream}/unitOfMeasurement/symbol") == {"symbol": "°C"}
        one = f"{stream}/Observations({world.observations[3]})"
        assert server.get(f"{one}/result/")["result"] == 3
        assert server.client.get(f"{one}/result/$value").text == "3"
        assert server.get(f"{one}/FeatureOfInterest/name") == {"name": "Air"}
        assert server.get(f"{one}/Datastream/Thing/Locations")["value"][0]["name"] == "Roof"
        assert server.client.get(f"{one}/resultTime").status_code == 204

    @pytest.mark.parametrize(
        "path",
        [
            "/Nothing",
            "/Things(9223372036854775807)",
            "/Things(9223372036854775808)",
            "/Things(0)",
            "/Things('x')",
            "/Things(1)/Nothing",
            "/Things(1)/properties/nothing",
            "/Things(1)/Datastreams(9223372036854775807)",
            "/things",
        ],
    )
    def test_nothing_there(self, server: Server, world: World, path: str) -> None:
        assert server.get(path, status=404)["status"] == 404


class TestChanging:
    """A.4: creating, updating and deleting."""

    @requirement("create-update-delete/create-entity")
    def test_create(self, server: Server, world: World) -> None:
        answer = server.post("/Things", thing("Fountain"))
        location_ = answer.headers["location"]
        assert location_.startswith(f"{server.url}/Things(")
        assert server.client.get(location_).json() == answer.json()
        assert answer.json()["name"] == "Fountain"
        server.create("/Things", thing("Fountain"))  # names need not be unique

    @requirement("create-update-delete/link-to-existing-entities")
    def test_create_with_links(self, server: Server, world: World) -> None:
        id = server.create(
            "/Datastreams",
            datastream(
                Thing=link(world.thing),
                Sensor=link(world.sensor),
                ObservedProperty=link(world.observed_property),
            ),
        )
        assert server.get(f"/Datastreams({id})/Thing")["@iot.id"] == world.thing
        assert server.get(f"/Datastreams({id})/Sensor")["@iot.id"] == world.sensor
        missing = datastream(Thing=link(10**9), Sensor=link(1), ObservedProperty=link(1))
        assert server.client.post("/Datastreams", json=missing).status_code in (400, 404)

    @requirement("create-update-delete/create-entity", "create-update-delete/deep-insert")
    def test_create_below_a_link(self, server: Server, world: World) -> None:
        id = server.create(f"/Things({world.thing})/Datastreams", whole_datastream("Below"))
        assert server.get(f"/Datastreams({id})/Thing")["@iot.id"] == world.thing
        made = server.create(f"/Datastreams({id})/Observations", observation(1))
        assert server.get(f"/Observations({made})/Datastream")["@iot.id"] == id

    @requirement("create-update-delete/deep-insert", "create-update-delete/deep-insert-status-code")
    def test_deep_insert(self, server: Server) -> None:
        stream = whole_datastream("Deep", Observations=[observation(1), observation(2)])
        id = server.create("/Things", thing("Deep", Locations=[location("Deep")], Datastreams=[stream]))
        found = server.get(f"/Things({id})", expand="Locations,Datastreams($expand=Observations,Sensor)")
        assert [place["name"] for place in found["Locations"]] == ["Deep"]
        assert {o["result"] for o in found["Datastreams"][0]["Observations"]} == {1, 2}
        assert found["Datastreams"][0]["Sensor"]["name"] == "DHT22"

    @requirement("create-update-delete/deep-insert", "create-update-delete/deep-insert-status-code")
    def test_deep_insert_is_whole_or_nothing(self, server: Server) -> None:
        before = {name: server.get(f"/{name}", count="true", top="0")["@iot.count"] for name in SETS}
        broken = whole_datastream("Broken")
        del broken["Sensor"]["metadata"]
        body = thing("Broken", Locations=[location()], Datastreams=[whole_datastream(), broken])
        assert server.client.post("/Things", json=body).status_code == 400
        after = {name: server.get(f"/{name}", count="true", top="0")["@iot.count"] for name in SETS}
        assert after == before

    @requirement("create-update-delete/create-entity")
    def test_feature_of_interest_comes_from_the_location(self, server: Server) -> None:
        body = thing("At", Locations=[location("At")], Datastreams=[whole_datastream("At")])
        id = server.create("/Things", body)
        (stream,) = server.get(f"/Things({id})/Datastreams")["value"]
        ids = [
            server.create("/Observations", observation(n, Datastream=link(stream["@iot.id"]))) for n in (1, 2)
        ]
        features = [server.get(f"/Observations({n})/FeatureOfInterest") for n in ids]
        assert features[0] == features[1]
        assert features[0]["feature"] == body["Locations"][0]["location"]

    @requirement("create-update-delete/update-entity")
    def test_patch(self, server: Server) -> None:
        id = server.create("/Things", thing("Old"))
        answer = server.client.patch(f"/Things({id})", json={"name": "New"})
        assert answer.status_code == 200
        found = server.get(f"/Things({id})")
        assert (found["name"], found["properties"]) == ("New", {"owner": "city"})
        assert server.client.patch("/Things(987654321)", json={"name": "New"}).status_code == 404
        assert server.client.patch(f"/Things({id})", json={"name": None}).status_code == 400

    @requirement("create-update-delete/update-entity-put")
    def test_put(self, server: Server) -> None:
        id = server.create("/Things", thing("Old"))
        answer = server.client.put(f"/Things({id})", json={"name": "New", "description": "changed"})
        assert answer.status_code == 200
        found = server.get(f"/Things({id})")
        assert (found["name"], found["description"]) == ("New", "changed")
        assert "properties" not in found

    @requirement("create-update-delete/delete-entity")
    def test_delete_takes_what_cannot_be_without_it(self, server: Server) -> None:
        mine = make_world(server)
        assert server.client.delete(f"/Things({mine.thing})").status_code == 200
        for path in (
            f"/Things({mine.thing})",
            f"/Datastreams({mine.datastream})",
            f"/Observations({mine.observations[0]})",
        ):
            server.get(path, status=404)
        server.get(f"/Locations({mine.location})")
        server.get(f"/Sensors({mine.sensor})")
        assert server.client.delete(f"/Sensors({mine.sensor})").status_code == 200
        assert server.client.delete(f"/Things({mine.thing})").status_code == 404

    @requirement("create-update-delete/historical-location-auto-creation")
    def test_historical_location_by_itself(self, server: Server) -> None:
        id = server.create("/Things", thing("Bus", Locations=[location("Depot")]))
        past = f"/Things({id})/HistoricalLocations"
        (first,) = server.get(past, expand="Locations")["value"]
        assert [place["name"] for place in first["Locations"]] == ["Depot"]
        server.create(f"/Things({id})/Locations", location("Stop"))
        assert len(server.get(past)["value"]) == 2
        assert [p["name"] for p in server.get(f"/Things({id})/Locations")["value"]] == ["Stop"]

    @requirement("create-update-delete/historical-location-manual-creation")
    def test_historical_location_by_hand(self, server: Server) -> None:
        depot = server.create("/Locations", location("Depot"))
        id = server.create("/Things", thing("Tram"))
        for time, expected in (("2001-01-01T00:00:00Z", "Depot"), ("1999-01-01T00:00:00Z", "Depot")):
            body = {"time": time, "Thing": link(id), "Locations": [link(depot)]}
            made = server.create("/HistoricalLocations", body)
            assert server.get(f"/HistoricalLocations({made})")["time"] == time
            found = server.get(f"/Things({id})/Locations")["value"]
            assert [place["name"] for place in found] == [expected]

    def test_links_by_reference(self, server: Server) -> None:
        """OData 4.0, 11.4.6; beyond 18-088."""
        a, b = server.create("/Locations", location("A")), server.create("/Locations", location("B"))
        id = server.create("/Things", thing("Moved", Locations=[link(a)]))
        links = f"/Things({id})/Locations"
        assert server.client.put(f"{links}({a})/$ref", json=link(b)).status_code == 405
        assert server.client.delete(f"{links}({a})/$ref").status_code == 200
        assert server.get(links)["value"] == []
        address = {"@iot.selfLink": f"{server.url}/Locations({b})"}
        assert server.client.post(f"{links}/$ref", json=address).status_code == 200
        assert [place["name"] for place in server.get(links)["value"]] == ["B"]
        stream = server.create(f"/Things({id})/Datastreams", whole_datastream())
        other = server.create("/Things", thing("Other"))
        assert server.client.put(f"/Datastreams({stream})/Thing/$ref", json=link(other)).status_code == 200
        assert server.get(f"/Datastreams({stream})/Thing")["@iot.id"] == other
        assert server.client.delete(f"/Datastreams({stream})/Thing/$ref").status_code == 400


def test_the_retry_of_an_observation_is_acknowledged_and_not_stored_twice(
    server: Server, world: World
) -> None:
    body = observation(20.5, Datastream=link(world.datastream), **link(7_000_000))
    assert server.client.post("/Observations", json=body).status_code == 201
    again = server.client.post("/Observations", json=body)
    assert again.status_code == 200
    assert again.headers["location"].endswith("/Observations(7000000)")
    other = {**body, "result": 21}
    assert server.client.post("/Observations", json=other).status_code == 409
    assert server.client.delete("/Observations(7000000)").status_code == 200
