"""One question to two engines: how much of the sun in a direction reaches each target.

The sweep answers from the height field alone. The rays answer from the real surfaces, with the sweep for
what is a raster anyway: the terrain and the crowns of trees.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

import numpy as np

from analysis.errors import AnalysisError
from analysis.sun.engine.fronts import add_light, fronts
from analysis.sun.engine.rays import Rays
from analysis.sun.engine.sweep import BIAS, sweep, sweep_crowns
from analysis.sun.memory import check_memory
from analysis.sun.scene import Float32, Float64, SunScene
from analysis.sun.targets import Targets

ENGINES = ("auto", "sweep", "rays")
OVERHANG_SHARE = 0.01
"""Of the area of roofs: more than this hanging over open space calls for rays."""


class Engine(Protocol):
    """Light on the targets that it was made for."""

    def add(self, direction: Float64, weight: float, behind: float, out: Float32) -> None:
        """Add to out (n,) float32 the weight where the sun in a direction (3,), above the level, reaches a
        target from the front, and `behind` where it does so through the crown of a tree."""


def engine_for(scene: SunScene, targets: Targets, engine: str) -> Engine:
    """The engine of a name, made ready for targets. AnalysisError for what cannot be computed."""
    name = chosen(scene, engine)
    check(scene, targets)
    if name == "rays":
        return RayEngine(scene, targets)
    return GroundSweep(scene) if targets.ground is not None else SweepEngine(scene, targets)


def chosen(scene: SunScene, engine: str) -> str:
    """ "sweep" or "rays". "auto" takes rays where surfaces hang over open space on more than a hundredth of
    the area of the roofs, each of at least 10 m² and 2.5 m over the ground; else the sweep."""
    if engine not in ENGINES:
        raise AnalysisError(f"there is no engine {engine!r}: choose one of {', '.join(ENGINES)}")
    if engine == "auto":
        return "rays" if scene.overhang_share > OVERHANG_SHARE else "sweep"
    return engine


def check(scene: SunScene, targets: Targets) -> None:
    """AnalysisError for a scene that no engine can work on."""
    rows, columns = scene.shape
    check_memory(
        6.0 * 4.0 * rows * columns,
        f"a height field of {rows:,} by {columns:,} cells of {scene.cell_size:g} m",
        "choose a larger cell size or a smaller part",
    )
    if not rows * columns or not scene.cell_size > 0:
        raise AnalysisError("the scene has no cells")
    if scene.terrain.shape != scene.heights.shape:
        raise AnalysisError(
            f"the terrain has {scene.terrain.shape} cells, the heights {scene.heights.shape}:"
            " give both for the same cells"
        )
    if not (np.isfinite(scene.heights.min()) and np.isfinite(scene.heights.max())):
        raise AnalysisError(
            "the height field has cells without a height: fill them before asking for the sun"
        )
    if targets.ground is not None and targets.ground != scene.shape:
        raise AnalysisError(
            f"the targets are the cells of a field of {targets.ground}, the scene has {scene.shape}: make"
            " them from the scene"
        )


class Trees:
    """Where light has come through crowns, for one direction at a time; memory is kept between them."""

    def __init__(self, scene: SunScene) -> None:
        self._scene = scene
        self._low, self._high = np.empty(scene.shape, np.float32), np.empty(scene.shape, np.float32)

    def between(self, direction: Float64) -> tuple[Float32, Float32]:
        """Heights as `sweep_crowns` writes them."""
        scene = self._scene
        assert scene.canopy is not None
        trunk = scene.trunk if scene.trunk is not None else scene.terrain
        sweep_crowns(scene.heights, scene.canopy, trunk, scene.cell_size, direction, self._low, self._high)
        return self._low, self._high


class GroundSweep:
    """The sweep for all cells of the field at once. tops: what stands in the light, the field's own
    tops if it is None."""

    def __init__(self, scene: SunScene, tops: Float32 | None = None) -> None:
        self._scene = scene
        self._tops = scene.heights if tops is None else tops
        self._trees = Trees(scene) if scene.canopy is not None else None
        plain = self._trees is None and tops is None
        self._shade = None if plain else np.empty(scene.shape, np.float32)

    def add(self, direction: Float64, weight: float, behind: float, out: Float32) -> None:
        scene = self._scene
        field = out.reshape(scene.shape)
        if self._shade is None:
            sweep(scene.heights, scene.cell_size, direction, hours=field, weight=weight)
            return
        sweep(scene.heights, scene.cell_size, direction, shade=self._shade)
        gain = np.float32(weight) * (self._tops + np.float32(BIAS) >= self._shade)
        if self._trees is not None:
            low, high = self._trees.between(direction)
            crossed = (low < self._tops) & (self._tops < high) & (gain > 0)
            gain[crossed] = behind
        field += gain


class SweepEngine:
    """The sweep for points on walls, roofs and elsewhere."""

    def __init__(self, scene: SunScene, targets: Targets) -> None:
        self._scene = scene
        self._fronts = fronts(scene, targets)
        self._trees = Trees(scene) if scene.canopy is not None else None
        self._shade = np.empty(scene.shape, np.float32)

    def add(self, direction: Float64, weight: float, behind: float, out: Float32) -> None:
        scene, place = self._scene, self._fronts
        sweep(scene.heights, scene.cell_size, direction, shade=self._shade)
        low, high = self._trees.between(direction) if self._trees else (None, None)
        add_light(
            place.cell, place.height, place.east, place.north, place.runs, place.normals, direction,
            self._shade.reshape(-1),
            None if low is None else low.reshape(-1),
            None if high is None else high.reshape(-1),
            np.float32(weight), np.float32(behind), out,
        )  # fmt: skip


class RayEngine:
    """Rays against the surfaces; terrain and trees by the sweep, where there is any relief, or a tree."""

    def __init__(self, scene: SunScene, targets: Targets) -> None:
        self._rays = Rays(scene, targets)
        relief = float(np.ptp(scene.terrain)) > BIAS
        self._ground: Engine | None = None
        if relief or scene.canopy is not None:
            bare = replace(scene, heights=scene.terrain, surfaces=None)
            self._ground = (
                SweepEngine(bare, targets) if targets.ground is None else GroundSweep(bare, scene.heights)
            )

    def add(self, direction: Float64, weight: float, behind: float, out: Float32) -> None:
        if self._ground is None:
            self._rays.add(direction, None, weight, out)
            return
        share = np.zeros(len(out), np.float32)
        self._ground.add(direction, weight, behind, share)
        self._rays.add(direction, share, 1.0, out)
