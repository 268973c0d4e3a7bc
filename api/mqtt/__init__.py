"""MQTT 3.1.1 for SensorThings (the MQTT extension of OGC 18-088): readings in, changes out.

Either an embedded broker, or a bridge to an external one. `start_mqtt` starts what the settings say.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from api.mqtt.access import Access
from api.mqtt.broker import Broker
from api.mqtt.feed import Feed
from api.mqtt.intake import Intake
from api.mqtt.messages import Messages
from api.mqtt.settings import MqttSettings
from twin.errors import TwinError
from twin.observations.changes import Changed, Committed
from twin.observations.store import Observations

if TYPE_CHECKING:
    from api.mqtt.bridge import Bridge

__all__ = ["MqttServer", "MqttSettings", "start_mqtt"]

_DRAIN = 10.0
"""How long readings that arrived before the stop may take to become durable [s]."""


class MqttServer:
    """What runs. port: where the embedded broker listens, None without one."""

    def __init__(self, observations: Observations, settings: MqttSettings) -> None:
        self.settings = settings
        self.port: int | None = None
        self.broker: Broker | None = None
        self.bridge: Bridge | None = None
        self._observations = observations
        self._loop = asyncio.get_running_loop()
        self._intake = Intake(observations)
        self._messages = Messages(observations, settings.root.rstrip("/") + "/")
        self._feed: Feed | None = None
        self._end_notes = observations.writer.subscribe(self._on_commit)

    async def listen(self, folder: Path) -> None:
        broker = Broker(self.settings, Access(folder, self.settings), self._intake)
        broker.feed = self._feed = Feed(self._observations, self._messages, broker)
        self.broker = broker
        try:
            self.port = await broker.start()
        except OSError as error:
            await self.stop()
            raise TwinError(
                f"MQTT cannot listen on {self.settings.host}:{self.settings.port}: {error.strerror or error};"
                " choose another port (TWIN_MQTT_PORT), or TWIN_MQTT=off"
            ) from error

    async def connect(self) -> None:
        from api.mqtt.bridge import Bridge

        self.bridge = Bridge(self.settings, self._observations, self._intake, self._messages)
        await self.bridge.start()

    async def stop(self) -> None:
        """Take no more, acknowledge what becomes durable, and close."""
        self._end_notes()
        if self.broker:
            self.broker.stop_reading()
        await self._intake.drain(_DRAIN)
        if self._feed:
            await self._feed.stop()
        if self.broker:
            await self.broker.stop()
        if self.bridge:
            await self.bridge.stop()

    def publish(self, topic: str, body: object) -> None:
        """Tell subscribers of a topic that is not about entities, as JSON. From any thread."""
        payload = orjson.dumps(body)
        if self.broker:
            self._post(self.broker.announce, topic, payload)
        elif self.bridge:
            self._post(self.bridge.announce, topic, payload)

    def _post(self, function: Callable[..., None], *arguments: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(function, *arguments)

    def status(self) -> dict[str, int]:
        """Numbers for the metrics."""
        found = {"stored": self._intake.stored}
        if self.broker:
            found |= {"clients": len(self.broker.connections), **self.broker.counts}
        if self.bridge:
            found |= {
                "connected": int(self.bridge.connected),
                "refused": self.bridge.refused,
                "failed": self.bridge.failed,
            }
        return found

    def _on_commit(self, note: Committed | Changed) -> None:
        """From the writer's thread."""
        if self.bridge or (self._feed and self._feed.active) or isinstance(note, Changed):
            self._post(self._tell, note)

    def _tell(self, note: Committed | Changed) -> None:
        change = note if isinstance(note, Changed) else None
        if change:
            self._intake.forget(change)
        for listener in (self._feed, self.bridge):
            if listener:
                listener.wake(change)


async def start_mqtt(observations: Observations, folder: Path, settings: MqttSettings) -> MqttServer | None:
    """None when it is off. Raises TwinError when the port is taken or the settings do not fit."""
    if settings.mode == "off":
        return None
    server = MqttServer(observations, settings)
    if settings.mode == "bridge":
        await server.connect()
    else:
        await server.listen(folder)
    return server
