"""Bridges over the streams: decks with their approaches, piers, railings; arches over the outer streams.

A bridge runs straight along x. Its deck rises as half a sine wave from street to street; where it is near
the ground its side walls reach into it.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import numpy as np

from citygml.model import CityObject, Float64, Geometry, Measure, Surface
from twin.synth.codes import code
from twin.synth.drape import Ground, Lane, face_up
from twin.synth.plan import COUNTRY, RIVERSIDE, Plan
from twin.synth.shapes import GROUND, ROOF, WALL, Face, Topology, box, faces_geometry, prism, topology
from twin.synth.streets import AUXILIARY, CARRIAGEWAY_LIFT, TRAFFIC, lane_surface, row_name
from twin.synth.terrain import WATER_LEVEL

HALF_WIDTH = COUNTRY.half  # of a deck [m]
FOOTWAY = COUNTRY.footway  # on each side [m]
THICKNESS = 1.1  # of a deck [m]
TOP_RIVER, TOP_CANAL = 7.4, 5.8  # deck in the middle of the span [m]
RAIL_HEIGHT = 1.1  # [m]


@cache
def sweep(stations: int) -> Topology:
    """A solid through stations of four corners each (right below, left below, left above, right above, as
    seen against the run), counter-clockwise seen from the far end."""
    first, last = [3, 2, 1, 0], [4 * (stations - 1) + c for c in range(4)]
    faces: list[Face] = [(WALL, [first]), (WALL, [last])]
    for c, kind in enumerate((GROUND, WALL, ROOF, WALL)):
        d = (c + 1) % 4
        for s in range(stations - 1):
            near, far = 4 * s, 4 * (s + 1)
            faces.append((kind, [[far + d, far + c, near + c, near + d]]))
    return topology(faces)


def swept(x: Float64, y: float | Float64, half: float, low: Float64, high: Float64) -> Float64:
    """(4 n, 3) local corners of a box drawn along x about y, `half` wide to each side."""
    right, left = y - half + 0 * x, y + half + 0 * x
    ring = [(right, low), (left, low), (left, high), (right, high)]
    return np.stack([np.stack([x, across, z], axis=-1) for across, z in ring], axis=1).reshape(-1, 3)


def _solid(
    ground: Ground, corners: Float64, shape: Topology, lod: str = "2"
) -> tuple[Geometry, list[Surface]]:
    return shape.geometry(ground.set(corners), lod), shape.surfaces()


def span(plan: Plan, stream: int, row: int) -> tuple[float, float, float, float]:
    """Where a bridge begins and ends and the two shorelines lie, as x at the row's axis."""
    y = float(plan.row_y[row])
    axis = float(plan.stream_x(stream, y))
    reach = float(plan.stream_half[stream]) + RIVERSIDE - plan.column_section(0).half
    half = float(plan.stream_half[stream])
    return axis - reach, axis + reach, axis - half, axis + half


def _deck(ground: Ground, stream: int, row: int) -> tuple[Float64, Float64, Float64]:
    """Stations x (n,), bottom and top of the deck (n,)."""
    plan = ground.plan
    y = float(plan.row_y[row])
    start, end, _, _ = span(plan, stream, row)
    x = np.linspace(start, end, 2 * round((end - start) / 8.0) + 1)
    terrain = ground.terrain.at(np.stack([x, np.full_like(x, y)], axis=1))
    foot = np.linspace(terrain[0], terrain[-1], len(x)) + CARRIAGEWAY_LIFT
    crown = TOP_RIVER if stream in (0, plan.strips) else TOP_CANAL
    rise = np.sin(np.pi * (x - start) / (end - start))
    top = foot + (crown - foot) * rise
    bottom = np.where(top - terrain < 2.4, np.minimum(terrain - 0.4, top - 0.5), top - THICKNESS)
    return x, bottom, top


def _surface_of_road(ground: Ground, bridge: CityObject, x: Float64, y: float, top: Float64) -> CityObject:
    """The road on the deck."""
    lanes = [
        Lane(-HALF_WIDTH, -HALF_WIDTH + FOOTWAY, 0.15, TRAFFIC, "2"),
        Lane(-HALF_WIDTH + FOOTWAY, HALF_WIDTH - FOOTWAY, 0.03, TRAFFIC, "1"),
        Lane(-0.15, 0.15, 0.05, AUXILIARY, "1230"),
        Lane(HALF_WIDTH - FOOTWAY, HALF_WIDTH, 0.15, TRAFFIC, "2"),
    ]
    quads = []
    for lane in lanes:
        low = np.stack([x, np.full_like(x, y + lane.low), top + lane.lift], axis=-1)
        high = np.stack([x, np.full_like(x, y + lane.high), top + lane.lift], axis=-1)
        quads.append(np.stack([low[:-1], low[1:], high[1:], high[:-1]], axis=1))
    count = len(x) - 1
    faces = face_up(ground.set(np.concatenate(quads)))
    return CityObject(
        f"{bridge.id}-road",
        "Road",
        attributes={
            "name": f"{bridge.attributes['name']} 노면",
            "name_en": f"{bridge.attributes['name_en']}, roadway",
            "class": code("Road_class", "1010"),
            "bridge": bridge.id,
        },
        geometries=[
            faces_geometry(
                faces.reshape(-1, 3),
                np.full(len(faces), 4, dtype=np.int32),
                "2",
                np.repeat(np.arange(len(lanes)), count).astype(np.int32),
            )
        ],
        surfaces=[lane_surface(lane) for lane in lanes],
    )


def _element(
    id_: str, parent: str, kind: str, function: str, made: tuple[Geometry, list[Surface]]
) -> CityObject:
    geometry, surfaces = made
    return CityObject(
        id_,
        kind,
        parent=parent,
        attributes={"function": code("BridgeElement_function", function)},
        geometries=[geometry],
        surfaces=surfaces,
    )


def _piers(
    ground: Ground, bridge: str, stream: int, row: int, deck: tuple[Float64, ...]
) -> Iterator[CityObject]:
    x, bottom, _ = deck
    y = float(ground.plan.row_y[row])
    _, _, west, east = span(ground.plan, stream, row)
    count = 4 if east - west > 40 else 2
    for n, at in enumerate(np.linspace(west - 1.0, east + 1.0, count)):
        foot = float(ground.terrain.at(np.array([at, y]))) - 1.0
        head = float(np.interp(at, x, bottom))
        corners = box(np.array([at, y]), 1.6, 2 * HALF_WIDTH - 4.0, foot, head)
        made = _solid(ground, corners, prism(4, GROUND, WALL))
        yield _element(f"{bridge}-pier-{n + 1}", bridge, "BridgeConstructiveElement", "1000", made)


def _rails(ground: Ground, bridge: str, y: float, deck: tuple[Float64, ...]) -> Iterator[CityObject]:
    x, _, top = deck
    for n, side in enumerate((-1, 1)):
        corners = swept(x, y + side * (HALF_WIDTH - 0.1), 0.07, top + 0.15, top + 0.15 + RAIL_HEIGHT)
        made = _solid(ground, corners, sweep(len(x)))
        yield _element(f"{bridge}-railing-{n + 1}", bridge, "BridgeInstallation", "1030", made)


def _arches(
    ground: Ground, bridge: str, stream: int, row: int, deck: tuple[Float64, ...]
) -> Iterator[CityObject]:
    x, _, top = deck
    y = float(ground.plan.row_y[row])
    _, _, west, east = span(ground.plan, stream, row)
    a, b = west - 6.0, east + 6.0
    stations = np.linspace(a, b, 19)
    arc = 1 - ((stations - (a + b) / 2) / ((b - a) / 2)) ** 2
    level = np.interp(stations, x, top) - 0.6 + 0.24 * (b - a) * arc
    for n, side in enumerate((-1, 1)):
        at = y + side * (HALF_WIDTH - 0.6)
        made = _solid(ground, swept(stations, at, 0.45, level, level + 1.1), sweep(len(stations)))
        yield _element(f"{bridge}-arch-{n + 1}", bridge, "BridgeConstructiveElement", "1010", made)
        for m in range(3, len(stations) - 3, 2):
            low, high = float(np.interp(stations[m], x, top)), float(level[m]) + 0.3
            corners = box(np.array([stations[m], at]), 0.16, 0.16, low, high)
            made = _solid(ground, corners, prism(4, GROUND, WALL))
            id_ = f"{bridge}-hanger-{n + 1}-{m}"
            yield _element(id_, bridge, "BridgeConstructiveElement", "1020", made)


def bridge_objects(ground: Ground) -> Iterator[CityObject]:
    """Each bridge, followed by its elements; then, as top-level objects, the roads on them."""
    plan = ground.plan
    roads = []
    for stream in range(plan.strips + 1):
        for row in range(plan.rows + 1):
            if not plan.has_bridge(row):
                continue
            river = stream in (0, plan.strips)
            arch = river and abs(row - (plan.rows + 1) // 2) <= 1
            deck = _deck(ground, stream, row)
            x, bottom, top = deck
            y = float(plan.row_y[row])
            names = (
                ("평강", "Pyeonggang") if stream == 0 else ("맥도", "Maekdo") if river else ("수로", "Suro")
            )
            name = row_name(plan, row)
            geometry, surfaces = _solid(ground, swept(x, y, HALF_WIDTH, bottom, top), sweep(len(x)))
            bridge = CityObject(
                f"bridge-{stream}-{row}",
                "Bridge",
                attributes={
                    "name": f"{names[0]}{row + 1}교",
                    "name_en": f"{names[1]} Bridge {row + 1}",
                    "class": code("Bridge_class", "1000"),
                    "function": code("Bridge_function", "1000" if arch else "1010"),
                    "yearOfConstruction": 2020 + row % 6,
                    "carries": name[0],
                    "length": Measure(round(float(x[-1] - x[0]), 1), "m"),
                    "width": Measure(2 * HALF_WIDTH, "m"),
                    "clearance": Measure(round(float(bottom[len(bottom) // 2]) - WATER_LEVEL, 2), "m"),
                },
                geometries=[geometry],
                surfaces=surfaces,
            )
            yield bridge
            yield from _piers(ground, bridge.id, stream, row, deck)
            yield from _rails(ground, bridge.id, y, deck)
            if arch:
                yield from _arches(ground, bridge.id, stream, row, deck)
            roads.append(_surface_of_road(ground, bridge, x, y, top))
    yield from roads
