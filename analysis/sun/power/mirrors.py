"""Compiled loops over receivers, mirrors and times: where the sun's image in a facade is seen."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, prange

_HOW: dict[str, Any] = {"cache": True, "nogil": True, "error_model": "numpy"}
_SKIPPED = 1.5
"""Cells at either end of a line of sight in which its own buildings stand."""


@njit(**_HOW)  # type: ignore[untyped-decorator]
def pairs(points: Any, facing: Any, origin: Any, normal: Any, centre: Any, radius: Any, reach: float) -> Any:
    """((n + 1,), (k,)) the mirrors in which each receiver might see the sun: both in front of one another and
    not farther apart than reach [m]; those of receiver i stand from the i-th number on.

    points, facing: (n, 3) receivers and their normals. origin, normal, centre: (m, 3) of the mirrors, radius
    (m,) around their centres [m].
    """
    n, m = len(points), len(origin)
    first = np.zeros(n + 1, np.int64)
    found = np.empty(0, np.int32)
    for filling in (False, True):
        at = 0
        for i in range(n):
            first[i] = at
            for k in range(m):
                x = points[i, 0] - centre[k, 0]
                y = points[i, 1] - centre[k, 1]
                z = points[i, 2] - centre[k, 2]
                far = reach + radius[k]
                if x * x + y * y + z * z > far * far:
                    continue
                front = (
                    (points[i, 0] - origin[k, 0]) * normal[k, 0]
                    + (points[i, 1] - origin[k, 1]) * normal[k, 1]
                    + (points[i, 2] - origin[k, 2]) * normal[k, 2]
                )
                seen = -(x * facing[i, 0] + y * facing[i, 1] + z * facing[i, 2]) + radius[k]
                if front > 1e-6 and seen > 0.0:
                    if filling:
                        found[at] = k
                    at += 1
        first[n] = at
        if not filling:
            found = np.empty(at, np.int32)
    return first, found


@njit(parallel=True, **_HOW)  # type: ignore[untyped-decorator]
def images(
    points: Any,
    facing: Any,
    first: Any,
    found: Any,
    normal: Any,
    origin: Any,
    along: Any,
    up: Any,
    shape: Any,
    start: Any,
    point_of: Any,
    lit: Any,
    sun: Any,
    strength: Any,
    apart: float,
    reach: float,
    heights: Any,
    west: float,
    north: float,
    cell: float,
    best: Any,
    mirror: Any,
) -> None:
    """Write for each receiver and time the strongest reflection (n, t) [W/m²] and the mirror (n, t) of it.

    origin, along, up: (m, 3) the first corner of each mirror's grid of texels and its steps; shape: (m, 2)
    rows and columns; start: (m,) its first texel; point_of: the target in each texel, -1 for none. lit:
    (t, targets) bool. sun: (t, 3) towards the sun. strength: (t, 91) of a reflection by whole degrees of
    incidence.
    apart: cosine of the least angle between the sun and its image.
    """
    for i in prange(len(points)):
        for j in range(len(sun)):
            best[i, j] = 0.0
            mirror[i, j] = -1
        for c in range(first[i], first[i + 1]):
            k = found[c]
            a, b, n = along[k], up[k], normal[k]
            width, height = np.dot(a, a), np.dot(b, b)
            front = np.dot(points[i] - origin[k], n)
            for j in range(len(sun)):
                cosine = sun[j, 0] * n[0] + sun[j, 1] * n[1] + sun[j, 2] * n[2]
                if cosine <= 1e-3:
                    continue
                if 1.0 - 2.0 * cosine * cosine > apart:
                    continue
                distance = front / cosine
                if distance > reach:
                    continue
                dx = sun[j, 0] - 2.0 * cosine * n[0]
                dy = sun[j, 1] - 2.0 * cosine * n[1]
                dz = sun[j, 2] - 2.0 * cosine * n[2]
                if dx * facing[i, 0] + dy * facing[i, 1] + dz * facing[i, 2] <= 0.0:
                    continue
                qx = points[i, 0] + distance * dx - origin[k, 0]
                qy = points[i, 1] + distance * dy - origin[k, 1]
                qz = points[i, 2] + distance * dz - origin[k, 2]
                column = int(np.floor((qx * a[0] + qy * a[1] + qz * a[2]) / width))
                row = int(np.floor((qx * b[0] + qy * b[1] + qz * b[2]) / height))
                if row < 0 or column < 0 or row >= shape[k, 0] or column >= shape[k, 1]:
                    continue
                target = point_of[start[k] + row * shape[k, 1] + column]
                if target < 0 or not lit[j, target]:
                    continue
                degrees = np.degrees(np.arccos(min(1.0, cosine)))
                low = int(degrees)
                power = strength[j, low] + (degrees - low) * (
                    strength[j, min(low + 1, 90)] - strength[j, low]
                )
                if power > best[i, j] and _clear(points[i], dx, dy, dz, distance, heights, west, north, cell):
                    best[i, j] = power
                    mirror[i, j] = k


@njit(**_HOW)  # type: ignore[untyped-decorator]
def _clear(
    point: Any,
    dx: float,
    dy: float,
    dz: float,
    distance: float,
    heights: Any,
    west: float,
    north: float,
    cell: float,
) -> bool:
    """Whether nothing of the height field stands between a point and the end of a line of sight."""
    level = np.sqrt(dx * dx + dy * dy)
    if level < 1e-9:
        return True
    step = 0.5 * cell / level
    at = _SKIPPED * cell / level
    rows, columns = heights.shape
    while at < distance - _SKIPPED * cell / level:
        column = int(np.floor((point[0] + at * dx - west) / cell))
        row = int(np.floor((north - point[1] - at * dy) / cell))
        if 0 <= row < rows and 0 <= column < columns and heights[row, column] > point[2] + at * dz:
            return False
        at += step
    return True
