"""Results as files that say what they are: units, coordinate system and run stand inside.

GeoTIFF (cloud-optimised), NetCDF (CF 1.10), Parquet and JSON. `About` is what every file repeats.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from analysis.errors import AnalysisError

if TYPE_CHECKING:
    import pandas as pd
    from affine import Affine

_TILE = 256
_BLOCK = 512


@dataclass(frozen=True)
class About:
    """crs: the name of the city's coordinate system; wkt: of its horizontal part, None when it is local."""

    run: str
    model: str
    version: str
    crs: str | None = None
    wkt: str | None = None

    def texts(self) -> dict[str, str]:
        """What is known, but for the WKT, which formats keep in their own places."""
        return {k: v for k, v in asdict(self).items() if v is not None and k != "wkt"}


def write_geotiff(
    path: Path,
    array: npt.NDArray[Any],
    transform: Affine,
    about: About,
    name: str,
    unit: str,
    nodata: float | None,
) -> None:
    """(rows, columns), or (bands, rows, columns), from north to south, as a cloud-optimised GeoTIFF."""
    import rasterio
    from rasterio.crs import CRS

    bands = array[None] if array.ndim == 2 else array
    if bands.ndim != 3 or 0 in bands.shape:
        raise AnalysisError(f"{name}: an array of shape {array.shape} is no raster")
    if bands.dtype == np.bool_:
        bands = bands.astype(np.uint8)
    with rasterio.open(
        path,
        "w",
        driver="COG",
        count=bands.shape[0],
        height=bands.shape[1],
        width=bands.shape[2],
        dtype=bands.dtype,
        crs=None if about.wkt is None else CRS.from_wkt(about.wkt),
        transform=transform,
        nodata=nodata,
        compress="DEFLATE",
        predictor="YES",
        blocksize=_BLOCK,
        overview_resampling="AVERAGE" if bands.dtype.kind == "f" else "NEAREST",
    ) as file:
        file.write(bands)
        file.update_tags(**about.texts(), unit=unit)
        file.units = (unit,) * bands.shape[0]
        file.descriptions = (name,) * bands.shape[0]


class RasterStack:
    """Rasters over time as one NetCDF file, written as they come, so that memory holds one at a time.

    times: seconds since `start` (ISO 8601 with zone), or since the run's own beginning.
    """

    def __init__(
        self,
        path: Path,
        shape: tuple[int, int],
        transform: Affine,
        about: About,
        units: Mapping[str, str],
        start: str | None,
        dtype: npt.DTypeLike,
    ) -> None:
        import h5netcdf

        if transform.b or transform.d:
            raise AnalysisError("a stack of rasters is north up; this one is turned")
        rows, columns = shape
        self.units = dict(units)
        self.shape = shape
        self._file = h5netcdf.File(path, "w", decode_vlen_strings=True)
        file = self._file
        file.attrs.update({"Conventions": "CF-1.10", **about.texts()})
        file.dimensions = {"time": None, "y": rows, "x": columns}
        time = file.create_variable("time", ("time",), np.float64)
        elapsed = "s" if start is None else f"seconds since {start}"
        time.attrs.update({"standard_name": "time", "units": elapsed, "axis": "T"})
        geographic = about.wkt is not None and about.wkt.startswith(("GEOG", "GEODCRS"))
        for axis, n, origin, step in (
            ("x", columns, transform.c, transform.a),
            ("y", rows, transform.f, transform.e),
        ):
            variable = file.create_variable(axis, (axis,), np.float64)
            variable[:] = origin + (np.arange(n) + 0.5) * step
            kind = (
                {"x": "longitude", "y": "latitude"}[axis] if geographic else f"projection_{axis}_coordinate"
            )
            variable.attrs.update(
                {"standard_name": kind, "units": "degree" if geographic else "m", "axis": axis.upper()}
            )
        mapping = file.create_variable("spatial_ref", (), np.int32)
        if about.wkt is not None:
            mapping.attrs.update({"crs_wkt": about.wkt, "spatial_ref": about.wkt})
        mapping.attrs["GeoTransform"] = " ".join(
            repr(float(v))
            for v in (transform.c, transform.a, transform.b, transform.f, transform.d, transform.e)
        )
        for name, unit in units.items():
            variable = file.create_variable(
                name,
                ("time", "y", "x"),
                dtype,
                fillvalue=np.nan,
                chunks=(1, min(rows, _TILE), min(columns, _TILE)),
                compression="gzip",
                compression_opts=1,
                shuffle=True,
            )
            variable.attrs.update({"units": unit, "grid_mapping": "spatial_ref"})

    def append(self, time: float, **arrays: npt.NDArray[Any]) -> None:
        """The rasters, (rows, columns) each, at a time [s]; NaN where there is none."""
        if arrays.keys() != self.units.keys():
            raise AnalysisError(f"this stack holds {', '.join(self.units)}, not {', '.join(arrays)}")
        n = self._file.dimensions["time"].size
        self._file.resize_dimension("time", n + 1)
        self._file.variables["time"][n] = time
        for name, array in arrays.items():
            self._file.variables[name][n] = array

    def close(self) -> None:
        self._file.close()


def write_parquet(path: Path, frame: pd.DataFrame, about: About, units: Mapping[str, str]) -> None:
    """A table with the units of its columns; every column of floating numbers has one ("1" for none).

    A GeoDataFrame becomes GeoParquet. The index is kept when it has a name.
    """
    import geopandas
    import pyarrow as pa
    import pyarrow.parquet as pq

    if any(name is not None for name in frame.index.names):
        frame = frame.reset_index()
    bare = [c for c in frame.columns if frame[c].dtype.kind == "f" and c not in units]
    if bare:
        raise AnalysisError(f"{path.stem}: column {bare[0]!r} has no unit")
    foreign = [name for name in units if name not in frame.columns]
    if foreign:
        raise AnalysisError(f"{path.stem}: there is no column {foreign[0]!r}, which has a unit")
    if isinstance(frame, geopandas.GeoDataFrame):
        frame.to_parquet(path, index=False)
        table = pq.read_table(path)
    else:
        table = pa.Table.from_pandas(frame, preserve_index=False)
    fields = [f.with_metadata({"unit": units[f.name]}) if f.name in units else f for f in table.schema]
    inside = json.dumps({**about.texts(), "units": dict(units)}, ensure_ascii=False)
    metadata = {**(table.schema.metadata or {}), b"citytwin": inside.encode()}
    pq.write_table(table.cast(pa.schema(fields, metadata)), path, compression="zstd")


def write_json(path: Path, value: Mapping[str, Any], about: About, units: Mapping[str, str]) -> None:
    """An object with `about` and `units` beside its own members."""
    taken = {"about", "units"} & value.keys()
    if taken:
        raise AnalysisError(f"{path.stem}: {min(taken)!r} is the file's own member")
    document = {"about": about.texts(), "units": dict(units), **value}
    path.write_text(json.dumps(document, ensure_ascii=False, allow_nan=False), encoding="utf-8")
