"""Buildings of the sample district: closed solids, true volumes, honest attributes."""

from __future__ import annotations

import numpy as np
import pytest

from tests.unit.synth_models import layers, open_edges, rings_of, small_ground, volume
from twin.synth.buildings import place
from twin.synth.codes import LISTS
from twin.synth.design import Mass, flat
from twin.synth.masses import ARCH_SEGMENTS, PARAPET_WIDTH, solids
from twin.synth.plan import Frame
from twin.synth.shapes import inset, rectangle, regular

L, W, E, T = 20.0, 10.0, 6.0, 9.0
BASE = rectangle((3.0, -2.0), L, W, 0.3)
ARCH = sum(0.5 * np.sin(np.pi / ARCH_SEGMENTS) for _ in range(ARCH_SEGMENTS)) * (W / 2) * (T - E)
HEXAGON = 3 * np.sqrt(3) / 2 * 4.0**2


def solid_volume(mass: Mass) -> float:
    geometry, surfaces = solids([mass], np.array([1.5]), Frame())[0]
    assert open_edges(geometry) == 0
    assert len(surfaces) == geometry.polygon_count
    assert geometry.vertices[:, 2].min() == 1.5 + mass.low
    assert geometry.vertices[:, 2].max() == 1.5 + mass.top
    return volume(geometry)


@pytest.mark.parametrize(
    ("mass", "expected"),
    [
        (Mass("plain", BASE, 0.0, T, T), L * W * T),
        (Mass("gabled", BASE, 0.0, E, T), L * W * (E + (T - E) / 2)),
        (Mass("shed", BASE, 0.0, E, T), L * W * (E + T) / 2),
        # a hip of half the width at each end: a prism of L - W and a pyramid of W x W
        (Mass("hipped", BASE, 0.0, E, T), L * W * E + (L - W) * W * (T - E) / 2 + W * W * (T - E) / 3),
        (Mass("pyramid", regular((0.0, 0.0), 4.0, 6), 0.0, E, T), HEXAGON * (E + (T - E) / 3)),
        (Mass("barrel", BASE, 0.0, E, T), L * (W * E + ARCH)),
        (Mass("sawtooth", BASE, 0.0, E, T), L * W * (E + T) / 2),
        (flat(BASE, 0.0, E, 3.0), L * W * T - (L - 2 * PARAPET_WIDTH) * (W - 2 * PARAPET_WIDTH) * 3.0),
    ],
    ids=lambda v: v.kind if isinstance(v, Mass) else "",
)
def test_the_volume_of_each_roof_shape(mass: Mass, expected: float) -> None:
    assert solid_volume(mass) == pytest.approx(expected, rel=1e-3)


def test_a_roof_with_a_tower_on_it_stays_closed() -> None:
    tower = inset(BASE, 2.0)
    podium = Mass("flat", BASE, 0.0, E, E + 1.0, hole=tower)
    geometry, surfaces = solids([podium], np.array([0.0]), Frame())[0]
    assert open_edges(geometry) == 0
    assert [s.type for s in surfaces].count("ClosureSurface") == 1
    tower_solid, tower_surfaces = solids([flat(tower, E, T)], np.array([0.0]), Frame())[0]
    assert tower_surfaces[0].type == "ClosureSurface"
    shared = {tuple(p) for p in rings_of(tower_solid)[0].tolist()}
    assert shared <= {tuple(p) for p in geometry.vertices.tolist()}


def test_an_inset_square_keeps_its_middle() -> None:
    square = rectangle((0.0, 0.0), 10.0, 10.0, 0.7)
    np.testing.assert_allclose(inset(square, 2.0), rectangle((0.0, 0.0), 6.0, 6.0, 0.7), atol=1e-12)


def test_every_solid_is_closed_and_faces_outwards() -> None:
    lods = set()
    for layer in ("buildings", "bridges"):
        for object_ in layers()[layer]:
            for geometry in object_.geometries:
                if geometry.type == "Solid":
                    assert open_edges(geometry) == 0, object_.id
                    assert volume(geometry) > 0, object_.id
                    lods.add(geometry.lod)
    assert lods == {"1", "2", "3"}


def test_semantics_agree_with_the_way_the_faces_look() -> None:
    for object_ in layers()["buildings"]:
        for geometry in object_.geometries:
            if geometry.semantics is None or geometry.lod != "2" or geometry.type != "Solid":
                continue
            for p, s in enumerate(geometry.semantics.tolist()):
                ring = rings_of(geometry)[geometry.polygons[p]]
                ring = ring - ring[0]
                up = float(np.sum(np.cross(ring, np.roll(ring, -1, axis=0)), axis=0)[2])
                kind = object_.surfaces[s].type
                assert kind != "GroundSurface" or up < 0
                assert kind != "RoofSurface" or up > 0
                assert kind != "WallSurface" or abs(up) < 0.5


def test_windows_and_doors_fill_the_holes_of_their_walls() -> None:
    facades = [
        (o, g) for o in layers()["buildings"] for g in o.geometries if g.lod == "3" and g.type == "Solid"
    ]
    assert len(facades) >= 5
    kinds = set()
    for object_, geometry in facades:
        assert geometry.semantics is not None
        holes = {}
        for p, s in enumerate(geometry.semantics.tolist()):
            first, last = geometry.polygons[p], geometry.polygons[p + 1]
            for ring in rings_of(geometry)[first + 1 : last]:
                holes[frozenset(map(tuple, ring.tolist()))] = s
        for p, s in enumerate(geometry.semantics.tolist()):
            surface = object_.surfaces[s]
            if surface.type in ("Window", "Door"):
                kinds.add(surface.type)
                ring = rings_of(geometry)[geometry.polygons[p]]
                assert holes[frozenset(map(tuple, ring.tolist()))] == surface.parent
                assert object_.surfaces[surface.parent].type == "WallSurface"
    assert kinds == {"Window", "Door"}


def test_buildings_stand_on_the_ground() -> None:
    ground = small_ground()
    for placed in place(ground):
        corners = np.concatenate([m.footprint for m in placed.spec.masses])
        terrain = ground.terrain.at(corners)
        assert placed.ground <= terrain.min() + 1e-3
        assert placed.ground > terrain.max() - 1.0


def test_objects_come_after_their_parents_and_ids_are_unique() -> None:
    for layer, objects in layers().items():
        seen: set[str] = set()
        for object_ in objects:
            assert object_.id not in seen, layer
            assert object_.parent is None or object_.parent in seen
            seen.add(object_.id)
    every = [o.id for objects in layers().values() for o in objects]
    assert len(every) == len(set(every))


def test_attributes_are_complete_and_codes_are_in_their_lists() -> None:
    from citygml.model import Code, Measure

    for object_ in layers()["buildings"]:
        if object_.type != "Building":
            continue
        a = object_.attributes
        height, floor_area = a["measuredHeight"], a["floor_area"]
        assert isinstance(height, Measure) and height.unit == "m"
        assert isinstance(floor_area, Measure) and floor_area.unit == "m2" and floor_area.value > 10
        assert isinstance(a["yearOfConstruction"], int) and 2015 < a["yearOfConstruction"] < 2030
        assert isinstance(a["storeysAboveGround"], int) and 1 <= a["storeysAboveGround"] <= 50
        assert a["name"] and a["name_en"] and object_.addresses
    for objects in layers().values():
        for object_ in objects:
            for value in [
                *object_.attributes.values(),
                *(v for s in object_.surfaces for v in s.attributes.values()),
            ]:
                if isinstance(value, Code):
                    assert value.codeSpace is not None
                    name = value.codeSpace.removeprefix("codelists/").removesuffix(".xml")
                    assert LISTS[name][value.code] == value.name
