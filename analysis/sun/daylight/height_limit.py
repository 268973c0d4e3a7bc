"""The height limit over a plot, its envelope, and the parts that break it, for a scene of the city.

found = height_limit(scene, [outline], rule="korea-north", buildings=["planned"])
found.to_json(), found.envelope.glb()
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from analysis.errors import AnalysisError
from analysis.sun.daylight.envelope import Breach, Envelope, breaches, envelope
from analysis.sun.daylight.north import KOREA_2012, KOREA_2023, Limit, NorthRule, limit_over
from analysis.sun.daylight.output import Globe, geographic
from analysis.sun.scene import Float64, SunScene

RULES = {rule.id: rule for rule in (KOREA_2023, KOREA_2012)}
_STEP = 0.5
"""Cells between the points of the outline at which the ground is read."""


@dataclass(frozen=True)
class HeightLimit:
    """envelope: None where nothing may be built. breaches: parts over the limit, the worst first."""

    scene: SunScene
    limit: Limit
    envelope: Envelope | None
    breaches: Sequence[Breach]

    def to_json(self, georeference: Globe | None = None) -> dict[str, Any]:
        """The rule, the top of the envelope as GeoJSON with heights above the ellipsoid, and the parts that
        break it. georeference: of the scene's coordinates, by default that of scene.crs; without either,
        positions are None."""
        rule = self.limit.rule
        tops = [self._top(cell, georeference) for cell in self.limit.cells if np.any(cell.plane)]
        placed = geographic(
            self.scene, np.array([b.point for b in self.breaches]).reshape(-1, 3), georeference
        )
        parts = []
        for number, breach in enumerate(self.breaches):
            part = {
                "building": breach.building,
                "surface": breach.surface,
                "over": round(breach.most, 3),
                "allowed": round(breach.allowed, 3),
                "distance_needed": round(float(rule.distance(breach.allowed + breach.most)), 3),
                "area": round(breach.area, 2),
                "volume": round(breach.volume, 2),
                "position": None if placed is None else placed[number].tolist(),
            }
            parts.append(part)
        return {
            "rule": {
                "id": rule.id,
                "title": dict(rule.title),
                "source": dict(rule.source),
                "date": rule.dated,
                "low": rule.low,
                "setback": rule.setback,
                "ratio": rule.ratio,
            },
            "ground": round(self.limit.ground, 3),
            "volume": 0.0 if self.envelope is None else round(self.envelope.volume, 2),
            "envelope": {"type": "FeatureCollection", "features": [top for top in tops if top]},
            "parts": parts,
            "units": {
                "over": "m",
                "allowed": "m",
                "distance_needed": "m",
                "area": "m2",
                "volume": "m3",
                "ground": "m",
            },
        }

    def _top(self, cell: Any, georeference: Globe | None) -> dict[str, Any] | None:
        ring = np.asarray(cell.shape.exterior.coords)[:, :2]
        height = cell.height(ring)
        points = np.column_stack([ring + self.limit.origin, height + self.limit.ground])
        placed = geographic(self.scene, points, georeference)
        if placed is None:
            return None
        return {
            "type": "Feature",
            "geometry": {"type": "Polygon", "coordinates": [placed.tolist()]},
            "properties": {"lowest": round(float(height.min()), 3), "highest": round(float(height.max()), 3)},
        }


def height_limit(
    scene: SunScene,
    plot: Sequence[npt.ArrayLike],
    *,
    rule: str | NorthRule | Mapping[str, Any] = KOREA_2023.id,
    buildings: Collection[str] | None = None,
    ground: float | None = None,
    across: Sequence[tuple[int, float]] = (),
    highest: float | None = None,
) -> HeightLimit:
    """The limit over a plot in a scene.

    plot: rings (n, 2) [m] in the scene's coordinates, the exterior first. rule: id of one that ships, or the
    numbers of an ordinance as an object with the fields of `NorthRule`. buildings: ids that are looked at,
    None for all. ground: level that heights count from [m]; by default the mean of the terrain along the
    outline, which stands for the mean of the plot's and its neighbours' ground that the Building Act Decree,
    art. 119(1)5, asks for. across, highest: see `limit_over`.
    """
    limit = limit_over(
        plot,
        _level(scene, np.asarray(plot[0], float)) if ground is None else ground,
        _rule(rule),
        convergence=scene.place.convergence,
        across=across,
        highest=highest,
    )
    broken = [] if scene.surfaces is None else breaches(limit, scene.surfaces, buildings)
    return HeightLimit(scene, limit, envelope(limit), broken)


def _rule(given: str | NorthRule | Mapping[str, Any]) -> NorthRule:
    if isinstance(given, NorthRule):
        return given
    if isinstance(given, str):
        if given not in RULES:
            raise AnalysisError(f"no height limit is called {given!r}; there are {', '.join(RULES)}")
        return RULES[given]
    try:
        return NorthRule(**given)
    except TypeError as error:
        names = ", ".join(field.name for field in fields(NorthRule))
        raise AnalysisError(f"a height limit is an object with {names}: {error}") from error


def _level(scene: SunScene, outline: Float64) -> float:
    """Mean of the terrain along an outline [m]."""
    closed = np.vstack([outline[:, :2], outline[:1, :2]])
    lengths = np.linalg.norm(np.diff(closed, axis=0), axis=1)
    along = np.concatenate([[0.0], np.cumsum(lengths)])
    at = np.arange(0.0, along[-1], _STEP * scene.cell_size)
    x, y = (np.interp(at, along, closed[:, axis]) for axis in (0, 1))
    rows, columns = scene.shape
    column = np.floor((x - scene.west) / scene.cell_size).astype(int)
    row = np.floor((scene.north - y) / scene.cell_size).astype(int)
    inside = (row >= 0) & (row < rows) & (column >= 0) & (column < columns)
    if not inside.any():
        raise AnalysisError("the plot lies outside of the area; give its outline in the city, or its ground")
    return float(scene.terrain[row[inside], column[inside]].astype(float).mean())
