"""The texels of a tile's surfaces packed into one sheet: a colour picture, and its values as bytes.

Values are 8 bits: 0 to 254 from a quantity's minimum to its maximum, 255 for no data. Up to three quantities
share a picture, in its red, green and blue.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy.ndimage import distance_transform_edt

from tiles.atlas import Rect, pack
from twin.surface_values import Float32, Float64, Int64, Quantity, SurfaceValues

UInt8 = npt.NDArray[np.uint8]

EDGE = 4096
"""Largest edge of a sheet [texel]; every WebGL 2 device takes it in practice (the least of the standard is
2048), and a tile's budget keeps sheets below half of it."""
STEPS = 254
NO_DATA = 255
CHANNELS = 3
_PAD = 1
_PLAIN = (200, 200, 200)
"""sRGB of surfaces without data."""


@dataclass
class Sheet:
    """The sheet of a tile. place: (k,) rectangles of its surfaces. colours: (height, width, 3) sRGB of the
    first quantity; values: (height, width, q)."""

    places: list[Rect]
    colours: UInt8
    values: UInt8

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self.values.shape[1], self.values.shape[0]


def sheet(values: SurfaceValues, surfaces: Int64, mean: bool = False) -> Sheet:
    """The sheet of these surfaces (k,); mean: one texel for each, of the mean of its values.

    Texels without a value beside ones with take that of the nearest of their surface, so that the slivers at
    a polygon's edge are not bare. A surface without values has one texel without data. Grids of texels that
    do not fit the largest sheet are thinned out.
    """
    grids = [_grid(values, int(s), mean) for s in surfaces]
    packed = pack([(g.shape[2], g.shape[1]) for g in grids], EDGE, _PAD)
    assert packed is not None, "a tile has more surfaces than a sheet has places"
    places, width, height = packed
    numbers = np.full((len(values.quantities), height, width), np.nan, np.float32)
    for grid, place in zip(grids, places, strict=True):
        grid = _fitted(grid, place.height, place.width)
        framed = np.pad(grid, ((0, 0), (_PAD, _PAD), (_PAD, _PAD)), mode="edge")
        numbers[:, place.top - _PAD : place.bottom + _PAD, place.left - _PAD : place.right + _PAD] = framed
    coded = np.stack([encoded(numbers[k], q) for k, q in enumerate(values.quantities)], axis=-1)
    return Sheet(places, painted(coded[..., 0], values.quantities[0]), coded)


def encoded(numbers: Float32, quantity: Quantity) -> UInt8:
    """Values as bytes."""
    span = (quantity.maximum - quantity.minimum) or 1.0
    known = np.isfinite(numbers)
    share = np.clip((np.where(known, numbers, 0) - quantity.minimum) / span, 0, 1)
    return np.where(known, np.round(share * STEPS), NO_DATA).astype(np.uint8)


def painted(coded: UInt8, quantity: Quantity) -> UInt8:
    """(height, width, 3) sRGB of bytes (height, width), by the quantity's colours."""
    stops = np.array([list(bytes.fromhex(colour)) for colour in quantity.colours], np.float64)
    at = np.linspace(0, len(stops) - 1, STEPS + 1)
    ramp = np.stack([np.interp(at, np.arange(len(stops)), stops[:, k]) for k in range(3)], axis=1)
    table = np.concatenate([np.round(ramp), [_PLAIN]]).astype(np.uint8)
    return np.asarray(table[coded])


def png(pixels: UInt8) -> bytes:
    """(height, width, 3) as PNG."""
    out = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(out, "PNG", compress_level=6)
    return out.getvalue()


def _grid(values: SurfaceValues, surface: int, mean: bool) -> Float32:
    """(q, rows, columns) of one surface."""
    rows, columns = (int(n) for n in values.shape[surface])
    if not rows * columns:
        return np.full((len(values.quantities), 1, 1), np.nan, np.float32)
    first = int(values.start[surface])
    found = np.stack([q.values[first : first + rows * columns] for q in values.quantities])
    if mean:
        known = np.isfinite(found)
        count = known.sum(axis=1)
        total = np.where(known, found, 0).sum(axis=1)
        middle = np.where(count > 0, total / np.maximum(count, 1), np.nan)
        return middle.astype(np.float32).reshape(-1, 1, 1)
    grid = found.reshape(-1, rows, columns)
    for layer in grid:
        _fill(layer)
    return grid


def _fill(grid: Float32) -> None:
    """Give texels without a value that of the nearest one, in place."""
    bare = np.isnan(grid)
    if bare.any() and not bare.all():
        nearest = distance_transform_edt(bare, return_distances=False, return_indices=True)
        grid[:] = grid[tuple(nearest)]


def _fitted(grid: Float32, rows: int, columns: int) -> Float32:
    """The grid, or the texels in the middles of so many rows and columns."""
    if grid.shape[1:] == (rows, columns):
        return grid
    i = ((np.arange(rows) + 0.5) * grid.shape[1] / rows).astype(int)
    j = ((np.arange(columns) + 0.5) * grid.shape[2] / columns).astype(int)
    return grid[:, i[:, None], j]


def coordinates(
    places: list[Rect], texel: Float64, owner: Int64, shape: Int64, size: tuple[int, int]
) -> Float64:
    """(n, 2) texture coordinates, origin upper left.

    texel: (n, 2) of vertices; owner: (n,) index of their surface among the sheet's; shape: (k, 2) rows and
    columns of the surfaces' own grids, 0 for none.
    """
    corner = np.array([(p.left, p.top) for p in places], np.float64)
    extent = np.array([(p.width, p.height) for p in places], np.float64)
    own = np.maximum(shape[:, ::-1], 1).astype(np.float64)
    share = np.where(shape[owner].prod(axis=1)[:, None] > 0, texel / own[owner], 0.5)
    inside = np.clip(share, 0, 1)
    return np.asarray((corner[owner] + inside * extent[owner]) / np.asarray(size, np.float64))
