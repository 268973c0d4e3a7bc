"""Design storms from an intensity-duration table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from analysis.errors import AnalysisError
from analysis.flood.inputs import Array, Rainfall
from analysis.flood.series import increasing

HUFF = {
    1: (16, 33, 43, 52, 60, 66, 71, 75, 79, 82, 84, 86, 88, 90, 92, 94, 96, 97, 98),
    2: (3, 8, 12, 16, 22, 29, 39, 51, 62, 70, 76, 81, 85, 88, 91, 93, 95, 97, 98),
    3: (3, 6, 9, 12, 15, 19, 23, 27, 32, 38, 45, 57, 70, 79, 85, 89, 92, 95, 97),
    4: (2, 5, 8, 10, 13, 16, 19, 22, 25, 28, 32, 35, 39, 45, 51, 59, 72, 84, 92),
}
"""Rain fallen [%] after 5, 10 … 95 % of a storm, by the quarter in which most of it falls: medians of heavy
storms at a point in Illinois (Huff 1990, Illinois State Water Survey Circular 173, table 3). Other climates
have curves of their own."""


class IntensityDuration:
    """Intensity by duration for one return period.

    duration: [s], increasing. intensity: [m/s], mean over the duration. Between them the logarithms are
    linear; outside it is an error.
    """

    def __init__(self, duration: Sequence[float], intensity: Sequence[float]) -> None:
        self.duration = increasing(duration, "intensity-duration table", least=2)
        self.intensity = np.asarray(intensity, dtype=np.float64)
        if (
            self.intensity.shape != self.duration.shape
            or not (self.intensity > 0).all()
            or self.duration[0] <= 0
        ):
            raise AnalysisError(
                "intensity-duration table: give one intensity above 0 for each duration above 0"
            )
        if (np.diff(self.duration * self.intensity) < 0).any():
            k = int(np.argmax(np.diff(self.duration * self.intensity) < 0)) + 1
            raise AnalysisError(
                f"intensity-duration table: less rain falls in {self.duration[k]:g} s than in a shorter time"
            )

    def depth(self, duration: Array | float) -> Array:
        """Rain [m] that falls in a duration [s]."""
        t = np.asarray(duration, dtype=np.float64)
        if (t < self.duration[0] * (1 - 1e-9)).any() or (t > self.duration[-1] * (1 + 1e-9)).any():
            raise AnalysisError(
                f"the intensity-duration table goes from {self.duration[0]:g} to {self.duration[-1]:g} s,"
                f" not to {t.min():g} … {t.max():g} s"
            )
        rain: Array = t * np.exp(np.interp(np.log(t), np.log(self.duration), np.log(self.intensity)))
        return rain


def alternating_block(table: IntensityDuration, duration: float, step: float, peak: float = 0.5) -> Rainfall:
    """A storm whose rain over any duration around its peak is the table's (Chow, Maidment, Mays 1988, 14.4).

    duration, step: of the storm and its blocks [s]; peak: where in the storm the greatest block lies (0 to
    1).
    """
    blocks = _blocks(duration, step)
    depth = np.sort(np.diff(np.concatenate([[0.0], table.depth(step * np.arange(1, blocks + 1))])))[::-1]
    order = np.empty(blocks, dtype=np.int64)
    left = right = min(blocks - 1, int(peak * blocks))
    order[left] = 0
    for k in range(1, blocks):
        if left > 0 and (right == blocks - 1 or (k % 2 == 0)):
            left -= 1
            order[left] = k
        else:
            right += 1
            order[right] = k
    return Rainfall(_times(blocks, step), depth[order] / step)


def huff(depth: float, duration: float, step: float, quartile: Literal[1, 2, 3, 4]) -> Rainfall:
    """`depth` [m] of rain over `duration` [s] in blocks of `step` [s], by Huff's median curve of a
    quartile."""
    if quartile not in HUFF:
        raise AnalysisError(f"quartile {quartile!r} is not 1, 2, 3 or 4")
    if not depth >= 0:
        raise AnalysisError(f"the depth of a storm must not be negative, got {depth:g} m")
    blocks = _blocks(duration, step)
    share = np.array([0, *HUFF[quartile], 100]) / 100
    fallen = np.interp(np.linspace(0, 1, blocks + 1), np.linspace(0, 1, share.size), share)
    return Rainfall(_times(blocks, step), depth * np.diff(fallen) / step)


def _blocks(duration: float, step: float) -> int:
    blocks = round(duration / step) if step > 0 and duration > 0 else 0
    if blocks < 1 or abs(blocks * step - duration) > 1e-6 * duration:
        raise AnalysisError(f"a storm of {duration:g} s cannot be cut into blocks of {step:g} s")
    return blocks


def _times(blocks: int, step: float) -> list[float]:
    return [float(t) for t in step * np.arange(blocks + 1)]
