"""Acknowledged means durable: when PUBACK and PUBREC are sent, and when they are not."""

from api.mqtt import packets
from api.mqtt.packets import Publish, Type
from tests.unit.mqtt_models import (
    broker,
    commit,
    connect,
    frame,
    ids,
    in_loop,
    reading,
    send,
    turn,
)
from twin.errors import EntityNotFound, StorageFull
from twin.observations.changes import AppendMany, Create


@in_loop
async def test_no_puback_before_the_commit() -> None:
    made, writer = broker()
    client = connect(made)
    assert client.taken() == [(Type.CONNACK, b"\0\0")]
    await send(client, reading(7))
    assert client.taken() == []
    change = await commit(writer)
    assert isinstance(change, Create)
    assert change.body == {"result": 1.5}
    assert ids(client.taken()) == [7]


@in_loop
async def test_readings_that_come_together_go_together_and_are_acknowledged_in_order() -> None:
    made, writer = broker()
    client, other = connect(made), connect(made, "other")
    await send(client, reading(1))
    await commit(writer)
    client.taken(), other.taken()
    client.protocol.data_received(b"".join(reading(n, n) for n in range(2, 6)))
    await send(other, reading(9, 9))
    [(change, _)] = writer.submitted
    assert isinstance(change, AppendMany)
    [part] = change.parts
    assert list(part.results) == [2, 3, 4, 5, 9]
    await commit(writer)
    assert ids(client.taken()) == [2, 3, 4, 5]
    assert ids(other.taken()) == [9]


@in_loop
async def test_a_later_message_that_is_ready_waits_for_an_earlier_one() -> None:
    made, writer = broker()
    client = connect(made)
    client.taken()
    await send(client, reading(1) + packets.publish(Publish("other/topic", b"", 1, packet_id=2)))
    assert client.taken() == []
    await commit(writer)
    assert ids(client.taken()) == [1, 2]


@in_loop
async def test_a_refused_message_is_acknowledged_and_reported_to_its_client_alone() -> None:
    made, writer = broker()
    client, other = connect(made), connect(made, "other")
    for one in (client, other):
        one.protocol.data_received(frame(0x82, b"\0\1\0\7$errors\0"))
        one.taken()
    await send(client, reading(1))
    writer.submitted.pop()[1].set_exception(EntityNotFound("there is no Datastream 1"))
    await turn()
    report, ack = client.taken()
    assert packets.parse_publish(0x30, report[1]) == Publish(
        "$errors",
        b'{"topic":"v1.1/Datastreams(1)/Observations","packet":1,"error":"there is no Datastream 1"}',
    )
    assert ack == (Type.PUBACK, b"\0\1")
    assert other.taken() == []
    assert made.counts["refused messages"] == 1


@in_loop
async def test_a_full_disk_acknowledges_nothing_and_closes() -> None:
    made, writer = broker()
    client = connect(made, clean=False)
    client.taken()
    await send(client, reading(1))
    writer.submitted.pop()[1].set_exception(StorageFull("no room"))
    await turn()
    assert client.taken() == []
    assert client.closed
    again = connect(made, clean=False)
    assert again.taken() == [(Type.CONNACK, b"\1\0")]
    await send(again, reading(1, duplicate=True))
    await commit(writer)
    assert ids(again.taken()) == [1]


@in_loop
async def test_what_was_durable_before_a_failure_is_acknowledged_before_the_connection_ends() -> None:
    made, writer = broker()
    client = connect(made)
    client.taken()
    await send(client, reading(1) + reading(2) + reading(3))
    [one, two, three] = [writer.submitted.pop(0)[1] for _ in range(3)]
    three.set_result(None)
    two.set_exception(StorageFull("no room"))
    await turn()
    assert client.taken() == [], "the first is still on its way"
    one.set_result(None)
    await turn()
    assert ids(client.taken()) == [1]
    assert client.closed


@in_loop
async def test_who_sends_faster_than_the_store_takes_is_not_read_for_a_while() -> None:
    made, writer = broker(waiting=10)
    client = connect(made)
    await send(client, b"".join(reading(n) for n in range(1, 12)))
    assert not client.listening
    while writer.submitted:
        await commit(writer)
    assert client.listening
    assert len(ids(client.taken()[1:])) == 11


@in_loop
async def test_large_messages_count_by_their_size() -> None:
    made, writer = broker(waiting_bytes=1000)
    client = connect(made)
    message = Publish("v1.1/Datastreams(1)/Observations", b'{"result": 1}'.ljust(1001), 1, packet_id=1)
    client.protocol.data_received(packets.publish(message))
    assert not client.listening
    await turn()
    await commit(writer)
    assert client.listening


@in_loop
async def test_publishing_without_the_scope_ends_the_connection_unacknowledged() -> None:
    made, writer = broker()
    client = connect(made, password="reader")
    client.taken()
    await send(client, reading(1))
    assert client.taken() == []
    assert client.closed
    assert writer.submitted == []
