"""Where the sun stands, at a sequence of times, seen from the scene's place and in the frame of its grid.

Positions are those of NREL's Solar Position Algorithm (I. Reda and A. Andreas, "Solar position algorithm for
solar radiation applications", Solar Energy 76(5), 2004, doi:10.1016/j.solener.2003.12.003) as in pvlib.
Shadows are cast with the true elevation, not the refracted one: daylight rules and published tables reckon
so, it needs no weather, and refraction matters only where the sun is too low to give light (0.08 degrees at
an elevation of 11 degrees, half a degree at the horizon). What is lit therefore ends at most some minutes
before the sun is out of sight.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from analysis.errors import AnalysisError
from analysis.sun.scene import Float32, Float64, Horizon, Place

if TYPE_CHECKING:
    import pandas as pd

Times: TypeAlias = "Sequence[datetime] | pd.DatetimeIndex | datetime"

DELTA_T_YEARS = (1700, 2999)
"""Years for which the algorithm has the difference of terrestrial and universal time."""
TEMPERATURE = 12.0
"""Of the air [°C], pvlib's own default; it moves the refracted elevation alone."""
REFRACTION_AT_SUNSET = 0.5667
"""By the atmosphere, when the sun sets [degrees], as in the paper of the algorithm."""


@dataclass(frozen=True)
class SunPath:
    """The sun at t times. All angles in degrees, (t,) float64.

    times: as given, aware. azimuth: clockwise from true north. elevation, zenith: true, without refraction.
    apparent_elevation: refracted at the place's pressure. directions: (t, 3) float64 unit vectors from the
    scene to the sun in the grid's frame (east, north, up), from the true elevation.
    """

    times: pd.DatetimeIndex
    azimuth: Float64
    elevation: Float64
    zenith: Float64
    apparent_elevation: Float64
    directions: Float64

    def __len__(self) -> int:
        return len(self.times)

    @classmethod
    def at(cls, place: Place, times: Times) -> SunPath:
        """The sun over a place at aware times; AnalysisError for naive ones or none."""
        from pvlib import spa
        from pvlib.atmosphere import alt2pres

        index = aware(times)
        _check(place)
        # as `pvlib.solarposition.spa_python` does, without its tables, which take most of its time
        universal = index.tz_convert("UTC")
        found = spa.solar_position(
            universal.asi8 / _units_of(universal),
            place.latitude,
            place.longitude,
            place.altitude,
            alt2pres(place.altitude) / 100.0,
            TEMPERATURE,
            spa.calculate_deltat(universal.year.to_numpy(float), universal.month.to_numpy(float)),
            REFRACTION_AT_SUNSET,
        )
        _, zenith, apparent_elevation, elevation, azimuth = found[:5]
        directions = unit_vectors(azimuth, elevation, place.convergence)
        return cls(index, azimuth, elevation, zenith, apparent_elevation, directions)

    def up(self, horizon: Horizon | None = None) -> Any:
        """(t,) bool: the sun's middle stands over the level, and over the far skyline if there is one."""
        above = np.zeros(len(self)) if horizon is None else skyline(horizon, self.azimuth)
        return self.elevation > np.maximum(above, 0.0)


def unit_vectors(azimuth: Any, elevation: Any, convergence: float = 0.0) -> Float64:
    """(t, 3) east, north, up in the grid's frame, of angles [degrees] from true north and the level."""
    around, above = np.radians(np.asarray(azimuth) - convergence), np.radians(elevation)
    flat = np.cos(above)
    return np.stack([np.sin(around) * flat, np.cos(around) * flat, np.sin(above)], axis=-1)


def skyline(horizon: Horizon, azimuth: Any) -> Float64:
    """Elevation [degrees] of the far skyline at azimuths [degrees], linear between its steps."""
    steps = np.arange(len(horizon.elevation) + 1) * (360.0 / len(horizon.elevation))
    closed = np.append(horizon.elevation, horizon.elevation[0])
    elevation: Float64 = np.interp(np.asarray(azimuth) % 360.0, steps, closed)
    return elevation


def aware(times: Times) -> pd.DatetimeIndex:
    """Times as an index; AnalysisError where they have no zone, or there are none."""
    import pandas as pd

    given: Any = [times] if isinstance(times, datetime) else times
    try:
        index = pd.DatetimeIndex(given)
    except (TypeError, ValueError):
        try:  # zones or offsets that differ, as over a change to summer time
            index = pd.DatetimeIndex([_in_utc(each) for each in given])
        except (TypeError, ValueError, AttributeError):
            raise AnalysisError(
                "the times of the sun are not all times with a zone: give each one a time zone, as in"
                " 2026-12-21T09:00+09:00"
            ) from None
    if not len(index):
        raise AnalysisError("no time was given to look at the sun")
    if index.tz is None:
        raise AnalysisError(
            f"the time {index[0]} has no zone: give it one, as in 2026-12-21T09:00+09:00, so that the sun's"
            " place is known"
        )
    if index.hasnans:
        raise AnalysisError("one of the times of the sun is missing (NaT)")
    first, last = DELTA_T_YEARS
    if index.year.min() < first or index.year.max() > last:
        raise AnalysisError(f"the sun's position is known for the years {first} to {last} only")
    return index


def weights(times: pd.DatetimeIndex) -> Float32:
    """(t,) [h] that each time stands for: half of the way to the one before and to the one after it.

    A gap longer than 1.5 times the median one is a break (from one day to the next), in which nothing is
    counted. AnalysisError where there are not two times in order.
    """
    if len(times) < 2:
        raise AnalysisError("hours of sun need at least two times: give a step, as in every ten minutes")
    gaps = np.diff(times.asi8) / _units_of(times) / 3600.0
    if (gaps <= 0).any():
        raise AnalysisError("hours of sun need times in order, each later than the one before")
    counted = np.where(gaps > 1.5 * np.median(gaps), 0.0, gaps)
    both: Float32 = (0.5 * (np.append(0.0, counted) + np.append(counted, 0.0))).astype(np.float32)
    return both


def _units_of(times: pd.DatetimeIndex) -> float:
    """How many of the index's own units make a second."""
    return {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}[times.unit]


def _in_utc(time: Any) -> datetime:
    from datetime import UTC

    if time.tzinfo is None:
        raise ValueError("naive")
    changed: datetime = time.astimezone(UTC)
    return changed


def _check(place: Place) -> None:
    if not (-90 <= place.latitude <= 90 and -360 <= place.longitude <= 360):
        raise AnalysisError(
            f"latitude {place.latitude}, longitude {place.longitude} is no place on the globe: check the"
            " coordinate system of the city"
        )
