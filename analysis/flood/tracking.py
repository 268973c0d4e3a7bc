"""Maxima, arrival and duration, kept while a run goes on, and the hazard rating.

Hazard rating: HR = d (v + 0.5) + DF, with the debris factor DF by depth and surroundings (Defra/Environment
Agency 2006, *Flood Risks to People*, FD2321/TR1): nothing up to 0.25 m; from there, and from 0.75 m or where
the water is faster than 2 m/s, 0 and 0.5 for pasture, 0.5 and 1 for woodland, 1 and 1 in towns. What a
rating means is told by `hazard.CLASSES`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange

from analysis.flood.arithmetic import kernel, parallel_kernel
from analysis.flood.hazard import DEEP, FAST, SHALLOW
from analysis.flood.tiles import COLS, ROWS

_SHALLOW, _DEEP, _FAST = SHALLOW, DEEP, FAST


@kernel
def _row(
    h: Any, u: Any, v: Any, depth: Any, speed: Any, hazard: Any, arrival: Any, duration: Any, now: Any,
    span: Any,
    dry: Any, arrive: Any, stay: Any, some: Any, much: Any,
) -> None:  # fmt: skip
    real = type(now)
    zero, half = real(0.0), real(0.5)
    shallow, deep, fast = real(_SHALLOW), real(_DEEP), real(_FAST)
    for j in range(h.size):
        d = h[j]
        w = np.sqrt(u[j] * u[j] + v[j] * v[j])
        debris = much if d > deep else some
        debris = much if w > fast else debris
        debris = debris if d > shallow else zero
        rating = d * (w + half) + debris
        rating = rating if d > dry else zero
        depth[j] = max(depth[j], d)
        speed[j] = max(speed[j], w)
        hazard[j] = max(hazard[j], rating)
        first = min(arrival[j], now)
        arrival[j] = first if d > arrive else arrival[j]
        duration[j] += span if d > stay else zero


@kernel
def look(h: Any, u: Any, v: Any, kept: Any, i: int, a: int, b: int, dry: Any, how: Any) -> None:
    """Look at columns a to b of row i, whose depths and velocities are given.

    kept: depth, speed, hazard, arrival, duration. how: the time, and the time since the last look [s]; the
    depths that count for arrival and duration [m]; debris factors.
    """
    now, span, arrive, stay, some, much = how
    depth, speed, hazard, arrival, duration = kept
    _row(
        h, u, v, depth[i, a:b], speed[i, a:b], hazard[i, a:b], arrival[i, a:b], duration[i, a:b], now, span,
        dry, arrive, stay, some, much,
    )  # fmt: skip


@parallel_kernel
def track(h: Any, u: Any, v: Any, kept: Any, active: Any, parts: int, dry: Any, how: Any) -> None:
    """Look at the active tiles, in so many threads; see `look`."""
    rows, cols = h.shape
    bands = active.shape[0]
    for part in prange(parts):
        for i in range(part * bands // parts * ROWS, min((part + 1) * bands // parts * ROWS, rows)):
            t = 0
            while t < active.shape[1]:
                if not active[i // ROWS, t]:
                    t += 1
                    continue
                a = t * COLS
                while t < active.shape[1] and active[i // ROWS, t]:
                    t += 1
                b = min(t * COLS, cols)
                look(h[i, a:b], u[i, a:b], v[i, a:b], kept, i, a, b, dry, how)
