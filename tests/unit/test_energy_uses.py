"""What uses need in a year by their tables, beside the sources' own sums, and shares of the months."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from analysis.energy import simulate
from analysis.energy.archetypes import read_book
from analysis.energy.loads import Loads
from analysis.energy.simulate import METHODS
from analysis.energy.uses import by_month
from analysis.errors import AnalysisError
from tests.energy_zones import box_zones, even_weather, plain_use

BOOK = read_book()
HOURS = ",".join(f"h{h:02d}" for h in range(24))
ROOM = {"office": 0.75, "retail": 0.8, "restaurant": 0.5, "sports": 0.5, "industrial": 0.7, "hotel": 0.75,
        "school": 0.6, "hospital": 0.8, "parking": 1.0, "apartment": 1.0, "house": 1.0}  # fmt: skip
"""The share of the floor area that is such a room (`room_share`)."""


def yearly(use: str, need: str) -> float:
    """[kWh/m²] of such a room in a year of 365 days that has as many of each weekday."""
    days = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
    months = by_month(getattr(BOOK.uses[use].use, need)).mean(axis=1)
    return float(days @ months) * 24.0 / 1000.0 / ROOM[use]


# SIA 2024:2021, results for standard values [kWh/m²], to a tenth, as github.com/bitenergie/notes lists them
# (docs/Sia2024/Resultate.md), of rooms whose power, people and litres are those of SIA 2024:2015. Of room 9.1
# the newer power is half of the older one.
@pytest.mark.parametrize(
    ("use", "need", "published"),
    [
        ("retail", "appliances", 7.3),
        ("restaurant", "appliances", 4.5),
        ("sports", "appliances", 6.8),
        ("parking", "appliances", 2.1),
        ("industrial", "appliances", 2 * 16.8),
        ("office", "hot_water", 2.6),
        ("restaurant", "hot_water", 108.9),
        ("hotel", "hot_water", 39.5),
        ("sports", "hot_water", 87.1),
        ("industrial", "hot_water", 2.4),
    ],
)
def test_yearly_needs_are_those_that_sia_publishes(use: str, need: str, published: float) -> None:
    assert yearly(use, need) == pytest.approx(published, rel=0.02)


# Full hours of a year by SIA 2024, chapter 1: (hours of a day of use × days of use + 24 h × standby × days of
# rest) × share of the year, with 261 or 313 days of use, and the shares that City Energy Analyst 3 tabulates
# (cea/databases/CH/ARCHETYPES/USE/SCHEDULES/MONTHLY_MULTIPLIERS.csv, 2024)
@pytest.mark.parametrize(
    ("use", "need", "power", "full_hours"),
    [
        ("apartment", "appliances", 8.0, 6.1 * 365 * 0.8),
        ("house", "lighting", 2.7, 6.1 * 365 * 0.8),
        ("office", "people", 5.0, 7.2 * 261 * 0.8),
        ("office", "appliances", 7.0, (8.3 * 261 + 2.4 * 104) * 0.8),
        ("retail", "lighting", 33.3, (14.1 * 313 + 2.4 * 52) * 0.8),
        ("hotel", "people", 4.67, 12.2 * 365 * 0.7),
        ("school", "people", 23.33, 7.6 * 261 * 0.7),
        ("hospital", "people", 7.54, 14.45 * 365 * 0.8),
    ],
)
def test_full_hours_are_those_of_a_year_of_sia(use: str, need: str, power: float, full_hours: float) -> None:
    assert yearly(use, need) == pytest.approx(power * full_hours / 1000.0, rel=0.003)


def test_schools_are_empty_in_july_and_full_in_june() -> None:
    school = BOOK.uses["school"].use
    assert by_month(school.people)[6].sum() == 0.0 == by_month(school.hot_water)[6].sum()
    assert school.people[5, 10] == pytest.approx(0.6 * 70 / 3, rel=1e-3)  # SIA 2024: 3 m² a person, 70 W
    assert school.people[6].sum() == school.occupied[6].sum() == 0.0 < school.occupied[5].sum()
    assert school.hot_water.shape == (12, 168) and school.heating_set.shape == (168,)


def profiles(folder: Path, months: str) -> Path:
    rows = (f"p,{day},{','.join(['0.5'] * 24)},{months}\n" for day in ("weekday", "weekend"))
    (folder / "profiles.csv").write_text(f"profile,days,{HOURS},months\n{''.join(rows)}")
    names = ("heating", "cooling", "people", "appliances", "lighting", "ventilation", "hot_water")
    columns = ",".join(f"{name}_profile" for name in names)
    words = (
        "use,title_ko,title_en,class,heating_set,cooling_set,people,appliances,lighting,ventilation,hot_water"
    )
    chosen = ",".join(["always", "always", *["p"] * 5])
    (folder / "uses.csv").write_text(
        f"{words},storey_height,source,{columns}\nmine,ㅁ,m,other,18,27,4,4,4,4,24,3,x,{chosen}\n"
    )
    return folder


def test_a_citys_own_months(tmp_path: Path) -> None:
    same = read_book(profiles(tmp_path, "")).uses["mine"].use
    assert same.people.shape == (168,) and (same.people == 2.0).all() and (same.hot_water == 1.0).all()
    less = read_book(profiles(tmp_path, "0.5")).uses["mine"].use
    assert (less.people == 1.0).all() and (less.ventilation == 1.0).all()
    assert (less.hot_water == 1.0).all(), "a mean day of the year"
    holidays = read_book(profiles(tmp_path, "1|1|1|1|1|1|0|0|1|1|1|1")).uses["mine"].use
    assert holidays.people[:, 0].tolist() == [2.0] * 6 + [0.0] * 2 + [2.0] * 4
    assert holidays.hot_water[0, 0] == pytest.approx(365 / (365 - 62))


@pytest.mark.parametrize("months", ["0.5|0.5", "1.2", "much", "1|1|1|1|1|1|-0.1|0|1|1|1|1", "nan"])
def test_bad_months_give_one_error_with_their_place(tmp_path: Path, months: str) -> None:
    with pytest.raises(
        AnalysisError, match=r"row 2: months must be one share or twelve, .* from 0 to 1, not"
    ):
        read_book(profiles(tmp_path, months))


@pytest.mark.parametrize("method", METHODS)
def test_each_month_has_its_own_week(method: str) -> None:
    week = np.where(np.arange(168) % 24 > 7, 12.0, 1.0)
    year = np.zeros((12, 168))
    year[1] = week
    weather = even_weather(hours=21 * 24, start="2023-01-22")  # January ends after ten days
    by_hand, plain, none = (
        simulate(
            box_zones(use=plain_use(people=gains, appliances=gains, hot_water=gains)), weather, method=method
        )
        for gains in (year, week, 0.0)
    )
    assert by_hand.heating is not None and plain.heating is not None and none.heating is not None
    of_january = slice(9 * 24, 10 * 24)
    assert by_hand.heating[0, of_january] == pytest.approx(none.heating[0, of_january], rel=1e-4)
    assert by_hand.heating[0, -24:] == pytest.approx(plain.heating[0, -24:], rel=0.02)
    for need in ("appliances", "hot_water"):
        assert by_hand.monthly[need][0, 0] == 0.0
        assert by_hand.monthly[need][0, 1] == pytest.approx(plain.monthly[need][0, 1])
    power = Loads(by_hand, weather).needs()["appliances"][0]
    assert power[: 10 * 24].max() == 0.0 and power[10 * 24 :].max() == pytest.approx(12.0 * 48.0)


def test_months_that_are_not_twelve_are_refused() -> None:
    use = replace(plain_use(), people=np.zeros((11, 168)))
    with pytest.raises(
        AnalysisError, match="people has 1848 values; a week has 168 hours, and twelve months"
    ):
        simulate(box_zones(use=use), even_weather(hours=48))
    warm = np.full((12, 168), 20.0)
    warm[3, 5] = 30.0
    with pytest.raises(
        AnalysisError, match="in hour 5 of the week it would be heated to 30 °C and cooled to 26"
    ):
        simulate(box_zones(use=replace(plain_use(), heating_set=warm)), even_weather(hours=48))
