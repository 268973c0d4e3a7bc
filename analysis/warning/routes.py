"""Ways to safety over the roads of a city that keep out of water deeper than a limit at the time of passing.

The network is the cells of the grid that roads cover, and not centre lines: CityGML gives most roads as
areas, the depths lie on these very cells, squares and footways join in without being modelled as junctions,
and no centre line has to be guessed. Each cell leads to sixteen others (the eight around and the knight's
moves), so that no way is more than 2.8 % longer than a straight one. The earliest arrival is found by
Dijkstra's algorithm, with the depth at each cell at the moment it is reached; nobody waits on the way for
water to fall, which is on the safe side. Between an origin or destination and its nearest road cell the way
is a straight line whose depth is not judged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import shapely

from analysis.errors import AnalysisError
from analysis.warning.levels import DEPTH_LIMIT_M
from analysis.warning.passage import DROWNED, UNREACHED, earliest, to_goals

if TYPE_CHECKING:
    import geopandas

    from analysis.scene.grid import Grid

Bool = npt.NDArray[np.bool_]
Float64 = npt.NDArray[np.float64]
WALKING_M_S = 1.0
"""Slow walking, as pedestrian signals allow for; a group with children and old people."""
DRY_M = 0.05
"""A destination is dry when its water is never deeper than this [m]."""
REACH_M = 100.0
"""How far a road may be from an origin or destination [m]."""


@dataclass(frozen=True)
class Route:
    """origin, destination: indices; destination None when there is no way, and then `why` says so. line: (n,
    2) in the grid's plane. length [m], time [s] on the way. max_depth: deepest water passed on roads [m]."""

    origin: int
    destination: int | None
    line: Float64
    length: float
    time: float
    max_depth: float
    why: str = ""


@dataclass(frozen=True)
class Network:
    """passable: (rows, columns) cells of roads. depths: (n, rows, columns) [m] at times (n,) [s], linear
    between; NaN is impassable. limit: [m]. speed: [m/s]."""

    grid: Grid
    passable: Bool
    times: Float64
    depths: npt.NDArray[np.float32]
    limit: float = DEPTH_LIMIT_M
    speed: float = WALKING_M_S

    def deepest(self) -> npt.NDArray[np.float32]:
        """(rows, columns) over all times [m]."""
        deepest: npt.NDArray[np.float32] = self.depths.max(axis=0)
        return deepest


def network(
    grid: Grid,
    roads: Sequence[shapely.Geometry],
    times: npt.ArrayLike,
    depths: npt.ArrayLike,
    *,
    limit: float = DEPTH_LIMIT_M,
    speed: float = WALKING_M_S,
    line_width: float = 6.0,
    bridges: Sequence[shapely.Geometry] = (),
) -> Network:
    """A network of roads on a grid under water.

    roads: areas, or lines, which get a width of `line_width` [m]; in the grid's plane. times: (n,) [s],
    increasing. depths: (n, rows, columns) [m], or (rows, columns) for water that stays. A cell is road when a
    road touches it. bridges: areas whose decks are roads above the water, whatever runs below. Raises
    AnalysisError.
    """
    seconds = np.atleast_1d(np.asarray(times, np.float64))
    water = np.asarray(depths, np.float32)
    water = water[None] if water.ndim == 2 else water
    if water.shape != (len(seconds), *grid.shape):
        raise AnalysisError(
            f"depths of shape {water.shape} for {len(seconds)} times on a grid of {grid.shape}"
        )
    if (np.diff(seconds) <= 0).any():
        raise AnalysisError("the times of the depths are not increasing")
    if not (limit > 0 and speed > 0):
        raise AnalysisError(f"a depth limit of {limit:g} m and a speed of {speed:g} m/s are not both above 0")
    shapes = np.array(list(roads), object)
    if not len(shapes):
        raise AnalysisError("the area has no roads, over which ways could lead")
    lines = shapely.get_dimensions(shapes) == 1
    shapes[lines] = shapely.buffer(shapes[lines], line_width / 2)
    cells, decks = touched(shapes, grid), touched(bridges, grid)
    return network_of_cells(grid, cells, decks, seconds, water, limit=limit, speed=speed)


def network_of_cells(
    grid: Grid,
    roads: Bool,
    decks: Bool,
    times: Float64,
    depths: npt.NDArray[np.float32],
    *,
    limit: float = DEPTH_LIMIT_M,
    speed: float = WALKING_M_S,
) -> Network:
    """The same of cells (rows, columns) that roads, and decks of bridges above the water, touch. Raises
    AnalysisError."""
    if not (roads.any() or decks.any()):
        raise AnalysisError("no road lies on the grid")
    water = np.ascontiguousarray(np.where(decks, np.float32(0.0), depths))
    return Network(grid, roads | decks, times, water, limit, speed)


def touched(shapes: Sequence[shapely.Geometry] | npt.NDArray[np.object_], grid: Grid) -> Bool:
    """(rows, columns) the cells that any of the shapes touches."""
    from rasterio.features import rasterize

    if not len(shapes):
        return np.zeros(grid.shape, bool)
    cells = rasterize(
        ((shape, 1) for shape in shapes),
        out_shape=grid.shape,
        transform=grid.transform,
        all_touched=True,
        dtype=np.uint8,
    )
    return np.asarray(cells, bool)


def evacuate(
    network: Network,
    origins: npt.ArrayLike,
    destinations: npt.ArrayLike,
    *,
    start: float = 0.0,
    dry: float = DRY_M,
    reach: float = REACH_M,
) -> list[Route]:
    """For each origin (n, 2) the way to that dry destination (m, 2) which is reached first, setting out at
    `start` [s, in the network's times]; both in the grid's plane.

    A destination counts when its own cell, if it is on the grid, and its road cell never have more than `dry`
    [m] of water. An origin without a way gets a `Route` that says why.
    """
    froms = np.asarray(origins, np.float64).reshape(-1, 2)
    tos = np.asarray(destinations, np.float64).reshape(-1, 2)
    from_cell, from_gap = _snapped(network, froms, reach)
    to_cell, to_gap = _snapped(network, tos, reach)
    safe = _safe(network, tos, to_cell, dry)
    if not safe.any():
        why = "no destination is dry and near a road"
        return [Route(i, None, froms[i : i + 1], 0.0, 0.0, 0.0, why) for i in range(len(froms))]
    last_leg = np.full(
        network.passable.size, np.inf
    )  # [s] from a road cell to the nearest destination behind it
    goal = np.full(network.passable.size, -1, np.int64)
    for j in np.flatnonzero(safe).tolist():
        leg = to_gap[j] / network.speed
        if leg < last_leg[to_cell[j]]:
            last_leg[to_cell[j]], goal[to_cell[j]] = leg, j
    cost, after = _steady(network, last_leg) if len(network.times) == 1 else (None, None)
    found = []
    for i in range(len(froms)):
        at = froms[i], int(from_cell[i]), from_gap[i]
        if at[1] < 0:
            why = f"there is no road within {reach:g} m"
            found.append(Route(i, None, froms[i : i + 1], 0.0, 0.0, 0.0, why))
        elif cost is not None:
            found.append(_steady_way(network, i, *at, tos, goal, cost, after))
        else:
            found.append(_way(network, i, *at, tos, goal, last_leg, start))
    return found


def _steady(net: Network, last_leg: Float64) -> Any:
    """Times to the destinations from every cell, and the next cell on the way, under water that stays."""
    is_open = net.passable & (net.depths[0] <= net.limit)
    return to_goals(is_open, net.grid.cell_size / net.speed, last_leg)


def _steady_way(
    net: Network,
    i: int,
    point: Float64,
    cell: int,
    gap: float,
    tos: Float64,
    goal: Any,
    cost: Any,
    after: Any,
) -> Route:
    depths = net.depths[0].ravel()
    if not depths[cell] <= net.limit:
        return _no_way(net, i, point, DROWNED)
    if not np.isfinite(cost[cell]):
        return _no_way(net, i, point, UNREACHED)
    cells = [cell]
    while after[cells[-1]] != cells[-1]:
        cells.append(int(after[cells[-1]]))
    time = gap / net.speed + float(cost[cell])
    return _found(net, i, point, cells, tos, int(goal[cells[-1]]), time, float(depths[cells].max()))


def _way(
    net: Network,
    i: int,
    point: Float64,
    cell: int,
    gap: float,
    tos: Float64,
    goal: Any,
    last_leg: Float64,
    start: float,
) -> Route:
    began = start + gap / net.speed
    end, arrival, deepest, parents = earliest(
        net.passable,
        net.depths,
        net.times,
        net.limit,
        net.grid.cell_size / net.speed,
        cell,
        began,
        last_leg,
    )
    if end in (DROWNED, UNREACHED):
        return _no_way(net, i, point, end)
    cells = [end]
    while cells[-1] != cell:
        cells.append(int(parents[cells[-1]]))
    return _found(net, i, point, cells[::-1], tos, int(goal[end]), float(arrival - start), float(deepest))


def _no_way(net: Network, i: int, point: Float64, end: int) -> Route:
    why = (
        f"the road beside it is already under more than {net.limit:g} m of water"
        if end == DROWNED
        else f"no way to a dry destination keeps out of water deeper than {net.limit:g} m"
    )
    return Route(i, None, point[None], 0.0, 0.0, 0.0, why)


def _found(
    net: Network, i: int, point: Float64, cells: list[int], tos: Float64, j: int, time: float, deepest: float
) -> Route:
    line = _without_repeats(np.vstack([point, _middles(net.grid, np.array(cells)), tos[j]]))
    length = float(np.hypot(*np.diff(line, axis=0).T).sum())
    return Route(i, j, _simplified(line), length, time, deepest)


def _middles(grid: Grid, cells: npt.NDArray[np.int64]) -> Float64:
    row, column = np.divmod(cells, grid.columns)
    return np.column_stack(
        [grid.west + (column + 0.5) * grid.cell_size, grid.north - (row + 0.5) * grid.cell_size]
    )


def _without_repeats(line: Float64) -> Float64:
    keep = np.append(True, (np.diff(line, axis=0) != 0).any(axis=1))
    return line[keep] if keep.sum() > 1 else line[:2]


def _simplified(line: Float64) -> Float64:
    """Without the points in the middle of straight stretches."""
    return shapely.get_coordinates(shapely.simplify(shapely.LineString(line), 1e-6))


def _snapped(network: Network, points: Float64, reach: float) -> tuple[npt.NDArray[np.int64], Float64]:
    """(n,) index of the nearest road cell, -1 beyond `reach`, and (n,) how far its middle is [m]."""
    from scipy.spatial import cKDTree

    cells = np.flatnonzero(network.passable)
    distance, nearest = cKDTree(_middles(network.grid, cells)).query(points, distance_upper_bound=reach)
    known = np.isfinite(distance)
    return np.where(known, cells[np.where(known, nearest, 0)], -1), np.where(known, distance, 0.0)


def _safe(network: Network, points: Float64, road: npt.NDArray[np.int64], dry: float) -> Bool:
    deepest = network.deepest()
    cells = network.grid.cells(points)
    inside = network.grid.inside(cells)
    own = np.zeros(len(points))
    own[inside] = deepest[cells[inside, 0], cells[inside, 1]]
    beside = np.where(road >= 0, deepest.ravel()[np.maximum(road, 0)], np.inf)
    return np.asarray((road >= 0) & ~(own > dry) & (beside <= dry))


def table(routes: Sequence[Route], network: Network, names: Sequence[str] = ()) -> geopandas.GeoDataFrame:
    """Routes as lines: origin, destination and its name, length [m], time [s], max_depth [m], why there is
    none."""
    import geopandas

    from citygml.crs import parse

    def named(route: Route) -> str | None:
        return names[route.destination] if names and route.destination is not None else None

    return geopandas.GeoDataFrame(
        {
            "origin": [r.origin for r in routes],
            "destination": [-1 if r.destination is None else r.destination for r in routes],
            "name": [named(r) for r in routes],
            "length": [r.length for r in routes],
            "time": [r.time for r in routes],
            "max_depth": [r.max_depth for r in routes],
            "why": [r.why for r in routes],
        },
        geometry=[None if r.destination is None else shapely.LineString(r.line) for r in routes],
        crs=parse(network.grid.crs).horizontal,
    )
