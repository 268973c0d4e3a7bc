"""SensorThings by MQTT (OGC 18-088): paho-mqtt against the embedded broker and the real store."""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.integration.mqtt import ROOT, WAIT, Running, multi_datastream, running
from tests.integration.requirements import requirement
from twin import tokens
from twin.errors import TwinError
from twin.observations.changes import Append, Create, Update
from twin.observations.model import DATASTREAM, FEATURE_OF_INTEREST, MULTI_DATASTREAM, OBSERVATION, THING
from twin.observations.query import Instant, Interval, Order, Query, Route, Step
from twin.observations.query import Path as Property

OF_1 = "v1.1/Datastreams(1)/Observations"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path / "c.twin") as made:
        yield made


def stored(server: Running, *steps: Step, of: Route | None = None) -> list[dict[str, Any]]:
    route = of or Route(DATASTREAM, 1, (Step("Observations"),))
    query = Query(order=(Order(Property(("id",))),))
    return [entity.values | {"id": entity.id} for entity in server.observations.page(route, query).entities]


@requirement("create-observations-via-mqtt/observations-creation")
@pytest.mark.parametrize("qos", [0, 1, 2])
@pytest.mark.parametrize("prefix", ["", "sta/"])
def test_an_observation_is_created(server: Running, prefix: str, qos: int) -> None:
    with server.client() as client:
        client.publish(prefix + OF_1, {"phenomenonTime": "2024-05-01T09:00:00+09:00", "result": 21.5}, qos)
        if not qos:
            client.publish(OF_1, {"result": 1}, 1)
    first = stored(server)[0]
    assert first["result"] == 21.5
    assert first["phenomenonTime"] == Instant(1_714_521_600_000_000)


def test_an_acknowledged_observation_is_there(server: Running) -> None:
    with server.client() as client:
        for n in range(20):
            client.publish(OF_1, {"result": n})
            assert server.results()[-1] == n


def test_all_that_an_observation_may_have(server: Running) -> None:
    body = {
        "phenomenonTime": "2024-05-01T00:00:00Z/2024-05-01T01:00:00Z",
        "resultTime": "2024-05-01T02:00:00Z",
        "validTime": "2024-05-01T00:00:00Z/2024-05-02T00:00:00Z",
        "result": {"a": [1, 2]},
        "resultQuality": {"DQ_Status": "good"},
        "parameters": {"height": 2},
        "FeatureOfInterest": {
            "name": "here",
            "description": "",
            "encodingType": "application/geo+json",
            "feature": {"type": "Point", "coordinates": [127.0, 36.5]},
        },
    }
    with server.client() as client:
        client.publish(OF_1, {"result": 0})
        client.publish(OF_1, body)
    values = stored(server)[1]
    assert values["phenomenonTime"] == Interval(1_714_521_600_000_000, 1_714_525_200_000_000)
    for name in ("result", "resultQuality", "parameters"):
        assert values[name] == body[name]
    features = server.observations.page(Route(FEATURE_OF_INTEREST)).entities
    assert [f.values["name"] for f in features][1:] == ["here"]


@requirement("create-observations-via-mqtt/observations-creation")
def test_the_other_topics_for_observations(server: Running) -> None:
    multi = multi_datastream(server.observations)
    feature = {
        "name": "f",
        "description": "",
        "encodingType": "application/geo+json",
        "feature": {"type": "Point", "coordinates": [127.0, 36.5]},
    }
    fid = server.observations.writer.submit(Create(Route(FEATURE_OF_INTEREST), feature)).result(WAIT).id
    with server.client() as client:
        client.subscribe("$errors")
        for _ in range(2):  # the second time the datastream is known
            client.publish("v1.1/Observations", {"result": 1, "Datastream": {"@iot.id": 2}})
            client.publish(
                f"v1.1/FeaturesOfInterest({fid})/Observations", {"result": 2, "Datastream": {"@iot.id": 2}}
            )
            client.publish("v1.1/Things(1)/Datastreams(2)/Observations", {"result": 3})
            client.publish(f"v1.1/MultiDatastreams({multi})/Observations", {"result": [20.5, 60]})
        client.publish(f"v1.1/MultiDatastreams({multi})/Observations", {"result": [20.5]})
        client.publish(f"v1.1/Datastreams({multi})/Observations", {"result": [20.5, 60]})
        assert "2 values" in client.received()[1]["error"]
        assert str(multi) in client.received()[1]["error"]
    of_2 = Route(DATASTREAM, 2, (Step("Observations"),))
    assert [v["result"] for v in stored(server, of=of_2)] == [1, 2, 3, 1, 2, 3]
    of_multi = Route(MULTI_DATASTREAM, multi, (Step("Observations"),))
    assert [v["result"] for v in stored(server, of=of_multi)] == [[20.5, 60]] * 2
    of_feature = Route(FEATURE_OF_INTEREST, fid, (Step("Observations"),))
    assert [v["result"] for v in stored(server, of=of_feature)] == [2, 2]


def test_a_message_that_cannot_be_stored_is_reported_and_the_next_one_is_taken(server: Running) -> None:
    with server.client() as client, server.client("other") as other:
        for one in (client, other):
            assert one.subscribe("$errors") == [1]
        for body in (
            {"result": 1, "phenomenonTime": "soon"},
            b"\xff",
            {"phenomenonTime": "2024-01-01T00:00:00Z"},
        ):
            client.publish(OF_1, body)
        client.publish("v1.1/Datastreams(77)/Observations", {"result": 1})
        client.publish("v1.1/Things", {"name": "t", "description": "d"})
        client.publish(OF_1, {"result": 5})
        errors = [client.received()[1]["error"] for _ in range(5)]
        named = ("soon", "JSON", "result", "77", "only Observations")
        assert all(word in error for word, error in zip(named, errors, strict=True)), errors
        assert other.nothing()
    assert server.results() == [5]
    assert server.server.status()["refused messages"] == 5


def test_the_same_id_sent_again_is_stored_once_and_another_value_is_a_conflict(server: Running) -> None:
    body = {"@iot.id": 500, "phenomenonTime": "2024-05-01T00:00:00Z", "result": 1}
    with server.client() as client:
        client.subscribe("$errors")
        for _ in range(3):
            client.publish(OF_1, body)
        client.publish(OF_1, body | {"result": 2})
        assert "500" in client.received()[1]["error"]
    assert server.results() == [1]


@requirement("receive-updates-via-mqtt/receive-updates")
def test_the_four_patterns_of_subscription(server: Running) -> None:
    topics = (
        "v1.1/Things(1)/Datastreams",
        "v1.1/Datastreams(1)",
        "v1.1/Things(1)/name",
        OF_1 + "?$select=phenomenonTime,result",
        OF_1,
    )
    with server.client() as client:
        assert client.subscribe(*topics) == [1] * 5
        client.publish(OF_1, {"phenomenonTime": "2024-05-01T00:00:00Z", "result": 21.5})
        found = client.by_topic(3)
        assert found[topics[3]] == {"phenomenonTime": "2024-05-01T00:00:00Z", "result": 21.5}
        observation = found[topics[4]]
        assert observation["@iot.selfLink"] == f"{ROOT}/Observations({observation['@iot.id']})"
        assert observation["Datastream@iot.navigationLink"].endswith("/Datastream")
        assert observation["resultTime"] is None
        assert found[topics[1]]["phenomenonTime"].startswith("2024-05-01T00:00:00Z")
        assert found[topics[1]]["@iot.id"] == 1

        submit = server.observations.writer.submit
        submit(Update(Route(DATASTREAM, 2), {"description": "new"})).result(WAIT)
        topic, datastream = client.received()
        assert (topic, datastream["@iot.id"], datastream["description"]) == (topics[0], 2, "new")
        submit(Update(Route(THING, 1), {"description": "not watched"})).result(WAIT)
        submit(Update(Route(THING, 1), {"name": "renamed"})).result(WAIT)
        assert client.received() == (topics[2], {"name": "renamed"})


@requirement("receive-updates-via-mqtt/receive-updates")
def test_messages_are_what_http_answers(server: Running) -> None:
    from api.sensorthings.render import render

    with server.client() as client:
        client.subscribe(OF_1, "v1.1/Things")
        client.publish(OF_1, {"result": 3, "parameters": {"a": 1}})
        _, message = client.received()
        entity = server.observations.entity(Route(OBSERVATION, message["@iot.id"]))
        entity.links = {"MultiDatastream": None}
        assert message == json.loads(json.dumps(render(entity, ROOT + "/")))
        created = server.observations.writer.submit(Create(Route(THING), {"name": "n", "description": "d"}))
        entity = server.observations.entity(Route(THING, created.result(WAIT).id))
        assert client.received() == ("v1.1/Things", render(entity, ROOT + "/"))


def test_a_place_within_a_property_comes_as_http_names_it(server: Running) -> None:
    topics = ("v1.1/Things(1)/properties/limits[1]", "v1.1/Things(1)/properties/limits/0")
    with server.client() as client:
        client.subscribe(*topics)
        change = Update(Route(THING, 1), {"properties": {"limits": [3, 5]}})
        server.observations.writer.submit(change).result(WAIT)
        assert client.by_topic(2) == {topics[0]: {"limits[1]": 5}, topics[1]: {"0": 3}}


def test_only_what_was_subscribed_to_comes(server: Running) -> None:
    with server.client() as client:
        client.publish(OF_1, {"result": "before"})
        client.subscribe(
            "v1.1/Things(1)/Datastreams(2)/Observations?$select=result", "v1.1/Observations?$select=result"
        )
        client.publish(OF_1, {"result": 1})
        client.publish("v1.1/Datastreams(2)/Observations", {"result": 2})
        got = [client.received() for _ in range(3)]
    assert got.count(("v1.1/Observations?$select=result", {"result": 1})) == 1
    assert got.count(("v1.1/Observations?$select=result", {"result": 2})) == 1
    assert got.count(("v1.1/Things(1)/Datastreams(2)/Observations?$select=result", {"result": 2})) == 1


def test_wildcards_get_each_change_once(server: Running) -> None:
    with server.client() as client, server.client("exact") as exact:
        client.subscribe("v1.1/FeaturesOfInterest")
        client.publish(OF_1, {"result": 0})  # makes the feature of interest
        assert client.received()[0] == "v1.1/FeaturesOfInterest"
        client.subscribe("v1.1/#")
        exact.subscribe(OF_1, OF_1 + "?$select=result", "v1.1/Observations")
        client.publish(OF_1, {"result": 1})
        assert client.received()[0] == OF_1
        exact.by_topic(3)
        server.observations.writer.submit(Update(Route(THING, 1), {"name": "new"})).result(WAIT)
        topic, body = client.received()
        assert (topic, body["name"]) == ("v1.1/Things(1)", "new")
        assert client.nothing()


def test_observations_of_another_process_are_told(server: Running) -> None:
    script = (
        "import sys; from twin.observations.store import open_observations;"
        "from twin.observations.changes import Append\n"
        "with open_observations(sys.argv[1]) as o: o.writer.submit(Append(1, [1], [99])).result()"
    )
    with server.client() as client:
        client.subscribe(OF_1 + "?$select=result")
        subprocess.run([sys.executable, "-c", script, str(server.folder)], check=True)
        assert client.received()[1] == {"result": 99}


def test_a_thousand_observations_are_all_told_in_order(server: Running) -> None:
    with server.client() as client:
        client.subscribe(OF_1 + "?$select=result")
        append = Append(1, list(range(1_000_000, 1_003_000)), list(range(3000)))
        server.observations.writer.submit(append).result(WAIT)
        assert [client.received()[1]["result"] for _ in range(3000)] == list(range(3000))


def test_the_server_can_tell_of_other_things(server: Running) -> None:
    with server.client() as client:
        client.subscribe("alerts/+")
        server.server.publish("alerts/flood", {"state": "raised"})
        assert client.received() == ("alerts/flood", {"state": "raised"})


def test_what_comes_while_a_subscriber_is_away_waits_for_it(server: Running) -> None:
    with server.client("sub", clean=False) as client:
        assert not client.present
        client.subscribe(OF_1 + "?$select=result")
    with server.client("pub") as publisher:
        publisher.publish(OF_1, {"result": 8})
        publisher.subscribe(OF_1)
        publisher.publish(OF_1, {"result": 9})
        publisher.received()
    with server.client("sub", clean=False) as client:
        assert client.present
        assert [client.received()[1]["result"] for _ in range(2)] == [8, 9]


def test_a_will_may_be_an_observation(server: Running) -> None:
    with server.client("watcher") as watcher:
        watcher.subscribe(OF_1 + "?$select=result")
        lost = server.client("lost", will=(OF_1, '{"result": "offline"}', 1))
        lost.event("connect")
        lost.paho.socket().shutdown(socket.SHUT_RDWR)
        assert watcher.received()[1] == {"result": "offline"}
        lost.stop()


def test_who_may_do_what(tmp_path: Path) -> None:
    with running(tmp_path / "c.twin", token_check=0.0) as server:
        for password in (None, "", "twin_wrong", server.writing + "x"):
            with pytest.raises(ConnectionRefusedError), server.client(password=password):
                pass
        with server.client("reader", password=server.reading) as reader:
            assert reader.subscribe(OF_1) == [1]
            reader.paho.publish(OF_1, '{"result": 1}', 1)
            assert reader.event("disconnect")
        assert server.results() == []
        with server.client("device") as device:
            device.publish(OF_1, {"result": 2})
            tokens.revoke(
                server.folder, next(t.id for t in tokens.list_(server.folder) if t.name == "a device")
            )
            assert device.event("disconnect")
        with pytest.raises(ConnectionRefusedError), server.client("device"):
            pass


def test_reading_without_a_token_only_where_it_is_switched_on(tmp_path: Path) -> None:
    with running(tmp_path / "a.twin", anonymous=True) as server, server.client(password=None) as client:
        assert client.subscribe(OF_1) == [1]
        client.paho.publish(OF_1, '{"result": 1}', 1)
        assert client.event("disconnect")
        assert server.results() == []
    with running(tmp_path / "b.twin", anonymous=True, public_read=False) as server:
        with pytest.raises(ConnectionRefusedError), server.client(password=None):
            pass
        alerts = tokens.create(server.folder, ["alerts:write"], "alerts")
        with (
            server.client("a", password=alerts) as client,
            server.client("r", password=server.reading) as reader,
        ):
            assert client.subscribe(OF_1) == [128]
            assert reader.subscribe(OF_1) == [1]


def raw(server: Running, keep_alive: int = 0) -> socket.socket:
    """A connection of our own making, already let in."""
    connection = socket.create_connection(("127.0.0.1", server.port), WAIT)
    token = server.writing.encode()
    fields = b"".join(len(f).to_bytes(2, "big") + f for f in (b"raw", b"u", token))
    body = b"\0\4MQTT\4\xc2" + keep_alive.to_bytes(2, "big") + fields
    connection.sendall(bytes((0x10, len(body))) + body)
    assert connection.recv(4) == b"\x20\x02\0\0"
    return connection


def test_a_silent_client_is_cut_off_after_one_and_a_half_keep_alives(tmp_path: Path) -> None:
    with running(tmp_path / "c.twin", connect_timeout=1.0) as server:
        silent, unknown, patient = (
            raw(server, 1),
            socket.create_connection(("127.0.0.1", server.port)),
            raw(server, 0),
        )
        for connection in (silent, unknown):
            connection.settimeout(WAIT)
            assert connection.recv(1) == b""
        with patient:
            patient.sendall(b"\xc0\0")
            assert patient.recv(2) == b"\xd0\0"


def test_a_packet_beyond_the_limit_ends_the_connection_and_the_others_go_on(tmp_path: Path) -> None:
    with running(tmp_path / "c.twin", packet_limit=100_000) as server, server.client() as client:
        with raw(server) as big:
            big.sendall(b"\x30\x80\x80\x80\x19" + bytes(70_000))
            with pytest.raises(ConnectionError):
                assert big.recv(1)
                raise ConnectionAbortedError
        client.publish(OF_1, {"result": 1, "parameters": {"text": "x" * 90_000}})
        client.publish(OF_1, {"result": 2})
        assert server.results() == [1, 2]


def test_stopping_acknowledges_what_it_has_taken(tmp_path: Path) -> None:
    with running(tmp_path / "c.twin") as server:
        connection = raw(server)
        topic = OF_1.encode()
        for n in range(1, 501):
            body = len(topic).to_bytes(2, "big") + topic + n.to_bytes(2, "big") + b'{"result":%d}' % n
            connection.sendall(bytes((0x32, len(body))) + body)
        first = connection.recv(4)
    acknowledged = first
    with suppress(ConnectionResetError):  # what it has not read is refused so
        while data := connection.recv(65536):
            acknowledged += data
    count = len(acknowledged) // 4
    with running(tmp_path / "c.twin") as server:
        assert server.results()[:count] == list(range(1, count + 1))
        assert len(server.results()) == count


def test_tls(tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-keyout", key, "-out", certificate, "-days", "1", "-subj", "/CN=127.0.0.1",
         "-addext", "subjectAltName=IP:127.0.0.1"],
        check=True, capture_output=True,
    )  # fmt: skip
    with running(tmp_path / "c.twin", certificate=certificate, key=key) as server:
        with server.client(authority=certificate) as client:
            client.publish(OF_1, {"result": 1})
        with socket.create_connection(("127.0.0.1", server.port)) as plain:
            plain.sendall(b"\x10\x0c\0\4MQTT\4\2\0\0\0\0")
            assert plain.recv(4) != b"\x20\x02\0\0"
        assert server.results() == [1]


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with (
        running(tmp_path / "a.twin") as first,
        pytest.raises(TwinError, match=f"{first.port}.*TWIN_MQTT_PORT"),
        running(tmp_path / "b.twin", port=first.port),
    ):
        pass
