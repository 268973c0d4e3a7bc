"""The rings of one batch of objects: collected as texts while walking the XML, parsed all at once.

A curve is kept as a polygon of one ring that need not close, a point as one of a single vertex, so that
every geometry is a list of polygons and one gathering of arrays serves them all.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import repeat
from typing import Final

import numpy as np
import numpy.typing as npt
import orjson

from citygml.model import Float64

Int = np.int64
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

DEFECTS: Final = ("", "bad-coordinates", "ring-not-closed", "too-few-points", "ring-not-closed")
_TEXTS_AT_ONCE = 8192
CLOSING = 0.001
"""The gap [m] between the ends of a ring that is a rounding error and no defect of its shape."""
CLOSING_DEGREES = 1e-8
"""The same in degrees: a millimetre on the ground."""
GOOD, BAD_COORDINATES, NOT_CLOSED, TOO_FEW, NEARLY_CLOSED = range(5)


@dataclass(slots=True)
class RingTable:
    """The rings and polygons of a batch.

    texts: the coordinates of each ring as written. first_ring: per polygon the number of its first ring.
    owners: per polygon the number of its object in the batch; semantics: its index among the object's
    surfaces, or -1. dimensions: the rings that declare two. curves, points: polygons that are no surfaces.
    local: polygons in the coordinates of a template, which have no CRS. planar: the file does not say that
    its coordinates are three, so that rings which only make sense with two are read as such.
    closing_tolerance: how far apart the ends of a ring may be for it to count as closed all the same, per
    axis, in the units of the file.
    """

    texts: list[str] = field(default_factory=list)
    first_ring: list[int] = field(default_factory=list)
    owners: list[int] = field(default_factory=list)
    semantics: list[int] = field(default_factory=list)
    polygon_ids: list[str | None] = field(default_factory=list)
    ring_ids: list[str | None] = field(default_factory=list)
    dimensions: dict[int, int] = field(default_factory=dict)
    curves: list[int] = field(default_factory=list)
    points: list[int] = field(default_factory=list)
    local: list[int] = field(default_factory=list)
    planar: bool = False
    closing_tolerance: tuple[float, float, float] = (CLOSING, CLOSING, CLOSING)


@dataclass(slots=True)
class ParsedRings:
    """coordinates: (n, 3) float64 in the order of the file. starts, lengths: (r,) per ring, its vertices
    without the repeated closing one. counts: (r,) as written, with it. defects: (r,) uint8 into DEFECTS."""

    coordinates: Float64
    starts: IntArray
    lengths: IntArray
    counts: IntArray
    defects: npt.NDArray[np.uint8]


def parse_numbers(texts: list[str]) -> tuple[Float64, IntArray]:
    """All numbers of many texts as one array, and how many each text has (-1: not numbers).

    Lists of plain JSON numbers with single blanks between them, which most files have, go through the JSON
    parser in one piece; other whitespace is normalised first, and only a text that is no list of numbers
    sends the batch through one conversion per text.
    """
    if len(texts) > _TEXTS_AT_ONCE:
        blocks = [parse_numbers(texts[i : i + _TEXTS_AT_ONCE]) for i in range(0, len(texts), _TEXTS_AT_ONCE)]
        return np.concatenate([b[0] for b in blocks]), np.concatenate([b[1] for b in blocks])
    if not texts:
        return np.empty(0), np.empty(0, Int)
    for attempt in (texts, None):
        if attempt is None:
            texts = [" ".join(t.split()) for t in texts]
        joined = ",".join(texts).replace(" ", ",")
        try:
            values = np.array(orjson.loads(f"[{joined}]"), dtype=np.float64)
        except (ValueError, TypeError):
            continue
        counts = np.fromiter(map(str.count, texts, repeat(" ")), Int, len(texts)) + 1
        if values.ndim == 1 and counts.sum() == len(values):
            return values, counts
    return _parse_each(texts)


def _parse_each(texts: list[str]) -> tuple[Float64, IntArray]:
    parsed: list[Float64] = []
    counts = np.empty(len(texts), Int)
    for i, text in enumerate(texts):
        try:
            values = np.array(text.split(), dtype=np.float64)
            counts[i] = len(values)
            parsed.append(values)
        except ValueError:
            counts[i] = -1
    return np.concatenate(parsed) if parsed else np.empty(0), counts


def _offsets(counts: IntArray) -> IntArray:
    offsets = np.zeros(len(counts) + 1, Int)
    np.cumsum(counts, out=offsets[1:])
    return offsets


def ranges(starts: IntArray, lengths: IntArray) -> IntArray:
    """The concatenation of arange(start, start + length) over all pairs."""
    ends = np.cumsum(lengths)
    total = int(ends[-1]) if len(ends) else 0
    result: IntArray = np.arange(total, dtype=Int) + np.repeat(starts - (ends - lengths), lengths)
    return result


def parse_rings(table: RingTable) -> ParsedRings:
    """Parse and check all rings of the table."""
    values, counts = parse_numbers(table.texts)
    unreadable = counts < 0
    counts = np.where(unreadable, 0, counts)
    is_surface = np.ones(len(counts), bool)
    first_ring = np.array(table.first_ring, Int)
    is_surface[first_ring[table.curves]] = False
    is_surface[first_ring[table.points]] = False
    is_point = np.zeros(len(counts), bool)
    is_point[first_ring[table.points]] = True

    value_starts = _offsets(counts)[:-1]
    dimensions = _dimensions(table, values, counts, value_starts, is_surface)
    points = counts // dimensions
    coordinates = _coordinates(values, counts, value_starts, points, dimensions)
    starts = _offsets(points)[:-1]

    defects = np.zeros(len(counts), np.uint8)
    defects[is_surface & (points < 4)] = TOO_FEW
    defects[~is_surface & ~is_point & (points < 2)] = TOO_FEW
    full = np.flatnonzero(is_surface & (points > 0))
    ends = starts[full] + points[full] - 1
    closed = (coordinates[starts[full]] == coordinates[ends]).all(axis=1)
    open_rings = full[~closed]
    open_rings = open_rings[points[open_rings] > 2]
    if len(open_rings):
        gaps = np.abs(
            coordinates[starts[open_rings]] - coordinates[starts[open_rings] + points[open_rings] - 1]
        )
        nearly = (gaps < table.closing_tolerance).all(axis=1) & (points[open_rings] > 3)
        defects[open_rings] = np.where(nearly, NEARLY_CLOSED, NOT_CLOSED)
    bad = unreadable | (points == 0) | (counts % dimensions != 0)
    broken = ~np.isfinite(coordinates).all(axis=1)
    if broken.any():
        bad |= np.bincount(np.repeat(np.arange(len(points)), points)[broken], minlength=len(points)) > 0
    defects[bad] = BAD_COORDINATES
    return ParsedRings(coordinates, starts, points - is_surface, points, defects)


def _dimensions(
    table: RingTable, values: Float64, counts: IntArray, starts: IntArray, is_surface: BoolArray
) -> IntArray:
    """The dimension of each ring: as declared, else 3, unless only two make sense of its numbers."""
    dimensions = np.full(len(counts), 3, Int)
    odd = np.flatnonzero((counts % 2 == 0) & (counts >= 4)) if table.planar else ()
    if len(odd):
        first, last = starts[odd], starts[odd] + counts[odd]
        closed3 = (counts[odd] % 3 == 0) & (
            (values[first] == values[last - 3]) & (values[first + 1] == values[last - 2])
        )
        closed2 = (values[first] == values[last - 2]) & (values[first + 1] == values[last - 1])
        flat = np.where(is_surface[odd], closed2 & ~closed3 & (counts[odd] >= 8), counts[odd] % 3 != 0)
        dimensions[odd[flat]] = 2
    if table.planar:
        dimensions[(counts == 2) & ~is_surface] = 2
    for ring, dimension in table.dimensions.items():
        dimensions[ring] = dimension
    return dimensions


def _coordinates(
    values: Float64, counts: IntArray, starts: IntArray, points: IntArray, dimensions: IntArray
) -> Float64:
    """(n, 3) float64; a ring of two dimensions lies at height 0."""
    if (dimensions == 3).all() and (counts % 3 == 0).all():
        return values.reshape(-1, 3)
    ring = np.repeat(np.arange(len(points)), points)
    at = starts[ring] + (np.arange(len(ring)) - _offsets(points)[:-1][ring]) * dimensions[ring]
    coordinates = np.zeros((len(ring), 3))
    coordinates[:, 0] = values[at]
    coordinates[:, 1] = values[at + 1]
    spatial = dimensions[ring] == 3
    coordinates[spatial, 2] = values[at[spatial] + 2]
    return coordinates
