"""What somebody with a phone points at, when neither place nor direction is known exactly.

The stated errors are taken as normal distributions around what the phone says. Rays of a fixed, even sample
of them are cast, those of viewers who would stand inside of something are left out, and the share of rays
that meet a thing first is its probability: the posterior of what is looked at, for a prior that is flat over
free space and directions.

position_error is what phones report, the radius around the true position of 68 % of fixes (Android's
Location.getAccuracy, ARCore's horizontal accuracy): σ = r / sqrt(-2 ln 0.32) of each axis. The other errors
are standard deviations.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import log, sqrt
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from analysis.embree import traced
from analysis.errors import AnalysisError

Float64: TypeAlias = npt.NDArray[np.float64]
Int64: TypeAlias = npt.NDArray[np.int64]
Bool: TypeAlias = npt.NDArray[np.bool_]

SAMPLES = 256
_WITHIN = 1.0 / sqrt(-2.0 * log(1.0 - 0.68))
"""σ of an axis over the radius that holds 68 % of a normal distribution in the plane."""


class Solids:
    """Triangles of things in a frame east, north, up [m].

    vertices (n, 3), triangles (t, 3), outward; owner (t,) the number of the thing that each is of. frame:
    (4, 4), to a frame that all solids and viewers share, such as ECEF.
    """

    def __init__(
        self,
        vertices: Float64,
        triangles: npt.NDArray[np.integer[Any]],
        owner: Int64,
        frame: Float64 | None = None,
    ) -> None:
        self.owner = owner
        self.frame = np.eye(4) if frame is None else frame
        corners = vertices[triangles]
        self._normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        self._scene = traced(vertices, triangles) if len(triangles) else None

    def __len__(self) -> int:
        return len(self.owner)

    def cast(self, eyes: Float64, directions: Float64) -> tuple[Float64, Int64]:
        """Distance (k,) to what each ray meets first, infinite for nothing, and its triangle, -1 for none."""
        if self._scene is None:
            return np.full(len(eyes), np.inf), np.full(len(eyes), -1, np.int64)
        hit = self._scene.run(
            np.ascontiguousarray(eyes, np.float32), np.ascontiguousarray(directions, np.float32), output=True
        )
        triangle = np.where(hit["geomID"] == 0, hit["primID"].astype(np.int64), -1)
        return np.where(triangle >= 0, hit["tfar"], np.inf).astype(np.float64), triangle

    def inside(self, eyes: Float64) -> Bool:
        """(k,) whether the first surface straight above is met from its inner side."""
        _, triangle = self.cast(eyes, np.tile([0.0, 0.0, 1.0], (len(eyes), 1)))
        found = triangle >= 0
        found[found] = self._normals[triangle[found], 2] > 0
        return found


@dataclass(frozen=True)
class Piece:
    """A part of the surroundings, which is loaded when a ray may meet it. box: (2, 2) its bounds on the map,
    west, south and east, north, in the viewer's frame [m]."""

    box: Float64
    load: Callable[[], Solids]


@dataclass(frozen=True)
class Hit:
    """thing: its number. probability: that it is looked at. distance [m], point (3,): of the ray that meets
    it in the middle of all distances."""

    thing: int
    probability: float
    distance: float
    point: tuple[float, float, float]


@dataclass(frozen=True)
class Pick:
    """hits: the likeliest first. nothing: the probability that nothing in reach is looked at."""

    hits: list[Hit]
    nothing: float


def pick(
    around: Sequence[Piece],
    eye: npt.ArrayLike,
    heading: float,
    pitch: float,
    *,
    frame: Float64 | None = None,
    position_error: float = 0.0,
    height_error: float = 0.0,
    heading_error: float = 0.0,
    pitch_error: float = 0.0,
    reach: float = 300.0,
    samples: int = SAMPLES,
) -> Pick:
    """What is looked at from an eye (3,) [m]. heading: clockwise from north, pitch: above the horizon
    [degrees]. frame: (4, 4) of the viewer, east, north, up, as in `Solids`. position_error, height_error [m],
    heading_error, pitch_error [degrees]. reach [m]: what is farther away is nothing.

    Raises AnalysisError for what is no number, and for negative errors.
    """
    centre = np.asarray(eye, np.float64)
    errors = (position_error, height_error, heading_error, pitch_error)
    if not np.isfinite([*centre, heading, pitch, reach, *errors]).all():
        raise AnalysisError("the position, the direction and their errors must be numbers")
    if min(errors) < 0 or not reach > 0:
        raise AnalysisError("errors cannot be negative, and the reach must be above 0")
    spread = _normal(samples) if any(errors) else np.zeros((1, 5))
    eyes = centre + spread[:, :3] * [position_error * _WITHIN, position_error * _WITHIN, height_error]
    azimuth = np.radians(heading + spread[:, 3] * heading_error)
    elevation = np.radians(np.clip(pitch + spread[:, 4] * pitch_error, -90.0, 90.0))
    directions = np.column_stack(
        [np.sin(azimuth) * np.cos(elevation), np.cos(azimuth) * np.cos(elevation), np.sin(elevation)]
    )
    own = np.eye(4) if frame is None else frame
    free = ~_inside(around, eyes, own)
    if free.any():
        eyes, directions = eyes[free], directions[free]
    distance, thing = _cast(around, eyes, directions, reach, own)
    hits = [_hit(number, thing, eyes, directions, distance) for number in np.unique(thing[thing >= 0])]
    hits.sort(key=lambda hit: (-hit.probability, hit.distance))
    return Pick(hits, float((thing < 0).mean()))


def _inside(around: Sequence[Piece], eyes: Float64, frame: Float64) -> Bool:
    found = np.zeros(len(eyes), np.bool_)
    for piece in around:
        within = ((eyes[:, :2] >= piece.box[0]) & (eyes[:, :2] <= piece.box[1])).all(axis=1)
        if within.any():
            solids = piece.load()
            matrix = np.linalg.inv(solids.frame) @ frame
            found[within] |= solids.inside(_moved(matrix, eyes[within]))
    return found


def _cast(
    around: Sequence[Piece], eyes: Float64, directions: Float64, reach: float, frame: Float64
) -> tuple[Float64, Int64]:
    """Distance (k,) to what each ray meets first, and which thing that is, -1 for none."""
    distance = np.full(len(eyes), np.inf)
    thing = np.full(len(eyes), -1, np.int64)
    if not around:
        return distance, thing
    entries = _entries(np.array([piece.box for piece in around]), eyes, directions)
    for n in np.argsort(entries.min(axis=1), kind="stable").tolist():
        asked = entries[n] < np.minimum(distance, reach)
        if not asked.any():
            continue
        solids = around[n].load()
        matrix = np.linalg.inv(solids.frame) @ frame
        away, triangle = solids.cast(_moved(matrix, eyes[asked]), directions[asked] @ matrix[:3, :3].T)
        nearer = (away < distance[asked]) & (away <= reach)
        rays = np.flatnonzero(asked)[nearer]
        distance[rays] = away[nearer]
        thing[rays] = solids.owner[triangle[nearer]]
    return distance, thing


def _moved(matrix: Float64, points: Float64) -> Float64:
    return np.asarray(points @ matrix[:3, :3].T + matrix[:3, 3])


def _entries(boxes: Float64, eyes: Float64, directions: Float64) -> Float64:
    """(m, k) distance at which each ray comes over each box (m, 2, 2) on the map [m], infinite where it does
    not."""
    low = np.full((len(boxes), len(eyes)), -np.inf)
    high = -low
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        for axis in range(2):
            one, other = (
                (boxes[:, side, axis, None] - eyes[:, axis]) / directions[:, axis] for side in range(2)
            )
            # along an axis that the ray does not move on: 0 / 0 on the very edge counts as within
            np.fmax(low, np.fmin(one, other), out=low)
            np.fmin(high, np.fmax(one, other), out=high)
    return np.where((high >= low) & (high >= 0), np.maximum(low, 0.0), np.inf)


def _hit(number: int, thing: Int64, eyes: Float64, directions: Float64, distance: Float64) -> Hit:
    rays = np.flatnonzero(thing == number)
    ray = rays[np.argsort(distance[rays])[(len(rays) - 1) // 2]]
    at = eyes[ray] + directions[ray] * distance[ray]
    point = float(at[0]), float(at[1]), float(at[2])
    return Hit(int(number), len(rays) / len(thing), float(distance[ray]), point)


@lru_cache(maxsize=4)
def _normal(count: int) -> Float64:
    """(count, 5) an even sample of independent standard normal distributions, the middle first: a rank-1
    lattice of the generalised golden ratio, through the inverse of the distribution."""
    from scipy.special import ndtri

    root = 1.0
    for _ in range(60):  # the positive root of x^6 = x + 1
        root = (1.0 + root) ** (1.0 / 6.0)
    steps = root ** -np.arange(1.0, 6.0)
    lattice = (0.5 + np.arange(count)[:, None] * steps) % 1.0
    return np.asarray(ndtri(np.clip(lattice, 1e-4, 1 - 1e-4)))
