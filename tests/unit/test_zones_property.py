"""What holds for the envelopes of any blocks of houses, wherever and however they stand."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from analysis.energy.zones import Boundary, Part
from tests.sun_scenes import Polygon, surfaces_of
from tests.unit.zone_models import area, box, by_azimuth, prism, turned, vectors, zones

Spans = tuple[tuple[float, float], tuple[float, float]]
HEIGHTS = st.lists(st.sampled_from([0.0, 3.0, 4.5, 6.0, 9.0, 12.0]), min_size=4, max_size=9).filter(
    lambda heights: sum(h > 0 for h in heights) >= 2
)


def block(heights: list[float], columns: int) -> list[list[Polygon]]:
    """Houses side by side and back to back, 5 to 8 m wide and 7 to 9 m deep; none where the height is 0."""
    x = np.cumsum([0.0, *(5.0 + k % 4 for k in range(columns))])
    y = np.cumsum([0.0, *(7.0 + k % 3 for k in range(len(heights)))])
    houses: list[list[Polygon]] = []
    for k, height in enumerate(heights):
        row, column = divmod(k, columns)
        if height > 0:
            place = (x[column], y[row], x[column + 1] - x[column], y[row + 1] - y[row])
            houses.append(box(len(houses), *place, height))
    return houses


@given(heights=HEIGHTS, columns=st.integers(1, 3))
@settings(max_examples=25, deadline=None)
def test_each_envelope_is_closed(heights: list[float], columns: int) -> None:
    """The area vectors of a zone's pieces, those shared with others included, cancel."""
    found = zones(*block(heights, columns))
    for zone in range(len(found)):
        assert vectors(found, zone).sum(axis=0) == pytest.approx([0, 0, 0], abs=1e-6)


@given(heights=HEIGHTS, columns=st.integers(1, 3))
@settings(max_examples=25, deadline=None)
def test_shared_walls_face_one_another(heights: list[float], columns: int) -> None:
    """All that is shared cancels, since each has it from its side; and none is lost: the outside of houses as
    neighbours and what they share are the outside of each alone."""
    houses = block(heights, columns)
    found = zones(*houses)
    shared = found.pieces.boundary == Boundary.ADIABATIC
    every = np.concatenate([vectors(found, zone) for zone in range(len(found))])
    assert every[shared].sum(axis=0) == pytest.approx([0, 0, 0], abs=1e-6)
    alone = [zones([(kind, 0, rings) for kind, _, rings in house]) for house in houses]
    assert found.pieces.area.sum() == pytest.approx(sum(one.pieces.area.sum() for one in alone))
    assert found.volume == pytest.approx(np.concatenate([one.volume for one in alone]))


SPAN = st.tuples(st.integers(0, 30), st.integers(1, 20)).map(lambda at: (at[0] / 2, (at[0] + at[1]) / 2))


@given(
    left=st.tuples(SPAN, SPAN),
    right=st.lists(st.tuples(SPAN, SPAN), min_size=1, max_size=3),
    turn=st.floats(0, 90),
)
@settings(max_examples=40, deadline=None)
def test_shared_walls_by_hand(left: Spans, right: list[Spans], turn: float) -> None:
    """Boxes on both sides of the plane x = 0, each with a span along y and one of heights: what two share is
    the product of the overlaps of their spans."""

    def overlap(a: Spans, b: Spans) -> float:
        along = [min(p[1], q[1]) - max(p[0], q[0]) for p, q in zip(a, b, strict=True)]
        return max(along[0], 0.0) * max(along[1], 0.0)

    def house(n: int, x: float, spans: Spans) -> list[Polygon]:
        (south, north), (low, high) = spans
        return turned(box(n, x, south, 5.0, north - south, high, low), turn)

    assume(not any(overlap(a, b) > 0 for a, b in combinations(right, 2)))  # two cannot stand in one place
    found = zones(house(0, -5.0, left), *(house(k + 1, 0.0, each) for k, each in enumerate(right)))
    expected = [overlap(left, each) for each in right]
    assert area(found, 0, Part.WALL, Boundary.ADIABATIC) >= sum(expected) - 1e-6
    for k, shared in enumerate(expected):
        towards = by_azimuth(found, k + 1, Part.WALL, Boundary.ADIABATIC)
        assert towards.get(round(270 - turn) % 360, 0.0) == pytest.approx(shared, abs=1e-6)


@given(
    heights=HEIGHTS,
    columns=st.integers(1, 3),
    angle=st.floats(0, 360),
    shift=st.tuples(st.floats(-5e5, 5e5), st.floats(0, 5e6), st.floats(-50, 900)),
)
@settings(max_examples=25, deadline=None)
def test_turning_and_moving_change_nothing_but_azimuths(
    heights: list[float], columns: int, angle: float, shift: tuple[float, float, float]
) -> None:
    houses = block(heights, columns)
    found = zones(*houses)
    other = zones(*(turned(house, angle, shift) for house in houses))
    assert other.volume == pytest.approx(found.volume, rel=1e-6)
    assert other.height == pytest.approx(found.height, abs=1e-6)
    for zone in range(len(found)):
        assert _sorted(other, zone, angle) == pytest.approx(_sorted(found, zone), abs=1e-3)


@given(heights=HEIGHTS, columns=st.integers(1, 3), seed=st.integers(0, 1000))
@settings(max_examples=15, deadline=None)
def test_the_order_of_buildings_does_not_matter(heights: list[float], columns: int, seed: int) -> None:
    houses = block(heights, columns)
    order = np.random.default_rng(seed).permutation(len(houses))
    found = zones(*houses)
    other = zones(*([(kind, n, rings) for kind, _, rings in houses[k]] for n, k in enumerate(order)))
    assert other.volume == pytest.approx(found.volume[order])
    for n, k in enumerate(order.tolist()):
        assert _sorted(other, n) == pytest.approx(_sorted(found, k), abs=1e-9)


@given(st.lists(st.tuples(st.floats(3, 20), st.floats(0.4, 0.9)), min_size=4, max_size=9), st.floats(1, 40))
@settings(max_examples=40, deadline=None)
def test_volumes_by_two_ways(corners: list[tuple[float, float]], height: float) -> None:
    """The divergence theorem over a prism's faces, signed tetrahedra over its triangles, and outline times
    height."""
    angles = np.cumsum([step for _, step in corners])
    angles *= 2 * np.pi / angles[-1]
    outline = [(r * np.cos(a), r * np.sin(a)) for (r, _), a in zip(corners, angles, strict=True)]
    x, y = np.array(outline).T
    by_hand = (np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2 * height
    polygons = prism(0, outline, 2.0, 2.0 + height)
    surfaces = surfaces_of(polygons)
    a, b, c = (surfaces.vertices[surfaces.triangles[:, k]] for k in range(3))
    by_tetrahedra = np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6
    assert zones(polygons).volume == pytest.approx([by_hand], rel=1e-6)
    assert by_tetrahedra == pytest.approx(by_hand, rel=1e-6)


def _sorted(found: Any, zone: int, back: float = 0.0) -> Any:
    """Area, part, boundary and direction of a zone's pieces in an order that does not depend on rounding;
    azimuths turned back by an angle [degrees]."""
    of = slice(found.first[zone], found.first[zone + 1])
    pieces = found.pieces
    bearing = np.radians(pieces.azimuth[of] + back)
    wall = pieces.part[of] == Part.WALL
    rows = np.column_stack(
        [
            pieces.part[of],
            pieces.boundary[of],
            np.where(wall, np.cos(bearing), 0.0).round(3) + 0.0,
            np.where(wall, np.sin(bearing), 0.0).round(3) + 0.0,
            pieces.area[of],
        ]
    )
    return rows[np.lexsort(rows.T[::-1])]
