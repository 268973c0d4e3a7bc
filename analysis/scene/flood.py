"""The city as the input of a flood simulation: ground, buildings, roughness, infiltration, water on a grid.

    with open_city(folder) as city:
        scene = flood_scene(city, cell_size=2.0)
    flood.simulate(scene.elevation, scene.cell_size, 3600.0, manning=scene.manning,
                   buildings=scene.built(), initial_depth=scene.initial_depth())

Rows run from north to south, columns from west to east; every array is (rows, columns).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from analysis.flood.inputs import Boundary, Buildings, CurveNumber, GreenAmpt
from analysis.scene.burn import cover, numbered
from analysis.scene.elevation import Float32, Holes, elevation
from analysis.scene.grid import Bounds, Grid, Plane, make_grid, plane_of
from analysis.scene.landuse import Int16, LanduseTable, SoilGroup, landuse, landuse_table
from analysis.scene.outlines import Outline, buildings
from analysis.scene.series import Stage
from analysis.scene.water import Water, gauged, gauges, stage_boundaries, water_bodies
from twin.observations.store import Observations
from twin.store import City

Int32: TypeAlias = npt.NDArray[np.int32]


@dataclass(frozen=True)
class FloodScene:
    """elevation: float32 [m], in the vertical datum of the city, without a hole. cover: float32, share (0 to
    1) of each cell that is built on. building: int32, 1 + the index into `buildings` of each cell's middle, 0
    for none. classes: int16, index into `table.grounds`. water: int32, 1 + the index into `bodies`, 0 for
    none. notes: what a reader of the results ought to know of the inputs."""

    grid: Grid
    plane: Plane
    elevation: Float32
    cover: Float32
    building: Int32
    buildings: list[Outline]
    classes: Int16
    table: LanduseTable
    water: Int32
    bodies: list[Water]
    notes: list[str]

    @property
    def cell_size(self) -> float:
        """[m]"""
        return self.grid.cell_size

    @property
    def crs(self) -> str:
        """Name of the coordinate system."""
        return self.grid.crs

    @property
    def transform(self) -> Any:
        """The affine transform from (column, row) to (east, north) [m]."""
        return self.grid.transform

    @property
    def manning(self) -> Float32:
        """Manning's n [s/m^(1/3)]."""
        return self.table.manning(self.classes)

    def curve_number(self, soil: SoilGroup | npt.NDArray[Any] = "C") -> CurveNumber:
        """Losses of rain by curve numbers; see `LanduseTable.curve_number`."""
        return self.table.curve_number(self.classes, soil)

    def green_ampt(self, texture: str | npt.NDArray[Any] = "clay loam", saturation: float = 0.5) -> GreenAmpt:
        """Infiltration by Green and Ampt; see `LanduseTable.green_ampt`."""
        return self.table.green_ampt(self.classes, texture, saturation)

    def built(self, method: Literal["blocked", "raised", "porous"] = "blocked") -> Buildings:
        """The buildings as a flood run takes them."""
        return Buildings(self.cover, method)

    def initial_depth(self) -> Float32:
        """Water at the start [m]: up to each body's level within its outline, where the ground lies lower."""
        levels = np.array([-np.inf, *(body.level for body in self.bodies)], np.float32)
        depth: Float32 = np.maximum(levels[self.water] - self.elevation, np.float32(0))
        return depth

    def boundaries(self, stages: Mapping[str, Stage | float] | None = None) -> list[Boundary]:
        """A stage boundary wherever water meets an edge of the grid: the body's level at the start, or what
        `stages` has for its id or name, a series in time or one level [m]."""
        made = []
        for name in dict.fromkeys((body.name, body.level) for body in self.bodies):
            members = [i for i, b in enumerate(self.bodies) if (b.name, b.level) == name]
            stage: Stage | float = name[1]
            for i in members:
                stage = (stages or {}).get(self.bodies[i].id, (stages or {}).get(name[0], stage))
            made += stage_boundaries(np.isin(self.water, [i + 1 for i in members]), stage)
        return made


def flood_scene(
    city: City,
    cell_size: float = 5.0,
    bounds: Bounds | None = None,
    *,
    crs: str | None = None,
    holes: Holes = "refuse",
    table: LanduseTable | None = None,
    levels: Mapping[str, float] | None = None,
    observations: Observations | None = None,
    at: int | None = None,
) -> FloodScene:
    """The city's inputs on a grid of square cells.

    cell_size: [m]. bounds: west, south, east, north [m] in the grid's coordinate system; None for all of the
    terrain within the city. crs: of the grid, projected in metres; None for the city's, or for a city in
    degrees the UTM zone of its middle. holes: of the terrain, "refuse" or "fill". table: of land use.
    levels: of water bodies at the start [m] by id or name. observations: with them, water that has a gauge
    starts at its latest level up to `at` [µs]; `levels` go before it.

    Raises AnalysisError without a plane in metres, without terrain, for holes in it, for too many cells.
    """
    plane = plane_of(city, crs)
    grid = make_grid(city, plane, cell_size, bounds)
    ground = elevation(city, grid, plane, holes)
    table = table or landuse_table()
    notes = [f"the ground is put together from {ground.source}"] if ground.source == "objects" else []
    if plane.moved:
        notes.append(f"the city's coordinates are not in metres; the grid is in {grid.crs}")
    if ground.filled:
        notes.append(f"{ground.filled:,} cells without a height are filled from around them")
    bodies = water_bodies(city, plane, grid.bounds, levels)
    if observations is not None:
        measured, said = gauged(bodies, gauges(observations, bodies, plane), observations, at)
        given = set(levels or {})
        bodies = [b if {b.id, b.name} & given else m for b, m in zip(bodies, measured, strict=True)]
        notes += said
    standing = buildings(city, plane, grid.bounds)
    shapes = [b.shape for b in standing]
    return FloodScene(
        grid,
        plane,
        ground.heights,
        cover(shapes, grid),
        numbered(shapes, grid),
        standing,
        landuse(city, grid, plane, table, shapes),
        table,
        numbered([b.shape for b in bodies], grid),
        bodies,
        notes,
    )
