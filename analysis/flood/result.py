"""What a flood run gives back."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from analysis.flood.inputs import Array

Float64 = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Gauge:
    """A cell watched through the run; every array is `(k,) float64`.

    time [s]; depth [m]; level [m], depth over the ground in the datum of the elevation; u, v [m/s], along
    increasing columns and rows; speed [m/s].
    """

    row: int
    col: int
    time: Float64
    depth: Float64
    level: Float64
    u: Float64
    v: Float64

    @property
    def speed(self) -> Float64:
        """[m/s]"""
        return np.hypot(self.u, self.v)


@dataclass(frozen=True)
class Snapshot:
    """The water at one time [s]: depth [m], u and v [m/s], `(rows, cols)` of the run's dtype."""

    time: float
    depth: Array
    u: Array
    v: Array

    @property
    def speed(self) -> Array:
        """[m/s]"""
        speed: Array = np.hypot(self.u, self.v)
        return speed


@dataclass(frozen=True)
class MassBalance:
    """Volumes of the whole run [m³]. What came in and what went out is booked as it is moved; final and
    initial are summed over the cells. boundary and drainage are positive into the grid."""

    initial: float = 0.0
    rain: float = 0.0
    inflow: float = 0.0
    boundary: float = 0.0
    drainage: float = 0.0
    infiltration: float = 0.0
    final: float = 0.0

    @property
    def error(self) -> float:
        """final less what it ought to be [m³]."""
        given = self.initial + self.rain + self.inflow + self.boundary + self.drainage
        return self.final - (given - self.infiltration)

    @property
    def relative(self) -> float:
        """error, as a share of all the water that the run has seen."""
        seen = self.initial + self.rain + abs(self.inflow) + abs(self.boundary) + abs(self.drainage)
        return abs(self.error) / seen if seen else 0.0


@dataclass(frozen=True)
class FloodResult:
    """Arrays are `(rows, cols)` of the run's dtype; blocked cells hold 0 (arrival: inf).

    time: reached [s]. depth [m], u, v [m/s]: at the end. max_depth [m], max_speed [m/s]. max_hazard: the
    rating d (v + 0.5) + DF of each cell's worst moment (see `hazard`), 0 where it stays dry. arrival [s]:
    first time deeper than `Options.arrival_depth`, inf where never. duration [s]: time deeper than
    `Options.duration_depth`. Those five are looked at every `Options.track_every` steps and at snapshots.
    gauges: in the order asked. snapshots: at 0, every output_interval, and the end; empty without one.
    balance: volumes. steps: taken. cell_updates: cells computed, over all steps (a step of two stages counts
    once). seconds: wall time of the stepping, without compilation of the kernels before it.
    """

    scheme: str
    time: float
    depth: Array
    u: Array
    v: Array
    max_depth: Array
    max_speed: Array
    max_hazard: Array
    arrival: Array
    duration: Array
    gauges: list[Gauge]
    balance: MassBalance
    snapshots: list[Snapshot] = field(default_factory=list)
    steps: int = 0
    cell_updates: int = 0
    seconds: float = 0.0

    @property
    def mass_error(self) -> float:
        """Water made or lost by the arithmetic, as a share of all the water of the run [-]."""
        return self.balance.relative

    @property
    def speed(self) -> Array:
        """At the end [m/s]."""
        speed: Array = np.hypot(self.u, self.v)
        return speed
