"""Values at points of roofs and facades as texels of the real surfaces, to be drawn as 3D Tiles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.colours import STOPS
from analysis.errors import AnalysisError
from analysis.scene.grid import Plane
from analysis.sun.scene import Float32, Kind, SunScene, Surfaces
from analysis.sun.targets import Patches, Targets
from twin.surface_values import Quantity, SurfaceValues

_KINDS = {kind: kind.name.lower() for kind in Kind}


@dataclass(frozen=True)
class Shown:
    """How one quantity is shown. around_zero: the range reaches as far below zero as above."""

    title: dict[str, str]
    unit: str
    ramp: str
    around_zero: bool = False


SHOWN: Mapping[str, Shown] = {
    "sun_hours": Shown({"ko": "일조 시간", "en": "Hours of sun"}, "h", "solar"),
    "irradiation": Shown({"ko": "연간 일사량", "en": "Irradiation in a year"}, "kW.h/m2", "solar"),
    "sky_view": Shown({"ko": "천공률", "en": "Sky view factor"}, "1", "viridis"),
    "sun_hours_change": Shown({"ko": "일조 시간 변화", "en": "Change of sun hours"}, "h", "vik", True),
}
"""By the name of the property in the tiles. A change is what comes after less what was before."""


def surface_values(
    scene: SunScene,
    plane: Plane,
    targets: Targets,
    values: Mapping[str, npt.ArrayLike],
    ranges: Mapping[str, tuple[float, float]] | None = None,
) -> SurfaceValues:
    """The scene's surfaces with values (n,) at the points of targets, by the names in `SHOWN`.

    plane: of the scene's grid. ranges: of the colours; else they reach from 0 to the next round number above
    the greatest value. Surfaces that face the ground are left out. Raises AnalysisError for a scene without
    surfaces, targets without patches, or values of another length.
    """
    surfaces, patches = scene.surfaces, targets.patches
    if surfaces is None or patches is None or not len(targets):
        raise AnalysisError("values on surfaces need a scene with surfaces and points on them")
    texels = int(patches.start[-1])
    quantities = []
    for name, given in values.items():
        array = np.asarray(given, np.float32)
        if array.shape != (len(targets),):
            raise AnalysisError(f"{name}: {array.shape} values for {len(targets):,} points")
        spread = np.full(texels, np.nan, np.float32)
        spread[patches.texel] = array
        shown = SHOWN[name]
        low, high = (ranges or {}).get(name) or _range(array, shown)
        colours = STOPS[shown.ramp]
        quantities.append(Quantity(name, shown.title, shown.unit, low, high, shown.ramp, colours, spread))
    shape = np.zeros((len(surfaces), 2), np.int32)
    start = np.zeros(len(surfaces), np.int64)
    shape[patches.surface] = patches.shape
    start[patches.surface] = patches.start[:-1]
    ring_of = np.repeat(np.arange(len(surfaces)), np.diff(surfaces.polygons))
    owner = np.repeat(ring_of, np.diff(surfaces.rings)).astype(np.int32)
    drawn = surfaces.kind[surfaces.triangle_surface] != Kind.GROUND
    positions = np.column_stack([plane.from_grid(surfaces.vertices), surfaces.vertices[:, 2]])
    return SurfaceValues(
        positions,
        owner,
        surfaces.triangles[drawn],
        _texel(surfaces, patches, owner),
        shape,
        start,
        surfaces.ids,
        [surfaces.buildings[b] if b >= 0 else "" for b in surfaces.building.tolist()],
        [_KINDS[Kind(kind)] for kind in surfaces.kind.tolist()],
        surfaces.areas,
        quantities,
    )


def _texel(surfaces: Surfaces, patches: Patches, owner: npt.NDArray[np.int32]) -> npt.NDArray[np.float64]:
    """(n, 2) column and row of each vertex in its surface's patch, from its outer edge; 0 without one."""
    patch = np.full(len(surfaces), -1, np.int64)
    patch[patches.surface] = np.arange(len(patches.surface))
    of = patch[owner]
    known = of >= 0
    away = surfaces.vertices[known] - patches.origin[of[known]]
    found = np.zeros((len(owner), 2))
    for column, axis in enumerate((patches.u, patches.v)):
        along = axis[of[known]]
        found[known, column] = np.einsum("ij,ij->i", away, along) / np.einsum("ij,ij->i", along, along)
    return found


def _range(values: Float32, shown: Shown) -> tuple[float, float]:
    """From 0 to a round number: 1, 2, 5 or 10 times a power of ten, or the quarters of one of those."""
    known = values[np.isfinite(values)]
    largest = float(np.abs(known).max()) if len(known) else 0.0
    if shown.unit == "1":
        return 0.0, 1.0
    if largest <= 0:
        return (-1.0, 1.0) if shown.around_zero else (0.0, 1.0)
    power = 10.0 ** np.floor(np.log10(largest))
    steps = np.array([1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 7.5, 10]) * power
    high = float(steps[np.searchsorted(steps, largest * (1 - 1e-9))])
    return (-high, high) if shown.around_zero else (0.0, high)
