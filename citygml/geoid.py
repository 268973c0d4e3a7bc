"""The EGM96 geoid: how high mean sea level lies above the WGS 84 ellipsoid, anywhere on Earth.

The grid (5', shipped in `citygml/data`, see its README) is interpolated by cubic convolution
(R. G. Keys, 1981, doi:10.1109/TASSP.1981.1163711, a = -0.5), which stays continuous in value and slope.
EGM96 itself is good to about half a metre to a metre.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files

import numpy as np
import numpy.typing as npt

_PER_DEGREE = 12
_BLOCK = 65_536


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
    grid = _grid()
    known = np.isfinite(lon) & np.isfinite(lat)
    x = np.where(known, np.mod(lon + 180.0, 360.0), 0.0) * _PER_DEGREE
    y = (np.clip(np.where(known, lat, 0.0), -90.0, 90.0) + 90.0) * _PER_DEGREE
    column = np.minimum(np.floor(x).astype(np.intp), grid.shape[1] - 4)
    row = np.minimum(np.floor(y).astype(np.intp), grid.shape[0] - 4)
    wx, wy = _weights(x - column), _weights(y - row)
    total = np.zeros(lon.shape)
    for i in range(4):
        across = sum(wx[j] * grid[row + i, column + j] for j in range(4))
        total += wy[i] * across
    return np.where(known, total, np.nan)


def _weights(t: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.float64], ...]:
    """Keys' weights of the nodes at -1, 0, 1 and 2 for positions t in 0..1."""
    return (
        ((-0.5 * t + 1.0) * t - 0.5) * t,
        (1.5 * t - 2.5) * t * t + 1.0,
        ((-1.5 * t + 2.0) * t + 0.5) * t,
        (0.5 * t - 0.5) * t * t,
    )


@lru_cache(maxsize=1)
def _grid() -> npt.NDArray[np.float32]:
    """(2163, 4323) float32 undulations [m] from 90 S and 180 W, with a border of one node on each side.

    Beyond the antimeridian the border wraps; beyond a pole it is the row on this side of the pole, half
    way round.
    """
    with (files("citygml") / "data" / "egm96-5.npz").open("rb") as file, np.load(file) as stored:
        centimetres = stored["undulation_d2"].astype(np.int32)
    np.cumsum(centimetres, axis=0, out=centimetres)
    np.cumsum(centimetres, axis=1, out=centimetres)
    rows, columns = centimetres.shape
    grid = np.empty((rows + 2, columns + 2), dtype=np.float32)
    grid[1:-1, 1:-1] = centimetres
    half = (columns - 1) // 2
    for border, inner in ((0, 1), (-1, -2)):
        row = centimetres[inner, :-1]
        grid[border, 1:-2] = np.roll(row, half)
        grid[border, -2] = grid[border, 1]
    grid[:, 0] = grid[:, -3]
    grid[:, -1] = grid[:, 2]
    grid *= np.float32(0.01)
    return grid
