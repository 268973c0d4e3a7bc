"""Demand response: the part of a load that can wait or go first, moved to where it fits best.

Within each window (a day) the flexible share of the demand is laid upon the rest like water, so that the
load that remains is as level as it can be and surplus is used first: the level λ with

    Σ clip(λ − rest(t), 0, limit) = flexible energy of the window

which is the least sum of squares of what the meter shows. Energy of each window stays what it was.

Limits. The whole window is known beforehand, so this is what the best of controls could reach; comfort, and
what moving costs, are left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from analysis.energy.supply.arrays import series
from analysis.energy.supply.kernels import kernel
from analysis.energy.zones import Float64
from analysis.errors import AnalysisError

_HALVINGS = 100


@dataclass(frozen=True)
class Response:
    """demand: (b, n) after moving [W]. moved: (b, n) what was added to it, negative where taken away [W]."""

    demand: Float64
    moved: Float64


def respond(
    demand: npt.ArrayLike,
    generation: npt.ArrayLike,
    share: float,
    *,
    window: int = 24,
    limit: float = np.inf,
) -> Response:
    """Move a share [1] of the demand (b, n) [W] of each building within windows of so many intervals, the
    first beginning with the first interval. generation: (b, n) of its own [W]. limit: of the flexible load in
    an interval [W]. Where the limit cannot take all of it, the window stays as it was. Raises AnalysisError
    for a share or window that is none."""
    load = series("demand", demand)
    own = series("generation", generation, load)
    if not 0 <= share <= 1 or window < 1 or not limit > 0:
        raise AnalysisError(
            "the flexible share must be from 0 to 1, its window at least one interval and its limit above 0 W"
        )
    moved = np.zeros_like(load)
    _respond(load, own, share, window, limit, moved)
    return Response(load + moved, moved)


@kernel
def _respond(load: Any, own: Any, share: float, window: int, limit: float, moved: Any) -> None:
    n = load.shape[1]
    for b in range(load.shape[0]):
        for start in range(0, n, window):
            end = min(start + window, n)
            flexible = 0.0
            low, high = np.inf, -np.inf
            for t in range(start, end):
                flexible += share * load[b, t]
                rest = (1.0 - share) * load[b, t] - own[b, t]
                low, high = min(low, rest), max(high, rest)
            if flexible <= 0.0 or limit * (end - start) <= flexible:
                continue
            high += flexible
            for _ in range(_HALVINGS):
                level = 0.5 * (low + high)
                laid = 0.0
                for t in range(start, end):
                    rest = (1.0 - share) * load[b, t] - own[b, t]
                    laid += min(limit, max(0.0, level - rest))
                if laid < flexible:
                    low = level
                else:
                    high = level
            laid = 0.0
            for t in range(start, end):
                rest = (1.0 - share) * load[b, t] - own[b, t]
                moved[b, t] = min(limit, max(0.0, high - rest))
                laid += moved[b, t]
            if laid <= 0.0:
                continue
            for t in range(start, end):
                moved[b, t] = moved[b, t] * (flexible / laid) - share * load[b, t]
