"""Zones of buildings divided into their storeys, of the same height each, with floors in between."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numba import njit

from analysis.energy.zones import Boundary, Float64, Int32, Part
from analysis.scene.zones.build import Shape
from analysis.scene.zones.faces import Faces, Int64, offsets, ranges
from analysis.scene.zones.figures import Figures, Known
from analysis.scene.zones.pieces import Patches, patches, together
from analysis.scene.zones.solids import fluxes

_FLAT = 1e-6
"""A face that rises by less lies at one height [m]."""
_SUMS_UP = 0.1
"""To this share the volumes of storeys sum up to that of their building, unless it is open."""


@dataclass(frozen=True)
class Storeys:
    """faces: cut at the storeys' levels. zone: (p,) of each; zones, extra, known, shape, said: of storeys, as
    `divided` takes them of buildings."""

    faces: Faces
    zone: Int32
    extra: Patches
    known: list[Known]
    shape: Shape
    said: Figures


def divided(
    faces: Faces, zone: Int32, extra: Patches, known: list[Known], shape: Shape, said: Figures
) -> Storeys:
    """Each zone as one for each of its storeys, from the lowest up; the last has what rises above its height.

    zone: (p,) of each face, numbers past those of `known` are neighbours. extra: floors on the ground that
    are not among the faces. A storey has its part of the volume, and of the floor area by the volume; the
    storeys of a solid that is too open to tell are alike.
    """
    zones = len(known)
    count = np.maximum(np.round(said.levels), 1).astype(np.int64)
    start = np.append(0, np.cumsum(count))
    high = shape.height / count
    cut, source, storey = _cut(faces, zone, zones, shape.low, high, count)
    own = (zone[source] >= 0) & (zone[source] < zones)
    of = np.where(own, zone[source], 0)
    number = np.where(own, start[of] + storey, zone[source] - zones + start[-1])
    number[zone[source] < 0] = -1

    whole = np.repeat(np.arange(zones), count)
    place = np.arange(start[-1]) - start[whole]
    inside = np.flatnonzero(own)
    reference = np.zeros((len(cut), 3))
    reference[inside, 2] = shape.low[of[inside]]
    flux, vectors = fluxes(cut, reference)
    facing = np.bincount(number[inside], vectors[inside, 2], start[-1])
    facing -= np.bincount(start[extra.zone], extra.area, start[-1])
    over = np.bincount(number[inside], flux[inside, 2], start[-1])
    below = np.cumsum(facing)
    plate = -(below - np.append(0.0, below)[start[whole]])  # the section at each storey's upper level
    plate = np.where(place + 1 < count[whole], np.maximum(plate, 0.0), 0.0)
    floor = np.where(place > 0, np.append(0.0, plate[:-1]), 0.0)
    level = high[whole] * place
    volume = np.maximum(over + (level + high[whole]) * plate - level * floor, 0.0)
    sound = np.abs(np.bincount(whole, volume, zones) - shape.volume) <= _SUMS_UP * shape.volume
    volume = np.where(sound[whole], volume, 1.0)
    total = np.bincount(whole, volume, zones)
    share = volume / np.maximum(total, 1e-12)[whole]

    by_volume = shape.volume / np.maximum(high, 1e-12)
    up = np.repeat([[0.0, 0.0, 1.0]], start[-1], axis=0)
    every = np.arange(start[-1])
    between = [
        patches(every, Part.ROOF, Boundary.ADIABATIC, plate, up),
        patches(every, Part.FLOOR, Boundary.ADIABATIC, floor, -up),
    ]
    lowest = replace(extra, zone=start[extra.zone].astype(np.int32))
    return Storeys(
        cut,
        number.astype(np.int32),
        together([lowest, *between]),
        [
            replace(known[k], id=f"{known[k].id}/{s + 1}")
            for k, s in zip(whole.tolist(), place.tolist(), strict=True)
        ],
        replace(
            shape,
            volume=share * shape.volume[whole],
            height=high[whole],
            low=shape.low[whole] + level,
            **{
                name: getattr(shape, name)[whole]
                for name in ("centre", "closed", "sideless", "floorless", "turned", "detailed")
            },
        ),
        Figures(
            np.ones(start[-1]),
            count[whole].astype(np.float64),
            share * np.where(np.isnan(said.floor_area), by_volume, said.floor_area)[whole],
            said.year[whole],
            {name: values[whole] for name, values in said.origins.items()},
            {k: said.problems[w] for k, w in enumerate(whole.tolist()) if w in said.problems},
        ),
    )


def _cut(
    faces: Faces, zone: Int32, zones: int, low: Float64, high: Float64, count: Int64
) -> tuple[Faces, Int64, Int64]:
    """The faces of zones cut at their levels, and of each piece the face that it is of and its storey. A
    level face belongs to the storey that it closes: a roof to the one below, a floor to the one above."""
    own = (zone >= 0) & (zone < zones)
    k = np.where(own, zone, 0)
    bottom = (faces.low - low[k]) / high[k]
    top = (faces.high - low[k]) / high[k]
    flat = faces.high - faces.low <= _FLAT
    nudge = np.where(flat, np.where(faces.normals[:, 2] > 0, -_FLAT, _FLAT), 0.0)
    first = np.clip(np.floor(bottom + np.where(flat, nudge, _FLAT)), 0, count[k] - 1).astype(np.int64)
    last = np.clip(np.floor(top + np.where(flat, nudge, -_FLAT)), first, count[k] - 1).astype(np.int64)
    pieces = np.where(own, last - first + 1, 1)
    source = np.repeat(np.arange(len(faces)), pieces)
    storey = ranges(first, pieces)
    whole = faces.taken(source)
    lower = np.where(storey > first[source], low[k[source]] + storey * high[k[source]], -np.inf)
    upper = np.where(storey < last[source], low[k[source]] + (storey + 1) * high[k[source]], np.inf)
    whole_ones = ~own[source]
    lower[whole_ones], upper[whole_ones] = -np.inf, np.inf
    sizes = np.diff(whole.rings)
    room = offsets(4 * sizes)
    vertices = np.empty((room[-1], 3))
    used = np.zeros(len(sizes), np.int32)
    face_of_ring = np.repeat(np.arange(len(source)), np.diff(whole.polygons))
    spare = np.empty((int(2 * sizes.max(initial=0)) + 4, 3))
    _clipped(
        whole.vertices, whole.rings, lower[face_of_ring], upper[face_of_ring], room, vertices, used, spare
    )
    return _faces(whole, source, faces, vertices[ranges(room[:-1], used)], used, face_of_ring, storey)


def _faces(
    whole: Faces,
    source: Int64,
    faces: Faces,
    vertices: Float64,
    sizes: Int32,
    face_of_ring: Int64,
    storey: Int64,
) -> tuple[Faces, Int64, Int64]:
    """The pieces that are left of faces, without rings that are none."""
    real = sizes >= 3
    outer = np.zeros(len(sizes), bool)
    outer[whole.polygons[:-1]] = True
    alive = np.zeros(len(source), bool)
    alive[face_of_ring[outer & real]] = True
    keep = real & alive[face_of_ring]
    vertices = vertices[np.repeat(keep, sizes)]
    rings = offsets(sizes[keep])
    polygons = offsets(np.bincount(face_of_ring[keep], minlength=len(source))[alive])
    kept = np.flatnonzero(alive)
    starts = rings[polygons[:-1]]
    opening = np.where(whole.opening >= 0, whole.opening * (int(storey.max(initial=0)) + 1) + storey, -1)
    made = replace(
        whole,
        vertices=vertices,
        rings=rings,
        polygons=polygons,
        normals=whole.normals[kept],
        areas=np.zeros(len(kept)),
        low=np.minimum.reduceat(vertices[:, 2], starts),
        high=np.maximum.reduceat(vertices[:, 2], starts),
        label=whole.label[kept],
        body=whole.body[kept],
        opening=_numbered(opening[kept]),
    )
    made.areas = np.linalg.norm(fluxes(made, np.zeros((len(kept), 3)))[1], axis=1)
    return made, source[kept], storey[kept]


def _numbered(opening: Int64) -> Int32:
    """The same groups, numbered from 0 without gaps; -1 stays."""
    found, number = np.unique(opening, return_inverse=True)
    return (number - (1 if len(found) and found[0] < 0 else 0)).astype(np.int32)


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _clipped(
    vertices: Any, rings: Any, lower: Any, upper: Any, room: Any, out: Any, used: Any, spare: Any
) -> None:
    """Each ring between two heights (I. E. Sutherland and G. W. Hodgman, "Reentrant polygon clipping", 1974);
    what falls apart stays one ring, joined along the level. out: from room[ring] on, used: how many."""
    for ring in range(len(rings) - 1):
        begin, end = rings[ring], rings[ring + 1]
        n = 0
        for v in range(begin, end):
            a, b = vertices[v], vertices[v + 1 if v + 1 < end else begin]
            if a[2] >= lower[ring]:
                spare[n] = a
                n += 1
            if (a[2] >= lower[ring]) != (b[2] >= lower[ring]):
                spare[n] = a + (b - a) * ((lower[ring] - a[2]) / (b[2] - a[2]))
                spare[n, 2] = lower[ring]
                n += 1
        m = 0
        for v in range(n):
            a, b = spare[v], spare[v + 1 if v + 1 < n else 0]
            if a[2] <= upper[ring]:
                out[room[ring] + m] = a
                m += 1
            if (a[2] <= upper[ring]) != (b[2] <= upper[ring]):
                out[room[ring] + m] = a + (b - a) * ((upper[ring] - a[2]) / (b[2] - a[2]))
                out[room[ring] + m, 2] = upper[ring]
                m += 1
        used[ring] = m
