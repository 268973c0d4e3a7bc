"""Sensor connections of a model as sources: a second server and a broker fill the dynamizers' Datastreams."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.integration.command_line import twin
from tests.integration.mqtt import running
from tests.integration.sensorthings_server import served
from tests.unit.sensor_models import thing
from twin.observations.model import OBSERVATION, THING
from twin.observations.query import Query, Route
from twin.observations.store import Observations, open_observations
from twin.sources.service import Sources

EXAMPLES = "citygml/ogc-citygml-3.0/Examples/Dynamizer"
MODEL = "Building_CityGML3.0_with_Dynamizer_and_SensorConnection_V2.gml"
STATED = "http://127.0.0.1:8080/FROST-Server/v1.0"


@pytest.fixture
def model(data: Path) -> str:
    return (data / EXAMPLES / MODEL).read_text()


@contextmanager
def sourced(folder: Path) -> Iterator[tuple[Observations, Sources]]:
    with open_observations(folder) as observations:
        running_sources = Sources(folder, observations)
        running_sources.start()
        try:
            yield observations, running_sources
        finally:
            running_sources.stop()


def added(folder: Path, text: str) -> Path:
    path = folder / "m.gml"
    path.write_text(text)
    done = twin("add", folder / "x.twin", path, "--crs", "EPSG:31468")
    assert done.returncode == 0, done.stderr
    return folder / "x.twin"


def readings(observations: Observations) -> list[Any]:
    return [e.values["result"] for e in observations.page(Route(OBSERVATION), Query(top=100)).entities]


def eventually(done: Callable[[], bool]) -> None:
    until = time.monotonic() + 20
    while not done():
        assert time.monotonic() < until
        time.sleep(0.05)


def test_a_datastream_of_another_server(tmp_path: Path, model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with served(tmp_path / "other", public_read=False) as other:
        other.create("/Things", thing("room", [127.0, 37.0]))
        for hour in range(3):
            reading = {"phenomenonTime": f"2024-05-01T0{hour}:00:00Z", "result": 20 + hour}
            other.create("/Datastreams(1)/Observations", reading)
        city = added(tmp_path, model.replace(STATED, other.url))
        shown = twin("source", "add", city, "--from-connections", "--dry-run")
        assert other.url in shown.stdout and "Datastreams(1)" in shown.stdout
        assert not (city / "sources.json").exists()
        done = twin("source", "add", city, "--from-connections", "--token-env", "OTHER_TOKEN", "--json")
        assert done.returncode == 0, done.stderr
        (source,) = json.loads(done.stdout)["sources"]
        assert list(source["into"]) == ["1"]
        monkeypatch.setenv("OTHER_TOKEN", other.token)
        with sourced(city) as (observations, _):
            eventually(lambda: readings(observations) == [20, 21, 22])
            things = observations.page(Route(THING)).entities
            assert len(things) == 1 and things[0].values["properties"]["dynamizer"] == next(
                iter(source["into"].values())
            )
        other.create("/Datastreams(1)/Observations", {"phenomenonTime": "2024-05-01T03:00:00Z", "result": 23})
        with sourced(city) as (observations, _):
            eventually(lambda: readings(observations) == [20, 21, 22, 23])


def test_topics_of_a_broker(tmp_path: Path, model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with running(tmp_path / "other.twin") as other:
        start, end = model.index("<dyn:datastreamID>"), model.index("<dyn:sensorLocation")
        named = (
            f"<dyn:mqttServer>mqtt://127.0.0.1:{other.port}</dyn:mqttServer>"
            "<dyn:mqttTopic>v1.1/Datastreams(2)/Observations</dyn:mqttTopic>"
        )
        text = (model[:start] + named + model[end:]).replace("ogc_sta_1.0", "mqtt")
        city = added(tmp_path, text)
        options = ["--from-connections", "--user", "city", "--password-env", "BROKER_PASSWORD"]
        done = twin("source", "add", city, *options)
        assert f"mqtt://127.0.0.1:{other.port}" in done.stdout, done.stderr
        monkeypatch.setenv("BROKER_PASSWORD", other.writing)
        with sourced(city) as (observations, sources), other.client("sensor") as sensor:

            def arrived() -> bool:
                body = {"result": 21.5, "phenomenonTime": "2024-05-01T00:00:00Z/2024-05-01T01:00:00Z"}
                sensor.publish("v1.1/Datastreams(2)/Observations", body)
                return bool(readings(observations))

            eventually(arrived)
            (status,) = sources.statuses.values()
            assert status.running and status.error is None
            (found, *_) = observations.page(Route(OBSERVATION)).entities
            time_of = found.values["phenomenonTime"]
            assert (found.values["result"], time_of.end - time_of.start) == (21.5, 3_600_000_000)


def test_what_is_to_be_added_must_be_said(tmp_path: Path, model: str) -> None:
    city = added(tmp_path, model)
    assert twin("source", "add", city).returncode == 2
    assert twin("source", "add", city, "--from-connections", "--user", "city").returncode == 2
