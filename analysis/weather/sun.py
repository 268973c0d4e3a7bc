"""The sun of an interval: where it stands on average while it is up.

A mean over an hour in which the sun rises comes from less than an hour of sunshine; the sun of the hour's
middle may be below the horizon, that of its sunlit part is not. So an interval is looked at in parts, and the
directions of those with the sun up are averaged.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt

from analysis.sun.position import SunPath, unit_vectors
from analysis.sun.scene import Place

if TYPE_CHECKING:
    import pandas as pd

Float64: TypeAlias = npt.NDArray[np.float64]

_PART = 600.0
"""Length of the parts that an interval is looked at in [s]."""


@dataclass(frozen=True)
class SunUp:
    """vector: (n, 3) float64, mean of the unit vectors (true east, true north, up) to the sun while it is
    up: a little shorter than 1, so that its product with a normal is the mean cosine; 0 at night. azimuth,
    apparent_zenith: (n,) [degrees], its direction, with refraction; at night that of the interval's middle.
    share: (n,) of the interval in which the sun is up."""

    vector: Float64
    azimuth: Float64
    apparent_zenith: Float64
    share: Float64

    @property
    def up(self) -> npt.NDArray[np.bool_]:
        return self.share > 0

    @property
    def cos_zenith(self) -> Float64:
        """(n,) mean while the sun is up, 0 at night."""
        return self.vector[:, 2]


def sun_up(place: Place, times: pd.DatetimeIndex, step: float) -> SunUp:
    """The sun of intervals of a length [s] around their middles."""
    import pandas as pd

    parts = max(1, round(step / _PART))
    offsets = (np.arange(parts) + 0.5) * step / parts - step / 2
    total = np.zeros((len(times), 3))
    seen = np.zeros(len(times))
    middle = np.zeros((len(times), 2))
    for n, offset in enumerate(offsets):
        path = SunPath.at(place, times + pd.Timedelta(seconds=offset))
        up = path.apparent_elevation > 0
        towards = unit_vectors(path.azimuth, path.apparent_elevation)
        total += np.where(up[:, None], towards, 0.0)
        seen += up
        if n == parts // 2:
            middle = np.column_stack([path.azimuth, 90.0 - path.apparent_elevation])
    vector = total / np.maximum(seen, 1.0)[:, None]
    x, y, z = vector.T
    up = seen > 0
    azimuth = np.where(up, np.degrees(np.arctan2(x, y)) % 360, middle[:, 0])
    zenith = np.where(up, np.degrees(np.arctan2(np.hypot(x, y), z)), middle[:, 1])
    return SunUp(vector, azimuth, zenith, seen / parts)
