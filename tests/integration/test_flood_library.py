"""A scenario library that is stopped and goes on, and one that a Dask cluster computes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest

from analysis.warning.library import open_library
from api.jobs import Jobs
from tests.integration.flood_city import CELL, district

PATIENCE_S = 300.0
INPUTS = {
    "cell_size": CELL,
    "scheme": "inertial",
    "rains": [40.0, 80.0],
    "durations": [0.25, 0.5],
    "stream_rises": [0.0],
    "after": 5.0,
    "held_out": 0,
}
LONG = INPUTS | {"rains": [40.0, 80.0, 500.0], "durations": [0.25, 48.0]}
"""Its last scenarios take too long to be waited for."""


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return district(tmp_path_factory)


def processes(id: str) -> list[psutil.Process]:
    """Of a run: the one that computes it, and those that it has handed scenarios to."""
    found = []
    for process in psutil.Process().children(recursive=True):
        try:
            if id in process.cmdline():
                found += [process, *process.children(recursive=True)]
        except psutil.NoSuchProcess:
            pass
    return found


def test_a_library_that_was_stopped_goes_on_where_it_was(city: Path) -> None:
    with Jobs(city, workers=2) as jobs:
        first = jobs.execute("flood-library", LONG)
        done: dict[Path, int] = {}
        end = time.monotonic() + PATIENCE_S
        while not done:
            assert time.monotonic() < end and jobs.wait(first.id, 0).active, jobs.wait(first.id, 0).message
            time.sleep(0.1)
            done = {path: path.stat().st_mtime_ns for path in city.glob("scenarios/*/*.npy")}
        at_work = processes(first.id)
        assert len(at_work) >= 3
        jobs.cancel(first.id)
        assert jobs.wait(first.id).state == "dismissed"
        _, left = psutil.wait_procs(at_work, timeout=10.0)
        assert left == [], "it is stopped, and what it has started with it"
        before = {path.name for path in city.glob("scenarios/*/*.npy")}
        second = jobs.execute("flood-library", INPUTS)
        finished = jobs.wait(second.id, PATIENCE_S)
        assert finished.state == "successful", finished.message
    known = open_library(city / "runs" / second.id / "library.nc")
    assert known.depths.shape[:3] == (2, 2, 1)
    assert "duration0.25_level0_rain40.npy" in before
    assert known.scenario((0, 0, 0)).max() > 0
    known.close()


def test_what_is_kept_of_a_library_is_taken_up(city: Path) -> None:
    """Depths that no run would give, put where a finished scenario is kept, are in the library."""
    with Jobs(city, workers=1) as jobs:
        started = jobs.execute("flood-library", LONG)
        end = time.monotonic() + PATIENCE_S
        while not (kept := list(city.glob("scenarios/*/duration0.25_level0_rain40.npy"))):
            assert time.monotonic() < end and jobs.wait(started.id, 0).active
            time.sleep(0.1)
        jobs.cancel(started.id)
        jobs.wait(started.id)
        np.save(kept[0], np.full_like(np.load(kept[0]), 7.25))
        again = jobs.execute("flood-library", INPUTS, again=True)
        assert jobs.wait(again.id, PATIENCE_S).state == "successful"
    known = open_library(city / "runs" / again.id / "library.nc")
    assert (known.scenario((0, 0, 0)) == 7.25).all()
    known.close()


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
    ) as cluster:
        yield cluster.scheduler_address


def test_a_cluster_computes_the_same_library(city: Path, cluster: str) -> None:
    with Jobs(city, workers=1) as here, Jobs(city, dask=cluster) as there:
        runs = [jobs.execute("flood-library", INPUTS | {"held_out": 1}, again=True) for jobs in (here, there)]
        ended = [jobs.wait(run.id, PATIENCE_S) for jobs, run in zip((here, there), runs, strict=True)]
    assert [run.state for run in ended] == ["successful", "successful"], [run.message for run in ended]
    a, b = (open_library(city / "runs" / run.id / "library.nc") for run in runs)
    for index in np.ndindex(2, 2, 1):
        assert np.array_equal(a.scenario(index), b.scenario(index))
    assert a.held_out == b.held_out
    a.close()
    b.close()
