"""Designs of the blocks where people live: detached houses, terraces, apartments."""

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
from twin.synth.plan import ALLEY, Block, Plan
from twin.synth.shapes import inset, rectangle, regular

RESIDENTIAL_STOREY = 2.9  # [m]
WING, SIDE_YARDS = 3.4, 3.2  # width of a garage wing; of both side yards of a house together [m]
VILLAGES = (
    ("물빛", "Mulbit"),
    ("갈대", "Galdae"),
    ("노을", "Noeul"),
    ("버들", "Beodeul"),
    ("솔내", "Sollae"),
)


def _house(rng: np.random.Generator, x: float, y: float, room: float) -> tuple[list[Mass], int]:
    """Masses of one detached house about (x, y), not wider than `room` [m], and its storeys."""
    extra = str(rng.choice(["wing", "porch", "none"], p=[0.5, 0.2, 0.3]))
    side = 1.0 if rng.random() < 0.5 else -1.0
    wing = WING if extra == "wing" else 0.0
    width, depth = min(10.0 + 2.4 * rng.random(), room - wing), 8.4 + 1.6 * rng.random()
    x -= side * wing / 2
    storeys = 2 if rng.random() < 0.72 else 1
    eaves = 0.4 + 3.0 * storeys
    kind = str(rng.choice(["gabled", "hipped", "shed", "pyramid", "flat"], p=[0.36, 0.2, 0.16, 0.1, 0.18]))
    base = rectangle((x, y), width, depth)
    if kind == "flat":
        masses = [flat(base, 0.0, eaves, 0.6)]
    else:
        rise = {"shed": 1.9, "pyramid": 2.9}.get(kind, 0.30 * depth)
        masses = [Mass(kind, base, 0.0, eaves, eaves + rise)]
    if wing:
        wing_depth = min(6.0, depth - 1.5)
        middle = (x + side * (width + wing) / 2, y + (depth - wing_depth) / 2 - 0.6)
        masses.append(flat(rectangle(middle, wing, wing_depth), 0.0, 2.9, 0.3))
    elif extra == "porch":
        porch = rectangle((x - width / 5, y - depth / 2 - 1.3), 4.2, 2.6)
        masses.append(Mass("plain", porch, 0.0, 2.8, 2.8))
    return masses, storeys


def detached(plan: Plan, block: Block, number: int) -> Design:
    """Four rows of houses with gardens to the south, on both sides of an alley."""
    rng = plan.rng(10, *block.key)
    design = Design(block, alley=True)
    south, north = plan.block_y(block)
    middle = (south + north) / 2
    village = VILLAGES[number % len(VILLAGES)]
    half = (north - south) / 2 - ALLEY.half
    count = 6
    serial = 0
    for start in (south, middle + ALLEY.half):
        for row in range(2):
            y0, y1 = start + row * half / 2, start + (row + 1) * half / 2
            edges = np.linspace(0, 1, count + 1)
            points = plan.block_points(block, np.repeat(edges, 2), np.tile([y0, y1], count + 1))
            for i in range(count):
                lot = np.array([points[2 * i], points[2 * i + 2], points[2 * i + 3], points[2 * i + 1]])
                centre = lot.mean(axis=0)
                serial += 1
                if rng.random() < 0.035:
                    design.lawns.append(inset(lot, 1.5))
                    design.trees += [
                        (centre[0] + dx, centre[1] + dy, ZELKOVA) for dx, dy in ((-4, 3), (5, -2))
                    ]
                    continue
                x, y = plan.place(block, (i + 0.5) / count, float(centre[1]) + 3.6)
                masses, storeys = _house(rng, x, y, float(lot[1, 0] - lot[0, 0]) - SIDE_YARDS)
                design.buildings.append(
                    Spec(
                        "detached",
                        masses,
                        storeys,
                        3.0,
                        f"{village[0]}마을 {serial}호",
                        f"{village[1]} Village, House {serial}",
                        households=1,
                        year=int(rng.integers(2019, 2026)),
                    )
                )
                garden = np.array([lot[0], lot[1], [lot[1][0], y0 + 9.0], [lot[0][0], y0 + 9.0]])
                design.lawns.append(inset(garden, 1.1))
                species = rng.choice([ZELKOVA, PINE, CHERRY, SHRUB])
                design.trees.append((centre[0] + rng.uniform(-6.5, 6.5), y0 + 3.4, str(species)))
                if rng.random() < 0.6:
                    design.trees.append((lot[0][0] + 2.2, y0 + 6.5, SHRUB))
    return design


def terraces(plan: Plan, block: Block, number: int) -> Design:
    """Rows of terraced houses around a common garden with a community house."""
    rng = plan.rng(11, *block.key)
    design = Design(block)
    south, north = plan.block_y(block)
    gables = rng.random() < 0.6
    serial = 0
    name = VILLAGES[(number + 2) % len(VILLAGES)]
    for y in (south + 11.0, south + 39.0, north - 39.0, north - 11.0):
        west, east = (float(side[0]) for side in plan.block_sides(block, np.array([y])))
        unit, group = 7.6, 5
        inner = abs(y - (south + north) / 2) < 25
        gap = (east - west - 2 * group * unit) / 3
        for g in range(2):
            x = west + gap + g * (group * unit + gap)
            storeys = 3 if rng.random() < 0.5 else 2
            units = group - 1 if inner else group
            for i in range(units):
                centre = (x + (i + 0.5) * unit, y + (0.8 if i % 2 else 0.0))
                eaves = 0.3 + 3.0 * storeys
                footprint = rectangle(centre, unit, 10.6)
                if gables:
                    footprint = np.roll(footprint, -1, axis=0)
                serial += 1
                design.buildings.append(
                    Spec(
                        "terrace",
                        [Mass("gabled", footprint, 0.0, eaves, eaves + (2.6 if gables else 3.0))],
                        storeys,
                        3.0,
                        f"{name[0]}테라스 {serial}호",
                        f"{name[1]} Terrace, House {serial}",
                        households=1,
                        year=int(rng.integers(2020, 2027)),
                    )
                )
                design.trees.append((centre[0], y - 8.6, SHRUB))
            lawn = rectangle((x + units * unit / 2, y - 8.6), units * unit, 4.6)
            design.lawns.append(lawn)
    cx, cy = plan.place(block, 0.5, (south + north) / 2)
    design.lawns.append(rectangle((cx, cy), 70.0, 16.0))
    design.trees += [(cx + dx, cy + 4.0 * (-1) ** k, CHERRY) for k, dx in enumerate(range(-30, 31, 12))]
    design.benches += [(cx + dx, cy, 0.0) for dx in (-18.0, 18.0)]
    return design


def _slab(x: float, y: float, width: float, depth: float, angle: float) -> Float64:
    """A slab with two stair and lift cores on its northern side."""
    w, d, core, out = width / 2, depth / 2, 3.2, 2.4
    a = width / 4
    points = np.array(
        [
            [-w, -d], [w, -d], [w, d],
            [a + core, d], [a + core, d + out], [a - core, d + out], [a - core, d],
            [-a + core, d], [-a + core, d + out], [-a - core, d + out], [-a - core, d],
            [-w, d],
        ]
    )  # fmt: skip
    c, s = np.cos(angle), np.sin(angle)
    turned: Float64 = points @ np.array([[c, s], [-s, c]]) + [x, y]
    return turned


def _tower(x: float, y: float, arm: float, angle: float) -> Float64:
    """A cross-shaped tower with four flats on a floor."""
    a, b = arm, arm * 0.5
    points = np.array(
        [
            [b, -b], [a, -b], [a, b], [b, b], [b, a], [-b, a],
            [-b, b], [-a, b], [-a, -b], [-b, -b], [-b, -a], [b, -a],
        ]
    )  # fmt: skip
    c, s = np.cos(angle), np.sin(angle)
    turned: Float64 = points @ np.array([[c, s], [-s, c]]) + [x, y]
    return turned


def _apartment(
    rng: np.random.Generator,
    shape: str,
    x: float,
    y: float,
    angle: float,
    storeys: int,
    label: tuple[str, str],
) -> Spec:
    roof = 0.6 + RESIDENTIAL_STOREY * storeys
    boxes = []
    if shape == "slab":
        width = 38.0 + 2.0 * int(rng.integers(0, 3))
        footprint = _slab(x, y, width, 12.4, angle)
        c, s = np.cos(angle), np.sin(angle)
        for a in (-width / 4, width / 4):
            at = (x + a * c - 4.4 * s, y + a * s + 4.4 * c)
            boxes.append(RoofBox(rectangle(at, 5.6, 5.4, angle), roof, roof + 4.2))
        flats = 4
    else:
        footprint = _tower(x, y, 14.4, angle)
        boxes.append(RoofBox(rectangle((x, y), 8.0, 8.0, angle), roof, roof + 4.6))
        boxes.append(RoofBox(rectangle((x, y), 5.0, 5.0, angle), roof + 4.6, roof + 7.0, "1050"))
        flats = 4
    return Spec(
        "apartment",
        [flat(footprint, 0.0, roof)],
        storeys,
        RESIDENTIAL_STOREY,
        label[0],
        label[1],
        boxes=boxes,
        below=2,
        households=flats * (storeys - 1),
        year=int(rng.integers(2021, 2028)),
    )


# Layouts of an apartment block: shape, fraction across, metres from the block's middle, angle [°].
LAYOUTS = (
    (
        ("slab", 0.17, 36, 0), ("slab", 0.50, 38, 0), ("slab", 0.83, 36, 0),
        ("tower", 0.16, -20, 45), ("tower", 0.84, -20, 45), ("slab", 0.50, -24, 0),
    ),
    (
        ("tower", 0.14, 33, 45), ("tower", 0.50, 34, 45), ("tower", 0.86, 33, 45),
        ("tower", 0.14, -22, 45), ("tower", 0.50, -22, 45), ("tower", 0.86, -22, 45),
    ),
    (
        ("slab", 0.22, 37, 14), ("slab", 0.78, 37, -14), ("tower", 0.50, 30, 0),
        ("slab", 0.20, -20, 0), ("slab", 0.80, -20, 0),
    ),
)  # fmt: skip


def apartments(plan: Plan, block: Block, number: int) -> Design:
    """Slabs and towers around a green court, shops along the southern street."""
    rng = plan.rng(12, *block.key)
    design = Design(block)
    south, north = plan.block_y(block)
    middle = (south + north) / 2
    layout = LAYOUTS[int(rng.integers(len(LAYOUTS)))]
    base = int(rng.integers(18, 25))
    for i, (shape, s, dy, degrees) in enumerate(layout):
        x, y = plan.place(block, s, middle + dy)
        storeys = base + (4 if dy > 0 else -3) + int(rng.integers(-1, 2)) + (3 if shape == "tower" else 0)
        label = (f"에코델타 {number}단지 {101 + i}동", f"Eco Delta Complex {number}, Building {101 + i}")
        design.buildings.append(
            _apartment(rng, shape, float(x), float(y), np.radians(degrees), min(storeys, 30), label)
        )
    for k, s in enumerate((0.24, 0.76)):
        x, y = plan.place(block, s, south + 8.5)
        storeys = 2 - k
        design.buildings.append(
            Spec(
                "shops",
                [flat(rectangle((x, y), 38.0, 9.0), 0.0, 0.6 + 4.2 * storeys, 0.8)],
                storeys,
                4.2,
                f"에코델타 {number}단지 상가 {k + 1}",
                f"Eco Delta Complex {number}, Shops {k + 1}",
                year=int(rng.integers(2021, 2028)),
            )
        )
    x, y = plan.place(block, 0.5, middle + 5.5)
    design.lawns.append(regular((x, y), 10.0, 20))
    for s, w in ((0.24, 46.0), (0.76, 46.0)):
        cx, cy = plan.place(block, s, middle + 5.5)
        design.lawns.append(rectangle((cx, cy), w, 12.0))
        design.trees += [
            (cx + dx, cy + dy, str(rng.choice([ZELKOVA, PINE, FRINGE])))
            for dx in np.arange(-w / 2 + 3, w / 2, 8.0).tolist()
            for dy in (-4.5, 4.5)
        ]
    for k in range(8):
        t = k * np.pi / 4
        design.trees.append((x + 11.8 * float(np.cos(t)), y + 11.8 * float(np.sin(t)), CHERRY))
        if k % 2 == 0:
            design.benches.append((x + 8.5 * float(np.cos(t)), y + 8.5 * float(np.sin(t)), t + np.pi / 2))
    edge_y = np.arange(south + 18.0, north - 4.0, 8.0, dtype=np.float64)
    for s in (0.012, 0.988):
        line = plan.block_points(block, np.full(len(edge_y), s), edge_y)
        design.trees += [(float(px), float(py), REDWOOD) for px, py in line]
    design.trees += [(*plan.place(block, s, north - 3.0), PINE) for s in np.linspace(0.04, 0.96, 16).tolist()]
    return design
