"""Ways on foot over cells: around walls, over bridges, to what is reached first, and no way at all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import shapely

from analysis.walking import BRIDGE, BUILDING, CELL, OPEN, WATER, WalkingGround, Way, Window, way
from tests.unit.ar_models import street
from tests.unit.sensor_models import ORIGIN
from twin.store import open_city


def field(size: int = 101) -> Window:
    """Open ground of size x size cells; its middle is at (0, 0)."""
    half = size * CELL / 2
    return Window(np.zeros((size, size), np.uint8), -half, half)


def fill(window: Window, kind: int, west: float, south: float, east: float, north: float) -> None:
    """The cells with their middles in a rectangle."""
    rows, columns = window.kinds.shape
    x, y = window.middles(np.arange(rows * columns)).T
    inside = (x > west) & (x < east) & (y > south) & (y < north)
    window.kinds[inside.reshape(rows, columns)] = kind


def walked(window: Window, start: tuple[float, float], *goals: tuple[float, float]) -> Way:
    found = way(window, np.array(start), [shapely.Point(goal) for goal in goals])
    assert found is not None
    return found


def test_over_open_ground_it_is_straight() -> None:
    for goal in ((80.0, 0.0), (60.0, 60.0), (50.0, 25.0), (70.0, 20.0), (-31.0, -77.0)):
        found = walked(field(), (0.0, 0.0), goal)
        beeline = float(np.hypot(*goal))
        assert found.length == pytest.approx(beeline)
        assert found.line[0].tolist() == [0.0, 0.0]
        assert found.line[-1].tolist() == list(goal)
        assert found.length == pytest.approx(np.hypot(*np.diff(found.line, axis=0).T).sum())


def test_around_a_wall_it_is_as_long_as_around_its_end() -> None:
    window = field()
    fill(window, BUILDING, 19, -41, 25, 61)
    found = walked(window, (0.0, 0.0), (44.0, 0.0))
    around = np.hypot(19, 41) + 6 + np.hypot(19, 41)  # the southern end is nearer
    assert around - 1 <= found.length <= around + 2 * CELL
    assert found.line[:, 1].min() < -40
    wall = shapely.box(20, -40, 24, 60)
    assert not shapely.intersects(shapely.LineString(found.line), wall)


def test_water_is_crossed_on_the_bridge_alone() -> None:
    window = field()
    fill(window, WATER, 19, -200, 31, 200)
    start, goal = (0.0, 0.0), (50.0, 0.0)
    assert way(window, np.array(start), [shapely.Point(goal)]) is None
    fill(window, BRIDGE, 19, 39, 31, 45)
    found = walked(window, start, goal)
    crossing = found.line[(found.line[:, 0] > 19) & (found.line[:, 0] < 31)]
    assert len(crossing)
    assert ((crossing[:, 1] > 38) & (crossing[:, 1] < 46)).all()
    assert found.on_bridge[(found.line[:, 0] > 19) & (found.line[:, 0] < 31)].all()
    assert not found.on_bridge[[0, -1]].any()


def test_a_diagonal_does_not_slip_between_two_corners() -> None:
    window = field(41)
    fill(window, WATER, -100, -1, 100, 1)
    row, column = 20, 20
    window.kinds[row, column] = OPEN
    window.kinds[row, : column + 1] = BUILDING
    window.kinds[row + 1, column + 1 :] = BUILDING
    window.kinds[row, column + 1 :] = OPEN
    assert way(window, np.array([0.0, 20.0]), [shapely.Point(0.0, -20.0)]) is None


def test_what_is_reached_first_wins_and_not_what_is_nearest_on_the_map() -> None:
    window = field()
    fill(window, BUILDING, 9, -81, 13, 81)
    found = walked(window, (0.0, 0.0), (20.0, 0.0), (-40.0, 0.0))
    assert found.goal == 1
    assert found.length == pytest.approx(40, abs=1e-6)


def test_nothing_reaches_what_is_walled_in_nor_what_is_off_the_field() -> None:
    window = field()
    fill(window, BUILDING, 30, -20, 70, 20)
    fill(window, OPEN, 40, -10, 60, 10)
    assert way(window, np.array([0.0, 0.0]), [shapely.Point(50.0, 0.0)]) is None
    assert way(window, np.array([0.0, 0.0]), [shapely.Point(500.0, 0.0)]) is None
    assert way(window, np.array([500.0, 0.0]), [shapely.Point(0.0, 0.0)]) is None


def test_from_inside_a_building_it_starts_at_the_nearest_open_ground() -> None:
    window = field()
    fill(window, BUILDING, -15, -15, 15, 15)
    found = walked(window, (10.0, 0.0), (60.0, 0.0))
    assert found.length == pytest.approx(50, abs=CELL)
    assert found.straight == pytest.approx(6, abs=CELL)
    assert walked(window, (30.0, 0.0), (60.0, 0.0)).straight == 0


def test_a_building_as_a_goal_is_reached_at_its_wall() -> None:
    window = field()
    fill(window, BUILDING, 40, -20, 80, 20)
    found = way(window, np.array([0.0, 0.0]), [shapely.box(40, -20, 80, 20)])
    assert found is not None
    assert found.line[-1].tolist() == pytest.approx([40.0, 0.0], abs=CELL)
    assert found.length == pytest.approx(40, abs=CELL)


@pytest.mark.parametrize(
    ("x", "y", "kind"),
    [
        (44, 0, BUILDING),
        (36, 0, OPEN),
        (44, 63, OPEN),
        (105, 0, WATER),
        (105, 83, BRIDGE),
        (98, 83, OPEN),
        (-30, 100, BUILDING),
    ],
)
def test_cells_of_a_city_are_what_its_objects_are(
    ground: tuple[Path, WalkingGround], x: float, y: float, kind: int
) -> None:
    folder, known = ground
    at = np.array(ORIGIN) + [x, y]
    with open_city(folder) as city:
        window = known.window(city, at, 7.0)
    rows, columns = window.kinds.shape
    middles = window.middles(np.arange(rows * columns))
    assert np.abs(middles - at).max(axis=1).min() <= CELL / 2
    nearest = int(np.argmin(np.hypot(*(middles - at).T)))
    assert window.kinds.ravel()[nearest] == kind
    assert np.hypot(*(middles[[0, -1]] - at).T).max() < 15


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, WalkingGround]:
    folder = street(tmp_path_factory.mktemp("walking"))
    with open_city(folder) as city:
        return folder, WalkingGround(city)


def test_windows_of_the_same_ground_agree_wherever_they_lie(ground: tuple[Path, WalkingGround]) -> None:
    folder, known = ground
    with open_city(folder) as city:
        whole = known.window(city, np.array(ORIGIN), 250.0)
        for middle in ([170.0, -120.0], [-33.0, 61.0]):
            part = known.window(city, np.array(ORIGIN) + middle, 60.0)
            column = round((part.west - whole.west) / CELL)
            row = round((whole.north - part.north) / CELL)
            rows, columns = part.kinds.shape
            same = whole.kinds[row : row + rows, column : column + columns]
            assert np.array_equal(same, part.kinds)
