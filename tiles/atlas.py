"""Rectangles of pixels: merging those that overlap, and packing them onto one square.

Packing is by shelves: the parts sorted by height, put side by side in rows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

_MANY = 400  # more parts of one image than this are taken as one
_FULL = 0.6  # parts that cover this share of their common box are taken as one
_SHRINK = 0.93


@dataclass(slots=True, frozen=True)
class Rect:
    """[pixel], origin upper left, right and bottom exclusive."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        return self.right - self.left

    @property
    def height(self) -> int:
        return self.bottom - self.top


def merge(boxes: npt.NDArray[np.int_], width: int, height: int) -> tuple[list[Rect], npt.NDArray[np.intp]]:
    """Boxes (k, 4) left, top, right, bottom of one image, joined until none overlap: the rectangles, at
    least a pixel wide and inside the image, and for each box the index of its rectangle."""
    boxes = boxes.copy()
    boxes[:, 0] = np.clip(boxes[:, 0], 0, width - 1)
    boxes[:, 1] = np.clip(boxes[:, 1], 0, height - 1)
    boxes[:, 2] = np.clip(boxes[:, 2], boxes[:, 0] + 1, width)
    boxes[:, 3] = np.clip(boxes[:, 3], boxes[:, 1] + 1, height)
    around = Rect(*map(int, (*boxes[:, :2].min(axis=0), *boxes[:, 2:].max(axis=0))))
    if len(boxes) > _MANY:
        return [around], np.zeros(len(boxes), np.intp)
    place = np.arange(len(boxes))
    current = boxes
    while True:
        overlap = (
            (current[:, None, 0] < current[None, :, 2])
            & (current[None, :, 0] < current[:, None, 2])
            & (current[:, None, 1] < current[None, :, 3])
            & (current[None, :, 1] < current[:, None, 3])
        )
        group = overlap.argmax(axis=1)  # the first box that this one overlaps, itself at the latest
        kept, index = np.unique(group, return_inverse=True)
        if len(kept) == len(current):
            break
        joined = np.empty((len(kept), 4), boxes.dtype)
        for k in range(len(kept)):
            members = current[index == k]
            joined[k] = (*members[:, :2].min(axis=0), *members[:, 2:].max(axis=0))
        place = index[place]
        current = joined
    covered = ((current[:, 2] - current[:, 0]) * (current[:, 3] - current[:, 1])).sum()
    if len(current) > 1 and covered >= _FULL * around.width * around.height:
        return [around], np.zeros(len(boxes), np.intp)
    return [Rect(*map(int, row)) for row in current], place


def pack(sizes: list[tuple[int, int]], edge: int, pad: int) -> tuple[list[Rect], int, int] | None:
    """Places for parts of (width, height) on a sheet of at most `edge` pixels, `pad` around each, all
    scaled down alike where they do not fit: the rectangles, and the sheet's width and height. None when
    they do not fit with a pixel each."""
    area = sum((w + 2 * pad) * (h + 2 * pad) for w, h in sizes)
    scale = min(1.0, edge / math.sqrt(area))
    while True:
        scaled = [(max(round(w * scale), 1), max(round(h * scale), 1)) for w, h in sizes]
        placed = _shelves(scaled, edge, pad)
        if placed is not None:
            return placed
        if all(part == (1, 1) for part in scaled):
            return None
        scale *= _SHRINK


def _shelves(sizes: list[tuple[int, int]], edge: int, pad: int) -> tuple[list[Rect], int, int] | None:
    widest = max(w for w, _ in sizes) + 2 * pad
    total = sum((w + 2 * pad) * (h + 2 * pad) for w, h in sizes)
    limit = min(edge, max(widest, math.ceil(1.1 * math.sqrt(total))))
    if widest > edge:
        return None
    placed: list[Rect | None] = [None] * len(sizes)
    x = y = shelf = right = 0
    for k in sorted(range(len(sizes)), key=lambda i: (-sizes[i][1], -sizes[i][0])):
        width, height = sizes[k][0] + 2 * pad, sizes[k][1] + 2 * pad
        if x + width > limit:
            x, y, shelf = 0, y + shelf, 0
        if y + height > edge:
            return None
        placed[k] = Rect(x + pad, y + pad, x + pad + sizes[k][0], y + pad + sizes[k][1])
        x += width
        shelf = max(shelf, height)
        right = max(right, x)
    return [r for r in placed if r is not None], right, y + shelf
