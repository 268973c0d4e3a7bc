"""A tiny model of a simulation, with which runs are tested. The product has no such model."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from affine import Affine

from analysis.context import Context
from analysis.contract import Model, Output, Parameter, Result
from analysis.errors import AnalysisError, SimulationFailed

ENTRY = "tests.models:TINY"
TRANSFORM = Affine(2.0, 0.0, 100.0, 0.0, -2.0, 200.0)
SHAPE = (6, 8)
ENDINGS = {
    "good": "정상",
    "refused": "거부",
    "blown up": "발산",
    "defect": "결함",
    "crash": "중단",
    "hang": "멈춤",
    "bad table": "표 오류",
}


def run(
    context: Context,
    *,
    rain: float,
    steps: int,
    pause: float,
    ending: str,
    area: Mapping[str, Any] | None,
    box: list[float] | None,
    gauges: list[float] | None,
    table: Path | None,
    options: Mapping[str, Any] | None,
    wet: bool,
) -> Mapping[str, Result]:
    """Rain that falls on a plane; `ending` says how it ends."""
    depth = np.zeros(SHAPE)
    frames = []
    for step in range(steps):
        depth += rain / steps if wet else 0.0
        frames.append((60.0 * step, depth.copy()))
        context.progress(step / steps, f"step {step} of {steps}")
        time.sleep(pause)
        if step == steps // 2:
            _end(context, ending, depth, table)
    depth += context.generator().normal(0, 1e-6, SHAPE)
    frame = pd.DataFrame({"building": ["a", "b"], "depth": depth[0, :2], "count": [1, 2]})
    return {
        "depth": context.raster("depth", depth.astype(np.float32), TRANSFORM),
        "depths": context.rasters("depths", frames, TRANSFORM),
        "buildings": context.table("buildings", frame, {"depth": "mm"}),
        "summary": context.json("summary", {"mean": float(depth.mean())}, {"mean": "mm"}),
    }


def _end(context: Context, ending: str, depth: np.ndarray[Any, Any], table: Path | None) -> None:
    if ending == "refused":
        raise AnalysisError("rain: there is a gap in it")
    if ending == "blown up":
        context.raster("depth", depth, TRANSFORM)
        raise SimulationFailed("not a number at 60 s in cell (1, 2)")
    if ending == "defect":
        raise ZeroDivisionError("by zero")
    if ending == "bad table":
        raise AnalysisError(f"{table}: lacks the column 'rain'")
    if ending == "crash":
        os.abort()
    if ending == "hang":
        while True:
            time.sleep(0.05)


TINY = Model(
    name="tiny",
    version="1",
    title={"ko": "작은 모형", "en": "Tiny model"},
    description={"ko": "평면에 내리는 비", "en": "Rain on a plane"},
    parameters=[
        Parameter(
            name="rain",
            title={"ko": "강우량", "en": "Rain"},
            type="number",
            unit="mm",
            default=10.0,
            minimum=0,
            maximum=1000,
        ),
        Parameter(
            name="steps",
            title={"ko": "단계", "en": "Steps"},
            type="integer",
            unit="1",
            default=2,
            minimum=1,
            maximum=100_000,
        ),
        Parameter(
            name="pause",
            title={"ko": "대기", "en": "Pause"},
            type="number",
            unit="s",
            default=0.0,
            minimum=0,
            maximum=1,
        ),
        Parameter(
            name="ending",
            title={"ko": "끝", "en": "Ending"},
            type="string",
            default="good",
            choices=list(ENDINGS),
            choice_titles={value: {"ko": ko, "en": value} for value, ko in ENDINGS.items()},
        ),
        Parameter(name="area", title={"ko": "영역", "en": "Area"}, type="geometry"),
        Parameter(name="box", title={"ko": "상자", "en": "Box"}, type="bbox"),
        Parameter(name="gauges", title={"ko": "지점", "en": "Gauges"}, type="number", unit="m", many=True),
        Parameter(name="table", title={"ko": "표", "en": "Table"}, type="reference"),
        Parameter(name="options", title={"ko": "선택", "en": "Options"}, type="object"),
        Parameter(name="wet", title={"ko": "강우", "en": "Wet"}, type="boolean", default=True),
    ],
    outputs=[
        Output(name="depth", title={"ko": "수심", "en": "Depth"}, kind="raster", unit="mm"),
        Output(name="depths", title={"ko": "시간별 수심", "en": "Depth in time"}, kind="rasters", unit="mm"),
        Output(name="buildings", title={"ko": "건물", "en": "Buildings"}, kind="table"),
        Output(name="summary", title={"ko": "요약", "en": "Summary"}, kind="json"),
    ],
    run=run,
    quick=True,
)


def spread(context: Context) -> Mapping[str, Result]:
    """Work for all workers, each item told by the process that did it."""
    if context.dask:
        from distributed import Client

        with Client(context.dask, set_as_default=False) as client:
            done = client.gather(client.map(_work, range(4), pure=False))
    else:
        with ProcessPoolExecutor(context.workers, multiprocessing.get_context("spawn")) as pool:
            done = list(pool.map(_work, range(4)))
    return {"summary": context.json("summary", {"workers": len(set(done))})}


def _work(item: int) -> int:
    time.sleep(1.0)
    return os.getpid()


SPREAD = replace(
    TINY, name="tiny", parameters=[], outputs=[TINY.outputs[3]], run=spread, quick=False, spreads=True
)
LONG = replace(TINY, quick=False)
