"""The groups of arrays that kernels take together."""

from __future__ import annotations

from typing import Any, NamedTuple


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
