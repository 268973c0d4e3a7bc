"""The height of the ground in holes of a terrain model and beyond it."""

from __future__ import annotations

import numpy as np
import pytest

from citygml.geoid import undulation
from tests.unit.dem_models import georeference, hill, make_hill
from tiles import ground as made
from tiles.ground import Ground
from twin.raster import Dem


@pytest.fixture(scope="module")
def hill_dem(tmp_path_factory: pytest.TempPathFactory) -> Dem:
    return make_hill(tmp_path_factory.mktemp("dem"))


def test_a_hole_is_filled_smoothly(hill_dem: Dem) -> None:
    ground = Ground(hill_dem, georeference(hill_dem))
    x, y = 195200 + 5 * 55.0, 281800 - 5 * 50.0
    lon, lat, _ = ground.georeference.to_geographic([[x, y, 0.0]])[0]
    height = ground.heights(np.array([lon]), np.array([lat]), 5.0)[0, 0]
    assert abs(height - float(undulation(lon, lat)) - hill(x, y)) < 1.0


def test_far_away_is_sea_level_and_nothing_is_a_cliff(hill_dem: Dem) -> None:
    ground = Ground(hill_dem, georeference(hill_dem))
    lon, lat = 2.35, 48.85
    far = ground.heights(np.array([lon]), np.array([lat]), 1e4)[0, 0]
    assert far == pytest.approx(float(undulation(lon, lat)), abs=1e-6)
    west, _, east, _ = ground.bounds
    latitude = np.array([(ground.bounds[1] + ground.bounds[3]) / 2])
    longitude = np.linspace(west - 1.5, east + 1.5, 6001)
    profile = ground.heights(longitude, latitude, 50.0)[0]
    step = (longitude[1] - longitude[0]) * 91_000
    assert np.isfinite(profile).all()
    assert np.abs(np.diff(profile)).max() / step < 0.25  # the hill itself is as steep as 0.2
    assert profile[0] == pytest.approx(float(undulation(longitude[0], latitude[0])), abs=0.01)


def test_heights_do_not_depend_on_how_much_is_filled_at_once(
    hill_dem: Dem, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hole in the model, and the apron around it, are filled by strips."""
    west, south, east, north = Ground(hill_dem, georeference(hill_dem)).outer_bounds
    grid = np.linspace(west, east, 120), np.linspace(south, north, 110)
    whole = Ground(hill_dem, georeference(hill_dem)).heights(*grid, 5.0)
    for rows in (7, 10_000):
        monkeypatch.setattr(made, "_STRIP", rows)
        np.testing.assert_array_equal(Ground(hill_dem, georeference(hill_dem)).heights(*grid, 5.0), whole)
