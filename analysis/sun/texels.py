"""Grids of texels over polygons, and which of their middles lie inside."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, prange

from analysis.sun.scene import Float64, Int32, Surfaces


def axes(surfaces: Surfaces, chosen: Int32, level: float) -> tuple[Float64, Float64]:
    """(p, 3) unit vectors of chosen surfaces: along their horizontal, and up their slope.

    Seen from outside the first runs to the right. Surfaces whose normal points up (or down) by more than
    `level` have no horizontal of their own: there it runs along their longest edge.
    """
    n = surfaces.normals[chosen]
    along = np.zeros((len(n), 3))
    along[:, 0], along[:, 1] = -n[:, 1], n[:, 0]
    flat = np.abs(n[:, 2]) > level
    along[flat] = longest_edges(surfaces, chosen[flat])
    along -= n * np.einsum("ij,ij->i", along, n)[:, None]
    along /= np.linalg.norm(along, axis=1)[:, None]
    up = np.cross(n, along).astype(np.float64)
    return along, up


def longest_edges(surfaces: Surfaces, chosen: Int32) -> Float64:
    """(p, 3) the longest edge of each chosen surface's exterior ring."""
    first = surfaces.rings[surfaces.polygons[chosen]].astype(np.int64)
    count = surfaces.rings[surfaces.polygons[chosen] + 1] - first
    if not len(chosen):
        return np.zeros((0, 3))
    start = np.cumsum(count) - count
    owner = np.repeat(np.arange(len(chosen)), count)
    step = np.arange(len(owner)) - start[owner]
    here = surfaces.vertices[first[owner] + step]
    there = surfaces.vertices[first[owner] + (step + 1) % count[owner]]
    edge = there - here
    order = np.lexsort((np.einsum("ij,ij->i", edge, edge), owner))
    longest: Float64 = edge[order[start + count - 1]]
    return longest


def spans(surfaces: Surfaces, chosen: Int32, along: Float64, up: Float64) -> tuple[Float64, Float64]:
    """(p, 2) least and greatest measure of each chosen surface along its axes [m], from its first vertex."""
    low, high = np.empty((len(chosen), 2)), np.empty((len(chosen), 2))
    _spans(surfaces.vertices, surfaces.rings, surfaces.polygons, chosen, along, up, low, high)
    return low, high


@njit(parallel=True, cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _spans(
    vertices: Any, rings: Any, polygons: Any, chosen: Any, along: Any, up: Any, low: Any, high: Any
) -> None:
    for k in prange(len(chosen)):
        first = rings[polygons[chosen[k]]]
        last = rings[polygons[chosen[k]] + 1]
        low[k, :] = np.inf
        high[k, :] = -np.inf
        for i in range(first, last):
            a = 0.0
            b = 0.0
            for axis in range(3):
                d = vertices[i, axis] - vertices[first, axis]
                a += d * along[k, axis]
                b += d * up[k, axis]
            low[k, 0] = min(low[k, 0], a)
            high[k, 0] = max(high[k, 0], a)
            low[k, 1] = min(low[k, 1], b)
            high[k, 1] = max(high[k, 1], b)


@njit(parallel=True, cache=True, nogil=True)  # type: ignore[untyped-decorator]
def inside(
    vertices: Any, rings: Any, polygons: Any, chosen: Any, along: Any, up: Any, low: Any, size: Any,
    shape: Any, start: Any, found: Any, edges: Any,
) -> None:  # fmt: skip
    """found: (texels,) bool, set where a texel's middle lies in its polygon, by the even-odd rule over all of
    its rings. low: (p, 2) where the texels begin, size: (p, 2) of one [m], shape: (p, 2) rows and columns,
    start: (p + 1,) the first texel of each. edges: (p + 1,) room for crossings, as many as vertices."""
    crossings = np.empty(edges[len(chosen)])
    for k in prange(len(chosen)):
        polygon = chosen[k]
        origin = rings[polygons[polygon]]
        cut = crossings[edges[k] : edges[k + 1]]
        for i in range(shape[k, 0]):
            level = low[k, 1] + (i + 0.5) * size[k, 1]
            count = 0
            for ring in range(polygons[polygon], polygons[polygon + 1]):
                begin = rings[ring]
                end = rings[ring + 1]
                a0 = 0.0
                b0 = 0.0
                for axis in range(3):
                    d = vertices[end - 1, axis] - vertices[origin, axis]
                    a0 += d * along[k, axis]
                    b0 += d * up[k, axis]
                for vertex in range(begin, end):
                    a1 = 0.0
                    b1 = 0.0
                    for axis in range(3):
                        d = vertices[vertex, axis] - vertices[origin, axis]
                        a1 += d * along[k, axis]
                        b1 += d * up[k, axis]
                    if (b0 > level) != (b1 > level):
                        cut[count] = a0 + (level - b0) / (b1 - b0) * (a1 - a0)
                        count += 1
                    a0 = a1
                    b0 = b1
            cut[:count].sort()
            row = start[k] + i * shape[k, 1]
            for pair in range(count // 2):
                first = int(np.ceil((cut[2 * pair] - low[k, 0]) / size[k, 0] - 0.5))
                last = int(np.floor((cut[2 * pair + 1] - low[k, 0]) / size[k, 0] - 0.5))
                for j in range(max(first, 0), min(last, shape[k, 1] - 1) + 1):
                    found[row + j] = True
