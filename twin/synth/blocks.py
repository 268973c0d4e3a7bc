"""From the plan to the designs of its blocks, until the wanted number of buildings stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import numpy as np
import shapely

from twin.synth import centres, housing, outdoors
from twin.synth.design import Design
from twin.synth.plan import Block, Plan, make_plan

TREE_CLEARANCE = 0.8  # between a wall and a trunk [m]

DESIGNERS: dict[str, Callable[[Plan, Block, int], Design]] = {
    "detached": housing.detached,
    "row": housing.terraces,
    "apartment": housing.apartments,
    "commercial": centres.commercial,
    "mixed": centres.mixed,
    "landmark": centres.landmark,
    "school": outdoors.school,
    "industry": outdoors.industry,
    "waterfront": outdoors.waterfront,
    "park": outdoors.park,
}


def design_blocks(plan: Plan) -> list[Design] | None:
    """Every block's design, in the order of the plan, with exactly `plan.buildings` buildings.

    Blocks fill up from the middle of the district; one that is no longer needed stays a development
    reserve. None when all blocks together hold too few buildings.
    """
    centre = np.array([plan.block_centre(b) for b in plan.blocks])
    order = np.argsort(np.hypot(0.8 * centre[:, 0], centre[:, 1]).round(3), kind="stable")
    numbers: Counter[str] = Counter()
    designs: dict[tuple[int, int, int], Design] = {}
    left = plan.buildings
    for i in order:
        block = plan.blocks[i]
        if left == 0 and block.kind != "park":
            designs[block.key] = outdoors.reserve(plan, block, 0)
            continue
        numbers[block.kind] += 1
        design = DESIGNERS[block.kind](plan, block, numbers[block.kind])
        design.buildings = design.buildings[:left]
        _clear_trees(design)
        left -= len(design.buildings)
        designs[block.key] = design
    return [designs[b.key] for b in plan.blocks] if left == 0 else None


def _clear_trees(design: Design) -> None:
    """Drop the trees that would stand in a building or against its wall."""
    footprints = [m.footprint for b in design.buildings for m in b.masses]
    if footprints and design.trees:
        places = shapely.points([(x, y) for x, y, _ in design.trees])
        walls = shapely.STRtree([shapely.Polygon(f) for f in footprints])
        near = set(walls.query(places, predicate="dwithin", distance=TREE_CLEARANCE)[0].tolist())
        design.trees = [tree for i, tree in enumerate(design.trees) if i not in near]


def make_designs(buildings: int, seed: int) -> tuple[Plan, list[Design]]:
    """The smallest plan that holds this many buildings, and the designs of its blocks."""
    spare = 0
    while True:
        plan = make_plan(buildings, seed, spare_rows=spare)
        designs = design_blocks(plan)
        if designs is not None:
            return plan, designs
        spare += 1 + plan.rows // 50
