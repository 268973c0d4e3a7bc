"""The sky of each hour in parts, and how much of each part a point sees past its skyline.

Perez et al. 1990, doi:10.1016/0038-092X(90)90055-H, with pvlib's coefficients (all sites, composite): light
from the sun's disc, from around it (circumsolar, obstructed as the disc is), from a band along the horizon
and from the rest of the sky, alike everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit, prange

from analysis.sun.scene import Float32, Int32

if TYPE_CHECKING:
    from analysis.weather import Weather

BAND = 6.5
"""Height of the band along the horizon [degrees]: Perez et al. 1987, doi:10.1016/S0038-092X(87)80031-2. It is
used only to say how much of the band's light an obstacle in front of it takes."""
_LEAST_COSINE = float(np.cos(np.radians(85.0)))
"""Perez et al. 1990: the circumsolar part is not referred to a lower sun than this."""


@dataclass(frozen=True)
class Sky:
    """t intervals with light, each array (t,) float32 unless said.

    index: (t,) int32 of the interval in the weather. direction: (t, 3) mean unit vector to the sun in the
    grid's frame, 0 where it is not up. azimuth [degrees] clockwise from true north, elevation [degrees] of
    it. direct: of a plane facing the sun, disc and circumsolar light together [W/m²]. isotropic, band: of the
    horizontal plane, and of a wall, that see all of it [W/m²]. albedo [1]. hours: length of an interval.
    """

    index: Int32
    direction: Float32
    azimuth: Float32
    elevation: Float32
    direct: Float32
    isotropic: Float32
    band: Float32
    albedo: Float32
    hours: float

    def __len__(self) -> int:
        return len(self.index)


def sky(weather: Weather, convergence: float = 0.0) -> Sky:
    """The sky of a weather. convergence: bearing of the grid's north from true north [degrees]."""
    from pvlib.atmosphere import get_relative_airmass
    from pvlib.irradiance import get_extra_radiation, perez

    light = np.flatnonzero((weather.ghi > 0) | (weather.dni > 0) | (weather.dhi > 0))
    sun = weather.sun
    zenith, azimuth = sun.apparent_zenith[light], sun.azimuth[light]
    dhi, up = weather.dhi[light], sun.up[light]
    dni = np.where(up, weather.dni[light], 0.0)
    known: dict[str, Any] = {
        "surface_azimuth": azimuth,
        "dhi": dhi,
        "dni": dni,
        "dni_extra": np.asarray(get_extra_radiation(weather.times[light])),
        "solar_zenith": zenith,
        "solar_azimuth": azimuth,
        "airmass": get_relative_airmass(zenith),
        "return_components": True,
    }
    flat, wall = perez(surface_tilt=0.0, **known), perez(surface_tilt=90.0, **known)
    modelled = up & (dhi > 0) & np.isfinite(known["airmass"])
    isotropic = np.where(modelled, flat["poa_isotropic"], dhi)
    band = np.where(modelled, wall["poa_horizon"], 0.0)
    around = np.where(modelled, dhi - isotropic, 0.0) / np.maximum(sun.cos_zenith[light], _LEAST_COSINE)
    turn = np.radians(convergence)
    east, north, upward = sun.vector[light].T
    direction = np.column_stack(
        [east * np.cos(turn) - north * np.sin(turn), east * np.sin(turn) + north * np.cos(turn), upward]
    )
    return Sky(
        light.astype(np.int32),
        _single(direction),
        _single(azimuth),
        _single(90.0 - zenith),
        _single(dni + around),
        _single(isotropic),
        _single(band),
        _single(weather.ground_albedo[light]),
        weather.hours,
    )


def _single(values: Any) -> Float32:
    return np.ascontiguousarray(values, dtype=np.float32)


@njit(cache=True, parallel=True, fastmath={"contract", "reassoc", "nsz", "arcp"}, nogil=True)  # type: ignore[untyped-decorator]
def view_factors(normals: Any, skylines: Any, turn: float) -> Any:
    """(n, 2) float32 view factors, of the sky above the skyline and of the horizon's band.

    normals: (n, 3). skylines: (n, d) elevation [degrees] at d equal steps of azimuth from true north. turn:
    the convergence [radians]. The first is the integral of the cosine of incidence over the sky that is seen,
    divided by pi: (1 + cos tilt) / 2 in the open. The second is sin tilt in the open. In each direction the
    integral over the elevation is exact, for planes of any tilt.
    """
    n, d = skylines.shape
    seen = np.empty((n, 2), np.float32)
    step = 2.0 * np.pi / d
    east = np.empty(d)
    north = np.empty(d)
    for k in range(d):
        east[k] = np.sin(k * step - turn)
        north[k] = np.cos(k * step - turn)
    for i in prange(n):
        up = float(normals[i, 2])
        slope = np.sqrt(max(0.0, 1.0 - up * up))
        sky_seen, band_seen, band_all = 0.0, 0.0, 0.0
        for k in range(d):
            along = normals[i, 0] * east[k] + normals[i, 1] * north[k]
            low = max(0.0, np.radians(skylines[i, k]))
            high = 0.5 * np.pi
            if up >= 0.0:
                if along < 0.0:
                    low = max(low, np.arctan2(-along, up))
            else:
                high = np.arctan2(along, -up) if along > 0.0 else 0.0
            if high > low:
                sky_seen += up * 0.5 * (np.sin(high) ** 2 - np.sin(low) ** 2) + along * 0.5 * (
                    high - low + 0.5 * (np.sin(2.0 * high) - np.sin(2.0 * low))
                )
            if along > 0.0:
                band_all += along
                band_seen += along * min(1.0, max(0.0, 1.0 - skylines[i, k] / BAND))
        seen[i, 0] = sky_seen * step / np.pi
        seen[i, 1] = slope * band_seen / band_all if band_all > 0.0 else 0.0
    return seen
