"""One flood run of a library: rain of one intensity and duration, and a stream that rises.

It is the model `flood` with design rain, without what only one run is wanted for: pictures in time, damage.
What is done is kept in a folder, so that a library that was stopped goes on where it was.
"""

from __future__ import annotations

import hashlib
import pickle
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from analysis.errors import Cancelled
from analysis.warning.library import Float32, Parameters

if TYPE_CHECKING:
    from analysis.flood.inputs import Boundary, Buildings, CurveNumber, GreenAmpt

_BEAT_S = 0.5
"""How often a run says how far it is, and looks whether it is still wanted [s]."""


@dataclass(frozen=True)
class Ground:
    """What all scenarios share; arrays (rows, columns). after: how long water runs on when the rain is over
    [s]."""

    elevation: Float32
    cell_size: float
    manning: Float32
    initial_depth: Float32
    buildings: Buildings
    infiltration: CurveNumber | GreenAmpt | None
    boundaries: list[Boundary]
    scheme: str
    dtype: str
    after: float

    def digest(self, version: str) -> str:
        """Of everything that decides the depths."""
        return hashlib.sha256(version.encode() + pickle.dumps(self, 5)).hexdigest()[:20]


@dataclass(frozen=True)
class FloodScenario:
    """A run as `library.RunOne`: axes rain [mm/h], duration [h], level [m, rise of the streams].

    kept: the folder for what is done. city, run: the library's own run; when it is no longer running the
    scenario stops. threads: of each run.
    """

    ground: Ground
    kept: str
    city: str
    run: str
    threads: int = 1

    def __call__(self, parameters: Parameters) -> Float32:
        done = self.file(parameters)
        with suppress(FileNotFoundError):
            return np.asarray(np.load(done), np.float32)
        depth = self._compute(parameters)
        done.parent.mkdir(parents=True, exist_ok=True)
        part = done.with_suffix(f".{self.run}.part")
        with part.open("wb") as file:
            np.save(file, depth)
        part.rename(done)
        self._told(parameters).unlink(missing_ok=True)
        return depth

    def file(self, parameters: Parameters) -> Path:
        """Where its depths are kept when it is done."""
        return Path(self.kept) / f"{_key(parameters)}.npy"

    def _told(self, parameters: Parameters) -> Path:
        return Path(self.kept) / f"{_key(parameters)}.{self.run}.progress"

    def _compute(self, parameters: Parameters) -> Float32:
        from analysis.flood.inputs import MM_PER_HOUR, Options, Rainfall
        from analysis.flood.simulate import simulate
        from analysis.scene.edges import risen

        ground, seconds = self.ground, parameters["duration"] * 3600.0
        result = simulate(
            ground.elevation,
            ground.cell_size,
            seconds + ground.after,
            scheme=ground.scheme,  # type: ignore[arg-type]
            manning=ground.manning,
            rainfall=Rainfall([0.0, seconds], [parameters["rain"] / MM_PER_HOUR]),
            boundaries=risen(ground.boundaries, parameters["level"]),
            initial_depth=ground.initial_depth,
            buildings=ground.buildings,
            infiltration=ground.infiltration,
            dtype=ground.dtype,  # type: ignore[arg-type]
            progress=_Beat(self, parameters),
            options=Options(threads=self.threads),
        )
        return np.asarray(result.max_depth, np.float32)

    def share(self, points: Iterable[Parameters]) -> float:
        """How much of these scenarios is done, 0 to 1, by what their processes have written."""
        shares = [1.0 if self.file(p).exists() else _number(self._told(p)) for p in points]
        return float(np.mean(shares)) if shares else 1.0

    def forget(self, points: Iterable[Parameters]) -> None:
        """Remove what is kept of these; another run of the same ground may be at work beside."""
        for point in points:
            self.file(point).unlink(missing_ok=True)
        with suppress(OSError):
            Path(self.kept).rmdir()


class _Beat:
    """The progress of one scenario, written to a file; raises `Cancelled` when the library is stopped."""

    def __init__(self, scenario: FloodScenario, parameters: Parameters) -> None:
        self._scenario, self._file = scenario, scenario._told(parameters)
        self._last = 0.0

    def __call__(self, fraction: float, message: str) -> None:
        from twin.runs import open_runs

        now = time.monotonic()
        if now - self._last < _BEAT_S:
            return
        self._last = now
        with open_runs(self._scenario.city) as runs:
            if runs.state(self._scenario.run) != "running":
                self._file.unlink(missing_ok=True)
                raise Cancelled
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._file.write_text(f"{fraction:.4f}")


def _key(parameters: Parameters) -> str:
    return "_".join(f"{name}{value:.9g}" for name, value in sorted(parameters.items()))


def _number(path: Path) -> float:
    try:
        return float(path.read_text())
    except (OSError, ValueError):
        return 0.0
