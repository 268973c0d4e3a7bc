"""What a flood run meets at the edges of its area: streams at their level, or rising, and open or closed
ground."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from analysis.flood.inputs import Boundary, Edge

if TYPE_CHECKING:
    from analysis.scene.flood import FloodScene

EDGES: tuple[Edge, ...] = ("north", "east", "south", "west")
_RISING_S = 3600.0
"""Within which a stream rises [s]."""


def around(scene: FloodScene, edges: Literal["free", "closed"]) -> list[Boundary]:
    """The level of streams where they meet an edge; elsewhere `edges`."""
    found = scene.boundaries()
    if edges == "closed":
        return found
    taken: dict[str, list[tuple[int, int]]] = {edge: [] for edge in EDGES}
    for boundary in found:
        length = _length(scene, boundary.edge)
        taken[boundary.edge].append((boundary.start, length if boundary.stop is None else boundary.stop))
    open_ground = []
    for edge in EDGES:
        length, start = _length(scene, edge), 0
        for low, high in [*sorted(taken[edge]), (length, length)]:
            if low > start:
                open_ground.append(Boundary(edge, "free", start=start, stop=low))
            start = max(start, high)
    return found + open_ground


def risen(boundaries: Sequence[Boundary], rise: float) -> list[Boundary]:
    """The same with every constant level of a stream raised by `rise` [m] within an hour."""
    return [
        replace(boundary, value=[boundary.value, boundary.value + rise], time=[0.0, _RISING_S])
        if rise and isinstance(boundary.value, (int, float))
        else boundary
        for boundary in boundaries
    ]


def _length(scene: FloodScene, edge: Edge) -> int:
    return scene.grid.columns if edge in ("north", "south") else scene.grid.rows
