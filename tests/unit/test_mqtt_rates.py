"""A client that publishes more than it may is slowed: nothing with QoS 1 is lost, its pings are answered."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from api import rates
from api.mqtt import packets
from api.mqtt.packets import Publish, Type
from tests.unit.mqtt_models import Transport, broker, connect, frame, in_loop, reading, turn
from twin.observations.changes import AppendMany

RATE = 20.0
BURST = 40
"""Two seconds of the rate may come at once."""
PING = frame(0xC0, b"")


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The clock of the rates, which stands still until a test moves it."""
    made = SimpleNamespace(now=100.0)
    monkeypatch.setattr(rates, "time", SimpleNamespace(monotonic=lambda: made.now))
    return made


def taken_in(writer: Any) -> int:
    """Observations that were handed to the writer by now, which makes them durable."""
    count = 0
    while writer.submitted:
        change = writer.commit()
        count += sum(len(part.times) for part in change.parts) if isinstance(change, AppendMany) else 1
    return count


async def acknowledged(client: Transport, writer: Any, until: int) -> list[int]:
    """Packet identifiers in the order of their PUBACK, when there are so many."""
    found: list[int] = []
    async with asyncio.timeout(10):
        while len(found) < until:
            taken_in(writer)
            await asyncio.sleep(0.01)
            found += [packets.parse_packet_id(body) for kind, body in client.taken() if kind is Type.PUBACK]
    return found


@in_loop
async def test_what_is_too_much_is_taken_later_and_in_order(clock: SimpleNamespace) -> None:
    made, writer = broker(rate_limit=RATE)
    client = connect(made)
    client.taken()
    client.protocol.data_received(b"".join(reading(n) for n in range(1, BURST + 6)))
    await turn()
    assert taken_in(writer) == BURST
    await turn()
    at_once = [packets.parse_packet_id(body) for _, body in client.taken()]
    assert at_once == list(range(1, BURST + 1))
    clock.now += 1
    assert await acknowledged(client, writer, 5) == list(range(BURST + 1, BURST + 6))
    assert made.counts["slowed messages"] == 5 and not client.closed


@in_loop
async def test_pings_are_answered_and_the_rest_keeps_its_order(clock: SimpleNamespace) -> None:
    made, writer = broker(rate_limit=RATE)
    client = connect(made)
    client.taken()
    leave = frame(0xE0, b"")
    client.protocol.data_received(b"".join(reading(n) for n in range(1, BURST + 3)) + PING + leave)
    await turn()
    assert Type.PINGRESP in [kind for kind, _ in client.taken()]
    assert not client.closed, "it leaves when what it sent before is in"
    stored = 0
    clock.now += 1
    async with asyncio.timeout(10):
        while stored < BURST + 2:
            stored += taken_in(writer)
            await asyncio.sleep(0.01)
    assert client.closed and stored == BURST + 2


@in_loop
async def test_connections_of_one_token_share_its_rate_and_others_do_not() -> None:
    made, writer = broker(rate_limit=RATE)
    first, second = connect(made, "a"), connect(made, "b")
    first.protocol.data_received(b"".join(reading(n) for n in range(1, BURST + 1)))
    second.protocol.data_received(reading(1))
    await turn()
    assert taken_in(writer) == BURST
    assert made.counts["slowed messages"] == 1


@in_loop
async def test_past_a_limit_it_is_not_read(clock: SimpleNamespace) -> None:
    made, writer = broker(rate_limit=RATE, waiting=10)
    client = connect(made)
    client.protocol.data_received(b"".join(reading(n, qos=0) for n in range(BURST + 11)))
    await turn()
    assert not client.listening
    clock.now += 0.31  # six of the eleven that wait
    async with asyncio.timeout(10):
        while not client.listening:
            taken_in(writer)
            await asyncio.sleep(0.01)
    client.lose()
    assert made.counts["dropped messages"] == 5, "of QoS 0 nobody is told, but they are counted"


@in_loop
async def test_what_was_not_acknowledged_is_sent_again_and_stored_once(clock: SimpleNamespace) -> None:
    made, writer = broker(rate_limit=RATE)
    client = connect(made, clean=False)
    for n in range(1, BURST + 3):
        client.protocol.data_received(reading(n))
    await turn()
    assert taken_in(writer) == BURST
    await turn()
    client.lose()
    again = connect(made, clean=False)
    again.protocol.data_received(reading(BURST + 1, duplicate=True) + reading(BURST + 2, duplicate=True))
    clock.now += 1
    assert await acknowledged(again, writer, 2) == [BURST + 1, BURST + 2]
    assert made.counts["dropped messages"] == 0


@in_loop
async def test_a_will_is_not_published_for_one_who_has_left() -> None:
    made, _ = broker(rate_limit=RATE)
    watcher = connect(made, "watcher", password="reader")
    assert watcher.protocol.session is not None and made.subscribe(watcher.protocol.session, "w", 0)
    client = connect(made, will=Publish("w", b"gone", 0))
    client.protocol.data_received(b"".join(reading(n) for n in range(1, BURST + 3)) + frame(0xE0, b""))
    watcher.taken()
    client.lose()
    await turn()
    assert watcher.taken() == []


@in_loop
async def test_without_a_limit_nobody_waits() -> None:
    made, writer = broker()
    connect(made).protocol.data_received(b"".join(reading(n) for n in range(1, 1000)))
    await turn()
    assert taken_in(writer) == 999
