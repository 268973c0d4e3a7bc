"""A small sample district as a city, for tests of scenes and damage; terrain models by formula."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin

from analysis.scene import Grid, Plane
from twin.ingest import add_files
from twin.synth.write import make_district

CRS = "EPSG:5187"
WEST, NORTH = 176_000.0, 282_100.0


def district(factory: pytest.TempPathFactory) -> Path:
    """The folder of a city of 24 buildings with terrain, streets, water, land use and sensors; made once."""
    folder = factory.getbasetemp() / "scene-district"
    if not folder.exists():
        made = make_district(folder / "source", buildings=24, seed=7)
        names = ("terrain", "buildings", "roads", "bridges", "water", "landuse")
        sources = [*(made.files[name] for name in names), folder / "source" / "sensors"]
        add_files(folder / "x.twin", sources)
    return folder / "x.twin"


def terrain(
    path: Path,
    heights: np.ndarray,
    cell: float = 2.0,
    crs: str = CRS,
    west: float = WEST,
    north: float = NORTH,
) -> Path:
    """A GeoTIFF of heights, NaN being no data."""
    rows, columns = heights.shape
    with rasterio.open(
        path, "w", driver="GTiff", width=columns, height=rows, count=1, dtype="float32", nodata=np.nan,
        crs=crs, transform=from_origin(west, north, cell, cell),
    ) as dataset:  # fmt: skip
        dataset.write(heights.astype(np.float32), 1)
    return path


def formula(
    function: Callable[[np.ndarray, np.ndarray], np.ndarray], n: int = 50, cell: float = 2.0
) -> np.ndarray:
    """(n, n) values of a function of x and y [m east and north of the south-western corner]."""
    at = (np.arange(n) + 0.5) * cell
    return function(at[None, :], at[::-1, None])


def flat_grid(rows: int = 20, columns: int = 30, cell: float = 1.0) -> tuple[Grid, Plane]:
    """A grid with its south-western corner at 0, 0 and its plane."""
    return Grid(0.0, rows * cell, cell, rows, columns, CRS), Plane(CRS)
