"""What light passes before it is of use: nothing, or the glass of a photovoltaic module."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from analysis.sun.scene import Float32, Float64

_STEPS = 256
_TILTS = np.arange(0.0, 181.0, 5.0)


@dataclass(frozen=True)
class Cover:
    """beam: (k,) float32 share of the beam that passes at k equal steps of the cosine of incidence, 0 to 1.
    sky, band, ground: (37,) share of the light from the sky, from the horizon and from below it, on planes
    tilted by 0, 5, ... 180 degrees."""

    beam: Float32
    sky: Float64
    band: Float64
    ground: Float64

    def diffuse(self, normals: Float32) -> tuple[Float64, Float64, Float64]:
        """((n,) sky, (n,) band, (n,) ground) for planes of some normals."""
        tilt = np.degrees(np.arccos(np.clip(normals[:, 2], -1.0, 1.0)))
        sky, band, ground = (np.interp(tilt, _TILTS, v) for v in (self.sky, self.band, self.ground))
        return sky, band, ground


_ALL = np.ones(len(_TILTS))
CLEAR = Cover(np.ones(2, np.float32), _ALL, _ALL, _ALL)
"""Nothing."""


@cache
def glass() -> Cover:
    """Glass of 2 mm, index 1.526, relative to perpendicular light: De Soto et al. 2006,
    doi:10.1016/j.solener.2005.06.010. For diffuse light its mean over the part of the sky or ground in front:
    Marion 2017, doi:10.1016/j.solener.2017.03.027. Both with pvlib."""
    from pvlib.iam import marion_diffuse, physical

    beam = np.asarray(physical(np.degrees(np.arccos(np.linspace(0.0, 1.0, _STEPS)))))
    found = marion_diffuse("physical", _TILTS)
    sky, band, ground = (np.nan_to_num(found[name], nan=0.0) for name in ("sky", "horizon", "ground"))
    return Cover(beam.astype(np.float32), sky, band, ground)
