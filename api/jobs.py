"""The one way to run a model from outside: a pool of processes on this machine, or a Dask cluster.

with Jobs(folder, workers=2) as jobs:
    run = jobs.execute("flood", {"rainfall": 80})
    done = jobs.wait(run.id)
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from analysis import models
from analysis.run import prepare
from api.worker import Task, supervise
from twin.errors import NotSupported, TwinError
from twin.runs import HEARTBEAT_S, Run, open_runs

_TICK_S = 1.0
_POLL_S = 0.05
_CONNECT_S = 10
_log = logging.getLogger("twin.runs")


class Jobs:
    """Runs of one city. Threads may share it. Costs nothing until the first run.

    workers: processes at the same time, by default one for each core. dask: the address of a scheduler, whose
    workers have the city's folder under the same path. silence_s: how long a run may be without a heartbeat.
    """

    def __init__(
        self,
        folder: Path | str,
        workers: int | None = None,
        dask: str | None = None,
        silence_s: float = HEARTBEAT_S,
    ) -> None:
        self.folder = Path(folder).absolute()
        self.workers = workers or os.cpu_count() or 1
        self.dask = dask
        self.silence_s = silence_s
        self._lock = threading.Lock()
        self._futures: dict[str, Any] = {}
        self._executor: Any = None
        self._closing = threading.Event()
        self._ticker: threading.Thread | None = None

    def __enter__(self) -> Jobs:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def execute(
        self,
        name: str,
        given: Mapping[str, Any],
        *,
        seed: int = 0,
        who: str = "",
        again: bool = False,
        anywhere: bool = False,
        request: Mapping[str, Any] | None = None,
    ) -> Run:
        """Start a run and return at once; a successful one of the same inputs comes back as it is.

        Arguments and errors as of `analysis.run.prepare`; TwinError when the cluster does not answer.
        """
        executor = self._started()
        run = prepare(
            self.folder, name, given, seed=seed, who=who, again=again, anywhere=anywhere, request=request
        )
        if run.state == "accepted":
            task = Task(
                *(str(self.folder), run.id, models.ENTRIES[name], self.silence_s, self.workers, self.dask),
                spreads=models.model(name).spreads,
            )
            options = {"key": f"run-{run.id}", "pure": False} if self.dask else {}
            with self._lock:
                self._futures[run.id] = executor.submit(supervise, task, **options)
        return run

    def wait(
        self, id: str, timeout: float | None = None, observe: Callable[[Run], None] | None = None
    ) -> Run:
        """The run when it has ended, or as it is after `timeout` [s]. observe: told of it meanwhile."""
        end = None if timeout is None else time.monotonic() + timeout
        with open_runs(self.folder) as runs:
            while True:
                run = runs.get(id)
                if observe is not None:
                    observe(run)
                if not run.active or (end is not None and time.monotonic() >= end):
                    return run
                runs.expire(self.silence_s)
                time.sleep(_POLL_S)

    def cancel(self, id: str) -> Run:
        """Dismiss a run. It stops at its next progress, and is killed if that takes too long."""
        with open_runs(self.folder) as runs:
            run = runs.dismiss(id)
        with self._lock:
            future = self._futures.get(id)
        if future is not None and not self.dask:  # what runs on a cluster is seen to by its supervisor
            future.cancel()
        return run

    def close(self) -> None:
        """End what is running here and forget what waits; both fail with the reason."""
        self._closing.set()
        with self._lock:
            futures, self._futures = dict(self._futures), {}
            executor, self._executor = self._executor, None
        if executor is None:
            return
        ended = [id for id, future in futures.items() if not future.done()]
        if ended:
            with open_runs(self.folder) as runs:
                for id in ended:
                    runs.fail(id, "the program that started it has ended")
        if self.dask:
            executor.close()
        else:
            executor.shutdown(cancel_futures=True)
        if self._ticker is not None:
            self._ticker.join()

    def _started(self) -> Any:
        with self._lock:
            if self._closing.is_set():
                raise TwinError("the server is stopping")
            if self._executor is None:
                self._executor = _connect(self.dask) if self.dask else ThreadPoolExecutor(self.workers, "run")
                self._ticker = threading.Thread(target=self._tick, name="runs", daemon=True)
                self._ticker.start()
            return self._executor

    def _tick(self) -> None:
        """Keep alive what waits for a worker, and fail what has gone silent."""
        while not self._closing.wait(_TICK_S):
            with self._lock:
                ended = {id: future for id, future in self._futures.items() if future.done()}
                for id in ended:
                    del self._futures[id]
                waiting = list(self._futures)
            if not ended and not waiting:
                continue
            try:
                with open_runs(self.folder) as runs:
                    for id, future in ended.items():
                        reason = _failure(future)
                        if reason is not None:
                            runs.fail(id, reason)
                    runs.keep_waiting(waiting)
                    runs.expire(self.silence_s)
            except Exception:
                _log.exception("runs cannot be watched")


def _connect(address: str) -> Any:
    try:
        from distributed import Client
    except ImportError as error:
        raise NotSupported(
            "TWIN_DASK is set, but dask is not installed: pip install citytwin[dask]"
        ) from error
    try:
        client: Any = Client
        return client(address, timeout=_CONNECT_S, set_as_default=False)
    except (OSError, ValueError) as error:
        raise TwinError(f"TWIN_DASK: no scheduler answers at {address}") from error


def _failure(future: Future[str] | Any) -> str | None:
    """Why the supervisor of a run could not do its work."""
    if future.cancelled():
        return "the cluster gave it up"
    error = future.exception()
    if error is None:
        return None
    return f"the worker could not be started: {type(error).__name__}: {error}"
