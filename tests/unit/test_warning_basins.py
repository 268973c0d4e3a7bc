"""Sub-basins of terrains whose drainage is known, and of a real one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.errors import AnalysisError
from analysis.scene.grid import Grid
from analysis.warning.basins import delineate, polygons

BIJOU = "terrain/landlab/docs/source/tutorials/boundary_conditions/west_bijou_gully.asc"


def valley(rows: int = 60, columns: int = 41) -> np.ndarray:
    """A straight valley that falls to the south, its sides steeper than its floor."""
    r, c = np.mgrid[:rows, :columns]
    return np.abs(c - columns // 2) * 0.5 + (rows - r) * 0.1 + 5.0


def test_outlets_on_the_floor_of_a_valley() -> None:
    basins = delineate(valley(), 10.0, outlets=[(30, 20), (59, 20)])
    # sides run straight down to the floor, so each outlet drains whole rows
    assert basins.areas.tolist() == [31 * 41 * 100.0, 29 * 41 * 100.0]
    assert basins.downstream.tolist() == [2, 0]
    assert (basins.labels[:31] == 1).all() and (basins.labels[31:] == 2).all()


def test_a_valley_by_least_area() -> None:
    basins = delineate(valley(), 10.0, area=20_000.0)
    assert basins.areas.sum() == 60 * 41 * 100.0 and (basins.labels > 0).all()
    assert basins.areas.min() >= 5000.0
    below = basins.downstream - 1
    assert (below < 0).sum() == 1  # one of them leaves the grid
    for outlet, down in zip(basins.outlets, below, strict=True):
        if down >= 0:  # downstream is south
            assert basins.outlets[down][0] > outlet[0]


def test_a_hole_in_the_ground_drains_over_its_rim() -> None:
    ground = valley()
    ground[20:24, 8:12] -= 3.0
    basins = delineate(ground, 10.0, outlets=[(59, 20)])
    assert basins.areas[0] == 60 * 41 * 100.0


def test_two_valleys_are_not_one() -> None:
    ground = np.hstack([valley(columns=21), valley(columns=21)])
    basins = delineate(ground, 5.0, area=60 * 21 * 25.0 * 0.9)
    assert len(basins) == 2 and basins.downstream.tolist() == [0, 0]
    assert len(np.unique(basins.labels[:, :20])) == 1 and len(np.unique(basins.labels[:, 22:])) == 1


def test_real_terrain_is_divided_whole(data: Path) -> None:
    import rasterio

    with rasterio.open(data / BIJOU) as file:
        ground = file.read(1).astype(np.float64)
        t = file.transform
    ground[ground <= 0] = np.nan
    basins = delineate(ground, 3.0, area=2000.0)
    assert ((basins.labels > 0) == np.isfinite(ground)).all()
    assert basins.areas.sum() == pytest.approx(np.isfinite(ground).sum() * 9.0)
    assert len(basins) == 4 and basins.areas.min() >= 500.0
    heights = ground[tuple(basins.outlets.T)]
    for i, down in enumerate(basins.downstream):
        assert down == 0 or heights[down - 1] <= heights[i]
    grid = Grid(t.c, t.f, 3.0, *ground.shape, "EPSG:26913")
    frame = polygons(basins, grid)
    assert np.allclose(frame.area, basins.areas) and frame.geometry.is_valid.all()
    assert frame.crs.to_epsg() == 26913 and frame["downstream"].tolist() == basins.downstream.tolist()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([0.0, 0.1, 0.3]))
def test_every_cell_has_one_basin_and_no_water_runs_in_a_circle(seed: int, holes: float) -> None:
    rng = np.random.default_rng(seed)
    ground = rng.uniform(0, 3, (24, 30)).round(rng.integers(0, 4)) + 100.0
    ground[rng.random(ground.shape) < holes] = np.nan
    basins = delineate(ground, 2.0, area=40.0)
    assert ((basins.labels > 0) == np.isfinite(ground)).all()
    assert np.array_equal(np.unique(basins.labels[basins.labels > 0]), np.arange(1, len(basins) + 1))
    assert basins.areas.sum() == np.isfinite(ground).sum() * 4.0


def test_what_cannot_be_drawn() -> None:
    with pytest.raises(AnalysisError, match="either"):
        delineate(valley(), 10.0)
    with pytest.raises(AnalysisError, match="row 99"):
        delineate(valley(), 10.0, outlets=[(99, 0)])
    with pytest.raises(AnalysisError, match="no elevations"):
        delineate(np.full((5, 5), np.nan), 1.0, area=10.0)
