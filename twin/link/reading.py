"""Reading stations from the observations: their places, objects, latest readings and how they are."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Collection
from typing import Any

import orjson

from twin.errors import EntityNotFound
from twin.health import expected_interval, state_of
from twin.link.stations import Reading, Station, kind_of
from twin.observations.parts import decode
from twin.observations.quality import Flag

FRESH = 3 * 3_600_000_000
"""How old a reading may be to count for the present, if no more is known [µs]."""
_DOUBTFUL = Flag.RANGE | Flag.RATE | Flag.STUCK | Flag.CLOCK


def stations(
    connection: sqlite3.Connection,
    *,
    now: int,
    at: int | None = None,
    things: Collection[int] | None = None,
    bbox: tuple[float, float, float, float] | None = None,
    observed_property: str | None = None,
    limit: int = -1,
    offset: int = 0,
) -> list[Station]:
    """Things with datastreams, in the order of their ids, and how they are.

    now: [µs]. at: the moment to show [µs]; None for now. bbox: west, south, east, north [degrees].
    observed_property: only Things with a datastream of this name or definition. limit: -1 for all.
    """
    chosen, values = _chosen(things, bbox, observed_property)
    values |= {"limit": limit, "offset": offset}
    page = " ORDER BY t.id LIMIT :limit OFFSET :offset"
    found: dict[int, Station] = {}
    for id, name, properties, longitude, latitude, height, object_id in connection.execute(
        "SELECT t.id, t.name, t.properties, p.longitude, p.latitude, p.height, o.object_id FROM things t"
        " LEFT JOIN thing_places p ON p.thing = t.id LEFT JOIN thing_objects o ON o.thing = t.id"
        f" WHERE {chosen}{page}",
        values,
    ):
        held = orjson.loads(properties) if properties else {}
        found[id] = Station(id, name, "other", longitude, latitude, height, "ok", None, object_id, held)
    selected = f"SELECT t.id FROM things t WHERE {chosen}{page}"
    words, intervals = _add_datastreams(connection, found, selected, values, at)
    alerting = _alerting(connection) if at is None else frozenset()
    for id, station in found.items():
        station.kind = kind_of(station.properties, words[id])
        if id in alerting:
            station.state = "alert"
        elif any(r.flags & _DOUBTFUL for r in station.datastreams):
            station.state = "flagged"
        else:
            station.state = state_of(station.last_seen, intervals.get(id), now if at is None else at)
    return list(found.values())


def count_stations(
    connection: sqlite3.Connection,
    bbox: tuple[float, float, float, float] | None = None,
    observed_property: str | None = None,
) -> int:
    """How many there are, as `stations` chooses them."""
    chosen, values = _chosen(None, bbox, observed_property)
    (count,) = connection.execute(f"SELECT count(*) FROM things t WHERE {chosen}", values).fetchone()
    return int(count)


def _chosen(
    things: Collection[int] | None,
    bbox: tuple[float, float, float, float] | None,
    observed_property: str | None,
) -> tuple[str, dict[str, Any]]:
    """The condition on Things `t` (places `p`), and its values."""
    conditions = ["EXISTS (SELECT 1 FROM datastreams d WHERE d.thing = t.id)"]
    values: dict[str, Any] = {}
    if things is not None:
        conditions.append("t.id IN (SELECT value FROM json_each(:things))")
        values["things"] = orjson.dumps(list(things)).decode()
    if bbox is not None:
        conditions.append(
            "t.id IN (SELECT thing FROM thing_places WHERE longitude BETWEEN :west AND :east"
            " AND latitude BETWEEN :south AND :north)"
        )
        values |= dict(zip(("west", "south", "east", "north"), bbox, strict=True))
    if observed_property is not None:
        conditions.append(f"t.id IN (SELECT thing FROM datastreams WHERE id IN ({OF_PROPERTY}))")
        values["property"] = observed_property
    return " AND ".join(conditions), values


OF_PROPERTY = (
    "SELECT d.id FROM observed_properties op JOIN datastreams d ON d.observed_property = op.id"
    " WHERE op.name = :property COLLATE NOCASE OR op.definition = :property"
)
"""The ids of the datastreams of one observed property, by name or definition."""


def _add_datastreams(
    connection: sqlite3.Connection,
    stations: dict[int, Station],
    chosen: str,
    values: dict[str, Any],
    at: int | None,
) -> tuple[dict[int, list[str]], dict[int, float]]:
    """Give stations their datastreams. -> words that say what each station observes, and the shortest time
    between its readings [s], if it is known."""
    rows = connection.execute(
        "SELECT d.thing, d.id, d.name, d.unit_of_measurement, d.multi, op.name, op.definition, d.last_seen,"
        " ob.time, ob.result, ob.kind, ob.flags, d.properties FROM datastreams d"
        " LEFT JOIN observed_properties op ON op.id = d.observed_property"
        f" LEFT JOIN observations ob ON ob.id = {latest_id(at)} WHERE d.thing IN ({chosen})"
        " ORDER BY d.thing, d.id",
        values | {"at": at},
    ).fetchall()
    words: dict[int, list[str]] = {thing: [] for thing in stations}
    intervals: dict[int, float] = {}
    for thing, id, name, unit, multi, observed, definition, seen, time, result, kind, flags, own in rows:
        station = stations[thing]
        if multi:
            names = connection.execute(
                "SELECT op.name FROM datastream_observed_properties x JOIN observed_properties op"
                " ON op.id = x.observed_property WHERE x.datastream = ? ORDER BY x.position",
                (id,),
            ).fetchall()
            observed, definition = ", ".join(n[0] for n in names), ""
        words[thing] += [observed or "", definition or "", name]
        value = None if time is None else decode(result, kind)
        station.datastreams.append(
            Reading(id, name, observed or "", unit_symbol(unit), value, time, flags or 0)
        )
        seen = time if at is not None else seen
        if seen is not None:
            station.last_seen = max(seen, station.last_seen or seen)
        properties = {**station.properties, **(orjson.loads(own) if own else {})}
        interval = expected_interval(connection, id, properties)
        if interval is not None:
            intervals[thing] = min(interval, intervals.get(thing, interval))
    return words, intervals


def latest_id(at: int | None) -> str:
    """The id of the latest observation of datastream `d`, or the latest up to `:at`."""
    if at is None:
        return "d.latest_id"
    return (
        "(SELECT x.id FROM observations x WHERE x.datastream = d.id AND x.time <= :at"
        " ORDER BY x.time DESC, x.id DESC LIMIT 1)"
    )


def unit_symbol(text: str | None) -> str:
    """The symbol, else the name, in a `unitOfMeasurement` as stored; empty where there are several."""
    value = orjson.loads(text) if text else None
    if not isinstance(value, dict):
        return ""
    return str(value.get("symbol") or value.get("name") or "")


def _alerting(connection: sqlite3.Connection) -> frozenset[int]:
    """Things with an alert that has not been cleared."""
    return frozenset(
        r[0]
        for r in connection.execute(
            "SELECT DISTINCT thing FROM alerts WHERE state <> 'cleared' AND thing IS NOT NULL"
        )
    )


def observed_units(connection: sqlite3.Connection, observed_property: str) -> Counter[str]:
    """How many datastreams observe a property, by name or definition, in each unit.

    Raises EntityNotFound when none does.
    """
    units = Counter(
        unit_symbol(r[0])
        for r in connection.execute(
            f"SELECT unit_of_measurement FROM datastreams WHERE id IN ({OF_PROPERTY})",
            {"property": observed_property},
        )
    )
    if not units:
        known = [r[0] for r in connection.execute(_OBSERVED)]
        raise EntityNotFound(
            f"no datastream observes {observed_property!r}; observed are {', '.join(known) or 'none'}"
        )
    return units


_OBSERVED = (
    "SELECT DISTINCT op.name FROM observed_properties op JOIN datastreams d ON d.observed_property = op.id"
    " ORDER BY 1 LIMIT 20"
)


def placed_readings(
    connection: sqlite3.Connection, observed_property: str, at: int, max_age: int | None = None
) -> tuple[list[tuple[float, float, float]], int]:
    """(longitude, latitude [degrees], number) of the latest reading of each datastream of a property up to
    `at` [µs], and how many were left out as doubtful or without a place.

    max_age: how long before `at` a reading, or the time that it stands for, may have ended [µs]; None for
    three hours, or twice the time between a datastream's readings if that is longer.
    """
    rows = connection.execute(
        "SELECT p.longitude, p.latitude, ob.result, coalesce(ob.flags, 0),"
        " :at - coalesce(ob.time_end, ob.time), d.id, t.properties, d.properties"
        f" FROM datastreams d JOIN things t ON t.id = d.thing JOIN observations ob ON ob.id = {latest_id(at)}"
        f" LEFT JOIN thing_places p ON p.thing = d.thing WHERE d.id IN ({OF_PROPERTY})"
        " AND typeof(ob.result) IN ('integer', 'real') ORDER BY d.id",
        {"property": observed_property, "at": at},
    ).fetchall()
    sound: list[tuple[float, float, float]] = []
    left_out = 0
    for longitude, latitude, number, flags, age, id, *properties in rows:
        if age > (FRESH if max_age is None else max_age):
            if max_age is not None:
                continue
            held = {k: v for text in properties if text for k, v in orjson.loads(text).items()}
            interval = expected_interval(connection, id, held)
            if interval is None or age > 2e6 * interval:
                continue
        if longitude is None or flags & _DOUBTFUL:
            left_out += 1
            continue
        sound.append((longitude, latitude, float(number)))
    return sound, left_out
