"""Results say inside what they are: units, coordinate system, run. Read back by others' libraries."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import rasterio
import xarray
from affine import Affine
from shapely import Point

from analysis.context import Context
from analysis.contract import Output, Result
from analysis.errors import AnalysisError
from tests.models import SHAPE, TINY, TRANSFORM
from twin.store import create_city

DEPTH = np.arange(SHAPE[0] * SHAPE[1], dtype=np.float32).reshape(SHAPE)


@pytest.fixture
def context(tmp_path: Path) -> Context:
    create_city(tmp_path / "x.twin", crs="EPSG:5187+5193").close()
    (tmp_path / "run").mkdir()
    return Context(TINY, tmp_path / "x.twin", tmp_path / "run", run_id="abc")


def test_a_raster_is_a_cloud_optimised_geotiff_that_explains_itself(context: Context) -> None:
    array = DEPTH.copy()
    array[0, 0] = np.nan
    result = context.raster("depth", array, TRANSFORM)
    assert result == Result("depth.tif", "raster", TINY.outputs[0].type, "mm")
    with rasterio.open(context.folder / "depth.tif") as file:
        assert file.crs.to_epsg() == 5187
        assert file.transform == TRANSFORM
        assert (file.units, file.descriptions) == (("mm",), ("depth",))
        tags = file.tags()
        assert (tags["run"], tags["model"], tags["unit"]) == ("abc", "tiny", "mm")
        assert tags["crs"] == "EPSG:5187+5193"
        assert file.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert np.isnan(file.nodata)
        np.testing.assert_array_equal(file.read(1), array)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.int32, np.float64, np.bool_])
def test_rasters_of_other_types_keep_their_values(context: Context, dtype: type) -> None:
    array = np.stack([DEPTH.astype(dtype)] * 3)
    context.raster("depth", array, TRANSFORM, nodata=0)
    with rasterio.open(context.folder / "depth.tif") as file:
        assert (file.count, file.nodata) == (3, 0)
        np.testing.assert_array_equal(file.read(), array)


def test_a_large_raster_has_tiles_and_overviews(context: Context) -> None:
    context.raster("depth", np.ones((1500, 1200), np.float32), TRANSFORM)
    with rasterio.open(context.folder / "depth.tif") as file:
        assert file.block_shapes == [(512, 512)]
        assert file.overviews(1) == [2, 4]


def test_rasters_over_time_open_in_xarray_with_units_and_coordinates(context: Context) -> None:
    frames = ((60.0 * n, DEPTH * n) for n in range(4))
    result = context.rasters("depths", frames, TRANSFORM, start="2026-07-01T00:00:00+09:00")
    with xarray.open_dataset(context.folder / result.file, engine="h5netcdf", decode_coords="all") as data:
        assert data.attrs["run"] == "abc"
        assert data.attrs["Conventions"] == "CF-1.10"
        assert data["depths"].dims == ("time", "y", "x")
        assert data["depths"].attrs["units"] == "mm"
        assert data["depths"].dtype == np.float32
        np.testing.assert_array_equal(data["x"], 101.0 + 2.0 * np.arange(SHAPE[1]))
        np.testing.assert_array_equal(data["y"], 199.0 - 2.0 * np.arange(SHAPE[0]))
        assert data["x"].attrs["units"] == "m"
        assert str(data["time"].values[1]) == "2026-06-30T15:01:00.000000000"
        np.testing.assert_array_equal(data["depths"][3], DEPTH * 3)
        assert rasterio.crs.CRS.from_wkt(data["spatial_ref"].attrs["crs_wkt"]).to_epsg() == 5187


def test_a_netcdf_file_has_its_place_as_gdal_writes_it(context: Context) -> None:
    context.rasters("depths", [(0.0, DEPTH)], TRANSFORM)
    assert context.stacked("depths").unit == "mm"
    with xarray.open_dataset(context.folder / "depths.nc", engine="h5netcdf") as data:
        transform = [float(v) for v in data["spatial_ref"].attrs["GeoTransform"].split()]
    assert Affine.from_gdal(*transform) == TRANSFORM


def test_a_stack_holds_several_variables_and_refuses_others(context: Context) -> None:
    with context.stack("depths", SHAPE, TRANSFORM, {"depth": "m", "speed": "m/s"}) as stack:
        stack.append(0, depth=DEPTH, speed=DEPTH + 1)
        with pytest.raises(AnalysisError, match="holds depth, speed, not depth"):
            stack.append(1, depth=DEPTH)
        with pytest.raises(AnalysisError, match="north up"):
            context.rasters("depths", [(0.0, DEPTH)], Affine.rotation(10))
    with xarray.open_dataset(context.folder / "depths.nc", engine="h5netcdf", decode_times=False) as data:
        assert {name: data[name].attrs["units"] for name in ("depth", "speed")} == {
            "depth": "m",
            "speed": "m/s",
        }
        assert data.sizes["time"] == 1


def test_a_table_carries_the_units_of_its_columns(context: Context) -> None:
    frame = pd.DataFrame({"depth": [0.5, np.nan], "count": [1, 2], "한글": ["a", "b"]}, index=["x", "y"])
    context.table("buildings", frame.rename_axis("building"), {"depth": "m"})
    path = context.folder / "buildings.parquet"
    schema = pq.read_schema(path)
    assert schema.field("depth").metadata == {b"unit": b"m"}
    inside = json.loads(schema.metadata[b"citytwin"])
    assert (inside["run"], inside["crs"], inside["units"]) == ("abc", "EPSG:5187+5193", {"depth": "m"})
    read = pd.read_parquet(path)
    assert list(read.columns) == ["building", "depth", "count", "한글"]
    np.testing.assert_array_equal(read["depth"], [0.5, np.nan])


def test_a_table_with_geometry_is_geoparquet(context: Context) -> None:
    frame = geopandas.GeoDataFrame({"depth": [0.5]}, geometry=[Point(1, 2)], crs="EPSG:5187")
    context.table("buildings", frame, {"depth": "m"})
    read = geopandas.read_parquet(context.folder / "buildings.parquet")
    assert read.crs.to_epsg() == 5187
    assert read.geometry[0] == Point(1, 2)
    assert pq.read_schema(context.folder / "buildings.parquet").field("depth").metadata[b"unit"] == b"m"


def test_json_says_whose_it_is(context: Context) -> None:
    context.json("summary", {"물": 1.5}, {"물": "m3"})
    document = json.loads((context.folder / "summary.json").read_bytes())
    assert document["물"] == 1.5
    assert document["units"] == {"물": "m3"}
    assert document["about"] == {"run": "abc", "model": "tiny", "version": "1", "crs": "EPSG:5187+5193"}


def bad_results() -> Iterator[tuple[str, Any]]:
    yield "column 'depth' has no unit", lambda c: c.table("buildings", pd.DataFrame({"depth": [1.0]}), {})
    yield "no column 'x'", lambda c: c.table("buildings", pd.DataFrame({"n": [1]}), {"x": "m"})
    yield "cannot be JSON", lambda c: c.json("summary", {"mean": float("nan")})
    yield "cannot be JSON", lambda c: c.json("summary", {"mean": np.float32(1)})
    yield "file's own member", lambda c: c.json("summary", {"about": 1})
    yield "declares no raster 'summary'", lambda c: c.raster("summary", DEPTH, TRANSFORM)
    yield "declares no output 'x'", lambda c: c.file("x", "x")
    yield "no file 'depth.tif'", lambda c: c.file("depth", "depth.tif")
    yield "declared in mm, written in m", lambda c: c.raster("depth", DEPTH, TRANSFORM, unit="m")
    yield "is no raster", lambda c: c.raster("depth", DEPTH[0], TRANSFORM)
    yield "no raster to write", lambda c: c.rasters("depths", [], TRANSFORM)


@pytest.mark.parametrize(("message", "write"), list(bad_results()))
def test_a_result_that_does_not_explain_itself_is_refused(context: Context, message: str, write: Any) -> None:
    with pytest.raises(AnalysisError, match=message):
        write(context)


def test_a_result_in_a_folder_of_its_own_is_named_by_its_path(context: Context) -> None:
    model = replace(TINY, outputs=[Output(name="water", title={}, kind="tiles")])
    context = Context(model, context.city_folder, context.folder)
    context.path("water/tileset.json").write_text("{}")
    assert context.file("water", "water/tileset.json").file == "water/tileset.json"


def test_a_city_without_a_place_gives_results_without_one(tmp_path: Path) -> None:
    create_city(tmp_path / "x.twin", crs="local").close()
    for folder, crs in ((tmp_path / "x.twin", "local"), (tmp_path, None)):
        context = Context(TINY, folder, tmp_path)
        assert (context.crs, context.about.wkt) == (crs, None)
        context.raster("depth", DEPTH, TRANSFORM)
        context.rasters("depths", [(0.0, DEPTH)], TRANSFORM)
        with rasterio.open(tmp_path / "depth.tif") as file:
            assert file.crs is None


def test_a_grid_of_its_own_has_its_own_coordinate_system(tmp_path: Path) -> None:
    """A city in degrees is simulated on a grid in metres."""
    create_city(tmp_path / "x.twin", crs="EPSG:4979").close()
    context = Context(TINY, tmp_path / "x.twin", tmp_path)
    context.raster("depth", DEPTH, TRANSFORM, crs="EPSG:32652")
    context.rasters("depths", [(0.0, DEPTH)], TRANSFORM, crs="EPSG:32652")
    with rasterio.open(tmp_path / "depth.tif") as file:
        assert (file.crs.to_epsg(), file.tags()["crs"]) == (32652, "EPSG:32652")
    with xarray.open_dataset(tmp_path / "depths.nc", engine="h5netcdf", decode_coords="all") as data:
        assert rasterio.crs.CRS.from_wkt(data["spatial_ref"].attrs["crs_wkt"]).to_epsg() == 32652
    assert context.about.crs == "EPSG:4979"


def test_progress_of_a_part_is_a_part_of_the_progress(context: Context) -> None:
    told: list[tuple[float, str]] = []
    context = Context(TINY, context.city_folder, context.folder, report=lambda f, m: told.append((f, m)))
    context.progress(-1, "before")
    part = context.span(0.5, 0.7)
    part(0.5, "middle")
    part(1.0)
    context.progress(2.0)
    assert told == [(0.0, "before"), (0.6, "middle"), (0.7, ""), (1.0, "")]


def test_the_seed_decides_what_is_random(context: Context) -> None:
    same = [
        Context(TINY, context.city_folder, context.folder, seed=s).generator().random() for s in (1, 1, 2)
    ]
    assert same[0] == same[1] != same[2]
