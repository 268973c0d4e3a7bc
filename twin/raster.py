"""Digital elevation models: opening GeoTIFF or ASC, reading windows, heights at points.

Rasters stay on disk; a `Dem` reads the windows that are asked for, decimated by a power of two if wished.
Heights come as float32 with NaN for no data, rows from north to south.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from citygml.crs import Crs, parse, plausible
from citygml.errors import UnknownCrs
from twin.errors import RasterError

Float32: TypeAlias = npt.NDArray[np.float32]
Float64: TypeAlias = npt.NDArray[np.float64]

# The length of one degree of latitude [m], about.
METRES_PER_DEGREE = 111_320.0
_AT_ONCE = 32_768
"""Points that are interpolated at once: a dozen numbers for each stay in the processor's cache."""


@dataclass(frozen=True)
class Dem:
    """An elevation raster, north up.

    west, north: the outer corner; dx, dy: size of a cell (both positive), in units of the CRS.
    scale, offset: heights are stored value * scale + offset [m].
    """

    path: Path
    crs: Crs
    width: int
    height: int
    west: float
    north: float
    dx: float
    dy: float
    scale: float = 1.0
    offset: float = 0.0

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """(west, south, east, north) in the CRS."""
        return (
            self.west,
            self.north - self.dy * self.height,
            self.west + self.dx * self.width,
            self.north,
        )

    @property
    def resolution(self) -> float:
        """The finer side of a cell [m]."""
        if not self.crs.is_geographic:
            return min(self.dx, self.dy) * self.metres_per_unit
        middle = np.radians(self.north - self.dy * self.height / 2)
        return float(min(self.dx * np.cos(middle), self.dy)) * METRES_PER_DEGREE

    @cached_property
    def metres_per_unit(self) -> float:
        """Length of one unit of the CRS [m] (along a meridian for geographic ones)."""
        if self.crs.is_geographic:
            return METRES_PER_DEGREE
        horizontal = self.crs.horizontal
        return 1.0 if horizontal is None else float(horizontal.axis_info[0].unit_conversion_factor)

    def read(self, row: int, column: int, rows: int, columns: int, factor: int = 1) -> Float32:
        """(rows, columns) float32 heights [m], each the mean of the known ones of factor x factor cells.

        row, column: of the first value on the grid decimated by factor; what lies outside is NaN, and so
        are rows and columns at the end that do not fill a cell of that grid.
        """
        import rasterio
        from rasterio.enums import Resampling
        from rasterio.windows import Window

        out = np.full((rows, columns), np.nan, np.float32)
        total_rows, total_columns = self.height // factor, self.width // factor
        top, left = max(row, 0), max(column, 0)
        bottom, right = min(row + rows, total_rows), min(column + columns, total_columns)
        if top >= bottom or left >= right:
            return out
        window = Window(left * factor, top * factor, (right - left) * factor, (bottom - top) * factor)
        with rasterio.open(self.path) as dataset:
            stored = dataset.read(
                1,
                window=window,
                out_shape=(bottom - top, right - left),
                masked=True,
                resampling=Resampling.average if factor > 1 else Resampling.nearest,
                out_dtype=np.float32,
            )
        values = np.ma.filled(stored.astype(np.float32), np.nan)
        values = values * np.float32(self.scale) + np.float32(self.offset)
        out[top - row : bottom - row, left - column : right - column] = values
        return out

    def cells(self, xy: npt.ArrayLike, factor: int = 1) -> tuple[Float64, Float64]:
        """Fractional (row, column) of points (n, 2) of the CRS; whole numbers are the middles of cells."""
        points = np.asarray(xy, np.float64)
        column = (points[..., 0] - self.west) / (self.dx * factor) - 0.5
        row = (self.north - points[..., 1]) / (self.dy * factor) - 0.5
        return row, column

    def sample(self, xy: npt.ArrayLike) -> Float32:
        """(n,) float32 heights [m] at points (n, 2) of the CRS, bilinear; NaN outside and beside no data.

        Half a cell at the border takes the height of the border. One window around all points is read, so
        ask for points that lie together.
        """
        points = np.asarray(xy, np.float64)[:, :2]
        row, column = self.cells(points)
        inside = (row >= -0.5) & (row <= self.height - 0.5) & (column >= -0.5) & (column <= self.width - 0.5)
        result = np.full(len(points), np.nan, np.float32)
        if not inside.any():
            return result
        row = np.clip(row[inside], 0, self.height - 1)
        column = np.clip(column[inside], 0, self.width - 1)
        top, left = int(row.min()), int(column.min())
        values = self.read(top, left, int(row.max()) - top + 2, int(column.max()) - left + 2)
        result[inside] = bilinear(values, row - top, column - left)
        return result


def bilinear(values: Float32, row: Float64, column: Float64) -> Float32:
    """Values (rows, columns) at fractional positions inside the array, of the shape of `row` and `column`
    broadcast together; a node of weight 0 has no say."""
    row, column = np.broadcast_arrays(row, column)
    result = np.empty(row.shape, np.float32)
    step = max(_AT_ONCE // max(row[:1].size, 1), 1)
    for start in range(0, len(row), step):
        part = slice(start, start + step)
        result[part] = _bilinear(values, row[part], column[part])
    return result


def _bilinear(values: Float32, row: Float64, column: Float64) -> Float64:
    top = np.clip(np.floor(row).astype(np.intp), 0, max(values.shape[0] - 2, 0))
    left = np.clip(np.floor(column).astype(np.intp), 0, max(values.shape[1] - 2, 0))
    bottom, right = np.minimum(top + 1, values.shape[0] - 1), np.minimum(left + 1, values.shape[1] - 1)
    down, across = row - top, column - left
    total = np.zeros(row.shape)
    corners = (
        (top, left, (1 - down) * (1 - across)),
        (top, right, (1 - down) * across),
        (bottom, left, down * (1 - across)),
        (bottom, right, down * across),
    )
    for i, j, weight in corners:
        total += np.where(weight > 0, values[i, j] * weight, 0.0)
    return total


def filled_holes(values: Float32) -> Float32:
    """Holes (NaN) filled from their surroundings: means of ever larger squares, spread back smoothly."""
    known = np.isfinite(values)
    if known.all() or min(values.shape) < 2:
        return np.where(known, values, np.nanmean(values)).astype(np.float32)
    rows, columns = values.shape
    padded = np.pad(values, ((0, rows % 2), (0, columns % 2)), constant_values=np.nan)
    blocks = padded.reshape(padded.shape[0] // 2, 2, padded.shape[1] // 2, 2)
    count = np.isfinite(blocks).sum(axis=(1, 3))
    total = np.nansum(blocks, axis=(1, 3), dtype=np.float64)
    coarse = np.where(count > 0, total / np.maximum(count, 1), np.nan).astype(np.float32)
    coarse = filled_holes(coarse)
    row = np.clip((np.arange(rows) - 0.5) / 2, 0, coarse.shape[0] - 1)
    column = np.clip((np.arange(columns) - 0.5) / 2, 0, coarse.shape[1] - 1)
    spread = bilinear(coarse, row[:, None], column)
    return np.where(known, values, spread).astype(np.float32)


def open_dem(path: str | Path, *, crs: Crs | None = None) -> Dem:
    """The elevation raster in a file that GDAL reads.

    crs: stands in for a missing CRS (and overrides the file's).
    Raises RasterError: not a raster, an image, no CRS and none given, rotated, or outside the area of its
    CRS.
    """
    import rasterio
    from rasterio.errors import RasterioError

    path = Path(path)
    try:
        with rasterio.open(path) as dataset:
            return _described(path, dataset, crs)
    except RasterioError as error:
        raise RasterError(f"{path}: not an elevation raster ({str(error).splitlines()[0]})") from None


def _described(path: Path, dataset: Any, crs: Crs | None) -> Dem:
    if dataset.count >= 3 and dataset.dtypes[0] == "uint8":
        raise RasterError(f"{path}: an image of {dataset.count} bands, not an elevation raster")
    if dataset.dtypes[0].startswith("complex"):
        raise RasterError(f"{path}: holds complex numbers, not elevations")
    if crs is None:
        if dataset.crs is None:
            raise RasterError(f"{path}: the raster has no coordinate system; name it with --crs EPSG:...")
        code = dataset.crs.to_epsg()
        try:
            crs = parse(f"EPSG:{code}" if code else dataset.crs.to_wkt())
        except UnknownCrs as error:
            raise RasterError(f"{path}: {error}") from None
    transform = dataset.transform
    if transform.b or transform.d or transform.a <= 0 or transform.e >= 0:
        raise RasterError(f"{path}: the raster is rotated or has no extent; warp it north up first")
    dem = Dem(
        path=path,
        crs=crs,
        width=dataset.width,
        height=dataset.height,
        west=transform.c,
        north=transform.f,
        dx=transform.a,
        dy=-transform.e,
        scale=float(dataset.scales[0]),
        offset=float(dataset.offsets[0]),
    )
    west, south, east, north = dem.bounds
    if not plausible(crs, [(west, south), (east, north)]):
        raise RasterError(
            f"{path}: the raster ({west:g} {south:g} {east:g} {north:g}) lies outside the area of "
            f"{crs.title}; name the right coordinate system with --crs"
        )
    return dem
