"""The city as the sun sees it: a height field, the real surfaces, and where on the globe they stand.

`analysis.scene.sun.sun_scene` makes one of a city; a test or a notebook makes one of arrays.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Float32: TypeAlias = npt.NDArray[np.float32]
Float64: TypeAlias = npt.NDArray[np.float64]
Int32: TypeAlias = npt.NDArray[np.int32]

DOWNWARD = 0.35
"""A surface whose normal points down by more than this faces the ground."""
LEAST_OVERHANG = 10.0
"""Of a surface facing down, to count as an overhang [m²]; eaves and cornices are smaller."""
LEAST_CLEARANCE = 2.5
"""Over the ground, of an overhang [m]; what is lower is the bottom of a building."""


class Kind(IntEnum):
    """What a surface is."""

    ROOF = 0
    FACADE = 1
    GROUND = 2
    WINDOW = 3
    OTHER = 4


@dataclass(frozen=True)
class Place:
    """latitude, longitude [degrees] of the middle of the scene; altitude [m] above the sea.
    convergence: bearing of the grid's north from true north, clockwise [degrees].
    timezone: name in the IANA database, for reports and rules."""

    latitude: float
    longitude: float
    altitude: float = 0.0
    convergence: float = 0.0
    timezone: str = "UTC"


@dataclass(frozen=True)
class Horizon:
    """The far terrain's skyline. elevation: (n,) [degrees] at n equal steps of azimuth, clockwise from true
    north, the first at 0."""

    elevation: Float64


@dataclass(frozen=True)
class Surfaces:
    """Polygons of the city, s of them, their vertices in the scene's coordinates [m], outward normals.

    vertices (n, 3) float64; rings (r + 1,) and polygons (s + 1,) int32 offsets as in
    `citygml.model.Geometry`. kind (s,) int8 of `Kind`. building (s,) int32 index into `buildings` (ids of
    whole buildings), -1 for none. ids: the surface's own id, or the object's with its polygon's number.
    normals (s, 3) float64, areas (s,) float64 [m²], zero for polygons without area.
    triangles (t, 3) int32 into the vertices, triangle_surface (t,) int32.
    """

    vertices: Float64
    rings: Int32
    polygons: Int32
    kind: npt.NDArray[np.int8]
    building: Int32
    ids: list[str]
    buildings: list[str]
    normals: Float64
    areas: Float64
    triangles: Int32
    triangle_surface: Int32

    def __len__(self) -> int:
        return len(self.polygons) - 1

    def feet(self) -> Float64:
        """(buildings,) the lowest corner of each building [m], infinite for one without surfaces."""
        lowest = np.full(len(self.buildings), np.inf)
        sizes = np.diff(self.rings[self.polygons])
        building = np.repeat(self.building, sizes)
        height = self.vertices[self.rings[self.polygons[0]] : self.rings[self.polygons[-1]], 2]
        known = building >= 0
        np.minimum.at(lowest, building[known], height[known])
        return lowest


@dataclass(frozen=True)
class SunScene:
    """West and north are the outer corner of the height field [m], rows run from north to south.

    heights: (rows, columns) float32 [m], the top of all that is opaque, terrain included. terrain: the
    ground alone. surfaces: None where only a height field is known. canopy: float32 [m], the top of trees,
    NaN where there are none, with trunk, the height where their crowns begin; light that crosses a crown is
    multiplied by transmissivity. notes: what a reader of results ought to know.
    """

    heights: Float32
    terrain: Float32
    cell_size: float
    west: float
    north: float
    place: Place
    crs: str = ""
    surfaces: Surfaces | None = None
    canopy: Float32 | None = None
    trunk: Float32 | None = None
    transmissivity: float = 0.0
    horizon: Horizon | None = None
    notes: list[str] = field(default_factory=list)

    @property
    def shape(self) -> tuple[int, int]:
        rows, columns = self.heights.shape
        return rows, columns

    @property
    def transform(self) -> Any:
        """The affine transform from (column, row) to (east, north), as rasterio has it."""
        from rasterio.transform import from_origin

        return from_origin(self.west, self.north, self.cell_size, self.cell_size)

    @cached_property
    def overhang_share(self) -> float:
        """Area that hangs over open space, seen from above, over that of all roofs: what the height field
        does not know of. Counted are surfaces that face down, of at least `LEAST_OVERHANG`, and at least
        `LEAST_CLEARANCE` over the ground, and over the foot of their building, at all of their corners."""
        surfaces = self.surfaces
        if surfaces is None:
            return 0.0
        flat = surfaces.areas * np.abs(surfaces.normals[:, 2])
        down = np.flatnonzero((surfaces.normals[:, 2] < -DOWNWARD) & (flat >= LEAST_OVERHANG))
        roofs = float(flat[surfaces.kind == Kind.ROOF].sum())
        feet = surfaces.feet() if len(down) else np.empty(0)
        hanging = sum(flat[k] for k in down if self._clearance(surfaces, k, feet) >= LEAST_CLEARANCE)
        return float(hanging) / max(roofs, 1.0)

    def _clearance(self, surfaces: Surfaces, surface: int, feet: Float64) -> float:
        """The least height of a surface's corners over the ground and the foot of its building [m], which may
        stand above the ground where the terrain is guessed."""
        first, last = surfaces.polygons[surface : surface + 2]
        corners = surfaces.vertices[surfaces.rings[first] : surfaces.rings[last]]
        rows, columns = self.shape
        column = np.clip((corners[:, 0] - self.west) / self.cell_size, 0, columns - 1).astype(int)
        row = np.clip((self.north - corners[:, 1]) / self.cell_size, 0, rows - 1).astype(int)
        building = surfaces.building[surface]
        foot = feet[building] if building >= 0 else -np.inf
        return float((corners[:, 2] - np.maximum(self.terrain[row, column], foot)).min())
