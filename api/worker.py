"""The process of a run, and the watch over it. The same on this machine and on a Dask worker.

Each run has a process of its own (`python -m api.worker`), so that it can be killed and its crash harms no
other. `supervise` starts it and does not let it outlive its dismissal by more than two seconds, nor its
heartbeat. The process ends with whoever supervises it, by the pipe that is its standard input.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twin.runs import HEARTBEAT_S, Runs, open_runs

GRACE_S = 1.5
"""How long a dismissed run may take to stop by itself [s]."""
_LOOK_S = 0.1


@dataclass(frozen=True)
class Task:
    """A run to be computed. entry: of the model. workers, dask, spreads: for one that spreads its work."""

    folder: str
    id: str
    entry: str
    silence_s: float = HEARTBEAT_S
    workers: int = 1
    dask: str | None = None
    spreads: bool = False


def supervise(task: Task) -> str:
    """Compute an accepted run in a process of its own and wait for its end; the state that it ended in."""
    if task.dask and task.spreads:
        import distributed

        leave: Any = distributed.secede
        leave()  # the cluster's own threads are left to what this run hands out
    folder, id = task.folder, task.id
    with open_runs(folder) as runs:
        if runs.state(id) == "running":  # a scheduler's second attempt, after the first was lost
            runs.fail(id, _lost("the worker that computed it was lost", runs, id))
        if runs.state(id) != "accepted":
            return runs.state(id) or "unknown"
        log = runs.log_file(id)
        log.parent.mkdir(exist_ok=True)
        with log.open("wb") as file:
            process = _start(task, file.fileno())
        try:
            _watch(runs, id, process, task.silence_s)
        finally:
            _kill(process)
            runs.clear(id)
        run = runs.get(id)
        if run.state != "failed" or not log.stat().st_size:
            log.unlink()
        return run.state


def _start(task: Task, log: int) -> subprocess.Popen[bytes]:
    paths = os.pathsep.join(path or str(Path.cwd()) for path in sys.path)
    arguments = (task.folder, task.id, task.entry, str(task.workers), task.dask or "")
    return subprocess.Popen(
        [sys.executable, "-m", "api.worker", *arguments],
        stdin=subprocess.PIPE,
        stdout=log,
        stderr=log,
        env={**os.environ, "PYTHONPATH": paths},
        start_new_session=True,  # Ctrl-C is the supervisor's to answer; it can be ended with what it starts
    )


def _watch(runs: Runs, id: str, process: subprocess.Popen[bytes], silence_s: float) -> None:
    """Until the process has ended, or has to be ended."""
    stopped: float | None = None
    while True:
        try:
            process.wait(_LOOK_S)
        except subprocess.TimeoutExpired:
            pass
        else:
            runs.fail(id, _lost(_ending(process.returncode), runs, id))
            return
        now = time.monotonic()
        run = runs.get(id)
        if run.active:
            # importing before the first heartbeat counts as silence, too
            if time.time() - run.heartbeat > silence_s:
                runs.expire(silence_s)
                return
        elif stopped is None:
            stopped = now
        elif now - stopped > GRACE_S:
            return


def _kill(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    process.stdin.close()
    if process.poll() is None:
        process.kill()
    if process.returncode != 0 and hasattr(os, "killpg"):
        with suppress(ProcessLookupError):  # it had started no others, or they are gone
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _ending(code: int) -> str:
    if code < 0:
        name = signal.Signals(-code).name
        more = "; perhaps there was not enough memory" if name == "SIGKILL" else ""
        return f"its process was ended by {name}{more}"
    return f"its process ended with code {code}"


def _lost(reason: str, runs: Runs, id: str) -> str:
    run = runs.get(id)
    return f"{reason}; it was at {run.progress:.0%}" + (f" ({run.message})" if run.message else "")


def _end_with_supervisor() -> None:
    while os.read(0, 1):
        pass
    os._exit(1)


def main() -> None:
    """Of the process, with a task's members as arguments."""
    import faulthandler

    faulthandler.enable()
    threading.Thread(target=_end_with_supervisor, name="end-with-supervisor", daemon=True).start()
    folder, id, entry, workers, dask = sys.argv[1:]
    from analysis.models import load
    from analysis.run import perform
    from tiles.surface_layer import write_surface_layer

    model = load(entry)
    perform(folder, id, model, workers=int(workers), dask=dask or None, draw=write_surface_layer)


if __name__ == "__main__":
    main()
