"""A run with a finite-volume scheme: its stages, and its fluxes over the edges of the grid."""

from __future__ import annotations

from typing import Any

import numpy as np

from analysis.flood import hllc, muscl
from analysis.flood.constants import GRAVITY
from analysis.flood.edges import along
from analysis.flood.inputs import Array
from analysis.flood.parts import First, Second
from analysis.flood.problem import Problem
from analysis.flood.solver import Solver

STEEPEST = 1.0
"""Slope over a cell beyond which more of a step in the bed adds no more weight: a cliff, not a slope."""
CFL = {"hllc": 0.9, "muscl": 0.8}


class FiniteVolume(Solver):
    """The first- and second-order finite-volume schemes; the state is h, u, v."""

    def __init__(self, problem: Problem) -> None:
        p = problem
        self._second = p.scheme == "muscl"
        buffers = muscl.BUFFERS if self._second else hllc.BUFFERS
        super().__init__(p, cfl=p.options.cfl or CFL[p.scheme], buffers=buffers)
        with np.errstate(invalid="ignore"):
            self._speed = float(np.max(abs(p.u) + abs(p.v) + 2 * np.sqrt(GRAVITY * p.depth), initial=0.0))
        if self._second:
            self._between, self._lost_between = self._state(), self._no_loss()

    def _state(self) -> tuple[Array, Array, Array]:
        p = self._p
        return p.depth.copy(), p.u.copy(), p.v.copy()

    def velocity(self) -> tuple[Array, Array]:
        return self._old[1], self._old[2]

    def advance(self, dt: float, source: Array, span: float, raining: bool) -> float:
        common = (source, dt, span, STEEPEST * self._p.dx, raining)
        entered = self._fluxes(self._old, dt)
        if self._second:
            stage = (self._lost_between, *self._old)
            self._sweep(Second(self.lost, False, *stage), self._old, self._between, *common)
            entered = 0.5 * (entered + self._fluxes(self._between, dt))
            self._sweep(Second(self.lost, True, *stage), self._between, self._new, *common, more=True)
        else:
            self._sweep(First(self.lost, False), self._old, self._new, *common)
        self._old, self._new = self._new, self._old
        self._speed = float(self._found[:, 0].max())
        return entered

    def _fluxes(self, state: Any, dt: float) -> float:
        p = self._p
        limits = (p.dx / dt, STEEPEST * p.dx, p.options.dry_depth)
        return self._over_edges(along, dt, state, p.z, p.pores, *limits, self.flags)
