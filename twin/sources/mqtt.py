"""Readings from the topics of an MQTT broker; a message is acknowledged when its readings are durable.

The session is kept by the broker, so that messages published meanwhile (with QoS 1) arrive when this is back.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Event

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from twin.errors import QueryError, TwinError
from twin.sources.mapping import Mapping
from twin.sources.readings import Series
from twin.sources.sink import Sink

_TAKEN = 500
_WAITING = 10_000
"""Messages sent without acknowledgement (QoS 0) are left out while more than this wait."""
_CONNECT_S = 10.0
_COMPLAINT_S = 60.0
_log = logging.getLogger("twin.sources.mqtt")


@dataclass(frozen=True)
class Topics:
    """A session of its own at the broker (client_id), which keeps messages while this is away."""

    host: str
    mappings: list[Mapping]
    client_id: str
    port: int = 1883
    user: str | None = None
    password: str | None = None
    tls: bool = False

    def run(self, sink: Sink, stop: Event) -> None:
        """Bring in readings until `stop` is set. Raises TwinError without a broker."""
        session = _Session(self)
        session.begin()
        try:
            while not stop.is_set():
                session.take(sink)
        finally:
            session.end()

    @property
    def broker(self) -> str:
        return f"the MQTT broker {self.host}:{self.port}"


class _Session:
    def __init__(self, topics: Topics) -> None:
        self.topics = topics
        self.arrived: SimpleQueue[paho.MQTTMessage] = SimpleQueue()
        self.refused: str | None = None
        self.lost = False
        self._begun = Event()
        self._left_out = 0
        self._complained = -_COMPLAINT_S
        self._client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=topics.client_id,
            clean_session=False,
            manual_ack=True,
            reconnect_on_failure=False,
        )
        if topics.user:
            self._client.username_pw_set(topics.user, topics.password)
        if topics.tls:
            self._client.tls_set()
        self._client.on_connect = self._connected
        self._client.on_subscribe = self._subscribed
        self._client.on_disconnect = self._disconnected
        self._client.on_message = self._message

    def begin(self) -> None:
        try:
            self._client.connect(self.topics.host, self.topics.port)
        except OSError as error:
            raise TwinError(f"{self.topics.broker}: {error}") from error
        self._client.loop_start()
        if not self._begun.wait(_CONNECT_S):
            self.refused = "it does not answer"

    def end(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def take(self, sink: Sink) -> None:
        """Store what has arrived, together, then acknowledge it."""
        if self.refused is not None:
            raise TwinError(f"{self.topics.broker}: {self.refused}")
        messages: list[paho.MQTTMessage] = []
        try:
            messages.append(self.arrived.get(timeout=0.2))
            while len(messages) < _TAKEN:
                messages.append(self.arrived.get_nowait())
        except Empty:
            if not messages:
                if self.lost:
                    raise TwinError(f"{self.topics.broker}: the connection is lost") from None
                return
        sink.write([series for message in messages for series in self._read(message)])
        for message in messages:
            self._client.ack(message.mid, message.qos)

    def _read(self, message: paho.MQTTMessage) -> list[Series]:
        for mapping in self.topics.mappings:
            try:
                found = mapping.read(message.topic, bytes(message.payload))
            except QueryError as error:
                self._complain("%s: %s", message.topic, error)
                return []
            if found is not None:
                return found
        return []

    def _complain(self, text: str, *values: object) -> None:
        """A warning, not more often than once a minute."""
        self._left_out += 1
        if time.monotonic() - self._complained >= _COMPLAINT_S:
            _log.warning(f"{text} (%d messages left out)", *values, self._left_out)
            self._complained, self._left_out = time.monotonic(), 0

    def _connected(
        self, client: paho.Client, _data: object, _flags: object, reason: ReasonCode, _more: object
    ) -> None:
        if reason.is_failure:
            self.refused = f"it refuses the connection: {reason}"
            self._begun.set()
            return
        client.subscribe([(topic, 1) for topic in {m.subscription() for m in self.topics.mappings}])

    def _subscribed(
        self, _client: object, _data: object, _mid: object, reasons: list[ReasonCode], _more: object
    ) -> None:
        if any(reason.is_failure for reason in reasons):
            self.refused = "it refuses a subscription"
        self._begun.set()

    def _disconnected(self, *_: object) -> None:
        self.lost = True
        self._begun.set()

    def _message(self, _client: object, _data: object, message: paho.MQTTMessage) -> None:
        if message.qos == 0 and self.arrived.qsize() > _WAITING:
            self._complain("more messages without acknowledgement than can be stored")
        else:
            self.arrived.put(message)
