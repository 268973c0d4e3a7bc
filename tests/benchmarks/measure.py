"""Running commands while watching their time and the memory of all their processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

TWIN = [str(Path(sys.executable).with_name("twin"))]


_COMPILED = tempfile.TemporaryDirectory()
INSTALLED = {
    **{name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"},
    "PYTHONPYCACHEPREFIX": _COMPILED.name,
}
"""The environment of commands: as where pip has installed them, modules are compiled once and not by every
process, whatever the shell here says. The first run of a command is therefore not one to time."""


@dataclass(frozen=True, slots=True)
class Run:
    """seconds: wall time. peak: largest resident set of any one process [byte]. output: its stdout."""

    seconds: float
    peak: int
    output: str


def run(command: Sequence[str | Path], watch: bool = False) -> Run:
    """Run a command to its end. Raises CalledProcessError when it fails.

    watch: look at the memory, which costs time, so that such a run is not one to time.
    """
    start = time.perf_counter()
    with subprocess.Popen(
        [str(part) for part in command], stdout=subprocess.PIPE, text=True, env=INSTALLED
    ) as process:
        watched = psutil.Process(process.pid)
        peak = 0
        while watch and process.poll() is None:
            peak = max(peak, _largest(watched))
            time.sleep(0.02)
        process.wait()
        seconds = time.perf_counter() - start
        assert process.stdout is not None
        output = process.stdout.read()
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, process.args, output)
    return Run(seconds, peak, output)


def twin(*arguments: str | Path, watch: bool = False) -> Run:
    """Run a `twin` command."""
    return run([*TWIN, *arguments], watch)


class Watch:
    """A running `twin tile --watch`, as a context that begins when the tiles are as the city is."""

    def __init__(self, city: Path) -> None:
        command = [*TWIN, "tile", str(city), "--watch", "--json"]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=INSTALLED)

    def build(self) -> dict[str, Any]:
        """What it says of its next build, once it is done."""
        assert self._process.stdout is not None
        said: dict[str, Any] = json.loads(self._process.stdout.readline())
        return said

    def __enter__(self) -> Watch:
        self.build()
        return self

    def __exit__(self, *exc: object) -> None:
        self._process.send_signal(signal.SIGINT)
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()


def best(runs: Sequence[Run]) -> Run:
    """The quickest of several."""
    return min(runs, key=lambda r: r.seconds)


def _largest(process: psutil.Process) -> int:
    try:
        family = [process, *process.children(recursive=True)]
        return max(p.memory_info().rss for p in family)
    except psutil.Error:
        return 0
