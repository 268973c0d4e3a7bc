"""EnergyPlus weather files (EPW), plain or compressed: typical and real years by the hour.

Crawley, Hand, Lawrie 1999, "Improving the weather information available to simulation programs"; EnergyPlus
Auxiliary Programs, "EPW data dictionary". An hour n is the one that ends at n o'clock, local standard time.
"""

from __future__ import annotations

import gzip
import io
from datetime import timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
_MISSING = {
    "ghi": 9999.0,
    "dni": 9999.0,
    "dhi": 9999.0,
    "temp_air": 99.9,
    "wind_speed": 999.0,
    "atmospheric_pressure": 999999.0,
    "relative_humidity": 999.0,
    "ghi_infrared": 9999.0,
    "albedo": 1.0001,
}
"""From these values on, a field says that nothing is known (EPW data dictionary; an albedo is at most 1)."""


def read_epw(path: Path, year: int | None = None) -> Weather:
    """A year of hours.

    year: what its days are dated in; without it the file's own, or `COMMON_YEAR` (`LEAP_YEAR`) where its
    months come from several. Direct and diffuse irradiance are made of the global where they are missing.
    Raises AnalysisError for a file that is no EPW, has other than 8,760 or 8,784 hours, or lacks irradiance.
    """
    import pandas as pd

    table, meta = _table(path)
    if len(table) not in _HOURS:
        raise AnalysisError(f"{path}: an EPW has 8760 hours (8784 in a leap year), this one {len(table)}")
    own = table["year"].unique()
    if year is None:
        year = int(own[0]) if len(own) == 1 else COMMON_YEAR
    stamps = pd.DatetimeIndex(
        pd.to_datetime(
            {"year": year, "month": table["month"], "day": table["day"], "hour": table["hour"] - 1},
            errors="coerce",
        )
    )
    if stamps.isna().any():
        raise AnalysisError(f"{path}: it has days that {year} does not have; give another year")
    times = (stamps + pd.Timedelta(minutes=30)).tz_localize(timezone(timedelta(hours=meta["TZ"])))
    place = Place(meta["latitude"], meta["longitude"], meta["altitude"], timezone=zone_name(meta["TZ"]))
    known = {name: _known(table, name) for name in _MISSING}
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
    rain = precipitation_note(_number(table, "liquid_precipitation_depth"))
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
        pressure=known["atmospheric_pressure"],
        albedo=known["albedo"],
        relative_humidity=known["relative_humidity"],
        infrared=known["ghi_infrared"],
        source=f"{meta['city']} {meta['data_type']} ({path.name})",
        notes=notes,
    )


def zone_name(offset: float) -> str:
    """The IANA database's name of an offset from UTC [h]; UTC for one that it has no name for."""
    return f"Etc/GMT{-int(offset):+d}" if offset == int(offset) else "UTC"


def _table(path: Path) -> tuple[pd.DataFrame, dict[str, Any]]:
    from pvlib.iotools import read_epw as read

    try:
        held = path.read_bytes()
        if held[:2] == b"\x1f\x8b":
            held = gzip.decompress(held)
        text = held.decode("utf-8", errors="replace")
        try:
            table, meta = read(io.StringIO(text))
        except ValueError:  # a 29 February in a typical year whose February is of a common one
            table, meta = read(io.StringIO(text), coerce_year=LEAP_YEAR)
    except OSError as error:
        raise AnalysisError(f"{path}: the weather file cannot be read ({error.strerror or error})") from None
    except (ValueError, KeyError, IndexError, EOFError, TypeError) as error:
        raise AnalysisError(f"{path}: this is no EPW file ({error})") from None
    return table, meta


def _known(table: pd.DataFrame, name: str) -> Float64:
    """A column, NaN where the file says that nothing is known."""
    values = _number(table, name)
    return np.where(values < _MISSING[name], values, np.nan)


def _number(table: pd.DataFrame, name: str) -> Float64:
    import pandas as pd

    return pd.to_numeric(table[name], errors="coerce").to_numpy(float)
