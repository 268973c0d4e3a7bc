"""The weather of a run: of a file, of the city's own sensors, or made of the nearest station's normals."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from analysis.errors import AnalysisError

if TYPE_CHECKING:
    from analysis.sun.scene import Place
    from analysis.weather import Weather

SOURCES = {
    "auto": ("기상 파일, 없으면 가까운 관측소의 평년값", "weather file, else normals of the nearest station"),
    "sensors": ("도시의 센서 (최근 1년)", "the city's sensors (their latest year)"),
    "normals": ("가까운 관측소의 평년값", "normals of the nearest station"),
}
"""Choices of where the weather is from, with their Korean and English titles."""
_FAR = 100.0
"""Beyond this distance a station's weather is said to be of another place [km]."""
_EARTH_KM = 6371.0


def weather_of(folder: Path, place: Place, source: str, file: Path | None) -> tuple[Weather, bool]:
    """A whole year, fit for energy, and whether it is made up of normals. source: one of `SOURCES`.

    Raises AnalysisError for a file that is not for the source, and where there is no weather at all.
    """
    from analysis.weather.checks import fit_for_energy
    from analysis.weather.normals import from_normals
    from analysis.weather.source import measured_year, read_weather

    if file is not None and source != "auto":
        raise AnalysisError(f"weather: a file is not used with weather_source={source}; leave one of them")
    if source == "sensors":
        found = measured_year(folder, place)
    elif file is not None:
        found = read_weather(file)
    else:
        found = from_normals(place)
    made_up = source != "sensors" and file is None
    away = distance_km(place, found.place)
    if away > _FAR:
        note = f"the weather was measured {away:,.0f} km from the city; take a file of a nearer station"
        found = replace(found, notes=[*found.notes, note])
    return _with_sky(fit_for_energy(found)), made_up


def _with_sky(weather: Weather) -> Weather:
    """With the long-wave radiation of the sky where it was not measured, modelled once for all zones."""
    from analysis.energy.problem import KELVIN, STEFAN_BOLTZMANN, sky_temperature

    if np.isfinite(weather.infrared).all():
        return weather
    notes: list[str] = []
    sky = sky_temperature(weather, notes)
    infrared = STEFAN_BOLTZMANN * (sky + KELVIN) ** 4
    return replace(weather, infrared=infrared, notes=[*weather.notes, *notes])


def distance_km(one: Place, other: Place) -> float:
    """Along a great circle."""
    a, b = (np.radians([p.latitude, p.longitude]) for p in (one, other))
    half = np.sin((b - a) / 2) ** 2
    return float(2 * _EARTH_KM * np.arcsin(np.sqrt(half[0] + np.cos(a[0]) * np.cos(b[0]) * half[1])))
