"""Photovoltaic power by building and hour: from the sun's scene, from roofs alone, or from a plan's figures.

`pv_of` takes what `analysis.sun.power.pv` has found on the real roofs of a scene. Where there is no scene, or
an answer is wanted in milliseconds, `pv_of_zones` puts modules on the roofs of zones: the same sky (Perez et
al. 1990), glass, cell temperature and inverter (PVWatts, Dobos 2014, doi:10.2172/1158421), shaded by the
skyline of each roof. `plan_modules` are those of a city plan: 15 % of the light, on 60 % of a roof.

Limits. A roof is one plane with one skyline. What stands on it is not known, so `roof_use` says how much of
it is free. Rows on flat roofs do not shade one another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.energy.supply.arrays import energy
from analysis.energy.zones import Boundary, Float32, Float64, Int32, Part, Zones
from analysis.errors import AnalysisError
from analysis.progress import Progress, part
from analysis.sun.power.cover import CLEAR, Cover, glass
from analysis.sun.power.diffuse import diffuse_hours
from analysis.sun.power.irradiation import REFLECTANCE
from analysis.sun.power.pv import Modules, Potential
from analysis.sun.power.sky import sky, view_factors
from analysis.sun.power.sums import beam_hours
from analysis.sun.power.surroundings import OPEN, Views, steps

if TYPE_CHECKING:
    from analysis.weather import Weather

_STANDARD = 1000.0
"""Irradiance of a module's rating [W/m²], IEC 60904-3."""
_CALM, _MILD = 1.0, 20.0
"""Wind [m/s] and air [°C] where the weather does not know them, as in `analysis.sun.power.pv`."""
_STEEPEST = 60.0
"""Slope of roofs that take modules [degrees], as in `analysis.sun.power.roofs`."""
_BATCH = 200
"""Planes at a time."""
ROOF_USE = 0.6
"""Of a roof that modules can lie on, where nothing is known of what stands there: the plan of 2019-09."""


@dataclass(frozen=True, kw_only=True)
class Arrays:
    """p planes of modules, each of a building. building: (p,) int32. area: (p,) of modules [m²]. azimuth,
    tilt: (p,) [degrees] of the modules. open_rack: (p,) bool, whether air flows behind them. horizon: (p, d)
    float32 skyline [degrees] at equal steps from north; None in the open. sky_share: (p,) light of an even
    sky over that of the open one, where no skyline is known."""

    building: Int32
    area: Float64
    azimuth: Float64
    tilt: Float64
    open_rack: np.ndarray[tuple[int], np.dtype[np.bool_]]
    horizon: Float32 | None = None
    sky_share: Float64 | None = None

    def __len__(self) -> int:
        return len(self.building)

    def some(self, which: slice) -> Arrays:
        """Those planes."""
        return Arrays(
            building=self.building[which],
            area=self.area[which],
            azimuth=self.azimuth[which],
            tilt=self.tilt[which],
            open_rack=self.open_rack[which],
            horizon=None if self.horizon is None else self.horizon[which],
            sky_share=None if self.sky_share is None else self.sky_share[which],
        )


@dataclass(frozen=True)
class Pv:
    """Of b buildings in n intervals. power: (b, n) float32, after the inverter [W]. capacity: (b,) of the
    modules [kW]. area: (b,) of the modules [m²]. hours: length of an interval [h]."""

    power: Float32
    capacity: Float64
    area: Float64
    hours: float

    @property
    def energy(self) -> Float64:
        """(b,) [kWh]."""
        return energy(self.power.astype(np.float64), self.hours)


def plan_modules() -> tuple[Modules, float]:
    """(modules, share of the roof) of the pilot city's plan of 2019-09: 15 % of the light, 60 % of a roof."""
    return Modules(efficiency=0.15, coverage=1.0, flat_coverage=1.0), ROOF_USE


def pv_of(potential: Potential, buildings: Sequence[str], hours: float = 1.0) -> Pv:
    """The power of a scene's roofs or facades for buildings in this order; 0 for those without modules.
    hours: length of an interval [h]. Raises AnalysisError for a potential whose hours were not kept."""
    if potential.hours is None:
        raise AnalysisError("the potential has no hours; ask for it with keep_hours=True")
    place = {name: i for i, name in enumerate(potential.table["building"])}
    found = [(i, place[name]) for i, name in enumerate(buildings) if name in place]
    power = np.zeros((len(buildings), len(potential.hours)), np.float32)
    capacity, area = np.zeros(len(buildings)), np.zeros(len(buildings))
    if found:
        here, there = (list(v) for v in zip(*found, strict=True))
        power[here] = potential.hours[:, there].T
        capacity[here] = potential.table["capacity"].to_numpy()[there]
        area[here] = potential.table["module_area"].to_numpy()[there]
    return Pv(power, capacity, area, hours)


def roof_arrays(
    zones: Zones, *, modules: Modules | None = None, roof_use: float = ROOF_USE, least_area: float = 10.0
) -> Arrays:
    """Modules on the roofs of zones, of the building that each zone belongs to, in the order of
    `building_names`. roof_use: share of a roof that is free for them [1]. Flat roofs get rows tilted to the
    equator; sloped ones are used up to 60°, steeper than 10° not within 45° of the pole's side, and from
    least_area [m²] on, as in `analysis.sun.power.roofs`. Raises AnalysisError for a share that is none."""
    if not 0 <= roof_use <= 1:
        raise AnalysisError(f"the share of roofs in use must be from 0 to 1, not {roof_use:g}")
    chosen = modules or Modules()
    e, north = zones.elements, zones.place.latitude >= 0
    flat = e.tilt < chosen.flat_below
    away = np.abs((e.azimuth - (0.0 if north else 180.0) + 180.0) % 360.0 - 180.0)
    roof = (e.part == Part.ROOF) & (e.boundary == Boundary.OUTSIDE) & (e.area >= least_area)
    some = np.flatnonzero(roof & (e.tilt <= _STEEPEST) & (flat | (away > 45.0)))
    numbers = {name: i for i, name in enumerate(building_names(zones))}
    of_zone = np.array([numbers[name] for name in zones.building], np.int32)
    owner = np.repeat(of_zone, np.diff(zones.first))[some]
    flat, lean = flat[some], np.cos(np.radians(e.tilt[some]))
    return Arrays(
        building=owner.astype(np.int32),
        area=e.area[some] * roof_use * np.where(flat, chosen.flat_coverage, chosen.coverage),
        azimuth=np.where(flat, 180.0 if north else 0.0, e.azimuth[some]),
        tilt=np.where(flat, chosen.tilt, e.tilt[some]),
        open_rack=flat,
        horizon=None if e.horizon is None else e.horizon[some],
        sky_share=np.clip(e.sky_view[some] / (0.5 * (1.0 + lean)), 0.0, 1.0) if e.horizon is None else None,
    )


def building_names(zones: Zones) -> list[str]:
    """The buildings of zones, in the order in which they first come."""
    return list(dict.fromkeys(zones.building))


def pv_of_zones(
    zones: Zones,
    weather: Weather,
    *,
    modules: Modules | None = None,
    roof_use: float = ROOF_USE,
    progress: Progress | None = None,
) -> Pv:
    """The power of modules on the roofs of zones, by `building_names`. See `roof_arrays`."""
    arrays = roof_arrays(zones, modules=modules, roof_use=roof_use)
    return pv_of_arrays(arrays, weather, len(set(zones.building)), modules=modules, progress=progress)


def pv_of_arrays(
    arrays: Arrays,
    weather: Weather,
    count: int,
    *,
    modules: Modules | None = None,
    progress: Progress | None = None,
) -> Pv:
    """The power of some planes of modules, added up by building. count: of buildings. Memory: 4 bytes for
    each building and interval, and 200 planes at a time."""
    chosen = modules or Modules()
    told = part(progress, 0.0, 1.0, "photovoltaics")
    rated = arrays.area * chosen.efficiency * _STANDARD
    capacity = np.bincount(arrays.building, rated, minlength=count).astype(np.float64)
    power = np.zeros((count, len(weather)), np.float32)
    for start in range(0, len(arrays), _BATCH):
        told(start / len(arrays))
        some = slice(start, start + _BATCH)
        own = arrays.some(some)
        light = light_on(own, weather, cover=glass())
        np.add.at(power, own.building, _direct_current(light, weather, own, rated[some], chosen))
    _to_alternating(power, capacity / chosen.dc_ac, chosen)
    area = np.bincount(arrays.building, arrays.area, minlength=count).astype(np.float64)
    return Pv(power, capacity / _STANDARD, area, weather.hours)


def light_on(arrays: Arrays, weather: Weather, *, cover: Cover = CLEAR) -> Float32:
    """(p, n) float32 irradiance of planes [W/m²], past their skylines. cover: what the light passes first,
    such as the glass of modules."""
    light = sky(weather)
    lean, turn = np.radians(arrays.tilt), np.radians(arrays.azimuth)
    normals = np.column_stack(
        [np.sin(lean) * np.sin(turn), np.sin(lean) * np.cos(turn), np.cos(lean)]
    ).astype(np.float32)
    p = len(arrays)
    skylines = np.zeros((p, 1), np.float32) if arrays.horizon is None else arrays.horizon
    seen = view_factors(normals, skylines, 0.0) if skylines.shape[1] > 1 else _open_view(normals)
    if arrays.sky_share is not None:
        seen = seen * arrays.sky_share[:, None].astype(np.float32)
    ground = 0.5 * (1.0 - normals[:, 2])
    hidden = np.maximum(0.0, 1.0 - ground - seen[:, 0])
    views = Views(skylines, seen[:, 0], seen[:, 1], ground, hidden, np.zeros(p, np.int32))
    one, each = np.ones(p), np.arange(p)
    before, share = steps(light.azimuth, skylines.shape[1])
    hours = beam_hours(
        normals,
        np.ascontiguousarray(skylines, np.float32),
        one.astype(np.float32),
        np.arange(p + 1),
        np.ascontiguousarray(light.direction.T),
        light.direct,
        before,
        share,
        light.elevation,
        cover.beam,
    )
    hours += diffuse_hours(light, OPEN, views, normals, each, one, p, cover, REFLECTANCE)
    every = np.zeros((p, len(weather)), np.float32)
    every[:, light.index] = hours
    return every


def _open_view(normals: Float32) -> Float32:
    """(p, 2) view factors of the sky and of its band along the horizon with nothing in the way."""
    up = normals[:, 2]
    return np.column_stack([0.5 * (1.0 + up), np.sqrt(np.maximum(0.0, 1.0 - up * up))]).astype(np.float32)


def _direct_current(
    light: Float32, weather: Weather, arrays: Arrays, rated: Float64, modules: Modules
) -> Float32:
    """(p, n) [W] of modules under light (p, n), all losses but the inverter's taken off."""
    from pvlib.pvsystem import pvwatts_dc
    from pvlib.temperature import TEMPERATURE_MODEL_PARAMETERS, sapm_cell

    sapm = TEMPERATURE_MODEL_PARAMETERS["sapm"]
    kinds = ("close_mount_glass_glass", "open_rack_glass_polymer")
    mounting = np.array([[sapm[kind][k] for kind in kinds] for k in ("a", "b", "deltaT")], np.float32)
    own = mounting[:, arrays.open_rack.astype(int)][:, :, None]
    air = np.where(np.isnan(weather.temp_air), _MILD, weather.temp_air).astype(np.float32)
    wind = np.where(np.isnan(weather.wind_speed), _CALM, weather.wind_speed).astype(np.float32)
    cell = sapm_cell(light, air, wind, own[0], own[1], own[2])
    power = pvwatts_dc(light, cell, rated[:, None].astype(np.float32), modules.temperature)
    found: Float32 = (power * np.float32(1.0 - modules.losses / 100.0)).astype(np.float32)
    return found


def _to_alternating(power: Float32, rating: Float64, modules: Modules) -> None:
    """Turn direct into alternating current, in place. rating: (b,) of the inverters [W]."""
    from pvlib.inverter import pvwatts

    for b in np.flatnonzero(rating > 0):
        power[b] = pvwatts(power[b], rating[b] / modules.inverter, modules.inverter)
