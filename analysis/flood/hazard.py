"""Hazard to people from the depth and speed of water."""

from __future__ import annotations

from typing import Any

import numpy as np

from analysis.errors import AnalysisError
from analysis.flood.inputs import Array

DEBRIS = {"pasture": (0.0, 0.5), "woodland": (0.5, 1.0), "urban": (1.0, 1.0)}
"""Debris factor DF between SHALLOW and DEEP, and above (FD2321/TR1; Defra/Environment Agency 2006)."""
SHALLOW, DEEP, FAST = 0.25, 0.75, 2.0
"""Depths [m] and speed [m/s] between the debris factors."""
CLASSES = (0.75, 1.25, 2.0)
"""Upper ends of "very low hazard", "danger for some" and "danger for most" [m²/s]; above is "danger for all":
Surendran, Gibbs, Wade, Udale-Clarke (2008), Supplementary note on flood hazard ratings and thresholds for
development planning and control purpose, Environment Agency and HR Wallingford, on table 13.1 of FD2320/TR2
and figure 3.2 of FD2321/TR1, which had 2.5 for the last."""
UNIT = "m2/s"
"""Of the rating: that of d v. The 0.5 is a speed [m/s] and the debris factor counts as the same product."""


def hazard(depth: Any, speed: Any, debris: str = "urban") -> Array:
    """Hazard rating d (v + 0.5) + DF [m²/s] of depth [m] and speed [m/s], arrays of one shape; 0 where dry.

    debris: surroundings, a key of DEBRIS. The rule that fast water carries more debris is applied from
    SHALLOW on. Source: Defra/Environment Agency (2006), Flood Risks to People, FD2321/TR1.
    """
    if debris not in DEBRIS:
        raise AnalysisError(f"debris {debris!r} is not one of {', '.join(DEBRIS)}")
    d, v = np.asarray(depth, dtype=np.float64), np.asarray(speed, dtype=np.float64)
    some, much = DEBRIS[debris]
    factor = np.where(d > SHALLOW, np.where((d > DEEP) | (v > FAST), much, some), 0.0)
    rating: Array = np.where(d > 0, d * (v + 0.5) + factor, 0.0)
    return rating
