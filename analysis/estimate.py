"""How long a run will take and how much memory, before it is started: by its model, and by runs of before.

A model says what inputs cost on a usual machine (`Model.estimate`). Runs that this city has had say how far
that is from the truth here: the three that are nearest in cost correct it by the median of what they took.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from analysis import inputs as checking
from analysis import models
from analysis.contract import Cost, Model
from analysis.errors import AnalysisError
from twin.errors import TwinError
from twin.runs import DATABASE, Run, open_runs
from twin.store import City, open_city

LOOKED_AT = 12
"""So many runs of before, the newest, are looked at."""
NEAREST = 3
QUICK_S = 5.0
"""What a model that takes seconds takes before there is a run to go by [s]."""


@dataclass(frozen=True)
class Estimate:
    """seconds: None when neither the model nor a run of before says anything. memory: [bytes], None as well.
    available: main memory of this machine [bytes]. runs: of before that the time is taken from; with none it
    is the model's usual figure."""

    seconds: float | None
    memory: float | None
    available: float | None
    runs: int

    @property
    def text(self) -> str:
        """In English, for the command line."""
        if self.seconds is None:
            return "not known: there is no earlier run of this model to go by"
        by = {0: "by usual figures, as there is no earlier run", 1: "from an earlier run"}
        source = by.get(self.runs, f"from {self.runs} earlier runs")
        return f"about {duration_text(self.seconds)}, {source}{self._memory_text()}"

    def _memory_text(self) -> str:
        if self.memory is None:
            return ""
        needed = f"; about {self.memory / 1e9:.1f} GB of memory"
        if self.available is None or self.memory <= self.available:
            return needed
        return f"{needed}, more than the {self.available / 1e9:.1f} GB of this machine"


def estimate(folder: Path | str, name: str, given: Mapping[str, Any]) -> Estimate:
    """Of a run of a model with these inputs. Raises AnalysisError for inputs that it does not allow."""
    folder = Path(folder).absolute()
    model = models.model(name)
    inputs = checking.check(model, given)
    past = _past(folder, model)
    with open_city(folder) as city:
        cost = model.estimate(city, inputs) if model.estimate else None
        if cost is None:
            return _flat(model, past)
        ratios = _ratios(city, model, past, cost)
    return Estimate(
        cost.seconds * (median(ratios) if ratios else 1.0), cost.memory, _main_memory(), len(ratios)
    )


def _flat(model: Model, past: list[Run]) -> Estimate:
    """Of a model whose runs take about the same whatever its inputs."""
    seconds = [run.seconds for run in past[:NEAREST] if run.seconds is not None]
    usual = QUICK_S if model.quick else None
    return Estimate(median(seconds) if seconds else usual, None, _main_memory(), len(seconds))


def _past(folder: Path, model: Model) -> list[Run]:
    """Runs of this version of a model that ended well, the newest first."""
    if not (folder / DATABASE).is_file():
        return []
    with open_runs(folder) as runs:
        found = runs.find(models=[model.name], states=["successful"], limit=LOOKED_AT)
    return [run for run in found if run.version == model.version and run.seconds]


def _ratios(city: City, model: Model, past: list[Run], cost: Cost) -> list[float]:
    """Of the nearest runs what they took, as a share of what the model would have said."""
    assert model.estimate is not None
    found = []
    defaults = {p.name: p.default for p in model.parameters}
    for run in past:
        try:
            told = model.estimate(city, {**defaults, **run.inputs}).seconds
        except (AnalysisError, TwinError):
            continue
        found.append((abs(math.log(told / cost.seconds)), (run.seconds or told) / told))
    return [ratio for _, ratio in sorted(found)[:NEAREST]]


def _main_memory() -> float | None:
    try:
        return float(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    except (AttributeError, ValueError, OSError):
        return None


def duration_text(seconds: float) -> str:
    """One figure in a unit that suits it."""
    if seconds < 90:
        return f"{_round(seconds)} s"
    if seconds < 90 * 60:
        return f"{_round(seconds / 60)} min"
    return f"{_round(seconds / 3600)} h"


def _round(value: float) -> int:
    """A whole number up to 20, beyond in fives."""
    return max(1, round(value)) if value < 20 else 5 * round(value / 5)
