"""Sensors as maps and panels want them: `/sensors`, those of an object, `/series`, and `/rollup`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import orjson
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from api.auth import require
from api.routes.moments import instant, milliseconds, now
from api.routes.shared import CurrentCity, CurrentObservations, CurrentSettings
from twin.errors import EntityNotFound, ObjectNotFound, QueryError
from twin.health import devices
from twin.link.reading import count_stations, stations
from twin.link.rollup import Aggregate, By, roll_up
from twin.link.series import MOST_SERIES, Step, read_series
from twin.link.stations import STATES, Reading, Station
from twin.observations.quality import names
from twin.observations.store import Observations
from twin.store import City

router = APIRouter(tags=["sensors"], dependencies=[Depends(require("sta:read"))])
_DAY = 86_400_000_000


class Json(Response):
    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        return orjson.dumps(content, option=orjson.OPT_SERIALIZE_NUMPY)


@router.get("/sensors", response_class=Json)
def sensors(
    obs: CurrentObservations,
    settings: CurrentSettings,
    bbox: Annotated[str | None, Query(description="west,south,east,north in degrees")] = None,
    property: Annotated[str | None, Query(description="name or definition of an observed property")] = None,
    state: Annotated[
        str | None, Query(description="ok, late, silent, flagged, alert; several with commas")
    ] = None,
    time: Annotated[str | None, Query(description="ISO 8601; now")] = None,
    limit: Annotated[int, Query(ge=1)] = 1000,
    offset: Annotated[int, Query(ge=0, le=2**53)] = 0,
) -> Json:
    """Things with datastreams: where they are, how they are, and their latest readings."""
    wanted = None if state is None else set(state.split(","))
    if wanted is not None and not wanted <= set(STATES):
        raise QueryError(f"state: {min(wanted - set(STATES))!r} is none of {', '.join(STATES)}")
    at, limit = instant(time), min(limit, settings.page_limit)
    box = None if bbox is None else _box(bbox)
    with obs.connection() as connection:
        if wanted is None:
            total = count_stations(connection, box, property)
            page = stations(
                connection,
                now=now(),
                at=at,
                bbox=box,
                observed_property=property,
                limit=limit,
                offset=offset,
            )
        else:
            # how a station is, is only known when it has been looked at
            found = stations(connection, now=now(), at=at, bbox=box, observed_property=property)
            found = [s for s in found if s.state in wanted]
            total, page = len(found), found[offset : offset + limit]
    return Json({"total": total, "sensors": [described(s) for s in page]})


@router.get("/sensors/{thing}", response_class=Json)
def sensor(
    thing: int,
    obs: CurrentObservations,
    time: Annotated[str | None, Query(description="ISO 8601; now")] = None,
) -> Json:
    """One Thing with everything: properties, Locations, its object, and its health."""
    with obs.connection() as connection:
        found = stations(
            connection, now=now(), at=instant(time), things=[thing] if abs(thing) < 2**63 else []
        )
        if not found:
            raise EntityNotFound(f"there is no Thing {thing} with datastreams")
        locations = connection.execute(
            "SELECT l.id, l.name, l.encoding_type, l.location FROM thing_locations x"
            " JOIN locations l ON l.id = x.location WHERE x.thing = ? ORDER BY l.id",
            (thing,),
        ).fetchall()
        (description,) = connection.execute(
            "SELECT description FROM things WHERE id = ?", (thing,)
        ).fetchone()
        link = connection.execute(
            "SELECT object_id, how, distance_m, layer FROM thing_objects WHERE thing = ?", (thing,)
        ).fetchone()
    _, (device, *_) = devices(obs, [thing])
    intervals = {s.id: (s.state, s.expected_interval_s) for s in device.streams}
    body = described(found[0])
    for stream in body["datastreams"]:
        stream["state"], stream["expected_interval_s"] = intervals.get(stream["id"], (None, None))
    return Json(
        {
            **body,
            "description": description,
            "properties": found[0].properties,
            "locations": [
                {"id": id, "name": name, "encoding_type": kind, "location": _json(text)}
                for id, name, kind, text in locations
            ],
            "link": None
            if link is None
            else dict(zip(("object_id", "how", "distance_m", "layer"), link, strict=True)),
            "health": {
                "state": device.state,
                "last_seen": milliseconds(device.last_seen),
                "expected_interval_s": device.expected_interval_s,
                "battery": device.battery,
            },
        }
    )


@router.get("/objects/{id:path}/observations", response_class=Json)
def of_object(
    id: str,
    city: CurrentCity,
    obs: CurrentObservations,
    time: Annotated[str | None, Query(description="ISO 8601; now")] = None,
) -> Json:
    """The sensors of an object and of its parts, with their latest readings."""
    found = sensors_of(city, obs, id, instant(time))
    if not found and city.object(id) is None:
        raise ObjectNotFound(f"no object {id!r}")
    return Json({"id": id, "sensors": [described(s) for s in found]})


def sensors_of(city: City, obs: Observations, id: str, at: int | None = None) -> list[Station]:
    """Those of an object and of its parts, as they are at a moment [µs]; None for now."""
    family = [id, *_descendants(city, id)]
    with obs.connection() as connection:
        things = [
            r[0]
            for r in connection.execute(
                "SELECT thing FROM thing_objects WHERE object_id IN (SELECT value FROM json_each(?))",
                (orjson.dumps(family).decode(),),
            )
        ]
        return stations(connection, now=now(), at=at, things=things)


@router.get("/series", response_class=Json)
def series(
    request: Request,
    obs: CurrentObservations,
    datastream: Annotated[str, Query(description=f"ids with commas, at most {MOST_SERIES}")],
    start: Annotated[str | None, Query(alias="from", description="ISO 8601; the first reading")] = None,
    end: Annotated[str | None, Query(alias="to", description="ISO 8601; the last reading")] = None,
    step: Annotated[Step, Query(description="auto: as fine as max_points allows")] = "auto",
    max_points: Annotated[int, Query(ge=10, le=100_000)] = 1000,
    format: Literal["json", "csv"] | None = None,
) -> Response:
    """Readings of some datastreams over time, or means with least and greatest by hour or day."""
    found = read_series(obs, _ids(datastream), instant(start, "from"), instant(end, "to"), step, max_points)
    if format == "csv" or (format is None and "text/csv" in request.headers.get("accept", "")):
        name = f'attachment; filename="series-{datastream.replace(",", "-")}.csv"'
        return Response(
            found.csv(), media_type="text/csv; charset=utf-8", headers={"Content-Disposition": name}
        )
    return Json(found.json())


@router.get("/rollup", response_class=Json)
def rollup(
    city: CurrentCity,
    obs: CurrentObservations,
    property: Annotated[str, Query(description="name or definition of an observed property")],
    by: By = "building",
    start: Annotated[str | None, Query(alias="from", description="ISO 8601; a day before `to`")] = None,
    end: Annotated[str | None, Query(alias="to", description="ISO 8601; now")] = None,
    aggregate: Aggregate | None = None,
) -> Json:
    """Readings of many meters by building, block or district, from the hourly rollups."""
    until = instant(end, "to") or now()
    since = instant(start, "from")
    since = until - _DAY if since is None else since
    if since >= until:
        raise QueryError("from: it must lie before `to`")
    with obs.connection() as connection:
        done = roll_up(city, connection, property, by, since, until, aggregate)
    return Json(
        {
            "property": property,
            "unit": done.unit,
            "by": by,
            "aggregate": done.aggregate,
            "from": milliseconds(since),
            "to": milliseconds(until),
            "total": done.total,
            "groups": [
                {
                    "id": g.id,
                    "name": g.name,
                    "value": g.value,
                    "datastreams": g.datastreams,
                    "objects": sorted(g.objects),
                }
                for g in done.groups
            ],
        }
    )


def described(station: Station) -> dict[str, Any]:
    """A station as JSON."""
    return {
        "id": station.id,
        "name": station.name,
        "kind": station.kind,
        "longitude": station.longitude,
        "latitude": station.latitude,
        "height": station.height,
        "state": station.state,
        "last_seen": milliseconds(station.last_seen),
        "object_id": station.object_id,
        "datastreams": [_reading(r) for r in station.datastreams],
    }


def _reading(reading: Reading) -> dict[str, Any]:
    return {
        "id": reading.id,
        "name": reading.name,
        "property": reading.observed_property,
        "unit": reading.unit,
        "value": reading.value,
        "time": milliseconds(reading.time),
        "flags": names(reading.flags),
    }


def _descendants(city: City, id: str) -> list[str]:
    """Ids of the current objects below an object."""
    rows = city.connection.execute(
        "WITH RECURSIVE family(id) AS (SELECT ? UNION SELECT object.id FROM object, family"
        " WHERE object.parent = family.id AND object.valid_to IS NULL) SELECT id FROM family",
        (id,),
    )
    return [r[0] for r in rows if r[0] != id]


def _box(text: str) -> tuple[float, float, float, float]:
    try:
        west, south, east, north = (float(v) for v in text.split(","))
    except ValueError:
        raise QueryError(f"bbox: {text!r} is not west,south,east,north") from None
    return west, south, east, north


def _ids(text: str) -> list[int]:
    try:
        ids = [int(part) for part in text.split(",")]
    except ValueError:
        raise QueryError(f"datastream: {text!r} is not a list of ids such as 1,2") from None
    return list(dict.fromkeys(ids))


def _json(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
