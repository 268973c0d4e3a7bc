"""Which samples of a terrain tile are kept: the triangles cover it, within the error."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.quantized_models import Mesh
from tiles import rtin


@given(seed=st.integers(0, 2**32 - 1), rough=st.floats(0, 3), error=st.floats(0.05, 5))
@settings(max_examples=25, deadline=None)
def test_triangulation_covers_the_tile_within_the_error(seed: int, rough: float, error: float) -> None:
    random = np.random.default_rng(seed)
    x, y = np.meshgrid(np.linspace(0, 1, 65), np.linspace(0, 1, 65))
    a, b, c = random.uniform(0, 8, 3)
    heights = 40 * np.sin(a * x + c) * np.cos(b * y) + random.normal(0, 1, x.shape) * rough
    surfaces, kept = rtin.simplify(heights[None], error, np.zeros(2))
    triangles = rtin.triangles_of(kept[0])
    columns, rows = triangles % 65, triangles // 65
    area = (columns[:, 1] - columns[:, 0]) * (rows[:, 2] - rows[:, 0]) - (columns[:, 2] - columns[:, 0]) * (
        rows[:, 1] - rows[:, 0]
    )
    assert (area > 0).all() and area.sum() == 2 * 64 * 64
    assert set(np.unique(triangles)) == set(np.flatnonzero(kept[0].ravel()))
    # No vertex lies on the side of another triangle: every inner side belongs to two of them.
    sides = np.sort(triangles[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
    unique, counts = np.unique(sides, axis=0, return_counts=True)
    border = ((unique // 65 == 0).all(1) | (unique // 65 == 64).all(1)
              | (unique % 65 == 0).all(1) | (unique % 65 == 64).all(1))  # fmt: skip
    assert (counts[~border] == 2).all() and (counts[border] == 1).all()
    mesh = _flat_mesh(surfaces[0], triangles)
    for _ in range(40):
        i, j = random.integers(0, 65, 2)
        assert abs(mesh.height_at(np.array([i, j]) / 64) - heights[j, i]) <= error + 1e-3


def _flat_mesh(surface: np.ndarray, triangles: np.ndarray) -> Mesh:
    grid = np.arange(65 * 65)
    uv = np.column_stack([grid % 65, grid // 65]) / 64
    nothing = np.zeros(3)
    llh = np.column_stack([uv, surface.ravel()])
    return Mesh(llh, uv, triangles, [], nothing, nothing, 0, 0, nothing, nothing)


def test_a_flat_tile_is_two_triangles() -> None:
    _, kept = rtin.simplify(np.full((3, 65, 65), 7.0), 0.1, np.zeros(2))
    assert [len(rtin.triangles_of(k)) for k in kept] == [2, 2, 2]
