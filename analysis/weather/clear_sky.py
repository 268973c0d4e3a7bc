"""The weather of a cloudless sky: what could come at most, and what is taken where there is no weather."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis.errors import AnalysisError
from analysis.sun.scene import Place
from analysis.weather.model import Weather
from analysis.weather.sun import SunUp, sun_up

if TYPE_CHECKING:
    import pandas as pd

NOTE = "a clear sky was taken for want of weather: the energy is more than any real year's"


def clear_sky(
    place: Place,
    times: pd.DatetimeIndex,
    step: float = 3600.0,
    linke_turbidity: float | None = None,
    sun: SunUp | None = None,
) -> Weather:
    """Mean irradiance of intervals of a length [s] around their middles, with 20 °C and 1 m/s of wind.

    linke_turbidity: of the air; without it that of the place and month (SoDa's maps, in pvlib). sun: of the
    intervals, where it is known already. Ineichen, Perez 2002, doi:10.1016/S0038-092X(02)00045-2. Raises
    AnalysisError for times without a time zone.
    """
    from pvlib import atmosphere, clearsky, irradiance

    if times.tz is None:
        raise AnalysisError("the times of a clear sky have no time zone; give them one")
    sun = sun_up(place, times, step) if sun is None else sun
    turbidity = (
        clearsky.lookup_linke_turbidity(times, place.latitude, place.longitude).to_numpy()
        if linke_turbidity is None
        else linke_turbidity
    )
    pressure = float(atmosphere.alt2pres(place.altitude))
    airmass = atmosphere.get_absolute_airmass(atmosphere.get_relative_airmass(sun.apparent_zenith), pressure)
    with np.errstate(divide="ignore", invalid="ignore"):  # the air mass of a sun that is not up
        sky = clearsky.ineichen(
            sun.apparent_zenith,
            airmass,
            turbidity,
            place.altitude,
            np.asarray(irradiance.get_extra_radiation(times)),
        )
    n = len(times)
    # the sky is that of the sunlit part of an interval
    ghi, dni, dhi = (
        np.where(sun.up, np.nan_to_num(sky[name]), 0.0) * sun.share for name in ("ghi", "dni", "dhi")
    )
    return Weather(
        times=times,
        step=step,
        place=place,
        ghi=ghi,
        dni=dni,
        dhi=dhi,
        temp_air=np.full(n, 20.0),
        wind_speed=np.full(n, 1.0),
        pressure=np.full(n, pressure),
        albedo=np.full(n, np.nan),
        relative_humidity=np.full(n, np.nan),
        infrared=np.full(n, np.nan),
        source="clear sky (Ineichen)",
        notes=[NOTE],
    )
