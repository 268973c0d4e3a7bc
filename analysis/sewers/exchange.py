"""Water through a manhole lid or an inlet: weirs and orifices between the surface and a node.

The regimes are those of Chen, Djordjević, Leandro and Savić (2007, "The urban inundation model with
bidirectional flow interaction between 2D overland surface and 1D sewer networks", NOVATECH 2007), the
coefficients those of Rubinato et al. (2017, doi:10.1016/j.jhydrol.2017.06.024), from a manhole without a lid.
Levels are over the rim of the opening, where the ground is level with it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Float64 = npt.NDArray[np.float64]

GRAVITY = 9.81
_ROOT = math.sqrt(2.0 * GRAVITY)


@dataclass(frozen=True)
class Opening:
    """A round opening of `diameter` [m], or any of `area` [m²] and `perimeter` [m].

    orifice, weir, submerged_weir: coefficients of discharge [-]. shaft: surface of the water that stands over
    the rim in the shaft [m²]; None takes SWMM's least surface of a node. count: as many in one node.
    """

    diameter: float = 0.7
    area: float | None = None
    perimeter: float | None = None
    orifice: float = 0.167
    weir: float = 0.54
    submerged_weir: float = 0.056
    shaft: float | None = None
    count: int = 1


class Openings(NamedTuple):
    """Openings in arrays `(k,)`: orifice is Co A √2g, weir 2/3 Cw P √2g, submerged Cs P √2g, turn A / P."""

    orifice: Float64
    weir: Float64
    submerged: Float64
    turn: Float64


def pack(openings: list[Opening]) -> Openings:
    """The factors that depend on the opening alone."""
    area = np.array([o.count * (o.area or math.pi / 4 * o.diameter**2) for o in openings], dtype=np.float64)
    edge = np.array([o.count * (o.perimeter or math.pi * o.diameter) for o in openings], dtype=np.float64)
    orifice, weir, submerged = (
        np.array([getattr(o, name) for o in openings], dtype=np.float64)
        for name in ("orifice", "weir", "submerged_weir")
    )
    return Openings(
        orifice * area * _ROOT, 2.0 / 3.0 * weir * edge * _ROOT, submerged * edge * _ROOT,
        np.divide(area, edge, out=np.zeros_like(area), where=edge > 0),
    )  # fmt: skip


def discharge(o: Openings, surface: Float64, node: Float64) -> tuple[Float64, Float64]:
    """Head x [m] that drives and factor c, so that the flow is c √x [m³/s]; x > 0 up, x < 0 down (c √|x|).

    surface: depth of water on the ground [m]. node: level in the node over the rim [m], negative below it.
    Up, an orifice. Down into a node below its rim, a free weir, and no more than the orifice under the depth.
    Down into a node above it, a submerged weir until the depth reaches A / P, then an orifice.
    """
    head = np.maximum(node, 0.0) - surface
    weir = np.where(node < 0.0, np.minimum(o.weir * surface, o.orifice), o.submerged * surface)
    down = np.where((node >= 0.0) & (surface >= o.turn), o.orifice, weir)
    return head, np.where(head > 0.0, o.orifice, down)


def moved(
    o: Openings, surface: Float64, node: Float64, gain: Float64, cell: Float64, shaft: Float64, dt: float
) -> Float64:
    """Volume that comes up (positive) or goes down in dt [m³] `(k,)`.

    gain: flow into the shaft from the pipes while it stands above the rim [m³/s]. cell, shaft: surfaces of
    the water on the ground and over the rim [m²]. The head is taken at the end of the step (backward Euler),
    for which there is a closed form, so that levels come together and never cross, however long the step is.
    """
    above = np.maximum(node + np.where(node >= 0.0, gain * dt / shaft, 0.0), np.minimum(node, 0.0))
    head, factor = discharge(o, surface, above)
    # the root s of the head at the end: s² + c dt (1 / cell + 1 / shaft) s = |x|
    linked = 1.0 / cell + np.where(above >= 0.0, 1.0 / shaft, 0.0)
    half = 0.5 * factor * dt * linked
    size = np.abs(head)
    root = size / np.maximum(half + np.sqrt(half * half + size), 1e-300)
    volume: Float64 = np.sign(head) * factor * root * dt
    return volume
