"""The command line on bad input: one clear line, exit code 1, the store as before."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.integration.bad_input import DEFECTS, REFUSED, RING, model, text
from tests.integration.command_line import BOXES, content, names, process, twin
from tests.unit.gml_models import polygon
from tests.unit.models import city, write
from twin.store import open_city


@pytest.mark.parametrize("name", REFUSED)
def test_bad_input_is_refused_in_one_line_and_changes_nothing(
    name: str, folder: Path, tmp_path: Path
) -> None:
    before = content(folder)
    bad = REFUSED[name](tmp_path)
    good = write(tmp_path / "good.json", city({"new": (500.0, 0.0, 5.0)}))
    done = process("add", folder, good, bad)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("twin: ")
    assert done.stderr.count("\n") == 1
    assert "bad" in done.stderr
    assert "Traceback" not in done.stderr
    assert content(folder) == before


@pytest.mark.parametrize("name", DEFECTS)
def test_a_defect_of_one_object_is_a_finding_and_the_rest_goes_in(
    name: str, folder: Path, tmp_path: Path
) -> None:
    source = text("part.gml", model(polygon(RING), polygon(DEFECTS[name])))(tmp_path)
    done = twin("add", folder, source, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["findings"] >= 1
    with open_city(folder) as opened:
        assert set(opened.index("buildings").ids) >= {*BOXES, "b0"}
        assert {f.object_id for f in opened.findings()} == {"b1"}
        whole = opened.object("b1")
        assert whole is not None
        assert all(np.isfinite(g.vertices).all() for g in whole.decode().geometries)


def test_the_same_in_a_process_of_its_own(folder: Path, tmp_path: Path) -> None:
    before = content(folder)
    done = process("add", folder, REFUSED["truncated"](tmp_path))
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert "bad.gml" in done.stderr
    assert content(folder) == before
    assert process("info", folder, "--unknown").returncode == 2
    done = process("info", folder)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_refused_first_file_leaves_no_city(tmp_path: Path) -> None:
    bad = REFUSED["not XML"](tmp_path)
    assert twin("add", tmp_path / "new.twin", bad).returncode == 1
    assert names(tmp_path) == {bad.name}


def test_a_refused_first_file_leaves_a_folder_as_it_was(tmp_path: Path) -> None:
    bad = REFUSED["DEM without CRS"](tmp_path)
    (tmp_path / "new.twin").mkdir()
    (tmp_path / "new.twin" / "notes.txt").write_text("mine")
    assert twin("add", tmp_path / "new.twin", bad).returncode == 1
    assert names(tmp_path / "new.twin") == {"notes.txt"}


@pytest.mark.parametrize("command", ["info", "tile", "serve", "export"])
def test_a_folder_without_a_city_is_named(command: str, tmp_path: Path) -> None:
    extra = ["--format", "cityjson", "-o", tmp_path / "out.json"] if command == "export" else []
    done = twin(command, tmp_path / "nowhere", *extra)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1
    assert "nowhere" in done.stderr
    assert names(tmp_path) == set()


def test_a_file_that_is_no_city_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.twin").mkdir()
    (tmp_path / "x.twin" / "twin.db").write_text("this is no database, but long enough to be looked at" * 40)
    for arguments in (["info"], ["tile"], ["add", write(tmp_path / "s.json", city(BOXES))]):
        done = twin(arguments[0], tmp_path / "x.twin", *arguments[1:])
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
        assert "twin.db" in done.stderr
    assert (tmp_path / "x.twin" / "twin.db").read_text().startswith("this is no database")
