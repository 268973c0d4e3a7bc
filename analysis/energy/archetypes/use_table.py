"""Reads the tables of uses and of their profiles of the week."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from analysis.energy.archetypes.kinds import UseKind
from analysis.energy.archetypes.tables import assumed, filled, once, one_of
from analysis.energy.uses import HOURS_OF_WEEK, MONTHS, Use, Week, by_month
from analysis.errors import AnalysisError
from analysis.tables import Row

_HOURS = tuple(f"h{hour:02d}" for hour in range(24))
_DAYS = {"all": range(7), "weekday": range(5), "saturday": (5,), "sunday": (6,), "weekend": (5, 6)}
_OFF, _SETBACK, _SET = 0.0, 0.5, 1.0
_DAYS_OF_MONTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_BUILDINGS = ("house", "flats", "other")
_GAINS_RADIANT = 0.5
"""[1] Of people, appliances and lamps together: an assumption."""

COLUMNS = (
    "use",
    "title_ko",
    "title_en",
    "class",
    "heating_set",
    "heating_profile",
    "cooling_set",
    "cooling_profile",
    "people",
    "people_profile",
    "appliances",
    "appliances_profile",
    "lighting",
    "lighting_profile",
    "ventilation",
    "ventilation_profile",
    "hot_water",
    "hot_water_profile",
    "storey_height",
    "source",
)


def read_profiles(path: Path) -> dict[str, Week]:
    """Shares [1] by hour of the week of each profile, (168,), or (12, 168) where months differ; its rows are
    days that make a whole week.

    Raises AnalysisError for a bad cell, a day that is given twice or is missing.
    """
    weeks: dict[str, npt.NDArray[np.float64]] = {}
    where: dict[str, str] = {}
    for row in filled(path, ("profile", "days", *_HOURS)):
        name = row.text("profile")
        days = one_of(row, "days", tuple(_DAYS))
        week = weeks.setdefault(name, np.full((MONTHS, 7, 24), np.nan))
        where[name] = row.where
        hours = np.outer(_months(row), [row.number(hour, 0.0, 1.0) for hour in _HOURS])
        for day in _DAYS[days]:
            if not np.isnan(week[:, day]).all():
                raise AnalysisError(f"{row.where}: days: a day of the profile {name!r} is given twice")
            week[:, day] = hours
    for name, week in weeks.items():
        if np.isnan(week).any():
            raise AnalysisError(f"{where[name]}: days: the profile {name!r} lacks some days of the week")
    return {name: _shortest(week.reshape(MONTHS, HOURS_OF_WEEK)) for name, week in weeks.items()}


def _months(row: Row) -> Week:
    """(12,) the share of a row's hours that there is in each month; 1 where it says nothing."""
    told = row.words("months") or ("1",)
    try:
        shares = np.array(told, np.float64)
    except ValueError:
        shares = np.array([np.nan])
    if len(shares) not in (1, MONTHS) or not ((shares >= 0.0) & (shares <= 1.0)).all():
        raise AnalysisError(
            f"{row.where}: months must be one share or twelve, separated by |, each from 0 to 1, not"
            f" {row.text('months')!r}"
        )
    return np.broadcast_to(shares, (MONTHS,))


def _shortest(months: Week) -> Week:
    """(168,) where all months are the same."""
    return months[0] if (months == months[0]).all() else months


def read_uses(
    path: Path, profiles: Mapping[str, Week], areas: frozenset[str]
) -> dict[tuple[str, str], UseKind]:
    """The uses by id and region, an empty one for everywhere. Raises AnalysisError for a bad cell and an
    unknown profile or region."""
    uses: dict[tuple[str, str], UseKind] = {}
    for row in filled(path, COLUMNS):
        region = one_of(row, "region", areas) if row.text("region") else ""
        name = once(row, "use", uses, (row.text("use"), region))
        uses[name, region] = _use(row, profiles)
    return uses


def _use(row: Row, profiles: Mapping[str, Week]) -> UseKind:
    def profile(name: str) -> Week:
        known = row.text(f"{name}_profile")
        if known not in profiles:
            raise AnalysisError(f"{row.where}: {name}_profile: there is no profile {known!r}")
        return profiles[known]

    share = row.number("room_share", 0.0, 1.0, default=1.0)

    def power(name: str, most: float) -> Week:
        week: Week = row.number(name, 0.0, most) * share * profile(name)
        return week

    people = power("people", 200.0)
    heating = _set_points(row, "heating", profile("heating"))
    cooling = _set_points(row, "cooling", profile("cooling"))
    if (heating >= cooling).any():
        raise AnalysisError(f"{row.where}: cooling_set must be above heating_set at every hour")
    night = row.number("night_ventilation", 0.0, 50.0, default=0.0)
    use = Use(
        id=row.text("use"),
        title={"ko": row.text("title_ko"), "en": row.text("title_en")},
        heating_set=heating,
        cooling_set=cooling,
        people=people,
        appliances=power("appliances", 500.0),
        lighting=power("lighting", 100.0),
        ventilation=power("ventilation", 100.0),
        hot_water=_hot_water(row, profile("hot_water")) * share,
        occupied=(people > 0).astype(np.float64),
        night_ventilation=night * profile("night") if night else np.zeros(168),
        night_above=row.number("night_above", 0.0, 40.0, default=-273.15),
        heat_recovery=row.number("heat_recovery", 0.0, 0.95, default=0.0),
        fan_power=row.number("fan_power", 0.0, 5.0, default=0.0),
        gains_radiant=_GAINS_RADIANT,
        source=row.text("source"),
    )
    return UseKind(
        use=use,
        building=one_of(row, "class", _BUILDINGS),
        storey_height=row.number("storey_height", 2.0, 20.0),
        assumed=assumed(row, COLUMNS + ("room_share", "night_ventilation", "heating_setback", "fan_power")),
    )


def _set_points(row: Row, kind: str, levels: Week) -> Week:
    """Of a profile of levels: 1 the set point, 0.5 the setback, 0 off."""
    if not np.isin(levels, (_OFF, _SETBACK, _SET)).all():
        raise AnalysisError(
            f"{row.where}: {kind}_profile: a profile of set points has 1 (set), 0.5 (setback) or 0 (off)"
        )
    low, high = (5.0, 30.0) if kind == "heating" else (15.0, 40.0)
    values = {_OFF: np.nan}
    for level, name in ((_SET, f"{kind}_set"), (_SETBACK, f"{kind}_setback")):
        values[level] = row.number(name, low, high) if row.text(name) else np.nan
    if row.text(f"{kind}_set") and np.isnan(values[_SETBACK]) and (levels == _SETBACK).any():
        raise AnalysisError(f"{row.where}: {kind}_setback: the profile has setbacks, so it must be given")
    return np.select([levels == level for level in values], list(values.values()))


def _hot_water(row: Row, profile: Week) -> Week:
    """[W/m²] of a need of the year's mean day [Wh/m²], spread over the year as the profile has it."""
    need = row.number("hot_water", 0.0, 2000.0)
    mean = float(np.average(by_month(profile).mean(axis=1), weights=_DAYS_OF_MONTHS))
    if need and not mean:
        raise AnalysisError(
            f"{row.where}: hot_water_profile: no hour has hot water, but hot_water is {need:g}"
        )
    return need / 24.0 * profile / mean if need else np.zeros_like(profile)
