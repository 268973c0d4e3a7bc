"""Messages sent again: after a lost connection, a lost acknowledgement, and with QoS 2."""

from api.mqtt import packets
from api.mqtt.packets import Publish, Type
from tests.unit.mqtt_models import (
    broker,
    commit,
    connect,
    ids,
    in_loop,
    reading,
    send,
    turn,
)


@in_loop
async def test_a_message_sent_again_after_a_lost_connection_is_stored_once() -> None:
    made, writer = broker()
    client = connect(made, clean=False)
    await send(client, reading(1, 5) + reading(2, 6))
    client.lose()
    await commit(writer)
    again = connect(made, clean=False)
    again.taken()
    await send(again, reading(1, 5, duplicate=True))
    assert ids(again.taken()) == [1]
    await send(again, reading(2, 6, duplicate=True))
    assert len(writer.submitted) == 1, "the second one is still on its way"
    await commit(writer)
    assert ids(again.taken()) == [2]
    assert writer.submitted == []


@in_loop
async def test_a_client_that_is_back_before_its_old_connection_is_missed_is_not_stored_twice() -> None:
    made, writer = broker()
    old = connect(made, clean=False)
    await send(old, reading(1, 5))
    new = connect(made, clean=False)
    new.taken()
    await send(new, reading(1, 5, duplicate=True))
    assert old.closed
    await commit(writer)
    assert ids(new.taken()) == [1]
    assert writer.submitted == []


@in_loop
async def test_an_acknowledgement_that_was_lost_does_not_make_two_of_a_reading_with_a_time() -> None:
    made, writer = broker()
    timed = b'{"result": 1, "phenomenonTime": "2024-05-01T00:00:00Z"}'
    for packet_id, payload, stored in ((1, timed, 1), (2, b'{"result": 1}', 2)):
        count = 0
        client = connect(made, clean=False)
        for duplicate in (False, True):
            client.taken()
            message = Publish("v1.1/Datastreams(1)/Observations", payload, 1, False, duplicate, packet_id)
            await send(client, packets.publish(message))
            while writer.submitted:
                writer.commit()
                count += 1
            await turn()
            assert ids(client.taken()) == [packet_id]
            client.lose()
            client = connect(made, clean=False)
        assert count == stored, payload
        client.lose()


@in_loop
async def test_another_message_under_the_same_identifier_is_a_new_one() -> None:
    made, writer = broker()
    client = connect(made, clean=False)
    await send(client, reading(1, 5))
    client.lose()
    await commit(writer)
    again = connect(made, clean=False)
    again.taken()
    await send(again, reading(1, 77))
    change = writer.commit()
    assert list(change.parts[0].results) == [77]
    await turn()
    assert ids(again.taken()) == [1]


@in_loop
async def test_qos_2_is_stored_once_and_recorded_after_the_commit() -> None:
    made, writer = broker()
    client = connect(made)
    client.taken()
    client.protocol.data_received(reading(3, qos=2))
    await send(client, reading(3, qos=2, duplicate=True))
    assert client.taken() == []
    assert len(writer.submitted) == 1
    await commit(writer)
    assert ids(client.taken(), Type.PUBREC) == [3]
    await send(client, reading(3, qos=2, duplicate=True))
    assert ids(client.taken(), Type.PUBREC) == [3]
    assert writer.submitted == []
    client.protocol.data_received(bytes.fromhex("62020003"))
    assert ids(client.taken(), Type.PUBCOMP) == [3]
    await send(client, reading(3, qos=2))
    assert len(writer.submitted) == 1, "after PUBCOMP the identifier is free"


@in_loop
async def test_messages_with_qos_2_that_are_never_released_are_limited() -> None:
    made, writer = broker(waiting=10)
    client = connect(made)
    for n in range(1, 11):
        await send(client, reading(n, qos=2))
        await commit(writer)
        assert not client.closed
    client.protocol.data_received(reading(11, qos=2))
    assert client.closed
