"""Ways out of water, over grids of streets on which the shortest way is known."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.errors import AnalysisError
from analysis.scene.grid import Grid
from analysis.warning.routes import Network, evacuate, network, table

GRID = Grid(0.0, 200.0, 2.0, 100, 100, "EPSG:5187")
SQUARE = [shapely.box(20, 20, 180, 180).difference(shapely.box(30, 30, 170, 170))]  # a ring road 10 m wide
SOUTH_WEST, NORTH_EAST = (25.0, 25.0), (175.0, 175.0)


def dry() -> np.ndarray:
    return np.zeros(GRID.shape, np.float32)


def cells_of(shape: shapely.Geometry) -> np.ndarray:
    x, y = GRID.centres().T
    return shapely.contains_xy(shape, x, y).reshape(GRID.shape)


def test_around_the_ring_and_no_longer_than_it_must_be() -> None:
    (route,) = evacuate(network(GRID, SQUARE, 0.0, dry()), [SOUTH_WEST], [NORTH_EAST])
    assert route.destination == 0 and route.why == "" and route.max_depth == 0.0
    # straight lines over the inner corner of the ring: from (25, 25) by (30, 170) to (175, 175)
    shortest = 2 * np.hypot(5.0, 145.0)
    assert shortest * 0.98 <= route.length <= shortest * 1.04
    assert route.time == pytest.approx(route.length / 1.0, rel=1e-6)
    assert route.line[0].tolist() == list(SOUTH_WEST) and route.line[-1].tolist() == list(NORTH_EAST)
    road = shapely.buffer(SQUARE[0], 2.0)
    assert shapely.covers(road, shapely.LineString(route.line))


@settings(max_examples=30, deadline=None)
@given(st.tuples(*[st.floats(5, 195)] * 4))
def test_on_an_open_square_ways_are_almost_straight(ends) -> None:
    net = network(GRID, [shapely.box(0, 0, 200, 200)], 0.0, dry())
    a, b = np.array(ends[:2]), np.array(ends[2:])
    (route,) = evacuate(net, [a], [b])
    straight = float(np.hypot(*(a - b)))
    # 1 / cos(13.28°) = 1.0275 for sixteen directions, and up to half a cell's diagonal at both ends
    assert straight - 1e-6 <= route.length <= straight * 1.0275 + 4 * 1.4143


def test_deep_water_on_one_side_means_the_other() -> None:
    water = dry()
    water[cells_of(shapely.box(0, 90, 60, 110))] = 0.8  # across the western street
    (route,) = evacuate(network(GRID, SQUARE, 0.0, water), [SOUTH_WEST], [NORTH_EAST])
    assert route.destination == 0 and route.max_depth == 0.0
    assert route.line[:, 0].max() > 165 and route.line[:, 1].max() == 175.0
    shallow = np.where(water > 0, np.float32(0.2), water)
    shallow[cells_of(shapely.box(90, 0, 110, 60))] = 0.25  # and across the southern
    (wading,) = evacuate(network(GRID, SQUARE, 0.0, shallow), [SOUTH_WEST], [NORTH_EAST])
    assert wading.destination == 0 and wading.max_depth == pytest.approx(0.2, abs=0.051)


def test_no_way_says_so() -> None:
    water = dry()
    water[cells_of(shapely.box(0, 90, 200, 110))] = 0.8
    net = network(GRID, SQUARE, 0.0, water)
    (cut,) = evacuate(net, [SOUTH_WEST], [NORTH_EAST])
    assert cut.destination is None and "deeper than 0.3 m" in cut.why
    (drowned,) = evacuate(net, [(25.0, 100.0)], [NORTH_EAST])
    assert drowned.destination is None and "already under" in drowned.why
    (far,) = evacuate(network(GRID, SQUARE, 0.0, dry()), [(100.0, 100.0)], [NORTH_EAST], reach=20.0)
    assert far.destination is None and "no road within 20 m" in far.why
    (wet,) = evacuate(network(GRID, SQUARE, 0.0, dry() + 0.1), [SOUTH_WEST], [NORTH_EAST])
    assert wet.destination is None and "no destination is dry" in wet.why
    frame = table([cut, drowned], net)
    assert frame["destination"].tolist() == [-1, -1] and frame.geometry.isna().all()


def test_the_depth_counts_when_one_comes_by() -> None:
    """The western street floods between 100 and 200 s; its middle is 75 s away."""
    times = [0.0, 100.0, 200.0, 4000.0]
    water = np.zeros((4, *GRID.shape), np.float32)
    water[2:, cells_of(shapely.box(0, 90, 60, 110))] = 2.0
    water[2:, cells_of(shapely.box(90, 0, 110, 60))] = 2.0
    net = network(GRID, SQUARE, times, water)
    (early,) = evacuate(net, [SOUTH_WEST], [NORTH_EAST])
    assert early.destination == 0 and early.max_depth <= 0.3
    (late,) = evacuate(net, [SOUTH_WEST], [NORTH_EAST], start=60.0)
    assert late.destination is None
    (fast,) = evacuate(network(GRID, SQUARE, times, water, speed=2.0), [SOUTH_WEST], [NORTH_EAST], start=60.0)
    assert fast.destination == 0 and fast.time == pytest.approx(fast.length / 2.0)


def test_the_first_to_be_reached_of_the_dry_ones() -> None:
    water = dry()
    water[cells_of(shapely.box(160, 20, 180, 40))] = 0.2  # the near corner is wet, though passable
    places = [(175.0, 25.0), (175.0, 100.0), NORTH_EAST]
    routes = evacuate(network(GRID, SQUARE, 0.0, water), [SOUTH_WEST, (25.0, 175.0)], places)
    assert [r.destination for r in routes] == [1, 2]
    frame = table(routes, network(GRID, SQUARE, 0.0, water), ["corner", "east", "north-east"])
    assert frame["name"].tolist() == ["east", "north-east"] and frame.crs.to_epsg() == 5187
    assert np.allclose(frame.length, [r.length for r in routes])


def test_lines_are_roads_too_and_corners_are_not_cut() -> None:
    lines = [shapely.LineString([(25, 25), (25, 175)]), shapely.LineString([(25, 175), (175, 175)])]
    (route,) = evacuate(network(GRID, lines, 0.0, dry(), line_width=2.0), [SOUTH_WEST], [NORTH_EAST])
    assert route.length == pytest.approx(300.0, rel=0.03)
    passable = np.zeros((4, 4), bool)
    passable[[0, 1, 2, 3], [0, 1, 2, 3]] = True  # cells that touch at corners alone
    small = Grid(0.0, 8.0, 2.0, 4, 4, "EPSG:5187")
    net = Network(small, passable, np.zeros(1), np.zeros((1, 4, 4), np.float32))
    (none,) = evacuate(net, [(1.0, 7.0)], [(7.0, 1.0)])
    assert none.destination is None


def test_ground_without_a_depth_is_not_passed() -> None:
    water = dry()
    water[cells_of(shapely.box(0, 90, 60, 110))] = np.nan
    water[cells_of(shapely.box(90, 0, 110, 60))] = np.nan
    (route,) = evacuate(network(GRID, SQUARE, 0.0, water), [SOUTH_WEST], [NORTH_EAST])
    assert route.destination is None


def test_a_bridge_stands_above_the_water() -> None:
    water = dry()
    water[cells_of(shapely.box(0, 90, 200, 110))] = 2.0
    deck = shapely.box(20, 86, 30, 114)
    (route,) = evacuate(network(GRID, SQUARE, 0.0, water, bridges=[deck]), [SOUTH_WEST], [NORTH_EAST])
    assert route.destination == 0 and route.max_depth == 0.0
    assert shapely.crosses(shapely.LineString(route.line), deck)


def test_what_is_no_network() -> None:
    with pytest.raises(AnalysisError, match="no roads"):
        network(GRID, [], 0.0, dry())
    with pytest.raises(AnalysisError, match="no road lies on the grid"):
        network(GRID, [shapely.box(900, 900, 950, 950)], 0.0, dry())
    with pytest.raises(AnalysisError, match=r"\(1, 3, 3\)"):
        network(GRID, SQUARE, 0.0, np.zeros((3, 3)))
    with pytest.raises(AnalysisError, match="increasing"):
        network(GRID, SQUARE, [0.0, 0.0], np.zeros((2, *GRID.shape)))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000))
def test_one_search_for_all_finds_what_a_search_for_each_finds(seed: int) -> None:
    random = np.random.default_rng(seed)
    grid = Grid(0.0, 250.0, 10.0, 25, 30, "EPSG:5187")
    roads = random.random(grid.shape) < 0.6
    depths = np.where(random.random(grid.shape) < 0.2, 0.5, 0.02).astype(np.float32)
    ends = random.uniform(10, 240, (8, 2))
    still = Network(grid, roads, np.zeros(1), depths[None])
    moving = Network(grid, roads, np.array([0.0, 1e6]), np.stack([depths, depths]))
    together = evacuate(still, ends[:5], ends[5:])
    for one, other in zip(together, evacuate(moving, ends[:5], ends[5:]), strict=True):
        assert (one.destination is None, one.why) == (other.destination is None, other.why)
        assert one.time == pytest.approx(other.time, abs=1e-6)
        if one.destination is not None:
            assert one.max_depth <= still.limit
            straight = np.hypot(*np.diff(one.line[1:-1], axis=0).T).sum()
            assert straight <= one.time * still.speed + 1e-6
