"""Meters beside a simulation: the months of both, and how far they are apart.

Meters and weather are seldom of the same year. Where the outdoor temperatures of the metered time are given,
each meter's months are brought to the weather of the simulation by its change-point fit; where they are not,
calendar months are compared as they are, and the notes say so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from analysis.energy.delivered import Delivered, delivered
from analysis.energy.factors import Factors
from analysis.energy.measured.agreement import Agreement, agreement
from analysis.energy.measured.calibrate import Predict
from analysis.energy.measured.meters import Meters
from analysis.energy.measured.normalise import fit
from analysis.energy.measured.outdoor import Outdoor, of_weather
from analysis.energy.measured.units import CARRIERS, Commodity
from analysis.energy.plausible import Doubt, doubts_of_meters
from analysis.energy.simulate import simulate
from analysis.energy.zones import Float64, Zones
from analysis.errors import AnalysisError

if TYPE_CHECKING:
    from analysis.weather import Weather

MONTHS = 12
_CORRECTED = 3.0
"""Months are brought to another weather by at most this factor up or down; beyond, a fit is not trusted."""


@dataclass(frozen=True, kw_only=True)
class Targets:
    """What the meters of b buildings read in each calendar month, in the weather of a simulation.

    building: ids. months: by commodity (b, 12) [kWh], NaN where it is not known; of several years the mean.
    normalised: by commodity (b,) whether the months were brought to that weather.
    """

    building: list[str]
    months: dict[Commodity, Float64]
    normalised: dict[Commodity, list[bool]]
    notes: list[str] = field(default_factory=list)


def targets(meters: Meters, weather: Weather, outdoor: Outdoor | None = None) -> Targets:
    """The months of meters for comparison with a simulation under a weather of a year.

    outdoor: the temperatures of the metered time (as `outdoor_temperatures` finds them). Raises AnalysisError
    for meters that are not by the month.
    """
    if meters.step != "month":
        raise AnalysisError("meters are compared by the month: read them with step='month'")
    month = np.asarray(meters.times.month, np.int64) - 1
    notes = [*meters.notes, *(f"left out: {why}" for why in meters.left_out)]
    notes += outdoor.notes if outdoor is not None else []
    months: dict[Commodity, Float64] = {}
    normalised: dict[Commodity, list[bool]] = {}
    usual = of_weather(weather)
    for commodity in meters.energy:
        whole = meters.whole(commodity)
        months[commodity] = _by_calendar(whole, month)
        normalised[commodity] = [False] * len(whole)
        if outdoor is None:
            continue
        for row, energy in enumerate(whole):
            brought = _brought(energy, meters, outdoor, usual)
            if brought is not None:
                months[commodity][row] = _by_calendar(brought[None], month)[0]
                normalised[commodity][row] = True
    if not any(any(done) for done in normalised.values()) and months:
        notes.append(
            f"the meters are of {meters.times[0]:%Y-%m} to {meters.times[-1]:%Y-%m} and the weather is of"
            f" {weather.source}: their months are compared as they are"
        )
    return Targets(building=meters.building, months=months, normalised=normalised, notes=notes)


def _by_calendar(values: Float64, month: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Float64:
    """(b, 12) means of (b, n) intervals by calendar month, NaN where none is known."""
    known = np.isfinite(values)
    total, count = (np.zeros((len(values), MONTHS)) for _ in range(2))
    for k in range(MONTHS):
        at = month == k
        total[:, k], count[:, k] = np.nan_to_num(values[:, at]).sum(axis=1), known[:, at].sum(axis=1)
    return np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)


def _brought(energy: Float64, meters: Meters, outdoor: Outdoor, usual: Outdoor) -> Float64 | None:
    """(n,) [kWh] of a meter's months as they would be in a usual year; None where it cannot be told."""
    import pandas as pd

    n = len(energy)
    end = meters.times[-1] + pd.DateOffset(months=1)
    interval = meters.times.searchsorted(outdoor.days, side="right").astype(np.int64) - 1
    interval[outdoor.days >= end] = -1
    within = interval >= 0
    days = np.bincount(interval[within], minlength=n)[:n]
    covered = np.where(days >= meters.times.days_in_month, energy, np.nan)
    if np.isfinite(covered).sum() < MONTHS:
        return None
    try:
        found = fit(covered, interval, outdoor.temperature)
    except AnalysisError:  # too few months whose days all have a temperature
        return None
    there = np.bincount(interval[within], found.daily(outdoor.temperature)[within], n)[:n]
    here = np.bincount(usual.days.month - 1, found.daily(usual.temperature), MONTHS)
    expected = here[np.asarray(meters.times.month) - 1]
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(there > 0, expected / there, np.nan)
    trusted = np.isfinite(covered) & (ratio < _CORRECTED) & (ratio > 1 / _CORRECTED)
    return np.where(trusted, energy * ratio, np.nan)


def read_by_meters(bought: Delivered) -> dict[Commodity, Float64]:
    """By commodity (z, 12) [kWh] that meters of zones would read of what is delivered to them."""
    return {commodity: bought.of(carrier) for commodity, carrier in CARRIERS.items()}


def predictor(weather: Weather, factors: Factors, *, method: str = "iso52016") -> Predict:
    """What meters of zones would read under a weather, for `calibrate`. Heat pumps go by degree hours."""

    def predict(zones: Zones) -> Mapping[Commodity, Float64]:
        result = simulate(zones, weather, method=method, hourly=False)
        return read_by_meters(delivered(result, weather, factors))

    return predict


@dataclass(frozen=True)
class MeterDoubt:
    """What looks wrong about a building's meters of one commodity."""

    building: str
    commodity: Commodity
    doubt: Doubt


def trusted(
    measured: Targets, read: Mapping[Commodity, Float64], building: Sequence[str]
) -> tuple[Targets, list[MeterDoubt]]:
    """(the meters without those that cannot be right, what looks wrong): a meter that is a thousand times off
    what is simulated reads in another unit, and is left out, not scaled. Arguments as of `agreements`."""
    found: list[MeterDoubt] = []
    kept = dict(measured.months)
    for commodity, simulated in simulated_months(measured, read, building).items():
        months = measured.months[commodity]
        both = np.isfinite(months) & np.isfinite(simulated)
        sums = [np.where(both, v, 0.0).sum(axis=1) for v in (months, simulated)]
        told = doubts_of_meters(*(np.where(both.any(axis=1), v, np.nan) for v in sums))
        found += [MeterDoubt(measured.building[d.zone], commodity, d) for d in told]
        kept[commodity] = months.copy()
        kept[commodity][[d.zone for d in told if d.severity == "refuse"]] = np.nan
    notes = [f"{d.building}, {d.commodity}: {d.doubt.text['en']}" for d in found]
    return replace(measured, months=kept, notes=[*measured.notes, *notes]), found


def agreements(
    measured: Targets, read: Mapping[Commodity, Float64], building: Sequence[str]
) -> dict[str, dict[Commodity, Agreement]]:
    """How far the months of meters are from simulated ones, by building and commodity, where they can be
    compared. read: by commodity (z, 12) [kWh]; building: (z,) of each zone."""
    found: dict[str, dict[Commodity, Agreement]] = {}
    for commodity, simulated in simulated_months(measured, read, building).items():
        for k, id in enumerate(measured.building):
            one = agreement(measured.months[commodity][k], simulated[k], "month")
            if one is not None:
                found.setdefault(id, {})[commodity] = one
    return found


def simulated_months(
    measured: Targets, read: Mapping[Commodity, Float64], building: Sequence[str]
) -> dict[Commodity, Float64]:
    """By commodity that is metered and simulated, (b, 12) [kWh] of the buildings with meters; NaN of those
    without zones. Arguments as of `agreements`."""
    place = {id: k for k, id in enumerate(measured.building)}
    owner = np.array([place.get(id, -1) for id in building], np.int64)
    some = owner >= 0
    without = ~np.isin(np.arange(len(measured.building)), owner)
    found: dict[Commodity, Float64] = {}
    for commodity in measured.months:
        if commodity in read:
            total = np.zeros((len(measured.building), MONTHS))
            np.add.at(total, owner[some], read[commodity][some])
            total[without] = np.nan
            found[commodity] = total
    return found
