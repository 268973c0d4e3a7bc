"""What the server keeps in memory to answer AR apps at once: where things stand, and scenes made lately."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from twin.store import City

if TYPE_CHECKING:
    from analysis.views.pick import Piece, Solids
    from tiles.ar.cells import Cells
    from tiles.ar.neighbourhood import Neighbourhood
    from tiles.ar.origin import Origin

KEPT_BYTES = 16_000_000
"""Of answers in memory."""
KEPT_TRIANGLES = 500_000
"""Of solids that rays are cast at, about 300 bytes each."""


@dataclass(frozen=True)
class Answer:
    """body: as it is sent; etag: of it, quoted. headers: what else is told."""

    body: bytes
    media_type: str
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def etag(self) -> str:
        return f'"{hashlib.blake2b(self.body, digest_size=12).hexdigest()}"'


class ArDesk:
    """For one city; several threads may ask."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = Lock()
        self._neighbourhood: Neighbourhood | None = None
        self._answers: OrderedDict[Hashable, Answer] = OrderedDict()
        self._bytes = 0
        self._cells: dict[tuple[str, ...], Cells] = {}
        self._solids: OrderedDict[Hashable, Solids] = OrderedDict()
        self._triangles = 0

    def neighbourhood(self, city: City) -> Neighbourhood:
        """Of the city as it is now."""
        from tiles.ar.neighbourhood import Neighbourhood, state_of

        with self._lock:
            if self._neighbourhood is None or self._neighbourhood.state != state_of(city):
                self._neighbourhood = Neighbourhood(city)
                self._cells.clear()
                self._solids.clear()
                self._triangles = 0
            return self._neighbourhood

    def surroundings(
        self, city: City, around: Neighbourhood, layers: tuple[str, ...], origin: Origin, reach: float
    ) -> list[Piece]:
        """What stands at most reach [m] from an origin, cell by cell, to be looked at from its frame."""
        from analysis.views.pick import Piece
        from citygml.crs import frame_matrix
        from tiles.ar.cells import Cells

        with self._lock:
            cells = self._cells.get(layers)
            if cells is None:
                cells = self._cells[layers] = Cells(city, around, layers)
        at = around.place.from_geographic(np.array([[origin.longitude, origin.latitude, 0.0]]))[0, :2]
        near = cells.near(at, reach)
        if not len(near):
            return []
        frame = frame_matrix(np.array([origin.longitude, origin.latitude, origin.height]))
        corners = cells.boxes[near][:, [0, 1, 2, 0, 4, 2, 3, 1, 2, 3, 4, 2]].reshape(-1, 3)
        local = (around.place.to_ecef(corners) - frame[:3, 3]) @ frame[:3, :3]
        flat = local[:, :2].reshape(len(near), 4, 2)
        boxes = np.stack([flat.min(axis=1), flat.max(axis=1)], axis=1)
        return [
            Piece(box, partial(self._solids_of, city, cells, (around.state, layers, cell)))
            for box, cell in zip(boxes, near.tolist(), strict=True)
        ]

    def _solids_of(self, city: City, cells: Cells, key: tuple[Hashable, Hashable, int]) -> Solids:
        """key: the city's state, the layers, the number of the cell."""
        from analysis.views.pick import Solids

        with self._lock:
            known = self._solids.get(key)
            if known is not None:
                self._solids.move_to_end(key)
                return known
        shapes, matrix = cells.shapes(city, key[-1])
        made = Solids(shapes.vertices, shapes.triangles, shapes.owner, matrix)
        with self._lock:
            if key not in self._solids:
                self._solids[key] = made
                self._triangles += len(made)
            while self._triangles > KEPT_TRIANGLES:
                self._triangles -= len(self._solids.popitem(last=False)[1])
        return made

    def answer(self, key: Hashable, make: Callable[[], Answer]) -> Answer:
        """One made lately, or a new one."""
        with self._lock:
            known = self._answers.get(key)
            if known is not None:
                self._answers.move_to_end(key)
                return known
        made = make()
        with self._lock:
            former = self._answers.pop(key, None)
            self._answers[key] = made
            self._bytes += len(made.body) - (0 if former is None else len(former.body))
            while self._bytes > KEPT_BYTES:
                self._bytes -= len(self._answers.popitem(last=False)[1].body)
        return made
