"""Envelopes of bodies whose areas and volumes are known by hand."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.energy.zones import Boundary, Origin, Part
from analysis.errors import AnalysisError
from analysis.sun.scene import Kind
from citygml.model import Attributes, Measure
from tests.sun_scenes import Polygon
from tests.unit.zone_models import (
    area,
    box,
    by_azimuth,
    gable,
    prism,
    rectangle,
    turned,
    vectors,
    zones,
)

WALL, ROOF, FLOOR = Part.WALL, Part.ROOF, Part.FLOOR
OUTSIDE, GROUND, ADIABATIC = Boundary.OUTSIDE, Boundary.GROUND, Boundary.ADIABATIC


def test_a_box_alone() -> None:
    found = zones(box(0, 0, 0, 10, 8, 6))
    assert found.ids == found.building == ["b0"]
    assert found.volume == pytest.approx([480])
    assert found.footprint == pytest.approx([80])
    assert found.height == pytest.approx([6])
    assert by_azimuth(found, 0, WALL) == pytest.approx({0: 60, 90: 48, 180: 60, 270: 48})
    assert area(found, 0, ROOF, OUTSIDE) == pytest.approx(80)
    assert area(found, 0, FLOOR, GROUND) == pytest.approx(80)
    pieces = found.pieces
    assert len(pieces) == 6
    assert sorted(pieces.tilt.round(6)) == [0, 90, 90, 90, 90, 180]
    assert pieces.sky_view == pytest.approx((1 + np.cos(np.radians(pieces.tilt))) / 2)
    assert pieces.height[pieces.part == WALL] == pytest.approx([6] * 4)
    assert np.isnan(pieces.windows).all() and pieces.horizon is None
    assert found.problems[0] == ["no number of storeys", "no year of construction", "no use"]
    assert np.isnan([found.storeys, found.floor_area, found.year]).all()


def test_a_gable_roof_is_counted_with_its_space() -> None:
    found = zones(gable(0, 12, 20, 6, 10), attributes={"b0": {"storeysAboveGround": 2}})
    assert found.volume == pytest.approx([12 * 20 * 8])
    slope = np.hypot(6, 4) * 20
    assert by_azimuth(found, 0, ROOF) == pytest.approx({90: slope, 270: slope})
    tilt = found.pieces.tilt[found.pieces.part == ROOF]
    assert tilt == pytest.approx([np.degrees(np.arctan2(4, 6))] * 2)
    assert by_azimuth(found, 0, WALL) == pytest.approx({90: 120, 270: 120, 0: 96, 180: 96})
    assert found.height == pytest.approx([8])  # the mean height of the roof
    assert found.floor_area == pytest.approx([480])


def test_a_row_of_houses_shares_its_walls() -> None:
    heights = (6.0, 9.0, 5.0)
    found = zones(*(box(k, 7.0 * k, 0, 7, 10, h) for k, h in enumerate(heights)))
    assert area(found, 0, WALL, ADIABATIC) == pytest.approx(60)
    assert by_azimuth(found, 1, WALL, ADIABATIC) == pytest.approx({270: 60, 90: 50})
    assert by_azimuth(found, 1, WALL) == pytest.approx({0: 63, 180: 63, 270: 30, 90: 40})
    assert area(found, 2, WALL, ADIABATIC) == pytest.approx(50)


def test_walls_that_overlap_in_part_share_just_that() -> None:
    found = zones(box(0, 0, 0, 10, 8, 6), box(1, 10, 4, 5, 10, 4))  # 4 m along y, 4 m high
    assert by_azimuth(found, 0, WALL, ADIABATIC) == pytest.approx({90: 16})
    assert by_azimuth(found, 1, WALL, ADIABATIC) == pytest.approx({270: 16})
    assert by_azimuth(found, 0, WALL)[90] == pytest.approx(48 - 16)
    assert by_azimuth(found, 1, WALL)[270] == pytest.approx(40 - 16)


def test_a_gable_end_is_shared_where_the_neighbour_stands() -> None:
    """A flat-roofed neighbour 8 m high stands along half of a gable end: below the slope, it covers all."""
    found = zones(gable(0, 12, 20, 6, 10), box(1, 0, -5, 6, 5, 8))
    covered = 6 * 6 + 0.5 * 3 * 2 + 3 * 2  # eaves' height, then a triangle up to x = 3, then 8 m
    assert by_azimuth(found, 0, WALL, ADIABATIC) == pytest.approx({180: covered})
    assert by_azimuth(found, 1, WALL, ADIABATIC) == pytest.approx({0: covered})


@pytest.mark.parametrize(
    ("gap", "shared"), [(-0.25, 48.0), (0.0, 48.0), (0.25, 48.0), (0.4, 0.0), (3.0, 0.0)]
)
def test_how_far_apart_walls_touch(gap: float, shared: float) -> None:
    found = zones(box(0, 0, 0, 10, 8, 6), box(1, 10 + gap, 0, 10, 8, 6))
    assert area(found, 0, WALL, ADIABATIC) == pytest.approx(shared)
    assert area(found, 1, WALL, ADIABATIC) == pytest.approx(shared)


@pytest.mark.parametrize(("angle", "touch"), [(1.0, True), (4.0, True), (12.0, False)])
def test_how_far_askew_walls_touch(angle: float, touch: bool) -> None:
    askew = turned(box(1, 0, -2, 6, 2.0, 6), angle, (2.0, 0.0, 0.0))
    found = zones(box(0, 0, 0, 12, 8, 6), askew)
    assert (area(found, 0, WALL, ADIABATIC) > 0) == touch


def test_a_tower_on_the_podium_of_another_building() -> None:
    found = zones(box(0, 0, 0, 30, 30, 6), box(1, 10, 10, 10, 10, 40, low=6))
    assert area(found, 0, ROOF, ADIABATIC) == pytest.approx(100)
    assert area(found, 0, ROOF, OUTSIDE) == pytest.approx(800)
    assert area(found, 1, FLOOR, ADIABATIC) == pytest.approx(100)
    assert area(found, 1, FLOOR, GROUND) == 0


def test_what_bodies_of_one_building_share_vanishes() -> None:
    found = zones([*box(0, 0, 0, 30, 30, 6), *box(0, 10, 10, 10, 10, 40, low=6)])
    assert area(found, 0, ROOF, OUTSIDE) == pytest.approx(900)
    assert area(found, 0, FLOOR, GROUND) == pytest.approx(900)
    assert not (found.pieces.boundary == ADIABATIC).any()
    assert found.volume == pytest.approx([900 * 6 + 100 * 34])
    assert found.footprint == pytest.approx([900])
    assert found.height == pytest.approx([40])  # the tower's roof is a ninth of all roofs


def test_a_courtyard_has_walls_of_its_own() -> None:
    found = zones(prism(0, rectangle(0, 0, 20, 20), 0, 5, [rectangle(5, 5, 10, 10)]))
    assert found.volume == pytest.approx([300 * 5])
    assert area(found, 0, WALL, OUTSIDE) == pytest.approx(5 * (80 + 40))
    assert area(found, 0, ROOF, OUTSIDE) == pytest.approx(300)
    assert by_azimuth(found, 0, WALL) == pytest.approx({0: 150, 90: 150, 180: 150, 270: 150})


def test_a_hollow_inside_is_not_volume() -> None:
    hollow = [
        (k, n, [list(reversed(ring)) for ring in rings]) for k, n, rings in box(0, 3, 3, 2, 2, 4, low=2)
    ]
    found = zones([*box(0, 0, 0, 10, 10, 6), *((Kind.OTHER, n, rings) for _, n, rings in hollow)])
    assert found.volume == pytest.approx([600 - 8])


def test_a_passage_has_a_floor_over_open_space() -> None:
    """A gateway 4 m wide and 3 m high through a house 12 m long, 8 m deep and 9 m high."""
    arch = [(0, 0), (4, 0), (4, 3), (8, 3), (8, 0), (12, 0), (12, 9), (0, 9)]
    front = [(x, 0.0, z) for x, z in arch]
    back = [(x, 8.0, z) for x, z in reversed(arch)]
    polygons: list[Polygon] = [(Kind.FACADE, 0, [front]), (Kind.FACADE, 0, [back])]
    for (x0, z0), (x1, z1) in zip(arch, [*arch[1:], arch[0]], strict=True):
        kind = Kind.FACADE if x0 == x1 else Kind.GROUND if z0 < 9 else Kind.ROOF
        polygons.append((kind, 0, [[(x1, 0.0, z1), (x0, 0.0, z0), (x0, 8.0, z0), (x1, 8.0, z1)]]))
    found = zones(polygons)
    assert found.volume == pytest.approx([12 * 8 * 9 - 4 * 8 * 3])
    assert area(found, 0, FLOOR, GROUND) == pytest.approx(64)
    assert area(found, 0, FLOOR, OUTSIDE) == pytest.approx(32)
    assert by_azimuth(found, 0, WALL)[90] == pytest.approx(72 + 24)


def test_a_round_house_has_few_pieces_that_sum_up() -> None:
    angle = np.arange(60) * np.pi / 30
    outline = list(zip((8 * np.cos(angle)).tolist(), (8 * np.sin(angle)).tolist(), strict=True))
    found = zones(prism(0, outline, 0, 6))
    walls = found.pieces.part == WALL
    assert 8 <= walls.sum() <= 16
    assert found.pieces.area[walls].sum() == pytest.approx(60 * 2 * 8 * np.sin(np.pi / 60) * 6)
    north, east, _ = vectors(found, 0)[walls].sum(axis=0)
    assert abs(north) < 0.5 and abs(east) < 0.5


def test_small_directions_go_with_the_nearest_large_one() -> None:
    """A corner cut off by 0.2 m has 0.7 % of the walls, one cut off by 2 m has 8 %."""
    small = zones(prism(0, [(0, 0), (10, 0), (10, 9.8), (9.8, 10), (0, 10)], 0, 6))
    assert set(by_azimuth(small, 0, WALL)) <= {0, 1, 90, 89, 180, 270}
    assert small.pieces.area[small.pieces.part == WALL].sum() == pytest.approx(6 * (39.6 + 0.2 * 2**0.5))
    large = zones(prism(0, [(0, 0), (10, 0), (10, 8), (8, 10), (0, 10)], 0, 6))
    assert by_azimuth(large, 0, WALL)[45] == pytest.approx(6 * 8**0.5)


@pytest.mark.parametrize(
    ("without", "volume", "origin", "said"),
    [
        (["roof"], 480.0, Origin.GUESS, "an open solid"),
        (["0"], 480.0, Origin.MEASURED, "walls are missing"),
        (["0", "2"], 480.0, Origin.MEASURED, "walls are missing"),
        (["ground"], 480.0, Origin.MEASURED, "no ground surface"),
        (["ground", "1", "3"], 480.0, Origin.MEASURED, "walls are missing"),
    ],
)
def test_open_bodies_are_closed_as_far_as_they_can_be_and_said(
    without: list[str], volume: float, origin: Origin, said: str
) -> None:
    found = zones(prism(0, rectangle(0, 0, 10, 8), 0, 6, without=without))
    assert found.volume == pytest.approx([volume])
    assert found.origins["volume"].tolist() == [origin]
    assert any(said in problem for problem in found.problems[0])
    if "ground" in without:
        assert area(found, 0, FLOOR, GROUND) == pytest.approx(80)


def test_an_open_solid_is_divided_evenly_into_storeys() -> None:
    found = zones(prism(0, rectangle(0, 0, 10, 8), 0, 6, without=["roof"]), storeys=True)
    assert found.volume == pytest.approx([240.0, 240.0]) and found.floor_area == pytest.approx([80.0, 80.0])


def test_a_hole_that_is_a_line_is_none() -> None:
    """Such a wall stands against a neighbour as if it had no hole."""
    body = box(0, 0, 0, 10, 8, 6)
    east = next(k for k, (_, _, rings) in enumerate(body) if all(corner[0] == 10 for corner in rings[0]))
    kind, n, rings = body[east]
    body[east] = kind, n, [*rings, [(10, 2, 2), (10, 3, 3)]]
    found = zones(body, box(1, 10, 0, 10, 8, 6))
    assert area(found, 0, WALL, ADIABATIC) == pytest.approx(48)


def test_what_looks_up_at_the_foot_alone_is_no_roof() -> None:
    """The height of a body with its floor and ceiling turned over is that of its walls."""
    over = [(kind, n, [list(reversed(ring)) for ring in rings]) for kind, n, rings in box(0, 0, 0, 10, 8, 6)]
    assert zones(over).height == pytest.approx([6.0])


def test_a_closed_body_has_no_such_problems() -> None:
    told = {"storeysAboveGround": 2, "yearOfConstruction": 1999, "usage": "1"}
    found = zones(box(0, 0, 0, 10, 8, 6), attributes={"b0": told})
    assert found.problems == {} and found.notes == []
    assert {name: values.tolist() for name, values in found.origins.items()} == {
        "volume": [Origin.MEASURED], "floor_area": [Origin.ATTRIBUTE], "storeys": [Origin.ATTRIBUTE],
        "year": [Origin.ATTRIBUTE], "use": [Origin.ATTRIBUTE],
    }  # fmt: skip


def test_tiny_bodies_are_told_and_sheets_are_no_zones() -> None:
    sheet: list[Polygon] = [(Kind.ROOF, 1, [[(20, 0, 3), (24, 0, 3), (24, 4, 3), (20, 4, 3)]])]
    found = zones(box(0, 0, 0, 2, 2, 2), sheet, box(2, 50, 0, 9, 9, 3))
    assert found.ids == ["b0", "b2"]
    assert found.notes == ["1 zones have no volume, and are left out"]
    assert any("tiny: 8.0 m³" in problem for problem in found.problems[0])
    with pytest.raises(AnalysisError, match="no building has a volume"):
        zones([(Kind.FACADE, 0, [[(0, 0, 0), (5, 0, 0), (5, 0, 3), (0, 0, 3)]])])


@pytest.mark.parametrize(
    ("told", "storeys", "floor_area", "problem"),
    [
        ({"storeysAboveGround": 3}, 3, 300, None),
        ({"storeysAboveGround": 9999}, np.nan, np.nan, "no number of storeys"),
        ({"storeysAboveGround": 40}, np.nan, np.nan, "40 storeys do not go with a height of 9.0 m"),
        ({"storeysAboveGround": 3, "floor_area": Measure(280.0, "m2")}, 3, 280, None),
        ({"storeysAboveGround": 3, "floor_area": 3014.0}, 3, 300, "a floor area of 3,014 m²"),
        ({"uro:buildingDetailAttribute": {"totalFloorArea": Measure(250.0, "m2")}}, np.nan, 250, "no number"),
    ],
)
def test_attributes_count_as_far_as_they_fit_the_geometry(
    told: Attributes, storeys: float, floor_area: float, problem: str | None
) -> None:
    found = zones(box(0, 0, 0, 10, 10, 9), attributes={"b0": told})
    assert found.storeys == pytest.approx([storeys], nan_ok=True)
    assert found.floor_area == pytest.approx([floor_area], nan_ok=True)
    said = [text for text in found.problems[0] if "storeys" in text or "floor area" in text]
    assert (len(said) == 0) if problem is None else any(problem in text for text in said)


@pytest.mark.parametrize(
    ("told", "storeys", "floor_area", "problem"),
    [
        ({"storeysAboveGround": 3, "floor_area": 400.0}, 3, 300, "counts 1 storeys below the ground; 300 m²"),
        ({"storeysAboveGround": 3, "floor_area": 300.0}, 3, 300, None),
        ({"storeysAboveGround": 3, "floor_area": 320.0}, 3, 320, None),
        ({"storeysAboveGround": 3}, 3, 300, None),
        ({"totArea": 400.0}, np.nan, 300, "counts 1 storeys below"),
        ({"floors": 5}, 4, 400, None),
    ],
)
def test_what_lies_below_the_ground_is_no_floor_area(
    told: Attributes, storeys: float, floor_area: float, problem: str | None
) -> None:
    below = {"storeysBelowGround": 1}
    found = zones(box(0, 0, 0, 10, 10, 9), attributes={"b0": told | below})
    assert found.storeys == pytest.approx([storeys], nan_ok=True)
    assert found.floor_area == pytest.approx([floor_area])
    said = [text for text in found.problems[0] if "below the ground" in text]
    assert len(said) == (problem is not None) and all(str(problem) in text for text in said)
    assert found.volume == pytest.approx([900.0])


def test_storeys_share_out_what_the_building_has() -> None:
    whole = zones(gable(0, 12, 20, 6, 10), attributes={"b0": {"storeysAboveGround": 2}})
    found = zones(gable(0, 12, 20, 6, 10), attributes={"b0": {"storeysAboveGround": 2}}, storeys=True)
    assert found.ids == ["b0/1", "b0/2"] and found.building == ["b0", "b0"]
    assert found.volume == pytest.approx([240 * 4, 240 * 4])
    assert found.floor_area.sum() == pytest.approx(whole.floor_area.sum())
    assert by_azimuth(found, 0, WALL) == pytest.approx({0: 48, 90: 80, 180: 48, 270: 80})
    assert by_azimuth(found, 1, WALL) == pytest.approx({0: 48, 90: 40, 180: 48, 270: 40})
    assert area(found, 0, ROOF, ADIABATIC) == pytest.approx(240) == area(found, 1, FLOOR, ADIABATIC)
    assert area(found, 0, FLOOR, GROUND) == pytest.approx(240) and area(found, 1, FLOOR, GROUND) == 0
    assert area(found, 1, ROOF, OUTSIDE) == pytest.approx(area(whole, 0, ROOF, OUTSIDE))
    for zone in (0, 1):
        assert vectors(found, zone).sum(axis=0) == pytest.approx([0, 0, 0], abs=1e-9)


def test_neighbours_that_are_not_asked_for_touch_all_the_same() -> None:
    found = zones(box(0, 0, 0, 7, 10, 6), box(1, 7, 0, 7, 10, 9), only=["b1"])
    assert found.ids == ["b1"]
    assert area(found, 0, WALL, ADIABATIC) == pytest.approx(60)
