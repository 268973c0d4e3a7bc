"""How fast readings go in by MQTT: single messages with QoS 1, each acknowledged when it is durable.

    python -m tests.benchmarks.mqtt [--seconds 4]

The measure is a bare `sqlite3.executemany` of the same rows into one indexed table in the same run. Server
and clients are processes of their own on the same machine.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from api.mqtt import packets
from api.mqtt.packets import Publish
from tests.benchmarks.sensorthings import bare_rate
from tests.integration.mqtt_server import served
from tests.unit.sensor_models import thing
from twin import tokens
from twin.observations.changes import Create
from twin.observations.model import OBSERVATION, THING
from twin.observations.query import Query, Route
from twin.observations.store import open_observations

DATASTREAMS = 100
RUNS = ((16, 20), (100, 10), (2, 200), (16, 1))
"""Connections, and messages that each has on its way at a time. 20 is what paho-mqtt has; with 1 the time of
a commit decides, so nothing is asked of that."""


def main() -> None:
    parser = argparse.ArgumentParser(description="Readings a second by MQTT.")
    parser.add_argument("--seconds", type=float, default=4.0, help="length of each run")
    arguments = parser.parse_args()
    print("| what | asked | measured |\n|---|---|---|")
    for row in measure(arguments.seconds):
        print("| " + " | ".join(row) + " |", flush=True)


def measure(seconds: float = 4.0) -> Iterator[tuple[str, str, str]]:
    """Rows of the table: what, what is asked for, what was measured."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "x.twin"
        folder.mkdir()
        bare = max(bare_rate(Path(name) / f"bare{n}.db") for n in range(3))
        yield "bare executemany, rows a second", "", f"{bare:,.0f}"
        with open_observations(folder) as observations:
            observations.writer.submit(
                Create(Route(THING), thing(position=[127.0, 37.0], datastreams=DATASTREAMS))
            ).result()
        token = tokens.create(folder, ["sta:write"], "benchmark", None)
        asked = f"≥ {3000 * bare / 250_000:,.0f} (3,000 at a bare rate of 250,000)"
        stored = 0
        with served(folder) as (_, port), open_observations(folder) as observations:
            for connections, window in RUNS:
                count, taken = asyncio.run(_send(port, token, connections, window, seconds))
                stored += count
                assert observations.page(Route(OBSERVATION), Query(top=1, count=True)).count == stored
                yield (
                    f"MQTT QoS 1, {connections} connections with {window} on the way, messages a second",
                    asked if window > 1 else "",
                    f"{count / taken:,.0f}",
                )


class _Device(asyncio.Protocol):
    """Sends as long as it may, never more than `window` ahead of the acknowledgements."""

    def __init__(self, number: int, token: str, window: int, until: float) -> None:
        self.number, self.token, self.window, self.until = number, token, window, until
        self.sent = self.acknowledged = 0
        self.finished: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self.transport = transport
        fields = (b"device %d" % self.number, b"user", self.token.encode())
        body = b"\0\4MQTT\4\xc2\0\0" + b"".join(len(f).to_bytes(2, "big") + f for f in fields)
        transport.write(bytes((0x10, len(body))) + body)

    def data_received(self, data: bytes) -> None:
        data = self._rest + data
        whole = len(data) // 4
        self._rest = data[4 * whole :]
        if self.sent:
            assert data[: 4 * whole : 4] == b"\x40" * whole, data[:40]
            self.acknowledged += whole
        if time.perf_counter() < self.until:
            count = self.window - (self.sent - self.acknowledged)
            self.transport.write(b"".join(self._message(self.sent + k) for k in range(count)))
            self.sent += count
        elif self.acknowledged == self.sent:
            self.transport.close()
            self.finished.set_result(None)

    def _message(self, n: int) -> bytes:
        hour, minute, second = n // 3600 % 24, n // 60 % 60, n % 60
        moment = f"2024-01-{1 + n // 86_400 % 28:02}T{hour:02}:{minute:02}:{second:02}Z"
        payload = f'{{"phenomenonTime": "{moment}", "result": {20 + n % 10 / 8}}}'
        topic = f"v1.1/Datastreams({self.number % DATASTREAMS + 1})/Observations"
        return packets.publish(Publish(topic, payload.encode(), 1, packet_id=n % 65_535 + 1))

    def connection_lost(self, error: Exception | None) -> None:
        if not self.finished.done():
            self.finished.set_exception(ConnectionError(f"the server has closed the connection: {error}"))


async def _send(port: int, token: str, connections: int, window: int, seconds: float) -> tuple[int, float]:
    """How many were acknowledged, and the time until the last [s]."""
    start = time.perf_counter()
    loop = asyncio.get_running_loop()
    devices = [_Device(n, token, window, start + seconds) for n in range(connections)]
    for device in devices:
        await loop.create_connection(lambda d=device: d, "127.0.0.1", port)  # type: ignore[misc]
    await asyncio.gather(*(device.finished for device in devices))
    return sum(device.acknowledged for device in devices), time.perf_counter() - start


if __name__ == "__main__":
    main()
