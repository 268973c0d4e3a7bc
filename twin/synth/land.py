"""Land use parcels, the land along the streams, farmland around the district, and lawns."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import shapely

from citygml.model import Attributes, CityObject, Float64, Measure
from twin.synth.bridges import HALF_WIDTH
from twin.synth.codes import code
from twin.synth.drape import Ground, cells, patch
from twin.synth.plan import LEVEE_TOE, RIVERSIDE, Plan
from twin.synth.shapes import faces_geometry, inset
from twin.synth.streets import stream_side
from twin.synth.terrain import CREST

# kind of block -> LandUse class, floor area ratio and building coverage allowed [%]
USE_OF_BLOCK = {
    "detached": ("1000", 100, 50),
    "row": ("1000", 150, 50),
    "apartment": ("1010", 220, 30),
    "commercial": ("1020", 600, 70),
    "mixed": ("1020", 900, 70),
    "landmark": ("1020", 1200, 70),
    "school": ("1030", 150, 40),
    "industry": ("1040", 250, 60),
    "waterfront": ("1060", 100, 40),
    "park": ("1050", 10, 10),
    "reserve": ("1100", 0, 0),
}
PARCEL_LIFT, LAWN_LIFT = 0.03, 0.05  # above the ground [m]
FIELD = (58.0, 88.0)  # of a rice paddy [m]
# Strips along a bank: from and to [m from the shoreline], LandUse class, breaks between them.
BANKS = (
    ("berm", "1060", (1.0, 5.0, 17.0)),
    ("levee", "1070", (17.0, CREST[0], CREST[1], LEVEE_TOE)),
    ("belt", "1050", (LEVEE_TOE, 51.0, RIVERSIDE - 8.0)),
)


def _parcel(id_: str, class_: str, quads: Float64, limits: Attributes | None = None) -> CityObject:
    attributes: Attributes = {
        "class": code("LandUse_class", class_),
        "area": Measure(round(_plan_area(quads), 1), "m2"),
        **(limits or {}),
    }
    return CityObject(id_, "LandUse", attributes=attributes, geometries=[patch(quads, "1")])


def _plan_area(quads: Float64) -> float:
    a, b = quads[:, 2] - quads[:, 0], quads[:, 3] - quads[:, 1]
    return float(np.abs(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]).sum() / 2)


def _blocks(ground: Ground) -> Iterator[CityObject]:
    plan = ground.plan
    for block, design in zip(plan.blocks, ground.designs, strict=True):
        kind = design.block.kind
        south, north = plan.block_y(block)
        n = 13 if kind == "park" else 7
        y = np.linspace(south, north, n)
        s = np.linspace(0, 1, n)
        west, east = plan.block_sides(block, y)
        grid = np.stack(
            [west[:, None] + s * (east - west)[:, None], np.repeat(y[:, None], n, axis=1)], axis=-1
        )
        class_, far, coverage = USE_OF_BLOCK[kind]
        quads = cells(ground.lay(grid, PARCEL_LIFT))
        key = "-".join(str(v) for v in block.key)
        limits: Attributes = {}
        if far:
            limits = {
                "floor_area_ratio_limit": Measure(float(far), "%"),
                "building_coverage_limit": Measure(float(coverage), "%"),
            }
        yield _parcel(f"parcel-{key}", class_, quads, limits)


def _within(plan: Plan, points: Float64) -> np.ndarray:
    """Which world points (n, ..., 2 or 3) lie on the modelled ground, all points of each."""
    west, south, east, north = plan.world_bounds()
    inside = (points[..., :2] >= [west, south]) & (points[..., :2] <= [east, north])
    return np.asarray(inside.reshape(len(points), -1).all(axis=1))


def _reach(plan: Plan) -> tuple[Float64, Float64]:
    """Least and greatest local x, y of the corners of the modelled ground."""
    west, south, east, north = plan.world_bounds()
    corners = plan.frame.to_local(np.array([[west, south], [east, south], [east, north], [west, north]]))
    return corners.min(axis=0), corners.max(axis=0)


def _banks(ground: Ground) -> Iterator[CityObject]:
    plan = ground.plan
    low, high = _reach(plan)
    ends = np.concatenate([[low[1]], plan.row_y, [high[1]]])
    for stream in range(plan.strips + 1):
        for side in (-1, 1):
            for k in range(len(ends) - 1):
                y = np.linspace(ends[k], ends[k + 1], max(2, round((ends[k + 1] - ends[k]) / 11.0)))
                for name, class_, breaks in BANKS:
                    xy = stream_side(plan, stream, side, np.array(breaks)[None, :], y[:, None])
                    quads = cells(ground.lay(xy, PARCEL_LIFT))
                    quads = quads[_within(plan, quads)]
                    if len(quads):
                        yield _parcel(f"bank-{stream}-{'w' if side < 0 else 'e'}-{k}-{name}", class_, quads)


def _divide(low: float, high: float, step: float) -> list[tuple[float, float]]:
    edges = np.linspace(low, high, max(1, round((high - low) / step)) + 1).tolist()
    return list(pairwise(edges))


def _plots(plan: Plan) -> Iterator[Float64]:
    """Outlines (4, 2) of paddies: beyond the outer streams, and beyond the first and last street."""
    low, high = _reach(plan)
    south, north = (
        float(plan.row_y[0]) - plan.row_section(0).half,
        float(plan.row_y[-1]) + plan.row_section(plan.rows).half,
    )
    gap = HALF_WIDTH + 2.0
    roads = [float(plan.row_y[k]) for k in range(plan.rows + 1) if plan.has_bridge(k)]
    cuts = [float(low[1]), *(y + d for y in roads for d in (-gap, gap)), float(high[1])]
    depth = float(max(-low[0] + plan.stream_base[0], high[0] - plan.stream_base[-1]))
    for stream, side in ((0, -1), (plan.strips, 1)):
        for a, b in zip(cuts[::2], cuts[1::2], strict=True):
            for y0, y1 in _divide(a, b, FIELD[1]):
                for d0, d1 in _divide(RIVERSIDE - 7.0, depth, FIELD[0]):
                    corners = stream_side(
                        plan, stream, side, np.array([d0, d1, d1, d0]), np.array([y0, y0, y1, y1])
                    )
                    yield corners if side > 0 else corners[::-1]
    for strip in range(plan.strips):
        for a, b in ((float(low[1]), south - 4.0), (north + 4.0, float(high[1]))):
            for y0, y1 in _divide(a, b, FIELD[1]):
                y = np.array([y0, y0, y1, y1])
                x0, x1 = plan.street_x(strip, 0, y) - 7.0, plan.street_x(strip, plan.columns, y) + 7.0
                for s0, s1 in _divide(0.0, 1.0, FIELD[0] / float((x1 - x0).mean())):
                    yield np.stack([x0 + np.array([s0, s1, s1, s0]) * (x1 - x0), y], axis=1)


def _farmland(ground: Ground) -> Iterator[CityObject]:
    """Paddies all around, each clipped to the modelled ground."""
    plan = ground.plan
    frame = shapely.box(*plan.world_bounds())
    outlines = np.array([inset(plot, 1.2) for plot in _plots(plan)])
    world = plan.frame.to_world(outlines)
    whole = _within(plan, world)
    t = np.linspace(0, 1, 4)
    for n in np.flatnonzero(
        whole | (shapely.area(frame.intersection(shapely.polygons(world))) > 200.0)
    ).tolist():
        if whole[n]:
            ring = outlines[n]
            a, b = ring[0] + t[:, None] * (ring[1] - ring[0]), ring[3] + t[:, None] * (ring[2] - ring[3])
            quads = cells(ground.lay(a[None] + t[:, None, None] * (b - a)[None], PARCEL_LIFT))
        else:
            clipped = shapely.orient_polygons(frame.intersection(shapely.Polygon(world[n])))
            ring = plan.frame.to_local(shapely.get_coordinates(clipped)[:-1])
            triangles = ground.lay(fan(ring), PARCEL_LIFT)
            quads = np.concatenate([triangles, triangles[:, 2:]], axis=1)
        yield _parcel(f"paddy-{n}", "1080", quads)


def land_objects(ground: Ground) -> Iterator[CityObject]:
    """Parcels of the blocks, strips along the streams, farmland."""
    yield from _blocks(ground)
    yield from _banks(ground)
    yield from _farmland(ground)


def fan(ring: Float64) -> Float64:
    """(m, 3, 2) triangles from the middle of a star-shaped outline to its edges."""
    following = np.roll(ring, -1, axis=0)
    centre = np.broadcast_to(ring.mean(axis=0), ring.shape)
    return np.stack([centre, ring, following], axis=1)


def lawn_objects(ground: Ground) -> Iterator[CityObject]:
    """Lawns and playing fields as plant cover."""
    for design in ground.designs:
        key = "-".join(str(v) for v in design.block.key)
        for name, class_, outlines, lift in (
            ("field", "1030", design.fields, LAWN_LIFT - 0.01),
            ("lawn", "1000", design.lawns, LAWN_LIFT),
        ):
            for n, outline in enumerate(outlines):
                yield _lawn(ground, f"{name}-{key}-{n}", class_, outline, lift)


def _lawn(ground: Ground, id_: str, class_: str, outline: Float64, lift: float) -> CityObject:
    ring = ground.lay(outline, lift)
    if len(ring) == 4:
        geometry = patch(ring[None], "1")
    else:
        points = ground.lay(fan(outline), lift)
        geometry = faces_geometry(points.reshape(-1, 3), np.full(len(points), 3, dtype=np.int32), "1")
    return CityObject(
        id_,
        "PlantCover",
        attributes={"class": code("PlantCover_class", class_), "averageHeight": Measure(0.05, "m")},
        geometries=[geometry],
    )
