"""Which parts of roofs modules can lie on: by slope, aspect, distance from edges, obstacles, and size.

Points of roofs are judged one by one. Roof polygons of a building in one plane count as one roof, so that
seams between them are no edges. The points within a roof's edges stand together for the exact area there.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from itertools import pairwise
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from analysis.errors import AnalysisError
from analysis.progress import Progress, part
from analysis.sun.scene import Float64, Int32, Kind, SunScene, Surfaces
from analysis.sun.targets import Targets

Bools: TypeAlias = npt.NDArray[np.bool_]


_SNAP = 0.01
"""Gaps between polygons of one roof that are closed [m]."""
_TOLD = 100
"""Roofs between two messages."""


class Use(IntEnum):
    """What a point of a roof is good for, or the first reason why it is not."""

    USABLE = 0
    NO_ROOF = 1
    STEEP = 2
    ASPECT = 3
    OBSTACLE = 4
    EDGE = 5
    SMALL = 6


@dataclass(frozen=True, kw_only=True)
class RoofRules:
    """steepest: slope [degrees] above which nothing is mounted. flat_below: slope [degrees] below which a
    roof counts as flat and its aspect does not matter. away: half-angle around the direction away from the
    sun at noon (north, south of the equator south) in which sloped roofs are left out [degrees]. setback:
    from the edges of a roof [m]. clearance: what stands this much over the roof is an obstacle [m]. smallest:
    usable part of a roof below which it is left out [m²].

    The values are assumptions of ours; fire and building rules of a place set other setbacks.
    """

    steepest: float = 60.0
    flat_below: float = 10.0
    away: float = 45.0
    setback: float = 0.5
    clearance: float = 0.5
    smallest: float = 10.0


@dataclass(frozen=True)
class UsableRoof:
    """use: (n,) int8 of `Use`. area: (n,) float64 usable area that each target stands for [m²], 0 where it is
    not usable."""

    use: npt.NDArray[np.int8]
    area: Float64


def usable_roof(
    scene: SunScene, targets: Targets, rules: RoofRules | None = None, progress: Progress | None = None
) -> UsableRoof:
    """Which of some targets modules can lie on. Raises AnalysisError for a scene without surfaces."""
    rules, surfaces = rules or RoofRules(), surfaces_of(scene)
    use, area = np.full(len(targets), Use.NO_ROOF, np.int8), np.zeros(len(targets))
    roof = np.flatnonzero((targets.surface >= 0) & (surfaces.kind[targets.surface] == Kind.ROOF))
    if not len(roof):
        return UsableRoof(use, area)
    points, surface = targets.points[roof], targets.surface[roof]
    normals = surfaces.normals[surface]
    plane = _planes(surfaces)[surface]
    slope = np.degrees(np.arccos(np.clip(normals[:, 2], -1.0, 1.0)))
    within = _within_edges(surfaces, points, surface, plane, targets.area[roof], rules.setback, progress)
    found = np.select(
        [
            slope > rules.steepest,
            (slope >= rules.flat_below) & _faces_away(scene, normals, rules.away),
            _obstructed(scene, points, normals, rules.clearance),
            within <= 0,
        ],
        [Use.STEEP, Use.ASPECT, Use.OBSTACLE, Use.EDGE],
        Use.USABLE,
    )
    usable = found == Use.USABLE
    whole = np.bincount(plane[usable], within[usable], minlength=int(plane.max()) + 1)
    use[roof] = np.where(usable & (whole[plane] < rules.smallest), Use.SMALL, found)
    area[roof] = np.where(use[roof] == Use.USABLE, within, 0.0)
    return UsableRoof(use, area)


def surfaces_of(scene: SunScene) -> Surfaces:
    """The scene's surfaces. Raises AnalysisError if it has none."""
    if scene.surfaces is None:
        raise AnalysisError("the scene has no surfaces of buildings; make it of a city with roofs and walls")
    return scene.surfaces


def _planes(surfaces: Surfaces) -> Int32:
    """(s,) number of the plane of the building that each surface lies in."""
    first = surfaces.vertices[surfaces.rings[surfaces.polygons[:-1]]]
    offset = (first * surfaces.normals).sum(axis=1)
    same = np.column_stack(
        [surfaces.building, surfaces.kind, np.round(surfaces.normals * 50), np.round(offset * 5)]
    )
    return np.unique(same, axis=0, return_inverse=True)[1].reshape(-1).astype(np.int32)


def _faces_away(scene: SunScene, normals: Float64, away: float) -> Bools:
    """Whether planes face the side that the sun is not on at noon, within an angle [degrees]."""
    turn = np.radians(scene.place.convergence)
    pole = np.array([-np.sin(turn), np.cos(turn)]) * (1.0 if scene.place.latitude >= 0 else -1.0)
    level = np.hypot(normals[:, 0], normals[:, 1])
    result: Bools = normals[:, :2] @ pole > np.cos(np.radians(away)) * np.where(level > 0, level, np.inf)
    return result


def _obstructed(scene: SunScene, points: Float64, normals: Float64, clearance: float) -> Bools:
    """Whether something stands over the roof's plane in the cell of a point."""
    rows, columns = scene.shape
    row = np.clip((scene.north - points[:, 1]) // scene.cell_size, 0, rows - 1).astype(int)
    column = np.clip((points[:, 0] - scene.west) // scene.cell_size, 0, columns - 1).astype(int)
    x = scene.west + (column + 0.5) * scene.cell_size - points[:, 0]
    y = scene.north - (row + 0.5) * scene.cell_size - points[:, 1]
    up = np.maximum(normals[:, 2], 1e-6)
    plane = points[:, 2] - (normals[:, 0] * x + normals[:, 1] * y) / up
    top = scene.heights[row, column]
    if scene.canopy is not None:
        top = np.fmax(top, scene.canopy[row, column])
    result: Bools = top > plane + clearance
    return result


def _within_edges(
    surfaces: Surfaces,
    points: Float64,
    surface: Int32,
    plane: Int32,
    area: Float64,
    setback: float,
    progress: Progress | None,
) -> Float64:
    """(n,) area [m²] that each point of a roof stands for: 0 closer to its roof's edge than the setback [m],
    in the plane; those farther in share out what is left of the roof without its margin."""
    import shapely

    planes = _planes(surfaces)
    within = np.zeros(len(points))
    order, members = np.argsort(plane, kind="stable"), np.argsort(planes, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(plane[order])) + 1)
    told = part(progress, 0.0, 1.0, "usable roofs")
    for n, group in enumerate(groups):
        if n % _TOLD == 0:
            told(n / len(groups))
        first, last = np.searchsorted(planes, [plane[group[0]], plane[group[0]] + 1], sorter=members)
        frame = _frame(surfaces.normals[surface[group[0]]])
        rings = [_rings(surfaces, s, frame) for s in members[first:last]]
        shapes = shapely.make_valid(np.array([shapely.Polygon(r[0], r[1:]) for r in rings]))
        left = shapely.union_all(shapes, grid_size=_SNAP).buffer(-setback, join_style="mitre")
        inside = shapely.contains(left, shapely.points(points[group] @ frame))
        covered = float(area[group][inside].sum())
        if covered > 0:
            within[group] = np.where(inside, area[group] * left.area / covered, 0.0)
    return within


def _frame(normal: Float64) -> Float64:
    """(3, 2) unit vectors in a plane: along its horizontal, and up its slope."""
    level = np.array([-normal[1], normal[0], 0.0])
    length = float(np.linalg.norm(level))
    along = level / length if length > 1e-9 else np.array([1.0, 0.0, 0.0])
    return np.column_stack([along, np.cross(normal, along)])


def _rings(surfaces: Surfaces, surface: int, frame: Float64) -> list[Float64]:
    """The rings of a surface in the frame of its plane."""
    first, last = surfaces.polygons[surface], surfaces.polygons[surface + 1]
    ends = surfaces.rings[first : last + 1]
    return [surfaces.vertices[a:b] @ frame for a, b in pairwise(ends)]
