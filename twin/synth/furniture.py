"""Street furniture: lamps, benches, bus stops, hydrants, traffic lights, sensor poles, level gauges."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from citygml.model import CityObject, Float64, ImplicitGeometry, Value
from twin.synth.codes import code
from twin.synth.drape import Ground
from twin.synth.green import verge
from twin.synth.plan import Plan
from twin.synth.streets import CARRIAGEWAY_LIFT, KERB, stream_side

LAMP_SPACING = 33.0  # [m]
LIMIT = 30_000  # lamps in the largest districts; above it they stand further apart

# template -> CityFurniture class, function
SORTS = {
    "lamp": ("1000", "1000"),
    "bench": ("1010", "1010"),
    "bus-stop": ("1000", "1020"),
    "hydrant": ("1020", "1030"),
    "signal": ("1000", "1040"),
    "sensor": ("1030", "1050"),
    "gauge": ("1030", "1060"),
    "manhole": ("1040", "1070"),
}


@dataclass(slots=True)
class Item:
    """Furniture at a local point; `angle` turns its front (-y) [rad]."""

    sort: str
    x: float
    y: float
    angle: float = 0.0
    lift: float = 0.0
    name: tuple[str, str] | None = None


def rotations(angles: Float64) -> Float64:
    """(n, 4, 4) about z."""
    matrices = np.zeros((len(angles), 4, 4))
    matrices[:, 0, 0] = matrices[:, 1, 1] = np.cos(angles)
    matrices[:, 1, 0] = np.sin(angles)
    matrices[:, 0, 1] = -matrices[:, 1, 0]
    matrices[:, 2, 2] = matrices[:, 3, 3] = 1.0
    return np.round(matrices, 6)


def _lamps_and_stops(plan: Plan) -> Iterator[Item]:
    raised = CARRIAGEWAY_LIFT + KERB
    for strip in range(plan.strips):
        for j in range(plan.columns + 1):
            section = plan.column_section(j)
            for k in range(plan.rows):
                low, high = float(plan.row_y[k]) + 20.0, float(plan.row_y[k + 1]) - 20.0
                count = max(1, round((high - low) / LAMP_SPACING))
                for n, y in enumerate(np.linspace(low, high, count + 1).tolist()):
                    side = 1 if (n + k) % 2 else -1
                    x = float(plan.street_x(strip, j, y)) + side * verge(section)
                    yield Item("lamp", x, y, -np.pi / 2 if side > 0 else np.pi / 2, raised)
                if section.name == "boulevard":
                    for side in (-1, 1):
                        y = (low + high) / 2 + side * 12.0
                        x = float(plan.street_x(strip, j, y)) + side * (section.half - section.footway + 1.2)
                        name = (f"에코델타 {k + 1}정류장", f"Eco Delta Stop {k + 1}")
                        yield Item("bus-stop", x, y, -side * np.pi / 2, raised, name)
        for k in range(plan.rows + 1):
            section = plan.row_section(k)
            for j in range(plan.columns):
                y = float(plan.row_y[k])
                west, east = (float(plan.street_x(strip, j + d, y)) for d in (0, 1))
                for n, x in enumerate(np.arange(west + 26.0, east - 18.0, LAMP_SPACING).tolist()):
                    side = 1 if n % 2 else -1
                    yield Item("lamp", x, y + side * verge(section), 0.0 if side > 0 else np.pi, raised)
                yield Item("hydrant", west + 34.0, y + section.half - 0.5, 0.0, raised)


def _signals_and_sensors(plan: Plan) -> Iterator[Item]:
    raised = CARRIAGEWAY_LIFT + KERB
    kinds = (("대기질", "Air quality"), ("기상", "Weather"), ("소음", "Noise"))
    for strip in range(plan.strips):
        for j in range(plan.columns + 1):
            ns = plan.column_section(j)
            for k in range(plan.rows + 1):
                ew = plan.row_section(k)
                y = float(plan.row_y[k])
                if ns.name == "boulevard":
                    for sx, sy, angle in (
                        (1, 1, -np.pi / 2),
                        (-1, 1, 0.0),
                        (-1, -1, np.pi / 2),
                        (1, -1, np.pi),
                    ):
                        x = float(plan.street_x(strip, j, y + sy * (ew.carriageway + 1.0)))
                        yield Item(
                            "signal",
                            x + sx * (ns.carriageway + 1.0),
                            y + sy * (ew.carriageway + 1.0),
                            angle,
                            raised,
                        )
                if (j + 2 * k) % 5 == 2:
                    kind = kinds[(j + k) % 3]
                    at = y + ew.half - 0.7
                    x = float(plan.street_x(strip, j, at)) + ns.half - 0.7
                    place = f"{strip + 1}-{j}-{k}"
                    name = (f"{kind[0]} 측정소 {place}", f"{kind[1]} station {place}")
                    yield Item("sensor", x, at, 0.0, raised, name)


def _gauges(plan: Plan) -> Iterator[Item]:
    for stream in range(plan.strips + 1):
        for k in range(plan.rows):
            if k % 2:
                continue
            side = 1 if stream < plan.strips else -1
            y = float(plan.row_y[k] + plan.row_y[k + 1]) / 2
            x, y = stream_side(plan, stream, side, np.array(1.5), np.array(y)).tolist()
            name = (f"수위관측소 {stream + 1}-{k + 1}", f"Water level gauge {stream + 1}-{k + 1}")
            yield Item("gauge", x, y, -side * np.pi / 2, 0.0, name)


def _benches(ground: Ground) -> Iterator[Item]:
    plan = ground.plan
    for design in ground.designs:
        for x, y, angle in design.benches:
            yield Item("bench", float(x), float(y), float(angle), 0.05)
    for stream in range(plan.strips + 1):
        for side in (-1, 1):
            if 0 <= stream - (side < 0) < plan.strips:
                for y in np.arange(plan.row_y[0] + 15.0, plan.row_y[-1], 45.0):
                    x, at = stream_side(plan, stream, side, np.array(13.8), np.array(y)).tolist()
                    yield Item("bench", x, at, -side * np.pi / 2)


def objects_of(ground: Ground, items: list[Item], prefix: str) -> Iterator[CityObject]:
    """The items as city objects with implicit geometry."""
    if not items:
        return
    xy = np.array([(i.x, i.y) for i in items])
    anchors = ground.lay(xy)
    anchors[:, 2] = np.round(anchors[:, 2] + [i.lift for i in items], 3)
    matrices = rotations(np.array([i.angle for i in items]) + ground.plan.frame.angle)
    for n, item in enumerate(items):
        class_, function = SORTS[item.sort]
        attributes: dict[str, Value] = {
            "class": code("CityFurniture_class", class_),
            "function": code("CityFurniture_function", function),
        }
        if item.name is not None:
            attributes = {"name": item.name[0], "name_en": item.name[1], **attributes}
        yield CityObject(
            f"{prefix}-{n + 1:06d}",
            "CityFurniture",
            attributes=attributes,
            implicit=[ImplicitGeometry(f"template-{item.sort}", "2", matrices[n], anchors[n])],
        )


def furniture_objects(ground: Ground) -> Iterator[CityObject]:
    """All street furniture above the ground."""
    plan = ground.plan
    items = list(_lamps_and_stops(plan))
    step = max(1, int(np.ceil(len(items) / LIMIT)))
    items = items[::step] + [*_signals_and_sensors(plan), *_gauges(plan), *_benches(ground)]
    yield from objects_of(ground, items, "furniture")
