"""The tree of tiles: every object in one leaf, keys that stay, sizes that fit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tiles.partition import Cell, partition, walk

BUDGET = 1000.0


def boxes(rng: np.random.Generator, count: int, extent: float = 3000.0) -> np.ndarray:
    corner = rng.uniform(0, extent, (count, 3)) * [1, 1, 0]
    return np.hstack([corner, corner + rng.uniform(2, 60, (count, 3))])


def tree(bounds: np.ndarray, weights: np.ndarray | None = None) -> Cell:
    weights = np.full(len(bounds), 40.0) if weights is None else weights
    return partition(bounds, weights, np.full(len(bounds), 20.0), BUDGET, (1.0, 1.0))


@settings(max_examples=60, deadline=None)
@given(
    hnp.arrays(
        np.float64, st.tuples(st.integers(1, 120), st.just(6)), elements=st.floats(-5e5, 5e5, width=32)
    ),
    st.floats(1, 2000),
)
def test_every_object_is_in_exactly_one_leaf(corners: np.ndarray, weight: float) -> None:
    bounds = np.hstack(
        [np.minimum(corners[:, :3], corners[:, 3:]), np.maximum(corners[:, :3], corners[:, 3:])]
    )
    cells = walk(tree(bounds, np.full(len(bounds), weight)))
    leaves = np.concatenate([c.members for c in cells if c.is_leaf])
    assert sorted(leaves.tolist()) == list(range(len(bounds)))
    assert len({c.key for c in cells}) == len(cells)


def test_leaves_are_within_budget() -> None:
    cells = walk(tree(boxes(np.random.default_rng(1), 3000)))
    assert all(len(c.members) * 40 <= BUDGET for c in cells if c.is_leaf)
    assert all(len(c.members) * 20 <= BUDGET for c in cells if not c.is_leaf)


def test_what_a_coarse_tile_leaves_out_is_no_larger_than_it_says() -> None:
    bounds = boxes(np.random.default_rng(2), 3000)
    sizes = np.linalg.norm(bounds[:, 3:] - bounds[:, :3], axis=1)

    def below(cell: Cell) -> set[int]:
        return set(cell.members.tolist()) if cell.is_leaf else {m for c in cell.children for m in below(c)}

    inner = [c for c in walk(tree(bounds)) if not c.is_leaf]
    assert len(inner) > 5
    for cell in inner:
        left_out = below(cell) - set(cell.members.tolist())
        assert max(sizes[sorted(left_out)], default=0) <= cell.omitted


def test_an_object_far_away_moves_no_key() -> None:
    """Adding objects elsewhere changes no leaf of those that were there."""
    bounds = boxes(np.random.default_rng(3), 800, 1000.0)
    more = np.vstack([bounds, boxes(np.random.default_rng(4), 800, 1000.0) + [20_000, 0, 0, 20_000, 0, 0]])
    before = {c.key: c.members.tolist() for c in walk(tree(bounds)) if c.is_leaf}
    after = {c.key: c.members.tolist() for c in walk(tree(more)) if c.is_leaf}
    assert before.items() <= after.items()


def test_a_large_object_stays_above_small_cells() -> None:
    bounds = np.vstack([boxes(np.random.default_rng(5), 2000, 1000.0), [[0, 0, 0, 1000, 1000, 5]]])
    (holder,) = [c for c in walk(tree(bounds)) if c.is_leaf and 2000 in c.members]
    assert holder.edge >= 1000


def test_inner_cells_with_content_lie_on_even_levels() -> None:
    root = tree(boxes(np.random.default_rng(6), 5000))
    inner = [c for c in walk(root) if not c.is_leaf and c is not root]
    assert inner
    assert all(c.exponent % 2 == 0 for c in inner)


@pytest.mark.parametrize("count", [1, 2])
def test_a_few_objects_make_one_tile(count: int) -> None:
    assert tree(boxes(np.random.default_rng(7), count)).is_leaf
