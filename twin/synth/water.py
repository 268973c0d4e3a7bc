"""Water: the streams in reaches, canals between strips, ponds in the low parks."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import shapely

from citygml.model import CityObject, Float64, Measure, Surface
from twin.synth.codes import code
from twin.synth.drape import Ground
from twin.synth.plan import Plan
from twin.synth.shapes import surface_geometry
from twin.synth.terrain import POND_LEVEL, WATER_LEVEL, pond_outline

REACH = 180.0  # length of one reach [m]
OVERLAP = 1.2  # how far the surface runs into the bank, so that the terrain draws the shoreline [m]


def stream_name(plan: Plan, stream: int) -> tuple[str, str]:
    if stream == 0:
        return "평강천", "Pyeonggang stream"
    if stream == plan.strips:
        return "맥도강", "Maekdo river"
    return f"에코수로 {stream}", f"Eco canal {stream}"


def _surface(id_: str, name: tuple[str, str], class_: str, ring: Float64, level: float) -> CityObject:
    points = np.column_stack([np.round(ring, 3), np.full(len(ring), level)])
    return CityObject(
        id_,
        "WaterBody",
        attributes={
            "name": name[0],
            "name_en": name[1],
            "class": code("WaterBody_class", class_),
            "water_level": Measure(level, "m"),
        },
        geometries=[surface_geometry([points], "2", [0])],
        surfaces=[Surface("WaterSurface")],
    )


def water_objects(ground: Ground) -> Iterator[CityObject]:
    """Streams as far as the terrain reaches, and ponds."""
    plan = ground.plan
    west, south, east, north = plan.world_bounds()
    frame = shapely.box(west, south, east, north)
    corners = plan.frame.to_local(np.array([[west, south], [east, south], [east, north], [west, north]]))
    low, high = float(corners[:, 1].min()), float(corners[:, 1].max())
    count = int(np.ceil((high - low) / REACH))
    for stream in range(plan.strips + 1):
        half = plan.stream_half[stream] + OVERLAP
        name = stream_name(plan, stream)
        class_ = "1000" if stream in (0, plan.strips) else "1010"
        for n in range(count):
            y = np.linspace(low + n * REACH, low + (n + 1) * REACH, 16)
            x = plan.stream_x(stream, y)
            left, right = np.stack([x - half, y], axis=1), np.stack([x + half, y], axis=1)
            ring = plan.frame.to_world(np.concatenate([right, left[::-1]]))
            clipped = frame.intersection(shapely.Polygon(ring))
            if not isinstance(clipped, shapely.Polygon) or clipped.area < 1.0:
                continue
            shore = shapely.get_coordinates(shapely.orient_polygons(clipped).exterior)[:-1]
            yield _surface(f"water-{stream}-{n}", name, class_, shore, WATER_LEVEL)
    for block in plan.blocks:
        if block.kind == "park":
            shore = plan.frame.to_world(pond_outline(plan.block_centre(block), 1.04))
            key = "-".join(str(v) for v in block.key)
            yield _surface(f"pond-{key}", ("유수지", "Retention pond"), "1020", shore, POND_LEVEL)
