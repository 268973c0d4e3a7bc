"""Sensors of the sample district: at its objects, with readings that could be."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from twin.sources.readings import Station, Table
from twin.sources.replay import Replay
from twin.sources.tables import read_csv, read_stations
from twin.synth import district_objects, make_ground
from twin.synth.sensors import write_sensors

BUILDINGS = 60


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return write_sensors(make_ground(BUILDINGS, 7), tmp_path_factory.mktemp("sensors"))


@pytest.fixture(scope="module")
def stations(files: list[Path]) -> dict[str, Station]:
    return read_stations(files[0])


@pytest.fixture(scope="module")
def table(files: list[Path], stations: dict[str, Station]) -> Table:
    return read_csv(files[1], "Asia/Seoul", stations)


def test_the_same_district_has_the_same_sensors(files: list[Path], tmp_path: Path) -> None:
    for path, again in zip(files, write_sensors(make_ground(BUILDINGS, 7), tmp_path), strict=True):
        assert path.read_bytes() == again.read_bytes()


def test_every_station_stands_at_an_object_and_reads_something(
    stations: dict[str, Station], table: Table
) -> None:
    objects = {o.id for layer in district_objects(make_ground(BUILDINGS, 7)).values() for o in layer}
    assert {s.properties["objectId"] for s in stations.values()} <= objects
    assert {s.station.name for s in table.series} == set(stations)
    assert not table.bad and not table.empty
    kinds = Counter(s.properties["kind"] for s in stations.values())
    assert kinds["air"] >= 8 and kinds["meter"] == 60 and {"hydrant", "stream-level"} <= set(kinds)
    for station in stations.values():
        assert station.located and 128.8 < station.longitude < 129.1 and 35.0 < station.latitude < 35.3
        assert station.height is not None and 25 < station.height < 45  # geoid at 28 m, a plain by the sea


def test_readings_are_such_as_there_are(table: Table) -> None:
    limits = {
        "pm2.5": (0, 150), "pm10": (0, 250), "o3": (0, 0.1), "temperature": (5, 30), "humidity": (20, 100),
        "rain intensity": (0, 90), "wind speed": (0, 15), "water level": (0.3, 2.5),
        "drain level": (0.0, 2.0), "water temperature": (8, 25), "water pressure": (0.05, 0.6),
        "electricity": (0, 100),
    }  # fmt: skip
    for series in table.series:
        low, high = limits.get(series.quantity.key, (30, 80))
        assert low <= np.min(series.results) and np.max(series.results) <= high, series.station.name
        assert np.ptp(series.results) > 0, "it never changes"


def test_no_reading_stands_still(table: Table) -> None:
    """For three hours at the most, but for rain that does not fall."""
    for series in table.series:
        if series.quantity.key != "rain intensity":
            same = np.diff(np.flatnonzero(np.diff(series.results, prepend=np.nan, append=np.nan)))
            assert same.max() <= 36, (series.station.name, series.quantity.name)


def test_streams_answer_the_rain_later_and_hydrants_leak(table: Table) -> None:
    def all_of(key: str) -> list[np.ndarray]:
        return [np.array(s.results) for s in table.series if s.quantity.key == key]

    wettest = max(int(r.argmax()) for r in all_of("rain intensity"))
    for level in all_of("water level"):
        assert 0 < int(level.argmax()) - wettest < 36, "within three hours"
    day = 288
    leaks = sum(p[day:].mean() < 0.5 * p[:day].mean() for p in all_of("water pressure"))
    assert 1 <= leaks <= len(all_of("water pressure")) // 4


def test_the_recording_is_two_whole_days(table: Table) -> None:
    replay = Replay(table.series)
    day = 86_400_000_000
    start = 30_000 * day
    found = list(replay.between(start, start + 2 * day, start))
    assert sum(map(len, found)) == table.readings
    before = {(s.station.key, s.quantity.key): (s.times - start).tolist() for s in found}
    for series in replay.between(start + 2 * day, start + 4 * day, start):
        times = (series.times - start - 2 * day).tolist()
        assert times == before[series.station.key, series.quantity.key]
