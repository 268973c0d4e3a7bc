"""The city in square cells, each with the triangles of what stands in it, for rays that look for things.

An object is in the cell of its box's middle; a cell's bounds hold all of its objects.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from citygml.model import CityObject, Float64
from tiles.ar.neighbourhood import Neighbourhood
from tiles.content import primitives_of
from tiles.drawing import Painter
from tiles.gltf import Glb
from tiles.library import Library
from tiles.mesh import TRIANGLES, ToLocal, z_up
from tiles.surfaces import gather
from twin.store import City

SIZE = 100.0
"""[m]"""
Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Shapes:
    """vertices (n, 3) in a frame east, north, up [m], triangles (t, 3), owner (t,) the store's row of the
    object that each is of."""

    vertices: Float64
    triangles: Int64
    owner: Int64


class Cells:
    """The cells of some layers of a city."""

    def __init__(self, city: City, around: Neighbourhood, layers: Collection[str]) -> None:
        self._around = around
        parts = [around.objects(city, layer) for layer in layers if layer in around.layers]
        rows: Int64 = np.concatenate([np.empty(0, np.int64), *(rows for rows, _ in parts)])
        boxes = np.concatenate([np.empty((0, 6)), *(box for _, box in parts)])
        middle = (boxes[:, :2] + boxes[:, 3:5]) / 2 * np.array(around.scale)
        keys = np.floor(middle / SIZE).astype(np.int64)
        order = np.lexsort(keys.T)
        self._rows, boxes, keys = rows[order], boxes[order], keys[order]
        first = np.ones(len(keys), np.bool_)
        first[1:] = (np.diff(keys, axis=0) != 0).any(axis=1)
        self._starts = np.append(np.flatnonzero(first), len(keys))
        self.boxes = _joined(boxes, self._starts)

    def __len__(self) -> int:
        return len(self._starts) - 1

    def near(self, at: Float64, reach: float) -> Int64:
        """Numbers of the cells at most reach [m] on the map from a point (2,) in the city's coordinates."""
        gap = np.maximum(np.maximum(self.boxes[:, :2] - at, at - self.boxes[:, 3:5]), 0.0)
        return np.flatnonzero(np.hypot(*(gap * np.array(self._around.scale)).T) <= reach)

    def shapes(self, city: City, cell: int) -> tuple[Shapes, Float64]:
        """What stands in a cell, and its frame (4, 4) in ECEF."""
        rows = self._rows[self._starts[cell] : self._starts[cell + 1]]
        objects, own = [], {}
        for row, stored in zip(rows.tolist(), city.fetch(rows), strict=True):
            objects.append(stored.decode(surface_attributes=False))
            own[stored.id] = row
        frame = self._around.place.fitted_frame(self.boxes[cell, :3], self.boxes[cell, 3:])
        return _shapes(city, objects, own, frame.to_local), frame.matrix


def _joined(boxes: Float64, starts: Int64) -> Float64:
    """(k, 6) the box of each group of boxes, which begin at `starts`."""
    if len(starts) < 2:
        return np.empty((0, 6))
    low = np.minimum.reduceat(boxes[:, :3], starts[:-1], axis=0)
    return np.concatenate([low, np.maximum.reduceat(boxes[:, 3:], starts[:-1], axis=0)], axis=1)


def _shapes(city: City, objects: list[CityObject], own: dict[str, int], to_local: ToLocal) -> Shapes:
    drawn = gather(objects, textures=False)
    rows = np.array([own[obj.id] for obj in drawn.objects], np.int64)
    templates = Library(city).templates(objects)
    found, _ = primitives_of(Painter(Glb(), None, None, 0), drawn, to_local, templates, instances=False)
    solid = [p for p in found if p.mode == TRIANGLES]
    if not solid:
        return Shapes(np.empty((0, 3)), np.empty((0, 3), np.int64), np.empty(0, np.int64))
    starts = np.cumsum([0, *(len(p.positions) for p in solid[:-1])])
    triangles = np.concatenate([p.indices.astype(np.int64) + n for p, n in zip(solid, starts, strict=True)])
    triangles = triangles.reshape(-1, 3)
    features = np.concatenate([p.features for p in solid])
    return Shapes(
        np.concatenate([z_up(p.positions) for p in solid]), triangles, rows[features[triangles[:, 0]]]
    )
