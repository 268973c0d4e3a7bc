"""Daylight rights of dwellings behind a planned wall whose shadow is known by geometry, in several places."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import brentq

from analysis.sun.daylight import Assessment, Rule, assess, dwelling_targets, find_rule
from analysis.sun.daylight.rules import Criterion
from analysis.sun.daylight.sky import vertical_sky_component
from analysis.sun.position import SunPath
from analysis.sun.scene import Kind, Place, SunScene
from analysis.sun.targets import Targets, facade_targets
from citygml.crs import Georeference, choose_heights, parse
from tests.sun_scenes import SEOUL, box, box_scene

KOREA = find_rule("korea")
SYDNEY = Place(-33.8688, 151.2093, timezone="Australia/Sydney")
TROMSO = Place(69.6492, 18.9553, timezone="Europe/Oslo")
BERLIN = Place(52.52, 13.405, timezone="Europe/Berlin")
DISTANCE = 30.0


def profile(place: Place, times: pd.DatetimeIndex, towards: float) -> np.ndarray:
    """Tangent of the sun's elevation in the plane that looks to an azimuth [degrees]."""
    sun = SunPath.at(place, times)
    return np.asarray(np.tan(np.radians(sun.elevation)) / np.cos(np.radians(sun.azimuth - towards)))


def facing(azimuth: float, z: float = 0.0) -> Targets:
    """A point in the middle of the field on a facade that looks to an azimuth of the grid [degrees]."""
    a = np.radians(azimuth)
    normal = np.array([[np.sin(a), np.cos(a), 0.0]])
    return Targets(np.array([[500.0, 200.0, z]]), normal, np.ones(1), np.full(1, -1, np.int32))


def wall(height: float, place: Place, north: bool = False) -> SunScene:
    """A wall 1,000 m long, DISTANCE to the south of the point (500, 200), or to the north of it."""
    y = 200 + DISTANCE if north else 200 - DISTANCE - 10
    return box_scene([(0.0, y, 1000.0, 10.0, height)], (1000.0, 400.0), place=place, cell_size=10.0)


def height_for(place: Place, spell: float, day: str, towards: float) -> float:
    """Of a wall over which the sun looks for one spell so long [h] about noon."""
    times = pd.date_range(f"{day} 10:00", f"{day} 14:30", freq="10s", tz=place.timezone)
    seconds = np.arange(len(times)) * 10.0
    ratio = profile(place, times, towards)
    noon = int(np.argmax(ratio))

    def lit(height: float) -> float:
        rise = np.interp(height / DISTANCE, ratio[: noon + 1], seconds[: noon + 1])
        fall = np.interp(-height / DISTANCE, -ratio[noon:], seconds[noon:])
        return float(fall - rise) / 3600

    low, high = DISTANCE * max(ratio[0], ratio[-1]), DISTANCE * ratio[noon]
    return float(brentq(lambda height: lit(height) - spell, low, high))


def judge(scene: SunScene, targets: Targets, rule: Rule = KOREA, **options: object) -> Assessment:
    return assess(scene, targets, rule, engine="rays", **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("place", "day", "towards", "year"),
    [(SEOUL, "2024-12-21", 180.0, 2024), (SYDNEY, "2024-06-21", 0.0, 2024)],
)
def test_a_wall_one_centimetre_too_high_takes_the_two_hours(
    place: Place, day: str, towards: float, year: int
) -> None:
    limit = height_for(place, 2.0, day, towards)
    assert 10 < limit < 20
    targets = facing(towards)
    verdicts = []
    for change in (-0.01, 0.0, 0.01):
        after = wall(limit + change, place, north=towards == 0)
        found = judge(wall(0.5, place, north=towards == 0), targets, year=year, plan_scene=after)
        assert found.date == dt.date.fromisoformat(day)
        assert found.reachable[0] and found.before.passes[0] and found.after is not None
        verdicts.append((bool(found.falls[0]), float(found.after.values[1, 0])))
    assert [falls for falls, _ in verdicts][::2] == [False, True]
    assert verdicts[1][1] == pytest.approx(2.0, abs=3 / 3600)
    # An hour from noon the sun climbs over the wall so slowly that a centimetre is worth half a minute at
    # either end.
    assert verdicts[0][1] - 2.0 == pytest.approx(70 / 3600, abs=25 / 3600)
    assert verdicts[2][1] - 2.0 == pytest.approx(-70 / 3600, abs=25 / 3600)


def test_the_times_of_the_spell_are_those_of_the_geometry() -> None:
    limit = height_for(SEOUL, 1.9, "2024-12-21", 180.0)
    found = judge(wall(0.5, SEOUL), facing(180.0), year=2024, plan_scene=wall(limit, SEOUL))
    assert found.falls[0] and found.after is not None
    (spell,) = found.spells_of(found.after, 0)
    edges = profile(SEOUL, pd.DatetimeIndex(spell), 180.0) * DISTANCE
    assert edges == pytest.approx([limit] * 2, abs=0.06)
    assert spell[0].tz is not None and spell[0].hour == 11


def test_who_looks_away_from_the_sun_has_none_to_lose() -> None:
    assert not judge(wall(0.5, SEOUL), facing(0.0), year=2024).reachable[0]
    assert not judge(wall(0.5, SYDNEY, north=True), facing(180.0), year=2024).reachable[0]


def test_polar_night_gives_nobody_a_right_and_midnight_sun_shines_from_the_north() -> None:
    night = judge(wall(0.5, TROMSO), facing(180.0), year=2026)
    assert night.before.values.max() == 0 and not night.reachable[0]
    whole = replace(KOREA, date="06-21", criteria=(Criterion("total", 6, "00:00", "24:00"),))
    bare = wall(0.001, TROMSO)
    hours = [float(judge(bare, facing(a), whole, year=2026).before.values[0, 0]) for a in (0.0, 180.0)]
    assert sum(hours) == pytest.approx(24.0, abs=2 / 60)
    assert hours[0] > 6
    (low, high) = judge(bare, facing(0.0), whole, year=2026).spells_of(
        judge(bare, facing(0.0), whole, year=2026).before, 0
    )[0]
    assert low.hour == 0 and high.hour > 5


def test_clock_time_of_summer_is_told_with_its_offset() -> None:
    summer = replace(KOREA, date="06-21")
    found = judge(wall(0.5, BERLIN), facing(180.0), summer, year=2026)
    assert found.start.isoformat() == "2026-06-21T08:00:00+02:00"
    spells = found.spells_of(found.before, 0)
    path = SunPath.at(BERLIN, [spells[0][0]])
    # A facade to the south sees the sun from when it stands due east, which is after 08:00 in summer.
    assert path.azimuth[0] == pytest.approx(90, abs=0.2)
    assert str(spells[0][0].tz) == "Europe/Berlin"


def test_a_site_at_the_edge_of_two_utm_zones_has_one_verdict() -> None:
    # Longitude 6 degrees east lies 3 degrees from the middles of zones 31 and 32; at 50.78 degrees north
    # their grids' norths lie 2.32 degrees to either side of true north.
    turn = 3 * np.sin(np.radians(50.78))
    truth = Place(50.78, 6.0, timezone="Europe/Berlin")
    limit = height_for(truth, 2.0, "2026-12-21", 180.0)
    spells = []
    for convergence in (turn, -turn, 0.0):
        scene, targets = _turned(wall(limit - 0.02, truth), facing(180.0), convergence)
        found = judge(scene, targets, year=2026)
        assert found.before.passes[0]
        spells.append(float(found.before.values[1, 0]))
    assert spells == pytest.approx([spells[2]] * 3, abs=2 / 3600)
    scene, targets = _turned(wall(limit - 0.02, truth), facing(180.0), turn)
    wrong = judge(replace(scene, place=truth), targets, year=2026)
    assert abs(wrong.before.values[1, 0] - spells[2]) > 1 / 60


def _turned(scene: SunScene, targets: Targets, convergence: float) -> tuple[SunScene, Targets]:
    """The same buildings in a grid whose north lies so far clockwise of true north [degrees]."""
    a = np.radians(convergence)
    matrix = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
    centre = np.array([500.0, 200.0, 0.0])
    assert scene.surfaces is not None
    surfaces = replace(
        scene.surfaces,
        vertices=(scene.surfaces.vertices - centre) @ matrix.T + centre,
        normals=scene.surfaces.normals @ matrix.T,
    )
    return (
        replace(scene, surfaces=surfaces, place=replace(scene.place, convergence=convergence)),
        replace(
            targets, points=(targets.points - centre) @ matrix.T + centre, normals=targets.normals @ matrix.T
        ),
    )


def test_a_sun_below_the_least_height_does_not_count() -> None:
    rule = replace(find_rule("en17037"), minimum_elevation=11.0)
    open_field = wall(0.001, BERLIN)
    found = judge(open_field, facing(180.0), rule, year=2026)
    assert found.date == dt.date(2026, 3, 21) and not found.notes
    first, last = found.spells_of(found.before, 0)[0]
    sun = SunPath.at(BERLIN, [first, last])
    assert sun.elevation == pytest.approx([11.0, 11.0], abs=0.1)
    lower = judge(open_field, facing(180.0), find_rule("en17037"), year=2026)
    assert "least height" in lower.notes[0]["en"]
    assert lower.before.values[0, 0] > found.before.values[0, 0] + 1


@pytest.mark.parametrize(("angle", "component"), [(0.0, 39.6), (25.0, 27.0)])
def test_the_vertical_sky_component_over_a_long_wall(angle: float, component: float) -> None:
    # BRE 209: nearly 40 % without obstruction, 27 % opposite a long building of 25 degrees.
    azimuth = np.arange(0, 360, 1.0)
    for towards in (180.0, 200.5):
        across = np.cos(np.radians(azimuth - towards))
        horizon = np.degrees(np.arctan(np.tan(np.radians(angle)) * np.maximum(across, 0)))
        found = vertical_sky_component(horizon[None], np.array([towards]))
        assert found[0] == pytest.approx(component, abs=0.4)


def test_a_plan_that_takes_a_fifth_of_the_sky_is_told() -> None:
    rule = find_rule("bre209")
    low, high = DISTANCE * np.tan(np.radians([22.0, 40.0]))
    found = assess(wall(0.5, SEOUL), facing(180.0), rule, year=2026, plan_scene=wall(low, SEOUL))
    assert found.before.passes[0] and not found.falls[0]
    found = assess(wall(low, SEOUL), facing(180.0), rule, year=2026, plan_scene=wall(high, SEOUL))
    assert found.falls[0] and found.after is not None
    assert found.after.values[0, 0] < 0.8 * found.before.values[0, 0]


def test_dwellings_of_a_box_are_its_storeys_and_bays() -> None:
    scene = box(width=40.0, depth=12.0, height=15.0)
    targets, dwellings = dwelling_targets(scene)
    south = [d for d in dwellings if d.azimuth == 180]
    assert {(d.storey, d.bay) for d in south} == {(s, b) for s in range(1, 6) for b in range(1, 5)}
    assert len(dwellings) == 5 * (4 + 4 + 1 + 1)
    first = next(d for d in south if (d.storey, d.bay) == (1, 1))
    assert targets.points[first.target] == pytest.approx([65.0, 59.95, 1.5])
    tall, storeys = dwelling_targets(scene, storey_height={"b0": 5.0}, bay=20.0)
    assert {d.storey for d in storeys} == {1, 2, 3} and len(tall) == 3 * 6


def test_a_wall_against_a_neighbour_has_no_dwellings() -> None:
    scene = box_scene([(20, 20, 10, 10, 12), (30, 20, 10, 10, 6)], (60, 60))
    _, dwellings = dwelling_targets(scene)
    between = [d for d in dwellings if d.building == "b0" and d.azimuth == 90]
    assert [d.storey for d in between] == [3, 4]
    assert not [d for d in dwellings if d.building == "b1" and d.azimuth == 270]


def test_the_document_places_each_dwelling_and_its_times() -> None:
    corner = np.array([200_000.0, 551_000.0])
    before = box_scene([(40, 60, 20, 10, 9)], (100, 100), place=SEOUL)
    after = box_scene([(40, 60, 20, 10, 9), (30, 25, 40, 10, 20)], (100, 100), place=SEOUL)
    targets, dwellings = dwelling_targets(before)
    found = judge(before, targets, year=2024, plan_scene=after, dwellings=dwellings)
    crs = parse("EPSG:5186")
    document = found.to_json()
    assert all(row["position"] is None for row in document["dwellings"])
    moved = replace(
        found,
        scene=replace(before, crs="EPSG:5186"),
        targets=replace(targets, points=targets.points + (*corner, 0)),
    )
    document = json.loads(json.dumps(moved.to_json()))
    assert document["date"] == "2024-12-21" and document["rule"]["date"] == "1996-03-29"
    row = next(each for each in document["dwellings"] if each["azimuth"] == 180)
    globe = Georeference(crs, choose_heights(crs, np.array([corner, corner + 100])))
    (place,) = globe.from_geographic([row["position"]]) - (*corner, 0)
    point = targets.points[next(d.target for d in dwellings if d.id == row["id"])]
    assert place == pytest.approx(point, abs=0.02)
    assert row["falls_because_of_plan"]
    assert row["longest_before"] == ["2024-12-21T09:00:00+09:00", "2024-12-21T15:00:00+09:00"]
    assert row["spells_before"] == [["2024-12-21T08:00:00+09:00", "2024-12-21T16:00:00+09:00"]]
    assert row["total_before"] == 8 and row["total_after"] < 4
    assert document["summary"]["fall_because_of_plan"] == sum(
        each["falls_because_of_plan"] for each in document["dwellings"]
    )


def test_facades_can_be_judged_point_by_point() -> None:
    scene = box_scene([(40, 60, 20, 10, 9), (30, 25, 40, 10, 20)], (100, 100), place=SEOUL)
    targets = facade_targets(scene, 3.0)
    found = judge(scene, targets, year=2024)
    south = (targets.normals[:, 1] < -0.9) & (targets.points[:, 1] > 50)
    assert found.before.passes.shape == (len(targets),)
    high = south & (targets.points[:, 2] > 7)
    low = south & (targets.points[:, 2] < 2)
    assert found.before.values[0, high].min() > found.before.values[0, low].max()
    assert found.reachable[south].all() and not found.reachable[targets.normals[:, 1] > 0.9].any()
    assert found.to_json()["dwellings"] == []


def test_where_a_building_has_windows_they_are_judged_alone() -> None:
    scene = box_scene([(20, 20, 20, 10, 12), (20, 60, 20, 10, 6)], (100, 100), place=SEOUL)
    assert scene.surfaces is not None
    kinds = scene.surfaces.kind.copy()
    south = np.flatnonzero((scene.surfaces.normals[:, 1] < -0.9) & (scene.surfaces.building == 0))
    # Its pane, and the narrower side of its frame.
    frame = np.flatnonzero((scene.surfaces.normals[:, 0] > 0.9) & (scene.surfaces.building == 0))
    kinds[south] = kinds[frame] = Kind.WINDOW
    ids = list(scene.surfaces.ids)
    ids[frame[0]] = f"{ids[south[0]]}~2"
    surfaces = replace(scene.surfaces, kind=kinds, ids=ids)
    targets, dwellings = dwelling_targets(replace(scene, surfaces=surfaces))
    (window,) = [d for d in dwellings if d.building == "b0"]
    assert window.window and (window.storey, window.azimuth) == (3, 180)
    assert targets.points[window.target] == pytest.approx([30.0, 19.95, 6.0])
    assert not any(d.window for d in dwellings if d.building == "b1")


def test_storeys_count_from_the_building_where_the_ground_is_not_known() -> None:
    scene = box_scene([(20, 20, 20, 10, 6)], (60, 60), place=SEOUL, ground=8.0)
    unknown = replace(scene, terrain=np.zeros_like(scene.terrain))
    for each in (scene, unknown):
        assert {d.storey for d in dwelling_targets(each)[1]} == {1, 2}
