"""Trees: along streets and medians, on the levees, in parks, courts and gardens."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from citygml.model import CityObject, Float64, ImplicitGeometry, Measure
from twin.synth.codes import code
from twin.synth.design import CHERRY, FRINGE, PINE, REDWOOD, SHRUB, ZELKOVA
from twin.synth.drape import Ground
from twin.synth.plan import RIVERSIDE, Plan, Section
from twin.synth.streets import stream_side
from twin.synth.terrain import CREST

SPACING = 9.0  # of street trees [m]
LIMIT = 60_000  # trees in the largest districts; above it they stand further apart

# species -> template, least and greatest height [m], crown's width as a share of the height
FORMS = {
    ZELKOVA: ("template-broadleaf", 7.0, 11.0, 0.72),
    PINE: ("template-pine", 6.0, 10.0, 0.50),
    CHERRY: ("template-cherry", 4.5, 7.0, 0.95),
    SHRUB: ("template-shrub", 0.8, 1.5, 1.15),
    FRINGE: ("template-broadleaf", 5.0, 7.5, 0.66),
    REDWOOD: ("template-redwood", 9.0, 15.0, 0.34),
}

Trees = list[tuple[Float64, str]]  # points (n, 2) and their species


def _street_species(section: Section) -> str:
    return {"boulevard": ZELKOVA, "arterial": REDWOOD}.get(section.name, FRINGE)


def verge(section: Section) -> float:
    """Middle of the planted verge, from the axis [m]."""
    return section.carriageway + section.cycleway + section.verge / 2


def _along(low: float, high: float, spacing: float, first: float = 0.5) -> Float64:
    count = max(int((high - low) // spacing), 1)
    return low + (np.arange(count) + first) * (high - low) / count


def _streets(plan: Plan) -> Trees:
    trees: Trees = []
    for strip in range(plan.strips):
        for j in range(plan.columns + 1):
            section = plan.column_section(j)
            for k in range(plan.rows):
                south = plan.row_y[k] + plan.row_section(k).half + 5.0
                north = plan.row_y[k + 1] - plan.row_section(k + 1).half - 5.0
                y = _along(south, north, SPACING)
                sides = (-verge(section), verge(section), *((0.0,) if section.median else ()))
                for offset in sides:
                    x = plan.street_x(strip, j, y) + offset
                    species = CHERRY if offset == 0.0 else _street_species(section)
                    trees.append((np.stack([x, y], axis=1), species))
        for k in range(plan.rows + 1):
            section = plan.row_section(k)
            for j in range(plan.columns):
                for offset in (-verge(section), verge(section)):
                    y = np.array(plan.row_y[k] + offset)
                    west = float(plan.street_x(strip, j, y)) + plan.column_section(j).half + 5.0
                    east = float(plan.street_x(strip, j + 1, y)) - plan.column_section(j + 1).half - 5.0
                    x = _along(west, east, SPACING)
                    trees.append(
                        (np.stack([x, np.broadcast_to(y, x.shape)], axis=1), _street_species(section))
                    )
    return trees


def _banks(plan: Plan) -> Trees:
    """Cherry rows on the levees, groups in the belt between levee and riverside street."""
    trees: Trees = []
    rng = plan.rng(40)
    low, high = float(plan.row_y[0]), float(plan.row_y[-1])
    bridges = np.array([plan.row_y[k] for k in range(plan.rows + 1) if plan.has_bridge(k)])
    for stream in range(plan.strips + 1):
        for side in (-1, 1):
            if not 0 <= stream - (side < 0) < plan.strips:
                continue
            for edge in (CREST[0] + 1.4, CREST[1] - 1.4):
                y = _along(low, high, 8.0)
                trees.append((stream_side(plan, stream, side, np.array(edge), y), CHERRY))
            y = _along(low, high, 3.4) + rng.uniform(-1.5, 1.5, int((high - low) // 3.4))
            distance = rng.uniform(43.0, RIVERSIDE - 10.5, len(y))
            clump = np.sin(y / 23.0 + stream) + 0.5 * np.sin(y / 9.0) > -0.1
            kinds = rng.choice(np.array([ZELKOVA, PINE, REDWOOD, SHRUB]), len(y), p=[0.4, 0.25, 0.15, 0.2])
            points = stream_side(plan, stream, side, distance, y)
            trees += [(points[clump & (kinds == s)], str(s)) for s in np.unique(kinds)]
    clear = 15.0
    return [
        (points[(np.abs(points[:, 1:] - bridges).min(axis=1) > clear)] if len(bridges) else points, species)
        for points, species in trees
    ]


def plant(ground: Ground) -> tuple[Float64, np.ndarray]:
    """Points (n, 2) and species (n,) of all trees."""
    trees = _streets(ground.plan) + _banks(ground.plan)
    for design in ground.designs:
        trees += [(np.array([[x, y]]), species) for x, y, species in design.trees]
    points = np.concatenate([p for p, _ in trees])
    species = np.repeat([s for _, s in trees], [len(p) for p, _ in trees])
    step = max(1, int(np.ceil(len(points) / LIMIT)))
    return points[::step], species[::step]


def tree_objects(ground: Ground) -> Iterator[CityObject]:
    """Every tree as an object with an implicit geometry."""
    points, species = plant(ground)
    draws = ground.plan.rng(41).random((len(points), 4))
    anchors = ground.lay(points)
    species_codes = {s: code("SolitaryVegetationObject_species", s) for s in FORMS}
    forms = [FORMS[s] for s in species.tolist()]
    low, high = (np.array([f[i] for f in forms], dtype=np.float64) for i in (1, 2))
    heights = np.round(low + draws[:, 0] * (high - low), 1)
    crowns = np.round(heights * np.array([f[3] for f in forms]) * (0.85 + 0.3 * draws[:, 1]), 1)
    trunks = np.round(0.03 * heights * (0.8 + 0.5 * draws[:, 2]), 2)
    turn = 2 * np.pi * draws[:, 3]
    matrices = np.zeros((len(points), 4, 4))
    matrices[:, 0, 0] = matrices[:, 1, 1] = np.round(crowns * np.cos(turn), 4)
    matrices[:, 1, 0] = np.round(crowns * np.sin(turn), 4)
    matrices[:, 0, 1] = -matrices[:, 1, 0]
    matrices[:, 2, 2] = heights
    matrices[:, 3, 3] = 1.0
    for n, form in enumerate(forms):
        yield CityObject(
            f"tree-{n + 1:06d}",
            "SolitaryVegetationObject",
            attributes={
                "species": species_codes[str(species[n])],
                "height": Measure(float(heights[n]), "m"),
                "trunkDiameter": Measure(float(trunks[n]), "m"),
                "crownDiameter": Measure(float(crowns[n]), "m"),
            },
            implicit=[ImplicitGeometry(form[0], "2", matrices[n], anchors[n])],
        )
