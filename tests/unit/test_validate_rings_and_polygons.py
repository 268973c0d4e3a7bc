"""citygml.validate on single rings and polygons, against defects planted by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from citygml.model import Geometry
from citygml.validate import Tolerances, check_objects
from citygml.validate.faces import metres_per_degree
from citygml.validate.plans import Overlaps
from tests.unit.validate_models import Ring, box, city_object, geometry, square


def codes(*polygons: list[Ring], **options: object) -> list[str]:
    return [f.code for f in check_objects([city_object(geometry(polygons, **options))])]  # type: ignore[arg-type]


def test_sound_surfaces_have_no_findings() -> None:
    tilted: Ring = [(0, 0, 0), (4, 0, 1), (4, 3, 2), (0, 3, 1)]
    with_hole = [square(), list(reversed(square(2, 3, 3)))]
    assert codes([square()], [tilted], with_hole) == []
    assert codes(*box()) == []


def test_repeated_points_are_placed() -> None:
    ring: Ring = [(5, 5, 1), (9, 5, 1), (9, 5, 1.0004), (9, 9, 1)]
    (found,) = check_objects([city_object(geometry([[ring]]))])
    assert (found.code, found.object_id, found.part) == ("ring-duplicate-points", "b1", "p0")
    assert found.place == (9.0, 5.0, 1.0)
    assert codes([[(5, 5, 1), (9, 5, 1), (9, 5.01, 1), (9, 9, 1)]]) == []


def test_too_few_points_and_no_area() -> None:
    assert codes([[(0, 0, 0), (1, 1, 1)]]) == ["too-few-points"]
    assert codes([[(0, 0, 0), (1, 1, 1), (2, 2, 2)]]) == ["triangle-degenerate"]
    assert codes([[(0, 0, 0), (1, 1, 1), (1, 1, 1)]]) == ["triangle-degenerate"]
    assert codes([[(0, 0, 0), (1, 1, 1), (2, 2, 2), (3, 3, 3)]]) == ["polygon-degenerate"]


@pytest.mark.parametrize("plane", ["xy", "xz", "slope"])
def test_rings_that_cross_or_touch_themselves(plane: str) -> None:
    def lift(ring: list[tuple[float, float]]) -> Ring:
        if plane == "xz":
            return [(x, 0.0, y) for x, y in ring]
        return [(x, y, 0.5 * x + 2 if plane == "slope" else 7.0) for x, y in ring]

    assert codes([lift([(0, 0), (4, 4), (4, 0), (0, 4)])]) == ["ring-self-intersection"]
    assert codes([lift([(0, 0), (4, 0), (4, 2), (2, 0), (4, 4), (0, 4)])]) == ["ring-self-intersection"]
    assert codes([lift([(0, 0), (4, 0), (4, 4), (2, 1), (0, 4)])]) == []


def test_flatness_is_the_spread_across_the_best_plane() -> None:
    def lifted(h: float) -> Ring:
        return [(0, 0, 0), (10, 0, 0), (10, 10, h), (0, 10, 0)]

    assert codes([lifted(0.05)]) == []  # spreads 0.025 m
    assert codes([lifted(0.08)]) == ["polygon-not-planar"]  # spreads 0.04 m
    (found,) = check_objects([city_object(geometry([[lifted(1.0)]]))])
    assert "0.4" in found.message or "0.5" in found.message


def test_holes() -> None:
    def hole(size: float, x: float, y: float) -> Ring:
        return list(reversed(square(size, x, y)))

    assert codes([square(), hole(3, 8, 8)]) == ["hole-outside"]
    assert codes([square(), hole(3, 20, 20)]) == ["hole-outside"]
    assert codes([square(), hole(3, 0, 4)]) == ["hole-touches-shell"]
    assert codes([square(), hole(3, 2, 2), hole(3, 4, 4)]) == ["holes-overlap"]
    assert codes([square(), hole(3, 2, 2), hole(3, 6, 6)]) == []
    assert codes([square(), square(3, 2, 2)]) == ["hole-wrong-orientation"]
    touching_once: Ring = [(0, 5, 0), (3, 7, 0), (3, 3, 0)]
    assert codes([square(), touching_once]) == []


def test_surfaces_on_the_ground_look_up() -> None:
    down = list(reversed(square()))
    for kind, lod in [("LandUse", "1"), ("Road", "2"), ("Building", "0"), ("WaterBody", "1")]:
        for ring, expected in [(square(), []), (down, ["polygon-wrong-orientation"])]:
            found = check_objects([city_object(geometry([[ring]], lod=lod), type_=kind)])
            assert [f.code for f in found] == expected, (kind, lod)
    assert codes([down], lod="2") == []


def test_degrees_are_made_metres() -> None:
    lon, lat = metres_per_degree(45.0)
    assert (round(lon), round(lat)) == (78847, 111132)  # NGA's length-of-a-degree calculator, 45 degrees
    east, north = 1.0 / lon, 1.0 / lat
    flat: Ring = [(127, 45, 0), (127 + 10 * east, 45, 0), (127 + 10 * east, 45 + 10 * north, 0.08)]
    ring: Ring = [*flat, (127.0, 45 + 10 * north, 0.0)]
    (found,) = check_objects([city_object(geometry([[ring]]))], geographic=True)
    assert found.code == "polygon-not-planar"
    near: Ring = [(127, 45, 0), (127 + 0.0005 * east, 45, 0), *flat[1:2], (127.0, 45 + 10 * north, 0.0)]
    assert [f.code for f in check_objects([city_object(geometry([[near]]))], geographic=True)] == [
        "ring-duplicate-points"
    ]


def test_arrays_that_do_not_fit_are_findings() -> None:
    good = geometry([[square()]])
    good.rings = np.array([0, 9], dtype=np.int32)
    assert [f.code for f in check_objects([city_object(good)])] == ["bad-geometry"]
    bad = geometry([[[(0, 0, 0), (float("nan"), 0, 0), (1, 1, 0)]]])
    assert [f.code for f in check_objects([city_object(bad)])] == ["bad-coordinates"]


def test_tolerances_are_a_choice() -> None:
    ring: Ring = [(0, 0, 0), (10, 0, 0), (10, 10, 0.08), (0, 10, 0)]
    assert check_objects([city_object(geometry([[ring]]))], tolerances=Tolerances(planar=0.1)) == []


COORDINATES = st.one_of(
    st.floats(-50, 50, width=32), st.sampled_from([0.0, 1.0, 1e-9, 1e8, 1e300, float("nan"), float("inf")])
)
OFFSETS = st.lists(st.integers(0, 6), min_size=0, max_size=8)


@settings(max_examples=150, deadline=None)
@given(
    vertices=hnp.arrays(np.float64, st.tuples(st.integers(0, 24), st.just(3)), elements=COORDINATES),
    ring_sizes=OFFSETS,
    polygon_sizes=OFFSETS,
    shell_sizes=OFFSETS,
    fit=st.booleans(),
    type_=st.sampled_from(["MultiSurface", "Solid", "MultiPoint"]),
    kind=st.sampled_from(["Building", "TINRelief", "LandUse", "uro:Thing"]),
    geographic=st.booleans(),
)
def test_garbage_never_crashes(  # type: ignore[no-untyped-def]
    vertices, ring_sizes, polygon_sizes, shell_sizes, fit, type_, kind, geographic
) -> None:
    """Any arrays at all, with offsets that fit (mostly) or not, give findings and no exception."""

    def offsets(sizes: list[int], total: int) -> np.ndarray:
        values = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32)
        if fit:
            values = np.append(np.minimum(values, total), total).astype(np.int32)
        return values

    rings = offsets(ring_sizes, len(vertices))
    polygons = offsets(polygon_sizes, len(rings) - 1)
    shells = offsets(shell_sizes, len(polygons) - 1) if type_ == "Solid" else None
    solids = np.array([0, len(shells) - 1], dtype=np.int32) if shells is not None else None
    garbage = Geometry(type_, "1", vertices, rings, polygons, shells, solids)
    for found in check_objects([city_object(garbage, type_=kind)], geographic=geographic):
        assert found.code and found.message and found.object_id == "b1"
    overlaps = Overlaps(geographic)
    overlaps.add([city_object(garbage, type_=kind), city_object(garbage, type_=kind, id_="b2")])
    assert {f.code for f in overlaps.finish()} <= {"areas-overlap", "solids-overlap"}
