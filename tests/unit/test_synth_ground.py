"""The ground of the sample district and what lies on it: streets, bridges, water, land, trees."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio
import shapely

from citygml.model import CityObject, Float64
from tests.unit.synth_models import layers, rings_of, small_ground
from twin.synth.bridges import span
from twin.synth.drape import without_repeats
from twin.synth.plan import LEVEE_TOE, Frame
from twin.synth.shapes import quad_faces
from twin.synth.streets import CARRIAGEWAY_LIFT, KERB, stream_side
from twin.synth.templates import make_templates
from twin.synth.terrain import CELL, CREST, WATER_LEVEL, Terrain, write_terrain


def above_ground(object_: CityObject) -> Float64:
    """Height of every vertex over the terrain [m]."""
    ground = small_ground()
    vertices = np.concatenate([g.vertices for g in object_.geometries])
    return vertices[:, 2] - ground.terrain.at(ground.plan.frame.to_local(vertices[:, :2]))


def test_the_terrain_is_a_geotiff_with_its_crs_and_the_same_heights(tmp_path: Path) -> None:
    ground = small_ground()
    write_terrain(ground.terrain, tmp_path / "terrain.tif")
    with rasterio.open(tmp_path / "terrain.tif") as file:
        assert [part in file.crs.to_wkt() for part in ('"5187"', '"5193"')] == [True, True]
        assert file.res == (CELL, CELL)
        assert file.bounds == pytest.approx(ground.plan.world_bounds())
        assert (file.dtypes[0], file.profile["tiled"], file.profile["compress"]) == (
            "float32",
            True,
            "deflate",
        )
        np.testing.assert_array_equal(file.read(1), ground.terrain.heights)
        rng = np.random.default_rng(1)
        row, column = rng.integers(0, file.height, 50), rng.integers(0, file.width, 50)
        x, y = rasterio.transform.xy(file.transform, row, column)
        local = ground.plan.frame.to_local(np.stack([x, y], axis=1))
        np.testing.assert_allclose(ground.terrain.at(local), file.read(1)[row, column], atol=1e-4)


def test_heights_between_cells_are_bilinear() -> None:
    """On a plane, bilinear interpolation is exact."""
    plan = small_ground().plan
    x = 0.5 * CELL + CELL * np.arange(40)
    heights = (0.1 * x[None, :] - 0.05 * x[:, None] + 2).astype(np.float32)
    terrain = Terrain(heights, 1000.0, 2000.0, plan)
    world = np.random.default_rng(2).uniform([1002, 1924], [1076, 1998], (100, 2))
    expected = 0.1 * (world[:, 0] - 1000) - 0.05 * (2000 - world[:, 1]) + 2
    np.testing.assert_allclose(terrain.at(plan.frame.to_local(world)), expected, atol=1e-4)


def test_levees_stand_above_the_land_and_beds_lie_below_the_water() -> None:
    ground = small_ground()
    y = np.linspace(ground.plan.row_y[0], ground.plan.row_y[-1], 60)
    for stream in range(ground.plan.strips + 1):
        for side in (-1, 1):
            crest, toe, bed = (
                ground.terrain.at(stream_side(ground.plan, stream, side, np.array(d), y))
                for d in ((CREST[0] + CREST[1]) / 2, LEVEE_TOE + 3.0, -13.0)
            )
            assert crest.min() > toe.max() + 0.9
            assert bed.max() < WATER_LEVEL - 1.5


def test_rain_runs_from_the_middle_to_both_streams() -> None:
    plan, terrain = small_ground().plan, small_ground().terrain
    y = np.array([(plan.row_y[0] + plan.row_y[1]) / 2])
    x = np.array([float(plan.street_x(0, j, y)[0]) for j in range(plan.columns + 1)])
    heights = terrain.at(np.stack([x, np.repeat(y, len(x))], axis=1))
    middle = plan.columns // 2
    assert heights[0] + 0.3 < heights[1] < heights[middle]
    assert heights[-1] + 0.3 < heights[-2] < heights[middle]


def test_streets_lie_a_few_centimetres_above_the_ground() -> None:
    for object_ in layers()["roads"]:
        heights = above_ground(object_)
        assert heights.min() > 0.03, object_.id
        assert heights.max() < CARRIAGEWAY_LIFT + KERB + 0.01, object_.id


def test_streets_intersections_and_blocks_leave_no_gap() -> None:
    """The district between its outermost streets is covered once by streets and parcels."""
    ground = small_ground()
    plan = ground.plan
    areas = 0.0
    for layer, keep in (("roads", "road-"), ("landuse", "parcel-")):
        for object_ in layers()[layer]:
            if object_.id.startswith(keep) and "alley" not in object_.id and "out" not in object_.id:
                for geometry in object_.geometries:
                    for p, ring in enumerate(rings_of(geometry)):
                        marks = ""
                        if geometry.semantics is not None:
                            function = object_.surfaces[geometry.semantics[p]].attributes["function"]
                            marks = getattr(function, "code", "")
                        if marks not in ("6", "1230"):
                            areas += shapely.Polygon(ring[:, :2]).area
    low = plan.row_y[0] - plan.row_section(0).half
    high = plan.row_y[-1] + plan.row_section(plan.rows).half
    y = np.linspace(low, high, 400)
    width = plan.street_x(0, plan.columns, y) - plan.street_x(0, 0, y) + 2 * plan.column_section(0).half
    assert areas == pytest.approx(np.trapezoid(width, y), rel=1e-3)


def test_bridges_clear_the_water_and_the_levees() -> None:
    ground = small_ground()
    bridges = [o for o in layers()["bridges"] if o.type == "Bridge"]
    assert bridges
    for bridge in bridges:
        _, stream, row = bridge.id.split("-")
        _, _, west, east = span(ground.plan, int(stream), int(row))
        geometry = bridge.geometries[0]
        x = ground.plan.frame.to_local(geometry.vertices[:, :2])[:, 0]
        over_water = (x > west + 5) & (x < east - 5)
        assert geometry.vertices[over_water, 2].min() > WATER_LEVEL + 3.0
        assert geometry.semantics is not None
        rings = zip(rings_of(geometry), geometry.semantics, strict=True)
        top = np.concatenate([r for r, s in rings if bridge.surfaces[s].type == "RoofSurface"])
        local = ground.plan.frame.to_local(top[:, :2])
        gap = top[:, 2] - ground.terrain.at(local)
        assert gap.min() > 0.0
        ends = (local[:, 0] < local[:, 0].min() + 0.1) | (local[:, 0] > local[:, 0].max() - 0.1)
        assert np.abs(gap[ends]).max() < 0.2


def test_water_is_level_and_land_follows_the_ground() -> None:
    for object_ in layers()["water"]:
        assert np.ptp(object_.geometries[0].vertices[:, 2]) == 0
    for object_ in layers()["landuse"]:
        heights = above_ground(object_)
        assert heights.min() > 0.02, object_.id
        assert heights.max() < 0.05, object_.id


def test_everything_lies_on_the_modelled_ground() -> None:
    west, south, east, north = small_ground().plan.world_bounds()
    for objects in layers().values():
        for object_ in objects:
            bounds = object_.bounds()
            if bounds is None:
                assert object_.type == "Building", "only a building may leave its geometry to its parts"
                continue
            low, high = bounds
            assert low[0] >= west and low[1] >= south, object_.id
            assert high[0] <= east and high[1] <= north, object_.id


def test_trees_and_furniture_stand_on_the_ground_with_a_known_template() -> None:
    ground = small_ground()
    templates = make_templates()
    placed = [o for layer in ("vegetation", "furniture") for o in layers()[layer] if o.implicit]
    assert len(placed) > 500
    used = set()
    for object_ in placed:
        implicit = object_.implicit[0]
        used.add(implicit.template)
        terrain = ground.terrain.at(ground.plan.frame.to_local(implicit.anchor[:2]))
        assert 0 <= implicit.anchor[2] - terrain + 0.001 < 0.2
    assert used == set(templates)


def test_a_tree_is_as_high_and_wide_as_its_attributes_say() -> None:
    templates = make_templates()
    for object_ in layers()["vegetation"]:
        if object_.implicit:
            implicit = object_.implicit[0]
            points = templates[implicit.template].geometries[0].vertices @ implicit.matrix[:3, :3].T
            height, crown = object_.attributes["height"], object_.attributes["crownDiameter"]
            assert np.ptp(points[:, 2]) == pytest.approx(height.value, abs=1e-3)  # type: ignore[union-attr]
            assert 2 * np.hypot(*points[:, :2].T).max() == pytest.approx(crown.value, rel=0.02)  # type: ignore[union-attr]


def test_template_faces_look_outwards() -> None:
    """Each part is star-shaped enough that the whole has a positive volume."""
    for template in make_templates().values():
        geometry = template.geometries[0]
        total = 0.0
        for ring in rings_of(geometry):
            total += float(np.einsum("j,ij->", ring[0], np.cross(ring[1:-1], ring[2:])) / 6)
        assert total > 0, template.id


def test_bent_quads_become_triangles_and_keep_their_outline() -> None:
    flat = np.array([[0, 0, 0], [2, 0, 0], [2, 2, 0], [0, 2, 0.0]])
    bent = flat + np.array([[0, 0, 0], [0, 0, 0], [0, 0, 0.5], [0, 0, 0]])
    vertices, sizes, source = quad_faces(np.array([flat, bent]))
    assert sizes.tolist() == [4, 3, 3]
    assert source.tolist() == [0, 1, 1]
    areas = [shapely.Polygon(p[:, :2]).area for p in np.split(vertices, np.cumsum(sizes)[:-1])]
    assert areas == [4.0, 2.0, 2.0]


def test_a_repeated_vertex_is_dropped() -> None:
    vertices = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [1, 1, 0], [5, 5, 5], [6, 5, 5], [6, 6, 5.0]])
    kept, sizes = without_repeats(vertices, np.array([4, 3], dtype=np.int32))
    assert sizes.tolist() == [3, 3]
    assert len(kept) == 6


def test_the_frame_is_turned_as_written() -> None:
    north = Frame().to_world(np.array([[0.0, 0.0], [0.0, 1.0]]))
    assert np.degrees(np.arctan2(*(north[1] - north[0]))) == pytest.approx(9.0)
