"""The local inertial scheme: flow over each face from the slope of the water, without convection.

Bates, Horritt, Fewtrell (2010, doi:10.1016/j.jhydrol.2010.03.027), with the weight theta of a face's own flow
against its neighbours' of de Almeida, Bates, Freer, Souvignet (2012, doi:10.1029/2011WR011570) and friction
by the flow's whole magnitude (de Almeida and Bates 2013, doi:10.1002/wrcr.20366):

    q' (1 + g dt n² (λ |q| + (1 - λ) |q'|) / h_f^(7/3)) = q̄ - g h_f dt dη/dx,  q̄ = θ q + (1 - θ) (q₋ + q₊)
    / 2

with h_f the depth over the higher bed of the two. The papers take |q| alone (λ = 1), which swings from step
to step where friction is all, as in thin sheets. With λ = 1 / (1 + k), k the friction term with |q| alone,
the scheme is theirs where friction is mild and implicit where it rules, and a deviation never changes sign.
Each cell gives away no more than it holds.

In the kernels rows and columns are unsigned: numba then does without its care for negative ones, and loops
over part of a row need no slices, ten of which cost as much as a hundred cells.

On large grids the loops over faces, with three roots to draw for each, call for what the loops after them
read and write: those over cells have little to do but wait for memory.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba.extending import overload

from analysis.cube_root import inverse_cube_root
from analysis.flood import tiles
from analysis.flood.arithmetic import HOW, kernel
from analysis.flood.constants import GRAVITY
from analysis.flood.depths import fill, last
from analysis.flood.parts import Inertial
from analysis.flood.prefetch import prefetch

BUFFERS = 15
"""Rows of workspace that a thread needs."""
LEAST_SHARE = 0.05
"""Of a cell's water that each face may always take in a step."""
PIECE = 64
"""Faces between two calls for memory: with more, the calls wait for each other; with less, loops start too
often."""
LARGE = 24 * 2**20
"""Bytes of depths and flows, old and new, ground and rain: with more, they are taken not to lie in the
cache."""
_RATIO, _MEAN, _ABOVE, _BELOW, _FACE, _OPEN_X, _OPEN_TOP, _OPEN_BOTTOM = 3, 4, 5, 8, 11, 12, 13, 14
"""Rows of workspace: dt over dx and the open share; q̄; three rows each of `_shares` for the cells above
and below a face; flows over a face that another band writes down; flows times open shares."""
U = np.uint64


@kernel
def _shares(
    h: Any, qx: Any, qy: Any, i: Any, a: int, b: int, space: Any, to: Any, rate: Any, tiny: Any
) -> None:
    """Of each cell of row i, into three rows of space from `to`: how many times what it sent over a face
    before, and LEAST_SHARE of its water besides, the face may carry; the sum of the flows [m²/s] over its two
    x faces; that over its two y faces."""
    real = type(rate)
    zero, four = real(0.0), real(4.0)
    small = real(LEAST_SHARE)
    one, two = U(1), U(2)
    for column in range(a, b):
        j = U(column)
        all_of_it = h[i, j] * rate
        base = small * all_of_it
        west, east, north, south = qx[i, j], qx[i, j + one], qy[i, j], qy[i + one, j]
        leaving = max(-west, zero) + max(east, zero) + max(-north, zero) + max(south, zero)
        space[to, j] = all_of_it / (leaving + four * base + tiny)
        space[to + one, j] = west + east
        space[to + two, j] = north + south


@kernel
def _flows(
    h: Any, z: Any, a: Any, b: Any, aside: Any, q: Any, row: Any, mean: Any, mean_row: Any, friction: Any,
    friction_a: Any, friction_b: Any, space: Any, share_a: Any, share_b: Any, sum_a: Any, sum_b: Any,
    out: Any, out_row: Any, start: int, stop: int, dt: Any, dx: Any, dry: Any, piece: int, soon: Any,
) -> None:  # fmt: skip
    """New flows [m²/s] over faces start to stop between cells of row a, `aside` columns before, and of row b.

    q, row: old; mean, mean_row: q̄; friction: g n², rows friction_a and friction_b; share_a to sum_b: rows of
    space, see `_shares`, the sums those of flows the other way. Faces are taken `piece` at a time; where that
    is no more than PIECE, `soon` is prefetched before each piece, see there.
    """
    real = type(dt)
    zero, one, two, four = real(0.0), real(1.0), real(2.0), real(4.0)
    push = real(GRAVITY) * dt / dx
    small = real(LEAST_SHARE) * dx / dt
    hold = real(0.5) * dt
    sixteenth = real(0.0625)
    for first in range(start, stop, piece):
        end = min(first + piece, stop)
        if piece <= PIECE:
            prefetch(soon, first, end)
        for column in range(first, end):
            j = U(column)
            i = j - aside
            left, water = h[a, i], h[b, j]
            dz = z[b, j] - z[a, i]
            right = water + dz
            deep = max(left, right) - max(dz, zero)
            old = q[row, j]
            side = space[sum_a, i] + space[sum_b, j]
            side *= side * sixteenth
            y = inverse_cube_root(max(deep, dry))
            y2 = y * y
            drag = hold * (friction[friction_a, i] + friction[friction_b, j]) * (y2 * y2 * (y2 * y))
            new = mean[mean_row, j] - push * deep * (right - left)
            # λ = 1 / (1 + k), and the equation times 1 + k
            k = drag * np.sqrt(old * old + side)
            more = one + k
            still = more + k
            new *= (
                two
                * more
                / (still + np.sqrt(still * still + four * k * more * drag * np.sqrt(new * new + side)))
            )
            most = space[share_a, i] * (max(old, zero) + small * left)
            least = space[share_b, j] * (min(old, zero) - small * water)
            new = max(min(new, most), least)
            out[out_row, j] = new if deep > dry else zero


@kernel
def _over_walls(
    h: Any, z: Any, a: Any, b: Any, aside: Any, q: Any, row: Any, mean: Any, mean_row: Any, friction: Any,
    friction_a: Any, space: Any, share_a: Any, share_b: Any, out: Any, out_row: Any, start: int, stop: int,
    dt: Any, dx: Any, dry: Any, at: Any, crest: Any, first: int, last: int,
) -> None:  # fmt: skip
    """Compute again the faces at[first:last] that carry a wall with the given crest [m]."""
    real = type(dt)
    zero, one, two, four = real(0.0), real(1.0), real(2.0), real(4.0)
    small = real(LEAST_SHARE) * dx / dt
    for wall in range(first, last):
        if at[wall] < start or at[wall] >= stop:
            continue
        j = U(at[wall])
        i = j - aside
        left, right = z[a, i] + h[a, i], z[b, j] + h[b, j]
        deep = max(left, right) - max(max(z[a, i], z[b, j]), crest[wall])
        if deep <= dry:
            out[out_row, j] = zero
            continue
        old = q[row, j]
        new = mean[mean_row, j] - real(GRAVITY) * deep * dt * (right - left) / dx
        drag = friction[friction_a, i] * dt * inverse_cube_root(deep) ** 7
        stiff = drag * abs(old)
        stiff /= one + stiff
        new *= two / (one + stiff + np.sqrt((one + stiff) ** 2 + four * stiff * drag * abs(new)))
        new = min(new, space[share_a, i] * (max(old, zero) + small * h[a, i]))
        out[out_row, j] = max(new, space[share_b, j] * (min(old, zero) - small * h[b, j]))


@kernel
def _blend(q: Any, before: Any, behind: Any, theta: Any, out: Any) -> None:
    side = type(theta)(0.5) * (type(theta)(1.0) - theta)
    for j in range(out.size):
        out[j] = theta * q[j] + side * (before[j] + behind[j])


def _run(
    scheme: Any, r0: int, r1: int, c0: int, c1: int, z: Any, old: Any, new: Any, space: Any, friction: Any,
    source: Any, edges: Any, walls: Any, pores: Any, numbers: Any,
) -> None:  # fmt: skip
    h, qx, qy = old
    dt, dx, dry, theta, tiny, span = numbers
    rows, cols = h.shape
    rate = dx / dt
    a, b = max(c0 - 1, 0), min(c1 + 1, cols)
    fa, fb = max(c0, 1), min(c1 + 1, cols)
    above, below, mean = U(_ABOVE), U(_BELOW), U(_MEAN)
    top, top_row = space, U(_FACE)
    space[_RATIO, c0:c1] = dt / dx
    piece = PIECE if 8 * h.nbytes > LARGE else cols
    for number in range(r0, r1 + 1):
        # flows over the faces above row `face`, then those along the row before it and its new depths
        face, i, ahead = U(number), U(max(number - 1, 0)), U(min(number + 1, rows - 1))
        if number < rows:
            _shares(h, qx, qy, face, a, b, space, below, rate, tiny)
        if number == r0 and number > 0:
            _shares(h, qx, qy, i, a, b, space, above, rate, tiny)
        # the faces above the first row are for the band above to write down
        bottom, bottom_row = new[2], face
        if number == r0 and number > 0:
            bottom, bottom_row = space, U(_FACE)
        if number == 0:
            bottom[0, c0:c1] = edges.north[0, c0:c1]
        elif number == rows:
            bottom[number, c0:c1] = edges.south[0, c0:c1]
        else:
            m, m_row = qy, face
            if theta < 1:
                m, m_row = space, mean
                _blend(
                    qy[number, c0:c1], qy[number - 1, c0:c1], qy[number + 1, c0:c1], theta,
                    space[_MEAN, c0:c1],
                )  # fmt: skip
            _flows(
                h, z, i, face, U(0), qy, face, m, m_row, friction, last(friction, i), last(friction, face),
                space, above, below, above + U(1), below + U(1), bottom, bottom_row, c0, c1, dt, dx, dry,
                piece, ((h, ahead), (qx, ahead), (new[0], i), (new[1], i)),
            )  # fmt: skip
            _over_walls(
                h, z, i, face, U(0), qy, face, m, m_row, friction, last(friction, i), space, above, below,
                bottom, bottom_row, c0, c1, dt, dx, dry, walls.y_at, walls.y_crest,
                walls.y_start[number], walls.y_start[number + 1],
            )  # fmt: skip
        if number > r0:
            out = new[1]
            if c0 == 0:
                out[i, 0] = edges.west[0, i]
            if c1 == cols:
                out[i, cols] = edges.east[0, i]
            m, m_row = qx, i
            if theta < 1:
                m, m_row = space, mean
                _blend(
                    qx[i, fa:fb], qx[i, fa - 1 : fb - 1], qx[i, fa + 1 : fb + 1], theta, space[_MEAN, fa:fb]
                )
            f = last(friction, i)
            _flows(
                h, z, i, i, U(1), qx, i, m, m_row, friction, f, f, space, above, above, above + U(2),
                above + U(2), out, i, fa, fb, dt, dx, dry, piece,
                ((qy, ahead + U(1)), (z, ahead), (new[2], ahead), (source, last(source, ahead))),
            )  # fmt: skip
            _over_walls(
                h, z, i, i, U(1), qx, i, m, m_row, friction, f, space, above, above, out, i, fa, fb, dt,
                dx, dry, walls.x_at, walls.x_crest, walls.x_start[number - 1], walls.x_start[number],
            )  # fmt: skip
            west, west_row, north, north_row, south, south_row = out, i, top, top_row, bottom, bottom_row
            if pores.on:
                west, west_row, north, north_row, south, south_row = (
                    space, U(_OPEN_X), space, U(_OPEN_TOP), space, U(_OPEN_BOTTOM),
                )  # fmt: skip
                space[_OPEN_X, c0 : c1 + 1] = out[i, c0 : c1 + 1] * pores.x[i, c0 : c1 + 1]
                space[_OPEN_TOP, c0:c1] = top[top_row, c0:c1] * pores.y[i, c0:c1]
                space[_OPEN_BOTTOM, c0:c1] = bottom[bottom_row, c0:c1] * pores.y[face, c0:c1]
                space[_RATIO, c0:c1] = dt / dx / pores.open[i, c0:c1]
            fill(
                h, i, c0, c1, west, west_row, north, north_row, south, south_row, space[_RATIO], source,
                last(source, i), scheme.lost, last(scheme.lost, i), new[0], space, span,
            )  # fmt: skip
        top, top_row = bottom, bottom_row
        above, below = below, above


@overload(tiles.compute, jit_options=HOW)  # type: ignore[untyped-decorator]
def _compute(
    scheme: Any, r0: int, r1: int, c0: int, c1: int, z: Any, old: Any, new: Any, space: Any, friction: Any,
    source: Any, edges: Any, walls: Any, pores: Any, numbers: Any,
) -> Any:  # fmt: skip
    """The state: depth, flow over x faces `(rows, cols + 1)` and over y faces `(rows + 1, cols)`. Own number:
    theta. Wave speeds follow from the greatest depth."""
    return _run if scheme.instance_class is Inertial else None
