"""Walls as faces, and the flow of culverts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from analysis.errors import AnalysisError
from analysis.flood.constants import GRAVITY
from analysis.flood.inputs import Culvert, Wall
from analysis.flood.parts import Walls


def wall_faces(walls: Sequence[Wall], shape: tuple[int, int], datum: float, real: Any) -> Walls:
    """The faces along all walls; where two walls share one, the higher stands."""
    x: dict[tuple[int, int], float] = {}
    y: dict[tuple[int, int], float] = {}
    for k, wall in enumerate(walls):
        corners = [(int(r), int(c)) for r, c in wall.points]
        if len(corners) < 2 or not np.isfinite(wall.crest):
            raise AnalysisError(f"wall {k} needs at least two points and a crest level")
        for (r0, c0), (r1, c1) in pairwise(corners):
            if not (
                min(r0, r1) >= 0 and max(r0, r1) <= shape[0] and min(c0, c1) >= 0 and max(c0, c1) <= shape[1]
            ):
                raise AnalysisError(f"wall {k}: a corner of ({r0}, {c0}) to ({r1}, {c1}) is outside the grid")
            if (r0 == r1) == (c0 == c1):
                raise AnalysisError(
                    f"wall {k}: ({r0}, {c0}) to ({r1}, {c1}) does not run along a row or a column"
                )
            for r in range(min(r0, r1), max(r0, r1)):
                x[r, c0] = max(x.get((r, c0), -math.inf), wall.crest)
            for c in range(min(c0, c1), max(c0, c1)):
                y[r0, c] = max(y.get((r0, c), -math.inf), wall.crest)
    xs = sorted((i, j, crest) for (i, j), crest in x.items() if 0 < j < shape[1])
    ys = sorted((i, j, crest) for (i, j), crest in y.items() if 0 < i < shape[0])
    return Walls(*_by_row(xs, shape[0], datum, real), *_by_row(ys, shape[0] + 1, datum, real))


def _by_row(faces: list[tuple[int, int, float]], rows: int, datum: float, real: Any) -> tuple[Any, Any, Any]:
    start = np.searchsorted([f[0] for f in faces], np.arange(rows + 1)).astype(np.int64)
    at = np.array([f[1] for f in faces], dtype=np.int64)
    return start, at, np.array([f[2] - datum for f in faces], dtype=np.float64).astype(real)


def culvert_flow(culvert: Culvert, upstream: float, downstream: float) -> float:
    """Discharge [m³/s] from the first end to the second; negative when it runs back.

    upstream, downstream: water levels over the two ends, in the datum of the inverts [m]. The lesser of what
    the entrance lets in (a weir below the crown, an orifice above; coefficients 1.7 m^½/s of a broad crest
    and 0.6) and what the losses along the full barrel let through (Bodhaine 1968, USGS TWRI 3-A3).
    """
    if downstream > upstream:
        return 0.0 if culvert.flap else -_one_way(culvert, downstream, upstream, back=True)
    return _one_way(culvert, upstream, downstream, back=False)


def _one_way(culvert: Culvert, head: float, tail: float, *, back: bool) -> float:
    into = culvert.outlet_level if back else culvert.inlet_level
    outof = culvert.inlet_level if back else culvert.outlet_level
    if culvert.diameter is not None:
        rise = culvert.diameter
        span = area = math.pi * rise * rise / 4
        span, radius = area / rise, rise / 4
    else:
        assert culvert.width is not None and culvert.height is not None
        rise, span = culvert.height, culvert.width
        area = rise * span
        radius = area / (2 * (rise + span))
    sill = max(into, outof)
    over = head - sill
    if over <= 0.0:
        return 0.0
    fill = min(over, rise)
    weir = 1.7 * span * fill**1.5
    orifice = 0.6 * area * math.sqrt(2 * GRAVITY * max(head - into - rise / 2, 0.0))
    entrance = weir if over < rise else max(weir, orifice)
    fall = head - max(tail, outof + min(fill, rise) / 2)
    friction = 2 * GRAVITY * culvert.manning**2 * culvert.length / radius ** (4 / 3)
    losses = culvert.entrance + culvert.exit + friction
    barrel = area * fill / rise * math.sqrt(2 * GRAVITY * max(fall, 0.0) / losses)
    flow: float = culvert.barrels * min(entrance, barrel)
    return flow
