"""Where buildings touch: the exact area that facing, coplanar faces of different bodies share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import shapely

from analysis.energy.zones import Float64
from analysis.scene.zones.faces import UPRIGHT, Faces, ranges

Int64: TypeAlias = npt.NDArray[np.int64]
Shapes: TypeAlias = npt.NDArray[np.object_]

GAP = 0.3
"""Faces of different bodies up to so far apart, or so deep in one another, touch [m]. Surveyed outlines of
neighbours differ by a few centimetres, those taken from images by decimetres; alleys are wider."""
OWN_GAP = 0.01
"""The same for faces of one body, whose parts are drawn with the same corners [m]."""
ANGLE = 5.0
"""Faces whose planes make up to this angle can touch [degrees]."""
LEAST = 0.01
"""Smaller shared areas are left out [m²]."""


@dataclass(frozen=True)
class Contacts:
    """c pairs of faces. a, b: (c,) numbers of faces. area: (c,) shared [m²]. shapes: (c,) what they share,
    as shapely polygons in the coordinates of frames (c, 3, 3): rows u, v, n, from origin (c, 3)."""

    a: Int64
    b: Int64
    area: Float64
    shapes: Shapes
    frames: Float64
    origin: Float64

    def __len__(self) -> int:
        return len(self.a)


def contacts(faces: Faces, chosen: npt.NDArray[np.bool_]) -> Contacts:
    """The contacts among chosen (p,) faces. Two faces touch where their normals are opposite within `ANGLE`,
    the middle of what they share has their planes no farther apart than `GAP` (`OWN_GAP` within one body),
    and they overlap by at least `LEAST`, both projected onto the plane between them."""
    a, b = _near(faces, chosen)
    a, b = _facing(faces, a, b)
    if not len(a):
        return Contacts(a, b, np.zeros(0), np.zeros(0, object), np.zeros((0, 3, 3)), np.zeros((0, 3)))
    frames = plane_frames(faces.normals[a] - faces.normals[b])
    origin = faces.vertices[faces.rings[faces.polygons[a]]]
    shapes = shapely.intersection(
        flat_shapes(faces, a, frames, origin), flat_shapes(faces, b, frames, origin)
    )
    area = shapely.area(shapes)
    keep = area >= LEAST
    a, b, shapes, area = a[keep], b[keep], shapes[keep], area[keep]
    frames, origin = frames[keep], origin[keep]
    middle = shapely.get_coordinates(shapely.centroid(shapes))
    at = origin + np.einsum("ck,ckx->cx", middle, frames[:, :2])
    gap = _along(faces, b, at, frames[:, 2]) - _along(faces, a, at, frames[:, 2])
    near = np.abs(gap) <= np.where(faces.body[a] == faces.body[b], OWN_GAP, GAP)
    return Contacts(a[near], b[near], area[near], shapes[near], frames[near], origin[near])


def _near(faces: Faces, chosen: npt.NDArray[np.bool_]) -> tuple[Int64, Int64]:
    """Pairs of faces whose places on the ground are within `GAP`: of walls the line that they stand on, of
    others the box around them."""
    upright = np.abs(faces.normals[:, 2]) <= UPRIGHT
    walls = np.flatnonzero(chosen & upright)
    others = np.flatnonzero(chosen & ~upright)
    pairs = []
    if len(walls):
        tree = shapely.STRtree(_lines(faces, walls))
        pairs.append(walls[tree.query(tree.geometries, "dwithin", GAP)])
    if len(others):
        corners = faces.vertices[:, :2]
        starts = faces.rings[faces.polygons[:-1]]
        low = np.minimum.reduceat(corners, starts)[others] - GAP / 2
        high = np.maximum.reduceat(corners, starts)[others] + GAP / 2
        tree = shapely.STRtree(shapely.box(low[:, 0], low[:, 1], high[:, 0], high[:, 1]))
        pairs.append(others[tree.query(tree.geometries)])
    a, b = np.concatenate(pairs, axis=1) if pairs else np.zeros((2, 0), np.int64)
    once = a < b
    return a[once], b[once]


def _lines(faces: Faces, walls: Int64) -> Shapes:
    """The line on the ground that each wall stands on, from end to end."""
    along = np.column_stack([-faces.normals[:, 1], faces.normals[:, 0]])
    along /= np.maximum(np.hypot(along[:, 0], along[:, 1]), 1e-12)[:, None]
    first = faces.rings[faces.polygons[walls]]
    sizes = faces.rings[faces.polygons[walls] + 1] - first  # the exterior is the first ring
    owner = np.repeat(np.arange(len(walls)), faces.rings[faces.polygons[walls] + 1] - first)
    corners = faces.vertices[ranges(first, sizes), :2]
    measure = np.einsum("ij,ij->i", corners - corners[(np.cumsum(sizes) - sizes)[owner]], along[walls][owner])
    starts = np.cumsum(sizes) - sizes
    low, high = np.minimum.reduceat(measure, starts), np.maximum.reduceat(measure, starts)
    begin = corners[starts]
    ends = np.stack([begin + low[:, None] * along[walls], begin + high[:, None] * along[walls]], axis=1)
    return np.asarray(shapely.linestrings(ends), object)


def _facing(faces: Faces, a: Int64, b: Int64) -> tuple[Int64, Int64]:
    """Of the pairs those that face one another, not too far apart, at heights that overlap."""
    opposite = np.einsum("ij,ij->i", faces.normals[a], faces.normals[b]) <= -np.cos(np.radians(ANGLE))
    a, b = a[opposite], b[opposite]
    reach = GAP + LEAST
    heights = (faces.low[a] <= faces.high[b] + reach) & (faces.low[b] <= faces.high[a] + reach)
    upright = np.abs(faces.normals[a, 2]) <= UPRIGHT
    deep = np.minimum(faces.high[a], faces.high[b]) - np.maximum(faces.low[a], faces.low[b]) > 0
    keep = heights & (deep | ~upright)
    a, b = a[keep], b[keep]
    starts = faces.rings[faces.polygons[:-1]]
    offset = faces.vertices[starts[b]] - faces.vertices[starts[a]]
    gap = np.abs(np.einsum("ij,ij->i", offset, faces.normals[a] - faces.normals[b]) / 2)
    near = gap <= GAP + np.sin(np.radians(ANGLE)) * np.linalg.norm(offset, axis=1)
    return a[near], b[near]


def plane_frames(normals: Float64) -> Float64:
    """(c, 3, 3) unit vectors u (level, where there is a choice), v and n of planes, from vectors along n."""
    n = normals / np.linalg.norm(normals, axis=1)[:, None]
    u = np.column_stack([-n[:, 1], n[:, 0], np.zeros(len(n))])
    flat = np.abs(n[:, 2]) > 0.999
    u[flat] = [1.0, 0.0, 0.0]
    u -= np.einsum("ij,ij->i", u, n)[:, None] * n
    u /= np.linalg.norm(u, axis=1)[:, None]
    return np.stack([u, np.cross(n, u), n], axis=1)


def flat_shapes(faces: Faces, which: Int64, frames: Float64, origin: Float64) -> Shapes:
    """(c,) faces as polygons in the coordinates u, v of frames, without holes of fewer than three corners."""
    ring_counts = faces.polygons[which + 1] - faces.polygons[which]
    rings = ranges(faces.polygons[which], ring_counts)
    sizes = faces.rings[rings + 1] - faces.rings[rings]
    real = sizes >= 3
    face_of_ring = np.repeat(np.arange(len(which)), ring_counts)[real]
    rings, sizes = rings[real], sizes[real]
    face = np.repeat(face_of_ring, sizes)
    local = faces.vertices[ranges(faces.rings[rings], sizes)] - origin[face]
    flat = np.einsum("nx,nkx->nk", local, frames[face, :2])
    lines = shapely.linearrings(flat, indices=np.repeat(np.arange(len(rings)), sizes))
    shapes: Shapes = shapely.polygons(lines, indices=face_of_ring)
    invalid = ~shapely.is_valid(shapes)
    shapes[invalid] = shapely.make_valid(shapes[invalid])
    return shapes


def _along(faces: Faces, which: Int64, at: Float64, direction: Float64) -> Float64:
    """(c,) how far from points one has to go in a direction to meet the plane of a face [m]."""
    normals = faces.normals[which]
    foot = faces.vertices[faces.rings[faces.polygons[which]]]
    away = np.einsum("ij,ij->i", foot - at, normals)
    distance: Float64 = away / np.einsum("ij,ij->i", direction, normals)
    return distance
