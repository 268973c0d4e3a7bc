"""What single precision keeps of the water of a town: rain, blocks of buildings, a deep stream."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import pytest

from analysis import flood
from analysis.cube_root import inverse_cube_root


def _town_on_a_stream(n: int = 48) -> dict[str, Any]:
    y, x = np.mgrid[:n, :n].astype(float)
    stream = abs(y - n / 2 - 4 * np.sin(x / 12)) < 4
    ground = 30 + 0.01 * (n - x) + 0.2 * np.sin(x / 9) * np.cos(y / 7) - 6.0 * stream
    built = (x % 24 > 8) & (x % 24 < 18) & (y % 20 > 6) & (y % 20 < 16) & ~stream
    return {
        "elevation": ground, "cell_size": 5.0, "buildings": built,
        "initial_depth": np.where(stream, np.maximum(29.5 - ground, 0.0), 0.0),
        "rainfall": flood.Rainfall([0, 3600], [10 / flood.MM_PER_HOUR]),
    }  # fmt: skip


@pytest.mark.parametrize("scheme", ["hllc", "muscl", "inertial"])
def test_an_hour_of_rain_over_deep_water_is_all_there(scheme: Any) -> None:
    """A step's rain on 5 m of water is smaller than what single precision tells apart at that depth, and
    would round the same way every time."""
    town = _town_on_a_stream()
    r = flood.simulate(duration=3600.0, scheme=scheme, dtype="float32", **town)
    assert r.max_depth.dtype == np.float32
    assert r.max_depth.max() > 4.0
    rain = 10 / flood.MM_PER_HOUR * 3600 * float((~town["buildings"]).sum()) * 25
    assert r.balance.rain == pytest.approx(rain, rel=1e-6)
    assert r.mass_error < 1e-7


@numba.njit  # type: ignore[untyped-decorator]
def _roots(x: Any) -> Any:
    found = np.empty_like(x)
    for i in range(x.size):
        found[i] = inverse_cube_root(x[i])
    return found


@pytest.mark.parametrize("real", [np.float64, np.float32])
def test_the_inverse_cube_root_is_exact_to_three_in_two_million(real: type) -> None:
    x = np.exp2(np.linspace(-40, 20, 200_001)).astype(real)
    error = _roots(x).astype(np.float64) * np.cbrt(x.astype(np.float64)) - 1
    assert np.abs(error).max() < 1.5e-6
    assert abs(error.mean()) < 1e-6
