"""Designs of the blocks for learning, making and being outdoors: school, works, waterfront, park, meadow."""

from __future__ import annotations

import numpy as np

from twin.synth.centres import cell, shrink
from twin.synth.design import (
    CHERRY,
    FRINGE,
    PINE,
    REDWOOD,
    SHRUB,
    ZELKOVA,
    Design,
    Mass,
    RoofBox,
    Spec,
    flat,
)
from twin.synth.plan import Block, Plan
from twin.synth.shapes import rectangle, regular
from twin.synth.terrain import pond_outline


def school(plan: Plan, block: Block, number: int) -> Design:
    """A school around a court open to its playing field, and a sports hall."""
    rng = plan.rng(23, *block.key)
    design = Design(block)
    south, north = plan.block_y(block)
    cx, cy = plan.place(block, 0.40, north - 26.0)
    w, d, t = 38.0, 17.0, 11.0
    shape = np.array(
        [[-w, -d], [-w + t, -d], [-w + t, d - t], [w - t, d - t], [w - t, -d], [w, -d], [w, d], [-w, d]]
    )
    storeys = int(rng.integers(4, 6))
    elementary = block.column < plan.columns // 2
    name = ("에코초등학교", "Eco Elementary School") if elementary else ("델타중학교", "Delta Middle School")
    label = (f"{name[0]} {number}", f"{name[1]} {number}")
    height = 0.5 + 3.7 * storeys
    design.buildings.append(
        Spec(
            "school",
            [flat(shape + [cx, cy], 0.0, height)],
            storeys,
            3.7,
            *label,
            year=int(rng.integers(2021, 2026)),
            boxes=[RoofBox(rectangle((cx, cy + d - t / 2), 8.0, 6.0), height, height + 3.4)],
        )
    )
    hx, hy = plan.place(block, 0.83, north - 26.0)
    design.buildings.append(
        Spec(
            "sports",
            [Mass("barrel", rectangle((hx, hy), 24.0, 36.0)[[1, 2, 3, 0]], 0.0, 8.0, 12.4)],
            1,
            8.0,
            f"{label[0]} 체육관",
            f"{label[1]}, Sports Hall",
            year=2024,
        )
    )
    fx, fy = plan.place(block, 0.5, south + 30.0)
    a = np.linspace(-np.pi / 2, np.pi / 2, 13)
    right = np.stack([30.0 + 20.0 * np.cos(a), 20.0 * np.sin(a)], axis=1)
    oval = np.concatenate([right, -right]) + [fx, fy]
    design.fields.append(oval)
    design.lawns.append(rectangle((fx, fy), 58.0, 28.0))
    line = plan.block_points(block, np.linspace(0.03, 0.97, 17), np.full(17, south + 4.0))
    design.trees += [(float(px), float(py), ZELKOVA) for px, py in line]
    return design


def industry(plan: Plan, block: Block, number: int) -> Design:
    """A sawtooth factory, an arched logistics hall, an office and a yard."""
    rng = plan.rng(24, *block.key)
    design = Design(block)
    south, north = plan.block_y(block)

    def at(s: float, y: float) -> tuple[float, float]:
        point = plan.place(block, s, y)
        return float(point[0]), float(point[1])

    year = int(rng.integers(2019, 2024))
    hall = rectangle(at(0.34, north - 28.0), 62.0, 42.0)[[1, 2, 3, 0]]
    design.buildings.append(
        Spec(
            "factory",
            [Mass("sawtooth", hall, 0.0, 8.0, 11.0)],
            1,
            9.0,
            f"델타정밀 {number}공장",
            f"Delta Precision, Works {number}",
            year=year,
        )
    )
    depot = rectangle(at(0.30, south + 24.0), 54.0, 34.0)
    design.buildings.append(
        Spec(
            "warehouse",
            [Mass("barrel", depot, 0.0, 9.0, 14.0)],
            1,
            9.0,
            f"맥도물류센터 {number}",
            f"Maekdo Logistics Centre {number}",
            year=year + 1,
        )
    )
    office = rectangle(at(0.84, north - 18.0), 24.0, 18.0)
    design.buildings.append(
        Spec(
            "offices",
            [flat(office, 0.0, 12.2)],
            3,
            3.9,
            f"델타정밀 사무동 {number}",
            f"Delta Precision, Office {number}",
            year=year,
            boxes=[RoofBox(shrink(office, 0.4), 12.2, 15.0)],
        )
    )
    store = rectangle(at(0.84, south + 26.0), 26.0, 38.0)
    design.buildings.append(
        Spec(
            "warehouse",
            [Mass("gabled", store[[1, 2, 3, 0]], 0.0, 7.5, 10.5)],
            1,
            8.0,
            f"맥도물류창고 {number}",
            f"Maekdo Warehouse {number}",
            year=year + 2,
        )
    )
    yard = cell(plan, block, 0.60, 0.70, south + 6.0, north - 6.0)
    design.plazas.append(yard)
    line = plan.block_points(block, np.linspace(0.03, 0.97, 18), np.full(18, south + 2.8))
    design.trees += [(float(px), float(py), REDWOOD) for px, py in line]
    return design


def waterfront(plan: Plan, block: Block, number: int) -> Design:
    """Cafés and a boat house around a square that opens to the promenade."""
    rng = plan.rng(25, *block.key)
    design = Design(block)
    south, north = plan.block_y(block)
    for k, (s, y) in enumerate(
        (
            (0.15, south + 18.0),
            (0.15, north - 18.0),
            (0.42, south + 14.0),
            (0.42, north - 14.0),
            (0.80, south + 22.0),
        )
    ):
        x, cy = plan.place(block, s, y)
        kind = ("shed", "gabled")[k % 2]
        footprint = rectangle((x, cy), 17.0 + 3.0 * (k == 4), 11.5 + 4.0 * (k == 4))
        design.buildings.append(
            Spec(
                "restaurants",
                [Mass(kind, footprint, 0.0, 4.4, 7.2)],
                1,
                4.4,
                f"수변카페 {number}-{k + 1}",
                f"Waterside Café {number}-{k + 1}",
                year=int(rng.integers(2022, 2027)),
            )
        )
    x, cy = plan.place(block, 0.80, north - 28.0)
    design.buildings.append(
        Spec(
            "leisure",
            [Mass("barrel", rectangle((x, cy), 30.0, 22.0), 0.0, 5.0, 9.0)],
            1,
            5.5,
            f"수상레저센터 {number}",
            f"Boat House {number}",
            year=2025,
        )
    )
    design.plazas.append(cell(plan, block, 0.02, 0.60, south + 30.0, north - 30.0))
    lawn = cell(plan, block, 0.64, 0.97, south + 40.0, north - 46.0)
    design.lawns.append(lawn)
    for s in np.arange(0.06, 0.60, 0.09).tolist():
        for y in (south + 33.0, north - 33.0):
            x, cy = plan.place(block, s, y)
            design.trees.append((x, cy, CHERRY))
            design.benches.append((x + 5.0, cy, 0.0))
    return design


def park(plan: Plan, block: Block, number: int) -> Design:
    """A low park that takes the storm water: a pond, pavilions, lawns, paths under trees."""
    rng = plan.rng(26, *block.key)
    design = Design(block)
    south, north = plan.block_y(block)
    centre = plan.block_centre(block)
    for k, (dx, dy, kind) in enumerate(((-40.0, 30.0, "pyramid"), (41.0, -28.0, "hipped"))):
        x, y = centre[0] + dx, centre[1] + dy
        footprint = regular((x, y), 4.6, 6) if kind == "pyramid" else rectangle((x, y), 14.0, 8.0)
        design.buildings.append(
            Spec(
                "leisure",
                [Mass(kind, footprint, 0.0, 3.2, 6.0)],
                1,
                3.2,
                f"유수지공원 정자 {number}-{k + 1}",
                f"Low Park {number}, Pavilion {k + 1}",
                year=2024,
            )
        )
    inner, outer = pond_outline(centre, 1.32, 40), pond_outline(centre, 1.46, 40)
    for i in range(40):
        j = (i + 1) % 40
        design.paths.append(np.array([inner[i], outer[i], outer[j], inner[j]]))
    outside = pond_outline(centre, 1.55, 24)
    design.benches += [(float(px), float(py), 0.0) for px, py in outside[::4]]
    across, along = np.arange(0.05, 0.96, 0.085).tolist(), np.arange(south + 5.0, north - 4.0, 10.0).tolist()
    for s, y in ((s, y) for s in across for y in along):
        point = plan.place(block, s, y) + rng.uniform(-2.6, 2.6, 2)
        d = point - centre
        ring = np.hypot(d[0] / 30.0, d[1] / 19.0)
        houses = [np.hypot(*(point - b.masses[0].footprint.mean(axis=0))) for b in design.buildings]
        if ring > 1.75 and min(houses) > 11.0 and rng.random() < 0.75:
            species = str(
                rng.choice([ZELKOVA, PINE, CHERRY, SHRUB, REDWOOD], p=[0.34, 0.22, 0.22, 0.12, 0.1])
            )
            design.trees.append((float(point[0]), float(point[1]), species))
    return design


def reserve(plan: Plan, block: Block, number: int) -> Design:
    """A block kept for later: a meadow with clumps of trees."""
    rng = plan.rng(27, *block.key)
    design = Design(Block(*block.key, "reserve"))
    south, north = plan.block_y(block)
    middle = (south + north) / 2
    for s in (0.05, 0.52):
        design.lawns.append(cell(plan, block, s, s + 0.43, south + 5.0, middle - 2.0))
        design.lawns.append(cell(plan, block, s, s + 0.43, middle + 2.0, north - 5.0))
    for _ in range(6):
        s, y = 0.12 + 0.76 * rng.random(), south + 14.0 + (north - south - 28.0) * rng.random()
        centre = plan.place(block, s, y)
        for dx, dy in rng.uniform(-9.0, 9.0, (int(rng.integers(3, 8)), 2)):
            species = str(rng.choice([ZELKOVA, PINE, FRINGE, SHRUB]))
            design.trees.append((float(centre[0] + dx), float(centre[1] + dy), species))
    return design
