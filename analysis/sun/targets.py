"""Where light is asked for: cells of the ground, and points on roofs and facades."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from analysis.sun.scene import Float64, Int32

Int64: TypeAlias = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Patches:
    """A grid of texels on each of some surfaces, p of them, which the points lie in the middles of.

    surface: (p,) int32 index into the scene's surfaces. origin, u, v: (p, 3) float64; texel (i, j) of a patch
    has its middle at origin + (j + 0.5) u + (i + 0.5) v [m], u along its horizontal, v up its slope,
    both as long as a texel. shape: (p, 2) int32 rows and columns. texel: (n,) int64 for each point, index of
    its texel among all texels, patch after patch, row by row. Texels without a point lie outside the polygon.
    """

    surface: Int32
    origin: Float64
    u: Float64
    v: Float64
    shape: Int32
    texel: Int64

    @property
    def start(self) -> Int64:
        """(p + 1,) the first texel of each patch."""
        return np.concatenate([[0], np.cumsum(self.shape.astype(np.int64).prod(axis=1))])


@dataclass(frozen=True)
class Targets:
    """n points. points, normals: (n, 3) float64 [m], a little in front of their surface. area: (n,) float64
    [m²] that each stands for. surface: (n,) int32 index into the scene's surfaces, -1 on the ground.
    ground: (rows, columns) if the points are all cells of the height field, row by row."""

    points: Float64
    normals: Float64
    area: Float64
    surface: Int32
    patches: Patches | None = None
    ground: tuple[int, int] | None = None

    def __len__(self) -> int:
        return len(self.points)
