"""The observation store alone: appending against a bare `executemany`, and questions to a large one.

`python -m tests.benchmarks.observations --large 10000000` asks ten million; without it, 200,000.
"""

from __future__ import annotations

import argparse
import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from tests.benchmarks.questions import ARRIVING
from tests.benchmarks.questions import measure as over_http
from twin.observations.changes import Append, AppendMany, Create
from twin.observations.model import OBSERVATION, SENSOR, THING
from twin.observations.query import Call, Expand, Instant, Literal, Order, Query, Route, Step
from twin.observations.query import Path as At
from twin.observations.store import Observations, open_observations

Row = tuple[str, str, str]
_START = 1_700_000_000_000_000
_MINUTE = 60_000_000
_ARRAY = 1000
_PER_THING = 10
_TIME = At(("phenomenonTime",))


def bare_rates(folder: Path, rows: int) -> tuple[float, float]:
    """Rows a second of `sqlite3.executemany` into one indexed table: (a commit for every 1,000, one
    transaction)."""
    rates = []
    for size in (_ARRAY, rows):
        connection = sqlite3.connect(folder / f"bare{size}.db", isolation_level=None)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE o (id INTEGER PRIMARY KEY, ds INTEGER, time INTEGER, result REAL)")
        connection.execute("CREATE INDEX o_ds ON o(ds, time)")
        data = [(i + 1, i // _ARRAY, _START + i * _MINUTE, i * 0.5) for i in range(rows)]
        start = time.perf_counter()
        for at in range(0, rows, size):
            connection.execute("BEGIN")
            connection.executemany("INSERT INTO o VALUES (?, ?, ?, ?)", data[at : at + size])
            connection.execute("COMMIT")
        rates.append(rows / (time.perf_counter() - start))
        connection.close()
    return rates[0], rates[1]


def fill(observations: Observations, streams: int) -> None:
    """Things with ten Datastreams each, on a grid."""
    sensor = observations.writer.submit(
        Create(Route(SENSOR), {"name": "s", "description": "", "encodingType": "text/html", "metadata": "m"})
    ).result()
    futures = [
        observations.writer.submit(Create(Route(THING), _thing(i, sensor.id)))
        for i in range(streams // _PER_THING)
    ]
    for future in futures:
        future.result()


def _thing(i: int, sensor: int) -> dict[str, object]:
    point = {"type": "Point", "coordinates": [128 + i % 100 * 1e-3, 35 + i // 100 * 1e-3]}
    return {
        "name": f"Thing {i}",
        "description": "",
        "Locations": [
            {"name": "l", "description": "", "encodingType": "application/geo+json", "location": point}
        ],
        "Datastreams": [
            {
                "name": f"Datastream {i}.{k}",
                "description": "",
                "observationType": "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement",
                "unitOfMeasurement": {"name": "metre", "symbol": "m", "definition": "ucum:m"},
                "Sensor": {"@iot.id": sensor},
                "ObservedProperty": {"@iot.id": 1} if (i, k) != (0, 0) else _PROPERTY,
            }
            for k in range(_PER_THING)
        ],
    }


_PROPERTY = {"name": "level", "description": "", "definition": "http://example.org/level"}


def append_rate(folder: Path, rows: int) -> float:
    """Observations a second through the writer in arrays of 1,000, four waiting at a time."""
    streams = rows // _ARRAY
    with open_observations(folder) as observations:
        fill(observations, max(streams, _PER_THING))
        arrays = [
            Append(i + 1, _START + np.arange(_ARRAY) * _MINUTE, np.arange(_ARRAY) * 0.5)
            for i in range(streams)
        ]
        start = time.perf_counter()
        waiting = []
        for array in arrays:
            waiting.append(observations.writer.submit(array))
            if len(waiting) == 4:
                waiting.pop(0).result()
        for future in waiting:
            future.result()
        return rows / (time.perf_counter() - start)


def single_rate(folder: Path, clients: int = 16, seconds: float = 3.0) -> float:
    """Observations a second, one to a change, from so many threads that each wait for their own."""
    counts = [0] * clients
    with open_observations(folder) as observations:
        end = time.perf_counter() + seconds

        def client(k: int) -> None:
            while time.perf_counter() < end:
                body = {"phenomenonTime": Instant(time.time_ns() // 1000), "result": 1.5}
                route = Route(OBSERVATION)
                observations.writer.submit(Create(route, {**body, "Datastream": {"@iot.id": k + 1}})).result()
                counts[k] += 1

        threads = [threading.Thread(target=client, args=(k,)) for k in range(clients)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return sum(counts) / seconds


def load(observations: Observations, rows: int, streams: int, block: int = 10) -> None:
    """Observations a minute apart, of all datastreams in turn, so that each one's lie scattered."""
    waiting = []
    for at in range(0, rows // streams, block):
        moments = _START + np.arange(at, at + block) * _MINUTE
        for first in range(1, streams + 1, 1000):
            parts = [
                Append(stream, moments + stream * 1000, np.arange(block) + stream * 0.5)
                for stream in range(first, min(first + 1000, streams + 1))
            ]
            waiting.append(observations.writer.submit(AppendMany(parts), 60))
            if len(waiting) == 4:
                waiting.pop(0).result()
    for future in waiting:
        future.result()


def questions(streams: int, rows: int) -> dict[str, Callable[[Observations, np.random.Generator], object]]:
    """What is asked, by name: each with a random Thing or datastream."""
    newest = (Order(_TIME, True),)
    day = 1440 * _MINUTE
    last = _START + rows // streams * _MINUTE

    def latest_of_thing(o: Observations, random: np.random.Generator) -> object:
        thing = int(random.integers(1, streams // _PER_THING + 1))
        expand = Expand("Observations", Query(top=1, order=newest))
        return o.page(_route(THING, thing, "Datastreams"), Query(expand=(expand,)))

    def newest_of_all(o: Observations, random: np.random.Generator) -> object:
        return o.page(Route(OBSERVATION), Query(order=newest, top=100))

    def newest_of_one(o: Observations, random: np.random.Generator) -> object:
        return o.page(_observations(random, streams), Query(order=newest, top=100))

    def count_all(o: Observations, random: np.random.Generator) -> object:
        return o.page(Route(OBSERVATION), Query(count=True, top=1))

    def count_one(o: Observations, random: np.random.Generator) -> object:
        return o.page(_observations(random, streams), Query(count=True, top=1))

    def count_streams(o: Observations, random: np.random.Generator) -> object:
        thing = int(random.integers(1, streams // _PER_THING + 1))
        return o.page(_route(THING, thing, "Datastreams"), Query(count=True, top=1))

    def one_day(o: Observations, random: np.random.Generator) -> object:
        start = int(random.integers(_START, max(last - day, _START + 1)))
        within = Call(
            "and",
            (
                Call("ge", (_TIME, Literal(Instant(start)))),
                Call("lt", (_TIME, Literal(Instant(start + day)))),
            ),
        )
        return o.page(_observations(random, streams), Query(filter=within, count=True, top=1000))

    def last_minute_of_all(o: Observations, random: np.random.Generator) -> object:
        recent = Call("gt", (_TIME, Literal(Instant(last - _MINUTE))))
        return o.page(Route(OBSERVATION), Query(filter=recent, top=100))

    return {
        "latest of every datastream of one Thing": latest_of_thing,
        "$orderby=phenomenonTime desc&$top=100": newest_of_all,
        "the same of one datastream": newest_of_one,
        "$count=true": count_all,
        "$count=true of one datastream": count_one,
        "$count=true of a Thing's datastreams": count_streams,
        "one day of one datastream": one_day,
        "what is later than a moment": last_minute_of_all,
    }


def _route(entity_type: object, id: int, link: str) -> Route:
    return Route(entity_type, id, (Step(link),))  # type: ignore[arg-type]


def _observations(random: np.random.Generator, streams: int) -> Route:
    from twin.observations.model import DATASTREAM

    return _route(DATASTREAM, int(random.integers(1, streams + 1)), "Observations")


class Arriving:
    """Observations that keep coming while others ask."""

    def __init__(self, observations: Observations, streams: int, start: int) -> None:
        self.observations, self.streams, self.start = observations, streams, start
        self.done = threading.Event()
        self.stored = 0
        self.thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        begun = time.perf_counter()
        while not self.done.wait(0.01):
            due = int((time.perf_counter() - begun) * ARRIVING) - self.stored
            futures = [
                self.observations.writer.submit(
                    Append(
                        (self.stored + k) % self.streams + 1, [self.start + (self.stored + k) * 2000], [1.5]
                    )
                )
                for k in range(due)
            ]
            for future in futures:
                future.result()
            self.stored += due

    def __enter__(self) -> Arriving:
        self.thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.done.set()
        self.thread.join()


def percentiles(observations: Observations, rows: int, streams: int, times: int = 200) -> Iterator[Row]:
    """The 95th percentile of each question while observations arrive."""
    random = np.random.default_rng(1)
    with Arriving(observations, streams, _START + rows // streams * _MINUTE) as arriving:
        begun, before = time.perf_counter(), arriving.stored
        for name, ask in questions(streams, rows).items():
            taken = []
            for _ in range(times):
                start = time.perf_counter()
                ask(observations, random)
                taken.append(time.perf_counter() - start)
            taken.sort()
            yield (
                f"{rows:,} observations in {streams:,} datastreams: {name}",
                "p95 < 50 ms",
                f"{taken[int(times * 0.95)] * 1e3:.1f} ms (median {taken[times // 2] * 1e3:.1f})",
            )
        rate = (arriving.stored - before) / (time.perf_counter() - begun)
    yield "observations that arrived meanwhile", "500/s", f"{rate:.0f}/s"


def measure(folder: Path, large: int = 200_000, rows: int = 300_000) -> Iterator[Row]:
    """All rows of the table."""
    bare, whole = bare_rates(folder, rows)
    rate = append_rate(folder / "append.twin", rows)
    yield (
        "appending arrays of 1,000 through the writer, against bare `executemany`",
        "≥ half of it committing every 1,000 rows; aim half of one transaction",
        f"{rate:,.0f}/s; bare {bare:,.0f}/s ({rate / bare:.2f}) and {whole:,.0f}/s ({rate / whole:.2f})",
    )
    single = single_rate(folder / "append.twin")
    yield (
        "single observations through the writer, 16 clients",
        f"≥ {1500 * bare / 250_000:,.0f}/s",
        f"{single:,.0f}/s",
    )
    streams = max(large // 1000, 100) if large < 10_000_000 else 10_000
    with open_observations(folder / "large.twin") as observations:
        fill(observations, streams)
        start = time.perf_counter()
        load(observations, large, streams)
        rate = large / (time.perf_counter() - start)
        yield f"loading {large:,} observations of {streams:,} datastreams in turn", "", f"{rate:,.0f}/s"
        yield from percentiles(observations, large, streams)
    last = _START + (large // streams + 60) * _MINUTE
    yield from over_http(folder / "large.twin", streams, _PER_THING, _START, last)


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the observation store.")
    parser.add_argument("--large", type=int, default=200_000, help="observations of the large store")
    parser.add_argument("--rows", type=int, default=300_000, help="observations to append")
    parser.add_argument("--dir", type=Path, help="where to keep the stores; by default they are deleted")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.dir) as folder:
        for row in measure(Path(folder), arguments.large, arguments.rows):
            print("| " + " | ".join(row) + " |", flush=True)


if __name__ == "__main__":
    main()
