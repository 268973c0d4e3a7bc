"""Designs of the blocks where people work, shop and meet."""

from __future__ import annotations

import numpy as np

from citygml.model import Float64
from twin.synth.design import (
    FRINGE,
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

NAMES = (
    ("수변", "Waterside"), ("델타", "Delta"), ("맥도", "Maekdo"), ("평강", "Pyeonggang"), ("강서", "Gangseo"),
    ("노을", "Sunset"), ("갈대", "Reed"), ("은빛", "Silver"), ("바람", "Wind"), ("한솔", "Hansol"),
)  # fmt: skip
SORTS = (("빌딩", "Building"), ("타워", "Tower"), ("프라자", "Plaza"), ("센터", "Centre"))


def _name(rng: np.random.Generator) -> tuple[str, str]:
    first, second = NAMES[int(rng.integers(len(NAMES)))], SORTS[int(rng.integers(len(SORTS)))]
    number = int(rng.integers(1, 99))
    return f"{first[0]}{second[0]} {number}", f"{first[1]} {second[1]} {number}"


def cell(plan: Plan, block: Block, s0: float, s1: float, y0: float, y1: float) -> Float64:
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
        boxes.append(RoofBox(shrink(upper, 0.4), height, height + 3.4))
    elif draw < 0.55:
        a, b, c, d = footprint
        u = 0.55 + 0.15 * rng.random()
        inner = a + u * (b - a) + u * (d - a)
        masses = [flat(np.array([a, b, b + u * (c - b), inner, d + u * (c - d), d]), 0.0, height)]
        corner = np.array([a, a + u * (b - a), inner, a + u * (d - a)])
        boxes.append(RoofBox(shrink(corner, 0.5), height, height + 3.4))
    else:
        masses = [flat(footprint, 0.0, height)]
        boxes.append(RoofBox(shrink(footprint, 0.4), height, height + 3.4))
    name, name_en = _name(rng)
    year = int(rng.integers(2020, 2028))
    return Spec(use, masses, storeys, 3.8, name, name_en, boxes=boxes, below=1 + int(storeys > 6), year=year)


def shrink(footprint: Float64, factor: float) -> Float64:
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
        design.buildings.append(_office(rng, cell(plan, block, s0, s1, a, b), storeys, use))
    court = cell(plan, block, 0.27, 0.73, y0 + depth + 4, y1 - depth - 4)
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
        podium = cell(plan, block, s0, s1, a, b)
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
    small = [(s, north - 34.0) for s in (0.03, 0.26)] + [(s, south + 4.0) for s in (0.53, 0.76)]
    for s, y in small:
        design.buildings.append(
            _office(rng, cell(plan, block, s, s + 0.21, y, y + 30.0), int(rng.integers(4, 9)), "offices")
        )
    return design


def landmark(plan: Plan, block: Block, number: int) -> Design:
    """The district's landmark: a stepped tower on a podium, a library and pavilions around a plaza."""
    rng = plan.rng(22, *block.key)
    design = Design(block)
    south, north = plan.block_y(block)
    x, y = plan.place(block, 0.66, north - 36.0)
    podium = rectangle((x, y), 62.0, 54.0)
    heights = ((21.0, 18.0, 96.0), (17.5, 96.0, 150.0), (13.5, 150.0, 186.0))
    stages = [(regular((x, y), r, 12, np.pi / 12), low, high) for r, low, high in heights]
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
        )
    )
    lx, ly = plan.place(block, 0.20, north - 32.0)
    design.buildings.append(
        Spec(
            "culture",
            [Mass("barrel", rectangle((lx, ly), 26.0, 42.0)[[1, 2, 3, 0]], 0.0, 9.0, 15.5)],
            2,
            5.0,
            "에코델타도서관",
            "Eco Delta Library",
            year=2025,
        )
    )
    for k, s in enumerate((0.18, 0.82)):
        px, py = plan.place(block, s, south + 16.0)
        design.buildings.append(
            Spec(
                "restaurants",
                [Mass("shed", rectangle((px, py), 22.0, 13.0), 0.0, 4.2, 6.4)],
                1,
                4.2,
                f"광장카페 {k + 1}",
                f"Plaza Café {k + 1}",
                year=int(rng.integers(2023, 2027)),
            )
        )
    cx, cy = plan.place(block, 0.5, south + 24.0)
    design.plazas.append(cell(plan, block, 0.02, 0.98, south + 2.5, north - 66.0))
    design.lawns += [regular((cx, cy), 10.0, 24)]
    design.trees += [
        (cx + 13.5 * np.cos(t), cy + 13.5 * np.sin(t), ZELKOVA) for t in np.arange(10) * np.pi / 5
    ]
    design.benches += [(cx + 11.5 * np.cos(t), cy + 11.5 * np.sin(t), t + np.pi / 2)
                       for t in np.arange(6) * np.pi / 3 + 0.3]  # fmt: skip
    return design
