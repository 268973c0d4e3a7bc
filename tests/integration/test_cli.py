"""The commands: how they are used, what they say, and what they refuse."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.integration.bad_input import DEFECTS, REFUSED, model, text
from tests.integration.command_line import CRS, content, names, twin
from tests.unit.gml_models import polygon
from tests.unit.models import city, write

COMMANDS = ["init", "add", "info", "check", "tile", "serve", "demo", "export"]


def test_help_names_every_command() -> None:
    done = twin("--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert all(f" {name} " in done.stdout for name in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str) -> None:
    done = twin(command, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Usage: ")
    assert "--help" in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["fly"],
        ["info"],
        ["info", "x.twin", "--unknown"],
        ["add", "x.twin"],
        ["add", "x.twin", "a.gml", "--lod", "two"],
        ["add", "x.twin", "a.gml", "--anchor", "north"],
        ["add", "x.twin", "a.gml", "--anchor", "127,95"],
        ["add", "x.twin", "a.gml", "--anchor", "127,37,nan"],
        ["init", "x.twin"],
        ["tile", "x.twin", "--compression", "zip"],
        ["tile", "x.twin", "--lod", "two"],
        ["tile", "x.twin", "--texture-size", "0"],
        ["export", "x.twin", "--format", "dwg", "-o", "x"],
        ["demo", "--buildings", "1", "--no-serve"],
        ["serve", "x.twin", "--port", "http"],
        ["serve", "x.twin", "--port", "70000"],
    ],
)
def test_wrong_usage_exits_with_2(arguments: list[str], tmp_path: Path) -> None:
    done = twin(*(tmp_path / a if a == "x.twin" else a for a in arguments))
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert names(tmp_path) == set()


def test_init_makes_an_empty_city_once(tmp_path: Path) -> None:
    folder = tmp_path / "x.twin"
    assert twin("init", folder, "--crs", "EPSG:5187", "--name", "시험").returncode == 0
    info = json.loads(twin("info", folder, "--json").stdout)
    assert (info["crs"], info["name"], info["objects"], info["bbox"]) == ("EPSG:5187", "시험", {}, None)
    again = twin("init", folder, "--crs", "EPSG:5187")
    assert (again.returncode, again.stderr.count("\n")) == (1, 1)
    wrong = twin("init", tmp_path / "y.twin", "--crs", "EPSG:999999")
    assert (wrong.returncode, wrong.stderr.count("\n")) == (1, 1)
    assert "999999" in wrong.stderr
    assert names(tmp_path) == {"x.twin"}


# What they say


def test_info_says_what_there_is(folder: Path) -> None:
    info = json.loads(twin("info", folder, "--json").stdout)
    assert info["crs"] == CRS
    assert info["objects"] == {"Building": 3}
    assert [(x["name"], x["objects"], x["lods"]) for x in info["layers"]] == [("buildings", 3, ["2"])]
    assert [s["name"] for s in info["sources"]] == ["source.json"]
    west, south, east, north = info["bbox"]
    assert 128 < west < east < 129.5
    assert 35 < south < north < 36
    assert (east - west) * 111_320 * np.cos(np.radians(35.1)) == pytest.approx(70, rel=0.02)
    assert info["runs"] == []
    lines = twin("info", folder).stdout
    assert CRS in lines
    assert "Building  3" in " ".join(lines.split(" ")).replace("  Building", "Building")


def test_json_is_json_on_every_command(folder: Path, tmp_path: Path) -> None:
    more = write(tmp_path / "more.json", city({"new": (500.0, 0.0, 5.0)}))
    added = json.loads(twin("add", folder, more, "--json").stdout)
    assert added["objects"] == {"added": 1, "changed": 0, "unchanged": 0, "ended": 0}
    assert added["files"] == {"read": 1, "unchanged": 0, "rasters": 0}
    again = json.loads(twin("add", folder, more, "--json").stdout)
    assert again["files"] == {"read": 0, "unchanged": 1, "rasters": 0}
    tiled = json.loads(twin("tile", folder, "--json").stdout)
    assert {r["layer"] for r in tiled} == {"buildings", "terrain", "imagery"}
    assert next(r for r in tiled if r["layer"] == "buildings")["features"] == 4
    checked = json.loads(twin("check", folder / "tiles" / "buildings", "--json").stdout)
    assert (checked["errors"], checked["objects"]) == (0, 4)
    checked = json.loads(twin("check", more, "--json").stdout)
    assert checked["files"][0]["objects"] == {"Building": 1}
    new = json.loads(twin("init", tmp_path / "y.twin", "--crs", CRS, "--json").stdout)
    assert new["crs"] == CRS
    out = tmp_path / "out.city.json"
    exported = json.loads(twin("export", folder, "--format", "cityjson", "-o", out, "--json").stdout)
    assert exported == {"path": str(out), "objects": 4, "findings": []}
    assert len(json.loads(out.read_text())["CityObjects"]) == 4


def test_implicit_tiles_by_the_command_line(folder: Path) -> None:
    assert twin("tile", folder, "buildings", "--implicit").returncode == 0
    checked = json.loads(twin("check", folder / "tiles" / "buildings", "--json").stdout)
    assert (checked["errors"], checked["objects"]) == (0, 3)
    assert list((folder / "tiles" / "buildings").rglob("*.subtree"))


def test_an_unknown_layer_is_named_with_those_there_are(folder: Path) -> None:
    done = twin("tile", folder, "castles")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "castles" in done.stderr
    assert "buildings" in done.stderr


def test_check_exits_with_1_when_there_are_errors(tmp_path: Path) -> None:
    bad = text("bad.gml", model(polygon(DEFECTS["not a number"])))(tmp_path)
    done = twin("check", bad)
    assert done.returncode == 1
    assert "b0" in done.stdout
    refused = twin("check", REFUSED["truncated"](tmp_path))
    assert (refused.returncode, refused.stdout, refused.stderr.count("\n")) == (1, "", 1)


def test_check_tells_of_every_file_of_a_folder(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write(tmp_path / f"{name}.json", city({name: (0.0, 0.0, 5.0)}))
    REFUSED["truncated"](tmp_path)
    done = twin("check", tmp_path)
    assert done.returncode == 1
    assert [line.split(":")[0] for line in done.stdout.splitlines() if line[0] != " "] == [
        str(tmp_path / name) for name in ("bad.gml", "one.json", "two.json")
    ]
    assert done.stdout.count("no findings") == 2
    checked = json.loads(twin("check", tmp_path, "--json").stdout)
    assert (checked["errors"], len(checked["files"])) == (1, 3)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("PAGE_LIMIT", "many"),
        ("PAGE_LIMIT", "0"),
        ("TIMEZONE", "Mars/Base"),
        ("CORS_ORIGINS", "https://a.example"),
    ],
)
def test_a_setting_that_cannot_be_is_named(
    variable: str, value: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"TWIN_{variable}", value)
    done = twin("serve", folder, "--port", "0")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert variable in done.stderr.upper()


def test_the_demo_leaves_another_city_alone(folder: Path) -> None:
    before = content(folder)
    done = twin("demo", "--dir", folder, "--buildings", "10", "--no-serve")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert "source.json" in done.stderr
    assert content(folder) == before


@pytest.mark.parametrize(
    ("format", "name"),
    [("cityjson", "x.city.json"), ("cityjsonseq", "x.city.jsonl"), ("citygml", "x.gml"), ("gpkg", "x.gpkg")],
)
def test_an_export_is_named_after_the_city(
    format: str, name: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder.parent)
    assert twin("export", "x.twin", "--format", format).returncode == 0
    assert names(folder.parent) == {"x.twin", name}
    (folder.parent / "out").mkdir()
    assert twin("export", "x.twin", "--format", format, "-o", "out").returncode == 0
    assert names(folder.parent / "out") == {name}
