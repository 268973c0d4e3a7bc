"""From the faces of a building to the few plane pieces of its envelope."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit

from analysis.energy.envelope import Pieces
from analysis.energy.zones import Float64, Int8, Int32, Part

TOGETHER = 15.0
"""Surfaces of a zone are one piece where they are of the same part and boundary, and their normals are within
this of the largest one's [degrees]."""
SMALL = 0.02
"""Directions with less than this share of a zone's walls, roofs or floors go with the nearest larger one."""
LEAST = 0.01
"""What is smaller is no piece [m²]."""


@dataclass(frozen=True)
class Patches:
    """m plane patches of zones: faces, or what others leave of them, windows and doors, and floors between
    storeys. zone: (m,) int32. part: (m,) int8 of WALL, ROOF, FLOOR. boundary: (m,). area: (m,) [m²]. normal:
    (m, 3). height: (m,) [m], 0 for what says nothing of it. window, door: (m,) [m²], of a hole in a wall as
    of one that lies on its wall, whose area is then 0. face: (m,) int32 the face that it is of, -1 for
    none."""

    zone: Int32
    part: Int8
    boundary: Int8
    area: Float64
    normal: Float64
    height: Float64
    window: Float64
    door: Float64
    face: Int32

    def __len__(self) -> int:
        return len(self.zone)


def patches(
    zone: Any, part: Any, boundary: Any, area: Any, normal: Float64, height: Any = 0.0, *,
    window: Any = 0.0, door: Any = 0.0, face: Any = -1,
) -> Patches:  # fmt: skip
    """Patches with normals (m, 3), from arrays (m,) or single values; those without an area are left out."""

    def column(value: Any, kind: type) -> Any:
        return np.broadcast_to(np.asarray(value, kind), (len(normal),))

    size = column(area, np.float64)
    keep = (size > LEAST) | (column(window, np.float64) + column(door, np.float64) > LEAST)
    return Patches(
        column(zone, np.int32)[keep],
        column(part, np.int8)[keep],
        column(boundary, np.int8)[keep],
        size[keep],
        normal[keep],
        column(height, np.float64)[keep],
        column(window, np.float64)[keep],
        column(door, np.float64)[keep],
        column(face, np.int32)[keep],
    )


def together(parts: list[Patches]) -> Patches:
    """Several lists of patches as one."""
    return Patches(
        np.concatenate([each.zone for each in parts]),
        np.concatenate([each.part for each in parts]),
        np.concatenate([each.boundary for each in parts]),
        np.concatenate([each.area for each in parts]),
        np.concatenate([each.normal for each in parts]),
        np.concatenate([each.height for each in parts]),
        np.concatenate([each.window for each in parts]),
        np.concatenate([each.door for each in parts]),
        np.concatenate([each.face for each in parts]),
    )


def pieces_of(found: Patches, zones: int, detailed: Any, convergence: float) -> tuple[Int32, Pieces, Int32]:
    """first (zones + 1,), the pieces of all zones with an open sky, and (m,) the piece of each patch.

    Within a zone walls come first, then roofs, then floors, each from the largest direction on. detailed:
    (zones,) whether windows and doors are modelled. convergence: bearing of the grid's north from true north
    [degrees].
    """
    order = np.lexsort((-found.area, found.part, found.zone))
    zone, part = found.zone[order], found.part[order]
    new = np.ones(len(order), bool)
    new[1:] = (zone[1:] != zone[:-1]) | (part[1:] != part[:-1])
    starts = np.append(np.flatnonzero(new), len(order))
    cluster = np.empty(len(order), np.int64)
    _directions(found.normal[order], found.area[order], starts, np.cos(np.radians(TOGETHER)), SMALL, cluster)
    key = (cluster * 3 + found.boundary[order]).astype(np.int64)
    group, number = np.unique(key, return_inverse=True)
    count = len(group)
    zone_of = np.zeros(count, np.int32)
    part_of = np.zeros(count, np.int8)
    zone_of[number], part_of[number] = zone, part

    def total(values: Float64) -> Float64:
        return np.bincount(number, values[order], count).astype(np.float64)

    windows, doors = total(found.window), total(found.door)
    area = np.maximum(total(found.area), windows + doors)
    weight = np.maximum(found.area, LEAST)
    vector = np.column_stack([total(weight * found.normal[:, k]) for k in range(3)])
    length = np.linalg.norm(vector, axis=1)
    vector /= np.maximum(length, 1e-12)[:, None]
    walls = part_of == Part.WALL
    told = total(found.area * (found.height > 0))
    height = np.where(walls & (told > 0), total(found.area * found.height) / np.maximum(told, 1e-12), 0.0)
    azimuth = np.degrees(np.arctan2(vector[:, 0], vector[:, 1])) + convergence
    flat = np.hypot(vector[:, 0], vector[:, 1]) < 1e-3
    tilt = np.degrees(np.arccos(np.clip(vector[:, 2], -1.0, 1.0)))
    known = np.asarray(detailed)[zone_of]
    pieces = Pieces(
        part=part_of,
        boundary=(group % 3).astype(np.int8),
        area=area,
        azimuth=np.where(flat, 0.0, azimuth % 360.0),
        tilt=tilt,
        sky_view=(1.0 + vector[:, 2]) / 2.0,
        windows=np.where(known, windows, np.nan),
        doors=np.where(known, doors, np.nan),
        height=height,
    )
    first = np.searchsorted(zone_of, np.arange(zones + 1)).astype(np.int32)
    piece = np.empty(len(order), np.int32)
    piece[order] = number
    return first, pieces, piece


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _directions(normals: Any, areas: Any, starts: Any, together: float, small: float, cluster: Any) -> None:
    """Patches from starts[k] to starts[k + 1], the largest first: each takes along all later ones whose
    normals are within the angle whose cosine is `together`; then clusters with less than the share `small` of
    all go to the larger one that is nearest to their first."""
    cluster[:] = -1
    number = 0
    for k in range(len(starts) - 1):
        first = number
        whole = areas[starts[k] : starts[k + 1]].sum()
        leaders = np.empty(starts[k + 1] - starts[k], np.int64)
        size = np.zeros(len(leaders))
        for i in range(starts[k], starts[k + 1]):
            if cluster[i] >= 0:
                continue
            leaders[number - first] = i
            for j in range(i, starts[k + 1]):
                if cluster[j] < 0 and (normals[i] * normals[j]).sum() >= together:
                    cluster[j] = number
                    size[number - first] += areas[j]
            number += 1
        for i in range(starts[k], starts[k + 1]):
            own = cluster[i] - first
            if size[own] >= small * whole:
                continue
            nearest = -2.0
            for other in range(number - first):
                along = (normals[leaders[own]] * normals[leaders[other]]).sum()
                if size[other] >= small * whole and along > nearest:
                    nearest = along
                    cluster[i] = first + other
