"""Runs on a real cluster: a scheduler and two worker processes of dask.distributed, by its address."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from analysis import models
from api.jobs import Jobs
from twin.runs import Run, open_runs
from twin.store import create_city

distributed = pytest.importorskip("distributed")
pytestmark = pytest.mark.usefixtures("tiny")
PATIENCE_S = 60.0


@pytest.fixture(scope="module")
def cluster() -> Iterator[object]:
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
    ) as cluster:
        yield cluster


@pytest.fixture
def jobs(cluster: object, tmp_path: Path) -> Iterator[Jobs]:
    create_city(tmp_path / "x.twin", crs="EPSG:5187+5193").close()
    with Jobs(tmp_path / "x.twin", dask=cluster.scheduler_address) as jobs:  # type: ignore[attr-defined]
        yield jobs


def begun(jobs: Jobs, id: str) -> Run:
    end = time.monotonic() + PATIENCE_S
    while not (run := jobs.wait(id, 0)).message:
        assert time.monotonic() < end, "it has not begun"
        time.sleep(0.02)
    return run


def supervisors(id: str) -> set[int]:
    """The processes that supervise a run."""
    found = set()
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):  # it has just ended
            if id in process.cmdline():
                found.add(process.ppid())
    return found


def test_runs_are_computed_by_the_workers_of_the_cluster(cluster: object, jobs: Jobs) -> None:
    runs = [jobs.execute("tiny", {"rain": n, "steps": 40, "pause": 0.05}) for n in range(2)]
    for run in runs:
        begun(jobs, run.id)
    where = [supervisors(run.id) for run in runs]
    workers = {worker.pid for worker in cluster.workers.values()}  # type: ignore[attr-defined]
    assert where[0] | where[1] == workers
    assert len(workers) == 2
    for run in runs:
        done = jobs.wait(run.id, PATIENCE_S)
        assert done.state == "successful"
        assert (jobs.folder / "runs" / run.id / "depth.tif").is_file()
    assert jobs.execute("tiny", {"rain": 0, "steps": 40, "pause": 0.05}).id == runs[0].id


def test_what_fails_on_the_cluster_says_why_as_it_does_here(jobs: Jobs) -> None:
    refused, crash = (jobs.execute("tiny", {"ending": ending}) for ending in ("refused", "crash"))
    assert jobs.wait(refused.id, PATIENCE_S).message == "rain: there is a gap in it"
    assert jobs.wait(crash.id, PATIENCE_S).message.startswith("its process was ended by SIGABRT")


def test_a_run_on_the_cluster_can_be_cancelled_even_if_it_hangs(jobs: Jobs) -> None:
    run = jobs.execute("tiny", {"ending": "hang"})
    begun(jobs, run.id)
    jobs.cancel(run.id)
    end = time.monotonic() + PATIENCE_S
    while supervisors(run.id):
        assert time.monotonic() < end, "it was not ended"
        time.sleep(0.02)
    assert jobs.wait(run.id).state == "dismissed"


def test_a_run_whose_worker_is_lost_is_failed(cluster: object, jobs: Jobs) -> None:
    run = jobs.execute("tiny", {"ending": "hang"})
    begun(jobs, run.id)
    (worker,) = supervisors(run.id)
    psutil.Process(worker).kill()
    done = jobs.wait(run.id, PATIENCE_S)
    assert done.state == "failed"
    assert done.message == "the worker that computed it was lost; it was at 0% (step 0 of 2)"
    with open_runs(jobs.folder) as runs:
        assert [r.id for r in runs.find()] == [run.id], "it was not begun again"


def test_a_run_that_spreads_its_work_leaves_all_workers_to_it(
    cluster: object, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many of them at once as there are workers would block each other if they held their places."""
    monkeypatch.setitem(models.ENTRIES, "tiny", "tests.models:SPREAD")
    runs = [jobs.execute("tiny", {}, again=True) for _ in range(2)]
    for run in runs:
        done = jobs.wait(run.id, PATIENCE_S)
        assert done.state == "successful", done.message
        summary = jobs.folder / "runs" / run.id / "summary.json"
        assert json.loads(summary.read_bytes())["workers"] == 2
