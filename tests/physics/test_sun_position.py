"""Where the sun stands, against published positions, and what is asked of times."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from math import atan, cos, degrees, radians, sin, tan
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from analysis.errors import AnalysisError
from analysis.sun import Horizon, Place, SunPath
from analysis.sun.position import aware, skyline, unit_vectors, weights

SEOUL = Place(37.5665, 126.978, timezone="Asia/Seoul")
# Korea Standard Time, 2024-12-21: apparent elevation, azimuth [degrees], shadow of 10 m [m]; pvlib 0.16.1
WINTER = {
    "09:00": (11.606, 131.994, 49.03),
    "12:30": (29.023, 179.947, 18.05),
    "15:00": (19.613, 216.293, 28.14),
}


def test_position_is_that_of_the_published_case_of_the_algorithm() -> None:
    """NREL/TP-560-34302 (2008), appendix A.5: zenith 50.11162°, azimuth 194.34024° at 820 mbar and 11 °C."""
    place = Place(39.742476, -105.1786, altitude=1830.14)
    time = datetime(2003, 10, 17, 12, 30, 30, tzinfo=timezone(timedelta(hours=-7)))
    path = SunPath.at(place, time)
    assert path.azimuth[0] == pytest.approx(194.34024, abs=1e-4)
    # pressure here follows from the altitude (812 mbar), and the air has 12 °C: 0.0002° of refraction
    assert 90 - path.apparent_elevation[0] == pytest.approx(50.11162, abs=3e-4)
    assert path.zenith[0] + path.elevation[0] == pytest.approx(90.0)


@pytest.mark.parametrize("hour", WINTER)
def test_winter_solstice_in_seoul(hour: str) -> None:
    path = SunPath.at(SEOUL, pd.DatetimeIndex([f"2024-12-21 {hour}"], tz="Asia/Seoul"))
    apparent, azimuth, shadow = WINTER[hour]
    assert path.apparent_elevation[0] == pytest.approx(apparent, abs=2e-3)
    assert path.azimuth[0] == pytest.approx(azimuth, abs=2e-3)
    assert 10 / tan(radians(path.elevation[0])) == pytest.approx(shadow, abs=0.01)


def test_unit_vectors_are_in_the_frame_of_the_grid() -> None:
    """A grid whose north bears 10° east of true north sees the southern sun 10° further back."""
    east, north, up = unit_vectors(180.0, 30.0, convergence=10.0)
    assert (east, north, up) == pytest.approx(
        (sin(radians(170)) * cos(radians(30)), cos(radians(170)) * cos(radians(30)), 0.5)
    )


def test_two_zones_of_utm_put_the_sun_into_the_same_place() -> None:
    """At 126° E, the edge of zones 51 and 52, grid north leans by atan(tan(3°) sin(latitude)) either way; a
    direction of the ground, turned by it, has the same sun before it."""
    lean = degrees(atan(tan(radians(3)) * sin(radians(37.5))))
    times = pd.date_range("2026-12-22 09:00", periods=7, freq="h", tz="Asia/Seoul")
    found = []
    for convergence in (lean, -lean):
        path = SunPath.at(Place(37.5, 126.0, convergence=convergence), times)
        wall = unit_vectors(200.0, 0.0, convergence)  # true bearing 200° in this grid
        found.append(path.directions @ wall)
    assert found[0] == pytest.approx(found[1], abs=1e-12)
    assert lean == pytest.approx(1.827, abs=1e-3)


def test_an_hour_of_summer_time_is_the_same_instant() -> None:
    zone = ZoneInfo("Europe/Berlin")
    given = [datetime(2026, 3, 29, 1, 30, tzinfo=zone), datetime(2026, 3, 29, 3, 30, tzinfo=zone)]
    path = SunPath.at(Place(52.5, 13.4), given)
    same = SunPath.at(Place(52.5, 13.4), [datetime(2026, 3, 29, hour, 30, tzinfo=UTC) for hour in (0, 1)])
    assert path.azimuth == pytest.approx(same.azimuth)
    assert weights(path.times) == pytest.approx([0.5, 0.5])  # one hour passed, not two


def test_a_leap_day_lies_between_its_neighbours() -> None:
    days = [f"{year}-{day} 12:00" for year, day in ((2024, "02-28"), (2024, "02-29"), (2024, "03-01"))]
    up = SunPath.at(SEOUL, pd.DatetimeIndex(days, tz="Asia/Seoul")).elevation
    assert 0.3 < up[1] - up[0] < 0.45  # the declination rises by 0.37 to 0.38 degrees a day
    assert 0.3 < up[2] - up[1] < 0.45


def test_south_of_the_equator_the_sun_stands_in_the_north() -> None:
    path = SunPath.at(Place(-33.87, 151.21), pd.DatetimeIndex(["2026-06-21 12:00"], tz="Australia/Sydney"))
    assert path.directions[0, 1] > 0.8
    assert path.elevation[0] == pytest.approx(90 - 33.87 - 23.44, abs=0.2)


def test_above_the_polar_circle_the_sun_stays_up_or_down_all_day() -> None:
    tromso = Place(69.65, 18.96)
    for day, up in (("2026-06-21", True), ("2026-12-21", False)):
        path = SunPath.at(tromso, pd.date_range(day, periods=24, freq="h", tz="Europe/Oslo"))
        assert (path.up() == up).all()


def test_far_skyline_is_a_ring_of_degrees_and_hides_the_sun() -> None:
    horizon = Horizon(np.array([0.0, 10.0, 40.0, 10.0]))  # north, east, south, west
    assert skyline(horizon, [0, 45, 180, 315, 360, -45]) == pytest.approx([0, 5, 40, 5, 0, 5])
    path = SunPath.at(SEOUL, pd.DatetimeIndex(["2024-12-21 12:30", "2024-06-21 12:30"], tz="Asia/Seoul"))
    assert path.up(horizon).tolist() == [False, True]
    assert path.up().all()


@pytest.mark.parametrize(
    ("times", "said"),
    [
        (datetime(2026, 12, 21, 9), "has no zone"),
        ([datetime(2026, 12, 21, 9), datetime(2026, 12, 21, 10, tzinfo=UTC)], "with a zone"),
        (pd.DatetimeIndex(["2026-12-21"]), "has no zone"),
        ([], "no time"),
        (["noon"], "with a zone"),
        (pd.DatetimeIndex([pd.NaT], tz="UTC"), "missing"),
        ([datetime(1600, 1, 1, tzinfo=UTC)], "years 1700 to 2999"),
    ],
)
def test_times_that_are_refused(times: object, said: str) -> None:
    with pytest.raises(AnalysisError, match=said):
        SunPath.at(SEOUL, times)  # type: ignore[arg-type]


def test_a_place_off_the_globe_is_refused() -> None:
    with pytest.raises(AnalysisError, match="no place on the globe"):
        SunPath.at(Place(4_500_000.0, 200_000.0), datetime(2026, 1, 1, tzinfo=UTC))


def test_weights_of_even_and_broken_sequences() -> None:
    even = pd.date_range("2026-12-22 08:00", "2026-12-22 16:00", freq="10min", tz="Asia/Seoul")
    assert weights(even).sum() == pytest.approx(8.0)
    two_days = even.append(even + pd.Timedelta(days=1))
    assert weights(two_days).sum() == pytest.approx(16.0)  # nothing for the night between them
    with pytest.raises(AnalysisError, match="two times"):
        weights(even[:1])
    with pytest.raises(AnalysisError, match="in order"):
        weights(even[::-1])


def test_times_in_several_zones_are_taken_for_the_instants_that_they_are() -> None:
    mixed = [datetime(2026, 1, 1, 9, tzinfo=ZoneInfo("Asia/Seoul")), datetime(2026, 1, 1, 1, tzinfo=UTC)]
    assert np.diff(aware(mixed).asi8)[0] > 0
