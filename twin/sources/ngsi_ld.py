"""Readings from NGSI-LD notifications (ETSI GS CIM 009): entities with Properties observed at a time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from twin.errors import QueryError
from twin.observations.times import parse_instant
from twin.sources.quantities import quantity
from twin.sources.readings import Series, Station

_UNITS = {
    "CEL": "°C", "P1": "%", "GQ": "µg/m³", "59": "ppm", "MTR": "m", "MMT": "mm", "MTS": "m/s", "DD": "°",
    "A97": "hPa", "MPA": "MPa", "KWH": "kWh", "MQS": "m³/s",
}  # fmt: skip
"""Units by their codes in UNECE Recommendation 20, revision 17 (2021)."""
_NOT_READINGS = {"id", "type", "@context", "location", "dateObserved", "name", "scope"}


def series_of(notification: Any) -> list[Series]:
    """What a notification body reports. Raises QueryError for one without a reading."""
    if not isinstance(notification, dict) or not isinstance(notification.get("data"), list):
        raise QueryError("not an NGSI-LD notification: it has no list of entities in data")
    found = [
        one for entity in notification["data"] for one in _entity(entity, notification.get("notifiedAt"))
    ]
    if not found:
        raise QueryError("no entity of the notification has a Property with a number and a time")
    return found


def _entity(entity: Any, notified: Any) -> Iterator[Series]:
    if not isinstance(entity, dict) or not isinstance(entity.get("id"), str):
        raise QueryError("an entity of the notification has no id")
    station = _station(entity)
    observed = _value(entity.get("dateObserved"))
    for name, attribute in entity.items():
        if name in _NOT_READINGS:
            continue
        for instance in attribute if isinstance(attribute, list) else [attribute]:
            value = _value(instance)
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                continue
            details = instance if isinstance(instance, dict) else {}
            when = details.get("observedAt") or observed or notified
            if when is None:
                continue
            unit = _UNITS.get(str(details.get("unitCode")), details.get("unitCode"))
            kind = quantity(re.split("[/#]", name)[-1], unit)
            yield Series(station, kind, np.array([parse_instant(when)], np.int64), [value])


def _station(entity: dict[str, Any]) -> Station:
    point = _value(entity.get("location"))
    name = _value(entity.get("name")) or str(entity["id"]).rpartition(":")[2]
    properties = {"type": str(entity.get("type", ""))}
    if isinstance(point, dict) and point.get("type") == "Point":
        place = point.get("coordinates")
        if not (
            isinstance(place, list)
            and 2 <= len(place) <= 3
            and all(isinstance(n, (int, float)) for n in place)
        ):
            raise QueryError(f"{entity['id']}: the location is not a GeoJSON Point")
        height = float(place[2]) if len(place) == 3 else None
        return Station(entity["id"], str(name), "", float(place[0]), float(place[1]), height, properties)
    return Station(entity["id"], str(name), properties=properties)


def _value(attribute: Any) -> Any:
    """Of a normalised attribute its value; a simplified one is the value itself. Typed values are plain."""
    value = attribute
    if isinstance(value, dict) and value.get("type") in ("Property", "GeoProperty"):
        value = value.get("value")
    if isinstance(value, dict) and "@value" in value:
        value = value["@value"]
    return value
