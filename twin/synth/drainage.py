"""The storm drainage network of the district and its SWMM input file.

Mains lie in the east-west streets and run from the boulevard outwards to the streams; laterals lie in the
north-south streets. Every block is a subcatchment that drains into the lateral on its downstream side.
Diameters follow from the rational method and Manning's formula for full pipes, inverts from a least cover
and slope with soffits level at the manholes. One pipe is older and too narrow, the last before the second
stream in the southernmost street: in larger districts, manholes there overflow in the storm of the file.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from citygml.model import Float64
from twin.synth.drape import Ground
from twin.synth.plan import Plan
from twin.synth.streets import stream_side
from twin.synth.terrain import WATER_LEVEL

OFFSET = 1.2  # of the storm drains from the street's axis, to the east and north [m]
COVER = 1.2  # least soil above a pipe [m]
ROUGHNESS = 0.013  # Manning's n of concrete pipe [s/m^(1/3)]
DIAMETERS = np.array([0.45, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.35, 1.5, 1.65, 1.8, 2.0])  # [m]
LATERAL_SLOPE, MAIN_SLOPE = 0.0025, 0.0013  # [-]
DESIGN_RAIN = 75.0  # for the diameters [mm/h]
OLD_SHARE = 0.15  # of that, which the old pipe of the district carries
IMPERVIOUS = {
    "detached": 55, "row": 60, "apartment": 65, "commercial": 88, "mixed": 90, "landmark": 85,
    "school": 50, "industry": 92, "waterfront": 60, "park": 12, "reserve": 8,
}  # [%]  # fmt: skip
# A synthetic storm: rain in steps of 10 minutes [mm/h], 98 mm in 3 hours.
STORM = (6, 10, 15, 24, 40, 66, 92, 84, 62, 46, 36, 29, 23, 18, 14, 10, 8, 5)


@dataclass(slots=True)
class Node:
    """A manhole or an outfall."""

    name: str
    xy: Float64
    ground: float
    outlet: str | None
    slope: float = MAIN_SLOPE
    area: float = 0.0  # impervious area drained through it [m²]
    invert: float = np.inf
    soffit: float = np.inf  # of the pipes that arrive
    arriving: float = np.inf  # the lowest invert of those [m]


@dataclass(slots=True)
class Conduit:
    name: str
    start: Node
    end: Node
    diameter: float
    length: float
    low: float  # invert at its end [m]


@dataclass(slots=True)
class Subcatchment:
    name: str
    outlet: str
    area: float  # [m²]
    impervious: float  # [%]
    width: float  # [m]
    outline: Float64


@dataclass(slots=True)
class Network:
    nodes: dict[str, Node] = field(default_factory=dict)
    conduits: list[Conduit] = field(default_factory=list)
    subcatchments: list[Subcatchment] = field(default_factory=list)


def _nodes(ground: Ground) -> dict[str, Node]:
    """Nodes, each before the one it runs into."""
    plan = ground.plan
    middle = plan.columns // 2
    places: list[tuple[str, tuple[float, float], str | None, float]] = []
    for strip in range(plan.strips):
        for k in range(plan.rows):
            y = float(plan.row_y[k]) + OFFSET
            for j in range(plan.columns + 1):
                at = float(plan.row_y[k + 1]) - plan.row_section(k + 1).half - 8.0
                x = float(plan.street_x(strip, j, at)) + OFFSET
                places.append((f"M{strip}-{j}-{k}", (x, at), f"J{strip}-{j}-{k}", LATERAL_SLOPE))
            west, east = list(range(middle, -1, -1)), list(range(middle + 1, plan.columns + 1))
            for run, stream, side in ((west, strip, 1), (east, strip + 1, -1)):
                for j, following in zip(run, [*run[1:], None], strict=True):
                    x = float(plan.street_x(strip, j, y)) + OFFSET
                    outlet = f"O{strip}-{stream}-{k}" if following is None else f"J{strip}-{following}-{k}"
                    places.append((f"J{strip}-{j}-{k}", (x, y), outlet, MAIN_SLOPE))
                x, at = stream_side(plan, stream, side, np.array(2.0), np.array(y)).tolist()
                places.append((f"O{strip}-{stream}-{k}", (x, at), None, MAIN_SLOPE))
    xy = np.array([p[1] for p in places])
    heights = ground.terrain.at(xy)
    return {
        name: Node(name, xy[i], float(heights[i]), outlet, slope)
        for i, (name, _, outlet, slope) in enumerate(places)
    }


def _subcatchments(ground: Ground, nodes: dict[str, Node]) -> list[Subcatchment]:
    plan = ground.plan
    made = []
    for design in ground.designs:
        block = design.block
        column = block.column if block.column < plan.columns // 2 else block.column + 1
        south, north = float(plan.row_y[block.row]), float(plan.row_y[block.row + 1])
        y = np.array([south, south, (south + north) / 2, north, north, (south + north) / 2])
        x = [plan.street_x(block.strip, block.column + d, y[i]) for i, d in enumerate((0, 1, 1, 1, 0, 0))]
        outline = np.stack([np.array(x, dtype=np.float64), y], axis=1)
        px, py = outline.T
        area = float(abs(px @ np.roll(py, -1) - py @ np.roll(px, -1)) / 2)
        outlet = f"M{block.strip}-{column}-{block.row}"
        impervious = 0.8 * IMPERVIOUS[block.kind] + 0.2 * 90.0
        name = f"S{block.strip}-{block.column}-{block.row}"
        made.append(Subcatchment(name, outlet, area, impervious, area / (north - south), outline))
        nodes[outlet].area += area * impervious / 100
    return made


def _diameter(area: float, slope: float) -> float:
    """The smallest standard diameter [m] that carries the design rain of an impervious area [m²] when full.

    Manning (1891): Q = 0.312 / n D^(8/3) S^(1/2).
    """
    flow = area * DESIGN_RAIN / 3.6e6
    need = (flow * ROUGHNESS / (0.312 * slope**0.5)) ** 0.375
    return float(DIAMETERS[min(int(np.searchsorted(DIAMETERS, need)), len(DIAMETERS) - 1)])


def old_node(plan: Plan) -> str:
    """Name of the manhole where the old pipe begins."""
    return f"J0-{plan.columns}-0"


def make_network(ground: Ground) -> Network:
    """The network with inverts and diameters; nodes come upstream first."""
    nodes = _nodes(ground)
    network = Network(nodes, [], _subcatchments(ground, nodes))
    for node in nodes.values():
        if node.outlet is None:
            continue
        end = nodes[node.outlet]
        if node.name == old_node(ground.plan):
            diameter = _diameter(OLD_SHARE * node.area, node.slope)
            node.invert = round(min(node.ground - COVER - diameter, node.arriving), 3)
        else:
            diameter = _diameter(node.area, node.slope)
            node.invert = round(min(node.ground - COVER, node.soffit) - diameter, 3)
        length = round(float(np.hypot(*(end.xy - node.xy))), 2)
        low = round(node.invert - node.slope * length, 3)
        end.area += node.area
        if end.outlet is None:
            end.invert = low
        else:
            end.soffit = min(end.soffit, low + diameter)
            end.arriving = min(end.arriving, low)
        network.conduits.append(Conduit(f"C{node.name}", node, end, diameter, length, low))
    return network


def _section(name: str, head: str, rows: list[str]) -> str:
    return "\n".join([f"[{name}]", f";;{head}", *rows, "", ""])


def swmm_input(network: Network, plan: Plan) -> str:
    """The network as the text of a SWMM 5 input file, coordinates in EPSG:5187."""
    world = plan.frame.to_world
    nodes = list(network.nodes.values())
    xy = world(np.array([n.xy for n in nodes]))
    junctions = [n for n in nodes if n.outlet is not None]
    bounds = plan.world_bounds()
    rain = [f"storm {i // 6:d}:{10 * (i % 6):02d} {v}" for i, v in enumerate((*STORM, 0))]
    outlines = []
    for s in network.subcatchments:
        outlines += [f"{s.name} {x:.3f} {y:.3f}" for x, y in world(s.outline)]
    sections = [
        "[TITLE]\n;;Storm drainage of the sample district (EPSG:5187, heights EPSG:5193)\n\n",
        _section("OPTIONS", "option value", [
            "FLOW_UNITS CMS", "INFILTRATION HORTON", "FLOW_ROUTING DYNWAVE", "LINK_OFFSETS ELEVATION",
            "ALLOW_PONDING NO", "START_DATE 07/01/2026", "START_TIME 00:00:00",
            "REPORT_START_DATE 07/01/2026", "REPORT_START_TIME 00:00:00", "END_DATE 07/01/2026",
            "END_TIME 06:00:00", "DRY_DAYS 3",
            "REPORT_STEP 00:05:00", "WET_STEP 00:01:00", "DRY_STEP 00:10:00", "ROUTING_STEP 5",
            "VARIABLE_STEP 0.75", "INERTIAL_DAMPING PARTIAL", "MIN_SLOPE 0",
        ]),
        _section("EVAPORATION", "source value", ["CONSTANT 0", "DRY_ONLY NO"]),
        _section("RAINGAGES", "name format interval scf source series",
                 ["gauge INTENSITY 0:10 1.0 TIMESERIES storm"]),
        _section("SUBCATCHMENTS", "name gauge outlet area[ha] imperv[%] width[m] slope[%] curb",
                 [f"{s.name} gauge {s.outlet} {s.area / 1e4:.4f} {s.impervious:.1f} {s.width:.1f} 0.3 0"
                  for s in network.subcatchments]),
        _section("SUBAREAS", "name n-imperv n-perv s-imperv[mm] s-perv[mm] zero[%] route",
                 [f"{s.name} 0.014 0.2 1.5 5 25 OUTLET" for s in network.subcatchments]),
        _section("INFILTRATION", "name max[mm/h] min[mm/h] decay[1/h] dry[d] max[mm]",
                 [f"{s.name} 50 4 4 7 0" for s in network.subcatchments]),
        _section("JUNCTIONS", "name invert[m] depth[m] initial surcharge ponded[m2]",
                 [f"{n.name} {n.invert:.3f} {n.ground - n.invert:.3f} 0 0 0" for n in junctions]),
        _section("OUTFALLS", "name invert[m] type stage[m] gated",
                 [f"{n.name} {n.invert:.3f} FIXED {WATER_LEVEL:.2f} YES" for n in nodes if n.outlet is None]),
        _section("CONDUITS", "name from to length[m] n in[m] out[m] initial max",
                 [f"{c.name} {c.start.name} {c.end.name} {c.length:.2f} {ROUGHNESS} {c.start.invert:.3f} "
                  f"{c.low:.3f} 0 0" for c in network.conduits]),
        _section("XSECTIONS", "link shape geom1[m] geom2 geom3 geom4 barrels",
                 [f"{c.name} CIRCULAR {c.diameter} 0 0 0 1" for c in network.conduits]),
        _section("TIMESERIES", "name time[h:mm] value[mm/h]", rain),
        _section("REPORT", "option value",
                 ["INPUT NO", "CONTROLS NO", "SUBCATCHMENTS ALL", "NODES ALL", "LINKS ALL"]),
        _section("MAP", "", ["DIMENSIONS " + " ".join(f"{v:.1f}" for v in bounds), "UNITS Meters"]),
        _section("COORDINATES", "node east[m] north[m]",
                 [f"{n.name} {x:.3f} {y:.3f}" for n, (x, y) in zip(nodes, xy, strict=True)]),
        _section("POLYGONS", "subcatchment east[m] north[m]", outlines),
    ]  # fmt: skip
    return "".join(sections)
