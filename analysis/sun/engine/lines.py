"""Digital lines: how the way of the light at one azimuth runs through the cells of a field."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

PHASES = (-0.25, 0.25)
"""Where between the middles of cells the sets of lines lie [cells]. Each row takes its results from the set
that runs nearest to the middles of its cells: within a quarter of a cell with two sets."""
SINGLE = (0.0,)
_NO_TURN = 1e-9


@dataclass(frozen=True)
class Lines:
    """Sets of lines of one azimuth, p of them, of n steps each. A step leads one row (or column) away from
    where one looks, and each cell of the field is on one line of each set.

    across: they step from column to column, else from row to row. reverse: the last one comes first. step:
    its length [cells]. toward: the horizontal unit vector (east, north) to where one looks.
    shift: (p, n) int64 cells sideways from the line's first one. Where a line goes over to the next column
    between two rows, it touches a second cell on the way; beside: (p, n) int8 is 1 where that is the one in
    the new column of the row before, 2 where it is the one in the old column of this row, 0 for none. near,
    far: (p, n) float32, share of a step from the end of the cell before, and of that second one, to the
    middle of this one. best: (p, n) bool, whether the set is the nearest one.
    """

    across: bool
    reverse: bool
    step: float
    toward: tuple[float, float]
    shift: npt.NDArray[np.int64]
    beside: npt.NDArray[np.int8]
    near: npt.NDArray[np.float32]
    far: npt.NDArray[np.float32]
    best: npt.NDArray[np.bool_]

    def laid(self, field: Any) -> Any:
        """A field with its steps along the first axis, without copying it."""
        return field.T if self.across else field


def lines(shape: tuple[int, int], direction: Any, phases: tuple[float, ...] = PHASES) -> Lines:
    """The lines through a field of (rows, columns) away from a direction (east, north, ...)."""
    east, north = float(direction[0]), float(direction[1])
    length = float(np.hypot(east, north))
    east, north = (east / length, north / length) if length > _NO_TURN else (0.0, 1.0)
    across = abs(east) > abs(north)
    turn = north / abs(east) if across else -east / abs(north)
    x = turn * np.arange(shape[1] if across else shape[0]) + np.array(phases)[:, None]
    shift = np.floor(x + 0.5)
    beside = np.zeros(x.shape, np.int8)
    near = np.full(x.shape, 0.5, np.float32)
    far = np.zeros(x.shape, np.float32)
    which, k = np.nonzero(np.diff(shift, axis=1))
    if len(k):
        border = 0.5 * (shift[which, k] + shift[which, k + 1])
        crossing = (border - x[which, k]) / turn
        early = crossing < 0.5
        beside[which, k + 1] = np.where(early, 1, 2)
        near[which, k + 1] = np.where(early, 1.0 - crossing, 0.5)
        far[which, k + 1] = np.where(early, 0.5, 1.0 - crossing)
    nearest = np.abs(x - shift).argmin(axis=0)
    return Lines(
        across,
        east > 0 if across else north < 0,
        float(np.hypot(1.0, turn)),
        (east, north),
        shift.astype(np.int64),
        beside,
        near,
        far,
        nearest == np.arange(len(phases))[:, None],
    )
