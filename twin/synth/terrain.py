"""The ground of the sample district: a flat delta with levees along its streams and low parks.

Heights [m] are above mean sea level (Incheon), as EPSG:5193 has them. The elevation model is a regular
grid in EPSG:5187; everything in the district takes its ground from it by bilinear interpolation, so
that what stands on the ground stands on what the terrain shows.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from citygml.model import Float32, Float64
from twin.synth.plan import LEVEE_TOE, Plan

CELL = 2.0  # [m]
CRS = "EPSG:5187+5193"
WATER_LEVEL = 0.6  # kept by the gates of the estuary barrage [m]
GROUND = 3.5  # at the inner toe of a levee [m]
CROWN = 0.9  # how much higher the middle of a strip lies, so that rain runs to both streams [m]
POND_LEVEL = 1.9  # of the pond in a low park [m]
PARK_DEPTH = 1.1  # of a low park below the streets around it [m]

# The bank of a stream: distance from the shoreline [m], height of a levee and of a canal's quay [m].
BANK_DISTANCE = np.array([-26.0, -11.0, 0.0, 5.0, 17.0, 25.5, 34.5, LEVEE_TOE])
LEVEE_HEIGHT = np.array([-2.2, -2.2, WATER_LEVEL, 1.7, 1.8, 4.8, 4.8, GROUND])
QUAY_HEIGHT = np.array([-1.4, -1.4, WATER_LEVEL, 2.2, 2.4, 3.9, 3.9, GROUND])
CREST = (25.5, 34.5)  # the levee's crest, from the shoreline [m]


@dataclass(slots=True)
class Terrain:
    """heights: (rows, columns) float32 at cell centres, row 0 in the north; west, north: outer corner."""

    heights: Float32
    west: float
    north: float
    plan: Plan

    def at(self, xy: Float64) -> Float64:
        """Ground height [m] at local points (..., 2), bilinear; beyond the edge the edge's height."""
        world = self.plan.frame.to_world(xy)
        rows, columns = self.heights.shape
        c = np.clip((world[..., 0] - self.west) / CELL - 0.5, 0, columns - 1.001)
        r = np.clip((self.north - world[..., 1]) / CELL - 0.5, 0, rows - 1.001)
        c0, r0 = c.astype(np.intp), r.astype(np.intp)
        fc, fr = c - c0, r - r0
        h = self.heights
        top = h[r0, c0] * (1 - fc) + h[r0, c0 + 1] * fc
        bottom = h[r0 + 1, c0] * (1 - fc) + h[r0 + 1, c0 + 1] * fc
        heights: Float64 = top * (1 - fr) + bottom * fr
        return heights


def _ground(plan: Plan, x: Float64, y: Float64) -> Float64:
    """Height of the ground at local x, y, by its formula, without parks."""
    axes = np.stack([plan.stream_x(i, y) for i in range(plan.strips + 1)])
    half = plan.stream_half
    spacing = plan.stream_base
    middle = (spacing[:-1] + spacing[1:]) / 2
    nearest = np.searchsorted(middle, x)
    offset = x - np.take_along_axis(axes, nearest[None], axis=0)[0]
    distance = np.abs(offset) - half[nearest]
    west = np.clip(nearest - (offset < 0), 0, plan.strips - 1)
    x0 = np.take_along_axis(axes, west[None], axis=0)[0] + half[west] + LEVEE_TOE
    x1 = np.take_along_axis(axes, west[None] + 1, axis=0)[0] - half[west + 1] - LEVEE_TOE
    across = np.clip((x - x0) / np.maximum(x1 - x0, 1.0), 0, 1)
    ground = GROUND + CROWN * np.sin(np.pi * across)
    ground = ground + 0.05 * np.sin(x / 61.0 + 1.0) * np.sin(y / 83.0) + 0.04 * np.sin(y / 210.0 + x / 170.0)
    canal = (nearest > 0) & (nearest < plan.strips)
    bank = np.interp(distance, BANK_DISTANCE, LEVEE_HEIGHT)
    bank[canal] = np.interp(distance[canal], BANK_DISTANCE, QUAY_HEIGHT)
    weight = np.clip((distance - CREST[1]) / (LEVEE_TOE - CREST[1]), 0, 1)
    height: Float64 = bank + weight * (ground - GROUND)
    return height


def pond_outline(centre: Float64, scale: float = 1.0, points: int = 28) -> Float64:
    """(points, 2) the shore of a low park's pond, counter-clockwise."""
    t = np.linspace(0, 2 * np.pi, points, endpoint=False)
    radius = scale * (1 + 0.12 * np.sin(2 * t + 0.6) + 0.06 * np.cos(3 * t))
    outline: Float64 = centre + np.stack([30.0 * radius * np.cos(t), 19.0 * radius * np.sin(t)], axis=1)
    return outline


def _sink_parks(plan: Plan, terrain: Terrain) -> None:
    """Lower the low parks into the grid, and the ponds in them."""
    for block in plan.blocks:
        if block.kind != "park":
            continue
        south, north = plan.block_y(block)
        centre = plan.block_centre(block)
        corner = plan.frame.to_world(centre)
        reach = 110.0
        c0, c1 = (int((corner[0] + d - terrain.west) / CELL) for d in (-reach, reach))
        r0, r1 = (int((terrain.north - corner[1] - d) / CELL) for d in (reach, -reach))
        window = terrain.heights[max(r0, 0) : r1, max(c0, 0) : c1]
        columns = terrain.west + (np.arange(max(c0, 0), max(c0, 0) + window.shape[1]) + 0.5) * CELL
        rows = terrain.north - (np.arange(max(r0, 0), max(r0, 0) + window.shape[0]) + 0.5) * CELL
        east, up = np.meshgrid(columns, rows)
        local = plan.frame.to_local(np.stack([east, up], axis=-1))
        west_side, east_side = plan.block_sides(block, np.clip(local[..., 1], south, north))
        inside = np.minimum(
            np.minimum(local[..., 0] - west_side, east_side - local[..., 0]),
            np.minimum(local[..., 1] - south, north - local[..., 1]),
        )
        bowl = np.clip((inside - 8.0) / 18.0, 0, 1)
        d = local - centre
        t = np.arctan2(d[..., 1] / 19.0, d[..., 0] / 30.0)
        shore = 1 + 0.12 * np.sin(2 * t + 0.6) + 0.06 * np.cos(3 * t)
        ratio = np.hypot(d[..., 0] / 30.0, d[..., 1] / 19.0) / shore
        floor = np.interp(ratio, [0.6, 1.0, 1.35], [POND_LEVEL - 1.2, POND_LEVEL, POND_LEVEL + 1.4])
        smooth = bowl * bowl * (3 - 2 * bowl)
        sunk = np.minimum(window - PARK_DEPTH * smooth, np.where(inside > 12, floor, np.inf))
        window[...] = np.where(inside > 0, np.minimum(window, sunk), window)


def make_terrain(plan: Plan) -> Terrain:
    """The elevation grid of the plan's ground, computed in bands of rows."""
    west, south, east, north = plan.world_bounds()
    columns, rows = int((east - west) / CELL), int((north - south) / CELL)
    heights = np.empty((rows, columns), dtype=np.float32)
    x = west + (np.arange(columns) + 0.5) * CELL
    band = max(1, 1_000_000 // columns)
    for start in range(0, rows, band):
        y = north - (np.arange(start, min(start + band, rows)) + 0.5) * CELL
        local = plan.frame.to_local(np.stack(np.meshgrid(x, y), axis=-1))
        shape = local.shape[:2]
        z = _ground(plan, local[..., 0].ravel(), local[..., 1].ravel())
        heights[start : start + len(y)] = z.reshape(shape)
    terrain = Terrain(heights, west, north, plan)
    _sink_parks(plan, terrain)
    np.round(terrain.heights, 3, out=terrain.heights)
    return terrain


def write_terrain(terrain: Terrain, path: Path) -> None:
    """Write the grid as a GeoTIFF (tiled, deflate, float32) in EPSG:5187 with heights in EPSG:5193."""
    import rasterio
    from rasterio.transform import from_origin

    rows, columns = terrain.heights.shape
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        width=columns,
        height=rows,
        count=1,
        dtype="float32",
        crs=CRS,
        transform=from_origin(terrain.west, terrain.north, CELL, CELL),
        tiled=True,
        blockxsize=256,
        blockysize=256,
        compress="deflate",
        predictor=3,
        nodata=-9999.0,
    ) as file:
        file.write(terrain.heights, 1)
        file.set_band_unit(1, "m")
        file.set_band_description(1, "ground height above mean sea level")
