"""The sun's disc and the light around it on points: past their skylines, or instant by instant with rays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from analysis.progress import Progress, part
from analysis.sun.engine.choice import chosen
from analysis.sun.exposure import sunlight
from analysis.sun.power.cover import Cover
from analysis.sun.power.sky import Sky
from analysis.sun.power.sums import add_lit_hours, add_lit_sums, beam_hours, beam_sums
from analysis.sun.power.surroundings import Views, steps
from analysis.sun.scene import Float32, Int32, SunScene
from analysis.sun.targets import Targets

if TYPE_CHECKING:
    from analysis.weather import Weather

_SHARES = 50_000_000
"""Of light, by points and instants, at a time: 4 bytes each."""
_BEAMS = 100_000_000
"""Points times instants between two messages."""


@dataclass(frozen=True)
class Points:
    """Where light is asked for: targets of a scene, what they see, and normals (n, 3) of what catches it."""

    scene: SunScene
    targets: Targets
    seen: Views
    normals: Float32
    engine: str

    @property
    def by_instants(self) -> bool:
        """Whether the light of each instant is asked of rays, since skylines know no overhangs."""
        return self.seen.skylines.shape[1] > 1 and chosen(self.scene, self.engine) == "rays"


def direct_sums(
    points: Points,
    weather: Weather,
    light: Sky,
    ends: npt.NDArray[np.int64],
    progress: Progress | None = None,
) -> Float32:
    """(n, p) float32 sums over periods that begin and end (p + 1,) among the sky's intervals [W/m²]."""
    sun, n = _sun(light, points.seen), len(points.normals)
    sums = np.zeros((n, len(ends) - 1), np.float32)
    told = part(progress, 0.0, 1.0, "beam of the sun")
    if not points.by_instants:
        size = max(1, _BEAMS // max(1, len(light)))
        for start in range(0, n, size):
            told(start / n)
            some = slice(start, start + size)
            sums[some] = beam_sums(points.normals[some], points.seen.skylines[some], *sun, ends)
        return sums
    period = np.searchsorted(ends, np.arange(len(light)), "right") - 1
    for some, shares in _instants(points, weather, light, progress):
        add_lit_sums(points.normals, shares, sun[0][:, some], light.direct[some], period[some], sums)
    return sums


def direct_hours(
    points: Points,
    weather: Weather,
    light: Sky,
    weight: Float32,
    first: npt.NDArray[np.int64],
    cover: Cover,
    progress: Progress | None = None,
) -> Float32:
    """(groups, t) float32 sums of the points of each group, times their weights (n,). first: (groups + 1,)
    where the groups begin and end among the points."""
    sun = _sun(light, points.seen)
    hours = np.zeros((len(first) - 1, len(light)), np.float32)
    told = part(progress, 0.0, 1.0, "beam of the sun")
    if not points.by_instants:
        at, size = 0, max(1, _BEAMS // max(1, len(light)))
        while at < len(hours):
            told(at / len(hours))
            end = max(at + 1, int(np.searchsorted(first, first[at] + size, "right")) - 1)
            own = slice(first[at], first[end])
            hours[at:end] = beam_hours(
                points.normals[own],
                points.seen.skylines[own],
                weight[own],
                first[at : end + 1] - first[at],
                *sun,
                cover.beam,
            )
            at = end
        return hours
    for some, shares in _instants(points, weather, light, progress):
        lit = np.zeros((len(hours), len(shares)), np.float32)
        add_lit_hours(
            points.normals, shares, weight, first, sun[0][:, some], light.direct[some], cover.beam, lit
        )
        hours[:, some] = lit
    return hours


def _sun(light: Sky, seen: Views) -> tuple[Float32, Float32, Int32, Float32, Float32]:
    """What the compiled loops take of the sun."""
    before, part = steps(light.azimuth, seen.skylines.shape[1])
    return np.ascontiguousarray(light.direction.T), light.direct, before, part, light.elevation


def _instants(
    points: Points, weather: Weather, light: Sky, progress: Progress | None
) -> Iterator[tuple[slice, Float32]]:
    """Parts of the sky's intervals, with the share (t, n) of the light at their middles on each point."""
    size = max(1, _SHARES // max(1, len(points.normals)))
    for start in range(0, len(light), size):
        some = slice(start, min(start + size, len(light)))
        times = weather.times[light.index[some]]
        told = part(progress, some.start / len(light), some.stop / len(light))
        yield some, sunlight(points.scene, times, points.targets, "rays", told)
