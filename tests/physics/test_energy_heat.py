"""Solar collectors with a store, fuel cells: certified figures, closed forms, and energy that adds up."""

from __future__ import annotations

from typing import cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.energy.supply import (
    Collector,
    FuelCell,
    HeatStore,
    polymer_cell,
    run_cells,
    solar_heat,
    solid_oxide_cell,
    stored_heat,
)
from analysis.energy.supply.cells import Led
from analysis.errors import AnalysisError
from tests.energy_zones import SEOUL, even_weather
from tests.physics.test_energy_pv import plane

WATER = 4.18e6


def test_a_collector_gives_what_its_certificate_says() -> None:
    """Solar Keymark, TÜV Rheinland report 21246009.001: W/m² at 1,000 W/m² and 0, 10, 30, 50, 70, 100 K."""
    found = Collector().output(1000.0, [0.0, 10.0, 30.0, 50.0, 70.0, 100.0])
    assert found == pytest.approx([739, 705, 627, 536, 432, 252], abs=1.0)
    assert Collector().output(100.0, 60.0) == 0.0


def test_light_is_modified_by_incidence() -> None:
    """Perpendicular sun counts as tested, at 85 % beam; grazing sun hardly counts."""
    weather = even_weather(SEOUL, hours=24, sun=True, start="2023-06-21")
    flat = Collector().light(plane(tilt=0.0), weather)[0]
    noon, evening = 12, 18
    assert weather.ghi[noon] * 0.93 < flat[noon] < weather.ghi[noon] * 1.03
    assert flat[evening] < 0.85 * weather.ghi[evening]


def test_a_store_cools_as_the_exponential_says() -> None:
    """300 litres at 60 °C lose 2 W/K to 20 °C: 40 K times exp(−UA t / C)."""
    store = HeatStore(volume=0.3, loss=2.0, start=60.0)
    found = solar_heat(np.zeros(100), np.zeros(100), np.zeros(100), area=0.0, store=store)
    hours = np.arange(1, 101)
    expected = 20 + 40 * np.exp(-2.0 * hours * 3600 / (0.3 * WATER))
    assert found.temperature[0] == pytest.approx(expected, abs=0.01)


def test_a_store_warms_to_where_collectors_give_what_it_loses() -> None:
    """Under even light of 800 W/m²: the root of A (η0 G − a1 d − a2 d²) = UA (ϑ − 20), d = ϑ + 5 − 10."""
    own = Collector()
    store = HeatStore(volume=0.1, loss=3.0, hottest=200.0)
    found = solar_heat(np.full(500, 800.0), np.full(500, 10.0), np.zeros(500), area=1.0, store=store)
    # a2 d² + (a1 + UA) d + UA (10 − 5 − 20) − η0 G = 0
    roots = np.roots([own.a2, own.a1 + 3.0, 3.0 * (10 - 5 - 20) - own.eta0 * 800])
    assert found.temperature[0, -1] == pytest.approx(10 - 5 + roots.max(), abs=1e-3)


@given(
    seed=st.integers(0, 1000),
    area=st.floats(0, 20),
    volume=st.floats(0.05, 2),
    wanted=st.floats(0, 6000),
    step=st.sampled_from([600.0, 1800.0, 3600.0]),
)
@settings(max_examples=50, deadline=None)
def test_heat_adds_up(seed: int, area: float, volume: float, wanted: float, step: float) -> None:
    draw = np.random.default_rng(seed)
    light = 900 * np.maximum(0, np.sin((np.arange(96) % 24 - 6) / 12 * np.pi)) * draw.random((2, 96))
    air = draw.normal(8, 8, 96)
    demand = wanted * draw.random((2, 96))
    found = solar_heat(light, air, demand, area=area, store=HeatStore(volume=volume), step=step)
    capacity = volume * WATER
    before = np.column_stack([np.full(2, 10.0), found.temperature[:, :-1]])
    change = (found.temperature - before) * capacity / step
    assert found.gained - found.delivered - found.lost == pytest.approx(change, rel=1e-9, abs=1e-6)
    assert found.delivered + found.backup == pytest.approx(demand, abs=1e-9)
    assert (found.gained >= 0).all() and (found.delivered >= 0).all() and (found.backup >= -1e-9).all()
    assert (found.temperature <= 90 + 1e-9).all()
    total = (found.gained - found.delivered - found.lost).sum(axis=1) * step
    assert found.stored == pytest.approx(total, rel=1e-6, abs=1.0)


def test_more_collectors_cover_more() -> None:
    weather = even_weather(SEOUL, hours=24 * 60, sun=True, temperature=5.0, start="2023-03-01")
    light = np.repeat(Collector().light(plane(tilt=45.0), weather), 4, axis=0)
    demand = np.full((4, len(weather)), 800.0)
    store = HeatStore(volume=0.3)
    found = solar_heat(light, weather.temp_air, demand, area=[0.0, 2.0, 4.0, 8.0], store=store)
    assert (np.diff(found.fraction) > 0.05).all()
    assert found.fraction[0] < 0.06  # cold water that warms in the room
    assert found.fraction[3] < 1.0
    nobody = solar_heat(light[:1], weather.temp_air, demand[:1] * 0, area=2.0, store=store)
    assert np.isnan(nobody.fraction[0])


def test_a_store_saves_the_heat_of_a_fuel_cell() -> None:
    """A cell that always runs lets its heat go at night; through a store it covers the morning's draw."""
    hour = np.arange(24 * 7) % 24
    demand = np.where((hour >= 6) & (hour < 9), 4000.0, 0.0)
    made = run_cells(polymer_cell(700.0), np.zeros(len(hour)), demand, led="always")
    store = HeatStore(volume=0.3, loss=0.0)
    found = stored_heat(made.heat + made.let_go, demand, store=store)
    assert made.heat.sum() / demand.sum() == pytest.approx(1100 / 4000)
    assert found.fraction[0] > 0.9
    assert found.gained.sum() == pytest.approx(found.delivered.sum() + found.stored.sum() / 3600)
    assert (found.gained <= made.heat + made.let_go + 1e-9).all()
    assert found.temperature.max() <= 90 + 1e-9
    # 300 litres between 10 and 90 °C hold 27.9 kWh; a week of the cell makes far more
    assert found.gained.sum() < 0.8 * (made.heat + made.let_go).sum()


def test_the_loss_of_a_labelled_store() -> None:
    """Regulation (EU) 812/2013, class C: below 16.66 + 8.33 · 300^0.4 = 98.2 W at 45 K for 300 litres."""
    assert HeatStore(volume=0.3).losses(1)[0] * 45 == pytest.approx(98.2, abs=0.1)


def test_stores_that_cannot_be() -> None:
    one = np.zeros(2)
    with pytest.raises(AnalysisError, match="must have a volume"):
        solar_heat(one, one, one, area=1.0, store=HeatStore(volume=0.0))
    with pytest.raises(AnalysisError, match="hotter than the wanted water"):
        solar_heat(one, one, one, area=1.0, store=HeatStore(volume=1.0, hottest=50.0))
    with pytest.raises(AnalysisError, match="needs 2 temperatures"):
        solar_heat(one, one[:1], one, area=1.0, store=HeatStore(volume=1.0))
    with pytest.raises(AnalysisError, match="ten modifiers"):
        Collector(modifier=(1.0,))


def test_a_cell_led_by_heat_by_power_and_always() -> None:
    """1 kW of 35 and 55 %: 550 W of heat wanted means 350 W of electricity from 1,000 W of gas."""
    cell = polymer_cell(1000.0)
    heat = run_cells(cell, [0.0, 0.0, 0.0], [550.0, 5000.0, 300.0])
    assert heat.electricity[0] == pytest.approx([350.0, 1000.0, 0.0])
    assert heat.heat[0] == pytest.approx([550.0, 1000 / 0.35 * 0.55, 0.0])
    power = run_cells(cell, [700.0, 2000.0, 200.0], [100.0, 100.0, 100.0], led="power")
    assert power.electricity[0] == pytest.approx([700.0, 1000.0, 0.0])
    assert power.let_go[0] == pytest.approx([700 / 0.35 * 0.55 - 100, 1000 / 0.35 * 0.55 - 100, 0.0])
    always = run_cells(solid_oxide_cell(1500.0), [0.0], [0.0], led="always")
    assert (always.electricity[0, 0], always.fuel[0, 0]) == pytest.approx((1500.0, 2500.0))


@given(
    led=st.sampled_from(["heat", "power", "always"]),
    power=st.floats(0, 10_000),
    electric=st.floats(0.1, 0.6),
    thermal=st.floats(0.05, 0.4),
    seed=st.integers(0, 1000),
)
@settings(max_examples=50, deadline=None)
def test_fuel_becomes_electricity_heat_and_losses(
    led: str, power: float, electric: float, thermal: float, seed: int
) -> None:
    draw = np.random.default_rng(seed)
    wanted, warm = draw.random((2, 3, 20)) * 8000
    cell = FuelCell(power=power, electric=electric, thermal=thermal)
    made = run_cells(cell, wanted, warm, led=cast(Led, led))
    assert made.electricity == pytest.approx(made.fuel * electric, rel=1e-9, abs=1e-9)
    assert made.heat + made.let_go == pytest.approx(made.fuel * thermal, rel=1e-9, abs=1e-9)
    assert (made.heat <= warm + 1e-9).all() and (made.electricity <= power + 1e-9).all()
    if led == "heat":
        assert made.let_go == pytest.approx(0.0, abs=1e-6)
    if led == "power":
        assert (made.electricity <= wanted + 1e-9).all()


def test_cells_that_cannot_be() -> None:
    with pytest.raises(AnalysisError, match=r"not exceed 1\.1 together"):
        FuelCell(power=1.0, electric=0.6, thermal=0.6)
    with pytest.raises(AnalysisError, match="least load"):
        FuelCell(power=1.0, electric=0.3, thermal=0.6, least=30.0)
    with pytest.raises(AnalysisError, match="'gas' does not fit"):
        run_cells(polymer_cell(1.0), [1.0], [1.0], led=cast(Led, "gas"))
