"""Elevation models for tests: real ones by name, a made one, and writing them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import rasterio
from rasterio.transform import from_origin

from citygml.crs import Georeference, choose_heights
from twin.raster import Dem, open_dem

NANAIMO = "citygml/utility-network-nanaimo/Nanaimo_DEM1.tif"
BIJOU = "terrain/landlab/docs/source/tutorials/terrain_analysis/chi_finder/west_bijou_escarpment_snippet.asc"


def georeference(dem: Dem) -> Georeference:
    return Georeference(dem.crs, choose_heights(dem.crs, np.reshape(dem.bounds, (2, 2))))


def write_dem(
    path: Path, values: np.ndarray, *, west: float, north: float, cell: float, crs: str | None
) -> Path:
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        width=values.shape[1],
        height=values.shape[0],
        count=1,
        dtype=values.dtype,
        crs=crs,
        transform=from_origin(west, north, cell, cell),
        nodata=-9999,
    ) as file:
        file.write(values, 1)
    return path


def hill(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """A smooth hill near Busan in EPSG:5187, 60 m high on a gentle slope."""
    return 60 * np.exp(-((x - 196000) ** 2 + (y - 281000) ** 2) / (2 * 180.0**2)) + (x - 196000) * 0.01 + 20


def make_hill(folder: Path) -> Dem:
    """The hill in cells of 5 m, with a hole in the flat north-west."""
    x, y = np.meshgrid(195200 + 5 * (np.arange(320) + 0.5), 281800 - 5 * (np.arange(320) + 0.5))
    values = hill(x, y).astype(np.float32)
    values[40:60, 40:70] = -9999
    return open_dem(
        write_dem(folder / "hill.tif", values, west=195200, north=281800, cell=5, crs="EPSG:5187")
    )
