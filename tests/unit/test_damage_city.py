"""The damage of a flood in the sample district and on real buildings."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas
import numpy as np
import pyarrow.parquet as pq
import pytest
import rasterio

from analysis.context import Context
from analysis.damage import CityDamage, city_damage, exposure
from analysis.damage.city import Exposed
from analysis.damage.model import MODEL
from analysis.errors import AnalysisError
from analysis.inputs import check
from analysis.scene import FloodScene, flood_scene, plane_of
from analysis.scene.outlines import buildings
from tests.unit.scene_models import district
from twin.ingest import add_files
from twin.store import open_city

LEVEL = 4.2


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return district(tmp_path_factory)


@pytest.fixture(scope="module")
def scene(folder: Path) -> FloodScene:
    with open_city(folder) as city:
        return flood_scene(city, 2.0)


def flood(scene: FloodScene, level: float = LEVEL) -> np.ndarray:
    """Water standing at a level, none in the cells of buildings."""
    depth = np.maximum(level - scene.elevation, 0)
    return np.where(scene.cover >= 0.5, 0, depth)


@pytest.fixture(scope="module")
def found(folder: Path, scene: FloodScene) -> CityDamage:
    with open_city(folder) as city:
        return city_damage(city, Exposed.of(scene), flood(scene))


def test_every_building_is_as_deep_as_the_ground_around_it(scene: FloodScene, found: CityDamage) -> None:
    frame = found.assessment.buildings
    assert list(frame["id"]) == [b.id for b in scene.buildings]
    assert set(frame["sector"]) == {"residential"}
    assert set(frame["use_from"]) == {"code"}
    for outline, depth in zip(scene.buildings, frame["depth"], strict=True):
        ground = LEVEL - outline.low  # a building stands on its lowest ground
        assert depth == pytest.approx(max(ground, 0), abs=0.15)
    assert 0 < frame["flooded"].sum() < len(frame)
    assert (frame.loc[frame["depth"] == 0, "damage"] == 0).all()
    assert (frame["floor_area_from"] == "attribute").all()


def test_roads_are_cut_but_not_the_bridges_over_the_water(found: CityDamage) -> None:
    roads = found.roads.set_index("id")
    assert roads.loc[["bridge-0-1-road", "bridge-1-1-road"], "depth"].tolist() == [0, 0]
    assert roads.loc["road-ns-0-0-0", "cut"]
    assert not roads.loc["road-ns-0-1-0", "cut"]
    assert (roads["cut"] == (roads["depth"] > 0.3)).all()
    assert (roads["flooded"] <= roads["area"] * 1.0001).all()
    assert "promenade" not in " ".join(roads.index)


def test_no_water_no_damage(folder: Path, scene: FloodScene) -> None:
    with open_city(folder) as city:
        dry = city_damage(city, Exposed.of(scene), np.zeros(scene.grid.shape))
        with pytest.raises(AnalysisError, match=r"depths \(3, 3\) are not on the grid"):
            city_damage(city, Exposed.of(scene), np.zeros((3, 3)))
    assert dry.assessment.totals["damage_high"] == 0
    assert not dry.roads["cut"].any()


def test_the_model_writes_tables_with_units(
    folder: Path, scene: FloodScene, found: CityDamage, tmp_path: Path
) -> None:
    raster = tmp_path / "depth.tif"
    rows, columns = scene.grid.shape
    with rasterio.open(
        raster, "w", driver="GTiff", width=columns, height=rows, count=1, dtype="float32", crs="EPSG:5187",
        transform=scene.transform,
    ) as dataset:  # fmt: skip
        dataset.write(flood(scene).astype(np.float32), 1)
    (tmp_path / "run").mkdir()
    context = Context(MODEL, folder, tmp_path / "run")
    results = MODEL.call(context, check(MODEL, {"depth": str(raster)}))
    assert set(results) == {"buildings", "blocks", "roads", "summary"}
    table = pq.read_table(tmp_path / "run" / "buildings.parquet")
    assert table.schema.field("damage").metadata == {b"unit": b"EUR"}
    assert geopandas.read_parquet(tmp_path / "run" / "buildings.parquet").crs.to_epsg() == 5187
    told = json.loads((tmp_path / "run" / "summary.json").read_text())
    assert told["damage"] == pytest.approx(found.assessment.totals["damage"], rel=1e-6)
    assert told["roads_cut"] == int(found.roads["cut"].sum())
    (tmp_path / "text.tif").write_text("no")
    with pytest.raises(AnalysisError, match="not a raster of depths"):
        MODEL.call(context, check(MODEL, {"depth": str(tmp_path / "text.tif")}))


def test_aachen_has_uses_and_parts(data: Path, tmp_path: Path) -> None:
    """ALKIS codes and buildings of several parts of a real city."""
    add_files(tmp_path / "x.twin", [data / "citygml/nrw-aachen/LoD2_32_280_5657_1_NW.gml"])
    with open_city(tmp_path / "x.twin") as city:
        standing = buildings(city, plane_of(city))
    frame = exposure(standing)
    assert len(frame) == 83
    assert (frame["use_from"] == "code").mean() > 0.9
    assert {"residential", "industrial", "none"} <= set(frame["sector"])
    assert frame["footprint_area"].between(0.5, 300).all()
    assert frame["storeys"].between(1, 4).all()
