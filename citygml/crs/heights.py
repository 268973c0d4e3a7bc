"""Which way heights become ellipsoidal, decided once per source and recorded in words for people.

3D Tiles and terrain need heights above the ellipsoid; city models carry heights above a national datum.
PROJ converts them when it finds the grid of that datum. Where it does not, the EGM96 geoid stands in
(usually within a metre), or a grid that the user names, and what was used is kept with the source.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from citygml.crs.names import Crs, horizontal_transformer, proj
from citygml.errors import UnknownCrs

Method = Literal["grid", "user-grid", "egm96", "ellipsoidal", "local"]


@dataclass(frozen=True)
class Heights:
    """How the heights of a source become ellipsoidal.

    method: "grid" (PROJ found the grid of the vertical datum), "user-grid" (a geoid grid given by the
        user), "egm96", "ellipsoidal" (they already are), or "local" (heights above an anchor).
    name: of the grid or geoid used, or of the ellipsoidal CRS. note: one sentence that says so and why.
    pipeline: the PROJ pipeline; for "grid" from the source's coordinates to longitude, latitude, height,
        for "user-grid" from longitude, latitude, height above the datum to the same with ellipsoidal height.
    """

    method: Method
    name: str
    note: str
    pipeline: str | None = None


def choose_heights(crs: Crs, bounds: npt.ArrayLike, *, grid: Path | None = None) -> Heights:
    """The best way at hand to make the heights of a source ellipsoidal.

    bounds: (2, 2) or (2, 3), least and greatest coordinates in the CRS (east, north first).
    grid: a geoid grid (GeoTIFF or GTX as PROJ reads them: height of the geoid above the ellipsoid).
    Raises UnknownCrs when that grid cannot be read or does not cover the bounds.
    """
    if crs.is_local:
        return Heights(
            "local", "local", "Heights are measured from the anchor of the local coordinate system."
        )
    if crs.has_vertical and crs.vertical is None:
        return Heights("ellipsoidal", crs.title, f"Heights are ellipsoidal already ({crs.title}).")
    datum = str(crs.vertical.name) if crs.vertical is not None else None
    if grid is not None:
        return _user_grid(crs, bounds, grid, datum)
    if datum is None:
        return Heights(
            "egm96",
            "EGM96",
            f"{crs.title} declares no vertical datum; heights are taken to be above sea level and the EGM96 "
            "geoid makes them ellipsoidal.",
        )
    operations, missing = _operations(crs, bounds)
    for operation in operations:
        if np.isfinite(operation.transform(*_lattice(bounds).T)).all():
            grids = sorted({g.short_name for step in operation.operations or () for g in step.grids})
            name = ", ".join(grids) or str(operation.description)
            note = f"Heights above {datum} become ellipsoidal by PROJ with {name}."
            return Heights("grid", name, note, str(operation.definition))
    lacks = (
        f"PROJ lacks the grid for {datum} ({missing})" if missing else f"PROJ has no grid for {datum} here"
    )
    return Heights(
        "egm96",
        "EGM96",
        f"{lacks}, so that the EGM96 geoid makes heights ellipsoidal, usually within a metre; "
        "a grid can be given with --geoid FILE.",
    )


def _user_grid(crs: Crs, bounds: npt.ArrayLike, grid: Path, datum: str | None) -> Heights:
    path = str(grid.resolve())
    if not grid.is_file() or any(character in path for character in '",'):
        raise UnknownCrs(f"{grid}: no such geoid grid (its path may hold neither commas nor quotes)")
    pipeline = (
        "+proj=pipeline +step +proj=unitconvert +xy_in=deg +xy_out=rad "
        f'+step +proj=vgridshift +grids="{path}" +multiplier=1 '
        "+step +proj=unitconvert +xy_in=rad +xy_out=deg"
    )
    try:
        shift = proj().Transformer.from_pipeline(pipeline)
    except proj().exceptions.ProjError:
        raise UnknownCrs(f"{grid}: not a geoid grid that PROJ can read; give a GeoTIFF or GTX one") from None
    x, y, z = _lattice(bounds).T
    longitude, latitude = horizontal_transformer(crs.name).transform(x, y)
    if not np.isfinite(shift.transform(longitude, latitude, z)[2]).all():
        raise UnknownCrs(
            f"{grid}: the geoid grid does not cover the data "
            f"({min(longitude):.4f}..{max(longitude):.4f} E, {min(latitude):.4f}..{max(latitude):.4f} N)"
        )
    above = f"above {datum}" if datum else "without a declared datum"
    note = f"Heights {above} become ellipsoidal by the given grid {grid.name}."
    return Heights("user-grid", grid.name, note, pipeline)


def _lattice(bounds: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """(9, 3) points over the bounds, at height 0."""
    low, high = np.asarray(bounds, np.float64)[:, :2]
    x, y = np.meshgrid(np.linspace(low[0], high[0], 3), np.linspace(low[1], high[1], 3))
    return np.column_stack([x.ravel(), y.ravel(), np.zeros(9)])


def _operations(crs: Crs, bounds: npt.ArrayLike) -> tuple[list[Any], str]:
    """PROJ's operations to WGS 84 3D that have all their grids, best first, and the grids it lacks."""
    low, high = np.asarray(bounds, np.float64)[:, :2]
    area = horizontal_transformer(crs.name).transform_bounds(*low, *high)
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", UserWarning
        )  # pyproj warns of missing grids; the note says so instead
        group = proj().transformer.TransformerGroup(
            crs.name,
            "EPSG:4979",
            always_xy=True,
            area_of_interest=proj().transformer.AreaOfInterest(*area),
            allow_ballpark=False,
        )
    for operation in group.unavailable_operations:
        missing = sorted(grid.short_name for grid in operation.grids if not grid.available)
        if missing:
            return group.transformers, ", ".join(missing)
    return group.transformers, ""
