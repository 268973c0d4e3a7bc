"""The city's ground as an elevation model: its terrain models as one, or one from where its objects stand.

Without a terrain model the ground is put together from where things stand (bases of buildings, roads, water,
relief), so that nothing floats or sinks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from citygml.crs import parse
from citygml.model import Float64
from twin.place import city_crs, metres_per_unit
from twin.raster import Dem, open_dem
from twin.store import City
from twin.store.records import Layer

_STANDING = ("buildings", "roads", "water", "landuse", "relief", "vegetation", "furniture")
_BELOW = ("utilities", "tunnels")
_INSIDE, _LEVEL = "indoor", 1.0
"""Rooms stand on rooms: of an indoor model, what begins within this much [m] of its lowest point counts."""
_NO_HEIGHT = -9999.0
_SMALL = 150.0
"""[m] the lowest point of anything larger says little about the ground at its other end."""


def city_dems(city: City) -> list[Dem]:
    """The city's terrain models, the newest first: an earlier one of the list lies over a later one."""
    return [
        open_dem(city.folder / raster.file, crs=parse(raster.description["crs"]))
        for raster in reversed(city.rasters("dem"))
    ]


def city_dem(city: City) -> Dem | None:
    """The city's terrain models as one, else one put together from its objects; None for an empty city."""
    rasters = city.rasters("dem")
    if rasters:
        crs = parse(rasters[-1].description["crs"])
        files = [city.folder / raster.file for raster in reversed(rasters)]
        return open_dem(files[0] if len(files) == 1 else _merged(city, files), crs=crs)
    grid = ground_from_objects(city)
    return None if grid is None else write_ground(city, grid)


def _merged(city: City, files: list[Path]) -> Path:
    """Several terrain models in one file at the finest resolution, earlier ones over later ones."""
    from rasterio.merge import merge

    path = city.folder / "tiles" / "ground-merged.tif"
    path.parent.mkdir(exist_ok=True)
    layout: dict[str, str | int] = {
        "driver": "GTiff",
        "compress": "deflate",
        "bigtiff": "if_safer",
        "tiled": True,
    }
    layout |= {"blockxsize": 256, "blockysize": 256}
    merge(files, nodata=_NO_HEIGHT, use_highest_res=True, dst_path=path, dst_kwds=layout)
    return path


@dataclass(slots=True)
class GroundGrid:
    """The ground where things stand. low: the lower left corner, step: of a cell, in the city's units;
    heights: (rows, columns) float32 from the north, NaN where nothing stands."""

    low: Float64
    step: Float64
    heights: npt.NDArray[np.float32]


def ground_from_objects(city: City) -> GroundGrid | None:
    """The lowest point in each cell of a grid that is as fine as the objects are dense."""
    bounds = city.bounds()
    layers = _standing(city)
    count = sum(layer.objects for layer in layers)
    if bounds is None or not count:
        return None
    scale = np.array(metres_per_unit(city))
    low, high = np.array(bounds[:2]), np.array(bounds[3:5])
    extent = (high - low) * scale
    spacing = float(np.clip(np.sqrt(extent.prod() / (5 * count)), 2, 25))
    step = max(spacing, float(extent.max()) / 4000) / scale
    low = low - 4 * step
    columns, rows = (int(v) for v in np.ceil((high + 4 * step - low) / step))
    heights = np.full(rows * columns, np.inf, np.float32)
    for points in _ground_points(city, layers):
        column, row = ((points[:, :2] - low) / step).astype(np.int64).T
        np.minimum.at(heights, (rows - 1 - row) * columns + column, points[:, 2].astype(np.float32))
    heights[np.isinf(heights)] = np.nan
    return GroundGrid(low, step, heights.reshape(rows, columns))


def stands_as_before(city: City, row: int, run: int) -> bool:
    """Whether `ground_from_objects` is surely what it was when `row` was the last object and `run` the last
    ingestion: what came since stands where something of its layer stood that has gone."""
    came, gone = city.footings(row, run)
    # of relief and of what reaches down to 0, more counts than the box
    plain = all(layer != "relief" and low != 0.0 for layer, _, _, low, _, _ in came + gone)
    return plain and Counter(came) == Counter(gone)


def _standing(city: City) -> list[Layer]:
    """The layers of what stands on the ground; where there are none, all that are not below it."""
    layers = city.layers()
    return [x for x in layers if x.name in _STANDING] or [x for x in layers if x.name not in _BELOW]


def _ground_points(city: City, layers: list[Layer]) -> Iterator[Float64]:
    """(n, 3) points on the ground: the lowest level of each object at the corners and the middle of its
    box, and every vertex of relief. What is drawn on a map sheet, at the height 0, says nothing of the ground
    unless all is."""
    boxes = {layer.name: _standing_boxes(city, layer.name) for layer in layers if layer.name != "relief"}
    sheets = {name: (held[:, [2, 5]] == 0.0).all(axis=1) for name, held in boxes.items()}
    risen = any((~sheet).any() for sheet in sheets.values())
    for layer in layers:
        if layer.name == "relief":
            for stored in city.fetch(city.index(layer.name).rows):
                yield from (g.vertices for g in stored.decode().geometries)
            continue
        held = boxes[layer.name][~sheets[layer.name]] if risen else boxes[layer.name]
        if layer.name == _INSIDE and len(held):
            held = held[held[:, 2] <= held[:, 2].min() + _LEVEL]
        x0, y0, z0, x1, y1, _ = held.T
        small = np.maximum(x1 - x0, y1 - y0) * metres_per_unit(city)[1] < _SMALL
        for x, y in ((x0, y0), (x1, y0), (x0, y1), (x1, y1), ((x0 + x1) / 2, (y0 + y1) / 2)):
            yield np.column_stack([x, y, z0])[small]


def _standing_boxes(city: City, layer: str) -> Float64:
    """(n, 6) boxes of a layer's objects. Many models carry an outline at the height 0 beside the shape that
    stands on the ground (PLATEAU's LoD0): it does not count where an object has both."""
    boxes = city.boxes(layer)
    if not (boxes[:, 2] == 0.0).any():
        return boxes
    index = city.index(layer)
    boxes = index.bounds
    doubtful = np.flatnonzero((boxes[:, 2] == 0.0) & (boxes[:, 5] > 0.0))
    for k, stored in zip(doubtful, city.fetch(index.rows[doubtful]), strict=True):
        shapes = [g.vertices[:, 2] for g in stored.decode(surface_attributes=False).geometries]
        boxes[k, 2] = min((z.min() for z in shapes if z.any()), default=0.0)
    return boxes


def write_ground(city: City, grid: GroundGrid) -> Dem:
    import rasterio
    from rasterio.transform import from_origin

    path = city.folder / "tiles" / "ground-from-objects.tif"
    path.parent.mkdir(exist_ok=True)
    rows, columns = grid.heights.shape
    west, north = float(grid.low[0]), float(grid.low[1] + rows * grid.step[1])
    dx, dy = (float(v) for v in grid.step)
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        width=columns,
        height=rows,
        count=1,
        dtype="float32",
        nodata=np.nan,
        transform=from_origin(west, north, dx, dy),
        compress="deflate",
    ) as dataset:
        dataset.write(grid.heights, 1)
    return Dem(path, city_crs(city), columns, rows, west, north, dx, dy)
