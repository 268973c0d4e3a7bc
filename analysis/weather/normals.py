"""A year of hours made of monthly normals: what energy falls back on where no weather file is given.

Days: clearness after Bendt, Collares-Pereira, Rabl 1981 (doi:10.1016/0038-092X(81)90013-X), its greatest
after Hollands, Huget 1983 (doi:10.1016/0038-092X(83)90149-4); daily mean temperature is normally distributed,
both with a memory of a day and correlated with each other (Knight, Klein, Duffie 1991,
doi:10.1016/0038-092X(91)90023-P). Hours: light after Collares-Pereira, Rabl 1979
(doi:10.1016/0038-092X(79)90100-2), temperature after Erbs, Klein, Beckman 1983 (ASHRAE Journal 25(6), 60-65).
Monthly means and the spread of daily means are those of the normals exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt

from analysis.errors import AnalysisError
from analysis.sun.scene import Place
from analysis.tables import rows
from analysis.weather.epw import COMMON_YEAR, zone_name
from analysis.weather.model import Float64, Weather
from analysis.weather.parts import from_global
from analysis.weather.sun import SunUp, sun_up

if TYPE_CHECKING:
    import pandas as pd

Int64: TypeAlias = npt.NDArray[np.int64]

TABLE = "energy/climate_normals.csv"
SERIES = (
    *("temperature", "temperature_range", "temperature_sd", "humidity", "wind", "irradiation"),
    "correlation",
)
COLUMNS = ("station", "latitude", "longitude", "altitude", "utc_offset", "month", *SERIES, "source")
FARTHEST = 150.0
"""[km] between a place and its station."""
HIGHEST = 300.0
"""[m] between their altitudes."""
LAPSE = 0.0065
"""[K/m] of the standard atmosphere (ISO 2533:1975)."""
MEMORY = {"temperature": 0.7, "clearness": 0.3}
"""Correlation of a day with the one before: 0.61 to 0.71 and 0.25 to 0.38 at the stations of the table."""
LEAST_CLEARNESS = 0.05
"""Of a day (Bendt et al. 1981)."""
POSSIBLE_CLEARNESS = (0.1, 0.8)
"""Of a month, for which the distribution of days stands."""
SEED = 13790
_EARTH = 6371.0
"""Radius [km]."""


@dataclass(frozen=True)
class Normals:
    """Of a station, each (12,): temperature [°C], mean; temperature_range [K] of the mean course of a day;
    temperature_sd [K] of daily means; humidity [%], NaN unknown; wind [m/s]; irradiation, global
    horizontal [kWh/(m²d)]; correlation of a day's temperature with its clearness [1]."""

    station: str
    place: Place
    utc_offset: float
    temperature: Float64
    temperature_range: Float64
    temperature_sd: Float64
    humidity: Float64
    wind: Float64
    irradiation: Float64
    correlation: Float64
    source: str


def from_normals(place: Place, year: int = COMMON_YEAR, path: Path | None = None) -> Weather:
    """A made-up year at a place, by the nearest station of the table (or of a city's own, at a path), which
    is the same at every call. Temperatures are brought to the place's altitude by `LAPSE`; wind is the
    month's mean at all hours.

    Raises AnalysisError without a station within `FARTHEST` and `HIGHEST`.
    """
    import pandas as pd

    normals, distance = nearest(place, stations(path))
    zone = timezone(timedelta(hours=normals.utc_offset))
    days = pd.date_range(f"{year}-01-01", f"{year}-12-31", tz=zone)
    times = pd.date_range(days[0] + pd.Timedelta(minutes=30), periods=len(days) * 24, freq="h")
    at = Place(place.latitude, place.longitude, place.altitude, timezone=zone_name(normals.utc_offset))
    sun = sun_up(at, times, 3600.0)
    month = np.asarray(days.month) - 1
    clear, warm = _noise(normals.correlation[month])
    ghi = _light(times, at, sun, month, normals, clear)
    temperature = _temperature(month, normals, warm)
    temperature += LAPSE * (normals.place.altitude - place.altitude)
    dni, dhi = from_global(times, ghi, sun)
    hourly = np.repeat(month, 24)
    unknown = np.full(len(times), np.nan)
    return Weather(
        times=times,
        step=3600.0,
        place=at,
        ghi=ghi,
        dni=dni,
        dhi=dhi,
        temp_air=temperature,
        wind_speed=normals.wind[hourly],
        pressure=unknown,
        albedo=unknown,
        relative_humidity=normals.humidity[hourly],
        infrared=unknown,
        source=f"normals of {normals.station}",
        notes=[
            "no weather file was given: the result rests on a year that was made up of the monthly normals of"
            f" {normals.station} ({distance:.0f} km away; {normals.source})"
        ],
    )


def stations(path: Path | None = None) -> list[Normals]:
    """Of the table that comes with CityTwin, or of a city's own. Raises AnalysisError for a table that is
    not of its form, and for stations without twelve months."""
    found: dict[str, dict[int, dict[str, float]]] = {}
    places: dict[str, tuple[Place, float, str]] = {}
    for row in rows(path, TABLE, COLUMNS):
        name = row.text("station")
        place = Place(
            row.number("latitude", -90, 90), row.number("longitude", -180, 180), row.number("altitude")
        )
        places[name] = (place, row.number("utc_offset", -12, 14), row.text("source"))
        values = {
            "temperature": row.number("temperature", -60, 50),
            "temperature_range": row.number("temperature_range", 0, 40),
            "temperature_sd": row.number("temperature_sd", 0, 20),
            "humidity": row.number("humidity", 0, 100, default=np.nan),
            "wind": row.number("wind", 0, 50),
            "irradiation": row.number("irradiation", 0, 15),
            "correlation": row.number("correlation", -1, 1, default=0.0),
        }
        found.setdefault(name, {})[int(row.number("month", 1, 12))] = values
    for name, months in found.items():
        if len(months) != 12:
            raise AnalysisError(f"{path or TABLE}: the station {name} has {len(months)} months; give it 12")
    return [
        Normals(
            name,
            places[name][0],
            places[name][1],
            **{key: np.array([months[m][key] for m in range(1, 13)]) for key in SERIES},
            source=places[name][2],
        )
        for name, months in found.items()
    ]


def nearest(place: Place, normals: list[Normals]) -> tuple[Normals, float]:
    """The nearest station and its distance [km]. Raises AnalysisError where none is near."""
    distances = [(_distance(place, each.place), each) for each in normals]
    near = [
        (distance, each)
        for distance, each in distances
        if distance <= FARTHEST and abs(each.place.altitude - place.altitude) <= HIGHEST
    ]
    if not near:
        if not distances:
            raise AnalysisError("the table of normals has no station; give one, or a weather file (EPW)")
        known = min(distances, key=lambda pair: pair[0])
        raise AnalysisError(
            f"no weather was given, and no station of known normals is within {FARTHEST:g} km and"
            f" {HIGHEST:g} m of height of {place.latitude:.2f}, {place.longitude:.2f} (the nearest,"
            f" {known[1].station}, is {known[0]:,.0f} km away); give a weather file (EPW)"
        )
    distance, station = min(near, key=lambda pair: pair[0])
    return station, distance


def _noise(correlation: Float64) -> tuple[Float64, Float64]:
    """(d,) standard normal numbers of clearness and of temperature, with their memories and correlation."""
    random = np.random.default_rng(SEED)
    series = []
    for memory in (MEMORY["clearness"], MEMORY["temperature"]):
        values = random.standard_normal(len(correlation))
        for day in range(1, len(values)):
            values[day] = memory * values[day - 1] + np.sqrt(1 - memory**2) * values[day]
        series.append(values)
    clear, own = series
    return clear, correlation * clear + np.sqrt(1 - correlation**2) * own


def _light(
    times: pd.DatetimeIndex, place: Place, sun: SunUp, month: Int64, normals: Normals, noise: Float64
) -> Float64:
    """(n,) global irradiance [W/m²]: of each month the days of its distribution in the order of the noise."""
    from pvlib.irradiance import get_extra_radiation

    extra = np.asarray(get_extra_radiation(times)) * sun.cos_zenith * sun.share
    outside = extra.reshape(-1, 24).sum(axis=1)
    course = (_daily_course(times, place) * sun.cos_zenith * sun.share).reshape(-1, 24)
    course /= course.sum(axis=1, keepdims=True)
    clearness = np.zeros(len(outside))
    for m in range(12):
        days = np.flatnonzero(month == m)
        wanted = normals.irradiation[m] * 1000.0 * len(days)
        mean = float(wanted / outside[days].sum())
        if not POSSIBLE_CLEARNESS[0] <= mean <= POSSIBLE_CLEARNESS[1]:
            raise AnalysisError(
                f"normals of {normals.station}: {normals.irradiation[m]:g} kWh/(m²d) in month {m + 1} is"
                f" {mean:.0%} of what comes from outside of the air, which cannot be; correct the table"
            )
        order = np.argsort(np.argsort(noise[days]))
        clearness[days] = clearness_of_days(mean, len(days))[order]
        clearness[days] *= wanted / (clearness[days] * outside[days]).sum()
    return np.asarray(((clearness * outside)[:, None] * course).ravel())


def clearness_of_days(mean: float, days: int) -> Float64:
    """(days,) in rising order: the middles of equal parts of the distribution of Bendt et al. with a mean."""
    from scipy.optimize import brentq

    most = 0.6313 + 0.267 * mean - 11.9 * (mean - 0.75) ** 8
    width = most - LEAST_CLEARNESS

    def excess(gamma: float) -> float:
        x = gamma * width
        share = 0.5 + x / 12 if abs(x) < 1e-4 else 1 / -np.expm1(-x) - 1 / x
        return float(LEAST_CLEARNESS + width * share - mean)

    gamma = float(brentq(excess, -200.0, 200.0))
    parts = (np.arange(days) + 0.5) / days
    if abs(gamma * width) < 1e-4:
        return np.asarray(LEAST_CLEARNESS + width * parts)
    return np.asarray(LEAST_CLEARNESS + np.log1p(parts * np.expm1(gamma * width)) / gamma)


def _daily_course(times: pd.DatetimeIndex, place: Place) -> Float64:
    """(n,) by which the hours around noon get more than their share of the light outside of the air."""
    from pvlib import solarposition

    day = np.asarray(times.day_of_year)
    angle = np.radians(
        solarposition.hour_angle(times, place.longitude, solarposition.equation_of_time_spencer71(day))
    )
    declination = solarposition.declination_spencer71(day)
    sunset = np.arccos(np.clip(-np.tan(np.radians(place.latitude)) * np.tan(declination), -1, 1))
    a = 0.409 + 0.5016 * np.sin(sunset - np.pi / 3)
    b = 0.6609 - 0.4767 * np.sin(sunset - np.pi / 3)
    return np.asarray(np.clip(a + b * np.cos(angle), 0.0, None))


def _temperature(month: Int64, normals: Normals, noise: Float64) -> Float64:
    """(n,) [°C]: daily means with the month's mean and spread, rising or falling toward the next month."""
    mean, spread = normals.temperature, normals.temperature_sd
    daily = np.zeros(len(month))
    for m in range(12):
        days = np.flatnonzero(month == m)
        rise = (mean[(m + 1) % 12] - mean[m - 1]) / 2
        within = rise * ((np.arange(len(days)) + 0.5) / len(days) - 0.5)
        daily[days] = mean[m]
        if spread[m] > 0:
            own = np.sqrt(max(spread[m] ** 2 - rise**2 / 12, (spread[m] / 4) ** 2))
            course = within + own * (noise[days] - noise[days].mean()) / noise[days].std()
            course -= course.mean()
            daily[days] += course * spread[m] / course.std()
    hour = 2 * np.pi * (np.arange(24) - 0.5) / 24  # the middle of an hour that is counted from 1
    shape = (
        0.4632 * np.cos(hour - 3.805)
        + 0.0984 * np.cos(2 * hour - 0.360)
        + 0.0168 * np.cos(3 * hour - 0.822)
        + 0.0138 * np.cos(4 * hour - 3.513)
    )
    return np.asarray((daily[:, None] + normals.temperature_range[month][:, None] * shape).ravel())


def _distance(one: Place, other: Place) -> float:
    """[km] on a sphere."""
    a, b, c, d = np.radians([one.latitude, one.longitude, other.latitude, other.longitude])
    h = np.sin((c - a) / 2) ** 2 + np.cos(a) * np.cos(c) * np.sin((d - b) / 2) ** 2
    return float(2 * _EARTH * np.arcsin(np.sqrt(h)))
