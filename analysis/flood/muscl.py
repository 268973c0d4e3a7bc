"""The second-order finite-volume scheme: linear reconstruction and Heun's two stages.

Depth, level and velocities are made linear in each cell (van Leer 1979), the bed following from level less
depth, so that still water stays still (Audusse et al. 2004, doi:10.1137/S1064827503431090, section 4). Each
stage is an Euler step of the first-order scheme with the values at the faces; their mean is the new state.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba.extending import overload

from analysis.flood import volumes
from analysis.flood.arithmetic import kernel
from analysis.flood.constants import BLOCKED, GRAVITY
from analysis.flood.depths import middle
from analysis.flood.parts import Second
from analysis.flood.tiles import CHECK, DEEPEST, SPEED

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
def _weight(low_h: Any, high_h: Any, low_z: Any, high_z: Any, force: Any) -> None:
    """Add the weight of the water on the bed's slope inside each cell to the momentum over one of its
    faces."""
    half_g = type(low_h[0])(0.5 * GRAVITY)
    for j in range(low_h.size):
        force[j] += half_g * (low_h[j] + high_h[j]) * (high_z[j] - low_z[j])


@kernel
def _mean(
    h0: Any, u0: Any, v0: Any, h: Any, u: Any, v: Any, lost0: Any, lost: Any, speed: Any, check: Any,
    deepest: Any, dry: Any,
) -> None:  # fmt: skip
    """Replace the state after two stages by its mean with the state before them."""
    real = type(dry)
    half, zero, one = real(0.5), real(0.0), real(1.0)
    two_g = real(4.0 * GRAVITY)
    for j in range(h.size):
        a = middle(h0[j], h[j], lost0, lost, j)
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


@overload(volumes.across_rows)  # type: ignore[untyped-decorator]
def _across_rows(scheme: Any, i: Any, a: Any, b: Any, z: Any, old: Any, kept: Any, dry: Any) -> Any:
    if scheme.instance_class is not Second:
        return None

    def linear(scheme: Any, i: Any, a: Any, b: Any, z: Any, old: Any, kept: Any, dry: Any) -> Any:
        h, u, v = old
        n, s = max(i - 1, 0), min(i + 1, h.shape[0] - 1)  # flat beyond the grid
        _linear(
            h[n, a:b], h[i, a:b], h[s, a:b], v[n, a:b], v[i, a:b], v[s, a:b],
            u[n, a:b], u[i, a:b], u[s, a:b], z[n, a:b], z[i, a:b], z[s, a:b],
            kept[0, a:b], kept[1, a:b], kept[2, a:b], kept[3, a:b],
            kept[4, a:b], kept[5, a:b], kept[6, a:b], kept[7, a:b], dry,
        )  # fmt: skip
        return (
            (kept[0, a:b], kept[2, a:b], kept[4, a:b], kept[6, a:b]),
            (kept[1, a:b], kept[3, a:b], kept[5, a:b], kept[7, a:b]),
        )

    return linear


@overload(volumes.across_columns)  # type: ignore[untyped-decorator]
def _across_columns(scheme: Any, i: Any, a: Any, b: Any, z: Any, old: Any, kept: Any, dry: Any) -> Any:
    if scheme.instance_class is not Second:
        return None

    def linear(scheme: Any, i: Any, a: Any, b: Any, z: Any, old: Any, kept: Any, dry: Any) -> Any:
        h, u, v = old
        cols = h.shape[1]
        for j in (0, cols - 1):  # flat beyond the grid
            if a <= j < b:
                for k in range(2):
                    kept[k, j], kept[2 + k, j] = h[i, j], u[i, j]
                    kept[4 + k, j], kept[6 + k, j] = v[i, j], z[i, j]
        c, d = max(a, 1), min(b, cols - 1)
        if d > c:
            m, p = slice(c - 1, d - 1), slice(c + 1, d + 1)
            _linear(
                h[i, m], h[i, c:d], h[i, p], u[i, m], u[i, c:d], u[i, p],
                v[i, m], v[i, c:d], v[i, p], z[i, m], z[i, c:d], z[i, p],
                kept[0, c:d], kept[1, c:d], kept[2, c:d], kept[3, c:d],
                kept[4, c:d], kept[5, c:d], kept[6, c:d], kept[7, c:d], dry,
            )  # fmt: skip
        return (
            (kept[0, a:b], kept[2, a:b], kept[4, a:b], kept[6, a:b]),
            (kept[1, a:b], kept[3, a:b], kept[5, a:b], kept[7, a:b]),
        )

    return linear


@overload(volumes.weigh)  # type: ignore[untyped-decorator]
def _weigh(
    scheme: Any, i: Any, c0: Any, c1: Any, a: Any, west: Any, east: Any, north: Any, south: Any, x: Any,
    bottom: Any, pores: Any,
) -> Any:  # fmt: skip
    if scheme.instance_class is not Second:
        return None

    def sloping(
        scheme: Any, i: Any, c0: Any, c1: Any, a: Any, west: Any, east: Any, north: Any, south: Any, x: Any,
        bottom: Any, pores: Any,
    ) -> None:  # fmt: skip
        m, n = c0 - a, c1 - a
        if pores.on:
            # what the weight is added to is divided by the open share with the rest
            share = pores.open[i, c0:c1]
            for j in range(c1 - c0):
                west[3][m + j] *= share[j]
                east[3][m + j] *= share[j]
                north[3][j] *= share[j]
                south[3][j] *= share[j]
        _weight(west[0][m:n], east[0][m:n], west[3][m:n], east[3][m:n], x[1, c0 + 1 : c1 + 1])
        _weight(north[0], south[0], north[3], south[3], bottom[1, c0:c1])

    return sloping


@overload(volumes.residue)  # type: ignore[untyped-decorator]
def _residue(scheme: Any, i: Any, a: Any, b: Any) -> Any:
    if scheme.instance_class is not Second:
        return None

    def row(scheme: Any, i: Any, a: Any, b: Any) -> Any:
        k = min(i, scheme.lost.shape[0] - 1)
        if k == i and not scheme.last:
            scheme.between[k, a:b] = scheme.lost[k, a:b]
        return scheme.between, np.uint64(k)

    return row


@overload(volumes.finish)  # type: ignore[untyped-decorator]
def _finish(scheme: Any, i: Any, a: Any, b: Any, new: Any, space: Any, dry: Any) -> Any:
    if scheme.instance_class is not Second:
        return None

    def mean(scheme: Any, i: Any, a: Any, b: Any, new: Any, space: Any, dry: Any) -> None:
        k = min(i, scheme.lost.shape[0] - 1)
        _mean(
            scheme.h[i, a:b], scheme.u[i, a:b], scheme.v[i, a:b],
            new[0][i, a:b], new[1][i, a:b], new[2][i, a:b], scheme.lost[k, a:b], scheme.between[k, a:b],
            space[SPEED, a:b], space[CHECK, a:b], space[DEEPEST, a:b], dry,
        )  # fmt: skip

    return mean
