"""How much the sun gives on roofs, facades and ground over hours, months and years.

For each point and hour: the sun's disc and the light around it where the point's skyline is lower than the
sun; the sky by the view factor of what is seen of it; the band along the horizon by what is seen of that; and
light thrown back. Below the horizontal the point sees ground as bright as the open ground around it (squares
of 50 m, themselves shaded); what hides the sky is taken to be as bright as that ground, too.

    irradiation = Σ hours · (direct · cos(incidence) · lit + isotropic · sky + band · horizon
                             + ground light · (albedo · ground + reflectance · hidden))

Limits. Light is thrown back once. A skyline has 72 directions, so a single hour at an edge of a shadow may be
wrong, its mean over days is not. Crowns of trees let through their share from the top to the ground, trunks
are not looked under. A skyline knows no overhangs: with the engine of rays the beam of each interval's middle
is cast at the real surfaces instead, and the part of the sky is that of the rays.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import asin, cos, radians, sqrt
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from analysis.errors import AnalysisError
from analysis.progress import Progress, part
from analysis.sun.engine.choice import chosen
from analysis.sun.memory import check_memory
from analysis.sun.power.cover import CLEAR, Cover
from analysis.sun.power.diffuse import DiffuseSums, diffuse_hours
from analysis.sun.power.direct import Points, direct_hours, direct_sums
from analysis.sun.power.sky import sky
from analysis.sun.power.surroundings import (
    OPEN,
    Ground,
    ground_around,
    ground_samples,
    open_views,
    skylines_of,
    views,
)
from analysis.sun.scene import Float32, Float64, SunScene
from analysis.sun.targets import Targets, joined

if TYPE_CHECKING:
    from analysis.weather import Weather

By = Literal["month", "year"]

REFLECTANCE = 0.2
"""Of buildings, an assumption: the albedo of towns is 0.10 to 0.27 (Oke 1987, Boundary Layer Climates)."""
_BATCH = 300_000
"""Points at a time."""
_WH_PER_KWH = 1000.0
_FAR = 100.0
"""[km] Weather from farther away than this is said."""
_EARTH = 6371.0
"""Mean radius [km], IUGG 1980."""
_UNLIKE = 0.02
"""Share by which direct and diffuse irradiation may differ from the global one before it is said."""


@dataclass(frozen=True)
class Irradiation:
    """periods: p names, "2023-07" or "2023". onto: (n, p) float32 that reaches each point [kWh/m²]; without:
    the same if nothing stood in the way. sky_view: (n,) float32, view factor of the sky from each point [1].
    notes: what a reader of results ought to know."""

    periods: list[str]
    onto: Float32
    without: Float32
    sky_view: Float32
    notes: list[str]

    @property
    def total(self) -> Float64:
        """(n,) over all periods [kWh/m²]; of a year if the weather is one."""
        return np.asarray(self.onto.sum(axis=1, dtype=np.float64))

    @property
    def loss(self) -> Float64:
        """(n,) share of the light that is taken by what stands in the way, 0 to 1."""
        free = self.without.sum(axis=1, dtype=np.float64)
        share: Float64 = np.where(free > 0, 1.0 - self.total / np.where(free > 0, free, 1.0), 0.0)
        return share


def irradiance(
    scene: SunScene,
    weather: Weather,
    targets: Targets,
    *,
    engine: str = "auto",
    by: By = "month",
    reflectance: float = REFLECTANCE,
    progress: Progress | None = None,
) -> Irradiation:
    """What reaches each target in each month or year of the weather, in steps of its intervals.

    Months are those of the weather's time zone. reflectance: of what hides the sky. With rays each interval
    costs a ray for each point. Memory: about 300 bytes for each of up to 300,000 points, and 8 bytes for each
    point and period. Raises AnalysisError for scenes and targets that the engine cannot take.
    """
    light = sky(weather, scene.place.convergence)
    names, number = periods(weather, by)
    ends = np.searchsorted(number[light.index], np.arange(len(names) + 1))
    free = DiffuseSums.of(light, OPEN, ends)
    n, samples, layers = len(targets), ground_samples(scene), _layers(scene, engine)
    grounds: list[Ground] = []
    onto, without = (np.zeros((n, len(names)), np.float32) for _ in range(2))
    sky_view = np.zeros(n, np.float32)
    for start in range(0, n, _BATCH):
        own = slice(start, min(start + _BATCH, n))
        batch = targets.some(own)
        normals = batch.normals.astype(np.float32)
        for k, (share, each) in enumerate(layers):
            width = (own.stop - start) / n / len(layers)
            begin = start / n + k * width
            skies, rays, beams = (
                part(progress, begin + a * width, begin + b * width)
                for a, b in ((0.0, 0.5), (0.5, 0.6), (0.6, 1.0))
            )
            if k == len(grounds):
                ground, skylines = _ground_and_skylines(each, samples, batch, skies)
                grounds.append(ground)
            else:
                skylines = skylines_of(each, batch, skies)
            seen = views(each, batch, skylines, engine=engine, progress=rays)
            beam = direct_sums(Points(each, batch, seen, normals, engine), weather, light, ends, beams)
            diffuse = DiffuseSums.of(light, grounds[k], ends)
            onto[own] += np.float32(share) * (beam + diffuse.onto(seen, reflectance))
            sky_view[own] += np.float32(share) * seen.sky
        kinds, kind = np.unique(normals, axis=0, return_inverse=True)
        nothing = open_views(kinds)
        beam = direct_sums(Points(scene, batch, nothing, kinds, engine), weather, light, ends)
        without[own] = (beam + free.onto(nothing, reflectance))[kind.reshape(-1)]
    scale = np.float32(light.hours / _WH_PER_KWH)
    return Irradiation(names, onto * scale, without * scale, sky_view, notes_of(scene, weather))


def hourly(
    scene: SunScene,
    weather: Weather,
    targets: Targets,
    *,
    groups: npt.ArrayLike | None = None,
    weight: npt.ArrayLike | None = None,
    facing: Float64 | None = None,
    engine: str = "auto",
    obstructed: bool = True,
    reflectance: float = REFLECTANCE,
    cover: Cover = CLEAR,
    progress: Progress | None = None,
) -> Float32:
    """(intervals of the weather, groups) float32 irradiance [W/m²], or with areas as weights power [W].

    groups: (n,) integers, 0 and above, by which points are added up (such as surfaces or buildings); without
    them each point is its own. weight: (n,) of each point in its group; 1 without it. facing: (n, 3) normals
    of what catches the light, if they are other than the targets' own. obstructed: False as if nothing stood
    in the way. cover: what the light passes first, such as the glass of modules. Memory: 12 bytes for each
    interval and group, and about 300 for each point. Raises AnalysisError where the groups or weights do not
    fit the targets, and for more than the machine's memory holds.
    """
    n = len(targets)
    group = np.arange(n) if groups is None else np.asarray(groups)
    share = np.ones(n) if weight is None else np.asarray(weight, float)
    if group.shape != (n,) or share.shape != (n,) or (n and group.min() < 0):
        raise AnalysisError(f"{n} targets need {n} groups from 0 on and {n} weights")
    count = int(group.max()) + 1 if n else 0
    check_memory(
        12.0 * count * len(weather) + 300.0 * n,
        f"{count} series of {len(weather)} values",
        "take fewer points, add them up by surface or building, or a shorter time",
    )
    order = np.argsort(group, kind="stable")
    group, share, batch = group[order], share[order], targets.some(order)
    normals = (batch.normals if facing is None else facing[order]).astype(np.float32)
    first = np.searchsorted(group, np.arange(count + 1))
    light = sky(weather, scene.place.convergence)
    every = np.zeros((len(weather), count), np.float32)
    samples = ground_samples(scene)
    layers = _layers(scene, engine) if obstructed else [(1.0, scene)]
    for k, (layer, each) in enumerate(layers):
        skies, rays, beams = (
            part(progress, (k + a) / len(layers), (k + b) / len(layers))
            for a, b in ((0.0, 0.6), (0.6, 0.7), (0.7, 1.0))
        )
        ground, seen = OPEN, open_views(normals)
        if obstructed:
            ground, skylines = _ground_and_skylines(each, samples, batch, skies)
            seen = views(each, batch, skylines, normals, engine, rays)
        points = Points(each, batch, seen, normals, engine)
        hours = direct_hours(points, weather, light, share.astype(np.float32), first, cover, beams)
        hours += diffuse_hours(light, ground, seen, normals, group, share, count, cover, reflectance)
        hours *= np.float32(layer)
        every[light.index] += hours.T
    return every


def _layers(scene: SunScene, engine: str) -> list[tuple[float, SunScene]]:
    """Scenes without trees whose light, times their shares, adds up to that of the scene: what crowns let
    through is the light without them, the rest that with crowns as solid as buildings. Rays see crowns."""
    if scene.canopy is None or chosen(scene, engine) == "rays":
        return [(1.0, scene)]
    through = scene.transmissivity
    solid = np.fmax(scene.heights, scene.canopy)
    bare = replace(scene, canopy=None, trunk=None)
    return [(through, bare), (1.0 - through, replace(bare, heights=solid))]


def _ground_and_skylines(
    scene: SunScene, samples: Targets, targets: Targets, progress: Progress
) -> tuple[Ground, Float32]:
    """The ground around, and the skylines of targets, of one pass over the field."""
    skylines = skylines_of(scene, joined(targets, samples), progress)
    n = len(targets)
    return ground_around(scene, samples, skylines[n:]), skylines[:n]


def notes_of(scene: SunScene, weather: Weather) -> list[str]:
    """What is to be said of a scene under a weather."""
    notes = [*scene.notes, f"weather: {weather.source}", *weather.notes]
    apart = _distance(weather, scene)
    if apart > _FAR:
        notes.append(f"the weather is from {apart:.0f} km away")
    if abs(weather.closure - 1.0) > _UNLIKE:
        notes.append(
            f"direct and diffuse irradiation of the weather are {weather.closure:.1%} of its global one"
        )
    return notes


def _distance(weather: Weather, scene: SunScene) -> float:
    """[km] on a sphere (haversine)."""
    here, there = scene.place, weather.place
    a, b = radians(here.latitude), radians(there.latitude)
    h = (1 - cos(b - a) + cos(a) * cos(b) * (1 - cos(radians(there.longitude - here.longitude)))) / 2
    return 2 * _EARTH * asin(min(1.0, sqrt(h)))


def periods(weather: Weather, by: By) -> tuple[list[str], npt.NDArray[np.int64]]:
    """Names of the periods in order, and (n,) the number of each interval's period, in the weather's zone."""
    labels = weather.times.strftime({"month": "%Y-%m", "year": "%Y"}[by])
    names = list(dict.fromkeys(labels))
    number = {name: i for i, name in enumerate(names)}
    return names, np.array([number[label] for label in labels], np.int64)
