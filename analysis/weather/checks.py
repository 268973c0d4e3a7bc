"""What weather must be before a year of energy rests on it: whole, possible, and in step with the sun.

Short gaps are filled, and what would make figures of nonsense is refused. What is not measured at all stays
unknown: whoever computes says what is taken instead.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from analysis.errors import AnalysisError
from analysis.weather.model import Float64, Weather

if TYPE_CHECKING:
    import pandas as pd

LONGEST_GAP = 5.0
"""[h] that are interpolated, as in the NSRDB (Marion, Urban 1995, User's Manual for TMY2s, appendix A)."""
POSSIBLE = {
    "temp_air": (-90.0, 60.0, "°C"),
    "wind_speed": (0.0, 100.0, "m/s"),
    "relative_humidity": (0.0, 110.0, "%"),
    "infrared": (50.0, 700.0, "W/m²"),
    "pressure": (30_000.0, 110_000.0, "Pa"),
}
"""What can be near the ground: a little beyond the WMO's extremes (-89.2 and 56.7 °C; wmo.asu.edu)."""
_NAMES = {
    "temp_air": "air temperature",
    "wind_speed": "wind speed",
    "relative_humidity": "relative humidity",
    "infrared": "long-wave irradiance",
    "pressure": "air pressure",
}
_STUCK_DAYS = 3.0
"""[d] of one value, after which a sensor of temperature or wind seems to be stuck."""
_LIGHT_AT_NIGHT = (0.005, 0.03)
"""Share of the year's light while the sun is down that is told, and that is refused: typical years of Korea
have at most 0.001, a clock an hour slow makes 0.011 of it, one two hours off 0.03."""
_CLOSURE = 0.1
"""How far direct and diffuse light may be from the global one over a year."""
WETTEST_YEAR = 4000.0
"""[mm]; few inhabited places get more; Seogwipo, Korea, about 2,000 (KMA normals 1991-2020)."""
WETTEST_HOUR = 401.0
"""[mm], the most on record (Shangdi, 1975-07-03; WMO-No. 1045, 2009)."""
_UNKNOWN_DEPTH = 999.0
"""What an EPW has for precipitation that nobody measured (EPW data dictionary)."""
_GIVE = "give a weather file of a whole year (EPW)"


def fit_for_energy(weather: Weather) -> Weather:
    """The weather without gaps in air temperature, wind and humidity, and with notes of all that was mended
    or is odd.

    Gaps of up to `LONGEST_GAP` are interpolated, values that cannot be count as gaps; longer ones of
    long-wave irradiance and pressure stay, and so do series without any value. Raises AnalysisError for other
    than a whole year (365 days, or 366 with a 29 February), for intervals that do not follow one another or
    do not divide the hour, for longer gaps, a temperature that never changes, no light, and light that
    contradicts the sun.
    """
    _refuse_odd_times(weather)
    notes: list[str] = []
    series: dict[str, Any] = {name: _mended(weather, name, notes) for name in POSSIBLE}
    _look_for_stuck(weather, series["temp_air"], series["wind_speed"], notes)
    _look_at_light(weather, notes)
    return replace(weather, **series, notes=[*weather.notes, *notes])


def precipitation_note(depth: Float64) -> str | None:
    """What to say of an EPW's liquid precipitation (n,) [mm], if it cannot well be true: more than
    `WETTEST_YEAR` in sum or `WETTEST_HOUR` in an hour. Energy does not rest on it."""
    known = depth[np.isfinite(depth) & (depth != _UNKNOWN_DEPTH)]
    if not len(known):
        return None
    total, most = float(known.sum()), float(known.max())
    if total <= WETTEST_YEAR and most <= WETTEST_HOUR and known.min() >= 0:
        return None
    return (
        f"{total:,.0f} mm of precipitation in the year, {most:,.1f} mm in its wettest hour: that is not"
        " plausible; energy and sun do not use it, floods must not be computed with it"
    )


def _refuse_odd_times(weather: Weather) -> None:
    import pandas as pd

    step = pd.Timedelta(seconds=weather.step)
    hour = pd.Timedelta(hours=1)
    if step > hour or hour % step:
        raise AnalysisError(
            f"{weather.source}: intervals of {weather.step:g} s; energy needs hours or parts that divide them"
        )
    uneven = np.asarray(weather.times[1:] - weather.times[:-1] != step)
    if uneven.any():
        raise AnalysisError(
            f"{weather.source}: after {_day(weather.times[int(np.argmax(uneven))])} the weather has a gap or"
            f" changes its step; {_GIVE}"
        )
    days = len(weather) * weather.step / 86400
    leap = bool(((weather.times.month == 2) & (weather.times.day == 29)).any())
    if days != 365 and not (days == 366 and leap):
        raise AnalysisError(
            f"{weather.source}: it has {days:g} days from {_day(weather.times[0] - step / 2)} on; energy"
            f" needs a whole year, 365 days or 366 with a 29 February: {_GIVE}, or observations of a year"
        )


def _mended(weather: Weather, name: str, notes: list[str]) -> Float64:
    """A series without impossible values and with its short gaps filled."""
    low, high, unit = POSSIBLE[name]
    values: Float64 = getattr(weather, name)
    with np.errstate(invalid="ignore"):
        wrong = (values < low) | (values > high)
    if wrong.any():
        worst = values[int(np.argmax(wrong))]
        notes.append(
            f"{_NAMES[name]}: {int(wrong.sum())} values outside of {low:g} to {high:g} {unit} were taken as"
            f" unknown, such as {worst:g}"
        )
        values = np.where(wrong, np.nan, values)
    unknown = np.isnan(values)
    if not unknown.any():
        return values
    if unknown.all():
        if name == "temp_air":
            raise AnalysisError(f"{weather.source}: it has no air temperature; {_GIVE}")
        return values
    starts, lengths = _runs(unknown)
    longest = int(np.argmax(lengths))
    hours = lengths[longest] * weather.hours
    if hours <= LONGEST_GAP:
        at = np.arange(len(values))
        notes.append(
            f"{_NAMES[name]}: {int(unknown.sum())} intervals without a value were interpolated, the longest"
            f" gap {hours:g} h"
        )
        return np.asarray(np.interp(at, at[~unknown], values[~unknown]))
    if name in ("infrared", "pressure"):
        return values
    raise AnalysisError(
        f"{weather.source}: {_NAMES[name]} is unknown for {hours:g} h from"
        f" {_day(weather.times[starts[longest]])} on; gaps of up to {LONGEST_GAP:g} h are filled, so fill it"
        f" or {_GIVE}"
    )


def _look_for_stuck(weather: Weather, temperature: Float64, wind: Float64, notes: list[str]) -> None:
    if np.ptp(temperature) < 1e-9:
        raise AnalysisError(
            f"{weather.source}: the air is {temperature[0]:g} °C all year, which is no weather; {_GIVE}"
        )
    for name, values in (("temp_air", temperature), ("wind_speed", wind)):
        if np.isnan(values).all():
            continue
        starts, lengths = _runs(np.concatenate([[False], np.diff(values) == 0]))
        days = lengths.max(initial=0) * weather.hours / 24
        if days >= _STUCK_DAYS:
            at = weather.times[starts[int(np.argmax(lengths))]]
            notes.append(
                f"{_NAMES[name]} does not change for {days:.0f} days from {_day(at)} on: it is a mean, or the"
                " sensor was stuck"
            )


def _look_at_light(weather: Weather, notes: list[str]) -> None:
    total = float(weather.ghi.sum())
    if not total:
        raise AnalysisError(f"{weather.source}: it has no sunlight in the whole year; {_GIVE}")
    night = float(weather.ghi[~weather.sun.up].sum()) / total
    if night > _LIGHT_AT_NIGHT[1]:
        raise AnalysisError(
            f"{weather.source}: {night:.0%} of its light comes while the sun is down at"
            f" {weather.place.latitude:.2f}, {weather.place.longitude:.2f}; see that its place and time zone"
            " are right"
        )
    if night > _LIGHT_AT_NIGHT[0]:
        notes.append(f"{night:.1%} of the light comes while the sun is down: is the clock an hour off?")
    if abs(weather.closure - 1) > _CLOSURE:
        notes.append(
            f"direct and diffuse light make {weather.closure:.2f} of the global one: the three series do not"
            " belong together"
        )


def _runs(flags: npt.NDArray[np.bool_]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Starts and lengths of the runs of True."""
    edges: npt.NDArray[np.int64] = np.flatnonzero(
        np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8))
    )
    return edges[::2], edges[1::2] - edges[::2]


def _day(time: pd.Timestamp) -> str:
    return time.strftime("%Y-%m-%d %H:%M")
