"""ISO 8601 to microseconds and back, one by one and by the thousand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.errors import QueryError
from twin.observations.query import Instant, Interval
from twin.observations.times import (
    format_instant,
    format_time,
    parse_duration,
    parse_instant,
    parse_instants,
    parse_interval,
    parse_time,
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
moments = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30)).map(lambda d: d.replace(tzinfo=UTC))
offsets = st.integers(-14 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m)))


def micros(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)


@given(moments, offsets)
def test_any_offset_is_the_same_instant(moment: datetime, offset: timezone) -> None:
    assert parse_instant(moment.astimezone(offset).isoformat()) == micros(moment)
    assert parse_instant(moment.isoformat().replace("+00:00", "Z")) == micros(moment)
    assert parse_instant(moment.replace(tzinfo=None).isoformat()) == micros(moment)


@given(moments)
def test_what_is_written_is_read_back(moment: datetime) -> None:
    text = format_instant(micros(moment))
    assert text.endswith("Z")
    assert parse_instant(text) == micros(moment)


@given(
    st.lists(moments, min_size=1, max_size=20), st.sampled_from(["seconds", "milliseconds", "microseconds"])
)
def test_many_at_once_are_those_one_by_one(many: list[datetime], digits: str) -> None:
    texts = [m.isoformat(timespec=digits).replace("+00:00", "Z") for m in many]
    expected = [parse_instant(text) for text in texts]
    assert parse_instants(texts).tolist() == expected
    mixed = [*texts, "2024-02-29T09:00:00+09:00"]
    assert parse_instants(mixed).tolist() == [*expected, 1_709_164_800_000_000]
    assert parse_instants(texts).dtype == np.int64


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "2024",
        "2024-13-01T00:00:00Z",
        "2023-02-29T00:00:00Z",
        "2024-01-01T25:00:00Z",
        5,
        None,
        "9" * 1000,
    ],
)
def test_what_is_no_time_is_refused(text: object) -> None:
    with pytest.raises(QueryError):
        parse_instant(text)
    with pytest.raises(QueryError):
        parse_instants([text])
    with pytest.raises(QueryError):
        parse_instants(["2024-01-01T00:00:00Z", text])


def test_intervals_have_two_ends_or_a_duration() -> None:
    day = Interval(1_704_067_200_000_000, 1_704_153_600_000_000)
    start, end = "2024-01-01T00:00:00Z", "2024-01-02T00:00:00Z"
    for text in (f"{start}/{end}", f"{start}/P1D", f"PT24H/{end}"):
        assert parse_interval(text) == parse_time(text) == day
    assert format_time(day) == f"{start}/{end}"
    assert parse_time(start) == Instant(day.start)
    assert parse_duration("-PT1.5S") == -1_500_000
    for bad in (f"{end}/{start}", f"{start}/", "/", f"{start}/P", "P1D/P1D"):
        with pytest.raises(QueryError):
            parse_interval(bad)
