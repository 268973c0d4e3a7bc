"""A run's input, checked and put in the form that the solvers take; every fault is found here, before a step.

Depths and levels are worked with above a datum, the lowest bed of the run, so that single precision is not
spent on the height above the sea.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from analysis.errors import AnalysisError
from analysis.flood.boundaries import EdgeValues, edge_values
from analysis.flood.constants import BLOCKED, GRAVITY
from analysis.flood.inputs import (
    Array,
    Boundary,
    Buildings,
    CurveNumber,
    Drainage,
    GreenAmpt,
    Inflow,
    Options,
    Rainfall,
    Structures,
)
from analysis.flood.parts import Pores, Walls
from analysis.flood.series import Linear, Steps
from analysis.flood.structures import wall_faces

SCHEMES = ("hllc", "muscl", "inertial")
_TORRENT = 0.01
"""[m/s], 36 m of rain an hour: more is taken for mm/h by mistake."""


@dataclass
class Source:
    """Cells that share one discharge."""

    rows: Array
    cols: Array
    series: Linear


@dataclass
class Problem:
    """dx [m]; z `(rows, cols)` [m over datum], BLOCKED where closed; friction g n² `(1 or rows, cols)`;
    depth, u, v at the start; rain: None, or steps of intensity; open cells take it."""

    scheme: str
    dtype: Any
    dx: float
    duration: float
    datum: float
    z: Array
    friction: Array
    depth: Array
    u: Array
    v: Array
    pores: Pores
    walls: Walls
    edges: list[EdgeValues]
    sources: list[Source]
    rain: Steps | None
    infiltration: GreenAmpt | CurveNumber | None
    culverts: Sequence[Any]
    drainage: Drainage | None
    gauges: list[tuple[int, int]]
    output_interval: float | None
    options: Options = field(default_factory=Options)

    @property
    def open(self) -> Array:
        """Cells that can hold water `(rows, cols) bool`."""
        mask: Array = self.z < BLOCKED / 2
        return mask


def grid(value: Any, shape: tuple[int, int], what: str) -> Array:
    """A number or an array of the grid's shape, as finite float64 of that shape (a number as one row)."""
    a = np.asarray(value, dtype=np.float64)
    if a.ndim == 0:
        a = np.broadcast_to(a, (1, shape[1]))
    elif a.shape != shape:
        raise AnalysisError(
            f"{what} has shape {a.shape}; give one number or an array of the grid's shape {shape}"
        )
    if not np.isfinite(a).all():
        row, col = np.argwhere(~np.isfinite(a))[0]
        raise AnalysisError(f"{what} is not a number at row {row}, column {col}; fill it before the run")
    return a


def at_least(a: Array, least: float, what: str) -> Array:
    """`a` itself, or AnalysisError where it is smaller than `least`."""
    if a.size and a.min() < least:
        row, col = np.argwhere(a < least)[0]
        raise AnalysisError(
            f"{what} is {a[row, col]:g} at row {row}, column {col}; it must be at least {least:g}"
        )
    return a


def number(value: Any, what: str, *, above: float = 0.0, finite: bool = True) -> float:
    """A single number greater than `above`."""
    try:
        x = float(value)
    except (TypeError, ValueError):
        raise AnalysisError(f"{what} must be one number, got {value!r}") from None
    if not x > above or (finite and not np.isfinite(x)):
        raise AnalysisError(f"{what} must be a number above {above:g}, got {x:g}")
    return x


def cells(
    rows: Any, cols: Any, shape: tuple[int, int], closed: Array | None, what: str
) -> tuple[Array, Array]:
    """Indices of cells of the grid, `(n,) int64` each."""
    r, c = np.atleast_1d(np.asarray(rows)), np.atleast_1d(np.asarray(cols))
    if r.shape != c.shape or r.ndim != 1 or r.size == 0:
        raise AnalysisError(f"{what}: rows and columns must be as many, got shapes {r.shape} and {c.shape}")
    if r.dtype.kind not in "iu" or c.dtype.kind not in "iu":
        raise AnalysisError(f"{what}: rows and columns are whole numbers, got {r.dtype} and {c.dtype}")
    outside = (r < 0) | (r >= shape[0]) | (c < 0) | (c >= shape[1])
    if outside.any():
        k = int(np.argmax(outside))
        raise AnalysisError(
            f"{what}: row {r[k]}, column {c[k]} is outside the grid of {shape[0]} rows and {shape[1]} columns"
        )
    if closed is not None and closed[r, c].any():
        k = int(np.argmax(closed[r, c]))
        raise AnalysisError(f"{what}: row {r[k]}, column {c[k]} is inside a blocked building; move it beside")
    return r.astype(np.int64), c.astype(np.int64)


def rainfall_steps(rainfall: Any, shape: tuple[int, int], duration: float) -> Steps | None:
    """Rain in the form of `Rainfall`, or None."""
    if rainfall is None:
        return None
    if not isinstance(rainfall, Rainfall):
        whole = np.asarray(rainfall, dtype=np.float64)
        if whole.ndim not in (0, 2):
            raise AnalysisError(
                f"rainfall is a number [m/s], a grid, or a Rainfall with its times; got shape {whole.shape}"
            )
        rainfall = Rainfall([0.0, duration], whole[np.newaxis])
    steps = Steps(rainfall.time, np.asarray(rainfall.intensity), "rainfall")
    if steps.value.ndim == 3 and steps.value.shape[1:] != shape:
        raise AnalysisError(f"rainfall has grids of shape {steps.value.shape[1:]}, the elevation has {shape}")
    if steps.value.max(initial=0.0) > _TORRENT:
        raise AnalysisError(
            f"rainfall of {steps.value.max():g} m/s is no rain; intensities are in m/s: divide mm/h by 3.6e6"
        )
    return steps


def _pores(cover: Array | None, dtype: Any) -> Pores:
    if cover is None:
        one = np.ones((1, 1), dtype)
        return Pores(False, one, one, one)
    share = np.ascontiguousarray(1.0 - cover, dtype=dtype)
    padded = np.pad(share, 1, mode="edge")
    x = np.minimum(padded[1:-1, :-1], padded[1:-1, 1:])
    y = np.minimum(padded[:-1, 1:-1], padded[1:, 1:-1])
    return Pores(True, share, np.ascontiguousarray(x), np.ascontiguousarray(y))


def _beds(elevation: Array, buildings: Buildings | None) -> tuple[Array, Array, Array | None]:
    """Bed levels, which cells are closed, and the cover of porous ones."""
    shape = (elevation.shape[0], elevation.shape[1])
    closed = np.zeros(shape, dtype=bool)
    if buildings is None:
        return elevation, closed, None
    cover = np.broadcast_to(
        at_least(grid(buildings.cover, shape, "buildings.cover"), 0.0, "buildings.cover"), shape
    )
    if cover.max(initial=0.0) > 1.0:
        raise AnalysisError(
            f"buildings.cover is {cover.max():g} somewhere; it is a share of the cell, 0 to 1"
        )
    solid = cover >= 0.5
    if buildings.method == "blocked":
        return elevation, solid, None
    if buildings.method == "raised":
        height = at_least(grid(buildings.height, shape, "buildings.height"), 0.0, "buildings.height")
        return np.where(solid, elevation + height, elevation), closed, None
    if buildings.method == "porous":
        return elevation, cover >= 1.0, np.where(cover >= 1.0, 0.0, cover)
    raise AnalysisError(f"buildings.method {buildings.method!r} is not one of blocked, raised, porous")


def prepare(
    elevation: Any, cell_size: Any, duration: Any, *, scheme: str, manning: Any, rainfall: Any,
    inflows: Sequence[Inflow], boundaries: Sequence[Boundary] | Mapping[str, Any] | None, initial_depth: Any,
    initial_velocity: Any, buildings: Any, infiltration: Any, drainage: Drainage | None,
    gauges: Sequence[tuple[int, int]], output_interval: Any, structures: Structures | None, dtype: str,
    options: Options | None,
) -> Problem:  # fmt: skip
    """Check everything that `simulate` takes. Raises AnalysisError at the first thing that cannot be run."""
    options = options or Options()
    if scheme not in SCHEMES:
        raise AnalysisError(f"scheme {scheme!r} is not one of {', '.join(SCHEMES)}")
    if str(np.dtype(dtype)) not in ("float32", "float64"):
        raise AnalysisError(f"dtype {dtype!r} is not float32 or float64")
    if not 0 < options.theta <= 1:
        raise AnalysisError(f"options.theta must be above 0 and at most 1, got {options.theta:g}")
    real = np.dtype(dtype).type
    ground = np.asarray(elevation, dtype=np.float64)
    if ground.ndim != 2 or ground.size == 0:
        raise AnalysisError(f"elevation must be an array of rows and columns, got shape {ground.shape}")
    shape = (ground.shape[0], ground.shape[1])
    dx = number(cell_size, "cell_size")
    length = number(duration, "duration")
    if buildings is not None and not isinstance(buildings, Buildings):
        buildings = Buildings(buildings)
    holes = ~np.isfinite(ground)
    ground, closed, cover = _beds(ground, buildings)
    if (holes & ~closed).any():
        row, col = np.argwhere(holes & ~closed)[0]
        raise AnalysisError(
            f"elevation has {int((holes & ~closed).sum())} cells without a value, first at row {row}, column"
            f" {col}; fill them, or give them to buildings as blocked"
        )
    if closed.all():
        raise AnalysisError("buildings block every cell; nothing is left to flood")
    datum = float(ground[~closed].min())
    if ground[~closed].max() - datum > BLOCKED / 100:
        raise AnalysisError(f"elevation spans {ground[~closed].max() - datum:g} m; is a no-data value in it?")
    z = np.where(closed, BLOCKED, ground - datum)
    n = at_least(grid(manning, shape, "manning"), 0.0, "manning")
    depth = np.where(closed, 0.0, at_least(grid(0.0 if initial_depth is None else initial_depth, shape,
                                                "initial_depth"), 0.0, "initial_depth"))  # fmt: skip
    start = (0.0, 0.0) if initial_velocity is None else initial_velocity
    u, v = (np.where(depth > options.dry_depth, grid(a, shape, "initial_velocity"), 0.0) for a in start)
    sources = []
    for k, inflow in enumerate(inflows):
        rows, cols = cells(inflow.row, inflow.col, shape, closed, f"inflow {k}")
        sources.append(Source(rows, cols, Linear(inflow.time, inflow.discharge, f"inflow {k}")))
    watched = [(int(r[0]), int(c[0])) for r, c in
               (cells(g[0], g[1], shape, None, f"gauge {k}") for k, g in enumerate(gauges))]  # fmt: skip
    walls, culverts = _structures(structures, shape, closed, datum, real)
    if drainage is not None:
        at = np.asarray(drainage.cells)
        if at.ndim != 2 or at.shape[1] != 2:
            raise AnalysisError(f"drainage.cells must be (k, 2), got shape {at.shape}")
        if len(at):
            cells(at[:, 0], at[:, 1], shape, closed, "drainage")
    # kernels are compiled for arrays whose rows lie one after the other
    z, friction, depth, u, v = (
        np.ascontiguousarray(a, dtype=real) for a in (z, GRAVITY * n * n, depth, u, v)
    )
    return Problem(
        scheme, real, dx, length, datum, z, friction, depth, u, v, _pores(cover, real), walls,
        edge_values(boundaries, shape, dx, datum),
        sources, rainfall_steps(rainfall, shape, length), _losses(infiltration, shape), culverts, drainage,
        watched, None if output_interval is None else number(output_interval, "output_interval"), options,
    )  # fmt: skip


def _structures(
    structures: Structures | None, shape: tuple[int, int], closed: Array, datum: float, real: Any
) -> tuple[Walls, list[Any]]:
    asked = structures or Structures()
    for k, culvert in enumerate(asked.culverts):
        for end in (culvert.inlet, culvert.outlet):
            cells(end[0], end[1], shape, closed, f"culvert {k}")
        if culvert.diameter is None and (culvert.width is None or culvert.height is None):
            raise AnalysisError(f"culvert {k} needs a diameter, or a width and a height")
        for name in ("diameter", "width", "height", "length", "manning", "barrels"):
            value = getattr(culvert, name)
            if value is not None:
                number(value, f"culvert {k}: {name}")
    return wall_faces(asked.walls, shape, datum, real), list(asked.culverts)


def _losses(
    infiltration: GreenAmpt | CurveNumber | None, shape: tuple[int, int]
) -> GreenAmpt | CurveNumber | None:
    if infiltration is None:
        return None
    if isinstance(infiltration, GreenAmpt):
        fields = {
            name: np.broadcast_to(
                at_least(
                    grid(getattr(infiltration, name), shape, f"infiltration.{name}"),
                    0.0,
                    f"infiltration.{name}",
                ),
                shape,
            )
            for name in ("conductivity", "suction", "deficit")
        }
        return GreenAmpt(**fields)
    if isinstance(infiltration, CurveNumber):
        cn = np.broadcast_to(
            at_least(grid(infiltration.number, shape, "infiltration.number"), 1.0, "curve number"), shape
        )
        if cn.max() > 100:
            raise AnalysisError(
                f"infiltration.number is {cn.max():g} somewhere; a curve number is at most 100"
            )
        return CurveNumber(cn, number(infiltration.abstraction, "infiltration.abstraction", above=-1e-300))
    raise AnalysisError(f"infiltration must be GreenAmpt or CurveNumber, got {type(infiltration).__name__}")
