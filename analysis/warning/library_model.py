"""The model `flood-library`: flood runs of many rains and stream levels beforehand, for answers within a
second."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.contract import Cost, Model, Parameter, Result
from analysis.declare import number, numbers, output, whole
from analysis.flood import cost as flood
from analysis.flood.model import MODEL as FLOOD
from analysis.warning.declared import BASIN_AREA, LIBRARY

if TYPE_CHECKING:
    from analysis.context import Context
    from analysis.flood.inputs import CurveNumber, GreenAmpt
    from analysis.scene import FloodScene
    from analysis.warning.area import Area
    from analysis.warning.library import Axis, Library, Parameters
    from analysis.warning.scenario import FloodScenario, Ground
    from twin.store import City

SCENARIOS = "scenarios"
"""Folder of a city for the scenarios of a library that is not yet done."""
_COMPILING_S = 300.0
"""How long the first steps of the first scenarios may take, which compile [s]."""
_SHARED = ("area", "cell_size", "scheme", "edges", "buildings", "losses", "soil", "precision")
"""Inputs that are those of the model `flood`."""


def run(
    context: Context,
    *,
    rains: Sequence[float],
    durations: Sequence[float],
    stream_rises: Sequence[float],
    after: float,
    held_out: int,
    basin_area: float,
    shelter_uses: Sequence[str] | None,
    area: Sequence[float] | None,
    cell_size: float,
    scheme: str,
    edges: str,
    buildings: str,
    losses: str,
    soil: str,
    precision: str,
) -> Mapping[str, Result]:
    """See docs/warning.md. Raises AnalysisError for inputs that cannot be used."""
    from analysis.scene import flood_scene, plane_of
    from analysis.scene.edges import around
    from analysis.scene.grid import degree_bounds
    from analysis.warning import library, surrogate
    from analysis.warning.area import area_of, write_area
    from analysis.warning.batch import spread
    from analysis.warning.scenario import Ground
    from twin.store import open_city

    axes = (
        library.Axis("rain", "mm/h", tuple(sorted(set(rains)))),
        library.Axis("duration", "h", tuple(sorted(set(durations)))),
        library.Axis("level", "m", tuple(sorted(set(stream_rises)))),
    )
    context.progress(0.0, "reading the ground and what stands on it")
    with open_city(context.city_folder) as city:
        bounds = None if area is None else degree_bounds(plane_of(city), area)
        scene = flood_scene(city, cell_size, bounds, holes="fill")
        places = area_of(
            city,
            scene,
            blocked=buildings == "blocked",
            basin_area=basin_area,
            shelter_uses=shelter_uses or (),
        )
    losses_of_rain = _infiltration(scene, losses, soil)
    ground = Ground(
        scene.elevation,
        scene.cell_size,
        scene.manning,
        scene.initial_depth(),
        scene.built(buildings),  # type: ignore[arg-type]
        losses_of_rain,
        around(scene, edges),  # type: ignore[arg-type]
        scheme,
        precision,
        after * 60.0,
    )
    scenario = _scenario(context, ground)
    wanted = list(library.scenarios(axes))
    points = surrogate.held_out_points(axes, held_out, context.seed) if held_out else []
    beat = _Beat(context, scenario, [*wanted, *points], len(wanted))
    path = context.path("library.nc")
    streams = {body.name: body.level for body in scene.bodies}
    about = {"model": FLOOD.name, "version": FLOOD.version, "streams": streams}
    with spread(context.workers, context.dask, beat) as map_:
        known = library.compute_library(scenario, axes, map_=map_, path=path, about=about, progress=beat.tell)
        try:
            errors = _measured(known, scenario, points, map_, places) if points else {}
        finally:
            known.close()
    if known.held_out is not None:
        library.keep_held_out(path, known.held_out)
    scenario.forget([*wanted, *points])
    context.progress(0.99, "writing")
    return {
        "library": context.file("library", path.name),
        **write_area(context, places),
        "summary": context.json("summary", _summary(known, axes, places, errors, scene.notes), _UNITS),
    }


_UNITS = {
    "axes": "each has its own",
    "held_out": "m; count, cells and hit_rate without",
    "raised": "m",
    "basin_errors": "m",
    "building_errors": "m",
}


def _infiltration(scene: FloodScene, losses: str, soil: str) -> CurveNumber | GreenAmpt | None:
    if losses == "curve-number":
        return scene.curve_number(soil)  # type: ignore[arg-type]
    return scene.green_ampt() if losses == "green-ampt" else None


def _scenario(context: Context, ground: Ground) -> FloodScenario:
    from analysis.warning.scenario import FloodScenario

    kept = context.city_folder / SCENARIOS / ground.digest(FLOOD.version)
    threads = 1 if context.dask else max(1, (os.cpu_count() or 1) // context.workers)
    return FloodScenario(ground, str(kept), str(context.city_folder), context.run_id, threads)


class _Beat:
    """Progress of the library by what its scenarios have told; silent while none of them moves."""

    def __init__(
        self, context: Context, scenario: FloodScenario, points: Sequence[Parameters], count: int
    ) -> None:
        self._context, self._scenario, self._points, self._count = context, scenario, points, count
        self._share = -1.0
        self._began = time.monotonic()
        self._done = 0

    def __call__(self) -> None:
        share = self._scenario.share(self._points)
        compiling = not share and time.monotonic() - self._began < _COMPILING_S
        if share != self._share or compiling:
            self._share = share
            self._context.progress(0.05 + 0.93 * share, self._message())

    def tell(self, fraction: float, message: str) -> None:
        """Of `compute_library`, after each of its scenarios."""
        self._done = round(fraction * self._count)
        self._context.progress(0.05 + 0.93 * max(0.0, self._share), self._message())

    def _message(self) -> str:
        if self._done < self._count:
            return f"{self._done} of {self._count} scenarios"
        return f"{len(self._points) - self._count} held-out runs to measure the error"


def _measured(
    known: Library, scenario: FloodScenario, points: Sequence[Parameters], map_: Any, area: Area
) -> dict[str, list[float | None]]:
    """Root mean square errors of the depths of sub-basins and of buildings [m] over the held-out runs."""
    from analysis.warning.forecast import at_zones
    from analysis.warning.outcome import rounded
    from analysis.warning.surrogate import answer, verify

    zones = area.basin, area.building, area.open_ground, area.closed
    wrong: list[list[Any]] = []

    def judged(run_one: Any, items: Any) -> Any:
        for point, depth in zip(items, map_(run_one, items), strict=True):
            told, truth = (at_zones(d, *zones) for d in (answer(known, point).depth, depth))
            wrong.append([a - b for a, b in zip(told, truth, strict=True)])
            yield depth

    verify(known, scenario, points, map_=judged)
    basins, buildings = (np.sqrt(np.mean(np.square(part), axis=0)) for part in zip(*wrong, strict=True))
    return {"basin_errors": rounded(basins), "building_errors": rounded(buildings)}


def _summary(
    known: Library, axes: Sequence[Axis], area: Area, errors: Mapping[str, Any], notes: Sequence[str]
) -> dict[str, Any]:
    return {
        "axes": {axis.name: {"unit": axis.unit, "values": list(axis.values)} for axis in axes},
        "scenarios": int(np.prod([len(axis.values) for axis in axes])),
        "cells": int(area.basin.size),
        "sub_basins": len(area.basins),
        "buildings": len(area.ids),
        "shelters": list(area.shelters.values()),
        "held_out": None if known.held_out is None else known.held_out.__dict__,
        "raised": known.raised,
        "notes": list(notes),
        **errors,
    }


def _cost(city: City, inputs: Mapping[str, Any]) -> Cost:
    """Of all scenarios, which share the cores of this machine; of a cluster runs of before tell."""
    from itertools import product

    grid = flood.grid_of(city, inputs)
    cells, held_out = grid.rows * grid.columns, inputs["held_out"]
    kind = inputs["scheme"], inputs["precision"]
    lengths = [hours * 3600.0 for hours in inputs["durations"]]
    wanted = [length for length, *_ in product(lengths, inputs["rains"], inputs["stream_rises"])]
    wanted += [sum(lengths) / len(lengths)] * held_out
    after = inputs["after"] * 60.0
    seconds = sum(flood.kernel_seconds(cells, grid.cell_size, length + after, *kind) for length in wanted)
    memory = (os.cpu_count() or 1) * flood.memory(cells, 0, *kind)
    return Cost(flood.STARTING_S + seconds, memory)


MODEL = Model(
    name=LIBRARY,
    version="1",
    title={"ko": "침수 시나리오 라이브러리", "en": "Flood scenario library"},
    description={
        "ko": "강우 강도, 지속 시간, 하천 수위의 모든 조합을 미리 모의하여, 예보에 1초 안에 답하게 한다.",
        "en": "Every combination of rain intensity, duration and stream level simulated beforehand, so that a"
        " forecast is answered within a second.",
    },
    parameters=(
        numbers("rains", "강우 강도", "rain intensities", "mm/h", [0.0, 20.0, 40.0, 70.0, 110.0], 0.0, 500.0),
        numbers("durations", "강우 지속 시간", "durations of rain", "h", [1.0, 3.0, 6.0], 0.1, 72.0),
        numbers("stream_rises", "하천 수위 상승", "rises of the streams", "m", [0.0, 1.0, 2.0], 0.0, 20.0),
        number("after", "강우 후 모의 시간", "time simulated after the rain", "min", 60.0, 0.0, 1440.0),
        whole("held_out", "검증 모의 횟수", "full runs to measure the error of answers", 5, 0, 200),
        BASIN_AREA,
        Parameter(
            name="shelter_uses",
            title={"ko": "대피소가 되는 건물 용도", "en": "uses of buildings that are shelters"},
            description={
                "ko": "건물 용도 코드 또는 이름; 없으면 문화·교육·노유자·운동시설과 관공서",
                "en": "codes or names; without any assembly, education, care, sports and public offices",
            },
            type="string",
            many=True,
        ),
        *(FLOOD.parameter(name) for name in _SHARED),
    ),
    outputs=(
        output("library", "시나리오별 최대 침수심", "greatest depths", "dataset"),
        output(
            "areas", "소유역, 건물, 도로의 격자", "grid of sub-basins, buildings and roads", "raster", "1"
        ),
        output("elevation", "지형고", "ground", "raster", "m"),
        output("places", "소유역, 건물, 대피소", "sub-basins, buildings and shelters", "json"),
        output("summary", "요약", "summary", "json"),
    ),
    run=run,
    spreads=True,
    estimate=_cost,
)
