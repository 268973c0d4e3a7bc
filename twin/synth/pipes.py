"""Underground pipes: storm drains, sewers, water supply, district heating, power ducts; and manholes.

Pipes are objects of the Utility Network ADE (`utility:RoundPipe`, `utility:RectangularPipe`) with a
centre line (LoD1) and a tube (LoD2) in their true place under the ground.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from citygml.model import Attributes, CityObject, Float64, Geometry, Measure
from twin.synth.codes import code
from twin.synth.drainage import Network
from twin.synth.drape import Ground
from twin.synth.plan import Plan, Section
from twin.synth.shapes import faces_geometry, lift, prism, regular, tube

POINTS = 5  # of a centre line between two nodes
SIDES = 8  # of a tube
SEWER_SLOPE, TRUNK_SLOPE = 0.0022, 0.001  # [-]
SEWER_DEPTH = 1.9  # where a sewer begins, and behind a pumping station [m]
PUMPED_ROWS = 5  # rows of blocks between two pumping stations

YEAR = 2020  # in which the networks were laid

# sort -> name, code of Pipe_function, material
SORTS = {
    "water": ("상수관", "Water main", "1000", "덕타일 주철관 (ductile iron)"),
    "sewer": ("오수관", "Sanitary sewer", "1010", "폴리에틸렌관 (polyethylene)"),
    "storm": ("우수관", "Storm drain", "1020", "철근콘크리트관 (reinforced concrete)"),
    "heat-flow": ("난방 공급관", "Heating flow pipe", "1030", "이중보온강관 (pre-insulated steel)"),
    "heat-return": ("난방 환수관", "Heating return pipe", "1040", "이중보온강관 (pre-insulated steel)"),
    "power": ("전력 관로", "Power duct", "1050", "유리섬유복합관 (glass-fibre reinforced)"),
}


@dataclass(frozen=True, slots=True)
class Utility:
    """A network that follows the streets at a fixed cover: offset from the axis [m], cover [m]."""

    sort: str
    offset: float
    cover: float
    diameter: dict[str, float]  # by kind of street [m]; where it is missing there is no pipe


PRESSURE = (
    Utility("water", 2.6, 1.2, {"boulevard": 0.4, "arterial": 0.3, "local": 0.15}),
    Utility("heat-flow", -2.4, 1.5, {"boulevard": 0.45, "arterial": 0.35}),
    Utility("heat-return", -3.2, 1.5, {"boulevard": 0.45, "arterial": 0.35}),
    Utility("power", 5.2, 1.0, {"boulevard": 0.6, "arterial": 0.5}),
)
SEWER_OFFSET = -1.4


@dataclass(slots=True)
class Run:
    """Pipes between the nodes of the street grid: centre lines (n, POINTS, 2), keys and kinds of street."""

    keys: list[str]
    sections: list[Section]
    lines: Float64


def _runs(plan: Plan, offset: float) -> Run:
    """Every street segment between two nodes, `offset` to the north and east of the axis."""
    keys, sections, lines = [], [], []
    t = np.linspace(0, 1, POINTS)
    for strip in range(plan.strips):
        for j in range(plan.columns + 1):
            for k in range(plan.rows):
                y = plan.row_y[k] + offset + t * (plan.row_y[k + 1] - plan.row_y[k])
                lines.append(np.stack([plan.street_x(strip, j, y) + offset, y], axis=1))
                keys.append(f"ns-{strip}-{j}-{k}")
                sections.append(plan.column_section(j))
        for k in range(plan.rows + 1):
            y = np.full(POINTS, plan.row_y[k] + offset)
            for j in range(plan.columns):
                west, east = (plan.street_x(strip, j + d, y) + offset for d in (0, 1))
                lines.append(np.stack([west + t * (east - west), y], axis=1))
                keys.append(f"ew-{strip}-{j}-{k}")
                sections.append(plan.row_section(k))
    return Run(keys, sections, np.array(lines))


def _curve(points: Float64) -> Geometry:
    return Geometry(
        type="MultiCurve",
        lod="1",
        vertices=points,
        rings=np.array([0, len(points)], dtype=np.int32),
        polygons=np.array([0, 1], dtype=np.int32),
        role="Geometry",
    )


def _pipe(id_: str, sort: str, world: Float64, diameter: float, cover: float) -> CityObject:
    """A pipe from its world centre line (n, 3); `cover` is the least soil above it [m]."""
    kind, sides = ("RectangularPipe", 4) if sort == "power" else ("RoundPipe", SIDES)
    name, name_en, function, material = SORTS[sort]
    length = float(np.linalg.norm(np.diff(world, axis=0), axis=1).sum())
    quads = tube(world[:-1], world[1:], np.full(len(world) - 1, diameter / 2), sides)
    faces = np.round(quads, 3).reshape(-1, 3)
    body = faces_geometry(faces, np.full(len(faces) // 4, 4, dtype=np.int32), "2")
    body.role = "Geometry"
    attributes: Attributes = {
        "name": name,
        "name_en": name_en,
        "function": code("Pipe_function", function),
        "material": material,
        "yearOfConstruction": YEAR,
        "status": "inUse",
        "exteriorDiameter": Measure(round(diameter, 3), "m"),
        "length": Measure(round(length, 2), "m"),
        "cover_depth": Measure(round(cover, 2), "m"),
    }
    return CityObject(id_, f"utility:{kind}", attributes=attributes, geometries=[_curve(world), body])


def _pressure(ground: Ground) -> Iterator[CityObject]:
    for utility in PRESSURE:
        run = _runs(ground.plan, utility.offset)
        surface = ground.terrain.at(run.lines)
        for key, section, line, height in zip(run.keys, run.sections, run.lines, surface, strict=True):
            diameter = utility.diameter.get(section.name)
            if diameter is not None:
                world = ground.set(np.column_stack([line, height - utility.cover - diameter / 2]))
                yield _pipe(f"pipe-{utility.sort}-{key}", utility.sort, world, diameter, utility.cover)


def _sewers(ground: Ground) -> Iterator[CityObject]:
    """Gravity sewers from the riverside streets to the boulevard, and the trunk there to the south."""
    plan = ground.plan
    run = _runs(plan, SEWER_OFFSET)
    index = {key: i for i, key in enumerate(run.keys)}
    surface = ground.terrain.at(run.lines)
    middle = plan.columns // 2

    def lay(key: str, invert: float, flip: bool, slope: float, diameter: float) -> tuple[CityObject, float]:
        i = index[key]
        line = run.lines[i][::-1] if flip else run.lines[i]
        steps = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
        z = invert - slope * steps + diameter / 2
        world = ground.set(np.column_stack([line, z]))
        along = surface[i][::-1] if flip else surface[i]
        cover = float((along - z).min()) - diameter / 2
        pipe = _pipe(f"pipe-sewer-{key}", "sewer", world, diameter, cover)
        return pipe, float(invert - slope * steps[-1])

    for strip in range(plan.strips):
        trunk = np.inf
        for k in range(plan.rows, -1, -1):
            arriving = trunk
            for columns, flip in ((range(middle), False), (range(plan.columns - 1, middle - 1, -1), True)):
                invert = np.inf
                for j in columns:
                    heights = surface[index[f"ew-{strip}-{j}-{k}"]]
                    invert = min(invert, float(heights.min()) - SEWER_DEPTH)
                    pipe, invert = lay(f"ew-{strip}-{j}-{k}", invert, flip, SEWER_SLOPE, 0.3)
                    yield pipe
                arriving = min(arriving, invert)
            for j in range(plan.columns + 1):
                if k and j != middle:
                    heights = surface[index[f"ns-{strip}-{j}-{k - 1}"]]
                    yield lay(
                        f"ns-{strip}-{j}-{k - 1}", float(heights.min()) - SEWER_DEPTH, True, SEWER_SLOPE, 0.2
                    )[0]
            if k:
                heights = surface[index[f"ns-{strip}-{middle}-{k - 1}"]]
                if (plan.rows - k) % PUMPED_ROWS == PUMPED_ROWS - 1:
                    arriving = float(heights.min()) - SEWER_DEPTH
                pipe, trunk = lay(f"ns-{strip}-{middle}-{k - 1}", arriving, True, TRUNK_SLOPE, 0.5)
                yield pipe


def _storm(ground: Ground, network: Network) -> Iterator[CityObject]:
    for conduit in network.conduits:
        start, end, radius = conduit.start, conduit.end, conduit.diameter / 2
        t = np.linspace(0, 1, POINTS)[:, None]
        xy = start.xy + t * (end.xy - start.xy)
        z = conduit.start.invert + t * (conduit.low - conduit.start.invert) + radius
        world = ground.set(np.concatenate([xy, z], axis=1))
        cover = float((ground.terrain.at(xy) - z[:, 0]).min()) - radius
        pipe = _pipe(f"pipe-storm-{conduit.name}", "storm", world, conduit.diameter, cover)
        slope = (start.invert - conduit.low) / conduit.length
        pipe.attributes["slope"] = Measure(round(100 * slope, 3), "%")
        pipe.attributes["swmm_link"] = conduit.name
        yield pipe


def pipe_objects(ground: Ground, network: Network) -> Iterator[CityObject]:
    """Every pipe and duct."""
    yield from _storm(ground, network)
    yield from _sewers(ground)
    yield from _pressure(ground)


def manhole_objects(ground: Ground, network: Network) -> Iterator[CityObject]:
    """A shaft at every junction of the storm drains."""
    shape = prism(8)
    for node in network.nodes.values():
        if node.outlet is None:
            continue
        ring = regular(node.xy, 0.6, 8)
        corners = np.concatenate([lift(ring, node.invert - 0.2), lift(ring, node.ground + 0.08)])
        yield CityObject(
            f"manhole-{node.name}",
            "CityFurniture",
            attributes={
                "class": code("CityFurniture_class", "1040"),
                "function": code("CityFurniture_function", "1070"),
                "depth": Measure(round(node.ground - node.invert, 2), "m"),
                "invert": Measure(node.invert, "m"),
                "swmm_node": node.name,
            },
            geometries=[shape.geometry(ground.set(corners), "2", solid=False, semantic=False)],
        )
