"""What routes depend on: the settings, and the city opened for one request."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, cast

from fastapi import Depends, Request

from api.settings import Settings
from twin.store import City, open_city


def settings_of(request: Request) -> Settings:
    return cast(Settings, request.app.state.settings)


def city_of(request: Request) -> Iterator[City]:
    with open_city(settings_of(request).city) as city:
        yield city


CurrentSettings = Annotated[Settings, Depends(settings_of)]
CurrentCity = Annotated[City, Depends(city_of)]
