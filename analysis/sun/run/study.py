"""A city's day under the sun: the scene with a plan and without, its points, and what is asked of them.

`model.run` makes one of the city, and the steps of the run take from it what they need.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from analysis.errors import AnalysisError
from analysis.progress import Progress
from analysis.scene.globe import SceneGlobe
from analysis.scene.grid import Bounds, Plane, degree_bounds, plane_of
from analysis.scene.scenario import scenario_scene
from analysis.scene.storeys import storey_heights
from analysis.scene.sun import sun_scene
from analysis.sun.daylight import Rule, dwelling_targets, find_rule
from analysis.sun.daylight.clock import date_of, winter_solstice
from analysis.sun.daylight.dwellings import STOREY_HEIGHT, Dwelling
from analysis.sun.memory import check_memory
from analysis.sun.plan.what_if import day_times
from analysis.sun.run.plans import with_plan, with_plan_file
from analysis.sun.scene import Float32, Int32, SunScene, Surfaces
from analysis.sun.targets import Targets, facade_targets, ground_targets, joined, roof_targets
from twin.store import City

if TYPE_CHECKING:
    import pandas as pd

_FIELDS = 12
"""Arrays of float32 as large as the grid that a run holds at a time, those of the engines among them."""


@dataclass
class CityStudy:
    """scene: the city as it is. after: with a scenario or a plan, None without either. bounds: the area that
    was asked for [m], within the scene. date: the day. rule: None for none. engine: as for
    `analysis.sun.sunlit`. step: [min] between times. spacing: of points, at most [m]."""

    city: City
    plane: Plane
    globe: SceneGlobe
    scene: SunScene
    after: SunScene | None
    bounds: Bounds
    date: dt.date
    rule: Rule | None
    engine: Any
    step: int
    spacing: float

    @property
    def sky_engine(self) -> str:
        """For the view of the sky, made of hundreds of directions: the sweep, unless rays were asked for."""
        return "rays" if self.engine == "rays" else "sweep"

    @property
    def subject(self) -> SunScene:
        """The scene that results are of: with the plan, if there is one."""
        return self.after or self.scene

    @cached_property
    def times(self) -> pd.DatetimeIndex:
        """While the sun is up on the day."""
        times: pd.DatetimeIndex = day_times(self.scene, self.date, self.step)
        return times

    @cached_property
    def window(self) -> tuple[slice, slice]:
        """Rows and columns of the asked area."""
        west, south, east, north = self.bounds
        scene, (rows, columns) = self.scene, self.scene.shape
        left, right = ((x - scene.west) / scene.cell_size for x in (west, east))
        top, bottom = ((scene.north - y) / scene.cell_size for y in (north, south))
        return (
            slice(max(0, round(top)), min(rows, max(round(bottom), round(top) + 1))),
            slice(max(0, round(left)), min(columns, max(round(right), round(left) + 1))),
        )

    @property
    def transform(self) -> Any:
        """Of the window."""
        from rasterio.transform import from_origin

        scene, (rows, columns) = self.scene, self.window
        west = scene.west + columns.start * scene.cell_size
        north = scene.north - rows.start * scene.cell_size
        return from_origin(west, north, scene.cell_size, scene.cell_size)

    @cached_property
    def ground(self) -> Targets:
        return ground_targets(self.subject)

    @property
    def ground_before(self) -> Targets:
        return ground_targets(self.scene)

    @cached_property
    def within(self) -> Int32:
        """Surfaces of buildings whose middle lies in the asked area."""
        surfaces = self.subject.surfaces
        if surfaces is None:
            return np.zeros(0, np.int32)
        west, south, east, north = self.bounds
        first = surfaces.rings[surfaces.polygons[:-1]]
        low = np.minimum.reduceat(surfaces.vertices[:, :2], first, axis=0)
        high = np.maximum.reduceat(surfaces.vertices[:, :2], first, axis=0)
        owned = np.maximum(surfaces.building, 0)
        count = len(surfaces.buildings)
        boxes = np.full((count, 4), [np.inf, np.inf, -np.inf, -np.inf])
        real = surfaces.building >= 0
        np.minimum.at(boxes[:, :2], surfaces.building[real], low[real])
        np.maximum.at(boxes[:, 2:], surfaces.building[real], high[real])
        with np.errstate(invalid="ignore"):  # a building that is taken away has no surface left
            middle = (boxes[:, :2] + boxes[:, 2:]) / 2
        inside = ((middle >= [west, south]) & (middle <= [east, north])).all(axis=1)
        return np.flatnonzero(real & inside[owned]).astype(np.int32)

    @cached_property
    def points(self) -> Targets:
        """On the roofs and facades of the buildings in the area."""
        scene = self.subject
        if scene.surfaces is None or not len(self.within):
            raise AnalysisError(f"{self.city.folder}: there are no buildings in the area; choose another one")
        return joined(
            roof_targets(scene, self.spacing, self.within), facade_targets(scene, self.spacing, self.within)
        )

    @cached_property
    def standing(self) -> npt.NDArray[np.bool_]:
        """(s,) which of the subject's surfaces stand already without the plan: of the same id and shape."""
        before, after = self.scene.surfaces, self.subject.surfaces
        if after is None or self.after is None:
            return np.ones(0 if after is None else len(after), bool)
        known = {} if before is None else dict(zip(before.ids, _marks(before), strict=True))
        return np.array(
            [known.get(id) == mark for id, mark in zip(after.ids, _marks(after), strict=True)], bool
        )

    @property
    def former(self) -> npt.NDArray[np.bool_]:
        """(n,) which of the points stand already without the plan."""
        return np.asarray(self.standing[self.points.surface])

    @cached_property
    def added(self) -> frozenset[str]:
        """The buildings that the plan puts in or changes."""
        known = self.subject.surfaces
        if known is None:
            return frozenset()
        return frozenset(
            known.buildings[b] for b in np.unique(known.building[~self.standing]).tolist() if b >= 0
        )

    @property
    def neighbours(self) -> frozenset[str]:
        """The buildings in the area that stand before and after, as they are."""
        known, before = self.subject.surfaces, self.scene.surfaces
        if known is None or before is None:
            return frozenset()
        within = {known.buildings[b] for b in np.unique(known.building[self.within]).tolist()}
        return frozenset((within & set(before.buildings)) - self.added)

    @cached_property
    def dwellings(self) -> tuple[Targets, list[Dwelling]]:
        """The points that stand for the dwellings of the neighbours, in the scene without the plan."""
        heights = storey_heights(self.city, self.scene)
        known = self.scene.surfaces
        storeys = {id: heights.get(id, STOREY_HEIGHT) for id in (known.buildings if known else ())}
        return dwelling_targets(self.scene, storey_height=storeys, buildings=self.neighbours)

    def hours(self, scene: SunScene, targets: Targets, progress: Progress) -> Float32:
        """(n,) hours of sun on the day [h]."""
        from analysis.sun import sunlit_hours

        return sunlit_hours(scene, self.times, targets, self.engine, progress)


def study_of(
    city: City,
    *,
    area: Any,
    cell_size: float,
    date: str | None,
    rule: Rule | None,
    engine: str,
    step: int,
    spacing: float,
    plan: Mapping[str, Any] | None,
    plan_file: Path | None,
    plan_place: Mapping[str, Any] | None,
    scenario: int | None,
    transmissivity: float,
    timezone: str | None,
    progress: Progress,
) -> CityStudy:
    """The study of a city. Raises AnalysisError for what cannot be studied."""
    plane = plane_of(city)
    asked = None if area is None else degree_bounds(plane, area)
    if asked is not None:
        west, south, east, north = asked
        cells = (east - west) * (north - south) / cell_size**2
        check_memory(
            4.0 * _FIELDS * cells, f"{cells:,.0f} cells", "make the cells larger or the area smaller"
        )
    scene = sun_scene(
        city, cell_size, asked, timezone=timezone or None, transmissivity=transmissivity, progress=progress
    )
    rows, columns = scene.shape
    check_memory(
        4.0 * _FIELDS * rows * columns,
        f"{rows} x {columns} cells of {cell_size:g} m",
        "make the cells larger or the area smaller",
    )
    whole = (
        scene.west,
        scene.north - rows * scene.cell_size,
        scene.west + columns * scene.cell_size,
        scene.north,
    )
    bounds = whole if asked is None else asked
    globe = SceneGlobe.of(city, plane)
    after = None
    if scenario is not None:
        after = scenario_scene(city, plane, scene, scenario)
    if plan is not None:
        after = with_plan(after or scene, plane, plan)
    if plan_file is not None:
        after = with_plan_file(city, plane, after or scene, plan_file, plan_place)
    elif plan_place is not None:
        raise AnalysisError("plan_place: it says where the model of a plan_file stands; give that, too")
    day = _day(date, rule, scene)
    return CityStudy(city, plane, globe, scene, after, bounds, day, rule, engine, step, spacing)


def chosen_rule(name: str, path: Any) -> Rule | None:
    """The rule of a file, else one that ships; None for none."""
    if path is not None:
        return find_rule(path)
    return None if name == "none" else find_rule(name)


def _day(date: str | None, rule: Rule | None, scene: SunScene) -> dt.date:
    if date:
        try:
            day = dt.date.fromisoformat(date)
        except ValueError:
            raise AnalysisError(f"date: {date!r} is no date; write it as in 2026-12-21") from None
        return day if rule is None else date_of(rule, scene.place, date=day)
    if rule is not None and rule.measure == "sunlight":
        return date_of(rule, scene.place)
    return winter_solstice(dt.date.today().year, scene.place)


def _marks(surfaces: Surfaces) -> list[tuple[float, ...]]:
    """What of each surface changes with its shape: its first vertex and its area."""
    first = surfaces.vertices[surfaces.rings[surfaces.polygons[:-1]]]
    return [tuple(row) for row in np.column_stack([first, surfaces.areas]).round(4).tolist()]
