"""Answers from a library within a second: linear between its scenarios along every axis.

Multilinear interpolation never leaves the range of the runs around it and keeps their order, so that more
rain never gives less water. Beyond the library nothing is extrapolated: the nearest scenario stands in, and
the answer says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

from analysis.errors import AnalysisError
from analysis.warning.library import Axis, Float32, HeldOut, Library, Map, Parameters, RunOne


@dataclass(frozen=True)
class Answer:
    """depth: [m], of the library's cells, NaN where there is no ground. beyond: axis -> (asked, taken) where
    the question lies outside the library. held_out: the measured error of such answers within it; None when
    it has not been measured. scenario: what was asked."""

    depth: Float32
    scenario: dict[str, float]
    beyond: dict[str, tuple[float, float]]
    held_out: HeldOut | None

    @property
    def within(self) -> bool:
        """Whether the library covers the question."""
        return not self.beyond


def answer(library: Library, scenario: Parameters) -> Answer:
    """The deepest water for one value of each axis. Raises AnalysisError for one that is missing or no
    number."""
    asked = {axis.name: _value(axis, scenario) for axis in library.axes}
    unknown = scenario.keys() - asked.keys()
    if unknown:
        raise AnalysisError(f"the library has no axis {min(unknown)!r}; it has {', '.join(asked)}")
    beyond: dict[str, tuple[float, float]] = {}
    corners: list[list[tuple[int, float]]] = []
    for axis in library.axes:
        given = asked[axis.name]
        taken = min(max(given, axis.values[0]), axis.values[-1])
        if taken != given:
            beyond[axis.name] = given, taken
        corners.append(_corners(axis, taken))
    total = np.zeros(library.cell_shape, np.float32)
    for corner in product(*corners):
        weight = np.float32(np.prod([w for _, w in corner]))
        total += weight * library.scenario([i for i, _ in corner])
    return Answer(total, asked, beyond, library.held_out)


def envelope(library: Library, questions: Sequence[Parameters]) -> Answer:
    """The deepest water of several scenarios, cell by cell; `scenario` is that with the most water, `beyond`
    holds what any of them lacks. Raises AnalysisError without any."""
    if not questions:
        raise AnalysisError("there is no scenario to ask the library for")
    depth: Float32 | None = None
    beyond: dict[str, tuple[float, float]] = {}
    most, strongest = -1.0, dict(questions[0])
    for one in (answer(library, q) for q in questions):
        beyond |= one.beyond
        volume = float(np.nansum(one.depth, dtype=np.float64))
        if volume > most:
            most, strongest = volume, one.scenario
        depth = one.depth if depth is None else np.maximum(depth, one.depth)
    assert depth is not None
    return Answer(depth, strongest, beyond, library.held_out)


def strongest_rain(
    rates: npt.ArrayLike, step_h: float, durations_h: Sequence[float]
) -> list[tuple[float, float]]:
    """(duration [h], largest mean intensity [mm/h] over any so long a window) of rain (n,) [mm/h] in steps.

    Asked of a library for every duration, and the answers enveloped, it finds the duration that floods each
    cell most. A window longer than the forecast is taken with no rain around it. Raises AnalysisError for
    NaN.
    """
    rain = np.asarray(rates, np.float64)
    if not np.isfinite(rain).all():
        raise AnalysisError("the rain forecast has gaps; fill them, or shorten it to what is known")
    amount = np.concatenate([[0.0], np.cumsum(rain) * step_h])
    hours = np.arange(len(amount)) * step_h
    found = []
    for duration in durations_h:
        starts = np.union1d(hours, hours - duration)
        ends = np.interp(starts + duration, hours, amount)
        found.append((float(duration), float((ends - np.interp(starts, hours, amount)).max() / duration)))
    return found


def held_out_points(axes: Sequence[Axis], count: int, seed: int = 0) -> list[dict[str, float]]:
    """Scenarios within the library, spread evenly (a Latin hypercube), to measure the surrogate at."""
    from scipy.stats import qmc

    unit = qmc.LatinHypercube(len(axes), rng=np.random.default_rng(seed)).random(count)
    low = np.array([axis.values[0] for axis in axes])
    high = np.array([axis.values[-1] for axis in axes])
    points = low + unit * (high - low)
    return [dict(zip((a.name for a in axes), p, strict=True)) for p in points.tolist()]


def verify(
    library: Library,
    run_one: RunOne,
    points: Sequence[Mapping[str, float]],
    *,
    map_: Map = map,
    wet: float = 0.1,
) -> HeldOut:
    """Full runs at points of which the library holds none, against the surrogate; kept in `library.held_out`.

    wet: depth [m] from which a cell counts as flooded, for the extent. Errors are over cells that either has
    at least a millimetre deep. Raises AnalysisError for a point outside the library.
    """
    wrong: list[npt.NDArray[Any]] = []
    both = either = 0
    for point, result in zip(points, map_(run_one, points), strict=True):
        told = answer(library, point)
        if not told.within:
            raise AnalysisError(f"{dict(point)} lies outside the library, where nothing is interpolated")
        truth = np.asarray(result, np.float64)
        compared = np.isfinite(truth) & np.isfinite(told.depth) & ((truth >= 1e-3) | (told.depth >= 1e-3))
        wrong.append((told.depth - truth)[compared])
        deep_told, deep_truth = told.depth >= wet, truth >= wet
        both += int((deep_told & deep_truth).sum())
        either += int((deep_told | deep_truth).sum())
    errors = np.concatenate(wrong) if wrong else np.zeros(0)
    if not len(errors):
        raise AnalysisError("no held-out run has any water; choose scenarios that flood")
    library.held_out = HeldOut(
        len(points), len(errors), float(np.sqrt(np.mean(errors**2))), float(np.abs(errors).mean()),
        float(errors.mean()), float(np.abs(errors).max()), both / either if either else 1.0, wet,
    )  # fmt: skip
    return library.held_out


def _value(axis: Axis, scenario: Parameters) -> float:
    value = scenario.get(axis.name)
    if value is None or not np.isfinite(value):
        raise AnalysisError(f"{axis.name} [{axis.unit}]: the library needs a number for it")
    return float(value)


def _corners(axis: Axis, value: float) -> list[tuple[int, float]]:
    """The scenarios on both sides and their weights; those without weight are left out."""
    upper = min(int(np.searchsorted(axis.values, value)), len(axis.values) - 1)
    if upper == 0 or axis.values[upper] == value:
        return [(upper, 1.0)]
    share = (value - axis.values[upper - 1]) / (axis.values[upper] - axis.values[upper - 1])
    return [(upper - 1, 1.0 - share), (upper, share)]
