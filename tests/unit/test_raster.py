"""Elevation rasters: what is read of them, and which are refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin

from citygml.crs import parse
from tests.unit.dem_models import BIJOU, NANAIMO, hill, make_hill, write_dem
from twin.errors import RasterError
from twin.raster import Dem, bilinear, open_dem


@pytest.fixture(scope="module")
def hill_dem(tmp_path_factory: pytest.TempPathFactory) -> Dem:
    return make_hill(tmp_path_factory.mktemp("dem"))


def test_geotiff_and_asc_are_described(data: Path) -> None:
    dem = open_dem(data / NANAIMO)
    assert (dem.crs.name, dem.width, dem.height) == ("EPSG:26910", 1364, 1104)
    assert dem.resolution == pytest.approx(18.9997, abs=1e-3)
    asc = open_dem(data / BIJOU, crs=parse("EPSG:4269"))
    assert asc.crs.is_geographic and 20 < asc.resolution < 31
    values = asc.read(0, 0, asc.height, asc.width)
    rows = (data / BIJOU).read_text().split("\n")[6:]
    np.testing.assert_array_equal(values[0], np.array(rows[0].split(), np.float32))


def test_no_data_is_nan_and_windows_may_reach_outside(data: Path) -> None:
    dem = open_dem(data / NANAIMO)
    whole = dem.read(0, 0, dem.height, dem.width)
    assert np.isnan(whole).mean() == pytest.approx(0.0264, abs=1e-3) and np.nanmin(whole) == 0
    window = dem.read(-2, -3, 10, 10)
    assert np.isnan(window[:2]).all() and np.isnan(window[:, :3]).all()
    np.testing.assert_array_equal(window[2:, 3:], whole[:8, :7])
    coarse = dem.read(10, 20, 4, 4, factor=4)
    means = whole[40:56, 80:96].reshape(4, 4, 4, 4).mean(axis=(1, 3))
    np.testing.assert_allclose(coarse, means, atol=0.51)  # GDAL averages whole metres to whole metres


def test_samples_are_bilinear(hill_dem: Dem) -> None:
    random = np.random.default_rng(0)
    xy = np.column_stack([random.uniform(195700, 196600, 500), random.uniform(280500, 281400, 500)])
    np.testing.assert_allclose(hill_dem.sample(xy), hill(*xy.T), atol=0.02)
    assert np.isnan(hill_dem.sample([[0.0, 0.0]])).all()
    assert np.isfinite(hill_dem.sample([[195200.0, 281800.0]])).all()  # the very corner
    assert np.isnan(hill_dem.sample([[195200 + 5 * 55, 281800 - 5 * 50]])).all()  # in the hole


def test_many_points_and_grids_are_interpolated_as_each_point_alone() -> None:
    random = np.random.default_rng(1)
    values = random.normal(size=(40, 60)).astype(np.float32)
    values[7, 9] = np.nan
    row, column = random.uniform(0, 39, 300), random.uniform(0, 59, 250)
    grid = bilinear(values, row[:, None], column)
    rows, columns = np.meshgrid(row, column, indexing="ij")
    np.testing.assert_array_equal(bilinear(values, rows.ravel(), columns.ravel()).reshape(300, 250), grid)
    for r, c in zip(range(0, 300, 7), range(0, 250, 5), strict=False):
        np.testing.assert_array_equal(bilinear(values, row[r : r + 1], column[c : c + 1])[0], grid[r, c])
    assert np.isnan(bilinear(values, np.array([7.5]), np.array([9.5]))).all()
    assert bilinear(values, np.array([8.0]), np.array([9.0]))[0] == values[8, 9]


def test_unusable_rasters_are_refused_in_one_line(data: Path, tmp_path: Path) -> None:
    with pytest.raises(RasterError, match="no coordinate system; name it with --crs"):
        open_dem(data / BIJOU)
    (tmp_path / "not.tif").write_text("no raster")
    with pytest.raises(RasterError, match="not an elevation raster") as raised:
        open_dem(tmp_path / "not.tif")
    assert "\n" not in str(raised.value)
    flat = np.zeros((4, 4), np.float32)
    far = write_dem(tmp_path / "far.tif", flat, west=9e6, north=9e6, cell=1, crs="EPSG:5187")
    with pytest.raises(RasterError, match="outside the area"):
        open_dem(far)
    with rasterio.open(
        tmp_path / "rgb.tif", "w", driver="GTiff", width=2, height=2, count=3, dtype="uint8", crs="EPSG:5187",
        transform=from_origin(195000, 281000, 1, 1),
    ) as file:  # fmt: skip
        file.write(np.zeros((3, 2, 2), np.uint8))
    with pytest.raises(RasterError, match="an image"):
        open_dem(tmp_path / "rgb.tif")
