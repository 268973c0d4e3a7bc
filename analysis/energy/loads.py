"""The power that zones' systems draw, by carrier and need: by month, and by the hour for some zones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from analysis.energy.heat_pumps import Sources, cooling_cop, heating_cop
from analysis.energy.problem import standard_time
from analysis.energy.result import NEEDS, EnergyResult
from analysis.energy.systems import Carrier, HeatSource, Plant
from analysis.energy.uses import Use, by_month
from analysis.energy.zones import Float32, Float64

if TYPE_CHECKING:
    from analysis.weather import Weather

AUXILIARY = "auxiliary"
_ELECTRIC = ("lighting", "appliances", "fans")
_PLANTS = ("heating", "cooling", "hot_water")
_HEATING_BELOW, _COOLING_ABOVE = 15.0, 18.0
"""[°C] Base temperatures of the degree hours that weigh heat pumps where no hours are kept: heating limit of
VDI 3807-1:2013 (15 °C); of cooling, ASHRAE's 18.3 °C rounded."""
_CHUNK = 256
"""Zones whose hours are worked on at once."""

Indices = npt.NDArray[np.int64]


class Loads:
    """Of a result, under the weather it was made with. sources: as in `delivered`."""

    def __init__(
        self,
        result: EnergyResult,
        weather: Weather,
        sources: Mapping[HeatSource, Float64] | None = None,
    ) -> None:
        self.result = result
        standard = standard_time(result.times)
        self.month = np.asarray(standard.month - 1, np.int64)
        self.week_hour = np.asarray(standard.day_of_week * 24 + standard.hour, np.int64)
        self.hours = result.step / 3600.0
        known = Sources.of(weather, sources)
        self.sources = _at(known, weather, result)
        self._cop: dict[tuple[Plant, str], Float64] = {}
        self.notes: list[str] = []
        if any(p is not None and p.source is HeatSource.RIVER for p in self._plants()):
            self.notes += known.notes
        self.hourly = result.heating is not None and result.cooling is not None
        if not self.hourly and any(p is not None and p.source for p in self._plants()):
            self.notes.append("heat pumps are weighed by degree hours, for the result keeps no hours")

    def monthly(self, need: str) -> Iterator[tuple[Carrier, Indices, Float64]]:
        """(carrier, zones, (zones, 12) [kWh]) of final energy for a need."""
        if need in _ELECTRIC:
            every = np.arange(len(self.result.zones))
            yield Carrier.ELECTRICITY, every, self.result.monthly[need]
        elif need == AUXILIARY:
            yield from self._auxiliary()
        else:
            for plant, rows in self._groups(need):
                if plant is not None:
                    wanted = self.result.monthly[need][rows]
                    yield plant.carrier, rows, wanted * self._per_need(plant, need, rows)

    def unserved(self) -> dict[str, Float64]:
        """By need, (z,) [kWh] of zones without a plant for it; needs of which there is none are left out."""
        found = {}
        for need in _PLANTS:
            without = np.zeros(len(self.result.zones))
            for plant, rows in self._groups(need):
                if plant is None:
                    without[rows] = self.result.monthly[need][rows].sum(axis=1)
            if without.any():
                found[need] = without
        return found

    def power(
        self, zones: Sequence[int] | Indices | None = None, only: Carrier | None = None
    ) -> dict[Carrier, Float32]:
        """By carrier, (zones, n) [W] at the result's intervals. zones: which; only: of which carrier; None:
        all. Raises ValueError for a result that keeps no hours."""
        rows = np.arange(len(self.result.zones)) if zones is None else np.asarray(zones, np.int64)
        found: dict[Carrier, Float32] = {}
        for carrier, where, power in self._parts(rows, only):
            whole = found.setdefault(carrier, np.zeros((len(rows), len(self.month)), np.float32))
            whole[where] += power
        return found

    def total(self, zones: Sequence[int] | Indices | None = None) -> dict[Carrier, Float64]:
        """By carrier, (n,) [W] of zones together, in little memory; zones: which, None for all."""
        rows = np.arange(len(self.result.zones)) if zones is None else np.asarray(zones, np.int64)
        found: dict[Carrier, Float64] = {}
        for start in range(0, len(rows), _CHUNK):
            for carrier, _, power in self._parts(rows[start : start + _CHUNK]):
                whole = found.setdefault(carrier, np.zeros(len(self.month)))
                whole += power.sum(axis=0, dtype=np.float64)
        return found

    def needs(self, zones: Sequence[int] | Indices | None = None) -> dict[str, Float32]:
        """By need, (zones, n) [W] of useful heat, cold or electricity."""
        rows = np.arange(len(self.result.zones)) if zones is None else np.asarray(zones, np.int64)
        return {need: self._need(need, rows) for need in NEEDS}

    def _parts(
        self, rows: Indices, only: Carrier | None = None
    ) -> Iterator[tuple[Carrier, Indices, Float32]]:
        """(carrier, places in rows, power) one after another."""
        everywhere = np.arange(len(rows))
        electric = only in (None, Carrier.ELECTRICITY)
        for need in _ELECTRIC if electric else ():
            yield Carrier.ELECTRICITY, everywhere, self._need(need, rows)
        for need in _PLANTS:
            power = self._need(need, rows)
            for plant, group in self._groups(need, rows):
                if plant is not None and only in (None, plant.carrier):
                    per = 1.0 / self._cop_of(plant, need) if plant.source else 1.0 / plant.efficiency
                    yield plant.carrier, group, (power[group] * per).astype(np.float32)
        if not electric:
            return
        heats, cools = (self._served(need)[rows, None] for need in ("heating", "cooling"))
        running = heats & (self._need("heating", rows) > 0) | cools & (self._need("cooling", rows) > 0)
        yield (
            Carrier.ELECTRICITY,
            everywhere,
            (running * self._auxiliary_power()[rows, None]).astype(np.float32),
        )

    def _need(self, need: str, rows: Indices) -> Float32:
        """(rows, n) [W]. Of what the week decides, its shape, with the result's sums of the months."""
        kept = {"heating": self.result.heating, "cooling": self.result.cooling}
        if need in kept:
            power = kept[need]
            if power is None:
                raise ValueError("the result keeps no hours: simulate with hourly=True")
            return power[rows]
        zones = self.result.zones
        shapes = self._hours_of([self._week(need, use) for use in zones.uses])
        sums = np.stack([np.bincount(self.month, s, 12) for s in shapes]) * self.hours
        of = zones.use[rows]
        wanted = self.result.monthly[need][rows] * 1000.0
        scale = np.divide(wanted, sums[of], out=np.zeros_like(wanted), where=sums[of] > 0)
        power_of_week: Float32 = shapes.astype(np.float32)[of]
        power_of_week *= scale.astype(np.float32)[:, self.month]
        return power_of_week

    def _week(self, need: str, use: Use) -> Float64:
        week: Float64 = use.ventilation if need == "fans" else getattr(use, need)
        return week

    def _hours_of(self, weeks: Sequence[Float64]) -> Float64:
        """(uses, n) of what weeks have in each interval."""
        return np.array([by_month(week)[self.month, self.week_hour] for week in weeks])

    def _per_need(self, plant: Plant, need: str, rows: Indices) -> Float64:
        """(rows, 12) energy of the carrier per useful energy [1], or (12,)."""
        if not plant.source:
            return np.full(12, 1.0 / plant.efficiency)
        per = 1.0 / self._cop_of(plant, need)
        if need == "hot_water":
            return self._by_use(per, rows)
        power = self.result.heating if need == "heating" else self.result.cooling
        if power is None:
            air = self.sources.air
            degrees = _HEATING_BELOW - air if need == "heating" else air - _COOLING_ABOVE
            of_all: Float64 = self._mean(per, np.maximum(degrees, 1e-3)[None])[0]
            return of_all
        return np.concatenate(
            [self._mean(per, power[rows[k : k + _CHUNK]]) for k in range(0, len(rows), _CHUNK)]
        )

    def _by_use(self, per: Float64, rows: Indices) -> Float64:
        uses = self.result.zones.use[rows]
        weeks = self._hours_of([use.hot_water for use in self.result.zones.uses])
        means: Float64 = self._mean(per, weeks)[uses]
        return means

    def _mean(self, per: Float64, weights: Float64 | Float32) -> Float64:
        """(rows, 12) means of a series (n,) by month, weighed; the plain mean where nothing weighs."""
        means = np.empty((len(weights), 12))
        for month in range(12):
            at = np.flatnonzero(self.month == month)
            if not len(at):
                means[:, month] = 0.0
                continue
            part = weights[:, at].astype(np.float64)
            total = part.sum(axis=1)
            weighed = np.divide(part @ per[at], total, out=np.zeros_like(total), where=total > 0)
            means[:, month] = np.where(total > 0, weighed, per[at].mean())
        return means

    def _auxiliary(self) -> Iterator[tuple[Carrier, Indices, Float64]]:
        every = np.arange(len(self.result.zones))
        power = self._auxiliary_power()
        heating, cooling = self.result.heating, self.result.cooling
        heats, cools = (self._served(need)[:, None] for need in ("heating", "cooling"))
        monthly = self.result.monthly
        in_month = heats & (monthly["heating"] > 0) | cools & (monthly["cooling"] > 0)
        running = np.zeros((len(every), 12))
        for month in range(12):
            at = np.flatnonzero(self.month == month)
            if heating is None or cooling is None:
                running[:, month] = in_month[:, month] * len(at)
            else:
                running[:, month] = (heats & (heating[:, at] > 0) | cools & (cooling[:, at] > 0)).sum(axis=1)
        yield Carrier.ELECTRICITY, every, power[:, None] * running * self.hours / 1000.0

    def _served(self, need: str) -> npt.NDArray[np.bool_]:
        """(z,) whether a zone has a plant for a need."""
        zones = self.result.zones
        return np.array([getattr(system, need) is not None for system in zones.systems], bool)[zones.system]

    def _auxiliary_power(self) -> Float64:
        """(z,) [W] while a zone is heated or cooled."""
        zones = self.result.zones
        per_area = np.array([system.auxiliary for system in zones.systems])
        power: Float64 = per_area[zones.system] * zones.floor_area
        return power

    def _cop_of(self, plant: Plant, need: str) -> Float64:
        key = (plant, need)
        if key not in self._cop:
            cop = cooling_cop if need == "cooling" else heating_cop
            self._cop[key] = cop(plant, self.sources)
        return self._cop[key]

    def _groups(self, need: str, rows: Indices | None = None) -> Iterator[tuple[Plant | None, Indices]]:
        """(plant, places in rows) of each plant for a need that zones have."""
        zones = self.result.zones
        system = zones.system if rows is None else zones.system[rows]
        plants = [getattr(s, need) for s in zones.systems]
        for plant in dict.fromkeys(plants):
            same = [k for k, p in enumerate(plants) if p == plant]
            found = np.flatnonzero(np.isin(system, same))
            if len(found):
                yield plant, found

    def _plants(self) -> Iterator[Plant | None]:
        for system in self.result.zones.systems:
            yield from (system.heating, system.cooling, system.hot_water)


def _at(known: Sources, weather: Weather, result: EnergyResult) -> Sources:
    """The sources at the result's intervals, which may be finer than the weather's."""
    wanted, there = _seconds(result), _seconds(weather)
    if np.array_equal(wanted, there):
        return known
    air, ground, river = (np.interp(wanted, there, v) for v in (known.air, known.ground, known.river))
    return Sources(air, ground, river, known.notes)


def _seconds(of: Weather | EnergyResult) -> Float64:
    return of.times.tz_convert("UTC").tz_localize(None).to_numpy("datetime64[s]").astype(np.float64)
