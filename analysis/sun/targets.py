"""Where light is asked for: cells of the ground, and points on roofs and facades."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from analysis.errors import AnalysisError
from analysis.sun.memory import check_memory
from analysis.sun.scene import Float32, Float64, Int32, Kind, SunScene, Surfaces

Int64: TypeAlias = npt.NDArray[np.int64]

LIFT = 0.01
"""How far points stand in front of their surface [m]."""
_BYTES = 120
"""Memory of one point and of what is worked out on the way to it."""
_LEVEL = 0.999
"""The normal of a surface without a slope points up by more than this."""


@dataclass(frozen=True)
class Patches:
    """A grid of texels on each of some surfaces, p of them, which the points lie in the middles of.

    surface: (p,) int32 index into the scene's surfaces. origin, u, v: (p, 3) float64; texel (i, j) of a patch
    has its middle at origin + (j + 0.5) u + (i + 0.5) v [m], u along its horizontal, v up its slope,
    both as long as a texel. shape: (p, 2) int32 rows and columns. texel: (n,) int64 for each point, index of
    its texel among all texels, patch after patch, row by row. Texels without a point lie outside the polygon.
    """

    surface: Int32
    origin: Float64
    u: Float64
    v: Float64
    shape: Int32
    texel: Int64

    @property
    def start(self) -> Int64:
        """(p + 1,) the first texel of each patch."""
        return np.concatenate([[0], np.cumsum(self.shape.astype(np.int64).prod(axis=1))])


@dataclass(frozen=True)
class Targets:
    """n points. points, normals: (n, 3) float64 [m], a little in front of their surface. area: (n,) float64
    [m²] that each stands for. surface: (n,) int32 index into the scene's surfaces, -1 on the ground.
    ground: (rows, columns) if the points are all cells of the height field, row by row."""

    points: Float64
    normals: Float64
    area: Float64
    surface: Int32
    patches: Patches | None = None
    ground: tuple[int, int] | None = None

    def __len__(self) -> int:
        return len(self.normals)

    def some(self, chosen: slice | npt.NDArray[np.intp]) -> Targets:
        """Some of them, as free points."""
        points = self._points(chosen)
        return Targets(points, self.normals[chosen], self.area[chosen], self.surface[chosen])

    def _points(self, chosen: slice | npt.NDArray[np.intp]) -> Float64:
        return self.points[chosen]


class GroundTargets(Targets):
    """All cells of a height field. Their points are made whenever they are asked for: kept, they would take
    six times the memory of the field."""

    _scene: SunScene

    def __init__(self, scene: SunScene) -> None:
        n = scene.heights.size
        for name, value in {
            "_scene": scene,
            "normals": np.broadcast_to(np.array([0.0, 0.0, 1.0]), (n, 3)),
            "area": np.broadcast_to(np.float64(scene.cell_size**2), (n,)),
            "surface": np.broadcast_to(np.int32(-1), (n,)),
            "patches": None,
            "ground": scene.shape,
        }.items():
            object.__setattr__(self, name, value)

    @property
    def points(self) -> Float64:
        return self.between(0, len(self))

    def _points(self, chosen: slice | npt.NDArray[np.intp]) -> Float64:
        if isinstance(chosen, slice):
            return self.between(*chosen.indices(len(self))[:2])
        return self.points[chosen]

    def between(self, start: int, stop: int) -> Float64:
        """(stop - start, 3) the points [m] of the cells with these numbers."""
        points: Float64 = self._made(start, stop, np.zeros(3), np.float64)
        return points

    def single(self, start: int, stop: int, origin: Float64) -> Float32:
        """The same in float32, from an origin (3,)."""
        points: Float32 = self._made(start, stop, origin, np.float32)
        return points

    def _made(self, start: int, stop: int, origin: Float64, dtype: Any) -> Any:
        scene = self._scene
        columns = scene.shape[1]
        first, last = start // columns, -(-stop // columns)  # whole rows
        points = np.empty((last - first, columns, 3), dtype)
        points[..., 0] = scene.west - origin[0] + (np.arange(columns) + 0.5) * scene.cell_size
        north = scene.north - origin[1] - (np.arange(first, last) + 0.5) * scene.cell_size
        points[..., 1] = north[:, None]
        points[..., 2] = scene.heights[first:last] + np.float64(LIFT - origin[2])
        return points.reshape(-1, 3)[start - first * columns : stop - first * columns]


def ground_targets(scene: SunScene) -> Targets:
    """The middle of each cell of the height field, facing up; where a building stands, on its roof."""
    return GroundTargets(scene)


def roof_targets(scene: SunScene, spacing: float = 1.0, only: Int32 | None = None) -> Targets:
    """Points on all roofs. Arguments and errors as in `facade_targets`."""
    return surface_targets(scene, spacing, (Kind.ROOF,), only)


def facade_targets(scene: SunScene, spacing: float = 1.0, only: Int32 | None = None) -> Targets:
    """Points on all facades and windows, in the middles of texels of at most `spacing` [m].

    Each surface is divided evenly, so that the texels end at its edges. The area of a surface is shared out
    evenly among its points; a surface in which no texel's middle lies has one point, in its largest triangle.
    only: (k,) indices of surfaces to choose from. AnalysisError where the scene has no surfaces, the spacing
    is not positive, or the points would not go into memory.
    """
    return surface_targets(scene, spacing, (Kind.FACADE, Kind.WINDOW), only)


def surface_targets(
    scene: SunScene, spacing: float, kinds: Iterable[Kind], only: Int32 | None = None
) -> Targets:
    """Points on the surfaces of some kinds, as `facade_targets` has them."""
    from analysis.sun.texels import axes, inside, spans

    surfaces = scene.surfaces
    if surfaces is None:
        raise AnalysisError("the scene is a height field alone: points on roofs and facades need surfaces")
    if not (np.isfinite(spacing) and spacing > 0):
        raise AnalysisError(f"the spacing of points is {spacing} m: give a length above zero")
    wanted = np.isin(surfaces.kind, [int(kind) for kind in kinds]) & (surfaces.areas > 0)
    if only is not None:
        wanted &= np.isin(np.arange(len(surfaces)), only)
    chosen = np.flatnonzero(wanted).astype(np.int32)

    along, up = axes(surfaces, chosen, _LEVEL)
    low, high = spans(surfaces, chosen, along, up)
    # a millionth off, so that a wall of 12.000000001 m gets as many texels as one of 12 m
    counts = np.maximum(np.ceil((high - low) / spacing - 1e-6), 1.0)
    total = float(counts.prod(axis=1).sum())
    check_memory(
        _BYTES * total, f"{total:,.0f} points {spacing:g} m apart", "choose a wider spacing or a smaller part"
    )
    size = (high - low) / counts
    shape = counts[:, ::-1].astype(np.int32)
    first = surfaces.vertices[surfaces.rings[surfaces.polygons[chosen]]]
    origin = first + low[:, :1] * along + low[:, 1:] * up
    u, v = along * size[:, :1], up * size[:, 1:]

    start = np.concatenate([[0], np.cumsum(shape.astype(np.int64).prod(axis=1))])
    found = np.zeros(start[-1], np.bool_)
    corners = surfaces.rings[surfaces.polygons[chosen + 1]] - surfaces.rings[surfaces.polygons[chosen]]
    room = np.concatenate([[0], np.cumsum(corners, dtype=np.int64)])
    inside(
        surfaces.vertices, surfaces.rings, surfaces.polygons, chosen, along, up, low, size, shape, start,
        found, room,
    )  # fmt: skip
    points_of = np.zeros(len(chosen), np.int64)
    if len(chosen):
        points_of = np.add.reduceat(found, start[:-1], dtype=np.int64)
    without = np.flatnonzero(points_of == 0)
    within = _middles(surfaces, chosen[without])
    offset = within - origin[without]
    cell = np.stack(
        [
            np.einsum("ij,ij->i", offset, axis[without]) / size[without, k]
            for k, axis in ((1, up), (0, along))
        ],
        axis=1,
    )
    row, column = np.clip(cell.astype(np.int64), 0, shape[without] - 1).T
    alone = start[without] + row * shape[without, 1] + column
    found[alone] = True
    points_of[without] = 1

    texel = np.flatnonzero(found)
    patch = np.repeat(np.arange(len(chosen)), points_of)
    inner = texel - start[patch]
    row, column = np.divmod(inner, shape[patch, 1])
    points = origin[patch] + (column + 0.5)[:, None] * u[patch] + (row + 0.5)[:, None] * v[patch]
    points[np.searchsorted(texel, alone)] = within
    normals = surfaces.normals[chosen][patch]
    points += LIFT * normals
    area = (surfaces.areas[chosen] / points_of)[patch]
    return Targets(points, normals, area, chosen[patch], Patches(chosen, origin, u, v, shape, texel))


def joined(*targets: Targets) -> Targets:
    """Several targets as one, in their order. Patches are kept where all of them have some."""
    if len(targets) == 1:
        return targets[0]
    patches = [each.patches for each in targets if each.patches is not None]
    return Targets(
        np.concatenate([each.points for each in targets]).reshape(-1, 3),
        np.concatenate([each.normals for each in targets]).reshape(-1, 3),
        np.concatenate([each.area for each in targets]),
        np.concatenate([each.surface for each in targets]),
        _joined_patches(patches) if len(patches) == len(targets) else None,
    )


def _joined_patches(patches: list[Patches]) -> Patches:
    before = np.cumsum([0, *(each.start[-1] for each in patches)])
    return Patches(
        np.concatenate([each.surface for each in patches]),
        np.concatenate([each.origin for each in patches]),
        np.concatenate([each.u for each in patches]),
        np.concatenate([each.v for each in patches]),
        np.concatenate([each.shape for each in patches]),
        np.concatenate([each.texel + offset for each, offset in zip(patches, before, strict=False)]),
    )


def _middles(surfaces: Surfaces, chosen: Int32) -> Float64:
    """(p, 3) a point inside each chosen surface: the middle of its largest triangle, or of its vertices where
    it has none."""
    middle = np.array(
        [
            surfaces.vertices[
                surfaces.rings[surfaces.polygons[k]] : surfaces.rings[surfaces.polygons[k] + 1]
            ].mean(axis=0)
            for k in chosen
        ]
    ).reshape(-1, 3)
    place = np.full(len(surfaces), -1)
    place[chosen] = np.arange(len(chosen))
    mine = np.flatnonzero(place[surfaces.triangle_surface] >= 0)
    corners = surfaces.vertices[surfaces.triangles[mine]]
    size = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
    order = np.argsort(size)  # the last one written, the largest, stays
    middle[place[surfaces.triangle_surface[mine[order]]]] = corners[order].mean(axis=1)
    return middle
