"""Water that comes to or goes from cells between two steps: inflows, drainage, infiltration."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange

from analysis.flood.arithmetic import kernel, parallel_kernel
from analysis.flood.tiles import ALL, COLS, ROWS


@kernel
def pour(h: Any, u: Any, v: Any, lost: Any, rows: Any, cols: Any, depth: Any, flags: Any) -> Any:
    """Add depth[k] [m] (taken away if negative, as far as there is) to cell k. The water brings no momentum.
    lost: see `depths.settle`.

    Returns the sum of what was added [m], and the greatest |u| + |v| + 2 c of these cells [m/s].
    """
    total = 0.0
    speed = 0.0
    for k in range(rows.size):
        i, j = rows[k], cols[k]
        before = np.float64(h[i, j])
        after = before + max(depth[k], -before)
        h[i, j] = after
        lost[min(i, lost.shape[0] - 1), j] += after - np.float64(h[i, j])
        total += max(depth[k], -before)
        if depth[k] > 0.0:
            u[i, j] *= before / after
            v[i, j] *= before / after
        flags[i // ROWS, j // COLS] |= ALL
        speed = max(speed, abs(u[i, j]) + abs(v[i, j]) + 2.0 * np.sqrt(9.81 * after))
    return total, speed


@parallel_kernel
def green_ampt(
    h: Any, cumulative: Any, conductivity: Any, head: Any, open_share: Any, active: Any, dt: float, sums: Any
) -> None:
    """Water into the ground over dt [s]: K (1 + ψ Δθ / F) at most, and as much as there is.

    cumulative: F [m], changed. head: ψ Δθ [m]. The rate over the step is that of the depth F at its end, from
    the implicit equation F' = F + K dt (1 + ψ Δθ / F'), whose root is in closed form. sums: written, what
    went in from each row [m of whole cells].
    """
    rows, cols = h.shape
    for i in prange(rows):
        total = 0.0
        for j in range(cols):
            if active[i // ROWS, j // COLS] and h[i, j] > 0:
                k = conductivity[i, j] * dt
                f = cumulative[i, j]
                b = f + k
                end = 0.5 * (b + np.sqrt(b * b + 4.0 * k * head[i, j]))
                taken = min(max(end - f, 0.0), np.float64(h[i, j]))
                left = type(h[i, j])(h[i, j] - taken)
                cumulative[i, j] = f + taken
                total += (h[i, j] - left) * open_share[i % open_share.shape[0], j % open_share.shape[1]]
                h[i, j] = left
        sums[i] = total


@parallel_kernel
def curve_number(
    fallen: Any, storage: Any, initial: Any, rain: Any, span: float, excess: Any, sums: Any
) -> None:
    """Rain that runs off, (P - Ia)² / (P - Ia + S), over a step.

    fallen: P [m] so far, changed. storage: S [m]. initial: Ia [m]. rain times span: what falls [m]. excess:
    written [m]. sums: written, what each row loses [m].
    """
    rows, cols = fallen.shape
    for i in prange(rows):
        lost = 0.0
        for j in range(cols):
            p = fallen[i, j]
            more = np.float64(rain[i % rain.shape[0], j]) * span
            a = max(p - initial[i, j], 0.0)
            b = max(p + more - initial[i, j], 0.0)
            s = storage[i, j]
            run = b * b / max(b + s, 1e-30) - a * a / max(a + s, 1e-30)
            excess[i, j] = run
            fallen[i, j] = p + more
            lost += more - np.float64(excess[i, j])
        sums[i] = lost
