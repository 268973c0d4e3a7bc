"""Which parts of roofs modules can lie on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from analysis.errors import AnalysisError
from analysis.sun import Kind, SunScene, facade_targets, joined, roof_targets
from analysis.sun.power.roofs import RoofRules, Use, usable_roof
from tests.sun_scenes import SEOUL, box, gable, scene_of


def areas(scene: SunScene, rules: RoofRules, spacing: float = 0.5) -> dict[Use, float]:
    """Area of roofs by use [m²]; of the usable part what the points stand for together."""
    targets = roof_targets(scene, spacing)
    found = usable_roof(scene, targets, rules)
    held = np.bincount(found.use, targets.area, minlength=len(Use))
    return {use: float(found.area.sum() if use == Use.USABLE else held[use]) for use in Use}


@pytest.mark.parametrize("setback", [0.0, 0.5, 1.3, 4.0])
def test_the_setback_leaves_the_exact_area(setback: float) -> None:
    found = areas(box(20.0, 10.0), RoofRules(setback=setback, smallest=0.0), spacing=1.0)
    assert found[Use.USABLE] == pytest.approx((20 - 2 * setback) * (10 - 2 * setback), rel=1e-6)


def test_seams_between_polygons_of_one_plane_are_no_edges() -> None:
    halves = [(50.0, 50.0, 60.0, 60.0), (60.0, 50.0, 70.0, 60.0)]
    scene = scene_of(
        [(Kind.ROOF, 0, [[(a, b, 8.0), (c, b, 8.0), (c, d, 8.0), (a, d, 8.0)]]) for a, b, c, d in halves],
        (120.0, 120.0),
        roofs=[(50.0, 50.0, 70.0, 60.0, 8.0)],
    )
    assert areas(scene, RoofRules(setback=1.0))[Use.USABLE] == pytest.approx(18 * 8, rel=1e-3)


def test_roofs_that_face_north_or_are_steep_are_left_out() -> None:
    """A gable whose sides face west and east; the same with its grid turned, so that one faces north."""
    rules = RoofRules(setback=0.0, smallest=0.0)
    side = 20.0 * np.hypot(6.0, 4.0)
    found = areas(gable(), rules)
    assert found[Use.USABLE] == pytest.approx(2 * side, rel=0.01)
    turned = areas(gable(place=replace(SEOUL, convergence=90.0)), rules)
    assert turned[Use.ASPECT] == pytest.approx(side, rel=0.01)
    south = areas(gable(place=replace(SEOUL, latitude=-37.0, convergence=90.0)), rules)
    assert south[Use.ASPECT] == pytest.approx(side, rel=0.01)
    assert areas(gable(), replace(rules, steepest=30.0))[Use.STEEP] == pytest.approx(2 * side, rel=0.01)
    assert areas(gable(), replace(rules, flat_below=40.0, away=180.0))[Use.ASPECT] == 0.0


def test_what_stands_on_a_roof_is_an_obstacle() -> None:
    scene = box(20.0, 10.0)
    heights = scene.heights.copy()
    top = np.argwhere(heights == heights.max())
    for row, column in top[(top[:, 0] < top[:, 0].min() + 3) & (top[:, 1] < top[:, 1].min() + 4)]:
        heights[row, column] += 2.0
    found = areas(replace(scene, heights=heights), RoofRules(setback=0.0))
    assert found[Use.OBSTACLE] == pytest.approx(12.0)
    assert found[Use.USABLE] == pytest.approx(188.0)
    crown = np.full(scene.shape, np.nan, np.float32)
    crown[:, : scene.shape[1] // 2] = 25.0
    under = areas(replace(scene, canopy=crown), RoofRules(setback=0.0))
    assert under[Use.OBSTACLE] == pytest.approx(100.0)


def test_small_roofs_and_what_is_no_roof() -> None:
    scene = box(4.0, 3.0)
    assert areas(scene, RoofRules(setback=0.0, smallest=13.0))[Use.SMALL] == pytest.approx(12.0)
    assert areas(scene, RoofRules(setback=0.0, smallest=11.0))[Use.USABLE] == pytest.approx(12.0)
    targets = joined(roof_targets(scene, 1.0), facade_targets(scene, 1.0))
    use = usable_roof(scene, targets).use
    assert (use == Use.NO_ROOF).sum() == len(facade_targets(scene, 1.0))


def test_a_scene_without_surfaces_is_refused() -> None:
    scene = box()
    with pytest.raises(AnalysisError, match="no surfaces"):
        usable_roof(replace(scene, surfaces=None), roof_targets(scene, 1.0))
