"""A flood run's water in the form that a viewer draws at once: heights and depths as plain arrays.

`water.json` describes them; depths are unsigned 16-bit millimetres, row 0 is north, frames one after another,
so that a client fetches each by its range of bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.contract import Result

if TYPE_CHECKING:
    from analysis.context import Context
    from analysis.flood.result import FloodResult
    from analysis.scene import FloodScene

_MOST = 65_535
_SHOWN_FROM = 5
"""Depths below are drawn as dry [mm]."""


def write_water(context: Context, scene: FloodScene, result: FloodResult) -> Result:
    """`water.json` and the arrays that it names, in the run's folder."""
    heights = np.asarray(scene.elevation, "<f4")
    context.path("water_elevation.bin").write_bytes(heights.tobytes())
    with context.path("water_depth.bin").open("wb") as file:
        for snapshot in result.snapshots:
            file.write(_millimetres(snapshot.depth).tobytes())
    context.path("water_max.bin").write_bytes(_millimetres(result.max_depth).tobytes())
    rows, columns = heights.shape
    document = {
        "width": columns,
        "height": rows,
        "cell_size": scene.cell_size,
        "times": [snapshot.time for snapshot in result.snapshots],
        "corners": _corners(scene),
        "depth_unit": "mm",
        "elevation": {"href": "water_elevation.bin", "type": "float32"},
        "frames": {"href": "water_depth.bin", "type": "uint16", "count": len(result.snapshots)},
        "maximum": {"href": "water_max.bin", "type": "uint16"},
        "legend": {
            "title": {"ko": "침수심", "en": "Water depth"},
            "unit": "m",
            # the bands of Korean flood maps, and two below them
            "stops": [0.02, 0.1, 0.5, 1, 2, 5],
        },
    }
    return context.json("water", document, {"corners": "degree, degree, m", "elevation": "m", "times": "s"})


def _millimetres(depth: Any) -> np.ndarray[Any, np.dtype[np.uint16]]:
    whole = np.clip(np.round(np.nan_to_num(np.asarray(depth)) * 1000.0), 0, _MOST)
    return np.where(whole < _SHOWN_FROM, 0, whole).astype("<u2")


def _corners(scene: FloodScene) -> list[list[float]]:
    """Longitude, latitude [degrees] and ellipsoidal less own height [m] of the grid's corners, clockwise from
    north-west; empty for a city without a place on the globe."""
    place = scene.plane.target or scene.plane.source
    if place is None:
        return []
    west, south, east, north = scene.grid.bounds
    corners = np.array([[west, north, 0.0], [east, north, 0.0], [east, south, 0.0], [west, south, 0.0]])
    found: list[list[float]] = place.to_geographic(corners).tolist()
    return found
