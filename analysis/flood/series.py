"""Values in time that a run integrates over its steps, so that no volume depends on the step."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from analysis.errors import AnalysisError
from analysis.flood.inputs import Array


def increasing(time: Sequence[float], what: str, least: int = 1) -> Array:
    """`time` as float64 [s]. Raises AnalysisError if it is not finite and increasing, or shorter than
    least."""
    t = np.atleast_1d(np.asarray(time, dtype=np.float64))
    if t.ndim != 1 or t.size < least:
        raise AnalysisError(
            f"{what}: time needs at least {least} values in one dimension, got shape {t.shape}"
        )
    if not np.isfinite(t).all() or (np.diff(t) <= 0).any():
        bad = int(np.argmax(~np.isfinite(t) | np.r_[False, np.diff(t) <= 0]))
        raise AnalysisError(f"{what}: times must be finite and increase; look at value {bad} ({t[bad]:g} s)")
    return t


class Linear:
    """Linear between given times; the first and last value hold before and after them."""

    def __init__(self, time: Sequence[float], value: Sequence[float], what: str) -> None:
        self.time = increasing(time, what)
        self.value = np.atleast_1d(np.asarray(value, dtype=np.float64))
        if self.value.shape != self.time.shape:
            raise AnalysisError(
                f"{what}: {self.time.size} times but values of shape {self.value.shape}; give one for each"
            )
        if not np.isfinite(self.value).all():
            raise AnalysisError(f"{what}: value {int(np.argmin(np.isfinite(self.value)))} is not a number")
        steps = np.diff(self.time) * (self.value[1:] + self.value[:-1]) / 2
        self._volume = np.concatenate([[0.0], np.cumsum(steps)])

    def at(self, t: float) -> float:
        """The value at t [s]."""
        return float(np.interp(t, self.time, self.value))

    def integral(self, start: float, stop: float) -> float:
        """Over start to stop [s], exact."""
        return self._until(stop) - self._until(start)

    def most(self, start: float, stop: float) -> float:
        """The greatest magnitude between two times."""
        inside = self.value[(self.time > start) & (self.time < stop)]
        return float(max(abs(self.at(start)), abs(self.at(stop)), np.abs(inside).max(initial=0.0)))

    def _until(self, t: float) -> float:
        time, value = self.time, self.value
        if t <= time[0]:
            return float((t - time[0]) * value[0])
        k = int(np.searchsorted(time, t, side="right")) - 1
        return float(self._volume[k] + (t - time[k]) * (value[k] + self.at(t)) / 2)


class Steps:
    """Value k holds from time k to time k + 1; nothing outside. value: `(n, ...)` for n + 1 times."""

    def __init__(self, time: Sequence[float], value: Array, what: str) -> None:
        self.time = increasing(time, what, least=2)
        self.value = np.asarray(value, dtype=np.float64)
        if self.value.ndim not in (1, 3) or len(self.value) + 1 != self.time.size:
            raise AnalysisError(
                f"{what}: {self.time.size} times need {self.time.size - 1} intensities, one value or one grid"
                f" each; got shape {self.value.shape}"
            )
        if not (np.isfinite(self.value) & (self.value >= 0)).all():
            k = np.argwhere(~(np.isfinite(self.value) & (self.value >= 0)))[0]
            raise AnalysisError(f"{what}: intensity {tuple(k.tolist())} is missing or negative")

    def integral(self, start: float, stop: float) -> float:
        """Of values without a grid, over start to stop [s]."""
        overlap = np.minimum(self.time[1:], stop) - np.maximum(self.time[:-1], start)
        return float(np.dot(np.maximum(overlap, 0.0), self.value))

    def index(self, t: float) -> int:
        """Which value holds from t on; -1 when none does."""
        k = int(np.searchsorted(self.time, t, side="right")) - 1
        return k if k < len(self.value) else -1

    def next_change(self, t: float) -> float:
        """The first time after t at which the value changes, inf if there is none."""
        k = int(np.searchsorted(self.time, t, side="right"))
        return float(self.time[k]) if k < self.time.size else float("inf")
