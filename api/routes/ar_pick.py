"""What a phone points at: `/ar/pick`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

import numpy as np
import orjson
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from api.ar_desk import Answer
from api.auth import READ, require
from api.reply import reply
from api.routes.ar import At, Layers, chosen_layers
from api.routes.moments import now
from api.routes.sensors import described, sensors_of
from api.routes.shared import OptionalObservations
from citygml.crs import ecef_to_geographic, frame_matrix
from citygml.model import Float64
from twin.link.series import MOST_SERIES, read_series
from twin.observations.rollups import HOUR
from twin.observations.store import Observations
from twin.store import City
from twin.store.records import StoredObject

if TYPE_CHECKING:
    from analysis.views.pick import Hit

router = APIRouter(prefix="/ar", tags=["augmented reality"], dependencies=[Depends(require(READ))])

PICKED = ("buildings", "bridges", "constructions", "tunnels", "furniture")
"""Layers whose things are looked at unless others are asked for: one sees through trees."""
EYE = 1.6
"""Height of a phone above the ground [m], where none is given; an assumption."""
_FAR = 1000.0
_POINTS = 170
"""Of a datastream: a week by the hour."""

Error = Annotated[float, Query(ge=0, le=200, allow_inf_nan=False)]
Angle = Annotated[float, Query(ge=-360, le=360, allow_inf_nan=False)]


@dataclass
class _Looked:
    """A thing with its parts that were met: the likeliest part's hit first."""

    whole: StoredObject
    parts: list[tuple[StoredObject, Hit]] = field(default_factory=list)

    @property
    def probability(self) -> float:
        return sum(hit.probability for _, hit in self.parts)


@router.get("/pick")
def pick(
    request: Request,
    at: At,
    obs: OptionalObservations,
    heading: Annotated[Angle, Query(description="clockwise from true north [degrees]")],
    pitch: Annotated[
        float, Query(ge=-90, le=90, allow_inf_nan=False, description="above the horizon [degrees]")
    ] = 0.0,
    position_error: Annotated[Error, Query(description="radius that holds 68 % of positions [m]")] = 0.0,
    height_error: Annotated[Error, Query(description="standard deviation [m]")] = 0.0,
    heading_error: Annotated[Error, Query(description="standard deviation [degrees]")] = 0.0,
    pitch_error: Annotated[Error, Query(description="standard deviation [degrees]")] = 0.0,
    reach: Annotated[float, Query(gt=0, le=_FAR, allow_inf_nan=False, description="[m]")] = 300.0,
    layers: Layers = None,
    limit: Annotated[int, Query(ge=1, le=50)] = 5,
    history: Annotated[float, Query(ge=0, le=168, description="of the sensors, up to now [h]")] = 24.0,
) -> Response:
    """The things that a ray from a position may meet first, with the probability of each, its attributes, the
    latest values of its sensors and their course (`/series` has more). Errors are those that the phone
    states; without a height the eye is 1.6 m above the ground. `nothing` is the probability that nothing in
    reach is looked at."""
    from analysis.views.pick import pick as looked_at

    city = at.city
    here, origin = at.around(reach)
    names = PICKED if layers is None else chosen_layers(here, layers)
    frame = frame_matrix(np.array([origin.longitude, origin.latitude, origin.height]))
    found = looked_at(
        at.desk.surroundings(city, here, names, origin, reach + 3 * position_error),
        [0.0, 0.0, EYE if origin.on_ground else 0.0],
        heading,
        pitch,
        frame=frame,
        position_error=position_error,
        height_error=height_error,
        heading_error=heading_error,
        pitch_error=pitch_error,
        reach=reach,
    )
    things = _things(city, found.hits)[:limit]
    hits = []
    for thing in things:
        stations = [] if obs is None else sensors_of(city, obs, thing.whole.id)
        sensors = [described(s) for s in stations]
        course = None if obs is None else _course(obs, sensors, history)
        hits.append(_as_json(thing, frame) | {"sensors": sensors, "history": course})
    body = {"origin": origin.describe(), "hits": hits, "nothing": round(found.nothing, 4)}
    return reply(request, Answer(orjson.dumps(body, option=orjson.OPT_SERIALIZE_NUMPY), "application/json"))


def _things(city: City, hits: Sequence[Hit]) -> list[_Looked]:
    """The whole things that parts were met of, the likeliest first."""
    found: dict[str, _Looked] = {}
    for stored, hit in zip(city.fetch([hit.thing for hit in hits]), hits, strict=True):
        whole = stored
        while whole.parent is not None and (above := city.object(whole.parent)) is not None:
            if above.layer != whole.layer:
                break
            whole = above
        found.setdefault(whole.id, _Looked(whole)).parts.append((stored, hit))
    return sorted(found.values(), key=lambda thing: -thing.probability)


def _course(obs: Observations, sensors: Sequence[dict[str, Any]], hours: float) -> dict[str, Any] | None:
    """The latest readings of the first datastreams, as `/series` gives them."""
    streams = [stream["id"] for sensor in sensors for stream in sensor["datastreams"]][:MOST_SERIES]
    if not streams or not hours:
        return None
    until = now()
    return read_series(obs, streams, until - round(hours * HOUR), until + 1, max_points=_POINTS).json()


def _as_json(thing: _Looked, frame: Float64) -> dict[str, Any]:
    part, hit = thing.parts[0]
    attributes = orjson.loads(thing.whole.attributes_json)
    at = frame[:3, :3] @ np.array(hit.point) + frame[:3, 3]
    return {
        "id": thing.whole.id,
        "class": thing.whole.class_name,
        "layer": thing.whole.layer,
        "name": attributes.get("name"),
        "part": None if part.id == thing.whole.id else part.id,
        "probability": round(thing.probability, 4),
        "distance": round(hit.distance, 2),
        "position": [round(float(v), 9) for v in ecef_to_geographic(at[None])[0]],
        "attributes": attributes,
        "object": f"/objects/{quote(thing.whole.id)}",
    }
