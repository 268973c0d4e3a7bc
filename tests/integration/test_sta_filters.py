"""Filters, orders and expansions made by chance, sound and unsound, never break the server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.sensorthings.grammar import FUNCTIONS
from tests.integration.sensorthings_samples import make_world, multi_datastream, observation, thing
from tests.integration.sensorthings_server import Server, served
from twin.observations.model import ENTITY_SETS

EXPECTED = {200, 400, 404, 413, 501}
QUICK = settings(
    max_examples=300,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with served(tmp_path_factory.mktemp("sta") / "x.twin") as running:
        make_world(running)
        for result in ("text", None, True, {"a": [1]}, [1, 2], 1.5, "7"):
            body = observation(result, "2024-05-01T00:00:00Z/2024-05-02T00:00:00Z", Datastream={"@iot.id": 1})
            running.create("/Observations", body)
        yield running


SETS = st.sampled_from(sorted(ENTITY_SETS))
PROPERTIES = sorted({p.name for e in ENTITY_SETS.values() for p in e.properties})
LINKS = sorted({link.name for e in ENTITY_SETS.values() for link in e.links})
NAMES = st.one_of(st.sampled_from([*PROPERTIES, "id", "@iot.id"]), st.sampled_from(LINKS))
PATHS = st.one_of(
    NAMES,
    st.builds("/".join, st.lists(NAMES, min_size=2, max_size=4)),
    st.sampled_from(
        (
            "Datastream/unitOfMeasurement/symbol",
            "properties/owner",
            "properties/a/0/b",
            "Datastreams/Observations/result",
            "Thing/Locations/location",
        )
    ),
)
LITERALS = st.one_of(
    st.integers(-(2**70), 2**70).map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.text(max_size=10).map(lambda text: "'" + text.replace("'", "''") + "'"),
    st.sampled_from(
        (
            "null",
            "true",
            "false",
            "NaN",
            "INF",
            "-INF",
            "2024-05-01T03:00:00Z",
            "2024-05-01T03:00:00.123456+09:00",
            "0001-01-01T00:00:00Z",
            "9999-12-31T23:59:59.999999Z",
            "2024-05-01T00:00:00Z/2024-05-02T00:00:00Z",
            "2024-05-01T00:00:00Z/P1D",
            "2024-05-01",
            "03:00:00",
            "duration'P1D'",
            "duration'-P99999Y'",
            "geography'POINT(8 52)'",
            "geography'POLYGON((0 0,1 0,1 1,0 0))'",
            "geography'POLYGON((0 0,1 0))'",
            "geography'nonsense'",
            "geography'POINT EMPTY'",
            "'T*F**FFF*'",
        )
    ),
)
OPERATORS = st.sampled_from("eq ne gt ge lt le and or add sub mul div mod".split())  # noqa: SIM905


def calls(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    def call(name: str) -> st.SearchStrategy[str]:
        least, most = FUNCTIONS[name]
        arguments = st.lists(inner, min_size=least, max_size=most)
        return arguments.map(lambda given: f"{name}({','.join(given)})")

    return st.sampled_from(sorted(FUNCTIONS)).flatmap(call)


EXPRESSIONS = st.recursive(
    PATHS | LITERALS,
    lambda inner: st.one_of(
        st.tuples(inner, OPERATORS, inner).map(" ".join),
        inner.map(lambda text: f"({text})"),
        inner.map(lambda text: f"not {text}"),
        inner.map(lambda text: f"-{text}"),
        calls(inner),
    ),
    max_leaves=8,
)
FILTERS = st.one_of(
    EXPRESSIONS,
    st.tuples(PATHS, OPERATORS, LITERALS).map(" ".join),
    calls(PATHS | LITERALS).flatmap(lambda call: st.tuples(st.just(call), OPERATORS, LITERALS).map(" ".join)),
    st.text(max_size=60),
)


def ask(server: Server, set_name: str, query: str) -> None:
    answer = server.client.get(f"/{set_name}?{query}")
    assert answer.status_code in EXPECTED, f"{answer.status_code}: {set_name}?{query}"
    if answer.status_code != 200:
        assert answer.json()["status"] == answer.status_code


@QUICK
@given(SETS, FILTERS)
def test_filters(server: Server, set_name: str, text: str) -> None:
    ask(server, set_name, f"$filter={quote(text)}&$top=3")


@QUICK
@given(st.sampled_from(("Things", "Datastreams", "Observations", "Locations")), EXPRESSIONS, EXPRESSIONS)
def test_comparisons(server: Server, set_name: str, a: str, b: str) -> None:
    ask(server, set_name, f"$filter={quote(f'({a}) eq ({b}) or ({b}) gt ({a})')}&$count=true")


@QUICK
@given(SETS, EXPRESSIONS, st.sampled_from(("", " asc", " desc")), st.integers(0, 3))
def test_orders_and_pages(server: Server, set_name: str, text: str, direction: str, top: int) -> None:
    answer = server.client.get(f"/{set_name}?$orderby={quote(text + direction)}&$top={top}&$count=true")
    assert answer.status_code in EXPECTED, f"{answer.status_code}: {set_name} {text}"
    if answer.status_code == 200 and "@iot.nextLink" in answer.json():
        assert server.client.get(answer.json()["@iot.nextLink"]).status_code == 200, text


@QUICK
@given(SETS, st.lists(st.sampled_from(LINKS), min_size=1, max_size=4), FILTERS, st.booleans())
def test_expansions(server: Server, set_name: str, links: list[str], text: str, slashes: bool) -> None:
    if slashes:
        expand = "/".join(links)
    else:
        expand = "".join(f"{link}($expand=" for link in links[:-1]) + f"{links[-1]}($filter={text};$top=2)"
        expand += ")" * (len(links) - 1)
    ask(server, set_name, f"$expand={quote(expand)}")


@QUICK
@given(
    st.sampled_from(("$skiptoken", "$select", "$resultFormat", "$skip", "$top", "$count")),
    st.text(max_size=40),
)
def test_other_options(server: Server, name: str, text: str) -> None:
    ask(server, "Observations", f"{name}={quote(text)}")


@QUICK
@given(st.lists(st.one_of(NAMES, st.text(max_size=8), SETS.map(lambda s: f"{s}(1)")), max_size=4), SETS)
def test_paths(server: Server, parts: list[str], set_name: str) -> None:
    path = quote("/".join([f"{set_name}(1)", *parts]))
    answer = server.client.get(f"/{path}")
    assert answer.status_code in EXPECTED | {204}, path


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**64), 2**64)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=8,
)


@QUICK
@given(SETS, st.dictionaries(NAMES, JSON, max_size=6), st.booleans())
def test_bodies(server: Server, set_name: str, changes: dict[str, object], whole: bool) -> None:
    base = {"Things": thing(), "MultiDatastreams": multi_datastream(), "Observations": observation(1)}
    body = {**base.get(set_name, {}), **changes} if whole else changes
    answer = server.client.post(
        f"/{set_name}", content=_dump(body), headers={"Content-Type": "application/json"}
    )
    assert answer.status_code in {200, 201, 400, 404, 409, 413, 501}, (answer.status_code, set_name, body)
    answer = server.client.patch(f"/{set_name}(1)", content=_dump(changes))
    assert answer.status_code in {200, 400, 404, 409, 413, 501}, (answer.status_code, set_name, changes)


def _dump(body: object) -> bytes:
    return json.dumps(body, allow_nan=False).encode("utf-8", "surrogatepass")
