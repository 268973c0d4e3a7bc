"""Running commands while watching their time and the memory of all their processes."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

TWIN = [sys.executable, "-m", "api.cli"]


@dataclass(frozen=True, slots=True)
class Run:
    """seconds: wall time. peak: largest resident set of any one process [byte]. output: its stdout."""

    seconds: float
    peak: int
    output: str


def run(command: Sequence[str | Path]) -> Run:
    """Run a command to its end. Raises CalledProcessError when it fails."""
    start = time.perf_counter()
    with subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE, text=True) as process:
        watched = psutil.Process(process.pid)
        peak = 0
        while process.poll() is None:
            peak = max(peak, _largest(watched))
            time.sleep(0.02)
        seconds = time.perf_counter() - start
        assert process.stdout is not None
        output = process.stdout.read()
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, process.args, output)
    return Run(seconds, peak, output)


def twin(*arguments: str | Path) -> Run:
    """Run a `twin` command."""
    return run([*TWIN, *arguments])


def best(runs: Sequence[Run]) -> Run:
    """The quickest of several."""
    return min(runs, key=lambda r: r.seconds)


def _largest(process: psutil.Process) -> int:
    try:
        family = [process, *process.children(recursive=True)]
        return max(p.memory_info().rss for p in family)
    except psutil.Error:
        return 0
