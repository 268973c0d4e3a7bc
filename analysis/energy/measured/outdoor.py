"""Daily outdoor temperatures from the city's own sensors, to see how meters follow the weather."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from analysis.energy.zones import Float64
from analysis.errors import AnalysisError
from analysis.scene.series import factor, readings, step_means, streams, usual_interval
from twin.observations.connections import DATABASE
from twin.observations.store import open_observations

if TYPE_CHECKING:
    import pandas as pd

    from analysis.weather import Weather

_NAMES = ("air temperature", "기온")
_CELSIUS = {"°C": 1.0, "℃": 1.0, "degC": 1.0, "Cel": 1.0}
_KNOWN = 0.75
"""Share of a day that must be known for its mean."""
_SECOND = 1_000_000


@dataclass(frozen=True)
class Outdoor:
    """days: (d,) their starts in local time. temperature: (d,) daily means [°C], NaN where not known. notes:
    which sensors were left out, and why."""

    days: pd.DatetimeIndex
    temperature: Float64
    notes: list[str] = field(default_factory=list)


def of_weather(weather: Weather) -> Outdoor:
    """The days of a weather."""
    import pandas as pd

    local = weather.times.tz_convert(weather.place.timezone).normalize()
    days, number = np.unique(local.asi8, return_inverse=True)
    mean = np.bincount(number, weather.temp_air) / np.bincount(number)
    starts = pd.DatetimeIndex(pd.to_datetime(days, unit=local.unit, utc=True)).tz_convert(local.tz)
    return Outdoor(starts, mean.astype(np.float64))


def outdoor_temperatures(folder: Path, start: pd.Timestamp, end: pd.Timestamp) -> Outdoor | None:
    """Daily means over all stations from start to end (aware, in local time); days that are not known for
    three quarters are NaN. Sensors of another unit than °C are left out. None without one that knows any."""
    import pandas as pd

    if not (folder / DATABASE).exists():
        return None
    days = pd.date_range(start.normalize(), end, freq="D")
    if len(days) < 2:
        return None
    origin = days[0].value // 1000
    edges = np.asarray((days - days[0]).total_seconds(), np.float64)
    rows = []
    notes = []
    with open_observations(folder) as observations:
        for stream in (s for name in _NAMES for s in streams(observations, name)):
            times, values = readings(observations, stream, origin, origin + round(edges[-1] * _SECOND))
            if not len(times):
                continue
            try:
                celsius = factor(stream, _CELSIUS)
            except AnalysisError as error:
                notes.append(f"an outdoor temperature is left out: {error}")
                continue
            hold = usual_interval(times, float(edges[1]))
            ends = np.minimum(np.append(times[1:], np.inf), times + 2 * hold)
            mean, known = step_means(times, np.minimum(ends, edges[-1]), values * celsius, edges)
            rows.append(np.where(known >= _KNOWN, mean, np.nan))
    known_by = np.isfinite(rows).sum(axis=0) if rows else np.zeros(1)
    if not known_by.any():
        return None
    mean = np.divide(
        np.nansum(rows, axis=0), known_by, out=np.full(len(known_by), np.nan), where=known_by > 0
    )
    return Outdoor(days[:-1], mean.astype(np.float64), notes)
