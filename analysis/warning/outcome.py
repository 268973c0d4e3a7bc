"""What a warning says, and its files: levels of sub-basins and buildings, and ways to shelters that stay dry.

The same for a flood run as it was simulated and for a forecast answered from a library.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from analysis.contract import Result
from analysis.errors import AnalysisError
from analysis.warning.area import Area, Basin
from analysis.warning.levels import KOREAN, UNKNOWN, Levels
from analysis.warning.routes import DRY_M, Route, evacuate, network_of_cells

if TYPE_CHECKING:
    from analysis.context import Context

Float64 = npt.NDArray[np.float64]
NO_SHELTER = "the area has no shelter that stays dry"


@dataclass(frozen=True)
class Depths:
    """Expected depths [m]. cells: (rows, columns), the deepest water. basins, buildings: (n,), NaN where
    nothing is known; the errors beside them are root mean squares over held-out runs, None where the depths
    were simulated."""

    cells: npt.NDArray[Any]
    basins: Float64
    buildings: Float64
    basin_errors: Float64 | None = None
    building_errors: Float64 | None = None


def levels_of(depths: Sequence[float]) -> Levels:
    """The four levels of the Korean crisis warning system with a city's own depths [m]. Raises
    AnalysisError."""
    if len(depths) != len(KOREAN.names):
        raise AnalysisError(f"levels: {len(KOREAN.names)} depths are needed, not {len(depths)}")
    return Levels(tuple(depths), KOREAN.names, min(KOREAN.clear, depths[0] / 2))


def ways_out(area: Area, depths: Depths, levels: Levels, limit: float) -> list[Route]:
    """For each building with a warning the way to the shelter reached first, in `area`'s order of buildings:
    over roads that never have more than `limit` [m] of water, to one whose walls stay dry."""
    warned = np.flatnonzero(levels.of(depths.buildings) > 0)
    safe = [i for i in area.shelters if not depths.buildings[i] > DRY_M]
    if not len(warned):
        return []
    if not safe or not (area.roads.any() or area.decks.any()):
        why = NO_SHELTER if not safe else "the area has no roads"
        return [Route(int(i), None, area.points[i : i + 1], 0.0, 0.0, 0.0, why) for i in warned]
    water = np.nan_to_num(np.asarray(depths.cells, np.float32))[None]
    net = network_of_cells(area.grid, area.roads, area.decks, np.zeros(1), water, limit=limit)
    found = evacuate(net, area.points[warned], area.points[safe])
    return [
        Route(int(warned[r.origin]), None if r.destination is None else safe[r.destination], *_rest(r))
        for r in found
    ]


def _rest(route: Route) -> tuple[Float64, float, float, float, str]:
    return route.line, route.length, route.time, route.max_depth, route.why


def write_warnings(
    context: Context,
    area: Area,
    depths: Depths,
    levels: Levels,
    routes: Sequence[Route],
    about: dict[str, Any],
) -> dict[str, Result]:
    """The results `declared.OUTPUTS`. about: further members of `warnings`, such as the forecast."""
    by_basin, by_building = levels.of(depths.basins), levels.of(depths.buildings)
    steps = [
        {"level": n, "depth": depth, "name": {"ko": ko, "en": en}}
        for n, (depth, (ko, en)) in enumerate(zip(levels.depths, levels.names, strict=True), 1)
    ]
    basin_errors = depths.basin_errors
    features = [
        _basin(
            basin,
            float(depths.basins[i]),
            int(by_basin[i]),
            None if basin_errors is None else float(basin_errors[i]),
        )
        for i, basin in enumerate(area.basins)
    ]
    ways = [_way(area, route) for route in routes if route.destination is not None]
    document = {
        "levels": steps,
        "counts": {
            "basins": _counts(by_basin, len(steps)),
            "buildings": _counts(by_building, len(steps)),
            "routes": len(ways),
        },
        "buildings": {
            "ids": area.ids,
            "depth": rounded(depths.buildings),
            "level": by_building.tolist(),
            **({} if depths.building_errors is None else {"error": rounded(depths.building_errors)}),
        },
        "map": _map(context, area),
        "without_way": [
            {"building": area.ids[r.origin], "why": r.why} for r in routes if r.destination is None
        ],
        **about,
    }
    units = {"depth": "m", "error": "m", "area": "m2", "length": "m", "time": "s", "max_depth": "m"}
    return {
        "warnings": context.json("warnings", document, {"depth": "m", "error": "m"}),
        "basins": context.json("basins", {"type": "FeatureCollection", "features": features}, units),
        "routes": context.json("routes", {"type": "FeatureCollection", "features": ways}, units),
    }


def _map(context: Context, area: Area) -> dict[str, Any]:
    """The sub-basins and their ground as arrays of cells, row 0 in the north, for a viewer."""
    context.path("warning_basins.bin").write_bytes(area.basin.astype("<u2").tobytes())
    context.path("warning_elevation.bin").write_bytes(area.elevation.astype("<f4").tobytes())
    rows, columns = area.grid.shape
    return {
        "width": columns,
        "height": rows,
        "cell_size": area.grid.cell_size,
        "corners": area.corners.tolist(),
        "basins": {"href": "warning_basins.bin", "type": "uint16"},
        "elevation": {"href": "warning_elevation.bin", "type": "float32"},
    }


def _basin(basin: Basin, depth: float, level: int, error: float | None) -> dict[str, Any]:
    return {
        "type": "Feature",
        "id": basin.number,
        "geometry": basin.outline,
        "properties": {
            "basin": basin.number,
            "area": basin.area,
            "depth": None if level == UNKNOWN else round(depth, 3),
            "level": level,
            "error": None if error is None or not np.isfinite(error) else round(error, 3),
            "point": basin.point,
        },
    }


def _way(area: Area, route: Route) -> dict[str, Any]:
    assert route.destination is not None
    line = area.way(route.line)
    return {
        "type": "Feature",
        "id": area.ids[route.origin],
        "geometry": {"type": "LineString", "coordinates": line} if line else None,
        "properties": {
            "building": area.ids[route.origin],
            "shelter": area.ids[route.destination],
            "shelter_name": area.shelters[route.destination],
            "length": round(route.length, 1),
            "time": round(route.time),
            "max_depth": round(route.max_depth, 3),
        },
    }


def _counts(levels: npt.NDArray[np.int8], most: int) -> list[int]:
    """How many have each level, from none on."""
    return np.bincount(levels[levels >= 0], minlength=most + 1).tolist()  # type: ignore[no-any-return]


def rounded(values: Float64) -> list[float | None]:
    """To the millimetre; None for NaN, which JSON does not have."""
    return [None if np.isnan(v) else round(v, 3) for v in values.tolist()]
