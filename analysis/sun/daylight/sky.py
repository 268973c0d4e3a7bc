"""The vertical sky component: the sky's light on a facade, as a share of that on open level ground.

The sky is the CIE standard overcast one, whose luminance at elevation e is (1 + 2 sin e) / 3 of the zenith's
(P. Moon and D. E. Spencer, "Illumination from a non-uniform sky", 1942; ISO 15469:2004, sky type 16). Without
obstruction a vertical facade gets 39.6 % of the level ground's light.
"""

from __future__ import annotations

import numpy as np

from analysis.sun.scene import Float64

_LEVEL = 7 * np.pi / 9
"""Illuminance of open level ground over the zenith's luminance: the integral of (1 + 2 sin e) / 3 sin e."""


def vertical_sky_component(horizon: Float64, facade_azimuth: Float64) -> Float64:
    """(n,) [%] of vertical facades.

    horizon: (n, directions) [degrees], the skyline in front of each at equal steps of azimuth clockwise from
    true north, the first at 0; each stands for the sector about it. facade_azimuth: (n,) [degrees], where
    each looks. What is reflected is not counted.
    """
    directions = horizon.shape[1]
    azimuth = np.arange(directions) * (360.0 / directions)
    half = np.radians(180.0 / directions)
    away = np.radians((azimuth[None, :] - facade_azimuth[:, None] + 180.0) % 360.0 - 180.0)
    low = np.clip(away - half, -np.pi / 2, np.pi / 2)
    high = np.clip(away + half, -np.pi / 2, np.pi / 2)
    facing = np.sin(high) - np.sin(low)
    e = np.radians(np.clip(horizon, 0.0, 90.0))
    # The integral of (1 + 2 sin e) / 3 cos² e from e to the zenith; one cosine is the solid angle's.
    above = (np.pi / 2 - e - np.sin(e) * np.cos(e)) / 6 + 2 / 9 * np.cos(e) ** 3
    return np.asarray(100.0 * (facing * above).sum(axis=1) / _LEVEL)
