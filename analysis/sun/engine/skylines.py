"""The skyline in front of targets on a height field, and how much of the sky stands above it.

A line is walked towards the viewer with the upper hull of what has been passed: seen from the next cell, the
skyline is where the hull touches the line of sight, and whatever lies below the hull is never seen again,
from no cell further on (J. Dozier, J. Bruno, P. Downey, "A faster solution to the horizon problem", Computers
& Geosciences 7(2), 1981, doi:10.1016/0098-3004(81)90026-1). So a field takes one pass per direction.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit, prange

from analysis.sun.engine.fronts import BURIED, Fronts
from analysis.sun.engine.lines import SINGLE, lines
from analysis.sun.engine.sweep import HOW, WALL
from analysis.sun.scene import Float32, Float64

_NEAREST = 0.05
"""Nothing is seen from nearer than this [cells]."""
_UPRIGHT = 1e-9


def add_open_sky(heights: Float32, cell_size: float, direction: Float64, lowest: float, sky: Float32) -> None:
    """Add to sky (rows, columns) float32 the cosine squared of the skyline's elevation over the tops of cells
    in a direction (east, north, ...), where it is at least `lowest` [tangent], the far horizon's."""
    way = lines((heights.shape[0], heights.shape[1]), direction, SINGLE)
    _open_sky(
        way.laid(heights), way.shift[0], way.reverse, np.float32(way.step * cell_size),
        np.float32(WALL * cell_size), np.float32(max(lowest, 0.0)), way.laid(sky),
    )  # fmt: skip


class Seen:
    """Targets in the order of their cells, so that a line finds those that look from it."""

    def __init__(self, place: Fronts, shape: tuple[int, int]) -> None:
        cells = shape[0] * shape[1]
        number = np.where(place.cell >= 0, place.cell, cells)
        counts = np.bincount(number, minlength=cells + 1)
        self.start: npt.NDArray[np.int32] = np.concatenate([[0], np.cumsum(counts[:-1])]).astype(np.int32)
        # within a cell from the lowest up: the line of sight then touches the hull ever farther away
        order = np.lexsort((place.height, number))[: self.start[-1]]
        self.order: npt.NDArray[np.int32] = order.astype(np.int32)
        self.place = place

    def tangents(self, heights: Float32, cell_size: float, direction: Float64) -> Float32:
        """(n,) tangents of the skyline's elevation in a direction (east, north, ...): zero where nothing
        stands above the level, and for targets outside of the field or buried in it."""
        way = lines((heights.shape[0], heights.shape[1]), direction, SINGLE)
        found = np.zeros(len(self.place), np.float32)
        ahead = self.place.east * np.float32(way.toward[0]) + self.place.north * np.float32(way.toward[1])
        number = self.start[:-1].reshape(heights.shape)
        end = self.start[1:].reshape(heights.shape)
        _tangents(
            way.laid(heights), way.shift[0], way.reverse, np.float32(way.step * cell_size),
            np.float32(WALL * cell_size), np.float32(_NEAREST * cell_size), way.laid(number), way.laid(end),
            self.order, self.place.height, ahead, found,
        )  # fmt: skip
        return found


def directions(count: int, first: float = 0.0) -> Float64:
    """(count, 2) east and north of equal steps of bearing, clockwise from the grid's north, the first one at
    so many degrees."""
    around = np.radians(first + np.arange(count) * (360.0 / count))
    return np.stack([np.sin(around), np.cos(around)], axis=1)


def add_view(place: Fronts, direction: Float64, tangent: Float32, width: float, sky: Float32) -> None:
    """Add to sky (n,) float32 the share of an even sky that targets see in a direction of bearing, of a width
    [radians], above a skyline of tangents (n,).

    With n the normal and w the direction to the sky at elevation e, it is the integral of max(0, n·w) cos e
    over e from the skyline to the zenith, over pi. In closed form the integrand's is
    cos b sin² e / 2 + sin b cos d (e / 2 + sin 2e / 4), b the tilt, d the bearing from the normal's own.
    """
    _add_view(place.runs, place.normals, direction, tangent, place.cell, width / np.pi, sky)


def own_plane(normals: Float64, direction: Float64) -> Float64:
    """(n,) elevation [degrees] up to which a surface's own plane hides the sky in a direction of bearing, of
    normals (n, 3); 90 where the sky is behind it."""
    up, ahead = normals[:, 2], normals[:, :2] @ direction
    rising = np.degrees(np.clip(np.arctan2(-ahead, np.maximum(up, 0.0)), 0.0, np.pi / 2))
    return np.where(up > _UPRIGHT, rising, np.where(ahead > _UPRIGHT, 0.0, 90.0))


@njit(**HOW)  # type: ignore[untyped-decorator]
def _pushed(x: Any, z: Any, far: Any, tall: Any, size: Any) -> Any:
    """Put a point nearer to the viewer on the hull, without those that it covers. Returns the hull's size."""
    while size >= 2 and (tall[size - 1] - z) * (x - far[size - 2]) <= (tall[size - 2] - z) * (
        x - far[size - 1]
    ):
        size -= 1
    far[size] = x
    tall[size] = z
    return size + 1


@njit(parallel=True, **HOW)  # type: ignore[untyped-decorator]
def _open_sky(z: Any, shift: Any, reverse: Any, step: Any, wall: Any, lowest: Any, sky: Any) -> None:
    steps, width = z.shape
    least = min(shift[0], shift[-1])
    most = max(shift[0], shift[-1])
    count = width + most - least
    for chunk in prange((count + 63) // 64):
        far = np.empty(2 * steps + 2, np.float32)
        tall = np.empty(2 * steps + 2, np.float32)
        for line in range(chunk * 64 - most, min((chunk + 1) * 64, count) - most):
            size = 0
            last = np.float32(-np.inf)
            for k in range(steps):
                column = line + shift[k]
                if column < 0 or column >= width:
                    continue
                i = steps - 1 - k if reverse else k
                here = z[i, column]
                x = np.float32(k) * step
                if last - here > wall:
                    size = _pushed(x - np.float32(0.5) * step, last, far, tall, size)
                size = _pushed(x, here, far, tall, size)
                tangent = lowest
                if size >= 2:
                    tangent = max(lowest, (tall[size - 2] - here) / (x - far[size - 2]))
                sky[i, column] += np.float32(1.0) / (np.float32(1.0) + tangent * tangent)
                last = here


@njit(parallel=True, **HOW)  # type: ignore[untyped-decorator]
def _tangents(
    z: Any, shift: Any, reverse: Any, step: Any, wall: Any, nearest: Any, start: Any, end: Any, order: Any,
    height: Any, ahead: Any, found: Any,
) -> None:  # fmt: skip
    steps, width = z.shape
    least = min(shift[0], shift[-1])
    most = max(shift[0], shift[-1])
    count = width + most - least
    for chunk in prange((count + 63) // 64):
        far = np.empty(2 * steps + 2, np.float32)
        tall = np.empty(2 * steps + 2, np.float32)
        for line in range(chunk * 64 - most, min((chunk + 1) * 64, count) - most):
            size = 0
            last = np.float32(-np.inf)
            for k in range(steps):
                column = line + shift[k]
                if column < 0 or column >= width:
                    continue
                i = steps - 1 - k if reverse else k
                here = z[i, column]
                x = np.float32(k) * step
                if last - here > wall:
                    size = _pushed(x - np.float32(0.5) * step, last, far, tall, size)
                for m in range(start[i, column], end[i, column]):
                    n = order[m]
                    at = x - ahead[n]
                    # the slope to the hull's points rises to the one that is touched, then falls
                    best = np.float32(-np.inf)
                    for p in range(size - 1, -1, -1):
                        slope = (tall[p] - height[n]) / max(at - far[p], nearest)
                        if slope < best:
                            break
                        best = slope
                    found[n] = max(best, np.float32(0.0))
                size = _pushed(x, here, far, tall, size)
                last = here


@njit(parallel=True, **HOW)  # type: ignore[untyped-decorator]
def _add_view(runs: Any, normals: Any, direction: Any, tangent: Any, cell: Any, share: Any, sky: Any) -> None:
    for run in prange(len(runs) - 1):
        up = normals[run, 2]
        ahead = normals[run, 0] * direction[0] + normals[run, 1] * direction[1]
        low = 0.0
        high = 0.5 * np.pi
        if up > _UPRIGHT:
            low = max(low, np.arctan2(-ahead, up))
        elif ahead <= _UPRIGHT:
            continue
        elif up < -_UPRIGHT:
            high = np.arctan2(ahead, -up)
        most = up * np.sin(high) ** 2 / 2 + ahead * (high / 2 + np.sin(2 * high) / 4)
        for n in range(runs[run], runs[run + 1]):
            if cell[n] == BURIED:
                continue
            e = max(low, np.arctan(tangent[n]))
            if e < high:
                least = up * np.sin(e) ** 2 / 2 + ahead * (e / 2 + np.sin(2 * e) / 4)
                sky[n] += np.float32(share * (most - least))
