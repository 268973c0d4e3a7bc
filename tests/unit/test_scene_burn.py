"""Outlines into cells: cover, numbers, edges where water leaves the grid."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from analysis.scene import stage_boundaries
from analysis.scene.burn import cover, numbered
from analysis.scene.series import Stage
from analysis.scene.water import edge_runs
from tests.unit.scene_models import flat_grid

GRID, _ = flat_grid()


def test_cover_is_the_share_of_each_cell() -> None:
    share = cover([shapely.box(2.0, 3.0, 5.5, 4.25)], GRID)
    assert share.sum() == pytest.approx(3.5 * 1.25)
    assert share[20 - 4, 2:7].tolist() == [1, 1, 1, 0.5, 0]
    assert share[20 - 5, 2:7].tolist() == [0.25, 0.25, 0.25, 0.125, 0]


@given(st.floats(0, 25), st.floats(0, 15), st.floats(1, 5), st.floats(1, 5), st.floats(0, 3.14))
def test_cover_adds_up_to_the_area(x: float, y: float, width: float, depth: float, angle: float) -> None:
    shape = shapely.affinity.rotate(shapely.box(x, y, x + width, y + depth), angle, use_radians=True)
    inside = shapely.intersection(shape, shapely.box(0, 0, 30, 20))
    share = cover([shape, shape], GRID)
    assert abs(share.sum() - inside.area) <= 0.125 * inside.length + 0.1  # half a sample along the edge
    assert share.max() <= 1


def test_a_later_outline_lies_over_an_earlier_one_and_a_small_one_keeps_a_cell() -> None:
    shapes = [shapely.box(0, 0, 6, 6), shapely.box(4, 4, 8, 8), shapely.box(20.1, 10.1, 20.3, 10.3)]
    numbers = numbered([*shapes, shapely.box(100, 100, 101, 101)], GRID)
    assert [(numbers == n).sum() for n in (1, 2, 3, 4)] == [32, 16, 1, 0]
    assert numbers[20 - 11, 20] == 3


def test_water_that_meets_the_edges_becomes_stage_boundaries() -> None:
    mask = np.zeros((5, 6), bool)
    mask[0, 1:3] = mask[0, 5] = mask[4, 0] = True
    assert list(edge_runs(mask)) == [
        ("north", 1, 3), ("north", 5, 6), ("east", 0, 1), ("south", 0, 1), ("west", 4, 5),
    ]  # fmt: skip
    stage = Stage(np.array([0.0, 60.0]), np.array([1.0, 2.0]), [])
    made = stage_boundaries(mask, stage)
    assert [(b.edge, b.kind, b.start, b.stop) for b in made[:2]] == [
        ("north", "stage", 1, 3),
        ("north", "stage", 5, 6),
    ]
    assert (made[0].time, made[0].value) == ([0.0, 60.0], [1.0, 2.0])
    assert stage_boundaries(np.zeros((3, 3), bool), 1.0) == []
