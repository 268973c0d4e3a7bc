"""What a user looked at, only with consent, to be read and deleted by whoever holds the id: `/ar/looks`."""

from __future__ import annotations

import logging
import re
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from api.auth import READ, require
from api.rates import Rates
from api.routes.shared import CurrentCity, CurrentSettings
from twin.errors import ObjectNotFound
from twin.looks import KEEP_DAYS, Kept, Looks

router = APIRouter(prefix="/ar/looks", tags=["augmented reality"])

WRITES_A_SECOND = 20.0
"""Of all users together, since nothing is known by which they could be told apart."""
_SECRET = re.compile(r"(/ar/looks/)[^\s?\"]+")
_ID = r"^[0-9a-f]{32}$"
Id = Annotated[str, Path(pattern=_ID, description="as `POST /ar/looks` gave it")]


class NewLook(BaseModel):
    """id: of a user who has one. lat, lon: [degrees], kept to four decimals. days: after which everything
    is deleted unless there are further looks; for a new user."""

    model_config = ConfigDict(extra="forbid")

    object: str = Field(min_length=1, max_length=500, description="id of a city object")
    consent: bool = Field(False, description="that this is kept, as the user has said")
    id: str | None = Field(None, pattern=_ID)
    lat: float | None = Field(None, ge=-90, le=90, allow_inf_nan=False)
    lon: float | None = Field(None, ge=-180, le=180, allow_inf_nan=False)
    days: float = Field(KEEP_DAYS, gt=0, le=KEEP_DAYS, allow_inf_nan=False)


class _WithoutIds(logging.Filter):
    """Takes ids out of what is logged of requests."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = _SECRET.sub(r"\1…", record.msg) if isinstance(record.msg, str) else record.msg
        if isinstance(record.args, tuple):
            record.args = tuple(_SECRET.sub(r"\1…", a) if isinstance(a, str) else a for a in record.args)
        return True


for _name in ("uvicorn.access", "uvicorn.error", "twin.api"):
    logging.getLogger(_name).addFilter(_WithoutIds())


def looks_of(settings: CurrentSettings) -> Looks:
    return Looks(settings.city)


async def limited(request: Request) -> None:
    """Raises HTTPException when too many looks come in, whoever sends them."""
    state = request.app.state
    if not hasattr(state, "look_rates"):
        state.look_rates = Rates(WRITES_A_SECOND)
    if wait := state.look_rates.take("all"):
        raise HTTPException(
            HTTPStatus.TOO_MANY_REQUESTS,
            f"more than {WRITES_A_SECOND:g} looks a second; wait a little",
            {"Retry-After": str(int(wait) + 1)},
        )


CurrentLooks = Annotated[Looks, Depends(looks_of)]


@router.post("", status_code=HTTPStatus.CREATED, dependencies=[Depends(require(READ)), Depends(limited)])
def keep(look: NewLook, city: CurrentCity, looks: CurrentLooks, response: Response) -> dict[str, Any]:
    """Keep that a user looked at an object, if the user consented. Without an id a new user begins, whose id
    is told here and never again; whoever has it can read and delete everything kept under it."""
    if not look.consent:
        raise HTTPException(
            HTTPStatus.BAD_REQUEST,
            'nothing was kept: ask the user, and send "consent": true only if the answer is yes',
        )
    if (look.lat is None) != (look.lon is None):
        raise HTTPException(HTTPStatus.BAD_REQUEST, "give both lat and lon, or neither")
    if city.object(look.object) is None:
        raise ObjectNotFound(f"no object {look.object!r}")
    position = None if look.lat is None or look.lon is None else (look.lat, look.lon)
    id, kept = looks.keep(look.object, position, look.id, look.days)
    response.headers["Cache-Control"] = "no-store"
    return {**({} if look.id else {"id": id}), "looks": len(kept.looks), "expires": _iso(kept.expires)}


@router.get("/{id}", dependencies=[Depends(require(READ))])
def read(id: Id, looks: CurrentLooks, response: Response) -> dict[str, Any]:
    """All that is kept under an id, the latest look first."""
    kept = looks.read(id)
    response.headers["Cache-Control"] = "no-store"
    return {"expires": _iso(kept.expires), "looks": _told(kept)}


@router.delete("/{id}", status_code=HTTPStatus.NO_CONTENT, dependencies=[Depends(require(READ))])
def delete(id: Id, looks: CurrentLooks) -> None:
    """Delete all that is kept under an id, and the id."""
    looks.forget(id)


@router.get("", dependencies=[Depends(require("admin"))])
def counts(looks: CurrentLooks) -> dict[str, int]:
    """How many users and looks are kept; nobody but the users themselves sees more."""
    return looks.counts()


def _told(kept: Kept) -> list[dict[str, Any]]:
    return [
        {
            "object": look.object,
            "time": _iso(look.time),
            "position": None if look.latitude is None else {"lat": look.latitude, "lon": look.longitude},
        }
        for look in kept.looks
    ]


def _iso(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
