"""A small city of sensors for the tests of alerts, health and events: made through the store's own door."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from twin.observations.changes import Append, Create
from twin.observations.model import THING
from twin.observations.query import Route
from twin.observations.store import Observations

S = 1_000_000


def add_thing(
    obs: Observations,
    name: str,
    property: str = "Water level",
    unit: str = "m",
    place: tuple[float, float] = (127.0, 37.5),
    properties: dict | None = None,
    datastream: dict | None = None,
    more: Sequence[tuple[str, str]] = (),
) -> list[int]:
    """A Thing with a datastream for `property`, and for each (property, unit) of `more`: their ids."""
    body = {
        "name": name,
        "description": name,
        "properties": properties or {},
        "Locations": [
            {
                "name": name,
                "description": name,
                "encodingType": "application/geo+json",
                "location": {"type": "Point", "coordinates": list(place)},
            }
        ],
        "Datastreams": [
            {
                "name": f"{name} {what}",
                "description": what,
                "observationType": "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement",
                "unitOfMeasurement": {"name": symbol, "symbol": symbol, "definition": symbol},
                "properties": datastream or {},
                "Sensor": {"name": "s", "description": "s", "encodingType": "text/plain", "metadata": "m"},
                "ObservedProperty": {
                    "name": what,
                    "description": what,
                    "definition": f"urn:{what.replace(' ', '-').lower()}",
                },
            }
            for what, symbol in [(property, unit), *more]
        ],
    }
    made = obs.writer.submit(Create(Route(THING), body)).result()
    with obs.connection() as connection:
        rows = connection.execute("SELECT id FROM datastreams WHERE thing = ? ORDER BY id", (made.id,))
        return [row[0] for row in rows]


def append(obs: Observations, datastream: int, readings: Sequence[tuple[float, object]], **more) -> list[int]:
    """Readings of (seconds since 1970, value): their ids."""
    times = np.array([round(seconds * S) for seconds, _ in readings], np.int64)
    return obs.writer.submit(Append(datastream, times, [value for _, value in readings], **more)).result().ids
