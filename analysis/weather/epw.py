"""EnergyPlus weather files (EPW), plain or compressed: typical and real years by the hour.

Crawley, Hand, Lawrie 1999, "Improving the weather information available to simulation programs"; EnergyPlus
Auxiliary Programs, "EPW data dictionary". An hour n is the one that ends at n o'clock, local standard time.
"""

from __future__ import annotations

import calendar
import gzip
import io
import zlib
from datetime import timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from analysis.errors import AnalysisError
from analysis.sun.scene import Place
from analysis.weather.checks import precipitation_note
from analysis.weather.model import Float64, Weather
from analysis.weather.parts import from_global
from analysis.weather.sun import sun_up

if TYPE_CHECKING:
    import pandas as pd

COMMON_YEAR, LEAP_YEAR = 2023, 2024
"""The years that a typical year of months of several years is dated in, the second with a 29 February."""
_HOURS = (8760, 8784)
_MOST = 16 * 2**20
"""[bytes] Of a file, unpacked; a year of hours has about 2 MB."""
_HEAD = "LOCATION, city, state, country, source, WMO number, latitude, longitude, time zone, altitude"
_PLACE = {
    "latitude": (-90.0, 90.0, "degrees"),
    "longitude": (-180.0, 180.0, "degrees"),
    "time zone": (-12.0, 14.0, "hours from UTC"),
    "altitude": (-1000.0, 9999.9, "m"),
}
"""The last fields of the first line: least and greatest, unit (EPW data dictionary; the easternmost time
zone is at 14 h)."""
_FIELDS = {
    "temp_air": (6, 99.9),
    "relative_humidity": (8, 999.0),
    "pressure": (9, 999999.0),
    "infrared": (12, 9999.0),
    "ghi": (13, 9999.0),
    "dni": (14, 9999.0),
    "dhi": (15, 9999.0),
    "wind_speed": (21, 999.0),
    "albedo": (32, 1.0001),
    "precipitation": (33, np.inf),
}
"""Places of the fields of an hour, and the value from which on a field says that nothing is known (EPW data
dictionary; an albedo is at most 1; of precipitation `precipitation_note` knows)."""
_LEAST_FIELDS = 22
"""Of an hour, of 35: old files end before the albedo."""


_Hours: TypeAlias = "list[tuple[int, list[str]]]"
"""The number of each line and its fields."""


class _Head(NamedTuple):
    """What the first line says. zone: hours from UTC."""

    city: str
    source: str
    latitude: float
    longitude: float
    zone: float
    altitude: float


def read_epw(path: Path, year: int | None = None) -> Weather:
    """A year of hours.

    year: what its days are dated in; without it the file's own if there is one and it has the same days, else
    `COMMON_YEAR`, or with a 29 February `LEAP_YEAR`. Direct and diffuse irradiance are made of the global
    where they are missing. Raises AnalysisError for a file that is no EPW, has other than 8,760 or 8,784
    hours, or lacks irradiance.
    """
    head, hours = _parsed(path)
    times = _times(path, hours, year).tz_localize(timezone(timedelta(hours=head.zone)))
    place = Place(head.latitude, head.longitude, head.altitude, timezone=zone_name(head.zone))
    known = {name: _known(hours, at, missing) for name, (at, missing) in _FIELDS.items()}
    notes = []
    ghi, dni, dhi = known["ghi"], known["dni"], known["dhi"]
    lost = int(np.isnan(ghi).sum())
    if lost:
        raise AnalysisError(f"{path}: {lost} hours have no global irradiance; take a file that has it")
    split = np.isnan(dni) | np.isnan(dhi)
    if split.any():
        direct, diffuse = from_global(times, ghi, sun_up(place, times, 3600.0))
        dni, dhi = np.where(split, direct, dni), np.where(split, diffuse, dhi)
        notes.append(f"direct and diffuse irradiance of {int(split.sum())} hours are made of the global one")
    rain = precipitation_note(known["precipitation"])
    notes += [rain] if rain else []
    return Weather(
        times=times,
        step=3600.0,
        place=place,
        ghi=ghi,
        dni=dni,
        dhi=dhi,
        temp_air=known["temp_air"],
        wind_speed=known["wind_speed"],
        pressure=known["pressure"],
        albedo=known["albedo"],
        relative_humidity=known["relative_humidity"],
        infrared=known["infrared"],
        source=f"{head.city} {head.source} ({path.name})",
        notes=notes,
    )


def zone_name(offset: float) -> str:
    """The IANA database's name of an offset from UTC [h]; UTC for one that it has no name for."""
    return f"Etc/GMT{-int(offset):+d}" if offset == int(offset) else "UTC"


def _parsed(path: Path) -> tuple[_Head, _Hours]:
    lines = _text(path).splitlines()
    head = _head(path, lines[0] if lines else "")
    last = next((n for n, line in enumerate(lines, 1) if line.upper().startswith("DATA PERIODS")), 0)
    if not last:
        raise AnalysisError(
            f"{path}: this is no EPW file; it has no line DATA PERIODS, after which the hours must come"
        )
    count = sum(1 for line in lines[last:] if line.strip())
    if count not in _HOURS:
        raise AnalysisError(f"{path}: an EPW has 8760 hours (8784 in a leap year), this one {count}")
    hours = [(n, line.split(",")) for n, line in enumerate(lines[last:], last + 1) if line.strip()]
    for number, fields in hours:
        if len(fields) < _LEAST_FIELDS:
            raise AnalysisError(
                f"{path}: line {number} has {len(fields)} fields; an hour of an EPW has 35, and at least"
                f" {_LEAST_FIELDS}"
            )
    return head, hours


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            held = file.read(_MOST + 1)
        if held[:2] == b"\x1f\x8b":
            held = gzip.GzipFile(fileobj=io.BytesIO(held)).read(_MOST + 1)
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise AnalysisError(
            f"{path}: this is no EPW file; it cannot be unpacked ({error}): fetch it again"
        ) from None
    except OSError as error:
        raise AnalysisError(f"{path}: the weather file cannot be read ({error.strerror or error})") from None
    if len(held) > _MOST:
        raise AnalysisError(
            f"{path}: this is no EPW file of a year; it has more than {_MOST / 2**20:.0f} MiB"
        )
    return held.decode("utf-8-sig", errors="replace")


def _head(path: Path, line: str) -> _Head:
    fields = [field.strip() for field in line.split(",")]
    begins = fields[0].upper() == "LOCATION"
    if not begins or len(fields) < len(_HEAD.split(",")):
        found = f"has {len(fields)} fields" if begins else f"begins with {fields[0][:20]!r}"
        raise AnalysisError(f"{path}: this is no EPW file; its first line must be {_HEAD}, and it {found}")
    numbers = []
    for at, (name, (low, high, unit)) in enumerate(_PLACE.items(), 6):
        try:
            number = float(fields[at])
        except ValueError:
            number = np.nan
        if not low <= number <= high:
            raise AnalysisError(
                f"{path}: line 1 has {fields[at][:20]!r} as its {name} (field {at + 1}); it must be a number"
                f" from {low:g} to {high:g} [{unit}]"
            )
        numbers.append(number)
    return _Head(fields[1], fields[4], *numbers)


def _times(path: Path, hours: _Hours, year: int | None) -> pd.DatetimeIndex:
    """Middles of the hours, without a zone."""
    import pandas as pd

    own, months, days, hour = (_numbers(hours, at) for at in range(4))
    leap = bool(((months == 2) & (days == 29)).any())
    if year is None:
        one = len(np.unique(own)) == 1 and pd.Timestamp.min.year < own[0] < pd.Timestamp.max.year
        kept = one and calendar.isleap(int(own[0])) == leap
        year = int(own[0]) if kept else LEAP_YEAR if leap else COMMON_YEAR
    dates = pd.DatetimeIndex(pd.to_datetime({"year": year, "month": months, "day": days}, errors="coerce"))
    wrong = dates.isna() | ~((hour >= 1) & (hour <= 24))
    if wrong.any():
        number, fields = hours[int(np.argmax(wrong))]
        if leap and not calendar.isleap(year):
            raise AnalysisError(f"{path}: it has days that {year} does not have; give another year")
        month, day, of_day = (field.strip()[:20] for field in fields[1:4])
        raise AnalysisError(
            f"{path}: line {number} is of month {month!r}, day {day!r}, hour {of_day!r}; months go from 1 to"
            " 12, days as the month has them, hours from 1 to 24"
        )
    return dates + pd.to_timedelta(hour - 0.5, unit="h")


def _known(hours: _Hours, at: int, missing: float) -> Float64:
    """A field of all hours, NaN where the file says that nothing is known."""
    values = _numbers(hours, at)
    return np.where(values < missing, values, np.nan)


def _numbers(hours: _Hours, at: int) -> Float64:
    """A field of all hours, NaN where it is no number or not there."""
    import pandas as pd

    texts = [fields[at] if at < len(fields) else "" for _, fields in hours]
    return np.asarray(pd.to_numeric(pd.Series(texts, dtype=object), errors="coerce"), np.float64)
