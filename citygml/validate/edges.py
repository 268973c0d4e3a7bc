"""Which points are the same, and which faces share an edge."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from citygml.model import Float64
from citygml.validate.faces import Bools, Faces, Ints
from citygml.validate.planes import Planes


@dataclass(slots=True)
class Edges:
    """Directed edges of the chosen faces, sorted so that the uses of one undirected edge lie together.

    point: (m,) index of the start point in `Faces.points`; nodes: (m, 2) start and end node; polygon,
    group: (m,); key: (m,) running number of the undirected edge; forward: (m,) whether it runs from the
    lesser to the greater node.
    uses: (k,) how often each undirected edge is used; balance: (k,) forward minus backward uses.
    """

    point: Ints
    nodes: Ints
    polygon: Ints
    group: Ints
    key: Ints
    forward: Bools
    uses: Ints
    balance: Ints

    @property
    def first(self) -> Ints:
        """(k,) index of the first use of each undirected edge."""
        first: Ints = np.cumsum(self.uses) - self.uses
        return first


def weld(points: Float64, group: Ints, snap: float) -> Ints:
    """(n,) a node number per point: points of one group nearer than `snap` along each axis are one node.

    Cells of twice the tolerance, laid eight times with half-cell shifts, so that any two points that near
    fall into one cell at least once. Nodes chain: a row of points each near the next is one node.
    """
    nodes: Ints = np.arange(len(points))
    if not len(points):
        return nodes
    cells = []
    for shift in itertools.product((0.0, 0.5), repeat=3):
        cell = np.floor(points / (2.0 * snap) + np.array(shift)).astype(np.int64)
        _, inverse = np.unique(np.column_stack([group, cell]), axis=0, return_inverse=True)
        cells.append(inverse.reshape(-1))
    while True:
        before = nodes
        for cell in cells:
            lowest = np.full(int(cell.max()) + 1, len(points))
            np.minimum.at(lowest, cell, nodes)
            nodes = lowest[cell]
        if np.array_equal(nodes, before):
            return nodes


def exact_nodes(raw: Float64, group: Ints) -> Ints:
    """(n,) a node number per point: only points with the very same coordinates are one node."""
    if not len(raw):
        return np.zeros(0, dtype=np.intp)
    _, inverse = np.unique(np.column_stack([group, raw]), axis=0, return_inverse=True)
    return inverse.reshape(-1).astype(np.intp)


def find_edges(faces: Faces, planes: Planes, group_of_polygon: Ints, snap: float | None) -> Edges:
    """Edges of the polygons whose group is not negative; edges without length are left out.

    Edges are shared within a group. snap [m]: None asks for the same coordinates exactly.
    """
    polygon_of_point = faces.polygon_of_ring[faces.ring_of_point]
    group_of_point = group_of_polygon[polygon_of_point]
    chosen = np.flatnonzero(group_of_point >= 0)
    node = np.full(len(faces.points), -1)
    group = group_of_point[chosen]
    node[chosen] = (
        exact_nodes(faces.raw[chosen], group) if snap is None else weld(faces.points[chosen], group, snap)
    )
    a, b = node[chosen], node[planes.following[chosen]]
    real = a != b
    a, b, chosen = a[real], b[real], chosen[real]
    low, high = np.minimum(a, b), np.maximum(a, b)
    order = np.lexsort((high, low))
    a, b, low, high, chosen = a[order], b[order], low[order], high[order], chosen[order]
    forward = a < b
    new = np.ones(len(low), dtype=bool)
    new[1:] = (np.diff(low) != 0) | (np.diff(high) != 0)
    key = np.cumsum(new) - 1
    count = int(key[-1]) + 1 if len(key) else 0
    return Edges(
        point=chosen,
        nodes=np.column_stack([a, b]),
        polygon=polygon_of_point[chosen],
        group=group_of_point[chosen],
        key=key,
        forward=forward,
        uses=np.bincount(key, minlength=count),
        balance=np.bincount(key, weights=np.where(forward, 1, -1), minlength=count).astype(np.intp),
    )


def components(count: int, a: Ints, b: Ints) -> Ints:
    """(count,) the least node that each node is connected to by the links a-b."""
    label: Ints = np.arange(count)
    while True:
        before = label.copy()
        least = np.minimum(label[a], label[b])
        np.minimum.at(label, a, least)
        np.minimum.at(label, b, least)
        label = label[label]
        if np.array_equal(label, before):
            return label
