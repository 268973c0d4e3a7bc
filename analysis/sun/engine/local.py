"""The sun on a few points at some times, without sweeping the whole field for them.

For each cell that a point looks from, one line of the sweep is followed, from the edge of the field to the
cell, with the arithmetic of `sweep`; so the answer is that of `analysis.sun.exposure.sunlit`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from numba import njit, prange

from analysis.progress import Progress, part
from analysis.sun.engine.choice import chosen
from analysis.sun.engine.fronts import add_light, fronts
from analysis.sun.engine.lines import SINGLE, lines
from analysis.sun.engine.rays import Rays
from analysis.sun.engine.sweep import BIAS, HOW, WALL
from analysis.sun.position import SunPath
from analysis.sun.scene import Float64, SunScene, Surfaces
from analysis.sun.targets import Targets

Bool: TypeAlias = npt.NDArray[np.bool_]


def lit_at(
    scene: SunScene,
    sun: SunPath,
    targets: Targets,
    asked: Bool,
    engine: str = "auto",
    progress: Progress | None = None,
) -> Bool:
    """(t, n) bool: the sun shines on a target at a time, where (t, n) asked; False elsewhere."""
    up = sun.up(scene.horizon)
    asked = asked & up[:, None]
    if chosen(scene, engine) == "sweep":
        return _swept(scene, sun, targets, asked, progress)
    bare = replace(scene, heights=scene.terrain, surfaces=None)
    if scene.canopy is not None or float(np.ptp(scene.terrain)) > BIAS:
        asked = _swept(bare, sun, targets, asked, part(progress, 0.0, 0.5))
    return _traced(scene, sun, targets, asked, part(progress, 0.5, 1.0))


def lit_past(surfaces: Surfaces, scene: SunScene, sun: SunPath, targets: Targets, asked: Bool) -> Bool:
    """(t, n) bool: nothing of some surfaces alone stands before a target, where (t, n) asked."""
    return _traced(replace(scene, surfaces=surfaces), sun, targets, asked)


def _traced(
    scene: SunScene, sun: SunPath, targets: Targets, asked: Bool, progress: Progress | None = None
) -> Bool:
    rays = Rays(scene, targets)
    lit = np.zeros(asked.shape, np.bool_)
    told = part(progress, 0.0, 1.0, "sun on single points")
    for k in np.flatnonzero(asked.any(axis=1)):
        told(k / len(sun))
        light = np.zeros(len(targets), np.float32)
        rays.add(sun.directions[k], asked[k].astype(np.float32), 1.0, light)
        lit[k] = light > 0
    return lit


def _swept(
    scene: SunScene, sun: SunPath, targets: Targets, asked: Bool, progress: Progress | None = None
) -> Bool:
    place = fronts(scene, targets)
    cells, index = np.unique(np.maximum(place.cell, 0), return_inverse=True)
    compact = np.where(place.cell >= 0, index, place.cell).astype(np.int32)
    rows, columns = np.divmod(cells, scene.shape[1])
    lit = np.zeros(asked.shape, np.bool_)
    shade = np.empty(len(cells), np.float32)
    trees = scene.canopy is not None
    low, high = (np.empty(len(cells), np.float32) if trees else None for _ in range(2))
    told = part(progress, 0.0, 1.0, "sun on single points")
    for k in np.flatnonzero(asked.any(axis=1)):
        told(k / len(sun))
        direction = sun.directions[k]
        wanted = np.unique(index[asked[k]])
        _shade(scene, direction, rows[wanted], columns[wanted], wanted, shade)
        if low is not None and high is not None:
            _crowns(scene, direction, rows[wanted], columns[wanted], wanted, low, high)
        light = np.zeros(len(targets), np.float32)
        add_light(
            compact, place.height, place.east, place.north, place.runs, place.normals, direction, shade,
            low, high, np.float32(1.0), np.float32(0.0), light,
        )  # fmt: skip
        lit[k] = (light > 0) & asked[k]
    return lit


def _fall(direction: Float64) -> float:
    """Tangent of the elevation."""
    return float(direction[2]) / max(float(np.hypot(direction[0], direction[1])), 1e-9)


def _shade(scene: SunScene, direction: Float64, rows: Any, columns: Any, into: Any, shade: Any) -> None:
    way = lines(scene.shape, direction)
    drop = np.float32(_fall(direction) * way.step * scene.cell_size)
    along, aside = (columns, rows) if way.across else (rows, columns)
    _follow(
        way.laid(scene.heights), along, aside, way.shift, way.beside, way.near * drop, way.far * drop,
        way.best, way.reverse, drop, np.float32(WALL * scene.cell_size), into, shade,
    )  # fmt: skip


def _crowns(
    scene: SunScene, direction: Float64, rows: Any, columns: Any, into: Any, low: Any, high: Any
) -> None:
    way = lines(scene.shape, direction, SINGLE)
    drop = np.float32(_fall(direction) * way.step * scene.cell_size)
    along, aside = (columns, rows) if way.across else (rows, columns)
    trunk = scene.trunk if scene.trunk is not None else scene.terrain
    _follow_crowns(
        way.laid(scene.heights), way.laid(scene.canopy), way.laid(trunk), along, aside, way.shift[0],
        way.reverse, drop, into, low, high,
    )  # fmt: skip


@njit(parallel=True, **HOW)  # type: ignore[untyped-decorator]
def _follow(
    z: Any, along: Any, aside: Any, shift: Any, beside: Any, near: Any, far: Any, best: Any, reverse: Any,
    drop: Any, wall: Any, into: Any, shade: Any,
) -> None:  # fmt: skip
    """shade (cells,) float32: for each cell, `reach` of `sweep._step` on the line that it is on."""
    steps, width = z.shape
    for n in prange(len(along)):
        last = steps - 1 - along[n] if reverse else along[n]
        p = 0
        while not best[p, last]:
            p += 1
        line = aside[n] - shift[p, last]
        top = np.float32(-np.inf)
        before = np.float32(-np.inf)
        reach = np.float32(-np.inf)
        for k in range(last + 1):
            j = line + shift[p, k]
            if j < 0 or j >= width:
                continue
            i = steps - 1 - k if reverse else k
            here = z[i, j]
            reach = top - drop
            reach = max(reach, before - near[p, k]) if before - here > wall else reach
            if beside[p, k] != 0:
                row = i if beside[p, k] == 2 else (i + 1 if reverse else i - 1)
                column = j if beside[p, k] == 1 else j + shift[p, k - 1] - shift[p, k]
                if column >= 0 and column < width:
                    side = z[row, column]
                    reach = max(reach, side - far[p, k]) if side - here > wall else reach
            before = here
            top = max(here, reach)
        shade[into[n]] = reach


@njit(parallel=True, **HOW)  # type: ignore[untyped-decorator]
def _follow_crowns(
    z: Any, canopy: Any, trunk: Any, along: Any, aside: Any, shift: Any, reverse: Any, drop: Any, into: Any,
    low: Any, high: Any,
) -> None:  # fmt: skip
    """low, high (cells,) float32: for each cell what `sweep.sweep_crowns` writes there."""
    steps, width = z.shape
    none = np.float32(np.inf)
    for n in prange(len(along)):
        last = steps - 1 - along[n] if reverse else along[n]
        line = aside[n] - shift[last]
        bottom = none
        top = -none
        a = none
        b = -none
        for k in range(last + 1):
            j = line + shift[k]
            if j < 0 or j >= width:
                continue
            i = steps - 1 - k if reverse else k
            a = bottom - drop
            b = top - drop
            bottom = a
            top = b
            if b <= z[i, j]:
                bottom = none
                top = -none
            if canopy[i, j] > z[i, j]:
                bottom = min(bottom, trunk[i, j])
                top = max(top, canopy[i, j])
        low[into[n]] = a
        high[into[n]] = b
