"""A running MQTT server in a thread, beside a real store, and clients of it."""

from __future__ import annotations

import asyncio
import json
import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from api.mqtt import MqttServer, MqttSettings, start_mqtt
from tests.unit.sensor_models import thing
from twin import tokens
from twin.observations.changes import Create
from twin.observations.model import MULTI_DATASTREAM, OBSERVATION, THING
from twin.observations.query import Order, Query, Route
from twin.observations.query import Path as Property
from twin.observations.store import Observations, open_observations

WAIT = 20.0
"""Longer than anything here takes [s], also on a busy machine."""
_TYPES = "http://www.opengis.net/def/observationType/OGC-OM/2.0/"
ROOT = "http://city.test/sta/v1.1"


class Running:
    """A server with its store. Datastreams 1 to 3 are of Thing 1."""

    def __init__(self, folder: Path, observations: Observations, server: MqttServer) -> None:
        self.folder = folder
        self.observations = observations
        self.server = server
        self.writing = tokens.create(folder, ["sta:write"], "a device")
        self.reading = tokens.create(folder, ["sta:read"], "a reader")

    @property
    def port(self) -> int:
        assert self.server.port is not None
        return self.server.port

    def results(self) -> list[Any]:
        """All observations in the order of their ids."""
        query = Query(order=(Order(Property(("id",))),), top=1000)
        return [e.values["result"] for e in self.observations.page(Route(OBSERVATION), query).entities]

    def client(self, name: str = "", **more: Any) -> Client:
        return Client(self.port, name, **{"password": self.writing, **more})


@contextmanager
def running(folder: Path, **settings: Any) -> Iterator[Running]:
    folder.mkdir(exist_ok=True)
    with open_observations(folder) as observations:
        if not observations.page(Route(THING)).entities:
            observations.writer.submit(
                Create(Route(THING), thing(position=[127.0, 37.0], datastreams=3))
            ).result(WAIT)
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=loop.run_forever)
        thread.start()

        def run(coroutine: Any) -> Any:
            return asyncio.run_coroutine_threadsafe(coroutine, loop).result(WAIT)

        try:
            made = MqttSettings(**{"port": 0, "root": ROOT, **settings})
            server = run(start_mqtt(observations, folder, made))
            try:
                yield Running(folder, observations, server)
            finally:
                run(server.stop())
        finally:
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()


def multi_datastream(observations: Observations, thing_id: int = 1) -> int:
    """A MultiDatastream of two properties; its id."""
    body = {
        "name": "weather",
        "description": "",
        "observationType": "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_ComplexObservation",
        "multiObservationDataTypes": ["http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement"]
        * 2,
        "unitOfMeasurements": [{"name": n, "symbol": n, "definition": n} for n in ("°C", "%")],
        "Thing": {"@iot.id": thing_id},
        "Sensor": {"name": "s", "description": "", "encodingType": "text/plain", "metadata": "m"},
        "ObservedProperties": [
            {"name": n, "description": "", "definition": f"urn:test:{n}"} for n in ("temperature", "humidity")
        ],
    }
    created = observations.writer.submit(Create(Route(MULTI_DATASTREAM), body)).result(WAIT)
    return int(created.id)


class Client:
    """paho-mqtt with what came in a queue. Leaves the block connected or raises ConnectionRefusedError."""

    def __init__(
        self, port: int, name: str = "", password: str | None = None, clean: bool = True, **more: Any
    ) -> None:
        self.paho = paho.Client(CallbackAPIVersion.VERSION2, name, clean_session=clean)
        if password is not None:
            self.paho.username_pw_set(more.pop("user", "anybody"), password)
        if will := more.pop("will", None):
            self.paho.will_set(*will)
        if authority := more.pop("authority", None):
            self.paho.tls_set(str(authority))
        self.messages: queue.Queue[paho.MQTTMessage] = queue.Queue()
        self.events: queue.Queue[tuple[str, Any]] = queue.Queue()
        self.paho.on_message = lambda client, data, message: self.messages.put(message)
        self.paho.on_connect = lambda client, data, flags, reason, more: self.events.put(
            ("connect", (flags, reason))
        )
        self.paho.on_disconnect = lambda client, data, flags, reason, more: self.events.put(
            ("disconnect", reason)
        )
        self.paho.on_subscribe = lambda client, data, mid, codes, more: self.events.put(("subscribe", codes))
        self.paho.reconnect_delay_set(1, 1)
        self.paho.connect("127.0.0.1", port, more.pop("keep_alive", 60))
        assert not more
        self.paho.loop_start()

    def __enter__(self) -> Client:
        flags, reason = self.event("connect")
        self.present = bool(flags.session_present)
        if reason.is_failure:
            self.stop()
            raise ConnectionRefusedError(str(reason))
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def stop(self) -> None:
        self.paho.disconnect()
        self.paho.loop_stop()

    def event(self, kind: str) -> Any:
        while True:
            found, value = self.events.get(timeout=WAIT)
            if found == kind:
                return value

    def subscribe(self, *topics: str, qos: int = 1) -> list[int]:
        """The codes granted: a QoS each, or 128."""
        self.paho.subscribe([(topic, qos) for topic in topics])
        return [code.value for code in self.event("subscribe")]

    def publish(self, topic: str, body: Any, qos: int = 1, **more: Any) -> None:
        """Returns when it is acknowledged."""
        payload = body if isinstance(body, bytes) else json.dumps(body)
        self.paho.publish(topic, payload, qos, **more).wait_for_publish(WAIT)

    def received(self) -> tuple[str, Any]:
        """The next message: its topic and its JSON."""
        message = self.messages.get(timeout=WAIT)
        return message.topic, json.loads(message.payload)

    def by_topic(self, n: int) -> dict[str, Any]:
        """The next n messages, each of another topic."""
        found = dict(self.received() for _ in range(n))
        assert len(found) == n, found
        return found

    def nothing(self) -> bool:
        """Nothing has come. The server is asked for an answer first: what was on its way is here by then."""
        self.subscribe("nothing/of/this/name")
        return self.messages.empty()
