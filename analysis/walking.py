"""Ways on foot around buildings and water, over bridges, to the nearest of some places.

The ground is square cells of 2 m that are open unless their middle is in a building or in water without a
bridge above it. So a passage of 2 m is open (2.8 m where it runs aslant), and a way may cut a corner by up
to a metre. The shortest way is found as in `analysis.warning.passage`, in sixteen directions, and then pulled
tight. Fences, private ground, kerbs and crossings are not known to it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from threading import Lock

import numpy as np
import numpy.typing as npt
import shapely

from analysis.scene.grid import Plane, plane_of
from citygml.model import Float64
from twin.areas import area
from twin.store import City
from twin.store.records import StoredObject

WALKING_M_S = 1.2
"""For which crossings in the United Kingdom are timed (TRL report PPR700, Crabtree, Lodge and Emmerson 2014);
many old people are slower."""
CELL = 2.0
"""[m]"""
START_REACH = 50.0
"""How far the nearest open ground may be from where somebody stands, in a building perhaps [m]."""
GOAL_REACH = 6.0
"""How near to a place a way must come, which then leads straight to it [m]."""
_SIGHT = 0.5
"""Between the points of a straight stretch that are looked at [m]."""
OPEN, BUILDING, WATER, BRIDGE = 0, 1, 2, 3
_SIDE = 100
"""Cells along the side of a block that is kept."""
_KEPT = 1500
"""Blocks in memory, 10 kB each."""
_OVERHANG = frozenset({"BuildingInstallation", "BuildingFurniture", "BridgeInstallation", "BridgeFurniture"})
Cells = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Way:
    """goal: which place. line: (n, 2) from the start to the place [m]. on_bridge: (n,) which of its points
    are on bridges. length [m]. straight: how much of it, at its ends, is a beeline through what is not open
    [m]."""

    goal: int
    line: Float64
    on_bridge: npt.NDArray[np.bool_]
    length: float
    straight: float


@dataclass(frozen=True)
class Window:
    """kinds: (rows, columns) of cells from the north-west corner (west, north) [m]."""

    kinds: Cells
    west: float
    north: float

    def middles(self, cells: npt.NDArray[np.int64]) -> Float64:
        """(n, 2) of cells by number, row by row [m]."""
        row, column = np.divmod(cells, self.kinds.shape[1])
        return np.column_stack([self.west + (column + 0.5) * CELL, self.north - (row + 0.5) * CELL])

    def kinds_at(self, points: Float64) -> Cells:
        """(n,) of the cells that points (n, 2) lie in; off the window the nearest cell's."""
        rows, columns = self.kinds.shape
        row = np.floor((self.north - points[:, 1]) / CELL).astype(np.int64).clip(0, rows - 1)
        column = np.floor((points[:, 0] - self.west) / CELL).astype(np.int64).clip(0, columns - 1)
        return np.asarray(self.kinds[row, column])

    def within(self, shape: shapely.Geometry, reach: float) -> tuple[npt.NDArray[np.int64], Float64]:
        """Numbers of the open cells whose middle is at most reach [m] from a shape, and how far each is."""
        west, south, east, north = shapely.bounds(shape) + np.array([-reach, -reach, reach, reach])
        rows, columns = self.kinds.shape
        top, bottom = _clipped((self.north - north) / CELL, (self.north - south) / CELL, rows)
        left, right = _clipped((west - self.west) / CELL, (east - self.west) / CELL, columns)
        open_ = _walkable(self.kinds[top:bottom, left:right])
        row, column = np.nonzero(open_)
        cells = (row + top) * columns + column + left
        away = np.asarray(shapely.distance(shapely.points(self.middles(cells)), shape))
        near = away <= reach
        return cells[near], away[near]


def _clipped(low: float, high: float, most: int) -> tuple[int, int]:
    return min(max(int(np.floor(low)), 0), most), min(max(int(np.ceil(high)) + 1, 0), most)


def _walkable(kinds: Cells) -> npt.NDArray[np.bool_]:
    return np.asarray((kinds == OPEN) | (kinds == BRIDGE))


def way(window: Window, start: Float64, goals: Sequence[shapely.Geometry]) -> Way | None:
    """The shortest way from a point (2,) to the goal that is reached first; None where none can be reached in
    the window."""
    from analysis.warning.passage import earliest

    cells, gaps = window.within(shapely.Point(start), START_REACH)
    if not len(cells):
        return None
    first = int(np.argmin(gaps))
    last_leg = np.full(window.kinds.size, np.inf)
    goal = np.full(window.kinds.size, -1, np.int64)
    for number, shape in enumerate(goals):
        near, away = window.within(shape, GOAL_REACH)
        better = away < last_leg[near]
        last_leg[near[better]], goal[near[better]] = away[better], number
    dry = np.zeros((1, *window.kinds.shape), np.float32)
    end, _, _, parents = earliest(
        _walkable(window.kinds), dry, np.zeros(1), 0.0, CELL, int(cells[first]), 0.0, last_leg
    )
    if end < 0:
        return None
    passed = [int(end)]
    while passed[-1] != cells[first]:
        passed.append(int(parents[passed[-1]]))
    number = int(goal[end])
    middles = window.middles(np.array(passed[::-1]))
    last = shapely.get_coordinates(shapely.shortest_line(shapely.Point(middles[-1]), goals[number]))[-1]
    line = np.vstack([start, _turns(middles), last])
    straight = sum(float(np.hypot(*(b - a))) for a, b in (line[:2], line[-2:]) if not _in_sight(window, a, b))
    return _told(window, number, _pulled(window, line), straight)


def _told(window: Window, goal: int, line: Float64, straight: float) -> Way:
    """With points on bridges besides the corners of the line."""
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
    stops = np.union1d(along, np.arange(CELL, along[-1], CELL))
    points = np.column_stack([np.interp(stops, along, line[:, k]) for k in (0, 1)])
    over = window.kinds_at(points) == BRIDGE
    keep = over | np.isin(stops, along)
    return Way(goal, points[keep], over[keep], float(along[-1]), straight)


def _turns(line: Float64) -> Float64:
    """Without the points in the middle of straight stretches."""
    steps = np.diff(line, axis=0)
    turning = (steps[1:] != steps[:-1]).any(axis=1)
    ends = np.ones(min(len(line), 2), np.bool_)
    return np.asarray(line[np.concatenate([ends[:1], turning, ends[1:]])])


def _pulled(window: Window, line: Float64) -> Float64:
    """A line pulled tight: each stretch goes on to the last corner that is in sight over open cells."""
    tight, here = [0], 0
    while here < len(line) - 1:
        ahead = range(len(line) - 1, here + 1, -1)
        here = next((k for k in ahead if _in_sight(window, line[here], line[k])), here + 1)
        tight.append(here)
    return line[tight]


def _in_sight(window: Window, a: Float64, b: Float64) -> bool:
    count = int(np.ceil(np.hypot(*(b - a)) / _SIGHT)) + 1
    return bool(_walkable(window.kinds_at(np.linspace(a, b, count))).all())


class WalkingGround:
    """The open cells of a city as it is now, block by block as they are asked for. Threads may share it."""

    def __init__(self, city: City) -> None:
        """Raises AnalysisError for a city without a plane in metres."""
        self.plane: Plane = plane_of(city)
        present = {layer.name for layer in city.layers()}
        self._things: dict[str, tuple[npt.NDArray[np.int64], Float64]] = {
            layer: (index.rows, index.bounds)
            for layer in ("buildings", "water", "bridges")
            if layer in present
            for index in [city.index(layer)]
        }
        self._outlines: dict[str, shapely.Geometry | None] = {}
        self._blocks: OrderedDict[tuple[int, int], Cells] = OrderedDict()
        self._lock = Lock()

    def window(self, city: City, centre: Float64, half: float) -> Window:
        """The cells at most about half [m] east, north, west or south of a point (2,) of the plane."""
        size = CELL * _SIDE
        low, high = (np.floor((centre + s * half) / size).astype(int) for s in (-1, 1))
        rows = [
            np.hstack([self._block(city, (column, row)) for column in range(low[0], high[0] + 1)])
            for row in range(high[1], low[1] - 1, -1)
        ]
        kinds = np.vstack(rows)
        west, north = low[0] * size, (high[1] + 1) * size
        left, top = (
            int(v // CELL) for v in (max(centre[0] - half - west, 0), max(north - centre[1] - half, 0))
        )
        side = int(np.ceil(2 * half / CELL)) + 1
        return Window(kinds[top : top + side, left : left + side], west + left * CELL, north - top * CELL)

    def outline(self, city: City, id: str) -> shapely.Geometry | None:
        """The area of an object and its parts on the plane, kept for next time; None where there is none."""
        if id not in self._outlines:
            parts = [child for child, class_name in city.children(id) if class_name not in _OVERHANG]
            stored = (city.object(one) for one in (id, *parts))
            shapes = self._shapes(found for found in stored if found is not None)
            self._outlines[id] = shapely.union_all(shapes) if shapes else None
        return self._outlines[id]

    def _shapes(self, objects: Iterable[StoredObject]) -> list[shapely.Geometry]:
        """The areas of those that have one, on the plane."""
        decoded = (stored.decode(surface_attributes=False) for stored in objects)
        shapes = (area(obj, lambda p: self.plane.to_grid(p)) for obj in decoded)
        return [shape for shape in shapes if shape is not None]

    def _block(self, city: City, key: tuple[int, int]) -> Cells:
        with self._lock:
            if (known := self._blocks.get(key)) is not None:
                self._blocks.move_to_end(key)
                return known
        made = self._made(city, key)
        with self._lock:
            self._blocks[key] = made
            while len(self._blocks) > _KEPT:
                self._blocks.popitem(last=False)
        return made

    def _made(self, city: City, key: tuple[int, int]) -> Cells:
        from rasterio.features import rasterize
        from rasterio.transform import from_origin

        size = CELL * _SIDE
        west, south = key[0] * size, key[1] * size
        at = self.plane.from_grid(np.array([west, south]) + size * np.array([[0, 0], [1, 0], [0, 1], [1, 1]]))
        low, high = at.min(axis=0), at.max(axis=0)
        transform = from_origin(west, south + size, CELL, CELL)

        def covered(layer: str) -> npt.NDArray[np.bool_]:
            rows, boxes = self._things.get(layer, (np.empty(0, np.int64), np.empty((0, 6))))
            near = rows[(boxes[:, :2] <= high).all(axis=1) & (boxes[:, 3:5] >= low).all(axis=1)]
            shapes = self._shapes(s for s in city.fetch(near) if s.class_name not in _OVERHANG)
            if not shapes:
                return np.zeros((_SIDE, _SIDE), np.bool_)
            return np.asarray(
                rasterize(shapes, (_SIDE, _SIDE), transform=transform, dtype=np.uint8), np.bool_
            )

        kinds = np.where(covered("water"), np.uint8(WATER), np.uint8(OPEN))
        kinds[(kinds == WATER) & covered("bridges")] = BRIDGE
        kinds[covered("buildings")] = BUILDING
        return kinds
