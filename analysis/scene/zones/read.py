"""The buildings of a city's store as families of objects, by areas that hold a bounded number of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import shapely

from analysis.energy.zones import Float64
from analysis.scene.grid import Bounds, Plane
from analysis.scene.surfaces import city_box
from citygml.model import CityObject
from twin.scenario import Scenarios
from twin.store import City
from twin.store.records import StoredObject

TILE = 1000
"""Buildings that are worked on at a time."""
_CLASSES = ("Building", "BuildingPart")
REACH = 1.0
"""Neighbours within this distance are read with a building [m]."""
Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Register:
    """f buildings. rows: of each, those of the whole, then of its parts. boxes: (f, 4) x0 y0 x1 y1 in the
    city's coordinates. chosen: numbers of those that were asked for. reach: (2,) `REACH` in its units.
    planned: objects of a scenario, by rows that the city itself does not have."""

    rows: list[list[int]]
    boxes: Float64
    chosen: Int64
    reach: Float64
    planned: Mapping[int, StoredObject] = field(default_factory=dict)


def register(city: City, plane: Plane, area: Bounds | None = None, scenario: int | None = None) -> Register:
    """All buildings with geometry. area: those that touch it are chosen [m, on the plane]. scenario: the
    buildings are as it has them. Raises EntityNotFound for one that is not there."""
    table = city.connection.execute(
        "SELECT row, id, parent, x0, y0, x1, y1 FROM object WHERE layer = 'buildings'"
        " AND class IN (?, ?) AND valid_to IS NULL ORDER BY row",
        _CLASSES,
    ).fetchall()
    planned: dict[int, StoredObject] = {}
    if scenario is not None:
        scenarios = Scenarios(city)
        hidden = scenarios.hidden(scenario)
        for stored in scenarios.objects(scenario, ("buildings",)):
            if stored.class_name in _CLASSES:
                planned[stored.row] = stored
        table = [entry for entry in table if entry[1] not in hidden]
        for row, stored in planned.items():
            box = (None,) * 4 if stored.bounds is None else (*stored.bounds[:2], *stored.bounds[3:5])
            table.append((row, stored.id, stored.parent, *box))
    parents = {id: parent for _, id, parent, *_ in table}
    number: dict[str, int] = {}
    rows: list[list[int]] = []
    boxes: list[list[float]] = []
    for row, id, parent, *box in table:
        root, seen = id, {id}
        while parent is not None and parent in parents and parent not in seen:
            root = parent
            seen.add(root)
            parent = parents[root]
        k = number.setdefault(root, len(rows))
        if k == len(rows):
            rows.append([])
            boxes.append([np.inf, np.inf, -np.inf, -np.inf])
        rows[k].insert(0 if id == root else len(rows[k]), row)
        if box[0] is not None:
            old = boxes[k]
            boxes[k] = [min(old[0], box[0]), min(old[1], box[1]), max(old[2], box[2]), max(old[3], box[3])]
    bounds = np.array(boxes, np.float64).reshape(-1, 4)
    wanted = np.isfinite(bounds).all(axis=1)
    if area is not None:
        low, high = city_box(plane, area)
        wanted &= (bounds[:, :2] <= high).all(axis=1) & (bounds[:, 2:] >= low).all(axis=1)
    return Register(rows, bounds, np.flatnonzero(wanted), _reach(plane, bounds[wanted]), planned)


def tiles(known: Register) -> Iterator[tuple[Int64, Int64]]:
    """(own, neighbours) of areas: the chosen buildings in parts of at most `TILE` that lie together, and
    those that stand within reach of them."""
    sound = np.flatnonzero(np.isfinite(known.boxes).all(axis=1))
    boxes = known.boxes
    low, high = boxes[:, :2] - known.reach / 2, boxes[:, 2:] + known.reach / 2
    shapes = shapely.box(low[:, 0], low[:, 1], high[:, 0], high[:, 1])
    tree = shapely.STRtree(shapes[sound])
    for own in _divided(known.chosen, (boxes[:, :2] + boxes[:, 2:]) / 2):
        touching = sound[np.unique(tree.query(shapes[own])[1])]
        yield own, np.setdiff1d(touching, own)


def families(city: City, known: Register, which: Sequence[int] | Int64) -> list[list[CityObject]]:
    """Each building with its parts, decoded."""
    wanted = [known.rows[k] for k in which]
    stored = city.fetch([row for rows in wanted for row in rows if row not in known.planned])
    return [
        [(known.planned.get(row) or next(stored)).decode(surface_attributes=False) for row in rows]
        for rows in wanted
    ]


def _divided(which: Int64, middle: Float64) -> Iterator[Int64]:
    """In halves along the longer side until they are small enough."""
    if len(which) <= TILE:
        if len(which):
            yield which
        return
    axis = int(np.argmax(np.ptp(middle[which], axis=0)))
    order = which[np.argsort(middle[which, axis], kind="stable")]
    half = len(order) // 2
    yield from _divided(np.sort(order[:half]), middle)
    yield from _divided(np.sort(order[half:]), middle)


def _reach(plane: Plane, boxes: Float64) -> Float64:
    """(2,) `REACH` in the units of the city's coordinates, around its middle."""
    if not plane.moved or not len(boxes):
        return np.full(2, REACH)
    at = plane.to_grid((boxes[:1, :2] + boxes[:1, 2:]) / 2)
    steps = plane.from_grid(at + [[0.0, 0.0], [REACH, 0.0], [0.0, REACH]])
    reach: Float64 = np.abs(steps[1:] - steps[0]).max(axis=0)
    return reach
