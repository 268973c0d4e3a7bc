"""The place that a scene is made around, and what its height is above.

Some devices tell heights above the ellipsoid, others above a geoid; city models have those of a national
datum. A scene's origin has all that an app needs to bring them together.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from citygml.crs import Georeference, choose_heights, parse
from citygml.errors import CityModelError
from citygml.geoid import undulation
from twin.errors import TwinError

ELLIPSOID, ORTHOMETRIC, EGM96 = "ellipsoid", "orthometric", "EPSG:5773"
AXES = "glTF: +X east, +Y up, +Z south; metres"
"""East-north-up turned to glTF's axes: (e, n, u) becomes (e, u, -n)."""


@dataclass(frozen=True)
class Origin:
    """longitude, latitude [degrees], height above the ellipsoid of WGS 84 [m]. geoid: how far the zero of the
    city's heights lies above the ellipsoid there [m], geoid_model: by which model. on_ground: the height is
    that of the ground, for want of one that was asked for."""

    longitude: float
    latitude: float
    height: float
    geoid: float
    geoid_model: str
    on_ground: bool = False

    def describe(self) -> dict[str, Any]:
        """As it is told in the extras of an asset."""
        return {
            "longitude": self.longitude,
            "latitude": self.latitude,
            "height": round(self.height, 4),
            "orthometric_height": round(self.height - self.geoid, 4),
            "geoid_offset": round(self.geoid, 4),
            "geoid_model": self.geoid_model,
            "on_ground": self.on_ground,
            "axes": AXES,
        }


def origin_at(
    place: Georeference,
    longitude: float,
    latitude: float,
    height: float | None,
    datum: str,
    ground: Callable[[float, float], float | None],
) -> Origin:
    """The origin at a place. height [m]: above what `datum` says, "ellipsoid", "orthometric" (the city's own
    heights) or the EPSG code of a vertical datum, "EPSG:5773" for EGM96; None for the ground there, which
    `ground` knows (longitude, latitude -> metres above the ellipsoid, None where it does not).

    Raises TwinError for coordinates that are none, for a datum that is not known or whose grid is not there,
    and where the ground is not known.
    """
    if not (np.isfinite([longitude, latitude]).all() and abs(longitude) <= 180 and abs(latitude) <= 90):
        raise TwinError(f"{longitude:g}, {latitude:g} is no longitude and latitude in degrees")
    if height is not None and not -1000 <= height <= 10_000:
        raise TwinError(f"{height:g} m is no height of a position; give -1,000 to 10,000 m")
    geoid, model = _geoid(place, longitude, latitude)
    zero = geoid if datum == ORTHOMETRIC else _zero(datum, longitude, latitude)
    if height is not None:
        return Origin(longitude, latitude, height + zero, geoid, model)
    level = ground(longitude, latitude)
    if level is None:
        raise TwinError("the ground at this position is not known; give its height")
    return Origin(longitude, latitude, level, geoid, model, on_ground=True)


def _geoid(place: Georeference, longitude: float, latitude: float) -> tuple[float, str]:
    """How far the zero of the city's heights lies above the ellipsoid [m], and by which model."""
    if place.heights.method == "egm96":
        return float(undulation(longitude, latitude)), place.heights.name
    zero = place.from_geographic(np.array([[longitude, latitude, 0.0]]))
    zero[0, 2] = 0.0
    return float(place.to_geographic(zero)[0, 2]), place.heights.name


def _zero(datum: str, longitude: float, latitude: float) -> float:
    """How far the zero of a vertical datum lies above the ellipsoid [m]."""
    if datum == ELLIPSOID:
        return 0.0
    if datum.upper() == EGM96:
        return float(undulation(longitude, latitude))
    code = datum.upper().removeprefix("EPSG:")
    if not code.isdecimal():
        raise TwinError(f"the datum {datum!r} is none of {ELLIPSOID}, {ORTHOMETRIC} and EPSG:CODE")
    try:
        crs = parse(f"EPSG:4326+{code}")
    except CityModelError:
        raise TwinError(f"EPSG:{code} is no vertical datum") from None
    if crs.vertical is None:
        raise TwinError(f"EPSG:{code} is no vertical datum")
    at = np.array([longitude, latitude])
    heights = choose_heights(crs, np.array([at - 1e-3, at + 1e-3]))
    if heights.method != "grid":
        raise TwinError(
            f"PROJ lacks the grid of {crs.vertical.name} (EPSG:{code}) here; give the height above the"
            f" {ELLIPSOID}, or {ORTHOMETRIC} in the city's own heights"
        )
    return float(Georeference(crs, heights).to_geographic([[longitude, latitude, 0.0]])[0, 2])
