"""The plan of the sample district: how many buildings, where, and that nothing stands in anything else."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.synth.blocks import TREE_CLEARANCE, make_designs
from twin.synth.design import Spec
from twin.synth.plan import ORIGIN, Frame


def footprint(spec: Spec) -> shapely.Geometry:
    return shapely.union_all([shapely.Polygon(m.footprint) for m in spec.masses])


@given(st.integers(1, 900), st.integers(0, 2**31))
@settings(max_examples=25, deadline=None)
def test_a_district_has_exactly_the_buildings_asked_for(buildings: int, seed: int) -> None:
    plan, designs = make_designs(buildings, seed)
    assert sum(len(d.buildings) for d in designs) == buildings
    assert [d.block.key for d in designs] == [b.key for b in plan.blocks]


def test_a_larger_district_covers_more_ground() -> None:
    areas = []
    for buildings in (10, 300, 3000):
        west, south, east, north = make_designs(buildings, 7)[0].world_bounds()
        areas.append((east - west) * (north - south))
    assert areas[0] < areas[1] < areas[2] / 4


@given(st.lists(st.tuples(st.floats(-5e3, 5e3), st.floats(-5e3, 5e3)), min_size=1, max_size=20))
def test_the_frame_goes_to_the_world_and_back(points: list[tuple[float, float]]) -> None:
    frame = Frame()
    local = np.array(points)
    world = frame.to_world(local)
    np.testing.assert_allclose(frame.to_local(world), local, atol=1e-6)
    np.testing.assert_allclose(np.hypot(*(world - ORIGIN).T), np.hypot(*local.T), atol=1e-6)


def test_the_origin_is_where_the_plan_says() -> None:
    pyproj = pytest.importorskip("pyproj")
    to = pyproj.Transformer.from_crs("EPSG:5187", "EPSG:4326", always_xy=True)
    longitude, latitude = to.transform(*ORIGIN)
    assert (longitude, latitude) == pytest.approx((128.93, 35.13), abs=1e-4)


@pytest.mark.parametrize("seed", [7, 8, 9])
def test_buildings_keep_to_their_block_and_apart(seed: int) -> None:
    plan, designs = make_designs(400, seed)
    shapes = []
    for design in designs:
        south, north = plan.block_y(design.block)
        y = np.linspace(south, north, 20)
        west, east = plan.block_sides(design.block, y)
        block = shapely.Polygon(np.concatenate([np.c_[east, y], np.c_[west, y][::-1]]))
        for spec in design.buildings:
            shape = footprint(spec)
            assert block.covers(shape), spec.name_en
            shapes.append(shape)
    first, second = shapely.STRtree(shapes).query(shapes, predicate="overlaps")
    shared = [shapes[a].intersection(shapes[b]).area for a, b in zip(first, second, strict=True) if a < b]
    assert max(shared, default=0.0) < 1e-6


@pytest.mark.parametrize("seed", [7, 8])
def test_no_tree_stands_in_a_building(seed: int) -> None:
    _, designs = make_designs(400, seed)
    for design in designs:
        trees = shapely.points([(x, y) for x, y, _ in design.trees])
        for spec in design.buildings:
            assert not len(trees) or shapely.distance(footprint(spec), trees).min() > 0.99 * TREE_CLEARANCE


def test_blocks_have_every_use() -> None:
    _, designs = make_designs(1500, 7)
    kinds = {d.block.kind for d in designs}
    assert kinds >= {"detached", "row", "apartment", "commercial", "mixed", "landmark"}
    assert kinds >= {"school", "industry", "waterfront", "park"}
    masses = {m.kind for d in designs for b in d.buildings for m in b.masses}
    assert masses == {"flat", "plain", "gabled", "hipped", "shed", "pyramid", "barrel", "sawtooth"}


def test_streets_between_two_streams_do_not_cross() -> None:
    plan, _ = make_designs(3000, 3)
    y = np.linspace(plan.row_y[0], plan.row_y[-1], 200)
    lines = []
    for strip in range(plan.strips):
        lines.append(plan.stream_x(strip, y) + plan.stream_half[strip])
        lines += [plan.street_x(strip, j, y) for j in range(plan.columns + 1)]
    lines.append(plan.stream_x(plan.strips, y) - plan.stream_half[-1])
    assert np.diff(np.array(lines), axis=0).min() > 40.0
