"""All light but the beam: from the sky, from the band along the horizon, and thrown back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.sun.power.cover import Cover
from analysis.sun.power.sky import Sky
from analysis.sun.power.surroundings import Ground, Views
from analysis.sun.scene import Float32, Float64


@dataclass(frozen=True)
class DiffuseSums:
    """Sums over each of p periods [W/m²]: isotropic, band (p,); ground light (squares, p), and that times the
    albedo of the ground."""

    isotropic: Float32
    band: Float32
    ground: Float32
    thrown: Float32

    @classmethod
    def of(cls, light: Sky, ground: Ground, ends: npt.NDArray[np.int64]) -> DiffuseSums:
        """ends: (p + 1,) where the periods begin and end among the sky's intervals."""
        bright = ground.light(light)
        return cls(*(_summed(v, ends) for v in (light.isotropic, light.band, bright, bright * light.albedo)))

    def onto(self, seen: Views, reflectance: float) -> Float32:
        """(n, p) sums for points. reflectance: of what hides the sky."""
        sums: Float32 = (
            seen.sky[:, None] * self.isotropic
            + seen.band[:, None] * self.band
            + seen.ground[:, None] * self.thrown[seen.square]
            + np.float32(reflectance) * seen.hidden[:, None] * self.ground[seen.square]
        )
        return sums


def diffuse_hours(
    light: Sky,
    ground: Ground,
    seen: Views,
    normals: Float32,
    group: npt.NDArray[np.int64],
    weight: Float64,
    count: int,
    cover: Cover,
    reflectance: float,
) -> Float32:
    """(count, t) float32 sums of the points of each group (n,), times their weights (n,)."""
    from scipy.sparse import coo_array

    through_sky, through_band, through_ground = cover.diffuse(normals)
    isotropic = np.bincount(group, weight * seen.sky * through_sky, minlength=count).astype(np.float32)
    band = np.bincount(group, weight * seen.band * through_band, minlength=count).astype(np.float32)
    below, above = (
        coo_array((weight * part, (group, seen.square)), (count, len(ground.sky))).tocsr().astype(np.float32)
        for part in (seen.ground * through_ground, seen.hidden * through_sky * reflectance)
    )
    bright = ground.light(light)
    hours: Float32 = below @ (bright * light.albedo) + above @ bright
    hours += np.outer(isotropic, light.isotropic)
    hours += np.outer(band, light.band)
    return hours


def _summed(values: Float32, ends: npt.NDArray[np.int64]) -> Float32:
    """(..., p) sums of (..., t) values between ends."""
    nothing = np.zeros((*values.shape[:-1], 1))
    running = np.concatenate([nothing, np.cumsum(values, axis=-1, dtype=np.float64)], axis=-1)
    return np.diff(running[..., ends], axis=-1).astype(np.float32)
