"""What is seen from where, over a height field: viewsheds, lines of sight, landmarks, the open sky.

A line of sight is followed from cell to cell along its longer axis; between two cells of the other axis the
height is interpolated, and where it stands over the line the line ends there (the method called R3 in
W. R. Franklin and C. K. Ray, "Higher isn't necessarily better: visibility algorithms and experiments",
Advances in GIS Research, 1994). Heights are lowered by the curvature of the earth less refraction,
d² (1 - k) / 2R. What a height field cannot say, a view beneath a bridge or a balcony, is taken for blocked;
crowns of trees are not looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit, prange

from analysis.errors import AnalysisError
from analysis.scene.globe import EARTH_RADIUS, REFRACTION
from analysis.sun.scene import Float32, Float64, SunScene
from analysis.sun.targets import Targets

EYE = 1.6
"""[m] of an observer over what they stand on."""
CLEAR = 1.5
"""Cells at the ends of a line that do not block it: a point on a wall lies in the wall's cell."""
_TOLERANCE = 1e-3
"""[m] by which heights have to stand over a line."""


@dataclass(frozen=True)
class Sight:
    """A line between two points. obstruction: (3,) the first point [m] from the first end where something
    stands over it, None if it is free. clearance: the least height of the line over what is below it [m],
    negative where it is blocked. distance: (k,) along the ground [m]; surface, line: (k,) heights [m], the
    line's as it runs over a flat earth, the surface lowered by curvature and refraction."""

    visible: bool
    obstruction: Float64 | None
    clearance: float
    distance: Float64
    surface: Float64
    line: Float64


def viewshed(
    scene: SunScene,
    viewpoint: npt.ArrayLike,
    *,
    target_height: float = 0.0,
    radius: float | None = None,
    curvature: bool = True,
    refraction: float = REFRACTION,
) -> npt.NDArray[np.bool_]:
    """(rows, columns) bool: the cells whose top, or a point target_height [m] over it, is seen.

    viewpoint: (3,) east, north, height [m] in the scene's coordinates; its own cell is seen. radius: the
    farthest cells looked at [m]. curvature: false for a flat earth. refraction: coefficient k [1]. Raises
    AnalysisError for a viewpoint outside of the scene or below what stands there.
    """
    column, row, height = _start(scene, viewpoint)
    if radius is not None and not radius > 0:
        raise AnalysisError(f"the radius of a view must be above 0 m, not {radius:g}")
    seen = np.zeros(scene.shape, np.bool_)
    far = np.inf if radius is None else radius / scene.cell_size
    _viewshed(
        scene.heights, column, row, height, target_height, far, scene.cell_size,
        bend(curvature, refraction), seen,
    )  # fmt: skip
    return seen


def line_of_sight(
    scene: SunScene,
    start: npt.ArrayLike,
    end: npt.ArrayLike,
    *,
    curvature: bool = True,
    refraction: float = REFRACTION,
    clear: float = CLEAR,
) -> Sight:
    """The line between two points (3,) east, north, height [m] of the scene.

    clear: cells at both ends that do not block. Raises AnalysisError for points outside of the scene.
    """
    a, b = _cells(scene, np.array([start, end], np.float64))
    count = max(2, int(np.ceil(np.abs(b[:2] - a[:2]).max())) + 1)
    share = np.linspace(0.0, 1.0, count)
    at = a[None, :2] + share[:, None] * (b - a)[None, :2]
    length = float(np.hypot(*(b - a)[:2])) * scene.cell_size
    distance = share * length
    surface = _interpolated(scene.heights, at) - bend(curvature, refraction) * distance**2
    drop = bend(curvature, refraction) * length**2
    line = a[2] + share * (b[2] - drop - a[2])
    ends = np.minimum(distance, length - distance) < clear * scene.cell_size
    room = np.where(ends, np.inf, line - surface)
    blocked = np.flatnonzero(room < -_TOLERANCE)
    obstruction = None
    if len(blocked):
        k = int(blocked[0])
        z = surface[k] + bend(curvature, refraction) * distance[k] ** 2
        obstruction = np.array(
            [
                scene.west + (at[k, 0] + 0.5) * scene.cell_size,
                scene.north - (at[k, 1] + 0.5) * scene.cell_size,
                z,
            ]
        )
    least = float(room.min()) if np.isfinite(room).any() else float(min(line[0], line[-1]) - surface.min())
    return Sight(not len(blocked), obstruction, least, distance, surface, line)


def landmark_visibility(
    scene: SunScene,
    targets: Targets,
    samples: Float64,
    normals: Float64 | None = None,
    weights: Float64 | None = None,
    *,
    curvature: bool = True,
    refraction: float = REFRACTION,
) -> Float32:
    """(n,) share of a landmark that is seen from each of n targets, 0 to 1.

    samples: (m, 3) points on the landmark [m]. normals: (m, 3) outward, where they lie on its surface: those
    that face away from a target do not count for it. weights: (m,) such as the area [m²] of each. A sample
    that faces a target counts with its weight; one behind the target's own facade is not seen. NaN where no
    sample faces the target.
    """
    count = len(samples)
    outward = np.zeros((count, 3)) if normals is None else np.asarray(normals, np.float64)
    weight = np.ones(count) if weights is None else np.asarray(weights, np.float64)
    share = np.empty(len(targets), np.float32)
    _landmark(
        scene.heights,
        _cells(scene, targets.points, "a target"),
        targets.normals,
        _cells(scene, np.asarray(samples, np.float64), "the landmark"),
        outward,
        weight,
        np.array([scene.cell_size, -scene.cell_size, 1.0]),
        CLEAR,
        bend(curvature, refraction),
        share,
    )
    return share


def sky_exposure(normals: Float64, skylines: npt.NDArray[Any], convergence: float = 0.0) -> Float32:
    """(n,) [sr] solid angle of the sky that is seen from points, 2π from an open field.

    normals: (n, 3) in the grid's frame; what lies behind a point's own plane is not seen. skylines: (n, d)
    elevation [degrees] of what stands before each, at d equal steps of azimuth clockwise from true north, the
    first at 0, as `analysis.sun.horizons` gives them. convergence: bearing of the grid's north [degrees].
    """
    d = skylines.shape[1]
    azimuth = np.radians(np.arange(d) * (360.0 / d) - convergence)
    ahead = np.outer(normals[:, 0], np.sin(azimuth)) + np.outer(normals[:, 1], np.cos(azimuth))
    up = np.broadcast_to(normals[:, 2:3], ahead.shape)
    # The plane cuts a direction at tan(e) = -ahead / up: seen above it where it faces up, else below it.
    low = np.where(up >= 0, np.arctan2(-ahead, up), 0.0)
    high = np.where(up >= 0, np.pi / 2, np.arctan2(ahead, -up))
    low = np.clip(np.maximum(low, np.radians(np.nan_to_num(skylines, nan=0.0))), 0.0, np.pi / 2)
    high = np.clip(high, 0.0, np.pi / 2)
    seen = np.maximum(np.sin(high) - np.sin(low), 0.0)
    return np.asarray(seen.sum(axis=1) * (2 * np.pi / d), np.float32)


def on_ground(scene: SunScene, xy: npt.ArrayLike, height: float = EYE) -> Float64:
    """(n, 3) points [m] a height over the top of the cells of positions (n, 2). Raises AnalysisError outside
    of the scene."""
    points = np.asarray(xy, np.float64).reshape(-1, 2)
    cells = _cells(scene, np.column_stack([points, np.zeros(len(points))]), "a viewpoint")
    column, row = np.round(cells[:, :2]).astype(int).T
    rows, columns = scene.shape
    top = scene.heights[np.clip(row, 0, rows - 1), np.clip(column, 0, columns - 1)]
    return np.column_stack([points, top + height])


def bend(curvature: bool, refraction: float = REFRACTION) -> float:
    """[1/m] by which a distance squared lowers what is there."""
    return (1.0 - refraction) / (2.0 * EARTH_RADIUS) if curvature else 0.0


def _start(scene: SunScene, viewpoint: npt.ArrayLike) -> tuple[float, float, float]:
    cells = _cells(scene, np.asarray(viewpoint, np.float64).reshape(1, 3), "the viewpoint")[0]
    column, row, height = (float(v) for v in cells)
    top = float(scene.heights[round(row), round(column)])
    if height < top - _TOLERANCE:
        raise AnalysisError(f"the viewpoint is at {height:.1f} m, below what stands there ({top:.1f} m)")
    return column, row, height


def _cells(scene: SunScene, points: Float64, what: str = "an end of the line") -> Float64:
    """(n, 3) fractional column and row, whole in the middles of cells, and height of points (n, 3)."""
    rows, columns = scene.shape
    column = (points[:, 0] - scene.west) / scene.cell_size - 0.5
    row = (scene.north - points[:, 1]) / scene.cell_size - 0.5
    cells = np.column_stack([column, row, points[:, 2]])
    low, high = np.array([-0.5, -0.5]), np.array([columns - 0.5, rows - 0.5])
    if not (np.isfinite(cells).all() and (cells[:, :2] >= low).all() and (cells[:, :2] <= high).all()):
        raise AnalysisError(f"{what} lies outside of the area that is looked at")
    cells[:, :2] = np.clip(cells[:, :2], 0, high - 0.5)
    return cells


def _interpolated(heights: Float32, at: Float64) -> Float64:
    """(k,) heights at fractional columns and rows (k, 2), bilinear."""
    from twin.raster import bilinear

    return bilinear(heights, at[:, 1], at[:, 0]).astype(np.float64)


@njit(cache=True, nogil=True, error_model="numpy")  # type: ignore[untyped-decorator]
def blocked(
    z: Any, x0: float, y0: float, h0: float, x1: float, y1: float, h1: float, cell: float, clear: float,
    fall: float,
) -> bool:  # fmt: skip
    """Whether something stands over the line from column x0, row y0, height h0 to x1, y1, h1. clear: cells at
    both ends that do not count; fall: see `bend`, of distances from the first end."""
    dx = x1 - x0
    dy = y1 - y0
    length = np.sqrt(dx * dx + dy * dy)
    if length <= 2 * clear:
        return False
    drop = fall * (length * cell) ** 2
    rise = h1 - drop - h0
    across = abs(dx) >= abs(dy)
    major = dx if across else dy
    start = x0 if across else y0
    sign = 1.0 if major > 0 else -1.0
    first = np.floor(start) + 1.0 if sign > 0 else np.ceil(start) - 1.0
    steps = int(np.floor(abs(start + major - first))) + 1
    if (start + major - first) * sign < 0:
        return False
    for k in range(steps):
        position = first + sign * k
        t = (position - start) / major
        away = t * length
        if away < clear:
            continue
        if length - away < max(clear, 1e-9):
            return False
        other = (y0 if across else x0) + t * (dy if across else dx)
        below = int(np.floor(other))
        part = other - below
        i = int(position)
        if across:
            low = z[below, i]
            high = z[below + 1, i] if part > 0.0 else low
        else:
            low = z[i, below]
            high = z[i, below + 1] if part > 0.0 else low
        top = low + part * (high - low) - fall * (away * cell) ** 2
        if top > h0 + t * rise + 1e-3:
            return True
    return False


@njit(parallel=True, cache=True, nogil=True, error_model="numpy")  # type: ignore[untyped-decorator]
def _viewshed(
    z: Any,
    column: float,
    row: float,
    eye: float,
    above: float,
    far: float,
    cell: float,
    fall: float,
    seen: Any,
) -> None:
    rows, columns = z.shape
    for i in prange(rows):
        for j in range(columns):
            dx = j - column
            dy = i - row
            away = dx * dx + dy * dy
            if away > far * far:
                continue
            seen[i, j] = away < 0.5 or not blocked(
                z, column, row, eye, float(j), float(i), z[i, j] + above, cell, 0.0, fall
            )


@njit(parallel=True, cache=True, nogil=True, error_model="numpy")  # type: ignore[untyped-decorator]
def _landmark(
    z: Any, points: Any, facing: Any, samples: Any, outward: Any, weights: Any, scale: Any, clear: float,
    fall: float, share: Any,
) -> None:  # fmt: skip
    for i in prange(len(points)):
        seen = 0.0
        all_ = 0.0
        for k in range(len(samples)):
            before = 0.0
            turned = 0.0
            for axis in range(3):
                way = (samples[k, axis] - points[i, axis]) * scale[axis]
                before += facing[i, axis] * way
                turned += outward[k, axis] * way
            if turned > 0.0:
                continue
            all_ += weights[k]
            if before <= 0.0:
                continue
            if not blocked(
                z, points[i, 0], points[i, 1], points[i, 2], samples[k, 0], samples[k, 1], samples[k, 2],
                scale[0], clear, fall,
            ):  # fmt: skip
                seen += weights[k]
        share[i] = seen / all_ if all_ > 0.0 else np.nan


def share_seen(masks: Sequence[npt.NDArray[np.bool_]]) -> Float32:
    """(rows, columns) share of some viewsheds that have each cell."""
    total = np.zeros(masks[0].shape, np.float32)
    for mask in masks:
        total += mask
    return np.asarray(total / len(masks), np.float32)
