"""Sky-view factors and skylines of a field, a canyon and a court, against closed forms."""

from __future__ import annotations

from dataclasses import replace
from math import atan, degrees, hypot, pi

import numpy as np
import pytest

from analysis.errors import AnalysisError
from analysis.sun import (
    Horizon,
    Targets,
    facade_targets,
    ground_targets,
    horizons,
    roof_targets,
    sky_view_factor,
)
from analysis.sun.scene import SunScene
from tests.sun_scenes import SEOUL, box, boxes, canyon, courtyard, gable, open_field, overhang

ENGINES = ("sweep", "rays")
STREET, HEIGHT = 20.0, 20.0


@pytest.fixture(scope="module")
def street() -> SunScene:
    """A canyon so long that its ends take a thousandth of the sky."""
    return canyon(STREET, HEIGHT, length=500.0)


def middle(targets: Targets, at: float, width: float = 2.0) -> np.ndarray:
    return np.abs(targets.points[:, 1] - at) < width


def test_open_field_sees_all_of_the_sky() -> None:
    scene = open_field(40)
    assert (sky_view_factor(scene, ground_targets(scene)) == 1.0).all()
    house = gable(margin=5)
    slope = 2 / 3
    for engine, off in (("sweep", 0.01), ("rays", 0.003)):
        roof = sky_view_factor(house, roof_targets(house, 2.0), engine)
        # a plane tilted by b sees (1 + cos b) / 2 of an open sky
        assert roof == pytest.approx((1 + 1 / hypot(1, slope)) / 2, abs=off)
        alone = sky_view_factor(house, facade_targets(house, 2.0), engine)
        assert alone == pytest.approx(0.5, abs=0.003)


def test_street_floor_between_walls_of_the_same_height(street: SunScene) -> None:
    """(sin a + sin b) / 2, a and b the angles from the zenith to both eaves (Johnson and Watson 1984)."""
    x = np.arange(20) + 0.5
    exact = 0.5 * ((STREET - x) / np.hypot(STREET - x, HEIGHT) + x / np.hypot(x, HEIGHT))
    found = sky_view_factor(street, ground_targets(street)).reshape(street.shape)[250, 20:40]
    assert found == pytest.approx(exact, abs=0.02)  # half a cell from a wall, 20 m below its eaves
    assert found[5:15] == pytest.approx(exact[5:15], abs=0.004)


@pytest.mark.parametrize("engine", ENGINES)
def test_street_wall_sees_the_sky_over_the_other_side(street: SunScene, engine: str) -> None:
    """(1 - h / hypot(h, w)) / 2, h from the point up to the eaves of the other side, w the street's width."""
    every = facade_targets(street, 4.0)
    chosen = np.flatnonzero(middle(every, 250.0, 3.0) & (np.abs(every.points[:, 0] - 40) < 0.1))
    targets = Targets(every.points[chosen], every.normals[chosen], every.area[chosen], every.surface[chosen])
    above = HEIGHT - targets.points[:, 2]
    exact = 0.5 * (1 - above / np.hypot(above, STREET))
    assert len(chosen) >= 5
    assert sky_view_factor(street, targets, engine) == pytest.approx(exact, abs=0.01)


@pytest.mark.parametrize("engine", ENGINES)
def test_middle_of_a_court(engine: str) -> None:
    """Four times the view factor from a small plane to a rectangle above its corner: with a half of the side
    and h the height, 4 · (2 / 2π) · a/√(a²+h²) · atan(a/√(a²+h²)) (J. R. Howell, "A catalog of radiation
    heat transfer configuration factors", B-3)."""
    scene = courtyard(inner=20, wings=6, height=12, margin=6)
    centre = scene.shape[0] / 2
    at = Targets(
        np.array([[centre, centre, 0.01]]), np.array([[0.0, 0, 1]]), np.ones(1), np.array([-1], np.int32)
    )
    part = 10 / hypot(10, 12)
    assert sky_view_factor(scene, at, engine)[0] == pytest.approx(4 / pi * part * atan(part), abs=0.005)


def test_engines_agree_in_a_city() -> None:
    scene = boxes(6, 6)
    for targets in (facade_targets(scene, 5.0), roof_targets(scene, 5.0)):
        swept, traced = (sky_view_factor(scene, targets, engine) for engine in ENGINES)
        assert np.abs(swept - traced).mean() < 0.01


def test_ground_by_cells_and_by_points_is_the_same() -> None:
    scene = box(margin=20)
    ground = ground_targets(scene)
    loose = Targets(ground.points, ground.normals, ground.area, ground.surface)
    assert sky_view_factor(scene, loose) == pytest.approx(sky_view_factor(scene, ground), abs=0.002)


def test_below_a_slab_only_rays_miss_the_sky() -> None:
    scene = overhang()
    below = Targets(
        np.array([[50.0, 42.0, 0.01]]), np.array([[0.0, 0, 1]]), np.ones(1), np.array([-1], np.int32)
    )
    assert sky_view_factor(scene, below)[0] < sky_view_factor(scene, below, "sweep")[0] - 0.15


def test_crowns_take_what_they_do_not_let_through() -> None:
    scene = open_field(60)
    canopy = np.full(scene.shape, np.nan, np.float32)
    canopy[:20] = 15.0
    ground = ground_targets(scene)
    found = [
        sky_view_factor(replace(scene, canopy=canopy, transmissivity=share), ground).reshape(scene.shape)
        for share in (0.0, 0.5, 1.0)
    ]
    assert found[0][25, 30] < 0.9
    assert found[1] == pytest.approx((found[0] + found[2]) / 2, abs=1e-6)
    assert found[2] == pytest.approx(1.0)


def test_far_skyline_takes_its_share() -> None:
    """A ring of mountains at 30 degrees all round leaves cos² 30° = 0.75 of a horizontal plane's sky."""
    ring = replace(open_field(20), horizon=Horizon(np.full(36, 30.0)))
    assert sky_view_factor(ring, ground_targets(ring)) == pytest.approx(0.75, abs=1e-4)
    house = replace(box(margin=5), horizon=Horizon(np.full(36, 30.0)))
    roof = roof_targets(house, 5.0)
    assert sky_view_factor(house, roof, "rays") == pytest.approx(0.75, abs=0.02)
    assert horizons(house, roof, 8) == pytest.approx(30.0)


def test_skyline_in_front_of_a_wall(street: SunScene) -> None:
    every = facade_targets(street, 4.0)
    chosen = np.flatnonzero(middle(every, 250.0, 3.0) & (np.abs(every.points[:, 0] - 40) < 0.1))
    targets = Targets(every.points[chosen], every.normals[chosen], every.area[chosen], every.surface[chosen])
    found = horizons(street, targets, 8)  # north, north-east, east, ...
    above = HEIGHT - targets.points[:, 2]
    assert (found[:, 0:5] == 90.0).all()  # its own wall, on the line of it and behind
    assert found[:, 6] == pytest.approx([degrees(atan(h / STREET)) for h in above], abs=1.5)
    assert found[:, 5] == pytest.approx([degrees(atan(h / (STREET * 2**0.5))) for h in above], abs=2.0)


def test_skyline_is_given_from_true_north() -> None:
    """A wall to the grid's north, in a grid whose north bears 45 degrees east, stands in the north-east."""
    scene = replace(open_field(60), place=replace(SEOUL, convergence=45.0))
    scene.heights[:5] = 40.0
    at = Targets(np.array([[30.5, 10.5, 0.0]]), np.array([[0.0, 0, 1]]), np.ones(1), np.array([-1], np.int32))
    found = horizons(scene, at, 8)[0]
    assert found[1] == pytest.approx(degrees(atan(40 / 44.5)), abs=0.1)
    assert found[[3, 4, 5, 6, 7]] == pytest.approx(0.0)


def test_skyline_of_a_roof_slope_has_its_own_plane() -> None:
    house = gable(margin=10)
    west = roof_targets(house, 4.0)
    west_only = west.normals[:, 0] < 0
    found = horizons(house, west, 4)[west_only]
    assert found[:, 1] == pytest.approx(degrees(atan(2 / 3)), abs=0.1)  # east: up its own slope
    assert found[:, 3] == pytest.approx(0.0)


def test_tables_too_large_for_memory_are_refused() -> None:
    scene = open_field(400)
    with pytest.raises(AnalysisError, match="the skylines of 160,000 points would take"):
        horizons(scene, ground_targets(scene), 10_000_000)
