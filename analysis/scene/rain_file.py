"""Gridded rain from files on the grid of a run: NetCDF, ODIM HDF5, or GeoTIFF of a step each or a band each.

Files are read by the readers of radar rain. A value stands for the step that begins at its time, or that ends
there (`label`). Fields are resampled to the grid between the middles of cells.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from analysis.errors import AnalysisError
from analysis.flood.inputs import MM_PER_HOUR
from analysis.scene.grid import Grid
from analysis.scene.rain import Rain, check_size
from analysis.scene.series import Gaps, Spans, refuse_gaps

if TYPE_CHECKING:
    from analysis.warning.radar import RadarField

Float64: TypeAlias = npt.NDArray[np.float64]
_MICRO = 1e-6


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
    from analysis.warning.radar import read

    paths = [path] if isinstance(path, Path) else list(path)
    if not paths:
        raise AnalysisError("no file of rain is given")
    shown = paths[0].name if len(paths) == 1 else f"{paths[0].name} and {len(paths) - 1} more"
    more = {
        name: value
        for name, value in (("variable", variable), ("unit", unit), ("crs", crs), ("interval_s", interval))
        if value is not None
    }
    fields = sorted((field for one in paths for field in read(one, **more)), key=lambda field: field.time)
    seconds = np.array([field.time for field in fields]) * _MICRO
    usual = float(np.median(np.diff(seconds))) if len(seconds) > 1 else interval
    if usual is None or not usual > 0:
        raise AnalysisError(f"{shown}: one step alone does not say how long it is; give the interval [s]")
    check_size(len(fields), grid)
    begins = seconds - (usual if label == "end" else 0.0)
    zero = begins[0] if start is None else _aware(start).timestamp()
    unknown, edges, rates = _laid_out(fields, begins - zero, usual, grid)
    refuse_gaps(unknown, gaps, shown, int(zero * 1e6))
    empty = int(np.isnan(rates).sum())
    if empty and gaps == "refuse":
        share = empty / rates.size
        raise AnalysisError(
            f"{shown}: {share:.1%} of the grid's cells and steps have no rain value; gaps=fill"
        )
    np.nan_to_num(rates, copy=False)
    if (rates < 0).any():
        raise AnalysisError(f"{shown}: holds negative rain, {rates.min():g} m/s")
    return Rain(edges, rates, shown, unknown, [f"{empty} values without rain taken as dry"] if empty else [])


def _laid_out(
    fields: Sequence[RadarField], begins: Float64, usual: float, grid: Grid
) -> tuple[Spans, Float64, npt.NDArray[np.float32]]:
    """Missing steps, edges of steps [s], and rates [m/s], with dry ones in the missing steps."""
    from analysis.warning.rain_grid import sampled

    edges, rows, missing = [float(begins[0])], [], []
    for k, begin in enumerate(begins.tolist()):
        if begin > edges[-1] + 0.5 * usual:
            missing.append((edges[-1], begin))
            edges.append(begin)
            rows.append(np.zeros(grid.shape, np.float32))
        field = fields[k]
        rate = replace(field, period_s=field.period_s or usual).rate().values
        rows.append(sampled([rate], field.transform, field.crs, grid)[0] / np.float32(MM_PER_HOUR))
        near = k + 1 < len(begins) and begins[k + 1] <= begin + 1.5 * usual
        edges.append(float(begins[k + 1]) if near else begin + usual)
    return missing, np.array(edges), np.stack(rows)


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
