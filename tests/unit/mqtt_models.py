"""A broker without network: a transport that records, and a store whose commits the test decides."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from functools import wraps
from typing import Any, cast

from api.mqtt import packets
from api.mqtt.access import Access, Identity
from api.mqtt.broker import Broker
from api.mqtt.connection import Connection
from api.mqtt.feed import Feed
from api.mqtt.intake import Intake
from api.mqtt.packets import Publish, Type
from api.mqtt.settings import MqttSettings
from twin.observations.changes import AppendMany
from twin.observations.store import Observations


class Transport(asyncio.Transport):
    """What the broker writes, and whether it listens."""

    def __init__(self, protocol: Connection) -> None:
        super().__init__()
        self.protocol = protocol
        self.data = bytearray()
        self.listening = True
        self.closed = False
        protocol.connection_made(self)

    def write(self, data: Any) -> None:
        self.data += data

    def is_closing(self) -> bool:
        return self.closed

    def pause_reading(self) -> None:
        self.listening = False

    def resume_reading(self) -> None:
        self.listening = True

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            asyncio.get_running_loop().call_soon(self.protocol.connection_lost, None)

    def abort(self) -> None:
        self.close()

    def lose(self) -> None:
        """As when the cable is pulled."""
        self.closed = True
        self.protocol.connection_lost(ConnectionResetError())

    def taken(self) -> list[tuple[Type, bytes]]:
        """The packets written since the last call."""
        found, used = packets.frames(self.data, 1 << 28)
        del self.data[:used]
        return [(Type(first >> 4), body) for first, body in found]


class Writer:
    """Changes in the order of submission, each with the future that the test completes."""

    def __init__(self) -> None:
        self.submitted: list[tuple[Any, Future[Any]]] = []

    def submit(self, change: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self.submitted.append((change, future))
        return future

    def commit(self, at: int = 0) -> Any:
        """The change at this place becomes durable."""
        change, future = self.submitted.pop(at)
        future.set_result([None] * len(change.parts) if isinstance(change, AppendMany) else None)
        return change


class _Observations:
    def __init__(self) -> None:
        self.writer = Writer()


class _Access:
    def identify(self, password: bytes | None) -> Identity | None:
        return {b"writer": Identity("w", True, True), b"reader": Identity("r", True, False)}.get(
            password or b""
        )


class _Feed:
    def watch(self, topic_filter: str) -> bool:
        return True

    def unwatch(self, topic_filter: str) -> None:
        pass


def broker(**settings: Any) -> tuple[Broker, Writer]:
    """Within a running loop. Passwords: writer, reader."""
    observations = _Observations()
    made = Broker(
        MqttSettings(**settings),
        cast(Access, _Access()),
        Intake(cast(Observations, observations)),
    )
    made.feed = cast(Feed, _Feed())
    return made, observations.writer


def connect(
    made: Broker,
    client_id: str = "me",
    *,
    clean: bool = True,
    password: str = "writer",
    will: Publish | None = None,
) -> Transport:
    """A client; its CONNACK is not yet taken."""
    flags = 0b11000000 | clean << 1
    fields = [client_id.encode()]
    if will:
        flags |= 4 | will.qos << 3 | will.retain << 5
        fields += [will.topic.encode(), will.payload]
    fields += [b"user", password.encode()]
    body = b"\0\4MQTT\4" + bytes((flags, 0, 60)) + b"".join(len(f).to_bytes(2, "big") + f for f in fields)
    transport = Transport(Connection(made))
    transport.protocol.data_received(frame(0x10, body))
    return transport


def frame(first: int, body: bytes) -> bytes:
    length = len(body)
    digits = bytes((length,)) if length < 128 else bytes((length & 127 | 128, length >> 7))
    return bytes((first,)) + digits + body


def reading(
    packet_id: int, value: float = 1.5, qos: int = 1, datastream: int = 1, duplicate: bool = False
) -> bytes:
    """A PUBLISH of one observation."""
    topic = f"v1.1/Datastreams({datastream})/Observations"
    payload = b'{"result": %r}' % value if isinstance(value, bytes) else f'{{"result": {value}}}'.encode()
    return packets.publish(Publish(topic, payload, qos, False, duplicate, packet_id))


async def turn(times: int = 5) -> None:
    """Let the loop do what is due."""
    for _ in range(times):
        await asyncio.sleep(0)


async def send(client: Transport, data: bytes) -> None:
    """A client writes, and the loop does what follows at once."""
    client.protocol.data_received(data)
    await turn()


async def commit(writer: Writer) -> Any:
    """The oldest change becomes durable, and who waits for it is told."""
    change = writer.commit()
    await turn()
    return change


async def known(made: Broker, writer: Writer) -> Transport:
    """A client of whose Datastream the broker knows that it is there; what it was sent is taken."""
    transport = connect(made)
    await send(transport, reading(1))
    await commit(writer)
    transport.taken()
    return transport


def in_loop(test: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """A test that runs in a loop of its own."""

    @wraps(test)
    def run(*args: Any, **kwargs: Any) -> None:
        asyncio.run(test(*args, **kwargs))  # type: ignore[arg-type]

    return run


def ids(found: list[tuple[Type, bytes]], kind: Type = Type.PUBACK) -> list[int]:
    """The packet identifiers of acknowledgements, which all that came are."""
    assert all(k is kind for k, _ in found), found
    return [int.from_bytes(body, "big") for _, body in found]


def subscription(topic_filter: str, qos: int = 0, packet_id: int = 1) -> bytes:
    data = topic_filter.encode()
    return frame(0x82, packet_id.to_bytes(2, "big") + len(data).to_bytes(2, "big") + data + bytes((qos,)))


def client(made: Broker, client_id: str = "me", **more: Any) -> Transport:
    """Connected; its CONNACK is taken."""
    transport = connect(made, client_id, **more)
    [(kind, body)] = transport.taken()[:1]
    assert (kind, body[1]) == (Type.CONNACK, 0)
    return transport


def subscriber(
    made: Broker, topic_filter: str, qos: int = 0, client_id: str = "sub", **more: Any
) -> Transport:
    transport = client(made, client_id, **more)
    transport.protocol.data_received(subscription(topic_filter, qos))
    assert transport.taken() == [(Type.SUBACK, bytes((0, 1, qos)))]
    return transport


def publish(
    transport: Transport,
    topic: str,
    payload: bytes,
    qos: int = 0,
    retain: bool = False,
    packet_id: int = 1,
) -> None:
    message = Publish(topic, payload, qos, retain, packet_id=packet_id if qos else 0)
    transport.protocol.data_received(packets.publish(message))


def messages(transport: Transport) -> list[Publish]:
    """What was delivered; other packets are left out."""
    found, used = packets.frames(transport.data, 1 << 28)
    del transport.data[:used]
    return [packets.parse_publish(first, body) for first, body in found if first >> 4 == Type.PUBLISH]
