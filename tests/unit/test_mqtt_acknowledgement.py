"""Acknowledged means durable: when PUBACK and PUBREC are sent, and when they are not."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any

from api.mqtt import packets
from api.mqtt.packets import Publish, Type
from tests.unit.mqtt_models import broker, connect, frame, reading, turn
from twin.errors import EntityNotFound, QueryError, StorageFull
from twin.observations.changes import AppendMany, Create


def in_loop(test: Callable[[], Awaitable[None]]) -> Callable[[], None]:
    @wraps(test)
    def run() -> None:
        asyncio.run(test())  # type: ignore[arg-type]

    return run


def ids(found: list[tuple[Type, bytes]], kind: Type = Type.PUBACK) -> list[int]:
    assert all(k is kind for k, _ in found), found
    return [int.from_bytes(body, "big") for _, body in found]


@in_loop
async def test_no_puback_before_the_commit() -> None:
    made, writer = broker()
    client = connect(made)
    assert client.taken() == [(Type.CONNACK, b"\0\0")]
    client.protocol.data_received(reading(7))
    await turn()
    assert client.taken() == []
    change = writer.commit()
    await turn()
    assert isinstance(change, Create)
    assert change.body == {"result": 1.5}
    assert ids(client.taken()) == [7]


@in_loop
async def test_readings_that_come_together_go_together_and_are_acknowledged_in_order() -> None:
    made, writer = broker()
    client, other = connect(made), connect(made, "other")
    client.protocol.data_received(reading(1))
    await turn()
    writer.commit()
    await turn()
    client.taken(), other.taken()
    client.protocol.data_received(b"".join(reading(n, n) for n in range(2, 6)))
    other.protocol.data_received(reading(9, 9))
    await turn()
    [(change, _)] = writer.submitted
    assert isinstance(change, AppendMany)
    [part] = change.parts
    assert list(part.results) == [2, 3, 4, 5, 9]
    writer.commit()
    await turn()
    assert ids(client.taken()) == [2, 3, 4, 5]
    assert ids(other.taken()) == [9]


@in_loop
async def test_a_later_message_that_is_ready_waits_for_an_earlier_one() -> None:
    made, writer = broker()
    client = connect(made)
    client.taken()
    client.protocol.data_received(reading(1) + packets.publish(Publish("other/topic", b"", 1, packet_id=2)))
    await turn()
    assert client.taken() == []
    writer.commit()
    await turn()
    assert ids(client.taken()) == [1, 2]


@in_loop
async def test_a_refused_message_is_acknowledged_and_reported_to_its_client_alone() -> None:
    made, writer = broker()
    client, other = connect(made), connect(made, "other")
    for one in (client, other):
        one.protocol.data_received(frame(0x82, b"\0\1\0\7$errors\0"))
        one.taken()
    client.protocol.data_received(reading(1))
    await turn()
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
async def test_what_is_no_json_or_lacks_a_time_is_refused_and_the_rest_is_stored() -> None:
    made, writer = broker()
    client = connect(made)
    client.protocol.data_received(reading(1))
    await turn()
    writer.commit()
    await turn()
    client.taken()
    topic = "v1.1/Datastreams(1)/Observations"
    bad = [b"{", b"[]", b'"a"', b"\xff", b'{"result": 1, "phenomenonTime": "yesterday"}']
    client.protocol.data_received(
        b"".join(packets.publish(Publish(topic, p, 1, packet_id=n)) for n, p in enumerate(bad, 10))
        + reading(99, 42)
    )
    await turn()
    [(change, _)] = writer.submitted
    assert [list(part.results) for part in change.parts] == [[42]]
    writer.commit()
    await turn()
    assert ids(client.taken()) == [10, 11, 12, 13, 14, 99]
    assert made.counts["refused messages"] == 5


@in_loop
async def test_one_bad_row_does_not_take_the_others_with_it() -> None:
    made, writer = broker()
    client = connect(made)
    client.protocol.data_received(reading(1))
    await turn()
    writer.commit()
    await turn()
    client.taken()
    client.protocol.data_received(reading(2, 2) + reading(3, 3) + reading(4, 4))
    await turn()
    writer.submitted.pop()[1].set_result([QueryError("one of them is wrong")])
    await turn()
    assert client.taken() == []
    change, future = writer.submitted.pop()
    assert [list(part.results) for part in change.parts] == [[2], [3], [4]]
    future.set_result([None, QueryError("it is this one"), None])
    await turn()
    assert ids(client.taken()) == [2, 3, 4]
    assert made.counts["refused messages"] == 1
    assert made.intake.stored == 3


@in_loop
async def test_a_full_disk_acknowledges_nothing_and_closes() -> None:
    made, writer = broker()
    client = connect(made, clean=False)
    client.taken()
    client.protocol.data_received(reading(1))
    await turn()
    writer.submitted.pop()[1].set_exception(StorageFull("no room"))
    await turn()
    assert client.taken() == []
    assert client.closed
    again = connect(made, clean=False)
    assert again.taken() == [(Type.CONNACK, b"\1\0")]
    again.protocol.data_received(reading(1, duplicate=True))
    await turn()
    writer.commit()
    await turn()
    assert ids(again.taken()) == [1]


@in_loop
async def test_what_was_durable_before_a_failure_is_acknowledged_before_the_connection_ends() -> None:
    made, writer = broker()
    client = connect(made)
    client.taken()
    client.protocol.data_received(reading(1) + reading(2) + reading(3))
    await turn()
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
async def test_a_message_sent_again_after_a_lost_connection_is_stored_once() -> None:
    made, writer = broker()
    client = connect(made, clean=False)
    client.protocol.data_received(reading(1, 5) + reading(2, 6))
    await turn()
    client.lose()
    writer.commit()
    await turn()
    again = connect(made, clean=False)
    again.taken()
    again.protocol.data_received(reading(1, 5, duplicate=True))
    await turn()
    assert ids(again.taken()) == [1]
    again.protocol.data_received(reading(2, 6, duplicate=True))
    await turn()
    assert len(writer.submitted) == 1, "the second one is still on its way"
    writer.commit()
    await turn()
    assert ids(again.taken()) == [2]
    assert writer.submitted == []


@in_loop
async def test_a_client_that_is_back_before_its_old_connection_is_missed_is_not_stored_twice() -> None:
    made, writer = broker()
    old = connect(made, clean=False)
    old.protocol.data_received(reading(1, 5))
    await turn()
    new = connect(made, clean=False)
    new.taken()
    new.protocol.data_received(reading(1, 5, duplicate=True))
    await turn()
    assert old.closed
    writer.commit()
    await turn()
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
            client.protocol.data_received(packets.publish(message))
            await turn()
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
    client.protocol.data_received(reading(1, 5))
    await turn()
    client.lose()
    writer.commit()
    await turn()
    again = connect(made, clean=False)
    again.taken()
    again.protocol.data_received(reading(1, 77))
    await turn()
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
    client.protocol.data_received(reading(3, qos=2, duplicate=True))
    await turn()
    assert client.taken() == []
    assert len(writer.submitted) == 1
    writer.commit()
    await turn()
    assert ids(client.taken(), Type.PUBREC) == [3]
    client.protocol.data_received(reading(3, qos=2, duplicate=True))
    await turn()
    assert ids(client.taken(), Type.PUBREC) == [3]
    assert writer.submitted == []
    client.protocol.data_received(bytes.fromhex("62020003"))
    assert ids(client.taken(), Type.PUBCOMP) == [3]
    client.protocol.data_received(reading(3, qos=2))
    await turn()
    assert len(writer.submitted) == 1, "after PUBCOMP the identifier is free"


@in_loop
async def test_who_sends_faster_than_the_store_takes_is_not_read_for_a_while() -> None:
    made, writer = broker(waiting=10)
    client = connect(made)
    client.protocol.data_received(b"".join(reading(n) for n in range(1, 12)))
    await turn()
    assert not client.listening
    while writer.submitted:
        writer.commit()
        await turn()
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
    writer.commit()
    await turn()
    assert client.listening


@in_loop
async def test_messages_with_qos_2_that_are_never_released_are_limited() -> None:
    made, writer = broker(waiting=10)
    client = connect(made)
    for n in range(1, 11):
        client.protocol.data_received(reading(n, qos=2))
        await turn()
        writer.commit()
        await turn()
        assert not client.closed
    client.protocol.data_received(reading(11, qos=2))
    assert client.closed


@in_loop
async def test_publishing_without_the_scope_ends_the_connection_unacknowledged() -> None:
    made, writer = broker()
    client = connect(made, password="reader")
    client.taken()
    client.protocol.data_received(reading(1))
    await turn()
    assert client.taken() == []
    assert client.closed
    assert writer.submitted == []


def fields_of(part: Any) -> dict[str, Any]:
    names = ("result_times", "feature", "ids", "parameters")
    return {name: getattr(part, name) for name in names if getattr(part, name) is not None}


@in_loop
async def test_rows_carry_what_the_message_says() -> None:
    made, writer = broker()
    client = connect(made)
    client.protocol.data_received(reading(1))
    await turn()
    writer.commit()
    await turn()
    messages = [
        ("v1.1/Datastreams(1)/Observations", b'{"result": 1, "phenomenonTime": "1970-01-01T00:00:01Z"}'),
        (
            "sta/v1.1/Observations",
            b'{"result": "a", "phenomenonTime": "1970-01-01T09:00:02.000003+09:00", "@iot.id": 12,'
            b' "resultTime": "1970-01-01T00:00:03Z", "parameters": {"k": 1}, "Datastream": {"@iot.id": 1}}',
        ),
        (
            "v1.1/FeaturesOfInterest(5)/Observations",
            b'{"result": 2, "phenomenonTime": "1970-01-01T00:00:04Z", "Datastream": {"@iot.id": 1}}',
        ),
    ]
    client.protocol.data_received(
        b"".join(packets.publish(Publish(t, p, 1, packet_id=n)) for n, (t, p) in enumerate(messages, 1))
    )
    await turn()
    [(change, _)] = writer.submitted
    [part] = change.parts
    assert part.datastream == 1
    assert list(part.times) == [1_000_000, 2_000_003, 4_000_000]
    assert list(part.results) == [1, "a", 2]
    assert fields_of(part) == {
        "result_times": [None, 3_000_000, None],
        "feature": [None, None, 5],
        "ids": [None, 12, None],
        "parameters": [None, {"k": 1}, None],
    }


@in_loop
async def test_what_is_not_so_plain_goes_to_the_store_as_it_is() -> None:
    made, writer = broker()
    client = connect(made)
    client.protocol.data_received(reading(1))
    await turn()
    writer.commit()
    await turn()
    bodies = [
        b'{"result": 1, "phenomenonTime": "2024-01-01T00:00:00Z/2024-01-02T00:00:00Z"}',
        b'{"result": 1, "validTime": "2024-01-01T00:00:00Z/2024-01-02T00:00:00Z"}',
        b'{"result": 1, "FeatureOfInterest": {"name": "new"}}',
        b'{"result": 1, "@iot.id": "text"}',
        b'{"result": 1, "Datastream": {"@iot.id": 2}}',
        b'{"phenomenonTime": "2024-01-01T00:00:00Z"}',
        b'{"result": 1, "phenomenonTime": 5}',
        b'{"result": 1, "unknown": 5}',
    ]
    topic = "v1.1/Datastreams(1)/Observations"
    client.protocol.data_received(
        b"".join(packets.publish(Publish(topic, p, 1, packet_id=n)) for n, p in enumerate(bodies, 1))
    )
    await turn()
    assert [type(change) for change, _ in writer.submitted] == [Create] * len(bodies)
