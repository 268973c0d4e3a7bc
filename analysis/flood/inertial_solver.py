"""A run with the local inertial scheme: its state, its edges, and velocities from its flows."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import prange

from analysis.flood.arithmetic import kernel, parallel_kernel
from analysis.flood.constants import GRAVITY
from analysis.flood.edges import (
    CLOSED,
    CRITICAL,
    DISCHARGE,
    EAST,
    FREE,
    NORTH,
    SOUTH,
    open_share,
    place,
)  # fmt: skip
from analysis.flood.inertial import BUFFERS, LEAST_SHARE
from analysis.flood.inputs import Array
from analysis.flood.parts import Inertial
from analysis.flood.problem import Problem
from analysis.flood.solver import Solver
from analysis.flood.tiles import COLS, ROWS, WET
from analysis.flood.tracking import look

CFL = 0.7
"""Bates et al. (2010) give 0.2 to 0.7 for alpha in dt = alpha dx / sqrt(g h)."""


@kernel
def _flows_at(side: int, r: int, c: int, qx: Any, qy: Any) -> Any:
    """Old flows out of a cell at an edge [m²/s]: over the edge, over the face opposite, and over the two
    others."""
    north, south = -np.float64(qy[r, c]), np.float64(qy[r + 1, c])
    west, east = -np.float64(qx[r, c]), np.float64(qx[r, c + 1])
    if side == NORTH:
        return north, south, west, east
    if side == SOUTH:
        return south, north, west, east
    if side == EAST:
        return east, west, north, south
    return west, east, north, south


@kernel
def _along(
    side: int, kind: Any, value: Any, depth: Any, state: Any, z: Any, pores: Any, friction: Any, dt: float,
    dx: float, dry: float, flags: Any, out: Any,
) -> Any:  # fmt: skip
    """New flows over the faces of one edge of the grid, in out[0]; the sum of what leaves [m²/s]. The `depth`
    of an inflow has no meaning without convection."""
    h, qx, qy = state
    rows, cols = h.shape
    sign = 1.0 if side in (EAST, SOUTH) else -1.0
    total = 0.0
    for i in range(kind.size):
        r, c, inner_r, inner_c = place(side, i, rows, cols)
        here, bed = np.float64(h[r, c]), np.float64(z[r, c])
        old, back, side0, side1 = _flows_at(side, r, c, qx, qy)
        new = 0.0
        if kind[i] == DISCHARGE:
            new = -value[i]
        elif kind[i] == CRITICAL:
            new = np.sqrt(GRAVITY) * (2.0 / 3.0 * here) ** 1.5
        elif kind[i] != CLOSED:
            level = bed + here
            beyond = value[i]
            if kind[i] == FREE:
                inner = np.float64(h[inner_r, inner_c]) + np.float64(z[inner_r, inner_c])
                beyond = level - max(inner - level, 0.0)
            deep = max(level, beyond) - bed
            if deep > dry:
                drag = friction[min(r, friction.shape[0] - 1), c] * dt / deep ** (7.0 / 3.0)
                new = old - GRAVITY * deep * dt * (beyond - level) / dx
                stiff = drag * abs(old)
                stiff /= 1.0 + stiff
                new *= 2.0 / (1.0 + stiff + np.sqrt((1.0 + stiff) ** 2 + 4.0 * stiff * drag * abs(new)))
        whole = here * dx / dt
        least = LEAST_SHARE * whole
        leaving = max(old, 0.0) + max(back, 0.0) + max(side0, 0.0) + max(side1, 0.0)
        new = min(new, whole / (leaving + 4.0 * least + 1e-30) * (max(old, 0.0) + least))
        out[0, i] = sign * new
        total += sign * out[0, i] * open_share(side, i, pores)
        if new != 0.0:
            flags[r // ROWS, c // COLS] |= WET
    return total


@kernel
def _speeds(ha: Any, za: Any, hb: Any, zb: Any, q: Any, dry: Any, out: Any) -> None:
    """Velocities over the faces between cells a and b [m/s]: flow over the depth there."""
    for j in range(out.size):
        deep = max(za[j] + ha[j], zb[j] + hb[j]) - max(za[j], zb[j])
        out[j] = q[j] / max(deep, dry) if deep > dry else dry * 0


@kernel
def _means(h: Any, before: Any, behind: Any, dry: Any, out: Any) -> None:
    for j in range(out.size):
        out[j] = (before[j] + behind[j]) / 2 if h[j] > dry else dry * 0


@parallel_kernel
def _velocity(
    h: Any, z: Any, qx: Any, qy: Any, u: Any, v: Any, dry: Any, active: Any, space: Any, kept: Any,
    how: Any,
) -> None:  # fmt: skip
    """Velocities at the middle of cells [m/s]: means of those over opposite faces. Beyond the edges of the
    grid the water is as deep as in the cell there.

    They go into u and v, 0 in tiles that are not active; or only into what is `kept` of the active ones (see
    `tracking.look`), if that is not None.
    """
    rows, cols = h.shape
    bands = active.shape[0]
    for part in prange(len(space)):
        mine = space[part]
        for band in range(part * bands // len(space), (part + 1) * bands // len(space)):
            r0, r1 = band * ROWS, min(band * ROWS + ROWS, rows)
            t = 0
            while t < active.shape[1]:
                a = t * COLS
                on = active[band, t]
                while t < active.shape[1] and active[band, t] == on:
                    t += 1
                b = min(t * COLS, cols)
                if not on:
                    if kept is None:
                        u[r0:r1, a:b] = 0
                        v[r0:r1, a:b] = 0
                    continue
                fa, fb = max(a, 1), min(b, cols - 1)
                across, upper, lower = mine[0], mine[1], mine[2]
                w = max(r0 - 1, 0)
                _speeds(h[w, a:b], z[w, a:b], h[r0, a:b], z[r0, a:b], qy[r0, a:b], dry, upper[a:b])
                for i in range(r0, r1):
                    s = min(i + 1, rows - 1)
                    _speeds(h[i, a:b], z[i, a:b], h[s, a:b], z[s, a:b], qy[i + 1, a:b], dry, lower[a:b])
                    _speeds(
                        h[i, fa - 1 : fb], z[i, fa - 1 : fb], h[i, fa : fb + 1], z[i, fa : fb + 1],
                        qx[i, fa : fb + 1], dry, across[fa : fb + 1],
                    )  # fmt: skip
                    for j, edge in ((0, a == 0), (cols, b == cols)):
                        if edge:
                            at = min(j, cols - 1)
                            _speeds(
                                h[i, at : at + 1], z[i, at : at + 1], h[i, at : at + 1], z[i, at : at + 1],
                                qx[i, j : j + 1], dry, across[j : j + 1],
                            )  # fmt: skip
                    u_row, v_row = (u[i], v[i]) if kept is None else (mine[3], mine[4])
                    _means(h[i, a:b], across[a:b], across[a + 1 : b + 1], dry, u_row[a:b])
                    _means(h[i, a:b], upper[a:b], lower[a:b], dry, v_row[a:b])
                    if kept is not None:
                        look(h[i, a:b], u_row[a:b], v_row[a:b], kept, i, a, b, dry, how)
                    upper, lower = lower, upper


class LocalInertial(Solver):
    """The state is h, the flow over x faces `(rows, cols + 1)` and that over y faces `(rows + 1, cols)`."""

    walls_push = False

    def __init__(self, problem: Problem) -> None:
        # alpha is a share of c, and the greatest speed |u| + |v| + 2 c is taken for 2 c
        super().__init__(problem, cfl=2 * (problem.options.cfl or CFL), buffers=BUFFERS)
        self._u, self._v = np.zeros_like(self.depth), np.zeros_like(self.depth)
        self._speed = _fastest(float(self.depth.max()))

    def _state(self) -> tuple[Array, Array, Array]:
        p = self._p
        rows, cols = p.z.shape
        qx, qy = np.zeros((rows, cols + 1), p.dtype), np.zeros((rows + 1, cols), p.dtype)
        qx[:, 1:-1] = (p.u * p.depth)[:, 1:] / 2 + (p.u * p.depth)[:, :-1] / 2
        qy[1:-1] = (p.v * p.depth)[1:] / 2 + (p.v * p.depth)[:-1] / 2
        return p.depth.copy(), qx, qy

    def velocity(self) -> tuple[Array, Array]:
        p = self._p
        h, qx, qy = self._old
        dry = p.dtype(p.options.dry_depth)
        _velocity(h, p.z, qx, qy, self._u, self._v, dry, self.active, self._space, None, None)
        return self._u, self._v

    def track(self, kept: Any, active: Array, how: Any) -> None:
        p = self._p
        h, qx, qy = self._old
        dry = p.dtype(p.options.dry_depth)
        _velocity(h, p.z, qx, qy, self._u, self._v, dry, active, self._space, kept, how)

    def advance(self, dt: float, source: Array, span: float, raining: bool) -> float:
        p = self._p
        parts = (self._old, p.z, p.pores, p.friction, dt, p.dx, p.options.dry_depth, self.flags)
        entered = self._over_edges(_along, dt, *parts)
        scheme = Inertial(self.lost)
        self._sweep(scheme, self._old, self._new, source, dt, span, p.options.theta, raining)
        self._old, self._new = self._new, self._old
        self._speed = _fastest(float(self._found[:, 2].max()))
        return entered


def _fastest(depth: float) -> float:
    """2 c [m/s]"""
    return 2 * math.sqrt(GRAVITY * depth)
