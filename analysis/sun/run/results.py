"""What a study of the sun finds, as rasters, tables and a layer of tiles in the run's folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analysis.contract import Result
from analysis.progress import part
from analysis.sun.run.layer import surface_values
from analysis.sun.run.study import CityStudy
from analysis.sun.scene import Float32, Float64, Kind

if TYPE_CHECKING:
    from analysis.context import Context
    from analysis.progress import Progress

POINT_UNITS = {
    "longitude": "deg", "latitude": "deg", "height": "m", "azimuth": "deg", "tilt": "deg", "area": "m2",
    "sun_hours": "h", "sun_hours_change": "h", "sky_view": "1", "irradiation": "kW.h/m2",
}  # fmt: skip
_SHADOW_TIMES = (9, 12, 15)
"""Hours of the clock at which outlines of shadows are drawn."""


@dataclass
class Found:
    """Values at the points: (n,) by the names of `layer.SHOWN`, and their sums by building."""

    values: dict[str, Float32] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


@dataclass
class Ground:
    """Of all cells of the scene: hours of sun [h], before without the plan, if there is one."""

    hours: Float32
    before: Float32 | None
    sky_view: Float32


def on_ground(study: CityStudy, progress: Progress) -> Ground:
    """What the ground of a study gets."""
    from analysis.sun import sky_view_factor

    shape = study.subject.shape
    progress(0.0, "sun on the ground")
    hours = study.hours(study.subject, study.ground, part(progress, 0.0, 0.4)).reshape(shape)
    before = None
    if study.after is not None:
        before = study.hours(study.scene, study.ground_before, part(progress, 0.4, 0.7)).reshape(shape)
    sky = sky_view_factor(study.subject, study.ground, study.sky_engine, part(progress, 0.7, 1.0))
    return Ground(hours, before, sky.reshape(shape))


def ground_results(context: Context, study: CityStudy, ground: Ground) -> dict[str, Result]:
    """Rasters of the ground in the asked area; the change is unknown where the plan builds or takes away."""

    def raster(name: str, field: Float32) -> Result:
        shown = np.ascontiguousarray(field[study.window], np.float32)
        return context.raster(name, shown, study.transform, crs=study.subject.crs)

    made = {
        "sun_hours": raster("sun_hours", ground.hours),
        "sky_view": raster("sky_view", ground.sky_view),
    }
    if study.after is not None and ground.before is not None:
        built = study.after.heights != study.scene.heights
        change = np.where(built, np.nan, ground.hours - ground.before)
        made["sun_hours_change"] = raster("sun_hours_change", change)
    return made


def shadow_results(
    context: Context, study: CityStudy, interval: int, progress: Progress
) -> dict[str, Result]:
    """Masks over the day, 1 in shadow, and outlines of shadows at some hours as GeoJSON."""
    from analysis.sun import shadow_mask
    from analysis.sun.shadows import shadow_polygons

    chosen = study.times[(study.times.hour * 60 + study.times.minute) % interval == 0]
    if not len(chosen):
        chosen = study.times[len(study.times) // 2 :][:1]
    start = chosen[0]

    def frames() -> Any:
        for n, time in enumerate(chosen):
            progress(0.8 * n / len(chosen), f"shadow at {time:%H:%M}")
            mask = shadow_mask(study.subject, time.to_pydatetime(), study.engine)[study.window]
            yield (time - start).total_seconds(), mask.astype(np.float32)

    made = {
        "shadow": context.rasters(
            "shadow", frames(), study.transform, start=start.isoformat(), crs=study.subject.crs
        )
    }
    features = []
    for n, hour in enumerate(_SHADOW_TIMES):
        time = pd.Timestamp(study.date, tz=study.subject.place.timezone) + pd.Timedelta(hours=hour)
        progress(0.8 + 0.2 * n / len(_SHADOW_TIMES), f"outlines of shadows at {hour}:00")
        drawn = shadow_polygons(study.subject, time.to_pydatetime(), georeference=study.globe)
        for feature in drawn["features"]:
            feature["properties"]["time"] = time.isoformat()
            features.append(feature)
    collection = {"type": "FeatureCollection", "features": features}
    return made | {"shadows": context.json("shadows", collection, {"area": "m2"})}


def point_results(context: Context, study: CityStudy, found: Found) -> dict[str, Result]:
    """Tables of the points and of the surfaces that they lie on."""
    targets, surfaces = study.points, study.subject.surfaces
    assert surfaces is not None
    places = study.globe.to_geographic(targets.points)
    normals = targets.normals
    owner, kinds = targets.surface, [kind.name.lower() for kind in Kind]
    table = pd.DataFrame(
        {
            "surface": pd.Categorical.from_codes(owner, pd.Index(surfaces.ids)),
            "building": pd.Categorical.from_codes(surfaces.building[owner], pd.Index(surfaces.buildings)),
            "kind": pd.Categorical.from_codes(surfaces.kind[owner], pd.Index(kinds)),
            "longitude": places[:, 0],
            "latitude": places[:, 1],
            "height": places[:, 2].astype(np.float32),
            "azimuth": bearings(normals, study.subject.place.convergence),
            "tilt": np.degrees(np.arccos(np.clip(normals[:, 2], -1, 1))).astype(np.float32),
            "area": targets.area.astype(np.float32),
            **found.values,
        }
    )
    units = {name: POINT_UNITS[name] for name in table.columns if name in POINT_UNITS}
    weighted = table.assign(**{name: table[name] * table["area"] for name in found.values})
    groups = weighted.groupby("surface", sort=False, observed=True)
    by_surface = groups[["building", "kind", "azimuth", "tilt"]].first()
    by_surface["area"] = groups["area"].sum()
    for name in found.values:
        by_surface[name] = groups[name].sum(min_count=1) / by_surface["area"]
    own = {name: units[name] for name in by_surface.columns if name in units}
    return {
        "points": context.table("points", table, units),
        "surface_table": context.table("surface_table", by_surface, own),
    }


def bearings(normals: Float64, convergence: float) -> Float32:
    """(n,) where surfaces look, clockwise from true north [degrees]; NaN for level ones."""
    level = np.hypot(normals[:, 0], normals[:, 1]) < 1e-3
    angles = (np.degrees(np.arctan2(normals[:, 0], normals[:, 1])) + convergence) % 360
    return np.where(level, np.nan, angles).astype(np.float32)


def building_table(study: CityStudy, found: Found) -> tuple[pd.DataFrame, dict[str, str]]:
    """One row for each building: areas, mean hours and sums of irradiation on its roofs and its facades."""
    targets, surfaces = study.points, study.subject.surfaces
    assert surfaces is not None
    building = surfaces.building[targets.surface]
    roof = surfaces.kind[targets.surface] == Kind.ROOF
    present = np.unique(building)
    table = pd.DataFrame({"id": [surfaces.buildings[b] for b in present.tolist()]})
    units: dict[str, str] = {}
    for kind, chosen in (("roof", roof), ("facade", ~roof)):
        place = np.searchsorted(present, building[chosen])
        area = np.bincount(place, targets.area[chosen], len(present))
        table[f"{kind}_area"], units[f"{kind}_area"] = area, "m2"
        for name, values in found.values.items():
            held = np.nan_to_num(values[chosen].astype(np.float64))
            known = np.isfinite(values[chosen])
            total = np.bincount(place, held * targets.area[chosen], len(present))
            if name == "irradiation":
                table[f"{kind}_irradiation"], units[f"{kind}_irradiation"] = total, "kW.h"
                continue
            weight = np.bincount(place, known * targets.area[chosen], len(present))
            mean = np.divide(total, weight, out=np.full(len(present), np.nan), where=weight > 0)
            table[f"{kind}_{name}"], units[f"{kind}_{name}"] = mean, POINT_UNITS[name]
    return table, units


def layer_result(context: Context, study: CityStudy, found: Found, progress: Progress) -> dict[str, Result]:
    """The surfaces with their values as 3D Tiles, where there is somebody to draw them."""
    progress(0.0, "drawing the surfaces")
    longest = (study.times[-1] - study.times[0]).total_seconds() / 3600
    ranges: Mapping[str, tuple[float, float]] = {"sun_hours": (0.0, float(np.ceil(longest)))}
    values = surface_values(study.subject, study.plane, study.points, found.values, ranges)
    return context.surfaces("surfaces", values, study.globe.city, progress)
