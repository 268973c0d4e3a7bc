"""One client's connection to the embedded broker: packets in, acknowledgements and messages out.

A message is acknowledged when it is durable and not before, in the order in which messages came (4.6).
Packets that arrive together are handled together, and so are their answers. A client that publishes faster
than it may is slowed: its messages wait here until their turn comes, and past a limit it is not read.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from api.mqtt import packets
from api.mqtt.access import Identity
from api.mqtt.packets import Connect, ProtocolError, Publish, Type, acknowledgement
from api.mqtt.session import Incoming, Session

if TYPE_CHECKING:
    from api.mqtt.broker import Broker

log = logging.getLogger(__name__)

_FIRST = bytes((Type.CONNECT << 4,))
_PUBLISH_QOS_0 = Type.PUBLISH << 4
_AT_ONCE = (Type.PUBACK, Type.PUBREC, Type.PUBCOMP, Type.PINGREQ)
"""What is answered though messages of the client wait: it is about what we sent, or asks whether we live."""
_BEFORE_CONNECT = 16 * 1024
"""The longest packet [bytes] that is read from somebody still unknown."""


class Connection(asyncio.Protocol):
    def __init__(self, broker: Broker) -> None:
        self.broker = broker
        self.identity: Identity | None = None
        self.session: Session | None = None
        self.password: bytes | None = None
        self.opened = self.heard = time.monotonic()
        self.blocked = False
        self.refused = 0
        self._transport: asyncio.Transport | None = None
        self._keep_alive = 0
        self._will: Publish | None = None
        self._buffer = bytearray()
        self._waiting: deque[Incoming] = deque()
        self._weight = 0
        self._held: deque[tuple[int, bytes]] = deque()
        self._held_weight = 0
        self._turn: asyncio.TimerHandle | None = None
        self._behind = False
        self._stopping = False
        self._out: list[bytes] | None = None

    # what asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        if not self.broker.admit(self):
            self.close("there are too many clients")

    def data_received(self, data: bytes) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        self.heard = time.monotonic()
        self._buffer += data
        self._work(self._read)

    def _read(self) -> None:
        if self.session is None and self._buffer[:1] not in (b"", _FIRST):
            raise ProtocolError("its first packet is no CONNECT")
        limit = self.broker.settings.packet_limit if self.session else _BEFORE_CONNECT
        found, taken = packets.frames(self._buffer, limit)
        del self._buffer[:taken]
        for first, body in found:
            if self._held and first >> 4 not in _AT_ONCE:
                self._hold(first, body)
            elif wait := self._too_soon(first):
                self._hold(first, body)
                self._turn = asyncio.get_running_loop().call_later(wait, self._take_held)
            else:
                self._handle(first, body)
            if self._transport is None or self._transport.is_closing():
                break

    def _too_soon(self, first: int) -> float:
        """How long a packet has to wait until its sender may publish again [s]."""
        if first >> 4 != Type.PUBLISH or self.identity is None:
            return 0.0
        return self.broker.rates.take(self.identity.name or "")

    def _hold(self, first: int, body: bytes) -> None:
        self._held.append((first, body))
        self._held_weight += len(body)
        if first >> 4 == Type.PUBLISH:
            self.broker.counts["slowed messages"] += 1

    def _take_held(self) -> None:
        """Handle the packets whose turn it is."""
        self._turn = None
        if not self._stopping:
            self._work(self._release)

    def _release(self) -> None:
        while self._held and self._transport is not None and not self._transport.is_closing():
            wait = self._too_soon(self._held[0][0])
            if wait:
                self._turn = asyncio.get_running_loop().call_later(wait, self._take_held)
                return
            first, body = self._held.popleft()
            self._held_weight -= len(body)
            self._handle(first, body)

    def _work(self, task: Callable[[], None]) -> None:
        """Do what packets ask for, with the answers together; who breaks the rules is cut off."""
        self._out = []
        try:
            task()
        except ProtocolError as error:
            self.close(str(error))
        except Exception:
            log.exception("MQTT: a packet of %s could not be handled", self.name)
            self.close("an error of the server")
        finally:
            self._flush()
        if self._is_behind(1):
            self._behind = True
            self._listen()
        elif self._behind:
            self._catch_up()

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        if self._turn is not None:
            self._turn.cancel()
        has_left = any(first >> 4 == Type.DISCONNECT for first, _ in self._held)
        will = None if has_left else self._will
        self.give_up()
        self.broker.forget(self)
        if will is not None:
            self.broker.take(Incoming(will, self))

    def pause_writing(self) -> None:
        """Who does not read what it asked for is not listened to either, so that no more piles up."""
        self.blocked = True
        self._listen()

    def resume_writing(self) -> None:
        self.blocked = False
        self._listen()
        if self.session:
            self.session.pump()

    def _listen(self) -> None:
        """Read on, unless the store or the client itself is behind."""
        if self._transport is None or self._transport.is_closing():
            return
        if self._behind or self.blocked or self._stopping:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    # what the broker and the session call

    @property
    def name(self) -> str:
        return repr(self.session.key[1]) if self.session else "a client not yet known"

    def give_up(self) -> None:
        """Nothing more is acknowledged here; the client may send it again on another connection."""
        if self.session:
            self.session.repeats.lost(self._waiting)
        self._waiting.clear()
        self.broker.counts["dropped messages"] += sum(
            first & 0xF6 == _PUBLISH_QOS_0 for first, _ in self._held
        )
        self._held.clear()
        self._weight = self._held_weight = 0

    def write(self, data: bytes) -> None:
        if self._out is not None:
            self._out.append(data)
        elif self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def close(self, reason: str, with_will: bool = True) -> None:
        """with_will: the client's will is published."""
        if not with_will:
            self._will = None
        if self._transport is not None and not self._transport.is_closing():
            log.info("MQTT: connection of %s closed: %s", self.name, reason)
            self._flush()
            if self.blocked:
                self._transport.abort()
            else:
                self._transport.close()

    def stop_reading(self) -> None:
        self._stopping = True
        self._listen()

    def overdue(self, now: float) -> str | None:
        """Why the connection has to be closed by now, if so (3.1.2.10)."""
        if self.session is None:
            late = now - self.opened > self.broker.settings.connect_timeout
            return "no CONNECT" if late else None
        if self._keep_alive and not self._behind and now - self.heard > 1.5 * self._keep_alive:
            return f"silent for longer than 1.5 times its keep alive of {self._keep_alive} s"
        return None

    def settle(self) -> None:
        """Acknowledge what is durable by now."""
        waiting, answers, failed = self._waiting, [], False
        while waiting and waiting[0].done:
            item = waiting.popleft()
            message = item.message
            self._weight -= len(message.payload)
            if item.error is not None and not self.broker.refused(self, item):
                failed = True
                break
            if message.qos == 1:
                if self.session and not self.session.clean:
                    self.session.repeats.acknowledged(message)
                answers.append(acknowledgement(Type.PUBACK, message.packet_id))
            elif message.qos and self.session:
                self.session.received[message.packet_id] = True
                answers.append(acknowledgement(Type.PUBREC, message.packet_id))
        if answers:
            self.write(b"".join(answers))
        if failed:
            self.close("a message could not be stored; it has to be sent again later")
        self._catch_up()

    def _is_behind(self, share: float) -> bool:
        """Whether more of its messages wait than this share of what may."""
        settings = self.broker.settings
        count = len(self._waiting) + len(self._held)
        return count > settings.waiting * share or (
            self._weight + self._held_weight > settings.waiting_bytes * share
        )

    def _catch_up(self) -> None:
        """Read on when half of what may wait is done."""
        if self._behind and not self._is_behind(0.5):
            self._behind = False
            self.heard = time.monotonic()
            self._listen()

    def _flush(self) -> None:
        out, self._out = self._out, None
        if out and self._transport is not None:
            self._transport.write(b"".join(out))

    # packets

    def _handle(self, first: int, body: bytes) -> None:
        session = self.session
        if first >> 4 == Type.PUBLISH and session:
            self._publish(session, packets.parse_publish(first, body))
            return
        kind = packets.packet_type(first)
        if session is None:
            self._connect(packets.parse_connect(body))
        elif kind is Type.PUBACK or kind is Type.PUBCOMP:
            session.acknowledged(packets.parse_packet_id(body))
        elif kind is Type.PUBREC:
            self.write(session.recorded(packets.parse_packet_id(body)))
        elif kind is Type.PUBREL:
            packet_id = packets.parse_packet_id(body)
            session.received.pop(packet_id, None)
            self.write(acknowledgement(Type.PUBCOMP, packet_id))
        elif kind is Type.SUBSCRIBE:
            self._subscribe(session, body)
        elif kind is Type.UNSUBSCRIBE:
            packet_id, filters = packets.parse_unsubscribe(body)
            for topic_filter in filters:
                self.broker.unsubscribe(session, topic_filter)
            self.write(acknowledgement(Type.UNSUBACK, packet_id))
        elif kind is Type.PINGREQ and not body:
            self.write(packets.PINGRESP)
        elif kind is Type.DISCONNECT and not body:
            self.close("it has left", with_will=False)
        else:
            raise ProtocolError(f"{kind.name} from a client")

    def _connect(self, connect: Connect) -> None:
        code, identity = self.broker.judge(connect)
        if identity is None:
            self.write(packets.connack(False, code))
            self.close(f"refused with code {code}")
            return
        self.identity, self.password = identity, connect.password
        self._will, self._keep_alive = connect.will, connect.keep_alive
        session, present = self.broker.open(self, identity, connect)
        self.session = session
        self.write(packets.connack(present, 0))
        for packet in session.unfinished():
            self.write(packet)
        session.pump()

    def _publish(self, session: Session, message: Publish) -> None:
        assert self.identity is not None
        if not self.identity.writes:
            self.close("it publishes without the scope sta:write")
            return
        repeated = session.repeats.find(message, self) if message.qos else None
        if repeated:
            self._expect(repeated)
            self.settle()
            return
        if message.qos == 2:
            if session.received.setdefault(message.packet_id, False):
                self.write(acknowledgement(Type.PUBREC, message.packet_id))
                return
            if any(i.message.packet_id == message.packet_id and i.message.qos == 2 for i in self._waiting):
                return
            if len(session.received) > self.broker.settings.waiting:
                self.close("too many of its messages with QoS 2 wait for its PUBREL")
                return
        item = Incoming(message, self)
        self._expect(item)
        self.broker.take(item)

    def _expect(self, item: Incoming) -> None:
        self._waiting.append(item)
        self._weight += len(item.message.payload)

    def _subscribe(self, session: Session, body: bytes) -> None:
        packet_id, wanted = packets.parse_subscribe(body)
        assert self.identity is not None
        codes = []
        for topic_filter, qos in wanted:
            allowed = self.identity.reads and self.broker.subscribe(session, topic_filter, qos)
            codes.append(qos if allowed else 128)
        self.write(packets.suback(packet_id, codes))
        for (topic_filter, qos), code in zip(wanted, codes, strict=True):
            if code != 128:
                self.broker.send_retained(session, topic_filter, qos)
