"""Compiled loops over points and hours: the beam that reaches each point past its skyline, summed up."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange

from analysis.compiled import Kernels

_KERNELS = Kernels(__file__)


@_KERNELS.inlined
def _passing(through: Any, cosine: Any, last: Any) -> Any:
    """What passes a cover at a cosine of incidence."""
    at = min(cosine, np.float32(1.0)) * last
    k = min(int(at), len(through) - 2)
    return through[k] + (at - np.float32(k)) * (through[k + 1] - through[k])


@_KERNELS.parallel
def in_front(skylines: Any, normals: Any, turn: float) -> Any:
    """(n, d) skylines in which a direction just behind a wall (90 degrees) is as high as the next one before
    it, so that between the two the wall itself is no obstacle: it is counted by the angle of incidence.

    skylines: (n, d) [degrees] from true north. normals: (n, 3). turn: the convergence [radians].
    """
    n, d = skylines.shape
    seen = skylines.copy()
    at = 2.0 * np.pi * np.arange(d) / d - turn
    east, north = np.sin(at), np.cos(at)
    for i in prange(n):
        x, y = normals[i, 0], normals[i, 1]
        for k in range(d):
            if skylines[i, k] > 89.9 and x * east[k] + y * north[k] <= 1e-6:
                for side in (k - 1, (k + 1) % d):
                    if x * east[side] + y * north[side] > 1e-6:
                        seen[i, k] = skylines[i, side]
    return seen


@_KERNELS.parallel
def lit_shares(skylines: Any, square: Any, squares: int, before: Any, part: Any, elevation: Any) -> Any:
    """(squares, t) float32 share of the samples in each square that the sun reaches; 1 where there is none.

    skylines: (m, d) [degrees], square: (m,) of each sample, in order. before, part, elevation: (t,) of the
    sun, see `steps`.
    """
    d = skylines.shape[1]
    t = len(before)
    lit = np.ones((squares, t), np.float32)
    first = np.searchsorted(square, np.arange(squares + 1))
    for s in prange(squares):
        count = first[s + 1] - first[s]
        if count > 0:
            lit[s, :] = 0.0
            for i in range(first[s], first[s + 1]):
                for j in range(t):
                    low = skylines[i, before[j]]
                    high = skylines[i, before[j] + 1 if before[j] + 1 < d else 0]
                    if elevation[j] > low + part[j] * (high - low):
                        lit[s, j] += np.float32(1.0)
            lit[s, :] /= np.float32(count)
    return lit


@_KERNELS.parallel
def beam_sums(
    normals: Any,
    skylines: Any,
    direction: Any,
    direct: Any,
    before: Any,
    part: Any,
    elevation: Any,
    ends: Any,
) -> Any:
    """(n, p) float32 sums of the beam on each point in each period.

    normals: (n, 3) and skylines: (n, d) float32. direction: (3, t), direct, before, part, elevation: (t,) of
    the sun, see `Sky` and `steps`. ends: (p + 1,) where the periods begin and end among the t.
    """
    n, d = skylines.shape
    sums = np.zeros((n, len(ends) - 1), np.float32)
    for i in prange(n):
        x, y, z = normals[i, 0], normals[i, 1], normals[i, 2]
        closed = np.empty(d + 1, np.float32)
        closed[:d] = skylines[i]
        closed[d] = skylines[i, 0]
        for p in range(len(ends) - 1):
            lit = np.float32(0.0)
            for j in range(ends[p], ends[p + 1]):
                cosine = x * direction[0, j] + y * direction[1, j] + z * direction[2, j]
                low = closed[before[j]]
                edge = low + part[j] * (closed[before[j] + 1] - low)
                beam = direct[j] * max(cosine, np.float32(0.0))
                lit += beam if elevation[j] > edge else np.float32(0.0)
            sums[i, p] = lit
    return sums


@_KERNELS.parallel
def beam_hours(
    normals: Any,
    skylines: Any,
    weight: Any,
    first: Any,
    direction: Any,
    direct: Any,
    before: Any,
    part: Any,
    elevation: Any,
    through: Any,
) -> Any:
    """(groups, t) float32 sums of the beam over the points of each group, each times its weight.

    first: (groups + 1,) where the groups begin and end among the points. through: (k,) share of the beam that
    passes a cover, at k equal steps of the cosine of incidence from 0 to 1. The rest as in `beam_sums`.
    """
    d = skylines.shape[1]
    t = len(direct)
    groups = len(first) - 1
    hours = np.zeros((groups, t), np.float32)
    last = np.float32(len(through) - 1)
    for g in prange(groups):
        closed = np.empty(d + 1, np.float32)
        for i in range(first[g], first[g + 1]):
            x, y, z = normals[i, 0], normals[i, 1], normals[i, 2]
            closed[:d] = skylines[i]
            closed[d] = skylines[i, 0]
            for j in range(t):
                cosine = x * direction[0, j] + y * direction[1, j] + z * direction[2, j]
                low = closed[before[j]]
                edge = low + part[j] * (closed[before[j] + 1] - low)
                if cosine > 0.0 and elevation[j] > edge:
                    hours[g, j] += weight[i] * _passing(through, cosine, last) * direct[j] * cosine
    return hours


@_KERNELS.parallel
def add_lit_sums(normals: Any, share: Any, direction: Any, direct: Any, period: Any, sums: Any) -> None:
    """Add the beam on each point to its sums (n, p) of the periods. share: (t, n) of the beam that reaches a
    point. period: (t,) of each time. The rest as in `beam_sums`."""
    for i in prange(len(normals)):
        x, y, z = normals[i, 0], normals[i, 1], normals[i, 2]
        for j in range(len(direct)):
            cosine = x * direction[0, j] + y * direction[1, j] + z * direction[2, j]
            sums[i, period[j]] += share[j, i] * direct[j] * max(cosine, np.float32(0.0))


@_KERNELS.parallel
def add_lit_hours(
    normals: Any, share: Any, weight: Any, first: Any, direction: Any, direct: Any, through: Any, hours: Any
) -> None:
    """Add the beam to hours (groups, t). share: (t, n) of the beam that reaches a point. The rest as in
    `beam_hours`."""
    last = np.float32(len(through) - 1)
    for g in prange(len(first) - 1):
        for i in range(first[g], first[g + 1]):
            x, y, z = normals[i, 0], normals[i, 1], normals[i, 2]
            for j in range(len(direct)):
                cosine = x * direction[0, j] + y * direction[1, j] + z * direction[2, j]
                if cosine > 0.0 and share[j, i] > 0.0:
                    hours[g, j] += (
                        weight[i] * share[j, i] * _passing(through, cosine, last) * direct[j] * cosine
                    )
