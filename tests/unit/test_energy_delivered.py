"""What is bought for needs: final energy by carrier, heat pumps hour by hour, primary energy, CO₂, cost."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis.energy.delivered import AUXILIARY, Loads, delivered
from analysis.energy.factors import factors_of, read_factors
from analysis.energy.heat_pumps import Sources, cooling_cop, heating_cop, river_temperature
from analysis.energy.result import NEEDS, EnergyResult
from analysis.energy.systems import Carrier, HeatSource, Plant, Sink, System
from analysis.energy.zones import Zones
from analysis.errors import AnalysisError
from analysis.weather import Weather
from tests.energy_zones import BOILER, box_zones, even_weather, plain_use

HOURS = 8760
USE = plain_use(hot_water=2.0, lighting=3.0, appliances=4.0, ventilation=1.0)
PUMP = System(
    id="pump",
    title={"ko": "펌프", "en": "pump"},
    heating=Plant(Carrier.ELECTRICITY, 4.0, HeatSource.AIR, Sink.FLOOR),
    cooling=Plant(Carrier.ELECTRICITY, 3.0, HeatSource.AIR, Sink.FAN_COIL),
    hot_water=Plant(Carrier.ELECTRICITY, 2.8, HeatSource.AIR, Sink.WATER),
    auxiliary=0.5,
)
NOTHING = System(id="none", title={"ko": "없음", "en": "none"}, heating=None, cooling=None, hot_water=None)


def result_of(
    zones: Zones, weather: Weather, heating: Any, cooling: Any, *, hourly: bool = True
) -> EnergyResult:
    """A result with these needs for heat and cold [W], (n,) or numbers, in all zones."""
    z, n = len(zones), len(weather)
    month = np.asarray(weather.times.month) - 1
    heat, cold = (np.broadcast_to(np.asarray(p, np.float32), (z, n)).copy() for p in (heating, cooling))
    series: dict[str, Any] = {"heating": heat, "cooling": cold}
    for need in NEEDS:
        if need not in series:
            week = USE.ventilation * 0.5 if need == "fans" else getattr(USE, need)
            series[need] = np.full((z, n), week[0]) * zones.floor_area[:, None]
    monthly = {
        need: np.array([np.bincount(month, row, 12) for row in np.asarray(power, float)]) / 1000.0
        for need, power in series.items()
    }
    return EnergyResult(
        method="given",
        zones=zones,
        times=weather.times,
        step=weather.step,
        monthly=monthly,
        heating_peak=heat.max(axis=1).astype(float),
        cooling_peak=cold.max(axis=1).astype(float),
        unmet=np.zeros(z),
        overheating=np.zeros(z),
        balance_error=np.zeros(z),
        overheating_limit=26.0,
        heating=heat if hourly else None,
        cooling=cold if hourly else None,
    )


def swinging(hours: int = HOURS) -> Weather:
    """A year between -5 and 29 °C."""
    at = np.arange(hours)
    year = 12.0 - 12.0 * np.cos(2 * np.pi * at / HOURS)
    return even_weather(temperature=year + 5.0 * np.sin(2 * np.pi * at / 24), hours=hours)


WEATHER = swinging()
WINTER = np.maximum(0.0, 15.0 - WEATHER.temp_air) * 100.0
SUMMER = np.maximum(0.0, WEATHER.temp_air - 22.0) * 100.0


def boxes(*systems: System) -> Zones:
    zones = box_zones(len(systems), use=USE)
    return replace(zones, systems=list(systems), system=np.arange(len(systems), dtype=np.int32))


def test_boilers_by_hand() -> None:
    result = result_of(boxes(BOILER), WEATHER, WINTER, SUMMER)
    bought = delivered(result, WEATHER)
    gas = bought.final[Carrier.GAS]
    assert gas["heating"].sum() == pytest.approx(WINTER.sum() / 1000 / 0.9, rel=1e-6)
    assert gas["hot_water"].sum() == pytest.approx(2.0 * 48.0 * 8.76 / 0.85)
    power = bought.final[Carrier.ELECTRICITY]
    assert power["cooling"].sum() == pytest.approx(SUMMER.sum() / 1000 / 3.0, rel=1e-6)
    assert power["lighting"].sum() == pytest.approx(3.0 * 48.0 * 8.76)
    assert power["fans"].sum() == pytest.approx(0.5 * 48.0 * 8.76)
    assert set(bought.final) == {Carrier.GAS, Carrier.ELECTRICITY}
    assert bought.of().sum() == pytest.approx(
        bought.of(Carrier.GAS).sum() + bought.of(Carrier.ELECTRICITY).sum()
    )
    assert bought.of(need="lighting").sum() == pytest.approx(power["lighting"].sum())


def test_heat_pumps_weigh_every_hour() -> None:
    result = result_of(boxes(PUMP), WEATHER, WINTER, SUMMER)
    bought = delivered(result, WEATHER).final[Carrier.ELECTRICITY]
    sources = Sources.of(WEATHER)
    assert PUMP.heating and PUMP.cooling
    by_hour = WINTER / heating_cop(PUMP.heating, sources)
    assert bought["heating"].sum() == pytest.approx(by_hour.sum() / 1000, rel=1e-5)
    by_hour = SUMMER / cooling_cop(PUMP.cooling, sources)
    assert bought["cooling"].sum() == pytest.approx(by_hour.sum() / 1000, rel=1e-5)
    running = ((WINTER > 0) | (SUMMER > 0)).sum()
    assert bought[AUXILIARY].sum() == pytest.approx(0.5 * 48.0 * running / 1000)


def test_a_result_without_hours_is_near_the_hourly_one_and_says_so() -> None:
    zones = boxes(PUMP)
    hourly = delivered(result_of(zones, WEATHER, WINTER, SUMMER), WEATHER)
    without = delivered(result_of(zones, WEATHER, WINTER, SUMMER, hourly=False), WEATHER)
    for need in ("heating", "hot_water"):
        a, b = (d.of(need=need).sum() for d in (hourly, without))
        assert b == pytest.approx(a, rel=0.02)
    assert any("degree hours" in note for note in without.notes)
    assert not any("degree hours" in note for note in hourly.notes)
    with pytest.raises(ValueError, match="keeps no hours"):
        Loads(result_of(zones, WEATHER, WINTER, SUMMER, hourly=False), WEATHER).power()


def test_power_by_the_hour_adds_up_to_the_months() -> None:
    result = result_of(boxes(BOILER, PUMP, NOTHING), WEATHER, WINTER, SUMMER)
    loads, bought = Loads(result, WEATHER), delivered(result, WEATHER)
    total = loads.total()
    power = loads.power()
    month = np.asarray(WEATHER.times.month) - 1
    for carrier, series in total.items():
        assert np.bincount(month, series, 12) / 1000 == pytest.approx(
            bought.of(carrier).sum(axis=0), rel=1e-5, abs=1e-3
        )
        assert power[carrier].sum(axis=0) == pytest.approx(series, rel=1e-4, abs=0.1)
    one = loads.power([1])
    assert one[Carrier.ELECTRICITY][0] == pytest.approx(power[Carrier.ELECTRICITY][1])
    assert Carrier.GAS not in one
    gas = loads.power(only=Carrier.GAS)
    assert set(gas) == {Carrier.GAS} and (gas[Carrier.GAS] == power[Carrier.GAS]).all()
    assert loads.needs([0])["hot_water"].sum() / 1000 == pytest.approx(2.0 * 48.0 * 8.76, rel=1e-5)


def test_no_need_buys_nothing() -> None:
    zones = box_zones(1, system=PUMP, use=plain_use())
    result = result_of(zones, WEATHER, 0.0, 0.0)
    result = replace(result, monthly={need: np.zeros((1, 12)) for need in NEEDS})
    bought = delivered(result, WEATHER)
    assert bought.final == {}
    assert bought.primary.tolist() == [0.0] and bought.cost.tolist() == [0.0]


def test_what_no_plant_serves_is_told_and_not_bought() -> None:
    result = result_of(boxes(NOTHING), WEATHER, WINTER, 0.0)
    bought = delivered(result, WEATHER)
    assert bought.unserved["heating"][0] == pytest.approx(WINTER.sum() / 1000, rel=1e-5)
    assert "cooling" not in bought.unserved
    assert bought.of(need="heating").sum() == 0.0


@pytest.mark.parametrize("hourly", [True, False])
def test_pumps_stand_still_where_no_plant_serves_a_need(hourly: bool) -> None:
    boiler = replace(BOILER, cooling=None, auxiliary=0.5)
    wanted = delivered(result_of(boxes(boiler), WEATHER, 100.0, SUMMER, hourly=hourly), WEATHER)
    assert wanted.of(need=AUXILIARY).sum() == pytest.approx(0.5 * 48.0 * 8.76)
    unserved = result_of(boxes(boiler), WEATHER, 0.0, SUMMER, hourly=hourly)
    assert delivered(unserved, WEATHER).of(need=AUXILIARY).sum() == 0
    if hourly:
        others = (3.0 + 4.0 + 0.5) * 48.0
        assert Loads(unserved, WEATHER).total()[Carrier.ELECTRICITY] == pytest.approx(others, rel=1e-5)


@pytest.mark.parametrize("source", list(HeatSource))
@pytest.mark.parametrize("sink", list(Sink))
def test_heat_pumps_do_better_the_nearer_the_temperatures(source: HeatSource, sink: Sink) -> None:
    weather = even_weather(temperature=np.linspace(-20.0, 20.0, 48), hours=48)
    warming = np.linspace(-10.0, 20.0, 48)
    sources = Sources.of(weather, {HeatSource.GROUND: warming, HeatSource.RIVER: warming})
    heating = heating_cop(Plant(Carrier.ELECTRICITY, 4.0, source, sink), sources)
    assert (np.diff(heating) >= -1e-12).all() and heating[-1] > heating[0]
    assert (heating >= 1.0).all() and (heating < 9.0).all()
    hot = even_weather(temperature=np.linspace(15.0, 45.0, 48), hours=48)
    sources = Sources.of(hot, {HeatSource.GROUND: hot.temp_air, HeatSource.RIVER: hot.temp_air})
    cooling = cooling_cop(Plant(Carrier.ELECTRICITY, 3.0, source, sink), sources)
    assert (np.diff(cooling) <= 1e-12).all() and cooling[-1] < cooling[0]


# Ruhnau et al. 2019: air 6.0801 - 0.0941 dT + 0.0005 dT², at 7 °C outdoors and a floor at 30 - 0.5 * 7
def test_the_published_curve() -> None:
    sources = Sources.of(even_weather(temperature=7.0, hours=24))
    rise = (30.0 - 0.5 * 7.0) - 7.0
    at_rating = 6.0801 - 0.0941 * 28 + 0.0005 * 28**2
    expected = 0.85 * 4.0 * (6.0801 - 0.0941 * rise + 0.0005 * rise**2) / at_rating
    plant = Plant(Carrier.ELECTRICITY, 4.0, HeatSource.AIR, Sink.FLOOR)
    assert heating_cop(plant, sources) == pytest.approx(np.full(24, expected))
    with pytest.raises(AnalysisError, match="no heat pump"):
        heating_cop(Plant(Carrier.GAS, 0.9), sources)


# Pilgrim, Fang, Stefan 1995: daily means, 4.4 + 0.81 of the air's
def test_river_temperatures_follow_the_days_mean() -> None:
    swing = np.tile(np.linspace(5.0, 15.0, 24), 2)
    weather = even_weather(temperature=swing, hours=48)
    assert river_temperature(weather) == pytest.approx(np.full(48, 4.4 + 8.1))
    frost = even_weather(temperature=-20.0, hours=24)
    assert river_temperature(frost).tolist() == [0.0] * 24


def test_a_measured_river_goes_before_the_model() -> None:
    river = replace(PUMP, heating=Plant(Carrier.ELECTRICITY, 5.0, HeatSource.RIVER, Sink.FAN_COIL))
    result = result_of(boxes(river), WEATHER, WINTER, 0.0)
    cold, warm = (
        delivered(result, WEATHER, sources={HeatSource.RIVER: np.full(HOURS, t)}) for t in (4.0, 14.0)
    )
    assert warm.of(need="heating").sum() < cold.of(need="heating").sum()
    modelled = delivered(result, WEATHER)
    assert any("river temperatures are modelled" in note for note in modelled.notes)
    assert not any("river" in note for note in warm.notes)
    with pytest.raises(AnalysisError, match="8759 values, some perhaps missing, where the weather has 8760"):
        delivered(result, WEATHER, sources={HeatSource.RIVER: np.zeros(HOURS - 1)})
    with pytest.raises(AnalysisError, match="give one for each"):
        delivered(result, WEATHER, sources={HeatSource.RIVER: np.full(HOURS, np.nan)})


def test_primary_energy_and_co2_of_korea() -> None:
    result = result_of(boxes(BOILER), WEATHER, WINTER, 0.0)
    bought = delivered(result, WEATHER)
    assert bought.factors.country == "KOR"
    gas, power = (bought.of(c).sum() for c in (Carrier.GAS, Carrier.ELECTRICITY))
    assert bought.primary[0] == pytest.approx(1.1 * gas + 2.75 * power)
    assert bought.co2[0] == pytest.approx(0.202 * gas + 0.4173 * power, rel=1e-3)
    assert np.isnan(bought.cost[0]), "no price is known, so none is made up"
    assert bought.lacking("price") == [Carrier.GAS, Carrier.ELECTRICITY]
    assert any("no price of gas, electricity in KOR" in note for note in bought.notes)


def test_a_citys_own_factors(tmp_path: Path) -> None:
    table = tmp_path / "factors.csv"
    table.write_text(
        "country,carrier,primary,primary_kind,co2,price,currency,price_year,source\n"
        "KOR,electricity,2.75,total,0.4,150,KRW,2024,city\nKOR,gas,1.1,total,0.2,80,KRW,2024,city\n"
    )
    factors = read_factors("KOR", table)
    result = result_of(boxes(BOILER), WEATHER, WINTER, 0.0)
    bought = delivered(result, WEATHER, factors)
    gas, power = (bought.of(c).sum() for c in (Carrier.GAS, Carrier.ELECTRICITY))
    assert bought.cost[0] == pytest.approx(80 * gas + 150 * power)
    assert (factors.currency, factors.price_year) == ("KRW", 2024)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("KOR,coal,1,total,,,,", "row 2: carrier must be one of electricity, gas"),
        ("KOR,gas,1,total,,,,\nKOR,gas,1,total,,,,", "row 3: carrier must be one of"),
        ("KOR,gas,much,total,,,,", "row 2: primary must be a number, not 'much'"),
        ("KOR,gas,1,total,,80,,2024", "must name one and the same currency"),
        ("KOR,gas,1,total,,80,KRW,", "row 2: price_year must be a number"),
        ("KOR,gas,1,some,,,,", "primary_kind of KOR must be total, or non-renewable"),
        ("DEU,gas,1,total,,,,", "there are no factors of 'KOR'; there are DEU"),
    ],
)
def test_bad_factors(tmp_path: Path, rows: str, message: str) -> None:
    table = tmp_path / "factors.csv"
    table.write_text(f"country,carrier,primary,primary_kind,co2,price,currency,price_year\n{rows}\n")
    with pytest.raises(AnalysisError) as caught:
        read_factors("KOR", table)
    assert message in str(caught.value) and str(table) in str(caught.value)


def test_the_built_in_factors() -> None:
    korea = read_factors("KOR")
    known = {c: korea.of(c).primary for c in Carrier}
    assert known[Carrier.ELECTRICITY] == 2.75 and known[Carrier.GAS] == 1.1
    assert known[Carrier.DISTRICT_HEAT] == 0.728 and known[Carrier.DISTRICT_COOLING] == 0.937
    assert all("primary" in korea.of(c).verify for c in Carrier)
    assert factors_of("FRA") == factors_of("EU")
    for country in ("KOR", "DEU", "NLD", "JPN", "EU"):
        factors = read_factors(country)
        for carrier in Carrier:
            factor = factors.of(carrier)
            assert factor.source
            assert factor.primary is None or 0.1 <= factor.primary <= 3.0
            assert factor.co2 is None or 0.0 <= factor.co2 <= 1.0


def test_finer_steps_than_the_weathers() -> None:
    weather = swinging(48)
    start = weather.times[0] - pd.Timedelta(minutes=15)
    times = pd.date_range(start, periods=96, freq="30min")
    fine = even_weather(temperature=np.repeat(weather.temp_air, 2), hours=96)
    result = replace(result_of(boxes(PUMP), fine, 1000.0, 0.0), times=times, step=1800.0)
    loads = Loads(result, weather)
    assert loads.sources.air[1:-1] == pytest.approx(
        np.interp(np.arange(94) * 0.5 + 0.25, np.arange(48), weather.temp_air)
    )
    assert loads.total()[Carrier.ELECTRICITY].shape == (96,)
