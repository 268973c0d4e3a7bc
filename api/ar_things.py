"""What AR apps ask for besides scenes, kept in memory as it is now: assets, cells, open ground."""

from __future__ import annotations

from dataclasses import dataclass, replace
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson

from citygml.model import Float64
from twin.link.reading import stations
from twin.link.stations import Station
from twin.observations.store import Observations
from twin.store import City

if TYPE_CHECKING:
    from analysis.walking import WalkingGround
    from tiles.ar.neighbourhood import Neighbourhood
    from tiles.ar.origin import Origin
    from twin.assets import Assets
    from twin.indoor import Indoor

BAD_STATES = frozenset({"silent", "alert", "flagged"})
"""Of a sensor, in which what it watches is not to be relied on."""
_BESIDE = 1.0
"""How far a sensor may be from the object that it is taken to watch, if it does not name it [m]."""
_METRES_PER_DEGREE = 110_000.0
"""Of latitude, rather too few: a box of degrees by it is rather too large."""


@dataclass
class Things:
    """Of one state of the city."""

    state: tuple[int, int]
    assets: Assets
    indoor: Indoor
    ground: WalkingGround | None = None


class ThingsDesk:
    """For one city; several threads may ask."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._things: Things | None = None

    def things(self, city: City, here: Neighbourhood) -> Things:
        """Of the city as it is now."""
        from analysis.warning.city import SHELTER_USES
        from twin.assets import Assets
        from twin.indoor import Indoor

        with self._lock:
            if self._things is None or self._things.state != here.state:
                self._things = Things(here.state, Assets(city, {"shelter": SHELTER_USES}), Indoor(city))
            return self._things

    def ground(self, city: City, here: Neighbourhood) -> WalkingGround:
        """Where one can walk. Raises AnalysisError for a city without a plane in metres."""
        from analysis.walking import WalkingGround

        things = self.things(city, here)
        with self._lock:
            if things.ground is None:
                things.ground = WalkingGround(city)
            return things.ground


def on_map(here: Neighbourhood, origin: Origin) -> Float64:
    """(3,) an origin in the city's coordinates."""
    at = np.array([[origin.longitude, origin.latitude, origin.height]])
    return np.asarray(here.place.from_geographic(at)[0])


def box_around(origin: Origin, radius: float) -> tuple[float, float, float, float]:
    """west, south, east, north [degrees] of a box that holds a circle [m]."""
    up = radius / _METRES_PER_DEGREE
    across = up / max(float(np.cos(np.radians(origin.latitude))), 1e-3)
    return origin.longitude - across, origin.latitude - up, origin.longitude + across, origin.latitude + up


def stations_near(
    obs: Observations | None, origin: Origin, radius: float, moment: int, at: int | None = None
) -> list[Station]:
    """Those in a box around a circle, as they are at a moment [µs]. at: up to when readings count [µs]; None
    for all that there are.

    A sensor that was given to an object for want of anything nearer tells nothing of its state, and stands
    for itself here.
    """
    if obs is None:
        return []
    with obs.connection() as connection:
        found = stations(connection, now=moment, at=at, bbox=box_around(origin, radius))
        loose = {
            row[0]
            for row in connection.execute(
                "SELECT thing FROM thing_objects WHERE how = 'nearest' AND distance_m > ?"
                " AND thing IN (SELECT value FROM json_each(?))",
                (_BESIDE, orjson.dumps([station.id for station in found]).decode()),
            )
        }
    return [replace(s, object_id=None) if s.id in loose else s for s in found]


def of_objects(stations: list[Station]) -> dict[str, list[Station]]:
    """The stations of each object that has some."""
    found: dict[str, list[Station]] = {}
    for station in stations:
        if station.object_id is not None:
            found.setdefault(station.object_id, []).append(station)
    return found


def sensor_json(station: Station) -> dict[str, Any]:
    """How a station is, in short."""
    return {
        "id": station.id,
        "name": station.name,
        "kind": station.kind,
        "state": station.state,
        "last_seen": None if station.last_seen is None else station.last_seen // 1000,
        "sensor": f"/sensors/{station.id}",
    }
