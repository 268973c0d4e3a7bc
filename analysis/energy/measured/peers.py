"""A building among its peers: its energy per floor area against those of the same use in the city."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.energy.zones import Float64

LEAST = 5
"""Buildings of a use that make peers; among fewer a percentile says nothing. Our own choice."""
_QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)


@dataclass(frozen=True)
class Group:
    """The buildings of one use. n: with a value. quantiles: 10, 25, 50, 75, 90 % [kWh/(m² a)], None with
    fewer than `LEAST`."""

    use: str
    n: int
    quantiles: tuple[float, ...] | None


@dataclass(frozen=True)
class Peers:
    """Of b buildings. per_area: (b,) [kWh/(m² a)]. percentile: (b,) share of its peers that need less [1], a
    tie counting half; NaN without enough peers. groups: by use."""

    per_area: Float64
    percentile: Float64
    groups: dict[str, Group]


def peers(energy: Float64, floor_area: Float64, uses: Sequence[str]) -> Peers:
    """energy: (b,) [kWh/a], NaN where nothing is known, all measured or all simulated. floor_area: (b,) [m²].
    uses: ids. A building's peers are the others of its use."""
    with np.errstate(divide="ignore", invalid="ignore"):
        per_area = np.where(floor_area > 0, energy / floor_area, np.nan)
    percentile = np.full(len(per_area), np.nan)
    names = np.array(uses, dtype=object)
    groups: dict[str, Group] = {}
    for use in dict.fromkeys(uses):
        own = np.flatnonzero((names == use) & np.isfinite(per_area))
        values = per_area[own]
        enough = len(own) >= LEAST
        found = tuple(np.quantile(values, _QUANTILES).tolist()) if enough else None
        groups[use] = Group(use, len(own), found)
        if enough:
            order = np.sort(values)
            less, upto = (np.searchsorted(order, values, side) for side in ("left", "right"))
            percentile[own] = (less + 0.5 * (upto - less - 1)) / (len(own) - 1)
    return Peers(per_area, percentile, groups)
