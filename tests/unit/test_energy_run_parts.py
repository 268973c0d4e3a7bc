"""Parts of an energy run on arrays: portions, groups, envelopes, what to colour by, weather from afar."""

from __future__ import annotations

from pathlib import Path
from random import Random

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.energy.factors import read_factors
from analysis.energy.run.blocks import numbered, portions
from analysis.energy.run.compute import Options
from analysis.energy.run.envelope import envelope_rows, means, orientation
from analysis.energy.run.groups import DISTRICT, SERIES, GroupLoads
from analysis.energy.run.properties import described, values
from analysis.energy.run.weather import weather_of
from analysis.errors import AnalysisError
from analysis.sun.scene import Place
from tests.energy_zones import GLASS, WALL, box_zones
from tests.integration.energy_city import BUSAN


@given(st.lists(st.integers(0, 9), min_size=1, max_size=60), st.integers(1, 20), st.randoms())
def test_portions_hold_whole_blocks_and_every_zone_once(
    buildings: list[int], size: int, random: Random
) -> None:
    building = np.array(buildings, np.int32)
    block = np.array([random.randrange(4) for _ in range(10)], np.int32)
    found = list(portions(building, block, size))
    assert sorted(np.concatenate(found).tolist()) == list(range(len(building)))
    of_block = [set(block[building[numbers]].tolist()) for numbers in found]
    assert sum(len(blocks) for blocks in of_block) == len(set().union(*of_block))
    assert all(len(numbers) >= size for numbers in found[:-1])


def test_names_are_numbered_as_they_come() -> None:
    names, numbers = numbered(["b", "a", "b", "c"])
    assert names == ["b", "a", "c"] and numbers.tolist() == [0, 1, 0, 2]


def test_groups_are_sums_of_their_buildings() -> None:
    use, block = np.array([0, 1, 0], np.int32), np.array([0, 0, 1], np.int32)
    loads = GroupLoads(["home", "office"], ["north", "south"], use, block, 4)
    watts = np.array([[1000.0] * 4, [2000.0] * 4, [4000.0, 0.0, 0.0, 8000.0]], np.float32)
    for part in (slice(0, 2), slice(2, 3)):
        loads.add(np.arange(3, dtype=np.int32)[part], dict.fromkeys(SERIES, watts[part]))
    assert loads.of("heating", "use:home").tolist() == [5.0, 1.0, 1.0, 9.0]
    assert loads.of("net", "block:north").tolist() == [3.0] * 4
    assert loads.of("pv", DISTRICT).tolist() == [7.0, 3.0, 3.0, 11.0]
    table = loads.table(pd.date_range("2023-01-01", periods=4, freq="h", tz="Asia/Seoul"))
    assert len(table) == 5 * 4
    south = table[table["group"] == "block:south"]
    assert south["electricity"].tolist() == [4.0, 0.0, 0.0, 8.0]


def test_elements_look_where_their_normals_point() -> None:
    azimuth = np.array([0.0, 22.4, 22.6, 180.0, 337.6, 359.9, 90.0, 90.0])
    tilt = np.array([90.0, 90.0, 90.0, 30.0, 90.0, 90.0, 5.0, 180.0])
    assert orientation(azimuth, tilt).tolist() == ["N", "N", "NE", "S", "N", "N", "flat", "down"]


def test_an_envelope_is_put_together_by_what_it_is() -> None:
    zones = box_zones(2, width=8.0, depth=6.0, height=2.7, windows={180.0: 6.0})
    rows = envelope_rows(zones)
    south = [r for r in rows if r["part"] == "wall" and r["orientation"] == "S"]
    assert len(south) == 1  # of both boxes together
    assert south[0]["area"] == pytest.approx(2 * (8.0 * 2.7 - 6.0))
    assert south[0]["loss"] == pytest.approx(south[0]["area"] * WALL.u_value)
    window = next(r for r in rows if r["part"] == "window")
    assert (window["area"], window["u_value"], window["g_value"]) == (12.0, GLASS.u_value, GLASS.g_value)
    found = means(zones, np.array([0, 1], np.int32), 2)
    assert found["window_share"] == pytest.approx([6.0 / (2 * (8.0 + 6.0) * 2.7)] * 2)
    assert found["u_window"] == pytest.approx([GLASS.u_value] * 2)
    assert found["u_wall"] == pytest.approx([WALL.u_value] * 2)


def test_properties_leave_out_what_nobody_knows() -> None:
    table = pd.DataFrame(
        {
            "use": ["house", "office", "house"],
            "grade": np.array([0, 3, 5], np.int8),
            "heating_per_area": [50.0, np.nan, 150.0],
            "cost_per_area": [np.nan] * 3,
        },
        index=["a", "b", "c"],
    )
    found = {p["id"]: p for p in described(table, {"heating_per_area": "kW.h/m2"}, {})}
    assert set(found) == {"heating_per_area", "grade", "use"}
    assert found["heating_per_area"]["unit"] == "kW.h/m2"
    assert (found["heating_per_area"]["minimum"], found["heating_per_area"]["maximum"]) == (50.0, 150.0)
    assert values(table, "heating_per_area") == [50.0, None, 150.0]
    assert values(table, "use") == [0, 1, 0] and values(table, "grade") == [0.0, 3.0, 5.0]
    grades = {c["value"]: c["title"]["ko"] for c in found["grade"]["classes"]}
    assert grades[1] == "1등급" and grades[0] == "등급 없음"


def test_options_come_back_from_what_they_told() -> None:
    options = Options(method="5r1c", factors=read_factors("KOR"), battery=2.0, scheme="kr-zeb-2025")
    assert Options.read(options.told()) == options


def test_weather_of_another_place_is_told(data: Path) -> None:
    file = data.joinpath(*BUSAN)
    seoul = Place(37.57, 126.98, 50.0, timezone="Asia/Seoul")
    weather, made_up = weather_of(Path(), seoul, "auto", file)
    # along a great circle 330 km lie between the two (haversine by hand)
    assert not made_up and any("km from the city" in note and "33" in note for note in weather.notes)
    assert np.isfinite(weather.infrared).all()
    made, made_up = weather_of(Path(), seoul, "normals", None)
    assert made_up and np.isfinite(made.infrared).all() and len(made) == 8760
    with pytest.raises(AnalysisError, match="a file is not used with weather_source=normals"):
        weather_of(Path(), seoul, "normals", file)
