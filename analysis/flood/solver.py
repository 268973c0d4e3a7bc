"""The state of a run and how one step changes it, for all schemes alike.

A solver holds the state twice, old and new, so that the state before a step that went wrong is still there.
"""

from __future__ import annotations

from typing import Any, Protocol

import numba
import numpy as np

from analysis.flood import edges as edge_kernels
from analysis.flood import hllc, muscl, tiles
from analysis.flood.constants import GRAVITY
from analysis.flood.inputs import Array
from analysis.flood.parts import Edges
from analysis.flood.problem import Problem

TINY = {np.float32: 1e-20, np.float64: 1e-30}
"""Below it a reconstructed depth is none, and a divisor is kept above it."""
STEEPEST = 1.0
"""Slope over a cell beyond which more of a step in the bed adds no more weight: a cliff, not a slope."""
CFL = {"hllc": 0.9, "muscl": 0.8, "inertial": 0.7}


class Solver(Protocol):
    """flags: of the tiles; active, bounds: of the last step; cells: how many it computed."""

    flags: Array
    active: Array
    bounds: Array
    cells: int

    @property
    def depth(self) -> Array:
        """Water on the cells [m] `(rows, cols)`; sources change it in place."""
        ...

    def stable_step(self) -> float:
        """The longest step [s]; inf while nothing moves."""
        ...

    def advance(self, dt: float, source: Array, span: float, raining: bool) -> float:
        """Take a step; source times span is added [m]. Returns the volume that came over the edges [m³]."""
        ...

    def velocity(self) -> tuple[Array, Array]:
        """u, v [m/s]."""
        ...

    def sound(self) -> bool:
        """Whether the last step left only numbers."""
        ...

    def go_back(self) -> None:
        """Take the last step back, but for the tiles' flags."""
        ...

    def quicken(self, speed: float) -> None:
        """Say that water was added that moves at |u| + |v| + 2 c = speed [m/s]."""
        ...


class FiniteVolume:
    """The first- and second-order finite-volume schemes."""

    def __init__(self, problem: Problem) -> None:
        p = problem
        self._p = p
        real, (rows, cols) = p.dtype, p.z.shape
        self._old = (p.depth.copy(), p.u.copy(), p.v.copy())
        self._new = (p.depth.copy(), p.u.copy(), p.v.copy())
        self._cfl = p.options.cfl or CFL[p.scheme]
        threads = numba.get_num_threads()
        self._space = np.zeros(
            (threads, muscl.BUFFERS if p.scheme == "muscl" else hllc.BUFFERS, cols + 1), real
        )
        self._found = np.zeros((threads, 3))
        shape = (-(-rows // tiles.ROWS), -(-cols // tiles.COLS))
        self.flags = np.full(shape, tiles.ALL, np.uint8)
        self._rest = np.zeros(shape, np.uint8)
        self.active = np.zeros(shape, np.bool_)
        self.bounds = np.zeros(threads + 1, np.int64)
        self.cells = 0
        self._edges = Edges(*(np.zeros((3, n), real) for n in (cols, rows, cols, rows)))
        with np.errstate(invalid="ignore"):
            self._speed = float(np.max(abs(p.u) + abs(p.v) + 2 * np.sqrt(GRAVITY * p.depth), initial=0.0))
        self._between = (p.depth.copy(), p.u.copy(), p.v.copy()) if p.scheme == "muscl" else None

    @property
    def depth(self) -> Array:
        return self._old[0]

    def velocity(self) -> tuple[Array, Array]:
        return self._old[1], self._old[2]

    def quicken(self, speed: float) -> None:
        self._speed = max(self._speed, speed)

    def stable_step(self) -> float:
        # the sum form of the condition: dt (|u| + c + |v| + c) <= dx
        asked = [
            edge_kernels.fastest(e.kind, e.value, e.depth, z)
            for e, z in zip(self._p.edges, self._rims(), strict=True)
        ]
        speed = max(self._speed, *asked)
        return float("inf") if speed == 0.0 else self._cfl * self._p.dx / speed

    def advance(self, dt: float, source: Array, span: float, raining: bool) -> float:
        p = self._p
        real = p.dtype
        numbers = tuple(real(x) for x in (dt, p.dx, p.options.dry_depth, STEEPEST * p.dx, TINY[real], span))
        entered = self._over_edges(self._old, dt)
        tiles.plan(self.flags, self._rest, self.active, self.bounds, raining, False)
        tiles.threads(self.active, len(self._found))
        common = (self._space, self.active, self.bounds, self.flags, self._found, p.friction, source)
        parts = (self._edges, p.walls, p.pores, numbers)
        if self._between is None:
            hllc.step(p.z, self._old, self._new, *common, *parts)
        else:
            between = self._between
            muscl.step(p.z, self._old, self._old, between, *common, *parts, False)
            entered = 0.5 * (entered + self._over_edges(between, dt))
            tiles.plan(self.flags, self._rest, self.active, self.bounds, raining, True)
            muscl.step(p.z, self._old, between, self._new, *common, *parts, True)
        self._old, self._new = self._new, self._old
        self._speed = float(self._found[:, 0].max())
        self.cells = int(self.active.sum()) * tiles.ROWS * tiles.COLS
        return entered

    def sound(self) -> bool:
        return bool(np.isfinite(self._found).all())

    def go_back(self) -> None:
        self._old, self._new = self._new, self._old

    def _rims(self) -> tuple[Array, Array, Array, Array]:
        z = self._p.z
        return z[0], z[:, -1], z[-1], z[:, 0]

    def _over_edges(self, state: Any, dt: float) -> float:
        """Fill the edge fluxes; the volume that comes in [m³]."""
        p, e = self._p, self._edges
        h, u, v = state
        rate, dry = p.dx / dt, p.options.dry_depth
        share = p.pores
        x, y = (share.x, share.y) if share.on else (share.open, share.open)
        north, east, south, west = p.edges
        f, r, c = self.flags, tiles.ROWS, tiles.COLS
        drop = STEEPEST * p.dx
        after, before = min(1, len(h) - 1), max(len(h) - 2, 0)
        right, left = min(1, h.shape[1] - 1), max(h.shape[1] - 2, 0)
        out = edge_kernels.along(
            north.kind,
            north.value,
            north.depth,
            h[0],
            v[0],
            u[0],
            p.z[0],
            p.z[after],
            y[0],
            e.north,
            -1.0,
            rate,
            drop,
            dry,
            f[0],
            c,
        )
        out += edge_kernels.along(
            south.kind, south.value, south.depth, h[-1], v[-1], u[-1], p.z[-1], p.z[before], y[-1], e.south,
            1.0,
            rate, drop, dry,
            f[-1], c,
        )  # fmt: skip
        out += edge_kernels.along(
            west.kind, west.value, west.depth, h[:, 0], u[:, 0], v[:, 0], p.z[:, 0], p.z[:, right], x[:, 0],
            e.west,
            -1.0, rate, drop, dry, f[:, 0], r,
        )  # fmt: skip
        out += edge_kernels.along(
            east.kind, east.value, east.depth, h[:, -1], u[:, -1], v[:, -1], p.z[:, -1], p.z[:, left], x[:,
            -1],
            e.east, 1.0, rate, drop, dry, f[:, -1], r,
        )  # fmt: skip
        return float(-out * dt * p.dx)
