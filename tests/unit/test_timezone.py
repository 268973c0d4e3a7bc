"""The clock of a city is that of the place where it lies."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.settings import Settings
from tests.unit.models import city, write
from twin.ingest import AddOptions, add_files
from twin.observations.model import OBSERVATION
from twin.observations.query import Route
from twin.observations.store import open_observations
from twin.store import create_city
from twin.timezone import folder_timezone, timezone_at

READINGS = "time,station,PM10\n2026-01-15 12:00,a,1\n"
NOON_UTC = 1_768_478_400_000_000


def ingolstadt(folder: Path, *files: Path, **options: Any) -> Path:
    """A city at 48.8 north, 11.4 east, with what else is added at the same time."""
    model = city({"a": (500_000.0, 5_124_000.0, 5.0)}, crs="EPSG:25832+7837")
    add_files(folder / "x.twin", [write(folder / "s.json", model), *files], AddOptions(**options))
    return folder / "x.twin"


@pytest.mark.parametrize(
    ("longitude", "latitude", "name"),
    [(128.93, 35.13, "Asia/Seoul"), (139.7, 35.7, "Asia/Tokyo"), (11.43, 48.76, "Europe/Berlin")],
)
def test_the_zone_of_a_place(longitude: float, latitude: float, name: str) -> None:
    assert timezone_at(longitude, latitude) == name


def test_the_viewer_has_the_clock_of_the_city(tmp_path: Path) -> None:
    folder = ingolstadt(tmp_path)
    assert folder_timezone(folder) == "Europe/Berlin"
    for settings, zone in (
        (Settings(city=folder, mqtt="off"), "Europe/Berlin"),
        (Settings(city=folder, mqtt="off", timezone="Asia/Tokyo"), "Asia/Tokyo"),
    ):
        assert TestClient(create_app(settings)).get("/city").json()["timezone"] == zone


def test_an_empty_city_has_the_clock_of_korea(tmp_path: Path) -> None:
    create_city(tmp_path / "x.twin").close()
    assert folder_timezone(tmp_path / "x.twin") == "Asia/Seoul"
    assert folder_timezone(tmp_path) == "Asia/Seoul", "a folder of readings alone"


@pytest.mark.parametrize(("named", "hours"), [(None, 1), ("Asia/Tokyo", 9)])
def test_readings_that_come_with_a_model_are_of_its_zone(
    tmp_path: Path, named: str | None, hours: int
) -> None:
    readings = tmp_path / "r.csv"
    readings.write_text(READINGS)
    with open_observations(ingolstadt(tmp_path, readings, timezone=named)) as observations:
        first = observations.page(Route(OBSERVATION)).entities[0].values["phenomenonTime"]
    assert first.micros == NOON_UTC - hours * 3_600_000_000
