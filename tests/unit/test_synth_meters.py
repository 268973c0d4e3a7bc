"""A year of energy meters in the sample district: seasons, hours, and the one that lies about its unit."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from twin.health import expected_interval
from twin.sources.readings import Table
from twin.sources.tables import read_csv, read_stations
from twin.synth.buildings import floor_area
from twin.synth.meters import HOURS, metered_buildings, write_meters
from twin.synth.write import make_ground

BUILDINGS = 60
GROUND = make_ground(BUILDINGS, 7)
AREAS = {placed.id: floor_area(placed.spec) for placed in metered_buildings(GROUND)}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return write_meters(GROUND, tmp_path_factory.mktemp("meters"))


@pytest.fixture(scope="module")
def table(files: list[Path]) -> Table:
    return read_csv(files[1], "Asia/Seoul", read_stations(files[0]))


def daily(table: Table, key: str) -> dict[str, np.ndarray]:
    """By building, (365,) sums of the days for each square metre of floor."""
    return {
        (id := s.station.properties["objectId"]): np.reshape(s.results, (365, 24)).sum(axis=1) / AREAS[id]
        for s in table.series
        if s.quantity.key == key
    }


def test_the_same_district_has_the_same_meters(files: list[Path], tmp_path: Path) -> None:
    for path, again in zip(files, write_meters(GROUND, tmp_path), strict=True):
        assert path.read_bytes() == again.read_bytes()


def test_one_building_in_fifteen_has_them_and_twenty_at_most() -> None:
    assert len(AREAS) == BUILDINGS // 15
    assert len(metered_buildings(make_ground(330, 7))) == 20
    assert len(metered_buildings(make_ground(3, 7))) == 1


def test_each_has_a_year_of_hours_of_electricity_and_of_heat_or_gas(table: Table) -> None:
    assert not table.bad and {len(s) for s in table.series} == {HOURS}
    electric, heat, gas = (set(daily(table, key)) for key in ("electricity", "heat", "gas"))
    assert electric == set(AREAS) and heat | gas == set(AREAS) and not heat & gas
    units = {s.quantity.key: s.quantity.unit_symbol for s in table.series}
    assert units == {key: {"gas": "m³"}.get(key, "kWh") for key in units}


def test_winters_heat_and_summers_cool(table: Table) -> None:
    winter, summer = np.r_[0:59, 334:365], np.arange(181, 243)
    for key in ("heat", "gas"):
        for use in daily(table, key).values():
            assert use[winter].mean() > 1.5 * use[summer].mean()
    for use in daily(table, "electricity").values():
        assert use[summer].mean() > 1.05 * use[winter].mean()
    yearly = [use.sum() for use in daily(table, "heat").values()]
    assert min(yearly) > 10 and max(yearly) < 150  # [kWh/(m² a)]


def test_one_meter_of_electricity_reads_in_megawatt_hours(table: Table) -> None:
    yearly = sorted(use.sum() for use in daily(table, "electricity").values())
    assert yearly[0] < 0.5 and yearly[1] > 10 and yearly[-1] < 150


def test_meters_that_come_once_a_year_are_not_taken_for_dead_ones(table: Table) -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        for series in table.series:
            assert expected_interval(connection, 1, series.station.properties) == 366 * 86_400
