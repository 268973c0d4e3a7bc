"""The embedded broker by the rules of MQTT 3.1.1, its numbers in brackets, without network."""

from api.mqtt import packets
from api.mqtt.broker import Broker
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
