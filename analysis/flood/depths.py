"""New depths from old ones, so that no water is lost to rounding.

The rain of one step over deep water is less than single precision tells apart, and rounds the same way step
after step. In single precision a second array, `lost`, therefore holds what rounding kept from each depth
(two-sum; Knuth 1997, *The Art of Computer Programming* 2, 4.2.2); in double precision it has one row, which
nothing touches.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numba.extending import overload

from analysis.flood.arithmetic import kernel, strict_kernel
from analysis.flood.tiles import CHECK, DEEPEST


@strict_kernel
def _settle32(h: Any, change: Any, lost: Any) -> Any:
    more = change + lost
    total = h + more
    part = total - h
    left = (h - (total - part)) + (more - part)
    new = max(total, np.float32(0.0))
    return new, left + (total - new)


@strict_kernel
def _middle32(a: Any, b: Any, lost_a: Any, lost_b: Any) -> Any:
    total = a + b
    part = total - a
    left = (a - (total - part)) + (b - part)
    half = np.float32(0.5)
    return half * total, half * (left + (lost_a + lost_b))


def settle(h: Any, change: Any, lost: Any, i: Any, j: Any) -> Any:
    """h + change + lost[i, j], not below 0; lost[i, j] becomes what rounding kept from it. For kernels."""
    raise NotImplementedError("for compiled kernels")


def middle(a: Any, b: Any, lost_a: Any, lost_b: Any, j: int) -> Any:
    """The mean of a and b, and in lost_a[j] that of what rounding kept from both, as in `settle`."""
    raise NotImplementedError("for compiled kernels")


@overload(settle, inline="always")  # type: ignore[untyped-decorator]
def _settle_by_width(h: Any, change: Any, lost: Any, i: Any, j: Any) -> Callable[..., Any]:
    if h.bitwidth == 32:

        def kept(h: Any, change: Any, lost: Any, i: Any, j: Any) -> Any:
            new, left = _settle32(h, change, lost[i, j])
            lost[i, j] = left
            return new
    else:

        def kept(h: Any, change: Any, lost: Any, i: Any, j: Any) -> Any:
            return max(h + change, 0.0)

    return kept


@overload(middle, inline="always")  # type: ignore[untyped-decorator]
def _middle_by_width(a: Any, b: Any, lost_a: Any, lost_b: Any, j: Any) -> Callable[..., Any]:
    if a.bitwidth == 32:

        def kept(a: Any, b: Any, lost_a: Any, lost_b: Any, j: Any) -> Any:
            mean, left = _middle32(a, b, lost_a[j], lost_b[j])
            lost_a[j] = left
            return mean
    else:

        def kept(a: Any, b: Any, lost_a: Any, lost_b: Any, j: Any) -> Any:
            return 0.5 * (a + b)

    return kept


@kernel
def last(array: Any, row: Any) -> Any:
    """The row to take from an array that may have one for all."""
    return min(row, np.uint64(array.shape[0] - 1))


@kernel
def fill(
    h: Any, i: Any, start: int, stop: int, west: Any, west_row: Any, north: Any, north_row: Any, south: Any,
    south_row: Any, ratio: Any, source: Any, source_row: Any, lost: Any, lost_row: Any, new: Any, seen: Any,
    span: Any,
) -> None:  # fmt: skip
    """New depths of columns start to stop of row i from the flows over the faces [m²/s]; span times source is
    added [m].

    west: flows over the faces before each column, in its row west_row, and so on. ratio: dt / dx, over the
    open share. seen: each column's greatest depth and sum so far. All rows are unsigned, see `inertial`.
    """
    one = np.uint64(1)
    for column in range(start, stop):
        j = np.uint64(column)
        out = west[west_row, j + one] - west[west_row, j] + south[south_row, j] - north[north_row, j]
        change = span * source[source_row, j] - ratio[j] * out
        depth = settle(h[i, j], change, lost, lost_row, j)
        new[i, j] = depth
        seen[DEEPEST, j] = max(seen[DEEPEST, j], depth)
        seen[CHECK, j] += depth
