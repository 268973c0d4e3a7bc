"""The damage of a flood to a city: from the scene that was flooded and its greatest depths."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from analysis.damage.assess import Assessment, assess
from analysis.damage.curves import Curve, damage_curves
from analysis.damage.depth import Statistic, depth_at_buildings
from analysis.damage.exposure import Occupancy, exposure
from analysis.damage.roads import CUT_FROM, roads_cut
from analysis.damage.uses import UseTable
from analysis.damage.values import Costs, Prices, Vulnerability, construction_costs
from analysis.errors import AnalysisError
from analysis.scene.burn import cover, numbered
from analysis.scene.elevation import Holes, elevation
from analysis.scene.flood import FloodScene
from analysis.scene.grid import Grid, Plane
from analysis.scene.outlines import Outline, areas, buildings
from twin.store import City

if TYPE_CHECKING:
    import pandas as pd

_BUILT = 0.5
"""A cell built on by this share or more holds no water where a run blocks buildings."""


@dataclass(frozen=True)
class Exposed:
    """What a depth raster is laid over: a part of a `FloodScene`. building, cover, elevation: (rows, columns)
    on the grid."""

    grid: Grid
    plane: Plane
    buildings: list[Outline]
    building: npt.NDArray[np.int32]
    cover: npt.NDArray[np.float32]
    elevation: npt.NDArray[np.float32]

    @classmethod
    def of(cls, scene: FloodScene) -> Exposed:
        """From the scene of the run."""
        return cls(scene.grid, scene.plane, scene.buildings, scene.building, scene.cover, scene.elevation)

    @classmethod
    def read(cls, city: City, grid: Grid, plane: Plane, holes: Holes = "fill") -> Exposed:
        """From the city, for a depth raster on a grid that comes from elsewhere."""
        standing = buildings(city, plane, grid.bounds)
        shapes = [b.shape for b in standing]
        heights = elevation(city, grid, plane, holes).heights
        return cls(grid, plane, standing, numbered(shapes, grid), cover(shapes, grid), heights)


@dataclass(frozen=True)
class CityDamage:
    """assessment: of buildings. roads: of `roads_cut`."""

    assessment: Assessment
    roads: pd.DataFrame


def city_damage(
    city: City,
    exposed: Exposed,
    depth: npt.NDArray[Any],
    *,
    country: str = "KOR",
    costs: Costs | None = None,
    curves: dict[str, Curve] | None = None,
    uses: UseTable | None = None,
    default: str = "residential",
    vulnerability: Vulnerability | None = None,
    prices: Prices | None = None,
    occupancy: Occupancy | None = None,
    statistic: Statistic = "max",
    blocked: bool = True,
    exposed_from: float = 0.1,
    cut_from: float = CUT_FROM,
) -> CityDamage:
    """Damage, people exposed and roads cut, for depths (rows, columns) [m] on the grid of `exposed`.

    country: of the JRC's costs and curves, unless `costs` and `curves` are given. blocked: whether cells
    that are built on by half or more held no water in the run; they are then left out. The other arguments
    are those of `exposure`, `assess` and `roads_cut`. NaN depths are dry. Raises AnalysisError.
    """
    if depth.shape != exposed.grid.shape:
        raise AnalysisError(f"depths {depth.shape} are not on the grid {exposed.grid.shape} of the city")
    water = np.maximum(np.nan_to_num(depth, nan=0.0, posinf=np.inf, neginf=-np.inf), 0)
    costs = costs or construction_costs(country)
    occupancy = occupancy or Occupancy()
    parcels = list(areas(city, exposed.plane, "landuse", exposed.grid.bounds))
    table = exposure(exposed.buildings, uses=uses, default=default, occupancy=occupancy, blocks=parcels)
    at, _ = depth_at_buildings(
        water,
        exposed.building,
        len(exposed.buildings),
        exposed.cover >= _BUILT if blocked else None,
        statistic,
    )
    assessment = assess(
        table,
        at,
        curves or damage_curves(costs.region),
        costs,
        vulnerability=vulnerability,
        prices=prices,
        exposed_from=exposed_from,
        storey_height=occupancy.storey_height,
    )
    roads = roads_cut(city, exposed.plane, exposed.grid, water, exposed.elevation, cut_from)
    return CityDamage(assessment, roads)
