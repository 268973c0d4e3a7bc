"""The model `flood`: rain and streams over the city's ground and between its buildings, and what it costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.contract import Model, Result
from analysis.errors import AnalysisError
from analysis.flood.cost import flood_cost
from analysis.flood.declared import OUTPUTS, PARAMETERS
from analysis.warning.declared import PASSABLE

if TYPE_CHECKING:
    from analysis.context import Context
    from analysis.damage.city import CityDamage
    from analysis.flood.result import FloodResult
    from analysis.scene import FloodScene
    from analysis.sewers.coupling import Sewers
    from analysis.warning.area import Area
    from analysis.warning.levels import Levels
    from twin.observations.store import Observations

_MINUTE = 60.0


def run(
    context: Context,
    *,
    area: Sequence[float] | None,
    cell_size: float,
    duration: float,
    rain: float,
    rain_duration: float,
    rain_source: str,
    rain_file: Path | None,
    sewers: Path | None,
    stream_rise: float,
    scheme: str,
    edges: str,
    buildings: str,
    losses: str,
    soil: str,
    interval: float,
    precision: str,
    sill: float,
    country: str,
    levels: Sequence[float],
    basin_area: float,
) -> Mapping[str, Result]:
    """See docs/flood.md. Raises AnalysisError for inputs that cannot be used."""
    from analysis.flood.inputs import CurveNumber, GreenAmpt
    from analysis.flood.simulate import simulate
    from analysis.flood.water import write_water
    from analysis.scene import flood_scene, plane_of
    from analysis.scene.edges import around, risen
    from analysis.scene.grid import degree_bounds
    from analysis.sewers.network import write_layer
    from analysis.warning.area import area_of
    from analysis.warning.outcome import levels_of
    from twin.observations.connections import DATABASE
    from twin.observations.store import open_observations
    from twin.store import open_city

    seconds = duration * _MINUTE
    steps = levels_of(levels)
    with ExitStack() as stack:
        city = stack.enter_context(open_city(context.city_folder))
        observations: Observations | None = None
        if (context.city_folder / DATABASE).exists():
            observations = stack.enter_context(open_observations(context.city_folder))
        context.progress(0.0, "reading the ground and what stands on it")
        bounds = None if area is None else degree_bounds(plane_of(city), area)
        scene = flood_scene(city, cell_size, bounds, holes="fill", observations=observations)
        drainage = (
            None
            if sewers is None
            else stack.enter_context(_sewers(scene, sewers, rain_source, seconds, interval))
        )
        if drainage is None and rain_source == "inp":
            raise AnalysisError("rain of the .inp file needs sewers")
        rainfall, said = _rain(scene, observations, rain_source, rain_file, rain, rain_duration, seconds)
        infiltration: CurveNumber | GreenAmpt | None = None
        if losses == "curve-number":
            infiltration = scene.curve_number(soil)  # type: ignore[arg-type]
        elif losses == "green-ampt":
            infiltration = scene.green_ampt()
        result = simulate(
            scene.elevation,
            scene.cell_size,
            seconds,
            scheme=scheme,  # type: ignore[arg-type]
            manning=scene.manning,
            rainfall=rainfall,
            boundaries=risen(around(scene, edges), stream_rise),  # type: ignore[arg-type]
            initial_depth=scene.initial_depth(),
            buildings=scene.built(buildings),  # type: ignore[arg-type]
            infiltration=infiltration,
            drainage=drainage,
            output_interval=interval * _MINUTE,
            dtype=precision,  # type: ignore[arg-type]
            progress=context.span(0.1, 0.85),
        )
        context.progress(0.86, "damage")
        damage = _damage(city, scene, result, country, sill, buildings)
        context.progress(0.93, "writing")
        results = _rasters(context, scene, result)
        results["water"] = write_water(context, scene, result)
        if drainage is not None:
            place = scene.plane.target or scene.plane.source
            to_globe = None if place is None else place.to_geographic
            layer = write_layer(context.folder, drainage.network, drainage.finish(), to_globe)
            results["sewers"] = context.file("sewers", layer.name)
            said += [f"node {name} is left out: {why}" for name, why in drainage.excluded.items()]
        results |= _tables(context, scene, result, damage, [*scene.notes, *said])
        warned = area_of(city, scene, blocked=buildings == "blocked", basin_area=basin_area)
        results |= _warnings(context, warned, result, damage, steps)
    return results


def _sewers(scene: FloodScene, path: Path, rain_source: str, seconds: float, interval: float) -> Sewers:
    """Storm drains, coupled at their nodes. Raises AnalysisError also when it would rain twice."""
    from analysis.sewers import inp
    from analysis.sewers.coupling import Sewers

    if rain_source != "inp" and inp.read(path).table("RAINGAGES"):
        raise AnalysisError(
            f"{path.name} brings rain of its own to its subcatchments: set rain_source to inp, or take its"
            " RAINGAGES and SUBCATCHMENTS out so that the rain falls on the ground alone"
        )
    return Sewers(
        path,
        duration=seconds,
        transform=scene.transform,
        shape=scene.grid.shape,
        crs=scene.crs,
        grid_crs=scene.crs,
        outside="exclude",
        output_interval=interval * _MINUTE,
    )


def _rain(
    scene: FloodScene,
    observations: Observations | None,
    source: str,
    file: Path | None,
    intensity: float,
    minutes: float,
    seconds: float,
) -> tuple[Any, list[str]]:
    """What `simulate` takes as rainfall, and what is to be said of it."""
    from analysis.flood.inputs import MM_PER_HOUR, Rainfall
    from analysis.scene import rain_from_file, rain_from_sensors
    from analysis.scene.rain import latest_rain

    if source == "inp":
        return None, []
    if source == "file":
        if file is None:
            raise AnalysisError("rain from a file needs rain_file")
        found = rain_from_file(file, scene.grid)
        return found.rainfall, [f"rain: {found.source}", *found.notes]
    if source == "sensors":
        if observations is None:
            raise AnalysisError("the city has no readings, so no rain of sensors")
        latest = latest_rain(observations)
        found = rain_from_sensors(observations, latest - int(seconds * 1e6), latest, gaps="fill")
        return found.rainfall, [f"rain: {found.source}", *found.notes]
    until = min(minutes * _MINUTE, seconds)
    return Rainfall([0.0, until], [intensity / MM_PER_HOUR]), []


def _damage(
    city: Any, scene: FloodScene, result: FloodResult, country: str, sill: float, method: str
) -> CityDamage:
    from analysis import damage
    from analysis.damage.city import Exposed

    base = damage.construction_costs(country)
    return damage.city_damage(
        city,
        Exposed.read(city, scene.grid, scene.plane),
        np.asarray(result.max_depth, np.float32),
        costs=base,
        curves=damage.damage_curves(base.region),
        uses=damage.use_table(),
        vulnerability=damage.Vulnerability(threshold=sill),
        blocked=method == "blocked",
    )


def _rasters(context: Context, scene: FloodScene, result: FloodResult) -> dict[str, Result]:
    grids = {
        "depth_max": result.max_depth,
        "speed_max": result.max_speed,
        "hazard_max": result.max_hazard,
        "arrival": np.where(np.isfinite(result.arrival), result.arrival, np.nan),
        "duration": result.duration,
    }
    made = {
        name: context.raster(name, np.asarray(array, np.float32), scene.transform, crs=scene.crs)
        for name, array in grids.items()
    }
    frames = [(s.time, np.asarray(s.depth, np.float32)) for s in result.snapshots]
    return made | {"depth": context.rasters("depth", frames, scene.transform, crs=scene.crs)}


def _tables(
    context: Context, scene: FloodScene, result: FloodResult, found: CityDamage, notes: list[str]
) -> dict[str, Result]:
    from analysis import damage

    assessment = found.assessment
    table, blocks = assessment.buildings, assessment.blocks.reset_index()
    wet = np.asarray(result.max_depth) >= 0.05
    wet &= scene.initial_depth() <= 0
    balance = result.balance
    summary = {
        "scheme": result.scheme,
        "cells": int(result.max_depth.size),
        "cell_size": scene.cell_size,
        "seconds": round(result.seconds, 2),
        "steps": result.steps,
        "max_depth": float(result.max_depth[wet].max()) if wet.any() else 0.0,
        "flooded_area": float(wet.sum()) * scene.cell_size**2,
        "rain_volume": balance.rain,
        "infiltration_volume": balance.infiltration,
        "boundary_volume": balance.boundary,
        "mass_error": result.mass_error,
        "damage": damage.summary(assessment),
        "roads_cut": int(found.roads["cut"].sum()),
        "by_block": blocks[["block", "buildings_flooded", "depth", "damage"]].to_dict("records"),
        "notes": [*notes, *assessment.notes],
    }
    listed = {
        "ids": table["id"].tolist(),
        "depth": table["depth"].round(3).tolist(),
        "damage": table["damage"].round(0).tolist(),
        "use": table["use"].astype(str).tolist() if "use" in table else [],
        "currency": assessment.currency,
        "price_year": assessment.price_year,
    }
    units = {"depth": "m", "damage": assessment.currency}
    return {
        "buildings": context.json("buildings", listed, units),
        "building_table": context.table("building_table", table, assessment.units(table)),
        "summary": context.json(
            "summary",
            summary,
            {
                "max_depth": "m",
                "cell_size": "m",
                "flooded_area": "m2",
                "rain_volume": "m3",
                "infiltration_volume": "m3",
                "boundary_volume": "m3",
                "mass_error": "1",
                "damage": assessment.currency,
            },
        ),
    }


def _warnings(
    context: Context, area: Area, result: FloodResult, found: CityDamage, levels: Levels
) -> dict[str, Result]:
    """Sub-basins and buildings by level; buildings as deep as their damage is counted from."""
    from analysis.warning import outcome
    from analysis.warning.forecast import at_zones

    water = np.asarray(result.max_depth, np.float64)
    by_basin, _ = at_zones(water, area.basin, area.building, area.open_ground)
    table = found.assessment.buildings
    known = dict(zip(table["id"], table["depth"], strict=True))
    by_building = np.array([known.get(id, np.nan) for id in area.ids], np.float64)
    depths = outcome.Depths(water, by_basin, by_building)
    routes = outcome.ways_out(area, depths, levels, PASSABLE.default)
    return outcome.write_warnings(context, area, depths, levels, routes, {})


def _digests(folder: Path, inputs: Mapping[str, Any]) -> Mapping[str, str]:
    """The levels of the water gauges, and the rain of sensors where it is used."""
    from analysis.scene.used import flood_readings

    sensors = inputs["rain_source"] == "sensors"
    return flood_readings(folder, inputs["duration"] * _MINUTE if sensors else None)


MODEL = Model(
    name="flood",
    version="3",
    title={"ko": "침수", "en": "Flood"},
    description={
        "ko": "도시의 지형과 건물 위로 흐르는 비와 하천의 물을 천수방정식으로 풀고, 피해액을 구한다.",
        "en": "Rain and streams over the city's ground and between its buildings by the shallow-water"
        " equations, and what the water costs.",
    },
    parameters=PARAMETERS,
    outputs=OUTPUTS,
    run=run,
    digests=_digests,
    estimate=flood_cost,
)
