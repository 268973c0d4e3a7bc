"""The bridge: this server as a client of an external broker.

Observations that others publish there come in by a persistent session and are acknowledged when they are
durable, so that the broker keeps those that this server has not yet stored. Our own changes go out under
a prefix; the place up to which observations were handed over is kept, so that none is left out while the
broker is away.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable
from typing import Any, TypeVar

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from api.mqtt.feed import TICK
from api.mqtt.intake import Intake, is_temporary
from api.mqtt.messages import Message, Messages
from api.mqtt.packets import Publish
from api.mqtt.session import Incoming, Repeats
from api.mqtt.settings import MqttSettings
from api.mqtt.topics import matches
from twin.errors import TwinError
from twin.observations.changes import Changed
from twin.observations.model import OBSERVATION
from twin.observations.store import Observations

log = logging.getLogger(__name__)
T = TypeVar("T")

FILTERS = tuple(
    f"{start}v1.1/{middle}Observations" for start in ("", "sta/") for middle in ("", "+/", "+/+/")
)
CURSOR = "mqtt bridge"
_AT_MOST = 500
"""Observations handed to the broker at a time."""
_RETRY = 5.0
"""How long after a failure of the store a message is tried again [s]."""
_KEPT = 10_000
"""Messages, and changes of other entities, that wait for the broker."""
_KEEP_ALIVE = 20


class Bridge:
    """Used from the event loop; the network runs in a thread of the client's own. refused: how many
    messages were no observations. failed: how often the store could not take one."""

    def __init__(
        self, settings: MqttSettings, observations: Observations, intake: Intake, messages: Messages
    ) -> None:
        prefix = settings.publish_prefix
        if any(matches(f, f"{prefix}v1.1/{middle}Observations") for f in FILTERS for middle in ("", "A(1)/")):
            raise TwinError(
                f"MQTT: with the prefix {prefix!r} the bridge would take its own messages for readings"
            )
        self.settings = settings
        self.connected = False
        self.refused = self.failed = 0
        self._observations = observations
        self._intake = intake
        self._messages = messages
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[Incoming] = deque()
        self._repeats = Repeats(recent=1000)
        self._changed: deque[Changed] = deque(maxlen=_KEPT)
        self._kept: deque[tuple[str, bytes]] = deque(maxlen=_KEPT)
        self._unconfirmed: set[int] = set()
        self._wake = asyncio.Event()
        self._confirmed = asyncio.Event()
        self._client = self._new_client()
        self._task: asyncio.Task[None] | None = None

    def _new_client(self) -> paho.Client:
        settings = self.settings
        client = paho.Client(
            CallbackAPIVersion.VERSION2, settings.client_id, clean_session=False, manual_ack=True
        )
        if settings.user is not None:
            client.username_pw_set(settings.user, settings.password)
        if settings.tls:
            client.tls_set(str(settings.authority) if settings.authority else None)
        client.reconnect_delay_set(1, 30)
        client.max_queued_messages_set(0)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        client.on_publish = self._on_publish
        return client

    async def start(self) -> None:
        """Returns at once; the broker may be away."""
        self._client.connect_async(self.settings.host, self.settings.port, _KEEP_ALIVE)
        self._client.loop_start()
        self._task = self._loop.create_task(self._tell())

    async def stop(self) -> None:
        if self._task:
            self._task.cancel()
            await asyncio.wait([self._task])
        self._client.disconnect()
        await self._loop.run_in_executor(None, self._client.loop_stop)

    # what the client's thread calls

    def _on_connect(
        self, client: paho.Client, userdata: Any, flags: Any, reason: Any, properties: Any
    ) -> None:
        if reason.is_failure:
            log.error("MQTT: the broker refuses the bridge: %s", reason)
            return
        log.info("MQTT: the bridge is connected")
        client.subscribe([(topic_filter, 1) for topic_filter in FILTERS])
        self._post(self._begin)

    def _on_disconnect(
        self, client: paho.Client, userdata: Any, flags: Any, reason: Any, properties: Any
    ) -> None:
        log.warning("MQTT: the bridge has lost its broker (%s)", reason)
        self._post(self._end)

    def _on_message(self, client: paho.Client, userdata: Any, message: paho.MQTTMessage) -> None:
        topic = message.topic
        payload = bytes(message.payload)
        self._post(self._take, Publish(topic, payload, message.qos, message.retain, message.dup, message.mid))

    def _on_publish(self, client: paho.Client, userdata: Any, mid: int, reason: Any, properties: Any) -> None:
        self._post(self._confirm, mid)

    def _post(self, function: Callable[..., None], *arguments: Any) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(function, *arguments)

    # readings in

    def _begin(self) -> None:
        self.connected = True
        while self._kept:
            self._publish(*self._kept.popleft())
        self._wake.set()

    def _end(self) -> None:
        """What was not acknowledged will be sent again."""
        self.connected = False
        self._repeats.lost(self._waiting)
        self._waiting.clear()

    def _take(self, message: Publish) -> None:
        repeated = self._repeats.find(message, self) if message.qos else None
        if repeated:
            self._waiting.append(repeated)
            self.settle()
            return
        item = Incoming(message, self)
        self._waiting.append(item)
        self._intake.offer(item)

    def settle(self) -> None:
        """Acknowledge what is durable, in the order in which it came."""
        for item in self._waiting:
            if item.done and item.error is not None and is_temporary(item.error):
                self.failed += 1
                log.error("MQTT: a reading from the broker was not stored, trying again: %s", item.error)
                item.done, item.error = False, None
                self._loop.call_later(_RETRY, self._intake.offer, item)
        while self._waiting and self._waiting[0].done:
            item = self._waiting.popleft()
            if item.error is not None:
                self.refused += 1
                log.warning("MQTT: %s: %s", item.message.topic[:200], item.error)
            if item.message.qos:
                self._repeats.acknowledged(item.message)
                self._client.ack(item.message.packet_id, item.message.qos)

    # changes out

    def wake(self, change: Changed | None = None) -> None:
        """Something was committed: this change, or observations."""
        if change is not None and change.action == "deleted":
            self._messages.forget(change)
        elif change is not None and change.type is not OBSERVATION:
            self._changed.append(change)
        self._wake.set()

    def announce(self, topic: str, payload: bytes) -> None:
        """A message to pass on, now or when the broker is back."""
        if self.connected:
            self._publish(topic, payload)
        else:
            self._kept.append((topic, payload))

    def _publish(self, topic: str, payload: bytes) -> int:
        """Its packet identifier."""
        return self._client.publish(self.settings.publish_prefix + topic, payload, 1).mid

    def _confirm(self, mid: int) -> None:
        self._unconfirmed.discard(mid)
        if not self._unconfirmed:
            self._confirmed.set()

    async def _tell(self) -> None:
        cursor = await self._in_thread(self._first_cursor)
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(TICK):
                    await self._wake.wait()
            self._wake.clear()
            if not self.connected:
                continue
            try:
                messages, reached = await self._in_thread(self._news, cursor)
                await self._hand_over(messages)
                if reached != cursor:
                    cursor = reached
                    await self._in_thread(self._observations.set_cursor, CURSOR, cursor)
                    self._wake.set()
            except Exception:
                log.exception("MQTT: the broker could not be told of changes")
                await asyncio.sleep(_RETRY)

    async def _in_thread(self, function: Callable[..., T], *arguments: Any) -> T:
        return await self._loop.run_in_executor(None, function, *arguments)

    def _first_cursor(self) -> int:
        """Where the bridge stopped; at its very first start, with what comes from now on (-1: with all)."""
        cursor = self._observations.cursor(CURSOR)
        if cursor == 0:
            cursor = self._observations.last_id() or -1
            self._observations.set_cursor(CURSOR, cursor)
        return cursor

    def _news(self, cursor: int) -> tuple[list[Message], int]:
        messages: list[Message] = []
        while self._changed:
            message = self._messages.canonical_change(self._changed.popleft())
            messages += [message] if message else []
        committed = self._observations.follow(cursor, _AT_MOST)
        if len(committed):
            messages += map(self._messages.canonical_observation, self._messages.observed(committed))
        return messages, committed.last

    async def _hand_over(self, messages: list[Message]) -> None:
        """Returns when the broker has all of them."""
        if not messages:
            return
        self._confirmed.clear()
        for message in messages:
            self._unconfirmed.add(self._publish(message.topic, message.payload))
        await self._confirmed.wait()
