"""Global irradiance taken apart into direct and diffuse, where a source gives only some of the three."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt

from analysis.weather.sun import SunUp

if TYPE_CHECKING:
    import pandas as pd

Float64: TypeAlias = npt.NDArray[np.float64]


def from_global(times: pd.DatetimeIndex, ghi: Float64, sun: SunUp) -> tuple[Float64, Float64]:
    """(dni, dhi) [W/m²] of global irradiance alone, by the clearness of the sky.

    Erbs et al. 1982, doi:10.1016/0038-092X(82)90302-4, in the continuous form of Driesse et al. 2024,
    doi:10.1016/j.solener.2023.112093, with pvlib. The three add up on the horizontal.
    """
    from pvlib.irradiance import erbs_driesse

    found = erbs_driesse(ghi, sun.apparent_zenith, times)
    dhi = np.where(ghi > 0, np.clip(np.nan_to_num(np.asarray(found["dhi"]), nan=0.0), 0.0, ghi), 0.0)
    return from_horizontal(times, ghi - dhi, dhi, sun)


def from_horizontal(
    times: pd.DatetimeIndex, direct: Float64, dhi: Float64, sun: SunUp
) -> tuple[Float64, Float64]:
    """(dni, dhi) [W/m²] of direct and diffuse irradiance of the horizontal.

    Where the sun is so low that direct light would be brighter than outside of the air, or is not up, what is
    too much counts as diffuse.
    """
    from pvlib.irradiance import get_extra_radiation

    extra = np.asarray(get_extra_radiation(times), float)
    cosine = sun.cos_zenith
    with np.errstate(divide="ignore", invalid="ignore"):
        dni = np.where(cosine > 0, np.clip(direct, 0.0, None) / cosine, 0.0)
    dni = np.minimum(dni, extra)
    return dni, dhi + np.clip(direct, 0.0, None) - dni * cosine
