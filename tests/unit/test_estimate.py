"""How long a run will take: by the model's own figures, and by runs of before."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from analysis import models
from analysis.contract import Cost, Model
from analysis.errors import AnalysisError
from analysis.estimate import Estimate, duration_text, estimate
from analysis.flood.cost import STARTING_S
from tests.models import TINY
from tests.unit.scene_models import district
from twin.runs import open_runs
from twin.store import City, create_city, open_city


def cost(city: City, inputs: Mapping[str, Any]) -> Cost:
    """A second for each step, and a megabyte."""
    if inputs["steps"] > 10_000:
        raise AnalysisError("too many steps")
    return Cost(float(inputs["steps"]), inputs["steps"] * 1e6)


COSTED = replace(TINY, estimate=cost, quick=False)
UNKNOWN = replace(TINY, quick=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    create_city(tmp_path / "x.twin", crs="EPSG:5187+5193").close()
    return tmp_path / "x.twin"


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch):
    def put(chosen: str) -> None:
        monkeypatch.setitem(models.ENTRIES, "tiny", f"{__name__}:{chosen}")

    return put


def have_run(folder: Path, model: Model, seconds: float, **inputs: Any) -> None:
    """A run of before that took so long."""
    with open_runs(folder) as runs:
        id = runs.create(model.name, model.version, inputs, "").id
        assert runs.start(id)
        runs.working_folder(id).mkdir(parents=True)
        assert runs.finish(id, {})
    with sqlite3.connect(folder / "runs.db") as database:
        database.execute("UPDATE runs SET started = finished - ? WHERE id = ?", (seconds, id))


def test_without_a_run_of_before_the_models_figure_stands(folder: Path, model: Any) -> None:
    model("COSTED")
    found = estimate(folder, "tiny", {"steps": 40})
    assert (found.seconds, found.memory, found.runs) == (40.0, 40e6, 0)
    assert found.available is not None and found.available > 1e8
    assert found.text == "about 40 s, by usual figures, as there is no earlier run; about 0.0 GB of memory"
    assert not (folder / "runs.db").exists()


def test_the_nearest_runs_say_how_far_the_figure_is_from_the_truth(folder: Path, model: Any) -> None:
    model("COSTED")
    for steps, ratio in ((1, 90.0), (200, 2.0), (400, 3.0), (500, 8.0)):
        have_run(folder, COSTED, steps * ratio, steps=steps)
    have_run(folder, COSTED, 1e6, steps=20_000)
    have_run(folder, replace(COSTED, version="0"), 1e6, steps=300)
    found = estimate(folder, "tiny", {"steps": 300})
    assert found.seconds == pytest.approx(900.0)
    assert found.runs == 3
    assert found.text.startswith("about 15 min, from 3 earlier runs")


def test_a_model_without_figures_goes_by_its_runs_alone(folder: Path, model: Any) -> None:
    model("UNKNOWN")
    assert estimate(folder, "tiny", {}).seconds is None
    assert estimate(folder, "tiny", {}).text.startswith("not known")
    for seconds in (12.0, 900.0, 14.0, 13.0):
        have_run(folder, UNKNOWN, seconds)
    found = estimate(folder, "tiny", {})
    assert (found.seconds, found.runs) == (pytest.approx(14.0), 3)


def test_inputs_that_are_not_allowed_are_refused_as_by_a_run(folder: Path, model: Any) -> None:
    model("COSTED")
    with pytest.raises(AnalysisError, match=r"steps: 0 is less than the minimum of 1"):
        estimate(folder, "tiny", {"steps": 0})
    with pytest.raises(AnalysisError, match="too many steps"):
        estimate(folder, "tiny", {"steps": 20_000})


def test_more_memory_than_there_is_is_said() -> None:
    assert Estimate(100.0, 9e9, 8e9, 1).text == (
        "about 100 s, from an earlier run; about 9.0 GB of memory, more than the 8.0 GB of this machine"
    ).replace("100 s", "2 min")


def test_times_are_told_by_one_figure() -> None:
    seconds = [0.2, 7.4, 63.0, 100.0, 1500.0, 6000.0, 90_000.0]
    assert [duration_text(s) for s in seconds] == ["1 s", "7 s", "65 s", "2 min", "25 min", "2 h", "25 h"]


def test_a_flood_costs_by_its_cells_its_steps_and_its_scheme(tmp_path_factory: Any) -> None:
    folder = district(tmp_path_factory)
    flood = models.model("flood")
    assert flood.estimate is not None
    with open_city(folder) as city:

        def told(**inputs: Any) -> Cost:
            return flood.estimate(city, {p.name: p.default for p in flood.parameters} | inputs)  # type: ignore[misc]

        usual, fine = told(), told(cell_size=2.5)
        assert fine.seconds - STARTING_S > 7 * (
            usual.seconds - STARTING_S
        )  # 4 times the cells, twice the steps
        assert told(scheme="muscl").seconds > usual.seconds > told(scheme="inertial").seconds
        assert told(interval=1.0).memory > usual.memory  # type: ignore[operator]
        library = models.model("flood-library")
        assert library.estimate is not None
        inputs = {p.name: p.default for p in library.parameters}
        few = library.estimate(city, inputs | {"rains": [20.0]}).seconds
        assert library.estimate(city, inputs).seconds > 3 * few
        with pytest.raises(AnalysisError, match="smaller area"):
            told(cell_size=0.01)
