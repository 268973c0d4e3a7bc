"""How often somebody may ask: buckets that fill at an allowed rate, shared by all doors that count alike."""

from __future__ import annotations

import time
from threading import Lock

BURST_SECONDS = 2.0
"""How much of the rate somebody may save up."""
_MOST_BUCKETS = 10_000


class Rates:
    """One bucket for each who asks. rate: a second; 0 for no limit. Several threads may ask."""

    def __init__(self, rate: float) -> None:
        self.rate = rate
        self.buckets: dict[str, tuple[float, float]] = {}
        self._lock = Lock()

    def take(self, who: str) -> float:
        """Take one from somebody's bucket: 0 if that is done, else the seconds until there is one."""
        if self.rate <= 0:
            return 0.0
        with self._lock:
            return self._taken(who)

    def _taken(self, who: str) -> float:
        most = max(1.0, self.rate * BURST_SECONDS)
        now = time.monotonic()
        left, since = self.buckets.get(who, (most, now))
        left = min(most, left + (now - since) * self.rate)
        if left < 1:
            return (1 - left) / self.rate
        if len(self.buckets) >= _MOST_BUCKETS and who not in self.buckets:
            full = most / self.rate
            self.buckets = {k: v for k, v in self.buckets.items() if now - v[1] < full}
        self.buckets[who] = (left - 1, now)
        return 0.0
