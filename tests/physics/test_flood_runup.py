"""A periodic wave that runs up a plane beach and back: G. F. Carrier, H. P. Greenspan (1958), Water waves of
finite amplitude on a sloping beach, J. Fluid Mech. 4, doi:10.1017/S0022112058000331; the standing wave.

In units of a length L and the slope s (heights s L, times √(L / s g), speeds √(g s L)), with x from the still
shore towards the sea, σ = 4 √depth and λ = 2 (t - u), the potential φ = A J0(σ) sin λ gives
u = A J1(σ)/σ sin λ, level = A/4 J0(σ) cos λ - u²/2, x = σ²/16 - level, t = λ/2 + u. It breaks from A = 1 on;
at t = 0 the water stands still at its highest on the beach, and again after π.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import j0, j1

from analysis import flood
from analysis.flood import Boundary
from tests.physics.reference import Float64, G, channel

A, SLOPE, LENGTH = 0.6, 0.02, 100.0
HEIGHT, TIME = SLOPE * LENGTH, np.sqrt(LENGTH / (SLOPE * G))
WEST, EAST = -0.5, 4.0
PERIOD = np.pi
_FINE = 20


def wave(t: float) -> tuple[Float64, Float64, Float64, Float64]:
    """x, level, depth and u at a time along the wave, from the shore to beyond EAST."""
    sigma = np.linspace(1e-9, 4 * np.sqrt(EAST + 1), 4001)
    half = A * j1(sigma) / sigma
    lam = np.full_like(sigma, 2 * t)
    for _ in range(15):  # Newton's method for t = λ/2 + u
        lam -= (lam / 2 + half * np.sin(lam) - t) / (0.5 + half * np.cos(lam))
    u = half * np.sin(lam)
    level = A / 4 * j0(sigma) * np.cos(lam) - u * u / 2
    depth = sigma**2 / 16
    return depth - level, level, depth, u


def mean_depth(t: float, cells: int) -> Float64:
    """Of each cell between WEST and EAST."""
    x, _, depth, _ = wave(t)
    fine = WEST + (EAST - WEST) * (np.arange(cells * _FINE) + 0.5) / (cells * _FINE)
    return np.asarray(np.interp(fine, x, depth, left=0.0).reshape(cells, _FINE).mean(axis=1))


def run_up(cells: int, scheme: str) -> tuple[list[float], float]:
    """Error after each quarter of a period: mean over the water of |depth - exact|, as a share of the height
    that the wave runs up to; and how far the shore is from where it ought to be after half of one [m]."""
    dx = (EAST - WEST) / cells
    x = WEST + dx * (np.arange(cells) + 0.5)
    times = np.linspace(0, PERIOD, 200)
    sea = [float(np.interp(EAST, *wave(t)[:2])) for t in times]
    result = flood.simulate(
        channel(-HEIGHT * x),
        dx * LENGTH,
        PERIOD * TIME,
        scheme=scheme,  # type: ignore[arg-type]
        manning=0.0,
        initial_depth=channel(HEIGHT * mean_depth(0.0, cells)),
        boundaries=[Boundary("east", "stage", (HEIGHT * np.array(sea)).tolist(), (TIME * times).tolist())],
        output_interval=PERIOD * TIME / 4,
    )
    assert result.mass_error < 1e-12
    errors = []
    for quarter in (1, 2, 3, 4):
        found = next(s for s in result.snapshots if s.time == pytest.approx(quarter * PERIOD * TIME / 4))
        exact = mean_depth(quarter * PERIOD / 4, cells)
        wet = (exact > 0).mean()
        errors.append(float(np.abs(found.depth[1] / HEIGHT - exact).mean() / wet / (A / 4)))
        if quarter == 2:
            shore = (x[found.depth[1] > 0.002][0] - wave(PERIOD / 2)[0][0]) * LENGTH
    return errors, float(shore)


def test_the_solution_is_one_of_the_equations() -> None:
    """Continuity and momentum at a point between shore and sea, by differences."""
    x, t, step = 0.7, 0.9, 1e-3

    def at(t: float, x: float) -> Float64:
        along, level, depth, u = wave(t)
        return np.array([np.interp(x, along, values) for values in (level, depth, u)])

    by_t = (at(t + step, x) - at(t - step, x)) / (2 * step)
    right, left = at(t, x + step), at(t, x - step)
    _, _, u = at(t, x)
    flux = (right[1] * right[2] - left[1] * left[2]) / (2 * step)
    assert by_t[0] + flux == pytest.approx(0, abs=1e-4)
    assert by_t[2] + u * (right[2] - left[2]) / (2 * step) + (right[0] - left[0]) / (2 * step) == (
        pytest.approx(0, abs=1e-4)
    )
    assert abs(by_t[0]) > 0.05


@pytest.mark.parametrize(
    ("scheme", "allowed", "order"), [("hllc", 0.030, 0.8), ("muscl", 0.0018, 1.7), ("inertial", 0.045, None)]
)
def test_run_up_on_a_plane_beach(scheme: str, allowed: float, order: float | None) -> None:
    coarse, _ = run_up(90, scheme)
    fine, shore = run_up(180, scheme)
    assert max(fine) < allowed
    assert abs(shore) < 6.0  # of cells of 2.5 m; the wave moves the shore by 30 m
    if order is not None:
        assert np.log2(coarse[3] / fine[3]) > order
