"""Surfaces laid on the ground: grids of points, strips of lanes and polygons that follow the terrain."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from citygml.model import CityObject, Float64, Geometry, Int32, Surface
from twin.synth.design import Design
from twin.synth.plan import Plan
from twin.synth.shapes import faces_geometry, quad_faces
from twin.synth.terrain import Terrain


@dataclass(slots=True)
class Ground:
    """The plan, its terrain and the designs of its blocks (in the plan's order): what every layer needs."""

    plan: Plan
    terrain: Terrain
    designs: Sequence[Design]

    def lay(self, xy: Float64, lift: float = 0.0) -> Float64:
        """Local points (..., 2) as world points (..., 3) on the ground plus `lift` [m], to the mm."""
        z = self.terrain.at(xy) + lift
        return np.round(np.concatenate([self.plan.frame.to_world(xy), z[..., None]], axis=-1), 3)

    def set(self, xyz: Float64) -> Float64:
        """Local points (..., 3) with heights as world points, to the mm."""
        return np.round(np.concatenate([self.plan.frame.to_world(xyz[..., :2]), xyz[..., 2:]], axis=-1), 3)


@dataclass(frozen=True, slots=True)
class Lane:
    """One lane of a strip: from and to which offset [m], how far above the ground, and its surface."""

    low: float
    high: float
    lift: float
    surface: str
    function: str


def cells(grid: Float64) -> Float64:
    """Quads ((n-1)(m-1), 4, 3), facing up, of a grid (n, m, 3) whose rows go north and columns east."""
    quads = np.stack([grid[:-1, :-1], grid[:-1, 1:], grid[1:, 1:], grid[1:, :-1]], axis=2)
    return quads.reshape(-1, 4, 3)


def face_up(quads: Float64) -> Float64:
    """The quads (n, 4, 3), turned where they face down."""
    a, c = quads[:, 2] - quads[:, 0], quads[:, 3] - quads[:, 1]
    down = a[:, 0] * c[:, 1] - a[:, 1] * c[:, 0] < 0
    turned = quads.copy()
    turned[down] = quads[down][:, ::-1]
    return turned


def without_repeats(vertices: Float64, sizes: Int32) -> tuple[Float64, Int32]:
    """Polygons without the vertices that only repeat the one before them (quads that are triangles)."""
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    before = np.arange(len(vertices)) - 1
    before[starts] = starts + sizes - 1
    keep = np.any(vertices != vertices[before], axis=1)
    return vertices[keep], np.add.reduceat(keep.astype(np.int32), starts).astype(np.int32)


def patch(quads: Float64, lod: str, semantic: bool = False) -> Geometry:
    """A MultiSurface of quads (n, 4, 3) that lie on the ground; bent ones become triangles."""
    vertices, sizes, _ = quad_faces(face_up(quads))
    vertices, sizes = without_repeats(vertices, sizes)
    semantics = np.zeros(len(sizes), dtype=np.int32) if semantic else None
    return faces_geometry(vertices, sizes, lod, semantics)


def strip_object(
    ground: Ground,
    object_: CityObject,
    point: Callable[[Float64, Float64], Float64],
    stations: Float64,
    lanes: Sequence[Lane],
    make_surface: Callable[[Lane], Surface],
    stripes: tuple[Lane, Float64] | None = None,
) -> CityObject:
    """Give an object the lanes of a street as surfaces, LoD2.

    point: local points (n, m, 2) from stations (n, 1) and offsets (1, m).
    stripes: one more surface of quads (n, 4, 2), given as stations and offsets.
    """
    offsets = np.array([[lane.low, lane.high] for lane in lanes])
    xy = point(stations[:, None], offsets.reshape(1, -1))
    grid = ground.lay(xy).reshape(len(stations), len(lanes), 2, 3)
    grid[..., 2] += np.array([lane.lift for lane in lanes])[None, :, None]
    quads = np.stack([grid[:-1, :, 0], grid[:-1, :, 1], grid[1:, :, 1], grid[1:, :, 0]], axis=3)
    quads = np.moveaxis(quads, 3, 2).swapaxes(0, 1).reshape(-1, 4, 3)
    object_.surfaces = [make_surface(lane) for lane in lanes]
    owner = np.repeat(np.arange(len(lanes)), len(stations) - 1)
    if stripes is not None:
        lane, marks = stripes
        xy = point(marks[..., 0].reshape(-1, 1), marks[..., 1].reshape(-1, 1)).reshape(-1, 4, 2)
        quads = np.concatenate([quads, ground.lay(xy, lane.lift)])
        owner = np.concatenate([owner, np.full(len(marks), len(lanes))])
        object_.surfaces.append(make_surface(lane))
    vertices, sizes, source = quad_faces(face_up(np.round(quads, 3)))
    object_.geometries.append(faces_geometry(vertices, sizes, "2", owner[source].astype(np.int32)))
    return object_
