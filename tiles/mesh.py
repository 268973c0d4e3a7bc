"""Gathered polygons, lines and points to glTF primitives: local positions, normals, feature ids.

Positions are turned from east, north, up to glTF's y-up axes here: (x, y, z) becomes (x, z, -y).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from citygml.crs import LocalFrame
from citygml.model import Float32, Float64, Int32
from citygml.triangulate import Triangulation
from tiles.surfaces import Curves, Surfaces

ToLocal = Callable[[Float64], Float64]
Scalar = TypeVar("Scalar", bound=np.generic)
UInt32 = npt.NDArray[np.uint32]

_LEAST_ERROR = 0.0002  # [m]
_ERROR_BY_WIDTH = 0.025  # of the area of an object's triangles over their perimeter
_ODD = 0.1  # share of the objects with the smallest triangles, which may be rounded more
POINTS, LINES, TRIANGLES = 0, 1, 4  # glTF 2.0, mesh.primitive.mode
_CORNERS = {POINTS: 1, LINES: 2, TRIANGLES: 3}
POSITION_ERROR = 0.009  # [m] the largest error of a coordinate by quantization: at most 1.4 cm in space
MOST_VERTICES = 65_535  # of one primitive, so that two bytes count them
_SAME_PLACE = 1e-3  # [m] vertices of smooth surfaces nearer than this share their normal


@dataclass(slots=True)
class Primitive:
    """One glTF primitive before encoding.

    positions: (n, 3) float64 y-up [m]. indices: (k,) uint32. normals: (n, 3) float64 or None.
    uv: (n, 2) float64, origin upper left, or None. colours: (n, 4) uint8 linear RGBA, or None.
    features: (n,) uint32 rows of the property table. material: index into the content's materials.
    smooth: some normals are shared between polygons.
    """

    mode: int
    positions: Float64
    indices: UInt32
    features: UInt32
    normals: Float64 | None = None
    uv: Float64 | None = None
    colours: npt.NDArray[np.uint8] | None = None
    material: int = 0
    smooth: bool = False


def to_frame(own: LocalFrame, frame: Float64 | None) -> ToLocal:
    """From the source to a frame (4, 4) in ECEF, by way of a fast one of the same place; None: to that."""
    if frame is None:
        return own.to_local
    between = np.linalg.inv(frame) @ own.matrix
    return lambda points: np.asarray(own.to_local(points) @ between[:3, :3].T + between[:3, 3])


def numbers_in(values: npt.NDArray[np.integer[Any]]) -> list[int]:
    """The distinct values, ascending, of an array (n,) of small numbers from 0; unlike np.unique, which
    imports numpy.ma."""
    found: list[int] = np.flatnonzero(np.bincount(values)).tolist()
    return found


def fitting_error(primitives: list[Primitive], limit: float) -> float:
    """The error [m] of coordinates, at most `limit`, that leaves the areas of small parts right too.

    Rounding moves the area of a triangle by up to its perimeter times the error, so that what is made of
    small triangles (furniture, window frames) wants finer steps. Few odd objects do not count.
    """
    count = 1 + max(int(p.features.max()) for p in primitives)
    areas, perimeters = np.zeros(count), np.zeros(count)
    for p in primitives:
        a, b, c = (p.positions[p.indices[k::3]] for k in range(3))
        owner = p.features[p.indices[::3]]
        sides = (np.linalg.norm(side, axis=1) for side in (b - a, c - b, a - c))
        areas += np.bincount(owner, np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2, count)
        perimeters += np.bincount(owner, np.sum(list(sides), axis=0), count)
    drawn = perimeters > 0
    if not drawn.any():
        return limit
    widths = np.sort(areas[drawn] / perimeters[drawn])
    width = float(np.interp(_ODD, np.linspace(0, 1, len(widths)), widths))  # np.quantile imports numpy.ma
    return min(limit, max(_ERROR_BY_WIDTH * width, _LEAST_ERROR))


def y_up(points: Float64) -> Float64:
    """(n, 3) east, north, up → glTF's axes."""
    return np.stack([points[:, 0], points[:, 2], -points[:, 1]], axis=1)


def z_up(points: Float64 | Float32) -> Float64:
    """(n, 3) glTF's axes → east, north, up."""
    return np.stack([points[:, 0], -points[:, 2], points[:, 1]], axis=1).astype(np.float64)


def surface_primitives(
    surfaces: Surfaces,
    local: Float64,
    cut: Triangulation,
    material: Int32,
    uv: Float64 | None = None,
    colours: npt.NDArray[np.uint8] | None = None,
) -> list[Primitive]:
    """One primitive per material, in the order of their numbers.

    local: (n, 3) float64 positions [m], east, north, up. material: (p,) int32 per polygon. uv: (n, 2),
    NaN for the vertices of polygons without texture. colours: (p, 4) uint8 linear RGBA per polygon.
    """
    sizes = surfaces.rings[surfaces.polygons[1:]] - surfaces.rings[surfaces.polygons[:-1]]
    owner = np.repeat(np.arange(len(sizes)), sizes)
    positions = y_up(local)
    normals = y_up(cut.normals)[owner]
    if surfaces.smooth.any():
        _smooth(surfaces, local, cut, normals, owner)
    features = surfaces.feature.astype(np.uint32)[owner]
    primitives = []
    of_triangle = material[cut.polygon]
    for number in numbers_in(of_triangle):
        corners = cut.corners[of_triangle == number].ravel()
        used = np.zeros(len(positions), bool)
        used[corners] = True
        places = (np.cumsum(used) - 1).astype(np.uint32)
        coordinates = None if uv is None else uv[used]
        if coordinates is not None and np.isnan(coordinates).any():
            coordinates = None
        painted = None if colours is None or coordinates is not None else colours[owner[used]]
        primitives.append(
            Primitive(
                TRIANGLES,
                positions[used],
                places[corners],
                features[used],
                normals[used],
                coordinates,
                painted,
                number,
                bool(surfaces.smooth[cut.polygon[of_triangle == number]].any()),
            )
        )
    return primitives


def _smooth(
    surfaces: Surfaces, local: Float64, cut: Triangulation, normals: Float64, owner: npt.NDArray[np.intp]
) -> None:
    """Overwrite `normals` of smooth polygons by the mean, weighted by area, of those that meet there."""
    chosen = np.flatnonzero(surfaces.smooth[owner])
    grid = np.round(local[chosen] / _SAME_PLACE).astype(np.int64)
    _, place = np.unique(grid, axis=0, return_inverse=True)
    place = place.ravel()
    weighted = normals[chosen] * cut.areas[owner[chosen], None]
    sums = np.stack([np.bincount(place, weights=weighted[:, k]) for k in range(3)], axis=1)
    length = np.linalg.norm(sums, axis=1, keepdims=True)
    shared = np.divide(sums, length, out=np.zeros_like(sums), where=length > 0)[place]
    flat = ~shared.any(axis=1)
    shared[flat] = normals[chosen][flat]
    normals[chosen] = shared


def line_primitive(curves: Curves, local: Float64, material: int) -> Primitive:
    """Line strings as separate segments."""
    starts = np.ones(len(local), bool)
    starts[curves.rings[:-1][np.diff(curves.rings) > 0]] = False
    ends = np.flatnonzero(starts)
    segments = np.stack([ends - 1, ends], axis=1).astype(np.uint32).ravel()
    features = np.repeat(curves.feature, np.diff(curves.rings)).astype(np.uint32)
    return Primitive(LINES, y_up(local), segments, features, material=material)


def point_primitive(curves: Curves, local: Float64, material: int) -> Primitive:
    features = np.repeat(curves.feature, np.diff(curves.rings)).astype(np.uint32)
    return Primitive(POINTS, y_up(local), np.arange(len(local), dtype=np.uint32), features, material=material)


def joined(primitives: list[Primitive]) -> list[Primitive]:
    """Primitives of the same mode, material and attributes made one."""
    groups: dict[tuple[int, int, bool, bool, bool], list[Primitive]] = {}
    for one in primitives:
        key = (one.mode, one.material, one.normals is None, one.uv is None, one.colours is None)
        groups.setdefault(key, []).append(one)
    made = []
    for group in groups.values():
        first = group[0]
        if len(group) > 1:
            starts = np.cumsum([0, *(len(p.positions) for p in group[:-1])])
            indices = [p.indices + np.uint32(at) for p, at in zip(group, starts.tolist(), strict=True)]
            first = Primitive(
                first.mode,
                np.concatenate([p.positions for p in group]),
                np.concatenate(indices),
                np.concatenate([p.features for p in group]),
                _all([p.normals for p in group]),
                _all([p.uv for p in group]),
                _all([p.colours for p in group]),
                first.material,
                any(p.smooth for p in group),
            )
        made.append(first)
    return made


def divided(primitives: list[Primitive]) -> list[Primitive]:
    """The same with no more vertices in any than `MOST_VERTICES`; neighbours stay together."""
    return [part for one in primitives for part in _parts(one)]


def _parts(one: Primitive) -> Iterator[Primitive]:
    if len(one.positions) <= MOST_VERTICES:
        yield one
        return
    corners = _CORNERS[one.mode]
    elements = one.indices.reshape(-1, corners)
    elements = elements[np.argsort(elements.min(axis=1), kind="stable")]
    reach = np.maximum.accumulate(elements.max(axis=1))
    start = 0
    while start < len(elements):
        first = elements[start].min()
        stop = int(np.searchsorted(reach, first + MOST_VERTICES))
        # whatever their corners, so many elements have no more vertices than that
        stop = max(stop, start + MOST_VERTICES // corners)
        yield _part(one, elements[start:stop].ravel())
        start = stop


def _part(one: Primitive, indices: UInt32) -> Primitive:
    """The vertices that some indices name, and those alone."""
    used = np.zeros(len(one.positions), bool)
    used[indices] = True
    places = (np.cumsum(used) - 1).astype(np.uint32)
    return replace(
        one,
        positions=one.positions[used],
        indices=places[indices],
        features=one.features[used],
        normals=None if one.normals is None else one.normals[used],
        uv=None if one.uv is None else one.uv[used],
        colours=None if one.colours is None else one.colours[used],
    )


def _all(arrays: list[npt.NDArray[Scalar] | None]) -> npt.NDArray[Scalar] | None:
    held = [a for a in arrays if a is not None]
    return np.concatenate(held) if held else None
