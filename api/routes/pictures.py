"""Rasters of runs as pictures for a map: `/pictures/{run}/{result}` says what there is, `.png` shows it."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote, urlencode

import numpy as np
from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response

from analysis.colours import STOPS, Float64, Ramp, picture
from api.auth import READ, require
from api.routes.shared import CurrentSettings
from twin.errors import EntityNotFound, TwinError
from twin.runs import open_runs

router = APIRouter(tags=["runs"], dependencies=[Depends(require(READ))])

_EDGE = 1024
"""Pixels of a picture's longer side."""
_KIND = "raster"
_HEADERS = {"Cache-Control": "private, max-age=600"}
Low = Annotated[float | None, Query(allow_inf_nan=False, description="value of the first colour")]
High = Annotated[float | None, Query(allow_inf_nan=False, description="value of the last colour")]


@dataclass(frozen=True)
class Draped:
    """values: (rows, columns) on a grid of longitude and latitude, NaN for no data. bounds: west, south,
    east, north [degrees]."""

    values: Float64
    bounds: tuple[float, float, float, float]
    unit: str | None


@router.get("/pictures/{run}/{result}.png", response_class=Response)
def image(
    run: str,
    result: str,
    settings: CurrentSettings,
    low: Low = None,
    high: High = None,
    ramp: Annotated[Ramp, Query()] = "viridis",
) -> Response:
    """The raster as a picture over its bounds; clear where it has no value."""
    from PIL import Image

    values = _draped(settings.city, run, result).values
    first, last = _range(values)
    pixels = picture(values, first if low is None else low, last if high is None else high, name=ramp)
    out = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels), "RGBA").save(out, "PNG")
    return Response(out.getvalue(), media_type="image/png", headers=_HEADERS)


@router.get("/pictures/{run}/{result}")
def described(
    run: str,
    result: str,
    settings: CurrentSettings,
    low: Low = None,
    high: High = None,
    ramp: Annotated[Ramp, Query()] = "viridis",
) -> dict[str, Any]:
    """Where a raster lies, its unit and range, and the address of its picture in these colours."""
    draped = _draped(settings.city, run, result)
    first, last = _range(draped.values)
    chosen = {"low": first if low is None else low, "high": last if high is None else high, "ramp": ramp}
    return {
        "bounds": draped.bounds,
        "unit": draped.unit,
        "minimum": first,
        "maximum": last,
        "colors": [f"#{stop}" for stop in STOPS[ramp]],
        "image": f"/pictures/{quote(run)}/{quote(result)}.png?{urlencode(chosen)}",
    }


def _draped(city: Path, run: str, result: str) -> Draped:
    """The nearest values of a raster on a grid of degrees. Raises RunNotFound, EntityNotFound, TwinError."""
    import rasterio

    from citygml.crs import Georeference, choose_heights, parse

    with open_runs(city) as runs:
        found = runs.get(run).results.get(result)
        folder = runs.results_folder(run)
    if found is None or found["kind"] != _KIND:
        raise EntityNotFound(f"the run {run!r} has no raster {result!r}")
    with rasterio.open(folder / found["file"]) as source:
        if source.crs is None:
            raise TwinError(f"{result}: the raster names no coordinate system, so it has no place on the map")
        values = source.read(1, masked=True).filled(np.nan).astype(np.float64)
        transform, crs = source.transform, parse(source.crs.to_string())
    rows, columns = values.shape
    corners = np.array([transform * (x, y) for x in (0, columns) for y in (0, rows)])
    place = Georeference(crs, choose_heights(crs, corners))
    degrees = place.to_geographic(np.column_stack([corners, np.zeros(4)]))[:, :2]
    (west, south), (east, north) = degrees.min(axis=0), degrees.max(axis=0)
    scale = min(1.0, _EDGE / max(rows, columns))
    height, width = max(1, round(rows * scale)), max(1, round(columns * scale))
    longitude = west + (np.arange(width) + 0.5) * (east - west) / width
    latitude = north - (np.arange(height) + 0.5) * (north - south) / height
    grid = np.stack(np.meshgrid(longitude, latitude), axis=-1).reshape(-1, 2)
    xy = place.from_geographic(np.column_stack([grid, np.zeros(len(grid))]))[:, :2]
    column, row = ~transform * (xy[:, 0], xy[:, 1])
    column, row = np.floor(column).astype(int), np.floor(row).astype(int)
    inside = (column >= 0) & (column < columns) & (row >= 0) & (row < rows)
    draped = np.full(len(grid), np.nan)
    draped[inside] = values[row[inside], column[inside]]
    bounds = (float(west), float(south), float(east), float(north))
    return Draped(draped.reshape(height, width), bounds, found["unit"])


def _range(values: Float64) -> tuple[float, float]:
    """The least and greatest value; 0 and 1 where there is none."""
    known = values[np.isfinite(values)]
    return (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
