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
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba.extending import overload

from analysis.flood import tiles
from analysis.flood.arithmetic import HOW, inverse_cube_root, kernel
from analysis.flood.constants import GRAVITY
from analysis.flood.depths import fill
from analysis.flood.parts import Inertial
from analysis.flood.tiles import CHECK, DEEPEST

BUFFERS = 15
"""Rows of workspace that a thread needs."""
LEAST_SHARE = 0.05
"""Of a cell's water that each face may always take in a step."""


@kernel
def _gifts(
    h: Any, west: Any, east: Any, north: Any, south: Any, part: Any, least: Any, rate: Any, tiny: Any
) -> None:
    """For each cell, the flow that a face may always take [m²/s] and the share of what flows more already."""
    real = type(rate)
    zero, four = real(0.0), real(4.0)
    small = real(LEAST_SHARE)
    for j in range(h.size):
        all_of_it = h[j] * rate
        base = small * all_of_it
        leaving = max(-west[j], zero) + max(east[j], zero) + max(-north[j], zero) + max(south[j], zero)
        part[j] = all_of_it / (leaving + four * base + tiny)
        least[j] = base


@kernel
def _flows(
    ha: Any, za: Any, hb: Any, zb: Any, q: Any, mean: Any, t0: Any, t1: Any, t2: Any, t3: Any,
    friction_a: Any,
    friction_b: Any, part_a: Any, least_a: Any, part_b: Any, least_b: Any, out: Any, dt: Any, per_dx: Any,
    dry: Any,
) -> None:  # fmt: skip
    """New flows [m²/s] over faces between cells a and b. q: old; mean: q̄; t0 … t3: the four flows across.

    friction: g n² of both cells. part, least: see `_gifts`.
    """
    real = type(dt)
    zero, one, two = real(0.0), real(1.0), real(2.0)
    quarter, half, four = real(0.25), real(0.5), real(4.0)
    g = real(GRAVITY)
    for j in range(out.size):
        a = ha[j]
        b = hb[j]
        dz = zb[j] - za[j]
        deep = max(a, b + dz) - max(zero, dz)
        slope = (b - a + dz) * per_dx
        across = quarter * (t0[j] + t1[j] + t2[j] + t3[j])
        old = q[j]
        y = inverse_cube_root(max(deep, dry))
        y2 = y * y
        drag = half * (friction_a[j] + friction_b[j]) * dt * (y2 * y2 * y2 * y)
        new = mean[j] - g * deep * dt * slope
        side = across * across
        stiff = drag * np.sqrt(old * old + side)
        stiff = stiff / (one + stiff)
        still = one + stiff
        new *= two / (still + np.sqrt(still * still + four * stiff * drag * np.sqrt(new * new + side)))
        new = min(new, part_a[j] * (max(old, zero) + least_a[j]))
        new = max(new, -part_b[j] * (max(-old, zero) + least_b[j]))
        out[j] = new if deep > dry else zero


@kernel
def _over_walls(
    ha: Any, za: Any, hb: Any, zb: Any, q: Any, mean: Any, friction_a: Any, part_a: Any, least_a: Any,
    part_b: Any,
    least_b: Any, out: Any, dt: Any, per_dx: Any, dry: Any, at: Any, crest: Any,
) -> None:  # fmt: skip
    """Compute again the faces `at` that carry a wall with the given crest [m]."""
    real = type(dt)
    zero, one = real(0.0), real(1.0)
    for k in range(at.size):
        j = at[k]
        if j < 0 or j >= out.size:
            continue
        a, b = za[j] + ha[j], zb[j] + hb[j]
        deep = max(a, b) - max(max(za[j], zb[j]), crest[k])
        if deep <= dry:
            out[j] = zero
            continue
        y = inverse_cube_root(deep)
        new = mean[j] - real(GRAVITY) * deep * dt * (b - a) * per_dx
        drag = friction_a[j] * dt * y**7
        stiff = drag * abs(q[j])
        stiff /= one + stiff
        new *= real(2.0) / (one + stiff + np.sqrt((one + stiff) ** 2 + real(4.0) * stiff * drag * abs(new)))
        new = min(new, part_a[j] * (max(q[j], zero) + least_a[j]))
        out[j] = max(new, -part_b[j] * (max(-q[j], zero) + least_b[j]))


@kernel
def _blend(q: Any, before: Any, behind: Any, theta: Any, out: Any) -> None:
    side = type(theta)(0.5) * (type(theta)(1.0) - theta)
    for j in range(out.size):
        out[j] = theta * q[j] + side * (before[j] + behind[j])


def _run(
    scheme: Any, r0: int, r1: int, c0: int, c1: int, z: Any, old: Any, new: Any, space: Any, friction: Any,
    source: Any, edges: Any, walls: Any, pores: Any, numbers: Any,
) -> None:  # fmt: skip
    lost = scheme.lost
    h, qx, qy = old
    dt, dx, dry, theta, tiny, span = numbers
    rows, cols = h.shape
    rate, per_dx = dx / dt, type(dt)(1.0) / dx
    a, b = max(c0 - 1, 0), min(c1 + 1, cols)
    fa, fb = max(c0, 1), min(c1 + 1, cols)
    deepest, check, ratio, mean = space[DEEPEST], space[CHECK], space[3], space[4]
    upper, lower = space[5:7], space[7:9]
    top, bottom = space[9], space[10]
    x_open, y_open = space[11:13], space[13:15]
    ratio[c0:c1] = dt / dx
    for face in range(r0, r1 + 1):
        # flows over the faces above row `face`, then those along it and its new depths
        i = face - 1
        if face < rows:
            _gifts(
                h[face, a:b], qx[face, a:b], qx[face, a + 1 : b + 1], qy[face, a:b], qy[face + 1, a:b],
                lower[0, a:b], lower[1, a:b], rate, tiny,
            )  # fmt: skip
        if face == r0 and face > 0:
            _gifts(
                h[i, a:b], qx[i, a:b], qx[i, a + 1 : b + 1], qy[i, a:b], qy[face, a:b],
                upper[0, a:b], upper[1, a:b], rate, tiny,
            )  # fmt: skip
        if face == 0:
            bottom[c0:c1] = edges.north[0, c0:c1]
            new[2][0, c0:c1] = bottom[c0:c1]
        elif face == rows:
            bottom[c0:c1] = edges.south[0, c0:c1]
        else:
            q = qy[face, c0:c1]
            if theta < 1:
                _blend(q, qy[face - 1, c0:c1], qy[face + 1, c0:c1], theta, mean[c0:c1])
            else:
                mean[c0:c1] = q
            fu = friction[min(i, friction.shape[0] - 1), c0:c1]
            _flows(
                h[i, c0:c1], z[i, c0:c1], h[face, c0:c1], z[face, c0:c1], q, mean[c0:c1],
                qx[i, c0:c1], qx[i, c0 + 1 : c1 + 1], qx[face, c0:c1], qx[face, c0 + 1 : c1 + 1],
                fu, friction[min(face, friction.shape[0] - 1), c0:c1],
                upper[0, c0:c1], upper[1, c0:c1], lower[0, c0:c1], lower[1, c0:c1], bottom[c0:c1], dt,
                per_dx, dry,
            )  # fmt: skip
            k0, k1 = walls.y_start[face], walls.y_start[face + 1]
            if k1 > k0:
                _over_walls(
                    h[i, c0:c1], z[i, c0:c1], h[face, c0:c1], z[face, c0:c1], q, mean[c0:c1], fu,
                    upper[0, c0:c1], upper[1, c0:c1], lower[0, c0:c1], lower[1, c0:c1], bottom[c0:c1],
                    dt, per_dx, dry, walls.y_at[k0:k1] - c0, walls.y_crest[k0:k1],
                )  # fmt: skip
        if face > r0:
            new[2][face, c0:c1] = bottom[c0:c1]
            out = new[1][i]
            if c0 == 0:
                out[0] = edges.west[0, i]
            if c1 == cols:
                out[cols] = edges.east[0, i]
            if fb > fa:
                q = qx[i, fa:fb]
                if theta < 1:
                    _blend(q, qx[i, fa - 1 : fb - 1], qx[i, fa + 1 : fb + 1], theta, mean[fa:fb])
                else:
                    mean[fa:fb] = q
                f = friction[min(i, friction.shape[0] - 1)]
                _flows(
                    h[i, fa - 1 : fb - 1], z[i, fa - 1 : fb - 1], h[i, fa:fb], z[i, fa:fb], q, mean[fa:fb],
                    qy[i, fa - 1 : fb - 1], qy[i, fa:fb], qy[face, fa - 1 : fb - 1], qy[face, fa:fb],
                    f[fa - 1 : fb - 1], f[fa:fb],
                    upper[0, fa - 1 : fb - 1], upper[1, fa - 1 : fb - 1], upper[0, fa:fb], upper[1, fa:fb],
                    out[fa:fb], dt, per_dx, dry,
                )  # fmt: skip
                k0, k1 = walls.x_start[i], walls.x_start[i + 1]
                if k1 > k0:
                    _over_walls(
                        h[i, fa - 1 : fb - 1], z[i, fa - 1 : fb - 1], h[i, fa:fb], z[i, fa:fb], q,
                        mean[fa:fb],
                        f[fa:fb], upper[0, fa - 1 : fb - 1], upper[1, fa - 1 : fb - 1], upper[0, fa:fb],
                        upper[1, fa:fb], out[fa:fb], dt, per_dx, dry, walls.x_at[k0:k1] - fa,
                        walls.x_crest[k0:k1],
                    )  # fmt: skip
            west, east, north, south = out[c0:c1], out[c0 + 1 : c1 + 1], top[c0:c1], bottom[c0:c1]
            if pores.on:
                for j in range(c0, c1):
                    ratio[j] = dt / dx / pores.open[i, j]
                    x_open[0, j] = out[j] * pores.x[i, j]
                    x_open[1, j] = out[j + 1] * pores.x[i, j + 1]
                    y_open[0, j] = top[j] * pores.y[i, j]
                    y_open[1, j] = bottom[j] * pores.y[i + 1, j]
                west, east, north, south = (
                    x_open[0, c0:c1],
                    x_open[1, c0:c1],
                    y_open[0, c0:c1],
                    y_open[1, c0:c1],
                )
            fill(
                h[i, c0:c1], west, east, north, south, ratio[c0:c1],
                source[min(i, source.shape[0] - 1), c0:c1], new[0][i, c0:c1],
                lost[min(i, lost.shape[0] - 1), c0:c1], deepest[c0:c1], check[c0:c1], span,
            )  # fmt: skip
        top, bottom = bottom, top
        upper, lower = lower, upper


@overload(tiles.compute, jit_options=HOW)  # type: ignore[untyped-decorator]
def _compute(
    scheme: Any, r0: int, r1: int, c0: int, c1: int, z: Any, old: Any, new: Any, space: Any, friction: Any,
    source: Any, edges: Any, walls: Any, pores: Any, numbers: Any,
) -> Any:  # fmt: skip
    """The state: depth, flow over x faces `(rows, cols + 1)` and over y faces `(rows + 1, cols)`. Own number:
    theta. Wave speeds follow from the greatest depth."""
    return _run if scheme.instance_class is Inertial else None
