"""Where the runs of a library are made: on processes of this machine, or on a Dask cluster.

Both are a `map` whose results come in order. While one is waited for, `beat` is called a few times a second,
so that whoever waits can tell how far the work is, or stop it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import numpy.typing as npt

from analysis.errors import AnalysisError
from analysis.warning.library import Map, Parameters, RunOne
from twin.workers import settle_worker

Beat = Callable[[], None]
_LOOK_S = 0.25


def spread(workers: int, dask: str | None, beat: Beat | None = None) -> AbstractContextManager[Map]:
    """On the cluster at `dask`, or on so many processes."""
    return on_dask(dask, beat) if dask else on_processes(workers, beat)


@contextmanager
def on_processes(workers: int, beat: Beat | None = None) -> Iterator[Map]:
    """A `map` over a pool of so many processes."""
    import multiprocessing

    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, spawn, initializer=settle_worker) as pool:

        def over_processes(function: RunOne, items: Iterable[Parameters]) -> Iterator[npt.NDArray[Any]]:
            futures = [pool.submit(function, item) for item in items]
            try:
                yield from _in_order(futures, beat)
            finally:
                for future in futures:
                    future.cancel()

        yield over_processes


@contextmanager
def on_dask(address: str, beat: Beat | None = None) -> Iterator[Map]:
    """A `map` over the workers of a Dask cluster, to which the function is sent once."""
    try:
        from distributed import Client
    except ImportError:
        raise AnalysisError("a Dask cluster needs the extra `dask`: pip install 'citytwin[dask]'") from None
    with Client(address, set_as_default=False) as client:  # type: ignore[no-untyped-call]

        def over_cluster(function: RunOne, items: Iterable[Parameters]) -> Iterator[npt.NDArray[Any]]:
            there = client.scatter(function, broadcast=True, hash=False)
            futures = [client.submit(_called, there, dict(item), pure=False) for item in items]
            try:
                yield from _in_order(futures, beat)
            finally:
                client.cancel(futures)

        yield over_cluster


def _called(function: RunOne, item: Parameters) -> npt.NDArray[Any]:
    return function(item)


def _in_order(futures: list[Any], beat: Beat | None) -> Iterator[npt.NDArray[Any]]:
    waiting = futures[::-1]
    while waiting:
        while not waiting[-1].done():
            time.sleep(_LOOK_S)
            if beat is not None:
                beat()
        found: npt.NDArray[Any] = waiting.pop().result()
        yield found
