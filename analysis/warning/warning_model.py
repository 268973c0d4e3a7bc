"""The model `flood-warning`: a rain forecast and a stream level in, warnings out, from a scenario library."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.contract import Model, Parameter, Result
from analysis.declare import choice, file, number, output, switch, text, titled
from analysis.errors import AnalysisError
from analysis.warning.declared import LEVELS, LIBRARY, OUTPUTS, PASSABLE

if TYPE_CHECKING:
    from analysis.context import Context
    from analysis.warning.area import Area
    from analysis.warning.levels import Levels
    from analysis.warning.rain_ahead import RainAhead
    from twin.observations.store import Observations

_MICRO = 1_000_000
_AHEAD_S = 6 * 3600
"""How long a warning without a dated forecast is for [s]."""


def run(
    context: Context,
    *,
    library: str | None,
    rain_source: str,
    rain: float,
    rain_duration: float,
    hyetograph: Sequence[float] | None,
    step: float,
    rain_files: Sequence[Path] | None,
    reflectivity: str,
    adjust: bool,
    ahead: float,
    engine: str,
    stream_source: str,
    stream_rise: float,
    levels: Sequence[float],
    passable: float,
    publish: bool,
) -> Mapping[str, Result]:
    """See docs/warning.md. Raises AnalysisError for inputs that cannot be used."""
    from analysis.warning import outcome, passage, rain_ahead
    from analysis.warning.area import read_area
    from analysis.warning.forecast import expect
    from analysis.warning.gauges import city_gauges
    from analysis.warning.library import open_library
    from analysis.warning.outcome import levels_of
    from twin.runs import FOLDER

    context.progress(0.0, "loading")
    passage.load()
    began = time.perf_counter()
    steps = levels_of(levels)
    id = _library(context.city_folder, library)
    folder = context.city_folder / FOLDER / id
    with ExitStack() as stack:
        known = open_library(folder / "library.nc")
        stack.callback(known.close)
        area = read_area(folder)
        observations = _observations(context.city_folder, stack)
        if rain_source == "files":
            gauges = (lambda a, b: city_gauges(context.city_folder, a, b)) if adjust else None
            coming = rain_ahead.from_grids(
                rain_files, area.grid, relation=reflectivity, ahead_h=ahead, engine=engine, gauges=gauges
            )
        elif rain_source == "sensors":
            coming = rain_ahead.from_sensors(observations, rain_duration, ahead)
        elif rain_source == "hyetograph":
            coming = rain_ahead.hyetograph(hyetograph, step)
        else:
            coming = rain_ahead.design(rain, rain_duration)
        rise, said = _rise(context.city_folder, area, known.about, observations, stream_source, stream_rise)
        told = expect(
            known,
            coming.rates,
            coming.step_s,
            {"level": max(rise, min(a.values[0] for a in known.axes if a.name == "level"))},
            basins=area.basin,
            buildings=area.building,
            open_ground=area.open_ground,
            closed=area.closed,
            levels=steps,
        )
        errors = _errors(folder, area)
        depths = outcome.Depths(told.answer.depth, told.basins, told.buildings, *errors)
        routes = outcome.ways_out(area, depths, steps, passable)
        seconds = time.perf_counter() - began
        context.progress(0.8, f"answered in {seconds:.2f} s; writing")
        issued, until = _times(coming)
        about = {
            "issued": _iso(issued),
            "until": _iso(until),
            "forecast": {
                "source": coming.source,
                "step": coming.step_s,
                "rates": np.round(coming.rates, 3).tolist(),
                "amount": round(coming.amount, 2),
                "stream_rise": round(rise, 3),
            },
            "library": {
                "run": id,
                "scenario": told.answer.scenario,
                "beyond": {name: list(pair) for name, pair in told.answer.beyond.items()},
                "held_out": None if told.answer.held_out is None else told.answer.held_out.__dict__,
            },
            "seconds": round(seconds, 3),
            "notes": [*coming.notes, *said],
        }
        results = outcome.write_warnings(context, area, depths, steps, routes, about)
        results["depth_max"] = context.raster(
            "depth_max", told.answer.depth, area.grid.transform, crs=area.grid.crs
        )
        results["building_table"] = _table(context, area, depths, steps)
        if publish:
            _publish(observations, area, told.basins, steps, issued, until)
    return results


def _library(folder: Path, id: str | None) -> str:
    """The library's run: the one that is named, or the newest. Raises AnalysisError."""
    from twin.runs import open_runs

    with open_runs(folder) as runs:
        found = [r.id for r in runs.find(limit=-1) if r.model == LIBRARY and r.state == "successful"]
    if id is None and found:
        return found[0]
    if id in found:
        return str(id)
    known = f"; there are {', '.join(found[:5])}" if found else f"; make one first: twin run {LIBRARY}"
    raise AnalysisError(f"library: there is no {'run ' + id if id else 'library'} of {LIBRARY}{known}")


def _observations(folder: Path, stack: ExitStack) -> Observations | None:
    from twin.observations.connections import DATABASE
    from twin.observations.store import open_observations

    return stack.enter_context(open_observations(folder)) if (folder / DATABASE).exists() else None


def _rise(
    folder: Path,
    area: Area,
    about: Mapping[str, Any],
    observations: Observations | None,
    source: str,
    given: float,
) -> tuple[float, list[str]]:
    """How far the streams stand above their level in the library [m]: the most of any with a gauge."""
    if source == "given":
        return given, []
    from analysis.scene import gauges, plane_of, water_bodies
    from analysis.scene.water import gauged
    from twin.store import open_city

    if observations is None:
        raise AnalysisError("the city has no readings, so no stream level of sensors")
    with open_city(folder) as city:
        plane = plane_of(city, area.grid.crs)
        bodies = water_bodies(city, plane, area.grid.bounds)
        measured, said = gauged(bodies, gauges(observations, bodies, plane), observations)
    rises = [
        body.level - about["streams"][body.name]
        for body in measured
        if body.source == "given" and body.name in about["streams"]
    ]
    if not rises:
        raise AnalysisError("no gauge with a sound reading stands at a stream of the library")
    return max(rises), said


def _errors(folder: Path, area: Area) -> tuple[Any, Any]:
    """The errors that the library has measured for sub-basins and buildings [m]; None without."""
    import json

    summary = json.loads((folder / "summary.json").read_bytes())
    if "basin_errors" not in summary:
        return None, None
    return tuple(
        np.array([np.nan if v is None else v for v in summary[name]], np.float64)
        for name in ("basin_errors", "building_errors")
    )  # type: ignore[return-value]


def _times(coming: RainAhead) -> tuple[int, int]:
    """Issued, and until when [µs]: now and so far as the forecast reaches, for undated rain six hours."""
    now = round(time.time() * _MICRO)
    return now, max(now, coming.end or now + _AHEAD_S * _MICRO)


def _iso(micros: int) -> str:
    return datetime.fromtimestamp(micros // _MICRO, UTC).isoformat().replace("+00:00", "Z")


def _table(context: Context, area: Area, depths: Any, levels: Levels) -> Result:
    from analysis.warning.levels import table

    frame = table(depths.buildings, levels, area.ids)
    units = {"depth": "m"}
    if depths.building_errors is not None:
        frame.insert(2, "error", depths.building_errors)
        units["error"] = "m"
    return context.table("building_table", frame, units)


def _publish(
    observations: Observations | None, area: Area, depths: Any, levels: Levels, issued: int, until: int
) -> None:
    from analysis.warning.handover import install, publish, stations

    if observations is None:
        raise AnalysisError("publish: the city has no store of readings; serve it once, or add readings")
    install(observations, levels)
    publish(observations, stations(area.basins), depths, issued, until)


def _digests(folder: Path, inputs: Mapping[str, Any]) -> Mapping[str, str]:
    """The library that is used; for rain or levels of sensors the newest readings; a published warning is
    issued anew each time."""
    from analysis.scene.used import newest_reading

    used = {"library": _library(folder, inputs["library"])}
    if inputs["publish"]:
        used["issued"] = str(time.time_ns())
    if inputs["adjust"] or "sensors" in (inputs["rain_source"], inputs["stream_source"]):
        used |= newest_reading(folder)
    return used


MODEL = Model(
    name="flood-warning",
    version="1",
    title={"ko": "침수 예경보", "en": "Flood warning"},
    description={
        "ko": "강우 예보와 하천 수위로 소유역별·건물별 예상 침수심, 경보 단계, 대피 경로를 구한다"
        " (시나리오 라이브러리 필요).",
        "en": "Expected depths of sub-basins and buildings, warning levels and ways out, from a rain forecast"
        " and the level of the streams. Needs a scenario library.",
    },
    parameters=(
        choice(
            "rain_source",
            "강우 자료",
            "rain from",
            {
                "design": ("주어진 강도와 지속 시간", "the given intensity and time"),
                "hyetograph": ("강우 주상도", "the hyetograph"),
                "files": ("레이더·예보 파일", "files of radar or forecast rain"),
                "sensors": ("강우 센서의 최근 관측", "the newest readings of the rain sensors"),
            },
        ),
        number("rain", "강우 강도", "rain intensity", "mm/h", 60.0, 0.0, 1000.0),
        number(
            "rain_duration", "강우 지속 시간", "how long it rains, or is measured", "min", 60.0, 1.0, 4320.0
        ),
        choice(
            "stream_source",
            "하천 수위 자료",
            "level of the streams from",
            {
                "given": ("주어진 상승값", "the given rise"),
                "sensors": ("수위계의 최근 관측", "the newest readings of the gauges"),
            },
        ),
        number("stream_rise", "하천 수위 상승", "rise of the streams", "m", 0.0, 0.0, 20.0),
        number("ahead", "강우 연장 시간", "hours that the rain is carried on", "h", 0.0, 0.0, 6.0),
        PASSABLE,
        switch(
            "publish", "경보로 발령", "publish as readings that alert rules judge", False, scope="sta:write"
        ),
        LEVELS,
        text("library", "라이브러리 실행 번호", "run of the library; without it the newest"),
        Parameter(
            name="hyetograph",
            title={"ko": "강우 주상도", "en": "rain intensities, step by step"},
            type="number",
            unit="mm/h",
            many=True,
            minimum=0.0,
            maximum=1000.0,
        ),
        number("step", "주상도 간격", "step of the hyetograph", "min", 10.0, 1.0, 360.0),
        file(
            "rain_files",
            "레이더·예보 강우 파일",
            "files of radar or forecast rain",
            description=titled(
                "ODIM HDF5, GeoTIFF, NetCDF; 지금까지의 레이더는 ahead 시간만큼 연장한다",
                "ODIM HDF5, GeoTIFF or NetCDF; radar up to now is carried on for the hours of ahead",
            ),
            many=True,
        ),
        choice(
            "reflectivity",
            "Z-R 관계식",
            "rain from reflectivity by",
            {
                "convective": ("대류성 (Z = 300 R^1.4)", "convective rain (Z = 300 R^1.4)"),
                "marshall-palmer": (
                    "층상 (Z = 200 R^1.6)",
                    "steady rain (Marshall and Palmer, Z = 200 R^1.6)",
                ),
            },
        ),
        switch("adjust", "우량계로 보정", "adjust radar rain to the rain sensors", False),
        choice(
            "engine",
            "강우 연장 방법",
            "rain is carried on by",
            {
                "translation": ("평행 이동", "moving it as a whole"),
                "pysteps": ("흐름장 (pysteps 필요)", "a field of motion (needs pysteps)"),
            },
        ),
    ),
    outputs=(
        *OUTPUTS,
        output("depth_max", "예상 최대 침수심", "expected greatest depth", "raster", "m"),
        output("building_table", "건물별 표", "table of buildings", "table"),
    ),
    run=run,
    quick=True,
    digests=_digests,
)
