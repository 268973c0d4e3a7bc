"""The envelope that a height limit leaves over a plot as a closed solid, and the parts of a building that
reach out of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import shapely

from analysis.sun.daylight.north import Cell, Limit
from analysis.sun.scene import Float64, Int32, Surfaces
from citygml.model import Geometry

_Place: TypeAlias = tuple[float, float]
_Point: TypeAlias = tuple[float, float, float]

_DIGITS = 6
"""Coordinates are equal to so many decimals [m]."""
_SAME = 1e-4
"""[m] Heights at one place that differ by less are the same."""
_LEVEL = 1e-3
"""Vertical part of the normal from which a surface is a roof."""
_TOLERANCE = 1e-4
"""[m] above the limit that is not yet a breach."""


@dataclass(frozen=True)
class Envelope:
    """A closed solid. vertices: (n, 3) float64 [m] in the grid's coordinates. triangles: (t, 3) int32,
    counter-clockwise from outside. faces: its plane faces, each (k,) int32 into the vertices."""

    vertices: Float64
    triangles: Int32
    faces: Sequence[Int32]

    @property
    def volume(self) -> float:
        """[m³]"""
        a, b, c = (self.vertices[self.triangles[:, k]] - self.vertices[0] for k in range(3))
        return float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6)

    def geometry(self, lod: str = "1") -> Geometry:
        """As a solid that a city object can carry (CityGML, CityJSON)."""
        corners = np.concatenate(self.faces)
        rings = np.concatenate([[0], np.cumsum([len(face) for face in self.faces])]).astype(np.int32)
        polygons = np.arange(len(self.faces) + 1, dtype=np.int32)
        return Geometry(
            "Solid",
            lod,
            self.vertices[corners],
            rings,
            polygons,
            shells=np.array([0, len(self.faces)], np.int32),
            solids=np.array([0, 1], np.int32),
        )

    def glb(self) -> tuple[bytes, Float64]:
        """A binary glTF in metres, y up, and the point (3,) of the grid's coordinates that is its origin."""
        import trimesh

        origin = self.vertices.mean(axis=0)
        local = self.vertices - origin
        mesh = trimesh.Trimesh(local[:, [0, 2, 1]] * (1, 1, -1), self.triangles, process=False)
        content = mesh.export(file_type="glb")
        assert isinstance(content, bytes)
        return content, origin


@dataclass(frozen=True)
class Breach:
    """A surface of a building that reaches out of the envelope. area: of its outline over the limit [m²];
    volume: between it and the limit [m³]; most: by how much at most [m], at point (3,) [m], where the limit
    is `allowed` [m above the ground]."""

    building: str
    surface: str
    area: float
    volume: float
    most: float
    point: Float64
    allowed: float


def envelope(limit: Limit) -> Envelope | None:
    """The solid under the limit, from the ground up; None where nothing may be built.

    Faces share their corners and edges, so that the solid is closed: walls are cut at every height at which
    another face has a corner.
    """
    cells = [cell for cell in limit.cells if np.abs(cell.plane).max() > 0]
    if not cells:
        return None
    rings = [_anticlockwise(cell) for cell in cells]
    levels: dict[_Place, list[float]] = defaultdict(lambda: [0.0])
    corners = [_corners(cell, ring, levels) for cell, ring in zip(cells, rings, strict=True)]
    corners = _crossed(corners, levels)
    beside = _beside(corners)
    mesh = _Mesh()
    for ring in corners:
        mesh.face(ring)
        mesh.face([(x, y, 0.0) for x, y, _ in reversed(ring)])
        for a, b in _sides(ring):
            low = beside.get((b[:2], a[:2]), (0.0, 0.0))[::-1]
            if a[2] > low[0] or b[2] > low[1]:
                left = _chain(a[:2], levels[a[:2]], low[0], a[2])
                mesh.wall(left, _chain(b[:2], levels[b[:2]], low[1], b[2]))
    return mesh.solid(np.array([*limit.origin, limit.ground]))


def breaches(limit: Limit, surfaces: Surfaces, buildings: Collection[str] | None = None) -> list[Breach]:
    """Roofs, terraces and other upward faces that reach over the limit, the worst first.

    surfaces: of the plan or of what stands, in the grid's coordinates; buildings: only these. A part over
    another is counted by itself, and what is below a surface is taken to be solid. What lies outside of the
    plot is another matter and is not looked at.
    """
    normals = surfaces.normals[surfaces.triangle_surface]
    owner = surfaces.building[surfaces.triangle_surface]
    up = (normals[:, 2] > _LEVEL) & (owner >= 0)
    if buildings is not None:
        wanted = np.array([each in buildings for each in surfaces.buildings], bool)
        up &= wanted[np.maximum(owner, 0)]
    chosen = np.flatnonzero(up)
    corners = surfaces.vertices[surfaces.triangles[chosen]] - np.array([*limit.origin, limit.ground])
    flat = shapely.polygons(np.concatenate([corners[:, :, :2], corners[:, :1, :2]], axis=1))
    tree = shapely.STRtree([cell.shape for cell in limit.cells])
    found: dict[int, list[tuple[float, float, float, Float64, float]]] = defaultdict(list)
    for triangle, cell in tree.query(flat, predicate="intersects").T.tolist():
        piece = shapely.intersection(flat[triangle], limit.cells[cell].shape)
        if piece.geom_type != "Polygon" or piece.is_empty:
            continue
        over = _over(piece, corners[triangle], limit.cells[cell])
        if over is not None:
            found[int(surfaces.triangle_surface[chosen[triangle]])].append(over)
    result = []
    for surface, parts in found.items():
        most = max(parts, key=lambda part: part[2])
        result.append(
            Breach(
                surfaces.buildings[surfaces.building[surface]],
                surfaces.ids[surface],
                sum(part[0] for part in parts),
                sum(part[1] for part in parts),
                most[2],
                most[3] + np.array([*limit.origin, limit.ground]),
                most[4],
            )
        )
    return sorted(result, key=lambda breach: -breach.most)


def _over(piece: Any, triangle: Float64, cell: Cell) -> tuple[float, float, float, Float64, float] | None:
    """Area, volume, greatest excess, its point and the limit there, of a piece of a triangle over a cell."""
    roof = np.linalg.solve(np.column_stack([triangle[:, :2], np.ones(3)]), triangle[:, 2])
    ring = shapely.get_coordinates(piece)[:-1]
    excess = ring @ (roof - cell.plane)[:2] + (roof - cell.plane)[2]
    ring, excess = _above(ring, excess)
    if len(ring) < 3 or excess.max() <= _TOLERANCE:
        return None
    first, rest = ring[0], ring[1:] - ring[0]
    areas = (rest[:-1, 0] * rest[1:, 1] - rest[:-1, 1] * rest[1:, 0]) / 2
    means = (excess[0] + excess[1:-1] + excess[2:]) / 3
    worst = int(np.argmax(excess))
    x, y = (first if worst == 0 else ring[worst]).tolist()
    allowed = float(cell.height(np.array([[x, y]]))[0])
    point = np.array([x, y, allowed + float(excess[worst])])
    area, volume = float(abs(areas.sum())), float(abs((areas * means).sum()))
    return area, volume, float(excess[worst]), point, allowed


def _above(ring: Float64, excess: Float64) -> tuple[Float64, Float64]:
    """The part of a convex ring where a linear function is above 0 (I. E. Sutherland and G. W. Hodgman,
    "Reentrant polygon clipping", 1974)."""
    points, values = [], []
    for n in range(len(ring)):
        a, b = excess[n - 1], excess[n]
        if (a > 0) != (b > 0):
            share = a / (a - b)
            points.append(ring[n - 1] + share * (ring[n] - ring[n - 1]))
            values.append(0.0)
        if b > 0:
            points.append(ring[n])
            values.append(float(b))
    return np.array(points).reshape(-1, 2), np.array(values)


def _anticlockwise(cell: Cell) -> Float64:
    ring = shapely.get_coordinates(shapely.orient_polygons(cell.shape, exterior_cw=False))[:-1]
    return np.round(ring, _DIGITS)


def _corners(cell: Cell, ring: Float64, levels: dict[_Place, list[float]]) -> list[_Point]:
    """The corners of a cell's top. A height that is already known there is taken over to the last digit."""
    result = []
    for (x, y), z in zip(ring.tolist(), cell.height(ring).tolist(), strict=True):
        same = [level for level in levels[x, y] if abs(level - z) < _SAME]
        if not same:
            levels[x, y].append(z)
        result.append((x, y, same[0] if same else z))
    return result


def _beside(corners: Sequence[list[_Point]]) -> dict[tuple[_Place, _Place], tuple[float, float]]:
    """Heights at both ends of each side of the cells, by its ends."""
    return {(a[:2], b[:2]): (a[2], b[2]) for ring in corners for a, b in _sides(ring)}


def _crossed(corners: Sequence[list[_Point]], levels: dict[_Place, list[float]]) -> list[list[_Point]]:
    """The cells' tops with a further corner where two of them cross on their common side."""
    beside = _beside(corners)
    found: dict[tuple[_Place, _Place], _Point] = {}
    result = []
    for ring in corners:
        cut = []
        for a, b in _sides(ring):
            cut.append(a)
            other = beside.get((b[:2], a[:2]))
            if other is None or (a[2] - other[1]) * (b[2] - other[0]) >= 0:
                continue
            if (b[:2], a[:2]) not in found:
                share = (a[2] - other[1]) / ((a[2] - other[1]) - (b[2] - other[0]))
                x, y, z = (p + share * (q - p) for p, q in zip(a, b, strict=True))
                found[a[:2], b[:2]] = (x, y, z)
                levels[x, y].append(z)
            cut.append(found[(a[:2], b[:2]) if (a[:2], b[:2]) in found else (b[:2], a[:2])])
        result.append(cut)
    return result


def _sides(ring: list[_Point]) -> list[tuple[_Point, _Point]]:
    return list(zip(ring, [*ring[1:], ring[0]], strict=True))


def _chain(place: _Place, levels: Collection[float], low: float, high: float) -> list[_Point]:
    """Corners up a vertical edge, at every level between its ends."""
    return [(*place, z) for z in sorted(levels) if low <= z <= high]


class _Mesh:
    """Faces and triangles over corners that are found again by their coordinates."""

    def __init__(self) -> None:
        self._index: dict[_Point, int] = {}
        self._triangles: list[tuple[int, int, int]] = []
        self._faces: list[list[int]] = []

    def _corner(self, point: _Point) -> int:
        return self._index.setdefault(point, len(self._index))

    def face(self, ring: Sequence[_Point]) -> None:
        """A convex face, as a fan about its middle: corners along its edges make no empty triangles."""
        corners = [self._corner(point) for point in ring]
        x, y, z = np.mean(ring, axis=0).tolist()
        middle = self._corner((x, y, z))
        self._faces.append(corners)
        self._triangles += [(a, b, middle) for a, b in zip(corners, [*corners[1:], corners[0]], strict=True)]

    def wall(self, left: Sequence[_Point], right: Sequence[_Point]) -> None:
        """Between two vertical edges, their corners upwards; from outside, left is on the left."""
        a, b = [self._corner(p) for p in left], [self._corner(p) for p in right]
        self._faces.append([*b, *reversed(a)])
        i = j = 0
        while i < len(a) - 1 or j < len(b) - 1:
            if j == len(b) - 1 or (i < len(a) - 1 and left[i + 1][2] <= right[j + 1][2]):
                self._triangles.append((a[i], b[j], a[i + 1]))
                i += 1
            else:
                self._triangles.append((a[i], b[j], b[j + 1]))
                j += 1

    def solid(self, origin: Float64) -> Envelope:
        vertices = np.array(list(self._index), float) + origin
        faces = [np.array(face, np.int32) for face in self._faces]
        return Envelope(vertices, np.array(self._triangles, np.int32), faces)
