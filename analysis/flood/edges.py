"""Fluxes over the edges of the grid, worked out cell by cell before each step.

u is the velocity out of the grid and c the celerity of the cell at the edge. What leaves along the
characteristic u + 2 c meets what is asked for: a level, a discharge, or critical flow (Bristeau and Coussin
2001, INRIA RR-4282).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from analysis.flood.arithmetic import kernel
from analysis.flood.constants import GRAVITY
from analysis.flood.godunov import riemann
from analysis.flood.tiles import COLS, ROWS, WET

CLOSED, FREE, STAGE, DISCHARGE, CRITICAL = range(5)
NORTH, EAST, SOUTH, WEST = range(4)


@kernel
def _inflow_depth(q: Any, leaving: Any) -> Any:
    """Depth [m] at which q [m²/s] enters, given u + 2 c of what leaves [m/s]; at least critical."""
    depth = (q * q / GRAVITY) ** (1.0 / 3.0)
    if 2.0 * np.sqrt(GRAVITY * depth) - q / depth >= leaving:
        return depth
    for _ in range(50):
        c = np.sqrt(GRAVITY * depth)
        change = (2.0 * c - q / depth - leaving) / (c / depth + q / depth**2)
        depth = max(depth - change, 0.5 * depth)
        if abs(change) < 1e-12 * depth:
            break
    return depth


@kernel
def flux(
    kind: int, value: float, inflow_depth: float, h: float, u: float, z: float, fall: float, dry: float
) -> Any:
    """Mass out of the grid [m²/s] and normal momentum [m³/s²] at one edge cell.

    fall: of the bed towards the edge [m per cell]; at a free edge the slope goes on, with its weight.
    """
    half_g = 0.5 * GRAVITY
    c = np.sqrt(GRAVITY * h)
    leaving = u + 2.0 * c
    if kind == FREE:
        u = max(u, 0.0)
        return h * u, h * u * u + half_g * h * h - 2.0 * half_g * h * max(fall, 0.0)
    if kind == CRITICAL and h > dry:
        if u < c:
            u = c = max(leaving, 0.0) / 3.0
            h = c * c / GRAVITY
        return h * u, h * u * u + half_g * h * h
    if kind == STAGE:
        b = max(value - z, 0.0)
        if b > dry or h > dry:
            if u < c or h <= dry:
                cb = np.sqrt(GRAVITY * b)
                ub = leaving - 2.0 * cb
                if ub > cb:  # the level is below critical: a free overfall
                    ub = cb = max(leaving, 0.0) / 3.0
                    b = cb * cb / GRAVITY
                h, u = b, max(ub, -cb)
            return h * u, h * u * u + half_g * h * h
    if kind == DISCHARGE and value > 0.0:
        b = inflow_depth if inflow_depth > 0.0 else _inflow_depth(value, leaving)
        return -value, value * value / b + half_g * b * b
    mass, force, _ = riemann(h, u, 0.0, h, -u, 0.0, 1e-12)
    if kind == DISCHARGE:
        mass = min(-value, h * np.sqrt(GRAVITY * h))
        return mass, force
    return 0.0, force


@kernel
def place(side: int, i: int, rows: int, cols: int) -> Any:
    """Row and column of the i-th cell of an edge, and of the next cell inwards."""
    if side == NORTH:
        return 0, i, min(1, rows - 1), i
    if side == EAST:
        return i, cols - 1, i, max(cols - 2, 0)
    if side == SOUTH:
        return rows - 1, i, max(rows - 2, 0), i
    return i, 0, i, min(1, cols - 1)


@kernel
def open_share(side: int, i: int, pores: Any) -> Any:
    """Of the i-th face of an edge."""
    if not pores.on:
        return 1.0
    if side == NORTH:
        return np.float64(pores.y[0, i])
    if side == EAST:
        return np.float64(pores.x[i, -1])
    if side == SOUTH:
        return np.float64(pores.y[-1, i])
    return np.float64(pores.x[i, 0])


@kernel
def along(
    side: int, kind: Any, value: Any, depth: Any, state: Any, z: Any, pores: Any, rate: float, drop: float,
    dry: float, flags: Any, out: Any,
) -> Any:  # fmt: skip
    """Fill out `(3, n)` for one edge: mass, normal and transverse momentum. state: h, u, v.

    rate: dx / dt; not more leaves than there is. drop: the greatest fall that has weight. flags: of the
    tiles. Returns the sum of mass out [m²/s], times the open share.
    """
    h, u, v = state
    rows, cols = h.shape
    sign = 1.0 if side in (EAST, SOUTH) else -1.0
    total = 0.0
    for i in range(kind.size):
        r, c, inner_r, inner_c = place(side, i, rows, cols)
        here, bed = np.float64(h[r, c]), np.float64(z[r, c])
        normal, aside = np.float64(u[r, c]), np.float64(v[r, c])
        if side in (NORTH, SOUTH):
            normal, aside = aside, normal
        normal *= sign
        fall = min(np.float64(z[inner_r, inner_c]) - bed, drop)
        mass, force = flux(kind[i], value[i], depth[i], here, normal, bed, fall, dry)
        celerity = np.sqrt(GRAVITY * here)
        most = here * rate * (max(normal, 0.0) + celerity)
        most /= abs(normal) + abs(aside) + 4.0 * celerity + 1e-30
        out[0, i] = sign * min(mass, most)
        out[1, i] = force
        out[2, i] = out[0, i] * aside if mass > 0.0 else 0.0
        total += sign * out[0, i] * open_share(side, i, pores)
        if mass != 0.0:
            flags[r // ROWS, c // COLS] |= WET
    return total


@kernel
def fastest(kind: Any, value: Any, depth: Any, z: Any) -> Any:
    """The greatest |u| + |v| + 2 c [m/s] that the edge asks for, of water that is not in the grid yet."""
    speed = 0.0
    for i in range(kind.size):
        if kind[i] == STAGE:
            speed = max(speed, 3.0 * np.sqrt(GRAVITY * max(value[i] - z[i], 0.0)))
        elif kind[i] == DISCHARGE and value[i] > 0.0:
            b = (value[i] ** 2 / GRAVITY) ** (1.0 / 3.0)
            if depth[i] > 0.0:
                b = depth[i]
            speed = max(speed, value[i] / b + 2.0 * np.sqrt(GRAVITY * b))
    return speed
