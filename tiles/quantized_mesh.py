"""The bytes of one terrain tile: quantized-mesh-1.0 with oct-encoded vertex normals.

Layout: header (centre, height range, bounding sphere, horizon occlusion point), vertices as zigzag deltas
of 16-bit u, v, height, triangle indices in high-water-mark encoding, indices along the four edges, and the
extension. See the quantized-mesh specification of CesiumGS.
"""

from __future__ import annotations

import struct
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from citygml.crs import geographic_to_ecef

Float64: TypeAlias = npt.NDArray[np.float64]
Indices: TypeAlias = npt.NDArray[np.intp]

STEPS = 32767
_RADII = np.array([6378137.0, 6378137.0, 6356752.314245179])  # WGS 84 [m]


def encode(
    bounds: tuple[float, float, float, float],
    uv: Float64,
    heights: Float64,
    triangles: Indices,
    normals: Float64,
) -> bytes:
    """One tile.

    bounds: (west, south, east, north) [degrees]. uv: (n, 2) position within them, 0..1 from the south-west.
    heights: (n,) above the ellipsoid [m]. triangles: (t, 3) counterclockwise from above; every vertex is in
    one. normals: (n, 3) unit vectors in ECEF.
    """
    west, south, east, north = bounds
    order, triangles = _by_first_use(triangles, len(uv))
    uv, heights, normals = uv[order], heights[order], normals[order]
    low, high = float(np.float32(heights.min())), float(np.float32(heights.max()))
    longitude, latitude = west + uv[:, 0] * (east - west), south + uv[:, 1] * (north - south)
    ecef = geographic_to_ecef(np.column_stack([longitude, latitude, heights]))
    center = (ecef.min(axis=0) + ecef.max(axis=0)) / 2
    radius = float(np.sqrt(((ecef - center) ** 2).sum(axis=1).max()))
    quantized = np.empty((3, len(uv)), np.int32)
    quantized[:2] = np.rint(uv.T * STEPS)
    quantized[2] = np.clip(np.rint((heights - low) / max(high - low, 1e-9) * STEPS), 0, STEPS)
    parts = [
        struct.pack("<3d2f4d3d", *center, low, high, *center, radius, *_horizon_point(ecef, center)),
        struct.pack("<I", len(uv)),
        _zigzag(np.diff(quantized, prepend=0)).astype("<u2").tobytes(),
    ]
    index = np.dtype("<u2") if len(uv) <= 65536 else np.dtype("<u4")
    if index.itemsize == 4 and sum(map(len, parts)) % 4:
        parts.append(b"\0\0")
    parts += [struct.pack("<I", len(triangles)), _high_water_mark(triangles.ravel()).astype(index).tobytes()]
    u, v = quantized[0], quantized[1]
    # The order in which Cesium walks round the tile: west northward, south westward, and so on.
    for edge, key in ((u == 0, v), (v == 0, -u), (u == STEPS, -v), (v == STEPS, u)):
        along = np.flatnonzero(edge)
        along = along[np.argsort(key[along], kind="stable")]
        parts += [struct.pack("<I", len(along)), along.astype(index).tobytes()]
    parts += [struct.pack("<BI", 1, 2 * len(uv)), _oct(normals).tobytes()]
    return b"".join(parts)


def _by_first_use(triangles: Indices, count: int) -> tuple[Indices, Indices]:
    """The vertices in the order in which the triangles first name them, and the triangles renumbered."""
    used, first = np.unique(triangles, return_index=True)
    order = used[np.argsort(first)]
    rank = np.empty(count, np.intp)
    rank[order] = np.arange(len(order))
    return order, rank[triangles]


def _high_water_mark(indices: Indices) -> Indices:
    """The highest index before each one, plus one, minus the index (0 for a new vertex)."""
    before = np.maximum.accumulate(np.concatenate([[-1], indices[:-1]]))
    code: Indices = before + 1 - indices
    return code


def _zigzag(values: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    return (values << 1) ^ (values >> 31)


def _oct(normals: Float64) -> npt.NDArray[np.uint8]:
    """(n, 2) uint8, unit vectors on the octahedron (Z. H. Cigolle et al., 2014, JCGT 3(2))."""
    flat = normals[:, :2] / np.abs(normals).sum(axis=1, keepdims=True)
    folded = (1 - np.abs(flat[:, ::-1])) * np.where(flat < 0, -1.0, 1.0)
    flat = np.where(normals[:, 2:] < 0, folded, flat)
    return np.rint((np.clip(flat, -1, 1) * 0.5 + 0.5) * 255).astype(np.uint8)


def _horizon_point(ecef: Float64, center: Float64) -> Float64:
    """(3,) the point above the centre, in units of the ellipsoid's radii, that sinks below the horizon
    only where every vertex has (K. Ring, "Horizon culling", 2013). Far out when no such point exists."""
    direction: Float64 = center / _RADII
    direction = direction / np.linalg.norm(direction)
    scaled = ecef / _RADII
    magnitude = np.maximum(np.linalg.norm(scaled, axis=1), 1.0)
    unit = scaled / magnitude[:, None]
    cos_alpha = unit @ direction
    sin_alpha = np.linalg.norm(np.cross(unit, direction), axis=1)
    cos_beta = 1 / magnitude
    sin_beta = np.sqrt(1 - cos_beta**2)
    below = cos_alpha * cos_beta - sin_alpha * sin_beta
    nearest: Float64 = direction / max(float(below.min()), 1e-6)
    return nearest
