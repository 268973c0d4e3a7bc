"""Colours of the ground picture: one row per class and style, chosen quiet so that the data speaks."""

from __future__ import annotations

import numpy as np

LANDUSE = (
    "other",
    "residential",
    "commercial",
    "industrial",
    "public",
    "agriculture",
    "parking",
    "bare",
    "green",
    "forest",
)
BACKGROUND = 0
GREEN, PARCEL, SHORE, WATER, CASING, PATH, ROAD, RAIL, BUILDING = range(len(LANDUSE) + 1, len(LANDUSE) + 10)


def landuse_class(name: str) -> int:
    """The class number of a land use; unknown names are "other"."""
    return 1 + (LANDUSE.index(name) if name in LANDUSE else 0)


def _style(*colours: str) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    return np.array([list(bytes.fromhex(colour)) for colour in colours], np.uint8)


# background, the land uses in order, then green, parcel, shore, water, casing, path, road, rail, building
STYLES = {
    "light": _style(
        "e8e6e1",
        *("e6e4de", "ebe7df", "eee2dc", "e1e2e8", "e8e2ec", "e5e6cd", "dedddb", "e4ddcf", "d2e2c4", "c4d8b5"),
        *("cde0bd", "d8d4cc", "94b5c7", "b3d2e3", "cbc7bf", "f0ede6", "fbfaf8", "aaa6a0", "dcd5cb"),
    ),
    "dark": _style(
        "1f2328",
        *("23272c", "282c32", "302b31", "282b36", "2d2a38", "2a3029", "2c2f34", "2d2a27", "22332b", "1d3027"),
        *("22352c", "343941", "2f5268", "1b3a50", "15181b", "30353c", "434a54", "5a545e", "3a4049"),
    ),
}
DEEP_WATER = {
    "light": np.array([0xA3, 0xC6, 0xDB], np.float32),
    "dark": np.array([0x14, 0x2D, 0x41], np.float32),
}
# How much a building darkens the ground at its feet, and how much of the relief's shade is used.
FOOT_SHADE = {"light": 0.22, "dark": 0.4}
RELIEF = {"light": 0.4, "dark": 0.6}
