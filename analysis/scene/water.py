"""Streams and other water of the city: their area, their level at the start, and levels in time at the edges.

A level is metres in the vertical datum of the city. A gauge reads metres above its zero, which its Thing or
Datastream states as the property `gauge_zero` [m in that datum]; where it states none, 0 is taken and said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import shapely

from analysis.errors import AnalysisError
from analysis.flood.inputs import Boundary, Edge
from analysis.scene.grid import Bounds, Plane
from analysis.scene.outlines import Outline, Shape, areas, number
from analysis.scene.series import Stage, Stream, latest_level, streams
from twin.observations.store import Observations
from twin.observations.times import format_instant
from twin.store import City

Bool: TypeAlias = npt.NDArray[np.bool_]

_LEVELS = ("water_level", "waterLevel", "waterlevel", "level", "수위", "계획수위")
LEVEL = "water level"
"""Observed property of water gauges."""
REACH = 60.0
"""How far a gauge may stand from the water that it measures [m]."""


@dataclass(frozen=True)
class Water:
    """One water body. level [m], and where it comes from: an `attribute`, the `surface` of its geometry, or
    `given` by the caller or a gauge."""

    id: str
    name: str
    shape: Shape
    level: float
    source: str


@dataclass(frozen=True)
class WaterGauge:
    """A datastream of water levels and the water body it stands at (index). zero: of the gauge [m]; stated:
    whether its properties say so."""

    stream: Stream
    body: int
    zero: float
    stated: bool


def water_bodies(
    city: City, plane: Plane, bounds: Bounds | None = None, levels: Mapping[str, float] | None = None
) -> list[Water]:
    """The city's water with an area that touches bounds.

    levels: [m] by the id or the name of a body, in place of the city's. A name that no body has is an
    AnalysisError.
    """
    found: dict[str, list[Outline]] = {}
    for outline in areas(city, plane, "water", bounds):
        if outline.class_name in ("WaterBody", "WaterSurface", "Waterway"):
            found.setdefault(outline.id, []).append(outline)
    bodies = [_body(outlines) for outlines in found.values()]
    names = {body.id for body in bodies} | {body.name for body in bodies}
    for name in levels or {}:
        if name not in names:
            known = ", ".join(sorted({b.name for b in bodies})) or "none"
            raise AnalysisError(f"no water body is called {name!r} in the area; there are {known}")
    given = levels or {}
    return [
        replace(b, level=float(given.get(b.id, given.get(b.name, b.level))), source="given")
        if b.id in given or b.name in given
        else b
        for b in bodies
    ]


def _body(outlines: list[Outline]) -> Water:
    first = outlines[0]
    shape = first.shape if len(outlines) == 1 else shapely.union_all([o.shape for o in outlines])
    name = first.attributes.get("name")
    level = number(first.attributes, _LEVELS)
    shown = name if isinstance(name, str) else first.id
    if level is not None:
        return Water(first.id, shown, shape, level, "attribute")
    return Water(first.id, shown, shape, (first.low + first.high) / 2, "surface")


def gauges(observations: Observations, bodies: Sequence[Water], plane: Plane) -> list[WaterGauge]:
    """The datastreams of water levels that stand within `REACH` of a water body, each at the nearest."""
    if not bodies:
        return []
    placed = [s for s in streams(observations, LEVEL) if s.place is not None]
    if not placed:
        return []
    tree = shapely.STRtree([body.shape for body in bodies])
    at: Any = shapely.points(plane.degrees_to_grid(np.array([s.place for s in placed], np.float64)))
    found = []
    for stream, point in zip(placed, at, strict=True):
        nearest = tree.query_nearest(point, max_distance=REACH)
        if len(nearest):
            zero = number(stream.properties, ("gauge_zero",))
            found.append(WaterGauge(stream, int(nearest[0]), zero or 0.0, zero is not None))
    return found


def gauged(
    bodies: Sequence[Water], found: Sequence[WaterGauge], observations: Observations, at: int | None = None
) -> tuple[list[Water], list[str]]:
    """The bodies with the latest levels of their gauges, and what to say of it.

    at: [µs], None for now. A body that shares its name with one that has a gauge (reaches of a stream) gets
    that level as well; with several gauges the mean.
    """
    levels: dict[str, list[float]] = {}
    notes = []
    for gauge in found:
        latest = latest_level(observations, gauge.stream, at)
        if latest is None:
            continue
        level, time = gauge.zero + latest[0], latest[1]
        name = bodies[gauge.body].name
        levels.setdefault(name, []).append(level)
        zero = "" if gauge.stated else "; the gauge states no gauge_zero, so that its zero is taken as 0 m"
        notes.append(f"{name}: {level:.2f} m from {gauge.stream.name} at {format_instant(time)}{zero}")
    means = {name: float(np.mean(values)) for name, values in levels.items()}
    return [replace(b, level=means[b.name], source="given") if b.name in means else b for b in bodies], notes


def edge_runs(mask: Bool) -> Iterator[tuple[Edge, int, int]]:
    """(edge, start, stop) of each run of true cells along the four edges of a mask (rows, columns)."""
    sides: tuple[tuple[Edge, Any], ...] = (
        ("north", mask[0]),
        ("east", mask[:, -1]),
        ("south", mask[-1]),
        ("west", mask[:, 0]),
    )
    for edge, side in sides:
        steps = np.flatnonzero(np.diff(np.concatenate([[0], side.astype(np.int8), [0]])))
        for start, stop in steps.reshape(-1, 2).tolist():
            yield edge, start, stop


def stage_boundaries(mask: Bool, stage: Stage | float) -> list[Boundary]:
    """Stage boundaries where water (rows, columns) meets the edges of the grid. stage: a series, or one level
    [m]. An empty list where the water reaches no edge."""
    if isinstance(stage, Stage):
        value: Any = stage.level.tolist()
        time: Any = stage.time.tolist()
    else:
        value, time = float(stage), None
    return [Boundary(edge, "stage", value, time, start, stop) for edge, start, stop in edge_runs(mask)]
