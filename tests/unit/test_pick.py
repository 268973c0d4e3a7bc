"""What is pointed at: geometry by hand, symmetry, and probabilities that are what they say."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.errors import AnalysisError
from analysis.views.pick import Piece, Solids, pick


def piece(boxes: Mapping[int, tuple[float, ...]], frame: Any = None) -> Piece:
    """Boxes by number: west, south, east, north, height."""
    vertices, triangles, owner = [np.empty((0, 3))], [np.empty((0, 3), np.int64)], [np.empty(0, np.int64)]
    for number, (west, south, east, north, height) in boxes.items():
        made = trimesh.creation.box(bounds=[[west, south, 0.0], [east, north, height]])
        triangles.append(made.faces + sum(map(len, vertices)))
        vertices.append(made.vertices)
        owner.append(np.full(len(made.faces), number))
    corners = np.array([box[:4] for box in boxes.values()])
    bounds = np.array([corners[:, :2].min(axis=0), corners[:, 2:].max(axis=0)])
    solids = Solids(np.concatenate(vertices), np.concatenate(triangles), np.concatenate(owner), frame)
    return Piece(bounds, lambda: solids)


NORTH = {7: (-10.0, 20.0, 10.0, 30.0, 9.0), 8: (-10.0, 40.0, 10.0, 50.0, 30.0)}


def test_without_errors_it_is_the_first_thing_on_the_ray() -> None:
    found = pick([piece(NORTH)], [0.0, 0.0, 1.6], 0.0, 0.0)
    assert [(hit.thing, hit.probability) for hit in found.hits] == [(7, 1.0)]
    assert found.hits[0].distance == pytest.approx(20.0, abs=1e-4)
    assert found.hits[0].point == pytest.approx((0.0, 20.0, 1.6), abs=1e-4)
    over = pick([piece(NORTH)], [0.0, 0.0, 1.6], 0.0, np.degrees(np.arctan2(20.0, 40.0)))
    assert [hit.thing for hit in over.hits] == [8], "over the roof of the nearer one"
    assert pick([piece(NORTH)], [0.0, 0.0, 1.6], 180.0, 0.0).nothing == 1.0
    assert pick([piece(NORTH)], [0.0, 0.0, 1.6], 0.0, 0.0, reach=19.0).nothing == 1.0
    assert pick([], [0.0, 0.0, 1.6], 0.0, 0.0).nothing == 1.0


def test_pieces_do_not_change_what_is_found() -> None:
    apart = [piece({number: box}) for number, box in NORTH.items()]
    how: dict[str, Any] = {"position_error": 3.0, "heading_error": 5.0, "pitch_error": 3.0}
    together = pick([piece(NORTH)], [0.0, 0.0, 1.6], 3.0, 8.0, **how)
    assert pick(apart, [0.0, 0.0, 1.6], 3.0, 8.0, **how) == together
    assert pick(apart[::-1], [0.0, 0.0, 1.6], 3.0, 8.0, **how) == together


def test_two_alike_are_equally_likely() -> None:
    twins = {1: (-30.0, 20.0, 0.0, 30.0, 30.0), 2: (0.0, 20.0, 30.0, 30.0, 30.0)}
    found = pick([piece(twins)], [0.0, 0.0, 1.6], 0.0, 0.0, position_error=3.0, heading_error=5.0)
    assert [hit.probability for hit in found.hits] == pytest.approx([0.5, 0.5], abs=0.02)


def test_a_viewer_is_not_within_a_wall() -> None:
    """The phone says that it is 1 m inside; whoever points north from outside stands south of the house or
    north of it."""
    found = pick([piece(NORTH)], [0.0, 21.0, 1.6], 0.0, 0.0, position_error=6.0)
    first = {hit.thing: hit.probability for hit in found.hits}
    assert first[7] > 0.9
    assert found.hits[0].distance > 0.01


def test_frames_turn_with_their_solids() -> None:
    angle = np.radians(30.0)
    turned = np.eye(4)
    turned[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    turned[:3, 3] = 100.0, 50.0, 3.0
    moved = piece(NORTH, turned)
    wide = Piece(np.array([[-500.0, -500.0], [500.0, 500.0]]), moved.load)
    found = pick([wide], turned[:3, 3] + [0.0, 0.0, 1.6], -30.0, 0.0)
    (hit,) = found.hits
    assert hit.thing == 7
    assert hit.distance == pytest.approx(20.0, abs=1e-3)


@settings(max_examples=30, deadline=None)
@given(
    heading=st.floats(-360, 360),
    pitch=st.floats(-90, 90),
    east=st.floats(-15, 15),
    position_error=st.floats(0, 30),
    heading_error=st.floats(0, 40),
)
def test_probabilities_add_up_to_one(
    heading: float, pitch: float, east: float, position_error: float, heading_error: float
) -> None:
    found = pick(
        [piece(NORTH)],
        [east, 0.0, 1.6],
        heading,
        pitch,
        position_error=position_error,
        heading_error=heading_error,
    )
    assert sum(hit.probability for hit in found.hits) + found.nothing == pytest.approx(1.0)
    order = [hit.probability for hit in found.hits]
    assert order == sorted(order, reverse=True)


WRONG: list[dict[str, Any]] = [
    {"heading": np.nan},
    {"reach": 0.0},
    {"position_error": -1.0},
    {"pitch_error": np.inf},
]


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_refused(wrong: dict[str, Any]) -> None:
    asked: dict[str, Any] = {"heading": 0.0, "pitch": 0.0, **wrong}
    with pytest.raises(AnalysisError):
        pick([piece(NORTH)], [0.0, 0.0, 1.6], **asked)


def test_more_solids_than_a_process_has_thread_local_keys() -> None:
    wall = {7: (-5.0, 10.0, 5.0, 12.0, 9.0)}
    with ThreadPoolExecutor(2) as threads:
        pieces = list(threads.map(lambda _: piece(wall), range(1100)))
    for made in pieces[::100]:
        (hit,) = pick([made], [0.0, 0.0, 1.6], 0.0, 0.0).hits
        assert hit.thing == 7
