"""What routes depend on: the settings, and the city opened for one request."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC
from datetime import datetime as Moment
from http import HTTPStatus
from typing import Annotated, cast

from fastapi import Depends, HTTPException, Request

from api.settings import Settings
from twin.errors import TwinError
from twin.observations.store import Observations
from twin.store import City, open_city


def settings_of(request: Request) -> Settings:
    return cast(Settings, request.app.state.settings)


def city_of(request: Request) -> Iterator[City]:
    """The city, closed after the answer; 503 when it is not there or cannot be read."""
    try:
        city = open_city(settings_of(request).city)
    except TwinError as error:
        raise HTTPException(HTTPStatus.SERVICE_UNAVAILABLE, str(error)) from error
    with city:
        yield city


def optional_observations(request: Request) -> Observations | None:
    """The observations, open as long as the server runs; None when they could not be opened."""
    live = getattr(request.app.state, "live", None)
    return None if live is None else cast(Observations, live.observations)


def observations_of(request: Request) -> Observations:
    """The observations; 503 when they could not be opened."""
    found = optional_observations(request)
    if found is None:
        raise HTTPException(HTTPStatus.SERVICE_UNAVAILABLE, "the readings of this city cannot be opened")
    return found


def base_of(request: Request) -> str:
    """The address under which the client knows this server."""
    settings = settings_of(request)
    return (settings.root_url or str(request.base_url)).rstrip("/")


def period(text: str) -> tuple[Moment | None, Moment | None]:
    """A moment or an interval of RFC 3339, open ends as None; in UTC where no zone is said."""
    parts = text.split("/")
    try:
        moments = [None if part in ("", "..") else _utc(Moment.fromisoformat(part)) for part in parts]
        start, end = moments if len(moments) == 2 else (moments[0], moments[0])
        if len(moments) > 2 or moments == [None] or (start and end and end < start):
            raise ValueError
    except (ValueError, OverflowError):
        raise TwinError(f"datetime: {text!r} is not a moment or START/END as of RFC 3339") from None
    return start, end


def _utc(moment: Moment) -> Moment:
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


CurrentSettings = Annotated[Settings, Depends(settings_of)]
CurrentCity = Annotated[City, Depends(city_of)]
CurrentObservations = Annotated[Observations, Depends(observations_of)]
OptionalObservations = Annotated[Observations | None, Depends(optional_observations)]
