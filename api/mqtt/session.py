"""What the broker keeps of a client, also between connections when the client asked for that (3.1.2.4)."""

from __future__ import annotations

import logging
from collections import OrderedDict, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Protocol

from api.mqtt.packets import Publish, Type, acknowledgement, publish

log = logging.getLogger(__name__)


class Sender(Protocol):
    """Whoever hands in messages and is told when some of them are settled."""

    def settle(self) -> None: ...


@dataclass(slots=True, eq=False)
class Incoming:
    """A message on its way in. done: it is durable, or refused with `error`."""

    message: Publish
    sender: Sender
    done: bool = False
    error: Exception | None = None

    def same_as(self, message: Publish) -> bool:
        return self.message.topic == message.topic and self.message.payload == message.payload


class Repeats:
    """Messages that the other side may send again because it got no acknowledgement."""

    def __init__(self, recent: int = 100) -> None:
        self._open: dict[int, Incoming] = {}
        self._acknowledged: OrderedDict[int, int] = OrderedDict()
        self._recent = recent

    def lost(self, items: Iterable[Incoming]) -> None:
        """The connection ended before these could be acknowledged."""
        self._open |= {item.message.packet_id: item for item in items if item.message.qos}

    def acknowledged(self, message: Publish) -> None:
        """Whether the acknowledgement arrives is not yet known."""
        self._acknowledged.pop(message.packet_id, None)
        self._acknowledged[message.packet_id] = hash((message.topic, message.payload))
        if len(self._acknowledged) > self._recent:
            self._acknowledged.popitem(last=False)

    def find(self, message: Publish, sender: Sender) -> Incoming | None:
        """The message as it came before, if this is the same sent again.

        One that was acknowledged counts as the same only if it says when it was observed: two readings
        without a time can be alike and yet be two.
        """
        item = self._open.pop(message.packet_id, None)
        known = self._acknowledged.get(message.packet_id)
        if not message.duplicate:
            return None
        if item and item.error is None and item.same_as(message):
            item.sender = sender
            return item
        if known == hash((message.topic, message.payload)) and b'"phenomenonTime"' in message.payload:
            return Incoming(message, sender, done=True)
        return None


class Room:
    """Memory for messages, shared by all who keep some [bytes]."""

    def __init__(self, limit: int) -> None:
        self.left = limit

    def take(self, message: Publish) -> bool:
        size = _weight(message)
        if size > self.left:
            return False
        self.left -= size
        return True

    def give(self, message: Publish) -> None:
        self.left += _weight(message)


def _weight(message: Publish) -> int:
    return len(message.payload) + len(message.topic) + 200


class Link(Protocol):
    """The connection of a session, as far as the session needs it."""

    @property
    def blocked(self) -> bool:
        """What was written last has not yet gone out."""

    def write(self, data: bytes) -> None: ...


@dataclass(eq=False)
class Session:
    """key: who the client is, and its client identifier. in_flight, queued: limits of what waits for it.

    received: identifiers of QoS 2 messages that came in, and whether they are durable. left: when the
    client went [s, monotonic]. lost: messages that found no room.
    """

    key: tuple[str | None, str]
    clean: bool
    room: Room
    in_flight: int
    queued: int
    subscriptions: dict[str, int] = field(default_factory=dict)
    received: dict[int, bool] = field(default_factory=dict)
    repeats: Repeats = field(default_factory=Repeats)
    link: Link | None = None
    left: float = 0.0
    lost: int = 0
    _sent: dict[int, Publish | None] = field(default_factory=dict)
    """In flight by packet identifier; None once a QoS 2 message was received and waits for PUBCOMP."""
    _queue: deque[Publish] = field(default_factory=deque)
    _last_id: int = 0

    def deliver(self, message: Publish) -> None:
        """Send now, or later, or (QoS 0 to a client that is away or slow) never."""
        if not message.qos:
            if self.link is None or self.link.blocked:
                self._lose()
            else:
                self.link.write(publish(message))
        elif len(self._queue) >= self.queued or not self.room.take(message):
            self._lose()
        else:
            self._queue.append(message)
            self.pump()

    def _lose(self) -> None:
        self.lost += 1
        if self.lost == 1:
            log.warning("MQTT: messages for %r are dropped: it is away or too slow", self.key[1])

    def pump(self) -> None:
        """Send what waits, as far as the client keeps up."""
        link = self.link
        if link is None:
            return
        while self._queue and len(self._sent) < self.in_flight and not link.blocked:
            message = replace(self._queue.popleft(), packet_id=self._new_id())
            self._sent[message.packet_id] = message
            link.write(publish(message))

    def _new_id(self) -> int:
        self._last_id = self._last_id % 65535 + 1
        while self._last_id in self._sent:
            self._last_id = self._last_id % 65535 + 1
        return self._last_id

    def acknowledged(self, packet_id: int) -> None:
        """PUBACK or PUBCOMP; one that fits nothing is ignored."""
        message = self._sent.pop(packet_id, None)
        if message:
            self.room.give(message)
        self.pump()

    def recorded(self, packet_id: int) -> bytes:
        """PUBREC; the answer is PUBREL."""
        message = self._sent.get(packet_id)
        if message:
            self.room.give(message)
            self._sent[packet_id] = None
        return acknowledgement(Type.PUBREL, packet_id)

    def unfinished(self) -> Iterator[bytes]:
        """What has to be sent again after a reconnection, in the order of the first time (4.4)."""
        for packet_id, message in self._sent.items():
            if message is None:
                yield acknowledgement(Type.PUBREL, packet_id)
            else:
                yield publish(replace(message, duplicate=True))

    def end(self) -> None:
        """Give back the memory of what will not be sent any more."""
        for message in (*self._sent.values(), *self._queue):
            if message:
                self.room.give(message)
        self._sent.clear()
        self._queue.clear()
