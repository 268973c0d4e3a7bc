"""Messages of devices become readings by a mapping."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from twin.errors import QueryError
from twin.sources.mapping import Mapping


def _mapping(**more: Any) -> Mapping:
    return Mapping.model_validate(
        {"topic": "site/{station}/air", "values": [{"path": "$.pm10", "quantity": "pm10"}], **more}
    )


def _payload(document: Any) -> bytes:
    return json.dumps(document).encode()


def test_station_of_the_topic_time_and_place_of_the_message() -> None:
    mapping = _mapping(time="$.at", longitude="$.pos.lon", latitude="$.pos.lat")
    message = {"at": "2024-05-01T09:00:00+09:00", "pm10": "31", "pos": {"lon": 127.0, "lat": 37.5}}
    (series,) = mapping.read("site/a-7/air", _payload(message)) or []
    assert (series.station.key, series.station.longitude, series.results) == ("a-7", 127.0, [31.0])
    assert series.times[0] == int(datetime(2024, 5, 1, tzinfo=UTC).timestamp()) * 1_000_000


@pytest.mark.parametrize(("unit", "stamp"), [("s", 1_714_521_600), ("ms", 1_714_521_600_000)])
def test_a_time_in_seconds_or_milliseconds(unit: str, stamp: int) -> None:
    (series,) = (
        _mapping(time="$.t", time_unit=unit).read("site/a/air", _payload({"t": stamp, "pm10": 1})) or []
    )
    assert series.times[0] == 1_714_521_600_000_000


def test_units_are_converted_and_named() -> None:
    values = [
        {
            "path": "$.t",
            "quantity": "temperature",
            "unit": "°F",
            "factor": 5 / 9,
            "offset": -160 / 9,
            "to": "°C",
        },
        {"path": "$.level[1]", "quantity": "{kind}", "unit": "cm", "factor": 0.01, "to": "m"},
    ]
    mapping = _mapping(topic="{station}/{kind}", values=values)
    found = mapping.read("gauge/level", _payload({"t": 212, "level": [1, 250]})) or []
    assert [(s.quantity.key, round(s.results[0], 9)) for s in found] == [
        ("temperature", 100.0),
        ("water level", 2.5),
    ]


def test_a_number_alone_and_values_that_are_missing() -> None:
    plain = _mapping(topic="{station}/pm10/#", values=[{"quantity": "pm10"}])
    assert (plain.read("a/pm10/x/y", b"31.5") or [])[0].results == [31.5]
    assert _mapping().read("site/a/air", _payload({"pm10": True})) == []
    assert _mapping().read("site/a/air", b'{"pm10": "NaN"}') == []


@pytest.mark.parametrize(
    ("topic", "filter", "other"),
    [
        ("site/{station}/air", "site/+/air", "site/a/b/air"),
        ("s/{station}/+/#", "s/+/+/#", "t/a/b/c"),
        ("a.b/{station}", "a.b/+", "axb/c"),
    ],
)
def test_only_topics_of_the_pattern(topic: str, filter: str, other: str) -> None:
    mapping = _mapping(topic=topic)
    assert mapping.subscription() == filter
    assert mapping.read(other, b"{}") is None


@pytest.mark.parametrize("payload", [b"", b"{", b'{"t": "soon"}', b'{"t": 1e300}', b'{"pm10": 1}'])
def test_a_message_that_makes_no_sense_is_refused(payload: bytes) -> None:
    with pytest.raises(QueryError):
        _mapping(time="$.t").read("site/a/air", payload)


@pytest.mark.parametrize("payload", [b"900101-1234567", b'{"t": "900101-1234567"}', b'{"t": 9001011234567}'])
def test_errors_say_nothing_of_what_a_message_holds(payload: bytes) -> None:
    """They go to logs, and a message may hold personal data."""
    with pytest.raises(QueryError) as caught:
        _mapping(time="$.t").read("site/a/air", payload)
    assert "9001011" not in str(caught.value) and "900101-" not in str(caught.value)


@pytest.mark.parametrize(
    "wrong",
    [
        {"values": []},
        {"values": [{"path": "$[", "quantity": "x"}]},
        {"values": [{"quantity": "{kind}"}]},
        {"unknown": 1},
        {"time": "$["},
        {"time_unit": "h"},
        {"station": "{sensor}"},
        {"topic": "air/pm10"},
        {"topic": "air/dev-{station}"},
        {"topic": "{station}/#/air"},
        {"topic": "{station}/{station}"},
    ],
)
def test_a_mapping_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        _mapping(**wrong)
