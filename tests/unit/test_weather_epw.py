"""EPW files that are odd or broken: what their head and hours must be, and which year they are dated in."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from analysis.errors import AnalysisError
from analysis.weather import fit_for_energy, read_epw
from analysis.weather.epw import zone_name
from tests.unit.test_weather import seoul_file

Fields = list[str]
HEAD = 8
"""Lines before the hours."""


@pytest.fixture(scope="module")
def lines(request: pytest.FixtureRequest) -> list[str]:
    """Of the EPW of Seoul, which is dated in 2023."""
    data: Path = request.getfixturevalue("data")
    return gzip.decompress(seoul_file(data).read_bytes()).decode().splitlines()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "made.epw"


def write(path: Path, lines: list[str], end: str = "\n") -> Path:
    path.write_bytes((end.join(lines) + end).encode())
    return path


def with_hours(lines: list[str], change: Callable[[Fields], None]) -> list[str]:
    """change: of the fields of each hour, in place."""
    changed = []
    for line in lines[HEAD:]:
        fields = line.split(",")
        change(fields)
        changed.append(",".join(fields))
    return lines[:HEAD] + changed


def in_year(lines: list[str], year: str) -> list[str]:
    def change(fields: Fields) -> None:
        fields[0] = year

    return with_hours(lines, change)


def refused(path: Path, *said: str) -> None:
    """With one line that names the file."""
    with pytest.raises(AnalysisError) as caught:
        read_epw(path)
    message = str(caught.value)
    assert message.startswith(str(path)) and "\n" not in message
    for words in said:
        assert words in message


@pytest.mark.parametrize(
    ("field", "name", "wrong", "expected"),
    [
        (6, "latitude", ["abc", "", "nan", "95"], "a number from -90 to 90 [degrees]"),
        (7, "longitude", ["east", "-181"], "a number from -180 to 180 [degrees]"),
        (8, "time zone", ["KST", "99", "-13", "nan"], "a number from -12 to 14 [hours from UTC]"),
        (9, "altitude", ["-", "inf", "1e9"], "a number from -1000 to 9999.9 [m]"),
    ],
)
def test_a_place_that_is_none(
    lines: list[str], path: Path, field: int, name: str, wrong: list[str], expected: str
) -> None:
    for value in wrong:
        cells = lines[0].split(",")
        cells[field] = value
        write(path, [",".join(cells), *lines[1:]])
        refused(path, f"line 1 has {value!r} as its {name} (field {field + 1})", expected)


def test_heads_that_are_none(lines: list[str], path: Path) -> None:
    write(path, [lines[0].rsplit(",", 1)[0], *lines[1:]])
    refused(path, "no EPW", "LOCATION, city, state", "time zone, altitude, and it has 9 fields")
    write(path, [lines[0].replace("LOCATION", "PLACE"), *lines[1:]])
    refused(path, "no EPW", "its first line must be LOCATION", "it begins with 'PLACE'")
    write(path, lines[HEAD:])
    refused(path, "its first line must be LOCATION", "it begins with '2023'")
    write(path, [line for line in lines if not line.startswith("DATA PERIODS")])
    refused(path, "no EPW", "it has no line DATA PERIODS")


def test_heads_that_will_do(lines: list[str], path: Path) -> None:
    """A line of comments more or less, a byte order mark, ends of lines of other systems."""
    whole = read_epw(write(path, lines))
    for other in ([*lines[:5], *lines[6:]], [*lines[:6], "COMMENTS 3,more", *lines[6:]]):
        assert np.array_equal(read_epw(write(path, other)).temp_air, whole.temp_air)
    for end in ("\r\n", "\r"):
        assert np.array_equal(read_epw(write(path, lines, end)).ghi, whole.ghi)
    path.write_bytes(b"\xef\xbb\xbf" + "\n".join(lines).encode())
    assert read_epw(path).place == whole.place


def test_hours_that_are_none(lines: list[str], path: Path) -> None:
    def earlier(fields: Fields) -> None:
        fields[3] = str(int(fields[3]) - 1)

    write(path, with_hours(lines, earlier))
    refused(path, "line 9 is of month '1', day '1', hour '0'", "hours from 1 to 24")

    def late(fields: Fields) -> None:
        fields[1] = fields[1].replace("12", "13")

    write(path, with_hours(lines, late))
    refused(path, "is of month '13', day '1', hour '1'; months go from 1 to 12")

    def named(fields: Fields) -> None:
        fields[1] = "Jan"

    write(path, with_hours(lines, named))
    refused(path, "line 9 is of month 'Jan'")
    write(path, [*lines[:-1], ",".join(lines[-1].split(",")[:5])])
    refused(path, "line 8768 has 5 fields; an hour of an EPW has 35, and at least 22")


def test_old_files_end_before_the_albedo(lines: list[str], path: Path) -> None:
    weather = read_epw(write(path, [*lines[:HEAD], *(line.rsplit(",", 3)[0] for line in lines[HEAD:])]))
    assert np.isnan(weather.albedo).all()
    assert np.isfinite(weather.temp_air).all()


def test_a_package_that_is_broken_or_too_large(lines: list[str], path: Path) -> None:
    packed = gzip.compress("\n".join(lines).encode())
    path.write_bytes(packed[:5000])
    refused(path, "no EPW", "cannot be unpacked")
    path.write_bytes(packed[:5000] + bytes(100) + packed[5100:])
    refused(path, "no EPW", "cannot be unpacked")
    path.write_bytes(gzip.compress(bytes(20 * 2**20), 1))
    refused(path, "more than 16 MiB")


def test_a_file_of_a_leap_year_without_its_29_february(lines: list[str], path: Path) -> None:
    """As many exporters write them: 365 days that follow one another in a common year."""
    weather = read_epw(write(path, in_year(lines, "2024")))
    assert len(fit_for_energy(weather)) == 8760
    assert weather.times[24 * 59].isoformat() == "2023-03-01T00:30:00+09:00"
    assert read_epw(write(path, in_year(lines, "2021"))).times[0].year == 2021
    for impossible in ("9999", "?"):
        assert read_epw(write(path, in_year(lines, impossible))).times[0].year == 2023


@pytest.mark.parametrize("february", ["2016", "2015"])
def test_a_typical_year_with_a_29_february(lines: list[str], path: Path, february: str) -> None:
    """Months of several years, February from a leap year or not: it is dated in 2024."""
    end = HEAD + 24 * 59
    before = [",".join([february, *line.split(",")[1:]]) for line in lines[end - 24 * 28 : end]]
    extra = [",".join([*line.split(",")[:2], "29", *line.split(",")[3:]]) for line in before[-24:]]
    write(path, [*lines[: end - 24 * 28], *before, *extra, *lines[end:]])
    weather = read_epw(path)
    assert len(fit_for_energy(weather)) == 8784
    assert weather.times[24 * 59].isoformat() == "2024-02-29T00:30:00+09:00"
    with pytest.raises(AnalysisError, match="days that 2023 does not have"):
        read_epw(path, 2023)


def test_half_hours_from_utc(lines: list[str], path: Path) -> None:
    write(path, [lines[0].replace(",9.0,", ",5.5,"), *lines[1:]])
    assert read_epw(path).times[0].isoformat() == "2023-01-01T00:30:00+05:30"
    assert [zone_name(offset) for offset in (9.0, -7.0, 0.0, 5.5)] == [
        *("Etc/GMT-9", "Etc/GMT+7", "Etc/GMT+0", "UTC")
    ]
