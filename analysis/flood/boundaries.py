"""What is asked of the edges of the grid, cell by cell and in time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from analysis.errors import AnalysisError
from analysis.flood.inputs import Array, Boundary
from analysis.flood.series import Linear

EDGES = ("north", "east", "south", "west")
CODES = {"closed": 0, "free": 1, "stage": 2, "discharge": 3, "critical": 4}


@dataclass
class EdgeValues:
    """One edge. kind `(n,) int8` (values of CODES); value `(n,)`: level over the datum [m] or inflow [m²/s];
    depth `(n,)`: of a supercritical inflow, 0 where not given; series: segments that change in time."""

    kind: Array
    value: Array
    depth: Array
    series: list[tuple[slice, str, Linear]] = field(default_factory=list)
    datum: float = 0.0
    dx: float = 1.0

    @cached_property
    def closed(self) -> bool:
        """Whether it is a wall from end to end."""
        return bool((self.kind == CODES["closed"]).all())

    def set(self, start: float, stop: float) -> None:
        """Values for a step: levels at its middle, discharges as its mean, so that their volume is exact."""
        for part, kind, series in self.series:
            if kind == "stage":
                self.value[part] = series.at((start + stop) / 2) - self.datum
            else:
                mean = series.integral(start, stop) / (stop - start)
                self.value[part] = mean / (self.dx * (part.stop - part.start))


def edge_values(
    boundaries: Sequence[Boundary] | Mapping[str, Any] | None, shape: tuple[int, int], dx: float, datum: float
) -> list[EdgeValues]:
    """The four edges in the order of EDGES. Raises AnalysisError for a boundary that means nothing."""
    lengths = {"north": shape[1], "east": shape[0], "south": shape[1], "west": shape[0]}
    edges = {
        name: EdgeValues(np.zeros(n, np.int8), np.zeros(n), np.zeros(n), datum=datum, dx=dx)
        for name, n in lengths.items()
    }
    for boundary in _listed(boundaries):
        what = f"boundary at {boundary.edge}"
        if boundary.edge not in edges:
            raise AnalysisError(f"{what}: an edge is one of {', '.join(EDGES)}")
        if boundary.kind not in CODES:
            raise AnalysisError(f"{what}: kind {boundary.kind!r} is not one of {', '.join(CODES)}")
        n = lengths[boundary.edge]
        stop = n if boundary.stop is None else boundary.stop
        if not 0 <= boundary.start < stop <= n:
            raise AnalysisError(f"{what}: cells {boundary.start} to {stop} are not within its {n} cells")
        edge, part = edges[boundary.edge], slice(boundary.start, stop)
        edge.kind[part] = CODES[boundary.kind]
        if boundary.kind in ("stage", "discharge"):
            if boundary.value is None:
                raise AnalysisError(f"{what}: a {boundary.kind} boundary needs a value")
            value = np.atleast_1d(np.asarray(boundary.value, dtype=np.float64))
            time = [0.0] if boundary.time is None else boundary.time
            edge.series.append((part, boundary.kind, Linear(time, value.tolist(), what)))
        if boundary.depth is not None:
            if not boundary.depth > 0:
                raise AnalysisError(f"{what}: depth must be above 0, got {boundary.depth:g}")
            edge.depth[part] = boundary.depth
    return [edges[name] for name in EDGES]


def _listed(boundaries: Sequence[Boundary] | Mapping[str, Any] | None) -> list[Boundary]:
    if boundaries is None:
        return []
    if isinstance(boundaries, str):
        raise AnalysisError(f"boundaries {boundaries!r}: give a dictionary of edges or a list of Boundary")
    if isinstance(boundaries, Mapping):
        listed = []
        for edge, asked in boundaries.items():
            if isinstance(asked, str):
                listed.append(Boundary(edge, asked))  # type: ignore[arg-type]
            else:
                listed.extend(asked if isinstance(asked, list | tuple) else [asked])
        return listed
    return list(boundaries)
