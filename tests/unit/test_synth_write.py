"""The files of the sample district: the same bytes for a seed, and what is read back is what was made."""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from citygml.check import check_file
from citygml.model import CityObject, Code
from citygml.reading import open_model
from twin.synth import District, district_objects, make_district, make_ground

BUILDINGS = 24


@pytest.fixture(scope="module")
def district(tmp_path_factory: pytest.TempPathFactory) -> District:
    return make_district(tmp_path_factory.mktemp("district"), buildings=BUILDINGS, seed=11)


def digests(folder: Path) -> dict[str, str]:
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def read(path: Path) -> list[CityObject]:
    return [o for batch in open_model(path).batches() for o in batch]


def test_the_same_seed_gives_the_same_bytes(district: District, tmp_path: Path) -> None:
    make_district(tmp_path / "again", buildings=BUILDINGS, seed=11)
    assert digests(tmp_path / "again") == digests(district.folder)
    make_district(tmp_path / "other", buildings=BUILDINGS, seed=12)
    assert digests(tmp_path / "other")["buildings.gml"] != digests(district.folder)["buildings.gml"]


def test_every_file_is_there_and_reported(district: District) -> None:
    assert sorted(district.files) == sorted(
        [
            "buildings",
            "roads",
            "bridges",
            "water",
            "landuse",
            "vegetation",
            "furniture",
            "utilities",
            "terrain",
            "drainage",
            "stations",
            "readings",
            "meter_stations",
            "meter_readings",
        ]
    )
    listed = {p.name for p in [*district.files.values(), *district.codelists]} | {"README.txt"}
    assert listed == {p.name for p in district.folder.rglob("*") if p.is_file()}
    assert district.counts["Building"] == BUILDINGS


def test_what_is_read_back_is_what_was_made(district: District) -> None:
    made = district_objects(make_ground(BUILDINGS, 11))
    counts: Counter[str] = Counter()
    for layer, objects in made.items():
        found = {o.id: o for o in read(district.files[layer])}
        counts += Counter(o.type for o in found.values())
        for object_ in objects:
            other = found.pop(object_.id)
            assert (other.type, other.parent) == (object_.type, object_.parent)
            assert set(object_.attributes) == set(other.attributes), object_.id
            assert Counter(s.type for s in other.surfaces) == Counter(s.type for s in object_.surfaces)
            assert len(other.geometries) == len(object_.geometries)
            for mine, theirs in zip(object_.geometries, other.geometries, strict=True):
                assert (theirs.type, theirs.lod) == (mine.type, mine.lod)
                assert theirs.polygon_count == mine.polygon_count
                for end in (np.min, np.max):
                    np.testing.assert_allclose(
                        end(theirs.vertices, axis=0), end(mine.vertices, axis=0), atol=5e-4
                    )
            for placed, back in zip(object_.implicit, other.implicit, strict=True):
                np.testing.assert_allclose(back.anchor, placed.anchor, atol=5e-4)
                np.testing.assert_allclose(back.matrix, placed.matrix, atol=1e-6)
        assert not found, layer
    assert counts == district.counts


def test_codes_are_resolved_from_the_dictionaries(district: District) -> None:
    house = next(o for o in read(district.files["buildings"]) if o.type == "Building")
    function = house.attributes["function"]
    assert isinstance(function, Code)
    assert function.name is not None and "(" in function.name
    road = next(o for o in read(district.files["roads"]) if o.surfaces)
    assert {s.type for s in road.surfaces} >= {"TrafficArea", "AuxiliaryTrafficArea"}


def test_the_check_finds_nothing(district: District) -> None:
    for path in district.files.values():
        if path.suffix == ".gml":
            report = check_file(path)
            assert report.refused is None
            assert not report.findings, (path.name, report.findings[:3])


def test_the_crs_is_compound_and_east_comes_first(district: District) -> None:
    info = open_model(district.files["buildings"]).info
    assert info.srs_name == "EPSG:5187+5193"
    assert info.envelope is not None
    # eastings of the East Belt near Busan are about 194 km, northings about 282 km
    assert 190e3 < info.envelope[0, 0] < 197e3
    assert 278e3 < info.envelope[0, 1] < 286e3


def test_progress_names_each_step_once(tmp_path: Path) -> None:
    steps: list[tuple[str, int, int]] = []
    make_district(tmp_path, buildings=1, progress=lambda *step: steps.append(step))
    assert [s[1] for s in steps] == list(range(13))
    assert steps[-1] == ("done", 12, 12)


def test_less_than_one_building_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least 1 building, not 0"):
        make_district(tmp_path, buildings=0)
