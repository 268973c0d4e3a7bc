"""From a meter's readings to the amounts of hours, days or months.

A meter tells a register that counts on, the amount of each interval, or a power. What is not known stays
unknown: nothing is scaled up to fill a gap.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from analysis.scene.series import step_means, usual_interval

Float64: TypeAlias = npt.NDArray[np.float64]
Reading = Literal["register", "interval", "power"]
Stamp = Literal["start", "end"]

_GAP = 2.0
"""A pause is a gap from so many usual intervals on, as elsewhere for sensors."""
ABOUT = 0.12
"""Share by which one interval may be longer or shorter than another of the same meter: months by 11 %."""
COARSE = 1.5
"""A meter that reads less often than every so many steps does not tell the amounts of steps."""
_FALLS = 0.01
"""Share of a register's steps that may be resets."""
_RESETTING = 10
"""Among fewer steps a fall is no reset."""
_FEW = 4
"""Fewer readings do not tell by themselves what they are."""
_FULL, _EMPTY = 0.9, 0.1
"""A register that falls from above the one share of a power of ten to below the other has turned over."""


@dataclass(frozen=True)
class Amounts:
    """amount: (n,) of what is known of each interval, NaN where nothing is. known: (n,) share of it that
    readings cover. resets: (r,) times [s] at which a register began anew, and what ran before is lost;
    turned: how often it turned over; negative: how many readings below zero were left out. interval: usual
    time between readings [s]."""

    amount: Float64
    known: Float64
    resets: Float64
    turned: int
    negative: int
    interval: float


def told(values: Float64) -> Reading | None:
    """Whether readings (n,) are those of a register or of intervals, by how they run: a register only rises,
    by little of what it shows, but for resets. None where that does not tell: few readings that rise, or
    one and the same all along."""
    steps = np.diff(values)
    falls = int((steps < 0).sum())
    if falls > (max(1, _FALLS * len(steps)) if len(steps) >= _RESETTING else 0):
        return "interval"
    if len(values) < _FEW or not steps.any():
        return None
    small = np.median(np.abs(steps)) < 0.1 * np.median(np.abs(values))
    return "register" if small else "interval"


def amounts(
    times: Float64, values: Float64, edges: Float64, reading: Reading, stamp: Stamp = "start"
) -> Amounts:
    """The amounts between n + 1 edges [s].

    times: (m,) [s], in order, values: (m,) in kWh or m³, or kW. stamp: whether a time is the start or the end
    of the interval that an amount or a power is of.
    """
    usual = usual_interval(times, float(edges[-1] - edges[0]))
    n = len(edges) - 1
    nothing = Amounts(np.full(n, np.nan), np.zeros(n), np.empty(0), 0, 0, usual)
    if len(times) < (2 if reading == "register" else 1):
        return nothing
    resets, turned, negative = np.empty(0), 0, 0
    if reading == "register":
        starts, ends, rates, resets, turned = _register(times, values, usual, edges)
    else:
        negative = int((values < 0).sum())
        times, values = times[values >= 0], values[values >= 0]
        if not len(times):
            return Amounts(*(nothing.amount, nothing.known), resets, 0, negative, usual)
        starts, ends = _spans(times, usual, stamp, edges)
        rates = values if reading == "power" else values / ((ends - starts) / 3600.0)
    if usual > COARSE * float(np.max(np.diff(edges))):
        return Amounts(nothing.amount, nothing.known, resets, turned, negative, usual)
    mean, known = step_means(starts, ends, rates, edges)
    return Amounts(mean * known * np.diff(edges) / 3600.0, known, resets, turned, negative, usual)


def _spans(times: Float64, usual: float, stamp: Stamp, edges: Float64) -> tuple[Float64, Float64]:
    """What each reading is of: until the next one, or where that is much later for the usual time or, if that
    is about there, until the next edge, so that a last February is of 28 days after a January of 31."""
    far = np.diff(times) > COARSE * usual
    if stamp == "start":
        ends = np.append(times[1:], 0.0)
        alone = np.append(far, True)
        ends[alone] = _snapped(times[alone] + usual, edges, ABOUT * usual)
        return times, ends
    starts = np.insert(times[:-1], 0, 0.0)
    alone = np.insert(far, 0, True)
    starts[alone] = _snapped(times[alone] - usual, edges, ABOUT * usual)
    return starts, times


def _snapped(times: Float64, edges: Float64, reach: float) -> Float64:
    """Times [s], those within reach of an edge on it."""
    after = np.searchsorted(edges, times).clip(1, len(edges) - 1)
    nearest = np.where(times - edges[after - 1] < edges[after] - times, edges[after - 1], edges[after])
    return np.where(np.abs(nearest - times) <= reach, nearest, times)


def _register(
    times: Float64, values: Float64, usual: float, edges: Float64
) -> tuple[Float64, Float64, Float64, Float64, int]:
    """(starts, ends, rates, resets, times turned over) of the spans between a register's readings.

    The rise over a gap is known, but not when in it: such a span counts only where one interval holds all of
    it.
    """
    starts, ends, rise = times[:-1], times[1:], np.diff(values)
    falls = rise < 0
    full = 10.0 ** np.ceil(np.log10(np.maximum(values[:-1], 1e-9)))
    over = falls & (values[:-1] >= _FULL * full) & (values[1:] <= _EMPTY * full) & (full >= 100.0)
    rise = np.where(over, rise + full, rise)
    lost = falls & ~over
    gap = (ends - starts) > _GAP * usual
    within = np.searchsorted(edges, starts, "right") == np.searchsorted(edges, ends, "left")
    use = ~lost & (~gap | within)
    hours = (ends - starts) / 3600.0
    return starts[use], ends[use], (rise / hours)[use], ends[lost], int(over.sum())
