"""The store alive after what goes wrong around it: full disks, kills, other writers, clocks, slow readers."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from tests.unit.observation_models import (
    EPOCH,
    call,
    count,
    datastream,
    do,
    held,
    make,
    route,
    thing,
    world,
)
from twin.errors import StorageFull, TooLarge, TooMany, TwinError
from twin.observations import connections, model, writer
from twin.observations.changes import (
    Append,
    AppendMany,
    Create,
    Delete,
    Update,
)
from twin.observations.query import Expand, Page, Query
from twin.observations.store import open_observations


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
