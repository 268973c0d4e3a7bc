"""Resource paths to routes."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.sensorthings.paths import Form, entity_of, parse_path
from twin.errors import EntityNotFound, QueryError
from twin.observations.model import DATASTREAM, FEATURE_OF_INTEREST, LOCATION, OBSERVATION, THING
from twin.observations.query import Route, Step

LAST = (1 << 63) - 1


@pytest.mark.parametrize(
    ("path", "form", "route", "type_", "inner"),
    [
        ("/Things", Form.collection, Route(THING), THING, ()),
        (f"/Things({LAST})", Form.entity, Route(THING, LAST), THING, ()),
        ("/Things(1)/name", Form.property, Route(THING, 1), THING, ("name",)),
        ("/Things(1)/name/$value", Form.value, Route(THING, 1), THING, ("name",)),
        ("/Things(1)/@iot.id", Form.property, Route(THING, 1), THING, ("id",)),
        ("/Things(1)/properties/a b/0", Form.property, Route(THING, 1), THING, ("properties", "a b", "0")),
        ("/Things/$ref", Form.references, Route(THING), THING, ()),
        (
            "/Things(1)/Locations/$ref",
            Form.references,
            Route(THING, 1, (Step("Locations"),)),
            LOCATION,
            (),
        ),
        ("/Datastreams(1)/Thing", Form.entity, Route(DATASTREAM, 1, (Step("Thing"),)), THING, ()),
        ("/Datastreams(1)/Thing/$ref", Form.reference, Route(DATASTREAM, 1, (Step("Thing"),)), THING, ()),
        (
            "/Things(1)/Datastreams(2)/Observations",
            Form.collection,
            Route(THING, 1, (Step("Datastreams", 2), Step("Observations"))),
            OBSERVATION,
            (),
        ),
        (
            "/Datastreams(1)/Observations(2)/FeatureOfInterest/name/$value",
            Form.value,
            Route(DATASTREAM, 1, (Step("Observations", 2), Step("FeatureOfInterest"))),
            FEATURE_OF_INTEREST,
            ("name",),
        ),
    ],
)
def test_paths(path: str, form: Form, route: Route, type_: object, inner: tuple[str, ...]) -> None:
    found = parse_path(path)
    assert (found.form, found.route, found.type, found.inner) == (form, route, type_, inner)


def test_paths_without_entities() -> None:
    assert parse_path("").form is Form.root
    assert parse_path("/").form is Form.root
    assert parse_path("/$batch").form is Form.batch
    assert parse_path("/CreateObservations").form is Form.create_observations


@pytest.mark.parametrize(
    "path",
    [
        "/things",
        "/Thing(1)",
        f"/Things({LAST + 1})",
        "/Things(-1)",
        "/Things('a')",
        "/Things()",
        "/Things(1",
        "/Things(1)/nope",
        "/Things(1)/$value",
        "/Things(1)/name/x",
        "/Things/name",
        "/Things/$value",
        "/Things(1)/Thing",
        "/Datastreams(1)/Thing(1)",
        "/Things(1)/$ref/name",
        "/Things(٣)",
        "/Things" + "(1)/Datastreams" * 30,
    ],
)
def test_what_is_not_there(path: str) -> None:
    with pytest.raises((EntityNotFound, QueryError)):
        parse_path(path)


def test_one_must_be_chosen() -> None:
    with pytest.raises(QueryError, match="choose one of the Things"):
        parse_path("/Things/Datastreams")


def test_addresses_of_entities() -> None:
    assert entity_of("http://h/sta/v1.1/Things(3)", "http://h/sta/v1.1/") == (THING, 3)
    assert entity_of("Things(3)", "http://h/sta/v1.1/") == (THING, 3)
    with pytest.raises(QueryError):
        entity_of("Things", "http://h/sta/v1.1/")


@given(st.text(max_size=100))
def test_any_path_is_read_or_refused(path: str) -> None:
    for whole in (path, f"/Things({path})", f"/Things(1)/{path}"):
        with suppress(EntityNotFound, QueryError):
            parse_path(whole)
