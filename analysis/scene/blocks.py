"""Which block of the city a place is in: its parcel of land, or a square of the map where there is none."""

from __future__ import annotations

from collections.abc import Sequence

import shapely

from analysis.scene.grid import Float64
from analysis.scene.outlines import Outline

SIZE = 250.0
"""Of the squares [m]."""


def block_names(points: Float64, parcels: Sequence[Outline] = (), size: float = SIZE) -> list[str]:
    """(n, 2) points on the grid's plane [m] → the id of the parcel that each lies in, else of the square of
    `size` [m], such as "1250,500", its corner to the south-west."""
    names = [f"{int(x // size * size)},{int(y // size * size)}" for x, y in points.tolist()]
    if len(parcels) and len(points):
        tree = shapely.STRtree([parcel.shape for parcel in parcels])
        for point, parcel in tree.query(shapely.points(points), predicate="intersects").T.tolist():
            names[point] = parcels[parcel].id
    return names
