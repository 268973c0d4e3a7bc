"""Load by the hour of the district, of each use and of each block: added up as portions are computed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt

from analysis.energy.supply.exchange import add_by_group
from analysis.energy.zones import Float64, Int32

if TYPE_CHECKING:
    import pandas as pd

SERIES = ("heating", "cooling", "electricity", "pv", "net")
"""Useful heat and cold, electricity used, photovoltaic power; what meters show, below 0 to the grid."""
CELLS = "fuel_cell"
"""Electricity of fuel cells, a series of runs that have them."""
DISTRICT = "district"
MOST_BLOCKS = 1000
"""More blocks than this have no series of their own, for the sake of memory."""
Numbers: TypeAlias = npt.NDArray[np.floating]


class GroupLoads:
    """Sums [W] over groups. A group's name is "district", "use:" with a use or "block:" with a block."""

    def __init__(
        self,
        uses: list[str],
        blocks: list[str],
        use: Int32,
        block: Int32,
        count: int,
        series: Sequence[str] = SERIES,
    ) -> None:
        """use, block: (b,) of each building. count: of intervals."""
        self.kept = blocks if len(blocks) <= MOST_BLOCKS else []
        self.names = [*(f"use:{name}" for name in uses), *(f"block:{name}" for name in self.kept)]
        self.use, self.block = use, block
        self.first_block = len(uses)
        self.sums = {name: np.zeros((len(self.names), count), np.float32) for name in series}

    def add(self, buildings: Int32, series: Mapping[str, Numbers]) -> None:
        """series: by the name of each (k, n) of the buildings with these numbers [W]."""
        for name, values in series.items():
            add_by_group(values, self.use[buildings], self.sums[name])
            if self.kept:
                add_by_group(values, self.first_block + self.block[buildings], self.sums[name])

    def of(self, name: str, group: str = DISTRICT) -> Float64:
        """(n,) [kW] of a group."""
        sums = self.sums[name]
        if group == DISTRICT:
            total: Float64 = sums[: self.first_block].sum(axis=0, dtype=np.float64)
        else:
            total = sums[self.names.index(group)].astype(np.float64)
        return total / 1000.0

    def table(self, times: pd.DatetimeIndex) -> pd.DataFrame:
        """A row for each group and interval: group, time (its middle), and the series [kW]."""
        import pandas as pd

        names = [DISTRICT, *self.names]
        count = len(times)
        columns = {
            name: np.concatenate([self.of(name).astype(np.float32), (self.sums[name] / 1000.0).ravel()])
            for name in self.sums
        }
        groups = pd.Categorical.from_codes(np.repeat(np.arange(len(names)), count), pd.Index(names))
        index = pd.DatetimeIndex(np.tile(times.tz_convert("UTC").to_numpy(), len(names)), tz="UTC")
        return pd.DataFrame({"group": groups, "time": index, **columns})
