"""What photovoltaic modules on roofs and facades would yield, building by building.

PVWatts, version 5 (Dobos 2014, doi:10.2172/1158421), with pvlib: light through glass, cell temperature (King
et al. 2004, SAND2004-3535), power by irradiance and temperature, losses, inverter. The light is that of
`irradiance.hourly`: each module point has its own skyline, so shade moves over the modules hour by hour.

Limits. Modules of a surface are taken to work independently: a shaded one does not pull down its string. Rows
on flat roofs do not shade one another here; the general loss of 3 % for shading in PVWatts' losses stands for
that. The cell's temperature follows the light that passes the glass.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from analysis.errors import AnalysisError
from analysis.progress import Progress, part
from analysis.sun.power.cover import glass
from analysis.sun.power.irradiation import hourly, notes_of, periods
from analysis.sun.power.roofs import RoofRules, surfaces_of, usable_roof
from analysis.sun.scene import Float32, Float64, Kind, SunScene, Surfaces
from analysis.sun.targets import Targets

if TYPE_CHECKING:
    import pandas as pd

    from analysis.weather import Weather

LOSSES = 14.0757
"""[%] PVWatts' default: soiling 2, shading 3, mismatch 2, wiring 2, connections 0.5, light-induced
degradation 1.5, nameplate 1, availability 3 (Dobos 2014), as their product."""
_STANDARD = 1000.0
"""Irradiance of a module's rating [W/m²], IEC 60904-3."""
_BATCH = 2000
"""Surfaces at a time: 8,760 hours of one take 35 kB, several times."""
_CALM, _MILD = 1.0, 20.0
"""Wind [m/s] and air [°C] where the weather does not know them."""


@dataclass(frozen=True, kw_only=True)
class Modules:
    """efficiency: of the module at its rating [1]. temperature: change of power by degree [1/°C]. losses: [%]
    all but glass, temperature and inverter. dc_ac: rating of the modules over that of the inverter [1].
    inverter: its nominal efficiency [1].

    coverage: area of modules over usable area [1] where they lie on the surface; flat_coverage: on flat
    roofs, in rows tilted by `tilt` [degrees] to the equator. flat_below: slope [degrees] of a flat roof.

    Efficiency and temperature are PVWatts' premium module (Dobos 2014, table 3), dc_ac its default since
    version 6; coverages and tilt are assumptions.
    """

    efficiency: float = 0.19
    temperature: float = -0.0035
    losses: float = LOSSES
    dc_ac: float = 1.2
    inverter: float = 0.96
    coverage: float = 0.9
    flat_coverage: float = 0.5
    tilt: float = 30.0
    flat_below: float = 10.0

    def __post_init__(self) -> None:
        for name, low, high in (
            ("efficiency", 0.0, 1.0),
            ("losses", 0.0, 100.0),
            ("inverter", 0.0, 1.0),
            ("coverage", 0.0, 1.0),
            ("flat_coverage", 0.0, 1.0),
            ("tilt", 0.0, 90.0),
        ):
            value = getattr(self, name)
            if not low <= value <= high:
                raise AnalysisError(f"{name} of the modules must be from {low:g} to {high:g}, not {value:g}")
        if self.dc_ac <= 0:
            raise AnalysisError(f"dc_ac of the modules must be above 0, not {self.dc_ac:g}")


@dataclass(frozen=True)
class Potential:
    """table: a row for each building that has modules, see `UNITS` for its columns. monthly: (buildings, p)
    float64 yield [kWh] in each of `periods`. hours: (intervals of the weather, buildings) float32 power [W],
    where it was asked for. notes: what a reader of results ought to know."""

    table: pd.DataFrame
    periods: list[str]
    monthly: Float64
    hours: Float32 | None
    notes: list[str] = field(default_factory=list)


UNITS = {
    "surface_area": "m2",
    "usable_area": "m2",
    "module_area": "m2",
    "capacity": "kW",
    "yield": "kW.h",
    "yield_without_shade": "kW.h",
    "shading_loss": "1",
    "specific_yield": "kW.h/kW",
}
"""Columns of numbers in a potential's table. yield: of the weather's time, a year if it is one, after the
inverter. yield_without_shade: if nothing stood in the way. shading_loss: what neighbours and the building
itself take."""


def roof_potential(
    scene: SunScene,
    weather: Weather,
    targets: Targets,
    *,
    rules: RoofRules | None = None,
    modules: Modules | None = None,
    engine: str = "auto",
    keep_hours: bool = False,
    progress: Progress | None = None,
) -> Potential:
    """Modules on all usable roofs among the targets. Raises AnalysisError for a scene without surfaces."""
    modules = modules or Modules()
    rules = rules or RoofRules(flat_below=modules.flat_below)
    usable = usable_roof(scene, targets, rules, part(progress, 0.0, 0.2)).area
    told = part(progress, 0.2, 1.0)
    return _potential(scene, weather, targets, Kind.ROOF, usable, modules, engine, keep_hours, told)


def facade_potential(
    scene: SunScene,
    weather: Weather,
    targets: Targets,
    *,
    share: float = 0.5,
    modules: Modules | None = None,
    engine: str = "auto",
    keep_hours: bool = False,
    progress: Progress | None = None,
) -> Potential:
    """Modules on facades (BIPV). share: of a facade that they cover, the rest being windows and doors [1].
    Raises AnalysisError for a scene without surfaces or a share that is none."""
    if not 0.0 <= share <= 1.0:
        raise AnalysisError(f"the share of facades for modules must be from 0 to 1, not {share:g}")
    surfaces = surfaces_of(scene)
    facade = np.where(_of_kind(surfaces, targets, Kind.FACADE), targets.area, 0.0)
    modules = replace(modules or Modules(), coverage=share)
    return _potential(scene, weather, targets, Kind.FACADE, facade, modules, engine, keep_hours, progress)


def roof_capacity(roof_area: npt.ArrayLike, use: float = 0.6, efficiency: float = 0.15) -> Float64:
    """[kW] of modules on roofs of some areas [m²] in a plan, where only the share of the roof that is used
    and the modules' efficiency are known."""
    return np.asarray(np.asarray(roof_area, float) * use * efficiency * _STANDARD / 1000.0)


@dataclass(frozen=True)
class _Arrays:
    """Modules surface by surface, g of them sorted by building. building: (g,) int64 of each. usable,
    module_area: (g,) [m²]. normals: (g, 3) of the modules. capacity: (g,) [W]. mounting: (3, g) of the cell's
    temperature, King et al. 2004. point: (n,) targets of all surfaces, group: (n,) their surface,
    weight: (n,) their share of its area."""

    building: npt.NDArray[np.int64]
    usable: Float64
    module_area: Float64
    normals: Float64
    capacity: Float64
    mounting: Float64
    point: npt.NDArray[np.int64]
    group: npt.NDArray[np.int64]
    weight: Float64

    def part(self, first: int, last: int) -> _Arrays:
        """Those from first to before last."""
        inside = (self.group >= first) & (self.group < last)
        return _Arrays(
            self.building[first:last],
            self.usable[first:last],
            self.module_area[first:last],
            self.normals[first:last],
            self.capacity[first:last],
            self.mounting[:, first:last],
            self.point[inside],
            self.group[inside] - first,
            self.weight[inside],
        )


def _arrays(scene: SunScene, targets: Targets, usable: Float64, modules: Modules, kind: Kind) -> _Arrays:
    from pvlib.temperature import TEMPERATURE_MODEL_PARAMETERS

    surfaces = surfaces_of(scene)
    point = np.flatnonzero((usable > 0) & (surfaces.building[targets.surface] >= 0))
    found = np.unique(targets.surface[point])
    found = found[np.argsort(surfaces.building[found], kind="stable")]
    number = np.zeros(len(surfaces), np.int64)
    number[found] = np.arange(len(found))
    group = number[targets.surface[point]]
    area = np.bincount(group, usable[point], minlength=len(found)).astype(np.float64)
    normals = surfaces.normals[found].copy()
    flat = (normals[:, 2] > np.cos(np.radians(modules.flat_below))) & (kind == Kind.ROOF)
    normals[flat] = _tilted(scene, modules.tilt)
    module_area = area * np.where(flat, modules.flat_coverage, modules.coverage)
    sapm = TEMPERATURE_MODEL_PARAMETERS["sapm"]
    on = "insulated_back_glass_polymer" if kind == Kind.FACADE else "close_mount_glass_glass"
    mounts = np.array(
        [[sapm[name][k] for name in (on, "open_rack_glass_polymer")] for k in ("a", "b", "deltaT")]
    )
    return _Arrays(
        surfaces.building[found].astype(np.int64),
        area,
        module_area,
        normals,
        module_area * modules.efficiency * _STANDARD,
        mounts[:, flat.astype(int)],
        point,
        group,
        usable[point] / area[group],
    )


def _tilted(scene: SunScene, tilt: float) -> Float64:
    """The normal of a module that is tilted to the equator, in the grid's frame."""
    turn, lean = np.radians(scene.place.convergence), np.radians(tilt)
    side = -np.sin(lean) if scene.place.latitude >= 0 else np.sin(lean)
    return np.array([-np.sin(turn) * side, np.cos(turn) * side, np.cos(lean)])


def _potential(
    scene: SunScene,
    weather: Weather,
    targets: Targets,
    kind: Kind,
    usable: Float64,
    modules: Modules,
    engine: str,
    keep_hours: bool,
    progress: Progress | None,
) -> Potential:
    """usable: (n,) area of each target that modules can lie on [m²]."""
    arrays = _arrays(scene, targets, usable, modules, kind)
    buildings, first = np.unique(arrays.building, return_index=True)
    first = np.append(first, len(arrays.building))
    names, number = periods(weather, "month")
    monthly = np.zeros((len(buildings), len(names)))
    without = np.zeros(len(buildings))
    hours = np.zeros((len(weather), len(buildings)), np.float32) if keep_hours else None
    kilowatt_hours = weather.hours / 1000.0
    for a, b in _batches(first):
        told = part(progress, a / len(buildings), b / len(buildings), "modules")
        own, starts = arrays.part(int(first[a]), int(first[b])), first[a:b] - first[a]
        on, facing = targets.some(own.point), own.normals[own.group]
        told(0.0)
        light = hourly(
            scene,
            weather,
            on,
            groups=own.group,
            weight=own.weight,
            facing=facing,
            engine=engine,
            cover=glass(),
            progress=part(told, 0.0, 0.8),
        )
        told(0.8)
        power = _power(weather, light, own, starts, modules)
        told(0.9)
        one_each = on.some(np.unique(own.group, return_index=True)[1])
        free = hourly(scene, weather, one_each, facing=own.normals, obstructed=False, cover=glass())
        unshaded = _power(weather, free, own, starts, modules)
        without[a:b] = unshaded.sum(axis=0, dtype=np.float64) * kilowatt_hours
        for p in range(len(names)):
            monthly[a:b, p] = power[number == p].sum(axis=0, dtype=np.float64) * kilowatt_hours
        if hours is not None:
            hours[:, a:b] = power
    table = _table(scene, targets, kind, arrays, buildings, first, monthly.sum(axis=1), without)
    return Potential(table, names, monthly, hours, [*notes_of(scene, weather), *_gaps(weather)])


def _table(
    scene: SunScene,
    targets: Targets,
    kind: Kind,
    arrays: _Arrays,
    buildings: npt.NDArray[np.int64],
    first: npt.NDArray[np.int64],
    gained: Float64,
    without: Float64,
) -> pd.DataFrame:
    """A row for each building, see `UNITS`. gained, without: (buildings,) yields [kWh]."""
    import pandas as pd

    surfaces = surfaces_of(scene)
    usable, module_area, capacity = (
        np.add.reduceat(v, first[:-1]) if len(buildings) else np.zeros(0)
        for v in (arrays.usable, arrays.module_area, arrays.capacity / 1000.0)
    )
    whole = _of_kind(surfaces, targets, kind) & (surfaces.building[targets.surface] >= 0)
    area = np.bincount(
        surfaces.building[targets.surface[whole]], targets.area[whole], minlength=len(surfaces.buildings)
    )
    return pd.DataFrame(
        {
            "building": [surfaces.buildings[i] for i in buildings],
            "surface_area": area[buildings],
            "usable_area": usable,
            "module_area": module_area,
            "capacity": capacity,
            "yield": gained,
            "yield_without_shade": without,
            "shading_loss": 1.0 - gained / np.where(without > 0, without, np.inf),
            "specific_yield": gained / np.where(capacity > 0, capacity, np.inf),
        }
    )


def _of_kind(surfaces: Surfaces, targets: Targets, kind: Kind) -> npt.NDArray[np.bool_]:
    """(n,) whether each target lies on a surface of a kind."""
    result: npt.NDArray[np.bool_] = (targets.surface >= 0) & (surfaces.kind[targets.surface] == kind)
    return result


def _batches(first: npt.NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Ranges of buildings with at most so many surfaces, or a single one. first: see `_potential`."""
    a = 0
    while a < len(first) - 1:
        b = max(a + 1, int(np.searchsorted(first, first[a] + _BATCH, "right")) - 1)
        yield a, b
        a = b


def _power(
    weather: Weather, light: Float32, arrays: _Arrays, starts: npt.NDArray[np.int64], modules: Modules
) -> Float32:
    """(intervals, buildings) AC power [W] of modules under (intervals, surfaces) light [W/m²]."""
    from pvlib.inverter import pvwatts
    from pvlib.pvsystem import pvwatts_dc
    from pvlib.temperature import sapm_cell

    air = np.where(np.isnan(weather.temp_air), _MILD, weather.temp_air)[:, None].astype(np.float32)
    wind = np.where(np.isnan(weather.wind_speed), _CALM, weather.wind_speed)[:, None].astype(np.float32)
    cell = sapm_cell(light, air, wind, *arrays.mounting.astype(np.float32))
    direct = pvwatts_dc(light, cell, arrays.capacity.astype(np.float32), modules.temperature)
    summed = np.add.reduceat(direct, starts, axis=1) * (1.0 - modules.losses / 100.0)
    rating = np.add.reduceat(arrays.capacity, starts) / modules.dc_ac
    power: Float32 = pvwatts(summed, rating / modules.inverter, modules.inverter).astype(np.float32)
    return power


def _gaps(weather: Weather) -> list[str]:
    """Notes on what of the air is not known."""
    return [
        f"{what} is not known in {int(np.isnan(values).sum())} intervals; {taken} was taken"
        for what, values, taken in (
            ("air temperature", weather.temp_air, f"{_MILD:g} °C"),
            ("wind speed", weather.wind_speed, f"{_CALM:g} m/s"),
        )
        if np.isnan(values).any()
    ]
