"""What a planned building changes: hours of sun before and after, where its shadow can reach, and only there.

A `Study` looks at a day of the scene as it is, point by point as they are asked for, and remembers. `what_if`
then answers for a plan by computing again the points and times at which the plan, or a building that it takes
away, stands before the sun. Everywhere else the sun is as before, so that the answer equals one for the whole
scene.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from threading import Lock
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
from numba import njit, prange

from analysis.errors import AnalysisError
from analysis.sun.engine.choice import chosen
from analysis.sun.engine.local import lit_at, lit_past
from analysis.sun.memory import check_memory
from analysis.sun.plan.building import kept, planned
from analysis.sun.position import DELTA_T_YEARS, SunPath, Times, weights
from analysis.sun.scene import Float32, Float64, Int32, Kind, SunScene, Surfaces
from analysis.sun.targets import Patches, Targets, joined, surface_targets

Bool: TypeAlias = npt.NDArray[np.bool_]
Index: TypeAlias = npt.NDArray[np.intp]

KINDS = (Kind.ROOF, Kind.FACADE, Kind.WINDOW)
"""Surfaces whose hours are compared."""
_MARGIN = 3.0
"""Cells that a shadow is thought wider than it is: the sweep's lines are off by up to one, a wall looks from
up to two cells before it, and cells are squares where a plan's outline cuts them."""
_SAME = 1e-4
"""Hours that differ by less are the same [h]."""


class Study:
    """A day of a scene as it is: the sun on n points of roofs, facades and windows at t times, computed when
    it is asked for. Threads may share it.

    scene, sun, targets: of what. engine: "sweep" or "rays".
    """

    def __init__(self, scene: SunScene, sun: SunPath, targets: Targets, engine: str) -> None:
        check_memory(float(len(sun)) * len(targets), f"{len(targets):,} points", "choose a wider spacing")
        self.scene = scene
        self.sun = sun
        self.targets = targets
        self.engine = engine
        self._lit = np.zeros((len(targets), len(sun)), np.bool_)
        self._known = np.zeros(len(targets), np.bool_)
        self._lock = Lock()

    def lit(self, which: Index) -> Bool:
        """(t, k) bool: the sun on some of the points."""
        with self._lock:
            new = which[~self._known[which]]
            if len(new):
                asked = np.ones((len(self.sun), len(new)), np.bool_)
                points = self.targets.some(new)
                self._lit[new] = lit_at(self.scene, self.sun, points, asked, self.engine).T
                self._known[new] = True
            return self._lit[which].T

    def without(self, removed: Collection[str]) -> Study:
        """The same day without some buildings; what their shadow did not reach is known from here.

        Raises AnalysisError for an id that is not in the scene.
        """
        stays = kept(self.scene, removed)
        remaining = np.flatnonzero(stays[self.targets.surface])
        place = (np.cumsum(stays) - 1).astype(np.int32)
        targets = _selected(self.targets, remaining, np.flatnonzero(stays).astype(np.int32), place)
        other = Study(planned(self.scene, None, removed), self.sun, targets, self.engine)
        reached = reach(targets, self.sun, _blocks(self.scene, removed), _MARGIN * self.scene.cell_size)
        same = ~reached.any(axis=0)
        with self._lock:
            other._known[:] = self._known[remaining] & same
            other._lit[:] = self._lit[remaining]
        return other


@dataclass(frozen=True)
class Answer:
    """What a plan changes.

    scene: as it would be. sun: of the day. targets: all points on the surfaces that change and on the planned
    building; `targets.surface` are indices into the surfaces of `scene`. before, after: (n,) float32 hours
    of sun [h]; before is NaN on the planned building. lit_before, lit_after: (t, n) bool. recomputed: the
    points whose sun was computed again, of all in the scene.
    """

    scene: SunScene
    sun: SunPath
    targets: Targets
    before: Float32
    after: Float32
    lit_before: Bool
    lit_after: Bool
    recomputed: tuple[int, int]

    @property
    def change(self) -> Float32:
        """(n,) [h], after less before."""
        return self.after - self.before

    @property
    def longest(self) -> float:
        """Hours that a point with nothing before it would have [h]."""
        return float(weights(self.sun.times).sum())


@dataclass(frozen=True)
class Neighbour:
    """A building whose sun changes, over its points on facades that lose or gain some.

    surfaces: how many of them change. hours: mean by area [h]; lowest: at the point with the least [h].
    loss: the most that a point loses, gain: the most that one gains [h].
    """

    building: str
    surfaces: int
    hours_before: float
    hours_after: float
    lowest_before: float
    lowest_after: float
    loss: float
    gain: float


def day_times(scene: SunScene, day: date, step: int = 10) -> Any:
    """Times of a day at the place, `step` minutes apart by its clock, while the sun is up.

    Raises AnalysisError for a step that is no part of an hour, a year that the sun's position is not known
    for, and a day without sun.
    """
    import pandas as pd

    if not 1 <= step <= 60 or 60 % step:
        raise AnalysisError(f"the step must be a whole part of an hour, 1 to 60 minutes, not {step}")
    first, last = DELTA_T_YEARS
    if not first < day.year < last:
        raise AnalysisError(f"the sun's position is known for the years {first} to {last} only")
    zone = ZoneInfo(scene.place.timezone)
    start, end = (
        datetime.combine(d, time(), zone).astimezone(ZoneInfo("UTC")) for d in (day, day + timedelta(days=1))
    )
    times = pd.date_range(start, end, freq=f"{step}min", inclusive="left").tz_convert(zone)
    up = SunPath.at(scene.place, times).elevation > 0
    if up.sum() < 2:
        raise AnalysisError(f"the sun does not rise on {day} at latitude {scene.place.latitude:.2f}")
    return times[up]


def study(scene: SunScene, times: Times, spacing: float = 2.0, engine: str = "auto") -> Study:
    """The scene as it is. spacing: of the points on surfaces, at most [m]. Raises AnalysisError."""
    targets = surface_targets(scene, spacing, KINDS)
    return Study(scene, SunPath.at(scene.place, times), targets, chosen(scene, engine))


def what_if(
    before: Study,
    added: Surfaces | None = None,
    removed: Collection[str] = (),
    *,
    spacing: float = 2.0,
    base: Study | None = None,
) -> Answer:
    """What changes when surfaces are added and buildings are removed.

    spacing: of the points on what is added [m]. base: `before.without(removed)`, if it is known from an
    earlier question. Raises AnalysisError as `planned`.
    """
    if base is None:
        base = before.without(removed) if removed else before
    scene = planned(base.scene, added)
    sun, targets = before.sun, base.targets
    stays = kept(before.scene, removed)
    was = np.flatnonzero(stays[before.targets.surface])
    margin = _MARGIN * scene.cell_size
    new = reach(targets, sun, [] if added is None else [added.vertices], margin)
    old = reach(targets, sun, _blocks(before.scene, removed), margin)
    again = np.flatnonzero(new.any(axis=0) | old.any(axis=0))
    lit = _with(base, scene, added, again, new[:, again])
    hours, hours_before = hours_of(lit, sun), hours_of(before.lit(was[again]), sun)
    changed = np.abs(hours - hours_before) > _SAME
    surfaces = np.unique(targets.surface[again[changed]])
    shown = np.flatnonzero(np.isin(targets.surface, surfaces))
    lit_before, lit_after = before.lit(was[shown]), base.lit(shown)
    _, in_shown, in_again = np.intersect1d(shown, again, return_indices=True)
    lit_after[:, in_shown] = lit[:, in_again]
    same = np.arange(len(base.scene.surfaces or ()), dtype=np.int32)
    result = _selected(targets, shown, surfaces, same)
    hours_before = hours_of(lit_before, sun)
    if added is not None and scene.surfaces is not None:
        total = len(scene.surfaces)
        mine = np.arange(total - len(added), total, dtype=np.int32)
        own = surface_targets(scene, spacing, KINDS, mine)
        own_lit = lit_at(scene, sun, own, np.ones((len(sun), len(own)), np.bool_), before.engine)
        result = joined(result, own)
        lit_before = np.concatenate([lit_before, np.zeros_like(own_lit)], axis=1)
        lit_after = np.concatenate([lit_after, own_lit], axis=1)
        hours_before = np.concatenate([hours_before, np.full(len(own), np.nan, np.float32)])
    return Answer(
        scene,
        sun,
        result,
        hours_before,
        hours_of(lit_after, sun),
        lit_before,
        lit_after,
        (len(again), len(targets)),
    )


def _with(base: Study, scene: SunScene, added: Surfaces | None, again: Index, asked: Bool) -> Bool:
    """(t, k) the sun on some points of a study in the scene with what is added, which can stand before them
    where (t, k) asked."""
    lit = base.lit(again)
    if added is None:
        return lit
    points = base.targets.some(again)
    if base.engine == "rays":
        asked = asked & lit
        return np.where(asked, lit_past(added, scene, base.sun, points, asked), lit)
    return np.where(asked, lit_at(scene, base.sun, points, asked, base.engine), lit)


def hours_of(lit: Bool, sun: SunPath) -> Float32:
    """(n,) [h] of sun of (t, n) whether it shines."""
    return lit.T.astype(np.float32) @ weights(sun.times)


def neighbours(answer: Answer) -> list[Neighbour]:
    """The buildings whose facades change, the greatest loss first."""
    return sorted(_neighbours(answer), key=lambda n: (-n.loss, n.building))


def _neighbours(answer: Answer) -> Iterator[Neighbour]:
    s = answer.scene.surfaces
    assert s is not None
    t = answer.targets
    facade = np.isin(s.kind[t.surface], (Kind.FACADE, Kind.WINDOW))
    changed = facade & (np.abs(answer.change) > _SAME)
    owner = s.building[t.surface]
    for building in np.unique(owner[changed]).tolist():
        mine = np.flatnonzero(changed & (owner == building))
        before, after = answer.before[mine], answer.after[mine]
        share = t.area[mine] / t.area[mine].sum()
        yield Neighbour(
            s.buildings[building] if building >= 0 else "",
            len(np.unique(t.surface[mine])),
            float(share @ before),
            float(share @ after),
            float(before.min()),
            float(after.min()),
            float(max(0.0, (before - after).max())),
            float(max(0.0, (after - before).max())),
        )


def reach(targets: Targets, sun: SunPath, blocks: list[Float64], margin: float) -> Bool:
    """(t, n) bool: the times at which a block can stand between a target and the sun.

    blocks: (k, 3) corner points [m] each. Each counts as the upright prism over its box along the sun's
    direction, up to its highest point, and so much wider on all sides as margin [m].
    """
    found = np.zeros((len(sun), len(targets)), np.bool_)
    level = np.maximum(np.linalg.norm(sun.directions[:, :2], axis=1), 1e-12)
    flat = sun.directions[:, :2] / level[:, None]
    for corners in blocks:
        along = corners[:, :2] @ flat.T
        across = corners[:, :2] @ np.stack([-flat[:, 1], flat[:, 0]])
        box = np.stack(
            [
                along.min(axis=0) - margin,
                along.max(axis=0) + margin,
                across.min(axis=0) - margin,
                across.max(axis=0) + margin,
                sun.directions[:, 2] / level,
            ],
            axis=1,
        )
        top = float(corners[:, 2].max()) + margin
        _reach(targets.points, targets.normals, sun.directions, flat, box, top, found)
    return found


@njit(parallel=True, cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _reach(points: Any, normals: Any, directions: Any, flat: Any, box: Any, top: float, found: Any) -> None:
    """box: (t, 5) for each time the block's span along the sun's direction and across it, and the tangent of
    the sun's elevation."""
    for i in prange(len(points)):
        if points[i, 2] > top:
            continue
        for t in range(len(directions)):
            across = points[i, 1] * flat[t, 0] - points[i, 0] * flat[t, 1]
            if across < box[t, 2] or across > box[t, 3]:
                continue
            along = points[i, 0] * flat[t, 0] + points[i, 1] * flat[t, 1]
            way = max(box[t, 0] - along, 0.0)
            if along > box[t, 1] or points[i, 2] + way * box[t, 4] > top:
                continue
            facing = 0.0
            for axis in range(3):
                facing += normals[i, axis] * directions[t, axis]
            if facing > 0.0 and directions[t, 2] > 0.0:
                found[t, i] = True


def _blocks(scene: SunScene, removed: Collection[str]) -> list[Float64]:
    """The corner points of each of some buildings."""
    s = scene.surfaces
    blocks = []
    for id in removed:
        assert s is not None
        mine = np.flatnonzero(s.building == s.buildings.index(id))
        ends = s.rings[s.polygons[mine]], s.rings[s.polygons[mine + 1]]
        blocks.append(np.concatenate([s.vertices[a:b] for a, b in zip(*ends, strict=True)]))
    return blocks


def _selected(targets: Targets, shown: Index, surfaces: Int32, place: Int32) -> Targets:
    """All points (shown) of some surfaces, with their patches; place: (s,) new numbers of all surfaces."""
    patches = targets.patches
    assert patches is not None
    mine = np.flatnonzero(np.isin(patches.surface, surfaces))
    start = patches.start
    sizes = np.diff(start)[mine]
    first = np.cumsum(sizes) - sizes
    patch = np.searchsorted(start, patches.texel[shown], side="right") - 1
    order = np.searchsorted(mine, patch)
    points = targets.some(shown)
    return Targets(
        points.points,
        points.normals,
        points.area,
        place[points.surface],
        Patches(
            place[patches.surface[mine]],
            patches.origin[mine],
            patches.u[mine],
            patches.v[mine],
            patches.shape[mine],
            patches.texel[shown] - start[patch] + first[order],
        ),
    )
