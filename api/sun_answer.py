"""A what-if's answer as it goes to a client: neighbours and dwellings as JSON, surfaces as 3D Tiles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from api.sun_desk import Ready

if TYPE_CHECKING:
    from analysis.sun.plan.rights import Verdict
    from analysis.sun.plan.what_if import Answer, Neighbour

CONTENT = "content.glb"
_CHANGE = 4.0
"""[h] of the colours of changes; the same whatever the plan, so that plans can be compared."""


def affected(
    ready: Ready, changed: Sequence[Neighbour], verdicts: Sequence[Verdict], judged: bool
) -> list[dict[str, Any]]:
    """For each building the hours of its facades that change, and of its dwellings that do if they were
    judged."""
    of: dict[str, list[dict[str, Any]]] = {}
    points = np.array([v.point for v in verdicts]).reshape(-1, 3)
    flat = np.column_stack([ready.plane.from_grid(points), points[:, 2]])
    positions = np.round(ready.georeference.to_geographic(flat), 7).tolist() if len(flat) else []
    for verdict, position in zip(verdicts, positions, strict=True):
        if not verdict.changes:
            continue
        dwelling = verdict.dwelling
        of.setdefault(dwelling.building, []).append(
            {
                "id": dwelling.id,
                "storey": dwelling.storey,
                "bay": dwelling.bay,
                "azimuth": round(dwelling.azimuth, 1),
                "surface": dwelling.surface,
                "position": position,
                "total_before": _hours(verdict.total_before),
                "total_after": _hours(verdict.total_after),
                "spell_before": _hours(verdict.spell_before),
                "spell_after": _hours(verdict.spell_after),
                "passes_before": verdict.passes_before,
                "passes_after": verdict.passes_after,
                "falls_because_of_plan": verdict.falls,
            }
        )
    return [
        {
            "building": n.building,
            "surfaces": n.surfaces,
            "hours_before": _hours(n.hours_before),
            "hours_after": _hours(n.hours_after),
            "lowest_before": _hours(n.lowest_before),
            "lowest_after": _hours(n.lowest_after),
            "loss": _hours(n.loss),
            "gain": _hours(n.gain),
            "falls": any(d["falls_because_of_plan"] for d in of.get(n.building, ())) if judged else None,
            "dwellings": of.get(n.building, []) if judged else None,
        }
        for n in changed
    ]


def _hours(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def drawn(ready: Ready, answer: Answer) -> tuple[dict[str, Any], bytes]:
    """The tileset.json and the GLB of the surfaces that change and of the planned building."""
    from analysis.sun.plan.building import chosen
    from analysis.sun.run.layer import surface_values
    from tiles.surface_layer import surface_tileset

    surfaces, targets, patches = answer.scene.surfaces, answer.targets, answer.targets.patches
    assert surfaces is not None and patches is not None
    shown = np.isin(np.arange(len(surfaces)), patches.surface)
    number = (np.cumsum(shown) - 1).astype(np.int32)
    scene = replace(answer.scene, surfaces=chosen(surfaces, shown))
    targets = replace(
        targets,
        surface=number[targets.surface],
        patches=replace(patches, surface=number[patches.surface]),
    )
    day = float(np.ceil(answer.longest))
    values = surface_values(
        scene,
        ready.plane,
        targets,
        {"sun_hours": answer.after, "sun_hours_change": answer.change},
        {"sun_hours": (0.0, day), "sun_hours_change": (-_CHANGE, _CHANGE)},
    )
    return surface_tileset(values, ready.georeference, CONTENT)
