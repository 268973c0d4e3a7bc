"""Volumes of what faces enclose, and whether they enclose anything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from analysis.energy.zones import Float64
from analysis.scene.zones.faces import UPRIGHT, Faces

CLOSED = 0.01
"""The faces of a closed body cancel as vectors to this share of their area."""
EVEN = 0.02
"""Its volume comes out the same along all three axes to this share."""
EMPTY = 0.1
"""A body of less volume is none [m³]."""


@dataclass(frozen=True)
class Solids:
    """Of b bodies. volume: (b,) [m³]. closed: (b,), a missing floor apart. sideless: (b,) open because walls
    are missing, with roof and floor alike. missing_floor: (b,) area that a floor is missing of [m²]. low:
    (b,) lowest point [m], inf without faces. level: (p,) the mean height of each face [m]."""

    volume: Float64
    closed: npt.NDArray[np.bool_]
    sideless: npt.NDArray[np.bool_]
    missing_floor: Float64
    low: Float64
    level: Float64


def solids(faces: Faces, weight: Float64) -> Solids:
    """The volumes of all bodies by the divergence theorem: V is the integral of x n_x, of y n_y and of z n_z
    over closed faces, and their mean is taken. Inner shells face into their hollow and are subtracted.

    A body without a floor is closed by one at its lowest point. Where faces do not cancel or the three
    integrals differ, the body is open. If what looks up and what looks down cancel, or but for the floor, the
    integral of z n_z is its volume whatever walls it lacks; else that between what looks up and its lowest
    point, or, without a roof, what looks down times its height. weight: (p,) 1, or 0 for faces that lie on
    others.
    """
    low = np.full(faces.bodies, np.inf)
    high = np.full(faces.bodies, -np.inf)
    np.minimum.at(low, faces.body, faces.low)
    np.maximum.at(high, faces.body, faces.high)
    reference = np.zeros((faces.bodies, 3))
    reference[faces.body[::-1]] = faces.vertices[faces.rings[faces.polygons[:-1]]][::-1]
    reference[:, 2] = np.where(np.isfinite(low), low, 0.0)
    flux, vectors = fluxes(faces, reference[faces.body])
    slope = np.abs(vectors[:, 2]) > UPRIGHT * faces.areas
    level = (faces.low + faces.high) / 2
    level[slope] = reference[faces.body[slope], 2] + flux[slope, 2] / vectors[slope, 2]
    flux *= weight[:, None]
    vectors *= weight[:, None]

    def total(values: Float64) -> Float64:
        return np.bincount(faces.body, values, faces.bodies).astype(np.float64)

    area = total(faces.areas * weight)
    rest = np.column_stack([total(vectors[:, axis]) for axis in range(3)])
    along = np.column_stack([total(flux[:, axis]) for axis in range(3)])
    mean = along.mean(axis=1)
    across = np.hypot(rest[:, 0], rest[:, 1]) <= CLOSED * area
    even = np.ptp(along, axis=1) <= EVEN * np.abs(mean) + EMPTY
    floorless = rest[:, 2] > CLOSED * area
    upright = (np.abs(rest[:, 2]) <= CLOSED * area) | floorless

    up = vectors[:, 2] > 0
    over = total(np.where(up, flux[:, 2], 0.0))
    below = -total(np.where(up, 0.0, vectors[:, 2]))
    guessed = np.where(over > EMPTY, over, below * np.where(np.isfinite(low), high - low, 0.0))
    closed = across & even & upright & (mean > EMPTY)
    volume = np.where(closed, mean, np.where(upright & (along[:, 2] > EMPTY), along[:, 2], guessed))
    volume[volume < EMPTY] = 0.0
    uneven = np.abs(along[:, 0] - along[:, 1]) > EVEN * np.abs(mean) + EMPTY
    sideless = ~closed & upright & (~across | uneven)
    missing = np.where(floorless & (closed | sideless), rest[:, 2], 0.0)
    return Solids(volume, closed, sideless, missing, low, level)


def fluxes(faces: Faces, reference: Float64) -> tuple[Float64, Float64]:
    """(p, 3) integrals of x n_x, y n_y and z n_z over each face [m³], from reference (p, 3), and (p, 3) area
    vectors [m²]."""
    flux, vectors = np.zeros((len(faces), 3)), np.zeros((len(faces), 3))
    _fluxes(faces.vertices, faces.rings, faces.polygons, faces.normals, reference, flux, vectors)
    return flux, vectors


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _fluxes(
    vertices: Any, rings: Any, polygons: Any, normals: Any, reference: Any, flux: Any, vectors: Any
) -> None:
    """Each ring as a fan from its first vertex; holes count against, whichever way they run."""
    for p in range(len(polygons) - 1):
        for ring in range(polygons[p], polygons[p + 1]):
            first = rings[ring]
            part = np.zeros(3)
            through = np.zeros(3)
            for k in range(first + 1, rings[ring + 1] - 1):
                a = vertices[k] - vertices[first]
                b = vertices[k + 1] - vertices[first]
                cross = np.array(
                    (
                        (a[1] * b[2] - a[2] * b[1]) / 2.0,
                        (a[2] * b[0] - a[0] * b[2]) / 2.0,
                        (a[0] * b[1] - a[1] * b[0]) / 2.0,
                    )
                )
                part += cross
                through += cross * (vertices[first] - reference[p] + (a + b) / 3.0)
            along = (part * normals[p]).sum()
            outer = ring == polygons[p]
            sign = 1.0 if outer or along < 0.0 else -1.0
            vectors[p] += sign * part
            flux[p] += sign * through
