"""METPV-20 and METPV-11 of Japan's NEDO: a year of hours at one of its stations, as CSV.

The first line has the station's number and name, latitude (degrees, minutes), longitude (degrees, minutes)
and altitude [m]. Each further line has an element for a day: its number, month, day, the year that the month
is taken from, 24 values for the hours that end at 1 to 24 o'clock Japan Standard Time, then the day's
greatest, least, sum or mean, and the number of the day. Elements: 1 global, 2 direct and 3 diffuse
irradiation of the horizontal [0.01 MJ/m²], 4 sunshine [0.1 h], 5 air temperature [0.1 °C], 6 wind direction
(16 points), 7 wind speed [0.1 m/s], and others that are not read here. 8888 says that nothing is known.
"""

from __future__ import annotations

from datetime import timedelta, timezone
from pathlib import Path

import numpy as np

from analysis.errors import AnalysisError
from analysis.sun.scene import Place
from analysis.weather.epw import COMMON_YEAR
from analysis.weather.model import Float64, Weather
from analysis.weather.parts import from_horizontal
from analysis.weather.sun import sun_up

_IRRADIATION = 0.01e6 / 3600
"""[W/m²] of 0.01 MJ/m² in an hour."""
_UNKNOWN = 8888
_JST = timezone(timedelta(hours=9))
_ELEMENTS = {1: "ghi", 2: "direct", 3: "dhi", 5: "temp_air", 7: "wind_speed"}
_HEAD, _HOURS = 4, 24


def read_metpv(path: Path) -> Weather:
    """The year, dated in `COMMON_YEAR`, whatever years its months come from.

    Direct irradiance of the horizontal becomes that of the beam by the sun's height. Raises AnalysisError
    for a file that is not of this form.
    """
    import pandas as pd

    place, name, lines = _read(path)
    days: dict[tuple[int, int], dict[str, list[float]]] = {}
    for number, cells in lines:
        try:
            element, month, day = (int(float(c)) for c in cells[:3])
            values = [float(c) for c in cells[_HEAD : _HEAD + _HOURS]]
        except ValueError:
            raise AnalysisError(f"{path}, line {number}: there is something that is no number") from None
        if element in _ELEMENTS:
            days.setdefault((month, day), {})[_ELEMENTS[element]] = values
    dates = pd.date_range(f"{COMMON_YEAR}-01-01", f"{COMMON_YEAR}-12-31", tz=_JST)
    series: dict[str, Float64] = {}
    for wanted in _ELEMENTS.values():
        try:
            held = np.array([days[d.month, d.day][wanted] for d in dates], float)
        except KeyError:
            raise AnalysisError(f"{path}: it lacks days of the year, or {wanted} on some of them") from None
        series[wanted] = np.where(held == _UNKNOWN, np.nan, held).ravel()
    hours = pd.date_range(dates[0] + pd.Timedelta(minutes=30), periods=len(dates) * _HOURS, freq="h")
    sun = sun_up(place, hours, 3600.0)
    dni, dhi = from_horizontal(hours, series["direct"] * _IRRADIATION, series["dhi"] * _IRRADIATION, sun)
    unknown = np.full(len(hours), np.nan)
    return Weather(
        times=hours,
        step=3600.0,
        place=place,
        ghi=series["ghi"] * _IRRADIATION,
        dni=dni,
        dhi=dhi,
        temp_air=series["temp_air"] / 10,
        wind_speed=series["wind_speed"] / 10,
        pressure=unknown,
        albedo=unknown,
        relative_humidity=unknown,
        infrared=unknown,
        source=f"METPV {name} ({path.name})",
    )


def _read(path: Path) -> tuple[Place, str, list[tuple[int, list[str]]]]:
    try:
        text = path.read_bytes().decode("cp932")
    except OSError as error:
        raise AnalysisError(f"{path}: the weather file cannot be read ({error.strerror or error})") from None
    except UnicodeDecodeError:
        raise AnalysisError(f"{path}: this is no METPV file, which is a text") from None
    rows = [(n, line.split(",")) for n, line in enumerate(text.splitlines(), 1) if line.strip()]
    try:
        _, name, *numbers = rows[0][1]
        north, north_minutes, east, east_minutes, altitude = (float(c) for c in numbers[:5])
    except (IndexError, ValueError):
        raise AnalysisError(f"{path}: this is no METPV file; its first line must name the station") from None
    if any(len(cells) < _HEAD + _HOURS for _, cells in rows[1:]):
        raise AnalysisError(f"{path}: this is no METPV file; each line has an element's 24 hours of a day")
    place = Place(north + north_minutes / 60, east + east_minutes / 60, altitude, timezone="Asia/Tokyo")
    return place, name.strip(), rows[1:]
