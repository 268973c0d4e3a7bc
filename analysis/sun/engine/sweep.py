"""Shade on a height field, swept along digital lines of the sun's azimuth.

A line leads away from the sun, one cell at a step. With Z the height of the cells and dz what a ray of
sunlight falls in one step, the shade reaches up to

    S[j] = max(Z[j-1], S[j-1]) - dz

above the middle of cell j: whatever lies below S there has no sun. Each cell belongs to one line, so that a
field is swept in one pass, whatever the length of the shadows (compare C. Ratti and P. Richens, "Raster
analysis of urban form", Environment and Planning B 31(2), 2004, doi:10.1068/b2665, who shift the whole field
for each step of a shadow). Where the field falls by more than `WALL` from one cell to the next, the higher
one ends in a wall at their common side, not in its middle, and the light falls from there; so it does from a
cell whose corner the line only touches.

The sun is a point, the earth flat, and a height field has no hollow: what passes beneath a bridge or a
balcony takes the rays of `analysis.sun.engine.rays`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, prange

from analysis.sun.engine.lines import SINGLE, Lines, lines
from analysis.sun.scene import Float32, Float64

HOW: dict[str, Any] = {
    "cache": True,
    "nogil": True,
    "error_model": "numpy",
    "fastmath": {"contract", "reassoc", "nsz", "arcp"},
}
WALL = 2.0
"""A field that falls by more than this many cells in one has a wall there: steeper than 63 degrees."""
BIAS = 0.01
"""How much lower than the shade something has to be to lie in it [m]. Rounding in float32 over a thousand
steps, at 1,000 m above the sea, stays below."""
_WIDTH = 512
"""Lines that a thread takes at a time."""
_LEVEL = 1e-9


def sweep(
    heights: Float32,
    cell_size: float,
    direction: Float64,
    *,
    shade: Float32 | None = None,
    mask: Any = None,
    hours: Float32 | None = None,
    weight: float = 0.0,
) -> None:
    """Sweep a field for a direction (3,) to the sun, which has to be above the level.

    Written where given, all (rows, columns): shade, float32, the height S [m] up to which there is no sun
    over the middles of cells, from all that is before them; -inf where nothing is. mask, bool, True where the
    top of a cell is in shade. hours, float32, to which `weight` is added where it is not.
    """
    way = lines((heights.shape[0], heights.shape[1]), direction)
    drop = np.float32(_fall(direction) * way.step * cell_size)
    for n in range(len(way.shift)):
        _sweep(
            way.laid(heights),
            way.shift[n],
            way.beside[n],
            way.near[n] * drop,
            way.far[n] * drop,
            way.best[n],
            way.reverse,
            drop,
            np.float32(WALL * cell_size),
            np.float32(BIAS),
            None if shade is None else way.laid(shade),
            None if mask is None else way.laid(mask),
            None if hours is None else way.laid(hours),
            np.float32(weight),
        )


def sweep_crowns(
    heights: Float32,
    canopy: Float32,
    trunk: Float32,
    cell_size: float,
    direction: Float64,
    low: Float32,
    high: Float32,
) -> None:
    """Write the heights [m] between which, over the middles of cells, light has come through a crown.

    low above high: there are none. Crowns on one line whose shades meet count as one, with what lies between
    them. A cell's own crown shades what stands below it only as far as it leans over from cells before.
    """
    way: Lines = lines((heights.shape[0], heights.shape[1]), direction, SINGLE)
    _crowns(
        *(way.laid(field) for field in (heights, canopy, trunk)),
        way.shift[0],
        way.reverse,
        np.float32(_fall(direction) * way.step * cell_size),
        way.laid(low),
        way.laid(high),
    )


def _fall(direction: Float64) -> float:
    """Tangent of the elevation."""
    return float(direction[2]) / max(float(np.hypot(direction[0], direction[1])), _LEVEL)


@njit(parallel=True, **HOW)  # type: ignore[untyped-decorator]
def _sweep(
    z: Any, shift: Any, beside: Any, near: Any, far: Any, best: Any, reverse: Any, drop: Any, wall: Any,
    bias: Any, shade: Any, mask: Any, hours: Any, weight: Any,
) -> None:  # fmt: skip
    steps, width = z.shape
    least = min(shift[0], shift[-1])
    most = max(shift[0], shift[-1])
    for chunk in prange((width + most - least + _WIDTH - 1) // _WIDTH):
        first = chunk * _WIDTH - most
        stop = min(first + _WIDTH, width - least)
        top = np.full(_WIDTH, np.float32(-np.inf), np.float32)
        before = np.full(_WIDTH, np.float32(-np.inf), np.float32)
        reach = np.empty(_WIDTH, np.float32)
        for k in range(steps):
            i = steps - 1 - k if reverse else k
            a = max(first + shift[k], 0)
            b = min(stop + shift[k], width)
            if a >= b:
                continue
            line = -shift[k] - first  # from a column to its place in what the lines carry
            c = a
            d = a
            if beside[k] != 0:
                # as far as the field has the second cells
                row = i if beside[k] == 2 else (i + 1 if reverse else i - 1)
                aside = 0 if beside[k] == 1 else shift[k - 1] - shift[k]
                c = max(a, -aside)
                d = max(c, min(b, width - aside))
                _step(
                    z[i, c:d], z[row, c + aside : d + aside], top[c + line : d + line],
                    before[c + line : d + line], reach[c + line : d + line], drop, near[k], far[k], wall, True
                )  # fmt: skip
            for e, f in ((a, c), (d, b)):
                _step(
                    z[i, e:f], z[i, e:f], top[e + line : f + line], before[e + line : f + line],
                    reach[e + line : f + line], drop, near[k], far[k], wall, False
                )  # fmt: skip
            if best[k]:
                if shade is not None:
                    shade[i, a:b] = reach[a + line : b + line]
                if mask is not None:
                    _write_mask(before[a + line : b + line], reach[a + line : b + line], mask[i, a:b], bias)
                if hours is not None:
                    _add_hours(
                        before[a + line : b + line], reach[a + line : b + line], hours[i, a:b], bias, weight
                    )


@njit(**HOW)  # type: ignore[untyped-decorator]
def _step(
    here: Any, side: Any, top: Any, before: Any, reach: Any, drop: Any, near: Any, far: Any, wall: Any,
    touched: Any,
) -> None:  # fmt: skip
    """One row. top: what the lines carry, max(Z, S); before: Z of the row before, then of this one."""
    for j in range(len(here)):
        z = here[j]
        s = top[j] - drop
        last = before[j]
        s = max(s, last - near) if last - z > wall else s
        if touched:
            s = max(s, side[j] - far) if side[j] - z > wall else s
        reach[j] = s
        before[j] = z
        top[j] = max(z, s)


@njit(**HOW)  # type: ignore[untyped-decorator]
def _write_mask(here: Any, reach: Any, mask: Any, bias: Any) -> None:
    for j in range(len(here)):
        mask[j] = here[j] + bias < reach[j]


@njit(**HOW)  # type: ignore[untyped-decorator]
def _add_hours(here: Any, reach: Any, hours: Any, bias: Any, weight: Any) -> None:
    for j in range(len(here)):
        hours[j] += np.float32(0.0) if here[j] + bias < reach[j] else weight


@njit(parallel=True, **HOW)  # type: ignore[untyped-decorator]
def _crowns(
    z: Any, canopy: Any, trunk: Any, shift: Any, reverse: Any, drop: Any, low: Any, high: Any
) -> None:
    steps, width = z.shape
    least = min(shift[0], shift[-1])
    most = max(shift[0], shift[-1])
    none = np.float32(np.inf)
    for chunk in prange((width + most - least + _WIDTH - 1) // _WIDTH):
        first = chunk * _WIDTH - most
        stop = min(first + _WIDTH, width - least)
        bottom = np.full(_WIDTH, none, np.float32)
        top = np.full(_WIDTH, -none, np.float32)
        for k in range(steps):
            i = steps - 1 - k if reverse else k
            s = shift[k]
            for line in range(max(first, -s), min(stop, width - s)):
                a = bottom[line - first] - drop
                b = top[line - first] - drop
                low[i, line + s] = a
                high[i, line + s] = b
                if b <= z[i, line + s]:
                    a = none
                    b = -none
                if canopy[i, line + s] > z[i, line + s]:
                    a = min(a, trunk[i, line + s])
                    b = max(b, canopy[i, line + s])
                bottom[line - first] = a
                top[line - first] = b
