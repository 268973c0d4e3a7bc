"""Land use parcels, the land along the streams, farmland around the district, and lawns."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from citygml.model import Attributes, CityObject, Float64, Measure
from twin.synth.bridges import HALF_WIDTH
from twin.synth.codes import code
from twin.synth.drape import Ground, cells, patch
from twin.synth.plan import LEVEE_TOE, MARGIN, RIVERSIDE
from twin.synth.shapes import faces_geometry
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


def _parcel(id_: str, class_: str, quads: Float64, area: float, **attributes: object) -> CityObject:
    values: Attributes = {"class": code("LandUse_class", class_), "area": Measure(round(area, 1), "m2")}
    values.update(attributes)  # type: ignore[arg-type]
    return CityObject(id_, "LandUse", attributes=values, geometries=[patch(quads, "1")])


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
        grid = np.stack([west[:, None] + s * (east - west)[:, None], np.repeat(y[:, None], n, axis=1)], axis=-1)
        class_, far, coverage = USE_OF_BLOCK[kind]
        quads = cells(ground.lay(grid, PARCEL_LIFT))
        key = "-".join(str(v) for v in block.key)
        limits: dict[str, object] = {}
        if far:
            limits = {
                "floor_area_ratio_limit": Measure(float(far), "%"),
                "building_coverage_limit": Measure(float(coverage), "%"),
            }
        yield _parcel(f"parcel-{key}", class_, quads, _plan_area(quads), **limits)


def _banks(ground: Ground) -> Iterator[CityObject]:
    plan = ground.plan
    ends = np.concatenate([[plan.row_y[0] - MARGIN], plan.row_y, [plan.row_y[-1] + MARGIN]])
    for stream in range(plan.strips + 1):
        for side in (-1, 1):
            for k in range(len(ends) - 1):
                y = np.linspace(ends[k], ends[k + 1], 12)
                for name, class_, breaks in BANKS:
                    offsets = np.array(breaks)
                    xy = stream_side(plan, stream, side, offsets[None, :], y[:, None])
                    quads = cells(ground.lay(xy, PARCEL_LIFT))
                    id_ = f"bank-{stream}-{'w' if side < 0 else 'e'}-{k}-{name}"
                    yield _parcel(id_, class_, quads, _plan_area(quads))


def _farmland(ground: Ground) -> Iterator[CityObject]:
    """Paddies beyond the outer streams and beyond the first and last street, within the terrain."""
    plan = ground.plan
    west, south, east, north = plan.world_bounds()
    x0, x1, y0, y1 = plan.extent()
    corners = plan.frame.to_local(np.array([[west, south], [east, south], [east, north], [west, north]]))
    low, high = corners.min(axis=0), corners.max(axis=0)
    nx, ny = (int((high[i] - low[i]) // FIELD[i]) + 1 for i in range(2))
    i, j = (a.ravel() for a in np.meshgrid(np.arange(nx), np.arange(ny)))
    corner = low + np.stack([i * FIELD[0], j * FIELD[1]], axis=-1)
    unit = np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) * (np.array(FIELD) - 3.0)
    rings = corner[:, None] + unit
    world = plan.frame.to_world(rings)
    inside = ((world > [west + 2, south + 2]) & (world < [east - 2, north - 2])).all(axis=(1, 2))
    axes = np.stack([plan.stream_x(s, rings[..., 1]) for s in range(plan.strips + 1)])
    shore = np.abs(rings[..., 0] - axes) - plan.stream_half[:, None, None]
    dry = (shore.min(axis=(0, 2)) > RIVERSIDE - 6.0)
    left = (rings[..., 0] < axes[0]).all(axis=1)
    right = (rings[..., 0] > axes[-1]).all(axis=1)
    edge = plan.row_section(0).half + 4.0
    beyond = (rings[..., 1] > plan.row_y[-1] + edge).all(axis=1) | (rings[..., 1] < plan.row_y[0] - edge).all(axis=1)
    on_road = np.zeros(len(rings), dtype=bool)
    for k in range(plan.rows + 1):
        if plan.has_bridge(k):
            y = plan.row_y[k]
            on_road |= (rings[:, 0, 1] < y + HALF_WIDTH + 2) & (rings[:, 2, 1] > y - HALF_WIDTH - 2)
    keep = inside & dry & ((left | right) & ~(on_road & ~beyond) | beyond & ~left & ~right)
    t = np.linspace(0, 1, 4)
    for n, ring in enumerate(rings[keep]):
        a, b = ring[0] + t[:, None] * (ring[1] - ring[0]), ring[3] + t[:, None] * (ring[2] - ring[3])
        grid = a[None] + t[:, None, None] * (b - a)[None]
        quads = cells(ground.lay(grid, PARCEL_LIFT))
        yield _parcel(f"paddy-{n}", "1080", quads, _plan_area(quads))


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
