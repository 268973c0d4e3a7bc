"""Irradiation of a study's roofs and facades over a year of weather, and what modules on them would yield."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from analysis.sun.scene import Float32, Kind

if TYPE_CHECKING:
    import pandas as pd

    from analysis.progress import Progress
    from analysis.sun.power.pv import Potential
    from analysis.sun.run.study import CityStudy
    from analysis.weather import Weather

_PARTS = ("roof", "facade")


@dataclass
class Power:
    """irradiation: (n,) [kWh/m²] at the study's points over the weather's time. monthly: of all roofs and of
    all facades, by month [kWh]. potentials: of `_PARTS`."""

    irradiation: Float32
    months: list[str]
    monthly: dict[str, list[float]]
    potentials: dict[str, Potential]
    weather: Weather
    notes: list[str] = field(default_factory=list)

    def joined(self, table: pd.DataFrame, units: dict[str, str]) -> tuple[pd.DataFrame, dict[str, str]]:
        """The table of buildings (column `id`) with the columns of both potentials, `pv_roof_` and
        `pv_facade_` before their names; 0 where there is no room for modules."""
        from analysis.sun.power.pv import UNITS

        for part, potential in self.potentials.items():
            names = {name: f"pv_{part}_{name}" for name in UNITS}
            own = potential.table.rename(columns={"building": "id", **names})
            table = table.merge(own[["id", *names.values()]], on="id", how="left")
            table = table.fillna(dict.fromkeys(names.values(), 0.0))
            units = units | {names[name]: unit for name, unit in UNITS.items()}
        return table, units

    @property
    def summary(self) -> dict[str, Any]:
        """Of the district: capacity, yield and losses by part, and irradiation by month."""
        times = self.weather.times
        made: dict[str, Any] = {
            "weather": self.weather.source,
            "first": times[0].isoformat(),
            "last": times[-1].isoformat(),
            "months": self.months,
        }
        for part, potential in self.potentials.items():
            table = potential.table
            capacity, yielded = float(table["capacity"].sum()), float(table["yield"].sum())
            free = float(table["yield_without_shade"].sum())
            made[part] = {
                "buildings": len(table),
                "surface_area": float(table["surface_area"].sum()),
                "usable_area": float(table["usable_area"].sum()),
                "capacity": capacity,
                "yield": yielded,
                "specific_yield": yielded / capacity if capacity else 0.0,
                "shading_loss": 1.0 - yielded / free if free else 0.0,
                "monthly_yield": potential.monthly.sum(axis=0).tolist(),
                "monthly_irradiation": self.monthly[part],
            }
        return made

    units: ClassVar[dict[str, str]] = {
        "surface_area": "m2", "usable_area": "m2", "capacity": "kW", "yield": "kW.h", "shading_loss": "1",
        "specific_yield": "kW.h/kW", "monthly_yield": "kW.h", "monthly_irradiation": "kW.h",
    }  # fmt: skip


def power_of(
    study: CityStudy,
    weather: Weather,
    efficiency: float,
    losses: float,
    setback: float,
    progress: Progress,
) -> Power:
    """The study's points under a weather.

    efficiency [1], losses [%] and setback [m] as in `pv.Modules` and `roofs.RoofRules`.
    """
    from analysis.progress import part
    from analysis.sun.power.irradiation import irradiance
    from analysis.sun.power.pv import Modules, facade_potential, roof_potential
    from analysis.sun.power.roofs import RoofRules

    scene, points = study.subject, study.points
    assert scene.surfaces is not None
    roof = scene.surfaces.kind[points.surface] == Kind.ROOF
    found = irradiance(scene, weather, points, engine=study.sky_engine, progress=part(progress, 0.0, 0.5))
    sums = {
        name: (points.area[members] @ found.onto[members]).tolist()
        for name, members in zip(_PARTS, (roof, ~roof), strict=True)
    }
    modules = Modules(efficiency=efficiency, losses=losses)
    rules, engine = RoofRules(setback=setback), study.sky_engine
    on_roofs = roof_potential(
        scene,
        weather,
        points,
        rules=rules,
        modules=modules,
        engine=engine,
        progress=part(progress, 0.5, 0.75),
    )
    on_facades = facade_potential(
        scene, weather, points, modules=modules, engine=engine, progress=part(progress, 0.75, 1.0)
    )
    return Power(
        found.total.astype(np.float32),
        found.periods,
        sums,
        {"roof": on_roofs, "facade": on_facades},
        weather,
        list(dict.fromkeys([*on_roofs.notes, *on_facades.notes])),
    )
