"""Whose daylight a rule finds wanting: points judged now, and with a planned building.

    targets, dwellings = dwelling_targets(scene)
    assessment = assess(scene, targets, find_rule("korea"), dwellings=dwellings, plan_scene=after)
    assessment.falls            # who meets the rule now and would not with the plan
    assessment.to_json()

Light is sampled every minute, and crossings between sun and shadow are narrowed until the verdict is sure, to
a quarter of a second where need be. Hours are then counted in whole seconds, so that
four hours sharp are four hours. That is the exactness of the arithmetic; the model's geometry is coarser: a
centimetre at a distance of 30 m moves a shadow's edge by some five seconds, and by half a minute where the
sun grazes an edge near noon.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analysis.errors import AnalysisError
from analysis.progress import Progress
from analysis.sun.daylight import spells as timing
from analysis.sun.daylight.clock import date_of, window
from analysis.sun.daylight.dwellings import Dwelling, facade_azimuth
from analysis.sun.daylight.rules import Criterion, Rule
from analysis.sun.daylight.sky import vertical_sky_component
from analysis.sun.daylight.spells import Bool, Spells
from analysis.sun.position import SunPath
from analysis.sun.scene import Float64, SunScene
from analysis.sun.targets import Targets

if TYPE_CHECKING:
    from analysis.sun.daylight.output import Globe

_FOLLOWED = 4
"""Cells of a swept field in the time of one on a single line that is followed, about."""
_ROUNDING = 0.5
"""[s] that rounding to whole seconds may add or take."""


@dataclass(frozen=True)
class Daylight:
    """One state of the city. values: (criteria, n) hours [h] in each criterion's window, or (1, n) vertical
    sky component [%]. begins: (criteria, n) instants [s after Assessment.start] at which the longest spell
    begins, NaN for totals. passes: (n,). spells: None for rules of the sky."""

    values: Float64
    begins: Float64
    passes: Bool
    spells: Spells | None = None


@dataclass(frozen=True)
class Assessment:
    """The verdict on n points. start: the instant that spells count from. reachable: (n,) points that would
    meet the rule if nothing stood in their way; who looks away from the sun has no daylight to lose. notes:
    what a reader must know, by language."""

    rule: Rule
    date: dt.date
    scene: SunScene
    targets: Targets
    start: pd.Timestamp
    before: Daylight
    after: Daylight | None
    reachable: Bool
    dwellings: Sequence[Dwelling] = ()
    notes: Sequence[dict[str, str]] = field(default_factory=list)

    @cached_property
    def falls(self) -> Bool:
        """(n,) points that fall below the rule because of the plan: they meet it before and not after. A rule
        of the sky is about the loss, so that it counts whoever loses too much, however little there was."""
        if self.after is None:
            return np.zeros(len(self.targets), bool)
        if self.rule.measure == "sky":
            return ~self.after.passes
        return self.before.passes & ~self.after.passes

    def at(self, seconds: float) -> pd.Timestamp:
        """The instant, in the place's time zone, rounded to the second."""
        return (self.start + pd.Timedelta(seconds=float(seconds))).round("s")

    def spells_of(self, state: Daylight, target: int) -> list[tuple[pd.Timestamp, pd.Timestamp]]:
        """When one point is in the sun that day, within the rule's windows."""
        if state.spells is None:
            return []
        return [(self.at(a), self.at(b)) for a, b in state.spells.of(target)]

    def to_json(self, georeference: Globe | None = None, progress: Progress | None = None) -> dict[str, Any]:
        """What `daylight.json` holds. georeference: of the scene's coordinates, for positions; without it
        they are those of scene.crs, or None where that is not known."""
        from analysis.sun.daylight.output import document

        return document(self, georeference, progress)


def assess(
    scene: SunScene,
    targets: Targets,
    rule: Rule,
    *,
    date: dt.date | None = None,
    year: int | None = None,
    plan_scene: SunScene | None = None,
    dwellings: Sequence[Dwelling] = (),
    engine: str = "auto",
    step: float = timing.STEP,
    progress: Progress | None = None,
) -> Assessment:
    """Judge points now, and with the plan where plan_scene is the scene with it.

    date: of the judgement; by default the rule's own in `year`. dwellings: what the targets stand for, from
    `dwelling_targets`. engine: as for `sunlit`. step: [s] between samples. Raises AnalysisError for a date
    that the rule does not allow or a time zone that is none.
    """
    day = date_of(rule, scene.place, date=date, year=year)
    report = progress or (lambda fraction, message: None)
    if rule.measure == "sky":
        return _of_sky(scene, targets, rule, day, plan_scene, dwellings, engine, report)
    return _of_sun(scene, targets, rule, day, plan_scene, dwellings, engine, step, report)


def judged(
    rule: Rule,
    windows: Sequence[tuple[float, float]],
    lit_at: timing.LitAt,
    points: int,
    *,
    lit_where: timing.LitWhere | None = None,
    step: float = timing.STEP,
    progress: Callable[[float], None] | None = None,
) -> Daylight:
    """The verdict on n points of which light is known at any second. windows: start and end of each criterion
    [s], the earliest start at 0. lit_where: the same light, for few points at instants of their own."""
    found = timing.sample(lit_at, points, max(end for _, end in windows), step=step, progress=progress)
    limits = np.array([c.hours for c in rule.criteria]) * 3600
    values, begins = _measured(rule.criteria, windows, found)
    while True:
        unsure = found.uncertainty() + _ROUNDING
        close = (np.abs(values - limits[:, None]) <= unsure).any(axis=0)
        if not timing.halve(found, lit_where or _everywhere(lit_at), np.flatnonzero(close)):
            break
        values, begins = _measured(rule.criteria, windows, found)
    met = np.round(values) >= limits[:, None]
    passes = np.asarray(met.any(axis=0) if rule.passes == "any" else met.all(axis=0))
    return Daylight(values / 3600, begins, passes, found)


def _everywhere(lit_at: timing.LitAt) -> timing.LitWhere:
    return lambda seconds, points, asked: lit_at(seconds, points) & asked


def _measured(
    criteria: Sequence[Criterion], windows: Sequence[tuple[float, float]], found: Spells
) -> tuple[Float64, Float64]:
    """(criteria, n) [s], and where the longest spells begin."""
    values, begins = [], []
    for criterion, (start, end) in zip(criteria, windows, strict=True):
        begin, length = found.longest(start, end)
        if criterion.measure == "total":
            begin, length = np.full(len(begin), np.nan), found.total(start, end)
        values.append(length)
        begins.append(begin)
    return np.array(values), np.array(begins)


def _of_sun(
    scene: SunScene,
    targets: Targets,
    rule: Rule,
    day: dt.date,
    plan_scene: SunScene | None,
    dwellings: Sequence[Dwelling],
    engine: str,
    step: float,
    report: Progress,
) -> Assessment:
    edges = [window(criterion, rule, day, scene.place) for criterion in rule.criteria]
    start = min(first for first, _ in edges)
    windows = [((a - start).total_seconds(), (b - start).total_seconds()) for a, b in edges]
    states = [scene] if plan_scene is None else [scene, plan_scene]
    results = []
    told = 0.0
    for number, state in enumerate(states):

        def part(fraction: float, number: int = number) -> None:
            nonlocal told
            told = (number + fraction) / len(states)
            report(told, f"daylight of {len(targets)} points")

        lit_at = _light(state, targets, rule, start, engine, lambda _, what: report(told, what))
        lit_where = _light_where(state, targets, rule, start, engine, lambda _, what: report(told, what))
        results.append(
            judged(rule, windows, lit_at, len(targets), lit_where=lit_where, step=step, progress=part)
        )
    open_ground = judged(
        rule,
        windows,
        _unobstructed(scene, targets, rule, start),
        len(targets),
        step=step,
        progress=lambda _: report(told, "daylight on open ground"),
    )
    return Assessment(
        rule,
        day,
        scene,
        targets,
        start,
        results[0],
        results[1] if plan_scene is not None else None,
        open_ground.passes,
        dwellings,
        _notes(rule),
    )


def _instants(start: pd.Timestamp, seconds: Float64) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(start + pd.to_timedelta(seconds, unit="s"))


def _light(
    scene: SunScene, targets: Targets, rule: Rule, start: pd.Timestamp, engine: str, progress: Progress
) -> timing.LitAt:
    from analysis.sun import sunlit

    where = _light_where(scene, targets, rule, start, engine, progress)

    def lit_at(seconds: Float64, points: timing.Int64) -> Bool:
        if len(points) * max(scene.shape) * _FOLLOWED < scene.heights.size:
            return where(seconds, points, np.ones((len(seconds), len(points)), bool))
        times = _instants(start, seconds)
        chosen = targets if len(points) == len(targets) else targets.some(points)
        lit = sunlit(scene, times, chosen, engine=engine, progress=progress)
        if rule.minimum_elevation:
            lit &= (SunPath.at(scene.place, times).elevation >= rule.minimum_elevation)[:, None]
        return lit

    return lit_at


def _light_where(
    scene: SunScene, targets: Targets, rule: Rule, start: pd.Timestamp, engine: str, progress: Progress
) -> timing.LitWhere:
    """Follows the lines to the sun of those points alone that are asked for at each instant."""
    from analysis.sun.engine import local

    def lit_where(seconds: Float64, points: timing.Int64, asked: Bool) -> Bool:
        path = SunPath.at(scene.place, _instants(start, seconds))
        lit = local.lit_at(scene, path, targets.some(points), asked, engine, progress)
        if rule.minimum_elevation:
            lit &= (path.elevation >= rule.minimum_elevation)[:, None]
        return lit

    return lit_where


def _unobstructed(scene: SunScene, targets: Targets, rule: Rule, start: pd.Timestamp) -> timing.LitAt:
    def lit_at(seconds: Float64, points: timing.Int64) -> Bool:
        path = SunPath.at(scene.place, _instants(start, seconds))
        high = path.elevation >= (rule.minimum_elevation or 0.0)
        return np.asarray((path.directions @ targets.normals[points].T > 0) & high[:, None])

    return lit_at


def _of_sky(
    scene: SunScene,
    targets: Targets,
    rule: Rule,
    day: dt.date,
    plan_scene: SunScene | None,
    dwellings: Sequence[Dwelling],
    engine: str,
    report: Progress,
) -> Assessment:
    from analysis.sun import horizons

    if len(targets) and np.abs(targets.normals[:, 2]).max() > 0.2:
        raise AnalysisError(f"rule {rule.id} is about facades; give targets on facades alone")
    azimuths = facade_azimuth(targets.normals, scene.place.convergence)
    report(0.0, f"sky over {len(targets)} points")
    values = [vertical_sky_component(horizons(scene, targets).astype(float), azimuths)]
    if plan_scene is not None:
        report(0.5, f"sky over {len(targets)} points with the plan")
        values.append(vertical_sky_component(horizons(plan_scene, targets).astype(float), azimuths))
    enough = [np.round(each, 6) >= rule.minimum for each in values]
    unknown = np.full((1, len(targets)), np.nan)
    before = Daylight(values[0][None], unknown, enough[0])
    after = None
    if plan_scene is not None:
        kept = enough[1] | (np.round(values[1] - rule.ratio * values[0], 6) >= 0)
        after = Daylight(values[1][None], unknown, kept)
    reachable = np.ones(len(targets), bool)
    start = pd.Timestamp(day, tz=scene.place.timezone)
    return Assessment(rule, day, scene, targets, start, before, after, reachable, dwellings, _notes(rule))


def _notes(rule: Rule) -> list[dict[str, str]]:
    if rule.measure == "sunlight" and rule.minimum_elevation is None:
        return [
            {
                "ko": "이 규정이 지역별로 정하는 최소 태양 고도가 주어지지 않아 "
                "수평선 위의 해를 모두 셈하였습니다.",
                "en": "The rule sets a least height of the sun for each place; none was given, so that every "
                "sun above the horizon was counted.",
            }
        ]
    return []
