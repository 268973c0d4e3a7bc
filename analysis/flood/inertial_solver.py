"""A run with the local inertial scheme: its state, its edges, and velocities from its flows."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numba import prange

from analysis.flood import edges as edge_kernels
from analysis.flood import tiles
from analysis.flood.arithmetic import kernel, parallel_kernel
from analysis.flood.constants import GRAVITY
from analysis.flood.edges import CLOSED, CRITICAL, DISCHARGE, FREE
from analysis.flood.inertial import BUFFERS, LEAST_SHARE, step
from analysis.flood.inputs import Array
from analysis.flood.problem import Problem
from analysis.flood.tiles import COLS, ROWS

CFL = 0.7
"""Bates et al. (2010) give 0.2 to 0.7 for alpha in dt = alpha dx / sqrt(g h)."""


@kernel
def _edge(
    kind: Any, value: Any, h: Any, z: Any, inner_h: Any, inner_z: Any, back: Any, side0: Any, side1: Any,
    q: Any,
    out: Any, sign: float, friction: Any, open_share: Any, dt: float, dx: float, dry: float, flags: Any,
    tile: int,
) -> Any:  # fmt: skip
    """New flows over the faces of one edge of the grid, in `out`; the sum of what leaves [m²/s].

    q: old flows there; back: old flows over the opposite faces of the cells; side0, side1: over the others.
    sign: 1 where flow along the axis leaves. inner_h, inner_z: the next cells inwards.
    """
    total = 0.0
    for i in range(kind.size):
        depth, bed = np.float64(h[i]), np.float64(z[i])
        old = sign * np.float64(q[i])
        new = 0.0
        if kind[i] == DISCHARGE:
            new = -value[i]
        elif kind[i] == CRITICAL:
            new = np.sqrt(GRAVITY) * (2.0 / 3.0 * depth) ** 1.5
        elif kind[i] != CLOSED:
            level = bed + depth
            beyond = value[i]
            if kind[i] == FREE:
                beyond = level - max(np.float64(inner_h[i]) + np.float64(inner_z[i]) - level, 0.0)
            deep = max(level, beyond) - bed
            if deep > dry:
                drag = friction[min(i, friction.size - 1)] * dt / deep ** (7.0 / 3.0)
                new = old - GRAVITY * deep * dt * (beyond - level) / dx
                stiff = drag * abs(old)
                stiff /= 1.0 + stiff
                new *= 2.0 / (1.0 + stiff + np.sqrt((1.0 + stiff) ** 2 + 4.0 * stiff * drag * abs(new)))
        whole = depth * dx / dt
        least = LEAST_SHARE * whole
        leaving = max(old, 0.0) + max(-sign * back[i], 0.0) + max(-side0[i], 0.0) + max(side1[i], 0.0)
        new = min(new, whole / (leaving + 4.0 * least + 1e-30) * (max(old, 0.0) + least))
        out[i] = sign * new
        total += sign * out[i] * open_share[min(i, open_share.size - 1)]
        if new != 0.0:
            flags[i // tile] |= tiles.WET
    return total


@parallel_kernel
def _velocity(h: Any, z: Any, qx: Any, qy: Any, u: Any, v: Any, dry: Any, active: Any) -> None:
    """Velocities at the middle of cells [m/s]: means of those over opposite faces, flow over depth there;
    none in tiles that are not active."""
    rows, cols = h.shape
    for i in prange(rows):
        for tile in range(active.shape[1]):
            a, b = tile * COLS, min(tile * COLS + COLS, cols)
            u[i, a:b] = 0
            v[i, a:b] = 0
            if not active[i // ROWS, tile]:
                continue
            for j in range(a, b):
                if h[i, j] > dry:
                    w, e, n, s = max(j - 1, 0), min(j + 1, cols - 1), max(i - 1, 0), min(i + 1, rows - 1)
                    bed, here = z[i, j], z[i, j] + h[i, j]
                    west = _over(qx[i, j], here, bed, h[i, w], z[i, w], dry)
                    east = _over(qx[i, j + 1], here, bed, h[i, e], z[i, e], dry)
                    north = _over(qy[i, j], here, bed, h[n, j], z[n, j], dry)
                    south = _over(qy[i + 1, j], here, bed, h[s, j], z[s, j], dry)
                    u[i, j] = (west + east) / 2
                    v[i, j] = (north + south) / 2


@kernel
def _over(q: Any, level: Any, bed: Any, h: Any, z: Any, dry: Any) -> Any:
    deep = max(level, z + h) - max(bed, z)
    return q / max(deep, dry) if deep > dry else type(q)(0.0)


class LocalInertial:
    """The state of a run with the local inertial scheme, as `solver.Solver`."""

    def __init__(self, problem: Problem) -> None:
        p = problem
        self._p = p
        real, (rows, cols) = p.dtype, p.z.shape

        def state() -> tuple[Array, Array, Array]:
            return p.depth.copy(), np.zeros((rows, cols + 1), real), np.zeros((rows + 1, cols), real)

        self._old, self._new = state(), state()
        h, qx, qy = self._old
        qx[:, 1:-1] = (p.u * h)[:, 1:] / 2 + (p.u * h)[:, :-1] / 2
        qy[1:-1] = (p.v * h)[1:] / 2 + (p.v * h)[:-1] / 2
        self._alpha = p.options.cfl or CFL
        threads = numba.get_num_threads()
        self._space = np.zeros((threads, BUFFERS, cols + 1), real)
        self._found = np.zeros((threads, 2))
        self._u, self._v = np.zeros((rows, cols), real), np.zeros((rows, cols), real)
        self._deepest = float(h.max())
        shape = (-(-rows // ROWS), -(-cols // COLS))
        self.flags = np.full(shape, tiles.ALL, np.uint8)
        self._rest = np.zeros(shape, np.uint8)
        self.active = np.ones(shape, np.bool_)
        self.bounds = np.zeros(threads + 1, np.int64)
        self.cells = 0

    @property
    def depth(self) -> Array:
        return self._old[0]

    def velocity(self) -> tuple[Array, Array]:
        p = self._p
        h, qx, qy = self._old
        _velocity(h, p.z, qx, qy, self._u, self._v, p.dtype(p.options.dry_depth), self.active)
        return self._u, self._v

    def quicken(self, speed: float) -> None:
        # speed is |u| + |v| + 2 c, so the depth is at most this
        self._deepest = max(self._deepest, (speed / 2) ** 2 / GRAVITY)

    def stable_step(self) -> float:
        p = self._p
        speed = 2 * np.sqrt(GRAVITY * self._deepest)
        rims = (p.z[0], p.z[:, -1], p.z[-1], p.z[:, 0])
        asked = [
            edge_kernels.fastest(e.kind, e.value, e.depth, z) for e, z in zip(p.edges, rims, strict=True)
        ]
        speed = max(float(speed), *asked)
        return float("inf") if speed == 0.0 else self._alpha * 2 * p.dx / speed

    def advance(self, dt: float, source: Array, span: float, raining: bool) -> float:
        p = self._p
        real = p.dtype
        entered = self._over_edges(dt)
        tiles.plan(self.flags, self._rest, self.active, self.bounds, raining, False)
        tiles.threads(self.active, len(self._found))
        numbers = tuple(real(x) for x in (dt, p.dx, p.options.dry_depth, p.options.theta, 1e-30, span))
        step(
            p.z, self._old, self._new, self._space, self.active, self.bounds, self.flags, self._found,
            p.friction,
            source, p.walls, p.pores, numbers,
        )  # fmt: skip
        self._old, self._new = self._new, self._old
        self._deepest = float(self._found[:, 1].max())
        self.cells = int(self.active.sum()) * ROWS * COLS
        return entered

    def sound(self) -> bool:
        return bool(np.isfinite(self._found).all())

    def go_back(self) -> None:
        self._old, self._new = self._new, self._old

    def _over_edges(self, dt: float) -> float:
        """Fill the flows over the edges of the new state; the volume that comes in [m³]."""
        p = self._p
        h, qx, qy = self._old
        _, nx, ny = self._new
        x, y = (p.pores.x, p.pores.y) if p.pores.on else (p.pores.open, p.pores.open)
        north, east, south, west = p.edges
        z, n, f = p.z, p.friction, self.flags
        common = (dt, p.dx, p.options.dry_depth)
        after, before = min(1, len(h) - 1), max(len(h) - 2, 0)
        right, left = min(1, h.shape[1] - 1), max(h.shape[1] - 2, 0)
        out = _edge(
            north.kind, north.value, h[0], z[0], h[after], z[after], qy[1], qx[0, :-1], qx[0, 1:], qy[0],
            ny[0],
            -1.0, n[0], y[0], *common, f[0], COLS,
        )  # fmt: skip
        out += _edge(
            south.kind, south.value, h[-1], z[-1], h[before], z[before], qy[-2], qx[-1, :-1], qx[-1, 1:],
            qy[-1],
            ny[-1], 1.0, n[-1], y[-1], *common, f[-1], COLS,
        )  # fmt: skip
        out += _edge(
            west.kind, west.value, h[:, 0], z[:, 0], h[:, right], z[:, right], qx[:, 1], qy[:-1, 0], qy[1:,
            0],
            qx[:, 0], nx[:, 0], -1.0, n[:, 0], x[:, 0], *common, f[:, 0], ROWS,
        )  # fmt: skip
        out += _edge(
            east.kind, east.value, h[:, -1], z[:, -1], h[:, left], z[:, left], qx[:, -2], qy[:-1, -1],
            qy[1:, -1],
            qx[:, -1], nx[:, -1], 1.0, n[:, -1], x[:, -1], *common, f[:, -1], ROWS,
        )  # fmt: skip
        return float(-out * dt * p.dx)
