"""From the coordinates of a source to the globe and back, and into local frames for tiles.

A `LocalFrame` is metres east, north and up at a point of the ellipsoid: its matrix goes into a tile's
transform, its `to_local` makes the vertices. `fitted_frame` replaces PROJ by a cubic polynomial over one
box, checked against PROJ on points that it was not fitted to.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, ClassVar, TypeAlias

import numpy as np
import numpy.typing as npt

from citygml.crs.heights import Heights
from citygml.crs.names import Crs, horizontal_transformer, proj
from citygml.errors import UnknownCrs
from citygml.geoid import undulation

Float64: TypeAlias = npt.NDArray[np.float64]

# WGS 84 (NIMA TR8350.2, third edition, table 3.1): semi-major axis [m] and flattening.
_A = 6_378_137.0
_F = 1 / 298.257223563
_E2 = _F * (2 - _F)

# A fitted frame may differ from PROJ by this much [m].
_FIT_TOLERANCE = 1e-3
_BLOCK = 16_384


@dataclass(frozen=True)
class Georeference:
    """Places a source on the globe.

    anchor: (longitude, latitude [degrees], ellipsoidal height [m]) of the origin of a local CRS, whose
        axes are then east, north and up there. Raises UnknownCrs when a local CRS has none.
    """

    crs: Crs
    heights: Heights
    anchor: tuple[float, float, float] | None = None

    def __post_init__(self) -> None:
        if self.crs.is_local and self.anchor is None:
            raise UnknownCrs(
                "the model has a local coordinate system and no place on the globe; "
                "give one with --anchor LONGITUDE,LATITUDE,HEIGHT"
            )

    def __reduce__(self) -> tuple[Any, ...]:
        return Georeference, (self.crs, self.heights, self.anchor)

    def to_geographic(self, xyz: npt.ArrayLike) -> Float64:
        """(n, 3) coordinates of the source -> (n, 3) longitude, latitude [degrees], ellipsoidal height [m].

        Points that cannot be transformed become inf or NaN.
        """
        points = np.asarray(xyz, np.float64)
        if self.anchor is not None:
            return ecef_to_geographic(self._anchor_frame.to_ecef(points))
        if self.heights.method == "grid":
            return np.column_stack(run(self._pipeline, *points.T))
        longitude, latitude = run(horizontal_transformer(self.crs.name), points[:, 0], points[:, 1])
        height = points[:, 2] * self._metres_per_unit
        if self.heights.method == "user-grid":
            height = run(self._pipeline, longitude, latitude, height)[2]
        elif self.heights.method == "egm96":
            height = height + undulation(longitude, latitude)
        return np.column_stack([longitude, latitude, height])

    def from_geographic(self, llh: npt.ArrayLike) -> Float64:
        """(n, 3) longitude, latitude [degrees], ellipsoidal height [m] -> coordinates of the source."""
        points = np.asarray(llh, np.float64)
        if self.anchor is not None:
            return self._anchor_frame.from_ecef(geographic_to_ecef(points))
        if self.heights.method == "grid":
            return np.column_stack(run(self._pipeline, *points.T, inverse=True))
        longitude, latitude, height = points.T
        if self.heights.method == "user-grid":
            height = run(self._pipeline, longitude, latitude, height, inverse=True)[2]
        elif self.heights.method == "egm96":
            height = height - undulation(longitude, latitude)
        x, y = run(horizontal_transformer(self.crs.name), longitude, latitude, inverse=True)
        return np.column_stack([x, y, height / self._metres_per_unit])

    def to_ecef(self, xyz: npt.ArrayLike) -> Float64:
        """(n, 3) coordinates of the source -> (n, 3) geocentric X, Y, Z of WGS 84 [m]."""
        return geographic_to_ecef(self.to_geographic(xyz))

    def local_frame(self, center: npt.ArrayLike) -> LocalFrame:
        """The exact frame at a point (3,) of the source."""
        matrix = frame_matrix(self.to_geographic(np.asarray(center, np.float64)[None])[0])
        return LocalFrame(matrix, self)

    def fitted_frame(self, low: npt.ArrayLike, high: npt.ArrayLike) -> LocalFrame:
        """A fast frame for the box between two points (3,) of the source, its origin the box's middle.

        Within 1 mm of the exact one, else it is the exact one. Points outside the box are transformed
        exactly.
        """
        low, high = np.asarray(low, np.float64), np.asarray(high, np.float64)
        middle = (low + high) / 2
        half = np.maximum((high - low) / 2, [1e-3, 1e-3, 1.0])
        exact = self.local_frame(middle)
        fitted = _lattice(7, 3)
        solution = np.linalg.lstsq(_basis(fitted), exact.to_local(middle + fitted * half), rcond=None)[0]
        coefficients = solution.astype(np.float64, order="C")
        others = _lattice(6, 4)
        residual = np.abs(_basis(others) @ coefficients - exact.to_local(middle + others * half)).max()
        if not residual <= _FIT_TOLERANCE:
            return exact
        return LocalFrame(exact.matrix, self, _Fit(middle, half, coefficients, float(residual)))

    def unpacked_frame(self, numbers: Float64) -> LocalFrame:
        """The fitted frame of this source that `LocalFrame.packed` gave as numbers."""
        matrix, middle, half, coefficients, residual = np.split(numbers, [16, 19, 22, 70])
        fit = _Fit(middle, half, coefficients.reshape(16, 3), float(residual[0]))
        return LocalFrame(matrix.reshape(4, 4), self, fit)

    @cached_property
    def _anchor_frame(self) -> LocalFrame:
        assert self.anchor is not None
        return LocalFrame(frame_matrix(np.asarray(self.anchor, np.float64)), self)

    @cached_property
    def _pipeline(self) -> Any:
        try:
            return proj().Transformer.from_pipeline(self.heights.pipeline)
        except proj().exceptions.ProjError:
            raise UnknownCrs(
                f"heights were made ellipsoidal with {self.heights.name}, which PROJ no longer finds; "
                "restore the grid, or add the source again with --geoid FILE"
            ) from None

    @cached_property
    def _metres_per_unit(self) -> float:
        vertical = self.crs.vertical
        return float(vertical.axis_info[0].unit_conversion_factor) if vertical is not None else 1.0


@dataclass(frozen=True)
class _Fit:
    """A polynomial for the box middle ± half; coefficients (16, 3), residual [m] against PROJ."""

    middle: Float64
    half: Float64
    coefficients: Float64
    residual: float


@dataclass(frozen=True)
class LocalFrame:
    """East, north, up [m] at one point. matrix: (4, 4) float64, from this frame to ECEF, column vectors."""

    PACKED: ClassVar[int] = 71

    matrix: Float64
    georeference: Georeference
    fit: _Fit | None = None

    @property
    def residual(self) -> float:
        """The greatest difference [m] from PROJ that was found when the frame was fitted; 0 if exact."""
        return self.fit.residual if self.fit is not None else 0.0

    def packed(self) -> Float64 | None:
        """(PACKED,) numbers that are all of a fitted frame but its georeference; None when it is exact."""
        if self.fit is None:
            return None
        fit = self.fit
        return np.concatenate(
            [self.matrix.ravel(), fit.middle, fit.half, fit.coefficients.ravel(), [fit.residual]]
        )

    def to_local(self, xyz: npt.ArrayLike) -> Float64:
        """(n, 3) coordinates of the source -> (n, 3) metres in this frame."""
        points = np.asarray(xyz, np.float64)
        if self.fit is None:
            return self.from_ecef(self.georeference.to_ecef(points))
        result = np.empty((len(points), 3))
        for start in range(0, len(points), _BLOCK):
            unit = (points[start : start + _BLOCK] - self.fit.middle) / self.fit.half
            if len(unit) and not (unit.min() >= -1.000001 and unit.max() <= 1.000001):
                return self.from_ecef(self.georeference.to_ecef(points))
            np.matmul(_basis(unit), self.fit.coefficients, out=result[start : start + _BLOCK])
        return result

    def to_ecef(self, local: npt.ArrayLike) -> Float64:
        """(n, 3) metres in this frame -> (n, 3) ECEF [m]."""
        return np.asarray(local, np.float64) @ self.matrix[:3, :3].T + self.matrix[:3, 3]

    def from_ecef(self, ecef: npt.ArrayLike) -> Float64:
        """(n, 3) ECEF [m] -> (n, 3) metres in this frame."""
        with np.errstate(invalid="ignore"):  # infinite where PROJ could not transform
            return (np.asarray(ecef, np.float64) - self.matrix[:3, 3]) @ self.matrix[:3, :3]


def frame_matrix(llh: npt.ArrayLike) -> Float64:
    """(4, 4) east-north-up frame in ECEF at longitude, latitude [degrees], ellipsoidal height [m]."""
    point = np.asarray(llh, np.float64)
    lon, lat = np.radians(point[:2])
    matrix = np.eye(4)
    matrix[:3, 0] = -np.sin(lon), np.cos(lon), 0.0
    matrix[:3, 1] = -np.sin(lat) * np.cos(lon), -np.sin(lat) * np.sin(lon), np.cos(lat)
    matrix[:3, 2] = np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)
    matrix[:3, 3] = geographic_to_ecef(point[None])[0]
    return matrix


def geographic_to_ecef(llh: npt.ArrayLike) -> Float64:
    """(n, 3) longitude, latitude [degrees], ellipsoidal height [m] -> (n, 3) ECEF of WGS 84 [m]."""
    points = np.asarray(llh, np.float64)
    lon, lat = np.radians(points[:, 0]), np.radians(points[:, 1])
    normal = _A / np.sqrt(1 - _E2 * np.sin(lat) ** 2)
    across = (normal + points[:, 2]) * np.cos(lat)
    up = (normal * (1 - _E2) + points[:, 2]) * np.sin(lat)
    return np.column_stack([across * np.cos(lon), across * np.sin(lon), up])


def ecef_to_geographic(ecef: npt.ArrayLike) -> Float64:
    """(n, 3) ECEF of WGS 84 [m] -> (n, 3) longitude, latitude [degrees], ellipsoidal height [m]."""
    return np.column_stack(run(_from_ecef(), *np.asarray(ecef, np.float64).T))


@cache
def _from_ecef() -> Any:
    return proj().Transformer.from_crs("EPSG:4978", "EPSG:4979", always_xy=True)


def run(transformer: Any, *columns: Float64, inverse: bool = False) -> tuple[Float64, ...]:
    """The columns (n,) through a pyproj transformer, whatever n (pyproj takes one point for a scalar)."""
    direction = "INVERSE" if inverse else "FORWARD"
    given = [column.tolist() for column in columns] if len(columns[0]) == 1 else columns
    return tuple(np.asarray(column) for column in transformer.transform(*given, direction=direction))


def _lattice(across: int, up: int) -> Float64:
    """(n, 3) points of a regular lattice over -1..1."""
    axis, height = np.linspace(-1, 1, across), np.linspace(-1, 1, up)
    return np.stack(np.meshgrid(axis, axis, height, indexing="ij"), axis=-1).reshape(-1, 3)


def _basis(unit: Float64) -> Float64:
    """(n, 16): monomials of x and y up to the third degree, and z times those up to the second."""
    basis = np.empty((16, len(unit)))
    x, y, z = unit.T
    basis[0] = 1.0
    basis[1], basis[2] = x, y
    np.multiply(x, x, out=basis[3])
    np.multiply(x, y, out=basis[4])
    np.multiply(y, y, out=basis[5])
    np.multiply(basis[3], x, out=basis[6])
    np.multiply(basis[3], y, out=basis[7])
    np.multiply(x, basis[5], out=basis[8])
    np.multiply(basis[5], y, out=basis[9])
    np.multiply(basis[:6], z, out=basis[10:])
    return basis.T
