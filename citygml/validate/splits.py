"""Shells whose faces meet without gap, but along edges that one side splits and the other does not."""

from __future__ import annotations

import itertools
from collections import Counter

import numpy as np

from citygml.model import Float64
from citygml.validate.faces import Ints

# With more open edges than this a shell is not examined: what is open at so many places is open.
_MOST = 1000


def closed_when_split(nodes: Ints, points: Float64, reach: float) -> bool:
    """Whether directed edges cancel out once each is split at the nodes that lie on it.

    nodes: (k, 2) start and end node of each edge; points: (k, 2, 3) [m] where they are; reach [m]: how near
    to an edge a node must be to lie on it.
    """
    if len(nodes) > _MOST:
        return False
    node, first = np.unique(nodes.reshape(-1), return_index=True)
    place = points.reshape(-1, 3)[first]
    start, along = points[:, 0], points[:, 1] - points[:, 0]
    length = np.maximum(np.linalg.norm(along, axis=1), np.finfo(float).tiny)
    offset = place[None, :, :] - start[:, None, :]
    run = np.einsum("knj,kj->kn", offset, along) / length[:, None]
    aside = np.linalg.norm(offset - (run / length[:, None])[:, :, None] * along[:, None, :], axis=2)
    on_edge = (aside < reach) & (run > 0) & (run < length[:, None])
    on_edge &= (node[None, :] != nodes[:, :1]) & (node[None, :] != nodes[:, 1:])
    net: Counter[tuple[int, int]] = Counter()
    for edge, (a, b) in enumerate(nodes.tolist()):
        between = np.flatnonzero(on_edge[edge])
        stops = [a, *node[between[np.argsort(run[edge, between])]].tolist(), b]
        for one, two in itertools.pairwise(stops):
            net[min(one, two), max(one, two)] += 1 if one < two else -1
    return not any(net.values())
