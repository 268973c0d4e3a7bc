"""The nearest usable hydrant, shelter, bench …, and the way there: `/ar/nearest`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from analysis.errors import AnalysisError
from api.ar_nearest import MOST_TRIED, Candidate, candidates, on_ground, walk
from api.ar_things import on_map, stations_near
from api.auth import READ, require
from api.reply import reply
from api.routes.ar import At, Radius
from api.routes.ar_anchors import CurrentThings, Time, as_json
from api.routes.moments import instant, now
from api.routes.shared import OptionalObservations
from twin.errors import EntityNotFound
from twin.store import City

if TYPE_CHECKING:
    from analysis.walking import WalkingGround, Way
    from tiles.ar.neighbourhood import Neighbourhood
    from tiles.ar.origin import Origin

router = APIRouter(prefix="/ar", tags=["augmented reality"], dependencies=[Depends(require(READ))])

_ROUND = 2.0
"""How much farther than the radius, to a side, a way may lead."""


@router.get("/nearest")
def nearest(
    request: Request,
    at: At,
    kept: CurrentThings,
    obs: OptionalObservations,
    asset: Annotated[
        str, Query(min_length=1, max_length=100, description="as in `/ar/assets`, or a word: bench, 벤치")
    ],
    radius: Radius = 500.0,
    time: Time = None,
) -> Response:
    """The asset that one walks to in the shortest time, of those within the radius whose sensors are not
    silent, flagged or alerting (those are in `passed_over`). `way` is a GeoJSON Feature: a line in longitude,
    latitude and height above the ellipsoid, around buildings and water; `kind` is `walk`, or `straight` where
    no way was found. length [m], time [s] at 1.2 m/s."""
    city = at.city
    here, origin = at.around(radius)
    things = kept.things(city, here)
    near = stations_near(obs, origin, radius, now(), instant(time))
    kind = asset.strip().casefold()
    try:
        chosen = things.assets.of(asset)
    except EntityNotFound:
        if not any(s.kind == kind for s in near):
            raise
        chosen = []
    every = candidates(here, things.assets, chosen, origin, near, kind)
    within = [c for c in every if c.distance <= radius]
    usable = [c for c in within if not c.unusable][:MOST_TRIED]
    body: dict[str, Any] = {"asset": asset, "origin": origin.describe(), "radius": radius}
    if not usable:
        why = f"no {asset} within {radius:g} m can be used" if within else f"no {asset} within {radius:g} m"
        if len(every) > len(within):
            why += f"; the nearest beyond is {every[len(within)].distance:.0f} m away"
        return reply(request, as_json(body | {"found": None, "why": why, **_passed(within, None)}))
    try:
        ground = kept.ground(city, here)
        walked = walk(city, ground, on_map(here, origin)[:2], usable, _ROUND * radius)
        why = f"no way was found that keeps within {_ROUND * radius:g} m"
    except AnalysisError as error:
        ground, walked, why = None, None, str(error)
    found, way = _way(city, here, origin, usable, ground, walked, why)
    return reply(request, as_json(body | {"found": found.json(), "way": way, **_passed(within, found)}))


def _passed(within: list[Candidate], found: Candidate | None) -> dict[str, Any]:
    """Those that would have been nearer but cannot be used."""
    limit = np.inf if found is None else found.distance
    passed = [c for c in within if c.unusable and c.distance <= limit]
    return {"passed_over": [c.json() | {"why": "; ".join(c.unusable)} for c in passed]}


def _way(
    city: City,
    here: Neighbourhood,
    origin: Origin,
    usable: list[Candidate],
    ground: WalkingGround | None,
    walked: Way | None,
    why: str,
) -> tuple[Candidate, dict[str, Any]]:
    """The candidate that is reached first, and the way to it as a GeoJSON Feature. why: there is none."""
    from analysis.walking import WALKING_M_S

    told: dict[str, Any]
    if walked is None or ground is None:
        goal = usable[0]
        line, over = np.array([on_map(here, origin)[:2], goal.at[:2]]), np.zeros(2)
        length, told = goal.distance, {"kind": "straight", "why": why, "unchecked": round(goal.distance, 1)}
    else:
        goal = usable[walked.goal]
        line, over = ground.plane.from_grid(walked.line), walked.on_bridge.astype(np.float64)
        length, told = walked.length, {"kind": "walk", "unchecked": round(walked.straight, 1)}
    foot = float(here.place.to_geographic(goal.at[None])[0, 2])
    coordinates, heights = on_ground(city, here, line, over, (origin.height, foot))
    told |= {"length": round(length, 1), "time": round(length / WALKING_M_S), "speed": WALKING_M_S}
    return goal, {
        "type": "Feature",
        "geometry": {"type": "LineString", "coordinates": coordinates},
        "properties": told | {"heights": heights},
    }
