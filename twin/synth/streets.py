"""Streets: segments between intersections, intersections with rounded corners and crossings, alleys,
promenades along the streams, park paths and plazas."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from citygml.model import CityObject, Float64, Measure, Surface
from twin.synth.codes import code
from twin.synth.drape import Ground, Lane, face_up, patch, strip_object, without_repeats
from twin.synth.plan import ALLEY, COUNTRY, LOCAL, RIVERSIDE, Plan, Section
from twin.synth.shapes import faces_geometry, quad_faces
from twin.synth.terrain import CREST

STATION = 12.0  # between cross-sections [m]
CARRIAGEWAY_LIFT, KERB = 0.06, 0.09  # above the ground, and the footway above the carriageway [m]
ROAD_CLASS = {"boulevard": "1000", "arterial": "1010", "local": "1020", "alley": "1030"}
SPEED = {"boulevard": 60, "arterial": 50, "local": 30, "alley": 20}
TRAFFIC, AUXILIARY = "TrafficArea", "AuxiliaryTrafficArea"


def lanes_of(section: Section) -> list[Lane]:
    """The lanes of a street from its left to its right edge."""
    half: list[tuple[float, float, float, str, str]] = []
    at = section.half
    raised = CARRIAGEWAY_LIFT + KERB
    for width, kind, function in (
        (section.footway, TRAFFIC, "2"),
        (section.verge, AUXILIARY, "1220"),
        (section.cycleway, TRAFFIC, "3"),
    ):
        if width:
            half.append((at - width, at, raised, kind, function))
            at -= width
    left = [Lane(-b, -a, z, kind, function) for a, b, z, kind, function in half]
    right = [Lane(a, b, z, kind, function) for a, b, z, kind, function in reversed(half)]
    if section.median:
        inner = [
            Lane(-at, -section.median, CARRIAGEWAY_LIFT, TRAFFIC, "1"),
            Lane(-section.median, section.median, raised, AUXILIARY, "1210"),
            Lane(section.median, at, CARRIAGEWAY_LIFT, TRAFFIC, "1"),
        ]
    else:
        inner = [Lane(-at, at, CARRIAGEWAY_LIFT, TRAFFIC, "1")]
    if section.name == "arterial":
        inner.append(Lane(-0.15, 0.15, CARRIAGEWAY_LIFT + 0.02, AUXILIARY, "1230"))
    return [*left, *inner, *right]


def lane_surface(lane: Lane) -> Surface:
    return Surface(lane.surface, attributes={"function": code(f"{lane.surface}_function", lane.function)})


def _road(id_: str, section: Section, name: tuple[str, str], length: float) -> CityObject:
    return CityObject(
        id_,
        "Road",
        attributes={
            "name": name[0],
            "name_en": name[1],
            "class": code("Road_class", ROAD_CLASS[section.name]),
            "width": Measure(round(2 * section.half, 2), "m"),
            "length": Measure(round(length, 1), "m"),
            "speed_limit": Measure(float(SPEED[section.name]), "km/h"),
        },
    )


def column_name(plan: Plan, strip: int, column: int) -> tuple[str, str]:
    if column == 0:
        return ("평강로", "Pyeonggang-ro") if strip == 0 else (f"수로{strip}로", f"Suro {strip}-ro")
    if column == plan.columns:
        if strip == plan.strips - 1:
            return "맥도강변로", "Maekdogangbyeon-ro"
        return f"수로{strip + 1}로 서측", f"Suro {strip + 1}-ro West"
    if plan.column_section(column).name == "boulevard":
        return (
            ("에코델타로", "Eco Delta-ro")
            if strip == 0
            else (f"에코델타{strip + 1}로", f"Eco Delta {strip + 1}-ro")
        )
    return f"물결{10 * strip + column}길", f"Mulgyeol {10 * strip + column}-gil"


def row_name(plan: Plan, row: int) -> tuple[str, str]:
    if plan.is_arterial(row):
        return f"델타중앙{row + 1}로", f"Delta Jungang {row + 1}-ro"
    return f"새싹{row + 1}길", f"Saessak {row + 1}-gil"


def _steps(length: float) -> Float64:
    return np.linspace(0.0, 1.0, max(2, round(length / STATION) + 1))


def crossed(plan: Plan, column: int, row: int) -> bool:
    """Whether an intersection has zebra crossings."""
    return plan.column_section(column).name == "boulevard" or (
        plan.is_arterial(row) and 0 < column < plan.columns
    )


def _crossings(section: Section, ends: list[tuple[float, float]]) -> tuple[Lane, Float64] | None:
    """Stripes of zebra crossings between pairs of stations, as quads of stations and offsets."""
    edge = section.carriageway - 0.6
    offsets = np.arange(-edge, edge - 0.4, 1.1)
    if section.median:
        offsets = offsets[np.abs(offsets + 0.25) > section.median + 0.3]
    quads = [[(a, w), (b, w), (b, w + 0.5), (a, w + 0.5)] for a, b in ends for w in offsets.tolist()]
    return (Lane(0, 0, CARRIAGEWAY_LIFT + 0.03, TRAFFIC, "6"), np.array(quads)) if quads else None


def _segments(ground: Ground) -> Iterator[CityObject]:
    plan = ground.plan
    for strip in range(plan.strips):
        for j in range(plan.columns + 1):
            section = plan.column_section(j)
            lanes = lanes_of(section)
            for k in range(plan.rows):
                south = plan.row_y[k] + plan.row_section(k).half
                north = plan.row_y[k + 1] - plan.row_section(k + 1).half
                y = south + _steps(north - south) * (north - south)

                def upright(t: Float64, offset: Float64, strip: int = strip, j: int = j) -> Float64:
                    x = plan.street_x(strip, j, t) + offset
                    return np.stack([x, np.broadcast_to(t, x.shape)], axis=-1)

                road = _road(f"road-ns-{strip}-{j}-{k}", section, column_name(plan, strip, j), north - south)
                ends = [(south + 0.6, south + 4.2)] * crossed(plan, j, k)
                ends += [(north - 4.2, north - 0.6)] * crossed(plan, j, k + 1)
                stripes = _crossings(section, ends)
                yield strip_object(ground, road, upright, y, lanes, lane_surface, stripes)
        for k in range(plan.rows + 1):
            section = plan.row_section(k)
            lanes = lanes_of(section)
            for j in range(plan.columns):
                road, across, stations = _level(plan, strip, j, float(plan.row_y[k]), section)
                road.id = f"road-ew-{strip}-{j}-{k}"
                name = row_name(plan, k)
                road.attributes["name"], road.attributes["name_en"] = name
                unit = 1.0 / float(road.attributes["length"].value)  # type: ignore[union-attr]
                ends = [(0.6 * unit, 4.2 * unit)] * crossed(plan, j, k)
                ends += [(1 - 4.2 * unit, 1 - 0.6 * unit)] * crossed(plan, j + 1, k)
                stripes = _crossings(section, ends)
                yield strip_object(ground, road, across, stations, lanes, lane_surface, stripes)


def node_x(plan: Plan, strip: int, column: int, y: float, half: float, offset: Float64) -> Float64:
    """x of the axis of a north-south street where one of half width `half` crosses it at y: straight there,
    so that the edges of the two match."""
    south, north = (float(plan.street_x(strip, column, y + side * half)) for side in (-1, 1))
    return south + (offset + half) / (2 * half) * (north - south)


class _Across:
    """Points of an east-west street between two north-south ones, by fraction of the way and offset."""

    def __init__(self, plan: Plan, strip: int, column: int, y: float, half: float) -> None:
        self.plan, self.strip, self.column, self.y, self.half = plan, strip, column, y, half

    def __call__(self, t: Float64, offset: Float64) -> Float64:
        y = self.y + offset
        plan, j = self.plan, self.column
        west, east = (node_x(plan, self.strip, j + d, self.y, self.half, offset) for d in (0, 1))
        west, east = west + plan.column_section(j).half, east - plan.column_section(j + 1).half
        x = west + t * (east - west)
        return np.stack([x, np.broadcast_to(y, x.shape)], axis=-1)


def _level(
    plan: Plan, strip: int, column: int, y: float, section: Section
) -> tuple[CityObject, _Across, Float64]:
    across = _Across(plan, strip, column, y, section.half)
    ends = across(np.array([[0.0], [1.0]]), np.array([[0.0]]))[:, 0, 0]
    length = float(ends[1] - ends[0])
    return _road("", section, ("", ""), length), across, _steps(length)


def _country_roads(ground: Ground) -> Iterator[CityObject]:
    """The roads from the outer bridges on, as far as the modelled ground reaches."""
    plan = ground.plan
    west, south, east, north = plan.world_bounds()
    for stream, side in ((0, -1), (plan.strips, 1)):
        for k in range(plan.rows + 1):
            if not plan.has_bridge(k):
                continue
            y = float(plan.row_y[k])
            start = float(plan.stream_x(stream, y)) + side * (
                plan.stream_half[stream] + RIVERSIDE - LOCAL.half
            )
            x = start + side * np.arange(0.0, 2000.0, STATION)
            edges = np.stack(
                [np.stack([x, np.full_like(x, y + d)], axis=1) for d in (-COUNTRY.half, COUNTRY.half)]
            )
            world = plan.frame.to_world(edges)
            inside = ((world >= [west, south]) & (world <= [east, north])).all(axis=(0, 2))
            stations = x[: int(np.argmin(inside))]
            if len(stations) < 2:
                continue
            road = _road(
                f"road-out-{stream}-{k}", COUNTRY, row_name(plan, k), float(abs(stations[-1] - stations[0]))
            )

            def level(t: Float64, offset: Float64, y: float = y) -> Float64:
                return np.stack(np.broadcast_arrays(t, y + offset), axis=-1)

            yield strip_object(ground, road, level, np.sort(stations), lanes_of(COUNTRY), lane_surface)


def _alleys(ground: Ground) -> Iterator[CityObject]:
    plan = ground.plan
    for design in ground.designs:
        if design.alley:
            block = design.block
            south, north = plan.block_y(block)
            road, across, stations = _level(plan, block.strip, block.column, (south + north) / 2, ALLEY)
            road.id = f"road-alley-{block.strip}-{block.column}-{block.row}"
            road.attributes["name"] = f"안길 {block.row + 1}-{block.column + 1}"
            road.attributes["name_en"] = f"Angil {block.row + 1}-{block.column + 1}"
            yield strip_object(ground, road, across, stations, lanes_of(ALLEY), lane_surface)


def _corner(legs: tuple[bool, bool], outer: Float64, inner: Float64) -> Float64:
    """Kerb line in one corner: from the east-west to the north-south street, offsets from the middle.

    legs: whether the street goes on to the side, and to north or south; outer, inner: (u, v) of the edge of
    the intersection and of the kerbs, with the signs of the corner.
    """
    side, end = legs
    if side and end:
        t = np.linspace(0, np.pi / 2, 6)[:, None]
        reach = inner - outer
        curve: Float64 = outer + reach * np.concatenate([np.sin(t), np.cos(t)], axis=1)
        return curve
    return np.where([[side, end]], outer, inner)


def _intersection(ground: Ground, strip: int, j: int, k: int) -> CityObject:
    plan = ground.plan
    ns, ew = plan.column_section(j), plan.row_section(k)
    middle = float(plan.row_y[k])
    bridge = plan.has_bridge(k)
    legs = {"W": j > 0 or bridge, "E": j < plan.columns or bridge, "S": k > 0, "N": k < plan.rows}
    outer, inner = np.array([ns.half, ew.half]), np.array([ns.carriageway, ew.carriageway])
    corners: dict[str, Float64] = {}
    for name, sign in (("SW", (-1, -1)), ("SE", (1, -1)), ("NE", (1, 1)), ("NW", (-1, 1))):
        corners[name] = _corner((legs[name[1]], legs[name[0]]), outer * sign, inner * sign)
    outline = np.concatenate([corners["SW"], corners["SE"][::-1], corners["NE"], corners["NW"][::-1]])
    following = np.roll(outline, -1, axis=0)
    centre = np.zeros_like(outline)
    groups: list[tuple[Lane, Float64]] = [
        (
            Lane(0, 0, CARRIAGEWAY_LIFT, TRAFFIC, "1"),
            np.stack([centre, outline, following, following], axis=1),
        )
    ]
    footway = Lane(0, 0, CARRIAGEWAY_LIFT + KERB, TRAFFIC, "2")
    pieces = []
    for name, sign in (("SW", (-1, -1)), ("SE", (1, -1)), ("NE", (1, 1)), ("NW", (-1, 1))):
        o, i, curve = outer * sign, inner * sign, corners[name]
        if len(curve) > 1:
            pieces += [np.array([o, curve[n], curve[n + 1], curve[n + 1]]) for n in range(len(curve) - 1)]
        else:
            pieces.append(np.array([o, [i[0], o[1]], i, [o[0], i[1]]]))
    for name, axis, end in (("W", 0, -1), ("E", 0, 1), ("S", 1, -1), ("N", 1, 1)):
        if not legs[name]:
            a, b, w = end * inner[axis], end * outer[axis], inner[1 - axis]
            piece = np.array([[a, -w], [b, -w], [b, w], [a, w]])
            pieces.append(piece if axis == 0 else piece[:, ::-1])
    groups.append((footway, np.array(pieces)))
    level, upright = row_name(plan, k), column_name(plan, strip, j)
    road = CityObject(
        f"road-x-{strip}-{j}-{k}",
        "Road",
        attributes={
            "name": f"{level[0]}·{upright[0]} 교차로",
            "name_en": f"{level[1]} and {upright[1]} intersection",
            "class": code("Road_class", "1040"),
            "crossings": "signals" if crossed(plan, j, k) else "unmarked",
        },
    )
    parts = []
    for n, (lane, quads) in enumerate(groups):
        y = middle + quads[..., 1]
        x = node_x(plan, strip, j, middle, ew.half, quads[..., 1]) + quads[..., 0]
        xy = np.stack([x, y], axis=-1)
        vertices, sizes, source = quad_faces(face_up(ground.lay(xy, lane.lift)))
        parts.append((*without_repeats(vertices, sizes), np.full(len(source), n, dtype=np.int32)))
        road.surfaces.append(lane_surface(lane))
    road.geometries.append(
        faces_geometry(
            np.concatenate([p[0] for p in parts]),
            np.concatenate([p[1] for p in parts]),
            "2",
            np.concatenate([p[2] for p in parts]),
        )
    )
    return road


def stream_side(plan: Plan, stream: int, side: int, distance: Float64, y: Float64) -> Float64:
    """Local points at a distance from the shoreline [m] (arrays broadcast); side -1 is the western bank."""
    x = plan.stream_x(stream, y) + side * (plan.stream_half[stream] + distance)
    return np.stack([x, np.broadcast_to(y, x.shape)], axis=-1)


def _promenades(ground: Ground) -> Iterator[CityObject]:
    """A cycleway and footway on the berm and a footpath on the levee, on the district's banks."""
    plan = ground.plan
    for stream in range(plan.strips + 1):
        for side in (-1, 1):
            if not 0 <= stream - (side < 0) < plan.strips:
                continue
            for k in range(plan.rows):
                y = np.linspace(plan.row_y[k], plan.row_y[k + 1], 13)
                crest = (CREST[0] + CREST[1]) / 2
                lanes = [
                    Lane(7.0, 9.6, 0.05, TRAFFIC, "2"),
                    Lane(9.6, 12.6, 0.05, TRAFFIC, "3"),
                    Lane(crest - 1.6, crest + 1.6, 0.05, TRAFFIC, "2"),
                ]

                def along(t: Float64, offset: Float64, stream: int = stream, side: int = side) -> Float64:
                    return stream_side(plan, stream, side, offset, t)

                track = CityObject(
                    f"promenade-{stream}-{'w' if side < 0 else 'e'}-{k}",
                    "Track",
                    attributes={"name": "수변산책로", "name_en": "Waterside promenade"},
                )
                yield strip_object(ground, track, along, y, lanes, lane_surface)


def _paved(ground: Ground) -> Iterator[CityObject]:
    """Park paths (tracks) and plazas (squares)."""
    for design in ground.designs:
        key = "-".join(str(v) for v in design.block.key)
        if design.paths:
            yield CityObject(
                f"path-{key}",
                "Track",
                attributes={"name": "공원 산책로", "name_en": "Park path"},
                geometries=[patch(ground.lay(np.array(design.paths), 0.05), "2", semantic=True)],
                surfaces=[lane_surface(Lane(0, 0, 0, TRAFFIC, "2"))],
            )
        for n, plaza in enumerate(design.plazas):
            t = np.linspace(0, 1, 7)
            south = plaza[0] + t[:, None] * (plaza[1] - plaza[0])
            north = plaza[3] + t[:, None] * (plaza[2] - plaza[3])
            grid = south[None] + t[:, None, None] * (north - south)[None]
            quads = np.stack([grid[:-1, :-1], grid[:-1, 1:], grid[1:, 1:], grid[1:, :-1]], axis=2).reshape(
                -1, 4, 2
            )
            yield CityObject(
                f"plaza-{key}-{n}",
                "TransportSquare",
                attributes={"name": "광장", "name_en": "Plaza"},
                geometries=[patch(ground.lay(quads, 0.06), "2", semantic=True)],
                surfaces=[lane_surface(Lane(0, 0, 0, TRAFFIC, "2"))],
            )


def street_objects(ground: Ground) -> Iterator[CityObject]:
    """All roads, tracks and squares of the district."""
    plan = ground.plan
    yield from _segments(ground)
    for strip in range(plan.strips):
        for j in range(plan.columns + 1):
            for k in range(plan.rows + 1):
                yield _intersection(ground, strip, j, k)
    yield from _alleys(ground)
    yield from _country_roads(ground)
    yield from _promenades(ground)
    yield from _paved(ground)
