"""What lives as long as the server: readings and their writer, alerts, events, MQTT, sources, sensor tiles,
and the sweep of looks that have expired.

The server starts without what cannot start: `faults` says what is missing and why, and so does `/health`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager

from fastapi import FastAPI

from api.events import EventHub
from api.mqtt import MqttServer, MqttSettings, start_mqtt
from api.settings import Settings
from tiles.sensor_layer import refresh_sensor_layer
from twin.alerts.engine import AlertEngine, AlertEvent
from twin.alerts.webhooks import parse_networks
from twin.errors import TwinError
from twin.link.linker import Linker
from twin.looks import Looks
from twin.observations.store import Observations, open_observations
from twin.sources.service import Sources

_log = logging.getLogger("twin.api")
_SWEEP_S = 3600.0


class Live:
    """The parts, each begun after what it needs and ended before it."""

    def __init__(self, settings: Settings, root_url: str) -> None:
        self.settings = settings
        self.root_url = root_url
        self.faults: dict[str, str] = {}
        self.mqtt: MqttServer | None = None
        self._ends = AsyncExitStack()

    async def start(self) -> None:
        """Raises TwinError, sqlite3.Error or OSError when there are no readings to open."""
        folder = self.settings.city
        sweeping = asyncio.create_task(self._sweep_looks())
        self._ends.push_async_callback(_cancelled, sweeping)
        self.observations: Observations = await asyncio.to_thread(open_observations, folder)
        self._ends.push_async_callback(asyncio.to_thread, self.observations.close)
        self.links = Linker(folder, self.observations)
        await self._begin(self.links.start, self.links.stop)
        networks = parse_networks(self.settings.webhook_networks)
        self.alerts = AlertEngine(self.observations, folder, networks)
        await self._begin(self.alerts.start, self.alerts.stop)
        self.events = EventHub(self.observations, self.alerts)
        await self._begin(self.events.start, self.events.stop)
        self.sources = Sources(folder, self.observations)
        with self._noted("sources"):
            await self._begin(self.sources.start, self.sources.stop)
        with self._noted("mqtt"):
            await self._start_mqtt()
        if self.settings.sensor_layer_seconds > 0:
            refreshing = asyncio.create_task(self._refresh_tiles())
            self._ends.push_async_callback(_cancelled, refreshing)

    async def stop(self) -> None:
        await self._ends.aclose()

    async def _begin(self, start: Callable[[], None], stop: Callable[[], None]) -> None:
        await asyncio.to_thread(start)
        self._ends.push_async_callback(asyncio.to_thread, stop)

    async def _start_mqtt(self) -> None:
        s = self.settings
        settings = MqttSettings(
            mode=s.mqtt,
            host=s.mqtt_host,
            port=s.mqtt_port,
            root=f"{self.root_url}/sta/v1.1",
            public_read=s.public_read,
            anonymous=s.mqtt_anonymous,
            certificate=s.mqtt_certificate,
            key=s.mqtt_key,
            user=s.mqtt_user,
            password=s.mqtt_password.get_secret_value() if s.mqtt_password else None,
            tls=s.mqtt_tls,
            authority=s.mqtt_authority,
            client_id=s.mqtt_client_id,
            publish_prefix=s.mqtt_publish_prefix,
            rate_limit=s.rate_limit,
        )
        self.mqtt = await start_mqtt(self.observations, s.city, settings)
        if self.mqtt is None:
            return
        self._ends.push_async_callback(self.mqtt.stop)
        self._ends.callback(self.alerts.subscribe(_announce(self.mqtt)))

    async def _refresh_tiles(self) -> None:
        """Let the tiles of the sensor layer follow the readings."""
        while True:
            await asyncio.sleep(self.settings.sensor_layer_seconds)
            with self._noted("sensor tiles"):
                await asyncio.to_thread(refresh_sensor_layer, self.settings.city, self.observations)

    async def _sweep_looks(self) -> None:
        """Let nothing of a user outlive its term by more than an hour, whether anybody asks or not."""
        while True:
            with self._noted("looks"):
                await asyncio.to_thread(Looks(self.settings.city).sweep)
            await asyncio.sleep(_SWEEP_S)

    @contextlib.contextmanager
    def _noted(self, part: str) -> Iterator[None]:
        """Go on without this part, and keep why."""
        try:
            yield
        except (TwinError, OSError, sqlite3.Error) as error:
            if self.faults.get(part) != str(error):
                _log.warning("%s: %s", part, error)
            self.faults[part] = str(error)
        else:
            self.faults.pop(part, None)


def lifespan(settings: Settings) -> Callable[[FastAPI], contextlib.AbstractAsyncContextManager[None]]:
    """For `FastAPI(lifespan=…)`: `app.state.live` while the server runs, if there are readings to open."""

    @asynccontextmanager
    async def living(app: FastAPI) -> AsyncIterator[None]:
        address: str = getattr(app.state, "address", "http://127.0.0.1:8000")
        live = Live(settings, settings.root_url or address)
        try:
            await live.start()
            app.state.live = live
        except (TwinError, OSError, sqlite3.Error) as error:
            _log.error("readings cannot be opened: %s", error)
        try:
            yield
        finally:
            await asyncio.to_thread(app.state.jobs.close)
            await live.stop()

    return living


def _announce(mqtt: MqttServer) -> Callable[[AlertEvent], None]:
    """Tell subscribers of `alerts/{rule}` of each change of an alert."""

    def tell(event: AlertEvent) -> None:
        mqtt.publish(f"alerts/{event.rule}", event.alert)

    return tell


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
