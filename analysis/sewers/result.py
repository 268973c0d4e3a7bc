"""What a coupled run knows of its sewers afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from analysis.sewers.swmm import RoutingTotals

if TYPE_CHECKING:
    import xarray as xr

Float64 = npt.NDArray[np.float64]


@dataclass(frozen=True)
class ExchangeBalance:
    """Volumes between surface and sewers [m³].

    up, down: what the surface got and gave, both positive. taken, given: what SWMM took from its nodes for
    the surface and what it was given, by SWMM's own way of summing (the mean of the flows at both ends of
    each routing step). waiting: left the surface and not yet given to SWMM; negative if SWMM owes water.
    """

    up: float
    down: float
    taken: float
    given: float
    waiting: float

    @property
    def error(self) -> float:
        """What got lost between the two [m³]."""
        return (self.down - self.up) - (self.given - self.taken) - self.waiting


@dataclass(frozen=True)
class SewerResult:
    """series: dataset over `time` [s]. By `node`: head, depth [m], above_rim (the level, negative below it)
    [m], surcharge (over the highest crown) [m], exchange (mean since the time before, up positive) [m³/s],
    flooding (lost at nodes that are not coupled) [m³/s]. By `link`: flow [m³/s], link_depth [m], fill (share
    of the full depth, NaN where the file does not tell it).

    node_exchange: volume that came up by coupled node [m³]. routing: SWMM's books. excluded: nodes left out,
    with the reason.
    """

    series: xr.Dataset
    exchange: ExchangeBalance
    routing: RoutingTotals
    node_exchange: dict[str, float]
    excluded: dict[str, str]

    def mass_error(self, surface_error: float = 0.0) -> float:
        """Share of all water in the sewers that the coupled system made or lost in numerics [-].

        surface_error: [m³], `FloodResult.balance.error`. SWMM's own error is in it.
        """
        seen = self.routing.initial + self.routing.inflow + self.exchange.up + self.exchange.down
        total = abs(surface_error) + abs(self.exchange.error) + abs(self.routing.error)
        return total / seen if seen else 0.0


class Recorder:
    """Collects states over time and makes the dataset."""

    def __init__(self) -> None:
        self._time: list[float] = []
        self._kept: dict[str, list[Float64]] = {}

    def add(self, time: float, **values: Float64) -> None:
        """time: [s]; the same names each time."""
        self._time.append(time)
        for name, value in values.items():
            self._kept.setdefault(name, []).append(value)

    @property
    def last(self) -> float:
        """Time of the last state [s]."""
        return self._time[-1] if self._time else -np.inf

    def dataset(self, nodes: list[str], links: list[str], described: dict[str, tuple[str, str, str]]) -> Any:
        """described: name → (dimension, unit, long name)."""
        import xarray as xr

        variables = {}
        for name in self._kept:
            dimension, unit, title = described[name]
            attributes = {"units": unit, "long_name": title}
            variables[name] = (("time", dimension), np.array(self._kept[name]), attributes)
        seconds = ("time", np.array(self._time), {"units": "s", "long_name": "time from the start"})
        return xr.Dataset(variables, {"time": seconds, "node": nodes, "link": links})
