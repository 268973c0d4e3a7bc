"""The plane of every polygon: area vector, best-fitting axes, thickness, and its rings in that plane."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from citygml.model import Float64
from citygml.validate.faces import Faces, Ints, spread_by, sum_by


@dataclass(slots=True)
class Planes:
    """area: (r, 3) float64 [m2], half Newell sum of each ring, which points to the side from which the
    ring runs counter-clockwise. axes: (p, 3, 3), rows are the directions of greatest, middle and least
    spread of the polygon's points; the last is the normal, on the side of the exterior ring's area
    vector. extent: (p, 3) [m], spread along each axis; flat: (n, 2) [m], the points in the plane.
    following: (n,) index of each point's successor in its ring."""

    area: Float64
    axes: Float64
    extent: Float64
    flat: Float64
    following: Ints

    @property
    def normals(self) -> Float64:
        return self.axes[:, 2]


def fit_planes(faces: Faces) -> Planes:
    """Planes by principal axes of the points of each polygon (all rings), vectorised over the batch."""
    points, n = faces.points, len(faces.points)
    ring_of_point = faces.ring_of_point
    polygon_of_ring = faces.polygon_of_ring
    polygon_count = len(faces.polygons) - 1
    following = np.arange(1, n + 1)
    filled = np.diff(faces.rings) > 0
    following[faces.rings[1:][filled] - 1] = faces.rings[:-1][filled]

    relative = points - points[faces.rings[:-1][ring_of_point]] if n else points
    cross = np.cross(relative, relative[following]) if n else relative
    area = 0.5 * sum_by(ring_of_point, cross, len(faces.rings) - 1)

    polygon_of_point = polygon_of_ring[ring_of_point]
    size = np.bincount(polygon_of_point, minlength=polygon_count)
    mean = sum_by(polygon_of_point, points, polygon_count) / np.maximum(size, 1)[:, None]
    centred = points - mean[polygon_of_point]
    products = (centred[:, :, None] * centred[:, None, :]).reshape(n, 9)
    covariance = sum_by(polygon_of_point, products, polygon_count).reshape(-1, 3, 3)
    _, vectors = np.linalg.eigh(covariance)
    axes = vectors[:, :, ::-1].transpose(0, 2, 1).copy()

    exterior = np.zeros((polygon_count, 3))
    has_ring = np.diff(faces.polygons) > 0
    exterior[has_ring] = area[faces.polygons[:-1][has_ring]]
    axes[np.einsum("ij,ij->i", axes[:, 2], exterior) < 0, 2] *= -1
    left_handed = np.einsum("ij,ij->i", np.cross(axes[:, 0], axes[:, 1]), axes[:, 2]) < 0
    axes[left_handed, 1] *= -1

    local = np.einsum("nij,nj->ni", axes[polygon_of_point], centred)
    offsets = faces.rings[faces.polygons]
    return Planes(area, axes, spread_by(offsets, local), np.ascontiguousarray(local[:, :2]), following)
