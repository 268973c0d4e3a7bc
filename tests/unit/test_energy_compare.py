"""Meters beside a simulation: months brought to another weather, agreement, calibration of zones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.energy.factors import Factor, Factors
from analysis.energy.measured.calibrate import calibrate
from analysis.energy.measured.compare import agreements, predictor, targets, trusted
from analysis.energy.measured.meters import Meters
from analysis.energy.measured.outdoor import Outdoor, of_weather, outdoor_temperatures
from analysis.energy.measured.units import Commodity
from analysis.energy.systems import Carrier
from analysis.errors import AnalysisError
from analysis.weather import Weather
from tests.energy_zones import box_zones, even_weather, plain_use
from tests.unit.sensor_models import add, box_city, datastreams_of, read, thing
from twin.observations.store import open_observations

FACTORS = Factors("test", {c: Factor(1.0, 0.2, 0.1, "test") for c in Carrier})
SEASONS = 11.0 - 13.0 * np.cos(2 * np.pi * (np.arange(8760) / 24 - 20) / 365)
ZONE = "Asia/Seoul"


@pytest.fixture(scope="module")
def weather() -> Weather:
    return even_weather(temperature=SEASONS)


def meters_of(energy: np.ndarray, start: str = "2025-01-01") -> Meters:
    """Gas of some buildings (b, n) by the month."""
    times = pd.date_range(start, periods=energy.shape[1], freq="MS", tz=ZONE)
    return Meters(
        building=[f"building-{k}" for k in range(len(energy))],
        times=times,
        step="month",
        energy={Commodity.GAS: energy},
        volume={},
        known={Commodity.GAS: np.isfinite(energy).astype(float)},
        meters=[],
    )


def test_the_days_of_a_weather_are_local_days(weather: Weather) -> None:
    found = of_weather(weather)
    assert len(found.days) == 365 and str(found.days[0]) == "2023-01-01 00:00:00+09:00"
    assert found.temperature == pytest.approx(SEASONS.reshape(365, 24).mean(axis=1))


def test_a_mild_year_is_brought_to_the_weather_of_the_simulation(weather: Weather) -> None:
    usual = of_weather(weather)
    days = pd.date_range("2025-01-01", periods=365, freq="D", tz=ZONE)
    mild = Outdoor(days, usual.temperature + 2.0)
    month = np.asarray(days.month) - 1

    def use(temperature: np.ndarray) -> np.ndarray:
        return np.bincount(month, 20.0 + 6.0 * np.maximum(15.0 - temperature, 0.0))

    found = targets(meters_of(use(mild.temperature)[None]), weather, mild)
    assert found.normalised[Commodity.GAS] == [True]
    assert found.months[Commodity.GAS][0] == pytest.approx(use(usual.temperature), rel=0.03)
    plain = targets(meters_of(use(mild.temperature)[None]), weather)
    assert plain.months[Commodity.GAS][0] == pytest.approx(use(mild.temperature))
    assert any("2025-01 to 2025-12" in note and "as they are" in note for note in plain.notes)


def test_days_without_a_temperature_do_not_stop_the_comparison(weather: Weather) -> None:
    usual = of_weather(weather)
    days = pd.date_range("2025-01-01", periods=365, freq="D", tz=ZONE)
    lacking = usual.temperature.copy()
    lacking[[5, 40, 70, 100, 130, 160, 190]] = np.nan
    read = np.linspace(500.0, 100.0, 12)
    found = targets(meters_of(read[None]), weather, Outdoor(days, lacking))
    assert found.normalised[Commodity.GAS] == [False]
    assert found.months[Commodity.GAS][0] == pytest.approx(read)


def test_temperatures_after_the_last_month_do_not_count(weather: Weather) -> None:
    usual = of_weather(weather)
    month = np.asarray(usual.days.month) - 1
    read = np.bincount(month, 20.0 + 6.0 * np.maximum(15.0 - usual.temperature, 0.0))
    days = pd.date_range("2025-01-01", periods=450, freq="D", tz=ZONE)
    longer = Outdoor(days, np.resize(usual.temperature, 450))
    found = targets(meters_of(read[None]), weather, longer)
    assert found.months[Commodity.GAS][0] == pytest.approx(read, rel=0.03)


def test_several_years_are_put_together_by_calendar_month(weather: Weather) -> None:
    two = np.concatenate([np.full(12, 100.0), np.full(12, 300.0)])
    two[13] = np.nan
    found = targets(meters_of(two[None]), weather).months[Commodity.GAS][0]
    assert found[0] == 200.0 and found[1] == 100.0
    part = targets(meters_of(np.full((1, 3), 50.0), "2025-11-01"), weather).months[Commodity.GAS][0]
    assert part[[10, 11, 0]].tolist() == [50.0] * 3 and np.isnan(part[1:10]).all()


def test_hours_are_not_compared(weather: Weather) -> None:
    hourly = meters_of(np.ones((1, 3)))
    with pytest.raises(AnalysisError, match="read them with step='month'"):
        targets(Meters(**{**vars(hourly), "step": "hour"}), weather)


def test_meters_agree_with_what_made_them_and_are_calibrated_to_it(weather: Weather) -> None:
    zones = box_zones(2, use=plain_use(ventilation=0.5, appliances=3.0), windows={180.0: 1.0})
    zones.building[1] = "building-9"
    predict = predictor(weather, FACTORS)
    gas = predict(zones)[Commodity.GAS]
    measured = targets(meters_of(np.array([gas[0], 2.0 * gas[1]])), weather)
    found = agreements(measured, predict(zones), zones.building)
    assert set(found) == {"building-0"}, "building-1 has meters and no zones, building-9 zones and no meters"
    exact = found["building-0"][Commodity.GAS]
    assert exact.cv_rmse == pytest.approx(0.0, abs=1e-12) and exact.calibrated
    more = targets(meters_of(1.4 * gas[:1]), weather)
    assert not agreements(more, predict(zones), zones.building)["building-0"][Commodity.GAS].calibrated
    fitted = calibrate(zones, more.building, more.months, predict)
    after = agreements(more, predict(fitted.zones), zones.building)["building-0"][Commodity.GAS]
    assert after.calibrated and after.cv_rmse == pytest.approx(
        fitted.after[Commodity.GAS][0].cv_rmse,
        rel=1e-6,  # type: ignore[union-attr]
    )
    assert fitted.zones.infiltration[1] == zones.infiltration[1], "what has no meter stays"


def test_a_meter_of_another_unit_is_found_and_left_out(weather: Weather) -> None:
    zones = box_zones(3, use=plain_use(ventilation=0.5, appliances=3.0))
    read = predictor(weather, FACTORS)(zones)
    factor = np.array([1.3, 1e-3, 0.9e3])
    measured = targets(meters_of(read[Commodity.GAS] * factor[:, None]), weather)
    kept, doubts = trusted(measured, read, zones.building)
    assert [d.building for d in doubts] == ["building-1", "building-2"]
    assert all(d.commodity is Commodity.GAS and d.doubt.severity == "refuse" for d in doubts)
    assert "unit" in doubts[0].doubt.text["en"] and "단위" in doubts[0].doubt.text["ko"]
    months = kept.months[Commodity.GAS]
    assert months[0] == pytest.approx(1.3 * read[Commodity.GAS][0]) and np.isnan(months[1:]).all()
    assert np.isfinite(measured.months[Commodity.GAS]).all(), "the given ones stay as they were"
    assert any(note.startswith("building-1, gas: the meter has 0.001 times") for note in kept.notes)
    assert set(agreements(kept, read, zones.building)) == {"building-0"}


def test_outdoor_temperatures_are_the_means_of_the_stations(tmp_path: Path) -> None:
    folder = box_city(tmp_path)
    start = pd.Timestamp("2025-03-01", tz=ZONE)
    end = start + pd.Timedelta(days=3)
    assert outdoor_temperatures(folder, start, end) is None
    with open_observations(folder) as obs:
        for warmth, hours in ((10.0, 72), (14.0, 30)):
            made = add(obs, thing(f"pole {warmth}", observed="air temperature", unit="°C"))
            times = [int(start.timestamp()) + 3600 * h for h in range(hours)]
            read(obs, *datastreams_of(obs, made), times, [warmth + h % 24 for h in range(hours)])
    found = outdoor_temperatures(folder, start, end)
    assert found is not None and found.days.equals(pd.date_range(start, periods=3, freq="D"))
    assert found.temperature == pytest.approx([23.5, 21.5, 21.5])


def test_a_sensor_of_another_unit_than_celsius_is_left_out_and_named(tmp_path: Path) -> None:
    folder = box_city(tmp_path)
    start = pd.Timestamp("2025-03-01", tz=ZONE)
    times = [int(start.timestamp()) + 3600 * h for h in range(72)]
    with open_observations(folder) as obs:
        for unit, warmth in (("°C", 10.0), ("K", 283.0)):
            made = add(obs, thing(f"pole {unit}", observed="air temperature", unit=unit))
            read(obs, *datastreams_of(obs, made), times, [warmth + h % 24 for h in range(72)])
    found = outdoor_temperatures(folder, start, start + pd.Timedelta(days=3))
    assert found is not None and found.temperature == pytest.approx([21.5] * 3)
    (note,) = found.notes
    assert "has the unit 'K'; use °C" in note
