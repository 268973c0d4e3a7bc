"""Positions between a plane and degrees, horizontally alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from analysis.errors import AnalysisError
from citygml.crs import Crs
from citygml.crs.georeference import run
from citygml.crs.names import horizontal_transformer

if TYPE_CHECKING:
    from affine import Affine

Float64 = npt.NDArray[np.float64]


def from_degrees(crs: Crs, degrees: Float64) -> Float64:
    """(n, 2) longitude, latitude -> (n, 2) in the plane of `crs`; inf where it does not reach."""
    return np.column_stack(run(_transformer(crs), *degrees.T, inverse=True))


def to_degrees(crs: Crs, xy: Float64) -> Float64:
    """(n, 2) in the plane of `crs` -> (n, 2) longitude, latitude; inf where it does not reach."""
    return np.column_stack(run(_transformer(crs), *xy.T))


def between(source: Crs, target: Crs, xy: Float64) -> Float64:
    """(n, 2) in the plane of `source` -> (n, 2) in that of `target`."""
    if source.same_horizontal(target):
        return xy
    return from_degrees(target, to_degrees(source, xy))


def cells(transform: Affine, xy: Float64) -> tuple[Float64, Float64]:
    """Fractional row and column of positions (n, 2) on a raster; whole numbers are the edges of cells."""
    inverse = ~transform
    x, y = xy.T
    return inverse.d * x + inverse.e * y + inverse.f, inverse.a * x + inverse.b * y + inverse.c


def same_grid(a: Affine, b: Affine) -> bool:
    """Whether two rasters' cells coincide, to a thousandth of a cell."""
    return bool(np.allclose(tuple(a)[:6], tuple(b)[:6], rtol=0, atol=1e-3 * abs(a.a)))


def _transformer(crs: Crs) -> object:
    if crs.is_local:
        raise AnalysisError(
            "a local coordinate system has no place on the globe, where the radar's rain lies"
        )
    return horizontal_transformer(crs.name)
