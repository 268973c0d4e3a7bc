"""What both hourly methods need of a weather and a place, by interval: air, sky, wind, light and calendar."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from analysis.energy.irradiance import Light
from analysis.energy.uses import HOURS_OF_WEEK
from analysis.energy.zones import Float64
from analysis.errors import AnalysisError
from analysis.sun.scene import Place

if TYPE_CHECKING:
    import pandas as pd

    from analysis.weather import Weather

KELVIN = 273.15
STEFAN_BOLTZMANN = 5.670374419e-8
"""[W/(m²K⁴)] CODATA 2018."""
AIR_HEAT = 1006.0
"""[J/(kg K)] Specific heat of dry air (ISO 52016-1:2017, table 14)."""
_AIR_CONSTANT = 287.05
"""[J/(kg K)] Of dry air (ISO 2533:1975)."""
_ROOM = 293.15
"""[K] At which air is let in and out by volume."""
_SKY_BELOW_AIR = 11.0
"""[K] Where nothing is known of the sky: ISO 52016-1:2017, table B.19, intermediate zones."""
_CALM = 3.0
"""[m/s] Where the wind is not known: about the mean of towns' stations, an assumption."""
LEAST_HOURS = 24.0


@dataclass(frozen=True)
class Climate:
    """n intervals, each array (n,) float64 unless said.

    times: middles; step [s]. air, sky: temperatures [°C]. wind: at the station [m/s]. density_heat: of air at
    the weather's mean pressure, else at that of the place's height [J/(m³K)]. week_hour: (n,) int64, 0 to 167
    from Monday 0:00; month: (n,) int64, 0 to 11; both in the weather's own standard time. light: of the sky.
    notes: what a reader ought to know.
    """

    times: pd.DatetimeIndex
    step: float
    air: Float64
    sky: Float64
    wind: Float64
    density_heat: float
    week_hour: npt.NDArray[np.int64]
    month: npt.NDArray[np.int64]
    light: Light
    notes: list[str]

    def __len__(self) -> int:
        return len(self.air)

    @property
    def hour_of_months(self) -> npt.NDArray[np.int64]:
        """(n,) numbers in a table of the hours of the week in each of twelve months, one after the other."""
        return self.month * HOURS_OF_WEEK + self.week_hour

    @classmethod
    def of(cls, weather: Weather, place: Place) -> Climate:
        """Raises AnalysisError where air temperatures are missing or there is less than a day."""
        from pvlib.atmosphere import alt2pres

        hours = len(weather) * weather.hours
        if hours < LEAST_HOURS:
            raise AnalysisError(
                f"{weather.source}: the weather is {hours:g} hours long; heat needs at least a day of it"
            )
        lost = ~np.isfinite(weather.temp_air)
        if lost.any():
            first = weather.times[int(np.argmax(lost))].isoformat()
            raise AnalysisError(
                f"{weather.source}: the air's temperature is unknown in {int(lost.sum())} intervals, first at"
                f" {first}; fill them, or give another weather file"
            )
        known = weather.pressure[np.isfinite(weather.pressure)]
        pressure = float(known.mean()) if len(known) else float(alt2pres(place.altitude))
        standard = standard_time(weather.times)
        notes: list[str] = []
        wind = weather.wind_speed
        if np.isnan(wind).any():
            notes.append(f"{int(np.isnan(wind).sum())} intervals have no wind; {_CALM:g} m/s is taken there")
        return cls(
            times=weather.times,
            step=weather.step,
            air=weather.temp_air,
            sky=sky_temperature(weather, notes),
            wind=np.where(np.isnan(wind), _CALM, wind),
            density_heat=pressure / (_AIR_CONSTANT * _ROOM) * AIR_HEAT,
            week_hour=np.asarray(standard.day_of_week * 24 + standard.hour, np.int64),
            month=np.asarray(standard.month - 1, np.int64),
            light=Light.of(weather),
            notes=notes,
        )


def standard_time(times: pd.DatetimeIndex) -> pd.DatetimeIndex:
    """Times on the clock that knows no summer time: at the least offset from UTC in their first year."""
    import pandas as pd

    year = times[0].year
    seasons = pd.DatetimeIndex([f"{year}-01-01", f"{year}-07-01"]).tz_localize(times.tz)
    offsets = seasons.tz_localize(None) - seasons.tz_convert("UTC").tz_localize(None)
    return times.tz_convert("UTC").tz_localize(None) + offsets.min()


def sky_temperature(weather: Weather, notes: list[str]) -> Float64:
    """(n,) [°C] of the sky as a black body: by its infrared radiation; where that is unknown, by the
    humidity and how clear the days are; where that is unknown too, 11 K below the air. Adds to notes.

    Clear sky: Berdahl, Martin 1984, doi:10.1016/0038-092X(84)90144-0; clouds: Crawford, Duchon 1999,
    doi:10.1175/1520-0450(1999)038<0474:AIPFEE>2.0.CO;2.
    """
    air = weather.temp_air + KELVIN
    infrared = weather.infrared
    unknown = ~(np.isfinite(infrared) & (infrared > 0))
    if unknown.any():
        humidity = np.clip(weather.relative_humidity, 1.0, 100.0)
        modelled = STEFAN_BOLTZMANN * air**4 * _emissivity(weather, humidity)
        blind = unknown & ~np.isfinite(modelled)
        modelled = np.where(np.isfinite(modelled), modelled, STEFAN_BOLTZMANN * (air - _SKY_BELOW_AIR) ** 4)
        infrared = np.where(unknown, modelled, infrared)
        if blind.any():
            notes.append(
                f"{int(blind.sum())} intervals have neither long-wave radiation nor humidity; their sky is"
                f" taken to be {_SKY_BELOW_AIR:g} K colder than the air"
            )
    return np.asarray((infrared / STEFAN_BOLTZMANN) ** 0.25 - KELVIN)


def _emissivity(weather: Weather, humidity: Float64) -> Float64:
    from analysis.weather import clear_sky

    air = weather.temp_air
    # Magnus formula: Alduchov, Eskridge 1996, doi:10.1175/1520-0450(1996)035<0601:IMFAOS>2.0.CO;2
    term = np.log(humidity / 100.0) + 17.625 * air / (243.04 + air)
    dew = 243.04 * term / (17.625 - term) / 100.0
    clear = 0.711 + 0.56 * dew + 0.73 * dew**2
    bright = clear_sky(weather.place, weather.times, weather.step, sun=weather.sun).ghi
    day = np.asarray(standard_time(weather.times).normalize().asi8)
    _, number = np.unique(day, return_inverse=True)
    measured, possible = np.bincount(number, weather.ghi), np.bincount(number, bright)
    share = np.clip(np.where(possible > 0, measured / np.maximum(possible, 1e-9), 1.0), 0.0, 1.0)[number]
    return np.asarray((1.0 - share) + share * clear)


def refined(weather: Weather, step: float) -> Weather:
    """The weather in shorter steps [s] that have its means.

    Temperatures run on from middle to middle, shifted in each interval to keep its mean; light follows the
    sun's height within the interval, unless it were brighter than it can be then. Raises AnalysisError for a
    step that does not divide the weather's.
    """
    from dataclasses import replace

    import pandas as pd

    from analysis.weather.model import BRIGHTEST
    from analysis.weather.sun import sun_up

    parts = round(weather.step / step) if step > 0 else 0
    if parts < 1 or abs(parts * step - weather.step) > 1e-6 * weather.step:
        raise AnalysisError(
            f"a step of {step:g} s does not divide the weather's intervals of {weather.step:g} s"
        )
    if parts == 1:
        return weather
    n = len(weather)
    offsets = (np.arange(parts) + 0.5) * step - weather.step / 2
    fine = weather.times.repeat(parts) + pd.to_timedelta(np.tile(offsets, n), unit="s")
    sun = sun_up(weather.place, fine, step)
    middles = np.arange(n) * weather.step
    points = (middles[:, None] + offsets).ravel()

    def running(values: Any) -> Float64:
        if not np.isfinite(values).all():
            return np.repeat(values, parts)
        between = np.interp(points, middles, values).reshape(n, parts)
        return np.asarray((between + (values - between.mean(axis=1))[:, None]).ravel())

    def following(values: Any, shape: Any) -> Float64:
        weights = shape.reshape(n, parts)
        total = weights.sum(axis=1, keepdims=True)
        even = np.where(total > 0, weights * parts / np.where(total > 0, total, 1.0), 1.0)
        light = values[:, None] * even
        too_bright = (light > BRIGHTEST).any(axis=1, keepdims=True)
        return np.asarray(np.where(too_bright, values[:, None], light).ravel())

    height = np.maximum(sun.cos_zenith, 0.0) * sun.share
    finer: dict[str, Any] = {name: following(getattr(weather, name), height) for name in ("ghi", "dhi")}
    finer |= {name: np.repeat(getattr(weather, name), parts) for name in ("albedo", "wind_speed", "pressure")}
    finer |= {name: running(getattr(weather, name)) for name in ("temp_air", "relative_humidity", "infrared")}
    dni = following(weather.dni, sun.share)
    return replace(weather, times=fine, step=step, dni=dni, **finer)
