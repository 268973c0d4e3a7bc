"""Areas and normals of surfaces held as arrays."""

from __future__ import annotations

import numpy as np

from citygml.model import Float64, Geometry, Int32

NO_AREA = 1e-10
"""[m²] a polygon below it has no direction, and is not drawn."""


def ring_vectors(vertices: Float64, rings: Int32) -> Float64:
    """(r, 3) float64 area vectors of r rings: half the Newell sum, pointing to the side from which the ring
    runs anticlockwise; the length is the area of a planar ring.

    vertices: (n, 3), rings: (r + 1,) offsets. Source: I. E. Sutherland, R. F. Sproull and R. A. Schumacker,
    "A Characterization of Ten Hidden-Surface Algorithms" (1974), after M. E. Newell.
    """
    count = len(rings) - 1
    if count <= 0 or not len(vertices):
        return np.zeros((max(count, 0), 3))
    lengths = np.diff(rings)
    owner = np.repeat(np.arange(count), lengths)
    # From the ring's first vertex, so that large coordinates do not cost digits.
    local = vertices[rings[0] : rings[-1]] - vertices[np.minimum(rings[:-1], len(vertices) - 1)][owner]
    following = np.arange(1, len(local) + 1)
    ends = rings[1:] - rings[0]
    filled = lengths > 0
    following[ends[filled] - 1] = (rings[:-1] - rings[0])[filled]
    cross = np.cross(local, local[following])
    sums = [np.bincount(owner, cross[:, axis], count) for axis in range(3)]
    return np.stack(sums, axis=1) / 2


def newell(vertices: Float64, rings: Int32, polygons: Int32) -> tuple[Float64, Float64]:
    """Unit normals (p, 3) and areas (p,) [m²] of polygons, by Newell's method; zero where there is no area.

    The normal is that of the exterior ring; holes reduce the area whichever way they turn.
    """
    vectors = ring_vectors(vertices, rings)
    exterior = vectors[polygons[:-1]]
    length = np.linalg.norm(exterior, axis=1)
    some = length > NO_AREA
    normals = np.divide(exterior, length[:, None], out=np.zeros_like(exterior), where=some[:, None])
    owner = np.repeat(np.arange(len(polygons) - 1), np.diff(polygons))
    along = np.abs(np.einsum("ij,ij->i", vectors, normals[owner]))
    total = np.bincount(owner, along, len(length))
    return normals, np.maximum(2.0 * length * some - total, 0.0)


def polygon_areas(g: Geometry, scale: tuple[float, float, float] = (1.0, 1.0, 1.0)) -> Float64:
    """(p,) float64 [m²], exterior less holes; `scale` is metres per unit of each axis."""
    return newell(g.vertices * scale, g.rings, g.polygons)[1]
