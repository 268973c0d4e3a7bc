"""The datastreams as rules see them: what they observe, in which unit, and where they are."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import orjson

from twin.alerts.rules import Area, Select
from twin.link.stations import kind_of


@dataclass(frozen=True)
class Stream:
    """One datastream. properties: names and definitions of what it observes, in lower case. longitude,
    latitude: of its Thing [degrees]. last_seen: when its latest reading arrived [µs]. layer: of the city
    object that its Thing belongs to."""

    id: int
    thing: int
    unit: str | None
    properties: frozenset[str]
    kind: str
    longitude: float | None
    latitude: float | None
    last_seen: int | None
    layer: str | None = None


def load_streams(connection: sqlite3.Connection) -> dict[int, Stream]:
    """All datastreams by id."""
    places = {thing: _position(text) for thing, text in connection.execute(_PLACES)}
    properties = {
        thing: _loads(text)
        for thing, text in connection.execute(
            "SELECT id, properties FROM things WHERE properties IS NOT NULL"
        )
    }
    observed: dict[int, set[str]] = {}
    for datastream, name, definition in connection.execute(_OBSERVED):
        observed.setdefault(datastream, set()).update((name.casefold(), definition.casefold()))
    layers = _layers(connection)
    streams = {}
    for id_, thing, unit, last_seen in connection.execute(
        "SELECT id, thing, unit_of_measurement, last_seen FROM datastreams"
    ):
        words = observed.get(id_, set())
        longitude, latitude = places.get(thing) or (None, None)
        streams[id_] = Stream(
            id_,
            thing,
            unit_symbol(unit),
            frozenset(words),
            kind_of(properties.get(thing, {}), words),
            longitude,
            latitude,
            last_seen,
            layers.get(thing),
        )
    return streams


_PLACES = """
SELECT thing, locations.location
FROM thing_locations JOIN locations ON locations.id = thing_locations.location
ORDER BY thing_locations.location
"""
_OBSERVED = """
SELECT d.id, p.name, p.definition FROM datastreams d JOIN observed_properties p ON p.id = d.observed_property
UNION ALL
SELECT d.datastream, p.name, p.definition
FROM datastream_observed_properties d JOIN observed_properties p ON p.id = d.observed_property
"""


def _layers(connection: sqlite3.Connection) -> dict[int, str]:
    """The layer of the city object that each Thing belongs to."""
    return dict(
        connection.execute("SELECT thing, layer FROM thing_objects WHERE layer IS NOT NULL").fetchall()
    )


def unit_symbol(text: str | None) -> str | None:
    """The symbol in a `unitOfMeasurement` as stored; None where there are several or none."""
    symbol = _loads(text).get("symbol")
    return symbol if isinstance(symbol, str) else None


def _loads(text: str | None) -> dict[str, Any]:
    try:
        value = orjson.loads(text or "{}")
    except orjson.JSONDecodeError:
        return {}
    return value if isinstance(value, dict) else {}


def _position(text: str) -> tuple[float, float] | None:
    """The middle of a GeoJSON geometry or Feature."""
    from shapely.errors import ShapelyError
    from shapely.geometry import shape

    value = _loads(text)
    geometry = value.get("geometry") if value.get("type") == "Feature" else value
    if not isinstance(geometry, dict):
        return None
    if geometry.get("type") == "Point":
        position = geometry.get("coordinates")
        if not isinstance(position, list) or len(position) < 2:
            return None
        return (position[0], position[1]) if all(isinstance(c, int | float) for c in position[:2]) else None
    try:
        middle = shape(geometry).centroid
    except (ShapelyError, ValueError, TypeError, AttributeError, KeyError, IndexError):
        return None
    return None if middle.is_empty else (middle.x, middle.y)


def select(streams: Iterable[Stream], wanted: Select) -> list[Stream]:
    """Those of the datastreams that fit a selection."""
    chosen = list(streams)
    if wanted.datastreams is not None:
        ids = set(wanted.datastreams)
        chosen = [s for s in chosen if s.id in ids]
    if wanted.things is not None:
        things = set(wanted.things)
        chosen = [s for s in chosen if s.thing in things]
    if wanted.property is not None:
        name = wanted.property.casefold()
        chosen = [s for s in chosen if name in s.properties]
    if wanted.kind is not None:
        chosen = [s for s in chosen if s.kind == wanted.kind]
    if wanted.unit is not None:
        chosen = [s for s in chosen if s.unit == wanted.unit]
    return chosen if wanted.area is None else _within(chosen, wanted.area)


def _within(streams: list[Stream], area: Area) -> list[Stream]:
    if area.layer is not None:
        return [s for s in streams if s.layer == area.layer]
    import numpy as np
    import shapely

    if area.bbox is not None:
        polygon = shapely.box(*area.bbox)
    else:
        assert area.polygon is not None
        polygon = shapely.Polygon(area.polygon[0], area.polygon[1:])
    placed = [s for s in streams if s.longitude is not None and s.latitude is not None]
    points = shapely.points(np.array([[s.longitude, s.latitude] for s in placed], float).reshape(-1, 2))
    inside: list[bool] = np.atleast_1d(shapely.covers(polygon, points)).tolist()
    return [s for s, within in zip(placed, inside, strict=True) if within]
