"""Readings from CSV files: the real ones, and every form of time and cell that they may hold."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from citygml.errors import UnsupportedFormat
from twin.errors import TwinError
from twin.sources.tables import looks_like_readings, read_csv, read_stations


def _micros(*parts: int) -> int:
    return int(datetime(*parts, tzinfo=UTC).timestamp()) * 1_000_000


def _write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


def test_two_years_of_seoul_air(data: Path) -> None:
    tables = [read_csv(data / "iot" / "seoul-air" / f"{year}.csv", "Asia/Seoul") for year in (2020, 2021)]
    rows = 18_300 + 18_250
    assert sum(t.readings + t.empty for t in tables) == rows * 6
    assert not any(t.bad for t in tables)
    stations = {s.station.name for t in tables for s in t.series}
    assert len(stations) == 50 and "강남구" in stations
    symbols = {s.quantity.key: s.quantity.unit_symbol for t in tables for s in t.series}
    assert symbols == {
        "no2": "ppm",
        "o3": "ppm",
        "co": "ppm",
        "so2": "ppm",
        "pm10": "µg/m³",
        "pm2.5": "µg/m³",
    }
    first = next(s for s in tables[0].series if s.station.name == "강남구" and s.quantity.key == "pm10")
    assert first.times[0] == _micros(2019, 12, 31, 15) and first.results[0] == 31


def test_a_long_table_in_another_zone(data: Path) -> None:
    table = read_csv(data / "iot" / "intersensor" / "theme" / "files" / "Export_From_Weather_Station.csv")
    (series,) = table.series
    assert series.quantity.key == "temperature" and series.quantity.unit_symbol == "°C"
    assert series.times[0] == _micros(2018, 8, 19, 22, 11, 53) and series.results[0] == 20.1
    assert (np.diff(series.times) > 0).all()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-05-01T09:00:00+09:00", (2024, 5, 1, 0)),
        ("2024-05-01T00:00:00Z", (2024, 5, 1, 0)),
        ("2024-05-01 09:00", (2024, 5, 1, 0)),
        ("2024.05.01 09:00", (2024, 5, 1, 0)),
        ("2024/05/01 09:00:00", (2024, 5, 1, 0)),
        ("20240501", (2024, 4, 30, 15)),
        ("2024050109", (2024, 5, 1, 0)),
        ("202405010900", (2024, 5, 1, 0)),
        ("2024043024", (2024, 4, 30, 15)),
        ("2024-04-30 24:00", (2024, 4, 30, 15)),
    ],
)
def test_times(tmp_path: Path, text: str, expected: tuple[int, ...]) -> None:
    table = read_csv(_write(tmp_path / "a.csv", f"일시,PM10\n{text},5\n"), "Asia/Seoul")
    assert table.series[0].times.tolist() == [_micros(*expected)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_encodings_and_delimiters(tmp_path: Path, encoding: str, delimiter: str) -> None:
    text = delimiter.join(("측정일시", "측정소명", "오존농도(ppm)")) + "\n"
    text += delimiter.join(("20240501", "중구", "0.03")) + "\n"
    table = read_csv(_write(tmp_path / "a.csv", text, encoding))
    assert (table.series[0].station.name, table.series[0].quantity.key) == ("중구", "o3")


def test_what_cannot_be_read_is_counted_and_the_rest_goes_in(tmp_path: Path) -> None:
    text = "time,station,PM10,PM2.5\n2024-05-01,a,1,\nyesterday,a,2,3\n2024-05-02,,4,5\n2024-05-03,a,x,-\n"
    table = read_csv(_write(tmp_path / "a.csv", text))
    assert table.readings == 1 and table.empty == 2 and table.bad == 3
    assert "'yesterday' is no time" in table.examples[0] and "'x' is no number" in table.examples[2]


def test_a_unit_that_is_not_the_known_one_is_kept_apart(tmp_path: Path) -> None:
    table = read_csv(_write(tmp_path / "a.csv", "time,CO(ppb),CO(ppm)\n2024-05-01,700,0.7\n"))
    assert {s.quantity.key: s.results[0] for s in table.series} == {"co [ppb]": 700.0, "co": 0.7}


def test_places_from_the_table_or_beside_it(tmp_path: Path) -> None:
    inside = _write(tmp_path / "a.csv", "time,station,lon,lat,level\n2024-05-01,w,127.1,37.5,2\n")
    assert read_csv(inside).series[0].station.longitude == 127.1
    places = read_stations(_write(tmp_path / "s.csv", "측정소,경도,위도,고도\n중구,126.97,37.56,20\n"))
    beside = read_csv(_write(tmp_path / "b.csv", "time,station,PM10\n2024-05-01,중구,9\n"), stations=places)
    station = beside.series[0].station
    assert (station.longitude, station.latitude, station.height) == (126.97, 37.56, 20.0)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x89PNG\r\n\x1a\n\0\0",
        b"\xff\xfe\x00\x81",
        b"a,b\n1,2\n",
        b"time,x\nnever,1\n",
        b"time,x\n2024-05-01,\n",
    ],
)
def test_what_is_no_table_of_readings_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with pytest.raises(UnsupportedFormat, match=r"a\.csv"):
        read_csv(path)


def test_an_unknown_zone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TwinError, match="no time zone"):
        read_csv(_write(tmp_path / "a.csv", "time,x\n2024-05-01,1\n"), "Mars/Olympus")


@pytest.mark.parametrize(
    ("head", "readings"),
    [
        ("측정일시,측정소명,미세먼지(㎍/㎥)", True),
        ("time;station;quantity;value", True),
        ('"Time","Temperature (°C)"', True),
        ("station,longitude,latitude,height", False),
        ("date,holiday", False),
        ("code,value", False),
        ("", False),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "cp949"])
def test_tables_of_readings_are_known_by_their_heads(
    tmp_path: Path, head: str, readings: bool, encoding: str
) -> None:
    if "°" in head and encoding == "cp949":
        head = head.replace("°C", "℃")
    path = _write(tmp_path / "a.csv", head + "\n1,2\n", encoding)
    assert looks_like_readings(path) is readings


def test_descriptions_and_other_columns_of_stations(tmp_path: Path) -> None:
    text = "station,longitude,latitude,kind,description\na,127,37,air,beside the gate\nb,128,38,,\n"
    stations = read_stations(_write(tmp_path / "s.csv", text))
    assert (stations["a"].description, stations["a"].properties) == ("beside the gate", {"kind": "air"})
    assert (stations["b"].description, stations["b"].properties) == ("", {})
