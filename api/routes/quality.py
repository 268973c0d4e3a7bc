"""How good the readings are: `/quality`, `/health/devices`, `/anomalies`."""

from __future__ import annotations

import sqlite3
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Path, Query
from pydantic import Field

from api.auth import READ, WRITE, require
from api.routes.moments import instant, milliseconds
from api.routes.shared import CurrentObservations, CurrentSettings
from twin.alerts.streams import unit_symbol
from twin.anomalies import THRESHOLD, find_anomalies
from twin.errors import EntityNotFound, QueryError
from twin.health import devices
from twin.observations import quality_rules
from twin.observations.changes import Call
from twin.observations.flagged import flagged
from twin.observations.quality import bits, names
from twin.timezone import folder_timezone

router = APIRouter(tags=["quality"], dependencies=[Depends(require(READ))])

AnyId = Annotated[int, Field(ge=1, le=(1 << 63) - 1)]
Id = Annotated[int, Path(ge=1, le=(1 << 63) - 1)]
OptionalId = Annotated[int | None, Query(ge=1, le=(1 << 63) - 1)]
From = Annotated[str | None, Query(alias="from", description="the earliest time, ISO 8601")]
To = Annotated[str | None, Query(description="the time to end before, ISO 8601")]
Offset = Annotated[int, Query(ge=0, le=1 << 40)]


@router.get("/quality")
def list_flagged(
    observations: CurrentObservations,
    datastream: OptionalId = None,
    flag: Annotated[list[str], Query(description="range, rate, stuck, gap, clock, duplicate")] = [],  # noqa: B006
    start: From = None,
    to: To = None,
    before: OptionalId = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> dict[str, Any]:
    """Flagged observations, newest first. Go on with `before` as `next` says."""
    try:
        wanted = bits(flag)
    except KeyError as error:
        raise QueryError(f"there is no flag {error.args[0].lower()!r}") from error
    with observations.connection() as connection:
        found = flagged(
            connection, datastream, wanted, instant(start, "from"), instant(to, "to"), before, limit
        )
    return {
        "observations": [
            {
                "id": o.id,
                "datastream": o.datastream,
                "name": o.name,
                "thing": o.thing,
                "thing_name": o.thing_name,
                "time": milliseconds(o.time),
                "value": o.value,
                "unit": unit_symbol(o.unit),
                "flags": names(o.flags),
            }
            for o in found
        ],
        "next": found[-1].id if len(found) == limit else None,
    }


@router.get("/quality/rules")
def list_rules(
    observations: CurrentObservations,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    offset: Offset = 0,
) -> dict[str, Any]:
    """The rules of all datastreams that have some."""
    with observations.connection() as connection:
        ids = connection.execute(
            "SELECT q.datastream, d.name FROM quality_rules q JOIN datastreams d ON d.id = q.datastream"
            " ORDER BY q.datastream LIMIT ? OFFSET ?",
            (limit, offset),
        ).fetchall()
        return {"rules": [_rules(connection, id_, name) for id_, name in ids]}


@router.get("/quality/rules/{datastream}")
def rules_of(observations: CurrentObservations, datastream: Id) -> dict[str, Any]:
    """A datastream's rules (null: only clock and duplicates are judged), and what is suggested for it."""
    with observations.connection() as connection:
        name, unit, observed, definition = _described(connection, datastream)
        found = _rules(connection, datastream, name)
    suggested = quality_rules.suggest(observed or "", definition or "", unit_symbol(unit) or "")
    found["suggestion"] = (
        None
        if suggested is None
        else {"rules": suggested.rules.model_dump(exclude_defaults=True), "source": suggested.source}
    )
    return found


@router.put("/quality/rules/{datastream}", dependencies=[Depends(require(WRITE))])
def set_rules(
    observations: CurrentObservations, datastream: Id, body: Annotated[Any, Body()]
) -> dict[str, Any]:
    """Set a datastream's rules; they hold for readings from then on."""
    rules = quality_rules.parse(body)
    observations.writer.submit(Call(lambda c: _save(c, datastream, rules), rules=True)).result()
    return {"datastream": datastream, "rules": rules.model_dump()}


@router.delete("/quality/rules/{datastream}", dependencies=[Depends(require(WRITE))])
def delete_rules(observations: CurrentObservations, datastream: Id) -> dict[str, Any]:
    """Take a datastream's rules away."""
    observations.writer.submit(Call(lambda c: _save(c, datastream, None), rules=True)).result()
    return {"datastream": datastream, "rules": None}


def _save(connection: sqlite3.Connection, datastream: int, rules: quality_rules.QualityRules | None) -> None:
    _described(connection, datastream)
    quality_rules.save(connection, datastream, rules)


def _described(connection: sqlite3.Connection, datastream: int) -> tuple[str, str, str | None, str | None]:
    row = connection.execute(
        "SELECT d.name, d.unit_of_measurement, p.name, p.definition FROM datastreams d"
        " LEFT JOIN observed_properties p ON p.id = d.observed_property WHERE d.id = ?",
        (datastream,),
    ).fetchone()
    if row is None:
        raise EntityNotFound(f"there is no Datastream or MultiDatastream {datastream}")
    name, unit, observed, definition = row
    return name, unit, observed, definition


def _rules(connection: sqlite3.Connection, datastream: int, name: str) -> dict[str, Any]:
    stored = quality_rules.stored(connection, datastream)
    return {"datastream": datastream, "name": name, "rules": None if stored is None else stored.model_dump()}


@router.get("/health/devices")
def list_devices(
    observations: CurrentObservations,
    thing: Annotated[list[AnyId] | None, Query(max_length=10_000)] = None,
    limit: Annotated[int, Query(ge=1, le=10_000)] = 1000,
    offset: Offset = 0,
) -> dict[str, Any]:
    """Things that have datastreams: when each was last heard, and whether that is too long ago."""
    total, found = devices(observations, thing, limit, offset)
    return {
        "total": total,
        "devices": [
            {
                "thing": device.thing,
                "name": device.name,
                "state": device.state,
                "last_seen": milliseconds(device.last_seen),
                "expected_interval_s": device.expected_interval_s,
                "battery": device.battery,
                "datastreams": [
                    {
                        "id": stream.id,
                        "name": stream.name,
                        "state": stream.state,
                        "last_seen": milliseconds(stream.last_seen),
                        "expected_interval_s": stream.expected_interval_s,
                    }
                    for stream in device.streams
                ],
            }
            for device in found
        ],
    }


@router.get("/anomalies")
def list_anomalies(
    observations: CurrentObservations,
    settings: CurrentSettings,
    datastream: Annotated[list[AnyId] | None, Query(max_length=500)] = None,
    property: Annotated[str | None, Query(description="name or definition of an observed property")] = None,
    start: From = None,
    to: To = None,
    threshold: Annotated[float, Query(gt=0, le=1e6, allow_inf_nan=False)] = THRESHOLD,
    limit: Annotated[int, Query(ge=1, le=500, description="datastreams to look at")] = 100,
    offset: Offset = 0,
) -> dict[str, Any]:
    """Hours that are unlike the same hour of earlier weeks, in the city's time zone.

    Without `to` up to the latest hour of each datastream, without `from` a day back from there. Looks at
    `limit` datastreams; go on with `offset` as `next` says.
    """
    with observations.connection() as connection:
        ids = _datastreams(connection, datastream, property, limit, offset)
    timezone = settings.timezone or folder_timezone(settings.city)
    found = find_anomalies(observations, ids, instant(start, "from"), instant(to, "to"), threshold, timezone)
    return {
        "threshold": threshold,
        "examined": len(ids),
        "next": offset + limit if len(ids) == limit else None,
        "anomalies": [
            {
                "datastream": a.datastream,
                "time": milliseconds(a.time),
                "value": a.value,
                "z": a.z,
                "median": a.median,
                "expected": [a.low, a.high],
                "basis": a.basis,
            }
            for a in found
        ],
    }


def _datastreams(
    connection: sqlite3.Connection, chosen: list[int] | None, property: str | None, limit: int, offset: int
) -> list[int]:
    rows = connection.execute(
        "SELECT d.id, p.name, p.definition FROM datastreams d"
        " LEFT JOIN observed_properties p ON p.id = d.observed_property WHERE d.count > 0 ORDER BY d.id"
    )
    wanted = None if property is None else property.casefold()
    found = [
        id_
        for id_, name, definition in rows
        if (chosen is None or id_ in chosen)
        and (wanted is None or wanted in ((name or "").casefold(), (definition or "").casefold()))
    ]
    return found[offset : offset + limit]
