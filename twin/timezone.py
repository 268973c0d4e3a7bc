"""The time zone of a city: that of the place where it lies, unless somebody says otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from twin.describe import geographic_bounds
from twin.errors import CityNotFound
from twin.store import City, open_city

_NOWHERE = "Asia/Seoul"
"""Of a city that has no place on the globe, or nothing in it yet."""


def timezone_at(longitude: float, latitude: float) -> str:
    """The name in the IANA database of the zone at a place [degrees] (`tzfpy`, from OpenStreetMap)."""
    from tzfpy import get_tz

    return get_tz(longitude, latitude) or "UTC"


def timezone_within(bounds: Sequence[float] | None) -> str:
    """The zone in the middle of west, south, east, north [degrees], as `geographic_bounds` gives them."""
    if bounds is None:
        return _NOWHERE
    west, south, east, north = bounds
    return timezone_at((west + east) / 2, (south + north) / 2)


def city_timezone(city: City) -> str:
    """The zone in the middle of a city's objects."""
    return timezone_within(geographic_bounds(city))


def folder_timezone(folder: Path) -> str:
    """The same of the city in a folder, which may hold readings alone."""
    try:
        with open_city(folder) as city:
            return city_timezone(city)
    except CityNotFound:
        return _NOWHERE
