"""The state that a datastream carries of its observations: how many, from when to when, the latest, where.

Kept up as observations come; made again from the rows when some are changed or deleted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import orjson

from twin.observations import features, quality, rollups
from twin.observations.transaction import Transaction

Micros = npt.NDArray[np.int64]
_COLUMNS = (
    "id, thing, feature, width, count, phenomenon_time, phenomenon_time_end, result_time, result_time_end,"
    " latest_time, latest_id, last_seen, quality_time, quality_value, quality_value_time, quality_since,"
    " EXISTS (SELECT 1 FROM datastream_features f WHERE f.datastream = d.id AND f.feature = d.feature)"
)
_ONE_BY_ONE = 8
"""Up to how many observations are judged quicker without arrays."""


@dataclass(slots=True)
class Stream:
    """A datastream's row but for its description. Times in µs; width: None unless a MultiDatastream.

    observed: whether it has observed its usual `feature` before.
    """

    id: int
    thing: int
    feature: int | None
    width: int | None
    count: int
    first: int | None
    last_end: int | None
    first_result: int | None
    last_result: int | None
    latest_time: int | None
    latest_id: int | None
    last_seen: int | None
    quality: quality.State
    observed: bool


def load(work: Transaction, ids: Iterable[int]) -> dict[int, Stream]:
    """Those of the datastreams that exist."""
    known, wanted = work.known.streams, set(ids)
    missing = [id for id in wanted if id not in known and abs(id) < 1 << 63]
    for row in work.connection.execute(
        f"SELECT {_COLUMNS} FROM datastreams d WHERE id IN (SELECT value FROM json_each(?))",
        (orjson.dumps(missing).decode(),),
    ):
        time, value, value_time, since, observed = row[12:]
        state = quality.State(time, float("nan") if value is None else value, value_time or 0, since or 0)
        known[row[0]] = Stream(*(*row[:12], state, bool(observed)))
    return {id: known[id] for id in wanted if id in known}


@dataclass(slots=True)
class Batch:
    """Observations to be stored, and their order by datastream, time and id.

    streams, times [µs], ids: (n,) int64. numbers: (n,), NaN where the result is none. ends, result_times:
    (n,) as given, or None. order: (n,). starts: (m,) where each datastream's begin in that order. arrivals:
    (n,) when they came [µs]. by_stream: each datastream, and the positions of its observations in that order.
    """

    streams: Micros
    times: Micros
    numbers: npt.NDArray[np.float64]
    ends: Sequence[int | None] | None
    result_times: Sequence[int | None] | None
    ids: Micros
    arrivals: Micros
    order: npt.NDArray[np.intp]
    starts: npt.NDArray[np.intp]
    by_stream: list[tuple[int, npt.NDArray[np.intp]]]

    @classmethod
    def of(
        cls,
        stream_ids: Sequence[int],
        times: Sequence[int],
        numbers: npt.NDArray[np.float64],
        ends: Sequence[int | None] | None,
        result_times: Sequence[int | None] | None,
        ids: Sequence[int],
        arrivals: Sequence[int],
        lengths: Sequence[int],
    ) -> Batch:
        s, t, i = (np.array(c, np.int64) for c in (stream_ids, times, ids))
        order = np.lexsort((i, t, s))
        changes = np.flatnonzero(np.diff(s[order])) + 1
        starts = np.concatenate(([0], changes))
        positions = [order[a:b] for a, b in pairwise([*starts.tolist(), len(order)])]
        return cls(
            s, t, numbers, ends, result_times, i, np.repeat(np.array(arrivals, np.int64), lengths), order,
            starts, list(zip(s[order[starts]].tolist(), positions, strict=True)),
        )  # fmt: skip

    def sorted_values(self) -> tuple[Micros, Micros, npt.NDArray[np.float64]]:
        return self.streams[self.order], self.times[self.order], self.numbers[self.order]


def judge(work: Transaction, batch: Batch, known: dict[int, Stream]) -> list[int] | None:
    """Quality flags of the observations in the order given; None when there are none. Moves the states."""
    flags = np.zeros(len(batch.times), np.int64)
    for id, positions in batch.by_stream:
        stream, rules = known[id], work.rules.get(id, quality.DEFAULT)
        times, numbers, arrivals = batch.times[positions], batch.numbers[positions], batch.arrivals[positions]
        if len(positions) > _ONE_BY_ONE:
            present = _present(work, stream, times) if rules.duplicate else None
            flags[positions], stream.quality = quality.flag(
                times, numbers, int(arrivals[0]), stream.quality, rules, present
            )
            continue
        seen = _stored(work, stream, times.tolist()) if rules.duplicate else set()
        each = zip(positions.tolist(), times.tolist(), numbers.tolist(), arrivals.tolist(), strict=True)
        for k, time, number, arrival in each:
            flags[k], stream.quality = quality.flag_one(
                time, number, arrival, stream.quality, rules, time in seen
            )
            seen.add(time)
    return flags.tolist() if flags.any() else None


def _present(work: Transaction, stream: Stream, times: Micros) -> npt.NDArray[np.bool_] | None:
    """Whether the datastream has an observation at each of the times; None if they are all new."""
    if stream.latest_time is None or int(times.min()) > stream.latest_time:
        return None
    return np.isin(times, np.array(list(_stored(work, stream, times.tolist())), np.int64))


def _stored(work: Transaction, stream: Stream, times: Sequence[int]) -> set[int]:
    """Those of the times that the datastream has observations of."""
    if stream.latest_time is None or min(times) > stream.latest_time:
        return set()
    rows = work.connection.execute(
        "SELECT time FROM observations WHERE datastream = ? AND time IN (SELECT value FROM json_each(?))",
        (stream.id, orjson.dumps([t for t in times if t <= stream.latest_time]).decode()),
    )
    return {row[0] for row in rows}


def advance(work: Transaction, batch: Batch, known: dict[int, Stream]) -> None:
    """Bring the datastreams' rows up to what the batch adds."""
    rows = []
    arrivals = np.maximum.reduceat(batch.arrivals[batch.order], batch.starts).tolist()
    for (id, positions), arrival in zip(batch.by_stream, arrivals, strict=True):
        stream = known[id]
        first, latest = batch.times[positions[[0, -1]]].tolist()
        latest_id = int(batch.ids[positions[-1]])
        stream.count += len(positions)
        stream.first = _least(stream.first, first)
        end = latest
        if batch.ends is not None:
            end = max([latest, *(e for k in positions if (e := batch.ends[k]) is not None)])
        stream.last_end = _greatest(stream.last_end, end)
        if batch.result_times is not None:
            given = [r for k in positions if (r := batch.result_times[k]) is not None]
            if given:
                stream.first_result = _least(stream.first_result, min(given))
                stream.last_result = _greatest(stream.last_result, max(given))
        if stream.latest_time is None or (latest, latest_id) > (stream.latest_time, stream.latest_id or 0):
            stream.latest_time, stream.latest_id = latest, latest_id
        stream.last_seen = _greatest(stream.last_seen, arrival)
        state = stream.quality
        rows.append(
            (
                stream.count, stream.first, stream.last_end, stream.first_result, stream.last_result,
                stream.latest_time, stream.latest_id, stream.last_seen,
                state.time, state.value, state.value_time, state.since, id,
            )
        )  # fmt: skip
    work.connection.executemany(
        "UPDATE datastreams SET count = ?, phenomenon_time = ?, phenomenon_time_end = ?, result_time = ?,"
        " result_time_end = ?, latest_time = ?, latest_id = ?, last_seen = ?, quality_time = ?,"
        " quality_value = ?, quality_value_time = ?, quality_since = ? WHERE id = ?",
        rows,
    )


def _least(a: int | None, b: int) -> int:
    return b if a is None else min(a, b)


def _greatest(a: int | None, b: int) -> int:
    return b if a is None else max(a, b)


def usual_feature(work: Transaction, stream: Stream) -> int | None:
    """The feature of an observation that names none: that made from the Thing's Location, if it has one."""
    if stream.feature is None:
        stream.feature = features.at_location(work, stream.thing)
        if stream.feature is not None:
            work.connection.execute(
                "UPDATE datastreams SET feature = ? WHERE id = ?", (stream.feature, stream.id)
            )
    return stream.feature


def observe(
    work: Transaction, observed: Mapping[tuple[int, int | None], int], known: dict[int, Stream]
) -> None:
    """Note which features the datastreams have observed, and grow their observed areas.

    observed: number of observations by datastream and feature.
    """
    grown: dict[int, list[int]] = {}
    again = []
    for (stream, feature), n in observed.items():
        if feature is None:
            continue
        if known[stream].observed and feature == known[stream].feature:
            again.append((n, stream, feature))
            continue
        if _count_observed(work, stream, feature, n) == n:
            grown.setdefault(stream, []).append(feature)
        known[stream].observed = known[stream].observed or feature == known[stream].feature
    work.connection.executemany(
        "UPDATE datastream_features SET count = count + ? WHERE datastream = ? AND feature = ?", again
    )
    for stream, news in grown.items():
        features.grow_area(work, stream, news)


def _count_observed(work: Transaction, stream: int, feature: int, difference: int) -> int:
    """Change how many observations of a feature a datastream has, and return how many it has now."""
    (total,) = work.connection.execute(
        "INSERT INTO datastream_features VALUES (?, ?, ?)"
        " ON CONFLICT (datastream, feature) DO UPDATE SET count = count + excluded.count RETURNING count",
        (stream, feature, difference),
    ).fetchone()
    return int(total)


_SHRUNK = (
    "UPDATE datastreams SET count = count + :difference,"
    " phenomenon_time = (SELECT min(time) FROM observations WHERE datastream = :id),"
    " (latest_time, latest_id) = (SELECT max(time), max(id) FROM (SELECT time, id FROM observations"
    " WHERE datastream = :id ORDER BY time DESC, id DESC LIMIT 1)) WHERE id = :id"
)
_EXTENT = (
    "UPDATE datastreams SET (phenomenon_time_end, result_time, result_time_end) ="
    " (SELECT max(coalesce(time_end, time)), min(result_time), max(result_time) FROM observations"
    " WHERE datastream = :id) WHERE id = :id"
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where an observation stands that is changed or deleted. Times in µs."""

    stream: int
    time: int
    end: int | None
    result_time: int | None
    feature: int | None


def place(work: Transaction, observation: int) -> Place:
    row = work.connection.execute(
        "SELECT datastream, time, time_end, result_time, feature FROM observations WHERE id = ?",
        (observation,),
    ).fetchone()
    return Place(*row)


def moved(work: Transaction, old: Place, new: Place | None) -> None:
    """An observation has been changed, or deleted (`new` None)."""
    if new is not None and new.stream == old.stream:
        _refresh(work, old.stream, 0, [old, new])
    else:
        _refresh(work, old.stream, -1, [old])
        if new is not None:
            _refresh(work, new.stream, 1, [new])
    if new is not None and (old.stream, old.feature) == (new.stream, new.feature):
        return
    for spot, difference in ((old, -1), (new, 1)):
        if spot is not None and spot.feature is not None:
            _observed(work, spot.stream, spot.feature, difference)


def _refresh(work: Transaction, id: int, difference: int, places: Sequence[Place]) -> None:
    extent = work.connection.execute(
        "SELECT phenomenon_time_end, result_time, result_time_end FROM datastreams WHERE id = ?", (id,)
    ).fetchone()
    work.connection.execute(_SHRUNK, {"difference": difference, "id": id})
    if any(
        extent[0] is None
        or (p.time if p.end is None else p.end) >= extent[0]
        or (p.result_time is not None and not (extent[1] or p.result_time) < p.result_time < (extent[2] or 0))
        for p in places
    ):
        work.connection.execute(_EXTENT, {"id": id})
    rollups.recompute(work.connection, id, {p.time // rollups.DAY for p in places})


def _observed(work: Transaction, id: int, feature: int, difference: int) -> None:
    total = _count_observed(work, id, feature, difference)
    if total <= 0:
        work.connection.execute(
            "DELETE FROM datastream_features WHERE datastream = ? AND feature = ?", (id, feature)
        )
    if total <= 0 or total == difference:
        features.make_area(work, id)


def recompute(work: Transaction, id: int) -> None:
    """Make a datastream's whole state again from the rows."""
    connection = work.connection
    connection.execute(
        "UPDATE datastreams SET count = (SELECT count(*) FROM observations WHERE datastream = :id)"
        " WHERE id = :id",
        {"id": id},
    )
    connection.execute(_SHRUNK, {"difference": 0, "id": id})
    connection.execute(_EXTENT, {"id": id})
    rollups.recompute(connection, id)
    connection.execute("DELETE FROM datastream_features WHERE datastream = ?", (id,))
    connection.execute(
        "INSERT INTO datastream_features SELECT datastream, feature, count(*) FROM observations"
        " WHERE datastream = ? AND feature IS NOT NULL GROUP BY feature",
        (id,),
    )
    features.make_area(work, id)
