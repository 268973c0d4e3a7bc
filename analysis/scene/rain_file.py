"""Gridded rain from files: NetCDF with a time axis, or GeoTIFF (a band for each step, or a file for each).

A value stands for the step that begins at its time (or ends there: `label`). The unit must be stated, by the
file or by the caller. Fields are resampled to the grid between the middles of cells.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from analysis.errors import AnalysisError
from analysis.scene.grid import Grid
from analysis.scene.rain import Rain, check_size
from analysis.scene.series import Gaps, Spans, refuse_gaps

Float64: TypeAlias = npt.NDArray[np.float64]

_RATES = {
    "mm/h": 1 / 3.6e6, "mmh-1": 1 / 3.6e6, "mm/hr": 1 / 3.6e6, "mmhr-1": 1 / 3.6e6,
    "mm/s": 1e-3, "mms-1": 1e-3, "kgm-2s-1": 1e-3, "kg/m2/s": 1e-3, "m/s": 1.0, "ms-1": 1.0,
}  # fmt: skip
_AMOUNTS = {"mm": 1e-3, "kgm-2": 1e-3, "kg/m2": 1e-3, "m": 1.0}
_STAMP = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})[T_-]?(\d{2}):?(\d{2})(?::?(\d{2}))?")
_NAMES = ("rain", "precip", "rate", "강우", "강수", "tp", "pr", "rr")


def rain_from_file(
    path: Path | Sequence[Path],
    grid: Grid,
    *,
    variable: str | None = None,
    unit: str | None = None,
    crs: str | None = None,
    start: datetime | None = None,
    interval: float | None = None,
    label: Literal["start", "end"] = "start",
    gaps: Gaps = "refuse",
) -> Rain:
    """The rain of a file, or of GeoTIFFs of one step each, on the grid.

    variable: of a NetCDF file with several. unit, crs: where the file states none ("mm/h", "EPSG:5186").
    start: when the run begins; None for the first step of the file. interval: between bands without a time
    [s]. gaps: cells or steps without a value are refused, or dry. Raises AnalysisError for what cannot be
    read, has no unit or coordinate system, or leaves a part of the grid without rain.
    """
    paths = [path] if isinstance(path, Path) else list(path)
    if not paths:
        raise AnalysisError("no file of rain is given")
    shown = paths[0].name if len(paths) == 1 else f"{paths[0].name} and {len(paths) - 1} more"
    netcdf = paths[0].suffix.lower() in (".nc", ".nc4", ".cdf", ".netcdf")
    frames = list(_netcdf(paths[0], variable, crs) if netcdf else _tiffs(paths, crs, interval))
    frames.sort(key=lambda frame: frame[0])
    seconds = np.array([frame[0] for frame in frames])
    usual = float(np.median(np.diff(seconds))) if len(seconds) > 1 else interval
    if usual is None or not usual > 0:
        raise AnalysisError(f"{shown}: one step alone does not say how long it is; give the interval [s]")
    check_size(len(frames), grid)
    begins = seconds - (usual if label == "end" else 0.0)
    zero = begins[0] if start is None else _aware(start).timestamp()
    unknown, edges, fields = _laid_out(frames, begins - zero, usual, grid, unit, shown)
    refuse_gaps(unknown, gaps, shown, int(zero * 1e6))
    empty = int(np.isnan(fields).sum())
    if empty and gaps == "refuse":
        share = empty / fields.size
        raise AnalysisError(
            f"{shown}: {share:.1%} of the grid's cells and steps have no rain value; gaps=fill"
        )
    np.nan_to_num(fields, copy=False)
    if (fields < 0).any():
        raise AnalysisError(f"{shown}: holds negative rain, {fields.min():g} m/s")
    return Rain(edges, fields, shown, unknown, [f"{empty} values without rain taken as dry"] if empty else [])


_Frame: TypeAlias = tuple[float, npt.NDArray[Any], Any, Any, str]
"""(seconds since 1970, values (rows, columns) from the north with NaN, transform, CRS of rasterio, unit)"""


def _laid_out(
    frames: list[_Frame], begins: Float64, usual: float, grid: Grid, unit: str | None, shown: str
) -> tuple[Spans, Float64, npt.NDArray[np.float32]]:
    """Missing steps, edges of steps [s], and fields, with dry ones in the missing steps."""
    from rasterio.warp import Resampling, reproject

    edges, rows, missing = [float(begins[0])], [], []
    for k, begin in enumerate(begins.tolist()):
        if begin > edges[-1] + 0.5 * usual:
            missing.append((edges[-1], begin))
            edges.append(begin)
            rows.append(np.zeros(grid.shape, np.float32))
        _, values, transform, crs, stated = frames[k]
        scale = _scale(unit or stated, usual, shown)
        out = np.full(grid.shape, np.nan, np.float32)
        reproject(
            values.astype(np.float32),
            out,
            src_transform=transform,
            src_crs=crs,
            src_nodata=np.nan,
            dst_transform=grid.transform,
            dst_crs=crs if grid.crs == "local" else _rasterio_crs(grid.crs, shown),
            dst_nodata=np.nan,
            resampling=Resampling.bilinear,
        )
        rows.append(out * np.float32(scale))
        edges.append(float(begins[k + 1]) if k + 1 < len(begins) and begins[k + 1] <= begin + 1.5 * usual
                     else begin + usual)  # fmt: skip
    return missing, np.array(edges), np.stack(rows)


def _scale(unit: str, interval: float, shown: str) -> float:
    plain = re.sub(r"[\s*.^]", "", unit).replace("²", "2").replace("⁻¹", "-1").replace("⁻²", "-2")
    plain = plain.replace("**", "").lower()
    if plain in _RATES:
        return _RATES[plain]
    if plain in _AMOUNTS:
        return _AMOUNTS[plain] / interval
    stated = f"the unit {unit!r} is not known" if unit else "states no unit"
    raise AnalysisError(f"{shown}: {stated}; give unit as mm/h, mm (in each step) or kg m-2 s-1")


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _rasterio_crs(name: str, shown: str) -> Any:
    from rasterio.crs import CRS
    from rasterio.errors import CRSError

    try:
        return CRS.from_user_input(name)
    except CRSError:
        raise AnalysisError(f"{shown}: the coordinate system {name!r} is not known") from None


def _tiffs(paths: Sequence[Path], crs: str | None, interval: float | None) -> Iterator[_Frame]:
    import rasterio
    from rasterio.errors import RasterioError

    for path in paths:
        try:
            with rasterio.open(path) as dataset:
                system = _rasterio_crs(crs, path.name) if crs else dataset.crs
                if system is None:
                    raise AnalysisError(f"{path.name}: states no coordinate system; give crs")
                for band in range(1, dataset.count + 1):
                    tags = dataset.tags(band)
                    values = dataset.read(band, masked=True).astype(np.float32).filled(np.nan)
                    time = _band_time(tags, dataset, path, band, interval)
                    yield time, values, dataset.transform, system, dataset.units[band - 1] or ""
        except RasterioError as error:
            raise AnalysisError(f"{path.name}: not a raster ({str(error).splitlines()[0]})") from None


def _band_time(tags: dict[str, str], dataset: Any, path: Path, band: int, interval: float | None) -> float:
    own = next((tags[name] for name in ("time", "TIME", "datetime") if name in tags), None)
    texts = [own] if own else [dataset.descriptions[band - 1], *([path.stem] if dataset.count == 1 else [])]
    for text in texts:
        match = _STAMP.search(text or "")
        if match:
            parts = [int(part or 0) for part in match.groups()]
            return datetime(*parts, tzinfo=UTC).timestamp()  # type: ignore[arg-type,misc]
    if interval is None:
        raise AnalysisError(f"{path.name}: band {band} states no time; give the interval between bands [s]")
    return (band - 1) * interval


def _netcdf(path: Path, variable: str | None, crs: str | None) -> Iterator[_Frame]:
    import xarray
    from rasterio.transform import from_origin

    try:
        dataset = xarray.open_dataset(path)
    except (OSError, ValueError, KeyError) as error:
        raise AnalysisError(f"{path.name}: not a NetCDF file ({str(error).splitlines()[0]})") from None
    with dataset:
        array = _variable(dataset, variable, path)
        time, y, x = _axes(array, path)
        array = array.transpose(time, y, x)
        across, down = (np.asarray(array[name], np.float64) for name in (x, y))
        dx, dy = float(np.diff(across).mean()), float(np.diff(down).mean())
        uneven = [
            name for name, v, d in ((x, across, dx), (y, down, dy)) if np.ptp(np.diff(v)) > abs(d) * 0.01
        ]
        if uneven:
            raise AnalysisError(f"{path.name}: the axis {uneven[0]} is not evenly spaced")
        system = _rasterio_crs(crs or _stated_crs(dataset, array, x, path), path.name)
        transform = from_origin(across.min() - abs(dx) / 2, down.max() + abs(dy) / 2, abs(dx), abs(dy))
        seconds = np.asarray(array[time].values, "datetime64[ns]").astype(np.int64) / 1e9
        for k, moment in enumerate(seconds.tolist()):
            values = np.asarray(array[k].values, np.float32)
            values = values[::-1] if dy > 0 else values
            values = values[:, ::-1] if dx < 0 else values
            yield moment, np.ascontiguousarray(values), transform, system, str(array.attrs.get("units", ""))


def _variable(dataset: Any, variable: str | None, path: Path) -> Any:
    fields = [name for name, array in dataset.data_vars.items() if array.ndim == 3]
    if variable is None:
        likely = [f for f in fields if any(word in str(f).casefold() for word in _NAMES)]
        chosen = fields if len(fields) == 1 else likely
        if len(chosen) != 1:
            raise AnalysisError(
                f"{path.name}: which variable is the rain? {', '.join(map(str, fields)) or 'none'}"
            )
        variable = chosen[0]
    if variable not in fields:
        raise AnalysisError(f"{path.name}: no variable {variable!r} in time and space; {', '.join(fields)}")
    return dataset[variable]


def _axes(array: Any, path: Path) -> tuple[str, str, str]:
    """Names of the axes of time, north and east."""
    time = [d for d in array.dims if np.issubdtype(array[d].dtype, np.datetime64)]
    y = [d for d in array.dims if str(d).casefold() in ("y", "lat", "latitude", "north", "northing")]
    x = [d for d in array.dims if str(d).casefold() in ("x", "lon", "longitude", "east", "easting")]
    if len(time) != 1 or len(y) != 1 or len(x) != 1:
        raise AnalysisError(
            f"{path.name}: expected axes of time, y and x, found {', '.join(map(str, array.dims))}"
        )
    return time[0], y[0], x[0]


def _stated_crs(dataset: Any, array: Any, x: str, path: Path) -> str:
    mapping = dataset.variables.get(array.attrs.get("grid_mapping") or array.encoding.get("grid_mapping"))
    if mapping is not None:
        for name in ("crs_wkt", "spatial_ref", "epsg_code"):
            if mapping.attrs.get(name):
                return str(mapping.attrs[name])
    if x.casefold() in ("lon", "longitude"):
        return "EPSG:4326"
    raise AnalysisError(f"{path.name}: states no coordinate system; give crs, as in EPSG:5186")
