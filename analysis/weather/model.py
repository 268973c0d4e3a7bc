"""What all sources of weather give: irradiance and air, as means of equal intervals."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from analysis.errors import AnalysisError
from analysis.sun.scene import Place
from analysis.weather.sun import SunUp, sun_up

if TYPE_CHECKING:
    import pandas as pd

Float64: TypeAlias = npt.NDArray[np.float64]

ALBEDO = 0.2
"""Of ground that nothing is known of: PVWatts' for land without snow (Dobos 2014, doi:10.2172/1158421)."""
BRIGHTEST = 1500.0
"""[W/m²] More than the sun gives outside of the air (1361 ± 3.4 %), with room for clouds that reflect."""


@dataclass(frozen=True, kw_only=True)
class Weather:
    """n intervals of one length, each array (n,) float64, NaN where nothing is known but for the irradiance.

    times: their middles, with a time zone, in order. step: their length [s]. ghi, dni, dhi: global
    horizontal, direct normal and diffuse horizontal irradiance [W/m²], means of the intervals. temp_air [°C],
    wind_speed [m/s], pressure [Pa], relative_humidity [%], infrared: long-wave irradiance from the sky
    [W/m²]; albedo of the ground [1]. place: where it was measured. source: for reports. notes: what a reader
    of results ought to know.

    Raises AnalysisError for times without a zone or out of order, and for irradiance that is missing,
    negative or brighter than the sun.
    """

    times: pd.DatetimeIndex
    step: float
    place: Place
    ghi: Float64
    dni: Float64
    dhi: Float64
    temp_air: Float64
    wind_speed: Float64
    pressure: Float64
    albedo: Float64
    relative_humidity: Float64
    infrared: Float64
    source: str
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        if not len(self.times):
            raise AnalysisError(f"{self.source}: there is no weather in it")
        if self.times.tz is None:
            raise AnalysisError(f"{self.source}: the times have no time zone; give them one")
        if self.step <= 0 or not self.times.is_monotonic_increasing or not self.times.is_unique:
            raise AnalysisError(f"{self.source}: the times must follow one another")
        for name in ("ghi", "dni", "dhi"):
            values = getattr(self, name)
            wrong = ~((values >= 0) & (values <= BRIGHTEST))
            if wrong.any():
                at = int(np.argmax(wrong))
                raise AnalysisError(
                    f"{self.source}: {name} at {self.times[at].isoformat()} is {values[at]:g} W/m²;"
                    f" it must be from 0 to {BRIGHTEST:g}"
                )

    def __len__(self) -> int:
        return len(self.times)

    @property
    def hours(self) -> float:
        """Length of an interval [h]."""
        return self.step / 3600.0

    @cached_property
    def sun(self) -> SunUp:
        """Where the sun is in each interval."""
        return sun_up(self.place, self.times, self.step)

    @cached_property
    def ground_albedo(self) -> Float64:
        """albedo, with `ALBEDO` where it is not known."""
        return np.where(np.isnan(self.albedo), ALBEDO, self.albedo)

    @property
    def closure(self) -> float:
        """Direct and diffuse irradiation of the horizontal over its global irradiation: 1 where the three
        series agree, as far as the sun's height is known."""
        total = float(self.ghi.sum())
        parts = float((self.dni * self.sun.cos_zenith + self.dhi).sum())
        return parts / total if total else 1.0

    def between(self, start: Any, end: Any) -> Weather:
        """The intervals whose middles lie from start to before end (aware datetimes)."""
        keep = np.asarray((self.times >= start) & (self.times < end))
        series = {name: getattr(self, name)[keep] for name in SERIES}
        return replace(self, times=self.times[keep], **series)


SERIES = (
    *("ghi", "dni", "dhi", "temp_air", "wind_speed", "pressure", "albedo"),
    *("relative_humidity", "infrared"),
)
