"""Filters and orders: what they hold for, and that nothing but a clear refusal comes of nonsense."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.observation_models import (
    EPOCH,
    SECOND,
    call,
    datastream,
    do,
    location,
    make,
    path,
    route,
    thing,
)
from twin.errors import QueryError, TooLarge, TwinError
from twin.observations import functions, model
from twin.observations.changes import Append
from twin.observations.query import (
    Call,
    Duration,
    Expand,
    Expression,
    Geometry,
    Instant,
    Interval,
    Literal,
    Order,
    Query,
    Route,
)
from twin.observations.store import Observations, open_observations

RESULTS = [1, 2.5, 3, "3", "wet", None, True, [1, 2], {"a": 5}, -4, 10]
"""Observations 1 to 11 of Datastream 1, a minute apart."""
MINUTE = 60 * SECOND
BOX = "POLYGON((126.5 36.5, 127.5 36.5, 127.5 37.5, 126.5 37.5, 126.5 36.5))"


@pytest.fixture(scope="module")
def observations(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Observations]:
    with open_observations(tmp_path_factory.mktemp("filter")) as store:
        make(store, "Things", thing("river", properties={"depth": 2, "tags": ["a", "b"], "open": True}))
        make(
            store,
            "Things",
            thing("Lake Ö", 2, Locations=[location("far", 129.0, 35.0)], properties={"depth": "2"}),
        )
        make(store, "Things", thing("empty", 0, Locations=[]))
        stamps = [EPOCH + i * MINUTE for i in range(len(RESULTS))]
        do(store, Append(1, stamps, RESULTS))
        spans = [(EPOCH, EPOCH + MINUTE), (EPOCH + MINUTE, EPOCH + 3 * MINUTE)]
        do(store, Append(2, [s for s, _ in spans], [7, 8], times_end=[e for _, e in spans],
                         valid_times=[Interval(0, 10), None], parameters=[{"q": 1}, None]))  # fmt: skip
        yield store


def found(observations: Observations, collection: str, expression: Expression, **options: Any) -> list[int]:
    page = observations.page(route(collection), Query(filter=expression, count=True, **options))
    assert page.count == len(page.entities)
    return sorted(entity.id for entity in page.entities)


def at(minutes: float) -> Instant:
    return Instant(EPOCH + round(minutes * MINUTE))


OF_RESULTS: list[tuple[Expression, list[int]]] = [
    (call("gt", "/result", 2), [2, 3, 11]),
    (call("gt", "/result", "2"), [2, 3, 4, 5, 11]),
    (call("gt", "/result", "9"), [5, 11]),
    (call("le", "/result", 2.5), [1, 2, 10]),
    (call("lt", 2, "/result"), [2, 3, 11]),
    (call("eq", "/result", 3), [3]),
    (call("eq", "/result", "3"), [3, 4]),
    (call("ne", "/result", 3), [1, 2, 4, 5, 6, 7, 8, 9, 10, 11]),
    (call("eq", "/result", "wet"), [5]),
    (call("eq", "/result", None), [6]),
    (call("ne", "/result", None), [1, 2, 3, 4, 5, 7, 8, 9, 10, 11]),
    (call("eq", "/result", True), [7]),
    (call("eq", "/result", "true"), []),
    (call("gt", "/result", None), []),
    (call("eq", "/result/a", 5), [9]),
    (call("eq", "/result/1", 2), [8]),
    (call("not", call("gt", "/result", 2)), [1, 4, 5, 6, 7, 8, 9, 10]),
    (call("eq", call("add", "/result", 1), 4), [3]),
    (call("eq", call("sub", "/result", 1), 0), [1]),
    (call("eq", call("mul", "/result", 2), 5), [2]),
    (call("eq", call("div", 5, "/result"), 0.5), [11]),
    (call("eq", call("mod", "/result", 4), 2), [11]),
    (call("eq", call("neg", "/result"), 4), [10]),
    (call("eq", call("round", "/result"), 3), [2, 3]),
    (call("eq", call("floor", "/result"), 2), [2]),
    (call("eq", call("ceiling", "/result"), 3), [2, 3]),
    (call("or", call("eq", "/result", 1), call("eq", "/id", 5)), [1, 5]),
    (call("and", call("gt", "/result", 0), call("lt", "/result", 3)), [1, 2]),
    (call("and", call("gt", "/result", 0), call("not", call("eq", "/result", 3))), [1, 2, 11]),
    (call("substringof", "e", "/result"), [5, 7]),
    (call("eq", "/resultTime", None), list(range(1, 12))),
    (call("eq", "/resultTime", at(0)), []),
]


@pytest.mark.parametrize(("expression", "ids"), OF_RESULTS, ids=lambda v: str(v)[:60])
def test_results_compare_by_what_they_are(
    observations: Observations, expression: Expression, ids: list[int]
) -> None:
    assert found(observations, "Datastreams(1)/Observations", expression) == ids
    here = call("eq", "/Datastream/id", 1)
    assert found(observations, "Observations", call("and", expression, here)) == ids


PHENOMENON = "/phenomenonTime"
OF_TIMES: list[tuple[Expression, list[int]]] = [
    (call("gt", PHENOMENON, at(9)), [11]),
    (call("ge", PHENOMENON, at(9)), [10, 11]),
    (call("lt", PHENOMENON, at(1)), [1, 12]),
    (call("le", PHENOMENON, at(0)), [1]),
    (call("le", PHENOMENON, at(1)), [1, 2, 12]),
    (call("lt", at(9), PHENOMENON), [11]),
    (call("eq", PHENOMENON, at(0)), [1]),
    (call("eq", PHENOMENON, Interval(EPOCH, EPOCH + MINUTE)), [12]),
    (call("lt", PHENOMENON, Interval(EPOCH + 2 * MINUTE, EPOCH + 3 * MINUTE)), [1, 2, 12]),
    (call("gt", PHENOMENON, Interval(EPOCH, EPOCH + 9 * MINUTE)), [10, 11]),
    (call("and", call("ge", PHENOMENON, at(2)), call("lt", PHENOMENON, at(4))), [3, 4]),
    (call("ge", PHENOMENON, "2023-11-14T22:22:20Z"), [10, 11]),
    (call("eq", call("minute", PHENOMENON), 14), [2, 13]),
    (call("eq", call("year", PHENOMENON), 2022), []),
    (call("eq", call("second", PHENOMENON), 20), list(range(1, 14))),
    (call("eq", call("fractionalseconds", PHENOMENON), 0), list(range(1, 14))),
    (call("eq", call("date", PHENOMENON), "2023-11-14T00:00:00Z"), list(range(1, 14))),
    (call("lt", call("time", PHENOMENON), "22:14:00"), [1, 12]),
    (call("eq", call("totaloffsetminutes", PHENOMENON), 0), list(range(1, 14))),
    (call("lt", call("add", PHENOMENON, Duration(9 * MINUTE)), at(10)), [1, 12]),
    (call("gt", call("sub", PHENOMENON, at(0)), Duration(9 * MINUTE)), [11]),
    (call("lt", PHENOMENON, call("now")), list(range(1, 14))),
    (call("gt", PHENOMENON, call("maxdatetime")), []),
    (call("gt", PHENOMENON, call("mindatetime")), list(range(1, 14))),
    (call("eq", "/validTime", Interval(0, 10)), [12]),
    (call("gt", "/validTime", at(0)), []),
    (call("eq", "/parameters/q", 1), [12]),
]


@pytest.mark.parametrize(("expression", "ids"), OF_TIMES, ids=lambda v: str(v)[:60])
def test_times_compare_by_start_and_must_end_in_time(
    observations: Observations, expression: Expression, ids: list[int]
) -> None:
    assert found(observations, "Observations", expression) == ids
    newest = (Order(path("phenomenonTime"), True),)
    assert found(observations, "Observations", expression, order=newest) == ids


OF_OTHERS: list[tuple[str, Expression, list[int]]] = [
    ("Things", call("eq", "/name", "river"), [1]),
    ("Things", call("eq", "/properties/depth", 2), [1]),
    ("Things", call("ge", "/properties/depth", "2"), [1, 2]),
    ("Things", call("eq", "/properties/tags/1", "b"), [1]),
    ("Things", call("eq", "/properties/open", True), [1]),
    ("Things", path("properties/open"), [1]),
    ("Things", call("eq", "/properties", None), [3]),
    ("Things", call("eq", "/properties/none/at/all", None), [1, 2, 3]),
    ("Things", call("eq", call("length", "/name"), 5), [1, 3]),
    ("Things", call("startswith", "/name", "ri"), [1]),
    ("Things", call("endswith", "/name", "r"), [1]),
    ("Things", call("endswith", "/name", "a long way to the river"), []),
    ("Things", call("eq", call("startswith", "/name", "ri"), False), [2, 3]),
    ("Things", call("substringof", "ake", "/name"), [2]),
    ("Things", call("eq", call("indexof", "/name", "v"), 2), [1]),
    ("Things", call("eq", call("substring", "/name", 2), "ver"), [1]),
    ("Things", call("eq", call("substring", "/name", 1, 2), "iv"), [1]),
    ("Things", call("eq", call("tolower", "/name"), "lake ö"), [2]),
    ("Things", call("eq", call("toupper", "/name"), "LAKE Ö"), [2]),
    ("Things", call("eq", call("trim", " river "), "/name"), [1]),
    ("Things", call("eq", call("concat", "/name", "!"), "river!"), [1]),
    ("Things", call("eq", "/name", "'; DROP TABLE things; --"), []),
    ("Things", call("eq", "/Datastreams/name", "Lake Ö 1"), [2]),
    ("Things", call("eq", "/Datastreams/unitOfMeasurement/symbol", "m"), [1, 2]),
    ("Things", call("gt", "/Datastreams/Observations/result", 9), [1]),
    ("Things", call("eq", "/Locations/name", "far"), [2]),
    ("Things", call("not", call("eq", "/Locations/name", "far")), [1, 3]),
    ("Things", call("st_within", "/Locations/location", Geometry(BOX)), [1]),
    ("Things", call("geo.intersects", "/Locations/location", Geometry(BOX)), [1]),
    ("Locations", call("lt", call("geo.distance", "/location", Geometry("POINT(127 38)")), 1.5), [1]),
    ("Locations", call("eq", call("geo.length", "/location"), 0), [1, 2]),
    ("Locations", call("st_disjoint", "/location", Geometry(BOX)), [2]),
    ("Locations", call("st_contains", Geometry(BOX), path("location")), [1]),
    ("Locations", call("st_relate", "/location", Geometry(BOX), "T*F**F***"), [1]),
    ("Locations", call("st_equals", "/location", "POINT(129 35)"), [2]),
    ("Locations", call("eq", "/location/coordinates/0", 129), [2]),
    ("Locations", call("gt", "/HistoricalLocations/time", at(0)), [1, 2]),
    ("Datastreams", call("eq", "/Thing/name", "Lake Ö"), [2, 3]),
    ("Datastreams", call("eq", "/Thing/Locations/name", "far"), [2, 3]),
    ("Datastreams", call("eq", "/Thing/id", 1), [1]),
    ("Datastreams", call("eq", "/name", call("concat", path("Thing/name"), " 1")), [3]),
    ("Datastreams", call("lt", "/phenomenonTime", at(5)), [2]),
    ("Datastreams", call("eq", "/phenomenonTime", None), [3]),
    ("Things(2)/Datastreams", call("ne", "/phenomenonTime", None), [2]),
    ("Observations", call("eq", "/Datastream/Thing/name", "Lake Ö"), [12, 13]),
    ("Observations", call("eq", "/MultiDatastream/id", 2), []),
    ("Observations", call("eq", "/FeatureOfInterest/name", "far"), [12, 13]),
    ("FeaturesOfInterest", call("eq", "/Observations/result", 8), [2]),
    ("FeaturesOfInterest(2)/Observations", call("gt", "/result", 7), [13]),
    ("Sensors", call("eq", "/Datastreams/Thing/name", "river"), [1]),
    ("Sensors", call("eq", "/metadata", "none"), [1, 2, 3]),
    ("Observations", call("and", call("eq", "/Datastream/name", "river 0"), call("eq", "/result", 3)), [3]),
    ("Observations", call("and", call("eq", "/Datastream/id", 2), call("eq", "/Datastream/name", "x")), []),
]  # fmt: skip


@pytest.mark.parametrize(("collection", "expression", "ids"), OF_OTHERS, ids=lambda v: str(v)[:60])
def test_filters(observations: Observations, collection: str, expression: Expression, ids: list[int]) -> None:
    assert found(observations, collection, expression) == ids


def test_conditions_on_a_link_to_many_are_met_by_one_target(tmp_path: Path) -> None:
    with open_observations(tmp_path) as store:
        streams = [datastream("a", description="1"), datastream("b", description="2")]
        make(store, "Things", thing(Datastreams=streams))
        for name, description, ids in (("a", "1", [1]), ("a", "2", [])):
            both = call(
                "and",
                call("eq", "/Datastreams/name", name),
                call("eq", "/Datastreams/description", description),
            )
            assert found(store, "Things", both) == ids


@pytest.mark.parametrize(
    "expression",
    [
        path("nothing"),
        path("name"),
        path("Datastreams"),
        path("name/part"),
        call("eq", "/Datastreams/nothing", 1),
        call("unknown", "/name"),
        call("length", "/name", 1),
        call("eq", "/name"),
        call("eq", call("add", "/name", 1), 2),
        call("eq", call("year", "/name"), 2),
        call("gt", call("st_length", "/id"), 2),
        call("st_within", "/Locations/location", Geometry("POLYGON((1 2")),
        call("gt", call("now"), "no time"),
        call("eq", "/name", "/Datastreams/name"),
        call("gt", call("now"), Instant(1 << 70)),
    ],
    ids=lambda v: str(v)[:60],
)
def test_what_means_nothing_is_refused(observations: Observations, expression: Expression) -> None:
    with pytest.raises(TwinError):
        observations.page(route("Things"), Query(filter=expression))


def test_depth_and_size_are_limited(observations: Observations) -> None:
    deep: Expression = call("eq", "/id", 1)
    for _ in range(300):
        deep = call("not", deep)
    with pytest.raises(TooLarge):
        observations.page(route("Things"), Query(filter=deep))
    with pytest.raises(TooLarge):
        observations.page(route("Things"), Query(order=(Order(deep),)))
    ten_thousand = reduce(lambda a, b: call("or", a, b), [call("eq", "/id", i) for i in range(10_000)])
    with pytest.raises(TooLarge):
        observations.page(route("Things"), Query(filter=ten_thousand))
    thousand = reduce(lambda a, b: call("or", a, b), [call("eq", "/id", i) for i in range(1000)])
    assert found(observations, "Things", thousand) == [1, 2, 3]
    nested: tuple[Expand, ...] = ()
    for i in range(8):
        nested = (Expand("Thing" if i % 2 else "Datastreams", Query(expand=nested)),)
    with pytest.raises(TooLarge):
        observations.page(Route(model.DATASTREAM), Query(expand=nested))


_OF_ONE = """not neg length tolower toupper trim year month day hour minute second fractionalseconds date
time totaloffsetminutes round floor ceiling geo.length"""
_OF_TWO = """eq ne gt ge lt le and or add sub mul div mod substring substringof startswith endswith indexof
concat geo.distance geo.intersects"""
FUNCTIONS = {
    1: _OF_ONE.split(),
    2: [*_OF_TWO.split(), *(f"st_{name}" for name in functions.RELATIONS)],
    3: ["st_relate", "substring"],
}


def _paths(entity_type: model.EntityType, depth: int = 2) -> list[str]:
    """All properties within two links, some with a part, and a few that are none."""
    own = ["id", "nothing", "result/0", *(p.name for p in entity_type.properties)]
    own += [f"{p.name}/a" for p in entity_type.properties if p.kind is not model.Kind.text]
    if depth:
        for link in entity_type.links:
            own += [f"{link.name}/{p}" for p in _paths(model.ENTITY_TYPES[link.target], depth - 1)]
    return own


literals = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    st.sampled_from(["2024-01-01T00:00:00Z", "POINT(1 2)", "3", "nan", "T*F**F***"]),
    st.integers().map(Instant),
    st.tuples(st.integers(0, 10), st.integers(10, 20)).map(lambda t: Interval(*t)),
    st.integers().map(Duration),
    st.sampled_from([Geometry(BOX), Geometry("POINT EMPTY"), Geometry("x")]),
).map(Literal)


def _calls(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    return st.one_of(
        *(
            st.tuples(st.sampled_from(names), st.tuples(*[inner] * n)).map(lambda c: Call(*c))
            for n, names in FUNCTIONS.items()
        )
    )


def _expressions(entity_type: model.EntityType) -> st.SearchStrategy[Expression]:
    leaves = st.one_of(st.sampled_from(_paths(entity_type)).map(path), literals)
    return st.recursive(leaves, _calls, max_leaves=8)  # type: ignore[arg-type]


EXPRESSIONS = {name: _expressions(e) for name, e in model.ENTITY_SETS.items()}


@settings(
    max_examples=800,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.sampled_from(list(EXPRESSIONS)), st.data())
def test_any_filter_is_answered_or_refused(
    observations: Observations, collection: str, data: st.DataObject
) -> None:
    expression, order = data.draw(EXPRESSIONS[collection]), data.draw(EXPRESSIONS[collection])
    for query in (Query(filter=expression, count=True), Query(order=(Order(order, True),), top=2)):
        try:
            page = observations.page(route(collection), query)
            if page.next is not None:
                observations.page(route(collection), Query(order=query.order, top=2, after=page.next))
        except TwinError:
            pass


@pytest.mark.parametrize("mark", ["", "x", "WzFd", "bnVsbA", "W3t9XQ", "é"])
def test_marks_of_elsewhere_are_refused(observations: Observations, mark: str) -> None:
    with pytest.raises(QueryError):
        observations.page(route("Things"), Query(order=(Order(path("name")),), after=mark))
