"""The first-order finite-volume scheme: one pass over the rows of the active tiles, new arrays from old."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange

from analysis.flood.arithmetic import kernel, parallel_kernel
from analysis.flood.godunov import faces, gifts, over_walls, through_pores, update
from analysis.flood.tiles import COLS, ROWS, mark

BUFFERS = 24
"""Rows of workspace that a thread needs."""


@kernel
def _between(
    upper: Any, lower: Any, h: Any, u: Any, v: Any, z: Any, gu: Any, gl: Any, out: Any, a: int, b: int,
    walls: Any, dry: Any, drop: Any, tiny: Any,
) -> None:  # fmt: skip
    """Fluxes over the faces between row `upper` and the row below, columns a to b, into out[0:4]."""
    faces(
        h[upper, a:b], v[upper, a:b], u[upper, a:b], z[upper, a:b],
        h[lower, a:b], v[lower, a:b], u[lower, a:b], z[lower, a:b], gu[2, a:b], gl[3, a:b],
        out[0, a:b], out[1, a:b], out[2, a:b], out[3, a:b], dry, drop, tiny,
    )  # fmt: skip
    k0, k1 = walls.y_start[lower], walls.y_start[lower + 1]
    if k1 > k0:
        over_walls(
            h[upper, a:b], v[upper, a:b], u[upper, a:b], z[upper, a:b],
            h[lower, a:b], v[lower, a:b], u[lower, a:b], z[lower, a:b], gu[2, a:b], gl[3, a:b],
            out[0, a:b], out[1, a:b], out[2, a:b], out[3, a:b], tiny,
            walls.y_at[k0:k1] - a, walls.y_crest[k0:k1],
        )  # fmt: skip


@kernel
def _along(
    i: int, h: Any, u: Any, v: Any, z: Any, gift: Any, out: Any, a: int, b: int,
    walls: Any, dry: Any, drop: Any, tiny: Any,
) -> None:  # fmt: skip
    """Fluxes over the faces a to b (b not included; face j lies before column j) of row i, into out[0:4]."""
    faces(
        h[i, a - 1 : b - 1], u[i, a - 1 : b - 1], v[i, a - 1 : b - 1], z[i, a - 1 : b - 1],
        h[i, a:b], u[i, a:b], v[i, a:b], z[i, a:b], gift[0, a - 1 : b - 1], gift[1, a:b],
        out[0, a:b], out[1, a:b], out[2, a:b], out[3, a:b], dry, drop, tiny,
    )  # fmt: skip
    k0, k1 = walls.x_start[i], walls.x_start[i + 1]
    if k1 > k0:
        over_walls(
            h[i, a - 1 : b - 1], u[i, a - 1 : b - 1], v[i, a - 1 : b - 1], z[i, a - 1 : b - 1],
            h[i, a:b], u[i, a:b], v[i, a:b], z[i, a:b], gift[0, a - 1 : b - 1], gift[1, a:b],
            out[0, a:b], out[1, a:b], out[2, a:b], out[3, a:b], tiny,
            walls.x_at[k0:k1] - a, walls.x_crest[k0:k1],
        )  # fmt: skip


@kernel
def _run(
    r0: int, r1: int, c0: int, c1: int, z: Any, old: Any, new: Any, space: Any, friction: Any, source: Any,
    edges: Any, walls: Any, pores: Any, numbers: Any,
) -> None:  # fmt: skip
    """Rows r0 to r1 and columns c0 to c1 of one row of tiles."""
    h, u, v = old
    dt, dx, dry, drop, tiny, span = numbers
    rows, cols = h.shape
    a, b = max(c0 - 1, 0), min(c1 + 1, cols)
    fa, fb = max(c0, 1), min(c1 + 1, cols)
    rate = dx / dt
    top, bottom = space[0:4], space[4:8]
    x = space[8:12]
    upper, lower = space[12:16], space[16:20]
    speed, check, deepest = space[20], space[21], space[22]
    ratio = space[23]
    deepest[c0:c1] = 0
    ratio[c0:c1] = dt / dx
    if r0 > 0:
        gifts(
            h[r0 - 1, a:b], u[r0 - 1, a:b], v[r0 - 1, a:b],
            lower[0, a:b], lower[1, a:b], lower[2, a:b], lower[3, a:b], rate, tiny,
        )  # fmt: skip
    gifts(
        h[r0, a:b], u[r0, a:b], v[r0, a:b],
        upper[0, a:b], upper[1, a:b], upper[2, a:b], upper[3, a:b], rate, tiny,
    )  # fmt: skip
    if r0 > 0:
        _between(r0 - 1, r0, h, u, v, z, lower, upper, top, c0, c1, walls, dry, drop, tiny)
    else:
        for j in range(c0, c1):
            top[0, j], top[2, j], top[3, j] = edges.north[0, j], edges.north[1, j], edges.north[2, j]
    if pores.on:
        for j in range(c0, c1):
            top[0, j] *= pores.y[r0, j]
            top[3, j] *= pores.y[r0, j]
    for i in range(r0, r1):
        _along(i, h, u, v, z, upper, x, fa, fb, walls, dry, drop, tiny)
        if c0 == 0:
            x[0, 0], x[2, 0], x[3, 0] = edges.west[0, i], edges.west[1, i], edges.west[2, i]
        if c1 == cols:
            x[0, cols], x[1, cols], x[3, cols] = edges.east[0, i], edges.east[1, i], edges.east[2, i]
        if i + 1 < rows:
            gifts(
                h[i + 1, a:b], u[i + 1, a:b], v[i + 1, a:b],
                lower[0, a:b], lower[1, a:b], lower[2, a:b], lower[3, a:b], rate, tiny,
            )  # fmt: skip
            _between(i, i + 1, h, u, v, z, upper, lower, bottom, c0, c1, walls, dry, drop, tiny)
        else:
            for j in range(c0, c1):
                bottom[0, j], bottom[1, j] = edges.south[0, j], edges.south[1, j]
                bottom[3, j] = edges.south[2, j]
        if pores.on:
            for j in range(c0, c1):
                ratio[j] = dt / dx / pores.open[i, j]
            through_pores(
                h[i, c0:c1], h[i, c0:c1], h[i, c0:c1], h[i, c0:c1],
                pores.open[i, c0:c1], pores.x[i, c0:c1], pores.x[i, c0 + 1 : c1 + 1], pores.y[i, c0:c1],
                pores.y[i + 1, c0:c1],
                x[0, c0 : c1 + 1], x[1, c0 : c1 + 1], x[2, c0 : c1 + 1], x[3, c0 : c1 + 1],
                top[2, c0:c1],
                bottom[0, c0:c1], bottom[1, c0:c1], bottom[3, c0:c1],
            )  # fmt: skip
        update(
            h[i, c0:c1], u[i, c0:c1], v[i, c0:c1],
            x[0, c0 : c1 + 1], x[1, c0 : c1 + 1], x[2, c0 : c1 + 1], x[3, c0 : c1 + 1],
            top[0, c0:c1], top[2, c0:c1], top[3, c0:c1],
            bottom[0, c0:c1], bottom[1, c0:c1], bottom[3, c0:c1], ratio[c0:c1],
            source[min(i, source.shape[0] - 1), c0:c1], friction[min(i, friction.shape[0] - 1), c0:c1],
            new[0][i, c0:c1], new[1][i, c0:c1], new[2][i, c0:c1],
            speed[c0:c1], check[c0:c1], deepest[c0:c1], span, dt, dry,
        )  # fmt: skip
        top, bottom = bottom, top
        upper, lower = lower, upper


@parallel_kernel
def step(
    z: Any, old: Any, new: Any, space: Any, active: Any, bounds: Any, flags: Any, found: Any,
    friction: Any, source: Any, edges: Any, walls: Any, pores: Any, numbers: Any,
) -> None:  # fmt: skip
    """One Euler step of the active tiles.

    old, new: (h, u, v). found: written for each thread, the greatest of |u| + |v| + 2 c [m/s], a sum that is
    not finite when any value is not, and the greatest depth [m]. numbers: dt, dx, dry, drop, tiny, span.
    """
    rows, cols = z.shape
    dry = numbers[2]
    for part in prange(bounds.size - 1):
        mine = space[part]
        mine[20:23] = 0
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
                _run(r0, r1, c0, c1, z, old, new, mine, friction, source, edges, walls, pores, numbers)
                mark(flags[tile_row], new[0], mine[22], r0, r1, c0, c1, dry)
                deepest_yet = max(deepest_yet, mine[22, c0:c1].max())
        found[part, 0] = mine[20].max()
        found[part, 1] = np.sum(mine[21])
        found[part, 2] = deepest_yet
