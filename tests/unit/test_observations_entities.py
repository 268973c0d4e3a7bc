"""Entities made, changed, linked and deleted, and what each brings about."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.unit.observation_models import EPOCH, datastream, do, location, make, route, thing, world
from twin.errors import EntityNotFound, QueryError
from twin.observations import model
from twin.observations.changes import Append, Create, Delete, SetLinks, Update
from twin.observations.query import Expand, Instant, Interval, Page, Query
from twin.observations.store import Observations, open_observations

FEATURE = {"name": "reach", "description": "", "encodingType": "application/geo+json",
           "feature": {"type": "Feature", "geometry": {"type": "Point", "coordinates": [1, 2]}}}  # fmt: skip


def counts(store: Observations) -> dict[str, int]:
    return {name: store.page(route(name), Query(count=True, top=0)).count or 0 for name in model.ENTITY_SETS}


def ids(store: Observations, path: str) -> list[int]:
    return [entity.id for entity in store.page(route(path)).entities]


def multi(**more: Any) -> dict[str, Any]:
    unit = {"name": "metre", "symbol": "m", "definition": "ucum:m"}
    names = ("level", "flow")
    return {
        "name": "both",
        "description": "",
        "observationType": "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_ComplexObservation",
        "multiObservationDataTypes": ["OM_Measurement", "OM_Measurement"],
        "unitOfMeasurements": [unit, unit],
        "ObservedProperties": [{"name": n, "description": "", "definition": "urn:" + n} for n in names],
        "Sensor": datastream()["Sensor"],
        **more,
    }  # fmt: skip


def test_deep_insert_makes_everything_and_its_links(tmp_path: Path) -> None:
    with open_observations(tmp_path) as store:
        readings = [
            {
                "result": 1,
                "phenomenonTime": "2024-01-01T00:00:00Z/2024-01-01T01:00:00Z",
                "FeatureOfInterest": FEATURE,
            },
            {
                "result": 2,
                "phenomenonTime": "2024-01-02T00:00:00+09:00",
                "resultTime": None,
                "parameters": {"p": 1},
            },
        ]
        body = thing(Datastreams=[datastream(Observations=readings)], MultiDatastreams=[multi()])
        make(store, "Things", body)
        assert counts(store) == {
            "Things": 1, "Locations": 1, "HistoricalLocations": 1, "Datastreams": 1, "MultiDatastreams": 1,
            "Sensors": 2, "ObservedProperties": 3, "Observations": 2, "FeaturesOfInterest": 2,
        }  # fmt: skip
        first, second = store.page(route("Datastreams(1)/Observations")).entities
        assert first.values["phenomenonTime"] == Interval(1_704_067_200_000_000, 1_704_070_800_000_000)
        assert second.values["phenomenonTime"] == Instant(1_704_121_200_000_000)
        assert (second.values["resultTime"], second.values["parameters"]) == (None, {"p": 1})
        assert store.entity(route(f"Observations({first.id})/FeatureOfInterest")).values["name"] == "reach"
        assert store.entity(route(f"Observations({second.id})/FeatureOfInterest")).values["name"] == "here"
        assert ids(store, "MultiDatastreams(2)/ObservedProperties") == [2, 3]
        history = store.page(route("Things(1)/HistoricalLocations"), Query(expand=(Expand("Locations"),)))
        places = history.entities[0].links["Locations"]
        assert isinstance(places, Page)
        assert [place.id for place in places.entities] == [1]


@pytest.mark.parametrize(
    ("collection", "body", "named"),
    [
        ("Things", {"name": "x"}, "description"),
        ("Things", {"name": 5, "description": ""}, "name"),
        ("Things", {"name": "x", "description": "", "properties": "no"}, "properties"),
        ("Things", {"name": "x", "description": "", "colour": "red"}, "colour"),
        ("Things", {"name": "x", "description": "", "Locations": {"@iot.id": 1}}, "Locations"),
        ("Things", {"name": "x", "description": "", "Locations": [{"@iot.id": 99}]}, "Location 99"),
        ("Things", thing(Datastreams=[{"name": "x"}]), "description"),
        ("Things", thing(Locations=[{**location(), "location": {"type": "Circle"}}]), "GeoJSON"),
        ("Datastreams", datastream(), "Thing"),
        ("Datastreams", datastream(Thing={"@iot.id": "1"}), "id"),
        ("Things(1)/Datastreams", datastream(Sensor=None), "Sensor"),
        ("Things(1)/Datastreams", datastream(unitOfMeasurement=None), "unitOfMeasurement"),
        ("Things(1)/MultiDatastreams", multi(ObservedProperties=[]), "ObservedProperties"),
        ("Things(1)/MultiDatastreams", multi(unitOfMeasurements=[]), "length"),
        ("Observations", {"result": 1}, "Datastream"),
        ("Observations", {"Datastream": {"@iot.id": 1}}, "result"),
        ("Datastreams(1)/Observations", {"result": 1, "phenomenonTime": "yesterday"}, "phenomenonTime"),
        (
            "Datastreams(1)/Observations",
            {"result": 1, "resultTime": "2024-01-01T00:00:00Z/P1D"},
            "resultTime",
        ),
        ("Datastreams(1)/Observations", {"result": 1, "parameters": 5}, "parameters"),
        ("Datastreams(1)/Thing", thing(), "one entity"),
        ("Things(1)/HistoricalLocations", {"time": "2024-01-01T00:00:00Z"}, "Locations"),
    ],
)
def test_what_is_missing_or_wrong_is_named_and_leaves_nothing(
    tmp_path: Path, collection: str, body: dict[str, Any], named: str
) -> None:
    with world(tmp_path) as store:
        before = counts(store)
        with pytest.raises(QueryError, match=named):
            do(store, Create(route(collection), body))
        assert counts(store) == before


def test_derived_properties_and_annotations_in_a_body_are_ignored(tmp_path: Path) -> None:
    with world(tmp_path) as store:
        body = datastream(
            phenomenonTime="nonsense",
            observedArea={},
            **{"@iot.selfLink": "x", "Thing@iot.navigationLink": "y"},
        )
        stream = make(store, "Things(1)/Datastreams", body)
        assert store.entity(route(f"Datastreams({stream})")).values["phenomenonTime"] is None


def test_nested_too_deep_is_refused(tmp_path: Path) -> None:
    body: dict[str, Any] = location()
    for i in range(60):
        body = {**location(), "Things": [thing(Locations=[body], Datastreams=[])]} if i % 2 else body
    with world(tmp_path) as store, pytest.raises(QueryError, match="nested"):
        make(store, "Locations", body)


def test_a_thing_moves_by_post_patch_and_history(tmp_path: Path) -> None:
    with world(tmp_path, things=2) as store:
        make(store, "Things(1)/Locations", location("second"))
        assert ids(store, "Things(1)/Locations") == [3]
        do(store, Update(route("Things(1)"), {"Locations": [{"@iot.id": 1}]}))
        assert ids(store, "Things(1)/Locations") == [1]
        assert len(ids(store, "Things(1)/HistoricalLocations")) == 3
        make(store, "Locations", location("fourth") | {"Things": [{"@iot.id": 1}, {"@iot.id": 2}]})
        assert ids(store, "Things(1)/Locations") == ids(store, "Things(2)/Locations") == [4]
        past = {"time": "2001-01-01T00:00:00Z", "Thing": {"@iot.id": 1}, "Locations": [{"@iot.id": 2}]}
        make(store, "HistoricalLocations", past)
        assert ids(store, "Things(1)/Locations") == [4]
        make(
            store,
            "Things(1)/HistoricalLocations",
            {"time": "2999-01-01T00:00:00Z", "Locations": [{"@iot.id": 2}]},
        )
        assert ids(store, "Things(1)/Locations") == [2]
        assert counts(store)["HistoricalLocations"] == len(ids(store, "HistoricalLocations")) == 8


def test_updates_change_what_they_name_and_replacing_resets_the_rest(tmp_path: Path) -> None:
    with world(tmp_path, things=2) as store:
        do(store, Update(route("Things(1)"), {"properties": {"a": 1}}))
        do(store, Update(route("Things(1)"), {"name": "other"}))
        assert store.entity(route("Things(1)")).values == {
            "name": "other",
            "description": "",
            "properties": {"a": 1},
        }
        do(store, Update(route("Things(1)"), {"name": "new", "description": "d"}, replace=True))
        assert store.entity(route("Things(1)")).values == {
            "name": "new",
            "description": "d",
            "properties": None,
        }
        for bad, replace in (
            ({"name": "x"}, True),
            ({"name": None}, False),
            ({"@iot.id": 7}, False),
            ({"x": 1}, False),
        ):
            with pytest.raises(QueryError):
                do(store, Update(route("Things(1)"), bad, replace))
        do(store, Update(route("Datastreams(1)"), {"Thing": {"@iot.id": 2}}))
        assert ids(store, "Things(2)/Datastreams") == [1, 2]
        do(store, Update(route("Things(1)"), {"Datastreams": [{"@iot.id": 1}]}))
        assert ids(store, "Things(1)/Datastreams") == [1]
        do(store, Update(route("Things(2)"), {"Datastreams": [{"@iot.id": 1}]}))
        assert ids(store, "Things(2)/Datastreams") == [1, 2]
        with pytest.raises(QueryError, match="no Thing 9"):
            do(store, Update(route("Datastreams(1)"), {"Thing": {"@iot.id": 9}}))
        with pytest.raises(QueryError, match="not inline entities"):
            do(store, Update(route("Datastreams(1)"), {"Thing": thing()}))
        with pytest.raises(EntityNotFound):
            do(store, Update(route("Things(9)"), {"name": "x"}))
        do(store, Append(1, [EPOCH], [1]))
        do(store, Update(route("Observations(1)"), {"result": "dry"}, replace=True))
        values = store.entity(route("Observations(1)")).values
        assert (values["result"], values["phenomenonTime"]) == ("dry", Instant(EPOCH))
        do(store, Update(route("Observations(1)/Datastream/Thing"), {"name": "by a path"}))
        assert store.entity(route("Things(2)")).values["name"] == "by a path"


def test_links_by_reference(tmp_path: Path) -> None:
    with world(tmp_path, things=2) as store:
        do(store, SetLinks(route("Things(1)/Locations"), (2,)))
        assert ids(store, "Things(1)/Locations") == [1, 2]
        do(store, SetLinks(route("Things(1)/Locations"), (1,), "remove"))
        assert ids(store, "Things(1)/Locations") == [2]
        do(store, SetLinks(route("Locations(2)/Things"), (1,), "remove"))
        assert ids(store, "Things(1)/Locations") == []
        do(store, SetLinks(route("Datastreams(1)/Sensor"), (2,), "set"))
        assert ids(store, "Sensors(2)/Datastreams") == [1, 2]
        do(store, SetLinks(route("Things(2)/Datastreams"), (1,)))
        assert ids(store, "Things(2)/Datastreams") == [1, 2]
        do(store, Append(1, [EPOCH], [1]))
        feature = make(store, "FeaturesOfInterest", FEATURE)
        do(store, SetLinks(route("Observations(1)/FeatureOfInterest"), (feature,), "set"))
        assert ids(store, f"FeaturesOfInterest({feature})/Observations") == [1]
        for path, other in (("Things(2)/Datastreams", 1), ("Datastreams(1)/Sensor", 2)):
            with pytest.raises(QueryError, match="must have"):
                do(store, SetLinks(route(path), (other,), "remove"))
        for path, other in (("Things(1)/Locations", 99), ("Things(9)/Locations", 1)):
            with pytest.raises(EntityNotFound):
                do(store, SetLinks(route(path), (other,)))


def test_results_of_a_multidatastream_have_a_value_for_each_property(tmp_path: Path) -> None:
    with world(tmp_path) as store:
        stream = make(store, "Things(1)/MultiDatastreams", multi())
        make(store, f"MultiDatastreams({stream})/Observations", {"result": [1, 2.5]})
        for bad in (1, [1], [1, 2, 3], None):
            with pytest.raises(QueryError, match="array of 2"):
                make(store, f"MultiDatastreams({stream})/Observations", {"result": bad})
        with pytest.raises(EntityNotFound):
            make(store, f"Datastreams({stream})/Observations", {"result": 1})
        with pytest.raises(EntityNotFound):
            make(store, "Observations", {"result": [1, 2], "MultiDatastream": {"@iot.id": 1}})
        assert ids(store, "MultiDatastreams") == [stream]
        assert ids(store, "Datastreams") == [1]
        assert store.entity(route("Observations(1)/MultiDatastream")).id == stream
        with pytest.raises(EntityNotFound):
            store.entity(route("Observations(1)/Datastream"))
        with pytest.raises(QueryError, match="2 values"):
            do(store, Update(route(f"MultiDatastreams({stream})"), {"unitOfMeasurements": []}))


@pytest.mark.parametrize(
    ("path", "left"),
    [
        (
            "Things(1)",
            {"Things": 1, "Datastreams": 1, "Observations": 2, "HistoricalLocations": 1, "Locations": 2},
        ),
        (
            "Locations(1)",
            {"Things": 2, "Datastreams": 2, "Observations": 4, "HistoricalLocations": 1, "Locations": 1},
        ),
        ("Datastreams(1)", {"Things": 2, "Datastreams": 1, "Observations": 2, "Sensors": 2}),
        ("Sensors(1)", {"Things": 2, "Datastreams": 1, "Observations": 2, "Sensors": 1}),
        ("ObservedProperties(1)", {"Datastreams": 1, "Observations": 2, "ObservedProperties": 1}),
        ("FeaturesOfInterest(1)", {"Datastreams": 2, "Observations": 2, "FeaturesOfInterest": 1}),
        ("HistoricalLocations(1)", {"HistoricalLocations": 1, "Locations": 2, "Things": 2}),
        ("Observations(1)", {"Observations": 3, "Datastreams": 2}),
        ("Things(1)/Datastreams(1)", {"Things": 2, "Datastreams": 1, "Observations": 2}),
    ],
)
def test_deleting_takes_along_what_cannot_be_without(tmp_path: Path, path: str, left: dict[str, int]) -> None:
    with world(tmp_path, things=2) as store:
        for stream in (1, 2):
            do(store, Append(stream, [EPOCH, EPOCH + 1], [1, 2]))
        do(store, Delete(route(path)))
        assert {name: n for name, n in counts(store).items() if name in left} == left
        assert {name: len(ids(store, name)) for name in left} == left
        with pytest.raises(EntityNotFound):
            do(store, Delete(route(path)))
        made = make(store, "Things", thing())
        assert made == 3


def test_a_multidatastream_goes_with_any_of_its_properties(tmp_path: Path) -> None:
    with world(tmp_path) as store:
        stream = make(store, "Things(1)/MultiDatastreams", multi())
        make(store, f"MultiDatastreams({stream})/Observations", {"result": [1, 2]})
        do(store, Delete(route("ObservedProperties(3)")))
        left = counts(store)
        assert (left["MultiDatastreams"], left["Observations"], left["ObservedProperties"]) == (0, 0, 2)
        assert left["Datastreams"] == 1


def test_an_observation_after_its_feature_is_deleted_gets_a_new_one(tmp_path: Path) -> None:
    with world(tmp_path) as store:
        do(store, Append(1, [EPOCH], [1]))
        do(store, Delete(route("FeaturesOfInterest(1)")))
        done = do(store, Append(1, [EPOCH + 1], [1]))
        assert store.entity(route(f"Observations({done.ids[0]})/FeatureOfInterest")).id == 2


def test_without_a_location_a_reading_is_kept_without_a_feature(tmp_path: Path) -> None:
    with open_observations(tmp_path) as store:
        make(store, "Things", thing(Locations=[]))
        do(store, Append(1, [EPOCH], [1]))
        with pytest.raises(EntityNotFound):
            store.entity(route("Observations(1)/FeatureOfInterest"))
        make(store, "Things(1)/Locations", location())
        do(store, Append(1, [EPOCH + 1], [1]))
        assert store.entity(route("Observations(2)/FeatureOfInterest")).values["name"] == "here"
