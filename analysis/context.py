"""What a model is given while it runs: the city's folder, a seed, progress, and a place for its results.

Progress is also the sign of life and the way to stop: each call may raise `Cancelled`. There is no thread
that says "alive" on behalf of a kernel that hangs, so long work calls `progress` at least once a second;
kernels do so between their steps. A run that is silent for a minute (`TWIN_RUN_SILENCE`) is failed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from analysis import results
from analysis.contract import Model, Output, Result
from analysis.errors import AnalysisError
from analysis.progress import Progress, part
from analysis.results import About, RasterStack

if TYPE_CHECKING:
    import pandas as pd
    from affine import Affine

    from citygml.crs import Georeference
    from twin.surface_values import SurfaceValues

Draw = Callable[[Path, "SurfaceValues", "Georeference", Callable[[float], None]], Path]
"""Writes values on surfaces as 3D Tiles into a folder, with its progress, and gives its tileset.json."""


class Context:
    """One run of one model.

    city_folder: of the city, to read from. folder: to write to; it becomes `runs/ID/` when the run ends well.
    seed: for everything random. crs: the name of the city's coordinate system, None when it has none.
    workers: how many processes a model that spreads its work may use. dask: the address of a scheduler to use
    instead, or None. draw: how values on surfaces become tiles; None where there is nobody to draw.
    """

    def __init__(
        self,
        model: Model,
        city_folder: Path,
        folder: Path,
        *,
        run_id: str = "test",
        seed: int = 0,
        report: Progress | None = None,
        workers: int = 1,
        dask: str | None = None,
        draw: Draw | None = None,
    ) -> None:
        crs, wkt = _crs_of(city_folder)
        self.model = model
        self.city_folder = city_folder
        self.folder = folder
        self.run_id = run_id
        self.seed = seed
        self.workers = workers
        self.dask = dask
        self.draw = draw
        self.crs = crs
        self.about = About(run_id, model.name, model.version, crs, wkt)
        self._report = report

    def progress(self, fraction: float, message: str = "") -> None:
        """How far the run is, 0 to 1, and what it does. Cheap. Raises Cancelled when the run is to stop."""
        if self._report is not None:
            self._report(min(1.0, max(0.0, fraction)), message)

    def span(self, start: float, end: float) -> Progress:
        """A progress of its own for a part of the run: its 0 to 1 are `start` to `end` of the whole."""
        return part(self.progress, start, end)

    def generator(self) -> np.random.Generator:
        """Random numbers that the seed decides."""
        return np.random.default_rng(self.seed)

    # Results

    def raster(
        self,
        name: str,
        array: npt.NDArray[Any],
        transform: Affine,
        *,
        unit: str | None = None,
        nodata: float | None = None,
        crs: str | None = None,
    ) -> Result:
        """(rows, columns) or (bands, rows, columns), as GeoTIFF.

        unit: as declared, if it is not given. nodata: NaN for floats, if it is not given. crs: name of the
        coordinate system of `transform`, the city's if it is not given (the grid of a city in degrees has
        another).
        """
        output = self._output(name, "raster")
        unit = self._unit(output, unit)
        if nodata is None and array.dtype.kind == "f":
            nodata = float("nan")
        path = self.path(f"{name}.tif")
        results.write_geotiff(path, array, transform, self._about(crs), name, unit, nodata)
        return Result(path.name, output.kind, output.type, unit)

    @contextmanager
    def stack(
        self,
        name: str,
        shape: tuple[int, int],
        transform: Affine,
        units: Mapping[str, str],
        *,
        start: str | None = None,
        dtype: npt.DTypeLike = np.float32,
        crs: str | None = None,
    ) -> Iterator[RasterStack]:
        """Rasters over time, to append to while the model runs; `self.stacked(name)` is its result.

        crs: as in `raster`.
        """
        self._output(name, "rasters")
        about = self._about(crs)
        stack = RasterStack(self.path(f"{name}.nc"), shape, transform, about, units, start, dtype)
        try:
            yield stack
        finally:
            stack.close()

    def stacked(self, name: str) -> Result:
        """The result of a stack that has been closed."""
        output = self._output(name, "rasters")
        return Result(f"{name}.nc", output.kind, output.type, output.unit)

    def rasters(
        self,
        name: str,
        frames: Iterable[tuple[float, npt.NDArray[Any]]],
        transform: Affine,
        *,
        unit: str | None = None,
        start: str | None = None,
        dtype: npt.DTypeLike = np.float32,
        crs: str | None = None,
    ) -> Result:
        """(time [s], (rows, columns)) in order, as one variable of a NetCDF file; at least one. crs: as in
        `raster`."""
        unit = self._unit(self._output(name, "rasters"), unit)
        pending = iter(frames)
        first = next(pending, None)
        if first is None:
            raise AnalysisError(f"{name}: there is no raster to write")
        time, array = first
        rows, columns = array.shape
        asked: dict[str, Any] = {"start": start, "dtype": dtype, "crs": crs}
        with self.stack(name, (rows, columns), transform, {name: unit}, **asked) as stack:
            stack.append(time, **{name: array})
            for time, array in pending:
                stack.append(time, **{name: array})
        return self.stacked(name)

    def table(self, name: str, frame: pd.DataFrame, units: Mapping[str, str]) -> Result:
        """A table or a series as Parquet; GeoParquet for a GeoDataFrame. units: of its columns."""
        output = self._output(name, "table", "series")
        path = self.path(f"{name}.parquet")
        results.write_parquet(path, frame, self.about, units)
        return Result(path.name, output.kind, output.type, output.unit)

    def json(self, name: str, value: Mapping[str, Any], units: Mapping[str, str] | None = None) -> Result:
        """An object as JSON; NaN is refused. units: of its members, by any names that explain themselves."""
        output = self._output(name, "json")
        path = self.path(f"{name}.json")
        try:
            results.write_json(path, value, self.about, units or {})
        except (TypeError, ValueError) as error:
            raise AnalysisError(f"{name}: this cannot be JSON: {error}") from error
        return Result(path.name, output.kind, output.type, output.unit)

    def surfaces(
        self, name: str, values: SurfaceValues, georeference: Georeference, progress: Progress
    ) -> dict[str, Result]:
        """Values on surfaces as 3D Tiles in a folder of their own, as the result `name`; none where there is
        nobody to draw. georeference: of the city."""
        output = self._output(name, "tiles")
        if self.draw is None:
            return {}
        written = self.draw(self.folder / name, values, georeference, lambda share: progress(share, ""))
        return {name: Result(f"{name}/{written.name}", output.kind, output.type, output.unit)}

    def path(self, file: str) -> Path:
        """Where to write a file of the run; folders on the way are made."""
        path = self.folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def file(self, name: str, file: str, media_type: str | None = None) -> Result:
        """A result that the model wrote itself to `path(file)`, such as a tileset with its folder."""
        output = self._output(name)
        if not (self.folder / file).is_file():
            raise AnalysisError(f"{name}: there is no file {file!r} in the run")
        return Result(file, output.kind, media_type or output.type, output.unit)

    def _about(self, crs: str | None) -> About:
        return self.about if crs is None else replace(self.about, crs=crs, wkt=_wkt(crs))

    def _output(self, name: str, *kinds: str) -> Output:
        output = next((o for o in self.model.outputs if o.name == name), None)
        if output is None or (kinds and output.kind not in kinds):
            raise AnalysisError(f"{self.model.name} declares no {' or '.join(kinds) or 'output'} {name!r}")
        return output

    def _unit(self, output: Output, unit: str | None) -> str:
        if unit is not None and output.unit is not None and unit != output.unit:
            raise AnalysisError(f"{output.name}: declared in {output.unit}, written in {unit}")
        unit = unit or output.unit
        if unit is None:
            raise AnalysisError(f"{output.name}: it has no unit")
        return unit


def _crs_of(folder: Path) -> tuple[str | None, str | None]:
    """The name and the horizontal WKT of a city's coordinate system."""
    from twin.store import open_city

    if not (folder / "twin.db").is_file():
        return None, None
    with open_city(folder) as city:
        name = city.get("crs")
    return (None, None) if name is None else (name, _wkt(name))


def _wkt(crs: str) -> str | None:
    """Of the horizontal part, None when it is local."""
    from citygml.crs import parse

    horizontal = parse(crs).horizontal
    return None if horizontal is None else horizontal.to_wkt()
