"""What happens in a building of some use, by the hour of the week: set points, gains, air, hot water."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Week: TypeAlias = npt.NDArray[np.float64]
"""(168,) by the hour, from Monday 0:00 on, in local standard time; (12, 168) where months differ."""
HOURS_OF_WEEK = 168
MONTHS = 12


def always(value: float) -> Week:
    """The same at all hours."""
    return np.full(HOURS_OF_WEEK, value)


def by_month(week: Week) -> Week:
    """(12, 168) of a week that may be the same in all months."""
    return np.broadcast_to(week, (MONTHS, HOURS_OF_WEEK))


@dataclass(frozen=True, kw_only=True, eq=False)
class Use:
    """A kind of use. id: such as "office"; title: by language, `ko` and `en`.

    heating_set, cooling_set: [°C], NaN while it is off. people, appliances, lighting: heat given off per
    floor area [W/m²], the last two being electricity as well. ventilation: outdoor air through
    windows or fans [m³/(h m²)]. night_ventilation: air changes [1/h] on top, while the zone is warmer than
    outside and warmer than `night_above` [°C]. heat_recovery: of `ventilation` [1]; it is bypassed while it
    would do harm. fan_power: [W/(m³/h)] of ventilation by fans, 0 for windows. hot_water: heat needed at the
    tap [W/m²]. gains_radiant: share of gains that is radiation [1]. occupied: where overheating counts
    [0 or 1]. source: with date, for reports.
    """

    id: str
    title: Mapping[str, str]
    heating_set: Week
    cooling_set: Week
    people: Week
    appliances: Week
    lighting: Week
    ventilation: Week
    hot_water: Week
    occupied: Week
    night_ventilation: Week
    night_above: float = -273.15
    heat_recovery: float = 0.0
    fan_power: float = 0.0
    gains_radiant: float = 0.5
    source: str = ""
