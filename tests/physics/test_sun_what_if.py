"""A plan's answer against the sun of the whole scene computed again, and against geometry."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from analysis.errors import AnalysisError
from analysis.sun import SunPath, sunlit
from analysis.sun.daylight import assess, dwelling_targets, find_rule
from analysis.sun.plan.building import extruded, planned
from analysis.sun.plan.rights import Rights
from analysis.sun.plan.what_if import KINDS, Answer, day_times, hours_of, neighbours, study, what_if
from analysis.sun.point import day_at
from analysis.sun.scene import SunScene
from analysis.sun.targets import surface_targets
from tests.sun_scenes import box_scene, boxes, open_field

SOLSTICE = date(2026, 12, 21)


def planted(scene: SunScene) -> SunScene:
    """The scene with rows of trees."""
    canopy = np.full(scene.shape, np.nan, np.float32)
    canopy[5::30, 3::7] = scene.terrain[5::30, 3::7] + 9
    return replace(
        scene, canopy=canopy, trunk=np.where(np.isnan(canopy), np.nan, canopy - 6), transmissivity=0.2
    )


def whole(answer: Answer, engine: str) -> dict[str, np.ndarray]:
    """Hours of every point of the scene as it would be, by the surface's id."""
    s = answer.scene.surfaces
    assert s is not None
    targets = surface_targets(answer.scene, 2.0, KINDS)
    hours = hours_of(sunlit(answer.scene, answer.sun.times, targets, engine), answer.sun)
    return {s.ids[k]: hours[targets.surface == k] for k in np.unique(targets.surface)}


@pytest.mark.parametrize("engine", ["sweep", "rays"])
@pytest.mark.parametrize("trees", [False, True])
def test_an_answer_equals_the_whole_scene_computed_again(engine: str, trees: bool) -> None:
    scene = boxes(5, 5, slope=(0.05, 0.1), lowest=8.0, highest=40.0)
    scene = planted(scene) if trees else scene
    before = study(scene, day_times(scene, SOLSTICE, 30), engine=engine)
    for removed, outline in (
        ((), [(62.0, 33.0), (85.0, 40.0), (80.0, 58.0), (60.0, 50.0)]),
        (("b12",), [(68.0, 62.0), (84.0, 62.0), (84.0, 80.0), (68.0, 80.0)]),
        (("b7", "b11"), None),
    ):
        base = before.without(removed) if removed else before
        added = None if outline is None else extruded(base.scene, [outline], 55.0)
        answer = what_if(before, added, removed, base=base)
        after = whole(answer, engine)
        s = answer.scene.surfaces
        assert s is not None
        shown = {
            s.ids[k]: answer.after[answer.targets.surface == k] for k in np.unique(answer.targets.surface)
        }
        assert len(shown) > 5
        for id, hours in shown.items():
            assert hours == pytest.approx(after[id], abs=1e-3), id
        now = surface_targets(scene, 2.0, KINDS)
        then = hours_of(sunlit(scene, answer.sun.times, now, engine), answer.sun)
        assert scene.surfaces is not None
        for k in np.unique(now.surface):
            id = scene.surfaces.ids[k]
            if id in after and id not in shown:
                assert then[now.surface == k] == pytest.approx(after[id], abs=1e-3), id


def test_a_study_that_remembers_answers_as_one_that_does_not() -> None:
    scene = boxes(4, 4)
    times = day_times(scene, SOLSTICE, 30)
    before = study(scene, times)
    plans = [
        extruded(scene, [[(x, 34.0), (x + 14, 34.0), (x + 14, 55.0), (x, 55.0)]], 50.0) for x in (50.0, 58.0)
    ]
    what_if(before, plans[0])
    again, fresh = what_if(before, plans[1]), what_if(study(scene, times), plans[1])
    assert (again.after == fresh.after).all()
    assert neighbours(again) == neighbours(fresh)
    assert again.recomputed[0] < again.recomputed[1]


def test_a_slab_to_the_south_takes_the_sun_below_its_shadow() -> None:
    """Near noon its shadow reaches up a facade at a distance d to the slab's height less d tan(elevation)."""
    scene = box_scene([(60, 80, 40, 10, 40)], (160, 140))
    slab = extruded(scene, [[(5.0, 40.0), (155.0, 40.0), (155.0, 50.0), (5.0, 50.0)]], 30.0)
    noon = day_times(scene, SOLSTICE, 10)
    noon = noon[np.abs(SunPath.at(scene.place, noon).azimuth - 180.0) < 3.0]
    answer = what_if(study(scene, noon, spacing=0.5), slab, spacing=0.5)
    tangent = np.tan(np.radians(SunPath.at(scene.place, noon).elevation))
    s = answer.scene.surfaces
    assert s is not None
    south = (s.normals[answer.targets.surface][:, 1] < -0.9) & (answer.targets.points[:, 1] > 70)
    z = answer.targets.points[south][:, 2]
    for k in range(len(noon)):
        lit = answer.lit_after[k][south]
        edge = 30.0 - 30.0 * tangent[k]
        assert lit[z > edge + 0.6].all()
        assert not lit[z < edge - 0.6].any()
    assert answer.lit_before[:, south].all()
    named = [n.building for n in neighbours(answer)]
    assert named == ["b0"]
    assert neighbours(answer)[0].gain == 0.0


def test_a_building_of_no_consequence_changes_nothing() -> None:
    scene = boxes(3, 3, lowest=10.0, highest=12.0)
    north = extruded(scene, [[(1.0, 86.0), (4.0, 86.0), (4.0, 89.0), (1.0, 89.0)]], 3.0)
    answer = what_if(study(scene, day_times(scene, SOLSTICE, 30)), north)
    assert neighbours(answer) == []
    assert np.isnan(answer.before).all()
    gone = what_if(study(scene, day_times(scene, SOLSTICE, 30)), removed=["b8"])
    assert all(n.loss == 0.0 and n.gain > 0.0 for n in neighbours(gone))


def test_a_days_sun_at_a_point() -> None:
    scene = box_scene([(40, 20, 20, 20, 30)], (100, 100))
    day = day_at(scene, [50.0, 60.5, 0.0], SOLSTICE)
    behind = np.degrees(np.arctan(30.0 / 20.5))
    assert day.skyline[90] == pytest.approx(behind, abs=1.0)
    assert day.skyline[0] == 0.0
    noon = np.abs(day.sun.azimuth - 180).argmin()
    assert not day.lit[noon]
    assert day.lit[0]
    free = day_at(open_field(60), [30.0, 30.0, 0.0], SOLSTICE)
    assert free.lit.all()
    assert free.hours == pytest.approx(free.spell)
    # From the declination: 2 / 15 acos(-tan(latitude) tan(-23.44 degrees)) hours.
    length = 2 / 15 * np.degrees(np.arccos(np.tan(np.radians(37.5665)) * np.tan(np.radians(23.44))))
    assert free.hours == pytest.approx(length, abs=5 / 60)
    north = day_at(open_field(60), [30.0, 30.0, 5.0], SOLSTICE, normal=(0, 1, 0))
    assert north.hours == 0.0


def test_days_are_those_of_the_place() -> None:
    scene = open_field(60)
    times = day_times(scene, date(2024, 2, 29), 10)
    assert {t.date() for t in times} == {date(2024, 2, 29)}
    assert str(times.tz) == "Asia/Seoul"
    polar = replace(scene, place=replace(scene.place, latitude=70.0))
    with pytest.raises(AnalysisError, match="does not rise"):
        day_times(polar, SOLSTICE)
    assert len(day_times(polar, date(2026, 6, 21), 60)) == 24
    berlin = replace(
        scene, place=replace(scene.place, latitude=52.5, longitude=13.4, timezone="Europe/Berlin")
    )
    assert {t.utcoffset().total_seconds() for t in day_times(berlin, date(2026, 7, 1), 60)} == {7200.0}


@pytest.mark.parametrize("step", [0, 7, 90])
def test_a_step_is_part_of_an_hour(step: int) -> None:
    with pytest.raises(AnalysisError, match="step"):
        day_times(open_field(60), SOLSTICE, step)


def test_what_cannot_be_planned_is_refused() -> None:
    scene = boxes(2, 2)
    square = [(2.0, 2.0), (6.0, 2.0), (6.0, 6.0), (2.0, 6.0)]
    with pytest.raises(AnalysisError, match="height"):
        extruded(scene, [square], 0.0)
    with pytest.raises(AnalysisError, match="out of"):
        extruded(scene, [[(50.0, 2.0), (70.0, 2.0), (70.0, 6.0)]], 5.0)
    with pytest.raises(AnalysisError, match="not whole"):
        extruded(scene, [[(2, 2), (6, 6), (6, 2), (2, 6)]], 5.0)
    with pytest.raises(AnalysisError, match="m²"):
        extruded(scene, [[(2, 2), (2.1, 2), (2.1, 2.1)]], 5.0)
    with pytest.raises(AnalysisError, match="polygon"):
        extruded(scene, [[(2, 2)]], 5.0)
    with pytest.raises(AnalysisError, match="no building"):
        planned(scene, None, ["b9"])
    with pytest.raises(AnalysisError, match="already"):
        planned(scene, extruded(scene, [square], 5.0, id="b1"))


def test_a_building_taken_out_and_put_in_again_leaves_the_field_as_it_was() -> None:
    scene = boxes(3, 3, slope=(0.02, 0.03))
    s = scene.surfaces
    assert s is not None
    without = planned(scene, None, ["b4"])
    inside = (slice(38, 52), slice(37, 53))
    assert (without.heights[inside] == scene.terrain[inside]).all()
    outside = np.ones(scene.shape, bool)
    outside[inside] = False
    assert (without.heights[outside] == scene.heights[outside]).all()
    roof = next(k for k in range(len(s)) if s.building[k] == 4 and s.normals[k, 2] > 0.9)
    ring = s.vertices[s.rings[s.polygons[roof]] : s.rings[s.polygons[roof] + 1]]
    block = extruded(without, [ring[:, :2]], 10.0, base=float(ring[0, 2]) - 10.0, id="b4")
    again = planned(scene, block, ["b4"])
    assert again.heights == pytest.approx(scene.heights, abs=1e-4)
    court = extruded(
        without,
        [[(35, 35), (55, 35), (55, 55), (35, 55)], [(42, 42), (48, 42), (48, 48), (42, 48)]],
        12.0,
    )
    assert np.bincount(court.kind).tolist() == [1, 8, 1]
    walls = court.normals[2:]
    middles = np.array(
        [court.vertices[court.rings[r] : court.rings[r + 1]].mean(axis=0) for r in range(4, 12)]
    )
    away = np.einsum("ij,ij->i", walls[:, :2], middles[:, :2] - 45.0)
    assert (away[:4] > 0).all()
    assert (away[4:] < 0).all()


def test_verdicts_are_those_of_the_careful_judge() -> None:
    """A slab is put before a building: every dwelling's hours and verdict against `assess` on both scenes."""
    scene = box_scene([(40, 80, 40, 10, 30), (100, 85, 12, 10, 18)], (160, 130))
    slab = extruded(scene, [[(30.0, 45.0), (90.0, 45.0), (90.0, 52.0), (30.0, 52.0)]], 25.0)
    before = study(scene, day_times(scene, SOLSTICE, 30))
    rule = find_rule("korea")
    answer = what_if(before, slab)
    found = Rights(before, rule, SOLSTICE).verdicts(["b0", "b1"], before, answer.scene, slab)
    targets, dwellings = dwelling_targets(scene, buildings=frozenset(["b0", "b1"]))
    judged = assess(
        scene,
        targets,
        rule,
        date=SOLSTICE,
        plan_scene=answer.scene,
        dwellings=dwellings,
        engine=before.engine,
    )
    expected = {d.id: d.target for d in dwellings if judged.reachable[d.target]}
    assert {v.dwelling.id for v in found} == set(expected)
    assert sum(v.falls for v in found) > 5
    for verdict in found:
        k = expected[verdict.dwelling.id]
        assert judged.after is not None
        for mine, theirs in (
            ((verdict.total_before, verdict.spell_before), judged.before.values[:, k]),
            ((verdict.total_after, verdict.spell_after), judged.after.values[:, k]),
        ):
            assert mine == pytest.approx(theirs.tolist(), abs=3 / 60)
        assert verdict.falls == judged.falls[k]
    assert [v.falls for v in found] == sorted((v.falls for v in found), reverse=True)
    with pytest.raises(AnalysisError, match="sky"):
        Rights(before, find_rule("bre209"), SOLSTICE)
