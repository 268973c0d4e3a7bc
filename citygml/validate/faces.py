"""All surfaces of a batch of city objects as one set of arrays, in metres, for the geometry checks.

Coordinates are moved to the first vertex of their object and, in geographic systems, scaled to metres
there with the radii of curvature of the WGS 84 ellipsoid: over the extent of one object that is far
better than the tolerances, and needs no projection.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from citygml.findings import Finding, Severity
from citygml.model import CityObject, Float64, Geometry

Ints = npt.NDArray[np.intp]
Bools = npt.NDArray[np.bool_]

# Semi-major axis [m] and squared eccentricity of WGS 84 (NIMA TR 8350.2, table 3.1 and 3.3).
WGS84_A = 6378137.0
WGS84_E2 = 6.69437999014e-3
MAX_COORDINATE = 1e9


@dataclass(slots=True, frozen=True)
class Tolerances:
    """snap [m]: points nearer than this are one point (val3dity's default, 1 mm).
    touch [m]: stretches of a ring nearer than this to each other touch (a tenth of snap, so that rings
    with coordinates rounded to millimetres pass).
    planar [m]: how thick a polygon may be across its best plane (PLATEAU's quality rule L11, 3 cm).
    cross [m]: how far faces of a solid must pass through each other to count as crossing.
    overlap [m]: how deep two areas must overlap to count.
    max_faces: shells with more triangles than this are not searched for crossing faces."""

    snap: float = 0.001
    touch: float = 0.0001
    planar: float = 0.03
    cross: float = 0.01
    overlap: float = 0.01
    max_faces: int = 5000


@dataclass(slots=True)
class Faces:
    """Polygons of many geometries.

    points: (n, 3) float64 [m], local; raw: (n, 3) float64, as in the file. rings: (r + 1,) offsets into
    points; polygons: (p + 1,) offsets into rings; owner: (p,) index into `geometries`; number: (p,) index
    of the polygon within its geometry. shell: (p,) running number of the shell, -1 outside solids.
    void: (p,) true when that shell is a cavity of its solid.
    """

    points: Float64
    raw: Float64
    rings: Ints
    polygons: Ints
    owner: Ints
    number: Ints
    shell: Ints
    void: Bools
    geometries: list[tuple[CityObject, Geometry]]

    @property
    def ring_of_point(self) -> Ints:
        return np.repeat(np.arange(len(self.rings) - 1), np.diff(self.rings))

    @property
    def polygon_of_ring(self) -> Ints:
        return np.repeat(np.arange(len(self.polygons) - 1), np.diff(self.polygons))

    def first_point(self, polygon: int) -> int:
        return int(self.rings[self.polygons[polygon]])

    def finding(
        self, code: str, message: str, polygon: int, point: int | None = None, severity: Severity = "error"
    ) -> Finding:
        """A finding at `point` (index into points, the polygon's first by default)."""
        city_object, geometry = self.geometries[self.owner[polygon]]
        index = self.first_point(polygon) if point is None else point
        x, y, z = (float(c) for c in self.raw[index]) if index < len(self.raw) else (0.0, 0.0, 0.0)
        return Finding(
            code,
            f"LoD{geometry.lod} {geometry.role or geometry.type}: {message}",
            city_object.id,
            part_name(city_object, geometry, int(self.number[polygon])),
            (x, y, z),
            severity,
        )


def part_name(city_object: CityObject, geometry: Geometry, number: int) -> str | None:
    """The gml:id of a polygon, else of its semantic surface, else its number in the geometry."""
    ids = geometry.polygon_ids
    if ids is not None and number < len(ids) and ids[number]:
        return ids[number]
    if geometry.semantics is not None and number < len(geometry.semantics):
        index = int(geometry.semantics[number])
        if 0 <= index < len(city_object.surfaces) and city_object.surfaces[index].id:
            return city_object.surfaces[index].id
    return f"polygon {number}"


def metres_per_degree(latitude: float) -> tuple[float, float]:
    """Length of one degree of longitude and of latitude [m] at a latitude [degrees]."""
    phi = np.radians(latitude)
    w2 = 1.0 - WGS84_E2 * np.sin(phi) ** 2
    prime_vertical = WGS84_A / np.sqrt(w2)
    meridian = WGS84_A * (1.0 - WGS84_E2) / w2**1.5
    degree = np.pi / 180.0
    return float(prime_vertical * np.cos(phi) * degree), float(meridian * degree)


def checked_offsets(values: npt.NDArray[Any] | None, count: int) -> Ints | None:
    """Offsets as intp when they start at 0, never fall and end at `count`, else None."""
    if values is None:
        return None
    array = np.asarray(values)
    if array.ndim != 1 or len(array) == 0 or array.dtype.kind not in "iu":
        return None
    whole = array.astype(np.intp)
    if whole[0] != 0 or whole[-1] != count or (np.diff(whole) < 0).any():
        return None
    return whole


def _shells(geometry: Geometry, polygon_count: int, first: int) -> tuple[Ints, Bools, int] | None:
    """Shell number and cavity flag of each polygon, and how many shells there are; None if broken."""
    if geometry.shells is None:
        return np.full(polygon_count, -1, dtype=np.intp), np.zeros(polygon_count, dtype=bool), 0
    shells = checked_offsets(geometry.shells, polygon_count)
    if shells is None:
        return None
    count = len(shells) - 1
    exterior = np.zeros(count, dtype=bool)
    if geometry.solids is None:
        exterior[:1] = True
    else:
        solids = checked_offsets(geometry.solids, count)
        if solids is None:
            return None
        starts = solids[:-1][np.diff(solids) > 0]
        exterior[starts] = True
    of_polygon = np.repeat(np.arange(count), np.diff(shells))
    return first + of_polygon, ~exterior[of_polygon], count


def gather(batch: Sequence[CityObject], geographic: bool) -> tuple[Faces, list[Finding]]:
    """The faces of a batch, and findings on geometries that cannot be used.

    A geometry whose offsets do not fit is left out with `bad-geometry`; one with coordinates that are
    not finite, or beyond 1e9, with `bad-coordinates`.
    """
    findings: list[Finding] = []
    geometries: list[tuple[CityObject, Geometry]] = []
    points: list[Float64] = []
    raws: list[Float64] = []
    rings: list[Ints] = []
    polygons: list[Ints] = []
    shell_numbers: list[Ints] = []
    voids: list[Bools] = []
    counts: list[int] = []
    n = r = shell_count = 0
    for city_object in batch:
        origin: Float64 | None = None
        scale = np.ones(3)
        for geometry in city_object.geometries:
            if geometry.type in ("MultiPoint", "MultiCurve"):
                continue
            where = f"LoD{geometry.lod} {geometry.role or geometry.type}"
            raw = np.asarray(geometry.vertices, dtype=np.float64)
            ring_offsets = checked_offsets(geometry.rings, len(raw))
            polygon_offsets = None
            if ring_offsets is not None and raw.ndim == 2 and raw.shape[1] == 3:
                polygon_offsets = checked_offsets(geometry.polygons, len(ring_offsets) - 1)
            shells = None
            if polygon_offsets is not None:
                shells = _shells(geometry, len(polygon_offsets) - 1, shell_count)
            if ring_offsets is None or polygon_offsets is None or shells is None:
                findings.append(
                    Finding("bad-geometry", f"{where}: its arrays do not fit together", city_object.id)
                )
                continue
            if len(polygon_offsets) == 1:
                continue
            if not (np.isfinite(raw).all() and (np.abs(raw) < MAX_COORDINATE).all()):
                findings.append(
                    Finding("bad-coordinates", f"{where}: coordinates are not finite numbers", city_object.id)
                )
                continue
            if origin is None and len(raw):
                origin = raw[0].copy()
                if geographic:
                    scale[:2] = metres_per_degree(float(np.clip(origin[1], -90.0, 90.0)))
            geometries.append((city_object, geometry))
            raws.append(raw)
            points.append(raw if origin is None else (raw - origin) * scale)
            rings.append(ring_offsets[1:] + n)
            polygons.append(polygon_offsets[1:] + r)
            shell_numbers.append(shells[0])
            voids.append(shells[1])
            counts.append(len(polygon_offsets) - 1)
            n += len(raw)
            r += len(ring_offsets) - 1
            shell_count += shells[2]
    zero = np.zeros(1, dtype=np.intp)
    none = np.empty((0, 3))
    faces = Faces(
        points=np.concatenate([none, *points]),
        raw=np.concatenate([none, *raws]),
        rings=np.concatenate([zero, *rings]),
        polygons=np.concatenate([zero, *polygons]),
        owner=np.repeat(np.arange(len(counts)), counts),
        number=np.concatenate([zero[:0], *(np.arange(c) for c in counts)]),
        shell=np.concatenate([zero[:0], *shell_numbers]),
        void=np.concatenate([np.zeros(0, dtype=bool), *voids]),
        geometries=geometries,
    )
    return faces, findings


def sum_by(groups: Ints, values: Float64, count: int) -> Float64:
    """(count, k) sums of the rows of values (n, k) by group; empty groups give 0."""
    return np.stack([np.bincount(groups, weights=column, minlength=count) for column in values.T], axis=1)


def spread_by(offsets: Ints, values: Float64) -> Float64:
    """(g, k) greatest minus least of the rows of values (n, k) in each group; empty groups give 0."""
    result = np.zeros((len(offsets) - 1, values.shape[1]))
    filled = np.diff(offsets) > 0
    if filled.any():
        starts = offsets[:-1][filled]
        top = np.maximum.reduceat(values, starts, axis=0)
        result[filled] = top - np.minimum.reduceat(values, starts, axis=0)
    return result


def runs(keys: Ints) -> list[tuple[int, int]]:
    """(start, end) of each stretch of equal keys; keys are sorted."""
    if not len(keys):
        return []
    breaks = np.flatnonzero(np.diff(keys)) + 1
    edges = [0, *breaks.tolist(), len(keys)]
    return list(itertools.pairwise(edges))
