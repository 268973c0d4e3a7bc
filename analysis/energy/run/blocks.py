"""Which block each building of a run is in, and in which portions buildings are computed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from analysis.energy.zones import Float64, Int32
from analysis.scene.blocks import block_names
from analysis.scene.grid import Plane
from analysis.scene.outlines import areas
from twin.store import City

LAND = "landuse"
_LEAST = 2.0
"""Parcels that hold fewer buildings than this, on average, are plots and no blocks."""


def blocks_of(city: City, plane: Plane, centres: Float64) -> list[str]:
    """The block of each of the (b, 2) centres [m, of the plane]: its parcel of land where parcels hold
    several buildings each, else a square of the map."""
    if len(centres) and LAND in {layer.name for layer in city.layers()}:
        low, high = centres.min(axis=0), centres.max(axis=0)
        bounds = float(low[0]), float(low[1]), float(high[0]), float(high[1])
        named = block_names(centres, list(areas(city, plane, LAND, bounds)))
        if len(named) >= _LEAST * len(set(named)):
            return named
    return block_names(centres)


def numbered(names: Sequence[str]) -> tuple[list[str], Int32]:
    """The different names in their order, and (n,) which of them each is."""
    known: dict[str, int] = {}
    numbers = np.array([known.setdefault(name, len(known)) for name in names], np.int32)
    return list(known), numbers


def portions(building: Int32, block: Int32, size: int) -> Iterator[Int32]:
    """Numbers of zones, portion by portion: of about `size` zones, with whole blocks of whole buildings.

    building: (z,) of each zone; block: (b,) of each building.
    """
    order = np.lexsort((building, block[building])).astype(np.int32)
    if not len(order):
        return
    starts = np.flatnonzero(np.diff(block[building[order]], prepend=-1))
    begin = 0
    for end in [*starts[1:].tolist(), len(order)]:
        if end - begin >= size or end == len(order):
            yield order[begin:end]
            begin = end
