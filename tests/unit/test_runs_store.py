"""The runs of a city: their states, heartbeats, and what is found again."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

import pytest

from twin import runs as module
from twin.errors import TwinError
from twin.runs import Runs, new_id


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    return Runs(tmp_path)


def create(runs: Runs, model: str = "flood", digest: str = "d") -> str:
    return runs.create(model, "1", {"rain": 1.5}, digest, seed=3, who="me").id


def started(runs: Runs, **kwargs: str) -> str:
    id = create(runs, **kwargs)
    assert runs.start(id)
    runs.working_folder(id).mkdir(parents=True)
    return id


def finished(runs: Runs, **kwargs: str) -> str:
    id = started(runs, **kwargs)
    (runs.working_folder(id) / "depth.tif").write_text("x")
    assert runs.finish(id, {"depth": {"file": "depth.tif"}})
    return id


def test_a_run_goes_from_accepted_to_successful(runs: Runs) -> None:
    id = create(runs)
    run = runs.get(id)
    assert (run.state, run.inputs, run.seed, run.who, run.started) == (
        "accepted",
        {"rain": 1.5},
        3,
        "me",
        None,
    )
    assert runs.start(id)
    assert not runs.start(id), "a run is computed once"
    runs.working_folder(id).mkdir(parents=True)
    assert runs.beat(id, 0.5, "half")
    run = runs.get(id)
    assert (run.state, run.progress, run.message) == ("running", 0.5, "half")
    assert not runs.results_folder(id).exists()
    assert runs.finish(id, {"depth": {"file": "depth.tif"}})
    run = runs.get(id)
    assert (run.state, run.progress, run.results) == ("successful", 1.0, {"depth": {"file": "depth.tif"}})
    assert run.created <= (run.started or 0) <= (run.finished or 0)
    assert runs.results_folder(id).is_dir()
    assert not runs.working_folder(id).exists()


def test_ids_are_short_sort_by_time_and_differ() -> None:
    ids = [new_id(t / 1000) for t in range(1, 2_000_000_000_000, 7_000_000_000)]
    assert ids == sorted(ids)
    assert {len(id) for id in ids} == {12}
    assert len({new_id(1.0) for _ in range(50)}) > 45


def test_a_dismissed_run_stops_at_its_next_beat_and_leaves_nothing(runs: Runs) -> None:
    id = started(runs)
    assert runs.dismiss(id).state == "dismissed"
    assert not runs.beat(id, 0.9, "on")
    assert not runs.finish(id, {})
    assert not runs.results_folder(id).exists()
    runs.clear(id)
    assert not runs.working_folder(id).exists()


def test_dismissing_what_has_ended_removes_its_results(runs: Runs) -> None:
    id = finished(runs)
    assert runs.find_cached("d") is not None
    run = runs.dismiss(id)
    assert (run.state, run.results) == ("dismissed", {})
    assert not runs.results_folder(id).exists()
    assert runs.find_cached("d") is None


def test_only_a_whole_successful_run_of_the_same_digest_is_found_again(runs: Runs) -> None:
    started(runs)
    failed = started(runs)
    runs.fail(failed, "no")
    assert runs.find_cached("d") is None
    first, second = finished(runs), finished(runs)
    assert runs.find_cached("e") is None
    assert (found := runs.find_cached("d")) is not None
    assert found.id == second
    (runs.results_folder(second) / "depth.tif").unlink()
    assert (found := runs.find_cached("d")) is not None
    assert found.id == first


def test_a_silent_run_is_failed_with_its_last_message(runs: Runs) -> None:
    waiting, silent, alive = create(runs), started(runs), started(runs)
    runs.beat(silent, 0.25, "wetting cells")
    past(runs, silent, waiting)
    assert sorted(runs.expire(60)) == sorted([silent, waiting])
    run = runs.get(silent)
    assert run.state == "failed"
    assert "no heartbeat for 60 s" in run.message
    assert "25% (wetting cells)" in run.message
    assert not runs.working_folder(silent).exists()
    assert "has ended" in runs.get(waiting).message
    assert runs.get(alive).state == "running"
    assert not runs.beat(silent, 0.3, "late")
    assert runs.expire(60) == []


def past(runs: Runs, *ids: str) -> None:
    for id in ids:
        runs._db.execute("UPDATE runs SET heartbeat = ? WHERE id = ?", (time.time() - 61, id))


def test_what_waits_for_a_worker_is_kept_alive_but_not_what_runs(runs: Runs) -> None:
    waiting, running = create(runs), started(runs)
    past(runs, waiting, running)
    runs.keep_waiting([waiting, running])
    assert runs.expire(60) == [running]


def test_runs_are_found_by_model_state_time_and_duration(runs: Runs) -> None:
    flood, sun = finished(runs), started(runs, model="sun")
    before = time.time()
    runs._db.execute("UPDATE runs SET started = finished - 100, created = 1000 WHERE id = ?", (flood,))

    def ids(**wanted: object) -> list[str]:
        return [run.id for run in runs.find(**wanted)]  # type: ignore[arg-type]

    assert ids() == [sun, flood]
    assert ids(models=["sun", "x"]) == [sun]
    assert ids(states=["successful"]) == [flood]
    assert ids(created=(None, 1001)) == [flood]
    assert ids(created=(1001, before)) == [sun]
    assert ids(seconds=(50, None)) == [flood]
    assert ids(seconds=(None, 50)) == [sun]
    assert ids(limit=1) == [sun]
    assert ids(limit=1, offset=1) == [flood]
    assert ids(models=["sun"], states=["successful"]) == []


def test_two_processes_share_the_database(runs: Runs) -> None:
    with module.open_runs(runs.folder) as other:
        id = create(other)
        assert runs.start(id)
        assert not other.start(id)
        other.dismiss(id)
        assert runs.state(id) == "dismissed"
    assert runs.state("nothing") is None
    with pytest.raises(module.RunNotFound, match="no run 'nothing'"):
        runs.get("nothing")


def test_listing_makes_no_database(tmp_path: Path) -> None:
    assert module.list_runs(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_database_of_runs_is_refused(tmp_path: Path) -> None:
    (tmp_path / "runs.db").write_text("a text, long enough to be looked at" * 40)
    with pytest.raises(TwinError, match=r"runs\.db cannot be used"):
        Runs(tmp_path)
    (tmp_path / "runs.db").unlink()
    with sqlite3.connect(tmp_path / "runs.db") as db:
        db.execute("PRAGMA user_version=99")
    with pytest.raises(TwinError, match="another version"):
        Runs(tmp_path)
    with pytest.raises(TwinError, match="not a folder"):
        Runs(tmp_path / "nowhere")


def test_a_run_as_json_has_times_in_utc(runs: Runs) -> None:
    known = runs.get(finished(runs)).as_dict()
    assert known["created"].endswith("Z")
    assert known["results"] == {"depth": {"file": "depth.tif"}}
    assert runs.get(create(runs)).as_dict()["finished"] is None
