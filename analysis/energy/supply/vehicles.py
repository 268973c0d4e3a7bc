"""What electric vehicles charge at their buildings, at once or when there is surplus.

A vehicle plugs in on some days, needs what it has used since the last time, and leaves after some hours.
Uncontrolled, it charges at full power from its arrival on. Controlled, it takes surplus as long as that
suffices, and the rest as late as it can and still leave charged; vehicles that came first are served first.
Nothing is known beforehand but the time of leaving.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from analysis.energy.supply.arrays import WATTS_PER_KILOWATT, hours_of, series
from analysis.energy.supply.kernels import kernel
from analysis.energy.zones import Float64
from analysis.errors import AnalysisError

if TYPE_CHECKING:
    import pandas as pd

_LONGEST = 7
"""Days after which a vehicle is plugged in in any case: 47 kWh at the daily use below, most of a battery."""


@dataclass(frozen=True, kw_only=True)
class Fleet:
    """vehicles: (b,) at each building. daily: of each [kWh a day]; power: of a charger at the meter [W];
    plugs: times a week; stay: hours plugged in; arrival, spread: hour of the day and its standard deviation.
    seed: of the draws.

    daily: 35.2 km a day (Korea Transportation Safety Authority, all cars of 2023) times 0.19 kWh/km, an
    assumption. plugs, stay and power: Electric Nation, the British trial of 2017-18 with 673 cars: three
    times a week, over 12 hours, chargers of 3.5 or 7 kW. arrival and spread are assumptions.
    """

    vehicles: npt.ArrayLike
    daily: float = 35.2 * 0.19
    power: float = 7000.0
    plugs: float = 3.0
    stay: float = 12.0
    arrival: float = 18.0
    spread: float = 2.0
    seed: int = 0

    def __post_init__(self) -> None:
        if not (self.daily >= 0 and self.power > 0 and 0 < self.plugs <= 7 and 0 < self.stay <= 24):
            raise AnalysisError(
                "a fleet needs a daily use of at least 0 kWh, a power above 0 W, up to 7 plugs a week and up"
                " to 24 hours of stay"
            )


@dataclass(frozen=True)
class Sessions:
    """s times that a vehicle is plugged in, by building and arrival. building: (s,) int32; first, last: (s,)
    int32 intervals from arrival to before leaving; wanted: (s,) [kWh]."""

    building: npt.NDArray[np.int32]
    first: npt.NDArray[np.int32]
    last: npt.NDArray[np.int32]
    wanted: Float64

    def __len__(self) -> int:
        return len(self.building)


@dataclass(frozen=True)
class Charging:
    """load: (b, n) [W]. delivered, missing: (s,) of each session [kWh]; it misses what its stay is too short
    for."""

    load: Float64
    delivered: Float64
    missing: Float64


def sessions_of(fleet: Fleet, times: pd.DatetimeIndex, step: float) -> Sessions:
    """Sessions in intervals of a length [s] around their middles, drawn from the fleet's seed. A vehicle
    leaves at the latest when it arrives the next time; sessions that begin before the first interval or end
    after the last one are left out. Raises AnalysisError for what is no number of vehicles."""
    count = np.atleast_1d(np.asarray(fleet.vehicles))
    if count.dtype.kind not in "iu" or count.ndim != 1 or (count < 0).any():
        raise AnalysisError("a fleet needs a whole number of vehicles for each building")
    hours, n = hours_of(step), len(times)
    begin = times[0] - (times[1] - times[0]) / 2 if n > 1 else times[0]
    midnight = (begin.hour + begin.minute / 60.0) / hours
    days = int(np.ceil((n + midnight) * hours / 24.0))
    draw = np.random.default_rng(fleet.seed)
    vehicles = np.repeat(np.arange(len(count)), count)
    since = _days_since(draw.random((len(vehicles), days)) < fleet.plugs / 7.0, round(7.0 / fleet.plugs))
    plugged = since > 0
    arrival = fleet.arrival + fleet.spread * draw.standard_normal((len(vehicles), days))
    arrival = np.clip(arrival, fleet.arrival - 6.0, fleet.arrival + 6.0)
    vehicle, day = np.nonzero(plugged)
    hour = day * 24.0 + arrival[vehicle, day]
    first = np.round(hour / hours - midnight).astype(np.int64)
    last = first + max(1, round(fleet.stay / hours))
    again = np.append(vehicle[1:] == vehicle[:-1], False)
    last = np.where(again, np.minimum(last, np.append(first[1:], 0)), last)
    some = np.lexsort((first, vehicles[vehicle]))
    some = some[((first >= 0) & (last <= n))[some]]
    return Sessions(
        vehicles[vehicle][some].astype(np.int32),
        first[some].astype(np.int32),
        last[some].astype(np.int32),
        fleet.daily * since[vehicle, day][some].astype(np.float64),
    )


def charge(
    sessions: Sessions,
    shape: tuple[int, int],
    power: float,
    *,
    surplus: npt.ArrayLike | None = None,
    step: float = 3600.0,
) -> Charging:
    """The load of sessions at chargers of a power [W], for (b, n) = shape buildings and intervals. surplus:
    (b, n) [W] to charge from first; uncontrolled without it. Raises AnalysisError for sessions outside of
    the shape."""
    hours = hours_of(step)
    outside = len(sessions) and (
        sessions.building.max() >= shape[0] or sessions.last.max() > shape[1] or sessions.first.min() < 0
    )
    if outside or power <= 0:
        raise AnalysisError(
            "the sessions must lie within the buildings and intervals, and chargers have power"
        )
    load = np.zeros(shape)
    left = np.zeros(shape) if surplus is None else series("surplus", surplus, load).copy()
    delivered = np.zeros(len(sessions))
    wanted = sessions.wanted * WATTS_PER_KILOWATT / hours
    _charge(
        sessions.building,
        sessions.first,
        sessions.last,
        wanted,
        power,
        surplus is not None,
        left,
        load,
        delivered,
    )
    delivered *= hours / WATTS_PER_KILOWATT
    return Charging(load, delivered, np.maximum(0.0, sessions.wanted - delivered))


def _days_since(willing: npt.NDArray[np.bool_], before: int) -> npt.NDArray[np.int64]:
    """(v, d) days since the last time on days that vehicles are plugged in, else 0: on those that their
    drivers are willing (v, d), and after a week in any case. before: days since then at the start."""
    found = np.zeros(willing.shape, np.int64)
    days = np.full(len(willing), before)
    for day in range(willing.shape[1]):
        plugged = willing[:, day] | (days >= _LONGEST)
        found[plugged, day] = days[plugged]
        days = np.where(plugged, 1, days + 1)
    return found


@kernel
def _charge(
    building: Any,
    first: Any,
    last: Any,
    wanted: Any,
    power: float,
    controlled: bool,
    surplus: Any,
    load: Any,
    delivered: Any,
) -> None:
    """wanted, delivered: in watts times intervals."""
    for s in range(len(building)):
        b = building[s]
        lacking = wanted[s]
        for t in range(first[s], last[s]):
            now = min(power, lacking)
            if controlled:
                must = lacking - power * (last[s] - t - 1)
                now = min(now, max(min(surplus[b, t], lacking), must))
                surplus[b, t] -= min(surplus[b, t], now)
            load[b, t] += now
            delivered[s] += now
            lacking -= now
