"""The command line on bad input and wrong usage: one clear line, the right exit code, the store as before."""

from __future__ import annotations

import io
import json
import shutil
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin

from api.cli import main
from tests.unit.gml_models import building, document, lod2, member, multi_surface, polygon, square
from tests.unit.models import city, write
from twin.ingest import add_files
from twin.store import open_city

BOXES = {"a": (0.0, 0.0, 5.0), "b": (30.0, 0.0, 9.0), "c d/한": (60.0, 0.0, 20.0)}
RING = square(176_000, 282_000, 5, 10)
CRS = "EPSG:5187+5193"
Make = Callable[[Path], Path]


@dataclass(slots=True)
class Done:
    returncode: int
    stdout: str
    stderr: str


def twin(*arguments: str | Path) -> Done:
    """The command line in this process, which is much faster; one test below uses a process of its own."""
    output, error, code = io.StringIO(), io.StringIO(), 0
    with redirect_stdout(output), redirect_stderr(error), pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["twin", *map(str, arguments)])
        try:
            main()
        except SystemExit as exit:
            assert exit.code is None or isinstance(exit.code, int)
            code = exit.code or 0
    return Done(code, output.getvalue(), error.getvalue())


def process(*arguments: str | Path) -> Done:
    done = subprocess.run([TWIN, *map(str, arguments)], capture_output=True, text=True, timeout=120)
    return Done(done.returncode, done.stdout, done.stderr)


TWIN = Path(sys.executable).with_name("twin")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cli")
    add_files(folder / "x.twin", [write(folder / "source.json", city(BOXES))])
    return folder / "x.twin"


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    """A city of three buildings that a test may change."""
    shutil.copytree(made, tmp_path / "x.twin")
    return tmp_path / "x.twin"


def content(folder: Path) -> object:
    """Everything in the store, and the names of all files beside it."""
    with sqlite3.connect(folder / "twin.db") as db:
        tables = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        rows = {name: db.execute(f"SELECT * FROM {name}").fetchall() for name in tables}
    beside = sorted(p.name for p in folder.rglob("*") if not p.name.startswith("twin.db"))
    return rows, beside


# Bad input


def text(name: str, content: str | bytes) -> Make:
    def make(folder: Path) -> Path:
        path = folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return make


def model(*polygons: str, srs: str | None = CRS) -> str:
    members = [member(building(lod2(multi_surface(p)), f"b{n}")) for n, p in enumerate(polygons)]
    return document("".join(members), srs=srs)


def archive(folder: Path) -> Path:
    with zipfile.ZipFile(folder / "bad.zip", "w") as opened:
        opened.writestr("../outside.gml", model(polygon(RING)))
    return folder / "bad.zip"


def unlike_image(folder: Path) -> Path:
    (folder / "bad-picture.png").write_text("this is no picture")
    document = city({"textured": (0.0, 0.0, 5.0)})
    document["appearance"] = {"textures": [{"type": "PNG", "image": "bad-picture.png"}]}
    document["appearance"]["vertices-texture"] = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]
    geometry = document["CityObjects"]["textured"]["geometry"][0]
    geometry["texture"] = {"t": {"values": [[[[0, 0, 1, 2, 3]]] * 6]}}
    return write(folder / "bad.city.json", document)


def dem(folder: Path, crs: str | None, name: str = "bad.tif") -> Path:
    with rasterio.open(
        folder / name, "w", driver="GTiff", width=4, height=4, count=1, dtype="float32", crs=crs,
        transform=from_origin(176_000, 282_100, 10, 10),
    ) as raster:  # fmt: skip
        raster.write(np.ones((1, 4, 4), np.float32))
    return folder / name


def sparse(name: str, begin: bytes = b"") -> Make:
    def make(folder: Path) -> Path:
        with (folder / name).open("wb") as file:
            file.write(begin)
            file.truncate(2 << 30)
        return folder / name

    return make


BOMB = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
REFUSED: dict[str, Make] = {
    "not XML": text("bad.gml", "this is no XML"),
    "broken XML": text("bad.gml", model(polygon(RING)).replace("</gml:Polygon>", "")),
    "truncated": text("bad.gml", (whole := model(*[polygon(RING)] * 9))[: len(whole) // 2]),
    "truncated JSON": text("bad.city.json", json.dumps(city(BOXES))[:-40]),
    "wrong root": text("bad.gml", '<kml xmlns="http://www.opengis.net/kml/2.2"/>'),
    "wrong JSON": text("bad.city.json", '{"type": "FeatureCollection", "features": []}'),
    "XML bomb": text("bad.gml", f'<!DOCTYPE x [<!ENTITY l0 "lol">{BOMB}]><CityModel>&l9;</CityModel>'),
    "external entity": text(
        "bad.gml",
        '<!DOCTYPE x [<!ENTITY s SYSTEM "file:///etc/passwd">]>'
        + model(polygon(RING)).replace("<gml:exterior>", "<gml:name>&s;</gml:name><gml:exterior>"),
    ),
    "archive that leads outside": archive,
    "texture that is no image": unlike_image,
    "another CRS": text("bad.gml", model(polygon(RING), srs="EPSG:25832")),
    "unknown CRS": text("bad.gml", model(polygon(RING), srs="EPSG:999999")),
    "no CRS": text("bad.gml", model(polygon(RING), srs=None)),
    "DEM without CRS": lambda folder: dem(folder, None),
    "DEM in another CRS": lambda folder: dem(folder, "EPSG:25832"),
    "DEM that is none": text("bad.asc", "ncols four\nnrows 4\n"),
    "2 GB of nothing, GML": sparse("bad.gml"),
    "2 GB of JSON": sparse("bad.city.json", b'{"type":"CityJSON","version":"2.0","CityObjects":{'),
    "2 GB of nothing, TIFF": sparse("bad.tif"),
    "no such file": lambda folder: folder / "bad-and-absent.gml",
    "empty folder": lambda folder: (folder / "bad").mkdir() or folder / "bad",  # type: ignore[func-returns-value]
}


@pytest.mark.parametrize("name", REFUSED)
def test_bad_input_is_refused_in_one_line_and_changes_nothing(
    name: str, folder: Path, tmp_path: Path
) -> None:
    before = content(folder)
    bad = REFUSED[name](tmp_path)
    good = write(tmp_path / "good.json", city({"new": (500.0, 0.0, 5.0)}))
    done = twin("add", folder, good, bad)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("twin: ")
    assert done.stderr.count("\n") == 1
    assert "bad" in done.stderr
    assert "Traceback" not in done.stderr
    assert content(folder) == before


def names(folder: Path) -> set[str]:
    return {p.name for p in folder.iterdir()}


DEFECTS = {
    "not a number": RING.replace("176000", "NaN", 1),
    "infinite": RING.replace("176000", "INF", 1),
    "not numeric": RING.replace("176000", "here", 1),
    "missing coordinate": RING.rpartition(" ")[0],
    "no coordinates": "",
}


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


# Usage


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
        ["init", "x.twin"],
        ["tile", "x.twin", "--compression", "zip"],
        ["export", "x.twin", "--format", "dwg", "-o", "x"],
        ["demo", "--buildings", "1", "--no-serve"],
        ["serve", "x.twin", "--port", "http"],
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
