"""What each point sees: its skyline, its part of the sky, and how bright the ground around it is.

The ground is looked at in squares: sample points on open ground have skylines of their own, and the mean of a
square's samples says how much of the beam and of the sky reaches it. Skylines come from `horizons`, of the
height field or of rays.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.progress import Progress
from analysis.sun.engine.choice import chosen
from analysis.sun.openness import horizons, sky_view_factor
from analysis.sun.power.sky import Sky, view_factors
from analysis.sun.power.sums import in_front, lit_shares
from analysis.sun.scene import Float32, Float64, Int32, SunScene
from analysis.sun.targets import Targets

DIRECTIONS = 72
"""Of a skyline: steps of 5 degrees, between which it is linear."""
_SQUARE = 50.0
"""Side of the squares that the brightness of the ground is a mean of [m]."""
_SAMPLE = 10.0
"""Distance of the samples of the ground [m]."""
_ABOVE = 0.3
"""What stands more than this over the terrain [m] is no open ground."""
_EYE = 0.05
"""Height of the samples over the ground [m]."""


@dataclass(frozen=True)
class Views:
    """skylines: (n, d) float32 [degrees]. sky, band: (n,) float32 view factors, see `view_factors`. ground:
    (n,) float32 view factor of what lies below the horizontal, hidden: of what stands above it and hides
    the sky. square: (n,) int32 of the ground around."""

    skylines: Float32
    sky: Float32
    band: Float32
    ground: Float32
    hidden: Float32
    square: Int32


@dataclass(frozen=True)
class Ground:
    """Squares of the ground, s of them. skylines: (m, d) of the samples, square: (m,) that each lies in,
    in order; sky: (s,) mean view factor of the sky."""

    skylines: Float32
    square: Int32
    sky: Float32

    def light(self, sky: Sky) -> Float32:
        """(s, t) float32 irradiance of the ground in each square and interval [W/m²]."""
        lit = lit_shares(
            self.skylines,
            self.square,
            len(self.sky),
            *steps(sky.azimuth, self.skylines.shape[1]),
            sky.elevation,
        )
        known = np.bincount(self.square, minlength=len(lit)) > 0
        if known.any() and not known.all():
            lit[~known] = lit[known].mean(axis=0)
        beam = sky.direct * sky.direction[:, 2]
        light: Float32 = lit * beam + self.sky[:, None] * sky.isotropic
        return light


OPEN = Ground(np.empty((0, 1), np.float32), np.empty(0, np.int32), np.ones(1, np.float32))
"""Ground that nothing stands on, in one square."""


def steps(azimuth: Float32, directions: int) -> tuple[Int32, Float32]:
    """(t,) the direction before each azimuth [degrees], and how far it is to the next one (0 to 1)."""
    at = azimuth.astype(np.float64) % 360.0 * directions / 360.0
    before = np.minimum(np.floor(at), directions - 1)
    return before.astype(np.int32), (at - before).astype(np.float32)


def ground_samples(scene: SunScene) -> Targets:
    """Points on the open ground of a scene, square after square."""
    rows, columns = scene.shape
    stride = max(1, round(_SAMPLE / scene.cell_size))
    at_rows, at_columns = (np.arange(min(stride, n) // 2, n, stride) for n in (rows, columns))
    row, column = (a.ravel() for a in np.meshgrid(at_rows, at_columns, indexing="ij"))
    terrain = scene.terrain[row, column]
    open_ground = scene.heights[row, column] - terrain < _ABOVE
    points = np.column_stack(
        [
            scene.west + (column + 0.5) * scene.cell_size,
            scene.north - (row + 0.5) * scene.cell_size,
            terrain + _EYE,
        ]
    )[open_ground]
    points = points[np.argsort(square_of(scene, points), kind="stable")]
    n = len(points)
    return Targets(points, np.tile([0.0, 0.0, 1.0], (n, 1)), np.ones(n), np.full(n, -1, np.int32))


def skylines_of(scene: SunScene, targets: Targets, progress: Progress | None = None) -> Float32:
    """(n, d) skylines of targets. Each call costs a pass over the height field, however few they are."""
    found: Float32 = in_front(
        horizons(scene, targets, DIRECTIONS, progress),
        targets.normals.astype(np.float32),
        np.radians(scene.place.convergence),
    )
    return found


def ground_around(scene: SunScene, samples: Targets, skylines: Float32) -> Ground:
    """The ground by its samples and their skylines. A square without any takes the mean of all."""
    n, squares = len(samples), int(np.prod(_squares(scene)))
    turn = np.radians(scene.place.convergence)
    seen = view_factors(samples.normals.astype(np.float32), skylines, turn)[:, 0]
    square = square_of(scene, samples.points)
    count = np.bincount(square, minlength=squares)
    total = np.bincount(square, seen, minlength=squares)
    mean = float(seen.mean()) if n else 1.0
    sky_seen = np.where(count > 0, total / np.maximum(count, 1), mean)
    return Ground(skylines, square, sky_seen.astype(np.float32))


def views(
    scene: SunScene,
    targets: Targets,
    skylines: Float32,
    facing: Float32 | None = None,
    engine: str = "auto",
    progress: Progress | None = None,
) -> Views:
    """What some points see past their skylines. facing: (n, 3) normals of what catches the light there, if
    they are other than the targets' own. With rays the part of the sky is theirs."""
    turn = np.radians(scene.place.convergence)
    own = targets.normals.astype(np.float32)
    normals = own if facing is None else facing
    seen = view_factors(normals, skylines, turn)
    if chosen(scene, engine) == "rays":
        by_skyline = seen[:, 0] if facing is None else view_factors(own, skylines, turn)[:, 0]
        by_rays = sky_view_factor(scene, targets, "rays", progress)
        seen[:, 0] *= np.where(by_skyline > 0, by_rays / np.where(by_skyline > 0, by_skyline, 1.0), 0.0)
    half = 0.5 * (1.0 + normals[:, 2])
    return Views(
        skylines,
        seen[:, 0],
        seen[:, 1],
        1.0 - half,
        np.maximum(half - seen[:, 0], 0.0),
        square_of(scene, targets.points),
    )


def open_views(normals: Float32) -> Views:
    """What points of some normals see where nothing stands, the ground `OPEN` around them."""
    half = 0.5 * (1.0 + normals[:, 2])
    n = len(normals)
    return Views(
        np.zeros((n, 1), np.float32),
        half,
        np.hypot(normals[:, 0], normals[:, 1]),
        1.0 - half,
        np.zeros(n, np.float32),
        np.zeros(n, np.int32),
    )


def square_of(scene: SunScene, points: Float64) -> Int32:
    """(n,) the square of the ground that each point is in; points outside of the scene are in the nearest."""
    across, down = _squares(scene)
    column = np.clip((points[:, 0] - scene.west) // _SQUARE, 0, across - 1)
    row = np.clip((scene.north - points[:, 1]) // _SQUARE, 0, down - 1)
    return (row * across + column).astype(np.int32)


def _squares(scene: SunScene) -> tuple[int, int]:
    """How many squares are in a row, and how many rows of them."""
    rows, columns = scene.shape
    across, down = (int(np.ceil(n * scene.cell_size / _SQUARE)) for n in (columns, rows))
    return across, down
