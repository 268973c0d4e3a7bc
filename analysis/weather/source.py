"""Where a run's weather comes from: a file of one of the known forms, or the city's own sensors."""

from __future__ import annotations

from pathlib import Path

from analysis.errors import AnalysisError
from analysis.sun.scene import Place
from analysis.weather.epw import read_epw
from analysis.weather.metpv import read_metpv
from analysis.weather.model import Weather

YEAR_S = 365 * 86_400
_HOUR_US = 3_600_000_000


def read_weather(path: Path) -> Weather:
    """An EPW file by its name, plain or compressed, else a METPV file. Raises AnalysisError."""
    return read_epw(path) if path.name.lower().endswith((".epw", ".epw.gz")) else read_metpv(path)


def measured_year(folder: Path, place: Place) -> Weather:
    """Hours of the latest year that a city's sensors of irradiance have seen, or of the time that they reach
    over; hours by day without a reading have no sunshine. Raises AnalysisError for a city without any."""
    from analysis.weather.sensors import from_sensors, measured_span
    from twin.observations.connections import DATABASE
    from twin.observations.store import open_observations

    if not (folder / DATABASE).exists():
        raise AnalysisError(f"{folder}: the city has no readings of sensors; give a weather file instead")
    with open_observations(folder) as observations:
        first, last = measured_span(observations)
        end = last // _HOUR_US * _HOUR_US
        start = max(-(-first // _HOUR_US) * _HOUR_US, end - YEAR_S * 1_000_000)
        return from_sensors(observations, place, start, end, gaps="fill")
