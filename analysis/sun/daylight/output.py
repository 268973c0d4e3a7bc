"""An assessment as JSON: the rule, each dwelling before and after with the times, and a summary."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pandas as pd

from analysis.progress import Progress, part
from analysis.sun.scene import Float64, SunScene

if TYPE_CHECKING:
    from analysis.sun.daylight.judge import Assessment, Daylight


_TOLD = 1000
"""Dwellings between two messages."""


class Globe(Protocol):
    """Where coordinates stand on the globe, as a `citygml.crs.Georeference` of a coordinate system or the
    `SceneGlobe` of a scene say."""

    def to_geographic(self, points: Float64, /) -> Float64:
        """(n, 3) longitude, latitude [degrees], height above the ellipsoid [m]."""
        ...


def document(
    assessment: Assessment, georeference: Globe | None = None, progress: Progress | None = None
) -> dict[str, Any]:
    """What `Assessment.to_json` gives. Dwellings that look away from the sun are left out and counted in the
    summary; those that fall come first, then by what is left of their hours."""
    rule = assessment.rule
    kept = [d for d in assessment.dwellings if assessment.reachable[d.target]]
    positions = geographic(assessment.scene, assessment.targets.points, georeference)
    rows = []
    told = part(progress, 0.0, 1.0, "list of dwellings")
    for n, dwelling in enumerate(kept):
        if n % _TOLD == 0:
            told(n / len(kept))
        target = dwelling.target
        row: dict[str, Any] = {
            "id": dwelling.id,
            "building": dwelling.building,
            "surface": dwelling.surface,
            "storey": dwelling.storey,
            "bay": dwelling.bay,
            "window": dwelling.window,
            "azimuth": round(dwelling.azimuth, 1),
            "position": None if positions is None else [float(v) for v in positions[target]],
            **state(assessment, assessment.before, target, "before"),
        }
        if assessment.after is not None:
            row |= state(assessment, assessment.after, target, "after")
            row["falls_because_of_plan"] = bool(assessment.falls[target])
        rows.append(row)
    last = "before" if assessment.after is None else "after"
    rows.sort(
        key=lambda row: (not row.get("falls_because_of_plan", False), row[f"passes_{last}"], _left(row, last))
    )
    return {
        "rule": {
            "id": rule.id,
            "title": dict(rule.title),
            "source": dict(rule.source),
            "date": rule.dated,
            "measure": rule.measure,
            "clock": rule.clock,
            "minimum_elevation": rule.minimum_elevation,
            "passes": rule.passes,
            "criteria": [vars(criterion) for criterion in rule.criteria],
            "minimum": rule.minimum if rule.measure == "sky" else None,
            "ratio": rule.ratio if rule.measure == "sky" else None,
        },
        "date": assessment.date.isoformat(),
        "timezone": assessment.scene.place.timezone,
        "units": {"total": "h", "spell": "h", "sky": "%", "azimuth": "deg", "position": ["deg", "deg", "m"]},
        "dwellings": rows,
        "summary": summary(assessment),
        "notes": list(assessment.notes),
    }


def summary(assessment: Assessment) -> dict[str, Any]:
    """Counts of dwellings, and of buildings with one that falls."""
    kept = [d for d in assessment.dwellings if assessment.reachable[d.target]]
    targets = np.array([d.target for d in kept], int)
    falls = [d for d in kept if assessment.falls[d.target]]
    counts = {
        "dwellings": len(kept),
        "facing_away": len(assessment.dwellings) - len(kept),
        "meet_before": int(assessment.before.passes[targets].sum()),
    }
    if assessment.after is not None:
        counts |= {
            "meet_after": int(assessment.after.passes[targets].sum()),
            "fall_because_of_plan": len(falls),
            "buildings_that_fall": len({d.building for d in falls}),
        }
    return counts


def state(assessment: Assessment, daylight: Daylight, target: int, name: str) -> dict[str, Any]:
    """One dwelling's values in one state of the city, their keys ending in its name."""
    values: dict[str, Any] = {f"passes_{name}": bool(daylight.passes[target])}
    if assessment.rule.measure == "sky":
        values[f"sky_{name}"] = round(float(daylight.values[0, target]), 2)
        return values
    for index, criterion in enumerate(assessment.rule.criteria):
        hours = float(daylight.values[index, target])
        values.setdefault(f"{criterion.measure}_{name}", round(hours, 4))
        if criterion.measure == "spell" and hours > 0:
            begin = float(daylight.begins[index, target])
            values.setdefault(f"longest_{name}", _span(assessment, begin, begin + hours * 3600))
    levels = assessment.rule.levels
    if levels:
        reached = [level for level, hours in levels.items() if daylight.values[0, target] >= hours - 1 / 7200]
        values[f"level_{name}"] = max(reached, key=lambda level: levels[level], default=None)
    values[f"spells_{name}"] = [
        [_iso(start), _iso(end)] for start, end in assessment.spells_of(daylight, target)
    ]
    return values


def geographic(scene: SunScene, points: Float64, georeference: Globe | None = None) -> Float64 | None:
    """(n, 3) longitude, latitude [degrees], ellipsoidal height [m] to a centimetre, None where the scene's
    coordinates have no place on the globe."""
    from citygml.crs import Georeference, choose_heights, parse

    if georeference is None:
        if not scene.crs or not len(points):
            return None
        crs = parse(scene.crs)
        if crs.is_local:
            return None
        bounds = np.array([points.min(axis=0), points.max(axis=0)])
        georeference = Georeference(crs, choose_heights(crs, bounds))
    placed = georeference.to_geographic(points)
    return np.column_stack([np.round(placed[:, :2], 7), np.round(placed[:, 2], 2)])


def _left(row: dict[str, Any], name: str) -> float:
    return float(row.get(f"total_{name}", row.get(f"spell_{name}", row.get(f"sky_{name}", 0.0))))


def _span(assessment: Assessment, start: float, end: float) -> list[str]:
    return [_iso(assessment.at(start)), _iso(assessment.at(end))]


def _iso(time: pd.Timestamp) -> str:
    return str(time.isoformat())
