"""The groups of arrays that kernels take together."""

from __future__ import annotations

from typing import Any, NamedTuple


class First(NamedTuple):
    """First-order finite volumes. lost: what rounding kept from the depths, see `depths.settle`,
    `(rows, cols)`, or `(1, cols)` where nothing is kept. last: false, see `Second`."""

    lost: Any
    last: bool


class Second(NamedTuple):
    """Second-order finite volumes, one of two stages. lost: as in `First`, of the state before both; between:
    the same after the first. h, u, v: the state before both stages. last: it is the second, which ends with
    the mean of the state before both and after both."""

    lost: Any
    last: bool
    between: Any
    h: Any
    u: Any
    v: Any


class Inertial(NamedTuple):
    """Local inertia. lost: as in `First`."""

    lost: Any


class Edges(NamedTuple):
    """Fluxes over the edges of the grid: mass, normal and transverse momentum `(3, n)`, positive along
    increasing rows and columns."""

    north: Any
    east: Any
    south: Any
    west: Any


class Walls(NamedTuple):
    """Faces with a wall, by row. x: face j lies before column j, those of row i are start[i] to start[i + 1];
    y: face i lies above row i. crest [m over the datum of the run]."""

    x_start: Any
    x_at: Any
    x_crest: Any
    y_start: Any
    y_at: Any
    y_crest: Any


class Pores(NamedTuple):
    """Open shares: of cells, of x faces `(rows, cols + 1)` and of y faces `(rows + 1, cols)`."""

    on: bool
    open: Any
    x: Any
    y: Any
