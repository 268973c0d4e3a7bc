"""Groups of zones through all intervals: the start, the steps of an interval, and what is told of each."""

from __future__ import annotations

from typing import Any

from numba import prange

from analysis.energy.detailed.compiled import inlined, kernel, parallel_kernel
from analysis.energy.detailed.kernel import back, dark, elements, equations, solve, sun
from analysis.energy.detailed.layout import (
    CLIMATE,
    COOLING,
    COOLING_PEAK,
    ERROR,
    HEATING,
    HEATING_PEAK,
    LANES,
    MISSED,
    OVERHEATING,
    UNMET,
    WEEKS,
    ZONE,
)


@kernel
def _interval(
    b: Any, opaque: Any, windows: Any, skyline: Any, near: Any, climate: Any, sunlit: Any, weeks: Any
) -> None:
    """One interval of a group; near: (4,) of the calendar."""
    z = ZONE
    hour = near[0]
    for k in range(LANES):
        use = weeks[int(b[z.use + k])]
        b[z.low + k] = use[hour, WEEKS.heating] + b[z.shift + k]
        b[z.high + k] = use[hour, WEEKS.cooling] + b[z.shift + k]
        b[z.gain + k] = use[hour, WEEKS.gains] * b[z.gains + k]
        b[z.fresh + k] = use[hour, WEEKS.ventilation] * b[z.ventilation + k]
        b[z.night_flow + k] = use[hour, WEEKS.night] * b[z.night + k]
        b[z.occupied + k] = use[hour, WEEKS.occupied]
    if climate[CLIMATE.direct] + climate[CLIMATE.isotropic] + climate[CLIMATE.ground] > 0.0:
        sun(b, opaque, windows, skyline, near, climate, sunlit)
    else:
        dark(b, opaque, windows)
    elements(b, opaque, windows, climate, near[1])
    equations(b, opaque, windows)
    solve(b, climate[CLIMATE.air])
    back(b, opaque, windows, climate[CLIMATE.air])


@inlined
def _book(b: Any, k: Any, month: Any, hours: Any, limit: Any, ends: Any, own: Any) -> None:
    """Add an interval to what is told of a zone. ends: the intervals of an hour that ends, 0 within one."""
    z = ZONE
    heating, cooling, air = b[z.heating + k], b[z.cooling + k], b[z.air + k]
    own[HEATING, month] += heating
    own[COOLING, month] += cooling
    if air < b[z.low + k] - MISSED or air > b[z.high + k] + MISSED:
        own[UNMET, 0] += hours
    if 0.5 * (air + b[z.radiant + k]) > limit:
        own[OVERHEATING, 0] += hours * b[z.occupied + k]
    own[ERROR, 0] = max(own[ERROR, 0], b[z.error + k])
    own[HEATING_PEAK, 1] += heating
    own[COOLING_PEAK, 1] += cooling
    if ends > 0:
        for row in (HEATING_PEAK, COOLING_PEAK):
            own[row, 0] = max(own[row, 0], own[row, 1] / ends)
            own[row, 1] = 0.0


@parallel_kernel
def run(
    blocks: Any,
    first: Any,
    counts: Any,
    lanes: Any,
    skyline: Any,
    rows: Any,
    climate: Any,
    calendar: Any,
    sunlit: Any,
    weeks: Any,
    warm: Any,
    rounds: Any,
    hours: Any,
    limit: Any,
    tally: Any,
    series: Any,
) -> None:
    """All intervals of groups of zones.

    blocks: the groups' figures one after another, from first[g] on; counts: (g, 2) opaque elements and
    windows; lanes: (g, LANES) numbers of zones, -1 for none. skyline: (rows, directions, LANES) float32
    [degrees], rows[g] a group's first. climate: (n, CLIMATE), calendar: (n, 4), sunlit: (n, pairs), weeks:
    (uses, 2016, WEEKS). warm: intervals that are gone through `rounds` times at first. hours: length of an
    interval. tally: (zones, TALLY, 12) is filled, and series: (4, zones, n) float32 unless it is empty.
    """
    n = len(climate)
    z = ZONE
    per_hour = max(1, round(1.0 / hours))
    for g in prange(len(first) - 1):
        b = blocks[first[g] : first[g + 1]]
        opaque, windows = counts[g, 0], counts[g, 1]
        line = skyline[rows[g] : rows[g] + opaque + windows]
        for _ in range(rounds):
            for t in range(warm):
                _interval(b, opaque, windows, line, calendar[t], climate[t], sunlit[t], weeks)
        for t in range(n):
            ends = per_hour if (t + 1) % per_hour == 0 else 0
            _interval(b, opaque, windows, line, calendar[t], climate[t], sunlit[t], weeks)
            for k in range(LANES):
                zone = lanes[g, k]
                if zone >= 0:
                    _book(b, k, calendar[t, 1], hours, limit, ends, tally[zone])
                    if series.shape[2] > 0:
                        series[0, zone, t] = b[z.heating + k]
                        series[1, zone, t] = b[z.cooling + k]
                        series[2, zone, t] = 0.5 * (b[z.air + k] + b[z.radiant + k])
                        series[3, zone, t] = b[z.air + k]
