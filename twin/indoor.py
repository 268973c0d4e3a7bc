"""Inside of buildings: cells by storey, with the doors between them.

Cells are those of IndoorGML, with their doors from the dual graph (a transition between two states leads
from cell to cell, through the boundary that it is dual to), and the rooms of CityGML and IFC, whose doors the
models do not tell. What came from one file, or is below one building, belongs together.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson
import shapely

from citygml.model import CityObject, Code, Float64
from twin.areas import area
from twin.assets import name_of
from twin.store import City

LAYER, ROOM = "indoor", "BuildingRoom"
STEP = 0.5
"""How far below a floor somebody may still be on it: positions err [m]."""
_KEPT = 8
"""Buildings in memory."""
_NO_CELL = re.compile(r"indoor:(State|Transition|InterLayerConnection|\w*Boundary)")
_STOREY = re.compile(r"\b(?:storey|level|floor)\s*=\s*\"?([^\";:,]+)", re.IGNORECASE)
_REVERSE = "-REVERSE"
"""Ends ids of the other side of a boundary, in files of the editors of IndoorGML."""
_SAME_FLOOR = 1.0
"""Floors that differ by less are of one storey, where the file names none [m]."""


@dataclass(frozen=True)
class Door:
    """A way out of a cell. to: the next cell. transition, boundary: ids of what says so, if anything. at:
    (3,) its middle in the city's coordinates, None where only the graph knows it."""

    to: str
    transition: str
    boundary: str | None
    at: tuple[float, float, float] | None


@dataclass
class Cell:
    """outline: on the city's map. low, high: floor and ceiling. marker: (3,) a point on its floor that stands
    for it, that of its state where it has one. All in the city's coordinates."""

    id: str
    name: str
    class_name: str
    function: str | None
    storey: str
    outline: shapely.Geometry
    low: float
    high: float
    marker: tuple[float, float, float]
    doors: list[Door] = field(default_factory=list)


@dataclass(frozen=True)
class Inside:
    """Cells that belong together, by id. refers: ids of city objects that they say they are."""

    cells: dict[str, Cell]
    refers: tuple[str, ...]

    def storeys(self) -> dict[str, int]:
        """How many cells each storey has, from below."""
        counts: dict[str, int] = {}
        for cell in sorted(self.cells.values(), key=lambda c: (c.low, c.storey)):
            counts[cell.storey] = counts.get(cell.storey, 0) + 1
        return counts


class Indoor:
    """The cells of a city as it is now; those of a building are read when they are first asked for. Threads
    may share it."""

    def __init__(self, city: City) -> None:
        rows = city.connection.execute(
            "SELECT row, class, layer, id, source, x0, y0, z0, x1, y1, z1 FROM object"
            " WHERE valid_to IS NULL AND x0 IS NOT NULL AND (layer = ? OR class = ?) ORDER BY row",
            (LAYER, ROOM),
        ).fetchall()
        cells = [r for r in rows if not _NO_CELL.fullmatch(r[1])]
        self._keys = [f"source {r[4]}" if r[2] == LAYER else f"room {r[3]}" for r in cells]
        self._boxes: Float64 = np.array([r[5:] for r in cells], float).reshape(-1, 6)
        self._known: OrderedDict[str, Inside] = OrderedDict()
        self._lock = Lock()

    def near(self, city: City, at: Float64, reach: float, scale: tuple[float, float]) -> list[Cell]:
        """The cells whose markers are at most reach [m] from a point (2,) of the city's map."""
        gap = np.maximum(np.maximum(self._boxes[:, :2] - at, at - self._boxes[:, 3:5]), 0.0) * np.array(scale)
        found = {}
        for inside in self._insides(city, np.flatnonzero(np.hypot(*gap.T) <= reach)):
            for cell in inside.cells.values():
                if np.hypot(*((np.array(cell.marker[:2]) - at) * scale)) <= reach:
                    found[cell.id] = cell
        return list(found.values())

    def at(self, city: City, at: Float64, exact: bool) -> tuple[Inside, Cell] | None:
        """The cell that a point (3,) in the city's coordinates is in, with those that belong to it; None
        outside. exact: its height is known; else the floor nearest to it is taken."""
        over = (self._boxes[:, :2] <= at[:2]).all(axis=1) & (self._boxes[:, 3:5] >= at[:2]).all(axis=1)
        point = shapely.Point(at[:2])
        best: tuple[float, Inside, Cell] | None = None
        for inside in self._insides(city, np.flatnonzero(over)):
            for cell in inside.cells.values():
                if exact and not cell.low - STEP <= at[2] < cell.high:
                    continue
                away = abs(float(at[2]) - cell.low)
                if (best is None or away < best[0]) and shapely.intersects(cell.outline, point):
                    best = away, inside, cell
        return None if best is None else best[1:]

    def _insides(self, city: City, numbers: npt.NDArray[np.intp]) -> list[Inside]:
        found: dict[int, Inside] = {}
        with self._lock:
            for key in dict.fromkeys(self._keys[n] for n in numbers.tolist()):
                inside = self._known.get(key) or self._read(city, key)
                found[id(inside)] = inside
        return list(found.values())

    def _read(self, city: City, key: str) -> Inside:
        kind, _, name = key.partition(" ")
        if kind == "source":
            rows = city.connection.execute(
                "SELECT row FROM object WHERE valid_to IS NULL AND layer = ? AND source = ? ORDER BY row",
                (LAYER, int(name)),
            )
            inside = _of_graph([stored.decode() for stored in city.fetch([r[0] for r in rows])])
            keys = [key]
        else:
            inside = _of_rooms(city, name)
            keys = [key, *(f"room {id}" for id in inside.cells)]
        self._known.update(dict.fromkeys(keys, inside))
        while len({id(v) for v in self._known.values()}) > _KEPT:
            oldest = next(iter(self._known.values()))
            for old in [k for k, v in self._known.items() if v is oldest]:
                del self._known[old]
        return inside


def _of_graph(objects: list[CityObject]) -> Inside:
    """Cells and doors of IndoorGML."""
    by_id = {obj.id: obj for obj in objects}
    markers, cell_of = {}, {}
    for obj in objects:
        if obj.type == "indoor:State" and obj.geometries:
            for cell in _related(obj, "duality"):
                cell_of[obj.id] = cell
                markers[cell] = tuple(obj.geometries[0].vertices[0].tolist())
    cells: dict[str, Cell] = {}
    for obj in objects:
        made = None if _NO_CELL.fullmatch(obj.type) else _cell(obj, _storey(obj), markers)
        if made is not None:
            cells[made.id] = made
    _name_floors(cells.values())
    boundary_of = {t: obj for obj in objects if "Boundary" in obj.type for t in _related(obj, "duality")}
    for obj in objects:
        if obj.type != "indoor:Transition":
            continue
        ends = [cell_of[state] for state in _related(obj, "connects") if state in cell_of]
        if len(ends) != 2 or not set(ends) <= set(cells):
            continue
        dual = next((by_id[i] for i in _related(obj, "duality") if i in by_id), boundary_of.get(obj.id))
        middle = None if dual is None or not dual.geometries else _middle(dual)
        name = obj.id.removesuffix(_REVERSE)
        for here, there in (ends, ends[::-1]):
            if all((door.to, door.transition) != (there, name) for door in cells[here].doors):
                cells[here].doors.append(Door(there, name, dual.id if dual else None, middle))
    return Inside(cells, tuple(dict.fromkeys(i for obj in objects for i in _references(obj))))


def _of_rooms(city: City, room: str) -> Inside:
    """The rooms of the building that a room is in."""
    top = city.object(room)
    assert top is not None
    while top.parent is not None and (above := city.object(top.parent)) is not None:
        top = above
    cells: dict[str, Cell] = {}
    for stored in _family(city, top.id):
        if stored.class_name == ROOM:
            parent = None if stored.parent is None else city.object(stored.parent)
            floor = None
            if parent is not None and parent.class_name == "BuildingStorey":
                floor = name_of(orjson.loads(parent.attributes_json)) or parent.id
            cell = _cell(stored.decode(surface_attributes=False), floor, {})
            if cell is not None:
                cells[cell.id] = cell
    _name_floors(cells.values())
    return Inside(cells, (top.id,))


def _family(city: City, id: str) -> Iterable[Any]:
    stored = city.object(id)
    if stored is not None:
        yield stored
        for child, _ in city.children(id):
            yield from _family(city, child)


def _cell(obj: CityObject, storey: str | None, markers: dict[str, tuple[float, ...]]) -> Cell | None:
    """None for one without an area."""
    outline = area(obj, lambda p: p[:, :2])
    if outline is None:
        return None
    z = np.concatenate([g.vertices[:, 2] for g in obj.geometries])
    inner = shapely.get_coordinates(shapely.point_on_surface(outline))[0]
    x, y, z0 = markers.get(obj.id, (*inner.tolist(), float(z.min())))
    function = obj.attributes.get("function")
    shown = (function.name or function.code) if isinstance(function, Code) else function
    return Cell(
        obj.id,
        name_of(obj.attributes) or obj.id,
        obj.type,
        shown if isinstance(shown, str) else None,
        storey or "",
        outline,
        float(z.min()),
        float(z.max()),
        (x, y, z0),
    )


def _name_floors(cells: Iterable[Cell]) -> None:
    """Where the model names no storey, cells on one floor get the height of the lowest as its name."""
    base = -np.inf
    for cell in sorted((c for c in cells if not c.storey), key=lambda c: c.low):
        base = cell.low if cell.low - base >= _SAME_FLOOR else base
        cell.storey = f"{base:.1f} m"


def _storey(obj: CityObject) -> str | None:
    for name in ("storey", "level", "floor"):
        value = obj.attributes.get(name)
        if isinstance(value, str | int | float) and str(value):
            return str(value)
    description = obj.attributes.get("description")
    found = _STOREY.search(description) if isinstance(description, str) else None
    return found[1].strip() if found else None


def _related(obj: CityObject, name: str) -> list[str]:
    return [other.removesuffix(_REVERSE) for kind, other in obj.relations if kind == name]


def _references(obj: CityObject) -> list[str]:
    """Ids in a cell's external references."""
    found = obj.attributes.get("externalReference")
    ids = []
    for one in found if isinstance(found, list) else [found]:
        target = one.get("externalObject") if isinstance(one, dict) else None
        name = target.get("name") if isinstance(target, dict) else None
        ids += [name] if isinstance(name, str) else []
    return ids


def _middle(obj: CityObject) -> tuple[float, float, float]:
    points = obj.geometries[0].vertices
    x, y, z = ((points.min(axis=0) + points.max(axis=0)) / 2).tolist()
    return x, y, z
