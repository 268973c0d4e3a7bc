"""Where the runs of a library are made: a city's own run machinery, on processes or on a Dask cluster."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from analysis.errors import AnalysisError
from analysis.warning.library import Float32, Map, Parameters, RunOne

_METRES = {"m": 1.0, "mm": 1e-3}


@dataclass(frozen=True)
class CityScenario:
    """A flood run of a city as `run_one`: a run like any other, kept in the city and given back when asked
    again.

    inputs: what all scenarios share. names: axis -> the model's input. output: the raster with the deepest
    water.
    """

    folder: str
    model: str
    inputs: Mapping[str, Any]
    names: Mapping[str, str]
    output: str = "max_depth"

    def __call__(self, parameters: Parameters) -> Float32:
        import rasterio

        from analysis.run import run
        from twin.runs import FOLDER

        own = {self.names.get(name, name): value for name, value in parameters.items()}
        done = run(self.folder, self.model, **{**self.inputs, **own})
        file = Path(self.folder) / FOLDER / done.id / done.results[self.output]["file"]
        with rasterio.open(file) as dataset:
            unit = dataset.units[0]
            if unit not in _METRES:
                raise AnalysisError(f"{self.output} of {self.model} is in {unit}, not a depth in m")
            depth = dataset.read(1, masked=True).astype(np.float32) * np.float32(_METRES[unit])
        return np.asarray(np.ma.filled(depth, np.nan))


@contextmanager
def on_processes(workers: int) -> Iterator[Map]:
    """A `map` over a pool of so many processes."""
    import multiprocessing

    with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn")) as pool:
        yield pool.map


@contextmanager
def on_dask(address: str) -> Iterator[Map]:
    """A `map` over the workers of a Dask cluster, a few runs for each at a time."""
    try:
        from distributed import Client
    except ImportError:
        raise AnalysisError("a Dask cluster needs the extra `dask`: pip install 'citytwin[dask]'") from None
    with Client(address) as client:  # type: ignore[no-untyped-call]

        def over_cluster(function: RunOne, items: Iterable[Parameters]) -> Iterator[npt.NDArray[Any]]:
            futures = client.map(function, list(items), pure=False)
            while futures:
                yield futures.pop(0).result()

        yield over_cluster
