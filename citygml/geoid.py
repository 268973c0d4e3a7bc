"""The EGM96 geoid: how high mean sea level lies above the WGS 84 ellipsoid, anywhere on Earth.

The grid (5', shipped in `citygml/data`, see its README) is interpolated by cubic convolution
(R. G. Keys, 1981, doi:10.1109/TASSP.1981.1163711, a = -0.5), which stays continuous in value and slope.
It is read by bands of latitude, and only those asked for. EGM96 itself is good to about half a metre to a
metre.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

_PER_DEGREE = 12
_BAND_DEGREES = 5
_BAND_ROWS = _BAND_DEGREES * _PER_DEGREE
_LAST_COLUMN, _LAST_ROW = 360 * _PER_DEGREE - 1, 180 * _PER_DEGREE - 1
_BLOCK = 16_384
_NODES = np.arange(4)


def undulation(longitude: npt.ArrayLike, latitude: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Height of the geoid above the ellipsoid [m], of the shape of the arguments broadcast together.

    longitude, latitude: [degrees], WGS 84 or any datum within a few metres of it. Longitudes wrap,
    latitudes are clipped to -90..90; NaN gives NaN.
    """
    lon, lat = np.broadcast_arrays(np.asarray(longitude, np.float64), np.asarray(latitude, np.float64))
    result = np.empty(lon.shape)
    flat_lon, flat_lat, flat = lon.ravel(), lat.ravel(), result.reshape(-1)
    for start in range(0, flat.size, _BLOCK):
        block = slice(start, start + _BLOCK)
        flat[block] = _interpolate(flat_lon[block], flat_lat[block])
    return result


def _interpolate(lon: npt.NDArray[np.float64], lat: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    result = np.full(lon.shape, np.nan)
    known = np.flatnonzero(np.isfinite(lon) & np.isfinite(lat))
    x = np.mod(lon[known] + 180.0, 360.0) * _PER_DEGREE
    y = (np.clip(lat[known], -90.0, 90.0) + 90.0) * _PER_DEGREE
    column = np.minimum(np.floor(x).astype(np.intp), _LAST_COLUMN)
    row = np.minimum(np.floor(y).astype(np.intp), _LAST_ROW)
    wx, wy = _weights(x - column), _weights(y - row)
    bands = row // _BAND_ROWS
    for band in np.flatnonzero(np.bincount(bands)).tolist():
        at = np.flatnonzero(bands == band)
        grid, first, left = _band(band), row[at] - band * _BAND_ROWS, column[at]
        nodes = grid[first + _NODES[:, None, None], left + _NODES[:, None]]
        result[known[at]] = (wy[:, at] * (wx[:, at] * nodes).sum(axis=1)).sum(axis=0)
    return result


def _weights(t: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """(4, n) Keys' weights of the nodes at -1, 0, 1 and 2 for positions t (n,) in 0..1."""
    return np.stack(
        [
            ((-0.5 * t + 1.0) * t - 0.5) * t,
            (1.5 * t - 2.5) * t * t + 1.0,
            ((-1.5 * t + 2.0) * t + 0.5) * t,
            (0.5 * t - 0.5) * t * t,
        ]
    )


@lru_cache(maxsize=180 // _BAND_DEGREES)
def _band(number: int) -> npt.NDArray[np.float32]:
    """(_BAND_ROWS + 3, 4323) float32 undulations [m], one of the bands of the file from south to north.

    With the nodes around it that the interpolation needs: one row to the south and two to the north, one
    column at each end; beyond the antimeridian those wrap, beyond a pole they are the row on this side of
    it, half way round.
    """
    from importlib.resources import files

    with (files("citygml") / "data" / "egm96-5.npz").open("rb") as file, np.load(file) as stored:
        centimetres: npt.NDArray[np.int32] = stored[f"undulation_d2_{number:02}"].astype(np.int32)
    np.cumsum(centimetres, axis=0, out=centimetres)
    np.cumsum(centimetres, axis=1, out=centimetres)
    grid = centimetres.astype(np.float32)
    grid *= np.float32(0.01)
    return grid
