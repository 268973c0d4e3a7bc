"""Rollups, counters, extents and latest values, against the rows that they are of."""

from __future__ import annotations

import math
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.observation_models import EPOCH, SECOND, do, make, route, thing
from twin.errors import TwinError
from twin.observations import model, rollups
from twin.observations.changes import Append, AppendMany, Create, Delete, Update
from twin.observations.query import Instant, Interval
from twin.observations.store import Observations, open_observations

STREAMS = (1, 2, 3)
times = st.integers(0, 6 * 86_400).map(lambda s: EPOCH + s * SECOND)
results = st.one_of(
    st.integers(-1000, 1000),
    st.floats(-1e6, 1e6),
    st.sampled_from(["wet", None, True, [1, 2]]),
)
ids = st.integers(1, 40)
appends = st.builds(
    lambda stream, rows: Append(
        stream,
        [r[0] for r in rows],
        [r[1] for r in rows],
        times_end=[r[0] + r[2] if r[2] else None for r in rows],
        result_times=[r[3] for r in rows],
    ),
    st.sampled_from(STREAMS),
    st.lists(
        st.tuples(times, results, st.sampled_from([0, SECOND]), st.none() | times), min_size=1, max_size=8
    ),
)
given_ids = st.builds(
    lambda stream, time, result, id: Append(stream, [time], [result], ids=[id]),
    st.sampled_from(STREAMS),
    times,
    results,
    st.integers(1, 60) | st.sampled_from([5_000_000_000]),
)
updates = st.builds(
    lambda id, time, result: Update(route(f"Observations({id})"), {"phenomenonTime": time, "result": result}),
    ids,
    times.map(Instant) | times.map(lambda t: Interval(t, t + SECOND)),
    results,
)
moves = st.builds(
    lambda id, stream: Update(route(f"Observations({id})"), {"Datastream": {"@iot.id": stream}}),
    ids,
    st.sampled_from(STREAMS),
)
deletes = st.builds(lambda id: Delete(route(f"Observations({id})")), ids)
others = st.sampled_from(
    [
        Delete(route("FeaturesOfInterest(1)")),
        Update(route("Locations(1)"), {"location": {"type": "Point", "coordinates": [1, 2]}}),
        Create(route("Datastreams(2)/Observations"), {"result": 5}),
    ]
)
anything = st.one_of(appends, appends, given_ids, updates, moves, deletes, others)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from([0, 0, 0, 1]), anything), max_size=14))
def test_state_is_that_of_the_rows_after_any_changes(changes: list[tuple[int, Any]]) -> None:
    """Changes go to one of two writers, as of two processes, in groups as large as they come."""
    with (
        tempfile.TemporaryDirectory() as folder,
        open_observations(folder) as observations,
        open_observations(folder) as other,
    ):
        make(observations, "Things", thing(streams=len(STREAMS)))
        futures = [(observations, other)[which].writer.submit(change) for which, change in changes]
        for future in futures:
            error = future.exception(timeout=30)
            assert error is None or isinstance(error, TwinError), error
        _check(observations)


def _check(observations: Observations) -> None:
    with observations.connection() as connection:
        rows = connection.execute(
            "SELECT id, datastream, time, time_end, result, result_time, feature FROM observations"
        ).fetchall()
        counts = dict(connection.execute("SELECT name, value FROM counts"))
        for entity_type in model.ENTITY_TYPES.values():
            where = f" WHERE {entity_type.where}" if entity_type.where else ""
            (n,) = connection.execute(f"SELECT count(*) FROM {entity_type.table}{where}").fetchone()
            assert counts.get(entity_type.set_name, 0) == n, entity_type.set_name
        for stream in STREAMS:
            mine = [r for r in rows if r[1] == stream]
            state = connection.execute(
                "SELECT count, phenomenon_time, phenomenon_time_end, result_time, result_time_end,"
                " latest_time, latest_id FROM datastreams WHERE id = ?",
                (stream,),
            ).fetchone()
            assert state == _state(mine)
            _check_hours(
                dict(connection.execute("SELECT day, hours FROM rollups WHERE datastream = ?", (stream,))),
                mine,
            )
            observed = dict(
                connection.execute(
                    "SELECT feature, count FROM datastream_features WHERE datastream = ?", (stream,)
                )
            )
            features = [r[6] for r in mine if r[6] is not None]
            assert observed == {f: features.count(f) for f in set(features)}
    latest = {value.datastream: value.id for value in observations.latest()}
    assert latest == {
        stream: max((r[2], r[0]) for r in rows if r[1] == stream)[1] for stream in {r[1] for r in rows}
    }
    everything = observations.follow(0)
    assert sorted(everything.ids) == sorted(r[0] for r in rows)
    assert everything.last == observations.last_id()


def _state(rows: list[tuple[Any, ...]]) -> tuple[Any, ...]:
    if not rows:
        return (0, None, None, None, None, None, None)
    result_times = [r[5] for r in rows if r[5] is not None]
    latest = max((r[2], r[0]) for r in rows)
    return (
        len(rows),
        min(r[2] for r in rows),
        max(r[2] if r[3] is None else r[3] for r in rows),
        min(result_times, default=None),
        max(result_times, default=None),
        *latest,
    )


def _check_hours(blobs: dict[int, bytes], rows: list[tuple[Any, ...]]) -> None:
    wanted: dict[tuple[int, int], list[float]] = {}
    for row in rows:
        if isinstance(row[4], (int, float)):
            hour = row[2] // rollups.HOUR
            wanted.setdefault((hour // 24, hour % 24), []).append(row[4])
    found = {
        (day, hour): entry for day, blob in blobs.items() for hour, entry in rollups.unpack(blob).items()
    }
    assert found.keys() == wanted.keys()
    for key, values in wanted.items():
        n, total, low, high = found[key]
        assert (n, low, high) == (len(values), min(values), max(values))
        assert math.isclose(total, math.fsum(values), rel_tol=1e-9, abs_tol=1e-3)


def test_hours_and_days_of_a_series_are_those_of_its_values(tmp_path: Path) -> None:
    with open_observations(tmp_path) as observations:
        make(observations, "Things", thing())
        start = EPOCH // rollups.DAY * rollups.DAY
        n = 3 * 24 * 4
        values = [math.sin(i) for i in range(n)]
        moments = [start + i * 900 * SECOND for i in range(n)]
        do(observations, AppendMany([Append(1, moments[i::2], values[i::2]) for i in range(2)]))
        hours = observations.series(1, start, start + 3 * rollups.DAY, "hour")
        assert hours.times.tolist() == [start + h * rollups.HOUR for h in range(72)]
        assert hours.counts.tolist() == [4] * 72
        for h in range(72):
            assert math.isclose(hours.values[h], math.fsum(values[4 * h : 4 * h + 4]) / 4, abs_tol=1e-12)
            assert hours.minimum[h] == min(values[4 * h : 4 * h + 4])
        days = observations.series(1, start + rollups.DAY, start + 2 * rollups.DAY, "day")
        assert days.times.tolist() == [start + rollups.DAY]
        assert days.maximum.tolist() == [max(values[96:192])]
        raw = observations.series(1, start, start + rollups.HOUR, "raw")
        assert raw.values.tolist() == values[:4]
        assert not len(observations.series(1, 0, 1, "day").times)
