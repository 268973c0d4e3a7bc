"""What objects of a city are, by the codes and words of their functions; GeoPoses of how they are turned."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from citygml.crs import Georeference, Heights, parse
from tests.unit.ar_models import ACCURACY, street
from tests.unit.sensor_models import box_city
from twin.assets import Assets, accuracy_of, name_of
from twin.errors import EntityNotFound
from twin.geopose import basic_quaternion, grid_angles, quaternion, turn_of
from twin.store import open_city


@pytest.fixture(scope="module")
def assets(tmp_path_factory: pytest.TempPathFactory) -> Assets:
    with open_city(street(tmp_path_factory.mktemp("assets"))) as city:
        return Assets(city, {"shelter": {"10000"}})


def ids(assets: Assets, what: str) -> set[str]:
    return {assets.all[n].id for n in assets.of(what)}


def test_kinds_words_and_codes_find_them(assets: Assets) -> None:
    assert ids(assets, "hydrant") == ids(assets, " Hydrant ") == {"h-behind", "h-open", "h-island", "h-dead"}
    assert ids(assets, "survey") == {"point-1"}
    assert ids(assets, "shelter") == {"school"}
    assert ids(assets, "ben") == {"bench 1"}
    assert [assets.all[n].accuracy for n in assets.of("survey")] == [ACCURACY]
    with pytest.raises(EntityNotFound, match="no 'aed'; it has hydrant, shelter, survey, bench"):
        assets.of("aed")
    for nothing in ("", " ", "%"):
        with pytest.raises(EntityNotFound):
            assets.of(nothing)


@pytest.mark.parametrize(
    ("function", "kind"),
    [
        ("자동심장충격기", "aed"),
        ("AED", "aed"),
        ("소화전 (Hydrant)", "hydrant"),
        ("지진 대피장소", "shelter"),
        ("민방위 대피시설 (Civil defence shelter)", "shelter"),
        ("비상구", "exit"),
        ("fire exit", "exit"),
        ("통합기준점", "survey"),
        ("消火栓", "hydrant"),
        ("Bus stop shelter", None),
        ("paedagogy", None),
        ("Exit-ramp sign", "exit"),
    ],
)
def test_words_of_several_languages(tmp_path: Path, function: str, kind: str | None) -> None:
    folder = box_city(tmp_path, {"x": (0.0, 0.0, 3.0)}, attributes={"x": {"function": function}})
    with open_city(folder) as city:
        known = Assets(city)
    assert [set(asset.kinds) for asset in known.all] == ([{kind}] if kind else [])


@pytest.mark.parametrize(
    ("attributes", "accuracy"),
    [
        ({"positionAccuracy": 0.05}, 0.05),
        ({"horizontal_accuracy": {"value": 0.3, "unit": "m"}}, 0.3),
        ({"위치 정확도": 1}, 1.0),
        ({"accuracy": {"value": 3, "unit": "cm"}}, None),
        ({"accuracy": "good"}, None),
        ({"accuracy": True}, None),
        ({"accuracy": -1.0}, None),
        ({"inaccuracy": 2.0}, None),
        ({}, None),
    ],
)
def test_accuracy_is_what_the_data_state_in_metres(
    attributes: dict[str, Any], accuracy: float | None
) -> None:
    assert accuracy_of(attributes) == accuracy


def test_names_are_found_where_they_stand() -> None:
    assert name_of({"name": [{"code": "1", "name": "하나"}]}) == "하나"
    assert name_of({"gml:name": "b"}) == "b"
    assert name_of({"name": ""}) is None


def turned(q: tuple[float, float, float, float], v: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """v turned by a quaternion, by q v q*."""
    x, y, z, w = q
    u = np.array([x, y, z])
    return np.asarray(2 * (u @ v) * u + (w * w - u @ u) * v + 2 * w * np.cross(u, v))


def test_a_quaternion_turns_as_its_matrix_does() -> None:
    random = np.random.default_rng(4)
    for case in range(200):
        matrix = np.linalg.qr(random.normal(size=(3, 3)))[0]
        matrix *= np.sign(np.linalg.det(matrix))
        if case % 4 == 0:  # half turns, where w is 0
            axis = matrix[:, 0]
            matrix = 2 * np.outer(axis, axis) - np.eye(3)
        q = quaternion(matrix)
        assert np.hypot.reduce(q) == pytest.approx(1, abs=1e-8)
        assert q[3] >= 0
        v = random.normal(size=3)
        assert turned(q, v) == pytest.approx(matrix @ v, abs=1e-7)


def test_a_geopose_has_the_names_of_the_standard() -> None:
    assert basic_quaternion(129.0, 35.0, 10.0) == {
        "position": {"lat": 35.0, "lon": 129.0, "h": 10.0},
        "quaternion": {"x": 0.0, "y": 0.0, "z": 0.0, "w": 1.0},
    }


def test_the_angle_of_the_map_is_the_meridian_convergence() -> None:
    """Against the series for transverse Mercator: convergence = dλ sin φ (+ third order), Snyder 1987,
    p. 60-64."""
    crs = parse("EPSG:5187")  # central meridian 129° E
    place = Georeference(crs, Heights("egm96", "EGM96", ""))
    geographic = np.array([[129.0, 35.2, 0.0], [128.5, 35.2, 0.0], [129.8, 37.0, 0.0]])
    angles = grid_angles(place, place.from_geographic(geographic))
    east = np.radians(geographic[:, 0] - 129.0)
    north = np.radians(geographic[:, 1])
    # east of the central meridian the map's north is east of true north, so clockwise: negative
    assert angles == pytest.approx(-east * np.sin(north), abs=2e-5)


def test_a_mirror_and_a_flat_matrix_are_no_turn() -> None:
    assert turn_of(np.diag([1.0, 1.0, -1.0, 1.0]), 0.0) is None
    assert turn_of(np.diag([1.0, 1.0, 0.0, 1.0]), 0.0) is None
    scaled = turn_of(np.diag([3.0, 3.0, 2.0, 1.0]), np.pi / 2)
    assert scaled is not None
    assert scaled == pytest.approx(np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1]]), abs=1e-12)
