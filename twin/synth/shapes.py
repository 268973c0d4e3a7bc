"""Geometry of the sample district in batches: solids that share a topology, strips, tubes, boxes.

A `Topology` says which corners make which faces; with an array of corners (n, c, 3) it gives n solids
at once. Solids are closed and face outwards by construction: every edge of a face is run the other way
by exactly one neighbour. Footprints are counter-clockwise seen from above.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from citygml.model import Float64, Geometry, GeometryType, Int32, Surface

GROUND, WALL, ROOF, CLOSURE = "GroundSurface", "WallSurface", "RoofSurface", "ClosureSurface"

Face = tuple[str, list[list[int]]]


@dataclass(frozen=True, slots=True)
class Topology:
    """index: (v,) corner of each ring vertex; rings, polygons: offsets; types: surface type per polygon."""

    index: Int32
    rings: Int32
    polygons: Int32
    types: tuple[str, ...]

    def geometry(self, corners: Float64, lod: str, *, solid: bool = True, semantic: bool = True) -> Geometry:
        """One geometry from corners (c, 3)."""
        count = len(self.types)
        return Geometry(
            type="Solid" if solid else "MultiSurface",
            lod=lod,
            vertices=corners[self.index],
            rings=self.rings.copy(),
            polygons=self.polygons.copy(),
            shells=np.array([0, count], dtype=np.int32) if solid else None,
            solids=np.array([0, 1], dtype=np.int32) if solid else None,
            semantics=np.arange(count, dtype=np.int32) if semantic else None,
            role="Solid" if solid else "MultiSurface",
        )

    def surfaces(self) -> list[Surface]:
        return [Surface(t) for t in self.types]


def topology(faces: Sequence[Face]) -> Topology:
    """The topology of these faces: (surface type, rings of corner numbers, exterior first)."""
    index: list[int] = []
    rings, polygons = [0], [0]
    for _, face_rings in faces:
        for ring in face_rings:
            index.extend(ring)
            rings.append(len(index))
        polygons.append(len(rings) - 1)
    return Topology(
        np.array(index, dtype=np.int32),
        np.array(rings, dtype=np.int32),
        np.array(polygons, dtype=np.int32),
        tuple(kind for kind, _ in faces),
    )


def _sides(m: int, low: int, high: int, kind: str = WALL) -> list[Face]:
    """Walls between the ring of m corners at `low` and the one above it at `high`."""
    return [(kind, [[low + i, low + (i + 1) % m, high + (i + 1) % m, high + i]]) for i in range(m)]


@cache
def prism(m: int, bottom: str = GROUND, top: str = ROOF, side: str = WALL) -> Topology:
    """Corners: m at the bottom, m at the top."""
    ring = list(range(m))
    return topology([(bottom, [ring[::-1]]), *_sides(m, 0, m, side), (top, [[m + i for i in ring]])])


@cache
def parapet_prism(m: int, hole: int = 0, bottom: str = GROUND) -> Topology:
    """A flat roof behind a parapet. Corners: m at the bottom, m at the parapet's outer edge, m at its inner
    edge, m where it meets the roof, and `hole` on the roof where another part of the building stands."""
    ring = list(range(m))
    outer, inner, roof = ([k * m + i for i in ring] for k in (1, 2, 3))
    upright: list[Face] = [
        (WALL, [[2 * m + i, 2 * m + (i + 1) % m, 3 * m + (i + 1) % m, 3 * m + i]]) for i in ring
    ]
    faces: list[Face] = [(bottom, [ring[::-1]]), *_sides(m, 0, m), (ROOF, [outer, inner[::-1]]), *upright]
    if hole:
        tower = [4 * m + i for i in range(hole)]
        faces += [(ROOF, [roof, tower[::-1]]), (CLOSURE, [tower])]
    else:
        faces.append((ROOF, [roof]))
    return topology(faces)


@cache
def profile_solid(kinds: tuple[str, ...]) -> Topology:
    """A profile drawn along an axis. Corners: k profile points at the far end, k at the near end; `kinds`
    are the surface types along the profile's edges, which run counter-clockwise seen from the far end."""
    k = len(kinds)
    far, near = list(range(k)), list(range(k, 2 * k))
    faces: list[Face] = [(WALL, [far]), (WALL, [near[::-1]])]
    for i, kind in enumerate(kinds):
        j = (i + 1) % k
        faces.append((kind, [[j, i, k + i, k + j]]))
    return topology(faces)


@cache
def hipped_solid() -> Topology:
    """Corners: 4 at the bottom, 4 eaves, the two ends of the ridge (along the first edge)."""
    return topology(
        [
            (GROUND, [[3, 2, 1, 0]]),
            *_sides(4, 0, 4),
            (ROOF, [[4, 5, 9, 8]]),
            (ROOF, [[5, 6, 9]]),
            (ROOF, [[6, 7, 8, 9]]),
            (ROOF, [[7, 4, 8]]),
        ]
    )


@cache
def pyramid_solid(m: int, bottom: str = GROUND) -> Topology:
    """Corners: m at the bottom, m eaves, the apex."""
    ring = list(range(m))
    roof: list[Face] = [(ROOF, [[m + i, m + (i + 1) % m, 2 * m]]) for i in ring]
    return topology([(bottom, [ring[::-1]]), *_sides(m, 0, m), *roof])


def lift(footprint: Float64, z: Float64 | float) -> Float64:
    """(..., m, 2) footprints at heights (..., or one) as (..., m, 3)."""
    height = np.broadcast_to(np.asarray(z, dtype=np.float64)[..., None], footprint.shape[:-1])
    return np.concatenate([footprint, height[..., None]], axis=-1)


def inset(footprint: Float64, distance: Float64 | float) -> Float64:
    """Footprints (..., m, 2) moved inwards by a distance [m], mitred corners."""
    edge = np.roll(footprint, -1, axis=-2) - footprint
    edge /= np.linalg.norm(edge, axis=-1, keepdims=True)
    normal = np.stack([-edge[..., 1], edge[..., 0]], axis=-1)
    before = np.roll(normal, 1, axis=-2)
    cosine = (normal * before).sum(axis=-1, keepdims=True)
    moved: Float64 = footprint + np.asarray(distance)[..., None, None] * (normal + before) / (1 + cosine)
    return moved


def rectangle(
    centre: Iterable[float], width: float, depth: float, angle: float = 0.0, shear: float = 0.0
) -> Float64:
    """(4, 2) counter-clockwise from the south-western corner; `shear` is dx/dy of the upright sides."""
    x, y = width / 2, depth / 2
    corners = np.array([[-x, -y], [x, -y], [x, y], [-x, y]])
    corners[:, 0] += shear * corners[:, 1]
    c, s = np.cos(angle), np.sin(angle)
    placed: Float64 = corners @ np.array([[c, s], [-s, c]]) + np.asarray(list(centre))
    return placed


def regular(centre: Iterable[float], radius: float, sides: int, angle: float = 0.0) -> Float64:
    """(sides, 2) regular polygon, counter-clockwise."""
    t = angle + np.arange(sides) * 2 * np.pi / sides
    polygon: Float64 = np.asarray(list(centre)) + radius * np.stack([np.cos(t), np.sin(t)], axis=1)
    return polygon


def surface_geometry(
    polygons: Sequence[Float64], lod: str, semantics: Sequence[int] | Int32 | None = None, role: str = ""
) -> Geometry:
    """A MultiSurface of simple polygons, each (k, 3)."""
    sizes = [len(p) for p in polygons]
    return Geometry(
        type="MultiSurface",
        lod=lod,
        vertices=np.concatenate(polygons),
        rings=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32),
        polygons=np.arange(len(sizes) + 1, dtype=np.int32),
        semantics=None if semantics is None else np.asarray(semantics, dtype=np.int32),
        role=role or "MultiSurface",
    )


def faces_geometry(
    vertices: Float64,
    sizes: Int32,
    lod: str,
    semantics: Int32 | None = None,
    type_: GeometryType = "MultiSurface",
) -> Geometry:
    """Polygons without holes from their vertices one after the other and the size of each (p,)."""
    offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32)
    return Geometry(
        type=type_,
        lod=lod,
        vertices=vertices,
        rings=offsets,
        polygons=np.arange(len(offsets), dtype=np.int32),
        semantics=semantics,
        role=type_,
    )


def quad_faces(quads: Float64, tolerance: float = 0.004) -> tuple[Float64, Int32, Int32]:
    """Quads (n, 4, 3) as polygons: one that is flat within `tolerance` [m] stays, others become triangles.

    Returns vertices (v, 3), the size of each polygon (p,) and the quad each came from (p,).
    """
    a, b, c, d = np.moveaxis(quads, 1, 0)
    normal = np.cross(c - a, d - b)
    length = np.linalg.norm(normal, axis=1)
    gap = np.abs(((b - a) * normal).sum(axis=1)) / np.maximum(length, 1e-12)
    split = gap > 2 * tolerance
    pieces = np.where(split, 2, 1)
    source = np.repeat(np.arange(len(quads)), pieces)
    second = np.concatenate([[False], source[1:] == source[:-1]])
    sizes = np.where(split[source], 3, 4).astype(np.int32)
    corners = np.where(
        second[:, None], [0, 2, 3, 3], np.where(sizes[:, None] == 3, [0, 1, 2, 2], [0, 1, 2, 3])
    )
    keep = np.arange(4)[None] < sizes[:, None]
    vertices = quads[np.repeat(source, sizes), corners[keep]]
    return vertices, sizes, source.astype(np.int32)


def box(centre: Float64, width: float, depth: float, low: float, high: float, angle: float = 0.0) -> Float64:
    """(8, 3) corners of an upright box for `prism(4)`."""
    base = rectangle(centre, width, depth, angle)
    return np.concatenate([lift(base, low), lift(base, high)])


def tube(start: Float64, end: Float64, radius: Float64, sides: int = 8) -> Float64:
    """Quads (n, sides, 4, 3) of tubes between points (n, 3), outward; `radius` (n,) [m]."""
    axis = end - start
    axis = axis / np.linalg.norm(axis, axis=1, keepdims=True)
    helper = np.where(np.abs(axis[:, 2:]) > 0.9, [[1.0, 0.0, 0.0]], [[0.0, 0.0, 1.0]])
    u = np.cross(helper, axis)
    u /= np.linalg.norm(u, axis=1, keepdims=True)
    v = np.cross(axis, u)
    t = np.arange(sides) * 2 * np.pi / sides
    ring = radius[:, None, None] * (
        np.cos(t)[None, :, None] * u[:, None] + np.sin(t)[None, :, None] * v[:, None]
    )
    low, high = start[:, None] + ring, end[:, None] + ring
    quads: Float64 = np.stack([low, np.roll(low, -1, axis=1), np.roll(high, -1, axis=1), high], axis=2)
    return quads
