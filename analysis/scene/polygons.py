"""Polygons of many objects as arrays on the grid's plane: gathered, taken once, and made to face outwards."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from analysis.scene.grid import Float64, Plane
from citygml.geometry import newell
from citygml.model import CityObject, Geometry, Int32

Int64: TypeAlias = npt.NDArray[np.int64]
Bool: TypeAlias = npt.NDArray[np.bool_]

_SAME = 1e-3
"""Polygons of one object whose extent and corners agree to this are the same [m]."""
_CLOSED = 0.01
"""The outlines of all walls of a closed object cancel; up to this share of its area it counts as closed."""


@dataclass(frozen=True)
class Polygons:
    """vertices, rings, polygons: as in `citygml.model.Geometry` (p polygons), vertices on the grid [m].

    owner: (p,) index of the object, of `objects`. semantics: (p,) index into `types`, -1 for none. ids: of
    the semantic surface, else of the object with the polygon's number. normals (p, 3), areas (p,) [m²].
    low: (p,) the lowest point [m]. dropped: polygons that were no polygons.
    """

    vertices: Float64
    rings: Int32
    polygons: Int32
    owner: Int64
    objects: int
    semantics: Int64
    types: list[str]
    ids: list[str]
    normals: Float64
    areas: Float64
    low: Float64
    dropped: int = 0

    def __len__(self) -> int:
        return len(self.polygons) - 1


def gathered(
    objects: list[tuple[CityObject, list[Geometry]]], plane: Plane, without: Collection[str] = ()
) -> Polygons:
    """The polygons of these geometries of objects; semantic surfaces of the types `without` are left out."""
    types: dict[str, int] = {}
    parts = [
        (g, number, *_semantics(obj, g, types))
        for number, (obj, geometries) in enumerate(objects)
        for g in geometries
    ]
    vertices = np.concatenate([g.vertices for g, *_ in parts])
    vertices = np.column_stack([plane.to_grid(vertices), vertices[:, 2]])
    ring_sizes = np.concatenate([np.diff(g.rings) for g, *_ in parts])
    ring_counts = np.concatenate([np.diff(g.polygons) for g, *_ in parts])
    owner = np.repeat([number for _, number, *_ in parts], [g.polygon_count for g, *_ in parts])
    semantics = np.concatenate([each for _, _, each, _ in parts])
    ids = [id for *_, named in parts for id in named]
    first_ring = np.concatenate([[0], np.cumsum(ring_counts)])[:-1]

    real_rings = ring_sizes >= 3
    finite = np.isfinite(vertices).all(axis=1)
    ring_of_vertex = np.repeat(np.arange(len(ring_sizes)), ring_sizes)
    finite_rings = np.bincount(ring_of_vertex, ~finite, len(ring_sizes)) == 0
    polygon_of_ring = np.repeat(np.arange(len(ring_counts)), ring_counts)
    sound = (ring_counts > 0) & (np.bincount(polygon_of_ring, ~finite_rings, len(ring_counts)) == 0)
    some = np.flatnonzero(sound)
    sound[some] = real_rings[first_ring[some]]
    dropped = int(len(sound) - sound.sum())
    excluded = [number for name, number in types.items() if name in without]
    keep = sound & ~np.isin(semantics, excluded)
    everything = Polygons(
        vertices,
        _offsets(ring_sizes),
        _offsets(ring_counts),
        owner.astype(np.int64),
        len(objects),
        semantics,
        list(types),
        ids,
        np.zeros((len(owner), 3)),
        np.zeros(len(owner)),
        np.zeros(len(owner)),
        dropped,
    )
    kept = _taken(everything, keep, real_rings)
    if len(parts) > len(objects):
        kept = _taken(kept, _first_of_same(kept), np.ones(len(kept.rings) - 1, bool))
    if not len(kept):
        return kept
    normals, areas = newell(kept.vertices, kept.rings, kept.polygons)
    starts = kept.rings[kept.polygons[:-1]]
    low = np.minimum.reduceat(kept.vertices[:, 2], starts)
    return replace(kept, normals=normals, areas=areas, low=low)


def _semantics(obj: CityObject, g: Geometry, types: dict[str, int]) -> tuple[Int64, list[str]]:
    """(p,) numbers of the types of the polygons' surfaces, and the polygons' ids."""
    if g.semantics is None or not obj.surfaces:
        number = np.full(g.polygon_count, -1, np.int64)
        return number, [f"{obj.id}-{k}" for k in range(g.polygon_count)]
    table = np.array([types.setdefault(s.type, len(types)) for s in obj.surfaces] + [-1], np.int64)
    names = [*(s.id for s in obj.surfaces), None]
    ids = [names[s] or f"{obj.id}-{k}" for k, s in enumerate(g.semantics.tolist())]
    return table[g.semantics], ids


def _taken(p: Polygons, keep: Bool, real_rings: Bool) -> Polygons:
    """The polygons where keep (p,) holds, without rings that are none."""
    ring_sizes, ring_counts = np.diff(p.rings), np.diff(p.polygons)
    polygon_of_ring = np.repeat(np.arange(len(ring_counts)), ring_counts)
    kept_rings = keep[polygon_of_ring] & real_rings
    counts = np.bincount(polygon_of_ring[kept_rings], minlength=len(ring_counts))[keep]
    chosen = np.flatnonzero(keep).tolist()
    return replace(
        p,
        vertices=p.vertices[np.repeat(kept_rings, ring_sizes)],
        rings=_offsets(ring_sizes[kept_rings]),
        polygons=_offsets(counts),
        owner=p.owner[keep],
        semantics=p.semantics[keep],
        ids=[p.ids[k] for k in chosen],
        normals=p.normals[keep],
        areas=p.areas[keep],
        low=p.low[keep],
    )


def _first_of_same(p: Polygons) -> Bool:
    """(p,) false for polygons that their object has already; those with semantics come first."""
    starts = p.rings[p.polygons[:-1]]
    sizes = p.rings[p.polygons[1:]] - starts
    local = p.vertices - p.vertices.min(axis=0)
    columns = (
        p.owner[:, None],
        sizes[:, None],
        np.round(np.minimum.reduceat(local, starts, axis=0) / _SAME),
        np.round(np.maximum.reduceat(local, starts, axis=0) / _SAME),
        np.round(np.add.reduceat(local, starts, axis=0) / sizes[:, None] / _SAME),
    )
    order = np.argsort(p.semantics < 0, kind="stable")
    rows = np.concatenate(columns, axis=1).astype(np.int64)[order]
    _, first = np.unique(rows, axis=0, return_index=True)
    keep = np.zeros(len(p), bool)
    keep[order[first]] = True
    return keep


def outward(p: Polygons) -> tuple[int, int]:
    """Turn objects round, in place, whose polygons face inwards; how many were, and how many are not closed.

    An object is closed, but for its floor, when the horizontal parts of its polygons' area vectors cancel.
    Its volume by the divergence theorem, from a point at its lowest height, then has the sign of its
    orientation. One that is not closed is turned when its roofs look down.
    """
    vectors = p.normals * p.areas[:, None]
    total = np.bincount(p.owner, p.areas, p.objects)
    across = np.hypot(*(np.bincount(p.owner, vectors[:, k], p.objects) for k in (0, 1)))
    closed = across <= _CLOSED * total
    first = p.vertices[p.rings[p.polygons[:-1]]]
    reference = np.zeros((p.objects, 3))
    reference[p.owner[::-1]] = first[::-1]
    lowest = np.full(p.objects, np.inf)
    np.minimum.at(lowest, p.owner, p.low)
    reference[:, 2] = lowest
    volumes = np.bincount(p.owner, np.einsum("ij,ij->i", vectors, first - reference[p.owner]), p.objects)
    roofs = np.array([name == "RoofSurface" for name in [*p.types, ""]])[p.semantics]
    skyward = np.bincount(p.owner, np.where(roofs, vectors[:, 2], 0.0), p.objects)
    wrong = np.where(closed, volumes < 0, skyward < 0)
    turned = wrong[p.owner]
    _reverse(p, turned)
    p.normals[turned] *= -1
    present = np.bincount(p.owner, minlength=p.objects) > 0
    return int((wrong & present).sum()), int((~closed & present).sum())


def _reverse(p: Polygons, turned: Bool) -> None:
    """Reverse the rings of polygons, in place."""
    rings = np.repeat(turned, np.diff(p.polygons))
    sizes = np.diff(p.rings)
    at = np.arange(len(p.vertices))
    ring = np.repeat(np.arange(len(sizes)), sizes)
    backwards = p.rings[:-1][ring] + p.rings[1:][ring] - 1 - at
    p.vertices[:] = p.vertices[np.where(rings[ring], backwards, at)]


def _offsets(lengths: npt.NDArray[np.integer]) -> Int32:
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
