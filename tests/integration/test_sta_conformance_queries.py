"""Conformance with OGC 18-088 (SensorThings 1.1), by requirement: A.3, asking for data."""

from __future__ import annotations

from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any
from urllib.parse import quote, urlsplit

import pytest

from tests.integration.requirements import requirement
from tests.integration.sensorthings_samples import (
    World,
    datastream,
    link,
    location,
    make_world,
    observation,
    thing,
)
from tests.integration.sensorthings_server import Server, served

DAY = "2024-05-01T"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with served(tmp_path_factory.mktemp("sta") / "x.twin") as running:
        yield running


@pytest.fixture(scope="module")
def world(server: Server) -> World:
    return make_world(server)


@pytest.fixture(scope="module")
def shapes(server: Server, world: World) -> dict[str, int]:
    """Locations: points 0 to 3 along the meridian 8°, an area around point 2, lines."""
    found = {
        f"point {n}": server.create(
            "/Locations", location(f"P{n}", {"type": "Point", "coordinates": [8, 51 + n]})
        )
        for n in range(4)
    }
    ring = [[7.5, 52.5], [8.5, 52.5], [8.5, 53.5], [7.5, 53.5], [7.5, 52.5]]
    for name, geometry in (
        ("area", {"type": "Polygon", "coordinates": [ring]}),
        ("short", {"type": "LineString", "coordinates": [[5, 52], [5, 53]]}),
        ("long", {"type": "LineString", "coordinates": [[4, 52], [8, 52]]}),
    ):
        found[name] = server.create("/Locations", location(name, geometry))
    return found


def results(server: Server, **options: str) -> list[Any]:
    """Results of the observations that are found, in the order of their ids."""
    options.setdefault("orderby", "id")
    return [entity["result"] for entity in server.get("/Observations", **options)["value"]]


def status_of_long_url(server: Server, path: str) -> int:
    """By a client that sends any length."""
    url = urlsplit(server.url)
    connection = HTTPConnection(url.netloc)
    connection.request("GET", url.path + path)
    status = connection.getresponse().status
    connection.close()
    return status


class TestOptions:
    @requirement("request-data/status-code")
    def test_status_codes(self, server: Server, world: World) -> None:
        server.get("/Things")
        server.get("/Things(987654)", status=404)
        server.get("/Things(987654)/Datastreams", status=404)
        for method in ("DELETE", "PUT", "PATCH"):
            answer = server.client.request(method, "/Things", json={})
            assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, POST")

    @requirement("request-data/query-status-code")
    @pytest.mark.parametrize(
        ("query", "status"),
        [
            ("$nonsense=1", 400),
            ("nonsense=1", 400),
            ("$top=-1", 400),
            ("$count=maybe", 400),
            ("$filter=result gt", 400),
            ("$filter=nothing eq 1", 400),
            ("$filter=nothing(result) eq 1", 400),
            ("$expand=Nothing", 400),
            ("$select=nothing", 400),
            ("$orderby=nothing", 400),
            ("$search=a", 501),
            ("$apply=aggregate(x)", 501),
            ("$resultFormat=xml", 501),
        ],
    )
    def test_bad_options(self, server: Server, world: World, query: str, status: int) -> None:
        answer = server.client.get(f"/Observations?{query}")
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["detail"]

    @requirement("request-data/order")
    def test_filter_then_count_then_order_then_skip_then_top(self, server: Server, world: World) -> None:
        page = server.get(
            "/Observations", filter="result ge 4", orderby="result desc", skip="1", top="2", count="true"
        )
        assert page["@iot.count"] == 6
        assert [entity["result"] for entity in page["value"]] == [8, 7]

    @requirement("request-data/expand")
    def test_expand(self, server: Server, world: World) -> None:
        found = server.get(
            f"/Things({world.thing})",
            expand="Datastreams($select=name;$expand=Observations($filter=result gt 2;"
            "$orderby=result desc;$top=2;$count=true;$select=result),ObservedProperty),Locations",
        )
        (stream,) = found["Datastreams"]
        assert set(stream) == {
            "name",
            "Observations",
            "Observations@iot.count",
            "Observations@iot.nextLink",
            "ObservedProperty",
        }
        assert stream["Observations@iot.count"] == 7
        assert stream["Observations"] == [{"result": 9}, {"result": 8}]
        assert found["Locations"][0]["@iot.id"] == world.location
        more = server.client.get(stream["Observations@iot.nextLink"]).json()
        assert more["value"] == [{"result": 7}, {"result": 6}]

    @requirement("request-data/expand")
    def test_expand_by_slash(self, server: Server, world: World) -> None:
        found = server.get("/Things", expand="Datastreams/Observations,Datastreams/Sensor")["value"][0]
        (stream,) = found["Datastreams"]
        assert len(stream["Observations"]) == 10
        assert stream["Sensor"]["@iot.id"] == world.sensor
        one = server.get(f"/Observations({world.observations[0]})", expand="Datastream/Thing/Locations")
        assert one["Datastream"]["Thing"]["Locations"][0]["@iot.id"] == world.location

    @requirement("request-data/select")
    def test_select(self, server: Server, world: World) -> None:
        found = server.get("/Things", select="id,name")["value"]
        assert found == [{"@iot.id": world.thing, "name": "Station"}]
        found = server.get(f"/Things({world.thing})", select="name,Datastreams")
        assert found == {
            "name": "Station",
            "Datastreams@iot.navigationLink": f"{server.url}/Things({world.thing})/Datastreams",
        }

    @requirement("request-data/orderby")
    def test_orderby(self, server: Server, world: World) -> None:
        assert results(server, orderby="result desc", top="3") == [9, 8, 7]
        assert results(server, orderby="phenomenonTime asc", top="3") == [0, 1, 2]
        assert results(server, orderby="Datastream/name,result mod 3 desc,id", top="4") == [2, 5, 8, 1]

    @requirement("request-data/top", "request-data/skip")
    def test_top_and_skip(self, server: Server, world: World) -> None:
        assert results(server, top="3") == [0, 1, 2]
        assert results(server, top="3", skip="8") == [8, 9]
        assert results(server, top="0") == []
        assert results(server, skip="9223372036854775807") == []

    @requirement("request-data/count")
    def test_count_ignores_paging(self, server: Server, world: World) -> None:
        assert server.get("/Observations", count="true", top="1", skip="3")["@iot.count"] == 10
        assert "@iot.count" not in server.get("/Observations", count="false")
        stream = f"/Datastreams({world.datastream})/Observations"
        assert server.get(stream, count="true", top="0")["@iot.count"] == 10

    @requirement("request-data/pagination")
    @pytest.mark.parametrize("order", ["id", "result desc", "phenomenonTime desc", "result mod 2,id desc"])
    def test_pages(self, server: Server, world: World, order: str) -> None:
        whole = results(server, orderby=order)
        page = server.get("/Observations", orderby=order, top="4", count="true")
        gathered = [entity["result"] for entity in page["value"]]
        links = 0
        while "@iot.nextLink" in page:
            assert page["@iot.nextLink"].startswith(f"{server.url}/Observations?")
            page = server.client.get(page["@iot.nextLink"]).json()
            assert page["@iot.count"] == 10
            gathered += [entity["result"] for entity in page["value"]]
            links += 1
        assert (gathered, links) == (whole, 2)


class TestFilter:
    @requirement("request-data/filter", "request-data/built-in-filter-operations")
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("result eq 3", [3]),
            ("result ne 3", [0, 1, 2, 4, 5, 6, 7, 8, 9]),
            ("result gt 7", [8, 9]),
            ("result ge 8", [8, 9]),
            ("result lt 2", [0, 1]),
            ("result le 1", [0, 1]),
            ("result gt '7'", [8, 9]),
            ("'10' gt result and result gt 8", [9]),
            ("result gt 2 and result lt 5", [3, 4]),
            ("result lt 1 or result gt 8", [0, 9]),
            ("result eq 1 or result eq 2 and result eq 3", [1]),
            ("(result eq 1 or result eq 2) and result eq 2", [2]),
            ("not (result gt 0)", [0]),
            ("result add 2 eq 5", [3]),
            ("result sub 2 eq 5", [7]),
            ("result mul 2 eq 6", [3]),
            ("result div 2 eq 2", [4]),
            ("result mod 5 eq 1", [1, 6]),
            ("1 add 2 mul 3 eq result", [7]),
            ("-result eq -4", [4]),
            ("Datastream/name eq 'Air temperature' and result eq 1", [1]),
            ("Datastream/unitOfMeasurement/symbol eq '°C' and result eq 1", [1]),
            ("Datastream/Thing/properties/owner eq 'city' and result eq 1", [1]),
            ("FeatureOfInterest/name eq 'nobody'", []),
            ("resultTime eq null and result eq 1", [1]),
        ],
    )
    def test_operators(self, server: Server, world: World, text: str, expected: list[int]) -> None:
        assert results(server, filter=text) == expected

    @requirement("request-data/built-in-query-functions")
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("substringof('tat', name)", True),
            ("substringof('TAT', name)", False),
            ("endswith(name,'ion')", True),
            ("startswith(name,'Sta')", True),
            ("length(name) eq 7", True),
            ("indexof(name,'t') eq 1", True),
            ("indexof(name,'q') eq -1", True),
            ("substring(name,4) eq 'ion'", True),
            ("substring(name,1,2) eq 'ta'", True),
            ("tolower(name) eq 'station'", True),
            ("toupper(name) eq 'STATION'", True),
            ("trim('  a ') eq 'a'", True),
            ("concat(concat(name,', '), description) eq 'Station, Station, a thing'", True),
            ("round(2.5) eq 3 and round(-2.4) eq -2", True),
            ("floor(2.7) eq 2 and ceiling(2.1) eq 3", True),
        ],
    )
    def test_functions_of_text_and_numbers(
        self, server: Server, world: World, text: str, expected: bool
    ) -> None:
        assert bool(server.get("/Things", filter=text)["value"]) is expected

    @requirement("request-data/built-in-query-functions")
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            (f"phenomenonTime gt {DAY}07:00:00Z", [8, 9]),
            (f"phenomenonTime ge {DAY}17:00:00+09:00 ", [8, 9]),
            (f"phenomenonTime le {DAY}00:00:00.000Z", [0]),
            (f"phenomenonTime eq {DAY}03:00:00Z", [3]),
            ("year(phenomenonTime) eq 2024 and result eq 1", [1]),
            ("month(phenomenonTime) eq 5 and day(phenomenonTime) eq 1 and result eq 1", [1]),
            ("hour(phenomenonTime) eq 4", [4]),
            ("minute(phenomenonTime) eq 0 and second(phenomenonTime) eq 0 and result eq 1", [1]),
            ("fractionalseconds(phenomenonTime) eq 0 and result eq 1", [1]),
            ("date(phenomenonTime) eq 2024-05-01 and result eq 1", [1]),
            ("date(phenomenonTime) eq date(2024-05-01T23:00:00Z) and result eq 1", [1]),
            ("time(phenomenonTime) gt 07:30:00", [8, 9]),
            ("totaloffsetminutes(phenomenonTime) eq 0 and result eq 1", [1]),
            ("phenomenonTime lt now() and result eq 1", [1]),
            ("phenomenonTime gt mindatetime() and phenomenonTime lt maxdatetime() and result eq 1", [1]),
            (f"phenomenonTime gt {DAY}09:30:00Z sub duration'PT1H'", [9]),
        ],
    )
    def test_functions_of_time(self, server: Server, world: World, text: str, expected: list[int]) -> None:
        assert results(server, filter=text) == expected

    @requirement("request-data/built-in-query-functions")
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("geo.distance(location, geography'POINT(8 54.1)') lt 0.2", ["P3"]),
            ("geo.length(location) eq 1", ["short"]),
            ("geo.length(location) gt 1", ["long"]),
            ("geo.intersects(location, geography'LINESTRING(7.8 50, 7.8 55)')", ["area", "long"]),
            ("st_within(location, geography'POLYGON((7 53.5,9 53.5,9 55,7 55,7 53.5))')", ["P3"]),
            ("st_contains(geography'POLYGON((7 53.5,9 53.5,9 55,7 55,7 53.5))', location)", ["P3"]),
            ("st_equals(location, geography'POINT(8 53)')", ["P2"]),
            ("st_disjoint(location, geography'POLYGON((3 50,9 50,9 53.7,3 53.7,3 50))')", ["P3", "Roof"]),
            ("st_intersects(location, geography'POINT(8 52)')", ["P1", "long"]),
            ("st_touches(geography'POLYGON((8 52,9 52,9 51.5,8 52))', location)", ["P1", "long"]),
            ("st_crosses(location, geography'LINESTRING(7.9 51.9,7.9 52.1)')", ["long"]),
            (
                "st_overlaps(location, geography'POLYGON((8 53,9 53,9 54,8 54,8 53))')",
                ["area"],
            ),
            ("st_relate(location, geography'POINT(8 51)', 'T*F**FFF*')", ["P0"]),
        ],
    )
    def test_functions_of_places(
        self, server: Server, shapes: dict[str, int], text: str, expected: list[str]
    ) -> None:
        found = server.get("/Locations", filter=text)["value"]
        assert sorted(place["name"] for place in found) == expected

    def test_functions_of_places_over_links(self, server: Server, world: World) -> None:
        near = "geo.distance({}, geography'POINT(128.93 35.14)') lt 0.1"
        assert server.get("/Things", filter=near.format("Locations/location"))["value"]
        assert len(results(server, filter=near.format("FeatureOfInterest/feature"))) == 10

    def test_a_filter_of_100_kilobytes_is_refused(self, server: Server, world: World) -> None:
        """By the service, or beyond 64 KiB by the HTTP server itself."""
        for n in (4_000, 8_000):
            for text in (
                " or ".join(["result gt 3"] * (n // 2)),
                "(" * n * 5 + "result" + ")" * n * 5,
                "result gt 3 and name eq '" + "x" * n * 10 + "'",
            ):
                status = status_of_long_url(server, f"/Observations?$filter={quote(text, safe='()')}")
                assert status in (400, 413)
        within = " or ".join(["result gt 8"] * 1000)
        assert results(server, filter=within) == [9]

    def test_a_deep_expand_is_refused(self, server: Server, world: World) -> None:
        for depth, status in ((2, 200), (3, 413), (3000, 413)):
            path = "/".join(["Datastreams", "Thing"] * depth)
            assert status_of_long_url(server, f"/Things?$expand={path}") == status


class TestIntervals:
    def test_an_interval_comes_back_as_it_was_sent(self, server: Server, world: World) -> None:
        stream = server.create(
            "/Datastreams",
            datastream(
                "Rain",
                Thing=thing("Gauge", Locations=[location()]),
                Sensor=link(world.sensor),
                ObservedProperty=link(world.observed_property),
            ),
        )
        span = "2024-06-01T00:00:00Z/2024-06-01T01:00:00Z"
        body = observation(
            1.5,
            span,
            resultTime="2024-06-01T01:00:00.5Z",
            validTime=span,
            parameters={"a": 1},
            resultQuality="good",
        )
        id = server.create(f"/Datastreams({stream})/Observations", body)
        found = server.get(f"/Observations({id})")
        assert found["phenomenonTime"] == span
        assert found["validTime"] == span
        assert found["resultTime"] == "2024-06-01T01:00:00.500Z"
        assert (found["parameters"], found["resultQuality"]) == ({"a": 1}, "good")
        assert server.get(f"/Datastreams({stream})")["phenomenonTime"] == span
        inside = f"phenomenonTime lt 2024-06-02T00:00:00Z and Datastream/id eq {stream}"
        assert results(server, filter=inside) == [1.5]
        assert server.client.delete(f"/Datastreams({stream})").status_code == 200
