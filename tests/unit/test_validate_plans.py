"""Objects compared in plan, attribute types, and edges that are split."""

from __future__ import annotations

import numpy as np

from citygml.model import CityObject
from citygml.validate import check_objects
from citygml.validate.attributes import check_attributes
from citygml.validate.plans import Overlaps, Parts
from citygml.validate.splits import closed_when_split
from tests.unit.validate_models import Ring, box, city_object, geometry, square


def overlaps(*objects: CityObject) -> list[tuple[str, str | None, str | None]]:
    found = Overlaps(geographic=False)
    for item in objects:
        found.add([item])
    return [(f.code, f.object_id, f.part) for f in found.finish()]


def plan(
    id_: str, x: float, z: float = 0.0, kind: str = "Road", lod: str = "1", size: float = 10
) -> CityObject:
    surface = geometry(
        [[square(size, x=x, z=z)]], lod=lod, role="FootPrint" if lod == "0" else "MultiSurface"
    )
    return city_object(surface, type_=kind, id_=id_)


def test_areas_that_overlap() -> None:
    assert overlaps(plan("a", 0), plan("b", 10), plan("c", 25)) == []
    assert overlaps(plan("a", 0), plan("b", 9)) == [("areas-overlap", "a", "b")]
    assert overlaps(plan("a", 0), plan("b", 9.99)) == []
    assert overlaps(plan("a", 0), plan("b", 5, z=6)) == []
    assert overlaps(plan("a", 0), plan("b", 5, kind="Railway")) == []
    assert overlaps(plan("a", 0), plan("b", 5, lod="2")) == []


def test_ground_plans_and_solids_that_overlap() -> None:
    pair = plan("a", 0, kind="Building", lod="0"), plan("b", 5, kind="Building", lod="0")
    assert overlaps(*pair) == [("footprints-overlap", "a", "b")]

    def block(id_: str, x: float, z: float) -> CityObject:
        return city_object(geometry(box(at=(x, 0, z)), "Solid", lod="1"), id_=id_)

    assert overlaps(block("a", 0, 0), block("b", 5, 5)) == [("solids-overlap", "a", "b")]
    assert overlaps(block("a", 0, 0), block("b", 5, 10)) == []
    assert overlaps(block("a", 0, 0), block("b", 10, 0)) == []


def test_too_many_objects_are_said_not_to_be_compared() -> None:
    found = Overlaps(geographic=False, limit=2)
    found.add([plan(str(k), 5.0 * k) for k in range(4)])
    assert [(f.code, f.severity) for f in found.finish()] == [("not-checked", "info")]


def parts(*at: float, own: bool = False) -> list[tuple[str, str | None]]:
    """Parts of one building at these eastings, each batch one object."""
    check = Parts(geographic=False)
    building = CityObject("b", "Building")
    if own:
        building.geometries.append(geometry(box(), "Solid"))
    found = check.add([building])
    for k, x in enumerate(at):
        solid = geometry(box(at=(x, 0, 0)), "Solid")
        found += check.add([CityObject(f"p{k}", "BuildingPart", parent="b", geometries=[solid])])
    return [(f.code, f.object_id) for f in found + check.finish()]


def test_parts_of_a_building_touch() -> None:
    assert parts(0, 10, 20) == []
    assert parts(0, 10, 30) == [("parts-not-connected", f"p{k}") for k in range(3)]
    assert parts(10, own=True) == []
    assert parts(30, own=True) == [("parts-not-connected", "p0")]
    assert parts(0) == [("part-alone", "p0")]


def test_parts_may_come_long_after_their_building() -> None:
    check = Parts(geographic=False)
    found = check.add([CityObject("b", "Building"), CityObject("c", "Building")])
    for k in range(2):
        solid = geometry(box(at=(10.0 * k, 0, 0)), "Solid")
        found += check.add([CityObject(f"p{k}", "BuildingPart", parent="b", geometries=[solid])])
    assert found + check.finish() == []


def test_attribute_types() -> None:
    item = CityObject(
        "b", "Building", attributes={"yearOfConstruction": "二千二十年", "measuredHeight": "high"}
    )
    assert [f.code for f in check_attributes([item])] == ["bad-attribute"] * 2
    fine = {
        "yearOfConstruction": 2020,
        "creationDate": "2020-01-01T00:00:00Z",
        "name": "high",
        "storeysAboveGround": 2,
    }
    assert check_attributes([CityObject("b", "Building", attributes=fine)]) == []  # type: ignore[arg-type]


def test_an_edge_split_on_one_side_is_a_warning() -> None:
    """The box's roof in two halves: the walls at their seam keep whole edges."""
    faces = box()
    west: Ring = [(0, 0, 10), (5, 0, 10), (5, 10, 10), (0, 10, 10)]
    east: Ring = [(5, 0, 10), (10, 0, 10), (10, 10, 10), (5, 10, 10)]
    split = geometry([faces[0], [west], [east], *faces[2:]], "Solid")
    assert [(f.code, f.severity) for f in check_objects([city_object(split)])] == [
        ("solid-edges-split", "warning")
    ]
    half = geometry([faces[0], [west], *faces[2:]], "Solid")
    assert [f.code for f in check_objects([city_object(half)])] == ["solid-not-closed"]


def test_split_edges_cancel_only_on_the_line() -> None:
    a, b, m, off = (0.0, 0.0, 0.0), (4.0, 0.0, 0.0), (1.0, 0.0, 0.0), (1.0, 0.5, 0.0)
    nodes = np.array([[0, 1], [1, 2], [2, 0]])
    assert closed_when_split(nodes, np.array([[a, b], [b, m], [m, a]]), 0.01)
    assert not closed_when_split(nodes, np.array([[a, b], [b, off], [off, a]]), 0.01)
    assert not closed_when_split(nodes[:2], np.array([[a, b], [b, m]]), 0.01)
