"""Buildings of the sample district as city objects: solids, parts, roof installations, attributes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from citygml.model import Attributes, CityObject, Float64, Geometry, Measure
from twin.synth.codes import code
from twin.synth.design import Design, Mass, Spec
from twin.synth.drape import Ground
from twin.synth.facades import facade_objects, suits_facade
from twin.synth.masses import Solid, solids
from twin.synth.plan import Plan
from twin.synth.shapes import lift, prism, surface_geometry

# use -> code of Building_class, codes of Building_function for function and usage
USES = {
    "detached": ("1000", "01001", "01001"),
    "terrace": ("1000", "02002", "02002"),
    "apartment": ("1000", "02001", "02001"),
    "shops": ("1010", "03000", "03000"),
    "restaurants": ("1010", "04000", "04000"),
    "retail": ("1010", "07000", "03000"),
    "offices": ("1010", "14000", "14000"),
    "hotel": ("1010", "15000", "15000"),
    "culture": ("1020", "05000", "05000"),
    "school": ("1020", "10000", "10000"),
    "sports": ("1020", "13000", "13000"),
    "factory": ("1030", "17000", "17000"),
    "warehouse": ("1030", "18000", "18000"),
    "leisure": ("1040", "27000", "27000"),
}
ROOF_TYPES = {
    "flat": "1000",
    "plain": "1000",
    "shed": "1010",
    "gabled": "1030",
    "hipped": "1040",
    "pyramid": "1070",
    "sawtooth": "1100",
    "barrel": "1110",
}
GRADES = ("1+++", "1++", "1+", "1", "2")
STREETS = (("에코델타로", "Eco Delta-ro"), ("평강로", "Pyeonggang-ro"), ("맥도강변로", "Maekdogangbyeon-ro"))
FACADES = {"apartment": 2, "offices": 2, "detached": 3, "terrace": 2, "school": 1}  # how many get LoD3
SIMPLE = 24  # so many buildings get LoD0 and LoD1 as well


@dataclass(slots=True)
class Placed:
    """A building with its number from 1, its block's design and the height of its ground [m]."""

    number: int
    spec: Spec
    design: Design
    ground: float

    @property
    def id(self) -> str:
        return f"building-{self.number:06d}"


def place(ground: Ground) -> list[Placed]:
    """Every building on its ground: the lowest terrain under its footprints, so that none floats."""
    at = ground.terrain.at
    pairs = [(spec, design) for design in ground.designs for spec in design.buildings]
    rings = [np.concatenate([m.footprint for m in spec.masses]) for spec, _ in pairs]
    sizes = np.array([len(r) for r in rings])
    points = np.concatenate(rings)
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    centres = np.add.reduceat(points, starts) / sizes[:, None]
    halfway = (points + np.repeat(centres, sizes, axis=0)) / 2
    low = np.minimum(at(points), at(halfway))
    heights = np.round(np.minimum(np.minimum.reduceat(low, starts), at(centres)), 3)
    return [
        Placed(i + 1, spec, design, float(z))
        for i, ((spec, design), z) in enumerate(zip(pairs, heights, strict=True))
    ]


def _area(ring: Float64) -> float:
    x, y = ring.T
    return float(abs(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2)


def floor_area(spec: Spec) -> float:
    """Of all storeys above the ground [m²]."""
    total = 0.0
    for mass in spec.masses:
        floors = max(1, round((mass.eaves - mass.low) / spec.storey_height))
        total += _area(mass.footprint) * min(floors, spec.storeys)
    return total


def has_gas(spec: Spec) -> bool:
    """Whether it has a gas boiler; the others take district heat."""
    return spec.use == "detached"


def _attributes(placed: Placed, draws: Float64) -> Attributes:
    spec = placed.spec
    class_, function, usage = USES[spec.use]
    kinds = {m.kind for m in spec.masses}
    roof = "1130" if len(kinds) > 1 else ROOF_TYPES[spec.masses[0].kind]
    area = floor_area(spec)
    household = spec.households > 0
    attributes: Attributes = {
        "name": spec.name,
        "name_en": spec.name_en,
        "class": code("Building_class", class_),
        "function": code("Building_function", function),
        "usage": code("Building_function", usage),
        "yearOfConstruction": spec.year,
        "roofType": code("Building_roofType", roof),
        "measuredHeight": Measure(round(max(m.top for m in spec.masses), 2), "m"),
        "storeysAboveGround": spec.storeys,
        "storeysBelowGround": spec.below,
        "footprint_area": Measure(round(sum(_area(m.footprint) for m in spec.masses if m.low == 0), 1), "m2"),
        "floor_area": Measure(round(area, 1), "m2"),
        "energy_grade": GRADES[int(draws[0] * (3 if household else 5))],
        "energy_use_intensity": Measure(
            round(60 + 90 * draws[1] * (0.6 if household else 1.4), 1), "kWh/(m2.a)"
        ),
        "photovoltaic_power": Measure(round(draws[2] * 0.06 * _area(spec.masses[0].footprint), 1), "kW"),
        "heating": "gas boiler" if has_gas(spec) else "district heating",
    }
    if household:
        attributes["households"] = spec.households
    return attributes


def _address(placed: Placed, plan: Plan) -> Attributes:
    block = placed.design.block
    middle = plan.columns / 2
    street = (
        STREETS[0] if abs(block.column + 0.5 - middle) <= 1 else STREETS[1 if block.column < middle else 2]
    )
    return {
        "country": "대한민국",
        "locality": "부산광역시 강서구",
        "thoroughfare": street[0],
        "number": str(2 * placed.number + int(block.column >= middle)),
        "postal_code": "46700",
    }


def _roof_boxes(placed: Placed, plan: Plan) -> list[CityObject]:
    objects = []
    for k, box in enumerate(placed.spec.boxes):
        base = np.concatenate([lift(box.footprint, box.low), lift(box.footprint, box.high)])
        base[:, 2] += placed.ground
        base[:, :2] = plan.frame.to_world(base[:, :2])
        topology = prism(len(box.footprint), "ClosureSurface")
        geometry = topology.geometry(np.round(base, 3), "2", solid=False)
        objects.append(
            CityObject(
                f"{placed.id}-roof-{k + 1}",
                "BuildingInstallation",
                parent=placed.id,
                attributes={"function": code("BuildingInstallation_function", box.function)},
                geometries=[geometry],
                surfaces=topology.surfaces(),
            )
        )
    return objects


def _simple_geometries(placed: Placed, plan: Plan) -> list[Geometry]:
    """Footprint, roof edge (LoD0) and block (LoD1) of the lowest mass."""
    mass = placed.spec.masses[0]
    ring = plan.frame.to_world(mass.footprint)
    low, high = placed.ground, placed.ground + max(m.eaves for m in placed.spec.masses)
    corners = np.round(np.concatenate([lift(ring, low), lift(ring, high)]), 3)
    m = len(ring)
    return [
        surface_geometry([corners[:m]], "0", role="FootPrint"),
        surface_geometry([corners[m:]], "0", role="RoofEdge"),
        prism(m).geometry(corners, "1", semantic=False),
    ]


def _parts(placed: Placed, made: Sequence[Solid]) -> Iterator[CityObject]:
    for k, (mass, (geometry, surfaces)) in enumerate(zip(placed.spec.masses, made, strict=True)):
        floors = max(1, round((mass.eaves - mass.low) / placed.spec.storey_height))
        yield CityObject(
            f"{placed.id}-part-{k + 1}",
            "BuildingPart",
            parent=placed.id,
            attributes={
                "roofType": code("Building_roofType", ROOF_TYPES[mass.kind]),
                "measuredHeight": Measure(round(mass.top - mass.low, 2), "m"),
                "storeysAboveGround": floors,
            },
            geometries=[geometry],
            surfaces=surfaces,
        )


def building_objects(ground: Ground) -> Iterator[CityObject]:
    """Buildings, each followed by its parts and installations."""
    plan = ground.plan
    everything = place(ground)
    draws = plan.rng(30).random((len(everything), 3))
    wanted = dict(FACADES)
    for start in range(0, len(everything), 2048):
        chunk = everything[start : start + 2048]
        masses: list[Mass] = [m for p in chunk for m in p.spec.masses]
        levels = np.repeat([p.ground for p in chunk], [len(p.spec.masses) for p in chunk])
        made = iter(solids(masses, levels, plan.frame))
        for placed in chunk:
            own = [next(made) for _ in placed.spec.masses]
            building = CityObject(
                placed.id,
                "Building",
                attributes=_attributes(placed, draws[placed.number - 1]),
                addresses=[_address(placed, plan)],
            )
            extra: list[CityObject] = []
            if len(own) == 1:
                building.geometries, building.surfaces = [own[0][0]], own[0][1]
                if placed.number % 5 == 0 and placed.number // 5 <= SIMPLE:
                    building.geometries = [*_simple_geometries(placed, plan), *building.geometries]
                if wanted.get(placed.spec.use, 0) > 0 and suits_facade(placed.spec):
                    wanted[placed.spec.use] -= 1
                    extra = facade_objects(building, placed.spec, placed.ground, plan.frame)
            yield building
            if len(own) > 1:
                yield from _parts(placed, own)
            yield from _roof_boxes(placed, plan)
            yield from extra
