"""Coarse stand-ins for objects seen from afar, for the content of inner tiles.

A building becomes the prism of its simplified footprint up to its mean roof height. Anything else keeps
its surfaces with their vertices moved to a grid, without those that collapse. Objects with textures keep
their surfaces too, since their picture says more than their shape.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from citygml.model import SOLID_TYPES, SURFACE_TYPES, CityObject, Float64, Geometry, Int32

if TYPE_CHECKING:
    import shapely

Shapes: TypeAlias = npt.NDArray[Any]

PRISM_TRIANGLES = 14
"""About what one prism takes, for budgets."""
_BUILDINGS = frozenset({"Building", "BuildingPart"})
_SURFACES = SURFACE_TYPES | SOLID_TYPES
_LEVEL = 0.3  # [m] vertices this little above the lowest belong to the ground


def simplify(
    objects: Sequence[CityObject], tolerance: float, scale: tuple[float, float]
) -> tuple[list[CityObject], float]:
    """Stand-ins with the ids and attributes of the objects, and how far [m] they are from them at most.

    tolerance: what may be lost [m]. scale: metres per unit of x and of y.
    """
    prisms = [o for o in objects if o.type in _BUILDINGS and not _textured(o) and _surfaces(o)]
    made, height_error = _prisms(prisms, tolerance, np.array(scale))
    stand_ins = dict(zip((o.id for o in prisms), made, strict=True))
    error = max(tolerance if prisms else 0.0, height_error)
    grid = tolerance / np.array([*scale, 1.0])
    coarse = []
    for obj in objects:
        stand_in = stand_ins.get(obj.id)
        if stand_in is not None:
            coarse.append(stand_in)
        elif _textured(obj) or not _surfaces(obj):
            coarse.append(obj)
        else:
            coarse.append(_on_grid(obj, grid))
            error = max(error, tolerance)
    return coarse, error


def _textured(obj: CityObject) -> bool:
    return any(g.textures for g in obj.geometries)


def _surfaces(obj: CityObject) -> list[Geometry]:
    found = [g for g in obj.geometries if g.type in _SURFACES and len(g.vertices)]
    best = max((g.lod for g in found), default="")
    return [g for g in found if g.lod == best]


def _prisms(objects: list[CityObject], tolerance: float, scale: Float64) -> tuple[list[CityObject], float]:
    import shapely

    if not objects:
        return [], 0.0
    bases, tops, error = [], [], 0.0
    for obj in objects:
        base, top, spread = _ground_and_top(obj)
        bases.append(base)
        tops.append(top)
        error = max(error, spread)
    counts = [len(b) for b in bases]
    flat = np.concatenate(bases)
    owner = np.repeat(np.arange(len(objects)), counts)
    outlines: Shapes = np.asarray(shapely.polygons(shapely.linearrings(flat[:, :2] * scale, indices=owner)))
    simple: Shapes = np.asarray(shapely.simplify(outlines, tolerance))
    kept = np.where(
        shapely.is_empty(simple) | ~shapely.is_valid(simple), np.asarray(shapely.envelope(outlines)), simple
    )
    made = [
        replace(obj, geometries=[_prism(ring, float(base[:, 2].min()), top, scale)], surfaces=[], implicit=[])
        for obj, ring, base, top in zip(objects, shapely.get_exterior_ring(kept), bases, tops, strict=True)
    ]
    return made, error


def _ground_and_top(obj: CityObject) -> tuple[Float64, float, float]:
    """Outline (n, 3) of the ground, height of the prism's top, and half the range of the roof's heights."""
    geometries = _surfaces(obj)
    vertices = np.concatenate([g.vertices for g in geometries])
    low = vertices[:, 2].min()
    above = vertices[vertices[:, 2] > low + _LEVEL, 2]
    roof = _of_type(obj, geometries, "RoofSurface")
    heights = roof[:, 2] if len(roof) else above
    if not len(heights):
        return _hull(vertices), float(low + _LEVEL), 0.0
    top = float(heights.mean())
    spread = float(max(heights.max() - top, top - heights.min()))
    return _ground_ring(obj, geometries, vertices), top, spread


def _of_type(obj: CityObject, geometries: list[Geometry], kind: str) -> Float64:
    codes = [k for k, s in enumerate(obj.surfaces) if s.type == kind]
    parts = []
    for g in geometries:
        if g.semantics is not None and codes:
            first, last = g.rings[g.polygons[:-1]], g.rings[g.polygons[1:]]
            wanted = np.isin(g.semantics, codes)
            parts += [g.vertices[a:b] for a, b in zip(first[wanted], last[wanted], strict=True)]
    return np.concatenate(parts) if parts else np.empty((0, 3))


def _ground_ring(obj: CityObject, geometries: list[Geometry], vertices: Float64) -> Float64:
    """The exterior of the one ground surface; the convex hull of everything where there are several."""
    codes = [k for k, s in enumerate(obj.surfaces) if s.type == "GroundSurface"]
    for g in geometries:
        if g.semantics is None or len(codes) != 1:
            continue
        (polygons,) = np.nonzero(g.semantics == codes[0])
        if len(polygons) == 1:
            ring = g.polygons[polygons[0]]
            return g.vertices[g.rings[ring] : g.rings[ring + 1]]
    return _hull(vertices)


def _hull(vertices: Float64) -> Float64:
    import shapely

    hull: shapely.Geometry = shapely.MultiPoint(vertices[:, :2]).convex_hull
    if not isinstance(hull, shapely.Polygon):
        (x0, y0), (x1, y1) = vertices[:, :2].min(axis=0), vertices[:, :2].max(axis=0)
        hull = shapely.box(x0, y0, x1, y1)
    ring = shapely.get_coordinates(hull)[:-1]
    return np.column_stack([ring, np.full(len(ring), vertices[:, 2].min())])


def _prism(ring: shapely.LinearRing, low: float, top: float, scale: Float64) -> Geometry:
    """Walls and roof over a ring; the underside is never seen."""
    import shapely

    outline = shapely.get_coordinates(ring)[:-1] / scale
    if _signed_area(outline) < 0:
        outline = outline[::-1]
    n = len(outline)
    following = np.roll(outline, -1, axis=0)
    walls = np.empty((n, 4, 3))
    walls[:, 0, :2] = walls[:, 3, :2] = outline
    walls[:, 1, :2] = walls[:, 2, :2] = following
    walls[:, :2, 2], walls[:, 2:, 2] = low, top
    roof = np.column_stack([outline, np.full(n, top)])
    rings: Int32 = np.append(np.arange(0, 4 * n + 1, 4), 5 * n).astype(np.int32)
    return Geometry(
        "MultiSurface",
        "1",
        np.concatenate([walls.reshape(-1, 3), roof]),
        rings,
        np.arange(n + 2, dtype=np.int32),
        role="MultiSurface",
    )


def _signed_area(outline: Float64) -> float:
    x, y = outline.T
    return float(np.dot(x, np.roll(y, -1)) - np.dot(np.roll(x, -1), y)) / 2


def _on_grid(obj: CityObject, grid: Float64) -> CityObject:
    geometries = [_snapped(g, grid) for g in _surfaces(obj)]
    others = [g for g in obj.geometries if g.type not in _SURFACES]
    return replace(obj, geometries=[g for g in geometries if g is not None] or others)


def _snapped(g: Geometry, grid: Float64) -> Geometry | None:
    """The surfaces with vertices on a grid, holes and collapsed polygons left out."""
    exterior = g.polygons[:-1]
    starts, ends = g.rings[exterior], g.rings[exterior + 1]
    lengths = ends - starts
    index = np.repeat(starts - np.concatenate([[0], np.cumsum(lengths)[:-1]]), lengths) + np.arange(
        lengths.sum()
    )
    polygon = np.repeat(np.arange(len(exterior)), lengths)
    points = np.round(g.vertices[index] / grid) * grid
    # A vertex that fell onto its predecessor in the ring goes.
    offsets = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    before = np.arange(len(points)) - 1
    before[offsets] = offsets + lengths - 1
    keep = (points != points[before]).any(axis=1)
    left = np.bincount(polygon[keep], minlength=len(exterior))
    whole = left >= 3
    keep &= whole[polygon]
    if not keep.any():
        return None
    rings = np.concatenate([[0], np.cumsum(left[whole])]).astype(np.int32)
    return Geometry(
        "MultiSurface",
        g.lod,
        points[keep],
        rings,
        np.arange(len(rings), dtype=np.int32),
        semantics=None if g.semantics is None else g.semantics[whole],
        role=g.role,
    )
