"""The picture of the ground as a pyramid of Web Mercator tiles, light and dark, made without outside imagery.

The deepest level is drawn (`tiles.painter`), the others are made from it by halving. Toward the border of
the city the picture fades into one background colour, which the globe can take.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tiles import palette
from tiles.folder import replaced
from tiles.ground import Ground
from tiles.painter import MARGIN, SIZE, Bounds, GroundShapes, Painter, Picture, to_world

__all__ = ["GroundShapes", "ImageryReport", "build_imagery"]

_DEEPEST = 18
_MOST_TILES = 8_000
# Tiles of the deepest level are drawn in blocks of 4 x 4.
_BLOCK = 2
# Lossless, since lossy WebP shifts the hue of pale and dark areas from block to block; 0 to 100, and 0 to 6.
_EFFORT, _METHOD = 20, 1


@dataclass(frozen=True)
class ImageryReport:
    """bounds: of the picture [degrees]; tiles and bytes over all styles."""

    min_level: int
    max_level: int
    tiles: int
    bytes: int
    bounds: Bounds


def build_imagery(
    shapes: GroundShapes,
    out_dir: Path,
    *,
    bounds: Bounds,
    ground: Ground | None = None,
    styles: Sequence[str] = ("light", "dark"),
    max_level: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> ImageryReport:
    """Draw the pyramid into a folder, which it replaces as a whole when done.

    bounds: (west, south, east, north) of the city [degrees]; the picture reaches 2 % farther and fades
    into the background near its border. ground: for hillshade. max_level: default 18 (0.6 m a pixel at
    the equator), less for large areas. progress: called with (blocks drawn, blocks in all).
    """
    outer = _widened(bounds)
    deepest = _deepest_level(outer) if max_level is None else max_level
    painter = Painter(shapes, outer, ground, deepest)
    shallowest = min(_shallowest_level(outer), deepest)
    description = {
        "scheme": "webmercator",
        "tile_size": SIZE,
        "min_level": shallowest,
        "max_level": deepest,
        "bounds": [round(v, 9) for v in outer],
        "styles": list(styles),
        "extension": "webp",
        "background": {style: "#" + bytes(palette.STYLES[style][0].tolist()).hex() for style in styles},
    }
    with replaced(out_dir) as folder:
        writer = _Writer(painter, folder, tuple(styles), progress)
        for x, y in _tile_grid(outer, shallowest):
            writer.write(shallowest, x, y)
        (folder / "imagery.json").write_text(json.dumps(description, indent=1) + "\n", encoding="utf-8")
    return ImageryReport(shallowest, deepest, writer.tiles, writer.bytes, outer)


class _Writer:
    """Writes tiles from the deepest level up; a parent is made of its four children."""

    def __init__(
        self,
        painter: Painter,
        folder: Path,
        styles: tuple[str, ...],
        progress: Callable[[int, int], None] | None,
    ) -> None:
        self.painter, self.folder, self.styles, self.progress = painter, folder, styles, progress
        self.tiles = self.bytes = self.drawn = 0
        self.block_level = max(painter.level - _BLOCK, 0)
        self.blocks = sum(1 for _ in _tile_grid(painter.bounds, self.block_level))

    def write(self, level: int, x: int, y: int) -> dict[str, Picture]:
        """Write a tile and all below it; its pictures by style."""
        if level >= self.block_level:
            pictures = self._block(level, x, y)
        else:
            pictures = {style: self._blank(style, 2 * SIZE) for style in self.styles}
            inside = set(_tile_grid(self.painter.bounds, level + 1))
            for i, j in ((0, 0), (1, 0), (0, 1), (1, 1)):
                if (2 * x + i, 2 * y + j) in inside:
                    for style, child in self.write(level + 1, 2 * x + i, 2 * y + j).items():
                        pictures[style][j * SIZE : (j + 1) * SIZE, i * SIZE : (i + 1) * SIZE] = child
            pictures = {style: _halved(picture) for style, picture in pictures.items()}
            for style, picture in pictures.items():
                self._save(style, level, x, y, picture)
        return pictures

    def _block(self, level: int, x: int, y: int) -> dict[str, Picture]:
        """Draw the tiles of the deepest level below a tile, and those between."""
        depth = self.painter.level - level
        drawn = self.painter.draw(x << depth, y << depth, 1 << depth, self.styles)
        for style, whole in drawn.items():
            picture = whole
            for current in range(self.painter.level, level - 1, -1):
                below = current - level
                inside = set(_tile_grid(self.painter.bounds, current))
                for i in range(1 << below):
                    for j in range(1 << below):
                        if ((x << below) + i, (y << below) + j) in inside:
                            tile = picture[j * SIZE : (j + 1) * SIZE, i * SIZE : (i + 1) * SIZE]
                            self._save(style, current, (x << below) + i, (y << below) + j, tile)
                if current > level:
                    picture = _halved(picture)
            drawn[style] = picture
        self.drawn += 1
        if self.progress is not None:
            self.progress(self.drawn, self.blocks)
        return drawn

    def _blank(self, style: str, size: int) -> Picture:
        return np.broadcast_to(palette.STYLES[style][0], (size, size, 3)).copy()

    def _save(self, style: str, level: int, x: int, y: int, picture: Picture) -> None:
        from PIL import Image

        path = self.folder / style / str(level) / str(x) / f"{y}.webp"
        path.parent.mkdir(parents=True, exist_ok=True)
        image = Image.fromarray(np.ascontiguousarray(picture))
        image.save(path, "WEBP", lossless=True, quality=_EFFORT, method=_METHOD)
        self.tiles += 1
        self.bytes += path.stat().st_size


def _tile_grid(bounds: Bounds, level: int) -> Iterator[tuple[int, int]]:
    """(x, y) of the tiles that touch the bounds, y from the north."""
    (west, south), (east, north) = to_world(np.array([[bounds[0], bounds[1]], [bounds[2], bounds[3]]]))
    count = 1 << level
    last = count - 1
    for x in range(max(math.floor(west * count), 0), min(math.floor(east * count), last) + 1):
        for y in range(
            max(math.floor((1 - north) * count), 0), min(math.floor((1 - south) * count), last) + 1
        ):
            yield x, y


def _widened(bounds: Bounds) -> Bounds:
    west, south, east, north = bounds
    across, up = max(east - west, 1e-4) * MARGIN, max(north - south, 1e-4) * MARGIN
    return west - across, max(south - up, -85.0), east + across, min(north + up, 85.0)


def _deepest_level(bounds: Bounds) -> int:
    (west, south), (east, north) = to_world(np.array([[bounds[0], bounds[1]], [bounds[2], bounds[3]]]))
    share = max((east - west) * (north - south), 1e-18)
    return max(0, min(_DEEPEST, math.floor(math.log2(math.sqrt(_MOST_TILES / share)))))


def _shallowest_level(bounds: Bounds) -> int:
    """The level at which the picture is about one tile across."""
    return max(0, math.floor(math.log2(360 / max(bounds[2] - bounds[0], bounds[3] - bounds[1]))))


def _halved(picture: Picture) -> Picture:
    from PIL import Image

    return np.array(Image.fromarray(picture).reduce(2))
