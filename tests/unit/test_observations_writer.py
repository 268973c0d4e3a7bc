"""The writer: changes whole or not at all, each answered for itself, and told when they are durable."""

from __future__ import annotations

import sqlite3
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.unit.observation_models import (
    EPOCH,
    SECOND,
    count,
    datastream,
    do,
    held,
    location,
    make,
    route,
    thing,
    world,
)
from twin.errors import Conflict, EntityNotFound, QueryError, TwinError
from twin.observations.changes import (
    Append,
    AppendMany,
    At,
    Call,
    Changed,
    Committed,
    Create,
    Created,
    Delete,
    Together,
    Update,
)
from twin.observations.query import Instant, Step


def test_a_bad_change_does_not_spoil_the_others_of_its_group(tmp_path: Path) -> None:
    with world(tmp_path) as observations:
        release = held(observations)
        submit = observations.writer.submit
        futures: list[Future[Any]] = [
            submit(Append(1, [EPOCH], [1.5])),
            submit(Append(99, [EPOCH], [1.5])),
            submit(Create(route("Things"), {"name": "no description"})),
            submit(Create(route("Things"), thing("second"))),
            submit(Append(1, [EPOCH + 1, EPOCH + 2], [1.5])),
            submit(Append(2, [EPOCH], [2.5], feature=77)),
            submit(Create(route("Datastreams(1)/Observations"), {"phenomenonTime": "soon", "result": 1})),
            submit(Append(2, [EPOCH], [2.5])),
        ]
        release.set()
        errors = [type(future.exception(10)) for future in futures]
        nothing = type(None)
        assert errors == [
            nothing,
            EntityNotFound,
            QueryError,
            nothing,
            QueryError,
            EntityNotFound,
            QueryError,
            nothing,
        ]
        assert [v.datastream for v in observations.latest()] == [1, 2]
        assert count(observations) == 2
        assert count(observations, "Things") == 2


def test_a_defect_in_one_change_of_a_group_leaves_the_others(tmp_path: Path) -> None:
    def defect(connection: sqlite3.Connection) -> None:
        raise ZeroDivisionError

    with world(tmp_path) as observations:
        release = held(observations)
        futures = [
            observations.writer.submit(change)
            for change in (Append(1, [EPOCH], [1]), Call(defect), Append(1, [EPOCH + 1], [2]))
        ]
        release.set()
        assert [type(f.exception(10)) for f in futures] == [type(None), ZeroDivisionError, type(None)]
        assert count(observations) == 2


def test_parts_are_reported_each(tmp_path: Path) -> None:
    with world(tmp_path, streams=2) as observations:
        outcomes = do(
            observations,
            AppendMany(
                [
                    Append(1, [EPOCH], [1]),
                    Append(3, [EPOCH], [1]),
                    Append(2, [EPOCH, EPOCH + 1], [1]),
                    Append(2, [EPOCH, EPOCH + 1], [1, "x"]),
                ]
            ),
        )
        assert [type(o).__name__ for o in outcomes] == [
            "Appended",
            "EntityNotFound",
            "QueryError",
            "Appended",
        ]
        assert outcomes[3].ids == [2, 3]
        assert count(observations) == 3


def test_the_same_observation_again_is_acknowledged_and_stored_once(tmp_path: Path) -> None:
    with world(tmp_path, streams=2) as observations:
        body = {"@iot.id": 7, "phenomenonTime": "2024-01-01T00:00:00Z", "result": 1.5}
        first = do(observations, Create(route("Datastreams(1)/Observations"), body))
        again = do(observations, Create(route("Datastreams(1)/Observations"), body))
        assert (first.id, first.existing, again.id, again.existing) == (7, False, 7, True)
        for other in ({"result": 2.5}, {"phenomenonTime": "2024-01-02T00:00:00Z"}):
            with pytest.raises(Conflict):
                do(observations, Create(route("Datastreams(1)/Observations"), {**body, **other}))
        with pytest.raises(Conflict):
            do(observations, Create(route("Datastreams(2)/Observations"), body))
        moment = 1_704_067_200_000_000
        many = do(observations, Append(1, [moment, moment, moment], [1.5, 3, 4], ids=[7, None, 8]))
        assert many.ids[0] == 7
        assert many.ids[2] == 8
        assert many.existing == (0,)
        assert count(observations) == 3


def test_a_retry_in_the_same_group_is_stored_once(tmp_path: Path) -> None:
    with world(tmp_path) as observations:
        release = held(observations)
        futures = [observations.writer.submit(Append(1, [EPOCH], [1], ids=[5])) for _ in range(3)]
        clash = observations.writer.submit(Append(1, [EPOCH], [2], ids=[5]))
        release.set()
        assert [f.result(10).existing for f in futures] == [(), (0,), (0,)]
        assert isinstance(clash.exception(10), Conflict)
        assert count(observations) == 1


def test_given_ids_are_followed_in_the_order_of_arrival(tmp_path: Path) -> None:
    with world(tmp_path) as observations:
        do(observations, Append(1, [EPOCH], [0]))
        do(observations, Append(1, [EPOCH], [1], ids=[10**15]))
        do(observations, Append(1, [EPOCH], [2], ids=[50]))
        do(observations, Append(1, [EPOCH], [3], ids=[40]))
        do(observations, Append(1, [EPOCH] * 30, [4] * 30))
        results, cursor = [], 0
        while len(part := observations.follow(cursor, 3)):
            results += part.results
            assert part.last > cursor
            cursor = part.last
        assert results == [0, 1, 2, 3] + [4] * 30
        assert cursor == observations.last_id()


@pytest.mark.parametrize("id", [0, -1, 1 << 63, "7", 1.0, True])
def test_ids_are_positive_integers(tmp_path: Path, id: Any) -> None:
    with world(tmp_path) as observations, pytest.raises(QueryError, match="id"):
        do(observations, Create(route("Datastreams(1)/Observations"), {"@iot.id": id, "result": 1}))


def test_the_greatest_id_does_not_stop_the_numbering(tmp_path: Path) -> None:
    with world(tmp_path) as observations:
        greatest = (1 << 63) - 1
        do(observations, Append(1, [EPOCH], [1], ids=[greatest]))
        assert do(observations, Append(1, [EPOCH], [1])).ids[0] < 10
        make(observations, "Things", {"@iot.id": 12, **thing()})
        with pytest.raises(Conflict):
            make(observations, "Things", {"@iot.id": 12, **thing()})


def test_results_of_every_kind_come_back(tmp_path: Path) -> None:
    results = [1, 2.5, -0.0, "wet", "3", "", None, True, False, [1, "a"], {"a": {"b": None}}, 1e30, 2**63 - 1]
    with world(tmp_path) as observations:
        do(observations, Append(1, [EPOCH + i for i in range(len(results))], results))
        stored = observations.follow(0).results
        assert stored == results
        assert [type(r) for r in stored] == [type(r) for r in results]
        do(observations, Append(1, [1, 2, 3, 4], [1.5, np.nan, np.inf, 10**30]))
        assert observations.follow(len(results)).results == [1.5, None, None, 1e30]


def test_subscribers_hear_of_what_is_durable(tmp_path: Path) -> None:
    notes: list[Committed | Changed] = []
    with world(tmp_path) as observations:

        def fail(note: object) -> None:
            raise RuntimeError("a subscriber's own defect")

        observations.writer.subscribe(fail)
        end = observations.writer.subscribe(notes.append)
        do(observations, Append(1, [EPOCH], [1.5]))
        do(observations, Update(route("Things(1)"), {"name": "x"}))
        with pytest.raises(EntityNotFound):
            do(observations, Update(route("Things(9)"), {"name": "x"}))
        do(observations, Delete(route("Datastreams(1)")))
        end()
        do(observations, Update(route("Things(1)"), {"name": "y"}))
        do(observations, Call(lambda connection: None))
    committed = [n for n in notes if isinstance(n, Committed)]
    assert [(c.ids, c.datastreams, c.times, c.results, c.flags) for c in committed] == [
        ([1], [1], [EPOCH], [1.5], [0])
    ]
    changed = [(n.type.name, n.id, n.action, n.properties) for n in notes if isinstance(n, Changed)]
    assert changed == [
        ("FeatureOfInterest", 1, "created", ()),
        ("Thing", 1, "updated", ("name",)),
        ("Datastream", 1, "deleted", ()),
    ]


def test_together_all_or_none_with_names(tmp_path: Path) -> None:
    with world(tmp_path) as observations:
        members = [
            Create(route("Sensors"), {**datastream()["Sensor"]}),
            Create(route("Things(1)/Datastreams"), datastream("new", Sensor={"@iot.id": "$s"})),
            Create(At("d", (Step("Observations"),)), {"result": 3, "phenomenonTime": Instant(EPOCH)}),
            Append(1, [EPOCH], [4]),
        ]
        results = do(observations, Together(members, ("s", "d", None, None)))
        assert isinstance(results[1], Created)
        assert observations.entity(route("Datastreams(2)/Sensor")).id == results[0].id
        assert [v.result for v in observations.latest()] == [4, 3]
        before = count(observations), count(observations, "Sensors")
        with pytest.raises(QueryError, match=r"\$d is not"):
            do(observations, Together([members[0], members[2]], ("s", None)))
        with pytest.raises(EntityNotFound):
            do(observations, Together([*members, Append(99, [EPOCH], [1])], ("s", "d")))
        assert (count(observations), count(observations, "Sensors")) == before


def test_flags_are_stored_told_and_shown(tmp_path: Path) -> None:
    from twin.observations import quality, quality_rules

    with world(tmp_path) as observations:
        rules = quality_rules.parse({"minimum": 0, "maximum": 10})

        def set_rules(connection: sqlite3.Connection) -> None:
            quality_rules.save(connection, 1, rules)

        do(observations, Call(set_rules, rules=True))
        done = do(
            observations, Append(1, [EPOCH, EPOCH + SECOND], [5, 50], result_qualities=[None, {"a": 1}])
        )
        entity = observations.entity(route(f"Observations({done.ids[1]})"))
        assert entity.values["resultQuality"] == {"a": 1, "flags": ["range"]}
        assert observations.entity(route(f"Observations({done.ids[0]})")).values["resultQuality"] is None
        assert observations.follow(0).flags == [0, int(quality.Flag.RANGE)]
        do(observations, Append(1, [EPOCH], [5]))
        assert observations.follow(2).flags == [int(quality.Flag.DUPLICATE)]
        do(observations, Append(1, [4_000_000_000_000_000], [5]))
        assert observations.latest()[0].flags == int(quality.Flag.CLOCK)


def test_locations_are_kept_when_things_move(tmp_path: Path) -> None:
    with world(tmp_path) as observations:
        do(observations, Append(1, [EPOCH], [1]))
        make(observations, "Things(1)/Locations", location("there", 128.0, 36.0))
        do(observations, Append(1, [EPOCH + 1], [1]))
        do(
            observations,
            Update(route("Locations(2)"), {"location": {"type": "Point", "coordinates": [129, 35]}}),
        )
        do(observations, Append(1, [EPOCH + 2], [1]))
        features = [
            observations.entity(route(f"Observations({i})/FeatureOfInterest")).values["feature"][
                "coordinates"
            ]
            for i in (1, 2, 3)
        ]
        assert features == [[127, 37], [128, 36], [129, 35]]
        area = observations.entity(route("Datastreams(1)")).values["observedArea"]
        assert area["coordinates"][0][0] == [127, 35]
        assert area["coordinates"][0][2] == [129, 37]
        assert [e.id for e in observations.page(route("Things(1)/Locations")).entities] == [2]
        assert count(observations, "Things(1)/HistoricalLocations") == 2


@pytest.mark.parametrize(
    "change",
    [
        Create(route("Things"), {"name": "\ud800", "description": ""}),
        Create(route("Things"), {"name": "x", "description": "", "properties": {"a": "\ud800"}}),
        Create(route("Datastreams(1)/Observations"), {"result": "\ud800"}),
        Create(route("Datastreams(1)/Observations"), {"result": {"a": "\ud800"}}),
        Append(1, [1 << 70], [1]),
        Append(1, [1.5], [1]),  # type: ignore[list-item]
        Append(1, [EPOCH], [object()]),
        Append(1, [EPOCH], [1], feature=1 << 70),
        Append(1 << 70, [EPOCH], [1]),
        Append(1, [EPOCH], [1], times_end=[1 << 62]),
    ],
    ids=lambda change: str(change)[-60:],
)
def test_what_cannot_be_stored_is_refused_by_name(tmp_path: Path, change: Any) -> None:
    with world(tmp_path) as observations:
        with pytest.raises(TwinError):
            do(observations, change)
        do(observations, Append(1, [EPOCH], [1]))
        assert count(observations) == 1
