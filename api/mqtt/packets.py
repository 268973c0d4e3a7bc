"""Control packets of MQTT 3.1.1 (OASIS, 29 October 2014) as bytes: taken apart and put together.

No input or output here. Whatever breaks the rules of the standard raises ProtocolError, upon which the
connection has to be closed (4.8).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache


class ProtocolError(Exception):
    """Bytes that are no sound packet, or a packet that may not stand here."""


class Type(IntEnum):
    """Table 2.1."""

    CONNECT = 1
    CONNACK = 2
    PUBLISH = 3
    PUBACK = 4
    PUBREC = 5
    PUBREL = 6
    PUBCOMP = 7
    SUBSCRIBE = 8
    SUBACK = 9
    UNSUBSCRIBE = 10
    UNSUBACK = 11
    PINGREQ = 12
    PINGRESP = 13
    DISCONNECT = 14


_FLAGGED = {Type.PUBREL, Type.SUBSCRIBE, Type.UNSUBSCRIBE}
_KEPT = 200
"""The longest topic [bytes] that is remembered as sound."""
PINGRESP = bytes((Type.PINGRESP << 4, 0))


@dataclass(slots=True)
class Publish:
    """A message. packet_id: 0 with QoS 0."""

    topic: str
    payload: bytes
    qos: int = 0
    retain: bool = False
    duplicate: bool = False
    packet_id: int = 0


@dataclass(slots=True)
class Connect:
    """What a client opens with. level: 4 for MQTT 3.1.1."""

    level: int
    clean_session: bool = True
    keep_alive: int = 0
    client_id: str = ""
    will: Publish | None = None
    user: str | None = None
    password: bytes | None = None


def frames(buffer: bytes | bytearray, limit: int) -> tuple[list[tuple[int, bytes]], int]:
    """The whole packets at the start of a buffer, as first byte and body, and how many bytes they took.

    Raises ProtocolError for one whose body is longer than limit, before it has arrived.
    """
    found: list[tuple[int, bytes]] = []
    at, available = 0, len(buffer)
    while available - at >= 2:
        length = buffer[at + 1]
        start = at + 2
        if length & 128:
            length &= 127
            for shift in (7, 14, 21):
                if start == available:
                    return found, at
                digit = buffer[start]
                start += 1
                length |= (digit & 127) << shift
                if not digit & 128:
                    break
            else:
                raise ProtocolError("malformed remaining length")
        if length > limit:
            raise ProtocolError(f"a packet of {length:,} bytes, more than {limit:,}")
        if start + length > available:
            break
        found.append((buffer[at], bytes(buffer[start : start + length])))
        at = start + length
    return found, at


def packet_type(first: int) -> Type:
    """Checks the flags too (2.2.2)."""
    try:
        kind = Type(first >> 4)
    except ValueError:
        raise ProtocolError(f"packet type {first >> 4}") from None
    if kind is not Type.PUBLISH and first & 15 != (2 if kind in _FLAGGED else 0):
        raise ProtocolError(f"flags {first & 15} of {kind.name}")
    return kind


def parse_publish(first: int, body: bytes) -> Publish:
    qos = (first >> 1) & 3
    if qos == 3 or (first & 8 and not qos):
        raise ProtocolError("QoS 3, or DUP with QoS 0")
    after = 2 + (body[0] << 8 | body[1]) if len(body) >= 2 else 0
    if not 2 <= after <= len(body):
        raise ProtocolError("a PUBLISH too short for its topic")
    topic = _topic(body[2:after])
    if not qos:
        return Publish(topic, body[after:], retain=bool(first & 1))
    packet_id = int.from_bytes(body[after : after + 2], "big")
    if not packet_id or len(body) < after + 2:
        raise ProtocolError("a PUBLISH without packet identifier")
    return Publish(topic, body[after + 2 :], qos, bool(first & 1), bool(first & 8), packet_id)


def _topic(data: bytes) -> str:
    return _known_topic(data) if len(data) <= _KEPT else _checked_topic(data)


@lru_cache(20_000)
def _known_topic(data: bytes) -> str:
    return _checked_topic(data)


def _checked_topic(data: bytes) -> str:
    """A topic name: at least one character, no wildcards (4.7.1)."""
    topic = _text(data)
    if not topic or "+" in topic or "#" in topic:
        raise ProtocolError("a topic name that is empty or has wildcards")
    return topic


def _text(data: bytes) -> str:
    """UTF-8 without NUL (1.5.3)."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise ProtocolError("a text that is not UTF-8") from None
    if "\0" in text:
        raise ProtocolError("a text with U+0000")
    return text


class _Fields:
    """The fields of a body, one after the other."""

    def __init__(self, body: bytes) -> None:
        self.body = body
        self.at = 0

    def take(self, count: int) -> bytes:
        end = self.at + count
        if end > len(self.body):
            raise ProtocolError("a packet that ends within a field")
        taken = self.body[self.at : end]
        self.at = end
        return taken

    def number(self) -> int:
        return int.from_bytes(self.take(2), "big")

    def data(self) -> bytes:
        return self.take(self.number())

    def text(self) -> str:
        return _text(self.data())

    @property
    def more(self) -> bool:
        return self.at < len(self.body)

    def packet_id(self) -> int:
        number = self.number()
        if not number:
            raise ProtocolError("packet identifier 0")
        return number


def parse_connect(body: bytes) -> Connect:
    """Of another protocol level only the level is read."""
    fields = _Fields(body)
    name, level = fields.text(), fields.take(1)[0]
    if name not in ("MQTT", "MQIsdp"):
        raise ProtocolError(f"protocol {name[:20]!r}")
    if name != "MQTT" or level != 4:
        return Connect(level if name == "MQTT" else 3)
    flags = fields.take(1)[0]
    has_user, has_password, has_will = flags & 128, flags & 64, flags & 4
    will_qos = flags >> 3 & 3
    if flags & 1 or will_qos == 3 or (not has_will and flags & 0b111000) or (has_password and not has_user):
        raise ProtocolError(f"connect flags {flags:#010b}")
    keep_alive = fields.number()
    connect = Connect(level, bool(flags & 2), keep_alive, fields.text())
    if has_will:
        topic = _topic(fields.data())
        connect.will = Publish(topic, fields.data(), will_qos, bool(flags & 32))
    if has_user:
        connect.user = fields.text()
    if has_password:
        connect.password = fields.data()
    if fields.more:
        raise ProtocolError("a CONNECT longer than its fields")
    return connect


def parse_subscribe(body: bytes) -> tuple[int, list[tuple[str, int]]]:
    """The packet identifier, and each filter with the QoS asked for."""
    fields = _Fields(body)
    packet_id = fields.packet_id()
    wanted = []
    while fields.more:
        topic_filter, qos = fields.text(), fields.take(1)[0]
        if qos > 2:
            raise ProtocolError(f"requested QoS {qos}")
        wanted.append((topic_filter, qos))
    if not wanted:
        raise ProtocolError("a SUBSCRIBE without filters")
    return packet_id, wanted


def parse_unsubscribe(body: bytes) -> tuple[int, list[str]]:
    fields = _Fields(body)
    packet_id = fields.packet_id()
    filters = []
    while fields.more:
        filters.append(fields.text())
    if not filters:
        raise ProtocolError("an UNSUBSCRIBE without filters")
    return packet_id, filters


def parse_packet_id(body: bytes) -> int:
    """Of PUBACK, PUBREC, PUBREL, PUBCOMP, which hold nothing else."""
    packet_id = int.from_bytes(body, "big")
    if len(body) != 2 or not packet_id:
        raise ProtocolError("an acknowledgement without packet identifier")
    return packet_id


def _framed(first: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    length = len(body)
    if length < 128:
        return bytes((first, length)) + body
    digits = bytearray((first,))
    while True:
        digits.append(length & 127 | (128 if length > 127 else 0))
        length >>= 7
        if not length:
            return bytes(digits) + body


def publish(message: Publish) -> bytes:
    first = Type.PUBLISH << 4 | message.duplicate << 3 | message.qos << 1 | message.retain
    topic = message.topic.encode()
    identifier = message.packet_id.to_bytes(2, "big") if message.qos else b""
    return _framed(first, len(topic).to_bytes(2, "big"), topic, identifier, message.payload)


def connack(session_present: bool, code: int) -> bytes:
    """code: 0 accepted, 1 protocol level, 2 identifier, 3 unavailable, 4 user or password, 5 not allowed."""
    return bytes((Type.CONNACK << 4, 2, session_present, code))


def acknowledgement(kind: Type, packet_id: int) -> bytes:
    """PUBACK, PUBREC, PUBREL, PUBCOMP or UNSUBACK."""
    return bytes((kind << 4 | (2 if kind in _FLAGGED else 0), 2, packet_id >> 8, packet_id & 255))


def suback(packet_id: int, codes: Sequence[int]) -> bytes:
    """codes: the QoS granted, or 128 for a filter that is refused."""
    return _framed(Type.SUBACK << 4, packet_id.to_bytes(2, "big"), bytes(codes))
