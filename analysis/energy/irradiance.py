"""The light on planes of an envelope: sun, the sky in parts (Perez), the ground, past the skyline and fixed
shading.

    irradiance = direct · cos(incidence) · lit + isotropic · sky_view + band · band_view
                 + ground · (1 - sky_view)

What a plane does not see of the sky is ground, or something as bright as the open ground.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.energy.zones import Elements, Float64, Shade
from analysis.sun.position import unit_vectors

if TYPE_CHECKING:
    from analysis.weather import Weather

_ACROSS = 64
"""Strips that a window is cut into to find how much of it fixed shading hides: the shadow of an overhang is
exact in each."""


@dataclass(frozen=True)
class Light:
    """n intervals, each array (n,) float64 unless said; zeros at night.

    sun: (n, 3) mean unit vectors (true east, north, up) to the sun while it is up, a little shorter than 1.
    azimuth, elevation: of it [degrees]. direct: of a plane facing the sun, disc and the light around it
    [W/m²]. isotropic, band: of the horizontal plane, and of a wall, that see all of it [W/m²]. ground: thrown
    back by the open ground [W/m²].
    """

    sun: Float64
    azimuth: Float64
    elevation: Float64
    direct: Float64
    isotropic: Float64
    band: Float64
    ground: Float64

    @classmethod
    def of(cls, weather: Weather) -> Light:
        """The light of each interval of a weather."""
        from analysis.sun.power.sky import sky

        found, n = sky(weather), len(weather)

        def spread(values: Any) -> Float64:
            every = np.zeros((n, *np.shape(values)[1:]))
            every[found.index] = values
            return every

        return cls(
            sun=spread(found.direction),
            azimuth=spread(found.azimuth),
            elevation=spread(found.elevation),
            direct=spread(found.direct),
            isotropic=spread(found.isotropic),
            band=spread(found.band),
            ground=np.asarray(weather.ghi * weather.ground_albedo),
        )


@dataclass(frozen=True)
class Views:
    """normal: (e, 3) outward, true east, north, up. sky, band, ground: (e,) shares of the isotropic sky, the
    band along the horizon and the ground that each element sees."""

    normal: Float64
    sky: Float64
    band: Float64
    ground: Float64

    @classmethod
    def of(cls, elements: Elements) -> Views:
        """What elements see of sky and ground."""
        normal = unit_vectors(elements.azimuth, 90.0 - elements.tilt)
        free = 0.5 * (1.0 + np.cos(np.radians(elements.tilt)))
        sky = np.minimum(elements.sky_view, free)
        slope = np.sin(np.radians(elements.tilt))
        if elements.horizon is None:
            band = slope * np.where(free > 0, sky / np.maximum(free, 1e-9), 0.0)
        else:
            from analysis.sun.power.sky import view_factors

            skylines = np.ascontiguousarray(elements.horizon, np.float32)
            band = view_factors(normal.astype(np.float32), skylines, 0.0)[:, 1].astype(float)
        return cls(normal, sky, band, 1.0 - sky)


def sunlit(shade: Shade, azimuth: float, sun: Float64) -> Float64:
    """(n,) share of a vertical window that the sun shines on past its fixed shading.

    azimuth: of the window [degrees]; sun: (n, 3) vectors to the sun. An overhang's shadow ends where its
    outer edge or its side throws it, a fin's where its outer edge or its top does.
    """
    across, outward = unit_vectors(azimuth + 90.0, 0.0), unit_vectors(azimuth, 0.0)
    out = np.maximum(sun @ outward, 1e-9)[:, None]
    side, rise = np.abs(sun @ across)[:, None] / out, sun[:, 2:3] / out
    # x runs from the edge on the sun's side, by symmetry
    x = (np.arange(_ACROSS) + 0.5) * shade.width / _ACROSS
    with np.errstate(divide="ignore", invalid="ignore"):
        along = np.where(side > 0, (shade.beyond + x) / side, np.inf)
        to_fin = np.where(side > 0, (shade.fin_gap + x) / side, np.inf)
    dark_above = np.clip(np.minimum(shade.depth, along) * rise - shade.gap, 0.0, shade.height)
    reaches = (to_fin <= shade.fin_depth) & (shade.fin_depth > 0)
    fin_top = shade.height + shade.gap - np.where(reaches, to_fin, 0.0) * rise
    dark_below = np.where(reaches, np.clip(fin_top, 0.0, shade.height), 0.0)
    dark = np.minimum(dark_above + dark_below, shade.height)
    return np.asarray(1.0 - dark.mean(axis=1) / shade.height)


def diffuse_shares(shade: Shade) -> tuple[float, float]:
    """Shares of the sky's and the ground's even light on a vertical window that get past its shading."""
    rows = 18
    azimuth, elevation = np.meshgrid(
        (np.arange(2 * rows) + 0.5) * 90.0 / rows - 90.0, (np.arange(2 * rows) + 0.5) * 90.0 / rows - 90.0
    )
    vectors = unit_vectors(azimuth.ravel(), elevation.ravel())
    weight = vectors[:, 1] * np.cos(np.radians(elevation.ravel()))
    open_share = sunlit(shade, 0.0, vectors)
    up = elevation.ravel() > 0
    sky = float(np.average(open_share[up], weights=weight[up]))
    ground = float(np.average(open_share[~up], weights=weight[~up]))
    return sky, ground
