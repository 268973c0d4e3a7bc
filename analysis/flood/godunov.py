"""Row kernels of the finite-volume schemes: fluxes over faces, what a cell can give, and the new state.

Equations: the 2D shallow water equations with depth h and velocities u (along columns) and v (along rows).
Fluxes: HLL with a contact wave (Toro 2001, *Shock-Capturing Methods for Free-Surface Shallow Flows*, ch. 10),
wave speeds from two rarefactions. Beds meet at a face by hydrostatic reconstruction (Audusse et al. 2004,
doi:10.1137/S1064827503431090) with the face level of Chen and Noelle (2017, doi:10.1137/15M1053074).

A step of the bed between two cells is taken apart: what the depths do not follow is a step at the face, which
the reconstruction bridges; what they follow is a slope, whose weight pulls the water of the higher cell.
Still water has steps alone and stays still. A thin sheet running down a slope has slopes alone: with steps
higher than the sheet is deep, it would fall from each cell to the next as from a broken dam, far too fast
(Delestre et al. 2012, doi:10.1016/j.crma.2012.08.004, on the same limit).
Everything works on one row at a time and does not branch, so that the compiler vectorises it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from analysis.cube_root import inverse_cube_root
from analysis.flood.arithmetic import kernel
from analysis.flood.constants import GRAVITY


@kernel
def riemann(a: Any, ua: Any, ta: Any, b: Any, ub: Any, tb: Any, tiny: Any) -> Any:
    """Fluxes of mass, normal and transverse momentum over a face (per metre and unit of density).

    a, b: depths before and behind the face; ua, ub: velocities along its normal; ta, tb: across it.
    """
    real = type(a)
    zero, quarter, half, two = real(0.0), real(0.25), real(0.5), real(2.0)
    g = real(GRAVITY)
    ca = np.sqrt(g * a)
    cb = np.sqrt(g * b)
    cm = half * (ca + cb) + quarter * (ua - ub)
    um = half * (ua + ub) + ca - cb
    s = min(ua - ca, um - cm)
    t = max(ub + cb, um + cm)
    s = s if a > tiny else ub - two * cb
    t = t if a > tiny else ub + cb
    t = t if b > tiny else ua + two * ca
    s = s if b > tiny else ua - ca
    s = min(s, zero)
    t = max(t, zero)
    share = real(1.0) / max(t - s, tiny)
    qa = a * ua
    qb = b * ub
    mass = (t * qa - s * qb + s * t * (b - a)) * share
    force = (t * (qa * ua + half * g * a * a) - s * (qb * ub + half * g * b * b) + s * t * (qb - qa)) * share
    return mass, force, ta if mass > zero else tb


@kernel
def faces(
    a_cells: Any, b_cells: Any, out: Any, into: Any, fluxes: Any, dry: Any, drop: Any, tiny: Any
) -> None:  # fmt: skip
    """Fluxes over the faces between two rows of cells, a before and b behind.

    a_cells, b_cells: depth, normal and transverse velocity, and bed at the faces. out, into: the most that
    may leave the cell before, and the cell behind. fluxes: written; mass, the normal momentum as the cell
    before and the cell behind see it, and the transverse momentum. drop: the greatest fall whose weight is
    counted [m].
    """
    ha, ua, ta, za = a_cells
    hb, ub, tb, zb = b_cells
    mass, before, behind, across = fluxes
    real = type(dry)
    zero = real(0.0)
    half_g, g = real(0.5 * GRAVITY), real(GRAVITY)
    for j in range(mass.size):
        a = ha[j] if ha[j] > dry else zero
        b = hb[j] if hb[j] > dry else zero
        dz = zb[j] - za[j]
        dh = b - a
        dw = dh + dz
        same = dh if abs(dh) < abs(dw) else dw
        same = same if dh * dw > zero else zero
        jump = same - dh
        fall = dz - jump
        rise_a = min(max(zero, jump), min(a, b + jump))
        rise_b = rise_a - jump
        a1 = min(a - rise_a, a)
        b1 = min(b - rise_b, b)
        m, p, t = riemann(a1, ua[j], ta[j], b1, ub[j], tb[j], tiny)
        m = max(min(m, out[j]), -into[j])
        mass[j] = m
        before[j] = p + half_g * (a + a1) * rise_a + g * a * max(min(fall, zero), -drop)
        behind[j] = p + half_g * (b + b1) * rise_b - g * b * min(max(fall, zero), drop)
        across[j] = m * t


@kernel
def over_walls(
    a_cells: Any, b_cells: Any, out: Any, into: Any, fluxes: Any, tiny: Any, at: Any, crest: Any
) -> None:  # fmt: skip
    """Compute again the faces `at` (indices into the rows) that carry a wall with the given crest [m]."""
    ha, ua, ta, za = a_cells
    hb, ub, tb, zb = b_cells
    mass, before, behind, across = fluxes
    real = type(tiny)
    half_g, per_g = real(0.5 * GRAVITY), real(0.5 / GRAVITY)
    weir = real(np.sqrt(GRAVITY * 8.0 / 27.0))
    zero = real(0.0)
    for k in range(at.size):
        j = at[k]
        if j < 0 or j >= mass.size:
            continue
        top = max(max(za[j], zb[j]), crest[k])
        a = max(za[j] + ha[j] - top, zero)
        b = max(zb[j] + hb[j] - top, zero)
        m, p, t = riemann(a, ua[j], ta[j], b, ub[j], tb[j], tiny)
        # no more than critical flow with all the energy of the water over the crest
        most_a = weir * (a + ua[j] * ua[j] * per_g if a > zero else zero) ** real(1.5)
        most_b = weir * (b + ub[j] * ub[j] * per_g if b > zero else zero) ** real(1.5)
        m = max(min(m, min(out[j], most_a)), -min(into[j], most_b))
        mass[j] = m
        before[j] = p + half_g * (ha[j] - a) * (ha[j] + a)
        behind[j] = p + half_g * (hb[j] - b) * (hb[j] + b)
        across[j] = m * t


@kernel
def gifts(h: Any, u: Any, v: Any, east: Any, west: Any, south: Any, north: Any, rate: Any, tiny: Any) -> None:
    """The most mass that may leave each cell over each of its faces, so that no depth becomes negative.

    rate: dx / dt. The four add up to the cell's water; a face has more of it the faster the flow towards it.
    """
    zero = type(rate)(0.0)
    four = type(rate)(4.0)
    g = type(rate)(GRAVITY)
    for j in range(h.size):
        c = np.sqrt(g * h[j])
        a = u[j]
        b = v[j]
        part = h[j] * rate / (abs(a) + abs(b) + four * c + tiny)
        east[j] = part * (max(a, zero) + c)
        west[j] = part * (max(-a, zero) + c)
        south[j] = part * (max(b, zero) + c)
        north[j] = part * (max(-b, zero) + c)


@kernel
def through_pores(
    at_west: Any, at_east: Any, at_north: Any, at_south: Any,
    within: Any, west: Any, east: Any, north: Any, south: Any,
    x0: Any, x1: Any, x2: Any, x3: Any, n2: Any, s0: Any, s1: Any, s3: Any,
) -> None:  # fmt: skip
    """Let only the open share of each face of a row of cells pass.

    at_west …: depth of the cell at its faces. within, west …: open shares of the cell and of its faces. x,
    n, s: fluxes over the faces of the row and of those north and south, as in `faces`. The pressure of the
    cell at rest is left out of it, so that still water stays still where the shares differ. Those to the
    north come with mass and transverse momentum done.
    """
    half_g = type(at_west[0])(0.5 * GRAVITY)
    n = at_west.size
    for j in range(n):
        rest = half_g * at_east[j] * at_east[j]
        x1[j + 1] = east[j] * (x1[j + 1] - rest) + within[j] * rest
        rest = half_g * at_west[j] * at_west[j]
        x2[j] = west[j] * (x2[j] - rest) + within[j] * rest
        rest = half_g * at_south[j] * at_south[j]
        s1[j] = south[j] * (s1[j] - rest) + within[j] * rest
        rest = half_g * at_north[j] * at_north[j]
        n2[j] = north[j] * (n2[j] - rest) + within[j] * rest
        s0[j] *= south[j]
        s3[j] *= south[j]
        x0[j] *= west[j]
        x3[j] *= west[j]
    x0[n] *= east[n - 1]
    x3[n] *= east[n - 1]


@kernel
def update(
    h: Any, u: Any, v: Any, x1: Any, x2: Any, x3: Any, n2: Any, n3: Any, s1: Any, s3: Any, ratio: Any,
    friction: Any, h1: Any, u1: Any, v1: Any, speed: Any, check: Any, dt: Any, dry: Any,
) -> None:  # fmt: skip
    """The new velocities of one row of cells, whose new depths h1 are known.

    x, n, s: momentum before, behind and across of the faces of the row and of those north and south.
    ratio: dt / dx, over the open share. friction: g n² [m^(1/3)].
    Manning's friction is implicit: the velocity is the root of u (1 + dt g n² h^(-4/3) |u|) = u without
    friction, exact for flow that no longer changes. speed, check: each column's greatest wave speed, and sum
    (that shows NaN) so far.
    """
    real = type(dt)
    zero, one, two, four = real(0.0), real(1.0), real(2.0), real(4.0)
    g = real(GRAVITY)
    for j in range(h.size):
        r = ratio[j]
        hu = h[j] * u[j] - r * (x1[j + 1] - x2[j] + s3[j] - n3[j])
        hv = h[j] * v[j] - r * (x3[j + 1] - x3[j] + s1[j] - n2[j])
        new = h1[j]
        w = one / max(new, dry)
        root = inverse_cube_root(max(new, dry))
        w = w if new > dry else zero
        a = hu * w
        b = hv * w
        root *= root
        drag = dt * friction[j] * root * root
        slow = two / (one + np.sqrt(one + four * drag * np.sqrt(a * a + b * b)))
        a *= slow
        b *= slow
        u1[j] = a
        v1[j] = b
        fast = abs(a) + abs(b) + two * np.sqrt(g * new)
        speed[j] = max(speed[j], fast)
        check[j] += a + b
