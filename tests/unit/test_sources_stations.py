"""Stations of the Environment Agency: the real files in their forms, and what is refused."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from citygml.errors import UnsupportedFormat
from twin.sources.stations import looks_like_stations, read_stations_json


def _micros(*parts: int) -> int:
    return int(datetime(*parts, tzinfo=UTC).timestamp()) * 1_000_000


@pytest.mark.parametrize(
    ("file", "name", "quantity", "time", "result", "place"),
    [
        ("alertStation", "Davis Road", "water level", (2023, 5, 26, 12, 15), 0.462, (-3.088786, 53.411901)),
        ("cachedRainfallStation", "EASTHAVEN BARRIER", "rainfall", (2022, 3, 25, 4, 30), 0.0,
         (-0.604098, 51.344532)),
        ("cachedStation", "Grants Bridge", "water level", (2021, 5, 4, 14, 45), 0.365,
         (-0.604098, 51.344532)),
    ],
)  # fmt: skip
def test_the_latest_value_of_a_station(
    data: Path, file: str, name: str, quantity: str, time: tuple[int, ...], result: float, place: Any
) -> None:
    path = data / "iot" / "defra" / f"{file}.json"
    assert looks_like_stations(path.read_bytes()[:4096])
    (series,) = read_stations_json(path).series
    assert (series.station.name, series.quantity.key) == (name, quantity)
    assert (series.times.tolist(), list(series.results)) == ([_micros(*time)], [result])
    assert (series.station.longitude, series.station.latitude) == pytest.approx(place, abs=1e-6)


def test_stations_up_and_down_a_river(data: Path) -> None:
    table = read_stations_json(data / "iot" / "defra" / "fakeRiverData.json")
    assert {s.station.key for s in table.series} == {"9045", "9382", "9345"}
    assert {s.station.description for s in table.series} == {"River Rother"}


@pytest.mark.parametrize(
    ("file", "name", "n"), [("csvForecastData", "York Viking Recorder", 181),
                            ("fakeStationForecastData", "Waterhall", 850)],
)  # fmt: skip
def test_a_forecast_has_all_its_values(data: Path, file: str, name: str, n: int) -> None:
    path = data / "iot" / "defra" / f"{file}.json"
    (series,) = read_stations_json(path).series
    values = json.loads(path.read_text())["SetofValues"][0]["Value"]
    assert (series.station.name, series.quantity.key, len(series)) == (name, "water level forecast", n)
    assert list(series.results) == [float(value["_"]) for value in values]
    assert series.quantity.unit_symbol == "m"


@pytest.mark.parametrize("file", ["avonGetJson", "fakeFloodsData", "fakeNonForecastFlag"])
def test_files_that_hold_no_station_are_not_taken_for_one(data: Path, file: str) -> None:
    path = data / "iot" / "defra" / f"{file}.json"
    assert not looks_like_stations(path.read_bytes())
    with pytest.raises(UnsupportedFormat, match=file):
        read_stations_json(path)


STATION = {"rloi_id": 1, "external_name": "x", "value": "0.5", "value_timestamp": "2024-05-01T00:00:00Z"}


def test_what_cannot_be_read_is_counted_and_the_rest_goes_in(tmp_path: Path) -> None:
    broken = [
        {**STATION, "rloi_id": 2, "value": "high"},
        {**STATION, "rloi_id": 3, "value": "nan"},
        {**STATION, "rloi_id": 4, "value_timestamp": "today"},
        {**STATION, "rloi_id": 5, "lon": "west"},
    ]
    missing = [
        {**STATION, "value": None},
        {**STATION, "value_erred": True},
        {**STATION, "value_timestamp": ""},
    ]
    path = tmp_path / "s.json"
    path.write_text(json.dumps({"stations": [STATION, *broken, *missing]}))
    table = read_stations_json(path)
    assert (table.readings, table.bad, table.empty) == (1, 4, 3)
    assert table.examples[0].startswith("s.json: 2: ")


@pytest.mark.parametrize(
    "content",
    ["", "[", "3", "[]", '{"features": 3}', '{"features": [3]}', '{"features": [{"geometry": null}]}',
     '{"SetofValues": 3}', '{"SetofValues": [{"$": {}}], "$": {}}', '{"value": 3}', "[" * 100 + "]" * 100],
)  # fmt: skip
def test_what_is_no_station_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "s.json"
    path.write_text(content)
    with pytest.raises(UnsupportedFormat, match=r"s\.json"):
        read_stations_json(path)
