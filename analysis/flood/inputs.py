"""What a flood run is asked for, beside the elevation: water coming in, edges, ground, structures, options.

Rows run south in a raster read from a file, so `north` is row 0 and `south` the last row. Velocities and
directions are along the grid: u along increasing columns, v along increasing rows.
All units are SI; an intensity from a table in mm/h is divided by `MM_PER_HOUR`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[Any]
Edge = Literal["north", "east", "south", "west"]
Kind = Literal["closed", "free", "stage", "discharge", "critical"]

MM_PER_HOUR = 3.6e6
"""Millimetres an hour in one metre a second."""


@dataclass(frozen=True)
class Inflow:
    """Water that enters at one cell, or shared equally by the cells of a line.

    row, col: indices of the cell, or sequences of them. time: [s], increasing. discharge: [m³/s], linear
    between the times, its first and last values kept before and after them. Negative takes water out,
    as much as there is.
    """

    row: int | Sequence[int]
    col: int | Sequence[int]
    time: Sequence[float]
    discharge: Sequence[float]

    @classmethod
    def line(
        cls, start: tuple[int, int], end: tuple[int, int], time: Sequence[float], discharge: Sequence[float]
    ) -> Inflow:
        """Along the cells of a straight line from `start` to `end`, both (row, col) and both included."""
        n = max(abs(end[0] - start[0]), abs(end[1] - start[1])) + 1
        rows = np.rint(np.linspace(start[0], end[0], n)).astype(int).tolist()
        cols = np.rint(np.linspace(start[1], end[1], n)).astype(int).tolist()
        return cls(rows, cols, time, discharge)


@dataclass(frozen=True)
class Boundary:
    """What happens at one edge of the grid, or at the cells `start` to `stop` (not included) along it.

    kind: "closed" (a wall); "free" (water leaves as it comes, none enters); "critical" (a free overfall at
    critical depth); "stage" (value: water level [m], in the datum of the elevation); "discharge" (value: the
    whole of the segment [m³/s], positive into the grid, the same on each metre of it).
    value: a number, or one for each of `time` [s], linear between. depth: of a supercritical inflow [m].
    """

    edge: Edge
    kind: Kind
    value: float | Sequence[float] | None = None
    time: Sequence[float] | None = None
    start: int = 0
    stop: int | None = None
    depth: float | None = None


@dataclass(frozen=True)
class Rainfall:
    """Rain in time. intensity: [m/s], `(n,)` for the whole grid or `(n, rows, cols)`; intensity k falls from
    time[k] to time[k + 1], so `time` [s] has n + 1 increasing values. Outside them it does not rain."""

    time: Sequence[float]
    intensity: Any


@dataclass(frozen=True)
class GreenAmpt:
    """Infiltration by Green and Ampt (1911), each a number or an array of the grid's shape.

    conductivity: saturated hydraulic conductivity [m/s]. suction: head at the wetting front [m].
    deficit: moisture that the soil can still take up, porosity less content [-].
    """

    conductivity: Any
    suction: Any
    deficit: Any


@dataclass(frozen=True)
class CurveNumber:
    """Losses of rain by the curve number method (USDA NRCS, National Engineering Handbook 630, chapter 10).

    number: 30-100, a number or an array of the grid's shape. abstraction: initial abstraction as a share of
    the storage, 0.2 in the handbook.
    """

    number: Any
    abstraction: float = 0.2


@dataclass(frozen=True)
class Buildings:
    """Buildings on the grid. cover: `(rows, cols)`, true or the share of the cell that is built on (0 to 1).

    method: "blocked": a cell covered by half or more holds no water and takes no rain, a wall around it;
    "raised": such a cell is higher by `height` [m] and its rain runs off; "porous": each cell holds and
    passes water in its open share alone (Guinot and Soares-Frazão 2006, doi:10.1002/fld.1059).
    """

    cover: Any
    method: Literal["blocked", "raised", "porous"] = "blocked"
    height: Any = 10.0


@dataclass(frozen=True)
class Wall:
    """A wall, dike or kerb along cell faces. points: (row, col) of corners of the grid, of which (0, 0) is
    the north-west one; each next point lies in the same row or the same column as the one before.
    crest: its top [m], in the datum of the elevation."""

    points: Sequence[tuple[int, int]]
    crest: float


@dataclass(frozen=True)
class Culvert:
    """A pipe or box from one cell to another; water runs to where the level is lower.

    inlet, outlet: (row, col). inlet_level, outlet_level: invert levels [m] in the datum of the elevation.
    diameter: [m] of a pipe, or `width` and `height` [m] of a box. length [m], manning [s/m^(1/3)].
    entrance, exit: loss coefficients [-]. barrels: how many. flap: water never runs back.
    """

    inlet: tuple[int, int]
    outlet: tuple[int, int]
    inlet_level: float
    outlet_level: float
    length: float
    diameter: float | None = None
    width: float | None = None
    height: float | None = None
    manning: float = 0.013
    entrance: float = 0.5
    exit: float = 1.0
    barrels: int = 1
    flap: bool = False


class Drainage(Protocol):
    """Something under the ground that takes and gives water: a sewer network.

    cells: `(k, 2) int`, the (row, col) of its manholes and inlets. An attribute longest_step [s], if it has
    one, is read before each step of the flood, which is then no longer.
    """

    cells: Array

    def exchange(self, depth: Array, dt: float) -> Array:
        """Volumes [m³] `(k,)` that come up (positive) or go down (negative) in the next `dt` [s].

        depth: water on the cells now [m] `(k,)`, of which no more can be taken than there is.
        Called at every step.
        """
        ...


@dataclass(frozen=True)
class Options:
    """What seldom needs a change.

    cfl: share of the longest stable step; None: 0.9 for hllc, 0.8 for muscl, 0.7 for inertial.
    theta: weight of a face's own flow in the inertial scheme (de Almeida et al. 2012); 1 keeps Bates 2010.
    dry_depth: water not deeper than this stays where it is [m]. max_step: [s].
    arrival_depth: depth whose first moment is the time of arrival [m]. duration_depth: depth whose time is
    summed [m]. track_every: steps between two looks at maxima, arrival, duration and gauges.
    debris: the factor DF of the hazard rating, "urban", "woodland" or "pasture".
    threads: of this run; None takes what numba is set to.
    """

    cfl: float | None = None
    theta: float = 1.0
    dry_depth: float = 1e-6
    max_step: float = 60.0
    arrival_depth: float = 0.05
    duration_depth: float = 0.3
    track_every: int = 8
    debris: Literal["urban", "woodland", "pasture"] = "urban"
    threads: int | None = None


@dataclass(frozen=True)
class Structures:
    """Walls and culverts of a run."""

    walls: Sequence[Wall] = field(default_factory=tuple)
    culverts: Sequence[Culvert] = field(default_factory=tuple)
