"""Pages, orders, expansions: what comes, in what order, and that paging meets everything once."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.unit.observation_models import EPOCH, SECOND, call, do, make, path, route, thing, world
from twin.errors import EntityNotFound, QueryError, TooLarge
from twin.observations import select
from twin.observations.changes import Append, AppendMany, Update
from twin.observations.query import Entity, Expand, Instant, Order, Page, Query
from twin.observations.store import Observations, open_observations

STREAMS = 12
TIME = path("phenomenonTime")


@pytest.fixture(scope="module")
def observations(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Observations]:
    """Datastreams of very different pace: from one observation to several hundred, some long ago."""
    choice = random.Random(3)
    with open_observations(tmp_path_factory.mktemp("pages")) as store:
        for i in range(4):
            make(store, "Things", thing(f"thing {i}", STREAMS // 4))
        parts = []
        for stream in range(1, STREAMS):
            n = [1, 7, 60, 300][stream % 4]
            start = EPOCH - choice.choice([0, 10**9, 10**13])
            times = [start + choice.randrange(n) * choice.choice([1, 7 * SECOND]) for _ in range(n)]
            parts.append(Append(stream, times, [choice.choice([1, 2, None, "a"]) for _ in range(n)]))
        do(store, AppendMany(parts))
        yield store


def everything(store: Observations, collection: str, query: Query) -> list[Entity]:
    """All pages, one after the other."""
    entities: list[Entity] = []
    while True:
        page = store.page(route(collection), query)
        entities += page.entities
        if page.next is None:
            return entities
        assert page.entities
        query = Query(query.select, query.expand, query.filter, query.order, query.top, 0, False, page.next)


def micros(entity: Entity) -> int:
    value = entity.values["phenomenonTime"]
    assert isinstance(value, Instant)
    return value.micros


@pytest.mark.parametrize("top", [1, 7, 100, 1000])
@pytest.mark.parametrize(
    "collection", ["Observations", "Datastreams(3)/Observations", "FeaturesOfInterest(1)/Observations"]
)
@pytest.mark.parametrize("descending", [True, False])
def test_paging_by_time_meets_every_observation_once_in_order(
    observations: Observations, collection: str, top: int, descending: bool
) -> None:
    if top == 1 and collection == "Observations":
        top = 3
    met = everything(observations, collection, Query(order=(Order(TIME, descending),), top=top))
    whole = observations.page(route(collection), Query(top=10_000, count=True))
    assert len(met) == whole.count == len(whole.entities)
    assert {e.id for e in met} == {e.id for e in whole.entities}
    stamps = [micros(e) for e in met]
    assert stamps == sorted(stamps, reverse=descending)


@pytest.mark.parametrize(
    "orders",
    ["result", "-result", "result,-phenomenonTime", "-resultTime,result", "id", "-Datastream/Thing/name,id"],
)
def test_paging_by_any_order_meets_everything_once(observations: Observations, orders: str) -> None:
    order = tuple(Order(path(name.lstrip("-")), name.startswith("-")) for name in orders.split(","))
    met = [e.id for e in everything(observations, "Observations", Query(order=order, top=83))]
    whole = [e.id for e in observations.page(route("Observations"), Query(order=order, top=10_000)).entities]
    assert met == whole
    assert len(set(met)) == len(met) == observations.last_id()


@pytest.mark.parametrize("skip", [0, 5, 90, 5000])
def test_newest_of_all_are_the_newest(observations: Observations, skip: int) -> None:
    whole = observations.page(route("Observations"), Query(top=10_000)).entities
    expected = sorted((micros(e) for e in whole), reverse=True)[skip : skip + 25]
    newest = observations.page(
        route("Observations"), Query(order=(Order(TIME, True),), top=25, skip=skip, count=True)
    )
    assert [micros(e) for e in newest.entities] == expected
    assert newest.count == len(whole)


def test_newest_that_pass_a_filter(observations: Observations) -> None:
    whole = observations.page(route("Observations"), Query(top=10_000)).entities
    for value in (1, "a", None, "absent"):
        some = [e for e in whole if e.values["result"] == value]
        expected = sorted((micros(e) for e in some), reverse=True)[:40]
        query = Query(filter=call("eq", "/result", value), order=(Order(TIME, True),), top=40, count=True)
        page = observations.page(route("Observations"), query)
        assert [micros(e) for e in page.entities] == expected
        assert page.count == len(some)


def test_a_span_of_all_datastreams(observations: Observations) -> None:
    whole = observations.page(route("Observations"), Query(top=10_000)).entities
    start, end = EPOCH - 10**9, EPOCH + 100 * SECOND
    span = call(
        "and", call("ge", "/phenomenonTime", Instant(start)), call("lt", "/phenomenonTime", Instant(end))
    )
    expected = {e.id for e in whole if start <= micros(e) < end}
    met = everything(observations, "Observations", Query(filter=span, top=11))
    assert {e.id for e in met} == expected
    assert len(met) == len(expected)


def test_the_order_of_the_index_is_used(observations: Observations) -> None:
    """Latest values and one datastream's span come from the index without sorting or scanning."""
    from twin.observations.collection import Collection
    from twin.observations.model import DATASTREAM, OBSERVATION

    plans = []
    link = DATASTREAM.link("Observations")

    class Recorder:
        def __init__(self, connection: object) -> None:
            self.connection = connection

        def execute(self, sql: str, values: object) -> object:
            plan = self.connection.execute("EXPLAIN QUERY PLAN " + sql, values)  # type: ignore[attr-defined]
            plans.append(" / ".join(row[3] for row in plan))
            return self.connection.execute(sql, values)  # type: ignore[attr-defined]

    span = call("ge", "/phenomenonTime", Instant(EPOCH))
    with observations.connection() as connection:
        recorder = Recorder(connection)
        for query in (Query(), Query(order=(Order(TIME, True),)), Query(filter=span)):
            Collection(OBSERVATION, query, link).rows(recorder, 1, 10)  # type: ignore[arg-type]
        Collection(OBSERVATION, Query(filter=span)).rows(recorder, None, 10)  # type: ignore[arg-type]
    assert all("SCAN t" not in plan and "TEMP B-TREE" not in plan for plan in plans), plans
    assert all("observations_datastream (datastream=?" in plan for plan in plans), plans


def test_expansion_has_its_own_options(observations: Observations) -> None:
    newest = Query(top=2, order=(Order(TIME, True),), count=True, select=("result", "phenomenonTime"))
    streams = Query(expand=(Expand("Observations", newest), Expand("Sensor")), filter=call("ne", "/id", 2))
    page = observations.page(
        route("Things"), Query(expand=(Expand("Datastreams", streams), Expand("Locations")), top=2)
    )
    assert [e.id for e in page.entities] == [1, 2]
    first = page.entities[0]
    found = first.links["Datastreams"]
    assert isinstance(found, Page)
    assert [e.id for e in found.entities] == [1, 3]
    for stream in found.entities:
        readings = stream.links["Observations"]
        assert isinstance(readings, Page)
        alone = observations.page(route(f"Datastreams({stream.id})/Observations"), newest)
        assert [e.id for e in readings.entities] == [e.id for e in alone.entities]
        assert (readings.count, readings.next) == (alone.count, alone.next)
        assert set(readings.entities[0].values) == {"result", "phenomenonTime"}
        sensor = stream.links["Sensor"]
        assert isinstance(sensor, Entity)
        assert sensor.id == observations.entity(route(f"Datastreams({stream.id})/Sensor")).id
    onward = everything(
        observations,
        "Datastreams(3)/Observations",
        Query(
            newest.select, (), None, newest.order, 50, 0, False, found.entities[1].links["Observations"].next
        ),  # type: ignore[union-attr]
    )
    assert len(onward) == 300 - 2


def test_a_link_to_one_that_leads_nowhere_is_none(observations: Observations) -> None:
    query = Query(
        expand=(Expand("MultiDatastream"), Expand("Datastream", Query(expand=(Expand("Thing"),)))), top=3
    )
    for entity in observations.page(route("Observations"), query).entities:
        assert entity.links["MultiDatastream"] is None
        stream = entity.links["Datastream"]
        assert isinstance(stream, Entity)
        assert isinstance(stream.links["Thing"], Entity)


def test_answers_are_bounded(observations: Observations, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(select, "MAX_ENTITIES", 300)
    with pytest.raises(TooLarge):
        observations.page(
            route("Things"), Query(expand=(Expand("Datastreams", Query(expand=(Expand("Observations"),))),))
        )
    assert len(observations.page(route("Observations"), Query()).entities) == select.PAGE


@pytest.mark.parametrize(
    "text",
    ["Things(99)", "Things(0)", f"Things({2**63 - 1})", f"Things({2**80})", "Things(1)/Datastreams(4)",
     "MultiDatastreams(1)",
     "Datastreams(1)/Thing/Datastreams(99)", "Observations(1)/MultiDatastream"],
)  # fmt: skip
def test_what_is_not_there_is_not_found(observations: Observations, text: str) -> None:
    with pytest.raises(EntityNotFound):
        observations.entity(route(text))


@pytest.mark.parametrize(
    "text", ["Things", "Things(1)/Nothing(1)", "Datastreams(1)/Thing(1)", "Things(1)/Datastreams/Sensor"]
)
def test_routes_that_mean_nothing_are_refused(observations: Observations, text: str) -> None:
    with pytest.raises(QueryError):
        observations.entity(route(text))


def test_pages_of_no_entities(observations: Observations) -> None:
    empty = observations.page(
        route(f"Datastreams({STREAMS})/Observations"), Query(count=True, order=(Order(TIME),))
    )
    assert (empty.entities, empty.count, empty.next) == ([], 0, None)
    none = observations.page(route("Observations"), Query(top=0, count=True))
    assert none.entities == []
    assert none.count == observations.last_id()
    with pytest.raises(QueryError):
        observations.page(route("Observations"), Query(top=-1))


def test_pages_while_others_write(observations: Observations) -> None:
    """A page mark stands for a place in the order, so that what is written meanwhile moves nothing."""
    query = Query(order=(Order(TIME, True),), top=20)
    first = observations.page(route("Observations"), query)
    expected = observations.page(
        route("Observations"), Query(order=query.order, top=20, after=first.next)
    ).entities
    do(observations, Append(STREAMS, np.arange(50) + EPOCH + 10**10, np.arange(50)))
    do(observations, Update(route("Things(1)"), {"name": "moved"}))
    again = observations.page(
        route("Observations"), Query(order=query.order, top=20, after=first.next)
    ).entities
    assert [e.id for e in again] == [e.id for e in expected]


def test_clocks_far_ahead_and_streams_long_ended_do_not_hide_the_newest(tmp_path: Path) -> None:
    with world(tmp_path, things=1, streams=40) as store:
        ahead, ended = 10**16, EPOCH - 10**14
        for stream in range(1, 41):
            start = EPOCH if stream <= 30 else ended
            do(store, Append(stream, [start + i * SECOND + stream for i in range(50)], [stream] * 50))
        do(store, Append(1, [ahead, ahead + 10**15], [0, 0]))
        do(store, Append(2, [1, 2], [0, 0]))
        whole = store.page(route("Observations"), Query(top=10_000)).entities
        for descending in (True, False):
            for top, skip in ((1, 0), (3, 0), (100, 0), (100, 1900), (3000, 0)):
                page = store.page(
                    route("Observations"), Query(order=(Order(TIME, descending),), top=top, skip=skip)
                )
                stamps = sorted((micros(e) for e in whole), reverse=descending)[skip : skip + top]
                assert [micros(e) for e in page.entities] == stamps
        rare = Query(filter=call("eq", "/result", 40), order=(Order(TIME, True),), top=10)
        assert [e.values["result"] for e in store.page(route("Observations"), rare).entities] == [40] * 10
