"""The second-order finite-volume scheme: linear reconstruction and Heun's two stages.

Depth, level and velocities are made linear in each cell (van Leer 1979), the bed following from level less
depth, so that still water stays still (Audusse et al. 2004, doi:10.1137/S1064827503431090, section 4). Each
stage is an Euler step of the first-order scheme with the values at the faces; their mean is the new state.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange

from analysis.flood.arithmetic import kernel, parallel_kernel
from analysis.flood.constants import BLOCKED, GRAVITY
from analysis.flood.godunov import faces, gifts, over_walls, through_pores, update
from analysis.flood.tiles import COLS, ROWS, mark

BUFFERS = 51
"""Rows of workspace that a thread needs."""


@kernel
def _limited(a: Any, b: Any) -> Any:
    """Half the slope between the differences to both neighbours (monotonized central, van Leer 1977)."""
    real = type(a)
    half = real(0.5)
    sign = half if a > real(0.0) else -half
    least = min(min(abs(a), abs(b)), real(0.25) * abs(a + b))
    return real(2.0) * sign * least if a * b > real(0.0) else real(0.0)


@kernel
def _linear(
    hm: Any, h: Any, hp: Any, um: Any, u: Any, up: Any, vm: Any, v: Any, vp: Any, zm: Any, z: Any, zp: Any,
    h0: Any, h1: Any, u0: Any, u1: Any, v0: Any, v1: Any, z0: Any, z1: Any, dry: Any,
) -> None:  # fmt: skip
    """Values at the lower (0) and upper (1) face of each cell, from it and its neighbours m and p."""
    real = type(dry)
    zero = real(0.0)
    one = real(1.0)
    roof = real(0.5 * BLOCKED)
    for j in range(h.size):
        a = h[j]
        below = one if zm[j] < roof else zero
        above = one if zp[j] < roof else zero
        below = below if a > dry else zero
        dh = _limited((a - hm[j]) * below, (hp[j] - a) * above)
        dw = _limited((a - hm[j] + (z[j] - zm[j])) * below, (hp[j] - a + (zp[j] - z[j])) * above)
        du = _limited((u[j] - um[j]) * below, (up[j] - u[j]) * above)
        dv = _limited((v[j] - vm[j]) * below, (vp[j] - v[j]) * above)
        low = a - dh
        high = a + dh
        share = one / max(a, dry)
        h0[j] = low
        h1[j] = high
        # the momentum of the cell is the mean of both halves
        u0[j] = u[j] - du * high * share
        u1[j] = u[j] + du * low * share
        v0[j] = v[j] - dv * high * share
        v1[j] = v[j] + dv * low * share
        z0[j] = z[j] - (dw - dh)
        z1[j] = z[j] + (dw - dh)


@kernel
def _rows(i: int, a: int, b: int, h: Any, u: Any, v: Any, z: Any, out: Any, dry: Any) -> None:
    """Values at the north and south faces of row i, columns a to b, into out[0:8]; flat beyond the grid."""
    n, s = max(i - 1, 0), min(i + 1, h.shape[0] - 1)
    _linear(
        h[n, a:b], h[i, a:b], h[s, a:b], u[n, a:b], u[i, a:b], u[s, a:b],
        v[n, a:b], v[i, a:b], v[s, a:b], z[n, a:b], z[i, a:b], z[s, a:b],
        out[0, a:b], out[1, a:b], out[2, a:b], out[3, a:b], out[4, a:b], out[5, a:b], out[6, a:b], out[7,
        a:b],
        dry,
    )  # fmt: skip


@kernel
def _cols(i: int, a: int, b: int, h: Any, u: Any, v: Any, z: Any, out: Any, dry: Any) -> None:
    """Values at the west and east faces of row i, columns a to b, into out[0:8]; flat beyond the grid."""
    cols = h.shape[1]
    for j in (0, cols - 1):
        if a <= j < b:
            for k in range(2):
                out[k, j], out[2 + k, j], out[4 + k, j], out[6 + k, j] = h[i, j], u[i, j], v[i, j], z[i, j]
    a, b = max(a, 1), min(b, cols - 1)
    if b <= a:
        return
    m, p = slice(a - 1, b - 1), slice(a + 1, b + 1)
    _linear(
        h[i, m], h[i, a:b], h[i, p], u[i, m], u[i, a:b], u[i, p],
        v[i, m], v[i, a:b], v[i, p], z[i, m], z[i, a:b], z[i, p],
        out[0, a:b], out[1, a:b], out[2, a:b], out[3, a:b], out[4, a:b], out[5, a:b], out[6, a:b], out[7,
        a:b],
        dry,
    )  # fmt: skip


@kernel
def _weight(low_h: Any, high_h: Any, low_z: Any, high_z: Any, force: Any) -> None:
    """Add the weight of the water on the bed's slope inside each cell to the momentum over one of its
    faces."""
    half_g = type(low_h[0])(0.5 * GRAVITY)
    for j in range(low_h.size):
        force[j] += half_g * (low_h[j] + high_h[j]) * (high_z[j] - low_z[j])


@kernel
def _mean(
    h0: Any, u0: Any, v0: Any, h: Any, u: Any, v: Any, speed: Any, check: Any, deepest: Any, dry: Any
) -> None:
    """Replace the state after two stages by its mean with the state before them."""
    real = type(dry)
    half, zero, one = real(0.5), real(0.0), real(1.0)
    two_g = real(4.0 * GRAVITY)
    for j in range(h.size):
        a = half * (h0[j] + h[j])
        w = half / max(a, dry)
        w = w if a > dry else zero
        x = (h0[j] * u0[j] + h[j] * u[j]) * w
        y = (h0[j] * v0[j] + h[j] * v[j]) * w
        h[j] = a
        u[j] = x
        v[j] = y
        speed[j] = max(speed[j], abs(x) + abs(y) + np.sqrt(two_g * a) * one)
        check[j] += a + x + y
        deepest[j] = max(deepest[j], a)


@kernel
def _between(
    upper: Any, lower: Any, row: int, gu: Any, gl: Any, out: Any, a: int, b: int, walls: Any, dry: Any,
    drop: Any,
    tiny: Any,
) -> None:  # fmt: skip
    """Fluxes over the faces above row `row`, from the values at the faces of the rows above and below."""
    faces(
        upper[1, a:b], upper[5, a:b], upper[3, a:b], upper[7, a:b],
        lower[0, a:b], lower[4, a:b], lower[2, a:b], lower[6, a:b], gu[2, a:b], gl[3, a:b],
        out[0, a:b], out[1, a:b], out[2, a:b], out[3, a:b], dry, drop, tiny,
    )  # fmt: skip
    k0, k1 = walls.y_start[row], walls.y_start[row + 1]
    if k1 > k0:
        over_walls(
            upper[1, a:b], upper[5, a:b], upper[3, a:b], upper[7, a:b],
            lower[0, a:b], lower[4, a:b], lower[2, a:b], lower[6, a:b], gu[2, a:b], gl[3, a:b],
            out[0, a:b], out[1, a:b], out[2, a:b], out[3, a:b], tiny,
            walls.y_at[k0:k1] - a, walls.y_crest[k0:k1],
        )  # fmt: skip


@kernel
def _along(
    cell: Any, row: int, gift: Any, out: Any, a: int, b: int, walls: Any, dry: Any, drop: Any, tiny: Any
) -> None:
    """Fluxes over the faces a to b (face j lies before column j) of a row, from the values at its faces."""
    m = slice(a - 1, b - 1)
    faces(
        cell[1, m], cell[3, m], cell[5, m], cell[7, m], cell[0, a:b], cell[2, a:b], cell[4, a:b], cell[6,
        a:b],
        gift[0, m], gift[1, a:b], out[0, a:b], out[1, a:b], out[2, a:b], out[3, a:b], dry, drop, tiny,
    )  # fmt: skip
    k0, k1 = walls.x_start[row], walls.x_start[row + 1]
    if k1 > k0:
        over_walls(
            cell[1, m], cell[3, m], cell[5, m], cell[7, m],
            cell[0, a:b], cell[2, a:b], cell[4, a:b], cell[6, a:b], gift[0, m], gift[1, a:b],
            out[0, a:b], out[1, a:b], out[2, a:b], out[3, a:b], tiny,
            walls.x_at[k0:k1] - a, walls.x_crest[k0:k1],
        )  # fmt: skip


@kernel
def _run(
    r0: int, r1: int, c0: int, c1: int, z: Any, base: Any, old: Any, new: Any, space: Any, friction: Any,
    source: Any, edges: Any, walls: Any, pores: Any, numbers: Any, second: bool,
) -> None:  # fmt: skip
    """Rows r0 to r1 and columns c0 to c1 of one row of tiles."""
    h, u, v = old
    dt, dx, dry, drop, tiny, span = numbers
    rows, cols = h.shape
    a, b = max(c0 - 1, 0), min(c1 + 1, cols)
    fa, fb = max(c0, 1), min(c1 + 1, cols)
    rate = dx / dt
    top, bottom, x = space[0:4], space[4:8], space[8:12]
    gu, gl = space[12:16], space[16:20]
    speed, check, deepest = space[20], space[21], space[22]
    ratio, aside = space[23], space[24:27]
    cell, upper, lower = space[27:35], space[35:43], space[43:51]
    deepest[c0:c1] = 0
    ratio[c0:c1] = dt / dx
    if r0 > 0:
        gifts(h[r0 - 1, a:b], u[r0 - 1, a:b], v[r0 - 1, a:b],
              gl[0, a:b], gl[1, a:b], gl[2, a:b], gl[3, a:b], rate, tiny)  # fmt: skip
        _rows(r0 - 1, c0, c1, h, u, v, z, lower, dry)
    gifts(h[r0, a:b], u[r0, a:b], v[r0, a:b], gu[0, a:b], gu[1, a:b], gu[2, a:b], gu[3, a:b], rate, tiny)
    _rows(r0, c0, c1, h, u, v, z, upper, dry)
    if r0 > 0:
        _between(lower, upper, r0, gl, gu, top, c0, c1, walls, dry, drop, tiny)
    else:
        for j in range(c0, c1):
            top[0, j], top[2, j], top[3, j] = edges.north[0, j], edges.north[1, j], edges.north[2, j]
    if pores.on:
        for j in range(c0, c1):
            top[0, j] *= pores.y[r0, j]
            top[3, j] *= pores.y[r0, j]
    for i in range(r0, r1):
        _cols(i, a, b, h, u, v, z, cell, dry)
        _along(cell, i, gu, x, fa, fb, walls, dry, drop, tiny)
        if c0 == 0:
            x[0, 0], x[2, 0], x[3, 0] = edges.west[0, i], edges.west[1, i], edges.west[2, i]
        if c1 == cols:
            x[0, cols], x[1, cols], x[3, cols] = edges.east[0, i], edges.east[1, i], edges.east[2, i]
        if i + 1 < rows:
            gifts(h[i + 1, a:b], u[i + 1, a:b], v[i + 1, a:b],
                  gl[0, a:b], gl[1, a:b], gl[2, a:b], gl[3, a:b], rate, tiny)  # fmt: skip
            _rows(i + 1, c0, c1, h, u, v, z, lower, dry)
            _between(upper, lower, i + 1, gu, gl, bottom, c0, c1, walls, dry, drop, tiny)
        else:
            for j in range(c0, c1):
                bottom[0, j], bottom[1, j] = edges.south[0, j], edges.south[1, j]
                bottom[3, j] = edges.south[2, j]
        if pores.on:
            for j in range(c0, c1):
                ratio[j] = dt / dx / pores.open[i, j]
            through_pores(
                cell[0, c0:c1], cell[1, c0:c1], upper[0, c0:c1], upper[1, c0:c1],
                pores.open[i, c0:c1], pores.x[i, c0:c1], pores.x[i, c0 + 1 : c1 + 1], pores.y[i, c0:c1],
                pores.y[i + 1, c0:c1],
                x[0, c0 : c1 + 1], x[1, c0 : c1 + 1], x[2, c0 : c1 + 1], x[3, c0 : c1 + 1],
                top[2, c0:c1], bottom[0, c0:c1], bottom[1, c0:c1], bottom[3, c0:c1],
            )  # fmt: skip
            for j in range(c0, c1):
                # what the weight is added to is divided by the open share with the rest
                cell[6, j] *= pores.open[i, j]
                cell[7, j] *= pores.open[i, j]
                upper[6, j] *= pores.open[i, j]
                upper[7, j] *= pores.open[i, j]
        _weight(cell[0, c0:c1], cell[1, c0:c1], cell[6, c0:c1], cell[7, c0:c1], x[1, c0 + 1 : c1 + 1])
        _weight(upper[0, c0:c1], upper[1, c0:c1], upper[6, c0:c1], upper[7, c0:c1], bottom[1, c0:c1])
        seen = aside if second else space[20:23]
        update(
            h[i, c0:c1], u[i, c0:c1], v[i, c0:c1],
            x[0, c0 : c1 + 1], x[1, c0 : c1 + 1], x[2, c0 : c1 + 1], x[3, c0 : c1 + 1],
            top[0, c0:c1], top[2, c0:c1], top[3, c0:c1],
            bottom[0, c0:c1], bottom[1, c0:c1], bottom[3, c0:c1], ratio[c0:c1],
            source[min(i, source.shape[0] - 1), c0:c1], friction[min(i, friction.shape[0] - 1), c0:c1],
            new[0][i, c0:c1], new[1][i, c0:c1], new[2][i, c0:c1],
            seen[0, c0:c1], seen[1, c0:c1], seen[2, c0:c1], span, dt, dry,
        )  # fmt: skip
        if second:
            _mean(
                base[0][i, c0:c1], base[1][i, c0:c1], base[2][i, c0:c1],
                new[0][i, c0:c1], new[1][i, c0:c1], new[2][i, c0:c1],
                speed[c0:c1], check[c0:c1], deepest[c0:c1], dry,
            )  # fmt: skip
        top, bottom = bottom, top
        gu, gl = gl, gu
        upper, lower = lower, upper


@parallel_kernel
def step(
    z: Any, base: Any, old: Any, new: Any, space: Any, active: Any, bounds: Any, flags: Any, found: Any,
    friction: Any, source: Any, edges: Any, walls: Any, pores: Any, numbers: Any, second: bool,
) -> None:  # fmt: skip
    """One stage over the active tiles, as `hllc.step`; the second ends with the mean with `base`."""
    rows, cols = z.shape
    dry = numbers[2]
    for part in prange(bounds.size - 1):
        mine = space[part]
        mine[20:27] = 0
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
                _run(
                    r0, r1, c0, c1, z, base, old, new, mine, friction, source, edges, walls, pores, numbers,
                    second,
                )  # fmt: skip
                mark(flags[tile_row], new[0], mine[22], r0, r1, c0, c1, dry)
                deepest_yet = max(deepest_yet, mine[22, c0:c1].max())
        found[part, 0] = mine[20].max()
        found[part, 1] = np.sum(mine[21])
        found[part, 2] = deepest_yet
