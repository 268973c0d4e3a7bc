"""A run's raster as a picture for the map: where it lies, what it shows, and what is refused."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from affine import Affine
from fastapi.testclient import TestClient
from PIL import Image

from api.app import create_app
from api.settings import Settings
from citygml.crs import Georeference, choose_heights, parse
from twin.runs import open_runs
from twin.store import create_city

WEST, NORTH, CELL = 190_000.0, 295_000.0, 10.0
"""The outer corner of the raster in EPSG:5187 [m], and its cells."""


def write(path: Path, values: Any, crs: str | None = "EPSG:5187") -> None:
    rows, columns = values.shape
    transform = Affine(CELL, 0, WEST, 0, -CELL, NORTH)
    with rasterio.open(
        path, "w", driver="GTiff", height=rows, width=columns, count=1, dtype="float32", crs=crs,
        transform=transform, nodata=np.nan,
    ) as file:  # fmt: skip
        file.write(values.astype(np.float32), 1)


@pytest.fixture
def served(tmp_path: Path) -> tuple[TestClient, str]:
    """A city with a run whose rasters are: `hours`, 2 h in the north and 8 h in the south with one cell
    unknown, and `lost`, which names no coordinate system."""
    folder = tmp_path / "x.twin"
    create_city(folder, crs="EPSG:5187").close()
    values = np.full((40, 60), 2.0)
    values[20:] = 8.0
    values[0, 0] = np.nan
    with open_runs(folder) as runs:
        id = runs.create("sun", "1", {}, "d", seed=0, who="me").id
        runs.start(id)
        results = runs.working_folder(id)
        results.mkdir(parents=True)
        write(results / "hours.tif", values)
        write(results / "lost.tif", values, crs=None)
        raster = {"kind": "raster", "unit": "h"}
        assert runs.finish(
            id,
            {
                "hours": {"file": "hours.tif", **raster},
                "lost": {"file": "lost.tif", **raster},
                "table": {"file": "t.parquet", "kind": "table", "unit": None},
            },
        )
    return TestClient(create_app(Settings(city=folder, mqtt="off"))), id


def test_a_picture_lies_where_the_raster_does(served: tuple[TestClient, str]) -> None:
    client, run = served
    found = client.get(f"/pictures/{run}/hours?low=0&high=10&ramp=solar").json()
    assert (found["unit"], found["minimum"], found["maximum"]) == ("h", 2.0, 8.0)
    corners = np.array([[WEST, NORTH - 400, 0], [WEST + 600, NORTH, 0]])
    crs = parse("EPSG:5187")
    degrees = Georeference(crs, choose_heights(crs, corners)).to_geographic(corners)
    np.testing.assert_allclose(found["bounds"], degrees[:, :2].ravel(), atol=2e-5)


def test_its_colours_are_those_of_the_asked_range(served: tuple[TestClient, str]) -> None:
    client, run = served
    described = client.get(f"/pictures/{run}/hours?low=2&high=8&ramp=solar").json()
    picture = Image.open(io.BytesIO(client.get(described["image"]).content))
    pixels = np.asarray(picture)
    rows, columns = pixels.shape[:2]
    first, last = (tuple(bytes.fromhex(described["colors"][k][1:])) for k in (0, -1))
    assert tuple(pixels[rows // 4, columns // 2, :3]) == first
    assert tuple(pixels[rows * 3 // 4, columns // 2, :3]) == last
    assert pixels[rows // 2, columns // 2, 3] > 0
    assert pixels[0, 0, 3] == 0, "what is not known is clear"


@pytest.mark.parametrize(
    ("path", "status", "detail"),
    [
        ("nobody/hours", 404, "no run 'nobody'"),
        ("{run}/nothing", 404, "no raster 'nothing'"),
        ("{run}/table", 404, "no raster 'table'"),
        ("{run}/lost", 400, "names no coordinate system"),
        ("{run}/hours?ramp=rainbow", 400, "ramp"),
    ],
)
def test_what_cannot_be_drawn_is_refused(
    served: tuple[TestClient, str], path: str, status: int, detail: str
) -> None:
    client, run = served
    answer = client.get("/pictures/" + path.format(run=run))
    assert (answer.status_code, detail in answer.text) == (status, True), answer.text
