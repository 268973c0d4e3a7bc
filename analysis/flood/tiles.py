"""Which parts of the grid have work to do, so that dry ground costs nothing.

The grid is cut into tiles of ROWS x COLS cells. A tile is computed when it holds moving water, held some one
step ago, or has water at the edge of a neighbour. Neighbouring tiles of one row are computed as one run.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numba import prange

from analysis.flood.arithmetic import kernel, parallel_kernel

ROWS, COLS = 16, 32
WET, NORTH, SOUTH, WEST, EAST = 1, 2, 4, 8, 16
"""Bits of a tile's flag: water anywhere, and in its first row, last row, first column, last column."""
ALL = WET | NORTH | SOUTH | WEST | EAST
SPEED, CHECK, DEEPEST = range(3)
"""The first rows of a thread's workspace: of each column the greatest wave speed [m/s], a sum that is not
finite when any value is not, and the greatest depth [m]."""
STAGES = 4
"""Two steps of two stages."""
WORTH = 8192
"""Cells that are worth a thread: some 50 µs of work, against 10 µs to start it."""


@kernel
def plan(flags: Any, rest: Any, active: Any, bounds: Any, every: bool, more: bool) -> None:
    """Fill `active` (tiles to compute) and `bounds` (rows of tiles of each thread, of equal work).

    flags: bits that the last stage left; cleared. rest: for how many more stages each tile stays active, so
    that all arrays of the state hold the same when it no longer is. every: compute all tiles. more: also
    those that are active already.
    """
    rows, cols = flags.shape
    total = 0
    for i in range(rows):
        for j in range(cols):
            on = every or flags[i, j] & WET != 0
            on = on or (i > 0 and flags[i - 1, j] & SOUTH != 0)
            on = on or (i + 1 < rows and flags[i + 1, j] & NORTH != 0)
            on = on or (j > 0 and flags[i, j - 1] & EAST != 0)
            on = on or (j + 1 < cols and flags[i, j + 1] & WEST != 0)
            rest[i, j] = STAGES if on else max(rest[i, j], 1) - 1
            active[i, j] = rest[i, j] > 0 or (more and active[i, j])
            total += active[i, j]
    flags[:] = 0
    parts = bounds.size - 1
    part = 1
    done = 0
    for i in range(rows):
        while part < parts and done * parts >= part * total:
            bounds[part] = i
            part += 1
        for j in range(cols):
            done += active[i, j]
    while part < parts:
        bounds[part] = rows
        part += 1
    bounds[0] = 0
    bounds[parts] = rows


def threads(active: Any, most: int) -> None:
    """Let numba use as many threads, up to `most`, as the active tiles keep busy."""
    cells = int(np.count_nonzero(active)) * ROWS * COLS
    numba.set_num_threads(max(1, min(most, cells // WORTH)))


@kernel
def mark(flags: Any, h: Any, deepest: Any, first: int, last: int, start: int, stop: int, dry: Any) -> None:
    """Set the bits of the tiles of one run.

    flags: of this row of tiles. h: new depths. deepest: greatest depth of each column over the tile's rows.
    first, last: rows of the tile, last not included; start, stop: columns of the run.
    """
    for c0 in range(start, stop, COLS):
        c1 = min(c0 + COLS, stop)
        wet = False
        north = False
        south = False
        for j in range(c0, c1):
            wet |= deepest[j] > dry
            north |= h[first, j] > dry
            south |= h[last - 1, j] > dry
        bits = WET * wet + NORTH * north + SOUTH * south
        if wet:
            west = False
            east = False
            for i in range(first, last):
                west |= h[i, c0] > dry
                east |= h[i, c1 - 1] > dry
            bits += WEST * west + EAST * east
        flags[c0 // COLS] = bits


def compute(
    scheme: Any, r0: int, r1: int, c0: int, c1: int, z: Any, old: Any, new: Any, space: Any, friction: Any,
    source: Any, edges: Any, walls: Any, pores: Any, numbers: Any,
) -> None:  # fmt: skip
    """The new state of rows r0 to r1 and columns c0 to c1 of one row of tiles. For kernels.

    Each scheme overloads it for its own type of `scheme` (see `parts`), and keeps the first rows of `space`.
    """
    raise NotImplementedError("for compiled kernels")


@parallel_kernel
def sweep(
    scheme: Any, z: Any, old: Any, new: Any, space: Any, active: Any, bounds: Any, flags: Any, found: Any,
    friction: Any, source: Any, edges: Any, walls: Any, pores: Any, numbers: Any,
) -> None:  # fmt: skip
    """One stage of a step over the active tiles, new arrays from old.

    old, new: the state, depth first. space: rows of workspace for each thread. found: written for each
    thread, the greatest wave speed [m/s], the sum that shows what is not finite, and the greatest depth [m].
    source: `(1 or rows, cols)`, of which `span` times falls in the step [m]. numbers: dt, dx, dry depth, a
    number of the scheme's own, the least divisor, span.
    """
    rows, cols = z.shape
    dry = numbers[2]
    for part in prange(bounds.size - 1):
        mine = space[part]
        mine[:3] = 0
        deepest_yet = mine[0, 0] * 0
        for tile_row in range(bounds[part], bounds[part + 1]):
            r0, r1 = tile_row * ROWS, min(tile_row * ROWS + ROWS, rows)
            t = 0
            while t < active.shape[1]:
                if not active[tile_row, t]:
                    t += 1
                    continue
                c0 = t * COLS
                while t < active.shape[1] and active[tile_row, t]:
                    t += 1
                c1 = min(t * COLS, cols)
                mine[DEEPEST, c0:c1] = 0
                compute(
                    scheme, r0, r1, c0, c1, z, old, new, mine, friction, source, edges, walls, pores, numbers
                )
                mark(flags[tile_row], new[0], mine[DEEPEST], r0, r1, c0, c1, dry)
                deepest_yet = max(deepest_yet, mine[DEEPEST, c0:c1].max())
        found[part, 0] = mine[SPEED].max()
        found[part, 1] = np.sum(mine[CHECK])
        found[part, 2] = deepest_yet
