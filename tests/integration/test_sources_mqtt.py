"""Topics of a real Mosquitto as a source: nothing acknowledged is lost while either of the two is away."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from tests.integration.test_mqtt_bridge import Mosquitto, eventually, mosquitto
from twin.errors import TwinError
from twin.observations.model import DATASTREAM, OBSERVATION, THING
from twin.observations.query import Query, Route
from twin.observations.store import Observations, open_observations
from twin.sources import service
from twin.sources.mapping import Mapping
from twin.sources.mqtt import Topics
from twin.sources.service import MqttConfig, Sources
from twin.sources.sink import Sink

__all__ = ["mosquitto"]
MAPPINGS = [
    {
        "topic": "air/{station}/state",
        "time": "$.at",
        "values": [{"path": "$.pm10", "quantity": "PM10"}, {"path": "$.t", "quantity": "기온"}],
    },
    {"topic": "{station}/{kind}", "values": [{"quantity": "{kind}"}]},
]


def _topics(broker: Mosquitto) -> Topics:
    mappings = [Mapping.model_validate(one) for one in MAPPINGS]
    return Topics("127.0.0.1", mappings, "citytwin-test", broker.port, "bridge", "secret")


def _reading(n: int) -> dict[str, Any]:
    return {"at": f"2024-05-01T{n // 60:02}:{n % 60:02}:00Z", "pm10": n}


def _results(observations: Observations) -> list[Any]:
    found = observations.page(Route(OBSERVATION), Query(top=1000)).entities
    return sorted(e.values["result"] for e in found)


@contextmanager
def _listening(topics: Topics, observations: Observations) -> Iterator[list[Exception]]:
    stop, errors = Event(), []

    def run() -> None:
        try:
            topics.run(Sink(observations, "air"), stop)
        except Exception as error:
            errors.append(error)

    thread = Thread(target=run)
    thread.start()
    yield errors
    stop.set()
    thread.join()


@pytest.fixture
def observations(tmp_path: Path) -> Iterator[Observations]:
    with open_observations(tmp_path / "c.twin") as opened:
        yield opened


def test_messages_become_readings_of_things(mosquitto: Mosquitto, observations: Observations) -> None:
    with _listening(_topics(mosquitto), observations) as errors, mosquitto.client() as device:
        # until the first subscription is there, the broker has nobody to keep messages for
        eventually(lambda: device.publish("air/a-7/state", _reading(31)) or _results(observations))
        device.publish("air/a-7/state", {**_reading(32), "t": "4.5"})
        device.publish("b-2/pm10", 9)
        eventually(lambda: _results(observations) == [4.5, 9, 31, 32])
        assert not errors
    streams = {e.values["name"] for e in observations.page(Route(DATASTREAM)).entities}
    assert streams == {"a-7 PM10", "a-7 air temperature", "b-2 PM10"}
    assert len(observations.page(Route(THING)).entities) == 2


def test_messages_published_meanwhile_arrive_later(mosquitto: Mosquitto, observations: Observations) -> None:
    with mosquitto.client() as device:
        with _listening(_topics(mosquitto), observations):
            eventually(lambda: device.publish("air/a/state", _reading(0)) or _results(observations))
        for n in range(1, 300):
            device.publish("air/a/state", _reading(n))
        assert _results(observations) == [0]
        mosquitto.stop()
        mosquitto.start()
        with _listening(_topics(mosquitto), observations):
            eventually(lambda: len(_results(observations)) == 300)
    assert _results(observations) == list(range(300))


def test_a_broker_that_is_gone_for_a_while(
    mosquitto: Mosquitto, observations: Observations, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "_PATIENCE", (0.05, 0.5))
    monkeypatch.setenv("BROKER_PASSWORD", "secret")
    config = {
        "name": "air", "type": "mqtt", "host": "127.0.0.1", "port": mosquitto.port, "user": "bridge",
        "password_env": "BROKER_PASSWORD", "mappings": MAPPINGS,
    }  # fmt: skip
    folder = observations.path.parent
    (folder / service.FILE).write_bytes(
        b"[" + MqttConfig.model_validate(config).model_dump_json().encode() + b"]"
    )
    sources = Sources(folder, observations)
    sources.start()
    status = sources.statuses["air"]
    try:
        with mosquitto.client() as device:
            eventually(lambda: device.publish("air/a/state", _reading(0)) or _results(observations))
        mosquitto.stop()
        eventually(lambda: status.error is not None)
        assert "connection is lost" in str(status.error) or "refused" in str(status.error)
        mosquitto.start()
        with mosquitto.client() as device:
            device.publish("air/a/state", _reading(1))
        eventually(lambda: _results(observations) == [0, 1])
    finally:
        sources.stop()
    assert not status.running


def test_messages_that_make_no_sense_do_not_hold_up_the_others(
    mosquitto: Mosquitto, observations: Observations, caplog: pytest.LogCaptureFixture
) -> None:
    with (
        caplog.at_level(logging.DEBUG, "twin"),
        _listening(_topics(mosquitto), observations) as errors,
        mosquitto.client() as device,
    ):
        eventually(lambda: device.publish("air/a/state", _reading(0)) or _results(observations))
        device.publish("air/a/state", b"patient 900101-1234567")
        device.publish("air/a/state", {"at": "900101-1234567", "pm10": 3})
        device.publish("air/a/state", _reading(1))
        eventually(lambda: _results(observations) == [0, 1])
        assert not errors
    assert "left out" in caplog.text and "900101" not in caplog.text


def test_a_wrong_password_is_said(mosquitto: Mosquitto, observations: Observations) -> None:
    topics = replace(_topics(mosquitto), password="wr0ng")
    with pytest.raises(TwinError, match="refuses the connection: Not authorized") as caught:
        topics.run(Sink(observations, "air"), Event())
    assert "wr0ng" not in str(caught.value)


def test_a_broker_that_is_not_there(observations: Observations, mosquitto: Mosquitto) -> None:
    topics = _topics(mosquitto)
    mosquitto.stop()
    with pytest.raises(TwinError, match="refused"):
        topics.run(Sink(observations, "air"), Event())
