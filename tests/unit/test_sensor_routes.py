"""Sensors over HTTP: lists, one sensor, an object's sensors, series and roll-ups."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from tests.unit.sensor_models import add, box_city, client_of, datastreams_of, degrees, read, thing
from twin import tokens
from twin.link.things import link_things
from twin.observations.changes import Call
from twin.observations.quality_rules import QualityRules, save
from twin.observations.store import Observations, open_observations

HOUR = 3600
START = 1_700_006_400  # 2023-11-15T00:00:00Z


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


def station(
    folder: Path, obs: Observations, x: float, name: str, every: int = 60, age: int = 10, **more: object
) -> int:
    """A station that reads 20, 21, ... every so often, the last time `age` seconds ago."""
    id = add(obs, thing(name, degrees(folder, x, 4)[:2], {"expectedInterval": every}, **more))
    for datastream in datastreams_of(obs, id):
        last = int(time.time()) - age
        read(obs, datastream, [last - every * k for k in (3, 2, 1, 0)], [20.0, 21.0, 22.0, 23.0])
    return id


def test_the_list_says_where_stations_are_how_they_are_and_what_they_read(
    folder: Path, obs: Observations, client: TestClient
) -> None:
    a = station(folder, obs, 5, "roof", datastreams=2)
    b = station(folder, obs, 300, "far", observed="하천 수위", unit="m")
    link_things(folder, obs)
    body = client.get("/sensors").json()
    assert body["total"] == 2
    first, second = body["sensors"]
    longitude, latitude, height = degrees(folder, 5, 4, 3.0)
    assert first["id"] == a and first["name"] == "roof" and first["kind"] == "air"
    assert (first["longitude"], first["latitude"]) == (longitude, latitude)
    assert first["height"] == pytest.approx(height, abs=0.01)
    assert (first["state"], first["object_id"]) == ("ok", "a")
    assert [r["value"] for r in first["datastreams"]] == [23.0, 23.0]
    assert first["datastreams"][0]["property"] == "PM10" and first["datastreams"][0]["unit"] == "µg/m³"
    assert abs(first["datastreams"][0]["time"] / 1000 - time.time()) < 60
    assert abs(first["last_seen"] / 1000 - time.time()) < 60
    assert second["id"] == b and second["kind"] == "stream-level" and second["object_id"] is None


def test_lists_are_cut_by_box_property_and_page(folder: Path, obs: Observations, client: TestClient) -> None:
    ids = [station(folder, obs, x, f"s{x}") for x in (0, 100, 200)]
    other = station(folder, obs, 100, "temperature", observed="temperature", unit="°C")
    link_things(folder, obs)
    west, south, _ = degrees(folder, 90, 0)
    east, north, _ = degrees(folder, 210, 10)

    def got(**query: object) -> list[int]:
        return [s["id"] for s in client.get("/sensors", params=query).json()["sensors"]]

    assert got(bbox=f"{west},{south},{east},{north}") == [ids[1], ids[2], other]
    assert got(property="pm10") == got(property="urn:test:PM10") == ids
    assert got(property="temperature") == [other]
    assert got(property="nothing") == []
    assert got(limit=2) == ids[:2] and got(limit=2, offset=2) == [ids[2], other]
    assert client.get("/sensors", params={"limit": 1}).json()["total"] == 4


def test_states_from_the_worst_cause(folder: Path, obs: Observations, client: TestClient) -> None:
    fine = station(folder, obs, 0, "fine")
    doubtful = add(obs, thing("doubtful", degrees(folder, 10, 0)[:2], {"expectedInterval": 60}))
    (stream,) = datastreams_of(obs, doubtful)
    obs.writer.submit(Call(lambda c: save(c, stream, QualityRules(maximum=100)), rules=True)).result()
    read(obs, stream, [int(time.time())], [1000.0])
    alarmed = station(folder, obs, 20, "alarmed")

    def raised(connection: object) -> None:
        connection.execute(  # type: ignore[attr-defined]
            "INSERT INTO alerts (rule, title, severity, state, thing, raised_at) VALUES"
            " ('r', '{}', 'warning', 'acknowledged', ?, 1), ('r', '{}', 'warning', 'cleared', ?, 1)",
            (alarmed, fine),
        )

    obs.writer.submit(Call(raised)).result()
    states = {s["id"]: s["state"] for s in client.get("/sensors").json()["sensors"]}
    assert states == {fine: "ok", doubtful: "flagged", alarmed: "alert"}
    assert [s["id"] for s in client.get("/sensors?state=flagged,alert").json()["sensors"]] == [
        doubtful,
        alarmed,
    ]
    later = "2100-01-01T00:00:00Z"
    states = {s["id"]: s["state"] for s in client.get("/sensors", params={"time": later}).json()["sensors"]}
    assert states == {fine: "silent", doubtful: "flagged", alarmed: "silent"}
    problem = client.get("/sensors?state=good")
    assert problem.status_code == 400 and "'good' is none of ok" in problem.json()["detail"]


def test_the_past_shows_as_it_was(folder: Path, obs: Observations, client: TestClient) -> None:
    id = add(obs, thing("s", degrees(folder, 0, 0)[:2], {"expectedInterval": HOUR}))
    (stream,) = datastreams_of(obs, id)
    read(obs, stream, [START, START + HOUR, START + 5 * HOUR], [1.0, 2.0, 3.0])

    def at(hours: float) -> tuple[object, str]:
        moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(START + hours * HOUR))
        (found,) = client.get("/sensors", params={"time": moment}).json()["sensors"]
        return found["datastreams"][0]["value"], found["state"]

    assert at(-1) == (None, "silent")
    assert at(0.5) == (1.0, "ok")
    assert at(1) == (2.0, "ok")
    assert at(3.5) == (2.0, "late")
    assert at(5) == (3.0, "ok")


def test_one_sensor_with_everything(folder: Path, obs: Observations, client: TestClient) -> None:
    id = station(folder, obs, 30, "mast")
    link_things(folder, obs)
    body = client.get(f"/sensors/{id}").json()
    assert body["properties"] == {"expectedInterval": 60}
    assert body["link"] == {"object_id": "a", "how": "nearest", "distance_m": 20.0, "layer": "buildings"}
    assert body["locations"][0]["location"]["type"] == "Point"
    assert (body["health"]["state"], body["health"]["expected_interval_s"]) == ("ok", 60)
    assert body["datastreams"][0]["state"] == "ok"
    assert client.get("/sensors/99").status_code == 404
    assert client.get(f"/sensors/{2**63}").status_code == 404


def test_an_object_lists_its_sensors_and_those_of_its_parts(
    folder: Path, obs: Observations, client: TestClient
) -> None:
    inside, beside = station(folder, obs, 5, "inside"), station(folder, obs, 15, "beside")
    link_things(folder, obs)
    body = client.get("/objects/a/observations").json()
    assert [s["id"] for s in body["sensors"]] == [inside, beside]
    assert client.get("/objects/b/observations").json() == {"id": "b", "sensors": []}
    assert client.get("/objects/nowhere/observations").status_code == 404


@pytest.fixture
def long(obs: Observations) -> int:
    """Ten days of readings every 10 minutes: the hour of the day."""
    (stream,) = datastreams_of(obs, add(obs, thing("long")))
    times = list(range(START, START + 10 * 24 * HOUR, 600))
    read(obs, stream, times, [float((t - START) // HOUR % 24) for t in times])
    return stream


def test_series_are_as_fine_as_the_points_allow(client: TestClient, long: int) -> None:
    day = client.get(f"/series?datastream={long}&from=2023-11-15T00:00:00Z&to=2023-11-16T00:00:00Z").json()
    assert day["step"] == "raw"
    (series,) = day["series"]
    assert len(series["times"]) == 144 and series["times"][0] == START * 1000
    assert series["values"][6:12] == [1.0] * 6 and series["unit"] == "µg/m³"
    whole = client.get(f"/series?datastream={long}").json()
    assert whole["step"] == "hour" and len(whole["series"][0]["values"]) == 240
    assert whole["series"][0]["values"][:3] == [0, 1, 2]
    few = client.get(f"/series?datastream={long}&max_points=12").json()
    assert few["step"] == "day"
    assert few["series"][0]["values"] == [11.5] * 10
    assert (few["series"][0]["minimum"], few["series"][0]["maximum"]) == ([0.0] * 10, [23.0] * 10)
    from_noon = client.get(f"/series?datastream={long}&from=2023-11-15T12:30:00Z&step=hour").json()
    assert from_noon["series"][0]["values"][0] == 12


def test_many_years_become_points_of_several_days(obs: Observations, client: TestClient) -> None:
    (stream,) = datastreams_of(obs, add(obs, thing("years")))
    days = 2000
    read(obs, stream, [START + i * 24 * HOUR for i in range(days)], [float(i) for i in range(days)])
    body = client.get(f"/series?datastream={stream}&max_points=100").json()
    (series,) = body["series"]
    assert body["days"] > 1 and 50 < len(series["values"]) <= 101
    assert series["minimum"][0] == 0 and series["maximum"][-1] == days - 1
    assert sum(series["values"]) / len(series["values"]) == pytest.approx(days / 2, rel=0.02)


def test_series_side_by_side_and_with_flags(obs: Observations, client: TestClient, long: int) -> None:
    (other,) = datastreams_of(obs, add(obs, thing("other", observed="level", unit="m")))
    obs.writer.submit(Call(lambda c: save(c, other, QualityRules(maximum=5)), rules=True)).result()
    read(obs, other, [START, START + 60, START + 120], [1.0, 9.0, 2.0])
    body = client.get(
        f"/series?datastream={long},{other}&from=2023-11-15T00:00:00Z&to=2023-11-15T00:10:00Z"
    ).json()
    assert [s["datastream"] for s in body["series"]] == [long, other]
    assert body["series"][1]["flags"] == [[1, "range"]]
    assert body["series"][0]["flags"] == []


def test_series_as_csv(client: TestClient, obs: Observations, long: int) -> None:
    (odd,) = datastreams_of(obs, add(obs, thing("=cmd()", observed="x")))
    read(obs, odd, [START], [1.0])
    query = f"/series?datastream={long},{odd}&to=2023-11-15T00:20:00Z"
    answer = client.get(query, headers={"accept": "text/csv"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.text == client.get(query + "&format=csv").text
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert rows[1] == {
        "time": "2023-11-15T00:10:00Z", "datastream": str(long), "name": "long PM10", "unit": "µg/m³",
        "value": "0.0", "flags": "",
    }  # fmt: skip
    assert rows[2]["name"].startswith("'=cmd()"), "a spreadsheet must not take a name for a formula"
    hourly = client.get(f"/series?datastream={long}&step=hour&format=csv").text.splitlines()
    assert hourly[0] == "time,datastream,name,unit,value,minimum,maximum,count"
    assert hourly[1].endswith(",0.0,0.0,0.0,6")


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("datastream=999", 404),
        (f"datastream={2**70}", 404),
        ("datastream=a", 400),
        ("datastream=1&from=yesterday", 400),
        ("datastream=" + ",".join(map(str, range(50))), 400),
        ("datastream=1&step=week", 400),
        ("", 400),
    ],
)
def test_bad_series_are_problems(client: TestClient, query: str, status: int) -> None:
    answer = client.get(f"/series?{query}")
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


def test_an_empty_datastream_has_an_empty_series(obs: Observations, client: TestClient) -> None:
    (stream,) = datastreams_of(obs, add(obs, thing("new")))
    assert client.get(f"/series?datastream={stream}").json()["series"][0]["values"] == []
    day = client.get(f"/series?datastream={stream}&step=day&from=2023-11-15T00:00:00Z").json()
    assert day["series"][0]["values"] == []


def test_results_that_are_no_numbers_are_gaps(obs: Observations, client: TestClient) -> None:
    (stream,) = datastreams_of(obs, add(obs, thing("odd")))
    read(obs, stream, [START, START + 1, START + 2], [1.0, "broken", 3.0])
    assert client.get(f"/series?datastream={stream}").json()["series"][0]["values"] == [1.0, None, 3.0]


def test_rollup_over_http(folder: Path, obs: Observations, client: TestClient) -> None:
    id = add(obs, thing("m", properties={"objectId": "a"}, observed="energy", unit="kWh"))
    (stream,) = datastreams_of(obs, id)
    read(obs, stream, [START + i * HOUR for i in range(24)], [1.5] * 24)
    link_things(folder, obs)
    span = "from=2023-11-15T00:00:00Z&to=2023-11-15T12:00:00Z"
    body = client.get(f"/rollup?property=energy&by=building&{span}").json()
    assert (body["unit"], body["aggregate"], body["total"]) == ("kWh", "sum", 18)
    assert body["groups"] == [{"id": "a", "name": "a", "value": 18.0, "datastreams": 1, "objects": ["a"]}]
    district = client.get(f"/rollup?property=energy&by=district&{span}&aggregate=mean").json()
    assert [(g["id"], g["value"]) for g in district["groups"]] == [("x", 1.5)]
    assert client.get("/rollup?property=energy&by=street").status_code == 400
    backwards = client.get("/rollup?property=energy&from=2023-11-15T00:00:00Z&to=2023-11-14T00:00:00Z")
    assert backwards.status_code == 400


def test_reading_may_need_a_token(folder: Path, obs: Observations) -> None:
    closed = client_of(folder, obs, public_read=False)
    for path in (
        "/sensors",
        "/series?datastream=1",
        "/layers/sensors/values?property=x",
        "/fields?property=x",
    ):
        assert closed.get(path).status_code == 401
    token = tokens.create(folder, ["sta:read"], "reader", 1)
    assert closed.get("/sensors", headers={"authorization": f"Bearer {token}"}).status_code == 200


def test_without_readings_the_routes_say_so(folder: Path, obs: Observations) -> None:
    client = client_of(folder, obs)
    del client.app.state.live  # type: ignore[attr-defined]
    answer = client.get("/sensors")
    assert answer.status_code == 503
    assert "cannot be opened" in answer.json()["detail"]
