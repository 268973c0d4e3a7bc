"""The packets of MQTT 3.1.1 as bytes, against the standard's own examples and whatever hypothesis makes."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.mqtt import packets
from api.mqtt.packets import ProtocolError, Publish, Type

TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=50)
TOPICS = TEXTS.filter(lambda t: t and "+" not in t and "#" not in t)
LIMIT = 1 << 20


def framed(first: int, body: bytes) -> bytes:
    """With a remaining length of one byte."""
    assert len(body) < 128
    return bytes((first, len(body))) + body


def text(value: str) -> bytes:
    data = value.encode()
    return len(data).to_bytes(2, "big") + data


def connect_body(flags: int, *fields: bytes, name: str = "MQTT", level: int = 4) -> bytes:
    return text(name) + bytes((level, flags)) + (10).to_bytes(2, "big") + b"".join(fields)


@given(
    st.builds(
        Publish,
        topic=TOPICS,
        payload=st.binary(max_size=20_000),
        qos=st.integers(1, 2),
        retain=st.booleans(),
        duplicate=st.booleans(),
        packet_id=st.integers(1, 65535),
    )
)
def test_a_publish_comes_back_as_it_was(message: Publish) -> None:
    data = packets.publish(message)
    [(first, body)], taken = packets.frames(data, LIMIT)
    assert taken == len(data)
    assert packets.parse_publish(first, body) == message


@pytest.mark.parametrize(
    ("length", "digits"),
    [(127, "7f"), (128, "8001"), (16_383, "ff7f"), (16_384, "808001"), (2_097_151, "ffff7f")],
)
def test_remaining_length_is_that_of_table_2_4(length: int, digits: str) -> None:
    data = packets.publish(Publish("t", bytes(length - 3)))
    assert data[1 : 1 + len(digits) // 2].hex() == digits
    [(_, body)], taken = packets.frames(data, 1 << 22)
    assert (len(body), taken) == (length, len(data))


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=8), st.data())
def test_packets_come_whole_however_they_are_cut(payloads: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(packets.publish(Publish("a/b", payload)) for payload in payloads)
    buffer, found = bytearray(), []
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        buffer += stream[:size]
        stream = stream[size:]
        whole, taken = packets.frames(buffer, LIMIT)
        del buffer[:taken]
        found += [packets.parse_publish(*frame).payload for frame in whole]
    assert found == payloads
    assert not buffer


def test_a_long_packet_is_refused_before_it_has_come() -> None:
    with pytest.raises(ProtocolError, match="1,025 bytes, more than 1,024"):
        packets.frames(bytes((0x30, 0x81, 0x08)), 1024)


def test_remaining_length_has_four_digits_at_most() -> None:
    with pytest.raises(ProtocolError, match="remaining length"):
        packets.frames(b"\x30\xff\xff\xff\xff\x01", 1 << 30)


@given(st.binary(max_size=200))
def test_any_bytes_are_packets_or_a_protocol_error(data: bytes) -> None:
    try:
        found, _ = packets.frames(data, LIMIT)
        for first, body in found:
            kind = packets.packet_type(first)
            parsers = {
                Type.CONNECT: lambda b: packets.parse_connect(b),
                Type.PUBLISH: lambda b, f=first: packets.parse_publish(f, b),
                Type.SUBSCRIBE: lambda b: packets.parse_subscribe(b),
                Type.UNSUBSCRIBE: lambda b: packets.parse_unsubscribe(b),
            }
            parsers.get(kind, packets.parse_packet_id)(body)
    except ProtocolError:
        pass


@given(st.sampled_from([Type.CONNECT, Type.SUBSCRIBE, Type.UNSUBSCRIBE]), st.binary(max_size=60))
def test_any_body_is_read_or_a_protocol_error(kind: Type, body: bytes) -> None:
    parse = getattr(packets, f"parse_{kind.name.lower()}")
    for candidate in (body, text("MQTT") + b"\x04" + body):
        with contextlib.suppress(ProtocolError):
            parse(candidate)


def test_connect_with_everything() -> None:
    body = connect_body(0b11101110, text("me"), text("gone/me"), text("bye"), text("user"), text("token"))
    connect = packets.parse_connect(body)
    assert (connect.level, connect.clean_session, connect.keep_alive) == (4, True, 10)
    assert (connect.client_id, connect.user, connect.password) == ("me", "user", b"token")
    assert connect.will == Publish("gone/me", b"bye", qos=1, retain=True)


@pytest.mark.parametrize(
    "body",
    [
        connect_body(0b00000001, text("me")),  # reserved flag, 3.1.2.3
        connect_body(0b00001000, text("me")),  # will QoS without will, 3.1.2.6
        connect_body(0b00011100, text("me"), text("t"), text("m")),  # will QoS 3
        connect_body(0b01000000, text("me"), text("p")),  # password without user name, 3.1.2.9
        connect_body(0b00000010, text("me"), b"more"),
        connect_body(0b10000010, text("me")),  # the user name is missing
        connect_body(0b00000010, text("m\0e")),
        connect_body(0b00000010, b"\0\1\xff"),
        connect_body(0b00000010, text("me"), name="HTTP"),
        b"",
    ],
)
def test_malformed_connect(body: bytes) -> None:
    with pytest.raises(ProtocolError):
        packets.parse_connect(body)


@pytest.mark.parametrize(("name", "level"), [("MQIsdp", 3), ("MQTT", 5)])
def test_other_versions_are_told_apart(name: str, level: int) -> None:
    assert packets.parse_connect(connect_body(2, b"\0\0whatever", name=name, level=level)).level == level


@pytest.mark.parametrize(
    ("first", "body"),
    [
        (0x36, text("t") + b"\0\1"),  # QoS 3
        (0x38, text("t")),  # DUP with QoS 0
        (0x32, text("t") + b"\0\0"),  # packet identifier 0
        (0x32, text("t") + b"\1"),
        (0x30, text("")),
        (0x30, text("a/+")),
        (0x30, text("a/#")),
        (0x30, b"\0\5t"),
        (0x30, b"\0"),
    ],
)
def test_malformed_publish(first: int, body: bytes) -> None:
    with pytest.raises(ProtocolError):
        packets.parse_publish(first, body)


@pytest.mark.parametrize("first", [0x00, 0xF0, 0x80, 0xA0, 0x60, 0x11, 0x63, 0xC1])
def test_types_and_flags_that_are_reserved(first: int) -> None:
    with pytest.raises(ProtocolError):
        packets.packet_type(first)


@pytest.mark.parametrize(
    "body", [b"\0\1", b"\0\0" + text("t") + b"\0", b"\0\1" + text("t") + b"\3", b"\0\1" + text("t")]
)
def test_malformed_subscribe(body: bytes) -> None:
    with pytest.raises(ProtocolError):
        packets.parse_subscribe(body)


def test_answers_are_those_of_the_standard() -> None:
    assert packets.connack(True, 0).hex() == "20020100"
    assert packets.acknowledgement(Type.PUBACK, 0x1234).hex() == "40021234"
    assert packets.acknowledgement(Type.PUBREL, 1).hex() == "62020001"
    assert packets.acknowledgement(Type.UNSUBACK, 1).hex() == "b0020001"
    assert packets.suback(10, [0, 2, 128]).hex() == "9005000a000280"
    assert packets.PINGRESP.hex() == "d000"
    assert framed(0x30, text("a/b")) == packets.publish(Publish("a/b", b""))
