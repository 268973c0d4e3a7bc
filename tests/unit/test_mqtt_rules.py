"""Who the embedded broker does not let in, and who it cuts off: rules and limits of MQTT 3.1.1."""

import asyncio
import logging

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.mqtt import packets
from api.mqtt.packets import Publish, Type
from tests.unit.mqtt_models import (
    Transport,
    broker,
    client,
    connect,
    frame,
    in_loop,
    messages,
    publish,
    subscriber,
    subscription,
    turn,
)


@in_loop
async def test_who_is_not_let_in() -> None:
    made, _ = broker()
    for transport, code in [
        (connect(made, password="wrong"), 4),
        (connect(made, password=""), 5),
        (connect(made, "", clean=False), 2),
        (connect(made, password="reader", will=Publish("t", b"")), 5),
    ]:
        assert transport.taken() == [(Type.CONNACK, bytes((0, code)))]
        assert transport.closed
    assert connect(made, "", clean=True).taken() == [(Type.CONNACK, b"\0\0")]


@pytest.mark.parametrize("level", [3, 5])
@in_loop
async def test_other_versions_are_refused_with_code_1(level: int) -> None:
    made, _ = broker()
    transport = client(made, "x")
    raw = Transport(type(transport.protocol)(made))
    raw.protocol.data_received(frame(0x10, b"\0\4MQTT" + bytes((level, 2, 0, 0)) + b"\0\0"))
    assert raw.taken() == [(Type.CONNACK, b"\0\1")]
    assert raw.closed


@in_loop
async def test_no_more_clients_than_allowed() -> None:
    made, _ = broker(clients=2)
    client(made, "1"), client(made, "2")
    third = connect(made, "3")
    assert third.closed
    assert third.taken() == []


@in_loop
async def test_subscriptions_that_are_refused() -> None:
    made, _ = broker(subscriptions=2)
    sub = client(made)
    for topic_filter in ("a/#/b", "a+", ""):
        sub.protocol.data_received(subscription(topic_filter))
        assert sub.taken() == [(Type.SUBACK, b"\0\1\x80")]
    for topic_filter, code in (("a", 0), ("b", 0), ("c", 128), ("a", 0)):
        sub.protocol.data_received(subscription(topic_filter))
        assert sub.taken() == [(Type.SUBACK, bytes((0, 1, code)))]


@in_loop
async def test_clients_cannot_publish_what_is_the_brokers_own() -> None:
    made, _ = broker()
    sub = subscriber(made, "$errors", client_id="sub")
    publish(client(made, "pub"), "$errors", b"lies", qos=1)
    assert messages(sub) == []
    assert made.counts["refused messages"] == 1


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        frame(0xC0, b""),  # PINGREQ before CONNECT [MQTT-3.1.0-1]
        b"\x10\xff\xff\xff\x7f",  # 256 MB announced by somebody unknown
        b"\x10\x00",
        frame(0x10, b"\0\4MQTT\4\2\0\0\0\5me"),
    ],
)
@in_loop
async def test_who_begins_wrongly_is_cut_off(data: bytes) -> None:
    made, _ = broker()
    transport = Transport(type(client(made).protocol)(made))
    transport.protocol.data_received(data)
    assert transport.closed
    assert transport.taken() == []


@pytest.mark.parametrize(
    "data",
    [
        frame(0x10, b"\0\4MQTT\4\2\0\0\0\2me"),  # a second CONNECT [MQTT-3.1.0-2]
        frame(0x20, b"\0\0"),  # CONNACK from a client
        frame(0xD0, b""),
        frame(0x80, b"\0\1\0\1a\0"),  # SUBSCRIBE with flags 0 [MQTT-3.8.1-1]
        frame(0x82, b"\0\1"),
        frame(0x40, b"\0\0"),
        frame(0x40, b"\0\0\1"),
        frame(0x36, b"\0\1a\0\1"),
        frame(0x30, b"\0\3a/#"),
        frame(0xC0, b"x"),
        b"\x30\xff\xff\x7f",  # 2 MB with a limit of 1
        b"\x30\xff\xff\xff\xff",
    ],
)
@in_loop
async def test_who_breaks_the_rules_is_cut_off(data: bytes) -> None:
    made, _ = broker(packet_limit=1 << 20)
    transport = client(made)
    transport.protocol.data_received(data)
    assert transport.closed
    assert transport.taken() == []


@settings(deadline=None)
@given(st.lists(st.binary(max_size=60), max_size=6), st.booleans())
def test_no_bytes_bring_the_broker_down(pieces: list[bytes], known: bool) -> None:
    failures: list[logging.LogRecord] = []
    handler = logging.Handler()
    handler.emit = failures.append  # type: ignore[method-assign]
    handler.setLevel(logging.ERROR)
    logger = logging.getLogger("api.mqtt")

    async def run() -> None:
        made, _ = broker()
        transport = client(made) if known else Transport(type(client(made, "x").protocol)(made))
        for piece in pieces:
            transport.protocol.data_received(piece)
        await turn()
        publish(client(made, "well"), "t", b"", qos=1)

    logger.addHandler(handler)
    try:
        asyncio.run(run())
    finally:
        logger.removeHandler(handler)
    assert not failures


PACKETS = st.one_of(
    st.builds(
        lambda topic, payload, qos, id: packets.publish(
            Publish(topic, payload, qos, packet_id=id if qos else 0)
        ),
        st.sampled_from(["a", "v1.1/Datastreams(1)/Observations", "v1.1/x", "$x", "v1.1/Observations"]),
        st.sampled_from(
            [b"", b"{", b'{"result": 1}', b'{"Datastream": {"@iot.id": 99999999999999999999}}', b"[]"]
        ),
        st.integers(0, 2),
        st.integers(1, 3),
    ),
    st.builds(
        packets.acknowledgement,
        st.sampled_from([Type.PUBACK, Type.PUBREC, Type.PUBREL, Type.PUBCOMP]),
        st.integers(1, 3),
    ),
    st.builds(
        subscription, st.sampled_from(["a", "#", "v1.1/+/Observations", "a+", "$errors"]), st.integers(0, 2)
    ),
)


@settings(deadline=None)
@given(st.lists(PACKETS, max_size=30), st.integers(0, 5))
def test_any_sound_packets_in_any_order_leave_it_working(stream: list[bytes], commits: int) -> None:
    async def run() -> None:
        made, writer = broker()
        transport = client(made)
        for n, data in enumerate(stream):
            transport.protocol.data_received(data)
            await turn(1)
            if n % (commits + 1) == 0 and writer.submitted:
                writer.commit()
        assert not transport.closed
        transport.taken()
        transport.protocol.data_received(frame(0xC0, b""))
        assert (Type.PINGRESP, b"") in transport.taken()

    asyncio.run(run())
