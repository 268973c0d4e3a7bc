"""When a rule looks: the date, and the windows of the day as instants.

Courts and standards speak in clock time; a window of 08:00 to 16:00 is what the clocks of the place show on
that date, whatever their offset from UTC. Solar time is for rules that say so.
"""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import pandas as pd

from analysis.errors import AnalysisError
from analysis.sun.daylight.rules import WINTER_SOLSTICE, Criterion, Rule
from analysis.sun.scene import Place


def winter_solstice(year: int, place: Place) -> dt.date:
    """The local date of the solstice that ends the year's shortest days: December north of the equator and
    on it, June south of it.

    The sun's elevation over a pole is its declination; the solstice is where that is greatest or least
    (pvlib's SPA, at steps of ten minutes, which is finer than what moves the date).
    """
    from pvlib.solarposition import get_solarposition

    month, pole = (6, 90.0) if place.latitude < 0 else (12, -90.0)
    instants = pd.date_range(f"{year}-{month}-19", f"{year}-{month}-25", freq="10min", tz="UTC")
    declination = get_solarposition(instants, pole, 0.0, altitude=0)["elevation"].to_numpy()
    solstice: dt.date = instants[int(np.argmax(declination))].tz_convert(_zone(place)).date()
    return solstice


def date_of(rule: Rule, place: Place, *, date: dt.date | None = None, year: int | None = None) -> dt.date:
    """The day that is judged: `date` if given, else the rule's own in the year (the current one by default).

    Raises AnalysisError for a date that the rule does not allow.
    """
    if date is None:
        year = year or dt.datetime.now(_zone(place)).year
        if rule.date == WINTER_SOLSTICE:
            return winter_solstice(year, place)
        month, day = map(int, rule.date.split("-"))
        try:
            return dt.date(year, month, day)
        except ValueError as error:
            raise AnalysisError(f"rule {rule.id}: there is no {rule.date} in {year}") from error
    if rule.dates and not rule.dates[0] <= f"{date:%m-%d}" <= rule.dates[1]:
        raise AnalysisError(
            f"rule {rule.id} is judged on a date between {rule.dates[0]} and {rule.dates[1]}, not on {date}"
        )
    return date


def window(criterion: Criterion, rule: Rule, day: dt.date, place: Place) -> tuple[pd.Timestamp, pd.Timestamp]:
    """Start and end of a criterion's window as instants, in the place's time zone.

    A time that summer time skips is the first one after the gap; one that comes twice is the first at a
    start and the second at an end, so that nothing of the window is lost.
    """
    zone = _zone(place)
    if rule.clock == "solar":
        start, end = (_from_solar(day, each, place) for each in (criterion.start, criterion.end))
        return start.tz_convert(zone), end.tz_convert(zone)
    edges = [
        _naive(day, each).tz_localize(zone, ambiguous=first, nonexistent="shift_forward")
        for each, first in ((criterion.start, True), (criterion.end, False))
    ]
    return edges[0], edges[1]


def _from_solar(day: dt.date, clock: str, place: Place) -> pd.Timestamp:
    """The instant at which true solar time is so late at the place: its mean solar time less the equation of
    time (pvlib's SPA)."""
    from pvlib.solarposition import spa_python

    mean = _naive(day, clock).tz_localize("UTC") - pd.Timedelta(hours=place.longitude / 15)
    equation = spa_python(pd.DatetimeIndex([mean]), place.latitude, place.longitude)["equation_of_time"]
    return mean - pd.Timedelta(minutes=float(equation.iloc[0]))


def _naive(day: dt.date, clock: str) -> pd.Timestamp:
    hours, minutes = map(int, clock.split(":"))
    return pd.Timestamp(day) + pd.Timedelta(hours=hours, minutes=minutes)


def _zone(place: Place) -> ZoneInfo:
    try:
        return ZoneInfo(place.timezone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise AnalysisError(
            f"no time zone is called {place.timezone!r}; give one of the IANA database, such as Asia/Seoul"
        ) from error
