"""A library of flood runs made beforehand: the deepest water for every combination of rain intensity,
duration, stream level or whatever else the axes are.

Depths are kept in whole millimetres (uint16) in one NetCDF file, a scenario a chunk, so that an answer reads
the few it needs. `compute_library` takes any `map`: the built-in one, or those of `batch`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from analysis.errors import AnalysisError

if TYPE_CHECKING:
    from analysis.progress import Progress

Float32: TypeAlias = npt.NDArray[np.float32]
UInt16: TypeAlias = npt.NDArray[np.uint16]
Parameters: TypeAlias = Mapping[str, float]
RunOne: TypeAlias = Callable[[Parameters], npt.NDArray[Any]]
Map: TypeAlias = Callable[[RunOne, Iterable[Parameters]], Iterable[npt.NDArray[Any]]]
MISSING = 65535
DEEPEST_M = 65.534
"""The deepest water that is kept [m]; deeper is kept as this."""
_MM = 1000.0
_VARIABLE = "max_depth"


@dataclass(frozen=True)
class Axis:
    """One quantity that scenarios differ in. values: increasing. unit: such as "mm/h", "h", "m". rising: more
    of it can only mean more water, as with rain; runs that say otherwise, by the numerics of the wet edge,
    are raised to the one before."""

    name: str
    unit: str
    values: tuple[float, ...]
    rising: bool = True

    def __post_init__(self) -> None:
        v = np.asarray(self.values, np.float64)
        if len(v) < 1 or not np.isfinite(v).all() or (np.diff(v) <= 0).any():
            raise AnalysisError(
                f"the library's axis {self.name} needs increasing numbers, not {list(self.values)}"
            )
        if not self.unit:
            raise AnalysisError(f"the library's axis {self.name} has no unit")


@dataclass(frozen=True)
class HeldOut:
    """How the surrogate did on runs that are not in the library. count: of those runs. cells: compared, wet
    in either. rmse, mae, bias, worst: [m], surrogate less run, over those cells. hit_rate: share of the cells
    that either has deeper than `wet` [m] that both have (critical success index)."""

    count: int
    cells: int
    rmse: float
    mae: float
    bias: float
    worst: float
    hit_rate: float
    wet: float = 0.1


@dataclass
class Library:
    """depths: (n1, n2, …, cells…) uint16 [mm], `MISSING` where there is no ground, or a dataset of a file
    that is read as such. cell_shape: of one scenario: (rows, columns), or (zones,). about: what else is known
    of it, such as the model, its version and the grid. held_out: None until `surrogate.verify` has measured
    it. raised: the most by which a depth had to be raised along a rising axis [m]."""

    axes: tuple[Axis, ...]
    depths: Any
    about: dict[str, Any] = field(default_factory=dict)
    held_out: HeldOut | None = None
    raised: float = 0.0

    @property
    def cell_shape(self) -> tuple[int, ...]:
        return tuple(int(n) for n in self.depths.shape[len(self.axes) :])

    def scenario(self, index: Sequence[int]) -> Float32:
        """Deepest water [m] of one scenario, NaN where there is no ground."""
        stored = np.asarray(self.depths[tuple(int(i) for i in index)])
        depths = stored.astype(np.float32) / np.float32(_MM)
        depths[stored == MISSING] = np.nan
        return depths

    def close(self) -> None:
        """Of a library that is read from a file."""
        file = getattr(self.depths, "file", None)
        if file is not None:
            file.close()


def scenarios(axes: Sequence[Axis]) -> Iterator[dict[str, float]]:
    """Every combination, the last axis running fastest."""
    for values in product(*(axis.values for axis in axes)):
        yield dict(zip((axis.name for axis in axes), values, strict=True))


def compute_library(
    run_one: RunOne,
    axes: Sequence[Axis],
    *,
    map_: Map = map,
    path: Path | None = None,
    about: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
) -> Library:
    """Run every combination and keep its deepest water [m].

    run_one: parameters by the axes' names -> depths, of one shape for all; NaN where there is no ground.
    map_: how the runs are spread; results must come in order. path: of a NetCDF file to write to as they
    come, instead of memory. Raises AnalysisError for a run that gives another shape, or water less than none.
    """
    axes = tuple(axes)
    if len({axis.name for axis in axes}) != len(axes) or not axes:
        raise AnalysisError("a library needs axes of different names")
    counts = tuple(len(axis.values) for axis in axes)
    total = int(np.prod(counts))
    wanted = list(scenarios(axes))
    sink: Library | None = None
    shape: tuple[int, ...] = ()
    try:
        for number, result in enumerate(map_(run_one, wanted)):
            depths = np.asarray(result)
            if sink is None:
                shape = depths.shape
                sink = _create(axes, counts, shape, path, dict(about or {}))
            if depths.shape != shape:
                raise AnalysisError(
                    f"scenario {wanted[number]}: depths of shape {depths.shape}, before it {shape}"
                )
            index = tuple(int(i) for i in np.unravel_index(number, counts))
            own = packed(depths, wanted[number])
            kept = _raised(sink, index, own)
            sink.depths[index] = kept
            sink.raised = max(sink.raised, float((kept - own).max(initial=0)) / _MM)
            if progress is not None:
                progress((number + 1) / total, f"{number + 1} of {total} scenarios")
    except BaseException:
        if sink is not None:
            sink.close()
        if path is not None:
            path.unlink(missing_ok=True)
        raise
    assert sink is not None
    if path is None:
        return sink
    sink.depths.file.attrs["raised"] = sink.raised
    sink.close()
    return open_library(path)


def packed(depths: npt.NDArray[Any], scenario: Parameters) -> UInt16:
    """[m] -> whole millimetres. Raises AnalysisError for negative depths."""
    if np.nanmin(depths, initial=0.0) < 0.0:
        raise AnalysisError(f"scenario {dict(scenario)}: a run with depths below 0 m")
    millimetres = np.round(np.minimum(depths, DEEPEST_M) * _MM)
    return np.where(np.isnan(millimetres), MISSING, millimetres).astype(np.uint16)


def _raised(library: Library, index: tuple[int, ...], own: UInt16) -> UInt16:
    """A scenario's depths, nowhere less than those before it on the rising axes, which are there already."""
    for k, axis in enumerate(library.axes):
        if index[k] and axis.rising:
            before = np.asarray(library.depths[(*index[:k], index[k] - 1, *index[k + 1 :])])
            own = np.where(before == MISSING, own, np.maximum(own, before))
    return own


def _create(
    axes: tuple[Axis, ...],
    counts: tuple[int, ...],
    shape: tuple[int, ...],
    path: Path | None,
    about: dict[str, Any],
) -> Library:
    if path is None:
        return Library(axes, np.full((*counts, *shape), MISSING, np.uint16), about)
    import h5netcdf

    file = h5netcdf.File(path, "w", decode_vlen_strings=True)
    names = ("y", "x") if len(shape) == 2 else tuple(f"cell{i}" for i in range(len(shape)))
    file.dimensions = {
        **{a.name: n for a, n in zip(axes, counts, strict=True)},
        **dict(zip(names, shape, strict=True)),
    }
    for axis in axes:
        variable = file.create_variable(axis.name, (axis.name,), np.float64)
        variable[:] = np.asarray(axis.values)
        variable.attrs["units"] = axis.unit
        variable.attrs["rising"] = np.int8(axis.rising)
    depth = file.create_variable(
        _VARIABLE, (*(a.name for a in axes), *names), np.uint16, fillvalue=np.uint16(MISSING),
        chunks=(*(1 for _ in axes), *shape), compression="gzip", compression_opts=1, shuffle=True,
    )  # fmt: skip
    depth.attrs.update(
        {"units": "m", "scale_factor": np.float64(1 / _MM), "long_name": "deepest water of the scenario"}
    )
    file.attrs.update(
        {"Conventions": "CF-1.10", "axes": json.dumps([a.name for a in axes]), "about": json.dumps(about)}
    )
    return Library(axes, _Opened(file), about)


class _Opened:
    """The depths of a file, with the file to close."""

    def __init__(self, file: Any) -> None:
        self.file = file
        self._variable = file.variables[_VARIABLE]
        self.shape: tuple[int, ...] = tuple(self._variable.shape)

    def __getitem__(self, index: Any) -> Any:
        return self._variable[index]

    def __setitem__(self, index: Any, values: Any) -> None:
        self._variable[index] = values


def save_library(library: Library, path: Path) -> None:
    """A library in memory as a file."""
    counts = tuple(len(axis.values) for axis in library.axes)
    written = _create(library.axes, counts, library.cell_shape, path, library.about)
    for index in np.ndindex(*counts):
        written.depths[index] = library.depths[index]
    written.depths.file.attrs["raised"] = library.raised
    written.close()
    if library.held_out is not None:
        keep_held_out(path, library.held_out)


def open_library(path: Path) -> Library:
    """A library from its file, whose scenarios are read when asked for. Raises AnalysisError."""
    import h5netcdf

    try:
        file = h5netcdf.File(path, "r", decode_vlen_strings=True)
    except OSError as error:
        raise AnalysisError(f"{path.name}: {error}") from None
    if "axes" not in file.attrs or _VARIABLE not in file.variables:
        file.close()
        raise AnalysisError(f"{path.name}: not a library of flood scenarios")
    axes = tuple(
        Axis(name, str(v.attrs["units"]), tuple(v[:].tolist()), bool(v.attrs["rising"]))
        for name, v in ((name, file.variables[name]) for name in json.loads(file.attrs["axes"]))
    )
    measured = file.attrs.get("held_out")
    held_out = HeldOut(**json.loads(measured)) if measured else None
    raised = float(file.attrs.get("raised", 0.0))
    return Library(axes, _Opened(file), json.loads(file.attrs["about"]), held_out, raised)


def keep_held_out(path: Path, held_out: HeldOut) -> None:
    """Write the measured error into a library's file, which must not be open."""
    import h5netcdf

    with h5netcdf.File(path, "a", decode_vlen_strings=True) as file:
        file.attrs["held_out"] = json.dumps(held_out.__dict__)
