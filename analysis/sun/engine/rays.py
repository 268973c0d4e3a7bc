"""Light by rays against the real triangles of a city, for what a height field cannot tell: overhangs,
bridges, balconies, the insets of LoD3.

The rays are those of Intel's Embree (I. Wald, S. Woop, C. Benthin, G. S. Johnson, M. Ernst, "Embree: a kernel
framework for efficient CPU ray tracing", ACM Transactions on Graphics 33(4), 2014,
doi:10.1145/2601097.2601199) through embreex. They run on one core: embreex holds the interpreter while it
traces. Triangles shade from both sides, so that a mesh that is open or turned inside out still casts its
shadow; what is turned inside out has its own targets inside, which are then dark.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from analysis.embree import traced
from analysis.errors import AnalysisError
from analysis.sun.memory import check_memory
from analysis.sun.scene import Float32, Float64, SunScene
from analysis.sun.targets import GroundTargets, Targets

BATCH = 1_000_000
"""Rays at a time: 12 bytes each for origins, 4 for answers."""
_GRAZING = 1e-6
"""Cosine of incidence below which light only grazes a surface."""
_TRIANGLE_BYTES = 300
"""Memory of one triangle with its share of the tree of boxes, measured with Embree 4."""


class Rays:
    """Rays from targets to the sun, through the surfaces of a scene."""

    def __init__(self, scene: SunScene, targets: Targets) -> None:
        """AnalysisError where the scene has no surfaces, or they are too many."""
        surfaces = scene.surfaces
        if surfaces is None or not len(surfaces.triangles):
            raise AnalysisError(
                "rays need the real surfaces of the city, and the scene has a height field alone: use the"
                ' engine "sweep"'
            )
        check_memory(
            _TRIANGLE_BYTES * len(surfaces.triangles),
            f"casting rays at {len(surfaces.triangles):,} triangles",
            'use the engine "sweep", or a smaller part',
        )
        # near zero, where float32 tells a tenth of a millimetre
        self._origin = np.append(surfaces.vertices[:, :2].mean(axis=0), float(scene.terrain.min()))
        self._traced = traced((surfaces.vertices - self._origin).astype(np.float32), surfaces.triangles)
        self._targets = targets

    def add(self, direction: Float64, share: Float32 | None, weight: float, out: Float32) -> None:
        """Add to out (n,) the weight, times the share (n,) where given, of targets which a ray in a direction
        (3,) leaves to the front and without hitting anything."""
        for start in range(0, len(out), BATCH):
            part = slice(start, min(start + BATCH, len(out)))
            facing = self._facing(part, direction)
            if share is not None:
                facing &= share[part] > 0
            asked = np.flatnonzero(facing)
            if len(asked):
                points = self._points(part)
                free = self._free(points if len(asked) == len(points) else points[asked], direction)
                gain = np.float32(weight) if share is None else np.float32(weight) * share[part][asked]
                out[part][asked] += free * gain

    def _facing(self, part: slice, direction: Float64) -> Any:
        """(k,) bool, True where the direction lies in front of a target."""
        if self._targets.ground is not None:
            return np.ones(part.stop - part.start, np.bool_)
        return self._targets.normals[part] @ direction > _GRAZING

    def _points(self, part: slice) -> Float32:
        """(k, 3) from the origin of the rays."""
        targets = self._targets
        if isinstance(targets, GroundTargets):
            return targets.single(part.start, part.stop, self._origin)
        points: Float32 = (targets.points[part] - self._origin).astype(np.float32)
        return points

    def _free(self, points: Float32, direction: Float64) -> Any:
        """(k,) bool, True where a ray from a point meets nothing."""
        every = np.broadcast_to(direction.astype(np.float32), points.shape)
        return self._traced.run(points, every, query="OCCLUDED") != 0
