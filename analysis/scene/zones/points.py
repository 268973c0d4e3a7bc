"""The few points on the pieces of envelopes from which the sky is looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from analysis.energy.zones import Boundary, Float64, Int32
from analysis.scene.zones.build import Envelope
from analysis.scene.zones.contacts import Contacts, Int64, Shapes, flat_shapes, plane_frames
from analysis.scene.zones.faces import Faces
from analysis.sun.targets import LIFT

FACES = 3
"""The largest faces of a piece that have points."""
POINTS = 4
"""Triangles of a piece that have points at most: one in the middle, on roofs three more towards the corners,
since what stands on a roof hides much of the sky beside it and little further away."""
_ROOF = 0.5
"""Upward part of the normal above which a face is a roof [1]."""


@dataclass(frozen=True)
class Points:
    """n points. at, normal: (n, 3) [m], a little in front of their face. area: (n,) that each stands for
    [m²]. piece: (n,) int32."""

    at: Float64
    normal: Float64
    area: Float64
    piece: Int32

    def __len__(self) -> int:
        return len(self.area)


def no_points() -> Points:
    """None."""
    return Points(np.zeros((0, 3)), np.zeros((0, 3)), np.zeros(0), np.zeros(0, np.int32))


def all_points(parts: Sequence[Points]) -> Points:
    """Several as one."""
    return Points(
        np.concatenate([each.at for each in parts]),
        np.concatenate([each.normal for each in parts]),
        np.concatenate([each.area for each in parts]),
        np.concatenate([each.piece for each in parts]).astype(np.int32),
    )


def points_of(faces: Faces, found: Envelope) -> Points:
    """The middles of the largest triangles that the outside of each piece is cut into; what neighbours cover
    is taken away first."""
    patches = found.patches
    open_ = np.flatnonzero((patches.boundary == Boundary.OUTSIDE) & (patches.face >= 0) & (patches.area > 0))
    chosen = open_[_largest(found.piece[open_], patches.area[open_], FACES)]
    if not len(chosen):
        return no_points()
    face = patches.face[chosen].astype(np.int64)
    frames = plane_frames(faces.normals[face])
    origin = faces.vertices[faces.rings[faces.polygons[face]]]
    shapes = _uncovered(flat_shapes(faces, face, frames, origin), face, frames, origin, found.touching)
    triangles, of_shape = shapely.get_parts(_cut(shapes), return_index=True)
    area = shapely.area(triangles)
    piece = found.piece[chosen][of_shape]
    keep = _largest(piece, area, POINTS)
    corners = shapely.get_coordinates(triangles[keep]).reshape(-1, 4, 2)[:, :3]
    of_shape = of_shape[keep]
    normal = faces.normals[face[of_shape]]
    middle, which = _spread(corners, normal[:, 2] > _ROOF)
    of_shape = of_shape[which]
    at = origin[of_shape] + np.einsum("nk,nkx->nx", middle, frames[of_shape, :2])
    share = (area[keep] / np.bincount(which, minlength=len(keep)))[which]
    return Points(at + LIFT * normal[which], normal[which], share, piece[keep][which].astype(np.int32))


def _spread(corners: Float64, roof: npt.NDArray[np.bool_]) -> tuple[Float64, Int64]:
    """(n, 2) points in (t, 3, 2) triangles and the (n,) triangle of each: the middle, and of roofs those of
    the quarters at the corners, which lie halfway to them."""
    middle = corners.mean(axis=1, keepdims=True)
    points = np.concatenate([middle, (middle + corners) / 2], axis=1)
    wanted = np.ones(points.shape[:2], bool)
    wanted[~roof, 1:] = False
    return points[wanted], np.nonzero(wanted)[0]


def _cut(shapes: Shapes) -> Shapes:
    """Collections of triangles."""
    parts, owner = shapely.get_parts(shapes, return_index=True)
    plane = shapely.get_type_id(parts) == shapely.GeometryType.POLYGON
    cut: Shapes = shapely.constrained_delaunay_triangles(parts[plane])
    triangles, of_part = shapely.get_parts(cut, return_index=True)
    collected = shapely.geometrycollections(
        triangles,
        indices=owner[plane][of_part],
        out=np.full(len(shapes), shapely.GeometryCollection(), object),
    )
    return np.asarray(collected)


def _largest(group: Int32, area: Float64, most: int) -> Int64:
    """Numbers of the largest `most` of each group."""
    order = np.lexsort((-area, group))
    sorted_group = group[order]
    begin = np.searchsorted(sorted_group, sorted_group)
    return np.sort(order[np.arange(len(order)) - begin < most])


def _uncovered(shapes: Shapes, face: Int64, frames: Float64, origin: Float64, touching: Contacts) -> Shapes:
    """Faces as shapes in their frames, without what other faces touch of them."""
    if not len(touching):
        return shapes
    place = np.full(int(max(face.max(), touching.a.max(), touching.b.max())) + 1, -1)
    place[face] = np.arange(len(face))
    which = np.concatenate([place[touching.a], place[touching.b]])
    contact = np.tile(np.arange(len(touching)), 2)[which >= 0]
    which = which[which >= 0]
    order = np.argsort(which, kind="stable")
    which, contact = which[order], contact[order]
    turn = np.arange(len(which)) - np.searchsorted(which, which)
    for step in range(int(turn.max(initial=-1)) + 1):
        now = np.flatnonzero(turn == step)
        k, c = which[now], contact[now]
        flat, owner = shapely.get_coordinates(touching.shapes[c], return_index=True)
        space = touching.origin[c][owner] + np.einsum("nk,nkx->nx", flat, touching.frames[c][owner, :2])
        local = np.einsum("nx,nkx->nk", space - origin[k][owner], frames[k][owner, :2])
        cover = shapely.set_coordinates(touching.shapes[c].copy(), local)
        cover = np.where(shapely.is_valid(cover), cover, shapely.make_valid(cover))
        shapes[k] = shapely.difference(shapes[k], cover)
    return shapes
