"""Designs of the blocks where people work, learn and meet."""

from __future__ import annotations

import numpy as np

from citygml.model import Float64
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
from twin.synth.shapes import inset, rectangle, regular
from twin.synth.terrain import pond_outline

NAMES = (
    ("수변", "Waterside"), ("델타", "Delta"), ("맥도", "Maekdo"), ("평강", "Pyeonggang"), ("강서", "Gangseo"),
    ("노을", "Sunset"), ("갈대", "Reed"), ("은빛", "Silver"), ("바람", "Wind"), ("한솔", "Hansol"),
)  # fmt: skip
SORTS = (("빌딩", "Building"), ("타워", "Tower"), ("프라자", "Plaza"), ("센터", "Centre"))


def _name(rng: np.random.Generator) -> tuple[str, str]:
    first, second = NAMES[int(rng.integers(len(NAMES)))], SORTS[int(rng.integers(len(SORTS)))]
    number = int(rng.integers(1, 99))
    return f"{first[0]}{second[0]} {number}", f"{first[1]} {second[1]} {number}"


def _cell(plan: Plan, block: Block, s0: float, s1: float, y0: float, y1: float) -> Float64:
    """The quadrilateral between two fractions across the block and two y."""
    return plan.block_points(block, np.array([s0, s1, s1, s0]), np.array([y0, y0, y1, y1]))


def _office(rng: np.random.Generator, lot: Float64, storeys: int, use: str) -> Spec:
    """A mid-rise building on its lot: plain, stepped, or with a corner cut out."""
    height = 4.8 + 3.8 * (storeys - 1)
    footprint = inset(lot, 2.2)
    draw = rng.random()
    boxes: list[RoofBox] = []
    if draw < 0.3 and storeys >= 5:
        low = 4.8 + 3.8
        upper = inset(footprint, 4.0)
        masses = [
            Mass("flat", footprint, 0.0, low, low + 1.1, hole=upper),
            flat(upper, low, height),
        ]
        boxes.append(RoofBox(_shrink(upper, 0.4), height, height + 3.4))
    elif draw < 0.55:
        a, b, c, d = footprint
        u = 0.55 + 0.15 * rng.random()
        inner = a + u * (b - a) + u * (d - a)
        masses = [flat(np.array([a, b, b + u * (c - b), inner, d + u * (c - d), d]), 0.0, height)]
        corner = np.array([a, a + u * (b - a), inner, a + u * (d - a)])
        boxes.append(RoofBox(_shrink(corner, 0.5), height, height + 3.4))
    else:
        masses = [flat(footprint, 0.0, height)]
        boxes.append(RoofBox(_shrink(footprint, 0.4), height, height + 3.4))
    name, name_en = _name(rng)
    year = int(rng.integers(2020, 2028))
    return Spec(use, masses, storeys, 3.8, name, name_en, boxes=boxes, below=1 + int(storeys > 6), year=year)


def _shrink(footprint: Float64, factor: float) -> Float64:
    centre = footprint.mean(axis=0)
    shrunk: Float64 = centre + factor * (footprint - centre)
    return shrunk


def commercial(plan: Plan, block: Block, number: int) -> Design:
    """Mid-rise buildings along the four streets around a court."""
    rng = plan.rng(20, *block.key)
    design = Design(block)
    south, north = plan.block_y(block)
    y0, y1, depth = south + 2.5, north - 2.5, 31.0
    cells = [(0.02 + 0.24 * i, 0.02 + 0.24 * (i + 1), y0, y0 + depth) for i in range(4)]
    cells += [(0.02 + 0.24 * i, 0.02 + 0.24 * (i + 1), y1 - depth, y1) for i in range(4)]
    cells += [(0.02, 0.24, y0 + depth + 2, y1 - depth - 2), (0.76, 0.98, y0 + depth + 2, y1 - depth - 2)]
    for i, (s0, s1, a, b) in enumerate(cells):
        corner = i in (0, 3, 4, 7)
        storeys = int(rng.integers(7, 12)) if corner else int(rng.integers(3, 8))
        use = str(rng.choice(["offices", "retail", "shops", "restaurants"], p=[0.4, 0.15, 0.25, 0.2]))
        design.buildings.append(_office(rng, _cell(plan, block, s0, s1, a, b), storeys, use))
    court = _cell(plan, block, 0.27, 0.73, y0 + depth + 4, y1 - depth - 4)
    design.plazas.append(court)
    centre = court.mean(axis=0)
    design.lawns.append(rectangle(tuple(centre), 30.0, 14.0))
    design.trees += [
        (centre[0] + dx, centre[1] + dy, FRINGE) for dx in (-12.0, -4.0, 4.0, 12.0) for dy in (-4.5, 4.5)
    ]
    design.benches += [(centre[0] + dx, centre[1] - 9.0, 0.0) for dx in (-8.0, 8.0)]
    return design


def mixed(plan: Plan, block: Block, number: int) -> Design:
    """Two podiums with a chamfered tower on each, and a pair of small buildings."""
    rng = plan.rng(21, *block.key)
    design = Design(block)
    south, north = plan.block_y(block)
    for i, (s0, s1, a, b) in enumerate(
        ((0.03, 0.47, south + 4, north - 42), (0.53, 0.97, south + 42, north - 4))
    ):
        podium = _cell(plan, block, s0, s1, a, b)
        centre = podium.mean(axis=0)
        design.trees += [(float(x), float(y), SHRUB) for x, y in inset(podium, -1.6)]
        tower = regular(tuple(centre), 16.5, 8, np.pi / 8)
        storeys = int(rng.integers(19, 29))
        top = 14.4 + 3.6 * (storeys - 3)
        use = ("offices", "hotel")[i] if rng.random() < 0.6 else "offices"
        name, name_en = _name(rng)
        design.buildings.append(
            Spec(
                use,
                [Mass("flat", podium, 0.0, 14.4, 15.5, hole=tower), flat(tower, 14.4, top, 1.4)],
                storeys,
                3.6,
                name,
                name_en,
                boxes=[RoofBox(regular(tuple(centre), 9.0, 8, np.pi / 8), top, top + 5.5)],
                below=4,
                year=int(rng.integers(2022, 2028)),
            )
        )
    for s0, s1, a, b in ((0.03, 0.24, north - 34, north - 4), (0.26, 0.47, north - 34, north - 4),
                         (0.53, 0.74, south + 4, south + 34), (0.76, 0.97, south + 4, south + 34)):  # fmt: skip
        design.buildings.append(
            _office(rng, _cell(plan, block, s0, s1, a, b), int(rng.integers(4, 9)), "offices")
        )
    return design


def landmark(plan: Plan, block: Block, number: int) -> Design:
    """The district's landmark: a stepped tower on a podium, a library and pavilions around a plaza."""
    rng = plan.rng(22, *block.key)
    design = Design(block)
    south, north = plan.block_y(block)
    x, y = (float(v) for v in plan.block_points(block, np.array([0.66]), np.array([north - 36.0]))[0])
    podium = rectangle((x, y), 62.0, 54.0)
    stages = [(regular((x, y), r, 12, np.pi / 12), low, high)
              for r, low, high in ((21.0, 18.0, 96.0), (17.5, 96.0, 150.0), (13.5, 150.0, 186.0))]  # fmt: skip
    masses = [Mass("flat", podium, 0.0, 18.0, 19.2, hole=stages[0][0])]
    for k, (footprint, low, high) in enumerate(stages):
        above = stages[k + 1][0] if k + 1 < len(stages) else None
        masses.append(Mass("flat", footprint, low, high, high + 1.4, hole=above))
    spire = regular((x, y), 5.0, 12, np.pi / 12)
    design.buildings.append(
        Spec(
            "offices",
            masses,
            46,
            4.0,
            "에코델타타워",
            "Eco Delta Tower",
            below=6,
            year=2027,
            boxes=[
                RoofBox(regular((x, y), 8.5, 12, np.pi / 12), 186.0, 194.0),
                RoofBox(spire, 194.0, 208.0, "1050"),
            ],
        )  # fmt: skip
    )
    lx, ly = (float(v) for v in plan.block_points(block, np.array([0.20]), np.array([north - 32.0]))[0])
    design.buildings.append(
        Spec(
            "culture",
            [Mass("barrel", rectangle((lx, ly), 26.0, 42.0)[[1, 2, 3, 0]], 0.0, 9.0, 15.5)],
            2,
            5.0,
            "에코델타도서관",
            "Eco Delta Library",
            year=2025,
        )  # fmt: skip
    )
    for k, s in enumerate((0.18, 0.82)):
        px, py = (float(v) for v in plan.block_points(block, np.array([s]), np.array([south + 16.0]))[0])
        design.buildings.append(
            Spec(
                "restaurants",
                [Mass("shed", rectangle((px, py), 22.0, 13.0), 0.0, 4.2, 6.4)],
                1,
                4.2,
                f"광장카페 {k + 1}",
                f"Plaza Café {k + 1}",
                year=int(rng.integers(2023, 2027)),
            )  # fmt: skip
        )
    cx, cy = (float(v) for v in plan.block_points(block, np.array([0.5]), np.array([south + 24.0]))[0])
    design.plazas.append(_cell(plan, block, 0.02, 0.98, south + 2.5, north - 66.0))
    design.lawns += [regular((cx, cy), 10.0, 24)]
    design.trees += [
        (cx + 13.5 * np.cos(t), cy + 13.5 * np.sin(t), ZELKOVA) for t in np.arange(10) * np.pi / 5
    ]
    design.benches += [(cx + 11.5 * np.cos(t), cy + 11.5 * np.sin(t), t + np.pi / 2)
                       for t in np.arange(6) * np.pi / 3 + 0.3]  # fmt: skip
    return design


def school(plan: Plan, block: Block, number: int) -> Design:
    """A school around a court open to its playing field, and a sports hall."""
    rng = plan.rng(23, *block.key)
    design = Design(block)
    south, north = plan.block_y(block)
    cx, cy = (float(v) for v in plan.block_points(block, np.array([0.40]), np.array([north - 26.0]))[0])
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
        )  # fmt: skip
    )
    hx, hy = (float(v) for v in plan.block_points(block, np.array([0.83]), np.array([north - 26.0]))[0])
    design.buildings.append(
        Spec(
            "sports",
            [Mass("barrel", rectangle((hx, hy), 24.0, 36.0)[[1, 2, 3, 0]], 0.0, 8.0, 12.4)],
            1,
            8.0,
            f"{label[0]} 체육관",
            f"{label[1]}, Sports Hall",
            year=2024,
        )  # fmt: skip
    )
    fx, fy = (float(v) for v in plan.block_points(block, np.array([0.5]), np.array([south + 30.0]))[0])
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
        point = plan.block_points(block, np.array([s]), np.array([y]))[0]
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
        )  # fmt: skip
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
        )  # fmt: skip
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
            boxes=[RoofBox(_shrink(office, 0.4), 12.2, 15.0)],
        )  # fmt: skip
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
        )  # fmt: skip
    )
    yard = _cell(plan, block, 0.60, 0.70, south + 6.0, north - 6.0)
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
        x, cy = (float(v) for v in plan.block_points(block, np.array([s]), np.array([y]))[0])
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
            )  # fmt: skip
        )
    x, cy = (float(v) for v in plan.block_points(block, np.array([0.80]), np.array([north - 28.0]))[0])
    design.buildings.append(
        Spec(
            "leisure",
            [Mass("barrel", rectangle((x, cy), 30.0, 22.0), 0.0, 5.0, 9.0)],
            1,
            5.5,
            f"수상레저센터 {number}",
            f"Boat House {number}",
            year=2025,
        )  # fmt: skip
    )
    design.plazas.append(_cell(plan, block, 0.02, 0.60, south + 30.0, north - 30.0))
    lawn = _cell(plan, block, 0.64, 0.97, south + 40.0, north - 46.0)
    design.lawns.append(lawn)
    for s in np.arange(0.06, 0.60, 0.09):
        for y in (south + 33.0, north - 33.0):
            x, cy = (float(v) for v in plan.block_points(block, np.array([s]), np.array([y]))[0])
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
            )  # fmt: skip
        )
    inner, outer = pond_outline(plan, centre, 1.32, 40), pond_outline(plan, centre, 1.46, 40)
    for i in range(40):
        j = (i + 1) % 40
        design.paths.append(np.array([inner[i], outer[i], outer[j], inner[j]]))
    outside = pond_outline(plan, centre, 1.55, 24)
    design.benches += [(float(px), float(py), 0.0) for px, py in outside[::4]]
    grid = [(s, y) for s in np.arange(0.05, 0.96, 0.085) for y in np.arange(south + 5.0, north - 4.0, 10.0)]
    for s, y in grid:
        point = plan.block_points(block, np.array([s]), np.array([y]))[0] + rng.uniform(-2.6, 2.6, 2)
        d = point - centre
        ring = np.hypot(d[0] / 30.0, d[1] / 19.0)
        houses = [np.hypot(*(point - b.masses[0].footprint.mean(axis=0))) for b in design.buildings]
        if ring > 1.75 and min(houses) > 11.0 and rng.random() < 0.75:
            species = str(
                rng.choice([ZELKOVA, PINE, CHERRY, SHRUB, REDWOOD], p=[0.34, 0.22, 0.22, 0.12, 0.1])
            )
            design.trees.append((float(point[0]), float(point[1]), species))
    return design
