"""Heat stores, and solar collectors or other sources that fill them.

A collector gives by EN ISO 9806 (steady state, per gross area)

    q = max(0, η0 · G − a1 (ϑm − ϑa) − a2 (ϑm − ϑa)²),  G = Kb(θ) · beam + Kd · diffuse

with ϑm half its temperature rise above the store. The store is one volume of water at one temperature ϑ, and
hot water is drawn from it through a mixing valve, what it is too cold for being made by something else:

    C dϑ/dt = A q − ṁc (min(ϑ, ϑset) − ϑcold) − UA (ϑ − ϑroom),  ṁc = demand / (ϑset − ϑcold)

Parts of an interval of at most ten minutes are taken one after the other; what is gained, drawn and lost adds
up to the change of the store's heat exactly. A store that is full stops the collectors.

Limits. A store that is layered gives some percent more. The pump's electricity is left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from analysis.energy.supply.arrays import per_building, series
from analysis.energy.supply.kernels import kernel
from analysis.energy.supply.pv import Arrays, building_names, light_on, roof_arrays
from analysis.energy.zones import Float32, Float64, Zones
from analysis.errors import AnalysisError
from analysis.sun.power.cover import Cover

if TYPE_CHECKING:
    from analysis.weather import Weather

_WATER = 4.18e6
"""Heat capacity of water [J/(m³ K)] at 20 to 60 °C."""
_PART = 600.0
"""Longest part of an interval [s]."""
_BATCH = 200
"""Planes of collectors at a time."""
_ANGLES = (0.0, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0, 90.0)


@dataclass(frozen=True, kw_only=True)
class Collector:
    """Per gross area. eta0: at no temperature difference, under sun and sky [1]. a1 [W/(m² K)], a2
    [W/(m² K²)]. modifier: Kb at 0, 10, ... 90 degrees of incidence; diffuse: Kd. rise: of the fluid's mean
    over the store [K].

    The figures are those of a flat plate collector with a Solar Keymark (TÜV Rheinland, report 21246009.001
    of 2019-02-18); the rise is an assumption.
    """

    eta0: float = 0.739
    a1: float = 3.27
    a2: float = 0.016
    modifier: tuple[float, ...] = (1.0, 1.0, 0.98, 0.96, 0.93, 0.86, 0.75, 0.52, 0.26, 0.0)
    diffuse: float = 0.91
    rise: float = 5.0

    def __post_init__(self) -> None:
        if not 0 < self.eta0 <= 1 or self.a1 < 0 or self.a2 < 0 or len(self.modifier) != len(_ANGLES):
            raise AnalysisError(
                "a collector needs an eta0 from 0 to 1, a1 and a2 of at least 0, and ten modifiers"
                " of incidence"
            )

    def output(self, irradiance: npt.ArrayLike, difference: npt.ArrayLike) -> Float64:
        """[W/m²] under irradiance [W/m²] with the fluid warmer than the air by a difference [K]."""
        above = np.asarray(difference, float)
        found = self.eta0 * np.asarray(irradiance, float) - self.a1 * above - self.a2 * above * np.abs(above)
        return np.asarray(np.maximum(0.0, found))

    def light(self, planes: Arrays, weather: Weather) -> Float32:
        """(p, n) irradiance of planes [W/m²] as the collector takes it, its modifiers of incidence applied;
        eta0 being that under 85 % beam, the light is divided by what its test had."""
        cosine = np.cos(np.radians(_ANGLES))[::-1]
        beam = np.interp(np.linspace(0.0, 1.0, 256), cosine, self.modifier[::-1]).astype(np.float32)
        even = np.full(37, self.diffuse)
        tested = 0.85 + 0.15 * self.diffuse
        return light_on(planes, weather, cover=Cover(beam, even, even, even)) / np.float32(tested)


def roof_collectors(
    zones: Zones, weather: Weather, roof_use: float, collector: Collector | None = None
) -> tuple[Float64, Float32]:
    """((b,) area of collectors on the roofs of zones [m²], (b, n) light on them as `Collector.light` gives it
    [W/m²]), by the buildings in the order in which they first come. roof_use: share of each roof that is free
    for them [1]; they lie as modules do, see `roof_arrays`."""
    own, count = collector or Collector(), len(building_names(zones))
    planes = roof_arrays(zones, roof_use=roof_use)
    area = np.bincount(planes.building, planes.area, count).astype(np.float64)
    light = np.zeros((count, len(weather)), np.float32)
    for start in range(0, len(planes), _BATCH):
        some = planes.some(slice(start, start + _BATCH))
        weight = (some.area / area[some.building]).astype(np.float32)
        np.add.at(light, some.building, own.light(some, weather) * weight[:, None])
    return area, light


@dataclass(frozen=True, kw_only=True)
class HeatStore:
    """volume: (b,) or one for all [m³]. loss: UA [W/K]; None: what the European energy label's class C
    allows, (16.66 + 8.33 V^0.4) W over 45 K with V in litres (Regulation (EU) 812/2013). hottest [°C]: where
    collectors stop; room: around it; start: temperature at the beginning, the cold water's where None."""

    volume: npt.ArrayLike
    loss: npt.ArrayLike | None = None
    hottest: float = 90.0
    room: float = 20.0
    start: float | None = None

    def losses(self, count: int) -> Float64:
        """(b,) [W/K]."""
        if self.loss is not None:
            return per_building("the loss of heat stores", self.loss, count)
        litres = 1000.0 * per_building("the volume of heat stores", self.volume, count)
        return np.asarray((16.66 + 8.33 * litres**0.4) / 45.0)


@dataclass(frozen=True)
class StoredHeat:
    """Of b buildings in n intervals, (b, n) means [W]. gained: from the source into the store; delivered:
    from it to where heat is wanted; backup: made by something else; lost: through the store's walls.
    temperature: of the store at the end of each [°C]. stored: heat in it at the end, above the start [J]."""

    gained: Float64
    delivered: Float64
    backup: Float64
    lost: Float64
    temperature: Float64
    stored: Float64

    @property
    def fraction(self) -> Float64:
        """(b,) share of the demand that comes from the store [1], NaN without demand."""
        wanted = (self.delivered + self.backup).sum(axis=1)
        sun = self.delivered.sum(axis=1)
        return np.asarray(np.divide(sun, wanted, out=np.full(len(wanted), np.nan), where=wanted > 0))


def solar_heat(
    light: npt.ArrayLike,
    air: npt.ArrayLike,
    demand: npt.ArrayLike,
    *,
    area: npt.ArrayLike,
    store: HeatStore,
    collector: Collector | None = None,
    set_temperature: float = 60.0,
    cold_temperature: float = 10.0,
    step: float = 3600.0,
) -> StoredHeat:
    """Collectors of an area (b,) [m²] with a store, and hot water drawn from it. light: (b, n) as
    `Collector.light` gives it [W/m²]. air: (n,) outside [°C]. demand: (b, n) heat at the tap [W], hot at
    set_temperature and cold at cold_temperature [°C]. Raises AnalysisError for what does not fit."""
    own = collector or Collector()
    shine, outside = np.atleast_2d(np.asarray(light, np.float64)), np.asarray(air, np.float64)
    if outside.shape != shine.shape[1:] or not np.isfinite(outside).all():
        raise AnalysisError(f"the air needs {shine.shape[1]} temperatures that are all known")
    size = per_building("the area of collectors", area, len(shine))
    gains = (own.eta0, own.a1, own.a2, own.rise)
    return _stored(shine, outside, demand, size, gains, store, set_temperature, cold_temperature, step)


def stored_heat(
    source: npt.ArrayLike,
    demand: npt.ArrayLike,
    *,
    store: HeatStore,
    set_temperature: float = 60.0,
    cold_temperature: float = 10.0,
    step: float = 3600.0,
) -> StoredHeat:
    """Heat of any source (b, n) [W], such as fuel cells or a heat pump that runs on surplus, through a store.
    A full store takes no more: what is not `gained` is let go. The rest as in `solar_heat`."""
    given = series("the heat of the source", source)
    mild, one = np.zeros(given.shape[1]), np.ones(len(given))
    bare = (1.0, 0.0, 0.0, 0.0)
    return _stored(given, mild, demand, one, bare, store, set_temperature, cold_temperature, step)


def _stored(
    light: Float64,
    air: Float64,
    demand: npt.ArrayLike,
    area: Float64,
    gains: tuple[float, float, float, float],
    store: HeatStore,
    set_temperature: float,
    cold_temperature: float,
    step: float,
) -> StoredHeat:
    """gains: eta0, a1, a2 and rise of a `Collector`."""
    drawn = series("the demand for heat", demand)
    shine = series("the light on collectors", light, drawn)
    count = len(drawn)
    if set_temperature <= cold_temperature or store.hottest < set_temperature:
        raise AnalysisError("the store must get hotter than the wanted water, and that than cold water")
    volume = per_building("the volume of heat stores", store.volume, count)
    if not (volume > 0).all():
        raise AnalysisError("a heat store must have a volume")
    gained, delivered, lost, temperature = (np.zeros(drawn.shape) for _ in range(4))
    start = cold_temperature if store.start is None else store.start
    levels = (set_temperature, cold_temperature, store.hottest, store.room, start)
    parts = max(1, int(np.ceil(step / _PART)))
    out = (gained, delivered, lost, temperature)
    _store(shine, air, drawn, area, volume * _WATER, store.losses(count), gains, levels, step, parts, *out)
    stored = (temperature[:, -1] - start) * volume * _WATER
    return StoredHeat(gained, delivered, drawn - delivered, lost, temperature, stored)


@kernel
def _store(
    light: Any,
    air: Any,
    demand: Any,
    area: Any,
    capacity: Any,
    loss: Any,
    collector: Any,
    levels: Any,
    step: float,
    parts: int,
    gained: Any,
    delivered: Any,
    lost: Any,
    temperature: Any,
) -> None:
    """See the module. capacity: [J/K]; collector: eta0, a1, a2, rise; levels: set, cold, hottest, room and
    start temperatures [°C]."""
    eta0, a1, a2, rise = collector
    hot, cold, hottest, room, start = levels
    seconds = step / parts
    for b in range(light.shape[0]):
        now = start
        for t in range(light.shape[1]):
            for _ in range(parts):
                out = loss[b] * (now - room)
                given = demand[b, t] * (min(now, hot) - cold) / (hot - cold)
                given = max(0.0, min(given, capacity[b] * (now - cold) / seconds - max(out, 0.0)))
                above = now + rise - air[t]
                gain = area[b] * max(0.0, eta0 * light[b, t] - a1 * above - a2 * above * abs(above))
                gain = max(0.0, min(gain, given + out + capacity[b] * (hottest - now) / seconds))
                now += (gain - given - out) * seconds / capacity[b]
                gained[b, t] += gain / parts
                delivered[b, t] += given / parts
                lost[b, t] += out / parts
            temperature[b, t] = now
