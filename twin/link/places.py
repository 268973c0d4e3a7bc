"""Where a Thing is: the position in its Location, and the ground there."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson

from citygml.crs import Georeference, parse
from citygml.errors import CityModelError
from citygml.geoid import undulation
from twin.errors import RasterError
from twin.raster import Dem, open_dem
from twin.store import City

Float64 = npt.NDArray[np.float64]

_WINDOW = 1024
"""Cells a side of the part of a terrain model that is read at once."""


def position(text: str) -> tuple[float, float, float | None] | None:
    """Longitude, latitude [degrees] and height [m above the ellipsoid], if there is one, of a GeoJSON
    geometry or Feature (RFC 7946); of what is not a point, its middle. None for anything else."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    if isinstance(value, dict) and value.get("type") == "Feature":
        value = value.get("geometry")
    if not isinstance(value, dict):
        return None
    found = _point(value.get("coordinates")) if value.get("type") == "Point" else _middle(value)
    if found is None or not (abs(found[0]) <= 180 and abs(found[1]) <= 90):
        return None
    return found


def _point(coordinates: Any) -> tuple[float, float, float | None] | None:
    if not isinstance(coordinates, list) or len(coordinates) < 2:
        return None
    numbers = [float(c) if _is_number(c) else math.nan for c in coordinates[:3]]
    if not (math.isfinite(numbers[0]) and math.isfinite(numbers[1])):
        return None
    height = numbers[2] if len(numbers) > 2 and math.isfinite(numbers[2]) else None
    return numbers[0], numbers[1], height


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _middle(geometry: dict[str, Any]) -> tuple[float, float, float | None] | None:
    import shapely
    from shapely.geometry import shape

    try:
        middle = shapely.force_2d(shape(geometry)).centroid
    except (shapely.errors.ShapelyError, ValueError, TypeError, AttributeError, KeyError, IndexError):
        return None
    if middle.is_empty or not (math.isfinite(middle.x) and math.isfinite(middle.y)):
        return None
    return middle.x, middle.y, None


class Ground:
    """Ellipsoidal heights of the ground, from the city's terrain models."""

    def __init__(self, city: City, place: Georeference) -> None:
        self.place = place
        self.dems: list[Dem] = []
        for raster in reversed(city.rasters("dem")):
            try:
                self.dems.append(open_dem(city.folder / raster.file, crs=parse(raster.description["crs"])))
            except (RasterError, CityModelError):
                continue

    def heights(self, longitudes: Float64, latitudes: Float64) -> Float64:
        """(n,) [m above the ellipsoid] at (n,) positions [degrees]; NaN where no model has a height."""
        heights = np.full(len(longitudes), np.nan)
        if not self.dems or not len(longitudes):
            return heights
        points = self.place.from_geographic(
            np.column_stack([longitudes, latitudes, np.zeros(len(longitudes))])
        )
        with np.errstate(invalid="ignore"):
            known = np.isfinite(points[:, :2]).all(axis=1)
        for dem in self.dems:
            wanted = np.flatnonzero(known & np.isnan(heights))
            if not len(wanted):
                break
            points[wanted, 2] = _sampled(dem, points[wanted, :2])
            found = wanted[np.isfinite(points[wanted, 2])]
            if len(found):
                heights[found] = self.place.to_geographic(points[found])[:, 2]
        return heights


def _sampled(dem: Dem, points: Float64) -> Float64:
    """Heights of a model at points, read a window at a time."""
    row, column = dem.cells(points)
    windows = np.column_stack([row, column]) // _WINDOW
    heights = np.full(len(points), np.nan)
    _, group = np.unique(windows, axis=0, return_inverse=True)
    group = group.reshape(-1)
    for number in range(int(group.max()) + 1):
        chosen = group == number
        heights[chosen] = dem.sample(points[chosen])
    return heights


def sea_level(longitude: float, latitude: float) -> float:
    """The height of the EGM96 geoid above the ellipsoid [m]."""
    return float(undulation([longitude], [latitude])[0])
