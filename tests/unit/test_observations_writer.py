"""The writer: durable before it answers, whole or nothing, and alive after what goes wrong."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import threading
import time
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.unit.observation_models import (
    EPOCH,
    SECOND,
    call,
    datastream,
    do,
    location,
    make,
    route,
    thing,
    world,
)
from twin.errors import Conflict, EntityNotFound, QueryError, StorageFull, TooLarge, TooMany, TwinError
from twin.observations import connections, model, writer
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
from twin.observations.query import Expand, Instant, Page, Query, Step
from twin.observations.store import Observations, open_observations


def count(observations: Observations, name: str = "Observations") -> int:
    page = observations.page(route(name), Query(count=True, top=0))
    assert page.count is not None
    return page.count


def held(observations: Observations) -> threading.Event:
    """Keep the writer busy until the event is set, so that what follows is one group."""
    release, begun = threading.Event(), threading.Event()

    def wait(connection: sqlite3.Connection) -> None:
        begun.set()
        release.wait(10)

    observations.writer.submit(Call(wait))
    assert begun.wait(10)
    return release


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


def test_a_full_disk_refuses_and_lives_on(tmp_path: Path) -> None:
    with open_observations(tmp_path, max_pages=200) as observations:
        make(observations, "Things", thing())
        stored = 0
        with pytest.raises(StorageFull, match="full"):
            for i in range(1000):
                done = do(observations, Append(1, [EPOCH + i * 1000 + k for k in range(1000)], [0.5] * 1000))
                stored += len(done.ids)
        assert stored
        assert count(observations) == stored
        with pytest.raises(StorageFull):
            do(observations, Append(1, [EPOCH + k for k in range(5000)], [0.5] * 5000))
        do(observations, Delete(route("Datastreams(1)")))
        assert count(observations) == 0
        make(observations, "Things(1)/Datastreams", datastream())
        assert do(observations, Append(2, [EPOCH], [1])).ids


def test_another_process_may_write_in_between(tmp_path: Path) -> None:
    with world(tmp_path) as observations:
        do(observations, Append(1, [EPOCH], [1]))
        with open_observations(tmp_path) as other:
            do(other, Append(1, [EPOCH + 1], [2]))
            do(other, Update(route("Things(1)"), {"name": "renamed"}))
            do(observations, Append(1, [EPOCH + 2], [3]))
            assert other.follow(0).ids == observations.follow(0).ids == [1, 2, 3]
        assert count(observations) == 3
        assert observations.entity(route("Things(1)")).values["name"] == "renamed"


def test_a_clock_that_jumps_back_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with world(tmp_path) as observations:
        real = time.time_ns
        for years in (0, -20, 5, 0):
            monkeypatch.setattr(time, "time_ns", lambda years=years: real() + years * 31_557_600 * 10**9)
            do(observations, Create(route("Datastreams(1)/Observations"), {"result": years}))
        followed = observations.follow(0)
        assert followed.results == [0, -20, 5, 0]
        assert observations.latest()[0].result == 5
        assert count(observations) == 4


def test_what_waits_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "WAITING", 10)
    with world(tmp_path) as observations:
        release = held(observations)
        first = observations.writer.submit(Append(1, [EPOCH + i for i in range(8)], [1] * 8))
        with pytest.raises(TooMany):
            observations.writer.submit(Append(1, [EPOCH + i for i in range(8)], [1] * 8), wait_s=0.05)
        release.set()
        first.result(10)
        do(observations, Append(1, [EPOCH + i for i in range(20)], [1] * 20))
        assert count(observations) == 28


def test_after_closing_nothing_is_taken(tmp_path: Path) -> None:
    with world(tmp_path) as observations:
        last = observations.writer.submit(Append(1, [EPOCH], [1]))
    assert last.result(0).ids == [1]
    with pytest.raises(TwinError, match="closed"):
        observations.writer.submit(Append(1, [EPOCH], [1]))
    with pytest.raises(TwinError, match="closed"):
        observations.last_id()


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


_KILLED = """
import sys
from twin.observations.changes import Append
from twin.observations.store import open_observations
observations = open_observations(sys.argv[1])
first = int(sys.argv[2])
waiting = []
for i in range(first, first + 1_000_000):
    waiting.append((i, observations.writer.submit(Append(i % 3 + 1, [i * 1000, i * 1000 + 1], [i, -i]))))
    if len(waiting) == 8:
        number, future = waiting.pop(0)
        future.result()
        print(number, flush=True)
"""


def test_killed_twenty_times_nothing_acknowledged_is_lost_or_twice(tmp_path: Path) -> None:
    with world(tmp_path, streams=3):
        pass
    acknowledged: set[int] = set()
    for round_ in range(20):
        with subprocess.Popen(
            [sys.executable, "-c", _KILLED, str(tmp_path), str(round_ * 1_000_000 + 1)],
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdout is not None
            for line in process.stdout:
                acknowledged.add(int(line))
                if len(acknowledged) % (3 + round_) == 0:
                    process.send_signal(signal.SIGKILL)
                    break
            acknowledged |= {int(line) for line in process.stdout if line.endswith("\n")}
    with open_observations(tmp_path) as observations:
        stored = observations.follow(0, 1_000_000)
        assert len(set(stored.ids)) == len(stored.ids) == count(observations)
        times = set(stored.times)
        assert len(times) == len(stored.times)
        assert {i * 1000 for i in acknowledged} <= times
        assert {t + 1 for t in times if t % 1000 == 0} == {t for t in times if t % 1000 == 1}
        state = observations.page(route("Datastreams"), Query()).entities
        assert all(entity.type is model.DATASTREAM for entity in state)
        for stream in (1, 2, 3):
            hours = observations.series(stream, -(1 << 60), 1 << 60, "day").counts
            assert hours.sum() == stored.datastreams.count(stream)


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


def test_a_question_that_takes_too_long_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with world(tmp_path) as observations:
        do(observations, Append(1, np.arange(50_000) + EPOCH, np.arange(50_000)))
        slow = Query(filter=call("eq", call("length", call("tolower", "/result")), 99))
        assert observations.page(route("Observations"), slow).entities == []
        monkeypatch.setattr(connections, "READ_LIMIT_S", 0.0)
        monkeypatch.setattr(connections, "_CHECK_EVERY", 1000)
        with pytest.raises(TooLarge, match="narrow it"):
            observations.page(route("Observations"), slow)
        assert observations.latest()[0].result == 49_999


def test_readers_see_one_state_while_others_write(tmp_path: Path) -> None:
    wrong: list[object] = []
    with world(tmp_path, streams=3) as observations:
        done = threading.Event()

        def read() -> None:
            while not done.is_set():
                query = Query(count=True, expand=(Expand("Observations", Query(top=1000, count=True)),))
                for stream in observations.page(route("Datastreams"), query).entities:
                    page = stream.links["Observations"]
                    assert isinstance(page, Page)
                    if page.count != len(page.entities):
                        wrong.append(page.count)

        threads = [threading.Thread(target=read) for _ in range(3)]
        for thread in threads:
            thread.start()
        for i in range(60):
            do(
                observations,
                AppendMany([Append(s, [EPOCH + i * 9 + k for k in range(5)], [1] * 5) for s in (1, 2, 3)]),
            )
        done.set()
        for thread in threads:
            thread.join()
        assert wrong == []
        assert count(observations) == 900


def test_the_log_is_begun_anew_when_it_has_grown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "_LOG_LIMIT", 0)
    monkeypatch.setattr(writer, "_LOOK_EVERY", 1)
    with world(tmp_path) as observations:
        for i in range(5):
            do(observations, Append(1, np.arange(5000) + EPOCH + i * 5000, np.arange(5000)))
        assert count(observations) == 25_000
