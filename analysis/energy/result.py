"""What a simulation of energy needs answers for: need by use and month, peaks, temperatures, balance."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from analysis.energy.zones import Float32, Float64, Zones

if TYPE_CHECKING:
    import pandas as pd

NEEDS = ("heating", "cooling", "hot_water", "lighting", "appliances", "fans")
"""What energy is needed for."""


@dataclass(frozen=True, kw_only=True)
class EnergyResult:
    """Of z zones over n intervals.

    times: (n,) middles of the intervals; step: their length [s]. monthly: by each of `NEEDS`, (z, 12) [kWh]
    of useful heat, cold or electricity. heating_peak, cooling_peak: (z,) the greatest mean of an hour [W].
    unmet: (z,) hours in which a set point is missed by more than 0.5 K. overheating: (z,) occupied hours
    above `overheating_limit` [°C]. balance_error: (z,) greatest share of an interval's heat flows that is
    unaccounted for. heating, cooling: (z, n) float32 [W], both positive; temperature: (z, n) float32,
    operative [°C]; air: (z, n) float32 [°C]; None where they were not asked to be kept.
    """

    method: str
    zones: Zones
    times: pd.DatetimeIndex
    step: float
    monthly: dict[str, Float64]
    heating_peak: Float64
    cooling_peak: Float64
    unmet: Float64
    overheating: Float64
    balance_error: Float64
    overheating_limit: float
    heating: Float32 | None = None
    cooling: Float32 | None = None
    temperature: Float32 | None = None
    notes: list[str] = field(default_factory=list)
    air: Float32 | None = None

    def yearly(self, need: str) -> Float64:
        """(z,) [kWh] of one of `NEEDS`."""
        total: Float64 = self.monthly[need].sum(axis=1)
        return total
