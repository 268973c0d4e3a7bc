"""The field of an observed property over the city and its stations, on a grid of degrees or of the city."""

from __future__ import annotations

import math
import sqlite3
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from analysis.field import Method, Surface, surface
from citygml.crs import Crs, Georeference
from citygml.errors import CityModelError
from twin.describe import geographic_bounds
from twin.errors import QueryError, TwinError
from twin.link.reading import observed_units, placed_readings
from twin.observations.times import format_instant
from twin.place import georeference, metres_per_unit
from twin.store import City

Float64 = npt.NDArray[np.float64]

_MARGIN = 0.05
_METRES_PER_DEGREE = 111_320.0
_WIDEST = 500_000.0
"""The widest area [m] in which a plane is still a fair picture of the Earth."""


@dataclass(frozen=True)
class Plane:
    """A plane with metres around (longitude, latitude) [degrees], or the city's coordinate system."""

    middle: tuple[float, float]
    place: Georeference | None = None

    def metres(self, longitudes: Float64, latitudes: Float64) -> Float64:
        """(n, 2) [m], not finite where the coordinate system does not reach."""
        if self.place is None:
            east = np.mod(longitudes - self.middle[0] + 180, 360) - 180
            width = _METRES_PER_DEGREE * math.cos(math.radians(self.middle[1]))
            return np.column_stack([east * width, (latitudes - self.middle[1]) * _METRES_PER_DEGREE])
        flat = np.column_stack([longitudes, latitudes, np.zeros(len(longitudes))])
        return self.place.from_geographic(flat)[:, :2]

    @property
    def crs(self) -> Crs | None:
        return None if self.place is None else self.place.crs


@dataclass(frozen=True)
class StationField:
    """A field and what it rests on. time: [µs]. bounds: west, south, east, north [degrees] of the grid of
    (rows, columns) values and standard deviations, in `unit`, the first row in the north. left_out: readings
    that were doubtful or without a place."""

    observed_property: str
    unit: str
    time: int
    surface: Surface
    plane: Plane
    stations: int
    left_out: int
    bounds: tuple[float, float, float, float]
    values: Float64
    deviations: Float64


def station_field(
    city: City,
    connection: sqlite3.Connection,
    observed_property: str,
    time: int,
    method: Method = "kriging",
    size: int = 256,
    max_age_h: float | None = None,
) -> StationField:
    """The field at a time [µs] from the latest readings up to then.

    observed_property: name or definition. max_age_h: how old they may be [h]; None for what is recent as
    often as the stations read. size: values along the longer side of the grid. Raises
    EntityNotFound for a property that nothing observes, QueryError for readings in several units or over
    too wide an area, TwinError for too few stations.
    """
    units = sorted(observed_units(connection, observed_property))
    if len(units) > 1:
        raise QueryError(f"{observed_property}: readings in {' and '.join(units)} do not make one field")
    max_age = None if max_age_h is None else int(max_age_h * 3.6e9)
    readings, left_out = placed_readings(connection, observed_property, time, max_age)
    table = np.array(readings, np.float64).reshape(-1, 3)
    places, values = table[:, :2], table[:, 2]
    bounds = _bounds(city, places)
    plane = _plane(city, bounds)
    metres = plane.metres(*places.T)
    try:
        found = surface(metres, values, method)
    except TwinError as error:
        age = "recent enough" if max_age_h is None else f"not older than {max_age_h:g} h"
        raise TwinError(f"{observed_property} at {format_instant(time)}, {age}: {error}") from None
    extent = np.ptp(found.points, axis=0).max()
    if extent > _WIDEST:
        raise QueryError(
            f"{observed_property}: the stations lie {extent / 1000:.0f} km apart, too wide for a field"
        )
    west, south, east, north = bounds
    height = (north - south) * _METRES_PER_DEGREE
    width = (east - west) * _METRES_PER_DEGREE * math.cos(math.radians((south + north) / 2))
    longest = max(width, height)
    columns, lines = (max(2, round(size * side / longest)) for side in (width, height))
    lon, lat = np.meshgrid(
        west + (np.arange(columns) + 0.5) * (east - west) / columns,
        north - (np.arange(lines) + 0.5) * (north - south) / lines,
    )
    grid, spread = found.at(plane.metres(lon.ravel(), lat.ravel()))
    return StationField(
        observed_property,
        units[0],
        time,
        found,
        plane,
        len(found.points),
        left_out,
        bounds,
        grid.reshape(lines, columns),
        spread.reshape(lines, columns),
    )


def _bounds(city: City, places: Float64) -> tuple[float, float, float, float]:
    """Around the stations and the city, with a margin [degrees]."""
    boxes = [(*places.min(axis=0), *places.max(axis=0))] if len(places) else []
    known = geographic_bounds(city)
    if known is not None and (not boxes or _near(known, boxes[0])):
        boxes.append(tuple(known))
    if not boxes:
        return (-0.01, -0.01, 0.01, 0.01)
    corners = np.array(boxes, np.float64)
    low, high = corners[:, :2].min(axis=0), corners[:, 2:].max(axis=0)
    margin = np.maximum((high - low) * _MARGIN, 1e-4)
    west, south = (float(v) for v in low - margin)
    east, north = (float(v) for v in high + margin)
    return west, max(south, -90.0), east, min(north, 90.0)


def _near(a: Any, b: Any) -> bool:
    """Whether two boxes touch, one degree around them."""
    return bool(a[0] - 1 < b[2] and b[0] - 1 < a[2] and a[1] - 1 < b[3] and b[1] - 1 < a[3])


def _plane(city: City, bounds: tuple[float, float, float, float]) -> Plane:
    """The city's own plane if it has one in metres that reaches over the area, else one around its middle."""
    west, south, east, north = bounds
    middle = ((west + east) / 2, (south + north) / 2)
    try:
        place = georeference(city)
        crs = place.crs
        metric = not (crs.is_geographic or crs.is_local) and metres_per_unit(city) == (1.0, 1.0)
    except (TwinError, CityModelError):
        return Plane(middle)
    plane = Plane(middle, place)
    corners = np.array([[west, south], [east, south], [east, north], [west, north]])
    if metric and np.isfinite(plane.metres(*corners.T)).all():
        return plane
    return Plane(middle)


def geotiff(field: StationField, size: int = 256) -> bytes:
    """A GeoTIFF with the value in band 1 and the standard deviation in band 2, float32, in the city's
    coordinate system if that is in metres, else in WGS 84; units and what it rests on are in the tags."""
    from rasterio.io import MemoryFile
    from rasterio.transform import from_bounds

    values, deviations, bounds = field.values, field.deviations, field.bounds
    crs = field.plane.crs
    name: Any = "EPSG:4326"
    if crs is not None and crs.horizontal is not None:
        from rasterio.crs import CRS

        name = CRS.from_wkt(crs.horizontal.to_wkt("WKT1_GDAL"))
        bounds, values, deviations = _metric_grid(field, size)
    rows, columns = values.shape
    about = {
        "observed_property": field.observed_property,
        "time": format_instant(field.time),
        "method": field.surface.method,
        "stations": field.stations,
        "leave_one_out_rmse": f"{field.surface.errors.rmse:.6g}",
    }
    with MemoryFile() as memory:
        with memory.open(
            driver="GTiff",
            width=columns,
            height=rows,
            count=2,
            dtype="float32",
            crs=name,
            transform=from_bounds(*bounds, columns, rows),
            compress="deflate",
            nodata=np.nan,
        ) as dataset:
            dataset.write(np.stack([values, deviations]).astype(np.float32))
            dataset.update_tags(**about)
            for band, text in (
                (1, field.observed_property),
                (2, f"standard deviation of {field.observed_property}"),
            ):
                dataset.set_band_description(band, text)
                dataset.set_band_unit(band, field.unit)
        return bytes(memory.getbuffer())


def _metric_grid(
    field: StationField, size: int
) -> tuple[tuple[float, float, float, float], Float64, Float64]:
    """Bounds and square cells in the plane over the same area."""
    west, south, east, north = field.bounds
    t = np.linspace(0, 1, 9)
    lon = np.concatenate([west + t * (east - west)] * 2 + [np.full(9, west), np.full(9, east)])
    lat = np.concatenate([np.full(9, south), np.full(9, north)] + [south + t * (north - south)] * 2)
    edge = field.plane.metres(lon, lat)
    low, high = edge.min(axis=0), edge.max(axis=0)
    cell = float((high - low).max()) / size
    columns, rows = (max(2, math.ceil(side / cell)) for side in high - low)
    x, y = np.meshgrid(low[0] + (np.arange(columns) + 0.5) * cell, high[1] - (np.arange(rows) + 0.5) * cell)
    values, deviations = field.surface.at(np.column_stack([x.ravel(), y.ravel()]))
    bounds = (float(low[0]), float(high[1] - rows * cell), float(low[0] + columns * cell), float(high[1]))
    return bounds, values.reshape(rows, columns), deviations.reshape(rows, columns)
