"""Checks of polygons: flatness, and where their holes lie."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely

from citygml.findings import Finding
from citygml.validate.faces import Bools, Faces, Ints, Tolerances, runs
from citygml.validate.planes import Planes
from citygml.validate.rings import RingShapes

Shapes = npt.NDArray[np.object_]
# Lines that meet in one point at an angle of 6 degrees or more are near each other over less than this
# many times the tolerance.
_STRETCH = 20


def check_flatness(faces: Faces, planes: Planes, tol: Tolerances) -> list[Finding]:
    """`polygon-not-planar`: the points spread more than `tol.planar` across the best-fitting plane.

    The spread does not depend on which points define the plane; a corner of a rectangle lifted by h
    spreads h / 2.
    """
    size = np.diff(faces.rings[faces.polygons])
    thick = (planes.extent[:, 2] > tol.planar) & (size > 3)
    return [
        faces.finding(
            "polygon-not-planar", f"its points spread {planes.extent[p, 2]:.3f} m across their plane", int(p)
        )
        for p in np.flatnonzero(thick)
    ]


def check_holes(faces: Faces, planes: Planes, rings: RingShapes, tol: Tolerances) -> list[Finding]:
    """`hole-outside`, `hole-touches-shell`, `holes-overlap` and `hole-wrong-orientation`.

    A hole may touch the exterior ring in one point (ISO 19107); a shared stretch, or two points, would
    cut the surface in pieces. Holes are compared where both rings are simple.
    """
    findings: list[Finding] = []
    first = faces.polygons[:-1]
    polygon_of_ring = faces.polygon_of_ring
    holes = np.flatnonzero(np.arange(len(polygon_of_ring)) != first[polygon_of_ring])
    if not len(holes):
        return findings
    shells = first[polygon_of_ring[holes]]

    along = np.einsum("ij,ij->i", planes.area[holes], planes.area[shells])
    limit = tol.snap**2 * np.linalg.norm(planes.area[shells], axis=1)
    for hole in holes[rings.sound[holes] & (along > limit)]:
        message = "a hole runs the same way round as the exterior ring"
        findings.append(_at(faces, "hole-wrong-orientation", message, int(hole)))

    usable = _present(rings, holes) & _present(rings, shells)
    holes, shells = holes[usable], shells[usable]
    inner = shapely.make_valid(rings.shapes[holes])
    outer = shapely.make_valid(rings.shapes[shells])
    perimeter = np.maximum(shapely.length(inner), shapely.length(outer))
    escaped = shapely.area(shapely.difference(inner, outer)) > tol.snap * perimeter
    touching = ~escaped & _touching(shapely.boundary(inner), shapely.boundary(outer), tol.snap)
    findings += [
        _at(faces, "hole-outside", "a hole reaches outside the exterior ring", int(h)) for h in holes[escaped]
    ]
    findings += [
        _at(faces, "hole-touches-shell", "a hole touches the exterior ring in more than one point", int(h))
        for h in holes[touching]
    ]
    return findings + _overlapping(faces, rings, holes, tol)


def _touching(inner: Shapes, outer: Shapes, snap: float) -> Bools:
    """Whether lines lie within `snap` of others along a stretch, or at several places."""
    result = shapely.dwithin(inner, outer, snap)
    near = np.flatnonzero(result)
    shared = shapely.line_merge(shapely.intersection(inner[near], shapely.buffer(outer[near], snap)))
    stretch = shapely.length(shared) > _STRETCH * snap
    result[near] = stretch | (shapely.get_num_geometries(shared) > 1)
    return result


def _overlapping(faces: Faces, rings: RingShapes, holes: Ints, tol: Tolerances) -> list[Finding]:
    findings: list[Finding] = []
    polygon = faces.polygon_of_ring[holes]
    for start, end in runs(polygon):
        if end - start < 2:
            continue
        own = holes[start:end]
        shapes = shapely.make_valid(rings.shapes[own])
        a, b = shapely.STRtree(shapes).query(shapes, predicate="intersects")
        a, b = a[a < b], b[a < b]
        common = shapely.area(shapely.intersection(shapes[a], shapes[b]))
        deep = common > tol.snap * np.minimum(shapely.length(shapes[a]), shapely.length(shapes[b]))
        findings += [_at(faces, "holes-overlap", "two holes overlap", int(own[i])) for i in b[deep]]
    return findings


def _present(rings: RingShapes, index: Ints) -> Bools:
    return np.array([s is not None for s in rings.shapes[index]], dtype=bool)


def _at(faces: Faces, code: str, message: str, ring: int) -> Finding:
    return faces.finding(code, message, int(faces.polygon_of_ring[ring]), int(faces.rings[ring]))
