"""The sun's disc and the light around it on points: past their skylines, or instant by instant with rays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from analysis.sun.engine.choice import chosen
from analysis.sun.exposure import Progress, sunlight
from analysis.sun.progress import part, quiet
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


def direct_sums(points: Points, weather: Weather, light: Sky, ends: npt.NDArray[np.int64]) -> Float32:
    """(n, p) float32 sums over periods that begin and end (p + 1,) among the sky's intervals [W/m²]."""
    sun = _sun(light, points.seen)
    if not points.by_instants:
        sums: Float32 = beam_sums(points.normals, points.seen.skylines, *sun, ends)
        return sums
    sums = np.zeros((len(points.normals), len(ends) - 1), np.float32)
    period = np.searchsorted(ends, np.arange(len(light)), "right") - 1
    for part, shares in _instants(points, weather, light):
        add_lit_sums(points.normals, shares, sun[0][:, part], light.direct[part], period[part], sums)
    return sums


def direct_hours(
    points: Points, weather: Weather, light: Sky, weight: Float32, first: npt.NDArray[np.int64], cover: Cover
) -> Float32:
    """(groups, t) float32 sums of the points of each group, times their weights (n,). first: (groups + 1,)
    where the groups begin and end among the points."""
    sun = _sun(light, points.seen)
    if not points.by_instants:
        hours: Float32 = beam_hours(points.normals, points.seen.skylines, weight, first, *sun, cover.beam)
        return hours
    hours = np.zeros((len(first) - 1, len(light)), np.float32)
    for part, shares in _instants(points, weather, light):
        some = np.zeros((len(hours), len(shares)), np.float32)
        add_lit_hours(
            points.normals, shares, weight, first, sun[0][:, part], light.direct[part], cover.beam, some
        )
        hours[:, part] = some
    return hours


def _sun(light: Sky, seen: Views) -> tuple[Float32, Float32, Int32, Float32, Float32]:
    """What the compiled loops take of the sun."""
    before, part = steps(light.azimuth, seen.skylines.shape[1])
    return np.ascontiguousarray(light.direction.T), light.direct, before, part, light.elevation


def _instants(points: Points, weather: Weather, light: Sky) -> Iterator[tuple[slice, Float32]]:
    """Parts of the sky's intervals, with the share (t, n) of the light at their middles on each point."""
    size = max(1, _SHARES // max(1, len(points.normals)))
    for start in range(0, len(light), size):
        part = slice(start, min(start + size, len(light)))
        times = weather.times[light.index[part]]
        yield part, sunlight(points.scene, times, points.targets, "rays")
