"""Query options, their limits, and links to the next page."""

from __future__ import annotations

from contextlib import suppress
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.sensorthings.options import (
    COLLECTION,
    ENTITY,
    MAX_EXPAND_DEPTH,
    MAX_TOP,
    Format,
    Options,
    parse_options,
)
from twin.errors import NotSupported, QueryError, TooLarge
from twin.observations.model import DATASTREAM, OBSERVATION, THING, EntityType
from twin.observations.query import Call, Expand, Literal, Path, Query


def options(text: str, type_: EntityType = THING) -> Options:
    return parse_options(text, type_, COLLECTION)


def test_every_option() -> None:
    found = options(
        "$filter=id%20eq%203&$select=name,@iot.id&$orderby=name%20desc&$top=5&$skip=2&$count=true"
    )
    query = found.query
    assert query.filter == Call("eq", (Path(("id",)), Literal(3)))
    assert found.select == {"name", "id"}
    assert (query.order[0].expression, query.order[0].descending) == (Path(("name",)), True)
    assert (query.top, query.skip, query.count) == (5, 2, True)
    assert options("") == Options()
    assert options("%24top=5&$resultFormat=geojson").format is Format.geojson


def test_plus_is_a_space_and_percent_2b_a_plus() -> None:
    assert options("$filter=name+eq+'a%2Bb'").query.filter == Call("eq", (Path(("name",)), Literal("a+b")))


def test_an_ampersand_in_a_text() -> None:
    assert options("$filter=name%20eq%20'a%26b'").query.filter == Call(
        "eq", (Path(("name",)), Literal("a&b"))
    )


def test_expand_with_options_within_options() -> None:
    found = options(
        "$expand=Datastreams($select=name;$filter=name eq 'a;b)';"
        "$expand=Observations($top=1;$count=true)),Locations"
    )
    assert set(found.expand) == {"Datastreams", "Locations"}
    datastreams = found.expand["Datastreams"]
    assert datastreams.select == {"name"}
    assert datastreams.query.filter == Call("eq", (Path(("name",)), Literal("a;b)")))
    kind = (Expand("MultiDatastream", Query(select=("id",))),)  # which of the two links it has
    assert datastreams.expand["Observations"].query == Query(top=1, count=True, expand=kind)
    assert [e.link for e in found.query.expand] == ["Datastreams", "Locations"]
    assert found.query.expand[0].query.expand[0].query.top == 1


def test_expand_by_slashes() -> None:
    found = options("$expand=Datastreams/Observations($top=1),Datastreams/Sensor")
    datastreams = found.expand["Datastreams"]
    assert set(datastreams.expand) == {"Observations", "Sensor"}
    assert datastreams.expand["Observations"].query.top == 1
    assert {e.link for e in found.query.expand[0].query.expand} == {"Observations", "Sensor"}


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("foo=1", QueryError),
        ("$foo=1", QueryError),
        ("$search=a", NotSupported),
        ("$top", QueryError),
        ("$top=-1", QueryError),
        ("$top=1.5", QueryError),
        ("$top=²", QueryError),
        ("$skip=9223372036854775808", QueryError),
        ("$top=1&$top=2", QueryError),
        ("$count=yes", QueryError),
        ("$select=nope", QueryError),
        ("$select=", QueryError),
        ("$expand=nope", QueryError),
        ("$expand=", QueryError),
        ("$expand=Datastreams($top=1", QueryError),
        ("$expand=Datastreams)", QueryError),
        ("$expand=Datastreams($filter=name eq ')", QueryError),
        ("$expand=Datastreams($top=1)x", QueryError),
        ("$expand=Datastreams($skiptoken=1)", QueryError),
        ("$expand=Datastreams($resultFormat=CSV)", QueryError),
        ("$expand=Datastreams($top=1),Datastreams($top=2)", QueryError),
        ("$expand=Datastreams($top=1),Datastreams($skip=2)", QueryError),
        ("$resultFormat=xml", NotSupported),
        ("$filter=%ff", QueryError),
    ],
)
def test_what_is_refused(text: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        options(text)


def test_to_one_links_take_no_paging() -> None:
    with pytest.raises(QueryError, match="cannot be used here"):
        options("$expand=Thing($top=1)", DATASTREAM)
    with pytest.raises(QueryError, match="cannot be used here"):
        parse_options("$top=1", THING, ENTITY)


def test_limits() -> None:
    links = ["Datastreams", "Thing"] * MAX_EXPAND_DEPTH
    options("$expand=" + "/".join(links[:MAX_EXPAND_DEPTH]))
    for text in (
        "/".join(links[: MAX_EXPAND_DEPTH + 1]),
        ",".join(f"Datastreams($expand=Thing($expand={link}))" for link in ["Locations"] * 30),
        "/".join(links * 100),
    ):
        with pytest.raises((TooLarge, QueryError)):
            options("$expand=" + text)
    assert options("$top=99999").query.top == MAX_TOP


def test_link_to_the_next_page_keeps_all_but_the_place() -> None:
    found = options("$filter=result%20gt%203%20or%20id%20eq%205&$top=2&$skip=4&$count=true", OBSERVATION)
    link = found.next_query("m&r=k+1")
    assert parse_qs(link, strict_parsing=True) == {
        "$filter": ["result gt 3 or id eq 5"],
        "$top": ["2"],
        "$count": ["true"],
        "$skiptoken": ["m&r=k+1"],
    }
    again = options(link, OBSERVATION)
    assert (again.query.after, again.query.skip) == ("m&r=k+1", 0)
    assert again.query.filter == found.query.filter


@given(st.text(max_size=80), st.sampled_from(sorted(COLLECTION)))
def test_any_text_is_read_or_refused(text: str, name: str) -> None:
    for whole in (text, f"{name}={text}", f"$expand=Datastreams({name}={text})"):
        with suppress(QueryError, NotSupported, TooLarge):
            options(whole)
