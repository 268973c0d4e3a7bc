"""The model `sewer-calibration`: parameters of a SWMM model fitted to levels that a gauge measured."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.contract import Cost, Model, Parameter, Result
from analysis.declare import choice, file, number, output, text, titled, whole
from analysis.errors import AnalysisError
from analysis.sewers.parameters import FACTORS

if TYPE_CHECKING:
    from analysis.context import Context
    from analysis.scene.series import Stream
    from analysis.sewers.inp import InputFile
    from twin.observations.store import Observations
    from twin.store import City

_HOUR = 3600.0
_STEP_S = 600.0
"""Steps of the measured rain [s]."""
_STARTING_S = 3.0
_S_PER_HOUR = 0.03
"""What SWMM takes for an hour of the sample district's 70 conduits, measured in 2026-11 [s]."""


def run(
    context: Context,
    *,
    sewers: Path,
    node: str,
    datastream: int,
    start: str | None,
    duration: float,
    rain: str,
    fit: Sequence[str],
    least: float,
    most: float,
    zero: float | None,
    search: str,
    held_out: float,
    most_runs: int,
) -> Mapping[str, Result]:
    """See docs/warning.md. Raises AnalysisError for inputs that cannot be used."""
    import pandas as pd

    from analysis.scene.series import readings
    from analysis.sewers import inp, parameters
    from analysis.warning.calibration import Bounds, calibrate
    from twin.observations.connections import DATABASE
    from twin.observations.store import open_observations

    unknown = set(fit) - set(FACTORS)
    if unknown or not fit:
        raise AnalysisError(f"fit: {', '.join(sorted(unknown)) or 'nothing'}; there are {', '.join(FACTORS)}")
    if not (context.city_folder / DATABASE).exists():
        raise AnalysisError("the city has no readings, so no measured levels")
    source = inp.read(sewers)
    begin = _start(source, start)
    end = begin + round(duration * _HOUR * 1e6)
    with (
        open_observations(context.city_folder) as observations,
        tempfile.TemporaryDirectory(prefix="calibration-") as folder,
    ):
        scratch = Path(folder)
        stream = _stream(observations, datastream)
        times, values = readings(observations, stream, begin, end)
        if len(times) < 2:
            raise AnalysisError(
                f"datastream {datastream} has no sound readings in the {duration:g} h of the run"
            )
        measured = _depths(stream, values, zero, lambda: parameters.invert(source, scratch, node))
        notes: list[str] = []
        if rain == "sensors":
            source, notes = _rained(source, observations, begin, end)

        def simulated(factors: Mapping[str, float]) -> Any:
            return parameters.levels(parameters.scaled(source, factors), scratch, node, times)

        found = calibrate(
            simulated,
            measured,
            [Bounds(name, "1", least, most, 1.0, log=True) for name in fit],
            search=search,  # type: ignore[arg-type]
            held_out=held_out,
            most_runs=most_runs,
            seed=context.seed,
            progress=context.span(0.02, 0.97),
        )
    file = context.path("calibrated.inp")
    file.write_text(parameters.scaled(inp.read(sewers), found.parameters).text, encoding="utf-8")
    series = pd.DataFrame(
        {
            "time": pd.to_datetime(begin + np.round(times * 1e6).astype(np.int64), unit="us", utc=True),
            "measured": measured,
            "before": found.simulated_before,
            "after": found.simulated_after,
        }
    )
    summary = {
        "node": node,
        "datastream": datastream,
        "factors": found.parameters,
        "deviation": {name: None if np.isnan(v) else v for name, v in found.deviation.items()},
        "at_bound": list(found.at_bound),
        "before": _fit(found.before),
        "after": _fit(found.after),
        "before_held_out": _fit(found.before_held_out),
        "after_held_out": _fit(found.after_held_out),
        "runs": found.runs,
        "failed": found.failed,
        "notes": notes,
    }
    units = {"factors": "1", "deviation": "1", "rmse": "m", "bias": "m", "peak_error": "m", "nse": "1"}
    return {
        "calibrated": context.file("calibrated", file.name),
        "series": context.table("series", series, {"measured": "m", "before": "m", "after": "m"}),
        "summary": context.json("summary", summary, units),
    }


def _fit(fit: Any) -> dict[str, Any] | None:
    if fit is None:
        return None
    return {name: None if np.isnan(value) else value for name, value in fit.__dict__.items()}


def _start(source: InputFile, given: str | None) -> int:
    """When the simulation starts [µs]. Raises AnalysisError."""
    try:
        if given is not None:
            moment = datetime.fromisoformat(given)
        else:
            date, time = source.option("START_DATE", "01/01/2004"), source.option("START_TIME", "00:00:00")
            moment = datetime.strptime(f"{date.replace('-', '/')} {time}", "%m/%d/%Y %H:%M:%S")
    except ValueError:
        raise AnalysisError(
            f"start: {given or 'that of the file'} is no time as in 2026-07-01T00:00+09:00"
        ) from None
    return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1e6)


def _stream(observations: Observations, id: int) -> Stream:
    from analysis.scene.series import streams

    with observations.connection() as connection:
        row = connection.execute(
            "SELECT op.name FROM datastreams d JOIN observed_properties op ON op.id = d.observed_property"
            " WHERE d.id = ?",
            (id,),
        ).fetchone()
    found = [] if row is None else [s for s in streams(observations, row[0]) if s.id == id]
    if not found:
        raise AnalysisError(f"datastream: there is no datastream {id}")
    return found[0]


def _depths(stream: Stream, values: Any, zero: float | None, invert: Any) -> Any:
    """Measured depths over the node's invert [m]."""
    from analysis.scene.outlines import number
    from analysis.scene.series import METRES, factor

    stated = number(stream.properties, ("gauge_zero",)) if zero is None else zero
    measured = values * factor(stream, METRES)
    return measured if stated is None else measured + stated - invert()


def _rained(
    source: InputFile, observations: Observations, begin: int, end: int
) -> tuple[InputFile, list[str]]:
    from analysis.flood.inputs import MM_PER_HOUR
    from analysis.scene import rain_from_sensors
    from analysis.sewers import parameters

    found = rain_from_sensors(observations, begin, end, step=_STEP_S, gaps="fill")
    rates = np.asarray(found.intensity, np.float64) * MM_PER_HOUR
    return parameters.with_rain(source, found.time, rates), [f"rain: {found.source}", *found.notes]


def _digests(folder: Path, inputs: Mapping[str, Any]) -> Mapping[str, str]:
    """The readings there are."""
    from analysis.scene.used import newest_reading

    return newest_reading(folder)


def _cost(city: City, inputs: Mapping[str, Any]) -> Cost:
    """Of as many runs of SWMM as there may be."""
    return Cost(_STARTING_S + inputs["most_runs"] * inputs["duration"] * _S_PER_HOUR)


MODEL = Model(
    name="sewer-calibration",
    version="1",
    title={"ko": "하수관망 매개변수 보정", "en": "Sewer calibration"},
    description={
        "ko": "SWMM 모형의 매개변수를 관측 수위에 맞추고, 보정 전후를 비교한다.",
        "en": "Parameters of a SWMM model fitted to measured levels at one of its nodes, with the fit before"
        " and after.",
    },
    parameters=(
        file("sewers", "우수관망 (SWMM .inp)", "storm drains (SWMM .inp)", required=True),
        Parameter(
            name="node",
            title={"ko": "수위계가 있는 맨홀", "en": "node that the gauge is at"},
            type="string",
            required=True,
        ),
        Parameter(
            name="datastream",
            title={"ko": "관측 수위 데이터스트림", "en": "datastream of the measured levels"},
            type="integer",
            unit="1",
            minimum=1,
            required=True,
        ),
        text(
            "start",
            "모의 시작 시각",
            "start of the simulation",
            description=titled(
                "시간대를 포함한 ISO 8601; 없으면 파일의 시작 시각을 UTC로 본다",
                "ISO 8601 with zone; without it the file's own start, taken as UTC",
            ),
        ),
        number("duration", "모의 시간", "time simulated", "h", 6.0, 0.1, 8760.0),
        choice(
            "rain",
            "강우 자료",
            "rain from",
            {
                "inp": ("SWMM 파일의 강우", "the SWMM file"),
                "sensors": ("강우 센서의 관측", "readings of the rain sensors"),
            },
        ),
        Parameter(
            name="fit",
            title={"ko": "보정할 매개변수", "en": "what is fitted"},
            description=titled("값에 곱하는 계수", "factors that the values are multiplied by"),
            type="string",
            choices=FACTORS,
            choice_titles={
                "roughness": titled("관 조도", "roughness of conduits"),
                "imperviousness": titled("유역 불투수율", "impervious share of subcatchments"),
                "width": titled("유역 폭", "width of subcatchments"),
                "storage": titled("지면 저류", "storage on subcatchments"),
            },
            many=True,
            default=["roughness", "imperviousness"],
        ),
        number("least", "계수 하한", "least factor", "1", 0.33, 0.01, 1.0),
        number("most", "계수 상한", "greatest factor", "1", 3.0, 1.0, 100.0),
        number("zero", "수위계 영점 표고", "height of the gauge's zero", "m", None, -500.0, 9000.0),
        choice(
            "search",
            "탐색 방법",
            "search",
            {
                "global": ("넓은 범위: 느리지만 확실함", "the whole range: slower, misses less"),
                "local": ("파일의 값 근처: 빠름", "near the values of the file: faster"),
            },
        ),
        number("held_out", "검증 구간 비율", "share at the end to test with", "1", 0.3, 0.0, 0.9),
        whole("most_runs", "최대 모의 횟수", "about how many runs at most", 200, 20, 10_000),
    ),
    outputs=(
        output(
            "calibrated",
            "보정된 모형 (.inp)",
            "the fitted model (.inp)",
            "dataset",
            media_type="text/plain",
        ),
        output("series", "관측·보정 전·후 수위", "levels measured, before, after", "series"),
        output("summary", "요약", "summary", "json"),
    ),
    run=run,
    digests=_digests,
    estimate=_cost,
)
