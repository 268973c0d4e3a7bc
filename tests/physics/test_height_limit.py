"""The height limit by the distance to the northern boundary against heights and volumes reckoned by hand."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.errors import AnalysisError
from analysis.sun.daylight.envelope import Envelope, breaches, envelope
from analysis.sun.daylight.height_limit import height_limit
from analysis.sun.daylight.north import KOREA_2012, KOREA_2023, Limit, NorthRule, limit_over
from analysis.sun.scene import Place
from citygml.model import CityObject
from citygml.validate import check_objects
from tests.sun_scenes import box_scene

PLOT = [[(0.0, 0.0), (20.0, 0.0), (20.0, 30.0), (0.0, 30.0)]]
"""20 m wide and 30 m deep, its northern boundary at y = 30."""
BITE = [[(0, 0), (30, 0), (30, 30), (20, 30), (20, 15), (10, 15), (10, 25), (0, 25)]]
"""With a neighbour's plot biting into it from the north."""
SKEW = [[(0, 0), (40, -3), (45, 20), (25, 37), (3, 28)], [(15, 10), (15, 20), (25, 20), (25, 10)]]


def solid(limit: Limit) -> Envelope:
    found = envelope(limit)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("rule", "distance", "height"),
    [
        (KOREA_2023, 0.0, 0.0),
        (KOREA_2023, 1.49, 0.0),
        (KOREA_2023, 1.5, 10.0),
        (KOREA_2023, 5.0, 10.0),
        (KOREA_2023, 5.01, 10.02),
        (KOREA_2023, 12.0, 24.0),
        (KOREA_2012, 1.5, 9.0),
        (KOREA_2012, 4.5, 9.0),
        (KOREA_2012, 4.6, 9.2),
        (KOREA_2012, 5.0, 10.0),
    ],
)
def test_heights_of_the_decree(rule: NorthRule, distance: float, height: float) -> None:
    assert float(rule.height(distance)) == pytest.approx(height)
    limit = limit_over(PLOT, 3.0, rule)
    # A hair inside, since on the line itself the stricter side holds.
    assert limit.height([(7.0, 30.0 - distance - 1e-4)])[0] == pytest.approx(height, abs=1e-3)
    if height > 0:
        assert float(rule.distance(height)) <= distance + 1e-9


def test_outside_of_the_plot_there_is_no_height() -> None:
    assert np.isnan(limit_over(PLOT, 0.0).height([(-1.0, 5.0), (10.0, 31.0)])).all()


def test_the_volume_of_the_envelope_is_that_of_a_hand_reckoning() -> None:
    # Over the width of 20 m: 3.5 m of 10 m, then twice the distance from 5 m to 30 m.
    by_hand = 20 * (3.5 * 10 + (30**2 - 5**2))
    assert solid(limit_over(PLOT, 3.0)).volume == pytest.approx(by_hand)
    # Before 2023: 3 m of 9 m, then from 4.5 m on.
    assert solid(limit_over(PLOT, 3.0, KOREA_2012)).volume == pytest.approx(20 * (27 + 30**2 - 4.5**2))
    # Not above 24 m, which is reached at 12 m.
    low = solid(limit_over(PLOT, 3.0, highest=24.0))
    assert low.volume == pytest.approx(20 * (35 + 12**2 - 5**2 + 18 * 24))
    assert np.ptp(low.vertices[:, 2]) == pytest.approx(24)
    assert low.vertices[:, 2].min() == 3.0


@pytest.mark.parametrize("plot", [PLOT, BITE, SKEW])
@pytest.mark.parametrize("convergence", [0.0, 1.7, -2.4])
def test_the_envelope_is_closed(plot: list[list[tuple[float, float]]], convergence: float) -> None:
    far = np.array([229_000.0, 280_000.0])
    limit = limit_over([np.array(ring) + far for ring in plot], 3.0, convergence=convergence)
    found = solid(limit)
    mesh = trimesh.Trimesh(found.vertices - found.vertices[0], found.triangles, process=False)
    assert mesh.is_watertight and mesh.is_winding_consistent
    assert mesh.volume == pytest.approx(found.volume, rel=1e-6)
    under = sum(
        cell.shape.area * float(cell.height(np.array([[cell.shape.centroid.x, cell.shape.centroid.y]]))[0])
        for cell in limit.cells
    )
    assert found.volume == pytest.approx(under, rel=1e-6)
    assert found.volume > 0


def test_the_envelope_can_stand_in_a_city_and_be_drawn() -> None:
    found = solid(limit_over(BITE, 3.0, convergence=1.7))
    envelope_object = CityObject("envelope", "Building", geometries=[found.geometry()])
    assert check_objects([envelope_object]) == []
    content, origin = found.glb()
    scene = trimesh.load(io.BytesIO(content), file_type="glb", force="mesh")
    low, high = found.vertices[:, 2].min(), found.vertices[:, 2].max()
    assert scene.bounds[:, 1] + origin[2] == pytest.approx([low, high], abs=1e-3)
    assert scene.volume == pytest.approx(found.volume, rel=1e-4)


def test_north_is_true_north() -> None:
    # The grid's north lies 10 degrees clockwise of true north, so that true north runs to the grid's west.
    limit = limit_over([[(0, 0), (100, 0), (100, 100), (0, 100)]], 0.0, convergence=10.0)
    away = 20.0 / np.cos(np.radians(10.0))
    assert limit.height([(50.0, 80.0)])[0] == pytest.approx(2 * away)
    # Near the western side one leaves the plot there, and sooner.
    assert limit.height([(1.0, 50.0)])[0] == pytest.approx(2 * 1.0 / np.sin(np.radians(10.0)), rel=1e-6)


def test_a_slanted_boundary_is_measured_due_north() -> None:
    limit = limit_over([[(0, 0), (20, 0), (20, 40), (0, 20)]], 0.0)
    assert limit.height([(5.0, 10.0), (15.0, 10.0)]) == pytest.approx([2 * 15, 2 * 25])


def test_open_land_beyond_a_boundary_counts() -> None:
    limit = limit_over(PLOT, 0.0, across=[(2, 8.0)])
    assert limit.height([(10.0, 29.9), (10.0, 20.0)]) == pytest.approx([2 * 8.1, 2 * 18])
    assert solid(limit).volume == pytest.approx(20 * (38**2 - 8**2))


def test_a_neighbour_that_bites_into_the_plot_is_in_the_north_too() -> None:
    limit = limit_over(BITE, 0.0)
    assert limit.height([(15.0, 5.0), (5.0, 5.0), (25.0, 5.0), (25.0, 20.0)]) == pytest.approx(
        [20, 40, 50, 20]
    )


def test_parts_that_break_the_limit_and_by_how_much() -> None:
    # A block 12 m high from 2 m to 12 m south of the boundary: the strip nearer than 6 m is too high.
    scene = box_scene([(4.0, 18.0, 12.0, 10.0, 12.0), (4.0, 2.0, 12.0, 10.0, 12.0)], (40.0, 40.0))
    assert scene.surfaces is not None
    limit = limit_over(PLOT, 0.0)
    (found,) = breaches(limit, scene.surfaces)
    assert found.building == "b0" and found.surface.startswith("b0-")
    assert found.area == pytest.approx(12 * 4)
    # 2 m over the level part, which is 3 m deep there, then falling to nothing over 1 m.
    assert found.volume == pytest.approx(12 * (3 * 2 + 0.5 * 1 * 2))
    assert found.most == pytest.approx(2)
    assert (found.point[2], found.allowed) == pytest.approx((12, 10))
    assert 25 - 1e-6 <= found.point[1] <= 28
    assert not breaches(limit, scene.surfaces, ["b1"])
    raised = limit_over(PLOT, 2.0)
    assert not breaches(raised, scene.surfaces)


def test_a_part_within_the_setback_breaks_it_by_its_whole_height() -> None:
    scene = box_scene([(4.0, 24.0, 5.0, 5.5, 3.0)], (40.0, 40.0))
    assert scene.surfaces is not None
    (found,) = breaches(limit_over(PLOT, 0.0), scene.surfaces)
    assert (found.area, found.volume, found.most, found.allowed) == pytest.approx((5 * 1.0, 15.0, 3.0, 0.0))


@pytest.mark.parametrize(
    ("plot", "options", "message"),
    [
        ([[(0, 0), (1, 0)]], {}, "at least three corners"),
        ([[(0, 0), (10, 10), (10, 0), (0, 10)]], {}, "crosses itself"),
        (PLOT, {"across": [(7, 1.0)]}, "no edge 7"),
        (PLOT, {"across": [(1, -1.0)]}, "open land of -1 m"),
    ],
)
def test_plots_that_are_none_are_refused(
    plot: list[list[tuple[float, float]]], options: dict[str, list[tuple[int, float]]], message: str
) -> None:
    with pytest.raises(AnalysisError, match=message):
        limit_over(plot, 0.0, **options)  # type: ignore[arg-type]


def test_a_plot_too_shallow_for_anything_has_no_envelope() -> None:
    assert envelope(limit_over([[(0, 0), (20, 0), (20, 1.4), (0, 1.4)]], 0.0)) is None


def test_numbers_of_an_ordinance_are_checked() -> None:
    with pytest.raises(AnalysisError, match="setback of 6 m is more than the 5 m"):
        NorthRule("city", 10.0, 6.0, 0.5, {}, {}, "2026")


def test_a_plot_in_a_scene_takes_its_ground_and_its_north_from_it() -> None:
    site = Place(35.1, 128.9, convergence=1.5, timezone="Asia/Seoul")
    scene = box_scene([(4.0, 18.0, 12.0, 10.0, 12.0)], (40.0, 40.0), place=site, ground=7.0)
    found = height_limit(scene, PLOT)
    assert found.limit.ground == pytest.approx(7.0)
    assert found.limit.height([(10.0, 20.0)])[0] == pytest.approx(20 / np.cos(np.radians(1.5)))
    document = found.to_json()
    assert document["rule"]["date"] == "2023-09-12"
    assert document["volume"] == pytest.approx(solid(found.limit).volume, abs=0.01)
    (part,) = document["parts"]
    assert part["building"] == "b0" and part["position"] is None
    assert part["over"] == pytest.approx(2, abs=0.05)
    # Parts 12 m high keep 6 m.
    assert part["distance_needed"] == pytest.approx(6, abs=0.01)
    earlier = height_limit(scene, PLOT, rule="korea-north-9m", buildings=["b0"])
    assert earlier.to_json()["parts"][0]["over"] > part["over"] + 0.9
    assert height_limit(scene, PLOT, buildings=["another"]).breaches == []


def test_the_envelope_stands_on_the_globe() -> None:
    scene = replace(box_scene([(4.0, 18.0, 12.0, 10.0, 12.0)], (40.0, 40.0)), crs="EPSG:5186")
    corner = np.array([200_000.0, 551_000.0])
    scene = replace(scene, west=corner[0], north=corner[1] + 40)
    document = height_limit(scene, [np.array(ring) + corner for ring in PLOT]).to_json()
    tops = document["envelope"]["features"]
    spans = sorted((f["properties"]["lowest"], f["properties"]["highest"]) for f in tops)
    assert np.array(spans) == pytest.approx(np.array([(10, 10), (10, 60)]))
    ring = np.array(tops[0]["geometry"]["coordinates"][0])
    assert ring[:, :2].mean(axis=0) == pytest.approx([127.0, 37.557], abs=0.01)
    heights = np.concatenate([np.array(f["geometry"]["coordinates"][0])[:, 2] for f in tops])
    assert np.ptp(heights) == pytest.approx(50)


def test_an_ordinance_is_an_object_and_an_unknown_limit_is_refused() -> None:
    scene = box_scene([(4.0, 18.0, 12.0, 10.0, 12.0)], (40.0, 40.0))
    texts = {"ko": "조례", "en": "Ordinance"}
    ordinance = {"id": "city", "low": 8.0, "setback": 2.0, "ratio": 0.8, "title": texts, "source": texts}
    found = height_limit(scene, PLOT, rule={**ordinance, "dated": "2026-01-01"})
    assert found.limit.height([(10.0, 28.5), (10.0, 25.0), (10.0, 14.0)]) == pytest.approx([0, 8, 20])
    with pytest.raises(AnalysisError, match="object with id, low, setback"):
        height_limit(scene, PLOT, rule=ordinance)
    with pytest.raises(AnalysisError, match="no height limit is called 'south'"):
        height_limit(scene, PLOT, rule="south")
    with pytest.raises(AnalysisError, match="outside of the area"):
        height_limit(scene, [np.array(PLOT[0]) + 900.0])


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    angle=st.floats(-1.5, 1.5),
    convergence=st.floats(-2.5, 2.5),
    size=st.tuples(st.floats(8, 40), st.floats(8, 40)),
    dent=st.floats(-3, 3),
)
def test_a_plot_hardly_turned_from_north_has_a_closed_envelope(
    angle: float, convergence: float, size: tuple[float, float], dent: float
) -> None:
    width, depth = size
    ring = np.array([(0, 0), (width, 0), (width + dent, depth / 2), (width, depth), (0, depth)])
    a = np.radians(angle)
    turned = ring @ np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]]) + (229_000, 280_000)
    limit = limit_over([turned], 3.0, convergence=convergence)
    found = solid(limit)
    mesh = trimesh.Trimesh(found.vertices - found.vertices[0], found.triangles, process=False)
    assert mesh.is_watertight and mesh.is_winding_consistent
    middles = [np.array([[cell.shape.centroid.x, cell.shape.centroid.y]]) for cell in limit.cells]
    under = sum(
        cell.shape.area * float(cell.height(middle)[0])
        for cell, middle in zip(limit.cells, middles, strict=True)
    )
    assert found.volume == pytest.approx(under, rel=1e-4)
