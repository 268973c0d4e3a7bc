"""Whose daylight a plan takes, at once: the dwellings of the buildings around it by a rule of sunlight.

Light is sampled every minute and a crossing taken to be in the middle, so that hours are right to half a
minute for each time that the sun comes or goes. A verdict that hangs on less is for a run of the model `sun`,
which narrows crossings down (`analysis.sun.daylight.assess`).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from threading import Lock
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from analysis.errors import AnalysisError
from analysis.sun.daylight.clock import date_of, window
from analysis.sun.daylight.dwellings import Dwelling, dwelling_targets
from analysis.sun.daylight.rules import Rule
from analysis.sun.daylight.spells import STEP, sample
from analysis.sun.engine.local import lit_at, lit_past
from analysis.sun.plan.what_if import Study
from analysis.sun.position import SunPath
from analysis.sun.scene import Float64, SunScene, Surfaces
from analysis.sun.targets import Targets, joined

Bool: TypeAlias = npt.NDArray[np.bool_]
Measured: TypeAlias = tuple[list[Float64], Bool]


@dataclass(frozen=True)
class Verdict:
    """A dwelling before and after a plan. total, spell: hours [h] in the windows of the rule's criteria, None
    where it has none of the kind. falls: it meets the rule before and does not after."""

    dwelling: Dwelling
    point: Float64
    total_before: float | None
    total_after: float | None
    spell_before: float | None
    spell_after: float | None
    passes_before: bool
    passes_after: bool

    @property
    def falls(self) -> bool:
        return self.passes_before and not self.passes_after

    @property
    def changes(self) -> bool:
        """Whether its hours do."""
        return (self.total_before, self.spell_before) != (self.total_after, self.spell_after)


class Rights:
    """The dwellings of a scene on a day by a rule; the light on a building's dwellings is computed when it is
    asked for, and remembered. Threads may share it."""

    def __init__(self, study: Study, rule: Rule, day: date) -> None:
        """Raises AnalysisError for a rule that is not of sunlight, and a day that the rule does not allow."""
        import pandas as pd

        if rule.measure != "sunlight":
            raise AnalysisError(f"the rule {rule.id} is about the sky, not the sun: run the model sun for it")
        self.rule = rule
        self.study = study
        place = study.scene.place
        self.day = date_of(rule, place, date=day)
        edges = [window(criterion, rule, self.day, place) for criterion in rule.criteria]
        start = min(first for first, _ in edges)
        self.windows = [((a - start).total_seconds(), (b - start).total_seconds()) for a, b in edges]
        self.duration = max(end for _, end in self.windows)
        instants = np.linspace(0.0, self.duration, int(np.ceil(self.duration / STEP - 1e-9)) + 1)
        self.sun = SunPath.at(place, pd.DatetimeIndex(start + pd.to_timedelta(instants, unit="s")))
        self._known: dict[str, tuple[Targets, list[Dwelling], Bool]] = {}
        self._lock = Lock()

    def verdicts(
        self, buildings: Collection[str], base: Study, scene: SunScene, added: Surfaces | None
    ) -> list[Verdict]:
        """Of the dwellings of some buildings that can have sun by the rule, those that fall first.

        base: without what is removed; scene: with what is added.
        """
        known = [part for part in self._light(buildings) if part[1]]
        if not known:
            return []
        targets = joined(*(part[0] for part in known))
        before = np.concatenate([part[2] for part in known], axis=1)
        after = self._after(targets, before, base, scene, added)
        states = [self._measured(lit) for lit in (before, after, self._open(targets))]
        dwellings = [dwelling for part in known for dwelling in part[1]]
        found = [
            verdict
            for k, dwelling in enumerate(dwellings)
            if (verdict := self._verdict(dwelling, targets.points[k], k, *states)) is not None
        ]
        return sorted(found, key=lambda v: (not v.falls, v.passes_after, v.dwelling.id))

    def _light(self, buildings: Collection[str]) -> list[tuple[Targets, list[Dwelling], Bool]]:
        """For each building its points, what they stand for, and (t, n) whether the sun shines on them."""
        with self._lock:
            new = frozenset(buildings) - set(self._known)
            if new:
                scene = self.study.scene
                targets, dwellings = dwelling_targets(scene, buildings=new)
                lit = lit_at(scene, self.sun, targets, self._open(targets), self.study.engine)
                owner = np.array([dwelling.building for dwelling in dwellings], object)
                for building in new:
                    mine = np.flatnonzero(owner == building)
                    points = Targets(
                        targets.points[mine], targets.normals[mine], targets.area[mine], targets.surface[mine]
                    )
                    self._known[building] = points, [dwellings[k] for k in mine.tolist()], lit[:, mine]
            return [self._known[building] for building in buildings]

    def _after(
        self, targets: Targets, before: Bool, base: Study, scene: SunScene, added: Surfaces | None
    ) -> Bool:
        if base.engine == "sweep":
            return lit_at(scene, self.sun, targets, self._open(targets), base.engine)
        lit = before
        if base is not self.study:
            lit = lit_at(base.scene, self.sun, targets, self._open(targets), base.engine)
        return lit if added is None else lit_past(added, scene, self.sun, targets, lit)

    def _open(self, targets: Targets) -> Bool:
        """(t, n) where the sun would shine if nothing stood in its way."""
        high = self.sun.elevation >= (self.rule.minimum_elevation or 0.0)
        return np.asarray((self.sun.directions @ targets.normals.T > 0) & high[:, None])

    def _measured(self, lit: Bool) -> tuple[list[Float64], Bool]:
        """(n,) [h] for each criterion, and (n,) whether the rule is met."""
        step = self.duration / (len(lit) - 1)

        def sampled(seconds: Float64, points: npt.NDArray[np.int64]) -> Bool:
            return np.asarray(lit[np.rint(seconds / step).astype(int)][:, points])

        spells = sample(sampled, lit.shape[1], self.duration)
        values = [
            spells.total(*span) if criterion.measure == "total" else spells.longest(*span)[1]
            for criterion, span in zip(self.rule.criteria, self.windows, strict=True)
        ]
        needed = np.array([[criterion.hours * 3600] for criterion in self.rule.criteria])
        met = np.round(values) >= needed
        passes = met.any(axis=0) if self.rule.passes == "any" else met.all(axis=0)
        return [v / 3600 for v in values], np.asarray(passes)

    def _verdict(self, dwelling: Dwelling, point: Float64, k: int, *states: Measured) -> Verdict | None:
        """None for a dwelling that could not meet the rule on open ground."""
        (now, meets), (then, keeps), (_, can) = states
        if not can[k]:
            return None

        def hours(values: list[Float64], measure: str) -> float | None:
            kinds = [criterion.measure for criterion in self.rule.criteria]
            return float(values[kinds.index(measure)][k]) if measure in kinds else None

        return Verdict(
            dwelling,
            point,
            hours(now, "total"),
            hours(then, "total"),
            hours(now, "spell"),
            hours(then, "spell"),
            bool(meets[k]),
            bool(keeps[k]),
        )
