"""The sink: what is made for readings, once, and what is not stored again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.observations.changes import Delete
from twin.observations.model import DATASTREAM, OBSERVATION, OBSERVED_PROPERTY, SENSOR, THING
from twin.observations.query import Query, Route, Step
from twin.observations.store import Observations, open_observations
from twin.sources.quantities import quantity
from twin.sources.readings import Series, Station
from twin.sources.sink import Sink, Written

AT = Station("a", "A", longitude=127.0, latitude=37.0, height=12.5, properties={"kind": "air"})
PM10, PM25 = quantity("PM10"), quantity("PM2.5")


def series(times: list[int], results: list[Any], station: Station = AT, of: Any = PM10) -> Series:
    return Series(station, of, np.array(times, np.int64), results)


def count(observations: Observations, *kinds: Any) -> list[int]:
    return [observations.page(Route(kind), Query(count=True)).count or 0 for kind in kinds]


def readings(observations: Observations) -> list[tuple[int, Any]]:
    found = observations.page(Route(OBSERVATION), Query(top=1000)).entities
    return sorted((e.values["phenomenonTime"].micros, e.values["result"]) for e in found)


def test_what_readings_need_is_made_once(tmp_path: Path) -> None:
    with open_observations(tmp_path) as observations:
        given = [
            series([1, 2], [3.0, 4.0]),
            series([1], [5.0], of=PM25),
            series([1], [6.0], replace(AT, key="b", name="B")),
        ]
        assert Sink(observations, "s").write(given) == Written(stored=4, known=0, streams=3)
        assert Sink(observations, "s").write(given) == Written(stored=0, known=4, streams=0)
        assert count(observations, THING, DATASTREAM, SENSOR, OBSERVED_PROPERTY) == [2, 3, 1, 2]
        thing = observations.page(Route(THING)).entities[0]
        assert thing.values["properties"] == {"kind": "air", "source": "s", "station": "a"}
        place = observations.page(Route(THING, thing.id, (Step("Locations"),))).entities[0]
        assert place.values["location"] == {"type": "Point", "coordinates": [127.0, 37.0, 12.5]}


def test_each_source_has_its_own_things_and_shares_what_is_observed(tmp_path: Path) -> None:
    with open_observations(tmp_path) as observations:
        for name in ("s", "t"):
            Sink(observations, name).write([series([1], [3.0])])
        assert count(observations, THING, DATASTREAM, SENSOR, OBSERVED_PROPERTY) == [2, 2, 2, 1]


def test_what_others_say_of_a_station_cannot_pass_for_ours(tmp_path: Path) -> None:
    with open_observations(tmp_path) as observations:
        Sink(observations, "s").write([series([1], [1.0], replace(AT, properties={"source": "t"}))])
        thing = observations.page(Route(THING)).entities[0]
        assert thing.values["properties"]["source"] == "s"


def test_a_station_gets_its_place_when_it_is_known(tmp_path: Path) -> None:
    with open_observations(tmp_path) as observations:
        sink = Sink(observations, "s")
        sink.write([series([1], [1.0], Station("a", "A"))])
        route = Route(THING, 1, (Step("Locations"),))
        assert not observations.page(route).entities
        sink.write([series([1], [1.0], of=PM25), series([1], [1.0], of=quantity("O3"))])
        assert len(observations.page(route).entities) == 1


@pytest.mark.parametrize("result", [1, 1.5, -0.0, True, "wet", None, {"a": [1]}, [1, 2]])
def test_any_result_is_known_again(tmp_path: Path, result: Any) -> None:
    with open_observations(tmp_path) as observations:
        sink = Sink(observations, "s")
        assert sink.write([series([5], [result])]).stored == 1
        assert sink.write([series([5, 6], [result, result])]) == Written(stored=1, known=1)


def test_another_result_at_the_same_time_is_another_reading(tmp_path: Path) -> None:
    with open_observations(tmp_path) as observations:
        sink = Sink(observations, "s")
        sink.write([series([5], [1.0])])
        assert sink.write([series([5, 5], [1.5, "1.0"])]).stored == 2


def test_a_span_of_time_keeps_its_end(tmp_path: Path) -> None:
    with open_observations(tmp_path) as observations:
        one = replace(series([5, 9], [1.0, 2.0]), ends=[8, None])
        Sink(observations, "s").write([one])
        found = observations.page(Route(OBSERVATION)).entities
        assert [getattr(e.values["phenomenonTime"], "end", None) for e in found] == [8, None]


def test_what_was_deleted_is_made_again(tmp_path: Path) -> None:
    with open_observations(tmp_path) as observations:
        sink = Sink(observations, "s")
        sink.write([series([5], [1.0])])
        observations.writer.submit(Delete(Route(THING, 1))).result()
        assert sink.write([series([6], [2.0])]) == Written(stored=1, known=0, streams=1)
        assert Sink(observations, "s").write([series([6], [2.0])]).known == 1


def test_more_than_one_transaction_holds(tmp_path: Path) -> None:
    with open_observations(tmp_path) as observations:
        n = 50_000
        sink = Sink(observations, "s")
        assert sink.write([series(list(range(n)), [0.5] * n)]).stored == n
        assert sink.reached(AT, PM10) == n - 1
        assert sink.reached(AT, PM25) is None


@settings(max_examples=30, deadline=None)
@given(st.lists(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 3)), max_size=8), max_size=5))
def test_deliveries_that_overlap_store_each_reading_once(
    tmp_path_factory: pytest.TempPathFactory, deliveries: list[list[tuple[int, int]]]
) -> None:
    with open_observations(tmp_path_factory.mktemp("o")) as observations:
        for delivery in deliveries:
            if delivery:
                Sink(observations, "s").write(
                    [series([t], [r]) for t, r in delivery[::2]]
                    + [series([t for t, _ in delivery], [r for _, r in delivery])]
                )
        assert readings(observations) == sorted({reading for part in deliveries for reading in part})
