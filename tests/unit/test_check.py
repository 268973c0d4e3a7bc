"""citygml.check: whole files, folders, and the catalogue of codes."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest

from citygml.check import CheckOptions, check_file, check_folder, model_files
from citygml.errors import CityModelError
from tests.unit.gml_models import building, document, lod2, member, multi_surface, polygon, square

ROOT = Path(__file__).resolve().parents[2]
Corner = tuple[int, int, int]


def write_city(
    path: Path, ids: list[str], *, crs: str | None = "EPSG/0/7415", open_box: bool = False
) -> Path:
    """A CityJSON file of boxes of 10 m in a row, 20 m apart, near Delft."""
    vertices: list[Corner] = []
    objects: dict[str, Any] = {}
    faces = [(0, 3, 2, 1), (4, 5, 6, 7), (0, 1, 5, 4), (1, 2, 6, 5), (2, 3, 7, 6), (3, 0, 4, 7)]
    for k, name in enumerate(ids):
        base = len(vertices)
        for z in (0, 10):
            vertices += [(20 * k + x, y, z) for x, y in ((0, 0), (10, 0), (10, 10), (0, 10))]
        shell = [[[base + i for i in face]] for face in (faces[:-1] if open_box else faces)]
        objects[name] = {
            "type": "Building",
            "attributes": {"yearOfConstruction": "long ago" if k == 0 else 1999},
            "geometry": [{"type": "Solid", "lod": "1", "boundaries": [shell]}],
        }
    city: dict[str, Any] = {
        "type": "CityJSON",
        "version": "2.0",
        "transform": {"scale": [1, 1, 1], "translate": [85000, 447000, 0]},
        "CityObjects": objects,
        "vertices": vertices,
    }
    if crs:
        city["metadata"] = {"referenceSystem": f"https://www.opengis.net/def/crs/{crs}"}
    path.write_text(json.dumps(city))
    return path


def test_a_report_counts_objects_and_findings(tmp_path: Path) -> None:
    report = check_file(write_city(tmp_path / "a.json", ["b1", "b2", "b3"], open_box=True))
    assert report.objects == {"Building": 3}
    assert report.counts == {"solid-not-closed": 3, "bad-attribute": 1}
    assert report.severities == {"error": 3, "warning": 1}
    assert not report.ok
    place = next(f.place for f in report.findings if f.object_id == "b2")
    assert place is not None
    assert 85020 <= place[0] <= 85030


def test_findings_are_limited_per_code_and_still_counted(tmp_path: Path) -> None:
    path = write_city(tmp_path / "a.json", [f"b{i}" for i in range(30)], open_box=True)
    report = check_file(path, CheckOptions(limit=2, batch=7))
    assert report.counts["solid-not-closed"] == 30
    assert sum(f.code == "solid-not-closed" for f in report.findings) == 2
    assert report.severities["error"] == 30


def test_a_sound_file_is_ok(tmp_path: Path) -> None:
    report = check_file(write_city(tmp_path / "a.json", ["x", "y"]), CheckOptions())
    assert report.ok
    assert set(report.counts) == {"bad-attribute"}


def test_an_envelope_without_heights_holds_objects_at_any_height(tmp_path: Path) -> None:
    text = document(member(building(lod2(multi_surface(polygon(square(176000, 282000, 30)))))))
    flat = text.replace("281000 0<", "281000<").replace("283000 50<", "283000<").replace('="3"', '="2"', 1)
    shifted = flat.replace("283000<", "281500<")
    for content, outside in ((flat, 0), (shifted, 1)):
        path = tmp_path / "a.gml"
        path.write_text(content)
        report = check_file(path)
        assert report.counts["outside-envelope"] == outside
    assert all("(y)" in f.message for f in report.findings if f.code == "outside-envelope")


def test_coordinate_systems(tmp_path: Path) -> None:
    def codes(crs: str | None, option: str | None = None) -> set[str]:
        report = check_file(write_city(tmp_path / "c.json", ["b"], crs=crs), CheckOptions(crs=option))
        return {code for code in report.counts if code.startswith("crs")}

    assert codes("EPSG/0/7415") == set()
    assert codes(None) == {"crs-missing"}
    assert codes(None, "EPSG:7415") == set()
    assert codes("EPSG/0/28992") == {"crs-no-vertical"}
    assert codes("EPSG/0/25832") == {"crs-no-vertical", "crs-implausible"}


def test_a_folder_is_checked_file_by_file(tmp_path: Path) -> None:
    write_city(tmp_path / "1.json", ["same", "a"])
    write_city(tmp_path / "2.json", ["b", "same"])
    (tmp_path / "3.gml").write_text("<CityModel")
    (tmp_path / "codelists").mkdir()
    (tmp_path / "codelists" / "list.xml").write_text("<gml/>")
    first, second, third = check_folder(tmp_path)
    assert [f.name for f in model_files(tmp_path)] == ["1.json", "2.json", "3.gml"]
    assert "duplicate-id" not in first.counts
    assert [(f.object_id, "1.json" in f.message) for f in second.findings if f.code == "duplicate-id"] == [
        ("same", True)
    ]
    assert third.refused is not None
    assert "3.gml" in third.refused
    with pytest.raises(CityModelError):
        check_file(tmp_path / "3.gml")


def test_real_files_without_geometric_defects(data: Path) -> None:
    """Deliveries that passed PLATEAU's own quality check have no errors here either."""
    report = check_file(data / "citygml/plateau-komatsu/1_R6CityGML/54363371_bldg_6697.gml")
    assert report.objects["Building"] == 192
    assert report.severities["error"] == 0
    potsdam = next((data / "citygml/potsdam-lod1").rglob("*.gml"))
    assert check_file(potsdam).severities["error"] == 0


def test_real_defects_are_placed_and_named(data: Path) -> None:
    """The LoD2 solids of Aachen meet along edges that one side splits; a few are really open."""
    report = check_file(next((data / "citygml/nrw-aachen").glob("*.gml")), CheckOptions(limit=None))
    assert report.objects == {"Building": 83, "BuildingPart": 50}
    assert report.counts["solid-edges-split"] > report.counts["solid-not-closed"] > 0
    for finding in report.findings:
        assert finding.object_id
        if finding.code.startswith(("solid", "polygon")):
            assert finding.part
            assert finding.place is not None
            x, y, _ = finding.place
            assert 279_900 < x < 281_100
            assert 5_656_900 < y < 5_658_100


def codes_in(source: str) -> set[str]:
    """Codes that a module hands to `Finding(...)` or to a helper for findings."""
    name = re.compile(r"[a-z]+(-[a-z]+)+$")
    found = set()
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        function = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if function in ("Finding", "finding", "_find", "_at"):
            strings = [a.value for a in node.args[:2] if isinstance(a, ast.Constant)]
            found |= {s for s in strings if isinstance(s, str) and name.match(s)}
    return found


def test_every_code_is_in_the_catalogue() -> None:
    catalogue = set(re.findall(r"`([a-z]+(?:-[a-z]+)+)`", (ROOT / "docs" / "findings.md").read_text("utf-8")))
    used = set().union(*(codes_in(p.read_text("utf-8")) for p in (ROOT / "citygml").rglob("*.py")))
    assert {"ring-self-intersection", "duplicate-id", "missing-texture"} <= used
    assert used - catalogue == set()
