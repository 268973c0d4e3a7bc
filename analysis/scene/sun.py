"""The city as the sun sees it (`analysis.sun.SunScene`): terrain, roofs, real surfaces, trees, horizon."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from analysis.scene.elevation import Holes, draw_triangles, elevation
from analysis.scene.globe import far_horizon, place_of
from analysis.scene.grid import Bounds, Plane, make_grid, plane_of, whole_bounds
from analysis.scene.surfaces import built_bounds, built_surfaces
from analysis.scene.trees import TRANSMISSIVITY, trees
from analysis.sun.scene import SunScene, Surfaces
from twin.store import City

MARGIN = 200.0
"""How far beyond an asked area what shades it is taken in [m]."""
_STRIP = 30.0
"""Ground beyond the outermost buildings [m]."""
_FLAT = 1e-3
"""Triangles whose normal is more upright than this have no area on the ground."""


def sun_scene(
    city: City,
    cell_size: float = 1.0,
    bounds: Bounds | None = None,
    *,
    crs: str | None = None,
    holes: Holes = "fill",
    lod: str | None = None,
    margin: float = MARGIN,
    timezone: str | None = None,
    transmissivity: float = TRANSMISSIVITY,
    progress: Callable[[float, str], None] | None = None,
) -> SunScene:
    """The city's surfaces and heights on a grid of square cells.

    cell_size: [m]. bounds: west, south, east, north [m] in the grid's coordinate system, made larger by
    margin [m] on all sides as far as the city goes; None for all that is built. crs: of the grid, projected
    in metres; None for the city's, or for a city in degrees the UTM zone of its middle. holes: of the
    terrain, "refuse" or "fill". lod: level of detail of what is built, None for the finest of each object.
    timezone: None for that of the place. transmissivity: share of the beam that crosses a tree's crown [1].

    Without terrain the ground is where objects stand, which the notes say. What stands in water, on a bridge
    or under one is not in the height field: bridges are in the surfaces alone. Raises AnalysisError for a
    city without a plane in metres, without a place on the globe, an empty one, or too many cells.
    """

    def told(share: float, what: str) -> None:
        if progress is not None:
            progress(share, what)

    plane = plane_of(city, crs)
    grid = make_grid(city, plane, cell_size, scene_bounds(city, plane, bounds, margin))
    told(0.0, "reading the ground")
    ground = elevation(city, grid, plane, holes)
    place = place_of(grid, plane, ground.heights, timezone)
    notes = [f"the ground is put together from {ground.source}"] if ground.source == "objects" else []
    if plane.moved:
        notes.append(f"the city's coordinates are not in metres; the grid is in {grid.crs}")
    if ground.filled:
        notes.append(f"{ground.filled:,} cells without a height are filled from around them")
    built = built_surfaces(
        city, plane, grid.bounds, lod, lambda share: told(0.1 + 0.7 * share, "reading what is built")
    )
    heights = ground.heights.copy()
    if built.surfaces is not None:
        tops = upward(built.surfaces) & built.standing
        corners = built.surfaces.vertices[built.surfaces.triangles[tops]]
        draw_triangles(heights, corners, grid.west, grid.north, grid.cell_size)
    told(0.8, "reading the trees")
    green = trees(city, grid, plane, ground.heights)
    told(0.95, "looking for the horizon")
    return SunScene(
        heights,
        ground.heights,
        grid.cell_size,
        grid.west,
        grid.north,
        place,
        grid.crs,
        built.surfaces,
        green.canopy,
        green.trunk,
        transmissivity if green.canopy is not None else 0.0,
        far_horizon(city, grid, plane, ground.heights, place),
        [*notes, *built.notes],
    )


def scene_bounds(city: City, plane: Plane, bounds: Bounds | None = None, margin: float = MARGIN) -> Bounds:
    """What a scene of an area covers [m]: the area with a margin that does not reach beyond all that is built
    and a strip of ground around it. Without an area all of that; all of the city where nothing is built."""
    built = built_bounds(city, plane)
    if built is None:
        whole = whole_bounds(city, plane)
    else:
        west, south, east, north = built
        whole = west - _STRIP, south - _STRIP, east + _STRIP, north + _STRIP
    if bounds is None:
        return whole
    west, south, east, north = bounds
    return (
        max(west - margin, min(west, whole[0])),
        max(south - margin, min(south, whole[1])),
        min(east + margin, max(east, whole[2])),
        min(north + margin, max(north, whole[3])),
    )


def upward(surfaces: Surfaces) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """(t,) triangles that cover some ground, whichever way they face."""
    steep: np.ndarray[tuple[int], np.dtype[np.bool_]] = np.abs(surfaces.normals[:, 2]) > _FLAT
    return steep[surfaces.triangle_surface]
