"""Windows and doors of detailed models: how large each is, and whether its wall has a hole for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit

from analysis.energy.zones import Float64, Int8, Int32
from analysis.scene.zones.faces import Bool, Faces, Label
from analysis.scene.zones.solids import fluxes
from citygml.geometry import ring_vectors

ALONG = 0.97
"""Cosine between the normals of a window and of the wall that it is in (14°)."""
DEEP = 0.5
"""A window lies so far before or behind its wall at most [m]."""


@dataclass(frozen=True)
class Openings:
    """Of o windows and doors. label: (o,) of `Label`. body: (o,). area: (o,) [m²]. normal: (o, 3). cut: (o,)
    whether the wall around it has a hole, so that its area comes on top of the wall's."""

    label: Int8
    body: Int32
    area: Float64
    normal: Float64
    cut: Bool


def openings(faces: Faces) -> Openings:
    """All windows and doors of faces.

    One whose middle lies in a hole of a wall of its body has that hole's area, which several in one hole
    share by the areas of their faces; the others that of the sum of their faces' area vectors, which a
    frame's sides do not add to. One whose middle lies on a wall is not cut out of it.
    """
    chosen = np.flatnonzero(faces.opening >= 0)
    own = faces.taken(chosen)
    count = int(own.opening.max(initial=-1)) + 1
    order = np.argsort(own.areas, kind="stable")  # the last one written, the largest, stays
    largest = np.zeros(count, np.int64)
    largest[own.opening[order]] = order
    body, normal = own.body[largest], own.normals[largest]
    vectors = fluxes(own, np.zeros((len(own), 3)))[1]
    total = np.column_stack([np.bincount(own.opening, vectors[:, k], count) for k in range(3)])
    walls = np.flatnonzero((faces.opening < 0) & np.isin(faces.body, body))
    walls = walls[np.argsort(faces.body[walls], kind="stable")]
    of_body = np.searchsorted(faces.body[walls], np.arange(faces.bodies + 1))
    hole = np.full(count, -1, np.int64)
    wall = np.full(count, -1, np.int64)
    _placed(
        faces.vertices, faces.rings, faces.polygons, faces.normals, walls, of_body, body,
        _middles(own, count), normal, wall, hole,
    )  # fmt: skip
    area = np.linalg.norm(total, axis=1)
    in_hole = np.flatnonzero(hole >= 0)
    whole = np.linalg.norm(ring_vectors(faces.vertices, faces.rings), axis=1)
    weight = np.bincount(own.opening, own.areas, count)
    in_all = np.bincount(hole[in_hole], weight[in_hole], len(whole))
    area[in_hole] = whole[hole[in_hole]] * weight[in_hole] / np.maximum(in_all[hole[in_hole]], 1e-12)
    normal = np.where(wall[:, None] >= 0, faces.normals[wall], normal)
    return Openings(own.label[largest], body, area, normal, (wall < 0) | (hole >= 0))


def _middles(faces: Faces, count: int) -> Float64:
    """(count, 3) the middle of the box around each opening."""
    low, high = np.full((count, 3), np.inf), np.full((count, 3), -np.inf)
    opening = np.repeat(faces.opening, faces.rings[faces.polygons[1:]] - faces.rings[faces.polygons[:-1]])
    np.minimum.at(low, opening, faces.vertices)
    np.maximum.at(high, opening, faces.vertices)
    middles: Float64 = (low + high) / 2
    return middles


def face_weights(faces: Faces, found: Openings) -> Float64:
    """(p,) 1, or 0 for the faces of openings that lie on their walls."""
    weights = np.ones(len(faces))
    some = faces.opening >= 0
    weights[some] = found.cut[faces.opening[some]]
    return weights


def is_window(found: Openings) -> Bool:
    """(o,) windows, the others being doors."""
    return np.asarray(found.label == Label.WINDOW)


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _placed(
    vertices: Any, rings: Any, polygons: Any, normals: Any, walls: Any, of_body: Any, body: Any,
    middle: Any, normal: Any, wall: Any, hole: Any,
) -> None:  # fmt: skip
    """wall: (o,) the wall of its body whose outline an opening's middle lies in, hole: (o,) the ring of that
    wall's hole which it lies in; -1 for none. By the even-odd rule, seen along the axis that is nearest to
    the wall's normal."""
    for k in range(len(body)):
        for at in range(of_body[body[k]], of_body[body[k] + 1]):
            n = normals[walls[at]]
            if abs((n * normal[k]).sum()) < ALONG:
                continue
            if abs(((vertices[rings[polygons[walls[at]]]] - middle[k]) * n).sum()) > DEEP:
                continue
            axis = np.argmax(np.abs(n))
            i = (axis + 1) % 3
            j = (axis + 2) % 3
            x = middle[k, i]
            y = middle[k, j]
            for ring in range(polygons[walls[at]], polygons[walls[at] + 1]):
                last = rings[ring + 1] - 1
                inside = False
                for v in range(rings[ring], rings[ring + 1]):
                    x0 = vertices[last, i]
                    y0 = vertices[last, j]
                    x1 = vertices[v, i]
                    y1 = vertices[v, j]
                    if (y0 > y) != (y1 > y) and x < x0 + (y - y0) / (y1 - y0) * (x1 - x0):
                        inside = not inside
                    last = v
                outline = ring == polygons[walls[at]]
                if outline and not inside:
                    break
                if outline:
                    wall[k] = walls[at]
                elif inside:
                    hole[k] = ring
            if wall[k] >= 0:
                break
