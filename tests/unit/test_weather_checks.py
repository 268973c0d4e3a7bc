"""Weather that energy may rest on: gaps, impossible values, odd years, light at night, rain beyond belief."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis.errors import AnalysisError
from analysis.sun.scene import Place
from analysis.weather import Weather, clear_sky, fit_for_energy, read_epw, read_metpv
from analysis.weather.checks import precipitation_note
from tests.unit.test_weather import changed, seoul_file

SEOUL = Place(37.5714, 126.9658, 87.1, timezone="Asia/Seoul")


@pytest.fixture(scope="module")
def year() -> Weather:
    """A made-up year: a sine of the seasons and one of the day under a clear sky."""
    times = pd.date_range("2023-01-01 00:30", periods=8760, freq="h", tz="Etc/GMT-9")
    hour = np.arange(8760)
    air = 12 - 14 * np.cos(2 * np.pi * hour / 8760) - 4 * np.cos(2 * np.pi * (hour % 24 - 3) / 24)
    wind = 2 + np.sin(hour)
    return replace(
        clear_sky(SEOUL, times),
        temp_air=air,
        wind_speed=wind,
        relative_humidity=np.full(8760, 60.0),
        infrared=np.full(8760, 300.0),
        source="made up",
        notes=[],
    )


def with_values(weather: Weather, name: str, hours: slice, value: float) -> Weather:
    values = getattr(weather, name).copy()
    values[hours] = value
    change: dict[str, Any] = {name: values}
    return replace(weather, **change)


def refused(weather: Weather, pattern: str) -> None:
    with pytest.raises(AnalysisError, match=pattern):
        fit_for_energy(weather)


def test_a_whole_file_stays_as_it_is(data: Path) -> None:
    weather = read_epw(seoul_file(data))
    fit = fit_for_energy(weather)
    assert fit.notes == []
    for name in ("temp_air", "wind_speed", "relative_humidity", "infrared", "ghi"):
        assert np.array_equal(getattr(fit, name), getattr(weather, name))


def test_short_gaps_are_interpolated_and_told(year: Weather) -> None:
    fit = fit_for_energy(with_values(year, "temp_air", slice(100, 105), np.nan))
    step = (year.temp_air[105] - year.temp_air[99]) / 6
    assert fit.temp_air[100:105] == pytest.approx(year.temp_air[99] + step * np.arange(1, 6))
    assert any("air temperature: 5 intervals" in note and "5 h" in note for note in fit.notes)


def test_long_gaps_are_refused_with_when_and_what_to_do(year: Weather) -> None:
    refused(
        with_values(year, "temp_air", slice(100, 106), np.nan),
        r"air temperature is unknown for 6 h from 2023-01-05 04:30 on; .* give a weather file",
    )
    refused(with_values(year, "wind_speed", slice(0, 48), np.nan), "wind speed is unknown for 48 h")
    refused(with_values(year, "temp_air", slice(None), np.nan), "no air temperature")


def test_impossible_values_count_as_gaps(year: Weather) -> None:
    fit = fit_for_energy(with_values(year, "temp_air", slice(5, 6), 61.0))
    assert fit.temp_air.max() < 60
    assert any("outside of -90 to 60 °C" in note and "61" in note for note in fit.notes)
    fit = fit_for_energy(with_values(year, "wind_speed", slice(5, 6), 101.0))
    assert fit.wind_speed.max() <= 100
    refused(with_values(year, "temp_air", slice(0, 24), -273.0), "unknown for 24 h")


def test_other_than_a_whole_year_is_refused(year: Weather) -> None:
    half = year.between(year.times[0], year.times[4380])
    refused(half, r"182\.5 days from 2023-01-01 00:00 on; energy needs a whole year")
    times = year.times.delete(4000)
    short = {name: np.delete(getattr(year, name), 4000) for name in ("ghi", "dni", "dhi", "temp_air")}
    others = {
        name: np.delete(getattr(year, name), 4000)
        for name in ("wind_speed", "pressure", "albedo", "relative_humidity", "infrared")
    }
    refused(replace(year, times=times, **short, **others), "after 2023-06-16 15:30 the weather has a gap")
    refused(replace(year, step=7200.0), "divide them")


def test_leap_years_are_whole_years() -> None:
    def leap(count: int) -> Weather:
        times = pd.date_range("2024-01-01 00:30", periods=count, freq="h", tz="Etc/GMT-9")
        return replace(clear_sky(SEOUL, times), temp_air=np.sin(np.arange(count) / 99.0))

    assert len(fit_for_energy(leap(8784))) == 8784
    # a sensor's latest 365 days, over a 29 February
    assert len(fit_for_energy(leap(8760))) == 8760
    refused(leap(8808), "367 days from 2024-01-01")


def test_a_year_may_begin_in_any_month(year: Weather) -> None:
    times = pd.date_range("2022-07-01 00:30", periods=8760, freq="h", tz="Etc/GMT-9")
    sky = clear_sky(SEOUL, times)
    assert len(fit_for_energy(replace(sky, temp_air=np.roll(year.temp_air, 4344)))) == 8760


def test_light_at_night_is_a_wrong_clock_or_place(year: Weather) -> None:
    refused(replace(year, times=year.times + pd.Timedelta(hours=9)), "comes while the sun is down at 37.57")
    late = replace(year, times=year.times + pd.Timedelta(hours=2))
    assert any("of the light comes while the sun is down" in note for note in fit_for_energy(late).notes)
    dark = np.zeros(8760)
    refused(replace(year, ghi=dark, dni=dark, dhi=dark), "no sunlight")
    odd = fit_for_energy(replace(year, dni=year.dni * 0.5))
    assert any("do not belong together" in note for note in odd.notes)


def test_values_that_never_change_are_found(year: Weather) -> None:
    refused(replace(year, temp_air=np.full(8760, 20.0)), "the air is 20 °C all year")
    fit = fit_for_energy(with_values(year, "temp_air", slice(1000, 1096), 11.0))
    assert any("air temperature does not change for 4 days from 2023-02-11" in note for note in fit.notes)


def test_what_is_not_measured_at_all_stays_unknown(data: Path, year: Weather) -> None:
    assert np.isnan(fit_for_energy(replace(year, wind_speed=np.full(8760, np.nan))).wind_speed).all()
    fit = fit_for_energy(read_metpv(data / "citygml/plateau-komatsu/4_NEDO/hm56276year_KOMATSU.csv"))
    assert np.isnan(fit.infrared).all()
    assert np.isnan(fit.relative_humidity).all()
    half = fit_for_energy(with_values(year, "infrared", slice(0, 4380), np.nan))
    assert np.isnan(half.infrared).sum() == 4380


def test_rain_beyond_belief_is_told(data: Path, tmp_path: Path) -> None:
    assert read_epw(seoul_file(data)).notes == []
    flooded = read_epw(changed(data, tmp_path, 33, "4854", slice(10, 11)))
    assert any("4,854.0 mm in its wettest hour: that is not plausible" in note for note in flooded.notes)
    assert read_epw(changed(data, tmp_path, 33, "999", slice(10, 11))).notes == []
    drizzle = read_epw(changed(data, tmp_path, 33, "0.6"))
    assert any("5,256 mm of precipitation in the year" in note for note in drizzle.notes)
    burst = read_epw(changed(data, tmp_path, 33, "450", slice(10, 11)))
    assert any("450.0 mm in its wettest hour" in note for note in burst.notes)


def test_the_precipitation_of_files_that_do_not_say() -> None:
    assert precipitation_note(np.full(8760, np.nan)) is None
    assert precipitation_note(np.full(8760, 0.1)) is None
    assert "not plausible" in str(precipitation_note(np.full(8760, -1.0)))
