"""What glazing lets through and takes up by the angle of the light.

Panes of clear float glass reflect by Fresnel's equations and absorb by Bouguer's law, and pass light to and
fro between them (Duffie, Beckman 2013, "Solar Engineering of Thermal Processes", chapter 5; panes after
Edwards 1977, doi:10.1016/0038-092X(77)90042-9). That gives how everything falls with the angle, by the number
of panes; the level is set by the g-value.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from analysis.energy.constructions import INSIDE_RESISTANCE, OUTSIDE_RESISTANCE, Glazing
from analysis.energy.zones import Float64

_INDEX = 1.526
"""Refractive index of float glass (Duffie, Beckman 2013, table 5.1.1)."""
_DEPTH = 0.096
"""Optical depth of a pane: a clear one of 3 mm that lets 0.834 through (ASHRAE Standard 140-2020, case 600;
ASHRAE Handbook Fundamentals 2017, chapter 15, table 10)."""
_COSINES = np.linspace(0.005, 1.0, 200)
DEGREE = 6
"""Of the polynomials in the cosine of the angle of incidence; they begin with the first power."""
LEAST_GLASS = 1e-3
"""[m²K/W] A pane of 1 mm: what is taken for a U-value that only surfaces could have."""


@dataclass(frozen=True)
class Optics:
    """resistance: from the outer to the inner surface [m²K/W]. beam: (3, DEGREE) polynomials in the cosine,
    of what goes through, what is taken up at the outer surface and at the inner one [1]; diffuse: (3,) of
    them for even light. back: (2,) of light from inside, what goes out and what is taken up."""

    resistance: float
    beam: Float64
    diffuse: Float64
    back: Float64

    def at(self, cosine: Float64) -> Float64:
        """(3, n) at cosines (n,) of the angle of incidence."""
        powers = np.asarray(cosine)[None, :] ** np.arange(1, DEGREE + 1)[:, None]
        return np.asarray(self.beam @ powers)


@lru_cache(maxsize=1024)
def optics(glazing: Glazing) -> Optics:
    """Of a glazing; frame and blinds are no part of it."""
    resistance = max(LEAST_GLASS, 1.0 / glazing.u_value - INSIDE_RESISTANCE - OUTSIDE_RESISTANCE)
    total = resistance + INSIDE_RESISTANCE + OUTSIDE_RESISTANCE
    through, taken = _panes(max(1, glazing.panes))
    place = np.linspace(0.0, 1.0, len(taken)) if len(taken) > 1 else np.array([0.5])
    outer, inner = (1.0 - place) @ taken, place @ taken
    inward = np.array([1.0, OUTSIDE_RESISTANCE / total, (OUTSIDE_RESISTANCE + resistance) / total])
    clear = np.array([through, outer, inner])
    level = glazing.g_value / float(inward @ clear[:, -1])
    angles = level * clear
    powers = _COSINES[:, None] ** np.arange(1, DEGREE + 1)
    fitted = np.asarray(np.linalg.lstsq(powers, angles.T, rcond=None)[0].T, np.float64)
    weight = _COSINES / _COSINES.sum()
    even = np.asarray(angles @ weight, np.float64)
    back = np.array([min(level, 1.0) * float(weight @ through), float(weight @ (outer + inner))])
    return Optics(resistance, fitted, even, back)


def _panes(count: int) -> tuple[Float64, Float64]:
    """((n,) transmittance, (count, n) absorptance of each pane from the outside in) over `_COSINES`."""
    sine = np.sqrt(1.0 - _COSINES**2) / _INDEX
    refracted = np.sqrt(1.0 - sine**2)
    inner = np.exp(-_DEPTH / refracted)
    sums = [np.zeros((1 + count, len(_COSINES)))]
    for a, b in ((_COSINES, refracted), (refracted, _COSINES)):
        surface = ((a - _INDEX * b) / (a + _INDEX * b)) ** 2
        loop = 1.0 - (surface * inner) ** 2
        tau = (1.0 - surface) ** 2 * inner / loop
        rho = surface + surface * (1.0 - surface) ** 2 * inner**2 / loop
        sums.append(_stack(tau, rho, count))
    mean = (sums[1] + sums[2]) / 2.0
    return mean[0], mean[1:]


def _stack(tau: Float64, rho: Float64, count: int) -> Float64:
    """(1 + count, n): what a stack of equal panes lets through, and what each takes up, of one polarisation.

    Light between panes runs both ways: `behind[k]` is the reflectance of all panes from the k-th on.
    """
    alpha = 1.0 - tau - rho
    behind = [np.zeros_like(rho)]
    for _ in range(count):
        behind.append(rho + tau**2 * behind[-1] / (1.0 - rho * behind[-1]))
    found = np.zeros((1 + count, len(tau)))
    coming = np.ones_like(tau)
    for k in range(count):
        rest = behind[count - 1 - k]
        forward = tau * coming / (1.0 - rho * rest)
        found[1 + k] = alpha * (coming + forward * rest)
        coming = forward
    found[0] = coming
    return found
