"""A planned building in the city under the sun: put into a scene, and old ones taken out of it.

`extruded` makes the surfaces of an outline with a height, `planned` a scene with them. The height field of
what is taken away is drawn again from the terrain and the buildings that stay, within its box alone.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from analysis.errors import AnalysisError
from analysis.scene.elevation import draw_triangles
from analysis.scene.sun import upward
from analysis.sun.scene import Float32, Float64, Kind, SunScene, Surfaces
from citygml.triangulate import triangulate

PLANNED = "planned"
"""Id of a planned building that has no other."""


@dataclass(frozen=True)
class Window:
    """A box of cells, rows top to bottom and columns left to right, the ends left out."""

    top: int
    bottom: int
    left: int
    right: int

    @property
    def slices(self) -> tuple[slice, slice]:
        return slice(self.top, self.bottom), slice(self.left, self.right)


def extruded(
    scene: SunScene,
    outline: Sequence[npt.ArrayLike],
    height: float,
    *,
    base: float | None = None,
    id: str = PLANNED,
) -> Surfaces:
    """Roof and walls over an outline in the scene's coordinates, and the floor below.

    outline: rings (n, 2) [m], the first the exterior. height: [m] above base. base: [m] in the scene's
    heights; None for the mean of the ground along the exterior, from which the Korean Building Act Decree,
    art. 119(1)5 and (2), counts the height. Walls begin at the lowest ground below them, so that none hangs
    in the air.

    Raises AnalysisError for an outline that is no area or crosses itself, one that reaches out of the scene,
    or a height that is not above 0.
    """
    if not (np.isfinite(height) and height > 0):
        raise AnalysisError(f"the planned building's height must be above 0 m, not {height:g}")
    shape = _polygon(outline)
    _check_inside(scene, shape)
    along = _ground(scene, shapely.get_coordinates(shapely.segmentize(shape.exterior, scene.cell_size)))
    level = float(along.mean()) if base is None else float(base)
    if not np.isfinite(level):
        raise AnalysisError("the planned building's base is no height")
    foot, top = min(level, float(along.min())), level + height
    rings = [np.asarray(r.coords)[:-1] for r in (shape.exterior, *shape.interiors)]
    polygons: list[list[Float64]] = [
        [_at(ring, top) for ring in rings],
        [_at(ring[::-1], foot) for ring in rings],
    ]
    kinds = [Kind.ROOF, Kind.GROUND]
    for ring in rings:
        for a, b in zip(ring, np.roll(ring, -1, axis=0), strict=True):
            polygons.append([np.array([[*a, foot], [*b, foot], [*b, top], [*a, top]])])
            kinds.append(Kind.FACADE)
    return surfaces_of(polygons, kinds, id)


def surfaces_of(polygons: Sequence[Sequence[Float64]], kinds: Sequence[Kind], id: str) -> Surfaces:
    """The surfaces of one building: for each polygon its rings (n, 3) [m], the exterior first, anticlockwise
    from outside."""
    rings = [ring for polygon in polygons for ring in polygon]
    vertices = np.concatenate(rings).astype(np.float64)
    ring_ends = np.cumsum([0, *(len(ring) for ring in rings)]).astype(np.int32)
    polygon_ends = np.cumsum([0, *(len(polygon) for polygon in polygons)]).astype(np.int32)
    cut = triangulate(vertices, ring_ends, polygon_ends)
    return Surfaces(
        vertices,
        ring_ends,
        polygon_ends,
        np.array(kinds, np.int8),
        np.zeros(len(polygons), np.int32),
        [f"{id}-{n}" for n in range(len(polygons))],
        [id],
        cut.normals,
        cut.areas,
        cut.corners,
        cut.polygon,
    )


def planned(scene: SunScene, added: Surfaces | None = None, removed: Collection[str] = ()) -> SunScene:
    """The scene as it would be: buildings of the ids `removed` gone, the surfaces `added` in it.

    The surfaces that stay come first, in their order; `kept` says which they are. Raises AnalysisError for
    an id that is not in the scene, and for one that is added and stays.
    """
    heights = scene.heights
    surfaces = scene.surfaces
    if removed:
        going = _going(scene, removed)
        heights = _without(scene, going)
        surfaces = chosen(scene.surfaces, ~going) if scene.surfaces is not None else None
    if added is not None:
        standing = set(added.buildings) & (_standing(surfaces) if surfaces is not None else set())
        if standing:
            raise AnalysisError(
                f"there is a building {min(standing)!r} already; remove it, or call the planned one otherwise"
            )
        heights = heights.copy() if heights is scene.heights else heights
        draw_triangles(heights, tops(added), scene.west, scene.north, scene.cell_size)
        surfaces = added if surfaces is None else joined(surfaces, added)
    return replace(scene, heights=heights, surfaces=surfaces)


def kept(scene: SunScene, removed: Collection[str]) -> npt.NDArray[np.bool_]:
    """(s,) which of a scene's surfaces stay when buildings are removed."""
    if scene.surfaces is None:
        return np.zeros(0, bool)
    return ~_going(scene, removed) if removed else np.ones(len(scene.surfaces), bool)


def tops(surfaces: Surfaces, which: npt.NDArray[np.bool_] | None = None) -> Float64:
    """(t, 3, 3) triangles [m] of the surfaces (of some of them) that the height field is drawn from."""
    drawn = upward(surfaces)
    if which is not None:
        drawn &= which[surfaces.triangle_surface]
    return np.ascontiguousarray(surfaces.vertices[surfaces.triangles[drawn]])


def window_of(scene: SunScene, points: Float64, margin: int = 1) -> Window:
    """The cells around points (n, 2 or more) [m], so many more on each side."""
    rows, columns = scene.shape
    left, bottom = points[:, :2].min(axis=0)
    right, top = points[:, :2].max(axis=0)
    return Window(
        max(0, int((scene.north - top) // scene.cell_size) - margin),
        min(rows, int((scene.north - bottom) // scene.cell_size) + 1 + margin),
        max(0, int((left - scene.west) // scene.cell_size) - margin),
        min(columns, int((right - scene.west) // scene.cell_size) + 1 + margin),
    )


def joined(first: Surfaces, second: Surfaces) -> Surfaces:
    """Both, the second after the first; buildings of the same id are one."""
    places = {id: k for k, id in enumerate(first.buildings)}
    for id in second.buildings:
        places.setdefault(id, len(places))
    index = np.array([places[id] for id in second.buildings] or [0], np.int32)
    building = np.where(second.building >= 0, index[second.building], -1).astype(np.int32)
    vertices, rings = len(first.vertices), len(first.rings) - 1
    return Surfaces(
        np.concatenate([first.vertices, second.vertices]),
        np.concatenate([first.rings, second.rings[1:] + vertices]).astype(np.int32),
        np.concatenate([first.polygons, second.polygons[1:] + rings]).astype(np.int32),
        np.concatenate([first.kind, second.kind]),
        np.concatenate([first.building, building]),
        first.ids + second.ids,
        list(places),
        np.concatenate([first.normals, second.normals]),
        np.concatenate([first.areas, second.areas]),
        np.concatenate([first.triangles, second.triangles + np.int32(vertices)]),
        np.concatenate([first.triangle_surface, second.triangle_surface + np.int32(len(first))]),
    )


def chosen(s: Surfaces, keep: npt.NDArray[np.bool_]) -> Surfaces:
    """Some of the surfaces (s,), in their order."""
    new = np.cumsum(keep) - 1
    rings = np.repeat(keep, np.diff(s.polygons))
    points = np.repeat(rings, np.diff(s.rings))
    moved = (np.cumsum(points) - 1).astype(np.int32)
    drawn = keep[s.triangle_surface]
    return Surfaces(
        s.vertices[points],
        np.concatenate([[0], np.cumsum(np.diff(s.rings)[rings])]).astype(np.int32),
        np.concatenate([[0], np.cumsum(np.diff(s.polygons)[keep])]).astype(np.int32),
        s.kind[keep],
        s.building[keep],
        [s.ids[i] for i in np.flatnonzero(keep).tolist()],
        s.buildings,
        s.normals[keep],
        s.areas[keep],
        moved[s.triangles[drawn]],
        new[s.triangle_surface[drawn]].astype(np.int32),
    )


def _standing(surfaces: Surfaces) -> set[str]:
    """The ids of buildings that have surfaces."""
    return {surfaces.buildings[k] for k in np.unique(surfaces.building).tolist() if k >= 0}


def _going(scene: SunScene, removed: Collection[str]) -> npt.NDArray[np.bool_]:
    """(s,) the surfaces of buildings."""
    missing = set(removed) - (_standing(scene.surfaces) if scene.surfaces is not None else set())
    if missing or scene.surfaces is None:
        raise AnalysisError(f"there is no building {min(missing)!r} in the scene that could be removed")
    places = [k for k, id in enumerate(scene.surfaces.buildings) if id in removed]
    return np.isin(scene.surfaces.building, places)


def _without(scene: SunScene, going: npt.NDArray[np.bool_]) -> Float32:
    """The height field without some surfaces: where they stood, terrain and the tops of the others."""
    assert scene.surfaces is not None
    s = scene.surfaces
    gone = tops(s, going)
    heights = scene.heights.copy()
    if not len(gone):
        return heights
    box = window_of(scene, gone.reshape(-1, 3))
    part = box.slices
    corner = scene.west + box.left * scene.cell_size, scene.north - box.top * scene.cell_size
    covered = np.full(heights[part].shape, np.nan, np.float32)
    draw_triangles(covered, gone, *corner, scene.cell_size)
    below = scene.terrain[part].copy()
    draw_triangles(below, tops(s, ~going & (s.building >= 0)), *corner, scene.cell_size)
    heights[part] = np.where(np.isfinite(covered), below, heights[part])
    return heights


def _polygon(outline: Sequence[npt.ArrayLike]) -> Any:
    try:
        rings = [np.asarray(ring, np.float64).reshape(-1, 2) for ring in outline]
        shape = shapely.Polygon(rings[0], rings[1:])
    except (ValueError, IndexError, shapely.errors.ShapelyError):
        raise AnalysisError("the planned building's outline is no polygon") from None
    if not np.isfinite(shapely.get_coordinates(shape)).all() or not shape.is_valid:
        raise AnalysisError(f"the planned building's outline is not whole: {shapely.is_valid_reason(shape)}")
    if shape.area < 1.0:
        raise AnalysisError(f"the planned building's outline has {shape.area:g} m²; it needs 1 m² or more")
    return shapely.orient_polygons(shape)


def _check_inside(scene: SunScene, shape: Any) -> None:
    rows, columns = scene.shape
    west, south, east, north = shape.bounds
    if (
        west < scene.west
        or north > scene.north
        or east > scene.west + columns * scene.cell_size
        or south < scene.north - rows * scene.cell_size
    ):
        raise AnalysisError("the planned building reaches out of the city's area that is looked at")


def _ground(scene: SunScene, xy: Float64) -> Float32:
    """(n,) height of the terrain in the cells of points (n, 2)."""
    rows, columns = scene.shape
    row = np.clip(((scene.north - xy[:, 1]) // scene.cell_size).astype(int), 0, rows - 1)
    column = np.clip(((xy[:, 0] - scene.west) // scene.cell_size).astype(int), 0, columns - 1)
    return np.asarray(scene.terrain[row, column])


def _at(ring: Float64, z: float) -> Float64:
    return np.column_stack([ring, np.full(len(ring), z)])
