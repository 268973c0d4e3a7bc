"""Sources from the sensor connections of a model: what is made of them, and what sources.json says then."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from twin.sources.connections import Connection, Credentials, add, sources
from twin.sources.service import FILE, MqttConfig, PullConfig, read_config

BASE = "https://sta.test/v1.1"


def connection(dynamizer: str = "d", **given: str) -> Connection:
    return Connection(dynamizer, "temperature", "°C", given)


def made(*found: Connection, **credentials: Any) -> list[dict[str, Any]]:
    """The sources; there must be no notes."""
    result = sources(found, Credentials(**credentials))
    assert result.notes == []
    return result.sources


def test_one_source_for_a_server_with_its_datastreams() -> None:
    link = f"{BASE}/Datastreams('t-7')/Observations?$filter=x"
    (source,) = made(
        connection("a", connectionType="ogc_sta_1.1", baseURL=f"{BASE}/", datastreamID="3"),
        connection("b", baseURL=BASE, datastreamID="t.6"),
        connection("c", linkToObservation=link),
        token_env="STA_TOKEN",
    )
    assert source == {
        "name": "sta.test-v1.1",
        "type": "sensorthings",
        "url": BASE,
        "into": {"3": "a", "'t.6'": "b", "'t-7'": "c"},
        "token_env": "STA_TOKEN",
    }


def test_one_source_for_a_broker_with_a_mapping_for_each_topic() -> None:
    first, second = made(
        connection("a", connectionType="mqtt", mqttServer="mqtt://broker.test", mqttTopic="room/1/t"),
        connection("b", mqttServer="broker.test:1883", mqttTopic="v1.1/Datastreams(4)/Observations"),
        connection("c", mqttServer="mqtts://broker.test", mqttTopic="room/2/t"),
        user="city",
        password_env="SECRET",
    )
    assert (first["host"], first["port"], first["tls"]) == ("broker.test", 1883, False)
    assert (first["user"], first["password_env"]) == ("city", "SECRET")
    assert first["mappings"] == [
        {"topic": "room/1/t", "dynamizer": "a", "values": [{"quantity": "temperature", "unit": "°C"}]},
        {
            "topic": "v1.1/Datastreams(4)/Observations",
            "dynamizer": "b",
            "values": [{"quantity": "temperature", "unit": "°C", "path": "$.result"}],
            "time": "$.phenomenonTime",
        },
    ]
    assert (second["port"], second["tls"]) == (8883, True)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"baseURL": BASE}, "no baseURL with a datastreamID"),
        ({}, "no baseURL with a datastreamID"),
        (
            {"connectionType": "ogc_sos_2.0", "baseURL": BASE, "datastreamID": "1"},
            "SensorThings and MQTT are",
        ),
        ({"baseURL": "https://me:secret@sta.test", "datastreamID": "1"}, "url: "),
        ({"baseURL": "file:///etc", "datastreamID": "1"}, "url: "),
        ({"baseURL": BASE, "datastreamID": "1)/../Things(2"}, "is no id of a Datastream"),
        ({"connectionType": "MQTT", "mqttServer": "broker.test"}, "lacks the mqttServer or the mqttTopic"),
        ({"mqttServer": "broker.test", "mqttTopic": "room/#"}, "is not one topic"),
        ({"mqttServer": "mqtt://me:secret@broker.test", "mqttTopic": "a"}, "is no address"),
        ({"mqttServer": "http://broker.test", "mqttTopic": "a"}, "is no address"),
        ({"mqttServer": "mqtt://broker.test:x", "mqttTopic": "a"}, "is no address"),
    ],
)
def test_what_no_source_can_be_made_of_is_said_without_secrets(given: dict[str, str], message: str) -> None:
    found = sources([connection(**given)], Credentials())
    assert found.sources == []
    (note,) = found.notes
    assert note.startswith("d: no source can be made of its connection: ") and message in note
    assert "secret" not in note


def test_two_dynamizers_cannot_have_one_datastream() -> None:
    twice = [connection(name, baseURL=BASE, datastreamID="1") for name in "ab"]
    found = sources(twice, Credentials())
    assert found.sources[0]["into"] == {"1": "a"}
    assert found.notes == [
        "b: no source can be made of its connection: its Datastream 1 is that of a already"
    ]


def test_what_stands_in_the_file_stays_and_is_not_written_twice(tmp_path: Path) -> None:
    own = {"name": "sta.test-v1.1", "type": "sensorthings", "url": BASE, "interval": 5}
    (tmp_path / FILE).write_text(json.dumps([own]))
    one = connection("a", baseURL=BASE, datastreamID="1")
    topic = connection("b", mqttServer="broker.test", mqttTopic="t")
    assert add(tmp_path, made(one, topic)) == ["sta.test-v1.1-2", "mqtt-broker.test-1883"]
    written = json.loads((tmp_path / FILE).read_bytes())
    assert written[0] == own
    written[2]["mappings"][0]["values"][0]["path"] = "$.by_hand"
    (tmp_path / FILE).write_text(json.dumps(written))
    more = connection("c", baseURL=BASE, datastreamID="2")
    add(tmp_path, made(one, more, topic, connection("d", mqttServer="broker.test", mqttTopic="u")))
    own_source, pull, mqtt = read_config(tmp_path)
    assert isinstance(pull, PullConfig) and pull.into == {"1": "a", "2": "c"}
    assert isinstance(mqtt, MqttConfig)
    assert [m.values[0].path for m in mqtt.mappings] == ["$.by_hand", "$"]
    assert own_source.name == "sta.test-v1.1"
