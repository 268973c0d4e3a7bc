"""Pulling from a SensorThings server that runs, and files that such a server gives."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.command_line import twin
from tests.integration.sensorthings_server import Server, served
from tests.unit.sensor_models import thing
from twin.errors import TwinError
from twin.observations.model import DATASTREAM, MULTI_DATASTREAM, OBSERVATION, SENSOR, THING
from twin.observations.query import Instant, Query, Route, Step
from twin.observations.store import Observations, open_observations
from twin.observations.times import parse_instant, parse_interval
from twin.sources.pull import Pull
from twin.sources.sink import Sink
from twin.store import create_city


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with served(tmp_path_factory.mktemp("other")) as server:
        for n in range(3):
            server.create("/Things", thing(f"station {n}", [127.0 + n, 37.0, 10.0], {"number": n}))
        yield server


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Server]:
    """A server with one Thing."""
    with served(tmp_path / "small") as server:
        server.create("/Things", thing("station 1", [127.0, 37.0, 10.0], {"number": 1}, datastreams=2))
        yield server


@pytest.fixture
def observations(tmp_path: Path) -> Iterator[Observations]:
    create_city(tmp_path).close()
    with open_observations(tmp_path) as opened:
        yield opened


def _weather_station() -> dict[str, Any]:
    """A Thing with one MultiDatastream, of two properties, with an Observation."""
    return {
        **thing("multi", [127.0, 37.0]),
        "Datastreams": [],
        "MultiDatastreams": [
            {
                "name": "wind",
                "description": "",
                "observationType": "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_ComplexObservation",
                "multiObservationDataTypes": ["http://example.org/OM_Measurement"] * 2,
                "unitOfMeasurements": [{"name": n, "symbol": n, "definition": n} for n in ("m/s", "°")],
                "Sensor": {"name": "s", "description": "s", "encodingType": "text/html", "metadata": "none"},
                "ObservedProperties": [
                    {"name": n, "definition": f"urn:test:{n}", "description": ""} for n in ("speed", "from")
                ],
                "Observations": [{"phenomenonTime": "2024-05-01T00:00:00Z", "result": [3.5, 270]}],
            }
        ],
    }


def _post(server: Server, stream: int, *readings: tuple[str, Any]) -> None:
    for time, result in readings:
        server.create(f"/Datastreams({stream})/Observations", {"phenomenonTime": time, "result": result})


def _all(observations: Observations) -> list[Any]:
    return [e.values["result"] for e in observations.page(Route(OBSERVATION), Query(top=10_000)).entities]


def test_only_what_is_new_comes_over_and_late_ones_are_found(
    other: Server, observations: Observations
) -> None:
    _post(other, 1, *((f"2024-05-01T{hour:02}:00:00Z", hour) for hour in range(12)))
    _post(other, 2, ("2024-05-01T00:00:00Z/2024-05-01T01:00:00Z", 100))
    sink = Sink(observations, "other")
    first = Pull(other.url).once(sink)
    assert (first.stored, first.known, first.streams) == (13, 0, 2)
    assert sorted(_all(observations)) == [*range(12), 100]
    _post(other, 1, ("2024-05-01T12:00:00Z", 12), ("2024-05-01T10:30:00Z", 10.5))
    second = Pull(other.url).once(Sink(observations, "other"))
    assert (second.stored, second.streams) == (2, 0)
    assert second.known <= 3, "more than the overlap was asked for again"
    assert Pull(other.url).once(sink).stored == 0
    assert sorted(_all(observations)) == [*range(11), 10.5, 11, 12, 100]
    names = {e.values["name"] for e in observations.page(Route(THING)).entities}
    assert names == {"station 0", "station 1"}


def test_more_than_a_page_by_the_command(
    other: Server, observations: Observations, monkeypatch: pytest.MonkeyPatch
) -> None:
    components = ["phenomenonTime", "result"]
    rows = [[f"2024-06-{1 + n // 1440:02}T{n // 60 % 24:02}:{n % 60:02}:00Z", n] for n in range(2500)]
    body = [{"Datastream": {"@iot.id": 3}, "components": components, "dataArray": rows}]
    other.post("/CreateObservations", body)
    monkeypatch.setenv("OTHER_TOKEN", other.token)
    folder = observations.path.parent
    options = ["--filter", "Thing/name eq 'station 2'", "--token-env", "OTHER_TOKEN", "--json"]
    done = twin("source", "pull", folder, other.url, *options)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"added": 2500, "known": 0, "datastreams": 1}
    assert sorted(_all(observations)) == list(range(2500))
    assert json.loads(twin("source", "pull", folder, other.url, *options).stdout)["added"] == 0


def test_several_values_at_once_and_all_that_is_said_of_them(
    small: Server, observations: Observations
) -> None:
    small.create("/Things", _weather_station())
    said = {
        "phenomenonTime": "2024-05-01T01:00:00Z/2024-05-01T02:00:00Z",
        "resultTime": "2024-05-01T02:00:05Z",
        "validTime": "2024-05-01T02:00:00Z/2024-05-02T00:00:00Z",
        "resultQuality": {"checked": "by hand"},
        "parameters": {"window": 10, "mast": "north"},
    }
    small.create("/MultiDatastreams(3)/Observations", {**said, "result": [4.5, 280]})
    small.create("/Datastreams(1)/Observations", {**said, "result": 7})
    sink = Sink(observations, "other")
    assert Pull(small.url).once(sink).stored == len(small.get("/Observations")["value"])
    assert Pull(small.url).once(sink).stored == 0
    (stream,) = observations.page(Route(MULTI_DATASTREAM)).entities
    assert [unit["symbol"] for unit in stream.values["unitOfMeasurements"]] == ["m/s", "°"]
    assert stream.values["multiObservationDataTypes"] == ["http://example.org/OM_Measurement"] * 2
    observed = observations.page(Route(MULTI_DATASTREAM, stream.id, (Step("ObservedProperties"),))).entities
    assert [one.values["name"] for one in observed] == ["speed", "from"]
    ours = {str(e.values["result"]): e.values for e in observations.page(Route(OBSERVATION)).entities}
    assert "[3.5, 270]" in ours
    for result in ("[4.5, 280]", "7"):
        found = ours[result]
        assert found["phenomenonTime"] == parse_interval(said["phenomenonTime"])
        assert found["resultTime"] == Instant(parse_instant(said["resultTime"]))
        assert found["validTime"] == parse_interval(said["validTime"])
        assert (found["resultQuality"], found["parameters"]) == (said["resultQuality"], said["parameters"])


def test_a_server_whose_links_lead_elsewhere_is_refused(tmp_path: Path, observations: Observations) -> None:
    with served(tmp_path / "b", root_url="http://evil.test") as server:
        server.client.post("/Things", json=thing())
        with pytest.raises(TwinError, match=r"lead elsewhere, to http://evil\.test"):
            Pull(server.url).once(Sink(observations, "other"))


def test_what_a_server_answers_is_a_file_that_can_be_added(small: Server, tmp_path: Path) -> None:
    multi = _weather_station()
    small.create("/Things", multi)
    _post(small, 2, ("2024-05-02T00:00:00Z", 7))
    streams = "($expand=Sensor,Observations($expand=FeatureOfInterest;$top=1000),{})"
    answer = small.get(
        "/Things",
        expand=f"Locations,Datastreams{streams.format('ObservedProperty')},"
        f"MultiDatastreams{streams.format('ObservedProperties')}",
    )
    path = tmp_path / "things.json"
    path.write_text(json.dumps(answer))
    done = json.loads(twin("add", tmp_path / "x.twin", path, "--json").stdout)["readings"]
    with open_observations(small.folder) as theirs, open_observations(tmp_path / "x.twin") as ours:
        counts = [[o.page(Route(k), Query(count=True)).count for k in (THING, DATASTREAM, OBSERVATION)]
                  for o in (theirs, ours)]  # fmt: skip
        assert ours.page(Route(SENSOR), Query(count=True)).count == 1, "sensors that are alike are one"
        with ours.connection() as connection:
            (features,) = connection.execute("SELECT count(*) FROM features_of_interest").fetchone()
        found = {e.values["name"]: e for e in ours.page(Route(THING)).entities}
    assert done["added"] == counts[0][2] and done["bad"] == 0
    assert counts[1] == counts[0]
    assert features <= 4
    assert found["station 1"].values["properties"] == {"number": 1}
    again = json.loads(twin("add", tmp_path / "x.twin", path, "--json").stdout)["readings"]
    assert (again["added"], again["datastreams"], again["known"]) == (0, 0, done["added"])
