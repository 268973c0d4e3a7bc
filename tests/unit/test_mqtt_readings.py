"""From messages to observations: what a row carries, and what is refused without harm to the others."""

from typing import Any

from api.mqtt import packets
from api.mqtt.packets import Publish
from tests.unit.mqtt_models import (
    broker,
    commit,
    connect,
    ids,
    in_loop,
    known,
    reading,
    send,
    turn,
)
from twin.errors import QueryError
from twin.observations.changes import Create


@in_loop
async def test_what_is_no_json_or_lacks_a_time_is_refused_and_the_rest_is_stored() -> None:
    made, writer = broker()
    client = await known(made, writer)
    topic = "v1.1/Datastreams(1)/Observations"
    bad = [b"{", b"[]", b'"a"', b"\xff", b'{"result": 1, "phenomenonTime": "yesterday"}']
    await send(
        client,
        b"".join(packets.publish(Publish(topic, p, 1, packet_id=n)) for n, p in enumerate(bad, 10))
        + reading(99, 42),
    )
    [(change, _)] = writer.submitted
    assert [list(part.results) for part in change.parts] == [[42]]
    await commit(writer)
    assert ids(client.taken()) == [10, 11, 12, 13, 14, 99]
    assert made.counts["refused messages"] == 5


@in_loop
async def test_one_bad_row_does_not_take_the_others_with_it() -> None:
    made, writer = broker()
    client = await known(made, writer)
    await send(client, reading(2, 2) + reading(3, 3) + reading(4, 4))
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


def fields_of(part: Any) -> dict[str, Any]:
    names = ("result_times", "feature", "ids", "parameters")
    return {name: getattr(part, name) for name in names if getattr(part, name) is not None}


@in_loop
async def test_rows_carry_what_the_message_says() -> None:
    made, writer = broker()
    client = connect(made)
    await send(client, reading(1))
    await commit(writer)
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
    await send(
        client,
        b"".join(packets.publish(Publish(t, p, 1, packet_id=n)) for n, (t, p) in enumerate(messages, 1)),
    )
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
    await send(client, reading(1))
    await commit(writer)
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
    await send(
        client, b"".join(packets.publish(Publish(topic, p, 1, packet_id=n)) for n, p in enumerate(bodies, 1))
    )
    assert [type(change) for change, _ in writer.submitted] == [Create] * len(bodies)
