"""Scenes for rays, by Embree through embreex.

A device of Embree takes one of the 1,024 keys for thread-local data that a process has on Linux (glibc), and
a scene without a device makes one of its own: with a thousand scenes alive the next one crashes. So all
scenes of a process share a device, from which several threads may make scenes; a forked process has its own.
"""

from __future__ import annotations

import os
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt


def traced(vertices: npt.NDArray[np.floating[Any]], triangles: npt.NDArray[np.integer[Any]]) -> Any:
    """An EmbreeScene, watertight, of triangles (t, 3), t > 0, of vertices (n, 3)."""
    from embreex.mesh_construction import TriangleMesh
    from embreex.rtcore_scene import EmbreeScene

    made = EmbreeScene(_device(os.getpid()), robust=True)
    TriangleMesh(made, vertices.astype(np.float32, copy=False), np.ascontiguousarray(triangles, np.int32))
    return made


@cache
def _device(process: int) -> Any:
    from embreex.rtcore import EmbreeDevice

    return EmbreeDevice()
