"""The state of a run and how one step changes it: what all schemes share.

A solver holds the state twice, old and new, so that the state before a step that went wrong is still there.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import numba
import numpy as np

from analysis.flood import tiles
from analysis.flood.edges import fastest
from analysis.flood.inputs import Array
from analysis.flood.parts import Edges
from analysis.flood.problem import Problem
from analysis.flood.tracking import track

TINY = {np.float32: 1e-20, np.float64: 1e-30}
"""Below it a reconstructed depth is none, and a divisor is kept above it."""


class Solver(ABC):
    """flags: of the tiles; active, bounds: of the last step; cells: how many it computed. lost: what rounding
    kept from the depths [m], see `depths.settle`. walls_push: whether there are fluxes over a closed edge."""

    walls_push = True

    def __init__(self, problem: Problem, *, cfl: float, buffers: int) -> None:
        """cfl: share of dx that a wave of the speed |u| + |v| + 2 c may cover in a step. buffers: rows of
        workspace that a thread needs."""
        p = problem
        self._p = p
        self._cfl = cfl
        real, (rows, cols) = p.dtype, p.z.shape
        self._old, self._new = self._state(), self._state()
        self.lost = self._no_loss()
        threads = numba.get_num_threads()
        self._space = np.zeros((threads, buffers, cols + 1), real)
        self._found = np.zeros((threads, 3))
        shape = (-(-rows // tiles.ROWS), -(-cols // tiles.COLS))
        self.flags = np.full(shape, tiles.ALL, np.uint8)
        self._rest = np.zeros(shape, np.uint8)
        self.active = np.ones(shape, np.bool_)
        self.bounds = np.zeros(threads + 1, np.int64)
        self.cells = 0
        self._edges = Edges(*(np.zeros((3, n), real) for n in (cols, rows, cols, rows)))
        rims = (p.z[0], p.z[:, -1], p.z[-1], p.z[:, 0])
        self._rims = [np.array(rim, dtype=np.float64) for rim in rims]
        self._speed = 0.0

    @abstractmethod
    def _state(self) -> tuple[Array, Array, Array]:
        """The state at the start, depth first."""

    @abstractmethod
    def advance(self, dt: float, source: Array, span: float, raining: bool) -> float:
        """Take a step; source times span is added [m]. Returns the volume that came over the edges [m³]."""

    @abstractmethod
    def velocity(self) -> tuple[Array, Array]:
        """u, v [m/s]."""

    def track(self, kept: Any, active: Array, how: Any) -> None:
        """Look at the active tiles; see `tracking.look`."""
        dry = self._p.dtype(self._p.options.dry_depth)
        track(self.depth, *self.velocity(), kept, active, len(self._space), dry, how)

    @property
    def depth(self) -> Array:
        """Water on the cells [m] `(rows, cols)`; sources change it in place."""
        return self._old[0]

    def quicken(self, speed: float) -> None:
        """Say that water was added that moves at |u| + |v| + 2 c = speed [m/s]."""
        self._speed = max(self._speed, speed)

    def stable_step(self) -> float:
        """The longest step [s]; inf while nothing moves."""
        rims = zip(self._p.edges, self._rims, strict=True)
        asked = (fastest(e.kind, e.value, e.depth, z) for e, z in rims if not e.closed)
        speed = max(self._speed, *asked, 0.0)
        return float("inf") if speed == 0.0 else self._cfl * self._p.dx / speed

    def sound(self) -> bool:
        """Whether the last step left only numbers."""
        return bool(np.isfinite(self._found).all())

    def go_back(self) -> None:
        """Take the last step back, but for the tiles' flags."""
        self._old, self._new = self._new, self._old

    def _no_loss(self) -> Array:
        rows, cols = self._p.z.shape
        return np.zeros((rows if self._p.dtype is np.float32 else 1, cols), self._p.dtype)

    def _sweep(
        self, scheme: Any, old: Any, new: Any, source: Array, dt: float, span: float, own: float,
        raining: bool, more: bool = False,
    ) -> None:  # fmt: skip
        """One stage; own: the scheme's own number; more: compute the tiles of the stage before it, too."""
        p, real = self._p, self._p.dtype
        numbers = tuple(real(x) for x in (dt, p.dx, p.options.dry_depth, own, TINY[real], span))
        tiles.plan(self.flags, self._rest, self.active, self.bounds, raining, more)
        tiles.threads(self.active, len(self._found))
        tiles.sweep(
            scheme, p.z, old, new, self._space, self.active, self.bounds, self.flags, self._found, p.friction,
            source, self._edges, p.walls, p.pores, numbers,
        )  # fmt: skip
        self.cells = int(self.active.sum()) * tiles.ROWS * tiles.COLS

    def _over_edges(self, fill: Callable[..., float], dt: float, *parts: Any) -> float:
        """Let `fill` work out the fluxes over each edge; the volume that comes in [m³]."""
        asked = enumerate(zip(self._p.edges, self._edges, strict=True))
        out = sum(
            fill(side, e.kind, e.value, e.depth, *parts, out)
            for side, (e, out) in asked
            if self.walls_push or not e.closed
        )
        return float(-out * dt * self._p.dx)
