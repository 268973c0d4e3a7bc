"""Air that is let in where it serves, by both hourly methods: heat recovery and its bypass, warm nights."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from analysis.energy import simulate
from analysis.energy.result import EnergyResult
from analysis.energy.simulate import METHODS
from tests.energy_zones import box_zones, even_weather, plain_use

pytestmark = pytest.mark.parametrize("method", METHODS)


def settled(
    method: str, outside: float, cooling: float, power: float = np.inf, **of_use: Any
) -> EnergyResult:
    """A room with 40 W/m² of gains after ten days of the same air outside [°C]."""
    zones = box_zones(use=plain_use(cooling=cooling, appliances=40.0, **of_use))
    weather = even_weather(hours=240, temperature=outside)
    return simulate(replace(zones, cooling_capacity=np.array([power])), weather, method=method)


def cold(result: EnergyResult) -> float:
    """[W] at the end."""
    assert result.cooling is not None
    return float(result.cooling[0, -1])


def warmth(result: EnergyResult) -> float:
    """[°C] of the air at the end."""
    assert result.air is not None
    return float(result.air[0, -1])


@pytest.mark.parametrize("outside", [26.5, 30.0])
def test_air_that_is_warmer_than_a_cooled_room_is_kept_out_at_night(method: str, outside: float) -> None:
    """Without cooling the room would be far warmer than the air outside; with it, it never is."""
    closed = settled(method, outside, 26.0)
    opened = settled(method, outside, 26.0, night_ventilation=5.0, night_above=24.0)
    assert cold(opened) == pytest.approx(cold(closed), rel=1e-6)
    cooler = settled(method, 25.0, 26.0, night_ventilation=5.0, night_above=24.0)
    assert cold(cooler) < 0.9 * cold(settled(method, 25.0, 26.0))


def test_warm_air_is_let_in_at_night_where_cooling_is_too_weak(method: str) -> None:
    closed = settled(method, 30.0, 26.0, power=200.0)
    opened = settled(method, 30.0, 26.0, power=200.0, night_ventilation=5.0, night_above=24.0)
    assert warmth(closed) > 35.0
    assert 30.0 < warmth(opened) < warmth(closed) - 3.0


def test_cold_is_recovered_from_a_cooled_room(method: str) -> None:
    """5 m³/(h m²) on 48 m² that come in at 27 °C to 26 °C: 80 % of their heat stays out."""
    bare, saving = (settled(method, 27.0, 26.0, ventilation=5.0, heat_recovery=r) for r in (0.0, 0.8))
    pressure, air_heat = 100_300.0, 1006.0
    flow = 5.0 * 48.0 / 3600.0 * pressure / (287.05 * 293.15) * air_heat
    assert cold(bare) - cold(saving) == pytest.approx(0.8 * flow * 1.0, rel=1e-2)


@pytest.mark.parametrize("outside", [20.0, 27.0])
def test_heat_is_not_recovered_where_nothing_cools(method: str, outside: float) -> None:
    """A room above 26 °C gets the air as it is outside, be it warmer or colder than that."""
    bare, recovering = (
        settled(method, outside, np.nan, ventilation=5.0, heat_recovery=r) for r in (0.0, 0.8)
    )
    assert warmth(bare) > 28.0
    assert warmth(recovering) == pytest.approx(warmth(bare), abs=1e-3)
