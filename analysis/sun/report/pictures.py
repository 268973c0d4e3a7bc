"""Maps of the report as pictures: the ground and the buildings from above, with shadows or hours of sun."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from analysis.colours import ramp
from analysis.sun.scene import Float32, Float64, SunScene

UInt8 = npt.NDArray[np.uint8]
Bool = npt.NDArray[np.bool_]

PAPER = (250, 249, 246)
BUILDING = (203, 207, 212)
OUTLINE = (120, 128, 138)
PLANNED = (214, 96, 58)
SHADOW = (120, 138, 165)
ADDED = (240, 160, 75)
GONE = (150, 205, 170)
_TALL = 1.5
"""[m] above the ground that is drawn as a building."""
_CHANGED = 0.3
"""[m] by which a plan changes a cell's height to be drawn as part of it."""
_SIDE = 1400
"""Pixels that a map's longer side has at most."""
_LEAST = 120.0
"""[m] that a map shows at least, across."""


@dataclass(frozen=True)
class View:
    """The part of a scene that is drawn. rows, columns of the height field."""

    scene: SunScene
    rows: slice
    columns: slice

    @property
    def shape(self) -> tuple[int, int]:
        return self.rows.stop - self.rows.start, self.columns.stop - self.columns.start

    @property
    def metres(self) -> tuple[float, float]:
        """Width and height."""
        rows, columns = self.shape
        return columns * self.scene.cell_size, rows * self.scene.cell_size

    def place(self, points: Float64) -> Float64:
        """(n, 2) where points (n, 2+) lie, as shares of the width from the left and the height from below."""
        cell = self.scene.cell_size
        x = (points[:, 0] - self.scene.west) / cell - self.columns.start
        y = (self.scene.north - points[:, 1]) / cell - self.rows.start
        rows, columns = self.shape
        return np.column_stack([x / columns, 1 - y / rows])

    def cut(self, field: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return field[self.rows, self.columns]


def view_of(scene: SunScene, points: Float64, ratio: float, margin: float = 40.0) -> View:
    """What shows all points (n, 2+) with a margin [m], its width to its height as ratio, inside the scene as
    far as it goes; all of the scene where there are no points."""
    rows, columns = scene.shape
    cell = scene.cell_size
    if len(points):
        west, south = points[:, :2].min(axis=0) - margin
        east, north = points[:, :2].max(axis=0) + margin
    else:
        west, north = scene.west, scene.north
        east, south = west + columns * cell, north - rows * cell
    width, height = max(east - west, _LEAST), max(north - south, _LEAST)
    width, height = max(width, height * ratio), max(height, width / ratio)
    low, high = _span((west + east) / 2 - scene.west, width, columns, cell)
    top, bottom = _span(scene.north - (south + north) / 2, height, rows, cell)
    return View(scene, slice(top, bottom), slice(low, high))


def _span(middle: float, length: float, cells: int, cell: float) -> tuple[int, int]:
    count = min(max(round(length / cell), 1), cells)
    first = min(max(round(middle / cell - count / 2), 0), cells - count)
    return first, first + count


def shadows(view: View, before: Bool, after: Bool | None, plan: SunScene | None) -> Image.Image:
    """A shadow plan. before, after: (rows, columns) True in shadow, of the whole scene."""
    picture = _ground(view)
    now = view.cut(before)
    if after is None:
        picture[now] = SHADOW
    else:
        then = view.cut(after)
        picture[now & then] = SHADOW
        picture[now & ~then] = GONE
        picture[then & ~now] = ADDED
    return _finished(view, picture, plan)


def hours(view: View, values: Float32, most: float, plan: SunScene | None) -> Image.Image:
    """A map of hours of sun (rows, columns), from none to most [h]."""
    colours = ramp("viridis")
    known = view.cut(values)
    share = np.clip(np.nan_to_num(known) / (most or 1.0), 0, 1)
    picture = colours[np.round(share * 255).astype(np.uint8)]
    picture[~np.isfinite(known)] = PAPER
    return _finished(view, picture, plan)


def _ground(view: View) -> UInt8:
    return np.broadcast_to(np.array(PAPER, np.uint8), (*view.shape, 3)).copy()


def _finished(view: View, picture: UInt8, plan: SunScene | None) -> Image.Image:
    """With the buildings on it, their outlines drawn at the picture's own fineness."""
    scene = plan or view.scene
    tall = view.cut(scene.heights) - view.cut(scene.terrain) > _TALL
    new = np.zeros_like(tall)
    if plan is not None:
        new = tall & (np.abs(view.cut(plan.heights) - view.cut(view.scene.heights)) > _CHANGED)
    picture[tall] = BUILDING
    picture[new] = PLANNED
    times = max(1, _SIDE // max(view.shape))
    large, levels, outline = (
        np.repeat(np.repeat(each, times, 0), times, 1) for each in (picture, view.cut(scene.heights), tall)
    )
    large[outline & _edges(levels, outline)] = OUTLINE
    image = Image.fromarray(large)
    if max(image.size) > _SIDE:
        image.thumbnail((_SIDE, _SIDE), Image.Resampling.LANCZOS)
    return image


def _edges(levels: Float32, inside: Bool) -> Bool:
    """Cells of buildings beside one that is none, or that is much lower or higher."""
    edge = np.zeros_like(inside)
    for axis in (0, 1):
        here, there = _pair(axis)
        step = (inside[here] != inside[there]) | (np.abs(levels[here] - levels[there]) > 2 * _TALL)
        edge[here] |= step
        edge[there] |= step
    return edge


def _pair(axis: int) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    every, first, last = slice(None), slice(None, -1), slice(1, None)
    return ((first, every), (last, every)) if axis == 0 else ((every, first), (every, last))
