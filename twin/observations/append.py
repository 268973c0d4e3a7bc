"""Observations going in: rows, ids, flags, and the state of their datastreams, many at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import chain, repeat
from typing import Any

import numpy as np
import orjson

from twin.errors import Conflict, EntityNotFound, QueryError, TwinError
from twin.observations import deleting, rollups, streams
from twin.observations.changes import Appended, Committed
from twin.observations.features import require_location
from twin.observations.parts import MAX_ID, Part, decode
from twin.observations.streams import Stream
from twin.observations.transaction import NEAR, Transaction

_ROWS = 250
_COLUMNS = (
    "id",
    "datastream",
    "time",
    "result",
    "feature",
    "kind",
    "flags",
    "time_end",
    "result_time",
    "result_quality",
    "valid_time",
    "valid_time_end",
    "parameters",
)
_ALWAYS = 5


def append(work: Transaction, parts: Sequence[Part]) -> list[Appended | TwinError]:
    """Store the observations of several parts. Those that cannot be stored leave no trace.

    What can be wrong is looked at before anything is written, so that no savepoint is needed.
    """
    known = streams.load(work, {part.stream for part in parts})
    features = _features(work, parts)
    outcomes: list[Appended | TwinError] = []
    rows: list[Part] = []
    before: dict[int, tuple[int, int, Any, int | None]] = {}
    pending: list[tuple[int, Part, list[int]]] = []
    for i, part in enumerate(parts):
        try:
            _check(work, part, known, features)
            existing = _existing(work, part, before)
        except TwinError as error:
            outcomes.append(error)
            continue
        if existing:
            part = part.take([k for k in range(len(part.times)) if k not in existing])
        pending.append((i, part, existing))
        rows.append(part)
        outcomes.append(Appended([]))
    ids = _ids(work, rows)
    if ids:
        _store(work, rows, ids, known)
    start = 0
    for i, part, existing in pending:
        end = start + len(part.times)
        outcomes[i] = _appended(parts[i], ids[start:end], existing)
        start = end
    return outcomes


def _appended(part: Part, made: list[int], existing: list[int]) -> Appended:
    if not existing:
        return Appended(made)
    given, fresh = part.columns["id"], iter(made)
    old = set(existing)
    return Appended([given[k] if k in old else next(fresh) for k in range(len(given))], tuple(existing))


def _check(work: Transaction, part: Part, known: dict[int, Stream], features: set[int]) -> None:
    stream = known.get(part.stream)
    multi = part.append.multi
    if stream is None or multi not in (None, stream.width is not None):
        name = {None: "Datastream or MultiDatastream", True: "MultiDatastream", False: "Datastream"}[multi]
        raise EntityNotFound(f"there is no {name} {part.stream}")
    if stream.width is not None:
        for value in part.append.results:
            check_width(value, part.stream, stream.width)
    for id in set(part.columns.get("feature", ())):
        if id is not None and id not in features:
            raise EntityNotFound(f"there is no FeatureOfInterest {id}")
    if part.append.placed and stream.feature is None and None in part.columns.get("feature", (None,)):
        require_location(work, stream.thing)


def check_width(result: Any, stream: int, width: int) -> None:
    """Raises QueryError for a result that a MultiDatastream of this width cannot have."""
    if not isinstance(result, list) or len(result) != width:
        raise QueryError(
            f"a result of MultiDatastream {stream} is an array of {width} values,"
            " one for each of its ObservedProperties"
        )


def _features(work: Transaction, parts: Sequence[Part]) -> set[int]:
    """Those of the features named that exist."""
    wanted = {id for part in parts for id in part.columns.get("feature", ()) if id and 0 < id <= MAX_ID}
    if not wanted:
        return set()
    rows = work.connection.execute(
        "SELECT id FROM features_of_interest WHERE id IN (SELECT value FROM json_each(?))",
        (orjson.dumps(list(wanted)).decode(),),
    )
    return {row[0] for row in rows}


def _existing(
    work: Transaction, part: Part, before: dict[int, tuple[int, int, Any, int | None]]
) -> list[int]:
    """Positions of observations that are there already. Raises Conflict where the id is another's.

    before: the observations with given ids that this transaction is to store, which this adds to.
    """
    if "id" not in part.columns:
        return []
    given = part.columns["id"]
    kinds = part.columns.get("kind") or repeat(None)
    mine = list(zip(repeat(part.stream), part.times, part.results, kinds, strict=False))
    wanted = [id for id in given if id is not None]
    _make_way(work, wanted)
    found = {
        row[0]: row[1:]
        for row in work.connection.execute(
            "SELECT id, datastream, time, result, kind FROM observations"
            " WHERE id IN (SELECT value FROM json_each(?))",
            (orjson.dumps(wanted).decode(),),
        )
    }
    news: dict[int, tuple[int, int, Any, int | None]] = {}
    existing = []
    for k, id in enumerate(given):
        if id is None:
            continue
        other = found.get(id) or before.get(id) or news.get(id)
        if other is None:
            news[id] = mine[k]
        elif tuple(other) == mine[k]:
            existing.append(k)
        else:
            raise Conflict(f"Observation {id} is there already and says something else")
    before.update(news)
    return existing


def _make_way(work: Transaction, ids: Sequence[int]) -> None:
    """Remove now what still has these ids though its datastream was deleted."""
    if deleting.any_left(work.connection):
        work.connection.execute(
            "DELETE FROM observations WHERE id IN (SELECT value FROM json_each(?))"
            " AND datastream IN (SELECT datastream FROM deleted_streams)",
            (orjson.dumps(ids).decode(),),
        )


def _ids(work: Transaction, parts: Sequence[Part]) -> list[int]:
    """The ids of all rows: those given, the others next in the order of arrival."""
    n = sum(len(part.times) for part in parts)
    last = work.last_id()
    reserved = {id for part in parts for id in part.columns.get("id", ()) if id is not None}
    taken = {
        row[0]
        for row in work.connection.execute(
            "SELECT id FROM given_ids WHERE id > ? AND id <= ?", (last, last + n + NEAR)
        )
    } if reserved or _any_given(work, last, n) else set()  # fmt: skip
    if not reserved and not taken:
        if n:
            work.set_last_id(last + n)
        return list(range(last + 1, last + n + 1))
    ids, late = [], []
    given = (part.columns.get("id", repeat(None, len(part.times))) for part in parts)
    for id in chain.from_iterable(given):
        if id is None or not last < id <= last + NEAR:
            last += 1
            while last in taken or last in reserved:
                last += 1
            if id is not None:
                late.append((last, id))
        else:
            last = id
        ids.append(last if id is None else id)
    work.connection.executemany("INSERT OR REPLACE INTO given_ids VALUES (?, ?)", late)
    work.set_last_id(last)
    return ids


def _any_given(work: Transaction, last: int, n: int) -> bool:
    row = work.connection.execute(
        "SELECT 1 FROM given_ids WHERE id > ? AND id <= ? LIMIT 1", (last, last + n)
    ).fetchone()
    return row is not None


def _store(work: Transaction, parts: Sequence[Part], ids: list[int], known: dict[int, Stream]) -> None:
    """Write rows, flags and the state of their datastreams."""
    times = list(chain.from_iterable(part.times for part in parts))
    results = list(chain.from_iterable(part.results for part in parts))
    n = len(times)
    columns: dict[str, Sequence[Any]] = {"id": ids, "time": times, "result": results}
    for name in sorted({name for part in parts for name in part.columns} - {"id", "feature"}):
        columns[name] = list(
            chain.from_iterable(part.columns.get(name, (None,) * len(part.times)) for part in parts)
        )
    columns["datastream"] = list(chain.from_iterable((part.stream,) * len(part.times) for part in parts))
    observed: Counter[tuple[int, int | None]] = Counter()
    columns["feature"] = list(chain.from_iterable(_observed(work, part, known, observed) for part in parts))
    batch = streams.Batch.of(
        columns["datastream"],
        times,
        np.concatenate([part.numbers for part in parts]),
        columns.get("time_end"),
        columns.get("result_time"),
        ids,
        [part.append.received or work.now for part in parts],
        [len(part.times) for part in parts],
    )
    flags = streams.judge(work, batch, known)
    if flags is not None:
        columns["flags"] = [f or None for f in flags]
    _insert(work, columns, n)
    streams.advance(work, batch, known)
    streams.observe(work, observed, known)
    rollups.add(work.connection, rollups.by_hour(*batch.sorted_values()), work.known.hours)
    work.count("Observations", n)
    kinds = columns.get("kind")
    work.committed.append(
        Committed(
            ids,
            list(columns["datastream"]),
            times,
            results if kinds is None else [decode(r, k) for r, k in zip(results, kinds, strict=True)],
            flags if flags is not None else [0] * n,
            work.last_id(),
        )
    )


def _observed(
    work: Transaction, part: Part, known: dict[int, Stream], observed: Counter[tuple[int, int | None]]
) -> Sequence[int | None]:
    """The feature of each of a part's observations, which are counted in `observed`."""
    n = len(part.times)
    given = part.columns.get("feature")
    if given is None:
        usual = streams.usual_feature(work, known[part.stream])
        observed[part.stream, usual] += n
        return (usual,) * n
    if None in given:
        usual = streams.usual_feature(work, known[part.stream])
        given = [usual if id is None else id for id in given]
    observed.update((part.stream, id) for id in given)
    return given


def _insert(work: Transaction, columns: dict[str, Sequence[Any]], n: int) -> None:
    """Rows of those columns that have values, many to a statement: fewer turns of the interpreter lock."""
    names = [name for i, name in enumerate(_COLUMNS) if name in columns or i < _ALWAYS]
    width = len(names)
    flat = list(chain.from_iterable(zip(*(columns[name] for name in names), strict=True)))
    head = f"INSERT INTO observations ({', '.join(names)}) VALUES "
    marks = f"({','.join('?' * width)})"
    many = n // _ROWS
    if many:
        statement = head + ",".join([marks] * _ROWS)
        size = _ROWS * width
        for i in range(many):
            work.connection.execute(statement, flat[i * size : (i + 1) * size])
    rest = range(many * _ROWS * width, n * width, width)
    work.connection.executemany(head + marks, [flat[i : i + width] for i in rest])
