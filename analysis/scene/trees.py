"""Trees as crowns over the grid: how high they reach, and where they begin.

A single tree's crown is an ellipsoid of revolution, from a quarter of its height to its top, as wide as its
crown diameter. Woods and hedges (PlantCover) stand at their average height over their area. The share of
the trunk is that of F. Lindberg and C. S. B. Grimmond (2011), The influence of vegetation and building
morphology on shadow patterns and mean radiant temperatures in urban areas, doi:10.1007/s00704-010-0382-8.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit

from analysis.scene.burn import numbered
from analysis.scene.elevation import Float32
from analysis.scene.grid import Bounds, Float64, Grid, Plane
from analysis.scene.outlines import areas, number
from analysis.scene.surfaces import city_box
from citygml.model import CityObject
from twin.store import City

TRUNK = 0.25
"""Share of a tree's height below its crown."""
TRANSMISSIVITY = 0.03
"""Share of the sun's beam that crosses a crown in leaf: 1.3 to 5.3 % of it did through single trees of a
town in Konarska et al. (2014), doi:10.1007/s00704-013-1000-3 (40 to 52 % through bare ones)."""
_LEAST = 1.0
"""Lower plants shade nothing that is looked at [m]."""


@dataclass
class Trees:
    """canopy, trunk: (rows, columns) float32 [m], top and bottom of crowns, NaN where there are none; None
    without any trees. count: trees and areas that are drawn."""

    canopy: Float32 | None
    trunk: Float32 | None
    count: int


def trees(city: City, grid: Grid, plane: Plane, terrain: Float32) -> Trees:
    """The city's vegetation on the grid."""
    if "vegetation" not in {layer.name for layer in city.layers()}:
        return Trees(None, None, 0)
    canopy = np.full(grid.shape, np.nan, np.float32)
    trunk = np.full(grid.shape, np.nan, np.float32)
    crowns = _crowns(city, plane, grid.bounds)
    _draw(canopy, trunk, crowns, grid.west, grid.north, grid.cell_size)
    covers = [
        (area.shape, height)
        for area in areas(city, plane, "vegetation", grid.bounds)
        if area.class_name == "PlantCover"
        and (height := number(area.attributes, ("averageHeight",)) or area.high - area.low) >= _LEAST
    ]
    if covers:
        which = numbered([shape for shape, _ in covers], grid)
        heights = np.array([0.0, *(height for _, height in covers)], np.float32)[which]
        covered = (which > 0) & ~(canopy >= terrain + heights)
        canopy[covered] = (terrain + heights)[covered]
        trunk[covered] = (terrain + np.float32(TRUNK) * heights)[covered]
    count = len(crowns) + len(covers)
    return Trees(canopy, trunk, count) if count else Trees(None, None, 0)


def _crowns(city: City, plane: Plane, bounds: Bounds) -> Float64:
    """(n, 5): x, y, the ground, height and the crown's radius of single trees [m]."""
    index = city.index("vegetation")
    low, high = city_box(plane, bounds)
    touching = (index.bounds[:, :2] <= high).all(axis=1) & (index.bounds[:, 3:5] >= low).all(axis=1)
    sizes: dict[str, tuple[float, float]] = {}
    found = []
    for stored in city.fetch(index.rows[touching]):
        if stored.class_name == "SolitaryVegetationObject":
            tree = _tree(stored.decode(surface_attributes=False), city, sizes)
            if tree is not None and tree[3] >= _LEAST:
                found.append(tree)
    crowns = np.array(found, np.float64).reshape(-1, 5)
    crowns[:, :2] = plane.to_grid(crowns[:, :2])
    return crowns


def _tree(
    obj: CityObject, city: City, sizes: dict[str, tuple[float, float]]
) -> tuple[float, float, float, float, float] | None:
    """x, y (in the city's coordinates), ground, height, radius; from its attributes, else from its shape."""
    height = number(obj.attributes, ("height",))
    crown = number(obj.attributes, ("crownDiameter",))
    radius = None if crown is None else crown / 2
    if obj.implicit:
        placed = obj.implicit[0]
        x, y, ground = placed.anchor
        if height is None or radius is None:
            if placed.template not in sizes:
                sizes[placed.template] = _size(city, placed.template)
            wide, tall = sizes[placed.template]
            height = height or tall * float(np.linalg.norm(placed.matrix[:3, 2]))
            radius = radius or wide / 2 * float(np.linalg.norm(placed.matrix[:3, 0]))
        return float(x), float(y), float(ground), height, radius
    bounds = obj.bounds()
    if bounds is None:
        return None
    x, y = bounds[:, :2].mean(axis=0)
    height = height or float(bounds[1, 2] - bounds[0, 2])
    return float(x), float(y), float(bounds[0, 2]), height, radius if radius is not None else height / 4


def _size(city: City, key: str) -> tuple[float, float]:
    """Width and height of a library geometry."""
    template = city.template(key)
    if template is None or not template.geometries:
        return 0.0, 0.0
    points = np.concatenate([g.vertices for g in template.geometries])
    extent = points.max(axis=0) - points.min(axis=0)
    return float(extent[:2].mean()), float(extent[2])


@njit(cache=True)  # type: ignore[untyped-decorator]
def _draw(canopy: Any, trunk: Any, crowns: Any, west: float, north: float, cell: float) -> None:
    """Ellipsoids into the cells whose middles they cover; the union of their heights where they meet."""
    rows, columns = canopy.shape
    for n in range(len(crowns)):
        x, y, ground, height, radius = crowns[n]
        if not radius > 0.0:
            continue
        middle = ground + 0.5 * (1.0 + TRUNK) * height
        half = 0.5 * (1.0 - TRUNK) * height
        left = max(0, int(np.floor((x - radius - west) / cell)))
        right = min(columns - 1, int(np.floor((x + radius - west) / cell)))
        top = max(0, int(np.floor((north - y - radius) / cell)))
        bottom = min(rows - 1, int(np.floor((north - y + radius) / cell)))
        for i in range(top, bottom + 1):
            dy = north - (i + 0.5) * cell - y
            for j in range(left, right + 1):
                dx = west + (j + 0.5) * cell - x
                share = (dx * dx + dy * dy) / (radius * radius)
                if share < 1.0:
                    reach = half * np.sqrt(1.0 - share)
                    if not canopy[i, j] >= middle + reach:
                        canopy[i, j] = middle + reach
                    if not trunk[i, j] <= middle - reach:
                        trunk[i, j] = middle - reach
