"""Weather from the city's own sensors, through the store of observations.

A reading is taken to hold from its time to the next one's. Steps are means of what is known of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from analysis.errors import AnalysisError
from analysis.scene.series import (
    Float64,
    Gaps,
    Stream,
    factor,
    readings,
    refuse_gaps,
    step_means,
    streams,
    usual_interval,
)
from analysis.sun.scene import Place
from analysis.weather.model import Weather
from analysis.weather.parts import from_global, from_horizontal
from analysis.weather.sun import SunUp, sun_up
from twin.observations.store import Observations

if TYPE_CHECKING:
    import pandas as pd

_POWER = {"W/m²": 1.0, "W/m2": 1.0, "W/m^2": 1.0, "W.m-2": 1.0, "kW/m²": 1000.0, "kW/m2": 1000.0}
_GLOBAL = ("global horizontal irradiance", "solar irradiance", "GHI", "일사량", "수평면 전일사량")
_DIRECT = ("direct normal irradiance", "DNI", "직달일사량")
_DIFFUSE = ("diffuse horizontal irradiance", "DHI", "산란일사량")
_AIR: dict[str, tuple[Sequence[str], dict[str, float]]] = {
    "temp_air": (("air temperature", "기온"), {"°C": 1.0, "℃": 1.0, "degC": 1.0, "Cel": 1.0}),
    "wind_speed": (("wind speed", "풍속"), {"m/s": 1.0, "km/h": 1 / 3.6, "kn": 1852 / 3600}),
    "pressure": (("air pressure", "기압"), {"hPa": 100.0, "mbar": 100.0, "kPa": 1000.0, "Pa": 1.0}),
    "relative_humidity": (("relative humidity", "습도"), {"%": 1.0}),
}
"""What else is read if it is there: names of the observed property, and units with their factors."""
_NO_SENSOR = (
    "the city has no sensor of solar irradiance with readings; observe 'global horizontal irradiance'"
    " in W/m², or give a weather file (EPW)"
)
_LEAST_KNOWN = 0.5
"""Share of a step that must be known."""


def from_sensors(
    observations: Observations,
    place: Place,
    start: int,
    end: int,
    *,
    step: float = 3600.0,
    gaps: Gaps = "refuse",
) -> Weather:
    """Weather from start to end [µs since 1970, UTC] in steps [s].

    Means over all stations of a quantity. Where only global irradiance is measured, it is taken apart; where
    global is missing but direct and diffuse are there, it is their sum. gaps: "fill" takes no sunshine where
    nothing is known by day, and says so. Raises AnalysisError without a sensor of irradiance, for an
    unknown unit, and for gaps by day that are to be refused.
    """
    import pandas as pd

    count = int((end - start) // round(step * 1e6))
    if count < 1:
        raise AnalysisError("the end of the weather must be at least a step after its start")
    edges: Float64 = np.arange(count + 1, dtype=np.float64) * step
    first = pd.Timestamp(start, unit="us", tz="UTC") + pd.Timedelta(seconds=step / 2)
    times = pd.date_range(first, periods=count, freq=pd.Timedelta(seconds=step))
    sun = sun_up(place, times, step)
    found: list[str] = []

    def mean(names: Sequence[str], units: dict[str, float]) -> Float64 | None:
        return _mean(observations, names, units, start, edges, found)

    ghi, dni, dhi = (mean(names, _POWER) for names in (_GLOBAL, _DIRECT, _DIFFUSE))
    notes: list[str] = []
    if ghi is None and (dni is None or dhi is None):
        raise AnalysisError(_NO_SENSOR)
    if ghi is None:
        assert dni is not None and dhi is not None
        ghi = np.asarray(dni * sun.cos_zenith + dhi, np.float64)
    elif dni is None and dhi is None:
        notes.append("direct and diffuse irradiance are made of the global one (Erbs, Driesse)")
    ghi = _filled(ghi, sun, edges, start, gaps, notes)
    dni, dhi = _parts(times, ghi, dni, dhi, sun)
    air = {name: mean(names, units) for name, (names, units) in _AIR.items()}
    unknown = np.full(count, np.nan)
    return Weather(
        times=times.tz_convert(place.timezone),
        step=step,
        place=place,
        ghi=ghi,
        dni=dni,
        dhi=dhi,
        **{name: unknown if values is None else values for name, values in air.items()},
        albedo=unknown,
        infrared=unknown,
        source="sensors: " + ", ".join(dict.fromkeys(found)),
        notes=notes,
    )


def measured_span(observations: Observations) -> tuple[int, int]:
    """The first and the last reading of irradiance [µs since 1970, UTC]. Raises AnalysisError without one."""
    spans = []
    with observations.connection() as connection:
        for stream in irradiance_streams(observations):
            spans += connection.execute(
                "SELECT phenomenon_time, phenomenon_time_end FROM datastreams WHERE id = ? AND count > 0",
                (stream.id,),
            ).fetchall()
    if not spans:
        raise AnalysisError(_NO_SENSOR)
    return min(first for first, _ in spans), max(last for _, last in spans)


def irradiance_streams(observations: Observations) -> list[Stream]:
    """The datastreams of global, direct and diffuse irradiance."""
    return [s for name in (*_GLOBAL, *_DIRECT, *_DIFFUSE) for s in streams(observations, name)]


def weather_streams(observations: Observations) -> list[Stream]:
    """All datastreams that `from_sensors` reads."""
    air = [s for names, _ in _AIR.values() for name in names for s in streams(observations, name)]
    return [*irradiance_streams(observations), *air]


def _mean(
    observations: Observations,
    names: Sequence[str],
    units: dict[str, float],
    start: int,
    edges: Float64,
    found: list[str],
) -> Float64 | None:
    """(n,) mean of the stations in each step, NaN where none is known for half of it; None without one."""
    rows = []
    end = start + round(float(edges[-1]) * 1e6)
    for stream in (s for name in names for s in streams(observations, name)):
        times, values = readings(observations, stream, start, end)
        if not len(times):
            continue
        scaled = values * factor(stream, units)
        hold = usual_interval(times, float(edges[1]))
        ends = np.minimum(np.append(times[1:], np.inf), times + 2 * hold)
        mean, known = step_means(times, np.minimum(ends, edges[-1]), scaled, edges)
        rows.append(np.where(known >= _LEAST_KNOWN, mean, np.nan))
        found.append(stream.name)
    if not rows:
        return None
    held = np.array(rows)
    known = np.isfinite(held)
    with np.errstate(invalid="ignore"):
        return np.where(known.any(axis=0), np.nansum(held, axis=0) / known.sum(axis=0), np.nan)


def _filled(ghi: Float64, sun: SunUp, edges: Float64, start: int, gaps: Gaps, notes: list[str]) -> Float64:
    """Global irradiance with 0 at night and, if allowed, where it is not known; small negative readings, the
    offset of pyranometers that look into a cold sky, are 0."""
    lost = np.isnan(ghi) & sun.up
    spans = [(float(edges[i]), float(edges[i + 1])) for i in np.flatnonzero(lost)]
    refuse_gaps(spans, gaps, "solar irradiance", start)
    if spans:
        notes.append(f"{len(spans)} steps by day without a reading were taken to have no sunshine")
    return np.where(sun.up & ~lost, np.clip(ghi, 0.0, None), 0.0)


def _parts(
    times: pd.DatetimeIndex, ghi: Float64, dni: Float64 | None, dhi: Float64 | None, sun: SunUp
) -> tuple[Float64, Float64]:
    """(dni, dhi): measured ones where they are known, the rest from what is."""
    direct, diffuse = from_global(times, ghi, sun)
    if dhi is not None:
        known = np.clip(np.where(np.isnan(dhi), diffuse, dhi), 0.0, ghi)
        direct, diffuse = from_horizontal(times, ghi - known, known, sun)
    elif dni is not None:
        direct = np.where(np.isnan(dni) | ~sun.up, direct, np.clip(dni, 0.0, None))
        diffuse = np.clip(ghi - direct * sun.cos_zenith, 0.0, None)
    return direct, diffuse
