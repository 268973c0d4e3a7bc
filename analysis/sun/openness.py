"""How much of the sky stands open: sky-view factors, and the skyline in front of each target."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from analysis.progress import Progress
from analysis.sun.memory import check_memory
from analysis.sun.position import skyline, unit_vectors
from analysis.sun.scene import Float32, Float64, SunScene
from analysis.sun.targets import Targets

BEARINGS = 32
"""Directions around in which the sky is looked at."""
ELEVATIONS = 12
"""Bands of the sky, each of the same solid angle, for rays."""


def sky_view_factor(
    scene: SunScene, targets: Targets, engine: str = "auto", progress: Progress | None = None
) -> Float32:
    """(n,) float32 sky-view factors: the share of an even sky's light on each target's plane that gets there,
    of what would come from all around and above. 1 on an open field, at most 0.5 on a wall.

    Cosine-weighted about the target's normal (G. T. Johnson and I. D. Watson, "The determination of
    view-factors in urban canyons", J. Climate and Applied Meteorology 23(2), 1984). The sweep looks in 32
    directions around and integrates above the skyline in closed form; rays sample the sky in 32 by 12 parts.
    What is behind crowns of trees counts by their transmissivity. Errors as in `shadow_mask`.
    """
    from analysis.sun.engine.choice import check, chosen

    if chosen(scene, engine) == "rays":
        return _by_rays(scene, targets, progress)
    check(scene, targets)
    bare = _by_sweep(scene, targets, progress)
    if scene.canopy is None:
        return bare
    trees = replace(scene, heights=np.fmax(scene.heights, scene.canopy), canopy=None)
    behind = _by_sweep(trees, targets, progress, eyes=scene)
    through = np.float32(scene.transmissivity)
    behind += through * np.maximum(bare - behind, np.float32(0.0))
    return behind


def horizons(
    scene: SunScene, targets: Targets, directions: int = 72, progress: Progress | None = None
) -> Float32:
    """(n, directions) float32 elevation [degrees] of the skyline in front of each target, at equal steps of
    azimuth clockwise from true north, the first at 0; its own plane counts, 90 behind a wall.

    From the height field with trees left out: what hangs over a target is not a skyline; ask `sunlit` with
    rays. Errors as in `shadow_mask`, and for a table that would not go into memory.
    """
    from analysis.sun.engine.choice import check
    from analysis.sun.engine.fronts import BURIED, fronts
    from analysis.sun.engine.skylines import Seen, own_plane

    check(scene, targets)
    n = len(targets)
    check_memory(4.0 * n * directions, f"the skylines of {n:,} points", "ask for fewer points or directions")
    place = fronts(scene, targets)
    seen = Seen(place, scene.shape)
    normal = place.normal
    found = np.empty((n, directions), np.float32)
    for k in range(directions):
        _tell(progress, k, directions)
        azimuth = k * 360.0 / directions
        toward = unit_vectors(azimuth, 0.0, scene.place.convergence)[:2]
        above = np.degrees(np.arctan(seen.tangents(scene.heights, scene.cell_size, toward)))
        if scene.horizon is not None:
            above = np.maximum(above, skyline(scene.horizon, azimuth))
        found[:, k] = np.maximum(above, own_plane(normal, toward))
    found[place.cell == BURIED] = 90.0
    return found


def _by_sweep(
    scene: SunScene, targets: Targets, progress: Progress | None, eyes: SunScene | None = None
) -> Float32:
    """eyes: the scene that targets stand in, where what they look at is another."""
    from analysis.sun.engine.fronts import fronts
    from analysis.sun.engine.skylines import Seen, add_open_sky, add_view, directions

    around = directions(BEARINGS, 180.0 / BEARINGS)
    far = _far(scene, around)
    sky = np.zeros(len(targets), np.float32)
    if targets.ground is not None and eyes is None:
        field = sky.reshape(scene.shape)
        for k, toward in enumerate(around):
            _tell(progress, k, len(around))
            add_open_sky(scene.heights, scene.cell_size, toward, float(far[k]), field)
        sky /= len(around)
        return sky
    place = fronts(eyes or scene, targets)
    seen = Seen(place, scene.shape)
    for k, toward in enumerate(around):
        _tell(progress, k, len(around))
        tangents = seen.tangents(scene.heights, scene.cell_size, toward)
        np.maximum(tangents, np.float32(far[k]), out=tangents)
        add_view(place, toward, tangents, 2 * np.pi / len(around), sky)
    return sky


def _by_rays(scene: SunScene, targets: Targets, progress: Progress | None) -> Float32:
    from analysis.sun.engine.choice import engine_for
    from analysis.sun.engine.skylines import directions

    ready = engine_for(scene, targets, "rays")
    around = directions(BEARINGS, 180.0 / BEARINGS)
    far = _far(scene, around)
    rise = (np.arange(ELEVATIONS) + 0.5) / ELEVATIONS
    seen, whole = np.zeros(len(targets), np.float32), np.zeros(len(targets), np.float32)
    light = np.empty(len(targets), np.float32)
    for k, toward in enumerate(around):
        _tell(progress, k, len(around))
        for up in rise:
            direction = np.append(toward * np.sqrt(1 - up * up), up)
            facing = _facing(targets.normals, direction)
            whole += facing
            if up / np.sqrt(1 - up * up) <= far[k]:
                continue
            light[:] = 0.0
            ready.add(direction, 1.0, scene.transmissivity, light)
            seen += light * facing
    tilt = (1.0 + targets.normals[:, 2]) / 2.0  # what a plane sees of an open sky
    seen *= tilt.astype(np.float32)
    return np.divide(seen, whole, out=np.zeros_like(seen), where=whole > 0)


def _facing(normals: Float64, direction: Float64) -> Float32:
    """(n,) cosines of incidence, zero from behind."""
    cosine: Any = normals @ direction
    front: Float32 = np.maximum(cosine, 0.0).astype(np.float32)
    return front


def _far(scene: SunScene, around: Float64) -> Float64:
    """Tangents of the far skyline in directions of the grid."""
    if scene.horizon is None:
        return np.zeros(len(around))
    azimuth = np.degrees(np.arctan2(around[:, 0], around[:, 1])) + scene.place.convergence
    tangents: Float64 = np.tan(np.radians(skyline(scene.horizon, azimuth)))
    return tangents


def _tell(progress: Progress | None, k: int, count: int) -> None:
    if progress is not None:
        progress(k / count, "sky")
