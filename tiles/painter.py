"""Draws the ground: a quiet map of the city's own layers over its relief, light and dark.

Land use, green, water with a soft shore, roads with a casing, rails, parcel lines, and the soft shade that
buildings leave around their feet. Classes are drawn once, four times as fine as the picture; each style
colours them. World coordinates are Web Mercator from 0 to 1, eastward and northward.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import shapely

from tiles import palette
from tiles.ground import Ground

Float32: TypeAlias = npt.NDArray[np.float32]
Float64: TypeAlias = npt.NDArray[np.float64]
Picture: TypeAlias = npt.NDArray[np.uint8]
Bounds: TypeAlias = tuple[float, float, float, float]

SIZE = 256
# The picture reaches this much farther than the city and fades over that much inside, as shares of its size.
MARGIN = 0.02
_FADE = 0.08
_EQUATOR = 40_075_016.686  # [m]
_OVERSAMPLING = 4
_HALO = 32
# The relief is computed for every fourth pixel.
_RELIEF_STEP = 4
# Slopes toward the light brighten less than those away from it darken, so that white roads stay distinct.
_BRIGHTEST = 1.1


@dataclass
class GroundShapes:
    """What to draw, in longitude and latitude [degrees]; polygons, or lines where it says so.

    landuse: class -> polygons; classes are the keys of `palette.LANDUSE`, others are drawn as "other".
    roads, paths, rails: surfaces, or centre lines, which get a usual width. parcels: polygons, of which
    the outlines are drawn, or lines. buildings: footprints.
    """

    landuse: Mapping[str, Sequence[shapely.Geometry]] = field(default_factory=dict)
    green: Sequence[shapely.Geometry] = ()
    water: Sequence[shapely.Geometry] = ()
    roads: Sequence[shapely.Geometry] = ()
    paths: Sequence[shapely.Geometry] = ()
    rails: Sequence[shapely.Geometry] = ()
    parcels: Sequence[shapely.Geometry] = ()
    buildings: Sequence[shapely.Geometry] = ()


class Painter:
    """Draws squares of tiles of one level. World coordinates run from 0 to 1 eastward and northward."""

    def __init__(self, shapes: GroundShapes, bounds: Bounds, ground: Ground | None, level: int) -> None:
        self.bounds, self.ground, self.level = bounds, ground, level
        self.box = to_world(np.array([[bounds[0], bounds[1]], [bounds[2], bounds[3]]]))
        latitude = math.radians((bounds[1] + bounds[3]) / 2)
        self.metre = 1 / (_EQUATOR * math.cos(latitude))
        self.pixel = 1 / (SIZE << level)
        self.geometries, self.classes = _prepared(shapes, self.metre)
        self.tree = shapely.STRtree(self.geometries)
        self.exaggeration = _exaggeration(ground, bounds) if ground is not None else 1.0

    def draw(self, x: int, y: int, count: int, styles: tuple[str, ...]) -> dict[str, Picture]:
        """Per style (count * 256, count * 256, 3) uint8: the tiles from (x, y) on, y from the north."""
        side = count * SIZE + 2 * _HALO
        west = x * SIZE * self.pixel - _HALO * self.pixel
        north = 1 - y * SIZE * self.pixel + _HALO * self.pixel
        classes = self._rasterized(west, north, side)
        shade = self._shade(west, north, side)
        fade = self._fade(west, north, side)[..., None]
        building = _share(classes, palette.BUILDING)
        feet = _blurred(building, 2.5 * self._pixels_per_metre) * (1 - building)
        offshore = _blurred(_share(classes, palette.WATER), 9 * self._pixels_per_metre)
        inner = slice(_HALO, -_HALO)
        pictures = {}
        for style in styles:
            look = palette.STYLES[style]
            picture = _coloured(classes, look)
            water = _share(classes, palette.WATER)[..., None]
            deep = np.clip(offshore * 2 - 1, 0, 1)[..., None]
            picture += water * deep * (palette.DEEP_WATER[style] - look[palette.WATER])
            picture *= (1 - palette.FOOT_SHADE[style] * feet)[..., None]
            picture *= 1 + (shade[..., None] - 1) * palette.RELIEF[style] * (1 - 0.8 * water)
            picture = look[0] + (picture - look[0]) * fade
            pictures[style] = np.rint(np.clip(picture[inner, inner], 0, 255)).astype(np.uint8)
        return pictures

    @property
    def _pixels_per_metre(self) -> float:
        return self.metre / self.pixel

    def _rasterized(self, west: float, north: float, side: int) -> Picture:
        """(side * oversampling) squared uint8, the class on top."""
        from rasterio.features import rasterize
        from rasterio.transform import Affine

        fine = side * _OVERSAMPLING
        step = self.pixel / _OVERSAMPLING
        window = shapely.box(west, north - side * self.pixel, west + side * self.pixel, north)
        found = np.sort(self.tree.query(window, predicate="intersects"))
        canvas = np.zeros((fine, fine), np.uint8)
        if len(found):
            pairs = zip(self.geometries[found], self.classes[found].tolist(), strict=True)
            rasterize(pairs, out=canvas, transform=Affine(step, 0, west, 0, -step, north))
        return canvas

    def _shade(self, west: float, north: float, side: int) -> Float32:
        """(side, side) brightness of the relief, 1 where it is flat."""
        if self.ground is None:
            return np.ones((side, side), np.float32)
        step = _RELIEF_STEP * self.pixel
        # On a lattice that all blocks share, one sample more on each side for the slopes.
        count = side // _RELIEF_STEP + 3
        x: Float64 = west + (np.arange(count, dtype=np.float64) - 1) * step
        y: Float64 = north - (np.arange(count, dtype=np.float64) - 1) * step
        spacing = step / self.metre
        heights = self.ground.heights(x * 360 - 180, _latitude(y), spacing)
        south_slope, east_slope = np.gradient(heights * self.exaggeration, spacing)
        slopes = np.sqrt(1 + south_slope**2 + east_slope**2)
        bright = np.zeros_like(heights)
        for azimuth, weight in ((315.0, 0.6), (270.0, 0.2), (0.0, 0.2)):
            angle, altitude = np.radians(azimuth), np.radians(45.0)
            toward = np.cos(altitude) * (-east_slope * np.sin(angle) + south_slope * np.cos(angle))
            bright += weight * (toward + np.sin(altitude)) / slopes
        relief = np.clip(bright / np.sin(np.radians(45.0)), 0.3, _BRIGHTEST)
        at = np.arange(side) / _RELIEF_STEP + 1 + 0.5 / _RELIEF_STEP
        low = np.floor(at).astype(np.intp)
        part = at - low
        rows = relief[low] * (1 - part)[:, None] + relief[low + 1] * part[:, None]
        smooth = rows[:, low] * (1 - part) + rows[:, low + 1] * part
        return np.asarray(smooth, np.float32)

    def _fade(self, west: float, north: float, side: int) -> Float32:
        """(side, side) 1 in the city, 0 at the border of the picture, where its data would end in a cut."""
        (low_x, low_y), (high_x, high_y) = self.box
        reach = min(high_x - low_x, high_y - low_y) * _FADE
        x = west + (np.arange(side) + 0.5) * self.pixel
        y = north - (np.arange(side) + 0.5) * self.pixel
        near = [np.clip(np.minimum(v - low, high - v) / reach, 0, 1)
                for v, low, high in ((x, low_x, high_x), (y, low_y, high_y))]  # fmt: skip
        ramp = [t * t * (3 - 2 * t) for t in near]
        return np.asarray(ramp[1][:, None] * ramp[0][None, :], np.float32)


def _prepared(shapes: GroundShapes, metre: float) -> tuple[npt.NDArray[Any], npt.NDArray[np.uint8]]:
    """All geometries in world coordinates in the order of drawing, and their classes."""
    geometries: list[npt.NDArray[Any]] = []
    classes: list[int] = []

    def add(parts: npt.NDArray[Any], number: int) -> None:
        geometries.append(parts)
        classes.extend([number] * len(parts))

    def surfaces(given: Sequence[shapely.Geometry], width: float) -> npt.NDArray[Any]:
        parts = _in_world(given)
        lines = shapely.get_dimensions(parts) < 2
        return np.concatenate([parts[~lines], shapely.buffer(parts[lines], width / 2 * metre)])

    for name in sorted(shapes.landuse, key=palette.landuse_class):
        add(surfaces(shapes.landuse[name], 1.0), palette.landuse_class(name))
    add(surfaces(shapes.green, 2.0), palette.GREEN)
    add(shapely.buffer(shapely.boundary(_outlines(shapes.parcels)), 0.2 * metre), palette.PARCEL)
    water = surfaces(shapes.water, 3.0)
    add(shapely.buffer(water, 0.8 * metre), palette.SHORE)
    add(water, palette.WATER)
    paths, rails, roads = (
        surfaces(shapes.paths, 2.0),
        surfaces(shapes.rails, 3.0),
        surfaces(shapes.roads, 7.0),
    )
    add(shapely.buffer(paths, 0.3 * metre), palette.CASING)
    add(shapely.buffer(roads, 0.7 * metre), palette.CASING)
    add(paths, palette.PATH)
    add(roads, palette.ROAD)
    add(rails, palette.RAIL)
    buildings = surfaces(shapes.buildings, 1.0)
    add(shapely.buffer(buildings, 0.35 * metre, join_style="mitre"), palette.CASING)
    add(buildings, palette.BUILDING)
    whole = np.concatenate(geometries)
    known = ~(shapely.is_missing(whole) | shapely.is_empty(whole))
    return whole[known], np.array(classes, np.uint8)[known]


def _in_world(given: Sequence[shapely.Geometry]) -> npt.NDArray[Any]:
    """Single geometries in world coordinates; points and invalid coordinates left out."""
    parts = shapely.get_parts(np.array(list(given), dtype=object))
    while (shapely.get_type_id(parts) > 3).any():
        parts = shapely.get_parts(parts)
    parts = parts[(shapely.get_dimensions(parts) > 0) & np.isfinite(shapely.bounds(parts)).all(axis=1)]
    return np.asarray(shapely.transform(parts, to_world), dtype=object)


def _outlines(given: Sequence[shapely.Geometry]) -> npt.NDArray[Any]:
    """Polygons as they are, lines as polygons without width, so that a boundary exists for both."""
    parts = _in_world(given)
    return np.array(
        [p if p.geom_type == "Polygon" else shapely.Polygon([*p.coords, *p.coords[::-1]]) for p in parts],
        dtype=object,
    )


def to_world(lonlat: Float64) -> Float64:
    """(n, 2) degrees -> (n, 2) Web Mercator from 0 to 1 eastward and northward."""
    latitude = np.radians(np.clip(lonlat[:, 1], -85.05112878, 85.05112878))
    north = 0.5 + np.arcsinh(np.tan(latitude)) / (2 * np.pi)
    return np.column_stack([(lonlat[:, 0] + 180) / 360, north])


def _latitude(north: Float64) -> Float64:
    latitude: Float64 = np.degrees(np.arctan(np.sinh((north - 0.5) * 2 * np.pi)))
    return latitude


def _exaggeration(ground: Ground, bounds: Bounds) -> float:
    """How much to exaggerate the relief: flat cities more, up to eight times, mountains not at all."""
    west, south, east, north = bounds
    longitude, latitude = np.linspace(west, east, 129), np.linspace(south, north, 129)
    spacing = (north - south) / 128 * _EQUATOR / 360
    heights = ground.heights(longitude, latitude, spacing)
    north_slope, east_slope = np.gradient(heights, spacing)
    steep = float(np.percentile(np.hypot(north_slope, east_slope), 95))
    return float(np.clip(0.35 / max(steep, 1e-6), 1.0, 8.0))


def _coloured(classes: Picture, look: Picture) -> Float32:
    """(side, side, 3) the classes in the colours of a style, at the picture's own scale."""
    from PIL import Image

    image = Image.fromarray(classes)
    image.putpalette(look.tobytes())
    return np.array(image.convert("RGB").reduce(_OVERSAMPLING), np.float32)


def _share(classes: Picture, number: int) -> Float32:
    """(side, side) the share of each pixel that a class covers."""
    from PIL import Image

    mask = Image.fromarray(np.where(classes == number, np.uint8(255), np.uint8(0)))
    return np.array(mask.reduce(_OVERSAMPLING), np.float32) / np.float32(255)


def _blurred(share: Float32, radius: float) -> Float32:
    from PIL import Image, ImageFilter

    if not share.any():
        return share
    image = Image.fromarray(np.rint(share * 255).astype(np.uint8))
    blurred = image.filter(ImageFilter.GaussianBlur(min(radius, _HALO / 2)))
    return np.array(blurred, np.float32) / np.float32(255)
