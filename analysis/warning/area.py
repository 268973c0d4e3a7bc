"""What warnings are given for: the sub-basins and buildings of a flood run's grid, its roads and shelters.

A library of scenarios keeps it beside its depths, so that an answer to a forecast need not read the city.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt
import shapely

from analysis.contract import Result
from analysis.scene.grid import Grid
from analysis.warning import city as found
from analysis.warning.basins import delineate, outlines
from analysis.warning.routes import touched

if TYPE_CHECKING:
    from analysis.context import Context
    from analysis.scene import FloodScene
    from twin.store import City

Bool: TypeAlias = npt.NDArray[np.bool_]
Float32: TypeAlias = npt.NDArray[np.float32]
Float64: TypeAlias = npt.NDArray[np.float64]
Int32: TypeAlias = npt.NDArray[np.int32]
_OPEN, _ROAD, _DECK, _CLOSED = 1, 2, 4, 8
_BUILT = 0.5
"""A cell built on by this share or more holds no water where a run blocks buildings."""
_DIGITS = 7
"""Of degrees: about a centimetre."""


@dataclass(frozen=True)
class Basin:
    """A drainage sub-basin. area: [m²]. outline: a geometry of GeoJSON in degrees and point: (longitude,
    latitude) in it, both None for a city without a place on the globe."""

    number: int
    area: float
    outline: dict[str, Any] | None
    point: tuple[float, float] | None


@dataclass(frozen=True)
class Area:
    """Arrays are (rows, columns) on the grid. basin, building: numbers from 1 on, 0 for none; building n is
    `ids[n - 1]` at `points[n - 1]` [m]. open_ground: neither water nor built on; closed: held no water in the
    run. shelters: name by the index of the building. elevation: [m]. corners: (4, 3) longitude, latitude and
    ellipsoidal less own height of the grid's corners, clockwise from north-west; (0, 3) for a city without a
    place on the globe."""

    grid: Grid
    basin: Int32
    building: Int32
    open_ground: Bool
    closed: Bool
    roads: Bool
    decks: Bool
    basins: list[Basin]
    ids: list[str]
    points: Float64
    shelters: dict[int, str]
    elevation: Float32
    corners: Float64

    def way(self, line: Float64) -> list[list[float]]:
        """Positions (n, 2) on the grid's plane [m] as longitude and latitude; empty without a place on the
        globe.

        Linear between the corners of the grid, which over 10 km is true to a few decimetres.
        """
        if not len(self.corners):
            return []
        west, south, east, north = self.grid.bounds
        a = ((line[:, 0] - west) / (east - west))[:, None]
        b = ((north - line[:, 1]) / (north - south))[:, None]
        nw, ne, se, sw = self.corners[:, :2]
        flat = (nw * (1 - a) + ne * a) * (1 - b) + (sw * (1 - a) + se * a) * b
        found: list[list[float]] = flat.round(_DIGITS).tolist()
        return found


def area_of(
    city: City,
    scene: FloodScene,
    *,
    blocked: bool,
    basin_area: float,
    shelter_uses: Collection[str] = (),
) -> Area:
    """The sub-basins, buildings, roads and shelters of a scene.

    blocked: whether cells built on by half or more hold no water in the run. basin_area: from how large a
    tributary [m²] on a sub-basin begins. shelter_uses: codes or names; none for those of `city.SHELTER_USES`.
    """
    basins = delineate(scene.elevation, scene.cell_size, area=max(basin_area, scene.cell_size**2))
    bounds = scene.grid.bounds
    shaped = zip(basins.areas, outlines(basins, scene.grid), strict=True)
    shelters = found.shelters(scene.buildings, shelter_uses or found.SHELTER_USES)
    index = {outline.id: i for i, outline in enumerate(scene.buildings)}
    return Area(
        scene.grid,
        basins.labels,
        scene.building,
        (scene.water == 0) & (scene.building == 0),
        scene.cover >= _BUILT if blocked else np.zeros(scene.grid.shape, bool),
        touched(found.roads(city, scene.plane, bounds), scene.grid),
        touched(found.bridges(city, scene.plane, bounds), scene.grid),
        [_placed(scene, number, float(size), shape) for number, (size, shape) in enumerate(shaped, 1)],
        [outline.id for outline in scene.buildings],
        found.points(scene.buildings) if scene.buildings else np.zeros((0, 2)),
        {index[s.id]: _name(s.attributes, s.id) for s in shelters},
        scene.elevation,
        _degrees(scene, _corners(scene.grid)),
    )


def _corners(grid: Grid) -> Float64:
    west, south, east, north = grid.bounds
    return np.array([[west, north], [east, north], [east, south], [west, south]])


def _degrees(scene: FloodScene, xy: Float64) -> Float64:
    """(n, 3) longitude, latitude and height of the grid's zero, (0, 3) without a place on the globe."""
    place = scene.plane.target or scene.plane.source
    if place is None:
        return np.zeros((0, 3))
    return place.to_geographic(np.column_stack([xy, np.zeros(len(xy))]))


def _placed(scene: FloodScene, number: int, size: float, shape: shapely.Geometry) -> Basin:
    if not len(_degrees(scene, np.zeros((1, 2)))):
        return Basin(number, size, None, None)
    flat: Any = shapely.transform(shape, lambda xy: _degrees(scene, xy)[:, :2].round(_DIGITS))
    point = shapely.get_coordinates(shapely.point_on_surface(flat))[0]
    return Basin(number, size, shapely.geometry.mapping(flat), (float(point[0]), float(point[1])))


def _name(attributes: Mapping[str, Any], default: str) -> str:
    name = attributes.get("name")
    return name if isinstance(name, str) and name else default


def write_area(context: Context, area: Area) -> dict[str, Result]:
    """The results `areas` (a raster of three bands), `elevation` and `places`, which `read_area` reads."""
    marks = area.open_ground * _OPEN + area.roads * _ROAD + area.decks * _DECK + area.closed * _CLOSED
    bands = np.stack([area.basin, area.building, marks.astype(np.int32)])
    places = {
        "grid": area.grid.__dict__,
        "basins": [basin.__dict__ for basin in area.basins],
        "buildings": {
            "ids": area.ids,
            "x": area.points[:, 0].round(2).tolist(),
            "y": area.points[:, 1].round(2).tolist(),
        },
        "shelters": {area.ids[i]: name for i, name in area.shelters.items()},
        "corners": area.corners.tolist(),
        "bands": ["number of the sub-basin", "number of the building", "1 open, 2 road, 4 bridge, 8 closed"],
    }
    units = {"basins.area": "m2", "buildings.x": "m", "buildings.y": "m", "corners": "degree, degree, m"}
    return {
        "areas": context.raster("areas", bands, area.grid.transform, crs=area.grid.crs),
        "elevation": context.raster("elevation", area.elevation, area.grid.transform, crs=area.grid.crs),
        "places": context.json("places", places, units),
    }


def read_area(folder: Path) -> Area:
    """The area that `write_area` left in a run's folder."""
    import rasterio

    with rasterio.open(folder / "areas.tif") as dataset:
        basin, building, marks = dataset.read()
    with rasterio.open(folder / "elevation.tif") as dataset:
        elevation = dataset.read(1)
    places = json.loads((folder / "places.json").read_bytes())
    ids = places["buildings"]["ids"]
    index = {id: i for i, id in enumerate(ids)}
    return Area(
        Grid(**places["grid"]),
        basin,
        building,
        marks & _OPEN > 0,
        marks & _CLOSED > 0,
        marks & _ROAD > 0,
        marks & _DECK > 0,
        [Basin(**basin) for basin in places["basins"]],
        ids,
        np.column_stack([places["buildings"]["x"], places["buildings"]["y"]]).reshape(-1, 2),
        {index[id]: name for id, name in places["shelters"].items()},
        elevation,
        np.array(places["corners"], np.float64).reshape(-1, 3),
    )
