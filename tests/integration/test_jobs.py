"""Runs in processes of their own: at the same time, stopped, killed, silent."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from analysis import models
from api.jobs import Jobs
from twin.errors import TwinError
from twin.runs import Run, list_runs, open_runs
from twin.store import create_city

pytestmark = pytest.mark.usefixtures("tiny")
PATIENCE_S = 60.0
SLACK_S = 2.0
"""What a busy machine may add before the test sees what has happened."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    create_city(tmp_path / "x.twin", crs="EPSG:5187+5193").close()
    return tmp_path / "x.twin"


@pytest.fixture
def jobs(folder: Path) -> Iterator[Jobs]:
    with Jobs(folder, workers=2) as jobs:
        yield jobs


def until(true: Callable[[], object], what: str) -> None:
    end = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < end, what
        time.sleep(0.02)


def running(jobs: Jobs, **inputs: object) -> Run:
    """A run that has begun to compute."""
    run = jobs.execute("tiny", inputs, again=True)
    until(lambda: jobs.wait(run.id, 0).message, "it has not begun")
    return jobs.wait(run.id, 0)


def processes(id: str) -> list[psutil.Process]:
    """Those that compute a run."""
    found = []
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):  # it has just ended
            if id in process.cmdline():
                found.append(process)
    return found


def test_a_run_computes_in_another_process_and_is_found_again(jobs: Jobs) -> None:
    seen: list[float] = []
    run = jobs.execute("tiny", {"steps": 20, "pause": 0.1}, who="me")
    done = jobs.wait(run.id, PATIENCE_S, lambda now: seen.append(now.progress))
    assert (done.state, done.who) == ("successful", "me")
    assert any(0 < progress < 1 for progress in seen)
    assert jobs.execute("tiny", {"steps": 20, "pause": 0.1}).id == run.id


def test_runs_are_computed_side_by_side_and_the_rest_waits(jobs: Jobs) -> None:
    runs = [jobs.execute("tiny", {"ending": "hang", "rain": n}) for n in range(3)]
    until(lambda: sum(jobs.wait(r.id, 0).state == "running" for r in runs) == 2, "two do not run")
    assert jobs.wait(runs[2].id, 0).state == "accepted"
    jobs.cancel(runs[2].id)
    jobs.cancel(runs[0].id)
    until(lambda: not processes(runs[0].id), "it was not ended")
    assert [jobs.wait(r.id, 0).state for r in runs] == ["dismissed", "running", "dismissed"]


@pytest.mark.parametrize("ending", ["good", "hang"])
def test_a_cancelled_run_has_stopped_within_two_seconds(jobs: Jobs, ending: str, folder: Path) -> None:
    """Both one that tells its progress and one that hangs without a word."""
    run = running(jobs, steps=1000 if ending == "good" else 1, pause=0.05, ending=ending)
    assert processes(run.id)
    began = time.monotonic()
    jobs.cancel(run.id)
    until(lambda: not processes(run.id), "it was not ended")
    took = time.monotonic() - began
    assert jobs.wait(run.id).state == "dismissed"
    until(lambda: not list((folder / "runs").iterdir()), "something was left")
    assert took < 2 + SLACK_S


def test_a_killed_run_fails_with_its_last_message_and_leaves_nothing(jobs: Jobs, folder: Path) -> None:
    run = running(jobs, steps=1000, pause=0.05)
    (process,) = processes(run.id)
    process.kill()
    done = jobs.wait(run.id, PATIENCE_S)
    assert done.state == "failed"
    assert done.message.startswith("its process was ended by SIGKILL; perhaps there was not enough memory")
    assert "(step " in done.message
    until(lambda: not (folder / "runs" / f".{run.id}.part").exists(), "its folder was left")
    assert not (folder / "runs" / run.id).exists()


def test_a_crash_harms_no_other_run_and_leaves_a_log(jobs: Jobs, folder: Path) -> None:
    crash, good = jobs.execute("tiny", {"ending": "crash"}), jobs.execute("tiny", {})
    assert jobs.wait(crash.id, PATIENCE_S).message.startswith("its process was ended by SIGABRT")
    assert jobs.wait(good.id, PATIENCE_S).state == "successful"
    until(lambda: not processes(crash.id), "it was not ended")
    assert "Fatal Python error: Aborted" in (folder / "runs" / f".{crash.id}.log").read_text()
    until(lambda: not (folder / "runs" / f".{good.id}.log").exists(), "a log of nothing was left")


def test_a_run_without_a_heartbeat_is_failed_and_ended(folder: Path) -> None:
    with Jobs(folder, workers=1, silence_s=3) as jobs:
        run = running(jobs, ending="hang")
        done = jobs.wait(run.id, PATIENCE_S)
        assert done.state == "failed"
        assert done.message == "no heartbeat for 3 s; it was at 0% (step 0 of 2)"
        until(lambda: not processes(run.id), "it was not ended")
        after = jobs.execute("tiny", {})
        assert jobs.wait(after.id, PATIENCE_S).state == "successful", "its place is free again"


def test_what_waits_does_not_lose_its_heartbeat(folder: Path) -> None:
    with Jobs(folder, workers=1, silence_s=3) as jobs:
        first = jobs.execute("tiny", {"steps": 60, "pause": 0.1})
        second = jobs.execute("tiny", {})
        assert jobs.wait(second.id, PATIENCE_S).state == "successful"
        assert jobs.wait(first.id).state == "successful"


def test_what_a_run_starts_is_told_how_much_and_ends_with_it(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(models.ENTRIES, "tiny", "tests.models:SPREAD")
    run = jobs.execute("tiny", {})
    assert jobs.wait(run.id, PATIENCE_S).state == "successful"
    summary = jobs.folder / "runs" / run.id / "summary.json"
    assert json.loads(summary.read_bytes())["workers"] == 2
    run = jobs.execute("tiny", {}, again=True)
    until(lambda: [p for q in processes(run.id) for p in q.children(recursive=True)], "it starts nothing")
    started = [p for q in processes(run.id) for p in q.children(recursive=True)]
    jobs.cancel(run.id)
    psutil.wait_procs(started, PATIENCE_S)
    assert started
    assert not any(p.is_running() for p in started)


def test_closing_ends_what_runs_and_says_so(folder: Path) -> None:
    with Jobs(folder, workers=1) as jobs:
        run = running(jobs, ending="hang")
        waiting = jobs.execute("tiny", {"rain": 1})
    assert not processes(run.id)
    states = {r.id: (r.state, r.message) for r in list_runs(folder)}
    why = "the program that started it has ended"
    assert states == {run.id: ("failed", why), waiting.id: ("failed", why)}
    with pytest.raises(TwinError, match="stopping"):
        jobs.execute("tiny", {})


STARTER = """
import sys, time
from analysis import models
from analysis import models
from api.jobs import Jobs
models.ENTRIES["tiny"] = "tests.models:TINY"
jobs = Jobs(sys.argv[1], workers=1)
print(jobs.execute("tiny", {"ending": "hang"}).id, flush=True)
time.sleep(600)
"""


def test_a_run_ends_with_the_program_that_started_it(folder: Path) -> None:
    """Even if that was killed and could tell nobody; then the run is failed by whoever looks."""
    root = Path(__file__).parents[2]
    starter = subprocess.Popen(
        [sys.executable, "-c", STARTER, folder], stdout=subprocess.PIPE, text=True, cwd=root
    )
    assert starter.stdout is not None
    id = starter.stdout.readline().strip()
    with open_runs(folder) as runs:
        until(lambda: runs.get(id).message, "it has not begun")
        workers = [p for p in psutil.Process(starter.pid).children(recursive=True) if id in p.cmdline()]
        assert workers
        starter.kill()
        starter.wait()
        psutil.wait_procs(workers, PATIENCE_S)
        assert not any(p.is_running() for p in workers)
        assert runs.get(id).state == "running"
        runs.expire(0)
        assert "no heartbeat" in runs.get(id).message
        assert not (folder / "runs" / f".{id}.part").exists()


def test_a_model_that_cannot_be_imported_fails_its_run(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny = models.model("tiny")
    monkeypatch.setattr(models, "load", lambda entry: tiny)
    monkeypatch.setitem(models.ENTRIES, "tiny", "tests.nothing:TINY")
    run = jobs.execute("tiny", {})
    done = jobs.wait(run.id, PATIENCE_S)
    assert (done.state, done.message) == ("failed", "its process ended with code 1; it was at 0%")


def test_a_cluster_that_does_not_answer_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.jobs._CONNECT_S", 0.2)
    with (
        Jobs(folder, dask="tcp://127.0.0.1:9") as jobs,
        pytest.raises(TwinError, match="no scheduler answers"),
    ):
        jobs.execute("tiny", {})
    assert list_runs(folder) == []


def test_an_interrupt_at_the_terminal_cancels_the_run(folder: Path) -> None:
    """Ctrl-C reaches the command alone; it takes the run with it."""
    code = STARTER.replace(
        "jobs = Jobs", "from api.cli import main\nsys.argv = sys.argv[1:]\nmain()\njobs = Jobs"
    )
    root = Path(__file__).parents[2]
    command = ["-", "twin", "run", "tiny", str(folder), "--ending", "hang"][1:]
    process = subprocess.Popen(
        [sys.executable, "-c", code, *command], stderr=subprocess.PIPE, text=True, cwd=root, process_group=0
    )
    until(lambda: any(r.message for r in list_runs(folder)), "it has not begun")
    os.kill(process.pid, signal.SIGINT)
    _, error = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 1
    assert error.strip() == "twin: interrupted; nothing is left half done"
    assert [r.state for r in list_runs(folder)] == ["dismissed"]
    assert list((folder / "runs").iterdir()) == []
