"""A run from inputs to results in this process: caching, failing, stopping, and what is left behind."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import rasterio

from analysis import models
from analysis.contract import Model, Output
from analysis.errors import AnalysisError, Cancelled, SimulationFailed
from analysis.run import perform, prepare, run
from tests.models import TINY
from tests.unit.models import city, write
from twin.errors import CityNotFound
from twin.ingest import add_files
from twin.runs import Run, list_runs, open_runs
from twin.store import create_city

pytestmark = pytest.mark.usefixtures("tiny")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    create_city(tmp_path / "x.twin", crs="EPSG:5187+5193").close()
    return tmp_path / "x.twin"


def left(folder: Path) -> list[str]:
    return sorted(p.name for p in (folder / "runs").iterdir()) if (folder / "runs").exists() else []


def test_a_run_leaves_results_that_are_described_and_name_it(folder: Path) -> None:
    done = run(folder, "tiny", rain=30)
    assert left(folder) == [done.id]
    place = folder / "runs" / done.id
    assert set(done.results) == {"depth", "depths", "buildings", "summary"}
    for result in done.results.values():
        content = (place / result["file"]).read_bytes()
        assert result["digest"] == hashlib.sha256(content).hexdigest()
        assert result["bytes"] == len(content)
    with rasterio.open(place / "depth.tif") as file:
        assert file.tags()["run"] == done.id
        assert file.read(1).mean() == pytest.approx(30, abs=1e-3)
    manifest = json.loads((place / "run.json").read_bytes())
    assert (manifest["id"], manifest["inputs"]["rain"]) == (done.id, 30.0)
    assert manifest["results"] == done.results


def test_the_same_inputs_give_the_same_run(folder: Path) -> None:
    first = run(folder, "tiny", rain=30)
    assert run(folder, "tiny", rain=30.0, wet=True).id == first.id
    assert run(folder, "tiny", rain=31).id != first.id
    assert run(folder, "tiny", rain=30, seed=1).id != first.id
    again = run(folder, "tiny", rain=30, again=True)
    assert again.id != first.id
    assert again.digest == first.digest
    assert run(folder, "tiny", rain=30).id == again.id


def test_what_changes_the_city_or_the_model_makes_a_new_run(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = prepare(folder, "tiny", {})
    assert prepare(folder, "tiny", {}).digest == first.digest
    add_files(folder, [write(tmp_path / "a.json", city({"a": (0.0, 0.0, 5.0)}))])
    second = prepare(folder, "tiny", {})
    assert second.digest != first.digest
    seen: dict[str, str] = {"gauge": "1"}
    for model in (replace(TINY, version="2"), replace(TINY, digests=lambda folder, inputs: seen)):
        monkeypatch.setattr(models, "load", lambda entry, model=model: model)
        assert prepare(folder, "tiny", {}).digest != second.digest
    before = prepare(folder, "tiny", {}).digest
    seen["gauge"] = "2"
    assert prepare(folder, "tiny", {}).digest != before


def test_a_file_counts_by_its_content_and_its_path_is_not_told(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("1")
    (tmp_path / "b.csv").write_text("1")
    first = run(folder, "tiny", table=str(tmp_path / "a.csv"))
    assert run(folder, "tiny", table=str(tmp_path / "b.csv")).id == first.id
    (tmp_path / "b.csv").write_text("2")
    assert run(folder, "tiny", table=str(tmp_path / "b.csv")).id != first.id
    manifest = (folder / "runs" / first.id / "run.json").read_text()
    assert json.loads(manifest)["inputs"]["table"] == "a.csv"
    assert str(tmp_path) not in manifest


@pytest.mark.parametrize(
    ("ending", "message"),
    [
        ("refused", "rain: there is a gap in it"),
        ("defect", "a defect in the model tiny: ZeroDivisionError: by zero"),
        ("blown up", "not a number at 60 s in cell (1, 2)"),
    ],
)
def test_a_run_that_fails_says_why_and_leaves_nothing_that_looks_done(
    folder: Path, ending: str, message: str
) -> None:
    with pytest.raises(SimulationFailed) as caught:
        run(folder, "tiny", ending=ending)
    (failed,) = list_runs(folder)
    kept = [f"{failed.id}.failed"] if ending == "blown up" else []
    message += "".join(f"; its last state is in runs/{name}" for name in kept)
    assert (failed.state, failed.message) == ("failed", message)
    assert str(caught.value) == f"run {failed.id} is failed: {message}"
    assert left(folder) == kept
    if kept:  # the last good state
        assert (folder / "runs" / kept[0] / "depth.tif").is_file()
    with pytest.raises(SimulationFailed):
        run(folder, "tiny", ending=ending)
    assert len(list_runs(folder)) == 2, "a failed run is no answer"


def test_progress_is_told_and_kept(folder: Path) -> None:
    told: list[tuple[float, str]] = []
    run(folder, "tiny", steps=4, progress=lambda part, text: told.append((part, text)))
    assert told == [(n / 4, f"step {n} of 4") for n in range(4)]


def test_a_dismissed_run_stops_at_its_next_progress(folder: Path) -> None:
    accepted = prepare(folder, "tiny", {"steps": 100, "pause": 0.05})
    steps = 0

    def observe(part: float, text: str) -> None:
        nonlocal steps
        steps += 1
        if steps == 2:
            with open_runs(folder) as runs:
                runs.dismiss(accepted.id)

    done = perform(folder, accepted.id, TINY, observe)
    assert done.state == "dismissed"
    assert steps < 20
    assert left(folder) == []


@pytest.mark.parametrize("stop", [Cancelled, KeyboardInterrupt])
def test_who_watches_may_stop_a_run(folder: Path, stop: type[BaseException]) -> None:
    def observe(part: float, text: str) -> None:
        raise stop

    with pytest.raises((SimulationFailed, KeyboardInterrupt)):
        run(folder, "tiny", progress=observe)
    assert [r.state for r in list_runs(folder)] == ["dismissed"]
    assert left(folder) == []


def test_a_run_failed_by_its_silence_stays_failed(folder: Path) -> None:
    accepted = prepare(folder, "tiny", {"steps": 100, "pause": 0.05})

    def observe(part: float, text: str) -> None:
        with open_runs(folder) as runs:
            runs.fail(accepted.id, "no heartbeat")

    done = perform(folder, accepted.id, TINY, observe)
    assert (done.state, done.message) == ("failed", "no heartbeat")


def test_a_run_is_computed_once(folder: Path) -> None:
    accepted = prepare(folder, "tiny", {})
    first = perform(folder, accepted.id, TINY)
    second = perform(folder, accepted.id, TINY)
    assert (first.state, second) == ("successful", first)


@pytest.mark.parametrize(
    ("outputs", "message"),
    [
        ([*TINY.outputs, Output(name="more", title={}, kind="json")], "has not written its output 'more'"),
        ([o for o in TINY.outputs if o.name != "depth"], "declares no raster 'depth'"),
    ],
)
def test_a_model_gives_what_it_declares(folder: Path, outputs: Any, message: str) -> None:
    accepted = prepare(folder, "tiny", {})
    done = perform(folder, accepted.id, replace(TINY, outputs=outputs))
    assert done.state == "failed"
    assert message in done.message


def test_an_optional_output_may_be_missing(folder: Path) -> None:
    more = Output(name="more", title={}, kind="json", optional=True)
    done = perform(folder, prepare(folder, "tiny", {}).id, replace(TINY, outputs=[*TINY.outputs, more]))
    assert done.state == "successful"


@pytest.mark.parametrize("problem", [MemoryError(), OSError(28, "No space left on device", "depth.tif")])
def test_what_the_machine_lacks_is_said(folder: Path, problem: Exception) -> None:
    def fails(context: Any, **inputs: Any) -> Any:
        raise problem

    done = perform(folder, prepare(folder, "tiny", {}).id, replace(TINY, run=fails))
    assert done.state == "failed"
    assert "memory" in done.message or done.message == "depth.tif: No space left on device"


def test_nothing_is_accepted_that_cannot_run(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(AnalysisError, match="rain"):
        prepare(folder, "tiny", {"rain": -1})
    with pytest.raises(models.UnknownModel):
        prepare(folder, "other", {})
    with pytest.raises(CityNotFound):
        prepare(tmp_path / "nowhere", "tiny", {})
    with pytest.raises(AnalysisError, match="seed"):
        prepare(folder, "tiny", {}, seed=2**63)
    assert list_runs(folder) == []


def test_the_folder_of_a_tileset_counts_as_a_whole(folder: Path) -> None:
    def tiles(text: str) -> Run:
        def writes(context: Any, **inputs: Any) -> Any:
            context.path("water/0.glb").write_text(text)
            context.path("water/tileset.json").write_text("{}")
            return {"water": context.file("water", "water/tileset.json")}

        model: Model = replace(TINY, run=writes, outputs=[Output(name="water", title={}, kind="tiles")])
        return perform(folder, prepare(folder, "tiny", {}, again=True).id, model)

    one, same, other = (tiles(text).results["water"] for text in ("a", "a", "b"))
    assert one["digest"] == same["digest"] != other["digest"]
    assert one["bytes"] == 3
