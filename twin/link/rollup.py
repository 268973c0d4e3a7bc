"""Readings of many meters rolled up: building, block, district, from the hourly rollups.

A building's block is what its attribute `block` says; else the CityObjectGroup that has it as a member;
else the land-use parcel in which the middle of its box lies (the smallest, if several). Its district is
what the attribute `district` of the building or of its block says, else the whole city.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import orjson
import shapely

from twin.errors import QueryError
from twin.footprints import footprint
from twin.link.reading import OF_PROPERTY, unit_symbol
from twin.observations import rollups
from twin.place import metres_per_unit
from twin.store import City, open_city

By = Literal["building", "block", "district"]
Aggregate = Literal["sum", "mean", "increase"]

AMOUNTS = frozenset({"Wh", "kWh", "MWh", "GWh", "J", "kJ", "MJ", "GJ", "l", "L", "m3", "m³", "kg", "t"})
"""Units of amounts, which are added up unless something else is asked for; others are averaged."""
_WHOLE = frozenset({"Building", "Bridge", "Tunnel"})
_DEEPEST = 16


@dataclass(slots=True)
class Group:
    """One building, block or district. id: of the object, or the attribute's value; None for meters that
    belong to none. objects: buildings in it. value: None when no meter has read anything."""

    id: str | None
    name: str
    value: float | None = None
    datastreams: int = 0
    objects: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class RollUp:
    """total: over everything, aggregated in the same way."""

    unit: str
    aggregate: Aggregate
    groups: list[Group]
    total: float | None


@dataclass(frozen=True)
class _Meter:
    id: int
    object_id: str
    unit: str


def roll_up(
    city: City,
    connection: sqlite3.Connection,
    observed_property: str,
    by: By,
    start: int,
    end: int,
    aggregate: Aggregate | None = None,
) -> RollUp:
    """The meters of one observed property, linked to objects, over the hours that begin from start to end.

    start, end: [µs]. aggregate: sum of the readings; mean, each meter counting alike; or increase, for
    meters that count on: the greatest reading less the least. None: by the unit. Raises QueryError for
    readings in several units.
    """
    meters = [
        _Meter(id, object_id, unit_symbol(unit))
        for id, object_id, unit in connection.execute(
            "SELECT d.id, o.object_id, d.unit_of_measurement FROM datastreams d"
            f" JOIN thing_objects o ON o.thing = d.thing WHERE d.id IN ({OF_PROPERTY}) ORDER BY d.id",
            {"property": observed_property},
        )
    ]
    units = sorted({m.unit for m in meters})
    if len(units) > 1:
        raise QueryError(
            f"{observed_property}: its meters read in {' and '.join(units)}, which do not go together"
        )
    unit = units[0] if units else ""
    how: Aggregate = aggregate or ("sum" if unit in AMOUNTS else "mean")
    numbers = _numbers(connection, [m.id for m in meters], start, end, how)
    grouping = _Grouping(city)
    groups: dict[str | None, Group] = {}
    values: dict[str | None, list[float]] = {}
    for meter in meters:
        building = grouping.whole(meter.object_id)
        id, name = grouping.group(building, by)
        group = groups.setdefault(id, Group(id, name))
        group.datastreams += 1
        group.objects.add(building)
        if meter.id in numbers:
            values.setdefault(id, []).append(numbers[meter.id])
    for id, group in groups.items():
        group.value = _together(values.get(id, ()), how)
    ordered = sorted(groups.values(), key=lambda g: (g.id is None, g.id or ""))
    return RollUp(unit, how, ordered, _together(numbers.values(), how))


def _together(values: Iterable[float], how: Aggregate) -> float | None:
    known = list(values)
    if not known:
        return None
    return float(np.mean(known) if how == "mean" else np.sum(known))


def _numbers(
    connection: sqlite3.Connection, datastreams: list[int], start: int, end: int, how: Aggregate
) -> dict[int, float]:
    """One number for each datastream that has hours in the interval."""
    rows = connection.execute(
        "SELECT datastream, day, hours FROM rollups WHERE datastream IN (SELECT value FROM json_each(?))"
        " AND day BETWEEN ? AND ? ORDER BY datastream, day",
        (orjson.dumps(datastreams).decode(), start // rollups.DAY, end // rollups.DAY),
    ).fetchall()
    if not rows:
        return {}
    records = np.frombuffer(b"".join(r[2] for r in rows), rollups.RECORD)
    lengths = [len(r[2]) // rollups.RECORD.itemsize for r in rows]
    days = np.repeat(np.array([r[1] for r in rows], np.int64), lengths)
    streams = np.repeat(np.array([r[0] for r in rows], np.int64), lengths)
    times = days * rollups.DAY + records["hour"] * np.int64(rollups.HOUR)
    inside = (times >= start) & (times < end) & (records["count"] > 0)
    records, streams = records[inside], streams[inside]
    if not len(records):
        return {}
    ids, starts = np.unique(streams, return_index=True)
    values: npt.NDArray[np.float64]
    if how == "increase":
        values = np.maximum.reduceat(records["maximum"], starts) - np.minimum.reduceat(
            records["minimum"], starts
        )
    else:
        values = np.add.reduceat(records["sum"], starts)
        if how == "mean":
            values = values / np.add.reduceat(records["count"], starts)
    return dict(zip(ids.tolist(), values.tolist(), strict=True))


class _Grouping:
    """Which block and district an object of the city belongs to."""

    def __init__(self, city: City) -> None:
        self.city = city
        self.scale = np.array(metres_per_unit(city) if city.get("crs") else (1.0, 1.0))
        self._wholes: dict[str, str] = {}
        self._known: dict[tuple[str, str], tuple[str | None, str]] = {}
        self._group_of: dict[str, str] | None = None

    def whole(self, object_id: str) -> str:
        """The building that an object is a part or room of; itself when it is of none."""
        if object_id not in self._wholes:
            current = object_id
            for _ in range(_DEEPEST):
                row = self._row(current)
                if row is None or row[0] in _WHOLE or row[1] is None or self._row(row[1]) is None:
                    break
                current = row[1]
            self._wholes[object_id] = current
        return self._wholes[object_id]

    def group(self, building: str, by: By) -> tuple[str | None, str]:
        """Id and name of the group."""
        if by == "building":
            return building, self._title(building)
        key = (building, by)
        if key not in self._known:
            self._known[key] = self._block(building) if by == "block" else self._district(building)
        return self._known[key]

    def _block(self, building: str) -> tuple[str | None, str]:
        named = _text(self._attributes(building).get("block"))
        if named is not None:
            return named
        id = self._groups().get(building) or self._parcel(building)
        return (None, "") if id is None else (id, self._title(id))

    def _district(self, building: str) -> tuple[str | None, str]:
        block, _ = self.group(building, "block")
        for id in (building, block):
            named = None if id is None else _text(self._attributes(id).get("district"))
            if named is not None:
                return named
        name = self.city.get("name") or self.city.folder.stem
        return name, name

    def _row(self, id: str) -> tuple[str, str | None, str] | None:
        """Class, parent and attributes of a current object."""
        row: tuple[str, str | None, str] | None = self.city.connection.execute(
            "SELECT class, parent, attributes FROM object WHERE id = ? AND valid_to IS NULL", (id,)
        ).fetchone()
        return row

    def _attributes(self, id: str) -> dict[str, Any]:
        row = self._row(id)
        return {} if row is None else dict(orjson.loads(row[2]))

    def _title(self, id: str) -> str:
        attributes = self._attributes(id)
        named = _text(attributes.get("name")) or _text(attributes.get("class"))
        return id if named is None else named[1]

    def _groups(self) -> dict[str, str]:
        """Members of CityObjectGroups to their group."""
        if self._group_of is None:
            self._group_of = {}
            rows = self.city.connection.execute(
                "SELECT row FROM object WHERE class = 'CityObjectGroup' AND valid_to IS NULL ORDER BY id"
            )
            for stored in self.city.fetch([r[0] for r in rows]):
                for member, _ in stored.decode(surface_attributes=False).members:
                    self._group_of.setdefault(member, stored.id)
        return self._group_of

    def _parcel(self, building: str) -> str | None:
        """The smallest land-use parcel in which the middle of a building's box lies."""
        bounds = self.city.extent(building)
        if bounds is None:
            return None
        ids, shapes, tree = _parcels(self.city.folder, self.city.last_run())
        middle = shapely.Point(
            (bounds[0] + bounds[3]) / 2 * self.scale[0], (bounds[1] + bounds[4]) / 2 * self.scale[1]
        )
        around = [int(n) for n in tree.query(middle) if shapes[n].covers(middle)]
        return ids[min(around, key=lambda n: (shapely.area(shapes[n]), ids[n]))] if around else None


@lru_cache(maxsize=4)
def _parcels(folder: Path, run: int) -> tuple[list[str], list[shapely.Geometry], shapely.STRtree]:
    """Ids, areas and tree of the land-use parcels, remembered until the city's next ingestion."""
    ids: list[str] = []
    shapes: list[shapely.Geometry] = []
    with open_city(folder) as city:
        scale = np.array(metres_per_unit(city))
        for stored in city.fetch(city.index("landuse").rows):
            shape = footprint(stored.decode(surface_attributes=False), lambda p: p[:, :2] * scale)
            if shape is not None and shape["type"].endswith("Polygon"):
                ids.append(stored.id)
                shapes.append(_solid(shapely.geometry.shape(shape)))
    return ids, shapes, shapely.STRtree(shapes)


def _solid(shape: shapely.Geometry) -> shapely.Geometry:
    """The polygons of a parcel as one area."""
    parts = shapely.get_parts(shape)
    return shapely.union_all(np.where(shapely.is_valid(parts), parts, shapely.make_valid(parts)))


def _text(value: Any) -> tuple[str, str] | None:
    """Id and name of an attribute's value: a text, a code, or a number."""
    if isinstance(value, list) and value:
        value = value[0]
    if isinstance(value, dict):
        code, name = value.get("code") or value.get("value"), value.get("name")
        return None if code is None else (str(code), str(name or code))
    return (str(value), str(value)) if isinstance(value, str | int | float) and str(value) else None
