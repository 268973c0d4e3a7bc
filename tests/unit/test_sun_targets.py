"""Points on roofs, facades and the ground: where they lie, what they stand for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from analysis.errors import AnalysisError
from analysis.sun import Kind, Targets, facade_targets, ground_targets, joined, roof_targets
from analysis.sun.memory import check_memory
from analysis.sun.targets import LIFT
from tests.sun_scenes import box, boxes, courtyard, gable, open_field, scene_of


def texel_middles(targets: Targets) -> np.ndarray:
    """Where the patches say that the points are, without the lift."""
    patches = targets.patches
    assert patches is not None
    patch = np.searchsorted(patches.start, patches.texel, side="right") - 1
    row, column = np.divmod(patches.texel - patches.start[patch], patches.shape[patch, 1])
    assert (patches.surface[patch] == targets.surface).all()
    return (
        patches.origin[patch]
        + (column + 0.5)[:, None] * patches.u[patch]
        + (row + 0.5)[:, None] * patches.v[patch]
    )


def test_a_wall_is_divided_evenly() -> None:
    scene = box(10, 10, 9, margin=10)
    targets = facade_targets(scene, 2.0)
    assert targets.patches is not None
    assert targets.patches.shape.tolist() == [[5, 5]] * 4
    assert np.linalg.norm(targets.patches.u, axis=1) == pytest.approx(2.0)
    assert np.linalg.norm(targets.patches.v, axis=1) == pytest.approx(1.8)
    assert targets.area == pytest.approx(3.6)
    assert targets.points[0] == pytest.approx((11.0, 10 - LIFT, 0.9))
    assert targets.points - LIFT * targets.normals == pytest.approx(texel_middles(targets))


def test_texels_run_to_the_right_and_up_as_seen_from_outside() -> None:
    for targets in (facade_targets(box(), 3.0), roof_targets(gable(), 3.0)):
        patches = targets.patches
        assert patches is not None
        turned = np.cross(patches.u, patches.v)
        normals = np.array([targets.normals[targets.surface == k][0] for k in patches.surface])
        assert (np.einsum("ij,ij->i", turned, normals) > 0).all()
        assert patches.u[:, 2] == pytest.approx(0.0)
        assert (patches.v[:, 2] > 0).all()


def test_areas_add_up_to_the_surfaces() -> None:
    for scene in (boxes(3, 3), courtyard(), gable()):
        surfaces = scene.surfaces
        assert surfaces is not None
        for targets, kind in (
            (roof_targets(scene, 1.7), Kind.ROOF),
            (facade_targets(scene, 1.7), Kind.FACADE),
        ):
            each = np.bincount(targets.surface, targets.area, len(surfaces))
            assert each[surfaces.kind == kind] == pytest.approx(surfaces.areas[surfaces.kind == kind])
            assert not each[surfaces.kind != kind].any()


def test_a_hole_and_a_gable_have_no_points_outside() -> None:
    roof = roof_targets(courtyard(20, 10, margin=20), 1.0)
    assert len(roof) == 1200
    assert not (np.abs(roof.points[:, :2] - 40).max(axis=1) < 10).any()
    ends = facade_targets(gable(12, 20, 6, 10, margin=0), 0.5)
    end = np.abs(ends.normals[:, 1]) > 0.9
    x, z = ends.points[end, 0], ends.points[end, 2]
    assert (z < 10 - np.abs(x - 6) * 4 / 6).all()
    assert end.sum() == pytest.approx(2 * 96 / 0.25, rel=0.03)


def test_a_flat_roof_follows_its_longest_edge() -> None:
    turn = np.array([[0.8, 0.6], [-0.6, 0.8]])
    corners = np.array([[0, 0], [20, 0], [20, 8], [0, 8]]) @ turn + 30
    scene = scene_of([(Kind.ROOF, 0, [[(*c, 5.0) for c in corners]])], (60, 60))
    patches = roof_targets(scene, 4.0).patches
    assert patches is not None
    assert patches.shape.tolist() == [[2, 5]]
    assert np.abs(patches.u[0] @ [0.8, 0.6, 0]) == pytest.approx(4.0)


def test_a_surface_smaller_than_a_texel_has_one_point_inside_it() -> None:
    # an L of 0.4 m wide arms: the middle of its one texel lies in the notch
    arms = [(0, 0), (3, 0), (3, 0.4), (0.4, 0.4), (0.4, 3), (0, 3)]
    scene = scene_of([(Kind.ROOF, 0, [[(x + 10, y + 10, 4.0) for x, y in arms]])], (20, 20))
    targets = roof_targets(scene, 5.0)
    assert len(targets) == 1
    x, y = targets.points[0, :2] - 10
    assert (0 < x < 3 and 0 < y < 0.4) or (0 < x < 0.4 and 0 < y < 3)
    assert targets.area[0] == pytest.approx(2.24)
    assert targets.patches is not None
    assert targets.patches.texel.tolist() == [0]


def test_only_some_surfaces() -> None:
    scene = boxes(2, 2)
    every = facade_targets(scene, 2.0)
    some = facade_targets(scene, 2.0, only=np.array([1, 6], np.int32))
    assert set(some.surface) == {1, 6}
    assert some.points == pytest.approx(every.points[np.isin(every.surface, [1, 6])])
    assert len(facade_targets(scene, 2.0, only=np.array([0], np.int32))) == 0  # a roof


def test_ground_is_every_cell_and_makes_its_points_when_asked() -> None:
    scene = box(margin=5, cell_size=0.5)
    ground = ground_targets(scene)
    assert ground.ground == (40, 40)
    assert len(ground) == 1600
    points = ground.points.reshape(40, 40, 3)
    assert points[0, 0] == pytest.approx((0.25, 19.75, LIFT))
    assert points[20, 20, 2] == pytest.approx(10 + LIFT)
    assert ground.area.sum() == pytest.approx(400.0)


def test_joined_targets_keep_their_order_and_texels() -> None:
    scene = boxes(2, 2)
    roofs, facades = roof_targets(scene, 2.0), facade_targets(scene, 2.0)
    both = joined(roofs, facades)
    assert both.points == pytest.approx(np.vstack([roofs.points, facades.points]))
    assert both.points - LIFT * both.normals == pytest.approx(texel_middles(both))
    assert joined(roofs, ground_targets(scene)).patches is None
    assert joined(roofs) is roofs


def test_what_cannot_have_points_is_refused() -> None:
    with pytest.raises(AnalysisError, match="height field alone"):
        roof_targets(open_field(), 1.0)
    for spacing in (0.0, -1.0, float("nan")):
        with pytest.raises(AnalysisError, match="above zero"):
            facade_targets(box(), spacing)
    with pytest.raises(AnalysisError, match=r"points 0\.0001 m apart would take"):
        facade_targets(boxes(4, 4), 0.0001)


def test_surfaces_without_area_have_no_points() -> None:
    scene = box()
    surfaces = scene.surfaces
    assert surfaces is not None
    areas = surfaces.areas.copy()
    areas[1] = 0.0
    flat = replace(scene, surfaces=replace(surfaces, areas=areas))
    assert 1 not in facade_targets(flat, 2.0).surface


def test_memory_is_told_before_it_is_taken() -> None:
    check_memory(1e6, "a table", "ask for less")
    with pytest.raises(AnalysisError, match=r"a table would take 1,000,000\.0 GB .* ask for less"):
        check_memory(1e15, "a table", "ask for less")
