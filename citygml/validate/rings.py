"""Checks of single rings: repeated points, too few of them, no area, and rings that cross themselves."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from citygml.findings import Finding
from citygml.validate.faces import Bools, Faces, Ints, Tolerances, spread_by
from citygml.validate.planes import Planes

_LOCATION = re.compile(r"\[(\S+) (\S+)\]")


@dataclass(slots=True)
class RingShapes:
    """shapes: (r,) shapely polygons in the plane of their polygon, None for unusable rings;
    sound: (r,) whether the ring is usable and simple."""

    shapes: npt.NDArray[np.object_]
    sound: Bools

    def sound_polygons(self, faces: Faces) -> Bools:
        """(p,) whether all rings of each polygon are sound."""
        broken = faces.polygon_of_ring[~self.sound]
        result = np.ones(len(faces.owner), dtype=bool)
        result[broken] = False
        return result


def check_rings(faces: Faces, planes: Planes, tol: Tolerances) -> tuple[RingShapes, list[Finding]]:
    """`ring-duplicate-points`, `too-few-points`, `polygon-degenerate`, `triangle-degenerate` and
    `ring-self-intersection`; returns the rings as planar shapes for the polygon checks."""
    findings: list[Finding] = []
    ring_count = len(faces.rings) - 1
    ring_of_point, polygon_of_ring = faces.ring_of_point, faces.polygon_of_ring
    step = np.linalg.norm(faces.points[planes.following] - faces.points, axis=1)
    size = np.diff(faces.rings)
    repeated = (step < tol.snap) & (size[ring_of_point] > 1)
    repeats = np.bincount(ring_of_point[repeated], minlength=ring_count)
    distinct = np.where(repeats >= size, np.minimum(size, 1), size - repeats)
    few = distinct < 3
    width = _widths(faces, planes)
    thin = ~few & (width < tol.snap)

    for ring in np.flatnonzero((repeats > 0) & ~few):
        start, end = faces.rings[ring], faces.rings[ring + 1]
        point = int(start + np.argmax(repeated[start:end]))
        findings.append(
            faces.finding(
                "ring-duplicate-points",
                f"{repeats[ring]} point(s) of a ring repeat the one before",
                int(polygon_of_ring[ring]),
                point,
            )
        )
    for ring in np.flatnonzero(few | thin):
        polygon = int(polygon_of_ring[ring])
        start = int(faces.rings[ring]) if size[ring] else None
        if size[ring] < 3:
            message = f"a ring has {size[ring]} points, and needs 3"
            findings.append(faces.finding("too-few-points", message, polygon, start))
        else:
            code = "triangle-degenerate" if size[ring] == 3 else "polygon-degenerate"
            message = "the points of a ring lie on one line or point"
            findings.append(faces.finding(code, message, polygon, start))

    usable = ~few & ~thin
    shapes = ring_polygons(planes, ring_of_point, usable, ~repeated)
    sound = usable & shapely.is_valid(shapes) & (shapely.minimum_clearance(shapes) >= tol.touch)
    broken = np.flatnonzero(usable & ~sound)
    for ring, reason in zip(broken, shapely.is_valid_reason(shapes[broken]), strict=True):
        findings.append(
            faces.finding(
                "ring-self-intersection",
                "a ring crosses or touches itself",
                int(polygon_of_ring[ring]),
                _nearest(faces, planes, int(ring), str(reason)),
            )
        )
    return RingShapes(shapes, sound), findings


def ring_polygons(
    planes: Planes, ring_of_point: Ints, usable: Bools, distinct: Bools
) -> npt.NDArray[np.object_]:
    """(r,) shapely polygons of the usable rings without their repeated points, None for the others."""
    shapes = np.full(len(usable), None, dtype=object)
    if usable.any():
        keep = usable[ring_of_point] & distinct
        index = (np.cumsum(usable) - 1)[ring_of_point[keep]]
        shapes[usable] = shapely.polygons(shapely.linearrings(planes.flat[keep], indices=index))
    return shapes


def _widths(faces: Faces, planes: Planes) -> npt.NDArray[np.float64]:
    """(r,) [m] the middle extent of each ring; a ring that is alone in its polygon has the polygon's."""
    polygon_of_ring = faces.polygon_of_ring
    width: npt.NDArray[np.float64] = planes.extent[polygon_of_ring, 1].copy()
    several = np.diff(faces.polygons)[polygon_of_ring] > 1
    if several.any():
        # A hole may lie askew to the axes of its polygon: turn the ring to its own principal axes.
        for ring in np.flatnonzero(several):
            flat = planes.flat[faces.rings[ring] : faces.rings[ring + 1]]
            if len(flat) >= 2:
                _, _, axes = np.linalg.svd(flat - flat.mean(axis=0), full_matrices=False)
                turned = flat @ axes.T
                width[ring] = spread_by(np.array([0, len(flat)]), turned)[0, 1]
    return width


def _nearest(faces: Faces, planes: Planes, ring: int, reason: str) -> int:
    """The point of a ring nearest to the location that GEOS names."""
    start, end = int(faces.rings[ring]), int(faces.rings[ring + 1])
    found = _LOCATION.search(reason)
    if found is None:
        return start
    place = np.array([float(found[1]), float(found[2])])
    distance = np.linalg.norm(planes.flat[start:end] - place, axis=1)
    return start + int(np.nanargmin(distance)) if np.isfinite(distance).any() else start
