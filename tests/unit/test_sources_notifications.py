"""Notifications of oneM2M and NGSI-LD: what they report, and what is refused."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from twin.errors import QueryError
from twin.sources import ngsi_ld, onem2m


def _micros(*parts: int) -> int:
    return int(datetime(*parts, tzinfo=UTC).timestamp()) * 1_000_000


def _m2m(content: Any, **more: Any) -> dict[str, Any]:
    instance = {"rn": "cin-1", "ct": "20240501T093000", "con": content}
    return {
        "m2m:sgn": {"nev": {"rep": {"m2m:cin": instance}, "net": 3}, "sur": "/cse/air-7/pm10/sub", **more}
    }


def test_a_number_is_of_the_container() -> None:
    (series,) = onem2m.series_of(_m2m("31.5"))
    assert (series.station.key, series.station.name, series.quantity.key) == ("cse/air-7", "air-7", "pm10")
    assert series.times.tolist() == [_micros(2024, 5, 1, 9, 30)] and series.results == [31.5]


def test_json_names_its_quantities_at_any_depth() -> None:
    found = onem2m.series_of(_m2m({"air": {"pm10": 31, "temperature": 4.5}, "ok": True, "note": "x"}))
    assert {s.quantity.key: s.results[0] for s in found} == {"pm10": 31, "temperature": 4.5}


def test_numbers_too_deep_within_are_not_looked_for() -> None:
    deep: Any = 1
    for _ in range(500):
        deep = {"a": deep}
    with pytest.raises(QueryError):
        onem2m.series_of(_m2m(deep))


def test_a_verification_request_reports_nothing() -> None:
    assert onem2m.series_of({"m2m:sgn": {"vrq": True, "sur": "/cse/a/b/sub"}}) == []


@pytest.mark.parametrize(
    "body",
    [None, [], {}, {"m2m:sgn": {}}, {"m2m:sgn": {"nev": None}}, {"m2m:sgn": {"nev": {"rep": 3}}},
     _m2m("broken"), _m2m({}), _m2m(None), _m2m("1", sur=""),
     {"m2m:sgn": {"sur": "/a/b/c", "nev": {"rep": {"m2m:cin": {"con": 1, "ct": "yesterday"}}}}}],
)  # fmt: skip
def test_what_is_no_notification_of_onem2m_is_refused(body: Any) -> None:
    with pytest.raises(QueryError):
        onem2m.series_of(body)


def _ngsi(**attributes: Any) -> dict[str, Any]:
    entity = {"id": "urn:ngsi-ld:AirQualityObserved:7", "type": "AirQualityObserved", **attributes}
    return {"type": "Notification", "notifiedAt": "2024-05-01T00:00:01Z", "data": [entity]}


def test_properties_with_time_unit_and_place() -> None:
    found = ngsi_ld.series_of(
        _ngsi(
            PM10={
                "type": "Property",
                "value": 31,
                "unitCode": "GQ",
                "observedAt": "2024-05-01T09:00:00+09:00",
            },
            temperature={"type": "Property", "value": 4.5, "unitCode": "CEL"},
            refDevice={"type": "Relationship", "object": "urn:x"},
            location={"type": "GeoProperty", "value": {"type": "Point", "coordinates": [127.0, 37.5, 12]}},
        )
    )
    assert {s.quantity.key: (s.results[0], s.times[0]) for s in found} == {
        "pm10": (31, _micros(2024, 5, 1)),
        "temperature": (4.5, _micros(2024, 5, 1) + 1_000_000),
    }
    station = found[0].station
    assert (station.name, station.longitude, station.latitude, station.height) == ("7", 127.0, 37.5, 12.0)


def test_names_in_full_and_typed_times() -> None:
    (series,) = ngsi_ld.series_of(
        _ngsi(
            dateObserved={
                "type": "Property",
                "value": {"@type": "DateTime", "@value": "2024-05-01T00:00:00Z"},
            },
            **{"https://example.org/dataModel.Environment/pm10": {"type": "Property", "value": 31}},
        )
    )
    assert (series.quantity.key, series.times[0]) == ("pm10", _micros(2024, 5, 1))


def test_simplified_entities() -> None:
    (series,) = ngsi_ld.series_of(_ngsi(humidity=40, dateObserved="2024-05-01T00:00:00Z", status="fine"))
    assert (series.quantity.key, series.results, series.times[0]) == ("humidity", [40], _micros(2024, 5, 1))


@pytest.mark.parametrize(
    "body",
    [None, {}, {"data": 3}, {"data": []}, {"data": [{"type": "x"}]}, _ngsi(status="fine"),
     _ngsi(pm10={"type": "Property", "value": 3, "observedAt": "soon"}),
     _ngsi(pm10=3, location={"type": "Point", "coordinates": ["a"]})],
)  # fmt: skip
def test_what_is_no_notification_of_ngsi_ld_is_refused(body: Any) -> None:
    with pytest.raises(QueryError):
        ngsi_ld.series_of(body)
