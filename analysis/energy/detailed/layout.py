"""How the kernel's numbers are laid out: fields of `LANES`, one number for each zone of a group.

A group's row has its zones' fields, an empty element, the opaque elements, then the windows.
"""

from __future__ import annotations

from collections import namedtuple
from typing import Any

LANES = 8


def _fields(kind: str, names: str, width: int = LANES) -> Any:
    """Where each field begins, of fields of a width."""
    split = names.split()
    shape: Any = namedtuple(kind, split)  # type: ignore[misc]
    return shape(*(k * width for k in range(len(split))))


ZONE = _fields(
    "Zone",
    "mass infiltration ventilation night recovery night_above gains gains_radiant heating_radiant"
    " heating_most cooling_most shift use air radiant stored low high gain fresh night_flow occupied"
    " cc cr rr cb rb flow heating cooling into now error",
)
_ELEMENT = (
    "t1 t5 area east north up sky band ground to_sky to_air radiant warmer colder of_light beam even cosine"
    " h_out from_out w1 rest part h_in air lit mean cc cr rr cb rb held into let_in "
)
"""What all elements have, at the same places."""
OPAQUE = _fields(
    "Opaque", _ELEMENT + "t2 t3 t4 c1 c2 c3 c4 c5 k12 k23 k34 k45 absorbed wind soil below w2 w3 w4"
)
WINDOW = _fields(
    "Window",
    _ELEMENT + "glass open blind blind_above shade b1 b2 b3 b4 b5 b6 o1 o2 o3 o4 o5 o6 i1 i2 i3 i4 i5 i6"
    " b_even o_even i_even outer inner",
)
MONTHS = 12
ZONE_SIZE = (len(ZONE) + MONTHS) * LANES
"""The twelve ground temperatures of a zone come last."""
GROUND = len(ZONE) * LANES
SIZE = max(len(OPAQUE), len(WINDOW)) * LANES
"""Of an element. An empty one comes first: each element adds what it adds to a zone to the sums of the one
before it, so that the last has them all."""
CLIMATE = _fields(
    "Climate", "air sky rough smooth east north up direct isotropic band ground elevation share", 1
)
"""Columns of the climate: temperatures [°C], coefficients of the wind [W/(m²K)], the sun's direction, light
[W/m²], the sun's height [degrees] and where it is between two directions of a skyline [1]."""
WEEKS = _fields("Weeks", "heating cooling gains ventilation night occupied", 1)
(HEATING, COOLING, UNMET, OVERHEATING, ERROR, HEATING_PEAK, COOLING_PEAK) = range(7)
"""Rows of what is told of a zone: the first two by month; of the peaks the second column is the sum within
an hour."""
TALLY = 7
BYPASS = 26.0
"""[°C] At which heat recovery is bypassed where nothing cools: `EnergyResult.overheating_limit`."""
MISSED = 0.5
"""[K] From a set point, from which an hour counts as unmet."""
