"""Faces of one shell that pass through each other: triangles against triangles, vectorised."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely

from citygml.model import Float64
from citygml.validate.faces import Bools, Faces, Ints, Tolerances, runs
from citygml.validate.planes import Planes

# Shells of up to this many triangles are compared all against all; larger ones by a spatial index.
_ALL_PAIRS = 96
_CHUNK = 1 << 18
# Triangles of one polygon overlap by this much [m], so that nothing slips through between them.
_ROUNDING = 1e-7


def triangulate(faces: Faces, planes: Planes, polygons: Ints) -> tuple[Ints, Ints]:
    """Triangles (t, 3) as indices into `Faces.points`, and (t,) their polygon, by ear clipping."""
    from mapbox_earcut import triangulate_float64

    triangles: list[npt.NDArray[np.intp]] = []
    owners: list[npt.NDArray[np.intp]] = []
    for polygon in polygons:
        offsets = faces.rings[faces.polygons[polygon] : faces.polygons[polygon + 1] + 1]
        start, size = int(offsets[0]), int(offsets[-1] - offsets[0])
        if size < 3:
            continue
        if size == 3 and len(offsets) == 2:
            found = np.arange(start, start + 3).reshape(1, 3)
        else:
            ends = np.unique(offsets[1:] - start)
            flat = np.ascontiguousarray(planes.flat[start : start + size])
            found = triangulate_float64(flat, ends[ends > 0].astype(np.uint32)).astype(np.intp)
            found = found.reshape(-1, 3) + start
        triangles.append(found)
        owners.append(np.full(len(found), polygon))
    none = np.zeros((0, 3), dtype=np.intp)
    return np.concatenate([none, *triangles]), np.concatenate([none[:, 0], *owners])


def crossing_faces(faces: Faces, planes: Planes, sound: Bools, tol: Tolerances) -> tuple[Ints, Ints]:
    """(k, 2) pairs of polygons of one shell that cross by more than `tol.cross`, and the first polygon
    of each shell that was too large to search. Touching and coplanar faces do not count.

    sound: (p,) whether the rings of a polygon are simple; the others cannot be triangulated and are left out.
    """
    inside = np.flatnonzero((faces.shell >= 0) & sound)
    triangles, owner = triangulate(faces, planes, inside)
    order = np.argsort(faces.shell[owner], kind="stable")
    corners = faces.points[triangles[order]]
    sides = np.linalg.norm(corners - np.roll(corners, -1, axis=1), axis=2)
    area2 = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
    real = area2 > tol.snap * sides.max(axis=1, initial=0.0)
    triangles, owner, corners = triangles[order][real], owner[order][real], corners[real]
    low, high = corners.min(axis=1), corners.max(axis=1)
    skipped: list[int] = []
    waiting: list[Ints] = []
    for start, end in runs(faces.shell[owner]):
        if end - start > tol.max_faces:
            skipped.append(int(owner[start]))
            continue
        if end - start <= _ALL_PAIRS:
            pairs = np.column_stack(np.triu_indices(end - start, 1)) + start
        else:
            boxes = shapely.box(*low[start:end, :2].T, *high[start:end, :2].T)
            a, b = shapely.STRtree(boxes).query(boxes)
            pairs = np.column_stack([a[a < b], b[a < b]]) + start
        a, b = pairs.T
        near = (owner[a] != owner[b]) & (low[a] <= high[b]).all(axis=1) & (low[b] <= high[a]).all(axis=1)
        waiting.append(pairs[near])
    a, b = np.concatenate([np.zeros((0, 2), dtype=np.intp), *waiting]).T
    found: list[Ints] = []
    for one, two in ((a, b), (b, a)):
        for start in range(0, len(one), _CHUNK):
            edges_of, face = one[start : start + _CHUNK], two[start : start + _CHUNK]
            row, place = pierced(corners[edges_of], corners[face], tol)
            deep = border_distance(faces, planes, owner[face[row]], place) > tol.cross
            found.append(np.column_stack([owner[edges_of[row[deep]]], owner[face[row[deep]]]]))
    crossing = np.sort(np.concatenate([np.zeros((0, 2), dtype=np.intp), *found]), axis=1)
    return np.unique(crossing, axis=0), np.array(skipped, dtype=np.intp)


def pierced(edges_of: Float64, face: Float64, tol: Tolerances) -> tuple[Ints, Float64]:
    """Rows in which an edge of triangle `edges_of` (k, 3, 3) goes through `face` (k, 3, 3), and where (h, 3).

    The ends of the edge lie more than `tol.cross` on either side of the face; a row can come several times.
    """
    normal = np.cross(face[:, 1] - face[:, 0], face[:, 2] - face[:, 0])
    unit = normal / np.maximum(np.linalg.norm(normal, axis=1), np.finfo(float).tiny)[:, None]
    height = np.einsum("kij,kj->ki", edges_of - face[:, :1], unit)
    rows: list[Ints] = []
    places: list[Float64] = []
    for i, j in ((0, 1), (1, 2), (2, 0)):
        low, high = np.minimum(height[:, i], height[:, j]), np.maximum(height[:, i], height[:, j])
        row = np.flatnonzero((low < -tol.cross) & (high > tol.cross))
        share = height[row, i] / (height[row, i] - height[row, j])
        place = edges_of[row, i] + share[:, None] * (edges_of[row, j] - edges_of[row, i])
        inside = np.ones(len(row), dtype=bool)
        for k in range(3):
            start = face[row, k]
            along = face[row, (k + 1) % 3] - start
            distance = np.einsum("ij,ij->i", place - start, np.cross(unit[row], along))
            inside &= distance > -_ROUNDING * np.linalg.norm(along, axis=1)
        rows.append(row[inside])
        places.append(place[inside])
    return np.concatenate(rows), np.concatenate(places)


def border_distance(faces: Faces, planes: Planes, polygons: Ints, places: Float64) -> Float64:
    """(h,) [m] from each place (h, 3) to the nearest edge of its polygon."""
    first, last = faces.rings[faces.polygons[polygons]], faces.rings[faces.polygons[polygons + 1]]
    size = last - first
    hit = np.repeat(np.arange(len(polygons)), size)
    point = np.arange(len(hit)) - np.repeat(np.cumsum(size) - size, size) + np.repeat(first, size)
    start = faces.points[point]
    along = faces.points[planes.following[point]] - start
    offset = places[hit] - start
    length2 = np.maximum(np.einsum("ij,ij->i", along, along), np.finfo(float).tiny)
    share = np.clip(np.einsum("ij,ij->i", offset, along) / length2, 0.0, 1.0)
    distance = np.linalg.norm(offset - share[:, None] * along, axis=1)
    result = np.full(len(polygons), np.inf)
    np.minimum.at(result, hit, distance)
    return result
