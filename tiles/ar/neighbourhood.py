"""Which objects stand near a position, by the boxes of a city's objects, which stay in memory."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from citygml.crs import Georeference
from citygml.model import CityObject, Float64
from twin.elevation import city_dem
from twin.licences import copyright_of
from twin.place import georeference, metres_per_unit
from twin.raster import Dem
from twin.store import City

LAYERS = ("buildings", "bridges", "constructions", "tunnels", "furniture", "vegetation")
"""What stands, and is taken unless other layers are asked for."""
_STANDING = ("buildings", "furniture", "vegetation")
_FEET, _REACH = 8, 200.0
"""How many things tell the ground's height, and how far away they may stand [m]."""
MOST = 20_000
"""Objects of one scene; the nearest are taken."""


@dataclass(frozen=True)
class Near:
    """Objects in reach, their distances on the map (n,) [m], and their box (2, 3) in the city's coordinates.
    left_out: how many more there were."""

    objects: list[CityObject]
    distances: Float64
    box: Float64
    left_out: int


class Neighbourhood:
    """The objects of a city as it is now; 56 bytes for each in memory."""

    def __init__(self, city: City) -> None:
        self.state = state_of(city)
        self.place: Georeference = georeference(city)
        self.scale = metres_per_unit(city)
        self.layers = [layer.name for layer in city.layers()]
        self._rows: dict[str, npt.NDArray[np.int64]] = {}
        self._boxes: dict[str, Float64] = {}
        self._copyrights: dict[tuple[tuple[str, ...], bool], str] = {}
        bounds = city.bounds()
        self._dem: Dem | None = None
        self.bounds = None if bounds is None else np.array(bounds).reshape(2, 3)

    def inside(self, longitude: float, latitude: float, margin: float) -> bool:
        """Whether a place lies in the city's box or at most margin [m] from it."""
        if self.bounds is None:
            return False
        at = self.place.from_geographic(np.array([[longitude, latitude, 0.0]]))[0, :2]
        gap = np.maximum(np.maximum(self.bounds[0, :2] - at, at - self.bounds[1, :2]), 0.0) * self.scale
        return bool(np.isfinite(at).all() and np.hypot(*gap) <= margin)

    def copyright(self, city: City, layers: Collection[str], terrain: bool = False) -> str:
        """As of `copyright_of`, kept: to tell which files a layer came from takes long."""
        key = tuple(layers), terrain
        if key not in self._copyrights:
            self._copyrights[key] = copyright_of(city, layers, terrain)
        return self._copyrights[key]

    def ground(self, city: City, longitude: float, latitude: float) -> float | None:
        """Height of the ground above the ellipsoid [m]: of the terrain model, or where there is none that of
        the feet of what stands around, the nearer the more; None where nothing does."""
        at = self.place.from_geographic(np.array([[longitude, latitude, 0.0]]))
        level = float(self.terrain(city, at[:, :2])[0])
        if np.isnan(level):
            level = self._feet(city, at[0, :2])
        if np.isnan(level):
            return None
        return float(self.place.to_geographic(np.array([[*at[0, :2], level]]))[0, 2])

    def terrain(self, city: City, xy: Float64) -> Float64:
        """(n,) heights of the terrain model at places (n, 2) in the city's coordinates, NaN without one."""
        if self._dem is None and city.rasters("dem"):
            self._dem = city_dem(city)
        return np.full(len(xy), np.nan) if self._dem is None else self._dem.sample(xy).astype(np.float64)

    def _feet(self, city: City, at: Float64) -> float:
        """NaN where nothing stands within reach."""
        feet, away = [np.empty(0)], [np.empty(0)]
        for layer in _STANDING:
            if layer in self.layers:
                boxes = self.objects(city, layer)[1]
                near, apart = within(boxes, at, self.scale, _REACH)
                feet.append(boxes[near, 2])
                away.append(apart)
        apart = np.concatenate(away)
        if not len(apart):
            return np.nan
        nearest = np.argsort(apart)[:_FEET]
        return float(np.average(np.concatenate(feet)[nearest], weights=1.0 / (1.0 + apart[nearest])))

    def near(
        self, city: City, longitude: float, latitude: float, radius: float, layers: Collection[str] = LAYERS
    ) -> Near:
        """The objects of some layers whose box is at most radius [m] away on the map, the nearest first."""
        at = self.place.from_geographic(np.array([[longitude, latitude, 0.0]]))[0, :2]
        rows, distances, boxes = [], [], []
        for layer in layers:
            if layer not in self.layers:
                continue
            known, box = self.objects(city, layer)
            reached, away = within(box, at, self.scale, radius)
            rows.append(known[reached])
            distances.append(away)
            boxes.append(box[reached])
        found = np.concatenate(distances) if distances else np.empty(0)
        if not len(found):
            return Near([], found, np.zeros((2, 3)), 0)
        order = np.argsort(found, kind="stable")[:MOST]
        box = np.concatenate(boxes)[order]
        fetched = city.fetch(np.concatenate(rows)[order])
        objects = [stored.decode(surface_attributes=False) for stored in fetched]
        return Near(
            objects,
            found[order],
            np.array([box[:, :3].min(axis=0), box[:, 3:].max(axis=0)]),
            len(found) - len(order),
        )

    def objects(self, city: City, layer: str) -> tuple[npt.NDArray[np.int64], Float64]:
        """Rows (n,) of a layer's objects in the store, and their boxes (n, 6)."""
        if layer not in self._rows:
            index = city.index(layer)
            self._boxes[layer] = np.asfortranarray(index.bounds)  # a column is read at a time
            self._rows[layer] = index.rows
        return self._rows[layer], self._boxes[layer]


def within(
    boxes: Float64, at: Float64, scale: tuple[float, float], reach: float
) -> tuple[npt.NDArray[np.int64], Float64]:
    """Which boxes (n, 6) are at most reach [m] on the map from a point (2,), and their distances [m], 0 for
    a point within."""
    margin = reach / np.array(scale)
    low, high = at - margin, at + margin
    near = np.flatnonzero(
        (boxes[:, 0] <= high[0])
        & (boxes[:, 3] >= low[0])
        & (boxes[:, 1] <= high[1])
        & (boxes[:, 4] >= low[1])
    )
    box = boxes[near]
    gap = np.maximum(np.maximum(box[:, :2] - at, at - box[:, 3:5]), 0.0) * np.array(scale)
    away = np.hypot(gap[:, 0], gap[:, 1])
    reached = away <= reach
    return near[reached], away[reached]


def state_of(city: City) -> tuple[int, int]:
    """Changes whenever the city's objects or its terrain do."""
    return city.last_run(), len(city.rasters())
