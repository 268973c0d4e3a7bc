"""Frames of tiles kept from build to build, and the coordinate system known without PROJ."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from citygml.crs import Georeference, Heights, parse
from tests.unit.models import city, write
from tiles.frames import Frames
from twin.ingest import add_files
from twin.place import city_crs
from twin.store import open_city

LOW, HIGH = np.array([176_000.0, 282_000.0, 3.0]), np.array([176_400.0, 282_300.0, 40.0])
PLACE = Georeference(parse("EPSG:5187+5193"), Heights("egm96", "", "EGM96", ""))


def points(count: int = 50) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    return np.random.default_rng(0).uniform(LOW, HIGH, (count, 3))


def kept(folder: Path, place: Georeference = PLACE) -> Frames:
    """The frames in `folder` after one build with one tile."""
    frames = Frames.read(folder, place)
    frames.find((LOW, HIGH))
    frames.keep((LOW, HIGH), place.fitted_frame(LOW, HIGH))
    frames.write(folder)
    return frames


def test_a_kept_frame_is_the_one_that_was_fitted(tmp_path: Path) -> None:
    kept(tmp_path)
    found = Frames.read(tmp_path, PLACE).find((LOW, HIGH))
    fresh = PLACE.fitted_frame(LOW, HIGH)
    assert found is not None
    assert 0 < found.residual == fresh.residual
    assert (found.matrix == fresh.matrix).all()
    assert (found.to_local(points()) == fresh.to_local(points())).all()


def test_a_matrix_is_the_same_with_and_without_a_kept_frame(tmp_path: Path) -> None:
    assert (kept(tmp_path).matrix((LOW, HIGH)) == Frames(PLACE).matrix((LOW, HIGH))).all()


def test_other_bounds_another_place_and_a_torn_file_have_none(tmp_path: Path) -> None:
    kept(tmp_path)
    assert Frames.read(tmp_path, PLACE).find((LOW, HIGH + 0.01)) is None
    elsewhere = Georeference(parse("EPSG:5186+5193"), PLACE.heights)
    assert Frames.read(tmp_path, elsewhere).find((LOW, HIGH)) is None
    (file,) = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:-1])
    assert Frames.read(tmp_path, PLACE).find((LOW, HIGH)) is None


def test_what_a_build_did_not_ask_for_goes(tmp_path: Path) -> None:
    kept(tmp_path)
    Frames.read(tmp_path, PLACE).write(tmp_path)
    assert Frames.read(tmp_path, PLACE).find((LOW, HIGH)) is None


def test_of_a_frame_that_is_not_fitted_the_matrix_is_kept(tmp_path: Path) -> None:
    frames = Frames(PLACE)
    matrix = frames.matrix((LOW, HIGH))
    frames.write(tmp_path)
    nowhere = Georeference(PLACE.crs, PLACE.heights)
    object.__setattr__(nowhere, "local_frame", None)  # it is not to be asked
    read = Frames.read(tmp_path, nowhere)
    assert (read.matrix((LOW, HIGH)) == matrix).all()
    assert read.find((LOW, HIGH)) is None


@pytest.mark.parametrize("name", ["EPSG:5187+5193", "EPSG:25832", "EPSG:6697", "OGC:CRS84"])
def test_the_kind_of_a_coordinate_system_is_kept_with_the_city(name: str, tmp_path: Path) -> None:
    box = {"a": (0.0, 0.0, 5.0)}
    add_files(tmp_path / "x.twin", [write(tmp_path / "s.json", city(box, "EPSG:5187+5193"))])
    with open_city(tmp_path / "x.twin") as opened:
        assert city_crs(opened) == parse("EPSG:5187+5193")
        opened.set("crs", name)  # what was kept is of another one now
        assert city_crs(opened) == parse(name)
