"""Readings from the station files of the Environment Agency's flood service (England): JSON of four forms.

A station with its latest value, a rainfall gauge, GeoJSON of several stations, or the values of a forecast.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from citygml.errors import UnsupportedFormat
from twin.errors import QueryError
from twin.observations.times import parse_instant
from twin.sources.quantities import quantity
from twin.sources.readings import Series, Station, Table

_DEEPEST = 16
_KEYS = ("rloi_id", "telemetry_station_id", "id")
_NAMES = ("external_name", "station_name", "agency_name", "name", "river_name")
_METRES = "m"
_OWNER = "Environment Agency, OGL v3"


def looks_like_stations(head: bytes) -> bool:
    """Whether a JSON file that begins so is one of these."""
    marks = (b'"rloi_id"', b'"telemetry_station_id"', b'"singleStationData"', b'"stations.')
    return b'"SetofValues"' in head or (b'"value"' in head and any(mark in head for mark in marks))


def read_stations_json(path: Path) -> Table:
    """Raises UnsupportedFormat for JSON that holds no reading of a station."""
    try:
        document = orjson.loads(path.read_bytes())
    except orjson.JSONDecodeError as error:
        raise UnsupportedFormat(f"{path}: not JSON: {error}") from error
    table = Table([])
    for read, record in _records(document):
        try:
            found = list(read(record))
        except (KeyError, TypeError, ValueError, AttributeError, QueryError) as error:
            table.reject(1, f"{path.name}: {_name(record)}: {type(error).__name__} {error}")
            continue
        table.empty += not found
        table.series += found
        table.readings += sum(map(len, found))
    if not table.readings:
        raise UnsupportedFormat(f"{path}: no reading of a station in it")
    return table


_Read = Callable[[dict[str, Any]], Iterator[Series]]


def _records(document: Any, depth: int = 0) -> Iterator[tuple[_Read, dict[str, Any]]]:
    """What may be a station or a forecast, and what reads it, at any place in the document."""
    if depth > _DEEPEST:
        return
    if isinstance(document, list):
        for item in document:
            yield from _records(item, depth + 1)
    elif not isinstance(document, dict):
        return
    elif "SetofValues" in document:
        yield _forecast, document
    elif isinstance(document.get("features"), list):
        for feature in document["features"]:
            yield _feature, feature
    elif "value" in document:
        yield _latest, document
    else:
        for item in document.values():
            yield from _records(item, depth + 1)


def _name(record: Any) -> str:
    """What to call a record in a message."""
    known = (record.get(key) for key in _KEYS) if isinstance(record, dict) else ()
    return str(next((key for key in known if key), "a station"))


def _feature(feature: dict[str, Any]) -> Iterator[Series]:
    lon, lat = feature["geometry"]["coordinates"][:2]
    yield from _latest({**feature["properties"], "id": feature["id"], "lon": lon, "lat": lat})


def _latest(record: dict[str, Any]) -> Iterator[Series]:
    """One station and its latest value; none if it has erred or is missing."""
    value, when = record.get("value"), record.get("value_timestamp") or record.get("value_date")
    key = next((record[k] for k in _KEYS if record.get(k)), None)
    if value in (None, "") or not when or key is None or record.get("value_erred"):
        return
    name = next((record[k] for k in _NAMES if record.get(k)), key)
    gauge = record.get("data_type") == "Total" or ("day_total" in record and record.get("type") == "R")
    lon, lat = (None if record.get(axis) is None else _number(record[axis]) for axis in ("lon", "lat"))
    river = record.get("river_name") or record.get("wiski_river_name") or ""
    properties = {"owner": _OWNER, "kind": "rain" if gauge else "stream-level"}
    station = Station(str(key), str(name), str(river), lon, lat, properties=properties)
    kind = quantity("rainfall", record.get("units")) if gauge else quantity("water level", _METRES)
    yield Series(station, kind, np.array([parse_instant(when)], np.int64), [_number(value)])


def _number(value: Any) -> float:
    number = float(value)
    if not np.isfinite(number):
        raise ValueError(f"{value!r} is no number")
    return number


def _forecast(document: dict[str, Any]) -> Iterator[Series]:
    about = document["$"]
    station = Station(about["stationReference"], about["stationName"], properties={"owner": _OWNER})
    for values in document["SetofValues"]:
        facts = values["$"]
        title = f"{facts['parameter']} {facts.get('characteristic', '')}".strip().lower()
        times, results = [], []
        for item in values["Value"]:
            when = datetime.fromisoformat(f"{item['$']['date']}T{item['$']['time']}").replace(tzinfo=UTC)
            times.append(int(when.timestamp()) * 1_000_000)
            results.append(_number(item["_"]))
        yield Series(station, quantity(title, facts.get("units")), np.array(times, np.int64), results)
