"""The rain that a warning is for: a design rain, a hyetograph, radar or forecast files, or rain sensors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from analysis.errors import AnalysisError

if TYPE_CHECKING:
    from analysis.scene.grid import Grid
    from twin.observations.store import Observations

_MINUTE = 60.0
_STEP_S = 600.0
"""Steps that the readings of rain sensors are averaged over [s]."""
_MICRO = 1_000_000


@dataclass(frozen=True)
class RainAhead:
    """Mean rain over the area. rates: (n,) [mm/h] in steps of `step_s` [s]. start: of the first step [µs];
    None for rain that has no date. source, notes: where it is from, and what else to say of it."""

    rates: npt.NDArray[np.float64]
    step_s: float
    source: str
    start: int | None = None
    notes: list[str] = field(default_factory=list)

    @property
    def end(self) -> int | None:
        """[µs]"""
        return None if self.start is None else self.start + round(len(self.rates) * self.step_s * _MICRO)

    @property
    def amount(self) -> float:
        """[mm]"""
        return float(self.rates.sum() * self.step_s / 3600.0)


def design(intensity: float, minutes: float) -> RainAhead:
    """Rain of one intensity [mm/h]."""
    return RainAhead(np.array([intensity]), minutes * _MINUTE, f"{intensity:g} mm/h for {minutes:g} min")


def hyetograph(rates: Sequence[float] | None, minutes: float) -> RainAhead:
    """Intensities [mm/h] in steps of so many minutes. Raises AnalysisError for none."""
    if not rates:
        raise AnalysisError("a hyetograph needs its intensities: hyetograph [mm/h], in steps of step [min]")
    return RainAhead(np.array(rates, np.float64), minutes * _MINUTE, f"{len(rates)} steps of {minutes:g} min")


def from_sensors(observations: Observations | None, minutes: float, ahead_h: float) -> RainAhead:
    """The rain measured in the last minutes, and its latest step going on for `ahead_h` [h].

    Raises AnalysisError when no sensor measures rain.
    """
    from analysis.flood.inputs import MM_PER_HOUR
    from analysis.scene import rain_from_sensors
    from analysis.scene.rain import latest_rain

    if observations is None:
        raise AnalysisError("the city has no readings, so no rain of sensors")
    end = latest_rain(observations)
    start = end - round(minutes * _MINUTE * _MICRO)
    found = rain_from_sensors(observations, start, end, step=min(_STEP_S, minutes * _MINUTE), gaps="fill")
    lengths = np.diff(found.time)
    rates = np.asarray(found.intensity, np.float64) * MM_PER_HOUR
    if lengths[-1] < 0.5 * lengths[0] and len(rates) > 1:  # a rest too short to speak for the rain of now
        rates, lengths = rates[:-1], lengths[:-1]
    step = float(lengths[0])
    more = np.full(round(ahead_h * 3600.0 / step), rates[-1])
    notes = [f"the latest {step / 60:g} min of rain go on for {ahead_h:g} h"] if len(more) else []
    return RainAhead(np.append(rates, more), step, found.source, start, [*found.notes, *notes])


def from_grids(
    paths: Sequence[Path] | None,
    grid: Grid,
    *,
    relation: str,
    ahead_h: float,
    engine: str,
    gauges: Any = None,
) -> RainAhead:
    """Radar pictures or a gridded forecast: its mean over the grid.

    relation: of reflectivity and rain, of `reflectivity.RELATIONS`. ahead_h: 0 when the files are the
    forecast; else their rain carried on for so many hours. gauges: (start, end [µs]) -> `Gauges` to adjust
    the rain with, or None. Raises AnalysisError.
    """
    from analysis.warning import gauges as adjusting
    from analysis.warning.nowcast import nowcast
    from analysis.warning.radar import read_all
    from analysis.warning.rain_grid import areal
    from analysis.warning.reflectivity import RELATIONS

    if not paths:
        raise AnalysisError("gridded rain needs files: rain_files")
    rain = read_all(paths, RELATIONS[relation])
    notes: list[str] = []
    if gauges is not None:
        around = gauges(int(rain.times[0]), int(rain.times[-1]))
        rain, adjustment = adjusting.adjust(rain, around)
        notes += adjusting.summary(adjustment)
    if ahead_h:
        ahead = nowcast(rain, ahead_h * 3600.0, engine=engine)  # type: ignore[arg-type]
        rain = ahead.rain
        notes.append(f"rain carried on by {ahead.engine}; it neither begins, grows nor dies")
        if ahead.skill is not None:
            s = ahead.skill
            notes.append(
                f"over {s.lead_s / 60:g} min it was off by {s.rmse:.2f} mm/h, standing rain by"
                f" {s.persistence_rmse:.2f} mm/h"
            )
    rates = areal(rain, grid)
    known = np.isfinite(rates)
    if not known[0]:
        raise AnalysisError(f"{paths[0].name}: its rain does not reach the area of the library")
    if not known.all():
        first = int(np.argmin(known))
        notes.append(f"the rain of the area is known for {first * rain.step_s / 3600:.1f} h alone")
        rates = rates[:first]
    source = paths[0].name if len(paths) == 1 else f"{paths[0].name} and {len(paths) - 1} more"
    return RainAhead(rates, rain.step_s, source, int(rain.times[0]), notes)
