"""The grid of a simulation: square cells in metres, rows from north to south, and the way to it from the
city's own coordinates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from analysis.errors import AnalysisError
from citygml.crs import Crs, Georeference, choose_heights, parse
from citygml.errors import CityModelError
from twin.elevation import city_dems
from twin.errors import TwinError
from twin.place import city_crs, georeference
from twin.store import City

Float64: TypeAlias = npt.NDArray[np.float64]
Bounds: TypeAlias = tuple[float, float, float, float]
"""(west, south, east, north) [m] in the grid's coordinate system."""

MOST_CELLS = 100_000_000
"""More cells than this are refused: an array of them as float32 takes 400 MB, and a run holds several."""
_BAND = 4_000_000


@dataclass(frozen=True)
class Grid:
    """west, north: the outer corner [m]. cell_size [m]. crs: name of the coordinate system, as in
    "EPSG:5187+5193"; heights are in its vertical datum, or in the city's where it has none."""

    west: float
    north: float
    cell_size: float
    rows: int
    columns: int
    crs: str

    @property
    def shape(self) -> tuple[int, int]:
        return self.rows, self.columns

    @property
    def bounds(self) -> Bounds:
        south = self.north - self.rows * self.cell_size
        return self.west, south, self.west + self.columns * self.cell_size, self.north

    @property
    def transform(self) -> Any:
        """The affine transform from (column, row) to (east, north), as rasterio has it."""
        from rasterio.transform import from_origin

        return from_origin(self.west, self.north, self.cell_size, self.cell_size)

    def centres(self, start: int = 0, stop: int | None = None) -> Float64:
        """(rows * columns, 2) middles of the cells of rows start to stop, row by row [m]."""
        rows = np.arange(start, self.rows if stop is None else stop)
        x = self.west + (np.arange(self.columns) + 0.5) * self.cell_size
        y = self.north - (rows + 0.5) * self.cell_size
        return np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)

    def cells(self, xy: npt.ArrayLike) -> npt.NDArray[np.int64]:
        """(n, 2) row and column of the cells that points (n, 2) lie in; outside the grid they are too small
        or too large."""
        points = np.asarray(xy, np.float64).reshape(-1, 2)
        row = np.floor((self.north - points[:, 1]) / self.cell_size)
        column = np.floor((points[:, 0] - self.west) / self.cell_size)
        return np.column_stack([row, column]).astype(np.int64)

    def inside(self, cells: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """(n,) which of cells (n, 2) are on the grid."""
        return np.asarray(((cells >= 0) & (cells < [self.rows, self.columns])).all(axis=1))

    def bands(self, cells: int = _BAND) -> Iterator[tuple[int, int]]:
        """(start, stop) of rows, about so many cells at a time."""
        step = max(1, cells // self.columns)
        for start in range(0, self.rows, step):
            yield start, min(start + step, self.rows)


@dataclass(frozen=True)
class Plane:
    """From the city's coordinates to the grid's and back. target: None where they are the same."""

    crs: str
    source: Georeference | None = None
    target: Georeference | None = None

    def to_grid(self, xy: Float64) -> Float64:
        """(n, 2) positions in the city's coordinate system -> (n, 2) [m]."""
        return _through(self.source, self.target, xy)

    def from_grid(self, xy: Float64) -> Float64:
        """(n, 2) [m] -> (n, 2) positions in the city's coordinate system."""
        return _through(self.target, self.source, xy)

    def degrees_to_grid(self, degrees: Float64) -> Float64:
        """(n, 2) longitude, latitude -> (n, 2) [m]. Raises AnalysisError when the city has no place on the
        globe."""
        place = self.target or self.source
        if place is None:
            raise AnalysisError("the city's coordinates are local; its sensors cannot be placed on the grid")
        flat = np.column_stack([degrees, np.zeros(len(degrees))])
        return place.from_geographic(flat)[:, :2]

    @cached_property
    def moved(self) -> bool:
        """Whether the grid is in another coordinate system than the city."""
        return self.target is not None


def degree_bounds(plane: Plane, area: Sequence[float]) -> Bounds:
    """The grid's bounds [m] around west, south, east, north [degrees]."""
    west, south, east, north = area
    corners = plane.degrees_to_grid(np.array([[west, south], [east, south], [east, north], [west, north]]))
    low, high = corners.min(axis=0), corners.max(axis=0)
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])


def _through(source: Georeference | None, target: Georeference | None, xy: Float64) -> Float64:
    points = np.asarray(xy, np.float64)[:, :2]
    if source is None or target is None or not len(points):
        return points
    flat = np.column_stack([points, np.zeros(len(points))])
    return target.from_geographic(source.to_geographic(flat))[:, :2]


def plane_of(city: City, crs: str | None = None) -> Plane:
    """The plane in metres for the city's simulations: its own, or for degrees the UTM zone of its middle.

    crs: another projected one, in metres. Raises AnalysisError for a city without a coordinate system, one
    in feet, or a `crs` that is not in metres.
    """
    try:
        own = city_crs(city)
    except TwinError as error:
        raise AnalysisError(str(error)) from None
    if own.is_local:
        if crs is not None:
            raise AnalysisError(f"{city.folder}: the city's coordinates are local and cannot become {crs}")
        return Plane(own.name, _place(city))
    wanted = parse(crs) if crs else own
    if crs is None and own.is_geographic:
        wanted = _utm(city)
    if wanted.is_local or wanted.is_geographic or _unit(wanted) != 1.0:
        raise AnalysisError(
            f"{city.folder}: a simulation needs a plane in metres, and {wanted.name} ({wanted.title}) is not;"
            " name one with crs, as in EPSG:5187"
        )
    if wanted.same_horizontal(own):
        return Plane(own.name, _place(city))
    corners = np.array(_middle(city)).reshape(1, 3).repeat(2, axis=0)
    return Plane(wanted.name, _place(city), Georeference(wanted, choose_heights(wanted, corners)))


def _place(city: City) -> Georeference | None:
    try:
        return georeference(city)
    except (TwinError, CityModelError):
        return None


def _unit(crs: Crs) -> float:
    horizontal = crs.horizontal
    return 1.0 if horizontal is None else float(horizontal.axis_info[0].unit_conversion_factor)


def _middle(city: City) -> tuple[float, float, float]:
    """The middle of the city's objects, else of its terrain models, in its own coordinates."""
    bounds = city.bounds()
    if bounds is not None:
        x, y, z = ((bounds[i] + bounds[i + 3]) / 2 for i in range(3))
        return x, y, z
    for raster in city.rasters("dem"):
        west, south, east, north = raster.description["bounds"]
        return (west + east) / 2, (south + north) / 2, 0.0
    raise AnalysisError(f"{city.folder}: the city is empty; add city models or a terrain model to it")


def _utm(city: City) -> Crs:
    """The UTM zone (WGS 84) of the middle of a city in degrees."""
    longitude, latitude, _ = _middle(city)
    zone = int(longitude // 6 + 30) % 60 + 1
    return parse(f"EPSG:{(32700 if latitude < 0 else 32600) + zone}")


def make_grid(city: City, plane: Plane, cell_size: float, bounds: Bounds | None = None) -> Grid:
    """A grid over bounds, its corners at whole multiples of the cell size.

    bounds: [m]; None for the terrain models, or what of them lies within the city's objects, or for a city
    without any the objects. Raises AnalysisError for an empty area or more than `MOST_CELLS`.
    """
    if not cell_size > 0 or not np.isfinite(cell_size):
        raise AnalysisError(f"the cell size must be more than 0 m, not {cell_size:g}")
    if bounds is None:
        bounds, within = whole_bounds(city, plane), True
    else:
        within = False
    west, south, east, north = (float(v) for v in bounds)
    if not (np.isfinite(bounds).all() and west < east and south < north):
        raise AnalysisError(f"the area {west:g},{south:g},{east:g},{north:g} is empty; west,south,east,north")
    outward, inward = (np.ceil, np.floor) if within else (np.floor, np.ceil)
    low = outward(np.array([west, south]) / cell_size - (1e-9 if within else -1e-9)) * cell_size
    high = inward(np.array([east, north]) / cell_size + (1e-9 if within else -1e-9)) * cell_size
    columns, rows = (int(v) for v in np.round((high - low) / cell_size))
    if rows < 3 or columns < 3:
        raise AnalysisError(
            f"the area has {rows} x {columns} cells of {cell_size:g} m; make the cells smaller"
        )
    if rows * columns > MOST_CELLS:
        least = cell_size * (rows * columns / MOST_CELLS) ** 0.5
        raise AnalysisError(
            f"{rows} x {columns} cells of {cell_size:g} m are more than {MOST_CELLS:,}; take a smaller area,"
            f" or cells of at least {least:.1f} m"
        )
    return Grid(float(low[0]), float(high[1]), float(cell_size), rows, columns, plane.crs)


def whole_bounds(city: City, plane: Plane) -> Bounds:
    """All of the terrain within the city, in the grid's coordinates: the largest upright box that fits where
    the grid is in another coordinate system than the city."""
    objects = city.bounds()
    boxes = np.array([dem.bounds for dem in city_dems(city)])
    if not len(boxes):
        if objects is None:
            raise AnalysisError(f"{city.folder}: the city is empty; add city models or a terrain model to it")
        box = np.array([objects[0], objects[1], objects[3], objects[4]])
    else:
        box = np.concatenate([boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)])
        if objects is not None:
            low, high = np.maximum(box[:2], objects[:2]), np.minimum(box[2:], objects[3:5])
            if (low < high).all():
                box = np.concatenate([low, high])
    west, south, east, north = box
    if not plane.moved:
        return float(west), float(south), float(east), float(north)
    t = np.linspace(0, 1, 21)
    x, y = west + t * (east - west), south + t * (north - south)
    sides = [(np.full(21, west), y), (x, np.full(21, south)), (np.full(21, east), y), (x, np.full(21, north))]
    at = [plane.to_grid(np.column_stack(side)) for side in sides]
    return (
        float(at[0][:, 0].max()), float(at[1][:, 1].max()),
        float(at[2][:, 0].min()), float(at[3][:, 1].min()),
    )  # fmt: skip
