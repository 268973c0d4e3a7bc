"""The ground on the grid of a simulation: from terrain models, relief and objects, and its holes."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from hypothesis import given
from hypothesis import strategies as st

from analysis.errors import AnalysisError
from analysis.scene import flood_scene, make_grid, plane_of
from analysis.scene.elevation import elevation, fill_holes
from tests.unit.models import city, write
from tests.unit.scene_models import NORTH, WEST, formula, terrain
from twin.elevation import ground_from_objects
from twin.ingest import AddOptions, add_files
from twin.store import open_city

BOUNDS = (WEST + 10, NORTH - 90, WEST + 90, NORTH - 10)


def heights(folder: Path, cell: float, holes="refuse", bounds=BOUNDS, **more) -> np.ndarray:
    with open_city(folder) as opened:
        plane = plane_of(opened, **more)
        grid = make_grid(opened, plane, cell, bounds)
        return elevation(opened, grid, plane, holes).heights


@pytest.mark.parametrize("cell", [0.5, 1.0, 2.0, 3.0, 4.0, 10.0])
def test_a_plane_stays_a_plane_at_any_cell_size(tmp_path: Path, cell: float) -> None:
    path = terrain(tmp_path / "t.tif", formula(lambda x, y: 0.1 * x - 0.05 * y + 7))
    add_files(tmp_path / "x.twin", [path])
    with open_city(tmp_path / "x.twin") as opened:
        grid = make_grid(opened, plane_of(opened), cell, BOUNDS)
        found = elevation(opened, grid, plane_of(opened)).heights
    x, y = (grid.centres() - [WEST, NORTH - 100]).T
    assert np.abs(found.ravel() - (0.1 * x - 0.05 * y + 7)).max() < 2e-5


def test_a_finer_terrain_model_is_averaged(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    values = rng.uniform(0, 10, (50, 50))
    add_files(tmp_path / "x.twin", [terrain(tmp_path / "t.tif", values)])
    found = heights(tmp_path / "x.twin", 10.0, bounds=(WEST, NORTH - 100, WEST + 100, NORTH))
    assert found == pytest.approx(values.reshape(10, 5, 10, 5).mean(axis=(1, 3)), abs=1e-5)


def test_a_newer_terrain_model_lies_over_an_older_one(tmp_path: Path) -> None:
    new = np.full((50, 50), 5.0)
    new[:, 25:] = np.nan
    add_files(tmp_path / "x.twin", [terrain(tmp_path / "old.tif", np.full((50, 50), 3.0))])
    add_files(tmp_path / "x.twin", [terrain(tmp_path / "new.tif", new)])
    found = heights(tmp_path / "x.twin", 2.0)
    assert set(found[:, :19].ravel()) == {5.0}
    assert set(found[:, 21:].ravel()) == {3.0}


def test_holes_are_refused_with_their_place_or_filled(tmp_path: Path) -> None:
    values = formula(lambda x, y: 0.1 * x + 0 * y)
    values[20:24, 30:33] = np.nan
    add_files(tmp_path / "x.twin", [terrain(tmp_path / "t.tif", values)])
    with pytest.raises(AnalysisError, match=r"12 cells \(0\.8%\).*176061\.0, 282059\.0.*holes=fill"):
        heights(tmp_path / "x.twin", 2.0)
    found = heights(tmp_path / "x.twin", 2.0, holes="fill")
    assert np.isfinite(found).all()
    assert found[15:19, 25:28] == pytest.approx(np.full((4, 3), 6.3), abs=0.5)


def test_more_than_half_is_not_filled_and_nothing_is_not_there(tmp_path: Path) -> None:
    values = np.full((50, 50), np.nan)
    values[:20] = 1.0
    add_files(tmp_path / "x.twin", [terrain(tmp_path / "t.tif", values)])
    with pytest.raises(AnalysisError, match="more than half"):
        heights(tmp_path / "x.twin", 2.0, holes="fill")
    with pytest.raises(AnalysisError, match="no height anywhere"):
        heights(tmp_path / "x.twin", 2.0, bounds=(WEST, NORTH - 100, WEST + 100, NORTH - 50))


@given(st.integers(3, 40), st.integers(3, 40), st.integers(0, 2**32 - 1))
def test_filling_keeps_what_is_known_and_within_its_range(rows: int, columns: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = rng.uniform(-5, 5, (rows, columns)).astype(np.float32)
    holed = np.where(rng.random(values.shape) < 0.4, np.nan, values).astype(np.float32)
    holed[0, 0] = values[0, 0]
    known = np.isfinite(holed)
    filled = holed.copy()
    fill_holes(filled)
    assert (filled[known] == holed[known]).all()
    assert filled.min() >= np.nanmin(holed) - 1e-5
    assert filled.max() <= np.nanmax(holed) + 1e-5


def test_without_terrain_the_ground_is_where_things_stand(tmp_path: Path) -> None:
    boxes = {f"b{i}{j}": (i * 20.0, j * 20.0, 5.0) for i in range(5) for j in range(5)}
    add_files(tmp_path / "x.twin", [write(tmp_path / "s.json", city(boxes))])
    with open_city(tmp_path / "x.twin") as opened:
        scene = flood_scene(opened, 2.0)
    assert set(scene.elevation.ravel()) == {3.0}
    assert scene.notes == ["the ground is put together from objects"]


def test_a_city_without_anything_is_refused(tmp_path: Path) -> None:
    add_files(tmp_path / "x.twin", [write(tmp_path / "s.json", city({}))])
    with open_city(tmp_path / "x.twin") as opened, pytest.raises(AnalysisError, match="the city is empty"):
        flood_scene(opened, 2.0)


@pytest.mark.parametrize(
    ("cell", "bounds", "message"),
    [
        (0.0, BOUNDS, "more than 0 m"),
        (2.0, (10, 20, 5, 30), "is empty"),
        (0.01, BOUNDS, r"more than 100,000,000;.*cells of at least 0\.\d m|1\.\d m"),
        (50.0, BOUNDS, "make the cells smaller"),
    ],
)
def test_a_grid_that_makes_no_sense_is_refused(tmp_path: Path, cell, bounds, message: str) -> None:
    add_files(tmp_path / "x.twin", [terrain(tmp_path / "t.tif", np.zeros((50, 50)))])
    if cell == 0.01:
        bounds = (WEST, NORTH - 150, WEST + 150, NORTH)
    with open_city(tmp_path / "x.twin") as opened, pytest.raises(AnalysisError, match=message):
        make_grid(opened, plane_of(opened), cell, bounds)


def test_a_city_in_feet_is_refused_unless_a_metric_system_is_named(tmp_path: Path) -> None:
    path = terrain(tmp_path / "t.tif", np.full((50, 50), 2.0), crs="EPSG:2263", west=990_000, north=200_000)
    add_files(tmp_path / "x.twin", [path])
    with open_city(tmp_path / "x.twin") as opened:
        with pytest.raises(AnalysisError, match="needs a plane in metres, and EPSG:2263"):
            plane_of(opened)
        assert plane_of(opened, "EPSG:32618").crs == "EPSG:32618"


def test_nanaimo_on_its_own_cells_is_the_file_itself(data: Path, tmp_path: Path) -> None:
    source = data / "citygml" / "utility-network-nanaimo" / "Nanaimo_DEM1.tif"
    add_files(tmp_path / "x.twin", [source])
    with rasterio.open(source) as dataset:
        whole = dataset.read(1, masked=True).astype(np.float32).filled(np.nan)
        x0, y0, cell = dataset.transform.c, dataset.transform.f, dataset.transform.a
    row, column, n = 500, 700, 100
    assert np.isfinite(whole[row - 1 : row + n + 1, column - 1 : column + n + 1]).all()
    bounds = (x0 + column * cell, y0 - (row + n) * cell, x0 + (column + n) * cell, y0 - row * cell)
    found = heights(tmp_path / "x.twin", 19.0, bounds=bounds)
    near = whole[row - 1 : row + n + 1, column - 1 : column + n + 1]
    assert near.min() <= found.min() <= found.max() <= near.max()
    assert abs(float(found.mean()) - float(whole[row : row + n, column : column + n].mean())) < 0.3


def test_ea_test_5_has_holes_that_are_said_and_a_valley_that_is_read(data: Path, tmp_path: Path) -> None:
    text = gzip.decompress((data / "flood" / "ea-test-5" / "ea5-10m.dem.raw.gz").read_bytes())
    (tmp_path / "ea5.asc").write_bytes(text)
    values = np.loadtxt(text.decode().splitlines()[6:])
    add_files(tmp_path / "x.twin", [tmp_path / "ea5.asc"], _options("EPSG:27700"))
    with pytest.raises(AnalysisError, match=r"cells .* of the area have no height in the terrain models"):
        heights(tmp_path / "x.twin", 10.0, bounds=None)
    west, north, n = 231_335.0, 829_885.0 + 1224 * 10, 40
    row, column = (int(v) for v in np.argwhere(values[::n, ::n] > -9999)[40] * n)
    window = values[row : row + n, column : column + n]
    assert (window > -9999).all()
    inner = (
        west + column * 10 + 10,
        north - (row + n) * 10 + 10,
        west + (column + n) * 10 - 10,
        north - row * 10 - 10,
    )
    with open_city(tmp_path / "x.twin") as opened:
        grid = make_grid(opened, plane_of(opened), 5.0, inner)
        found = elevation(opened, grid, plane_of(opened)).heights
    assert (grid.west, grid.north, grid.rows) == (inner[0], inner[3], 2 * n - 4)
    # halves of 10 m cells: a quarter of the way to the neighbour on either side (bilinear)
    mixed = found.reshape(n - 2, 2, n - 2, 2).mean(axis=(1, 3))
    weights = np.outer([1, 6, 1], [1, 6, 1]) / 64
    expected = sum(weights[i, j] * window[i : i + n - 2, j : j + n - 2] for i in range(3) for j in range(3))
    assert mixed == pytest.approx(expected, abs=1e-3)


def _options(crs: str):
    from twin.ingest import AddOptions

    return AddOptions(crs=crs)


def test_relief_in_degrees_becomes_a_grid_in_metres(data: Path, tmp_path: Path) -> None:
    """PLATEAU's TIN of Yokosuka; heights against its own triangles, found by another way."""
    source = data / "citygml/plateau-gis-converter/yokosuka-shi/udx/dem/523965_dem_6697_05_op.gml"
    add_files(tmp_path / "x.twin", [source])
    with open_city(tmp_path / "x.twin") as opened:
        plane = plane_of(opened)
        assert plane.crs == "EPSG:32654"
        tin = [g.vertices for s in opened.all_objects(["relief"]) for g in s.decode().geometries]
        triangles = np.concatenate(tin).reshape(-1, 3, 3)
        middle = plane.to_grid(triangles[:1].mean(axis=1))[0]
        grid = make_grid(opened, plane, 1.0, (*(middle - 60), *(middle + 60)))
        found = elevation(opened, grid, plane, "fill")
    assert found.source == "relief"
    flat = plane.to_grid(triangles.reshape(-1, 3)).reshape(-1, 3, 2)
    checked = 0
    for triangle, corners in zip(triangles, flat, strict=True):
        cells = grid.cells(corners.mean(axis=0))
        if not grid.inside(cells)[0]:
            continue
        row, column = cells[0]
        point = np.array([grid.west + column + 0.5, grid.north - row - 0.5])
        share = np.linalg.solve(np.vstack([corners.T, np.ones(3)]), np.append(point, 1.0))
        if (share > 0.01).all():
            assert found.heights[row, column] >= share @ triangle[:, 2] - 1e-4
            checked += 1
    assert checked > 3


def with_outlines_at_zero(document: dict[str, Any]) -> dict[str, Any]:
    """The same city, each building with its outline of LoD0 at the height 0 besides."""
    vertices = document["vertices"]
    for building in document["CityObjects"].values():
        corners = building["geometry"][0]["boundaries"][0][0][0]
        first = len(vertices)
        vertices += [[*vertices[k][:2], 0] for k in corners]
        outline = [[first + k for k in range(len(corners))]]
        building["geometry"].append({"type": "MultiSurface", "lod": "0", "boundaries": [outline]})
    return document


def test_outlines_at_zero_are_not_the_ground(tmp_path: Path) -> None:
    """As PLATEAU draws them, beside solids that stand on the ground."""
    boxes = {f"b{i}{j}": (i * 20.0, j * 20.0, 5.0) for i in range(5) for j in range(5)}
    add_files(tmp_path / "x.twin", [write(tmp_path / "s.json", with_outlines_at_zero(city(boxes)))])
    with open_city(tmp_path / "x.twin") as opened:
        assert (opened.boxes("buildings")[:, 2] == 0.0).all()
        scene = flood_scene(opened, 2.0)
    assert set(scene.elevation.ravel()) == {3.0}


def test_a_city_that_is_drawn_at_zero_alone_lies_at_zero(tmp_path: Path) -> None:
    """A map sheet counts where there is nothing else, and not beside what stands somewhere."""
    flat, standing = (city({"b": (0.0, 0.0, 5.0), "c": (50.0, 40.0, 5.0)}) for _ in range(2))
    with_outlines_at_zero(flat)
    for building in flat["CityObjects"].values():
        building["geometry"] = building["geometry"][1:]
    found = {}
    for name, files in {"flat": [flat], "both": [flat, standing]}.items():
        folder = tmp_path / f"{name}.twin"
        for n, document in enumerate(files):
            if n:
                document["CityObjects"] = {f"{id}2": v for id, v in document["CityObjects"].items()}
            add_files(folder, [write(tmp_path / f"{name}{n}.json", document)])
        with open_city(folder) as opened:
            ground = ground_from_objects(opened)
            assert ground is not None
            found[name] = set(ground.heights[np.isfinite(ground.heights)].tolist())
    assert found == {"flat": {0.0}, "both": {3.0}}


def test_a_building_of_rooms_stands_on_its_lowest_ones(data: Path, tmp_path: Path) -> None:
    """Rooms stand on rooms; where there is nothing but those, the upper ones are no hills."""
    source = data / "indoorgml" / "pnu-201" / "v103-PNU-bldg201_3d.gml"
    add_files(tmp_path / "x.twin", [source], AddOptions(anchor=(129.08, 35.23, 60.0)))
    with open_city(tmp_path / "x.twin") as opened:
        ground, bounds = ground_from_objects(opened), opened.bounds()
    assert ground is not None and bounds is not None and bounds[5] - bounds[2] == 60.0
    heights = ground.heights[np.isfinite(ground.heights)]
    assert len(heights) > 50 and heights.max() - bounds[2] <= 1.0
