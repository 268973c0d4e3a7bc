"""How high a building may be by its distance to the boundary in the north (정북방향 일조 높이 제한).

Korean Building Act, art. 61(1), and its Enforcement Decree, art. 86(1): in residential zones each part of a
building keeps, from the boundary of the neighbouring plot due north, 1.5 m for parts up to 10 m high (9 m
before the amendment of 12 September 2023) and half of the part's height above that. Municipal ordinances
apply it; their numbers are parameters here.

Distances are measured along true north, from the part to where one first leaves the plot. The limit is then
plane over each strip of the plot between two corners, so that the envelope is made of exact planes: nothing
within the setback, level at `low` as far as `low * ratio`, and rising by 1 / ratio from there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from analysis.errors import AnalysisError
from analysis.sun.scene import Float64


@dataclass(frozen=True)
class NorthRule:
    """Numbers of the rule. setback: [m] that parts up to low [m] high keep. ratio: distance to height of the
    parts above. title, source: by language; dated: since when."""

    id: str
    low: float
    setback: float
    ratio: float
    title: dict[str, str]
    source: dict[str, str]
    dated: str

    def __post_init__(self) -> None:
        if not (self.low > 0 and self.setback >= 0 and self.ratio > 0):
            raise AnalysisError(f"rule {self.id}: low and ratio must be above 0, setback not below it")
        if self.setback > self.low * self.ratio:
            raise AnalysisError(
                f"rule {self.id}: a setback of {self.setback:g} m is more than the"
                f" {self.low * self.ratio:g} m that a part {self.low:g} m high keeps by the ratio"
            )

    def height(self, distance: npt.ArrayLike) -> Float64:
        """The height allowed at distances [m], 0 within the setback."""
        away = np.asarray(distance, float)
        return np.where(away < self.setback, 0.0, np.maximum(self.low, away / self.ratio))

    def distance(self, height: npt.ArrayLike) -> Float64:
        """The distance that parts so high keep [m]."""
        tall = np.asarray(height, float)
        return np.where(tall <= 0, 0.0, np.where(tall <= self.low, self.setback, tall * self.ratio))


_TITLE = {"ko": "정북방향 일조 높이 제한", "en": "Height limit by the distance to the northern boundary"}
KOREA_2023 = NorthRule(
    "korea-north",
    10.0,
    1.5,
    0.5,
    _TITLE,
    {
        "ko": "건축법 제61조제1항, 같은 법 시행령 제86조제1항 (2023. 9. 12. 개정)",
        "en": "Building Act, art. 61(1); Enforcement Decree, art. 86(1), as amended on 12 September 2023",
    },
    "2023-09-12",
)
KOREA_2012 = NorthRule(
    "korea-north-9m",
    9.0,
    1.5,
    0.5,
    _TITLE,
    {
        "ko": "건축법 제61조제1항, 같은 법 시행령 제86조제1항 (2023. 9. 12. 개정 전)",
        "en": "Building Act, art. 61(1); Enforcement Decree, art. 86(1), before 12 September 2023",
    },
    "2012-12-12",
)
_HAIR = 1e-6
"""[m] within which points are one."""


@dataclass(frozen=True)
class Cell:
    """A convex piece of the plot over which the limit is one plane: height = plane . (x, y, 1) [m] above the
    ground. shape: in the grid's coordinates less the plot's middle."""

    shape: BaseGeometry
    plane: Float64

    def height(self, xy: Float64) -> Float64:
        return np.asarray(xy @ self.plane[:2] + self.plane[2])


@dataclass(frozen=True)
class Limit:
    """The limit over a plot. cells: pieces that fill it. origin: (2,) what their coordinates are less of.
    ground: [m] that heights count from."""

    rule: NorthRule
    cells: Sequence[Cell]
    origin: Float64
    ground: float

    def height(self, points: npt.ArrayLike) -> Float64:
        """(n,) height allowed at points (n, 2) [m above the ground], NaN outside of the plot."""
        xy = np.asarray(points, float)[:, :2] - self.origin
        result = np.full(len(xy), np.nan)
        tree = shapely.STRtree([cell.shape for cell in self.cells])
        for point, cell in tree.query(shapely.points(xy), predicate="intersects").T.tolist():
            height = float(self.cells[cell].height(xy[point]))
            result[point] = height if np.isnan(result[point]) else min(result[point], height)
        return result


def limit_over(
    plot: Sequence[npt.ArrayLike],
    ground: float,
    rule: NorthRule = KOREA_2023,
    *,
    convergence: float = 0.0,
    across: Sequence[tuple[int, float]] = (),
    highest: float | None = None,
) -> Limit:
    """The limit over a plot of land.

    plot: rings (n, 2) [m] in the grid's coordinates, the exterior first. ground: the level that heights count
    from [m]; by the Decree, art. 119(1)5, the mean of the plot's and its neighbour's ground. convergence:
    bearing of the grid's north from true north, clockwise [degrees]. across: (edge, metres) for edges of the
    exterior beyond which open land lies (a road, a river, a park), by which the distance grows: by the
    Decree, art. 86(6), its whole width, or half of it for apartment houses. Edge n runs from corner n to the
    next. highest: [m] a further limit, by the zone. Raises AnalysisError for a plot that is no area.
    """
    rings = [_ring(each) for each in plot]
    if not rings or len(rings[0]) < 3:
        raise AnalysisError("the plot needs an outline of at least three corners")
    origin = rings[0].mean(axis=0)
    turn = np.radians(convergence)
    # In a frame whose y runs to true north: the grid's north is `convergence` clockwise from it.
    to_true = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    turned = [(ring - origin) @ to_true.T for ring in rings]
    shape = shapely.Polygon(turned[0], turned[1:])
    if not shape.is_valid or shape.area < _HAIR:
        raise AnalysisError("the plot's outline is no area, or crosses itself; draw it again")
    extra = _across(len(rings[0]), across)
    cells = []
    for piece, line, more in _pieces(shape, turned, extra, rule, highest):
        plane = _plane(piece, line, more, rule, highest)
        turned_plane = np.array([*(plane[:2] @ to_true), plane[2]])
        back = shapely.transform(piece, lambda xy: xy @ to_true)
        cells.append(Cell(back, turned_plane))
    return Limit(rule, cells, origin, ground)


def _ring(points: npt.ArrayLike) -> Float64:
    ring = np.asarray(points, float)[:, :2]
    return ring[:-1] if len(ring) > 1 and np.allclose(ring[0], ring[-1]) else ring


def _across(corners: int, given: Sequence[tuple[int, float]]) -> Float64:
    extra = np.zeros(corners)
    for edge, metres in given:
        if not 0 <= edge < corners:
            raise AnalysisError(f"the plot has no edge {edge}; its edges are 0 to {corners - 1}")
        if metres < 0:
            raise AnalysisError(f"open land of {metres:g} m across edge {edge} is none")
        extra[edge] = metres
    return extra


def _edges(turned: Sequence[Float64], extra: Float64) -> list[tuple[Float64, Float64, float]]:
    """Boundary edges that are not due north themselves, from west to east, with what lies beyond."""
    edges = []
    for number, ring in enumerate(turned):
        for corner, (a, b) in enumerate(zip(ring, np.roll(ring, -1, axis=0), strict=True)):
            if abs(a[0] - b[0]) > _HAIR:
                first, last = (a, b) if a[0] < b[0] else (b, a)
                edges.append((first, last, float(extra[corner]) if number == 0 else 0.0))
    return edges


def _pieces(
    shape: BaseGeometry,
    turned: Sequence[Float64],
    extra: Float64,
    rule: NorthRule,
    highest: float | None,
) -> list[tuple[BaseGeometry, tuple[float, float], float]]:
    """Pieces of the plot with the line y = m x + c that is its boundary in the north, and what is beyond it.

    The plot is cut due north through every corner, then each strip by lines at the distances where the limit
    changes. All cuts are noded together, so that pieces share their corners exactly.
    """
    edges = _edges(turned, extra)
    low, high = shape.bounds[1] - 1.0, shape.bounds[3] + 1.0
    cuts = [
        shapely.LineString([(x, low), (x, high)]) for x in sorted({float(p[0]) for r in turned for p in r})
    ]
    changes = [rule.setback, rule.low * rule.ratio]
    if highest is not None and highest > rule.low:
        changes.append(highest * rule.ratio)
    for first, last, more in edges:
        for distance in changes:
            if distance - more > _HAIR:
                down = np.array([0.0, distance - more])
                cuts.append(shapely.LineString([first - down, last - down]))
    lines = shapely.union_all([shape.boundary, *cuts], grid_size=_HAIR)
    pieces = []
    for piece in shapely.get_parts(shapely.polygonize([lines])):
        middle = piece.representative_point()
        if piece.area < _HAIR or not shape.contains(middle):
            continue
        found = _northern(np.array([middle.x, middle.y]), edges)
        if found is not None:
            pieces.append((piece, *found))
    return pieces


def _northern(
    point: Float64, edges: Sequence[tuple[Float64, Float64, float]]
) -> tuple[tuple[float, float], float] | None:
    """The first edge due north of a point, as a line, and what lies beyond it."""
    best: tuple[float, tuple[float, float], float] | None = None
    for first, last, more in edges:
        if first[0] < point[0] < last[0]:
            slope = (last[1] - first[1]) / (last[0] - first[0])
            offset = first[1] - slope * first[0]
            away = slope * point[0] + offset - point[1]
            if away > 0 and (best is None or away < best[0]):
                best = (away, (float(slope), float(offset)), more)
    return None if best is None else best[1:]


def _plane(
    piece: Any, line: tuple[float, float], more: float, rule: NorthRule, highest: float | None
) -> Float64:
    """The limit over a piece as a plane (3,) of x, y, 1 in the frame of true north."""
    middle = piece.representative_point()
    slope, offset = line
    away = slope * middle.x + offset - middle.y + more
    if away < rule.setback:
        return np.zeros(3)
    height = float(rule.height(away))
    if highest is not None and height > highest:
        return np.array([0.0, 0.0, highest])
    if away <= rule.low * rule.ratio:
        return np.array([0.0, 0.0, rule.low])
    return np.array([slope, -1.0, offset + more]) / rule.ratio
