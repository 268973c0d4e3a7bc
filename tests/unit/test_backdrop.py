"""The ground below the city: from terrain models, several of them, or from where objects stand."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin

from citygml.model import CityObject
from tests.unit.models import city, write
from tiles.backdrop import build_imagery_of, build_terrain_of, city_dem
from tiles.landuse import landuse_of
from twin.ingest import add_files
from twin.place import georeference
from twin.store import open_city

BOXES = {f"b{i}{j}": (i * 20.0, j * 20.0, 5.0) for i in range(6) for j in range(6)}


def dem(path: Path, west: float, value: float, hole: bool = False) -> Path:
    """A terrain model of 100 x 100 m in cells of 2 m at one height."""
    heights = np.full((50, 50), value, np.float32)
    if hole:
        heights[:, 25:] = -32768
    with rasterio.open(
        path, "w", driver="GTiff", width=50, height=50, count=1, dtype="float32", nodata=-32768,
        crs="EPSG:5187", transform=from_origin(176_000 + west, 282_100, 2, 2),
    ) as dataset:  # fmt: skip
        dataset.write(heights, 1)
    return path


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write(tmp_path / "source.json", city(BOXES))


def heights(folder: Path, *places: tuple[float, float]) -> list[float]:
    with open_city(folder) as opened:
        model = city_dem(opened)
        assert model is not None
        return [float(h) for h in model.sample(np.array(places) + [176_000, 282_000])]


def test_terrain_models_side_by_side_are_one_ground(source: Path, tmp_path: Path) -> None:
    folder = tmp_path / "x.twin"
    add_files(folder, [source, dem(tmp_path / "west.tif", 0, 3.0), dem(tmp_path / "east.tif", 100, 7.0)])
    assert heights(folder, (50, 50), (150, 50)) == [3.0, 7.0]


def test_a_newer_terrain_model_lies_over_an_older_one(source: Path, tmp_path: Path) -> None:
    folder = tmp_path / "x.twin"
    add_files(folder, [source, dem(tmp_path / "old.tif", 0, 3.0)])
    add_files(folder, [dem(tmp_path / "new.tif", 0, 5.0, hole=True)])
    assert heights(folder, (20, 50), (80, 50)) == [5.0, 3.0]


def test_without_a_terrain_model_the_ground_is_where_things_stand(source: Path, tmp_path: Path) -> None:
    folder = tmp_path / "x.twin"
    add_files(folder, [source])
    with open_city(folder) as opened:
        model = city_dem(opened)
        assert model is not None
        known = model.read(0, 0, model.height, model.width)
    assert np.isfinite(known).any()
    assert set(known[np.isfinite(known)].tolist()) == {3.0}
    assert model.bounds[0] < 176_000 < 176_110 < model.bounds[2]


def test_terrain_is_made_again_only_when_the_ground_changed(source: Path, tmp_path: Path) -> None:
    folder = tmp_path / "x.twin"
    add_files(folder, [source])

    def written() -> int:
        with open_city(folder) as opened:
            return build_terrain_of(opened, georeference(opened), False, None).written

    assert written() > 0
    assert written() == 0
    write(source, city({**BOXES, "b00": (0.0, 0.0, 9.0)}))
    add_files(folder, [source])
    assert written() == 0, "a higher roof moves no ground"
    add_files(folder, [dem(tmp_path / "new.tif", 0, 5.0)])
    assert written() > 0


def test_buildings_alone_make_no_ground_picture(source: Path, tmp_path: Path) -> None:
    add_files(tmp_path / "x.twin", [source])
    with open_city(tmp_path / "x.twin") as opened:
        assert build_imagery_of(opened, georeference(opened), False, None).tiles == 0


def land(path: Path, x: float = 0.0) -> Path:
    document = city({"land": (x, 0.0, 0.5)})
    document["CityObjects"]["land"]["type"] = "LandUse"
    return write(path, document)


def test_the_ground_picture_reaches_as_far_as_the_city(tmp_path: Path) -> None:
    folder = tmp_path / "x.twin"

    def east() -> float:
        with open_city(folder) as opened:
            build_imagery_of(opened, georeference(opened), False, None)
        return float(json.loads((folder / "tiles/imagery/imagery.json").read_bytes())["bounds"][2])

    add_files(folder, [land(tmp_path / "land.json")])
    before = east()
    add_files(folder, [write(tmp_path / "far.json", city({"far": (500.0, 0.0, 5.0)}))])
    assert (east() - before) * 111_320 * np.cos(np.radians(35.1)) == pytest.approx(510, rel=0.03)


def test_a_ground_picture_of_nothing_goes(tmp_path: Path) -> None:
    folder, source = tmp_path / "x.twin", land(tmp_path / "x.json")
    add_files(folder, [source])
    with open_city(folder) as opened:
        assert build_imagery_of(opened, georeference(opened), False, None).tiles > 0
    write(source, city(BOXES))
    add_files(folder, [source])
    with open_city(folder) as opened:
        assert build_imagery_of(opened, georeference(opened), False, None).tiles == 0
    assert not (folder / "tiles" / "imagery").exists()


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Parking lot", "parking"),
        ("Car park", "parking"),
        ("City park", "green"),
        ("공원", "green"),
        ("?", "other"),
    ],
)
def test_a_parking_lot_is_no_park(name: str, kind: str) -> None:
    assert landuse_of(CityObject("x", "LandUse", attributes={"name": name})) == kind
