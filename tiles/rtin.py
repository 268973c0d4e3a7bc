"""Right-triangulated irregular networks: which samples of a square grid a terrain tile keeps.

A tile is a grid of 65 x 65 samples. Triangles halve at the middle of their longest side; a middle is kept
when leaving it (or anything below it) out would cost more than the error allowed (W. Evans, D. Kirkpatrick,
G. Townsend, 2001, doi:10.1007/s00453-001-0006-x). All tiles of a batch are worked on at once.

Neighbouring tiles meet without cracks: each edge is first simplified from its own samples alone, which
both tiles share, and what the inside adds to an edge lies on that line.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Float32: TypeAlias = npt.NDArray[np.float32]
Float64: TypeAlias = npt.NDArray[np.float64]
Bool: TypeAlias = npt.NDArray[np.bool_]
Indices: TypeAlias = npt.NDArray[np.intp]

CELLS = 64
SIDE = CELLS + 1
_TIGHTEN = 0.6
_ROUNDS = 12


@dataclass(frozen=True)
class _Level:
    """The middles of one level of halving: their grid index, the ends of their side, and the middles of
    the next level that need them, (m, 4), filled up with SIDE * SIDE, a sample that is always free."""

    middle: Indices
    a: Indices
    b: Indices
    finer: Indices


@dataclass(frozen=True)
class _Hierarchy:
    """levels: coarse to fine. triangles (t, 3), counterclockwise seen from above with rows from south to
    north; middle and parent (t,): the middle of their longest side and of their parent's (or SIDE * SIDE)."""

    levels: tuple[_Level, ...]
    triangles: Indices
    middle: Indices
    parent: Indices


def simplify(heights: Float64, error: float, sagitta: Float64) -> tuple[Float32, Bool]:
    """Leave out the samples of tiles that are not needed.

    heights: (k, 65, 65) [m], rows from south to north. error: the most that the surface may differ from
        the samples [m]. sagitta: (2,) how far the Earth bends away from a chord of one cell east and of one
        cell north [m]; it grows with the square of the length.
    Returns the heights to use (edges are moved onto their simplified lines) and which samples are kept,
    both (k, 65, 65).
    """
    count = len(heights)
    surface = heights.copy()
    forced = np.zeros((count, SIDE, SIDE), bool)
    bend = float(sagitta.max())  # the same for the tiles on both sides of an edge
    for edge in (np.s_[:, 0, :], np.s_[:, -1, :], np.s_[:, :, 0], np.s_[:, :, -1]):
        surface[edge], forced[edge] = _simplify_edges(heights[edge], error / 2, bend)
    flat = surface.reshape(count, -1)
    kept = _simplify(flat, heights.reshape(count, -1), forced.reshape(count, -1), error, sagitta)
    return surface.astype(np.float32), kept.reshape(count, SIDE, SIDE)


def triangles_of(kept: Bool) -> Indices:
    """(t, 3) indices into the 65 x 65 grid, counterclockwise from above, of one tile's kept samples."""
    hierarchy = _hierarchy()
    flags = np.append(kept.ravel(), False)
    parents = hierarchy.parent
    present = flags[parents] | (parents == SIDE * SIDE)
    triangles: Indices = hierarchy.triangles[present & ~flags[hierarchy.middle]]
    return triangles


def _simplify(surface: Float64, samples: Float64, forced: Bool, error: float, sagitta: Float64) -> Bool:
    levels = _hierarchy().levels
    count = len(surface)
    errors = np.zeros((count, SIDE * SIDE + 1))
    for level in reversed(levels):
        columns = np.abs(level.b % SIDE - level.a % SIDE)
        rows = np.abs(level.b // SIDE - level.a // SIDE)
        bend = sagitta[0] * columns**2 + sagitta[1] * rows**2
        own = np.abs(surface[:, level.middle] - (surface[:, level.a] + surface[:, level.b]) / 2) + bend
        own[forced[:, level.middle]] = np.inf
        errors[:, level.middle] = np.maximum(own, errors[:, level.finer].max(axis=2))
    kept = np.zeros((count, SIDE * SIDE), bool)
    threshold = np.full(count, error)
    pending = np.arange(count)
    for _ in range(_ROUNDS):
        keep = errors[pending, :-1] > threshold[pending, None]
        kept[pending] = keep
        wrong = np.abs(_rebuilt(surface[pending], keep) - samples[pending]).max(axis=1) > error
        pending = pending[wrong]
        if not len(pending):
            break
        threshold[pending] *= _TIGHTEN
    else:
        kept[pending] = True
    kept[:, [0, CELLS, SIDE * CELLS, SIDE * SIDE - 1]] = True
    return kept


def _rebuilt(surface: Float64, kept: Bool) -> Float64:
    """The surface through the kept samples, at every sample."""
    rebuilt = surface.copy()
    for level in _hierarchy().levels:
        between = (rebuilt[:, level.a] + rebuilt[:, level.b]) / 2
        rebuilt[:, level.middle] = np.where(kept[:, level.middle], rebuilt[:, level.middle], between)
    return rebuilt


def _simplify_edges(edges: Float64, error: float, sagitta: float) -> tuple[Float64, Bool]:
    """The same in one dimension: (k, 65) heights -> heights on the simplified line, samples kept."""
    steps = [CELLS >> k for k in range(6)]
    errors = np.zeros(edges.shape)
    for step in reversed(steps):
        middle = np.arange(step // 2, CELLS, step)
        half = step // 2
        own = np.abs(edges[:, middle] - (edges[:, middle - half] + edges[:, middle + half]) / 2)
        own += sagitta * step**2
        if half > 1:
            quarter = half // 2
            own = np.maximum(own, np.maximum(errors[:, middle - quarter], errors[:, middle + quarter]))
        errors[:, middle] = own
    line, kept = edges.copy(), np.ones(edges.shape, bool)
    threshold = np.full(len(edges), error)
    pending = np.arange(len(edges))
    for _ in range(_ROUNDS):
        keep = errors[pending] > threshold[pending, None]
        keep[:, [0, -1]] = True
        rebuilt = edges[pending]
        for step in steps:
            middle = np.arange(step // 2, CELLS, step)
            between = (rebuilt[:, middle - step // 2] + rebuilt[:, middle + step // 2]) / 2
            rebuilt[:, middle] = np.where(keep[:, middle], rebuilt[:, middle], between)
        line[pending], kept[pending] = rebuilt, keep
        wrong = np.abs(rebuilt - edges[pending]).max(axis=1) > error
        pending = pending[wrong]
        if not len(pending):
            break
        threshold[pending] *= _TIGHTEN
    else:
        line[pending], kept[pending] = edges[pending], True
    return line, kept


@lru_cache(maxsize=1)
def _hierarchy() -> _Hierarchy:
    none = SIDE * SIDE
    corners = np.array([[0, 0], [CELLS, 0], [CELLS, CELLS], [0, CELLS]])  # column, row
    # a, b: ends of the longest side; c: the right angle.
    a, b, c = corners[[0, 2]], corners[[2, 0]], corners[[3, 1]]
    parent = np.full(2, none)
    triangles, middles, parents, sides = [], [], [], []

    def index(point: Indices) -> Indices:
        return point[:, 1] * SIDE + point[:, 0]

    while True:
        divisible = bool(((a + b) % 2 == 0).all())
        middle = (a + b) // 2
        own = index(middle) if divisible else np.full(len(a), none)
        triangles.append(np.stack([index(a), index(b), index(c)], axis=1))
        middles.append(own)
        parents.append(parent)
        if not divisible:
            break
        sides.append((own, index(a), index(b)))
        a, b, c = np.concatenate([c, b]), np.concatenate([a, c]), np.concatenate([middle, middle])
        parent = np.concatenate([own, own])
    levels = []
    for depth, (own, end_a, end_b) in enumerate(sides):
        unique, first = np.unique(own, return_index=True)
        finer = np.full((len(unique), 4), none)
        if depth + 1 < len(sides):
            pairs = np.unique(np.stack([parents[depth + 1], middles[depth + 1]], axis=1), axis=0)
            row = np.searchsorted(unique, pairs[:, 0])
            slot = np.arange(len(pairs)) - np.searchsorted(pairs[:, 0], pairs[:, 0])
            finer[row, slot] = pairs[:, 1]
        levels.append(_Level(unique, end_a[first], end_b[first], finer))
    return _Hierarchy(
        tuple(levels), np.concatenate(triangles), np.concatenate(middles), np.concatenate(parents)
    )
