"""Shadows of a box, a gable, a bridge, a hill and a tree, by both engines, against geometry."""

from __future__ import annotations

from dataclasses import replace
from math import cos, radians, tan

import numpy as np
import pandas as pd
import pytest

from analysis.sun import Place, SunPath, Targets, facade_targets, shadow_mask, sunlight, sunlit
from analysis.sun.scene import SunScene
from tests.sun_scenes import SEOUL, box, gable, open_field, overhang

NOON = pd.Timestamp("2024-12-21 12:30", tz="Asia/Seoul")
MORNING = pd.Timestamp("2024-12-21 09:40", tz="Asia/Seoul")
ENGINES = ("sweep", "rays")


def sun(scene: SunScene, time: pd.Timestamp) -> np.ndarray:
    return SunPath.at(scene.place, time).directions[0]


def middles(scene: SunScene) -> tuple[np.ndarray, np.ndarray]:
    rows, columns = scene.shape
    return np.meshgrid(np.arange(columns) + 0.5, scene.north - (np.arange(rows) + 0.5))


def points(*at: tuple[float, float, float], normal: tuple[float, float, float] = (0, 0, 1)) -> Targets:
    n = len(at)
    return Targets(
        np.array(at, float), np.tile(np.array(normal, float), (n, 1)), np.ones(n), np.full(n, -1, np.int32)
    )


@pytest.mark.parametrize("engine", ENGINES)
def test_shadow_of_a_box_is_as_long_as_the_table_says(engine: str) -> None:
    """10 m high, winter solstice in Seoul, 12:30: 18.05 m (see test_sun_position), due north."""
    scene = box()
    shade = shadow_mask(scene, NOON, engine)
    north_of_it = shade[: 130 - 70, 60:70]  # rows from north; the box ends at y = 70
    assert (north_of_it.sum(axis=0) == 18).all()
    assert not shade[:, :60].any()
    assert not shade[:, 70:].any()
    assert not shade[60:].any()  # the roof, and south of it


@pytest.mark.parametrize("engine", ENGINES)
def test_shadow_of_a_box_is_the_prism_swept_by_it(engine: str) -> None:
    """A point is in the shade where the way to the sun passes over the box lower than its top."""
    scene = box(12, 8, 15, margin=70)
    e, n, u = sun(scene, MORNING)
    x, y = middles(scene)
    far = np.linspace(0, 15 / u, 4000)  # along the ray, until it is above the top
    inside = np.zeros(scene.shape, bool)
    for t in far:
        px, py = x + t * e, y + t * n
        inside |= (px > 70) & (px < 82) & (py > 70) & (py < 78)
    inside[scene.heights > 0] = False
    found = shadow_mask(scene, MORNING, engine)
    assert inside.sum() > 300
    assert (found == inside).mean() > (0.997 if engine == "sweep" else 0.9995)
    assert abs(int(found.sum()) - int(inside.sum())) < 0.02 * inside.sum()


@pytest.mark.parametrize("engine", ENGINES)
def test_shadow_of_a_gable_ends_below_its_ridge(engine: str) -> None:
    """The ridge runs from south to north; with the sun in the south-east its shadow is a strip beside the
    house as far as the ridge's height over the tangent, reckoned across it."""
    scene = gable(12, 30, eaves=6, ridge=10, margin=50)
    e, _, u = sun(scene, MORNING)
    across = 10 * e / u  # how far west of the ridge its shadow ends
    shade = shadow_mask(scene, MORNING, engine)
    row = scene.shape[0] - 1 - 79  # y = 79.5, so far north that the light comes over the ridge, not past it
    dark = np.flatnonzero(shade[row, :50])
    assert dark[-1] == 49
    assert dark[0] == pytest.approx(56 - across, abs=1.0)
    # the slope to the sun is lit, the other one is at 33.7 degrees steeper than the sun's way down to it
    assert not shade[row, 57:62].any()
    assert shade[row, 50:55].all() == (u / e < 4 / 6)


@pytest.mark.parametrize("engine", ENGINES)
def test_roofs_and_ground_do_not_shade_themselves(engine: str) -> None:
    """A slope that faces the sun, or falls away from it more gently than its rays, is lit all over."""
    scene = gable(margin=30)
    high = pd.Timestamp("2024-06-21 12:30", tz="Asia/Seoul")  # 76 degrees
    x, y = middles(scene)
    roof = (x > 30) & (x < 42) & (y > 30) & (y < 50)
    assert not shadow_mask(scene, high, engine)[roof].any()
    slope = open_field(80, slope=(0.0, -0.3))
    assert shadow_mask(slope, NOON).sum() == 0  # 29 degrees of sun, 17 degrees of slope to the south
    assert shadow_mask(open_field(80, slope=(0.0, 0.7)), MORNING).sum() == 0  # it faces the sun
    away = open_field(80, slope=(0.0, -0.7))  # 35 degrees down to the north
    assert shadow_mask(away, NOON)[:-1].all()


def test_only_rays_know_what_lies_below_an_overhang() -> None:
    """A slab 4 m deep, 5 m up on a south wall: at 29 degrees its shadow on the wall begins 5 - 4 tan(29°) =
    2.78 m up, ends at the slab, and the wall below has sun."""
    scene = overhang()
    wall = [(50.0, 43.99, z) for z in np.arange(0.25, 12, 0.5)]
    at = points(*wall, normal=(0, -1, 0))
    _, n, u = sun(scene, NOON)
    z = at.points[:, 2]
    edge = 5 + 0.5 - 4 * u / -n, 5 - 4 * u / -n
    lit = (z < edge[1]) | (z > 5.5)
    assert scene.overhang_share > 0.2
    assert sunlit(scene, [NOON], at, "rays")[0] == pytest.approx(lit)
    assert sunlit(scene, [NOON], at)[0] == pytest.approx(lit)  # "auto" sees that it takes rays
    assert sunlit(scene, [NOON], at, "sweep").all()  # the height field has no slab
    below = points((50.0, 43.5, 0.5), (50.0, 38.0, 0.5))
    assert sunlit(scene, [NOON], below, "rays")[0].tolist() == [True, True]
    assert not sunlit(scene, [pd.Timestamp("2024-06-21 12:30", tz="Asia/Seoul")], below, "rays")[0, 0]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_hill_shades_what_lies_behind_it(engine: str) -> None:
    """A ridge of terrain 20 m high in the south: the ground behind lies in its shadow for 20 / tan e [m]."""
    scene = box(4, 4, 3, margin=58)
    y = middles(scene)[1]
    hill = np.where(y < 20, 20.0, 0.0).astype(np.float32)
    raised = replace(scene, terrain=scene.terrain + hill, heights=np.maximum(scene.heights, hill))
    _, n, u = sun(raised, NOON)
    length = 20 * -n / u
    shade = shadow_mask(raised, NOON, engine)
    dark = shade[:, 5][y[:, 5] > 20]
    assert dark.sum() == pytest.approx(length, abs=1.0)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_tree_dims_what_lies_behind_its_crown_and_not_below_it(engine: str) -> None:
    """A crown from 4 m to 10 m; noon in winter, 29 degrees: behind it the ground is dim from 4 / tan e to
    10 / tan e metres off, and lit before and after."""
    scene = box(2, 2, 2, margin=40)
    canopy, trunk = np.full(scene.shape, np.nan, np.float32), np.full(scene.shape, np.nan, np.float32)
    row = scene.shape[0] - 1 - 20
    canopy[row, 10:20], trunk[row, 10:20] = 10.0, 4.0
    leafy = replace(scene, canopy=canopy, trunk=trunk, transmissivity=0.25)
    _, n, u = sun(leafy, NOON)
    steps = np.arange(1, 30)
    at = points(*[(15.5, 20.5 + k, 0.01) for k in steps])
    light = sunlight(leafy, [NOON], at, engine)[0]
    behind = (steps * u / -n > 4) & (steps * u / -n < 10)
    assert light[behind] == pytest.approx(0.25)
    assert light[~behind] == pytest.approx(1.0)
    assert sunlit(leafy, [NOON], at, engine)[0].tolist() == (~behind).tolist()
    assert shadow_mask(leafy, NOON, engine)[row - 1 : row - 30 : -1, 15].tolist() == behind.tolist()


def test_walls_are_dark_from_behind_and_lit_where_nothing_stands() -> None:
    scene = box(10, 10, 12, margin=20)
    at = facade_targets(scene, 2.0)
    for engine in ENGINES:
        lit = sunlit(scene, [NOON], at, engine)[0]
        assert lit.tolist() == (at.normals @ sun(scene, NOON) > 0).tolist()


def test_night_and_midnight_sun() -> None:
    tromso = Place(69.65, 18.96, timezone="Europe/Oslo")
    scene = box(margin=20, place=tromso)
    assert shadow_mask(scene, pd.Timestamp("2026-12-21 12:00", tz="Europe/Oslo")).all()
    midnight = shadow_mask(scene, pd.Timestamp("2026-06-21 00:30", tz="Europe/Oslo"))
    assert not midnight[:20].any()  # the sun is in the north: the shadow falls to the south
    assert midnight[30:, 22:28].all()


def test_south_of_the_equator_shadows_fall_to_the_south() -> None:
    scene = box(place=Place(-37.5665, 126.978))
    shade = shadow_mask(scene, pd.Timestamp("2024-06-21 12:30", tz="Asia/Seoul"))
    assert not shade[:60].any()
    assert shade[70:, 60:70].sum(axis=0) == pytest.approx(np.full(10, 10 / tan(radians(29.0))), abs=1.0)


def test_convergence_turns_the_shadow_with_the_grid() -> None:
    """In a grid whose north bears 20° east of true north, noon's shadow runs 20° to the left."""
    turned = replace(SEOUL, convergence=20.0)
    scene = box(4, 4, 20, margin=60, place=turned)
    shade = shadow_mask(scene, NOON)
    row, column = np.nonzero(shade)
    east, north = column.mean() + 0.5 - 62, scene.north - row.mean() - 0.5 - 62
    assert np.degrees(np.arctan2(east, north)) == pytest.approx(-20.0, abs=1.0)
    assert np.hypot(east, north) == pytest.approx(18.05 + 2 * cos(radians(20)), rel=0.1)
