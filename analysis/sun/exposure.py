"""Shade at an instant, hours of sun over a day or a year, and what is to be said of the points asked."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from analysis.progress import Progress
from analysis.sun.memory import check_memory
from analysis.sun.position import SunPath, Times, weights
from analysis.sun.scene import Float32, SunScene
from analysis.sun.targets import Targets, ground_targets

Bool: TypeAlias = npt.NDArray[np.bool_]


def shadow_mask(scene: SunScene, time: Any, engine: str = "auto") -> Bool:
    """(rows, columns) bool, True where the top of a cell (the ground, or the roof on it) has no sun at a
    time: in the shade of a building, the terrain, a crown of a tree, or at night.

    time: aware datetime. engine: "sweep", "rays" or "auto" (see `engine.choice.chosen`). AnalysisError for a
    time without zone, a field with gaps, an engine that the scene does not allow.
    """
    from analysis.sun.engine.choice import check, chosen, engine_for
    from analysis.sun.engine.sweep import sweep

    path = SunPath.at(scene.place, time)
    if not path.up(scene.horizon)[0]:
        return np.ones(scene.shape, np.bool_)
    targets = ground_targets(scene)
    if chosen(scene, engine) == "sweep" and scene.canopy is None:
        check(scene, targets)
        mask = np.empty(scene.shape, np.bool_)
        sweep(scene.heights, scene.cell_size, path.directions[0], mask=mask)
        return mask
    light = np.zeros(len(targets), np.float32)
    engine_for(scene, targets, engine).add(path.directions[0], 1.0, 0.0, light)
    dark: Bool = (light == 0).reshape(scene.shape)
    return dark


def sunlit(
    scene: SunScene, times: Times, targets: Targets, engine: str = "auto", progress: Progress | None = None
) -> Bool:
    """(times, n) bool: the sun shines on each target at each time, from its front, with neither a building,
    nor the terrain, nor the crown of a tree in the way. Errors as in `shadow_mask`."""
    path = SunPath.at(scene.place, times)
    check_memory(float(len(path)) * len(targets), _table(path, targets), "ask for fewer times or points")
    found = np.zeros((len(path), len(targets)), np.bool_)
    for k, light in _instants(scene, path, targets, engine, 0.0, progress):
        found[k] = light > 0
    return found


def sunlight(
    scene: SunScene, times: Times, targets: Targets, engine: str = "auto", progress: Progress | None = None
) -> Float32:
    """(times, n) float32, the share of the sun's direct light that reaches each target: 1 where `sunlit`, the
    scene's transmissivity where it comes through crowns of trees, else 0."""
    path = SunPath.at(scene.place, times)
    check_memory(4.0 * len(path) * len(targets), _table(path, targets), "ask for fewer times or points")
    found = np.zeros((len(path), len(targets)), np.float32)
    for k, light in _instants(scene, path, targets, engine, scene.transmissivity, progress):
        found[k] = light
    return found


def sunlit_hours(
    scene: SunScene, times: Times, targets: Targets, engine: str = "auto", progress: Progress | None = None
) -> Float32:
    """(n,) float32 hours of sun [h], as in `sunlit`, over times in order, each of which stands for half of
    the way to its neighbours (so the first and the last for half a step). Errors as in `shadow_mask`."""
    from analysis.sun.engine.choice import engine_for

    path = SunPath.at(scene.place, times)
    share = weights(path.times)
    ready = engine_for(scene, targets, engine)
    hours = np.zeros(len(targets), np.float32)
    up = path.up(scene.horizon)
    for k in np.flatnonzero(up):
        _tell(progress, k, path)
        ready.add(path.directions[k], float(share[k]), 0.0, hours)
    return hours


def buried(scene: SunScene, targets: Targets) -> Bool:
    """(n,) targets inside a building or under the ground, as far as the height field shows. The sweep finds
    no sun there; rays do in niches and alleys too narrow for the field."""
    from analysis.sun.engine.fronts import BURIED, fronts

    if targets.ground is not None:
        return np.zeros(len(targets), np.bool_)
    return np.asarray(fronts(scene, targets).cell == BURIED)


def remarks(scene: SunScene, targets: Targets) -> list[str]:
    """What a reader of results for these targets ought to know about where they stand."""
    from analysis.sun.engine.fronts import BURIED, OUTSIDE, fronts

    if targets.ground is not None:
        return []
    cell = fronts(scene, targets).cell
    said = []
    if inside := int((cell == BURIED).sum()):
        said.append(
            f"{inside:,} of {len(cell):,} points lie inside a building or under the ground, as far as the"
            " height field shows: on walls between buildings, in niches narrower than a cell, or where"
            " buildings of the model reach into one another"
        )
    if outside := int((cell == OUTSIDE).sum()):
        said.append(
            f"{outside:,} of {len(cell):,} points lie outside of the height field, where nothing shades them"
        )
    return said


def _instants(
    scene: SunScene, path: SunPath, targets: Targets, engine: str, behind: float, progress: Progress | None
) -> Any:
    """The times at which the sun is up, with the light on each target; the array is used again."""
    from analysis.sun.engine.choice import engine_for

    ready = engine_for(scene, targets, engine)
    light = np.zeros(len(targets), np.float32)
    for k in np.flatnonzero(path.up(scene.horizon)):
        _tell(progress, k, path)
        light[:] = 0.0
        ready.add(path.directions[k], 1.0, behind, light)
        yield k, light


def _tell(progress: Progress | None, k: int, path: SunPath) -> None:
    if progress is not None:
        progress(float(k) / len(path), f"sun at {path.times[k]:%Y-%m-%d %H:%M}")


def _table(path: SunPath, targets: Targets) -> str:
    return f"a table of {len(path):,} times by {len(targets):,} points"
