"""What other flood programs reach on the benchmark's town: itzi, landlab and ANUGA.

Each has an environment of its own, made with uv in the user's cache folder, once. They are run as separate
programs and nothing of theirs is imported. What cannot be installed or run is said in the table.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

_PROGRAMS = Path(__file__).parent / "peers"
_LONGEST = 900.0
"""Wall time after which a peer's run, or its installation, is given up [s]."""


@dataclass(frozen=True)
class Peer:
    """python: a version that it has wheels for. seconds: of rain, as many as give it some seconds of work."""

    name: str
    python: str
    packages: tuple[str, ...]
    seconds: float
    unit: str = "cells"


PEERS = (
    Peer("itzi", "3.12", ("itzi==26.6",), 600.0),
    # newer requireit does not have what landlab 2.11 calls
    Peer("landlab", "3.11", ("landlab==2.11.0", "requireit==0.8.0"), 150.0),
    Peer("anuga", "3.11", ("anuga==4.1.0",), 100.0, "triangles"),
)


def measured(ground: Any, built: Any, rounds: int) -> Iterator[tuple[Peer, dict[str, float] | str]]:
    """For each peer its best run (`rate` [million a second], steps, mass_error), or why there is none."""
    with tempfile.TemporaryDirectory() as folder:
        town = Path(folder) / "town.npz"
        np.savez(town, ground=ground, built=built)
        for peer in PEERS:
            try:
                python = _environment(peer)
                runs = [_run(python, peer, town) for _ in range(rounds)]
            except (OSError, subprocess.SubprocessError, ValueError) as error:
                yield peer, _reason(error)
            else:
                yield peer, max(runs, key=lambda run: run["rate"])


def _run(python: Path, peer: Peer, town: Path) -> dict[str, float]:
    command = [python, _PROGRAMS / f"{peer.name}_town.py", town, str(peer.seconds)]
    done = subprocess.run(
        command, check=True, capture_output=True, text=True, timeout=_LONGEST, cwd=town.parent
    )
    said: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return said | {"rate": said["updates"] / said["seconds"] / 1e6}


def _environment(peer: Peer) -> Path:
    """The Python of the peer's environment, which is made where it is not there yet."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "citytwin-benchmarks" / "-".join([*peer.packages, peer.python])
    python = folder / "bin" / "python"
    ready = folder / "ready"
    if not ready.exists():
        uv = shutil.which("uv")
        if uv is None:
            raise OSError("uv is not there to make its environment")
        shutil.rmtree(folder, ignore_errors=True)
        for command in (
            [uv, "venv", "--quiet", "--python", _interpreter(peer.python), folder],
            [uv, "pip", "install", "--quiet", "--python", python, *peer.packages],
        ):
            subprocess.run(command, check=True, capture_output=True, text=True, timeout=_LONGEST)
        ready.touch()
    return python


def _interpreter(version: str) -> str:
    """One of pyenv, which uv does not look for, or the version alone for uv to find or fetch."""
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    return next((str(path) for path in root.glob(f"versions/{version}.*/bin/python")), version)


def _reason(error: Exception) -> str:
    lines = (getattr(error, "stderr", None) or str(error)).strip().splitlines()
    return f"not measured: {lines[-1] if lines else type(error).__name__}"
