"""Weather from files, from sensors and from a clear sky."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.errors import AnalysisError
from analysis.scene import streams
from analysis.sun.scene import Place
from analysis.weather import clear_sky, from_sensors, read_epw, read_metpv
from analysis.weather.sun import sun_up
from tests.unit.observation_models import EPOCH, SECOND, datastream, make, thing
from twin.observations.store import Observations, open_observations

SEOUL = Place(37.5665, 126.978, altitude=38.0, timezone="Asia/Seoul")
HOUR = 3600
START = (EPOCH // (SECOND * HOUR * 24) + 1) * SECOND * HOUR * 24
"""A midnight in UTC."""


def seoul_file(data: Path) -> Path:
    return data / "weather/KOR_SO_Seoul.WS.471080_TMYx.2011-2025.epw.gz"


def changed(data: Path, folder: Path, column: int, value: str, rows: slice = slice(None)) -> Path:
    """The EPW of Seoul, plain, with one field of some hours (counted from 0) set to a value."""
    lines = gzip.decompress(seoul_file(data).read_bytes()).decode().splitlines()
    for at in range(8, len(lines))[rows]:
        cells = lines[at].split(",")
        cells[column] = value
        lines[at] = ",".join(cells)
    path = folder / "changed.epw"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_an_epw_is_a_year_of_hours_with_their_middles(data: Path) -> None:
    weather = read_epw(seoul_file(data))
    assert len(weather) == 8760
    assert weather.step == HOUR
    assert weather.times[0].isoformat() == "2023-01-01T00:30:00+09:00"
    assert weather.place == Place(37.5714, 126.9658, 87.1, timezone="Etc/GMT-9")
    assert "Seoul" in weather.source
    # the first data line of the file: 0.0 °C, 69 %, 101782 Pa, 246 W/m² from the sky, 1.9 m/s
    first = [getattr(weather, name)[0] for name in ("temp_air", "relative_humidity", "pressure", "infrared")]
    assert first == [0.0, 69.0, 101782.0, 246.0]
    assert weather.wind_speed[0] == 1.9
    # hours are those that end at the stamp: the sun is up in them when there is light
    assert (weather.ghi[~weather.sun.up] < 20).all()


def test_plain_and_compressed_epw_are_the_same(data: Path, tmp_path: Path) -> None:
    plain = changed(data, tmp_path, 20, "180", slice(0, 1))
    assert np.array_equal(read_epw(plain).ghi, read_epw(seoul_file(data)).ghi)


def test_missing_parts_of_an_epw_are_made_of_the_global_irradiance(data: Path, tmp_path: Path) -> None:
    whole = read_epw(seoul_file(data))
    weather = read_epw(changed(data, tmp_path, 14, "9999"))
    assert any("8760 hours" in note for note in weather.notes)
    assert np.array_equal(weather.ghi, whole.ghi)
    assert weather.closure == pytest.approx(1.0, abs=1e-9)
    # a model of the split cannot know the year's own, but it comes near
    assert weather.dni.sum() == pytest.approx(whole.dni.sum(), rel=0.15)


def test_unknown_air_is_not_a_number_and_the_albedo_has_a_default(data: Path, tmp_path: Path) -> None:
    assert np.isnan(read_epw(changed(data, tmp_path, 6, "99.9")).temp_air).all()
    weather = read_epw(changed(data, tmp_path, 32, "999.0"))
    assert np.isnan(weather.albedo).all()
    assert (weather.ground_albedo == 0.2).all()


def test_what_is_no_epw_is_refused(data: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.epw"
    with pytest.raises(AnalysisError, match="cannot be read"):
        read_epw(wrong)
    for content in (b"hello\n", b"", gzip.compress(b"a,b\n" * 9), b"\x1f\x8bbroken"):
        wrong.write_bytes(content)
        with pytest.raises(AnalysisError, match="no EPW"):
            read_epw(wrong)
    held = gzip.decompress(seoul_file(data).read_bytes()).splitlines(keepends=True)
    wrong.write_bytes(b"".join(held[:-5]))
    with pytest.raises(AnalysisError, match="8755"):
        read_epw(wrong)
    with pytest.raises(AnalysisError, match="3 hours have no global"):
        read_epw(changed(data, tmp_path, 13, "9999", slice(10, 13)))
    with pytest.raises(AnalysisError, match=r"dni at 2023-01-01T12:30:00\+09:00 is -5"):
        read_epw(changed(data, tmp_path, 14, "-5", slice(12, 13)))


def test_metpv_is_read_as_its_file_says(data: Path) -> None:
    path = data / "citygml/plateau-komatsu/4_NEDO/hm56276year_KOMATSU.csv"
    weather = read_metpv(path)
    assert len(weather) == 8760
    assert weather.times[0].isoformat() == "2023-01-01T00:30:00+09:00"
    assert weather.place.latitude == pytest.approx(36 + 22.9 / 60)
    assert weather.place.longitude == pytest.approx(136 + 26.1 / 60)
    # each line of element 1 has the day's sum, rounded on its own, behind its extremes [0.01 MJ/m²]
    lines = [line.split(",") for line in path.read_text().splitlines()[1:]]
    daily = np.array([float(cells[30]) for cells in lines if cells[0] == "1"]) / 0.36
    assert weather.ghi.reshape(365, 24).sum(axis=1) == pytest.approx(daily, abs=4 / 0.36)
    assert weather.ghi.sum() / 1000 == pytest.approx(1325.7, abs=0.1)  # kWh/m²
    # direct and diffuse are rounded to 0.01 MJ/m² each
    assert weather.closure == pytest.approx(1.0, abs=1e-3)
    assert weather.temp_air[:3].tolist() == [2.4, 1.7, 1.5]
    # hours are those that end at the stamp, in Japan Standard Time: one off, and the light fits the sun worse
    fits = [np.corrcoef(np.roll(weather.ghi, shift), weather.sun.cos_zenith)[0, 1] for shift in (-1, 0, 1)]
    assert np.argmax(fits) == 1


def test_what_is_no_metpv_is_refused(data: Path, tmp_path: Path) -> None:
    path = data / "citygml/plateau-komatsu/4_NEDO/hm56276year_KOMATSU.csv"
    lines = path.read_text().splitlines()
    wrong = tmp_path / "wrong.csv"
    for content, said in (
        ("year,month\n1,2\n", "first line must name the station"),
        ("\n".join([lines[0], "1,1,1"]), "24 hours"),
        ("\n".join(lines[:-10]), "lacks days"),
        ("\n".join([lines[0], lines[1].replace(",22,", ",x,"), *lines[2:]]), "line 2: there is something"),
    ):
        wrong.write_text(content)
        with pytest.raises(AnalysisError, match=said):
            read_metpv(wrong)


# Ineichen with a Linke turbidity of 3, Seoul, 2024-12-21, by pvlib 0.16.1: GHI, DNI, DHI [W/m²]
WINTER = {
    "09:00": (139.75, 489.62, 41.24),
    "12:30": (468.47, 809.32, 75.82),
    "15:00": (291.53, 688.49, 60.43),
}


def test_clear_sky_is_that_of_the_published_winter_day() -> None:
    times = pd.DatetimeIndex([f"2024-12-21 {hour}" for hour in WINTER]).tz_localize("Asia/Seoul")
    weather = clear_sky(SEOUL, times, step=1.0, linke_turbidity=3.0)
    found = np.column_stack([weather.ghi, weather.dni, weather.dhi])
    assert found == pytest.approx(np.array(list(WINTER.values())), abs=0.03)
    assert weather.notes
    with pytest.raises(AnalysisError, match="time zone"):
        clear_sky(SEOUL, times.tz_localize(None))


def test_hours_of_clear_sky_are_means_of_their_minutes() -> None:
    hours, minutes = (
        clear_sky(
            SEOUL,
            pd.date_range("2023-01-10", periods=count, freq=f"{step}s", tz="Asia/Seoul")
            + pd.Timedelta(seconds=step / 2),
            step,
            linke_turbidity=3.0,
        )
        for count, step in ((24, 3600), (1440, 60))
    )
    for name in ("ghi", "dni", "dhi"):
        exact = getattr(minutes, name).reshape(24, 60).mean(axis=1)
        assert getattr(hours, name) == pytest.approx(exact, abs=0.02 * exact.max()), name
        assert getattr(hours, name).sum() == pytest.approx(exact.sum(), rel=0.01), name


def test_the_sun_of_an_hour_in_which_it_rises_is_that_of_its_sunlit_part() -> None:
    times = pd.date_range("2024-12-21 00:30", periods=24, freq="h", tz="Asia/Seoul")
    sun = sun_up(SEOUL, times, 3600.0)
    # sunrise 07:43, sunset 17:17 (KASI almanac for Seoul, 2024-12-21)
    assert sun.share[7] == pytest.approx(17 / 60, abs=0.1)
    assert sun.share[17] == pytest.approx(17 / 60, abs=0.1)
    assert sun.up.sum() == 11
    assert sun.apparent_zenith[7] < 90
    assert (sun.cos_zenith[~sun.up] == 0).all()
    # the mean cosine of an hour about noon is a little less than that of its middle
    middle = sun_up(SEOUL, times[12:13], 1.0)
    assert 0.99 < sun.cos_zenith[12] / middle.cos_zenith[0] < 1.0


def station(
    observations: Observations, name: str, observed: str, unit: str, readings: dict[int, float]
) -> None:
    """readings: value by seconds since START."""
    stream = datastream(
        f"{name} {observed}",
        unitOfMeasurement={"name": unit, "symbol": unit, "definition": ""},
        ObservedProperty={"name": observed, "description": "", "definition": f"urn:{observed}"},
    )
    make(observations, "Things", thing(name, Datastreams=[stream]))
    id = streams(observations, observed)[-1].id
    for seconds, value in readings.items():
        time = datetime.fromtimestamp(START / SECOND, UTC) + timedelta(seconds=seconds)
        make(
            observations,
            f"Datastreams({id})/Observations",
            {"phenomenonTime": time.isoformat().replace("+00:00", "Z"), "result": value},
        )


def day(values: np.ndarray) -> dict[int, float]:
    """Readings every half an hour of hourly values."""
    return {int(h * HOUR + m): float(v) for h, v in enumerate(values) for m in (0, 1800)}


def test_weather_from_sensors(tmp_path: Path) -> None:
    times = pd.date_range(pd.Timestamp(START, unit="us", tz="UTC"), periods=24, freq="h")
    true = clear_sky(SEOUL, times + pd.Timedelta(minutes=30))
    end = START + 24 * HOUR * SECOND
    with open_observations(tmp_path) as observations:
        with pytest.raises(AnalysisError, match="no sensor of solar irradiance"):
            from_sensors(observations, SEOUL, START, end)
        # two stations, one in kW/m²; and a pyranometer's small negative offset at night
        night = np.where(true.sun.up, true.ghi, -1.5)
        station(observations, "roof", "global horizontal irradiance", "W/m²", day(night * 1.1))
        station(observations, "park", "GHI", "kW/m²", day(night * 0.9 / 1000))
        station(observations, "park", "air temperature", "°C", day(np.full(24, 12.5)))
        weather = from_sensors(observations, SEOUL, START, end)
        assert weather.ghi == pytest.approx(np.where(true.sun.up, true.ghi, 0.0), abs=1e-3)
        assert weather.closure == pytest.approx(1.0)
        # taken apart as a mean sky of that clearness is, which has more haze than a clear one
        assert 0.7 < weather.dni.sum() / true.dni.sum() < 1.0
        assert weather.temp_air == pytest.approx(np.full(24, 12.5))
        assert np.isnan(weather.wind_speed).all()
        assert "roof" in weather.source
        assert any("made of the global" in note for note in weather.notes)
        station(observations, "roof", "DHI", "W/m²", day(true.dhi))
        both = from_sensors(observations, SEOUL, START, end)
        assert both.dhi == pytest.approx(true.dhi, abs=1e-3)
        assert both.dni == pytest.approx(true.dni, abs=6)
        station(observations, "hill", "GHI", "lx", day(true.ghi))
        with pytest.raises(AnalysisError, match="lx"):
            from_sensors(observations, SEOUL, START, end)


def test_gaps_by_day_are_refused_or_said(tmp_path: Path) -> None:
    times = pd.date_range(pd.Timestamp(START, unit="us", tz="UTC"), periods=24, freq="h")
    true = clear_sky(SEOUL, times + pd.Timedelta(minutes=30))
    noon = int(np.argmax(true.ghi))
    held = {at: v for at, v in day(true.ghi).items() if not noon <= at // HOUR < noon + 4}
    end = START + 24 * HOUR * SECOND
    with open_observations(tmp_path) as observations:
        station(observations, "roof", "GHI", "W/m²", held)
        with pytest.raises(AnalysisError, match="gap"):
            from_sensors(observations, SEOUL, START, end)
        weather = from_sensors(observations, SEOUL, START, end, gaps="fill")
    assert weather.ghi[noon + 1 : noon + 4].max() == 0.0
    assert any("without a reading" in note for note in weather.notes)


def test_a_part_of_a_weather(data: Path) -> None:
    weather = read_epw(seoul_file(data))
    june = weather.between(
        pd.Timestamp("2023-06-01", tz="Asia/Seoul"), pd.Timestamp("2023-07-01", tz="Asia/Seoul")
    )
    assert len(june) == 30 * 24
    assert june.ghi.sum() == weather.ghi[weather.times.month == 6].sum()
