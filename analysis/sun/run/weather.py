"""The weather of a run: of a file, of the city's own sensors, or a year of clear sky."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from analysis.errors import AnalysisError

if TYPE_CHECKING:
    from analysis.sun.run.study import CityStudy
    from analysis.weather import Weather

SOURCES = {
    "file": ("기상 파일 (없으면 맑은 하늘)", "weather file (a clear sky without one)"),
    "sensors": ("도시의 센서 (최근 1년)", "the city's sensors (their latest year)"),
    "clear-sky": ("맑은 하늘", "clear sky"),
}
"""Choices of where the weather is from, with their Korean and English titles."""
_WHOLE = 0.99
"""Share of a year from which weather counts as one."""


def weather_of(study: CityStudy, source: str, file: Path | None) -> Weather:
    """source: one of `SOURCES`. Raises AnalysisError for a file that is not for the source, and for sensors
    that are not there."""
    from analysis.weather.source import read_weather

    if source == "sensors":
        if file is not None:
            raise AnalysisError("weather: a file is not used with weather_source=sensors; leave one of them")
        return _measured(study)
    if source == "clear-sky" or file is None:
        return clear_year(study)
    return read_weather(file)


def clear_year(study: CityStudy) -> Weather:
    """Hours of clear sky over the year of the study's date, by its clock."""
    import pandas as pd

    from analysis.weather import clear_sky

    zone, year = study.subject.place.timezone, study.date.year
    hours = pd.date_range(f"{year}-01-01", f"{year + 1}-01-01", freq="h", inclusive="left", tz="UTC")
    middles = hours + pd.Timedelta(minutes=30)
    offset = pd.Timestamp(f"{year}-01-01").tz_localize(zone).utcoffset() or pd.Timedelta(0)
    return clear_sky(study.subject.place, (middles - offset).tz_convert(zone))


def _measured(study: CityStudy) -> Weather:
    """Hours of the latest year that the city's sensors of irradiance have seen. Gaps have no sunshine."""
    from analysis.weather.source import YEAR_S, measured_year

    weather = measured_year(study.city.folder, study.subject.place)
    hours = len(weather) * weather.hours
    if hours < _WHOLE * YEAR_S / 3600:
        weather.notes.append(
            f"the sensors' readings reach over {hours / 24:.1f} days; irradiation and yields are of that"
            " time, not of a year"
        )
    return weather
