"""What counts of buildings, before a retrofit and after: energy by need and carrier, CO₂, bill, own power.

`Evaluate` is how zones come by these figures; `analysis.energy.retrofit.evaluate` makes one of a weather and
factors of carriers, and whoever has computed a city already may give its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from analysis.energy.systems import Carrier
from analysis.energy.zones import Float64, Zones
from analysis.errors import AnalysisError

Bool: TypeAlias = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Figures:
    """Of b buildings in a year, (b,) each.

    need: by `NEEDS` [kWh] of useful energy. final: by carrier [kWh] that the building uses, own production
    not taken off. primary: [kWh] of it; graded: of the uses that grades count. co2: [kg]; bill: [currency],
    what the own production saves taken off, NaN where prices are not known. produced: electricity of own
    modules [kWh]; produced_primary: [kWh]. capacity: of the modules [kW]. heating_peak, cooling_peak: [kW].
    overheating: [h]. monthly: by `NEEDS` (b, 12) [kWh], empty where nobody asked for it.
    """

    need: Mapping[str, Float64]
    final: Mapping[Carrier, Float64]
    primary: Float64
    graded: Float64
    co2: Float64
    bill: Float64
    produced: Float64
    produced_primary: Float64
    capacity: Float64
    heating_peak: Float64
    cooling_peak: Float64
    overheating: Float64
    monthly: Mapping[str, Float64] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.primary)

    @property
    def final_total(self) -> Float64:
        """(b,) [kWh] of all carriers together."""
        return np.asarray(sum(self.final.values(), np.zeros(len(self))))

    @property
    def self_sufficiency(self) -> Float64:
        """(b,) produced primary energy over that of the graded uses [1]; NaN where none is used."""
        nothing = np.full(len(self), np.nan)
        return np.asarray(np.divide(self.produced_primary, self.graded, out=nothing, where=self.graded > 0))

    def some(self, rows: Any) -> Figures:
        """Those of some buildings, chosen as rows of an array are."""
        return self._each(lambda values: values[rows])

    def together(self) -> Figures:
        """The sums over all buildings, (1,) each; the peaks are sums of peaks, overheating is the mean."""
        summed = self._each(lambda values: values.sum(axis=0, keepdims=True))
        mean = self.overheating.mean(keepdims=True) if len(self) else self.overheating
        return Figures(**{**_held(summed), "overheating": mean})

    def _each(self, change: Callable[[Float64], Float64]) -> Figures:
        changed: dict[str, Any] = {}
        for name, value in _held(self).items():
            many = isinstance(value, Mapping)
            changed[name] = {k: change(v) for k, v in value.items()} if many else change(value)
        return Figures(**changed)


def _held(figures: Figures) -> dict[str, Any]:
    return {f.name: getattr(figures, f.name) for f in fields(figures)}


def joined(parts: Sequence[Figures]) -> Figures:
    """The buildings of several figures, one after another; a carrier that one of them lacks is 0 there."""
    made: dict[str, Any] = {}
    for f in fields(Figures):
        values = [getattr(part, f.name) for part in parts]
        if isinstance(values[0], Mapping):
            keys = list(dict.fromkeys(key for value in values for key in value))
            made[f.name] = {
                key: np.concatenate(
                    [v.get(key, np.zeros(len(p))) for v, p in zip(values, parts, strict=True)]
                )
                for key in keys
            }
        else:
            made[f.name] = np.concatenate(values)
    return Figures(**made)


Evaluate: TypeAlias = Callable[[Zones, Bool], Figures]
"""The figures of the buildings of zones, in the order in which buildings first come; (z,) says which zones
are of buildings that have the modules of a `pv` measure."""


def building_numbers(zones: Zones) -> tuple[list[str], npt.NDArray[np.int64]]:
    """(ids of buildings in the order in which they first come, (z,) number of each zone's)."""
    names = list(dict.fromkeys(zones.building))
    place = {name: k for k, name in enumerate(names)}
    return names, np.array([place[name] for name in zones.building], np.int64)


def copies(zones: Zones, count: int) -> Zones:
    """The zones count times over, one copy after the other, as zones of other buildings. Raises
    AnalysisError where there is no zone."""
    z = len(zones)
    if not z:
        raise AnalysisError("there is no building to put measures on")
    all_of = zones.some(np.tile(np.arange(z), count))
    marks: Sequence[str] = [f"\x1f{n}" for n in range(count) for _ in range(z)]
    return replace(
        all_of,
        ids=[id + mark for id, mark in zip(all_of.ids, marks, strict=True)],
        building=[id + mark for id, mark in zip(all_of.building, marks, strict=True)],
    )
