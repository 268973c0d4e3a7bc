"""Polygons to triangles, for a whole batch at once.

Most polygons of a city can be cut as a fan from one of their vertices; those are done together in
NumPy. What is left goes to earcut, one polygon at a time, and where earcut does not fill the polygon's
area, or wrinkles one that is not plane, to shapely's constrained Delaunay triangulation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from citygml.geometry import NO_AREA, newell
from citygml.model import Float64, Int32

Index: TypeAlias = npt.NDArray[np.intp]

AREA_TOLERANCE = 1e-3  # share of a polygon's area by which its triangles may differ from it
_FLAT = 1e-7  # triangles below this share of their polygon's area are dropped (collinear vertices)


@dataclass(slots=True)
class Triangulation:
    """corners: (t, 3) int32 into the vertices, counter-clockwise about the polygon's normal.
    polygon: (t,) int32, the polygon of each triangle, ascending.
    normals: (p, 3) float64 unit vectors, zero for a polygon without area. areas: (p,) float64 [m²].
    failed: (k,) int32, polygons whose triangles do not add up to their area."""

    corners: Int32
    polygon: Int32
    normals: Float64
    areas: Float64
    failed: Int32


def triangulate(vertices: Float64, rings: Int32, polygons: Int32) -> Triangulation:
    """Cut polygons into triangles. `vertices` in metres, offsets as in `citygml.model.Geometry`;
    no ring may be empty."""
    normals, areas = newell(vertices, rings, polygons)
    sizes = rings[polygons[1:]] - rings[polygons[:-1]]
    drawable = (areas > NO_AREA) & (sizes >= 3)
    fanned = np.flatnonzero(drawable & (np.diff(polygons) == 1))
    corners, owner, good = _fans(
        vertices, rings[polygons[fanned]], sizes[fanned], normals[fanned], areas[fanned]
    )
    rest = drawable.copy()
    rest[fanned[good]] = False
    parts, owners = [corners], [fanned[owner]]
    failed: list[int] = []
    left = np.flatnonzero(rest)
    if len(left):
        cut, cut_owner, failed = _one_by_one(vertices, rings, polygons, left, normals, areas)
        parts.append(cut)
        owners.append(cut_owner)
    every = np.concatenate(parts)
    polygon = np.concatenate(owners)
    order = np.argsort(polygon, kind="stable")
    return Triangulation(
        every[order].astype(np.int32),
        polygon[order].astype(np.int32),
        normals,
        areas,
        np.array(failed, np.int32),
    )


def triangle_areas(vertices: Float64, corners: Int32 | Index, normals: Float64 | None = None) -> Float64:
    """(t,) float64 [m²]; with `normals` (t, 3) the signed area seen along them."""
    a = vertices[corners[:, 0]]
    cross = np.cross(vertices[corners[:, 1]] - a, vertices[corners[:, 2]] - a)
    if normals is None:
        return np.asarray(0.5 * np.linalg.norm(cross, axis=1))
    return np.asarray(0.5 * np.einsum("ij,ij->i", cross, normals))


def _fans(
    vertices: Float64, starts: Int32, sizes: Int32, normals: Float64, areas: Float64
) -> tuple[Index, Index, npt.NDArray[np.bool_]]:
    """Fans, one per ring: corners (t, 3), owner (t,) and, per ring, whether
    the fan fills it. Only triangles of rings that are filled are given."""
    if not len(starts):
        return np.zeros((0, 3), np.intp), np.zeros(0, np.intp), np.zeros(0, bool)
    apex = _apexes(vertices, starts, sizes, normals)
    counts = sizes - 2
    ends = np.cumsum(counts)
    owner = np.repeat(np.arange(len(starts)), counts)
    step = np.arange(ends[-1]) - np.repeat(ends - counts, counts) + 1
    size, start = sizes[owner], starts[owner]
    corners = np.empty((len(owner), 3), np.intp)
    for k, offset in enumerate((apex[owner], apex[owner] + step, apex[owner] + step + 1)):
        corners[:, k] = start + offset % size
    signed = triangle_areas(vertices, corners, normals[owner])
    least = np.minimum.reduceat(signed, ends - counts)
    good = least > -_FLAT * areas
    keep = good[owner] & (signed > _FLAT * areas[owner])
    return corners[keep], owner[keep], good


def _apexes(vertices: Float64, starts: Int32, sizes: Int32, normals: Float64) -> Index:
    """Per ring the place (from its start) from which to fan: where it turns most against its normal, or,
    when it never does, its lowest vertex (neighbouring walls cut alike take fewer bytes)."""
    ends = np.cumsum(sizes)
    owner = np.repeat(np.arange(len(starts)), sizes)
    place = np.arange(ends[-1]) - np.repeat(ends - sizes, sizes)
    start, size = starts[owner], sizes[owner]
    here = vertices[start + place]
    into = here - vertices[start + (place - 1) % size]
    out = vertices[start + (place + 1) % size] - here
    turn = np.einsum("ij,ij->i", np.cross(into, out), normals[owner])
    least = np.minimum.reduceat(turn, ends - sizes)
    rank = np.where(least[owner] < 0, turn, here @ np.array([1e-3, 7e-4, 1.0]))
    lowest = np.minimum.reduceat(rank, ends - sizes)
    found = np.flatnonzero(rank == lowest[owner])
    first = found[np.unique(owner[found], return_index=True)[1]]
    return np.asarray(place[first])


def _one_by_one(
    vertices: Float64,
    rings: Int32,
    polygons: Int32,
    which: Index,
    normals: Float64,
    areas: Float64,
) -> tuple[Index, Index, list[int]]:
    """Corners, owner and the polygons that no way of cutting fills.

    Where a polygon is not plane, thin triangles may stand up in it: their area in space tells.
    """
    from mapbox_earcut import triangulate_float64

    first, last = polygons[which], polygons[which + 1]
    starts, sizes = rings[first], rings[last] - rings[first]
    flat = _flattened(vertices, starts, sizes, normals[which])
    begin = np.cumsum(sizes) - sizes
    parts = [
        triangulate_float64(
            flat[at : at + size], (rings[one + 1 : end + 1] - start).astype(np.uint32)
        ).reshape(-1, 3)
        for at, size, one, end, start in zip(
            begin.tolist(), sizes.tolist(), first.tolist(), last.tolist(), starts.tolist(), strict=True
        )
    ]
    counts = np.array([len(p) for p in parts])
    owner = np.repeat(np.arange(len(which)), counts)
    corners = np.concatenate(parts).astype(np.intp) + starts[owner][:, None]
    corners, signed = _facing(vertices, corners, normals[which][owner])
    covered = np.bincount(owner, weights=signed, minlength=len(which))
    in_space = np.bincount(owner, weights=triangle_areas(vertices, corners), minlength=len(which))
    unfilled = ~(np.abs(covered - areas[which]) <= AREA_TOLERANCE * areas[which])
    wrinkled = in_space > (1 + AREA_TOLERANCE) * areas[which]
    failed: list[int] = []
    for k in np.flatnonzero(unfilled | wrinkled).tolist():
        polygon = int(which[k])
        ends = rings[first[k] + 1 : last[k] + 1] - starts[k]
        other = _delaunay(flat[begin[k] : begin[k] + sizes[k]], ends)
        if other is not None:
            facing = np.broadcast_to(normals[polygon], (len(other), 3))
            other, signed = _facing(vertices, other + int(starts[k]), facing)
            fills = abs(signed.sum() - areas[polygon]) <= AREA_TOLERANCE * areas[polygon]
            if fills and (unfilled[k] or triangle_areas(vertices, other).sum() < in_space[k]):
                keep = owner != k
                corners = np.concatenate([corners[keep], other])
                owner = np.concatenate([owner[keep], np.full(len(other), k)])
                continue
        if unfilled[k]:
            failed.append(polygon)
    return corners, which[owner], failed


def _flattened(vertices: Float64, starts: Int32, sizes: Int32, normals: Float64) -> Float64:
    """(k, 2) float64: the polygons' vertices from their first one, without the axis nearest their normal."""
    owner = np.repeat(np.arange(len(starts)), sizes)
    place = np.arange(len(owner)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    local = vertices[starts[owner] + place] - vertices[starts[owner]]
    kept = np.array([[1, 2], [0, 2], [0, 1]])[np.argmax(np.abs(normals), axis=1)][owner]
    return np.ascontiguousarray(np.take_along_axis(local, kept, axis=1))


def _facing(vertices: Float64, corners: Index, normals: Float64) -> tuple[Index, Float64]:
    """Triangles turned to face along their polygon's normal, and their areas seen along it [m²]."""
    signed = triangle_areas(vertices, corners, normals)
    away = signed < 0
    corners[away] = corners[away][:, [0, 2, 1]]
    return corners, np.abs(signed)


def _delaunay(flat: Float64, ends: Int32) -> Index | None:
    """Constrained Delaunay triangles of a valid polygon as (t, 3) indices, or None when it is not valid."""
    import shapely

    loops = np.split(flat, ends[:-1])
    if any(len(loop) < 3 for loop in loops):
        return None
    shape = shapely.Polygon(loops[0], loops[1:])
    if not shape.is_valid:
        return None
    places = {tuple(point): index for index, point in reversed(list(enumerate(flat.tolist())))}
    triangles = shapely.get_parts(shapely.constrained_delaunay_triangles(shape))
    corners = shapely.get_coordinates(triangles).reshape(-1, 4, 2)[:, :3].reshape(-1, 2)
    try:
        return np.array([places[tuple(point)] for point in corners.tolist()], np.intp).reshape(-1, 3)
    except KeyError:
        return None
