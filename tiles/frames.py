"""The frames of a layer's tiles, kept from build to build: what stays where it is needs no PROJ.

A frame depends on the place of the city and the box of the tile's objects alone, so that one that is kept is
the one that would be made again.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from citygml.crs import Georeference, LocalFrame
from citygml.model import Float64

FORMAT = 1
_NAME = ".frames"
_KEY = 6 * 8  # bytes

Bounds = tuple[Float64, Float64]


class Frames:
    """Fitted frames by what they were fitted to: its low and its high corner, (3,) each in the city's CRS."""

    def __init__(self, place: Georeference, kept: dict[bytes, Float64] | None = None) -> None:
        """kept: frames as `LocalFrame.packed` gives them, by the bytes of their bounds; of those that are not
        fitted the matrix, and NaN."""
        self.place = place
        self._kept = kept or {}
        self._used: set[bytes] = set()

    @classmethod
    def read(cls, folder: Path, place: Georeference) -> Frames:
        """Those of the last build in this folder; none when they are of another place."""
        try:
            data = (folder / _NAME).read_bytes()
        except OSError:
            return cls(place)
        digest = _digest(place)
        row = _KEY + LocalFrame.PACKED * 8
        if not data.startswith(digest) or (len(data) - len(digest)) % row:
            return cls(place)
        rows = [data[start : start + row] for start in range(len(digest), len(data), row)]
        return cls(place, {row[:_KEY]: np.frombuffer(row[_KEY:]) for row in rows})

    def find(self, bounds: Bounds) -> LocalFrame | None:
        key = _key(bounds)
        self._used.add(key)
        numbers = self._kept.get(key)
        return None if numbers is None or np.isnan(numbers).any() else self.place.unpacked_frame(numbers)

    def keep(self, bounds: Bounds, frame: LocalFrame) -> None:
        """Remember what `Georeference.fitted_frame` gives for these bounds."""
        numbers = frame.packed()
        if numbers is None:
            numbers = np.full(LocalFrame.PACKED, np.nan)
            numbers[:16] = frame.matrix.ravel()
        self._kept[_key(bounds)] = numbers

    def matrix(self, bounds: Bounds) -> Float64:
        """(4, 4) of the frame in the middle of these bounds, to ECEF."""
        key = _key(bounds)
        if key not in self._kept:
            self.keep(bounds, self.place.local_frame((bounds[0] + bounds[1]) / 2))
        self._used.add(key)
        return self._kept[key][:16].reshape(4, 4)

    def write(self, folder: Path) -> None:
        """Keep those that were asked for, for the next build."""
        keys = sorted(self._used & self._kept.keys())
        data = _digest(self.place) + b"".join(key + self._kept[key].tobytes() for key in keys)
        path = folder / _NAME
        if path.exists() and path.read_bytes() == data:
            return
        temporary = path.with_name(f"{_NAME}.new")
        temporary.write_bytes(data)
        temporary.replace(path)


def _key(bounds: Bounds) -> bytes:
    return bounds[0].tobytes() + bounds[1].tobytes()


def _digest(place: Georeference) -> bytes:
    text = f"{FORMAT} {place.crs.name} {place.heights} {place.anchor}"
    return hashlib.blake2b(text.encode(), digest_size=16).digest()
