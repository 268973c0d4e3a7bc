"""When points are in the sun: unbroken spells, and what of them lies within a window of the day.

Light is sampled at instants and changes somewhere between two of them. Such a crossing is taken to be in the
middle, half a step from the truth at most; `halve` narrows it where it matters. A spell or a
gap shorter than the step can be missed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Float64: TypeAlias = npt.NDArray[np.float64]
Int64: TypeAlias = npt.NDArray[np.int64]
Bool: TypeAlias = npt.NDArray[np.bool_]

LitAt: TypeAlias = Callable[[Float64, Int64], Bool]
"""seconds (t,) after the start, points (n,) by index -> (t, n), True in the sun."""

LitWhere: TypeAlias = Callable[[Float64, Int64, Bool], Bool]
"""The same where (t, n) is asked, False elsewhere: for few points, each at instants of its own."""

STEP = 60.0
"""[s] between samples."""
RESOLUTION = 0.25
"""[s] to which a crossing is narrowed at most."""
_SAMPLES = 4_000_000
"""Points times instants that are held at once."""


@dataclass
class Spells:
    """m spells of n points, point after point, each in order of time.

    offsets: (n + 1,) int64, the spells of each point. start, end: (m,) float64 [s]. Both are the middles of
    their brackets (m, 2), between the last sample before the crossing and the first after it; the brackets of
    spells that begin or end with the sampling have no width.
    """

    offsets: Int64
    start_bracket: Float64
    end_bracket: Float64

    @property
    def start(self) -> Float64:
        return np.asarray(self.start_bracket.mean(axis=1))

    @property
    def end(self) -> Float64:
        return np.asarray(self.end_bracket.mean(axis=1))

    @property
    def points(self) -> Int64:
        """(m,) the point of each spell."""
        return np.repeat(np.arange(len(self.offsets) - 1), np.diff(self.offsets))

    def of(self, point: int) -> Float64:
        """(k, 2) start and end of one point's spells [s]."""
        part = slice(self.offsets[point], self.offsets[point + 1])
        return np.column_stack([self.start_bracket[part].mean(axis=1), self.end_bracket[part].mean(axis=1)])

    def _within(self, start: float, end: float) -> tuple[Float64, Float64]:
        first, last = np.clip(self.start, start, end), np.clip(self.end, start, end)
        return first, last - first

    def total(self, start: float, end: float) -> Float64:
        """(n,) [s] in the sun within a window."""
        return _summed(self.points, self._within(start, end)[1], len(self.offsets) - 1)

    def longest(self, start: float, end: float) -> tuple[Float64, Float64]:
        """The longest spell within a window, the first of equals: when it begins and how long it is (n,) [s];
        NaN and 0 where there is none."""
        first, length = self._within(start, end)
        count = len(self.offsets) - 1
        begin, longest = np.full(count, np.nan), np.zeros(count)
        order = np.lexsort((-first, length, self.points))
        points = self.points[order]
        last = np.flatnonzero(np.diff(points, append=-1) != 0)
        found = last[length[order[last]] > 0]
        begin[points[found]] = first[order[found]]
        longest[points[found]] = length[order[found]]
        return begin, longest

    def uncertainty(self) -> Float64:
        """(n,) [s] by which totals and spells may be wrong: half the width of each bracket, added up."""
        half = (np.diff(self.start_bracket, axis=1) + np.diff(self.end_bracket, axis=1))[:, 0] / 2
        return _summed(self.points, half, len(self.offsets) - 1)


def _summed(points: Int64, values: Float64, count: int) -> Float64:
    return np.bincount(points, values, count).astype(np.float64)


def sample(
    lit_at: LitAt,
    points: int,
    duration: float,
    *,
    step: float = STEP,
    progress: Callable[[float], None] | None = None,
) -> Spells:
    """Spells of n points from 0 to duration [s], of samples at most step [s] apart, both ends among them."""
    instants = np.linspace(0.0, duration, max(int(np.ceil(duration / step - 1e-9)), 1) + 1)
    everywhere = np.arange(points, dtype=np.int64)
    block = max(1, _SAMPLES // max(points, 1))
    lit = lit_at(instants[:1], everywhere)
    before = lit[0]
    found: list[tuple[Int64, Int64]] = [(np.flatnonzero(before), np.full(int(before.sum()), -1))]
    for low in range(1, len(instants), block):
        lit = lit_at(instants[low : low + block], everywhere)
        changed = lit != np.vstack([before[None], lit[:-1]])
        at, point = np.nonzero(changed)
        found.append((point, at + low - 1))
        before = lit[-1]
        if progress:
            progress(min((low + block) / len(instants), 1.0))
    found.append((np.flatnonzero(before), np.full(int(before.sum()), len(instants) - 1)))
    point = np.concatenate([each for each, _ in found])
    at = np.concatenate([each for _, each in found])
    order = np.lexsort((at, point))
    point, at = point[order], at[order]
    brackets = np.column_stack([instants[np.maximum(at, 0)], instants[np.minimum(at + 1, len(instants) - 1)]])
    brackets[at < 0] = 0.0
    counts = np.bincount(point, minlength=points) // 2
    return Spells(np.concatenate([[0], np.cumsum(counts)]), brackets[0::2], brackets[1::2])


def halve(spells: Spells, lit_where: LitWhere, chosen: Int64, *, resolution: float = RESOLUTION) -> bool:
    """Halve the bracket of every crossing of the chosen points that is wider than resolution [s], in place;
    False where none was."""
    mine = np.isin(spells.points, chosen)
    wide = [
        np.flatnonzero(mine & (np.diff(brackets, axis=1)[:, 0] > resolution))
        for brackets in (spells.start_bracket, spells.end_bracket)
    ]
    brackets = np.concatenate([spells.start_bracket[wide[0]], spells.end_bracket[wide[1]]])
    if not len(brackets):
        return False
    rises = np.arange(len(brackets)) < len(wide[0])
    middle = brackets.mean(axis=1)
    later = _one_by_one(lit_where, middle, spells.points[np.concatenate(wide)]) != rises
    brackets[later, 0] = middle[later]
    brackets[~later, 1] = middle[~later]
    spells.start_bracket[wide[0]] = brackets[rises]
    spells.end_bracket[wide[1]] = brackets[~rises]
    return True


def _one_by_one(lit_where: LitWhere, seconds: Float64, points: Int64) -> Bool:
    """(k,) light of each point at its own instant."""
    result = np.zeros(len(points), bool)
    instants, instant = np.unique(seconds, return_inverse=True)
    block = max(1, _SAMPLES // max(len(points), 1))
    for low in range(0, len(instants), block):
        here = np.flatnonzero((instant >= low) & (instant < low + block))
        some, column = np.unique(points[here], return_inverse=True)
        own = instants[low : low + block]
        asked = np.zeros((len(own), len(some)), bool)
        asked[instant[here] - low, column] = True
        result[here] = lit_where(own, some, asked)[instant[here] - low, column]
    return result
