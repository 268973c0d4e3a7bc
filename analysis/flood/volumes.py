"""The way of both finite-volume schemes through a run of tiles: row by row, fluxes, then the new state.

What differs between them are the values at the faces of the cells, and what follows: each overloads
`across_rows`, `across_columns`, `weigh`, `residue` and `finish` for its type of `scheme` (see `parts`). The
values of one side of a row of cells are depth, velocity along and across the normal, and bed: four arrays.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba.extending import overload

from analysis.flood import tiles
from analysis.flood.arithmetic import HOW, kernel
from analysis.flood.depths import fill, last
from analysis.flood.godunov import faces, gifts, over_walls, through_pores, update
from analysis.flood.parts import First, Second
from analysis.flood.tiles import CHECK, SPEED


def across_rows(scheme: Any, i: int, a: int, b: int, z: Any, old: Any, kept: Any, dry: Any) -> Any:
    """Values at the north and at the south faces of row i, columns a to b; `kept` is room for them."""
    raise NotImplementedError("for compiled kernels")


def across_columns(scheme: Any, i: int, a: int, b: int, z: Any, old: Any, kept: Any, dry: Any) -> Any:
    """Values at the west and at the east faces of row i, columns a to b; `kept` is room for them."""
    raise NotImplementedError("for compiled kernels")


def weigh(
    scheme: Any, i: int, c0: int, c1: int, a: int, west: Any, east: Any, north: Any, south: Any, x: Any,
    bottom: Any, pores: Any,
) -> None:  # fmt: skip
    """Add the weight of the water on slopes of the bed inside the cells c0 to c1 of row i to the momentum
    that they see at their east and south faces. west and east begin at column a, north and south at c0."""
    raise NotImplementedError("for compiled kernels")


def residue(scheme: Any, i: int, a: int, b: int) -> Any:
    """The array, and its row, of what rounding kept from the depths of row i, columns a to b, to be changed;
    see `depths.settle`."""
    raise NotImplementedError("for compiled kernels")


def finish(scheme: Any, i: int, a: int, b: int, new: Any, space: Any, dry: Any) -> None:
    """End the last stage of row i, columns a to b."""
    raise NotImplementedError("for compiled kernels")


@kernel
def _four(rows: Any, a: int, b: int) -> Any:
    return rows[0, a:b], rows[1, a:b], rows[2, a:b], rows[3, a:b]


@kernel
def _part(cells: Any, a: int, b: int) -> Any:
    h, u, t, z = cells
    return h[a:b], u[a:b], t[a:b], z[a:b]


@kernel
def _give(i: int, a: int, b: int, old: Any, out: Any, rate: Any, tiny: Any) -> None:
    h, u, v = old
    east, west, south, north = _four(out, a, b)
    gifts(h[i, a:b], u[i, a:b], v[i, a:b], east, west, south, north, rate, tiny)


@kernel
def _between(
    south: Any, north: Any, row: int, gu: Any, gl: Any, out: Any, a: int, b: int, walls: Any, dry: Any,
    drop: Any, tiny: Any,
) -> None:  # fmt: skip
    """Fluxes over the faces above row `row`, from the south side of the cells above and the north side of
    those below, into out[0:4]."""
    fluxes = _four(out, a, b)
    faces(south, north, gu[2, a:b], gl[3, a:b], fluxes, dry, drop, tiny)
    k0, k1 = walls.y_start[row], walls.y_start[row + 1]
    if k1 > k0:
        over_walls(
            south, north, gu[2, a:b], gl[3, a:b], fluxes, tiny, walls.y_at[k0:k1] - a, walls.y_crest[k0:k1]
        )


@kernel
def _along(
    west: Any, east: Any, row: int, start: int, gift: Any, out: Any, a: int, b: int, walls: Any, dry: Any,
    drop: Any, tiny: Any,
) -> None:  # fmt: skip
    """Fluxes over the faces a to b (b not included; face j lies before column j) of a row, into out[0:4].
    west, east: sides of its cells from column `start` on."""
    before, behind = _part(east, a - 1 - start, b - 1 - start), _part(west, a - start, b - start)
    fluxes = _four(out, a, b)
    faces(before, behind, gift[0, a - 1 : b - 1], gift[1, a:b], fluxes, dry, drop, tiny)
    k0, k1 = walls.x_start[row], walls.x_start[row + 1]
    if k1 > k0:
        over_walls(
            before, behind, gift[0, a - 1 : b - 1], gift[1, a:b], fluxes, tiny, walls.x_at[k0:k1] - a,
            walls.x_crest[k0:k1],
        )  # fmt: skip


def _run(
    scheme: Any, r0: int, r1: int, c0: int, c1: int, z: Any, old: Any, new: Any, space: Any, friction: Any,
    source: Any, edges: Any, walls: Any, pores: Any, numbers: Any,
) -> None:  # fmt: skip
    h, u, v = old
    dt, dx, dry, drop, tiny, span = numbers
    rows, cols = h.shape
    a, b = max(c0 - 1, 0), min(c1 + 1, cols)
    fa, fb = max(c0, 1), min(c1 + 1, cols)
    rate = dx / dt
    ratio = space[3]
    top, bottom, x = space[4:8], space[8:12], space[12:16]
    gu, gl = space[16:20], space[20:24]
    cell, upper, lower = space[24:32], space[32:40], space[40:48]
    seen = space[48:51] if scheme.last else space[0:3]
    ratio[c0:c1] = dt / dx
    _give(r0, a, b, old, gu, rate, tiny)
    north, south = across_rows(scheme, r0, c0, c1, z, old, upper, dry)
    if r0 > 0:
        _give(r0 - 1, a, b, old, gl, rate, tiny)
        above = across_rows(scheme, r0 - 1, c0, c1, z, old, lower, dry)[1]
        _between(above, north, r0, gl, gu, top, c0, c1, walls, dry, drop, tiny)
    else:
        for j in range(c0, c1):
            top[0, j], top[2, j], top[3, j] = edges.north[0, j], edges.north[1, j], edges.north[2, j]
    if pores.on:
        for j in range(c0, c1):
            top[0, j] *= pores.y[r0, j]
            top[3, j] *= pores.y[r0, j]
    next_north, next_south = north, south
    for i in range(r0, r1):
        west, east = across_columns(scheme, i, a, b, z, old, cell, dry)
        _along(west, east, i, a, gu, x, fa, fb, walls, dry, drop, tiny)
        if c0 == 0:
            x[0, 0], x[2, 0], x[3, 0] = edges.west[0, i], edges.west[1, i], edges.west[2, i]
        if c1 == cols:
            x[0, cols], x[1, cols], x[3, cols] = edges.east[0, i], edges.east[1, i], edges.east[2, i]
        if i + 1 < rows:
            _give(i + 1, a, b, old, gl, rate, tiny)
            next_north, next_south = across_rows(scheme, i + 1, c0, c1, z, old, lower, dry)
            _between(south, next_north, i + 1, gu, gl, bottom, c0, c1, walls, dry, drop, tiny)
        else:
            for j in range(c0, c1):
                bottom[0, j], bottom[1, j] = edges.south[0, j], edges.south[1, j]
                bottom[3, j] = edges.south[2, j]
        if pores.on:
            for j in range(c0, c1):
                ratio[j] = dt / dx / pores.open[i, j]
            through_pores(
                west[0][c0 - a : c1 - a], east[0][c0 - a : c1 - a], north[0], south[0],
                pores.open[i, c0:c1], pores.x[i, c0:c1], pores.x[i, c0 + 1 : c1 + 1], pores.y[i, c0:c1],
                pores.y[i + 1, c0:c1],
                x[0, c0 : c1 + 1], x[1, c0 : c1 + 1], x[2, c0 : c1 + 1], x[3, c0 : c1 + 1],
                top[2, c0:c1], bottom[0, c0:c1], bottom[1, c0:c1], bottom[3, c0:c1],
            )  # fmt: skip
        weigh(scheme, i, c0, c1, a, west, east, north, south, x, bottom, pores)
        row, mass = np.uint64(i), np.uint64(0)
        lost, lost_row = residue(scheme, i, c0, c1)
        fill(
            h, row, c0, c1, x, mass, top, mass, bottom, mass, ratio, source, last(source, row), lost,
            lost_row, new[0], seen, span,
        )  # fmt: skip
        update(
            h[i, c0:c1], u[i, c0:c1], v[i, c0:c1],
            x[1, c0 : c1 + 1], x[2, c0:c1], x[3, c0 : c1 + 1], top[2, c0:c1], top[3, c0:c1],
            bottom[1, c0:c1], bottom[3, c0:c1], ratio[c0:c1], friction[min(i, friction.shape[0] - 1), c0:c1],
            new[0][i, c0:c1], new[1][i, c0:c1], new[2][i, c0:c1], seen[SPEED, c0:c1], seen[CHECK, c0:c1], dt,
            dry,
        )  # fmt: skip
        if scheme.last:
            finish(scheme, i, c0, c1, new, space, dry)
        top, bottom = bottom, top
        gu, gl = gl, gu
        upper, lower = lower, upper
        north, south = next_north, next_south


@overload(tiles.compute, jit_options=HOW)  # type: ignore[untyped-decorator]
def _compute(
    scheme: Any, r0: int, r1: int, c0: int, c1: int, z: Any, old: Any, new: Any, space: Any, friction: Any,
    source: Any, edges: Any, walls: Any, pores: Any, numbers: Any,
) -> Any:  # fmt: skip
    return _run if scheme.instance_class in (First, Second) else None
