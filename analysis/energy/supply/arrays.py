"""Series of power by the hour as the models of supply take them: buildings × intervals, in watts."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from analysis.energy.zones import Float64
from analysis.errors import AnalysisError

WATTS_PER_KILOWATT = 1000.0


def series(name: str, values: npt.ArrayLike, like: Float64 | None = None, *, signed: bool = False) -> Float64:
    """(b, n) float64 of values (b, n), or (n,) as one building. like: another series of the same shape.
    signed: whether values may be below 0. Raises AnalysisError for what is no such series."""
    found = np.ascontiguousarray(np.atleast_2d(np.asarray(values, np.float64)))
    if found.ndim != 2 or not found.size:
        raise AnalysisError(f"{name} must be power by building and interval, not of shape {found.shape}")
    if like is not None and found.shape != like.shape:
        raise AnalysisError(f"{name} has {_shape(found)}, and it must have {_shape(like)}")
    if not np.isfinite(found).all():
        raise AnalysisError(f"{name} has {int((~np.isfinite(found)).sum())} values that are no numbers")
    if not signed and (found < 0).any():
        at = np.unravel_index(int(found.argmin()), found.shape)
        raise AnalysisError(f"{name} must not be negative; building {at[0]} has {found[at]:g} W")
    return found


def per_building(name: str, values: npt.ArrayLike, count: int, low: float = 0.0) -> Float64:
    """(b,) float64 of a number for all or one for each. Raises AnalysisError below low and for other
    lengths."""
    found = np.asarray(values, np.float64)
    if found.ndim > 1 or (found.ndim == 1 and len(found) != count):
        raise AnalysisError(f"{name} must be one number, or one for each of {count} buildings")
    if not (found >= low).all():
        raise AnalysisError(f"{name} must be at least {low:g}")
    return np.ascontiguousarray(np.broadcast_to(found, (count,)))


def hours_of(step: float) -> float:
    """Length of an interval [h] of one in [s]. Raises AnalysisError for none."""
    if not step > 0:
        raise AnalysisError(f"the length of an interval must be above 0 s, not {step:g}")
    return step / 3600.0


def energy(power: Float64, hours: float) -> Float64:
    """(b,) [kWh] of (b, n) [W] in intervals of a length [h]."""
    total: Float64 = power.sum(axis=-1) * hours / WATTS_PER_KILOWATT
    return total


def _shape(values: Float64) -> str:
    return f"{values.shape[0]} buildings and {values.shape[1]} intervals"
