"""Views and beams against geometry: boxes, walls, slopes, the curved earth, solid angles, a disc cut."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shapely

from analysis.errors import AnalysisError
from analysis.sun.scene import SunScene
from analysis.sun.targets import Targets
from analysis.views.beam import Beam, axis_height, beam_blockage, on_grid
from analysis.views.sight import landmark_visibility, line_of_sight, on_ground, sky_exposure, viewshed
from tests.sun_scenes import box_scene, open_field, scene_of

RADIUS = 6_371_000.0


def facing(points: list[list[float]], normal: tuple[float, float, float]) -> Targets:
    n = len(points)
    return Targets(
        np.array(points, float),
        np.tile(np.array(normal, float), (n, 1)),
        np.ones(n),
        np.full(n, -1, np.int32),
    )


def test_a_box_hides_what_lies_behind_it() -> None:
    scene = box_scene([(60, 40, 12, 20, 15)], (140, 100))
    viewer = np.array([20.5, 50.5, 1.6])
    seen = viewshed(scene, viewer, curvature=False)
    rows, columns = np.nonzero(scene.heights == 0)
    x, y = columns + 0.5, scene.north - rows - 0.5
    lines = shapely.linestrings(np.stack([np.tile(viewer[:2], (len(x), 1)), np.column_stack([x, y])], axis=1))
    core, around = shapely.box(61, 41, 71, 59), shapely.box(59, 39, 73, 61)
    behind, beside = shapely.intersects(lines, core), ~shapely.intersects(lines, around)
    assert behind.sum() > 500
    assert beside.sum() > 9000
    assert not seen[rows, columns][behind].any()
    assert seen[rows, columns][beside].all()


@pytest.mark.parametrize(("eye", "wall", "away"), [(30.0, 10.0, 40.0), (12.0, 9.0, 20.0)])
def test_over_a_wall_the_ground_comes_into_sight_by_similar_triangles(
    eye: float, wall: float, away: float
) -> None:
    scene = scene_of([], (300, 11), roofs=[(10 + away, 0, 11 + away, 11, wall)])
    seen = viewshed(scene, [10.5, 5.5, eye], curvature=False)[5]
    hidden = np.flatnonzero(~seen)
    far_edge = 10.5 + away * eye / (eye - wall)
    assert hidden.min() == 11 + away
    assert hidden.max() + 0.5 == pytest.approx(far_edge, abs=1.0)


def test_a_plane_slope_is_seen_and_the_far_side_of_a_ridge_is_not() -> None:
    slope = scene_of([], (120, 60), slope=(0.3, 0.1))
    assert viewshed(slope, on_ground(slope, [[10.5, 30.5]])[0]).all()
    x = np.arange(200) + 0.5
    ridge = np.tile(20.0 - np.abs(x - 100) * 0.4, (20, 1)).astype(np.float32)
    scene = replace(open_field(20), heights=ridge, terrain=ridge)
    seen = viewshed(scene, on_ground(scene, [[40.5, 10.5]])[0])
    assert seen[:, :100].all()
    assert not seen[:, 103:].any()


def test_the_horizon_lies_where_the_curved_earth_hides_the_sea() -> None:
    flat = np.zeros((3, 1000), np.float32)
    scene = replace(open_field(20), heights=flat, terrain=flat, cell_size=10.0, north=30.0)
    for k in (0.0, 0.13):
        seen = viewshed(scene, [5.0, 15.0, 2.0], refraction=k)[1]
        horizon = np.sqrt(2 * RADIUS * 2.0 / (1 - k))
        # The tolerance of a millimetre lets the sight graze that much below the horizon's line.
        assert np.flatnonzero(~seen)[0] * 10.0 == pytest.approx(horizon, rel=0.03)
        assert not seen[int(horizon * 1.03 / 10) :].any()
    assert viewshed(scene, [5.0, 15.0, 2.0], curvature=False).all()
    assert line_of_sight(scene, [5, 15, 2], [9_900, 15, 20.0]).visible
    assert not line_of_sight(scene, [5, 15, 2], [9_900, 15, 1.0]).visible


def test_a_line_of_sight_ends_at_the_first_thing_that_stands_over_it() -> None:
    scene = box_scene([(40, 20, 10, 20, 12), (70, 20, 10, 20, 30)], (120, 60))
    blocked = line_of_sight(scene, [10, 30, 2], [110, 30, 20])
    assert not blocked.visible
    assert blocked.obstruction is not None
    assert blocked.obstruction[:2] == pytest.approx([40.0, 30.0], abs=1.0)
    over = line_of_sight(scene, [10, 30, 25], [60, 30, 25], curvature=False)
    assert over.visible
    assert over.clearance == pytest.approx(13.0)
    between = line_of_sight(scene, [10, 30, 25], [110, 30, 25])
    assert between.obstruction is not None
    assert between.obstruction[0] == pytest.approx(70.0, abs=1.0)


def test_the_share_of_a_landmark_over_a_wall() -> None:
    """From 2 m over the ground, a wall 10 m high 50 m away hides of a tower 100 m away all below 18 m."""
    scene = scene_of([], (160, 21), roofs=[(60, 0, 62, 21, 10.0), (110, 8, 116, 14, 40.0)])
    heights = np.arange(0.5, 40.0)
    samples = np.column_stack([np.full(40, 109.99), np.full(40, 10.5), heights])
    east = np.tile([-1.0, 0.0, 0.0], (40, 1))
    share = landmark_visibility(scene, facing([[10.5, 10.5, 2.0]], (1, 0, 0)), samples, east, curvature=False)
    limit = 2 + 8 / (61.5 - 10.5) * (109.99 - 10.5)
    assert share[0] == pytest.approx((40 - limit) / 40, abs=1.5 / 40)
    behind = facing([[10.5, 10.5, 2.0]], (-1, 0, 0))
    assert landmark_visibility(scene, behind, samples, east)[0] == 0.0
    assert np.isnan(landmark_visibility(scene, behind, samples, -east)[0])
    free = landmark_visibility(open_field(160), facing([[10.5, 10.5, 2.0]], (1, 0, 0)), samples)
    assert free[0] == 1.0


def test_the_sky_by_closed_forms() -> None:
    up, south, back = [0.0, 0.0, 1.0], [0.0, -1.0, 0.0], [0.0, 0.0, -1.0]
    tilt = np.radians(30.0)
    roof = [np.sin(tilt), 0.0, np.cos(tilt)]
    normals = np.array([up, south, back, roof])
    open_ = sky_exposure(normals, np.zeros((4, 720)))
    # A plane tilted by b cuts the hemisphere down to a lune of pi - b, with solid angle 2 (pi - b).
    assert open_ == pytest.approx([2 * np.pi, np.pi, 0.0, 2 * (np.pi - tilt)], abs=2e-3)
    ring = sky_exposure(normals[:2], np.full((2, 720), 40.0))
    part = 1 - np.sin(np.radians(40.0))
    assert ring == pytest.approx([2 * np.pi * part, np.pi * part], abs=2e-3)
    one_side = np.zeros((1, 360))
    one_side[0, 90:271] = 90.0
    assert sky_exposure(normals[1:2], one_side)[0] == pytest.approx(0.0, abs=0.02)


def ring_wall(height: float) -> SunScene:
    """Flat ground with a round wall 150 m from the middle."""
    scene = open_field(321)
    axis = np.arange(321) - 160
    away = np.hypot(axis[None, :], axis[:, None])
    heights = np.where((away > 150) & (away < 154), height, 0.0).astype(np.float32)
    return replace(scene, heights=heights)


@pytest.mark.parametrize("cut", [-0.6, 0.0, 0.4])
def test_a_skyline_cuts_the_disc_of_a_beam(cut: float) -> None:
    """Equation 2 of Bech et al. (2003): y is the obstacle's height over the axis, a the beam's radius."""
    width = 4.0
    a = np.radians(width / 2)
    tilt = 3.0
    angle = np.radians(tilt) + cut * a
    scene = ring_wall(10.0 + 151.0 * np.tan(angle))
    found = beam_blockage(scene, [160.5, 160.5, 10.0], Beam(tilt, width, step=15.0, reach=158.0, gate=5.0))
    y = cut * a
    expected = (y * np.sqrt(a**2 - y**2) + a**2 * np.arcsin(cut) + np.pi * a**2 / 2) / (np.pi * a**2)
    assert (found.blocked[:, :29] == 0).all()
    assert found.blocked[:, -1] == pytest.approx(expected, abs=0.02)
    assert (np.diff(found.blocked, axis=1) >= 0).all()


def test_a_sector_looks_where_it_points_and_the_axis_rises_with_range() -> None:
    scene = box_scene([(140, 95, 10, 10, 40)], (200, 200))
    found = beam_blockage(
        scene, [100.5, 100.5, 15.0], Beam(0.0, 2.0, start=60, end=120, step=2.0, reach=80.0, gate=5.0)
    )
    assert found.azimuths[0] == 60.0
    assert len(found.azimuths) == 30
    east = found.azimuths == 90.0
    assert found.blocked[east, -1] == pytest.approx(1.0)
    assert found.blocked[found.azimuths < 80, -1].max() == 0.0
    drawn = on_grid(scene, [100.5, 100.5, 15.0], found, 2.0)
    assert drawn[100, 170] == pytest.approx(1.0)
    assert np.isnan(drawn[100, 30])
    assert np.nanmin(drawn) == 0.0
    # Exact: sqrt(r² + k²R² + 2 r k R sin e) - k R for slant range r (Doviak and Zrnić 1993, eq. 2.28b).
    big, slant = 4 / 3 * RADIUS, 100_000.0
    exact = np.sqrt(slant**2 + big**2 + 2 * slant * big * np.sin(np.radians(0.5))) - big
    along = big * np.arcsin(slant * np.cos(np.radians(0.5)) / (big + exact))
    assert axis_height(np.array([along]), 0.0, 0.5)[0] == pytest.approx(exact, rel=0.002)


def test_what_cannot_be_looked_at_is_refused() -> None:
    scene = box_scene([(20, 20, 10, 10, 12)], (60, 60))
    with pytest.raises(AnalysisError, match="outside"):
        viewshed(scene, [100, 10, 2])
    with pytest.raises(AnalysisError, match="below"):
        viewshed(scene, [25, 25, 2])
    with pytest.raises(AnalysisError, match="radius"):
        viewshed(scene, [5, 5, 2], radius=0)
    with pytest.raises(AnalysisError, match="outside"):
        line_of_sight(scene, [5, 5, 2], [5, np.nan, 2])
    with pytest.raises(AnalysisError, match="below"):
        beam_blockage(scene, [25, 25, 2], Beam())
    with pytest.raises(AnalysisError, match="wide"):
        beam_blockage(scene, [5, 5, 2], Beam(width=0))
