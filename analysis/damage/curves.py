"""Depth-damage curves: the share of a value that is lost at a depth of water, by region and sector.

The table that comes with CityTwin has the mean curves of the continents: J. Huizinga, H. de Moel, W. Szewczyk
(2017), Global flood depth-damage functions, EUR 28552 EN, doi:10.2760/16510. Any table in the same form will
do: `region, sector, depth_m, fraction, source`, and `fraction_low, fraction_high` if it knows them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from analysis.errors import AnalysisError
from analysis.tables import rows

Float64: TypeAlias = npt.NDArray[np.float64]

_TABLE = "jrc_depth_damage.csv"
_COLUMNS = ("region", "sector", "depth_m", "fraction")


@dataclass(frozen=True)
class Curve:
    """depth: (n,) increasing [m]; central, low, high: (n,) lost share (0 to 1). note: what to know of it."""

    depth: Float64
    central: Float64
    low: Float64
    high: Float64
    note: str = ""

    def at(self, depth: npt.ArrayLike, case: str = "central") -> Float64:
        """Lost share at depths [m] above the floor, linear between the points, the last one beyond them.

        Nothing is lost where no water is (depth 0 or less), even where the curve begins above 0, as it does
        for houses with basements. case: central, low or high.
        """
        given = np.asarray(depth, np.float64)
        share: Float64 = np.interp(given, self.depth, getattr(self, case))
        return np.where(given > 0, share, 0.0)


def damage_curves(region: str, path: Path | None = None) -> dict[str, Curve]:
    """The curves of a region by sector.

    low and high are the table's own; where it has none, the least and greatest of all regions' curves of the
    sector, a measure of how little is known and no confidence interval. A sector that a region lacks gets
    the mean of the other regions, and its note says so. Raises AnalysisError for an unknown region or a bad
    table.
    """
    table: dict[tuple[str, str], dict[float, tuple[float, float | None, float | None]]] = {}
    for row in rows(path, _TABLE, _COLUMNS):
        points = table.setdefault((row.text("sector"), row.text("region")), {})
        depth, fraction = row.number("depth_m", 0), row.number("fraction", 0, 1)
        low, high = (row.number(n, 0, 1) if row.text(n) else None for n in ("fraction_low", "fraction_high"))
        points[depth] = (fraction, low, high)
    regions = sorted({name for _, name in table})
    if region not in regions:
        raise AnalysisError(f"there are no damage curves for {region!r}; there are {', '.join(regions)}")
    return {sector: _curve(table, sector, region) for sector in dict.fromkeys(s for s, _ in table)}


def _curve(
    table: Mapping[tuple[str, str], Mapping[float, tuple[float, float | None, float | None]]],
    sector: str,
    region: str,
) -> Curve:
    of_sector = {name: points for (s, name), points in table.items() if s == sector}
    depth = np.array(sorted({d for points in of_sector.values() for d in points}))
    all_regions = np.stack([_along(points, depth) for points in of_sector.values()])
    own = of_sector.get(region)
    if own is None:
        note = f"no {sector} curve for {region}: the mean of {', '.join(of_sector)}"
        return Curve(depth, all_regions.mean(axis=0), all_regions.min(axis=0), all_regions.max(axis=0), note)
    central = _along(own, depth)
    if all(low is not None and high is not None for _, low, high in own.values()):
        at = sorted(own)
        low, high = (np.interp(depth, at, [float(own[d][k] or 0.0) for d in at]) for k in (1, 2))
        return Curve(depth, central, low, high)
    return Curve(depth, central, all_regions.min(axis=0), all_regions.max(axis=0))


def _along(points: Mapping[float, tuple[float, float | None, float | None]], depth: Float64) -> Float64:
    at = sorted(points)
    return np.interp(depth, at, [points[d][0] for d in at])
