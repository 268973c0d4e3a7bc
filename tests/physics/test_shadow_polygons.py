"""Shadow polygons against geometry, as solids' projections and as drawn round the mask."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest
import shapely

from analysis.errors import AnalysisError
from analysis.sun.position import SunPath
from analysis.sun.scene import SunScene
from analysis.sun.shadows import projected, shadow_polygons
from citygml.crs import Georeference, choose_heights, parse
from tests.sun_scenes import SEOUL, box, box_scene

MORNING = pd.Timestamp("2024-12-21T09:00+09:00").to_pydatetime()
# Seoul, 2024-12-21 09:00 KST by pvlib: azimuth 131.994, and 49.03 m of shadow for 10 m of height.
AZIMUTH, LENGTH = 131.994, 4.903
CRS = "EPSG:5186"
CORNER = np.array([198_000.0, 551_000.0, 0.0])
"""In the grid of central Korea (EPSG:5186), near the middle of Seoul."""


def placed(scene: SunScene) -> SunScene:
    """The scene in EPSG:5186."""
    assert scene.surfaces is not None
    surfaces = replace(scene.surfaces, vertices=scene.surfaces.vertices + CORNER)
    west, north = scene.west + CORNER[0], scene.north + CORNER[1]
    return replace(scene, surfaces=surfaces, west=west, north=north, crs=CRS)


def metric(collection: dict[str, Any]) -> dict[str, shapely.Geometry]:
    """The features back in the grid, by building."""
    crs = parse(CRS)
    bounds = np.array([CORNER, CORNER + 1000])
    globe = Georeference(crs, choose_heights(crs, bounds))

    def back(xy: np.ndarray) -> np.ndarray:
        return (globe.from_geographic(np.column_stack([xy, np.zeros(len(xy))])) - CORNER)[:, :2]

    return {
        each["properties"]["building"]: shapely.transform(shapely.geometry.shape(each["geometry"]), back)
        for each in collection["features"]
    }


def shadow_vector(height: float) -> np.ndarray:
    """Where the shadow of a point so high falls, from its foot [m]."""
    away = np.radians(AZIMUTH + 180)
    return height * LENGTH * np.array([np.sin(away), np.cos(away)])


def test_the_shadow_of_a_box_is_that_of_geometry() -> None:
    found = shadow_polygons(placed(box(width=20, depth=12, height=10, margin=80)), MORNING)
    assert found["properties"]["method"] == "geometry"
    assert found["properties"]["azimuth"] == pytest.approx(AZIMUTH, abs=0.01)
    shape = metric(found)["b0"]
    east, north = shadow_vector(10)
    # What a rectangle sweeps over while it moves, less the rectangle: the hexagon of a box's shadow.
    assert shape.area == pytest.approx(abs(east) * 12 + abs(north) * 20, rel=1e-3)
    assert found["features"][0]["properties"]["area"] == pytest.approx(shape.area, abs=0.2)
    corners = np.array([(x, y) for x in (80, 100) for y in (80, 92)], float) + (east, north)
    hull = shapely.convex_hull(shape)
    assert max(shapely.distance(hull, shapely.points(corners))) < 0.05
    assert shape.bounds[0] == pytest.approx(80 + east, abs=0.05)


def test_features_are_geojson_of_the_globe() -> None:
    found = shadow_polygons(placed(box(height=10, margin=80)), MORNING)
    (feature,) = found["features"]
    ring = feature["geometry"]["coordinates"][0]
    assert ring[0] == ring[-1]
    assert shapely.is_ccw(shapely.LinearRing(ring))
    assert np.array(ring).min(axis=0) == pytest.approx([126.98, 37.56], abs=0.02)


def test_the_mask_draws_the_same_to_about_half_a_cell() -> None:
    scene = placed(box(width=20, depth=12, height=10, margin=80))
    exact = metric(shadow_polygons(scene, MORNING, method="geometry"))["b0"]
    drawn = shadow_polygons(scene, MORNING, method="mask")
    shape = shapely.union_all([shapely.geometry.shape(f["geometry"]) for f in drawn["features"]])
    area = sum(f["properties"]["area"] for f in drawn["features"])
    assert area == pytest.approx(exact.area, rel=0.05)
    assert not shape.is_empty and drawn["features"][0]["properties"]["building"] is None


def test_a_slope_is_followed_by_the_mask() -> None:
    # Falling to the north-west, away from the sun, by 5 %: the shadow of the middle is longer by
    # tan(e) / (tan(e) - s).
    level = box(width=10, depth=10, height=10, margin=110)
    slope = box(width=10, depth=10, height=10, margin=110, slope=(0.05 * 0.743, -0.05 * 0.669))
    areas = []
    for scene in (level, slope):
        found = shadow_polygons(placed(scene), MORNING, method="auto")
        areas.append(sum(f["properties"]["area"] for f in found["features"]))
        assert found["properties"]["method"] == ("geometry" if scene is level else "mask")
    rise = 1 / LENGTH
    assert areas[1] / areas[0] == pytest.approx(rise / (rise - 0.05), rel=0.08)


def test_a_slab_in_the_air_casts_its_shadow_away_from_its_foot() -> None:
    scene = box(width=20, depth=12, height=0.5, margin=80)
    assert scene.surfaces is not None
    raised = replace(scene.surfaces, vertices=scene.surfaces.vertices + (0, 0, 5.0))
    ((_, shape),) = projected(replace(scene, surfaces=raised), SunPath.at(SEOUL, [MORNING]).directions[0])
    low, high = shadow_vector(5.0), shadow_vector(5.5)
    east, north = high - low
    assert shape.area == pytest.approx(20 * 12 + abs(east) * 12 + abs(north) * 20, rel=1e-3)
    assert shape.bounds == pytest.approx((80 + high[0], 80 + low[1], 100 + low[0], 92 + high[1]), abs=0.05)


def test_shadows_end_at_the_edge_of_the_scene_and_buildings_cast_their_own() -> None:
    scene = placed(box_scene([(10, 30, 10, 10, 60), (60, 30, 10, 10, 5)], (80, 60)))
    shapes = metric(shadow_polygons(scene, MORNING))
    assert set(shapes) == {"b0", "b1"}
    assert shapes["b0"].bounds[0] == pytest.approx(0, abs=0.01)
    assert shapes["b1"].area == pytest.approx(np.abs(shadow_vector(5)).sum() * 10, rel=1e-3)


def test_at_night_there_are_none() -> None:
    night = shadow_polygons(placed(box()), datetime.fromisoformat("2024-12-21T22:00+09:00"))
    assert night["features"] == [] and night["properties"]["elevation"] < 0


def test_a_time_without_zone_and_a_scene_without_a_place_are_refused() -> None:
    with pytest.raises(AnalysisError, match="has no zone"):
        shadow_polygons(placed(box()), datetime(2024, 12, 21, 9))
    with pytest.raises(AnalysisError, match="no place on the globe"):
        shadow_polygons(box(), MORNING)
    bare = replace(placed(box()), surfaces=None)
    with pytest.raises(AnalysisError, match="no surfaces to project"):
        shadow_polygons(bare, MORNING, method="geometry")
