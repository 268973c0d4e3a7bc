"""Where a dwelling's daylight is judged: one point in the middle of each storey of each bay of a facade, or
of each window where the model has windows.

A model of a city seldom says where a flat begins. Facades are cut into storeys by a storey's height above the
ground in front of them, and along their length into bays about as wide as a flat. What is known better
(storeys and their heights by building) is given as arguments.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import shapely

from analysis.sun.scene import Float32, Float64, Int32, Kind, SunScene, Surfaces
from analysis.sun.targets import Targets

STOREY_HEIGHT = 3.0
"""[m] floor to floor where nothing better is known. Korean flats have 2.8 to 3.0 m."""
BAY = 10.0
"""[m] of facade that one flat takes where nothing better is known."""
_VERTICAL = 0.17
"""Facades lean at most so much: the vertical part of their normal, about 10 degrees."""
_IN_FRONT = 0.05
"""[m] that a point lies in front of its facade."""


@dataclass(frozen=True)
class Dwelling:
    """One place that is judged. target: index of its point. storey: counted from 1 on the ground. bay:
    counted from 1, left to right as seen from outside. azimuth: where the facade looks [degrees from true
    north]. surface: id of the facade or window. window: whether that is a window of the model."""

    building: str
    storey: int
    bay: int
    azimuth: float
    surface: str
    target: int
    window: bool = False

    @property
    def id(self) -> str:
        return f"{self.building}/{self.surface}/{self.storey}.{self.bay}"


def dwelling_targets(
    scene: SunScene,
    *,
    storey_height: float | Mapping[str, float] = STOREY_HEIGHT,
    bay: float = BAY,
    buildings: frozenset[str] | None = None,
) -> tuple[Targets, list[Dwelling]]:
    """The points to judge and what they stand for.

    storey_height: [m], one for all or by id of the building. bay: [m]. buildings: only these.
    A building with windows is judged at their middles, others at those of their bays. Points that lie in the
    ground or against a neighbour's wall are left out.
    """
    surfaces = scene.surfaces
    if surfaces is None:
        return _targets(np.zeros((0, 3)), np.zeros((0, 3)), np.zeros(0, np.int32)), []
    upright = (np.abs(surfaces.normals[:, 2]) <= _VERTICAL) & (surfaces.areas > 0) & (surfaces.building >= 0)
    if buildings is not None:
        wanted = np.array([b in buildings for b in surfaces.buildings], bool)
        upright &= wanted[np.maximum(surfaces.building, 0)]
    windows = _panes(surfaces, np.flatnonzero(upright & (surfaces.kind == Kind.WINDOW)))
    bases = _bases(surfaces)
    glazed = np.isin(surfaces.building, surfaces.building[windows])
    facades = np.flatnonzero(upright & (surfaces.kind == Kind.FACADE) & ~glazed).astype(np.int32)
    heights = [_storey_height(storey_height, b) for b in surfaces.buildings]
    points: list[Float64] = []
    found: list[tuple[int, int, int, bool]] = []
    for index in windows.tolist():
        middle = _middle(surfaces, index)
        ahead = middle + surfaces.normals[index] * scene.cell_size
        building = int(surfaces.building[index])
        foot = np.fmax(_ground(scene, ahead[None]), bases[building])[0]
        storey = int(max(middle[2] - foot, 0.0) // heights[building]) + 1
        points.append(middle)
        found.append((index, storey, 1, True))
    for group in _walls(surfaces, facades):
        building = int(surfaces.building[group[0]])
        for index, point, storey, number in _bays(
            scene, surfaces, group, bases[building], heights[building], bay
        ):
            points.append(point)
            found.append((index, storey, number, False))
    return _kept(scene, surfaces, np.array(points).reshape(-1, 3), found)


def facade_azimuth(normals: Float64, convergence: float) -> Float64:
    """(n,) [degrees] clockwise from true north, of normals (n, 3) in the grid's frame."""
    return np.asarray((np.degrees(np.arctan2(normals[:, 0], normals[:, 1])) + convergence) % 360.0)


def _kept(
    scene: SunScene, surfaces: Surfaces, points: Float64, found: list[tuple[int, int, int, bool]]
) -> tuple[Targets, list[Dwelling]]:
    index = np.array([each[0] for each in found], np.int32)
    normals = surfaces.normals[index]
    ahead = points + normals * scene.cell_size
    free = points[:, 2] > _top(scene, ahead)
    azimuths = facade_azimuth(normals, scene.place.convergence)
    dwellings = []
    for k in np.flatnonzero(free).tolist():
        surface, storey, bay, window = found[k]
        building = surfaces.buildings[surfaces.building[surface]]
        dwellings.append(
            Dwelling(building, storey, bay, float(azimuths[k]), surfaces.ids[surface], 0, window=window)
        )
    targets = _targets(points[free] + normals[free] * _IN_FRONT, normals[free], index[free])
    return targets, [replace(each, target=k) for k, each in enumerate(dwellings)]


def _targets(points: Float64, normals: Float64, surface: Int32) -> Targets:
    return Targets(points, normals, np.zeros(len(points)), surface)


def _walls(surfaces: Surfaces, facades: Int32) -> list[Int32]:
    """Facades in groups that are one wall: of one building, in one plane (0.3 m), in however many pieces."""
    normals = surfaces.normals[facades]
    first = surfaces.vertices[surfaces.rings[surfaces.polygons[facades]]]
    origin = surfaces.vertices.mean(axis=0) if len(surfaces.vertices) else np.zeros(3)
    flat = np.round(np.degrees(np.arctan2(normals[:, 0], normals[:, 1])) / 5.0) % 72
    away = np.round(np.einsum("ij,ij->i", first - origin, normals) / 0.3)
    keys = np.column_stack([surfaces.building[facades], flat, away]).astype(np.int64)
    _, group = np.unique(keys, axis=0, return_inverse=True)
    group = group.ravel()
    order = np.argsort(group, kind="stable")
    return np.split(facades[order], np.flatnonzero(np.diff(group[order])) + 1) if len(facades) else []


def _bays(
    scene: SunScene, surfaces: Surfaces, group: Int32, lowest: float, storey_height: float, bay: float
) -> list[tuple[int, Float64, int, int]]:
    """(surface, point, storey, bay) of one wall of a building whose lowest point is `lowest` [m]."""
    areas = surfaces.areas[group]
    normal = surfaces.normals[group[int(np.argmax(areas))]]
    right = np.array([-normal[1], normal[0], 0.0])
    right /= np.linalg.norm(right)
    base = surfaces.vertices[surfaces.rings[surfaces.polygons[group[0]]]]
    shapes = [_flat(surfaces, index, base, right) for index in group.tolist()]
    west, _, east, high = shapely.total_bounds(shapes)
    width = float(east - west)
    count = max(1, round(width / bay))
    along = west + (np.arange(count) + 0.5) * width / count
    below = base[None] + along[:, None] * right + normal * scene.cell_size
    foot = float(np.fmax(_ground(scene, below).min(), lowest))
    storeys = max(1, round((base[2] + high - foot) / storey_height))
    result = []
    tree = shapely.STRtree(shapes)
    for storey in range(storeys):
        z = foot + (storey + 0.5) * storey_height
        for number, x in enumerate(along.tolist()):
            inside = tree.query(shapely.Point(x, z - base[2]), predicate="intersects")
            if len(inside):
                index = int(group[int(inside[0])])
                point = base + x * right
                # On the surface itself, which may lean a little away from the wall's plane.
                point[2] = z
                point = point + normal * float((surfaces.vertices[_start(surfaces, index)] - point) @ normal)
                result.append((index, point, storey + 1, number + 1))
    return result


def _flat(surfaces: Surfaces, index: int, base: Float64, right: Float64) -> shapely.Geometry:
    """A facade as it looks from the front: along the wall and up, from base."""
    rings = []
    for ring in range(surfaces.polygons[index], surfaces.polygons[index + 1]):
        local = surfaces.vertices[surfaces.rings[ring] : surfaces.rings[ring + 1]] - base
        rings.append(np.column_stack([local @ right, local[:, 2]]))
    return shapely.make_valid(shapely.Polygon(rings[0], rings[1:]))


def _start(surfaces: Surfaces, index: int) -> int:
    return int(surfaces.rings[surfaces.polygons[index]])


def _middle(surfaces: Surfaces, index: int) -> Float64:
    """The middle of a window's frame."""
    ring = surfaces.polygons[index]
    corners = surfaces.vertices[surfaces.rings[ring] : surfaces.rings[ring + 1]]
    return np.asarray((corners.min(axis=0) + corners.max(axis=0)) / 2)


def _storey_height(given: float | Mapping[str, float], building: str) -> float:
    return given.get(building, STOREY_HEIGHT) if isinstance(given, Mapping) else given


def _panes(surfaces: Surfaces, windows: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
    """The largest polygon of each window; further polygons of one have its id with ~ and a number."""
    order = windows[np.argsort(-surfaces.areas[windows], kind="stable")]
    first: dict[str, int] = {}
    for index in order.tolist():
        first.setdefault(surfaces.ids[index].partition("~")[0], index)
    return np.array(sorted(first.values()), np.intp)


def _bases(surfaces: Surfaces) -> Float64:
    """(buildings,) their lowest points [m]. Storeys count from there where the ground lies lower, as it does
    in a city whose terrain is not known."""
    result = np.full(len(surfaces.buildings), np.inf)
    corners = surfaces.vertices[surfaces.triangles][:, :, 2].min(axis=1)
    owner = surfaces.building[surfaces.triangle_surface]
    np.minimum.at(result, owner[owner >= 0], corners[owner >= 0])
    return result


def _ground(scene: SunScene, points: Float64) -> Float64:
    """(n,) the terrain at points [m], NaN outside of it."""
    return _value(scene, scene.terrain, points)


def _top(scene: SunScene, points: Float64) -> Float64:
    """What stands at points, -inf where they lie outside of the height field."""
    return np.nan_to_num(_value(scene, scene.heights, points), nan=-np.inf)


def _value(scene: SunScene, field: Float32, points: Float64) -> Float64:
    """The cells that points lie in, NaN outside."""
    rows, columns = scene.shape
    column = np.floor((points[:, 0] - scene.west) / scene.cell_size).astype(int)
    row = np.floor((scene.north - points[:, 1]) / scene.cell_size).astype(int)
    inside = (row >= 0) & (row < rows) & (column >= 0) & (column < columns)
    value = field[np.clip(row, 0, rows - 1), np.clip(column, 0, columns - 1)].astype(float)
    return np.where(inside, value, np.nan)
