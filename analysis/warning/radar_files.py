"""The three kinds of files that gridded radar rain comes in, read into `RadarField`s."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from analysis.errors import AnalysisError
from analysis.warning.planes import from_degrees
from analysis.warning.radar import Quantity, RadarField
from citygml.crs import Crs, parse
from citygml.errors import UnknownCrs

if TYPE_CHECKING:
    from affine import Affine

_SECOND = 1_000_000
_CARTESIAN = ("COMP", "IMAGE")
_ODIM: dict[str, Quantity] = {
    "RATE": "rate", "ACRR": "amount", "DBZH": "reflectivity", "DBZV": "reflectivity", "TH": "reflectivity",
    "TV": "reflectivity", "DBZ": "reflectivity",
}  # fmt: skip
"""Quantities of table 16 that are rain, or become it."""
_UNITS: dict[str, tuple[Quantity, float]] = {
    "mm/h": ("rate", 1.0), "mm h-1": ("rate", 1.0), "mm hr-1": ("rate", 1.0), "mm/hr": ("rate", 1.0),
    "mm.h-1": ("rate", 1.0), "m/s": ("rate", 3.6e6), "m s-1": ("rate", 3.6e6), "kg m-2 s-1": ("rate", 3600.0),
    "mm/s": ("rate", 3600.0), "mm s-1": ("rate", 3600.0), "kg/m2/s": ("rate", 3600.0),
    "kg m**-2 s**-1": ("rate", 3600.0), "mm h**-1": ("rate", 1.0), "m s**-1": ("rate", 3.6e6),
    "mm": ("amount", 1.0), "kg m-2": ("amount", 1.0), "kg m**-2": ("amount", 1.0), "kg/m2": ("amount", 1.0),
    "m": ("amount", 1000.0),
    "dbz": ("reflectivity", 1.0),
}  # fmt: skip
"""Unit, in lower case -> the quantity, and how much of its own unit one is."""
_DEGREES = ("lat", "latitude", "lon", "longitude")
_NAMES = ("rain", "precip", "rate", "강우", "강수", "tp", "pr", "rr")
"""Words in the names of variables that are rain, where several have a unit of it."""
_STAMP = re.compile(r"(?<!\d)(20\d\d)-?(\d\d)-?(\d\d)[T_-]?(\d\d):?(\d\d)(?::?(\d\d))?(?!\d)")


def read_odim(path: Path, *, quantity: str | None = None, crs: str | None = None) -> list[RadarField]:
    """One field for each dataset of a Cartesian ODIM_H5 file: the first of its data that is rain.

    quantity: its name there, such as "RATE". crs: stands in for `/where/projdef`. Raises AnalysisError.
    """
    import h5py

    with h5py.File(path) as file:
        kind = _attribute(path, [file["what"]] if "what" in file else [], "object", "")
        if kind not in _CARTESIAN:
            raise AnalysisError(
                f"{path.name}: an ODIM object {kind or 'without a kind'}, not a Cartesian composite or image"
                f" ({', '.join(_CARTESIAN)}); make one first, for polar scans with the radar's own software"
            )
        names = sorted((n for n in file if re.fullmatch(r"dataset\d+", n)), key=lambda n: int(n[7:]))
        fields = [
            f for name in names if (f := _odim_field(path, file, file[name], quantity, crs)) is not None
        ]
    if not fields:
        wanted = quantity or ", ".join(_ODIM)
        raise AnalysisError(f"{path.name}: no data of the quantity {wanted}")
    return fields


def _odim_field(
    path: Path, file: Any, dataset: Any, quantity: str | None, crs: str | None
) -> RadarField | None:
    for name in sorted((n for n in dataset if re.fullmatch(r"data\d+", n)), key=lambda n: int(n[4:])):
        data = dataset[name]
        what = [g["what"] for g in (data, dataset, file) if "what" in g]
        where = [g["where"] for g in (data, dataset, file) if "where" in g]
        stored = str(_attribute(path, what, "quantity"))
        if stored == quantity or (quantity is None and stored in _ODIM):
            break
    else:
        return None
    if stored not in _ODIM:
        raise AnalysisError(f"{path.name}: the quantity {stored} is no rain; there are {', '.join(_ODIM)}")
    raw = data["data"][()]
    gain, offset, nodata, undetect = (
        float(_attribute(path, what, n, d))
        for n, d in (("gain", 1.0), ("offset", 0.0), ("nodata", np.nan), ("undetect", np.nan))
    )
    values = (raw.astype(np.float64) * gain + offset).astype(np.float32)
    values[raw == undetect] = -np.inf if _ODIM[stored] == "reflectivity" else 0.0
    values[raw == nodata] = np.nan
    plane = _parse(path, crs or str(_attribute(path, where, "projdef")))
    dx, dy = (float(_attribute(path, where, n)) for n in ("xscale", "yscale"))
    end = _odim_time(path, what, "enddate", "endtime")
    start = _odim_time(path, what, "startdate", "starttime")
    time = end if end is not None else _odim_time(path, what, "date", "time")
    if time is None:
        raise AnalysisError(f"{path.name}: its time (date and time in /what) is missing")
    period = (end - start) / _SECOND if end is not None and start is not None and end > start else None
    transform = _odim_corner(path, where, plane, dx, dy, raw.shape[0])
    return RadarField(values, _ODIM[stored], time, transform, plane, period, path.name)


def _odim_corner(path: Path, where: list[Any], plane: Crs, dx: float, dy: float, rows: int) -> Affine:
    from affine import Affine

    corner = "UL" if any("UL_lon" in g.attrs for g in where) else "LL"
    degrees = [float(_attribute(path, where, f"{corner}_{axis}")) for axis in ("lon", "lat")]
    ((x, y),) = from_degrees(plane, np.array([degrees]))
    if not (np.isfinite([x, y]).all() and dx > 0 and dy > 0):
        raise AnalysisError(
            f"{path.name}: /where does not place the grid: corner {degrees}, cells {dx} x {dy}"
        )
    north = y if corner == "UL" else y + rows * dy
    return Affine(dx, 0.0, x, 0.0, -dy, north)


def _attribute(path: Path, groups: list[Any], name: str, default: Any = None) -> Any:
    """Of the innermost of the groups that has it."""
    for group in groups:
        if name in group.attrs:
            value = group.attrs[name]
            value = value.item() if isinstance(value, np.ndarray) and value.size == 1 else value
            return value.decode() if isinstance(value, bytes) else value
    if default is None:
        raise AnalysisError(f"{path.name}: the attribute {name!r} is missing")
    return default


def _odim_time(path: Path, what: list[Any], date: str, time: str) -> int | None:
    text = f"{_attribute(path, what, date, '')}{_attribute(path, what, time, '')}"
    try:
        return _micros(datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=UTC)) if text else None
    except ValueError:
        raise AnalysisError(f"{path.name}: {date} and {time} are {text!r}, not YYYYMMDD and HHmmss") from None


def read_geotiff(
    path: Path,
    *,
    unit: str | None = None,
    time: int | None = None,
    period_s: float | None = None,
    interval_s: float | None = None,
    crs: str | None = None,
) -> list[RadarField]:
    """One field for each band of a GeoTIFF.

    unit, crs: stand in for the file's own. time: [µs] of the first band, for one that says its time neither
    in a tag (`time` of the band, TIFFTAG_DATETIME), nor in the band's description, nor, with one band, in the
    name of the file; all are read as UTC. interval_s: between bands that do not say theirs [s]. period_s: of
    amounts [s]. Raises AnalysisError.
    """
    import rasterio
    from rasterio.errors import RasterioError

    try:
        with rasterio.open(path, driver="GTiff") as dataset:
            if dataset.crs is None and crs is None:
                raise AnalysisError(f"{path.name}: the raster has no coordinate system")
            transform, plane = dataset.transform, _parse(path, crs or dataset.crs.to_wkt())
            if transform.b or transform.d or transform.a <= 0 or transform.e >= 0:
                raise AnalysisError(f"{path.name}: the raster is rotated; warp it north up first")
            fields = []
            for band in range(1, dataset.count + 1):
                stated = unit or dataset.units[band - 1] or dataset.tags().get("unit")
                quantity, factor = _unit(path, stated)
                stored = dataset.read(band, masked=True).astype(np.float64)
                values = stored * dataset.scales[band - 1] + dataset.offsets[band - 1]
                array = (np.ma.filled(values, np.nan) * factor).astype(np.float32)
                at = _band_time(path, dataset, band, time, interval_s)
                fields.append(RadarField(array, quantity, at, transform, plane, period_s, path.name))
            return fields
    except RasterioError as error:
        raise AnalysisError(f"{path.name}: {str(error).splitlines()[0]}") from None


def _band_time(path: Path, dataset: Any, band: int, first: int | None, interval_s: float | None) -> int:
    """[µs]"""
    tags = dataset.tags(band)
    whole = dataset.tags().get("TIFFTAG_DATETIME", "").replace(":", "-", 2).replace(" ", "T")
    texts = [tags.get("time") or tags.get("TIME") or tags.get("datetime"), dataset.descriptions[band - 1]]
    texts += [whole, path.stem] if dataset.count == 1 else []
    if first is None:
        for text in texts:
            if text and (found := _stamp(text)) is not None:
                return found
    if dataset.count == 1 and first is not None:
        return first
    if interval_s is None:
        raise AnalysisError(
            f"{path.name}: neither a tag nor its name (such as rain_202607150900.tif) says the time of band"
            f" {band}; give the interval between bands [s]"
        )
    return (first or 0) + round((band - 1) * interval_s * _SECOND)


def read_netcdf(
    path: Path, *, variable: str | None = None, unit: str | None = None, crs: str | None = None,
    period_s: float | None = None,
) -> list[RadarField]:  # fmt: skip
    """One field for each time of a variable of a CF NetCDF file.

    variable: None for the only one whose unit is one of rain. unit, crs: stand in for its own. period_s: of
    amounts [s], otherwise the step between the times. Raises AnalysisError.
    """
    import xarray

    try:
        with xarray.open_dataset(path) as opened:
            dataset = opened.load()
    except (OSError, ValueError) as error:
        raise AnalysisError(f"{path.name}: {str(error).splitlines()[0]}") from None
    data = _variable(path, dataset, variable)
    quantity, factor = _unit(path, unit or data.attrs.get("units"))
    y, x = (_axis(path, dataset, data, axis) for axis in (-2, -1))
    time = next((d for d in data.dims[:-2] if np.issubdtype(dataset[d].dtype, np.datetime64)), None)
    if time is not None:
        stamps = dataset[time].values
    else:
        stamps = np.atleast_1d(dataset["time"].values) if "time" in dataset.coords else np.zeros(0)
    if not np.issubdtype(stamps.dtype, np.datetime64):
        raise AnalysisError(f"{path.name}: {data.name} has no time with a CF unit")
    frames = data.values.reshape(-1, *data.shape[-2:]) * factor
    if len(frames) != len(stamps):
        raise AnalysisError(f"{path.name}: {data.name} has more dimensions than time, y and x")
    frames, transform = _north_up(path, frames, x, y)
    plane = _netcdf_crs(path, dataset, data, crs)
    times = stamps.astype("datetime64[us]").astype(np.int64)
    if period_s is None and len(times) > 1:
        period_s = float(np.median(np.diff(times))) / _SECOND
    return [
        RadarField(frame.astype(np.float32), quantity, int(t), transform, plane, period_s, path.name)
        for t, frame in zip(times, frames, strict=True)
    ]


def _variable(path: Path, dataset: Any, name: str | None) -> Any:
    if name is not None:
        if name not in dataset:
            raise AnalysisError(f"{path.name}: there is no variable {name!r}; there are {', '.join(dataset)}")
        return dataset[name]
    found = [v for v in dataset.data_vars.values() if v.ndim >= 2 and _known(v.attrs.get("units"))]
    if len(found) > 1:
        found = [v for v in found if any(word in str(v.name).casefold() for word in _NAMES)] or found
    if len(found) != 1:
        listed = ", ".join(str(v.name) for v in found) or "none"
        raise AnalysisError(f"{path.name}: variables with a unit of rain: {listed}; name one with `variable`")
    return found[0]


def _axis(path: Path, dataset: Any, data: Any, axis: int) -> npt.NDArray[np.float64]:
    name = data.dims[axis]
    if name not in dataset.coords:
        raise AnalysisError(f"{path.name}: the dimension {name!r} of {data.name} has no coordinates")
    scale = 1000.0 if dataset[name].attrs.get("units") in ("km", "kilometre") else 1.0
    return np.asarray(dataset[name].values, np.float64) * scale


def _north_up(path: Path, frames: Any, x: Any, y: Any) -> tuple[Any, Affine]:
    from affine import Affine

    if y[-1] > y[0]:
        y, frames = y[::-1], frames[:, ::-1]
    if x[0] > x[-1]:
        x, frames = x[::-1], frames[:, :, ::-1]
    dx, dy = (x[-1] - x[0]) / (len(x) - 1), (y[0] - y[-1]) / (len(y) - 1)
    uneven = max(np.abs(np.diff(x) - dx).max() / dx, np.abs(np.diff(y) + dy).max() / dy)
    if not uneven < 0.01:
        raise AnalysisError(f"{path.name}: its cells are not all of one size")
    return frames, Affine(dx, 0.0, x[0] - dx / 2, 0.0, -dy, y[0] + dy / 2)


def _netcdf_crs(path: Path, dataset: Any, data: Any, given: str | None) -> Crs:
    if given is not None:
        return _parse(path, given)
    mapping = data.attrs.get("grid_mapping") or data.encoding.get("grid_mapping") or "spatial_ref"
    attributes = dataset[mapping].attrs if mapping in dataset else {}
    for name in ("crs_wkt", "spatial_ref", "proj4", "proj4_params", "proj4text"):
        if attributes.get(name):
            return _parse(path, str(attributes[name]))
    units = [str(dataset[d].attrs.get("units", "")) for d in data.dims[-2:]]
    degrees = [str(d).casefold() in _DEGREES for d in data.dims[-2:]]
    if (all(u.startswith("degree") for u in units) or all(degrees)) and not attributes.get(
        "grid_pole_latitude"
    ):
        return parse("EPSG:4326")
    raise AnalysisError(
        f"{path.name}: no coordinate system (crs_wkt of its grid mapping); name it with `crs`"
    )


def _parse(path: Path, name: str) -> Crs:
    try:
        return parse(name)
    except UnknownCrs as error:
        raise AnalysisError(f"{path.name}: {error}") from None


def _known(unit: Any) -> bool:
    return isinstance(unit, str) and unit.strip().lower() in _UNITS


def _unit(path: Path, unit: str | None) -> tuple[Quantity, float]:
    if not unit:
        raise AnalysisError(f"{path.name}: the unit of the rain is missing; name it with `unit`, as in mm/h")
    if not _known(unit):
        raise AnalysisError(f"{path.name}: the unit {unit!r} is none of {', '.join(_UNITS)}")
    return _UNITS[unit.strip().lower()]


def _stamp(text: str) -> int | None:
    found = _STAMP.search(text)
    if found is None:
        return None
    try:
        return _micros(datetime(*(int(part or 0) for part in found.groups()), tzinfo=UTC))  # type: ignore[misc,arg-type]
    except ValueError:
        return None


def _micros(time: datetime) -> int:
    return int(time.timestamp()) * _SECOND
