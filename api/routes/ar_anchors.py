"""Places to hold on to, and what one looks for: `/ar/anchors`, `/ar/assets`."""

from __future__ import annotations

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from api.ar_anchors import TYPES, anchors_around, chosen_types
from api.ar_desk import Answer
from api.ar_things import ThingsDesk, stations_near
from api.auth import READ, require
from api.reply import reply
from api.routes.ar import At, Desk, Radius
from api.routes.moments import instant, now
from api.routes.shared import CurrentCity, OptionalObservations

router = APIRouter(prefix="/ar", tags=["augmented reality"], dependencies=[Depends(require(READ))])


async def things_desk(request: Request) -> ThingsDesk:
    state = request.app.state
    if not hasattr(state, "ar_things"):
        state.ar_things = ThingsDesk()
    desk: ThingsDesk = state.ar_things
    return desk


CurrentThings = Annotated[ThingsDesk, Depends(things_desk)]
Time = Annotated[str | None, Query(description="ISO 8601, for sensors as they were then; now")]


def as_json(body: dict[str, Any]) -> Answer:
    return Answer(orjson.dumps(body, option=orjson.OPT_SERIALIZE_NUMPY), "application/json")


@router.get("/anchors")
def anchors(
    request: Request,
    at: At,
    kept: CurrentThings,
    obs: OptionalObservations,
    radius: Radius = 150.0,
    types: Annotated[
        str | None, Query(max_length=200, description=f"of {', '.join(TYPES)}; several with commas")
    ] = None,
    time: Time = None,
    limit: Annotated[int, Query(ge=1, le=5000)] = 500,
) -> Response:
    """Fixed points, street furniture, sensors and the cells inside of buildings, the nearest first. Each has
    an OGC GeoPose (Basic-Quaternion) and its place in the frame of a scene at the same position. `oriented`
    says whether the data tell how it is turned; `accuracy` is what they state of it [m], or null."""
    chosen = chosen_types(types)
    here, origin = at.around(radius)
    things = kept.things(at.city, here)
    near = stations_near(obs, origin, radius, now(), instant(time))
    found = anchors_around(at.city, here, things, origin, radius, chosen, near, limit)
    return reply(request, as_json(found.enveloped(origin, radius, chosen)))


@router.get("/assets")
def assets(request: Request, desk: Desk, kept: CurrentThings, city: CurrentCity) -> Response:
    """What `/ar/nearest` can look for: kinds, and street furniture by the codes of its functions."""
    things = kept.things(city, desk.neighbourhood(city))
    return reply(request, as_json({"assets": things.assets.listed()}))
