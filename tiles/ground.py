"""The height of the ground anywhere on Earth: a DEM, its holes filled, and a gentle way down to the sea.

Inside the DEM it is the DEM. Holes are filled from around them. Around the DEM an apron fades from the
heights at its border to their median, and from there over some tens of kilometres to sea level, so that
nothing ends in a cliff. The value at a point depends on the point and the level of detail alone, so that
tiles that share an edge agree on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from citygml.crs import Georeference
from citygml.geoid import undulation
from twin.errors import RasterError
from twin.raster import METRES_PER_DEGREE, Dem, Float32, bilinear, filled_holes

Float64: TypeAlias = npt.NDArray[np.float64]

# The DEM as it is kept in memory to fill holes and the apron: at most this many cells a side.
_FILL_SIDE = 768
# The apron's width as a share of the DEM's longer side, and the way from there to sea level [m].
_APRON = 0.15
_DESCENT = 50_000.0
_STRIP = 64  # rows of a DEM whose holes are filled at once, for the sake of memory


@dataclass(frozen=True)
class Ground:
    """Ellipsoidal heights of the ground from a DEM and the georeference of its CRS."""

    dem: Dem
    georeference: Georeference

    @cached_property
    def _factor(self) -> int:
        """Decimation of the fill raster, a power of two."""
        factor = 1
        while max(self.dem.width, self.dem.height) > _FILL_SIDE * factor:
            factor *= 2
        return factor

    @cached_property
    def _margin(self) -> int:
        """Width of the apron in cells of the fill raster."""
        return max(16, round(_APRON * max(self.dem.width, self.dem.height) / self._factor))

    @cached_property
    def _fill(self) -> Float32:
        """The decimated DEM with its apron, without holes; constant along its border."""
        rows, columns = self.dem.height // self._factor, self.dem.width // self._factor
        margin = self._margin
        values = self.dem.read(-margin, -margin, rows + 2 * margin, columns + 2 * margin, self._factor)
        inside = values[margin:-margin, margin:-margin]
        if not np.isfinite(inside).any():
            raise RasterError(f"{self.dem.path}: the raster holds no heights, only no-data values")
        filled = filled_holes(values)
        core = filled[margin:-margin, margin:-margin]
        border = np.concatenate([core[0], core[-1], core[:, 0], core[:, -1]])
        base = np.float32(np.median(border))
        down = np.maximum(
            0, margin - np.minimum(np.arange(rows + 2 * margin), np.arange(rows + 2 * margin)[::-1])
        )
        across = np.maximum(
            0, margin - np.minimum(np.arange(columns + 2 * margin), np.arange(columns + 2 * margin)[::-1])
        )
        weight = _smoothstep(np.hypot(down[:, None], across[None, :]) / margin).astype(np.float32)
        return filled * (1 - weight) + base * weight

    @property
    def base(self) -> float:
        """The height at the outer border of the apron, in the DEM's own heights [m]."""
        return float(self._fill[0, 0])

    @cached_property
    def _outer(self) -> tuple[float, float, float, float]:
        """(west, south, east, north) of the apron in the DEM's CRS, through the middles of border cells."""
        dem, factor, margin = self.dem, self._factor, self._margin
        rows, columns = self._fill.shape
        west = dem.west + (0.5 - margin) * dem.dx * factor
        north = dem.north - (0.5 - margin) * dem.dy * factor
        return (west, north - (rows - 1) * dem.dy * factor, west + (columns - 1) * dem.dx * factor, north)

    @cached_property
    def bounds(self) -> tuple[float, float, float, float]:
        """(west, south, east, north) of the DEM [degrees]."""
        return self._degrees(self.dem.bounds)

    @cached_property
    def outer_bounds(self) -> tuple[float, float, float, float]:
        """(west, south, east, north) of the DEM and its apron [degrees]."""
        return self._degrees(self._outer)

    def _degrees(self, box: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
        west, south, east, north = box
        t = np.linspace(0, 1, 21)
        x = np.concatenate([west + t * (east - west)] * 2 + [np.full(21, west), np.full(21, east)])
        y = np.concatenate([np.full(21, south), np.full(21, north)] + [south + t * (north - south)] * 2)
        llh = self.georeference.to_geographic(np.column_stack([x, y, np.full(len(x), self.base)]))
        low, high = llh[:, :2].min(axis=0), llh[:, :2].max(axis=0)
        return float(low[0]), float(low[1]), float(high[0]), float(high[1])

    def heights(self, longitude: Float64, latitude: Float64, spacing: float) -> Float64:
        """(r, c) ellipsoidal heights [m] of a grid of samples.

        longitude: (c,), latitude: (r,) [degrees], evenly spaced. spacing: between samples [m]; DEMs that
        are more than twice as fine are decimated.
        """
        lon, lat = np.meshgrid(longitude, latitude)
        heights = undulation(lon, lat)
        near = self._near(lon, lat)
        if not near.any():
            return heights
        if near.all() and spacing < 200 and len(longitude) % 16 == 1 and len(latitude) % 16 == 1:
            x, y, above = (_refined(part) for part in self._projected(lon[::16, ::16], lat[::16, ::16]))
        else:
            x, y, above = (np.full(lon.shape, np.inf) for _ in range(3))
            x[near], y[near], above[near] = self._projected(lon[near], lat[near])
        west, south, east, north = self._outer
        with np.errstate(invalid="ignore"):
            inner_x, inner_y = np.clip(x, west, east), np.clip(y, south, north)
            distance = np.hypot(x - inner_x, y - inner_y) * self.dem.metres_per_unit
        near = np.isfinite(distance) & (distance < _DESCENT) & np.isfinite(above)
        if not near.any():
            return heights
        ground = self._sample(inner_x[near], inner_y[near], spacing) + above[near]
        away = _smoothstep(distance[near] / _DESCENT)
        heights[near] = ground * (1 - away) + heights[near] * away
        return heights

    def _near(self, lon: Float64, lat: Float64) -> npt.NDArray[np.bool_]:
        """Where the DEM's projection can be trusted and its apron may reach."""
        west, south, east, north = self.outer_bounds
        reach = 1.5 * _DESCENT / METRES_PER_DEGREE
        stretch = 1 / max(np.cos(np.radians(max(abs(south), abs(north)) + reach)), 0.05)
        away = np.abs(np.mod(lon - (west + east) / 2 + 180, 360) - 180)
        near: npt.NDArray[np.bool_] = away < (east - west) / 2 + reach * stretch
        return near & (lat > south - reach) & (lat < north + reach)

    def _projected(self, lon: Float64, lat: Float64) -> tuple[Float64, Float64, Float64]:
        """x and y in the DEM's CRS, and what to add to its heights there to make them ellipsoidal [m]."""
        points = np.column_stack([lon.ravel(), lat.ravel(), np.zeros(lon.size)])
        source = self.georeference.from_geographic(points)
        source[:, 2] = self.base
        above = self.georeference.to_geographic(source)[:, 2] - self.base
        return source[:, 0].reshape(lon.shape), source[:, 1].reshape(lon.shape), above.reshape(lon.shape)

    def _sample(self, x: Float64, y: Float64, spacing: float) -> Float64:
        """Heights of the DEM or its fill at points within the apron."""
        factor = 1
        while self.dem.resolution * factor * 2 <= spacing and factor < self._factor * 16:
            factor *= 2
        points = np.column_stack([x, y])
        row, column = self.dem.cells(points, factor)
        top, left = int(np.floor(row.min())), int(np.floor(column.min()))
        rows, columns = int(row.max()) - top + 3, int(column.max()) - left + 3
        values = self.dem.read(top, left, rows, columns, factor)
        for start in range(0, rows, _STRIP):
            strip = values[start : start + _STRIP]
            hole = np.argwhere(~np.isfinite(strip))
            at = np.column_stack(
                [
                    self.dem.west + (hole[:, 1] + left + 0.5) * self.dem.dx * factor,
                    self.dem.north - (hole[:, 0] + start + top + 0.5) * self.dem.dy * factor,
                ]
            )
            strip[hole[:, 0], hole[:, 1]] = self._filling(at)
        return bilinear(values, row - top, column - left).astype(np.float64)

    def _filling(self, points: Float64) -> Float32:
        row, column = self.dem.cells(points, self._factor)
        rows, columns = self._fill.shape
        return bilinear(
            self._fill,
            np.clip(row + self._margin, 0, rows - 1),
            np.clip(column + self._margin, 0, columns - 1),
        )


def _refined(lattice: Float64) -> Float64:
    """Every 16th sample -> all samples, bilinear."""
    rows = len(lattice)
    t = np.arange(16) / 16
    wide = lattice[:, :-1, None] * (1 - t) + lattice[:, 1:, None] * t
    wide = np.column_stack([wide.reshape(rows, -1), lattice[:, -1]])
    tall = wide[:-1, None, :] * (1 - t)[:, None] + wide[1:, None, :] * t[:, None]
    return np.vstack([tall.reshape(-1, wide.shape[1]), wide[-1]])


def _smoothstep(t: Float64) -> Float64:
    t = np.clip(t, 0, 1)
    return t * t * (3 - 2 * t)
