"""Which city object a position belongs to.

It is the object in whose outline the position lies; else one within a metre of it; else the nearest
building within reach; else the nearest of the other objects. Ground that everything lies in or beside
(land use, relief, roads, plants) is not looked at. What is found is the whole: a building rather than its
part.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt
import shapely

from citygml.crs import Georeference
from twin.footprints import footprint
from twin.place import georeference, metres_per_unit
from twin.store import City

Float64 = npt.NDArray[np.float64]

REACH = 25.0
"""How far an object may be from what belongs to it [m]."""
_BESIDE = 1.0
_LAYERS = ("buildings", "bridges", "tunnels", "constructions", "furniture", "water", "utilities", "generics")
"""The layers looked at; inside several objects, the first has it."""
_DEEPEST = 16


@dataclass(frozen=True)
class Found:
    """An object, its layer, how it was found, and how far its outline is [m]."""

    object_id: str
    layer: str
    how: Literal["inside", "nearest"]
    distance: float


class Finder:
    """Finds objects in a city as it stands. Kept for many positions; `city` must stay open."""

    def __init__(self, city: City, reach: float = REACH) -> None:
        self.city = city
        self.reach = reach
        self.place: Georeference = georeference(city)
        self.scale = np.array(metres_per_unit(city))
        self._outlines: dict[int, shapely.Geometry | None] = {}
        self._wholes: dict[str, str] = {}

    @cached_property
    def _objects(self) -> tuple[list[str], npt.NDArray[np.int64], npt.NDArray[np.int64], shapely.STRtree]:
        """Ids, rows and layer numbers of the objects, and the tree of their boxes in metres."""
        ids: list[str] = []
        rows, layers, boxes = [], [], []
        there = {layer.name for layer in self.city.layers()}
        for number, layer in enumerate(_LAYERS):
            if layer not in there:
                continue
            index = self.city.index(layer)
            ids += index.ids
            rows.append(index.rows)
            layers.append(np.full(len(index), number))
            bounds = index.bounds[:, [0, 1, 3, 4]] * np.tile(self.scale, 2)
            boxes.append(shapely.box(*bounds.T))
        none = np.empty(0, np.int64)
        return (
            ids,
            np.concatenate([none, *rows]),
            np.concatenate([none, *layers]),
            shapely.STRtree(np.concatenate(boxes) if boxes else []),
        )

    def find(self, longitudes: Float64, latitudes: Float64) -> list[Found | None]:
        """The object of each position [degrees]; None where there is none within reach."""
        ids, rows, layers, tree = self._objects
        flat = np.column_stack([longitudes, latitudes, np.zeros(len(longitudes))])
        with np.errstate(invalid="ignore"):
            plane = self.place.from_geographic(flat)[:, :2] * self.scale
        found: list[Found | None] = [None] * len(flat)
        known = np.flatnonzero(np.isfinite(plane).all(axis=1))
        if not len(known) or not len(ids):
            return found
        points = shapely.points(plane[known])
        pairs = tree.query(points, predicate="dwithin", distance=self.reach)
        best: dict[int, tuple[tuple[int, float], int, float]] = {}
        for at, number in pairs.T.tolist():
            distance = self._distance(int(rows[number]), points[at])
            if distance > self.reach:
                continue
            layer = int(layers[number])
            if distance == 0:
                rank = (0, float(layer))
            elif distance <= _BESIDE:
                rank = (1, distance)
            else:
                rank = (2 if layer == 0 else 3, distance)
            if at not in best or (rank, ids[number]) < (best[at][0], ids[best[at][1]]):
                best[at] = (rank, number, distance)
        for at, (_, number, distance) in best.items():
            found[int(known[at])] = Found(
                self.whole(ids[number]),
                _LAYERS[int(layers[number])],
                "inside" if distance == 0 else "nearest",
                round(distance, 3),
            )
        return found

    def _distance(self, row: int, point: shapely.Point) -> float:
        """From an object's outline to a point [m]; infinite without an outline."""
        if row not in self._outlines:
            stored = next(iter(self.city.fetch([row])))
            shape = footprint(stored.decode(surface_attributes=False), lambda p: p[:, :2] * self.scale)
            outline: shapely.Geometry | None = None if shape is None else shapely.geometry.shape(shape)
            if outline is not None and not shapely.is_valid(outline):
                outline = shapely.make_valid(outline)
            self._outlines[row] = outline
        known = self._outlines[row]
        return np.inf if known is None else float(shapely.distance(known, point))

    def whole(self, id: str) -> str:
        """The outermost object of the same layer that an object is a part of."""
        if id not in self._wholes:
            current, depth = id, 0
            while depth < _DEEPEST:
                row = self.city.connection.execute(
                    "SELECT whole.id FROM object JOIN object AS whole ON whole.id = object.parent"
                    " AND whole.valid_to IS NULL AND whole.layer = object.layer"
                    " WHERE object.id = ? AND object.valid_to IS NULL",
                    (current,),
                ).fetchone()
                if row is None:
                    break
                current, depth = row[0], depth + 1
            self._wholes[id] = current
        return self._wholes[id]
