"""Where a grid stands on the globe, and how high the land beyond it rises."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.errors import AnalysisError
from analysis.scene.elevation import Float32, sampled
from analysis.scene.grid import Float64, Grid, Plane
from analysis.sun.scene import Horizon, Place
from citygml.crs import Georeference, frame_matrix, geographic_to_ecef
from twin.elevation import city_dems
from twin.place import georeference
from twin.raster import Dem
from twin.store import City
from twin.timezone import timezone_at

EARTH_RADIUS = 6_371_000.0
"""[m] mean radius (IUGG, Moritz 2000, doi:10.1007/s001900050278)."""
REFRACTION = 0.13
"""Coefficient of refraction along the ground by day, after C. F. Gauss (1826); in use in surveying today."""
_DIRECTIONS = 360
_WORTH = 300.0
"""A terrain model that reaches less than this beyond the grid says nothing of the far horizon [m]."""
_FARTHEST = 80_000.0
_CELLS = 4_000_000


def place_of(grid: Grid, plane: Plane, terrain: Float32, timezone: str | None = None) -> Place:
    """The place of the grid's middle.

    timezone: name in the IANA database; None for that of the place. Raises
    AnalysisError for a city without a place on the globe and for an unknown time zone.
    """
    on_globe = plane.target or plane.source
    if on_globe is None:
        raise AnalysisError(
            "the city's coordinates are local, and the sun needs a place on the globe: say where its origin"
            " lies with `twin add ... --anchor LON,LAT,H`"
        )
    west, south, east, north = grid.bounds
    x, y = (west + east) / 2, (south + north) / 2
    step = 100.0
    points = np.array([[x, y - step, 0.0], [x, y, 0.0], [x, y + step, 0.0]])
    placed = on_globe.to_geographic(points)
    middle = placed[1]
    longitude, latitude = float(middle[0]), float(middle[1])
    if not (np.isfinite(middle).all() and abs(latitude) <= 90):
        raise AnalysisError("the middle of the area has no longitude and latitude; look at the city's --crs")
    below, above = (geographic_to_ecef(placed[[0, 2]]) - geographic_to_ecef(placed[[1]])) @ (
        frame_matrix(middle)[:3, :3]
    )
    convergence = float(np.degrees(np.arctan2(above[0] - below[0], above[1] - below[1])))
    name = timezone or timezone_at(longitude, latitude)
    return Place(latitude, longitude, float(np.median(terrain)), convergence, checked_timezone(name))


def checked_timezone(name: str) -> str:
    """The name of a time zone. Raises AnalysisError if the IANA database has none of it."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise AnalysisError(f"there is no time zone {name!r}; name one as in Asia/Seoul") from None


def far_horizon(city: City, grid: Grid, plane: Plane, terrain: Float32, place: Place) -> Horizon | None:
    """The skyline of the land beyond the grid, from its middle; None where no terrain model reaches farther.

    Each direction takes the greatest elevation angle of the land beyond the grid's edge, on a globe, with
    the line of sight bent by refraction: h = z - z0 - (1 - k) d² / 2R. The land within the grid is left to
    the engines.
    """
    dems = city_dems(city)
    west, south, east, north = grid.bounds
    middle = np.array([(west + east) / 2, (south + north) / 2])
    half = np.array([east - west, north - south]) / 2
    reach = max((_reach(dem, plane, middle) for dem in dems), default=0.0)
    if reach < float(half.max()) + _WORTH:
        return None
    azimuth = np.arange(_DIRECTIONS) * 360.0 / _DIRECTIONS
    bearing = np.radians(azimuth - place.convergence)
    direction = np.column_stack([np.sin(bearing), np.cos(bearing)])
    edge = np.min(half / np.maximum(np.abs(direction), 1e-12), axis=1)
    distance = _distances(float(half.min()), min(reach, _FARTHEST), min(dem.resolution for dem in dems))
    own = float(terrain[terrain.shape[0] // 2, terrain.shape[1] // 2])
    points = (middle + direction[:, None, :] * distance[:, None]).reshape(-1, 2)
    beyond = (distance > edge[:, None]).ravel()
    heights = np.full(len(points), np.nan, np.float32)
    for dem in dems:
        wanted = np.flatnonzero(beyond & np.isnan(heights))
        if len(wanted):
            factor = max(1, int(np.ceil(np.sqrt(dem.width * dem.height / _CELLS))))
            heights[wanted] = sampled(dem, plane.from_grid(points[wanted]), factor)
    fall = (1 - REFRACTION) * distance**2 / (2 * EARTH_RADIUS)
    rise = heights.reshape(_DIRECTIONS, -1).astype(np.float64) - own - fall
    angles = np.degrees(np.arctan2(rise, distance))
    skyline: npt.NDArray[np.float64] = np.nan_to_num(angles, nan=0.0).max(axis=1)
    return Horizon(np.maximum(skyline, 0.0))


def _reach(dem: Dem, plane: Plane, middle: Float64) -> float:
    """The distance to the farthest corner of a terrain model [m]."""
    west, south, east, north = dem.bounds
    corners = plane.to_grid(np.array([[west, south], [east, south], [east, north], [west, north]]))
    distances = np.linalg.norm(corners - middle, axis=1)
    return float(distances.max()) if np.isfinite(distances).all() else 0.0


def _distances(start: float, end: float, resolution: float) -> Float64:
    """Steps outwards, as fine as the terrain near by and a hundredth of the way farther off [m]."""
    steps = [max(start, resolution)]
    while steps[-1] < end:
        steps.append(steps[-1] + max(resolution, steps[-1] / 100))
    return np.array(steps)


@dataclass(frozen=True)
class SceneGlobe:
    """From a scene's coordinates to the globe. Heights go the way that the city has chosen for its own, also
    where the scene's grid is in another coordinate system than the city."""

    plane: Plane
    city: Georeference

    @classmethod
    def of(cls, city: City, plane: Plane) -> SceneGlobe:
        return cls(plane, georeference(city))

    def to_city(self, points: Float64) -> Float64:
        """(n, 3) in the city's coordinate system."""
        return np.column_stack([self.plane.from_grid(points), points[:, 2]])

    def to_geographic(self, points: Float64) -> Float64:
        """(n, 3) longitude, latitude [degrees], ellipsoidal height [m]."""
        return self.city.to_geographic(self.to_city(np.asarray(points, np.float64)))
