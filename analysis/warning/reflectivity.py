"""From radar reflectivity to rain intensity: Z = a R^b."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class ZR:
    """Z = a R^b with Z in mm⁶/m³ and R in mm/h. ceiling: stronger echoes [dBZ] are taken for hail and count
    as this; None: they count as they are."""

    a: float
    b: float
    ceiling: float | None = None

    def rate(self, reflectivity: npt.ArrayLike) -> npt.NDArray[np.float32]:
        """Rain intensity [mm/h] of reflectivity [dBZ]; -inf is no rain, NaN stays."""
        dbz = np.asarray(reflectivity, np.float64)
        if self.ceiling is not None:
            dbz = np.minimum(dbz, self.ceiling)
        with np.errstate(over="ignore"):
            return np.asarray((10.0 ** (dbz / 10.0) / self.a) ** (1.0 / self.b), np.float32)

    def reflectivity(self, rate: npt.ArrayLike) -> npt.NDArray[np.float32]:
        """Reflectivity [dBZ] of rain intensity [mm/h]; -inf where it does not rain."""
        with np.errstate(divide="ignore"):
            return np.asarray(10.0 * np.log10(self.a * np.asarray(rate, np.float64) ** self.b), np.float32)


MARSHALL_PALMER = ZR(200.0, 1.6)
"""Stratiform rain: J. S. Marshall, W. M. Palmer (1948), The distribution of raindrops with size, Journal of
Meteorology 5, in the form with a = 200 and b = 1.6."""
CONVECTIVE = ZR(300.0, 1.4, 53.0)
"""Convective rain, with the ceiling against hail: R. A. Fulton et al. (1998), The WSR-88D rainfall algorithm,
doi:10.1175/1520-0434(1998)013<0377:TWRA>2.0.CO;2."""
RELATIONS = {"marshall-palmer": MARSHALL_PALMER, "convective": CONVECTIVE}
