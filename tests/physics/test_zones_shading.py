"""Skylines and views of the sky of envelopes' pieces, against closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.energy.envelope import Envelopes
from analysis.energy.zones import Boundary, Part
from analysis.scene.zones import envelopes_of_surfaces
from analysis.sun.plan.building import extruded, planned
from analysis.sun.scene import SunScene
from citygml.model import Attributes
from tests.sun_scenes import SEOUL, box, box_scene, courtyard


def shaded(scene: SunScene) -> Envelopes:
    assert scene.surfaces is not None
    return envelopes_of_surfaces(scene.surfaces, SEOUL, scene=scene)


def piece(found: Envelopes, zone: int, part: Part, azimuth: float = 0.0) -> int:
    """The piece of a zone that faces a direction."""
    of = np.arange(found.first[zone], found.first[zone + 1])
    pieces = found.pieces
    of = of[(pieces.part[of] == part) & (pieces.boundary[of] == Boundary.OUTSIDE)]
    return int(of[np.argmin(np.abs((pieces.azimuth[of] - azimuth + 180) % 360 - 180))])


def test_a_box_in_the_open() -> None:
    found = shaded(box())
    assert found.pieces.horizon is not None and found.pieces.horizon.shape == (len(found.pieces), 72)
    assert found.pieces.sky_view[piece(found, 0, Part.ROOF)] == pytest.approx(1.0, abs=0.01)
    assert found.pieces.horizon[piece(found, 0, Part.ROOF)] == pytest.approx(np.zeros(72), abs=0.1)
    for azimuth in (0, 90, 180, 270):
        wall = piece(found, 0, Part.WALL, azimuth)
        assert found.pieces.sky_view[wall] == pytest.approx(0.5, abs=0.01)
        front = np.cos(np.radians(np.arange(72) * 5.0 - azimuth)) > 0.1
        assert found.pieces.horizon[wall][front] == pytest.approx(np.zeros(front.sum()), abs=0.1)
        assert found.pieces.horizon[wall][~front].max() == pytest.approx(90.0)


def test_a_wall_across_a_street() -> None:
    """A wall 9 m high, 20 m from one 24 m high that is long beside it: its points are at 3 and at 6 m."""
    scene = box_scene([(40, 90, 10, 12, 9), (70, 20, 10, 160, 24)], (140, 200))
    found = shaded(scene)
    assert found.pieces.horizon is not None
    wall = piece(found, 0, Part.WALL, 90)
    expected = np.degrees(np.arctan((24 - np.array([3.0, 6.0])) / 20)).mean()
    assert found.pieces.horizon[wall][18] == pytest.approx(expected, abs=0.7)
    # of a long street the view of a wall is (1 - sin of the skyline's elevation) / 2
    view = (1 - np.sin(np.arctan((24 - np.array([3.0, 6.0])) / 20))).mean() / 2
    assert found.pieces.sky_view[wall] == pytest.approx(view, abs=0.02)
    assert found.pieces.sky_view[piece(found, 0, Part.WALL, 270)] == pytest.approx(0.5, abs=0.01)


def test_what_a_neighbour_covers_is_not_looked_from() -> None:
    """The lower half of a wall is shared; its other half stands free above the neighbour's roof."""
    scene = box_scene([(40, 40, 10, 20, 20), (50, 40, 30, 20, 10)], (120, 100))
    found = shaded(scene)
    wall = piece(found, 0, Part.WALL, 90)
    assert found.pieces.area[wall] == pytest.approx(200)
    assert found.pieces.sky_view[wall] == pytest.approx(0.5, abs=0.01)


def test_what_stands_on_a_roof_hides_no_more_than_it_does() -> None:
    """A stair house of 10 x 10 m, 4 m high, on a roof of 30 x 30 m: the mean of the roof around it."""
    found = shaded(box_scene([(35, 35, 30, 30, 20), (45, 45, 10, 10, 24)], (100, 100)))
    steps = np.arange(-14.75, 15.0, 0.5)
    x, y = (v.ravel() for v in np.meshgrid(steps, steps))
    free = (np.abs(x) > 5) | (np.abs(y) > 5)
    at = np.stack([x[free], y[free]], axis=-1)[:, None]
    angles = np.radians(np.arange(0.5, 360.0, 1.0))
    ways = np.stack([np.sin(angles), np.cos(angles)], axis=-1)
    sides = np.sort(np.stack([(-5 - at) / ways, (5 - at) / ways]), axis=0)
    near, far = sides[0].max(axis=-1), sides[1].min(axis=-1)
    hidden = (near < far) & (near > 0)
    view = np.where(hidden, near**2 / (near**2 + 4.0**2), 1.0).mean()  # of the sky above a skyline: cos²
    assert found.pieces.sky_view[piece(found, 0, Part.ROOF)] == pytest.approx(view, abs=0.03)


def test_a_court_is_symmetric() -> None:
    found = shaded(courtyard())
    pieces = found.pieces
    inner = found.pieces.sky_view[[piece(found, 0, Part.WALL, azimuth) for azimuth in (0, 90, 180, 270)]]
    assert inner == pytest.approx(np.full(4, inner.mean()), abs=0.02)
    assert pieces.sky_view.min() < 0.5


def test_an_alley_is_dark() -> None:
    found = shaded(box_scene([(40, 40, 10, 20, 12), (51, 40, 10, 20, 12)], (100, 100)))
    east, west = piece(found, 0, Part.WALL, 90), piece(found, 1, Part.WALL, 270)
    assert found.pieces.sky_view[[east, west]].max() < 0.08


def test_a_planned_building_is_a_zone_among_its_neighbours() -> None:
    """A plan put beside a box shares the wall between them, and takes the sky from the box's roof."""
    before = box_scene([(60, 60, 10, 10, 8)], (140, 140))
    outline = np.array([[70.0, 60.0], [80.0, 60.0], [80.0, 70.0], [70.0, 70.0]])
    scene = planned(before, extruded(before, [outline], 20.0), set())
    assert scene.surfaces is not None
    told: dict[str, Attributes] = {"planned": {"storeysAboveGround": 6}}
    found = envelopes_of_surfaces(scene.surfaces, SEOUL, scene=scene, only=["planned"], attributes=told)
    assert found.ids == ["planned"]
    assert found.volume == pytest.approx([2000]) and found.floor_area == pytest.approx([600])
    shared = found.pieces.boundary == Boundary.ADIABATIC
    assert found.pieces.area[shared].sum() == pytest.approx(80)
    whole, alone = shaded(scene), shaded(before)
    roof, open_roof = piece(whole, 0, Part.ROOF), piece(alone, 0, Part.ROOF)
    assert whole.pieces.sky_view[roof] < 0.85 < 0.98 < alone.pieces.sky_view[open_roof]
