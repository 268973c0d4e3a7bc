"""Envelopes of box buildings for the tests of archetypes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from analysis.energy.envelope import Attributes, Envelopes, Pieces
from analysis.energy.zones import Boundary, Part
from analysis.sun.scene import Place
from citygml.model import Code

BUSAN = Place(35.13, 128.92, 5.0, timezone="Asia/Seoul")
AACHEN = Place(51.03, 5.87, 60.0, timezone="Europe/Berlin")
WALL, ROOF = 30.0, 80.0
"""Area of each of four walls, and of roof and floor [m²]."""


def use_code(code: str, table: str = "Building_function", name: str | None = None) -> Attributes:
    """Attributes of a building that is used for what a code says."""
    return {"usage": Code(code, f"codelists/{table}.xml", name)}


def box_envelopes(
    attributes: Sequence[Attributes],
    *,
    place: Place = BUSAN,
    year: Sequence[float] | None = None,
    storeys: float = 2.0,
    shared: Sequence[int] = (),
    windows: float = np.nan,
    doors: float = np.nan,
    **others: Any,
) -> Envelopes:
    """A box of 80 m² for each of some attributes: walls to north, east, south and west, a roof, a floor.

    year: of each; unknown where None. shared: numbers of walls that are a neighbour's. windows, doors:
    modelled in each wall [m²].
    """
    z = len(attributes)
    boundary = [Boundary.ADIABATIC if k in shared else Boundary.OUTSIDE for k in range(4)]
    inside = np.isin(np.arange(6), [*shared, 5])
    opening = np.where(inside | (np.arange(6) > 3), np.nan, 1.0)
    pieces = Pieces(
        part=np.tile([Part.WALL] * 4 + [Part.ROOF, Part.FLOOR], z).astype(np.int8),
        boundary=np.tile([*boundary, Boundary.OUTSIDE, Boundary.GROUND], z).astype(np.int8),
        area=np.tile([WALL] * 4 + [ROOF] * 2, z),
        azimuth=np.tile([0.0, 90.0, 180.0, 270.0, 0.0, 0.0], z),
        tilt=np.tile([90.0] * 4 + [0.0, 180.0], z),
        sky_view=np.tile([0.5] * 4 + [1.0, 0.0], z),
        windows=np.tile(opening * windows, z),
        doors=np.tile(opening * doors, z),
        height=np.tile([3.0 * storeys] * 4 + [0.0, 0.0], z),
    )
    known: dict[str, Any] = {
        "ids": [f"b{k}" for k in range(z)],
        "building": [f"b{k}" for k in range(z)],
        "first": (6 * np.arange(z + 1)).astype(np.int32),
        "pieces": pieces,
        "volume": np.full(z, ROOF * 3.0 * storeys),
        "footprint": np.full(z, ROOF),
        "height": np.full(z, 3.0 * storeys),
        "storeys": np.full(z, storeys),
        "floor_area": np.full(z, ROOF * storeys),
        "year": np.full(z, np.nan) if year is None else np.array(year, float),
        "attributes": list(attributes),
        "centre": np.zeros((z, 2)),
        "place": place,
    }
    return Envelopes(**{**known, **others})
