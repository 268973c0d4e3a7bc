"""The meters of a city: datastreams of electricity, heat, cooling, gas and water, bound to buildings.

A meter belongs to the building that its Thing is linked to (or whose part it is linked to). Readings that
are doubtful are left out. A meter whose unit does not fit what it counts is left out and named, never scaled.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from analysis.energy.measured.bound import Found, found_meters, shown, span_of
from analysis.energy.measured.intervals import COARSE, Amounts, Reading, Stamp, amounts, told
from analysis.energy.measured.units import GAS_HEATING_VALUE, Commodity, Unit
from analysis.errors import AnalysisError
from analysis.scene.outlines import number
from analysis.scene.series import Stream, readings
from twin.observations.connections import DATABASE
from twin.observations.store import open_observations
from twin.observations.times import format_instant
from twin.store import open_city

if TYPE_CHECKING:
    import pandas as pd

Float64: TypeAlias = npt.NDArray[np.float64]
Step = Literal["hour", "day", "month"]

WHOLE = 0.99
"""Share of an interval that must be known for it to be compared with anything."""
_FREQUENCY = {"hour": "h", "day": "D", "month": "MS"}
_AROUND = {"hour": 86_400, "day": 2 * 86_400, "month": 62 * 86_400}
"""How far before and after the intervals readings are looked at [s]: a register needs one on either side."""
_SECOND = 1_000_000


@dataclass(frozen=True)
class Meter:
    """A datastream. building: index into `Meters.building`. reading: what its numbers are, and whether its
    properties say so or its course does."""

    id: int
    name: str
    commodity: Commodity
    unit: Unit
    building: int
    reading: Reading
    stated: bool


@dataclass(frozen=True, kw_only=True)
class Meters:
    """b buildings over n intervals.

    building: ids of whole buildings. times: (n,) starts of the intervals in local time. energy: by commodity
    (b, n) [kWh] of what its meters read, NaN where they read nothing; volume: of gas and water (b, n) [m³].
    known: (b, n) share of the interval that all meters of it cover. left_out: why a meter was not used.
    notes: gaps, resets, and what else a reader of results ought to know.
    """

    building: list[str]
    times: pd.DatetimeIndex
    step: Step
    energy: dict[Commodity, Float64]
    volume: dict[Commodity, Float64]
    known: dict[Commodity, Float64]
    meters: list[Meter]
    left_out: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def whole(self, commodity: Commodity) -> Float64:
        """(b, n) [kWh] of the intervals that are known all but for 1 %, NaN for the others."""
        return np.where(self.known[commodity] >= WHOLE, self.energy[commodity], np.nan)

    def yearly(self, commodity: Commodity) -> Float64:
        """(b,) [kWh] a year: of the last twelve whole months, or 365 whole days; NaN with fewer. Raises
        AnalysisError for hours."""
        if self.step == "hour":
            raise AnalysisError("a year's use is asked of days or months, not of hours")
        count = 12 if self.step == "month" else 365
        if len(self.times) < count:
            return np.full(len(self.building), np.nan)
        total: Float64 = self.whole(commodity)[:, -count:].sum(axis=1)
        return total


def meters(
    folder: Path,
    *,
    start: pd.Timestamp | None = None,
    end: pd.Timestamp | None = None,
    step: Step = "month",
    timezone: str = "UTC",
    gas_heating_value: float = GAS_HEATING_VALUE,
) -> Meters:
    """All meters of the city in a folder, from start to end (aware), each at the start of an hour, day or
    month of the time zone; by default from the first whole interval that any meter read in to the last.

    gas_heating_value: net [kWh/m³], of a gas meter that states none (`heating_value` of its Thing or
    Datastream). A city without readings has no meters. Raises AnalysisError for an end before the start.
    """
    if not (folder / DATABASE).exists():
        return _none(step, timezone)
    with open_observations(folder) as observations, open_city(folder) as city:
        found, left_out = found_meters(observations, city)
        span = span_of(observations, [s for s, *_ in found])
        if span is None:
            return _none(step, timezone, left_out)
        times, edges, origin = _edges(start, end, span, step, timezone)
        gathered = _Gathered(edges, origin, gas_heating_value)
        around = _AROUND[step]
        first, last = origin - around * _SECOND, origin + (round(float(edges[-1])) + around) * _SECOND
        for meter in sorted(found, key=lambda found: (found[3], found[1], found[0].id)):
            seconds, values = readings(observations, meter[0], first, last)
            gathered.add(meter, seconds - around, values)
    kept = gathered.read_in(start is None, end is None)
    return gathered.finish(times[kept], kept, step, left_out)


def _none(step: Step, timezone: str, left_out: Sequence[str] = ()) -> Meters:
    import pandas as pd

    times = pd.DatetimeIndex([], tz=timezone)
    return Meters(
        building=[],
        times=times,
        step=step,
        energy={},
        volume={},
        known={},
        meters=[],
        left_out=list(left_out),
    )


def _edges(
    start: pd.Timestamp | None, end: pd.Timestamp | None, span: tuple[int, int], step: Step, timezone: str
) -> tuple[pd.DatetimeIndex, Float64, int]:
    """(starts of the intervals, their n + 1 edges [s since the first], the first [µs])."""
    import pandas as pd

    first, last = (pd.Timestamp(t, unit="us", tz="UTC").tz_convert(timezone) for t in span)
    start = first if start is None else start.tz_convert(timezone)
    end = last if end is None else end.tz_convert(timezone)
    frequency = _FREQUENCY[step]
    floor = start.floor("h", ambiguous=bool(start.dst())) if step == "hour" else start.normalize()
    start = floor if floor == start else floor + pd.tseries.frequencies.to_offset(frequency)
    times = pd.date_range(start, end, freq=frequency)
    if len(times) < 2:
        raise AnalysisError(
            f"from {start.isoformat()} to {end.isoformat()} is not a whole {step}; choose another span"
        )
    origin = times[0].value // 1000
    edges = np.asarray((times - times[0]).total_seconds(), np.float64)
    return times[:-1], edges, origin


@dataclass(frozen=True)
class _Part:
    """What one meter tells: energy [kWh] and volume [m³] (n,), the share that is known, and from its first to
    its last reading [s]."""

    energy: Float64
    volume: Float64
    known: Float64
    first: float
    last: float


class _Gathered:
    """Meters put together by building and commodity."""

    def __init__(self, edges: Float64, origin: int, heating_value: float) -> None:
        self.edges, self.origin, self.heating_value = edges, origin, heating_value
        self.building: list[str] = []
        self.parts: dict[tuple[Commodity, int], list[_Part]] = {}
        self.amounts: list[tuple[Stream, Reading, Amounts]] = []
        self.meters: list[Meter] = []
        self.notes: list[str] = []
        self.left_out: list[str] = []
        self.silent = 0

    def add(self, found: Found, times: Float64, values: Float64) -> None:
        """A meter and its readings; times [s] since the first of the intervals."""
        stream, commodity, measured, building = found
        if not ((times >= 0) & (times < self.edges[-1])).any():
            self.silent += 1
            return
        stated: Any = stream.properties.get("reading")
        reading: Reading | None = "power"
        if measured.kind != "power":
            reading = stated if stated in ("register", "interval") else told(values)
        if reading is None:
            self.left_out.append(
                f"{shown(stream)}: its readings do not tell whether they are of a register or of intervals;"
                " say reading=register or reading=interval in its properties"
            )
            return
        if building not in self.building:
            self.building.append(building)
        row = self.building.index(building)
        stamp: Stamp = "end" if stream.properties.get("stamp") == "end" else "start"
        part = amounts(times, values * measured.factor, self.edges, reading, stamp)
        self.meters.append(
            Meter(stream.id, stream.name, commodity, measured, row, reading, stated == reading)
        )
        self.amounts.append((stream, reading, part))
        nothing = np.full(len(part.amount), np.nan)
        energy, volume = part.amount, nothing
        if measured.kind == "volume":
            value = number(stream.properties, ("heating_value",)) or self.heating_value
            energy, volume = part.amount * value if commodity is Commodity.GAS else nothing, part.amount
        self.parts.setdefault((commodity, row), []).append(
            _Part(energy, volume, part.known, float(times[0]), float(times[-1]))
        )

    def _say(self, stream: Stream, reading: Reading, found: Amounts, kept: slice) -> None:
        about = []
        if len(found.resets):
            first = format_instant(self.origin + round(float(found.resets[0]) * _SECOND))
            about.append(f"its register began anew {len(found.resets)} times, first at {first}")
        if found.turned:
            about.append(f"its register turned over {found.turned} times")
        if found.negative:
            about.append(f"{found.negative} readings below zero are left out")
        known = found.known[kept]
        missing = int((known < WHOLE).sum())
        if found.interval > COARSE * float(np.diff(self.edges).max()):
            about.append(f"it reads every {found.interval / 3600:.0f} h, too seldom for these intervals")
        elif missing:
            about.append(f"{missing} of {len(known)} intervals are not wholly known")
        if about:
            self.notes.append(f"{shown(stream)}, {reading}: {'; '.join(about)}")

    def read_in(self, first: bool, last: bool) -> slice:
        """The intervals from the first that any meter read in to the last; all before or after where first or
        last is False."""
        known = [part.known > 0 for parts in self.parts.values() for part in parts]
        read = np.flatnonzero(np.any(known, axis=0)) if known else np.empty(0, np.int64)
        if not len(read):
            return slice(None)
        return slice(int(read[0]) if first else None, int(read[-1]) + 1 if last else None)

    def finish(self, times: pd.DatetimeIndex, kept: slice, step: Step, left_out: list[str]) -> Meters:
        """kept: the intervals that times are of."""
        for stream, reading, found in self.amounts:
            self._say(stream, reading, found, kept)
        if self.silent:
            self.notes.append(f"{self.silent} meters have no reading in these intervals")
        if any(m.commodity is Commodity.GAS and m.unit.kind == "volume" for m in self.meters):
            self.notes.append(
                f"gas meters that state no heating_value are taken at {self.heating_value:.2f} kWh/m³ (net)"
            )
        shape = (len(self.building), len(times))
        energy, volume = ({c: np.full(shape, np.nan) for c in Commodity} for _ in range(2))
        known = {c: np.zeros(shape) for c in Commodity}
        for (commodity, row), parts in self.parts.items():
            whole = _together(parts)
            energy[commodity][row], volume[commodity][row] = whole.energy[kept], whole.volume[kept]
            known[commodity][row] = whole.known[kept]
        present = {commodity for commodity, _ in self.parts}
        return Meters(
            building=self.building,
            times=times,
            step=step,
            energy={c: v for c, v in energy.items() if c in present and c is not Commodity.WATER},
            volume={c: v for c, v in volume.items() if c in present and np.isfinite(v).any()},
            known={c: v for c, v in known.items() if c in present},
            meters=self.meters,
            left_out=[*left_out, *self.left_out],
            notes=self.notes,
        )


def _together(parts: list[_Part]) -> _Part:
    """The meters of a building for one commodity, added. Those that begin after others have ended take their
    place; of those that run side by side, what one does not know is not known."""
    ordered = sorted(parts, key=lambda part: part.first)
    known: list[Float64] = []
    replaced: set[int] = set()
    for part in ordered:
        ended = [k for k in range(len(known)) if ordered[k].last <= part.first]
        before = [k for k in ended if k not in replaced] or ended
        earlier = np.min([known[k] for k in before], axis=0) if before else 0.0
        known.append(np.minimum(earlier + part.known, 1.0))
        replaced.update(before)
    energy, volume = (
        np.where(np.isnan(values).all(axis=0), np.nan, np.nansum(values, axis=0))
        for values in ([part.energy for part in parts], [part.volume for part in parts])
    )
    sides = [each for k, each in enumerate(known) if k not in replaced]
    return _Part(energy, volume, np.min(sides, axis=0), ordered[0].first, max(part.last for part in parts))
