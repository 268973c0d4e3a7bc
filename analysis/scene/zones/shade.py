"""What stands around the pieces of envelopes: their skylines and how much of the sky they see."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from analysis.energy.envelope import Envelopes
from analysis.energy.zones import Float32
from analysis.errors import AnalysisError
from analysis.progress import Part, Progress, part
from analysis.scene.grid import plane_of
from analysis.scene.scenario import scenario_scene
from analysis.scene.sun import sun_scene
from analysis.scene.zones.points import Points
from analysis.sun import Targets, buried, horizons, sky_view_factor
from analysis.sun.scene import SunScene
from twin.store import City

DIRECTIONS = 72
"""Of the skyline, 5° apart."""
CELL = 1.0
"""Of the height field that the sky is seen over [m]."""
BLOCK = 1000.0
"""The side of the squares that are worked on one after the other [m]."""


def shaded(
    city: City, envelopes: Envelopes, points: Points, told: Part, scenario: int | None = None
) -> Envelopes:
    """The same with skylines and views of the sky over the city's height field, or that of a scenario of it.

    Square by square, each with what stands up to 200 m around it. Trees are left out of skylines and count in
    the view of the sky, as in `analysis.sun`. Where there can be no height field, such as for want of
    terrain, surfaces stand in the open, and the notes say why.
    """
    found = _Sums(len(envelopes.pieces))
    plane = plane_of(city)
    blocks = _blocks(points)
    without: Counter[str] = Counter()
    for k, chosen in enumerate(blocks):
        step = part(told, k / len(blocks), (k + 1) / len(blocks))
        at = points.at[chosen]
        west, south = (at[:, :2].min(axis=0) - CELL).tolist()
        east, north = (at[:, :2].max(axis=0) + CELL).tolist()
        zone = envelopes.place.timezone
        try:
            scene = sun_scene(
                city, CELL, (west, south, east, north), crs=plane.crs, timezone=zone,
                progress=part(step, 0.0, 0.3),
            )  # fmt: skip
            if scenario is not None:
                scene = scenario_scene(city, plane, scene, scenario)
        except AnalysisError as error:
            without[str(error)] += len(np.unique(points.piece[chosen]))
        else:
            found.add(scene, points, chosen, part(step, 0.3, 1.0))
        step(1.0)
    notes = [f"{count:,} surfaces are taken to stand in the open: {why}" for why, count in without.items()]
    return found.into(replace(envelopes, notes=[*envelopes.notes, *notes]))


def shaded_in(scene: SunScene, envelopes: Envelopes, points: Points) -> Envelopes:
    """The same in one scene."""
    found = _Sums(len(envelopes.pieces))
    found.add(scene, points, np.arange(len(points)), None)
    return found.into(envelopes)


class _Sums:
    """What points see, weighted by the areas that they stand for, summed up by piece."""

    def __init__(self, pieces: int) -> None:
        self.area = np.zeros(pieces)
        self.sky = np.zeros(pieces)
        self.asked = np.zeros(pieces, bool)
        self.horizon: Float32 = np.zeros((pieces, DIRECTIONS), np.float32)

    def add(
        self, scene: SunScene, points: Points, chosen: npt.NDArray[np.intp], told: Progress | None
    ) -> None:
        """Some of the points, in a scene. Those inside of something count for nothing, unless all of their
        piece's are: it is in a niche, and dark."""
        surface = np.full(len(chosen), -1, np.int32)
        targets = Targets(points.at[chosen], points.normal[chosen], points.area[chosen], surface)
        free = np.flatnonzero(~buried(scene, targets))
        targets = targets.some(free)
        piece, area = points.piece[chosen[free]], targets.area
        self.asked[points.piece[chosen]] = True
        self.area += np.bincount(piece, area, len(self.area))
        sky = sky_view_factor(scene, targets, "sweep", part(told, 0.0, 0.4))
        self.sky += np.bincount(piece, area * sky, len(self.area))
        skylines = horizons(scene, targets, DIRECTIONS, part(told, 0.4, 1.0))
        np.add.at(self.horizon, piece, skylines * area[:, None].astype(np.float32))

    def into(self, envelopes: Envelopes) -> Envelopes:
        """Their means. Pieces without a point keep their view of the open sky, and a level skyline."""
        pieces = envelopes.pieces
        area = np.where(self.area > 0, self.area, 1.0)
        self.horizon /= area[:, None].astype(np.float32)
        self.horizon[self.asked & (self.area == 0)] = 90.0
        sky_view = np.where(self.asked, self.sky / area, pieces.sky_view)
        return replace(envelopes, pieces=replace(pieces, sky_view=sky_view, horizon=self.horizon))


def _blocks(points: Points) -> list[npt.NDArray[np.intp]]:
    """Numbers of points by squares of the map."""
    if not len(points):
        return []
    square = np.floor(points.at[:, :2] / BLOCK).astype(np.int64)
    _, number = np.unique(square, axis=0, return_inverse=True)
    order = np.argsort(number.ravel(), kind="stable")
    ends = np.cumsum(np.bincount(number.ravel()))
    return [one for one in np.split(order, ends[:-1]) if len(one)]
