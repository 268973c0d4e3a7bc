"""Shadow polygons of an instant, as GeoJSON.

Two ways. `geometry` projects every triangle of a building along the sun's rays onto the level plane at the
building's foot, and joins them: exact for solids, overhangs and bridges on level ground, one feature for each
building. `mask` draws round the shaded cells of the height field: it follows the terrain, trees and the
shade of hills, to about half a cell, and knows no buildings. `auto` takes the first where the ground of
the scene is level to within half a metre and there are surfaces, else the second.

On a slope that falls away from the sun by s [m/m] a shadow is longer than on level ground, by the factor
tan(elevation) / (tan(elevation) - s): that is why `geometry` is not used there unless it is asked for.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from analysis.errors import AnalysisError
from analysis.sun.position import SunPath
from analysis.sun.scene import Float64, Int32, SunScene

if TYPE_CHECKING:
    from analysis.sun.daylight.output import Globe

Method = Literal["auto", "geometry", "mask"]
LEVEL = 0.5
"""[m] between the lowest and the highest ground of a scene that is taken to be level."""
LOWEST_SUN = 1.0
"""[degrees] A lower sun casts shadows of more than 57 times the height; there are no polygons for it."""
_SLIVER = 1e-9
"""[m²] A projected triangle below it is a line."""
_SURFACES = (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)


def shadow_polygons(
    scene: SunScene, time: datetime, *, method: Method = "auto", georeference: Globe | None = None
) -> dict[str, Any]:
    """The shadows on the ground at an aware time: a GeoJSON FeatureCollection in longitude and latitude
    (RFC 7946), cut at the scene's edge, without what lies below the building itself, overhangs included.

    Each feature has `building` (None by `mask`) and `area` [m²]. The collection's `properties` say the time,
    the sun's azimuth and true elevation [degrees], the method and its limits. georeference:
    of the scene's coordinates, by default that of scene.crs. No features where the sun is below 1 degree.
    Raises AnalysisError for a naive time, or a scene that has no place on the globe.
    """
    sun = SunPath.at(scene.place, [time])
    chosen = _method(scene) if method == "auto" else method
    if chosen == "geometry" and scene.surfaces is None:
        raise AnalysisError("the scene has no surfaces to project; ask for shadow polygons by mask")
    features = []
    if sun.elevation[0] >= LOWEST_SUN:
        found = projected(scene, sun.directions[0]) if chosen == "geometry" else _drawn_round(scene, time)
        place = _to_globe(scene, georeference)
        for building, shape in found:
            area = float(shape.area)
            around = shapely.transform(shape, place)
            features.append(
                {
                    "type": "Feature",
                    "geometry": shapely.geometry.mapping(shapely.orient_polygons(around)),
                    "properties": {"building": building, "area": round(area, 2)},
                }
            )
    return {
        "type": "FeatureCollection",
        "features": features,
        "properties": {
            "time": time.isoformat(),
            "azimuth": round(float(sun.azimuth[0]), 3),
            "elevation": round(float(sun.elevation[0]), 3),
            "method": chosen,
            "ground": "level at each building's foot" if chosen == "geometry" else "the terrain's cells",
            "units": {"area": "m2", "azimuth": "deg", "elevation": "deg"},
        },
    }


def projected(scene: SunScene, direction: Float64) -> list[tuple[str, BaseGeometry]]:
    """(id, polygon) of each building's shadow in the scene's coordinates, by projection.

    direction: (3,) unit vector to the sun. What lies below the building's foot is taken to lie on it.
    """
    surfaces = scene.surfaces
    if surfaces is None or direction[2] <= 0:
        return []
    owner = surfaces.building[surfaces.triangle_surface]
    mine = owner >= 0
    owner, triangles = owner[mine], surfaces.triangles[mine]
    order = np.argsort(owner, kind="stable")
    owner, triangles = owner[order], triangles[order]
    heads = np.flatnonzero(np.diff(owner, prepend=-1))
    foot = np.full(len(surfaces.buildings), np.inf)
    corners = surfaces.vertices[triangles]
    np.minimum.at(foot, owner, corners[:, :, 2].min(axis=1))
    above = np.maximum(corners[:, :, 2] - _ground(scene, foot, corners, owner)[owner][:, None], 0.0)
    fallen = corners[:, :, :2] - above[..., None] * (direction[:2] / direction[2])
    edge = _edge(scene)
    flat, outline = _polygons(fallen), _polygons(corners[:, :, :2])
    result = []
    for low, high in zip(heads, [*heads[1:], len(owner)], strict=True):
        stands = shapely.union_all(outline[low:high])
        shape = shapely.difference(shapely.union_all(flat[low:high]), stands).intersection(edge)
        shape = _areas(shape)
        if not shape.is_empty:
            result.append((surfaces.buildings[owner[low]], shape))
    return result


def _ground(scene: SunScene, foot: Float64, corners: Float64, owner: Int32) -> Float64:
    """(buildings,) the level that each building's shadow falls on [m]: the terrain at its middle, or its own
    lowest point where that is out of the height field."""
    count = np.maximum(np.bincount(owner, minlength=len(foot)), 1)
    middle = [np.bincount(owner, corners[:, :, axis].mean(axis=1), len(foot)) / count for axis in (0, 1)]
    rows, columns = scene.shape
    column = np.floor((middle[0] - scene.west) / scene.cell_size).astype(int)
    row = np.floor((scene.north - middle[1]) / scene.cell_size).astype(int)
    inside = (row >= 0) & (row < rows) & (column >= 0) & (column < columns)
    terrain = scene.terrain[np.clip(row, 0, rows - 1), np.clip(column, 0, columns - 1)].astype(float)
    return np.where(inside & np.isfinite(terrain), terrain, foot)


def _polygons(corners: Float64) -> Any:
    """(n,) polygons of triangles (n, 3, 2), empty ones for those without area."""
    a, b = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    area = np.abs(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]) / 2
    shapes = shapely.polygons(np.concatenate([corners, corners[:, :1]], axis=1))
    shapes[area < _SLIVER] = shapely.Polygon()
    return shapes


def _drawn_round(scene: SunScene, time: datetime) -> list[tuple[None, BaseGeometry]]:
    """The shaded ground cells as polygons, their steps smoothed by half a cell."""
    from rasterio.features import shapes

    from analysis.sun import shadow_mask

    shade = shadow_mask(scene, time) & (scene.heights <= scene.terrain + 1e-3)
    found = []
    for outline, _ in shapes(shade.astype(np.uint8), mask=shade, transform=scene.transform):
        shape = _areas(shapely.simplify(shapely.geometry.shape(outline), scene.cell_size / 2))
        if not shape.is_empty:
            found.append((None, shape))
    return found


def _method(scene: SunScene) -> Literal["geometry", "mask"]:
    level = float(np.nanmax(scene.terrain) - np.nanmin(scene.terrain)) <= LEVEL
    return "geometry" if level and scene.surfaces is not None else "mask"


def _edge(scene: SunScene) -> BaseGeometry:
    rows, columns = scene.shape
    return shapely.box(
        scene.west,
        scene.north - rows * scene.cell_size,
        scene.west + columns * scene.cell_size,
        scene.north,
    )


def _areas(shape: BaseGeometry) -> BaseGeometry:
    """What of a shape has area."""
    parts = shapely.get_parts(shapely.make_valid(shape))
    parts = parts[np.isin(shapely.get_type_id(parts), _SURFACES)]
    return shapely.union_all(parts) if len(parts) else shapely.Polygon()


def _to_globe(scene: SunScene, georeference: Globe | None) -> Any:
    from analysis.sun.daylight.output import geographic

    level = float(np.nanmean(scene.terrain))

    def place(xy: Float64) -> Float64:
        placed = geographic(scene, np.column_stack([xy, np.full(len(xy), level)]), georeference)
        if placed is None:
            raise AnalysisError(
                "the scene's coordinates have no place on the globe, so that its shadows cannot be GeoJSON;"
                " give the city a coordinate system"
            )
        return placed[:, :2]

    return place
