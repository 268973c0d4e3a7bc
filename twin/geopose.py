"""Positions and orientations as OGC GeoPose 1.0 (OGC 21-056r11), Basic-Quaternion.

The outer frame is the local tangent plane at the position: x east, y north, z up. The quaternion turns the
inner frame into it: a vector v of the thing itself is q v q* in east, north, up.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from citygml.crs import Georeference, frame_matrix
from citygml.model import Float64


def basic_quaternion(
    longitude: float, latitude: float, height: float, turn: Float64 | None = None
) -> dict[str, Any]:
    """A GeoPose of a position [degrees] at a height above the ellipsoid of WGS 84 [m].

    turn: (3, 3) from the thing's own axes to east, north, up; None for a thing whose axes these are.
    """
    x, y, z, w = (0.0, 0.0, 0.0, 1.0) if turn is None else quaternion(turn)
    return {
        "position": {"lat": round(latitude, 9), "lon": round(longitude, 9), "h": round(height, 4)},
        "quaternion": {"x": x, "y": y, "z": z, "w": w},
    }


def quaternion(turn: Float64) -> tuple[float, float, float, float]:
    """x, y, z, w of a rotation matrix (3, 3), of length 1 and with w of at least 0 (Shepperd 1978)."""
    m = turn
    squares = np.array([m[0, 0], m[1, 1], m[2, 2], m.trace()])
    largest = int(np.argmax(squares))
    if largest == 3:
        q = np.array([m[2, 1] - m[1, 2], m[0, 2] - m[2, 0], m[1, 0] - m[0, 1], 1.0 + m.trace()])
    else:
        i, j, k = largest, (largest + 1) % 3, (largest + 2) % 3
        q = np.empty(4)
        q[i] = 1.0 + m[i, i] - m[j, j] - m[k, k]
        q[j], q[k] = m[j, i] + m[i, j], m[k, i] + m[i, k]
        q[3] = m[k, j] - m[j, k]
    q /= np.linalg.norm(q) * (-1.0 if q[3] < 0 else 1.0)
    x, y, z, w = np.round(q, 9) + 0.0
    return float(x), float(y), float(z), float(w)


def turn_of(matrix: Float64, angle: float) -> Float64 | None:
    """(3, 3) from a thing's own axes to east, north, up. matrix: (4, 4) how it is turned in the city's axes.
    angle: of these axes there, by `grid_angles`. None for a matrix that is no rotation, such as a mirror."""
    sides, sizes, axes = np.linalg.svd(matrix[:3, :3])
    rotation = sides @ axes
    if sizes[-1] <= 1e-9 or np.linalg.det(rotation) < 0:
        return None
    cos, sin = np.cos(angle), np.sin(angle)
    return np.asarray(np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]]) @ rotation)


def grid_angles(place: Georeference, at: Float64) -> Float64:
    """(n,) how far the axes of the city's map are turned against east and north, counterclockwise [rad], at
    places (n, 3) in its coordinates: its y axis is true north only on the central meridian."""
    step = 1e-5 if place.crs.is_geographic else 1.0
    along = place.to_ecef(at + [0.0, step, 0.0]) - place.to_ecef(at)
    frames = np.array([frame_matrix(where)[:3, :3] for where in place.to_geographic(at)])
    east, north, _ = np.einsum("ni,nij->jn", along, frames.reshape(-1, 3, 3))
    return np.asarray(np.arctan2(-east, north))
