"""Rain as radars see it: GeoTIFF, NetCDF and ODIM HDF5 become fields of one kind.

ODIM_H5: EUMETNET OPERA Data Information Model for HDF5, version 2.2 (2014); Cartesian products (COMP, IMAGE).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from analysis.errors import AnalysisError
from analysis.warning.planes import same_grid
from analysis.warning.reflectivity import MARSHALL_PALMER, ZR
from citygml.crs import Crs

if TYPE_CHECKING:
    from affine import Affine

Float32: TypeAlias = npt.NDArray[np.float32]
Quantity = Literal["rate", "amount", "reflectivity"]
UNITS: dict[Quantity, str] = {"rate": "mm/h", "amount": "mm", "reflectivity": "dBZ"}
_SECOND = 1_000_000
_GAP = 1.5
"""A pause longer than this many usual steps is a gap."""


@dataclass(frozen=True)
class RadarField:
    """What a radar saw at one time.

    values: (rows, columns) float32, from north to south; NaN where the radar does not see, 0 rain where it
    sees none (reflectivity: -inf). quantity: "rate" [mm/h], "amount" [mm] in the `period_s` [s] up to `time`,
    or "reflectivity" [dBZ]. time: [µs since 1970 UTC]. transform: from (column, row) to the plane of `crs`.
    """

    values: Float32
    quantity: Quantity
    time: int
    transform: Affine
    crs: Crs
    period_s: float | None = None
    source: str = ""

    def rate(self, zr: ZR = MARSHALL_PALMER) -> RadarField:
        """The same as rain intensity [mm/h]. Raises AnalysisError for an amount of unknown period."""
        if self.quantity == "rate":
            return self
        if self.quantity == "reflectivity":
            return replace(self, values=zr.rate(self.values), quantity="rate")
        if not self.period_s:
            raise AnalysisError(f"{self.source}: rain amounts [mm] without the time in which they fell")
        hourly = self.values * np.float32(3600.0 / self.period_s)
        return replace(self, values=hourly, quantity="rate")


@dataclass(frozen=True)
class RadarSequence:
    """Rain intensities on one grid. times: (n,) int64 [µs], evenly spaced by `step_s` [s]; rates: (n, rows,
    columns) float32 [mm/h], NaN where the radar does not see."""

    times: npt.NDArray[np.int64]
    rates: Float32
    transform: Affine
    crs: Crs

    @property
    def step_s(self) -> float:
        """[s]"""
        return float(np.median(np.diff(self.times))) / _SECOND

    def amount(self) -> Float32:
        """(rows, columns) rain from the first to the last time [mm], by the trapezoidal rule."""
        hours = np.diff(self.times).astype(np.float64) / (3600 * _SECOND)
        means = (self.rates[1:].astype(np.float64) + self.rates[:-1]) / 2
        return np.tensordot(hours, means, axes=1).astype(np.float32)

    def times_scaled(self, factor: npt.ArrayLike) -> RadarSequence:
        """Rates times a factor: a number or (rows, columns)."""
        return replace(self, rates=(self.rates * np.asarray(factor, np.float32)).astype(np.float32))


def sequence(fields: Iterable[RadarField], zr: ZR = MARSHALL_PALMER) -> RadarSequence:
    """Fields as one sequence, in the order of their times.

    Raises AnalysisError for fewer than two, for fields on different grids, two of one time, or a gap.
    """
    ordered = sorted((field.rate(zr) for field in fields), key=lambda f: f.time)
    if len(ordered) < 2:
        raise AnalysisError("rain in time needs at least two radar fields")
    first = ordered[0]
    for field in ordered[1:]:
        same = field.values.shape == first.values.shape and same_grid(field.transform, first.transform)
        if not same or not field.crs.same_horizontal(first.crs):
            raise AnalysisError(f"{field.source}: its grid is not that of {first.source}")
    times = np.array([f.time for f in ordered], np.int64)
    steps = np.diff(times)
    if (steps <= 0).any():
        at = ordered[int(np.argmax(steps <= 0))]
        raise AnalysisError(f"{at.source}: there are two radar fields of {_text(at.time)}")
    if (steps > _GAP * np.median(steps)).any():
        i = int(np.argmax(steps))
        raise AnalysisError(
            f"radar rain has a gap between {_text(times[i])} and {_text(times[i + 1])};"
            " give the fields between, or begin after it"
        )
    return RadarSequence(times, np.stack([f.values for f in ordered]), first.transform, first.crs)


def read(path: Path | str, **more: Any) -> list[RadarField]:
    """The fields in a file, whichever of the three it is. more: what the readers take beside the path; what
    only others of them take is left out.

    Raises AnalysisError when it is none of them, or leaves out its time, unit or coordinate system.
    """
    from analysis.warning.radar_files import read_geotiff, read_netcdf, read_odim

    path = Path(path)
    reader: Callable[..., list[RadarField]]
    try:
        with path.open("rb") as file:
            head = file.read(8)
    except OSError as error:
        raise AnalysisError(f"{path.name}: {error.strerror}") from None
    if head[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        reader = read_geotiff
    elif head[:3] == b"CDF":
        reader = read_netcdf
    elif head == b"\x89HDF\r\n\x1a\n":
        reader = read_odim if _is_odim(path) else read_netcdf
    else:
        raise AnalysisError(f"{path.name}: neither GeoTIFF, NetCDF nor HDF5")
    taken = [set(signature(one).parameters) for one in (reader, read_geotiff, read_netcdf, read_odim)]
    unknown = more.keys() - set().union(*taken)
    if unknown:
        raise TypeError(f"no reader of rain takes {min(unknown)!r}")
    return reader(path, **{name: value for name, value in more.items() if name in taken[0]})


def read_all(paths: Sequence[Path | str], zr: ZR = MARSHALL_PALMER, **more: Any) -> RadarSequence:
    """The sequence in several files."""
    return sequence((field for path in paths for field in read(path, **more)), zr)


def _is_odim(path: Path) -> bool:
    import h5py

    try:
        with h5py.File(path) as file:
            conventions = file.attrs.get("Conventions", b"")
            return str(conventions).lstrip("b'").startswith("ODIM_H5") or "dataset1" in file
    except OSError as error:
        raise AnalysisError(f"{path.name}: {error}") from None


def _text(time: int) -> str:
    return datetime.fromtimestamp(int(time) / _SECOND, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
