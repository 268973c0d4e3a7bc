"""A server that is killed while readings pour in has all that it acknowledged, each once."""

from __future__ import annotations

import os
import random
import signal
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from api.mqtt import packets
from api.mqtt.packets import Publish
from tests.integration.mqtt import WAIT
from tests.integration.mqtt_server import served
from tests.unit.sensor_models import thing
from twin import tokens
from twin.observations.changes import Create
from twin.observations.model import THING
from twin.observations.query import Route
from twin.observations.store import open_observations

KILLS = int(os.environ.get("TWIN_TEST_KILLS", "5"))
_WINDOW = 200
_FIRST_ID = 1000


def _connected(port: int, token: str) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), WAIT)
    fields = b"".join(len(f).to_bytes(2, "big") + f for f in (b"device", b"u", token.encode()))
    body = b"\0\4MQTT\4\xc0\0\0" + fields
    connection.sendall(bytes((0x10, len(body))) + body)
    assert connection.recv(4)[3] == 0
    return connection


def _message(n: int, again: bool) -> bytes:
    """The n-th reading, with an id of its own."""
    payload = f'{{"@iot.id": {_FIRST_ID + n}, "phenomenonTime": "2024-01-01T00:00:00Z", "result": {n}}}'
    topic = f"v1.1/Datastreams({n % 3 + 1})/Observations"
    return packets.publish(Publish(topic, payload.encode(), 1, False, again, n % 65_535 + 1))


def _send_until_cut(
    connection: socket.socket, acknowledged: int, sent: int, answered: Callable[[], None]
) -> tuple[int, int]:
    """Send what was not acknowledged, then more, until the connection ends. -> acknowledged, sent

    answered: called at the first acknowledgement.
    """
    first = True
    rest = b""
    with suppress(ConnectionError):
        connection.sendall(b"".join(_message(n, True) for n in range(acknowledged, sent)))
        while True:
            more = range(sent, acknowledged + _WINDOW)
            sent = max(sent, more.stop)
            connection.sendall(b"".join(_message(n, False) for n in more))
            data = connection.recv(65_536)
            if not data:
                break
            if first:
                answered()
                first = False
            data = rest + data
            acknowledged += len(data) // 4
            rest = data[len(data) // 4 * 4 :]
    return acknowledged, sent


def test_every_acknowledged_reading_is_there_once_after_kills(tmp_path: Path) -> None:
    with open_observations(tmp_path) as observations:
        observations.writer.submit(Create(Route(THING), thing(position=[127.0, 37.0], datastreams=3))).result(
            WAIT
        )
    token = tokens.create(tmp_path, ["sta:write"], "device")
    choose = random.Random(20240501)
    acknowledged = sent = 0
    for _ in range(KILLS):
        with served(tmp_path) as (process, port), _connected(port, token) as connection:
            timer = threading.Timer(choose.uniform(0, 0.35), os.kill, (process.pid, signal.SIGKILL))
            acknowledged, sent = _send_until_cut(connection, acknowledged, sent, timer.start)
            timer.join()
            with open_observations(tmp_path) as observations:
                ids = observations.follow(0, 10_000_000).ids
        assert len(set(ids)) == len(ids)
        assert set(range(_FIRST_ID, _FIRST_ID + acknowledged)) <= set(ids)
        assert set(ids) <= set(range(_FIRST_ID, _FIRST_ID + sent))
    assert acknowledged > KILLS
    with open_observations(tmp_path) as observations:
        assert len(observations.follow(0, 10_000_000)) == len(ids)
