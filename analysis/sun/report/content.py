"""What a report shows: computed once, printed in both languages."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from analysis.progress import Progress
from analysis.sun.daylight.clock import window
from analysis.sun.daylight.height_limit import HeightLimit
from analysis.sun.daylight.judge import Assessment
from analysis.sun.daylight.output import Globe, document
from analysis.sun.position import SunPath
from analysis.sun.report.pictures import Bool, View, view_of
from analysis.sun.scene import Float32, Float64, SunScene
from analysis.sun.targets import ground_targets

PLANS = 6
"""Shadow plans through the day."""
WORST = 4
"""Dwellings whose sky is drawn."""
_DIRECTIONS = 180
"""Of the skylines that are drawn."""
_STEP = "10min"
"""Between the instants of the map of hours."""


@dataclass(frozen=True)
class Case:
    """One dwelling's day. row: of `Assessment.to_json`. path: the sun over the day. lit: (t,) whether it
    shines in, in the last state. horizon, horizon_after: (d,) [degrees] from north."""

    row: Mapping[str, Any]
    path: SunPath
    lit: Bool
    horizon: Float64
    horizon_after: Float64 | None


@dataclass(frozen=True, kw_only=True)
class SunReport:
    """What to report. title: of what was judged, by language. run: id of the run. city: name of the place.
    plan_scene: the scene with the plan, if there is one. hours_before, hours_after: (rows, columns) hours of
    sun on the ground [h] on the date, computed here where they are not given. made: when. rows: dwellings
    that the table has at most. notes: what else a reader must know, by language. height_limit: by the
    distance to the northern boundary, where it was looked at. as_json: the assessment's, where it is there
    already. progress: told while the report is made."""

    assessment: Assessment
    title: Mapping[str, str]
    run: str
    city: str = ""
    plan_scene: SunScene | None = None
    hours_before: Float32 | None = None
    hours_after: Float32 | None = None
    made: dt.datetime | None = None
    georeference: Globe | None = None
    engine: str = "auto"
    rows: int = 200
    notes: Sequence[Mapping[str, str]] = ()
    height_limit: HeightLimit | None = None
    as_json: dict[str, Any] | None = None
    progress: Progress | None = None

    def tell(self, _: float = 0.0, __: str = "") -> None:
        """That it goes on; as a progress of its parts, too."""
        if self.progress is not None:
            self.progress(0.0, "the report")

    @cached_property
    def document(self) -> dict[str, Any]:
        """The assessment as JSON."""
        return self.as_json or document(self.assessment, self.georeference, self.tell)

    @cached_property
    def shown(self) -> Float64:
        """(n, 3) what the maps must show: who falls and the plan, else all dwellings."""
        a = self.assessment
        points = [a.targets.points[[d.target for d in a.dwellings if a.falls[d.target]]].reshape(-1, 3)]
        if self.plan_scene is not None:
            row, column = np.nonzero(np.abs(self.plan_scene.heights - a.scene.heights) > 0.3)
            x = a.scene.west + (column + 0.5) * a.scene.cell_size
            y = a.scene.north - (row + 0.5) * a.scene.cell_size
            points.append(np.column_stack([x, y, np.zeros(len(x))]))
        found = np.concatenate(points)
        return found if len(found) else a.targets.points[[d.target for d in a.dwellings]].reshape(-1, 3)

    @cached_property
    def falling(self) -> Float64:
        """(n, 3) dwellings that fall short because of the plan."""
        a = self.assessment
        return a.targets.points[[d.target for d in a.dwellings if a.falls[d.target]]].reshape(-1, 3)

    def view(self, ratio: float) -> View:
        return view_of(self.assessment.scene, self.shown, ratio)

    @cached_property
    def day(self) -> SunPath:
        """The sun through the day that is judged, every ten minutes while it is up."""
        place, date = self.assessment.scene.place, self.assessment.date
        times = pd.date_range(pd.Timestamp(date), periods=144, freq=_STEP).tz_localize(
            place.timezone, ambiguous=True, nonexistent="shift_forward"
        )
        path = SunPath.at(place, times.unique())
        up = path.elevation > 0
        return SunPath.at(place, path.times[up]) if up.any() else path

    @cached_property
    def hours(self) -> tuple[Float32, Float32 | None]:
        """Hours of sun on the ground, before and after."""
        from analysis.sun import sunlit_hours

        def hours_of(scene: SunScene) -> Float32:
            if len(self.day) < 2 or not (self.day.elevation > 0).any():
                return np.zeros(scene.shape, np.float32)
            found = sunlit_hours(scene, self.day.times, ground_targets(scene), self.engine, self.tell)
            return np.asarray(found, np.float32).reshape(scene.shape)

        before = self.hours_before if self.hours_before is not None else hours_of(self.assessment.scene)
        if self.plan_scene is None:
            return before, None
        return before, self.hours_after if self.hours_after is not None else hours_of(self.plan_scene)

    @cached_property
    def plans(self) -> list[tuple[pd.Timestamp, SunPath, Bool, Bool | None]]:
        """Time, sun and shadow masks before and after, through the rule's windows (or from 9 to 15)."""
        from analysis.sun import shadow_mask

        a = self.assessment
        found = []
        for time in self._times():
            self.tell()
            path = SunPath.at(a.scene.place, [time])
            dark = np.zeros(a.scene.shape, bool)
            up = path.elevation[0] > 0
            before = shadow_mask(a.scene, time, engine=self.engine) if up else dark
            after = None
            if self.plan_scene is not None:
                after = shadow_mask(self.plan_scene, time, engine=self.engine) if up else dark
            found.append((time, path, before, after))
        return found

    def _times(self) -> list[pd.Timestamp]:
        """Evenly through the windows where the sun is up, to the half hour."""
        a = self.assessment
        edges = [window(c, a.rule, a.date, a.scene.place) for c in a.rule.criteria]
        noon = pd.Timestamp(a.date, tz=a.scene.place.timezone) + pd.Timedelta(hours=12)
        first = min((e[0] for e in edges), default=noon - pd.Timedelta(hours=3))
        last = max((e[1] for e in edges), default=noon + pd.Timedelta(hours=3))
        if (self.day.elevation > 0).any():
            first, last = max(first, self.day.times[0]), min(last, self.day.times[-1])
        steps = first + (last - first) * np.linspace(0, 1, PLANS)
        return list(pd.DatetimeIndex(steps).round("30min").unique())

    @cached_property
    def worst(self) -> list[Case]:
        """The first dwelling of the list on each side of each building, with its sky."""
        from analysis.sun import horizons, sunlit

        a = self.assessment
        target = {d.id: d.target for d in a.dwellings}
        first: dict[tuple[str, int], Mapping[str, Any]] = {}
        for row in self.document["dwellings"]:
            first.setdefault((row["building"], round(row["azimuth"] / 45)), row)
        rows = list(first.values())[:WORST]
        if not rows:
            return []
        chosen = a.targets.some(np.array([target[row["id"]] for row in rows], np.int64))
        last = self.plan_scene or a.scene
        lit = sunlit(last, self.day.times, chosen, self.engine, self.tell)
        before = horizons(a.scene, chosen, _DIRECTIONS, self.tell)
        after = None
        if self.plan_scene is not None:
            after = horizons(self.plan_scene, chosen, _DIRECTIONS, self.tell)
        return [
            Case(
                row,
                self.day,
                np.asarray(lit[:, n]),
                before[n].astype(float),
                None if after is None else after[n].astype(float),
            )
            for n, row in enumerate(rows)
        ]
