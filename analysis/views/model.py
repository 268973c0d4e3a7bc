"""The model `sun-views`: what is seen from viewpoints, how much of a landmark and of the sky facades see, and
how much of an antenna's beam the city blocks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.contract import Model, Parameter, Result
from analysis.declare import area, number, output, scenario, switch, text, titled
from analysis.errors import AnalysisError

if TYPE_CHECKING:
    from analysis.context import Context
    from analysis.progress import Progress
    from analysis.scene.grid import Plane
    from analysis.sun.scene import Float64, SunScene
    from analysis.sun.targets import Targets

MOST_VIEWPOINTS = 50
MOST_SAMPLES = 100
"""Points on a landmark that are looked for."""
_GEOJSON = "application/geo+json"


def run(
    context: Context,
    *,
    area: Sequence[float] | None,
    cell_size: float,
    viewpoints: Mapping[str, Any] | None,
    eye_height: float,
    target_height: float,
    radius: float,
    refraction: float,
    landmark: str | None,
    sky: bool,
    spacing: float,
    antenna: Mapping[str, Any] | None,
    antenna_height: float,
    beam_tilt: float,
    beam_width: float,
    beam_from: float,
    beam_to: float,
    scenario: int | None,
) -> Mapping[str, Result]:
    """See `sight` and `beam`. Raises AnalysisError when nothing is asked for, and
    for what is not there."""
    from analysis.scene.grid import degree_bounds, plane_of
    from analysis.scene.scenario import scenario_scene
    from analysis.scene.sun import sun_scene
    from twin.place import georeference
    from twin.store import open_city

    if not (viewpoints or landmark or sky or antenna):
        raise AnalysisError("give viewpoints, a landmark or an antenna, or ask for the sky of the facades")
    with open_city(context.city_folder) as city:
        plane = plane_of(city)
        bounds = None if area is None else degree_bounds(plane, area)
        scene = sun_scene(city, cell_size, bounds, margin=0.0, progress=context.span(0.0, 0.2))
        if scenario is not None:
            scene = scenario_scene(city, plane, scene, scenario)
        place = georeference(city)
    study = _Study(context, scene, plane, place, refraction)
    results: dict[str, Result] = {}
    if viewpoints:
        results |= study.from_viewpoints(
            study.points(viewpoints, eye_height), target_height, radius, landmark, context.span(0.2, 0.5)
        )
    if landmark or sky:
        results |= study.from_facades(landmark, sky, spacing, context.span(0.5, 0.8))
    if antenna:
        from analysis.views.beam import Beam

        beam = Beam(beam_tilt, beam_width, beam_from, beam_to, 1.0, radius, max(cell_size, 5.0))
        results |= study.of_beam(study.points(antenna, antenna_height), beam, context.span(0.8, 0.95))
    study.summary["notes"] = list(scene.notes)
    results["summary"] = context.json("summary", study.summary, {"area": "m2", "mean_blocked": "1"})
    return results


@dataclass
class _Study:
    context: Context
    scene: SunScene
    plane: Plane
    place: Any
    refraction: float
    summary: dict[str, Any] = field(default_factory=dict)

    def points(self, geometry: Mapping[str, Any], height: float) -> Float64:
        """(n, 3) points [m] a height over what stands at a Point or MultiPoint [degrees]."""
        from analysis.views.sight import on_ground

        kind, given = geometry.get("type"), geometry.get("coordinates")
        try:
            degrees = np.array([given] if kind == "Point" else given, np.float64)[:, :2]
        except (TypeError, ValueError, IndexError):
            degrees = np.zeros((0, 2))
        if kind not in ("Point", "MultiPoint") or not 0 < len(degrees) <= MOST_VIEWPOINTS:
            raise AnalysisError(f"places of views are a Point, or a MultiPoint of up to {MOST_VIEWPOINTS}")
        return on_ground(self.scene, self.plane.degrees_to_grid(degrees), height)

    def from_viewpoints(
        self, eyes: Float64, target_height: float, radius: float, landmark: str | None, progress: Progress
    ) -> dict[str, Result]:
        """The viewshed of all viewpoints, and the lines of sight to a landmark's top."""
        from analysis.views.sight import line_of_sight, share_seen, viewshed

        masks, rows = [], []
        for k, eye in enumerate(eyes):
            progress(k / len(eyes), f"view {k + 1} of {len(eyes)}")
            masks.append(
                viewshed(
                    self.scene, eye, target_height=target_height, radius=radius, refraction=self.refraction
                )
            )
            rows.append(
                {"viewpoint": k, "cells_seen": int(masks[-1].sum()), "area": float(self._area(masks[-1]))}
            )
        seen = share_seen(masks)
        axis_x, axis_y = self._axes()
        near = np.min([np.hypot(axis_x - x, axis_y - y) for x, y, _ in eyes], axis=0) <= radius
        seen[~near] = np.nan
        self.summary["viewpoints"] = rows
        made = {"viewshed": self._raster("viewshed", seen)}
        if landmark:
            features = []
            top = self._top(landmark)
            for k, eye in enumerate(eyes):
                sight = line_of_sight(self.scene, eye, top, refraction=self.refraction)
                end = top if sight.obstruction is None else sight.obstruction
                features.append(
                    {
                        "type": "Feature",
                        "geometry": {
                            "type": "LineString",
                            "coordinates": self._degrees(np.array([eye, end])),
                        },
                        "properties": {
                            "viewpoint": k,
                            "landmark": landmark,
                            "visible": sight.visible,
                            "clearance": round(sight.clearance, 2),
                        },
                    }
                )
            collection = {"type": "FeatureCollection", "features": features}
            made["sights"] = self.context.json("sights", collection, {"clearance": "m"})
        return made

    def from_facades(
        self, landmark: str | None, sky: bool, spacing: float, progress: Progress
    ) -> dict[str, Result]:
        """What points on facades see of a landmark and of the sky, and their means by building."""
        import pandas as pd

        from analysis.sun import facade_targets, horizons
        from analysis.views.sight import landmark_visibility, sky_exposure

        targets = facade_targets(self.scene, spacing)
        surfaces = self.scene.surfaces
        assert surfaces is not None
        degrees = np.array(self._degrees(targets.points)).reshape(-1, 3)
        owner = surfaces.building[targets.surface]
        columns: dict[str, Any] = {
            "building": [surfaces.buildings[b] if b >= 0 else None for b in owner.tolist()],
            "surface": [surfaces.ids[k] for k in targets.surface.tolist()],
            "longitude": degrees[:, 0],
            "latitude": degrees[:, 1],
            "height": degrees[:, 2],
            "area": targets.area,
        }
        if landmark:
            progress(0.0, "the landmark")
            samples, normals, weights = self._samples(landmark, spacing)
            columns["landmark_share"] = landmark_visibility(
                self.scene, targets, samples, normals, weights, refraction=self.refraction
            )
        if sky:
            progress(0.4, "the sky")
            skylines = horizons(self.scene, targets, 72)
            columns["sky"] = sky_exposure(targets.normals, skylines, self.scene.place.convergence)
        progress(0.9, "tables")
        points = pd.DataFrame(columns)
        values = [name for name in ("landmark_share", "sky") if name in columns]
        grouped = points.assign(**{v: points[v] * points["area"] for v in values}).groupby("building")
        sums = grouped[[*values, "area"]].sum()
        means = sums[values].div(sums["area"], axis=0).assign(area=sums["area"]).reset_index()
        if landmark:
            best = points.groupby("building")["landmark_share"].max()
            means["landmark_share_best"] = means["building"].map(best)
            own = means["building"] != landmark
            seeing = means[own & (means["landmark_share_best"] > 0)]
            self.summary["landmark"] = {"id": landmark, "buildings_that_see_it": len(seeing)}
        units = {
            "longitude": "deg", "latitude": "deg", "height": "m", "area": "m2", "landmark_share": "1",
            "landmark_share_best": "1", "sky": "sr",
        }  # fmt: skip
        return {
            "facades": self.context.table("facades", points, {c: units[c] for c in points if c in units}),
            "buildings": self.context.table("buildings", means, {c: units[c] for c in means if c in units}),
        }

    def of_beam(self, antennas: Float64, beam: Any, progress: Progress) -> dict[str, Result]:
        """What the city blocks of the beam of one antenna, as a raster and by azimuth."""
        import pandas as pd

        from analysis.views.beam import beam_blockage, on_grid

        if len(antennas) != 1:
            raise AnalysisError("give one antenna, as a Point")
        progress(0.0, "the beam")
        found = beam_blockage(self.scene, antennas[0], beam)
        known = np.isfinite(found.blocked)
        last = np.where(known.any(axis=1), known.shape[1] - 1 - known[:, ::-1].argmax(axis=1), 0)
        each = np.arange(len(last))
        table = pd.DataFrame(
            {
                "azimuth": found.azimuths,
                "range": np.where(known.any(axis=1), found.ranges[last], np.nan),
                "blocked": found.blocked[each, last],
            }
        )
        ends = table["blocked"].dropna()
        self.summary["beam"] = {
            "antenna": self._degrees(antennas)[0],
            "mean_blocked": float(ends.mean()) if len(ends) else None,
            "azimuths_blocked_by_half": int((ends >= 0.5).sum()),
            "azimuths": len(table),
        }
        return {
            "beam": self._raster("beam", on_grid(self.scene, antennas[0], found, beam.step)),
            "beam_table": self.context.table(
                "beam_table", table, {"azimuth": "deg", "range": "m", "blocked": "1"}
            ),
        }

    def _samples(self, landmark: str, spacing: float) -> tuple[Float64, Float64, Float64]:
        """Points on a landmark with their normals and areas, at most `MOST_SAMPLES` or so of them."""
        from analysis.sun.plan.what_if import KINDS
        from analysis.sun.targets import surface_targets

        mine = self._surfaces(landmark)
        while True:
            found: Targets = surface_targets(self.scene, spacing, KINDS, mine)
            if len(found) <= MOST_SAMPLES + len(mine) or spacing > 1_000:
                return found.points, found.normals, found.area
            spacing *= 1.5

    def _top(self, landmark: str) -> Float64:
        """The highest point of a building."""
        surfaces = self.scene.surfaces
        assert surfaces is not None
        mine = self._surfaces(landmark)
        ends = surfaces.rings[surfaces.polygons[mine]], surfaces.rings[surfaces.polygons[mine + 1]]
        points = np.concatenate([surfaces.vertices[a:b] for a, b in zip(*ends, strict=True)])
        highest = points[points[:, 2] >= points[:, 2].max() - 0.01]
        return np.append(highest[:, :2].mean(axis=0), highest[:, 2].max())

    def _surfaces(self, building: str) -> Any:
        surfaces = self.scene.surfaces
        known = surfaces.buildings if surfaces is not None else []
        if surfaces is None or building not in known:
            raise AnalysisError(f"there is no building {building!r} in the area; name one by its id")
        return np.flatnonzero(surfaces.building == known.index(building)).astype(np.int32)

    def _axes(self) -> tuple[Any, Any]:
        rows, columns = self.scene.shape
        x = self.scene.west + (np.arange(columns) + 0.5) * self.scene.cell_size
        y = self.scene.north - (np.arange(rows)[:, None] + 0.5) * self.scene.cell_size
        return x, y

    def _area(self, mask: Any) -> float:
        return float(mask.sum()) * self.scene.cell_size**2

    def _degrees(self, points: Float64) -> list[list[float]]:
        """Longitude, latitude [degrees], height above the ellipsoid [m] of points (n, 3) on the grid."""
        flat = np.column_stack([self.plane.from_grid(points), points[:, 2]])
        degrees: list[list[float]] = np.round(self.place.to_geographic(flat), 7).tolist()
        return degrees

    def _raster(self, name: str, values: Any) -> Result:
        return self.context.raster(
            name, np.asarray(values, np.float32), self.scene.transform, crs=self.scene.crs
        )


def digests(folder: Path, inputs: Mapping[str, Any]) -> Mapping[str, str]:
    """The state of the scenario."""
    from analysis.scene.scenario import scenario_state

    return scenario_state(folder, inputs["scenario"])


MODEL = Model(
    name="sun-views",
    version="1",
    title=titled("조망과 가시권", "Views and lines of sight"),
    description=titled(
        "지점에서 보이는 범위, 벽면에서 보이는 랜드마크와 하늘, 도시가 가리는 안테나 빔을 계산한다.",
        "What is seen from viewpoints, how much of a landmark and of the sky facades see, and how much of an"
        " antenna's beam the city blocks.",
    ),
    parameters=(
        area(),
        number("cell_size", "격자 크기", "cell size", "m", 2.0, 0.25, 50.0),
        Parameter(name="viewpoints", title=titled("조망점", "viewpoints"), type="geometry"),
        number("eye_height", "눈높이", "eye height", "m", 1.6, 0.0, 500.0),
        number("target_height", "대상 높이", "height of what is looked for", "m", 0.0, 0.0, 500.0),
        number("radius", "반경", "radius", "m", 1500.0, 10.0, 100_000.0),
        number("refraction", "굴절 계수", "coefficient of refraction", "1", 0.13, -1.0, 1.0),
        text("landmark", "랜드마크 건물 ID", "landmark, id of a building"),
        switch("sky", "벽면에서 보이는 하늘", "the sky that facades see", False),
        number("spacing", "벽면의 점 간격", "spacing of points on facades", "m", 4.0, 0.5, 50.0),
        Parameter(name="antenna", title=titled("안테나 위치", "antenna"), type="geometry"),
        number(
            "antenna_height",
            "안테나 높이 (서 있는 곳 위)",
            "height of the antenna over its place",
            "m",
            10.0,
            0.0,
            1000.0,
        ),
        number("beam_tilt", "빔 고각", "elevation of the beam", "deg", 0.5, -30.0, 89.0),
        number("beam_width", "빔 폭", "width of the beam", "deg", 1.0, 0.1, 60.0),
        number("beam_from", "빔 시작 방위", "first azimuth of the beam", "deg", 0.0, 0.0, 360.0),
        number("beam_to", "빔 끝 방위", "last azimuth of the beam", "deg", 360.0, 0.0, 360.0),
        scenario("전후를 비교한다.", "before and after are compared."),
    ),
    outputs=(
        output(
            "viewshed",
            "가시권 (보는 조망점의 비율)",
            "viewshed (share of the viewpoints)",
            "raster",
            "1",
            optional=True,
        ),
        output(
            "sights",
            "랜드마크 시선",
            "lines of sight to the landmark",
            "json",
            media_type=_GEOJSON,
            optional=True,
        ),
        output("facades", "벽면의 조망", "views of facades", "table", optional=True),
        output("buildings", "건물별 조망", "views by building", "table", optional=True),
        output("beam", "빔 차폐율", "blocked share of the beam", "raster", "1", optional=True),
        output("beam_table", "방위별 빔 차폐율", "blocked share by azimuth", "table", optional=True),
        output("summary", "요약", "summary", "json"),
    ),
    run=run,
    digests=digests,
)
