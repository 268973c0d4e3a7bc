"""`twin run` and `twin runs`: options made from what a model declares, results told, errors in one line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.integration.command_line import twin
from twin.runs import list_runs

pytestmark = pytest.mark.usefixtures("tiny")


def test_the_help_of_a_model_teaches_units_ranges_and_defaults() -> None:
    assert "tiny Rain on a plane" in " ".join(twin("run", "--help").stdout.split())
    text = " ".join(twin("run", "tiny", "--help").stdout.split())
    assert "--rain <float> Rain [mm] (0 to 1000) [default: 10.0]" in text
    assert "--ending good|refused" in text
    assert "--gauges <list[float]> Gauges [m]; may be repeated" in text
    assert "--wet / --no-wet" in text
    assert "--box WEST,SOUTH,EAST,NORTH" in text


def test_a_run_says_where_its_results_are_and_is_given_again(folder: Path) -> None:
    first = twin("run", "tiny", folder, "--rain", "30")
    assert first.returncode == 0
    (run,) = list_runs(folder)
    assert first.stdout.startswith(f"run {run.id}: done in ")
    assert f"its results are in {folder / 'runs' / run.id}" in first.stdout
    assert "mm  depth.tif" in first.stdout
    second = json.loads(twin("run", "tiny", folder, "--rain", "30", "--json").stdout)
    assert (second["id"], second["cached"], second["state"]) == (run.id, True, "successful")
    third = json.loads(twin("run", "tiny", folder, "--rain", "30", "--again", "--json").stdout)
    assert third["id"] != run.id
    assert not third["cached"]
    assert Path(third["folder"], third["results"]["depth"]["file"]).is_file()


def test_every_kind_of_input_can_be_given(folder: Path, tmp_path: Path) -> None:
    area = {"type": "Point", "coordinates": [129.0, 35.0]}
    (tmp_path / "area.json").write_text(json.dumps(area))
    (tmp_path / "rain.csv").write_text("1")
    options = ["--area", tmp_path / "area.json", "--box", "128,35,129,36", "--gauges", "1", "--gauges", "2.5"]
    options += ["--table", tmp_path / "rain.csv", "--options", '{"a": 1}', "--no-wet", "--seed", "7"]
    done = twin("run", "tiny", folder, *options, "--json")
    assert done.returncode == 0, done.stderr
    run = json.loads(done.stdout)
    assert run["seed"] == 7
    inputs = run["inputs"]
    assert (inputs["area"], inputs["box"], inputs["gauges"]) == (area, [128, 35, 129, 36], [1, 2.5])
    assert (inputs["options"], inputs["wet"]) == ({"a": 1}, False)
    assert inputs["table"] == str(tmp_path / "rain.csv")


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (["--rain", "-1"], 1, "twin: rain: -1.0 is less than the minimum of 0 [mm]\n"),
        (["--ending", "worse"], 1, "twin: ending: 'worse' is not one of"),
        (["--table", "nowhere.csv"], 1, "twin: table: there is no file 'nowhere.csv'\n"),
        (["--options", "nowhere.json"], 1, "twin: nowhere.json: No such file or directory\n"),
        (["--options", "{"], 2, "this is not JSON"),
        (["--box", "1,2,x"], 2, "is not WEST,SOUTH,EAST,NORTH"),
        (["--rain", "much"], 2, "--rain"),
        (["--snow", "1"], 2, "--snow"),
    ],
)
def test_what_cannot_be_run_is_said_before_anything_is_made(
    folder: Path, options: list[str], code: int, message: str
) -> None:
    done = twin("run", "tiny", folder, *options)
    assert (done.returncode, done.stdout) == (code, "")
    assert message in done.stderr
    assert list_runs(folder) == []


def test_how_long_a_run_takes_is_told_without_running_it(folder: Path) -> None:
    before = twin("run", "tiny", folder, "--estimate")
    assert before.stdout == "Tiny model: about 5 s, by usual figures, as there is no earlier run\n"
    assert list_runs(folder) == []
    twin("run", "tiny", folder)
    after = json.loads(twin("run", "tiny", folder, "--rain", "3", "--estimate", "--json").stdout)
    assert after["runs"] == 1
    assert 0 < after["seconds"] < 60
    assert twin("run", "tiny", folder, "--rain", "-1", "--estimate").returncode == 1


def test_a_failed_run_is_one_line_with_its_id(folder: Path) -> None:
    done = twin("run", "tiny", folder, "--ending", "refused")
    (run,) = list_runs(folder)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"twin: run {run.id} failed: rain: there is a gap in it\n"


def test_there_is_no_run_without_a_model_or_a_city(folder: Path, tmp_path: Path) -> None:
    assert twin("run", "fluod", folder).returncode == 2
    done = twin("run", "tiny", tmp_path / "nowhere")
    assert done.returncode == 1
    assert "no city here" in done.stderr
    assert twin("runs", tmp_path / "nowhere").returncode == 1
    assert not (tmp_path / "nowhere").exists()


def test_runs_are_listed_stopped_and_part_of_info(folder: Path) -> None:
    assert twin("runs", folder).stdout == "no runs\n"
    assert json.loads(twin("info", folder, "--json").stdout)["runs"] == []
    twin("run", "tiny", folder)
    twin("run", "tiny", folder, "--ending", "refused")
    listed = json.loads(twin("runs", folder, "--json").stdout)["runs"]
    assert [run["state"] for run in listed] == ["failed", "successful"]
    assert json.loads(twin("info", folder, "--json").stdout)["runs"] == listed
    assert "failed      rain: there is a gap in it" in twin("runs", folder).stdout
    assert twin("runs", folder, "--limit", "1").stdout.count("\n") == 1
    twin("runs", folder, "--cancel", listed[1]["id"])
    assert [run.state for run in list_runs(folder)] == ["failed", "dismissed"]
    assert "no run 'nix'" in twin("runs", folder, "--cancel", "nix").stderr
