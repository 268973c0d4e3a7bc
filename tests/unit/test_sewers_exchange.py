"""Flow through an opening: regimes, and steps of any length that neither overdraw nor overshoot."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.sewers.exchange import Opening, discharge, moved, pack

ROOT = math.sqrt(2 * 9.81)
ONE = pack([Opening()])
AREA, EDGE = math.pi / 4 * 0.7**2, math.pi * 0.7


def flow(surface: float, node: float, opening: Opening | None = None) -> float:
    head, factor = discharge(pack([opening or Opening()]), np.array([surface]), np.array([node]))
    return float(np.sign(head[0]) * factor[0] * math.sqrt(abs(head[0])))


def test_each_regime_is_its_equation() -> None:
    assert flow(0.1, 0.4) == pytest.approx(0.167 * AREA * ROOT * math.sqrt(0.3))
    assert flow(0.05, -1.0) == pytest.approx(-2 / 3 * 0.54 * EDGE * ROOT * 0.05**1.5)
    assert flow(0.1, 0.02) == pytest.approx(-0.056 * EDGE * ROOT * 0.1 * math.sqrt(0.08))
    assert flow(0.5, 0.2) == pytest.approx(-0.167 * AREA * ROOT * math.sqrt(0.3))  # deeper than A / P
    assert flow(2.0, -1.0) == pytest.approx(-0.167 * AREA * ROOT * math.sqrt(2.0))  # the weir is drowned
    assert flow(0.0, -0.5) == flow(0.0, 0.0) == flow(0.3, 0.3) == 0.0


def test_openings_of_one_node_add_up_and_take_any_shape() -> None:
    assert flow(0.05, -1.0, Opening(count=3)) == pytest.approx(3 * flow(0.05, -1.0))
    grate = Opening(area=0.2, perimeter=1.8, orifice=0.6)
    assert flow(0.0, 0.5, grate) == pytest.approx(0.6 * 0.2 * ROOT * math.sqrt(0.5))


def step(surface: float, node: float, dt: float, cell: float, shaft: float, gain: float = 0.0) -> float:
    one = [np.array([v]) for v in (surface, node, gain, cell, shaft)]
    return float(moved(ONE, *one, dt)[0])


levels = st.floats(0.0, 5.0)
areas = st.floats(0.5, 1e4)


@given(levels, st.floats(-5.0, 5.0), st.floats(1e-3, 3600.0), areas, areas)
def test_no_step_takes_more_than_there_is_or_crosses_the_levels(
    surface: float, node: float, dt: float, cell: float, shaft: float
) -> None:
    volume = step(surface, node, dt, cell, shaft)
    after = surface + volume / cell
    assert after >= -1e-12
    if node >= 0:
        before = node - surface
        later = node - volume / shaft - after
        assert before * later >= -1e-9 and abs(later) <= abs(before) + 1e-9
    else:
        assert volume <= 0


@given(levels, levels, st.floats(0.0, 2.0), st.floats(1e-3, 600.0), areas, areas)
def test_what_the_pipes_bring_comes_up_and_no_more(
    surface: float, node: float, gain: float, dt: float, cell: float, shaft: float
) -> None:
    volume = step(surface, node, dt, cell, shaft, gain)
    assert volume <= node * shaft + gain * dt + 1e-9
    assert volume >= step(surface, node, dt, cell, shaft) - 1e-9


def test_small_steps_drain_a_pond_as_torricelli_says() -> None:
    # A dh/dt = -Co A_o sqrt(2 g h) under a deep pond over an empty shaft: sqrt h = sqrt h0 - c t / 2 A
    factor = 0.167 * AREA * ROOT
    cell, start, total = 20.0, 2.0, 60.0
    truth = (math.sqrt(start) - factor * total / (2 * cell)) ** 2
    errors = []
    for n in (40, 80):
        depth = start
        for _ in range(n):
            depth += step(depth, -3.0, total / n, cell, 1.0) / cell
        errors.append(abs(depth - truth))
    assert errors[1] < 2e-3 * truth
    assert errors[1] / errors[0] == pytest.approx(0.5, abs=0.05)  # first order


def test_a_shaft_without_width_passes_what_it_gets_at_once() -> None:
    assert step(0.0, 0.0, 5.0, 1e9, 1e-9, gain=0.2) == pytest.approx(1.0, rel=1e-6)
