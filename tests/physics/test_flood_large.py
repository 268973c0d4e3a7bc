"""Grids too large for the cache, which the inertial scheme computes piece by piece."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from analysis import flood
from analysis.flood.inertial import LARGE, PIECE


def _mirrored(a: Any, down: int, across: int) -> Any:
    """An array beside its mirror images, so many in each direction."""
    rows = np.vstack([a[::-1] if k % 2 else a for k in range(down)])
    return np.hstack([rows[:, ::-1] if k % 2 else rows for k in range(across)])


@pytest.mark.parametrize(("dtype", "down", "allowed"), [("float64", 8, 1e-11), ("float32", 16, 1e-5)])
def test_a_town_between_mirrors_floods_like_a_town_between_walls(
    dtype: Any, down: int, allowed: float
) -> None:
    y, x = np.mgrid[:64, :165].astype(float)
    ground = 30 + 0.01 * x + 0.2 * np.sin(x / 9) * np.cos(y / 7)
    built = (x % 24 > 8) & (x % 24 < 18) & (y % 20 > 6) & (y % 20 < 16)
    depth = np.where(built, 0.0, np.maximum(30.9 - ground, 0.0) + 0.1 * np.exp(-((x - 60) ** 2) / 50))
    images = [_mirrored(a, down, 5) for a in (ground, built, depth)]
    assert 8 * images[0].astype(dtype).nbytes > LARGE and images[0].shape[1] % PIECE

    def flooded(ground: Any, built: Any, depth: Any) -> flood.FloodResult:
        return flood.simulate(
            ground, 1.0, 10.0, scheme="inertial", dtype=dtype, initial_depth=depth, buildings=built,
            rainfall=100 / flood.MM_PER_HOUR,
        )  # fmt: skip

    one, all_ = flooded(ground, built, depth), flooded(*images)
    assert np.ptp(one.depth - depth) > 0.1
    assert np.abs(all_.depth - _mirrored(one.depth, down, 5)).max() < allowed
    assert np.abs(all_.max_speed - _mirrored(one.max_speed, down, 5)).max() < 100 * allowed
