"""A year made of monthly normals, against the year that the normals were taken from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from analysis.errors import AnalysisError
from analysis.sun.scene import Place
from analysis.tables import rows
from analysis.weather import Weather, fit_for_energy, from_normals, read_epw, read_metpv
from analysis.weather.normals import COLUMNS, TABLE, clearness_of_days, stations

FILES = (
    "weather/KOR_IN_Incheon.WS.471120_TMYx.2011-2025.epw.gz",
    "weather/KOR_PU_Busan-Daecheongdong.WS.471590_TMYx.2011-2025.epw.gz",
    "weather/KOR_SO_Seoul.WS.471080_TMYx.2011-2025.epw.gz",
    "weather/KOR_TJ_Daejeon.WS.471330_TMYx.2011-2025.epw.gz",
    "citygml/plateau-komatsu/4_NEDO/hm56276year_KOMATSU.csv",
)


def degree_days(weather: Weather) -> tuple[float, float]:
    """Heating and cooling degree days to 18 °C of daily means [K d]."""
    daily = weather.temp_air.reshape(-1, 24).mean(axis=1)
    return float(np.clip(18 - daily, 0, None).sum()), float(np.clip(daily - 18, 0, None).sum())


@pytest.mark.parametrize("file", FILES)
def test_a_made_up_year_has_the_sums_of_the_year_it_is_made_of(data: Path, file: str) -> None:
    path = data / file
    real = read_metpv(path) if path.suffix == ".csv" else read_epw(path)
    made = from_normals(real.place)
    assert degree_days(made) == pytest.approx(degree_days(real), rel=0.03)
    assert made.ghi.sum() == pytest.approx(real.ghi.sum(), rel=0.001)
    # what the division of global light by clearness alone leaves open (Erbs: 0.15 here)
    assert made.dni.sum() == pytest.approx(real.dni.sum(), rel=0.2)
    assert made.closure == pytest.approx(1.0, abs=0.01)
    for month in range(1, 13):
        of_made, of_real = (np.asarray(w.times.month) == month for w in (made, real))
        assert made.temp_air[of_made].mean() == pytest.approx(real.temp_air[of_real].mean(), abs=0.02)
    assert any("made up of the monthly normals" in note for note in fit_for_energy(made).notes)


def test_the_year_is_the_same_at_every_call_and_a_leap_year_if_asked() -> None:
    place = Place(36.5, 127.25, 60.0)  # Sejong
    one, other = from_normals(place), from_normals(place)
    assert np.array_equal(one.temp_air, other.temp_air)
    assert np.array_equal(one.dni, other.dni)
    assert one.source == "normals of Daejeon"
    assert len(from_normals(place, year=2024)) == 8784


def test_warmth_falls_with_height() -> None:
    low, high = (from_normals(Place(36.5, 127.25, altitude)) for altitude in (60.0, 260.0))
    # ISO 2533: 6.5 K/km
    assert np.array(low.temp_air - high.temp_air) == pytest.approx(1.3)


def test_a_place_without_a_station_near_is_refused() -> None:
    with pytest.raises(AnalysisError, match=r"no station .* within 150 km .* \(the nearest, Incheon, is 8,"):
        from_normals(Place(52.5, 13.4, 40.0))
    with pytest.raises(AnalysisError, match="300 m of height"):
        from_normals(Place(37.6, 127.0, 800.0))


def test_a_city_may_bring_its_own_table(tmp_path: Path) -> None:
    whole = list(rows(None, TABLE, COLUMNS))
    lines = [",".join(COLUMNS)]
    for row in whole[:12]:
        cells = row.cells | {"station": "Naples", "latitude": "40.9", "longitude": "14.3", "utc_offset": "1"}
        lines.append(",".join(f'"{cells[name]}"' for name in COLUMNS))
    table = tmp_path / "normals.csv"
    table.write_text("\n".join(lines))
    made = from_normals(Place(40.8, 14.2, 110.0), path=table)
    assert made.source == "normals of Naples"
    assert made.times[0].isoformat() == "2023-01-01T00:30:00+01:00"
    with pytest.raises(AnalysisError, match=r"normals of Naples: 9 kWh.* in month 1 is .*, which cannot be"):
        table.write_text("\n".join(lines).replace('"2.709"', '"9"'))
        from_normals(Place(40.8, 14.2, 110.0), path=table)
    table.write_text("\n".join(lines[:-1]))
    with pytest.raises(AnalysisError, match="Naples has 11 months"):
        stations(table)


def test_a_station_whose_days_are_all_alike(tmp_path: Path) -> None:
    lines = [",".join(COLUMNS)]
    for row in list(rows(None, TABLE, COLUMNS))[:12]:
        cells = row.cells | {"temperature": "14", "temperature_sd": "0"}
        lines.append(",".join(f'"{cells[name]}"' for name in COLUMNS))
    table = tmp_path / "normals.csv"
    table.write_text("\n".join(lines))
    made = from_normals(stations(table)[0].place, path=table)
    assert made.temp_air.reshape(365, 24).mean(axis=1) == pytest.approx(np.full(365, 14.0), abs=0.01)
    table.write_text(lines[0])
    with pytest.raises(AnalysisError, match="the table of normals has no station"):
        from_normals(Place(37.5, 127.0), path=table)


def test_every_station_says_where_its_numbers_are_from() -> None:
    for station in stations():
        assert station.source
        assert np.ptp(station.temperature) > 15


def test_days_of_a_month_follow_the_published_distribution() -> None:
    for mean in (0.3, 0.45, 0.6):
        days = clearness_of_days(mean, 3000)
        assert days.mean() == pytest.approx(mean, abs=1e-3)
        assert (np.diff(days) > 0).all()
        # Bendt et al. 1981: the density is exponential, so equal steps in exp(γ k) have equal shares
        growth = np.diff(np.log(np.diff(days)))
        assert np.sign(growth).min() == np.sign(growth).max()
        # Hollands, Huget 1983
        assert days.max() < 0.6313 + 0.267 * mean - 11.9 * (mean - 0.75) ** 8


def test_bright_and_dark_days_are_as_frequent_as_in_the_real_year(data: Path) -> None:
    real = read_epw(data / FILES[2])
    made = from_normals(real.place)
    daily = [np.sort(w.ghi.reshape(-1, 24).sum(axis=1)) / 1000 for w in (real, made)]
    assert np.abs(daily[0] - daily[1]).mean() < 0.3  # kWh/m², of 3.9 on average
    assert np.abs(daily[0] - daily[1]).max() < 1.0
