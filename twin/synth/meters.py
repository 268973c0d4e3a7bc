"""A year of some buildings' energy meters in the sample district: electricity, and heat or gas, by the hour.

Invented, but with the shapes that such readings have: winters that heat, summers that cool, evenings at home
and days at work. The first building's meter of electricity lies about its unit: it says kWh and reads MWh.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

import numpy as np

from citygml.model import Float64
from twin.synth.buildings import Placed, floor_area, has_gas, place
from twin.synth.drape import Ground
from twin.synth.sensors import Site, write_stations

START = datetime(2025, 1, 1, tzinfo=timezone(timedelta(hours=9)))
"""A year from here, by Korean time."""
HOURS = 365 * 24
MOST = 20
ONE_IN = 15
"""Of so many buildings one has them, and at most `MOST`."""
WRONG_UNIT = 0
"""Which of them reads MWh and says kWh."""
_FILE = "readings.csv"
_DELIVERED = 366 * 86_400
"""They come once a year, together [s]."""
_TITLES = ("전력량(kWh)", "열량(kWh)", "가스사용량(m³)")
_MIDMONTH = np.array([15, 45, 74, 105, 135, 166, 196, 227, 258, 288, 319, 349], np.float64)
_MONTHLY = np.array([3.6, 5.4, 9.1, 13.8, 17.9, 21.0, 24.4, 26.1, 22.6, 17.9, 11.9, 5.8])
"""Mean temperatures of months much as in Busan [°C]."""
_GAS = 9.6
"""Heat of a cubic metre in a boiler [kWh/m³]."""
_HOUR = np.arange(HOURS) % 24
_DAY = np.arange(HOURS) // 24
_WORKDAY = (_DAY + START.weekday()) % 7 < 5


@dataclass(frozen=True)
class _Kind:
    """Of a square metre: loss [W/K] below `_BALANCE`, hot water and electricity [W] on average, what cooling
    takes [W/K] above `_WARM`. at_work: whether it is busy by day, or in the evening."""

    loss: float
    hot_water: float
    electricity: float
    cooling: float
    at_work: bool


_SHOP = _Kind(1.2, 0.8, 7.6, 0.8, True)
_KINDS = {
    "detached": _Kind(1.5, 3.2, 3.0, 0.35, False),
    "terrace": _Kind(0.6, 3.2, 3.0, 0.35, False),
    "apartment": _Kind(0.5, 3.2, 3.0, 0.35, False),
    "offices": _Kind(1.0, 0.6, 5.2, 0.55, True),
    "school": _Kind(1.0, 0.5, 3.5, 0.5, True),
    "sports": _Kind(2.2, 7.0, 4.2, 0.8, True),
    "hotel": _Kind(1.0, 5.0, 8.0, 0.8, False),
    "factory": _Kind(1.5, 0.4, 12.0, 0.4, True),
    "warehouse": _Kind(0.6, 0.2, 1.5, 0.1, True),
}
_BALANCE, _WARM = 13.0, 22.0
"""Outdoor temperatures below which there is heating and above which there is cooling [°C]."""


def write_meters(ground: Ground, folder: Path) -> list[Path]:
    """`stations.csv` and `readings.csv` in the folder, the same for the same district."""
    folder.mkdir(parents=True, exist_ok=True)
    metered = metered_buildings(ground)
    temperature = _temperature(ground.plan.rng(95))
    sites = [_site(ground, placed) for placed in metered]
    stations = write_stations(sites, folder / "stations.csv", _DELIVERED)
    lines = [",".join(("time", "station", *_TITLES))]
    times = [(START + timedelta(hours=h)).isoformat() for h in range(HOURS)]
    for n, placed in enumerate(metered):
        lines += _rows(placed, times, temperature, ground.plan.rng(96, n), n == WRONG_UNIT)
    path = folder / _FILE
    path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    return [stations, path]


def metered_buildings(ground: Ground) -> list[Placed]:
    """The buildings with meters of energy, spread over the district."""
    everything = place(ground)
    count = min(MOST, max(1, len(everything) // ONE_IN))
    return everything[len(everything) // (2 * count) :: len(everything) // count][:count]


def _site(ground: Ground, placed: Placed) -> Site:
    ring = ground.plan.frame.to_world(placed.spec.masses[0].footprint)
    x, y = ring.mean(axis=0).tolist()
    return Site(
        f"에너지 계량기 {placed.number:04d}", "meter", placed.id, (x, y, placed.ground + 1.5),
        f"Energy meters of {placed.spec.name_en}",
    )  # fmt: skip


def _temperature(rng: np.random.Generator) -> Float64:
    """(HOURS,) outdoor [°C]: months, weather of some days, day and night."""
    days = np.arange(365, dtype=np.float64)
    year = np.interp(days, _MIDMONTH, _MONTHLY, period=365.0)
    weather = np.zeros(365)
    for day in range(1, 365):
        weather[day] = 0.7 * weather[day - 1] + rng.normal(0.0, 2.0)
    daily = np.repeat(year + weather, 24)
    return np.asarray(daily - 3.0 * np.cos((_HOUR - 4) / 24 * 2 * np.pi))


def _course(at_work: bool) -> Float64:
    """(HOURS,) how much goes on, 1 on average."""
    if at_work:
        day = np.where((_HOUR >= 8) & (_HOUR < 19), 1.0, 0.22)
        course = np.where(_WORKDAY, day, 0.25)
    else:
        course = 0.55 + 0.5 * np.exp(-(((_HOUR - 8) / 2.0) ** 2)) + 1.1 * np.exp(-(((_HOUR - 20.5) / 3) ** 2))
    return np.asarray(course / course.mean())


def _rows(
    placed: Placed, times: list[str], temperature: Float64, rng: np.random.Generator, wrong: bool
) -> Iterator[str]:
    kind = _KINDS.get(placed.spec.use, _SHOP)
    course, area = _course(kind.at_work), floor_area(placed.spec) / 1000.0
    loss, use = kind.loss * rng.uniform(0.75, 1.3), rng.uniform(0.8, 1.25)
    smooth = np.convolve(temperature, np.ones(24) / 24, mode="same")
    cold, warm = np.maximum(_BALANCE - smooth, 0.0), np.maximum(temperature - _WARM, 0.0)
    heating = area * loss * cold * (0.7 + 0.3 * course)
    heat = (heating + area * kind.hot_water * use * course) * rng.normal(1.0, 0.06, HOURS)
    electricity = area * (kind.electricity * use * course + kind.cooling * warm * (0.4 + 0.6 * course))
    electricity *= rng.normal(1.0, 0.05, HOURS) * (1e-3 if wrong else 1.0)
    name = f"에너지 계량기 {placed.number:04d}"
    gas = has_gas(placed.spec)
    second = heat / _GAS if gas else heat
    ends = (",,{:.2f}" if gas else ",{:.2f},").format
    for time, first, other in zip(times, electricity.tolist(), second.tolist(), strict=True):
        yield f"{time},{name},{first:.4g}{ends(max(other, 0.0))}"
