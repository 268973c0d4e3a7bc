"""The two engines against each other, and what must hold whatever the city looks like."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Polygon, affinity, contains_xy, get_coordinates

from analysis.errors import AnalysisError
from analysis.sun import (
    Targets,
    buried,
    facade_targets,
    ground_targets,
    joined,
    remarks,
    roof_targets,
    shadow_mask,
    sunlight,
    sunlit,
    sunlit_hours,
)
from analysis.sun.engine.lines import lines
from analysis.sun.scene import Kind, SunScene
from tests.sun_scenes import SEOUL, box, box_scene, boxes, gable, open_field, overhang, scene_of

DAY = pd.date_range("2026-12-22 08:00", "2026-12-22 16:00", freq="30min", tz="Asia/Seoul")
NOON = pd.Timestamp("2026-12-22 12:30", tz="Asia/Seoul")


@pytest.fixture(scope="module")
def city() -> SunScene:
    return boxes(12, 12)


def test_sweep_and_rays_agree_on_the_ground(city: SunScene) -> None:
    """At least 99.5 % of the cells over a winter day, and neither finds more shade than the other."""
    ground = ground_targets(city)
    swept, traced = (sunlit(city, DAY, ground, engine) for engine in ("sweep", "rays"))
    assert (swept == traced).mean() > 0.995
    assert abs(float(swept.mean()) - float(traced.mean())) < 0.001


def test_sweep_and_rays_agree_on_facades_and_roofs(city: SunScene) -> None:
    """Hours of a winter day within 0.1 h on average, without a lean to either side."""
    every = DAY[0] + pd.Timedelta(minutes=10) * np.arange(49)
    for targets in (facade_targets(city, 3.0), roof_targets(city, 3.0)):
        swept, traced = (sunlit_hours(city, every, targets, engine) for engine in ("sweep", "rays"))
        assert np.abs(swept - traced).mean() < 0.1
        assert abs(float((swept - traced).mean())) < 0.02


def test_walls_at_any_angle_to_the_grid_are_not_shaded_by_their_own_cells() -> None:
    """A box turned by 30 degrees, rasterised as a city is: by the middles of cells."""
    outline = affinity.rotate(Polygon([(40, 40), (64, 40), (64, 56), (40, 56)]), 30)
    corners = [tuple(c) for c in get_coordinates(outline)[:-1]]
    height = 20.0
    walls = [
        (Kind.FACADE, 0, [[(*a, 0.0), (*b, 0.0), (*b, height), (*a, height)]])
        for a, b in zip(corners, [*corners[1:], corners[0]], strict=True)
    ]
    roof = (Kind.ROOF, 0, [[(*c, height) for c in corners]])
    scene = scene_of(
        [*walls, roof],
        (104, 96),
        top=lambda x, y: np.where(contains_xy(outline, *np.broadcast_arrays(x, y)), height, -np.inf),
    )
    targets = facade_targets(scene, 2.0)
    assert not buried(scene, targets).any()
    swept, traced = (sunlit_hours(scene, DAY, targets, engine) for engine in ("sweep", "rays"))
    assert traced.mean() > 2
    assert np.abs(swept - traced).mean() < 0.1


def test_every_cell_is_on_one_line_of_each_set() -> None:
    for azimuth in (0.0, 33.0, 45.0, 91.0, 180.0, 265.0, 359.0):
        way = lines((7, 11), (np.sin(np.radians(azimuth)), np.cos(np.radians(azimuth))))
        assert way.best.sum(axis=0).tolist() == [1] * way.shift.shape[1]
        assert (np.abs(np.diff(way.shift, axis=1)) <= 1).all()
        assert ((way.beside == 0)[:, 1:] == (np.diff(way.shift, axis=1) == 0)).all()


heights = st.lists(st.integers(0, 30), min_size=36, max_size=36)


@settings(max_examples=25, deadline=None)
@given(heights, st.integers(0, 35), st.integers(1, 40), st.integers(0, 16))
def test_raising_a_building_never_lights_the_ground(
    field: list[int], which: int, more: int, hour: int
) -> None:
    low = _blocks(field)
    raised = list(field)
    raised[which] += more
    high = _blocks(raised)
    before, after = shadow_mask(low, DAY[hour]), shadow_mask(high, DAY[hour])
    same = low.heights == high.heights
    assert not (before & ~after)[same].any()


@settings(max_examples=15, deadline=None)
@given(heights, st.floats(-200, 200), st.integers(0, 16))
def test_shadows_do_not_depend_on_the_height_of_the_whole_city(
    field: list[int], lift: float, hour: int
) -> None:
    scene = _blocks(field)
    lifted = replace(
        scene, heights=scene.heights + np.float32(lift), terrain=scene.terrain + np.float32(lift)
    )
    assert (shadow_mask(scene, DAY[hour]) != shadow_mask(lifted, DAY[hour])).mean() < 0.002


@settings(max_examples=15, deadline=None)
@given(heights, st.integers(0, 3))
def test_a_quarter_turn_of_city_and_sun_turns_the_shadow(field: list[int], turns: int) -> None:
    scene = _blocks(field)
    turned = replace(
        scene,
        heights=np.ascontiguousarray(np.rot90(scene.heights, turns)),
        place=replace(SEOUL, convergence=90.0 * turns),
    )
    found = np.rot90(shadow_mask(turned, DAY[5]), -turns)
    assert (found == shadow_mask(scene, DAY[5])).mean() > 0.995


def test_hours_are_the_sum_of_instants_and_light_knows_transmissivity(city: SunScene) -> None:
    targets = joined(facade_targets(city, 6.0), roof_targets(city, 6.0))
    lit = sunlit(city, DAY, targets)
    weight = np.full(len(DAY), 0.5)
    weight[[0, -1]] = 0.25
    assert sunlit_hours(city, DAY, targets) == pytest.approx(weight @ lit, abs=1e-4)
    assert (sunlight(city, DAY, targets) == lit).all()
    ground = ground_targets(city)
    assert (
        sunlit(city, DAY[:2], ground)[1].reshape(city.shape).tolist() == (~shadow_mask(city, DAY[1])).tolist()
    )


def test_the_same_cells_as_points_get_the_same_hours(city: SunScene) -> None:
    """Cells by the field's own way, and their middles as any points."""
    small = box(margin=20)
    ground = ground_targets(small)
    loose = Targets(ground.points, ground.normals, ground.area, ground.surface)
    assert sunlit_hours(small, DAY, loose) == pytest.approx(sunlit_hours(small, DAY, ground))


def test_buried_points_are_dark_and_said() -> None:
    """Two boxes that share a wall: the lower one's part of it has no sun, whatever the engine."""
    scene = box_scene([(20, 20, 10, 10, 12), (30, 20, 10, 10, 6)], (60, 50))
    targets = facade_targets(scene, 2.0)
    inside = buried(scene, targets)
    shared = np.abs(targets.points[:, 0] - 30) < 0.1
    assert (inside == (shared & (targets.points[:, 2] < 6))).all()
    assert not sunlit(scene, DAY, targets, "sweep")[:, inside].any()
    assert not sunlit(scene, DAY, targets, "rays")[:, inside].any()
    assert any("30 of" in remark and "inside" in remark for remark in remarks(scene, targets))
    outside = Targets(np.array([[-5.0, 5, 1]]), np.array([[0, 0, 1.0]]), np.ones(1), np.array([-1], np.int32))
    assert "outside" in remarks(scene, outside)[0]
    assert sunlit(scene, [NOON], outside).all()
    assert remarks(scene, ground_targets(scene)) == []


def test_an_open_or_inside_out_mesh_still_casts_its_shadow() -> None:
    scene = box(margin=30)
    surfaces = scene.surfaces
    assert surfaces is not None
    turned = replace(scene, surfaces=replace(surfaces, triangles=surfaces.triangles[:, ::-1].copy()))
    no_roof = surfaces.triangle_surface != 0
    open_top = replace(
        scene,
        surfaces=replace(
            surfaces,
            triangles=surfaces.triangles[no_roof],
            triangle_surface=surfaces.triangle_surface[no_roof],
        ),
    )
    sound = shadow_mask(scene, NOON, "rays")
    assert (shadow_mask(turned, NOON, "rays") == sound).all()
    assert (shadow_mask(open_top, NOON, "rays") == sound)[scene.heights == 0].all()


def test_progress_is_told_and_can_stop_the_work(city: SunScene) -> None:
    told: list[float] = []

    def stop(fraction: float, message: str) -> None:
        told.append(fraction)
        if fraction > 0.3:
            raise KeyboardInterrupt(message)

    with pytest.raises(KeyboardInterrupt, match="2026-12-22"):
        sunlit_hours(city, DAY, ground_targets(city), progress=stop)
    assert told[0] == 0.0


def test_what_no_engine_can_do_is_refused() -> None:
    scene = open_field()
    ground = ground_targets(scene)
    with pytest.raises(AnalysisError, match="no engine 'best'"):
        shadow_mask(scene, NOON, "best")
    with pytest.raises(AnalysisError, match="height field alone"):
        shadow_mask(scene, NOON, "rays")
    with pytest.raises(AnalysisError, match="without a height"):
        shadow_mask(replace(scene, heights=np.full(scene.shape, np.nan, np.float32)), NOON)
    with pytest.raises(AnalysisError, match="same cells"):
        shadow_mask(replace(scene, terrain=np.zeros((2, 2), np.float32)), NOON)
    with pytest.raises(AnalysisError, match="make them from the scene"):
        sunlit(open_field(30), DAY, ground)
    with pytest.raises(AnalysisError, match="two times"):
        sunlit_hours(scene, DAY[:1], ground)
    nowhere = Targets(np.full((1, 3), np.nan), np.array([[0, 0, 1.0]]), np.ones(1), np.array([-1], np.int32))
    with pytest.raises(AnalysisError, match="rows of three numbers"):
        sunlit(scene, DAY, nowhere)


def test_a_square_kilometre_at_a_centimetre_is_refused_before_memory_is_taken() -> None:
    field = np.broadcast_to(np.float32(0), (100_000, 100_000))
    scene = SunScene(field, field, 0.01, 0.0, 1000.0, SEOUL)
    with pytest.raises(AnalysisError, match=r"240\.0 GB of memory"):
        shadow_mask(scene, NOON)
    with pytest.raises(AnalysisError, match="GB of memory"):
        sunlit(scene, DAY, ground_targets(scene))
    with pytest.raises(AnalysisError, match="wider spacing"):
        facade_targets(boxes(10, 10), 0.0001)


def test_overhangs_that_matter_call_for_rays() -> None:
    assert overhang().overhang_share == pytest.approx(0.08 / 0.28 * 1.0, rel=0.01)
    assert gable().overhang_share == 0.0
    assert overhang(below=1.0).overhang_share == 0.0  # as low as a plinth
    assert overhang(width=2.0).overhang_share == 0.0  # 8 m², as eaves are
    floating = overhang()
    assert replace(floating, terrain=floating.terrain - 9).overhang_share == floating.overhang_share
    surfaces = floating.surfaces
    assert surfaces is not None
    own = np.where(np.arange(len(surfaces)) < 5, 0, 1).astype(np.int32)  # the slab as a building of its own
    apart = replace(floating, surfaces=replace(surfaces, building=own, buildings=["b0", "b1"]))
    assert apart.overhang_share == 0.0  # its underside is its foot, as of what floats over a guessed terrain


def _blocks(field: list[int]) -> SunScene:
    """36 blocks of 4 by 4 cells with streets of 3 between them; none is just as high as the least wall."""
    heights = np.zeros((42, 42), np.float32)
    for n, height in enumerate(field):
        row, column = 7 * (n // 6) + 1, 7 * (n % 6) + 1
        heights[row : row + 4, column : column + 4] = height + 0.3
    return replace(open_field(42), heights=heights)
