"""The sun's image in facades of glass: who sees it on a road or at a window, when, how long and how strong.

Each facade is a flat mirror. From a receiver the image of the sun stands at the sun's direction reflected in
the facade's plane; it is seen where the line of sight to it meets a point of the facade that the sun shines
on, and nothing of the height field stands between. So receivers are exact points, facades are as fine as
their targets.

Limits. One reflection; glass that is flat and clean; the sun a point (its disc, half a degree wide, widens an
edge by 1 m at 100 m); lines of sight over the height field, that is 2.5D. Facades of other things than glass
scatter light and are not for this: give the targets of those that are glazed, or of windows alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from analysis.errors import AnalysisError
from analysis.progress import Progress, part
from analysis.sun.exposure import sunlit
from analysis.sun.position import SunPath
from analysis.sun.power.mirrors import images, pairs
from analysis.sun.scene import Float32, Float64, Int32, SunScene
from analysis.sun.targets import Patches, Targets

if TYPE_CHECKING:
    import pandas as pd

    from analysis.weather import Weather

DAY_LIMIT, YEAR_LIMIT = 0.5, 30.0
"""Hours a day and a year from which reflections are a considerable nuisance at a window: German LAI,
Hinweise zur Messung, Beurteilung und Minderung von Lichtimmissionen, 13.09.2012, annex 2."""
APART = 10.0
"""[degrees] A reflection closer to the sun than this is not counted, since the sun itself dazzles more: LAI,
as above."""
SUNSHINE = 120.0
"""Direct irradiance from which the sun counts as shining [W/m²]: WMO-No. 8, Guide to Instruments and
Methods of Observation, chapter 8."""
_INDEX = 1.526
"""Refractive index of glass: Duffie, Beckman, Solar Engineering of Thermal Processes, chapter 5."""
_VALUES = 3_000_000
"""Of times and targets, or times and receivers, at a time."""


@dataclass(frozen=True)
class Glare:
    """What n receivers get. hours: (n,) in all [h]. days: (n,) on which there is any. longest: (n,) hours on
    the worst day [h]. strongest: (n,) [W/m²] of a plane that faces the reflection.

    Of each of e moments (interval and receiver, in order of time): time (e,) index into the weather's times,
    receiver (e,), surface (e,) that the strongest reflection comes from, strength (e,) [W/m²].
    """

    hours: Float64
    days: Int32
    longest: Float64
    strongest: Float32
    time: Int32
    receiver: Int32
    surface: Int32
    strength: Float32

    @property
    def exceeds(self) -> npt.NDArray[np.bool_]:
        """(n,) more than `DAY_LIMIT` on some day or than `YEAR_LIMIT` in all."""
        result: npt.NDArray[np.bool_] = (self.longest > DAY_LIMIT) | (self.hours > YEAR_LIMIT)
        return result

    def spells(self, weather: Weather, receiver: int) -> pd.DataFrame:
        """When one receiver is dazzled: a row for each spell of intervals without a break, with its start and
        end, the surface and strength [W/m²] of its strongest moment."""
        import pandas as pd

        mine = np.flatnonzero(self.receiver == receiver)
        half = pd.Timedelta(seconds=weather.step / 2)
        rows = []
        breaks = np.flatnonzero(np.diff(self.time[mine]) > 1) + 1
        for spell in np.split(mine, breaks) if len(mine) else []:
            top = spell[np.argmax(self.strength[spell])]
            first, last = weather.times[self.time[spell[0]]], weather.times[self.time[spell[-1]]]
            rows.append((first - half, last + half, int(self.surface[top]), float(self.strength[top])))
        return pd.DataFrame(rows, columns=["start", "end", "surface", "strength"])


def glare(
    scene: SunScene,
    weather: Weather,
    facades: Targets,
    receivers: Targets,
    *,
    reach: float = 300.0,
    panes: int = 2,
    engine: str = "auto",
    progress: Progress | None = None,
) -> Glare:
    """Reflections of facades in the intervals of a weather with sunshine.

    For the greatest that the heavens allow take `clear_sky` in steps of some minutes; a typical year
    gives what is to be expected. facades: from `facade_targets`, with patches. receivers: points with
    the direction that they look to (a window's normal; upward for a road, 1.5 m over it). reach: longest
    line of sight [m]. panes: of the glazing. Raises AnalysisError for facades without patches.
    """
    if facades.patches is None:
        raise AnalysisError("glare needs facades as facade_targets makes them, with their patches")
    mirrors = _Mirrors.of(facades, facades.patches)
    points, facing = (
        np.ascontiguousarray(v, dtype=np.float64) for v in (receivers.points, receivers.normals)
    )
    first, found = pairs(points, facing, *mirrors.where, reach)
    shining = np.flatnonzero(weather.dni >= SUNSHINE)
    reflected = glass_reflectance(np.linspace(0.0, 90.0, 91), panes)
    size = max(1, _VALUES // max(len(facades), len(points), 1))
    events: list[tuple[Int32, Int32, Int32, Float32]] = []
    for start in range(0, len(shining), size):
        now = shining[start : start + size]
        told = part(progress, start / len(shining), (start + len(now)) / len(shining))
        times = weather.times[now]
        best = np.empty((len(points), len(now)), np.float32)
        mirror = np.empty((len(points), len(now)), np.int32)
        images(
            points,
            facing,
            first,
            found,
            *mirrors.grids,
            sunlit(scene, times, facades, engine, told),
            SunPath.at(scene.place, times).directions,
            weather.dni[now, None] * reflected,
            float(np.cos(np.radians(APART))),
            reach,
            scene.heights,
            scene.west,
            scene.north,
            scene.cell_size,
            best,
            mirror,
        )
        at, who = np.nonzero(best.T > 0)
        events.append(
            (
                now[at].astype(np.int32),
                who.astype(np.int32),
                mirrors.surface[mirror[who, at]],
                best[who, at],
            )
        )
    return _gathered(weather, len(receivers), events)


def glass_reflectance(incidence: Float64, panes: int = 1, index: float = _INDEX) -> Float64:
    """Share of unpolarised light that panes of clear glass throw back, by angles of incidence [degrees].

    Fresnel's equations and all reflections between the panes' faces: Duffie, Beckman, Solar Engineering of
    Thermal Processes, equations 5.1.1-5.1.8, without absorption.
    """
    a = np.radians(np.asarray(incidence, float))
    inside = np.sqrt(1.0 - (np.sin(a) / index) ** 2)
    outside = np.cos(a)
    crosswise = ((outside - index * inside) / (outside + index * inside)) ** 2
    within = ((index * outside - inside) / (index * outside + inside)) ** 2
    through = [(1.0 - r) / (1.0 + (2 * panes - 1) * r) for r in (crosswise, within)]
    result: Float64 = 1.0 - 0.5 * (through[0] + through[1])
    return result


@dataclass(frozen=True)
class _Mirrors:
    """Patches of facades as `pairs` and `images` take them."""

    surface: Int32
    where: tuple[Float64, Float64, Float64, Float64]
    grids: tuple[Float64, Float64, Float64, Float64, Int32, npt.NDArray[np.int64], npt.NDArray[np.int64]]

    @classmethod
    def of(cls, facades: Targets, patches: Patches) -> _Mirrors:
        along, up = patches.u, patches.v
        normal: Float64 = np.cross(along, up) / np.prod([_length(along), _length(up)], axis=0)
        start = patches.start
        point_of: npt.NDArray[np.int64] = np.full(int(start[-1]), -1, np.int64)
        point_of[patches.texel] = np.arange(len(facades))
        rows, columns = patches.shape.astype(float).T[:, :, None]
        half: Float64 = 0.5 * (columns * along + rows * up)
        centre: Float64 = patches.origin + half
        return cls(
            patches.surface,
            (patches.origin, normal, centre, _length(half)[:, 0]),
            (normal, patches.origin, along, up, patches.shape, start[:-1], point_of),
        )


def _length(vectors: Float64) -> Float64:
    """(n, 1)"""
    return np.asarray(np.linalg.norm(vectors, axis=1, keepdims=True), np.float64)


def _gathered(weather: Weather, n: int, events: list[tuple[Int32, Int32, Int32, Float32]]) -> Glare:
    """Sums by receiver."""
    whole = [np.concatenate(column) for column in zip(*events, strict=True)] if events else []
    time, receiver, surface, strength = whole or [np.empty(0, t) for t in (np.int32,) * 3 + (np.float32,)]
    dates, day = np.unique(weather.times.normalize().asi8, return_inverse=True)
    by_day = np.zeros((n, len(dates)))
    np.add.at(by_day, (receiver, day.reshape(-1)[time]), weather.hours)
    strongest = np.zeros(n, np.float32)
    np.maximum.at(strongest, receiver, strength)
    return Glare(
        by_day.sum(axis=1),
        (by_day > 0).sum(axis=1).astype(np.int32),
        by_day.max(axis=1, initial=0.0),
        strongest,
        time,
        receiver,
        surface,
        strength,
    )
