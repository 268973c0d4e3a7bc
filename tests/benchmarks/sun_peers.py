"""What others reach on the benchmark's boxes: embreex with one ray per point, and solweig.

embreex is ours too, so it runs here, called as plainly as can be. solweig has an environment of its own, made
once, and runs as a separate program; nothing of it is imported.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from analysis.sun.scene import Float64, SunScene
from analysis.sun.targets import Targets
from tests.benchmarks.flood_peers import Peer, _environment, _reason

SOLWEIG = Peer("solweig", "3.11", ("solweig==0.1.0b96",), 0.0)
_LONGEST = 900.0


class BareEmbree:
    """One ray per target that faces the sun, with no more than embreex needs: float32 arrays, made before."""

    def __init__(self, scene: SunScene, targets: Targets) -> None:
        from embreex.mesh_construction import TriangleMesh
        from embreex.rtcore_scene import EmbreeScene

        surfaces = scene.surfaces
        assert surfaces is not None
        self._scene = EmbreeScene()
        TriangleMesh(self._scene, surfaces.vertices[surfaces.triangles].astype(np.float32))
        self._points = targets.points.astype(np.float32)
        self._normals = np.asarray(targets.normals, np.float32)
        self._all = bool((self._normals == (0, 0, 1)).all())

    def lit(self, direction: Float64) -> Any:
        """Targets, or those that face the sun, which see it."""
        toward = direction.astype(np.float32)
        points = self._points if self._all else self._points[self._normals @ toward > 0]
        return self._scene.run(points, np.broadcast_to(toward, points.shape), query="OCCLUDED") != 0

    def rays(self, direction: Float64) -> int:
        """How many of them there are."""
        return len(self._points) if self._all else int((self._normals @ direction > 0).sum())


def solweig(scene: SunScene, suns: Sequence[tuple[float, float]]) -> dict[str, float] | str:
    """Seconds that solweig takes for a `day` of masks and for the `sky`-view factors, or why there are none.

    suns: azimuth and elevation [degrees] of the day's instants.
    """
    with tempfile.TemporaryDirectory() as folder:
        town = Path(folder) / "town.npz"
        np.savez(town, heights=scene.heights, cell=scene.cell_size, suns=np.array(suns))
        program = Path(__file__).parent / "peers" / "solweig_town.py"
        try:
            done = subprocess.run(
                [_environment(SOLWEIG), program, town],
                check=True, capture_output=True, text=True, timeout=_LONGEST, cwd=folder,
            )  # fmt: skip
        except (OSError, subprocess.SubprocessError) as error:
            return _reason(error)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found
