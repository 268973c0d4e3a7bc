"""The index of a layer, kept from build to build: what came and went since is read, the rest is known.

Versions of objects are never changed in the store but for their end, so that an index as it was after one
ingestion tells with what came and went after it what it is now.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import orjson

from twin.store import City
from twin.store.records import ObjectIndex

FORMAT = 2
_NAME = ".index"
_CHECK, _LENGTH = 4, 8
"""Bytes of what a file begins with: the CRC-32 of the rest, and the length of the JSON before the columns."""
_COLUMNS = (("<i8", 1), ("<f8", 6), ("<i8", 1), ("<i8", 1), ("V16", 1))
"""Kinds and widths of rows, bounds, triangles, implicit and digests."""
State: TypeAlias = list[str | int]
"""Format, layer, when the city began, its last object and its last ingestion."""


@dataclass(frozen=True)
class KeptIndex:
    """index: as `City.index` gives it. state: of the city then. on_disk: whether it is kept already."""

    index: ObjectIndex
    state: State
    on_disk: bool = False

    @classmethod
    def of(cls, city: City, layer: str, folder: Path) -> KeptIndex:
        """The index as it is now, within a snapshot of the city. folder: of the layer's tiles."""
        row, run = city.last_row(), city.last_run()
        state: State = [FORMAT, layer, city.began(), row, run]
        kept = _read(folder / _NAME)
        if kept is None or kept.state[:3] != state[:3]:
            return cls(city.index(layer), state)
        if kept.state == state:
            return kept
        then_row, then_run = int(kept.state[3]), int(kept.state[4])
        return cls(city.index_since(layer, kept.index, then_row, then_run), state)

    def write(self, folder: Path) -> None:
        """Keep it for the next build. The old one is removed first: some file systems wait for the disk when
        a file takes another's place, and nothing is kept here that the city would not tell again."""
        if self.on_disk:
            return
        path, index = folder / _NAME, self.index
        head = orjson.dumps([self.state, index.ids])
        columns = (index.rows, index.bounds, index.triangles, index.implicit, index.digests)
        parts = [len(head).to_bytes(_LENGTH, "little"), head, *(column.tobytes() for column in columns)]
        check = 0
        for part in parts:
            check = zlib.crc32(part, check)
        temporary = path.with_name(f"{_NAME}.new")
        with temporary.open("wb") as file:
            file.writelines([check.to_bytes(_CHECK, "little"), *parts])
        path.unlink(missing_ok=True)
        temporary.rename(path)


def _read(path: Path) -> KeptIndex | None:
    """None when there is none, or it is damaged."""
    try:
        data = memoryview(path.read_bytes())
        if zlib.crc32(data[_CHECK:]) != int.from_bytes(data[:_CHECK], "little"):
            return None
        start = _CHECK + _LENGTH
        end = start + int.from_bytes(data[_CHECK:start], "little")
        state, ids = orjson.loads(data[start:end])
        columns = []
        for kind, width in _COLUMNS:
            columns.append(np.frombuffer(data, kind, len(ids) * width, end))
            end += columns[-1].nbytes
        rows, bounds, triangles, implicit, digests = columns
        index = ObjectIndex(ids, rows, bounds.reshape(-1, 6), triangles, implicit, digests)
    except (OSError, ValueError, TypeError):
        return None
    return KeptIndex(index, state, on_disk=True)
