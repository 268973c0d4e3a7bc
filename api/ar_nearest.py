"""The nearest asset that can be used, by what its sensors say and by how far one walks to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import numpy as np

from api.ar_things import BAD_STATES, of_objects, on_map, sensor_json
from citygml.model import Float64
from twin.link.stations import Station
from twin.store import City

if TYPE_CHECKING:
    import shapely

    from analysis.walking import WalkingGround, Way
    from tiles.ar.neighbourhood import Neighbourhood
    from tiles.ar.origin import Origin
    from twin.assets import Assets

MOST_TRIED = 20
"""Usable candidates that a way is looked for to, the nearest by the map."""
_STEP = 10.0
"""Between the points of a line that lies on the ground [m]."""
_DETOUR = 1.5
"""How much longer than the beeline a way is expected to be at first."""
_ROOM = 60.0
"""That a way is given around the nearest candidate at first [m]."""


@dataclass(frozen=True)
class Candidate:
    """at: (3,) in the city's coordinates. distance: on the map [m]."""

    id: str
    name: str
    object_id: str | None
    at: Float64
    distance: float
    building: bool
    sensors: Sequence[Station]

    @property
    def unusable(self) -> list[str]:
        """Why it is not to be relied on."""
        bad = [s for s in self.sensors if s.state in BAD_STATES]
        return [f"sensor {s.name} is {s.state}" for s in bad]

    def json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "name": self.name,
            "object": None if self.object_id is None else f"/objects/{quote(self.object_id)}",
            "distance": round(self.distance, 2),
            "sensors": [sensor_json(s) for s in self.sensors],
        }


def candidates(
    here: Neighbourhood,
    assets: Assets,
    chosen: Sequence[int],
    origin: Origin,
    stations: Sequence[Station],
    kind: str,
) -> list[Candidate]:
    """Assets by number, and stations of the kind that belong to no object, the nearest first.

    stations: at least those in reach; further away nothing is known of an asset's sensors.
    """
    at, scale = on_map(here, origin)[:2], np.array(here.scale)
    watching = of_objects(list(stations))
    found = []
    for asset in (assets.all[n] for n in chosen):
        x0, y0, x1, y1 = asset.box
        gap = np.maximum(np.maximum([x0, y0] - at, at - [x1, y1]), 0.0)
        building = asset.layer == "buildings"
        away = gap if building else np.array(asset.foot[:2]) - at
        name = asset.name or (asset.words[0] if asset.words else asset.id)
        distance = float(np.hypot(*(away * scale)))
        sensors = () if building else tuple(watching.get(asset.id, ()))
        found.append(Candidate(asset.id, name, asset.id, np.array(asset.foot), distance, building, sensors))
    alone = [s for s in stations if s.kind == kind and s.object_id is None and s.longitude is not None]
    if alone:
        places = [[s.longitude, s.latitude, origin.height if s.height is None else s.height] for s in alone]
        for station, point in zip(alone, here.place.from_geographic(np.array(places)), strict=True):
            distance = float(np.hypot(*((point[:2] - at) * scale)))
            found.append(
                Candidate(f"thing-{station.id}", station.name, None, point, distance, False, (station,))
            )
    return sorted(found, key=lambda c: (c.distance, c.id))


def walk(
    city: City, ground: WalkingGround, start: Float64, goals: Sequence[Candidate], reach: float
) -> Way | None:
    """The shortest way from a point (2,) in the city's coordinates to the goal that is reached first.

    The search begins in a small square and widens: a way that is no longer than half of the square's side
    could not be shortened by leaving it. Ways farther than reach [m] to a side are not looked for.
    """
    from analysis.walking import way

    at = ground.plane.to_grid(start[None])[0]
    shapes = [_shape(city, ground, goal) for goal in goals]
    half = min(_DETOUR * goals[0].distance + _ROOM, reach)
    while True:
        found = way(ground.window(city, at, half), at, shapes)
        if half >= reach or (found is not None and found.length <= half):
            return found
        half = min(2 * half if found is None else max(2 * half, found.length), reach)


def _shape(city: City, ground: WalkingGround, goal: Candidate) -> shapely.Geometry:
    import shapely

    outline = ground.outline(city, goal.id) if goal.building else None
    return shapely.Point(ground.plane.to_grid(goal.at[None])[0]) if outline is None else outline


def on_ground(
    city: City, here: Neighbourhood, line: Float64, on_bridge: Float64, ends: tuple[float, float]
) -> tuple[list[list[float]], str]:
    """A line (n, 2) in the city's coordinates as longitude, latitude, height above the ellipsoid, with a
    point every 10 m, and where its heights come from.

    Over bridges, where the ground is far below, and without a terrain model, heights run straight between
    those at the ends. ends: heights there, for want of ground [m above the ellipsoid].
    """
    scale = np.array(here.scale)
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*(np.diff(line, axis=0) * scale).T))])
    between = np.arange(_STEP, along[-1], _STEP)
    stops = np.union1d(np.round(along, 6), between)
    xy = np.column_stack([np.interp(stops, along, line[:, k]) for k in (0, 1)])
    over = np.interp(stops, along, on_bridge) > 0.5
    level = np.where(over, np.nan, here.terrain(city, xy))
    known = np.isfinite(level)
    places = here.place.to_geographic(np.column_stack([xy, np.where(known, level, 0.0)]))
    if known.any():
        heights = np.interp(stops, stops[known], places[known, 2])
    else:
        heights = np.interp(stops, stops[[0, -1]], ends)
    rounded = np.column_stack([np.round(places[:, :2], 8), np.round(heights, 2)])
    if len(rounded) == 1:  # one stands there already; a line has two positions at least (RFC 7946, 3.1.4)
        rounded = np.repeat(rounded, 2, axis=0)
    return rounded.tolist(), "terrain" if known.any() else "between the ends"
