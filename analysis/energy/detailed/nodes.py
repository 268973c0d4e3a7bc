"""Five nodes for a construction: two at its surfaces, three where they follow its real layers best.

ISO 52016-1 has five nodes at fixed shares of the resistance, and puts the mass on some of them by a class.
Here the layers are known. The capacity between two nodes goes to both by the lever rule (linear finite
elements with lumped masses: the total and its moment are kept), and the three inner nodes are put where the
element answers temperatures that swing within a day the most like its layers do, whose answer is known
exactly (ISO 13786:2017, transfer matrices).
"""

from __future__ import annotations

from functools import lru_cache
from itertools import combinations, pairwise

import numpy as np
import numpy.typing as npt

from analysis.energy.constructions import INSIDE_RESISTANCE, OUTSIDE_RESISTANCE, Layer
from analysis.energy.zones import Float64

_FREQUENCIES = 2.0 * np.pi / (np.array([24.0, 8.0, 3.0]) * 3600.0)
"""[rad/s] The day, a shift, and about the shortest swing that steps of an hour show."""
_PLACES = 14
"""At most so many places are tried for the inner nodes."""
_SLICES = 12
"""Of each layer, to share its capacity out."""


@lru_cache(maxsize=4096)
def five_nodes(layers: tuple[Layer, ...]) -> tuple[Float64, Float64]:
    """((4,) conductances between neighbours [W/(m²K)], (5,) capacities [J/(m²K)]), from the outside in."""
    resistance = np.array([layer.resistance for layer in layers])
    capacity = np.array([layer.capacity for layer in layers])
    edges = np.concatenate([[0.0], np.cumsum(resistance)])
    tried = np.array(list(combinations(_places(edges, capacity), 3)))
    at = np.column_stack([np.zeros(len(tried)), tried, np.full(len(tried), edges[-1])])
    masses = _levers(at, edges, capacity)
    gaps = np.diff(at, axis=1)
    exact = _exact(resistance, capacity)
    error = sum(_error(gaps, masses, omega, exact[:, k]) for k, omega in enumerate(_FREQUENCIES))
    best = int(np.argmin(error))
    return 1.0 / gaps[best], masses[best]


def _places(edges: Float64, capacity: Float64) -> list[float]:
    """Resistances from the outside at which an inner node may lie."""
    massive = max(1, int((capacity > 0).sum()))
    pieces = max(2, _PLACES // massive)
    found = set(edges[1:-1])
    for (low, high), mass in zip(pairwise(edges), capacity, strict=True):
        count = pieces if mass > 0 or len(capacity) == 1 else 1
        found.update(low + (high - low) * k / count for k in range(1, count))
    inside = sorted(place for place in found if 0.0 < place < edges[-1])
    apart = [p for k, p in enumerate(inside) if k == 0 or p - inside[k - 1] > 1e-9 * edges[-1]]
    if len(apart) < 3:
        apart = [edges[-1] * share for share in (0.25, 0.5, 0.75)]
    return apart[:: max(1, len(apart) // _PLACES)] if len(apart) > 2 * _PLACES else apart


def _levers(at: Float64, edges: Float64, capacity: Float64) -> Float64:
    """(m, 5) capacities of the nodes at (m, 5) places, the layers' shared out by the lever rule."""
    share = (np.arange(_SLICES) + 0.5) / _SLICES
    places = (edges[:-1, None] + share * np.diff(edges)[:, None]).ravel()
    pieces = np.repeat(capacity / _SLICES, _SLICES)
    masses = np.zeros(at.shape)
    for k in range(4):
        low, high = at[:, k : k + 1], at[:, k + 1 : k + 2]
        between = (places >= low) & (places < high)
        lever = np.where(between, (places - low) / (high - low), 0.0)
        masses[:, k] += (np.where(between, 1.0 - lever, 0.0) * pieces).sum(axis=1)
        masses[:, k + 1] += (lever * pieces).sum(axis=1)
    return masses


def _exact(resistance: Float64, capacity: Float64) -> npt.NDArray[np.complex128]:
    """(3, f) answers of the layers and the air at both surfaces to a swing: inside on inside, inside on
    outside, outside on outside."""
    found = []
    for omega in _FREQUENCIES:
        matrix = np.array([[1.0, OUTSIDE_RESISTANCE], [0.0, 1.0]], complex)
        for r, c in zip(resistance, capacity, strict=True):
            q = np.sqrt(1j * omega * r * c)
            ratio = np.sinh(q) / q if c > 0 else 1.0 + 0j
            matrix = matrix @ np.array([[np.cosh(q), r * ratio], [1j * omega * c * ratio, np.cosh(q)]])
        found.append(matrix @ np.array([[1.0, INSIDE_RESISTANCE], [0.0, 1.0]]))
    a, b, d = (np.array([m[i] for m in found]) for i in ((0, 0), (0, 1), (1, 1)))
    return np.array([a / b, 1.0 / b, d / b])


def _error(gaps: Float64, masses: Float64, omega: float, exact: npt.NDArray[np.complex128]) -> Float64:
    """(m,) how far chains of nodes are from the layers' answer: the inside counts most."""
    a, d = np.ones(len(gaps), complex), np.ones(len(gaps), complex)
    b, c = np.full(len(gaps), OUTSIDE_RESISTANCE, complex), np.zeros(len(gaps), complex)
    for k in range(5):
        mass = 1j * omega * masses[:, k]
        a, c = a + b * mass, c + d * mass
        gap = gaps[:, k] if k < 4 else INSIDE_RESISTANCE
        b, d = b + a * gap, d + c * gap
    inside, through, outside = exact
    inner = np.abs(a / b - inside) / np.abs(inside)
    across = np.abs(1.0 / b - through) * gaps.sum(axis=1)
    outer = np.abs(d / b - outside) / np.abs(outside)
    return np.asarray(inner + across + 0.25 * outer)
