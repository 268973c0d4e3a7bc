"""Ties Things to city objects and to places.

A Thing names its object (`objectId`, `cityObjectId` or `gmlId` in its properties), or the object is found
from its Location. Its place is the Location with a height: the Location's own, else the ground there (a
terrain model, else the foot of its object, else sea level) and `height` [m above ground] of its
properties. A Thing with an object and without a Location stands in the middle of the object.
"""

from __future__ import annotations

import logging
import math
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from citygml.errors import CityModelError
from twin.errors import CityNotFound, TwinError
from twin.link.finder import REACH, Finder
from twin.link.places import Ground, position, sea_level
from twin.observations.changes import Call
from twin.observations.store import Observations
from twin.store import City, open_city

_log = logging.getLogger("twin.link")

GIVEN = ("objectId", "cityObjectId", "gmlId")
"""Names under which a Thing's properties may hold the id of its object."""
_CHUNK = 500

Link = tuple[str, str, float | None, str | None]
"""object_id, how, distance_m, layer"""
Place = tuple[float, float, float]
"""longitude, latitude, height"""


@dataclass(slots=True)
class Linked:
    """What a pass over Things did. things: looked at; with_object: of those; changed: links or places."""

    things: int = 0
    with_object: int = 0
    changed: int = 0


def link_things(
    folder: Path, obs: Observations, things: Iterable[int] | None = None, reach: float = REACH
) -> Linked:
    """Find the objects and places of some Things, or of all, and write what is different.

    reach: how far [m] an object may be from a Thing that does not name it.
    """
    chosen = None if things is None else sorted(set(things))
    with obs.connection() as connection:
        rows = _things(connection, chosen)
        old_links, old_places = _stored(connection, chosen)
    links, places = _find(folder, rows, reach)
    new_links = {t: link for t, link in links.items() if old_links.get(t) != link}
    new_places = {t: place for t, place in places.items() if old_places.get(t) != place}
    unlinked = [t for t in old_links if t not in links]
    unplaced = [t for t in old_places if t not in places]
    changed = {*new_links, *new_places, *unlinked, *unplaced}
    if changed:

        def write(connection: sqlite3.Connection) -> None:
            connection.executemany("DELETE FROM thing_objects WHERE thing = ?", [(t,) for t in unlinked])
            connection.executemany("DELETE FROM thing_places WHERE thing = ?", [(t,) for t in unplaced])
            connection.executemany(
                "INSERT OR REPLACE INTO thing_objects (thing, object_id, how, distance_m, layer)"
                " VALUES (?, ?, ?, ?, ?)",
                [(t, *link) for t, link in new_links.items()],
            )
            connection.executemany(
                "INSERT OR REPLACE INTO thing_places VALUES (?, ?, ?, ?)",
                [(t, *place) for t, place in new_places.items()],
            )

        obs.writer.submit(Call(write)).result()
    return Linked(len(rows), len(links), len(changed))


@dataclass(slots=True)
class _Thing:
    id: int
    properties: dict[str, Any]
    position: tuple[float, float, float | None] | None


def _chunks(things: Sequence[int] | None) -> Iterable[tuple[str, Sequence[int]]]:
    """Conditions on a column named `thing`, and their values."""
    if things is None:
        yield "", ()
        return
    for start in range(0, len(things), _CHUNK):
        part = things[start : start + _CHUNK]
        yield f" WHERE thing IN ({','.join('?' * len(part))})", part


def _things(connection: sqlite3.Connection, things: Sequence[int] | None) -> list[_Thing]:
    found: dict[int, _Thing] = {}
    for where, values in _chunks(things):
        for thing, properties, location in connection.execute(
            "SELECT thing, properties, location FROM (SELECT things.id AS thing, things.properties,"
            " locations.location FROM things LEFT JOIN thing_locations ON thing_locations.thing = things.id"
            " LEFT JOIN locations ON locations.id = thing_locations.location"
            f" ORDER BY things.id, locations.id){where}",
            values,
        ):
            known = found.get(thing)
            if known is None:
                known = found[thing] = _Thing(thing, _properties(properties), None)
            if known.position is None and location is not None:
                known.position = position(location)
    return list(found.values())


def _properties(text: str | None) -> dict[str, Any]:
    value = orjson.loads(text) if text else {}
    return value if isinstance(value, dict) else {}


def _stored(
    connection: sqlite3.Connection, things: Sequence[int] | None
) -> tuple[dict[int, Link], dict[int, Place]]:
    links: dict[int, Link] = {}
    places: dict[int, Place] = {}
    for where, values in _chunks(things):
        links |= {
            r[0]: r[1:]
            for r in connection.execute(
                f"SELECT thing, object_id, how, distance_m, layer FROM thing_objects{where}",
                values,
            )
        }
        places |= {
            r[0]: r[1:]
            for r in connection.execute(
                f"SELECT thing, longitude, latitude, height FROM thing_places{where}",
                values,
            )
        }
    return links, places


def given_object(properties: dict[str, Any]) -> str | None:
    """The object id that a Thing's properties name."""
    for name in GIVEN:
        value = properties.get(name)
        if isinstance(value, str) and value:
            return value
    return None


def _find(folder: Path, things: list[_Thing], reach: float) -> tuple[dict[int, Link], dict[int, Place]]:
    links: dict[int, Link] = {}
    for thing in things:
        object_id = given_object(thing.properties)
        if object_id is not None:
            links[thing.id] = (object_id, "given", None, None)
    try:
        with open_city(folder) as city:
            return _InCity(city, reach).find(things, links)
    except (CityNotFound, TwinError, CityModelError) as error:
        # a city without a place yet, or none at all: readings are taken all the same
        _log.info("things stay without objects: %s", error)
        places = {t.id: _on_ground(t, math.nan) for t in things if t.position is not None}
        return links, {t: place for t, place in places.items() if place is not None}


class _InCity:
    """Links and places for one state of a city."""

    def __init__(self, city: City, reach: float) -> None:
        self.city = city
        self.finder = Finder(city, reach)
        self.ground = Ground(city, self.finder.place)

    def find(self, things: list[_Thing], links: dict[int, Link]) -> tuple[dict[int, Link], dict[int, Place]]:
        for id, (object_id, *_) in list(links.items()):
            links[id] = (object_id, "given", None, self._layer(object_id))
        seeking = [t for t in things if t.position is not None and t.id not in links]
        for thing, found in zip(seeking, self.finder.find(*_columns(seeking)), strict=True):
            if found is not None:
                links[thing.id] = (found.object_id, found.how, found.distance, found.layer)
        places: dict[int, Place] = {}
        located = [t for t in things if t.position is not None]
        heights = self.ground.heights(*_columns(located))
        for thing, ground in zip(located, heights.tolist(), strict=True):
            assert thing.position is not None
            if thing.position[2] is None and math.isnan(ground) and thing.id in links:
                middle = self._middle(links[thing.id][0])
                ground = math.nan if middle is None else middle[2]
            place = _on_ground(thing, ground)
            if place is not None:
                places[thing.id] = place
        for thing in things:
            middle = self._middle(links[thing.id][0]) if thing.id in links else None
            if thing.position is None and middle is not None:
                places[thing.id] = (middle[0], middle[1], middle[2] + _above(thing))
        return links, places

    def _layer(self, object_id: str) -> str | None:
        row = self.city.connection.execute(
            "SELECT layer FROM object WHERE id = ? AND valid_to IS NULL", (object_id,)
        ).fetchone()
        return None if row is None else str(row[0])

    def _middle(self, object_id: str) -> Place | None:
        """The middle of an object on the ground, and its foot [m above the ellipsoid]."""
        bounds = self.city.extent(object_id)
        if bounds is None:
            return None
        x0, y0, z0, x1, y1, _ = bounds
        place = self.finder.place.to_geographic(np.array([[(x0 + x1) / 2, (y0 + y1) / 2, z0]]))[0]
        return (float(place[0]), float(place[1]), float(place[2])) if np.isfinite(place).all() else None


def _columns(things: list[_Thing]) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    places = np.array([t.position[:2] for t in things if t.position is not None], np.float64).reshape(-1, 2)
    return places[:, 0], places[:, 1]


def _above(thing: _Thing) -> float:
    """A Thing's `height` [m above ground]; 0 when it has none."""
    height = thing.properties.get("height")
    number = isinstance(height, int | float) and not isinstance(height, bool) and math.isfinite(height)
    return float(height) if number else 0.0  # type: ignore[arg-type]


def _on_ground(thing: _Thing, ground: float) -> Place | None:
    """The place of a Thing; ground: height of the ground there, NaN for unknown."""
    if thing.position is None:
        return None
    longitude, latitude, height = thing.position
    if height is None:
        height = (sea_level(longitude, latitude) if math.isnan(ground) else ground) + _above(thing)
    return longitude, latitude, round(height, 3)
