"""Bringing files into the city: versions, refusals, and nothing half done."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from citygml.errors import CityModelError, UnknownCrs
from citygml.model import Measure
from tests.unit.dem_models import write_dem
from tests.unit.gml_models import building, document, lod2, member, multi_surface, polygon, square
from tests.unit.models import city, write
from tiles.build import build
from twin.describe import geographic_bounds
from twin.errors import CityBusy, CrsMismatch
from twin.ingest import AddOptions, add_files
from twin.store import open_city
from twin.store.writing import Writer

THREE = {"a": (0.0, 0.0, 5.0), "b": (30.0, 0.0, 9.0), "c": (60.0, 0.0, 20.0)}


def ids(folder: Path, time: datetime | None = None) -> set[str]:
    with open_city(folder) as opened:
        return set(opened.index("buildings", time).ids)


def snapshot(folder: Path) -> list[tuple[object, ...]]:
    """Everything in the tables that a refused file must not touch."""
    with open_city(folder) as opened:
        tables = ("object", "body", "source", "finding", "image", "template", "raster", "city")
        return [tuple(row) for t in tables for row in opened.connection.execute(f"SELECT * FROM {t}")]


@pytest.fixture
def three(tmp_path: Path) -> tuple[Path, Path]:
    """A city of three buildings, and the file that they came from."""
    source = write(tmp_path / "source.city.json", city(THREE))
    add_files(tmp_path / "x.twin", [source])
    return tmp_path / "x.twin", source


def test_objects_come_back_as_they_were(three: tuple[Path, Path]) -> None:
    folder, _ = three
    with open_city(folder) as opened:
        stored = opened.object("b")
        assert stored is not None
        obj = stored.decode()
    assert obj.attributes["measuredHeight"] == 9.0
    (geometry,) = obj.geometries
    assert geometry.type == "Solid"
    assert geometry.polygon_count == 6
    assert geometry.vertices[:, 2].max() == pytest.approx(12.0)
    assert [s.type for s in obj.surfaces][:2] == ["GroundSurface", "RoofSurface"]


def test_a_file_read_twice_changes_nothing(three: tuple[Path, Path]) -> None:
    folder, source = three
    before = snapshot(folder)
    again = add_files(folder, [source])
    assert (again.read, again.unchanged_files) == (0, 1)
    assert snapshot(folder) == before


def test_a_rewritten_file_with_the_same_objects_makes_no_versions(three: tuple[Path, Path]) -> None:
    folder, source = three
    source.write_text(source.read_text() + "\n")
    again = add_files(folder, [source])
    assert again.counts.unchanged == 3
    assert again.counts.added == again.counts.changed == again.counts.ended == 0


def test_only_what_changed_gets_a_new_version(three: tuple[Path, Path]) -> None:
    folder, source = three
    write(source, city({**THREE, "b": (30.0, 0.0, 10.0)}))
    counts = add_files(folder, [source]).counts
    assert (counts.changed, counts.unchanged, counts.added, counts.ended) == (1, 2, 0, 0)
    with open_city(folder) as opened:
        old, new = opened.history("b")
        assert old.valid_to == new.valid_from
        assert len(opened.history("a")) == 1


def test_what_a_file_no_longer_has_is_ended(three: tuple[Path, Path]) -> None:
    folder, source = three
    between = datetime.now(UTC)
    write(source, city({k: v for k, v in THREE.items() if k != "c"}))
    assert add_files(folder, [source]).counts.ended == 1
    assert ids(folder) == {"a", "b"}
    assert ids(folder, between) == {"a", "b", "c"}
    assert ids(folder, between - timedelta(days=1)) == set()


def test_a_new_delivery_elsewhere_replaces_the_file_of_the_same_name(three: tuple[Path, Path]) -> None:
    folder, source = three
    delivery = write(source.parent / "later" / source.name, city({"a": THREE["a"], "d": (90.0, 0.0, 4.0)}))
    counts = add_files(folder, [delivery]).counts
    assert (counts.unchanged, counts.added, counts.ended) == (1, 1, 2)
    with open_city(folder) as opened:
        assert len(opened.sources()) == 1


@pytest.mark.parametrize("first", [["1"], ["1", "2"]])
def test_two_files_of_the_same_name_that_share_an_object_are_both_kept(
    first: list[str], tmp_path: Path
) -> None:
    """Neighbouring tiles, of which one is new or has changed."""
    border = {"border": (50.0, 0.0, 4.0)}
    folders = [tmp_path / "1", tmp_path / "2"]
    for number, folder in enumerate(folders):
        write(folder / "x.json", city({**border, f"b{number}": (100.0 * number, 0.0, 5.0)}))
    add_files(tmp_path / "x.twin", [tmp_path / name for name in first], AddOptions(workers=1))
    write(folders[1] / "x.json", city({**border, "b1": (100.0, 0.0, 6.0)}))
    counts = add_files(tmp_path / "x.twin", folders, AddOptions(workers=1)).counts
    assert counts.ended == 0
    assert ids(tmp_path / "x.twin") == {"b0", "b1", "border"}
    with open_city(tmp_path / "x.twin") as opened:
        assert len(opened.sources()) == 2


def test_another_file_of_the_same_name_replaces_nothing(three: tuple[Path, Path]) -> None:
    folder, source = three
    other = write(source.parent / "other" / source.name, city({"z": (200.0, 0.0, 4.0)}))
    assert add_files(folder, [other]).counts.ended == 0
    assert ids(folder) == {"a", "b", "c", "z"}
    with open_city(folder) as opened:
        assert len({s.name for s in opened.sources()}) == 2


def test_the_same_object_in_two_files_is_taken_once(tmp_path: Path) -> None:
    first = write(tmp_path / "1.json", city(THREE))
    second = write(tmp_path / "2.json", city({"c": THREE["c"], "d": (90.0, 0.0, 5.0)}))
    done = add_files(tmp_path / "x.twin", [first, second])
    assert ids(tmp_path / "x.twin") == {"a", "b", "c", "d"}
    assert done.counts.findings == 0


def test_an_id_used_for_two_objects_keeps_both_and_is_a_finding(tmp_path: Path) -> None:
    first = write(tmp_path / "1.json", city(THREE))
    second = write(tmp_path / "2.json", city({"c": (300.0, 0.0, 1.0)}))
    add_files(tmp_path / "x.twin", [first, second], AddOptions(workers=1))
    assert ids(tmp_path / "x.twin") == {"a", "b", "c", "c~2"}
    with open_city(tmp_path / "x.twin") as opened:
        assert opened.finding_counts() == {"duplicate-id": 1}


def test_valid_from_can_be_told(tmp_path: Path) -> None:
    source = write(tmp_path / "1.json", city(THREE))
    add_files(tmp_path / "x.twin", [source], AddOptions(at=datetime(2020, 1, 1, tzinfo=UTC)))
    assert ids(tmp_path / "x.twin", datetime(2020, 6, 1, tzinfo=UTC)) == {"a", "b", "c"}
    assert ids(tmp_path / "x.twin", datetime(2019, 6, 1, tzinfo=UTC)) == set()


BAD: dict[str, tuple[str, bytes]] = {
    "empty": ("x.gml", b""),
    "not XML": ("x.gml", b"<CityModel><broken"),
    "wrong root": ("x.gml", b"<?xml version='1.0'?><kml xmlns='http://www.opengis.net/kml/2.2'/>"),
    "XML bomb": (
        "x.gml",
        b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'x'><!ENTITY c '&b;&b;&b;'>]>"
        b"<CityModel xmlns='http://www.opengis.net/citygml/2.0'>&c;</CityModel>",
    ),
    "external entity": (
        "x.gml",
        b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]>"
        b"<CityModel xmlns='http://www.opengis.net/citygml/2.0'>&b;</CityModel>",
    ),
    "not JSON": ("x.json", b'{"type": "CityJSON", '),
    "no kind": ("x.txt", b"hello"),
    "not a raster": ("x.tif", b"hello"),
    "not an archive": ("x.zip", b"hello"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_refused_in_one_line_and_changes_nothing(name: str, three: tuple[Path, Path]) -> None:
    folder, source = three
    before = snapshot(folder)
    bad = source.parent / BAD[name][0]
    bad.write_bytes(BAD[name][1])
    good = write(source.parent / "good.json", city({"new": (500.0, 0.0, 5.0)}))
    with pytest.raises(Exception) as refused:
        add_files(folder, [good, bad])
    assert isinstance(refused.value, CityModelError) or type(refused.value).__module__ == "twin.errors"
    assert "\n" not in str(refused.value)
    assert bad.name in str(refused.value)
    assert snapshot(folder) == before


def test_a_truncated_real_file_is_refused(data: Path, three: tuple[Path, Path]) -> None:
    folder, source = three
    whole = (data / "citygml/nrw-aachen/LoD2_32_280_5657_1_NW.gml").read_bytes()
    cut = source.parent / "cut.gml"
    cut.write_bytes(whole[: len(whole) // 2])
    before = snapshot(folder)
    with pytest.raises(CityModelError, match=r"cut\.gml"):
        add_files(folder, [cut], AddOptions(crs="EPSG:5187"))
    assert snapshot(folder) == before


def test_a_refused_file_leaves_no_new_city(tmp_path: Path) -> None:
    bad = tmp_path / "x.gml"
    bad.write_text("<a/>")
    with pytest.raises(CityModelError):
        add_files(tmp_path / "new.twin", [bad])
    assert not (tmp_path / "new.twin").exists()


def test_a_file_without_crs_is_refused_unless_one_is_given(tmp_path: Path) -> None:
    source = write(tmp_path / "x.json", city(THREE, crs=None))
    with pytest.raises(UnknownCrs, match="--crs"):
        add_files(tmp_path / "x.twin", [source])
    add_files(tmp_path / "x.twin", [source], AddOptions(crs="EPSG:5187+5193"))
    assert ids(tmp_path / "x.twin") == {"a", "b", "c"}


def test_an_anchor_places_a_file_that_names_no_crs(tmp_path: Path) -> None:
    source = write(tmp_path / "x.json", city(THREE, crs=None))
    add_files(tmp_path / "x.twin", [source], AddOptions(anchor=(129.08, 35.23, 60.0)))
    with open_city(tmp_path / "x.twin") as opened:
        west, south, east, north = geographic_bounds(opened) or [0.0] * 4
        assert opened.get("crs") == "local"
    assert east - west < 0.01
    assert north - south < 0.01


def test_a_file_in_another_crs_is_refused(three: tuple[Path, Path]) -> None:
    folder, source = three
    before = snapshot(folder)
    other = write(source.parent / "other.json", city({"x": (0.0, 0.0, 3.0)}, crs="EPSG:25832"))
    with pytest.raises(CrsMismatch, match=r"other\.json.*25832.*5187"):
        add_files(folder, [other])
    assert snapshot(folder) == before


def test_a_second_writer_is_told_to_wait(three: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    folder, _ = three
    with open_city(folder) as first, open_city(folder) as second, Writer(first, "test"):
        second.connection.execute("PRAGMA busy_timeout=10")
        with pytest.raises(CityBusy), Writer(second, "test"):
            pass


def test_readers_see_the_city_as_it_was_during_a_write(three: tuple[Path, Path]) -> None:
    folder, _ = three
    with open_city(folder) as first, Writer(first, "test") as writer:
        first.connection.execute("UPDATE object SET valid_to = 'x'")
        assert ids(folder) == {"a", "b", "c"}
        assert writer.counts.added == 0


def test_workers_and_one_process_store_the_same(tmp_path: Path) -> None:
    files = [
        write(tmp_path / f"{k}.json", city({f"{k}-{i}": (k * 50.0, i * 20.0, 3.0 + i) for i in range(5)}))
        for k in range(4)
    ]
    add_files(tmp_path / "one.twin", files, AddOptions(workers=1))
    add_files(tmp_path / "many.twin", files, AddOptions(workers=3))

    def content(folder: Path) -> list[tuple[object, ...]]:
        with open_city(folder) as opened:
            return opened.connection.execute(
                "SELECT id, digest, attributes FROM object ORDER BY id"
            ).fetchall()

    assert content(tmp_path / "one.twin") == content(tmp_path / "many.twin")


def test_a_measure_without_a_number_is_no_value(tmp_path: Path) -> None:
    heights = ("NaN", "INF", "3.5")
    told = [f'<bldg:measuredHeight uom="m">{h}</bldg:measuredHeight>' for h in heights]
    shape = lod2(multi_surface(polygon(square(176_000, 282_000, 5, 10))))
    members = [member(building(height + shape, f"b{n}")) for n, height in enumerate(told)]
    (tmp_path / "x.gml").write_text(document("".join(members), srs="EPSG:5187+5193"))
    add_files(tmp_path / "x.twin", [tmp_path / "x.gml"])
    with open_city(tmp_path / "x.twin") as opened:
        read = {s.id: s.decode().attributes.get("measuredHeight") for s in opened.all_objects()}
    assert read == {"b0": None, "b1": None, "b2": Measure(3.5, "m")}
    (report, *_) = build(tmp_path / "x.twin", ["buildings"])
    assert report.features == 3


def test_heights_are_decided_again_when_the_vertical_system_comes_later(tmp_path: Path) -> None:
    flat = write(tmp_path / "a.json", city({"a": (0.0, 0.0, 5.0)}, crs="EPSG:5187"))
    add_files(tmp_path / "x.twin", [flat])
    with open_city(tmp_path / "x.twin") as opened:
        assert "declares no vertical datum" in (opened.get("heights") or "")
    add_files(tmp_path / "x.twin", [write(tmp_path / "b.json", city({"b": (30.0, 0.0, 5.0)}))])
    with open_city(tmp_path / "x.twin") as opened:
        assert opened.get("crs") == "EPSG:5187+5193"
        assert "declares no vertical datum" not in (opened.get("heights") or "")


def test_terrain_models_of_the_same_name_are_all_kept(three: tuple[Path, Path], tmp_path: Path) -> None:
    folder, _ = three
    for number in range(2):
        (tmp_path / str(number)).mkdir()
        write_dem(
            tmp_path / str(number) / "dem.tif", np.full((4, 4), number, np.float32),
            west=176_000 + 40 * number, north=282_040, cell=10, crs="EPSG:5187",
        )  # fmt: skip
    for _ in range(2):
        add_files(folder, [tmp_path / "0", tmp_path / "1"])
        with open_city(folder) as opened:
            assert [r.name for r in opened.rasters()] == ["0/dem.tif", "1/dem.tif"]
    assert len(list((folder / "rasters").iterdir())) == 2
