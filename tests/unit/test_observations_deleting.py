"""A datastream with many observations is gone at once; its rows go behind it, among other writes."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.unit.observation_models import EPOCH, call, count, datastream, do, make, route, world
from twin.errors import Conflict, EntityNotFound
from twin.observations import deleting, writer
from twin.observations.changes import Append, Create, Delete
from twin.observations.query import Page, Query
from twin.observations.store import Observations, open_observations

MANY = 1000


@pytest.fixture(autouse=True)
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deleting, "AT_ONCE", 100)


@pytest.fixture
def paused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is removed but after a write, a step each."""
    monkeypatch.setattr(writer, "SWEEP_PAUSE_S", 3600.0)


def rows(observations: Observations, stream: int) -> int:
    with observations.connection() as connection:
        (found,) = connection.execute(
            "SELECT count(*) FROM observations WHERE datastream = ?", (stream,)
        ).fetchone()
    return int(found)


def left(observations: Observations) -> bool:
    with observations.connection() as connection:
        return deleting.any_left(connection)


def eventually(done: Callable[[], bool]) -> None:
    until = time.monotonic() + 20
    while not done():
        assert time.monotonic() < until
        time.sleep(0.01)


def filled(observations: Observations) -> None:
    """Two datastreams; the first has many observations, the second one."""
    do(observations, Append(1, np.arange(MANY) + EPOCH, np.arange(MANY)))
    do(observations, Append(2, [EPOCH], [-1]))


def test_nobody_sees_what_is_still_to_be_removed(tmp_path: Path, paused: None) -> None:
    with world(tmp_path, streams=2) as observations:
        filled(observations)
        do(observations, Delete(route("Datastreams(1)")))
        assert rows(observations, 1) >= MANY - 100, "no more than one step is done with the deletion"
        assert count(observations) == 1
        page = observations.page(route("Observations"), Query(count=True))
        assert isinstance(page, Page) and [e.values["result"] for e in page.entities] == [-1]
        small = Query(filter=call("gt", "/result", -5), count=True)
        assert observations.page(route("Observations"), small).count == 1
        with pytest.raises(EntityNotFound):
            observations.entity(route("Observations(5)"))
        with pytest.raises(EntityNotFound):
            do(observations, Append(1, [EPOCH], [1]))
        assert observations.follow(0).results == [-1]
        assert [latest.datastream for latest in observations.latest()] == [2]
        everywhere = observations.page(route("FeaturesOfInterest(1)/Observations"), Query(count=True))
        assert everywhere.count == 1


def test_others_write_in_between_and_in_the_end_all_is_gone(tmp_path: Path) -> None:
    with world(tmp_path, streams=2) as observations:
        filled(observations)
        do(observations, Delete(route("Datastreams(1)")))
        for n in range(3):
            do(observations, Append(2, [EPOCH + 1 + n], [n]))
        eventually(lambda: not left(observations))
        assert rows(observations, 1) == 0
        assert rows(observations, 2) == count(observations) == 4


def test_a_thing_with_many_small_datastreams(tmp_path: Path, paused: None) -> None:
    with world(tmp_path, streams=5) as observations:
        for stream in range(1, 6):
            do(observations, Append(stream, np.arange(60) + EPOCH, np.arange(60)))
        do(observations, Delete(route("Things(1)")))
        assert count(observations) == 0
        kept = [rows(observations, stream) for stream in range(1, 6)]
        assert kept[0] == 0, "as many as one step may have go at once"
        assert 180 <= sum(kept) <= 240


def test_an_id_of_an_observation_can_be_used_again(tmp_path: Path, paused: None) -> None:
    with world(tmp_path, streams=2) as observations:
        filled(observations)
        do(observations, Delete(route("Datastreams(1)")))
        last = MANY
        assert do(observations, Append(2, [EPOCH + 5], [7], ids=[last])).existing == ()
        assert observations.entity(route(f"Observations({last})")).values["result"] == 7


def test_an_id_of_a_datastream_is_free_when_its_rows_are_gone(tmp_path: Path, paused: None) -> None:
    with world(tmp_path, streams=2) as observations:
        filled(observations)
        do(observations, Delete(route("Datastreams(1)")))
        body = {"@iot.id": 1, **datastream("new")}
        with pytest.raises(Conflict, match="still being removed"):
            do(observations, Create(route("Things(1)/Datastreams"), body))
        for n in range(MANY // 100 + 1):
            do(observations, Append(2, [EPOCH + 1 + n], [n]))
        assert make(observations, "Things(1)/Datastreams", body) == 1
        assert observations.page(route("Datastreams(1)/Observations")).entities == []


_DELETES = """
import sys, time
from tests.unit.observation_models import do, route
from twin.observations import deleting, writer
from twin.observations.changes import Delete
from twin.observations.store import open_observations
deleting.AT_ONCE, writer.SWEEP_PAUSE_S = 100, 3600.0
observations = open_observations(sys.argv[1])
do(observations, Delete(route("Datastreams(1)")))
print("deleted", flush=True)
time.sleep(60)
"""


def test_what_a_crash_left_is_removed_after_the_next_start(tmp_path: Path) -> None:
    with world(tmp_path, streams=2) as observations:
        filled(observations)
    with subprocess.Popen(
        [sys.executable, "-c", _DELETES, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None and process.stdout.readline() == "deleted\n"
        process.send_signal(signal.SIGKILL)
    with open_observations(tmp_path) as observations:
        assert rows(observations, 1) > 0
        assert count(observations) == len(observations.page(route("Observations")).entities) == 1
        do(observations, Append(2, [EPOCH + 1], [1]))
        eventually(lambda: rows(observations, 1) == 0)
        assert count(observations) == 2
