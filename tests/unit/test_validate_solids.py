"""citygml.validate on solids and triangulated surfaces, against defects planted by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from citygml.model import Code
from citygml.validate import check_objects
from citygml.validate.edges import components, weld
from citygml.validate.faces import gather
from citygml.validate.planes import fit_planes
from citygml.validate.solids import signed_volumes
from tests.unit.validate_models import Ring, box, city_object, geometry, square


def codes(polygons: list[list[Ring]], shells: list[int] | None = None) -> list[str]:
    solid = geometry(polygons, "Solid", role="Solid", shells=shells)
    return sorted(f.code for f in check_objects([city_object(solid)]))


def turn(polygons: list[list[Ring]]) -> list[list[Ring]]:
    return [[list(reversed(ring)) for ring in polygon] for polygon in polygons]


def test_a_box_is_sound_and_has_its_volume() -> None:
    assert codes(box()) == []
    faces, _ = gather([city_object(geometry(box(3.0, (1e6, 2e6, 50.0)), "Solid"))], geographic=False)
    assert signed_volumes(faces, fit_planes(faces)) == pytest.approx([27.0])


def test_an_open_box() -> None:
    solid = geometry(box()[:-1], "Solid")
    (found,) = check_objects([city_object(solid)])
    assert found.code == "solid-not-closed"
    assert found.message.startswith("LoD2 MultiSurface: 4 edge(s)")


def test_orientation_of_faces() -> None:
    faces = box()
    assert codes(turn(faces)) == ["solid-inside-out"]
    assert codes([*turn(faces[:1]), *faces[1:]]) == ["solid-mixed-orientation"]


def test_cavities_look_the_other_way() -> None:
    inner = box(2.0, (4, 4, 4))
    assert codes([*box(), *turn(inner)], [6, 6]) == []
    assert codes([*box(), *inner], [6, 6]) == ["solid-inside-out"]


def test_points_that_differ_by_rounding_are_the_same() -> None:
    faces = box()
    top = [[(x + 4e-4, y - 4e-4, z + 4e-4) for x, y, z in faces[1][0]]]
    assert codes([faces[0], top, *faces[2:]]) == []
    moved = [[(x + 4e-2, y, z) for x, y, z in faces[1][0]]]
    assert "solid-not-closed" in codes([faces[0], moved, *faces[2:]])


def test_two_boxes_in_one_shell() -> None:
    assert codes([*box(), *box(at=(30, 0, 0))]) == ["solid-not-connected"]
    assert codes([*box(), *box(at=(5, 5, 5))]) == ["solid-not-connected", "solid-self-intersection"]
    along_an_edge = codes([*box(), *box(at=(10, 10, 0))])
    assert along_an_edge == ["solid-non-manifold"]


def test_faces_that_cross() -> None:
    """A pyramid on a box whose tip is pushed down through the floor."""
    faces = box()
    a, b, c, d = faces[1][0]
    tip = (5.0, 5.0, -3.0)
    sides: list[list[Ring]] = [[[p, q, tip]] for p, q in [(a, b), (b, c), (c, d), (d, a)]]
    assert codes([faces[0], *faces[2:], *sides]) == ["solid-self-intersection"]
    inside = (5.0, 5.0, 3.0)
    sound: list[list[Ring]] = [[[p, q, inside]] for p, q in [(a, b), (b, c), (c, d), (d, a)]]
    assert codes([faces[0], *faces[2:], *sound]) == []


def test_large_shells_are_searched_through_an_index_or_said_not_to_be() -> None:
    """A box with a roof of 400 triangles, sound, then with one face more that cuts through it."""
    n = 14
    grid = np.linspace(0, 10, n + 1)
    roof: list[list[Ring]] = []
    for i in range(n):
        for j in range(n):
            x0, x1, y0, y1 = grid[i], grid[i + 1], grid[j], grid[j + 1]
            roof += [
                [[(x0, y0, 10), (x1, y0, 10), (x1, y1, 10)]],
                [[(x0, y0, 10), (x1, y1, 10), (x0, y1, 10)]],
            ]
    blade: list[list[Ring]] = [[[(5.1, 5.2, 8.0), (5.3, 5.2, 12.0), (5.5, 5.25, 8.0)]]]
    sides = [face for k, face in enumerate(box()) if k != 1]
    solid = geometry([*sides, *roof, *blade], "Solid")
    assert "solid-self-intersection" in {f.code for f in check_objects([city_object(solid)])}
    from citygml.validate import Tolerances

    found = check_objects([city_object(solid)], tolerances=Tolerances(max_faces=100))
    assert {"not-checked"} == {f.code for f in found if f.severity == "info"}


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(*[st.integers(0, 3).map(float)] * 3, *[st.floats(-4e-4, 4e-4)] * 3), min_size=1, max_size=40
    )
)
def test_weld_joins_what_is_near_and_nothing_else(rows: list[tuple[float, ...]]) -> None:
    """Integer points with jitter below half the tolerance: nodes are exactly the integer points."""
    array = np.array(rows)
    truth = array[:, :3]
    nodes = weld(truth + array[:, 3:], np.zeros(len(rows), dtype=np.intp), 0.001)
    same = (truth[:, None] == truth[None]).all(axis=2)
    assert (same == (nodes[:, None] == nodes[None])).all()


def test_components_of_a_long_chain() -> None:
    chain = np.arange(999)
    assert (components(1001, chain, chain + 1) == np.array([0] * 1000 + [1000])).all()


def tin(*triangles: Ring) -> list[str]:
    surface = geometry([[t] for t in triangles], role="TIN", lod="1")
    return sorted(f.code for f in check_objects([city_object(surface, type_="TINRelief")]))


def test_terrain() -> None:
    left: Ring = [(0, 0, 0), (9, 0, 0), (0, 9, 3)]
    right: Ring = [(9, 0, 0), (9, 9, 1), (0, 9, 3)]
    assert tin(left, right) == []
    assert tin(left, list(reversed(right))) == ["polygon-wrong-orientation"]
    assert tin(square()) == ["triangle-vertex-count"]
    apart: Ring = [(9.2, 0, 0), (9, 9, 1), (0.2, 9, 3)]
    assert tin(left, apart) == ["tin-edge-unshared"] * 2


def test_gaps_in_terrain() -> None:
    """A ring of eight triangles about an empty square."""
    outer = square(9)
    inner = square(3, 3, 3)
    ring: list[Ring] = []
    for i in range(4):
        j = (i + 1) % 4
        ring += [[outer[i], outer[j], inner[i]], [outer[j], inner[j], inner[i]]]
    assert tin(*ring) == ["tin-hole"]
    assert tin(*ring, [inner[0], inner[1], inner[2]], [inner[0], inner[2], inner[3]]) == []


def test_inundation_is_triangles() -> None:
    water = city_object(geometry([[square()]], lod="1"), type_="WaterBody")
    assert check_objects([water]) == []
    water.attributes["class"] = Code("1140", "../../codelists/WaterBody_class.xml")
    assert [f.code for f in check_objects([water])] == ["triangle-vertex-count"]
