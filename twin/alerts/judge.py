"""Does a reading fulfil a condition: hysteresis, duration, mean and rate, reading by reading.

Pure: times are those of the readings, so that the same readings give the same outcome whenever they are
judged, also a second time after a restart.
"""

from __future__ import annotations

import operator
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from twin.alerts.rules import Combination, Missing, Part, Rate, Threshold

_SECOND = 1_000_000
_COMPARE: dict[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
_WINDOW = 20_000
"""Most readings kept for a mean or a rate: two weeks of one a minute."""


@dataclass(slots=True)
class Standing:
    """How one datastream stands with one condition.

    since: from when on the condition has held without a break [µs], None if it does not. met: it holds, and
    long enough. time, value: of the latest reading judged [µs], and what was compared; None before the first.
    """

    since: int | None = None
    met: bool = False
    time: int | None = None
    value: float | None = None
    window: deque[tuple[int, float]] = field(default_factory=lambda: deque(maxlen=_WINDOW))


def history_s(condition: Threshold | Rate | Missing) -> float:
    """How far back [s] readings are needed to judge the next one; 0: they are not."""
    if isinstance(condition, Threshold):
        return condition.mean_s
    return 2 * condition.per_s if isinstance(condition, Rate) else 0


def recall(standing: Standing, readings: Iterable[tuple[int, float]]) -> None:
    """Give back what was read before: times [µs] in order, and values."""
    standing.window.clear()
    standing.window.extend(readings)


def judge(condition: Threshold | Rate, standing: Standing, time: int, value: float) -> bool:
    """Take a reading in; true when `met` changed. A reading that is not later than the last one judged
    describes the past and changes nothing."""
    if standing.time is not None and time <= standing.time:
        return False
    compared, covers = _compared(condition, standing.window, time, value)
    standing.time = time
    if compared is None:
        return False
    standing.value = compared
    compare = _COMPARE[condition.operator]
    if standing.met:
        limit = condition.value if condition.clear is None else condition.clear
        if not compare(compared, limit):
            standing.met, standing.since = False, None
            return True
        return False
    if not compare(compared, condition.value):
        standing.since = None
        return False
    if standing.since is None:
        standing.since = time - covers
    standing.met = time - standing.since >= condition.duration_s * _SECOND
    return standing.met


def _compared(
    condition: Threshold | Rate, window: deque[tuple[int, float]], time: int, value: float
) -> tuple[float | None, int]:
    """What is held against the limit, None if that cannot be said yet; and how long it speaks for [µs]."""
    if isinstance(condition, Threshold):
        if not condition.mean_s:
            return value, 0
        covers = round(condition.mean_s * _SECOND)
        window.append((time, value))
        while window[0][0] <= time - covers:
            window.popleft()
        return sum(v for _, v in window) / len(window), covers
    per = round(condition.per_s * _SECOND)
    while len(window) > 1 and window[1][0] <= time - per:
        window.popleft()
    window.append((time, value))
    then, before = window[0]
    if then > time - per:
        return None, 0
    return (value - before) * per / (time - then), 0


@dataclass(slots=True)
class Group:
    """How a combination stands: for each part, the datastreams that fulfil it now."""

    condition: Combination
    met: list[dict[int, Standing]]
    newest: int = 0
    """Time of the newest reading of its datastreams [µs]."""

    def fulfilled(self) -> bool:
        """Whether enough parts hold, not counting readings that have grown too old beside the newest."""
        held = map(self._holds, self.condition.parts, self.met)
        return all(held) if self.condition.need == "all" else any(held)

    def _holds(self, part: Part, met: dict[int, Standing]) -> bool:
        if isinstance(part.condition, Missing):
            return len(met) >= part.at_least
        oldest = self.newest - self.condition.within_s * _SECOND
        return sum((s.time or 0) >= oldest for s in met.values()) >= part.at_least
