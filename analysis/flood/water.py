"""A flood run's water in the form that a viewer draws at once: heights and depths as plain arrays.

`water.json` describes them; depths are unsigned 16-bit millimetres, row 0 is north, frames one after another,
so that a client fetches each by its range of bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.contract import Result
from analysis.flood.hazard import CLASSES, UNIT
from analysis.flood.inputs import Options

if TYPE_CHECKING:
    from analysis.context import Context
    from analysis.flood.result import FloodResult
    from analysis.scene import FloodScene

_MOST = 65_535
_SHOWN_FROM = 5
"""Depths below are drawn as dry [mm]."""
_OPTIONS = Options()
_GRADES = [
    {"from": 0.0, "title": {"ko": "매우 낮음: 주의", "en": "very low hazard: caution"}},
    {
        "from": CLASSES[0],
        "title": {"ko": "일부(어린이, 노약자)에게 위험", "en": "danger for some (children, the frail)"},
    },
    {
        "from": CLASSES[1],
        "title": {"ko": "대부분(일반인)에게 위험", "en": "danger for most (the general public)"},
    },
    {
        "from": CLASSES[2],
        "title": {"ko": "모두(구조대 포함)에게 위험", "en": "danger for all (rescuers as well)"},
    },
]
"""What a hazard rating means from each lower limit on; the source is that of `hazard.CLASSES`."""
_LEGENDS: dict[str, dict[str, Any]] = {
    "hazard": {
        "title": {"ko": "위험도 d(v+0.5)+DF", "en": "Hazard rating d(v+0.5)+DF"},
        "unit": UNIT,
        "classes": _GRADES,
    },
    "arrival": {
        "title": {
            "ko": f"수심 {_OPTIONS.arrival_depth:g} m 도달 시간",
            "en": f"Time until {_OPTIONS.arrival_depth:g} m deep",
        },
        "unit": "s",
    },
    "duration": {
        "title": {
            "ko": f"수심 {_OPTIONS.duration_depth:g} m 초과 지속 시간",
            "en": f"Time deeper than {_OPTIONS.duration_depth:g} m",
        },
        "unit": "s",
    },
    "speed": {
        "title": {"ko": "최대 유속", "en": "Greatest speed"},
        "unit": "m/s",
        "stops": [0, 0.25, 0.5, 1, 2, 4],
    },
}
"""Titles and units of the figures of `layers`; times get their stops from the run."""


def write_water(context: Context, scene: FloodScene, result: FloodResult) -> Result:
    """`water.json` and the arrays that it names, in the run's folder."""
    heights = np.asarray(scene.elevation, "<f4")
    context.path("water_elevation.bin").write_bytes(heights.tobytes())
    with context.path("water_depth.bin").open("wb") as file:
        for snapshot in result.snapshots:
            file.write(_millimetres(snapshot.depth).tobytes())
    context.path("water_max.bin").write_bytes(_millimetres(result.max_depth).tobytes())
    whole = result.snapshots[-1].time if result.snapshots else result.time
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
        "layers": [
            _layer(context, "hazard", result.max_hazard, result.max_hazard > 0),
            _layer(context, "arrival", result.arrival, np.isfinite(result.arrival), whole),
            _layer(context, "duration", result.duration, result.duration > 0, whole),
            _layer(context, "speed", result.max_speed, result.max_depth > 0),
        ],
    }
    return context.json("water", document, {"corners": "degree, degree, m", "elevation": "m", "times": "s"})


def _layer(context: Context, name: str, values: Any, known: Any, whole: float = 0.0) -> dict[str, Any]:
    """One figure for each cell over the whole run, NaN where it is not `known`, as float32; and its legend.

    whole: how long the run was [s], for the stops of times.
    """
    cells = np.where(known, np.asarray(values, np.float64), np.nan).astype("<f4")
    path = context.path(f"water_{name}.bin")
    path.write_bytes(cells.tobytes())
    legend = dict(_LEGENDS[name])
    if legend["unit"] == "s":
        legend["stops"] = [whole * share for share in (0.0, 0.25, 0.5, 0.75, 1.0)]
    return {"name": name, "href": path.name, "type": "float32", "legend": legend}


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
