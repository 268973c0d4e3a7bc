"""Triangulation fills polygons, and what is drawn of an object is the right one, once."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from citygml.geometry import newell
from citygml.model import CityObject, Geometry, Surface
from citygml.reading import open_model
from citygml.triangulate import triangle_areas, triangulate
from tests.unit.mesh_models import box, box_polygons, geometry
from tiles import mesh
from tiles.mesh import LINES, TRIANGLES, Primitive, divided, fitting_error, line_primitive, surface_primitives
from tiles.surfaces import choose, gather, once


def cut(*polygons, turn=None):
    shape = geometry(polygons)
    vertices = shape.vertices if turn is None else shape.vertices @ turn.T
    return vertices, triangulate(vertices, shape.rings, shape.polygons)


def per_polygon(vertices, result):
    areas = triangle_areas(vertices, result.corners, result.normals[result.polygon])
    return np.bincount(result.polygon, weights=areas, minlength=len(result.areas))


SQUARE = [(0, 0, 0), (4, 0, 0), (4, 4, 0), (0, 4, 0)]


def test_newell_gives_area_and_direction():
    shape = geometry([[SQUARE], [SQUARE[::-1]], [[(1, 0, 0), (0, 1, 0), (0, 0, 1)]]])
    normals, areas = newell(shape.vertices, shape.rings, shape.polygons)
    assert areas == pytest.approx([16, 16, math.sqrt(3) / 2])
    assert normals == pytest.approx(np.array([[0, 0, 1], [0, 0, -1], np.full(3, 1 / math.sqrt(3))]))


@pytest.mark.parametrize("hole", [1, -1], ids=["opposite", "same"])
def test_a_hole_reduces_the_area_whichever_way_it_turns(hole):
    inner = [(1, 1, 0), (1, 3, 0), (3, 3, 0), (3, 1, 0)][::hole]
    vertices, result = cut([SQUARE, inner])
    assert result.areas == pytest.approx([12])
    assert per_polygon(vertices, result) == pytest.approx([12])
    centres = vertices[result.corners].mean(axis=1)
    assert not ((centres[:, :2] > 1) & (centres[:, :2] < 3)).all(axis=1).any()


def test_a_quad_that_is_not_convex_is_cut_at_its_reflex_vertex():
    dart = [(0, 0, 0), (4, 0, 0), (1, 1, 0), (0, 4, 0)]
    for start in range(4):
        vertices, result = cut([dart[start:] + dart[:start]])
        assert triangle_areas(vertices, result.corners, result.normals[result.polygon]).min() > 0
        assert per_polygon(vertices, result) == pytest.approx(result.areas)


def test_collinear_and_repeated_vertices_leave_no_empty_triangles():
    ring = [(0, 0, 0), (2, 0, 0), (2, 0, 0), (4, 0, 0), (4, 4, 0), (2, 4, 0), (0, 4, 0)]
    vertices, result = cut([ring])
    areas = triangle_areas(vertices, result.corners)
    assert areas.min() > 1e-6
    assert areas.sum() == pytest.approx(16)


def test_polygons_without_area_have_no_triangles():
    line = [(0, 0, 0), (1, 0, 0), (2, 0, 0)]
    _, result = cut([line], [SQUARE], [[(0, 0, 0), (1, 1, 1)]])
    assert set(result.polygon.tolist()) == {1}
    assert len(result.failed) == 0


def test_a_ring_that_crosses_itself_is_reported():
    bow_tie = [(0, 0, 0), (4, 4, 0), (4, 0, 0), (0, 3, 0), (-1, 1, 0)]
    _, result = cut([SQUARE], [bow_tie])
    assert result.failed.tolist() == [1]


def test_earcut_failures_fall_back_to_constrained_delaunay(monkeypatch):
    import mapbox_earcut

    nothing = np.zeros(0, np.uint32)
    monkeypatch.setattr(mapbox_earcut, "triangulate_float64", lambda points, ends: nothing)
    inner = [(1, 1, 0), (1, 3, 0), (3, 3, 0), (3, 1, 0)]
    vertices, result = cut([SQUARE], [SQUARE, inner])
    assert len(result.failed) == 0
    assert per_polygon(vertices, result) == pytest.approx([16, 12])


@st.composite
def simple_polygons(draw):
    """A star-shaped ring about the origin with, sometimes, a hole, as a shapely polygon."""
    count = draw(st.integers(3, 14))
    radius = st.floats(2.0, 10.0)
    outer = [draw(radius) for _ in range(count)]
    angles = np.linspace(0, 2 * np.pi, count, endpoint=False)
    ring = [(r * math.cos(a), r * math.sin(a)) for r, a in zip(outer, angles, strict=True)]
    holes = []
    if draw(st.booleans()):
        inside = 0.4 * min(outer) * math.cos(math.pi / count) if count > 3 else 0.3
        sides = draw(st.integers(3, 6))
        around = np.linspace(0.3, 0.3 + 2 * np.pi, sides, endpoint=False)
        holes.append(
            [(inside * math.cos(a), inside * math.sin(a)) for a in around][:: draw(st.sampled_from([1, -1]))]
        )
    return shapely.Polygon(ring, holes)


def rotation(axis, angle):
    x, y, z = np.array(axis) / np.linalg.norm(axis)
    k = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + math.sin(angle) * k + (1 - math.cos(angle)) * k @ k


@settings(max_examples=150, deadline=None)
@given(
    st.lists(simple_polygons(), min_size=1, max_size=5),
    st.tuples(st.floats(-1, 1), st.floats(-1, 1), st.floats(0.1, 1)),
    st.floats(0, 3),
)
def test_random_polygons_in_any_plane_are_filled(shapes, axis, angle):
    usable = [s for s in shapes if s.is_valid and s.area > 0.1]
    if not usable:
        return
    polygons = [
        [[(x, y, 0.0) for x, y in ring.coords[:-1]] for ring in (s.exterior, *s.interiors)] for s in usable
    ]
    turn = rotation(axis, angle)
    vertices, result = cut(*polygons, turn=turn)
    assert len(result.failed) == 0
    truth = np.array([s.area for s in usable])
    assert result.areas == pytest.approx(truth, rel=1e-6)
    assert per_polygon(vertices, result) == pytest.approx(truth, rel=1e-3)
    flat = vertices @ turn
    for polygon, shape in enumerate(usable):
        for triangle in flat[result.corners[result.polygon == polygon]][:, :, :2]:
            outside = shapely.Polygon(triangle).difference(shape.buffer(1e-6)).area
            assert outside == pytest.approx(0, abs=1e-5)


def test_the_highest_level_of_detail_is_drawn_or_the_one_asked_for():
    item = CityObject(
        "a",
        "Building",
        geometries=[
            geometry([[SQUARE]], lod="1"),
            geometry([[SQUARE]], lod="2.2"),
            geometry([[SQUARE]], lod="0"),
        ],
    )
    assert [g.lod for g in choose(item)[0]] == ["2.2"]
    assert [g.lod for g in choose(item, "2")[0]] == ["2.2"]
    assert [g.lod for g in choose(item, "1")[0]] == ["1"]
    assert [g.lod for g in choose(item, "3")[0]] == ["2.2"]
    assert [g.lod for g in choose(CityObject("b", "Building", geometries=item.geometries[:1]), "0")[0]] == [
        "1"
    ]


def test_terrain_intersections_are_not_drawn_and_footprints_only_alone():
    curve = Geometry(
        "MultiCurve",
        "2",
        np.array(SQUARE, float),
        np.array([0, 4], np.int32),
        np.array([0, 1], np.int32),
        role="TerrainIntersection",
    )
    footprint = geometry([[SQUARE]], lod="0", role="FootPrint")
    shape = geometry([[SQUARE]], lod="1")
    assert choose(CityObject("a", "Building", geometries=[curve]))[0] == []
    assert choose(CityObject("a", "Building", geometries=[curve, footprint]))[0] == [footprint]
    assert choose(CityObject("a", "Building", geometries=[curve, footprint, shape]))[0] == [shape]


def test_a_solid_and_its_semantic_surfaces_are_drawn_once():
    faces = box_polygons((0, 0, 0), (4, 5, 6))
    turned = [[ring[1:] + ring[:1] for ring in face] for face in reversed(faces)]
    solid = geometry(faces, kind="Solid")
    surfaces = geometry([*turned, [SQUARE]], semantics=np.zeros(7, np.int32))
    kept = once([solid, surfaces])
    assert [k.polygon_count for k in kept] == [7]
    assert kept[0] is surfaces
    item = CityObject("a", "Building", geometries=[solid, surfaces], surfaces=[Surface("WallSurface")])
    assert len(gather([item]).surfaces.feature) == 7


def test_polygons_that_only_one_of_two_geometries_has_are_all_kept():
    faces = box_polygons((0, 0, 0), (4, 5, 6))
    solid = geometry(faces, kind="Solid")
    partly = geometry([*faces[:2], [[(9, 9, 0), (10, 9, 0), (9, 10, 0)]]])
    kept = once([partly, solid])
    assert sorted(k.polygon_count for k in kept) == [1, 6]


def test_crossing_billboards_of_two_geometries_are_not_taken_for_the_same():
    one = geometry([[[(-1, 0, 0), (1, 0, 0), (1, 0, 2), (-1, 0, 2)]]])
    other = geometry([[[(0, -1, 0), (0, 1, 0), (0, 1, 2), (0, -1, 2)]]])
    assert sum(k.polygon_count for k in once([one, other])) == 2


def test_features_follow_the_order_of_objects_with_geometry():
    items = [
        box("a", (0, 0, 0), (1, 1, 1)),
        CityObject("empty", "Building"),
        box("b", (2, 0, 0), (3, 1, 1)),
        box("a", (0, 0, 0), (1, 1, 1)),
    ]
    drawn = gather(items)
    assert [o.id for o in drawn.objects] == ["a", "b"]
    assert drawn.surfaces.feature.tolist() == [0] * 6 + [1] * 6


def test_rings_without_vertices_are_left_out():
    shape = geometry([[SQUARE], [SQUARE]])
    shape.rings = np.array([0, 4, 4], np.int32)
    shape.vertices = shape.vertices[:4]
    drawn = gather([CityObject("a", "Building", geometries=[shape])])
    assert len(drawn.surfaces.feature) == 1


def test_flat_normals_are_per_polygon_and_tin_normals_are_shared():
    roof = [[(0, 0, 0), (2, 0, 0), (2, 2, 2), (0, 2, 2)]], [[(0, 2, 2), (2, 2, 2), (2, 4, 0), (0, 4, 0)]]
    for kind, ridge in (("Building", 2), ("TINRelief", 1)):
        surfaces = gather([CityObject("a", kind, geometries=[geometry(roof)])]).surfaces
        result = triangulate(surfaces.vertices, surfaces.rings, surfaces.polygons)
        (made,) = surface_primitives(surfaces, surfaces.vertices, result, np.zeros(2, np.int32))
        # glTF's y is up, its z is south
        on_ridge = np.isclose(made.positions[:, 1], 2)
        assert len(np.unique(made.normals[on_ridge].round(6), axis=0)) == ridge
        assert np.linalg.norm(made.normals, axis=1) == pytest.approx(1)
    assert made.normals[on_ridge][0] == pytest.approx([0, 1, 0], abs=1e-9)


def test_lines_join_the_vertices_of_each_line_string_only():
    curve = Geometry(
        "MultiCurve",
        "1",
        np.arange(15.0).reshape(5, 3),
        np.array([0, 3, 5], np.int32),
        np.array([0, 1, 2], np.int32),
    )
    drawn = gather([CityObject("pipe", "utility:Pipe", geometries=[curve])])
    made = line_primitive(drawn.lines, drawn.lines.vertices, 0)
    assert made.indices.reshape(-1, 2).tolist() == [[0, 1], [1, 2], [3, 4]]
    assert made.features.tolist() == [0] * 5


def square_of(size: float, feature: int) -> Primitive:
    corners = np.array([[0, 0, 0], [size, 0, 0], [size, size, 0], [0, size, 0]], float)
    indices = np.array([0, 1, 2, 0, 2, 3], np.uint32)
    return Primitive(TRIANGLES, corners, indices, np.full(4, feature, np.uint32))


def test_small_triangles_are_rounded_less() -> None:
    assert fitting_error([square_of(10.0, 0)], 0.009) == 0.009
    small = fitting_error([square_of(0.2, 0)], 0.009)
    assert 0.0002 < small < 0.2 / 200
    assert fitting_error([square_of(0.1, 0)], 0.009) == pytest.approx(small / 2)
    assert fitting_error([square_of(1e-6, 0)], 0.009) == 0.0002


def test_a_few_odd_objects_do_not_make_a_tile_finer() -> None:
    houses = [square_of(10.0, k) for k in range(19)]
    assert fitting_error([*houses, square_of(0.1, 19)], 0.009) == 0.009
    assert fitting_error([*houses[:3], *(square_of(0.1, k) for k in range(3, 6))], 0.009) < 0.001


def test_a_wrinkled_polygon_is_cut_without_triangles_that_stand_up(data):
    """Earcut makes thin triangles of 23.1 m² of a plate of 21.0 m², whose corners are 5 cm out of plane."""
    path = data / "citygml" / "plateau-feature-types" / "52384698_frn_6697_op.gml"
    objects = [item for batch in open_model(path).batches() for item in batch]
    plates = [o for o in objects if o.id.startswith(("frn_1c6d9960", "frn_48ad9387"))]
    assert len(plates) == 2
    for plate in plates:
        (shape,) = plate.geometries
        middle = shape.vertices.mean(axis=0)
        metres = (shape.vertices - middle) * [111_320 * np.cos(np.radians(middle[1])), 111_320, 1]
        result = triangulate(metres, shape.rings, shape.polygons)
        assert not len(result.failed)
        in_space = triangle_areas(metres, result.corners).sum()
        assert in_space == pytest.approx(result.areas.sum(), rel=1e-3)


@pytest.mark.parametrize("spread", [4, 400])
@pytest.mark.parametrize("mode", [TRIANGLES, LINES])
def test_what_has_too_many_vertices_is_divided_and_nothing_is_lost(
    monkeypatch: pytest.MonkeyPatch, spread: int, mode: int
) -> None:
    """spread: how far apart the vertices of an element may lie in their order."""
    monkeypatch.setattr(mesh, "MOST_VERTICES", 90)
    random, corners = np.random.default_rng(3), {TRIANGLES: 3, LINES: 2}[mode]
    first = random.integers(0, 1000 - spread, 700)
    indices = (first[:, None] + random.integers(0, spread, (700, corners))).astype(np.uint32).ravel()
    marks = np.arange(1000.0)
    whole = Primitive(
        mode,
        np.stack([marks] * 3, axis=1),
        indices,
        np.arange(1000, dtype=np.uint32),
        normals=np.stack([-marks] * 3, axis=1),
        material=2,
    )
    parts = divided([whole])
    assert max(len(p.positions) for p in parts) <= 90
    assert len(parts) <= 1 + len(indices) // 45
    elements = [p.positions[p.indices][:, 0].reshape(-1, corners) for p in parts]
    found = sorted(map(tuple, np.concatenate(elements).tolist()))
    assert found == sorted(map(tuple, indices.reshape(-1, corners).tolist()))
    for p in parts:
        assert (p.mode, p.material, p.uv) == (mode, 2, None) and p.normals is not None
        np.testing.assert_array_equal(p.features, p.positions[:, 0])
        np.testing.assert_array_equal(p.normals, -p.positions)
    small = Primitive(mode, whole.positions[:90], indices[:0], whole.features[:90])
    assert divided([small])[0] is small
