"""Calibration finds the factors that made some meters, as far as noise allows, and says what it cannot."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.energy import simulate
from analysis.energy.measured.calibrate import FACTORS, calibrate, with_factors
from analysis.energy.measured.units import Commodity
from analysis.energy.uses import HOURS_OF_WEEK
from analysis.energy.zones import Float64, Zones
from analysis.errors import AnalysisError
from analysis.weather import Weather
from tests.energy_zones import box_zones, even_weather, plain_use

COUNT = 4
ALL = (Commodity.GAS, Commodity.COOLING, Commodity.ELECTRICITY)
HOUR = np.arange(8760)
TRUE = {
    "set_point_shift": np.array([1.5, -1.0, 0.0, -2.0]),
    "air_factor": np.array([0.6, 1.8, 1.0, 0.8]),
    "gain_factor": np.array([1.4, 0.7, 1.0, 1.1]),
}


@pytest.fixture(scope="module")
def weather() -> Weather:
    warmth = 9.0 - 15.0 * np.cos(2 * np.pi * (HOUR / 24 - 20) / 365) - 4 * np.cos(2 * np.pi * HOUR / 24)
    return even_weather(temperature=warmth, sun=True)


@pytest.fixture(scope="module")
def zones() -> Zones:
    """Each building in two zones."""
    evening = np.where(np.arange(HOURS_OF_WEEK) % 24 > 16, 8.0, 2.0)
    use = plain_use(ventilation=0.8, appliances=evening, lighting=2.0, people=2.0)
    zones = box_zones(2 * COUNT, use=use)
    zones.building[:] = [f"building-{k // 2}" for k in range(2 * COUNT)]
    return zones


class Meters:
    """What meters would read: gas for heating at 90 %, cold from the district, electricity for the rest."""

    def __init__(self, weather: Weather, *commodities: Commodity) -> None:
        self.weather, self.commodities, self.simulated = weather, commodities, 0

    def __call__(self, zones: Zones) -> dict[Commodity, Float64]:
        self.simulated += len(zones)
        found = simulate(zones, self.weather, method="5r1c", hourly=False).monthly
        read = {
            Commodity.GAS: found["heating"] / 0.9,
            Commodity.COOLING: found["cooling"],
            Commodity.ELECTRICITY: found["lighting"] + found["appliances"],
        }
        return {c: read[c] for c in self.commodities}


def made(zones: Zones, predict: Meters, noise: float) -> dict[Commodity, Float64]:
    """(COUNT, 12) by commodity, of the true factors."""
    rng = np.random.default_rng(7)
    read = predict(with_factors(zones, {name: np.repeat(v, 2) for name, v in TRUE.items()}))
    return {
        c: v.reshape(COUNT, 2, 12).sum(axis=1) * (1 + rng.normal(0, noise, (COUNT, 12)))
        for c, v in read.items()
    }


NAMES = [f"building-{k}" for k in range(COUNT)]


def test_the_factors_that_made_the_meters_are_found(zones: Zones, weather: Weather) -> None:
    predict = Meters(weather, *ALL)
    found = calibrate(zones, NAMES, made(zones, predict, 0.01), predict)
    for name, tolerance in (("set_point_shift", 0.5), ("air_factor", 0.2), ("gain_factor", 0.05)):
        assert found.factors[name] == pytest.approx(TRUE[name], abs=tolerance), name
        off = np.abs(found.factors[name] - TRUE[name])
        assert (off < 3 * found.errors[name]).all() and found.identified[name].all()
    for commodity in predict.commodities:
        for before, after in zip(found.before[commodity], found.after[commodity], strict=True):
            assert before is not None and after is not None
            assert after.calibrated and after.cv_rmse < 0.03
    uncalibrated = [a.calibrated for a in found.before[Commodity.GAS] if a is not None]
    assert uncalibrated == [False, False, True, False]


def test_the_calibrated_zones_read_what_the_meters_read(zones: Zones, weather: Weather) -> None:
    predict = Meters(weather, *ALL)
    goal = made(zones, predict, 0.0)
    found = calibrate(zones, NAMES, goal, predict)
    assert zones.set_point_shift.any() == np.False_, "the given zones stay as they were"
    for commodity, read in predict(found.zones).items():
        total = read.reshape(COUNT, 2, 12).sum(axis=1).sum(axis=1)
        assert total == pytest.approx(goal[commodity].sum(axis=1), rel=0.01)


def test_electricity_alone_does_not_tell_the_air_change(zones: Zones, weather: Weather) -> None:
    predict = Meters(weather, Commodity.ELECTRICITY)
    found = calibrate(zones, NAMES, made(zones, predict, 0.01), predict)
    assert not found.identified["air_factor"].any()
    assert found.identified["gain_factor"].all()
    assert found.factors["gain_factor"] == pytest.approx(TRUE["gain_factor"], abs=0.1)
    assert any("air_factor: the meters of 4 buildings do not tell it" in note for note in found.notes)


def test_bounds_hold_and_are_told(zones: Zones, weather: Weather) -> None:
    predict = Meters(weather, Commodity.ELECTRICITY)
    fivefold = {c: 5.0 * v for c, v in made(zones, predict, 0.0).items()}
    found = calibrate(zones, NAMES, fivefold, predict)
    assert found.at_bound["gain_factor"].all()
    assert (found.factors["gain_factor"] <= 2.5 + 1e-9).all()
    assert any("something else is wrong" in note for note in found.notes)


def test_months_and_buildings_without_readings_do_not_count(zones: Zones, weather: Weather) -> None:
    predict = Meters(weather, *ALL)
    goal = made(zones, predict, 0.0)
    goal[Commodity.GAS][0, 5:] = np.nan
    for read in goal.values():
        read[3] = np.nan
    found = calibrate(zones, NAMES, goal, predict)
    assert found.after[Commodity.GAS][3] is None
    assert [found.factors[name][3] for name in FACTORS] == pytest.approx([0.0, 1.0, 1.0])
    assert found.factors["gain_factor"][0] == pytest.approx(1.4, abs=0.05)
    assert not any(found.identified[name][3] for name in FACTORS)


def test_meters_of_other_buildings_are_refused(zones: Zones, weather: Weather) -> None:
    predict = Meters(weather, Commodity.GAS)
    with pytest.raises(AnalysisError, match="none of the buildings with meters"):
        calibrate(zones, ["elsewhere"], {Commodity.GAS: np.ones((1, 12))}, predict)


def test_a_building_that_is_not_simulated_agrees_with_nothing(zones: Zones, weather: Weather) -> None:
    predict = Meters(weather, Commodity.ELECTRICITY)
    goal = {c: np.vstack([v, v[:1]]) for c, v in made(zones, predict, 0.0).items()}
    found = calibrate(zones, [*NAMES, "elsewhere"], goal, predict)
    assert found.before[Commodity.ELECTRICITY][-1] is None and found.after[Commodity.ELECTRICITY][-1] is None
    assert found.after[Commodity.ELECTRICITY][0] is not None


def test_meters_of_what_is_not_simulated_are_refused(zones: Zones, weather: Weather) -> None:
    predict = Meters(weather, Commodity.GAS)
    with pytest.raises(AnalysisError, match="nothing that the meters count"):
        calibrate(zones, NAMES, {Commodity.WATER: np.ones((COUNT, 12))}, predict)
