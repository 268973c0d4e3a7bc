"""Which object goes into which tile: a loose quadtree over the city's own plane, with stable keys.

Cells lie on a fixed grid of the coordinate system (edges are powers of two metres at whole multiples of
themselves), so that a tile's key depends on where its objects are and not on what else the city has.
Each object belongs to one leaf: by the centre of its box, and not below the level of its own size. A cell
over its budget is split; the sparse ones among its quarters stay together in the cell's own leaf. Inner
cells that carry coarse content lie on every second level, which keeps the way from the root to a leaf
short and an update small.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import log2

import numpy as np
import numpy.typing as npt

Int64 = npt.NDArray[np.int64]
Float64 = npt.NDArray[np.float64]

TOP_LEVEL = 20
"""The largest cell has an edge of 2**20 m."""
BOTTOM_LEVEL = 4
"""The smallest has 2**4 m."""
_SPARSE = 1 / 8


@dataclass(slots=True)
class Cell:
    """One tile. `exponent`: its edge is 2**exponent metres; x, y: its place on the grid of that edge.

    members: indices of the objects that a leaf holds, or that an inner cell shows coarsely.
    omitted: the size [m] below which an inner cell leaves objects out.
    """

    exponent: int
    x: int
    y: int
    members: Int64
    children: list[Cell] = field(default_factory=list)
    omitted: float = 0.0
    own: bool = False

    @property
    def is_leaf(self) -> bool:
        return not self.children

    @property
    def key(self) -> str:
        kind = "" if not self.is_leaf else "-own" if self.own else "-leaf"
        return f"{self.exponent}-{self.x}-{self.y}{kind}"

    @property
    def edge(self) -> float:
        return float(2**self.exponent)


def partition(
    bounds: Float64, weights: Float64, coarse_weights: Float64, budget: float, scale: tuple[float, float]
) -> Cell:
    """The tree of tiles over n objects.

    bounds: (n, 6) x0 y0 z0 x1 y1 z1 in the city's CRS. weights: (n,) cost of an object in a leaf;
    coarse_weights: (n,) in coarse content. scale: metres per unit of x and of y.
    """
    low = bounds[:, :3] * [*scale, 1.0]
    high = bounds[:, 3:] * [*scale, 1.0]
    centres = (low[:, :2] + high[:, :2]) / 2
    footprints = np.max(high[:, :2] - low[:, :2], axis=1)
    sizes = np.linalg.norm(high - low, axis=1)
    fine = np.floor(centres / 2**BOTTOM_LEVEL).astype(np.int64)
    tree = Tree(fine, footprints, sizes, weights, coarse_weights, budget)
    # Neighbours beside each other, in tiles too: their coordinates compress better.
    everything = np.argsort(_morton(np.floor(centres).astype(np.int64)), kind="stable").astype(np.int64)
    exponent = tree.smallest_common(everything)
    return tree.cell(everything, exponent)


@dataclass(slots=True)
class Tree:
    """Splits objects into cells. fine: (n, 2) the smallest cell of each one's centre; footprints: (n,)
    largest edge on the ground [m]; sizes: (n,) diagonal [m]; weights and budget as in `partition`."""

    fine: Int64
    footprints: Float64
    sizes: Float64
    weights: Float64
    coarse_weights: Float64
    budget: float

    def smallest_common(self, members: Int64) -> int:
        """The exponent of the smallest cell that holds all centres and is not smaller than any object."""
        low, high = self.fine[members].min(axis=0), self.fine[members].max(axis=0)
        exponent = BOTTOM_LEVEL
        while exponent < TOP_LEVEL and (
            (low >> (exponent - BOTTOM_LEVEL) != high >> (exponent - BOTTOM_LEVEL)).any()
        ):
            exponent += 1
        largest = float(self.footprints[members].max())
        return min(TOP_LEVEL, max(exponent, int(np.ceil(log2(max(largest, 1.0))))))

    def cell(self, members: Int64, exponent: int) -> Cell:
        """The cell over these objects, with everything below it."""
        x, y = (int(v) for v in self.fine[members[0]] >> (exponent - BOTTOM_LEVEL))
        children = self.split(members, exponent)
        if not children:
            return Cell(exponent, x, y, members)
        shown, omitted = self._coarse(members, exponent)
        return Cell(exponent, x, y, shown, children, omitted)

    def split(self, members: Int64, exponent: int) -> list[Cell]:
        """The cells that a cell is split into; none when it is within budget or cannot be split."""
        if self.weights[members].sum() <= self.budget or exponent <= BOTTOM_LEVEL:
            return []
        fits = self.footprints[members] <= 2.0 ** (exponent - 1)
        small = members[fits]
        quarter = (self.fine[small] >> (exponent - 1 - BOTTOM_LEVEL)) & 1
        groups = [small[(quarter[:, 0] == i) & (quarter[:, 1] == j)] for j in (0, 1) for i in (0, 1)]
        groups = [g for g in groups if len(g)]
        sparse = [g for g in groups if self.weights[g].sum() < self.budget * _SPARSE]
        own = np.concatenate([members[~fits], *sparse]) if len(sparse) > 1 else members[~fits]
        if len(sparse) > 1:
            groups = [g for g in groups if not any(g is s for s in sparse)]
        children = [c for g in groups for c in self._below(g, exponent - 1)]
        if len(own):
            x, y = (int(v) for v in self.fine[own[0]] >> (exponent - BOTTOM_LEVEL))
            children.append(Cell(exponent, x, y, own, own=True))
        return children

    def _below(self, members: Int64, exponent: int) -> list[Cell]:
        """The cells for one quarter: itself on an even level, what it is split into on an odd one."""
        if exponent % 2 == 0:
            return [self.cell(members, exponent)]
        return self.split(members, exponent) or [self.cell(members, exponent)]

    def _coarse(self, members: Int64, exponent: int) -> tuple[Int64, float]:
        """The objects large enough to be seen from afar, as many as the budget allows, and the size that
        divides them from the rest (a half power of two, so that it seldom moves)."""
        sizes = self.sizes[members]
        step = 2.0 ** (np.ceil(2 * log2(2.0**exponent / 256)) / 2)
        while True:
            shown = members[sizes > step]
            if self.coarse_weights[shown].sum() <= self.budget or not len(shown):
                return shown, step
            step *= 2**0.5


def _morton(cells: Int64) -> npt.NDArray[np.uint64]:
    """(n,) codes that interleave the bits of x and y (n, 2), each taken modulo 2**32."""
    codes = np.zeros(len(cells), np.uint64)
    for axis in (0, 1):
        part = cells[:, axis].astype(np.uint64) & np.uint64(0xFFFFFFFF)
        for shift, mask in (
            (16, 0x0000FFFF0000FFFF),
            (8, 0x00FF00FF00FF00FF),
            (4, 0x0F0F0F0F0F0F0F0F),
            (2, 0x3333333333333333),
            (1, 0x5555555555555555),
        ):
            part = (part | (part << np.uint64(shift))) & np.uint64(mask)
        codes |= part << np.uint64(axis)
    return codes


def walk(cell: Cell) -> list[Cell]:
    """All cells, parents first."""
    found = [cell]
    for child in cell.children:
        found += walk(child)
    return found
