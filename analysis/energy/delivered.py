"""What is bought for the needs of buildings: final energy by carrier, primary energy, CO₂, cost, and power by
the hour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from analysis.energy.factors import Factors, factors_of
from analysis.energy.loads import AUXILIARY, Loads
from analysis.energy.result import NEEDS, EnergyResult
from analysis.energy.systems import Carrier, HeatSource
from analysis.energy.zones import Float64

if TYPE_CHECKING:
    from analysis.weather import Weather

__all__ = ["AUXILIARY", "Delivered", "Loads", "delivered"]


@dataclass(frozen=True, kw_only=True)
class Delivered:
    """Final energy of z zones. final: by carrier and need (one of `NEEDS`, or `auxiliary`: pumps and
    controls), (z, 12) [kWh]; carriers and needs of which nothing is bought are left out. unserved: by need,
    (z,) [kWh] of need for which a building has no plant. notes: what a reader ought to know."""

    final: Mapping[Carrier, Mapping[str, Float64]]
    factors: Factors
    zones: int
    unserved: Mapping[str, Float64] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def of(self, carrier: Carrier | None = None, need: str | None = None) -> Float64:
        """(z, 12) [kWh] of a carrier or all, for a need or all."""
        total = np.zeros((self.zones, 12))
        for bought, needs in self.final.items():
            for name, energy in needs.items():
                if carrier in (None, bought) and need in (None, name):
                    total += energy
        return total

    @property
    def primary(self) -> Float64:
        """(z,) primary energy [kWh/a]; NaN of zones that use a carrier of unknown factor."""
        return self._weighed("primary")

    @property
    def co2(self) -> Float64:
        """(z,) CO₂ [kg/a]; NaN of zones that use a carrier of unknown factor."""
        return self._weighed("co2")

    @property
    def cost(self) -> Float64:
        """(z,) of energy alone, in `factors.currency` of `factors.price_year`; NaN of zones that use a
        carrier of unknown price."""
        return self._weighed("price")

    def lacking(self, what: str) -> list[Carrier]:
        """Carriers in use of which `primary`, `co2` or `price` is unknown."""
        return [c for c in self.final if getattr(self.factors.of(c), what) is None and self.of(c).any()]

    def _weighed(self, what: str) -> Float64:
        total = np.zeros(self.zones)
        for carrier in self.final:
            factor: float | None = getattr(self.factors.of(carrier), what)
            used = self.of(carrier).sum(axis=1)
            total += np.where(used > 0, used * (np.nan if factor is None else factor), 0.0)
        return total


def delivered(
    result: EnergyResult,
    weather: Weather,
    factors: Factors | None = None,
    *,
    sources: Mapping[HeatSource, Float64] | None = None,
) -> Delivered:
    """What the zones' systems buy for the needs of a result under the weather it was made with.

    factors: None for the built-in ones of the place's country. sources: temperatures of ground or river at
    the weather's intervals [°C], instead of modelled ones. Where the result holds no hours, heat pumps are
    weighed by degree hours and auxiliaries run through the months with need; a note says so.
    """
    loads = Loads(result, weather, sources)
    factors = factors or factors_of(_country(result))
    final: dict[Carrier, dict[str, Float64]] = {}
    z = len(result.zones)
    for need in (*NEEDS, AUXILIARY):
        for carrier, rows, energy in loads.monthly(need):
            whole = final.setdefault(carrier, {}).setdefault(need, np.zeros((z, 12)))
            whole[rows] += energy
    kept = {c: {n: e for n, e in needs.items() if e.any()} for c, needs in final.items()}
    made = Delivered(
        final={carrier: needs for carrier, needs in kept.items() if needs},
        factors=factors,
        zones=z,
        unserved=loads.unserved(),
        notes=[*loads.notes],
    )
    for what, words in (("primary", "primary energy factor"), ("co2", "CO₂ factor"), ("price", "price")):
        lacking = made.lacking(what)
        if lacking:
            names = ", ".join(lacking)
            made.notes.append(
                f"no {words} of {names} in {factors.country}: not counted for zones that use it"
            )
    return made


def _country(result: EnergyResult) -> str:
    from analysis.energy.archetypes.book import read_book
    from analysis.energy.archetypes.choose import region_of

    return region_of(result.zones.place, read_book()).country
