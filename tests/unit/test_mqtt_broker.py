"""The embedded broker by the rules of MQTT 3.1.1, its numbers in brackets, without network."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.mqtt import packets
from api.mqtt.broker import Broker
from api.mqtt.packets import Publish, Type
from tests.unit.mqtt_models import Transport, broker, connect, frame, turn

Test = Callable[..., Awaitable[None]]


def in_loop(test: Test) -> Callable[..., None]:
    @wraps(test)
    def run(*args: Any, **kwargs: Any) -> None:
        asyncio.run(test(*args, **kwargs))  # type: ignore[arg-type]

    return run


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


def acknowledge(transport: Transport, kind: Type, packet_id: int) -> None:
    transport.protocol.data_received(packets.acknowledgement(kind, packet_id))


@in_loop
async def test_a_message_goes_to_those_who_subscribed() -> None:
    made, _ = broker()
    sub, wild, other = (
        subscriber(made, "a/b", 1),
        subscriber(made, "a/#", 0, "w"),
        subscriber(made, "c", 0, "o"),
    )
    pub = client(made, "pub")
    publish(pub, "a/b", b"hello", qos=1)
    assert pub.taken() == [(Type.PUBACK, b"\0\1")]
    assert messages(sub) == [Publish("a/b", b"hello", 1, packet_id=1)]
    assert messages(wild) == [Publish("a/b", b"hello")]
    assert messages(other) == []
    pub.protocol.data_received(frame(0xC0, b""))
    assert pub.taken() == [(Type.PINGRESP, b"")]


@in_loop
async def test_after_unsubscribing_nothing_comes() -> None:
    made, _ = broker()
    sub = subscriber(made, "a", 0)
    sub.protocol.data_received(frame(0xA2, b"\0\5\0\1a"))
    assert sub.taken() == [(Type.UNSUBACK, b"\0\5")]
    publish(client(made), "a", b"x")
    assert messages(sub) == []


@in_loop
async def test_sixty_five_thousand_messages_keep_within_the_window_and_in_order() -> None:
    made, _ = broker(in_flight=10, queued=70_000)
    sub, pub = subscriber(made, "t", 1), client(made, "pub")
    for n in range(66_000):
        publish(pub, "t", b"%d" % n, qos=1)
    got: list[bytes] = []
    while found := messages(sub):
        assert len(found) <= 10
        got += [m.payload for m in found]
        for m in found:
            acknowledge(sub, Type.PUBACK, m.packet_id)
    assert got == [b"%d" % n for n in range(66_000)]


@in_loop
async def test_what_was_not_acknowledged_is_sent_again_to_a_session_that_stays() -> None:
    made, _ = broker(in_flight=2)
    sub, pub = subscriber(made, "t", 1, clean=False), client(made, "pub")
    for n in range(4):
        publish(pub, "t", b"%d" % n, qos=1)
    first = messages(sub)
    acknowledge(sub, Type.PUBACK, first[1].packet_id)
    sub.lose()
    publish(pub, "t", b"away", qos=1)
    publish(pub, "t", b"qos 0 is not kept")
    again = connect(made, "sub", clean=False)
    assert again.data[:4] == b"\x20\x02\x01\x00"
    found = messages(again)
    assert [(m.payload, m.duplicate) for m in found] == [(b"0", True), (b"2", True)]
    for m in found:
        acknowledge(again, Type.PUBACK, m.packet_id)
    assert [(m.payload, m.duplicate) for m in messages(again)] == [(b"3", False), (b"away", False)]


@in_loop
async def test_qos_2_out_is_four_packets_and_resumes_where_it_was() -> None:
    made, _ = broker()
    sub = subscriber(made, "t", 2, clean=False)
    publish(client(made, "pub"), "t", b"once", qos=2)
    [message] = messages(sub)
    assert message.qos == 2
    acknowledge(sub, Type.PUBREC, message.packet_id)
    assert sub.taken() == [(Type.PUBREL, b"\0\1")]
    sub.lose()
    again = connect(made, "sub", clean=False)
    assert again.taken() == [(Type.CONNACK, b"\1\0"), (Type.PUBREL, b"\0\1")]
    acknowledge(again, Type.PUBCOMP, 1)
    again.lose()
    assert connect(made, "sub", clean=False).taken() == [(Type.CONNACK, b"\1\0")]


@in_loop
async def test_a_clean_session_ends_with_its_connection() -> None:
    made, _ = broker()
    subscriber(made, "t", 1).lose()
    publish(client(made, "pub"), "t", b"x", qos=1)
    again = connect(made, "sub")
    assert again.taken() == [(Type.CONNACK, b"\0\0")]


@in_loop
async def test_the_queue_of_a_client_that_is_away_is_bounded() -> None:
    made, _ = broker(queued=5)
    sub = subscriber(made, "t", 1, clean=False)
    sub.lose()
    pub = client(made, "pub")
    for n in range(9):
        publish(pub, "t", b"%d" % n, qos=1)
    assert [m.payload for m in messages(connect(made, "sub", clean=False))] == [b"0", b"1", b"2", b"3", b"4"]


@in_loop
async def test_the_memory_for_messages_is_bounded_and_given_back() -> None:
    made, _ = broker(memory=10_100)
    pub = client(made, "pub")
    publish(pub, "kept", bytes(3000), retain=True)
    subs = [subscriber(made, "t", qos, f"sub {qos}", clean=False) for qos in (1, 2)]
    for sub in subs:
        sub.lose()
    for n in range(4):
        publish(pub, "t", bytes((n,)) * 1500, qos=2, packet_id=n + 1)
    back = [connect(made, f"sub {qos}", clean=False) for qos in (1, 2)]
    assert [[m.payload[0] for m in messages(one)] for one in back] == [[0, 1], [0, 1]]
    acknowledge(back[0], Type.PUBACK, 1)
    acknowledge(back[1], Type.PUBREC, 1)
    for n in range(4, 8):
        publish(pub, "t", bytes((n,)) * 1500, qos=2, packet_id=n + 1)
    assert [[m.payload[0] for m in messages(one)] for one in back] == [[4], [4]]
    publish(pub, "kept", b"", retain=True)
    connect(made, "sub 1"), connect(made, "sub 2")
    await turn()
    publish(pub, "kept", bytes(9000), retain=True)
    assert [len(m.payload) for m in messages(subscriber_of_kept(made))] == [9000]


def subscriber_of_kept(made: Broker) -> Transport:
    sub = client(made, "late")
    sub.protocol.data_received(subscription("kept"))
    return sub


@in_loop
async def test_a_client_that_does_not_read_is_not_read_and_gets_no_more() -> None:
    made, _ = broker()
    sub, pub = subscriber(made, "t", 1), client(made, "pub")
    sub.protocol.pause_writing()
    assert not sub.listening
    publish(pub, "t", b"0")
    publish(pub, "t", b"1", qos=1)
    assert messages(sub) == []
    sub.protocol.resume_writing()
    assert sub.listening
    assert [m.payload for m in messages(sub)] == [b"1"]


@in_loop
async def test_retained_messages_come_with_a_subscription_until_they_are_emptied() -> None:
    made, _ = broker(retained=2)
    pub = client(made, "pub")
    for topic in ("a", "b"):
        publish(pub, topic, b"kept", retain=True)
    publish(pub, "c", b"one too many", qos=1, retain=True)
    assert made.counts["refused messages"] == 1
    sub = client(made, "sub")
    sub.protocol.data_received(subscription("+"))
    assert messages(sub) == [Publish("a", b"kept", retain=True), Publish("b", b"kept", retain=True)]
    publish(pub, "a", b"", retain=True)
    assert messages(sub) == [Publish("a", b"")], "to those who are there it is not marked [MQTT-3.3.1-9]"
    late = client(made, "late")
    late.protocol.data_received(subscription("a"))
    assert messages(late) == []


@in_loop
async def test_the_will_is_published_when_the_client_is_lost_and_not_when_it_leaves() -> None:
    made, _ = broker()
    sub = subscriber(made, "wills/#", 1)
    client(made, "lost", will=Publish("wills/lost", b"gone", 1)).lose()
    leaving = client(made, "leaving", will=Publish("wills/leaving", b"gone"))
    leaving.protocol.data_received(frame(0xE0, b""))
    wrong = client(made, "wrong", will=Publish("wills/wrong", b"gone"))
    wrong.protocol.data_received(b"\xf0\0")
    await turn()
    assert [m.topic for m in messages(sub)] == ["wills/lost", "wills/wrong"]


@in_loop
async def test_a_second_connection_of_a_client_closes_the_first() -> None:
    made, _ = broker()
    first, stranger = client(made), client(made, password="reader")
    client(made)
    await turn()
    assert first.closed
    assert not stranger.closed, "another token's client of the same name is another client"


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
