"""Radar rain on the grid of a flood run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from analysis.errors import AnalysisError
from analysis.warning.planes import between, cells
from analysis.warning.radar import RadarSequence
from citygml.crs import Crs, parse

if TYPE_CHECKING:
    from affine import Affine

    from analysis.flood.inputs import Rainfall
    from analysis.scene.grid import Grid

Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]
_KNOTS = 33
"""Points a side that are transformed exactly; between them positions are linear, which over a city of 10 km
is true to a decimetre, and radar cells are hundreds of metres."""
_MICRO = 1e-6


def onto_grid(rain: RadarSequence, grid: Grid) -> Float32:
    """(n, rows, columns) float32 rain intensity [mm/h] on the cells of a grid, linear between the radar's.

    Where one of the radar's cells around does not see, the others speak; NaN where none does.
    """
    return sampled(rain.rates, rain.transform, rain.crs, grid)


def sampled(fields: Sequence[Float32] | Float32, transform: Affine, crs: Crs, grid: Grid) -> Float32:
    """(n, rows, columns) fields of one raster on the cells of a grid, as `onto_grid`. A local grid is taken
    to lie in the raster's own plane."""
    column, row = _positions(transform, crs, grid)
    return np.stack([_sampled(field, row, column) for field in fields])


def at_points(field: Float32, transform: Affine, crs: Crs, points: npt.ArrayLike, points_crs: Crs) -> Float32:
    """(n,) values of a radar field (rows, columns) at points (n, 2): those of the cell each lies in, NaN
    outside."""
    xy = between(points_crs, crs, np.asarray(points, np.float64).reshape(-1, 2))
    row, column = cells(transform, xy)
    found = np.full(len(xy), np.nan, np.float32)
    inside = (row >= 0) & (row < field.shape[0]) & (column >= 0) & (column < field.shape[1])
    found[inside] = field[row[inside].astype(int), column[inside].astype(int)]
    return found


def rainfall(rain: RadarSequence, grid: Grid, *, unseen: float | None = None) -> Rainfall:
    """Rain for `flood.simulate` from the sequence's first time on, each intensity held until the next time.

    unseen: intensity [mm/h] where the radar does not see; without one such cells raise AnalysisError.
    """
    from analysis.flood.inputs import MM_PER_HOUR, Rainfall

    rates = onto_grid(rain, grid)
    blind = np.isnan(rates)
    if blind.any():
        if unseen is None:
            share = blind.mean() * 100
            raise AnalysisError(
                f"the radar does not see {share:.1f} % of the cells and times; give their rain with `unseen`"
            )
        rates[blind] = unseen
    seconds = (rain.times - rain.times[0]) * _MICRO
    return Rainfall([*seconds.tolist(), float(seconds[-1]) + rain.step_s], rates / np.float32(MM_PER_HOUR))


def areal(rain: RadarSequence, grid: Grid) -> Float64:
    """(n,) mean rain intensity over a grid [mm/h], of what the radar sees of it; NaN where it sees
    nothing."""
    rates = onto_grid(rain, grid).reshape(len(rain.times), -1)
    seen = np.isfinite(rates)
    total = np.where(seen, rates, 0.0).sum(axis=1, dtype=np.float64)
    with np.errstate(invalid="ignore"):
        return np.asarray(total / seen.sum(axis=1))


def _positions(transform: Affine, crs: Crs, grid: Grid) -> tuple[Float64, Float64]:
    """Fractional column and row of the radar's cells, whole at their middles, (rows, columns) each."""
    from scipy.ndimage import map_coordinates

    west, south, east, north = grid.bounds
    x, y = np.linspace(west, east, _KNOTS), np.linspace(north, south, _KNOTS)
    knots = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    own = parse(grid.crs)
    xy = knots if own.is_local else between(own, crs, knots)
    if not np.isfinite(xy).all():
        raise AnalysisError(f"the radar's coordinate system ({crs.title}) does not reach the grid")
    rows, columns = cells(transform, xy)
    fine = np.meshgrid(
        (np.arange(grid.rows) + 0.5) / grid.rows * (_KNOTS - 1),
        (np.arange(grid.columns) + 0.5) / grid.columns * (_KNOTS - 1),
        indexing="ij",
    )
    at = [map_coordinates(p.reshape(_KNOTS, _KNOTS), fine, order=1) - 0.5 for p in (columns, rows)]
    return at[0], at[1]


def _sampled(values: Float32, row: Float64, column: Float64) -> Float32:
    """Linear between cells; those that are NaN or outside have no weight."""
    from scipy.ndimage import map_coordinates

    known = np.isfinite(values)
    at = [row, column]
    total = map_coordinates(np.where(known, values, 0.0), at, order=1, mode="constant", output=np.float64)
    weight = map_coordinates(known.astype(np.float64), at, order=1, mode="constant")
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(weight > 1e-6, total / weight, np.nan).astype(np.float32)
