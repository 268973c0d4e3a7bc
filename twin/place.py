"""Where the city lies: its coordinate system, heights and anchor as settings, and the way to the globe."""

from __future__ import annotations

import json
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path

import numpy as np

from citygml.crs import Crs, Georeference, Heights, choose_heights, parse
from twin.errors import TwinError
from twin.raster import METRES_PER_DEGREE
from twin.store import City

_PARSED = "crs_parsed"
"""The setting that spares PROJ where only the kind of coordinate system counts: `Crs` as JSON."""


def city_crs(city: City) -> Crs:
    """The city's coordinate system. Raises TwinError when it has none yet."""
    name = city.get("crs")
    if name is None:
        raise TwinError(f"{city.folder}: the city has no coordinate system yet; add a file to it")
    parsed = city.get(_PARSED)
    crs = None if parsed is None else _crs(parsed)
    return crs if crs is not None and crs.name == name else parse(name)


@lru_cache(maxsize=64)
def _crs(parsed: str) -> Crs:
    return Crs(**json.loads(parsed))


def settle_heights(city: City, geoid: Path | None = None, new_crs: bool = False) -> None:
    """Decide how heights become ellipsoidal, once there are objects, and keep the decision in the city.

    new_crs: the city's coordinate system has just been settled, or got its vertical part, so that an
    earlier makeshift (EGM96) is decided on again.
    """
    bounds = city.bounds()
    if bounds is not None:
        city.set(_PARSED, json.dumps(asdict(city_crs(city))))
    settled = city_heights(city)
    makeshift = new_crs and settled is not None and settled.method == "egm96"
    if bounds is None or (settled is not None and geoid is None and not makeshift):
        return
    corners = np.array(bounds).reshape(2, 3)
    heights = choose_heights(city_crs(city), corners, grid=geoid.resolve() if geoid else None)
    city.set("heights", json.dumps(asdict(heights), ensure_ascii=False))


def city_heights(city: City) -> Heights | None:
    """How heights become ellipsoidal; None while the city is empty."""
    text = city.get("heights")
    return None if text is None else Heights(**json.loads(text))


def georeference(city: City) -> Georeference:
    """The way from the city's coordinates to the globe."""
    crs = city_crs(city)
    heights = city_heights(city) or choose_heights(crs, np.zeros((2, 3)))
    anchor = city.get("anchor")
    if crs.is_local and anchor is None:
        raise TwinError(
            f"{city.folder}: the city has a local coordinate system; say where its origin lies with"
            " `twin add ... --anchor LON,LAT,H`"
        )
    place = tuple(float(v) for v in anchor.split(",")) if anchor and crs.is_local else None
    return Georeference(crs, heights, None if place is None else (place[0], place[1], place[2]))


def metres_per_unit(city: City) -> tuple[float, float]:
    """About how many metres one unit of x and of y is; fixed for a city, for partitioning and tolerances."""
    crs = city_crs(city)
    if not crs.is_geographic:
        return 1.0, 1.0
    bounds = city.bounds()
    latitude = round((bounds[1] + bounds[4]) / 2) if bounds else 0
    return METRES_PER_DEGREE * float(np.cos(np.radians(latitude))), METRES_PER_DEGREE
